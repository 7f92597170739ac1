#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh [gates] [modules] [vm]: the gates, which need no kernel of ours; of
# these the builds for each kernel alone; and the tests in a VM of each kernel,
# those in TESTS if it is set. What they wrote stays in build/check.
set -u

here=$(dirname "$(readlink -f "$0")")
top=$(dirname "$here")
logs=$top/build/check
limit=${LIMIT:-3600}
TESTS=${TESTS:-}
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
	*) count 0 1 0 && echo "FAILED" && sed 's/^/    /' "$log" ;;
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

# The tests on one kernel; what it prints is marked by the kernel, but for the sum.
boot() {
	local kernel=$1 mark
	mark=$(cut -d . -f 1,2 <<<"$kernel")
	# shellcheck disable=SC2086 # a list of names
	"$here/vm/run" -k "$kernel" -t "$limit" -o "$logs/$kernel" -- selftests/run.sh $TESTS |
		tee "$logs/$kernel.log" |
		sed -u -e '/^[0-9]* passed, .* skipped$/d' -e "s/^/$(printf '%-6s' "$mark")/"
	echo "${PIPESTATUS[0]}" >"$logs/$kernel.status"
}

# All kernels at once, as a test seldom keeps more than one processor busy. A VM that
# dies, or complains after the last test, is one more failure.
vm() {
	local kernel status passed failed skipped
	for kernel in $(kernels); do
		echo "Linux $kernel: tests in a VM"
		boot "$kernel" &
	done
	wait
	for kernel in $(kernels); do
		passed=0 failed=0 skipped=0
		read -r passed _ failed _ skipped _ < <(grep -E '^[0-9]+ passed, ' "$logs/$kernel.log" | tail -n 1)
		status=$(cat "$logs/$kernel.status")
		echo "Linux $kernel: ${passed:-0} passed, ${failed:-0} failed, ${skipped:-0} were skipped"
		count "${passed:-0}" "${failed:-0}" "${skipped:-0}"
		if [ "$status" -gt 1 ]; then
			echo "the VM ended with status $status"
			count 0 1 0
		fi
	done
}

for part in "${@:-}"; do
	case $part in
	gates | modules | vm) "$part" ;;
	*) echo "usage: check.sh [gates] [modules] [vm]" >&2 && exit 2 ;;
	esac
done
echo "$total_passed passed, $total_failed failed, $total_skipped skipped"
[ "$total_failed" = 0 ]
