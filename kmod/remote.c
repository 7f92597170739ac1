// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members of other nodes.
 *
 * A row is in three indexes: the hash by group, node and id, the array of its
 * group and the list of its node. What other nodes have in a group is there with
 * the first of these rows, and goes with the last.
 *
 * Rows are limited by their number, for each node and all together. Nothing here
 * is charged to the agent, who acts for others, but where the network namespace is
 * that of a user namespace: see node.c.
 */
#include <linux/cred.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "event.h"
#include "group.h"
#include "member.h"
#include "remote.h"
#include "scope.h"
#include "table.h"
#include "user.h"
#include "view.h"

#define NOBODYS	(GFP_KERNEL | __GFP_NOWARN)

static struct kmem_cache *remote_cache;

/* What makes the key stands side by side. */
struct remote_key {
	const struct pgnl_remotes *set;
	const struct pgnl_node *node;
	u64 id;
};

static_assert(offsetof(struct pgnl_remote, node) -
	      offsetof(struct pgnl_remote, set) ==
	      offsetof(struct remote_key, node));
static_assert(offsetof(struct pgnl_remote, id) -
	      offsetof(struct pgnl_remote, set) ==
	      offsetof(struct remote_key, id));

static const struct rhashtable_params remote_params = {
	.head_offset = offsetof(struct pgnl_remote, hash),
	.key_offset = offsetof(struct pgnl_remote, set),
	.key_len = sizeof(struct remote_key),
	.automatic_shrinking = true,
};

/**
 * pgnl_remote_init() - Set up at module load.
 *
 * Return: 0 or -ENOMEM.
 */
int __init pgnl_remote_init(void)
{
	remote_cache = kmem_cache_create("pgnl_remote",
					 sizeof(struct pgnl_remote), 0, 0, NULL);
	return remote_cache ? 0 : -ENOMEM;
}

/**
 * pgnl_remote_exit() - Undo pgnl_remote_init(), after an rcu_barrier().
 */
void pgnl_remote_exit(void)
{
	kmem_cache_destroy(remote_cache);
}

/**
 * pgnl_remote_table_init() - Set up the index of a network namespace.
 * @cluster: where
 *
 * Return: 0 or -ENOMEM.
 */
int pgnl_remote_table_init(struct pgnl_cluster *cluster)
{
	return rhashtable_init(&cluster->remotes, &remote_params);
}

/**
 * pgnl_remote_table_destroy() - Undo pgnl_remote_table_init().
 * @cluster: where, with no row left
 */
void pgnl_remote_table_destroy(struct pgnl_cluster *cluster)
{
	rhashtable_destroy(&cluster->remotes);
}

static struct pgnl_net *net_of(const struct pgnl_remote *remote)
{
	return remote->set->group->scope->pn;
}

static struct pgnl_meta *meta_of(const struct pgnl_remote *remote)
{
	return rcu_dereference_protected(remote->meta,
					 lockdep_is_held(&net_of(remote)->lock));
}

/* --- What other nodes have in a group --- */

/* Make it, with a reference to the group, or find it; NULL: no memory. */
static struct pgnl_remotes *make_set_locked(struct pgnl_group *group)
{
	struct pgnl_remotes *set = pgnl_remotes_locked(group);
	struct pgnl_scope *scope = group->scope;
	bool was_seen = pgnl_group_is_seen(group);

	if (set)
		return set;
	set = kzalloc(sizeof(*set), NOBODYS);
	if (!set)
		return NULL;
	xa_init(&set->rows);
	xa_init(&set->creators);
	set->group = group;
	pgnl_group_get_locked(group);
	WRITE_ONCE(scope->nr_far, scope->nr_far + 1);
	rcu_assign_pointer(group->remotes, set);
	pgnl_view_far_locked(group);
	scope->nr_groups += pgnl_group_is_seen(group) - was_seen;
	return set;
}

/*
 * Readers under RCU may still look at it. The rows are gone, and the next one
 * of another node makes a new set.
 */
static void end_set_locked(struct pgnl_remotes *set)
{
	struct pgnl_group *group = set->group;
	struct pgnl_scope *scope = group->scope;
	bool was_seen = pgnl_group_is_seen(group);

	if (set->nr_rows || set->nr_created)
		return;
	rcu_assign_pointer(group->remotes, NULL);
	WRITE_ONCE(scope->nr_far, scope->nr_far - 1);
	/* The scope has written off a dead group as a whole. */
	if (!group->dead)
		scope->nr_groups += pgnl_group_is_seen(group) - was_seen;
	pgnl_view_near_locked(group);
	xa_destroy(&set->rows);
	xa_destroy(&set->creators);
	kfree_rcu(set, rcu);
	pgnl_group_put_locked(group);
}

