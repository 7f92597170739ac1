// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Subscriptions: what subscribers are told, as transcripts without holes; who
 * is told what; what becomes of those that do not read.
 */
#include <pthread.h>
#include <sched.h>

#include "kselftest_harness.h"
#include "common.h"
#include "events.h"
#include "passed.h"
#include "proc.h"
#include "reads.h"

#define ALICE	1000
#define BOB	2000

/* Wait statuses of exit(3) and SIGKILL. */
#define EXIT_3	"768"
#define KILLED	"9"

FIXTURE(event)
{
	struct client *c;
	struct ear ear;
	struct child a, b;
	struct cast cast;
	uint64_t user_limit;
};

FIXTURE_SETUP(event)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	/* Before the ear, of which they would have a copy. */
	ASSERT_EQ(0, child_start(&self->a));
	ASSERT_EQ(0, child_start(&self->b));
	self->ear.c = client_open();
	ASSERT_NE(NULL, self->ear.c);
	self->cast = (struct cast) { 3, {
		{ self->a.pid, "a" }, { self->b.pid, "b" }, { getpid(), "me" },
	} };
	self->user_limit = limit_get(self->c, PGNL_A_LIMIT_USER_SUBSCRIPTIONS);
}

FIXTURE_TEARDOWN(event)
{
	EXPECT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_SUBSCRIPTIONS, self->user_limit));
	EXPECT_STREQ("", verify(self->c));
	child_kill(&self->a);
	child_kill(&self->b);
	client_close(self->ear.c);
	/* What a socket has subscribed goes with it. */
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_SUBSCRIPTIONS));
	client_close(self->c);
}

/* Subscribes the fixture's ear; prev is then that of the first event to come. */
static int listen_to(struct __test_metadata *_metadata, FIXTURE_DATA(event) *self,
		     const char *scope, const char *group, uint64_t *prev)
{
	int sub = subscribe(self->ear.c, scope, group);

	ASSERT_LT(0, sub) TH_LOG("%s", self->ear.c->text);
	*prev = reply_u64(self->ear.c, PGNL_A_SEQ);
	return sub;
}

#define EXPECT_HEARD(lines, n) \
	EXPECT_STREQ(lines, heard(&self->ear, &self->cast, (uint32_t)sub, &prev, n))

/* --- What is told ------------------------------------------------------------ */

TEST_F(event, joins_and_leaves_with_the_count_after)
{
	uint64_t prev;
	int sub = listen_to(_metadata, self, NULL, NULL, &prev);

	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	ASSERT_EQ(2, join(self->c, NULL, "g", self->a.pid));
	ASSERT_EQ(1, leave(self->c, NULL, "g", self->a.pid));
	ASSERT_EQ(1, leave(self->c, NULL, "g", self->a.pid));
	/* Nothing changes, so nothing is told. */
	ASSERT_EQ(0, leave(self->c, NULL, "g", self->a.pid));
	ASSERT_EQ(0, leave(self->c, NULL, "nowhere", self->a.pid));
	ASSERT_EQ(1, join(self->c, NULL, "h", 0));
	ASSERT_EQ(1, leave(self->c, NULL, "h", 0));
	EXPECT_HEARD("joined g a=1\n"
		     "joined g a=2\n"
		     "left g a=1 by=me\n"
		     "left g a=0 by=me\n"
		     "joined h me=1\n"
		     "left h me=0\n", 6);
}

/* Strangers in a leave and what is asked for in vain are not in the event. */
TEST_F(event, only_what_changes)
{
	pid_t both[] = { self->a.pid, self->b.pid };
	uint64_t prev;
	int sub = listen_to(_metadata, self, NULL, NULL, &prev);

	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	member_req(self->c, PGNL_CMD_MEMBER_LEAVE, NULL, "g");
	put_u32(self->c, PGNL_A_PID, both[1]);
	put_u32(self->c, PGNL_A_PID, both[0]);
	put_u32(self->c, PGNL_A_PID, both[0]);
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(-ESRCH, join(self->c, NULL, "g", dead_pid()));
	ASSERT_EQ(2, join_times(self->c, NULL, "g", self->b.pid, 2));
	EXPECT_HEARD("joined g a=1\nleft g a=0 by=me\njoined g b=2\n", 3);
}

TEST_F(event, many_in_one_request_are_one_event)
{
	struct crowd crowd;
	struct event event;
	uint64_t prev;
	int sub = listen_to(_metadata, self, NULL, NULL, &prev), rows = 0;
	const struct nlattr *attr;

	ASSERT_EQ(0, crowd_start(&crowd, 100));
	ASSERT_EQ(0, join_pids(self->c, NULL, "g", crowd.pid, crowd.n) < 0);
	ASSERT_EQ(0, next_event(&self->ear, &event, EVENT_LIMIT));
	mnl_attr_for_each(attr, event.msg, sizeof(struct genlmsghdr))
		rows += mnl_attr_get_type(attr) == PGNL_A_MEMBER;
	EXPECT_EQ(100, rows);
	EXPECT_EQ((uint32_t)sub, event.sub);
	EXPECT_EQ(prev + 1, event.seq);
	crowd_end(&crowd);
}

TEST_F(event, metadata_and_weight_are_told)
{
	const struct nlattr *meta = NULL, *attr;
	struct pgnl_row row = {};
	struct event event;
	uint64_t prev;

	listen_to(_metadata, self, NULL, NULL, &prev);
	member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	put_u32(self->c, PGNL_A_PID, self->a.pid);
	put_u32(self->c, PGNL_A_WEIGHT, 7);
	put_bin(self->c, PGNL_A_META, "unix:/run/a", 11);
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(0, next_event(&self->ear, &event, EVENT_LIMIT));
	mnl_attr_for_each_nested(attr, attr_of(event.msg, PGNL_A_MEMBER)) {
		if (mnl_attr_get_type(attr) == PGNL_A_MEMBER_META)
			meta = attr;
		if (mnl_attr_get_type(attr) == PGNL_A_MEMBER_ROW)
			memcpy(&row, mnl_attr_get_payload(attr), sizeof(row));
	}
	ASSERT_NE(NULL, meta);
	EXPECT_EQ(11, mnl_attr_get_payload_len(meta));
	EXPECT_EQ(0, memcmp(mnl_attr_get_payload(meta), "unix:/run/a", 11));
	EXPECT_EQ(7, row.weight);
	EXPECT_EQ(id_of(self->c, self->a.pid), (int64_t)row.id);
	EXPECT_STREQ("pg", event.scope);
}

