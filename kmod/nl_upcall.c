// SPDX-License-Identifier: GPL-2.0-only
/* Requests that go on to the agent, its answers, and those that came to it. */
#include <linux/cred.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "far.h"
#include "genl.h"
#include "message.h"
#include "netlink.h"
#include "perm.h"
#include "remote.h"
#include "reply.h"
#include "scope.h"
#include "signal.h"
#include "table.h"
#include "upcall.h"

/* Most bytes of members in an upcall. */
#define TARGETS_MAX	24000

/**
 * struct forward - A request about members of other nodes, which waits.
 * @pending: the request
 * @members: how many members it is about
 * @id: the only one, if who took it is to be told; else 0
 * @pid: its pid there
 * @node: its node
 */
struct forward {
	struct pgnl_pending pending;
	u32 members;
	u64 id;
	u32 pid;
	char node[PGNL_SCOPE_NAME_MAX + 1];
};

static void note_one(struct forward *forward, const struct pgnl_far *far)
{
	const struct pgnl_far_part *one = &far->part[0];

	if (far->nr != 1 || !one->id)
		return;
	forward->id = one->id;
	forward->pid = one->pid;
	strscpy(forward->node, one->node->name, sizeof(forward->node));
}

static int put_who(struct sk_buff *skb, const char *node, u32 pid, u64 id)
{
	if (nla_put_string(skb, PGNL_A_NODE, node) ||
	    nla_put_u32(skb, PGNL_A_PID, pid) ||
	    nla_put_u64_64bit(skb, PGNL_A_ID, id, PGNL_A_PAD))
		return -EMSGSIZE;
	return 0;
}

/* As the agent says, or else the one whom it was asked for. */
static int put_reached(struct sk_buff *skb, const struct forward *forward,
		       struct nlattr **attrs)
{
	struct nlattr *node = attrs[PGNL_A_NODE], *pid = attrs[PGNL_A_PID];
	struct nlattr *reached = attrs[PGNL_A_REACHED];

	if (attrs[PGNL_A_ID])
		return put_who(skb, node ? nla_data(node) : "",
			       pid ? nla_get_u32(pid) : 0,
			       nla_get_u64(attrs[PGNL_A_ID]));
	if (forward->id && reached && nla_get_u32(reached))
		return put_who(skb, forward->node, forward->pid, forward->id);
	return 0;
}

/* Counts that are not told are 0; who was reached is told for one. */
static int copy_answer(struct pgnl_pending *pending, struct genl_info *info)
{
	static const u16 counts[] = {
		PGNL_A_REACHED, PGNL_A_REFUSED, PGNL_A_GONE, PGNL_A_FULL,
		PGNL_A_NO_INBOX, PGNL_A_UNREACHABLE,
	};
	struct nlattr **attrs = info->attrs;
	struct sk_buff *skb = pending->result;
	int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++)
		if (nla_put_u32(skb, counts[i], attrs[counts[i]] ?
				nla_get_u32(attrs[counts[i]]) : 0))
			return -EMSGSIZE;
	return put_reached(skb, container_of(pending, struct forward, pending),
			   attrs);
}

static void say_unreachable(struct pgnl_pending *pending, int err)
{
	struct forward *forward = container_of(pending, struct forward,
					       pending);

	/* There is room. */
	nla_put_u32(pending->result, PGNL_A_UNREACHABLE, forward->members);
}

const struct pgnl_act_ops pgnl_nl_send_ops = {
	.act = PGNL_ACT_SEND,
	.size = sizeof(struct forward),
	.answer = copy_answer,
	.fail = say_unreachable,
};

const struct pgnl_act_ops pgnl_nl_signal_ops = {
	.act = PGNL_ACT_SIGNAL,
	.size = sizeof(struct forward),
	.answer = copy_answer,
	.fail = say_unreachable,
};

