# SPDX-License-Identifier: GPL-2.0-or-later
# Starting, reloading and ending an agent: what it says when it can't.
# shellcheck disable=SC2154
load lib

setup() {
	cluster_up
	node_add a 1
}

teardown() {
	end_test
	end_cluster
	rm -f /etc/modprobe.d/pgnl-test.conf
}

is_ready() {
	[ "$(agent_says "$1" | jq .ready)" = true ]
}

said() {
	grep -qF "$2" "$cluster/$1.log"
}

@test "a host that forbids TIPC is told in one sentence" {
	rmmod tipc_onwire tipc 2>/dev/null || skip "tipc is in use"
	echo "install tipc /bin/false" >/etc/modprobe.d/pgnl-test.conf
	fails_with "this host has no TIPC, or forbids it" on a "$pgnld" -c "$cluster/a.conf"
	[ "${#lines[@]}" = 1 ]
}

@test "without the capability it says so" {
	chmod 755 "$cluster"
	chown nobody "$cluster/key"
	fails_with "pgnld needs CAP_NET_ADMIN" \
		on a setpriv --reuid=nobody --clear-groups --inh-caps=-all "$pgnld" -c "$cluster/a.conf"
	[ "${#lines[@]}" = 1 ]
}

@test "a device that is not there is named" {
	sed -i 's/eth0/eth7/' "$cluster/a.conf"
	fails_with "no bearer on device eth7" on a "$pgnld" -c "$cluster/a.conf"
}

@test "a TIPC of somebody else's is left alone, or used as it is" {
	on a tipc node set identity other
	on a tipc bearer enable media eth device eth0
	fails_with "TIPC is set up already, for something else" on a "$pgnld" -c "$cluster/a.conf"
	echo "adopt = yes" >>"$cluster/a.conf"
	start a
	eventually is_ready a
	on a tipc node get identity | grep -qw other
	# Nor has it set a key there.
	[ "$(agent_says a | jq .encryption)" = false ]
}

@test "a second agent is refused, the first goes on" {
	start a
	eventually is_ready a
	fails_with "in use" on a "$pgnld" -c "$cluster/a.conf"
	is_ready a
}

@test "a bad configuration is refused at the start, and changes nothing later" {
	echo "grace = soon" >>"$cluster/a.conf"
	fails_with "a time such as 300ms or 2s, not 'soon'" on a "$pgnld" -c "$cluster/a.conf"
	fails_with "a.conf:" on a "$pgnld" -c "$cluster/a.conf" --check
	fails_with "none.conf: No such file" on a "$pgnld" -c "$cluster/none.conf" --check
	[ "$status" = 1 ]
	sed -i 's/soon/5s/' "$cluster/a.conf"
	on a "$pgnld" -c "$cluster/a.conf" --check
	start a
	eventually is_ready a
	echo "[global_group west" >>"$cluster/a.conf"
	signal_agent a HUP
	eventually said a "the configuration stays as it was"
	is_ready a
	sed -i '$d' "$cluster/a.conf"
	printf '[global_group west]\nnodes = a\n' >>"$cluster/a.conf"
	signal_agent a HUP
	eventually said a "the configuration was read again"
	[ "$(agent_says a | jq -r .global_group)" = west ]
}

@test "what takes a restart stays as it was" {
	start a
	eventually is_ready a
	printf 'encryption = no\ngrace = 5s\n' >>"$cluster/a.conf"
	reload a
	said a "encryption has changed, which takes a restart of pgnld"
	[ "$(agent_says a | jq .encryption)" = true ]
}

@test "the agent waits for a module that goes, and for its return" {
	start a
	eventually is_ready a
	rmmod pgnl || { echo "the agent holds the module"; load_module; false; }
	eventually said a "the kernel module pgnl is not loaded"
	[ "$(agent_says a | jq .ready)" = false ]
	load_module
	eventually is_ready a
}

# What the agents that are started then tell the service manager goes to $told.
as_manager() {
	export NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify
	told=$BATS_TEST_TMPDIR/told
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode(), flush=True)
' "$NOTIFY_SOCKET" >"$told" 3>&- &
	sleepers+=($!)
	eventually test -S "$NOTIFY_SOCKET"
}

