/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	uapi/netlink/specs/pgnl.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_PGNL_H
#define _UAPI_LINUX_PGNL_H

#define PGNL_FAMILY_NAME	"pgnl"
#define PGNL_FAMILY_VERSION	1

#define PGNL_SCOPE_NAME_MAX	63
#define PGNL_GROUP_NAME_MAX	255
#define PGNL_META_MAX		256
#define PGNL_WEIGHT_MAX		1000
#define PGNL_ROWS_MAX		4096
#define PGNL_KEY_MAX		255
#define PGNL_MESSAGE_MAX	32768
#define PGNL_WORDS_MAX		127

/**
 * enum pgnl_scope_mode - How groups of a scope come and go.
 * @PGNL_SCOPE_MODE_PG: A group appears at its first join and vanishes with its
 *   last member (Erlang's pg).
 * @PGNL_SCOPE_MODE_PG2: Groups are created and deleted, may be empty; a
 *   missing one is ENOENT (Erlang's pg2).
 */
enum pgnl_scope_mode {
	PGNL_SCOPE_MODE_PG,
	PGNL_SCOPE_MODE_PG2,

	/* private: */
	__PGNL_SCOPE_MODE_MAX,
	PGNL_SCOPE_MODE_MAX = (__PGNL_SCOPE_MODE_MAX - 1)
};

/**
 * enum pgnl_scope_flag - Properties of a scope.
 * @PGNL_SCOPE_FLAG_CLUSTER: An agent, when one runs, replicates this scope to
 *   other nodes.
 * @PGNL_SCOPE_FLAG_BUILTIN: Exists from the start and can't be deleted; never
 *   set by a request.
 * @PGNL_SCOPE_FLAG_EXCLUSIVE: A group is a name, and its one member is who
 *   holds it; only "global" is such a scope, and a request never sets it.
 * @PGNL_SCOPE_FLAG_SHARED: It is of another network namespace, and here for
 *   reading; never set by a request.
 */
enum pgnl_scope_flag {
	PGNL_SCOPE_FLAG_CLUSTER = 1,
	PGNL_SCOPE_FLAG_BUILTIN = 2,
	PGNL_SCOPE_FLAG_EXCLUSIVE = 4,
	PGNL_SCOPE_FLAG_SHARED = 8,
};

/**
 * enum pgnl_policy - How one member is picked from a group.
 * @PGNL_POLICY_CLOSEST: A random member of this node; without one, a random
 *   member of any node.
 * @PGNL_POLICY_RANDOM: A random member, each with the same chance.
 * @PGNL_POLICY_ROUND_ROBIN: The members in turn.
 * @PGNL_POLICY_KEY: The same member for the same key as long as it lives
 *   (rendezvous hashing).
 */
enum pgnl_policy {
	PGNL_POLICY_CLOSEST,
	PGNL_POLICY_RANDOM,
	PGNL_POLICY_ROUND_ROBIN,
	PGNL_POLICY_KEY,

	/* private: */
	__PGNL_POLICY_MAX,
	PGNL_POLICY_MAX = (__PGNL_POLICY_MAX - 1)
};

/**
 * enum pgnl_resolve - Who keeps a name that two nodes have given away while
 *   they were apart.
 * @PGNL_RESOLVE_KEEP_FIRST: The earlier registration stays, the other one is
 *   unregistered.
 * @PGNL_RESOLVE_RANDOM_EXIT: One of them stays, the process of the other one
 *   is killed.
 * @PGNL_RESOLVE_RANDOM_NOTIFY: One of them stays, the other one is
 *   unregistered and told.
 * @PGNL_RESOLVE_NOTIFY_ALL: Both are unregistered and told.
 */
enum pgnl_resolve {
	PGNL_RESOLVE_KEEP_FIRST,
	PGNL_RESOLVE_RANDOM_EXIT,
	PGNL_RESOLVE_RANDOM_NOTIFY,
	PGNL_RESOLVE_NOTIFY_ALL,

	/* private: */
	__PGNL_RESOLVE_MAX,
	PGNL_RESOLVE_MAX = (__PGNL_RESOLVE_MAX - 1)
};

/**
 * enum pgnl_state - How fresh a row is.
 * @PGNL_STATE_UP: Confirmed by the kernel that owns it; rows of this node
 *   always are.
 * @PGNL_STATE_SUSPECT: Its node is not connected; it comes back or is given up
 *   soon.
 * @PGNL_STATE_STALE: There is no agent to confirm it; one comes back or the
 *   row goes soon.
 */
