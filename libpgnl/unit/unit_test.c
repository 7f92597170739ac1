// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of libpgnl that need no kernel, under the sanitizers. Prints TAP. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../../selftests/check.h"
#include "image.h"
#include "message.h"

/* --- the decoder ------------------------------------------------------------ */

static bool is(struct lp_text text, const char *expected)
{
	return text.data && text.len == strlen(expected) &&
	       !memcmp(text.data, expected, text.len);
}

struct seen {
	struct lp_member member[8];
	int n;
	int ret;		/* to answer */
};

static int see(const struct lp_member *member, void *arg)
{
	struct seen *seen = arg;

	seen->member[seen->n++] = *member;
	return seen->ret;
}

static void members_of_several_are_read(void)
{
	struct lp_member_reply reply;
	struct seen seen = { .n = 0 };
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	mnl_attr_put_strz(nlh, PGNL_A_SCOPE, "pg");
	mnl_attr_put_strz(nlh, PGNL_A_GROUP, "web");
	put_member(nlh, UINT64_MAX, 10, "unix:/a", 0);
	put_member(nlh, 2, 11, NULL, 0);
	CHECK(lp_decode_members(nlh, see, &seen, &reply) == 0);
	CHECK(seen.n == 2 && !reply.missing && !reply.more);
	CHECK(seen.member[0].row.id == UINT64_MAX && seen.member[0].row.pid == 10);
	CHECK(seen.member[0].row.count == 3 && seen.member[0].row.uid == 1000);
	CHECK(seen.member[0].row.weight == 7 && seen.member[0].row.state == PGNL_UP);
	CHECK(seen.member[0].row.meta_len == 7);
	CHECK(!memcmp(seen.member[0].row.meta, "unix:/a", 7));
	CHECK(!seen.member[0].node.data);
	CHECK(is(seen.member[1].scope, "pg"));
	CHECK(is(seen.member[1].group, "web"));
	CHECK(!seen.member[1].row.meta && !seen.member[1].row.meta_len);
}

static void missing_and_more_are_told(void)
{
	struct lp_member_reply reply;
	struct seen seen = { .n = 0 };
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	mnl_attr_put(nlh, PGNL_A_NO_GROUP, 0, NULL);
	CHECK(lp_decode_members(nlh, see, &seen, &reply) == 0);
	CHECK(reply.missing && !reply.more && !seen.n);
	nlh = message_start(&message);
	mnl_attr_put(nlh, PGNL_A_MORE, 0, NULL);
	CHECK(lp_decode_members(nlh, see, &seen, &reply) == 0);
	CHECK(!reply.missing && reply.more);
}

static void a_longer_row_is_read_as_far_as_known(void)
{
	struct lp_member_reply reply;
	struct seen seen = { .n = 0 };
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	put_member(nlh, 5, 6, NULL, 16);
	CHECK(lp_decode_members(nlh, see, &seen, &reply) == 0);
	CHECK(seen.n == 1 && seen.member[0].row.id == 5);
}

static void a_shorter_row_is_refused(void)
{
	struct lp_member_reply reply;
	struct seen seen = { .n = 0 };
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	put_member(nlh, 5, 6, NULL, -1);
	CHECK(lp_decode_members(nlh, see, &seen, &reply) == -EPROTO);
	CHECK(!seen.n);
}

static void a_member_without_a_row_is_refused(void)
{
	struct lp_member_reply reply;
	struct seen seen = { .n = 0 };
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	mnl_attr_put(nlh, PGNL_A_MEMBER, 0, NULL);
	CHECK(lp_decode_members(nlh, see, &seen, &reply) == -EPROTO);
}

static void the_failure_of_the_receiver_ends_the_members(void)
{
	struct lp_member_reply reply;
	struct seen seen = { .ret = -ENOMEM };
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	put_member(nlh, 1, 1, NULL, 0);
	put_member(nlh, 2, 2, NULL, 0);
	CHECK(lp_decode_members(nlh, see, &seen, &reply) == -ENOMEM);
	CHECK(seen.n == 1);
}

struct seen_names {
	struct lp_name name[4];
	int n;
};

static int see_name(const struct lp_name *name, void *arg)
{
	struct seen_names *seen = arg;

	seen->name[seen->n++] = *name;
	return 0;
}

static void the_new_holder_of_a_name_comes_before_the_old(void)
{
	struct seen_names seen = { .n = 0 };
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);
	bool missing;

	mnl_attr_put_strz(nlh, PGNL_A_GROUP, "web");
	put_name(nlh, PGNL_A_HOLDER, 7, sizeof(struct pgnl_registration));
	put_name(nlh, PGNL_A_MEMBER, UINT64_MAX, sizeof(struct pgnl_registration) + 8);
	CHECK(lp_decode_names(nlh, see_name, &seen, &missing) == 0);
	CHECK(seen.n == 2 && !missing);
	CHECK(seen.name[0].told.fence == UINT64_MAX && !seen.name[0].old);
	CHECK(seen.name[0].told.resolve == PGNL_RESOLVE_NOTIFY_ALL);
	CHECK(seen.name[0].member.row.id == UINT64_MAX);
	CHECK(is(seen.name[0].member.group, "web"));
	CHECK(seen.name[1].told.fence == 7 && seen.name[1].old);
	nlh = message_start(&message);
	mnl_attr_put(nlh, PGNL_A_NO_GROUP, 0, NULL);
	CHECK(lp_decode_names(nlh, see_name, &seen, &missing) == 0);
	CHECK(seen.n == 2 && missing);
}

