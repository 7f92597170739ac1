// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may do what: modes, ownership, capabilities, the kill rule on targets,
 * and that no one gains anything by a socket somebody else opened.
 */
#include "kselftest_harness.h"
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <linux/capability.h>

#include "common.h"
#include "passed.h"
#include "proc.h"

#define ALICE	1000
#define BOB	2000
#define TEAM	3000
#define NOBODY	65534

NETNS_FIXTURE(perm);

/* --- Modes ---------------------------------------------------------------- */

static const struct person {
	const char *name;
	uid_t uid;
	gid_t gid;
	gid_t extra;		/* supplementary group */
	int shift;		/* of the mode bits that are theirs */
} people[] = {
	{ "owner", ALICE, 9, 9, 6 },
	{ "owner in the group", ALICE, TEAM, 9, 6 },
	{ "member of the group", BOB, TEAM, 9, 3 },
	{ "supplementary member", BOB, 9, TEAM, 3 },
	{ "other", BOB, 9, 9, 0 },
};

static const uint32_t perms[] = { 0, 0700, 0070, 0007, 0600, 0060, 0006, 0400, 0040, 0004, 0200,
	0020, 0002, 0100, 0077, 0707, 0770, 0755, 0775, 0777 };

struct attempt {
	const struct person *who;
	const char *scope;
	uint32_t perm;
};

/* Read and write g of the scope, exactly as far as the mode lets. */
static int try_mode(void *arg)
{
	struct attempt *a = arg;
	uint32_t bits = a->perm >> a->who->shift;
	int read = bits & 4 ? 0 : -EACCES;
	int write = bits & 2 ? 1 : -EACCES;
	struct members list = {};
	struct pgnl_row row;
	struct client *c;

	become(a->who->uid, a->who->gid, &a->who->extra, 1);
	c = client_open();
	CHECK(c);
	CHECK_EQ(read, members(c, a->scope, "g", &list));
	CHECK_EQ(read, members_dump(c, a->scope, "g", &list));
	CHECK_EQ(read, pick(c, a->scope, "g", PGNL_POLICY_RANDOM, &row));
	CHECK_EQ(read ? : 1, group_exists(c, a->scope, "g"));
	CHECK_EQ(write, join(c, a->scope, "g", 0));
	CHECK(bits & 2 || c->text[0]);
	CHECK_EQ(write, leave(c, a->scope, "g", 0));
	return 0;
}

TEST_F(perm, the_mode_of_a_scope_works_as_of_a_file)
{
	struct groups list = {};

	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join(self->c, "s", "g", 0));
	for (size_t m = 0; m < ARRAY_SIZE(perms); m++) {
		req_new(self->c, PGNL_CMD_SCOPE_SET);
		put_str(self->c, PGNL_A_SCOPE, "s");
		put_u32(self->c, PGNL_A_OWNER, ALICE);
		put_u32(self->c, PGNL_A_OWNER_GID, TEAM);
		put_u32(self->c, PGNL_A_PERM, perms[m]);
		ASSERT_EQ(0, req_do(self->c));
		for (size_t w = 0; w < ARRAY_SIZE(people); w++) {
			struct attempt a = { &people[w], "s", perms[m] };

			EXPECT_EQ(0, in_child(try_mode, &a))
				TH_LOG("%s, mode %o", people[w].name, perms[m]);
		}
		/* An administrator is not stopped by a mode. */
		EXPECT_EQ(0, groups(self->c, "s", false, &list));
	}
	EXPECT_EQ(1, count_of(self->c, "s", "g", getpid()));
	groups_free(&list);
}

