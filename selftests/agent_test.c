// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent and what it puts in: members of other nodes in the lists, picks and
 * events of this one, their states, and what becomes of them without an agent.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "agent.h"
#include "common.h"
#include "far.h"
#include "passed.h"
#include "pgnl.h"
#include "proc.h"
#include "reads.h"

#define WAIT_MS	30000

FIXTURE(agent)
{
	struct client *c;
	struct pgnl *handle;
	struct pgnl_agent *agent;
	struct pgnl_watch *watch;
	struct child a;
};

FIXTURE_SETUP(agent)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	ASSERT_EQ(0, child_start(&self->a));
	ASSERT_EQ(0, pgnl_open(&self->handle));
	ASSERT_EQ(0, open_agent(&self->agent, 3600000));
	ASSERT_EQ(0, pgnl_watch_open(&self->watch));
}

FIXTURE_TEARDOWN(agent)
{
	EXPECT_STREQ("", verify(self->c));
	pgnl_watch_close(self->watch);
	pgnl_agent_close(self->agent);
	pgnl_close(self->handle);
	child_kill(&self->a);
	EXPECT_STREQ("", verify(self->c));
	client_close(self->c);
}

/* The members of a group in words: "a there/7x2! 8x1", ! if not up. */
static const char *list(struct pgnl *handle, pid_t a, const char *scope, const char *group,
			uint32_t flags)
{
	static char text[1024];
	struct pgnl_members *members;
	const char *node = NULL;
	size_t used = 0;
	int missing;

	text[0] = '\0';
	if (pgnl_members(handle, scope, group, flags, &members, &missing))
		return pgnl_last_error(handle)->text;
	if (missing)
		strcpy(text, "missing");
	for (size_t i = 0; i < members->n && used < 900; i++) {
		const struct pgnl_member *m = &members->member[i];

		used += (size_t)sprintf(text + used, "%s", i ? " " : "");
		if (!m->node) {
			used += (size_t)sprintf(text + used, "%s", m->pid == a ? "a" : "?");
			continue;
		}
		if (!node || strcmp(node, m->node))
			used += (size_t)sprintf(text + used, "%s/", m->node);
		node = m->node;
		used += (size_t)sprintf(text + used, "%llux%u%s", (unsigned long long)m->id,
					m->count, m->state == PGNL_UP ? "" :
					m->state == PGNL_SUSPECT ? "?" : "!");
	}
	pgnl_free(members);
	return text;
}

#define EXPECT_LIST(words, group) \
	EXPECT_STREQ(words, list(self->handle, self->a.pid, NULL, group, 0))

static const char *next(FIXTURE_DATA(agent) *self)
{
	const struct pgnl_event *event;
	static char text[1024];
	size_t used;

	if (pgnl_event_next(self->watch, WAIT_MS, &event) != 1)
		return pgnl_watch_error(self->watch)->text;
	used = (size_t)snprintf(text, sizeof(text), "%s", pgnl_event_name(event->type));
	if (event->node)
		used += (size_t)sprintf(text + used, " %s", event->node);
	if (event->group)
		used += (size_t)sprintf(text + used, " %s", event->group);
	for (size_t i = 0; i < event->n && used < 900; i++)
		used += (size_t)sprintf(text + used, " %llux%u", event->member[i].node ?
			(unsigned long long)event->member[i].id : 0, event->member[i].count);
	if (event->reason != PGNL_BECAUSE_NOTHING)
		used += (size_t)sprintf(text + used, " %s", pgnl_reason_name(event->reason));
	if (event->status != PGNL_UNKNOWN)
		used += (size_t)sprintf(text + used, " %d", event->status);
	if (event->core)
		sprintf(text + used, " core");
	return text;
}

#define EXPECT_NEXT(words) EXPECT_STREQ(words, next(self))

static int nothing_more(FIXTURE_DATA(agent) *self)
{
	const struct pgnl_event *event;

	/* Something that comes after it. */
	if (pgnl_join(self->handle, NULL, "the-end", self->a.pid, NULL, NULL))
		return 0;
	if (strcmp(next(self), "join the-end 0x1 joined"))
		return 0;
	return pgnl_event_next(self->watch, 0, &event) == 0;
}

static struct pgnl_agent_row row(const char *group, uint64_t id, uint32_t count)
{
	return (struct pgnl_agent_row) {
		.group = group, .id = id, .count = count, .pid = 100, .uid = 0, .weight = 1,
		.reason = PGNL_BECAUSE_LEFT, .status = PGNL_UNKNOWN,
	};
}

static int put(struct pgnl_agent *agent, const char *node, const char *group, uint64_t id,
	       uint32_t count)
{
	const struct pgnl_agent_row one = row(group, id, count);
	size_t dropped;
	int ret = pgnl_agent_put(agent, NULL, node, 1, &one, 1, &dropped);

	return ret ? ret : (int)dropped;
}

static struct pgnl_agent_row name_row(const char *name, uint64_t id, uint64_t stamp)
{
	struct pgnl_agent_row made = row(name, id, 1);

	made.fence = 100 + stamp;
	made.stamp = stamp;
	made.resolve = PGNL_NOTIFY_ALL;
	return made;
}

/* Who holds a name, as "NODE ID FENCE", or "nobody". */
static const char *whereis(struct pgnl *handle, const char *name)
{
	static char text[128];
	struct pgnl_names *names;
	int ret = pgnl_name_whereis(handle, NULL, name, &names);

	if (ret == PGNL_UNDEFINED)
		strcpy(text, "nobody");
	else if (ret)
		snprintf(text, sizeof(text), "error %d", ret);
	else
		snprintf(text, sizeof(text), "%s %llu %llu",
			 names->name[0].holder.node ? names->name[0].holder.node : "here",
			 (unsigned long long)names->name[0].holder.id,
			 (unsigned long long)names->name[0].fence);
	pgnl_free(names);
	return text;
}

/* state, flags and rows of a node in words: "up connected 2" */
static const char *node(struct pgnl *handle, const char *name)
{
	static const char *const states[] = { "up", "suspect", "stale" };
	struct pgnl_nodes *nodes;
	static char text[128];

	if (pgnl_nodes(handle, &nodes))
		return pgnl_last_error(handle)->text;
	strcpy(text, "none");
	for (size_t i = 0; i < nodes->n; i++) {
		const struct pgnl_node *n = &nodes->node[i];

		if (strcmp(n->name, name))
			continue;
		snprintf(text, sizeof(text), "%s%s%s%s%s %u", states[n->state],
			 n->flags & PGNL_NODE_SELF ? " self" : "",
			 n->flags & PGNL_NODE_CONNECTED ? " connected" : "",
			 n->flags & PGNL_NODE_SYNCING ? " syncing" : "",
			 n->flags & PGNL_NODE_PARTIAL ? " partial" : "", (unsigned int)n->rows);
	}
	pgnl_free(nodes);
	return text;
}

#define EXPECT_NODE(words, name) EXPECT_STREQ(words, node(self->handle, name))

TEST_F(agent, role_is_for_one)
{
	struct pgnl_agent *second;
	struct pgnl_info info;

	EXPECT_EQ(-EBUSY, open_agent(&second, 0));
	ASSERT_EQ(0, pgnl_info(self->handle, &info));
	EXPECT_STREQ("here", info.node);
	EXPECT_NE(0, info.incarnation);
	EXPECT_EQ(pgnl_agent_incarnation(self->agent), info.incarnation);
	EXPECT_NODE("up self 0", "here");
	/* The next one goes on as the same incarnation. */
	pgnl_agent_close(self->agent);
	ASSERT_EQ(0, open_agent(&self->agent, 0));
	EXPECT_EQ(info.incarnation, pgnl_agent_incarnation(self->agent));
}