enum pgnl_state {
	PGNL_STATE_UP,
	PGNL_STATE_SUSPECT,
	PGNL_STATE_STALE,

	/* private: */
	__PGNL_STATE_MAX,
	PGNL_STATE_MAX = (__PGNL_STATE_MAX - 1)
};

/**
 * enum pgnl_node_flag - What is so of a node.
 * @PGNL_NODE_FLAG_SELF: It is this node.
 * @PGNL_NODE_FLAG_CONNECTED: Its agent is connected with that of this node.
 * @PGNL_NODE_FLAG_SYNCING: All of its rows are being put in anew.
 * @PGNL_NODE_FLAG_PARTIAL: Rows of it were dropped at a limit, or for want of
 *   memory.
 */
enum pgnl_node_flag {
	PGNL_NODE_FLAG_SELF = 1,
	PGNL_NODE_FLAG_CONNECTED = 2,
	PGNL_NODE_FLAG_SYNCING = 4,
	PGNL_NODE_FLAG_PARTIAL = 8,
};

/**
 * enum pgnl_act - What an agent can be asked to do, in an upcall one of these.
 * @PGNL_ACT_SEND: Send a message to members of other nodes.
 * @PGNL_ACT_SIGNAL: Signal members of other nodes.
 * @PGNL_ACT_REGISTER: Agree with other nodes that a process of this one gets a
 *   name. An answer without an error gives it away, with a fencing number
 *   above that of the answer.
 * @PGNL_ACT_UNREGISTER: Take a name from its holder on another node.
 * @PGNL_ACT_JOIN: Put a process of another node into a group.
 * @PGNL_ACT_CANCEL: Forget a request to register or unregister: whoever asked
 *   has closed its socket. It has the number of that, and is not answered.
 * @PGNL_ACT_DELETE: Delete what other nodes have in a group of a scope of mode
 *   pg2. The counts are of nodes: reached is which have done it, gone which
 *   had nothing left in it.
 */
enum pgnl_act {
	PGNL_ACT_SEND = 1,
	PGNL_ACT_SIGNAL = 2,
	PGNL_ACT_REGISTER = 4,
	PGNL_ACT_UNREGISTER = 8,
	PGNL_ACT_JOIN = 16,
	PGNL_ACT_CANCEL = 32,
	PGNL_ACT_DELETE = 64,
};

/**
 * enum pgnl_reason - What has happened, and why.
 * @PGNL_REASON_JOINED: The members joined, or joined once more, or changed
 *   metadata or weight with a join.
 * @PGNL_REASON_LEFT: The members left by request, once or more, or for a
 *   reason that the subscriber may not know. A count of 0 says that they are
 *   out.
 * @PGNL_REASON_EXITED: The members ended by themselves; status is their exit
 *   code.
 * @PGNL_REASON_KILLED: The members were ended by a signal.
 * @PGNL_REASON_EVICTED: The members were taken out along with the group.
 * @PGNL_REASON_REPLACED: The member lost a name to another one that took it
 *   over.
 * @PGNL_REASON_GROUP_CREATED: The group was created.
 * @PGNL_REASON_GROUP_DELETED: The group was deleted, and whoever was a member
 *   is none any more. The first 4096 of them have been told as evicted before.
 *   While other nodes have something in it, all members of this node have
 *   been, and those of others are told when they leave. With a node, that one
 *   has created it no more, and neither has any other one: whoever is a member
 *   stays one, and the group goes with the last of them.
 * @PGNL_REASON_SCOPE_DELETED: The scope was deleted with all that was in it.
 *   Nothing follows.
 * @PGNL_REASON_LOST: Events after this sequence number were lost, since the
 *   subscriber's socket was full or it was too far behind. Nothing comes until
 *   it asks for a replay.
 * @PGNL_REASON_NODE_LOST: The members were on a node that was given up, or has
 *   lost its tables.
 * @PGNL_REASON_AGENT_LOST: With a group: the members were on another node, and
 *   no agent came in time to confirm them. Without: the agent has ended, all
 *   rows of other nodes are stale.
 * @PGNL_REASON_AGENT_BACK: There is an agent again. Rows are stale until it
 *   confirms them.
 * @PGNL_REASON_NODE_UP: A node is connected. These are told in every scope
 *   with a subscription.
 * @PGNL_REASON_NODE_DOWN: A node is not connected any more.
 * @PGNL_REASON_NODE_SUSPECT: All rows of a node are suspect from now on.
 * @PGNL_REASON_NODE_FRESH: All rows of a node are up again.
 * @PGNL_REASON_CONFLICT: The member lost a name to that of another node, which
 *   gave it away while the two were not connected.
 */
