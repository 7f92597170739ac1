// SPDX-License-Identifier: GPL-2.0-only
/* Joins and leaves. */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <net/genetlink.h>

#include "batch.h"
#include "far.h"
#include "genl.h"
#include "group.h"
#include "member.h"
#include "message.h"
#include "netlink.h"
#include "perm.h"
#include "scope.h"
#include "table.h"
#include "upcall.h"

#define LISTS	(BIT_ULL(PGNL_A_GROUP) | BIT_ULL(PGNL_A_PID) | BIT_ULL(PGNL_A_ID))

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
		       struct genl_info *info, bool joining,
		       struct pgnl_fault *fault)
{
	struct pgnl_scope *scope;
	u32 groups, targets;
	int err;

	err = count_rows(info, &groups, &targets);
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

static bool is_for_nodes(struct genl_info *info, const struct pgnl_scope *scope)
{
	if (scope->flags & PGNL_SCOPE_FLAG_CLUSTER &&
	    !(scope->flags & PGNL_SCOPE_FLAG_EXCLUSIVE))
		return true;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_SCOPE],
			    "nodes put nobody into each other's groups of this scope");
	return false;
}

/* For somebody on another node. To itself any process may do this, see kill(2). */
static int check_for_sender(struct genl_info *info,
			    const struct pgnl_batch *batch)
{
	if (!is_for_nodes(info, batch->scope))
		return -EOPNOTSUPP;
	if (pgnl_batch_pid(batch) != task_tgid(current))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_ID],
			    "that is the agent itself");
	return -EPERM;
}

static int join_here(struct genl_info *info, struct pgnl_caller *who,
		     const struct pgnl_join *join)
{
	struct nlattr *ids, *counts;
	struct pgnl_fault fault = {};
	struct pgnl_batch batch;
	struct sk_buff *reply;
	u32 rows;
	int err;

	err = parse_batch(&batch, who, info, true, &fault);
	if (err)
		return err;
	if (info->attrs[PGNL_A_SENDER]) {
		err = check_for_sender(info, &batch);
		if (err)
			goto out;
	}
	rows = batch.nr_rows;
	err = -ENOMEM;
	reply = pgnl_nl_new_reply(info, nla_total_size(rows * sizeof(u64)) +
				nla_total_size(rows * sizeof(u32)));
	if (!reply)
		goto out;
	ids = nla_reserve(reply, PGNL_A_IDS, rows * sizeof(u64));
	counts = nla_reserve(reply, PGNL_A_COUNTS, rows * sizeof(u32));
	if (!WARN_ON_ONCE(!ids || !counts))
		err = pgnl_batch_join(&batch, join, nla_data(ids),
				      nla_data(counts));
	if (err) {
		pgnl_nl_refuse(info, &fault, err);
		nlmsg_free(reply);
	} else {
		pgnl_nl_send(info, reply);
	}
out:
	end_batch(&batch);
	return err;
}

/* One process of a node, named by its id there, and one group. */
static int check_one(struct genl_info *info)
{
	static const u16 others[] = {
		PGNL_A_PID, PGNL_A_PIDS, PGNL_A_SELF, PGNL_A_WEIGHT, PGNL_A_META,
		PGNL_A_REQUIRED_GROUP,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		if (!info->attrs[others[i]])
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[others[i]],
				    "attribute has no meaning between nodes");
		return -EINVAL;
	}
	if (pgnl_args_count(info, PGNL_A_ID) == 1 &&
	    pgnl_args_count(info, PGNL_A_GROUP) == 1)
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "between nodes, one process joins one group, by its id");
	return -EINVAL;
}

