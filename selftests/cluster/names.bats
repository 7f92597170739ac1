# SPDX-License-Identifier: GPL-2.0-or-later
# Names on three nodes, encrypted and by the wire; the cases of Erlang's global_SUITE
# and global_group_SUITE that are about them, by name.
# shellcheck disable=SC2154
load lib

nodes=(a b c)

setup_file() {
	# The tests are root, on each node.
	three_nodes "tolerance = 300ms" "grace = 5s" "remote-root = yes"
}

teardown_file() {
	end_cluster
}

setup() {
	eventually meet "${nodes[@]}"
	eventually no_names
}

teardown() {
	end_test
	mend "${nodes[@]}"
}

no_names() {
	local node
	for node in "${nodes[@]}"; do
		[ "$(on "$node" pgnl -n name list)" = "" ] || return
	done
}

# holds NAME HOLDER NODE...: all of these say that HOLDER, "NODE PID", has it, or nobody.
holds() {
	local name=$1 holder=$2 node
	for node in "${@:3}"; do
		[ "$(on "$node" pgnl -j name whereis "$name" 2>/dev/null |
			jq -r '.[] | "\(.node) \(.pid)"')" = "$holder" ] || return
	done
}

# register NODE NAME PID [OPTION]...: its fencing number.
register() {
	on "$1" pgnl name register "$2" --pid "$3" "${@:4}"
}

# hears NODE [GROUP]: what is told there of names goes to $heard.
hears() {
	heard=$BATS_TEST_TMPDIR/heard-$1
	nsenter --net="/run/netns/$1" -- pgnl -j -s global monitor --initial "${@:2}" >"$heard" 2>&1 3>&- &
	sleepers+=($!)
	eventually test -s "$heard"
}

# is_asked NODE: a request waits for the agent there.
is_asked() {
	[ "$(on "$1" pgnl -j stats | jq '.requests // .stats.requests')" -gt 0 ]
}

# Node c is alone, and all have given each other up.
parted() {
	[ "$(agent_says c | jq '.nodes | length')" = 0 ] && ! knows a c && ! knows a c suspect &&
		! knows b c && ! knows b c suspect
}

@test "one_grp: one holder in all of the cluster, wherever it is" {
	local p q r first second
	sleeper p
	sleeper q
	sleeper r
	first=$(register a test "$p")
	eventually holds test "a $p" a b c
	fails_with "taken" register b test "$q"
	fails_with "taken" register a test "$p"
	end_sleeper "$p"
	eventually holds test "" a b c
	second=$(register b test "$q")
	[ "$second" -gt "$first" ]
	eventually holds test "b $q" a b c
	first=$second
	second=$(register c test "$r" --replace)
	[ "$second" -gt "$first" ]
	eventually holds test "c $r" a b c
	on a pgnl name unregister test
	# Whoever has asked sees it.
	holds test "" a
	eventually holds test "" b c
}

@test "names in the list of each node" {
	local p q
	sleeper p
	sleeper q
	register a one "$p"
	register b two "$q"
	eventually holds one "a $p" c
	eventually holds two "b $q" c
	[ "$(on c pgnl -j name list | jq -c '[.[] | [.name, .node]]')" = '[["one","a"],["two","b"]]' ]
}

@test "of two at once one gets it, and the other one is told so" {
	local p q codes
	sleeper p
	sleeper q
	for _ in 1 2 3; do
		register a race "$p" >"$BATS_TEST_TMPDIR/a" 2>&1 3>&- &
		one=$!
		register b race "$q" >"$BATS_TEST_TMPDIR/b" 2>&1 3>&- &
		other=$!
		codes=0
		wait "$one" || codes=$((codes + 1))
		wait "$other" || codes=$((codes + 1))
		[ "$codes" = 1 ]
		on c pgnl name unregister race || on a pgnl name unregister race
		eventually holds race "" a b c
	done
}

@test "a name of a node that is suspect is not to be had, then it is" {
	local p q
	sleeper p
	sleeper q
	register c lost "$p"
	eventually holds lost "c $p" a b
	cut_off c
	eventually knows a c suspect
	fails_with "suspect" register a lost "$q"
	fails_with "suspect" on a pgnl name unregister lost
	eventually register a lost "$q"
	eventually holds lost "a $q" a b
}

@test "keep-first: the later one is unregistered and told, and lives" {
	local p q
	sleeper p
	sleeper q
	cut_off c
	eventually parted
	register a x "$p"
	register c x "$q"
	hears c x
	heal c
	eventually holds x "a $p" a b c
	eventually grep -q '"event":"conflict"' "$heard"
	kill -0 "$q"
}

@test "random-exit: the later one is killed, since its registration says so" {
	local p q
	sleeper p
	sleeper q
	cut_off c
	eventually parted
	register a x "$p"
	register c x "$q" --resolve random-exit
	heal c
	eventually gone "$q"
	eventually holds x "a $p" a b c
	kill -0 "$p"
}

@test "notify-all: both are unregistered and told" {
	local p q
	sleeper p
	sleeper q
	cut_off c
	eventually parted
	register a x "$p" --resolve notify-all
	register c x "$q"
	hears c x
	heal c
	eventually holds x "" a b c
	eventually grep -q '"event":"conflict"' "$heard"
	kill -0 "$p" "$q"
}

@test "an agent that is killed: who asks is told, and the name stays" {
	local p q
	sleeper p
	sleeper q
	register b kept "$p"
	eventually holds kept "b $p" a c
	signal_agent a STOP
	fails_with "does not answer" on a "$pgnld" --status
	register a other "$q" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	asking=$!
	eventually is_asked a
	stop a
	if wait "$asking"; then false; fi
	grep -q "agent" "$BATS_TEST_TMPDIR/out"
	fails_with "agent" register a other "$q"
	start a
	eventually meet a b c
	register a other "$q"
	eventually holds other "a $q" b c
	holds kept "b $p" a b c
}
