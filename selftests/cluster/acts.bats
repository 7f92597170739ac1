# SPDX-License-Identifier: GPL-2.0-or-later
# Messages and signals to members of other nodes: three nodes, encrypted and by the
# wire. Two of them forward signals.
# shellcheck disable=SC2154,SC2030,SC2031
load lib

nodes=(a b c)

setup_file() {
	cluster_up "tolerance = 300ms" "grace = 2s"
	node_add a 1 "forward-signals = yes"
	node_add b 2 "forward-signals = yes" "remote-join = yes"
	node_add c 3
	start a b c
	eventually meet a b c
}

teardown_file() {
	end_cluster
}

setup() {
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
}

teardown() {
	end_test
	mend "${nodes[@]}"
}

# reader NODE GROUP [ARG]...: somebody with an inbox; what it gets is in $got.NODE.
reader() {
	local node=$1 group=$2
	got=$BATS_TEST_TMPDIR/got
	nsenter --net="/run/netns/$node" -- pgnl -j recv "$group" "${@:3}" \
		>"$got.$node" 2>&1 3>&- &
	sleepers+=($!)
}

# has NODE N: its reader has so many messages.
has() {
	[ "$(wc -l <"$got.$1")" = "$2" ]
}

@test "a message to all of a group reaches its members on every node" {
	reader a web
	reader b web
	reader c web
	eventually states a b up 1
	eventually states a c up 1
	eventually states b a up 1
	run on a pgnl -j send web hello
	echo "$output"
	[ "$status" = 0 ]
	[ "$(jq -c . <<<"$output")" = \
		'{"reached":3,"full":0,"no-inbox":0,"refused":0,"gone":0,"unreachable":0}' ]
	for node in "${nodes[@]}"; do
		eventually has "$node" 1
		[ "$(jq -r '.data + " " + .node' "$got.$node")" = "hello a" ]
	done
	# In the order in which they are sent.
	on b pgnl -q send web x --count 3
	on b pgnl -q send web y
	eventually has c 5
	[ "$(jq -r .data "$got.c" | tr '\n' ' ')" = "hello x x x y " ]
}

@test "a message to one, and to one by its id, goes to another node" {
	local id
	reader c web
	eventually states a c up 1
	run on a pgnl -j send web one --closest
	[ "$(jq .reached <<<"$output")" = 1 ]
	eventually has c 1
	id=$(on a pgnl -j members web | jq -r '.[0].id')
	run on a pgnl -j send web two --id "$id"
	[ "$(jq .reached <<<"$output")" = 1 ]
	eventually has c 2
	# Whoever is here is closer.
	reader a web
	eventually states c a up 1
	on a pgnl send web three --closest
	eventually has a 1
	has c 2
	run on a pgnl send web --local four
	[ "${lines[0]}" = "reached 1, full 0, no inbox 0, refused 0, gone 0" ]
	has c 2
}

@test "the largest message there is, whole" {
	head -c 32768 /dev/urandom | base64 -w 0 | head -c 32768 >"$BATS_TEST_TMPDIR/large"
	reader b web
	eventually states a b up 1
	run on a pgnl send web - <"$BATS_TEST_TMPDIR/large"
	[ "$status" = 0 ]
	eventually has b 1
	jq -j .data "$got.b" | cmp - "$BATS_TEST_TMPDIR/large"
}

@test "no inbox there, and a full one, are told as here" {
	member b web
	eventually states a b up 1
	run on a pgnl send web hello
	echo "$output"
	[ "$status" = 3 ]
	[ "${lines[0]}" = "reached 0, full 0, no inbox 1, refused 0, gone 0" ]
	reader c slow --room 4096
	eventually states a c up 1
	signal_last STOP
	run on a pgnl -j send slow "$(head -c 2000 /dev/zero | tr '\0' x)" --count 20
	signal_last CONT
	echo "$output"
	[ "$status" = 2 ]
	[ "$(jq '.full == 1 and .reached > 0 and .reached < 20' <<<"${lines[0]}")" = true ]
}

