# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016,SC2154
load lib

@test "name register gives a name and prints its fencing number" {
	sleeper pid
	run -0 --separate-stderr pgnl name register web --pid "$pid"
	[[ $output =~ ^[0-9]+$ ]]
	[ "$(json '.[0].fence' name whereis web)" = "\"$output\"" ]
	[ "$(pgnl -n -o pid name whereis web | tr -d ' ')" = "$pid" ]
	end_sleeper "$pid"
	run -3 --separate-stderr pgnl -j name whereis web
	[ "$output" = '[]' ]
}

@test "name register of a taken name is refused and tells by whom" {
	sleeper pid
	sleeper other
	pgnl name register web --pid "$pid" >/dev/null
	complains 2 name register web --pid "$other"
	has "taken, by process $pid (sleep), id $(json '.[0].id' name whereis web | tr -d '"')"
	complains 2 name register web --pid "$pid"
}

@test "name register --replace moves the name" {
	sleeper pid
	sleeper other
	first=$(pgnl name register web --pid "$pid")
	second=$(pgnl name register web --pid "$other" --replace)
	[ "$second" -gt "$first" ]
	[ "$(json '.[0].pid' name whereis web)" = "$other" ]
	run -3 pgnl which "$pid"
}

@test "name register keeps policy and metadata" {
	sleeper pid
	[ "$(json '.[0] | [.resolve, .meta]' name register web --pid "$pid" --resolve notify-all \
		--meta unix:/run/x)" = '["notify-all","unix:/run/x"]' ]
	[ "$(json '.[0].resolve' name register a --pid "$pid")" = '"keep-first"' ]
	for policy in random-exit random-notify keep-first; do
		pgnl -q name register a --pid "$pid" --replace --resolve "$policy" >/dev/null
		[ "$(json '.[0].resolve' name whereis a)" = "\"$policy\"" ]
	done
}

@test "names have exactly the promised JSON keys, ids and fences as strings" {
	sleeper pid
	pgnl name register web --pid "$pid" >/dev/null
	for command in 'name whereis web' 'name list' "name register web --replace --pid $pid"; do
		# shellcheck disable=SC2086 # the words of a command
		[ "$(json '.[0] | to_entries | map(.key)' $command)" = \
			'["name","node","pid","id","uid","meta","fence","stamp","resolve","group","isolated","state","comm","start"]' ]
	done
	[ "$(json '.[0] | [.id, .fence, .stamp | type] | unique' name list)" = '["string"]' ]
	[ "$(json '.[0] | [.pid, .uid, .start | type] | unique' name list)" = '["number"]' ]
	[ "$(json '.[0] | [.name, .state, .comm]' name list)" = '["web","up","sleep"]' ]
}

@test "name list lists all names, and none is fine" {
	sleeper pid
	run -0 --separate-stderr pgnl -j name list
	[ "$output" = '[]' ]
	pgnl name register b --pid "$pid" >/dev/null
	pgnl name register a --pid "$pid" >/dev/null
	[ "$(json 'map(.name) | sort' name list)" = '["a","b"]' ]
	run -0 pgnl name list
	[[ ${lines[0]} == NAME*NODE*PID* ]]
}

@test "name unregister takes a name back, exit code 3 when nobody holds it" {
	sleeper pid
	pgnl name register web --pid "$pid" >/dev/null
	run -0 --separate-stderr pgnl name unregister web
	[ -z "$output$stderr" ]
	complains 3 name unregister web
	run -3 pgnl name whereis web
}

@test "which tells the names of a process" {
	sleeper pid
	pgnl name register web --pid "$pid" >/dev/null
	[ "$(json . which "$pid")" = '[{"scope":"global","group":"web","count":1}]' ]
}

@test "join and leave in the scope global go by the rules of names" {
	sleeper pid
	sleeper other
	pgnl -s global join web --pid "$pid" >/dev/null
	complains 2 -s global join web --pid "$other"
	has "the name is taken"
	complains 2 -s global join two --pid "$pid" "$other"
	complains 2 -s global join two --pid "$pid" --times 2
	[ "$(json '.[0].pid' name whereis web)" = "$pid" ]
	pgnl -s global leave web --pid "$pid" >/dev/null
	run -3 pgnl name whereis web
}

