// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every operation validates strictly: a malformed request is refused with a
 * text, with the attribute to blame, and changes nothing.
 *
 * A malformed attribute is EINVAL, or ERANGE where netlink's own checks say
 * so: a value or a length out of its range.
 */
#include "kselftest_harness.h"
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common.h"

/* What the fixture sets up: scope "added", group "made" in pg2, and the test
 * process as a member of "g" in pg.
 */
static void info_get(struct client *c)
{
	req_new(c, PGNL_CMD_INFO_GET);
}

static void new_scope(struct client *c)
{
	req_new(c, PGNL_CMD_SCOPE_NEW);
	put_str(c, PGNL_A_SCOPE, "another");
}

static void set_scope(struct client *c)
{
	req_new(c, PGNL_CMD_SCOPE_SET);
	put_str(c, PGNL_A_SCOPE, "added");
	put_u32(c, PGNL_A_PERM, 0700);
}

static void get_scope(struct client *c)
{
	req_new(c, PGNL_CMD_SCOPE_GET);
}

static void new_group(struct client *c)
{
	member_req(c, PGNL_CMD_GROUP_NEW, "pg2", "new");
}

static void get_group(struct client *c)
{
	member_req(c, PGNL_CMD_GROUP_GET, NULL, "g");
}

static void dump_groups(struct client *c)
{
	member_req(c, PGNL_CMD_GROUP_GET, NULL, NULL);
}

static void join_group(struct client *c)
{
	member_req(c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	put_flag(c, PGNL_A_SELF);
}

static void leave_group(struct client *c)
{
	member_req(c, PGNL_CMD_MEMBER_LEAVE, NULL, "g");
	put_flag(c, PGNL_A_SELF);
}

static void get_members(struct client *c)
{
	member_req(c, PGNL_CMD_MEMBER_GET, NULL, "g");
}

static void pick_member(struct client *c)
{
	member_req(c, PGNL_CMD_MEMBER_PICK, NULL, "g");
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
}

static void signal_group(struct client *c)
{
	member_req(c, PGNL_CMD_GROUP_SIGNAL, NULL, "g");
	put_u32(c, PGNL_A_SIGNAL, 0);
}

static void send_group(struct client *c)
{
	member_req(c, PGNL_CMD_GROUP_SEND, NULL, "g");
	put_bin(c, PGNL_A_DATA, "x", 1);
}

static void open_inbox(struct client *c)
{
	req_new(c, PGNL_CMD_INBOX_OPEN);
	put_str(c, PGNL_A_SCOPE, "global");
}

static void get_process(struct client *c)
{
	req_new(c, PGNL_CMD_PROCESS_GET);
	put_flag(c, PGNL_A_SELF);
}

static void get_limits(struct client *c)
{
	req_new(c, PGNL_CMD_LIMIT_GET);
}

static void set_limits(struct client *c)
{
	struct nlattr *nest;

	req_new(c, PGNL_CMD_LIMIT_SET);
	nest = mnl_attr_nest_start(c->req, PGNL_A_LIMITS);
	put_u64(c, PGNL_A_LIMIT_NET_SCOPES, 99);
	mnl_attr_nest_end(c->req, nest);
}

static void get_stats(struct client *c)
{
	req_new(c, PGNL_CMD_STATS_GET);
}

static void run_verifier(struct client *c)
{
	req_new(c, PGNL_CMD_VERIFY);
}

static void subscribe(struct client *c)
{
	member_req(c, PGNL_CMD_EVENT_SUBSCRIBE, NULL, "g");
}

/* The number of a subscription that the client makes first. */
static uint32_t subscribed(struct client *c)
{
	subscribe(c);
	return req_do(c) ? 0 : reply_u32(c, PGNL_A_SUBSCRIPTION);
}

static void go_on(struct client *c)
{
	uint32_t sub = subscribed(c);

	req_new(c, PGNL_CMD_EVENT_REPLAY);
	put_u32(c, PGNL_A_SUBSCRIPTION, sub);
}

static void unsubscribe(struct client *c)
{
	uint32_t sub = subscribed(c);

	req_new(c, PGNL_CMD_EVENT_UNSUBSCRIBE);
	put_u32(c, PGNL_A_SUBSCRIPTION, sub);
}

static void del_group(struct client *c)
{
	member_req(c, PGNL_CMD_GROUP_DEL, "pg2", "made");
}

static void del_scope(struct client *c)
{
	req_new(c, PGNL_CMD_SCOPE_DEL);
	put_str(c, PGNL_A_SCOPE, "added");
}

/* Each request is good as it is; attrs are those its policy knows. */
static const struct request {
	const char *name;
	void (*build)(struct client *c);
	bool dump;
	uint16_t attrs[16];
} requests[] = {
	{ .name = "info-get", .build = info_get },
	{ .name = "scope-new", .build = new_scope,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_MODE, PGNL_A_FLAGS, PGNL_A_OWNER,
			   PGNL_A_OWNER_GID, PGNL_A_PERM } },
	{ .name = "scope-set", .build = set_scope,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_OWNER, PGNL_A_OWNER_GID, PGNL_A_PERM } },
	{ .name = "scope-get", .build = get_scope,
	  .attrs = { PGNL_A_SCOPE } },
	{ .name = "scope-get dump", .build = get_scope, .dump = true,
	  .attrs = { PGNL_A_SCOPE } },
	{ .name = "group-new", .build = new_group,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_GROUP, PGNL_A_OWNER, PGNL_A_OWNER_GID,
			   PGNL_A_PERM } },
	{ .name = "group-get", .build = get_group,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_GROUP, PGNL_A_LOCAL_ONLY } },
	{ .name = "group-get dump", .build = dump_groups, .dump = true,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_LOCAL_ONLY } },
	{ .name = "member-join", .build = join_group,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_GROUP, PGNL_A_PID, PGNL_A_PIDS, PGNL_A_SELF, PGNL_A_ID,
			   PGNL_A_NODE, PGNL_A_TIMES, PGNL_A_WEIGHT, PGNL_A_META,
			   PGNL_A_REQUIRED_GROUP } },
	{ .name = "member-get", .build = get_members,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_GROUP, PGNL_A_LOCAL_ONLY } },
	{ .name = "member-get dump", .build = get_members, .dump = true,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_GROUP, PGNL_A_LOCAL_ONLY } },
	{ .name = "member-pick", .build = pick_member,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_GROUP, PGNL_A_POLICY, PGNL_A_KEY, PGNL_A_UID,
			   PGNL_A_LOCAL_ONLY } },
	{ .name = "group-signal", .build = signal_group,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_GROUP, PGNL_A_ID, PGNL_A_LOCAL_ONLY, PGNL_A_POLICY,
			   PGNL_A_KEY, PGNL_A_UID, PGNL_A_SIGNAL, PGNL_A_VALUE, PGNL_A_OTHERS } },
	{ .name = "group-send", .build = send_group,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_GROUP, PGNL_A_ID, PGNL_A_LOCAL_ONLY, PGNL_A_POLICY,
			   PGNL_A_KEY, PGNL_A_UID, PGNL_A_OTHERS, PGNL_A_DATA } },
	{ .name = "process-get", .build = get_process,
	  .attrs = { PGNL_A_PID, PGNL_A_SELF, PGNL_A_ID } },
	{ .name = "process-get dump", .build = get_process, .dump = true,
	  .attrs = { PGNL_A_PID, PGNL_A_SELF, PGNL_A_ID } },
	{ .name = "limit-get", .build = get_limits },
	{ .name = "limit-set", .build = set_limits,
	  .attrs = { PGNL_A_LIMITS } },
	{ .name = "stats-get", .build = get_stats },
	{ .name = "verify", .build = run_verifier },
	{ .name = "member-leave", .build = leave_group,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_GROUP, PGNL_A_PID, PGNL_A_PIDS, PGNL_A_SELF, PGNL_A_ID,
			   PGNL_A_TIMES, PGNL_A_ALL } },
	{ .name = "event-subscribe", .build = subscribe,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_GROUP } },
	{ .name = "event-replay", .build = go_on,
	  .attrs = { PGNL_A_SUBSCRIPTION, PGNL_A_SEQ } },
	{ .name = "event-unsubscribe", .build = unsubscribe,
	  .attrs = { PGNL_A_SUBSCRIPTION } },
	{ .name = "group-del", .build = del_group,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_GROUP } },
	{ .name = "scope-del", .build = del_scope,
	  .attrs = { PGNL_A_SCOPE } },
	{ .name = "inbox-open", .build = open_inbox,
	  .attrs = { PGNL_A_SCOPE, PGNL_A_UID } },
};