TEST_F(event, how_members_have_ended)
{
	uint64_t prev;
	int sub = listen_to(_metadata, self, NULL, NULL, &prev);

	ASSERT_EQ(3, join_times(self->c, NULL, "g", self->a.pid, 3));
	ASSERT_EQ(1, join(self->c, NULL, "h", self->a.pid));
	ASSERT_EQ(1, join(self->c, NULL, "g", self->b.pid));
	EXPECT_HEARD("joined g a=3\njoined h a=1\njoined g b=1\n", 3);
	child_exit(&self->a, 3);
	EXPECT_HEARD("exited h a=0 status=" EXIT_3 "\n"
		     "exited g a=0 status=" EXIT_3 "\n", 2);
	child_kill(&self->b);
	EXPECT_HEARD("killed g b=0 status=" KILLED "\n", 1);
	child_start(&self->a);
	child_start(&self->b);
}

TEST_F(event, a_group_from_its_creation_to_its_deletion)
{
	uint64_t prev;
	int sub = listen_to(_metadata, self, "pg2", NULL, &prev);

	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	ASSERT_EQ(1, join(self->c, "pg2", "g", self->a.pid));
	ASSERT_EQ(2, join_times(self->c, "pg2", "g", self->b.pid, 2));
	ASSERT_EQ(0, group_del(self->c, "pg2", "g"));
	EXPECT_HEARD("group-created g by=me\n"
		     "joined g a=1\n"
		     "joined g b=2\n"
		     "evicted g a=0 by=me\n"
		     "evicted g b=0 by=me\n"
		     "group-deleted g by=me\n", 6);
}

TEST_F(event, a_scope_that_is_deleted)
{
	uint64_t prev;
	int sub;

	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	sub = listen_to(_metadata, self, "s", NULL, &prev);
	ASSERT_EQ(1, join(self->c, "s", "g", self->a.pid));
	ASSERT_EQ(0, scope_del(self->c, "s"));
	/* Another of the same name is another. */
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join(self->c, "s", "g", self->a.pid));
	EXPECT_HEARD("joined g a=1\nscope-deleted by=me\n", 2);
	EXPECT_EQ(0, unsubscribe(self->ear.c, sub));
	sub = listen_to(_metadata, self, "s", NULL, &prev);
	ASSERT_EQ(2, join(self->c, "s", "g", self->a.pid));
	EXPECT_HEARD("joined g a=2\n", 1);
}

TEST_F(event, a_subscriber_to_a_group_of_a_deleted_scope)
{
	uint64_t prev;
	int sub;

	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG2));
	sub = listen_to(_metadata, self, "s", "g", &prev);
	ASSERT_EQ(0, scope_del(self->c, "s"));
	EXPECT_HEARD("scope-deleted by=me\n", 1);
}

/* --- To whom ------------------------------------------------------------------- */

TEST_F(event, of_a_group_only)
{
	uint64_t prev;
	int sub = listen_to(_metadata, self, NULL, "g", &prev);

	ASSERT_EQ(1, join(self->c, NULL, "other", self->a.pid));
	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	ASSERT_EQ(1, join(self->c, NULL, "gg", self->a.pid));
	ASSERT_EQ(1, leave(self->c, NULL, "g", self->a.pid));
	ASSERT_EQ(1, join(self->c, "global", "g", self->a.pid));
	ASSERT_EQ(1, join(self->c, NULL, "g", self->b.pid));
	EXPECT_HEARD("joined g a=1\nleft g a=0 by=me\njoined g b=1\n", 3);
}

/* By the kernel's jhash() on machines whose low bytes come first. */
TEST_F(event, of_a_group_only_though_others_have_its_hash)
{
	uint64_t prev;
	int sub = listen_to(_metadata, self, NULL, "yceoac", &prev);

	ASSERT_EQ(1, join(self->c, NULL, "dyccpd", self->a.pid));
	ASSERT_EQ(1, join(self->c, NULL, "pgswc", self->a.pid));
	ASSERT_EQ(1, join(self->c, NULL, "yceoac", self->a.pid));
	EXPECT_HEARD("joined yceoac a=1\n", 1);
}

/* Each has its own chain; what comes of one group comes to three. */
TEST_F(event, three_subscriptions_on_one_socket)
{
	uint64_t prev[4];
	struct event event;
	struct client *c = self->ear.c;
	int sub[4], n[4] = {}, left = 7;
	uint32_t id;

	for (int i = 0; i < 4; i++) {
		static const char *const group[] = { NULL, "g", "g", "h" };

		sub[i] = listen_to(_metadata, self, NULL, group[i], &prev[i]);
	}
	EXPECT_EQ(4, usage_get(self->c, PGNL_A_LIMIT_NET_SUBSCRIPTIONS));
	EXPECT_EQ(4, stat_get(self->c, PGNL_A_STAT_SUBSCRIPTIONS));
	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	ASSERT_EQ(1, join(self->c, NULL, "h", self->a.pid));
	ASSERT_EQ(1, join(self->c, NULL, "i", self->a.pid));
	while (n[0] < 3 || n[1] < 1 || n[2] < 1 || n[3] < 1) {
		ASSERT_EQ(0, next_event(&self->ear, &event, EVENT_LIMIT));
		for (int i = 0; i < 4; i++) {
			if (event.sub != (uint32_t)sub[i])
				continue;
			EXPECT_EQ(prev[i], event.prev);
			prev[i] = event.seq;
			n[i]++;
		}
		ASSERT_LT(0, left--);
	}
	EXPECT_EQ(3, n[0]);
	EXPECT_EQ(1, n[1]);
	EXPECT_EQ(1, n[2]);
	EXPECT_EQ(1, n[3]);

	/* One of them less. */
	EXPECT_EQ(0, unsubscribe(c, sub[1]));
	EXPECT_EQ(-ENOENT, unsubscribe(c, sub[1]));
	EXPECT_EQ(PGNL_A_SUBSCRIPTION, blamed(c));
	EXPECT_EQ(3, usage_get(self->c, PGNL_A_LIMIT_NET_SUBSCRIPTIONS));
	ASSERT_EQ(1, leave(self->c, NULL, "g", self->a.pid));
	id = 0;
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, next_event(&self->ear, &event, EVENT_LIMIT));
		EXPECT_NE((uint32_t)sub[1], event.sub);
		EXPECT_NE(id, event.sub);
		id = event.sub;
	}
}

