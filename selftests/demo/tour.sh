#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tour.sh [--check]: print README.md with the tour's output as it is now.
#
# Runs every command of README.md's console blocks, in one shell. With --check
# it prints how that differs from README.md, pids, ids and times aside, and
# ends with 1 if it does.
set -u
readme=$(cd "$(dirname "$0")/../.." && pwd)/README.md

tour() {
	local line console=''
	while IFS= read -r line <&3; do
		case $line in
		'```console') console=1 ;;
		'```') console='' ;;
		esac
		case $console,$line in
		1,'$ '*)
			printf '%s\n' "$line"
			eval "${line#\$ }" 2>&1
			;;
		1,'```console' | ,*) printf '%s\n' "$line" ;;
		esac
	done 3<"$readme"
	mapfile -t line < <(jobs -p)
	[ "${#line[@]}" = 0 ] || kill "${line[@]}"
}

# What may differ: numbers of three digits or more, times, widths of columns.
leveled() {
	sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}/TIME/g
		s/[0-9]{3,}/NUMBER/g; s/ +/ /g; s/ $//'
}

case ${1:-} in
--check) diff -u <(leveled <"$readme") <(tour | leveled) ;;
'') tour ;;
*) echo "usage: tour.sh [--check]" >&2 && exit 2 ;;
esac
