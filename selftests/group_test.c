// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups: how they come and go in both modes, owners and modes, names, lists. */
#include "kselftest_harness.h"
#include <stdlib.h>

#include "common.h"

#define OWNER	1000
#define STRANGER 2000

NETNS_FIXTURE(group);

TEST_F(group, one_of_pg_appears_with_the_first_join_and_vanishes_with_the_last_leave)
{
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	EXPECT_EQ(0, group_exists(self->c, "pg", "g"));
	ASSERT_EQ(1, join(self->c, "pg", "g", 0));
	ASSERT_EQ(1, join(self->c, "pg", "g", child.pid));
	EXPECT_EQ(1, group_exists(self->c, "pg", "g"));
	ASSERT_EQ(1, leave(self->c, "pg", "g", 0));
	EXPECT_EQ(1, group_exists(self->c, "pg", "g"));
	ASSERT_EQ(1, leave(self->c, "pg", "g", child.pid));
	EXPECT_EQ(0, group_exists(self->c, "pg", "g"));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_GROUPS));
	child_exit(&child, 0);
}

TEST_F(group, one_of_pg_vanishes_with_the_exit_of_its_last_member)
{
	struct groups list = {};
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(1, join(self->c, "pg", "g", child.pid));
	child_kill(&child);
	EXPECT_EQ(0, group_exists(self->c, "pg", "g"));
	ASSERT_EQ(0, groups(self->c, "pg", false, &list));
	EXPECT_EQ(0, list.n);
	EXPECT_TRUE(WAIT_UNTIL(!stat_get(self->c, PGNL_A_STAT_GROUPS)));
}

TEST_F(group, one_of_pg_has_no_owner)
{
	struct groups list = {};

	ASSERT_EQ(1, join(self->c, "pg", "g", 0));
	ASSERT_EQ(0, groups(self->c, "pg", false, &list));
	ASSERT_EQ(1, list.n);
	EXPECT_STREQ("g", list.at[0].name);
	EXPECT_STREQ("pg", list.at[0].scope);
	EXPECT_FALSE(list.at[0].owned);
	groups_free(&list);
}

TEST_F(group, a_created_one_exists_while_empty)
{
	struct members none = {};
	struct groups list = {};

	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	EXPECT_EQ(1, group_exists(self->c, "pg2", "g"));
	ASSERT_EQ(0, groups(self->c, "pg2", false, &list));
	ASSERT_EQ(1, list.n);
	EXPECT_EQ(0, list.at[0].local);
	EXPECT_EQ(0, list.at[0].remote);
	ASSERT_EQ(0, members(self->c, "pg2", "g", &none));
	EXPECT_EQ(0, none.n);
	EXPECT_FALSE(none.no_group);
	groups_free(&list);
}

TEST_F(group, a_created_one_outlives_its_members)
{
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	ASSERT_EQ(1, join(self->c, "pg2", "g", 0));
	ASSERT_EQ(1, leave(self->c, "pg2", "g", 0));
	EXPECT_EQ(1, group_exists(self->c, "pg2", "g"));
	ASSERT_EQ(1, join(self->c, "pg2", "g", child.pid));
	child_kill(&child);
	EXPECT_EQ(1, group_exists(self->c, "pg2", "g"));
	EXPECT_TRUE(WAIT_UNTIL(!stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS)));
	EXPECT_EQ(1, group_exists(self->c, "pg2", "g"));
	EXPECT_EQ(1, join(self->c, "pg2", "g", 0));
}

TEST_F(group, a_missing_one_of_pg2_is_told_by_each_verb)
{
	struct members list = {};
	struct pgnl_row row;

	EXPECT_EQ(-ENOENT, join(self->c, "pg2", "g", 0));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	EXPECT_EQ(-ENOENT, leave(self->c, "pg2", "g", 0));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	EXPECT_EQ(-ENOENT, pick(self->c, "pg2", "g", PGNL_POLICY_CLOSEST, &row));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	EXPECT_EQ(0, members(self->c, "pg2", "g", &list));
	EXPECT_TRUE(list.no_group);
	EXPECT_EQ(0, list.n);
	EXPECT_EQ(0, members_dump(self->c, "pg2", "g", &list));
	EXPECT_EQ(0, list.n);
	EXPECT_EQ(0, group_exists(self->c, "pg2", "g"));
	EXPECT_EQ(0, group_del(self->c, "pg2", "g"));
	EXPECT_TRUE(reply_flag(self->c, PGNL_A_NO_GROUP));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_GROUPS));
}