# The last process that was started for the test.
signal_last() {
	kill "-$1" "${sleepers[-1]}"
}

@test "members of a node that is out of reach are unreachable, and told at once" {
	member b web
	reader a web
	eventually states a b up 1
	grace 60s a
	cut_off b
	eventually states a b suspect 1
	run on a pgnl send web hello
	echo "$output"
	[ "$status" = 2 ]
	[ "${lines[0]}" = "reached 1, full 0, no inbox 0, refused 0, gone 0, unreachable 1" ]
	[[ $output == *"1 members are on nodes that can't be reached"* ]]
}

@test "an agent that is stopped is waited for, but not for ever" {
	reader b web
	reader c web
	eventually states a b up 1
	eventually states a c up 1
	signal_agent b STOP
	run on a pgnl -j send web hello
	signal_agent b CONT
	echo "$output"
	[ "$status" = 2 ]
	[ "$(jq -c '[.reached, .unreachable]' <<<"${lines[0]}")" = "[1,1]" ]
}

@test "an agent that dies leaves nobody waiting" {
	reader b web
	eventually states a b up 1
	signal_agent b STOP
	on a pgnl -j send web hello >"$BATS_TEST_TMPDIR/sent" 2>&1 3>&- &
	sleepers+=($!)
	eventually waits a
	stop a KILL
	wait "${sleepers[-1]}" || true
	[ "$(jq -c '[.reached, .unreachable]' <"$BATS_TEST_TMPDIR/sent" 2>/dev/null | head -n 1)" = \
		"[0,1]" ] || { cat "$BATS_TEST_TMPDIR/sent"; false; }
	signal_agent b CONT
}

# waits NODE: a request waits for its agent.
waits() {
	[ "$(on "$1" pgnl -j stats | jq .requests)" = 1 ]
}

@test "what a sender may do elsewhere is judged by its uid there" {
	reader b web
	eventually states a b up 1
	on b pgnl scope set pg --owner 1000 --perm 0766
	run on a setpriv --reuid=1001 --clear-groups pgnl send web hello
	echo "$output"
	[ "$status" = 2 ]
	[ "${lines[0]}" = "reached 0, full 0, no inbox 0, refused 1, gone 0" ]
	# Root of another node is nobody.
	run on a pgnl send web hello
	[ "$status" = 2 ]
	run on a setpriv --reuid=1000 --clear-groups pgnl send web hello
	echo "$output"
	[ "$status" = 0 ]
	on b pgnl scope set pg --owner 0 --perm 0777
	eventually has b 1
	[ "$(jq .uid "$got.b")" = 1000 ]
}

