/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Other nodes, and their members that are in the tables of this one.
 *
 *	group  -->  remotes  <--  remote  -->  node
 *
 * A remote is a copy of a membership of another node, put in by the agent
 * (agent.c). It has no process here, so nothing but the agent, the end of its
 * node and the deletion of its group take it out. The remotes of a group stand
 * in a dense array of their own, beside that of the members of this node, which
 * so know nothing of them.
 *
 * How fresh a row is, is said by its node for all of its rows at once. A node
 * that is gone has its rows hidden from all readers at once, too; they are then
 * taken out by and by.
 */
#ifndef _PGNL_REMOTE_H
#define _PGNL_REMOTE_H

#include <linux/hashtable.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "table.h"
#include "upcall.h"

/* Buckets of nodes by name. */
#define PGNL_NODE_BITS	8

/* For what is charged to the agent's memory cgroup; nothing is waited for. */
#define PGNL_REMOTE_CHARGED	(GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN)

/**
 * struct pgnl_cluster - What a network namespace knows of other nodes.
 * @pn: the tables
 * @op_lock: one request of the agent at a time, see table.h
 * @nodes: other nodes by a number, the order of listings (L)
 * @by_name: the same by name (L)
 * @remotes: rows by group, node and id (L)
 * @name: of this node, as its agent says; "" before (L)
 * @incarnation: of this node; 0 before (L)
 * @sk: the agent's socket, counted; NULL: there is no agent (L, changed with
 *	@op_lock held)
 * @portid: of @sk (L)
 * @proc: the process that registered, counted (L)
 * @grace: how long rows outlive the agent, in milliseconds (L)
 * @arbitrated: names are given away by the agent, or were by the last one (L,
 *	read without the lock as well)
 * @lost: there was an agent, and there is none (L)
 * @deadline: when stale rows go, in jiffies (L)
 * @work: ends the role of an agent that has exited, and stale nodes
 * @puts: rows new or changed so far (L)
 * @removals: rows taken out so far (L)
 * @drops: rows that found no room so far (L)
 * @upcalls: requests that wait for the agent, with a lock of their own
 */
struct pgnl_cluster {
	struct pgnl_net *pn;
	struct mutex op_lock;	/* see above */
	struct xarray nodes;
	DECLARE_HASHTABLE(by_name, PGNL_NODE_BITS);
	struct rhashtable remotes;
	char name[PGNL_SCOPE_NAME_MAX + 1];
	u64 incarnation;
	struct sock *sk;
	u32 portid;
	struct pgnl_proc *proc;
	u32 grace;
	bool arbitrated;
	bool lost;
	unsigned long deadline;
	struct delayed_work work;
	u64 puts;
	u64 removals;
	u64 drops;
	struct pgnl_upcalls upcalls;
};

/**
 * struct pgnl_node - Another node.
 * @in_table: in pgnl_cluster.by_name (L)
 * @id: in pgnl_cluster.nodes (C)
 * @name: its name (C)
 * @incarnation: which tables of that name (C)
 * @state: of all of its rows, enum pgnl_state (R)
 * @gone: its rows are not seen any more (R)
 * @connected: its agent is connected (L)
 * @told_up: subscribers know that it is (L)
 * @syncing: its rows are being put in anew (L)
 * @partial: rows were dropped; so the last commit, or one since then, says (L)
 * @dropping: rows were dropped since the rows were begun anew (L)
 * @since: when it came into this state, in nanoseconds of the boot clock (R)
 * @rows: its rows, those that have been confirmed (L)
 * @old: its rows that have not been since the rows were begun anew (L)
 * @nr_rows: how many there are in both, without what it has created (L)
 * @mark: scratch of whoever gathers members (L)
 * @dropped: rows that found no room so far (L)
 * @user: whom it and its rows are charged to, counted; NULL for nobody (C)
 * @ref: of the table, of rows and of events
 * @rcu: for freeing
 */
