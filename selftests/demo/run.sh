#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh: what pgnl does, shown with real servers on a real kernel.
#
# Runs as root where the module is loaded, in a VM: "make demo". Every claim
# on the screen is checked; the first false one ends the demo with status 1.
# DEMO_COLOR is auto, always or never; DEMO_CROWD is how many processes the
# crowd has.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/lib.sh"

crowd=${DEMO_CROWD:-10000}
work=$(mktemp -d)
chmod 755 "$work"
started=()

end() {
	local pid
	for pid in "${started[@]}"; do
		kill -KILL -- "-$pid" 2>/dev/null
	done
	[ ! "${crowd_pid:-}" ] || kill -KILL "$crowd_pid"
	pgnl -q scope del private
	pgnl -q -s pg2 delete jobs
	[ ! "${cluster:-}" ] || cluster_down
	rm -rf "$work" "$DEMO_CLAIMS"
} 2>/dev/null
trap end EXIT

# start LOG COMMAND...: run a service in a process group of its own; $started_pid.
start() {
	local log=$1
	shift
	setsid "$@" >"$work/$log" 2>&1 &
	started_pid=$!
	started+=("$started_pid")
	disown
}

# join_workers GROUP MASTER [OPTION...]: what a supervisor does, for as long as
# the master lives: new workers of it join.
join_workers() {
	local group=$1 master=$2 workers=() worker new known=' '
	shift 2
	while [ -d "/proc/$master" ]; do
		# That file ends without a newline, so read is never content.
		read -r -a workers <"/proc/$master/task/$master/children"
		new=()
		for worker in "${workers[@]}"; do
			[[ $known == *" $worker "* ]] || new+=("$worker")
		done
		if [ "${#new[@]}" = 0 ] || pgnl -q join "$group" --pid "${new[@]}" "$@"; then
			known=" ${workers[*]} "
		fi
		nap 0.2
	done
}
export -f join_workers nap
export silence
supervise() {
	start "supervisor-$2.log" bash -c 'join_workers "$@"' join_workers "$@"
}

logged() { # LOG N REGULAR-EXPRESSION: so many lines of it are so
	[ "$(grep -cxE "$3" "$work/$1" 2>/dev/null)" = "$2" ]
}

