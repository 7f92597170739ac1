# SPDX-License-Identifier: GPL-2.0-or-later
# Agents, libraries and the module are replaced by others, one after the other: the
# cluster goes on meanwhile.
# shellcheck disable=SC2154
load lib

setup() {
	cluster_up "tolerance = 300ms" "grace = 60s"
	node_add a 1
	node_add b 2
}

teardown() {
	end_test
	end_cluster
}

protocol() {
	agent_says "$1" | jq --arg node "$2" '.nodes[] | select(.node == $node) | .version'
}

# next_release NODE: its agent, from now on, with the library of the next release.
next_release() {
	pgnld=$PGNL_TOP/build/selftests/apart/pgnld-next \
		LD_LIBRARY_PATH=$PGNL_TOP/build/selftests/apart/newer:$LD_LIBRARY_PATH start "$1"
}

release() {
	agent_says "$1" | jq -r .release
}

@test "agents are upgraded one after the other, and nobody sees a member leave" {
	local before
	start a b
	eventually meet a b
	member a web
	member b web
	eventually agree a b
	before=$(view a)
	listen b web

	stop a TERM
	next_release a
	eventually meet a b
	[ "$(release a) $(release b)" = "0.99.0 0.1.0" ]
	[ "$(protocol a b) $(protocol b a)" = "1 1" ]
	eventually same a "$before"
	eventually same b "$before"

	stop b TERM
	next_release b
	eventually meet a b
	[ "$(protocol a b) $(protocol b a)" = "2 2" ]
	eventually same a "$before"
	eventually same b "$before"
	run moves
	[ "$output" = 0 ]
}

@test "an agent is set back to the release before" {
	next_release a
	start b
	eventually meet a b
	member a web
	eventually agree a b
	stop a TERM
	start a
	eventually meet a b
	eventually agree a b
	[ "$(protocol b a)" = 1 ]
}

@test "the module is replaced under agents, and members of others are back" {
	start a b
	eventually meet a b
	rmmod pgnl
	load_module
	eventually meet a b
	member b web
	member a web
	eventually agree a b
	[ "$(view a | wc -l)" = 2 ]
}

@test "an agent whose library does not speak the module's interface ends, and harms nothing" {
	local pid
	start a b
	eventually meet a b
	member a web pid
	eventually states b a up 1
	stop a TERM
	LD_LIBRARY_PATH=$PGNL_TOP/build/selftests/apart/other:$LD_LIBRARY_PATH \
		fails_with "do not speak one version of their interface: install both of one release" \
		on a "$pgnld" -c "$cluster/a.conf"
	[ "$(on a pgnl members web --local --pids)" = "$pid" ]
	start a
	eventually meet a b
	eventually agree a b
}
