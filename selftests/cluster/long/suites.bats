#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The cases of Erlang's pg_SUITE and pg2_SUITE that take more than one node, by name, on
# four real ones. As in Erlang, a node that is lost is lost at once: no grace. Those that
# forge frames (overlay_missing, forced_sync, protocol_upgrade, dyn_distribution) are the
# simulator's.
# shellcheck disable=SC2154
load ../lib

setup_file() {
	cluster_up "tolerance = 300ms" "grace = 0"
	node_add a 1
	node_add b 2
	node_add c 3
	node_add d 4
}

teardown_file() {
	end_cluster
}

teardown() {
	local node
	end_sleepers
	for node in a b c d; do
		undo "$node" 2>/dev/null || true
	done
}

running() {
	[ -e "$cluster/$1.pid" ] && kill -0 "$(<"$cluster/$1.pid")" 2>/dev/null
}

# up NODE...: the agents of these run, and of no others; they have met.
up() {
	local node
	for node in a b c d; do
		if [[ " $* " != *" $node "* ]]; then
			! running "$node" || stop "$node"
		elif ! running "$node"; then
			start "$node"
		fi
	done
	eventually meet "$@"
}

# put NODE GROUP PID [N]: it joins so many times.
put() {
	on "$1" pgnl -q join "$2" --pid "$3" --times "${4:-1}" >/dev/null
}

take() {
	on "$1" pgnl -q leave "$2" --pid "$3" --times "${4:-1}" >/dev/null
}

# has NODE OTHER GROUP N [OPTION]...: so many members of the other node are seen there.
has() {
	local node=$1 other=$2 group=$3 n=$4
	shift 4
	[ "$(on "$node" pgnl "$@" members "$group" --node "$other" --count 2>/dev/null || true)" = "$n" ]
}

lists() {
	on "$1" pgnl -n -o group groups "$2" >/dev/null 2>&1
}

lacks() {
	! lists "$@"
}

