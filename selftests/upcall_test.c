// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests that wait for the agent: what it is asked, what the requester is told,
 * and what becomes of them at a deadline, at a limit, and when somebody goes.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "agent.h"
#include "common.h"
#include "events.h"
#include "hold.h"
#include "inbox.h"
#include "proc.h"

#define WAIT_MS	30000

FIXTURE(upcall)
{
	struct client *c;	/* asks */
	struct client *agent;
	struct client *eye;	/* only looks */
};

static struct pgnl_row far_row(uint64_t id, uint32_t count)
{
	return (struct pgnl_row) { .id = id, .pid = 100 + id, .count = count, .uid = 1234,
		.weight = 1 };
}

static int put_far(struct client *agent, uint64_t id, uint32_t count)
{
	const struct pgnl_row row = far_row(id, count);

	return put_row(agent, NULL, &row);
}

FIXTURE_SETUP(upcall)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	self->agent = client_open();
	self->eye = client_open();
	ASSERT_NE(NULL, self->agent);
	ASSERT_NE(NULL, self->eye);
	ASSERT_EQ(0, agent_for(self->agent, PGNL_ACT_SEND, 0));
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_NODE_SET, "there", 1));
	ASSERT_EQ(0, put_far(self->agent, 7, 2));
	ASSERT_EQ(0, put_far(self->agent, 8, 1));
}

FIXTURE_TEARDOWN(upcall)
{
	client_close(self->agent);
	EXPECT_STREQ("", verify(self->eye));
	EXPECT_EQ(0, stat_get(self->eye, PGNL_A_STAT_REQUESTS));
	EXPECT_EQ(0, usage_get(self->eye, PGNL_A_LIMIT_USER_REQUESTS));
	EXPECT_EQ(0, usage_get(self->eye, PGNL_A_LIMIT_USER_REQUEST_BYTES));
	client_close(self->c);
	client_close(self->eye);
}

/* Whom an upcall is about: "there/1 x2", with ids "there/1 x1: 7". */
static const char *targets(const struct nlmsghdr *msg)
{
	const struct nlattr *attr, *in;
	static char text[512];
	size_t used = 0;

	text[0] = '\0';
	mnl_attr_for_each(attr, msg, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != PGNL_A_TARGET)
			continue;
		mnl_attr_for_each_nested(in, attr) {
			const uint64_t *ids = mnl_attr_get_payload(in);

			switch (mnl_attr_get_type(in)) {
			case PGNL_A_TARGET_NODE:
				used += sprintf(text + used, "%s%s", used ? ", " : "",
						mnl_attr_get_str(in));
				break;
			case PGNL_A_TARGET_INCARNATION:
				used += sprintf(text + used, "/%llu",
						(unsigned long long)mnl_attr_get_u64(in));
				break;
			case PGNL_A_TARGET_MEMBERS:
				used += sprintf(text + used, " x%u", mnl_attr_get_u32(in));
				break;
			case PGNL_A_TARGET_IDS:
				for (size_t i = 0; i < mnl_attr_get_payload_len(in) / 8; i++)
					used += sprintf(text + used, "%s%llu", i ? " " : ": ",
							(unsigned long long)ids[i]);
				break;
			}
		}
	}
	return text;
}

#define UPCALL() ({ \
	const struct nlmsghdr *msg_ = told(self->agent, PGNL_CMD_UPCALL, WAIT_MS); \
	ASSERT_NE(NULL, msg_); \
	msg_; \
})
#define RESULT() ({ \
	const struct nlmsghdr *msg_ = told(self->c, PGNL_CMD_RESULT, WAIT_MS); \
	ASSERT_NE(NULL, msg_); \
	msg_; \
})

TEST_F(upcall, a_message_goes_to_the_agent)
{
	const struct nlmsghdr *msg;
	const struct nlattr *attr;
	struct kid kid;
	struct letter letter = {};
	uint64_t request;

	ASSERT_EQ(0, kid_ready(&kid, kid_reads, NULL));
	ASSERT_EQ(1, join(self->c, NULL, "g", kid.pid));
	EXPECT_STREQ("1", send_text(self->c, "g", "hello"));
	request = reply_u64(self->c, PGNL_A_REQUEST);
	EXPECT_NE(0, request);
	EXPECT_EQ(10000, reply_u32(self->c, PGNL_A_TIMEOUT));
	EXPECT_EQ(0, reply_u32(self->c, PGNL_A_UNREACHABLE));
	EXPECT_EQ(1, kid_takes(&kid, &letter));

	msg = UPCALL();
	EXPECT_EQ(request, msg_u64(msg, PGNL_A_REQUEST));
	EXPECT_EQ(PGNL_ACT_SEND, msg_u32(msg, PGNL_A_ACT));
	EXPECT_STREQ("pg", msg_str(msg, PGNL_A_SCOPE));
	EXPECT_STREQ("g", msg_str(msg, PGNL_A_GROUP));
	EXPECT_STREQ("there/1 x2", targets(msg));
	attr = attr_of(msg, PGNL_A_DATA);
	ASSERT_NE(NULL, attr);
	EXPECT_EQ(5, mnl_attr_get_payload_len(attr));
	EXPECT_EQ(0, memcmp(mnl_attr_get_payload(attr), "hello", 5));
	read_sender(attr_of(msg, PGNL_A_SENDER), &letter);
	EXPECT_EQ(getpid(), letter.pid);
	EXPECT_EQ(0, letter.uid);

	answer_req(self->agent, request);
	put_u32(self->agent, PGNL_A_REACHED, 1);
	put_u32(self->agent, PGNL_A_FULL, 2);
	put_u32(self->agent, PGNL_A_NO_INBOX, 3);
	put_u32(self->agent, PGNL_A_GONE, 4);
	put_u32(self->agent, PGNL_A_REFUSED, 5);
	put_u32(self->agent, PGNL_A_UNREACHABLE, 6);
	EXPECT_EQ(0, req_do(self->agent));
	msg = RESULT();
	EXPECT_EQ(request, msg_u64(msg, PGNL_A_REQUEST));
	EXPECT_EQ(NULL, attr_of(msg, PGNL_A_ERROR));
	EXPECT_EQ(1, msg_u32(msg, PGNL_A_REACHED));
	EXPECT_EQ(2, msg_u32(msg, PGNL_A_FULL));
	EXPECT_EQ(3, msg_u32(msg, PGNL_A_NO_INBOX));
	EXPECT_EQ(4, msg_u32(msg, PGNL_A_GONE));
	EXPECT_EQ(5, msg_u32(msg, PGNL_A_REFUSED));
	EXPECT_EQ(6, msg_u32(msg, PGNL_A_UNREACHABLE));
	kid_kill(&kid);
}

TEST_F(upcall, a_large_message_goes_whole)
{
	const struct nlmsghdr *msg;
	const struct nlattr *attr;
	static char data[PGNL_MESSAGE_MAX];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7);
	send_req(self->c, NULL, "g", data, sizeof(data));
	ASSERT_EQ(0, req_do(self->c));
	msg = UPCALL();
	attr = attr_of(msg, PGNL_A_DATA);
	ASSERT_NE(NULL, attr);
	ASSERT_EQ(sizeof(data), mnl_attr_get_payload_len(attr));
	EXPECT_EQ(0, memcmp(mnl_attr_get_payload(attr), data, sizeof(data)));
	EXPECT_STREQ("there/1 x2", targets(msg));
}