enum pgnl_reason {
	PGNL_REASON_JOINED,
	PGNL_REASON_LEFT,
	PGNL_REASON_EXITED,
	PGNL_REASON_KILLED,
	PGNL_REASON_EVICTED,
	PGNL_REASON_REPLACED,
	PGNL_REASON_GROUP_CREATED,
	PGNL_REASON_GROUP_DELETED,
	PGNL_REASON_SCOPE_DELETED,
	PGNL_REASON_LOST,
	PGNL_REASON_NODE_LOST,
	PGNL_REASON_AGENT_LOST,
	PGNL_REASON_AGENT_BACK,
	PGNL_REASON_NODE_UP,
	PGNL_REASON_NODE_DOWN,
	PGNL_REASON_NODE_SUSPECT,
	PGNL_REASON_NODE_FRESH,
	PGNL_REASON_CONFLICT,

	/* private: */
	__PGNL_REASON_MAX,
	PGNL_REASON_MAX = (__PGNL_REASON_MAX - 1)
};

enum {
	PGNL_A_SCOPE = 1,
	PGNL_A_GROUP,
	PGNL_A_LOCAL_ONLY,
	PGNL_A_MODE,
	PGNL_A_FLAGS,
	PGNL_A_OWNER,
	PGNL_A_OWNER_GID,
	PGNL_A_PERM,
	PGNL_A_GROUPS,
	PGNL_A_MEMBERS,
	PGNL_A_LOCAL,
	PGNL_A_REMOTE,
	PGNL_A_PID,
	PGNL_A_SELF,
	PGNL_A_ID,
	PGNL_A_TIMES,
	PGNL_A_WEIGHT,
	PGNL_A_META,
	PGNL_A_REQUIRED_GROUP,
	PGNL_A_ALL,
	PGNL_A_NO_GROUP,
	PGNL_A_MORE,
	PGNL_A_REMOVED,
	PGNL_A_IDS,
	PGNL_A_COUNTS,
	PGNL_A_MEMBER,
	PGNL_A_POLICY,
	PGNL_A_KEY,
	PGNL_A_UID,
	PGNL_A_ABI,
	PGNL_A_RELEASE,
	PGNL_A_NODE,
	PGNL_A_EPOCH,
	PGNL_A_LIMITS,
	PGNL_A_USAGE,
	PGNL_A_STATS,
	PGNL_A_VERDICT,
	PGNL_A_PAD,
	PGNL_A_SIGNAL,
	PGNL_A_VALUE,
	PGNL_A_OTHERS,
	PGNL_A_REACHED,
	PGNL_A_REFUSED,
	PGNL_A_GONE,
	PGNL_A_SUBSCRIPTION,
	PGNL_A_SEQ,
	PGNL_A_EVENT,
	PGNL_A_DATA,
	PGNL_A_SENDER,
	PGNL_A_FULL,
	PGNL_A_NO_INBOX,
	PGNL_A_REPLACE,
	PGNL_A_RESOLVE,
	PGNL_A_HOLDER,
	PGNL_A_FD,
	PGNL_A_PIDS,
	PGNL_A_PEER,
	PGNL_A_ENTRY,
	PGNL_A_STALE,
	PGNL_A_ALIAS,
	PGNL_A_REQUEST,
	PGNL_A_ACT,
	PGNL_A_TARGET,
	PGNL_A_UNREACHABLE,
	PGNL_A_ERROR,
	PGNL_A_WORDS,
	PGNL_A_TIMEOUT,
	PGNL_A_FENCE,

	__PGNL_A_MAX,
	PGNL_A_MAX = (__PGNL_A_MAX - 1)
};

enum {
	PGNL_A_MEMBER_ROW = 1,
	PGNL_A_MEMBER_META,
	PGNL_A_MEMBER_NODE,
	PGNL_A_MEMBER_REGISTRATION,
	PGNL_A_MEMBER_AGE,

	__PGNL_A_MEMBER_MAX,
	PGNL_A_MEMBER_MAX = (__PGNL_A_MEMBER_MAX - 1)
};

enum {
	PGNL_A_NODE_NAME = 1,
	PGNL_A_NODE_INCARNATION,
	PGNL_A_NODE_STATE,
	PGNL_A_NODE_FLAGS,
	PGNL_A_NODE_AGE,
	PGNL_A_NODE_ROWS,
	PGNL_A_NODE_DROPPED,
	PGNL_A_NODE_GRACE,
	PGNL_A_NODE_FRESH,
	PGNL_A_NODE_PAD,
	PGNL_A_NODE_ACTS,
	PGNL_A_NODE_TIMEOUT,

