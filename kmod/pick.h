/* SPDX-License-Identifier: GPL-2.0-only */
/* Picking one member of a group. */
#ifndef _PGNL_PICK_H
#define _PGNL_PICK_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct pgnl_group;
struct pgnl_member;

/**
 * struct pgnl_pick - Whom to pick.
 * @policy: enum pgnl_policy
 * @by_uid: only members with the uid below
 * @uid: real uid at the join
 * @key: for the policy by key
 * @key_len: bytes of @key
 */
struct pgnl_pick {
	u32 policy;
	bool by_uid;
	kuid_t uid;
	const void *key;
	u32 key_len;
};

struct pgnl_member *pgnl_pick_rcu(struct pgnl_group *group,
				  const struct pgnl_pick *pick);
struct pgnl_member *pgnl_pick_locked(struct pgnl_group *group,
				     const struct pgnl_pick *pick);

#endif /* _PGNL_PICK_H */