/* --- Rows --- */

static struct pgnl_remote *alloc_remote(bool named, gfp_t gfp)
{
	struct pgnl_far_name *name;

	if (!named)
		return kmem_cache_zalloc(remote_cache, gfp);
	name = kzalloc(sizeof(*name), gfp);
	if (!name)
		return NULL;
	name->remote.named = true;
	return &name->remote;
}

static void release_remote(struct pgnl_remote *remote)
{
	if (remote->named)
		kfree(pgnl_remote_name(remote));
	else
		kmem_cache_free(remote_cache, remote);
}

static void free_remote_rcu(struct rcu_head *rcu)
{
	struct pgnl_remote *remote = container_of(rcu, struct pgnl_remote, rcu);

	pgnl_node_put(remote->node);
	release_remote(remote);
}

static bool has_room_locked(struct pgnl_net *pn, const struct pgnl_node *node)
{
	return pn->used[PGNL_NET_REMOTES] < pn->limit[PGNL_NET_REMOTES] &&
	       node->nr_rows < pn->limit[PGNL_NET_NODE_REMOTES];
}

/* Rows of an id are members; one without says that the node has made the group. */
static void count_locked(struct pgnl_remote *remote, int sign)
{
	struct pgnl_net *pn = net_of(remote);

	if (!remote->id) {
		WRITE_ONCE(remote->set->nr_created,
			   remote->set->nr_created + sign);
		return;
	}
	remote->node->nr_rows += sign;
	WRITE_ONCE(pn->used[PGNL_NET_REMOTES],
		   pn->used[PGNL_NET_REMOTES] + sign);
}

static int enter_array_locked(struct pgnl_remote *remote)
{
	struct pgnl_remotes *set = remote->set;

	if (!remote->id)
		return xa_err(xa_store(&set->creators, remote->node->id, remote,
				       NOBODYS));
	remote->index = set->nr_rows;
	if (xa_err(xa_store(&set->rows, remote->index, remote, NOBODYS)))
		return -ENOMEM;
	WRITE_ONCE(set->nr_rows, set->nr_rows + 1);
	return 0;
}

/* The last row takes the place of the one that goes, as with members. */
static void leave_array_locked(struct pgnl_remote *remote)
{
	struct pgnl_remotes *set = remote->set;
	u32 end = set->nr_rows - 1;
	struct pgnl_remote *last;

	if (!remote->id) {
		xa_erase(&set->creators, remote->node->id);
		return;
	}
	if (remote->index != end) {
		last = xa_load(&set->rows, end);
		last->index = remote->index;
		/* That place has been in use, so this needs no memory. */
		xa_store(&set->rows, last->index, last, GFP_ATOMIC);
	}
	xa_erase(&set->rows, end);
	WRITE_ONCE(set->nr_rows, end);
}

static void set_count_locked(struct pgnl_remote *remote, u32 count)
{
	struct pgnl_remotes *set = remote->set;

	if (remote->id)
		set->nr_members += (u64)count - remote->count;
	WRITE_ONCE(remote->count, count);
}

/*
 * Take a row out. Readers under RCU may have it until a grace period is over.
 * May free the group.
 */
static void remove_locked(struct pgnl_remote *remote, enum pgnl_reason reason,
			  u32 status)
{
	struct pgnl_remotes *set = remote->set;
	struct pgnl_group *group = set->group;
	struct pgnl_net *pn = net_of(remote);

	pgnl_group_begin_locked(group);
	pgnl_view_remove_remote_locked(remote);
	set_count_locked(remote, 0);
	leave_array_locked(remote);
	pgnl_group_end_locked(group);

	count_locked(remote, -1);
	pgnl_user_uncharge(remote->node->user, PGNL_USER_MEMBERSHIPS);
	rhashtable_remove_fast(&pn->cluster->remotes, &remote->hash,
			       remote_params);
	list_del(&remote->in_node);
	pn->cluster->removals++;
	pgnl_scope_changed_locked(group->scope);
	if (remote->id || (!set->nr_created && !group->created))
		pgnl_event_remote_locked(remote, remote->id ? reason :
					 PGNL_REASON_GROUP_DELETED, status);
	pgnl_meta_put(meta_of(remote));
	call_rcu(&remote->rcu, free_remote_rcu);
	end_set_locked(set);
}

