// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Namespaces: tables are per network namespace, pids are those of the asker's
 * pid namespace, uids those of its user namespace.
 */
#include "kselftest_harness.h"
#include <sched.h>
#include <stdlib.h>

#include "common.h"
#include "passed.h"

#define ALICE	1000

NETNS_FIXTURE(ns);

/* --- Network namespaces --------------------------------------------------- */

TEST_F(ns, each_network_namespace_has_tables_of_its_own)
{
	struct client *a = self->c, *b = client_in_new_netns();
	struct groups list = {};
	struct scope_info s;

	ASSERT_NE(NULL, b);
	ASSERT_EQ(0, scope_new(a, "only-a", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(2, join_times(a, NULL, "g", 0, 2));
	EXPECT_EQ(0, group_exists(b, NULL, "g"));
	EXPECT_EQ(-ENOENT, scope_get(b, "only-a", &s));
	EXPECT_EQ(0, stat_get(b, PGNL_A_STAT_MEMBERSHIPS));
	EXPECT_EQ(0, stat_get(b, PGNL_A_STAT_JOINS));
	ASSERT_EQ(0, groups(b, NULL, false, &list));
	EXPECT_EQ(0, list.n);
	EXPECT_EQ(0, leave(b, NULL, "g", 0));
	EXPECT_EQ(2, count_of(a, NULL, "g", getpid()));
	client_close(b);
}

TEST_F(ns, the_socket_chooses_the_namespace_not_the_caller)
{
	struct client *b = client_in_new_netns();

	/* The process is in the second one now; its first socket stays. */
	ASSERT_NE(NULL, b);
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	EXPECT_EQ(0, group_exists(b, NULL, "g"));
	EXPECT_EQ(1, group_exists(self->c, NULL, "g"));
	client_close(b);
}

TEST_F(ns, a_process_is_a_member_in_two_at_once)
{
	struct client *b = client_in_new_netns();
	struct members list = {};
	struct child child;

	ASSERT_NE(NULL, b);
	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(1, join(self->c, NULL, "a", child.pid));
	ASSERT_EQ(2, join_times(b, NULL, "b", child.pid, 2));
	ASSERT_EQ(0, process_groups(self->c, child.pid, &list));
	ASSERT_EQ(1, list.n);
	EXPECT_STREQ("a", list.at[0].group);
	ASSERT_EQ(0, process_groups(b, child.pid, &list));
	ASSERT_EQ(1, list.n);
	EXPECT_STREQ("b", list.at[0].group);
	ASSERT_EQ(2, leave_times(b, NULL, "b", child.pid, 2));
	EXPECT_EQ(1, count_of(self->c, NULL, "a", child.pid));
	ASSERT_EQ(1, join(b, NULL, "b", child.pid));
	child_kill(&child);
	EXPECT_EQ(0, group_exists(self->c, NULL, "a"));
	EXPECT_EQ(0, group_exists(b, NULL, "b"));
	EXPECT_STREQ("", verify(b));
	members_free(&list);
	client_close(b);
}

#define MOST	64

TEST_F(ns, a_process_is_a_member_in_so_many_at_once)
{
	struct client *c[MOST + 1];
	struct child child;
	int i;

	ASSERT_EQ(0, child_start(&child));
	for (i = 0; i <= MOST; i++) {
		c[i] = client_in_new_netns();
		ASSERT_NE(NULL, c[i]);
	}
	for (i = 0; i < MOST; i++) {
		ASSERT_EQ(1, join(c[i], NULL, "g", child.pid));
	}
	EXPECT_EQ(-EBUSY, join(c[MOST], NULL, "g", child.pid));
	EXPECT_STREQ("too many network namespaces have the process", c[MOST]->text);
	EXPECT_EQ(0, group_exists(c[MOST], NULL, "g"));
	EXPECT_EQ(2, join(c[0], NULL, "g", child.pid));
	ASSERT_EQ(1, leave(c[1], NULL, "g", child.pid));
	EXPECT_EQ(1, join(c[MOST], NULL, "g", child.pid));
	child_kill(&child);
	for (i = 0; i <= MOST; i++) {
		EXPECT_EQ(0, group_exists(c[i], NULL, "g"));
		EXPECT_STREQ("", verify(c[i]));
		client_close(c[i]);
	}
}

TEST_F(ns, so_many_know_a_process_by_its_inbox_too)
{
	struct client *c[MOST + 1];
	int i;

	for (i = 0; i <= MOST; i++) {
		c[i] = client_in_new_netns();
		ASSERT_NE(NULL, c[i]);
		req_new(c[i], PGNL_CMD_INBOX_OPEN);
		EXPECT_EQ(i < MOST ? 0 : -EBUSY, req_do(c[i]));
	}
	EXPECT_STREQ("too many network namespaces have the process", c[MOST]->text);
	EXPECT_EQ(0, usage_get(c[MOST], PGNL_A_LIMIT_NET_INBOXES));
	client_close(c[0]);
	req_new(c[MOST], PGNL_CMD_INBOX_OPEN);
	EXPECT_TRUE(WAIT_UNTIL(!req_do(c[MOST])));
	for (i = 1; i <= MOST; i++) {
		EXPECT_STREQ("", verify(c[i]));
		client_close(c[i]);
	}
}

TEST_F(ns, ids_differ_between_network_namespaces)
{
	struct client *b = client_in_new_netns();
	int64_t a_id;

	ASSERT_NE(NULL, b);
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	ASSERT_EQ(1, join(b, NULL, "g", 0));
	a_id = id_of(self->c, 0);
	EXPECT_NE(a_id, id_of(b, 0));
	EXPECT_EQ(0, leave_id(b, NULL, "g", a_id));
	client_close(b);
}

static int fill_and_go(void *arg)
{
	pid_t *pid = arg;
	struct client *c = client_in_new_netns();

	CHECK(c);
	CHECK_EQ(0, scope_new(c, "s", PGNL_SCOPE_MODE_PG2));
	CHECK_EQ(0, group_new(c, "s", "made"));
	CHECK_EQ(1, join(c, "s", "made", *pid));
	CHECK_EQ(1, join(c, NULL, "g", *pid));
	CHECK_EQ(1, join(c, NULL, "g", 0));
	return 0;
}

TEST_F(ns, the_end_of_one_with_living_members_is_clean)
{
	uint64_t used = usage_get(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS);
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(1, join(self->c, NULL, "g", child.pid));
	for (int i = 0; i < 20; i++)
		ASSERT_EQ(0, in_child(fill_and_go, &child.pid));
	/* What it was charged for comes back when the namespaces have ended. */
	EXPECT_TRUE(WAIT_UNTIL(usage_get(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS) == used + 1));
	EXPECT_EQ(1, count_of(self->c, NULL, "g", child.pid));
	child_kill(&child);
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	EXPECT_TRUE(WAIT_UNTIL(usage_get(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS) == used));
}

TEST_F(ns, members_that_die_with_their_namespace_are_clean)
{
	for (int i = 0; i < 50; i++) {
		struct child child;

		ASSERT_EQ(0, child_start(&child));
		ASSERT_EQ(1, join(self->c, NULL, "g", child.pid));
		ASSERT_EQ(0, in_child(fill_and_go, &child.pid));
		child_kill(&child);
		ASSERT_EQ(0, group_exists(self->c, NULL, "g"));
	}
}

/* --- Pid namespaces ------------------------------------------------------- */

struct outside {
	struct client *c;	/* opened outside, inherited */
	pid_t stranger;		/* a process outside, by its pid there */
	int step[2];		/* pipe: the inside writes when it is ready */
	int go[2];		/* pipe: the outside writes when the inside may end */
};

static int pid_one(void *arg)
{
	struct outside *o = arg;
	struct members list = {};
	struct client *c = client_open();
	struct child child;
	char byte = 0;

	CHECK(c);
	CHECK_EQ(1, getpid());
	CHECK_EQ(1, join(c, NULL, "inside", 0));
	CHECK_EQ(2, join(c, NULL, "inside", 1));
	CHECK_EQ(0, child_start(&child));
	CHECK_EQ(1, join(c, NULL, "inside", child.pid));
	/* Pids of the outside mean nothing here, or somebody else. */
	CHECK_EQ(-ESRCH, join(c, NULL, "g", 4000000));
	CHECK_EQ(-ESRCH, join(c, NULL, "g", o->stranger));
	CHECK_EQ(PGNL_A_PID, blamed(c));
	CHECK_EQ(-ESRCH, id_of(c, o->stranger));
	/* The stranger is listed, without a pid. */
	CHECK_EQ(0, members(c, NULL, "outside", &list));
	CHECK_EQ(1, list.n);
	CHECK_EQ(0, list.at[0].row.pid);
	CHECK(list.at[0].row.id);
	CHECK_EQ(0, members_dump(c, NULL, "outside", &list));
	CHECK_EQ(1, list.n);
	CHECK_EQ(0, list.at[0].row.pid);
	/* The same over a socket that was opened outside. */
	CHECK_EQ(0, members(o->c, NULL, "inside", &list));
	CHECK_EQ(2, list.n);
	CHECK(member_find(&list, NULL, 1));
	CHECK(member_find(&list, NULL, child.pid));
	CHECK_EQ(1, write(o->step[1], &byte, 1));
	CHECK_EQ(1, read(o->go[0], &byte, 1));
	CHECK_EQ(0, child_exit(&child, 0));
	return 0;
}

static int enter_pid_ns(void *arg)
{
	new_ns(CLONE_NEWPID);
	return in_child(pid_one, arg);
}

TEST_F(ns, pids_are_those_of_the_askers_pid_namespace)
{
	struct outside o = { .c = self->c };
	struct members list = {};
	struct child stranger;
	int status;
	pid_t pid;
	char byte = 0;

	/* The inside counts from 1, so it can't have reached this pid. */
	do {
		ASSERT_EQ(0, child_start(&stranger));
		if (stranger.pid < 50)
			child_exit(&stranger, 0);
	} while (stranger.pid < 50);
	o.stranger = stranger.pid;
	ASSERT_EQ(0, pipe(o.step));
	ASSERT_EQ(0, pipe(o.go));
	ASSERT_EQ(1, join(self->c, NULL, "outside", stranger.pid));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(enter_pid_ns(&o));
	close(o.step[1]);
	ASSERT_EQ(1, read(o.step[0], &byte, 1));
	/* From outside all are seen, under other pids. */
	ASSERT_EQ(0, members(self->c, NULL, "inside", &list));
	ASSERT_EQ(2, list.n);
	for (int i = 0; i < 2; i++) {
		EXPECT_LT(2, list.at[i].row.pid);
		EXPECT_EQ(0, kill(list.at[i].row.pid, 0));
		EXPECT_EQ(list.at[i].row.id, id_of(self->c, list.at[i].row.pid));
	}
	ASSERT_EQ(1, write(o.go[1], &byte, 1));
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, group_exists(self->c, NULL, "inside"));
	child_exit(&stranger, 0);
	members_free(&list);
}

static int hidden_process(void *arg)
{
	struct client *c = client_open();
	struct members list = {};
	uint64_t *id = arg;

	CHECK(c);
	req_new(c, PGNL_CMD_PROCESS_GET);
	put_u64(c, PGNL_A_ID, *id);
	CHECK_EQ(0, req_do(c));
	CHECK_EQ(0, reply_u32(c, PGNL_A_PID));
	CHECK_EQ(*id, reply_u64(c, PGNL_A_ID));
	CHECK_EQ(0, members(c, NULL, "g", &list));
	CHECK_EQ(1, list.n);
	/* Root may act on it by its id alone. */
	CHECK_EQ(1, leave_id(c, NULL, "g", *id));
	return 0;
}

static int hidden_process_in_ns(void *arg)
{
	new_ns(CLONE_NEWPID);
	return in_child(hidden_process, arg);
}

TEST_F(ns, an_invisible_process_is_known_by_its_id)
{
	struct child child;
	uint64_t id;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(1, join(self->c, NULL, "g", child.pid));
	id = reply_id(self->c, 0);
	EXPECT_EQ(0, in_child(hidden_process_in_ns, &id));
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	child_exit(&child, 0);
}

static int init_with_members(void *arg)
{
	struct outside *o = arg;
	struct client *c = client_open();
	struct crowd crowd;
	char byte = 0;

	CHECK(c);
	CHECK_EQ(0, crowd_start(&crowd, 20));
	CHECK_EQ(1, join_pids(c, NULL, "doomed", crowd.pid, crowd.n));
	CHECK_EQ(1, join(c, NULL, "doomed", 0));
	CHECK_EQ(1, write(o->step[1], &byte, 1));
	CHECK_EQ(1, read(o->go[0], &byte, 1));
	/* The rest dies with init. */
	return 0;
}

static int init_with_members_in_ns(void *arg)
{
	new_ns(CLONE_NEWPID);
	return in_child(init_with_members, arg);
}

TEST_F(ns, the_end_of_a_pid_namespace_takes_all_its_members_out)
{
	struct outside o = {};
	struct members list = {};
	char byte = 0;
	int status;
	pid_t pid;

	ASSERT_EQ(0, pipe(o.step));
	ASSERT_EQ(0, pipe(o.go));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(init_with_members_in_ns(&o));
	close(o.step[1]);
	ASSERT_EQ(1, read(o.step[0], &byte, 1));
	ASSERT_EQ(0, members(self->c, NULL, "doomed", &list));
	EXPECT_EQ(21, list.n);
	ASSERT_EQ(1, write(o.go[1], &byte, 1));
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, group_exists(self->c, NULL, "doomed"));
}

