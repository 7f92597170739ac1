# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
# Other nodes and their members, as an agent puts them in. In a network namespace
# of its own, since an agent's name and incarnation stay with the tables.
load lib

setup() {
	unshare -n sleep infinity 3>&- &
	sleepers+=($!)
	ns=$!
	eventually in_other_netns "$ns"
	coproc AGENT { nsenter -t "$ns" -n "$BATS_TEST_DIRNAME/../../build/selftests/agent" here "${GRACE:-60000}" 3>&-; }
	read -r answer <&"${AGENT[0]}"
	[ "$answer" = ok ]
}

pgnl() {
	nsenter -t "$ns" -n pgnl "$@"
}

# agent WORD...: have the agent say so.
agent() {
	echo "$*" >&"${AGENT[1]}"
	read -r answer <&"${AGENT[0]}"
	[ "$answer" = ok ]
}

end_agent() {
	local pid=$AGENT_PID
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
}

@test "nodes lists this node and others" {
	agent up there 5
	agent put pg there 5 web 7 2 tcp:there:80
	[ "$(json '[.[] | [.node, .self, .state, .connected, .partial, .members]]' nodes)" = \
		'[["here",true,"up",true,false,0],["there",false,"up",true,false,1]]' ]
	[ "$(json '[.[] | .incarnation | type] | unique' nodes)" = '["string"]' ]
	[ "$(json '.[1] | [.incarnation, .dropped]' nodes)" = '["5",0]' ]
	agent suspect there 5
	[ "$(json '.[1] | [.state, .connected, .age >= 0]' nodes)" = '["suspect",false,true]' ]
	agent down there 5
	[ "$(json length nodes)" = 1 ]
	[ "$(pgnl -n -o node,state nodes)" = 'here up' ] || [ "$(pgnl -n -o node,state nodes | tr -s ' ')" = 'here up' ]
	complains 1 nodes there
}

@test "members of other nodes are listed with theirs" {
	sleeper a
	agent up there 5
	agent put pg there 5 web 7 2 tcp:there:80
	pgnl join web --pid "$a" >/dev/null
	[ "$(json '[.[] | [.node, .pid, .count, .meta, .state, .comm]]' members web)" = \
		"[[\"here\",$a,1,null,\"up\",\"sleep\"],[\"there\",4711,2,\"tcp:there:80\",\"up\",null]]" ]
	[ "$(json '[.[] | .node]' members web --local)" = '["here"]' ]
	[ "$(json '[.[] | .node]' members web --remote)" = '["there"]' ]
	[ "$(json '[.[] | .node]' members web --node there)" = '["there"]' ]
	[ "$(json '[.[] | .node]' members web --node here)" = '["here"]' ]
	complains 3 members web --node nowhere
	[ "$(pgnl members web --pids)" = "$a" ]
	[ "$(pgnl members web --count)" = 3 ]
	[ "$(json '[.[] | .node]' members web --view)" = '["here","there"]' ]
	[ "$(json '.[] | [.group, .local, .remote]' groups)" = '["web",1,2]' ]
	agent suspect there 5
	[ "$(json '.[1].state' members web)" = '"suspect"' ]
}

@test "pick and closest pass over suspect nodes" {
	agent up there 5
	agent put pg there 5 web 7 1
	[ "$(json '.[0].node' closest web)" = '"there"' ]
	agent suspect there 5
	complains 3 pick web
	complains 3 closest web
	[ "$(json '.[0] | [.node, .state]' pick web --stale)" = '["there","suspect"]' ]
	[ "$(json '.[0].node' closest web --stale)" = '"there"' ]
}

@test "monitor tells of nodes" {
	local log=$BATS_TEST_TMPDIR/log
	pgnl -j monitor --nodes --count 4 >"$log" 3>&- &
	eventually subscribed
	agent up there 5
	agent put pg there 5 web 7 1
	agent suspect there 5
	agent up there 5
	wait $!
	[ "$(jq -c '[.event, .node, .incarnation]' "$log" | paste -sd' ')" = \
		'["nodeup","there","5"] ["nodedown","there","5"] ["suspect","there","5"] ["nodeup","there","5"]' ]
}

