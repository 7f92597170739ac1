# SPDX-License-Identifier: GPL-2.0-or-later
# Six nodes in three global groups, one of them hidden, and a node that is never
# started: the cases of global_group_SUITE, by name, and what pgnl promises beyond.
# shellcheck disable=SC2154,SC2030,SC2031
load lib

west='[global_group west]
nodes = a b c'
east='[global_group east]
nodes = d e z'
north='[global_group north]
publish = hidden
nodes = h'

setup_file() {
	local node number=0
	cluster_up "tolerance = 300ms" "grace = 1s" "bearer = eth eth0"
	for node in a b c d e h; do
		node_add "$node" "$((++number))" "$west" "$east" "$north"
	done
	start a b c d e h
}

teardown_file() {
	end_cluster
}

setup() {
	eventually meet a b c
	eventually meet d e
	eventually meet h
}

teardown() {
	end_test
	mend a b c d e h
}

# define NODE LINE...: its global groups are these from now on, once it has read it.
define() {
	local node=$1
	shift
	sed -i '/^\[/,$d' "$cluster/$node.conf"
	printf '%s\n' "$@" >>"$cluster/$node.conf"
}

# info NODE FILTER TEXT: that part of what it knows is this.
info() {
	[ "$(on "$1" pgnl -j gg info | jq -c "$2")" = "$3" ]
}

