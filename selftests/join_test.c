// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Joining and leaving: counts, lists of processes and groups, targets, what a
 * membership carries, ids, limits of a request, atomicity.
 */
#include "kselftest_harness.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "common.h"
#include "proc.h"
#include "reads.h"

NETNS_FIXTURE(join);

/* --- Counts --------------------------------------------------------------- */

TEST_F(join, each_join_counts_and_needs_a_leave)
{
	for (int i = 1; i <= 3; i++)
		ASSERT_EQ(i, join(self->c, NULL, "g", 0));
	EXPECT_EQ(3, count_of(self->c, NULL, "g", getpid()));
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
	for (int i = 2; i >= 0; i--) {
		ASSERT_EQ(1, leave(self->c, NULL, "g", 0));
		EXPECT_EQ(i, reply_count(self->c, 0));
		EXPECT_EQ(i, count_of(self->c, NULL, "g", getpid()));
	}
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_PROCESSES));
}

TEST_F(join, times_joins_and_leaves_at_once)
{
	ASSERT_EQ(16, join_times(self->c, NULL, "g", 0, 16));
	ASSERT_EQ(4, leave_times(self->c, NULL, "g", 0, 4));
	EXPECT_EQ(12, reply_count(self->c, 0));
	EXPECT_EQ(12, count_of(self->c, NULL, "g", getpid()));
}

TEST_F(join, all_leaves_entirely)
{
	ASSERT_EQ(1000, join_times(self->c, NULL, "g", 0, 1000));
	ASSERT_EQ(1000, leave_all(self->c, NULL, "g", 0));
	EXPECT_EQ(0, reply_count(self->c, 0));
	EXPECT_EQ(0, count_of(self->c, NULL, "g", getpid()));
	EXPECT_EQ(0, leave_all(self->c, NULL, "g", 0));
}

TEST_F(join, surplus_leaves_take_back_what_there_is)
{
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(1, join(self->c, NULL, "g", child.pid));
	ASSERT_EQ(2, join_times(self->c, NULL, "g", 0, 2));
	EXPECT_EQ(2, leave_times(self->c, NULL, "g", 0, 5));
	EXPECT_EQ(0, reply_count(self->c, 0));
	EXPECT_EQ(0, leave(self->c, NULL, "g", 0));
	EXPECT_FALSE(reply_flag(self->c, PGNL_A_NO_GROUP));
	EXPECT_EQ(1, count_of(self->c, NULL, "g", child.pid));
	child_exit(&child, 0);
}

TEST_F(join, a_leave_of_a_stranger_changes_nothing)
{
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	EXPECT_EQ(0, leave(self->c, NULL, "g", child.pid));
	EXPECT_EQ(0, leave(self->c, NULL, "missing", 0));
	EXPECT_TRUE(reply_flag(self->c, PGNL_A_NO_GROUP));
	EXPECT_EQ(1, count_of(self->c, NULL, "g", getpid()));
	EXPECT_EQ(0, group_exists(self->c, NULL, "missing"));
	child_exit(&child, 0);
}

TEST_F(join, a_count_stops_at_32_bits)
{
	struct members list = {};

	join_times(self->c, NULL, "g", 0, UINT32_MAX - 1);
	EXPECT_EQ(UINT32_MAX - 1, reply_count(self->c, 0));
	EXPECT_EQ(-EOVERFLOW, join_times(self->c, NULL, "g", 0, 2));
	EXPECT_STRNE("", self->c->text);
	join(self->c, NULL, "g", 0);
	EXPECT_EQ(UINT32_MAX, reply_count(self->c, 0));
	EXPECT_EQ(-EOVERFLOW, join(self->c, NULL, "g", 0));
	EXPECT_EQ(-EOVERFLOW, join_times(self->c, NULL, "g", 0, UINT32_MAX));
	ASSERT_EQ(0, members(self->c, NULL, "g", &list));
	ASSERT_EQ(1, list.n);
	EXPECT_EQ(UINT32_MAX, list.at[0].row.count);
	members_free(&list);
}

TEST_F(join, an_overflow_of_one_refuses_all)
{
	struct child child;
	pid_t pids[2] = { 0, getpid() };

	ASSERT_EQ(0, child_start(&child));
	pids[0] = child.pid;
	join_times(self->c, NULL, "g", 0, UINT32_MAX);
	EXPECT_EQ(-EOVERFLOW, join_pids(self->c, NULL, "g", pids, 2));
	EXPECT_EQ(0, count_of(self->c, NULL, "g", child.pid));
	/* The same pid twice passes the end together only. */
	ASSERT_EQ(1, leave(self->c, NULL, "g", 0));
	pids[0] = pids[1];
	EXPECT_EQ(-EOVERFLOW, join_pids(self->c, NULL, "g", pids, 2));
	join(self->c, NULL, "g", 0);
	EXPECT_EQ(UINT32_MAX, reply_count(self->c, 0));
	child_exit(&child, 0);
}

