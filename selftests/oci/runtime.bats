# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2034,SC2030,SC2031,SC2086
# The hook under the runtimes themselves.
load ../cli/lib
load lib

teardown() {
	crun delete -f c1 2>/dev/null || true
	runc delete -f c1 2>/dev/null || true
	pgnl -q scope del cli 2>/dev/null || true
	end_sleepers
}

# A container joins before its command runs, and leaves by ending.
joins_and_leaves() {
	bundle "$1" 'exit 7' 'org.pgnl.join=container/web container/db' org.pgnl.meta=tcp:80
	pgnl -j monitor container/web --count 2 --timeout 120 >"$BATS_TEST_TMPDIR/events" 3>&- &
	monitor=$!
	eventually has_stat subscriptions 1
	run -7 "$1" run --bundle $bundles/c c1
	run -3 pgnl members container/web
	run -3 pgnl members container/db
	wait "$monitor"
	[ "$(jq -c '[.event, .reason, .status]' "$BATS_TEST_TMPDIR/events")" = \
		$'["join","joined",null]\n["leave","exited",7]' ]
}

has_stat() {
	[ "$(pgnl -j stats | jq ".$1")" = "$2" ]
}

@test "crun: a container joins before it runs, and leaves with its init" {
	joins_and_leaves crun
}

@test "runc: a container joins before it runs, and leaves with its init" {
	joins_and_leaves runc
}

# Its init is the member, no child of it, and nothing that is put into it later.
init_is_the_member() {
	bundle "$1" 'sleep 1000 & sleep 1000' org.pgnl.join=container/web
	start "$1"
	eventually has_members container/web 1
	eventually "$1" exec c1 /bin/true
	[ "$(pgnl members container/web --pids)" = "$(init_pid "$1")" ]
	"$1" kill c1 KILL
	wait "$runner" || true
	run -3 pgnl members container/web
}

@test "crun: the member is the container's init, and no other" {
	init_is_the_member crun
}

@test "runc: the member is the container's init, and no other" {
	init_is_the_member runc
}

# What may not be is logged, and the container runs.
runs_without() {
	bundle "$1" 'exit 7' org.pgnl.join=web
	run -7 "$1" run --bundle $bundles/c c1
	hook_said "container c1: group 'web' is not allowed by $conf"
}

@test "crun: a container runs without groups it may not join" {
	runs_without crun
}

@test "runc: a container runs without groups it may not join" {
	runs_without runc
}

# Where groups are required, a container that can't join does not start.
does_not_start() {
	bundle "$1" "echo started" org.pgnl.join=web org.pgnl.required=true
	run "$1" run --bundle $bundles/c c1
	[ "$status" -ne 0 ]
	[[ $output != *started* ]]
	run -3 pgnl members web
	hook_said "not allowed"
}

@test "crun: a container does not start without groups it requires" {
	does_not_start crun
}

@test "runc: a container does not start without groups it requires" {
	does_not_start runc
}

@test "runc shows what the hook says" {
	bundle runc true org.pgnl.join=web org.pgnl/required=true
	run runc run --bundle $bundles/c c1
	[[ $output == *"group 'web' is not allowed"* ]]
}

# It has joined when another hook fails, and the runtime kills it.
dies_in_create() {
	bundle "$1" 'echo started' org.pgnl.join=container/web
	edit_bundle '.hooks.createRuntime += [{path: "/bin/false"}]'
	pgnl -j monitor container/web --count 2 --timeout 120 >"$BATS_TEST_TMPDIR/events" 3>&- &
	monitor=$!
	eventually has_stat subscriptions 1
	run "$1" run --bundle $bundles/c c1
	[ "$status" -ne 0 ]
	[[ $output != *started* ]]
	wait "$monitor"
	[ "$(jq -r .event "$BATS_TEST_TMPDIR/events")" = $'join\nleave' ]
	run -3 pgnl members container/web
}

@test "crun: a container that dies while it is created leaves" {
	dies_in_create crun
}

@test "runc: a container that dies while it is created leaves" {
	dies_in_create runc
}

@test "a container of a pod joins what is its own" {
	bundle crun 'sleep 1000' org.pgnl.join=container/pod org.pgnl.join.web=container/web \
		org.pgnl.join.db=container/db io.kubernetes.container.name=web org.pgnl.required=true
	start crun
	eventually has_members container/web 1
	[ "$(json 'map(.group) | sort' which "$(init_pid crun)")" = '["container/pod","container/web"]' ]
	eventually crun kill c1 KILL
	wait "$runner" || true
	run -3 pgnl members container/pod
}

# What reads the log has stopped, and its queue is full.
deaf_log() {
	python3 -c '
import signal, socket
log, sender = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for i in range(2))
log.bind("/dev/log")
sender.connect("/dev/log")
sender.setblocking(False)
try:
    while True:
        sender.send(b"full")
except BlockingIOError:
    print("full", flush=True)
