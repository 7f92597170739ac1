# SPDX-License-Identifier: GPL-2.0-or-later
# Who is let in, and what the wire tells.
# shellcheck disable=SC2154
load lib

setup() {
	cluster_up "tolerance = 300ms"
	node_add a 1
	node_add b 2
}

teardown() {
	end_test
	end_cluster
}

# sniff: all frames of the bridge go to a file.
sniff() {
	tcpdump -U -i br0 -s 0 -w "$BATS_TEST_TMPDIR/frames" 2>"$BATS_TEST_TMPDIR/tcpdump" 3>&- &
	sleepers+=($!)
	eventually grep -q listening "$BATS_TEST_TMPDIR/tcpdump"
}

told_by_the_wire() {
	grep -aq "$1" "$BATS_TEST_TMPDIR/frames"
}

@test "what goes over the wire is encrypted" {
	sniff
	start a b
	eventually meet a b
	member a a-group-for-nobody-else
	eventually states b a up 1
	member b another-group-for-nobody-else
	eventually states a b up 1
	[ "$(tcpdump -r "$BATS_TEST_TMPDIR/frames" 2>/dev/null | wc -l)" -gt 20 ]
	run ! told_by_the_wire for-nobody-else
}

@test "with encryption=no it is not, and the agents meet all the same" {
	echo "encryption = no" >>"$cluster/a.conf"
	echo "encryption = no" >>"$cluster/b.conf"
	sniff
	start a b
	eventually meet a b
	member a a-group-for-nobody-else
	eventually states b a up 1
	eventually told_by_the_wire for-nobody-else
}

@test "a node with another key is not there" {
	node_add x 3
	rm -f "$cluster/x.key"
	"$pgnld" --new-key "$cluster/x.key"
	sed -i "s|^key-file.*|key-file = $cluster/x.key|" "$cluster/x.conf"
	start a b x
	eventually meet a b
	member x web
	member a web
	eventually states b a up 1
	run ! knows a x
	run ! knows x a
	[ "$(view a | wc -l)" = 1 ]
}

@test "without encryption another key gets no further than HELLO" {
	local node
	node_add x 3
	"$pgnld" --new-key "$cluster/x.key"
	sed -i "s|^key-file.*|key-file = $cluster/x.key|" "$cluster/x.conf"
	for node in a b x; do
		echo "encryption = no" >>"$cluster/$node.conf"
	done
	start a b x
	eventually meet a b
	member x web
	member a web
	eventually states b a up 1
	eventually refused_somebody a x
	[ "$(view a | wc -l)" = 1 ]
	[ "$(view x | wc -l)" = 1 ]
}

# Whichever of them looks first ends the connection, so the other may never look.
refused_somebody() {
	local node
	for node; do
		[ "$(agent_says "$node" | jq .core.rx_foreign)" -gt 0 ] && return
	done
	return 1
}

@test "a second node with a name that is taken is told, and disturbs nobody" {
	local before
	start a b
	eventually meet a b
	member a web
	member b web
	eventually agree a b
	before=$(view a)
	node_add twin 4 "node = a"
	sed -i '0,/^node = twin/{/^node = twin/d}' "$cluster/twin.conf"
	start twin
	member twin web
	eventually grep -q "another node of this cluster has the same name" "$cluster/twin.log"
	[ "$(view a)" = "$before" ]
	[ "$(view b)" = "$(view a)" ]
}

# is_knocked_at NODE: its agent refuses who connects beside another agent.
is_knocked_at() {
	[ "$(agent_says "$1" | jq .engine.refused)" -gt 0 ]
}

# as_anybody NODE COMMAND...: of a user of the node without rights, in the background.
as_anybody() {
	local node=$1
	shift
	nsenter --net="/run/netns/$node" -- setpriv --reuid=nobody --clear-groups "$@" 3>&- &
	sleepers+=($!)
}

# They take the place of the node's agent for as long as they may say nothing.
meet_all_the_same() {
	local node
	for node in b a b; do
		stop "$node" KILL
		start "$node"
		eventually meet a b
	done
}

@test "users without the key who connect do not keep two nodes apart" {
	start a b
	eventually meet a b
	as_anybody b "$cluster_tests/knock.py"
	eventually is_knocked_at a
	meet_all_the_same
}

@test "nor do users who can be found as an agent" {
	start a b
	eventually meet a b
	as_anybody b "$cluster_tests/knock.py" bind
	eventually is_knocked_at a
	meet_all_the_same
}

# An agent has heard who another one says it is, by way of them; or has fallen for it.
relayed() {
	stop b KILL
	start b
	grep -q "is not at the end that it says" "$cluster/a.log" "$cluster/b.log" || [ -s "$heard" ]
}

# Between two agents that are not connected yet: each is told all that the other one says.
@test "users of two nodes who pass on what the agents say are not these agents" {
	local path
	path=$(mktemp -u /tmp/relay.XXXXXX)
	heard=$BATS_TEST_TMPDIR/heard
	as_anybody a "$cluster_tests/relay.py" "$path" >"$heard"
	as_anybody b "$cluster_tests/relay.py" "$path" >>"$heard"
	start a b
	eventually relayed
	end_sleepers
	eventually meet a b
	[ ! -s "$heard" ]
}