#define for_each_request(r) \
	for (const struct request *r = requests; r < requests + ARRAY_SIZE(requests); r++)
#define for_each_attr(r, a) \
	for (const uint16_t *a = (r)->attrs; *a; a++)

static bool is_list(const struct request *r, uint16_t type)
{
	bool rows = r->build == join_group || r->build == leave_group;

	if (r->build == signal_group || r->build == send_group)
		return type == PGNL_A_ID;
	return rows && (type == PGNL_A_GROUP || type == PGNL_A_PID || type == PGNL_A_ID);
}

enum kind { STRING, NUMBER32, NUMBER64, FLAG, BINARY, ARRAY32, NEST };

static enum kind kind_of(uint16_t type)
{
	switch (type) {
	case PGNL_A_SCOPE:
	case PGNL_A_GROUP:
	case PGNL_A_NODE:
		return STRING;
	case PGNL_A_ID:
	case PGNL_A_VALUE:
	case PGNL_A_SEQ:
		return NUMBER64;
	case PGNL_A_SELF:
	case PGNL_A_REQUIRED_GROUP:
	case PGNL_A_ALL:
	case PGNL_A_LOCAL_ONLY:
	case PGNL_A_OTHERS:
		return FLAG;
	case PGNL_A_META:
	case PGNL_A_KEY:
	case PGNL_A_DATA:
		return BINARY;
	case PGNL_A_PIDS:
		return ARRAY32;
	case PGNL_A_LIMITS:
		return NEST;
	default:
		return NUMBER32;
	}
}

struct lines {
	char **at;
	size_t n;
};

__attribute__((format(printf, 2, 3)))
static void add_line(struct lines *lines, const char *format, ...)
{
	va_list args;

	lines->at = realloc(lines->at, (lines->n + 1) * sizeof(*lines->at));
	va_start(args, format);
	if (vasprintf(&lines->at[lines->n++], format, args) < 0)
		abort();
	va_end(args);
}

static int line_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines, sorted and joined; frees them. */
static char *join_lines(struct lines *lines)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	qsort(lines->at, lines->n, sizeof(*lines->at), line_order);
	for (size_t i = 0; i < lines->n; i++) {
		fprintf(out, "%s\n", lines->at[i]);
		free(lines->at[i]);
	}
	free(lines->at);
	fclose(out);
	return text;
}

static void add_scope(struct lines *lines, struct client *c, const char *scope)
{
	struct members m = {};
	struct groups g = {};

	groups(c, scope, false, &g);
	for (size_t i = 0; i < g.n; i++)
		add_line(lines, "%s/%s %llu %u:%u %o", scope, g.at[i].name,
			 (long long)g.at[i].local, g.at[i].owner, g.at[i].gid, g.at[i].perm);
	members_dump(c, scope, NULL, &m);
	for (size_t i = 0; i < m.n; i++)
		add_line(lines, "%s/%s pid %u id %llu count %u weight %u meta %.*s", scope,
			 m.at[i].group, m.at[i].row.pid, (long long)m.at[i].row.id,
			 m.at[i].row.count, m.at[i].row.weight, (int)m.at[i].meta_len,
			 (const char *)m.at[i].meta ? : "");
	members_free(&m);
	groups_free(&g);
}

