// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Limits: each refuses with EDQUOT and its name, takes nothing away, and lets
 * in again what leaves or exits make room for.
 */
#include "kselftest_harness.h"
#include <sched.h>
#include <stdlib.h>

#include "common.h"
#include "proc.h"

#define ALICE	1000
#define BOB	2000

/* Limits of users hold for the whole machine: they are put back at the end. */
FIXTURE(limit)
{
	struct client *c;
	uint64_t user_groups, user_memberships;
};

FIXTURE_SETUP(limit)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	self->user_groups = limit_get(self->c, PGNL_A_LIMIT_USER_GROUPS);
	self->user_memberships = limit_get(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS);
}

FIXTURE_TEARDOWN(limit)
{
	EXPECT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_GROUPS, self->user_groups));
	EXPECT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS, self->user_memberships));
	EXPECT_STREQ("", verify(self->c));
	client_close(self->c);
}

static bool names(const struct client *c, const char *limit)
{
	return strstr(c->text, limit);
}

/* Let n more of what a limit counts in. */
static int allow(struct client *c, uint16_t limit, uint64_t n)
{
	return limit_set(c, limit, usage_get(c, limit) + n);
}

/* Join g0, g1, ... as often as it goes, at most max times; returns how often. */
static int join_many(struct client *c, pid_t pid, int max)
{
	char name[16];
	int n;

	for (n = 0; n < max; n++) {
		snprintf(name, sizeof(name), "g%d", n);
		if (join(c, NULL, name, pid) < 0)
			break;
	}
	return n;
}

TEST_F(limit, limits_and_use_are_told)
{
	for_each_limit(limit)
		EXPECT_LT(usage_get(self->c, limit), limit_get(self->c, limit));
	EXPECT_EQ(3, usage_get(self->c, PGNL_A_LIMIT_NET_SCOPES));
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_GROUPS));
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS));
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, group_new(self->c, "pg2", "made"));
	ASSERT_EQ(3, join_times(self->c, NULL, "g", 0, 3));
	EXPECT_EQ(4, usage_get(self->c, PGNL_A_LIMIT_NET_SCOPES));
	EXPECT_EQ(2, usage_get(self->c, PGNL_A_LIMIT_NET_GROUPS));
	EXPECT_EQ(1, usage_get(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS));
	ASSERT_EQ(0, scope_del(self->c, "s"));
	ASSERT_EQ(0, group_del(self->c, "pg2", "made"));
	ASSERT_EQ(3, leave_all(self->c, NULL, "g", 0));
	EXPECT_EQ(3, usage_get(self->c, PGNL_A_LIMIT_NET_SCOPES));
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_GROUPS));
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS));
}

TEST_F(limit, they_can_be_set_to_any_number)
{
	static const uint64_t values[] = { 0, 1, UINT32_MAX, 1ULL << 40, INT64_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		for_each_limit(limit) {
			ASSERT_EQ(0, limit_set(self->c, limit, values[i]));
			EXPECT_EQ(values[i], limit_get(self->c, limit));
		}
	}
	EXPECT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_GROUPS, UINT64_MAX));
	EXPECT_EQ(1, join(self->c, NULL, "g", 0));
}

/* --- Of the network namespace --------------------------------------------- */

