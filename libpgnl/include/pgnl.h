/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libpgnl: named process groups kept by the kernel.
 *
 * A scope is a table of groups, a group has members, a member is a process.
 * The kernel takes a process out of every group when it ends.
 *
 * Conventions of every call, unless it says otherwise:
 * - It returns 0 (or a count) when done, -errno when refused or failed, and a
 *   positive PGNL_* result where an Erlang function has one of its own.
 * - After -errno, pgnl_last_error() has the kernel's words.
 * - A scope of NULL means "pg" (in pgnl_pg2_*: "pg2"). A pid of 0 means the
 *   calling process; negative pids are -EINVAL.
 * - A handle keeps all state, and serves one thread at a time; handles share
 *   nothing, so each thread may have its own. A handle does not survive fork
 *   in the child: open a new one there.
 * - Lists come in one allocation, freed by pgnl_free().
 * Errors common to all: -ENOENT no such scope, -EACCES mode of scope or
 * group, -EPERM capability or the right to signal the process, -EINVAL
 * malformed, -ENOMEM, -ENOTCONN no module, -ECHILD a handle of before fork.
 *
 * Since version 0.1 where nothing else is said.
 */
#ifndef PGNL_H
#define PGNL_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PGNL_VERSION_MAJOR 0
#define PGNL_VERSION_MINOR 1
#define PGNL_VERSION_PATCH 0

/* Results of the Erlang styles; never negative, so never an errno. */
enum pgnl_result {
	PGNL_OK = 0,
	PGNL_NOT_JOINED = 1,	/* pg: none of the processes was a member */
	PGNL_NO_SUCH_GROUP = 2,	/* pg2: {error, {no_such_group, Name}} */
	PGNL_NO_PROCESS = 3,	/* pg2: {error, {no_process, Name}} */
};

/* A connection to the kernel. */
struct pgnl;

/* What the last failed call of a handle ran into. */
struct pgnl_error {
	int code;		/* errno, positive; 0 when nothing failed yet */
	char text[128];		/* the kernel's or the library's words, "" if none */
	char attr[32];		/* attribute to blame, as in the spec, "" if none */
	uint32_t index;		/* which element of the list it is, when attr is one */
};

/* Open a handle in the network namespace of the caller.
 * -ENOTCONN: the module is not loaded and could not be loaded by its alias.
 * -EPROTO: the module speaks a version of the interface this library does not.
 */
int pgnl_open(struct pgnl **handle);
void pgnl_close(struct pgnl *handle);

/* Valid until the next call on the handle; never NULL. */
const struct pgnl_error *pgnl_last_error(const struct pgnl *handle);

/* "0.1.0"; the library's own version, which may differ from the header's. */
const char *pgnl_version(void);

/* Free any list or object returned by this library; NULL is fine. */
void pgnl_free(void *list);

struct pgnl_info {
	uint32_t abi;		/* version of the interface */
	char release[32];	/* version of the module */
	char node[64];		/* name of this node */
	uint64_t epoch;		/* identifies this run of the module */
};

int pgnl_info(struct pgnl *handle, struct pgnl_info *info);

/* --- Scopes ------------------------------------------------------------- */

enum pgnl_mode {
	PGNL_MODE_PG = 0,	/* groups come with the first join, go with the last */
	PGNL_MODE_PG2 = 1,	/* groups are created and deleted */
};

#define PGNL_CLUSTER	0x1u	/* replicated to other nodes by an agent */
#define PGNL_BUILTIN	0x2u	/* there from the start */
#define PGNL_KEEP	UINT32_MAX	/* owner, gid or perm: leave as it is */

struct pgnl_scope {
	const char *name;
	enum pgnl_mode mode;
	uint32_t flags;		/* PGNL_CLUSTER, PGNL_BUILTIN */
	uint32_t owner;		/* uid */
	uint32_t group;		/* gid */
	uint32_t perm;		/* mode bits, 0 to 0777 */
	uint64_t groups;	/* number of groups */
	uint64_t members;	/* number of memberships, counts included */
};

struct pgnl_scopes {
	size_t n;
	struct pgnl_scope scope[];
};

/* owner, group, perm: PGNL_KEEP for the default (caller, caller, 0775).
 * -EEXIST: taken. -EDQUOT: limit net-scopes.
 */
