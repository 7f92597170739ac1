/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nodes own, and what they owned before: each state that a row had has a
 * version, which its uid tells, and from which the rest of it follows.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include "../core.h"

struct truth;
struct owner;

struct truth *truth_new(void);
void truth_free(struct truth *truth);

/* A run of a node, by name and incarnation; NULL: there never was one. */
struct owner *truth_owner(struct truth *truth, const char *name, uint64_t incarnation);
struct owner *truth_add(struct truth *truth, const char *name, uint64_t incarnation);

/* Why a row of this id is gone, whenever it is. */
struct core_end truth_end(uint64_t id);

/* The row has this count now; false: it had it already. */
bool owner_set(struct owner *owner, const char *scope, const char *group, uint64_t id,
	       uint32_t count);
uint32_t owner_get(struct owner *owner, const char *scope, const char *group, uint64_t id);
uint64_t owner_rows(const struct owner *owner);
/* Each row that is there now, as it is; until it returns false. */
void owner_each(const struct owner *owner, bool (*each)(void *arg, const struct core_row *row),
		void *arg);
/*
 * The version of a row, if the owner ever had it just so, or 0. Of one that is there
 * now *now is set.
 */
uint32_t owner_knows(const struct owner *owner, const struct core_row *row, bool *now);

#endif
