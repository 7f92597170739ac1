/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of this node's processes that are about global groups, by a socket that any
 * of them may connect to; ../../libpgnl/ask.h says how. What a process may be told is
 * judged by its credentials as of then.
 */
#ifndef PGNLD_LOCAL_H
#define PGNLD_LOCAL_H

#include "gg.h"
#include "gg_link.h"
#include "gg_names.h"

struct local;

struct local_env {
	const struct link_env *link;
	struct gg *gg;
	struct gg_names *names;
	/* Read the configuration again. From malloc(): what is wrong with it; NULL: nothing. */
	char *(*reload)(void *arg);
	void *arg;
	unsigned int limit_ms;		/* LOCAL_MS, but in tests */
};

#define LOCAL_MS	8000		/* for a client to ask, or to read some of its answer */

/* All of these stay the caller's. 0 or -errno: -EADDRINUSE somebody has the name. */
int local_open(const struct local_env *env, struct local **local);
void local_close(struct local *local);

/* This node, and the definition that gg has now: what is asked meanwhile ends. */
void local_configure(struct local *local, const char *node, const struct config_group *groups,
		     size_t n_groups);
/* As gg_out.node. */
void local_node(struct local *local, const char *node, bool up);

#endif
