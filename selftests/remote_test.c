// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an agent may not say: malformed rows, nodes that are not there, who is not
 * the agent. Each has its error and its words, and changes nothing.
 */
#include <stdlib.h>

#include "kselftest_harness.h"
#include "agent.h"
#include "common.h"
#include "proc.h"

FIXTURE(remote)
{
	struct client *c;
	struct client *agent;
};

FIXTURE_SETUP(remote)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	self->agent = client_open();
	ASSERT_NE(NULL, self->agent);
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_AGENT_REGISTER, "here", 3));
	ASSERT_EQ(0, peer(self->agent, PGNL_CMD_NODE_SET, "there", 1));
}

FIXTURE_TEARDOWN(remote)
{
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_REMOTES));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_GROUPS));
	EXPECT_STREQ("", verify(self->c));
	client_close(self->agent);
	EXPECT_STREQ("", verify(self->c));
	client_close(self->c);
}

static const struct pgnl_row good = { .id = 7, .pid = 1, .count = 1, .weight = 1 };

#define EXPECT_REFUSED(err, words, call) do { \
	EXPECT_EQ(err, call); \
	EXPECT_STREQ(words, self->agent->text); \
} while (0)

TEST_F(remote, names_and_incarnations)
{
	char name[65];
	struct client *c = self->agent;
	struct nlattr *nest;

	memset(name, 'n', 64);
	name[64] = '\0';
	EXPECT_REFUSED(-EINVAL, "a node is needed", (req_new(c, PGNL_CMD_NODE_SET), req_do(c)));
	EXPECT_REFUSED(-EINVAL, "a node needs a name", peer(c, PGNL_CMD_NODE_SET, NULL, 1));
	EXPECT_REFUSED(-EINVAL, "a node needs a name", peer(c, PGNL_CMD_NODE_SET, "", 1));
	EXPECT_REFUSED(-EINVAL, "an incarnation is needed", peer(c, PGNL_CMD_NODE_SET, "x", 0));
	nest = begin_peer(c, PGNL_CMD_NODE_SET, "x", 0);
	mnl_attr_put_u64(c->req, PGNL_A_NODE_INCARNATION, 0);
	mnl_attr_nest_end(c->req, nest);
	EXPECT_REFUSED(-EINVAL, "an incarnation is not 0", req_do(c));
	nest = begin_peer(c, PGNL_CMD_NODE_SET, NULL, 1);
	mnl_attr_put(c->req, PGNL_A_NODE_NAME, sizeof("a\0b"), "a\0b");
	mnl_attr_nest_end(c->req, nest);
	EXPECT_REFUSED(-EINVAL, "node name has a NUL in it", req_do(c));
	EXPECT_REFUSED(-EINVAL, "that is this node", peer(c, PGNL_CMD_NODE_SET, "here", 1));
	EXPECT_EQ(-EINVAL, peer(c, PGNL_CMD_NODE_SET, name, 1));
	name[63] = '\0';
	EXPECT_EQ(0, peer(c, PGNL_CMD_NODE_SET, name, 1));
	EXPECT_EQ(0, peer(c, PGNL_CMD_NODE_DEL, name, 1));
	EXPECT_REFUSED(-EHOSTUNREACH, "no such node", peer(c, PGNL_CMD_NODE_DEL, name, 1));
	EXPECT_REFUSED(-EHOSTUNREACH, "no such node", peer(c, PGNL_CMD_REMOTE_BEGIN, "x", 1));
	EXPECT_REFUSED(-ESTALE, "another incarnation of the node is here",
		       peer(c, PGNL_CMD_REMOTE_BEGIN, "there", 2));
	EXPECT_REFUSED(-EINVAL, "nothing has been begun",
		       peer(c, PGNL_CMD_REMOTE_COMMIT, "there", 1));
	EXPECT_REFUSED(-EHOSTUNREACH, "no such node", peer(c, PGNL_CMD_NODE_GET, "x", 0));
	EXPECT_EQ(0, peer(c, PGNL_CMD_NODE_GET, "there", 0));
	EXPECT_EQ(0, peer(c, PGNL_CMD_NODE_GET, "here", 0));
}