TEST_F(perm, the_mode_of_a_created_group_works_as_of_a_file)
{
	for (size_t m = 0; m < ARRAY_SIZE(perms); m++) {
		member_req(self->c, PGNL_CMD_GROUP_NEW, "pg2", "g");
		put_u32(self->c, PGNL_A_OWNER, ALICE);
		put_u32(self->c, PGNL_A_OWNER_GID, TEAM);
		put_u32(self->c, PGNL_A_PERM, perms[m]);
		ASSERT_EQ(0, req_do(self->c));
		ASSERT_EQ(1, join(self->c, "pg2", "g", 0));
		for (size_t w = 0; w < ARRAY_SIZE(people); w++) {
			struct attempt a = { &people[w], "pg2", perms[m] };

			EXPECT_EQ(0, in_child(try_mode, &a))
				TH_LOG("%s, mode %o", people[w].name, perms[m]);
		}
		ASSERT_EQ(0, group_del(self->c, "pg2", "g"));
	}
}

static int scope_denies(void *arg)
{
	struct client *c = client_open();
	struct members mlist = {};
	struct groups glist = {};

	(void)arg;
	CHECK(c);
	CHECK_EQ(-EACCES, join(c, "s", "open", 0));
	CHECK_EQ(PGNL_A_SCOPE, blamed(c));
	CHECK_EQ(-EACCES, members(c, "s", "open", &mlist));
	CHECK_EQ(PGNL_A_SCOPE, blamed(c));
	CHECK_EQ(-EACCES, members_dump(c, "s", NULL, &mlist));
	CHECK(c->text[0]);
	CHECK_EQ(PGNL_A_SCOPE, blamed_by_dump(c, PGNL_A_SCOPE));
	CHECK_EQ(-EACCES, groups(c, "s", false, &glist));
	CHECK(c->text[0]);
	CHECK_EQ(PGNL_A_SCOPE, blamed_by_dump(c, PGNL_A_SCOPE));
	CHECK_EQ(-EACCES, group_exists(c, "s", "open"));
	CHECK_EQ(-EACCES, group_new(c, "s", "new"));
	CHECK(c->text[0]);
	return 0;
}

TEST_F(perm, an_open_group_in_a_closed_scope_is_closed)
{
	req_new(self->c, PGNL_CMD_SCOPE_NEW);
	put_str(self->c, PGNL_A_SCOPE, "s");
	put_u32(self->c, PGNL_A_MODE, PGNL_SCOPE_MODE_PG2);
	put_u32(self->c, PGNL_A_PERM, 0700);
	ASSERT_EQ(0, req_do(self->c));
	member_req(self->c, PGNL_CMD_GROUP_NEW, "s", "open");
	put_u32(self->c, PGNL_A_PERM, 0777);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(0, as_user(ALICE, ALICE, scope_denies, NULL));
}

static int sees_only_open(void *arg)
{
	struct client *c = client_open();
	struct members list = {};
	pid_t *pid = arg;

	CHECK(c);
	CHECK_EQ(0, process_groups(c, *pid, &list));
	CHECK_EQ(1, list.n);
	CHECK(!strcmp("open", list.at[0].group));
	return 0;
}

TEST_F(perm, groups_of_a_process_are_told_as_far_as_they_may_be_read)
{
	pid_t pid = getpid();

	req_new(self->c, PGNL_CMD_SCOPE_NEW);
	put_str(self->c, PGNL_A_SCOPE, "closed");
	put_u32(self->c, PGNL_A_PERM, 0700);
	ASSERT_EQ(0, req_do(self->c));
	member_req(self->c, PGNL_CMD_GROUP_NEW, "pg2", "closed");
	put_u32(self->c, PGNL_A_PERM, 0700);
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(1, join(self->c, "closed", "g", 0));
	ASSERT_EQ(3, join_times(self->c, "pg2", "closed", 0, 3));
	ASSERT_EQ(1, join(self->c, "pg", "open", 0));
	EXPECT_EQ(0, as_user(ALICE, ALICE, sees_only_open, &pid));
}