	__PGNL_A_NODE_MAX,
	PGNL_A_NODE_MAX = (__PGNL_A_NODE_MAX - 1)
};

enum {
	PGNL_A_ENTRY_GROUP = 1,
	PGNL_A_ENTRY_ROWS,
	PGNL_A_ENTRY_META,
	PGNL_A_ENTRY_REASON,
	PGNL_A_ENTRY_STATUS,
	PGNL_A_ENTRY_REGISTRATION,

	__PGNL_A_ENTRY_MAX,
	PGNL_A_ENTRY_MAX = (__PGNL_A_ENTRY_MAX - 1)
};

enum {
	PGNL_A_TARGET_NODE = 1,
	PGNL_A_TARGET_INCARNATION,
	PGNL_A_TARGET_MEMBERS,
	PGNL_A_TARGET_IDS,
	PGNL_A_TARGET_PAD,

	__PGNL_A_TARGET_MAX,
	PGNL_A_TARGET_MAX = (__PGNL_A_TARGET_MAX - 1)
};

enum {
	PGNL_A_SENDER_PID = 1,
	PGNL_A_SENDER_UID,
	PGNL_A_SENDER_ID,
	PGNL_A_SENDER_NODE,
	PGNL_A_SENDER_PAD,

	__PGNL_A_SENDER_MAX,
	PGNL_A_SENDER_MAX = (__PGNL_A_SENDER_MAX - 1)
};

enum {
	PGNL_A_LIMIT_USER_GROUPS = 1,
	PGNL_A_LIMIT_USER_MEMBERSHIPS,
	PGNL_A_LIMIT_NET_SCOPES,
	PGNL_A_LIMIT_NET_GROUPS,
	PGNL_A_LIMIT_NET_MEMBERSHIPS,
	PGNL_A_LIMIT_PAD,
	PGNL_A_LIMIT_USER_SUBSCRIPTIONS,
	PGNL_A_LIMIT_NET_SUBSCRIPTIONS,
	PGNL_A_LIMIT_USER_INBOXES,
	PGNL_A_LIMIT_NET_INBOXES,
	PGNL_A_LIMIT_USER_VIEW_PAGES,
	PGNL_A_LIMIT_NET_VIEW_PAGES,
	PGNL_A_LIMIT_NET_NODES,
	PGNL_A_LIMIT_NET_REMOTES,
	PGNL_A_LIMIT_NODE_REMOTES,
	PGNL_A_LIMIT_USER_REQUESTS,
	PGNL_A_LIMIT_USER_REQUEST_BYTES,
	PGNL_A_LIMIT_NET_REQUESTS,

	__PGNL_A_LIMIT_MAX,
	PGNL_A_LIMIT_MAX = (__PGNL_A_LIMIT_MAX - 1)
};

enum {
	PGNL_A_EVENT_PREV = 1,
	PGNL_A_EVENT_PAD,
	PGNL_A_EVENT_REASON,
	PGNL_A_EVENT_STATUS,
	PGNL_A_EVENT_BY_PID,
	PGNL_A_EVENT_BY_UID,
	PGNL_A_EVENT_BY_NODE,

	__PGNL_A_EVENT_MAX,
	PGNL_A_EVENT_MAX = (__PGNL_A_EVENT_MAX - 1)
};

enum {
	PGNL_A_STAT_SCOPES = 1,
	PGNL_A_STAT_GROUPS,
	PGNL_A_STAT_MEMBERSHIPS,
	PGNL_A_STAT_PROCESSES,
	PGNL_A_STAT_JOINS,
	PGNL_A_STAT_LEAVES,
	PGNL_A_STAT_EXITS,
	PGNL_A_STAT_EVICTIONS,
	PGNL_A_STAT_DEAD_PROCESSES,
	PGNL_A_STAT_LATE_JOINS,
	PGNL_A_STAT_PAD,
	PGNL_A_STAT_SUBSCRIPTIONS,
	PGNL_A_STAT_EVENTS,
	PGNL_A_STAT_DELIVERED,
	PGNL_A_STAT_LOST,
	PGNL_A_STAT_INBOXES,
	PGNL_A_STAT_MESSAGES,
	PGNL_A_STAT_FULL_INBOXES,
	PGNL_A_STAT_NODES,
	PGNL_A_STAT_REMOTES,
	PGNL_A_STAT_REMOTE_PUTS,
	PGNL_A_STAT_REMOTE_REMOVALS,
	PGNL_A_STAT_REMOTE_DROPS,
	PGNL_A_STAT_REQUESTS,
	PGNL_A_STAT_UPCALLS,
	PGNL_A_STAT_UNANSWERED,

