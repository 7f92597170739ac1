# SPDX-License-Identifier: GPL-2.0-or-later
# The examples of libpgnl; "make tests" builds those in C.
# shellcheck disable=SC2154,SC2030,SC2031
load lib

top=${PGNL_TOP:-$BATS_TEST_DIRNAME/../..}
examples=$top/build/examples

@test "work-queue gets every job done, though a worker is killed amid one" {
	run -0 "$examples/work-queue" jobs 3 20 7
	grep -qx 'job 7: its worker has ended, it goes to another' <<<"$output"
	[[ ${lines[-1]} =~ ^'20 jobs done, '[1-9] ]]
	eventually no_member jobs
	run -0 "$examples/work-queue" jobs 4 200
	[ "$output" = '200 jobs done, 0 of them by another worker than the first' ]
}

@test "work-queue says so when the last worker is killed" {
	run -1 "$examples/work-queue" jobs 1 5 0
	[[ $output == *'nobody is left to work'* ]]
}

no_member() {
	[ -z "$(pgnl -q members "$1" --pids)" ]
}

@test "worker-pool finds an heir for each key" {
	run -0 "$examples/worker-pool" pool 5 a b c
}

# What a worker of web-server answers.
asked() {
	exec 7<>/dev/tcp/127.0.0.1/8077 || return
	printf 'GET / HTTP/1.0\r\n\r\n' >&7
	tail -n 1 <&7
	exec 7>&-
}

has_workers() {
	[ "$(pgnl -q members web --count)" = "$1" ]
}

@test "web-server has a worker for each that ends, and a group that says so" {
	local server pid others
	"$examples/web-server" web 3 8077 >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	server=$!
	sleepers+=("$server")
	eventually has_workers 3
	[ "$(json '[.[].meta] | unique' members web)" = '["http://127.0.0.1:8077"]' ]
	pid=$(pgnl members web --pids | head -n 1)
	kill -KILL "$pid"
	eventually grep -q "another one starts" "$BATS_TEST_TMPDIR/log"
	eventually has_workers 3
	others=$(pgnl members web --pids | sort | paste -sd' ')
	[[ " $others " != *" $pid "* ]]
	run -0 asked
	[[ $output =~ ^"this is "([0-9]+)" of 3: "(.*)$ ]]
	[[ " $others " == *" ${BASH_REMATCH[1]} "* ]]
	[ "$(tr ' ' '\n' <<<"${BASH_REMATCH[2]}" | sort | paste -sd' ')" = "$others" ]
	kill "$server"
	wait "$server"
	eventually no_member web
	run -1 "$examples/web-server" web 0 8077
}

# ---------------------------------------------------------------------------
# Start supervisor.sh; done when it has said what it does when all is well.
supervise() {
	log=$BATS_TEST_TMPDIR/log
	"$top/libpgnl/examples/supervisor.sh" "$@" >"$log" 2>&1 3>&- &
	supervisor=$!
	sleepers+=("$supervisor")
	eventually grep -q '^ready' "$log"
}

# dismiss STATUS: the supervisor ends with that, and nobody is left.
dismiss() {
	local ended=0
	wait "$supervisor" || ended=$?
	[ "$ended" = "$1" ] || { cat "$log" && return 1; }
	no_member pool
	[ "$(tail -n 1 "$log")" = 'stopped: the group is empty' ]
}

said() {
	[ "$(grep -cx "$2" "$log")" = "$1" ]
}

@test "supervisor starts a worker for each that ends, and says why" {
	# shellcheck disable=SC2016 # it is the workers' shell that expands this
	supervise -n 3 pool -- bash -c \
		'trap "exit 3" USR1; exec {never}<> <(:); echo >"$0/$$"; read -r -u "$never"' \
		"$BATS_TEST_TMPDIR"
	said 1 'ready: 3 workers'
	mapfile -t pids < <(pgnl members pool --pids)
	[ "${#pids[@]}" = 3 ]

	kill -KILL "${pids[0]}"
	eventually said 2 'ready: 3 workers'
	said 1 "worker ${pids[0]}: killed by signal 9"

	eventually test -s "$BATS_TEST_TMPDIR/${pids[1]}"
	kill -USR1 "${pids[1]}"
	eventually said 3 'ready: 3 workers'
	said 1 "worker ${pids[1]}: exited with status 3"

	pgnl leave pool --pid "${pids[2]}"
	eventually said 4 'ready: 3 workers'
	said 1 "worker ${pids[2]}: left"

	[ "$(pgnl members pool --count)" = 3 ]
	for pid in "${pids[@]}"; do
		[ "$(pgnl members pool --pids | grep -cx "$pid")" = 0 ]
	done
	kill "$supervisor"
	dismiss 0
	kill "${pids[2]}"	# who has left is none of its business
}

@test "supervisor can be stopped while it waits for a worker, and gives up in time" {
	was=$(json '.["net-memberships"].limit' limits)
	supervise -n 2 -t 600 pool -- sleep infinity
	# No room for a second one: who joins is refused, and never in the group.
	pgnl limits net-memberships=1
	kill -KILL "$(pgnl -n -o pid pick pool)"
	eventually grep -q '^pgnl: exec: .*net-memberships' "$log"
	kill "$supervisor"
	dismiss 0
	run -1 "$top/libpgnl/examples/supervisor.sh" -n 2 -t 1 pool -- sleep infinity
	pgnl limits "net-memberships=$was"
	[[ $output == *"supervisor: pgnl: wait: 1 in group 'pool'"* ]]
	no_member pool
}

@test "supervisor gives up when workers are late or end over and over" {
	run -1 "$top/libpgnl/examples/supervisor.sh" -n 1 -t 500 pool -- false
	[[ $output == *'6 workers have ended within 500 seconds'* ]]
	[ "$(grep -c ': exited with status 1$' <<<"$output")" = 6 ]
	no_member pool
	run -1 "$top/libpgnl/examples/supervisor.sh" -n 1 -t 500 pool -- nosuchcommand
	[[ $output == *': exited with status 127'* ]]
	sleeper a
	pgnl join pool --pid "$a" >/dev/null
	run -1 "$top/libpgnl/examples/supervisor.sh" pool -- sleep infinity
	[ "$output" = "supervisor: the group 'pool' has members already" ]
	run -2 "$top/libpgnl/examples/supervisor.sh" pool
}
