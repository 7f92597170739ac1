#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is shown to people is true.

@test "every claim of the demo is true" {
	"$BATS_TEST_DIRNAME/run.sh" 3>&-
}

@test "the tour of the README prints what the README says" {
	"$BATS_TEST_DIRNAME/tour.sh" --check 3>&-
}
