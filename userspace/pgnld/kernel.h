/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The own kernel, by libpgnl alone: what changes in it goes to the core, what the
 * core commands goes to it. One object is one time in the role of the agent.
 */
#ifndef PGNLD_KERNEL_H
#define PGNLD_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "core.h"

struct event_base;
struct config;
struct kernel;

/* Take the role. -ENOTCONN: no module; -EBUSY: there is an agent; -EPERM: no right.
 * Words of the kernel's, if there are any, go to the log.
 */
int kernel_open(struct event_base *base, const struct config *config, struct kernel **kernel);
/* Remote rows stay, stale, for the agent that comes next. */
void kernel_close(struct kernel *kernel);

/* The role. */
struct pgnl_agent *kernel_agent(const struct kernel *kernel);
/* Of this node's rows, for core_new(). */
uint64_t kernel_incarnation(const struct kernel *kernel);
/* Rows that it takes of one node, by its limit node-remotes: of now, or if it can't be
 * asked, of when it could, or else the limit that it begins with.
 */
uint64_t kernel_rows_max(struct kernel *kernel);

/* Begin: tell the core the nodes and rows that are there, and what changes. woken is
 * called before anything is told from the loop. 0 or -errno.
 */
int kernel_start(struct kernel *kernel, struct core *core, void (*woken)(void *arg), void *arg);

/* Commands of the core, as in struct core_out, with the kernel for arg. */
void kernel_node(void *arg, struct core_text node, uint64_t incarnation,
		 enum core_node_state state);
void kernel_begin(void *arg, struct core_text node, uint64_t incarnation);
void kernel_put(void *arg, struct core_text node, uint64_t incarnation,
		const struct core_row *row);
void kernel_commit(void *arg, struct core_text node, uint64_t incarnation);
void kernel_act(void *arg, struct core_text node, const struct core_ticket *ticket,
		const struct core_act *act);
void kernel_answer(void *arg, uint64_t request, const struct core_counts *counts);

/* Another configuration. Rows that found no room are asked for, should there be some. */
void kernel_configure(struct kernel *kernel, const struct config *config);

uint64_t kernel_name_commit(void *arg, uint64_t request, struct core_text name, uint64_t fence);
void kernel_name_answer(void *arg, uint64_t request, enum core_name_verdict verdict,
			struct core_text node);
bool kernel_owns_names(void *arg, uint32_t uid);
bool kernel_name_evict(void *arg, struct core_text name, uint64_t id, uint64_t fence,
		       enum core_evict why, struct core_text other);

/* At the end of a round: send the rows that have gathered. The core may be asked to
 * resync what the kernel did not take, so core_flush() comes after this.
 */
void kernel_flush(struct kernel *kernel);

/* The role has ended, by the module's end, say; only kernel_close() is left. */
bool kernel_is_lost(const struct kernel *kernel);

struct kernel_stats {
	unsigned long events;	/* of own rows */
	unsigned long resyncs;	/* listings after events were lost */
	unsigned long puts;	/* remote rows put in */
	unsigned long dropped;	/* of which found no room */
	unsigned long refused;	/* commands that failed */
};

void kernel_stats(const struct kernel *kernel, struct kernel_stats *stats);

#endif