/*
 * The first of what the node has not confirmed since it began goes, to make room for
 * what is new: most often it is not there any more. If it is, it comes again.
 */
static bool drop_old_locked(struct pgnl_node *node)
{
	struct pgnl_remote *old;

	old = list_first_entry_or_null(&node->old, struct pgnl_remote, in_node);
	if (old)
		remove_locked(old, PGNL_REASON_LEFT, PGNL_STATUS_UNKNOWN);
	return old;
}

/**
 * pgnl_remote_find_locked() - Look a row up.
 * @group: its group
 * @node: its node
 * @id: its member id, 0 for what says that the node has made the group
 *
 * Return: the row or NULL, borrowed.
 */
struct pgnl_remote *pgnl_remote_find_locked(struct pgnl_group *group,
					    struct pgnl_node *node, u64 id)
{
	struct pgnl_cluster *cluster = group->scope->pn->cluster;
	struct remote_key key = {
		.set = pgnl_remotes_locked(group),
		.node = node,
		.id = id,
	};

	if (!key.set)
		return NULL;
	return rhashtable_lookup_fast(&cluster->remotes, &key, remote_params);
}

/* The lock is held, so nobody may wait for a cgroup's memory. */
static gfp_t gfp_of(const struct pgnl_node *node)
{
	return node->user ? PGNL_REMOTE_CHARGED : NOBODYS;
}

static struct pgnl_meta *new_meta(const struct pgnl_node *node,
				  const struct pgnl_remote_row *row)
{
	struct pgnl_meta *meta;

	meta = kmalloc(struct_size(meta, data, row->meta_len), gfp_of(node));
	if (!meta)
		return NULL;
	kref_init(&meta->ref);
	meta->len = row->meta_len;
	memcpy(meta->data, row->meta, row->meta_len);
	return meta;
}

static bool has_meta(const struct pgnl_remote *remote,
		     const struct pgnl_remote_row *row)
{
	struct pgnl_meta *meta = meta_of(remote);

	if (!meta)
		return !row->meta_len;
	return meta->len == row->meta_len &&
	       !memcmp(meta->data, row->meta, row->meta_len);
}

static bool is_told(const struct pgnl_remote *remote,
		    const struct pgnl_remote_row *row)
{
	struct pgnl_far_name *name = pgnl_remote_name(remote);

	return !name || !memcmp(&name->told, &row->told, sizeof(name->told));
}

static bool is_same(const struct pgnl_remote *remote,
		    const struct pgnl_remote_row *row)
{
	return is_told(remote, row) && remote->count == row->count &&
	       remote->weight == row->weight && remote->pid == row->pid &&
	       uid_eq(remote->uid, row->uid) && has_meta(remote, row);
}

/* A confirmed row; the pointer and the fields change as one to readers. */
static int change_locked(struct pgnl_remote *remote,
			 const struct pgnl_remote_row *row)
{
	enum pgnl_reason reason = PGNL_REASON_JOINED;
	struct pgnl_group *group = remote->set->group;
	struct pgnl_meta *meta = NULL, *old = meta_of(remote);
	bool keep = has_meta(remote, row);

	if (is_same(remote, row))
		return 0;
	if (!keep && row->meta_len) {
		meta = new_meta(remote->node, row);
		if (!meta)
			return -ENOMEM;
	}
	if (row->count < remote->count)
		reason = PGNL_REASON_LEFT;
	pgnl_group_begin_locked(group);
	set_count_locked(remote, row->count);
	WRITE_ONCE(remote->pid, row->pid);
	WRITE_ONCE(remote->uid, row->uid);
	WRITE_ONCE(remote->weight, row->weight);
	if (remote->named)
		pgnl_remote_name(remote)->told = row->told;
	if (!keep)
		rcu_assign_pointer(remote->meta, meta);
	pgnl_view_put_remote_locked(remote);
	pgnl_group_end_locked(group);
	if (!keep)
		pgnl_meta_put(old);
	net_of(remote)->cluster->puts++;
	pgnl_scope_changed_locked(group->scope);
	if (remote->id)
		pgnl_event_remote_locked(remote, reason, PGNL_STATUS_UNKNOWN);
	return 0;
}