# target NODE GROUP UID [VARIABLE]: a process of a user that joins there; its pid.
target() {
	local _pid
	setpriv --reuid="$3" --clear-groups sleep 1000 3>&- &
	_pid=$!
	sleepers+=("$_pid")
	on "$1" pgnl -q join "$2" --pid "$_pid" >/dev/null
	[ $# -lt 4 ] || printf -v "$4" %d "$_pid"
}

@test "signals reach other nodes where both forward them, under the uid of the sender" {
	local theirs roots
	target b job 1000 theirs
	target b job 0 roots
	eventually states a b up 2
	run on a setpriv --reuid=1000 --clear-groups pgnl -j signal job --dry-run
	echo "$output"
	[ "$status" = 2 ]
	[ "$(jq -c . <<<"${lines[0]}")" = '{"reached":1,"refused":1,"gone":0,"unreachable":0}' ]
	run on a pgnl signal job KILL
	echo "$output"
	[ "$status" = 2 ]
	[ "${lines[0]}" = "reached 0, refused 2, gone 0" ]
	run on a setpriv --reuid=1000 --clear-groups pgnl signal job TERM
	echo "$output"
	[ "${lines[0]}" = "reached 1, refused 1, gone 0" ]
	eventually gone "$theirs"
	kill -0 "$roots"
}

@test "signals are refused where one of both does not forward them, and it says so" {
	local theirs
	target c job 1000 theirs
	target b job 1000
	eventually states a c up 1
	eventually states c b up 1
	run on c pgnl signal job TERM
	echo "$output"
	[ "$status" = 2 ]
	[ "${lines[0]}" = "reached 1, refused 1, gone 0" ]
	[[ $output == *"signals are not forwarded to other nodes"* ]]
	target c work 1000 theirs
	eventually states a c up 1
	run on a setpriv --reuid=1000 --clear-groups pgnl signal work TERM
	echo "$output"
	[ "${lines[0]}" = "reached 0, refused 1, gone 0" ]
	kill -0 "$theirs"
}

@test "a process of another node is put into a group where that node allows it" {
	local theirs id
	target b job 1000 theirs
	target c job 1000
	eventually states a b up 1
	eventually states a c up 1
	id=$(on a pgnl -j members job | jq -r '.[] | select(.node == "b") | .id')
	on a setpriv --reuid=1000 --clear-groups pgnl join work --node b --id "$id" --times 2
	[ "$(on b pgnl members work --pids)" = "$theirs" ]
	eventually holds a work b 2
	eventually holds c work b 2
	fails_with "does not let this user" on a setpriv --reuid=1001 --clear-groups \
		pgnl join work --node b --id "$id"
	id=$(on a pgnl -j members job | jq -r '.[] | select(.node == "c") | .id')
	fails_with "does not let this user" on a setpriv --reuid=1000 --clear-groups \
		pgnl join work --node c --id "$id"
	fails_with "no such process" on a setpriv --reuid=1000 --clear-groups \
		pgnl join work --node b --id 77
	fails_with "no such node" on a pgnl join work --node d --id "$id"
	fails_with "no such group" on a pgnl -s pg2 join work --node b --id "$id"
}

# holds NODE GROUP OTHER N: the members of another node in a group have joined so often.
holds() {
	[ "$(on "$1" pgnl members "$2" --node "$3" --count)" = "$4" ]
}

# created NODE [UID]: a group of pg2 that this user has created there, with a member.
created() {
	local pid
	on "$1" setpriv --reuid="${2-1000}" --clear-groups pgnl -s pg2 create work
	sleeper pid
	on "$1" pgnl -q -s pg2 join work --pid "$pid" >/dev/null
}

# in_work NODE OTHERS: on these nodes it sees members of it.
in_work() {
	[ "$(on "$1" pgnl -j -s pg2 members work | jq -r 'map(.node) | sort | join(" ")')" = "$2" ]
}

delete_work() {
	on "$1" setpriv --reuid="${2-1000}" --clear-groups pgnl -s pg2 delete work
}

no_groups() {
	[ "$(on "$1" pgnl -j -s pg2 groups)" = "[]" ]
}

@test "a created group is deleted on all nodes, and it says where not" {
	local node pid
	created a
	created b
	created c 0
	for node in "${nodes[@]}"; do
		eventually in_work "$node" "a b c"
	done
	run delete_work a
	echo "$output"
	[ "$status" = 2 ]
	[[ $output == *"1 refused, 0 unreachable"* ]]
	# It has returned, so of those who did nothing is left here; the others will hear.
	in_work a c
	for node in b c; do
		eventually in_work "$node" c
	done
	sleeper pid
	on b pgnl -q -s pg2 join work --pid "$pid" >/dev/null
	eventually in_work c "b c"
	delete_work c 0
	for node in "${nodes[@]}"; do
		eventually no_groups "$node"
	done
	"$rows" -s pg2 -a "${nodes[@]}"
}

@test "a node that is cut off keeps a group that is deleted meanwhile" {
	created a
	created b
	eventually in_work a "a b"
	cut_off b
	run delete_work a
	echo "$output"
	# Or it was given up before.
	[[ $status = 2 && $output == *"0 refused, 1 unreachable"* ]] || fails_with "" knows a b
	heal b
	eventually meet "${nodes[@]}"
	eventually in_work a b
	eventually in_work b b
	delete_work a
	in_work a ""
	eventually no_groups b
}
