// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Messages of the kernel to structures. Pure: no handle, no allocation, no
 * system call, so it is tested and fuzzed alone. What a newer module may add
 * (attributes, a longer row) is passed over; what is missing or too short is
 * -EPROTO.
 */

#include <stdio.h>
#include <string.h>

#include "internal.h"

struct table {
	const struct nlattr **attrs;	/* the last of each type */
	const uint8_t *types;		/* enum mnl_attr_data_type; 0: anything */
	uint16_t max;
};

static int collect(const struct nlattr *attr, void *data)
{
	uint16_t type = mnl_attr_get_type(attr);
	struct table *table = data;

	if (type > table->max)
		return MNL_CB_OK;
	if (table->types[type] &&
	    mnl_attr_validate(attr, table->types[type]) < 0)
		return MNL_CB_ERROR;
	table->attrs[type] = attr;
	return MNL_CB_OK;
}

/*
 * The attributes of a generic netlink message. Its length is taken as it is:
 * libmnl's loops over messages round it up.
 */
static const void *payload(const struct nlmsghdr *nlh, size_t *len)
{
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct genlmsghdr))
		return NULL;
	*len = mnl_nlmsg_get_payload_len(nlh) - sizeof(struct genlmsghdr);
	return mnl_nlmsg_get_payload_offset(nlh, sizeof(struct genlmsghdr));
}

static int parse(const struct nlmsghdr *nlh, struct table *table)
{
	size_t len;
	const void *attrs = payload(nlh, &len);

	if (!attrs || mnl_attr_parse_payload(attrs, len, collect, table) < 0)
		return -EPROTO;
	return 0;
}

static const uint8_t types[PGNL_A_MAX + 1] = {
	[PGNL_A_SCOPE] = MNL_TYPE_STRING,
	[PGNL_A_GROUP] = MNL_TYPE_STRING,
	[PGNL_A_MODE] = MNL_TYPE_U32,
	[PGNL_A_FLAGS] = MNL_TYPE_U32,
	[PGNL_A_OWNER] = MNL_TYPE_U32,
	[PGNL_A_OWNER_GID] = MNL_TYPE_U32,
	[PGNL_A_PERM] = MNL_TYPE_U32,
	[PGNL_A_GROUPS] = MNL_TYPE_U64,
	[PGNL_A_MEMBERS] = MNL_TYPE_U64,
	[PGNL_A_LOCAL] = MNL_TYPE_U64,
	[PGNL_A_REMOTE] = MNL_TYPE_U64,
	[PGNL_A_REMOVED] = MNL_TYPE_U32,
	[PGNL_A_MEMBER] = MNL_TYPE_NESTED,
	[PGNL_A_ABI] = MNL_TYPE_U32,
	[PGNL_A_RELEASE] = MNL_TYPE_STRING,
	[PGNL_A_NODE] = MNL_TYPE_STRING,
	[PGNL_A_TIMES] = MNL_TYPE_U32,
	[PGNL_A_EPOCH] = MNL_TYPE_U64,
	[PGNL_A_LIMITS] = MNL_TYPE_NESTED,
	[PGNL_A_USAGE] = MNL_TYPE_NESTED,
	[PGNL_A_STATS] = MNL_TYPE_NESTED,
	[PGNL_A_VERDICT] = MNL_TYPE_STRING,
	[PGNL_A_REACHED] = MNL_TYPE_U32,
	[PGNL_A_REFUSED] = MNL_TYPE_U32,
	[PGNL_A_GONE] = MNL_TYPE_U32,
	[PGNL_A_PID] = MNL_TYPE_U32,
	[PGNL_A_ID] = MNL_TYPE_U64,
	[PGNL_A_SENDER] = MNL_TYPE_NESTED,
	[PGNL_A_FULL] = MNL_TYPE_U32,
	[PGNL_A_NO_INBOX] = MNL_TYPE_U32,
	[PGNL_A_HOLDER] = MNL_TYPE_NESTED,
	[PGNL_A_FD] = MNL_TYPE_U32,
	[PGNL_A_SUBSCRIPTION] = MNL_TYPE_U32,
	[PGNL_A_SEQ] = MNL_TYPE_U64,
	[PGNL_A_EVENT] = MNL_TYPE_NESTED,
	[PGNL_A_PEER] = MNL_TYPE_NESTED,
	[PGNL_A_REQUEST] = MNL_TYPE_U64,
	[PGNL_A_ACT] = MNL_TYPE_U32,
	[PGNL_A_TARGET] = MNL_TYPE_NESTED,
	[PGNL_A_UNREACHABLE] = MNL_TYPE_U32,
	[PGNL_A_ERROR] = MNL_TYPE_U32,
	[PGNL_A_WORDS] = MNL_TYPE_STRING,
	[PGNL_A_TIMEOUT] = MNL_TYPE_U32,
	[PGNL_A_SIGNAL] = MNL_TYPE_U32,
	[PGNL_A_VALUE] = MNL_TYPE_U64,
};