TEST_F(upcall, members_by_id_and_by_user)
{
	send_req(self->c, NULL, "g", "x", 1);
	put_u64(self->c, PGNL_A_ID, 8);
	put_u64(self->c, PGNL_A_ID, 99);
	put_u64(self->c, PGNL_A_ID, 7);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_STREQ("there/1 x2: 7 8", targets(UPCALL()));
	EXPECT_STREQ("0", send_id(self->c, "g", 99, "x"));
	EXPECT_EQ(NULL, attr_of(self->c->reply, PGNL_A_REQUEST));
	send_req(self->c, NULL, "g", "x", 1);
	put_u32(self->c, PGNL_A_UID, 1234);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(1234, msg_u32(UPCALL(), PGNL_A_UID));
	send_req(self->c, NULL, "g", "x", 1);
	put_u32(self->c, PGNL_A_UID, 1235);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(NULL, attr_of(self->c->reply, PGNL_A_REQUEST));
}

/* In which order is not said. */
static const char *two_targets(const char *a, const char *b, const struct nlmsghdr *msg)
{
	const char *text = targets(msg);
	char both[128];

	snprintf(both, sizeof(both), "%s, %s", a, b);
	if (strcmp(text, both))
		snprintf(both, sizeof(both), "%s, %s", b, a);
	return strcmp(text, both) ? text : "";
}

TEST_F(upcall, several_nodes_are_one_request)
{
	const struct pgnl_row row = far_row(9, 1);

	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_NODE_SET, "away", 2));
	mnl_attr_nest_end(self->agent->req,
			  begin_peer(self->agent, PGNL_CMD_REMOTE_PUT, "away", 2));
	put_entry(self->agent, "g", &row, 1, 0);
	ASSERT_EQ(0, req_do(self->agent));
	EXPECT_STREQ("0", send_text(self->c, "g", "x"));
	EXPECT_STREQ("", two_targets("there/1 x2", "away/2 x1", UPCALL()));
	send_req(self->c, NULL, "g", "x", 1);
	put_u64(self->c, PGNL_A_ID, 8);
	put_u64(self->c, PGNL_A_ID, 9);
	put_u64(self->c, PGNL_A_ID, 7);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_STREQ("", two_targets("there/1 x2: 7 8", "away/2 x1: 9", UPCALL()));
	EXPECT_EQ(2, stat_get(self->eye, PGNL_A_STAT_UPCALLS));
}

TEST_F(upcall, one_is_of_this_node_or_another)
{
	static const uint32_t policies[] = { PGNL_POLICY_CLOSEST, PGNL_POLICY_RANDOM,
		PGNL_POLICY_ROUND_ROBIN, PGNL_POLICY_KEY };
	const struct nlmsghdr *msg;
	struct child a;
	uint64_t id;

	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		EXPECT_STREQ("0", send_by(self->c, policies[i], "x"));
		EXPECT_NE(0, reply_u64(self->c, PGNL_A_REQUEST));
		msg = UPCALL();
		EXPECT_EQ(0, strncmp("there/1 x1: ", targets(msg), 12));
		answer_req(self->agent, msg_u64(msg, PGNL_A_REQUEST));
		put_u32(self->agent, PGNL_A_REACHED, 1);
		put_str(self->agent, PGNL_A_NODE, "there");
		put_u32(self->agent, PGNL_A_PID, 107);
		put_u64(self->agent, PGNL_A_ID, 7);
		ASSERT_EQ(0, req_do(self->agent));
		msg = RESULT();
		EXPECT_STREQ("there", msg_str(msg, PGNL_A_NODE));
		EXPECT_EQ(107, msg_u32(msg, PGNL_A_PID));
		EXPECT_EQ(7, msg_u64(msg, PGNL_A_ID));
	}
	/* An agent need not say who it was, for it was asked for one; nor that it was nobody. */
	for (int reached = 1; reached >= -1; reached--) {
		EXPECT_STREQ("0", send_by(self->c, PGNL_POLICY_RANDOM, "x"));
		msg = UPCALL();
		id = strtoull(targets(msg) + strlen("there/1 x1: "), NULL, 10);
		answer_req(self->agent, msg_u64(msg, PGNL_A_REQUEST));
		if (reached >= 0)
			put_u32(self->agent, PGNL_A_REACHED, reached);
		ASSERT_EQ(0, req_do(self->agent));
		msg = RESULT();
		EXPECT_EQ(reached < 1, attr_of(msg, PGNL_A_ID) == NULL);
		if (reached < 1)
			continue;
		EXPECT_STREQ("there", msg_str(msg, PGNL_A_NODE));
		EXPECT_EQ(100 + id, msg_u32(msg, PGNL_A_PID));
		EXPECT_EQ(id, msg_u64(msg, PGNL_A_ID));
	}
	/* The closest has no inbox, so it is passed over. */
	ASSERT_EQ(0, child_start(&a));
	ASSERT_EQ(1, join(self->c, NULL, "g", a.pid));
	EXPECT_STREQ("0 none 1", send_by(self->c, PGNL_POLICY_CLOSEST, "x"));
	EXPECT_EQ(0, strncmp("there/1 x1: ", targets(UPCALL()), 12));
	child_kill(&a);
}

/* However many there are here that can't take it, the turn comes to the other. */
TEST_F(upcall, turns_pass_over_those_without_an_inbox)
{
	struct child here[6];

	for (size_t i = 0; i < ARRAY_SIZE(here); i++) {
		ASSERT_EQ(0, child_start(&here[i]));
		ASSERT_EQ(1, join(self->c, NULL, "g", here[i].pid));
	}
	for (size_t i = 0; i < 2 * ARRAY_SIZE(here); i++) {
		send_by(self->c, PGNL_POLICY_ROUND_ROBIN, "x");
		EXPECT_EQ(0, strncmp("there/1 x1: ", targets(UPCALL()), 12));
	}
	for (size_t i = 0; i < ARRAY_SIZE(here); i++)
		child_kill(&here[i]);
}

TEST_F(upcall, closest_takes_it_here)
{
	struct kid kid;

	ASSERT_EQ(0, kid_ready(&kid, kid_reads, NULL));
	ASSERT_EQ(1, join(self->c, NULL, "g", kid.pid));
	EXPECT_STREQ("1", send_by(self->c, PGNL_POLICY_CLOSEST, "x"));
	EXPECT_EQ(NULL, attr_of(self->c->reply, PGNL_A_REQUEST));
	EXPECT_EQ(1, kid_empties(&kid));
	kid_kill(&kid);
}

TEST_F(upcall, one_is_of_this_node_when_the_agent_does_not_send)
{
	static const uint32_t policies[] = { PGNL_POLICY_CLOSEST, PGNL_POLICY_RANDOM,
		PGNL_POLICY_ROUND_ROBIN, PGNL_POLICY_KEY };
	struct kid kid;

	client_close(self->agent);
	self->agent = client_open();
	ASSERT_EQ(0, agent_for(self->agent, 0, 0));
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_NODE_SET, "there", 1));
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_REMOTE_BEGIN, "there", 1));
	ASSERT_EQ(0, put_far(self->agent, 7, 2));
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_REMOTE_COMMIT, "there", 1));
	ASSERT_EQ(0, kid_ready(&kid, kid_reads, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		EXPECT_STREQ("-61: nobody in the group fits",
			     send_by(self->c, policies[i], "x"));
	ASSERT_EQ(1, join(self->c, NULL, "g", kid.pid));
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		EXPECT_STREQ("1", send_by(self->c, policies[i], "x"));
		EXPECT_EQ(kid.pid, (pid_t)reply_u32(self->c, PGNL_A_PID));
		EXPECT_EQ(0, reply_u32(self->c, PGNL_A_UNREACHABLE));
	}
	EXPECT_EQ(ARRAY_SIZE(policies), kid_empties(&kid));
	EXPECT_EQ(0, stat_get(self->eye, PGNL_A_STAT_UPCALLS));
	kid_kill(&kid);
}

