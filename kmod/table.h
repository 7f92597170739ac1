/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The group tables of one network namespace.
 *
 * Objects
 *
 *   scope  <--  group  <--  member  -->  process
 *
 * A member is one membership: the row that ties a process to a group, with a
 * count. An arrow is a counted reference. Groups and processes live as long
 * as something refers to them: a member, a request under way or, for a group,
 * its own creation, for a process, an inbox. They are unhashed when the last
 * reference goes. An inbox ties a process in a scope to a netlink socket.
 *
 * Locking
 *
 * 1. pgnl_net.lock, a mutex, guards every change to every object of the
 *    network namespace. Work on many rows lets it go every PGNL_LOCK_ROWS. Not
 *    so a commit, whose rows are ready and only change their counts; the
 *    verifier; and whoever gathers all of a group for a signal or a message, or
 *    the nodes that have something in one that is deleted: everybody at one
 *    moment, so a look at each row of that group (crowd.c, far.c). Nobody holds it
 *    while memory is charged to a requester: requests allocate first. (Index nodes
 *    and hash tables grow under it; they are not charged, since charging can wait
 *    for reclaim in the requester's memory cgroup, and everybody else would wait
 *    along. Rows of other nodes and pages of views that are charged are taken only
 *    if there is no need to wait; room for the former is made without the lock,
 *    nl_agent.c.)
 * 2. The spinlocks of user.c and of an inbox, inside 1 or alone.
 * 3. struct pid's wait_pidfd.lock, inside 1 or alone, with interrupts off;
 *    exit.c only.
 * 4. share_lock, a spinlock of share.c, inside all of these or alone.
 * 5. pgnl_net.sub_lock, a mutex, guards subscriptions and their delivery. 1 is
 *    taken inside it, to look at events or to change who is interested in
 *    them, and whoever holds 1 does not wait for it: what changes the tables
 *    never waits for a subscriber. Memory is allocated under it.
 *
 * 6. pgnl_cluster.op_lock, a mutex, outside of 1: requests of the agent, and
 *    what becomes of its rows without it, go one after the other. 5 is not
 *    taken inside it.
 * 7. pgnl_upcalls.lock, a mutex, inside 1 and 6 or alone: requests that wait
 *    for the agent. Nothing is taken or allocated inside it.
 *
 * Work items take 1, 5 and 6. Those of network namespaces that anyone may make have
 * queues of their own, struct pgnl_queues, since any number of them may wait. Only
 * requests in there wait for one of these queues without a limit.
 *
 * The exit callback (exit.c) runs with tasklist_lock held and interrupts off;
 * it takes none of these, it sets bits of the process and hands it to a work
 * item through a lock-free list.
 *
 * Readers of one group (member-get, member-pick) take no lock: they run under
 * RCU and check the group's sequence count, which is odd while members of that
 * group are being published or unpublished. After a few tries, or when there
 * is much to look at, they take the mutex. Listings take it always.
 *
 * Readers of a mapped view (view.c) take nothing at all; its writers hold the
 * mutex. pgnl_view.lock is inside it or alone; it guards who uses a view.
 *
 * A member is seen by readers when its count is not 0 and its process is not
 * dead. Its count is written under the mutex within the group's sequence.
 *
 * Suffixes: _locked needs the mutex held, _rcu a read-side section; without
 * one, a function says what it needs. A function that returns a counted
 * reference says so; others lend one that holds as long as the lock or section.
 *
 * Members of other nodes are copies in tables of their own, remote.h; what the
 * paths of this node's members know of them is one pointer in a group.
 *
 * Fields below are marked
 *   (L) guarded by pgnl_net.lock
 *   (R) written under the lock, read under RCU as well
 *   (C) set before the object is published, then constant
 *   (A) atomic
 *   (S) guarded by pgnl_net.sub_lock
 */
#ifndef _PGNL_TABLE_H
#define _PGNL_TABLE_H

#include <linux/bitops.h>
#include <linux/hashtable.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <uapi/linux/pgnl.h>

#include "rows.h"