TEST_F(event, a_subscription_is_its_sockets_alone)
{
	struct client *other = client_open();
	uint64_t prev;
	int sub = listen_to(_metadata, self, NULL, NULL, &prev);

	EXPECT_EQ(-ENOENT, unsubscribe(other, sub));
	EXPECT_STREQ("this socket has no such subscription", other->text);
	EXPECT_EQ(-ENOENT, replay(other, sub, prev));
	EXPECT_EQ(-ENOENT, replay_from_now(other, sub));
	EXPECT_EQ(-ENOENT, unsubscribe(self->ear.c, sub + 1));
	client_close(other);
	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	EXPECT_HEARD("joined g a=1\n", 1);
}

TEST_F(event, the_end_of_another_socket_with_its_port_id_is_not_its_end)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(addr);
	struct ear second = {};
	int fd;

	ASSERT_LT(0, subscribe(self->ear.c, NULL, NULL));
	ASSERT_EQ(0, getsockname(self->ear.c->fd, (struct sockaddr *)&addr, &len));
	client_close(self->ear.c);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	second.c = client_on(fd);
	ASSERT_LT(0, subscribe(second.c, NULL, NULL));
	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	EXPECT_STREQ("joined g a=1\n", heard(&second, &self->cast, 0, NULL, 1));
	self->ear = second;
}

TEST_F(event, the_reply_comes_first_and_a_listing_says_what_it_is_after)
{
	struct event event;
	uint64_t prev, seq = 0;
	const struct nlmsghdr *msg;
	int left;

	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	ASSERT_EQ(0, members_dump(self->c, NULL, NULL, &(struct members){}));
	for_each_dumped(self->c, msg, left)
		EXPECT_EQ(NULL, attr_of(msg, PGNL_A_SEQ));
	listen_to(_metadata, self, NULL, NULL, &prev);
	ASSERT_EQ(2, join(self->c, NULL, "g", self->a.pid));
	ASSERT_EQ(0, members_dump(self->c, NULL, NULL, &(struct members){}));
	for_each_dumped(self->c, msg, left) {
		ASSERT_NE(NULL, attr_of(msg, PGNL_A_SEQ));
		seq = mnl_attr_get_u64(attr_of(msg, PGNL_A_SEQ));
	}
	EXPECT_EQ(prev + 1, seq);
	/* What comes after the listing has a higher number, at once or not. */
	ASSERT_EQ(3, join(self->c, NULL, "g", self->a.pid));
	ASSERT_EQ(0, next_event(&self->ear, &event, EVENT_LIMIT));
	EXPECT_EQ(seq, event.seq);
	ASSERT_EQ(0, next_event(&self->ear, &event, EVENT_LIMIT));
	EXPECT_EQ(seq + 1, event.seq);
}

static void member_that_subscribes(int ctl, const void *arg)
{
	struct client *c = client_open();

	(void)arg;
	if (!c || join(c, NULL, "g", 0) != 1 || subscribe(c, NULL, "g") < 0 ||
	    subscribe(c, NULL, NULL) < 0)
		_exit(1);
	ready(ctl, 1);
}

/* pg_SUITE's monitor_self, but for the scope's fate. */
TEST_F(event, a_member_that_subscribes_ends)
{
	struct kid kid;
	uint64_t prev;
	int sub = listen_to(_metadata, self, NULL, NULL, &prev);

	ASSERT_EQ(1, kid_ready(&kid, member_that_subscribes, NULL));
	self->cast.at[self->cast.n].pid = kid.pid;
	self->cast.at[self->cast.n++].name = "kid";
	EXPECT_EQ(3, usage_get(self->c, PGNL_A_LIMIT_NET_SUBSCRIPTIONS));
	kid_kill(&kid);
	EXPECT_HEARD("joined g kid=1\nkilled g kid=0 status=" KILLED "\n", 2);
	EXPECT_EQ(1, usage_get(self->c, PGNL_A_LIMIT_NET_SUBSCRIPTIONS));
}

/* --- Rights ------------------------------------------------------------------------ */

static int refused_to_subscribe(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	CHECK_EQ(-EACCES, subscribe(c, "s", NULL));
	CHECK(!strcmp(c->text, "mode of the scope does not allow it"));
	CHECK_EQ(PGNL_A_SCOPE, blamed(c));
	CHECK_EQ(-EACCES, subscribe(c, "s", "g"));
	CHECK_EQ(-EACCES, subscribe(c, "pg2", "closed"));
	CHECK(!strcmp(c->text, "mode of the group does not allow it"));
	CHECK_EQ(PGNL_A_GROUP, blamed(c));
	CHECK(subscribe(c, "pg2", "open") > 0);
	CHECK(subscribe(c, "pg2", NULL) > 0);
	return 0;
}

static int new_group_with(struct client *c, const char *group, uint32_t perm)
{
	member_req(c, PGNL_CMD_GROUP_NEW, "pg2", group);
	put_u32(c, PGNL_A_PERM, perm);
	return req_do(c);
}

TEST_F(event, who_may_not_read_may_not_subscribe)
{
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, set_perm(self->c, "s", 0733));
	ASSERT_EQ(0, new_group_with(self->c, "closed", 0711));
	ASSERT_EQ(0, new_group_with(self->c, "open", 0744));
	EXPECT_EQ(0, as_user(ALICE, ALICE, refused_to_subscribe, NULL));
}

TEST_F(event, bad_requests_are_refused)
{
	struct client *c = self->ear.c;

	EXPECT_EQ(-ENOENT, subscribe(c, "nowhere", NULL));
	EXPECT_STREQ("no such scope", c->text);
	EXPECT_EQ(-EINVAL, subscribe(c, NULL, ""));
	EXPECT_EQ(PGNL_A_GROUP, blamed(c));
	req_new(c, PGNL_CMD_EVENT_UNSUBSCRIBE);
	EXPECT_EQ(-EINVAL, req_do(c));
	EXPECT_STREQ("a subscription is needed", c->text);
	req_new(c, PGNL_CMD_EVENT_REPLAY);
	put_u64(c, PGNL_A_SEQ, 1);
	EXPECT_EQ(-EINVAL, req_do(c));
	EXPECT_STREQ("a subscription is needed", c->text);
	/* The kernel sends this, nobody else does. */
	req_new(c, PGNL_CMD_EVENT);
	EXPECT_EQ(-EOPNOTSUPP, req_do(c));
}

