/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel tests share: a small netlink client on libmnl and helpers
 * for processes, users and namespaces. The client knows nothing of libpgnl,
 * so the kernel and the library are tested independently.
 *
 * Calls return 0 (or a count) or -errno. After -errno from the kernel,
 * client->text has the extack text and blamed() the attribute it points at.
 */
#ifndef SELFTESTS_COMMON_H
#define SELFTESTS_COMMON_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/pgnl.h>

/* --- The client ----------------------------------------------------------- */

struct client {
	int fd;			/* netlink socket of the netns it was opened in */
	uint16_t family;
	uint32_t seq;
	struct nlmsghdr *req;	/* request under construction, see req_new() */
	struct nlmsghdr *reply;	/* answer of the last do, NULL when it had none */
	char *in;		/* receive buffer */
	char *dump;		/* messages of the last dump, back to back */
	size_t dump_len, dump_size;
	int dump_retries;	/* how often the last dump was interrupted */
	char text[256];		/* extack text of the last error, "" when it had none */
	int offset;		/* extack offset of the last error, -1 when it had none */
};

/* In the network namespace of the caller; NULL with errno ENOENT when there is
 * no such family, so no module.
 */
struct client *client_open(void);
/* The same over a socket got from elsewhere. */
struct client *client_on(int fd);
void client_close(struct client *c);
/* Move to a new network namespace, whose tables are empty, and open there. */
struct client *client_in_new_netns(void);

/* For the start of a FIXTURE_SETUP or a TEST. */
#define OPEN_OR_SKIP(client, how) do { \
	(client) = (how); \
	if (!(client)) \
		SKIP(return, "no client: %s (is the module loaded?)", strerror(errno)); \
} while (0)

/* A fixture with a client in a network namespace of its own (self->c), whose
 * tables must be consistent at the end.
 */
#define NETNS_FIXTURE(name) \
FIXTURE(name) \
{ \
	struct client *c; \
}; \
FIXTURE_SETUP(name) \
{ \
	OPEN_OR_SKIP(self->c, client_in_new_netns()); \
} \
FIXTURE_TEARDOWN(name) \
{ \
	EXPECT_STREQ("", verify(self->c)); \
	client_close(self->c); \
} \
struct name##_fixture_ends_here

/* A request is built in client->req (flags REQUEST and ACK; tests may alter
 * it at will) and sent by req_do() or req_dump().
 */
void req_new(struct client *c, uint8_t cmd);
void put_str(struct client *c, uint16_t type, const char *value);
void put_u32(struct client *c, uint16_t type, uint32_t value);
void put_u64(struct client *c, uint16_t type, uint64_t value);
void put_flag(struct client *c, uint16_t type);
void put_bin(struct client *c, uint16_t type, const void *value, size_t len);
/* Send and read up to the ack. */
int req_do(struct client *c);
/* Send and collect client->dump; a dump marked interrupted is made again, a
 * bounded number of times, then it is -EINTR.
 */
int req_dump(struct client *c);
/* The same in steps: send it; receive once into client->dump: 0 when there is more,
 * 1 at the end, -errno. raced, unless NULL, is set when the kernel says so.
 */
int dump_begin(struct client *c);
int dump_step(struct client *c, bool *raced);
/* The mode of a scope. */
int set_perm(struct client *c, const char *scope, uint32_t perm);
/* Begin a listing of members, of which nothing is read; it stays where it is. */
int list_begin(struct client *c, const char *scope, const char *group);
/* Only send; only receive one message into client->reply (-errno when it is
 * an error, 1 when it is an ack, 0 else).
 */
int req_send(struct client *c);
int req_recv(struct client *c);

/* Type of the attribute of the request that the last error points at, 0 when
 * none; and how many of that type stand before it.
 */
int blamed(const struct client *c);
int blamed_index(const struct client *c);

/* The same for an error of the listing itself rather than of its parsing: before
 * Linux 6.12 the core passes its text on, but not its attribute; then this
 * says that it is the wanted one.
 */
int blamed_by_dump(const struct client *c, int wanted);