TEST_F(group, a_missing_one_of_pg_is_an_empty_answer)
{
	struct members list = {};
	struct pgnl_row row;

	EXPECT_EQ(0, leave(self->c, "pg", "g", 0));
	EXPECT_TRUE(reply_flag(self->c, PGNL_A_NO_GROUP));
	EXPECT_EQ(0, members(self->c, "pg", "g", &list));
	EXPECT_TRUE(list.no_group);
	EXPECT_EQ(0, list.n);
	EXPECT_EQ(-ENOENT, pick(self->c, "pg", "g", PGNL_POLICY_CLOSEST, &row));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_GROUPS));
}

TEST_F(group, create_of_an_existing_one_leaves_it_as_it_is)
{
	struct groups list = {};

	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	ASSERT_EQ(1, join(self->c, "pg2", "g", 0));
	member_req(self->c, PGNL_CMD_GROUP_NEW, "pg2", "g");
	put_u32(self->c, PGNL_A_OWNER, OWNER);
	put_u32(self->c, PGNL_A_PERM, 0);
	EXPECT_EQ(0, req_do(self->c));
	EXPECT_EQ(1, count_of(self->c, "pg2", "g", getpid()));
	ASSERT_EQ(0, groups(self->c, "pg2", false, &list));
	ASSERT_EQ(1, list.n);
	EXPECT_TRUE(list.at[0].owned);
	EXPECT_EQ(0, list.at[0].owner);
	EXPECT_EQ(0775, list.at[0].perm);
	groups_free(&list);
}

TEST_F(group, create_and_delete_are_not_supported_in_mode_pg)
{
	EXPECT_EQ(-EOPNOTSUPP, group_new(self->c, "pg", "g"));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(0, group_exists(self->c, "pg", "g"));
	ASSERT_EQ(1, join(self->c, "pg", "g", 0));
	EXPECT_EQ(-EOPNOTSUPP, group_del(self->c, "pg", "g"));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(1, count_of(self->c, "pg", "g", getpid()));
}

TEST_F(group, delete_evicts_the_members)
{
	uint64_t evictions = stat_get(self->c, PGNL_A_STAT_EVICTIONS);
	struct members list = {};
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	ASSERT_EQ(0, group_new(self->c, "pg2", "other"));
	ASSERT_EQ(3, join_times(self->c, "pg2", "g", child.pid, 3));
	ASSERT_EQ(1, join(self->c, "pg2", "g", 0));
	ASSERT_EQ(1, join(self->c, "pg2", "other", 0));
	ASSERT_EQ(0, group_del(self->c, "pg2", "g"));
	EXPECT_FALSE(reply_flag(self->c, PGNL_A_NO_GROUP));
	EXPECT_EQ(evictions + 2, stat_get(self->c, PGNL_A_STAT_EVICTIONS));
	EXPECT_EQ(0, group_exists(self->c, "pg2", "g"));
	ASSERT_EQ(0, process_groups(self->c, child.pid, &list));
	EXPECT_EQ(0, list.n);
	ASSERT_EQ(0, process_groups(self->c, 0, &list));
	ASSERT_EQ(1, list.n);
	EXPECT_STREQ("other", list.at[0].group);
	EXPECT_STREQ("", verify(self->c));
	/* The group is a new one, whatever happens to old members. */
	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	child_kill(&child);
	ASSERT_EQ(0, members(self->c, "pg2", "g", &list));
	EXPECT_EQ(0, list.n);
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
	members_free(&list);
}

/* --- Owners and modes ----------------------------------------------------- */

static int new_with(struct client *c, const char *group, uint32_t owner, uint32_t gid,
		    uint32_t perm)
{
	member_req(c, PGNL_CMD_GROUP_NEW, "pg2", group);
	put_u32(c, PGNL_A_OWNER, owner);
	put_u32(c, PGNL_A_OWNER_GID, gid);
	put_u32(c, PGNL_A_PERM, perm);
	return req_do(c);
}