# cut NODE,... NODE,...: none of the first reaches any of the second, and all know it.
cut() {
	local one other
	for one in ${1//,/ }; do
		for other in ${2//,/ }; do
			cut_pair "$one" "$other"
		done
	done
	for one in ${1//,/ }; do
		for other in ${2//,/ }; do
			eventually knows "$one" "$other" ""
			eventually knows "$other" "$one" ""
		done
	done
}

mend() {
	local one other
	for one in ${1//,/ }; do
		for other in ${2//,/ }; do
			heal_pair "$one" "$other"
		done
	done
}

@test "pg_SUITE two" {
	local pid other
	up a b
	sleeper pid
	put a two "$pid"
	eventually has b a two 1
	[ "$(on b pgnl members two --local --count)" = 0 ]
	end_sleeper "$pid"
	eventually has b a two 0
	sleeper other
	put b two "$other" 2
	eventually has a b two 2
	sleeper pid
	put a two "$pid"
	stop b
	eventually has a b two 0
	has a a two 1
}

@test "pg_SUITE empty_group_by_remote_leave" {
	local pid
	up a b
	sleeper pid
	put a empty "$pid"
	eventually lists b empty
	take a empty "$pid"
	eventually lacks b empty
	put a one "$pid"
	put a other "$pid"
	eventually lists b other
	take a other "$pid"
	take a one "$pid"
	eventually lacks b one
	lacks b other
}

@test "pg_SUITE thundering_herd" {
	local n groups=()
	up a b c
	for ((n = 0; n < 1000; n++)); do
		groups+=("herd/$n")
	done
	sleeper pid
	on a pgnl -q join "${groups[@]}" --pid "$pid" >/dev/null
	eventually lists b herd/999
	# Twenty times all of it is sent anew; what is new comes through.
	for ((n = 0; n < 20; n++)); do
		stop b
		start b
		[ "$n" != 10 ] || put a late "$pid"
	done
	eventually has c a late 1
	eventually meet a b c
	eventually agree a b c
}

@test "pg_SUITE initial" {
	local pid
	up a
	sleeper pid
	put a initial "$pid"
	start b
	eventually has b a initial 1
	end_sleeper "$pid"
	eventually lacks b initial
}

@test "pg_SUITE netsplit" {
	local here there
	up a b
	sleeper here
	sleeper there
	put a here "$here"
	put b there "$there"
	eventually has a b there 1
	eventually has b a here 1
	cut a b
	lacks a there
	take a here "$here"
	put a elsewhere "$here"
	sleeper pid
	put b there "$pid"
	take b there "$pid"
	put b there "$pid" 3
	mend a b
	eventually has b a elsewhere 1
	lacks b here
	eventually has a b there 4
}

@test "pg_SUITE trisplit" {
	local pid
	up a b
	sleeper pid
	put a three "$pid"
	eventually has b a three 1
	cut a b
	mend a b
	sleeper pid
	put b three "$pid"
	eventually has a b three 1
	# The third one finds the second, and not yet the first.
	cut_pair a c
	start c
	eventually has c b three 1
	has c a three 0
	heal_pair a c
	eventually has c a three 1
	eventually agree a b c
}

@test "pg_SUITE foursplit" {
	local pids=() node i=0
	up a b c d
	for node in a b c d; do
		sleeper "pids[$i]"
		put "$node" four "${pids[i]}" 2
		put "$node" left "${pids[i]}"
		i=$((i + 1))
	done
	eventually agree a b c d
	take a left "${pids[0]}"
	cut a b,c,d
	cut b c,d
	cut c d
	put b four "${pids[1]}"
	take c four "${pids[2]}" 2
	run -3 on c pgnl -q leave no-such-group --pid "${pids[2]}"
	mend a b,c,d
	mend b c,d
	mend c d
	eventually has d b four 3
	eventually has d a four 2
	eventually agree a b c d
	has d c four 0
	for node in b c d; do
		has "$node" a left 0
	done
}

@test "pg_SUITE exchange" {
	local own=() other=() i
	up a b c
	for ((i = 0; i < 10; i++)); do
		sleeper "own[$i]"
		sleeper "other[$i]"
	done
	on a pgnl -q join exchange --pid "${own[@]}" >/dev/null
	on b pgnl -q join exchange --pid "${other[@]}" --times 2 >/dev/null
	eventually agree a b c
	for i in 0 1 2 3 4; do
		end_sleeper "${own[i]}"
	done
	cut a b,c
	for i in 5 6 7; do
		put a exchange "${own[i]}"
	done
	on b pgnl -q leave exchange --pid "${other[@]:0:4}" >/dev/null
	put b second "${other[0]}"
	mend a b,c
	eventually has b a exchange 8
	eventually has a b exchange 16
	eventually has a b second 1
	eventually agree a b c
	run -3 on a pgnl -q leave second --pid "${own[5]}"
	on b pgnl -q leave exchange --pid "${other[@]}" --all >/dev/null
	on a pgnl -q leave exchange --pid "${own[@]:5}" --all >/dev/null
	eventually lacks c exchange
	eventually agree a b c
}

@test "pg_SUITE nolocal" {
	local pid
	up a b
	sleeper pid
	put a nolocal "$pid" 2
	eventually has b a nolocal 2
	[ "$(on b pgnl members nolocal --local --count)" = 0 ]
}

@test "pg_SUITE double" {
	local pid
	up a
	sleeper pid
	put a double "$pid"
	start b
	put a double "$pid"
	eventually has b a double 2
}

# Erlang loses the local members here.
@test "pg_SUITE scope_restart" {
	local pid
	up a b
	sleeper pid
	put a restart "$pid" 2
	eventually has b a restart 2
	stop a
	has a a restart 2
	eventually has b a restart 0
	start a
	eventually has b a restart 2
}

@test "pg_SUITE disconnected_start" {
	local pid
	up b
	cut_off a
	start a
	sleeper pid
	put a alone "$pid"
	has a a alone 1
	stop a TERM
	heal a
	has a a alone 1
}

@test "pg_SUITE group_leave" {
	local pid
	up a b
	sleeper pid
	put a group "$pid" 16
	eventually has b a group 16
	take a group "$pid" 4
	eventually has b a group 12
	stop a
	eventually has b a group 0
}

# What is told of another node's joins, leaves and loss, in this order.
@test "pg_SUITE monitor_scope, on another node" {
	local pid
	up a b
	sleeper pid
	heard=$BATS_TEST_TMPDIR/heard
	nsenter --net=/run/netns/b -- pgnl monitor --initial >"$heard" 2>&1 3>&- &
	sleepers+=($!)
	eventually test -s "$heard"
	put a two "$pid"
	eventually has b a two 1
	put a two "$pid"
	eventually has b a two 2
	take a two "$pid"
	eventually has b a two 1
	stop a
	eventually grep -q node-lost "$heard"
	[ "$(grep -E '^(join|leave)' "$heard" | tr -s ' ')" = \
		"$(printf '%s\n' "join two a/$pid" "join two a/$pid(2)" "leave two a/$pid(1) left" \
			"leave two a/$pid node-lost")" ]
}

@test "pg2_SUITE otp_7277" {
	local pid
	up a b
	sleeper pid
	put a a "$pid"
	eventually has b a a 1
	run -3 on a pgnl -q leave b --pid "$pid"
	end_sleeper "$pid"
	eventually lacks b a
}

@test "pg2_SUITE otp_8653" {
	local node pid user=(setpriv --reuid=1000 --clear-groups)
	up a b c d
	cut a,b c,d
	on a "${user[@]}" pgnl -q -s pg2 create both
	on c "${user[@]}" pgnl -q -s pg2 create both
	for node in a b c d; do
		eventually on "$node" pgnl -q -s pg2 groups both >/dev/null
		sleeper pid
		on "$node" pgnl -q -s pg2 join both --pid "$pid" --times 2 >/dev/null
	done
	mend a,b c,d
	for node in a b c d; do
		eventually all_eight "$node"
	done
	on b "${user[@]}" pgnl -q -s pg2 delete both
	run -3 on b pgnl -q -s pg2 groups both
	for node in a c d; do
		eventually lacks_group "$node"
	done
}

lacks_group() {
	[ "$(on "$1" pgnl -j -s pg2 groups)" = "[]" ]
}

all_eight() {
	[ "$(on "$1" pgnl -s pg2 members both --count)" = 8 ]
}

# Created groups are seen on a node that starts late, with their counts: t5, t7.
@test "pg2_SUITE basic, a node that starts late" {
	local pid
	up a
	on a pgnl -q -s pg2 create both
	sleeper pid
	on a pgnl -q -s pg2 join both --pid "$pid" --times 2 >/dev/null
	start b
	eventually has b a both 2 -s pg2
	on a pgnl -q -s pg2 leave both --pid "$pid" >/dev/null
	eventually has b a both 1 -s pg2
	on a pgnl -q -s pg2 leave both --pid "$pid" >/dev/null
	eventually has b a both 0 -s pg2
	on b pgnl -q -s pg2 groups both >/dev/null
	on a pgnl -q -s pg2 delete both
}