/* What a kid is to hear, and in what guise. */
struct listener {
	uid_t uid;
	const char *scope;
	int lines;
	const char *expected;
	bool user_ns;
};

static void listener(int ctl, const void *arg)
{
	const struct listener *l = arg;
	static struct ear ear;
	const char *text;
	int sub;

	if (l->user_ns)
		new_ns(CLONE_NEWUSER);
	if (l->uid)
		become(l->uid, l->uid, NULL, 0);
	ear.c = client_open();
	sub = ear.c ? subscribe(ear.c, l->scope, NULL) : -1;
	ready(ctl, sub);
	text = heard(&ear, NULL, 0, NULL, l->lines);
	if (strcmp(text, l->expected))
		fprintf(stderr, "# heard:\n%s# expected:\n%s", text, l->expected);
	ready(ctl, strcmp(text, l->expected));
}

TEST_F(event, groups_that_it_may_not_read_are_left_out)
{
	struct listener l = { .uid = ALICE, .scope = "pg2", .lines = 4, .expected =
		"group-created open by=?\njoined open ?=1\n"
		"evicted open ?=0\ngroup-deleted open by=?\n" };
	struct kid kid;

	ASSERT_LT(0, kid_ready(&kid, listener, &l));
	tell(kid.ctl, 0);
	ASSERT_EQ(0, new_group_with(self->c, "closed", 0733));
	ASSERT_EQ(1, join(self->c, "pg2", "closed", 0));
	ASSERT_EQ(0, new_group_with(self->c, "open", 0744));
	ASSERT_EQ(1, join(self->c, "pg2", "open", 0));
	ASSERT_EQ(0, group_del(self->c, "pg2", "closed"));
	ASSERT_EQ(0, group_del(self->c, "pg2", "open"));
	EXPECT_EQ(0, hear(kid.ctl));
	kid_kill(&kid);
}

static void alice_waits(int ctl, const void *arg)
{
	(void)arg;
	become(ALICE, ALICE, NULL, 0);
	ready(ctl, 0);
	_exit(3);
}

/* A joins ALICE's process, which exits with 3; what do they hear? */
static void expect_end_as(struct __test_metadata *_metadata, FIXTURE_DATA(event) *self,
			  uid_t uid, bool user_ns, const char *end)
{
	static char text[128];
	struct listener l = { .uid = uid, .lines = 2, .expected = text, .user_ns = user_ns };
	struct kid kid, victim;

	snprintf(text, sizeof(text), "joined g ?=1\n%s\n", end);
	ASSERT_LT(0, kid_ready(&kid, listener, &l));
	tell(kid.ctl, 0);
	ASSERT_EQ(0, kid_ready(&victim, alice_waits, NULL));
	ASSERT_EQ(1, join(self->c, NULL, "g", victim.pid));
	tell(victim.ctl, 0);
	EXPECT_EQ(3 << 8, kid_reap(&victim));
	EXPECT_EQ(0, hear(kid.ctl)) TH_LOG("as %u", uid);
	kid_close(&victim);
	kid_kill(&kid);
}

TEST_F(event, how_it_ended_is_for_its_user_and_administrators)
{
	expect_end_as(_metadata, self, 0, false, "exited g ?=0 status=" EXIT_3);
	expect_end_as(_metadata, self, ALICE, false, "exited g ?=0 status=" EXIT_3);
	expect_end_as(_metadata, self, BOB, false, "left g ?=0");
	/* Root of a namespace of its own is nobody here. */
	expect_end_as(_metadata, self, 0, true, "exited g ?=0 status=" EXIT_3);
}

TEST_F(event, how_it_ended_is_for_the_owner_of_the_scope)
{
	struct listener l = { .uid = BOB, .scope = "s", .lines = 2,
		.expected = "joined g ?=1\nexited g ?=0 status=" EXIT_3 "\n" };
	struct kid kid, victim;

	req_new(self->c, PGNL_CMD_SCOPE_NEW);
	put_str(self->c, PGNL_A_SCOPE, "s");
	put_u32(self->c, PGNL_A_OWNER, BOB);
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_LT(0, kid_ready(&kid, listener, &l));
	tell(kid.ctl, 0);
	ASSERT_EQ(0, kid_ready(&victim, alice_waits, NULL));
	ASSERT_EQ(1, join(self->c, "s", "g", victim.pid));
	tell(victim.ctl, 0);
	kid_reap(&victim);
	EXPECT_EQ(0, hear(kid.ctl));
	kid_close(&victim);
	kid_kill(&kid);
}

static int subscribes_over(void *arg)
{
	struct client *c = arg;

	become(ALICE, ALICE, NULL, 0);
	CHECK_EQ(-EACCES, subscribe(c, "s", NULL));
	return 0;
}

/*
 * Root's socket gives ALICE nothing. Hers gets nothing in root's name: neither
 * root's rights nor what root may have, told in root's namespaces.
 */
TEST_F(event, a_socket_that_is_handed_over)
{
	struct client *c;

	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, set_perm(self->c, "s", 0700));
	EXPECT_LT(0, subscribe(self->ear.c, "s", NULL));
	EXPECT_EQ(0, in_child(subscribes_over, self->ear.c));
	c = client_opened_by(ALICE);
	ASSERT_NE(NULL, c);
	EXPECT_EQ(-EPERM, subscribe(c, "s", NULL));
	EXPECT_EQ(-EPERM, subscribe(c, NULL, NULL));
	EXPECT_STREQ("the socket was opened by another user", c->text);
	client_close(c);
}

/* --- Namespaces ---------------------------------------------------------------------- */

static void pid_listener(int ctl, const void *arg)
{
	struct client *c = client_open();
	static struct ear ear;
	struct event event;
	struct pgnl_row row;

	(void)arg;
	ear.c = client_open();
	ready(ctl, ear.c ? subscribe(ear.c, NULL, NULL) : -1);
	if (next_event(&ear, &event, EVENT_LIMIT))
		_exit(1);
	memcpy(&row, mnl_attr_get_payload((struct nlattr *)mnl_attr_get_payload(
		attr_of(event.msg, PGNL_A_MEMBER))), sizeof(row));
	ready(ctl, row.pid);
	ready(ctl, join(c, NULL, "own", 0));
	if (next_event(&ear, &event, EVENT_LIMIT))
		_exit(1);
	memcpy(&row, mnl_attr_get_payload((struct nlattr *)mnl_attr_get_payload(
		attr_of(event.msg, PGNL_A_MEMBER))), sizeof(row));
	ready(ctl, row.pid);
}