struct kmem_cache;
struct mem_cgroup;
struct net;
struct pid;
struct pgnl_feed;
struct pid_namespace;
struct sk_buff;
struct sock;
struct pgnl_alias;
struct pgnl_cluster;
struct pgnl_deaths;
struct pgnl_node;
struct pgnl_proc_block;
struct pgnl_queues;
struct pgnl_remotes;
struct pgnl_user;
struct pgnl_view;
struct user_namespace;

/* Rows of work after which a holder of the lock lets others in. */
#define PGNL_LOCK_ROWS	256

/* What a request ran into, where an errno alone does not say it. */
enum pgnl_cause {
	PGNL_CAUSE_NONE,
	PGNL_CAUSE_SCOPE_GONE,
	PGNL_CAUSE_NO_GROUP,
	PGNL_CAUSE_GROUP_GONE,
	PGNL_CAUSE_GROUP_MODE,
	PGNL_CAUSE_DEAD,
	PGNL_CAUSE_THREAD,
	PGNL_CAUSE_KILL_RULE,
	PGNL_CAUSE_CREDS,
	PGNL_CAUSE_OVERFLOW,
	PGNL_CAUSE_BUSY,
	PGNL_CAUSE_WATCHERS,
	PGNL_CAUSE_USER_GROUPS,
	PGNL_CAUSE_USER_MEMBERSHIPS,
	PGNL_CAUSE_NET_SCOPES,
	PGNL_CAUSE_NET_GROUPS,
	PGNL_CAUSE_NET_MEMBERSHIPS,
	PGNL_CAUSE_USER_SUBSCRIPTIONS,
	PGNL_CAUSE_NET_SUBSCRIPTIONS,
	PGNL_CAUSE_INBOX_TAKEN,
	PGNL_CAUSE_SOCKET_TAKEN,
	PGNL_CAUSE_USER_INBOXES,
	PGNL_CAUSE_NET_INBOXES,
	PGNL_CAUSE_NOT_ONE,
	PGNL_CAUSE_TAKEN,
	PGNL_CAUSE_HOLDER,
	PGNL_CAUSE_USER_VIEW_PAGES,
	PGNL_CAUSE_NET_VIEW_PAGES,
	PGNL_CAUSE_VIEW_NS,
	PGNL_CAUSE_NET_NODES,
	PGNL_CAUSE_NODE_TAKEN,
	PGNL_CAUSE_AGENT_TAKEN,
	PGNL_CAUSE_SOCKET_FULL,
	PGNL_CAUSE_USER_REQUESTS,
	PGNL_CAUSE_USER_REQUEST_BYTES,
	PGNL_CAUSE_NET_REQUESTS,
	PGNL_CAUSE_NO_AGENT,
	PGNL_CAUSE_SUSPECT,
	PGNL_CAUSE_ARBITRATED,
};

/**
 * struct pgnl_fault - What to blame for an error.
 * @cause: what went wrong
 * @attr: the attribute to blame, 0 if none
 * @index: which one, when the attribute is a list
 */
struct pgnl_fault {
	enum pgnl_cause cause;
	u16 attr;
	u32 index;
};

/* Limits of a network namespace; their order is that of the attributes. */
enum pgnl_net_limit {
	PGNL_NET_SCOPES,
	PGNL_NET_GROUPS,
	PGNL_NET_MEMBERSHIPS,
	PGNL_NET_SUBSCRIPTIONS,
	PGNL_NET_INBOXES,
	PGNL_NET_VIEW_PAGES,
	PGNL_NET_NODES,
	PGNL_NET_REMOTES,
	PGNL_NET_NODE_REMOTES,
	PGNL_NET_REQUESTS,
	PGNL_NR_NET_LIMITS
};

