#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Keep the workers of a service alive.
#
#	supervisor.sh [-n WORKERS] [-t SECONDS] GROUP -- COMMAND [ARGUMENT...]
#
# Each worker joins the group by itself and becomes COMMAND. The kernel tells
# when one is out of the group and why; the reason is printed and another
# started. SIGTERM ends the workers, then the supervisor. It gives up, with
# status 1, when the workers aren't all there within SECONDS (10), or when more
# than five for each have ended within that time.
#
# It never polls and never sleeps: it reads one pipe, in which the lines of
# "pgnl monitor" and the last word of "pgnl wait" come. It needs jq. The group
# has to be its own, for in the end whoever is in it is ended.
set -u

workers=3 limit=10
usage() {
	echo 'usage: supervisor.sh [-n WORKERS] [-t SECONDS] GROUP -- COMMAND [ARGUMENT...]' >&2
	exit 2
}
while getopts n:t: opt; do
	case $opt in
	n) workers=$OPTARG ;;
	t) limit=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
if [ $# -lt 3 ] || [ "$2" != -- ] || [[ ! "$workers $limit" =~ ^[1-9][0-9]*\ [1-9][0-9]*$ ]]; then
	usage
fi
group=$1
shift 2
command=("$@")

declare -A starting=()	# by pid: whom the group doesn't have yet
declare -A serving=()	# pids by member id, which is never used again
monitor='' waiter=''	# processes of pgnl; they hold the pipe's other end
recount=''		# the waiter may have counted one that has ended since
stopping='' status=0
ends=0 since=0		# so many ends since then

# ---------------------------------------------------------------------------
# Without its writers the pipe is at its end, and so the supervisor is, whatever
# it does when the signal comes.
stop() {
	stopping=1
	# shellcheck disable=SC2086 # each is a pid or nothing
	kill $monitor $waiter 2>/dev/null
}
trap stop TERM INT HUP

give_up() {
	echo "supervisor: $*" >&2
	status=1
	stop
}

# pgnl exec becomes the command, so its pid is the worker's. It stays a job of
# bash until it has joined.
start_worker() {
	pgnl exec "$group" -- "${command[@]}" {events}<&- &
	starting[$!]=1
}

# Its only line is a number when all are there, or else what is wrong.
start_waiter() {
	recount=1
	[ -z "$waiter$stopping" ] || return
	recount=''
	pgnl -j wait "$group" --min "$workers" --timeout "$limit" \
		>"/dev/fd/$events" 2>&1 {events}<&- &
	waiter=$!
	disown "$waiter" 2>/dev/null
	[ -z "$stopping" ] || stop	# amid this, it didn't know the waiter
}

# ---------------------------------------------------------------------------
# What happened, a line for each member: EVENT ID PID WHY.
# shellcheck disable=SC2016 # the variable is jq's
readonly lines='
	def why: if .status == null then .reason
		elif .reason == "killed" then "killed by signal \(.status)"
		else "\(.reason) with status \(.status)" end;
	if .event == "snapshot" then "snapshot \([.members[].id] | join(" "))",
		(.members[] | "join \(.id) \(.pid) joined")
	elif .event == "join" or .event == "leave" then
		. as $event | .members[] | select($event.event == "join" or .count == 0) |
		"\($event.event) \(.id) \(.pid) \($event | why)"
	else .event end'

ended() { # ID WHY
	local pid=${serving[$1]-}
	[ "$pid" ] || return
	unset "serving[$1]"
	echo "worker $pid: $2"
	[ $((SECONDS - since)) -le "$limit" ] || ends=0 since=$SECONDS
	ends=$((ends + 1))
	[ -z "$stopping" ] || return
	if [ "$ends" -gt $((workers * 5)) ]; then
		give_up "$ends workers have ended within $limit seconds"
	else
		start_worker
		start_waiter
	fi
}

# After events were lost for good: who isn't in the list has ended.
compare() { # ID...
	local id
	for id in "${!serving[@]}"; do
		[[ " $* " == *" $id "* ]] || ended "$id" "ended, the reason is lost"
	done
}

hear() { # a line of pgnl -j monitor
	local event id pid why
	# shellcheck disable=SC2086 # ids
	while read -r event id pid why; do
		case $event in
		join)
			[ "${starting[$pid]-}" ] || continue
			unset "starting[$pid]"
			serving[$id]=$pid
			disown "$pid" 2>/dev/null
			echo "worker $pid: $why"
			;;
		leave) ended "$id" "$why" ;;
		snapshot) compare $id $pid $why ;;
		scope-deleted) give_up "the scope was deleted" ;;
		esac
	done < <(jq -r "$lines" <<<"$1")
}

# ---------------------------------------------------------------------------
# The snapshot comes first: from then on no event is missed.
exec {events}< <(exec pgnl -j monitor --initial "$group" 2>&1)
monitor=$!
[ -z "$stopping" ] || stop
read -r -u "$events" line
case $(jq '.members | length' <<<"$line" 2>/dev/null) in
0) ;;
'')
	[ "$stopping" ] || give_up "$line"
	exit "$status"
	;;
*)
	give_up "the group '$group' has members already"
	exit "$status"
	;;
esac

for ((i = 0; i < workers; i++)); do
	start_worker
done
start_waiter
while read -r -u "$events" line; do
	case $line in
	'{'*) hear "$line" ;;
	*[!0-9]*) give_up "$line" ;;
	*)
		waiter=''
		if [ "$recount" ]; then
			start_waiter
		else
			echo "ready: $line workers"
		fi
		;;
	esac
done
[ "$stopping" ] || give_up "the monitor has ended"
trap '' TERM INT HUP

# Whose join hasn't been told yet may be in the group or not, or join only after
# the others were signalled.
mapfile -t jobs < <(jobs -rp)
[ "${#jobs[@]}" = 0 ] || { kill -KILL "${jobs[@]}"; wait "${jobs[@]}"; } 2>/dev/null
pgnl -q signal "$group" TERM >/dev/null
if ! pgnl wait "$group" --empty --timeout "$limit" >/dev/null; then
	pgnl -q signal "$group" KILL >/dev/null
	pgnl wait "$group" --empty >/dev/null || exit 1
fi
echo "stopped: the group is empty"
exit "$status"