TEST_F(event, pids_are_those_of_the_subscriber)
{
	int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	uint64_t prev;
	int sub = listen_to(_metadata, self, NULL, NULL, &prev);
	struct kid kid;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	ASSERT_LT(0, kid_ready(&kid, pid_listener, NULL));
	ASSERT_EQ(0, setns(own, CLONE_NEWPID));
	close(own);
	tell(kid.ctl, 0);
	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	EXPECT_EQ(0, hear(kid.ctl));
	tell(kid.ctl, 0);
	EXPECT_EQ(1, hear(kid.ctl));
	tell(kid.ctl, 0);
	EXPECT_EQ(1, hear(kid.ctl));
	self->cast.at[self->cast.n].pid = kid.pid;
	self->cast.at[self->cast.n++].name = "kid";
	EXPECT_HEARD("joined g a=1\njoined own kid=1\n", 2);
	kid_kill(&kid);
	EXPECT_HEARD("killed own kid=0 status=" KILLED "\n", 1);
}

TEST_F(event, of_its_own_network_namespace_only)
{
	struct client *elsewhere;
	uint64_t prev;
	int sub = listen_to(_metadata, self, NULL, NULL, &prev);

	elsewhere = client_in_new_netns();
	ASSERT_NE(NULL, elsewhere);
	ASSERT_EQ(1, join(elsewhere, NULL, "g", self->b.pid));
	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	EXPECT_HEARD("joined g a=1\n", 1);
	client_close(elsewhere);
}

static int subscribes_in_a_netns_that_ends(void *arg)
{
	struct client *c = client_in_new_netns(), *d = client_open();

	(void)arg;
	CHECK(c && d);
	CHECK_EQ(0, scope_new(c, "s", PGNL_SCOPE_MODE_PG));
	CHECK(subscribe(d, "s", NULL) > 0);
	CHECK(subscribe(d, NULL, "g") > 0);
	CHECK_EQ(1, join(c, "s", "g", 0));
	CHECK_EQ(1, join(c, NULL, "g", 0));
	/* The last of the namespace are the sockets, and they end with this. */
	return 0;
}

TEST_F(event, a_network_namespace_ends_with_its_subscribers)
{
	uint64_t before = usage_get(self->c, PGNL_A_LIMIT_USER_SUBSCRIPTIONS);

	for (int i = 0; i < 20; i++)
		ASSERT_EQ(0, in_child(subscribes_in_a_netns_that_ends, NULL));
	EXPECT_EQ(before, usage_get(self->c, PGNL_A_LIMIT_USER_SUBSCRIPTIONS));
}

/* --- Limits ------------------------------------------------------------------------------ */

TEST_F(event, subscriptions_are_limited)
{
	uint64_t used = usage_get(self->c, PGNL_A_LIMIT_USER_SUBSCRIPTIONS);
	struct client *c = self->ear.c;
	int sub;

	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_SUBSCRIPTIONS, 2));
	sub = subscribe(c, NULL, NULL);
	EXPECT_LT(0, sub);
	EXPECT_LT(0, subscribe(c, NULL, "g"));
	EXPECT_EQ(-EDQUOT, subscribe(c, NULL, "h"));
	EXPECT_STREQ("limit net-subscriptions is reached", c->text);
	EXPECT_EQ(0, unsubscribe(c, sub));
	EXPECT_LT(0, subscribe(c, NULL, "h"));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_SUBSCRIPTIONS, 100));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_SUBSCRIPTIONS, used + 3));
	EXPECT_LT(0, subscribe(c, "pg2", NULL));
	EXPECT_EQ(-EDQUOT, subscribe(c, "pg2", NULL));
	EXPECT_STREQ("limit user-subscriptions is reached", c->text);
	EXPECT_EQ(used + 3, usage_get(self->c, PGNL_A_LIMIT_USER_SUBSCRIPTIONS));
	client_close(c);
	EXPECT_EQ(used, usage_get(self->c, PGNL_A_LIMIT_USER_SUBSCRIPTIONS));
	self->ear.c = client_open();
}

/* --- Those who do not read ----------------------------------------------------------------- */

static void set_room(struct __test_metadata *_metadata, struct client *c, int room)
{
	ASSERT_EQ(0, setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)));
}

/* Joins and leaves by turns, each an event of its own: the ear must get on. */
static void make_events(struct __test_metadata *_metadata, FIXTURE_DATA(event) *self, int n)
{
	for (int i = 0; i < n; i++) {
		if (i % 2) {
			ASSERT_EQ(1, leave(self->c, NULL, "g", self->a.pid));
		} else {
			ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
		}
	}
}

/*
 * Reads events of a gapless sequence: 0 when some were lost then, 1 at the first
 * event of the group "end", or the first error.
 */
static int read_up_to_loss(struct ear *ear, uint64_t *prev, int *n)
{
	bool told = false;
	struct event event;
	int err;

	for (;;) {
		err = next_event(ear, &event, told ? 0 : EVENT_LIMIT);
		if (err == -EAGAIN && told)
			return 0;
		if (err == -ENOBUFS) {
			told = true;
			continue;
		}
		if (err)
			return err;
		if (event.reason == PGNL_REASON_LOST)
			return event.seq == *prev ? 0 : -EBADMSG;
		if (event.prev != *prev)
			return -EILSEQ;
		*prev = event.seq;
		++*n;
		if (event.group && !strcmp(event.group, "end"))
			return 1;
	}
}

