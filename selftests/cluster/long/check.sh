#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh [KERNEL [PART]...]: the cases of Erlang's suites on four nodes, faults, and
# clusters of 8 and of 36 nodes in one VM. PART: suites, faults, "many NODES MB".
set -u

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../../..")
kernel=${1:-6.12}
out=$top/build/check-cluster
failed=0
rm -rf "$out"
mkdir -p "$out"

cases() {
	"$top/selftests/vm/run" -k "$kernel" -t 1800 -o "$out/$1" -- \
		selftests/run.sh -t 1600 "long/$1.bats" || failed=1
}

# shellcheck disable=SC2317 # it is called by its name
many() {
	echo "$1 nodes:"
	"$top/selftests/vm/run" -k "$kernel" -m "$2" -t 3600 -o "$out/$1" -- \
		env NODES="$1" selftests/run.sh -t 3000 long/many.bats || failed=1
}

[ $# -gt 1 ] || set -- "$kernel" suites faults "many 8 3072" "many 36 6144"
for part in "${@:2}"; do
	# shellcheck disable=SC2086 # its words
	case $part in
	many*) $part ;;
	*) cases "$part" ;;
	esac
done
exit "$failed"
