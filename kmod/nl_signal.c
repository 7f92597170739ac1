// SPDX-License-Identifier: GPL-2.0-only
/* Signals to members. */
#include <linux/cred.h>
#include <net/genetlink.h>

#include "crowd.h"
#include "far.h"
#include "genl.h"
#include "message.h"
#include "netlink.h"
#include "perm.h"
#include "remote.h"
#include "scope.h"
#include "signal.h"
#include "table.h"
#include "upcall.h"

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
	return 0;
}

/**
 * struct act - A request to signal.
 * @info: the request
 * @sk: its socket
 * @who: the sender, or who it is to be judged as
 * @scope: the scope
 * @group: name of the group
 * @to: whom
 * @signal: what
 * @far: those of other nodes
 * @pending: what is to go to the agent, or NULL
 * @tally: what became of those of this node
 */
struct act {
	struct genl_info *info;
	struct sock *sk;
	const struct pgnl_caller *who;
	struct pgnl_scope *scope;
	struct pgnl_name group;
	struct pgnl_audience to;
	struct pgnl_signal signal;
	struct pgnl_far far;
	struct pgnl_pending *pending;
	struct pgnl_tally tally;
};

/* Mostly there are none. */
static bool is_for_others(const struct act *act)
{
	return !act->signal.far && !act->to.pick.local &&
	       READ_ONCE(act->scope->nr_far);
}

static int forward(struct act *act)
{
	struct pgnl_nl_act what = {
		.who = act->who,
		.scope = act->scope,
		.group = &act->group,
		.pick = &act->to.pick,
		.ops = &pgnl_nl_signal_ops,
		.signal = &act->signal,
	};
	struct pgnl_pending *pending;

	pending = pgnl_nl_forward(act->info, act->sk, &what, &act->far);
	if (IS_ERR(pending))
		return PTR_ERR(pending);
	act->pending = pending;
	return 0;
}

/* An agent that forwards none refuses them; without one, nobody is reached. */
static int put_far(struct sk_buff *reply, struct act *act)
{
	bool refused = act->far.lost && !act->far.can &&
		       pgnl_agent_exists(act->scope->pn);

	if (refused)
		act->tally.refused += act->far.lost;
	else
		act->tally.unreachable += act->far.lost;
	return refused ? nla_put_string(reply, PGNL_A_WORDS,
					"signals are not forwarded to other nodes") : 0;
}

static int put_tally(struct sk_buff *reply, const struct pgnl_tally *tally)
{
	if (nla_put_u32(reply, PGNL_A_REACHED, tally->reached) ||
	    nla_put_u32(reply, PGNL_A_REFUSED, tally->refused) ||
	    nla_put_u32(reply, PGNL_A_GONE, tally->gone) ||
	    nla_put_u32(reply, PGNL_A_UNREACHABLE, tally->unreachable))
		return -EMSGSIZE;
	return 0;
}

/* Nobody is signalled if those of other nodes can't be for want of room. */
static int signal_all(struct act *act, struct sk_buff *reply)
{
	struct pgnl_far *far = is_for_others(act) ? &act->far : NULL;
	struct pgnl_crowd *crowd;
	int err;

	err = pgnl_far_begin(&act->far, act->scope->pn, PGNL_ACT_SIGNAL,
			     !far ? 0 : act->to.one ? 1 :
			     pgnl_args_count(act->info, PGNL_A_ID));
	if (err) {
		NL_SET_ERR_MSG(act->info->extack, "out of memory");
		return err;
	}
	/* Agents take the sender for who it says, so nobody lends a socket. */
	if (!pgnl_perm_same_user(act->who))
		act->far.can = false;
	/* One that can't be signalled is not picked. */
	if (act->to.one && !act->far.can)
		far = NULL;
	crowd = pgnl_nl_gather(act->info, act->who, act->scope, &act->group,
			       &act->to, far);
	if (IS_ERR(crowd))
		return PTR_ERR(crowd);
	err = forward(act);
	if (!err)
		pgnl_signal_crowd(crowd, act->who, &act->signal, &act->tally);
	pgnl_crowd_free(crowd);
	return err ?: put_far(reply, act) ?: put_tally(reply, &act->tally);
}

static int do_signal(struct act *act)
{
	struct genl_info *info = act->info;
	struct sk_buff *reply;
	int err;

	act->scope = pgnl_args_scope(act->who, info->attrs[PGNL_A_SCOPE],
				     PGNL_MAY_ACT, info->extack);
	if (IS_ERR(act->scope))
		return PTR_ERR(act->scope);
	err = act->signal.far ? pgnl_nl_need_cluster(info, act->scope) : 0;
	if (err)
		goto out;
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (reply) {
		err = signal_all(act, reply);
		err = pgnl_nl_finish_forward(info, reply, act->pending, err);
		pgnl_far_end(&act->far);
	} else {
		err = -ENOMEM;
	}
out:
	pgnl_scope_put(act->scope);
	return err;
}

int pgnl_nl_group_signal_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct act act = { .info = info, .sk = NETLINK_CB(skb).sk };
	const struct cred *own;
	struct pgnl_sender from;
	struct pgnl_caller who;
	int err;

	err = pgnl_nl_begin(&who, skb, info, BIT_ULL(PGNL_A_ID)) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &act.group,
				   info->extack) ?:
	      parse_signal(info, &act.signal) ?:
	      pgnl_args_audience(info, &act.to);
	if (err)
		return err;
	act.who = &who;
	err = pgnl_nl_begin_sender(&who, skb, info, &from);
	if (err < 0)
		return err;
	if (err)
		return do_signal(&act);
	act.signal.far = true;
	own = override_creds(who.cred);
	err = do_signal(&act);
	revert_creds(own);
	pgnl_nl_end_sender(&who);
	return err;
}
