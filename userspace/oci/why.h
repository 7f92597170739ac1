/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why something was refused, in one line; the first reason stays. */
#ifndef WHY_H
#define WHY_H

#include <stdbool.h>

struct why {
	char text[512];		/* "": nothing was refused */
};

/* Returns false, for the caller to return. */
bool why(struct why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