static void a_short_or_missing_registration_is_refused(void)
{
	struct seen_names seen = { .n = 0 };
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);
	bool missing;

	put_name(nlh, PGNL_A_MEMBER, 7, sizeof(struct pgnl_registration) - 1);
	CHECK(lp_decode_names(nlh, see_name, &seen, &missing) == -EPROTO);
	nlh = message_start(&message);
	put_member(nlh, 5, 6, NULL, 0);
	CHECK(lp_decode_names(nlh, see_name, &seen, &missing) == -EPROTO);
	CHECK(!seen.n);
}

static void unknown_attributes_are_passed_over(void)
{
	struct pgnl_info info;
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	mnl_attr_put_u32(nlh, PGNL_A_MAX + 1, 9);
	mnl_attr_put_u32(nlh, PGNL_A_ABI, 1);
	mnl_attr_put_strz(nlh, PGNL_A_RELEASE, "0.1.0");
	mnl_attr_put_u64(nlh, PGNL_A_EPOCH, 77);
	mnl_attr_put_u32(nlh, 4000, 9);
	CHECK(lp_decode_info(nlh, &info) == 0);
	CHECK(info.abi == 1 && info.epoch == 77);
	CHECK(!strcmp(info.release, "0.1.0") && !strcmp(info.node, ""));
}

static void long_texts_are_cut(void)
{
	char text[200];
	struct pgnl_info info;
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	mnl_attr_put_strz(nlh, PGNL_A_NODE, text);
	CHECK(lp_decode_info(nlh, &info) == 0);
	CHECK(strlen(info.node) == sizeof(info.node) - 1);
}

static void a_text_may_lack_its_nul(void)
{
	struct pgnl_scope scope;
	struct lp_text name;
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	mnl_attr_put_str(nlh, PGNL_A_SCOPE, "four");
	CHECK(lp_decode_scope(nlh, &scope, &name) == 0 && is(name, "four"));
	nlh = message_start(&message);
	mnl_attr_put_strz(nlh, PGNL_A_SCOPE, "four");
	CHECK(lp_decode_scope(nlh, &scope, &name) == 0 && is(name, "four"));
}

static void an_empty_text_is_refused(void)
{
	struct pgnl_scope scope;
	struct lp_text name;
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	mnl_attr_put(nlh, PGNL_A_SCOPE, 0, NULL);
	CHECK(lp_decode_scope(nlh, &scope, &name) == -EPROTO);
}

static void a_number_too_short_is_refused(void)
{
	struct pgnl_scope scope;
	struct lp_text name;
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	mnl_attr_put_strz(nlh, PGNL_A_SCOPE, "pg");
	mnl_attr_put_u32(nlh, PGNL_A_MEMBERS, 1);
	CHECK(lp_decode_scope(nlh, &scope, &name) == -EPROTO);
}

static void a_message_without_generic_header_is_refused(void)
{
	struct message message;
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message.bytes);
	struct pgnl_info info;

	CHECK(lp_decode_info(nlh, &info) == -EPROTO);
}

static void a_group_without_owner_says_keep(void)
{
	struct pgnl_group group;
	struct lp_text name;
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	mnl_attr_put_strz(nlh, PGNL_A_GROUP, "g");
	mnl_attr_put_u64(nlh, PGNL_A_LOCAL, 4);
	CHECK(lp_decode_group(nlh, &group, &name) == 1);
	CHECK(is(name, "g") && group.local == 4 && !group.remote);
	CHECK(group.owner == PGNL_KEEP && group.perm == PGNL_KEEP);
	nlh = message_start(&message);
	mnl_attr_put(nlh, PGNL_A_NO_GROUP, 0, NULL);
	CHECK(lp_decode_group(nlh, &group, &name) == 0);
	nlh = message_start(&message);
	CHECK(lp_decode_group(nlh, &group, &name) == -EPROTO);
}

static void joins_come_as_asked(void)
{
	uint64_t ids[2] = { 1, UINT64_MAX };
	uint32_t counts[2] = { 4, 5 };
	struct pgnl_joined joined[2];
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	mnl_attr_put(nlh, PGNL_A_IDS, sizeof(ids), ids);
	mnl_attr_put(nlh, PGNL_A_COUNTS, sizeof(counts), counts);
	CHECK(lp_decode_joined(nlh, joined, 2) == 0);
	CHECK(joined[0].id == 1 && joined[0].count == 4);
	CHECK(joined[1].id == UINT64_MAX && joined[1].count == 5);
	CHECK(lp_decode_joined(nlh, joined, 1) == -EPROTO);
	CHECK(lp_decode_joined(message_start(&message), joined, 2) == -EPROTO);
}

static void leaves_come_as_asked(void)
{
	uint32_t counts[2] = { 0, 5 }, left[2] = { 9, 9 }, removed;
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	mnl_attr_put_u32(nlh, PGNL_A_REMOVED, 3);
	mnl_attr_put(nlh, PGNL_A_COUNTS, sizeof(counts), counts);
	CHECK(lp_decode_left(nlh, left, 2, &removed) == 0);
	CHECK(removed == 3 && left[0] == 0 && left[1] == 5);
	CHECK(lp_decode_left(nlh, left, 3, &removed) == -EPROTO);
	CHECK(lp_decode_left(nlh, NULL, 3, &removed) == 0);
}

