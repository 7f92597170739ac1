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
	[PGNL_A_EPOCH] = MNL_TYPE_U64,
	[PGNL_A_LIMITS] = MNL_TYPE_NESTED,
	[PGNL_A_USAGE] = MNL_TYPE_NESTED,
	[PGNL_A_STATS] = MNL_TYPE_NESTED,
	[PGNL_A_VERDICT] = MNL_TYPE_STRING,
	[PGNL_A_REACHED] = MNL_TYPE_U32,
	[PGNL_A_REFUSED] = MNL_TYPE_U32,
	[PGNL_A_GONE] = MNL_TYPE_U32,
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

int lp_decode_info(const struct nlmsghdr *nlh, struct pgnl_info *info)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs))
		return -EPROTO;
	info->abi = u32_or(attrs[PGNL_A_ABI], 0);
	copy_text(info->release, sizeof(info->release), attrs[PGNL_A_RELEASE]);
	copy_text(info->node, sizeof(info->node), attrs[PGNL_A_NODE]);
	info->epoch = u64_or_0(attrs[PGNL_A_EPOCH]);
	return 0;
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

int lp_decode_numbers(const struct nlmsghdr *nlh, uint16_t nest,
		      uint64_t *numbers, size_t n)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];
	const struct nlattr *attr;

	if (parse_pgnl(nlh, attrs) || !attrs[nest])
		return -EPROTO;
	memset(numbers, 0, n * sizeof(*numbers));
	mnl_attr_for_each_nested(attr, attrs[nest]) {
		uint16_t type = mnl_attr_get_type(attr);

		if (!type || type > n)
			continue;
		if (mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
			return -EPROTO;
		numbers[type - 1] = mnl_attr_get_u64(attr);
	}
	return 0;
}

int lp_decode_signalled(const struct nlmsghdr *nlh,
			struct pgnl_signalled *signalled)
{
	const struct nlattr *attrs[PGNL_A_MAX + 1];

	if (parse_pgnl(nlh, attrs) || !attrs[PGNL_A_REACHED])
		return -EPROTO;
	signalled->reached = mnl_attr_get_u32(attrs[PGNL_A_REACHED]);
	signalled->refused = u32_or(attrs[PGNL_A_REFUSED], 0);
	signalled->gone = u32_or(attrs[PGNL_A_GONE], 0);
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