TEST_F(join, counts_close_to_the_end_rise_together)
{
	static const char *const names[] = { "a", "b", "c" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		join_times(self->c, NULL, names[i], 0, UINT32_MAX - 1);
	for (int round = 0; round < 2; round++) {
		req_new(self->c, PGNL_CMD_MEMBER_JOIN);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			put_str(self->c, PGNL_A_GROUP, names[i]);
		put_flag(self->c, PGNL_A_SELF);
		EXPECT_EQ(round ? -EOVERFLOW : 0, req_do(self->c));
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		/* Once more than there is, which the reply tells. */
		leave_times(self->c, NULL, names[i], 0, UINT32_MAX);
		EXPECT_EQ(UINT32_MAX, reply_u32(self->c, PGNL_A_REMOVED));
	}
}

TEST_F(join, wide_counts_add_up_in_groups_and_scopes)
{
	struct groups list = {};
	struct scope_info s;
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	join_times(self->c, NULL, "g", 0, UINT32_MAX);
	join_times(self->c, NULL, "g", child.pid, UINT32_MAX);
	ASSERT_EQ(0, groups(self->c, NULL, false, &list));
	ASSERT_EQ(1, list.n);
	EXPECT_EQ(2ULL * UINT32_MAX, list.at[0].local);
	ASSERT_EQ(0, scope_get(self->c, NULL, &s));
	EXPECT_EQ(2ULL * UINT32_MAX, s.members);
	child_kill(&child);
	ASSERT_EQ(0, groups(self->c, NULL, false, &list));
	ASSERT_EQ(1, list.n);
	EXPECT_EQ(UINT32_MAX, list.at[0].local);
	groups_free(&list);
}

/* --- Lists ---------------------------------------------------------------- */

TEST_F(join, every_process_joins_every_group)
{
	static const char *const names[] = { "a", "b", "c" };
	struct crowd crowd;
	int64_t ids[4];

	ASSERT_EQ(0, crowd_start(&crowd, 4));
	ASSERT_EQ(7, join_times(self->c, NULL, "b", crowd.pid[2], 7));
	req_new(self->c, PGNL_CMD_MEMBER_JOIN);
	for (int g = 0; g < 3; g++)
		put_str(self->c, PGNL_A_GROUP, names[g]);
	for (int p = 0; p < 4; p++)
		put_u32(self->c, PGNL_A_PID, crowd.pid[p]);
	ASSERT_EQ(0, req_do(self->c));
	/* One id and count per row, groups in the outer loop. */
	ASSERT_EQ(12, reply_n_ids(self->c));
	ASSERT_EQ(12, reply_n_counts(self->c));
	for (int row = 0; row < 12; row++) {
		EXPECT_EQ(row == 4 + 2 ? 8 : 1, reply_count(self->c, row));
		EXPECT_EQ(reply_id(self->c, row % 4), reply_id(self->c, row));
	}
	for (int p = 0; p < 4; p++)
		ids[p] = reply_id(self->c, p);
	for (int p = 0; p < 4; p++)
		EXPECT_EQ(ids[p], id_of(self->c, crowd.pid[p]));
	for (int g = 0; g < 3; g++)
		for (int p = 0; p < 4; p++)
			EXPECT_EQ(g == 1 && p == 2 ? 8 : 1,
				  count_of(self->c, NULL, names[g], crowd.pid[p]));
	req_new(self->c, PGNL_CMD_MEMBER_LEAVE);
	for (int g = 0; g < 3; g++)
		put_str(self->c, PGNL_A_GROUP, names[g]);
	for (int p = 0; p < 4; p++)
		put_u32(self->c, PGNL_A_PID, crowd.pid[p]);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(12, reply_u32(self->c, PGNL_A_REMOVED));
	ASSERT_EQ(12, reply_n_counts(self->c));
	for (int row = 0; row < 12; row++)
		EXPECT_EQ(row == 4 + 2 ? 7 : 0, reply_count(self->c, row));
	crowd_end(&crowd);
}

TEST_F(join, a_pid_listed_twice_joins_twice)
{
	struct child child;
	pid_t pids[3] = { getpid(), 0, getpid() };

	ASSERT_EQ(0, child_start(&child));
	pids[1] = child.pid;
	ASSERT_LE(1, join_pids(self->c, NULL, "g", pids, 3));
	EXPECT_EQ(2, count_of(self->c, NULL, "g", getpid()));
	EXPECT_EQ(1, count_of(self->c, NULL, "g", child.pid));
	EXPECT_EQ(2, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
	member_req(self->c, PGNL_CMD_MEMBER_LEAVE, NULL, "g");
	for (int i = 0; i < 3; i++)
		put_u32(self->c, PGNL_A_PID, pids[i]);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(3, reply_u32(self->c, PGNL_A_REMOVED));
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	child_exit(&child, 0);
}

TEST_F(join, pids_in_one_attribute_are_a_list_as_well)
{
	struct child child;
	uint64_t ids[4];
	pid_t pids[3];

	ASSERT_EQ(0, child_start(&child));
	pids[0] = child.pid;
	pids[1] = getpid();
	pids[2] = child.pid;
	member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	put_u32(self->c, PGNL_A_PID, getpid());
	put_bin(self->c, PGNL_A_PIDS, pids, sizeof(pids));
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(4, reply_n_ids(self->c));
	for (int i = 0; i < 4; i++)
		ids[i] = reply_id(self->c, i);
	EXPECT_EQ(id_of(self->c, 0), ids[0]);
	EXPECT_EQ(id_of(self->c, child.pid), ids[1]);
	EXPECT_EQ(ids[0], ids[2]);
	EXPECT_EQ(ids[1], ids[3]);
	EXPECT_EQ(2, count_of(self->c, NULL, "g", getpid()));
	EXPECT_EQ(2, count_of(self->c, NULL, "g", child.pid));
	member_req(self->c, PGNL_CMD_MEMBER_LEAVE, NULL, "g");
	put_bin(self->c, PGNL_A_PIDS, pids, sizeof(pids));
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(3, reply_u32(self->c, PGNL_A_REMOVED));
	EXPECT_EQ(1, count_of(self->c, NULL, "g", getpid()));
	child_exit(&child, 0);
}

/* Where in the array of pids the last error points to. */
static int blamed_element(const struct client *c)
{
	const struct nlattr *pids = attr_of(c->req, PGNL_A_PIDS);
	int from = (const char *)pids + MNL_ATTR_HDRLEN - (const char *)c->req;

	return c->offset < from ? -1 : (c->offset - from) / (int)sizeof(uint32_t);
}

TEST_F(join, one_dead_pid_in_an_array_is_pointed_at)
{
	static const size_t at[] = { 0, 255, 256, 4095 };
	static uint32_t pids[PGNL_ROWS_MAX + 1];
	pid_t dead = dead_pid();

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = getpid();
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		for (int none = 0; none <= 1; none++) {
			pids[at[i]] = none ? 0 : dead;
			member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
			put_bin(self->c, PGNL_A_PIDS, pids, 4 * PGNL_ROWS_MAX);
			EXPECT_EQ(-ESRCH, req_do(self->c));
			EXPECT_STRNE("", self->c->text);
			EXPECT_EQ(at[i], blamed_element(self->c));
		}
		pids[at[i]] = getpid();
	}
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_PROCESSES));
	member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	put_bin(self->c, PGNL_A_PIDS, pids, sizeof(pids));
	EXPECT_EQ(-E2BIG, req_do(self->c));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
}