subscribed() {
	[ "$(json '.subscriptions' stats)" = 1 ]
}

@test "monitor tells of members of other nodes" {
	local log=$BATS_TEST_TMPDIR/log
	pgnl monitor web --count 2 >"$log" 3>&- &
	eventually subscribed
	agent up there 5
	agent put pg there 5 web 7 1
	agent down there 5
	wait $!
	[ "$(tr -s ' ' <"$log")" = $'join web there/4711\nleave web there/4711 node-lost' ]
}

@test "what other nodes call themselves does not play with the terminal" {
	local log=$BATS_TEST_TMPDIR/log node=$'e\e]0;x\a'
	pgnl monitor web --nodes --count 3 >"$log" 3>&- &
	eventually subscribed
	agent up "$node" 5
	agent put pg "$node" 5 web 7 1
	agent suspect "$node" 5
	wait $!
	[ "$(tr -s ' ' <"$log" | sort)" = 'join web e\x1b]0;x\x07/4711
nodedown e\x1b]0;x\x07
nodeup e\x1b]0;x\x07' ]
	pgnl graph --dot | grep -qF 'label="e\\x1b]0;x\\x07 4711"'
	for out in nodes "members web" "graph --dot --by node" "closest web --stale"; do
		# shellcheck disable=SC2086 # a command and its options
		run -0 pgnl $out
		[[ $output != *$'\e'* && $output != *$'\a'* ]] || { echo "$out: $output"; return 1; }
	done
}

@test "doctor says what is wrong with other nodes" {
	agent up there 5
	[ "$(json '.[] | select(.check == "nodes") | .ok' doctor)" = true ]
	pgnl limits node-remotes=0 >/dev/null
	agent put pg there 5 web 7 1
	[[ $(json '.[] | select(.check == "nodes") | .cure' doctor || true) == *node-remotes* ]]
	[ "$(json '.[1].partial' nodes)" = true ]
	end_agent
	[[ $(json '.[] | select(.check == "nodes") | .cure' doctor || true) == *pgnld* ]]
}

@test "a graph has processes of other nodes and the nodes" {
	agent up there 5
	agent put pg there 5 web 7 1
	agent put pg there 5 db 7 1
	agent up away 5
	agent put pg away 5 web 7 1
	[ "$(pgnl graph --dot --by node | grep -c -- '->')" = 3 ]
	[ "$(pgnl graph --dot | grep -c 'label="there 4711"')" = 1 ]
	[ "$(pgnl graph --dot | grep -c 'label="away 4711"')" = 1 ]
	pgnl graph --dot | grep -qF '"g:web" -> "p:away/7"'
}

@test "members of other nodes outlive the agent, for a while" {
	agent up there 5
	agent put pg there 5 web 7 1
	end_agent
	[ "$(json '.[0].state' members web)" = '"stale"' ]
	[ "$(json '.[1].state' nodes)" = '"stale"' ]
	complains 3 pick web
	[ "$(json '.[0].node' pick web --stale)" = '"there"' ]
}

@test "global groups need the agent that answers, and say so" {
	complains 4 gg info
	has "no agent runs on this node: start pgnld"
	complains 4 gg groups
	complains 4 gg own-nodes
	complains 4 gg sync
	complains 4 gg monitor --count 1
	complains 1 gg monitor --count 0
	complains 1 gg groups west
	complains 1 gg
	has "groups, info, own-nodes, sync or monitor"
}

@test "gg shows names of nodes as they can be shown" {
	nsenter -t "$ns" -n "$BATS_TEST_DIRNAME/answer.py" $'e\e]0;x\a' >"$BATS_TEST_TMPDIR/ok" 3>&- &
	sleepers+=($!)
	eventually test -s "$BATS_TEST_TMPDIR/ok"
	run -0 pgnl gg info
	[[ $output == *'synced_nodes     e\x1b]0;x\x07'* ]]
	[ "$(pgnl -j gg info | jq -c .synced_nodes)" = '["e\u001b]0;x\u0007"]' ]
}