static int try_without_rights(void *arg)
{
	struct pgnl_agent *agent;

	(void)arg;
	CHECK_EQ(-EPERM, open_agent(&agent, 0));
	return 0;
}

TEST_F(agent, role_needs_rights)
{
	pgnl_agent_close(self->agent);
	self->agent = NULL;
	EXPECT_EQ(0, as_user(1000, 1000, try_without_rights, NULL));
}

static int in_another_netns(void *arg)
{
	struct pgnl_agent *agent;

	(void)arg;
	new_ns(CLONE_NEWNET);
	CHECK_EQ(0, open_agent(&agent, 0));
	CHECK_EQ(0, pgnl_agent_node_up(agent, "there", 1, 0));
	CHECK_EQ(0, put(agent, "there", "g", 7, 1));
	pgnl_agent_close(agent);
	return 0;
}

TEST_F(agent, netns_have_their_own)
{
	EXPECT_EQ(0, in_child(in_another_netns, NULL));
	EXPECT_LIST("missing", "g");
	EXPECT_NODE("none", "there");
}

static int ask_for_role(struct client *c)
{
	struct nlattr *nest;

	req_new(c, PGNL_CMD_AGENT_REGISTER);
	nest = mnl_attr_nest_start(c->req, PGNL_A_PEER);
	mnl_attr_put_strz(c->req, PGNL_A_NODE_NAME, "here");
	mnl_attr_nest_end(c->req, nest);
	return req_do(c);
}

static int register_over(void *arg)
{
	CHECK_EQ(0, ask_for_role(arg));
	return 0;
}

/* By an administrator as well, but one who can't be root. */
static int open_as_another(void *arg)
{
	CHECK_EQ(0, prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP));
	become(1000, 1000, NULL, 0);
	drop_cap(CAP_SETUID);
	return open_and_pass(arg);
}

TEST_F(agent, role_is_not_for_the_socket_of_another_user)
{
	struct client *c = client_passed(0, open_as_another);

	pgnl_agent_close(self->agent);
	self->agent = NULL;
	ASSERT_NE(NULL, c);
	EXPECT_EQ(-EPERM, ask_for_role(c));
	EXPECT_STREQ("the socket was opened by another user", c->text);
	client_close(c);
}

/* Whoever else holds the socket does not get the role along with it. */
TEST_F(agent, role_ends_with_the_process)
{
	pgnl_agent_close(self->agent);
	self->agent = NULL;
	ASSERT_EQ(0, in_child(register_over, self->c));
	EXPECT_EQ(0, open_agent(&self->agent, 0));
}

TEST_F(agent, rows_come_and_go)
{
	struct pgnl_groups *groups;
	size_t dropped;

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	EXPECT_NODE("up connected 0", "there");
	EXPECT_EQ(0, put(self->agent, "there", "g", 7, 2));
	EXPECT_EQ(0, put(self->agent, "there", "g", 8, 1));
	EXPECT_LIST("there/7x2 8x1", "g");
	ASSERT_EQ(0, pgnl_join(self->handle, NULL, "g", self->a.pid, NULL, NULL));
	EXPECT_LIST("a there/7x2 8x1", "g");
	EXPECT_STREQ("a", list(self->handle, self->a.pid, NULL, "g", PGNL_LOCAL));
	EXPECT_NODE("up connected 2", "there");
	ASSERT_EQ(0, pgnl_groups(self->handle, NULL, 0, &groups));
	ASSERT_EQ(1, groups->n);
	EXPECT_EQ(1, groups->group[0].local);
	EXPECT_EQ(3, groups->group[0].remote);
	pgnl_free(groups);
	EXPECT_EQ(0, put(self->agent, "there", "g", 7, 0));
	EXPECT_EQ(0, put(self->agent, "there", "g", 7, 0));
	EXPECT_LIST("a there/8x1", "g");
	EXPECT_EQ(0, put(self->agent, "there", "far", 7, 1));
	ASSERT_EQ(0, pgnl_groups(self->handle, NULL, PGNL_LOCAL, &groups));
	EXPECT_EQ(1, groups->n);
	pgnl_free(groups);
	EXPECT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, NULL, 0, &dropped));
	EXPECT_EQ(0, put(self->agent, "there", "far", 7, 0));
	EXPECT_EQ(0, put(self->agent, "there", "g", 8, 0));
	EXPECT_LIST("a", "g");
	EXPECT_LIST("missing", "far");
	EXPECT_EQ(1, pgnl_leave(self->handle, NULL, "g", self->a.pid, 1, NULL));
	EXPECT_LIST("missing", "g");
}

TEST_F(agent, all_of_a_row_is_told)
{
	struct pgnl_agent_row one = row("g", 7, 1);
	struct pgnl_members *members;

	one.pid = 4321;
	one.uid = 1234;
	one.weight = 1000;
	one.meta = "here I am";
	one.meta_len = 9;
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, &one, 1, NULL));
	for (int i = 0; i < 3; i++) {
		/* By a do, by a listing, by a pick. */
		ASSERT_EQ(0, i == 2 ?
			  pgnl_pick(self->handle, NULL, "g", PGNL_PICK_CLOSEST, NULL, &members) :
			  pgnl_members(self->handle, NULL, i ? NULL : "g", 0, &members, NULL));
		ASSERT_EQ(1, members->n);
		EXPECT_EQ(7, members->member[0].id);
		EXPECT_EQ(4321, members->member[0].pid);
		EXPECT_EQ(1234, members->member[0].uid);
		EXPECT_EQ(1000, members->member[0].weight);
		EXPECT_EQ(PGNL_UP, members->member[0].state);
		ASSERT_EQ(9, members->member[0].meta_len);
		EXPECT_EQ(0, memcmp(members->member[0].meta, "here I am", 9));
		EXPECT_STREQ("there", members->member[0].node);
		pgnl_free(members);
	}
}

TEST_F(agent, events_say_what_changed)
{
	struct pgnl_agent_row rows[3] = { row("g", 7, 2), row("g", 8, 1), row("h", 9, 1) };

	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, NULL, PGNL_NODES));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	EXPECT_NEXT("nodeup there");
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 3, NULL));
	EXPECT_NEXT("join there g 7x2 8x1 joined");
	EXPECT_NEXT("join there h 9x1 joined");
	/* The same again is no change. */
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 3, NULL));
	rows[0].count = 1;
	rows[1].count = 0;
	rows[1].reason = PGNL_BECAUSE_EXITED;
	rows[1].status = 3;
	rows[2].weight = 5;
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 3, NULL));
	EXPECT_NEXT("leave there g 7x1 left");
	EXPECT_NEXT("leave there g 8x0 exited 3");
	EXPECT_NEXT("join there h 9x1 joined");
	ASSERT_EQ(0, pgnl_agent_node_suspect(self->agent, "there", 1));
	EXPECT_NEXT("nodedown there");
	EXPECT_NEXT("suspect there");
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, PGNL_NODE_FRESH));
	EXPECT_NEXT("nodeup there");
	EXPECT_NEXT("fresh there");
	ASSERT_EQ(0, pgnl_agent_node_down(self->agent, "there", 1));
	EXPECT_NEXT("nodedown there");
	EXPECT_NEXT("leave there g 7x0 node-lost");
	EXPECT_NEXT("leave there h 9x0 node-lost");
	EXPECT_TRUE(nothing_more(self));
}