static void events_are_decoded(void)
{
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);
	struct lp_event event;
	struct nlattr *nest;

	CHECK(lp_decode_event(nlh, &event) == -EPROTO);
	mnl_attr_put_u32(nlh, PGNL_A_SUBSCRIPTION, 5);
	mnl_attr_put_u64(nlh, PGNL_A_SEQ, 8);
	CHECK(lp_decode_event(nlh, &event) == -EPROTO);
	nest = mnl_attr_nest_start(nlh, PGNL_A_EVENT);
	mnl_attr_put_u64(nlh, PGNL_A_EVENT_PREV, 7);
	mnl_attr_put_u32(nlh, PGNL_A_EVENT_REASON, PGNL_REASON_KILLED);
	mnl_attr_put_u32(nlh, PGNL_A_EVENT_STATUS, 0x89);
	mnl_attr_put_u32(nlh, PGNL_A_EVENT_MAX + 1, 1);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_put_strz(nlh, PGNL_A_GROUP, "g");
	CHECK(lp_decode_event(nlh, &event) == 0);
	CHECK(event.sub == 5 && event.seq == 8 && event.prev == 7);
	CHECK(event.reason == PGNL_REASON_KILLED);
	CHECK(event.ended && event.status == 0x89 && !event.asked);
	CHECK(event.group.len == 1 && !event.scope.data);
	CHECK(lp_decode_seq(nlh) == 8);
}

static void nodes_are_decoded(void)
{
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);
	struct pgnl_node node;
	struct lp_event event;
	struct lp_text name;
	struct nlattr *nest;

	CHECK(lp_decode_node(nlh, &node, &name) == -EPROTO);
	mnl_attr_put_u32(nlh, PGNL_A_SUBSCRIPTION, 5);
	mnl_attr_put_u64(nlh, PGNL_A_SEQ, 8);
	nest = mnl_attr_nest_start(nlh, PGNL_A_EVENT);
	mnl_attr_put_u32(nlh, PGNL_A_EVENT_REASON, PGNL_REASON_NODE_UP);
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, PGNL_A_PEER);
	mnl_attr_put_strz(nlh, PGNL_A_NODE_NAME, "there");
	mnl_attr_put_u64(nlh, PGNL_A_NODE_INCARNATION, 1ULL << 60);
	mnl_attr_put_u32(nlh, PGNL_A_NODE_STATE, PGNL_STATE_STALE);
	mnl_attr_put_u32(nlh, PGNL_A_NODE_FLAGS, PGNL_NODE_FLAG_PARTIAL);
	mnl_attr_put_u64(nlh, PGNL_A_NODE_ROWS, 4);
	mnl_attr_put_u32(nlh, PGNL_A_NODE_MAX + 1, 1);
	mnl_attr_nest_end(nlh, nest);
	CHECK(lp_decode_node(nlh, &node, &name) == 0);
	CHECK(name.len == 5 && !memcmp(name.data, "there", 5));
	CHECK(node.incarnation == 1ULL << 60 && node.state == PGNL_STALE);
	CHECK(node.flags == PGNL_NODE_PARTIAL && node.rows == 4);
	CHECK(!node.dropped && !node.age);
	CHECK(lp_decode_event(nlh, &event) == 0);
	CHECK(event.node.len == 5 && event.incarnation == 1ULL << 60);

	/* Too short a number is no number. */
	nlh = message_start(&message);
	nest = mnl_attr_nest_start(nlh, PGNL_A_PEER);
	mnl_attr_put_u32(nlh, PGNL_A_NODE_ROWS, 4);
	mnl_attr_nest_end(nlh, nest);
	CHECK(lp_decode_node(nlh, &node, &name) == -EPROTO);
}

static int keep_age(const struct lp_member *member, void *arg)
{
	*(uint32_t *)arg = member->row.age;
	return member->node.len == 5 ? 0 : -EINVAL;
}

static void a_member_of_another_node_is_decoded(void)
{
	struct pgnl_row row = { .id = 7, .count = 1, .state = PGNL_STATE_SUSPECT };
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);
	struct lp_member_reply reply;
	struct nlattr *nest;
	uint32_t age = 0;

	nest = mnl_attr_nest_start(nlh, PGNL_A_MEMBER);
	mnl_attr_put(nlh, PGNL_A_MEMBER_ROW, sizeof(row), &row);
	mnl_attr_put_strz(nlh, PGNL_A_MEMBER_NODE, "there");
	mnl_attr_put_u32(nlh, PGNL_A_MEMBER_AGE, 1500);
	mnl_attr_nest_end(nlh, nest);
	CHECK(lp_decode_members(nlh, keep_age, &age, &reply) == 0);
	CHECK(age == 1500);
	nest = mnl_attr_nest_start(nlh, PGNL_A_MEMBER);
	mnl_attr_put(nlh, PGNL_A_MEMBER_AGE, 2, &age);
	mnl_attr_nest_end(nlh, nest);
	CHECK(lp_decode_members(nlh, keep_age, &age, &reply) == -EPROTO);
}

static void events_without_a_reason_or_cut_short_are_refused(void)
{
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);
	struct lp_event event;
	struct nlattr *nest;

	mnl_attr_put_u32(nlh, PGNL_A_SUBSCRIPTION, 5);
	mnl_attr_put_u64(nlh, PGNL_A_SEQ, 8);
	nest = mnl_attr_nest_start(nlh, PGNL_A_EVENT);
	mnl_attr_put_u64(nlh, PGNL_A_EVENT_PREV, 7);
	mnl_attr_nest_end(nlh, nest);
	CHECK(lp_decode_event(nlh, &event) == -EPROTO);

	nlh = message_start(&message);
	mnl_attr_put_u32(nlh, PGNL_A_SUBSCRIPTION, 5);
	mnl_attr_put_u64(nlh, PGNL_A_SEQ, 8);
	nest = mnl_attr_nest_start(nlh, PGNL_A_EVENT);
	mnl_attr_put_u16(nlh, PGNL_A_EVENT_REASON, 1);
	mnl_attr_nest_end(nlh, nest);
	CHECK(lp_decode_event(nlh, &event) == -EPROTO);
}