const struct pgnl_act_ops pgnl_nl_join_ops = {
	.act = PGNL_ACT_JOIN,
	.size = sizeof(struct forward),
	.answer = copy_answer,
	.fail = say_unreachable,
};

const struct pgnl_act_ops pgnl_nl_delete_ops = {
	.act = PGNL_ACT_DELETE,
	.size = sizeof(struct forward),
	.answer = copy_answer,
	.fail = say_unreachable,
};

static int put_signal(struct sk_buff *skb, const struct pgnl_signal *signal)
{
	if (nla_put_u32(skb, PGNL_A_SIGNAL, signal->nr) ||
	    (signal->queued && nla_put_u64_64bit(skb, PGNL_A_VALUE,
						 signal->value, PGNL_A_PAD)))
		return -EMSGSIZE;
	return 0;
}

static int put_upcall(struct sk_buff *skb, const struct pgnl_nl_act *act,
		      const struct pgnl_far *far)
{
	if (nla_put_string(skb, PGNL_A_SCOPE, act->scope->name) ||
	    pgnl_reply_put_group_name(skb, act->group) ||
	    pgnl_far_put(skb, far))
		return -EMSGSIZE;
	if (act->signal)
		return put_signal(skb, act->signal);
	if (act->times)
		return nla_put_u32(skb, PGNL_A_TIMES, act->times);
	if (act->data)
		pgnl_reply_put_data(skb, act->data, act->len);
	return 0;
}

static struct pgnl_pending *refuse(struct genl_info *info, const char *text,
				   int err)
{
	if (info->extack)
		info->extack->_msg = text;
	return ERR_PTR(err);
}

/**
 * pgnl_nl_forward() - Make what is for members of other nodes pending.
 * @info: the request
 * @sk: its socket
 * @act: what it is
 * @far: the members; when there is no agent any more, they are lost
 *
 * Return: the request, to be told of in the reply and then sent; NULL when
 * there is nobody to ask; an ERR_PTR() and the words are there.
 */
struct pgnl_pending *pgnl_nl_forward(struct genl_info *info, struct sock *sk,
				     const struct pgnl_nl_act *act,
				     struct pgnl_far *far)
{
	struct pgnl_upcall_opts opts = {
		.ops = act->ops,
		.sk = sk,
		.portid = info->snd_portid,
		.data = act->len,
		.by_uid = act->pick && act->pick->by_uid,
	};
	struct pgnl_fault fault = {};
	struct pgnl_pending *pending;
	struct forward *forward;
	size_t size;

	if (!far->members)
		return NULL;
	if (opts.by_uid)
		opts.uid = act->pick->uid;
	size = pgnl_far_size(far);
	if (size > TARGETS_MAX)
		return refuse(info, "too many other nodes, or members of these",
			      -E2BIG);
	opts.room = size + nla_total_size(PGNL_SCOPE_NAME_MAX + 1) +
		    nla_total_size(act->group->len + 1) +
		    nla_total_size(sizeof(u32)) +
		    nla_total_size_64bit(sizeof(u64));
	pending = pgnl_upcall_new(act->who, &opts, &fault);
	if (pending == ERR_PTR(-ENOTCONN)) {
		far->lost += far->members;
		return NULL;
	}
	if (IS_ERR(pending)) {
		pgnl_nl_refuse(info, &fault, PTR_ERR(pending));
		return pending;
	}
	forward = container_of(pending, struct forward, pending);
	forward->members = far->members;
	if (act->one)
		note_one(forward, far);
	if (WARN_ON_ONCE(put_upcall(pending->upcall, act, far))) {
		pgnl_upcall_free(pending);
		return refuse(info, "out of memory", -ENOMEM);
	}
	return pending;
}

/**
 * pgnl_nl_finish_forward() - End a handler that may have more to come.
 * @info: the request
 * @reply: the reply, freed when there is an error
 * @pending: what is to go to the agent, or NULL; taken over
 * @err: the error or 0
 *
 * The reply with the number comes before the result.
 *
 * Return: @err.
 */