TEST_F(join, a_group_listed_twice_is_joined_twice)
{
	req_new(self->c, PGNL_CMD_MEMBER_JOIN);
	put_str(self->c, PGNL_A_GROUP, "g");
	put_str(self->c, PGNL_A_GROUP, "h");
	put_str(self->c, PGNL_A_GROUP, "g");
	put_flag(self->c, PGNL_A_SELF);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(3, reply_n_counts(self->c));
	EXPECT_EQ(2, count_of(self->c, NULL, "g", getpid()));
	EXPECT_EQ(1, count_of(self->c, NULL, "h", getpid()));
	EXPECT_EQ(2, stat_get(self->c, PGNL_A_STAT_GROUPS));
}

TEST_F(join, surplus_listings_in_a_leave_are_ignored)
{
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	member_req(self->c, PGNL_CMD_MEMBER_LEAVE, NULL, "g");
	for (int i = 0; i < 3; i++)
		put_u32(self->c, PGNL_A_PID, getpid());
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(1, reply_u32(self->c, PGNL_A_REMOVED));
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
}

TEST_F(join, one_dead_pid_refuses_the_whole_list)
{
	pid_t pids[3] = { getpid(), dead_pid(), getpid() };
	uint64_t joins;

	EXPECT_EQ(-ESRCH, join_pids(self->c, NULL, "g", pids, 3));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_A_PID, blamed(self->c));
	EXPECT_EQ(1, blamed_index(self->c));
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	EXPECT_EQ(0, id_of(self->c, 0));
	/* A group that was there before stays as it was. */
	ASSERT_EQ(5, join_times(self->c, NULL, "g", 0, 5));
	joins = stat_get(self->c, PGNL_A_STAT_JOINS);
	EXPECT_EQ(-ESRCH, join_pids(self->c, NULL, "g", pids, 2));
	EXPECT_EQ(5, count_of(self->c, NULL, "g", getpid()));
	EXPECT_EQ(joins, stat_get(self->c, PGNL_A_STAT_JOINS));
}

TEST_F(join, a_zombie_is_dead)
{
	struct child child;
	siginfo_t info;

	ASSERT_EQ(0, child_start(&child));
	child_tell(&child, 0);
	ASSERT_EQ(0, waitid(P_PID, child.pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, join(self->c, NULL, "g", child.pid));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_A_PID, blamed(self->c));
	EXPECT_LE(1, stat_get(self->c, PGNL_A_STAT_LATE_JOINS));
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	waitpid(child.pid, NULL, 0);
}