TEST_F(upcall, local_only_asks_nobody)
{
	send_req(self->c, NULL, "g", "x", 1);
	put_flag(self->c, PGNL_A_LOCAL_ONLY);
	EXPECT_STREQ("0", sent(self->c));
	send_req(self->c, NULL, "g", "x", 1);
	put_flag(self->c, PGNL_A_LOCAL_ONLY);
	put_u64(self->c, PGNL_A_ID, 7);
	EXPECT_EQ(-EREMOTE, req_do(self->c));
	EXPECT_EQ(0, stat_get(self->eye, PGNL_A_STAT_UPCALLS));
}

static int suspect(struct client *agent)
{
	struct nlattr *nest = begin_peer(agent, PGNL_CMD_NODE_SET, "there", 1);

	mnl_attr_put_u32(agent->req, PGNL_A_NODE_STATE, PGNL_STATE_SUSPECT);
	mnl_attr_nest_end(agent->req, nest);
	return req_do(agent);
}

TEST_F(upcall, who_can_not_be_asked_is_unreachable)
{
	ASSERT_EQ(0, suspect(self->agent));
	EXPECT_STREQ("0", send_text(self->c, "g", "x"));
	EXPECT_EQ(2, reply_u32(self->c, PGNL_A_UNREACHABLE));
	EXPECT_EQ(NULL, attr_of(self->c->reply, PGNL_A_REQUEST));
	EXPECT_STREQ("0", send_id(self->c, "g", 7, "x"));
	EXPECT_EQ(1, reply_u32(self->c, PGNL_A_UNREACHABLE));
	/* It is back, but whom it has is still to be told. */
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_NODE_SET, "there", 1));
	EXPECT_STREQ("0", send_text(self->c, "g", "x"));
	EXPECT_EQ(2, reply_u32(self->c, PGNL_A_UNREACHABLE));
	/* Nor is anybody asked when the agent does not send. */
	client_close(self->agent);
	self->agent = client_open();
	ASSERT_EQ(0, agent_for(self->agent, 0, 0));
	EXPECT_STREQ("0", send_text(self->c, "g", "x"));
	EXPECT_EQ(2, reply_u32(self->c, PGNL_A_UNREACHABLE));
	EXPECT_EQ(0, stat_get(self->eye, PGNL_A_STAT_UPCALLS));
}

/* A row of a node of that number, whose name is as long as may be. */
static int put_numbered(struct client *agent, const char *scope, int number, uint64_t id)
{
	const struct pgnl_row row = far_row(id, 1), created = { .count = 1 };
	char name[PGNL_SCOPE_NAME_MAX + 1];

	snprintf(name, sizeof(name), "%0*d", PGNL_SCOPE_NAME_MAX, number);
	if (peer(agent, PGNL_CMD_NODE_SET, name, 1))
		return -1;
	mnl_attr_nest_end(agent->req, begin_peer(agent, PGNL_CMD_REMOTE_PUT, name, 1));
	put_str(agent, PGNL_A_SCOPE, scope);
	put_entry(agent, "g", id ? &row : &created, 1, 0);
	return req_do(agent);
}

#define TOO_MANY	"-7: too many other nodes, or members of these"

TEST_F(upcall, what_is_too_much_to_ask_is_refused_and_a_deletion_done_here)
{
	enum { NODES = 300, IDS = 3000 };
	struct kid kid;

	client_close(self->agent);
	self->agent = client_open();
	ASSERT_EQ(0, agent_for(self->agent, PGNL_ACT_SEND | PGNL_ACT_DELETE, 0));
	for (int i = 0; i < NODES; i++) {
		ASSERT_EQ(0, put_numbered(self->agent, "pg", i, 1000 + i));
		ASSERT_EQ(0, put_numbered(self->agent, "pg2", i, 0));
	}
	ASSERT_EQ(0, kid_ready(&kid, kid_reads, NULL));
	ASSERT_EQ(1, join(self->c, NULL, "g", kid.pid));
	EXPECT_STREQ(TOO_MANY, send_text(self->c, "g", "x"));
	EXPECT_EQ(0, kid_empties(&kid));
	send_req(self->c, NULL, "g", "x", 1);
	for (int i = 0; i < IDS; i++)
		put_u64(self->c, PGNL_A_ID, 1000);
	EXPECT_STREQ(TOO_MANY, sent(self->c));
	EXPECT_STREQ("0", send_id(self->c, "g", 1000, "x"));
	EXPECT_NE(NULL, strstr(targets(UPCALL()), "/1 x1: 1000"));
	EXPECT_EQ(1, stat_get(self->eye, PGNL_A_STAT_UPCALLS));
	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	ASSERT_EQ(0, group_del(self->c, "pg2", "g"));
	EXPECT_FALSE(reply_flag(self->c, PGNL_A_NO_GROUP));
	EXPECT_EQ(NODES, reply_u32(self->c, PGNL_A_UNREACHABLE));
	EXPECT_EQ(NULL, attr_of(self->c->reply, PGNL_A_REQUEST));
	EXPECT_EQ(1, stat_get(self->eye, PGNL_A_STAT_UPCALLS));
	/* It has the agent's socket, too. */
	kid_kill(&kid);
}

TEST_F(upcall, only_the_agent_answers_and_once)
{
	const struct nlmsghdr *msg;
	uint64_t request;

	ASSERT_STREQ("0", send_text(self->c, "g", "x"));
	request = msg_u64(UPCALL(), PGNL_A_REQUEST);
	answer_req(self->eye, request);
	EXPECT_EQ(-ENOTCONN, req_do(self->eye));
	EXPECT_STREQ("this socket is not the agent's", self->eye->text);
	answer_req(self->c, request);
	EXPECT_EQ(-ENOTCONN, req_do(self->c));
	answer_req(self->agent, request + 1);
	EXPECT_EQ(-ENOENT, req_do(self->agent));
	EXPECT_STREQ("nobody waits for this", self->agent->text);
	EXPECT_EQ(PGNL_A_REQUEST, blamed(self->agent));
	req_new(self->agent, PGNL_CMD_UPCALL_ANSWER);
	EXPECT_EQ(-EINVAL, req_do(self->agent));
	EXPECT_STREQ("a request is needed", self->agent->text);
	EXPECT_EQ(1, stat_get(self->eye, PGNL_A_STAT_REQUESTS));
	answer_req(self->agent, request);
	put_u32(self->agent, PGNL_A_ERROR, EACCES);
	put_str(self->agent, PGNL_A_WORDS, "not today");
	EXPECT_EQ(0, req_do(self->agent));
	answer_req(self->agent, request);
	EXPECT_EQ(-ENOENT, req_do(self->agent));
	msg = RESULT();
	EXPECT_EQ(EACCES, msg_u32(msg, PGNL_A_ERROR));
	EXPECT_STREQ("not today", msg_str(msg, PGNL_A_WORDS));
	EXPECT_EQ(2, msg_u32(msg, PGNL_A_UNREACHABLE));
	EXPECT_EQ(NULL, told(self->c, PGNL_CMD_RESULT, 0));
	EXPECT_EQ(0, stat_get(self->eye, PGNL_A_STAT_UNANSWERED));
}