signal.pause()' >"$BATS_TEST_TMPDIR/log" 3>&- &
	sleepers+=($!)
	eventually grep -q full "$BATS_TEST_TMPDIR/log"
}

@test "a hook that stands still is not waited for beyond its deadline" {
	[ ! -e /dev/log ] || skip "this machine has a log"
	printf '[hook]\ndeadline = 1\n' >"$conf"
	deaf_log
	bundle runc 'exit 7' org.pgnl.join=web
	run -7 runc run --bundle $bundles/c c1
	bundle crun 'exit 7' org.pgnl.join=web
	run -7 crun run --bundle $bundles/c c1
	edit_bundle '.annotations["org.pgnl.required"] = "true"'
	run crun run --bundle $bundles/c c1
	rm /dev/log
	[ "$status" -ne 0 ] && [ "$status" -ne 7 ]
}

@test "a container holds a name; the next one can't, and says so" {
	write_conf 'names = primary'
	sleeper pid
	pgnl name register primary --pid "$pid"
	bundle crun true org.pgnl.name=primary org.pgnl.required=true
	run crun run --bundle $bundles/c c1
	[ "$status" -ne 0 ]
	hook_said "can't register name 'primary': it is taken"
	end_sleeper "$pid"
	bundle crun 'sleep 1000' org.pgnl.name=primary org.pgnl.required=true
	start crun
	eventually pgnl -q name whereis primary
	[ "$(pgnl -n -o pid name whereis primary)" = "$(init_pid crun)" ]
	eventually crun kill c1 KILL
	wait "$runner" || true
	run -3 pgnl name whereis primary
}

in_cli_scope() {
	[ "$(pgnl -s cli members web --count)" = 1 ]
}

@test "a container joins in the scope it names" {
	write_conf 'scopes = cli' 'groups = *'
	pgnl scope add cli --mode pg2
	bundle crun 'sleep 1000' org.pgnl.join=web org.pgnl.scope=cli org.pgnl.required=true
	run crun run --bundle $bundles/c c1
	[ "$status" -ne 0 ]
	hook_said "can't join group 'web': no such group"
	pgnl -s cli create web
	start crun
	eventually in_cli_scope
	eventually crun kill c1 KILL
	wait "$runner" || true
	pgnl scope del cli
}

@test "a scope is shared into a container that asks for it and may" {
	bundle crun 'sleep 1000' org.pgnl.join=container/web org.pgnl.share=pg=host \
		org.pgnl.required=true
	run crun run --bundle $bundles/c c1
	[ "$status" -ne 0 ]
	hook_said "sharing of scope 'pg' is not allowed"
	write_conf 'share = pg'
	start crun
	eventually has_members container/web 1
	inside=$(init_pid crun)
	in=(nsenter -t "$inside" -n pgnl -s host)
	[ "$("${in[@]}" members container/web --pids)" = "$inside" ]
	eventually crun kill c1 KILL
	wait "$runner" || true
}

@test "inside, a container lists and watches a shared scope, with pids of its own" {
	local other watcher
	write_conf 'share = pg'
	make_pgnl
	pgnl scope add cli
	sleeper other
	bundle crun 'sleep 1000' org.pgnl.join=container/web org.pgnl.share=pg=host \
		org.pgnl.required=true
	start crun
	eventually has_members container/web 1
	pgnl join container/web --pid "$other"
	eventually crun exec c1 /bin/true
	[ "$(crun exec c1 pgnl -j -s host members container/web | jq -c 'map(.pid) | sort')" = '[0,1]' ]
	[ "$(crun exec c1 pgnl -n -o scope scopes | sort | paste -sd' ')" = 'global host pg pg2' ]
	run ! crun exec c1 pgnl -s cli groups

	crun exec c1 pgnl -j -s host monitor container/web --initial --count 2 --timeout 120 \
		>"$BATS_TEST_TMPDIR/events" 3>&- &
	watcher=$!
	eventually grep -q snapshot "$BATS_TEST_TMPDIR/events"
	end_sleeper "$other"
	wait "$watcher"
	[ "$(jq -c '[.event, .members[0].pid, .reason]' "$BATS_TEST_TMPDIR/events" | tail -n 1)" = \
		'["leave",0,"killed"]' ]

	eventually crun kill c1 KILL
	wait "$runner" || true
	pgnl scope del cli
}

@test "without the module a container runs, unless it requires it" {
	bundle crun 'exit 7' org.pgnl.join=container/web
	rmmod pgnl
	run -7 crun run --bundle $bundles/c c1
	edit_bundle '.annotations["org.pgnl.required"] = "true"'
	run crun run --bundle $bundles/c c1
	insmod "$PGNL_TOP/build/kmod-$(uname -r)/pgnl.ko"
	[ "$status" -ne 0 ] && [ "$status" -ne 7 ]
	hook_said "the kernel module pgnl is not loaded"
}
