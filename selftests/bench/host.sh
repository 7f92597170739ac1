#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# host.sh [--quick] [ROW...]: build what the bench needs; measure in a VM by the
# clock, in another one by counted instructions, and on this machine itself; put
# results, tables and pictures into docs/bench. KVER is the kernel (6.12). With
# --quick or named rows they are only shown and stay in build/bench.
#
# host.sh --cluster [--rounds N] [ROW...]: the same of nodes among each other, in one VM.
#
# host.sh --check [--update]: count the cheaper rows and compare them with what is
# expected, or expect them from now on.
set -eu

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
out=$top/build/bench
docs=$top/docs/bench
kver=$("$top/selftests/vm/kver" "${KVER:-6.12}")

build() {
	[ -f "$top/build/kmod-$kver/pgnl.ko" ] || {
		echo "bench: no module for $kver: make first" >&2
		exit 1
	}
	make -s -C "$here" O="$top/build" KVER="$kver" "$@"
}

# run MODE LIMIT [ARG...]: the results end in $out/VERSION-MODE
run() {
	local mode=$1 limit=$2 count=(-I) folder=$out/$kver-$1 start=$SECONDS
	shift 2
	[ "$mode" != time ] || count=()
	rm -rf "$folder"
	"$top/selftests/vm/run" -k "$kver" -m 6144 -t "$limit" -n "${count[@]}" \
		-o "$folder" -- selftests/bench/run.sh --mode "$mode" "$@"
	echo "bench: $((SECONDS - start)) s" >&2
}

say() {
	printf '\nbench: %s\n' "$*" >&2
}

check() {
	build counted
	say "counted instructions on Linux $kver, one VM, about a minute on a quiet machine"
	run check 1200
	python3 -B "$here/check.py" "$@" "$kver" "$out/$kver-check/bench.json"
}

native() {
	rm -rf "$out/native"
	mkdir -p "$out/native"
	python3 -B "$here/bench.py" --mode native --out "$out/native" "$@"
}

cluster() {
	local mode=cluster start=$SECONDS
	say "clusters of 3 and of 8 nodes on Linux $kver, in a VM; about a quarter of an hour"
	rm -rf "$out/$kver-$mode"
	"$top/selftests/vm/run" -k "$kver" -m 6144 -t 5400 -n -o "$out/$kver-$mode" -- \
		python3 -B selftests/bench/replication.py "$@"
	echo "bench: $((SECONDS - start)) s" >&2
	[ $# = 0 ] || return 0
	cp "$out/$kver-$mode/bench.json" "$docs/$kver-$mode.json"
	python3 -B "$here/report.py" publish "$docs"
}

# Those of a kernel are replaced as a whole, so that all are of one day.
publish() {
	rm -f "$docs/$kver"-time*.json "$docs/$kver"-icount*.json
	for mode in time icount; do
		cp "$out/$kver-$mode/bench.json" "$docs/$kver-$mode.json"
	done
	cp "$out/native/bench.json" "$docs/native.json"
	python3 -B "$here/report.py" publish "$docs"
	echo "The results are in $docs: README.md has the tables."
}

if [ "${1:-}" = --cluster ]; then
	shift
	cluster "$@"
	exit
fi
if [ "${1:-}" = --check ]; then
	shift
	check "$@"
	exit
fi

build all
say "1 of 3: by the clock on Linux $kver, in a VM; about ten minutes on a quiet machine"
run time 3600 "$@"
say "2 of 3: by counted instructions on Linux $kver, in a VM; about four minutes"
run icount 3600 "$@"
say "3 of 3: a look into the image of a view, on this machine itself; under a minute"
native "$@"
if [ $# = 0 ]; then
	publish
else
	for folder in "$out/$kver-time" "$out/$kver-icount" "$out/native"; do
		[ ! -f "$folder/bench.json" ] || python3 -B "$here/report.py" show "$folder" >/dev/null
	done
	echo "Results and pictures are in $out."
fi