TEST_F(limit, net_scopes_stops_new_scopes)
{
	ASSERT_EQ(0, allow(self->c, PGNL_A_LIMIT_NET_SCOPES, 2));
	ASSERT_EQ(0, scope_new(self->c, "a", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, scope_new(self->c, "b", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(-EDQUOT, scope_new(self->c, "c", PGNL_SCOPE_MODE_PG));
	EXPECT_TRUE(names(self->c, "net-scopes")) TH_LOG("%s", self->c->text);
	ASSERT_EQ(0, scope_del(self->c, "a"));
	EXPECT_EQ(0, scope_new(self->c, "c", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(-EDQUOT, scope_new(self->c, "a", PGNL_SCOPE_MODE_PG));
}

TEST_F(limit, net_groups_stops_new_groups_of_both_modes)
{
	ASSERT_EQ(0, allow(self->c, PGNL_A_LIMIT_NET_GROUPS, 2));
	ASSERT_EQ(1, join(self->c, "pg", "a", 0));
	ASSERT_EQ(0, group_new(self->c, "pg2", "b"));
	EXPECT_EQ(-EDQUOT, group_new(self->c, "pg2", "c"));
	EXPECT_TRUE(names(self->c, "net-groups")) TH_LOG("%s", self->c->text);
	EXPECT_EQ(-EDQUOT, join(self->c, "pg", "c", 0));
	EXPECT_TRUE(names(self->c, "net-groups")) TH_LOG("%s", self->c->text);
	EXPECT_EQ(0, group_exists(self->c, "pg", "c"));
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
	/* What exists is no growth. */
	EXPECT_EQ(0, group_new(self->c, "pg2", "b"));
	EXPECT_EQ(2, join(self->c, "pg", "a", 0));
	EXPECT_EQ(1, join(self->c, "pg2", "b", 0));
	ASSERT_EQ(0, group_del(self->c, "pg2", "b"));
	EXPECT_EQ(1, join(self->c, "pg", "c", 0));
	EXPECT_EQ(-EDQUOT, group_new(self->c, "pg2", "b"));
	ASSERT_EQ(2, leave_all(self->c, "pg", "a", 0));
	EXPECT_EQ(0, group_new(self->c, "pg2", "b"));
}

TEST_F(limit, net_memberships_stops_new_memberships)
{
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, allow(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS, 2));
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	ASSERT_EQ(1, join(self->c, NULL, "g", child.pid));
	EXPECT_EQ(-EDQUOT, join(self->c, NULL, "h", 0));
	EXPECT_TRUE(names(self->c, "net-memberships")) TH_LOG("%s", self->c->text);
	EXPECT_EQ(0, group_exists(self->c, NULL, "h"));
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_GROUPS));
	/* Another join of a member is no new membership. */
	EXPECT_EQ(2, join(self->c, NULL, "g", 0));
	EXPECT_EQ(1, leave(self->c, NULL, "g", 0));
	EXPECT_EQ(-EDQUOT, join(self->c, NULL, "h", 0));
	EXPECT_EQ(1, leave(self->c, NULL, "g", 0));
	EXPECT_EQ(1, join(self->c, NULL, "h", 0));
	EXPECT_EQ(-EDQUOT, join(self->c, NULL, "i", 0));
	child_kill(&child);
	EXPECT_TRUE(WAIT_UNTIL(join(self->c, NULL, "i", 0) == 1));
	EXPECT_EQ(-EDQUOT, join(self->c, NULL, "j", 0));
}

TEST_F(limit, a_batch_that_fits_in_part_is_refused_whole)
{
	struct crowd crowd;

	ASSERT_EQ(0, crowd_start(&crowd, 300));
	ASSERT_EQ(0, allow(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS, 299));
	EXPECT_EQ(-EDQUOT, join_pids(self->c, NULL, "g", crowd.pid, 300));
	EXPECT_TRUE(names(self->c, "net-memberships"));
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS));
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_GROUPS));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_PROCESSES));
	EXPECT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, 299));
	EXPECT_EQ(2, join_pids(self->c, NULL, "g", crowd.pid, 299));
	EXPECT_EQ(-EDQUOT, join_pids(self->c, NULL, "g", crowd.pid, 300));
	EXPECT_EQ(2, count_of(self->c, NULL, "g", crowd.pid[0]));
	crowd_end(&crowd);
}

TEST_F(limit, a_batch_of_groups_that_fits_in_part_is_refused_whole)
{
	char name[16];

	ASSERT_EQ(1, join(self->c, NULL, "g0", 0));
	ASSERT_EQ(0, allow(self->c, PGNL_A_LIMIT_NET_GROUPS, 9));
	req_new(self->c, PGNL_CMD_MEMBER_JOIN);
	for (int i = 0; i <= 10; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		put_str(self->c, PGNL_A_GROUP, name);
	}
	put_flag(self->c, PGNL_A_SELF);
	EXPECT_EQ(-EDQUOT, req_do(self->c));
	EXPECT_TRUE(names(self->c, "net-groups"));
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_GROUPS));
	EXPECT_EQ(1, count_of(self->c, NULL, "g0", getpid()));
}