TEST_F(upcall, too_late)
{
	const struct nlmsghdr *msg;
	uint64_t request;

	client_close(self->agent);
	self->agent = client_open();
	ASSERT_EQ(-EINVAL, agent_for(self->agent, PGNL_ACT_SEND << 10, 1));
	ASSERT_EQ(-ERANGE, agent_for(self->agent, PGNL_ACT_SEND, 3600001));
	ASSERT_EQ(0, agent_for(self->agent, PGNL_ACT_SEND, 20));
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_NODE_SET, "there", 1));
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_REMOTE_BEGIN, "there", 1));
	ASSERT_EQ(0, put_far(self->agent, 7, 2));
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_REMOTE_COMMIT, "there", 1));
	for (int i = 0; i < 3; i++) {
		ASSERT_STREQ("0", send_text(self->c, "g", "x"));
		EXPECT_EQ(20, reply_u32(self->c, PGNL_A_TIMEOUT));
		request = reply_u64(self->c, PGNL_A_REQUEST);
		msg = RESULT();
		EXPECT_EQ(request, msg_u64(msg, PGNL_A_REQUEST));
		EXPECT_EQ(ETIMEDOUT, msg_u32(msg, PGNL_A_ERROR));
		EXPECT_STREQ("the agent did not answer in time", msg_str(msg, PGNL_A_WORDS));
		EXPECT_EQ(1, msg_u32(msg, PGNL_A_UNREACHABLE));
		EXPECT_EQ(request, msg_u64(UPCALL(), PGNL_A_REQUEST));
		answer_req(self->agent, request);
		EXPECT_EQ(-ENOENT, req_do(self->agent));
	}
	EXPECT_EQ(3, stat_get(self->eye, PGNL_A_STAT_UNANSWERED));
}

TEST_F(upcall, who_waits_is_told_when_the_agent_goes)
{
	const struct nlmsghdr *msg;

	for (int i = 0; i < 3; i++)
		ASSERT_STREQ("0", send_text(self->c, "g", "x"));
	client_close(self->agent);
	self->agent = NULL;
	for (int i = 0; i < 3; i++) {
		msg = RESULT();
		EXPECT_EQ(ENOTCONN, msg_u32(msg, PGNL_A_ERROR));
		EXPECT_STREQ("the agent has ended", msg_str(msg, PGNL_A_WORDS));
		EXPECT_EQ(2, msg_u32(msg, PGNL_A_UNREACHABLE));
	}
	EXPECT_STREQ("0", send_text(self->c, "g", "x"));
	EXPECT_EQ(2, reply_u32(self->c, PGNL_A_UNREACHABLE));
	self->agent = client_open();
}

static int kid_is_agent(void *arg, int ready)
{
	CHECK_EQ(0, agent_for(arg, PGNL_ACT_SEND, 0));
	CHECK_EQ(0, peer(arg, PGNL_CMD_NODE_SET, "there", 1));
	CHECK_EQ(0, peer(arg, PGNL_CMD_REMOTE_BEGIN, "there", 1));
	CHECK_EQ(0, put_far(arg, 7, 2));
	CHECK_EQ(0, peer(arg, PGNL_CMD_REMOTE_COMMIT, "there", 1));
	/* Asked while it lives, and from here on; it ends without an answer. */
	CHECK_EQ(1, write(ready, "", 1));
	CHECK(told(arg, PGNL_CMD_UPCALL, WAIT_MS));
	return 0;
}

/* Its socket is here as well, and so stays open. */
TEST_F(upcall, who_waits_is_told_when_the_process_of_the_agent_ends)
{
	int ready[2];
	pid_t pid;
	char byte;

	client_close(self->agent);
	self->agent = client_open();
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid)
		_exit(kid_is_agent(self->agent, ready[1]));
	ASSERT_LT(0, pid);
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	close(ready[0]);
	/* Without an ack: the result may come before that, and would be passed over. */
	send_req(self->c, NULL, "g", "x", 1);
	ASSERT_EQ(0, req_do_unacked(self->c));
	ASSERT_NE(NULL, attr_of(self->c->reply, PGNL_A_REQUEST));
	EXPECT_EQ(ENOTCONN, msg_u32(RESULT(), PGNL_A_ERROR));
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
}

/* But what it has given the agent to do is its own until the agent is through. */
TEST_F(upcall, who_goes_is_told_nothing)
{
	struct client *gone = client_open();
	uint64_t request;

	ASSERT_NE(NULL, gone);
	ASSERT_STREQ("0", send_text(gone, "g", "x"));
	request = msg_u64(UPCALL(), PGNL_A_REQUEST);
	EXPECT_EQ(1, stat_get(self->eye, PGNL_A_STAT_REQUESTS));
	client_close(gone);
	EXPECT_EQ(1, stat_get(self->eye, PGNL_A_STAT_REQUESTS));
	EXPECT_EQ(1, usage_get(self->eye, PGNL_A_LIMIT_USER_REQUESTS));
	answer_req(self->agent, request);
	EXPECT_EQ(-ENOENT, req_do(self->agent));
	EXPECT_EQ(0, stat_get(self->eye, PGNL_A_STAT_REQUESTS));
	EXPECT_EQ(0, usage_get(self->eye, PGNL_A_LIMIT_USER_REQUESTS));
}

TEST_F(upcall, of_who_goes_a_late_request_ends_too)
{
	struct client *gone = client_open();

	ASSERT_NE(NULL, gone);
	client_close(self->agent);
	self->agent = client_open();
	ASSERT_EQ(0, agent_for(self->agent, PGNL_ACT_SEND, 20));
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_NODE_SET, "there", 1));
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_REMOTE_BEGIN, "there", 1));
	ASSERT_EQ(0, put_far(self->agent, 7, 2));
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_REMOTE_COMMIT, "there", 1));
	ASSERT_STREQ("0", send_text(gone, "g", "x"));
	client_close(gone);
	/* The last one that is late comes after it. */
	ASSERT_STREQ("0", send_text(self->c, "g", "x"));
	EXPECT_EQ(ETIMEDOUT, msg_u32(RESULT(), PGNL_A_ERROR));
	EXPECT_EQ(0, stat_get(self->eye, PGNL_A_STAT_REQUESTS));
}

TEST_F(upcall, limits)
{
	const struct nlmsghdr *msg;
	struct kid kid;
	uint64_t bytes;

	ASSERT_EQ(0, kid_ready(&kid, kid_reads, NULL));
	ASSERT_EQ(1, join(self->c, NULL, "g", kid.pid));
	ASSERT_STREQ("1", send_text(self->c, "g", "x"));
	EXPECT_EQ(1, usage_get(self->eye, PGNL_A_LIMIT_USER_REQUESTS));
	EXPECT_EQ(1, usage_get(self->eye, PGNL_A_LIMIT_NET_REQUESTS));
	bytes = usage_get(self->eye, PGNL_A_LIMIT_USER_REQUEST_BYTES);
	EXPECT_LT(500, bytes);
	EXPECT_GT(8192, bytes);
	for (int i = 0; i < 3; i++) {
		static const uint16_t limit[] = { PGNL_A_LIMIT_USER_REQUESTS,
			PGNL_A_LIMIT_NET_REQUESTS, PGNL_A_LIMIT_USER_REQUEST_BYTES };
		static const char *const text[] = { "limit user-requests is reached",
			"limit net-requests is reached", "limit user-request-bytes is reached" };
		uint64_t old = limit_get(self->eye, limit[i]);

		ASSERT_EQ(0, limit_set(self->eye, limit[i], i == 2 ? bytes : 1));
		send_req(self->c, NULL, "g", "x", 1);
		EXPECT_EQ(-EDQUOT, req_do(self->c));
		EXPECT_STREQ(text[i], self->c->text);
		/* What stays here needs nothing of it. */
		send_req(self->c, NULL, "g", "x", 1);
		put_flag(self->c, PGNL_A_LOCAL_ONLY);
		EXPECT_STREQ("1", sent(self->c));
		ASSERT_EQ(0, limit_set(self->eye, limit[i], old));
	}
	/* Nobody has got what was refused. */
	EXPECT_EQ(4, kid_empties(&kid));
	msg = UPCALL();
	answer_req(self->agent, msg_u64(msg, PGNL_A_REQUEST));
	EXPECT_EQ(0, req_do(self->agent));
	EXPECT_EQ(0, usage_get(self->eye, PGNL_A_LIMIT_USER_REQUEST_BYTES));
	EXPECT_EQ(NULL, told(self->agent, PGNL_CMD_UPCALL, 0));
	kid_kill(&kid);
}