/* Everything that can be read, as sorted lines of text. */
static char *snapshot(struct client *c)
{
	struct lines lines = {};
	struct scopes s = {};

	scopes(c, &s);
	for (size_t i = 0; i < s.n; i++)
		add_line(&lines, "%s mode %u flags %u %u:%u %o %llu %llu", s.at[i].name,
			 s.at[i].mode, s.at[i].flags, s.at[i].owner, s.at[i].gid, s.at[i].perm,
			 (long long)s.at[i].groups, (long long)s.at[i].members);
	scopes_free(&s);
	add_scope(&lines, c, "pg");
	add_scope(&lines, c, "pg2");
	add_scope(&lines, c, "global");
	add_scope(&lines, c, "added");
	for_each_limit(limit)
		add_line(&lines, "limit %d %llu", limit, (long long)limit_get(c, limit));
	return join_lines(&lines);
}

FIXTURE(policy)
{
	struct client *c;
	char *before;
};

FIXTURE_SETUP(policy)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	ASSERT_EQ(0, scope_new(self->c, "added", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, group_new(self->c, "pg2", "made"));
	member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	put_flag(self->c, PGNL_A_SELF);
	put_bin(self->c, PGNL_A_META, "m", 1);
	ASSERT_EQ(0, req_do(self->c));
	self->before = snapshot(self->c);
	ASSERT_NE(NULL, strstr(self->before, "pg/g"));
	ASSERT_NE(NULL, strstr(self->before, "pg2/made"));
	ASSERT_NE(NULL, strstr(self->before, "added"));
}

FIXTURE_TEARDOWN(policy)
{
	char *after = snapshot(self->c);

	EXPECT_STREQ(self->before, after);
	EXPECT_STREQ("", verify(self->c));
	free(after);
	free(self->before);
	client_close(self->c);
}

static int ask(struct client *c, const struct request *r)
{
	return r->dump ? req_dump(c) : req_do(c);
}

static bool malformed(int err)
{
	return err == -EINVAL || err == -ERANGE;
}

