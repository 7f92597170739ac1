/* SPDX-License-Identifier: GPL-2.0-only */
/* Joins and leaves of many processes and groups, all or nothing. */
#ifndef _PGNL_BATCH_H
#define _PGNL_BATCH_H

#include <linux/types.h>

#include "table.h"

struct pgnl_batch;
struct pgnl_caller;

/**
 * struct pgnl_join - What a join asks beside groups and processes.
 * @times: by how much to raise the counts, at least 1
 * @weight: weight to set, 0 to leave it
 * @set_meta: whether to replace the metadata
 * @meta: by what, borrowed; NULL for none
 * @required: a missing group is an error
 */
struct pgnl_join {
	u32 times;
	u16 weight;
	bool set_meta;
	struct pgnl_meta *meta;
	bool required;
};

struct pgnl_batch *pgnl_batch_new(const struct pgnl_caller *who,
				  struct pgnl_scope *scope, u32 nr_groups,
				  u32 nr_targets, struct pgnl_fault *fault);
void pgnl_batch_free(struct pgnl_batch *batch);
void pgnl_batch_add_group(struct pgnl_batch *batch,
			  const struct pgnl_name *name);
int __must_check pgnl_batch_add_self(struct pgnl_batch *batch);
int __must_check pgnl_batch_add_pid(struct pgnl_batch *batch, u32 nr,
				    u32 index);
int __must_check pgnl_batch_add_id(struct pgnl_batch *batch, u64 id, u32 index);

int pgnl_batch_join(struct pgnl_batch *batch, const struct pgnl_join *join,
		    void *ids, void *counts);
int pgnl_batch_leave(struct pgnl_batch *batch, u32 times, void *counts,
		     u32 *removed, bool *missing);

#endif /* _PGNL_BATCH_H */
