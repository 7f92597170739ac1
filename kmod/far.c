// SPDX-License-Identifier: GPL-2.0-only
/*
 * The members of other nodes that a request acts on: gathered here, by node, and
 * acted on there, by those nodes' kernels, which know best who is a member then.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "crowd.h"
#include "far.h"
#include "group.h"
#include "proc.h"
#include "remote.h"
#include "table.h"
#include "upcall.h"

static int reserve(struct pgnl_far *far, u32 room)
{
	kvfree(far->part);
	far->room = 0;
	far->part = kvmalloc_array(room, sizeof(*far->part),
				   GFP_KERNEL_ACCOUNT);
	if (!far->part)
		return -ENOMEM;
	far->room = room;
	return 0;
}

/**
 * pgnl_far_begin() - Begin to gather.
 * @far: to set up
 * @pn: the tables
 * @act: what the agent would have to do, of enum pgnl_act
 * @room: how many members may be added one by one, or 0
 *
 * Return: 0 or -ENOMEM; pgnl_far_end() is to follow anyway.
 */
int pgnl_far_begin(struct pgnl_far *far, struct pgnl_net *pn, u32 act, u32 room)
{
	memset(far, 0, sizeof(*far));
	far->can = pgnl_upcall_can(pn, act);
	return room ? reserve(far, room) : 0;
}

/**
 * pgnl_far_end() - Let all go that was gathered.
 * @far: what was
 */
void pgnl_far_end(struct pgnl_far *far)
{
	u32 i;

	for (i = 0; i < far->nr; i++)
		pgnl_node_put(far->part[i].node);
	kvfree(far->part);
	memset(far, 0, sizeof(*far));
}

static struct pgnl_far_part *add_part_locked(struct pgnl_far *far,
					     struct pgnl_node *node, u64 id)
{
	struct pgnl_far_part *part = &far->part[far->nr++];

	kref_get(&node->ref);
	part->node = node;
	part->id = id;
	part->pid = 0;
	part->members = 0;
	return part;
}

static bool can_ask_locked(const struct pgnl_far *far,
			   const struct pgnl_node *node)
{
	return far->can && node->connected && node->state == PGNL_STATE_UP;
}

/**
 * pgnl_far_add_locked() - Add one member.
 * @far: where to, with room
 * @remote: the member
 */
void pgnl_far_add_locked(struct pgnl_far *far, struct pgnl_remote *remote)
{
	struct pgnl_far_part *part;

	if (!can_ask_locked(far, remote->node) || far->nr >= far->room) {
		far->lost++;
		return;
	}
	part = add_part_locked(far, remote->node, remote->id);
	part->pid = remote->pid;
	part->members = 1;
	far->members++;
}

static bool is_meant_locked(const struct pgnl_remote *remote,
			    const struct pgnl_audience *to)
{
	return pgnl_remote_is_seen(remote) &&
	       (!to->pick.by_uid || uid_eq(remote->uid, to->pick.uid));
}

/* The node's part, which its mark leads to once it has one. */
static struct pgnl_far_part *part_of_locked(struct pgnl_far *far,
					    struct pgnl_node *node)
{
	if (node->mark < far->nr && far->part[node->mark].node == node)
		return &far->part[node->mark];
	node->mark = far->nr;
	return add_part_locked(far, node, 0);
}

static void count_all_locked(struct pgnl_far *far, struct pgnl_group *group,
			     const struct pgnl_audience *to)
{
	struct pgnl_remotes *set = pgnl_remotes_locked(group);
	struct pgnl_remote *remote;
	unsigned long index;

	if (!set)
		return;
	xa_for_each(&set->rows, index, remote) {
		cond_resched();
		if (!is_meant_locked(remote, to))
			continue;
		if (!can_ask_locked(far, remote->node)) {
			far->lost++;
			continue;
		}
		part_of_locked(far, remote->node)->members++;
		far->members++;
	}
}