TEST_F(join, one_missing_group_of_pg2_refuses_the_whole_list)
{
	ASSERT_EQ(0, group_new(self->c, "pg2", "here"));
	req_new(self->c, PGNL_CMD_MEMBER_JOIN);
	put_str(self->c, PGNL_A_SCOPE, "pg2");
	put_str(self->c, PGNL_A_GROUP, "here");
	put_str(self->c, PGNL_A_GROUP, "missing");
	put_flag(self->c, PGNL_A_SELF);
	EXPECT_EQ(-ENOENT, req_do(self->c));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	EXPECT_EQ(1, blamed_index(self->c));
	EXPECT_EQ(0, count_of(self->c, "pg2", "here", getpid()));
}

TEST_F(join, required_group_refuses_a_missing_one)
{
	member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	put_flag(self->c, PGNL_A_SELF);
	put_flag(self->c, PGNL_A_REQUIRED_GROUP);
	EXPECT_EQ(-ENOENT, req_do(self->c));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	put_flag(self->c, PGNL_A_SELF);
	put_flag(self->c, PGNL_A_REQUIRED_GROUP);
	EXPECT_EQ(0, req_do(self->c));
	EXPECT_EQ(2, count_of(self->c, NULL, "g", getpid()));
}

TEST_F(join, nobody_makes_no_phantom_group)
{
	member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_GROUPS));
}

/* A request that names the test process n times, and victim at position at. */
static int join_self_n(struct client *c, size_t n, size_t at, pid_t victim)
{
	member_req(c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	for (size_t i = 0; i < n; i++)
		put_u32(c, PGNL_A_PID, i == at ? victim : getpid());
	return req_do(c);
}

TEST_F(join, a_request_touches_at_most_4096_rows)
{
	ASSERT_EQ(0, join_self_n(self->c, PGNL_ROWS_MAX, 0, getpid()));
	EXPECT_EQ(PGNL_ROWS_MAX, reply_n_ids(self->c));
	EXPECT_EQ(PGNL_ROWS_MAX, reply_n_counts(self->c));
	EXPECT_EQ(-E2BIG, join_self_n(self->c, PGNL_ROWS_MAX + 1, 0, getpid()));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_ROWS_MAX, count_of(self->c, NULL, "g", getpid()));
}

TEST_F(join, rows_are_groups_times_processes)
{
	char name[16];

	for (int extra = 0; extra <= 1; extra++) {
		req_new(self->c, PGNL_CMD_MEMBER_JOIN);
		for (int g = 0; g < 64; g++) {
			snprintf(name, sizeof(name), "g%d", g);
			put_str(self->c, PGNL_A_GROUP, name);
		}
		for (int p = 0; p < 64 + extra; p++)
			put_u32(self->c, PGNL_A_PID, getpid());
		EXPECT_EQ(extra ? -E2BIG : 0, req_do(self->c));
	}
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(64, count_of(self->c, NULL, "g63", getpid()));
	req_new(self->c, PGNL_CMD_MEMBER_LEAVE);
	for (int g = 0; g < 4097; g++)
		put_str(self->c, PGNL_A_GROUP, "g0");
	put_flag(self->c, PGNL_A_SELF);
	EXPECT_EQ(-E2BIG, req_do(self->c));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(64, count_of(self->c, NULL, "g0", getpid()));
}

TEST_F(join, one_dead_pid_of_4096_is_pointed_at)
{
	static const size_t at[] = { 0, 255, 256, 2000, 4095 };
	pid_t dead = dead_pid();

	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		EXPECT_EQ(-ESRCH, join_self_n(self->c, PGNL_ROWS_MAX, at[i], dead));
		EXPECT_STRNE("", self->c->text);
		EXPECT_EQ(PGNL_A_PID, blamed(self->c));
		EXPECT_EQ(at[i], blamed_index(self->c));
		EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	}
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_JOINS));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_PROCESSES));
}

TEST_F(join, four_thousand_processes_join_in_one_request)
{
	struct members list = {};
	struct crowd crowd;
	pid_t victim;

	raise_limits(self->c);
	if (crowd_start(&crowd, PGNL_ROWS_MAX))
		SKIP(return, "no room for %d processes", PGNL_ROWS_MAX);
	ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	EXPECT_EQ(PGNL_ROWS_MAX, reply_n_ids(self->c));
	ASSERT_EQ(0, members_dump(self->c, NULL, "g", &list));
	EXPECT_EQ(PGNL_ROWS_MAX, list.n);
	victim = crowd.pid[3000];
	crowd_kill(&crowd, 3000);
	crowd.pid[3000] = victim;
	EXPECT_EQ(-ESRCH, join_pids(self->c, NULL, "h", crowd.pid, crowd.n));
	EXPECT_EQ(3000, blamed_index(self->c));
	crowd.pid[3000] = 0;
	EXPECT_EQ(0, group_exists(self->c, NULL, "h"));
	EXPECT_STREQ("", verify(self->c));
	crowd_end(&crowd);
	ASSERT_EQ(0, members_dump(self->c, NULL, NULL, &list));
	EXPECT_EQ(0, list.n);
	members_free(&list);
}

/* --- Targets -------------------------------------------------------------- */

