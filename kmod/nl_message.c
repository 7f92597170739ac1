// SPDX-License-Identifier: GPL-2.0-only
/* Inboxes and messages. */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "crowd.h"
#include "far.h"
#include "genl.h"
#include "inbox.h"
#include "message.h"
#include "netlink.h"
#include "perm.h"
#include "scope.h"
#include "table.h"
#include "upcall.h"

static int parse_senders(struct genl_info *info, struct pgnl_inbox_opts *opts)
{
	struct nlattr *attr = info->attrs[PGNL_A_UID];

	opts->by_uid = attr;
	if (!attr)
		return 0;
	opts->uid = make_kuid(current_user_ns(), nla_get_u32(attr));
	if (uid_valid(opts->uid))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such user");
	return -EINVAL;
}

/* The reply is queued before the first message can be. */
static int open_inbox(struct genl_info *info, struct pgnl_scope *scope,
		      const struct pgnl_inbox_opts *opts)
{
	struct pgnl_fault fault = {};
	struct pgnl_inbox *inbox;
	struct sk_buff *reply;
	int err;

	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply)
		return -ENOMEM;
	inbox = pgnl_inbox_open(scope, opts, &fault);
	if (IS_ERR(inbox)) {
		err = pgnl_nl_refuse(info, &fault, PTR_ERR(inbox));
		return pgnl_nl_finish(info, reply, err);
	}
	/* There is room. */
	nla_put_u64_64bit(reply, PGNL_A_ID, inbox->id, PGNL_A_PAD);
	pgnl_nl_send(info, reply);
	pgnl_inbox_start(inbox);
	pgnl_inbox_put(inbox);
	return 0;
}

int pgnl_nl_inbox_open_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_inbox_opts opts = {
		.sk = NETLINK_CB(skb).sk,
		.port = info->snd_portid,
	};
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      pgnl_nl_need_same_user(&who, info) ?:
	      parse_senders(info, &opts);
	if (err)
		return err;
	scope = pgnl_args_scope(&who, info->attrs[PGNL_A_SCOPE], 0,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	opts.last = pgnl_message_closed(scope);
	if (opts.last) {
		err = open_inbox(info, scope, &opts);
		if (err)
			nlmsg_free(opts.last);
	} else {
		NL_SET_ERR_MSG(info->extack, "out of memory");
		err = -ENOMEM;
	}
	pgnl_scope_put(scope);
	return err;
}

static int parse_data(struct genl_info *info, struct pgnl_message *message)
{
	struct nlattr *attr = info->attrs[PGNL_A_DATA];

	if (!attr) {
		NL_SET_ERR_MSG(info->extack, "data is needed");
		return -EINVAL;
	}
	if (nla_len(attr) > PGNL_MESSAGE_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "a message has at most 32768 bytes");
		return -EMSGSIZE;
	}
	message->data = nla_data(attr);
	message->len = nla_len(attr);
	return 0;
}

static int put_tally(struct sk_buff *reply, const struct pgnl_tally *tally)
{
	if (nla_put_u32(reply, PGNL_A_REACHED, tally->reached) ||
	    nla_put_u32(reply, PGNL_A_REFUSED, tally->refused) ||
	    nla_put_u32(reply, PGNL_A_GONE, tally->gone) ||
	    nla_put_u32(reply, PGNL_A_FULL, tally->full) ||
	    nla_put_u32(reply, PGNL_A_NO_INBOX, tally->no_inbox) ||
	    nla_put_u32(reply, PGNL_A_UNREACHABLE, tally->unreachable))
		return -EMSGSIZE;
	return 0;
}

static int put_reached(struct sk_buff *reply, const struct pgnl_target *one)
{
	u32 nr = pid_nr_ns(one->pid, task_active_pid_ns(current));

	if (nla_put_u32(reply, PGNL_A_PID, nr) ||
	    nla_put_u64_64bit(reply, PGNL_A_ID, one->id, PGNL_A_PAD))
		return -EMSGSIZE;
	return 0;
}

/**
 * struct send - A request to send.
 * @info: the request
 * @sk: its socket
 * @reply: its reply
 * @message: the message
 * @to: to whom
 * @far: those of other nodes, and room for them; NULL: to none of these
 * @pending: what is to go to the agent, or NULL
 */
struct send {
	struct genl_info *info;
	struct sock *sk;
	struct sk_buff *reply;
	struct pgnl_message message;
	struct pgnl_audience to;
	struct pgnl_far *far;
	struct pgnl_pending *pending;
};

