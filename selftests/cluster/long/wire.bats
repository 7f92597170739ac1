#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Two machines: this is run in two VMs with a cable between them, at the same time, by
# check.sh. NODE is the node of this one, a or b; LIFE counts the boots of the machine.
# shellcheck disable=SC2154
load ../lib

setup_file() {
	[ "${NODE:-}" ] || skip "it takes two VMs: make check-cluster"
	cluster_up "tolerance = 500ms" "grace = 1s"
	cp "$KEY" "$cluster/key"
	chmod 600 "$cluster/key"
	modprobe virtio_net
	eventually ip link set eth0 up master br0
	node_add "$NODE" "$([ "$NODE" = a ] && echo 1 || echo 2)"
	start "$NODE"
}

teardown_file() {
	[ ! "${NODE:-}" ] || end_cluster
}

setup() {
	[ "$NODE" = a ] && other=b || other=a
}

teardown() {
	end_test
}

# A process that stays, whoever else has ended, is in the group.
join_for_good() {
	sleep infinity 3>&- &
	on "$NODE" pgnl -q join "$1" --pid $! >/dev/null
}

# both GROUP: a process of each machine is in it, so both have come so far.
both() {
	join_for_good "$1"
	eventually has_both "$1"
}

# follow GROUP: b goes on, and may vanish, when a has come so far.
follow() {
	if [ "$NODE" = a ]; then
		join_for_good "$1"
	else
		eventually on b pgnl -q members "$1" >/dev/null
	fi
}

has_both() {
	[ "$(on "$NODE" pgnl -n -o node members "$1" 2>/dev/null | sort | paste -sd ' ')" = "a b" ]
}

first_life() {
	[ "$LIFE" = 1 ] || skip "in the first life of the machine"
}

@test "two machines meet, and see each other's members" {
	first_life
	eventually knows "$NODE" "$other"
	both web
	[ "$(on "$NODE" pgnl members web --count)" = 2 ]
}

@test "why a process has ended is told on the other machine" {
	local pid
	first_life
	listen "$NODE" mortals
	member "$NODE" mortals pid
	both listening
	end_sleeper "$pid"
	eventually grep -q '"event":"leave".*"reason":"killed","status":9' "$heard"
	eventually lost_both
}

lost_both() {
	[ "$(grep -c '"event":"leave"' "$heard")" = 2 ]
}

# got N: so many messages.
got() {
	[ "$(wc -l <"$BATS_TEST_TMPDIR/got")" = "$1" ]
}

@test "a message reaches the readers on both machines" {
	first_life
	nsenter --net="/run/netns/$NODE" -- pgnl -j recv box >"$BATS_TEST_TMPDIR/got" 2>&1 3>&- &
	sleepers+=($!)
	eventually has_both box
	both reading
	on "$NODE" pgnl send box "from $NODE"
	eventually got 2
	grep -q "from $other" "$BATS_TEST_TMPDIR/got"
	both "all read"
}

@test "a name is one machine's, and free for the other when its holder ends" {
	local pid
	first_life
	sleeper pid
	both naming
	[ "$NODE" = b ] || on a pgnl name register prize --pid "$pid"
	both registered
	[ "$(on "$NODE" pgnl -j name whereis prize | jq -r '.[0].node')" = a ]
	both looked
	if [ "$NODE" = a ]; then
		end_sleeper "$pid"
	else
		eventually on b pgnl name register prize --pid "$pid"
	fi
	both finished
}

@test "the cable is out, and in again" {
	first_life
	listen "$NODE" web
	both before
	[ "$NODE" = b ] || cut_off a
	eventually told nodedown "$other"
	[ "$NODE" = b ] || heal a
	eventually knows "$NODE" "$other"
	both after
}

# lost NODE: nothing is known of it any more.
lost() {
	! knows "$NODE" "$1" && ! knows "$NODE" "$1" suspect
}

@test "a machine dies and boots again: its old members are gone, its new ones there" {
	if [ "$LIFE" = 1 ]; then
		both alive
		follow seen
		if [ "$NODE" = b ]; then
			sync
			echo b >/proc/sysrq-trigger
		fi
		eventually lost b
		[ "$(on a pgnl members alive --count)" = 1 ]
	fi
	# To boot takes longer than anything else that is waited for.
	eventually knows "$NODE" "$other" || eventually knows "$NODE" "$other"
	both reborn
	[ "$(on "$NODE" pgnl -n -o node members alive)" = a ]
	follow "seen again"
}