static void where_a_subscription_begins_is_decoded(void)
{
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);
	struct lp_since since;

	CHECK(lp_decode_since(nlh, &since) == -EPROTO);
	mnl_attr_put_u32(nlh, PGNL_A_SUBSCRIPTION, 5);
	mnl_attr_put_u64(nlh, PGNL_A_EPOCH, 6);
	mnl_attr_put_u64(nlh, PGNL_A_SEQ, 7);
	CHECK(lp_decode_since(nlh, &since) == 0);
	CHECK(since.sub == 5 && since.epoch == 6 && since.seq == 7);
}

static void numbers_of_an_older_or_newer_module_are_read(void)
{
	uint64_t limits[PGNL_N_LIMITS];
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);
	struct nlattr *nest = mnl_attr_nest_start(nlh, PGNL_A_LIMITS);

	mnl_attr_put_u64(nlh, PGNL_A_LIMIT_NET_GROUPS, 42);
	mnl_attr_put_u64(nlh, PGNL_A_LIMIT_NET_SUBSCRIPTIONS, 44);
	mnl_attr_put_u64(nlh, PGNL_A_LIMIT_MAX + 5, 43);
	mnl_attr_nest_end(nlh, nest);
	memset(limits, 0xff, sizeof(limits));
	CHECK(lp_decode_numbers(nlh, PGNL_A_LIMITS, PGNL_A_LIMIT_PAD, limits,
				PGNL_N_LIMITS) == 0);
	CHECK(limits[PGNL_LIMIT_NET_GROUPS] == 42);
	CHECK(limits[PGNL_LIMIT_NET_SUBSCRIPTIONS] == 44);
	CHECK(limits[PGNL_LIMIT_USER_GROUPS] == 0);
	CHECK(lp_decode_numbers(nlh, PGNL_A_USAGE, PGNL_A_LIMIT_PAD, limits,
				PGNL_N_LIMITS) == -EPROTO);
}

/* A message as the kernel sends it, but for one attribute. */
static struct nlmsghdr *letter(struct message *message, uint16_t left_out)
{
	struct nlmsghdr *nlh = message_start(message);
	struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct nlattr *nest;

	genl->cmd = PGNL_CMD_INBOX_MESSAGE;
	if (left_out != PGNL_A_GROUP)
		mnl_attr_put_strz(nlh, PGNL_A_GROUP, "web");
	if (left_out != PGNL_A_SENDER) {
		nest = mnl_attr_nest_start(nlh, PGNL_A_SENDER);
		mnl_attr_put_u32(nlh, PGNL_A_SENDER_PID, 42);
		mnl_attr_put_u32(nlh, PGNL_A_SENDER_UID, 1000);
		mnl_attr_put_u64(nlh, PGNL_A_SENDER_ID, UINT64_MAX);
		mnl_attr_nest_end(nlh, nest);
	}
	if (left_out != PGNL_A_DATA)
		mnl_attr_put(nlh, PGNL_A_DATA, 3, "a\0b");
	return nlh;
}

static void a_message_is_read_whole(void)
{
	struct pgnl_message got = { .len = 99 };
	struct message message;

	CHECK(lp_decode_message(letter(&message, 0), &got) == 1);
	CHECK(got.len == 3 && !memcmp(got.data, "a\0b", 3));
	CHECK(!strcmp(got.group, "web"));
	CHECK(got.pid == 42 && got.uid == 1000 && got.id == UINT64_MAX);
	CHECK(!got.node);
}

static void a_message_that_lacks_something_is_refused(void)
{
	static const uint16_t needed[] = { PGNL_A_GROUP, PGNL_A_SENDER, PGNL_A_DATA };
	struct message message;
	struct pgnl_message got;
	struct nlmsghdr *nlh;
	struct nlattr *nest;

	for (size_t i = 0; i < MNL_ARRAY_SIZE(needed); i++)
		CHECK(lp_decode_message(letter(&message, needed[i]), &got) == -EPROTO);
	nlh = letter(&message, PGNL_A_SENDER);
	nest = mnl_attr_nest_start(nlh, PGNL_A_SENDER);
	mnl_attr_put_u32(nlh, PGNL_A_SENDER_PID, 42);
	mnl_attr_nest_end(nlh, nest);
	CHECK(lp_decode_message(nlh, &got) == -EPROTO);
	nlh = letter(&message, PGNL_A_GROUP);
	mnl_attr_put(nlh, PGNL_A_GROUP, 3, "web");
	CHECK(lp_decode_message(nlh, &got) == -EPROTO);
}

static void what_is_no_message_is_passed_over_but_for_the_end(void)
{
	struct message message;
	struct pgnl_message got;
	struct nlmsghdr *nlh = letter(&message, 0);
	struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	genl->cmd = PGNL_CMD_GROUP_GET;
	CHECK(lp_decode_message(nlh, &got) == 0);
	genl->cmd = PGNL_CMD_INBOX_CLOSED;
	CHECK(lp_decode_message(nlh, &got) == -ESHUTDOWN);
}

