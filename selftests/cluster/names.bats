# SPDX-License-Identifier: GPL-2.0-or-later
# Names on three nodes, encrypted and by the wire; the cases of Erlang's global_SUITE
# and global_group_SUITE that are about them, by name.
# shellcheck disable=SC2154
load lib

nodes=(a b c)
worker=$nodes_build/selftests/worker
examples=$nodes_build/../libpgnl/examples

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

# as UID NODE COMMAND...: without rights but that user's.
as() {
	on "$2" setpriv --reuid "$1" --regid "$1" --clear-groups "${@:3}"
}

# is_of UID PID: that is its user.
is_of() {
	[ "$(stat -c %u "/proc/$2")" = "$1" ]
}

# sleeper_of UID VARIABLE: a process of that user.
sleeper_of() {
	setpriv --reuid "$1" --regid "$1" --clear-groups sleep infinity 3>&- &
	sleepers+=($!)
	printf -v "$2" %d $!
	eventually is_of "$1" "$!"
}

# Its frames to the holder's node are on their way, and its agent dies: what it has
# agreed to is told by the rows alone.
@test "an agent is killed between agreeing to a replace and letting go" {
	local p q
	sleeper p
	sleeper q
	setting tolerance 20s a b c
	eventually meet a b c
	register a x "$p" --resolve notify-all
	eventually holds x "a $p" a b c
	hears a x
	late a 2s
	register b x "$q" --replace --resolve notify-all
	stop a
	holds x "a $p" a
	in_time a
	start a
	eventually holds x "b $q" a b c
	[ -d "/proc/$p" ]
	eventually grep -q '"reason":"replaced".*"by":{"node":"b"}' "$heard"
	[ "$(grep -c '"reason":"conflict"' "$heard")" = 0 ]
}

@test "replace and unregister are for the holder's user and the owner of the scope there" {
	local p q
	sleeper_of 1234 p
	sleeper_of 1235 q
	as 1234 a pgnl name register x --pid "$p"
	eventually holds x "a $p" b
	fails_with "no right over the holder of the name (node a)" \
		as 1235 b pgnl name register x --pid "$q" --replace
	fails_with "no right over the holder" as 1235 b pgnl name unregister x
	# What it owns on its own node is no matter.
	on b pgnl scope set global --owner 1235
	fails_with "no right over the holder" as 1235 b pgnl name unregister x
	on b pgnl scope set global --owner 0
	holds x "a $p" a b
	on a pgnl scope set global --owner 1235
	hears a x
	as 1235 b pgnl name register x --pid "$q" --replace
	eventually holds x "b $q" a b c
	kill -0 "$p"
	eventually grep -q '"reason":"replaced".*"by":{"node":"b"}' "$heard"
	# And it is the holder's node that judges.
	fails_with "no right over the holder" as 1234 a pgnl name register x --pid "$p" --replace
	as 1235 c pgnl name unregister x
	eventually holds x "" a b c
	on a pgnl scope set global --owner 0
}

# lock NODE PID REQUESTER [RETRIES]: "yes" or "no", of the lock "l".
lock() {
	on "$1" "$worker" <<<"lock l $3 $2 ${4-0}"
}

@test "a lock is one process's, whichever the node, and is free when that ends" {
	local p q r
	sleeper p
	sleeper q
	sleeper r
	[ "$(lock a "$p" me)" = yes ]
	[ "$(lock a "$p" me)" = yes ]
	eventually holds lock:l "a $p" b c
	[ "$(lock b "$q" you)" = no ]
	# The same requester has it already.
	[ "$(lock c "$r" me)" = yes ]
	holds lock:l "a $p" a b c
	# Only the holder gives it back.
	[ "$(on b "$worker" <<<"unlock l me $p")" = ok ]
	holds lock:l "a $p" a b c
	lock b "$q" you -1 >"$BATS_TEST_TMPDIR/waits" 3>&- &
	waiting=$!
	end_sleeper "$p"
	wait "$waiting"
	[ "$(<"$BATS_TEST_TMPDIR/waits")" = yes ]
	eventually holds lock:l "b $q" a b c
}

@test "a lock of a node that is lost, and of two when they meet again" {
	local p q
	sleeper p
	sleeper q
	[ "$(lock c "$p" me)" = yes ]
	eventually holds lock:l "c $p" a
	grace 60s a
	cut_off c
	eventually knows a c suspect
	[ "$(lock a "$q" you)" = no ]
	grace 1s a
	[ "$(lock a "$q" you -1)" = yes ]
	holds lock:l "c $p" c
	hears a lock:l
	heal c
	# The later one loses it, and is told to whom.
	eventually holds lock:l "c $p" a b c
	eventually grep -q '"event":"conflict".*"by":{"node":"c"}' "$heard"
	kill -0 "$q"
}