TEST_F(join, self_pid_and_id_name_the_same_process)
{
	uint64_t id;

	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	id = reply_id(self->c, 0);
	ASSERT_NE(0, id);
	ASSERT_EQ(2, join(self->c, NULL, "g", getpid()));
	EXPECT_EQ(id, reply_id(self->c, 0));
	EXPECT_EQ(id, id_of(self->c, 0));
	EXPECT_EQ(id, id_of(self->c, getpid()));
	ASSERT_EQ(1, leave_id(self->c, NULL, "g", id));
	EXPECT_EQ(1, reply_count(self->c, 0));
	req_new(self->c, PGNL_CMD_PROCESS_GET);
	put_u64(self->c, PGNL_A_ID, id);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(getpid(), reply_u32(self->c, PGNL_A_PID));
	EXPECT_EQ(id, reply_u64(self->c, PGNL_A_ID));
}

TEST_F(join, several_ids_leave_in_one_request)
{
	struct crowd crowd;
	uint64_t ids[3];

	ASSERT_EQ(0, crowd_start(&crowd, 3));
	ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, 3));
	for (int i = 0; i < 3; i++)
		ids[i] = reply_id(self->c, i);
	member_req(self->c, PGNL_CMD_MEMBER_LEAVE, NULL, "g");
	put_u64(self->c, PGNL_A_ID, ids[0]);
	put_u64(self->c, PGNL_A_ID, ids[2]);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(2, reply_u32(self->c, PGNL_A_REMOVED));
	EXPECT_EQ(0, count_of(self->c, NULL, "g", crowd.pid[0]));
	EXPECT_EQ(1, count_of(self->c, NULL, "g", crowd.pid[1]));
	EXPECT_EQ(0, count_of(self->c, NULL, "g", crowd.pid[2]));
	crowd_end(&crowd);
}

TEST_F(join, an_id_that_nobody_has_leaves_nothing)
{
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	EXPECT_EQ(0, leave_id(self->c, NULL, "g", 1));
	EXPECT_EQ(0, leave_id(self->c, NULL, "g", UINT64_MAX));
	EXPECT_EQ(1, count_of(self->c, NULL, "g", getpid()));
}

TEST_F(join, a_process_has_one_id_in_all_groups_and_scopes)
{
	uint64_t id;

	ASSERT_EQ(1, join(self->c, "pg", "a", 0));
	id = reply_id(self->c, 0);
	ASSERT_EQ(1, join(self->c, "pg", "b", 0));
	EXPECT_EQ(id, reply_id(self->c, 0));
	ASSERT_EQ(1, join(self->c, "global", "a", 0));
	EXPECT_EQ(id, reply_id(self->c, 0));
}

static void *tell_tid(void *arg)
{
	int *fds = arg;
	pid_t tid = syscall(SYS_gettid);
	char byte;

	if (write(fds[1], &tid, sizeof(tid)) != sizeof(tid) || read(fds[2], &byte, 1) < 0)
		abort();
	return NULL;
}

TEST_F(join, a_thread_is_refused)
{
	pthread_t thread;
	int fds[4];
	pid_t tid;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pipe(fds + 2));
	ASSERT_EQ(0, pthread_create(&thread, NULL, tell_tid, fds));
	ASSERT_EQ(sizeof(tid), read(fds[0], &tid, sizeof(tid)));
	EXPECT_EQ(-EINVAL, join(self->c, NULL, "g", tid));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_A_PID, blamed(self->c));
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	/* Nor is it asked about. */
	EXPECT_EQ(-EINVAL, process_do(self->c, 0, tid));
	EXPECT_STREQ("that is a thread, not a process", self->c->text);
	EXPECT_EQ(PGNL_A_PID, blamed(self->c));
	EXPECT_EQ(-EINVAL, process_dump(self->c, 0, tid));
	ASSERT_EQ(1, write(fds[3], "", 1));
	pthread_join(thread, NULL);
}

struct self_join {
	struct client *c;
	int count;
};

static void *join_self(void *arg)
{
	struct self_join *call = arg;

	call->count = join(call->c, NULL, "g", 0);
	return NULL;
}

TEST_F(join, self_of_a_thread_is_its_process)
{
	struct self_join call = { .c = self->c };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, join_self, &call));
	pthread_join(thread, NULL);
	EXPECT_EQ(1, call.count);
	EXPECT_EQ(1, count_of(self->c, NULL, "g", getpid()));
}

TEST_F(join, pids_that_cannot_exist_are_no_processes)
{
	static const uint32_t pids[] = { 4194304, INT32_MAX, (uint32_t)INT32_MAX + 1, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		EXPECT_EQ(-ESRCH, join(self->c, NULL, "g", pids[i])) TH_LOG("%u", pids[i]);
		EXPECT_STRNE("", self->c->text);
		EXPECT_EQ(PGNL_A_PID, blamed(self->c));
	}
}

/* --- Groups of a process -------------------------------------------------- */