static int forward(struct send *send)
{
	const struct pgnl_message *message = &send->message;
	struct pgnl_nl_act act = {
		.who = message->who,
		.scope = message->scope,
		.group = message->group,
		.pick = &send->to.pick,
		.one = send->to.one,
		.ops = &pgnl_nl_send_ops,
		.data = message->data,
		.len = message->len,
	};
	struct pgnl_pending *pending;

	if (!send->far)
		return 0;
	pending = pgnl_nl_forward(send->info, send->sk, &act, send->far);
	if (IS_ERR(pending))
		return PTR_ERR(pending);
	send->pending = pending;
	return 0;
}

/* Whoever it is for on another node is asked when nobody here has taken it. */
static int send_one(struct send *send)
{
	struct pgnl_far *far = send->far && send->far->can ? send->far : NULL;
	struct pgnl_target reached = {};
	struct pgnl_tally tally = {};
	int err;

	err = pgnl_message_send_one(&send->message, &send->to.pick, &tally,
				    &reached, far);
	if (err) {
		pgnl_nl_explain_group(send->info, err);
		return err;
	}
	err = forward(send);
	if (far)
		tally.unreachable = far->lost;
	err = err ?: put_tally(send->reply, &tally);
	if (tally.reached) {
		err = err ?: put_reached(send->reply, &reached);
		put_pid(reached.pid);
	}
	return err;
}

/* To nobody if those of other nodes can't be asked for want of room. */
static int send_all(struct send *send)
{
	struct pgnl_message *message = &send->message;
	struct pgnl_tally tally = {};
	struct pgnl_crowd *crowd;
	int err;

	crowd = pgnl_nl_gather(send->info, message->who, message->scope,
			       message->group, &send->to, send->far);
	if (IS_ERR(crowd))
		return PTR_ERR(crowd);
	err = forward(send);
	if (!err)
		pgnl_message_send(message, crowd, &tally);
	pgnl_crowd_free(crowd);
	if (send->far)
		tally.unreachable = send->far->lost;
	return err ?: put_tally(send->reply, &tally);
}

static int do_send(struct send *send)
{
	struct genl_info *info = send->info;
	struct pgnl_far far = {};
	int err = 0;

	send->reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!send->reply)
		return -ENOMEM;
	/* Mostly there are none. */
	if (!send->message.from && !send->to.pick.local &&
	    READ_ONCE(send->message.scope->nr_far)) {
		send->far = &far;
		err = pgnl_far_begin(&far, send->message.scope->pn,
				     PGNL_ACT_SEND, send->to.one ? 1 :
				     pgnl_args_count(info, PGNL_A_ID));
		if (err)
			NL_SET_ERR_MSG(info->extack, "out of memory");
	}
	if (!err)
		err = send->to.one ? send_one(send) : send_all(send);
	pgnl_far_end(&far);
	return pgnl_nl_finish_forward(info, send->reply, send->pending, err);
}

/* @who: the sender, or the agent for one that is elsewhere. */
static int send_as(struct send *send, struct pgnl_caller *who)
{
	struct genl_info *info = send->info;
	struct pgnl_scope *scope;
	int err;

	scope = pgnl_args_scope(who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_ACT,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	send->message.who = who;
	send->message.scope = scope;
	err = send->message.from ? pgnl_nl_need_cluster(info, scope) : 0;
	if (!err)
		err = do_send(send);
	pgnl_scope_put(scope);
	return err;
}

int pgnl_nl_group_send_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct send send = { .info = info, .sk = NETLINK_CB(skb).sk };
	struct pgnl_sender from;
	struct pgnl_caller who;
	struct pgnl_name name;
	int err;

	err = pgnl_nl_begin(&who, skb, info, BIT_ULL(PGNL_A_ID)) ?:
	      pgnl_nl_need_same_user(&who, info) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack) ?:
	      parse_data(info, &send.message) ?:
	      pgnl_args_audience(info, &send.to);
	if (err)
		return err;
	send.message.group = &name;
	err = pgnl_nl_begin_sender(&who, skb, info, &from);
	if (err < 0)
		return err;
	if (err)
		return send_as(&send, &who);
	send.message.from = &from;
	send.to.pick.local = true;
	err = send_as(&send, &who);
	pgnl_nl_end_sender(&who);
	return err;
}
