// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names: one holder or none, whatever happens. What may be done to a name and
 * by whom, that it ends with its holder, and that of those who race for one
 * exactly one gets it.
 */
#include "kselftest_harness.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <linux/capability.h>

#include "common.h"
#include "hold.h"
#include "passed.h"
#include "proc.h"
#include "reads.h"
#include "rival.h"

#define ALICE	1000
#define BOB	2000
#define LIMIT_S	600
#define GLOBAL	"global"

NETNS_FIXTURE(name);

/* --- Requests --------------------------------------------------------------- */

struct told {
	struct pgnl_row row;
	struct pgnl_registration reg;
	const char *meta;	/* in the reply; NULL when there is none */
	size_t meta_len;
};

/* What a nest says of a member; false when there is no such nest. */
static bool read_told(const struct nlmsghdr *msg, uint16_t type, struct told *told)
{
	const struct nlattr *nest = msg ? attr_of(msg, type) : NULL, *attr;

	memset(told, 0, sizeof(*told));
	if (!nest)
		return false;
	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case PGNL_A_MEMBER_ROW:
			memcpy(&told->row, mnl_attr_get_payload(attr), sizeof(told->row));
			break;
		case PGNL_A_MEMBER_REGISTRATION:
			memcpy(&told->reg, mnl_attr_get_payload(attr), sizeof(told->reg));
			break;
		case PGNL_A_MEMBER_META:
			told->meta = mnl_attr_get_payload(attr);
			told->meta_len = mnl_attr_get_payload_len(attr);
			break;
		}
	}
	return true;
}

static struct told told(const struct client *c)
{
	struct told t;

	read_told(c->reply, PGNL_A_MEMBER, &t);
	return t;
}

static struct told told_holder(const struct client *c)
{
	struct told t;

	read_told(c->reply, PGNL_A_HOLDER, &t);
	return t;
}

static void name_req(struct client *c, uint8_t cmd, const char *name)
{
	req_new(c, cmd);
	put_str(c, PGNL_A_GROUP, name);
}

static void register_req(struct client *c, const char *name, pid_t pid)
{
	name_req(c, PGNL_CMD_NAME_REGISTER, name);
	if (pid)
		put_u32(c, PGNL_A_PID, pid);
	else
		put_flag(c, PGNL_A_SELF);
}

static int reg(struct client *c, const char *name, pid_t pid)
{
	register_req(c, name, pid);
	return req_do(c);
}

static int rereg(struct client *c, const char *name, pid_t pid)
{
	register_req(c, name, pid);
	put_flag(c, PGNL_A_REPLACE);
	return req_do(c);
}

/* 1 when somebody held it, 0 when nobody did, -errno. */
static int unreg(struct client *c, const char *name)
{
	name_req(c, PGNL_CMD_NAME_UNREGISTER, name);
	return req_do(c) ? : !reply_flag(c, PGNL_A_NO_GROUP);
}

/* The member id of the holder, 0 when nobody is, -errno. */
static int64_t whereis(struct client *c, const char *name)
{
	int err;

	name_req(c, PGNL_CMD_NAME_GET, name);
	err = req_do(c);
	if (err)
		return err;
	return reply_flag(c, PGNL_A_NO_GROUP) ? 0 : (int64_t)told(c).row.id;
}

static pid_t holder_pid(struct client *c, const char *name)
{
	return whereis(c, name) > 0 ? (pid_t)told(c).row.pid : 0;
}

/* How many names the list has, or -errno; *id of the holder of one of them. */
static int names(struct client *c, const char *name, uint64_t *id)
{
	const struct nlmsghdr *msg;
	int err, left, n = 0;
	struct told t;

	if (id)
		*id = 0;
	req_new(c, PGNL_CMD_NAME_GET);
	err = req_dump(c);
	if (err)
		return err;
	for_each_dumped(c, msg, left) {
		if (!read_told(msg, PGNL_A_MEMBER, &t))
			return -EPROTO;
		if (id && !strcmp(name, mnl_attr_get_str(attr_of(msg, PGNL_A_GROUP))))
			*id = t.row.id;
		n++;
	}
	return n;
}

/* Every read says that nobody holds the name. */
static const char *held(struct client *c, const char *name)
{
	struct members list = {};
	struct pgnl_row row;
	const char *who = "";
	uint64_t id;

	if (whereis(c, name))
		who = "whereis";
	else if (names(c, name, &id) < 0 || id)
		who = "the list";
	else if (members(c, GLOBAL, name, &list) || list.n || !list.no_group)
		who = "member-get";
	else if (group_exists(c, GLOBAL, name))
		who = "group-get";
	else if (pick(c, GLOBAL, name, PGNL_POLICY_CLOSEST, &row) != -ENOENT)
		who = "member-pick";
	members_free(&list);
	return who;
}

/* --- The rules --------------------------------------------------------------- */

TEST_F(name, a_registered_name_is_found_until_it_is_unregistered)
{
	struct members list = {};
	struct told t;
	uint64_t id;

	EXPECT_STREQ("", held(self->c, "n"));
	ASSERT_EQ(0, reg(self->c, "n", 0)) TH_LOG("%s", self->c->text);
	t = told(self->c);
	EXPECT_EQ(getpid(), t.row.pid);
	EXPECT_EQ(1, t.row.count);
	EXPECT_EQ(getuid(), t.row.uid);
	EXPECT_NE(0, t.reg.fence);
	EXPECT_NE(0, t.reg.stamp);
	EXPECT_EQ(PGNL_RESOLVE_KEEP_FIRST, t.reg.resolve);
	EXPECT_EQ(NULL, attr_of(self->c->reply, PGNL_A_HOLDER));
	EXPECT_EQ(t.row.id, whereis(self->c, "n"));
	EXPECT_STREQ("n", reply_str(self->c, PGNL_A_GROUP));
	EXPECT_EQ(t.reg.fence, told(self->c).reg.fence);
	EXPECT_EQ(1, names(self->c, "n", &id));
	EXPECT_EQ(t.row.id, id);
	EXPECT_EQ(1, count_of(self->c, GLOBAL, "n", getpid()));
	ASSERT_EQ(0, process_groups(self->c, 0, &list));
	ASSERT_EQ(1, list.n);
	EXPECT_STREQ("n", list.at[0].group);
	EXPECT_EQ(1, unreg(self->c, "n"));
	EXPECT_EQ(t.row.id, told_holder(self->c).row.id);
	EXPECT_EQ(t.reg.fence, told_holder(self->c).reg.fence);
	EXPECT_STREQ("", held(self->c, "n"));
	EXPECT_EQ(0, unreg(self->c, "n"));
	members_free(&list);
}

