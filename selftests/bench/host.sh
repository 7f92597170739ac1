#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# host.sh [--quick] [ROW...]: build what the bench needs, run it in a VM by the
# clock and in another one by counted instructions, and put the results into
# docs/bench. KVER is the kernel (6.12). With --quick or named rows the results
# are only printed and stay in build/bench.
set -eu

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
out=$top/build/bench
docs=$top/docs/bench
kver=$("$top/selftests/vm/kver" "${KVER:-6.12}")

# run MODE: the results end in $out/VERSION-MODE
run() {
	local mode=$1 count=()
	shift
	[ "$mode" = time ] || count=(-I)
	"$top/selftests/vm/run" -k "$kver" -m 6144 -t 7200 -n "${count[@]}" \
		-o "$out/$kver-$mode" -- selftests/bench/run.sh --mode "$mode" "$@"
}

# The tables of all results, between the marks of the README.
splice() {
	local tables
	tables=$(mktemp)
	trap 'rm -f "$tables"' EXIT
	cat "$docs"/*-time.md "$docs"/*-icount.md >"$tables"
	sed -i -e "/^<!-- results -->/,/^<!-- end of results -->/{//!d}" \
		-e "/^<!-- results -->/r $tables" "$docs/README.md"
}

if [ ! -f "$top/build/kmod-$kver/pgnl.ko" ]; then
	echo "bench: no module for $kver: make first" >&2
	exit 1
fi
make -s -C "$here" O="$top/build" KVER="$kver"
for mode in time icount; do
	run "$mode" "$@"
done
[ $# = 0 ] || exit 0

for mode in time icount; do
	for kind in json md; do
		cp "$out/$kver-$mode/bench.$kind" "$docs/$kver-$mode.$kind"
	done
done
splice
