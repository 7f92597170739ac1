#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Many nodes, NODES of them (8), in one machine: "make check-cluster" has 8 and 36.
# shellcheck disable=SC2154
load ../lib

setup_file() {
	local number node
	: "${NODES:=8}"
	export NODES
	cluster_up "grace = 2s"
	for ((number = 1; number <= NODES; number++)); do
		node_add "n$number" "$number"
		start "n$number"
	done
	names
	eventually meet "${nodes[@]}"
}

teardown_file() {
	end_cluster
}

names() {
	mapfile -t nodes < <(seq -f 'n%.0f' "$NODES")
}

setup() {
	names
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
}

teardown() {
	local node
	end_sleepers
	for node in "${nodes[@]}"; do
		tc qdisc del dev "v-$node" root 2>/dev/null || true
		heal "$node"
	done
	ip link del br1 2>/dev/null || true
}

# One process on each node, in one group.
one_on_each() {
	local node
	for node in "${nodes[@]}"; do
		member "$node" web
	done
	eventually agree "${nodes[@]}"
}

@test "each sees the members of all" {
	one_on_each
	[ "$(view "n$NODES" | wc -l)" = "$NODES" ]
	[ "$(on n1 pgnl -j nodes | jq length)" = "$NODES" ]
	end_sleepers
	eventually agree "${nodes[@]}"
	[ -z "$(view n1)" ]
}

@test "a thousand memberships of one node are seen by all" {
	local groups n pid
	mapfile -t groups < <(seq -f 'group-%.0f' 1000)
	sleeper pid
	on n1 pgnl -q join "${groups[@]}" --pid "$pid" >/dev/null
	eventually agree "${nodes[@]}"
	[ "$(view "n$NODES" | wc -l)" = 1000 ]
	end_sleeper "$pid"
	eventually agree "${nodes[@]}"
}

@test "cut in two halves, each is a cluster; healed, it is one again" {
	local half=$((NODES / 2)) node
	one_on_each
	ip link add br1 type bridge
	ip link set br1 up
	for node in "${nodes[@]:half}"; do
		ip link set "v-$node" master br1
	done
	eventually agree "${nodes[@]:0:half}"
	eventually agree "${nodes[@]:half}"
	[ "$(view n1 | wc -l)" = "$half" ]
	member n1 meanwhile
	member "n$NODES" meanwhile
	for node in "${nodes[@]:half}"; do
		heal "$node"
	done
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
	[ "$(view n1 | wc -l)" = $((NODES + 2)) ]
}

@test "loss and delay on every cable" {
	local node pid
	one_on_each
	for node in "${nodes[@]}"; do
		tc qdisc replace dev "v-$node" root netem delay 10ms 5ms loss 2%
	done
	for node in n1 n2 "n$NODES"; do
		member "$node" lossy pid
		member "$node" lossy
		end_sleeper "$pid"
	done
	eventually agree "${nodes[@]}"
	[ "$(view n1 | wc -l)" = $((NODES + 3)) ]
}

@test "agents killed one after the other, and all at once" {
	local node n
	RANDOM=${SEED:-7}
	echo "SEED=${SEED:-7}"
	one_on_each
	for ((n = 0; n < 8; n++)); do
		node=n$((RANDOM % NODES + 1))
		stop "$node"
		start "$node"
	done
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
	for node in "${nodes[@]}"; do
		signal_agent "$node" KILL
	done
	for node in "${nodes[@]}"; do
		eventually gone "$(<"$cluster/$node.pid")"
		start "$node"
	done
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
	[ "$(view n2 | wc -l)" = "$NODES" ]
}
