// SPDX-License-Identifier: GPL-2.0-only
/* Joins and leaves. */
#include <net/genetlink.h>

#include "batch.h"
#include "genl.h"
#include "member.h"
#include "netlink.h"
#include "perm.h"
#include "scope.h"
#include "table.h"

static int fill_batch(struct pgnl_batch *batch, struct genl_info *info)
{
	struct pgnl_name name;
	struct nlattr *attr;
	u32 pids = 0, ids = 0;
	int err = 0;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		switch (nla_type(attr)) {
		case PGNL_A_GROUP:
			err = pgnl_args_group_name(attr, &name, info->extack);
			if (!err)
				pgnl_batch_add_group(batch, &name);
			break;
		case PGNL_A_PID:
			err = pgnl_batch_add_pid(batch, nla_get_u32(attr),
						 pids++);
			break;
		case PGNL_A_ID:
			err = pgnl_batch_add_id(batch, nla_get_u64(attr),
						ids++);
			break;
		case PGNL_A_SELF:
			err = pgnl_batch_add_self(batch);
			break;
		}
		if (err)
			return err;
	}
	return 0;
}

/* How many groups and processes, if that is not too many or none. */
static int count_rows(struct genl_info *info, u32 *groups, u32 *targets)
{
	*groups = pgnl_args_count(info, PGNL_A_GROUP);
	*targets = pgnl_args_count(info, PGNL_A_PID) + pgnl_args_count(info, PGNL_A_ID) +
		   !!info->attrs[PGNL_A_SELF];
	if (!*groups) {
		NL_SET_ERR_MSG(info->extack, "a group is needed");
		return -EINVAL;
	}
	if (!*targets) {
		NL_SET_ERR_MSG(info->extack, "a process is needed");
		return -EINVAL;
	}
	if ((u64)*groups * *targets > PGNL_ROWS_MAX) {
		NL_SET_ERR_MSG(info->extack,
			       "more than 4096 rows in one request");
		return -E2BIG;
	}
	return 0;
}

/*
 * Begin a join or leave: the scope, the groups and the processes. On success
 * the caller frees the batch and puts the scope.
 */
static struct pgnl_batch *parse_batch(struct pgnl_caller *who,
				      struct sk_buff *skb,
				      struct genl_info *info,
				      struct pgnl_scope **scope,
				      struct pgnl_fault *fault, u32 *rows)
{
	struct pgnl_batch *batch;
	u32 groups, targets;
	int err;

	err = pgnl_nl_begin(who, skb, info, BIT_ULL(PGNL_A_GROUP) |
		    BIT_ULL(PGNL_A_PID) | BIT_ULL(PGNL_A_ID)) ?:
	      count_rows(info, &groups, &targets);
	if (err)
		return ERR_PTR(err);
	*rows = groups * targets;
	*scope = pgnl_args_scope(who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_WRITE,
				 info->extack);
	if (IS_ERR(*scope))
		return ERR_CAST(*scope);
	batch = pgnl_batch_new(who, *scope, groups, targets, fault);
	err = batch ? fill_batch(batch, info) : -ENOMEM;
	if (!err)
		return batch;
	if (fault->cause != PGNL_CAUSE_NONE || err == -ENOMEM)
		pgnl_nl_refuse(info, fault, err);
	if (batch)
		pgnl_batch_free(batch);
	pgnl_scope_put(*scope);
	return ERR_PTR(err);
}

static int parse_join(struct genl_info *info, struct pgnl_join *join)
{
	struct nlattr *attr = info->attrs[PGNL_A_META];

	join->times = info->attrs[PGNL_A_TIMES] ?
		      nla_get_u32(info->attrs[PGNL_A_TIMES]) : 1;
	join->weight = info->attrs[PGNL_A_WEIGHT] ?
		       nla_get_u32(info->attrs[PGNL_A_WEIGHT]) : 0;
	join->required = info->attrs[PGNL_A_REQUIRED_GROUP];
	join->set_meta = attr;
	join->meta = NULL;
	if (!attr || !nla_len(attr))
		return 0;
	if (nla_len(attr) > PGNL_META_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "metadata has more than 256 bytes");
		return -EINVAL;
	}
	join->meta = pgnl_meta_new(nla_data(attr), nla_len(attr));
	if (!join->meta) {
		NL_SET_ERR_MSG(info->extack, "out of memory");
		return -ENOMEM;
	}
	return 0;
}

int pgnl_nl_member_join_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *ids, *counts;
	struct pgnl_fault fault = {};
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_batch *batch;
	struct pgnl_join join;
	struct sk_buff *reply;
	u32 rows;
	int err;

	err = parse_join(info, &join);
	if (err)
		return err;
	batch = parse_batch(&who, skb, info, &scope, &fault, &rows);
	if (IS_ERR(batch)) {
		err = PTR_ERR(batch);
		goto out_meta;
	}
	err = -ENOMEM;
	reply = pgnl_nl_new_reply(info, nla_total_size(rows * sizeof(u64)) +
				nla_total_size(rows * sizeof(u32)));
	if (!reply)
		goto out_batch;
	ids = nla_reserve(reply, PGNL_A_IDS, rows * sizeof(u64));
	counts = nla_reserve(reply, PGNL_A_COUNTS, rows * sizeof(u32));
	if (!WARN_ON_ONCE(!ids || !counts))
		err = pgnl_batch_join(batch, &join, nla_data(ids),
				      nla_data(counts));
	if (err) {
		pgnl_nl_refuse(info, &fault, err);
		nlmsg_free(reply);
	} else {
		pgnl_nl_send(info, reply);
	}
out_batch:
	pgnl_batch_free(batch);
	pgnl_scope_put(scope);
out_meta:
	pgnl_meta_put(join.meta);
	return err;
}

static int parse_times(struct genl_info *info, u32 *times)
{
	struct nlattr *attr = info->attrs[PGNL_A_TIMES];

	*times = attr ? nla_get_u32(attr) : 1;
	if (!info->attrs[PGNL_A_ALL])
		return 0;
	if (attr) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "times and all exclude each other");
		return -EINVAL;
	}
	*times = U32_MAX;
	return 0;
}

int pgnl_nl_member_leave_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_fault fault = {};
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_batch *batch;
	struct sk_buff *reply;
	struct nlattr *counts;
	u32 rows, times, removed;
	bool missing;
	int err;

	err = parse_times(info, &times);
	if (err)
		return err;
	batch = parse_batch(&who, skb, info, &scope, &fault, &rows);
	if (IS_ERR(batch))
		return PTR_ERR(batch);
	err = -ENOMEM;
	reply = pgnl_nl_new_reply(info, nla_total_size(rows * sizeof(u32)) +
				nla_total_size(sizeof(u32)) +
				nla_total_size(0));
	if (!reply)
		goto out;
	counts = nla_reserve(reply, PGNL_A_COUNTS, rows * sizeof(u32));
	if (!WARN_ON_ONCE(!counts))
		err = pgnl_batch_leave(batch, times, nla_data(counts), &removed,
				       &missing);
	if (err) {
		pgnl_nl_refuse(info, &fault, err);
		nlmsg_free(reply);
		goto out;
	}
	/* There is room for both. */
	nla_put_u32(reply, PGNL_A_REMOVED, removed);
	if (missing)
		nla_put_flag(reply, PGNL_A_NO_GROUP);
	pgnl_nl_send(info, reply);
out:
	pgnl_batch_free(batch);
	pgnl_scope_put(scope);
	return err;
}