/* How it has ended, and even that it has, its own user is told, and who has all rights. */
TEST_F(agent, ends_are_told_to_who_may_know)
{
	struct pgnl_agent_row rows[5] = { row("g", 5, 1), row("g", 6, 1), row("g", 7, 1),
					  row("g", 8, 1), row("g", 9, 1) };
	struct pgnl_watch *all = self->watch;

	ASSERT_EQ(0, seteuid(1000));
	ASSERT_EQ(0, pgnl_watch_open(&self->watch));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, "g", 0));
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	rows[0].uid = 1000;
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 5, NULL));
	EXPECT_NEXT("join there g 5x1 6x1 7x1 8x1 9x1 joined");
	ASSERT_LT(0, pgnl_subscribe(all, NULL, "g", 0));
	for (int i = 0; i < 5; i++)
		rows[i].count = 0;
	rows[0].reason = rows[1].reason = rows[2].reason = PGNL_BECAUSE_KILLED;
	rows[3].reason = rows[4].reason = PGNL_BECAUSE_EXITED;
	rows[0].status = rows[1].status = SIGSEGV;
	rows[0].core = 1;
	rows[4].status = 3;
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 5, NULL));
	EXPECT_NEXT("leave there g 5x0 killed 11 core");
	EXPECT_NEXT("leave there g 6x0 left");
	EXPECT_NEXT("leave there g 7x0 left");
	EXPECT_NEXT("leave there g 8x0 left");
	EXPECT_NEXT("leave there g 9x0 left");
	pgnl_watch_close(self->watch);
	self->watch = all;
	EXPECT_NEXT("leave there g 5x0 killed 11 core");
	EXPECT_NEXT("leave there g 6x0 killed 11");
	EXPECT_NEXT("leave there g 7x0 killed");
	EXPECT_NEXT("leave there g 8x0 exited");
	EXPECT_NEXT("leave there g 9x0 exited 3");
}

TEST_F(agent, nodes_are_told_to_whom_asks)
{
	struct pgnl_watch *local;
	const struct pgnl_event *event;

	ASSERT_EQ(0, pgnl_watch_open(&local));
	ASSERT_LT(0, pgnl_subscribe(local, NULL, "g", PGNL_LOCAL_EVENTS | PGNL_NODES));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, NULL, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 1));
	ASSERT_EQ(0, pgnl_agent_node_suspect(self->agent, "there", 1));
	ASSERT_EQ(0, pgnl_join(self->handle, NULL, "g", self->a.pid, NULL, NULL));
	EXPECT_NEXT("join there g 7x1 joined");
	EXPECT_NEXT("join g 0x1 joined");
	ASSERT_EQ(1, pgnl_event_next(local, WAIT_MS, &event));
	EXPECT_EQ(PGNL_EVENT_JOIN, event->type);
	EXPECT_EQ(NULL, event->node);
	pgnl_watch_close(local);
}

/* The new one has the number of the one that went, before which the listing is. */
TEST_F(agent, a_listing_of_nodes_tells_that_it_raced)
{
	struct client *reader = client_open();
	bool raced = false;
	int ret;

	ASSERT_NE(NULL, reader);
	for (int i = 0; i < 400; i++)
		ASSERT_EQ(0, pgnl_agent_node_up(self->agent, say("n%d", i), 1, 0));
	req_new(reader, PGNL_CMD_NODE_GET);
	ASSERT_EQ(0, dump_begin(reader));
	ASSERT_EQ(0, pgnl_agent_node_down(self->agent, "n0", 1));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "n0", 2, 0));
	do {
		ret = dump_step(reader, &raced);
	} while (!ret);
	EXPECT_EQ(1, ret);
	EXPECT_TRUE(raced);
	client_close(reader);
}

TEST_F(agent, a_snapshot_has_all_nodes)
{
	ASSERT_EQ(0, pgnl_join(self->handle, NULL, "g", self->a.pid, NULL, NULL));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 1));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, "g", PGNL_SNAPSHOT));
	EXPECT_NEXT("snapshot g 0x1 7x1");
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, "g", PGNL_SNAPSHOT | PGNL_LOCAL_EVENTS));
	EXPECT_NEXT("snapshot g 0x1");
}

TEST_F(agent, a_snapshot_of_a_scope_has_its_groups)
{
	const struct pgnl_agent_row rows[2] = { row("far", 0, 1), row("far", 7, 1) };

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "pg2", "there", 1, rows, 2, NULL));
	ASSERT_EQ(0, pgnl_group_create(self->handle, "pg2", "here", 0, 0, 0700));
	ASSERT_LT(0, pgnl_subscribe(self->watch, "pg2", NULL, PGNL_SNAPSHOT));
	EXPECT_NEXT("snapshot far 7x1");
	EXPECT_NEXT("snapshot here");
	/* Nothing of what is only elsewhere. */
	ASSERT_LT(0, pgnl_subscribe(self->watch, "pg2", NULL, PGNL_SNAPSHOT | PGNL_LOCAL_EVENTS));
	ASSERT_EQ(0, pgnl_group_delete(self->handle, "pg2", "here"));
	EXPECT_NEXT("snapshot here");
	EXPECT_NEXT("delete here deleted");
	EXPECT_NEXT("delete here deleted");
}

TEST_F(agent, rows_of_one_request_keep_what_is_theirs)
{
	struct pgnl_agent_row rows[4] = { row("g", 1, 1), row("g", 2, 1), row("g", 3, 1),
		row("g", 4, 1) };
	struct pgnl_agent_row moved[3] = { row("name", 7, 0), name_row("name", 8, 10),
		name_row("other", 9, 11) };
	const struct pgnl_agent_row name = name_row("name", 7, 9);
	struct pgnl_members *members;

	rows[1].meta = "m";
	rows[1].meta_len = 1;
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 4, NULL));
	ASSERT_EQ(0, pgnl_members(self->handle, NULL, "g", 0, &members, NULL));
	ASSERT_EQ(4, members->n);
	for (size_t i = 0; i < 4; i++)
		EXPECT_EQ(members->member[i].id == 2, members->member[i].meta_len);
	pgnl_free(members);
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &name, 1, NULL));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, moved, 3, NULL));
	EXPECT_STREQ("there 8 110", whereis(self->handle, "name"));
	EXPECT_STREQ("there 9 111", whereis(self->handle, "other"));
}

TEST_F(agent, of_rows_with_a_bad_one_none_is_put)
{
	struct pgnl_agent_row rows[3] = { row("g", 1, 1), row(NULL, 2, 1), row("g", 3, 1) };

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	EXPECT_EQ(-EINVAL, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 3, NULL));
	EXPECT_STREQ("group", pgnl_agent_error(self->agent)->attr);
	rows[0].group = NULL;
	EXPECT_EQ(-EINVAL, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 3, NULL));
	EXPECT_LIST("missing", "g");
	EXPECT_EQ(-EINVAL, pgnl_agent_begin(self->agent, "", 1));
	EXPECT_STREQ("node", pgnl_agent_error(self->agent)->attr);
}

