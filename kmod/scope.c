// SPDX-License-Identifier: GPL-2.0-only
/* Scopes: independent tables of groups. */
#include <linux/cred.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "event.h"
#include "group.h"
#include "inbox.h"
#include "scope.h"
#include "share.h"
#include "table.h"
#include "user.h"
#include "view.h"

static const struct rhashtable_params scope_params = {
	.head_offset = offsetof(struct pgnl_scope, node),
	.key_offset = offsetof(struct pgnl_scope, name),
	.key_len = sizeof_field(struct pgnl_scope, name),
	.automatic_shrinking = true,
};

/*
 * The owner is root of the network namespace: looked up when asked, since the
 * user namespace of a network namespace made along with it has no map yet.
 */
static int add_builtin(struct pgnl_net *pn, const char *name, u8 mode,
		       u8 flags)
{
	struct pgnl_fault fault = {};
	struct pgnl_owner owner = {
		.uid = INVALID_UID,
		.gid = INVALID_GID,
		.perm = 0777,
	};

	return pgnl_scope_add(pn, name, mode, flags | PGNL_SCOPE_FLAG_BUILTIN |
			      PGNL_SCOPE_FLAG_CLUSTER, &owner, &fault);
}

/**
 * pgnl_scope_owner() - Owner and mode of a scope.
 * @scope: the scope
 *
 * Return: them, with valid ids.
 */
struct pgnl_owner pgnl_scope_owner(const struct pgnl_scope *scope)
{
	struct user_namespace *ns = scope->pn->net->user_ns;
	struct pgnl_owner owner;
	unsigned int seq;

	do {
		seq = read_seqcount_begin(&scope->owner_seq);
		owner = scope->owner;
	} while (read_seqcount_retry(&scope->owner_seq, seq));

	if (!uid_valid(owner.uid))
		owner.uid = make_kuid(ns, 0);
	if (!uid_valid(owner.uid))
		owner.uid = GLOBAL_ROOT_UID;
	if (!gid_valid(owner.gid))
		owner.gid = make_kgid(ns, 0);
	if (!gid_valid(owner.gid))
		owner.gid = GLOBAL_ROOT_GID;
	return owner;
}

/**
 * pgnl_scope_table_init() - Set up the scopes of a network namespace.
 * @pn: the tables, otherwise complete
 *
 * Return: 0 or -ENOMEM.
 */
int pgnl_scope_table_init(struct pgnl_net *pn)
{
	int err = rhashtable_init(&pn->scopes, &scope_params);

	if (err)
		return err;
	xa_init_flags(&pn->scope_ids, XA_FLAGS_ALLOC);
	err = add_builtin(pn, "pg", PGNL_SCOPE_MODE_PG, 0) ?:
	      add_builtin(pn, "pg2", PGNL_SCOPE_MODE_PG2, 0) ?:
	      add_builtin(pn, PGNL_SCOPE_NAMES, PGNL_SCOPE_MODE_PG,
			  PGNL_SCOPE_FLAG_EXCLUSIVE);
	if (err) {
		pgnl_scope_table_destroy(pn);
		return err;
	}
	rcu_read_lock();
	pn->pg = pgnl_scope_find_rcu(pn, "pg");
	rcu_read_unlock();
	return 0;
}

static void put_scope(struct kref *ref)
{
	struct pgnl_scope *scope = container_of(ref, struct pgnl_scope, ref);

	/*
	 * No group and no request refers to it, and it is out of the table;
	 * readers under RCU may still look at it.
	 */
	xa_destroy(&scope->group_ids);
	pgnl_user_put(scope->user);
	kfree_rcu(scope, rcu);
}

/**
 * pgnl_scope_put() - Return a reference.
 * @scope: a scope or NULL
 */
void pgnl_scope_put(struct pgnl_scope *scope)
{
	if (scope)
		kref_put(&scope->ref, put_scope);
}