TEST_F(event, a_full_socket_and_an_exact_replay)
{
	int n = 0, losses = 0, err;
	struct event event;
	uint64_t prev, start;
	int sub = listen_to(_metadata, self, NULL, NULL, &prev);

	start = prev;
	set_room(_metadata, self->ear.c, 4096);
	make_events(_metadata, self, 400);
	ASSERT_EQ(1, join(self->c, NULL, "end", self->b.pid));
	/* Told so, and nothing more; how much a replay has room for is the kernel's to say. */
	while (!(err = read_up_to_loss(&self->ear, &prev, &n))) {
		losses++;
		EXPECT_EQ(-EAGAIN, next_event(&self->ear, &event, 0));
		set_room(_metadata, self->ear.c, 16384);
		ASSERT_EQ(0, replay(self->ear.c, sub, prev)) TH_LOG("%s", self->ear.c->text);
		EXPECT_EQ(prev, reply_u64(self->ear.c, PGNL_A_SEQ));
	}
	ASSERT_EQ(1, err) TH_LOG("%s after %d events", strerror(-err), n);
	EXPECT_LE(1, losses);
	EXPECT_EQ(start + 401, prev);
	EXPECT_LE((uint64_t)losses, stat_get(self->c, PGNL_A_STAT_LOST));
}

TEST_F(event, too_long_ago_for_a_replay)
{
	uint64_t prev, start;
	int sub = listen_to(_metadata, self, NULL, NULL, &prev), n = 0;
	struct client *c = self->ear.c;

	start = prev;
	EXPECT_EQ(-EINVAL, replay(c, sub, start + 1));
	EXPECT_STREQ("no such event yet", c->text);
	set_room(_metadata, c, 4096);
	make_events(_metadata, self, 6000);
	ASSERT_EQ(0, read_up_to_loss(&self->ear, &prev, &n));
	EXPECT_EQ(-ESTALE, replay(c, sub, prev));
	EXPECT_STREQ("too long ago, list the members anew", c->text);
	EXPECT_EQ(PGNL_A_SEQ, blamed(c));
	ASSERT_EQ(0, replay_from_now(c, sub));
	prev = reply_u64(c, PGNL_A_SEQ);
	EXPECT_EQ(start + 6000, prev);
	ASSERT_EQ(1, join(self->c, NULL, "h", self->a.pid));
	EXPECT_HEARD("joined h a=1\n", 1);
}

/* All of it under one hold of the lock, so whoever delivers can't keep up. */
TEST_F(event, more_at_once_than_is_kept_is_lost_and_the_end_of_it_is_there)
{
	uint64_t prev, start;
	int sub = listen_to(_metadata, self, NULL, NULL, &prev), n = 0;

	start = prev;
	groups_req(self->c, PGNL_CMD_MEMBER_JOIN, PGNL_ROWS_MAX);
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(0, read_up_to_loss(&self->ear, &prev, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(-ESTALE, replay(self->ear.c, sub, prev));
	/* In the ring it is after the place where that begins anew. */
	prev = start + PGNL_ROWS_MAX - 2;
	ASSERT_EQ(0, replay(self->ear.c, sub, prev));
	EXPECT_HEARD("joined group-4094 me=1\njoined group-4095 me=1\n", 2);
	EXPECT_EQ(start + PGNL_ROWS_MAX, prev);
}

/*
 * Nothing is kept while nobody listens. So whoever comes back can't have what
 * was meanwhile, and must not be told that there was nothing.
 */
static void expect_gap(struct __test_metadata *_metadata, FIXTURE_DATA(event) *self,
		       const char *before, const char *meanwhile, const char *after)
{
	struct client *c = client_open(), *d = client_open();
	uint64_t epoch, seq;
	int sub, other;

	if (meanwhile) {
		ASSERT_LT(0, subscribe(d, NULL, meanwhile));
	}
	ASSERT_LT(0, subscribe(c, NULL, before));
	epoch = reply_u64(c, PGNL_A_EPOCH);
	seq = reply_u64(c, PGNL_A_SEQ);
	client_close(c);
	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	ASSERT_EQ(1, leave(self->c, NULL, "g", self->a.pid));

	c = client_open();
	other = subscribe(c, NULL, meanwhile ? meanwhile : after);
	ASSERT_LT(0, other);
	sub = subscribe(c, NULL, after);
	ASSERT_LT(0, sub);
	EXPECT_EQ(epoch, reply_u64(c, PGNL_A_EPOCH));
	EXPECT_LT(seq, reply_u64(c, PGNL_A_SEQ));
	EXPECT_EQ(-ESTALE, replay(c, sub, seq));
	client_close(c);
	client_close(d);
}

TEST_F(event, what_nobody_listened_to_is_not_taken_for_nothing)
{
	expect_gap(_metadata, self, NULL, NULL, NULL);
	expect_gap(_metadata, self, "g", NULL, "g");
	expect_gap(_metadata, self, NULL, NULL, "g");
	expect_gap(_metadata, self, "g", NULL, NULL);
	/* Somebody listens all the while, but to another group. */
	expect_gap(_metadata, self, "g", "other", "g");
	expect_gap(_metadata, self, NULL, "other", NULL);
}

/* Another one that begins is no hole for those who are there. */
TEST_F(event, a_replay_is_exact_though_others_have_begun)
{
	uint64_t prev;
	int sub = listen_to(_metadata, self, NULL, "g", &prev);
	struct client *d = client_open();

	ASSERT_LT(0, subscribe(d, NULL, "h"));
	ASSERT_EQ(0, replay(self->ear.c, sub, prev)) TH_LOG("%s", self->ear.c->text);
	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	EXPECT_HEARD("joined g a=1\n", 1);
	ASSERT_LT(0, subscribe(d, NULL, NULL));
	ASSERT_EQ(0, replay(self->ear.c, sub, prev));
	ASSERT_EQ(1, leave(self->c, NULL, "g", self->a.pid));
	EXPECT_HEARD("left g a=0 by=me\n", 1);
	client_close(d);
}

TEST_F(event, a_full_socket_has_room_for_replies)
{
	uint64_t prev;
	struct client *c = self->ear.c;
	int n = 0;

	listen_to(_metadata, self, NULL, NULL, &prev);
	set_room(_metadata, c, 16384);
	make_events(_metadata, self, 1000);
	ASSERT_TRUE(WAIT_UNTIL(stat_get(self->c, PGNL_A_STAT_LOST) > 0));
	req_new(c, PGNL_CMD_INFO_GET);
	ASSERT_EQ(0, req_send(c));
	/* The events before it and the loss, and it is there. */
	ASSERT_EQ(0, read_up_to_loss(&self->ear, &prev, &n));
	EXPECT_LT(0, n);
	ASSERT_EQ(0, req_recv(c));
	EXPECT_STREQ("0.1.0", reply_str(c, PGNL_A_RELEASE));
}

TEST_F(event, no_room_even_to_say_so_is_ENOBUFS)
{
	struct client *c = self->ear.c;
	struct event event;
	int err;

	set_room(_metadata, c, 4096);
	for (int i = 0; i < 30; i++) {
		/* The replies are read, so they have room. */
		ASSERT_LT(0, subscribe(c, NULL, NULL));
	}
	make_events(_metadata, self, 10);
	ASSERT_TRUE(WAIT_UNTIL(stat_get(self->c, PGNL_A_STAT_LOST) >= 20));
	err = next_event(&self->ear, &event, EVENT_LIMIT);
	EXPECT_EQ(-ENOBUFS, err);
	/* Others were told; after that it is quiet, and the socket works. */
	do {
		err = next_event(&self->ear, &event, 100);
	} while (!err || err == -ENOBUFS);
	EXPECT_EQ(-EAGAIN, err);
	req_new(c, PGNL_CMD_INFO_GET);
	EXPECT_EQ(0, req_do(c));
}

TEST_F(event, a_deaf_one_is_no_matter_to_another)
{
	struct client *deaf = client_open();
	uint64_t prev;
	int sub = listen_to(_metadata, self, NULL, NULL, &prev);
	struct event event;

	ASSERT_LT(0, subscribe(deaf, NULL, NULL));
	set_room(_metadata, deaf, 4096);
	for (int i = 0; i < 300; i++) {
		make_events(_metadata, self, 2);
		for (int j = 0; j < 2; j++) {
			ASSERT_EQ(0, next_event(&self->ear, &event, EVENT_LIMIT));
			ASSERT_EQ(prev, event.prev);
			ASSERT_EQ((uint32_t)sub, event.sub);
			prev = event.seq;
		}
	}
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_LOST));
	client_close(deaf);
}