/* So that nobody is hit who has the name by now. */
TEST_F(remote, evictions_say_which_holder)
{
	struct client *c = self->agent;
	static const uint16_t one[] = { PGNL_A_ID, PGNL_A_FENCE };

	for (int i = 0; i < 2; i++) {
		req_new(c, PGNL_CMD_NAME_EVICT);
		put_str(c, PGNL_A_GROUP, "name");
		put_u64(c, one[i], 1);
		EXPECT_REFUSED(-EINVAL, "an id and a fence are needed", req_do(c));
	}
}

TEST_F(remote, attributes_without_a_meaning)
{
	struct client *c = self->agent;
	struct nlattr *nest;

	nest = begin_peer(c, PGNL_CMD_NODE_SET, "there", 1);
	mnl_attr_put_u32(c->req, PGNL_A_NODE_STATE, PGNL_STATE_STALE);
	mnl_attr_nest_end(c->req, nest);
	EXPECT_REFUSED(-EINVAL, "a node is set up or suspect", req_do(c));
	nest = begin_peer(c, PGNL_CMD_NODE_SET, "there", 1);
	mnl_attr_put_u32(c->req, PGNL_A_NODE_STATE, PGNL_STATE_SUSPECT);
	mnl_attr_put(c->req, PGNL_A_NODE_FRESH, 0, NULL);
	mnl_attr_nest_end(c->req, nest);
	EXPECT_REFUSED(-EINVAL, "only what is up is fresh", req_do(c));
	nest = begin_peer(c, PGNL_CMD_NODE_DEL, "there", 1);
	mnl_attr_put_u64(c->req, PGNL_A_NODE_ROWS, 1);
	mnl_attr_nest_end(c->req, nest);
	EXPECT_REFUSED(-EINVAL, "attribute has no meaning here", req_do(c));
	nest = begin_peer(c, PGNL_CMD_NODE_SET, "there", 1);
	mnl_attr_put_u64(c->req, PGNL_A_NODE_INCARNATION, 2);
	mnl_attr_nest_end(c->req, nest);
	EXPECT_REFUSED(-EINVAL, "attribute is given twice", req_do(c));
	nest = begin_peer(c, PGNL_CMD_AGENT_REGISTER, "here", 1);
	mnl_attr_put_u32(c->req, PGNL_A_NODE_GRACE, 3600001);
	mnl_attr_nest_end(c->req, nest);
	EXPECT_REFUSED(-ERANGE, "a grace of more than an hour", req_do(c));
	EXPECT_REFUSED(-EBUSY, "there is an agent already",
		       peer(c, PGNL_CMD_AGENT_REGISTER, "here", 1));
}

static int put_name(struct client *c, const char *scope, const struct pgnl_row *rows, size_t n,
		    const void *told, size_t size)
{
	struct nlattr *nest;

	begin_put(c, scope);
	nest = mnl_attr_nest_start(c->req, PGNL_A_ENTRY);
	mnl_attr_put_strz(c->req, PGNL_A_ENTRY_GROUP, "g");
	mnl_attr_put(c->req, PGNL_A_ENTRY_ROWS, n * sizeof(*rows), rows);
	mnl_attr_put(c->req, PGNL_A_ENTRY_REGISTRATION, size, told);
	mnl_attr_nest_end(c->req, nest);
	return req_do(c);
}