static void remove_scope_locked(struct pgnl_scope *scope)
{
	struct pgnl_net *pn = scope->pn;

	pgnl_event_scope_locked(scope, PGNL_REASON_SCOPE_DELETED);
	WRITE_ONCE(scope->dead, true);
	pgnl_share_scope_end_locked(scope);
	pgnl_view_detach_locked(scope);
	rhashtable_remove_fast(&pn->scopes, &scope->node, scope_params);
	xa_erase(&pn->scope_ids, scope->id);
	WRITE_ONCE(pn->used[PGNL_NET_SCOPES], pn->used[PGNL_NET_SCOPES] - 1);
	pn->gen = pgnl_table_next_gen(pn->gen);
	pgnl_user_uncharge(scope->user, PGNL_USER_GROUPS);
	pn->deleting++;
	pgnl_inbox_close_all_locked(scope);
	pgnl_group_delete_all_locked(scope);
	pn->deleting--;
}

/**
 * pgnl_scope_table_destroy() - Undo pgnl_scope_table_init().
 * @pn: the tables; nobody makes requests any more
 */
void pgnl_scope_table_destroy(struct pgnl_net *pn)
{
	struct pgnl_scope *scope;
	unsigned long id;

	mutex_lock(&pn->lock);
	xa_for_each(&pn->scope_ids, id, scope) {
		remove_scope_locked(scope);
		pgnl_scope_put(scope);
	}
	mutex_unlock(&pn->lock);
	xa_destroy(&pn->scope_ids);
	rhashtable_destroy(&pn->scopes);
}

static noinline struct pgnl_scope *find_named_rcu(struct pgnl_net *pn,
						  const char *name)
{
	char key[sizeof_field(struct pgnl_scope, name)] = "";

	strscpy(key, name, sizeof(key));
	return rhashtable_lookup(&pn->scopes, key, scope_params);
}

/**
 * pgnl_scope_find_rcu() - Look a scope up.
 * @pn: the tables
 * @name: its name; NULL for "pg"
 *
 * Return: the scope or NULL, borrowed.
 */
struct pgnl_scope *pgnl_scope_find_rcu(struct pgnl_net *pn, const char *name)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "pgnl_scope_find_rcu");
	return name ? find_named_rcu(pn, name) : pn->pg;
}

/**
 * pgnl_scope_get() - Look a scope up for longer.
 * @pn: the tables
 * @name: its name; NULL for "pg"
 *
 * Return: a counted reference or NULL.
 */
struct pgnl_scope *pgnl_scope_get(struct pgnl_net *pn, const char *name)
{
	struct pgnl_scope *scope;

	rcu_read_lock();
	scope = pgnl_scope_find_rcu(pn, name);
	if (scope && !kref_get_unless_zero(&scope->ref))
		scope = NULL;
	rcu_read_unlock();
	return scope;
}

/**
 * pgnl_scope_add() - Add a scope.
 * @pn: the tables
 * @name: its name, checked
 * @mode: enum pgnl_scope_mode
 * @flags: enum pgnl_scope_flag
 * @owner: owner and mode bits
 * @fault: what to blame
 *
 * Return: 0, -EEXIST, -EDQUOT or -ENOMEM.
 */