TEST_F(join, the_groups_of_a_process_are_told)
{
	struct members list = {};

	ASSERT_EQ(0, process_groups(self->c, 0, &list));
	EXPECT_EQ(0, list.n);
	EXPECT_EQ(0, id_of(self->c, 0));
	ASSERT_EQ(1, join(self->c, "pg", "a", 0));
	ASSERT_EQ(0, group_new(self->c, "pg2", "b"));
	ASSERT_EQ(3, join_times(self->c, "pg2", "b", 0, 3));
	ASSERT_EQ(0, process_groups(self->c, 0, &list));
	ASSERT_EQ(2, list.n);
	for (size_t i = 0; i < 2; i++) {
		bool a = !strcmp(list.at[i].group, "a");

		EXPECT_STREQ(a ? "a" : "b", list.at[i].group);
		EXPECT_STREQ(a ? "pg" : "pg2", list.at[i].scope);
		EXPECT_EQ(a ? 1 : 3, list.at[i].row.count);
		EXPECT_EQ(getpid(), list.at[i].row.pid);
	}
	members_free(&list);
}

TEST_F(join, the_groups_of_a_dead_process_are_no_question)
{
	struct members list = {};
	struct child child;
	uint64_t id;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(1, join(self->c, NULL, "g", child.pid));
	id = reply_id(self->c, 0);
	child_kill(&child);
	EXPECT_EQ(-ESRCH, id_of(self->c, child.pid));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_A_PID, blamed(self->c));
	EXPECT_EQ(-ESRCH, process_groups(self->c, child.pid, &list));
	req_new(self->c, PGNL_CMD_PROCESS_GET);
	put_u64(self->c, PGNL_A_ID, id);
	EXPECT_EQ(-ESRCH, req_do(self->c));
	EXPECT_EQ(PGNL_A_ID, blamed(self->c));
	EXPECT_EQ(0, leave_id(self->c, NULL, "g", id));
}

/* --- What a membership carries -------------------------------------------- */