TEST_F(remote, malformed_registrations)
{
	struct pgnl_registration told = { .fence = 1, .stamp = 2 };
	struct client *c = self->agent;
	struct pgnl_row rows[2] = { good, good };

	EXPECT_REFUSED(-EINVAL, "the scope has no names",
		       put_name(c, NULL, rows, 1, &told, sizeof(told)));
	EXPECT_EQ(PGNL_A_ENTRY, blamed(c));
	EXPECT_REFUSED(-EINVAL, "a registration is of another size",
		       put_name(c, "global", rows, 1, &told, sizeof(told) - 1));
	EXPECT_REFUSED(-EINVAL, "a registration is of one row",
		       put_name(c, "global", rows, 2, &told, sizeof(told)));
	told.resolve = PGNL_RESOLVE_MAX + 1;
	EXPECT_REFUSED(-EINVAL, "no registration",
		       put_name(c, "global", rows, 1, &told, sizeof(told)));
	told.resolve = 0;
	told.stamp = 0;
	EXPECT_REFUSED(-EINVAL, "no registration",
		       put_name(c, "global", rows, 1, &told, sizeof(told)));
	told.stamp = 1;
	rows[0].count = 2;
	EXPECT_REFUSED(-EINVAL, "a name is registered, once",
		       put_name(c, "global", rows, 1, &told, sizeof(told)));
	rows[0].count = 1;
	EXPECT_EQ(0, put_name(c, "global", rows, 1, &told, sizeof(told)));
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_REMOTES));
	EXPECT_STREQ("", verify(self->c));
	/* Out it goes without. */
	rows[0].count = 0;
	EXPECT_EQ(0, put_row(c, "global", rows));
}

TEST_F(remote, malformed_rows)
{
	struct client *c = self->agent;
	struct pgnl_row row;

	row = good;
	row.weight = 0;
	EXPECT_REFUSED(-EINVAL, "a weight is 1 to 1000", put_row(c, NULL, &row));
	EXPECT_EQ(PGNL_A_ENTRY, blamed(c));
	row.weight = 1001;
	EXPECT_REFUSED(-EINVAL, "a weight is 1 to 1000", put_row(c, NULL, &row));
	row = good;
	row.state = PGNL_STATE_SUSPECT;
	EXPECT_REFUSED(-EINVAL, "state and padding of a row are 0", put_row(c, NULL, &row));
	row = good;
	row.pad = 1;
	EXPECT_REFUSED(-EINVAL, "state and padding of a row are 0", put_row(c, NULL, &row));
	row = good;
	row.id = 0;
	EXPECT_REFUSED(-EINVAL, "groups of the scope are not created", put_row(c, NULL, &row));
	row.count = 2;
	EXPECT_REFUSED(-EINVAL, "a group is created once", put_row(c, "pg2", &row));
	EXPECT_REFUSED(-EINVAL, "a name is registered, once", put_row(c, "global", &good));
	EXPECT_EQ(-ENOENT, put_row(c, "nosuch", &good));

	begin_put(c, NULL);
	put_entry(c, NULL, &good, 1, 0);
	EXPECT_REFUSED(-EINVAL, "a group is needed", req_do(c));
	begin_put(c, NULL);
	put_entry(c, "", &good, 1, 0);
	EXPECT_EQ(-EINVAL, req_do(c));
	begin_put(c, NULL);
	put_entry(c, "g", NULL, 0, 0);
	EXPECT_REFUSED(-EINVAL, "an entry has whole rows", req_do(c));
	begin_put(c, NULL);
	put_entry(c, "g", &good, 0, 0);
	EXPECT_REFUSED(-EINVAL, "an entry has whole rows", req_do(c));
	begin_put(c, NULL);
	put_entry(c, "g", &good, 1, PGNL_REASON_SCOPE_DELETED);
	EXPECT_REFUSED(-EINVAL, "no reason to leave", req_do(c));
	/* The last one of several is wrong: none is put. */
	row = good;
	row.weight = 0;
	begin_put(c, NULL);
	put_entry(c, "g", &good, 1, 0);
	put_entry(c, "g", &row, 1, 0);
	EXPECT_REFUSED(-EINVAL, "a weight is 1 to 1000", req_do(c));
	EXPECT_EQ(1, blamed_index(c));
	/* Nothing at all is nothing wrong. */
	begin_put(c, NULL);
	EXPECT_EQ(0, req_do(c));
}