static int kid_answers(struct client *agent, int requests)
{
	const struct nlmsghdr *msg;

	while (requests--) {
		msg = told(agent, PGNL_CMD_UPCALL, WAIT_MS);
		CHECK(msg);
		answer_req(agent, msg_u64(msg, PGNL_A_REQUEST));
		/* The next upcall may come before the ack, which told() passes over. */
		CHECK_EQ(0, req_send(agent));
	}
	return 0;
}

/* It runs before who answers for the agent has come back from the kernel. */
TEST_F(upcall, who_is_told_may_ask_again_at_once)
{
	enum { REQUESTS = 50 };
	pid_t pid;
	int status;

	ASSERT_EQ(0, limit_set(self->eye, PGNL_A_LIMIT_NET_REQUESTS, 1));
	ASSERT_TRUE(use_cpu(0));
	pid = fork();
	if (!pid)
		_exit(kid_answers(self->agent, REQUESTS));
	ASSERT_LT(0, pid);
	ASSERT_TRUE(use_policy(SCHED_FIFO));
	for (int i = 0; i < REQUESTS; i++) {
		ASSERT_STREQ("0", send_text(self->c, "g", "x"));
		EXPECT_EQ(NULL, attr_of(RESULT(), PGNL_A_ERROR));
	}
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* An agent that does not read is asked as long as there is room, and not waited for. */
TEST_F(upcall, a_full_agent_is_busy)
{
	static char data[PGNL_MESSAGE_MAX];
	const struct nlmsghdr *msg;
	int room = 4096, n = 0;

	ASSERT_EQ(0, setsockopt(self->agent->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)));
	do {
		send_req(self->c, NULL, "g", data, 1000);
		/* The result may come before an ack, and would be passed over. */
		self->c->req->nlmsg_flags = NLM_F_REQUEST;
		ASSERT_EQ(0, req_send(self->c));
		ASSERT_EQ(0, req_recv(self->c));
		msg = told(self->c, PGNL_CMD_RESULT, 0);
	} while (!msg && ++n < 100);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(EBUSY, msg_u32(msg, PGNL_A_ERROR));
	EXPECT_STREQ("the agent has too much to do", msg_str(msg, PGNL_A_WORDS));
	EXPECT_EQ(2, msg_u32(msg, PGNL_A_UNREACHABLE));
	EXPECT_EQ(n, stat_get(self->eye, PGNL_A_STAT_REQUESTS));
	/* It hears of all that it was asked, and its own requests have room. */
	for (int i = 0; i < n; i++)
		EXPECT_NE(NULL, told(self->agent, PGNL_CMD_UPCALL, 0));
	EXPECT_EQ(NULL, told(self->agent, PGNL_CMD_UPCALL, 0));
}

/* A requester that does not read loses results, and hears of it. */
TEST_F(upcall, a_full_requester_loses_the_result)
{
	struct client *full = client_open();
	uint64_t request[20];
	int room = 2304;
	char byte;

	ASSERT_NE(NULL, full);
	ASSERT_EQ(0, setsockopt(full->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)));
	for (int i = 0; i < 20; i++) {
		ASSERT_STREQ("0", send_text(full, "g", "x"));
		request[i] = reply_u64(full, PGNL_A_REQUEST);
	}
	for (int i = 0; i < 20; i++) {
		answer_req(self->agent, request[i]);
		EXPECT_EQ(0, req_do(self->agent));
	}
	EXPECT_EQ(-1, recv(full->fd, &byte, 1, MSG_DONTWAIT));
	EXPECT_EQ(ENOBUFS, errno);
	client_close(full);
}

/* --- Signals ------------------------------------------------------------------ */

static int signal_group(struct client *c, uint32_t signal)
{
	req_new(c, PGNL_CMD_GROUP_SIGNAL);
	put_str(c, PGNL_A_GROUP, "g");
	put_u32(c, PGNL_A_SIGNAL, signal);
	return req_do(c);
}

TEST_F(upcall, signals_are_refused_unless_they_are_forwarded)
{
	struct child a;

	ASSERT_EQ(0, child_start(&a));
	ASSERT_EQ(1, join(self->c, NULL, "g", a.pid));
	ASSERT_EQ(0, signal_group(self->c, 0));
	EXPECT_EQ(1, reply_u32(self->c, PGNL_A_REACHED));
	EXPECT_EQ(2, reply_u32(self->c, PGNL_A_REFUSED));
	EXPECT_STREQ("signals are not forwarded to other nodes", reply_str(self->c, PGNL_A_WORDS));
	EXPECT_EQ(NULL, attr_of(self->c->reply, PGNL_A_REQUEST));
	/* It has the agent's socket as well. */
	child_kill(&a);
	client_close(self->agent);
	self->agent = client_open();
	/* Without an agent nobody refuses. */
	ASSERT_EQ(0, signal_group(self->c, 0));
	EXPECT_EQ(0, reply_u32(self->c, PGNL_A_REFUSED));
	EXPECT_EQ(2, reply_u32(self->c, PGNL_A_UNREACHABLE));
}

static int forwards_signals(struct client *agent)
{
	return agent_for(agent, PGNL_ACT_SIGNAL, 0) ? :
	       peer(agent, PGNL_CMD_NODE_SET, "there", 1) ? :
	       peer(agent, PGNL_CMD_REMOTE_BEGIN, "there", 1) ? :
	       put_far(agent, 7, 2) ? : put_far(agent, 8, 1) ? :
	       peer(agent, PGNL_CMD_REMOTE_COMMIT, "there", 1);
}