TEST_F(name, a_taken_name_is_refused_and_its_holder_told)
{
	struct child child;
	struct told t;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, reg(self->c, "n", child.pid));
	t = told(self->c);
	EXPECT_EQ(-EEXIST, reg(self->c, "n", 0));
	EXPECT_STREQ("the name is taken", self->c->text);
	EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	EXPECT_EQ(t.row.id, told_holder(self->c).row.id);
	EXPECT_EQ(child.pid, (pid_t)told_holder(self->c).row.pid);
	EXPECT_EQ(t.reg.fence, told_holder(self->c).reg.fence);
	EXPECT_EQ(NULL, attr_of(self->c->reply, PGNL_A_MEMBER));
	/* Also by the same process. */
	EXPECT_EQ(-EEXIST, reg(self->c, "n", child.pid));
	EXPECT_EQ(t.row.id, told_holder(self->c).row.id);
	EXPECT_EQ(t.row.id, whereis(self->c, "n"));
	EXPECT_EQ(t.reg.fence, told(self->c).reg.fence);
	EXPECT_EQ(0, id_of(self->c, 0));
	child_exit(&child, 0);
}

TEST_F(name, replace_moves_a_name_and_tells_who_held_it)
{
	struct child child;
	struct told old;

	ASSERT_EQ(0, child_start(&child));
	/* Where nobody holds it, replace just registers. */
	ASSERT_EQ(0, rereg(self->c, "n", child.pid));
	EXPECT_EQ(NULL, attr_of(self->c->reply, PGNL_A_HOLDER));
	old = told(self->c);
	ASSERT_EQ(0, rereg(self->c, "n", 0));
	EXPECT_EQ(old.row.id, told_holder(self->c).row.id);
	EXPECT_EQ(old.reg.fence, told_holder(self->c).reg.fence);
	EXPECT_EQ(getpid(), (pid_t)told(self->c).row.pid);
	EXPECT_LT(old.reg.fence, told(self->c).reg.fence);
	EXPECT_EQ(getpid(), holder_pid(self->c, "n"));
	EXPECT_EQ(0, count_of(self->c, GLOBAL, "n", child.pid));
	EXPECT_EQ(0, id_of(self->c, child.pid));
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
	/* The end of the old one is no more to it. */
	child_exit(&child, 0);
	EXPECT_EQ(getpid(), holder_pid(self->c, "n"));
}

TEST_F(name, a_holder_may_register_its_name_anew)
{
	struct told old;

	register_req(self->c, "n", 0);
	put_bin(self->c, PGNL_A_META, "old", 3);
	ASSERT_EQ(0, req_do(self->c));
	old = told(self->c);
	register_req(self->c, "n", 0);
	put_flag(self->c, PGNL_A_REPLACE);
	put_u32(self->c, PGNL_A_RESOLVE, PGNL_RESOLVE_NOTIFY_ALL);
	put_bin(self->c, PGNL_A_META, "fresh", 5);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(old.row.id, told_holder(self->c).row.id);
	EXPECT_EQ(3, told_holder(self->c).meta_len);
	EXPECT_EQ(old.row.id, told(self->c).row.id);
	EXPECT_EQ(1, told(self->c).row.count);
	EXPECT_LT(old.reg.fence, told(self->c).reg.fence);
	EXPECT_EQ(PGNL_RESOLVE_NOTIFY_ALL, told(self->c).reg.resolve);
	ASSERT_EQ(5, told(self->c).meta_len);
	EXPECT_EQ(0, memcmp("fresh", told(self->c).meta, 5));
	EXPECT_EQ(1, count_of(self->c, GLOBAL, "n", getpid()));
	EXPECT_EQ(1, unreg(self->c, "n"));
}

TEST_F(name, every_policy_is_kept_with_the_registration)
{
	for (uint32_t resolve = 0; resolve <= PGNL_RESOLVE_MAX; resolve++) {
		register_req(self->c, "n", 0);
		put_flag(self->c, PGNL_A_REPLACE);
		put_u32(self->c, PGNL_A_RESOLVE, resolve);
		ASSERT_EQ(0, req_do(self->c));
		ASSERT_LT(0, whereis(self->c, "n"));
		EXPECT_EQ(resolve, told(self->c).reg.resolve);
	}
	/* The next registration is not bound by it. */
	ASSERT_EQ(1, unreg(self->c, "n"));
	ASSERT_EQ(0, reg(self->c, "n", 0));
	EXPECT_EQ(PGNL_RESOLVE_KEEP_FIRST, told(self->c).reg.resolve);
	register_req(self->c, "n", 0);
	put_u32(self->c, PGNL_A_RESOLVE, PGNL_RESOLVE_MAX + 1);
	EXPECT_GT(0, req_do(self->c));
	EXPECT_EQ(PGNL_A_RESOLVE, blamed(self->c));
}

TEST_F(name, a_process_may_hold_many_names)
{
	struct child child;
	char text[16];

	ASSERT_EQ(0, child_start(&child));
	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "n%d", i);
		ASSERT_EQ(0, reg(self->c, text, child.pid));
	}
	EXPECT_EQ(300, names(self->c, NULL, NULL));
	child_kill(&child);
	EXPECT_EQ(0, names(self->c, NULL, NULL));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_GROUPS));
}

/* --- Fencing numbers ---------------------------------------------------------- */

TEST_F(name, the_fencing_number_grows_over_all_names_and_registrations)
{
	static const char *const some[] = { "a", "b", "a", "c" };
	uint64_t last = 0;

	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(0, rereg(self->c, some[i % 4], 0));
		ASSERT_LT(last, told(self->c).reg.fence);
		last = told(self->c).reg.fence;
		if (i % 3) {
			ASSERT_EQ(1, unreg(self->c, some[i % 4]));
		}
	}
}

TEST_F(name, the_fencing_number_grows_though_the_clock_is_set_back)
{
	struct told before, after;

	ASSERT_EQ(0, reg(self->c, "n", 0));
	before = told(self->c);
	ASSERT_TRUE(shift_clock(-3600));
	EXPECT_EQ(0, rereg(self->c, "n", 0));
	after = told(self->c);
	EXPECT_TRUE(shift_clock(3600));
	EXPECT_EQ(before.reg.fence + 1, after.reg.fence);
}

TEST_F(name, the_stamp_is_kept_when_a_name_is_replaced)
{
	struct told first, taken;
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, reg(self->c, "n", 0));
	first = told(self->c);
	ASSERT_EQ(0, rereg(self->c, "n", child.pid));
	taken = told(self->c);
	EXPECT_EQ(first.reg.stamp, taken.reg.stamp);
	EXPECT_LT(first.reg.fence, taken.reg.fence);
	/* By a clock set back it would be less otherwise. */
	ASSERT_TRUE(shift_clock(-3600));
	EXPECT_EQ(0, rereg(self->c, "n", 0));
	taken = told(self->c);
	EXPECT_EQ(first.reg.stamp, taken.reg.stamp);
	EXPECT_EQ(1, unreg(self->c, "n"));
	EXPECT_EQ(0, reg(self->c, "n", 0));
	EXPECT_TRUE(shift_clock(3600));
	EXPECT_GT(first.reg.stamp, told(self->c).reg.stamp);
	child_exit(&child, 0);
}

/* --- What is refused ---------------------------------------------------------- */