/**
 * struct pgnl_net - The tables of a network namespace.
 * @net: the namespace
 * @queues: where its work items run (C)
 * @lock: see above
 * @scopes: scopes by name (R)
 * @groups: groups by scope and name (R)
 * @members: members of processes with many, by group and process (L)
 * @ids: processes by member id (L)
 * @inboxes: inboxes by scope and process (R)
 * @ports: inboxes by the port of their socket (R)
 * @scope_ids: scopes by a small number, the order of listings (L)
 * @gen: raised when a scope is added, deleted or set, never 0 (L)
 * @pg: the scope "pg" (C)
 * @dead: processes that ended and are not reaped yet; exit callback adds (A)
 * @reap: takes the members of @dead out
 * @last_reap: when it last did, in jiffies (A)
 * @suspect: a process met dead that nobody has told of, counted, or NULL (A)
 * @nr_dead: processes on @dead or being reaped (A)
 * @deleting: deletions of groups and scopes under way (L)
 * @last_sweep: when, in jiffies, a limit was last a reason to look for ends (A)
 * @last_fence: fencing number of the last registration (L)
 * @limit: limits (R)
 * @used: what is in use of each limit (R)
 * @nr_procs: processes in the table (L)
 * @joins: members joined so far (L)
 * @leaves: members left by request so far (L)
 * @exits: members removed so far because their process ended (L)
 * @evictions: members removed so far with their group (L)
 * @late_joins: joins refused because the process was dead or dying (L)
 * @messages: messages put into inboxes so far (A)
 * @full_inboxes: messages turned away so far by a full inbox (A)
 * @nr_deaths: processes seen to end while members (A)
 * @deaths: words of processes; NULL until there is a view, then it stays (R)
 * @view_works: work items of views that are queued or running (A)
 * @events: events recorded so far (L)
 * @cluster: other nodes and what they have here, see remote.h (C)
 * @sub_lock: guards all of subscriptions, see above
 * @subs: subscriptions by number (S)
 * @next_sub: where to look for the next number (S)
 * @sockets: subscriptions by port id of the socket (S, read under RCU)
 * @delivered: events put into sockets so far (S)
 * @losses: how often a subscription has lost events so far (S)
 * @aliases: scopes of other network namespaces that are shared here (share.c)
 * @nr_aliases: those that are not dead (share.c)
 * @last_alias: number of the last one (share.c)
 * @alias_gen: raised when one is added or ends (share.c)
 * @shared: names of scopes of here in other network namespaces (share.c)
 * @has_shared: there has been one (share.c)
 */
struct pgnl_net {
	struct net *net;
	const struct pgnl_queues *queues;
	struct mutex lock;	/* everything below, see above */
	struct rhashtable scopes;
	struct rhashtable groups;
	struct rhashtable members;
	struct rhashtable ids;
	struct rhashtable inboxes;
	struct rhashtable ports;
	struct xarray scope_ids;
	u32 gen;
	struct pgnl_scope *pg;

	struct llist_head dead;
	struct delayed_work reap;
	unsigned long last_reap;
	struct pid *suspect;
	atomic_t nr_dead;
	u32 deleting;
	unsigned long last_sweep;
	u64 last_fence;

	u64 limit[PGNL_NR_NET_LIMITS];
	u64 used[PGNL_NR_NET_LIMITS];
	u64 nr_procs;
	u64 joins;
	u64 leaves;
	u64 exits;
	u64 evictions;
	u64 late_joins;
	atomic64_t messages;
	atomic64_t full_inboxes;
	atomic64_t nr_deaths;
	struct pgnl_deaths *deaths;
	atomic_t view_works;
	u64 events;
	struct pgnl_cluster *cluster;

	struct mutex sub_lock;	/* everything below, see above */
	struct xarray subs;
	u32 next_sub;
	DECLARE_HASHTABLE(sockets, 6);
	u64 delivered;
	u64 losses;

	struct list_head aliases;	/* see share.c for the rest */
	u32 nr_aliases;
	u32 last_alias;
	u32 alias_gen;
	struct list_head shared;
	bool has_shared;
};

/* No mode bits: leave them as they are. */
#define PGNL_PERM_KEEP	U16_MAX

/**
 * struct pgnl_owner - Who owns a scope or group, and what others may do.
 * @uid: owner; invalid in a scope: root of the network namespace
 * @gid: group; likewise
 * @perm: mode bits as of a file
 */
struct pgnl_owner {
	kuid_t uid;
	kgid_t gid;
	u16 perm;
};

