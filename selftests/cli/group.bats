# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
load lib

@test "groups of an empty scope is an empty list" {
	pgnl scope add cli
	[ -z "$(pgnl -s cli groups)" ]
	[ "$(pgnl -j -s cli groups)" = '[]' ]
}

@test "groups counts a process that joined twice twice" {
	sleeper a
	sleeper b
	pgnl join web --pid "$a" --times 2
	pgnl join web --pid "$b"
	[ "$(json . groups web)" = '[{"group":"web","local":3,"remote":0}]' ]
	run -0 --separate-stderr pgnl groups web
	[[ ${lines[0]} =~ ^GROUP\ +LOCAL\ +REMOTE$ ]]
	[[ ${lines[1]} =~ ^web\ +3\ +0$ ]]
}

@test "groups takes a pattern and has exit code 3 when none fits" {
	sleeper pid
	pgnl join db/a db/b web --pid "$pid" >/dev/null
	[ "$(json 'map(.group) | sort' groups 'db/*')" = '["db/a","db/b"]' ]
	[ "$(json 'map(.group)' groups 'w?b')" = '["web"]' ]
	run -3 --separate-stderr pgnl -j groups 'x*'
	[ "$output" = '[]' ]
	[[ $stderr == *"no group like 'x*'"* ]]
}

@test "groups --local leaves out groups nobody of this node is in" {
	sleeper pid
	pgnl -s pg2 create empty
	pgnl -s pg2 create full
	pgnl -s pg2 join full --pid "$pid"
	[ "$(json 'map(.group)' -s pg2 groups --local)" = '["full"]' ]
	[ "$(json 'map(.group) | sort' -s pg2 groups)" = '["empty","full"]' ]
	pgnl -s pg2 delete empty
	pgnl -s pg2 delete full
}

@test "create and delete are fine with what is there, or gone, already" {
	pgnl -s pg2 create db
	pgnl -s pg2 create db
	[ "$(json . -s pg2 groups db)" = '[{"group":"db","local":0,"remote":0}]' ]
	pgnl -s pg2 delete db
	pgnl -s pg2 delete db
	run -3 pgnl -s pg2 groups db
}

@test "create in a scope of mode pg is refused and says where it is not" {
	run -2 --separate-stderr pgnl create db
	[[ $stderr == *"not supported"* ]]
	[[ $stderr == *"pgnl -s pg2 create db"* ]]
}

@test "delete puts the members out" {
	sleeper pid
	pgnl -s pg2 create db
	pgnl -s pg2 join db --pid "$pid"
	pgnl -s pg2 delete db
	run -3 pgnl which "$pid"
}

@test "a missing scope is refused in the kernel's words" {
	complains 2 -s nosuch groups
	has "No such file or directory"
	complains 2 -s nosuch create x
	complains 2 -s nosuch members x
}
