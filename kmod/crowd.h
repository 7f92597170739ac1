/* SPDX-License-Identifier: GPL-2.0-only */
/* The members of a group that a request acts on. */
#ifndef _PGNL_CROWD_H
#define _PGNL_CROWD_H

#include <linux/types.h>

#include "pick.h"

struct pgnl_caller;
struct pgnl_far;
struct pgnl_name;
struct pgnl_scope;
struct pid;

/**
 * struct pgnl_audience - Whom a request is for.
 * @others: not the requester itself
 * @one: the one that @pick says; otherwise only its uid counts
 * @pick: whom
 */
struct pgnl_audience {
	bool others;
	bool one;
	struct pgnl_pick pick;
};

/**
 * struct pgnl_tally - What became of it.
 * @reached: took it
 * @refused: may not be acted on by the requester, or could not
 * @gone: ended before
 * @full: had no room for a message
 * @no_inbox: takes no messages
 * @unreachable: of other nodes, and can't be asked
 */
struct pgnl_tally {
	u32 reached;
	u32 refused;
	u32 gone;
	u32 full;
	u32 no_inbox;
	u32 unreachable;
};

/**
 * struct pgnl_target - A member to act on.
 * @pid: the process, counted
 * @id: its member id
 */
struct pgnl_target {
	struct pid *pid;
	u64 id;
};

/**
 * struct pgnl_crowd - Members to act on.
 * @n: how many
 * @room: how many may be
 * @at: the members
 */
struct pgnl_crowd {
	u32 n;
	u32 room;
	struct pgnl_target at[];
};

struct pgnl_crowd *pgnl_crowd_new(u32 room);
void pgnl_crowd_free(struct pgnl_crowd *crowd);
struct pgnl_crowd *pgnl_crowd_all(const struct pgnl_caller *who,
				  struct pgnl_scope *scope,
				  const struct pgnl_name *name,
				  const struct pgnl_audience *to,
				  struct pgnl_far *far);
int __must_check pgnl_crowd_add_id(struct pgnl_crowd *crowd,
				   const struct pgnl_caller *who,
				   struct pgnl_scope *scope,
				   const struct pgnl_name *name,
				   const struct pgnl_audience *to, u64 id);
int __must_check pgnl_crowd_add_pick(struct pgnl_crowd *crowd,
				     const struct pgnl_caller *who,
				     struct pgnl_scope *scope,
				     const struct pgnl_name *name,
				     const struct pgnl_pick *pick,
				     struct pgnl_far *far);
bool pgnl_crowd_has(const struct pgnl_crowd *crowd, const struct pid *pid);

#endif /* _PGNL_CROWD_H */