/* First attribute of that type in a message, NULL when there is none. */
const struct nlattr *attr_of(const struct nlmsghdr *msg, uint16_t type);
/* The same in the last reply; 0, "" or false when there is none. */
uint32_t reply_u32(const struct client *c, uint16_t type);
uint64_t reply_u64(const struct client *c, uint16_t type);
const char *reply_str(const struct client *c, uint16_t type);
bool reply_flag(const struct client *c, uint16_t type);
/* Element of an array attribute (ids, counts, removed) of the last reply. */
uint64_t reply_id(const struct client *c, size_t index);
uint32_t reply_count(const struct client *c, size_t index);
size_t reply_n_ids(const struct client *c);
size_t reply_n_counts(const struct client *c);

/* One more message to client->dump. */
void dump_append(struct client *c, const struct nlmsghdr *msg);

/* For each message of the last dump. */
#define for_each_dumped(c, msg, left) \
	for (msg = (struct nlmsghdr *)(c)->dump, left = (c)->dump_len; \
	     mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left))

/* --- Requests in one call; a scope of NULL is left out --------------------- */

int scope_new(struct client *c, const char *scope, uint32_t mode);
int scope_del(struct client *c, const char *scope);
/* As an alias in the network namespace of the descriptor. */
int scope_share(struct client *c, const char *scope, int fd, const char *alias);
int group_new(struct client *c, const char *scope, const char *group);
int group_del(struct client *c, const char *scope, const char *group);

/* Start a join or leave; complete it with put_*() and req_do(). */
void member_req(struct client *c, uint8_t cmd, const char *scope, const char *group);
/* The same of the caller itself and n groups, "group-0000" and so on. */
void groups_req(struct client *c, uint8_t cmd, int n);
/* One pid (0: the attribute self), one group, once. join() returns the count
 * after (capped to INT_MAX), leave() and leave_all() how many were removed.
 */
int join(struct client *c, const char *scope, const char *group, pid_t pid);
int join_times(struct client *c, const char *scope, const char *group, pid_t pid,
	       uint32_t times);
int join_pids(struct client *c, const char *scope, const char *group,
	      const pid_t *pids, size_t n);
int leave(struct client *c, const char *scope, const char *group, pid_t pid);
int leave_times(struct client *c, const char *scope, const char *group, pid_t pid,
		uint32_t times);
int leave_all(struct client *c, const char *scope, const char *group, pid_t pid);
int leave_id(struct client *c, const char *scope, const char *group, uint64_t id);
/* The member id of a process, 0 when it is in no group, -errno. */
int64_t id_of(struct client *c, pid_t pid);

/* Pick by enum pgnl_policy; the row of the one picked in *row. */
int pick(struct client *c, const char *scope, const char *group, uint32_t policy,
	 struct pgnl_row *row);
int pick_key(struct client *c, const char *scope, const char *group,
	     const void *key, size_t len, struct pgnl_row *row);

/* "" when the verifier finds everything consistent, else what it found. */
const char *verify(struct client *c);
/* Value inside a nest of the reply to limit-get or stats-get. */
uint64_t limit_get(struct client *c, uint16_t limit);
uint64_t usage_get(struct client *c, uint16_t limit);
int limit_set(struct client *c, uint16_t limit, uint64_t value);
/* Each limit; the padding stands among them. */
#define for_each_limit(limit) \
	for (uint16_t limit = PGNL_A_LIMIT_USER_GROUPS; limit <= PGNL_A_LIMIT_MAX; \
	     limit += 1 + (limit + 1 == PGNL_A_LIMIT_PAD))
uint64_t stat_get(struct client *c, uint16_t stat);

/* Let the limits of users and of the netns not get in the way of a big test. */
void raise_limits(struct client *c);

/* --- Lists; pointers are valid until the client's next call ---------------- */

struct member {
	const char *scope;	/* NULL when the answer does not say */
	const char *group;
	struct pgnl_row row;
	const void *meta;	/* NULL when there is none */
	size_t meta_len;
};

struct members {
	size_t n;
	struct member *at;
	bool no_group;		/* do only */
	bool more;		/* do only */
};

