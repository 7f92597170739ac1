/* SPDX-License-Identifier: GPL-2.0-only */
/* Picking one member of a group. */
#ifndef _PGNL_PICK_H
#define _PGNL_PICK_H

#include <linux/types.h>
#include <linux/uidgid.h>

#include "member.h"
#include "table.h"

/* Rows of a group that may be looked at in one go. */
#define PGNL_PICK_ROWS	PGNL_LOCK_ROWS

/* Random tries before looking at all; with half of the rows good, 1:65536. */
#define PGNL_PICK_TRIES	16

/**
 * struct pgnl_pick - Whom to pick.
 * @policy: enum pgnl_policy
 * @local: only members of this node; pick.c knows no others
 * @far: only members of other nodes, for choose.c
 * @stale: members of other nodes that are not up, too
 * @by_uid: only members with the uid below
 * @uid: real uid at the join
 * @key: for the policy by key
 * @key_len: bytes of @key
 */
struct pgnl_pick {
	u32 policy;
	bool local;
	bool far;
	bool stale;
	bool by_uid;
	kuid_t uid;
	const void *key;
	u32 key_len;
};

/**
 * struct pgnl_walk - Looking at many rows of a group, for the best of them.
 * @pick: whom to pick
 * @key: hash of the key
 * @turn: index that the turn is at
 * @rows: how many rows there were in the beginning
 * @high: highest score so far, and one; 0 when nobody fitted
 * @best: index of the row that has it
 */
struct pgnl_walk {
	const struct pgnl_pick *pick;
	u64 key;
	u32 turn;
	u32 rows;
	u64 high;
	u32 best;
};

void pgnl_walk_begin(struct pgnl_walk *walk, const struct pgnl_pick *pick,
		     u32 turn, u32 rows);
bool pgnl_walk_is_best(struct pgnl_walk *walk, u32 index, u64 id);

/**
 * pgnl_pick_fits() - May a member of this node be picked?
 * @member: the member, lock held or within RCU
 * @pick: whom to pick
 *
 * Return: true when readers see it, and it is of the user that is asked for.
 */
static inline bool pgnl_pick_fits(const struct pgnl_member *member,
				  const struct pgnl_pick *pick)
{
	return pgnl_member_is_seen(member) &&
	       (!pick->by_uid || uid_eq(member->uid, pick->uid));
}

u32 pgnl_pick_turn(struct pgnl_group *group, u32 rows);
void pgnl_pick_end_turn(struct pgnl_group *group, u32 turn, u32 index);
struct pgnl_member *pgnl_pick_rcu(struct pgnl_group *group,
				  const struct pgnl_pick *pick);
struct pgnl_member *pgnl_pick_locked(struct pgnl_group *group,
				     const struct pgnl_pick *pick);

#endif /* _PGNL_PICK_H */
