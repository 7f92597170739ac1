// SPDX-License-Identifier: GPL-2.0-only
/* Signals to members. */
#include <net/genetlink.h>

#include "genl.h"
#include "netlink.h"
#include "perm.h"
#include "scope.h"
#include "signal.h"
#include "table.h"

static int parse_signal(struct genl_info *info, struct pgnl_signal *signal)
{
	struct nlattr **attrs = info->attrs;

	if (!attrs[PGNL_A_SIGNAL]) {
		NL_SET_ERR_MSG(info->extack, "a signal is needed");
		return -EINVAL;
	}
	memset(signal, 0, sizeof(*signal));
	signal->nr = nla_get_u32(attrs[PGNL_A_SIGNAL]);
	signal->queued = attrs[PGNL_A_VALUE];
	if (signal->queued)
		signal->value = nla_get_u64(attrs[PGNL_A_VALUE]);
	signal->others = attrs[PGNL_A_OTHERS];
	signal->one = attrs[PGNL_A_POLICY];
	if (signal->one && (signal->others || attrs[PGNL_A_ID])) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[PGNL_A_POLICY],
				    "a policy excludes others and ids");
		return -EINVAL;
	}
	return pgnl_args_pick(info, &signal->pick);
}

/* The members that the request's ids name, or all that fit. */
static struct pgnl_crowd *gather(struct genl_info *info,
				 const struct pgnl_caller *who,
				 struct pgnl_scope *scope,
				 const struct pgnl_name *name,
				 const struct pgnl_signal *signal)
{
	struct pgnl_crowd *crowd;
	struct nlattr *attr;
	int err = 0;
	int rem;

	if (!info->attrs[PGNL_A_ID])
		return pgnl_crowd_all(who, scope, name, signal);
	crowd = pgnl_crowd_new(pgnl_args_count(info, PGNL_A_ID));
	if (!crowd)
		return ERR_PTR(-ENOMEM);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) == PGNL_A_ID)
			err = pgnl_crowd_add_id(crowd, who, scope, name, signal,
						nla_get_u64(attr));
		if (err) {
			pgnl_crowd_free(crowd);
			return ERR_PTR(err);
		}
	}
	return crowd;
}

int pgnl_nl_group_signal_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_tally tally = {};
	struct pgnl_signal signal;
	struct pgnl_crowd *crowd;
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_name name;
	struct sk_buff *reply;
	int err;

	err = pgnl_nl_begin(&who, skb, info, BIT_ULL(PGNL_A_ID)) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack) ?:
	      parse_signal(info, &signal);
	if (err)
		return err;
	scope = pgnl_args_scope(&who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_ACT,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply) {
		err = -ENOMEM;
		goto out;
	}
	crowd = gather(info, &who, scope, &name, &signal);
	if (IS_ERR(crowd)) {
		err = PTR_ERR(crowd);
		pgnl_nl_explain_group(info, err);
		goto out_reply;
	}
	pgnl_crowd_signal(crowd, &who, &signal, &tally);
	pgnl_crowd_free(crowd);
	if (nla_put_u32(reply, PGNL_A_REACHED, tally.reached) ||
	    nla_put_u32(reply, PGNL_A_REFUSED, tally.refused) ||
	    nla_put_u32(reply, PGNL_A_GONE, tally.gone))
		err = -EMSGSIZE;
out_reply:
	err = pgnl_nl_finish(info, reply, err);
out:
	pgnl_scope_put(scope);
	return err;
}
