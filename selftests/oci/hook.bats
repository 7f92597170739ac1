# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016,SC2154,SC2030,SC2031
# The hook by itself, given states as a runtime would.
load ../cli/lib
load lib

# state PID [ANNOTATIONS]
state() {
	jq -n --argjson pid "$1" --argjson annotations "${2:-{\}}" \
		'{ociVersion: "1.0.2", id: "c1", status: "created", pid: $pid, bundle: "/b",
		  annotations: $annotations}'
}

@test "the hook is silent when all is well" {
	sleeper pid
	state "$pid" '{"org.pgnl.join": "container/a;container/b", "org.pgnl.meta": "m n"}' \
		>"$BATS_TEST_TMPDIR/state"
	run -0 "$hook" <"$BATS_TEST_TMPDIR/state"
	[ -z "$output" ]
	[ "$(json 'map(.group) | sort' which "$pid")" = '["container/a","container/b"]' ]
	[ "$(json '.[0].meta' members container/a)" = '"m n"' ]
}

@test "the hook needs no file, and no environment" {
	rm "$conf"
	sleeper pid
	state "$pid" '{"org.pgnl.join": "container/a"}' >"$BATS_TEST_TMPDIR/state"
	run -0 env -i "$hook" <"$BATS_TEST_TMPDIR/state"
	[ -z "$output" ]
	[ "$(pgnl members container/a --pids)" = "$pid" ]
}

@test "without annotations there is nothing to do" {
	sleeper pid
	run -0 "$hook" <<<"$(state "$pid")"
	[ -z "$output" ]
	run -3 pgnl which "$pid"
}

@test "a process that has ended is no failure, even where it is required" {
	sleeper pid
	end_sleeper "$pid"
	run -0 "$hook" <<<"$(state "$pid" '{"org.pgnl.join": "container/a", "org.pgnl.required": "true"}')"
	[ -z "$output" ]
}

@test "a process that the hook can't see is a failure" {
	# In another pid namespace than that of its /proc: what is which can't be told.
	export -f state
	run -1 unshare -pf bash -c 'sleep infinity 3>&- &
		state $! "{\"org.pgnl.join\": \"container/a\", \"org.pgnl.required\": \"true\"}" | "$0"' "$hook"
	[[ $output == *"can't join group 'container/a'"*"not visible in this pid namespace"* ]]
	run -3 pgnl members container/a
}

@test "a state that is none stops the container, which may require its groups" {
	run -1 "$hook" <<<'{"pid": 2'
	[[ $output == "pgnl-oci-hook: the state is no JSON"* ]]
	run -1 "$hook" </dev/null
	run -1 "$hook" </tmp
	[[ $output == *"can't read the state"* ]]
	hook_said "can't read the state"
}

@test "a broken file allows nothing, and its line is told" {
	echo '[allow' >"$conf"
	sleeper pid
	run -0 "$hook" <<<"$(state "$pid" '{"org.pgnl.join": "container/a"}')"
	[ "${lines[0]}" = "pgnl-oci-hook: $conf:1: neither '[section]' nor 'key = value'" ]
	[[ ${lines[1]} == *"is not allowed"* ]]
	run -1 "$hook" <<<"$(state "$pid" '{"org.pgnl.join": "container/a", "org.pgnl.required": "true"}')"
	run -3 pgnl which "$pid"
}

@test "what is not allowed is not even done in part" {
	sleeper pid
	run -0 "$hook" <<<"$(state "$pid" '{"org.pgnl.join": "container/a web"}')"
	run -3 pgnl which "$pid"
}

@test "a runtime that never ends its state is not waited for" {
	printf '[hook]\ndeadline = 0.1\n' >"$conf"
	sleeper pid
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 9<>"$BATS_TEST_TMPDIR/fifo"
	run -1 "$hook" <&9
	[ "$output" = "pgnl-oci-hook: the deadline is over" ]
	exec 9>&-
}

@test "options take the place of annotations" {
	sleeper pid
	run -0 "$hook" --join web --join db --meta m <<<"$(state "$pid" '{"org.pgnl.join": "x"}')"
	[ "$(json 'map(.group) | sort' which "$pid")" = '["db","web"]' ]
	run -1 "$hook" --join '' <<<"$(state "$pid")"
	[[ $output == *"group is empty"* ]]
	run -1 "$hook" --jion web <<<"$(state "$pid")"
	run -1 "$hook" web <<<"$(state "$pid")"
	[[ $output == usage:* ]]
}

@test "--check tells what would be refused, and does nothing" {
	sleeper pid
	run -1 "$hook" --check <<<"$(state "$pid" '{"org.pgnl.join": "web"}')"
	[[ $output == *"group 'web' is not allowed"* ]]
	run -0 "$hook" --check <<<"$(state "$pid" '{"org.pgnl.join": "container/a"}')"
	run -3 pgnl which "$pid"
}

@test "another user's process is not joined" {
	sleeper pid
	state "$pid" '{"org.pgnl.join": "container/a"}' >"$BATS_TEST_TMPDIR/state"
	run -0 setpriv --reuid=nobody --clear-groups "$hook" <"$BATS_TEST_TMPDIR/state"
	[[ $output == *"can't join group 'container/a': no right to signal the process"* ]]
	run -3 pgnl which "$pid"
}

@test "a thread is not joined" {
	run -0 "$hook" <<<"$(state "$(thread_id)" '{"org.pgnl.join": "container/a"}')"
	[[ $output == *"can't"* ]]
}

# A thread that is no process: of whoever has one.
thread_id() {
	python3 -c 'import threading, time, os
threading.Thread(target=lambda: (print(threading.get_native_id(), flush=True), time.sleep(600))).start()
time.sleep(600)' >"$BATS_TEST_TMPDIR/tid" 3>&- &
	sleepers+=($!)
	echo $! >"$BATS_TEST_TMPDIR/pid"
	eventually test -s "$BATS_TEST_TMPDIR/tid"
	cat "$BATS_TEST_TMPDIR/tid"
}
