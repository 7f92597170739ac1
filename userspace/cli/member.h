/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members as rows, the same wherever members are printed. */
#ifndef MEMBER_H
#define MEMBER_H

#include <jansson.h>

#include "out.h"

extern const struct column member_columns[];

/* The time of start as a table shows it. */
char *member_show_start(const json_t *ticks);

/* "up", "suspect", "stale" */
const char *member_state(unsigned int state);

/* A row of those columns; node is the name of this node. */
json_t *member_row(const struct pgnl_member *member, const char *node);

#endif
