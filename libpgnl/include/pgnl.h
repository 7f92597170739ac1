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
	PGNL_YES = PGNL_OK,	/* global: yes */
	PGNL_NO = 4,		/* global: no, the name is taken */
	PGNL_UNDEFINED = 5,	/* global: undefined, nobody holds the name */
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
	uint64_t incarnation;	/* of this node, 0: no agent has been here yet */
};

int pgnl_info(struct pgnl *handle, struct pgnl_info *info);

/* --- Scopes ------------------------------------------------------------- */

enum pgnl_mode {
	PGNL_MODE_PG = 0,	/* groups come with the first join, go with the last */
	PGNL_MODE_PG2 = 1,	/* groups are created and deleted */
};

#define PGNL_CLUSTER	0x1u	/* replicated to other nodes by an agent */
#define PGNL_BUILTIN	0x2u	/* there from the start */
#define PGNL_EXCLUSIVE	0x4u	/* groups are names, with one member at most */
#define PGNL_SHARED	0x8u	/* of another network namespace, for reading */
#define PGNL_KEEP	UINT32_MAX	/* owner, gid or perm: leave as it is */

struct pgnl_scope {
	const char *name;
	enum pgnl_mode mode;
	uint32_t flags;		/* PGNL_CLUSTER and others */
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

/* Share a scope of this network namespace into that of a descriptor (of
 * /proc/PID/ns/net, say), where it is called alias: it is read, picked from and
 * watched there as any scope, with pids of the reader's pid namespace; whatever
 * would change it is -EROFS. It ends there with the scope and with either
 * namespace. -EINVAL: no network namespace, or the same. -EEXIST: taken there.
 * -EDQUOT: limit net-scopes. -EPERM: needs CAP_NET_ADMIN over both.
 */
int pgnl_scope_share(struct pgnl *handle, const char *name, int netns,
		     const char *alias);
/* End that, in the network namespace of the descriptor, or the handle's own when
 * it is negative; subscribers there are told that the scope is gone.
 */
int pgnl_scope_unshare(struct pgnl *handle, const char *alias, int netns);

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
/* What has become of a group on other nodes that had something in it. */
struct pgnl_deleted {
	uint32_t nodes;		/* have deleted it */
	uint32_t refused;	/* keep it: it is not the caller's to delete there */
	uint32_t unreachable;	/* keep it, as far as is known: they don't answer */
};

/* Delete a created group, on all nodes: its members are evicted. A missing one is
 * fine. Other nodes are asked under the caller's uid and no other right, which takes
 * some seconds at most; what they keep is in the group still. Returns 0 also when
 * some do.
 */
int pgnl_group_delete(struct pgnl *handle, const char *scope, const char *group);
/* The same, and tells. */
int pgnl_group_delete_all(struct pgnl *handle, const char *scope, const char *group,
			  struct pgnl_deleted *deleted);
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
/* Put a process of another node, which that knows by this member id, into a group,
 * so often (0: once), as by pg2:join/2 of a process elsewhere. That node has to allow
 * it (remote-join), and judges as of a process with the caller's uid and no other
 * right. -EHOSTUNREACH: the node is not up, does not answer, or could not do it.
 * -EACCES: it does not allow it. -ESRCH: no such process there, or group. -ENOENT: no
 * such group. -EOPNOTSUPP: names, or a scope that is not clustered. -ENOTCONN: no
 * agent.
 */
int pgnl_join_on(struct pgnl *handle, const char *scope, const char *group,
		 const char *node, uint64_t id, uint32_t times);
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
	PGNL_SUSPECT = 1,	/* its node is not connected, maybe for a moment */
	PGNL_STALE = 2,		/* there is no agent to confirm it */
};