/* Whom a refusal blames; req_dump() alone sets the flag for a dump. */
static int whom(const struct client *c, int wanted)
{
	if ((c->req->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		return blamed_by_dump(c, wanted);
	return blamed(c);
}

/* Refused, with a text; and blaming the given attribute, unless it is 0. The
 * rest is a printf format that says what was asked.
 */
#define EXPECT_REFUSED(c, err, type, ...) do { \
	char what_[128]; \
	int err_ = (err); \
	snprintf(what_, sizeof(what_), __VA_ARGS__); \
	EXPECT_TRUE(malformed(err_)) \
		TH_LOG("%s: returned %d", what_, err_); \
	EXPECT_STRNE("", (c)->text) \
		TH_LOG("%s: no text", what_); \
	if (type) \
		EXPECT_EQ(type, whom(c, type)) \
			TH_LOG("%s: text \"%s\"", what_, (c)->text); \
} while (0)

/* The rest of this file proves little when these are refused anyway. */
TEST(each_request_is_good_before_it_is_spoilt)
{
	struct client *c;

	OPEN_OR_SKIP(c, client_in_new_netns());
	ASSERT_EQ(0, scope_new(c, "added", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, group_new(c, "pg2", "made"));
	ASSERT_EQ(1, join(c, NULL, "g", 0));
	for_each_request(r) {
		r->build(c);
		EXPECT_EQ(0, ask(c, r))
			TH_LOG("%s: %s", r->name, c->text);
	}
	EXPECT_STREQ("", verify(c));
	client_close(c);
}

TEST_F(policy, unknown_attributes_are_refused)
{
	static const uint16_t unknown[] = { PGNL_A_MAX + 1, 1000, 0x3fff };

	for_each_request(r) {
		for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
			r->build(self->c);
			put_u32(self->c, unknown[i], 1);
			EXPECT_REFUSED(self->c, ask(self->c, r), unknown[i], "%s", r->name);
		}
	}
}

TEST_F(policy, attribute_type_zero_is_refused)
{
	for_each_request(r) {
		r->build(self->c);
		put_u32(self->c, 0, 1);
		EXPECT_REFUSED(self->c, ask(self->c, r), 0, "%s", r->name);
	}
}

TEST_F(policy, attributes_of_other_operations_are_refused)
{
	for_each_request(r) {
		for (uint16_t type = 1; type <= PGNL_A_MAX; type++) {
			bool known = r->build == dump_groups && type == PGNL_A_GROUP;

			for_each_attr(r, a)
				known |= *a == type;
			if (known)
				continue;
			r->build(self->c);
			put_u32(self->c, type, 1);
			EXPECT_REFUSED(self->c, ask(self->c, r), type, "%s", r->name);
		}
	}
}

TEST_F(policy, wrong_sizes_are_refused)
{
	static const char zeros[512];
	/* What is short, long or empty for each kind. */
	static const int sizes[][6] = {
		[STRING] = { 0, 300, -1 },
		[NUMBER32] = { 0, 1, 3, 5, 8, -1 },
		[NUMBER64] = { 0, 4, 7, 9, 16, -1 },
		[FLAG] = { 1, 4, -1 },
		[BINARY] = { 257, 512, -1 },
		[ARRAY32] = { 0, 1, 6, 511, -1 },
		[NEST] = { 1, 3, -1 },
	};
	char full[300];

	memset(full, 'x', sizeof(full));
	for_each_request(r) {
		for_each_attr(r, a) {
			const char *value = kind_of(*a) == STRING ? full : zeros;

			for (const int *size = sizes[kind_of(*a)]; *size >= 0; size++) {
				r->build(self->c);
				put_bin(self->c, *a, value, *size);
				EXPECT_REFUSED(self->c, ask(self->c, r), *a,
					       "%s, attribute %d of %d bytes", r->name, *a, *size);
			}
		}
	}
}

TEST_F(policy, scope_names_without_nul_are_refused)
{
	for_each_request(r) {
		for_each_attr(r, a) {
			if (*a != PGNL_A_SCOPE)
				continue;
			r->build(self->c);
			put_bin(self->c, *a, "pg", 2);
			EXPECT_REFUSED(self->c, ask(self->c, r), PGNL_A_SCOPE, "%s", r->name);
		}
	}
}

TEST_F(policy, a_nested_bit_on_a_flat_attribute_is_refused)
{
	for_each_request(r) {
		for_each_attr(r, a) {
			if (kind_of(*a) == NEST)
				continue;
			r->build(self->c);
			put_u32(self->c, *a | NLA_F_NESTED, 1);
			EXPECT_REFUSED(self->c, ask(self->c, r), *a, "%s", r->name);
		}
	}
}

TEST_F(policy, attributes_given_twice_are_refused_unless_they_are_lists)
{
	static const char one[8] = { 1 };

	for_each_request(r) {
		for_each_attr(r, a) {
			static const int size[] = { [STRING] = 2, [NUMBER32] = 4,
				[NUMBER64] = 8, [FLAG] = 0, [BINARY] = 1,
				[ARRAY32] = 4, [NEST] = 0 };

			if (is_list(r, *a))
				continue;
			r->build(self->c);
			for (int i = 0; i < 2; i++)
				put_bin(self->c, kind_of(*a) == NEST ? *a | NLA_F_NESTED : *a,
					kind_of(*a) == STRING ? "g" : one, size[kind_of(*a)]);
			EXPECT_REFUSED(self->c, ask(self->c, r), *a, "%s, attribute %d",
				       r->name, *a);
		}
	}
}

TEST_F(policy, limits_given_twice_or_unknown_are_refused)
{
	struct client *c = self->c;
	struct nlattr *nest;

	for (int type = 0; type <= PGNL_A_LIMIT_MAX + 1; type++) {
		bool known = type >= PGNL_A_LIMIT_USER_GROUPS && type <= PGNL_A_LIMIT_MAX &&
			     type != PGNL_A_LIMIT_PAD;

		req_new(c, PGNL_CMD_LIMIT_SET);
		nest = mnl_attr_nest_start(c->req, PGNL_A_LIMITS);
		put_u64(c, type, 1000000);
		if (known)
			put_u64(c, type, 1000001);
		mnl_attr_nest_end(c->req, nest);
		EXPECT_REFUSED(c, req_do(c), 0, "limit-set");
	}
	req_new(c, PGNL_CMD_LIMIT_SET);
	nest = mnl_attr_nest_start(c->req, PGNL_A_LIMITS);
	put_u32(c, PGNL_A_LIMIT_NET_SCOPES, 10);
	mnl_attr_nest_end(c->req, nest);
	EXPECT_REFUSED(c, req_do(c), 0, "limit-set with 4 bytes");
	req_new(c, PGNL_CMD_LIMIT_SET);
	put_bin(c, PGNL_A_LIMITS, NULL, 0);
	EXPECT_REFUSED(c, req_do(c), PGNL_A_LIMITS, "limit-set without nested bit");
}

TEST_F(policy, trailing_bytes_are_refused)
{
	for_each_request(r) {
		for (int extra = 1; extra <= 3; extra++) {
			r->build(self->c);
			mnl_nlmsg_put_extra_header(self->c->req, 4);
			self->c->req->nlmsg_len -= 4 - extra;
			EXPECT_REFUSED(self->c, ask(self->c, r), 0, "%s", r->name);
		}
	}
}

TEST_F(policy, an_attribute_that_ends_past_the_message_is_refused)
{
	for_each_request(r) {
		struct nlattr *attr;

		r->build(self->c);
		attr = mnl_nlmsg_get_payload_tail(self->c->req);
		put_u32(self->c, PGNL_A_SCOPE, 0);
		attr->nla_len = 100;
		EXPECT_REFUSED(self->c, ask(self->c, r), 0, "%s", r->name);
	}
}

TEST_F(policy, the_reserved_word_of_the_header_must_be_zero)
{
	for_each_request(r) {
		struct genlmsghdr *genl;

		r->build(self->c);
		genl = mnl_nlmsg_get_payload(self->c->req);
		genl->reserved = 1;
		EXPECT_REFUSED(self->c, ask(self->c, r), 0, "%s", r->name);
	}
}

TEST_F(policy, message_flags_other_than_request_ack_and_echo_are_refused)
{
	for_each_request(r) {
		if (r->dump)
			continue;
		for (int bit = 0; bit < 16; bit++) {
			if ((1 << bit) & (NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO))
				continue;
			r->build(self->c);
			self->c->req->nlmsg_flags |= 1 << bit;
			EXPECT_REFUSED(self->c, req_do(self->c), 0, "%s, flag 0x%x",
				       r->name, 1 << bit);
		}
	}
}

TEST_F(policy, a_dump_of_an_operation_without_one_is_not_supported)
{
	for_each_request(r) {
		if (r->build == get_scope || r->build == get_group || r->build == dump_groups ||
		    r->build == get_members || r->build == get_process)
			continue;
		r->build(self->c);
		EXPECT_EQ(-EOPNOTSUPP, req_dump(self->c)) TH_LOG("%s", r->name);
	}
}

/* The core answers here, without a text. */
TEST_F(policy, unknown_commands_are_not_supported)
{
	static const uint8_t unknown[] = { 0, PGNL_CMD_MAX + 1, 100, 255 };

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		req_new(self->c, unknown[i]);
		EXPECT_EQ(-EOPNOTSUPP, req_do(self->c));
		req_new(self->c, unknown[i]);
		EXPECT_EQ(-EOPNOTSUPP, req_dump(self->c));
	}
}

