#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Three nodes with bad cables, agents that are killed at any moment, and a module that
# goes. A node that is out of reach is suspect for so long here that nobody leaves.
# shellcheck disable=SC2154
load ../lib

nodes=(a b c)

setup() {
	three_nodes "tolerance = 300ms" "grace = 60s"
}

teardown() {
	end_test
	end_cluster
}

# How far a node's agent is behind towards another's; as it tells.
lag() {
	on "$1" pgnl -j stats | jq -e --arg node "$2" '.peers[] | select(.node == $node) | .lag'
}

has_lag() {
	[ "$(lag "$1" "$2")" = "$3" ]
}

@test "stats tells of each other node whether it is up, what it has, and its lag" {
	local pid metrics
	member b web
	member a web
	eventually agree "${nodes[@]}"
	[ "$(on a pgnl -j stats | jq -c '[.peers[] | [.node, .state, .rows, .lag]] | sort')" = \
		'[["b","up",1,0],["c","up",0,0]]' ]
	[ "$(on a pgnl -n stats | awk '$1 == "lag:b" { print $2 }')" = 0 ]
	metrics=$(on a pgnl stats --prometheus)
	grep -qx 'pgnl_agent_up 1' <<<"$metrics"
	grep -qx 'pgnl_peer_up{node="c"} 1' <<<"$metrics"
	grep -qx 'pgnl_peer_members{node="b"} 1' <<<"$metrics"
	grep -qx 'pgnl_peer_lag{node="b"} 0' <<<"$metrics"
	run ! grep -Ev '^(# (HELP|TYPE) pgnl_[a-z_]+ .+|pgnl_[a-z_]+(\{[^}]+\})? [0-9]+)$' <<<"$metrics"
	# An agent that takes nothing is behind, sooner or later.
	signal_agent c STOP
	sleeper pid
	eventually fills_up "$pid"
	signal_agent c CONT
	eventually has_lag a c 0
	stop a
	[ "$(on a pgnl -j stats | jq 'has("peers")')" = false ]
	on a pgnl stats --prometheus | grep -qx 'pgnl_agent_up 0'
	start a
}

# Joins with metadata, until the stopped agent's connection takes no more.
fills_up() {
	local n groups=()
	for ((n = 0; n < 200; n++)); do
		groups+=("fill-$RANDOM$RANDOM")
	done
	on a pgnl -q join "${groups[@]}" --pid "$1" --meta "$(printf '%0256d' 0)" >/dev/null
	[ "$(lag a c)" -gt 0 ]
}

# bad_cables WORD...: as tc-netem(8) has it, for what any node hears.
bad_cables() {
	local node
	for node in "${nodes[@]}"; do
		tc qdisc replace dev "v-$node" root netem "$@"
	done
}

@test "cables that lose, delay and reorder: it takes longer, and is right" {
	local n node pids=()
	member a web
	eventually agree "${nodes[@]}"
	listen b web
	bad_cables delay 5ms 4ms loss 5% duplicate 1% reorder 5%
	for n in 0 1 2 3 4 5; do
		for node in "${nodes[@]}"; do
			member "$node" "group-$n" pid
			pids+=("$pid")
		done
		end_sleeper "${pids[n]}"
	done
	eventually agree "${nodes[@]}"
	[ "$(view a | wc -l)" = 13 ]
	[ "$(moves)" = 0 ]
	[ "$(agent_says a | jq .core.rx_gaps)" = 0 ]
}

@test "a cable that is silent for 300 ms: nobody leaves, nobody joins" {
	member a web
	member c web
	eventually agree "${nodes[@]}"
	listen a web
	cut_off c
	sleep 0.3
	heal c
	member c afterwards
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
	[ "$(moves)" = 0 ] || { cat "$heard"; false; }
}

@test "a cut that is noticed: the members are suspect and back, and nobody leaves or joins" {
	member a web
	member c web
	eventually agree "${nodes[@]}"
	listen a web
	cut_off c
	eventually told suspect c
	eventually states a c suspect 1
	[ "$(on a pgnl -n -o node pick web)" = a ]
	heal c
	eventually told fresh c
	eventually agree "${nodes[@]}"
	[ "$(moves)" = 0 ] || { cat "$heard"; false; }
}

@test "agents killed at any moment, while members come and go" {
	local n node pid pids=()
	RANDOM=${SEED:-7}
	echo "SEED=${SEED:-7}"
	for node in "${nodes[@]}"; do
		member "$node" web
	done
	eventually agree "${nodes[@]}"
	listen b web
	for ((n = 0; n < 12; n++)); do
		node=${nodes[RANDOM % 3]}
		member "${nodes[RANDOM % 3]}" "group-$((RANDOM % 4))" pid
		pids+=("$pid")
		stop "$node" KILL
		[ $((RANDOM % 2)) = 0 ] || end_sleeper "${pids[RANDOM % ${#pids[@]}]}" || true
		member "$node" "group-$((RANDOM % 4))" pid
		pids+=("$pid")
		start "$node"
		sleep "0.$((RANDOM % 8))"
	done
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
	[ "$(moves)" = 0 ] || { cat "$heard"; false; }
}

@test "a module that goes takes all members along; when it is back, all is as it should be" {
	member a web
	member b web
	eventually agree "${nodes[@]}"
	rmmod pgnl
	load_module
	eventually meet "${nodes[@]}"
	[ -z "$(view a)" ]
	member a web
	member c web
	eventually agree "${nodes[@]}"
	[ "$(view b | wc -l)" = 2 ]
}

# By their names a has the least address, so it connects to the others.
@test "an agent that TIPC tells no more of others asks anew, and keeps who is connected" {
	stop c TERM
	eventually knows a c suspect
	"$cluster_tests/unsubscribe.py" "$(<"$cluster/a.pid")"
	eventually grep -q "asked anew" "$cluster/a.log"
	start c
	eventually meet "${nodes[@]}"
	[ "$(grep -c "is suspect" "$cluster/a.log")" = 1 ]
}

@test "a node started anew under its old name, while the old one's connection still stands" {
	member a web
	member c web
	eventually agree "${nodes[@]}"
	cut_off c
	stop c KILL
	node_del c
	node_add c 3
	start c
	member c web
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
	[ "$(view a | wc -l)" = 2 ]
}

@test "of two nodes with one name the second gets in when the first has gone" {
	member a web
	node_add twin 4 "node = a"
	sed -i '0,/^node = twin/{/^node = twin/d}' "$cluster/twin.conf"
	start twin
	member twin other
	eventually grep -q "another node of this cluster has the same name" "$cluster/twin.log"
	stop a KILL
	rm "$cluster/a.pid"
	node_del a
	eventually agree_as twin
}

# The twin calls itself a.
agree_as() {
	[ "$(view b | grep -c ' a ')" = 1 ] && [[ $(view b) == *"other a "* ]]
}
