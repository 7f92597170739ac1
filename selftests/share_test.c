// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scopes shared into other network namespaces: read there under an alias, and
 * gone with the scope and with either namespace, in any order.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "common.h"
#include "events.h"
#include "proc.h"

static int net_fd(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* From its own network namespace without a descriptor. */
static int unshare_scope(struct client *c, int fd, const char *alias)
{
	req_new(c, PGNL_CMD_SCOPE_UNSHARE);
	if (fd >= 0)
		put_u32(c, PGNL_A_FD, (uint32_t)fd);
	put_str(c, PGNL_A_ALIAS, alias);
	return req_do(c);
}

/*
 * The scope "s" of one network namespace is "a" in another one, where the process
 * is; the group "g" has the process and a child.
 */
FIXTURE(share) {
	struct client *from, *to;
	struct child child;
	int fd;
};

FIXTURE_SETUP(share)
{
	/* First, so that it has no socket of either namespace. */
	ASSERT_EQ(0, child_start(&self->child));
	OPEN_OR_SKIP(self->from, client_in_new_netns());
	self->to = client_in_new_netns();
	ASSERT_NE(NULL, self->to);
	self->fd = net_fd();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, scope_new(self->from, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join(self->from, "s", "g", 0));
	ASSERT_EQ(2, join_times(self->from, "s", "g", self->child.pid, 2));
	ASSERT_EQ(0, scope_share(self->from, "s", self->fd, "a"));
}

FIXTURE_TEARDOWN(share)
{
	child_kill(&self->child);
	if (self->from) {
		EXPECT_STREQ("", verify(self->from));
		client_close(self->from);
	}
	if (self->to) {
		EXPECT_STREQ("", verify(self->to));
		client_close(self->to);
	}
	close(self->fd);
}

/* --- Reading --------------------------------------------------------------- */

TEST_F(share, a_shared_scope_is_read_under_its_alias)
{
	struct members list = {};
	struct groups all = {};
	struct pgnl_row row;

	EXPECT_EQ(2, count_of(self->to, "a", "g", self->child.pid));
	EXPECT_EQ(1, count_of(self->to, "a", "g", getpid()));
	EXPECT_EQ(1, group_exists(self->to, "a", "g"));
	EXPECT_EQ(0, group_exists(self->to, "a", "other"));
	ASSERT_EQ(0, members_dump(self->to, "a", NULL, &list));
	ASSERT_EQ(2, list.n);
	EXPECT_STREQ("a", list.at[0].scope);
	EXPECT_STREQ("g", list.at[0].group);
	ASSERT_EQ(0, groups(self->to, "a", false, &all));
	ASSERT_EQ(1, all.n);
	EXPECT_STREQ("a", all.at[0].scope);
	EXPECT_EQ(3, all.at[0].local);
	ASSERT_EQ(0, pick(self->to, "a", "g", PGNL_POLICY_RANDOM, &row));
	EXPECT_TRUE((pid_t)row.pid == getpid() || (pid_t)row.pid == self->child.pid);
	EXPECT_EQ(-ENOENT, pick(self->to, "a", "other", PGNL_POLICY_RANDOM, &row));
	members_free(&list);
	groups_free(&all);
}

TEST_F(share, it_is_listed_among_the_scopes_and_marked)
{
	const struct scope_info *a;
	struct scopes list = {};
	struct scope_info s;

	ASSERT_EQ(0, scopes(self->to, &list));
	ASSERT_EQ(4, list.n);
	a = scope_find(&list, "a");
	ASSERT_NE(NULL, a);
	EXPECT_EQ(PGNL_SCOPE_FLAG_SHARED, a->flags);
	EXPECT_EQ(1, a->groups);
	EXPECT_EQ(3, a->members);
	ASSERT_EQ(0, scope_get(self->to, "a", &s));
	EXPECT_STREQ("a", s.name);
	EXPECT_EQ(PGNL_SCOPE_FLAG_SHARED, s.flags);
	/* Where it is, it is as before, and the name means nothing. */
	ASSERT_EQ(0, scope_get(self->from, "s", &s));
	EXPECT_EQ(0, s.flags);
	EXPECT_EQ(-ENOENT, scope_get(self->from, "a", &s));
	EXPECT_EQ(-ENOENT, scope_get(self->to, "s", &s));
	scopes_free(&list);
}

TEST_F(share, what_is_not_shared_is_invisible)
{
	ASSERT_EQ(1, join(self->from, NULL, "g", 0));
	EXPECT_EQ(0, group_exists(self->to, NULL, "g"));
	EXPECT_EQ(0, unshare_scope(self->to, -1, "a"));
	EXPECT_EQ(-ENOENT, group_exists(self->to, "a", "g"));
	EXPECT_EQ(-ENOENT, count_of(self->to, "a", "g", 0));
	EXPECT_EQ(PGNL_A_SCOPE, blamed(self->to));
	EXPECT_STREQ("no such scope", self->to->text);
}

TEST_F(share, the_dead_are_not_shown)
{
	for (unsigned int i = 0; again(i, 200); i++) {
		struct child child;

		ASSERT_EQ(0, child_start(&child));
		ASSERT_EQ(1, join(self->from, "s", "h", child.pid));
		ASSERT_EQ(1, count_of(self->to, "a", "h", child.pid));
		child_kill(&child);
		ASSERT_EQ(0, group_exists(self->to, "a", "h"));
		ASSERT_EQ(0, count_of(self->to, "a", "h", child.pid));
	}
}

TEST_F(share, nothing_is_changed_through_it)
{
	struct client *c = self->to;
	struct scope_info s;

	EXPECT_EQ(-EROFS, join(c, "a", "g", 0));
	EXPECT_EQ(PGNL_A_SCOPE, blamed(c));
	EXPECT_EQ(-EROFS, leave(c, "a", "g", 0));
	EXPECT_EQ(-EROFS, group_new(c, "a", "g"));
	EXPECT_EQ(-EROFS, group_del(c, "a", "g"));
	EXPECT_EQ(-ENOENT, scope_del(c, "a"));
	req_new(c, PGNL_CMD_SCOPE_SET);
	put_str(c, PGNL_A_SCOPE, "a");
	put_u32(c, PGNL_A_PERM, 0700);
	EXPECT_EQ(-EROFS, req_do(c));
	req_new(c, PGNL_CMD_GROUP_SIGNAL);
	put_str(c, PGNL_A_SCOPE, "a");
	put_str(c, PGNL_A_GROUP, "g");
	put_u32(c, PGNL_A_SIGNAL, 0);
	EXPECT_EQ(-EROFS, req_do(c));
	req_new(c, PGNL_CMD_VIEW_GET);
	put_str(c, PGNL_A_SCOPE, "a");
	EXPECT_EQ(-EOPNOTSUPP, req_do(c));
	/* And it is not shared on. */
	EXPECT_EQ(-EROFS, scope_share(c, "a", self->fd, "b"));
	ASSERT_EQ(0, scope_get(self->from, "s", &s));
	EXPECT_EQ(3, s.members);
	EXPECT_EQ(0775, s.perm);
}

/* --- Refusals ----------------------------------------------------------------- */

TEST_F(share, what_makes_no_sense_is_refused)
{
	struct client *c = self->from;
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char name[PGNL_SCOPE_NAME_MAX + 2];

	EXPECT_EQ(-EINVAL, scope_share(self->to, "pg", self->fd, "b"));
	EXPECT_STREQ("that is the scope's own network namespace", self->to->text);
	EXPECT_EQ(PGNL_A_FD, blamed(self->to));
	EXPECT_EQ(-ENOENT, scope_share(c, "missing", self->fd, "b"));
	EXPECT_EQ(-EEXIST, scope_share(c, "pg", self->fd, "a"));
	EXPECT_EQ(PGNL_A_ALIAS, blamed(c));
	EXPECT_EQ(-EEXIST, scope_share(c, "pg", self->fd, "pg"));
	EXPECT_EQ(-EEXIST, scope_new(self->to, "a", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(-EINVAL, scope_share(c, "s", file, "b"));
	EXPECT_EQ(PGNL_A_FD, blamed(c));
	EXPECT_EQ(-EBADF, scope_share(c, "s", 1000000, "b"));
	EXPECT_EQ(-EINVAL, scope_share(c, "s", self->fd, ""));
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	EXPECT_EQ(-EINVAL, scope_share(c, "s", self->fd, name));
	name[sizeof(name) - 2] = '\0';
	EXPECT_EQ(0, scope_share(c, "s", self->fd, name));
	req_new(c, PGNL_CMD_SCOPE_SHARE);
	put_u32(c, PGNL_A_FD, (uint32_t)self->fd);
	EXPECT_EQ(-EINVAL, req_do(c));
	req_new(c, PGNL_CMD_SCOPE_SHARE);
	put_str(c, PGNL_A_ALIAS, "b");
	EXPECT_EQ(-EINVAL, req_do(c));
	EXPECT_EQ(-ENOENT, unshare_scope(self->to, -1, "pg"));
	EXPECT_EQ(-ENOENT, unshare_scope(c, -1, "a"));
	close(file);
}

TEST_F(share, the_number_of_aliases_is_limited)
{
	char name[16];
	int n;

	ASSERT_EQ(0, limit_set(self->to, PGNL_A_LIMIT_NET_SCOPES, 5));
	for (n = 1; n < 5; n++) {
		snprintf(name, sizeof(name), "a%d", n);
		ASSERT_EQ(0, scope_share(self->from, NULL, self->fd, name));
	}
	EXPECT_EQ(-EDQUOT, scope_share(self->from, NULL, self->fd, "b"));
	EXPECT_STREQ("limit net-scopes is reached", self->from->text);
	EXPECT_EQ(0, unshare_scope(self->from, self->fd, "a1"));
	EXPECT_EQ(0, scope_share(self->from, NULL, self->fd, "b"));
}

static int stranger_shares(void *arg)
{
	int *fd = arg;
	struct client *c;

	/* Root of namespaces of its own, and nobody elsewhere. */
	new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	c = client_open();
	CHECK(c);
	CHECK_EQ(0, scope_new(c, "mine", PGNL_SCOPE_MODE_PG));
	CHECK_EQ(-EPERM, scope_share(c, "mine", *fd, "forced"));
	CHECK_EQ(PGNL_A_FD, blamed(c));
	CHECK_EQ(-EPERM, unshare_scope(c, *fd, "a"));
	return 0;
}

TEST_F(share, it_needs_the_right_over_both_namespaces)
{
	EXPECT_EQ(0, in_child(stranger_shares, &self->fd));
	EXPECT_EQ(0, as_user(1000, 1000, stranger_shares, &self->fd));
	EXPECT_EQ(1, group_exists(self->to, "a", "g"));
}

struct contained {
	int ready[2], go[2];
};

/* In a user namespace, whose root it is, with a scope shared into its own. */
static int contained(void *arg)
{
	struct contained *box = arg;
	struct members list = {};
	struct client *c;
	char byte = 0;

	new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	c = client_open();
	CHECK(c);
	CHECK_EQ(1, write(box->ready[1], &byte, 1));
	CHECK_EQ(1, read(box->go[0], &byte, 1));
	CHECK_EQ(1, group_exists(c, "a", "open"));
	CHECK_EQ(-EACCES, group_exists(c, "a", "private"));
	CHECK_EQ(-EACCES, members(c, "a", "private", &list));
	CHECK_EQ(-EACCES, subscribe(c, "a", "private"));
	CHECK_EQ(0, members_dump(c, "a", NULL, &list));
	CHECK_EQ(1, list.n);
	CHECK_EQ(65534, list.at[0].row.uid);
	/* It may unshare, since that is its own. */
	CHECK_EQ(0, unshare_scope(c, -1, "a"));
	CHECK_EQ(-ENOENT, group_exists(c, "a", "open"));
	return 0;
}

TEST_F(share, root_of_the_target_is_nobody_to_the_scope)
{
	struct contained box;
	char path[64], byte = 0;
	int fd, status;
	pid_t pid;

	ASSERT_EQ(0, scope_new(self->from, "t", PGNL_SCOPE_MODE_PG2));
	ASSERT_EQ(0, group_new(self->from, "t", "open"));
	req_new(self->from, PGNL_CMD_GROUP_NEW);
	put_str(self->from, PGNL_A_SCOPE, "t");
	put_str(self->from, PGNL_A_GROUP, "private");
	put_u32(self->from, PGNL_A_PERM, 0700);
	ASSERT_EQ(0, req_do(self->from));
	ASSERT_EQ(1, join(self->from, "t", "open", 0));
	ASSERT_EQ(1, join(self->from, "t", "private", 0));
	ASSERT_EQ(0, pipe(box.ready));
	ASSERT_EQ(0, pipe(box.go));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* Another user, so that root inside is not root outside. */
		become(1000, 1000, NULL, 0);
		_exit(contained(&box));
	}
	close(box.ready[1]);
	ASSERT_EQ(1, read(box.ready[0], &byte, 1));
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scope_share(self->from, "t", fd, "a"));
	ASSERT_EQ(1, write(box.go[1], &byte, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(fd);
}

static int read_from_inside(void *arg)
{
	struct client *c = arg;
	struct members list = {};
	struct child child;

	/* Pid 1 of a pid namespace, in which nobody else of the group is. */
	CHECK_EQ(0, members(c, "a", "g", &list));
	CHECK_EQ(2, list.n);
	CHECK_EQ(0, list.at[0].row.pid);
	CHECK_EQ(0, list.at[1].row.pid);
	CHECK_EQ(0, child_start(&child));
	CHECK(child.pid < 10);
	CHECK_EQ(0, child_exit(&child, 0));
	return 0;
}

static int in_pid_ns(void *arg)
{
	new_ns(CLONE_NEWPID);
	return in_child(read_from_inside, arg);
}

TEST_F(share, pids_are_those_of_the_reader)
{
	EXPECT_EQ(0, in_child(in_pid_ns, self->to));
}

/* --- Watching -------------------------------------------------------------------- */

TEST_F(share, events_come_through_it)
{
	struct ear ear = { .c = self->to };
	struct cast cast = { .n = 1, .at = { { self->child.pid, "kid" } } };
	struct event event;
	uint64_t prev;
	int sub;

	sub = subscribe(self->to, "a", NULL);
	ASSERT_LT(0, sub);
	prev = reply_u64(self->to, PGNL_A_SEQ);
	ASSERT_EQ(1, join(self->from, "s", "h", self->child.pid));
	EXPECT_STREQ("joined h kid=1\n", heard(&ear, &cast, sub, &prev, 1));
	ASSERT_EQ(1, leave(self->from, "s", "h", self->child.pid));
	ASSERT_EQ(0, next_event(&ear, &event, EVENT_LIMIT));
	EXPECT_STREQ("a", event.scope);
	EXPECT_STREQ("h", event.group);
	EXPECT_EQ(PGNL_REASON_LEFT, event.reason);
	EXPECT_EQ(prev, event.prev);
	prev = event.seq;
	kill(self->child.pid, SIGKILL);
	EXPECT_STREQ("killed g kid=0 status=9\n", heard(&ear, &cast, sub, &prev, 1));
	EXPECT_EQ(0, unsubscribe(self->to, sub));
	EXPECT_EQ(-ENOENT, unsubscribe(self->to, sub));
}

TEST_F(share, a_replay_goes_through_it_too)
{
	struct ear ear = { .c = self->to };
	struct cast cast = { .n = 1, .at = { { self->child.pid, "kid" } } };
	uint64_t first, prev;
	int sub;

	sub = subscribe(self->to, "a", "h");
	ASSERT_LT(0, sub);
	first = prev = reply_u64(self->to, PGNL_A_SEQ);
	ASSERT_EQ(1, join(self->from, "s", "h", self->child.pid));
	ASSERT_STREQ("joined h kid=1\n", heard(&ear, &cast, sub, &prev, 1));
	ASSERT_EQ(0, replay(self->to, sub, first));
	prev = first;
	EXPECT_STREQ("joined h kid=1\n", heard(&ear, &cast, sub, &prev, 1));
}

TEST_F(share, subscriptions_here_and_there_have_numbers_of_their_own)
{
	int here, there, other;

	here = subscribe(self->to, NULL, NULL);
	there = subscribe(self->to, "a", NULL);
	other = subscribe(self->from, NULL, NULL);
	ASSERT_LT(0, here);
	ASSERT_LT(0, there);
	ASSERT_LT(0, other);
	EXPECT_NE(here, there);
	EXPECT_NE(other, there);
	/* Nobody ends another socket's. */
	EXPECT_EQ(-ENOENT, unsubscribe(self->from, there));
	EXPECT_EQ(0, unsubscribe(self->to, here));
	EXPECT_EQ(0, unsubscribe(self->to, there));
	EXPECT_EQ(0, unsubscribe(self->from, other));
}

/* --- Ends, in every order ----------------------------------------------------------- */

static uint64_t subs_of(struct client *c)
{
	return usage_get(c, PGNL_A_LIMIT_NET_SUBSCRIPTIONS);
}

TEST_F(share, unsharing_tells_subscribers)
{
	struct ear ear = { .c = self->to };
	uint64_t prev;
	int sub;

	sub = subscribe(self->to, "a", "g");
	ASSERT_LT(0, sub);
	prev = reply_u64(self->to, PGNL_A_SEQ);
	ASSERT_EQ(1, subs_of(self->from));
	ASSERT_EQ(0, unshare_scope(self->from, self->fd, "a"));
	EXPECT_STREQ("scope-deleted\n", heard(&ear, NULL, sub, &prev, 1));
	EXPECT_EQ(-ENOENT, replay(self->to, sub, prev));
	EXPECT_EQ(0, subs_of(self->from));
	EXPECT_EQ(-ENOENT, subscribe(self->to, "a", "g"));
	/* The name is free again. */
	EXPECT_EQ(0, scope_share(self->from, NULL, self->fd, "a"));
	EXPECT_EQ(0, group_exists(self->to, "a", "g"));
}

TEST_F(share, the_end_of_the_scope_tells_subscribers)
{
	struct client *ear_client = client_open();
	struct ear ear = { .c = ear_client };
	uint64_t prev;
	int sub;

	ASSERT_NE(NULL, ear_client);
	sub = subscribe(ear_client, "a", "other");
	ASSERT_LT(0, sub);
	prev = reply_u64(ear_client, PGNL_A_SEQ);
	ASSERT_EQ(0, scope_del(self->from, "s"));
	EXPECT_EQ(-ENOENT, group_exists(self->to, "a", "g"));
	EXPECT_STREQ("scope-deleted by=?\n", heard(&ear, NULL, sub, &prev, 1));
	/* A scope of that name is another one. */
	ASSERT_EQ(0, scope_new(self->from, "s", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(-ENOENT, group_exists(self->to, "a", "g"));
	EXPECT_EQ(0, scope_new(self->to, "a", PGNL_SCOPE_MODE_PG));
	/* The socket is closed after the alias has ended. */
	EXPECT_EQ(1, subs_of(self->from));
	client_close(ear_client);
	EXPECT_TRUE(WAIT_UNTIL(!subs_of(self->from)));
}

#define MANY	200

/* Two scopes under many names each; some of those are subscribed to, some ended before. */
TEST_F(share, the_end_of_a_scope_ends_its_aliases_and_no_others)
{
	static const char *const scope[] = { "s", "t" };
	struct scope_info s;
	char name[16];
	int i, ended;

	ASSERT_EQ(0, scope_new(self->from, "t", PGNL_SCOPE_MODE_PG));
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "a%d", i);
		ASSERT_EQ(0, scope_share(self->from, scope[i % 2], self->fd, name));
		if (i % 5 < 2)
			ASSERT_LT(0, subscribe(self->to, name, NULL));
		if (i % 7 == 0)
			ASSERT_EQ(0, unshare_scope(self->to, -1, name));
	}
	ASSERT_STREQ("", verify(self->from));
	ASSERT_STREQ("", verify(self->to));
	for (ended = 0; ended < 2; ended++) {
		ASSERT_EQ(0, scope_del(self->from, scope[ended]));
		for (i = 0; i < MANY; i++) {
			snprintf(name, sizeof(name), "a%d", i);
			ASSERT_EQ(i % 7 && i % 2 > ended ? 0 : -ENOENT,
				  scope_get(self->to, name, &s)) TH_LOG("%s", name);
		}
		EXPECT_EQ(-ENOENT, scope_get(self->to, "a", &s));
		ASSERT_STREQ("", verify(self->from));
		ASSERT_STREQ("", verify(self->to));
	}
	/* All the names are free, and there is room. */
	ASSERT_EQ(0, limit_set(self->to, PGNL_A_LIMIT_NET_SCOPES, 5));
	EXPECT_EQ(0, scope_share(self->from, NULL, self->fd, "a"));
	EXPECT_EQ(0, scope_share(self->from, NULL, self->fd, "a1"));
}

TEST_F(share, the_end_of_the_source_tells_subscribers)
{
	struct ear ear = { .c = self->to };
	struct scope_info s;
	uint64_t prev;
	int sub;

	sub = subscribe(self->to, "a", "other");
	ASSERT_LT(0, sub);
	prev = reply_u64(self->to, PGNL_A_SEQ);
	client_close(self->from);
	self->from = NULL;
	EXPECT_STREQ("scope-deleted\n", heard(&ear, NULL, sub, &prev, 1));
	EXPECT_EQ(-ENOENT, scope_get(self->to, "a", &s));
	EXPECT_EQ(-ENOENT, replay(self->to, sub, prev));
	EXPECT_EQ(0, scope_new(self->to, "a", PGNL_SCOPE_MODE_PG));
}

/* It takes its time; nothing says meanwhile that the alias is there and only for reading. */
TEST_F(share, what_leads_nowhere_any_more_is_not_there)
{
	struct client *c = self->to;
	struct scope_info s;
	int err;

	client_close(self->from);
	self->from = NULL;
	while ((err = scope_get(c, "a", &s)) == 0)
		;
	EXPECT_EQ(-ENOENT, err);
	EXPECT_EQ(-ENOENT, count_of(c, "a", "g", 0));
	EXPECT_EQ(-ENOENT, group_exists(c, "a", "g"));
	EXPECT_EQ(-ENOENT, join(c, "a", "g", 0));
	EXPECT_EQ(-ENOENT, unshare_scope(c, -1, "a"));
	/* So its name is free. */
	EXPECT_EQ(0, scope_new(c, "a", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(1, join(c, "a", "g", 0));
	EXPECT_STREQ("", verify(c));
}

TEST_F(share, the_end_of_the_target_leaves_nothing)
{
	struct client *elsewhere;
	struct scope_info s;

	ASSERT_LT(0, subscribe(self->to, "a", NULL));
	ASSERT_LT(0, subscribe(self->to, "a", "g"));
	ASSERT_EQ(2, subs_of(self->from));
	/* A listing that nobody reads on. */
	req_new(self->to, PGNL_CMD_MEMBER_GET);
	put_str(self->to, PGNL_A_SCOPE, "a");
	self->to->req->nlmsg_flags |= NLM_F_DUMP;
	ASSERT_EQ(0, req_send(self->to));
	elsewhere = client_in_new_netns();
	ASSERT_NE(NULL, elsewhere);
	close(self->fd);
	client_close(self->to);
	self->to = elsewhere;
	self->fd = net_fd();
	EXPECT_EQ(0, subs_of(self->from));
	ASSERT_EQ(0, scope_share(self->from, "s", self->fd, "a"));
	ASSERT_EQ(0, scope_get(self->from, "s", &s));
	EXPECT_EQ(3, s.members);
	EXPECT_EQ(1, group_exists(self->to, "a", "g"));
}

/* Ends of source, target, scope and alias in each order, subscribed or not. */
TEST_F(share, every_order_of_ends_is_clean)
{
	for (int round = 0; round < 48; round++) {
		struct client *from, *to, *away;
		int fd, order = round % 24;
		int left[4] = { 0, 1, 2, 3 };

		from = client_in_new_netns();
		to = client_in_new_netns();
		fd = net_fd();
		away = client_in_new_netns();
		ASSERT_TRUE(from && to && away);
		ASSERT_EQ(0, scope_new(from, "s", PGNL_SCOPE_MODE_PG));
		ASSERT_EQ(1, join(from, "s", "g", 0));
		ASSERT_EQ(0, scope_share(from, "s", fd, "a"));
		if (round >= 24) {
			ASSERT_LT(0, subscribe(to, "a", NULL));
			ASSERT_LT(0, subscribe(to, "a", "g"));
		}
		for (int n = 4; n; n--) {
			int at = order % n, what = left[at];

			order /= n;
			left[at] = left[n - 1];
			switch (what) {
			case 0:
				client_close(from);
				from = NULL;
				break;
			case 1:
				client_close(to);
				close(fd);
				fd = -1;
				break;
			case 2:
				if (from)
					scope_del(from, "s");
				break;
			default:
				if (fd >= 0)
					unshare_scope(away, fd, "a");
			}
		}
		client_close(away);
	}
	EXPECT_STREQ("", verify(self->from));
}

/* --- All at once ------------------------------------------------------------------- */

struct race {
	volatile bool end;
	struct client *to;
};

static void *reads(void *arg)
{
	struct race *race = arg;
	struct members list = {};
	struct scopes all = {};
	struct pgnl_row row;
	int sub;

	while (!race->end) {
		members(race->to, "b", "g", &list);
		members_dump(race->to, "b", NULL, &list);
		pick(race->to, "b", "g", PGNL_POLICY_ROUND_ROBIN, &row);
		scopes(race->to, &all);
		sub = subscribe(race->to, "b", NULL);
		if (sub > 0)
			unsubscribe(race->to, sub);
	}
	members_free(&list);
	scopes_free(&all);
	return NULL;
}

TEST_F(share, readers_and_ends_at_once)
{
	struct race race = { .to = client_open() };
	pthread_t reader;

	ASSERT_NE(NULL, race.to);
	ASSERT_EQ(0, pthread_create(&reader, NULL, reads, &race));
	for (int i = 0; i < 400; i++) {
		ASSERT_EQ(0, scope_new(self->from, "t", PGNL_SCOPE_MODE_PG));
		ASSERT_EQ(1, join(self->from, "t", "g", 0));
		ASSERT_EQ(0, scope_share(self->from, "t", self->fd, "b"));
		if (i & 1)
			ASSERT_EQ(0, unshare_scope(self->from, self->fd, "b"));
		ASSERT_EQ(0, scope_del(self->from, "t"));
	}
	race.end = true;
	ASSERT_EQ(0, pthread_join(reader, NULL));
	client_close(race.to);
	EXPECT_TRUE(WAIT_UNTIL(!subs_of(self->from)));
	EXPECT_EQ(1, group_exists(self->to, "a", "g"));
}

TEST_HARNESS_MAIN