static int parse_pgnl(const struct nlmsghdr *nlh, const struct nlattr **attrs)
{
	struct table table = { attrs, types, PGNL_A_MAX };

	memset(attrs, 0, (PGNL_A_MAX + 1) * sizeof(*attrs));
	return parse(nlh, &table);
}

static uint32_t u32_or(const struct nlattr *attr, uint32_t otherwise)
{
	return attr ? mnl_attr_get_u32(attr) : otherwise;
}

static uint64_t u64_or_0(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_u64(attr) : 0;
}

static struct lp_text text_of(const struct nlattr *attr)
{
	struct lp_text text = { NULL, 0 };

	if (attr) {
		text.data = mnl_attr_get_payload(attr);
		text.len = strnlen(text.data, mnl_attr_get_payload_len(attr));
	}
	return text;
}

static void copy_text(char *to, size_t size, const struct nlattr *attr)
{
	struct lp_text text = text_of(attr);

	snprintf(to, size, "%.*s", (int)text.len, text.data ? text.data : "");
}

int lp_decode_family(const struct nlmsghdr *nlh, uint16_t *id, uint32_t *version)
{
	static const uint8_t ctrl_types[CTRL_ATTR_VERSION + 1] = {
		[CTRL_ATTR_FAMILY_ID] = MNL_TYPE_U16,
		[CTRL_ATTR_VERSION] = MNL_TYPE_U32,
	};
	const struct nlattr *attrs[CTRL_ATTR_VERSION + 1] = { NULL };
	struct table table = { attrs, ctrl_types, CTRL_ATTR_VERSION };

	if (parse(nlh, &table) || !attrs[CTRL_ATTR_FAMILY_ID])
		return -EPROTO;
	*id = mnl_attr_get_u16(attrs[CTRL_ATTR_FAMILY_ID]);
	*version = u32_or(attrs[CTRL_ATTR_VERSION], 0);
	return 0;
}

static int decode_peer(const struct nlattr *nest, struct pgnl_node *node,
		       struct lp_text *name)
{
	static const uint8_t node_types[PGNL_A_NODE_MAX + 1] = {
		[PGNL_A_NODE_NAME] = MNL_TYPE_STRING,
		[PGNL_A_NODE_INCARNATION] = MNL_TYPE_U64,
		[PGNL_A_NODE_STATE] = MNL_TYPE_U32,
		[PGNL_A_NODE_FLAGS] = MNL_TYPE_U32,
		[PGNL_A_NODE_AGE] = MNL_TYPE_U64,
		[PGNL_A_NODE_ROWS] = MNL_TYPE_U64,
		[PGNL_A_NODE_DROPPED] = MNL_TYPE_U64,
	};
	const struct nlattr *attrs[PGNL_A_NODE_MAX + 1] = { NULL };
	struct table table = { attrs, node_types, PGNL_A_NODE_MAX };