TEST_F(limit, one_below_what_is_in_use_takes_nothing_away)
{
	ASSERT_EQ(3, join_many(self->c, 0, 3));
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS, 1));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_GROUPS, 1));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_SCOPES, 0));
	EXPECT_EQ(3, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
	EXPECT_EQ(3, stat_get(self->c, PGNL_A_STAT_GROUPS));
	EXPECT_EQ(4, stat_get(self->c, PGNL_A_STAT_SCOPES));
	EXPECT_EQ(-EDQUOT, join(self->c, NULL, "new", 0));
	EXPECT_EQ(-EDQUOT, scope_new(self->c, "t", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(2, join(self->c, NULL, "g0", 0));
	EXPECT_EQ(2, leave_all(self->c, NULL, "g0", 0));
	EXPECT_EQ(-EDQUOT, join(self->c, NULL, "g0", 0));
	EXPECT_EQ(1, leave(self->c, NULL, "g1", 0));
	EXPECT_EQ(1, leave(self->c, NULL, "g2", 0));
	EXPECT_EQ(1, join(self->c, NULL, "g0", 0));
	EXPECT_EQ(-EDQUOT, join(self->c, NULL, "g1", 0));
}

TEST_F(limit, zero_stops_everything)
{
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS, 0));
	EXPECT_EQ(-EDQUOT, join(self->c, NULL, "g", 0));
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_PROCESSES));
}

/* --- Of users ------------------------------------------------------------- */

static int five_memberships(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	/* What ended before may still be on its way out. */
	CHECK(WAIT_UNTIL(!usage_get(c, PGNL_A_LIMIT_USER_MEMBERSHIPS)));
	CHECK_EQ(5, join_many(c, 0, 10));
	CHECK_EQ(-EDQUOT, join(c, NULL, "more", 0));
	CHECK(names(c, "user-memberships"));
	CHECK_EQ(0, group_exists(c, NULL, "more"));
	CHECK_EQ(5, usage_get(c, PGNL_A_LIMIT_USER_MEMBERSHIPS));
	CHECK_EQ(2, join(c, NULL, "g0", 0));
	CHECK_EQ(2, leave_all(c, NULL, "g0", 0));
	CHECK_EQ(1, join(c, NULL, "more", 0));
	CHECK_EQ(-EDQUOT, join(c, NULL, "g0", 0));
	return 0;
}

static int uses_no_membership(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	CHECK(WAIT_UNTIL(!usage_get(c, PGNL_A_LIMIT_USER_MEMBERSHIPS)));
	return 0;
}

static int uses_no_group(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	CHECK(WAIT_UNTIL(!usage_get(c, PGNL_A_LIMIT_USER_GROUPS)));
	return 0;
}

TEST_F(limit, user_memberships_stops_the_processes_of_one_user)
{
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS, 5));
	EXPECT_EQ(0, as_user(ALICE, ALICE, five_memberships, NULL));
	/* The exit of her process made room. */
	EXPECT_EQ(0, as_user(ALICE, ALICE, uses_no_membership, NULL));
	EXPECT_EQ(0, as_user(ALICE, ALICE, five_memberships, NULL));
}

/* A process of that user that joins nothing by itself. */
static int start_as(struct child *child, uid_t uid)
{
	int ready[2], go[2];
	char byte = 0;

	if (pipe(ready) || pipe(go))
		return -errno;
	child->fd = go[1];
	child->pid = fork();
	if (!child->pid) {
		become(uid, uid, NULL, 0);
		close(go[1]);
		_exit(write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) < 0);
	}
	close(go[0]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return -EPIPE;
	close(ready[0]);
	return 0;
}