/**
 * struct pgnl_scope - A table of groups.
 * @node: in pgnl_net.scopes
 * @name: NUL-padded, the hash key (C)
 * @pn: where it lives (C)
 * @owner: owner and mode, in the sequence below (R)
 * @owner_seq: odd while @owner is being changed
 * @user: whom it is charged to, counted; NULL for a built-in one (C)
 * @mode: how groups come and go, enum pgnl_scope_mode (C)
 * @flags: enum pgnl_scope_flag (C)
 * @dead: deleted; no group is added any more (L)
 * @id: in pgnl_net.scope_ids (C)
 * @gen: raised at each change of a group or member, never 0 (L)
 * @group_ids: groups by a small number, the order of listings (L)
 * @nr_groups: groups that readers see (L)
 * @nr_members: sum of the counts of members of this node (L)
 * @nr_far: groups with something of other nodes (L, read without it as well)
 * @epoch: identifies this scope among those of its name (C)
 * @seq: sequence number of the newest event (L)
 * @feed: what goes to subscribers, NULL when there are none (L)
 * @inboxes: inboxes (L)
 * @aliases: its names in other network namespaces, those that live (share.c)
 * @view: what is mapped of it, counted; or NULL (L)
 * @view_gen: that of its last view (L)
 * @ref: references of groups, requests and the table
 * @rcu: for freeing
 */
struct pgnl_scope {
	struct rhash_head node;
	char name[PGNL_SCOPE_NAME_MAX + 1];
	struct pgnl_net *pn;
	struct pgnl_owner owner;
	seqcount_t owner_seq;
	struct pgnl_user *user;
	u8 mode;
	u8 flags;
	bool dead;
	u32 id;
	u32 gen;
	struct xarray group_ids;
	u64 nr_groups;
	u64 nr_members;
	u64 nr_far;
	u64 epoch;
	u64 seq;
	struct pgnl_feed *feed;
	struct hlist_head inboxes;
	struct hlist_head aliases;
	struct pgnl_view *view;
	u32 view_gen;
	struct kref ref;
	struct rcu_head rcu;
};

/**
 * struct pgnl_group - A group.
 * @node: in pgnl_net.groups
 * @scope: its scope, counted (C)
 * @user: whom it is charged to, counted; NULL when another node's member has
 *	brought it (C)
 * @rows: members by index, 0 to @nr_rows - 1 without a gap (R)
 * @seq: odd while members are being published or unpublished
 * @nr_rows: members in @rows, those of requests under way included (R)
 * @nr_seen: members with a count (R)
 * @nr_members: sum of their counts (L)
 * @refs: members, requests under way, one for its creation, one for @remotes (L)
 * @remotes: what other nodes have in it, or NULL (R)
 * @mark: scratch of a commit (L)
 * @turn: next index of a round robin (A)
 * @id: in pgnl_scope.group_ids (C)
 * @owner: owner and mode of a created group (C)
 * @created: made by request: seen even when empty (R)
 * @dead: unhashed; no member is added any more (R)
 * @view_gen: the view that @view_slot is of, 0 if none (L)
 * @view_slot: number of its slot, 0 when it is not to be in the view (L)
 * @event_hash: of its name, by pgnl_event_hash() (C)
 * @rcu: for freeing
 * @len: bytes of @name, its NUL not counted (C)
 * @name: terminated; a struct pgnl_title behind it, see pgnl_group_title() (C)
 */
struct pgnl_group {
	struct rhash_head node;
	struct pgnl_scope *scope;
	struct pgnl_user *user;
	struct pgnl_rows rows;
	seqcount_t seq;
	u32 nr_rows;
	u32 nr_seen;
	u64 nr_members;
	u64 refs;
	struct pgnl_remotes __rcu *remotes;
	u32 mark;
	atomic_t turn;
	u32 id;
	struct pgnl_owner owner;
	bool created;
	bool dead;
	u32 view_gen;
	u32 view_slot;
	u32 event_hash;
	struct rcu_head rcu;
	u8 len;
	char name[];
};