int pgnl_scope_add(struct pgnl *handle, const char *name, enum pgnl_mode mode,
		   uint32_t flags, uint32_t owner, uint32_t group, uint32_t perm);
/* -EBUSY: built in. */
int pgnl_scope_del(struct pgnl *handle, const char *name);
int pgnl_scope_set(struct pgnl *handle, const char *name, uint32_t owner,
		   uint32_t group, uint32_t perm);
/* All scopes, or with a name only that one. */
int pgnl_scopes(struct pgnl *handle, const char *name, struct pgnl_scopes **list);

/* --- Groups ------------------------------------------------------------- */

/* For reads: consider only this node's processes. */
#define PGNL_LOCAL	0x1u

struct pgnl_group {
	const char *name;
	uint64_t local;		/* memberships here, counts included */
	uint64_t remote;	/* memberships on other nodes */
	uint32_t owner;		/* of a created group; else PGNL_KEEP */
	uint32_t group;
	uint32_t perm;
};

struct pgnl_groups {
	size_t n;
	struct pgnl_group group[];
};

/* Create a group (scopes of mode pg2 only, else -EOPNOTSUPP); one that exists
 * is fine. owner, gid, perm as in pgnl_scope_add().
 */
int pgnl_group_create(struct pgnl *handle, const char *scope, const char *group,
		      uint32_t owner, uint32_t gid, uint32_t perm);
/* Delete a created group; its members are evicted. A missing one is fine. */
int pgnl_group_delete(struct pgnl *handle, const char *scope, const char *group);
/* flags: PGNL_LOCAL = only groups with a member here. */
int pgnl_groups(struct pgnl *handle, const char *scope, uint32_t flags,
		struct pgnl_groups **list);
/* One group as a list of one; an empty list when it is missing. */
int pgnl_group(struct pgnl *handle, const char *scope, const char *group,
	       struct pgnl_groups **list);

/* --- Join and leave ----------------------------------------------------- */

#define PGNL_REQUIRED_GROUP	0x1u	/* join: a missing group is -ENOENT */

struct pgnl_join_opts {
	uint32_t flags;		/* PGNL_REQUIRED_GROUP */
	uint32_t times;		/* 0 means 1 */
	uint32_t weight;	/* 1..1000; 0 means 1, or unchanged when joined */
	const void *meta;	/* NULL: none, or unchanged when joined */
	size_t meta_len;	/* at most 256; 0 with meta set removes it */
};

struct pgnl_joined {
	uint64_t id;		/* member id of the process */
	uint32_t count;		/* how often it is in the group now */
};

/* Put one process into one group; opts and joined may be NULL.
 * -ESRCH: dead or dying. -EINVAL: a thread. -ENOENT: missing group where one
 * is required. -EDQUOT: a limit, named in the text. -EOVERFLOW: count.
 */
int pgnl_join(struct pgnl *handle, const char *scope, const char *group,
	      pid_t pid, const struct pgnl_join_opts *opts,
	      struct pgnl_joined *joined);
/* Every process into every group, all or nothing; at most 4096 rows (-E2BIG).
 * A process that ends while the request is under way has a count of 0.
 * joined: n_groups * n_pids elements, groups in the outer loop, or NULL.
 */
int pgnl_join_many(struct pgnl *handle, const char *scope,
		   const char *const *groups, size_t n_groups,
		   const pid_t *pids, size_t n_pids,
		   const struct pgnl_join_opts *opts,
		   struct pgnl_joined *joined);
/* The process a pidfd stands for, and no other that may have got its pid:
 * -ESRCH when it is dead.
 */
int pgnl_join_pidfd(struct pgnl *handle, const char *scope, const char *group,
		    int pidfd, const struct pgnl_join_opts *opts,
		    struct pgnl_joined *joined);

#define PGNL_ALL	UINT32_MAX	/* times: as often as joined */

/* Take one process out of one group, times times (0 means once). Returns how
 * many joins were taken back, 0 when it was not a member. left may be NULL.
 * -ENOENT: missing group in a scope of mode pg2.
 */
int pgnl_leave(struct pgnl *handle, const char *scope, const char *group,
	       pid_t pid, uint32_t times, uint32_t *left);
int pgnl_leave_id(struct pgnl *handle, const char *scope, const char *group,
		  uint64_t id, uint32_t times, uint32_t *left);
