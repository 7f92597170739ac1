/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals to the members of a group. */
#ifndef _PGNL_SIGNAL_H
#define _PGNL_SIGNAL_H

#include <linux/types.h>

#include "pick.h"

struct pgnl_caller;
struct pgnl_crowd;
struct pgnl_name;
struct pgnl_scope;

/**
 * struct pgnl_signal - What to send, and to whom.
 * @nr: number of the signal; 0 only asks
 * @queued: whether to queue a value along
 * @value: the value
 * @others: not to the requester itself
 * @one: to the one that @pick says; otherwise only its uid counts
 * @pick: whom
 */
struct pgnl_signal {
	int nr;
	bool queued;
	u64 value;
	bool others;
	bool one;
	struct pgnl_pick pick;
};

/**
 * struct pgnl_tally - What became of it.
 * @reached: took it
 * @refused: may not be signalled by the requester, or could not
 * @gone: ended before
 */
struct pgnl_tally {
	u32 reached;
	u32 refused;
	u32 gone;
};

struct pgnl_crowd *pgnl_crowd_new(u32 room);
void pgnl_crowd_free(struct pgnl_crowd *crowd);
struct pgnl_crowd *pgnl_crowd_all(const struct pgnl_caller *who,
				  struct pgnl_scope *scope,
				  const struct pgnl_name *name,
				  const struct pgnl_signal *signal);
int __must_check pgnl_crowd_add_id(struct pgnl_crowd *crowd,
				   const struct pgnl_caller *who,
				   struct pgnl_scope *scope,
				   const struct pgnl_name *name,
				   const struct pgnl_signal *signal, u64 id);
void pgnl_crowd_signal(struct pgnl_crowd *crowd, const struct pgnl_caller *who,
		       const struct pgnl_signal *signal,
		       struct pgnl_tally *tally);

#endif /* _PGNL_SIGNAL_H */