TEST_F(policy, a_message_without_the_request_flag_does_nothing)
{
	for_each_request(r) {
		r->build(self->c);
		self->c->req->nlmsg_flags = NLM_F_ACK;
		EXPECT_EQ(0, req_do(self->c));
		EXPECT_EQ(NULL, self->c->reply);
	}
}

/* Generic netlink does not look at the version byte; a client that wants to
 * know asks for the abi.
 */
TEST_F(policy, the_version_byte_is_ignored_and_the_abi_is_told)
{
	static const uint8_t versions[] = { 0, 1, 2, 255 };

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct genlmsghdr *genl;

		req_new(self->c, PGNL_CMD_INFO_GET);
		genl = mnl_nlmsg_get_payload(self->c->req);
		genl->version = versions[i];
		EXPECT_EQ(0, req_do(self->c));
		EXPECT_EQ(PGNL_FAMILY_VERSION, reply_u32(self->c, PGNL_A_ABI));
	}
	EXPECT_STRNE("", reply_str(self->c, PGNL_A_RELEASE));
	EXPECT_STRNE("", reply_str(self->c, PGNL_A_NODE));
	EXPECT_NE(0, reply_u64(self->c, PGNL_A_EPOCH));
}

TEST_F(policy, a_reply_comes_without_an_ack_unless_asked_for)
{
	for_each_request(r) {
		if (r->dump || r->build == new_scope || r->build == set_scope ||
		    r->build == new_group || r->build == set_limits ||
		    r->build == del_group || r->build == del_scope ||
		    r->build == unsubscribe)
			continue;
		r->build(self->c);
		self->c->req->nlmsg_flags = NLM_F_REQUEST;
		ASSERT_EQ(0, req_send(self->c));
		EXPECT_EQ(0, req_recv(self->c)) TH_LOG("%s", r->name);
		EXPECT_NE(NULL, self->c->reply);
		EXPECT_EQ(-1, recv(self->c->fd, self->c->in, 1, MSG_DONTWAIT))
			TH_LOG("%s: something follows the reply", r->name);
	}
	/* The leave took back the join of the fixture or of this loop. */
	EXPECT_EQ(1, count_of(self->c, NULL, "g", getpid()));
}

TEST_F(policy, a_request_without_a_reply_is_silent_unless_an_ack_is_asked_for)
{
	limit_set(self->c, PGNL_A_LIMIT_NET_SCOPES, limit_get(self->c, PGNL_A_LIMIT_NET_SCOPES));
	self->c->req->nlmsg_flags = NLM_F_REQUEST;
	ASSERT_EQ(0, req_send(self->c));
	EXPECT_EQ(-1, recv(self->c->fd, self->c->in, 1, MSG_DONTWAIT));
}

/* --- Values --------------------------------------------------------------- */

static int join_named(struct client *c, const void *name, size_t len)
{
	req_new(c, PGNL_CMD_MEMBER_JOIN);
	put_bin(c, PGNL_A_GROUP, name, len);
	put_flag(c, PGNL_A_SELF);
	return req_do(c);
}

static int leave_named(struct client *c, const void *name, size_t len)
{
	req_new(c, PGNL_CMD_MEMBER_LEAVE);
	put_bin(c, PGNL_A_GROUP, name, len);
	put_flag(c, PGNL_A_SELF);
	return req_do(c) ? : (int)reply_u32(c, PGNL_A_REMOVED);
}

TEST_F(policy, group_names_have_1_to_255_bytes)
{
	char name[257];

	memset(name, 'n', sizeof(name));
	EXPECT_REFUSED(self->c, join_named(self->c, "", 0), PGNL_A_GROUP, "no byte");
	EXPECT_REFUSED(self->c, join_named(self->c, "", 1), PGNL_A_GROUP, "only a NUL");
	EXPECT_EQ(0, join_named(self->c, name, 1));
	EXPECT_EQ(1, leave_named(self->c, name, 1));
	EXPECT_EQ(0, join_named(self->c, name, 255));
	EXPECT_EQ(1, leave_named(self->c, name, 255));
	EXPECT_REFUSED(self->c, join_named(self->c, name, 256), PGNL_A_GROUP, "256 bytes");
	name[256] = '\0';
	EXPECT_REFUSED(self->c, join_named(self->c, name, 257), PGNL_A_GROUP, "256 and a NUL");
}

TEST_F(policy, group_names_are_the_same_with_and_without_a_final_nul)
{
	EXPECT_EQ(0, join_named(self->c, "plain", 5));
	EXPECT_EQ(1, count_of(self->c, NULL, "plain", getpid()));
	EXPECT_EQ(1, leave_named(self->c, "plain", 6));
	EXPECT_EQ(0, group_exists(self->c, NULL, "plain"));
}

TEST_F(policy, group_names_with_a_nul_inside_are_refused)
{
	EXPECT_REFUSED(self->c, join_named(self->c, "a\0b", 3), PGNL_A_GROUP, "a NUL b");
	EXPECT_REFUSED(self->c, join_named(self->c, "a\0b", 4), PGNL_A_GROUP, "a NUL b NUL");
	EXPECT_REFUSED(self->c, join_named(self->c, "\0b", 2), PGNL_A_GROUP, "NUL b");
	EXPECT_REFUSED(self->c, join_named(self->c, "a\0", 3), PGNL_A_GROUP, "a NUL NUL");
}

