# SPDX-License-Identifier: GPL-2.0-or-later
# Three nodes, encrypted and by the wire: what each sees of the others, whatever
# becomes of cables, agents and nodes.
# shellcheck disable=SC2154
load lib

nodes=(a b c)

setup_file() {
	three_nodes "tolerance = 300ms" "grace = 5s"
}

teardown_file() {
	end_cluster
}

# A quiet start: all three are connected and see the same, nothing.
setup() {
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
}

teardown() {
	end_test
	[ ! "${deaf-}" ] || stop "$deaf"
	mend "${nodes[@]}"
}

@test "a join is seen on every node, and so is an end" {
	local pid
	member a web pid
	member b web
	member c db
	eventually agree "${nodes[@]}"
	[ "$(view c | wc -l)" = 3 ]
	on a pgnl -q join web --pid "$pid" --times 2 >/dev/null
	eventually agree "${nodes[@]}"
	[[ $(view b) == *" a "*" 3 up"* ]]
	end_sleeper "$pid"
	eventually agree "${nodes[@]}"
	[ "$(view a | wc -l)" = 2 ]
}

@test "a member's uid, metadata and weight are seen elsewhere" {
	local pid filter='.[0] | [.node, .uid, .meta, .weight]'
	sleeper pid
	on b pgnl -q join web --pid "$pid" --meta tcp:80 --weight 7 >/dev/null
	eventually states a b up 1
	[ "$(on a pgnl -j members web | jq -c "$filter")" = '["b",0,"tcp:80",7]' ]
}

# left REASON STATUS: it has heard that somebody has.
left() {
	jq -se --arg why "$1" --argjson status "$2" \
		'any(.event == "leave" and .reason == $why and .status == $status)' "$heard" >/dev/null
}

@test "why a member has left is told on every node" {
	local pid door=$BATS_TEST_TMPDIR/door
	mkfifo "$door"
	# shellcheck disable=SC2016 # that shell's own
	on a bash -c 'pgnl -q join web --pid $$ >/dev/null; read -r _ <"$1"; exit 3' - "$door" 3>&- &
	member a web pid
	eventually states b a up 2
	listen b web
	echo >"$door"
	kill -TERM "$pid"
	member a web pid
	eventually states b a up 1
	on a pgnl -q leave web --pid "$pid" >/dev/null
	eventually left left null || { cat "$heard"; false; }
	left exited 3
	left killed 15
	[ "$(moves)" = 4 ]
}

# keeps NODE OTHER N: its agent has so many rows of another node.
keeps() {
	[ "$(agent_says "$1" | jq --arg node "$2" '.nodes[] | select(.node == $node) | .rows')" = "$3" ]
}

# limit_rows NODE N: of each other node, as its agent finds when it is reloaded.
limit_rows() {
	on "$1" pgnl -q limits "node-remotes=$2" >/dev/null
	reload "$1"
}

# is_partial NODE OTHER ANSWER: it says that members of the other one are missing.
is_partial() {
	[ "$(on "$1" pgnl -j nodes | jq --arg node "$2" '.[] | select(.node == $node) | .partial')" = "$3" ]
}

# What doctor has against a limit.
cure() {
	on "$1" pgnl -j doctor | jq -r '.[] | select(.check == "nodes") | .cure' || true
}

@test "of a node no more is kept than the limit, until a reload finds another" {
	limit_rows c 2
	member a web
	member a web
	member a web
	eventually states b a up 3
	eventually grep -q "more rows than are taken" "$cluster/c.log"
	eventually is_partial c a true
	[[ $(cure c) == *node-remotes* ]]
	states c a up 2
	keeps c a 2
	limit_rows c 1048576
	eventually states c a up 3
	keeps c a 3
	eventually is_partial c a false
	[ "$(cure c)" = null ]
}

@test "of all nodes no more is kept than the limit, until a reload finds another" {
	on c pgnl -q limits net-remotes=2 >/dev/null
	member a web
	member a web
	member a web
	eventually states b a up 3
	eventually is_partial c a true
	states c a up 2
	on c pgnl -q limits net-remotes=4194304 >/dev/null
	reload c
	eventually states c a up 3
	eventually is_partial c a false
}

# is_unknown NODE OTHER: its agent has forgotten the other one.
is_unknown() {
	[ "$(agent_says "$1" | jq --arg node "$2" 'any(.nodes[]; .node == $node)')" = false ]
}

# counted NODE WHAT: how often its agent has done or seen it.
counted() {
	agent_says "$1" | jq ".core.$2"
}

# another_digest NODE: a look at whether it has what another has, as there is one by
# each other node every five seconds.
another_digest() {
	local before
	before=$(counted "$1" digests_agreed)
	eventually counts_more "$1" digests_agreed "$before"
}

counts_more() {
	[ "$(counted "$1" "$2")" -gt "$3" ]
}