TEST_F(limit, a_membership_is_charged_to_the_user_of_the_process)
{
	uint64_t roots = usage_get(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS);
	struct members list = {};
	struct child alice;

	EXPECT_EQ(0, as_user(ALICE, ALICE, uses_no_membership, NULL));
	ASSERT_EQ(0, start_as(&alice, ALICE));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS, 5));
	EXPECT_EQ(5, join_many(self->c, alice.pid, 10));
	EXPECT_TRUE(names(self->c, "user-memberships")) TH_LOG("%s", self->c->text);
	/* Root made them and pays for none. */
	EXPECT_GE(roots, usage_get(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS));
	ASSERT_EQ(0, process_groups(self->c, alice.pid, &list));
	EXPECT_EQ(5, list.n);
	child_exit(&alice, 0);
	members_free(&list);
}

TEST_F(limit, one_user_takes_nothing_from_another)
{
	struct child alice;

	EXPECT_EQ(0, as_user(ALICE, ALICE, uses_no_membership, NULL));
	ASSERT_EQ(0, start_as(&alice, ALICE));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS, 5));
	EXPECT_EQ(5, join_many(self->c, alice.pid, 10));
	EXPECT_EQ(0, as_user(BOB, BOB, five_memberships, NULL));
	child_exit(&alice, 0);
}

static int five_groups(void *arg)
{
	struct client *c = client_open();
	char name[16];

	CHECK(c);
	CHECK(WAIT_UNTIL(!usage_get(c, PGNL_A_LIMIT_USER_GROUPS)));
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s%d", (char *)arg, i);
		CHECK_EQ(0, group_new(c, "pg2", name));
	}
	CHECK_EQ(1, join(c, "pg", arg, 0));
	CHECK_EQ(5, usage_get(c, PGNL_A_LIMIT_USER_GROUPS));
	CHECK_EQ(-EDQUOT, group_new(c, "pg2", "more"));
	CHECK(names(c, "user-groups"));
	CHECK_EQ(-EDQUOT, join(c, "pg", "more", 0));
	CHECK(names(c, "user-groups"));
	CHECK_EQ(0, group_exists(c, "pg", "more"));
	CHECK_EQ(0, group_new(c, "pg2", name));
	CHECK_EQ(0, group_del(c, "pg2", name));
	CHECK_EQ(1, join(c, "pg", "more", 0));
	CHECK_EQ(-EDQUOT, group_new(c, "pg2", name));
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%d", (char *)arg, i);
		CHECK_EQ(0, group_del(c, "pg2", name));
	}
	return 0;
}

TEST_F(limit, user_groups_stops_the_groups_of_one_user)
{
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_GROUPS, 5));
	EXPECT_EQ(0, as_user(ALICE, ALICE, five_groups, "a"));
	EXPECT_EQ(0, as_user(BOB, BOB, five_groups, "b"));
	EXPECT_EQ(0, as_user(ALICE, ALICE, uses_no_group, NULL));
	EXPECT_EQ(0, as_user(ALICE, ALICE, five_groups, "a"));
}

static int three_in_a_new_netns_and_two_here(void *arg)
{
	struct client *here = client_open(), *there;

	(void)arg;
	CHECK(here);
	CHECK(WAIT_UNTIL(!usage_get(here, PGNL_A_LIMIT_USER_MEMBERSHIPS)));
	/* As root of a user namespace: Alice alone may not make a netns. */
	new_ns(CLONE_NEWUSER);
	there = client_in_new_netns();
	CHECK(there);
	CHECK_EQ(3, join_many(there, 0, 3));
	CHECK_EQ(2, join_many(here, 0, 10));
	CHECK(names(here, "user-memberships"));
	CHECK_EQ(1, leave(there, NULL, "g0", 0));
	CHECK_EQ(1, join(here, NULL, "g2", 0));
	CHECK_EQ(-EDQUOT, join(there, NULL, "g0", 0));
	return 0;
}

TEST_F(limit, what_a_user_has_adds_up_over_network_namespaces)
{
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS, 5));
	EXPECT_EQ(0, as_user(ALICE, ALICE, three_in_a_new_netns_and_two_here, NULL));
	EXPECT_EQ(0, as_user(ALICE, ALICE, uses_no_membership, NULL));
}