struct pgnl_member {
	uint64_t id;		/* never reused during a boot */
	pid_t pid;		/* 0 when invisible in the caller's pid namespace */
	uint32_t count;
	uint32_t uid;		/* real uid when it joined */
	uint16_t weight;
	uint8_t state;		/* enum pgnl_member_state */
	uint32_t age;		/* not PGNL_UP: milliseconds since it was */
	const char *node;	/* NULL: this node; else id and pid are that node's */
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
 * Those of other nodes come last; flags: PGNL_LOCAL leaves them out.
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
#define PGNL_ANY_STATE	0x10u	/* pick: members that are not PGNL_UP, too */

struct pgnl_pick_opts {
	uint32_t flags;		/* PGNL_LOCAL, PGNL_ANY_STATE */
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

/* --- Names (Erlang's global and global_group) ------------------------------ */

/* A name is a group of the scope "global", which has at most one member: its
 * holder. A holder that has ended is none, before its parent can know of it.
 */

/* Who keeps a name that two nodes gave away while they were apart. */
enum pgnl_name_resolve {
	PGNL_KEEP_FIRST = 0,	/* the earlier one, the other is unregistered */
	PGNL_RANDOM_EXIT = 1,	/* one of them, the other is killed */
	PGNL_RANDOM_NOTIFY = 2,	/* one of them, the other is told */
	PGNL_NOTIFY_ALL = 3,	/* none, both are told */
};

struct pgnl_name {
	const char *name;
	uint64_t fence;		/* grows with each registration */
	uint64_t stamp;		/* held since, in ns of the wall clock; kept by replace */
	enum pgnl_name_resolve resolve;
	struct pgnl_member holder;
	/* Of another node's answer: the global group of that node, "" when it is in none.
	 * NULL: the kernel's own.
	 */
	const char *global_group;
	/* That node sees no more than half of its group, so it may be wrong. */
	int isolated;
};

struct pgnl_names {
	size_t n;
	struct pgnl_name name[];
};

struct pgnl_name_opts {
	enum pgnl_name_resolve resolve;
	const void *meta;	/* NULL: none */
	size_t meta_len;	/* at most 256 */
};

/* global:register_name/3: PGNL_YES, or PGNL_NO when the name is taken, also by
 * the process itself. opts and list may be NULL. The list has one element: who
 * holds the name now; none when it is taken and the caller may not read the
 * scope. Unlike in Erlang a process may hold several names, and a dead one none
 * (-ESRCH). With an agent it waits for other nodes, some seconds at most. -EAGAIN:
 * the holder's node is suspect, so the name may be free soon. -EBUSY: others were
 * about to get it, all the time. -ETIMEDOUT: a node did not answer. -ENOTCONN: the
 * agent has ended.
 */
int pgnl_name_register(struct pgnl *handle, const char *name, pid_t pid,
		       const struct pgnl_name_opts *opts,
		       struct pgnl_names **list);
/* The same for the process a pidfd stands for, and no other that may have got its
 * pid: -ESRCH when it is dead.
 */
int pgnl_name_register_pidfd(struct pgnl *handle, const char *name, int pidfd,
			     const struct pgnl_name_opts *opts,
			     struct pgnl_names **list);
/* global:re_register_name/3: PGNL_YES; the name is never without a holder. The
 * list has who holds it now, and then who held it before, if anybody.
 * -EPERM: no right to signal the old holder, and not the scope's owner.
 */
int pgnl_name_reregister(struct pgnl *handle, const char *name, pid_t pid,
			 const struct pgnl_name_opts *opts,
			 struct pgnl_names **list);
/* global:unregister_name/1: PGNL_OK, also when nobody holds it; *missing (may
 * be NULL) tells that apart. -EPERM as above; of a holder on another node its
 * user's and the scope's owner may. Errors of other nodes as above.
 */
int pgnl_name_unregister(struct pgnl *handle, const char *name, int *missing);

/* --- Locks --- A lock is the name "lock:RESOURCE" (a resource has 1 to 250 bytes),
 * held by a process for a requester, 1 to 256 bytes; free when it ends, in a
 * conflict lost as a name is.
 *
 * global:set_lock/3: PGNL_YES, also when the requester has it already, by whatever
 * process: that one goes on holding it; or PGNL_NO after so many retries (below 0:
 * as many as it takes), with a random pause before each, up to 1/4 s, which doubles
 * up to 8 s. Errors as pgnl_name_register().
 */
int pgnl_lock_set(struct pgnl *handle, const char *resource, const char *requester,
		  pid_t pid, int retries);
/* global:del_lock/1: PGNL_OK, also when the process does not hold it for the requester. */
int pgnl_lock_del(struct pgnl *handle, const char *resource, const char *requester,
		  pid_t pid);
/* global:trans/4: with the lock, by the caller, call fn: PGNL_OK and what it has
 * returned; or PGNL_NO (aborted): the lock was not to be had.
 */
int pgnl_lock_trans(struct pgnl *handle, const char *resource, const char *requester,
		    int retries, int (*fn)(void *arg), void *arg, int *result);

/* Where to look: NULL for here; "node:NODE" or "group:GLOBAL_GROUP", which the agent
 * asks, unless it is this node or its group. What a node answers is what it knows of the
 * names of its group. A group that is not defined has no names.
 * -EHOSTUNREACH: it does not answer, or its definition of the groups is another one.
 * -EINVAL: neither of these. -ENOTCONN: no agent.
 */

/* global_group:whereis_name/2: PGNL_OK and a list of one, or PGNL_UNDEFINED
 * and an empty one.
 */
int pgnl_name_whereis(struct pgnl *handle, const char *where, const char *name,
		      struct pgnl_names **list);
/* global_group:registered_names/1 */
int pgnl_name_list(struct pgnl *handle, const char *where,
		   struct pgnl_names **list);

/* --- Global groups (Erlang's global_group) ----------------------------------- */

/* The nodes of a cluster may be parted into global groups, in the configuration of
 * their agents: each has names of its own. All of this comes from this node's agent:
 * -ENOTCONN: there is none in the process's network namespace. -EPERM: who
 * listens there can't be an agent. -ETIMEDOUT: it does not answer.
 */

enum pgnl_gg_state {
	PGNL_GG_NO_CONF = 0,	/* no global groups are defined */
	PGNL_GG_SYNCED = 1,
};

struct pgnl_gg_nodes {
	size_t n;
	const char *const *node;
};

struct pgnl_gg_group {
	const char *name;
	int hidden;		/* others do not list it */
	struct pgnl_gg_nodes nodes;	/* in the order of the definition */
};

struct pgnl_gg_groups {
	size_t n;
	const struct pgnl_gg_group *group;
};

struct pgnl_gg_pids {
	size_t n;
	const pid_t *pid;	/* as the agent sees them */
};

/* One allocation, freed by pgnl_free(). */
struct pgnl_gg_info {
	enum pgnl_gg_state state;
	struct pgnl_gg_group own;	/* its name is NULL where the node is in none */
	struct pgnl_gg_nodes own_nodes;	/* sorted; without groups this node and connected ones */
	struct pgnl_gg_nodes synced_nodes;	/* connected, and agree about the groups */
	struct pgnl_gg_nodes sync_error;	/* do not agree, also nodes of no own group */
	struct pgnl_gg_nodes no_contact;	/* of the own group, not connected */
	struct pgnl_gg_groups other_groups;	/* in their order, hidden ones left out */
	struct pgnl_gg_pids monitoring;	/* who has a struct pgnl_gg_monitor */
};

/* global_group:info/0 */
int pgnl_gg_info(struct pgnl *handle, struct pgnl_gg_info **info);
/* global_group:global_groups/0: PGNL_OK, and own and other_groups; PGNL_UNDEFINED, and
 * NULL, where none are defined.
 */
int pgnl_gg_global_groups(struct pgnl *handle, struct pgnl_gg_info **info);
/* global_group:own_nodes/0: own_nodes */
int pgnl_gg_own_nodes(struct pgnl *handle, struct pgnl_gg_info **info);
/* global_group:sync/0: the agent reads its configuration again, and asks the nodes that
 * it has no contact with. PGNL_OK, also when some do not agree: these are in sync_error;
 * info may be NULL. -EINVAL: the configuration is wrong, and stays as it was; the text
 * says where. -EPERM: only root may.
 */
int pgnl_gg_sync(struct pgnl *handle, struct pgnl_gg_info **info);

/* global_group:registered_names/1; as pgnl_name_list(), but where must be given. */
int pgnl_gg_registered_names(struct pgnl *handle, const char *where,
			     struct pgnl_names **list);
/* global_group:whereis_name/1 and 2: as pgnl_name_whereis(), but without a place the
 * own group is searched and then all others, in the order of the definition. Groups
 * that do not answer are passed over. PGNL_OK or PGNL_UNDEFINED.
 */
int pgnl_gg_whereis_name(struct pgnl *handle, const char *where, const char *name,
			 struct pgnl_names **list);

/* global_group:monitor_nodes(true): hear of group nodes that are synced, or not any more;
 * pgnl_gg_monitor_close() is monitor_nodes(false), and so is the end of the process.
 */
struct pgnl_gg_monitor;

struct pgnl_gg_event {
	const char *node;	/* valid until the next call on the monitor */
	int up;			/* nodeup, else nodedown */
};

int pgnl_gg_monitor_open(struct pgnl *handle, struct pgnl_gg_monitor **monitor);
void pgnl_gg_monitor_close(struct pgnl_gg_monitor *monitor);
/* Readable when there is an event; for poll(2) and no more. */
int pgnl_gg_monitor_fd(const struct pgnl_gg_monitor *monitor);
/* Wait up to timeout milliseconds, -1 without limit. 1: an event; 0: none in time.
 * -EINTR: a signal came. -ENOTCONN: the agent has ended, or events were not read.
 */
int pgnl_gg_event_next(struct pgnl_gg_monitor *monitor, int timeout,
		       struct pgnl_gg_event *event);

/* --- Views: reads without a system call ----------------------------------- */

/* A scope's groups and members, mapped. Its look-ups allocate nothing, take no
 * lock and are async-signal-safe; many threads may use one view at a time, also
 * in a child after fork. What the mapping can't tell they ask the kernel for,
 * over a socket of their own, with the rights of the caller.
 *
 * Members of this node without a pid in the view's pid namespace are left out.
 * Look-ups have no handle, so there are no words beside their -errno:
 * -ENOENT no such group or scope, -EACCES mode of the group, -EXDEV the caller
 * has gone to another network namespace.
 */
struct pgnl_view;

#define PGNL_MAPPED	0x1u	/* fail rather than ask the kernel each time */

/* Without PGNL_MAPPED this fails only as pgnl_group() would: where there is no
 * mapping to be had, each look-up asks the kernel. With it, -EOPNOTSUPP: not
 * in this pid or user namespace; -EDQUOT: a limit; -EPROTO: of a version that
 * this library does not know.
 */
int pgnl_view_open(struct pgnl *handle, const char *scope, uint32_t flags,
		   struct pgnl_view **view);
/* When no look-up of it is under way. */
void pgnl_view_close(struct pgnl_view *view);
/* 1 or 0: is there a mapping? */
int pgnl_view_mapped(const struct pgnl_view *view);
/* How many look-ups have asked the kernel so far. */
uint64_t pgnl_view_asked(const struct pgnl_view *view);

struct pgnl_view_group {
	uint32_t members;	/* processes */
	uint64_t joined;	/* the same, each as often as it joined */
};

struct pgnl_view_member {
	uint64_t id;		/* never reused during a boot */
	pid_t pid;		/* in the view's pid namespace, or that of its node */
	uint32_t count;
	uint32_t uid;		/* real uid when it joined */
	uint16_t weight;
	uint8_t state;		/* enum pgnl_member_state */
	uint8_t has_meta;	/* 1: pgnl_view_meta() has it */
	uint32_t age;		/* not PGNL_UP: milliseconds since it was */
	char node[64];		/* "": this node; else id and pid are that node's */
};

/* group may be NULL, to learn only whether it exists. */
int pgnl_view_lookup(struct pgnl_view *view, const char *name,
		     struct pgnl_view_group *group);
/* The pids (of this node), or members, of a group, at most max of them. Each returns how many
 * there are, which may be more than max, all at one moment. What is behind them
 * in pids, within max, may be overwritten.
 */
int pgnl_view_pids(struct pgnl_view *view, const char *name, pid_t *pids,
		   size_t max);
int pgnl_view_members(struct pgnl_view *view, const char *name,
		      struct pgnl_view_member *members, size_t max);
/* Copies at most size bytes of the metadata of a member, of which only id and node
 * are looked at; returns its length, 0 when there is none. -ESRCH: no such member.
 */
int pgnl_view_meta(struct pgnl_view *view, const char *name,
		   const struct pgnl_view_member *member, void *meta, size_t size);
/* One member, as pgnl_pick(); PGNL_PICK_ROUND_ROBIN takes the turns of the
 * view, by itself. -ENODATA: nobody there.
 */
int pgnl_view_pick(struct pgnl_view *view, const char *name,
		   enum pgnl_pick_policy policy,
		   const struct pgnl_pick_opts *opts,
		   struct pgnl_view_member *member);

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
	uint32_t refused;	/* no right to, out of sight, or its queue is full */
	uint32_t gone;		/* ended before */
	uint32_t unreachable;	/* are on nodes that can't be reached */
	/* Some were refused since this node or theirs forwards no signals. */
	int not_forwarded;
};

/* Signal members of a group, each judged as by kill(2): the process itself,
 * so never another that got its pid. A signal of 0 only asks. opts may be NULL
 * for all members. Members of other nodes are signalled there, under the
 * caller's uid and no other right, if the agents of both nodes forward signals;
 * else they count as refused. Returns 0 also when some were refused.
 * -ENOENT: no such group. -ENODATA: PGNL_ONE, and nobody fits.
 */
int pgnl_signal(struct pgnl *handle, const char *scope, const char *group,
		int signal, const struct pgnl_signal_opts *opts,
		struct pgnl_signalled *signalled);

/* --- Messages ----------------------------------------------------------- */

#define PGNL_MESSAGE_SIZE	32768	/* of the largest payload */

struct pgnl_send_opts {
	uint32_t flags;		/* PGNL_LOCAL; PGNL_OTHERS, PGNL_ONE */
	uint32_t uid;		/* only members of this uid, or PGNL_ANY_UID */
	enum pgnl_pick_policy policy;	/* for PGNL_ONE */
	const void *key;	/* for PGNL_PICK_KEY, 1..255 bytes */
	size_t key_len;
	const uint64_t *ids;	/* only members of these ids, or NULL */
	size_t n_ids;
};

struct pgnl_sent {
	uint32_t reached;	/* have it in their inboxes */
	uint32_t full;		/* had no room for it */
	uint32_t no_inbox;	/* have no inbox in the scope */
	uint32_t refused;	/* do not take it from the caller */
	uint32_t gone;		/* ended before */
	uint64_t id;		/* PGNL_ONE: who has it; 0: nobody */
	pid_t pid;		/* of that one, 0 when invisible */
	uint32_t unreachable;	/* are on nodes that can't be reached */
	char node[64];		/* of that one; "": this node */
};

/* Send a message to members of a group. opts may be NULL for all members.
 * PGNL_ONE passes over members that can't take it, each counted, but with
 * PGNL_PICK_KEY the dead only, and on other nodes nobody. Never waits for a
 * member, but for the agents of this node and others when it is for members
 * there, some seconds at most. Returns 0 also when nobody was reached.
 * -ENOENT: no such group. -ENODATA: PGNL_ONE, and nobody fits.
 * -EMSGSIZE: more than 32768 bytes. -EDQUOT: a limit of requests that wait.
 */
int pgnl_send(struct pgnl *handle, const char *scope, const char *group,
	      const void *data, size_t len, const struct pgnl_send_opts *opts,
	      struct pgnl_sent *sent);

/* global_group:send/3: to the inbox of whoever holds a name; where as in
 * pgnl_name_whereis(), sent as above. PGNL_OK, also when it is in no inbox, or
 * PGNL_UNDEFINED.
 */
int pgnl_name_send(struct pgnl *handle, const char *where, const char *name,
		   const void *data, size_t len, struct pgnl_sent *sent);

/* global_group:send/2 and 3: as pgnl_name_send(), but without a place the own group is
 * searched and then all others; sent (may be NULL) has the holder's node, id and pid when
 * the agent has asked. PGNL_OK, or PGNL_UNDEFINED where Erlang has {badarg, {Name, Message}}.
 */
int pgnl_gg_send(struct pgnl *handle, const char *where, const char *name,
		 const void *data, size_t len, struct pgnl_sent *sent);

/* Where the messages to the calling process in one scope come to. */
struct pgnl_inbox;

struct pgnl_inbox_opts {
	uint32_t uid;		/* only from this user, or PGNL_ANY_UID */
	int room;		/* bytes that may wait (SO_RCVBUF); 0: the default */
};

/* Open the inbox of the calling process; opts may be NULL. It is there as long
 * as the process, the scope and this object; not for a child after fork, nor
 * after exec. -EEXIST: there is one already. -EDQUOT: a limit, named in the
 * text. -EXDEV: the caller has left the handle's network namespace.
 */
int pgnl_inbox_open(struct pgnl *handle, const char *scope,
		    const struct pgnl_inbox_opts *opts,
		    struct pgnl_inbox **inbox);
/* Readable when there is a message; for poll(2) and no more. */
int pgnl_inbox_fd(const struct pgnl_inbox *inbox);
/* The member id of the process, the same as long as the inbox is open. */
uint64_t pgnl_inbox_id(const struct pgnl_inbox *inbox);
void pgnl_inbox_close(struct pgnl_inbox *inbox);

struct pgnl_message {
	const void *data;
	size_t len;
	const char *group;	/* that it was sent to */
	pid_t pid;		/* of the sender; 0 when invisible */
	uint32_t uid;		/* its real uid */
	uint64_t id;		/* its member id; 0: in no group */
	const char *node;	/* NULL: this node */
};

/* The next message, valid until the next call on the inbox; timeout in
 * milliseconds, 0 not to wait, -1 without limit.
 * -EAGAIN: none came. -EINTR: a signal did. -ESHUTDOWN: closed with its scope
 * or the module, now and from then on. -ECHILD: in a child after fork.
 */
int pgnl_recv(struct pgnl_inbox *inbox, struct pgnl_message *message,
	      int timeout);

/* A pidfd, close-on-exec, of the member with this id, and of no other that has
 * got its pid. -ESRCH: it has ended, is in no group, or is invisible.
 */
int pgnl_pidfd_open(struct pgnl *handle, uint64_t id);
/* --- Events --------------------------------------------------------------- */

/* A watch is a connection of its own that events come to: of scopes and of
 * groups, as many as one likes. It brings itself back to a right view when the
 * kernel had no room for events, and says so by PGNL_EVENT_RESYNC. It serves
 * one thread at a time, and no child after fork.
 */
struct pgnl_watch;

enum pgnl_event_type {
	/* The members of a group as they are now. Every group of a scope has
	 * one, and one that is missing or empty has one without members; for
	 * a scope without any, group is NULL. more: there follow others.
	 */
	PGNL_EVENT_SNAPSHOT,
	PGNL_EVENT_JOIN,
	PGNL_EVENT_LEAVE,
	PGNL_EVENT_CREATE,		/* of a group */
	/* And whoever was in it is out, but for what other nodes have in it;
	 * with a node, which was the last to have created it, nobody is.
	 */
	PGNL_EVENT_DELETE,
	PGNL_EVENT_SCOPE_DELETED,	/* the last one of a subscription */
	/* Events were missed. With PGNL_BECAUSE_REPLAYED they follow now, and
	 * nothing is missing; with PGNL_BECAUSE_LISTED the view so far is void
	 * and snapshots follow.
	 */
	PGNL_EVENT_RESYNC,
	/* Of another node, with PGNL_NODES; each scope tells them. */
	PGNL_EVENT_NODE_UP,		/* connected */
	PGNL_EVENT_NODE_DOWN,		/* not any more */
	PGNL_EVENT_SUSPECT,		/* its rows are PGNL_SUSPECT from now on */
	PGNL_EVENT_FRESH,		/* its rows are PGNL_UP again */
	PGNL_EVENT_AGENT_LOST,		/* all remote rows are PGNL_STALE */
	PGNL_EVENT_AGENT_BACK,		/* each node's follow with PGNL_EVENT_FRESH */
	/* A process lost its name, as PGNL_EVENT_LEAVE, to that of another node,
	 * which gave it away while the two were not connected.
	 */
	PGNL_EVENT_CONFLICT,
};

enum pgnl_event_reason {
	PGNL_BECAUSE_NOTHING,		/* it says all */
	PGNL_BECAUSE_JOINED,
	PGNL_BECAUSE_LEFT,		/* by request, or one may not know */
	PGNL_BECAUSE_EXITED,
	PGNL_BECAUSE_KILLED,
	PGNL_BECAUSE_EVICTED,		/* the group is deleted */
	PGNL_BECAUSE_REPLACED,		/* lost a name to another */
	PGNL_BECAUSE_CREATED,
	PGNL_BECAUSE_DELETED,
	PGNL_BECAUSE_REPLAYED,
	PGNL_BECAUSE_LISTED,
	PGNL_BECAUSE_NODE_LOST,		/* the member's node */
	PGNL_BECAUSE_AGENT_LOST,	/* and nobody else came in time */
	PGNL_BECAUSE_CONFLICT,
};

#define PGNL_UNKNOWN	(-1)

struct pgnl_event {
	enum pgnl_event_type type;
	enum pgnl_event_reason reason;
	int sub;		/* the subscription */
	int more;		/* another PGNL_EVENT_SNAPSHOT follows */
	uint64_t epoch;		/* of the scope; of another one when it is new */
	uint64_t seq;		/* only grows within an epoch */
	const char *scope;
	const char *group;	/* NULL: of the scope as a whole */
	size_t n;
	const struct pgnl_member *member;	/* with their counts after it */
	int status;		/* exit code or signal, or PGNL_UNKNOWN */
	int core;		/* killed, and dumped core */
	pid_t by_pid;		/* who asked for it, 0 when invisible here; ... */
	int64_t by_uid;		/* ... PGNL_UNKNOWN: nobody else did */
	const char *node;	/* of the members, or that it is about; NULL: this one */
	uint64_t incarnation;	/* of a node that it is about */
	/* A process of this other node asked for it, or has the name now; or NULL. */
	const char *by_node;
};

int pgnl_watch_open(struct pgnl_watch **watch);
void pgnl_watch_close(struct pgnl_watch *watch);
/* Readable when something has come; after pgnl_event_next() has returned 0. */
int pgnl_watch_fd(const struct pgnl_watch *watch);
/* As pgnl_last_error(), for the calls on a watch. */
const struct pgnl_error *pgnl_watch_error(const struct pgnl_watch *watch);

#define PGNL_SNAPSHOT	0x1u	/* begin with PGNL_EVENT_SNAPSHOT */
#define PGNL_LOCAL_EVENTS	0x2u	/* nothing of other nodes' members */
#define PGNL_NODES	0x4u	/* tell what becomes of other nodes, too */

/* The number of the new subscription: to a group, which need not exist, or with
 * NULL to all groups of the scope that the caller may read. Events are told
 * gapless from here on; what a snapshot shows is not told again.
 * -EDQUOT: limit user-subscriptions or net-subscriptions.
 */
int pgnl_subscribe(struct pgnl_watch *watch, const char *scope,
		   const char *group, uint32_t flags);
/* -ENOENT: the watch has no such subscription. */
int pgnl_unsubscribe(struct pgnl_watch *watch, int sub);
/* Wait up to timeout milliseconds, as poll(2) does. 1: there is an event, valid
 * until the next call on the watch; 0: none in time. -EINTR: a signal came.
 */
int pgnl_event_next(struct pgnl_watch *watch, int timeout,
		    const struct pgnl_event **event);
/* "snapshot", "join", ... and "joined", "left", ..., NULL for PGNL_BECAUSE_NOTHING */
const char *pgnl_event_name(enum pgnl_event_type type);
const char *pgnl_reason_name(enum pgnl_event_reason reason);

/* --- Nodes ---------------------------------------------------------------- */

/* A node is a network namespace with tables of its own, usually a host's. It has
 * a name, and an incarnation: tables that were lost, by a reboot, say, come with
 * another one, a new agent does not. Members of other nodes are copies, put in
 * by this node's agent, and known by (node, incarnation, id).
 */

#define PGNL_NODE_SELF		0x1u	/* this node */
#define PGNL_NODE_CONNECTED	0x2u	/* its agent talks to ours */
#define PGNL_NODE_SYNCING	0x4u	/* all of its rows are being put in anew */
#define PGNL_NODE_PARTIAL	0x8u	/* rows were dropped, at a limit */

struct pgnl_node {
	const char *name;
	uint64_t incarnation;	/* 0: no agent has been here yet */
	uint32_t flags;		/* PGNL_NODE_SELF, ... */
	uint8_t state;		/* of its rows, enum pgnl_member_state */
	uint64_t age;		/* milliseconds that it has been in this state */
	uint64_t rows;		/* memberships of it that are here */
	uint64_t dropped;	/* rows that found no room so far */
};

struct pgnl_nodes {
	size_t n;
	struct pgnl_node node[];
};

/* All nodes, this one first. Needs no right. */
int pgnl_nodes(struct pgnl *handle, struct pgnl_nodes **list);

/* --- The agent -------------------------------------------------------------- */

/* The control plane of a node, pgnld, say: who puts other nodes' rows in. There
 * is one in a network namespace, with CAP_NET_ADMIN over it. The role ends with pgnl_agent_close(), or if a child of fork has its
 * socket too, when that has gone; at the latest with the process that opened it.
 * What it has put in is then PGNL_STALE; an agent that opens within the grace time
 * goes on with it, and what it confirms (by begin, the same rows, commit) is told
 * to nobody, since nothing has changed.
 *
 * Rows of this node are never touched by any of this.
 *
 * Calls on an agent serve one thread at a time; pgnl_agent_error() has the words.
 * Errors common to all: -ENOTCONN the role has ended. -EHOSTUNREACH no such
 * node, or it is not up. -ESTALE another incarnation of it is.
 */
struct pgnl_agent;

struct pgnl_agent_opts {
	const char *node;	/* name of this node, 1..63 bytes */
	/* 0: the one that these tables had before, or a new one from the wall
	 * clock. It is kept with the tables, not with the agent.
	 */
	uint64_t incarnation;
	/* Milliseconds that rows outlive the agent, at most 3600000. */
	uint32_t grace;
	uint32_t flags;		/* none yet, 0 */
	/* What the kernel may ask of it, see pgnl_agent_next(); 0: nothing. */
	uint32_t acts;
	/* Milliseconds that a request waits for it, at most 3600000; 0: 10000. */
	uint32_t timeout;
};

#define PGNL_AGENT_SENDS	0x1u	/* messages to members of other nodes */
#define PGNL_AGENT_SIGNALS	0x2u	/* signals to them */
#define PGNL_AGENT_REGISTERS	0x4u	/* agrees with other nodes on names */
#define PGNL_AGENT_UNREGISTERS	0x8u	/* takes names from other nodes */
#define PGNL_AGENT_JOINS	0x10u	/* puts processes of other nodes into groups */
#define PGNL_AGENT_CANCELS	0x20u	/* forgets to register or unregister, when told so */
#define PGNL_AGENT_DELETES	0x40u	/* has other nodes delete a group */

#define PGNL_AGENT_GRACE	10000u	/* a sensible grace */

/* -EBUSY: there is an agent. -EPERM: no CAP_NET_ADMIN. */
int pgnl_agent_open(const struct pgnl_agent_opts *opts,
		    struct pgnl_agent **agent);
void pgnl_agent_close(struct pgnl_agent *agent);
const struct pgnl_error *pgnl_agent_error(const struct pgnl_agent *agent);
/* Of this node. */
uint64_t pgnl_agent_incarnation(const struct pgnl_agent *agent);

/* A node is connected. Of another incarnation than was here: the old rows leave
 * first. Rows of the same incarnation keep their state until pgnl_agent_commit(),
 * or with PGNL_NODE_FRESH are PGNL_UP at once: they hold without being put anew.
 * -EINVAL: the name is this node's, or malformed. -EDQUOT: limit net-nodes.
 */
#define PGNL_NODE_FRESH	0x1u
int pgnl_agent_node_up(struct pgnl_agent *agent, const char *node,
		       uint64_t incarnation, uint32_t flags);
/* The connection is gone: nodedown is told, its rows are PGNL_SUSPECT. */
int pgnl_agent_node_suspect(struct pgnl_agent *agent, const char *node,
			    uint64_t incarnation);
/* The node is given up: its rows leave, and it is not listed any more. */
int pgnl_agent_node_down(struct pgnl_agent *agent, const char *node,
			 uint64_t incarnation);

/* All rows of a node, in all scopes, are put anew: rows that have not been put
 * again by the commit leave then, the others are PGNL_UP. A second begin starts
 * over. pgnl_agent_commit(): -EINVAL nothing was begun.
 */
int pgnl_agent_begin(struct pgnl_agent *agent, const char *node,
		     uint64_t incarnation);
int pgnl_agent_commit(struct pgnl_agent *agent, const char *node,
		      uint64_t incarnation);

struct pgnl_agent_row {
	const char *group;
	uint64_t id;		/* member id on its node; 0: see below */
	uint32_t count;		/* how often joined; 0: it is out */
	uint32_t pid;		/* shown as it is */
	uint32_t uid;		/* in the user namespace of the caller */
	uint16_t weight;	/* 1..1000 */
	uint16_t meta_len;
	const void *meta;	/* NULL: none */
	/* With count 0, what subscribers are told: PGNL_BECAUSE_LEFT, _EXITED,
	 * _KILLED, _EVICTED, _REPLACED, _CONFLICT; and what pgnl_event.status would
	 * be, or PGNL_UNKNOWN.
	 */
	enum pgnl_event_reason reason;
	int status;
	/* Of a name, in the scope "global"; else 0. */
	uint64_t fence;
	uint64_t stamp;
	enum pgnl_name_resolve resolve;
	int core;		/* PGNL_BECAUSE_KILLED, and dumped core */
};

/* Put rows in, change them, take them out, in this order; a row that is the same
 * as before is told to nobody. id 0 is not a member but the group itself, created
 * by that node (scopes of mode pg2): with count 1 it is there, also when empty,
 * with count 0 that node has deleted it. *dropped (may be NULL) is how many found
 * no room at the limits net-remotes and node-remotes; the node is then partial,
 * and stays so until a commit finds room for all.
 * Any number of rows; they go in requests of at most 4096. -EOPNOTSUPP: the scope
 * is not clustered. -EINVAL: a name without a registration, or the reverse.
 */
int pgnl_agent_put(struct pgnl_agent *agent, const char *scope, const char *node,
		   uint64_t incarnation, const struct pgnl_agent_row *rows,
		   size_t n, size_t *dropped);

/* What a request of some process wants of members of other nodes. */
struct pgnl_upcall_target {
	const char *node;
	uint64_t incarnation;
	uint32_t members;	/* that are meant, as far as this node knows; PGNL_AGENT_DELETES: 1 */
	const uint64_t *ids;	/* NULL: all of the group that fit */
	size_t n_ids;
};

struct pgnl_upcall {
	uint64_t request;	/* its number, for the answer */
	/* One of PGNL_AGENT_SENDS and those after it. PGNL_AGENT_CANCELS:
	 * whoever asked for that request has gone. It has nothing else then, and is
	 * not answered.
	 */
	uint32_t act;
	const char *scope;
	const char *group;
	uint32_t uid;		/* only members of this uid, or PGNL_ANY_UID */
	uint32_t from_pid;	/* who asks */
	uint32_t from_uid;
	uint64_t from_id;	/* 0: in no group */
	const void *data;	/* the message */
	size_t len;
	int signal;		/* or the signal, 0 only asks */
	int queued;		/* with a value: */
	uint64_t value;		/* of a join, how often */
	const struct pgnl_upcall_target *target;
	size_t n_targets;
	int replace;		/* the name, which is group, is taken from its holder */
};

struct pgnl_answer {
	int error;		/* an errno in place of all that follows, or 0 */
	const char *words;	/* why, at most 127 bytes; or NULL */
	uint32_t reached;
	uint32_t refused;
	uint32_t gone;
	uint32_t full;
	uint32_t no_inbox;
	uint32_t unreachable;
	const char *node;	/* of the only one that was reached, or NULL */
	uint32_t pid;
	uint64_t id;
	uint64_t fence;		/* of a name: one that the fencing number is above */
	int missing;		/* of a name to be unregistered: nobody held it */
};

/* Readable when there is something for pgnl_agent_next(). What came while another
 * call on the agent was under way does not show there, but pgnl_agent_waits() says
 * 1 then.
 */
int pgnl_agent_fd(const struct pgnl_agent *agent);
int pgnl_agent_waits(const struct pgnl_agent *agent);
/* 1: an upcall, until the next call; 0: none is there. It never waits. */
int pgnl_agent_next(struct pgnl_agent *agent, const struct pgnl_upcall **upcall);
/* Each upcall is answered once. -ENOENT: nobody waits for it any more. An answer
 * to PGNL_AGENT_REGISTERS without an error gives the name away, if the process
 * still lives; -ESRCH or another error is also what the requester gets, then.
 */
int pgnl_agent_answer(struct pgnl_agent *agent, uint64_t request,
		      const struct pgnl_answer *answer);

struct pgnl_eviction {
	uint64_t id;		/* of the holder */
	uint64_t fence;		/* of its registration */
	/* PGNL_BECAUSE_LEFT, PGNL_BECAUSE_REPLACED or PGNL_BECAUSE_CONFLICT */
	enum pgnl_event_reason reason;
	int exits;		/* kill it as well, as its own registration has to say */
	const char *node;	/* that it is for, pgnl_event.by_node; NULL: not told */
};

/* Take a name from a certain holder on this node. -ENOENT: another one holds it, or
 * nobody. -EPERM: its registration does not say that it is to be killed.
 */
int pgnl_agent_name_evict(struct pgnl_agent *agent, const char *name,
			  const struct pgnl_eviction *eviction);

/* Somebody on another node. */
struct pgnl_origin {
	const char *node;
	uint32_t pid;		/* on that node */
	uint32_t uid;		/* what it may do here is judged by this alone */
	uint64_t id;		/* or 0 */
};

/* Do here what another node's agent was asked: what->target is the part of it
 * that is about this node, request is not used. The counts go to *answer. Errors
 * are those of the request, as pgnl_send().
 */
int pgnl_agent_act(struct pgnl_agent *agent, const struct pgnl_upcall *what,
		   const struct pgnl_origin *from, struct pgnl_answer *answer);

/* --- Limits, counters, verifier ------------------------------------------ */

enum pgnl_limit {
	PGNL_LIMIT_USER_GROUPS,		/* groups created by one user */
	PGNL_LIMIT_USER_MEMBERSHIPS,	/* memberships of one user's processes */
	PGNL_LIMIT_NET_SCOPES,
	PGNL_LIMIT_NET_GROUPS,
	PGNL_LIMIT_NET_MEMBERSHIPS,
	PGNL_LIMIT_USER_SUBSCRIPTIONS,
	PGNL_LIMIT_NET_SUBSCRIPTIONS,
	PGNL_LIMIT_USER_INBOXES,
	PGNL_LIMIT_NET_INBOXES,
	PGNL_LIMIT_USER_VIEW_PAGES,
	PGNL_LIMIT_NET_VIEW_PAGES,
	PGNL_LIMIT_NET_NODES,
	PGNL_LIMIT_NET_REMOTES,		/* memberships of all other nodes */
	PGNL_LIMIT_NODE_REMOTES,	/* and of each; in use: by the largest */
	PGNL_LIMIT_USER_REQUESTS,	/* that wait for the agent */
	PGNL_LIMIT_USER_REQUEST_BYTES,
	PGNL_LIMIT_NET_REQUESTS,
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
	PGNL_STAT_SUBSCRIPTIONS,
	PGNL_STAT_EVENTS,
	PGNL_STAT_DELIVERED,	/* events put into sockets of subscribers */
	PGNL_STAT_LOST,		/* how often a subscription has lost events */
	PGNL_STAT_INBOXES,
	PGNL_STAT_MESSAGES,
	PGNL_STAT_FULL_INBOXES,
	PGNL_STAT_NODES,
	PGNL_STAT_REMOTES,	/* memberships of other nodes now */
	PGNL_STAT_REMOTE_PUTS,
	PGNL_STAT_REMOTE_REMOVALS,
	PGNL_STAT_REMOTE_DROPS,
	PGNL_STAT_REQUESTS,	/* that wait for the agent now */
	PGNL_STAT_UPCALLS,
	PGNL_STAT_UNANSWERED,
	PGNL_N_STATS
};

/* Names as in the spec: "user-groups", "joins"; NULL past the last. */
const char *pgnl_limit_name(enum pgnl_limit limit);
const char *pgnl_stat_name(enum pgnl_stat stat);

/* Each array has n elements, by enum pgnl_limit: PGNL_N_LIMITS of the header
 * that the caller is built with. Either may be NULL. What the module does not
 * know reads 0; it may know more.
 */
int pgnl_limits(struct pgnl *handle, uint64_t *limits, uint64_t *usage,
		size_t n);
int pgnl_limit_set(struct pgnl *handle, enum pgnl_limit limit, uint64_t value);
/* The same for counters, by enum pgnl_stat: n is PGNL_N_STATS. */
int pgnl_stats(struct pgnl *handle, uint64_t *stats, size_t n);
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
/* pg:get_members/2, pg:get_local_members/2: empty for a missing group. A pid of
 * another node means nothing here, so both are of this one: pgnl_members() has
 * all with their nodes. Likewise in pgnl_pg2_*.
 */
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
/* PGNL_OK, also when a node keeps it: see pgnl_group_delete_all() */
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