@test "a node that there is no room for is not asked for its rows, until there is" {
	local before
	on c pgnl -q limits net-nodes=1 >/dev/null
	stop b TERM
	member a web
	eventually is_unknown c b
	start b
	eventually knows c b
	member b web
	eventually grep -q "node b: the kernel refuses a node" "$cluster/c.log"
	another_digest c
	before=$(counted c resyncs)
	another_digest c
	[ "$(counted c resyncs)" = "$before" ]
	on c pgnl -q limits net-nodes=4096 >/dev/null
	eventually agree "${nodes[@]}"
	[ "$(view c | wc -l)" = 2 ]
}

@test "a node that is cut off is suspect, then its members leave; healed, they are back" {
	member a web
	member b web
	member c web
	eventually agree "${nodes[@]}"
	listen a web
	cut_off c
	eventually told suspect c || { cat "$heard"; false; }
	eventually agree a b
	eventually agree c
	[ "$(view c | wc -l)" = 1 ]
	grep -q '"reason":"node-lost"' "$heard"
	heal c
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
	[ "$(view a | wc -l)" = 3 ]
}

@test "what changes on both sides of a cut is seen when it is healed" {
	local old
	member a web
	member c web old
	eventually agree "${nodes[@]}"
	cut_off c
	eventually states a c up 0
	member a new
	member c new
	end_sleeper "$old"
	heal c
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
	[ "$(view b | wc -l)" = 3 ]
}

@test "a cable that carries one way only is as good as cut, at both ends" {
	member a web
	member c web
	eventually agree "${nodes[@]}"
	deafen c
	eventually states a c up 0
	eventually states c a up 0
	undo c
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
	mute c
	eventually states a c up 0
	eventually states c a up 0
	undo c
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
}

# said NODE WORDS: how often its agent has.
said() {
	grep -c "$2" "$cluster/$1.log" || true
}

has_said() {
	[ "$(said "$1" "$2")" -gt "$3" ]
}

# The instance by which TIPC knows the agents of all nodes here.
instance() {
	on a tipc nametable show | awk -v type=$((0x70676e6c)) '$1 == type { print $2; exit }'
}

# Of two agents the one with the lower address connects.
sort_agents() {
	lower=a upper=c
	[ "$(agent_says a | jq .engine.address)" -lt "$(agent_says c | jq .engine.address)" ] ||
		lower=c upper=a
}

# It is told of nobody any more, as long as it lives.
unsubscribe() {
	deaf=$1
	"$cluster_tests/unsubscribe.py" "$(<"$cluster/$1.pid")" "$(instance)"
	known=$(said "$1" "an agent is there")
}

@test "an agent that TIPC does not tell of another one is connected by that" {
	local lower upper gone known
	sort_agents
	gone=$(said "$lower" "the agent has gone")
	stop "$upper" TERM
	eventually has_said "$lower" "the agent has gone" "$gone"
	unsubscribe "$lower"
	start "$upper"
	eventually meet "${nodes[@]}"
	[ "$(said "$lower" "an agent is there")" = "$known" ]
}

@test "so is one that knows where the other one was in its last life" {
	local lower upper known
	sort_agents
	unsubscribe "$lower"
	stop "$upper" TERM
	start "$upper"
	eventually meet "${nodes[@]}"
	[ "$(said "$lower" "an agent is there")" = "$known" ]
}

@test "kill -9 of an agent, again and again, is no leave and no join for anybody" {
	local before
	grace 60s "${nodes[@]}"
	member a web
	member b web
	eventually agree "${nodes[@]}"
	listen b web
	before=$(view b)
	for _ in 1 2 3 4 5; do
		stop a KILL
		[ "$(on a pgnl members web --local --count)" = 1 ]
		start a
		eventually meet "${nodes[@]}"
	done
	eventually agree "${nodes[@]}"
	[ "$(view b)" = "$before" ]
	[ "$(moves)" = 0 ] || { cat "$heard"; false; }
}

@test "an agent that is gone for good: its members leave elsewhere, and stay here" {
	member a web
	member b web
	eventually agree "${nodes[@]}"
	stop a KILL
	[ "$(on a pgnl members web --local --count)" = 1 ]
	eventually states b a suspect 0
	[ "$(view b | wc -l)" = 1 ]
	start a
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
	[ "$(view b | wc -l)" = 2 ]
}

@test "an agent that is stopped holds up nobody, and is right when it goes on" {
	local n
	member b web
	eventually agree "${nodes[@]}"
	signal_agent b STOP
	for n in $(seq 20); do
		member a "group-$n"
		member b "other-$n"
	done
	eventually agree a c || true
	eventually states c a up 20
	signal_agent b CONT
	eventually agree "${nodes[@]}"
	[ "$(view c | wc -l)" = 41 ]
}

@test "a node that was started anew has no old members" {
	member a web
	member c web
	eventually agree "${nodes[@]}"
	stop c KILL
	node_del c
	node_add c 3
	start c
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
	[ "$(view a | wc -l)" = 1 ]
	member c web
	eventually agree "${nodes[@]}"
	[ "$(view a | wc -l)" = 2 ]
}

