// SPDX-License-Identifier: GPL-2.0-or-later
/* Picking one member: each policy, filters, and that the dead are never picked. */
#include "kselftest_harness.h"
#include <stdlib.h>

#include "common.h"

NETNS_FIXTURE(pick);

static const uint32_t policies[] = { PGNL_POLICY_CLOSEST, PGNL_POLICY_RANDOM,
	PGNL_POLICY_ROUND_ROBIN, PGNL_POLICY_KEY };

/* By any policy; the key, where one is needed, is "k". */
static int pick_by(struct client *c, const char *scope, const char *group, uint32_t policy,
		   struct pgnl_row *row)
{
	if (policy == PGNL_POLICY_KEY)
		return pick_key(c, scope, group, "k", 1, row);
	return pick(c, scope, group, policy, row);
}

static int index_of(const struct crowd *crowd, uint32_t pid)
{
	for (size_t i = 0; i < crowd->n; i++)
		if (crowd->pid[i] == (pid_t)pid)
			return i;
	return -1;
}

TEST_F(pick, a_missing_group_is_told_from_an_empty_one)
{
	struct pgnl_row row;

	ASSERT_EQ(0, group_new(self->c, "pg2", "empty"));
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		EXPECT_EQ(-ENOENT, pick_by(self->c, "pg", "missing", policies[i], &row));
		EXPECT_STRNE("", self->c->text);
		EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
		EXPECT_EQ(-ENOENT, pick_by(self->c, "pg2", "missing", policies[i], &row));
		EXPECT_EQ(-ENODATA, pick_by(self->c, "pg2", "empty", policies[i], &row));
		EXPECT_STRNE("", self->c->text);
	}
}

TEST_F(pick, the_single_member_is_picked_by_every_policy)
{
	struct pgnl_row row;

	ASSERT_EQ(2, join_times(self->c, NULL, "g", 0, 2));
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		memset(&row, 0, sizeof(row));
		ASSERT_EQ(0, pick_by(self->c, NULL, "g", policies[i], &row));
		EXPECT_EQ(getpid(), row.pid);
		EXPECT_EQ(2, row.count);
		EXPECT_EQ(id_of(self->c, 0), row.id);
	}
}

