/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names that the own kernel knows, as rows of an answer. */
#ifndef PGNLD_GG_NAMES_H
#define PGNLD_GG_NAMES_H

#include <pgnl.h>

#include "gg_frame.h"

struct gg_names;

/* node: of holders of this node; it stays the caller's. NULL: no memory. */
struct gg_names *gg_names_new(const char *node);
void gg_names_free(struct gg_names *names);

/*
 * Who holds a name (a list of one, or of none), or with NULL all names. 0, or -errno:
 * -ENOTCONN there is no module. The list is good until the next call.
 */
int gg_names_look(struct gg_names *names, const char *name);
/* The i-th row of what was looked for last, or false. */
bool gg_names_row(const struct gg_names *names, size_t i, struct gg_row *row);

/* Is its holder a process of this node? */
bool gg_names_is_here(const struct gg_names *names, size_t i);

/* Who may do what with names at all: the rights of the scope that they are in. */
struct gg_names_scope {
	uint32_t owner;		/* uid */
	uint32_t group;		/* gid */
	uint32_t perm;
};

int gg_names_scope(struct gg_names *names, struct gg_names_scope *scope);

#endif