static int stopped_by_mode(void *arg)
{
	struct members list = {};
	struct client *c;

	(void)arg;
	drop_cap(CAP_NET_ADMIN);
	c = client_open();
	CHECK(c);
	CHECK_EQ(-EACCES, join(c, "s", "g", 0));
	CHECK_EQ(-EACCES, members(c, "s", "g", &list));
	CHECK_EQ(-EPERM, scope_del(c, "s"));
	return 0;
}

TEST_F(perm, root_without_cap_net_admin_obeys_the_mode)
{
	req_new(self->c, PGNL_CMD_SCOPE_NEW);
	put_str(self->c, PGNL_A_SCOPE, "s");
	put_u32(self->c, PGNL_A_OWNER, ALICE);
	put_u32(self->c, PGNL_A_OWNER_GID, ALICE);
	put_u32(self->c, PGNL_A_PERM, 0700);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(1, join(self->c, "s", "g", 0));
	EXPECT_EQ(0, in_child(stopped_by_mode, NULL));
}

/* --- Capabilities --------------------------------------------------------- */

static int set_scope_perm(struct client *c, const char *scope, uint32_t perm)
{
	req_new(c, PGNL_CMD_SCOPE_SET);
	put_str(c, PGNL_A_SCOPE, scope);
	put_u32(c, PGNL_A_PERM, perm);
	return req_do(c);
}

static int ask(struct client *c, uint8_t cmd)
{
	req_new(c, cmd);
	return req_do(c);
}

/* Every operation that needs a capability, over a socket that gives none. */
static int no_admin(struct client *c)
{
	CHECK_EQ(-EPERM, scope_new(c, "new", PGNL_SCOPE_MODE_PG));
	CHECK(c->text[0]);
	CHECK_EQ(-EPERM, scope_del(c, "s"));
	CHECK(c->text[0]);
	CHECK_EQ(-EPERM, set_scope_perm(c, "pg", 0));
	CHECK(c->text[0]);
	CHECK_EQ(-EPERM, ask(c, PGNL_CMD_VERIFY));
	CHECK(c->text[0]);
	for_each_limit(limit) {
		CHECK_EQ(-EPERM, limit_set(c, limit, 1));
		CHECK(c->text[0]);
	}
	return 0;
}

static int no_admin_over_a_socket_of_its_own(void *arg)
{
	struct client *c = client_open();
	struct scopes list = {};

	(void)arg;
	CHECK(c);
	CHECK_EQ(0, no_admin(c));
	/* What needs no right is answered. */
	CHECK_EQ(0, ask(c, PGNL_CMD_INFO_GET));
	CHECK_EQ(0, ask(c, PGNL_CMD_LIMIT_GET));
	CHECK_EQ(0, ask(c, PGNL_CMD_STATS_GET));
	CHECK_EQ(0, scopes(c, &list));
	CHECK_EQ(4, list.n);
	return 0;
}

static int no_admin_without_the_capability(void *arg)
{
	drop_cap(CAP_NET_ADMIN);
	return no_admin_over_a_socket_of_its_own(arg);
}

static int no_admin_as_root_of_a_user_namespace(void *arg)
{
	new_ns(CLONE_NEWUSER);
	CHECK_EQ(0, getuid());
	return no_admin_over_a_socket_of_its_own(arg);
}

static int admin_of_its_own_netns(void *arg)
{
	struct client *c;

	(void)arg;
	new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	c = client_open();
	CHECK(c);
	CHECK_EQ(0, scope_new(c, "s", PGNL_SCOPE_MODE_PG));
	CHECK_EQ(0, set_scope_perm(c, "pg", 0700));
	CHECK(!strcmp("", verify(c)));
	CHECK_EQ(0, limit_set(c, PGNL_A_LIMIT_NET_SCOPES, 10));
	CHECK_EQ(0, limit_set(c, PGNL_A_LIMIT_NET_GROUPS, 10));
	CHECK_EQ(0, limit_set(c, PGNL_A_LIMIT_NET_MEMBERSHIPS, 10));
	CHECK_EQ(10, limit_get(c, PGNL_A_LIMIT_NET_GROUPS));
	CHECK_EQ(0, scope_del(c, "s"));
	/* Limits of users reach beyond this namespace. */
	CHECK_EQ(-EPERM, limit_set(c, PGNL_A_LIMIT_USER_GROUPS, 10));
	CHECK(c->text[0]);
	CHECK_EQ(-EPERM, limit_set(c, PGNL_A_LIMIT_USER_MEMBERSHIPS, 10));
	drop_cap(CAP_NET_ADMIN);
	CHECK_EQ(-EPERM, scope_new(c, "s", PGNL_SCOPE_MODE_PG));
	return 0;
}