	if (mnl_attr_parse_nested(nest, collect, &table) < 0)
		return -EPROTO;
	*name = text_of(attrs[PGNL_A_NODE_NAME]);
	*node = (struct pgnl_node) {
		.incarnation = u64_or_0(attrs[PGNL_A_NODE_INCARNATION]),
		.flags = u32_or(attrs[PGNL_A_NODE_FLAGS], 0),
		.state = (uint8_t)u32_or(attrs[PGNL_A_NODE_STATE], PGNL_UP),
		.age = u64_or_0(attrs[PGNL_A_NODE_AGE]),
		.rows = u64_or_0(attrs[PGNL_A_NODE_ROWS]),
		.dropped = u64_or_0(attrs[PGNL_A_NODE_DROPPED]),
	};
	return 0;
}

int lp_decode_info(const struct nlmsghdr *nlh, struct pgnl_info *info)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];
	struct pgnl_node node;
	struct lp_text name;

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	info->abi = u32_or(attrs[PGNL_A_ABI], 0);
	copy_text(info->release, sizeof(info->release), attrs[PGNL_A_RELEASE]);
	copy_text(info->node, sizeof(info->node), attrs[PGNL_A_NODE]);
	info->epoch = u64_or_0(attrs[PGNL_A_EPOCH]);
	info->incarnation = 0;
	if (attrs[PGNL_A_PEER]) {
		if (decode_peer(attrs[PGNL_A_PEER], &node, &name))
			return -EPROTO;
		info->incarnation = node.incarnation;
	}
	return 0;
}

int lp_decode_node(const struct nlmsghdr *nlh, struct pgnl_node *node,
		   struct lp_text *name)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs) || !attrs[PGNL_A_PEER])
		return -EPROTO;
	return decode_peer(attrs[PGNL_A_PEER], node, name);
}

int lp_decode_scope(const struct nlmsghdr *nlh, struct pgnl_scope *scope,
		    struct lp_text *name)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs) || !attrs[PGNL_A_SCOPE])
		return -EPROTO;
	*name = text_of(attrs[PGNL_A_SCOPE]);
	*scope = (struct pgnl_scope) {
		.mode = (enum pgnl_mode)u32_or(attrs[PGNL_A_MODE], 0),
		.flags = u32_or(attrs[PGNL_A_FLAGS], 0),
		.owner = u32_or(attrs[PGNL_A_OWNER], PGNL_KEEP),
		.group = u32_or(attrs[PGNL_A_OWNER_GID], PGNL_KEEP),
		.perm = u32_or(attrs[PGNL_A_PERM], PGNL_KEEP),
		.groups = u64_or_0(attrs[PGNL_A_GROUPS]),
		.members = u64_or_0(attrs[PGNL_A_MEMBERS]),
	};
	return 0;
}

int lp_decode_group(const struct nlmsghdr *nlh, struct pgnl_group *group,
		    struct lp_text *name)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	if (attrs[PGNL_A_NO_GROUP])
		return 0;
	if (!attrs[PGNL_A_GROUP])
		return -EPROTO;
	*name = text_of(attrs[PGNL_A_GROUP]);
	*group = (struct pgnl_group) {
		.local = u64_or_0(attrs[PGNL_A_LOCAL]),
		.remote = u64_or_0(attrs[PGNL_A_REMOTE]),
		.owner = u32_or(attrs[PGNL_A_OWNER], PGNL_KEEP),
		.group = u32_or(attrs[PGNL_A_OWNER_GID], PGNL_KEEP),
		.perm = u32_or(attrs[PGNL_A_PERM], PGNL_KEEP),
	};
	return 1;
}

static int decode_row(const struct nlattr *attr, struct pgnl_member *member)
{
	struct pgnl_row row;

	if (mnl_attr_get_payload_len(attr) < sizeof(row))
		return -EPROTO;
	memcpy(&row, mnl_attr_get_payload(attr), sizeof(row));
	member->id = row.id;
	member->pid = (pid_t)row.pid;
	member->count = row.count;
	member->uid = row.uid;
	member->weight = row.weight;
	member->state = row.state;
	return 0;
}

