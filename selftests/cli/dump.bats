# SPDX-License-Identifier: GPL-2.0-or-later
# dump, restore
# shellcheck disable=SC2154
load lib

setup() {
	dump=$BATS_TEST_TMPDIR/dump.json
}

@test "dump tells boot, scopes, created groups and members" {
	sleeper pid
	pgnl scope add cli --mode pg2 --owner nobody --perm 0750
	pgnl -s cli create db
	pgnl -s cli join db --pid "$pid" --times 2 --meta x --weight 4
	pgnl dump >"$dump"
	[ "$(jq -r .boot "$dump")" = "$(cat /proc/sys/kernel/random/boot_id)" ]
	[ "$(jq -c '.scopes[] | select(.scope == "cli") |
		[.mode, .cluster, .owner, .perm, (.groups | map(.group))]' "$dump")" = \
		'["pg2",false,65534,"0750",["db"]]' ]
	[ "$(jq -c '.scopes[] | select(.scope == "cli").members' "$dump")" = \
		"[{\"group\":\"db\",\"pid\":$pid,\"start\":$(awk '{ print $22 }' "/proc/$pid/stat"),\
\"count\":2,\"weight\":4,\"meta\":\"x\"}]" ]
	[ "$(pgnl -s cli dump | jq '.scopes | length')" = 1 ]
	[ "$(pgnl -q dump --progress | jq '.scopes | length')" = 4 ]
}

@test "what others share is theirs to dump" {
	local there
	sleeper pid
	pgnl join web --pid "$pid" >/dev/null
	unshare -n sleep infinity 3>&- &
	there=$!
	sleepers+=("$there")
	eventually in_other_netns "$there"
	pgnl scope share pg --netns "/proc/$there/ns/net" --as host
	nsenter -t "$there" -n pgnl dump >"$dump"
	[ "$(jq -c '[.scopes[].scope] | sort' "$dump")" = '["global","pg","pg2"]' ]
	nsenter -t "$there" -n pgnl -q restore "$dump"
}

@test "a member whose process can't be seen has no start time" {
	sleeper pid
	pgnl join web --pid "$pid" >/dev/null
	[ "$(unshare -pf --mount-proc pgnl dump | jq -c '.scopes[].members[] | [.pid, .start]')" = \
		'[0,null]' ]
}

@test "restore brings everything back as it was" {
	sleeper a
	sleeper b
	pgnl scope add cli --mode pg2 --owner nobody --perm 0750
	pgnl -s cli create empty
	pgnl -s cli create db
	pgnl -s cli join db --pid "$a" --times 3 --meta $'\xff\n\ufffd' --weight 4
	pgnl join $'w\xffeb' --pid "$a" "$b" >/dev/null
	pgnl dump >"$dump"
	pgnl scope del cli
	pgnl leave $'w\xffeb' --pid "$a" "$b" >/dev/null
	run -0 --separate-stderr pgnl -j restore "$dump"
	[ "$output" = '{"joined":3,"present":0,"skipped":0,"refused":0}' ]
	[[ $stderr == *"3 joined"* ]]
	[ "$(pgnl dump | jq -S '.scopes | map(.members |= sort_by(.pid) | .groups |= sort_by(.group))')" = \
		"$(jq -S '.scopes | map(.members |= sort_by(.pid) | .groups |= sort_by(.group))' "$dump")" ]
}

@test "restore adds only what is missing" {
	sleeper pid
	pgnl join web --pid "$pid" --times 3
	pgnl dump >"$dump"
	pgnl leave web --pid "$pid"
	[ "$(json . -q restore "$dump")" = '{"joined":1,"present":0,"skipped":0,"refused":0}' ]
	[ "$(pgnl members web --count)" = 3 ]
	pgnl join web --pid "$pid"
	[ "$(json . -q restore "$dump")" = '{"joined":0,"present":1,"skipped":0,"refused":0}' ]
	[ "$(pgnl members web --count)" = 4 ]
}

@test "restore registers names again, but for those that others have" {
	local a b fence
	sleeper a
	sleeper b
	fence=$(pgnl name register cli-x --pid "$a" --resolve random-exit --meta here)
	pgnl name register cli-y --pid "$a" >/dev/null
	pgnl name register cli-z --pid "$a" >/dev/null
	pgnl -s global dump >"$dump"
	pgnl name unregister cli-x
	pgnl name register cli-y --pid "$b" --replace >/dev/null
	run -0 --separate-stderr pgnl -j restore "$dump"
	[ "$output" = '{"joined":1,"present":1,"skipped":1,"refused":0}' ]
	[[ $stderr == *"process $a of group 'cli-y': another process has the name"* ]]
	[ "$(pgnl -j name whereis cli-x | jq -c '.[] | [.pid, .resolve, .meta]')" = \
		"[$a,\"random-exit\",\"here\"]" ]
	[ "$(json '.[].fence' name whereis cli-x | tr -d '"')" -gt "$fence" ]
	jq '.scopes[].members[].resolve = "always"' "$dump" >"$dump.bad"
	complains 1 restore "$dump.bad"
}

@test "restore skips processes that have ended and says so" {
	sleeper a
	sleeper b
	pgnl join web --pid "$a" "$b" >/dev/null
	pgnl dump >"$dump"
	end_sleeper "$a"
	pgnl leave web --pid "$b"
	run -0 --separate-stderr pgnl restore "$dump"
	[[ $stderr == *"skipped process $a of group 'web': it has ended"* ]]
	[ "$(pgnl members web --pids)" = "$b" ]
}

@test "restore does not take another process of the same pid" {
	sleeper pid
	pgnl join web --pid "$pid"
	pgnl dump | jq '(.scopes[].members[] | .start) += 1' >"$dump"
	pgnl leave web --pid "$pid"
	run -3 --separate-stderr pgnl restore "$dump"
	[[ $stderr == *"another process now"* ]]
	run -3 pgnl members web
}

@test "restore of a dump of another boot joins nobody" {
	sleeper pid
	pgnl join web --pid "$pid"
	pgnl dump | jq '.boot = "00000000-0000-0000-0000-000000000000"' >"$dump"
	pgnl leave web --pid "$pid"
	run -3 --separate-stderr pgnl restore "$dump"
	[[ $stderr == *"another boot"* ]]
	run -3 pgnl members web
}

@test "restore reads standard input and one scope if told so" {
	sleeper pid
	pgnl join web --pid "$pid"
	pgnl dump >"$dump"
	pgnl leave web --pid "$pid"
	[ "$(json .joined -q -s pg2 restore - <"$dump")" = 0 ]
	[ "$(json .joined -q -s pg restore - <"$dump")" = 1 ]
}

@test "restore --progress tells how far it is" {
	sleeper pid
	pgnl join web --pid "$pid"
	pgnl dump >"$dump"
	run -0 pgnl restore "$dump" --progress
	[[ $output == *"1 of 1 rows"* ]]
	run -0 --separate-stderr pgnl dump --progress
	[[ $stderr == *"scope pg: 1 rows"* ]]
}

@test "restore refuses a damaged file and changes nothing" {
	sleeper pid
	pgnl scope add cli
	pgnl -s cli join web --pid "$pid"
	pgnl dump >"$dump"
	pgnl scope del cli
	damage() {
		jq "$1" "$dump" >"$dump.bad"
		complains 1 restore "$dump.bad"
		has "dump"
		run -2 pgnl -s cli scopes
	}
	damage 'del(.boot)'
	damage '.pgnl = 2'
	damage '.scopes = 1'
	damage '.scopes[-1].mode = "x"'
	damage '.scopes[-1].perm = "rwx"'
	damage '.scopes[-1].members[0].count = 0'
	damage '.scopes[-1].members[0].pid = "1"'
	damage '.scopes[-1].members[0].group = ""'
	damage '.scopes[-1].members[0].group = ("x" * 256)'
	damage '.scopes[-1].members[0].weight = 1001'
	damage '.scopes[-1].members[0].meta = ("x" * 257)'
	damage 'del(.scopes[-1].members[0].start)'
	damage '.scopes[-1].groups = [{}]'
	head -c 100 "$dump" >"$dump.bad"
	complains 1 restore "$dump.bad"
	has "$dump.bad:1:"
	complains 1 restore /nosuch
	complains 1 restore
}

@test "restore tells what the kernel refused" {
	sleeper pid
	pgnl scope add cli --mode pg2
	pgnl -s cli create db
	pgnl -s cli join db --pid "$pid"
	pgnl dump >"$dump"
	pgnl scope del cli
	pgnl scope add cli --mode pg
	run -2 --separate-stderr pgnl restore "$dump"
	[[ $stderr == *"scope cli is of another mode now"* ]]
}