TEST_F(name, a_name_has_one_to_255_bytes_of_any_kind)
{
	static const char *const good[] = { "/", "a/b", " ", "\n\t\x1b[31m", "\xff\xfe", "\x01" };
	char text[258];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t id;

		ASSERT_EQ(0, reg(self->c, good[i], 0));
		EXPECT_EQ(told(self->c).row.id, whereis(self->c, good[i]));
		EXPECT_STREQ(good[i], reply_str(self->c, PGNL_A_GROUP));
		EXPECT_EQ(1, names(self->c, good[i], &id));
		EXPECT_NE(0, id);
		EXPECT_EQ(1, unreg(self->c, good[i]));
	}
	memset(text, 'x', sizeof(text));
	text[255] = '\0';
	ASSERT_EQ(0, reg(self->c, text, 0));
	EXPECT_EQ(told(self->c).row.id, whereis(self->c, text));
	text[255] = 'x';
	text[256] = '\0';
	EXPECT_GT(0, reg(self->c, text, 0));
	EXPECT_STRNE("", self->c->text);
	EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	EXPECT_GT(0, whereis(self->c, text));
	EXPECT_GT(0, unreg(self->c, text));
	EXPECT_EQ(-EINVAL, reg(self->c, "", 0));
	EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	EXPECT_EQ(-EINVAL, whereis(self->c, ""));
	EXPECT_EQ(-EINVAL, unreg(self->c, ""));
	req_new(self->c, PGNL_CMD_NAME_REGISTER);
	put_bin(self->c, PGNL_A_GROUP, "a\0b", 4);
	put_flag(self->c, PGNL_A_SELF);
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	EXPECT_EQ(1, names(self->c, NULL, NULL));
}

TEST_F(name, a_request_that_is_not_clear_is_refused)
{
	static const uint8_t cmds[] = { PGNL_CMD_NAME_REGISTER, PGNL_CMD_NAME_UNREGISTER,
		PGNL_CMD_NAME_GET };
	char meta[257] = "";

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		req_new(self->c, cmds[i]);
		EXPECT_EQ(-EINVAL, req_do(self->c));
		EXPECT_STREQ("a group is needed", self->c->text);
		name_req(self->c, cmds[i], "n");
		put_str(self->c, PGNL_A_GROUP, "m");
		EXPECT_EQ(-EINVAL, req_do(self->c));
		EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	}
	name_req(self->c, PGNL_CMD_NAME_REGISTER, "n");
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_STRNE("", self->c->text);
	register_req(self->c, "n", 0);
	put_u32(self->c, PGNL_A_PID, getpid());
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_STRNE("", self->c->text);
	register_req(self->c, "n", 0);
	put_bin(self->c, PGNL_A_META, meta, sizeof(meta));
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_EQ(PGNL_A_META, blamed(self->c));
	/* Attributes that mean nothing here. */
	register_req(self->c, "n", 0);
	put_str(self->c, PGNL_A_SCOPE, GLOBAL);
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_EQ(PGNL_A_SCOPE, blamed(self->c));
	register_req(self->c, "n", 0);
	put_u32(self->c, PGNL_A_TIMES, 1);
	EXPECT_EQ(-EINVAL, req_do(self->c));
	name_req(self->c, PGNL_CMD_NAME_UNREGISTER, "n");
	put_flag(self->c, PGNL_A_SELF);
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_STREQ("", held(self->c, "n"));
}

static void *tell_tid(void *arg)
{
	int *fds = arg;
	pid_t tid = syscall(SYS_gettid);

	if (write(fds[1], &tid, sizeof(tid)) == sizeof(tid))
		pause();
	return NULL;
}

TEST_F(name, only_a_living_process_gets_a_name)
{
	struct child child;
	pthread_t thread;
	int fds[2];
	pid_t tid;

	EXPECT_EQ(-ESRCH, reg(self->c, "n", dead_pid()));
	EXPECT_EQ(PGNL_A_PID, blamed(self->c));
	ASSERT_EQ(0, child_start(&child));
	child_tell(&child, 0);
	ASSERT_TRUE(wait_until(process_state(child.pid) == 'Z'));
	EXPECT_EQ(-ESRCH, reg(self->c, "n", child.pid));
	EXPECT_EQ(-ESRCH, rereg(self->c, "n", child.pid));
	waitpid(child.pid, NULL, 0);
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pthread_create(&thread, NULL, tell_tid, fds));
	ASSERT_EQ(sizeof(tid), read(fds[0], &tid, sizeof(tid)));
	EXPECT_EQ(-EINVAL, reg(self->c, "n", tid));
	EXPECT_EQ(PGNL_A_PID, blamed(self->c));
	EXPECT_STREQ("", held(self->c, "n"));
}

TEST_F(name, a_replacement_that_is_refused_leaves_the_name_alone)
{
	struct child child;
	uint64_t fence;

	ASSERT_EQ(0, reg(self->c, "n", 0));
	fence = told(self->c).reg.fence;
	ASSERT_EQ(0, child_start(&child));
	child_tell(&child, 0);
	ASSERT_TRUE(wait_until(process_state(child.pid) == 'Z'));
	EXPECT_EQ(-ESRCH, rereg(self->c, "n", child.pid));
	EXPECT_EQ(getpid(), holder_pid(self->c, "n"));
	EXPECT_EQ(fence, told(self->c).reg.fence);
	waitpid(child.pid, NULL, 0);
}

/* --- Joins and leaves in the scope of the names ------------------------------- */

TEST_F(name, a_join_is_a_registration_and_a_leave_its_end)
{
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(1, join(self->c, GLOBAL, "n", child.pid));
	ASSERT_LT(0, whereis(self->c, "n"));
	EXPECT_NE(0, told(self->c).reg.fence);
	EXPECT_EQ(child.pid, (pid_t)told(self->c).row.pid);
	EXPECT_EQ(-EEXIST, join(self->c, GLOBAL, "n", 0));
	EXPECT_STREQ("the name is taken", self->c->text);
	EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	EXPECT_EQ(-EEXIST, join(self->c, GLOBAL, "n", child.pid));
	EXPECT_EQ(-EEXIST, reg(self->c, "n", 0));
	EXPECT_EQ(0, leave(self->c, GLOBAL, "n", 0));
	EXPECT_EQ(child.pid, holder_pid(self->c, "n"));
	EXPECT_EQ(1, leave(self->c, GLOBAL, "n", child.pid));
	EXPECT_STREQ("", held(self->c, "n"));
	ASSERT_EQ(0, reg(self->c, "n", child.pid));
	/* A name is taken back from one process only by its id. */
	EXPECT_EQ(0, leave_id(self->c, GLOBAL, "n", told(self->c).row.id + 1));
	EXPECT_EQ(1, leave_id(self->c, GLOBAL, "n", whereis(self->c, "n")));
	EXPECT_STREQ("", held(self->c, "n"));
	ASSERT_EQ(0, reg(self->c, "n", child.pid));
	EXPECT_EQ(1, leave_all(self->c, GLOBAL, "n", child.pid));
	EXPECT_STREQ("", held(self->c, "n"));
	child_exit(&child, 0);
}