TEST_F(policy, any_other_byte_may_stand_in_a_group_name)
{
	struct groups list = {};
	char name[3] = "?x";

	for (int byte = 1; byte < 256; byte++) {
		name[0] = byte;
		ASSERT_EQ(1, join(self->c, "added", name, 0));
	}
	ASSERT_EQ(0, groups(self->c, "added", false, &list));
	EXPECT_EQ(255, list.n);
	for (int byte = 1; byte < 256; byte++) {
		name[0] = byte;
		EXPECT_NE(NULL, group_find(&list, name)) TH_LOG("byte 0x%x", byte);
		EXPECT_EQ(1, leave(self->c, "added", name, 0));
	}
	groups_free(&list);
}

TEST_F(policy, scope_names_have_1_to_63_bytes)
{
	char name[65];

	memset(name, 's', sizeof(name));
	name[64] = '\0';
	EXPECT_REFUSED(self->c, scope_new(self->c, "", 0), PGNL_A_SCOPE, "no byte");
	EXPECT_REFUSED(self->c, scope_new(self->c, name, 0), PGNL_A_SCOPE, "64 bytes");
	name[63] = '\0';
	EXPECT_EQ(0, scope_new(self->c, name, 0));
	EXPECT_EQ(0, scope_del(self->c, name));
	EXPECT_EQ(0, scope_new(self->c, "s", 0));
	EXPECT_EQ(0, scope_del(self->c, "s"));
}

TEST_F(policy, scope_names_with_a_nul_inside_are_refused)
{
	req_new(self->c, PGNL_CMD_SCOPE_NEW);
	put_bin(self->c, PGNL_A_SCOPE, "a\0b", 4);
	EXPECT_REFUSED(self->c, req_do(self->c), PGNL_A_SCOPE, "a NUL b");
}

/* A good request of the operation with one more u32. */
static int ask_u32(struct client *c, void (*build)(struct client *c), uint16_t type,
		   uint32_t value)
{
	build(c);
	put_u32(c, type, value);
	return req_do(c);
}

