// SPDX-License-Identifier: GPL-2.0-only
/* Groups. */
#include <linux/cred.h>
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/unaligned/packed_struct.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "event.h"
#include "group.h"
#include "member.h"
#include "perm.h"
#include "remote.h"
#include "scope.h"
#include "table.h"
#include "user.h"
#include "view.h"

/**
 * struct group_key - What a group is found by.
 * @scope: its scope
 * @name: its name
 */
struct group_key {
	const struct pgnl_scope *scope;
	const struct pgnl_name *name;
};

/* Where a title may stand. */
#define PGNL_TITLE_ALIGN(size) ALIGN(size, __alignof__(struct pgnl_title))

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

/* As memcmp(), which does not know that names are short. */
static bool differ(const char *a, const char *b, size_t len)
{
	size_t i;

	if (len < sizeof(u32)) {
		for (i = 0; i < len; i++)
			if (a[i] != b[i])
				return true;
		return false;
	}
	for (i = 0; i + sizeof(u32) < len; i += sizeof(u32))
		if (__get_unaligned_cpu32(a + i) != __get_unaligned_cpu32(b + i))
			return true;
	/* What is left, with some of what was met. */
	i = len - sizeof(u32);
	return __get_unaligned_cpu32(a + i) != __get_unaligned_cpu32(b + i);
}

