// SPDX-License-Identifier: GPL-2.0-only
/* Operations on subscriptions. */
#include <net/genetlink.h>

#include "genl.h"
#include "netlink.h"
#include "perm.h"
#include "scope.h"
#include "share.h"
#include "sub.h"
#include "table.h"

static int put_since(struct sk_buff *reply, const struct pgnl_since *since)
{
	if ((since->sub &&
	     nla_put_u32(reply, PGNL_A_SUBSCRIPTION, since->sub)) ||
	    nla_put_u64_64bit(reply, PGNL_A_EPOCH, since->epoch, PGNL_A_PAD) ||
	    nla_put_u64_64bit(reply, PGNL_A_SEQ, since->seq, PGNL_A_PAD))
		return -EMSGSIZE;
	return 0;
}

int pgnl_nl_event_subscribe_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PGNL_A_GROUP];
	struct pgnl_fault fault = {};
	struct pgnl_since since;
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_name name = {};
	struct sk_buff *reply;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      pgnl_nl_need_same_user(&who, info);
	if (!err && attr)
		err = pgnl_args_group_name(attr, &name, info->extack);
	if (err)
		return err;
	scope = pgnl_args_scope_read(&who, info->attrs[PGNL_A_SCOPE],
				     PGNL_MAY_READ, info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply) {
		err = -ENOMEM;
		goto out;
	}
	err = pgnl_sub_add(&who, NETLINK_CB(skb).sk, info->snd_portid, scope,
			   attr ? &name : NULL, info->attrs[PGNL_A_LOCAL_ONLY],
			   &since, &fault);
	if (err)
		pgnl_nl_refuse(info, &fault, err);
	else
		err = put_since(reply, &since);
	err = pgnl_nl_finish(info, reply, err);
	/* Events come after the reply. */
	if (!err)
		pgnl_sub_begin(who.pn, NETLINK_CB(skb).sk, since.sub);
out:
	pgnl_scope_put(scope);
	pgnl_share_leave(&who);
	return err;
}

static int need_subscription(struct genl_info *info, u32 *id)
{
	struct nlattr *attr = info->attrs[PGNL_A_SUBSCRIPTION];

	if (!attr) {
		NL_SET_ERR_MSG(info->extack, "a subscription is needed");
		return -EINVAL;
	}
	*id = nla_get_u32(attr);
	return 0;
}

static int refuse_subscription(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_SUBSCRIPTION],
			    "this socket has no such subscription");
	return -ENOENT;
}

int pgnl_nl_event_unsubscribe_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_caller who;
	u32 id;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?: need_subscription(info, &id);
	if (err)
		return err;
	pgnl_share_enter_sub(&who, id);
	err = pgnl_sub_del(who.pn, NETLINK_CB(skb).sk, id);
	pgnl_share_leave(&who);
	return err ? refuse_subscription(info) : 0;
}

int pgnl_nl_event_replay_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PGNL_A_SEQ];
	u64 seq = attr ? nla_get_u64(attr) : 0;
	struct pgnl_since since;
	struct pgnl_caller who;
	struct sk_buff *reply;
	u32 id;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?: need_subscription(info, &id);
	if (err)
		return err;
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply)
		return -ENOMEM;
	pgnl_share_enter_sub(&who, id);
	err = pgnl_sub_replay(who.pn, NETLINK_CB(skb).sk, id,
			      attr ? &seq : NULL, &since);
	if (err == -ENOENT)
		refuse_subscription(info);
	else if (err == -EINVAL)
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such event yet");
	else if (err == -ESTALE)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "too long ago, list the members anew");
	else
		err = put_since(reply, &since);
	err = pgnl_nl_finish(info, reply, err);
	if (!err)
		pgnl_sub_begin(who.pn, NETLINK_CB(skb).sk, id);
	pgnl_share_leave(&who);
	return err;
}