TEST_F(agent, a_signal_to_members_elsewhere_says_that_nobody_can_be_asked)
{
	struct pgnl_signalled done;

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 1));
	ASSERT_EQ(0, pgnl_signal(self->handle, NULL, "g", 0, NULL, &done));
	EXPECT_EQ(1, done.refused);
	EXPECT_EQ(0, done.unreachable);
	pgnl_agent_close(self->agent);
	self->agent = NULL;
	ASSERT_EQ(0, pgnl_signal(self->handle, NULL, "g", 0, NULL, &done));
	EXPECT_EQ(0, done.refused);
	EXPECT_EQ(1, done.unreachable);
}

TEST_F(agent, an_answer_tells_who_the_only_one_was)
{
	const struct pgnl_answer answer = { .reached = 1, .node = "there", .pid = 107, .id = 7 };
	const struct pgnl_agent_opts opts = { .node = "here", .acts = PGNL_AGENT_SENDS };
	struct client *other = client_open();
	const struct pgnl_upcall *upcall;
	const struct nlmsghdr *msg;

	ASSERT_NE(NULL, other);
	pgnl_agent_close(self->agent);
	ASSERT_EQ(0, pgnl_agent_open(&opts, &self->agent));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 1));
	req_new(other, PGNL_CMD_GROUP_SEND);
	put_str(other, PGNL_A_GROUP, "g");
	put_bin(other, PGNL_A_DATA, "x", 1);
	put_u32(other, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	ASSERT_EQ(0, req_do(other));
	ASSERT_EQ(1, pgnl_agent_next(self->agent, &upcall));
	ASSERT_EQ(0, pgnl_agent_answer(self->agent, upcall->request, &answer));
	msg = told(other, PGNL_CMD_RESULT, WAIT_MS);
	ASSERT_NE(NULL, msg);
	EXPECT_STREQ("there", msg_str(msg, PGNL_A_NODE));
	EXPECT_EQ(107, msg_u32(msg, PGNL_A_PID));
	EXPECT_EQ(7, msg_u64(msg, PGNL_A_ID));
	client_close(other);
}

TEST_F(agent, what_it_does_for_another_nodes_process_is_told_as_of_that)
{
	const struct pgnl_origin from = { .node = "there", .pid = 4321, .uid = 1234, .id = 77 };
	const struct pgnl_upcall_target here = { .node = "here" };
	struct pgnl_upcall what = { .act = PGNL_AGENT_SENDS, .group = "g", .target = &here,
		.n_targets = 1, .uid = PGNL_ANY_UID, .data = "x", .len = 1 };
	struct pgnl_message message;
	struct pgnl_answer answer;
	struct pgnl_inbox *inbox;

	ASSERT_EQ(0, pgnl_inbox_open(self->handle, NULL, NULL, &inbox));
	ASSERT_EQ(0, pgnl_join(self->handle, NULL, "g", 0, NULL, NULL));
	ASSERT_EQ(0, pgnl_agent_act(self->agent, &what, &from, &answer));
	EXPECT_EQ(1, answer.reached);
	ASSERT_EQ(0, pgnl_recv(inbox, &message, 0));
	EXPECT_STREQ("there", message.node);
	EXPECT_EQ(4321, message.pid);
	EXPECT_EQ(1234, message.uid);
	EXPECT_EQ(77, message.id);
	what.act = PGNL_AGENT_REGISTERS;
	EXPECT_EQ(-EOPNOTSUPP, pgnl_agent_act(self->agent, &what, &from, &answer));
	EXPECT_STREQ("act", pgnl_agent_error(self->agent)->attr);
	pgnl_inbox_close(inbox);
}

TEST_F(agent, what_is_not_put_again_leaves)
{
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	for (uint64_t id = 1; id <= 4; id++)
		ASSERT_EQ(0, put(self->agent, "there", "g", id, 1));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, NULL, PGNL_NODES));
	EXPECT_EQ(-EINVAL, pgnl_agent_commit(self->agent, "there", 1));
	ASSERT_EQ(0, pgnl_agent_begin(self->agent, "there", 1));
	EXPECT_NODE("up connected syncing 4", "there");
	EXPECT_EQ(0, put(self->agent, "there", "g", 1, 1));
	/* Over again: that does not count any more. */
	ASSERT_EQ(0, pgnl_agent_begin(self->agent, "there", 1));
	EXPECT_EQ(0, put(self->agent, "there", "g", 2, 1));
	EXPECT_EQ(0, put(self->agent, "there", "g", 3, 2));
	EXPECT_EQ(0, put(self->agent, "there", "h", 5, 1));
	EXPECT_LIST("there/1x1 2x1 3x2 4x1", "g");
	ASSERT_EQ(0, pgnl_agent_commit(self->agent, "there", 1));
	EXPECT_STREQ("", verify(self->c));
	EXPECT_NEXT("join there g 3x2 joined");
	EXPECT_NEXT("join there h 5x1 joined");
	EXPECT_NEXT("leave there g 4x0 1x0 left");
	EXPECT_TRUE(nothing_more(self));
	EXPECT_EQ(-EINVAL, pgnl_agent_commit(self->agent, "there", 1));
}

TEST_F(agent, suspect_rows_are_passed_over)
{
	struct pgnl_pick_opts opts = { .flags = PGNL_ANY_STATE, .uid = PGNL_ANY_UID };
	struct pgnl_members *members;

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 1));
	ASSERT_EQ(0, pgnl_agent_node_suspect(self->agent, "there", 1));
	EXPECT_LIST("there/7x1?", "g");
	EXPECT_NODE("suspect 1", "there");
	for (int policy = PGNL_PICK_CLOSEST; policy <= PGNL_PICK_KEY; policy++) {
		opts.key = policy == PGNL_PICK_KEY ? "k" : NULL;
		opts.key_len = 1;
		opts.flags = 0;
		EXPECT_EQ(-ENODATA, pgnl_pick(self->handle, NULL, "g", policy, &opts, &members));
		opts.flags = PGNL_ANY_STATE;
		ASSERT_EQ(0, pgnl_pick(self->handle, NULL, "g", policy, &opts, &members));
		EXPECT_EQ(7, members->member[0].id);
		EXPECT_EQ(PGNL_SUSPECT, members->member[0].state);
		pgnl_free(members);
		opts.flags = PGNL_ANY_STATE | PGNL_LOCAL;
		EXPECT_EQ(-ENODATA, pgnl_pick(self->handle, NULL, "g", policy, &opts, &members));
	}
	EXPECT_EQ(-EHOSTUNREACH, put(self->agent, "there", "g", 8, 1));
	EXPECT_EQ(-EHOSTUNREACH, pgnl_agent_begin(self->agent, "there", 1));
	/* What is up again is to be confirmed, or said to hold. */
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	EXPECT_LIST("there/7x1?", "g");
	ASSERT_EQ(0, pgnl_agent_begin(self->agent, "there", 1));
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 1));
	ASSERT_EQ(0, pgnl_agent_commit(self->agent, "there", 1));
	EXPECT_LIST("there/7x1", "g");
}