/**
 * struct pgnl_title - What a group of an exclusive scope has in addition.
 * @holder: the only member that may have a count, or one that had it (R)
 * @told: what is told of its registration, in the group's sequence (R)
 * @lost_to: while the name is taken from its holder: another node that this is
 *	for, borrowed, or NULL (L)
 * @lost_by: likewise: who has asked for it, if that is not current (L)
 */
struct pgnl_title {
	struct pgnl_member __rcu *holder;
	struct pgnl_node *lost_to;
	struct pid *lost_by;
	struct pgnl_registration told;
};

/* No status, or none that is known; wait(2) has 16 bits. */
#define PGNL_STATUS_UNKNOWN	U32_MAX

/**
 * struct pgnl_meta - Metadata, shared by the members of one request.
 * @ref: members that have it
 * @rcu: for freeing
 * @len: bytes of @data
 * @data: the value
 */
struct pgnl_meta {
	struct kref ref;
	struct rcu_head rcu;
	u16 len;
	u8 data[];
};

/**
 * struct pgnl_member - A membership.
 * @node: in pgnl_net.members
 * @group: counted; with @proc the hash key (C)
 * @proc: counted (C)
 * @in_proc: in pgnl_proc.rows (L)
 * @rcu: for freeing; readers under RCU do not use @in_proc
 * @index: in pgnl_group.rows (L)
 * @row: what readers in the initial namespaces get of it, as it is
 * @id: member id of the process (C)
 * @pid: its pid in the initial pid namespace (C)
 * @count: how often the process has joined; 0: not seen by readers (R)
 * @uid: real uid of the process when it joined (R)
 * @weight: for clients (R)
 * @pins: requests under way that hold this row (L)
 * @meta: counted, or NULL (R)
 */
struct pgnl_member {
	struct rhash_head node;
	struct pgnl_group *group;
	struct pgnl_proc *proc;
	union {
		struct hlist_node in_proc;
		struct rcu_head rcu;
	};
	struct pgnl_meta __rcu *meta;
	u32 index;
	u16 pins;
	union {
		struct pgnl_row row;
		struct {
			u64 id;
			u32 pid;
			u32 count;
			kuid_t uid;
			u16 weight;
		};
	};
};

/* The fields are those of the row. */
static_assert(offsetof(struct pgnl_member, id) ==
	      offsetof(struct pgnl_member, row.id));
static_assert(offsetof(struct pgnl_member, pid) ==
	      offsetof(struct pgnl_member, row.pid));
static_assert(offsetof(struct pgnl_member, count) ==
	      offsetof(struct pgnl_member, row.count));
static_assert(offsetof(struct pgnl_member, uid) ==
	      offsetof(struct pgnl_member, row.uid));
static_assert(offsetof(struct pgnl_member, weight) ==
	      offsetof(struct pgnl_member, row.weight));

/* Bits of pgnl_proc.flags */
enum {
	PGNL_PROC_DEAD,		/* has ended; set once, by the exit callback */
	PGNL_PROC_QUEUED,	/* on pgnl_net.dead */
	PGNL_PROC_ORPHAN,	/* unhashed while queued: the work item frees it */
	PGNL_PROC_HASHED,	/* its rows are in pgnl_net.members */
};

/**
 * struct pgnl_proc - A process that is a member of something or has an inbox.
 * @node: in pgnl_net.ids
 * @pid: of the thread group, counted; it leads to this object by @watch (C)
 * @id: member id, the hash key (C)
 * @pn: where it lives (C)
 * @user: whom its members are charged to, counted: the real user as of the
 *	first of them (C)
 * @block: the memory that it shares with others, or NULL (C)
 * @watch: entry on @pid's queue of waiters for the end
 * @rcu: for freeing, when nobody watches any more
 * @rows: its members (L)
 * @first: room for the first of them, not used again; its group is NULL until
 *	then (L)
 * @inboxes: its inboxes (L)
 * @dead: in pgnl_net.dead
 * @flags: PGNL_PROC_* (A)
 * @refs: members, inboxes and requests under way (L)
 * @nr_rows: members (L)
 * @nr_seen: members with a count (L)
 * @mark: scratch of a commit (L)
 * @status: how it ended, as wait(2) tells it; set by the exit callback (A)
 * @word: number of its word in pgnl_net.deaths, 0 if it has none (R)
 */
