// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <time.h>

#include "deadline.h"

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

struct deadline deadline_in(int64_t limit)
{
	return (struct deadline) { limit == DEADLINE_NEVER ? DEADLINE_NEVER : now() + limit };
}

int deadline_left(const struct deadline *deadline)
{
	int64_t left = deadline->at - now();

	if (deadline->at == DEADLINE_NEVER)
		return -1;
	return left < 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}
