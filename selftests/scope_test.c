// SPDX-License-Identifier: GPL-2.0-or-later
/* Scopes: the built-in ones, adding, changing, deleting, what they count. */
#include "kselftest_harness.h"

#include "common.h"

NETNS_FIXTURE(scope);

TEST_F(scope, pg_pg2_and_global_exist_from_the_start)
{
	static const struct {
		const char *name;
		uint32_t mode;
	} builtin[] = {
		{ "pg", PGNL_SCOPE_MODE_PG },
		{ "pg2", PGNL_SCOPE_MODE_PG2 },
		{ "global", PGNL_SCOPE_MODE_PG },
	};
	struct scopes list = {};

	ASSERT_EQ(0, scopes(self->c, &list));
	EXPECT_EQ(ARRAY_SIZE(builtin), list.n);
	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++) {
		const struct scope_info *s = scope_find(&list, builtin[i].name);

		ASSERT_NE(NULL, s) TH_LOG("no scope %s", builtin[i].name);
		EXPECT_EQ(builtin[i].mode, s->mode);
		EXPECT_EQ(PGNL_SCOPE_FLAG_BUILTIN, s->flags & PGNL_SCOPE_FLAG_BUILTIN);
		EXPECT_EQ(0777, s->perm);
		EXPECT_EQ(0, s->owner);
		EXPECT_EQ(0, s->gid);
		EXPECT_EQ(0, s->groups);
		EXPECT_EQ(0, s->members);
	}
	scopes_free(&list);
}

TEST_F(scope, pg_is_meant_when_no_scope_is_named)
{
	struct scope_info s;

	ASSERT_EQ(0, scope_get(self->c, NULL, &s));
	EXPECT_STREQ("pg", s.name);
	EXPECT_EQ(1, join(self->c, NULL, "g", 0));
	EXPECT_EQ(1, count_of(self->c, "pg", "g", getpid()));
}

TEST_F(scope, an_added_one_belongs_to_the_adder_with_mode_pg_and_0775)
{
	struct scope_info s;

	ASSERT_EQ(0, setresgid(5, 6, 7));
	req_new(self->c, PGNL_CMD_SCOPE_NEW);
	put_str(self->c, PGNL_A_SCOPE, "mine");
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(0, scope_get(self->c, "mine", &s));
	EXPECT_STREQ("mine", s.name);
	EXPECT_EQ(PGNL_SCOPE_MODE_PG, s.mode);
	EXPECT_EQ(0, s.flags);
	EXPECT_EQ(0, s.owner);
	EXPECT_EQ(6, s.gid);
	EXPECT_EQ(0775, s.perm);
}

TEST_F(scope, an_added_one_is_as_asked_for)
{
	struct scope_info s;

	req_new(self->c, PGNL_CMD_SCOPE_NEW);
	put_str(self->c, PGNL_A_SCOPE, "theirs");
	put_u32(self->c, PGNL_A_MODE, PGNL_SCOPE_MODE_PG2);
	put_u32(self->c, PGNL_A_FLAGS, PGNL_SCOPE_FLAG_CLUSTER);
	put_u32(self->c, PGNL_A_OWNER, 1000);
	put_u32(self->c, PGNL_A_OWNER_GID, 2000);
	put_u32(self->c, PGNL_A_PERM, 0640);
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(0, scope_get(self->c, "theirs", &s));
	EXPECT_EQ(PGNL_SCOPE_MODE_PG2, s.mode);
	EXPECT_EQ(PGNL_SCOPE_FLAG_CLUSTER, s.flags);
	EXPECT_EQ(1000, s.owner);
	EXPECT_EQ(2000, s.gid);
	EXPECT_EQ(0640, s.perm);
}

TEST_F(scope, a_name_is_taken_only_once)
{
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(-EEXIST, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_A_SCOPE, blamed(self->c));
	EXPECT_EQ(-EEXIST, scope_new(self->c, "pg", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(-EEXIST, scope_new(self->c, "global", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(0, scope_new(self->c, "S", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(0, scope_new(self->c, "s ", PGNL_SCOPE_MODE_PG));
	EXPECT_EQ(0, scope_new(self->c, "ss", PGNL_SCOPE_MODE_PG));
}

TEST_F(scope, a_deleted_one_is_gone_and_its_name_is_free)
{
	struct scope_info s;

	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG2));
	ASSERT_EQ(0, scope_del(self->c, "s"));
	EXPECT_EQ(-ENOENT, scope_get(self->c, "s", &s));
	EXPECT_EQ(-ENOENT, scope_del(self->c, "s"));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_A_SCOPE, blamed(self->c));
	EXPECT_EQ(-ENOENT, join(self->c, "s", "g", 0));
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, scope_get(self->c, "s", &s));
	EXPECT_EQ(PGNL_SCOPE_MODE_PG, s.mode);
}

TEST_F(scope, built_in_ones_cannot_be_deleted)
{
	static const char *const names[] = { "pg", "pg2", "global" };
	struct scopes list = {};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(-EBUSY, scope_del(self->c, names[i]));
		EXPECT_STRNE("", self->c->text);
		EXPECT_EQ(PGNL_A_SCOPE, blamed(self->c));
	}
	ASSERT_EQ(0, scopes(self->c, &list));
	EXPECT_EQ(3, list.n);
	scopes_free(&list);
}

static int set(struct client *c, const char *scope, uint16_t type, uint32_t value)
{
	req_new(c, PGNL_CMD_SCOPE_SET);
	put_str(c, PGNL_A_SCOPE, scope);
	put_u32(c, type, value);
	return req_do(c);
}

TEST_F(scope, owner_group_and_permissions_change_one_by_one)
{
	static const char *const names[] = { "added", "pg" };
	struct scope_info s;

	ASSERT_EQ(0, scope_new(self->c, "added", PGNL_SCOPE_MODE_PG));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, set(self->c, names[i], PGNL_A_PERM, 0751));
		ASSERT_EQ(0, set(self->c, names[i], PGNL_A_OWNER, 1234));
		ASSERT_EQ(0, set(self->c, names[i], PGNL_A_OWNER_GID, 4321));
		ASSERT_EQ(0, scope_get(self->c, names[i], &s));
		EXPECT_EQ(0751, s.perm);
		EXPECT_EQ(1234, s.owner);
		EXPECT_EQ(4321, s.gid);
		EXPECT_EQ(PGNL_SCOPE_MODE_PG, s.mode);
	}
	EXPECT_EQ(-ENOENT, set(self->c, "missing", PGNL_A_PERM, 0));
}