struct pgnl_node {
	struct hlist_node in_table;
	u32 id;
	char name[PGNL_SCOPE_NAME_MAX + 1];
	u64 incarnation;
	u8 state;
	bool gone;
	bool connected;
	bool told_up;
	bool syncing;
	bool partial;
	bool dropping;
	u64 since;
	struct list_head rows;
	struct list_head old;
	u64 nr_rows;
	u32 mark;
	u64 dropped;
	struct pgnl_user *user;
	struct kref ref;
	struct rcu_head rcu;
};

/**
 * struct pgnl_remotes - What other nodes have in a group.
 * @group: the group, counted (C)
 * @rows: its members by index, 0 to @nr_rows - 1 without a gap (R)
 * @nr_rows: how many (R)
 * @creators: rows that say which nodes have created the group, by node (L)
 * @nr_created: how many (R)
 * @nr_members: sum of the counts of the members (L)
 * @rcu: for freeing
 */
struct pgnl_remotes {
	struct pgnl_group *group;
	struct xarray rows;
	u32 nr_rows;
	struct xarray creators;
	u32 nr_created;
	u64 nr_members;
	struct rcu_head rcu;
};

/**
 * struct pgnl_remote - A membership of another node, or that it has created the group.
 * @hash: in pgnl_cluster.remotes
 * @set: where it is, in which a reference is counted by its rows (C)
 * @node: its node, counted; with @set and @id the hash key (C)
 * @id: member id there; 0: the node has created the group (C)
 * @in_node: in pgnl_node.rows or pgnl_node.old (L)
 * @rcu: for freeing; readers under RCU do not use @in_node
 * @meta: counted, or NULL (R)
 * @index: in pgnl_remotes.rows, if it is a member (L)
 * @pid: its pid, as that node tells it (R)
 * @count: how often it has joined (R)
 * @uid: real uid when it joined (R)
 * @weight: for clients (R)
 * @named: it is within a struct pgnl_far_name (C)
 */
struct pgnl_remote {
	struct rhash_head hash;
	struct pgnl_remotes *set;
	struct pgnl_node *node;
	u64 id;
	union {
		struct list_head in_node;
		struct rcu_head rcu;
	};
	struct pgnl_meta __rcu *meta;
	u32 index;
	u32 pid;
	u32 count;
	kuid_t uid;
	u16 weight;
	bool named;
};

/**
 * struct pgnl_far_name - A holder of a name, of another node.
 * @remote: its membership
 * @told: what is told of its registration (R)
 */
struct pgnl_far_name {
	struct pgnl_remote remote;
	struct pgnl_registration told;
};

/**
 * struct pgnl_remote_row - A row as the agent gives it.
 * @group: name of its group
 * @id: member id, or 0
 * @pid: pid
 * @count: how often it has joined, 0: it is out
 * @uid: real uid
 * @weight: weight
 * @meta: metadata
 * @meta_len: bytes of @meta
 * @reason: why it is out
 * @status: how it has ended, or PGNL_STATUS_UNKNOWN
 * @named: it is that of a name
 * @told: what is told of the registration then
 */
struct pgnl_remote_row {
	struct pgnl_name group;
	u64 id;
	u32 pid;
	u32 count;
	kuid_t uid;
	u16 weight;
	const void *meta;
	u16 meta_len;
	u8 reason;
	u32 status;
	bool named;
	struct pgnl_registration told;
};

/* remote.c: rows */

int pgnl_remote_init(void);
void pgnl_remote_exit(void);
int pgnl_remote_table_init(struct pgnl_cluster *cluster);
void pgnl_remote_table_destroy(struct pgnl_cluster *cluster);

int __must_check pgnl_remote_put_locked(struct pgnl_node *node,
					struct pgnl_scope *scope,
					const struct pgnl_remote_row *row);
void pgnl_remote_remove_old_locked(struct pgnl_net *pn, struct pgnl_node *node,
				   enum pgnl_reason reason);
void pgnl_remote_evict_all_locked(struct pgnl_group *group, u32 *rows);
struct pgnl_remote *pgnl_remote_find_locked(struct pgnl_group *group,
					    struct pgnl_node *node, u64 id);
bool pgnl_remote_is_elsewhere_locked(struct pgnl_group *group, u64 id);
bool pgnl_remote_check_group_locked(struct pgnl_group *group, const char **what);
bool pgnl_remote_check_nodes_locked(struct pgnl_net *pn, const char **what);