/* left: n_groups * n_pids elements or NULL. */
int pgnl_leave_many(struct pgnl *handle, const char *scope,
		    const char *const *groups, size_t n_groups,
		    const pid_t *pids, size_t n_pids, uint32_t times,
		    uint32_t *left);

/* --- Members ------------------------------------------------------------ */

enum pgnl_member_state {
	PGNL_UP = 0,		/* confirmed by the kernel that owns the row */
};

struct pgnl_member {
	uint64_t id;		/* never reused during a boot */
	pid_t pid;		/* 0 when invisible in the caller's pid namespace */
	uint32_t count;
	uint32_t uid;		/* real uid when it joined */
	uint16_t weight;
	uint8_t state;		/* enum pgnl_member_state */
	const char *node;	/* NULL: this node */
	const void *meta;	/* NULL: none */
	size_t meta_len;
	const char *scope;	/* only in pgnl_process_groups(), else NULL */
	const char *group;	/* in pgnl_process_groups(), pgnl_members() of all */
};

struct pgnl_members {
	size_t n;
	struct pgnl_member member[];
};

/* Members of a group, of every group of the scope when group is NULL. A
 * missing group gives an empty list; *missing (may be NULL) tells them apart.
 */
int pgnl_members(struct pgnl *handle, const char *scope, const char *group,
		 uint32_t flags, struct pgnl_members **list, int *missing);

enum pgnl_pick_policy {
	PGNL_PICK_CLOSEST = 0,
	PGNL_PICK_RANDOM = 1,
	PGNL_PICK_ROUND_ROBIN = 2,
	PGNL_PICK_KEY = 3,
};

#define PGNL_ANY_UID	UINT32_MAX

struct pgnl_pick_opts {
	uint32_t flags;		/* PGNL_LOCAL */
	uint32_t uid;		/* only members of this uid, or PGNL_ANY_UID */
	const void *key;	/* for PGNL_PICK_KEY, 1..255 bytes */
	size_t key_len;
};

/* One member as a list of one; opts may be NULL.
 * -ENODATA: nobody there. -ENOENT: no such group.
 */
int pgnl_pick(struct pgnl *handle, const char *scope, const char *group,
	      enum pgnl_pick_policy policy, const struct pgnl_pick_opts *opts,
	      struct pgnl_members **list);
/* The groups of a process, over all scopes; -ESRCH when there is none. */
int pgnl_process_groups(struct pgnl *handle, pid_t pid, struct pgnl_members **list);

/* --- Acts --------------------------------------------------------------- */

/* Beside PGNL_LOCAL: */
#define PGNL_OTHERS	0x2u	/* not the calling process */
#define PGNL_ONE	0x4u	/* the one that policy picks */
#define PGNL_QUEUE	0x8u	/* with value, as sigqueue(3) */

struct pgnl_signal_opts {
	uint32_t flags;		/* PGNL_LOCAL; PGNL_OTHERS, PGNL_ONE, PGNL_QUEUE */
	uint32_t uid;		/* only members of this uid, or PGNL_ANY_UID */
	enum pgnl_pick_policy policy;	/* for PGNL_ONE */
	const void *key;	/* for PGNL_PICK_KEY, 1..255 bytes */
	size_t key_len;
	const uint64_t *ids;	/* only members of these ids, or NULL */
	size_t n_ids;
	union sigval value;	/* for PGNL_QUEUE */
};

struct pgnl_signalled {
	uint32_t reached;	/* took it, or could */
	uint32_t refused;	/* no right to signal it, or its queue is full */
	uint32_t gone;		/* ended before */
};

/* Signal members of a group, each judged as by kill(2): the process itself,
 * so never another that got its pid. A signal of 0 only asks. opts may be NULL
 * for all members. Returns 0 also when some were refused.
 * -ENOENT: no such group. -ENODATA: PGNL_ONE, and nobody fits.
 */
int pgnl_signal(struct pgnl *handle, const char *scope, const char *group,
		int signal, const struct pgnl_signal_opts *opts,
		struct pgnl_signalled *signalled);

/* --- Limits, counters, verifier ------------------------------------------ */