int pgnl_scope_add(struct pgnl_net *pn, const char *name, u8 mode, u8 flags,
		   const struct pgnl_owner *owner, struct pgnl_fault *fault)
{
	struct pgnl_scope *scope;
	int err;

	scope = kzalloc(sizeof(*scope), GFP_KERNEL_ACCOUNT);
	if (!scope)
		return -ENOMEM;
	if (!(flags & PGNL_SCOPE_FLAG_BUILTIN)) {
		scope->user = pgnl_user_get(current_user_ns(), current_uid());
		if (!scope->user) {
			kfree(scope);
			return -ENOMEM;
		}
	}
	strscpy(scope->name, name, sizeof(scope->name));
	scope->pn = pn;
	scope->owner = *owner;
	scope->mode = mode;
	scope->flags = flags;
	scope->gen = 1;
	scope->epoch = ktime_get_boottime_ns();
	seqcount_init(&scope->owner_seq);
	xa_init_flags(&scope->group_ids, XA_FLAGS_ALLOC);
	kref_init(&scope->ref);

	mutex_lock(&pn->lock);
	if (pgnl_share_has(pn, name)) {
		err = -EEXIST;
		goto err_unlock;
	}
	if (pn->used[PGNL_NET_SCOPES] >= pn->limit[PGNL_NET_SCOPES]) {
		fault->cause = PGNL_CAUSE_NET_SCOPES;
		err = -EDQUOT;
		goto err_unlock;
	}
	if (!pgnl_user_charge(scope->user, PGNL_USER_GROUPS)) {
		fault->cause = PGNL_CAUSE_USER_GROUPS;
		err = -EDQUOT;
		goto err_unlock;
	}
	err = xa_alloc(&pn->scope_ids, &scope->id, scope, xa_limit_31b,
		       GFP_KERNEL);
	if (err)
		goto err_charge;
	err = rhashtable_lookup_insert_fast(&pn->scopes, &scope->node,
					    scope_params);
	if (err) {
		err = err == -EEXIST ? -EEXIST : -ENOMEM;
		goto err_id;
	}
	WRITE_ONCE(pn->used[PGNL_NET_SCOPES], pn->used[PGNL_NET_SCOPES] + 1);
	pn->gen = pgnl_table_next_gen(pn->gen);
	mutex_unlock(&pn->lock);
	return 0;

err_id:
	xa_erase(&pn->scope_ids, scope->id);
err_charge:
	pgnl_user_uncharge(scope->user, PGNL_USER_GROUPS);
err_unlock:
	mutex_unlock(&pn->lock);
	pgnl_user_put(scope->user);
	kfree(scope);
	return err;
}

/**
 * pgnl_scope_del() - Delete a scope with its groups.
 * @pn: the tables
 * @name: its name
 *
 * Return: 0, -ENOENT, or -EBUSY for one that is built in.
 */
int pgnl_scope_del(struct pgnl_net *pn, const char *name)
{
	struct pgnl_scope *scope = pgnl_scope_get(pn, name);
	int err = -ENOENT;

	if (!scope)
		return err;
	mutex_lock(&pn->lock);
	if (scope->flags & PGNL_SCOPE_FLAG_BUILTIN) {
		err = -EBUSY;
	} else if (!scope->dead) {
		remove_scope_locked(scope);
		pgnl_scope_put(scope);
		err = 0;
	}
	mutex_unlock(&pn->lock);
	pgnl_scope_put(scope);
	return err;
}

/**
 * pgnl_scope_changed_locked() - Note that something in a scope has changed.
 * @scope: the scope
 */
void pgnl_scope_changed_locked(struct pgnl_scope *scope)
{
	pgnl_assert_locked(scope->pn);
	scope->gen = pgnl_table_next_gen(scope->gen);
}

/**
 * pgnl_scope_set_owner() - Change owner and mode of a scope.
 * @scope: the scope, referenced
 * @owner: what they will be; what is invalid or PGNL_PERM_KEEP stays
 */
void pgnl_scope_set_owner(struct pgnl_scope *scope,
			  const struct pgnl_owner *owner)
{
	struct pgnl_net *pn = scope->pn;

	mutex_lock(&pn->lock);
	/* Readers spin on this sequence, so its writer is not preempted. */
	preempt_disable();
	write_seqcount_begin(&scope->owner_seq);
	if (uid_valid(owner->uid))
		scope->owner.uid = owner->uid;
	if (gid_valid(owner->gid))
		scope->owner.gid = owner->gid;
	if (owner->perm != PGNL_PERM_KEEP)
		WRITE_ONCE(scope->owner.perm, owner->perm);
	write_seqcount_end(&scope->owner_seq);
	preempt_enable();
	pn->gen = pgnl_table_next_gen(pn->gen);
	mutex_unlock(&pn->lock);
}