TEST_F(name, a_join_of_more_than_one_process_once_is_refused)
{
	struct child child;
	pid_t pids[2];

	ASSERT_EQ(0, child_start(&child));
	pids[0] = child.pid;
	pids[1] = getpid();
	EXPECT_EQ(-EINVAL, join_pids(self->c, GLOBAL, "n", pids, 2));
	EXPECT_STREQ("a name is for one process, once", self->c->text);
	pids[1] = child.pid;
	EXPECT_EQ(-EINVAL, join_pids(self->c, GLOBAL, "n", pids, 2));
	EXPECT_EQ(-EINVAL, join_times(self->c, GLOBAL, "n", 0, 2));
	EXPECT_STREQ("a name is for one process, once", self->c->text);
	EXPECT_EQ(-EINVAL, join_times(self->c, GLOBAL, "n", 0, UINT32_MAX));
	member_req(self->c, PGNL_CMD_MEMBER_JOIN, GLOBAL, "a");
	put_str(self->c, PGNL_A_GROUP, "n");
	put_str(self->c, PGNL_A_GROUP, "n");
	put_flag(self->c, PGNL_A_SELF);
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	EXPECT_EQ(1, blamed_index(self->c));
	EXPECT_EQ(0, names(self->c, NULL, NULL));
	child_exit(&child, 0);
}

static int join_three_names(struct client *c)
{
	member_req(c, PGNL_CMD_MEMBER_JOIN, GLOBAL, "a");
	put_str(c, PGNL_A_GROUP, "b");
	put_str(c, PGNL_A_GROUP, "c");
	put_flag(c, PGNL_A_SELF);
	return req_do(c);
}

TEST_F(name, a_join_of_several_names_is_all_or_nothing)
{
	struct child child;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, reg(self->c, "b", child.pid));
	EXPECT_EQ(-EEXIST, join_three_names(self->c));
	EXPECT_EQ(PGNL_A_GROUP, blamed(self->c));
	EXPECT_EQ(1, blamed_index(self->c));
	EXPECT_EQ(1, names(self->c, NULL, NULL));
	child_kill(&child);
	EXPECT_EQ(0, join_three_names(self->c));
	EXPECT_EQ(3, names(self->c, NULL, NULL));
	EXPECT_EQ(getpid(), holder_pid(self->c, "b"));
}

TEST_F(name, a_join_of_4096_names_is_one_request)
{
	char text[16];

	raise_limits(self->c);
	req_new(self->c, PGNL_CMD_MEMBER_JOIN);
	put_str(self->c, PGNL_A_SCOPE, GLOBAL);
	for (int i = 0; i < 4096; i++) {
		snprintf(text, sizeof(text), "n%d", i);
		put_str(self->c, PGNL_A_GROUP, text);
	}
	put_flag(self->c, PGNL_A_SELF);
	ASSERT_EQ(0, req_do(self->c)) TH_LOG("%s", self->c->text);
	EXPECT_EQ(4096, names(self->c, NULL, NULL));
	EXPECT_EQ(-EEXIST, reg(self->c, "n4095", 0));
}

TEST_F(name, the_scope_of_the_names_is_the_only_one_of_its_kind)
{
	struct scopes list = {};

	ASSERT_EQ(0, scope_new(self->c, "added", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, scopes(self->c, &list));
	for (size_t i = 0; i < list.n; i++)
		EXPECT_EQ(!strcmp(list.at[i].name, GLOBAL),
			  !!(list.at[i].flags & PGNL_SCOPE_FLAG_EXCLUSIVE));
	req_new(self->c, PGNL_CMD_SCOPE_NEW);
	put_str(self->c, PGNL_A_SCOPE, "names");
	put_u32(self->c, PGNL_A_FLAGS, PGNL_SCOPE_FLAG_EXCLUSIVE);
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_EQ(PGNL_A_FLAGS, blamed(self->c));
	EXPECT_EQ(-EOPNOTSUPP, group_new(self->c, GLOBAL, "n"));
	EXPECT_EQ(-EOPNOTSUPP, group_del(self->c, GLOBAL, "n"));
	/* A name and a group are two things. */
	ASSERT_EQ(1, join(self->c, NULL, "n", 0));
	EXPECT_STREQ("", held(self->c, "n"));
	ASSERT_EQ(0, reg(self->c, "n", 0));
	EXPECT_EQ(2, join(self->c, NULL, "n", 0));
	scopes_free(&list);
}

/* --- The end of a holder ------------------------------------------------------ */

TEST_F_TIMEOUT(name, a_name_is_free_when_waitpid_returns, LIMIT_S)
{
	for (unsigned int i = 0; again(i, 200); i++) {
		struct child child;

		ASSERT_EQ(0, child_start(&child));
		ASSERT_EQ(0, reg(self->c, "n", child.pid));
		child_kill(&child);
		ASSERT_STREQ("", held(self->c, "n"));
		ASSERT_EQ(0, child_start(&child));
		ASSERT_EQ(0, reg(self->c, "n", child.pid));
		child_exit(&child, 0);
		ASSERT_STREQ("", held(self->c, "n"));
	}
}

TEST_F(name, a_holder_that_is_dead_but_not_reaped_is_none)
{
	struct child zombie, heir;
	struct hold hold;
	siginfo_t info;
	uint64_t id;

	ASSERT_TRUE(use_cpu(0));
	for (int how = 0; how < 3; how++) {
		ASSERT_EQ(0, child_start(&zombie));
		ASSERT_EQ(0, child_start(&heir));
		ASSERT_EQ(0, reg(self->c, "n", zombie.pid));
		ASSERT_EQ(0, reg(self->c, "other", zombie.pid));
		ASSERT_TRUE(hold_start(&hold));
		kill(zombie.pid, SIGKILL);
		/* Neither the parent nor the module's worker has cleaned up. */
		EXPECT_EQ(0, waitid(P_PID, zombie.pid, &info, WEXITED | WNOWAIT));
		EXPECT_STREQ("", held(self->c, "n"));
		EXPECT_EQ(0, how == 1 ? 0 : unreg(self->c, "n"));
		if (how == 2) {
			EXPECT_EQ(1, join(self->c, GLOBAL, "n", heir.pid));
		} else {
			EXPECT_EQ(0, how ? rereg(self->c, "n", heir.pid) :
					   reg(self->c, "n", heir.pid));
		}
		EXPECT_EQ(NULL, attr_of(self->c->reply, PGNL_A_HOLDER));
		id = whereis(self->c, "n");
		EXPECT_EQ(heir.pid, (pid_t)told(self->c).row.pid);
		EXPECT_STREQ("", verify(self->c));
		hold_end(&hold);
		waitpid(zombie.pid, NULL, 0);
		EXPECT_EQ(id, whereis(self->c, "n"));
		EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
		EXPECT_STREQ("", verify(self->c));
		child_exit(&heir, 0);
	}
}

TEST_F(name, a_pid_used_again_does_not_inherit_a_name)
{
	struct kid kid;
	uint64_t id;
	pid_t pid;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	pid = kid.pid;
	ASSERT_EQ(0, reg(self->c, "n", pid));
	id = told(self->c).row.id;
	kid_kill(&kid);
	ASSERT_EQ(0, kid_start_as(&kid, pid, kid_waits, NULL));
	ASSERT_EQ(0, hear(kid.ctl));
	EXPECT_STREQ("", held(self->c, "n"));
	EXPECT_EQ(0, leave_id(self->c, GLOBAL, "n", id));
	ASSERT_EQ(0, reg(self->c, "n", pid));
	EXPECT_LT(id, told(self->c).row.id);
	EXPECT_EQ(0, leave_id(self->c, GLOBAL, "n", id));
	EXPECT_EQ(pid, holder_pid(self->c, "n"));
	kid_kill(&kid);
}

static void kid_forks_and_execs(int ctl, const void *arg)
{
	pid_t child = fork();

	(void)arg;
	if (!child) {
		pause();
		_exit(0);
	}
	ready(ctl, child);
	dup2(ctl, STDIN_FILENO);
	dup2(ctl, STDOUT_FILENO);
	execlp("cat", "cat", NULL);
}

TEST_F(name, a_name_stays_over_exec_and_is_not_inherited_by_fork)
{
	struct kid kid;
	long child;

	child = kid_ready(&kid, kid_forks_and_execs, NULL);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, reg(self->c, "n", kid.pid));
	EXPECT_EQ(0, count_of(self->c, GLOBAL, "n", child));
	ASSERT_TRUE(tell(kid.ctl, 0));
	/* cat answers, so exec is over. */
	ASSERT_TRUE(tell(kid.ctl, 42));
	EXPECT_EQ(42, hear(kid.ctl));
	EXPECT_EQ(kid.pid, holder_pid(self->c, "n"));
	kid_kill(&kid);
	EXPECT_STREQ("", held(self->c, "n"));
	kill(child, SIGKILL);
}