/* By hand and not by a table, since lists are made of thousands of these. */
static int decode_member(const struct nlattr *nest, struct lp_member *member)
{
	const struct nlattr *attr;
	int ret = -EPROTO;

	memset(&member->row, 0, sizeof(member->row));
	member->node = text_of(NULL);
	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case PGNL_A_MEMBER_ROW:
			ret = decode_row(attr, &member->row);
			break;
		case PGNL_A_MEMBER_META:
			member->row.meta = mnl_attr_get_payload(attr);
			member->row.meta_len = mnl_attr_get_payload_len(attr);
			break;
		case PGNL_A_MEMBER_NODE:
			member->node = text_of(attr);
			break;
		case PGNL_A_MEMBER_AGE:
			if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
				return -EPROTO;
			member->row.age = mnl_attr_get_u32(attr);
			break;
		}
	}
	return ret;
}

int lp_decode_members(const struct nlmsghdr *nlh, lp_member_fn fn, void *arg,
		      struct lp_member_reply *reply)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];
	struct lp_member member;
	const struct nlattr *attr;
	const void *first;
	size_t len;
	int ret;

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	first = payload(nlh, &len);
	reply->missing = attrs[PGNL_A_NO_GROUP];
	reply->more = attrs[PGNL_A_MORE];
	member.scope = text_of(attrs[PGNL_A_SCOPE]);
	member.group = text_of(attrs[PGNL_A_GROUP]);
	mnl_attr_for_each_payload(first, len) {
		if (mnl_attr_get_type(attr) != PGNL_A_MEMBER)
			continue;
		ret = decode_member(attr, &member);
		if (ret)
			return ret;
		ret = fn(&member, arg);
		if (ret)
			return ret;
	}
	return 0;
}

static int decode_registration(const struct nlattr *nest,
			       struct pgnl_registration *told)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) != PGNL_A_MEMBER_REGISTRATION)
			continue;
		if (mnl_attr_get_payload_len(attr) < sizeof(*told))
			return -EPROTO;
		memcpy(told, mnl_attr_get_payload(attr), sizeof(*told));
		return 0;
	}
	return -EPROTO;
}

int lp_decode_missing(const struct nlmsghdr *nlh, bool *missing)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	*missing = attrs[PGNL_A_NO_GROUP];
	return 0;
}

int lp_decode_names(const struct nlmsghdr *nlh, lp_name_fn fn, void *arg,
		    bool *missing)
{
	static const uint16_t nests[] = { PGNL_A_MEMBER, PGNL_A_HOLDER };
	const struct nlattr *attrs[PGNL_A_MAX + 1];
	struct lp_name name;
	int ret;

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	*missing = attrs[PGNL_A_NO_GROUP];
	name.member.scope = text_of(NULL);
	name.member.group = text_of(attrs[PGNL_A_GROUP]);
	for (size_t i = 0; i < MNL_ARRAY_SIZE(nests); i++) {
		const struct nlattr *nest = attrs[nests[i]];

		if (!nest)
			continue;
		name.old = nests[i] == PGNL_A_HOLDER;
		ret = decode_member(nest, &name.member);
		if (!ret)
			ret = decode_registration(nest, &name.told);
		if (!ret)
			ret = fn(&name, arg);
		if (ret)
			return ret;
	}
	return 0;
}

/* The n elements of an array, which may be unaligned in the message. */
static const char *array(const struct nlattr *attr, size_t n, size_t size)
{
	if (!attr || mnl_attr_get_payload_len(attr) != n * size)
		return NULL;
	return mnl_attr_get_payload(attr);
}

int lp_decode_joined(const struct nlmsghdr *nlh, struct pgnl_joined *joined,
		     size_t n)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];
	const char *ids, *counts;

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	ids = array(attrs[PGNL_A_IDS], n, sizeof(joined->id));
	counts = array(attrs[PGNL_A_COUNTS], n, sizeof(joined->count));
	if (!ids || !counts)
		return -EPROTO;
	for (size_t i = 0; i < n; i++) {
		memcpy(&joined[i].id, ids + i * sizeof(joined->id),
		       sizeof(joined->id));
		memcpy(&joined[i].count, counts + i * sizeof(joined->count),
		       sizeof(joined->count));
	}
	return 0;
}

