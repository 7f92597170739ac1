#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh [KERNEL [PART]...]: the cases of Erlang's suites on four nodes, faults, clusters
# of 8 and of 36 nodes in one VM, two VMs with a cable between them, and a short run of the
# soak. PART: suites, faults, "many NODES MB", wire, soak.
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

# machine NODE LIFE: of two, which have one key.
machine() {
	"$top/selftests/vm/run" -k "$kernel" -c 1 -t 900 -w "$out/cable" -o "$out/$1-$2" -- \
		env NODE="$1" LIFE="$2" KEY="$out/key" selftests/run.sh -t 800 long/wire.bats
}

# The first life of the second one ends by a reset in its last test, before its sum.
wire() {
	local first
	echo "two VMs:"
	LD_LIBRARY_PATH=$top/build/lib "$top/build/bin/pgnld" --new-key "$out/key" || exit
	machine a 1 >"$out/a-1.log" 2>&1 &
	first=$!
	until [ -S "$out/cable" ]; do
		kill -0 "$first" 2>/dev/null || break
		sleep 0.1
	done
	machine b 1 >"$out/b-1.log" 2>&1
	if ! grep -qs '^ok 5' "$out"/b-1/tests/* || grep -h '^not ok' "$out"/b-1/tests/*; then
		cat "$out/b-1.log" "$out"/b-1/tests/*
		failed=1
	fi
	machine b 2 || failed=1
	wait "$first" || failed=1
	cat "$out/a-1.log"
}

# Whether it works; for what it finds it takes longer.
soak() {
	"$top/selftests/cluster/soak/pauses" "$out/soak" \
		"$top/selftests/vm/run" -k "$kernel" -t 900 -o "$out/soak" -- \
		selftests/cluster/soak/soak.py --seconds 120 || failed=1
}

[ $# -gt 1 ] || set -- "$kernel" suites faults "many 8 3072" "many 36 6144" wire soak
for part in "${@:2}"; do
	# shellcheck disable=SC2086 # its words
	case $part in
	many*) $part ;;
	wire) wire ;;
	soak) soak ;;
	*) cases "$part" ;;
	esac
done
exit "$failed"
