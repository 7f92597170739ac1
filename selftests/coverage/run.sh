#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# coverage/run.sh [TEST...]: run tests with the library that counts, and put what was
# counted into $OUT/libpgnl; on the coverage kernel the module's counts into $OUT/kmod
# as well. In a VM; the status is that of the tests.
set -u

here=$(dirname "$(readlink -f "$0")")
counts=/sys/kernel/debug/gcov

# Processes of any user add to these files.
umask 0
mkdir -p /tmp/counts "$OUT/kmod" "$OUT/libpgnl"
user=$PGNL_TOP/build/coverage/user
GCOV_PREFIX=/tmp/counts LD_LIBRARY_PATH=$user LD_PRELOAD=$user/exit.so \
	"$here/../run.sh" -t 1200 "$@"
status=$?

# Files of debugfs have no size before they are read.
[ ! -d $counts ] || find $counts -name '*.gcda' | while read -r file; do
	cat "$file" >"$OUT/kmod/$(basename "$file")"
done
find /tmp/counts -name '*.gcda' -exec cp {} "$OUT/libpgnl/" \;
exit $status
