/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Acts on members of other nodes, by libpgnl: what the own kernel asks for goes to
 * the core, what other nodes ask for is done here and answered.
 */
#ifndef PGNLD_FORWARD_H
#define PGNLD_FORWARD_H

#include <stdbool.h>

#include "core.h"

struct pgnl_agent;
struct config;
struct forward;

/* What the own kernel may ask, for pgnl_agent_open(). */
uint32_t forward_acts(const struct config *config);
/* NULL: no memory. The agent stays the caller's. */
struct forward *forward_new(struct pgnl_agent *agent, const struct config *config);
void forward_free(struct forward *forward);
/* Another configuration; what forward_acts() says holds from the next time on. */
void forward_configure(struct forward *forward, const struct config *config);

/* Commands of the core, as in struct core_out. */
void forward_act(struct forward *forward, struct core_text node,
		 const struct core_ticket *ticket, const struct core_act *act);
void forward_answer(struct forward *forward, uint64_t request,
		    const struct core_counts *counts);

/* False: it was not given away. */
bool forward_name_commit(struct forward *forward, uint64_t request, uint64_t fence);
void forward_name_answer(struct forward *forward, uint64_t request,
			 enum core_name_verdict verdict, struct core_text node);
/* False: the kernel could not do it now. */
bool forward_name_evict(struct forward *forward, struct core_text name, uint64_t id,
			uint64_t fence, enum core_evict why, struct core_text other);

/* Once a round: ask the core for what the kernel wants, do what others want. 0, or
 * -ENOTCONN when the role has ended.
 */
int forward_flush(struct forward *forward, struct core *core);

#endif
