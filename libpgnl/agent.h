/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What agent.c and upcall.c share. */
#ifndef LIBPGNL_AGENT_H
#define LIBPGNL_AGENT_H

#include "internal.h"

struct lp_kept;

struct pgnl_agent {
	struct pgnl *handle;
	uint64_t incarnation;
	struct lp_kept *kept;		/* upcalls that are still to be told */
	struct lp_kept **kept_end;
	struct lp_kept *current;	/* what the rest is of */
	struct pgnl_upcall upcall;
	struct pgnl_upcall_target *targets;
	uint64_t *ids;
	size_t n_ids;
};

/* With a handle, before a request that makes the kernel ask. */
void lp_upcall_init(struct pgnl_agent *agent);
void lp_upcall_free(struct pgnl_agent *agent);

#endif /* LIBPGNL_AGENT_H */
