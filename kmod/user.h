/* SPDX-License-Identifier: GPL-2.0-only */
/* What users have in use, and their limits. */
#ifndef _PGNL_USER_H
#define _PGNL_USER_H

#include <linux/atomic.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct user_namespace;

/* Limits of a user; their order is that of the attributes. */
enum pgnl_user_limit {
	PGNL_USER_GROUPS,
	PGNL_USER_MEMBERSHIPS,
	PGNL_USER_SUBSCRIPTIONS,
	PGNL_USER_INBOXES,
	PGNL_USER_VIEW_PAGES,
	PGNL_USER_REQUESTS,
	PGNL_USER_REQUEST_BYTES,
	PGNL_NR_USER_LIMITS,

	/* Listings that are not read to the end; this one is fixed. */
	PGNL_USER_LISTINGS = PGNL_NR_USER_LIMITS,
	PGNL_NR_USER_CHARGES
};

/**
 * struct pgnl_user - A user; its fields are for user.c and what follows here.
 * @node: in a hash of user.c
 * @ref: references; those who charge hold one
 * @ns: user namespace, counted
 * @uid: the user, by the kernel's number
 * @parent: the owner of @ns as a user of the namespace around, counted; NULL
 *	in the initial namespace
 * @used: charges
 */
struct pgnl_user {
	struct hlist_node node;
	refcount_t ref;
	struct user_namespace *ns;
	kuid_t uid;
	struct pgnl_user *parent;
	atomic_long_t used[PGNL_NR_USER_CHARGES];
};

struct pgnl_user *pgnl_user_get(struct user_namespace *ns, kuid_t uid);
void pgnl_user_put(struct pgnl_user *user);
bool __must_check pgnl_user_charge_many(struct pgnl_user *user,
					enum pgnl_user_limit what, u32 n);
void pgnl_user_uncharge_many(struct pgnl_user *user, enum pgnl_user_limit what,
			     u32 n);
u64 pgnl_user_used(const struct pgnl_user *user, enum pgnl_user_limit what);
u64 pgnl_user_limit(enum pgnl_user_limit what);
void pgnl_user_set_limit(enum pgnl_user_limit what, u64 value);

/**
 * pgnl_user_is() - Does an object stand for a user?
 * @user: the object or NULL
 * @ns: user namespace
 * @uid: the user
 *
 * Return: true when it does.
 */
static inline bool pgnl_user_is(const struct pgnl_user *user,
				const struct user_namespace *ns, kuid_t uid)
{
	return user && user->ns == ns && uid_eq(user->uid, uid);
}

/**
 * pgnl_user_hold() - Take another reference.
 * @user: a user whom the caller has a reference to
 *
 * Return: the user.
 */
static inline struct pgnl_user *pgnl_user_hold(struct pgnl_user *user)
{
	refcount_inc(&user->ref);
	return user;
}

/**
 * pgnl_user_charge() - Charge one piece.
 * @user: the user or NULL
 * @what: of what
 *
 * Return: as pgnl_user_charge_many().
 */
static inline bool __must_check pgnl_user_charge(struct pgnl_user *user,
						 enum pgnl_user_limit what)
{
	return pgnl_user_charge_many(user, what, 1);
}

/**
 * pgnl_user_uncharge() - Take back what pgnl_user_charge() charged.
 * @user: the user or NULL
 * @what: of what
 */
static inline void pgnl_user_uncharge(struct pgnl_user *user,
				      enum pgnl_user_limit what)
{
	pgnl_user_uncharge_many(user, what, 1);
}

#endif /* _PGNL_USER_H */
