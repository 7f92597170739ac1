# SPDX-License-Identifier: GPL-2.0-or-later
# Libraries of the releases before and after the module's and the command's: what
# goes on, and what is said where it can't. The libraries are built by ../Makefile.
# shellcheck disable=SC2154
load lib

# with LIBRARY COMMAND...
with() {
	LD_LIBRARY_PATH=$PGNL_TOP/build/selftests/apart/$1:$LD_LIBRARY_PATH "${@:2}"
}

# works LIBRARY: the daily use of it.
works() {
	sleeper pid
	[ "$(with "$1" pgnl join web --pid "$pid" --meta m)" = 1 ]
	[ "$(with "$1" pgnl members web --pids)" = "$pid" ]
	[ "$(with "$1" pgnl -n -o pid pick web)" = "$pid" ]
	with "$1" pgnl monitor web --count 1 --timeout 60 >"$BATS_TEST_TMPDIR/events" 3>&- &
	monitor=$!
	eventually subscribed
	with "$1" pgnl signal web KILL
	wait "$monitor"
	[ "$(<"$BATS_TEST_TMPDIR/events")" = "leave web $pid  killed by signal 9" ] ||
		grep -q "leave *web $pid" "$BATS_TEST_TMPDIR/events"
	run -3 with "$1" pgnl members web
}

subscribed() {
	[ "$(json .subscriptions stats)" -ge 1 ]
}

@test "a library of the release before works with module and command" {
	works older
	run -2 with older pgnl doctor
	[[ $output == *"problem  library: pgnl 0.1.0 runs with the older libpgnl 0.0.0"* ]]
	[[ $output == *"cure: install libpgnl of that release too"* ]]
	[ "$(grep -c ^problem <<<"$output")" = 1 ]
}

@test "a library of the next release works with module and command" {
	works newer
	run -0 with newer pgnl doctor
	[[ $output == *"ok       library: pgnl 0.1.0 runs with the newer libpgnl 0.99.0"* ]]
}

@test "what the next release asks and the module does not know is refused with words" {
	run -2 with newer pgnl scope unshare host --netns /proc/self/ns/net
	[ "$output" = "pgnl: scope unshare: the module does not know this request: it is older than\
 libpgnl (Operation not supported)" ]
}

@test "another version of the interface is told by every command, and by doctor" {
	run -4 with other pgnl groups
	[ "$output" = "pgnl: groups: the kernel module pgnl speaks another version of the interface\
 than libpgnl 0.99.0: install both of one version" ]
	run -4 with other pgnl exec web -- true
	[[ $output == *"another version of the interface"* ]]
	run -4 with other pgnl doctor
	[[ $output == *"problem  module: the module 0.1.0 speaks another version of the interface\
 than libpgnl 0.99.0"* ]]
	[[ $output == *"cure: install pgnl-dkms and libpgnl0 of one release"* ]]
}

@test "a library of another interface leaves what is there alone" {
	sleeper pid
	pgnl join web --pid "$pid"
	run -4 with other pgnl leave web --pid "$pid"
	[ "$(pgnl members web --pids)" = "$pid" ]
}