/* --- A view kept by events ---------------------------------------------------------------------- */

#define VIEW_MAX	1200

/* Members of all groups, which have names of one letter. */
struct view {
	size_t n;
	struct {
		uint64_t id;
		uint32_t count;
		char group;
	} at[VIEW_MAX];
};

static void view_set(struct view *view, char group, uint64_t id, uint32_t count)
{
	size_t i;

	for (i = 0; i < view->n; i++)
		if (view->at[i].id == id && view->at[i].group == group)
			break;
	if (i == view->n && count && view->n < VIEW_MAX)
		view->n++;
	if (i == view->n)
		return;
	view->at[i].id = id;
	view->at[i].group = group;
	view->at[i].count = count;
	if (!count)
		view->at[i] = view->at[--view->n];
}

static void view_list(struct view *view, struct client *c)
{
	struct members list = {};

	view->n = 0;
	members_dump(c, NULL, NULL, &list);
	for (size_t i = 0; i < list.n; i++)
		view_set(view, list.at[i].group[0], list.at[i].row.id, list.at[i].row.count);
	members_free(&list);
}

static void view_apply(struct view *view, const struct event *event)
{
	const struct nlattr *attr, *nested;
	struct pgnl_row row;

	mnl_attr_for_each(attr, event->msg, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != PGNL_A_MEMBER)
			continue;
		mnl_attr_for_each_nested(nested, attr)
			if (mnl_attr_get_type(nested) == PGNL_A_MEMBER_ROW) {
				memcpy(&row, mnl_attr_get_payload(nested), sizeof(row));
				view_set(view, event->group[0], row.id, row.count);
			}
	}
}

static bool view_is(const struct view *a, const struct view *b)
{
	for (size_t i = 0; i < a->n; i++) {
		size_t j = 0;

		while (j < b->n && (a->at[i].id != b->at[j].id ||
				    a->at[i].group != b->at[j].group))
			j++;
		if (j == b->n || a->at[i].count != b->at[j].count)
			return false;
	}
	return a->n == b->n;
}

struct resyncs {
	long replayed, anew;
};

/* Keeps a view until somebody joins the group "end"; 0 or an error. */
static int keep_view(struct ear *ear, struct client *lister, uint32_t sub, uint64_t prev,
		     struct view *view, struct resyncs *resyncs)
{
	struct event event;
	int err;

	for (;;) {
		err = next_event(ear, &event, EVENT_LIMIT);
		if (!err && event.reason != PGNL_REASON_LOST) {
			if (event.prev != prev)
				return -EILSEQ;
			prev = event.seq;
			view_apply(view, &event);
			if (event.group && event.group[0] == 'E')
				return 0;
			continue;
		}
		if (err && err != -ENOBUFS)
			return err;
		err = replay(ear->c, sub, prev);
		if (!err) {
			resyncs->replayed++;
			continue;
		}
		if (err != -ESTALE)
			return err;
		resyncs->anew++;
		err = replay_from_now(ear->c, sub);
		if (err)
			return err;
		prev = reply_u64(ear->c, PGNL_A_SEQ);
		view_list(view, lister);
		for (size_t i = 0; i < view->n; i++)
			if (view->at[i].group == 'E')
				return 0;
	}
}

static void view_keeper(int ctl, const void *arg)
{
	static struct view view, truth;
	struct client *lister = client_open();
	struct resyncs resyncs = {};
	static struct ear ear;
	uint64_t prev;
	int sub, err;

	(void)arg;
	ear.c = client_open();
	sub = subscribe(ear.c, NULL, NULL);
	prev = reply_u64(ear.c, PGNL_A_SEQ);
	view_list(&view, lister);
	ready(ctl, sub);
	err = keep_view(&ear, lister, sub, prev, &view, &resyncs);
	view_list(&truth, lister);
	ready(ctl, err ? err : view_is(&view, &truth));
	ready(ctl, resyncs.anew);
	ready(ctl, truth.n);
}