TEST_F(group, owner_and_mode_are_told)
{
	struct groups list = {};
	const struct group_info *g;

	ASSERT_EQ(0, setresgid(5, 6, 7));
	ASSERT_EQ(0, group_new(self->c, "pg2", "plain"));
	ASSERT_EQ(0, new_with(self->c, "given", OWNER, OWNER + 1, 0750));
	ASSERT_EQ(0, groups(self->c, "pg2", false, &list));
	g = group_find(&list, "plain");
	ASSERT_NE(NULL, g);
	EXPECT_TRUE(g->owned);
	EXPECT_EQ(0, g->owner);
	EXPECT_EQ(6, g->gid);
	EXPECT_EQ(0775, g->perm);
	g = group_find(&list, "given");
	ASSERT_NE(NULL, g);
	EXPECT_EQ(OWNER, g->owner);
	EXPECT_EQ(OWNER + 1, g->gid);
	EXPECT_EQ(0750, g->perm);
	groups_free(&list);
}

static int owner_may_all(void *arg)
{
	struct client *c = client_open();
	struct groups list = {};

	CHECK(c);
	CHECK_EQ(1, join(c, "pg2", arg, 0));
	CHECK_EQ(1, count_of(c, "pg2", arg, getpid()));
	CHECK_EQ(0, groups(c, "pg2", false, &list));
	CHECK(group_find(&list, arg));
	CHECK_EQ(1, leave(c, "pg2", arg, 0));
	CHECK_EQ(0, group_del(c, "pg2", arg));
	CHECK_EQ(0, group_exists(c, "pg2", arg));
	return 0;
}

static int stranger_may_nothing(void *arg)
{
	struct client *c = client_open();
	struct groups glist = {};
	struct members mlist = {};
	struct pgnl_row row;

	CHECK(c);
	CHECK_EQ(-EACCES, join(c, "pg2", arg, 0));
	CHECK(c->text[0]);
	CHECK_EQ(PGNL_A_GROUP, blamed(c));
	CHECK_EQ(-EACCES, members(c, "pg2", arg, &mlist));
	CHECK_EQ(-EACCES, members_dump(c, "pg2", arg, &mlist));
	CHECK_EQ(0, mlist.n);
	CHECK_EQ(-EACCES, group_exists(c, "pg2", arg));
	CHECK_EQ(-EACCES, pick(c, "pg2", arg, PGNL_POLICY_RANDOM, &row));
	CHECK_EQ(0, groups(c, "pg2", false, &glist));
	CHECK(!group_find(&glist, arg));
	CHECK_EQ(0, members_dump(c, "pg2", NULL, &mlist));
	CHECK_EQ(0, mlist.n);
	CHECK_EQ(-EACCES, group_del(c, "pg2", arg));
	CHECK(c->text[0]);
	return 0;
}

TEST_F(group, a_mode_of_0700_is_for_the_owner_alone)
{
	ASSERT_EQ(0, new_with(self->c, "private", OWNER, OWNER, 0700));
	ASSERT_EQ(1, join(self->c, "pg2", "private", 0));
	EXPECT_EQ(0, as_user(STRANGER, STRANGER, stranger_may_nothing, "private"));
	EXPECT_EQ(1, count_of(self->c, "pg2", "private", getpid()));
	EXPECT_EQ(0, as_user(OWNER, OWNER, owner_may_all, "private"));
}

static int reader_may_not_join(void *arg)
{
	struct client *c = client_open();
	struct members list = {};

	CHECK(c);
	CHECK_EQ(0, members(c, "pg2", arg, &list));
	CHECK_EQ(1, list.n);
	CHECK_EQ(-EACCES, join(c, "pg2", arg, 0));
	CHECK_EQ(-EACCES, leave(c, "pg2", arg, 0));
	CHECK_EQ(-EACCES, group_del(c, "pg2", arg));
	return 0;
}