/* --- Acts by name -------------------------------------------------------------- */

TEST_F(name, a_signal_to_a_name_goes_to_its_holder)
{
	struct child child;
	int status;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, reg(self->c, "n", child.pid));
	member_req(self->c, PGNL_CMD_GROUP_SIGNAL, GLOBAL, "n");
	put_u32(self->c, PGNL_A_SIGNAL, SIGUSR1);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(1, reply_u32(self->c, PGNL_A_REACHED));
	ASSERT_EQ(child.pid, waitpid(child.pid, &status, 0));
	EXPECT_EQ(SIGUSR1, WTERMSIG(status));
	member_req(self->c, PGNL_CMD_GROUP_SIGNAL, GLOBAL, "n");
	put_u32(self->c, PGNL_A_SIGNAL, SIGUSR1);
	/* Nobody is there, whether or not the name has been taken out by now. */
	EXPECT_EQ(-ENOENT, req_do(self->c));
	member_req(self->c, PGNL_CMD_GROUP_SIGNAL, GLOBAL, "n");
	put_u32(self->c, PGNL_A_SIGNAL, SIGUSR1);
	put_u32(self->c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	EXPECT_EQ(-ENOENT, req_do(self->c));
}

/* --- Who may ------------------------------------------------------------------- */

/* A process of that user that waits. */
static void kid_of_user(int ctl, const void *arg)
{
	uid_t uid = *(const uid_t *)arg;

	become(uid, uid, NULL, 0);
	ready(ctl, 0);
}

struct people {
	struct kid alice, bob;
};

static int start_people(struct people *people)
{
	const uid_t alice = ALICE, bob = BOB;

	if (kid_ready(&people->alice, kid_of_user, &alice) ||
	    kid_ready(&people->bob, kid_of_user, &bob))
		return -1;
	return 0;
}

static void end_people(struct people *people)
{
	kid_kill(&people->alice);
	kid_kill(&people->bob);
}

/* As Alice: her own names are hers, Bob's are not. */
static int only_her_own(void *arg)
{
	struct people *people = arg;
	struct client *c = client_open();

	CHECK(c);
	CHECK_EQ(-EPERM, reg(c, "free", people->bob.pid));
	CHECK_EQ(PGNL_A_PID, blamed(c));
	CHECK_EQ(-EEXIST, reg(c, "bobs", 0));
	CHECK_EQ(people->bob.pid, (pid_t)told_holder(c).row.pid);
	CHECK_EQ(-EPERM, rereg(c, "bobs", 0));
	CHECK(!strcmp("no right over the holder of the name", c->text));
	CHECK_EQ(PGNL_A_GROUP, blamed(c));
	CHECK(!attr_of(c->reply ? c->reply : c->req, PGNL_A_HOLDER));
	CHECK_EQ(-EPERM, rereg(c, "bobs", people->alice.pid));
	CHECK_EQ(-EPERM, unreg(c, "bobs"));
	CHECK(!strcmp("no right over the holder of the name", c->text));
	CHECK_EQ(-EPERM, leave(c, GLOBAL, "bobs", people->bob.pid));
	CHECK_EQ(people->bob.pid, holder_pid(c, "bobs"));
	/* The same user's. */
	CHECK_EQ(0, rereg(c, "alices", 0));
	CHECK_EQ(people->alice.pid, (pid_t)told_holder(c).row.pid);
	CHECK_EQ(0, rereg(c, "alices", people->alice.pid));
	CHECK_EQ(1, unreg(c, "alices"));
	CHECK_EQ(0, reg(c, "alices", people->alice.pid));
	/* A free one is for everybody. */
	CHECK_EQ(0, reg(c, "free", 0));
	return 0;
}

TEST_F(name, replace_and_unregister_are_for_who_may_signal_the_holder)
{
	struct people people;

	ASSERT_EQ(0, start_people(&people));
	ASSERT_EQ(0, reg(self->c, "bobs", people.bob.pid));
	ASSERT_EQ(0, reg(self->c, "alices", people.alice.pid));
	EXPECT_EQ(0, as_user(ALICE, ALICE, only_her_own, &people));
	EXPECT_EQ(people.alice.pid, holder_pid(self->c, "alices"));
	/* Root may. */
	EXPECT_EQ(1, unreg(self->c, "bobs"));
	EXPECT_EQ(0, rereg(self->c, "alices", 0));
	end_people(&people);
}

static int as_root_of_a_user_namespace(void *arg)
{
	struct people *people = arg;
	struct client *c;

	new_ns(CLONE_NEWUSER);
	c = client_open();
	CHECK(c);
	CHECK_EQ(-EPERM, rereg(c, "bobs", 0));
	CHECK_EQ(-EPERM, unreg(c, "bobs"));
	CHECK_EQ(people->bob.pid, holder_pid(c, "bobs"));
	CHECK_EQ(0, rereg(c, "alices", 0));
	return 0;
}

TEST_F(name, root_of_a_user_namespace_is_nobody_in_particular)
{
	struct people people;

	ASSERT_EQ(0, start_people(&people));
	ASSERT_EQ(0, reg(self->c, "bobs", people.bob.pid));
	ASSERT_EQ(0, reg(self->c, "alices", people.alice.pid));
	EXPECT_EQ(0, as_user(ALICE, ALICE, as_root_of_a_user_namespace, &people));
	end_people(&people);
}

static int as_owner_of_the_scope(void *arg)
{
	struct people *people = arg;
	struct client *c = client_open();

	CHECK(c);
	CHECK_EQ(0, rereg(c, "bobs", 0));
	CHECK_EQ(people->bob.pid, (pid_t)told_holder(c).row.pid);
	/* It does not give rights over the process, only over the name. */
	CHECK_EQ(-EPERM, rereg(c, "bobs", people->bob.pid));
	CHECK_EQ(PGNL_A_PID, blamed(c));
	CHECK_EQ(1, unreg(c, "bobs2"));
	return 0;
}

