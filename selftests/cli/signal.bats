# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2030,SC2031
load lib

# Start a member of web that notes each HUP in a file: its pid goes to the named
# variable, its file is $BATS_TEST_TMPDIR/PID.
listener() {
	bash -c 'trap "echo HUP >>$0/\$\$" HUP; : >"$0/$$"
		while :; do sleep infinity & wait $!; kill $!; done' \
		"$BATS_TEST_TMPDIR" 3>&- &
	sleepers+=($!)
	printf -v "$1" %d $!
	eventually [ -e "$BATS_TEST_TMPDIR/$!" ]
	pgnl join web --pid $! >/dev/null
}

hups() {
	grep -c HUP "$BATS_TEST_TMPDIR/$1" || true
}

has_hups() {
	[ "$(hups "$1")" = "$2" ]
}

# Has a process ended by that signal?
ended_by() {
	local status=0
	wait "$1" || status=$?
	[ "$status" = $((128 + $2)) ]
}

@test "signal reaches every member and prints how many" {
	listener a
	listener b
	[ "$(pgnl signal web HUP)" = 'reached 2, refused 0, gone 0' ]
	eventually has_hups "$a" 1
	eventually has_hups "$b" 1
	[ "$(pgnl -j signal web SIGHUP)" = '{"reached":2,"refused":0,"gone":0,"unreachable":0}' ]
	eventually has_hups "$a" 2
}

@test "the signal is TERM when none is named" {
	sleeper a
	pgnl join web --pid "$a" >/dev/null
	pgnl signal web
	ended_by "$a" 15
}

@test "a signal may be a name, with SIG or without, or a number" {
	for signal in KILL SIGKILL sigkill 9 RTMIN+2 rtmin SIGRTMAX 64; do
		sleeper a
		pgnl join web --pid "$a" >/dev/null
		[ "$(pgnl signal web "$signal")" = 'reached 1, refused 0, gone 0' ]
		case $signal in
		RTMIN+2) ended_by "$a" 36 ;;
		rtmin) ended_by "$a" 34 ;;
		SIGRTMAX | 64) ended_by "$a" 64 ;;
		*) ended_by "$a" 9 ;;
		esac
	done
}

@test "--dry-run sends nothing" {
	listener a
	[ "$(pgnl signal web HUP --dry-run)" = 'reached 1, refused 0, gone 0' ]
	[ "$(pgnl signal web 0)" = 'reached 1, refused 0, gone 0' ]
	pgnl signal web HUP
	eventually has_hups "$a" 1
}

@test "--one, --id and --uid choose who gets it" {
	sleeper a
	sleeper b
	setpriv --reuid nobody --regid nogroup --clear-groups sleep infinity 3>&- &
	c=$!
	sleepers+=("$c")
	eventually grep -q "^Uid:[[:space:]]*65534" "/proc/$c/status"
	pgnl join web --pid "$a" "$b" "$c" >/dev/null
	id_of_b=$(pgnl -j members web | jq -r --argjson pid "$b" '.[] | select(.pid == $pid).id')
	[ "$(pgnl signal web 0 --one)" = 'reached 1, refused 0, gone 0' ]
	[ "$(pgnl signal web 0 --local --others)" = 'reached 3, refused 0, gone 0' ]
	[ "$(pgnl signal web KILL --uid nobody)" = 'reached 1, refused 0, gone 0' ]
	ended_by "$c" 9
	[ "$(pgnl signal web KILL --id 1 --id "$id_of_b")" = 'reached 1, refused 0, gone 0' ]
	ended_by "$b" 9
	[ "$(pgnl members web --pids)" = "$a" ]
}

@test "--others leaves the command itself out" {
	sleeper a
	pgnl join web --pid "$a" >/dev/null
	[ "$(pgnl exec web -- pgnl signal web KILL --others)" = 'reached 1, refused 0, gone 0' ]
	ended_by "$a" 9
}

@test "--value comes with the signal" {
	python3 -c 'import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print(flush=True)
info = signal.sigwaitinfo({signal.SIGUSR1})
print(info.si_code, info.si_uid, flush=True)' >"$BATS_TEST_TMPDIR/out" 3>&- &
	sleepers+=($!)
	eventually [ -s "$BATS_TEST_TMPDIR/out" ]
	pgnl join web --pid $! >/dev/null
	pgnl signal web USR1 --value 42
	wait $!
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" = '-1 0' ]
}

@test "exit code 2 and a count when somebody is refused" {
	sleeper a
	pgnl join web --pid "$a" >/dev/null
	run -2 --separate-stderr setpriv --reuid nobody --clear-groups pgnl signal web
	[ "$output" = 'reached 0, refused 1, gone 0' ]
	has 'no right to signal 1 of 1'
	kill -0 "$a"
}

@test "exit code 3 when nobody is there" {
	run -3 --separate-stderr pgnl signal nosuch
	[ "$output" = 'reached 0, refused 0, gone 0' ]
	has 'no such group'
	run -3 --separate-stderr pgnl -q -j signal nosuch --one
	[ "$output" = '{"reached":0,"refused":0,"gone":0,"unreachable":0}' ]
	[ -z "$stderr" ]
	pgnl -s pg2 create empty
	run -3 pgnl -s pg2 signal empty
	run -3 pgnl -s pg2 signal empty --one
	pgnl -s pg2 delete empty
	sleeper a
	pgnl join web --pid "$a" >/dev/null
	run -3 pgnl signal web --id 1
	run -3 pgnl signal web --uid 12345
	complains 2 -s nowhere signal web
}

@test "signal refuses what is no signal, value, id or user" {
	for signal in 65 -1 HUPP SIG SIG9 RTMIN+31 RTMIN+ RTMIN-1 1x ''; do
		complains 1 signal web -- "$signal"
		has "no signal '$signal'"
	done
	complains 1 signal web --value x
	complains 1 signal web --id 0
	complains 1 signal web --uid nosuchuser
	complains 1 signal web --one --others
	complains 1 signal web --one --id 5
	complains 1 signal
	complains 1 signal ''
	complains 1 signal web HUP INT
}
