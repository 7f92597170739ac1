# SPDX-License-Identifier: GPL-2.0-or-later
# stats, limits, verify, doctor
# shellcheck disable=SC2154
load lib

@test "stats counts joins, leaves and exits" {
	before=$(pgnl -j stats)
	sleeper a
	sleeper b
	pgnl join web --pid "$a" "$b" >/dev/null
	pgnl leave web --pid "$b"
	end_sleeper "$a"
	run -3 pgnl members web
	exits() { [ "$(pgnl -j stats | jq .exits)" -gt "$(jq .exits <<<"$before")" ]; }
	eventually exits
	after=$(pgnl -j stats)
	[ "$(jq -nc "[$before, $after] | [.[1].joins - .[0].joins, .[1].leaves - .[0].leaves,
		.[1].exits - .[0].exits]")" = '[2,1,1]' ]
}

@test "stats has all counters as table, JSON and metrics" {
	run -0 pgnl stats
	[[ ${lines[0]} =~ ^NAME\ +VALUE$ ]]
	[ "${#lines[@]}" -eq 26 ]
	[ "$(json 'length' stats)" = 25 ]
	run -0 pgnl stats --prometheus
	[[ $output == *'# TYPE pgnl_joins_total counter'* ]]
	[[ $output == *'pgnl_leaves_total{cause="exited"} '* ]]
	[[ $output == *'pgnl_remote_members 0'* ]]
	[ "$(grep -c '^pgnl_leaves_total{' <<<"$output")" = 3 ]
	run ! grep -Ev '^(# (HELP|TYPE) pgnl_[a-z_]+ .+|pgnl_[a-z_]+(\{[^}]+\})? [0-9]+)$' <<<"$output"
	complains 1 -j stats --prometheus
}

@test "limits shows limit and usage and changes limits" {
	[ "$(json '.["net-memberships"] | keys' limits)" = '["limit","usage"]' ]
	was=$(pgnl -j limits | jq '.["net-memberships"].limit')
	sleeper pid
	pgnl join web --pid "$pid"
	[ "$(json '.["net-memberships"].usage' limits)" = 1 ]
	pgnl limits net-memberships=1
	[ "$(json '.["net-memberships"].limit' limits)" = 1 ]
	run -2 --separate-stderr pgnl join db --pid "$pid"
	pgnl limits "net-memberships=$was"
	[[ $stderr == *net-memberships*"Disk quota exceeded"* ]]
	pgnl join db --pid "$pid"
}

@test "limits changes nothing when one of its words is wrong" {
	was=$(pgnl -j limits)
	complains 1 limits net-groups=5 net-nosuch=5
	has "no limit 'net-nosuch'"
	complains 1 limits net-groups=5 net-scopes
	complains 1 limits net-groups=5 net-scopes=many
	complains 1 limits net-groups=-1
	[ "$(pgnl -j limits)" = "$was" ]
}

@test "verify says ok" {
	sleeper pid
	pgnl join web --pid "$pid"
	[ "$(pgnl verify)" = ok ]
	[ "$(json . verify)" = '{"ok":true,"found":null}' ]
}

@test "doctor finds nothing wrong where all is well" {
	run -0 pgnl doctor
	for line in "${lines[@]}"; do
		[[ $line == ok* ]]
	done
	[ "$(json '[.[].ok] | unique' doctor)" = '[true]' ]
	[ "$(json '.[0] | keys_unsorted' doctor)" = '["check","ok","finding","cure"]' ]
}

@test "doctor tells a limit that is nearly used up" {
	was=$(pgnl -j limits | jq '.["net-memberships"].limit')
	sleeper pid
	pgnl join web --pid "$pid"
	pgnl limits net-memberships=1
	run -2 pgnl doctor
	pgnl limits "net-memberships=$was"
	[[ $output == *"problem"*"net-memberships: 1 of 1 in use"*"cure: "* ]]
}

@test "doctor names the processes that have a view" {
	local holder
	coproc view { exec /usr/bin/python3 -c '
import signal, sys
sys.path.insert(0, sys.argv[1])
import pgnl_view
fd = pgnl_view.view_fd("pg")
print("ready", flush=True)
signal.pause()' "${PGNL_TOP:-$BATS_TEST_DIRNAME/../..}/libpgnl/examples"; }
	read -r -u "${view[0]}" _
	holder=$view_PID
	run -0 pgnl doctor
	[[ $output == *"views: 1 process having a view keeps"*": $holder"* ]]
	kill "$holder"
	wait "$holder" || true
	run -0 pgnl doctor
	[[ $output == *"views: no process"* ]]
}