TEST_F(policy, numbers_out_of_range_are_refused)
{
	static const struct {
		const char *what;
		void (*build)(struct client *c);
		uint16_t type;
		uint32_t value;
	} bad[] = {
		{ "mode 2", new_scope, PGNL_A_MODE, 2 },
		{ "unknown flag 16", new_scope, PGNL_A_FLAGS, 16 },
		{ "all flags", new_scope, PGNL_A_FLAGS, UINT32_MAX },
		{ "flag builtin", new_scope, PGNL_A_FLAGS, PGNL_SCOPE_FLAG_BUILTIN },
		{ "flag exclusive", new_scope, PGNL_A_FLAGS, PGNL_SCOPE_FLAG_EXCLUSIVE },
		{ "flag shared", new_scope, PGNL_A_FLAGS, PGNL_SCOPE_FLAG_SHARED },
		{ "flags builtin and cluster", new_scope, PGNL_A_FLAGS,
			PGNL_SCOPE_FLAG_BUILTIN | PGNL_SCOPE_FLAG_CLUSTER },
		{ "scope-new perm 01000", new_scope, PGNL_A_PERM, 01000 },
		{ "group-new perm 01000", new_group, PGNL_A_PERM, 01000 },
		{ "owner -1", new_scope, PGNL_A_OWNER, UINT32_MAX },
		{ "gid -1", new_scope, PGNL_A_OWNER_GID, UINT32_MAX },
		{ "owner -1 of a group", new_group, PGNL_A_OWNER, UINT32_MAX },
		{ "join pid 0", join_group, PGNL_A_PID, 0 },
		{ "leave pid 0", leave_group, PGNL_A_PID, 0 },
		{ "join 0 times", join_group, PGNL_A_TIMES, 0 },
		{ "leave 0 times", leave_group, PGNL_A_TIMES, 0 },
		{ "weight 0", join_group, PGNL_A_WEIGHT, 0 },
		{ "weight 1001", join_group, PGNL_A_WEIGHT, PGNL_WEIGHT_MAX + 1 },
		{ "weight -1", join_group, PGNL_A_WEIGHT, UINT32_MAX },
		{ "policy 4", pick_member, PGNL_A_POLICY, PGNL_POLICY_MAX + 1 },
		{ "uid -1", pick_member, PGNL_A_UID, UINT32_MAX },
		{ "signal policy 4", signal_group, PGNL_A_POLICY, PGNL_POLICY_MAX + 1 },
		{ "signal uid -1", signal_group, PGNL_A_UID, UINT32_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_REFUSED(self->c, ask_u32(self->c, bad[i].build, bad[i].type, bad[i].value),
			       bad[i].type, "%s", bad[i].what);
	req_new(self->c, PGNL_CMD_SCOPE_SET);
	put_str(self->c, PGNL_A_SCOPE, "added");
	put_u32(self->c, PGNL_A_PERM, 01000);
	EXPECT_REFUSED(self->c, req_do(self->c), PGNL_A_PERM, "scope-set perm 01000");
	member_req(self->c, PGNL_CMD_MEMBER_LEAVE, NULL, "g");
	put_u64(self->c, PGNL_A_ID, 0);
	EXPECT_REFUSED(self->c, req_do(self->c), PGNL_A_ID, "leave id 0");
	req_new(self->c, PGNL_CMD_PROCESS_GET);
	put_u64(self->c, PGNL_A_ID, 0);
	EXPECT_REFUSED(self->c, req_do(self->c), PGNL_A_ID, "process-get id 0");
}

TEST_F(policy, numbers_at_the_ends_of_their_range_are_taken)
{
	struct client *c = self->c;

	EXPECT_EQ(0, ask_u32(c, new_scope, PGNL_A_PERM, 0777));
	EXPECT_EQ(0, scope_del(c, "another"));
	EXPECT_EQ(0, ask_u32(c, new_scope, PGNL_A_PERM, 0));
	EXPECT_EQ(0, scope_del(c, "another"));
	EXPECT_EQ(0, ask_u32(c, new_scope, PGNL_A_MODE, PGNL_SCOPE_MODE_PG2));
	EXPECT_EQ(0, scope_del(c, "another"));
	EXPECT_EQ(0, ask_u32(c, new_scope, PGNL_A_FLAGS, PGNL_SCOPE_FLAG_CLUSTER));
	EXPECT_EQ(0, scope_del(c, "another"));
	EXPECT_EQ(0, ask_u32(c, new_scope, PGNL_A_OWNER, UINT32_MAX - 1));
	EXPECT_EQ(0, scope_del(c, "another"));
	EXPECT_EQ(0, ask_u32(c, join_group, PGNL_A_WEIGHT, PGNL_WEIGHT_MAX));
	EXPECT_EQ(0, ask_u32(c, join_group, PGNL_A_WEIGHT, 1));
	EXPECT_EQ(2, leave_times(c, NULL, "g", 0, 2));
}

static int join_meta(struct client *c, size_t len)
{
	static const char value[PGNL_META_MAX + 1];

	join_group(c);
	put_bin(c, PGNL_A_META, value, len);
	return req_do(c);
}

TEST_F(policy, metadata_has_at_most_256_bytes)
{
	EXPECT_EQ(0, join_meta(self->c, PGNL_META_MAX));
	EXPECT_REFUSED(self->c, join_meta(self->c, PGNL_META_MAX + 1), PGNL_A_META, "257 bytes");
	/* As the fixture left it. */
	join_group(self->c);
	put_bin(self->c, PGNL_A_META, "m", 1);
	EXPECT_EQ(0, req_do(self->c));
	EXPECT_EQ(2, leave_times(self->c, NULL, "g", 0, 2));
}

TEST_F(policy, keys_have_1_to_255_bytes)
{
	static const char key[PGNL_KEY_MAX + 1];
	struct pgnl_row row;

	EXPECT_REFUSED(self->c, pick_key(self->c, NULL, "g", key, 0, &row), PGNL_A_KEY, "0 bytes");
	EXPECT_EQ(0, pick_key(self->c, NULL, "g", key, 1, &row));
	EXPECT_EQ(0, pick_key(self->c, NULL, "g", key, PGNL_KEY_MAX, &row));
	EXPECT_REFUSED(self->c, pick_key(self->c, NULL, "g", key, PGNL_KEY_MAX + 1, &row),
		       PGNL_A_KEY, "256 bytes");
}

/* There is no attribute to point at; the text says what is missing. */
#define EXPECT_MISSING(c, word, what) do { \
	EXPECT_EQ(-EINVAL, req_do(c)) TH_LOG("%s", what); \
	EXPECT_NE(NULL, strstr((c)->text, word)) TH_LOG("%s: text \"%s\"", what, (c)->text); \
} while (0)

TEST_F(policy, requests_that_lack_an_attribute_are_refused)
{
	struct client *c = self->c;

	req_new(c, PGNL_CMD_GROUP_NEW);
	put_str(c, PGNL_A_SCOPE, "pg2");
	EXPECT_MISSING(c, "group", "group-new without group");
	req_new(c, PGNL_CMD_GROUP_DEL);
	put_str(c, PGNL_A_SCOPE, "pg2");
	EXPECT_MISSING(c, "group", "group-del without group");
	req_new(c, PGNL_CMD_GROUP_GET);
	EXPECT_MISSING(c, "group", "group-get without group");
	req_new(c, PGNL_CMD_MEMBER_GET);
	EXPECT_MISSING(c, "group", "member-get without group");
	req_new(c, PGNL_CMD_MEMBER_PICK);
	EXPECT_MISSING(c, "group", "member-pick without group");
	req_new(c, PGNL_CMD_GROUP_SIGNAL);
	put_u32(c, PGNL_A_SIGNAL, 0);
	EXPECT_MISSING(c, "group", "group-signal without group");
	member_req(c, PGNL_CMD_GROUP_SIGNAL, NULL, "g");
	EXPECT_MISSING(c, "signal", "group-signal without signal");
	req_new(c, PGNL_CMD_GROUP_SEND);
	put_bin(c, PGNL_A_DATA, "x", 1);
	EXPECT_MISSING(c, "group", "group-send without group");
	member_req(c, PGNL_CMD_GROUP_SEND, NULL, "g");
	EXPECT_MISSING(c, "data", "group-send without data");
	req_new(c, PGNL_CMD_MEMBER_JOIN);
	put_flag(c, PGNL_A_SELF);
	EXPECT_MISSING(c, "group", "member-join without group");
	req_new(c, PGNL_CMD_MEMBER_LEAVE);
	put_flag(c, PGNL_A_SELF);
	EXPECT_MISSING(c, "group", "member-leave without group");
	req_new(c, PGNL_CMD_LIMIT_SET);
	EXPECT_MISSING(c, "limit", "limit-set without limits");
	req_new(c, PGNL_CMD_LIMIT_SET);
	mnl_attr_nest_end(c->req, mnl_attr_nest_start(c->req, PGNL_A_LIMITS));
	EXPECT_MISSING(c, "limit", "limit-set with no limit");
	member_req(c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	EXPECT_MISSING(c, "process", "member-join of nobody");
	member_req(c, PGNL_CMD_MEMBER_LEAVE, NULL, "g");
	EXPECT_MISSING(c, "process", "member-leave of nobody");
	req_new(c, PGNL_CMD_PROCESS_GET);
	EXPECT_MISSING(c, "needed", "process-get of nobody");
	member_req(c, PGNL_CMD_MEMBER_PICK, NULL, "g");
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_KEY);
	EXPECT_MISSING(c, "key", "pick by key without key");
	member_req(c, PGNL_CMD_MEMBER_JOIN, NULL, "g");
	put_str(c, PGNL_A_NODE, "there");
	EXPECT_MISSING(c, "by its id", "member-join of nobody on another node");
}

TEST_F(policy, times_and_all_exclude_each_other)
{
	struct client *c = self->c;

	member_req(c, PGNL_CMD_MEMBER_LEAVE, NULL, "g");
	put_flag(c, PGNL_A_SELF);
	put_u32(c, PGNL_A_TIMES, 1);
	put_flag(c, PGNL_A_ALL);
	EXPECT_EQ(-EINVAL, req_do(c));
	EXPECT_EQ(PGNL_A_TIMES, blamed(c));
}

static bool ends_with_nul(const struct nlattr *attr)
{
	const char *text = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	return len && strnlen(text, len) == len - 1;
}

TEST_F(policy, strings_in_replies_end_with_their_only_nul)
{
	static const uint16_t types[] = { PGNL_A_SCOPE, PGNL_A_GROUP, PGNL_A_RELEASE, PGNL_A_NODE };
	static void (*const ask_do[])(struct client *c) = { info_get, get_scope, get_group };
	static const uint8_t dumps[] = { PGNL_CMD_GROUP_GET, PGNL_CMD_MEMBER_GET,
		PGNL_CMD_PROCESS_GET };
	int seen = 0;

	/* Names of every length modulo the alignment of attributes. */
	for (int len = 1; len <= 8; len++) {
		char name[16] = "nnnnnnnn";

		name[len] = '\0';
		ASSERT_EQ(1, join(self->c, "added", name, 0));
	}
	for (size_t k = 0; k < ARRAY_SIZE(ask_do); k++) {
		ask_do[k](self->c);
		ASSERT_EQ(0, req_do(self->c));
		for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
			const struct nlattr *attr = attr_of(self->c->reply, types[i]);

			if (!attr)
				continue;
			seen++;
			EXPECT_TRUE(ends_with_nul(attr)) TH_LOG("attribute %d", types[i]);
		}
	}
	EXPECT_EQ(5, seen);
	for (size_t k = 0; k < ARRAY_SIZE(dumps); k++) {
		const struct nlmsghdr *msg;
		int left;

		req_new(self->c, dumps[k]);
		if (dumps[k] == PGNL_CMD_PROCESS_GET)
			put_flag(self->c, PGNL_A_SELF);
		else
			put_str(self->c, PGNL_A_SCOPE, "added");
		ASSERT_EQ(0, req_dump(self->c));
		ASSERT_NE(0, self->c->dump_len);
		for_each_dumped(self->c, msg, left) {
			ASSERT_TRUE(ends_with_nul(attr_of(msg, PGNL_A_GROUP)));
			ASSERT_TRUE(ends_with_nul(attr_of(msg, PGNL_A_SCOPE)));
		}
	}
	ASSERT_EQ(0, scope_del(self->c, "added"));
	ASSERT_EQ(0, scope_new(self->c, "added", PGNL_SCOPE_MODE_PG));
}

