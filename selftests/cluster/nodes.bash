# SPDX-License-Identifier: GPL-2.0-or-later
# Nodes of a cluster in one machine: network namespaces, each with a cable to one
# bridge, an agent and tables of its own. What they send goes by the wire, see
# onwire/. For tests, the demo and the bench.
# shellcheck shell=bash

nodes_build=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../../build")
pgnld=${PGNLD:-$nodes_build/bin/pgnld}
rows=${ROWS:-$nodes_build/selftests/rows}
onwire=${ONWIRE:-$nodes_build/selftests/onwire-$(uname -r)/tipc_onwire.ko}

declare -gA agents=()	# pids of the agents, by node
cluster=${CLUSTER_DIR:-/run/pgnl-cluster}

# cluster_up [LINE]...: the bridge and the key; further lines for each configuration.
cluster_up() {
	mkdir -p "$cluster"
	printf '%s\n' "$@" >"$cluster/common"
	# A kernel for debugging is too slow to answer within what tests set.
	[[ $(uname -r) != *-pgnl-* ]] || sed -i 's/^tolerance = .*/tolerance = 3s/' "$cluster/common"
	rm -f "$cluster/key"
	"$pgnld" --new-key "$cluster/key"
	# It is a part of some kernels.
	[ -d /proc/sys/net/tipc ] || modprobe tipc
	[ -d /sys/module/tipc_onwire ] || insmod "$onwire"
	ip link add br0 type bridge
	ip link set br0 up
}

# All of it ends, at the latest with the namespaces.
cluster_down() {
	local node
	for node in "${!agents[@]}"; do
		agent_kill "$node"
	done
	for node in $(ip netns list | awk '{ print $1 }'); do
		node_del "$node"
	done
	ip link del br0
	rm -rf "$cluster"
}

# node_add NAME NUMBER [LINE]...: a node without an agent, and its configuration.
node_add() {
	local name=$1 number=$2
	shift 2
	ip netns add "$name"
	ip link add "v-$name" type veth peer name eth0 netns "$name"
	ip link set "v-$name" master br0 up
	ip -n "$name" link set lo up
	ip -n "$name" addr add "10.0.0.$number/24" dev eth0
	ip -n "$name" link set eth0 up
	echo "10.0.0.$number" >"$cluster/$name.address"
	{
		cat "$cluster/common"
		printf '%s\n' "node = $name" "key-file = $cluster/key" "$@"
		grep -qs '^bearer' "$cluster/common" || echo "bearer = eth eth0"
	} >"$cluster/$name.conf"
	cp "$cluster/$name.conf" "$cluster/$name.conf.first"
}

node_del() {
	ip link del "v-$1" 2>/dev/null
	ip netns del "$1"
}

# on NODE COMMAND...: in its network namespace.
on() {
	nsenter --net="/run/netns/$1" -- "${@:2}"
}

# The agent's log is $cluster/NODE.log.
agent_start() {
	nsenter --net="/run/netns/$1" -- "$pgnld" -v -c "$cluster/$1.conf" \
		2>>"$cluster/$1.log" >&2 3>&- &
	agents[$1]=$!
}

# reloads NODE: how often its agent has read its configuration again.
reloads() {
	grep -c "configuration was read again" "$cluster/$1.log" || true
}

# agent_kill NODE [SIGNAL]: and wait for its end.
agent_kill() {
	kill "-${2:-KILL}" "${agents[$1]}" 2>/dev/null || true
	wait "${agents[$1]}" 2>/dev/null || true
	unset "agents[$1]"
}

# Nothing from it or to it arrives; its own device sees no change.
cut_off() {
	ip link set "v-$1" nomaster
}

heal() {
	ip link set "v-$1" master br0
}

# deafen NODE: it is heard, but hears nothing; mute NODE: the other way round.
deafen() {
	tc qdisc add dev "v-$1" clsact
	tc filter add dev "v-$1" egress matchall action drop
}

mute() {
	tc qdisc add dev "v-$1" clsact
	tc filter add dev "v-$1" ingress matchall action drop
}

undo() {
	tc qdisc del dev "v-$1" clsact
}

# late NODE TIME: what it hears comes so much later; in_time NODE: no more.
late() {
	tc qdisc replace dev "v-$1" root netem delay "$2"
}

in_time() {
	tc qdisc del dev "v-$1" root
}

# cut_pair NODE NODE: these two don't hear each other, all others hear both.
cut_pair() {
	cut_way "$1" "$2"
	cut_way "$2" "$1"
}

heal_pair() {
	heal_way "$1" "$2"
	heal_way "$2" "$1"
}

# What goes to the first from the second.
cut_way() {
	tc qdisc add dev "v-$1" clsact 2>/dev/null || true
	tc filter add dev "v-$1" egress pref "$(number_of "$2")" protocol all \
		flower src_mac "$(ip netns exec "$2" cat /sys/class/net/eth0/address)" action drop
}

heal_way() {
	tc filter del dev "v-$1" egress pref "$(number_of "$2")"
}

number_of() {
	local address
	address=$(<"$cluster/$1.address")
	echo "${address##*.}"
}

# Every member that a node sees, sorted: GROUP NODE ID COUNT STATE, a line each.
view() {
	"$rows" "$1"
}

# agree NODE...: all of these see what is so, by what each says of its own processes.
agree() {
	"$rows" -a "$@"
}

# knows NODE OTHER [STATE]: what a node's agent knows of another.
knows() {
	[ "$(agent_says "$1" | jq -r --arg node "$2" \
		'.nodes[] | select(.node == $node) | .state')" = "${3-up}" ]
}

# meet NODE...: each of these is connected to all others, and to nobody else.
meet() {
	local node
	for node; do
		[ "$(agent_says "$node" | jq '[.nodes[] | select(.state == "up")] | length')" = \
			"$(($# - 1))" ] || return
	done
}

# What the agent of a node says of itself, in JSON.
agent_says() {
	on "$1" "$pgnld" --status 2>/dev/null || echo '{"nodes": []}'
}
