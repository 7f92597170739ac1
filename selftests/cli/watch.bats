# SPDX-License-Identifier: GPL-2.0-or-later
# monitor, wait, top, graph
# shellcheck disable=SC2154
load lib

# Begin to monitor; done when the first line (of --initial) is there.
monitor() {
	log=$BATS_TEST_TMPDIR/log
	pgnl "$@" >"$log" 2>&1 3>&- &
	monitor=$!
	sleepers+=("$monitor")
	eventually test -s "$log"
}

# lines N: when so many are there, the filter's view of them.
heard() {
	eventually has_lines "$1"
	jq -c "$2" <"$log"
}

has_lines() {
	[ "$(wc -l <"$log")" -ge "$1" ]
}

@test "monitor tells joins, leaves and ends, with who, why and how" {
	monitor -j monitor --initial web
	sleeper a
	sleeper b
	pgnl join web --pid "$a" --times 2 >/dev/null
	pgnl join web --pid "$b" >/dev/null
	pgnl join other --pid "$b" >/dev/null
	eventually has_lines 3
	pgnl leave web --pid "$a"
	eventually has_lines 4
	end_sleeper "$a"
	eventually has_lines 5
	kill -TERM "$b"
	heard 6 '[.event, .scope, .group, [.members[] | .count], .reason, .status]' >"$log.seen"
	diff - "$log.seen" <<-'END'
		["snapshot","pg","web",[],null,null]
		["join","pg","web",[2],"joined",null]
		["join","pg","web",[1],"joined",null]
		["leave","pg","web",[1],"left",null]
		["leave","pg","web",[0],"killed",9]
		["leave","pg","web",[0],"killed",15]
	END
	[ "$(sed -n 2p "$log" | jq -c keys_unsorted)" = \
		'["event","epoch","seq","scope","group","members","reason","status"]' ]
	[ "$(sed -n 2p "$log" | jq -c '.members[0] | keys_unsorted')" = '["node","pid","id","count"]' ]
	[ "$(sed -n 2p "$log" | jq -c '.members[0] | [.pid, .node, (.id | type)]')" = \
		"[$a,\"$(uname -n)\",\"string\"]" ]
	[ "$(jq -s '[.[] | (.epoch | type), (.seq | type)] | unique | join(" ")' <"$log")" = \
		'"number string"' ]
	[ "$(sed -n 4p "$log" | jq -c '.by | keys')" = '["pid","uid"]' ]
}

@test "monitor tells the exit code" {
	monitor -j monitor --initial web
	pgnl exec web -- sh -c 'exit 7' || true
	[ "$(heard 3 'select(.event == "leave") | [.reason, .status]')" = '["exited",7]' ]
}

@test "monitor of a scope begins with every group" {
	sleeper a
	pgnl scope add cli --mode pg2
	pgnl -s cli create full
	pgnl -s cli create empty
	pgnl -s cli join full --pid "$a" >/dev/null
	run -0 pgnl -s cli -j monitor --initial --count 2
	[ "$(jq -sc '[.[] | [.event, .group, (.members | length)]] | sort' <<<"$output")" = \
		'[["snapshot","empty",0],["snapshot","full",1]]' ]
}