int lp_decode_left(const struct nlmsghdr *nlh, uint32_t *left, size_t n,
		   uint32_t *removed)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];
	const char *counts;

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	*removed = u32_or(attrs[PGNL_A_REMOVED], 0);
	if (!left)
		return 0;
	counts = array(attrs[PGNL_A_COUNTS], n, sizeof(*left));
	if (!counts)
		return -EPROTO;
	memcpy(left, counts, n * sizeof(*left));
	return 0;
}

uint16_t lp_number_attr(size_t i, uint16_t pad)
{
	return (uint16_t)(i + 1 < pad ? i + 1 : i + 2);
}

int lp_decode_numbers(const struct nlmsghdr *nlh, uint16_t nest, uint16_t pad,
		      uint64_t *numbers, size_t n)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];
	const struct nlattr *attr;

	if (parse_pgnl(nlh, attrs) || !attrs[nest])
		return -EPROTO;
	memset(numbers, 0, n * sizeof(*numbers));
	mnl_attr_for_each_nested(attr, attrs[nest]) {
		uint16_t type = mnl_attr_get_type(attr);
		size_t i = type < pad ? type - 1 : type - 2;

		if (!type || type == pad || i >= n)
			continue;
		if (mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
			return -EPROTO;
		numbers[i] = mnl_attr_get_u64(attr);
	}
	return 0;
}

int lp_decode_since(const struct nlmsghdr *nlh, struct lp_since *since)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs) || !attrs[PGNL_A_SEQ])
		return -EPROTO;
	since->sub = u32_or(attrs[PGNL_A_SUBSCRIPTION], 0);
	since->epoch = u64_or_0(attrs[PGNL_A_EPOCH]);
	since->seq = mnl_attr_get_u64(attrs[PGNL_A_SEQ]);
	return 0;
}

static int decode_what_happened(const struct nlattr *nest,
				struct lp_event *event)
{
	static const uint8_t event_types[PGNL_A_EVENT_MAX + 1] = {
		[PGNL_A_EVENT_PREV] = MNL_TYPE_U64,
		[PGNL_A_EVENT_REASON] = MNL_TYPE_U32,
		[PGNL_A_EVENT_STATUS] = MNL_TYPE_U32,
		[PGNL_A_EVENT_BY_PID] = MNL_TYPE_U32,
		[PGNL_A_EVENT_BY_UID] = MNL_TYPE_U32,
		[PGNL_A_EVENT_BY_NODE] = MNL_TYPE_NUL_STRING,
	};
	const struct nlattr *attrs[PGNL_A_EVENT_MAX + 1] = { NULL };
	struct table table = { attrs, event_types, PGNL_A_EVENT_MAX };

	if (mnl_attr_parse_nested(nest, collect, &table) < 0 ||
	    !attrs[PGNL_A_EVENT_REASON])
		return -EPROTO;
	event->prev = u64_or_0(attrs[PGNL_A_EVENT_PREV]);
	event->reason = mnl_attr_get_u32(attrs[PGNL_A_EVENT_REASON]);
	event->ended = attrs[PGNL_A_EVENT_STATUS];
	event->status = u32_or(attrs[PGNL_A_EVENT_STATUS], 0);
	event->asked = attrs[PGNL_A_EVENT_BY_UID];
	event->by_pid = u32_or(attrs[PGNL_A_EVENT_BY_PID], 0);
	event->by_uid = u32_or(attrs[PGNL_A_EVENT_BY_UID], 0);
	event->by_node = text_of(attrs[PGNL_A_EVENT_BY_NODE]);
	return 0;
}