/* Of a network namespace that stays, one process after the other. */
static void members_elsewhere(int ctl, const void *arg)
{
	struct client *c;
	struct child child;

	(void)arg;
	new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	c = client_open();
	while (c && !child_start(&child)) {
		ready(ctl, join_many(c, child.pid, 5));
		child_kill(&child);
		ready(ctl, 0);
	}
}

static int counts_what_lives(void *arg)
{
	struct client *c = client_open();
	struct kid kid;

	(void)arg;
	CHECK(c);
	CHECK(WAIT_UNTIL(!usage_get(c, PGNL_A_LIMIT_USER_MEMBERSHIPS)));
	CHECK_EQ(0, kid_start(&kid, members_elsewhere, NULL));
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(5, hear(kid.ctl));
		CHECK_EQ(5, usage_get(c, PGNL_A_LIMIT_USER_MEMBERSHIPS));
		CHECK(tell(kid.ctl, 0));
		CHECK_EQ(0, hear(kid.ctl));
		CHECK_EQ(0, usage_get(c, PGNL_A_LIMIT_USER_MEMBERSHIPS));
		CHECK(tell(kid.ctl, 0));
	}
	kid_kill(&kid);
	return 0;
}

/* It is waited for until what the ended had there is given back. */
TEST_F(limit, what_has_ended_in_a_namespace_of_a_user_is_not_counted)
{
	EXPECT_EQ(0, as_user(ALICE, ALICE, counts_what_lives, NULL));
}

/* Join as the root of user and network namespaces of its own, then let the
 * next one try: each of them sees less room, since Alice pays for all.
 */
static int nest(void *arg)
{
	int depth = *(int *)arg, next = depth + 1;
	struct client *c;

	new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	c = client_open();
	CHECK(c);
	CHECK_EQ(0, usage_get(c, PGNL_A_LIMIT_USER_MEMBERSHIPS));
	CHECK_EQ(depth < 2 ? 2 : depth == 2 ? 1 : 0, join_many(c, 0, 2));
	if (depth >= 2)
		CHECK(names(c, "user-memberships"));
	return depth < 4 ? in_child(nest, &next) : 0;
}

TEST_F(limit, a_user_gains_nothing_by_nesting_user_namespaces)
{
	int depth = 0;

	ASSERT_EQ(0, as_user(ALICE, ALICE, uses_no_membership, NULL));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS, 5));
	EXPECT_EQ(0, as_user(ALICE, ALICE, nest, &depth));
	EXPECT_EQ(0, as_user(ALICE, ALICE, uses_no_membership, NULL));
}

static int in_a_namespace_beside(void *arg)
{
	struct client *c;

	new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	c = client_open();
	CHECK(c);
	CHECK_EQ(2, join_many(c, 0, 10));
	CHECK(names(c, "user-memberships"));
	(void)arg;
	return 0;
}

static int three_and_a_sibling(void *arg)
{
	struct client *c = client_open();

	CHECK(c);
	CHECK(WAIT_UNTIL(!usage_get(c, PGNL_A_LIMIT_USER_MEMBERSHIPS)));
	CHECK_EQ(3, join_many(c, 0, 3));
	CHECK_EQ(0, in_child(in_a_namespace_beside, arg));
	CHECK(WAIT_UNTIL(usage_get(c, PGNL_A_LIMIT_USER_MEMBERSHIPS) == 3));
	CHECK_EQ(2, join_many(c, 0, 10) - 3);
	return 0;
}

TEST_F(limit, a_user_pays_for_the_namespaces_it_made)
{
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS, 5));
	EXPECT_EQ(0, as_user(ALICE, ALICE, three_and_a_sibling, NULL));
}

TEST_F(limit, a_user_limit_below_what_is_in_use_takes_nothing_away)
{
	ASSERT_EQ(3, join_many(self->c, 0, 3));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS, 1));
	EXPECT_EQ(3, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
	EXPECT_EQ(-EDQUOT, join(self->c, NULL, "new", 0));
	EXPECT_EQ(2, join(self->c, NULL, "g0", 0));
	EXPECT_EQ(2, leave_all(self->c, NULL, "g0", 0));
	EXPECT_EQ(-EDQUOT, join(self->c, NULL, "g0", 0));
}

TEST_HARNESS_MAIN