TEST_F(group, the_default_mode_lets_others_read_only)
{
	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	ASSERT_EQ(1, join(self->c, "pg2", "g", 0));
	EXPECT_EQ(0, as_user(STRANGER, STRANGER, reader_may_not_join, "g"));
}

static int writer_may_not_read(void *arg)
{
	struct client *c = client_open();
	struct members list = {};

	CHECK(c);
	CHECK_EQ(1, join(c, "pg2", arg, 0));
	CHECK_EQ(-EACCES, members(c, "pg2", arg, &list));
	CHECK_EQ(1, leave(c, "pg2", arg, 0));
	return 0;
}

TEST_F(group, write_without_read_joins_blindly)
{
	ASSERT_EQ(0, new_with(self->c, "box", OWNER, OWNER, 0772));
	EXPECT_EQ(0, as_user(STRANGER, STRANGER, writer_may_not_read, "box"));
}

TEST_F(group, the_group_id_chooses_the_middle_bits)
{
	ASSERT_EQ(0, new_with(self->c, "team", OWNER, STRANGER, 0720));
	EXPECT_EQ(0, as_user(STRANGER, STRANGER, writer_may_not_read, "team"));
	EXPECT_EQ(0, as_user(STRANGER, STRANGER + 1, stranger_may_nothing, "team"));
}

static int create_as_user(void *arg)
{
	struct client *c = client_open();
	struct groups list = {};
	const struct group_info *g;

	(void)arg;
	CHECK(c);
	CHECK_EQ(0, group_new(c, "pg2", "mine"));
	CHECK_EQ(0, groups(c, "pg2", false, &list));
	g = group_find(&list, "mine");
	CHECK(g);
	CHECK_EQ(STRANGER, g->owner);
	CHECK_EQ(STRANGER, g->gid);
	CHECK_EQ(-EPERM, new_with(c, "gift", OWNER, STRANGER, 0777));
	CHECK(c->text[0]);
	CHECK_EQ(PGNL_A_OWNER, blamed(c));
	CHECK_EQ(0, group_exists(c, "pg2", "gift"));
	CHECK_EQ(0, new_with(c, "own", STRANGER, STRANGER, 0777));
	return 0;
}

TEST_F(group, a_user_creates_for_himself_only)
{
	EXPECT_EQ(0, as_user(STRANGER, STRANGER, create_as_user, NULL));
}

static int delete_as_user(void *arg)
{
	struct client *c = client_open();

	CHECK(c);
	CHECK_EQ(0, group_del(c, arg, "g"));
	return 0;
}

TEST_F(group, the_owner_of_the_scope_may_delete)
{
	req_new(self->c, PGNL_CMD_SCOPE_NEW);
	put_str(self->c, PGNL_A_SCOPE, "theirs");
	put_u32(self->c, PGNL_A_MODE, PGNL_SCOPE_MODE_PG2);
	put_u32(self->c, PGNL_A_OWNER, OWNER);
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(0, group_new(self->c, "theirs", "g"));
	EXPECT_EQ(0, as_user(OWNER, OWNER, delete_as_user, "theirs"));
	EXPECT_EQ(0, group_exists(self->c, "theirs", "g"));
}

/* --- Names and lists ------------------------------------------------------ */

TEST_F(group, names_compare_byte_for_byte)
{
	static const char *const names[] = { "a", "A", "a ", " a", "aa", "a/b", "a/b/", "/", ".",
		"\x01", "a\x01", "\xff", "\xc3\xa4", "a\xcc\x88", "\xc3\x84" };
	struct groups list = {};
	char big[2][256];

	for (int i = 0; i < 2; i++) {
		memset(big[i], 'b', 255);
		big[i][254] = '0' + i;
		big[i][255] = '\0';
		ASSERT_EQ(1, join(self->c, NULL, big[i], 0));
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ASSERT_EQ(i + 1, join_times(self->c, NULL, names[i], 0, i + 1));
	ASSERT_EQ(0, groups(self->c, NULL, false, &list));
	EXPECT_EQ(ARRAY_SIZE(names) + 2, list.n);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct group_info *g = group_find(&list, names[i]);

		ASSERT_NE(NULL, g);
		EXPECT_EQ(i + 1, g->local);
	}
	EXPECT_NE(NULL, group_find(&list, big[0]));
	EXPECT_NE(NULL, group_find(&list, big[1]));
	groups_free(&list);
}