static int cmp_group(struct rhashtable_compare_arg *arg, const void *data)
{
	const struct group_key *key = arg->key;
	const struct pgnl_group *group = data;

	return group->scope != key->scope || group->len != key->name->len ||
	       differ(group->name, key->name->str, group->len);
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

static struct pgnl_group *new_group(struct pgnl_scope *scope,
				    const struct pgnl_name *name, gfp_t gfp)
{
	size_t size = offsetof(struct pgnl_group, name[name->len + 1]);
	struct pgnl_group *group;

	if (scope->flags & PGNL_SCOPE_FLAG_EXCLUSIVE)
		size = PGNL_TITLE_ALIGN(size) + sizeof(struct pgnl_title);
	group = kzalloc(size, gfp);
	if (!group)
		return NULL;
	kref_get(&scope->ref);
	group->scope = scope;
	seqcount_init(&group->seq);
	group->refs = 1;
	group->len = name->len;
	memcpy(group->name, name->str, name->len);
	group->event_hash = pgnl_event_hash(name->str, name->len);
	return group;
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

	group = new_group(scope, name, GFP_KERNEL_ACCOUNT);
	if (!group)
		return NULL;
	group->user = pgnl_user_get(current_user_ns(), current_uid());
	if (!group->user) {
		pgnl_group_free(group);
		return NULL;
	}
	return group;
}

/**
 * pgnl_group_new_far() - Make a group that another node has members in.
 * @scope: its scope, referenced by the caller
 * @name: its name, checked
 * @user: whom it is charged to, or NULL for nobody, see node.c
 *
 * The lock is held: it may sleep, but not for memory that is charged.
 *
 * Return: an unpublished group with one reference, or NULL.
 */
struct pgnl_group *pgnl_group_new_far(struct pgnl_scope *scope,
				      const struct pgnl_name *name,
				      struct pgnl_user *user)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	struct pgnl_group *group;

	if (user)
		gfp = PGNL_REMOTE_CHARGED;
	group = new_group(scope, name, gfp);
	if (group && user)
		group->user = pgnl_user_hold(user);
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
	pgnl_rows_free(&group->rows);
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
	/* A user of NULL is nobody, to whom anything can be charged. */
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
 * pgnl_group_find_rcu() - Look a group up.
 * @scope: its scope
 * @name: its name
 *
 * Return: the group or NULL, borrowed.
 */
struct pgnl_group *pgnl_group_find_rcu(struct pgnl_scope *scope,
				       const struct pgnl_name *name)
{
	struct group_key key = { .scope = scope, .name = name };

	return rhashtable_lookup(&scope->pn->groups, &key, group_params);
}

/**
 * pgnl_group_find() - Look a group up.
 * @scope: its scope
 * @name: its name
 *
 * Return: the group or NULL, borrowed while the lock is held.
 */
struct pgnl_group *pgnl_group_find(struct pgnl_scope *scope,
				   const struct pgnl_name *name)
{
	struct pgnl_group *group;

	rcu_read_lock();
	group = pgnl_group_find_rcu(scope, name);
	rcu_read_unlock();
	return group;
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
	pgnl_view_hide_group_locked(group);
	rhashtable_remove_fast(&pn->groups, &group->node, group_params);
	xa_erase(&scope->group_ids, group->id);
	pgnl_user_uncharge(group->user, PGNL_USER_GROUPS);
	WRITE_ONCE(pn->used[PGNL_NET_GROUPS], pn->used[PGNL_NET_GROUPS] - 1);
}

/**
 * pgnl_group_remove_locked() - Unpublish a group to which nothing refers any more.
 * @group: the group
 */
void pgnl_group_remove_locked(struct pgnl_group *group)
{
	pgnl_assert_locked(group->scope->pn);
	if (!group->dead)
		unhash_locked(group);
	pgnl_view_forget_group_locked(group);
	pgnl_group_free(group);
}

/**
 * pgnl_group_title() - What a group has in addition when it is a name.
 * @group: the group
 *
 * Return: the title, or NULL for a group of an ordinary scope.
 */
struct pgnl_title *pgnl_group_title(struct pgnl_group *group)
{
	if (!(group->scope->flags & PGNL_SCOPE_FLAG_EXCLUSIVE))
		return NULL;
	return (void *)group +
	       PGNL_TITLE_ALIGN(offsetof(struct pgnl_group, name[group->len + 1]));
}

/*
 * One that is there since another node has created it is created here, too, and
 * stays when that node goes. If that has gone already, it comes to be seen again.
 * @new, which is not needed, says whose it is. A reader that sees one without the
 * other finds a mode of 0.
 */
static int adopt_locked(struct pgnl_group *group, struct pgnl_group *new,
			struct pgnl_fault *fault)
{
	bool was_seen = pgnl_group_is_seen(group);

	/* Who has paid for it meanwhile goes on, and does not pay twice. */
	if (group->user != new->user) {
		if (!pgnl_user_charge(new->user, PGNL_USER_GROUPS)) {
			fault->cause = PGNL_CAUSE_USER_GROUPS;
			return -EDQUOT;
		}
		pgnl_user_uncharge(group->user, PGNL_USER_GROUPS);
		swap(group->user, new->user);
	}
	group->owner = new->owner;
	WRITE_ONCE(group->created, true);
	group->scope->nr_groups += !was_seen;
	pgnl_view_created_locked(group);
	pgnl_view_end_locked(group);
	pgnl_group_get_locked(group);
	pgnl_scope_changed_locked(group->scope);
	pgnl_event_group_locked(group, PGNL_REASON_GROUP_CREATED, NULL);
	return 0;
}

/**
 * pgnl_group_create() - Create a group in a scope of mode pg2.
 * @scope: the scope
 * @name: the name
 * @owner: owner and mode bits
 * @fault: what to blame
 *
 * A group that was created here already is left as it is.
 *
 * Return: 0, -ENOENT when the scope is gone, -EDQUOT or -ENOMEM.
 */
int pgnl_group_create(struct pgnl_scope *scope, const struct pgnl_name *name,
		      const struct pgnl_owner *owner, struct pgnl_fault *fault)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_group *group, *old;
	int err = 0;

	group = pgnl_group_new(scope, name);
	if (!group)
		return -ENOMEM;
	group->owner = *owner;
	group->created = true;

	mutex_lock(&pn->lock);
	old = pgnl_group_find(scope, name);
	if (scope->dead) {
		fault->cause = PGNL_CAUSE_SCOPE_GONE;
		err = -ENOENT;
	} else if (old) {
		if (!old->created)
			err = adopt_locked(old, group, fault);
	} else {
		err = pgnl_group_add_locked(group, fault);
		if (!err) {
			scope->nr_groups++;
			pgnl_scope_changed_locked(scope);
			pgnl_event_group_locked(group, PGNL_REASON_GROUP_CREATED,
						NULL);
			pgnl_view_end_locked(group);
			group = NULL;
		}
	}
	mutex_unlock(&pn->lock);
	if (group)
		pgnl_group_free(group);
	return err;
}

