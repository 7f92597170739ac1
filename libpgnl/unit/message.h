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

static inline int touch(const struct lp_member *member, void *arg)
{
	touch_bytes(member->node.data, member->node.len, arg);
	touch_bytes(member->scope.data, member->scope.len, arg);
	touch_bytes(member->group.data, member->group.len, arg);
	touch_bytes(member->row.meta, member->row.meta_len, arg);
	return 0;
}

/* Take one message for every kind of reply in turn. */
static inline void decode_anything(const struct nlmsghdr *nlh)
{
	uint64_t numbers[PGNL_N_STATS];
	struct pgnl_joined joined[2];
	struct lp_member_reply reply;
	struct pgnl_scope scope;
	struct pgnl_group group;
	struct pgnl_info info;
	uint32_t left[2], number;
	volatile size_t used = 0;
	struct lp_text text;
	size_t sum = 0;
	uint16_t id;

	lp_decode_family(nlh, &id, &number);
	lp_decode_info(nlh, &info);
	if (!lp_decode_scope(nlh, &scope, &text))
		touch_bytes(text.data, text.len, &sum);
	if (lp_decode_group(nlh, &group, &text) == 1)
		touch_bytes(text.data, text.len, &sum);
	lp_decode_members(nlh, touch, &sum, &reply);
	lp_decode_joined(nlh, joined, 2);
	lp_decode_left(nlh, left, 2, &number);
	lp_decode_numbers(nlh, PGNL_A_STATS, numbers, PGNL_N_STATS);
	if (!lp_decode_verdict(nlh, &text))
		touch_bytes(text.data, text.len, &sum);
	used = sum;
	(void)used;
}

#endif /* UNIT_MESSAGE_H */