struct pgnl_proc {
	struct rhash_head node;
	struct pid *pid;
	u64 id;
	struct pgnl_net *pn;
	struct pgnl_user *user;
	struct pgnl_proc_block *block;
	union {
		wait_queue_entry_t watch;
		struct rcu_head rcu;
	};
	struct hlist_head rows;
	struct hlist_head inboxes;
	struct llist_node dead;
	unsigned long flags;
	u32 refs;
	u32 nr_rows;
	u32 nr_seen;
	u32 mark;
	u32 status;
	u32 word;
	struct pgnl_member first;
};

/**
 * struct pgnl_inbox - Where the messages to a process in a scope go.
 * @node: in pgnl_net.inboxes
 * @scope: with @pid the hash key; borrowed while it is hashed (C)
 * @pid: the process that opened it, counted (C)
 * @port_node: in pgnl_net.ports
 * @port: the port of @sk (C)
 * @in_scope: in pgnl_scope.inboxes (L)
 * @in_proc: in pgnl_proc.inboxes (L)
 * @proc: the process; counted while it is hashed (C)
 * @id: its member id (C)
 * @sk: the socket, counted (C)
 * @pid_ns: for the pids of senders, counted (C)
 * @user_ns: for their uids, counted (C)
 * @memcg: where what lies in it is charged, counted; may be NULL (C)
 * @user: whom it is charged to, counted (C)
 * @by_uid: only messages of the user below (C)
 * @uid: real uid of senders (C)
 * @lock: for @open, and for queueing to @sk
 * @open: takes messages
 * @closed: out of the indexes (L)
 * @last: what to queue when it is closed while its socket stays open (L)
 * @ref: of the table and of those that deliver
 * @rcu: for freeing
 */
struct pgnl_inbox {
	struct rhash_head node;
	const struct pgnl_scope *scope;
	struct pid *pid;
	struct rhash_head port_node;
	u32 port;
	struct hlist_node in_scope;
	struct hlist_node in_proc;
	struct pgnl_proc *proc;
	u64 id;
	struct sock *sk;
	struct pid_namespace *pid_ns;
	struct user_namespace *user_ns;
	struct mem_cgroup *memcg;
	struct pgnl_user *user;
	bool by_uid;
	kuid_t uid;
	spinlock_t lock;	/* see above */
	bool open;
	bool closed;
	struct sk_buff *last;
	struct kref ref;
	struct rcu_head rcu;
};

/**
 * struct pgnl_name - A group name as a request gives it.
 * @str: the bytes
 * @len: how many
 */
struct pgnl_name {
	const char *str;
	u8 len;
};

#define pgnl_assert_locked(pn)	lockdep_assert_held(&(pn)->lock)

/* table.c: life of the tables */

/**
 * struct pgnl_queues - Where the work items of network namespaces run.
 * @reap: takes ended processes out, and does nothing else; for it some wait
 * @tell: delivers events, mends views, and ends what is late of an agent's
 *
 * Work items wait for the locks of their namespace, and a queue has room for
 * so many that do. Nothing of a namespace is put onto a queue of the kernel.
 */
struct pgnl_queues {
	struct workqueue_struct *reap;
	struct workqueue_struct *tell;
};

extern struct kthread_worker *pgnl_waker;
extern u64 pgnl_epoch;

struct pgnl_net *pgnl_table_of(const struct net *net);
int pgnl_table_init(void);
void pgnl_table_exit(void);
u32 pgnl_table_next_gen(u32 gen);
void pgnl_table_settle(struct pgnl_net *pn);
void pgnl_table_settle_all(void);
void pgnl_table_settled(void);
void pgnl_table_breathe_locked(struct pgnl_net *pn, u32 *rows);
bool __must_check pgnl_table_alloc(struct kmem_cache *cache, void **objects,
				   u32 n);

#endif /* _PGNL_TABLE_H */