TEST_F(group, a_prefix_of_a_name_is_another_name)
{
	char name[] = "aaaaaaaaaaaaaaaa";

	for (size_t len = sizeof(name) - 1; len > 0; len--) {
		name[len] = '\0';
		EXPECT_EQ(0, group_exists(self->c, NULL, name));
		ASSERT_EQ(1, join(self->c, NULL, name, 0));
	}
	EXPECT_EQ(sizeof(name) - 1, stat_get(self->c, PGNL_A_STAT_GROUPS));
}

TEST_F(group, local_only_leaves_out_groups_without_members)
{
	struct groups list = {};

	ASSERT_EQ(0, group_new(self->c, "pg2", "empty"));
	ASSERT_EQ(0, group_new(self->c, "pg2", "full"));
	ASSERT_EQ(4, join_times(self->c, "pg2", "full", 0, 4));
	ASSERT_EQ(0, groups(self->c, "pg2", true, &list));
	ASSERT_EQ(1, list.n);
	EXPECT_STREQ("full", list.at[0].name);
	EXPECT_EQ(4, list.at[0].local);
	EXPECT_EQ(0, list.at[0].remote);
	ASSERT_EQ(0, groups(self->c, "pg2", false, &list));
	EXPECT_EQ(2, list.n);
	groups_free(&list);
}

TEST_F(group, one_that_only_a_listing_keeps_is_not_there)
{
	struct client *reader = client_open();
	struct members members = {};
	struct groups list = {};

	ASSERT_NE(NULL, reader);
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	ASSERT_EQ(0, list_begin(reader, NULL, "g"));
	ASSERT_EQ(1, leave(self->c, NULL, "g", 0));
	EXPECT_EQ(1, usage_get(self->c, PGNL_A_LIMIT_NET_GROUPS));
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	ASSERT_EQ(0, groups(self->c, NULL, false, &list));
	EXPECT_EQ(0, list.n);
	ASSERT_EQ(0, members_dump(self->c, NULL, NULL, &members));
	EXPECT_EQ(0, members.n);
	client_close(reader);
	EXPECT_TRUE(WAIT_UNTIL(!usage_get(self->c, PGNL_A_LIMIT_NET_GROUPS)));
	members_free(&members);
	groups_free(&list);
}

#define MANY	10000

/* Join or leave groups g0 to g9999, 500 in a request. */
static int many(struct client *c, uint8_t cmd)
{
	char name[16];
	int err = 0;

	for (int i = 0; i < MANY && !err; i += 500) {
		req_new(c, cmd);
		for (int k = i; k < i + 500; k++) {
			snprintf(name, sizeof(name), "g%d", k);
			put_str(c, PGNL_A_GROUP, name);
		}
		put_flag(c, PGNL_A_SELF);
		err = req_do(c);
	}
	return err;
}

TEST_F(group, each_of_ten_thousand_is_listed_once)
{
	struct groups list = {};
	char *seen = calloc(MANY, 1);

	raise_limits(self->c);
	ASSERT_EQ(0, many(self->c, PGNL_CMD_MEMBER_JOIN)) TH_LOG("%s", self->c->text);
	ASSERT_EQ(0, groups(self->c, NULL, false, &list));
	EXPECT_EQ(MANY, list.n);
	for (size_t i = 0; i < list.n; i++) {
		int k = atoi(list.at[i].name + 1);

		ASSERT_LT(k, MANY);
		EXPECT_EQ(0, seen[k]++) TH_LOG("%s again", list.at[i].name);
		EXPECT_EQ(1, list.at[i].local);
	}
	EXPECT_EQ(MANY, stat_get(self->c, PGNL_A_STAT_GROUPS));
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, many(self->c, PGNL_CMD_MEMBER_LEAVE));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_GROUPS));
	ASSERT_EQ(0, groups(self->c, NULL, false, &list));
	EXPECT_EQ(0, list.n);
	free(seen);
}

TEST_HARNESS_MAIN
