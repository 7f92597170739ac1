// SPDX-License-Identifier: GPL-2.0-only
/* Limits, counters and the verifier. */
#include <linux/cred.h>
#include <net/genetlink.h>

#include "genl.h"
#include "netlink.h"
#include "perm.h"
#include "table.h"
#include "user.h"
#include "verify.h"

/* Attributes of user limits and of limits of a namespace, in their order. */
static const int user_limit_attr[PGNL_NR_USER_LIMITS] = {
	[PGNL_USER_GROUPS] = PGNL_A_LIMIT_USER_GROUPS,
	[PGNL_USER_MEMBERSHIPS] = PGNL_A_LIMIT_USER_MEMBERSHIPS,
};

static const int net_limit_attr[PGNL_NR_NET_LIMITS] = {
	[PGNL_NET_SCOPES] = PGNL_A_LIMIT_NET_SCOPES,
	[PGNL_NET_GROUPS] = PGNL_A_LIMIT_NET_GROUPS,
	[PGNL_NET_MEMBERSHIPS] = PGNL_A_LIMIT_NET_MEMBERSHIPS,
};

static int put_limits(struct sk_buff *reply, struct pgnl_net *pn,
		      struct pgnl_user *user, int type, bool usage)
{
	struct nlattr *nest = nla_nest_start(reply, type);
	u64 value;
	int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < PGNL_NR_USER_LIMITS; i++) {
		value = usage ? pgnl_user_used(user, i) : pgnl_user_limit(i);
		if (nla_put_u64_64bit(reply, user_limit_attr[i], value,
				      PGNL_A_LIMIT_PAD))
			return -EMSGSIZE;
	}
	for (i = 0; i < PGNL_NR_NET_LIMITS; i++) {
		value = READ_ONCE(*(usage ? &pn->used[i] : &pn->limit[i]));
		if (nla_put_u64_64bit(reply, net_limit_attr[i], value,
				      PGNL_A_LIMIT_PAD))
			return -EMSGSIZE;
	}
	nla_nest_end(reply, nest);
	return 0;
}

int pgnl_nl_limit_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_caller who;
	struct pgnl_user *user;
	struct sk_buff *reply;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0);
	if (err)
		return err;
	pgnl_table_settle_all();
	user = pgnl_user_get(current_user_ns(), current_uid());
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (user && reply)
		err = put_limits(reply, who.pn, user, PGNL_A_LIMITS, false) ?:
		      put_limits(reply, who.pn, user, PGNL_A_USAGE, true);
	else
		err = -ENOMEM;
	pgnl_user_put(user);
	return pgnl_nl_finish(info, reply, err);
}

static bool has_any(struct nlattr **attrs, const int *types, int n)
{
	while (n--)
		if (attrs[types[n]])
			return true;
	return false;
}

int pgnl_nl_limit_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[PGNL_A_LIMIT_MAX + 1];
	struct nlattr *nest = info->attrs[PGNL_A_LIMITS];
	struct pgnl_caller who;
	int err, i;

	err = pgnl_nl_begin(&who, skb, info, 0);
	if (err)
		return err;
	if (!nest) {
		NL_SET_ERR_MSG(info->extack, "limits are needed");
		return -EINVAL;
	}
	err = nla_parse_nested(attrs, PGNL_A_LIMIT_PAD, nest,
			       pgnl_limit_nl_policy, info->extack) ?:
	      pgnl_args_check_nest_once(nest, info->extack);
	if (err)
		return err;
	if (has_any(attrs, user_limit_attr, PGNL_NR_USER_LIMITS) &&
	    !pgnl_perm_init_admin(&who)) {
		NL_SET_ERR_MSG_ATTR(info->extack, nest,
				    "user limits need CAP_NET_ADMIN in the initial namespace");
		return -EPERM;
	}
	if (has_any(attrs, net_limit_attr, PGNL_NR_NET_LIMITS)) {
		err = pgnl_nl_need_admin(&who, info);
		if (err)
			return err;
	}
	mutex_lock(&who.pn->lock);
	for (i = 0; i < PGNL_NR_USER_LIMITS; i++)
		if (attrs[user_limit_attr[i]])
			pgnl_user_set_limit(i, nla_get_u64(attrs[user_limit_attr[i]]));
	for (i = 0; i < PGNL_NR_NET_LIMITS; i++)
		if (attrs[net_limit_attr[i]])
			WRITE_ONCE(who.pn->limit[i],
				   nla_get_u64(attrs[net_limit_attr[i]]));
	mutex_unlock(&who.pn->lock);
	return 0;
}

static void read_stats(struct pgnl_net *pn, u64 *stats)
{
	struct pgnl_scope *scope;
	unsigned long id;

	mutex_lock(&pn->lock);
	stats[PGNL_A_STAT_SCOPES] = pn->used[PGNL_NET_SCOPES];
	stats[PGNL_A_STAT_GROUPS] = 0;
	xa_for_each(&pn->scope_ids, id, scope)
		stats[PGNL_A_STAT_GROUPS] += scope->nr_groups;
	stats[PGNL_A_STAT_MEMBERSHIPS] = pn->used[PGNL_NET_MEMBERSHIPS];
	stats[PGNL_A_STAT_PROCESSES] = pn->nr_procs;
	stats[PGNL_A_STAT_JOINS] = pn->joins;
	stats[PGNL_A_STAT_LEAVES] = pn->leaves;
	stats[PGNL_A_STAT_EXITS] = pn->exits;
	stats[PGNL_A_STAT_EVICTIONS] = pn->evictions;
	stats[PGNL_A_STAT_DEAD_PROCESSES] = atomic64_read(&pn->deaths);
	stats[PGNL_A_STAT_LATE_JOINS] = pn->late_joins;
	mutex_unlock(&pn->lock);
}

int pgnl_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	u64 stats[PGNL_A_STAT_PAD];
	struct pgnl_caller who;
	struct sk_buff *reply;
	struct nlattr *nest;
	int err, i;

	err = pgnl_nl_begin(&who, skb, info, 0);
	if (err)
		return err;
	pgnl_table_settle(who.pn);
	read_stats(who.pn, stats);
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply)
		return -ENOMEM;
	nest = nla_nest_start(reply, PGNL_A_STATS);
	for (i = PGNL_A_STAT_SCOPES; nest && i < PGNL_A_STAT_PAD; i++)
		err = err ?: nla_put_u64_64bit(reply, i, stats[i],
					       PGNL_A_STAT_PAD);
	if (!nest || err) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	nla_nest_end(reply, nest);
	return pgnl_nl_send(info, reply);
}

int pgnl_nl_verify_doit(struct sk_buff *skb, struct genl_info *info)
{
	char verdict[PGNL_VERDICT_MAX];
	struct pgnl_caller who;
	struct sk_buff *reply;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?: pgnl_nl_need_admin(&who, info);
	if (err)
		return err;
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply)
		return -ENOMEM;
	if (!pgnl_verify(who.pn, verdict))
		err = nla_put_string(reply, PGNL_A_VERDICT, verdict);
	return pgnl_nl_finish(info, reply, err);
}
