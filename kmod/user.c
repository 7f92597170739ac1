// SPDX-License-Identifier: GPL-2.0-only
/*
 * What users have in use, and their limits.
 *
 * A user is a uid in a user namespace. What it uses is charged to it and to
 * the owners of all namespaces around, so that a user gains nothing by making
 * namespaces; a limit holds on each of these levels. Limits and charges are
 * over all network namespaces, since anyone can make those as well.
 */
#include <linux/hashtable.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>

#include "user.h"

static DEFINE_HASHTABLE(users, 7);
static DEFINE_SPINLOCK(users_lock);

static long user_limit[PGNL_NR_USER_CHARGES] = {
	[PGNL_USER_GROUPS] = 65536,
	[PGNL_USER_MEMBERSHIPS] = 262144,
	[PGNL_USER_SUBSCRIPTIONS] = 4096,
	[PGNL_USER_INBOXES] = 16384,
	[PGNL_USER_VIEW_PAGES] = 65536,
	[PGNL_USER_REQUESTS] = 1024,
	[PGNL_USER_REQUEST_BYTES] = 4 << 20,
	[PGNL_USER_LISTINGS] = 4096,
};

static u32 user_hash(const struct user_namespace *ns, kuid_t uid)
{
	return hash_ptr(ns, 32) ^ __kuid_val(uid);
}

static struct pgnl_user *find_user(struct user_namespace *ns, kuid_t uid)
{
	struct pgnl_user *user;

	lockdep_assert_held(&users_lock);
	hash_for_each_possible(users, user, node, user_hash(ns, uid))
		if (user->ns == ns && uid_eq(user->uid, uid))
			return user;
	return NULL;
}

/**
 * pgnl_user_get() - The object that stands for a user.
 * @ns: user namespace
 * @uid: the user
 *
 * May sleep. The depth of namespaces, which the kernel bounds at 33, is the
 * depth of recursion.
 *
 * Return: a counted reference, or NULL when there is no memory.
 */
struct pgnl_user *pgnl_user_get(struct user_namespace *ns, kuid_t uid)
{
	struct pgnl_user *user, *new;

	might_sleep();
	spin_lock(&users_lock);
	user = find_user(ns, uid);
	if (user)
		refcount_inc(&user->ref);
	spin_unlock(&users_lock);
	if (user)
		return user;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	refcount_set(&new->ref, 1);
	new->ns = get_user_ns(ns);
	new->uid = uid;
	if (ns->parent) {
		new->parent = pgnl_user_get(ns->parent, ns->owner);
		if (!new->parent) {
			put_user_ns(new->ns);
			kfree(new);
			return NULL;
		}
	}

	spin_lock(&users_lock);
	user = find_user(ns, uid);
	if (user)
		refcount_inc(&user->ref);
	else
		hash_add(users, &new->node, user_hash(ns, uid));
	spin_unlock(&users_lock);
	if (!user)
		return new;

	pgnl_user_put(new->parent);
	put_user_ns(new->ns);
	kfree(new);
	return user;
}

/**
 * pgnl_user_put() - Return a reference.
 * @user: a user or NULL
 */
void pgnl_user_put(struct pgnl_user *user)
{
	struct pgnl_user *parent;
	bool last;

	for (; user; user = parent) {
		/* The last one goes under the lock, or it would be found. */
		if (refcount_dec_not_one(&user->ref))
			return;
		spin_lock(&users_lock);
		last = refcount_dec_and_test(&user->ref);
		if (last)
			hash_del(&user->node);
		spin_unlock(&users_lock);
		if (!last)
			return;
		parent = user->parent;
		put_user_ns(user->ns);
		kfree(user);
	}
}

static void uncharge_upto(struct pgnl_user *user, const struct pgnl_user *end,
			  enum pgnl_user_limit what, u32 n)
{
	for (; user != end; user = user->parent)
		atomic_long_sub(n, &user->used[what]);
}

/**
 * pgnl_user_charge_many() - Charge some pieces to a user and those around it.
 * @user: the user; NULL: nobody, who has no limits
 * @what: of what
 * @n: how many
 *
 * Return: false when a limit is reached; nothing is charged then.
 */
bool pgnl_user_charge_many(struct pgnl_user *user, enum pgnl_user_limit what,
			   u32 n)
{
	struct pgnl_user *u;

	for (u = user; u; u = u->parent) {
		if (atomic_long_add_return(n, &u->used[what]) >
		    READ_ONCE(user_limit[what])) {
			uncharge_upto(user, u->parent, what, n);
			return false;
		}
	}
	return true;
}

/**
 * pgnl_user_uncharge_many() - Take back what pgnl_user_charge_many() charged.
 * @user: the user or NULL
 * @what: of what
 * @n: how many
 */
void pgnl_user_uncharge_many(struct pgnl_user *user, enum pgnl_user_limit what,
			     u32 n)
{
	uncharge_upto(user, NULL, what, n);
}

/**
 * pgnl_user_used() - What a user has in use.
 * @user: the user
 * @what: of what
 *
 * Return: the charge.
 */
u64 pgnl_user_used(const struct pgnl_user *user, enum pgnl_user_limit what)
{
	return atomic_long_read(&user->used[what]);
}

/**
 * pgnl_user_limit() - A limit.
 * @what: which
 *
 * Return: the limit, the same for all users.
 */
u64 pgnl_user_limit(enum pgnl_user_limit what)
{
	return READ_ONCE(user_limit[what]);
}

/**
 * pgnl_user_set_limit() - Change a limit.
 * @what: which
 * @value: how much
 */
void pgnl_user_set_limit(enum pgnl_user_limit what, u64 value)
{
	WRITE_ONCE(user_limit[what], min_t(u64, value, LONG_MAX));
}