TEST_F_TIMEOUT(event, stopped_during_100000_events_and_right_again, 600)
{
	unsigned int rounds = rounds_factor() < 1 ? 20 : 100;
	struct crowd crowd;
	struct kid kid;
	unsigned int i;

	raise_limits(self->c);
	ASSERT_EQ(0, crowd_start(&crowd, 1000));
	ASSERT_LT(0, kid_ready(&kid, view_keeper, NULL));
	tell(kid.ctl, 0);
	kill(kid.pid, SIGSTOP);
	ASSERT_TRUE(wait_until(process_state(kid.pid) == 'T'));
	for (i = 0; i < rounds; i++) {
		member_req(self->c, i % 2 ? PGNL_CMD_MEMBER_LEAVE : PGNL_CMD_MEMBER_JOIN, NULL,
			   "g");
		for (size_t j = 0; j < crowd.n; j++)
			put_u32(self->c, PGNL_A_PID, crowd.pid[j]);
		ASSERT_EQ(0, req_do(self->c));
	}
	ASSERT_LE(0, join_pids(self->c, NULL, "h", crowd.pid, 100));
	crowd_kill(&crowd, 7);
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_LOST));
	kill(kid.pid, SIGCONT);
	ASSERT_EQ(1, join(self->c, NULL, "E", self->a.pid));
	EXPECT_EQ(1, hear(kid.ctl));
	tell(kid.ctl, 0);
	EXPECT_LE(1, hear(kid.ctl));
	tell(kid.ctl, 0);
	EXPECT_EQ(100, hear(kid.ctl));
	kid_kill(&kid);
	crowd_end(&crowd);
}

/* --- Races ------------------------------------------------------------------------------------- */

struct churn {
	struct client *c;
	pid_t pid;
	const char *scope;
	bool scopes;
	_Atomic bool stop;
	pthread_t thread;
};

static void *churn(void *arg)
{
	struct churn *churn = arg;

	while (!churn->stop) {
		if (churn->scopes) {
			scope_new(churn->c, "s", PGNL_SCOPE_MODE_PG2);
			group_new(churn->c, "s", "g");
			join(churn->c, "s", "g", churn->pid);
			scope_del(churn->c, "s");
		} else {
			join(churn->c, churn->scope, "g", churn->pid);
			leave(churn->c, churn->scope, "g", churn->pid);
		}
	}
	return NULL;
}

/* From its start on a subscription has no hole, whatever goes on. */
TEST_F_TIMEOUT(event, subscriptions_come_and_go_amid_changes, 600)
{
	struct churn join_leave = { .c = client_open(), .pid = self->a.pid };
	struct churn scopes = { .c = client_open(), .pid = self->b.pid, .scopes = true };
	unsigned int round;

	ASSERT_EQ(0, pthread_create(&join_leave.thread, NULL, churn, &join_leave));
	ASSERT_EQ(0, pthread_create(&scopes.thread, NULL, churn, &scopes));
	for (round = 0; again(round, 300); round++) {
		struct ear ear = { .c = client_open() };
		struct event event;
		uint64_t prev;
		int sub, other;

		other = subscribe(ear.c, "s", round % 2 ? "g" : NULL);
		ASSERT_TRUE(other > 0 || other == -ENOENT) TH_LOG("%s", ear.c->text);
		sub = subscribe(ear.c, NULL, round % 3 ? NULL : "g");
		ASSERT_LT(0, sub);
		prev = reply_u64(ear.c, PGNL_A_SEQ);
		for (int i = 0; i < 20; ) {
			ASSERT_EQ(0, next_event(&ear, &event, EVENT_LIMIT))
				TH_LOG("after %d of round %u, lost %d", i, round, (int)
				       stat_get(self->c, PGNL_A_STAT_LOST));
			if (event.sub != (uint32_t)sub)
				continue;
			/* This machine may be too slow for it; that has its own test. */
			if (event.reason == PGNL_REASON_LOST)
				break;
			ASSERT_EQ(prev, event.prev);
			prev = event.seq;
			i++;
		}
		if (round % 2)
			unsubscribe(ear.c, sub);
		client_close(ear.c);
	}
	join_leave.stop = true;
	scopes.stop = true;
	pthread_join(join_leave.thread, NULL);
	pthread_join(scopes.thread, NULL);
	client_close(join_leave.c);
	client_close(scopes.c);
	TH_LOG("%u rounds", round);
}

#define NR_EMPTY	3000	/* more groups than one hold of the lock passes */

/*
 * Begin to list a scope of which @group is the first group: after which event that
 * is, and whether somebody is in the group. False: there is nobody in any.
 */
static bool list_once(const char *scope, const char *group, uint64_t *seq, bool *in)
{
	char buf[65536] __attribute__((aligned(8)));
	const struct nlmsghdr *msg = (const struct nlmsghdr *)buf;
	struct client *c = client_open();
	bool ok = c && !list_begin(c, scope, NULL) && recv(c->fd, buf, sizeof(buf), 0) > 0 &&
		  msg->nlmsg_type == c->family && attr_of(msg, PGNL_A_SEQ);

	if (ok) {
		*seq = mnl_attr_get_u64(attr_of(msg, PGNL_A_SEQ));
		*in = !strcmp(mnl_attr_get_str(attr_of(msg, PGNL_A_GROUP)), group);
	}
	client_close(c);
	return ok;
}

/* What it passes over at first, with nothing to put into a message yet, is so, too. */
TEST_F(event, a_listing_is_as_of_the_event_that_it_tells)
{
	struct {
		uint64_t seq;
		bool in;
	} told[100];
	struct churn moves = { .c = client_open(), .pid = self->a.pid, .scope = "pg2" };
	struct event event;
	uint32_t n = 0, i = 0;
	uint64_t seq;
	int room = 1 << 24;

	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	for (int k = 0; k < NR_EMPTY; k++)
		ASSERT_EQ(0, group_new(self->c, "pg2", say("%d", k)));
	ASSERT_EQ(0, group_new(self->c, "pg2", "last"));
	ASSERT_EQ(1, join(self->c, "pg2", "last", self->b.pid));
	ASSERT_EQ(0, setsockopt(self->ear.c->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)));
	ASSERT_LT(0, subscribe(self->ear.c, "pg2", "g"));
	seq = reply_u64(self->ear.c, PGNL_A_SEQ);
	ASSERT_EQ(0, pthread_create(&moves.thread, NULL, churn, &moves));
	while (again(n, ARRAY_SIZE(told))) {
		ASSERT_TRUE(list_once("pg2", "g", &told[n].seq, &told[n].in));
		n++;
	}
	moves.stop = true;
	pthread_join(moves.thread, NULL);
	TH_LOG("%u listings", n);
	for (bool in = false; !next_event(&self->ear, &event, 1000); seq = event.seq) {
		ASSERT_EQ(seq, event.prev);
		for (; i < n && told[i].seq < event.seq; i++)
			EXPECT_EQ(in, told[i].in) TH_LOG("listing %u", i);
		in = event.reason == PGNL_REASON_JOINED;
	}
	client_close(moves.c);
}

TEST_HARNESS_MAIN
