/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests without a kernel; they print TAP. */
#ifndef PGNL_SELFTESTS_CHECK_H
#define PGNL_SELFTESTS_CHECK_H

#include <stdbool.h>
#include <stdio.h>

static int tests, failures;
static bool failed;

#define CHECK(condition) do {						\
	if (!(condition)) {						\
		printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition);	\
		failed = true;						\
	}								\
} while (0)

#define RUN(test) do {							\
	failed = false;							\
	test();								\
	tests++;							\
	failures += failed;						\
	printf("%s %d - %s\n", failed ? "not ok" : "ok", tests, #test);	\
} while (0)

static inline int check_result(void)
{
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}

#endif