/* As far as this node knows; in other scopes the join makes it. */
static int check_group(struct genl_info *info, struct pgnl_scope *scope,
		       const struct pgnl_name *name)
{
	struct pgnl_group *group;
	bool missing;

	if (scope->mode != PGNL_SCOPE_MODE_PG2)
		return 0;
	mutex_lock(&scope->pn->lock);
	group = pgnl_group_find(scope, name);
	missing = !group || !pgnl_group_is_seen(group);
	mutex_unlock(&scope->pn->lock);
	if (!missing)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_GROUP],
			    "no such group");
	return -ENOENT;
}

static int ask_node(struct genl_info *info, struct sock *sk,
		    const struct pgnl_nl_act *act, struct pgnl_far *far)
{
	struct nlattr *node = info->attrs[PGNL_A_NODE];
	struct pgnl_pending *pending;
	struct sk_buff *reply;
	int err;

	err = pgnl_far_begin(far, act->scope->pn, PGNL_ACT_JOIN, 1);
	if (err) {
		NL_SET_ERR_MSG(info->extack, "out of memory");
		return err;
	}
	if (!far->can) {
		NL_SET_ERR_MSG(info->extack,
			       "there is no agent to ask other nodes");
		return -ENOTCONN;
	}
	err = pgnl_far_add_node(far, act->scope->pn, nla_data(node),
				nla_get_u64(info->attrs[PGNL_A_ID]));
	if (err) {
		NL_SET_ERR_MSG_ATTR(info->extack, node,
				    "no such node, or it is not up");
		return err;
	}
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply)
		return -ENOMEM;
	pending = pgnl_nl_forward(info, sk, act, far);
	if (IS_ERR(pending)) {
		err = PTR_ERR(pending);
		pending = NULL;
	} else if (!pending) {
		NL_SET_ERR_MSG(info->extack, "the agent has ended");
		err = -ENOTCONN;
	}
	return pgnl_nl_finish_forward(info, reply, pending, err);
}

/* The process is another node's, which is asked for it. */
static int join_there(struct genl_info *info, struct sock *sk,
		      struct pgnl_caller *who, const struct pgnl_join *join)
{
	struct pgnl_far far = {};
	struct pgnl_scope *scope;
	struct pgnl_name name;
	struct pgnl_nl_act act = {
		.who = who,
		.group = &name,
		.ops = &pgnl_nl_join_ops,
		.times = join->times,
	};
	int err;

	err = pgnl_nl_need_same_user(who, info) ?: check_one(info) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack);
	if (err)
		return err;
	scope = pgnl_args_scope(who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_WRITE,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	act.scope = scope;
	err = is_for_nodes(info, scope) ? check_group(info, scope, &name) :
					  -EOPNOTSUPP;
	if (!err)
		err = ask_node(info, sk, &act, &far);
	pgnl_far_end(&far);
	pgnl_scope_put(scope);
	return err;
}

static int join_for(struct sk_buff *skb, struct genl_info *info,
		    struct pgnl_caller *who, const struct pgnl_join *join)
{
	struct pgnl_sender from;
	const struct cred *own;
	int err;

	err = check_one(info) ?: pgnl_nl_begin_sender(who, skb, info, &from);
	if (err)
		return err;
	own = override_creds(who->cred);
	err = join_here(info, who, join);
	revert_creds(own);
	pgnl_nl_end_sender(who);
	return err;
}

int pgnl_nl_member_join_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_caller who;
	struct pgnl_join join;
	int err;

	err = pgnl_args_join(info, &join);
	if (err)
		return err;
	err = pgnl_nl_begin(&who, skb, info, LISTS);
	if (err)
		goto out;
	if (info->attrs[PGNL_A_NODE])
		err = join_there(info, NETLINK_CB(skb).sk, &who, &join);
	else if (info->attrs[PGNL_A_SENDER])
		err = join_for(skb, info, &who, &join);
	else
		err = join_here(info, &who, &join);
out:
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

	err = parse_times(info, &times) ?:
	      pgnl_nl_begin(&who, skb, info, LISTS) ?:
	      parse_batch(&batch, &who, info, false, &fault);
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