	__PGNL_A_STAT_MAX,
	PGNL_A_STAT_MAX = (__PGNL_A_STAT_MAX - 1)
};

enum {
	PGNL_CMD_INFO_GET = 1,
	PGNL_CMD_SCOPE_NEW,
	PGNL_CMD_SCOPE_DEL,
	PGNL_CMD_SCOPE_SET,
	PGNL_CMD_SCOPE_GET,
	PGNL_CMD_GROUP_NEW,
	PGNL_CMD_GROUP_DEL,
	PGNL_CMD_GROUP_GET,
	PGNL_CMD_MEMBER_JOIN,
	PGNL_CMD_MEMBER_LEAVE,
	PGNL_CMD_MEMBER_GET,
	PGNL_CMD_MEMBER_PICK,
	PGNL_CMD_PROCESS_GET,
	PGNL_CMD_LIMIT_GET,
	PGNL_CMD_LIMIT_SET,
	PGNL_CMD_STATS_GET,
	PGNL_CMD_VERIFY,
	PGNL_CMD_GROUP_SIGNAL,
	PGNL_CMD_EVENT_SUBSCRIBE,
	PGNL_CMD_EVENT_UNSUBSCRIBE,
	PGNL_CMD_EVENT_REPLAY,
	PGNL_CMD_EVENT,
	PGNL_CMD_INBOX_OPEN,
	PGNL_CMD_GROUP_SEND,
	PGNL_CMD_INBOX_MESSAGE,
	PGNL_CMD_INBOX_CLOSED,
	PGNL_CMD_NAME_REGISTER,
	PGNL_CMD_NAME_UNREGISTER,
	PGNL_CMD_NAME_GET,
	PGNL_CMD_VIEW_GET,
	PGNL_CMD_AGENT_REGISTER,
	PGNL_CMD_NODE_GET,
	PGNL_CMD_NODE_SET,
	PGNL_CMD_NODE_DEL,
	PGNL_CMD_REMOTE_BEGIN,
	PGNL_CMD_REMOTE_COMMIT,
	PGNL_CMD_REMOTE_PUT,
	PGNL_CMD_SCOPE_SHARE,
	PGNL_CMD_SCOPE_UNSHARE,
	PGNL_CMD_UPCALL,
	PGNL_CMD_UPCALL_ANSWER,
	PGNL_CMD_RESULT,
	PGNL_CMD_NAME_EVICT,

	__PGNL_CMD_MAX,
	PGNL_CMD_MAX = (__PGNL_CMD_MAX - 1)
};

#include <linux/types.h>

/**
 * struct pgnl_row - One membership. Integers are in host byte order.
 * @id: Member id of the process; never reused during a boot.
 * @pid: Process id in the reader's pid namespace, 0 when it is invisible
 *   there.
 * @count: How many times the process has joined this group; at least 1.
 * @uid: Real uid of the process as of its first join, in the reader's user
 *   namespace.
 * @weight: Weight of the membership, 1 to PGNL_WEIGHT_MAX; for clients to
 *   use.
 * @state: One of enum pgnl_state.
 * @pad: Always 0.
 */
struct pgnl_row {
	__u64	id;
	__u32	pid;
	__u32	count;
	__u32	uid;
	__u16	weight;
	__u8	state;
	__u8	pad;
};

#include <linux/types.h>

/**
 * struct pgnl_registration - What a name has beside a membership. Integers
 *   are in host byte order.
 * @fence: Fencing number; grows with each registration, whatever the name. It
 *   follows the wall clock in nanoseconds, so that it grows over a reboot as
 *   well, and goes on where that is set back.
 * @stamp: Since when the name has been held, in nanoseconds of the wall
 *   clock: who takes it from somebody, by replace, keeps the stamp. If nodes
 *   meet that gave a name away apart, the least one keeps it; of equal ones
 *   the greater fencing number does, since it was taken over there.
 * @resolve: One of enum pgnl_resolve.
 * @pad: Always 0.
 */
struct pgnl_registration {
	__u64	fence;
	__u64	stamp;
	__u32	resolve;
	__u32	pad;
};

#endif /* _UAPI_LINUX_PGNL_H */
