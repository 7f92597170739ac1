#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-symbols.sh LIBRARY: the functions of pgnl.h, those of libpgnl.map, those
# that the shared library exports and those with a man page are to be the same. And
# the library, as an archive, has no variable that can be written: all of its state is
# in handles. Says what is not so.
set -eu

lib=${1:?usage: check-symbols.sh LIBRARY}
here=$(dirname "$0")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Declarations as the compiler sees them, so comments can't mislead.
"${CC:-cc}" -E -P -I"$here/include" "$here/include/pgnl.h" |
	grep -o '\<pgnl_[a-z0-9_]* *(' | tr -d ' (' | sort -u >"$tmp/header"
sed -n 's/^[[:space:]]*\(pgnl_[a-z0-9_]*\);.*/\1/p' "$here/libpgnl.map" |
	sort >"$tmp/map"
nm -D --defined-only "$lib" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
	sort >"$tmp/library"
sed -n 's/^\.Nm \(pgnl_[a-z0-9_]*\).*/\1/p' "$here"/man/*.3 | sort >"$tmp/man"

status=0
for other in map library man; do
	if ! diff -u --label "pgnl.h" --label "$other" "$tmp/header" "$tmp/$other"; then
		status=1
	fi
done
# In .data and .bss; what only the loader writes is in .data.rel.ro.
if nm -A -f sysv "${lib%.so*}.a" | grep -E '\|(\.data|\.bss|\*COM\*)[[:space:]]*$'; then
	echo "these are variables"
	status=1
fi
exit $status