/* Each cause of refusal has its text, and its attribute where one is to blame. */
TEST_F(policy, missing_scopes_blame_the_scope)
{
	static const uint8_t cmds[] = { PGNL_CMD_SCOPE_DEL, PGNL_CMD_SCOPE_SET, PGNL_CMD_SCOPE_GET,
		PGNL_CMD_GROUP_NEW, PGNL_CMD_GROUP_DEL, PGNL_CMD_GROUP_GET, PGNL_CMD_MEMBER_JOIN,
		PGNL_CMD_MEMBER_LEAVE, PGNL_CMD_MEMBER_GET, PGNL_CMD_MEMBER_PICK };

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		struct client *c = self->c;

		req_new(c, cmds[i]);
		put_str(c, PGNL_A_SCOPE, "nowhere");
		if (cmds[i] >= PGNL_CMD_GROUP_NEW)
			put_str(c, PGNL_A_GROUP, "g");
		if (cmds[i] == PGNL_CMD_MEMBER_JOIN || cmds[i] == PGNL_CMD_MEMBER_LEAVE)
			put_flag(c, PGNL_A_SELF);
		if (cmds[i] == PGNL_CMD_SCOPE_SET)
			put_u32(c, PGNL_A_PERM, 0);
		EXPECT_EQ(-ENOENT, req_do(c)) TH_LOG("command %d", cmds[i]);
		EXPECT_STRNE("", c->text);
		EXPECT_EQ(PGNL_A_SCOPE, blamed(c)) TH_LOG("command %d", cmds[i]);
	}
}

TEST_F(policy, dumps_of_a_missing_scope_blame_the_scope)
{
	static const uint8_t cmds[] = { PGNL_CMD_GROUP_GET, PGNL_CMD_MEMBER_GET };

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		req_new(self->c, cmds[i]);
		put_str(self->c, PGNL_A_SCOPE, "nowhere");
		EXPECT_EQ(-ENOENT, req_dump(self->c)) TH_LOG("command %d", cmds[i]);
		EXPECT_STRNE("", self->c->text);
		EXPECT_EQ(PGNL_A_SCOPE, blamed_by_dump(self->c, PGNL_A_SCOPE));
	}
}

TEST_HARNESS_MAIN