TEST_F(agent, closest_is_here)
{
	struct pgnl_members *members;
	int elsewhere = 0;

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	for (uint64_t id = 1; id <= 9; id++)
		ASSERT_EQ(0, put(self->agent, "there", "g", id, 1));
	ASSERT_EQ(0, pgnl_pick(self->handle, NULL, "g", PGNL_PICK_CLOSEST, NULL, &members));
	EXPECT_STREQ("there", members->member[0].node);
	pgnl_free(members);
	ASSERT_EQ(0, pgnl_join(self->handle, NULL, "g", self->a.pid, NULL, NULL));
	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(0, pgnl_pick(self->handle, NULL, "g", PGNL_PICK_CLOSEST, NULL, &members));
		EXPECT_EQ(NULL, members->member[0].node);
		pgnl_free(members);
		ASSERT_EQ(0, pgnl_pick(self->handle, NULL, "g", PGNL_PICK_RANDOM, NULL, &members));
		elsewhere += members->member[0].node != NULL;
		pgnl_free(members);
	}
	/* Nine of ten; never or always would take more luck than there is. */
	EXPECT_LT(100, elsewhere);
	EXPECT_GT(200, elsewhere);
	/* In turn everybody once. */
	elsewhere = 0;
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, pgnl_pick(self->handle, NULL, "g", PGNL_PICK_ROUND_ROBIN, NULL,
				       &members));
		elsewhere += members->member[0].node != NULL;
		pgnl_free(members);
	}
	EXPECT_EQ(9, elsewhere);
}

TEST_F(agent, a_large_group_is_picked_from)
{
	struct pgnl_pick_opts opts = { .uid = 77, .key = "k", .key_len = 1 };
	static struct pgnl_agent_row rows[3000];
	struct pgnl_members *members;
	uint64_t id;

	for (size_t i = 0; i < 3000; i++)
		rows[i] = row("g", i + 1, 1);
	rows[1234].uid = 77;
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 3000, NULL));
	ASSERT_EQ(0, pgnl_pick(self->handle, NULL, "g", PGNL_PICK_KEY, &opts, &members));
	EXPECT_EQ(1235, members->member[0].id);
	pgnl_free(members);
	opts.key = NULL;
	ASSERT_EQ(0, pgnl_pick(self->handle, NULL, "g", PGNL_PICK_RANDOM, &opts, &members));
	EXPECT_EQ(1235, members->member[0].id);
	pgnl_free(members);
	opts.uid = PGNL_ANY_UID;
	opts.key = "k";
	ASSERT_EQ(0, pgnl_pick(self->handle, NULL, "g", PGNL_PICK_KEY, &opts, &members));
	id = members->member[0].id;
	pgnl_free(members);
	ASSERT_EQ(0, pgnl_pick(self->handle, NULL, "g", PGNL_PICK_KEY, &opts, &members));
	EXPECT_EQ(id, members->member[0].id);
	pgnl_free(members);
	/* And it is listed whole. */
	ASSERT_EQ(0, pgnl_members(self->handle, NULL, "g", 0, &members, NULL));
	EXPECT_EQ(3000, members->n);
	pgnl_free(members);
}

static atomic_bool stop;

static const char *const group_g = "g";

/* Joins all, and takes all out, again and again. */
static void *join_crowd_on(void *arg)
{
	const struct crowd *crowd = arg;
	struct pgnl *handle;

	if (pgnl_open(&handle))
		return NULL;
	while (!stop) {
		pgnl_join_many(handle, NULL, &group_g, 1, crowd->pid, crowd->n, NULL, NULL);
		pgnl_leave_many(handle, NULL, &group_g, 1, crowd->pid, crowd->n, 1, NULL);
	}
	pgnl_close(handle);
	return NULL;
}

/* Who gets the key; 0: a member of this node. */
static uint64_t owner_of(struct pgnl *handle, unsigned int key)
{
	struct pgnl_pick_opts opts = { .uid = PGNL_ANY_UID, .key = &key, .key_len = sizeof(key) };
	struct pgnl_members *members;
	uint64_t id;

	if (pgnl_pick(handle, NULL, "g", PGNL_PICK_KEY, &opts, &members))
		return UINT64_MAX;
	id = members->member[0].node ? members->member[0].id : 0;
	pgnl_free(members);
	return id;
}

/*
 * Who has a key among all keeps it, whoever else comes or goes: in a large group
 * the lock is let go on the way, and members that join then move the others' rows.
 */
TEST_F(agent, a_key_stays_with_its_member_while_others_join)
{
	static struct pgnl_agent_row rows[4000];
	uint64_t owners[20];
	struct crowd crowd;
	pthread_t joiner;
	unsigned int key;

	for (size_t i = 0; i < 4000; i++)
		rows[i] = row("g", i + 1, 1);
	ASSERT_EQ(0, crowd_start(&crowd, 500));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 4000, NULL));
	ASSERT_EQ(0, pgnl_join_many(self->handle, NULL, &group_g, 1, crowd.pid, crowd.n, NULL,
				    NULL));
	for (key = 0; key < 20; key++)
		owners[key] = owner_of(self->handle, key);
	ASSERT_EQ(0, pthread_create(&joiner, NULL, join_crowd_on, &crowd));
	for (unsigned int i = 0; again(i, 1000); i++) {
		key = i % 20;
		if (owners[key])
			ASSERT_EQ(owners[key], owner_of(self->handle, key));
	}
	stop = true;
	pthread_join(joiner, NULL);
	crowd_end(&crowd);
}

/* Promise: local rows outlive the agent, and a new one is no storm. */
TEST_F(agent, rows_outlive_it)
{
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "away", 1, 0));
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 1));
	ASSERT_EQ(0, put(self->agent, "there", "g", 8, 1));
	ASSERT_EQ(0, put(self->agent, "away", "g", 9, 1));
	ASSERT_EQ(0, pgnl_join(self->handle, NULL, "g", self->a.pid, NULL, NULL));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, NULL, PGNL_NODES));
	pgnl_agent_close(self->agent);
	EXPECT_LIST("a there/7x1! 8x1! away/9x1!", "g");
	EXPECT_NODE("stale 2", "there");
	EXPECT_NEXT("agent-lost");
	ASSERT_EQ(0, open_agent(&self->agent, 100));
	EXPECT_NEXT("agent-back");
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_begin(self->agent, "there", 1));
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 1));
	ASSERT_EQ(0, pgnl_agent_commit(self->agent, "there", 1));
	EXPECT_NEXT("leave there g 8x0 left");
	EXPECT_NEXT("fresh there");
	/* Nobody confirms that one. */
	EXPECT_NEXT("nodedown away");
	EXPECT_NEXT("leave away g 9x0 agent-lost");
	EXPECT_LIST("a there/7x1", "g");
	EXPECT_TRUE(nothing_more(self));
}

TEST_F(agent, rows_do_not_outlive_it_for_ever)
{
	pgnl_agent_close(self->agent);
	ASSERT_EQ(0, open_agent(&self->agent, 1));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 1));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, NULL, PGNL_NODES));
	pgnl_agent_close(self->agent);
	self->agent = NULL;
	EXPECT_NEXT("agent-lost");
	EXPECT_NEXT("nodedown there");
	EXPECT_NEXT("leave there g 7x0 agent-lost");
	EXPECT_LIST("missing", "g");
	EXPECT_NODE("none", "there");
}