@test "monitor tells creation, deletion and the end of the scope, and ends with it" {
	pgnl scope add cli --mode pg2
	monitor -s cli -j monitor --initial
	sleeper a
	pgnl -s cli create g
	pgnl -s cli join g --pid "$a" >/dev/null
	pgnl -s cli delete g
	pgnl scope del cli
	wait "$monitor"
	[ "$(jq -c '[.event, .group, .reason]' "$log")" = '["snapshot",null,null]
["create","g","created"]
["join","g","joined"]
["leave","g","evicted"]
["delete","g","deleted"]
["scope-deleted",null,"deleted"]' ]
}

@test "monitor ends after a count or a time" {
	sleeper a
	pgnl join web --pid "$a" >/dev/null
	run -0 pgnl monitor --initial --count 1 web
	[ "$output" = "snapshot web $a" ]
	run -124 pgnl monitor --timeout 0.1
	[ -z "$output" ]
}

@test "who goes on printing ends when it can't be written" {
	local words
	sleeper a
	pgnl join web --pid "$a" >/dev/null
	for words in "monitor --initial web" "top --interval 0.1"; do
		run -2 bash -c "exec timeout 60 pgnl $words >/dev/full"
		[[ $output == *"can't write the output"* ]]
	done
}

# A process joins and leaves as fast as it can.
churn() {
	local pid
	sleeper pid
	yes "join web --pid $pid
leave web --pid $pid" | pgnl -b - >/dev/null 3>&- &
	sleepers+=($!)
}

@test "however much happens, the time ends it" {
	churn
	run -124 timeout -s KILL 60 pgnl -q monitor web --timeout 1
	run -124 timeout -s KILL 60 pgnl -q monitor --timeout 1
	run -124 timeout -s KILL 60 pgnl wait web --min 1000 --timeout 1
	[[ $output == *"when the time was up"* ]]
}

@test "monitor --timeout 0 prints what is there" {
	sleeper a
	pgnl join web --pid "$a" >/dev/null
	pgnl join db --pid "$a" >/dev/null
	run -124 pgnl monitor --initial --timeout 0 web db
	[ "${#lines[@]}" = 2 ]
}

@test "where the output is closed it is not written elsewhere" {
	sleeper a
	pgnl join web --pid "$a" >/dev/null
	run -2 bash -c 'exec timeout 60 pgnl monitor --initial --count 1 web >&-'
	[[ $output == *"can't write the output"* ]]
	run -2 bash -c 'pgnl members web >&-'
	run -0 bash -c 'pgnl scope add cli >&-'
}

@test "monitor prints lines for people" {
	monitor monitor --initial web
	pgnl exec web -- sh -c 'kill -KILL $$' || true
	eventually has_lines 3
	[ "$(sed 's/[0-9][0-9][0-9]*/PID/' "$log")" = 'snapshot web
join     web PID
leave    web PID  killed by signal 9' ]
}

@test "monitor says when with -t" {
	sleeper a
	pgnl join web --pid "$a" >/dev/null
	[[ $(pgnl -t monitor --initial --count 1 web) =~ ^[0-9:]{8}\.[0-9]{6}\ snapshot\ web ]]
	before=$(date +%s)
	[ "$(pgnl -jt monitor --initial --count 1 web | jq ".time >= $before - 1")" = true ]
}

@test "monitor watches several groups, and names" {
	sleeper a
	monitor monitor --initial web db
	eventually has_lines 2
	pgnl join other db web --pid "$a" >/dev/null
	eventually has_lines 4
	[ "$(grep -c "^join .*(web|db) $a" -E "$log")" = 2 ]
	pgnl leave other db web --pid "$a"
	monitor -j monitor --initial --names
	pgnl -s global join name --pid "$a" >/dev/null
	[ "$(heard 2 'select(.event == "join") | [.scope, .group]')" = '["global","name"]' ]
	pgnl -s global leave name --pid "$a"
}

@test "monitor says what is wrong" {
	complains 2 -s nosuch monitor
	has "no such scope"
	complains 1 monitor --count 0
	complains 1 monitor --timeout soon
	complains 1 monitor ''
	complains 4 monitor --nodes
	has pgnld
}

@test "wait sees what is there and what comes" {
	sleeper a
	sleeper b
	pgnl join web --pid "$a" >/dev/null
	[ "$(pgnl wait web)" = 1 ]
	pgnl wait web --min 2 >"$BATS_TEST_TMPDIR/n" 3>&- &
	pgnl join web --pid "$b" >/dev/null
	wait $!
	[ "$(cat "$BATS_TEST_TMPDIR/n")" = 2 ]
	pgnl wait web --empty 3>&- &
	end_sleeper "$a"
	end_sleeper "$b"
	wait $!
}

@test "wait gives up in time" {
	sleeper a
	pgnl join web --pid "$a" >/dev/null
	complains 124 wait web --min 2 --timeout 0.1
	has "1 in group 'web'"
	complains 124 wait web --empty --timeout 0
	pgnl scope add cli
	pgnl -s cli wait web 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	eventually test "$(pgnl -j stats | jq .subscriptions)" -ge 0
	subscribed() { [ "$(pgnl -j stats | jq .subscriptions)" -ge 1 ]; }
	eventually subscribed
	pgnl scope del cli
	run -3 wait $!
	grep -q 'scope cli was deleted' "$BATS_TEST_TMPDIR/stderr"
}

@test "wait says what is wrong" {
	complains 1 wait
	complains 1 wait web --min 2 --empty
	complains 1 wait web --min 0
	complains 2 -s nosuch wait web
}

@test "top prints the largest groups first" {
	sleeper a
	sleeper b
	pgnl join small --pid "$a" >/dev/null
	pgnl join large --pid "$a" --pid "$b" >/dev/null
	run -0 pgnl top --count 2 --interval 0.1
	[ "$(grep -c '^large  *2 ' <<<"$output")" = 2 ]
	[ "$(pgnl -j top --count 1 | jq -c '[.[] | .group]')" = '["large","small"]' ]
	[ "$(pgnl -j top --count 1 | jq -c '.[0] | keys_unsorted')" = \
		'["group","members","local","remote"]' ]
	complains 1 top --interval 0
}

@test "graph draws processes and groups, whatever they are called" {
	sleeper a
	pgnl join 'we"b' --pid "$a" --times 2 >/dev/null
	pgnl graph --dot >"$BATS_TEST_TMPDIR/dot"
	grep -qF 'digraph pgnl {' "$BATS_TEST_TMPDIR/dot"
	grep -qF '"g:we\"b" -> "p:' "$BATS_TEST_TMPDIR/dot"
	grep -qF '[label="2"]' "$BATS_TEST_TMPDIR/dot"
	grep -qF "label=\"sleep $a\"" "$BATS_TEST_TMPDIR/dot"
	pgnl graph --by node | grep -qF "\"n:$(uname -n)\" -> \"g:we\\\"b\" [label=\"1\"]"
	complains 1 graph --by color
	complains 1 -j graph
}