static struct pgnl_remote *new_remote(struct pgnl_node *node,
				      const struct pgnl_remote_row *row)
{
	struct pgnl_meta *meta = NULL;
	struct pgnl_remote *remote;

	remote = alloc_remote(row->named, gfp_of(node));
	if (!remote)
		return NULL;
	if (row->meta_len) {
		meta = new_meta(node, row);
		if (!meta) {
			release_remote(remote);
			return NULL;
		}
	}
	RCU_INIT_POINTER(remote->meta, meta);
	kref_get(&node->ref);
	remote->node = node;
	remote->id = row->id;
	remote->pid = row->pid;
	remote->uid = row->uid;
	remote->weight = row->weight;
	if (row->named)
		pgnl_remote_name(remote)->told = row->told;
	return remote;
}

/* Of one that nobody has seen. */
static void free_remote(struct pgnl_remote *remote)
{
	pgnl_meta_put(rcu_dereference_protected(remote->meta, true));
	pgnl_node_put(remote->node);
	release_remote(remote);
}

static int publish_locked(struct pgnl_remote *remote, struct pgnl_group *group,
			  u32 count)
{
	struct pgnl_cluster *cluster = group->scope->pn->cluster;
	struct pgnl_remotes *set = make_set_locked(group);
	int err;

	if (!set)
		return -ENOMEM;
	remote->set = set;
	err = rhashtable_insert_fast(&cluster->remotes, &remote->hash,
				     remote_params);
	if (err) {
		end_set_locked(set);
		return -ENOMEM;
	}
	/* Without a count it is not seen there. */
	err = enter_array_locked(remote);
	if (err) {
		rhashtable_remove_fast(&cluster->remotes, &remote->hash,
				       remote_params);
		end_set_locked(set);
		return err;
	}
	pgnl_group_begin_locked(group);
	set_count_locked(remote, count);
	pgnl_view_put_remote_locked(remote);
	pgnl_group_end_locked(group);
	count_locked(remote, 1);
	list_add_tail(&remote->in_node, &remote->node->rows);
	cluster->puts++;
	pgnl_scope_changed_locked(group->scope);
	return 0;
}

/* A limit that was lowered would have many rows go at once. */
#define MAKE_ROOM_TRIES	16

static bool charge_locked(struct pgnl_net *pn, struct pgnl_node *node,
			  const struct pgnl_remote_row *row)
{
	if (row->id && !has_room_locked(pn, node))
		return false;
	return pgnl_user_charge(node->user, PGNL_USER_MEMBERSHIPS);
}

static int add_locked(struct pgnl_node *node, struct pgnl_group *group,
		      const struct pgnl_remote_row *row)
{
	struct pgnl_net *pn = group->scope->pn;
	struct pgnl_remote *remote;
	u32 tries = 0;
	int err;

	while (!charge_locked(pn, node, row))
		if (++tries > MAKE_ROOM_TRIES || !drop_old_locked(node))
			return -EDQUOT;
	remote = new_remote(node, row);
	if (!remote) {
		err = -ENOMEM;
		goto err_charge;
	}
	err = publish_locked(remote, group, row->count);
	if (err) {
		free_remote(remote);
		goto err_charge;
	}
	if (remote->id)
		pgnl_event_remote_locked(remote, PGNL_REASON_JOINED,
					 PGNL_STATUS_UNKNOWN);
	else if (remote->set->nr_created == 1 && !group->created)
		pgnl_event_remote_locked(remote, PGNL_REASON_GROUP_CREATED,
					 PGNL_STATUS_UNKNOWN);
	return 0;

err_charge:
	pgnl_user_uncharge(node->user, PGNL_USER_MEMBERSHIPS);
	return err;
}

/* A group of that name, referenced, that may be new. */
static struct pgnl_group *get_group_locked(struct pgnl_scope *scope,
					   const struct pgnl_name *name,
					   struct pgnl_user *user)
{
	struct pgnl_group *group = pgnl_group_find(scope, name);
	struct pgnl_fault fault = {};
	int err;

	if (group) {
		pgnl_group_get_locked(group);
		return group;
	}
	group = pgnl_group_new_far(scope, name, user);
	if (!group)
		return ERR_PTR(-ENOMEM);
	err = pgnl_group_add_locked(group, &fault);
	if (!err)
		return group;
	pgnl_group_free(group);
	return ERR_PTR(err);
}