TEST_F(agent, another_incarnation_is_another_node)
{
	const struct pgnl_agent_row one = row("g", 7, 1);

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 1));
	ASSERT_EQ(0, put(self->agent, "there", "g", 8, 1));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, NULL, PGNL_NODES));
	EXPECT_EQ(-ESTALE, pgnl_agent_begin(self->agent, "there", 2));
	EXPECT_EQ(-ESTALE, pgnl_agent_node_suspect(self->agent, "there", 2));
	EXPECT_EQ(-ESTALE, pgnl_agent_node_down(self->agent, "there", 2));
	EXPECT_EQ(-ESTALE, pgnl_agent_put(self->agent, NULL, "there", 2, &one, 1, NULL));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 2, 0));
	EXPECT_NEXT("nodedown there");
	EXPECT_NEXT("leave there g 7x0 8x0 node-lost");
	EXPECT_NEXT("nodeup there");
	EXPECT_EQ(-ESTALE, put(self->agent, "there", "g", 7, 1));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 2, &one, 1, NULL));
	EXPECT_LIST("there/7x1", "g");
}

TEST_F(agent, created_groups_are_owned)
{
	struct pgnl_agent_row made = row("g", 0, 1);
	struct pgnl_joined joined;

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "away", 1, 0));
	ASSERT_LT(0, pgnl_subscribe(self->watch, "pg2", NULL, 0));
	EXPECT_EQ(-EINVAL, pgnl_agent_put(self->agent, "pg", "there", 1, &made, 1, NULL));
	EXPECT_EQ(-ENOENT, pgnl_join(self->handle, "pg2", "g", self->a.pid, NULL, &joined));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "pg2", "there", 1, &made, 1, NULL));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "pg2", "away", 1, &made, 1, NULL));
	EXPECT_NEXT("create there g created");
	EXPECT_STREQ("", list(self->handle, self->a.pid, "pg2", "g", 0));
	EXPECT_EQ(0, pgnl_join(self->handle, "pg2", "g", self->a.pid, NULL, &joined));
	EXPECT_NEXT("join g 0x1 joined");
	EXPECT_EQ(1, pgnl_leave(self->handle, "pg2", "g", self->a.pid, 1, NULL));
	EXPECT_NEXT("leave g 0x0 left");
	made.count = 0;
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "pg2", "there", 1, &made, 1, NULL));
	EXPECT_STREQ("", list(self->handle, self->a.pid, "pg2", "g", 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "pg2", "away", 1, &made, 1, NULL));
	EXPECT_NEXT("delete away g deleted");
	EXPECT_STREQ("missing", list(self->handle, self->a.pid, "pg2", "g", 0));
}

TEST_F(agent, a_group_created_here_too_outlives_the_other_node)
{
	const struct pgnl_agent_row made = row("g", 0, 1);
	struct pgnl_joined joined;

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "pg2", "there", 1, &made, 1, NULL));
	ASSERT_LT(0, pgnl_subscribe(self->watch, "pg2", NULL, 0));
	ASSERT_EQ(0, pgnl_group_create(self->handle, "pg2", "g", 0, 0, 0700));
	EXPECT_NEXT("create g created");
	ASSERT_EQ(0, pgnl_agent_node_down(self->agent, "there", 1));
	EXPECT_STREQ("", list(self->handle, self->a.pid, "pg2", "g", 0));
	EXPECT_EQ(0, pgnl_join(self->handle, "pg2", "g", self->a.pid, NULL, &joined));
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, pgnl_group_delete(self->handle, "pg2", "g"));
	EXPECT_STREQ("missing", list(self->handle, self->a.pid, "pg2", "g", 0));
}

/* As new, though it is there for a listing that is not read. */
TEST_F(agent, a_group_that_other_nodes_have_left_is_created_here)
{
	struct pgnl_agent_row rows[2] = { row("g", 0, 1), row("g", 7, 1) };
	struct client *reader = client_open();

	ASSERT_NE(NULL, reader);
	ASSERT_EQ(0, leave_unread(self->agent, rows, reader));
	EXPECT_STREQ("missing", list(self->handle, self->a.pid, "pg2", "g", 0));
	ASSERT_EQ(0, pgnl_group_create(self->handle, "pg2", "g", 0, 0, 0700));
	EXPECT_STREQ("", list(self->handle, self->a.pid, "pg2", "g", 0));
	EXPECT_STREQ("", verify(self->c));
	client_close(reader);
	ASSERT_EQ(0, pgnl_group_delete(self->handle, "pg2", "g"));
	EXPECT_STREQ("", verify(self->c));
}

/* Nobody but they know that these nodes have created it. */
TEST_F(agent, a_group_that_many_nodes_have_created_goes_with_the_last)
{
	const struct pgnl_agent_row made = row("g", 0, 1);
	struct pgnl_deleted deleted;
	char name[16];

	for (int i = 0; i < 40; i++) {
		sprintf(name, "n%d", i);
		ASSERT_EQ(0, pgnl_agent_node_up(self->agent, name, 1, 0));
		ASSERT_EQ(0, pgnl_agent_put(self->agent, "pg2", name, 1, &made, 1, NULL));
	}
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, pgnl_agent_node_down(self->agent, "n7", 1));
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, pgnl_group_delete_all(self->handle, "pg2", "g", &deleted));
	EXPECT_EQ(39, deleted.unreachable);
	EXPECT_STREQ("", list(self->handle, self->a.pid, "pg2", "g", 0));
	for (int i = 0; i < 40; i++) {
		sprintf(name, "n%d", i);
		if (i != 7)
			ASSERT_EQ(0, pgnl_agent_node_down(self->agent, name, 1));
	}
	EXPECT_STREQ("missing", list(self->handle, self->a.pid, "pg2", "g", 0));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_GROUPS));
	EXPECT_STREQ("", verify(self->c));
}

/* That is theirs, and goes when they say so. */
TEST_F(agent, deleting_leaves_what_other_nodes_have)
{
	struct pgnl_agent_row rows[2] = { row("g", 0, 1), row("g", 7, 1) };

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_group_create(self->handle, "pg2", "g", 1234, 1234, 0700));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "pg2", "there", 1, rows, 2, NULL));
	ASSERT_EQ(0, pgnl_join(self->handle, "pg2", "g", self->a.pid, NULL, NULL));
	ASSERT_LT(0, pgnl_subscribe(self->watch, "pg2", NULL, 0));
	EXPECT_EQ(1, usage_get(self->c, PGNL_A_LIMIT_USER_GROUPS));
	ASSERT_EQ(0, pgnl_group_delete(self->handle, "pg2", "g"));
	EXPECT_STREQ("", verify(self->c));
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_USER_GROUPS));
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_EVICTIONS));
	EXPECT_NEXT("leave g 0x0 evicted");
	EXPECT_NEXT("delete g deleted");
	EXPECT_STREQ("there/7x1", list(self->handle, self->a.pid, "pg2", "g", 0));
	EXPECT_NODE("up connected 1", "there");
	/* Nothing of this node is left of it, so there is nobody's mode to heed. */
	ASSERT_EQ(1, group_exists(self->c, "pg2", "g"));
	EXPECT_EQ(NULL, attr_of(self->c->reply, PGNL_A_OWNER));
	/* It can be joined and created as any that is another node's. */
	ASSERT_EQ(0, pgnl_join(self->handle, "pg2", "g", self->a.pid, NULL, NULL));
	EXPECT_NEXT("join g 0x1 joined");
	ASSERT_EQ(0, pgnl_group_create(self->handle, "pg2", "g", PGNL_KEEP, PGNL_KEEP, PGNL_KEEP));
	EXPECT_NEXT("create g created");
	ASSERT_EQ(0, pgnl_group_delete(self->handle, "pg2", "g"));
	EXPECT_NEXT("leave g 0x0 evicted");
	EXPECT_NEXT("delete g deleted");
	rows[0].count = rows[1].count = 0;
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "pg2", "there", 1, rows, 2, NULL));
	EXPECT_NEXT("delete there g deleted");
	EXPECT_NEXT("leave there g 7x0 left");
	EXPECT_STREQ("missing", list(self->handle, self->a.pid, "pg2", "g", 0));
	EXPECT_STREQ("", verify(self->c));
}