static void what_became_of_a_message_is_read(void)
{
	struct message message;
	struct pgnl_sent sent;
	struct nlmsghdr *nlh = message_start(&message);

	CHECK(lp_decode_sent(nlh, &sent) == -EPROTO);
	mnl_attr_put_u32(nlh, PGNL_A_REACHED, 1);
	CHECK(!lp_decode_sent(nlh, &sent) && sent.reached == 1 && !sent.full && !sent.id);
	mnl_attr_put_u32(nlh, PGNL_A_FULL, 2);
	mnl_attr_put_u32(nlh, PGNL_A_NO_INBOX, 3);
	mnl_attr_put_u32(nlh, PGNL_A_REFUSED, 4);
	mnl_attr_put_u32(nlh, PGNL_A_GONE, 5);
	mnl_attr_put_u32(nlh, PGNL_A_PID, 6);
	mnl_attr_put_u64(nlh, PGNL_A_ID, 7);
	CHECK(!lp_decode_sent(nlh, &sent));
	CHECK(sent.full == 2 && sent.no_inbox == 3 && sent.refused == 4 && sent.gone == 5);
	CHECK(sent.pid == 6 && sent.id == 7);
}

static void a_result_is_that_of_its_request(void)
{
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);
	struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct pgnl_sent sent = { .reached = 3 };
	struct lp_pending pending;
	struct lp_text words;
	int code;

	mnl_attr_put_u64(nlh, PGNL_A_REQUEST, 7);
	mnl_attr_put_u32(nlh, PGNL_A_TIMEOUT, 10);
	CHECK(!lp_decode_pending(nlh, &pending));
	CHECK(pending.request == 7 && pending.timeout == 10);
	CHECK(!lp_is_result(nlh) && !lp_decode_result(nlh, 7, &code, &words));
	genl->cmd = PGNL_CMD_RESULT;
	CHECK(lp_is_result(nlh) && !lp_decode_result(nlh, 8, &code, &words));
	CHECK(lp_decode_result(nlh, 7, &code, &words) == 1 && !code && !words.data);
	mnl_attr_put_u32(nlh, PGNL_A_ERROR, 110);
	mnl_attr_put_strz(nlh, PGNL_A_WORDS, "too late");
	mnl_attr_put_u32(nlh, PGNL_A_UNREACHABLE, 2);
	CHECK(lp_decode_result(nlh, 7, &code, &words) == 1 && code == 110 && words.len == 8);
	/* Counts go to those of the reply. */
	CHECK(!lp_decode_sent_on(nlh, &sent) && sent.reached == 3 && sent.unreachable == 2);
}

static int sum_targets(const struct lp_target *target, void *arg)
{
	uint32_t *sum = arg;

	*sum += target->members * 100 + (uint32_t)target->n_ids;
	return strcmp(target->node, "there") ? -EINVAL : 0;
}

static void an_upcall_is_read_with_its_targets(void)
{
	static const uint64_t ids[] = { 1, 2, 3 };
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);
	struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct pgnl_upcall upcall;
	struct nlattr *nest;
	uint32_t sum = 0;

	genl->cmd = PGNL_CMD_UPCALL;
	CHECK(lp_decode_upcall(nlh, &upcall) == -EPROTO);
	mnl_attr_put_u64(nlh, PGNL_A_REQUEST, 7);
	mnl_attr_put_u32(nlh, PGNL_A_ACT, PGNL_ACT_SIGNAL);
	mnl_attr_put_strz(nlh, PGNL_A_SCOPE, "pg");
	mnl_attr_put_strz(nlh, PGNL_A_GROUP, "g");
	CHECK(lp_decode_upcall(nlh, &upcall) == -EPROTO);
	nest = mnl_attr_nest_start(nlh, PGNL_A_SENDER);
	mnl_attr_put_u32(nlh, PGNL_A_SENDER_PID, 5);
	mnl_attr_put_u32(nlh, PGNL_A_SENDER_UID, 6);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_put_u32(nlh, PGNL_A_SIGNAL, 15);
	CHECK(lp_decode_upcall(nlh, &upcall) == 1);
	CHECK(upcall.request == 7 && upcall.act == PGNL_AGENT_SIGNALS && upcall.signal == 15);
	CHECK(!strcmp(upcall.group, "g") && upcall.from_pid == 5 && upcall.from_uid == 6);
	CHECK(upcall.uid == PGNL_ANY_UID && !upcall.queued && !upcall.data);
	for (int i = 0; i < 2; i++) {
		nest = mnl_attr_nest_start(nlh, PGNL_A_TARGET);
		mnl_attr_put_strz(nlh, PGNL_A_TARGET_NODE, i ? "here" : "there");
		mnl_attr_put_u32(nlh, PGNL_A_TARGET_MEMBERS, 3);
		mnl_attr_put(nlh, PGNL_A_TARGET_IDS, sizeof(ids), ids);
		mnl_attr_nest_end(nlh, nest);
	}
	CHECK(lp_decode_targets(nlh, sum_targets, &sum) == -EINVAL && sum == 606);
	genl->cmd = PGNL_CMD_RESULT;
	CHECK(!lp_decode_upcall(nlh, &upcall));
}

static void a_verdict_is_told_only_if_there_is_one(void)
{
	struct lp_text text;
	struct message message;
	struct nlmsghdr *nlh = message_start(&message);

	CHECK(lp_decode_verdict(nlh, &text) == 0 && !text.data);
	mnl_attr_put_strz(nlh, PGNL_A_VERDICT, "bad");
	CHECK(lp_decode_verdict(nlh, &text) == 0 && is(text, "bad"));
}

