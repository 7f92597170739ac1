# SPDX-License-Identifier: GPL-2.0-or-later
# What "pgnl doctor" says of the agent and its cluster, and the cure.
# shellcheck disable=SC2154
load lib

setup() {
	[ -d /run/vm ] || skip "these change the machine: only in a VM"
	cluster_up "tolerance = 300ms"
	node_add a 1
	mkdir -p /etc/pgnl
}

teardown() {
	end_test
	end_cluster
	rm -f /etc/modprobe.d/pgnl-test.conf /etc/pgnl/pgnld.conf
}

is_ready() {
	[ "$(agent_says "$1" | jq .ready)" = true ]
}

# finds NODE STATUS CHECK WORDS CURE: doctor ends with that status, and says that.
finds() {
	local status=0
	on "$1" pgnl -j doctor >"$BATS_TEST_TMPDIR/said" || status=$?
	[ "$status" -eq "$2" ] && jq -e --arg check "$3" --arg words "$4" --arg cure "$5" \
		'any(.[]; .check == $check and (.finding | contains($words)) and
		     if $cure == "" then .ok else .cure != null and (.cure | contains($cure)) end)' \
		"$BATS_TEST_TMPDIR/said" >/dev/null
}

# eventually_finds ...: and shows what it has said instead.
eventually_finds() {
	eventually finds "$@" || { jq -c '.[]' "$BATS_TEST_TMPDIR/said"; false; }
}

# A configuration that its group and key go into.
config() {
	cp "$cluster/$1.conf" /etc/pgnl/pgnld.conf
}

@test "no agent, and none is wanted" {
	cp "$PGNL_TOP/userspace/pgnld/pgnld.conf" /etc/pgnl/
	eventually_finds a 0 agent "none is set up" ""
}

@test "an agent that is set up and does not run" {
	config a
	eventually_finds a 2 agent "no pgnld runs" "systemctl enable --now pgnld"
	eventually_finds a 2 tipc "this kernel has TIPC" ""
	start a
	eventually_finds a 0 agent "is the agent of node a, with 0 others connected" ""
	stop a
	eventually_finds a 2 agent "no pgnld runs" "journalctl -u pgnld"
}

# impostor UID: has the agent's socket in node a, and says that all is well.
impostor() {
	nsenter --net=/run/netns/a -- setpriv --reuid="$1" --clear-groups python3 -c '
import socket
agent = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
agent.bind("\0pgnl/agent")
agent.listen()
while True:
    client = agent.accept()[0]
    try:
        client.send(b"{\"ready\": true, \"node\": \"a\", \"nodes\": [], \"core\": {}}")
    except BrokenPipeError:
        pass	# it is not believed
    client.close()' 3>&- &
	sleepers+=($!)
}

is_up() {
	on a pgnl stats --prometheus | grep -qx "pgnl_agent_up $1"
}

@test "another user who poses as the agent" {
	impostor 1234
	eventually_finds a 2 agent "but another user" "'ss -xlp' shows which process has @pgnl/agent"
	is_up 0
	fails_with "the socket @pgnl/agent is another user's" on a "$pgnld" --status
	end_sleepers
	# As the unit has it run.
	impostor 61500
	eventually_finds a 0 agent "is the agent of node a" ""
	is_up 1
	on a "$pgnld" --status | jq -e .ready
}

@test "a host that forbids TIPC" {
	config a
	rmmod tipc_onwire tipc 2>/dev/null || skip "tipc is in use"
	echo "install tipc /bin/false" >/etc/modprobe.d/pgnl-test.conf
	eventually_finds a 2 tipc "this host has no TIPC, by which agents talk, or forbids it" \
		"take \"install tipc\" or \"blacklist tipc\" out of /etc/modprobe.d"
}

@test "an agent that has no module" {
	start a
	eventually is_ready a
	rmmod pgnl
	eventually_finds a 4 agent "runs, but does not have its role" "journalctl -u pgnld" || {
		load_module
		false
	}
	load_module
	eventually_finds a 0 agent "is the agent of node a" ""
}

@test "another key, where nothing is encrypted" {
	node_add b 2 "encryption = no" "key-file = $cluster/other"
	sed -i "s|^key-file = $cluster/key||" "$cluster/b.conf"
	echo "encryption = no" >>"$cluster/a.conf"
	"$pgnld" --new-key "$cluster/other"
	start a b
	eventually either_finds "another cluster key" "copy /etc/pgnl/cluster.key of one node"
}

# Whichever of them looks first ends the connection; the other hears why, or not.
either_finds() {
	finds a 2 cluster "$1" "$2" || finds b 2 cluster "$1" "$2"
}

key_of() {
	on "$1" pgnl doctor | grep -o 'cluster key [0-9a-f]*'
}

@test "another key, where it is not even heard" {
	node_add b 2 "key-file = $cluster/other"
	sed -i "s|^key-file = $cluster/key||" "$cluster/b.conf"
	printf '[global_group west]\nnodes = a b\n' | tee -a "$cluster/a.conf" >>"$cluster/b.conf"
	"$pgnld" --new-key "$cluster/other"
	start a b
	eventually_finds a 2 cluster "1 node of global group 'west' is not connected, such as b" \
		"that its key is the same"
	eventually_finds b 2 cluster "such as a" "that its key is the same"
	[ "$(key_of a)" ]
	[ "$(key_of a)" != "$(key_of b)" ]
	stop b
	cp "$cluster/key" "$cluster/other"
	start b
	eventually_finds a 0 agent "with 1 other connected" ""
	[ "$(key_of a)" = "$(key_of b)" ]
}

@test "other global groups" {
	node_add b 2
	printf '[global_group west]\nnodes = a b\n' >>"$cluster/a.conf"
	printf '[global_group west]\nnodes = a b c\n' >>"$cluster/b.conf"
	start a b
	eventually_finds a 2 cluster "node b has other global groups" "systemctl reload pgnld"
}

@test "two nodes of one name" {
	node_add b 2
	node_add twin 3 "node = b"
	sed -i '0,/^node = twin/{/^node = twin/d}' "$cluster/twin.conf"
	start a b
	eventually meet a b
	start twin
	eventually_finds twin 2 cluster "another node has the same name" \
		"give each node a name of its own"
}

@test "an agent that gave up the protocol of this one" {
	local pgnld_here=$pgnld
	node_add b 2
	pgnld=$PGNL_TOP/build/selftests/apart/pgnld-last start b
	start a
	eventually either_finds "no common version of the protocol" "upgrade pgnld on the node"
	[ "$pgnld" = "$pgnld_here" ]
	run ! knows a b
}