TEST_F(perm, administration_is_refused_to_users)
{
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(0, as_user(NOBODY, NOBODY, no_admin_over_a_socket_of_its_own, NULL));
}

TEST_F(perm, administration_is_refused_to_root_without_cap_net_admin)
{
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(0, in_child(no_admin_without_the_capability, NULL));
}

TEST_F(perm, administration_is_refused_to_root_of_a_user_namespace)
{
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(0, as_user(ALICE, ALICE, no_admin_as_root_of_a_user_namespace, NULL));
	EXPECT_EQ(0, in_child(no_admin_as_root_of_a_user_namespace, NULL));
}

TEST_F(perm, who_owns_a_network_namespace_administers_it)
{
	EXPECT_EQ(0, as_user(ALICE, ALICE, admin_of_its_own_netns, NULL));
}

TEST_F(perm, a_limit_set_of_several_is_all_or_nothing)
{
	struct nlattr *nest;
	uint64_t groups_before = limit_get(self->c, PGNL_A_LIMIT_NET_GROUPS);
	uint64_t users_before = limit_get(self->c, PGNL_A_LIMIT_USER_GROUPS);

	req_new(self->c, PGNL_CMD_LIMIT_SET);
	nest = mnl_attr_nest_start(self->c->req, PGNL_A_LIMITS);
	put_u64(self->c, PGNL_A_LIMIT_NET_GROUPS, 77);
	put_u64(self->c, PGNL_A_LIMIT_USER_GROUPS, users_before);
	put_u64(self->c, PGNL_A_LIMIT_MAX + 1, 1);
	mnl_attr_nest_end(self->c->req, nest);
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_EQ(groups_before, limit_get(self->c, PGNL_A_LIMIT_NET_GROUPS));
	EXPECT_EQ(users_before, limit_get(self->c, PGNL_A_LIMIT_USER_GROUPS));
}

static int set_net_and_user_limit(void *arg)
{
	struct nlattr *nest;
	struct client *c;
	uint64_t before;

	(void)arg;
	new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	c = client_open();
	CHECK(c);
	before = limit_get(c, PGNL_A_LIMIT_NET_GROUPS);
	req_new(c, PGNL_CMD_LIMIT_SET);
	nest = mnl_attr_nest_start(c->req, PGNL_A_LIMITS);
	put_u64(c, PGNL_A_LIMIT_NET_GROUPS, 77);
	put_u64(c, PGNL_A_LIMIT_USER_GROUPS, 77);
	mnl_attr_nest_end(c->req, nest);
	CHECK_EQ(-EPERM, req_do(c));
	CHECK_EQ(before, limit_get(c, PGNL_A_LIMIT_NET_GROUPS));
	return 0;
}

TEST_F(perm, a_limit_set_refused_in_part_changes_nothing)
{
	EXPECT_EQ(0, as_user(ALICE, ALICE, set_net_and_user_limit, NULL));
}

/* --- The kill rule -------------------------------------------------------- */