enum pgnl_limit {
	PGNL_LIMIT_USER_GROUPS,		/* groups created by one user */
	PGNL_LIMIT_USER_MEMBERSHIPS,	/* memberships of one user's processes */
	PGNL_LIMIT_NET_SCOPES,
	PGNL_LIMIT_NET_GROUPS,
	PGNL_LIMIT_NET_MEMBERSHIPS,
	PGNL_N_LIMITS
};

enum pgnl_stat {
	PGNL_STAT_SCOPES,
	PGNL_STAT_GROUPS,
	PGNL_STAT_MEMBERSHIPS,
	PGNL_STAT_PROCESSES,
	PGNL_STAT_JOINS,
	PGNL_STAT_LEAVES,
	PGNL_STAT_EXITS,
	PGNL_STAT_EVICTIONS,
	PGNL_STAT_DEAD_PROCESSES,
	PGNL_STAT_LATE_JOINS,
	PGNL_N_STATS
};

/* Names as in the spec: "user-groups", "joins"; NULL past the last. */
const char *pgnl_limit_name(enum pgnl_limit limit);
const char *pgnl_stat_name(enum pgnl_stat stat);

/* Each array has PGNL_N_LIMITS elements; either may be NULL. A newer module
 * may know more than the library, an older one less: those read 0.
 */
int pgnl_limits(struct pgnl *handle, uint64_t *limits, uint64_t *usage);
int pgnl_limit_set(struct pgnl *handle, enum pgnl_limit limit, uint64_t value);
int pgnl_stats(struct pgnl *handle, uint64_t stats[PGNL_N_STATS]);
/* 0: consistent; 1: not, and text has what was found. */
int pgnl_verify(struct pgnl *handle, char *text, size_t size);

/* --- Erlang's pg (kernel-8, pg(3erl)) ------------------------------------- */

/* A multiset of pids: a process joined twice is in it twice. */
struct pgnl_pids {
	size_t n;
	pid_t pid[];
};

/* pg:join/3: all or nothing; an empty list does nothing and makes no group. */
int pgnl_pg_join(struct pgnl *handle, const char *scope, const char *group,
		 const pid_t *pids, size_t n);
/* pg:leave/3: PGNL_OK, or PGNL_NOT_JOINED when nothing was taken back. Each
 * occurrence of a pid leaves once; surplus ones are ignored.
 */
int pgnl_pg_leave(struct pgnl *handle, const char *scope, const char *group,
		  const pid_t *pids, size_t n);
/* pg:get_members/2, pg:get_local_members/2: empty for a missing group. */
int pgnl_pg_get_members(struct pgnl *handle, const char *scope,
			const char *group, struct pgnl_pids **list);
int pgnl_pg_get_local_members(struct pgnl *handle, const char *scope,
			      const char *group, struct pgnl_pids **list);
/* pg:which_groups/1, pg:which_local_groups/1 */
int pgnl_pg_which_groups(struct pgnl *handle, const char *scope,
			 struct pgnl_groups **list);
int pgnl_pg_which_local_groups(struct pgnl *handle, const char *scope,
			       struct pgnl_groups **list);

/* --- Erlang's pg2 (up to OTP 23), in scope "pg2" ---------------------------- */

int pgnl_pg2_create(struct pgnl *handle, const char *name);
int pgnl_pg2_delete(struct pgnl *handle, const char *name);
/* PGNL_OK or PGNL_NO_SUCH_GROUP */
int pgnl_pg2_join(struct pgnl *handle, const char *name, pid_t pid);
/* PGNL_OK, also for a process that is no member, or PGNL_NO_SUCH_GROUP */
int pgnl_pg2_leave(struct pgnl *handle, const char *name, pid_t pid);
/* PGNL_OK or PGNL_NO_SUCH_GROUP; sorted by pid, duplicates adjacent */
int pgnl_pg2_get_members(struct pgnl *handle, const char *name,
			 struct pgnl_pids **list);
int pgnl_pg2_get_local_members(struct pgnl *handle, const char *name,
			       struct pgnl_pids **list);
/* PGNL_OK, PGNL_NO_SUCH_GROUP or PGNL_NO_PROCESS */
int pgnl_pg2_get_closest_pid(struct pgnl *handle, const char *name, pid_t *pid);
int pgnl_pg2_which_groups(struct pgnl *handle, struct pgnl_groups **list);

#ifdef __cplusplus
}
#endif

#endif /* PGNL_H */