static void put_everything(struct nlmsghdr *nlh)
{
	uint64_t ids[2] = { 1, 2 };
	struct nlattr *nest;

	mnl_attr_put_strz(nlh, PGNL_A_SCOPE, "pg");
	mnl_attr_put_strz(nlh, PGNL_A_GROUP, "web");
	mnl_attr_put_u64(nlh, PGNL_A_MEMBERS, 3);
	mnl_attr_put(nlh, PGNL_A_IDS, sizeof(ids), ids);
	mnl_attr_put(nlh, PGNL_A_COUNTS, sizeof(ids[0]), ids);
	nest = mnl_attr_nest_start(nlh, PGNL_A_STATS);
	mnl_attr_put_u64(nlh, PGNL_A_STAT_JOINS, 1);
	mnl_attr_nest_end(nlh, nest);
	put_member(nlh, 1, 2, "meta", 0);
	put_member(nlh, 3, 4, NULL, 8);
	mnl_attr_put_strz(nlh, PGNL_A_VERDICT, "bad");
}

/* ASan watches that nothing beyond the message is read. */
static void broken_messages_are_survived(void)
{
	struct message message;
	struct nlmsghdr *whole = message_start(&message), *copy;
	size_t len;

	put_everything(whole);
	len = whole->nlmsg_len;
	/* Each copy ends where its memory ends, so a step too far is seen. */
	for (size_t cut = sizeof(*whole); cut <= len; cut++) {
		copy = malloc(cut);
		memcpy(copy, whole, cut);
		copy->nlmsg_len = (uint32_t)cut;
		decode_anything(copy);
		free(copy);
	}
	for (size_t i = sizeof(*whole); i < len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			copy = malloc(len);
			memcpy(copy, whole, len);
			((unsigned char *)copy)[i] ^= (unsigned char)(1 << bit);
			decode_anything(copy);
			free(copy);
		}
	}
}

/* --- lists ------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
	const struct pgnl_member *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

static const struct lp_type type = {
	.size = sizeof(struct pgnl_member),
	.refs = { offsetof(struct pgnl_member, group),
		  offsetof(struct pgnl_member, meta) },
	.n_refs = 2,
	.compare = compare,
};

static void add(struct lp_list *list, uint64_t id, const char *group,
		const char *meta)
{
	const struct pgnl_member *last = lp_list_last(list);
	struct pgnl_member row = { .id = id };

	row.group = last ? last->group : NULL;
	CHECK(!lp_list_keep_text(list, (struct lp_text) { group, strlen(group) },
				 &row.group));
	if (meta) {
		row.meta_len = strlen(meta);
		CHECK(!lp_list_keep(list, meta, row.meta_len, &row.meta));
	}
	CHECK(!lp_list_add(list, &row));
}

static void a_list_keeps_what_it_points_to(void)
{
	struct lp_list list = { .type = &type };
	struct pgnl_members *result;
	struct pgnl handle = { .seq = 0 };
	char name[32], meta[32];

	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "group-%u", i / 100);
		snprintf(meta, sizeof(meta), "meta-%u", i);
		add(&list, i, name, i % 3 ? meta : NULL);
	}
	/* Each name once, not once for each element. */
	CHECK(list.heap_used < 5000 * 9);
	CHECK(!lp_list_finish(&handle, &list, 0, (void **)&result));
	CHECK(result->n == 5000);
	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "group-%u", i / 100);
		snprintf(meta, sizeof(meta), "meta-%u", i);
		CHECK(!strcmp(result->member[i].group, name));
		CHECK(!result->member[i].meta == !(i % 3));
		if (i % 3)
			CHECK(!memcmp(result->member[i].meta, meta,
				      result->member[i].meta_len));
	}
	pgnl_free(result);
}

static void an_empty_list_is_a_list(void)
{
	struct lp_list list = { .type = &type };
	struct pgnl_members *result;
	struct pgnl handle = { .seq = 0 };

	CHECK(!lp_list_finish(&handle, &list, 0, (void **)&result));
	CHECK(result && result->n == 0);
	pgnl_free(result);
	pgnl_free(NULL);
}

static void a_failed_list_is_no_list(void)
{
	struct lp_list list = { .type = &type };
	struct pgnl_members *result = (void *)&list;
	struct pgnl handle = { .seq = 0 };

	add(&list, 1, "g", "m");
	CHECK(lp_list_finish(&handle, &list, -EACCES, (void **)&result) ==
	      -EACCES);
	CHECK(!result);
}

static void an_interrupted_list_has_everything_once(void)
{
	struct lp_list list = { .type = &type };
	struct pgnl_members *result;
	struct pgnl handle = { .seq = 0 };
	static const uint64_t ids[] = { 3, 1, 3, 2, 1, 3 };

	for (size_t i = 0; i < MNL_ARRAY_SIZE(ids); i++)
		add(&list, ids[i], "g", NULL);
	list.interrupted = true;
	CHECK(!lp_list_finish(&handle, &list, 0, (void **)&result));
	CHECK(result->n == 3);
	for (size_t i = 0; i < result->n; i++) {
		CHECK(result->member[i].id == i + 1);
		CHECK(!strcmp(result->member[i].group, "g"));
	}
	pgnl_free(result);
}

/* --- errors ----------------------------------------------------------------- */

static struct nlmsghdr *request(struct message *message)
{
	struct nlmsghdr *nlh = message_start(message);
	struct nlattr *nest;