static int join_with(struct client *c, uint32_t weight, const void *meta, size_t len)
{
	member_req(c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	put_flag(c, PGNL_A_SELF);
	if (weight)
		put_u32(c, PGNL_A_WEIGHT, weight);
	if (meta)
		put_bin(c, PGNL_A_META, meta, len);
	return req_do(c);
}

/* "weight:meta" of the test process in g. */
static const char *carried(struct client *c)
{
	static char text[300];
	struct members list = {};

	snprintf(text, sizeof(text), "not a member");
	members(c, NULL, "g", &list);
	if (list.n == 1 && list.at[0].meta)
		snprintf(text, sizeof(text), "%u:%.*s", list.at[0].row.weight,
			 (int)list.at[0].meta_len, (const char *)list.at[0].meta);
	else if (list.n == 1)
		snprintf(text, sizeof(text), "%u", list.at[0].row.weight);
	members_free(&list);
	return text;
}

TEST_F(join, weight_and_metadata_are_set_kept_and_removed)
{
	ASSERT_EQ(0, join_with(self->c, 0, NULL, 0));
	EXPECT_STREQ("1", carried(self->c));
	ASSERT_EQ(0, join_with(self->c, 7, NULL, 0));
	EXPECT_STREQ("7", carried(self->c));
	ASSERT_EQ(0, join_with(self->c, 0, "unix:/a", 7));
	EXPECT_STREQ("7:unix:/a", carried(self->c));
	ASSERT_EQ(0, join_with(self->c, 0, NULL, 0));
	EXPECT_STREQ("7:unix:/a", carried(self->c));
	ASSERT_EQ(0, join_with(self->c, PGNL_WEIGHT_MAX, "longer than before", 18));
	EXPECT_STREQ("1000:longer than before", carried(self->c));
	ASSERT_EQ(0, join_with(self->c, 1, "b", 1));
	EXPECT_STREQ("1:b", carried(self->c));
	ASSERT_EQ(0, join_with(self->c, 0, "", 0));
	EXPECT_STREQ("1", carried(self->c));
	/* The first join of a new membership starts anew. */
	ASSERT_EQ(0, join_with(self->c, 9, "old", 3));
	ASSERT_EQ(8, leave_all(self->c, NULL, "g", 0));
	ASSERT_EQ(0, join_with(self->c, 0, NULL, 0));
	EXPECT_STREQ("1", carried(self->c));
}

/* A listing that is half read keeps the row of the one before. */
TEST_F(join, a_membership_starts_anew_under_a_listing)
{
	struct client *reader = client_open();
	struct members list = {};

	ASSERT_NE(NULL, reader);
	/* More than any part of a listing has room for. */
	groups_req(self->c, PGNL_CMD_MEMBER_JOIN, 1000);
	put_bin(self->c, PGNL_A_META, "old", 3);
	put_u32(self->c, PGNL_A_WEIGHT, 9);
	ASSERT_EQ(0, req_do(self->c));
	process_req(reader, 0, getpid());
	ASSERT_EQ(0, dump_begin(reader));
	groups_req(self->c, PGNL_CMD_MEMBER_LEAVE, 1000);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(0, process_dump(self->c, 0, getpid()));
	EXPECT_EQ(1, usage_get(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS));
	groups_req(self->c, PGNL_CMD_MEMBER_JOIN, 1000);
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(0, process_groups(self->c, 0, &list));
	EXPECT_EQ(1000, list.n);
	for (size_t i = 0; i < list.n; i++) {
		EXPECT_EQ(NULL, list.at[i].meta);
		EXPECT_EQ(1, list.at[i].row.weight);
	}
	groups_req(self->c, PGNL_CMD_MEMBER_LEAVE, 1000);
	ASSERT_EQ(0, req_do(self->c));
	client_close(reader);
	EXPECT_TRUE(WAIT_UNTIL(!usage_get(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS)));
	members_free(&list);
}

TEST_F(join, a_leave_keeps_weight_and_metadata)
{
	ASSERT_EQ(0, join_with(self->c, 5, "m", 1));
	ASSERT_EQ(0, join_with(self->c, 0, NULL, 0));
	ASSERT_EQ(1, leave(self->c, NULL, "g", 0));
	EXPECT_STREQ("5:m", carried(self->c));
}

TEST_F(join, metadata_may_hold_any_bytes)
{
	struct members list = {};
	unsigned char bytes[PGNL_META_MAX];

	for (int i = 0; i < PGNL_META_MAX; i++)
		bytes[i] = i;
	ASSERT_EQ(0, join_with(self->c, 0, bytes, sizeof(bytes)));
	ASSERT_EQ(0, members_dump(self->c, NULL, "g", &list));
	ASSERT_EQ(1, list.n);
	ASSERT_EQ(PGNL_META_MAX, list.at[0].meta_len);
	EXPECT_EQ(0, memcmp(bytes, list.at[0].meta, PGNL_META_MAX));
	members_free(&list);
}

TEST_F(join, a_refused_join_changes_no_metadata)
{
	ASSERT_EQ(0, join_with(self->c, 5, "old", 3));
	member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	put_u32(self->c, PGNL_A_PID, getpid());
	put_u32(self->c, PGNL_A_PID, dead_pid());
	put_u32(self->c, PGNL_A_WEIGHT, 6);
	put_bin(self->c, PGNL_A_META, "new", 3);
	EXPECT_EQ(-ESRCH, req_do(self->c));
	EXPECT_STREQ("5:old", carried(self->c));
	join_times(self->c, NULL, "g", 0, UINT32_MAX - 1);
	member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	put_flag(self->c, PGNL_A_SELF);
	put_bin(self->c, PGNL_A_META, "new", 3);
	EXPECT_EQ(-EOVERFLOW, req_do(self->c));
	EXPECT_STREQ("5:old", carried(self->c));
}

TEST_F(join, a_row_tells_uid_state_and_nothing_else)
{
	struct members list = {};

	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	ASSERT_EQ(0, members(self->c, NULL, "g", &list));
	ASSERT_EQ(1, list.n);
	EXPECT_EQ(getuid(), list.at[0].row.uid);
	EXPECT_EQ(PGNL_STATE_UP, list.at[0].row.state);
	EXPECT_EQ(0, list.at[0].row.pad);
	members_free(&list);
}

TEST_F(join, the_uid_is_the_real_one_as_of_the_first_join)
{
	struct members list = {};

	ASSERT_EQ(0, setresuid(1000, 0, 0));
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	ASSERT_EQ(0, setresuid(2000, 0, 0));
	ASSERT_EQ(2, join(self->c, NULL, "g", 0));
	ASSERT_EQ(0, members(self->c, NULL, "g", &list));
	ASSERT_EQ(1, list.n);
	EXPECT_EQ(1000, list.at[0].row.uid);
	members_free(&list);
	ASSERT_EQ(0, setresuid(0, 0, 0));
}

/* --- Ids ------------------------------------------------------------------ */

TEST_F(join, who_left_everything_comes_back_with_a_larger_id)
{
	uint64_t last = 0;

	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(1, join(self->c, NULL, "g", 0));
		ASSERT_LT(last, reply_id(self->c, 0));
		last = reply_id(self->c, 0);
		ASSERT_EQ(1, leave(self->c, NULL, "g", 0));
	}
}

static int id_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

TEST_F(join, ids_of_thousands_of_processes_are_all_different)
{
	enum { ROUNDS = 10, CROWD = 400, N = ROUNDS * CROWD };
	uint64_t *ids = calloc(N, sizeof(*ids));
	struct crowd crowd;

	for (int r = 0; r < ROUNDS; r++) {
		ASSERT_EQ(0, crowd_start(&crowd, CROWD));
		ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, CROWD));
		ASSERT_EQ(CROWD, reply_n_ids(self->c));
		for (int i = 0; i < CROWD; i++)
			ids[r * CROWD + i] = reply_id(self->c, i);
		crowd_end(&crowd);
	}
	qsort(ids, N, sizeof(*ids), id_order);
	EXPECT_NE(0, ids[0]);
	for (int i = 1; i < N; i++)
		ASSERT_NE(ids[i - 1], ids[i]);
	free(ids);
}

