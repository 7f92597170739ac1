# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
load lib

@test "no command is a usage error" {
	complains 1
	complains 1 -j
}

@test "an unknown command gets a suggestion when one is near" {
	complains 1 jion web
	has "did you mean 'join'?"
	complains 1 member web
	has "did you mean 'members'?"
	complains 1 xyzzy
	has "see 'pgnl help'"
	complains 1 join2
	complains 1 ''
}

@test "names of commands can't be cut short" {
	complains 1 memb web
	complains 1 group
}

@test "unknown options and columns are named" {
	complains 1 -x groups
	has "'-x'"
	complains 1 --foo groups
	complains 1 groups --foo
	has "'--foo'"
	complains 1 groups -x
	complains 1 members web --node
	has "'--node' needs a value"
	complains 1 members web --local=yes
	complains 1 -o pid,nosuch members web
	has "no column 'nosuch'; there are node, pid"
	complains 1 -o '' groups
	complains 1 -o pid create x
	complains 1 --color=red groups
	complains 1 -s
	complains 1 -o
	complains 1 -f groups
}

@test "a command with a bad column does nothing" {
	sleeper pid
	complains 1 -o nosuch join web --pid "$pid"
	run -3 pgnl which "$pid"
}

@test "too many words are told" {
	complains 1 scopes x
	has "'x' is too much"
	complains 1 groups a b
	complains 1 verify x
	complains 1 doctor x
	complains 1 stats x
}

@test "every command explains itself, examples first" {
	mapfile -t commands < <(pgnl completion commands)
	[ "${#commands[@]}" -ge 20 ]
	for command in "${commands[@]}"; do
		# shellcheck disable=SC2086
		help=$(pgnl $command --help)
		[[ $(sed -n 3p <<<"$help") == Examples: ]]
	done
	for help in 'help scope add' 'scope add -h' 'scope add x --help'; do
		# shellcheck disable=SC2086
		[ "$(pgnl $help)" = "$(pgnl scope add --help)" ]
	done
}

@test "help lists every command and -h is the same" {
	[ "$(pgnl help)" = "$(pgnl -h)" ]
	[ "$(pgnl help)" = "$(pgnl --help)" ]
	mapfile -t commands < <(pgnl completion commands)
	for command in "${commands[@]}"; do
		[[ $(pgnl help) == *"  $command "* ]]
	done
	complains 1 help nosuch
}

@test "-V tells the versions" {
	run -0 --separate-stderr pgnl -V
	[[ $output =~ ^pgnl\ [0-9.]+,\ libpgnl\ [0-9.]+$ ]]
	[ "$(pgnl --version)" = "$output" ]
}

@test "-t is taken by every command" {
	pgnl -t groups
}

@test "colours come when asked for only" {
	sleeper pid
	pgnl join web --pid "$pid"
	[[ $(pgnl groups) != *$'\e'* ]]
	[[ $(pgnl --color=always groups) == *$'\e'* ]]
	[[ $(pgnl --color=never groups) != *$'\e'* ]]
	[[ $(pgnl --color=always -j groups) != *$'\e'* ]]
}

@test "output that can't be written is an error" {
	run -2 bash -c 'pgnl scopes >/dev/full'
	[[ $output == *"No space left"* ]]
}

@test "options are mixed with words even where POSIXLY_CORRECT is set" {
	sleeper pid
	POSIXLY_CORRECT=1 pgnl join web --pid "$pid" --meta x
	[ "$(json '.[0].meta' members web)" = '"x"' ]
}