TEST_F(upcall, signals_go_to_the_agent)
{
	const struct nlmsghdr *msg;

	client_close(self->agent);
	self->agent = client_open();
	ASSERT_EQ(0, forwards_signals(self->agent));
	req_new(self->c, PGNL_CMD_GROUP_SIGNAL);
	put_str(self->c, PGNL_A_GROUP, "g");
	put_u32(self->c, PGNL_A_SIGNAL, 34);
	put_u64(self->c, PGNL_A_VALUE, 42);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(0, reply_u32(self->c, PGNL_A_REFUSED));
	msg = UPCALL();
	EXPECT_EQ(PGNL_ACT_SIGNAL, msg_u32(msg, PGNL_A_ACT));
	EXPECT_EQ(34, msg_u32(msg, PGNL_A_SIGNAL));
	EXPECT_EQ(42, msg_u64(msg, PGNL_A_VALUE));
	EXPECT_EQ(NULL, attr_of(msg, PGNL_A_DATA));
	EXPECT_STREQ("there/1 x2", targets(msg));
	answer_req(self->agent, msg_u64(msg, PGNL_A_REQUEST));
	put_u32(self->agent, PGNL_A_REACHED, 2);
	ASSERT_EQ(0, req_do(self->agent));
	EXPECT_EQ(2, msg_u32(RESULT(), PGNL_A_REACHED));
	/* One of another node is asked for by its id. */
	req_new(self->c, PGNL_CMD_GROUP_SIGNAL);
	put_str(self->c, PGNL_A_GROUP, "g");
	put_u32(self->c, PGNL_A_SIGNAL, 0);
	put_u32(self->c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(0, strncmp("there/1 x1: ", targets(UPCALL()), 12));
	/* Of a node that is not up nobody refuses. */
	ASSERT_EQ(0, suspect(self->agent));
	ASSERT_EQ(0, signal_group(self->c, 0));
	EXPECT_EQ(0, reply_u32(self->c, PGNL_A_REFUSED));
	EXPECT_EQ(2, reply_u32(self->c, PGNL_A_UNREACHABLE));
	EXPECT_STREQ("", reply_str(self->c, PGNL_A_WORDS));
	EXPECT_EQ(NULL, attr_of(self->c->reply, PGNL_A_REQUEST));
}

static void put_origin(struct client *c, uint32_t uid)
{
	struct nlattr *nest = mnl_attr_nest_start(c->req, PGNL_A_SENDER);

	mnl_attr_put_strz(c->req, PGNL_A_SENDER_NODE, "there");
	mnl_attr_put_u32(c->req, PGNL_A_SENDER_UID, uid);
	mnl_attr_nest_end(c->req, nest);
}

static void signal_from_there(struct client *c, uint32_t uid, uint32_t signal)
{
	req_new(c, PGNL_CMD_GROUP_SIGNAL);
	put_str(c, PGNL_A_GROUP, "s");
	put_u32(c, PGNL_A_SIGNAL, signal);
	put_origin(c, uid);
}

static void kid_of_user(int ctl, const void *arg)
{
	const uid_t *uid = arg;

	become(*uid, *uid, NULL, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	kid_waits(ctl, NULL);
}

/* As kill(2) would have it for a process of that uid, and never the agent. */
TEST_F(upcall, others_signal_as_their_uid)
{
	static const uid_t uid = 1234;
	struct kid theirs, roots;

	ASSERT_EQ(0, kid_ready(&theirs, kid_of_user, &uid));
	ASSERT_EQ(0, kid_ready(&roots, kid_waits, NULL));
	ASSERT_EQ(1, join(self->c, NULL, "s", theirs.pid));
	ASSERT_EQ(1, join(self->c, NULL, "s", roots.pid));
	ASSERT_EQ(1, join(self->c, NULL, "s", getpid()));
	for (int sig = 0; sig <= SIGTERM; sig += SIGTERM) {
		signal_from_there(self->agent, 1235, sig);
		ASSERT_EQ(0, req_do(self->agent));
		EXPECT_EQ(0, reply_u32(self->agent, PGNL_A_REACHED));
		EXPECT_EQ(3, reply_u32(self->agent, PGNL_A_REFUSED));
	}
	/* Root of another node, if it is let in, is no more than its uid. */
	signal_from_there(self->agent, 0, 0);
	ASSERT_EQ(0, req_do(self->agent));
	EXPECT_EQ(1, reply_u32(self->agent, PGNL_A_REACHED));
	EXPECT_EQ(2, reply_u32(self->agent, PGNL_A_REFUSED));
	signal_from_there(self->agent, 1234, SIGTERM);
	put_u64(self->agent, PGNL_A_VALUE, 1);
	ASSERT_EQ(0, req_do(self->agent));
	EXPECT_EQ(1, reply_u32(self->agent, PGNL_A_REACHED));
	EXPECT_EQ(2, reply_u32(self->agent, PGNL_A_REFUSED));
	EXPECT_EQ(SIGTERM, WTERMSIG(kid_reap(&theirs)));
	signal_from_there(self->c, 1234, 0);
	EXPECT_EQ(-ENOTCONN, req_do(self->c));
	kid_kill(&roots);
}

/* --- For senders elsewhere ---------------------------------------------------- */

static void from_there(struct client *c, uint32_t uid)
{
	struct nlattr *nest;

	send_req(c, NULL, "g", "x", 1);
	nest = mnl_attr_nest_start(c->req, PGNL_A_SENDER);
	mnl_attr_put_strz(c->req, PGNL_A_SENDER_NODE, "there");
	mnl_attr_put_u32(c->req, PGNL_A_SENDER_UID, uid);
	mnl_attr_put_u32(c->req, PGNL_A_SENDER_PID, 4321);
	mnl_attr_put_u64(c->req, PGNL_A_SENDER_ID, 77);
	mnl_attr_nest_end(c->req, nest);
}

TEST_F(upcall, the_agent_delivers_for_others)
{
	struct letter letter;
	struct kid kid;

	ASSERT_EQ(0, kid_ready(&kid, kid_reads, NULL));
	ASSERT_EQ(1, join(self->c, NULL, "g", kid.pid));
	from_there(self->agent, 1234);
	EXPECT_STREQ("1", sent(self->agent));
	/* It does not go round in circles. */
	EXPECT_EQ(NULL, attr_of(self->agent->reply, PGNL_A_REQUEST));
	EXPECT_EQ(0, reply_u32(self->agent, PGNL_A_UNREACHABLE));
	ASSERT_EQ(1, kid_takes(&kid, &letter));
	EXPECT_STREQ("there", letter.node);
	EXPECT_EQ(1234, letter.uid);
	EXPECT_EQ(4321, letter.pid);
	EXPECT_EQ(77, letter.id);
	from_there(self->c, 1234);
	EXPECT_EQ(-ENOTCONN, req_do(self->c));
	EXPECT_EQ(PGNL_A_SENDER, blamed(self->c));
	from_there(self->agent, -1);
	EXPECT_EQ(-EINVAL, req_do(self->agent));
	/* Neither of the two that it takes is enough. */
	for (int has = 0; has < 3; has++) {
		struct nlattr *nest;

		send_req(self->agent, NULL, "g", "x", 1);
		nest = mnl_attr_nest_start(self->agent->req, PGNL_A_SENDER);
		if (has == 1)
			mnl_attr_put_strz(self->agent->req, PGNL_A_SENDER_NODE, "there");
		if (has == 2)
			mnl_attr_put_u32(self->agent->req, PGNL_A_SENDER_UID, 1234);
		mnl_attr_nest_end(self->agent->req, nest);
		EXPECT_EQ(-EINVAL, req_do(self->agent));
		EXPECT_STREQ("a sender has a node and a uid", self->agent->text);
	}
	kid_kill(&kid);
}

static int set_owner_perm(struct client *c, const char *scope, uint32_t perm)
{
	req_new(c, PGNL_CMD_SCOPE_SET);
	put_str(c, PGNL_A_SCOPE, scope);
	put_u32(c, PGNL_A_OWNER, 1234);
	put_u32(c, PGNL_A_PERM, perm);
	return req_do(c);
}

/* The agent may do anything, who sends from elsewhere only what its uid may. */
TEST_F(upcall, others_have_their_own_rights)
{
	ASSERT_EQ(0, set_owner_perm(self->c, "pg", 0766));
	from_there(self->agent, 1235);
	EXPECT_EQ(-EACCES, req_do(self->agent));
	from_there(self->agent, 0);
	EXPECT_EQ(-EACCES, req_do(self->agent));
	from_there(self->agent, 1234);
	EXPECT_EQ(0, req_do(self->agent));
	EXPECT_STREQ("0", send_text(self->c, "g", "x"));
}

/* --- Joins between nodes --------------------------------------------------------- */

static void join_there(struct client *c, const char *scope, const char *group, uint64_t id)
{
	req_new(c, PGNL_CMD_MEMBER_JOIN);
	put_str(c, PGNL_A_SCOPE, scope);
	put_str(c, PGNL_A_GROUP, group);
	put_str(c, PGNL_A_NODE, "there");
	put_u64(c, PGNL_A_ID, id);
}

static int puts_into_groups(struct client *agent)
{
	return agent_for(agent, PGNL_ACT_JOIN, 0) ? :
	       peer(agent, PGNL_CMD_NODE_SET, "there", 1) ? :
	       peer(agent, PGNL_CMD_REMOTE_BEGIN, "there", 1) ? :
	       peer(agent, PGNL_CMD_REMOTE_COMMIT, "there", 1);
}

TEST_F(upcall, joins_go_to_the_agent)
{
	const struct nlmsghdr *msg;

	join_there(self->c, "pg", "new", 7);
	EXPECT_EQ(-ENOTCONN, req_do(self->c));
	client_close(self->agent);
	self->agent = client_open();
	ASSERT_EQ(0, puts_into_groups(self->agent));
	join_there(self->c, "pg", "new", 7);
	put_u32(self->c, PGNL_A_TIMES, 3);
	ASSERT_EQ(0, req_do(self->c));
	msg = UPCALL();
	EXPECT_EQ(PGNL_ACT_JOIN, msg_u32(msg, PGNL_A_ACT));
	EXPECT_EQ(3, msg_u32(msg, PGNL_A_TIMES));
	EXPECT_STREQ("new", msg_str(msg, PGNL_A_GROUP));
	EXPECT_STREQ("there/1 x1: 7", targets(msg));
	answer_req(self->agent, msg_u64(msg, PGNL_A_REQUEST));
	put_u32(self->agent, PGNL_A_REFUSED, 1);
	ASSERT_EQ(0, req_do(self->agent));
	msg = RESULT();
	EXPECT_EQ(0, msg_u32(msg, PGNL_A_REACHED));
	EXPECT_EQ(1, msg_u32(msg, PGNL_A_REFUSED));
	/* What makes no sense, and what is known here, nobody is asked for. */
	join_there(self->c, "global", "new", 7);
	EXPECT_EQ(-EOPNOTSUPP, req_do(self->c));
	join_there(self->c, "pg2", "none", 7);
	EXPECT_EQ(-ENOENT, req_do(self->c));
	ASSERT_EQ(0, group_new(self->c, "pg2", "made"));
	join_there(self->c, "pg2", "made", 7);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_STREQ("made", msg_str(UPCALL(), PGNL_A_GROUP));
	join_there(self->c, "pg", "new", 7);
	put_u64(self->c, PGNL_A_ID, 8);
	EXPECT_EQ(-EINVAL, req_do(self->c));
	join_there(self->c, "pg", "new", 7);
	put_str(self->c, PGNL_A_GROUP, "more");
	EXPECT_EQ(-EINVAL, req_do(self->c));
	join_there(self->c, "pg", "new", 7);
	put_u32(self->c, PGNL_A_WEIGHT, 2);
	EXPECT_EQ(-EINVAL, req_do(self->c));
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_NODE_DEL, "there", 1));
	join_there(self->c, "pg", "new", 7);
	EXPECT_EQ(-EHOSTUNREACH, req_do(self->c));
	EXPECT_EQ(PGNL_A_NODE, blamed(self->c));
}