/* --- Atomicity ------------------------------------------------------------ */

#define BATCH	300
#define GROUPS	20
#define JOINS	40		/* of the whole batch to each group */

struct shared {
	int group;		/* the one to look at */
	bool stop;
};

/* See each group with nobody or with all, and all with the same count. */
static int see_whole_batches(void *arg)
{
	struct shared *shared = arg;
	struct client *c = client_open();
	struct members list = {};
	char name[16];

	CHECK(c);
	while (!__atomic_load_n(&shared->stop, __ATOMIC_SEQ_CST)) {
		snprintf(name, sizeof(name), "b%d",
			 __atomic_load_n(&shared->group, __ATOMIC_SEQ_CST));
		CHECK_EQ(0, members(c, NULL, name, &list));
		CHECK(!list.more);
		CHECK_EQ(list.no_group ? 0 : BATCH, list.n);
		for (size_t i = 1; i < list.n; i++)
			CHECK_EQ(list.at[0].row.count, list.at[i].row.count);
	}
	return 0;
}

TEST_F(join, a_reader_never_sees_a_part_of_a_batch)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t reader, reverse[BATCH];
	struct crowd crowd;
	char name[16];
	int status;

	ASSERT_NE(MAP_FAILED, shared);
	raise_limits(self->c);
	ASSERT_EQ(0, crowd_start(&crowd, BATCH));
	/* Writer and reader meet in the middle when they go opposite ways. */
	for (int i = 0; i < BATCH; i++)
		reverse[i] = crowd.pid[BATCH - 1 - i];
	reader = fork();
	ASSERT_LE(0, reader);
	if (!reader)
		_exit(see_whole_batches(shared));
	for (int group = 0; group <= (GROUPS - 1) * rounds_factor(); group++) {
		__atomic_store_n(&shared->group, group, __ATOMIC_SEQ_CST);
		snprintf(name, sizeof(name), "b%d", group);
		ASSERT_EQ(1, join_pids(self->c, NULL, name, crowd.pid, BATCH));
		for (int i = 2; i <= JOINS; i++)
			ASSERT_EQ(i, join_pids(self->c, NULL, name, reverse, BATCH));
	}
	__atomic_store_n(&shared->stop, true, __ATOMIC_SEQ_CST);
	ASSERT_EQ(reader, waitpid(reader, &status, 0));
	EXPECT_EQ(0, status);
	crowd_end(&crowd);
}

/* --- Size ----------------------------------------------------------------- */

TEST_F(join, a_hundred_thousand_memberships_come_and_go)
{
	enum { PROCESSES = 100, TO_JOIN = 1000, AT_ONCE = 40 };
	struct members list = {};
	struct groups glist = {};
	struct crowd crowd;
	char name[16];

	raise_limits(self->c);
	ASSERT_EQ(0, crowd_start(&crowd, PROCESSES));
	for (int g = 0; g < TO_JOIN; g += AT_ONCE) {
		req_new(self->c, PGNL_CMD_MEMBER_JOIN);
		for (int i = g; i < g + AT_ONCE; i++) {
			snprintf(name, sizeof(name), "g%d", i);
			put_str(self->c, PGNL_A_GROUP, name);
		}
		for (int p = 0; p < PROCESSES; p++)
			put_u32(self->c, PGNL_A_PID, crowd.pid[p]);
		ASSERT_EQ(0, req_do(self->c)) TH_LOG("%s", self->c->text);
	}
	EXPECT_EQ(PROCESSES * TO_JOIN, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
	EXPECT_EQ(PROCESSES, stat_get(self->c, PGNL_A_STAT_PROCESSES));
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, members_dump(self->c, NULL, NULL, &list));
	EXPECT_EQ(PROCESSES * TO_JOIN, list.n);
	ASSERT_EQ(0, process_groups(self->c, crowd.pid[50], &list));
	EXPECT_EQ(TO_JOIN, list.n);
	ASSERT_EQ(0, groups(self->c, NULL, false, &glist));
	EXPECT_EQ(TO_JOIN, glist.n);
	for (size_t i = 0; i < glist.n; i++)
		EXPECT_EQ(PROCESSES, glist.at[i].local);
	crowd_kill(&crowd, 0);
	ASSERT_EQ(0, members_dump(self->c, NULL, NULL, &list));
	EXPECT_EQ((PROCESSES - 1) * TO_JOIN, list.n);
	crowd_end(&crowd);
	ASSERT_EQ(0, members_dump(self->c, NULL, NULL, &list));
	EXPECT_EQ(0, list.n);
	ASSERT_EQ(0, groups(self->c, NULL, false, &glist));
	EXPECT_EQ(0, glist.n);
	EXPECT_STREQ("", verify(self->c));
	EXPECT_TRUE(WAIT_UNTIL(!stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS)));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_GROUPS));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_PROCESSES));
	EXPECT_EQ(PROCESSES * TO_JOIN, stat_get(self->c, PGNL_A_STAT_EXITS));
	members_free(&list);
	groups_free(&glist);
}

TEST_HARNESS_MAIN