int lp_decode_event(const struct nlmsghdr *nlh, struct lp_event *event)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];
	struct pgnl_node node;

	if (parse_pgnl(nlh, attrs) || !attrs[PGNL_A_SUBSCRIPTION] ||
	    !attrs[PGNL_A_SEQ] || !attrs[PGNL_A_EVENT])
		return -EPROTO;
	event->sub = mnl_attr_get_u32(attrs[PGNL_A_SUBSCRIPTION]);
	event->epoch = u64_or_0(attrs[PGNL_A_EPOCH]);
	event->seq = mnl_attr_get_u64(attrs[PGNL_A_SEQ]);
	event->scope = text_of(attrs[PGNL_A_SCOPE]);
	event->group = text_of(attrs[PGNL_A_GROUP]);
	event->node = text_of(NULL);
	event->incarnation = 0;
	if (attrs[PGNL_A_PEER]) {
		if (decode_peer(attrs[PGNL_A_PEER], &node, &event->node))
			return -EPROTO;
		event->incarnation = node.incarnation;
	}
	return decode_what_happened(attrs[PGNL_A_EVENT], event);
}

uint64_t lp_decode_seq(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	return parse_pgnl(nlh, attrs) ? 0 : u64_or_0(attrs[PGNL_A_SEQ]);
}

static void add_signalled(const struct nlattr **attrs,
			  struct pgnl_signalled *signalled)
{
	signalled->reached += u32_or(attrs[PGNL_A_REACHED], 0);
	signalled->refused += u32_or(attrs[PGNL_A_REFUSED], 0);
	signalled->gone += u32_or(attrs[PGNL_A_GONE], 0);
	signalled->unreachable += u32_or(attrs[PGNL_A_UNREACHABLE], 0);
}

int lp_decode_signalled(const struct nlmsghdr *nlh,
			struct pgnl_signalled *signalled)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs) || !attrs[PGNL_A_REACHED])
		return -EPROTO;
	*signalled = (struct pgnl_signalled){ 0 };
	add_signalled(attrs, signalled);
	signalled->not_forwarded = attrs[PGNL_A_WORDS] != NULL;
	return 0;
}

int lp_decode_signalled_on(const struct nlmsghdr *nlh,
			   struct pgnl_signalled *signalled)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	add_signalled(attrs, signalled);
	return 0;
}

static void add_sent(const struct nlattr **attrs, struct pgnl_sent *sent)
{
	sent->reached += u32_or(attrs[PGNL_A_REACHED], 0);
	sent->full += u32_or(attrs[PGNL_A_FULL], 0);
	sent->no_inbox += u32_or(attrs[PGNL_A_NO_INBOX], 0);
	sent->refused += u32_or(attrs[PGNL_A_REFUSED], 0);
	sent->gone += u32_or(attrs[PGNL_A_GONE], 0);
	sent->unreachable += u32_or(attrs[PGNL_A_UNREACHABLE], 0);
	if (!attrs[PGNL_A_ID])
		return;
	sent->id = mnl_attr_get_u64(attrs[PGNL_A_ID]);
	sent->pid = (pid_t)u32_or(attrs[PGNL_A_PID], 0);
	copy_text(sent->node, sizeof(sent->node), attrs[PGNL_A_NODE]);
}

int lp_decode_sent(const struct nlmsghdr *nlh, struct pgnl_sent *sent)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs) || !attrs[PGNL_A_REACHED])
		return -EPROTO;
	*sent = (struct pgnl_sent){ 0 };
	add_sent(attrs, sent);
	return 0;
}

int lp_decode_sent_on(const struct nlmsghdr *nlh, struct pgnl_sent *sent)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	add_sent(attrs, sent);
	return 0;
}

int lp_decode_pending(const struct nlmsghdr *nlh, struct lp_pending *pending)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	pending->request = u64_or_0(attrs[PGNL_A_REQUEST]);
	pending->timeout = u32_or(attrs[PGNL_A_TIMEOUT], 0);
	return 0;
}

bool lp_is_result(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	return mnl_nlmsg_get_payload_len(nlh) >= sizeof(*genl) &&
	       genl->cmd == PGNL_CMD_RESULT;
}

