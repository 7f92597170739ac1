/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's harness, with more time for each test. It ends only what hangs; what is
 * done in a second takes minutes on a kernel for debugging in a busy emulator.
 */
#include_next <kselftest_harness.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300
