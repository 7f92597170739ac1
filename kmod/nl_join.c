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

static int add_pids(struct pgnl_batch *batch, const struct nlattr *attr)
{
	const u32 *pids = nla_data(attr);
	u32 n = nla_len(attr) / sizeof(*pids);
	int err = 0;
	u32 i;

	for (i = 0; i < n && !err; i++)
		err = pgnl_batch_add_pid(batch, pids[i], PGNL_A_PIDS, i);
	return err;
}

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
						 PGNL_A_PID, pids++);
			break;
		case PGNL_A_PIDS:
			err = add_pids(batch, attr);
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
	const struct nlattr *attr;
	u32 n[2] = { };
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		switch (nla_type(attr)) {
		case PGNL_A_GROUP:
			n[0]++;
			break;
		case PGNL_A_PID:
		case PGNL_A_ID:
		case PGNL_A_SELF:
			n[1]++;
			break;
		case PGNL_A_PIDS:
			if (!nla_len(attr) || nla_len(attr) % sizeof(u32)) {
				NL_SET_ERR_MSG_ATTR(info->extack, attr,
						    "each pid has four bytes");
				return -EINVAL;
			}
			n[1] += nla_len(attr) / sizeof(u32);
			break;
		}
	}
	if (!n[0]) {
		NL_SET_ERR_MSG(info->extack, "a group is needed");
		return -EINVAL;
	}
	if (!n[1]) {
		NL_SET_ERR_MSG(info->extack, "a process is needed");
		return -EINVAL;
	}
	if ((u64)n[0] * n[1] > PGNL_ROWS_MAX) {
		NL_SET_ERR_MSG(info->extack,
			       "more than 4096 rows in one request");
		return -E2BIG;
	}
	*groups = n[0];
	*targets = n[1];
	return 0;
}

/*
 * Begin a join or leave: the scope, the groups and the processes. On success
 * the caller ends the batch and puts the scope.
 */
static int parse_batch(struct pgnl_batch *batch, struct pgnl_caller *who,
		       struct sk_buff *skb, struct genl_info *info,
		       bool joining, struct pgnl_fault *fault)
{
	struct pgnl_scope *scope;
	u32 groups, targets;
	int err;

	err = pgnl_nl_begin(who, skb, info, BIT_ULL(PGNL_A_GROUP) |
		    BIT_ULL(PGNL_A_PID) | BIT_ULL(PGNL_A_ID)) ?:
	      count_rows(info, &groups, &targets);
	if (err)
		return err;
	scope = pgnl_args_scope(who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_WRITE,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	err = pgnl_batch_begin(batch, who, scope, joining, groups, targets,
			       fault);
	if (!err) {
		err = fill_batch(batch, info);
		if (!err)
			return 0;
		pgnl_batch_end(batch);
	}
	if (fault->cause != PGNL_CAUSE_NONE || err == -ENOMEM)
		pgnl_nl_refuse(info, fault, err);
	pgnl_scope_put(scope);
	return err;
}

static void end_batch(struct pgnl_batch *batch)
{
	struct pgnl_scope *scope = batch->scope;

	pgnl_batch_end(batch);
	pgnl_scope_put(scope);
}

int pgnl_nl_member_join_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *ids, *counts;
	struct pgnl_fault fault = {};
	struct pgnl_caller who;
	struct pgnl_batch batch;
	struct pgnl_join join;
	struct sk_buff *reply;
	u32 rows;
	int err;

	err = pgnl_args_join(info, &join);
	if (err)
		return err;
	err = parse_batch(&batch, &who, skb, info, true, &fault);
	if (err)
		goto out_meta;
	rows = batch.nr_rows;
	err = -ENOMEM;
	reply = pgnl_nl_new_reply(info, nla_total_size(rows * sizeof(u64)) +
				nla_total_size(rows * sizeof(u32)));
	if (!reply)
		goto out_batch;
	ids = nla_reserve(reply, PGNL_A_IDS, rows * sizeof(u64));
	counts = nla_reserve(reply, PGNL_A_COUNTS, rows * sizeof(u32));
	if (!WARN_ON_ONCE(!ids || !counts))
		err = pgnl_batch_join(&batch, &join, nla_data(ids),
				      nla_data(counts));
	if (err) {
		pgnl_nl_refuse(info, &fault, err);
		nlmsg_free(reply);
	} else {
		pgnl_nl_send(info, reply);
	}
out_batch:
	end_batch(&batch);
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
	struct pgnl_caller who;
	struct pgnl_batch batch;
	struct sk_buff *reply;
	struct nlattr *counts;
	u32 rows, times, removed;
	bool missing;
	int err;

	err = parse_times(info, &times);
	if (err)
		return err;
	err = parse_batch(&batch, &who, skb, info, false, &fault);
	if (err)
		return err;
	rows = batch.nr_rows;
	err = pgnl_nl_check_here(info, batch.scope);
	if (err)
		goto out;
	err = -ENOMEM;
	reply = pgnl_nl_new_reply(info, nla_total_size(rows * sizeof(u32)) +
				nla_total_size(sizeof(u32)) +
				nla_total_size(0));
	if (!reply)
		goto out;
	counts = nla_reserve(reply, PGNL_A_COUNTS, rows * sizeof(u32));
	if (!WARN_ON_ONCE(!counts))
		err = pgnl_batch_leave(&batch, times, nla_data(counts), &removed,
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
	end_batch(&batch);
	return err;
}
