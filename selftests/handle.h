/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of libpgnl begin with. */
#ifndef PGNL_SELFTESTS_HANDLE_H
#define PGNL_SELFTESTS_HANDLE_H

#include <sched.h>
#include <string.h>

#include "pgnl.h"

/* A handle in a network namespace of its own, in a FIXTURE_SETUP. */
#define HANDLE_OR_SKIP(handle) do { \
	int err_; \
\
	ASSERT_EQ(0, unshare(CLONE_NEWNET)); \
	err_ = pgnl_open(&(handle)); \
	if (err_) \
		SKIP(return, "no handle: %s (is the module loaded?)", strerror(-err_)); \
} while (0)

#endif
