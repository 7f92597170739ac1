// SPDX-License-Identifier: GPL-2.0-only
/* Limits, counters and the verifier. */
#include <linux/cred.h>
#include <net/genetlink.h>

#include "genl.h"
#include "netlink.h"
#include "perm.h"
#include "remote.h"
#include "table.h"
#include "user.h"
#include "verify.h"
#include "view.h"

/* Attributes of user limits and of limits of a namespace, in their order. */
static const int user_limit_attr[PGNL_NR_USER_LIMITS] = {
	[PGNL_USER_GROUPS] = PGNL_A_LIMIT_USER_GROUPS,
	[PGNL_USER_MEMBERSHIPS] = PGNL_A_LIMIT_USER_MEMBERSHIPS,
	[PGNL_USER_SUBSCRIPTIONS] = PGNL_A_LIMIT_USER_SUBSCRIPTIONS,
	[PGNL_USER_INBOXES] = PGNL_A_LIMIT_USER_INBOXES,
	[PGNL_USER_VIEW_PAGES] = PGNL_A_LIMIT_USER_VIEW_PAGES,
	[PGNL_USER_REQUESTS] = PGNL_A_LIMIT_USER_REQUESTS,
	[PGNL_USER_REQUEST_BYTES] = PGNL_A_LIMIT_USER_REQUEST_BYTES,
};

static const int net_limit_attr[PGNL_NR_NET_LIMITS] = {
	[PGNL_NET_SCOPES] = PGNL_A_LIMIT_NET_SCOPES,
	[PGNL_NET_GROUPS] = PGNL_A_LIMIT_NET_GROUPS,
	[PGNL_NET_MEMBERSHIPS] = PGNL_A_LIMIT_NET_MEMBERSHIPS,
	[PGNL_NET_SUBSCRIPTIONS] = PGNL_A_LIMIT_NET_SUBSCRIPTIONS,
	[PGNL_NET_INBOXES] = PGNL_A_LIMIT_NET_INBOXES,
	[PGNL_NET_VIEW_PAGES] = PGNL_A_LIMIT_NET_VIEW_PAGES,
	[PGNL_NET_NODES] = PGNL_A_LIMIT_NET_NODES,
	[PGNL_NET_REMOTES] = PGNL_A_LIMIT_NET_REMOTES,
	[PGNL_NET_NODE_REMOTES] = PGNL_A_LIMIT_NODE_REMOTES,
	[PGNL_NET_REQUESTS] = PGNL_A_LIMIT_NET_REQUESTS,
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
	mutex_lock(&who.pn->lock);
	WRITE_ONCE(who.pn->used[PGNL_NET_NODE_REMOTES],
		   pgnl_node_largest_locked(who.pn->cluster));
	mutex_unlock(&who.pn->lock);
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
	if (!nest || !nla_len(nest)) {
		NL_SET_ERR_MSG(info->extack, "limits are needed");
		return -EINVAL;
	}
	err = nla_parse_nested(attrs, PGNL_A_LIMIT_MAX, nest,
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
	pgnl_view_retry_locked(who.pn);
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
	stats[PGNL_A_STAT_DEAD_PROCESSES] = atomic64_read(&pn->nr_deaths);
	stats[PGNL_A_STAT_LATE_JOINS] = pn->late_joins;
	stats[PGNL_A_STAT_SUBSCRIPTIONS] = pn->used[PGNL_NET_SUBSCRIPTIONS];
	stats[PGNL_A_STAT_EVENTS] = pn->events;
	stats[PGNL_A_STAT_INBOXES] = pn->used[PGNL_NET_INBOXES];
	stats[PGNL_A_STAT_MESSAGES] = atomic64_read(&pn->messages);
	stats[PGNL_A_STAT_FULL_INBOXES] = atomic64_read(&pn->full_inboxes);
	stats[PGNL_A_STAT_NODES] = pn->used[PGNL_NET_NODES];
	stats[PGNL_A_STAT_REMOTES] = pn->used[PGNL_NET_REMOTES];
	stats[PGNL_A_STAT_REMOTE_PUTS] = pn->cluster->puts;
	stats[PGNL_A_STAT_REMOTE_REMOVALS] = pn->cluster->removals;
	stats[PGNL_A_STAT_REMOTE_DROPS] = pn->cluster->drops;
	stats[PGNL_A_STAT_REQUESTS] = pn->used[PGNL_NET_REQUESTS];
	mutex_unlock(&pn->lock);
	pgnl_upcall_read(&pn->cluster->upcalls, &stats[PGNL_A_STAT_UPCALLS],
			 &stats[PGNL_A_STAT_UNANSWERED]);
	mutex_lock(&pn->sub_lock);
	stats[PGNL_A_STAT_DELIVERED] = pn->delivered;
	stats[PGNL_A_STAT_LOST] = pn->losses;
	mutex_unlock(&pn->sub_lock);
}

int pgnl_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	u64 stats[PGNL_A_STAT_MAX + 1];
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
	for (i = PGNL_A_STAT_SCOPES; nest && i <= PGNL_A_STAT_MAX; i++)
		if (i != PGNL_A_STAT_PAD)
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
