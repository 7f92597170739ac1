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
 * its own creation. They are unhashed when the last reference goes.
 *
 * Locking
 *
 * 1. pgnl_net.lock, a mutex, guards every change to every object of the
 *    network namespace. Work on many rows lets it go every PGNL_LOCK_ROWS; a
 *    commit, whose rows are ready and only change their counts, does not, nor
 *    does the verifier. Nobody holds it while memory is charged to a requester:
 *    requests allocate first. (Index nodes and hash tables grow under it; they
 *    are not charged, since charging can wait for reclaim in the requester's
 *    memory cgroup, and everybody else would wait along.)
 * 2. The spinlock of user.c, inside 1 or alone.
 * 3. struct pid's wait_pidfd.lock, inside 1, with interrupts off; exit.c only.
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
 * A member is seen by readers when its count is not 0 and its process is not
 * dead. Its count is written under the mutex within the group's sequence.
 *
 * Suffixes: _locked needs the mutex held, _rcu a read-side section; without
 * one, a function says what it needs. A function that returns a counted
 * reference says so; others lend one that holds as long as the lock or section.
 *
 * Fields below are marked
 *   (L) guarded by pgnl_net.lock
 *   (R) written under the lock, read under RCU as well
 *   (C) set before the object is published, then constant
 *   (A) atomic
 */
#ifndef _PGNL_TABLE_H
#define _PGNL_TABLE_H

#include <linux/bitops.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/seqlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <uapi/linux/pgnl.h>

struct net;
struct pid;
struct pgnl_user;

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
	PGNL_CAUSE_OVERFLOW,
	PGNL_CAUSE_BUSY,
	PGNL_CAUSE_USER_GROUPS,
	PGNL_CAUSE_USER_MEMBERSHIPS,
	PGNL_CAUSE_NET_SCOPES,
	PGNL_CAUSE_NET_GROUPS,
	PGNL_CAUSE_NET_MEMBERSHIPS,
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
	PGNL_NR_NET_LIMITS
};

/**
 * struct pgnl_net - The tables of a network namespace.
 * @net: the namespace
 * @lock: see above
 * @scopes: scopes by name (R)
 * @groups: groups by scope and name (R)
 * @members: members by group and process (L)
 * @procs: processes by struct pid (R)
 * @ids: processes by member id (L)
 * @scope_ids: scopes by a small number, the order of listings (L)
 * @gen: raised when a scope is added, deleted or set, never 0 (L)
 * @pg: the scope "pg" (C)
 * @dead: processes that ended and are not reaped yet; exit callback adds (A)
 * @reap: takes the members of @dead out
 * @last_reap: when it last did, in jiffies (A)
 * @nr_dead: processes on @dead or being reaped (A)
 * @deleting: deletions of groups and scopes under way (L)
 * @last_sweep: when, in jiffies, a limit was last a reason to look for ends (A)
 * @limit: limits (R)
 * @used: what is in use of each limit (R)
 * @nr_procs: processes in the table (L)
 * @joins: members joined so far (L)
 * @leaves: members left by request so far (L)
 * @exits: members removed so far because their process ended (L)
 * @evictions: members removed so far with their group (L)
 * @late_joins: joins refused because the process was dead or dying (L)
 * @deaths: processes seen to end while members (A)
 */
struct pgnl_net {
	struct net *net;
	struct mutex lock;	/* everything below, see above */
	struct rhashtable scopes;
	struct rhashtable groups;
	struct rhashtable members;
	struct rhashtable procs;
	struct rhashtable ids;
	struct xarray scope_ids;
	u32 gen;
	struct pgnl_scope *pg;

	struct llist_head dead;
	struct delayed_work reap;
	unsigned long last_reap;
	atomic_t nr_dead;
	u32 deleting;
	unsigned long last_sweep;

	u64 limit[PGNL_NR_NET_LIMITS];
	u64 used[PGNL_NR_NET_LIMITS];
	u64 nr_procs;
	u64 joins;
	u64 leaves;
	u64 exits;
	u64 evictions;
	u64 late_joins;
	atomic64_t deaths;
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
 * @nr_members: sum of the counts of members (L)
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
	struct kref ref;
	struct rcu_head rcu;
};

/**
 * struct pgnl_group - A group.
 * @node: in pgnl_net.groups
 * @scope: its scope, counted (C)
 * @user: whom it is charged to, counted (C)
 * @rows: members by index, 0 to @nr_rows - 1 without a gap (R)
 * @seq: odd while members are being published or unpublished
 * @nr_rows: members in @rows, those of requests under way included (R)
 * @nr_seen: members with a count (R)
 * @nr_members: sum of their counts (L)
 * @refs: members, requests under way, one for its creation (L)
 * @mark: scratch of a commit (L)
 * @turn: next index of a round robin (A)
 * @id: in pgnl_scope.group_ids (C)
 * @owner: owner and mode of a created group (C)
 * @created: made by request: seen even when empty (R)
 * @dead: unhashed; no member is added any more (R)
 * @rcu: for freeing
 * @len: bytes of @name, its NUL not counted (C)
 * @name: terminated (C)
 */
struct pgnl_group {
	struct rhash_head node;
	struct pgnl_scope *scope;
	struct pgnl_user *user;
	struct xarray rows;
	seqcount_t seq;
	u32 nr_rows;
	u32 nr_seen;
	u64 nr_members;
	u64 refs;
	u32 mark;
	atomic_t turn;
	u32 id;
	struct pgnl_owner owner;
	bool created;
	bool dead;
	struct rcu_head rcu;
	u8 len;
	char name[];
};

/* Bits of pgnl_proc.flags */
enum {
	PGNL_PROC_DEAD,		/* has ended; set once, by the exit callback */
	PGNL_PROC_QUEUED,	/* on pgnl_net.dead */
	PGNL_PROC_ORPHAN,	/* unhashed while queued: the work item frees it */
};

/**
 * struct pgnl_proc - A process that is a member of something.
 * @node: in pgnl_net.procs
 * @id_node: in pgnl_net.ids
 * @pid: of the thread group, counted; the hash key (C)
 * @id: member id (C)
 * @pn: where it lives (C)
 * @user: whom its members are charged to, counted: the real user as of the
 *	first of them (C)
 * @watch: entry on @pid's queue of waiters for the end
 * @rows: its members (L)
 * @dead: in pgnl_net.dead
 * @flags: PGNL_PROC_* (A)
 * @refs: members and requests under way (L)
 * @nr_seen: members with a count (L)
 * @mark: scratch of a commit (L)
 * @rcu: for freeing
 */
struct pgnl_proc {
	struct rhash_head node;
	struct rhash_head id_node;
	struct pid *pid;
	u64 id;
	struct pgnl_net *pn;
	struct pgnl_user *user;
	wait_queue_entry_t watch;
	struct hlist_head rows;
	struct llist_node dead;
	unsigned long flags;
	u32 refs;
	u32 nr_seen;
	u32 mark;
	struct rcu_head rcu;
};

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
	u32 index;
	u32 count;
	kuid_t uid;
	u16 weight;
	u16 pins;
	struct pgnl_meta __rcu *meta;
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

extern struct workqueue_struct *pgnl_wq;
extern u64 pgnl_epoch;

struct pgnl_net *pgnl_table_of(const struct net *net);
int pgnl_table_init(void);
void pgnl_table_exit(void);
u32 pgnl_table_next_gen(u32 gen);
void pgnl_table_settle(struct pgnl_net *pn);
void pgnl_table_settle_all(void);
void pgnl_table_breathe_locked(struct pgnl_net *pn, u32 *rows);

#endif /* _PGNL_TABLE_H */
