// SPDX-License-Identifier: GPL-2.0-only
/*
 * Other nodes.
 *
 * A node is what the agent says of it: up, with rows that are put in; suspect
 * when it is not connected; then up again or dropped. Without an agent all
 * nodes are stale, and dropped when none comes in time.
 *
 * What happens to a node is told in every scope, in the order of its rows'
 * events there.
 */
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/stringhash.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "event.h"
#include "remote.h"
#include "table.h"
#include "user.h"
#include "view.h"

static u32 hash_name(const char *name)
{
	return full_name_hash(NULL, name, strlen(name));
}

/**
 * pgnl_node_table_init() - Set up the nodes of a network namespace.
 * @cluster: where
 *
 * Return: 0.
 */
int pgnl_node_table_init(struct pgnl_cluster *cluster)
{
	xa_init_flags(&cluster->nodes, XA_FLAGS_ALLOC);
	hash_init(cluster->by_name);
	return 0;
}

/**
 * pgnl_node_payer() - Whom a node and its rows are to be charged to.
 * @pn: the tables, lock not held
 * @payer: set to the user, counted; NULL: nobody
 *
 * An agent acts for others, so what it puts in is nobody's. But whoever makes user
 * namespaces can be administrator, and so the agent, of as many network namespaces
 * as there is memory for; there it is the agent's user who pays.
 *
 * Return: 0 or -ENOMEM.
 */
int pgnl_node_payer(const struct pgnl_net *pn, struct pgnl_user **payer)
{
	*payer = NULL;
	if (pn->net->user_ns == &init_user_ns)
		return 0;
	*payer = pgnl_user_get(current_user_ns(), current_uid());
	return *payer ? 0 : -ENOMEM;
}

static int charge(struct pgnl_node *node, struct pgnl_user *payer,
		  struct pgnl_fault *fault)
{
	if (!pgnl_user_charge(payer, PGNL_USER_MEMBERSHIPS)) {
		fault->cause = PGNL_CAUSE_USER_MEMBERSHIPS;
		return -EDQUOT;
	}
	node->user = payer ? pgnl_user_hold(payer) : NULL;
	return 0;
}

static void uncharge(struct pgnl_node *node)
{
	pgnl_user_uncharge(node->user, PGNL_USER_MEMBERSHIPS);
	pgnl_user_put(node->user);
	node->user = NULL;
}

/* Its rows are gone. */
static void forget_locked(struct pgnl_cluster *cluster, struct pgnl_node *node)
{
	struct pgnl_net *pn = cluster->pn;

	pgnl_view_node_forgotten_locked(pn, node);
	hash_del(&node->in_table);
	xa_erase(&cluster->nodes, node->id);
	pn->gen = pgnl_table_next_gen(pn->gen);
	WRITE_ONCE(pn->used[PGNL_NET_NODES], pn->used[PGNL_NET_NODES] - 1);
	uncharge(node);
	pgnl_node_put(node);
}

/**
 * pgnl_node_table_destroy() - Undo pgnl_node_table_init().
 * @cluster: where, with no row left, and nobody who makes requests
 */
void pgnl_node_table_destroy(struct pgnl_cluster *cluster)
{
	struct pgnl_node *node;
	unsigned long id;

	xa_for_each(&cluster->nodes, id, node)
		forget_locked(cluster, node);
	xa_destroy(&cluster->nodes);
}

static void free_node(struct kref *ref)
{
	/* Readers under RCU may have it from a row. */
	kfree_rcu(container_of(ref, struct pgnl_node, ref), rcu);
}

/**
 * pgnl_node_put() - Return a reference.
 * @node: a node or NULL
 */
void pgnl_node_put(struct pgnl_node *node)
{
	if (node)
		kref_put(&node->ref, free_node);
}

/**
 * pgnl_node_find_locked() - Look a node up.
 * @cluster: where
 * @name: its name
 *
 * Return: the node or NULL, borrowed.
 */
struct pgnl_node *pgnl_node_find_locked(struct pgnl_cluster *cluster,
					const char *name)
{
	struct pgnl_node *node;

	pgnl_assert_locked(cluster->pn);
	hash_for_each_possible(cluster->by_name, node, in_table,
			       hash_name(name))
		if (!strcmp(node->name, name))
			return node;
	return NULL;
}

