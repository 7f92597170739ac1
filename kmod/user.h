/* SPDX-License-Identifier: GPL-2.0-only */
/* What users have in use, and their limits. */
#ifndef _PGNL_USER_H
#define _PGNL_USER_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct pgnl_user;
struct user_namespace;

/* Limits of a user; their order is that of the attributes. */
enum pgnl_user_limit {
	PGNL_USER_GROUPS,
	PGNL_USER_MEMBERSHIPS,
	PGNL_NR_USER_LIMITS
};

struct pgnl_user *pgnl_user_get(struct user_namespace *ns, kuid_t uid);
void pgnl_user_put(struct pgnl_user *user);
bool __must_check pgnl_user_charge(struct pgnl_user *user,
				   enum pgnl_user_limit what);
void pgnl_user_uncharge(struct pgnl_user *user, enum pgnl_user_limit what);
u64 pgnl_user_used(const struct pgnl_user *user, enum pgnl_user_limit what);
u64 pgnl_user_limit(enum pgnl_user_limit what);
void pgnl_user_set_limit(enum pgnl_user_limit what, u64 value);

#endif /* _PGNL_USER_H */
