// SPDX-License-Identifier: GPL-2.0-only
/* Groups. */
#include <linux/cred.h>
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "group.h"
#include "member.h"
#include "perm.h"
#include "scope.h"
#include "table.h"
#include "user.h"

/**
 * struct group_key - What a group is found by.
 * @scope: its scope
 * @name: its name
 */
struct group_key {
	const struct pgnl_scope *scope;
	const struct pgnl_name *name;
};

static u32 hash_name(const struct pgnl_scope *scope, const char *str, u8 len,
		     u32 seed)
{
	return jhash(str, len, seed ^ hash_ptr(scope, 32));
}

static u32 hash_key(const void *data, u32 len, u32 seed)
{
	const struct group_key *key = data;

	return hash_name(key->scope, key->name->str, key->name->len, seed);
}

static u32 hash_group(const void *data, u32 len, u32 seed)
{
	const struct pgnl_group *group = data;

	return hash_name(group->scope, group->name, group->len, seed);
}

static int cmp_group(struct rhashtable_compare_arg *arg, const void *data)
{
	const struct group_key *key = arg->key;
	const struct pgnl_group *group = data;

	return group->scope != key->scope || group->len != key->name->len ||
	       memcmp(group->name, key->name->str, group->len);
}

static const struct rhashtable_params group_params = {
	.head_offset = offsetof(struct pgnl_group, node),
	.hashfn = hash_key,
	.obj_hashfn = hash_group,
	.obj_cmpfn = cmp_group,
	.automatic_shrinking = true,
};

/**
 * pgnl_group_table_init() - Set up the index of a network namespace.
 * @pn: the tables
 *
 * Return: 0 or -ENOMEM.
 */
int pgnl_group_table_init(struct pgnl_net *pn)
{
	return rhashtable_init(&pn->groups, &group_params);
}

/**
 * pgnl_group_table_destroy() - Undo pgnl_group_table_init().
 * @pn: the tables, with no group left
 */
void pgnl_group_table_destroy(struct pgnl_net *pn)
{
	rhashtable_destroy(&pn->groups);
}

/**
 * pgnl_group_new() - Make a group.
 * @scope: its scope, referenced by the caller
 * @name: its name, checked
 *
 * May sleep; charges memory to the caller.
 *
 * Return: an unpublished group with one reference, or NULL.
 */
struct pgnl_group *pgnl_group_new(struct pgnl_scope *scope,
				  const struct pgnl_name *name)
{
	struct pgnl_group *group;

	group = kzalloc(struct_size(group, name, name->len + 1),
			GFP_KERNEL_ACCOUNT);
	if (!group)
		return NULL;
	group->user = pgnl_user_get(current_user_ns(), current_uid());
	if (!group->user) {
		kfree(group);
		return NULL;
	}
	kref_get(&scope->ref);
	group->scope = scope;
	xa_init(&group->rows);
	seqcount_init(&group->seq);
	group->refs = 1;
	group->len = name->len;
	memcpy(group->name, name->str, name->len);
	return group;
}

/**
 * pgnl_group_free() - Free a group that is not, or no more, in the indexes.
 * @group: a group without members
 *
 * Readers under RCU may still look at it and its scope; requests and members
 * hold references, so none of them does.
 */
void pgnl_group_free(struct pgnl_group *group)
{
	xa_destroy(&group->rows);
	pgnl_user_put(group->user);
	pgnl_scope_put(group->scope);
	kfree_rcu(group, rcu);
}

/**
 * pgnl_group_add_locked() - Publish a group.
 * @group: a new group; none of its name is in its scope
 * @fault: what to blame
 *
 * Return: 0, -EDQUOT or -ENOMEM. After an error the group is still the
 * caller's.
 */
int pgnl_group_add_locked(struct pgnl_group *group, struct pgnl_fault *fault)
{
	struct pgnl_scope *scope = group->scope;
	struct pgnl_net *pn = scope->pn;
	int err;

	pgnl_assert_locked(pn);
	if (pn->used[PGNL_NET_GROUPS] >= pn->limit[PGNL_NET_GROUPS]) {
		fault->cause = PGNL_CAUSE_NET_GROUPS;
		return -EDQUOT;
	}
	if (!pgnl_user_charge(group->user, PGNL_USER_GROUPS)) {
		fault->cause = PGNL_CAUSE_USER_GROUPS;
		return -EDQUOT;
	}
	err = xa_alloc(&scope->group_ids, &group->id, group, xa_limit_31b,
		       GFP_KERNEL);
	if (err) {
		err = -ENOMEM;
		goto err_charge;
	}
	err = rhashtable_insert_fast(&pn->groups, &group->node, group_params);
	if (err) {
		err = -ENOMEM;
		goto err_id;
	}
	WRITE_ONCE(pn->used[PGNL_NET_GROUPS], pn->used[PGNL_NET_GROUPS] + 1);
	return 0;

err_id:
	xa_erase(&scope->group_ids, group->id);
err_charge:
	pgnl_user_uncharge(group->user, PGNL_USER_GROUPS);
	return err;
}