@test "who asks and goes leaves nothing behind" {
	local p q
	sleeper p
	sleeper q
	signal_agent a STOP
	nsenter --net=/run/netns/b -- pgnl name register x --pid "$p" 3>&- &
	asking=$!
	eventually asks b 1
	end_sleeper "$asking"
	eventually grep -q "who asked for a name has gone" "$cluster/b.log"
	asks b 0
	signal_agent a CONT
	register c x "$q"
	eventually holds x "c $q" a b c
}

# asks NODE N: so many requests wait for its agent, and in it.
asks() {
	[ "$(on "$1" pgnl -j stats | jq '.requests // .stats.requests')" = "$2" ] &&
		[ "$(agent_says "$1" | jq .core.name_requests)" = "$2" ]
}

@test "restore registers names anew, by the agent" {
	local p q
	sleeper p
	sleeper q
	register a x "$p" --meta here --resolve random-exit
	register a y "$p"
	on a pgnl -s global dump >"$BATS_TEST_TMPDIR/dump"
	on a pgnl name unregister x
	on a pgnl name unregister y
	register b y "$q"
	eventually holds y "b $q" a
	run -0 on a pgnl -j restore "$BATS_TEST_TMPDIR/dump"
	[[ $output == *'{"joined":1,"present":0,"skipped":1,"refused":0}'* ]]
	[[ $output == *"group 'y': another process has the name"* ]]
	eventually holds x "a $p" b c
	holds y "b $q" a
}

# hook NODE PID: a container of that process is to get the name "test" there.
hook() {
	local conf=$BATS_TEST_TMPDIR/oci.conf
	printf '%s\n' '[allow]' 'names = test' '[hook]' 'deadline = 50' >"$conf"
	jq -n --argjson pid "$2" '{ociVersion: "1.0.2", id: "c", status: "created", pid: $pid,
		bundle: "/b", annotations: {"org.pgnl.name": "test", "org.pgnl.meta": "here",
		"org.pgnl.required": "true"}}' |
		on "$1" "$nodes_build/bin/pgnl-oci-hook" --conf "$conf"
}

@test "the hook for containers registers names by the agent" {
	local p q
	sleeper p
	sleeper q
	hook a "$p"
	eventually holds test "a $p" a b c
	[ "$(on c pgnl -j name whereis test | jq -r '.[0].meta')" = here ]
	fails_with "can't register name 'test': it is taken" hook b "$q"
	end_sleeper "$p"
	eventually holds test "" a b c
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
	grace 60s a
	cut_off c
	eventually knows a c suspect
	fails_with "suspect" register a lost "$q"
	fails_with "suspect" on a pgnl name unregister lost
	grace 1s a
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
	eventually grep -q '"event":"conflict".*"by":{"node":"a"}' "$heard"
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

# pair NODE: one of two that run nginx behind one address.
pair() {
	cat >"$cluster/$1.nginx" <<-END
		daemon off;
		pid $cluster/$1.nginx.pid;
		events { }
		http {
			access_log off;
			server {
				listen 10.0.0.100:80;
				location / { return 200 "$1 FENCE"; }
			}
		}
	END
	# shellcheck disable=SC2016 # the variable is the service's
	nsenter --net="/run/netns/$1" -- "$examples/active-standby.sh" web 10.0.0.100/24 eth0 -- bash -c \
		'sed "s/FENCE/$PGNL_FENCE/" "$0" >"$0.conf" && exec nginx -e stderr -p "${0%/*}" -c "$0.conf"' \
		"$cluster/$1.nginx" >"$BATS_TEST_TMPDIR/$1" 2>&1 3>&- &
	pairs+=($!)
}

# serves NODE ABOVE: that one alone has the address, and answers with a higher number.
serves() {
	local answer
	on c ip neigh flush to 10.0.0.100
	answer=$(on c curl -s --max-time 2 http://10.0.0.100/) || return
	fence=${answer#* }
	[[ $answer == $1\ * ]] && [ "$fence" -gt "$2" ]
}

@test "example: two nginx, one address, and a cut" {
	local pairs=() fence first
	pair a
	eventually serves a 0
	first=$fence
	pair b
	eventually grep -q '^active-standby: standby: .*taken' "$BATS_TEST_TMPDIR/b"
	serves a 0
	# Who has the address does not know that nobody sees it; the numbers tell them apart.
	cut_off a
	eventually serves b "$first"
	first=$fence
	heal a
	eventually serves '[ab]' "$first"
	[ "$(on a ip -o address show to 10.0.0.100; on b ip -o address show to 10.0.0.100)" ]
	first=$fence
	# It ends: the other one takes over.
	kill "${pairs[0]}"
	wait "${pairs[0]}"
	eventually serves b $((first - 1))
	kill "${pairs[1]}"
	wait "${pairs[1]}"
	eventually no_names
	[ "$(on b ip -o address show to 10.0.0.100)" = "" ]
}
