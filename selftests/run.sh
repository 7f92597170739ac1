#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh [-t SECONDS] [TEST...]: run test programs and bats files where the module
# is loaded: in a VM, see vm/run. TEST is a name as this prints it, or its last
# part, or a folder; none means all. What is in a folder "long" has to be named.
#
# After each one the kernel log and the tables are looked at as well; what is
# wrong there counts as a failure of that test.
set -u

here=$(dirname "$(readlink -f "$0")")
top=$(dirname "$here")
programs=$top/build/selftests
module=$top/build/kmod-$(uname -r)/pgnl.ko
# shellcheck source=selftests/klog.sh
. "$here/klog.sh"

limit=1200
while getopts t: opt; do
	case $opt in
	t) limit=$OPTARG ;;
	*) echo "usage: run.sh [-t SECONDS] [TEST...]" >&2 && exit 2 ;;
	esac
done
shift $((OPTIND - 1))

if [ "${OUT:-}" ]; then
	logs=$OUT/tests
	mkdir -p "$logs"
else
	logs=$(mktemp -d)
	trap 'rm -rf "$logs"' EXIT
fi

# A C test is named after its program; others by their path below this folder,
# which come later, as they stand on more.
all_tests() {
	find "$here" -name '*_test.[cp]*' -o -name '*.bats' | sort |
		sed -e "s|^$here/||" -e 's|\.c$||' | awk '{ print gsub("/", "/"), $0 }' | sort | cut -d ' ' -f 2
}

# is_named TEST NAME
is_named() {
	[[ $1 == "$2" || $1 == */"$2" || $here/$1 -ef $2 || ($1 == "$2"/* && $1 != */long/*) ]]
}

chosen() {
	local name test found status=0
	mapfile -t tests < <(all_tests)
	for name; do
		found=''
		for test in "${tests[@]}"; do
			is_named "$test" "$name" || continue
			found=1
			echo "$test"
		done
		[ "$found" ] || { echo "run.sh: no test is called $name" >&2; status=2; }
	done
	[ $# -gt 0 ] || printf '%s\n' "${tests[@]}" | grep -v /long/
	return "$status"
}

# A control group holds all that a test starts, so that nothing is left of one
# that was stopped to disturb the next.
cage=/sys/fs/cgroup/selftests

run_test() {
	case $1 in
	*.bats) set -- bats --tap "$here/$1" ;;
	*.py) set -- python3 -B "$here/$1" ;;
	*) set -- "$programs/$1" ;;
	esac
	(echo "$BASHPID" >"$cage/cgroup.procs" && exec timeout -k 5 "$limit" "$@" </dev/null)
}

empty_cage() {
	local tries
	echo 1 >"$cage/cgroup.kill"
	for ((tries = 0; tries < 100; tries++)); do
		grep -q . "$cage/cgroup.procs" || break
		sleep 0.1
	done
}

# What the kernel has said since the mark; all of it when the mark was overrun.
said_since() {
	dmesg | awk -v mark="$1" '{ line[NR] = $0 } index($0, mark) { start = NR }
		END { for (i = start + 1; i <= NR; i++) print line[i] }'
}

# check_kernel MARK: print what is wrong with the kernel after a test.
check_kernel() {
	local bad verdict
	said_since "$1" >"$logs/kernel"
	if bad=$(klog_bad "$logs/kernel"); then
		echo "the kernel log says: $bad"
	fi
	if [ ! -d /sys/module/pgnl ]; then
		echo "the module is gone"
		insmod "$module"
	fi
	verdict=$(cat /sys/kernel/debug/pgnl/verify 2>&1)
	[ "$verdict" = ok ] || echo "the verifier says: $verdict"
}

total_passed=0 total_failed=0 total_skipped=0

report() {
	local test=$1 log mark start status passed failed skipped details wrong
	log=$logs/${test//\//-}.tap
	mark="selftests: $test $$"
	printf '%-28s' "$test"
	echo "$mark" >/dev/kmsg
	start=${EPOCHREALTIME/./}
	run_test "$test" >"$log" 2>&1
	status=$?
	empty_cage
	{
		read -r passed failed skipped
		details=$(cat)
	} < <(awk -v status="$status" -v limit="$limit" -f "$here/tap.awk" "$log")
	wrong=$(check_kernel "$mark")
	[ ! "$wrong" ] || failed=$((failed + 1))

	printf '%4d passed, %d failed, %d skipped %6d.%d s\n' "$passed" "$failed" "$skipped" \
		$(((${EPOCHREALTIME/./} - start) / 1000000)) \
		$(((${EPOCHREALTIME/./} - start) / 100000 % 10))
	[ ! "$details$wrong" ] || printf '%s\n' "$details" "$wrong" | sed -e '/^$/d' -e 's/^/    /'
	[ "$failed" = 0 ] || printf '%s\n' "$wrong" "$details" | sed '/^$/d' | head -n 6 |
		cut -c 1-200 | sed "s|^|$test: |" >>"$logs/failed"
	total_passed=$((total_passed + passed))
	total_failed=$((total_failed + failed))
	total_skipped=$((total_skipped + skipped))
}

list=$(chosen "$@") || exit
[ -d /sys/module/pgnl ] || { echo "run.sh: the module is not loaded" >&2; exit 2; }
mkdir -p "$cage" || exit 2
for test in $list; do
	report "$test"
done
echo "$total_passed passed, $total_failed failed, $total_skipped skipped"
[ "$total_failed" = 0 ]