/**
 * pgnl_group_find() - Look a group up.
 * @scope: its scope
 * @name: its name
 *
 * Return: the group or NULL, borrowed while the lock is held or within RCU.
 */
struct pgnl_group *pgnl_group_find(struct pgnl_scope *scope,
				   const struct pgnl_name *name)
{
	struct group_key key = { .scope = scope, .name = name };

	return rhashtable_lookup_fast(&scope->pn->groups, &key, group_params);
}

static void unhash_locked(struct pgnl_group *group)
{
	struct pgnl_scope *scope = group->scope;
	struct pgnl_net *pn = scope->pn;

	if (pgnl_group_is_seen(group)) {
		scope->nr_groups--;
		pgnl_scope_changed_locked(scope);
	}
	scope->nr_members -= group->nr_members;
	WRITE_ONCE(group->dead, true);
	rhashtable_remove_fast(&pn->groups, &group->node, group_params);
	xa_erase(&scope->group_ids, group->id);
	pgnl_user_uncharge(group->user, PGNL_USER_GROUPS);
	WRITE_ONCE(pn->used[PGNL_NET_GROUPS], pn->used[PGNL_NET_GROUPS] - 1);
}

/**
 * pgnl_group_get_locked() - Take a reference.
 * @group: the group
 */
void pgnl_group_get_locked(struct pgnl_group *group)
{
	pgnl_assert_locked(group->scope->pn);
	group->refs++;
}

/**
 * pgnl_group_put_locked() - Return a reference; the last one unpublishes.
 * @group: the group
 */
void pgnl_group_put_locked(struct pgnl_group *group)
{
	pgnl_assert_locked(group->scope->pn);
	if (--group->refs)
		return;
	if (!group->dead)
		unhash_locked(group);
	pgnl_group_free(group);
}

/**
 * pgnl_group_create() - Create a group in a scope of mode pg2.
 * @scope: the scope
 * @name: the name
 * @owner: owner and mode bits
 * @fault: what to blame
 *
 * A group that exists already is left as it is.
 *
 * Return: 0, -ENOENT when the scope is gone, -EDQUOT or -ENOMEM.
 */
int pgnl_group_create(struct pgnl_scope *scope, const struct pgnl_name *name,
		      const struct pgnl_owner *owner, struct pgnl_fault *fault)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_group *group;
	int err = 0;

	group = pgnl_group_new(scope, name);
	if (!group)
		return -ENOMEM;
	group->owner = *owner;
	group->created = true;

	mutex_lock(&pn->lock);
	if (scope->dead) {
		fault->cause = PGNL_CAUSE_SCOPE_GONE;
		err = -ENOENT;
	} else if (!pgnl_group_find(scope, name)) {
		err = pgnl_group_add_locked(group, fault);
		if (!err) {
			scope->nr_groups++;
			pgnl_scope_changed_locked(scope);
			group = NULL;
		}
	}
	mutex_unlock(&pn->lock);
	if (group)
		pgnl_group_free(group);
	return err;
}

static void delete_locked(struct pgnl_group *group, u32 *rows)
{
	struct pgnl_net *pn = group->scope->pn;

	/* From here on nobody finds it, and no request adds a member. */
	unhash_locked(group);
	pn->deleting++;
	pgnl_group_get_locked(group);
	if (group->created)
		pgnl_group_put_locked(group);
	pgnl_member_evict_all_locked(group, rows);
	pgnl_group_put_locked(group);
	pn->deleting--;
}

/**
 * pgnl_group_delete() - Delete a created group, evicting its members.
 * @who: the caller
 * @scope: the scope
 * @name: the name
 * @missing: set when there is no such group
 *
 * Return: 0 or -EACCES.
 */
int pgnl_group_delete(const struct pgnl_caller *who, struct pgnl_scope *scope,
		      const struct pgnl_name *name, bool *missing)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_owner scope_owner;
	struct pgnl_group *group;
	u32 rows = 0;
	int err = 0;

	mutex_lock(&pn->lock);
	scope_owner = pgnl_scope_owner(scope);
	group = pgnl_group_find(scope, name);
	*missing = !group;
	if (group) {
		if (pgnl_perm_owner(who, &group->owner) ||
		    pgnl_perm_owner(who, &scope_owner))
			delete_locked(group, &rows);
		else
			err = -EACCES;
	}
	mutex_unlock(&pn->lock);
	return err;
}

/**
 * pgnl_group_delete_all_locked() - Empty a scope.
 * @scope: a dead scope
 *
 * Lets the lock go now and then.
 */
void pgnl_group_delete_all_locked(struct pgnl_scope *scope)
{
	struct pgnl_group *group;
	unsigned long id;
	u32 rows = 0;

	pgnl_assert_locked(scope->pn);
	xa_for_each(&scope->group_ids, id, group) {
		delete_locked(group, &rows);
		rows++;
		pgnl_table_breathe_locked(scope->pn, &rows);
	}
}