/* Each call frees what the list held before; start with a zeroed list. */
int members(struct client *c, const char *scope, const char *group, struct members *list);
int members_dump(struct client *c, const char *scope, const char *group, struct members *list);
int process_groups(struct client *c, pid_t pid, struct members *list);
void members_free(struct members *list);
/* Members of the messages of a do's reply or of a dump. */
void members_of_reply(struct client *c, struct members *list);
void members_of_dump(struct client *c, struct members *list);
/* The row of that pid (of that group, unless NULL), or NULL. */
const struct member *member_find(const struct members *list, const char *group, pid_t pid);
/* Count of a process in a group by a do; 0 when it is no member; -errno. */
int count_of(struct client *c, const char *scope, const char *group, pid_t pid);

struct group_info {
	const char *scope;
	const char *name;
	uint64_t local, remote;
	bool owned;		/* owner, gid and perm are told */
	uint32_t owner, gid, perm;
};

struct groups {
	size_t n;
	struct group_info *at;
};

int groups(struct client *c, const char *scope, bool local_only, struct groups *list);
void groups_free(struct groups *list);
const struct group_info *group_find(const struct groups *list, const char *name);
/* By a do: 1 when it exists, 0 when not, -errno. */
int group_exists(struct client *c, const char *scope, const char *group);

struct scope_info {
	const char *name;
	uint32_t mode, flags, owner, gid, perm;
	uint64_t groups, members;
};

struct scopes {
	size_t n;
	struct scope_info *at;
};

int scopes(struct client *c, struct scopes *list);
void scopes_free(struct scopes *list);
const struct scope_info *scope_find(const struct scopes *list, const char *name);
/* By a do. */
int scope_get(struct client *c, const char *name, struct scope_info *scope);

/* --- Processes -------------------------------------------------------------- */

/* A process that waits for child_exit(), and dies with its parent. */
struct child {
	pid_t pid;
	int fd;			/* write end of the pipe it waits on */
};

int child_start(struct child *child);
/* Tell it to _exit(code); child_exit() also reaps it and returns the wait
 * status, child_tell() leaves a zombie.
 */
void child_tell(struct child *child, uint8_t code);
int child_exit(struct child *child, uint8_t code);
/* SIGKILL and reap. */
int child_kill(struct child *child);

/* Many cheap processes (they share the caller's memory, files and nothing
 * else) that only sleep, and die with their parent.
 */
struct crowd {
	size_t n;
	pid_t *pid;
	void *stacks;
};

int crowd_start(struct crowd *crowd, size_t n);
/* SIGKILL and reap one of them; its entry turns 0. */
void crowd_kill(struct crowd *crowd, size_t index);
/* SIGKILL and reap all that are left. */
void crowd_end(struct crowd *crowd);

/* A pid that no process has. */
pid_t dead_pid(void);

/* Run a function in a child of its own and return its exit status (128 + the
 * signal when one killed it, -errno when there was no child).
 */
int in_child(int (*fn)(void *arg), void *arg);
/* The same as another user, without groups and capabilities. */
int as_user(uid_t uid, gid_t gid, int (*fn)(void *arg), void *arg);

/* Wait for a state that comes by itself, such as the end of work that the
 * kernel does later; false when it did not come in time.
 */
#define WAIT_UNTIL(cond) ({ \
	int tries_ = 20000; \
	while (!(cond) && --tries_) \
		usleep(1000); \
	tries_ > 0; \
})

/* For the functions run in a child: they return 0 when all is well. */
#define CHECK(cond) do { \
	if (!(cond)) { \
		fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, #cond); \
		return 1; \
	} \
} while (0)

#define CHECK_EQ(expected, seen) do { \
	long long expected_ = (expected), seen_ = (seen); \
	if (expected_ != seen_) { \
		fprintf(stderr, "# %s:%d: expected %s (%lld), saw %s (%lld)\n", \
			__FILE__, __LINE__, #expected, expected_, #seen, seen_); \
		return 1; \
	} \
} while (0)

/* Change the calling process; each aborts the process when it fails. */
void become(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups);
void drop_cap(int cap);
/* unshare(); for CLONE_NEWUSER the caller becomes root of the new namespace,
 * and for CLONE_NEWPID its next child becomes init.
 */
void new_ns(int flags);

#endif /* SELFTESTS_COMMON_H */