/**
 * pgnl_remote_put_locked() - Put a row in, change it, or take it out.
 * @node: its node
 * @scope: the scope, not dead
 * @row: the row, checked
 *
 * May sleep for memory that is charged to nobody. For what is charged it does not:
 * after -ENOMEM the caller may make room without the lock, and try again.
 *
 * Return: 0; -EDQUOT or -ENOMEM, and nothing has changed.
 */
int pgnl_remote_put_locked(struct pgnl_node *node, struct pgnl_scope *scope,
			   const struct pgnl_remote_row *row)
{
	struct pgnl_remote *remote;
	struct pgnl_group *group;
	int err;

	pgnl_assert_locked(scope->pn);
	group = pgnl_group_find(scope, &row->group);
	remote = group ? pgnl_remote_find_locked(group, node, row->id) : NULL;
	if (!row->count) {
		if (remote)
			remove_locked(remote, row->reason, row->status);
		return 0;
	}
	if (remote) {
		err = change_locked(remote, row);
		/* Without memory, what is there is of before. */
		if (!err)
			list_move_tail(&remote->in_node, &node->rows);
		return err;
	}
	group = get_group_locked(scope, &row->group, node->user);
	if (IS_ERR(group))
		return PTR_ERR(group);
	err = add_locked(node, group, row);
	pgnl_group_put_locked(group);
	return err;
}

/**
 * pgnl_remote_remove_old_locked() - Take out what has not been confirmed.
 * @pn: the tables
 * @node: of these rows
 * @reason: why
 *
 * Lets the lock go now and then.
 */
void pgnl_remote_remove_old_locked(struct pgnl_net *pn, struct pgnl_node *node,
				   enum pgnl_reason reason)
{
	struct pgnl_remote *remote;
	u32 rows = 0;

	pgnl_assert_locked(pn);
	while ((remote = list_first_entry_or_null(&node->old, struct pgnl_remote,
						  in_node))) {
		remove_locked(remote, reason, PGNL_STATUS_UNKNOWN);
		rows++;
		pgnl_table_breathe_locked(pn, &rows);
	}
}

/* The last row, or one that says that a node has made the group. */
static struct pgnl_remote *any_locked(struct pgnl_remotes *set)
{
	unsigned long node = 0;

	if (set->nr_rows)
		return xa_load(&set->rows, set->nr_rows - 1);
	return xa_find(&set->creators, &node, ULONG_MAX, XA_PRESENT);
}

/**
 * pgnl_remote_evict_all_locked() - Take out what other nodes have in a group.
 * @group: a dead group, referenced
 * @rows: work done, for breathing
 *
 * Subscribers have been told of the deletion. The agent has, too: it asks the
 * owners of the rows, or puts them in again.
 */
void pgnl_remote_evict_all_locked(struct pgnl_group *group, u32 *rows)
{
	struct pgnl_net *pn = group->scope->pn;
	struct pgnl_remote *remote;
	struct pgnl_remotes *set;

	pgnl_assert_locked(pn);
	while ((set = pgnl_remotes_locked(group))) {
		remote = any_locked(set);
		if (WARN_ON_ONCE(!remote))
			break;
		remove_locked(remote, PGNL_REASON_EVICTED, PGNL_STATUS_UNKNOWN);
		++*rows;
		pgnl_table_breathe_locked(pn, rows);
	}
}

/**
 * pgnl_remote_is_elsewhere_locked() - Is it a member of another node?
 * @group: the group
 * @id: a member id that none of this node's members has
 *
 * Return: true when a member of another node has it in this group.
 */
bool pgnl_remote_is_elsewhere_locked(struct pgnl_group *group, u64 id)
{
	struct pgnl_cluster *cluster = group->scope->pn->cluster;
	struct pgnl_node *node;
	unsigned long n;

	if (!pgnl_group_is_far(group))
		return false;
	xa_for_each(&cluster->nodes, n, node)
		if (!node->gone && pgnl_remote_find_locked(group, node, id))
			return true;
	return false;
}

/* --- Names --- */

/* As conflicts are resolved; an agent of each side comes to the same. */
static bool comes_first(const struct pgnl_remote *a, const struct pgnl_remote *b)
{
	const struct pgnl_registration *told_a = &pgnl_remote_name(a)->told;
	const struct pgnl_registration *told_b = &pgnl_remote_name(b)->told;

	if (told_a->stamp != told_b->stamp)
		return told_a->stamp < told_b->stamp;
	if (told_a->fence != told_b->fence)
		return told_a->fence > told_b->fence;
	return strcmp(a->node->name, b->node->name) < 0;
}

