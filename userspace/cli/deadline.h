/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A time by which something is to happen. */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <stdint.h>

#define DEADLINE_NEVER	(-1)

struct deadline {
	int64_t at;		/* milliseconds, or DEADLINE_NEVER */
};

/* From now on, in milliseconds; a limit of DEADLINE_NEVER is none. */
struct deadline deadline_in(int64_t limit);
/* Milliseconds that are left, for poll(2): 0 when it has passed, -1 for ever. */
int deadline_left(const struct deadline *deadline);

#endif