# holds NODE NAME [VARIABLE]: a process there gets a name; its pid.
holds() {
	local _held
	sleeper _held
	on "$1" pgnl -q name register "$2" --pid "$_held" >/dev/null
	[ $# -lt 3 ] || printf -v "$3" %d "$_held"
}

# where NODE NAME PLACE TEXT: [node, pid, group] of who holds it, by what a node is told.
where() {
	[ "$(on "$1" pgnl -q -j name whereis "$2" ${3:+--where "$3"} |
		jq -c '.[0] | [.node, .pid, .group]')" = "$4" ]
}

names() {
	[ "$(on "$1" pgnl -j name list --where "$2" | jq -c 'map(.name) | sort')" = "$3" ]
}

# undefined NODE NAME [PLACE]: nobody holds it there.
undefined() {
	run -3 on "$1" pgnl name whereis "$2" ${3:+--where "$3"}
}

# refuses CODE NODE COMMAND...: that exit code of pgnl there, and one line of talk, see has.
refuses() {
	local code=$1 node=$2
	shift 2
	run "-$code" --separate-stderr on "$node" "$@"
	[ "${#stderr_lines[@]}" = 1 ]
	[ -z "$output" ] || [ "$output" = '[]' ]
}

sockets() {
	find "/proc/$(<"$cluster/$1.pid")/fd" -lname 'socket:*' | wc -l
}

same_sockets() {
	[ "$(sockets "$1")" = "$2" ]
}

@test "start_gg_proc: the groups are those of the configuration, and hold no names" {
	run -0 on a pgnl -n -o group,own,publish,nodes gg groups
	[ "$(on a pgnl -j gg groups | jq -c 'map([.group, .own, .publish])')" = \
		'[["west",true,"normal"],["east",false,"normal"]]' ]
	[ "$(on e pgnl -j gg groups | jq -c 'map(.group)')" = '["east","west"]' ]
	[ "$(on a pgnl -j gg own-nodes | jq -c 'map(.node)')" = '["a","b","c"]' ]
	eventually info a .synced_nodes '["b","c"]'
	[ "$(on a pgnl -j gg info | jq -c .)" = '{"state":"synced","own_group_name":"west","own_group_nodes":["a","b","c"],"synced_nodes":["b","c"],"sync_error":[],"no_contact":[],"other_groups":[{"group":"east","nodes":["d","e","z"]}],"monitoring":[]}' ]
	info d '[.synced_nodes, .no_contact]' '[["e"],["z"]]'
	names a group:west '[]'
	names a group:east '[]'
	names a node:d '[]'
	run -0 on a pgnl gg info
	[[ $output == *"own_group_name   west"* ]]
}

@test "two_grp: each group has names of its own, and others are asked only on purpose" {
	local a d
	holds a test a
	holds d test d
	holds d test2
	where a test "" "[\"$(uname -n)\",$a,null]" || where a test "" "[\"a\",$a,null]"
	where a test group:west "[\"a\",$a,null]"
	where a test node:d "[\"d\",$d,\"east\"]"
	where e test node:a "[\"a\",$a,\"west\"]"
	eventually where b test group:east "[\"d\",$d,\"east\"]"
	eventually where h test group:west "[\"a\",$a,\"west\"]"
	# What nobody of the own group has is looked for in the others, in their order.
	eventually where a test2 "" "$(jq -nc --argjson p "$(on d pgnl -j name whereis test2 |
		jq '.[0].pid')" '["d",$p,"east"]')"
	eventually where h test "" "[\"a\",$a,\"west\"]"
	names b node:d '["test","test2"]'
	eventually names h group:east '["test","test2"]'
	names d node:a '["test"]'
	# No such place, and no such name.
	names a group:nowhere '[]'
	undefined a test group:nowhere
	undefined a nix group:east
	undefined a nix node:d
	undefined a nix
	refuses 2 a pgnl name whereis test --where node:z
	has "no node of that place answers"
}

@test "two_grp: a message to a name is sent by node, by group, and without a place" {
	local mail="$BATS_TEST_TMPDIR/mail"
	nsenter --net=/run/netns/d -- pgnl -j -s global recv mail --count 3 >"$mail" 3>&- &
	sleepers+=($!)
	eventually where a mail node:d "$(jq -nc --argjson p "$!" '["d",$p,"east"]')"
	on a pgnl name send mail by-node --where node:d
	# Until it is a node that knows the holder which answers.
	eventually on h pgnl -q name send mail anywhere
	eventually on a pgnl -q name send mail by-group --where group:east
	eventually grep -q by-group "$mail"
	[ "$(jq -c '[.data, .node, .uid]' "$mail")" = '["by-node","a",65534]
["anywhere","h",65534]
["by-group","a",65534]' ]
	run -3 on a pgnl name send nix lost --where group:east
	run -3 on a pgnl name send nix lost
	run -3 on a pgnl name send mail lost --where group:nowhere
}

@test "two_grp: subscribers hear of nodes of their own group, through a kill and a restart" {
	nsenter --net=/run/netns/a -- pgnl -j gg monitor >"$BATS_TEST_TMPDIR/heard" 3>&- &
	sleepers+=($!)
	eventually info a '.monitoring | length' 1
	stop d KILL
	stop b KILL
	eventually grep -q nodedown "$BATS_TEST_TMPDIR/heard"
	eventually info a .no_contact '["b"]'
	start b d
	eventually info a .synced_nodes '["b","c"]'
	eventually meet d e
	[ "$(jq -r '.event + .node' "$BATS_TEST_TMPDIR/heard" | xargs)" = "nodedownb nodeupb" ]
	end_sleepers
	eventually info a .monitoring '[]'
}

@test "hidden_groups: nobody lists them, whoever knows one may ask it" {
	local h
	holds h secret h
	[ "$(on a pgnl -j gg groups | jq -c 'map(.group)')" = '["west","east"]' ]
	[ "$(on h pgnl -j gg groups | jq -c 'map([.group, .publish])')" = \
		'[["north","hidden"],["west","normal"],["east","normal"]]' ]
	[ "$(on a pgnl -j nodes | jq -c 'map(.node) | sort')" = '["a","b","c"]' ]
	[ "$(on h pgnl -j nodes | jq -c 'map(.node)')" = '["h"]' ]
	where a secret group:north "[\"h\",$h,\"north\"]"
	where a secret "" "[\"h\",$h,\"north\"]"
	[ "$(on a pgnl -j nodes | jq -c 'map(.node) | sort')" = '["a","b","c"]' ]
}

@test "test_exit: questions leave no connection behind, whatever becomes of them" {
	local before asked
	holds d there
	before=$(sockets a)
	asked=$(sockets d)
	for _ in 1 2 3 4 5; do
		on a pgnl -q name whereis there --where node:d >/dev/null
		undefined a nix
		undefined a nix group:nowhere
		run -2 on a pgnl name whereis nix --where node:z
		run -2 on a pgnl name list --where node:nowhere
	done
	eventually same_sockets a "$before"
	eventually same_sockets d "$asked"
	refuses 1 a pgnl name whereis there --where nowhere
	refuses 1 a pgnl gg
	refuses 1 a pgnl gg info more
}

@test "global_disconnect: who leaves its group is still asked by the others" {
	local a
	holds a test a
	cut_off b
	cut_off c
	eventually info a .synced_nodes '[]'
	info d .synced_nodes '["e"]'
	where d test node:a "[\"a\",$a,\"west\"]"
	# It sees nobody of its group, and says so; nobody else answers.
	[ "$(on d pgnl -q -j name whereis test --where group:west | jq '.[0].isolated')" = true ]
	run -0 --separate-stderr on d pgnl name whereis test --where group:west
	[[ $stderr == *"node a is cut off from most of its global group"* ]]
	heal b
	heal c
	eventually info a .synced_nodes '["b","c"]'
}

@test "an isolated node is not the last word of its group" {
	local node asked
	for node in a b c; do
		holds "$node" "of-$node"
	done
	# c hears nothing of a and b, but all of d.
	cut_way c a
	cut_way c b
	eventually info c .no_contact '["a","b"]'
	eventually info a .synced_nodes '["b"]'
	asked=$(grep -c "a question has ended" "$cluster/c.log" || true)
	for _ in 1 2 3 4 5 6; do
		[ "$(on d pgnl -j name list --where group:west |
			jq 'map(select(.isolated)) | length')" = 0 ]
	done
	[ "$(grep -c "a question has ended" "$cluster/c.log")" -gt "$asked" ]
	# Nobody else can say it.
	[ "$(on d pgnl -j name list --where node:c |
		jq 'map(select(.name == "of-c")) | .[0].isolated')" = true ]
	heal_way c a
	heal_way c b
	eventually info c .synced_nodes '["a","b"]'
}

@test "a group that does not answer takes a bounded time, and the others are searched" {
	local h
	holds h far h
	signal_agent d STOP
	signal_agent e STOP
	where a far "" "[\"h\",$h,\"north\"]"
	refuses 2 a pgnl name list --where group:east
	has "no node of that place answers"
	signal_agent d CONT
	signal_agent e CONT
	eventually names a group:east '[]'
}

@test "global_groups_change: a node of another definition is a sync_error at both ends" {
	local a
	holds a test a
	define c '[global_group west]' 'nodes = a b c d' '[global_group east]' 'nodes = e z' "$north"
	signal_agent c HUP
	eventually info a .sync_error '["c"]'
	eventually info c .sync_error '["a","b"]'
	info a '[.synced_nodes, .no_contact]' '[["b"],[]]'
	grep -q "sync_error: node c has another definition" "$cluster/a.log"
	grep -q "sync_error: node a has another definition" "$cluster/c.log"
	refuses 2 a pgnl gg sync
	has "node c has another definition of the global groups"
	# It is told no names, and stops nothing.
	refuses 2 d pgnl name list --where node:c
	has "it has another definition of the global groups"
	where d test node:a "[\"a\",$a,\"west\"]"
	member c web
	eventually states a c up 1
	cp "$cluster/c.conf.first" "$cluster/c.conf"
	on c pgnl gg sync
	eventually info a .synced_nodes '["b","c"]'
	on d pgnl name list --where node:c
	info d .sync_error '[]'
}

@test "compatible: a node that says it is elsewhere is found out by sync" {
	define c
	on c pgnl gg sync
	eventually info a .no_contact '["c"]'
	info c '[.state, .own_group_name, .own_group_nodes]' '["no_conf",null,[]]'
	[ "$(on c pgnl -j gg own-nodes | jq -c 'map(.node)')" = '["c"]' ]
	run -3 on c pgnl gg groups
	refuses 2 a pgnl gg sync
	has "node c has another definition of the global groups"
	info a '[.sync_error, .no_contact]' '[["c"],[]]'
	info c .sync_error '["a"]'
}

@test "a node in no group is told so, and is connected with none of them" {
	define c "${west/ c/}" "$east" "$north"
	signal_agent c HUP
	eventually grep -q "this node, c, is in none of the global groups" "$cluster/c.log"
	info c '[.state, .own_group_name, .own_group_nodes]' '["synced",null,[]]'
	run -3 on c pgnl gg own-nodes
	run -0 --separate-stderr on c pgnl -n -o group gg groups
	[ "${lines[*]}" = "west east" ]
	[[ $stderr == *"this node is in none of them"* ]]
	eventually info a .no_contact '["c"]'
	eventually knows a b
	run ! knows a c up
}

@test "a node listed twice is refused with its line, and the old definition stays" {
	local line
	define c "$west" '[global_group east]' 'nodes = d e b' "$north"
	line=$(grep -n 'nodes = d e b' "$cluster/c.conf" | cut -d: -f1)
	refuses 1 c "$pgnld" -c "$cluster/c.conf" --check
	has "c.conf:$line: node b is in global_group west"
	refuses 2 c pgnl gg sync
	has "c.conf:$line: node b is in global_group west"
	signal_agent c HUP
	eventually grep -q "the configuration stays as it was" "$cluster/c.log"
	info c .synced_nodes '["a","b"]'
}

@test "only root may have the configuration read again; who may not read names is told none" {
	holds d there
	refuses 2 a setpriv --reuid=nobody --clear-groups pgnl gg sync
	has "only root"
	on a setpriv --reuid=nobody --clear-groups pgnl gg info >/dev/null
	on a setpriv --reuid=nobody --clear-groups pgnl name list --where node:d >/dev/null
	on a pgnl scope set global --perm 0700
	refuses 2 a setpriv --reuid=nobody --clear-groups pgnl name list --where node:d
	has "the mode of the scope global forbids it"
	on a pgnl scope set global --perm 0777
}

@test "without an agent gg says so, and a monitor learns of its end" {
	run ! on a pgnl gg monitor --count 1 --timeout 0.1
	[ "$status" = 124 ]
	nsenter --net=/run/netns/a -- pgnl gg monitor >"$BATS_TEST_TMPDIR/heard" 2>&1 3>&- &
	local monitor=$!
	eventually info a '.monitoring | length' 1
	stop a TERM
	status=0
	wait "$monitor" || status=$?
	[ "$status" = 4 ]
	grep -q "the agent has ended" "$BATS_TEST_TMPDIR/heard"
	refuses 4 a pgnl gg info
	has "no agent runs on this node: start pgnld"
	start a
	eventually info a .synced_nodes '["b","c"]'
}

@test "one_grp_x: nodes that start one after the other are all synced in the end" {
	stop a
	stop b
	stop c
	start a
	eventually info a .no_contact '["b","c"]'
	start b
	eventually info a .synced_nodes '["b"]'
	start c
	eventually info a .synced_nodes '["b","c"]'
	eventually info b .synced_nodes '["a","c"]'
}

# The last one: all of them get another definition, and get it back.
@test "no_gg_proc: without groups all nodes are one name space" {
	local node h
	for node in a b c d e h; do
		define "$node"
		signal_agent "$node" HUP
	done
	eventually meet a b c d e h
	holds h test h
	for node in a d h; do
		run -3 on "$node" pgnl gg groups
		info "$node" '[.state, .own_group_name, .own_group_nodes, .other_groups]' \
			'["no_conf",null,[],[]]'
		[ "$(on "$node" pgnl -j gg own-nodes | jq -c 'map(.node)')" = '["a","b","c","d","e","h"]' ]
	done
	where a test node:h "[\"h\",$h,\"\"]"
	names a group:west '[]'
	nsenter --net=/run/netns/a -- pgnl -j gg monitor >"$BATS_TEST_TMPDIR/heard" 3>&- &
	sleepers+=($!)
	eventually info a '.monitoring | length' 1
	stop e KILL
	eventually grep -q nodedown "$BATS_TEST_TMPDIR/heard"
	start e
	eventually grep -q nodeup "$BATS_TEST_TMPDIR/heard"
	[ "$(jq -r '.event + .node' "$BATS_TEST_TMPDIR/heard" | xargs)" = "nodedowne nodeupe" ]
}