TEST_F(remote, half_a_row)
{
	struct client *c = self->agent;
	struct nlattr *nest;

	begin_put(c, NULL);
	nest = mnl_attr_nest_start(c->req, PGNL_A_ENTRY);
	mnl_attr_put_strz(c->req, PGNL_A_ENTRY_GROUP, "g");
	mnl_attr_put(c->req, PGNL_A_ENTRY_ROWS, sizeof(good) - 4, &good);
	mnl_attr_nest_end(c->req, nest);
	EXPECT_REFUSED(-EINVAL, "an entry has whole rows", req_do(c));
}

TEST_F(remote, metadata)
{
	struct pgnl_row two[2] = { good, good };
	struct client *c = self->agent;
	char meta[257] = "";
	struct nlattr *nest;

	begin_put(c, NULL);
	nest = mnl_attr_nest_start(c->req, PGNL_A_ENTRY);
	mnl_attr_put_strz(c->req, PGNL_A_ENTRY_GROUP, "g");
	mnl_attr_put(c->req, PGNL_A_ENTRY_ROWS, sizeof(two), two);
	mnl_attr_put(c->req, PGNL_A_ENTRY_META, 1, meta);
	mnl_attr_nest_end(c->req, nest);
	EXPECT_REFUSED(-EINVAL, "metadata is of one row", req_do(c));
	begin_put(c, NULL);
	nest = mnl_attr_nest_start(c->req, PGNL_A_ENTRY);
	mnl_attr_put_strz(c->req, PGNL_A_ENTRY_GROUP, "g");
	mnl_attr_put(c->req, PGNL_A_ENTRY_ROWS, sizeof(good), &good);
	mnl_attr_put(c->req, PGNL_A_ENTRY_META, sizeof(meta), meta);
	mnl_attr_nest_end(c->req, nest);
	EXPECT_REFUSED(-EINVAL, "metadata has more than 256 bytes", req_do(c));
}

TEST_F(remote, as_many_rows_as_there_may_be)
{
	struct pgnl_row *rows = calloc(PGNL_ROWS_MAX + 1, sizeof(*rows));
	struct client *c = self->agent;
	size_t half = PGNL_ROWS_MAX / 2;

	ASSERT_NE(NULL, rows);
	for (size_t i = 0; i <= PGNL_ROWS_MAX; i++) {
		rows[i] = good;
		rows[i].id = i + 1;
	}
	begin_put(c, NULL);
	put_entry(c, "g", rows, half, 0);
	put_entry(c, "g", rows + half, half + 1, 0);
	EXPECT_REFUSED(-E2BIG, "more than 4096 rows", req_do(c));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_REMOTES));
	begin_put(c, NULL);
	put_entry(c, "g", rows, half, 0);
	put_entry(c, "g", rows + half, half, 0);
	EXPECT_EQ(0, req_do(c));
	EXPECT_EQ(PGNL_ROWS_MAX, stat_get(self->c, PGNL_A_STAT_REMOTES));
	EXPECT_STREQ("", verify(self->c));
	EXPECT_EQ(0, peer(c, PGNL_CMD_NODE_DEL, "there", 1));
	free(rows);
}

/* Rows are put in order, so the last one of an id counts. */
TEST_F(remote, ids_twice)
{
	struct pgnl_row rows[3] = { good, good, good };
	struct client *c = self->agent;

	rows[1].count = 3;
	begin_put(c, NULL);
	put_entry(c, "g", rows, 2, 0);
	EXPECT_EQ(0, req_do(c));
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_REMOTES));
	rows[2].count = 0;
	begin_put(c, NULL);
	put_entry(c, "g", rows, 3, 0);
	EXPECT_EQ(0, req_do(c));
}