/* @by: another node that has asked for it, counted, or NULL */
static void delete_locked(struct pgnl_group *group, struct pgnl_node *by,
			  u32 *rows)
{
	struct pgnl_net *pn = group->scope->pn;

	pgnl_event_group_locked(group, PGNL_REASON_GROUP_DELETED, by);
	/* From here on nobody finds it, and no request adds a member. */
	unhash_locked(group);
	pn->deleting++;
	pgnl_group_get_locked(group);
	if (group->created)
		pgnl_group_put_locked(group);
	pgnl_member_evict_all_locked(group, by, rows);
	pgnl_remote_evict_all_locked(group, rows);
	pgnl_group_put_locked(group);
	pn->deleting--;
}

/*
 * The group stays, and belongs to nobody here, until other nodes have left it. As
 * with one that was never created here: in other than the initial user namespace
 * somebody has to pay for it.
 */
static void uncreate_locked(struct pgnl_group *group, struct pgnl_node *by)
{
	pgnl_event_group_locked(group, PGNL_REASON_GROUP_DELETED, by);
	if (group->scope->pn->net->user_ns == &init_user_ns) {
		pgnl_user_uncharge(group->user, PGNL_USER_GROUPS);
		pgnl_user_put(group->user);
		group->user = NULL;
	}
	/* What adopt_locked() relies on. */
	memset(&group->owner, 0, sizeof(group->owner));
	WRITE_ONCE(group->created, false);
	pgnl_view_created_locked(group);
	pgnl_scope_changed_locked(group->scope);
	pgnl_group_put_locked(group);
}

/* How often those are taken out who have joined while the lock was let go. */
#define EVICT_TRIES	16

/*
 * What other nodes have in it is theirs to take out. Its members here go first,
 * while they are as private as the group is. Meanwhile others may delete or create
 * it, or the other nodes leave it.
 */
static void leave_to_others_locked(struct pgnl_group *group,
				   struct pgnl_node *by, u32 *rows)
{
	bool created = group->created;
	u32 tries;

	pgnl_group_get_locked(group);
	for (tries = 0; tries < EVICT_TRIES && group->nr_seen; tries++) {
		if (group->created != created)
			break;
		pgnl_member_evict_all_locked(group, by, rows);
	}
	if (created && group->created && !group->dead) {
		if (pgnl_group_is_far(group))
			uncreate_locked(group, by);
		else
			delete_locked(group, by, rows);
	}
	pgnl_group_put_locked(group);
}

/**
 * pgnl_group_may_delete_locked() - Is a group not somebody else's?
 * @who: the caller, who may write to the scope
 * @group: the group
 *
 * Whoever may create one here may delete one that nobody has created here.
 *
 * Return: true when pgnl_group_delete() would not refuse it now.
 */
bool pgnl_group_may_delete_locked(const struct pgnl_caller *who,
				  const struct pgnl_group *group)
{
	struct pgnl_owner scope_owner = pgnl_scope_owner(group->scope);

	return !group->created || pgnl_perm_owner(who, &group->owner) ||
	       pgnl_perm_owner(who, &scope_owner);
}

/**
 * pgnl_group_delete() - Delete what this node has in a group of mode pg2.
 * @who: the caller, who may write to the scope; if it is for another node that
 *	is known here, events tell of that
 * @scope: the scope
 * @name: the name
 * @missing: set when this node has nothing in such a group
 *
 * Its members of this node are evicted.
 *
 * Return: 0 or -EACCES.
 */
int pgnl_group_delete(const struct pgnl_caller *who, struct pgnl_scope *scope,
		      const struct pgnl_name *name, bool *missing)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_node *by = NULL;
	struct pgnl_group *group;
	u32 rows = 0;
	int err = 0;

	mutex_lock(&pn->lock);
	if (who->node)
		by = pgnl_node_get(pgnl_node_find_locked(pn->cluster, who->node));
	group = pgnl_group_find(scope, name);
	*missing = !group || (!group->created && !group->nr_seen);
	if (*missing)
		goto out;
	if (!pgnl_group_may_delete_locked(who, group))
		err = -EACCES;
	else if (pgnl_group_is_far(group))
		leave_to_others_locked(group, by, &rows);
	else
		delete_locked(group, by, &rows);
out:
	pgnl_node_put(by);
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
		delete_locked(group, NULL, &rows);
		rows++;
		pgnl_table_breathe_locked(scope->pn, &rows);
	}
}