@test "who waits for the module is not ready, even when it reads its configuration" {
	as_manager
	rmmod pgnl
	start a
	eventually said a "the kernel module pgnl is not loaded"
	reload a
	load_module
	eventually is_ready a
	eventually grep -qx READY=1 "$told"
	[ "$(grep -cE '^(READY|RELOADING)=1' "$told")" = 1 ]
	reload a
	eventually grep -qx RELOADING=1 "$told"
}

# is_agent NODE N: it has become that so many times.
is_agent() {
	[ "$(grep -c "node $1 is the agent" "$cluster/$1.log")" = "$2" ]
}

# replace_module_under NODE: its agent stands still meanwhile, until it is continued.
replace_module_under() {
	signal_agent "$1" STOP
	rmmod pgnl
	load_module
}

@test "a module that is replaced before the agent looks is noticed" {
	start a
	eventually is_ready a
	replace_module_under a
	signal_agent a CONT
	eventually is_agent a 2
	is_ready a
}

@test "an agent whose role another one has taken says so, and takes it again" {
	local other
	start a
	eventually is_ready a
	replace_module_under a
	nsenter --net=/run/netns/a -- "$pgnld" -c "$cluster/a.conf" >"$cluster/other.log" 2>&1 3>&- &
	other=$!
	sleepers+=("$other")
	eventually grep -q "node a is the agent" "$cluster/other.log"
	signal_agent a CONT
	eventually said a "this network namespace has an agent already"
	kill "$other"
	eventually is_agent a 2
	[ "$(grep -c "has an agent already" "$cluster/a.log")" = 1 ]
}

@test "the engine may have a network namespace of its own" {
	ip netns add engine
	ip -n a link set eth0 netns engine
	ip -n engine addr add 10.0.0.1/24 dev eth0
	ip -n engine link set eth0 up
	echo "engine-netns = /run/netns/engine" >>"$cluster/a.conf"
	node_add b 2
	start a b
	eventually meet a b
	run ! grep -q eth0 <(on a tipc link list 2>&1)
	on engine tipc link list | grep -q eth0
	member a web
	eventually agree a b
}

@test "UDP with addresses, and with multicast" {
	node_add b 2
	sed -i 's/^bearer.*/bearer = udp 10.0.0.1\nremoteip = 10.0.0.2/' "$cluster/a.conf"
	sed -i 's/^bearer.*/bearer = udp 10.0.0.2\nremoteip = 10.0.0.1/' "$cluster/b.conf"
	start a b
	eventually meet a b
	member a web
	eventually agree a b
	node_add c 3 "cluster-id = 77" "bearer = udp 10.0.0.3"
	node_add d 4 "cluster-id = 77" "bearer = udp 10.0.0.4"
	sed -i '/^bearer = eth/d' "$cluster/c.conf" "$cluster/d.conf"
	on c ip route add 224.0.0.0/4 dev eth0
	on d ip route add 224.0.0.0/4 dev eth0
	start c d
	eventually meet c d
	run ! knows a c
}

# No link to another node is up, as TIPC sees it.
unlinked() {
	! on "$1" tipc link list | grep -v '^broadcast' | grep -q 'up$'
}

# Whichever connects: its first word, or the answer, is lost with the link.
@test "a connection that is lost as it is made is made again" {
	echo "tolerance = 5s" >>"$cluster/a.conf"
	node_add b 2 "tolerance = 5s"
	start a b
	eventually meet a b
	run ! unlinked a
	deafen b
	stop b KILL
	start b
	eventually is_ready b
	eventually unlinked a
	eventually unlinked b
	undo b
	eventually meet a b
}

@test "it tells the service manager, keeps its watchdog, and gives up rights" {
	local pid
	as_manager
	export WATCHDOG_USEC=400000
	start a
	unset NOTIFY_SOCKET WATCHDOG_USEC
	eventually grep -qx READY=1 "$told"
	eventually grep -qx WATCHDOG=1 "$told"
	pid=$(<"$cluster/a.pid")
	grep -qx 'CapEff:\s*0000000000001000' "/proc/$pid/status"
	grep -qx 'CapPrm:\s*0000000000001000' "/proc/$pid/status"
	grep -qx 'NoNewPrivs:\s*1' "/proc/$pid/status"
	stop a TERM
	eventually grep -qx STOPPING=1 "$told"
}
