# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
load lib

start_of() {
	awk '{ print $22 }' "/proc/$1/stat"
}

@test "members has exactly the promised JSON keys and values" {
	sleeper pid
	pgnl join web --pid "$pid" --times 2 --meta unix:/run/a.sock --weight 7
	[ "$(json '.[0] | keys_unsorted' members web)" = \
		'["node","pid","id","uid","count","meta","weight","state","comm","start"]' ]
	[ "$(json '.[0] | [.pid, .uid, .count, .meta, .weight, .state, .comm, .start]' members web)" = \
		"[$pid,0,2,\"unix:/run/a.sock\",7,\"up\",\"sleep\",$(start_of "$pid")]" ]
	[ "$(json '.[0] | [.id, .node | type]' members web)" = '["string","string"]' ]
}

@test "metadata that was not given is null, and weight 1" {
	sleeper pid
	pgnl join web --pid "$pid"
	[ "$(json '.[0] | [.meta, .weight]' members web)" = '[null,1]' ]
}

@test "members prints a table with the columns asked for" {
	sleeper pid
	pgnl join web --pid "$pid"
	[ "$(pgnl -n -o pid,comm members web)" = "$pid sleep" ]
	run -0 pgnl -o PID,Weight members web
	[[ ${lines[0]} =~ ^PID\ +WEIGHT$|^\ *PID\ +WEIGHT$ ]]
	run -0 pgnl members web
	[[ ${lines[0]} == NODE*PID*UID*COUNT*META*COMM*START* ]]
	[[ ${lines[1]} == *"$pid root"*sleep*"$(date +%Y)"* ]]
	run -0 pgnl -o +id members web
	[[ ${lines[0]} == NODE*START*ID ]]
}

@test "-o picks JSON keys too" {
	sleeper pid
	pgnl join web --pid "$pid"
	[ "$(pgnl -j -o pid,count members web)" = "[{\"pid\":$pid,\"count\":1}]" ]
}

@test "-p prints the same document indented" {
	sleeper pid
	pgnl join web --pid "$pid"
	[ "$(pgnl -p members web | jq -c .)" = "$(pgnl -j members web | jq -c .)" ]
	[ "$(pgnl -p members web | wc -l)" -gt 5 ]
}

@test "members --pids prints bare pids, one a line" {
	sleeper a
	sleeper b
	pgnl join web --pid "$a" "$b" >/dev/null
	[ "$(pgnl members web --pids | sort -n)" = "$(printf '%d\n' "$a" "$b" | sort -n)" ]
	[ "$(json sort members web --pids)" = "$(jq -nc "[$a, $b] | sort")" ]
}

@test "members --count counts joins" {
	sleeper a
	sleeper b
	pgnl join web --pid "$a" --times 2
	pgnl join web --pid "$b"
	[ "$(pgnl members web --count)" = 3 ]
	[ "$(json . members web --count)" = 3 ]
}

@test "members --local, --remote and --node narrow the list down" {
	sleeper pid
	pgnl join web --pid "$pid"
	node=$(pgnl -j members web | jq -r '.[0].node')
	[ "$(pgnl members web --local --pids)" = "$pid" ]
	[ "$(pgnl members web --node "$node" --pids)" = "$pid" ]
	run -3 --separate-stderr pgnl members web --remote --pids
	[ -z "$output" ]
	run -3 pgnl members web --node "not-$node"
	complains 1 members web --local --remote
	complains 1 members web --pids --count
	complains 1 members web --node ''
}

@test "a missing group and an empty one have exit code 3 and an empty list" {
	run -3 --separate-stderr pgnl -j members nosuch
	[ "$output" = '[]' ]
	[[ $stderr == *"no group 'nosuch' in scope pg"* ]]
	pgnl -s pg2 create empty
	run -3 --separate-stderr pgnl -j -s pg2 members empty
	[ "$output" = '[]' ]
	[[ $stderr == *"nobody in group 'empty'"* ]]
	pgnl -s pg2 delete empty
	run -3 --separate-stderr pgnl members nosuch --count
	[ "$output" = 0 ]
}

@test "-q silences the talk, not the errors" {
	run -3 --separate-stderr pgnl -q members nosuch
	[ -z "$stderr" ]
	run -2 --separate-stderr pgnl -q -s nosuch members x
	[ -n "$stderr" ]
}

@test "a killed member is gone once it is reaped" {
	sleeper pid
	pgnl join web --pid "$pid"
	end_sleeper "$pid"
	run -3 pgnl members web
}

@test "which lists the groups of a process in all scopes, -s in one" {
	sleeper pid
	pgnl -s pg2 create db
	pgnl join web --pid "$pid" --times 2
	pgnl -s pg2 join db --pid "$pid"
	[ "$(json 'sort_by(.group)' which "$pid")" = \
		'[{"scope":"pg2","group":"db","count":1},{"scope":"pg","group":"web","count":2}]' ]
	[ "$(json 'map(.group)' -s pg2 which "$pid")" = '["db"]' ]
	[[ $(pgnl -n which "$pid") =~ pg\ +web\ +2 ]]
	pgnl -s pg2 delete db
}

@test "which has exit code 3 for a process in no group and for none at all" {
	sleeper pid
	run -3 --separate-stderr pgnl -j which "$pid"
	[ "$output" = '[]' ]
	[[ $stderr == *"in no group"* ]]
	end_sleeper "$pid"
	run -3 --separate-stderr pgnl -j which "$pid"
	[ "$output" = '[]' ]
	[[ $stderr == *"no process $pid"* ]]
}

@test "which refuses what is no pid" {
	complains 1 which
	complains 1 which 0
	complains 1 which 1x
	has "bad pid '1x'"
	complains 1 which 99999999999
	complains 1 which 1 2
}

@test "members --view lists what members lists, from the mapping" {
	sleeper pid
	pgnl join web --pid "$pid" --times 2 --weight 5 --meta "unix:/run/a b"
	[ "$(pgnl -j members web --view)" = "$(pgnl -j members web)" ]
	[ "$(pgnl members web --view --pids)" = "$pid" ]
	[ "$(pgnl members web --view --count)" = 2 ]
	run -3 pgnl members missing --view
	[[ $stderr$output == *"no group"* ]]
}