TEST_F(name, the_owner_of_the_scope_may_replace_and_unregister)
{
	struct people people;

	ASSERT_EQ(0, start_people(&people));
	ASSERT_EQ(0, reg(self->c, "bobs", people.bob.pid));
	ASSERT_EQ(0, reg(self->c, "bobs2", people.bob.pid));
	req_new(self->c, PGNL_CMD_SCOPE_SET);
	put_str(self->c, PGNL_A_SCOPE, GLOBAL);
	put_u32(self->c, PGNL_A_OWNER, ALICE);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(0, as_user(ALICE, ALICE, as_owner_of_the_scope, &people));
	EXPECT_STREQ("", held(self->c, "bobs2"));
	end_people(&people);
}

static int as_administrator_without_kill(void *arg)
{
	struct client *c;

	(void)arg;
	drop_cap(CAP_KILL);
	c = client_open();
	CHECK(c);
	CHECK_EQ(1, unreg(c, "bobs"));
	return 0;
}

static int as_killer_without_admin(void *arg)
{
	struct client *c;

	(void)arg;
	drop_cap(CAP_NET_ADMIN);
	c = client_open();
	CHECK(c);
	CHECK_EQ(1, unreg(c, "bobs"));
	return 0;
}

TEST_F(name, either_capability_is_enough_to_unregister)
{
	struct people people;

	ASSERT_EQ(0, start_people(&people));
	ASSERT_EQ(0, reg(self->c, "bobs", people.bob.pid));
	EXPECT_EQ(0, in_child(as_administrator_without_kill, NULL));
	ASSERT_EQ(0, reg(self->c, "bobs", people.bob.pid));
	EXPECT_EQ(0, in_child(as_killer_without_admin, NULL));
	EXPECT_STREQ("", held(self->c, "bobs"));
	end_people(&people);
}

struct mode {
	uint32_t perm;
	bool read, write;
};

static int obeys_the_mode(void *arg)
{
	const struct mode *mode = arg;
	struct client *c = client_open();
	int none = mode->write ? 0 : -EACCES;

	CHECK(c);
	CHECK_EQ(none, reg(c, "n", 0));
	CHECK(mode->write || c->text[0]);
	/* Who holds it is for those who may look it up. */
	CHECK_EQ(mode->write ? -EEXIST : -EACCES, reg(c, "n", 0));
	CHECK_EQ(mode->read && mode->write, c->reply && attr_of(c->reply, PGNL_A_HOLDER));
	CHECK_EQ(none, rereg(c, "n", 0));
	CHECK_EQ(mode->write, c->reply && attr_of(c->reply, PGNL_A_HOLDER));
	CHECK_EQ(mode->read ? mode->write : -EACCES, whereis(c, "n") > 0 ? 1 : whereis(c, "n"));
	CHECK_EQ(mode->read ? mode->write : -EACCES, names(c, NULL, NULL));
	CHECK_EQ(mode->write ? 1 : -EACCES, unreg(c, "n"));
	return 0;
}