	mnl_attr_put_strz(nlh, PGNL_A_GROUP, "web");
	for (uint32_t pid = 1; pid <= 4; pid++)
		mnl_attr_put_u32(nlh, PGNL_A_PID, pid);
	nest = mnl_attr_nest_start(nlh, PGNL_A_LIMITS);
	mnl_attr_put_u64(nlh, PGNL_A_LIMIT_USER_GROUPS, 1);
	mnl_attr_put_u64(nlh, PGNL_A_LIMIT_NET_GROUPS, 1);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

/* Offset of the nth attribute of a type, also within a nest. */
static uint32_t offset_of(const struct nlmsghdr *nlh, uint16_t wanted, int nth,
			  uint16_t inner)
{
	const struct nlattr *attr, *nested;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != wanted || nth--)
			continue;
		if (!inner)
			return (uint32_t)((const char *)attr - (const char *)nlh);
		mnl_attr_for_each_nested(nested, attr)
			if (mnl_attr_get_type(nested) == inner)
				return (uint32_t)((const char *)nested -
						  (const char *)nlh);
	}
	return 0;
}

static void an_offset_is_an_attribute_and_its_place_in_the_list(void)
{
	struct pgnl_error error = { .code = 0 };
	struct message message;
	struct nlmsghdr *req = request(&message);

	lp_blame(req, offset_of(req, PGNL_A_PID, 2, 0), &error);
	CHECK(!strcmp(error.attr, "pid") && error.index == 2);
	lp_blame(req, offset_of(req, PGNL_A_GROUP, 0, 0), &error);
	CHECK(!strcmp(error.attr, "group") && error.index == 0);
	lp_blame(req, offset_of(req, PGNL_A_LIMITS, 0, PGNL_A_LIMIT_NET_GROUPS),
		 &error);
	CHECK(!strcmp(error.attr, "net-groups") && error.index == 0);

	error = (struct pgnl_error) { .code = 0 };
	lp_blame(req, 3, &error);
	lp_blame(req, 1u << 30, &error);
	CHECK(!strcmp(error.attr, ""));
}

/* What the kernel answers to a request, with its words. */
static struct nlmsghdr *refusal(struct message *message,
				const struct nlmsghdr *req, bool capped,
				int code)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message->bytes);
	struct nlmsgerr *err;

	err = mnl_nlmsg_put_extra_header(nlh, capped ? sizeof(*err) :
		sizeof(*err) + mnl_nlmsg_get_payload_len(req));
	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_ACK_TLVS | (capped ? NLM_F_CAPPED : 0);
	err->error = -code;
	memcpy(&err->msg, req, capped ? sizeof(*req) : req->nlmsg_len);
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "no such process");
	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS,
			 offset_of(req, PGNL_A_PID, 1, 0));
	return nlh;
}

static void the_kernels_words_are_kept(void)
{
	struct message asked, answered;
	struct pgnl handle = { .seq = 0 };
	struct nlmsghdr *req = request(&asked);

	for (int capped = 0; capped < 2; capped++) {
		handle.error = (struct pgnl_error) { .code = 0 };
		CHECK(lp_fail_kernel(&handle, req, refusal(&answered, req,
				     capped, ESRCH)) == -ESRCH);
		CHECK(pgnl_last_error(&handle)->code == ESRCH);
		CHECK(!strcmp(handle.error.text, "no such process"));
		CHECK(!strcmp(handle.error.attr, "pid"));
		CHECK(handle.error.index == 1);
	}
}

static void a_missing_attribute_is_named(void)
{
	struct message asked, answered;
	struct pgnl handle = { .seq = 0 };
	struct nlmsghdr *req = request(&asked);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(answered.bytes);
	struct nlmsgerr *err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_ACK_TLVS | NLM_F_CAPPED;
	err->error = -EINVAL;
	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_MISS_TYPE, PGNL_A_GROUP);
	CHECK(lp_fail_kernel(&handle, req, nlh) == -EINVAL);
	CHECK(!strcmp(handle.error.attr, "group") && !handle.error.text[0]);
}

static void an_ack_is_no_error_and_keeps_the_last_one(void)
{
	struct message asked, answered;
	struct pgnl handle = { .error = { .code = EPERM, .text = "old" } };
	struct nlmsghdr *req = request(&asked);

	CHECK(!lp_fail_kernel(&handle, req, refusal(&answered, req, true, 0)));
	CHECK(handle.error.code == EPERM && !strcmp(handle.error.text, "old"));
}

static void a_range_error_is_invalid_in_our_terms(void)
{
	struct message asked, answered;
	struct pgnl handle = { .seq = 0 };
	struct nlmsghdr *req = request(&asked);

	CHECK(lp_fail_kernel(&handle, req, refusal(&answered, req, true,
			     ERANGE)) == -EINVAL);
}