/* --- User namespaces ------------------------------------------------------ */

static int owned_by_my_root(void *arg)
{
	struct scopes list = {};
	struct scope_info s;
	struct client *c;

	(void)arg;
	new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	c = client_open();
	CHECK(c);
	CHECK_EQ(0, scopes(c, &list));
	CHECK_EQ(3, list.n);
	for (size_t i = 0; i < list.n; i++) {
		CHECK_EQ(0, list.at[i].owner);
		CHECK_EQ(0, list.at[i].gid);
		CHECK_EQ(0777, list.at[i].perm);
	}
	/* Ids without a name here can't be given. */
	req_new(c, PGNL_CMD_SCOPE_NEW);
	put_str(c, PGNL_A_SCOPE, "s");
	put_u32(c, PGNL_A_OWNER, ALICE);
	CHECK_EQ(-EINVAL, req_do(c));
	CHECK(c->text[0]);
	CHECK_EQ(PGNL_A_OWNER, blamed(c));
	req_new(c, PGNL_CMD_SCOPE_NEW);
	put_str(c, PGNL_A_SCOPE, "s");
	put_u32(c, PGNL_A_OWNER, 0);
	CHECK_EQ(0, req_do(c));
	CHECK_EQ(0, scope_get(c, "s", &s));
	CHECK_EQ(0, s.owner);
	return 0;
}