/* Though what other nodes have in the group is everybody's to read from then on. */
TEST_F(agent, who_was_in_a_closed_group_stays_unknown_when_it_is_deleted)
{
	struct pgnl_agent_row rows[2] = { row("g", 0, 1), row("g", 7, 1) };
	struct pgnl_watch *all = self->watch;

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_group_create(self->handle, "pg2", "g", 1234, 1234, 0700));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "pg2", "there", 1, rows, 2, NULL));
	ASSERT_EQ(0, pgnl_join(self->handle, "pg2", "g", self->a.pid, NULL, NULL));
	ASSERT_EQ(0, seteuid(1000));
	ASSERT_EQ(0, pgnl_watch_open(&self->watch));
	ASSERT_LT(0, pgnl_subscribe(self->watch, "pg2", NULL, 0));
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, pgnl_group_delete(self->handle, "pg2", "g"));
	ASSERT_EQ(0, pgnl_group_create(self->handle, "pg2", "end", PGNL_KEEP, PGNL_KEEP,
				       PGNL_KEEP));
	/* Nor has there been a group, to who was not to read it. */
	EXPECT_NEXT("create end created");
	pgnl_watch_close(self->watch);
	self->watch = all;
}

TEST_F(agent, deleting_a_scope_takes_all)
{
	struct pgnl_agent_row rows[2] = { row("g", 0, 1), row("g", 7, 1) };

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_scope_add(self->handle, "s", PGNL_MODE_PG2, PGNL_CLUSTER, PGNL_KEEP,
				    PGNL_KEEP, PGNL_KEEP));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "s", "there", 1, rows, 2, NULL));
	EXPECT_NODE("up connected 1", "there");
	ASSERT_EQ(0, pgnl_scope_del(self->handle, "s"));
	EXPECT_NODE("up connected 0", "there");
}

TEST_F(agent, only_clustered_scopes)
{
	const struct pgnl_agent_row one = row("g", 7, 1);

	ASSERT_EQ(0, pgnl_scope_add(self->handle, "alone", PGNL_MODE_PG, 0, PGNL_KEEP, PGNL_KEEP,
				    PGNL_KEEP));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	EXPECT_EQ(-EOPNOTSUPP, pgnl_agent_put(self->agent, "alone", "there", 1, &one, 1, NULL));
	EXPECT_EQ(-ENOENT, pgnl_agent_put(self->agent, "none", "there", 1, &one, 1, NULL));
}

TEST_F(agent, nodes_are_not_told_of_in_a_scope_of_this_node)
{
	ASSERT_EQ(0, pgnl_scope_add(self->handle, "alone", PGNL_MODE_PG, 0, PGNL_KEEP, PGNL_KEEP,
				    PGNL_KEEP));
	ASSERT_LT(0, pgnl_subscribe(self->watch, "alone", NULL, PGNL_NODES));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_node_suspect(self->agent, "there", 1));
	ASSERT_EQ(PGNL_OK, pgnl_join(self->handle, "alone", "g", self->a.pid, NULL, NULL));
	EXPECT_NEXT("join g 0x1 joined");
}

/* A name is where it is held, whichever node that is. */
TEST_F(agent, names_of_other_nodes)
{
	struct pgnl_agent_row there = name_row("name", 7, 10), gone = row("name", 7, 0);
	struct pgnl_names *names;
	const struct pgnl_agent_row away = name_row("name", 8, 5);

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "away", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &there, 1, NULL));
	EXPECT_STREQ("there 7 110", whereis(self->handle, "name"));
	/* Nobody takes it away from there. */
	EXPECT_EQ(PGNL_NO, pgnl_name_register(self->handle, "name", self->a.pid, NULL, &names));
	ASSERT_NE(NULL, names);
	ASSERT_EQ(1, names->n);
	EXPECT_STREQ("there", names->name[0].holder.node);
	EXPECT_EQ(10, names->name[0].stamp);
	EXPECT_EQ(PGNL_NOTIFY_ALL, names->name[0].resolve);
	pgnl_free(names);
	/* Of two the first one is told. */
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "away", 1, &away, 1, NULL));
	EXPECT_STREQ("away 8 105", whereis(self->handle, "name"));
	ASSERT_EQ(0, pgnl_name_list(self->handle, NULL, &names));
	ASSERT_EQ(1, names->n);
	EXPECT_STREQ("away", names->name[0].holder.node);
	pgnl_free(names);
	/* Registered anew by the same process. */
	there.fence = 200;
	there.stamp = 3;
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &there, 1, NULL));
	EXPECT_STREQ("there 7 200", whereis(self->handle, "name"));
	ASSERT_EQ(0, pgnl_agent_node_suspect(self->agent, "there", 1));
	ASSERT_EQ(0, pgnl_name_whereis(self->handle, NULL, "name", &names));
	EXPECT_EQ(PGNL_SUSPECT, names->name[0].holder.state);
	pgnl_free(names);
	ASSERT_EQ(0, pgnl_agent_node_down(self->agent, "there", 1));
	EXPECT_STREQ("away 8 105", whereis(self->handle, "name"));
	gone.id = 8;
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "away", 1, &gone, 1, NULL));
	EXPECT_STREQ("nobody", whereis(self->handle, "name"));
	EXPECT_EQ(PGNL_YES, pgnl_name_register(self->handle, "name", self->a.pid, NULL, NULL));
	EXPECT_STREQ("", verify(self->c));
}

TEST_F(agent, of_two_rows_of_one_stamp_the_one_that_took_the_name_over_is_told)
{
	struct pgnl_agent_row before = name_row("name", 7, 10), after = name_row("name", 8, 10);

	after.fence++;
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "away", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "away", 1, &before, 1, NULL));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &after, 1, NULL));
	EXPECT_STREQ("there 8 111", whereis(self->handle, "name"));
}

TEST_F(agent, of_two_rows_that_tell_the_same_that_of_the_first_node_by_name_is_told)
{
	static const char *const nodes[] = { "b", "a", "c" };
	struct pgnl_agent_row one = name_row("name", 7, 10);

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		ASSERT_EQ(0, pgnl_agent_node_up(self->agent, nodes[i], 1, 0));
		ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", nodes[i], 1, &one, 1, NULL));
		EXPECT_STREQ(i ? "a 7 110" : "b 7 110", whereis(self->handle, "name"));
	}
}

