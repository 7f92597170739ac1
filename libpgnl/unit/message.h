/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages as the kernel would send them, for tests of the decoder. */
#ifndef UNIT_MESSAGE_H
#define UNIT_MESSAGE_H

#include <string.h>

#include "internal.h"

#define MESSAGE_SIZE 8192

struct message {
	union {
		struct nlmsghdr nlh;
		char bytes[MESSAGE_SIZE];
	};
};

static inline struct nlmsghdr *message_start(struct message *message)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message->bytes);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	return nlh;
}

/* A member whose row is extra bytes longer than the one we know. */
static inline void put_member(struct nlmsghdr *nlh, uint64_t id, uint32_t pid,
			      const char *meta, int extra)
{
	char bytes[sizeof(struct pgnl_row) + 64] = { 0 };
	struct pgnl_row row = {
		.id = id, .pid = pid, .count = 3, .uid = 1000, .weight = 7,
	};
	struct nlattr *nest = mnl_attr_nest_start(nlh, PGNL_A_MEMBER);

	memcpy(bytes, &row, sizeof(row));
	mnl_attr_put(nlh, PGNL_A_MEMBER_ROW,
		     (size_t)((int)sizeof(row) + extra), bytes);
	if (meta)
		mnl_attr_put(nlh, PGNL_A_MEMBER_META, strlen(meta), meta);
	mnl_attr_nest_end(nlh, nest);
}

/* Read all that a member points to. */
static inline void touch_bytes(const void *data, size_t len, size_t *sum)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		*sum += bytes[i];
}

/* The same as the holder of a name, with a registration of that length. */
static inline void put_name(struct nlmsghdr *nlh, uint16_t type, uint64_t fence,
			    size_t len)
{
	struct pgnl_registration told = {
		.fence = fence, .stamp = 5, .resolve = PGNL_RESOLVE_NOTIFY_ALL,
	};
	struct pgnl_row row = { .id = fence, .pid = 9, .count = 1 };
	char bytes[sizeof(told) + 64] = { 0 };
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	memcpy(bytes, &told, sizeof(told));
	mnl_attr_put(nlh, PGNL_A_MEMBER_ROW, sizeof(row), &row);
	mnl_attr_put(nlh, PGNL_A_MEMBER_REGISTRATION, len, bytes);
	mnl_attr_nest_end(nlh, nest);
}

static inline int touch(const struct lp_member *member, void *arg)
{
	touch_bytes(member->node.data, member->node.len, arg);
	touch_bytes(member->scope.data, member->scope.len, arg);
	touch_bytes(member->group.data, member->group.len, arg);
	touch_bytes(member->row.meta, member->row.meta_len, arg);
	return 0;
}

static inline int touch_name(const struct lp_name *name, void *arg)
{
	return touch(&name->member, arg);
}

/* Take one message for every kind of reply in turn. */
static inline void decode_anything(const struct nlmsghdr *nlh)
{
	struct pgnl_signalled signalled;
	uint64_t numbers[PGNL_N_STATS];
	struct pgnl_message message;
	struct pgnl_sent sent;
	pid_t pid;
	int fd;
	struct pgnl_joined joined[2];
	struct lp_member_reply reply;
	struct pgnl_scope scope;
	struct pgnl_group group;
	struct pgnl_info info;
	struct pgnl_node node;
	uint32_t left[2], number;
	volatile size_t used = 0;
	struct lp_text text;
	struct lp_event event;
	struct lp_since since;
	size_t sum = 0;
	bool missing;
	uint16_t id;

	lp_decode_family(nlh, &id, &number);
	lp_decode_info(nlh, &info);
	if (!lp_decode_scope(nlh, &scope, &text))
		touch_bytes(text.data, text.len, &sum);
	if (lp_decode_group(nlh, &group, &text) == 1)
		touch_bytes(text.data, text.len, &sum);
	lp_decode_members(nlh, touch, &sum, &reply);
	lp_decode_names(nlh, touch_name, &sum, &missing);
	lp_decode_joined(nlh, joined, 2);
	lp_decode_left(nlh, left, 2, &number);
	lp_decode_numbers(nlh, PGNL_A_STATS, PGNL_A_STAT_PAD, numbers, PGNL_N_STATS);
	lp_decode_signalled(nlh, &signalled);
	lp_decode_sent(nlh, &sent);
	lp_decode_opened(nlh, numbers);
	lp_decode_process(nlh, &pid, numbers);
	lp_decode_fd(nlh, &fd);
	if (lp_decode_message(nlh, &message) == 1) {
		touch_bytes(message.data, message.len, &sum);
		touch_bytes(message.group, strlen(message.group), &sum);
		if (message.node)
			touch_bytes(message.node, strlen(message.node), &sum);
	}
	lp_decode_since(nlh, &since);
	lp_decode_seq(nlh);
	if (!lp_decode_event(nlh, &event)) {
		touch_bytes(event.scope.data, event.scope.len, &sum);
		touch_bytes(event.group.data, event.group.len, &sum);
		touch_bytes(event.node.data, event.node.len, &sum);
	}
	if (!lp_decode_node(nlh, &node, &text))
		touch_bytes(text.data, text.len, &sum);
	if (!lp_decode_verdict(nlh, &text))
		touch_bytes(text.data, text.len, &sum);
	used = sum;
	(void)used;
}

#endif /* UNIT_MESSAGE_H */