int pgnl_nl_finish_forward(struct genl_info *info, struct sk_buff *reply,
			   struct pgnl_pending *pending, int err)
{
	if (!err && pending)
		err = pgnl_upcall_put_request(reply, pending);
	err = pgnl_nl_finish(info, reply, err);
	if (pending && err)
		pgnl_upcall_free(pending);
	else if (pending)
		pgnl_upcall_send(pending);
	return err;
}

/* --- Of the agent --- */

int pgnl_nl_upcall_answer_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_caller who;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      pgnl_nl_agent_begin(&who, skb, info);
	if (err)
		return err;
	if (info->attrs[PGNL_A_REQUEST]) {
		err = pgnl_upcall_answer(who.pn, info);
	} else {
		NL_SET_ERR_MSG(info->extack, "a request is needed");
		err = -EINVAL;
	}
	pgnl_agent_end(who.pn);
	return err;
}

static int parse_sender(struct genl_info *info, struct pgnl_sender *from)
{
	struct nlattr *attrs[PGNL_A_SENDER_MAX + 1];
	struct nlattr *nest = info->attrs[PGNL_A_SENDER];
	int err;

	err = nla_parse_nested(attrs, PGNL_A_SENDER_MAX, nest,
			       pgnl_sender_nl_policy, info->extack) ?:
	      pgnl_args_check_nest_once(nest, info->extack);
	if (err)
		return err;
	if (!attrs[PGNL_A_SENDER_NODE] || !attrs[PGNL_A_SENDER_UID]) {
		pgnl_nl_say(info, nest, "a sender has a node and a uid");
		return -EINVAL;
	}
	memset(from, 0, sizeof(*from));
	from->node = nla_data(attrs[PGNL_A_SENDER_NODE]);
	from->uid = make_kuid(current_user_ns(),
			      nla_get_u32(attrs[PGNL_A_SENDER_UID]));
	if (!uid_valid(from->uid)) {
		pgnl_nl_say(info, nest, "no such user");
		return -EINVAL;
	}
	if (attrs[PGNL_A_SENDER_PID])
		from->pid = nla_get_u32(attrs[PGNL_A_SENDER_PID]);
	if (attrs[PGNL_A_SENDER_ID])
		from->id = nla_get_u64(attrs[PGNL_A_SENDER_ID]);
	return 0;
}

/**
 * pgnl_nl_begin_sender() - Act for a sender on another node, if one is named.
 * @who: the caller; who that sender is, from here on
 * @skb: the request
 * @info: the request
 * @from: filled with the sender
 *
 * Return: 0 and pgnl_nl_end_sender() is to follow, 1 when none is named, or
 * -ENOTCONN, -EPERM, -EINVAL, -ENOMEM.
 */
int pgnl_nl_begin_sender(struct pgnl_caller *who, struct sk_buff *skb,
			 struct genl_info *info, struct pgnl_sender *from)
{
	const struct cred *cred;
	int err;

	if (!info->attrs[PGNL_A_SENDER])
		return 1;
	if (!pgnl_agent_is(who->pn, NETLINK_CB(skb).sk)) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_SENDER],
				    "this socket is not the agent's");
		return -ENOTCONN;
	}
	err = pgnl_nl_need_same_user(who, info) ?: parse_sender(info, from);
	if (err)
		return err;
	cred = pgnl_perm_cred_of(from->uid);
	if (!cred) {
		NL_SET_ERR_MSG(info->extack, "out of memory");
		return -ENOMEM;
	}
	who->cred = cred;
	who->opener = cred;
	who->node = from->node;
	return 0;
}

/**
 * pgnl_nl_end_sender() - Undo pgnl_nl_begin_sender().
 * @who: the caller
 */
void pgnl_nl_end_sender(struct pgnl_caller *who)
{
	put_cred(who->cred);
}
