#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Erlang's pg as an oracle: a short run, from a seed that it prints. "make check-oracle"
# is the long one.

@test "three nodes show what three nodes of Erlang's pg show, whatever happens" {
	[ -e "$PGNL_TOP/build/selftests/pg_node.beam" ] || skip "there is no Erlang here"
	"$BATS_TEST_DIRNAME/oracle.py" --rounds 3 3>&- || {
		cp -r /run/pgnl-cluster "${OUT:-/tmp}/oracle" && false
	}
}