TEST_F(pick, metadata_comes_with_the_member)
{
	struct members list = {};

	member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	put_flag(self->c, PGNL_A_SELF);
	put_bin(self->c, PGNL_A_META, "unix:/s", 7);
	ASSERT_EQ(0, req_do(self->c));
	member_req(self->c, PGNL_CMD_MEMBER_PICK, NULL, "g");
	put_u32(self->c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	ASSERT_EQ(0, req_do(self->c));
	members_of_reply(self->c, &list);
	ASSERT_EQ(1, list.n);
	ASSERT_EQ(7, list.at[0].meta_len);
	EXPECT_EQ(0, memcmp("unix:/s", list.at[0].meta, 7));
	members_free(&list);
}

/* 20 members, 200 picks each on average: a share is binomial with a standard
 * deviation of about 14, so that 100 to 300 is seven of them on each side.
 */
static void shares(struct __test_metadata *_metadata, struct client *c, uint32_t policy)
{
	enum { MEMBERS = 20, PICKS = 200 * MEMBERS };
	int share[MEMBERS] = {};
	struct pgnl_row row;
	struct crowd crowd;

	ASSERT_EQ(0, crowd_start(&crowd, MEMBERS));
	ASSERT_EQ(1, join_pids(c, NULL, "g", crowd.pid, crowd.n));
	for (int i = 0; i < PICKS; i++) {
		int k;

		ASSERT_EQ(0, pick(c, NULL, "g", policy, &row));
		k = index_of(&crowd, row.pid);
		ASSERT_LE(0, k);
		share[k]++;
	}
	for (int k = 0; k < MEMBERS; k++) {
		EXPECT_LT(100, share[k]);
		EXPECT_GT(300, share[k]);
	}
	crowd_end(&crowd);
}

TEST_F(pick, random_gives_each_member_a_fair_share)
{
	shares(_metadata, self->c, PGNL_POLICY_RANDOM);
}

TEST_F(pick, closest_gives_each_member_of_this_node_a_fair_share)
{
	shares(_metadata, self->c, PGNL_POLICY_CLOSEST);
}

TEST_F(pick, random_stays_fair_after_members_left_from_the_middle)
{
	enum { MEMBERS = 40, KEPT = MEMBERS / 4 };
	int share[MEMBERS] = {};
	struct pgnl_row row;
	struct crowd crowd;

	ASSERT_EQ(0, crowd_start(&crowd, MEMBERS));
	ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	for (int k = 0; k < MEMBERS; k++)
		if (k % 4 == 1)
			crowd_kill(&crowd, k);
		else if (k % 4)
			ASSERT_EQ(1, leave(self->c, NULL, "g", crowd.pid[k]));
	for (int i = 0; i < 200 * KEPT; i++) {
		ASSERT_EQ(0, pick(self->c, NULL, "g", PGNL_POLICY_RANDOM, &row));
		ASSERT_LE(0, index_of(&crowd, row.pid));
		share[index_of(&crowd, row.pid)]++;
	}
	for (int k = 0; k < MEMBERS; k++) {
		EXPECT_LE(k % 4 ? 0 : 100, share[k]);
		EXPECT_GE(k % 4 ? 0 : 300, share[k]);
	}
	crowd_end(&crowd);
}

TEST_F(pick, round_robin_takes_strict_turns)
{
	enum { MEMBERS = 7, ROUNDS = 5 };
	uint32_t order[MEMBERS] = {};
	struct pgnl_row row;
	struct crowd crowd;

	ASSERT_EQ(0, crowd_start(&crowd, MEMBERS));
	ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	ASSERT_EQ(1, join_pids(self->c, NULL, "other", crowd.pid, crowd.n));
	for (int round = 0; round < ROUNDS; round++) {
		for (int k = 0; k < MEMBERS; k++) {
			ASSERT_EQ(0, pick(self->c, NULL, "g", PGNL_POLICY_ROUND_ROBIN, &row));
			if (!round) {
				for (int j = 0; j < k; j++)
					EXPECT_NE(order[j], row.pid);
				order[k] = row.pid;
			}
			EXPECT_EQ(order[k], row.pid);
			/* Another group and other policies have no part in it. */
			ASSERT_EQ(0, pick(self->c, NULL, "other", PGNL_POLICY_ROUND_ROBIN, &row));
			ASSERT_EQ(0, pick(self->c, NULL, "g", PGNL_POLICY_RANDOM, &row));
		}
	}
	crowd_end(&crowd);
}

TEST_F(pick, round_robin_reaches_everybody_while_members_come_and_go)
{
	enum { MEMBERS = 9 };
	struct pgnl_row row;
	struct crowd crowd;
	int seen[MEMBERS];

	ASSERT_EQ(0, crowd_start(&crowd, MEMBERS));
	for (int n = 1; n <= MEMBERS; n++) {
		ASSERT_EQ(1, join(self->c, NULL, "g", crowd.pid[n - 1]));
		memset(seen, 0, sizeof(seen));
		for (int i = 0; i < n; i++) {
			ASSERT_EQ(0, pick(self->c, NULL, "g", PGNL_POLICY_ROUND_ROBIN, &row));
			seen[index_of(&crowd, row.pid)]++;
		}
		for (int k = 0; k < n; k++)
			EXPECT_EQ(1, seen[k]);
	}
	for (int n = MEMBERS - 1; n > 0; n--) {
		crowd_kill(&crowd, n);
		memset(seen, 0, sizeof(seen));
		for (int i = 0; i < 2 * n; i++) {
			ASSERT_EQ(0, pick(self->c, NULL, "g", PGNL_POLICY_ROUND_ROBIN, &row));
			ASSERT_LE(0, index_of(&crowd, row.pid));
			seen[index_of(&crowd, row.pid)]++;
		}
		for (int k = 0; k < n; k++)
			EXPECT_LE(1, seen[k]);
	}
	crowd_end(&crowd);
}

/* --- By key --------------------------------------------------------------- */

#define MEMBERS	10
#define KEYS	1000

/* Which member each of the keys k0 to k999 picks, as an index of the crowd. */
static int map_keys(struct client *c, const struct crowd *crowd, int map[KEYS])
{
	struct pgnl_row row;
	char key[16];

	for (int i = 0; i < KEYS; i++) {
		int len = snprintf(key, sizeof(key), "k%d", i);
		int err = pick_key(c, NULL, "g", key, len, &row);

		if (err)
			return err;
		map[i] = index_of(crowd, row.pid);
	}
	return 0;
}

TEST_F(pick, a_key_keeps_its_member)
{
	struct crowd crowd;
	int a[KEYS], b[KEYS];

	ASSERT_EQ(0, crowd_start(&crowd, MEMBERS));
	ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	ASSERT_EQ(0, map_keys(self->c, &crowd, a));
	/* Neither time nor other joins of the same members move a key. */
	ASSERT_EQ(2, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	ASSERT_EQ(1, join_pids(self->c, NULL, "h", crowd.pid, crowd.n));
	ASSERT_EQ(0, map_keys(self->c, &crowd, b));
	EXPECT_EQ(0, memcmp(a, b, sizeof(a)));
	crowd_end(&crowd);
}

TEST_F(pick, keys_spread_over_all_members)
{
	int map[KEYS], share[MEMBERS] = {};
	struct crowd crowd;

	ASSERT_EQ(0, crowd_start(&crowd, MEMBERS));
	ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	ASSERT_EQ(0, map_keys(self->c, &crowd, map));
	for (int i = 0; i < KEYS; i++) {
		ASSERT_LE(0, map[i]);
		share[map[i]]++;
	}
	for (int k = 0; k < MEMBERS; k++) {
		EXPECT_LT(KEYS / MEMBERS / 3, share[k]);
		EXPECT_GT(KEYS / MEMBERS * 3, share[k]);
	}
	crowd_end(&crowd);
}

TEST_F(pick, only_keys_of_a_leaver_or_for_a_newcomer_move)
{
	int before[KEYS], after[KEYS], moved = 0;
	struct crowd crowd;

	ASSERT_EQ(0, crowd_start(&crowd, MEMBERS + 1));
	ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, MEMBERS));
	ASSERT_EQ(0, map_keys(self->c, &crowd, before));
	ASSERT_EQ(1, leave(self->c, NULL, "g", crowd.pid[3]));
	ASSERT_EQ(0, map_keys(self->c, &crowd, after));
	for (int i = 0; i < KEYS; i++) {
		EXPECT_NE(3, after[i]);
		if (before[i] != 3)
			EXPECT_EQ(before[i], after[i]);
	}
	/* Another one dies. */
	memcpy(before, after, sizeof(after));
	crowd_kill(&crowd, 0);
	ASSERT_EQ(0, map_keys(self->c, &crowd, after));
	for (int i = 0; i < KEYS; i++) {
		ASSERT_LE(1, after[i]);
		if (before[i])
			EXPECT_EQ(before[i], after[i]);
	}
	/* One comes. */
	memcpy(before, after, sizeof(after));
	ASSERT_EQ(1, join(self->c, NULL, "g", crowd.pid[MEMBERS]));
	ASSERT_EQ(0, map_keys(self->c, &crowd, after));
	for (int i = 0; i < KEYS; i++) {
		if (after[i] == MEMBERS)
			moved++;
		else
			EXPECT_EQ(before[i], after[i]);
	}
	EXPECT_LT(0, moved);
	EXPECT_GT(KEYS / 2, moved);
	crowd_end(&crowd);
}

