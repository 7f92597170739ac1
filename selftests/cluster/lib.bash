# SPDX-License-Identifier: GPL-2.0-or-later
# Common to the tests of clusters: load it first in every file.
# shellcheck shell=bash disable=SC2154
# (bats sets variables of its own)

cluster_tests=$(dirname "${BASH_SOURCE[0]}")
load "$cluster_tests/../cli/lib"
# shellcheck source=selftests/cluster/nodes.bash
. "$cluster_tests/nodes.bash"

# The agents outlive the shell of a test, so their pids are in files.
start() {
	local node
	for node; do
		agent_start "$node"
		echo "${agents[$node]}" >"$cluster/$node.pid"
	done
}

stop() {
	agents[$1]=$(<"$cluster/$1.pid")
	agent_kill "$@"
	eventually gone "$(<"$cluster/$1.pid")"
}

# three_nodes LINE...: a, b and c, connected, with these lines in each configuration.
three_nodes() {
	cluster_up "$@"
	node_add a 1
	node_add b 2
	node_add c 3
	start a b c
	eventually meet a b c
}

# mend NODE...: they are within reach and have agents that run with the configuration
# which they had at first, whatever a test has done.
mend() {
	local node changed
	for node; do
		heal "$node"
		undo "$node" 2>/dev/null || true
		in_time "$node" 2>/dev/null || true
		changed=
		cmp -s "$cluster/$node.conf" "$cluster/$node.conf.first" || changed=yes
		[ ! "$changed" ] || cp "$cluster/$node.conf.first" "$cluster/$node.conf"
		if ! signal_agent "$node" CONT 2>/dev/null; then
			start "$node"
		elif [ "$changed" ]; then
			reload "$node"
		fi
	done
}

# reload NODE: its agent has read its configuration again.
reload() {
	local before
	before=$(reloads "$1")
	signal_agent "$1" HUP
	eventually reloaded "$1" "$before"
}

reloaded() {
	[ "$(reloads "$1")" -gt "$2" ]
}

# setting KEY VALUE NODE...: of their configurations, until mend().
setting() {
	local node
	for node in "${@:3}"; do
		sed -i "s/^$1 = .*/$1 = $2/" "$cluster/$node.conf"
		reload "$node"
	done
}

# grace TIME NODE...: they keep the members of a lost node so long. For what must happen
# within it, however slow the machine is.
grace() {
	setting grace "$@"
}

# The end of all nodes; what their agents have said stays.
end_cluster() {
	local file node
	for file in "$cluster"/*.pid; do
		[ -e "$file" ] || continue
		node=$(basename "$file" .pid)
		cp "$cluster/$node.log" "${OUT:-/tmp}/$(basename "$BATS_TEST_FILENAME" .bats)-$node.log"
		stop "$node"
	done
	cluster_down
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

# The one that rmmod has taken out: this kernel's, as it was built.
load_module() {
	insmod "$PGNL_TOP/build/kmod-$(uname -r)/pgnl.ko"
}

signal_agent() {
	kill "-$2" "$(<"$cluster/$1.pid")"
}

# member NODE GROUP [VARIABLE]: a process that joins there; its pid.
member() {
	local _joined
	sleeper _joined
	on "$1" pgnl -q join "$2" --pid "$_joined" >/dev/null
	[ $# -lt 3 ] || printf -v "$3" %d "$_joined"
}

# same NODE TEXT: a node's view is this.
same() {
	[ "$(view "$1")" = "$2" ]
}

# states NODE OTHER STATE N: so many members of another node are in that state.
states() {
	[ "$(view "$1" | awk -v node="$2" -v state="$3" '$2 == node && $5 == state' | wc -l)" = "$4" ]
}

# listen NODE GROUP: from now on what is told there of the group and of nodes goes to
# $heard.
listen() {
	heard=$BATS_TEST_TMPDIR/heard-$1
	nsenter --net="/run/netns/$1" -- pgnl -j monitor --initial --nodes "$2" >"$heard" 2>&1 3>&- &
	sleepers+=($!)
	eventually test -s "$heard"
}

# told EVENT NODE: it has heard that of a node.
told() {
	grep -q "\"event\":\"$1\".*\"$2\"" "$heard"
}

# Joins and leaves so far.
moves() {
	grep -cE '"event":"(join|leave)"' "$heard"
}

fails_with() {
	local words=$1
	shift
	run "$@"
	[ "$status" -ne 0 ]
	[[ $output == *"$words"* ]] || { echo "$output"; false; }
}

# Call it first in teardown().
end_test() {
	explain
	end_sleepers
}

# What the agents of a test that failed say.
explain() {
	local conf node
	[ ! "${BATS_TEST_COMPLETED-}" ] || return 0
	for conf in "$cluster"/*.conf; do
		node=$(basename "$conf" .conf)
		echo "node $node: $(agent_says "$node" | jq -c .nodes)"
		on "$node" tipc link list | sed 's/^/    /' || true
		tail -n 8 "$cluster/$node.log" | sed 's/^/    /' || true
	done
}