/* A process of other ids that waits, as child_start() makes one. */
static int child_of(struct child *child, uid_t real, uid_t effective, uid_t saved)
{
	int ready[2], fds[2];
	char byte = 0;

	if (pipe(ready) || pipe(fds))
		return -errno;
	child->fd = fds[1];
	child->pid = fork();
	if (!child->pid) {
		if (setresgid(9, 9, 9) || setresuid(real, effective, saved) ||
		    write(ready[1], &byte, 1) != 1)
			_exit(1);
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) < 0);
	}
	close(fds[0]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return -EPIPE;
	close(ready[0]);
	return 0;
}

struct targets {
	struct child alice, bob, saved, effective;
	uint64_t bob_id;
};

static int reach_as_alice(void *arg)
{
	struct targets *t = arg;
	struct client *c = client_open();
	pid_t mixed[] = { t->alice.pid, getpid(), t->bob.pid };

	CHECK(c);
	CHECK_EQ(1, join(c, NULL, "g", t->alice.pid));
	CHECK_EQ(1, join(c, NULL, "g", t->saved.pid));
	CHECK_EQ(-EPERM, join(c, NULL, "g", t->effective.pid));
	CHECK_EQ(-EPERM, join(c, NULL, "g", t->bob.pid));
	CHECK(c->text[0]);
	CHECK_EQ(PGNL_A_PID, blamed(c));
	CHECK_EQ(-EPERM, join(c, NULL, "g", getppid()));
	CHECK_EQ(-EPERM, join(c, NULL, "g", 1));
	CHECK_EQ(-EPERM, join_pids(c, NULL, "mixed", mixed, 3));
	CHECK_EQ(2, blamed_index(c));
	CHECK_EQ(0, group_exists(c, NULL, "mixed"));
	/* Taking him out is no more allowed than putting him in. */
	CHECK_EQ(-EPERM, leave(c, NULL, "bobs", t->bob.pid));
	CHECK(c->text[0]);
	CHECK_EQ(PGNL_A_PID, blamed(c));
	CHECK_EQ(-EPERM, leave_id(c, NULL, "bobs", t->bob_id));
	CHECK(c->text[0]);
	CHECK_EQ(PGNL_A_ID, blamed(c));
	CHECK_EQ(1, count_of(c, NULL, "bobs", t->bob.pid));
	CHECK_EQ(1, leave(c, NULL, "g", t->alice.pid));
	CHECK_EQ(1, leave(c, NULL, "g", t->saved.pid));
	return 0;
}

static int reach_without_cap_kill(void *arg)
{
	struct targets *t = arg;
	struct client *c;

	drop_cap(CAP_KILL);
	c = client_open();
	CHECK(c);
	CHECK_EQ(-EPERM, join(c, NULL, "g", t->bob.pid));
	CHECK_EQ(-EPERM, join(c, NULL, "g", t->alice.pid));
	CHECK_EQ(1, join(c, NULL, "g", getppid()));
	CHECK_EQ(1, leave(c, NULL, "g", getppid()));
	return 0;
}

static int reach_as_root_of_a_user_namespace(void *arg)
{
	struct targets *t = arg;
	struct client *c;

	new_ns(CLONE_NEWUSER);
	c = client_open();
	CHECK(c);
	CHECK_EQ(1, join(c, NULL, "g", 0));
	CHECK_EQ(1, join(c, NULL, "g", t->alice.pid));
	CHECK_EQ(-EPERM, join(c, NULL, "g", t->bob.pid));
	CHECK_EQ(-EPERM, leave(c, NULL, "bobs", t->bob.pid));
	CHECK_EQ(1, leave(c, NULL, "g", t->alice.pid));
	return 0;
}