int lp_decode_result(const struct nlmsghdr *nlh, uint64_t request, int *code,
		     struct lp_text *words)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	if (parse_pgnl(nlh, attrs) || genl->cmd != PGNL_CMD_RESULT ||
	    u64_or_0(attrs[PGNL_A_REQUEST]) != request)
		return 0;
	*code = (int)u32_or(attrs[PGNL_A_ERROR], 0);
	*words = text_of(attrs[PGNL_A_WORDS]);
	return 1;
}

int lp_decode_process(const struct nlmsghdr *nlh, pid_t *pid, uint64_t *id)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs) || !attrs[PGNL_A_PID])
		return -EPROTO;
	*pid = (pid_t)mnl_attr_get_u32(attrs[PGNL_A_PID]);
	*id = u64_or_0(attrs[PGNL_A_ID]);
	return 0;
}

int lp_decode_opened(const struct nlmsghdr *nlh, uint64_t *id)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs) || !attrs[PGNL_A_ID])
		return -EPROTO;
	*id = mnl_attr_get_u64(attrs[PGNL_A_ID]);
	return 0;
}

static int decode_sender(const struct nlattr *nest, struct pgnl_message *message)
{
	static const uint8_t sender_types[PGNL_A_SENDER_MAX + 1] = {
		[PGNL_A_SENDER_PID] = MNL_TYPE_U32,
		[PGNL_A_SENDER_UID] = MNL_TYPE_U32,
		[PGNL_A_SENDER_ID] = MNL_TYPE_U64,
		[PGNL_A_SENDER_NODE] = MNL_TYPE_NUL_STRING,
	};
	const struct nlattr *attrs[PGNL_A_SENDER_MAX + 1] = { NULL };
	struct table table = { attrs, sender_types, PGNL_A_SENDER_MAX };

	if (mnl_attr_parse_nested(nest, collect, &table) < 0 ||
	    !attrs[PGNL_A_SENDER_PID] || !attrs[PGNL_A_SENDER_UID])
		return -EPROTO;
	message->pid = (pid_t)mnl_attr_get_u32(attrs[PGNL_A_SENDER_PID]);
	message->uid = mnl_attr_get_u32(attrs[PGNL_A_SENDER_UID]);
	message->id = u64_or_0(attrs[PGNL_A_SENDER_ID]);
	message->node = attrs[PGNL_A_SENDER_NODE] ?
			mnl_attr_get_str(attrs[PGNL_A_SENDER_NODE]) : NULL;
	return 0;
}

static bool is_string(const struct nlattr *attr)
{
	return attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0;
}

int lp_decode_upcall(const struct nlmsghdr *nlh, struct pgnl_upcall *upcall)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct pgnl_message from;

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	if (genl->cmd != PGNL_CMD_UPCALL)
		return 0;
	if (!attrs[PGNL_A_REQUEST] || !attrs[PGNL_A_ACT])
		return -EPROTO;
	if (mnl_attr_get_u32(attrs[PGNL_A_ACT]) == PGNL_ACT_CANCEL) {
		*upcall = (struct pgnl_upcall) {
			.request = mnl_attr_get_u64(attrs[PGNL_A_REQUEST]),
			.act = PGNL_ACT_CANCEL,
			.uid = PGNL_ANY_UID,
		};
		return 1;
	}
	if (!is_string(attrs[PGNL_A_SCOPE]) || !is_string(attrs[PGNL_A_GROUP]) ||
	    !attrs[PGNL_A_SENDER] || decode_sender(attrs[PGNL_A_SENDER], &from))
		return -EPROTO;
	*upcall = (struct pgnl_upcall) {
		.request = mnl_attr_get_u64(attrs[PGNL_A_REQUEST]),
		.act = mnl_attr_get_u32(attrs[PGNL_A_ACT]),
		.scope = mnl_attr_get_str(attrs[PGNL_A_SCOPE]),
		.group = mnl_attr_get_str(attrs[PGNL_A_GROUP]),
		.uid = u32_or(attrs[PGNL_A_UID], PGNL_ANY_UID),
		.from_pid = (uint32_t)from.pid,
		.from_uid = from.uid,
		.from_id = from.id,
		.signal = (int)u32_or(attrs[PGNL_A_SIGNAL], 0),
		.queued = attrs[PGNL_A_VALUE] != NULL,
		.value = attrs[PGNL_A_TIMES] ? mnl_attr_get_u32(attrs[PGNL_A_TIMES]) :
					       u64_or_0(attrs[PGNL_A_VALUE]),
		.replace = !!attrs[PGNL_A_REPLACE],
	};
	if (attrs[PGNL_A_DATA]) {
		upcall->data = mnl_attr_get_payload(attrs[PGNL_A_DATA]);
		upcall->len = mnl_attr_get_payload_len(attrs[PGNL_A_DATA]);
	}
	return 1;
}

