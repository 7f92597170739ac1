#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh [--mode time|icount] [--quick] [ROW...]: what the bench does inside the
# VM, which must have been booted without the module: it is loaded here, and the
# floor's too. The results go to $OUT.
exec python3 -B "$(dirname "$(readlink -f "$0")")/bench.py" "$@"