TEST_F(perm, who_may_signal_a_process_may_join_and_take_it_out)
{
	struct targets t = {};

	ASSERT_EQ(0, child_of(&t.alice, ALICE, ALICE, ALICE));
	ASSERT_EQ(0, child_of(&t.bob, BOB, BOB, BOB));
	ASSERT_EQ(0, child_of(&t.saved, BOB, BOB, ALICE));
	ASSERT_EQ(0, child_of(&t.effective, BOB, ALICE, BOB));
	ASSERT_EQ(1, join(self->c, NULL, "bobs", t.bob.pid));
	t.bob_id = reply_id(self->c, 0);
	EXPECT_EQ(0, as_user(ALICE, 9, reach_as_alice, &t));
	EXPECT_EQ(0, in_child(reach_without_cap_kill, &t));
	EXPECT_EQ(0, as_user(ALICE, 9, reach_as_root_of_a_user_namespace, &t));
	EXPECT_EQ(1, count_of(self->c, NULL, "bobs", t.bob.pid));
	EXPECT_EQ(1, leave(self->c, NULL, "bobs", t.bob.pid));
	child_exit(&t.alice, 0);
	child_exit(&t.bob, 0);
	child_exit(&t.saved, 0);
	child_exit(&t.effective, 0);
}

/* --- Who a process is while it changes that ------------------------------- */

/* Root and Alice in turn, as fast as it can, until it is left alone. */
static void kid_goes_back_and_forth(int ctl, const void *arg)
{
	char byte;

	(void)arg;
	tell(ctl, 0);
	while (recv(ctl, &byte, 1, MSG_DONTWAIT) < 0 && !setresuid(ALICE, ALICE, 0) &&
	       !setresuid(0, 0, 0))
		;
}

struct chase {
	const char *scope;
	int (*take_in)(struct client *c, const char *scope, pid_t pid);
	pid_t pid;
};

static int take_in_by_join(struct client *c, const char *scope, pid_t pid)
{
	return join(c, scope, "g", pid);
}

static int take_in_by_name(struct client *c, const char *scope, pid_t pid)
{
	int err;

	(void)scope;
	req_new(c, PGNL_CMD_NAME_REGISTER);
	put_str(c, PGNL_A_GROUP, "g");
	put_u32(c, PGNL_A_PID, (uint32_t)pid);
	err = req_do(c);
	return err ? err : 1;
}

/* Until it is she whom it meets; each try is refused or not by chance. */
static int take_out(struct client *c, const struct chase *chase)
{
	int ret;

	while ((ret = leave(c, chase->scope, "g", chase->pid)) == -EPERM)
		sched_yield();
	return ret;
}

static int chase_as_alice(void *arg)
{
	struct client *c = client_open();
	unsigned int round, taken = 0;
	struct chase *chase = arg;
	struct members list = {};

	CHECK(c);
	for (round = 0; again(round, 10000); round++) {
		int ret = chase->take_in(c, chase->scope, chase->pid);

		if (ret == -EPERM || ret == -EAGAIN) {
			sched_yield();
			continue;
		}
		CHECK_EQ(1, ret);
		CHECK_EQ(0, members(c, chase->scope, "g", &list));
		CHECK_EQ(1, list.n);
		CHECK_EQ(ALICE, list.at[0].row.uid);
		CHECK_EQ(1, take_out(c, chase));
		taken++;
	}
	members_free(&list);
	CHECK(taken || round < 1000);
	return 0;
}

static int chase_a_kid(struct chase *chase)
{
	struct kid kid;
	int ret;

	if (kid_start(&kid, kid_goes_back_and_forth, NULL) || hear(kid.ctl))
		return -1;
	chase->pid = kid.pid;
	ret = as_user(ALICE, 9, chase_as_alice, chase);
	kid_kill(&kid);
	return ret;
}

TEST_F(perm, nobody_joins_as_who_it_was_before_it_may_be_joined)
{
	struct chase chase = { .scope = "pg", .take_in = take_in_by_join };

	EXPECT_EQ(0, chase_a_kid(&chase));
}

TEST_F(perm, nobody_gets_a_name_as_who_it_was_before_it_may_get_it)
{
	struct chase chase = { .scope = "global", .take_in = take_in_by_name };

	EXPECT_EQ(0, chase_a_kid(&chase));
}

/* --- Sockets opened by somebody else -------------------------------------- */