TEST_F(ns, built_in_scopes_belong_to_the_root_of_the_netns)
{
	EXPECT_EQ(0, as_user(ALICE, ALICE, owned_by_my_root, NULL));
}

/* What ids without a name in a namespace are read as. */
static uint32_t overflow_id(const char *which)
{
	unsigned int id = 65534;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/kernel/overflow%s", which);
	f = fopen(path, "r");
	if (f) {
		if (fscanf(f, "%u", &id) != 1)
			id = 65534;
		fclose(f);
	}
	return id;
}

static int open_without_a_root(void *arg)
{
	struct scope_info s;
	struct client *c;
	int *to = arg;

	CHECK_EQ(0, unshare(CLONE_NEWUSER | CLONE_NEWNET));
	c = client_open();
	CHECK(c);
	CHECK_EQ(0, scope_get(c, "pg", &s));
	CHECK_EQ(overflow_id("uid"), s.owner);
	CHECK_EQ(overflow_id("gid"), s.gid);
	CHECK_EQ(0, send_fd(*to, c->fd));
	return 0;
}

/* As long as the ids of its user namespace are mapped to nobody's. */
TEST_F(ns, built_in_scopes_of_a_netns_without_a_root_are_the_machines)
{
	struct client *c = client_passed(ALICE, open_without_a_root);
	struct scope_info s;

	ASSERT_NE(NULL, c);
	ASSERT_EQ(0, scope_get(c, "pg", &s));
	EXPECT_EQ(0, s.owner);
	EXPECT_EQ(0, s.gid);
	client_close(c);
}