TEST_F(name, the_mode_of_the_scope_counts)
{
	static const struct mode modes[] = {
		{ 0770, false, false }, { 0774, true, false }, { 0772, false, true },
		{ 0776, true, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct mode mode = modes[i];

		req_new(self->c, PGNL_CMD_SCOPE_SET);
		put_str(self->c, PGNL_A_SCOPE, GLOBAL);
		put_u32(self->c, PGNL_A_PERM, mode.perm);
		ASSERT_EQ(0, req_do(self->c));
		EXPECT_EQ(0, as_user(ALICE, ALICE, obeys_the_mode, &mode))
			TH_LOG("mode %o", mode.perm);
	}
}

TEST_F(name, root_takes_no_name_through_the_socket_of_a_user)
{
	struct people people;
	struct client *c;

	ASSERT_EQ(0, start_people(&people));
	ASSERT_EQ(0, reg(self->c, "bobs", people.bob.pid));
	ASSERT_EQ(0, reg(self->c, "own", 0));
	c = client_opened_by(ALICE);
	ASSERT_NE(NULL, c);
	EXPECT_EQ(-EPERM, unreg(c, "bobs"));
	EXPECT_EQ(-EPERM, rereg(c, "bobs", people.alice.pid));
	/* Nor its own: the opener may not signal it. */
	EXPECT_EQ(-EPERM, unreg(c, "own"));
	EXPECT_EQ(-EPERM, reg(c, "new", 0));
	EXPECT_EQ(-EPERM, rereg(c, "own", people.alice.pid));
	EXPECT_EQ(0, reg(c, "alices", people.alice.pid));
	EXPECT_EQ(1, unreg(c, "alices"));
	EXPECT_EQ(people.bob.pid, holder_pid(self->c, "bobs"));
	EXPECT_EQ(getpid(), holder_pid(self->c, "own"));
	client_close(c);
	end_people(&people);
}

static int over_the_socket_of_root(void *arg)
{
	void **args = arg;
	struct client *c = args[0];
	struct people *people = args[1];

	CHECK_EQ(-EPERM, unreg(c, "bobs"));
	CHECK_EQ(-EPERM, rereg(c, "bobs", 0));
	CHECK_EQ(0, reg(c, "mine", 0));
	CHECK_EQ(1, unreg(c, "mine"));
	CHECK_EQ(people->bob.pid, holder_pid(c, "bobs"));
	return 0;
}

TEST_F(name, a_user_gains_no_name_by_an_inherited_socket_of_root)
{
	struct people people;
	void *args[] = { self->c, &people };

	ASSERT_EQ(0, start_people(&people));
	ASSERT_EQ(0, reg(self->c, "bobs", people.bob.pid));
	EXPECT_EQ(0, as_user(ALICE, ALICE, over_the_socket_of_root, args));
	end_people(&people);
}

/* --- Namespaces ---------------------------------------------------------------- */

TEST_F(name, each_network_namespace_has_names_of_its_own)
{
	struct client *b = client_in_new_netns();
	uint64_t fence;

	ASSERT_NE(NULL, b);
	ASSERT_EQ(0, reg(self->c, "n", 0));
	fence = told(self->c).reg.fence;
	EXPECT_EQ(0, whereis(b, "n"));
	ASSERT_EQ(0, reg(b, "n", 0));
	EXPECT_LT(fence, told(b).reg.fence);
	EXPECT_EQ(1, unreg(self->c, "n"));
	EXPECT_LT(0, whereis(b, "n"));
	EXPECT_STREQ("", verify(b));
	client_close(b);
}

struct inside {
	struct client *c;
	pid_t outer;
};

static void init_of_a_pidns(int ctl, const void *arg)
{
	const struct inside *in = arg;
	struct client *c = client_open();

	/* Its own by its own number; the one outside is invisible. */
	if (getpid() != 1 || reg(c, "inner", 0) || told(c).row.pid != 1 ||
	    whereis(c, "outer") <= 0 || told(c).row.pid != 0 ||
	    reg(c, "outer", 0) != -EEXIST || told_holder(c).row.pid != 0 ||
	    reg(c, "n", in->outer) != -ESRCH)
		_exit(1);
	ready(ctl, 7);
}

TEST_F(name, pids_are_those_of_the_askers_pid_namespace)
{
	struct inside in = { self->c, getpid() };
	struct kid kid;

	ASSERT_EQ(0, reg(self->c, "outer", 0));
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	ASSERT_EQ(7, kid_ready(&kid, init_of_a_pidns, &in));
	EXPECT_EQ(kid.pid, holder_pid(self->c, "inner"));
	kid_kill(&kid);
	EXPECT_STREQ("", held(self->c, "inner"));
}

/* --- Limits -------------------------------------------------------------------- */

TEST_F(name, names_count_as_groups_and_memberships)
{
	static const struct {
		uint16_t limit;
		const char *text;
	} limits[] = {
		{ PGNL_A_LIMIT_NET_GROUPS, "limit net-groups is reached" },
		{ PGNL_A_LIMIT_NET_MEMBERSHIPS, "limit net-memberships is reached" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		uint64_t was = limit_get(self->c, limits[i].limit);

		ASSERT_EQ(0, limit_set(self->c, limits[i].limit, 2));
		ASSERT_EQ(0, reg(self->c, "a", 0));
		ASSERT_EQ(0, reg(self->c, "b", 0));
		EXPECT_EQ(-EDQUOT, reg(self->c, "c", 0));
		EXPECT_STREQ(limits[i].text, self->c->text);
		EXPECT_EQ(-EEXIST, reg(self->c, "b", 0));
		EXPECT_EQ(1, unreg(self->c, "b"));
		EXPECT_EQ(0, reg(self->c, "c", 0));
		EXPECT_EQ(1, unreg(self->c, "c"));
		EXPECT_EQ(1, unreg(self->c, "a"));
		ASSERT_EQ(0, limit_set(self->c, limits[i].limit, was));
	}
}

/* --- Races --------------------------------------------------------------------- */

static void rival_registers(struct rival *rival)
{
	rival->result = reg(rival->c, "n", rival->pid);
}

TEST_F_TIMEOUT(name, of_two_that_register_at_once_exactly_one_wins, LIMIT_S)
{
	unsigned int round, seed = 1, won[2] = {};
	struct rival rival = {};
	struct child a, b;
	uint64_t last = 0;

	ASSERT_EQ(0, child_start(&a));
	ASSERT_EQ(0, child_start(&b));
	rival.pid = b.pid;
	ASSERT_TRUE(rival_start(&rival, rival_registers));
	for (round = 0; again(round, 5000); round++) {
		unsigned int delay = rand_r(&seed) % 3000;
		struct client *winner;
		int mine;

		rival.spin = rand_r(&seed) % 3000;
		pthread_barrier_wait(&rival.meet);
		spin(delay);
		mine = reg(self->c, "n", a.pid);
		pthread_barrier_wait(&rival.meet);
		ASSERT_NE(!mine, !rival.result) TH_LOG("%d, %d", mine, rival.result);
		ASSERT_EQ(-EEXIST, mine ? : rival.result);
		winner = mine ? rival.c : self->c;
		ASSERT_LT(last, told(winner).reg.fence);
		last = told(winner).reg.fence;
		/* The loser has been told whom it lost to. */
		ASSERT_EQ(last, told_holder(mine ? self->c : rival.c).reg.fence);
		won[!!mine]++;
		ASSERT_EQ(mine ? b.pid : a.pid, holder_pid(self->c, "n"));
		ASSERT_EQ(1, unreg(self->c, "n"));
	}
	rival_end(&rival);
	TH_LOG("%u rounds, %u to %u", round, won[0], won[1]);
	child_exit(&a, 0);
	child_exit(&b, 0);
}

static void rival_replaces(struct rival *rival)
{
	rival->result = rereg(rival->c, "n", rival->pid);
}

TEST_F_TIMEOUT(name, of_two_that_replace_at_once_the_second_replaces_the_first, LIMIT_S)
{
	unsigned int round, seed = 1;
	struct rival rival = {};
	struct child a, b;

	ASSERT_EQ(0, child_start(&a));
	ASSERT_EQ(0, child_start(&b));
	rival.pid = b.pid;
	ASSERT_EQ(0, reg(self->c, "n", 0));
	ASSERT_TRUE(rival_start(&rival, rival_replaces));
	for (round = 0; again(round, 2000); round++) {
		uint64_t before = told(self->c).reg.fence, mine, theirs;
		unsigned int delay = rand_r(&seed) % 3000;

		rival.spin = rand_r(&seed) % 3000;
		pthread_barrier_wait(&rival.meet);
		spin(delay);
		ASSERT_EQ(0, rereg(self->c, "n", a.pid));
		pthread_barrier_wait(&rival.meet);
		ASSERT_EQ(0, rival.result);
		mine = told(self->c).reg.fence;
		theirs = told(rival.c).reg.fence;
		if (mine < theirs) {
			ASSERT_EQ(before, told_holder(self->c).reg.fence);
			ASSERT_EQ(mine, told_holder(rival.c).reg.fence);
		} else {
			ASSERT_EQ(before, told_holder(rival.c).reg.fence);
			ASSERT_EQ(theirs, told_holder(self->c).reg.fence);
		}
		ASSERT_EQ(mine < theirs ? b.pid : a.pid, holder_pid(self->c, "n"));
	}
	rival_end(&rival);
	child_exit(&a, 0);
	child_exit(&b, 0);
}

static pid_t fork_that_exits(unsigned int delay)
{
	pid_t pid = fork();

	if (!pid) {
		spin(delay);
		_exit(0);
	}
	return pid;
}

TEST_F_TIMEOUT(name, register_against_exit_leaves_no_ghost, LIMIT_S)
{
	unsigned int round, seed = 1, won = 0;
	struct rival rival = {};

	ASSERT_TRUE(rival_start(&rival, rival_registers));
	for (round = 0; again(round, 2000); round++) {
		pid_t pid = fork_that_exits(rand_r(&seed) % 20000);
		int mine;

		ASSERT_LT(0, pid);
		rival.pid = pid;
		rival.spin = rand_r(&seed) % 20000;
		pthread_barrier_wait(&rival.meet);
		mine = reg(self->c, "n", pid);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		ASSERT_EQ(0, whereis(self->c, "n"));
		pthread_barrier_wait(&rival.meet);
		ASSERT_STREQ("", held(self->c, "n"));
		ASSERT_TRUE(!mine || mine == -ESRCH || mine == -EEXIST) TH_LOG("%d", mine);
		won += !mine + !rival.result;
		ASSERT_LE(!mine + !rival.result, 1);
	}
	rival_end(&rival);
	TH_LOG("%u of %u registered in time", won, round);
}

static void rival_kills(struct rival *rival)
{
	kill(rival->pid, SIGKILL);
}

/* Who is replaced by a process that dies keeps the name, or has lost it to it. */
TEST_F_TIMEOUT(name, replace_by_one_that_dies_keeps_or_moves_the_name, LIMIT_S)
{
	unsigned int round, seed = 1, kept = 0;
	struct rival rival = {};
	struct child heir;

	ASSERT_TRUE(rival_start(&rival, rival_kills));
	for (round = 0; again(round, 1000); round++) {
		unsigned int delay = rand_r(&seed) % 5000;
		int err;

		ASSERT_EQ(0, rereg(self->c, "n", 0));
		ASSERT_EQ(0, child_start(&heir));
		rival.pid = heir.pid;
		rival.spin = rand_r(&seed) % 5000;
		pthread_barrier_wait(&rival.meet);
		spin(delay);
		err = rereg(self->c, "n", heir.pid);
		pthread_barrier_wait(&rival.meet);
		child_kill(&heir);
		ASSERT_TRUE(!err || err == -ESRCH) TH_LOG("%d", err);
		ASSERT_EQ(err ? getpid() : 0, holder_pid(self->c, "n"));
		kept += !!err;
	}
	rival_end(&rival);
	TH_LOG("%u of %u kept", kept, round);
}

/* Dying holders and those who want their names. */
TEST_F_TIMEOUT(name, register_against_the_holders_exit_has_one_holder, LIMIT_S)
{
	unsigned int round, seed = 1, won = 0;
	struct rival rival = {};
	struct child holder;

	ASSERT_TRUE(rival_start(&rival, rival_kills));
	for (round = 0; again(round, 1000); round++) {
		unsigned int delay = rand_r(&seed) % 5000;
		int err;

		ASSERT_EQ(0, child_start(&holder));
		ASSERT_EQ(0, reg(self->c, "n", holder.pid));
		rival.pid = holder.pid;
		rival.spin = rand_r(&seed) % 5000;
		pthread_barrier_wait(&rival.meet);
		spin(delay);
		err = reg(self->c, "n", 0);
		pthread_barrier_wait(&rival.meet);
		child_kill(&holder);
		ASSERT_TRUE(!err || err == -EEXIST) TH_LOG("%d", err);
		ASSERT_EQ(err ? 0 : getpid(), holder_pid(self->c, "n"));
		if (!err) {
			ASSERT_EQ(1, unreg(self->c, "n"));
		}
		won += !err;
	}
	rival_end(&rival);
	TH_LOG("%u of %u won", won, round);
}

/* --- What a reader sees of a replacement ---------------------------------------- */

struct reader {
	pthread_t thread;
	struct client *c;
	uint64_t id[2];
	atomic_bool stop;
	unsigned int reads;
	char complaint[128];
};

/* How many hold the name by one of many ways to ask; -errno. */
static int holders(struct client *c, unsigned int way)
{
	struct members list = {};
	struct pgnl_row row;
	int64_t id;
	uint64_t in_list;
	int ret;

	switch (way % 6) {
	case 0:
		id = whereis(c, "n");
		return id > 0 ? 1 : (int)id;
	case 1:
		ret = members(c, GLOBAL, "n", &list) ? : (int)list.n;
		members_free(&list);
		return ret;
	case 2:
		return group_exists(c, GLOBAL, "n");
	case 3:
		ret = pick(c, GLOBAL, "n", PGNL_POLICY_RANDOM, &row);
		return ret ? : 1;
	case 4:
		ret = names(c, "n", &in_list);
		return ret == -EINTR ? 1 : ret;
	default:
		ret = members_dump(c, GLOBAL, NULL, &list) ? : (int)list.n;
		members_free(&list);
		return ret == -EINTR ? 1 : ret;
	}
}

static void *reader_main(void *arg)
{
	struct reader *r = arg;
	int n;

	for (; !atomic_load(&r->stop); r->reads++) {
		n = holders(r->c, r->reads);
		if (n == 1 || r->complaint[0])
			continue;
		snprintf(r->complaint, sizeof(r->complaint), "read %u saw %d holders",
			 r->reads % 6, n);
	}
	return NULL;
}

TEST_F_TIMEOUT(name, a_reader_of_a_name_being_replaced_sees_one_holder, LIMIT_S)
{
	struct reader reader = {};
	struct child a, b;
	unsigned int round;

	ASSERT_EQ(0, child_start(&a));
	ASSERT_EQ(0, child_start(&b));
	ASSERT_EQ(0, reg(self->c, "n", a.pid));
	reader.c = client_open();
	ASSERT_NE(NULL, reader.c);
	ASSERT_EQ(0, pthread_create(&reader.thread, NULL, reader_main, &reader));
	for (round = 0; again(round, 20000) && !reader.complaint[0]; round++)
		ASSERT_EQ(0, rereg(self->c, "n", round % 2 ? a.pid : b.pid));
	atomic_store(&reader.stop, true);
	pthread_join(reader.thread, NULL);
	EXPECT_STREQ("", reader.complaint);
	TH_LOG("%u replacements, %u reads", round, reader.reads);
	client_close(reader.c);
	child_exit(&a, 0);
	child_exit(&b, 0);
}

/* --- A storm --------------------------------------------------------------------- */

#define STORM_NAMES	4
#define STORM_THREADS	4

struct storm {
	pthread_t thread;
	unsigned int seed;
	atomic_bool *stop;
	unsigned int done;
	int bad;
	pid_t pid;
};

static int storm_once(struct client *c, unsigned int *seed, pid_t pid)
{
	static const char *const some[STORM_NAMES] = { "a", "b", "c", "d" };
	const char *name = some[rand_r(seed) % STORM_NAMES];

	switch (rand_r(seed) % 7) {
	case 0:
	case 1:
		return reg(c, name, pid);
	case 2:
		return rereg(c, name, pid);
	case 3:
		return unreg(c, name);
	case 4:
		return join(c, GLOBAL, name, pid);
	case 5:
		return leave(c, GLOBAL, name, pid);
	default:
		return whereis(c, name) < 0 ? -EIO : 0;
	}
}

static void *storm_main(void *arg)
{
	struct storm *s = arg;
	struct client *c = client_open();
	int ret;

	while (!atomic_load(s->stop)) {
		ret = storm_once(c, &s->seed, s->pid);
		if (ret < 0 && ret != -EEXIST)
			s->bad = ret;
		s->done++;
	}
	client_close(c);
	return NULL;
}

TEST_F_TIMEOUT(name, a_storm_of_requests_keeps_the_tables_consistent, LIMIT_S)
{
	struct storm storm[STORM_THREADS] = {};
	struct child child[STORM_THREADS];
	atomic_bool stop = false;
	unsigned int round;

	for (int i = 0; i < STORM_THREADS; i++) {
		ASSERT_EQ(0, child_start(&child[i]));
		storm[i].seed = i + 1;
		storm[i].stop = &stop;
		storm[i].pid = child[i].pid;
		ASSERT_EQ(0, pthread_create(&storm[i].thread, NULL, storm_main, &storm[i]));
	}
	for (round = 0; again(round, 300); round++)
		ASSERT_STREQ("", verify(self->c));
	atomic_store(&stop, true);
	for (int i = 0; i < STORM_THREADS; i++) {
		pthread_join(storm[i].thread, NULL);
		EXPECT_EQ(0, storm[i].bad);
		TH_LOG("%u requests", storm[i].done);
		child_kill(&child[i]);
	}
	EXPECT_EQ(0, names(self->c, NULL, NULL));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_GROUPS));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
}

TEST_HARNESS_MAIN