/* Whatever the uid may do, and whatever another node asks for. */
TEST_F(upcall, others_have_no_part_in_a_scope_of_this_node)
{
	struct child a;

	ASSERT_EQ(0, child_start(&a));
	ASSERT_EQ(0, scope_new(self->c, "alone", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join(self->c, "alone", "g", a.pid));
	send_req(self->agent, "alone", "g", "x", 1);
	put_origin(self->agent, 0);
	EXPECT_EQ(-EOPNOTSUPP, req_do(self->agent));
	req_new(self->agent, PGNL_CMD_GROUP_SIGNAL);
	put_str(self->agent, PGNL_A_SCOPE, "alone");
	put_str(self->agent, PGNL_A_GROUP, "g");
	put_u32(self->agent, PGNL_A_SIGNAL, SIGKILL);
	put_origin(self->agent, 0);
	EXPECT_EQ(-EOPNOTSUPP, req_do(self->agent));
	EXPECT_EQ(1, leave(self->c, "alone", "g", a.pid));
	child_kill(&a);
}

static void join_from_there(struct client *c, const char *scope, uint64_t id, uint32_t uid)
{
	req_new(c, PGNL_CMD_MEMBER_JOIN);
	put_str(c, PGNL_A_SCOPE, scope);
	put_str(c, PGNL_A_GROUP, "new");
	put_u64(c, PGNL_A_ID, id);
	put_origin(c, uid);
}

/* Who is in a group anyway is known by its id. */
static uint64_t join_id(struct client *c, pid_t pid)
{
	return join(c, NULL, "g", pid) == 1 ? *(const uint64_t *)
	       mnl_attr_get_payload(attr_of(c->reply, PGNL_A_IDS)) : 0;
}

TEST_F(upcall, others_join_as_their_uid)
{
	static const uid_t uid = 1234;
	uint64_t theirs_id, roots_id, own_id;
	struct kid theirs, roots;

	ASSERT_EQ(0, kid_ready(&theirs, kid_of_user, &uid));
	ASSERT_EQ(0, kid_ready(&roots, kid_waits, NULL));
	theirs_id = join_id(self->c, theirs.pid);
	roots_id = join_id(self->c, roots.pid);
	own_id = join_id(self->c, getpid());
	join_from_there(self->agent, "pg", theirs_id, 1235);
	EXPECT_EQ(-EPERM, req_do(self->agent));
	join_from_there(self->agent, "pg", roots_id, 1234);
	EXPECT_EQ(-EPERM, req_do(self->agent));
	join_from_there(self->agent, "pg", own_id, 0);
	EXPECT_EQ(-EPERM, req_do(self->agent));
	EXPECT_STREQ("that is the agent itself", self->agent->text);
	join_from_there(self->agent, "pg", 12345, 1234);
	EXPECT_EQ(-ESRCH, req_do(self->agent));
	join_from_there(self->agent, "global", theirs_id, 1234);
	EXPECT_EQ(-EOPNOTSUPP, req_do(self->agent));
	join_from_there(self->c, "pg", theirs_id, 1234);
	EXPECT_EQ(-ENOTCONN, req_do(self->c));
	join_from_there(self->agent, "pg", theirs_id, 1234);
	put_u32(self->agent, PGNL_A_TIMES, 2);
	ASSERT_EQ(0, req_do(self->agent));
	EXPECT_EQ(3, join(self->c, NULL, "new", theirs.pid));
	ASSERT_EQ(0, set_owner_perm(self->c, "pg", 0755));
	join_from_there(self->agent, "pg", theirs_id, 1235);
	EXPECT_EQ(-EACCES, req_do(self->agent));
	kid_kill(&theirs);
	kid_kill(&roots);
}

/* --- Groups of several nodes ------------------------------------------------------- */

static int put_created(struct client *agent)
{
	return put_row(agent, "pg2", &(struct pgnl_row){ .count = 1 });
}

static int deletes_groups(struct client *agent)
{
	return agent_for(agent, PGNL_ACT_DELETE, 0) ? :
	       peer(agent, PGNL_CMD_NODE_SET, "there", 1) ? :
	       peer(agent, PGNL_CMD_REMOTE_BEGIN, "there", 1) ? :
	       put_created(agent) ? :
	       peer(agent, PGNL_CMD_REMOTE_COMMIT, "there", 1);
}

TEST_F(upcall, a_group_is_deleted_where_it_is)
{
	const struct nlmsghdr *msg;
	uint64_t request;
	struct child a;

	/* This agent asks nobody. */
	ASSERT_EQ(0, put_created(self->agent));
	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	ASSERT_EQ(0, group_del(self->c, "pg2", "g"));
	EXPECT_EQ(0, reply_u64(self->c, PGNL_A_REQUEST));
	EXPECT_EQ(1, reply_u32(self->c, PGNL_A_UNREACHABLE));
	client_close(self->agent);
	self->agent = client_open();
	ASSERT_EQ(0, deletes_groups(self->agent));
	/* What is not here is there; and a node is asked once for all it has. */
	ASSERT_EQ(0, put_row(self->agent, "pg2", &(struct pgnl_row){ .id = 7, .count = 2,
			     .uid = 1, .weight = 1 }));
	ASSERT_EQ(0, child_start(&a));
	ASSERT_EQ(1, join(self->c, "pg2", "g", a.pid));
	ASSERT_EQ(0, group_del(self->c, "pg2", "g"));
	EXPECT_FALSE(reply_flag(self->c, PGNL_A_NO_GROUP));
	EXPECT_EQ(0, reply_u32(self->c, PGNL_A_UNREACHABLE));
	request = reply_u64(self->c, PGNL_A_REQUEST);
	msg = UPCALL();
	EXPECT_EQ(request, msg_u64(msg, PGNL_A_REQUEST));
	EXPECT_EQ(PGNL_ACT_DELETE, msg_u32(msg, PGNL_A_ACT));
	EXPECT_STREQ("pg2", msg_str(msg, PGNL_A_SCOPE));
	EXPECT_STREQ("g", msg_str(msg, PGNL_A_GROUP));
	EXPECT_STREQ("there/1 x1", targets(msg));
	EXPECT_EQ(NULL, attr_of(msg, PGNL_A_DATA));
	EXPECT_EQ(0, leave(self->c, "pg2", "g", a.pid));
	answer_req(self->agent, request);
	put_u32(self->agent, PGNL_A_REFUSED, 1);
	ASSERT_EQ(0, req_do(self->agent));
	msg = RESULT();
	EXPECT_EQ(request, msg_u64(msg, PGNL_A_REQUEST));
	EXPECT_EQ(1, msg_u32(msg, PGNL_A_REFUSED));
	/* With nothing of it here, there is still whom to ask. */
	ASSERT_EQ(0, group_del(self->c, "pg2", "g"));
	EXPECT_TRUE(reply_flag(self->c, PGNL_A_NO_GROUP));
	EXPECT_STREQ("there/1 x1", targets(UPCALL()));
	/* It has the agent's socket, too. */
	child_kill(&a);
	client_close(self->agent);
	self->agent = client_open();
	msg = RESULT();
	EXPECT_EQ(ENOTCONN, msg_u32(msg, PGNL_A_ERROR));
	EXPECT_EQ(1, msg_u32(msg, PGNL_A_UNREACHABLE));
}

/* Of another user, who may not, nobody is asked either. */
static int refused_to_delete(void *arg)
{
	struct client *c = client_open();
	int ret = !c || group_del(c, "pg2", "g") != -EACCES;

	(void)arg;
	client_close(c);
	return ret;
}

TEST_F(upcall, who_may_not_delete_a_group_here_asks_nobody)
{
	client_close(self->agent);
	self->agent = client_open();
	ASSERT_EQ(0, deletes_groups(self->agent));
	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	EXPECT_EQ(0, as_user(1234, 1234, refused_to_delete, NULL));
	EXPECT_EQ(NULL, told(self->agent, PGNL_CMD_UPCALL, 0));
}

static int delete_from_there(struct client *c, const char *scope, const char *group, uint32_t uid)
{
	req_new(c, PGNL_CMD_GROUP_DEL);
	put_str(c, PGNL_A_SCOPE, scope);
	put_str(c, PGNL_A_GROUP, group);
	put_origin(c, uid);
	return req_do(c);
}

/* Of members and groups alike it is told which node it was, and not the agent. */
TEST_F(upcall, others_delete_as_others)
{
	struct ear ear = { .c = client_open() };
	struct child a;

	ASSERT_NE(NULL, ear.c);
	ASSERT_EQ(0, child_start(&a));
	ASSERT_LT(0, subscribe(ear.c, "pg2", NULL));
	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	ASSERT_EQ(1, join(self->c, "pg2", "g", a.pid));
	ASSERT_EQ(0, delete_from_there(self->agent, "pg2", "g", 0));
	EXPECT_STREQ("group-created g by=?\njoined g ?=1\n"
		     "evicted g ?=0 by-node=there\ngroup-deleted g by-node=there\n",
		     heard(&ear, NULL, 0, NULL, 4));
	/* What stays, since it is another node's too. */
	ASSERT_EQ(0, put_created(self->agent));
	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	ASSERT_EQ(1, join(self->c, "pg2", "g", a.pid));
	ASSERT_EQ(0, delete_from_there(self->agent, "pg2", "g", 0));
	EXPECT_STREQ("group-created g\ngroup-created g by=?\njoined g ?=1\n"
		     "evicted g ?=0 by-node=there\ngroup-deleted g by-node=there\n",
		     heard(&ear, NULL, 0, NULL, 5));
	client_close(ear.c);
	child_kill(&a);
}

TEST_F(upcall, others_delete_as_their_uid)
{
	struct child a;

	ASSERT_EQ(0, child_start(&a));
	req_new(self->c, PGNL_CMD_GROUP_NEW);
	put_str(self->c, PGNL_A_SCOPE, "pg2");
	put_str(self->c, PGNL_A_GROUP, "g");
	put_u32(self->c, PGNL_A_OWNER, 1234);
	put_u32(self->c, PGNL_A_PERM, 0777);
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(1, join(self->c, "pg2", "g", a.pid));
	EXPECT_EQ(-EACCES, delete_from_there(self->agent, "pg2", "g", 1235));
	EXPECT_EQ(-ENOTCONN, delete_from_there(self->c, "pg2", "g", 1234));
	EXPECT_EQ(-EOPNOTSUPP, delete_from_there(self->agent, "pg", "g", 1234));
	ASSERT_EQ(0, scope_new(self->c, "alone", PGNL_SCOPE_MODE_PG2));
	EXPECT_EQ(-EOPNOTSUPP, delete_from_there(self->agent, "alone", "g", 0));
	ASSERT_EQ(0, delete_from_there(self->agent, "pg2", "g", 1234));
	EXPECT_FALSE(reply_flag(self->agent, PGNL_A_NO_GROUP));
	EXPECT_EQ(-ENOENT, leave(self->c, "pg2", "g", a.pid));
	ASSERT_EQ(0, delete_from_there(self->agent, "pg2", "g", 1234));
	EXPECT_TRUE(reply_flag(self->agent, PGNL_A_NO_GROUP));
	/* One that nobody has created here is as if who asks had; others are not asked. */
	ASSERT_EQ(0, put_created(self->agent));
	ASSERT_EQ(1, join(self->c, "pg2", "g", a.pid));
	ASSERT_EQ(0, set_owner_perm(self->c, "pg2", 0775));
	EXPECT_EQ(-EACCES, delete_from_there(self->agent, "pg2", "g", 1235));
	ASSERT_EQ(0, set_owner_perm(self->c, "pg2", 0777));
	ASSERT_EQ(0, delete_from_there(self->agent, "pg2", "g", 1235));
	EXPECT_FALSE(reply_flag(self->agent, PGNL_A_NO_GROUP));
	EXPECT_EQ(0, reply_u64(self->agent, PGNL_A_REQUEST));
	EXPECT_EQ(0, leave(self->c, "pg2", "g", a.pid));
	child_kill(&a);
}

TEST_HARNESS_MAIN