/* The fixture of the tests below: a scope, a group and a member of root's own. */
static int set_up_secrets(struct client *c)
{
	int err;

	req_new(c, PGNL_CMD_SCOPE_NEW);
	put_str(c, PGNL_A_SCOPE, "s");
	put_u32(c, PGNL_A_PERM, 0700);
	err = req_do(c);
	if (err)
		return err;
	member_req(c, PGNL_CMD_GROUP_NEW, "pg2", "secret");
	put_u32(c, PGNL_A_PERM, 0700);
	return req_do(c);
}

static int no_secrets(struct client *c)
{
	struct members list = {};
	int err;

	CHECK_EQ(-EACCES, members(c, "s", "g", &list));
	CHECK_EQ(-EACCES, members_dump(c, "s", NULL, &list));
	CHECK_EQ(-EACCES, members(c, "pg2", "secret", &list));
	CHECK_EQ(-EACCES, join(c, "s", "g", 0));
	/* By the group's mode, or since the opener may not signal the sender. */
	err = join(c, "pg2", "secret", 0);
	CHECK(err == -EACCES || err == -EPERM);
	CHECK_EQ(-EACCES, group_del(c, "pg2", "secret"));
	return 0;
}

TEST_F(perm, root_gives_nothing_away_through_the_socket_of_a_user)
{
	struct child bob;
	struct client *c;

	ASSERT_EQ(0, set_up_secrets(self->c));
	ASSERT_EQ(0, child_of(&bob, BOB, BOB, BOB));
	c = client_opened_by(NOBODY);
	ASSERT_NE(NULL, c);
	EXPECT_EQ(0, no_admin(c));
	EXPECT_EQ(0, no_secrets(c));
	EXPECT_EQ(-EPERM, join(c, NULL, "g", bob.pid));
	EXPECT_STRNE("", c->text);
	EXPECT_EQ(-EPERM, join(c, NULL, "g", getpid()));
	EXPECT_EQ(-EPERM, join(c, NULL, "g", 0));
	EXPECT_STRNE("", c->text);
	EXPECT_EQ(PGNL_A_SELF, blamed(c));
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	EXPECT_EQ(-EPERM, leave(c, NULL, "g", 0));
	EXPECT_EQ(-EPERM, leave_id(c, NULL, "g", id_of(self->c, 0)));
	EXPECT_EQ(1, count_of(self->c, NULL, "g", getpid()));
	client_close(c);
	child_exit(&bob, 0);
}

static int use_the_socket_of_root(void *arg)
{
	struct client *c = ((struct client **)arg)[0];
	pid_t bob = ((struct child *)((void **)arg)[1])->pid;

	CHECK_EQ(0, no_admin(c));
	CHECK_EQ(0, no_secrets(c));
	CHECK_EQ(-EPERM, join(c, NULL, "g", bob));
	CHECK_EQ(-EPERM, join(c, NULL, "g", getppid()));
	/* For himself he needs no help. */
	CHECK_EQ(1, join(c, NULL, "g", 0));
	CHECK_EQ(1, leave(c, NULL, "g", getpid()));
	return 0;
}

TEST_F(perm, a_user_gains_nothing_by_an_inherited_socket_of_root)
{
	void *args[2] = { self->c };
	struct child bob;

	ASSERT_EQ(0, set_up_secrets(self->c));
	ASSERT_EQ(0, child_of(&bob, BOB, BOB, BOB));
	args[1] = &bob;
	EXPECT_EQ(0, as_user(ALICE, ALICE, use_the_socket_of_root, args));
	child_exit(&bob, 0);
}

static int use_a_passed_socket_of_root(void *arg)
{
	int *from = arg;
	struct client *c = client_on(receive_fd(*from));

	CHECK(c);
	CHECK_EQ(0, no_admin(c));
	CHECK_EQ(0, no_secrets(c));
	return 0;
}