TEST_F(pick, keys_are_bytes)
{
	struct pgnl_row a, b;
	struct crowd crowd;
	int differ = 0;

	ASSERT_EQ(0, crowd_start(&crowd, MEMBERS));
	ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	for (int i = 0; i < 64; i++) {
		char key[4] = { 0, i, 0, 1 };

		ASSERT_EQ(0, pick_key(self->c, NULL, "g", key, 3, &a));
		ASSERT_EQ(0, pick_key(self->c, NULL, "g", key, 4, &b));
		differ += a.pid != b.pid;
	}
	EXPECT_LT(0, differ);
	crowd_end(&crowd);
}

/* --- Filters -------------------------------------------------------------- */

static int pick_uid(struct client *c, uint32_t policy, uint32_t uid, struct pgnl_row *row)
{
	struct members list = {};
	int err;

	member_req(c, PGNL_CMD_MEMBER_PICK, NULL, "g");
	put_u32(c, PGNL_A_POLICY, policy);
	put_u32(c, PGNL_A_UID, uid);
	if (policy == PGNL_POLICY_KEY)
		put_bin(c, PGNL_A_KEY, "k", 1);
	err = req_do(c);
	if (err)
		return err;
	members_of_reply(c, &list);
	*row = list.n == 1 ? list.at[0].row : (struct pgnl_row){};
	members_free(&list);
	return 0;
}

struct guest {
	int ready, done;	/* pipe ends of the guest */
};

/* Join g as another user, tell so, and stay. */
static int visit(void *arg)
{
	struct guest *guest = arg;
	struct client *c = client_open();
	char byte = 0;

	CHECK(c);
	CHECK_EQ(1, join(c, NULL, "g", 0));
	CHECK_EQ(1, write(guest->ready, &byte, 1));
	CHECK_EQ(1, read(guest->done, &byte, 1));
	return 0;
}