/**
 * pgnl_node_age() - How long the rows of a node have been in their state.
 * @node: the node, lock held or within RCU
 *
 * Return: milliseconds.
 */
u64 pgnl_node_age(const struct pgnl_node *node)
{
	u64 now = ktime_get_boottime_ns(), since = READ_ONCE(node->since);

	return now > since ? div_u64(now - since, NSEC_PER_MSEC) : 0;
}

/**
 * pgnl_node_largest_locked() - How many rows the node with the most has.
 * @cluster: where
 *
 * Return: how many.
 */
u64 pgnl_node_largest_locked(struct pgnl_cluster *cluster)
{
	struct pgnl_node *node;
	unsigned long id;
	u64 most = 0;

	pgnl_assert_locked(cluster->pn);
	xa_for_each(&cluster->nodes, id, node)
		most = max(most, node->nr_rows);
	return most;
}

static void set_state_locked(struct pgnl_cluster *cluster,
			     struct pgnl_node *node, enum pgnl_state state)
{
	WRITE_ONCE(node->since, ktime_get_boottime_ns());
	WRITE_ONCE(node->state, state);
	pgnl_view_node_changed_locked(cluster->pn, node);
}

static void tell_locked(struct pgnl_cluster *cluster, struct pgnl_node *node,
			enum pgnl_reason reason)
{
	pgnl_event_node_locked(cluster->pn, node, reason);
}

static void tell_up_locked(struct pgnl_cluster *cluster, struct pgnl_node *node,
			   bool up)
{
	if (node->told_up == up)
		return;
	node->told_up = up;
	tell_locked(cluster, node, up ? PGNL_REASON_NODE_UP :
					PGNL_REASON_NODE_DOWN);
}

static void freshen_locked(struct pgnl_cluster *cluster, struct pgnl_node *node)
{
	if (node->state == PGNL_STATE_UP)
		return;
	set_state_locked(cluster, node, PGNL_STATE_UP);
	tell_locked(cluster, node, PGNL_REASON_NODE_FRESH);
}

static struct pgnl_node *add_locked(struct pgnl_cluster *cluster,
				    const char *name, u64 incarnation,
				    struct pgnl_user *payer,
				    struct pgnl_fault *fault)
{
	struct pgnl_net *pn = cluster->pn;
	struct pgnl_node *node;
	int err;

	if (pn->used[PGNL_NET_NODES] >= pn->limit[PGNL_NET_NODES]) {
		fault->cause = PGNL_CAUSE_NET_NODES;
		return ERR_PTR(-EDQUOT);
	}
	node = kzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return ERR_PTR(-ENOMEM);
	err = charge(node, payer, fault);
	if (err) {
		kfree(node);
		return ERR_PTR(err);
	}
	strscpy(node->name, name, sizeof(node->name));
	node->incarnation = incarnation;
	kref_init(&node->ref);
	INIT_LIST_HEAD(&node->rows);
	INIT_LIST_HEAD(&node->old);
	node->state = PGNL_STATE_UP;
	node->since = ktime_get_boottime_ns();
	if (xa_alloc(&cluster->nodes, &node->id, node, xa_limit_31b,
		     GFP_KERNEL)) {
		uncharge(node);
		kfree(node);
		return ERR_PTR(-ENOMEM);
	}
	hash_add(cluster->by_name, &node->in_table, hash_name(name));
	pn->gen = pgnl_table_next_gen(pn->gen);
	WRITE_ONCE(pn->used[PGNL_NET_NODES], pn->used[PGNL_NET_NODES] + 1);
	return node;
}

/**
 * pgnl_node_up_locked() - A node is connected.
 * @cluster: where
 * @name: its name
 * @incarnation: which of that name; rows of another one leave
 * @fresh: the rows that are there hold
 * @payer: of pgnl_node_payer()
 * @fault: what to blame
 *
 * Lets the lock go now and then.
 *
 * Return: 0, -EDQUOT or -ENOMEM.
 */
int pgnl_node_up_locked(struct pgnl_cluster *cluster, const char *name,
			u64 incarnation, bool fresh, struct pgnl_user *payer,
			struct pgnl_fault *fault)
{
	struct pgnl_node *node = pgnl_node_find_locked(cluster, name);

