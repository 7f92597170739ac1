#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the README shows is what happens.

@test "the tour of the README prints what the README says" {
	"$BATS_TEST_DIRNAME/tour.sh" --check 3>&-
}
