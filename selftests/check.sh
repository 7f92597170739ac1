#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh [gates] [modules] [vm]: the gates, which need no kernel of ours; of
# these the builds for each kernel alone; and the tests in VMs: those in TESTS if it
# is set, all of them on each kernel if FULL is. What they wrote stays in build/check.
set -u

here=$(dirname "$(readlink -f "$0")")
top=$(dirname "$here")
logs=$top/build/check
limit=${LIMIT:-3600}
TESTS=${TESTS:-} FULL=${FULL:-}
rm -rf "$logs"
mkdir -p "$logs"

total_passed=0 total_failed=0 total_skipped=0

count() {
	total_passed=$((total_passed + $1))
	total_failed=$((total_failed + $2))
	total_skipped=$((total_skipped + $3))
}

kernels() {
	local series
	for series in ${KVER:-6.1 6.12}; do
		"$here/vm/kver" "$series" || echo "$series"
	done
}

# gate NAME [ARG]: run one of gates/; status 77 means it cannot run here.
gate() {
	local log=$logs/gate-$1${2:+-$2} start=$SECONDS
	printf '%-44s' "gate: $*"
	"$here/gates/$1" "${@:2}" >"$log" 2>&1 </dev/null
	case $? in
	0) count 1 0 0 && echo "passed $((SECONDS - start)) s" ;;
	77) count 0 0 1 && echo "skipped: $(tail -n 1 "$log")" ;;
	*)
		count 0 1 0
		echo "FAILED" && sed 's/^/    /' "$log"
		tail -n 3 "$log" | sed "s/^/gate $1: /" >>"$logs/failed"
		;;
	esac
}

gates() {
	local path name
	for path in "$here"/gates/*; do
		[ -x "$path" ] || continue
		name=$(basename "$path")
		case $name in
		modules) modules ;;
		*) gate "$name" ;;
		esac
	done
}

modules() {
	local kernel
	for kernel in $(kernels); do gate modules "$kernel"; done
}

# What is run on a kernel, a line for each VM: how many processors it has, and the
# tests. Those of the kernel want two, for races. Any other VM has one: two at once with
# two each take about twice as long, as a processor that waits for a lock is emulated too.
# The newest kernel has everything; on the others it is what depends on the kernel, unless
# FULL is set.
parts() {
	local kernel_tests
	kernel_tests=$(cd "$here" && printf '%s ' *_test.c | sed 's/\.c / /g')
	if [ "$TESTS" ]; then
		echo "2 $TESTS"
		return
	fi
	echo "2 $kernel_tests"
	if [ "$FULL" ] || [ "$1" = "$(kernels | tail -n 1)" ]; then
		echo 1 cluster
		echo 1 cli clients demo docs fuzz oci
	else
		echo 1 demo/demo.bats cluster/start.bats clients
	fi
}

# A line for each VM, CPUS KERNEL TESTS..., with the small ones first.
plan() {
	local kernel
	for kernel in $(kernels | tac); do
		parts "$kernel" | sed "s/ / $kernel /"
	done | sort -s -n -k 1,1
}

# boot KERNEL JOB CPUS TESTS...: in one VM; what it prints is marked by the kernel, but for
# the sum.
boot() {
	local kernel=$1 job=$2 mark
	mark=$(cut -d . -f 1,2 <<<"$kernel")
	"$here/vm/run" -k "$kernel" -c "$3" -t "$limit" -o "$logs/$job" -- \
		selftests/run.sh "${@:4}" |
		tee "$logs/$job.log" |
		sed -u -e '/^[0-9]* passed, .* skipped$/d' -e "s/^/$(printf '%-6s' "$mark")/"
	echo "${PIPESTATUS[0]}" >"$logs/$job.status"
}

# A VM that dies, or complains after the last test, is one more failure.
sum_up() {
	local status passed=0 failed=0 skipped=0
	read -r passed _ failed _ skipped _ < <(grep -E '^[0-9]+ passed, ' "$logs/$1.log" | tail -n 1)
	status=$(cat "$logs/$1.status" 2>/dev/null)
	echo "Linux $1: ${passed:-0} passed, ${failed:-0} failed, ${skipped:-0} were skipped"
	count "${passed:-0}" "${failed:-0}" "${skipped:-0}"
	[ ! -e "$logs/$1/tests/failed" ] || sed "s/^/$1: /" "$logs/$1/tests/failed" >>"$logs/failed"
	if [ "${status:-125}" -gt 1 ]; then
		echo "the VM ended with status ${status:-125}" | tee -a "$logs/failed"
		count 0 1 0
	fi
}

# As many VMs at once as there are processors for them.
vm() {
	local kernel cpus tests job jobs=() free pid
	local -A held=()
	free=$(nproc)
	while read -r cpus kernel tests; do
		while [ "$free" -lt "$cpus" ] && [ "${#held[@]}" -gt 0 ]; do
			wait -n -p pid "${!held[@]}"
			free=$((free + held[$pid]))
			unset "held[$pid]"
		done
		job=$kernel-${#jobs[@]}
		jobs+=("$job")
		echo "Linux $kernel: tests in a VM"
		# shellcheck disable=SC2086 # a list of names
		boot "$kernel" "$job" "$cpus" $tests </dev/null &
		held[$!]=$cpus
		free=$((free - cpus))
	done < <(plan)
	wait
	for job in "${jobs[@]}"; do sum_up "$job"; done
}

for part in "${@:-}"; do
	case $part in
	gates | modules | vm) "$part" ;;
	*) echo "usage: check.sh [gates] [modules] [vm]" >&2 && exit 2 ;;
	esac
done
# Once more what failed, where the reader of a long log looks first.
[ ! -e "$logs/failed" ] || cat "$logs/failed"
echo "$total_passed passed, $total_failed failed, $total_skipped skipped"
[ "$total_failed" = 0 ]
