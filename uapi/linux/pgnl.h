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
 */
enum pgnl_scope_flag {
	PGNL_SCOPE_FLAG_CLUSTER = 1,
	PGNL_SCOPE_FLAG_BUILTIN = 2,
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
 * enum pgnl_state - How fresh a row is.
 * @PGNL_STATE_UP: Confirmed by the kernel that owns it; rows of this node
 *   always are.
 */
enum pgnl_state {
	PGNL_STATE_UP,

	/* private: */
	__PGNL_STATE_MAX,
	PGNL_STATE_MAX = (__PGNL_STATE_MAX - 1)
};

enum {
	PGNL_A_SCOPE = 1,
	PGNL_A_GROUP,
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
	PGNL_A_LOCAL_ONLY,
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

	__PGNL_A_MAX,
	PGNL_A_MAX = (__PGNL_A_MAX - 1)
};

enum {
	PGNL_A_MEMBER_ROW = 1,
	PGNL_A_MEMBER_META,
	PGNL_A_MEMBER_NODE,

	__PGNL_A_MEMBER_MAX,
	PGNL_A_MEMBER_MAX = (__PGNL_A_MEMBER_MAX - 1)
};

enum {
	PGNL_A_LIMIT_USER_GROUPS = 1,
	PGNL_A_LIMIT_USER_MEMBERSHIPS,
	PGNL_A_LIMIT_NET_SCOPES,
	PGNL_A_LIMIT_NET_GROUPS,
	PGNL_A_LIMIT_NET_MEMBERSHIPS,
	PGNL_A_LIMIT_PAD,

	__PGNL_A_LIMIT_MAX,
	PGNL_A_LIMIT_MAX = (__PGNL_A_LIMIT_MAX - 1)
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

#endif /* _UAPI_LINUX_PGNL_H */
