#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every command of the documents' blocks of commands works.
# shellcheck disable=SC2016
load ../cli/lib

# run_blocks FILE: what its console blocks say, in one shell, which ends at the
# first command that fails.
run_blocks() {
	sed -n '/^```console$/,/^```$/s/^\$ //p' "$PGNL_TOP/docs/$1" >"$BATS_TEST_TMPDIR/commands"
	[ -s "$BATS_TEST_TMPDIR/commands" ]
	bash -exo pipefail "$BATS_TEST_TMPDIR/commands" 3>&-
}

@test "operation.md" {
	run_blocks operation.md
}
