# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016,SC2154
load lib

@test "exec makes the command a member, with no process in between" {
	pid=$(pgnl exec web db --meta here --weight 3 -- sh -c 'echo $$; pgnl members web --pids >&2' \
		2>"$BATS_TEST_TMPDIR/members")
	[ "$(cat "$BATS_TEST_TMPDIR/members")" = "$pid" ]
}

@test "exec hands metadata and weight on" {
	[ "$(pgnl exec web --meta here --weight 3 -- pgnl -j members web |
		jq -c '.[0] | [.meta, .weight]')" = '["here",3]' ]
}

@test "the membership of exec is gone when its command has been waited for" {
	pgnl exec web -- true
	run -3 pgnl members web
	pgnl exec web -- sleep infinity 3>&- &
	pid=$!
	eventually pgnl -q members web --pids
	[ "$(pgnl members web --pids)" = "$pid" ]
	kill -KILL "$pid"
	wait "$pid" || true
	run -3 pgnl members web
}

@test "the exit code of exec is that of its command" {
	run -42 pgnl exec web -- sh -c 'exit 42'
}

@test "exec has exit code 127 for a missing command, 126 for one that can't run" {
	complains 127 exec web -- /nosuch
	has "/nosuch"
	run -127 bash -c 'pgnl exec web -- /nosuch 2>/dev/full'
	complains 126 exec web -- /etc/passwd
	run -3 pgnl members web
}

@test "the command gets its arguments as they are" {
	[ "$(pgnl exec web -- printf '<%s>' --help -- 'a b')" = '<--help><--><a b>' ]
}

@test "exec that can't join all groups joins none and runs nothing" {
	pgnl -s pg2 create db
	complains 2 -s pg2 exec db nosuch -- touch "$BATS_TEST_TMPDIR/ran"
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
	run -3 pgnl -s pg2 members db
	pgnl -s pg2 delete db
}

@test "exec without -- or groups is a usage error" {
	complains 1 exec web true
	has "behind '--'"
	complains 1 exec web --
	complains 1 exec -- true
	complains 1 exec '' -- true
}