answers() { # PORT
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# ---------------------------------------------------------------------------
chapter "A web server whose workers are a group"

say "nginx forks four workers. A supervisor puts each worker into the group web."
start nginx.log nginx -e stderr -p "$work" -c "$here/nginx.conf"
nginx=$started_pid
await "nginx answers" answers 8080
supervise web "$nginx" --meta http://127.0.0.1:8080/
await "four workers have joined" has_members web 4
show "pgnl groups"
show "pgnl members web"
claim "the group has the four workers" has_members web 4

say "Twelve requests; nginx tells which of its workers answered:"
show "curl -s -H 'Connection: close' 'http://127.0.0.1:8080/[1-12]' | sort | uniq -c"
answered_by_members() { # GROUP, pids on stdin
	local pid
	while read -r pid; do
		is_member "$1" "$pid" || return 1
	done
}
claim "each of them is a member of web" answered_by_members web < <(awk '{print $2}' <<<"$shown")

# ---------------------------------------------------------------------------
chapter "Three services, found by a client that knows only a name"

say "Three Apache servers (prefork). Each master joins the group app by itself, with" \
	"its address as metadata, and becomes apache2: no wrapper process stays."
apache=()
for port in 8081 8082 8083; do
	mkdir "$work/site-$port"
	echo "hello from port $port" >"$work/site-$port/index.html"
	url=http://127.0.0.1:$port/index.html
	say "# pgnl exec app --meta $url -- apache2 -f apache.conf -DFOREGROUND"
	start "apache-$port.out" env WORK="$work" PORT="$port" \
		pgnl exec app --meta "$url" -- apache2 -f "$here/apache.conf" -DFOREGROUND
	apache+=("$started_pid")
	await "apache on port $port answers" answers "$port"
	supervise app/workers "$started_pid" --meta "$url"
done
await "each master has its workers in a group" has_members app/workers 6
show "pgnl members app"
claim "the group app is the three masters" has_members app 3
show "pgnl groups 'app*'"

client() { # how to pick: pgnl's words
	curl -fs "$(pgnl -n -o meta "$@")"
}
say "A client asks for one member and talks to the address it finds there:"
show "curl -s \$(pgnl -n -o meta pick app --policy rr)"
three_in_turn() {
	for _ in 1 2 3; do client pick app --policy rr; done | sort -u | grep -c hello
}
claim "three picks in turn reach all three" [ "$(three_in_turn)" = 3 ]
show "pgnl -n -o meta pick app --policy key=alice"
same_for_alice() {
	for _ in 1 2 3 4 5; do
		[ "$(pgnl -n -o meta pick app --policy key=alice)" = "$shown" ] || return 1
	done
}
claim "five more picks for alice give the same one" same_for_alice
show "pgnl closest app"
claim "closest gives a member, too" [ "$status" = 0 ]
worker=$(cat "$work"/answered-* | tail -n 1)
claim "the Apache worker that answered last is in app/workers" is_member app/workers "$worker"

say "One service is killed, workers and all:"
kill -KILL -- "-${apache[0]}"
await "its master has been reaped" not test -d "/proc/${apache[0]}"
show "pgnl members app --pids"
claim "it is out of the group" not is_member app "${apache[0]}"
two_in_turn() {
	for _ in 1 2 3 4; do client pick app --policy rr; done | sort | uniq -c | grep -c ' 2 hello'
}
claim "four picks reach the two others, twice each" [ "$(two_in_turn)" = 2 ]

# ---------------------------------------------------------------------------
chapter "A worker is killed, and gone before anybody has noticed"

say "The nginx master is stopped, so it can't reap its children. A picked worker gets" \
	"SIGKILL and stays a zombie:"
kill -STOP "$nginx"
await "the master is stopped" in_state T "$nginx"
read -r victim < <(pgnl -n -o pid pick web)
show "kill -KILL $victim"
await "the worker is a zombie" in_state Z "$victim"
show "cut -d' ' -f1-4 /proc/$victim/stat"
show "pgnl members web --pids"
claim "the zombie is no member" not is_member web "$victim"
claim "its three brothers are" has_members web 3
claim "it is a zombie still: the kernel took it out, not its parent" in_state Z "$victim"
show "pgnl join web --pid $victim"
claim "a dead process can't join" [ "$status" = 2 ]
kill -CONT "$nginx"
say "The master goes on, reaps it and forks another; the supervisor sees a new worker."
await "four workers again" has_members web 4
show "pgnl members web --pids"
claim "$victim is not among them" not is_member web "$victim"

# ---------------------------------------------------------------------------
chapter "A supervisor that is told who has ended, and why"

say "A monitor runs beside a supervisor, a bash script, which keeps three workers alive:"
cat >"$work/worker" <<-'END'
	#!/bin/bash
	trap 'exit 3' USR1
	exec {never}<> <(:)
	echo >"${0%/*}/worker-$$"
	read -r -u "$never"
END
chmod +x "$work/worker"
# Who joins or ends at the same time for the same reason shares a line.
told() { # EVENT N: so many processes
	[ "$(sed -nE "s/^$1 +pool(( [0-9]+)+).*/\\1/p" "$work/monitor.log" | wc -w)" = "$2" ]
}
beside "$work/monitor.log" pgnl monitor --initial pool
started+=("$beside_pid")
await "the monitor looks at the group" logged monitor.log 1 'snapshot pool'
say "# supervisor.sh pool -- worker"
start supervisor.log "$top/libpgnl/examples/supervisor.sh" -t 60 pool -- "$work/worker"
supervisor=$started_pid
await "three workers have joined" told join 3
await "the supervisor is ready" logged supervisor.log 1 'ready: 3 workers'
mapfile -t workers < <(members_of pool)
show "kill -KILL ${workers[0]}"
await "another has joined" told join 4
await "the supervisor is ready again" logged supervisor.log 2 'ready: 3 workers'
claim "the monitor told why" logged monitor.log 1 "leave +pool ${workers[0]}  killed by signal 9"
await "the second worker listens" test -s "$work/worker-${workers[1]}"
say "The next one ends by itself, with a status:"
show "kill -USR1 ${workers[1]}"
await "another has joined" told join 5
claim "the monitor told the status" logged monitor.log 1 "leave +pool ${workers[1]}  exited with 3"
await "the supervisor is ready again" logged supervisor.log 3 'ready: 3 workers'
claim "the group has three workers" has_members pool 3
show "kill -TERM $supervisor"
await "the supervisor has ended" not test -d "/proc/$supervisor"
claim "it left no worker behind" has_members pool 0
await "the monitor has told of all five" told leave 5
show "cat $work/supervisor.log"
claim "the supervisor was told the same" logged supervisor.log 2 \
	"worker (${workers[0]}: killed by signal 9|${workers[1]}: exited with status 3)"

# ---------------------------------------------------------------------------
chapter "A service that crashes fifty times"

say "It joins, dies of SIGSEGV, is reaped and started again:"
exits() {
	pgnl -n stats | awk '$1 == "exits" {print $2}'
}
before=$(exits) ghosts=0
say "# pgnl exec flaky -- sh -c 'kill -SEGV \$\$'"
for ((round = 0; round < 50; round++)); do
	# shellcheck disable=SC2016 # $$ is the service's
	pgnl exec flaky -- sh -c 'kill -SEGV $$' &
	wait $! 2>/dev/null
	not is_member flaky $! || ghosts=$((ghosts + 1))
done
claim "the kernel took fifty members out" [ $(($(exits) - before)) -ge 50 ]
claim "after a death the dead one was in the group $ghosts times" [ "$ghosts" = 0 ]
show "pgnl members flaky"
claim "and the group is gone with its last member" [ "$status" = 3 ]

# ---------------------------------------------------------------------------
chapter "A pid that is used again"

unshare --pid --fork --mount-proc "$here/pid-reuse.sh" || exit 1

# ---------------------------------------------------------------------------
chapter "$crowd processes"

say "They join by themselves, all live at the same time, and all die: half of them" \
	"exit, half get SIGKILL. Nobody reaps them yet."
coproc CROWD { "$top/build/selftests/crowd" crowd "$crowd"; }
crowd_pid=${CROWD_PID:?}
heard() { # WORD
	local word n
	read -r -t 800 word n <&"${CROWD[0]}" && [ "$word $n" = "$1 $crowd" ]
}
counts() { # GROUP N: the kernel's own count, 0 for a missing group
	local n status=0
	n=$(pgnl -n -o local groups "$1" 2>/dev/null) || status=$?
	[ "$status" = 0 ] || [ "$status" = 3 ] || fail "pgnl groups $1 ended with $status"
	[ "${n:-0}" -eq "$2" ]
}
claim "$crowd processes have joined" heard joined
show "pgnl groups crowd"
claim "the group has $crowd members" counts crowd "$crowd"
echo >&"${CROWD[1]}"
claim "$crowd processes are dead, and zombies" heard dead
show "pgnl groups crowd"
claim "the group has no member" counts crowd 0
echo >&"${CROWD[1]}"
claim "they are reaped" wait "$crowd_pid"
show "pgnl verify"
claim "the kernel's tables are consistent" [ "$status" = 0 ]

# ---------------------------------------------------------------------------
chapter "What another user may do, and may not"

# The command where everybody may run it, wherever the project is.
mkdir "$work/everybody"
cp "$(command -v pgnl)" "$work/everybody/"
cp -L "$top/build/lib/libpgnl.so.0" "$work/everybody/"
cat >"$work/everybody/as-nobody" <<-END
	#!/bin/bash
	export PATH=$work/everybody:$PATH LD_LIBRARY_PATH=$work/everybody
	exec setpriv --reuid=nobody --regid=nogroup --clear-groups "\$@"
END
chmod -R a+rx "$work/everybody"
as_nobody=$work/everybody/as-nobody
say "Next to root, the user nobody:"
nobody() {
	show_as 'nobody$' "$1" "$as_nobody $1"
}
allowed() {
	claim "allowed: $1" [ "$status" = 0 ]
}
refused() {
	claim "refused: $1" [ "$status" = 2 ]
}

nobody "pgnl members web --pids"
allowed "to list"
nobody "pgnl pick web"
allowed "to pick"
start guest.log "$as_nobody" pgnl exec guests -- sleep infinity
guest=$started_pid
await "the guest has joined" is_member guests "$guest"
nobody "pgnl members guests"
allowed "to join by itself"
nobody "pgnl join visitors --pid $guest"
allowed "to put a process of its own into a group"

nobody "pgnl join guests --pid $nginx"
refused "to put a process of root's into a group"
claim "it is in no group of nobody's" not is_member guests "$nginx"
worker=$(members_of web | head -n 1)
nobody "pgnl leave web --pid $worker"
refused "to take a worker of nginx out"
claim "it is still there" is_member web "$worker"
nobody "pgnl scope add mine"
refused "to add a scope"
show "pgnl -s pg2 create jobs"
nobody "pgnl -s pg2 delete jobs"
refused "to delete a group that root created"
show "pgnl scope add private --perm 0700"
nobody "pgnl -s private groups"
refused "to look into a private scope of root's"

# ---------------------------------------------------------------------------
chapter "Three nodes, a cut and a heal"

# shellcheck source=selftests/cluster/nodes.bash
. "$here/../cluster/nodes.bash"
say "Three network namespaces stand for three hosts: a cable each to one switch, tables" \
	"of their own and an agent. What the agents say to each other is encrypted."
cluster_up "tolerance = 300ms" "grace = 10s"
number=0
for node in north east west; do
	number=$((number + 1))
	node_add "$node" "$number"
	agent_start "$node"
done
await "the three agents have met" meet north east west
show "cat $cluster/north.conf"

# at NODE COMMAND: as show, on that node.
at() {
	show_as "$1#" "$2" "on $1 $2"
}
at north "pgnl -o node,state,connected nodes"
for node in north east west; do
	start "$node.log" nsenter --net="/run/netns/$node" -- \
		pgnl exec store --meta "tcp:$node:80" -- sleep infinity
done
sees() { # NODE N: so many members
	[ "$(on "$1" pgnl members store --count 2>/dev/null || echo 0)" = "$2" ]
}
await "each node sees all three" sees north 3
await "each node sees all three" sees east 3
await "each node sees all three" sees west 3
columns=node,pid,meta,state
at north "pgnl -o $columns members store"
claim "north has the members of all three nodes" sees north 3
at west "pgnl -n -o node closest store"
claim "the closest one to a client on west is its own" [ "$shown" = west ]

say "A monitor runs on north. Then the cable of west is cut; its device sees no change."
beside "$work/cluster.log" ip netns exec north pgnl monitor --nodes --initial store
started+=("$beside_pid")
await "the monitor looks at the group" logged cluster.log 1 'snapshot store.*'
say "# ip link set v-west nomaster"
cut_off west
await "north suspects west" logged cluster.log 1 'suspect +store west|suspect +west'
at north "pgnl -o $columns members store"
claim "its member is suspect there" grep -q "west.*suspect" <<<"$shown"
at north "pgnl -n -o node pick store --policy key=alice"
claim "no pick chooses what may be gone" [ "$shown" != west ]
await "the time of grace is over: west's member has left" sees north 2
await "the monitor has told why" logged cluster.log 1 'leave +store west/[0-9]+  node-lost'
at north "pgnl -o $columns members store"
at west "pgnl -o $columns members store"
claim "west has its own member, and nobody else's" sees west 1

say "Life goes on at both ends:"
start late.log nsenter --net=/run/netns/west -- pgnl exec store --meta tcp:west:81 -- sleep infinity
await "west has a second member" sees west 2
east=$(on east pgnl members store --local --pids)
show "kill -KILL $east"
await "east's member is gone from north" sees north 1
say "The cable is mended. Each node's own word replaces what others knew of it:"
say "# ip link set v-west master br0"
heal west
await "all see all" sees north 3
await "all see all" sees east 3
await "all see all" sees west 3
at north "pgnl -o $columns members store"
claim "every node sees the same, which is what is so" agree north east west
at west "pgnl -o $columns members store"
claim "east's dead member has not come back on west" not grep -q " $east " <<<"$shown"

say "An agent is killed, again and again. Its node's members are nobody else's to lose:"
before=$(grep -cE '^(join|leave)' "$work/cluster.log")
for round in 1 2 3; do
	agent_kill east
	agent_start east
	await "the agents have met again" meet north east west
done
claim "nobody was told of a leave or a join" \
	[ "$(grep -cE '^(join|leave)' "$work/cluster.log")" = "$before" ]

# ---------------------------------------------------------------------------
chapter "In the end"

show "pgnl stats"
show "pgnl verify"
claim "the kernel's tables are consistent" [ "$status" = 0 ]
say "" "The demo checked each of its $(claims) claims: all are true."