static int uids_as_seen_inside(void *arg)
{
	struct members list = {};
	struct pgnl_row row;
	struct scope_info s;
	struct client *c;
	pid_t *stranger = arg;

	new_ns(CLONE_NEWUSER);
	c = client_open();
	CHECK(c);
	CHECK_EQ(1, join(c, NULL, "g", 0));
	CHECK_EQ(0, members(c, NULL, "g", &list));
	CHECK_EQ(2, list.n);
	CHECK_EQ(0, member_find(&list, NULL, getpid())->row.uid);
	CHECK_EQ(overflow_id("uid"), member_find(&list, NULL, *stranger)->row.uid);
	CHECK_EQ(0, members_dump(c, NULL, "g", &list));
	CHECK_EQ(0, member_find(&list, NULL, getpid())->row.uid);
	CHECK_EQ(overflow_id("uid"), member_find(&list, NULL, *stranger)->row.uid);
	CHECK_EQ(0, scope_get(c, "pg", &s));
	CHECK_EQ(overflow_id("uid"), s.owner);
	/* A filter means the uid as seen here: 0 is herself. */
	member_req(c, PGNL_CMD_MEMBER_PICK, NULL, "g");
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	put_u32(c, PGNL_A_UID, 0);
	CHECK_EQ(0, req_do(c));
	members_of_reply(c, &list);
	CHECK_EQ(1, list.n);
	row = list.at[0].row;
	CHECK_EQ(getpid(), row.pid);
	return 0;
}