TEST_F(scope, groups_and_joins_are_counted)
{
	struct scope_info s;

	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join(self->c, "s", "a", 0));
	ASSERT_EQ(5, join_times(self->c, "s", "b", 0, 5));
	ASSERT_EQ(0, scope_get(self->c, "s", &s));
	EXPECT_EQ(2, s.groups);
	EXPECT_EQ(6, s.members);
	ASSERT_EQ(1, leave(self->c, "s", "a", 0));
	ASSERT_EQ(0, scope_get(self->c, "s", &s));
	EXPECT_EQ(1, s.groups);
	EXPECT_EQ(5, s.members);
	ASSERT_EQ(0, scope_get(self->c, "pg", &s));
	EXPECT_EQ(0, s.groups);
	EXPECT_EQ(0, s.members);
}

TEST_F(scope, groups_of_one_are_no_groups_of_another)
{
	struct groups list = {};

	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join(self->c, "s", "g", 0));
	ASSERT_EQ(2, join_times(self->c, "pg", "g", 0, 2));
	ASSERT_EQ(0, groups(self->c, "s", false, &list));
	ASSERT_EQ(1, list.n);
	EXPECT_EQ(1, list.at[0].local);
	EXPECT_EQ(1, leave(self->c, "s", "g", 0));
	EXPECT_EQ(2, count_of(self->c, "pg", "g", getpid()));
	EXPECT_EQ(0, count_of(self->c, "global", "g", getpid()));
	groups_free(&list);
}

TEST_F(scope, deleting_one_evicts_its_members_and_nobody_else)
{
	uint64_t evictions = stat_get(self->c, PGNL_A_STAT_EVICTIONS);
	struct crowd crowd;
	struct members list = {};
	int64_t id;

	ASSERT_EQ(0, crowd_start(&crowd, 50));
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join_pids(self->c, "s", "a", crowd.pid, crowd.n));
	ASSERT_EQ(1, join_pids(self->c, "s", "b", crowd.pid, crowd.n));
	ASSERT_EQ(1, join(self->c, "pg", "kept", crowd.pid[0]));
	id = id_of(self->c, crowd.pid[0]);
	ASSERT_EQ(0, scope_del(self->c, "s"));
	EXPECT_EQ(evictions + 100, stat_get(self->c, PGNL_A_STAT_EVICTIONS));
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
	ASSERT_EQ(0, process_groups(self->c, crowd.pid[0], &list));
	ASSERT_EQ(1, list.n);
	EXPECT_STREQ("kept", list.at[0].group);
	EXPECT_EQ(id, id_of(self->c, crowd.pid[0]));
	ASSERT_EQ(0, process_groups(self->c, crowd.pid[1], &list));
	EXPECT_EQ(0, list.n);
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, members_dump(self->c, "s", NULL, &list));
	EXPECT_EQ(0, list.n);
	EXPECT_STREQ("", verify(self->c));
	crowd_end(&crowd);
	members_free(&list);
}

TEST_F(scope, the_mode_rules_the_groups)
{
	ASSERT_EQ(0, scope_new(self->c, "one", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, scope_new(self->c, "two", PGNL_SCOPE_MODE_PG2));
	EXPECT_EQ(1, join(self->c, "one", "g", 0));
	EXPECT_EQ(-EOPNOTSUPP, group_new(self->c, "one", "h"));
	EXPECT_EQ(-ENOENT, join(self->c, "two", "g", 0));
	EXPECT_EQ(0, group_new(self->c, "two", "g"));
	EXPECT_EQ(1, join(self->c, "two", "g", 0));
}

TEST_F(scope, each_of_many_is_listed_once)
{
	struct scopes list = {};
	char name[16];

	raise_limits(self->c);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		ASSERT_EQ(0, scope_new(self->c, name, i % 2));
	}
	ASSERT_EQ(0, scopes(self->c, &list));
	EXPECT_EQ(1003, list.n);
	for (int i = 0; i < 1000; i++) {
		const struct scope_info *s;

		snprintf(name, sizeof(name), "s%d", i);
		s = scope_find(&list, name);
		ASSERT_NE(NULL, s);
		EXPECT_EQ(i % 2, s->mode);
	}
	EXPECT_EQ(1003, stat_get(self->c, PGNL_A_STAT_SCOPES));
	scopes_free(&list);
}

TEST_HARNESS_MAIN