/**
 * pgnl_remote_holder() - Who holds a name on another node.
 * @group: the name, lock held or within RCU and its sequence
 *
 * There may be several for a while, when nodes have met that gave it away
 * apart: then the one that is going to keep it.
 *
 * Return: the row or NULL, borrowed.
 */
struct pgnl_remote *pgnl_remote_holder(const struct pgnl_group *group)
{
	struct pgnl_remote *remote, *first = NULL;
	struct pgnl_remotes *set;
	unsigned long index;

	rcu_read_lock();
	set = pgnl_remotes_rcu(group);
	if (set)
		xa_for_each(&set->rows, index, remote)
			if (remote->named && pgnl_remote_is_seen(remote) &&
			    (!first || comes_first(remote, first)))
				first = remote;
	rcu_read_unlock();
	return first;
}

/* --- The verifier --- */

static bool has_its_creators(struct pgnl_remotes *set)
{
	struct pgnl_remote *remote;
	unsigned long id;
	u32 n = 0;

	xa_for_each(&set->creators, id, remote) {
		if (remote->set != set || remote->id || remote->node->id != id)
			return false;
		n++;
	}
	return n == set->nr_created;
}

/**
 * pgnl_remote_check_group_locked() - Is what other nodes have in a group in order?
 * @group: the group
 * @what: set to what is wrong
 *
 * Return: true when it is.
 */
bool pgnl_remote_check_group_locked(struct pgnl_group *group, const char **what)
{
	struct pgnl_remotes *set = pgnl_remotes_locked(group);
	struct pgnl_remote *remote;
	u64 members = 0;
	u32 index;

	*what = NULL;
	if (!set)
		return true;
	if (set->group != group)
		*what = "has another's remote rows";
	else if (!set->nr_rows && !set->nr_created)
		*what = "has no remote rows, but room for them";
	for (index = 0; index < set->nr_rows && !*what; index++) {
		remote = xa_load(&set->rows, index);
		if (!remote || remote->set != set || remote->index != index ||
		    !remote->count || !remote->id)
			*what = "has a stray remote row";
		else if (pgnl_remote_find_locked(group, remote->node, remote->id) != remote)
			*what = "has a remote row that is not hashed";
		else
			members += remote->count;
		cond_resched();
	}
	if (!*what && members != set->nr_members)
		*what = "counts its remote rows wrongly";
	if (!*what && !has_its_creators(set))
		*what = "does not know which nodes have created it";
	if (!*what && xa_load(&set->rows, set->nr_rows))
		*what = "has a remote row behind its last";
	return !*what;
}

static u64 check_list(const struct pgnl_node *node, const struct list_head *list,
		      u64 *all, const char **what)
{
	struct pgnl_remote *remote;
	u64 rows = 0;

	list_for_each_entry(remote, list, in_node) {
		if (remote->node != node)
			*what = "a node has another's row";
		rows += !!remote->id;
		++*all;
		cond_resched();
	}
	return rows;
}

/**
 * pgnl_remote_check_nodes_locked() - Do the nodes know their rows?
 * @pn: the tables
 * @what: set to what is wrong
 *
 * Return: true when they do.
 */
bool pgnl_remote_check_nodes_locked(struct pgnl_net *pn, const char **what)
{
	struct pgnl_cluster *cluster = pn->cluster;
	u64 rows = 0, all = 0, nodes = 0, own;
	struct pgnl_node *node;
	unsigned long id;

	*what = NULL;
	xa_for_each(&cluster->nodes, id, node) {
		own = check_list(node, &node->rows, &all, what) +
		      check_list(node, &node->old, &all, what);
		if (own != node->nr_rows)
			*what = "a node counts its rows wrongly";
		if (pgnl_node_find_locked(cluster, node->name) != node)
			*what = "a node is not found by its name";
		if (!node->syncing && !node->gone && !list_empty(&node->old))
			*what = "a node has old rows";
		rows += own;
		nodes++;
	}
	if (!*what && rows != pn->used[PGNL_NET_REMOTES])
		*what = "rows of other nodes are counted wrongly";
	if (!*what && nodes != pn->used[PGNL_NET_NODES])
		*what = "nodes are counted wrongly";
	if (!*what && all != atomic_read(&cluster->remotes.nelems))
		*what = "rows of other nodes are not all hashed";
	return !*what;
}
