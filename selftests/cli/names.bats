# SPDX-License-Identifier: GPL-2.0-or-later
# Names are bytes that somebody else chose.
# shellcheck disable=SC2154
load lib

evil=$'\e[31m\n\t\r\x07\x7f\\n'
broken=$'a\xff\xfe\xed\xa0\x80z'

@test "control characters in names are escaped in tables" {
	sleeper pid
	pgnl join "$evil" --pid "$pid"
	[ "$(pgnl -n -o group groups)" = '\x1b[31m\n\t\r\x07\x7f\\n' ]
	[ "$(pgnl -n -o group which "$pid")" = '\x1b[31m\n\t\r\x07\x7f\\n' ]
	[[ $(pgnl groups) != *$'\e'* ]]
}

@test "names in UTF-8 are shown as they are, their control characters are not" {
	sleeper pid
	pgnl join $'gr\u00fcn' $'\u9b5a' $'a\u202eb' $'c\u009bd' --pid "$pid" >/dev/null
	run -0 env LC_ALL=C.UTF-8 pgnl -n -o group groups
	[[ $output == *$'gr\u00fcn'* ]]
	[[ $output == *$'\u9b5a'* ]]
	[[ $output == *'a\xe2\x80\xaeb'* ]]
	[[ $output == *'c\xc2\x9bd'* ]]
	run -0 env LC_ALL=C pgnl -n -o group groups
	[[ $output == *'gr\xc3\xbcn'* ]]
}

@test "bytes that are no UTF-8 are escaped in tables" {
	sleeper pid
	pgnl join "$broken" --pid "$pid"
	[ "$(pgnl -n -o group groups)" = 'a\xff\xfe\xed\xa0\x80z' ]
}

@test "JSON has names in UTF-8 as they are" {
	sleeper pid
	pgnl join "$evil" $'gr\u00fcn' --pid "$pid" >/dev/null
	pgnl -j groups | jq -e --arg evil "$evil" 'any(.group == $evil)'
	pgnl -j groups | jq -e 'any(.group == "gr\u00fcn")'
}

@test "JSON tells other bytes without a loss" {
	sleeper pid
	pgnl join "$broken" $'\ufffdff' --pid "$pid" >/dev/null
	[ "$(json 'map(.group) | sort' groups)" = \
		'["a�ff�fe�ed�a0�80z","�ef�bf�bdff"]' ]
}

@test "no name plays with the terminal through a message" {
	run -3 --separate-stderr pgnl members "$evil"
	[[ $stderr != *$'\e'* ]]
	[[ $stderr == *'\x1b[31m\n'* ]]
	complains 1 "$evil"
	[[ $stderr != *$'\e'* ]]
}

@test "metadata and command names are escaped as well" {
	cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/"$'e\e[vil'
	"$BATS_TEST_TMPDIR/"$'e\e[vil' infinity 3>&- &
	sleepers+=($!)
	pgnl join web --pid $! --meta $'m\e\n'
	eventually grep -q vil "/proc/$!/comm"
	run -0 pgnl -n -o meta,comm members web
	[[ $output =~ ^'m\x1b\n '\ *'e\x1b[vil'$ ]]
	[ "$(json '.[0] | [.meta, .comm]' members web)" = '["m\u001b\n","e\u001b[vil"]' ]
}

@test "names have 1 to 255 bytes, each byte but 0" {
	sleeper pid
	complains 1 join '' --pid "$pid"
	has "empty"
	long=$(printf 'x%.0s' {1..255})
	complains 1 join "x$long" --pid "$pid"
	has "at most 255 bytes, not 256"
	complains 1 members "x$long"
	complains 1 exec "x$long" -- true
	complains 1 closest ''
	complains 1 create ''
	pgnl join "$long" --pid "$pid"
	[ "$(json '.[0].group | length' groups)" = 255 ]
	all=$(printf '\\x%02x' {1..255})
	# shellcheck disable=SC2059
	pgnl join "$(printf "$all")" --pid "$pid"
	[ "$(json length which "$pid")" = 2 ]
}

@test "a pattern matches bytes that are no UTF-8" {
	sleeper pid
	pgnl join "$broken" --pid "$pid"
	[ "$(json length groups 'a*z')" = 1 ]
}

# Whatever shows a name of that shape: names, metadata and quotes that others chose.
@test "no command writes control characters of a name as they are" {
	local name=$'e\e]0;x\a\n"]; label="\\' out
	sleeper pid
	run -0 pgnl join "$name" --pid "$pid"
	pgnl name register "$name" --pid "$pid" >/dev/null
	for out in "groups" "which $pid" "name list" "graph --dot" "graph --dot --by node" \
		"stats" "stats --prometheus" "scopes" "doctor" "dump"; do
		# shellcheck disable=SC2086 # a command and its options
		run pgnl $out
		[[ $output != *$'\e'* && $output != *$'\a'* ]] || { echo "$out: $output"; return 1; }
	done
	for out in members closest pick; do
		run -0 pgnl "$out" "$name"
		[[ $output != *$'\e'* ]]
	done
	run -0 pgnl monitor "$name" --initial --count 1 --timeout 20
	[[ $output != *$'\e'* ]]
	run -0 pgnl name whereis "$name"
	[[ $output != *$'\e'* ]]
	# One line each, and none that the name made up.
	run -0 pgnl graph --dot
	[[ $output != *$'\n"]; label='* ]]
}