TEST_F(pick, of_one_uid_takes_only_members_of_that_uid)
{
	int ready[2], done[2];
	struct pgnl_row row;
	struct crowd crowd;
	struct guest guest;
	pid_t waiter;
	char byte = 0;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(done));
	guest = (struct guest){ .ready = ready[1], .done = done[0] };
	ASSERT_EQ(0, crowd_start(&crowd, 20));
	ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		EXPECT_EQ(-ENODATA, pick_uid(self->c, policies[i], 1000, &row));
	EXPECT_STRNE("", self->c->text);
	waiter = fork();
	ASSERT_LE(0, waiter);
	if (!waiter)
		_exit(as_user(1000, 1000, visit, &guest));
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		for (int k = 0; k < 20; k++) {
			ASSERT_EQ(0, pick_uid(self->c, policies[i], 1000, &row));
			EXPECT_EQ(1000, row.uid);
			EXPECT_EQ(-1, index_of(&crowd, row.pid));
			ASSERT_EQ(0, pick_uid(self->c, policies[i], 0, &row));
			EXPECT_EQ(0, row.uid);
		}
	}
	ASSERT_EQ(1, write(done[1], &byte, 1));
	waitpid(waiter, NULL, 0);
	EXPECT_EQ(-ENODATA, pick_uid(self->c, PGNL_POLICY_RANDOM, 1000, &row));
	crowd_end(&crowd);
}

/* In more rows than are looked at in one go. */
TEST_F(pick, turns_in_a_large_group_come_to_the_few_that_fit)
{
	enum { N = 300, GUESTS = 2 };
	struct pgnl_row row, before = {};
	int ready[2], done[2];
	struct crowd crowd;
	struct guest guest;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(done));
	guest = (struct guest){ .ready = ready[1], .done = done[0] };
	ASSERT_EQ(0, crowd_start(&crowd, N));
	ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	EXPECT_EQ(-ENODATA, pick_uid(self->c, PGNL_POLICY_ROUND_ROBIN, 1000, &row));
	for (int i = 0; i < GUESTS; i++) {
		pid_t waiter = fork();
		char byte;

		ASSERT_LE(0, waiter);
		if (!waiter)
			_exit(as_user(1000, 1000, visit, &guest));
		ASSERT_EQ(1, read(ready[0], &byte, 1));
	}
	for (int k = 0; k < 10; k++) {
		ASSERT_EQ(0, pick_uid(self->c, PGNL_POLICY_ROUND_ROBIN, 1000, &row));
		EXPECT_EQ(1000, row.uid);
		EXPECT_NE(before.pid, row.pid);
		before = row;
	}
	EXPECT_EQ(GUESTS, write(done[1], "..", GUESTS));
	for (int i = 0; i < GUESTS; i++)
		wait(NULL);
	crowd_end(&crowd);
}

TEST_F(pick, local_only_takes_members_of_this_node)
{
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		member_req(self->c, PGNL_CMD_MEMBER_PICK, NULL, "g");
		put_u32(self->c, PGNL_A_POLICY, policies[i]);
		put_flag(self->c, PGNL_A_LOCAL_ONLY);
		if (policies[i] == PGNL_POLICY_KEY)
			put_bin(self->c, PGNL_A_KEY, "k", 1);
		EXPECT_EQ(0, req_do(self->c));
	}
}

/* --- The dead ------------------------------------------------------------- */

TEST_F(pick, the_dead_are_never_picked)
{
	enum { N = 60 };
	struct pgnl_row row;
	struct crowd crowd;

	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	ASSERT_EQ(0, crowd_start(&crowd, N));
	ASSERT_EQ(1, join_pids(self->c, "pg2", "g", crowd.pid, N));
	for (int dead = 0; dead < N - 1; dead++) {
		crowd_kill(&crowd, dead);
		for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
			for (int k = 0; k < 5; k++) {
				ASSERT_EQ(0, pick_by(self->c, "pg2", "g", policies[i], &row));
				ASSERT_LT(dead, index_of(&crowd, row.pid));
			}
		}
	}
	crowd_kill(&crowd, N - 1);
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		EXPECT_EQ(-ENODATA, pick_by(self->c, "pg2", "g", policies[i], &row));
	crowd_end(&crowd);
}

TEST_F(pick, one_survivor_of_a_mass_death_is_found)
{
	enum { N = 300 };
	struct pgnl_row row;
	struct crowd crowd;
	pid_t survivor;

	ASSERT_EQ(0, crowd_start(&crowd, N));
	ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid, N));
	survivor = crowd.pid[N / 2];
	crowd.pid[N / 2] = 0;
	crowd_end(&crowd);
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		ASSERT_EQ(0, pick_by(self->c, NULL, "g", policies[i], &row));
		EXPECT_EQ(survivor, row.pid);
	}
	kill(survivor, SIGKILL);
	waitpid(survivor, NULL, 0);
}

TEST_HARNESS_MAIN