@test "an agent that ends by itself says goodbye, and the next one takes over" {
	member a web
	member b web
	eventually agree "${nodes[@]}"
	stop b TERM
	eventually states a b up 0
	start b
	eventually meet "${nodes[@]}"
	eventually agree "${nodes[@]}"
}

# groups NODE: the created groups that a node sees, and how many members of others.
groups() {
	on "$1" pgnl -j -s pg2 groups | jq -r 'map("\(.group) \(.remote)") | sort | join(", ")'
}

sees_groups() {
	[ "$(groups "$1")" = "$2" ]
}

@test "a created group that not all may read stays on its node" {
	local pid
	sleeper pid
	"$rows" -s pg2 -c 0770 private a
	on a pgnl -q -s pg2 join private --pid "$pid" >/dev/null
	on a pgnl -s pg2 create public
	on a pgnl -q -s pg2 join public --pid "$pid" >/dev/null
	eventually sees_groups b "public 1"
	eventually sees_groups c "public 1"
	# Nor after the agent's restart, when all is listed.
	stop a KILL
	start a
	eventually meet "${nodes[@]}"
	on a pgnl -q -s pg2 join public --pid "$pid" >/dev/null
	eventually sees_groups b "public 2"
	# What was told before it was created here is taken back.
	on b pgnl -s pg2 create shared
	eventually sees_groups a "private 0, public 0, shared 0"
	on a pgnl -q -s pg2 join shared --pid "$pid" >/dev/null
	eventually sees_groups b "public 2, shared 1"
	"$rows" -s pg2 -c 0700 shared a
	eventually sees_groups b "public 2, shared 0"
	# Created anew for all to read, it is told of.
	on a pgnl -s pg2 delete private
	on a pgnl -s pg2 create private
	eventually sees_groups b "private 0, public 2, shared 0"
	on b pgnl -s pg2 delete shared
	on a pgnl -s pg2 delete shared
	on a pgnl -s pg2 delete private
	on a pgnl -s pg2 delete public
	eventually sees_groups b ""
}

# sees_scoped NODE SCOPE N: so many members.
sees_scoped() {
	[ "$("$rows" -s "$2" "$1" | wc -l)" = "$3" ]
}

# More than the agent takes in one turn, each of which has it list the scope anew later.
@test "a scope that is deleted while it is to be listed anew is gone elsewhere, too" {
	local pid n
	on a pgnl scope add late --mode pg2 --cluster
	on b pgnl scope add late --mode pg2 --cluster
	sleeper pid
	on a pgnl -s late create public
	on a pgnl -q -s late join public --pid "$pid" >/dev/null
	eventually sees_scoped b late 1
	signal_agent a STOP
	for n in $(seq 260); do
		"$rows" -s late -c 0700 "private-$n" a
	done
	on a pgnl scope del late
	signal_agent a CONT
	eventually sees_scoped b late 0
	on b pgnl scope del late
}

# created_groups NODE SCOPE N: groups of that scope, created there, and a member of them all.
created_groups() {
	local _pid _n _groups=()
	sleeper _pid
	for _n in $(seq "$3"); do
		"$rows" -s "$2" -c 0775 "created-$_n" "$1"
		_groups+=("created-$_n")
	done
	on "$1" pgnl -q -s "$2" join "${_groups[@]}" --pid "$_pid" >/dev/null
}

# Groups that were created are none of mode pg, which is no reason to lose what comes along.
@test "a scope of another mode has the members of created groups, if not the groups" {
	on a pgnl scope add odd --mode pg2 --cluster
	on b pgnl scope add odd --mode pg --cluster
	created_groups a odd 5
	eventually sees_scoped b odd 5
	stop a KILL
	start a
	eventually meet "${nodes[@]}"
	sees_scoped b odd 5
	on a pgnl scope del odd
	eventually sees_scoped b odd 0
	on b pgnl scope del odd
}

# taken NODE: what its agent has heard of own groups, a listing's included.
taken() {
	agent_says "$1" | jq .kernel.events
}

# A listing tells all hundred of them.
@test "groups that come and go have their scope listed once a second at most" {
	local before begun heard limit
	on a pgnl scope add full --mode pg2 --cluster
	on b pgnl scope add full --mode pg2 --cluster
	created_groups a full 100
	eventually sees_scoped b full 100
	before=$(taken a)
	begun=$SECONDS
	for _ in $(seq 60); do
		"$rows" -s full -c 0775 -d passing a
	done
	heard=$(($(taken a) - before))
	limit=$(((SECONDS - begun + 2) * 110 + 200))
	((heard <= limit)) || { echo "$heard events, not $limit"; false; }
	on a pgnl scope del full
	eventually sees_scoped b full 0
	on b pgnl scope del full
}