static int try_all(struct client *c)
{
	static const uint8_t cmds[] = { PGNL_CMD_NODE_SET, PGNL_CMD_NODE_DEL, PGNL_CMD_REMOTE_BEGIN,
		PGNL_CMD_REMOTE_COMMIT, PGNL_CMD_REMOTE_PUT };

	for (size_t i = 0; i < sizeof(cmds); i++) {
		CHECK_EQ(-ENOTCONN, peer(c, cmds[i], "there", 1));
		CHECK(!strcmp(c->text, "this socket is not the agent's"));
	}
	return 0;
}

static int as_stranger(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	CHECK_EQ(-EPERM, peer(c, PGNL_CMD_AGENT_REGISTER, "me", 1));
	CHECK_EQ(0, try_all(c));
	client_close(c);
	return 0;
}

/* A socket with the agent's role is of no use to others who have it, too. */
static int over_its_socket(void *arg)
{
	return peer(arg, PGNL_CMD_NODE_DEL, "there", 1) == -ENOTCONN ? 0 : 1;
}

TEST_F(remote, strangers)
{
	EXPECT_EQ(0, as_user(1000, 1000, as_stranger, NULL));
	EXPECT_EQ(0, try_all(self->c));
	/* It still holds the role, whoever asks over its socket with its leave. */
	EXPECT_EQ(1, in_child(over_its_socket, self->agent));
	EXPECT_REFUSED(-EHOSTUNREACH, "no such node",
		       peer(self->agent, PGNL_CMD_NODE_DEL, "there", 1));
}

static int in_own_userns(void *arg)
{
	struct client *c;

	(void)arg;
	new_ns(CLONE_NEWUSER);
	/* Root there, and nobody over this network namespace. */
	c = client_open();
	CHECK(c);
	CHECK_EQ(-EPERM, peer(c, PGNL_CMD_AGENT_REGISTER, "me", 1));
	client_close(c);
	new_ns(CLONE_NEWNET);
	c = client_open();
	CHECK(c);
	CHECK_EQ(0, peer(c, PGNL_CMD_AGENT_REGISTER, "me", 1));
	CHECK_EQ(0, peer(c, PGNL_CMD_NODE_SET, "there", 1));
	CHECK_EQ(0, put_row(c, NULL, &good));
	client_close(c);
	return 0;
}

TEST_F(remote, foreign_namespaces)
{
	EXPECT_EQ(0, in_child(in_own_userns, NULL));
}

/* Members of other nodes are nobody's to act on here, but by way of the agent. */
TEST_F(remote, clients_can_not_take_them_out)
{
	struct client *c = self->c;
	struct pgnl_row row = good;
	struct members list = {};

	ASSERT_EQ(0, put_row(self->agent, NULL, &good));
	EXPECT_EQ(-EREMOTE, leave_id(c, NULL, "g", good.id));
	EXPECT_STREQ("a member of another node", c->text);
	EXPECT_EQ(PGNL_A_ID, blamed(c));
	EXPECT_EQ(0, leave_id(c, NULL, "g", 99));
	member_req(c, PGNL_CMD_GROUP_SIGNAL, NULL, "g");
	put_u32(c, PGNL_A_SIGNAL, 0);
	put_u64(c, PGNL_A_ID, good.id);
	ASSERT_EQ(0, req_do(c));
	EXPECT_EQ(1, reply_u32(c, PGNL_A_REFUSED));
	put_flag(c, PGNL_A_LOCAL_ONLY);
	EXPECT_EQ(-EREMOTE, req_do(c));
	ASSERT_EQ(0, members(c, NULL, "g", &list));
	EXPECT_EQ(1, list.n);
	members_free(&list);
	row.count = 0;
	ASSERT_EQ(0, put_row(self->agent, NULL, &row));
}

TEST_HARNESS_MAIN