static int decode_target(const struct nlattr *nest, struct lp_target *target)
{
	static const uint8_t target_types[PGNL_A_TARGET_MAX + 1] = {
		[PGNL_A_TARGET_NODE] = MNL_TYPE_NUL_STRING,
		[PGNL_A_TARGET_INCARNATION] = MNL_TYPE_U64,
		[PGNL_A_TARGET_MEMBERS] = MNL_TYPE_U32,
	};
	const struct nlattr *attrs[PGNL_A_TARGET_MAX + 1] = { NULL };
	struct table table = { attrs, target_types, PGNL_A_TARGET_MAX };

	if (mnl_attr_parse_nested(nest, collect, &table) < 0 ||
	    !attrs[PGNL_A_TARGET_NODE])
		return -EPROTO;
	*target = (struct lp_target) {
		.node = mnl_attr_get_str(attrs[PGNL_A_TARGET_NODE]),
		.incarnation = u64_or_0(attrs[PGNL_A_TARGET_INCARNATION]),
		.members = u32_or(attrs[PGNL_A_TARGET_MEMBERS], 0),
	};
	if (attrs[PGNL_A_TARGET_IDS]) {
		target->ids = mnl_attr_get_payload(attrs[PGNL_A_TARGET_IDS]);
		target->n_ids = mnl_attr_get_payload_len(attrs[PGNL_A_TARGET_IDS]) /
				sizeof(uint64_t);
	}
	return 0;
}

int lp_decode_targets(const struct nlmsghdr *nlh,
		      int (*fn)(const struct lp_target *target, void *arg),
		      void *arg)
{
	const struct nlattr *attr;
	struct lp_target target;
	size_t len;
	const void *attrs = payload(nlh, &len);
	int ret = 0;

	if (!attrs)
		return -EPROTO;
	mnl_attr_for_each_payload(attrs, len) {
		if (ret || mnl_attr_get_type(attr) != PGNL_A_TARGET)
			continue;
		ret = decode_target(attr, &target) ? : fn(&target, arg);
	}
	return ret;
}

int lp_decode_message(const struct nlmsghdr *nlh, struct pgnl_message *message)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	if (genl->cmd == PGNL_CMD_INBOX_CLOSED)
		return -ESHUTDOWN;
	if (genl->cmd != PGNL_CMD_INBOX_MESSAGE)
		return 0;
	if (!attrs[PGNL_A_GROUP] || !attrs[PGNL_A_DATA] || !attrs[PGNL_A_SENDER] ||
	    mnl_attr_validate(attrs[PGNL_A_GROUP], MNL_TYPE_NUL_STRING) < 0)
		return -EPROTO;
	message->group = mnl_attr_get_str(attrs[PGNL_A_GROUP]);
	message->data = mnl_attr_get_payload(attrs[PGNL_A_DATA]);
	message->len = mnl_attr_get_payload_len(attrs[PGNL_A_DATA]);
	return decode_sender(attrs[PGNL_A_SENDER], message) ? -EPROTO : 1;
}

int lp_decode_fd(const struct nlmsghdr *nlh, int *fd)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs) || !attrs[PGNL_A_FD])
		return -EPROTO;
	*fd = (int)mnl_attr_get_u32(attrs[PGNL_A_FD]);
	return 0;
}

int lp_decode_verdict(const struct nlmsghdr *nlh, struct lp_text *text)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	*text = text_of(attrs[PGNL_A_VERDICT]);
	return 0;
}