@test "exec --name registers the command" {
	[ "$(pgnl exec --name web -- pgnl -j name whereis web | jq -c '.[0].comm')" = '"pgnl"' ]
	run -3 pgnl name whereis web
	[ "$(pgnl exec group --meta here --name web -- sh -c 'pgnl -j which $$' |
		jq -c 'map(.group) | sort')" = '["group","web"]' ]
	[ "$(pgnl exec --meta here --name web -- pgnl -j name list | jq -c 'map(.meta)')" = '["here"]' ]
}

@test "exec --name with a taken name runs nothing and joins nothing" {
	sleeper pid
	pgnl name register web --pid "$pid" >/dev/null
	complains 2 exec group --name web -- touch "$BATS_TEST_TMPDIR/ran"
	has "taken"
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
	run -3 pgnl members group
	complains 1 exec --name '' -- true
	complains 1 exec -- true
}

@test "--where takes this node, and needs an agent for others" {
	sleeper pid
	pgnl name register web --pid "$pid" >/dev/null
	[ "$(json '.[0].pid' name whereis web --where "node:$(uname -n)")" = "$pid" ]
	[ "$(json 'map(.name)' name list --where "node:$(uname -n)")" = '["web"]' ]
	complains 4 name whereis web --where node:elsewhere
	has "no agent runs on this node: start pgnld"
	complains 4 name list --where group:blue
	has "no agent runs on this node: start pgnld"
	complains 1 name whereis web --where elsewhere
	complains 1 name whereis web --where node:
	complains 1 name list --where group:
}

@test "names of every kind of bytes are taken and shown safely" {
	sleeper pid
	for name in a/b 'a b' $'\e[31m' $'\xff' $'new\nline' "$(printf 'x%.0s' {1..255})"; do
		pgnl name register "$name" --pid "$pid" >/dev/null
		[ "$(json length name whereis "$name")" = 1 ]
	done
	run -0 pgnl -n -o name name list
	[[ $output == *'\x1b[31m'* && $output == *'\xff'* && $output == *'new\nline'* ]]
	complains 1 name register "$(printf 'x%.0s' {1..256})" --pid "$pid"
	has "at most 255 bytes"
	complains 1 name register '' --pid "$pid"
	complains 1 name whereis ''
	complains 1 name unregister ''
}

@test "a command line that makes no sense is told so" {
	complains 1 name
	has "register, unregister, whereis, list or send"
	complains 1 name nosuch
	complains 1 name register web
	has "--pid is missing"
	complains 1 name register web --pid 0
	complains 1 name register web --pid 1 --resolve best
	has "keep-first, random-exit, random-notify or notify-all"
	complains 1 name register a b --pid 1
	complains 1 name whereis
	complains 1 name list web
	complains 1 -s pg name list
	has "names are in the scope global"
	pgnl -s global name list
	complains 1 name register web --pid 1 --meta "$(printf 'x%.0s' {1..257})"
}

@test "name register of a process that is not there is refused" {
	sleeper pid
	end_sleeper "$pid"
	complains 2 name register web --pid "$pid"
	has "no such process: pid $pid"
}

as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

@test "users can't take each other's names" {
	sleeper pid
	pgnl name register roots --pid "$pid" >/dev/null
	setpriv --reuid 65534 --regid 65534 --clear-groups sleep infinity 3>&- &
	own=$!
	sleepers+=("$own")
	eventually grep -q sleep "/proc/$own/comm"
	run -2 as_nobody pgnl name register roots --pid "$own" --replace
	[[ $output == *"no right over the holder of the name"* ]]
	run -2 as_nobody pgnl name unregister roots
	[[ $output == *"no right over the holder of the name"* ]]
	as_nobody pgnl name register nobodys --pid "$own"
	as_nobody pgnl name unregister nobodys
	[ "$(json '.[0].pid' name whereis roots)" = "$pid" ]
}

@test "a dump brings names back" {
	sleeper pid
	pgnl name register web --pid "$pid" --meta here >/dev/null
	pgnl dump >"$BATS_TEST_TMPDIR/dump.json"
	pgnl name unregister web
	pgnl -q restore "$BATS_TEST_TMPDIR/dump.json"
	[ "$(json '.[0] | [.pid, .meta]' name whereis web)" = "[$pid,\"here\"]" ]
	pgnl -q restore "$BATS_TEST_TMPDIR/dump.json"
	[ "$(json length name list)" = 1 ]
}
