#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh [gates] [vm]: the gates, which need no kernel of ours, and the tests in
# a VM of each kernel. What they wrote stays in build/check.
set -u

here=$(dirname "$(readlink -f "$0")")
top=$(dirname "$here")
logs=$top/build/check
limit=1800
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
	local path name kernel
	for path in "$here"/gates/*; do
		name=$(basename "$path")
		case $name in
		*.sh) ;;
		modules) for kernel in $(kernels); do gate "$name" "$kernel"; done ;;
		*) gate "$name" ;;
		esac
	done
}

# A VM that dies, or complains after the last test, is one more failure.
vm() {
	local kernel log status passed=0 failed=0 skipped=0
	for kernel in $(kernels); do
		log=$logs/$kernel.log
		echo "Linux $kernel:"
		"$here/vm/run" -k "$kernel" -t "$limit" -o "$logs/$kernel" -- selftests/run.sh |
			tee "$log" | sed -u -e '$!b' -e '/ passed, .* skipped$/d'
		status=${PIPESTATUS[0]}
		read -r passed _ failed _ skipped _ < <(grep -E '^[0-9]+ passed, ' "$log" | tail -n 1)
		count "${passed:-0}" "${failed:-0}" "${skipped:-0}"
		if [ "$status" -gt 1 ]; then
			echo "the VM ended with status $status"
			count 0 1 0
		fi
	done
}

for part in "${@:-}"; do
	case $part in
	gates | vm) "$part" ;;
	*) echo "usage: check.sh [gates] [vm]" >&2 && exit 2 ;;
	esac
done
echo "$total_passed passed, $total_failed failed, $total_skipped skipped"
[ "$total_failed" = 0 ]
