# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh: how the demo speaks, shows commands and checks what it says.

# One character for each claim; scripts that the demo starts add to it.
export DEMO_CLAIMS=${DEMO_CLAIMS:-$(mktemp)}
command_line=$'\e[1;36m' heading=$'\e[1;33m' good=$'\e[32m' bad=$'\e[1;31m' pane=$'\e[35m' plain=$'\e[0m'
case ${DEMO_COLOR:-auto} in
always) ;;
auto) [ -t 1 ] || command_line='' heading='' good='' bad='' pane='' plain='' ;;
*) command_line='' heading='' good='' bad='' pane='' plain='' ;;
esac

chapter() {
	printf '\n%s== %s%s\n' "$heading" "$*" "$plain"
}

say() {
	printf '%s\n' "$@"
}

fail() {
	printf '%s  FALSE  %s%s\n' "$bad" "$*" "$plain" >&2
	exit 1
}

# show COMMAND: show a command line, run it, show what it says. Its words stay
# in $shown, its exit status in $status.
show() {
	show_as '#' "$1" "$1"
}

# show_as PROMPT TEXT COMMAND: the same, where what is run differs from what
# is shown.
show_as() {
	printf '%s%s %s%s\n' "$command_line" "$1" "$2" "$plain"
	status=0
	shown=$(eval "$3" 2>&1) || status=$?
	[ -z "$shown" ] || printf '%s\n' "$shown"
}

# beside LOG COMMAND...: show what a command says as it says it, in a pane at the
# right, and write it to the log; $beside_pid is its process group.
beside() {
	local log=$1
	shift
	printf '%s%28s# %s%s\n' "$pane" '' "$*" "$plain"
	# shellcheck disable=SC2016 # the other shell expands this
	setsid bash -c 'log=$1 begin=$2 end=$3; shift 3
		"$@" 2>&1 | while IFS= read -r line; do
			printf "%s%28s| %s%s\n" "$begin" "" "$line" "$end"
			printf "%s\n" "$line" >>"$log"
		done' beside "$log" "$pane" "$plain" "$@" &
	# shellcheck disable=SC2034
	beside_pid=$!
	disown
}

# claim TEXT COMMAND...: the demo ends here unless COMMAND holds.
claim() {
	local text=$1
	shift
	"$@" || fail "$text"
	printf . >>"$DEMO_CLAIMS"
	printf '%s  true  %s%s\n' "$good" "$text" "$plain"
}

# Wait a little, without a process as sleep(1) would be: on a pipe that never
# says anything.
exec {silence}<> <(:)
nap() {
	read -r -t "$1" -u "$silence"
}

# await TEXT COMMAND...: wait until COMMAND holds, for a minute at most.
await() {
	local text=$1 end=$((SECONDS + 60))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || fail "waited for a minute: $text"
		nap 0.05
	done
}

claims() {
	wc -c <"$DEMO_CLAIMS"
}

not() {
	! "$@"
}

# The pids of a group, one in each line; nothing when it is missing. Whatever
# else goes wrong ends the demo, so that silence is never taken for an answer.
members_of() {
	local status=0 words
	words=$(pgnl members "$1" --pids 2>&1) || status=$?
	case $status in
	0) printf '%s\n' "$words" ;;
	3) ;;
	*) fail "pgnl members $1 ended with $status: $words" ;;
	esac
}

is_member() { # GROUP PID
	local pids
	pids=$(members_of "$1") || exit 1
	[[ " ${pids//$'\n'/ } " == *" $2 "* ]]
}

has_members() { # GROUP N
	local pids
	pids=$(members_of "$1") || exit 1
	# shellcheck disable=SC2086 # a list of pids
	set -- "$2" $pids
	[ $(($# - 1)) = "$1" ]
}

# in_state STATE PID: by the letter of proc(5), Z for a zombie.
in_state() {
	local state
	# shellcheck disable=SC2034
	read -r _ _ state _ 2>/dev/null <"/proc/$2/stat" && [ "$state" = "$1" ]
}