/* 1 with the lock, and room for all nodes; 0: no group has anything of them; -ENOMEM. */
static int lock_with_room(struct pgnl_far *far, struct pgnl_scope *scope)
{
	struct pgnl_net *pn = scope->pn;
	int err;

	/* Mostly there are none. */
	if (!READ_ONCE(scope->nr_far))
		return 0;
	for (;;) {
		err = reserve(far, READ_ONCE(pn->used[PGNL_NET_NODES]) + 1);
		if (err)
			return err;
		mutex_lock(&pn->lock);
		if (pn->used[PGNL_NET_NODES] <= far->room)
			return 1;
		mutex_unlock(&pn->lock);
	}
}

/**
 * pgnl_far_add_all() - Add all members of a group that fit.
 * @far: where to, with nothing in it
 * @scope: the scope
 * @name: the group; a missing one has none
 * @to: whom of it
 *
 * Return: 0 or -ENOMEM.
 */
int pgnl_far_add_all(struct pgnl_far *far, struct pgnl_scope *scope,
		     const struct pgnl_name *name,
		     const struct pgnl_audience *to)
{
	struct pgnl_group *group;
	int err;

	err = lock_with_room(far, scope);
	if (err <= 0)
		return err;
	group = pgnl_group_find(scope, name);
	if (group)
		count_all_locked(far, group, to);
	mutex_unlock(&scope->pn->lock);
	return 0;
}

/* Ends when all nodes that there are have been met. */
static void add_nodes_locked(struct pgnl_far *far, struct pgnl_group *group)
{
	struct pgnl_remotes *set = pgnl_remotes_locked(group);
	u64 all = group->scope->pn->used[PGNL_NET_NODES];
	struct pgnl_remote *remote;
	unsigned long index;

	if (!set)
		return;
	xa_for_each(&set->creators, index, remote) {
		cond_resched();
		if (!remote->node->gone)
			part_of_locked(far, remote->node);
	}
	xa_for_each(&set->rows, index, remote) {
		if (far->nr >= all)
			break;
		cond_resched();
		if (pgnl_remote_is_seen(remote))
			part_of_locked(far, remote->node);
	}
}

/* Each counts once; those that can't be asked are lost. */
static void count_nodes_locked(struct pgnl_far *far)
{
	u32 i, nr = far->nr;

	far->nr = 0;
	for (i = 0; i < nr; i++) {
		struct pgnl_far_part *part = &far->part[i];

		if (!can_ask_locked(far, part->node)) {
			pgnl_node_put(part->node);
			far->lost++;
			continue;
		}
		part->members = 1;
		far->members++;
		far->part[far->nr++] = *part;
	}
}

/**
 * pgnl_far_add_nodes() - Add the nodes that have something in a group.
 * @far: where to, with nothing in it
 * @who: the caller, for whom a group that it may not delete has none
 * @scope: the scope
 * @name: the group; a missing one is nobody's
 *
 * Return: 0 or -ENOMEM.
 */
int pgnl_far_add_nodes(struct pgnl_far *far, const struct pgnl_caller *who,
		       struct pgnl_scope *scope, const struct pgnl_name *name)
{
	struct pgnl_group *group;
	int err;

	err = lock_with_room(far, scope);
	if (err <= 0)
		return err;
	group = pgnl_group_find(scope, name);
	if (group && pgnl_group_may_delete_locked(who, group))
		add_nodes_locked(far, group);
	count_nodes_locked(far);
	mutex_unlock(&scope->pn->lock);
	return 0;
}

/**
 * pgnl_far_add_id() - Add the members that have an id, if they fit.
 * @far: where to
 * @scope: the scope
 * @name: the group
 * @to: whom of it
 * @id: the id; one of a process of this node adds nobody
 */