TEST_F(perm, a_user_gains_nothing_by_a_passed_socket_of_root)
{
	int pair[2];

	ASSERT_EQ(0, set_up_secrets(self->c));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, send_fd(pair[0], self->c->fd));
	EXPECT_EQ(0, as_user(ALICE, ALICE, use_a_passed_socket_of_root, &pair[1]));
}

TEST_F(perm, a_user_gains_nothing_by_the_socket_of_another_user)
{
	struct client *c;
	struct child bob;
	int status;
	pid_t pid;

	ASSERT_EQ(0, child_of(&bob, BOB, BOB, BOB));
	c = client_opened_by(BOB);
	ASSERT_NE(NULL, c);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		become(ALICE, ALICE, NULL, 0);
		/* Bob's socket is no way to Bob, nor to herself. */
		_exit(join(c, NULL, "g", bob.pid) != -EPERM || join(c, NULL, "g", 0) != -EPERM);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	client_close(c);
	child_exit(&bob, 0);
}

static int group_new_of(struct client *c, const char *group, uint32_t owner)
{
	member_req(c, PGNL_CMD_GROUP_NEW, "pg2", group);
	put_u32(c, PGNL_A_OWNER, owner);
	return req_do(c);
}

/* Neither by what the request leaves out nor by what it says. */
static int no_groups_of_root(struct client *c)
{
	CHECK_EQ(-EPERM, group_new(c, "pg2", "given"));
	CHECK(c->text[0]);
	CHECK_EQ(-EPERM, group_new_of(c, "given", 0));
	CHECK_EQ(PGNL_A_OWNER, blamed(c));
	CHECK_EQ(0, group_exists(c, "pg2", "given"));
	return 0;
}

/* A set-uid program that writes to a socket its caller opened. */
static int become_root_after_opening(void *arg)
{
	struct client *c;

	(void)arg;
	CHECK_EQ(0, setresuid(ALICE, ALICE, 0));
	c = client_open();
	CHECK(c);
	CHECK_EQ(1, join(c, NULL, "g", 0));
	/* As exec of a set-uid program leaves it: Alice may still signal it. */
	CHECK_EQ(0, setresuid(ALICE, 0, 0));
	CHECK_EQ(0, no_admin(c));
	CHECK_EQ(0, no_secrets(c));
	CHECK_EQ(2, join(c, NULL, "g", 0));
	CHECK_EQ(0, no_groups_of_root(c));
	/* All root: she may not. */
	CHECK_EQ(0, setresuid(0, 0, 0));
	CHECK_EQ(0, no_admin(c));
	CHECK_EQ(0, no_secrets(c));
	CHECK_EQ(0, no_groups_of_root(c));
	CHECK_EQ(-EPERM, join(c, NULL, "g", 0));
	CHECK_EQ(-EPERM, leave(c, NULL, "g", 0));
	CHECK_EQ(2, count_of(c, NULL, "g", getpid()));
	return 0;
}

TEST_F(perm, a_set_uid_program_gives_nothing_away_through_its_callers_socket)
{
	ASSERT_EQ(0, set_up_secrets(self->c));
	EXPECT_EQ(0, in_child(become_root_after_opening, NULL));
}

static int drop_after_opening(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	become(ALICE, ALICE, NULL, 0);
	CHECK_EQ(0, no_admin(c));
	CHECK_EQ(0, no_secrets(c));
	CHECK_EQ(1, join(c, NULL, "g", 0));
	/* A group of its own is nothing that root would lose. */
	CHECK_EQ(-EPERM, group_new_of(c, "roots", 0));
	CHECK_EQ(0, group_new(c, "pg2", "mine"));
	return 0;
}

TEST_F(perm, a_process_that_drops_root_drops_it_for_its_old_socket)
{
	ASSERT_EQ(0, set_up_secrets(self->c));
	EXPECT_EQ(0, in_child(drop_after_opening, NULL));
}

TEST_HARNESS_MAIN
