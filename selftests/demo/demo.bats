#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the demo shows is true, also with a smaller crowd.

@test "every claim of the demo is true" {
	DEMO_CROWD=2000 "$BATS_TEST_DIRNAME/run.sh" 3>&-
}