void pgnl_far_add_id(struct pgnl_far *far, struct pgnl_scope *scope,
		     const struct pgnl_name *name,
		     const struct pgnl_audience *to, u64 id)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_remote *remote;
	struct pgnl_group *group;
	struct pgnl_node *node;
	unsigned long n;

	if (!READ_ONCE(scope->nr_far))
		return;
	mutex_lock(&pn->lock);
	group = pgnl_group_find(scope, name);
	if (group && pgnl_group_is_far(group) &&
	    !pgnl_proc_find_id_locked(pn, id)) {
		xa_for_each(&pn->cluster->nodes, n, node) {
			remote = pgnl_remote_find_locked(group, node, id);
			if (remote && is_meant_locked(remote, to))
				pgnl_far_add_locked(far, remote);
		}
	}
	mutex_unlock(&pn->lock);
	cond_resched();
}

/**
 * pgnl_far_add_node() - Add a process of a node, which knows it by its id.
 * @far: where to, with room
 * @pn: the tables
 * @name: of the node
 * @id: member id of the process
 *
 * Return: 0 or -EHOSTUNREACH.
 */
int pgnl_far_add_node(struct pgnl_far *far, struct pgnl_net *pn,
		      const char *name, u64 id)
{
	struct pgnl_node *node;
	int err = -EHOSTUNREACH;

	mutex_lock(&pn->lock);
	node = pgnl_node_find_locked(pn->cluster, name);
	if (node && !node->gone && can_ask_locked(far, node)) {
		add_part_locked(far, node, id)->members = 1;
		far->members++;
		err = 0;
	}
	mutex_unlock(&pn->lock);
	return err;
}

/* --- As attributes --- */

static int by_node(const void *a, const void *b)
{
	const struct pgnl_far_part *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* How many of the parts, from one on, are of its node. */
static u32 run_of(const struct pgnl_far *far, u32 first)
{
	u32 i = first;

	while (i < far->nr && far->part[i].node == far->part[first].node)
		i++;
	return i - first;
}

/**
 * pgnl_far_size() - What will be put.
 * @far: the members, which are put in order
 *
 * Return: bytes of attributes.
 */
size_t pgnl_far_size(struct pgnl_far *far)
{
	size_t size = 0;
	u32 i, n;

	sort(far->part, far->nr, sizeof(*far->part), by_node, NULL);
	for (i = 0; i < far->nr; i += n) {
		n = run_of(far, i);
		size += nla_total_size(0) +
			nla_total_size(strlen(far->part[i].node->name) + 1) +
			nla_total_size_64bit(sizeof(u64)) +
			nla_total_size(sizeof(u32)) +
			nla_total_size(n * sizeof(u64));
	}
	return size;
}

static int put_ids(struct sk_buff *skb, const struct pgnl_far_part *part, u32 n)
{
	struct nlattr *attr = nla_reserve(skb, PGNL_A_TARGET_IDS,
					  n * sizeof(u64));
	u32 i;

	if (!attr)
		return -EMSGSIZE;
	for (i = 0; i < n; i++)
		memcpy(nla_data(attr) + i * sizeof(u64), &part[i].id,
		       sizeof(u64));
	return 0;
}

static int put_node(struct sk_buff *skb, const struct pgnl_far_part *part,
		    u32 n)
{
	struct nlattr *nest = nla_nest_start(skb, PGNL_A_TARGET);
	const struct pgnl_node *node = part->node;
	u32 members = part->id ? n : part->members;

	if (!nest ||
	    nla_put_string(skb, PGNL_A_TARGET_NODE, node->name) ||
	    nla_put_u64_64bit(skb, PGNL_A_TARGET_INCARNATION,
			      node->incarnation, PGNL_A_TARGET_PAD) ||
	    nla_put_u32(skb, PGNL_A_TARGET_MEMBERS, members) ||
	    (part->id && put_ids(skb, part, n)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * pgnl_far_put() - Say in an upcall whom it is about, node by node.
 * @skb: the upcall
 * @far: the members, in order
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_far_put(struct sk_buff *skb, const struct pgnl_far *far)
{
	u32 i, n;

	for (i = 0; i < far->nr; i += n) {
		n = run_of(far, i);
		if (put_node(skb, &far->part[i], n))
			return -EMSGSIZE;
	}
	return 0;
}