	if (node && node->incarnation != incarnation) {
		pgnl_node_drop_locked(cluster, node, PGNL_REASON_NODE_LOST);
		node = NULL;
	}
	if (!node) {
		node = add_locked(cluster, name, incarnation, payer, fault);
		if (IS_ERR(node))
			return PTR_ERR(node);
	}
	node->connected = true;
	tell_up_locked(cluster, node, true);
	/* Without rows there is nothing that could be old. */
	if (fresh || (list_empty(&node->rows) && list_empty(&node->old)))
		freshen_locked(cluster, node);
	return 0;
}

/* What was begun is not ended: nobody has said that the rows do not hold. */
static void abandon_sync_locked(struct pgnl_node *node)
{
	list_splice_tail_init(&node->old, &node->rows);
	node->syncing = false;
}

/**
 * pgnl_node_suspect_locked() - A node is not connected any more.
 * @cluster: where
 * @node: the node
 */
void pgnl_node_suspect_locked(struct pgnl_cluster *cluster,
			      struct pgnl_node *node)
{
	abandon_sync_locked(node);
	node->connected = false;
	tell_up_locked(cluster, node, false);
	if (node->state == PGNL_STATE_SUSPECT)
		return;
	set_state_locked(cluster, node, PGNL_STATE_SUSPECT);
	tell_locked(cluster, node, PGNL_REASON_NODE_SUSPECT);
}

/**
 * pgnl_node_drop_locked() - Give a node up.
 * @cluster: where
 * @node: the node
 * @reason: why its rows leave
 *
 * Nobody sees its rows any more; lets the lock go now and then while they are
 * taken out.
 */
void pgnl_node_drop_locked(struct pgnl_cluster *cluster, struct pgnl_node *node,
			   enum pgnl_reason reason)
{
	lockdep_assert_held(&cluster->op_lock);
	node->connected = false;
	node->syncing = false;
	WRITE_ONCE(node->gone, true);
	pgnl_view_node_changed_locked(cluster->pn, node);
	tell_up_locked(cluster, node, false);
	list_splice_tail_init(&node->rows, &node->old);
	pgnl_remote_remove_old_locked(cluster->pn, node, reason);
	forget_locked(cluster, node);
}

/**
 * pgnl_node_begin_locked() - All rows of a node are put in anew.
 * @node: the node
 */
void pgnl_node_begin_locked(struct pgnl_node *node)
{
	list_splice_tail_init(&node->rows, &node->old);
	node->syncing = true;
	node->dropping = false;
}

/**
 * pgnl_node_commit_locked() - All rows of a node have been put in anew.
 * @cluster: where
 * @node: the node, syncing
 *
 * Lets the lock go now and then.
 */
void pgnl_node_commit_locked(struct pgnl_cluster *cluster,
			     struct pgnl_node *node)
{
	lockdep_assert_held(&cluster->op_lock);
	pgnl_remote_remove_old_locked(cluster->pn, node, PGNL_REASON_LEFT);
	node->syncing = false;
	node->partial = node->dropping;
	freshen_locked(cluster, node);
}

/**
 * pgnl_node_stale_all_locked() - There is no agent any more.
 * @cluster: where
 */
void pgnl_node_stale_all_locked(struct pgnl_cluster *cluster)
{
	struct pgnl_node *node;
	unsigned long id;

	pgnl_assert_locked(cluster->pn);
	xa_for_each(&cluster->nodes, id, node) {
		abandon_sync_locked(node);
		node->connected = false;
		set_state_locked(cluster, node, PGNL_STATE_STALE);
	}
}

/**
 * pgnl_node_drop_stale_locked() - Give up nodes that no agent has confirmed.
 * @cluster: where
 *
 * Lets the lock go now and then.
 *
 * Return: true when there was one, and there may be more.
 */
bool pgnl_node_drop_stale_locked(struct pgnl_cluster *cluster)
{
	struct pgnl_node *node;
	unsigned long id;

	xa_for_each(&cluster->nodes, id, node) {
		/* A new agent has it in hand. */
		if (node->state != PGNL_STATE_STALE || node->connected)
			continue;
		pgnl_node_drop_locked(cluster, node, PGNL_REASON_AGENT_LOST);
		return true;
	}
	return false;
}
