/* SPDX-License-Identifier: GPL-2.0-only */
/* Joins and leaves of many processes and groups, all or nothing. */
#ifndef _PGNL_BATCH_H
#define _PGNL_BATCH_H

#include <linux/types.h>

#include "table.h"

struct batch_group;
struct batch_target;
struct pgnl_caller;
struct pgnl_claim;
struct pgnl_user;
struct pid;

/* Bytes of lists that need no memory of their own: one process, one group. */
#define PGNL_BATCH_SMALL	72

/**
 * struct pgnl_batch - A join or leave under way; its fields are batch.c's.
 * @who: the caller
 * @pn: the tables
 * @scope: the scope, borrowed
 * @fault: what to blame for an error
 * @user: the user of the last process, borrowed from what has that
 * @displaced: whom a registration replaces, pinned; or NULL
 * @groups: the groups
 * @targets: the processes
 * @rows: for each group, for each process: the row, pinned; or NULL
 * @lists: memory of the three above
 * @spares: rows to use
 * @nr_groups: how many groups there are so far
 * @nr_targets: how many processes there are so far
 * @nr_pinned: how many of them are, or have been, pinned
 * @nr_fresh: how many of the others had no object when they were named
 * @nr_firsts: how many of the pinned were in no group then
 * @nr_rows: how many rows there will be
 * @nr_spares: how many spares are left
 * @work: rows done since the lock was let go
 * @joining: it is a join
 * @required: a missing group is an error
 * @rows_short: there were too few spares
 * @unpinned: processes are not pinned any more
 * @small: room for small lists
 */
struct pgnl_batch {
	const struct pgnl_caller *who;
	struct pgnl_net *pn;
	struct pgnl_scope *scope;
	struct pgnl_fault *fault;
	struct pgnl_user *user;
	struct pgnl_member *displaced;
	struct batch_group *groups;
	struct batch_target *targets;
	struct pgnl_member **rows;
	void *lists;
	struct hlist_head spares;
	u32 nr_groups;
	u32 nr_targets;
	u32 nr_pinned;
	u32 nr_fresh;
	u32 nr_firsts;
	u32 nr_rows;
	u32 nr_spares;
	u32 work;
	bool joining;
	bool required;
	bool rows_short;
	bool unpinned;
	u64 small[PGNL_BATCH_SMALL / sizeof(u64)];
};

/**
 * struct pgnl_join - What a join asks beside groups and processes.
 * @times: by how much to raise the counts, at least 1
 * @weight: weight to set, 0 to leave it
 * @set_meta: whether to replace the metadata
 * @meta: by what, borrowed; NULL for none
 * @required: a missing group is an error
 * @claim: what a registration asks in addition, borrowed; NULL for a plain join
 */
struct pgnl_join {
	u32 times;
	u16 weight;
	bool set_meta;
	struct pgnl_meta *meta;
	bool required;
	struct pgnl_claim *claim;
};

int __must_check pgnl_batch_begin(struct pgnl_batch *batch,
				  const struct pgnl_caller *who,
				  struct pgnl_scope *scope, bool joining,
				  u32 nr_groups, u32 nr_targets,
				  struct pgnl_fault *fault);
void pgnl_batch_end(struct pgnl_batch *batch);
void pgnl_batch_add_group(struct pgnl_batch *batch,
			  const struct pgnl_name *name);
int __must_check pgnl_batch_add_self(struct pgnl_batch *batch);
int __must_check pgnl_batch_add_pid(struct pgnl_batch *batch, u32 nr, u16 attr,
				    u32 index);
int __must_check pgnl_batch_add_ref(struct pgnl_batch *batch, struct pid *pid);
struct pid *pgnl_batch_pid(const struct pgnl_batch *batch);
int __must_check pgnl_batch_add_id(struct pgnl_batch *batch, u64 id, u32 index);

int pgnl_batch_join(struct pgnl_batch *batch, const struct pgnl_join *join,
		    void *ids, void *counts);
int pgnl_batch_leave(struct pgnl_batch *batch, u32 times, void *counts,
		     u32 *removed, bool *missing);

#endif /* _PGNL_BATCH_H */