/* node.c: nodes */

int pgnl_node_table_init(struct pgnl_cluster *cluster);
void pgnl_node_table_destroy(struct pgnl_cluster *cluster);

void pgnl_node_put(struct pgnl_node *node);
int pgnl_node_payer(const struct pgnl_net *pn, struct pgnl_user **payer);
struct pgnl_node *pgnl_node_find_locked(struct pgnl_cluster *cluster,
					const char *name);
int pgnl_node_up_locked(struct pgnl_cluster *cluster, const char *name,
			u64 incarnation, bool fresh, struct pgnl_user *payer,
			struct pgnl_fault *fault);
void pgnl_node_suspect_locked(struct pgnl_cluster *cluster,
			      struct pgnl_node *node);
void pgnl_node_drop_locked(struct pgnl_cluster *cluster, struct pgnl_node *node,
			   enum pgnl_reason reason);
void pgnl_node_begin_locked(struct pgnl_node *node);
void pgnl_node_commit_locked(struct pgnl_cluster *cluster,
			     struct pgnl_node *node);
void pgnl_node_stale_all_locked(struct pgnl_cluster *cluster);
bool pgnl_node_drop_stale_locked(struct pgnl_cluster *cluster);
u64 pgnl_node_age(const struct pgnl_node *node);
u64 pgnl_node_largest_locked(struct pgnl_cluster *cluster);

/* agent.c: the agent */

int pgnl_agent_init(void);
void pgnl_agent_exit(void);
int pgnl_agent_table_init(struct pgnl_net *pn);
void pgnl_agent_table_stop(struct pgnl_net *pn);
void pgnl_agent_table_destroy(struct pgnl_net *pn);

int pgnl_agent_register(struct pgnl_net *pn, struct sock *sk, u32 portid,
			struct pgnl_cluster *wanted, struct pgnl_fault *fault);
bool pgnl_agent_exists(struct pgnl_net *pn);
bool pgnl_agent_is(struct pgnl_net *pn, const struct sock *sk);
int pgnl_agent_begin(struct pgnl_net *pn, const struct sock *sk);
void pgnl_agent_end(struct pgnl_net *pn);
void pgnl_agent_proc_ended_locked(struct pgnl_proc *proc);

/**
 * pgnl_node_get() - Take another reference.
 * @node: a node or NULL
 *
 * Return: @node.
 */
static inline struct pgnl_node *pgnl_node_get(struct pgnl_node *node)
{
	if (node)
		kref_get(&node->ref);
	return node;
}

/**
 * pgnl_remotes_rcu() - What other nodes have in a group.
 * @group: the group, within RCU
 *
 * Return: that, or NULL.
 */
static inline struct pgnl_remotes *
pgnl_remotes_rcu(const struct pgnl_group *group)
{
	return rcu_dereference(group->remotes);
}

/**
 * pgnl_remotes_locked() - The same.
 * @group: the group, lock held
 *
 * Return: that, or NULL.
 */
static inline struct pgnl_remotes *
pgnl_remotes_locked(const struct pgnl_group *group)
{
	return rcu_dereference_protected(group->remotes,
					 lockdep_is_held(&group->scope->pn->lock));
}

/**
 * pgnl_remote_is_seen() - Is a row there for readers?
 * @remote: the row, lock held or within RCU
 *
 * Return: true unless its node is gone.
 */
static inline bool pgnl_remote_is_seen(const struct pgnl_remote *remote)
{
	return READ_ONCE(remote->count) && !READ_ONCE(remote->node->gone);
}

/**
 * pgnl_remote_name() - A row as the holder of a name.
 * @remote: the row
 *
 * Return: that, or NULL for a row of another scope.
 */
static inline struct pgnl_far_name *
pgnl_remote_name(const struct pgnl_remote *remote)
{
	return remote->named ?
	       container_of(remote, struct pgnl_far_name, remote) : NULL;
}

struct pgnl_remote *pgnl_remote_holder(const struct pgnl_group *group);

#endif /* _PGNL_REMOTE_H */