static void an_impossible_errno_is_refused(void)
{
	struct message asked, answered;
	struct pgnl handle = { .seq = 0 };
	struct nlmsghdr *req = request(&asked), *nlh;

	nlh = refusal(&answered, req, true, 0);
	((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error = INT32_MIN;
	CHECK(lp_fail_kernel(&handle, req, nlh) == -EPROTO);
	((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error = 1;
	CHECK(lp_fail_kernel(&handle, req, nlh) == -EPROTO);
}

static void broken_errors_are_survived(void)
{
	struct message asked, answered;
	struct pgnl handle = { .seq = 0 };
	struct nlmsghdr *req = request(&asked), *copy;
	struct nlmsghdr *whole = refusal(&answered, req, false, EPERM);

	for (size_t cut = sizeof(*whole); cut <= whole->nlmsg_len; cut++) {
		copy = malloc(cut);
		memcpy(copy, whole, cut);
		copy->nlmsg_len = (uint32_t)cut;
		CHECK(lp_fail_kernel(&handle, req, copy) < 0);
		copy->nlmsg_type = NLMSG_DONE;
		lp_fail_kernel(&handle, req, copy);
		free(copy);
	}
}

static void names_end_where_the_numbers_end(void)
{
	CHECK(!strcmp(pgnl_limit_name(PGNL_LIMIT_USER_GROUPS), "user-groups"));
	CHECK(!pgnl_limit_name(PGNL_N_LIMITS));
	CHECK(!strcmp(pgnl_stat_name(PGNL_STAT_LATE_JOINS), "late-joins"));
	CHECK(!pgnl_stat_name(PGNL_N_STATS));
	CHECK(!lp_attr_name(0) && !lp_attr_name(PGNL_A_MAX + 1));
	CHECK(!strcmp(lp_attr_name(PGNL_A_PAD), "pad"));
}

/* --- views ------------------------------------------------------------------ */

static char *image_base;

/*
 * A reader, which has found where the group is, comes to the slots. Just then the
 * scope is deleted, and the process's word is given back with its rows: that is all
 * the kernel writes, for it does not change slots that are of no view any more.
 */
static void delete_scope(int sig)
{
	struct pgnl_view_header *head = (void *)image_base;
	uint32_t *words = (void *)(image_base + WORDS_AT);

	(void)sig;
	head->flags = PGNL_VIEW_DEAD;
	head->buckets = 0;
	words[1] = 0;
	words[0] = 0;
	mprotect(image_base + SLOTS_AT, NODES_AT - SLOTS_AT, PROT_READ | PROT_WRITE);
}

/* An image in which the process of the first rows has ended, and is about to be dead. */
static struct lp_image doomed(void)
{
	struct lp_image image;
	uint32_t *words;

	image_base = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (image_base == MAP_FAILED)
		abort();
	build(image_base);
	words = (void *)(image_base + WORDS_AT);
	words[0] = 1;
	words[1] = 1;
	if (!lp_image_init(&image, image_base, SIZE) ||
	    mprotect(image_base + SLOTS_AT, NODES_AT - SLOTS_AT, PROT_NONE))
		abort();
	return image;
}

static void a_scope_that_goes_meanwhile_does_not_bring_the_dead_back(void)
{
	static const char *const names[] = { "g", "many", long_name };
	struct sigaction action = { .sa_handler = delete_scope }, before;
	struct lp_pick pick = { .uid = PGNL_ANY_UID };
	struct pgnl_view_member member = { .id = 1 };
	struct lp_image image;
	pid_t pids[MANY];
	char meta[8];

	sigaction(SIGSEGV, &action, &before);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
#define CHECK_ASKS(call) do {			\
	image = doomed();			\
	CHECK((call) == -EAGAIN);		\
	munmap(image_base, SIZE);		\
} while (0)
		CHECK_ASKS(lp_image_lookup(&image, names[i], NULL));
		CHECK_ASKS(lp_image_pids(&image, names[i], pids, MANY));
		CHECK_ASKS(lp_image_members(&image, names[i], NULL, 0));
		CHECK_ASKS(lp_image_meta(&image, names[i], &member, meta, sizeof(meta)));
		CHECK_ASKS(lp_image_pick(&image, names[i], &pick, 0, 0, &member));
#undef CHECK_ASKS
	}
	sigaction(SIGSEGV, &before, NULL);
}

int main(void)
{
	RUN(members_of_several_are_read);
	RUN(missing_and_more_are_told);
	RUN(a_longer_row_is_read_as_far_as_known);
	RUN(a_shorter_row_is_refused);
	RUN(a_member_without_a_row_is_refused);
	RUN(the_failure_of_the_receiver_ends_the_members);
	RUN(the_new_holder_of_a_name_comes_before_the_old);
	RUN(a_short_or_missing_registration_is_refused);
	RUN(unknown_attributes_are_passed_over);
	RUN(long_texts_are_cut);
	RUN(a_text_may_lack_its_nul);
	RUN(an_empty_text_is_refused);
	RUN(a_number_too_short_is_refused);
	RUN(a_message_without_generic_header_is_refused);
	RUN(a_group_without_owner_says_keep);
	RUN(joins_come_as_asked);
	RUN(leaves_come_as_asked);
	RUN(events_are_decoded);
	RUN(nodes_are_decoded);
	RUN(a_member_of_another_node_is_decoded);
	RUN(events_without_a_reason_or_cut_short_are_refused);
	RUN(where_a_subscription_begins_is_decoded);
	RUN(numbers_of_an_older_or_newer_module_are_read);
	RUN(a_message_is_read_whole);
	RUN(a_message_that_lacks_something_is_refused);
	RUN(what_is_no_message_is_passed_over_but_for_the_end);
	RUN(what_became_of_a_message_is_read);
	RUN(a_result_is_that_of_its_request);
	RUN(an_upcall_is_read_with_its_targets);
	RUN(a_verdict_is_told_only_if_there_is_one);
	RUN(broken_messages_are_survived);
	RUN(a_list_keeps_what_it_points_to);
	RUN(an_empty_list_is_a_list);
	RUN(a_failed_list_is_no_list);
	RUN(an_interrupted_list_has_everything_once);
	RUN(an_offset_is_an_attribute_and_its_place_in_the_list);
	RUN(the_kernels_words_are_kept);
	RUN(a_missing_attribute_is_named);
	RUN(an_ack_is_no_error_and_keeps_the_last_one);
	RUN(a_range_error_is_invalid_in_our_terms);
	RUN(an_impossible_errno_is_refused);
	RUN(broken_errors_are_survived);
	RUN(names_end_where_the_numbers_end);
	RUN(a_scope_that_goes_meanwhile_does_not_bring_the_dead_back);
	return check_result();
}
