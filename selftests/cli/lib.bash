# SPDX-License-Identifier: GPL-2.0-or-later
# Common to the tests of the command: load it first in every file.
# shellcheck shell=bash disable=SC2034,SC2154
# (bats sets output, stderr and status)

bats_require_minimum_version 1.5.0

sleepers=()

# Start a process to be joined: its pid goes to the named variable.
sleeper() {
	sleep infinity 3>&- &
	sleepers+=($!)
	printf -v "$1" %d $!
}

# End a process of sleeper() and wait until it is reaped.
end_sleeper() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null || true
}

end_sleepers() {
	local pid
	for pid in "${sleepers[@]}"; do
		kill -KILL "$pid" 2>/dev/null || continue
		wait "$pid" 2>/dev/null || true
	done
	sleepers=()
}

# All that a test leaves behind ends here; the scope "cli" is for any test to add.
teardown() {
	end_sleepers
	pgnl -q scope del cli 2>/dev/null || true
}

# Wait until a command succeeds; fail after a long while.
eventually() {
	local limit=$((SECONDS + 60))
	until "$@"; do
		((SECONDS < limit)) || return 1
		sleep 0.05
	done
}

# in_other_netns PID: the process is in another network namespace than the test.
in_other_netns() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# Run pgnl, expect that exit code, nothing on standard output, one line of talk.
# (run would take several processes for it, which cost in a slow machine.)
complains() {
	local code=$1
	shift
	status=0
	output=$(pgnl "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
	mapfile -t stderr_lines <"$BATS_TEST_TMPDIR/stderr"
	stderr=${stderr_lines[0]-}
	[ "$status" -eq "$code" ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == pgnl:* ]]
}

# has TEXT: the complaint has these words.
has() {
	[[ $stderr == *"$1"* ]]
}

# A value of the JSON that a command prints: json FILTER COMMAND...
json() {
	local filter=$1
	shift
	pgnl -j "$@" | jq -c "$filter"
}
