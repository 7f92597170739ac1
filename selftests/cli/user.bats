# SPDX-License-Identifier: GPL-2.0-or-later
# What the command says to those without rights.
# shellcheck disable=SC2016,SC2154
load lib

as_nobody() {
	setpriv --reuid nobody --regid nogroup --clear-groups "$@"
}

nobody_complains() {
	run -"$1" --separate-stderr as_nobody pgnl "${@:2}"
	[ -z "$output" ]
	[[ $stderr == pgnl:* ]]
}

@test "any user joins groups by itself and lists them" {
	run -0 as_nobody pgnl exec web -- sh -c 'pgnl -n -o pid,uid members web; echo $$'
	[[ ${lines[0]} =~ ^\ *${lines[1]}\ nobody\ *$ ]]
}

@test "another user's process can't be joined or taken out, and is named" {
	sleeper pid
	nobody_complains 2 join web --pid "$pid"
	has "pid $pid"
	has "Operation not permitted"
	pgnl join web --pid "$pid"
	nobody_complains 2 leave web --pid "$pid"
	has "Operation not permitted"
}

@test "scopes, limits and the verifier are the administrator's" {
	nobody_complains 2 scope add cli
	has "Operation not permitted"
	nobody_complains 2 scope set pg --perm 0
	nobody_complains 2 scope del pg
	nobody_complains 2 limits net-groups=1
	nobody_complains 2 verify
	as_nobody pgnl limits
	as_nobody pgnl stats
}

@test "a scope without r and w is closed to others" {
	sleeper pid
	pgnl scope add cli --perm 0700
	pgnl -s cli join web --pid "$pid"
	nobody_complains 2 -s cli groups
	has "Permission denied"
	nobody_complains 2 -s cli members web
	nobody_complains 2 -s cli exec web -- true
	[ "$(pgnl -s cli members web --count)" = 1 ]
}

@test "doctor is content without rights, and not with a closed scope" {
	run -0 as_nobody pgnl doctor
	[[ $output == *"no CAP_NET_ADMIN"* ]]
	pgnl scope add cli --perm 0700
	run -2 as_nobody pgnl -s cli doctor
	[[ $output == *problem*"scope cli can't be read"* ]]
}

@test "restore tells what a user may not bring back" {
	sleeper pid
	pgnl join web --pid "$pid"
	pgnl dump >"$BATS_TEST_TMPDIR/dump.json"
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	pgnl leave web --pid "$pid"
	run -2 as_nobody pgnl restore - <"$BATS_TEST_TMPDIR/dump.json"
	[[ $output == *"Operation not permitted"* ]]
	[[ $output == *"1 refused"* ]]
}

@test "names of processes that /proc hides are null" {
	sleeper pid
	pgnl join web --pid "$pid"
	run -0 unshare -m bash -c 'mount -t proc -o hidepid=2 proc /proc &&
		setpriv --reuid nobody --regid nogroup --clear-groups pgnl -j members web'
	[ "$(jq -c '.[0] | [.pid, .comm, .start]' <<<"$output")" = "[$pid,null,null]" ]
}

@test "a process that the reader's pid namespace hides has pid 0" {
	sleeper pid
	pgnl join web --pid "$pid"
	run -0 unshare -pf --mount-proc pgnl -j members web
	[ "$(jq -c '.[0] | [.pid, .comm, .start, .count]' <<<"$output")" = '[0,null,null,1]' ]
	run -2 unshare -pf pgnl doctor
	[[ $output == *"/proc is not of this pid namespace"* ]]
}

@test "another network namespace has its own groups" {
	sleeper pid
	pgnl join web --pid "$pid"
	run -3 unshare -n pgnl members web
	run -0 unshare -n pgnl doctor
}