TEST_F(agent, limits_drop_and_say_so)
{
	struct pgnl_agent_row rows[5];
	size_t dropped;

	for (size_t i = 0; i < 5; i++)
		rows[i] = row("g", i + 1, 1);
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NODE_REMOTES, 3));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_NODES, 1));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	EXPECT_EQ(-EDQUOT, pgnl_agent_node_up(self->agent, "away", 1, 0));
	EXPECT_STREQ("limit net-nodes is reached", pgnl_agent_error(self->agent)->text);
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 5, &dropped));
	EXPECT_EQ(2, dropped);
	EXPECT_NODE("up connected partial 3", "there");
	EXPECT_EQ(3, usage_get(self->c, PGNL_A_LIMIT_NET_REMOTES));
	EXPECT_EQ(3, usage_get(self->c, PGNL_A_LIMIT_NODE_REMOTES));
	EXPECT_EQ(2, stat_get(self->c, PGNL_A_STAT_REMOTE_DROPS));
	/* It says so until all of it has had room. */
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NODE_REMOTES, 5));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 5, &dropped));
	EXPECT_EQ(0, dropped);
	EXPECT_NODE("up connected partial 5", "there");
	ASSERT_EQ(0, pgnl_agent_begin(self->agent, "there", 1));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 5, &dropped));
	ASSERT_EQ(0, pgnl_agent_commit(self->agent, "there", 1));
	EXPECT_NODE("up connected 5", "there");
	/* What is not there any more makes room for what has come. */
	ASSERT_EQ(0, pgnl_agent_begin(self->agent, "there", 1));
	for (size_t i = 0; i < 5; i++)
		rows[i].id += 10;
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 5, &dropped));
	EXPECT_EQ(0, dropped);
	ASSERT_EQ(0, pgnl_agent_commit(self->agent, "there", 1));
	EXPECT_NODE("up connected 5", "there");
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_REMOTES, 0));
	rows[0].id = 99;
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, 1, &dropped));
	EXPECT_EQ(1, dropped);
}

/* Reads whatever is there, in every way. */
static void *read_on(void *arg)
{
	static const struct pgnl_pick_opts any = {
		.flags = PGNL_ANY_STATE, .uid = PGNL_ANY_UID, .key = "k", .key_len = 1,
	};
	struct pgnl_members *members;
	struct pgnl_groups *groups;
	struct pgnl_nodes *nodes;
	struct pgnl *handle;

	(void)arg;
	if (pgnl_open(&handle))
		return NULL;
	while (!stop) {
		if (!pgnl_members(handle, NULL, "g1", 0, &members, NULL))
			pgnl_free(members);
		if (!pgnl_members(handle, NULL, NULL, 0, &members, NULL))
			pgnl_free(members);
		if (!pgnl_pick(handle, NULL, "g1", PGNL_PICK_KEY, &any, &members))
			pgnl_free(members);
		if (!pgnl_pick(handle, NULL, "g2", PGNL_PICK_RANDOM, NULL, &members))
			pgnl_free(members);
		if (!pgnl_groups(handle, NULL, 0, &groups))
			pgnl_free(groups);
		if (!pgnl_nodes(handle, &nodes))
			pgnl_free(nodes);
	}
	pgnl_close(handle);
	return NULL;
}

/* Members of this node come and go in the same groups. */
static void *join_on(void *arg)
{
	struct child *child = arg;
	struct pgnl *handle;

	if (pgnl_open(&handle))
		return NULL;
	while (!stop) {
		pgnl_join(handle, NULL, "g1", child->pid, NULL, NULL);
		pgnl_join(handle, NULL, "g2", child->pid, NULL, NULL);
		pgnl_leave(handle, NULL, "g1", child->pid, PGNL_ALL, NULL);
		child_kill(child);
		child_start(child);
	}
	pgnl_close(handle);
	return NULL;
}

TEST_F(agent, comes_and_goes_under_load)
{
	struct pgnl_agent_row rows[300];
	static char names[3][4];
	pthread_t reader, joiner;
	struct child child;

	for (size_t i = 0; i < 300; i++) {
		sprintf(names[i % 3], "g%zu", i % 3);
		rows[i] = row(names[i % 3], i + 1, 1);
	}
	ASSERT_EQ(0, child_start(&child));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, NULL, PGNL_NODES));
	ASSERT_EQ(0, pthread_create(&reader, NULL, read_on, NULL));
	ASSERT_EQ(0, pthread_create(&joiner, NULL, join_on, &child));
	for (unsigned int round = 0; again(round, 20); round++) {
		EXPECT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1 + round % 3, 0));
		EXPECT_EQ(0, pgnl_agent_begin(self->agent, "there", 1 + round % 3));
		EXPECT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1 + round % 3, rows,
					    100 + round % 200, NULL));
		EXPECT_EQ(0, pgnl_agent_commit(self->agent, "there", 1 + round % 3));
		if (round % 2)
			EXPECT_EQ(0, pgnl_agent_node_down(self->agent, "there", 1 + round % 3));
		if (round % 5 == 4) {
			pgnl_agent_close(self->agent);
			/* A child that was just forked may have the socket, too. */
			ASSERT_TRUE(wait_until(!open_agent(&self->agent, 0)));
		}
		EXPECT_STREQ("", verify(self->c));
	}
	stop = true;
	pthread_join(reader, NULL);
	pthread_join(joiner, NULL);
	child_kill(&child);
}

#define ALICE	1000
#define ALLOWED	1000

/* Root of a user namespace is administrator of what it makes, and no more. */
static int put_more_than_allowed(void *arg)
{
	static struct pgnl_agent_row rows[3 * ALLOWED];
	struct pgnl_agent *agent;
	size_t dropped = 0;
	struct client *c;

	new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	c = client_open();
	CHECK(c);
	CHECK_EQ(0, open_agent(&agent, 0));
	for (size_t i = 0; i < 3 * ALLOWED; i++)
		rows[i] = row("g", i + 1, 1);
	CHECK_EQ(0, pgnl_agent_node_up(agent, "there", 1, 0));
	CHECK_EQ(0, pgnl_agent_put(agent, NULL, "there", 1, rows, 3 * ALLOWED, &dropped));
	/* One is for the node. */
	CHECK(dropped > 2 * ALLOWED);
	CHECK(!strcmp("", verify(c)));
	CHECK_EQ(0, pgnl_agent_node_down(agent, "there", 1));
	CHECK_EQ(0, pgnl_agent_node_up(agent, "there", 2, 0));
	CHECK_EQ(0, pgnl_agent_put(agent, NULL, "there", 2, rows, ALLOWED / 2, &dropped));
	CHECK_EQ(0, dropped);
	pgnl_agent_close(agent);
	(void)arg;
	return 0;
}

TEST_F(agent, who_makes_namespaces_pays_for_what_it_puts_in)
{
	uint64_t limit = limit_get(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS);

	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS, ALLOWED));
	EXPECT_EQ(0, as_user(ALICE, ALICE, put_more_than_allowed, NULL));
	EXPECT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS, limit));
}

#define MANY	20000

TEST_F(agent, many_rows_come_and_go)
{
	static struct pgnl_agent_row rows[MANY];
	static char names[1000][16];
	size_t dropped;

	for (size_t i = 0; i < 1000; i++)
		sprintf(names[i], "g%zu", i);
	for (size_t i = 0; i < MANY; i++)
		rows[i] = row(names[i % 1000], i + 1, 1);
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, MANY, &dropped));
	EXPECT_EQ(0, dropped);
	EXPECT_NODE("up connected 20000", "there");
	EXPECT_STREQ("", verify(self->c));
	/* Half of them again. */
	ASSERT_EQ(0, pgnl_agent_begin(self->agent, "there", 1));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, MANY / 2, NULL));
	ASSERT_EQ(0, pgnl_agent_commit(self->agent, "there", 1));
	EXPECT_NODE("up connected 10000", "there");
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, pgnl_agent_node_down(self->agent, "there", 1));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_REMOTES));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_GROUPS));
}

TEST_HARNESS_MAIN
