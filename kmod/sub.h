/* SPDX-License-Identifier: GPL-2.0-only */
/* Subscriptions to the events of a scope or group. */
#ifndef _PGNL_SUB_H
#define _PGNL_SUB_H

#include <linux/types.h>

#include "table.h"

struct pgnl_caller;
struct pgnl_fault;
struct sock;

/**
 * struct pgnl_since - Where a subscription begins.
 * @sub: its number
 * @epoch: epoch of its scope
 * @seq: sequence number of the event before the first that it is told
 */
struct pgnl_since {
	u32 sub;
	u64 epoch;
	u64 seq;
};

int pgnl_sub_init(void);
void pgnl_sub_exit(void);
void pgnl_sub_table_init(struct pgnl_net *pn);
void pgnl_sub_table_destroy(struct pgnl_net *pn);

int pgnl_sub_add(const struct pgnl_caller *who, struct sock *sk, u32 portid,
		 struct pgnl_scope *scope, const struct pgnl_name *group,
		 bool local, struct pgnl_since *since, struct pgnl_fault *fault);
void pgnl_sub_begin(struct pgnl_net *pn, const struct sock *sk, u32 id);
int pgnl_sub_del(struct pgnl_net *pn, const struct sock *sk, u32 id);
void pgnl_sub_end_alias(struct pgnl_net *pn, const struct pgnl_alias *alias);
int pgnl_sub_replay(struct pgnl_net *pn, const struct sock *sk, u32 id,
		    const u64 *seq, struct pgnl_since *since);

#endif /* _PGNL_SUB_H */