TEST_F(ns, uids_are_those_of_the_askers_user_namespace)
{
	struct members list = {};
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(1, join(self->c, NULL, "g", child.pid));
	EXPECT_EQ(0, as_user(ALICE, ALICE, uids_as_seen_inside, &child.pid));
	ASSERT_EQ(0, members(self->c, NULL, "g", &list));
	ASSERT_EQ(1, list.n);
	EXPECT_EQ(0, list.at[0].row.uid);
	members_free(&list);
	child_exit(&child, 0);
}

static const char meta[100] = "seen alike";

static int as_many_as_outside(void *arg)
{
	const size_t *n = arg;
	struct members list[2] = {};
	struct client *c;

	new_ns(CLONE_NEWUSER);
	c = client_open();
	CHECK(c);
	CHECK_EQ(0, members(c, NULL, "g", &list[0]));
	CHECK_EQ(0, list[0].more);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(*n, list[i].n);
		for (size_t k = 0; k < *n; k++) {
			CHECK_EQ(overflow_id("uid"), list[i].at[k].row.uid);
			CHECK_EQ(sizeof(meta), list[i].at[k].meta_len);
			CHECK_EQ(0, memcmp(meta, list[i].at[k].meta, sizeof(meta)));
		}
		if (!i)
			CHECK_EQ(0, members_dump(c, NULL, "g", &list[1]));
	}
	return 0;
}

/* More than a first reply has room for, and what is with them. */
TEST_F(ns, other_namespaces_read_groups_as_whole)
{
	struct crowd crowd;

	ASSERT_EQ(0, crowd_start(&crowd, 50));
	member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	for (size_t i = 0; i < crowd.n; i++)
		put_u32(self->c, PGNL_A_PID, crowd.pid[i]);
	put_bin(self->c, PGNL_A_META, meta, sizeof(meta));
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(0, as_user(ALICE, ALICE, as_many_as_outside, &crowd.n));
	crowd_end(&crowd);
}

struct look_in {
	int step[2], go[2];
};

static int join_as_inner_root(void *arg)
{
	struct look_in *l = arg;
	struct client *c;
	char byte = 0;

	new_ns(CLONE_NEWUSER);
	c = client_open();
	CHECK(c);
	CHECK_EQ(1, join(c, NULL, "g", 0));
	CHECK_EQ(1, write(l->step[1], &byte, 1));
	CHECK_EQ(1, read(l->go[0], &byte, 1));
	return 0;
}

TEST_F(ns, root_of_a_user_namespace_is_its_maker_outside)
{
	struct members list = {};
	struct look_in l = {};
	char byte = 0;
	int status;
	pid_t pid;

	ASSERT_EQ(0, pipe(l.step));
	ASSERT_EQ(0, pipe(l.go));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(as_user(ALICE, ALICE, join_as_inner_root, &l));
	close(l.step[1]);
	ASSERT_EQ(1, read(l.step[0], &byte, 1));
	ASSERT_EQ(0, members(self->c, NULL, "g", &list));
	ASSERT_EQ(1, list.n);
	EXPECT_EQ(ALICE, list.at[0].row.uid);
	ASSERT_EQ(1, write(l.go[1], &byte, 1));
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	members_free(&list);
}

TEST_HARNESS_MAIN
