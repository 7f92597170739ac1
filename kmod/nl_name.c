// SPDX-License-Identifier: GPL-2.0-only
/* Names. */
#include <linux/pid_namespace.h>
#include <net/genetlink.h>

#include "batch.h"
#include "genl.h"
#include "group.h"
#include "member.h"
#include "name.h"
#include "name_ask.h"
#include "netlink.h"
#include "perm.h"
#include "remote.h"
#include "reply.h"
#include "scope.h"
#include "table.h"
#include "upcall.h"

/**
 * struct telling - A reply that a registration fills.
 * @claim: what is asked
 * @reader: for whom it is translated
 * @reply: the reply; it has room for two members with metadata
 * @told: there is something in it
 */
struct telling {
	struct pgnl_claim claim;
	struct pgnl_reader reader;
	struct sk_buff *reply;
	bool told;
};

static void tell(struct pgnl_claim *claim, struct pgnl_member *member, bool own)
{
	struct telling *t = container_of(claim, struct telling, claim);

	WARN_ON_ONCE(pgnl_reply_put_name(t->reply, &t->reader,
					 own ? PGNL_A_MEMBER : PGNL_A_HOLDER,
					 member));
	t->told = true;
}

static void tell_far(struct pgnl_claim *claim, struct pgnl_remote *remote)
{
	struct telling *t = container_of(claim, struct telling, claim);

	WARN_ON_ONCE(pgnl_reply_put_far_name(t->reply, &t->reader,
					     PGNL_A_HOLDER, remote));
	t->told = true;
}

static int begin_telling(struct telling *t, struct genl_info *info)
{
	memset(t, 0, sizeof(*t));
	t->claim.tell = tell;
	t->claim.tell_far = tell_far;
	t->reader = pgnl_nl_reader();
	t->reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	return t->reply ? 0 : -ENOMEM;
}

static void parse_claim(struct pgnl_claim *claim, struct genl_info *info)
{
	struct nlattr *resolve = info->attrs[PGNL_A_RESOLVE];

	claim->replace = info->attrs[PGNL_A_REPLACE];
	claim->resolve = resolve ? nla_get_u32(resolve) :
				   PGNL_RESOLVE_KEEP_FIRST;
}

/* The one process that gets the name. */
static int add_process(struct pgnl_batch *batch, struct genl_info *info)
{
	struct nlattr *pid = info->attrs[PGNL_A_PID];

	if (!pid == !info->attrs[PGNL_A_SELF]) {
		NL_SET_ERR_MSG(info->extack, "one of pid and self is needed");
		return -EINVAL;
	}
	return pid ? pgnl_batch_add_pid(batch, nla_get_u32(pid),
					PGNL_A_PID, 0) :
		     pgnl_batch_add_self(batch);
}

static int join(struct pgnl_batch *batch, const struct pgnl_join *join,
		struct pgnl_fault *fault)
{
	u32 count;
	u64 id;
	int err = pgnl_batch_join(batch, join, &id, &count);

	if (!err && !count) {
		fault->cause = PGNL_CAUSE_DEAD;
		err = -ESRCH;
	}
	return err;
}

/* Does somebody have a say in names but this kernel? */
static bool is_arbitrated(const struct pgnl_caller *who)
{
	return READ_ONCE(who->pn->cluster->arbitrated);
}

static int ask(const struct pgnl_name_ask *ask, struct pgnl_batch *batch,
	       const struct pgnl_join *join, struct pgnl_pending **pending,
	       struct pgnl_fault *fault)
{
	int err = 0;

	/* Other nodes take the sender for who it says. */
	if (join->claim->replace)
		err = pgnl_nl_need_same_user(ask->who, ask->info);
	if (!err)
		err = pgnl_name_precheck(ask->who, ask->scope, ask->name,
					 join->claim, fault);
	if (err)
		return err;
	*pending = pgnl_name_ask_register(ask, batch, join);
	if (!IS_ERR(*pending))
		return 0;
	err = PTR_ERR(*pending);
	*pending = NULL;
	return err;
}

static int register_name(const struct pgnl_name_ask *what,
			 struct pgnl_batch *batch, const struct pgnl_join *how,
			 struct pgnl_pending **pending, struct pgnl_fault *fault)
{
	int err;

	pgnl_batch_add_group(batch, what->name);
	err = add_process(batch, what->info);
	if (!err && is_arbitrated(what->who))
		err = ask(what, batch, how, pending, fault);
	else if (!err)
		err = join(batch, how, fault);
	if (fault->cause != PGNL_CAUSE_NONE || err == -ENOMEM)
		pgnl_nl_refuse(what->info, fault, err);
	return err;
}

/*
 * Who is told that a name is taken is told by whom, in a reply of its own, if it
 * may know.
 */
static int finish_registration(struct genl_info *info, struct telling *t,
			       struct pgnl_pending *pending, int err)
{
	if (err != -EEXIST || !t->told)
		return pgnl_nl_finish_forward(info, t->reply, pending, err);
	pgnl_nl_send(info, t->reply);
	return err;
}

int pgnl_nl_name_register_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_name_ask what = { .info = info, .sk = NETLINK_CB(skb).sk };
	struct pgnl_pending *pending = NULL;
	struct pgnl_fault fault = {};
	struct pgnl_scope *scope;
	struct pgnl_batch batch;
	struct pgnl_caller who;
	struct pgnl_join join;
	struct pgnl_name name;
	struct telling t;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack) ?:
	      pgnl_args_join(info, &join);
	if (err)
		return err;
	scope = pgnl_args_names(&who, PGNL_MAY_WRITE, info->extack);
	if (IS_ERR(scope)) {
		err = PTR_ERR(scope);
		goto out_meta;
	}
	err = begin_telling(&t, info);
	if (err)
		goto out_scope;
	parse_claim(&t.claim, info);
	join.claim = &t.claim;
	what.who = &who;
	what.scope = scope;
	what.name = &name;
	err = pgnl_batch_begin(&batch, &who, scope, true, 1, 1, &fault);
	if (!err) {
		err = register_name(&what, &batch, &join, &pending, &fault);
		pgnl_batch_end(&batch);
	} else {
		NL_SET_ERR_MSG(info->extack, "out of memory");
	}
	err = finish_registration(info, &t, pending, err);
out_scope:
	pgnl_scope_put(scope);
out_meta:
	pgnl_meta_put(join.meta);
	return err;
}

/* Of one that another node holds the other nodes are asked. */
static int unregister_far(const struct pgnl_name_ask *ask,
			  enum pgnl_name_where where,
			  struct pgnl_pending **pending)
{
	int err = pgnl_nl_need_same_user(ask->who, ask->info);

	if (err)
		return err;
	/* Without an agent all are stale, and it is the agent that is lacking. */
	if (where == PGNL_NAME_SUSPECT &&
	    pgnl_upcall_can(ask->who->pn, PGNL_ACT_UNREGISTER)) {
		NL_SET_ERR_MSG(ask->info->extack,
			       "the node of the holder is suspect");
		return -EAGAIN;
	}
	*pending = pgnl_name_ask_unregister(ask);
	if (!IS_ERR(*pending))
		return 0;
	err = PTR_ERR(*pending);
	*pending = NULL;
	return err;
}

int pgnl_nl_name_unregister_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_name_ask what = { .info = info, .sk = NETLINK_CB(skb).sk };
	struct pgnl_pending *pending = NULL;
	struct pgnl_fault fault = {};
	enum pgnl_name_where where;
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_name name;
	struct telling t;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack);
	if (err)
		return err;
	scope = pgnl_args_names(&who, PGNL_MAY_WRITE, info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	err = begin_telling(&t, info);
	if (err)
		goto out;
	what.who = &who;
	what.scope = scope;
	what.name = &name;
	err = pgnl_name_unregister(&who, scope, &name, &t.claim, &where,
				   &fault);
	if (err)
		pgnl_nl_refuse(info, &fault, err);
	else if (where == PGNL_NAME_NOWHERE)
		err = nla_put_flag(t.reply, PGNL_A_NO_GROUP);
	else if (where != PGNL_NAME_HERE)
		err = unregister_far(&what, where, &pending);
	err = pgnl_nl_finish_forward(info, t.reply, pending, err);
out:
	pgnl_scope_put(scope);
	return err;
}

/* That of this node, where there is one, comes before all others. */
static int put_holder(struct sk_buff *reply, struct pgnl_group *group)
{
	struct pgnl_member *holder = group ? pgnl_name_holder(group) : NULL;
	struct pgnl_remote *far = group && !holder ? pgnl_remote_holder(group) :
						     NULL;
	struct pgnl_reader reader = pgnl_nl_reader();

	if (!holder && !far)
		return nla_put_flag(reply, PGNL_A_NO_GROUP);
	if (nla_put_string(reply, PGNL_A_GROUP, group->name))
		return -EMSGSIZE;
	if (holder)
		return pgnl_reply_put_name(reply, &reader, PGNL_A_MEMBER, holder);
	return pgnl_reply_put_far_name(reply, &reader, PGNL_A_MEMBER, far);
}

/* -EAGAIN: ask for the lock. */
static int put_holder_rcu(struct sk_buff *reply, struct pgnl_group *group)
{
	const unsigned char *mark = skb_tail_pointer(reply);
	unsigned int seq;
	int tries, err;

	if (!group)
		return put_holder(reply, NULL);
	for (tries = 0; tries < 3; tries++) {
		seq = raw_read_seqcount(&group->seq);
		if (seq & 1)
			continue;
		err = put_holder(reply, group);
		if (!read_seqcount_retry(&group->seq, seq))
			return err;
		nlmsg_trim(reply, mark);
	}
	return -EAGAIN;
}

int pgnl_nl_name_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_name name;
	struct sk_buff *reply;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack);
	if (err)
		return err;
	scope = pgnl_args_names(&who, PGNL_MAY_READ, info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply) {
		err = -ENOMEM;
		goto out;
	}
	rcu_read_lock();
	err = put_holder_rcu(reply, pgnl_group_find(scope, &name));
	rcu_read_unlock();
	if (err == -EAGAIN) {
		mutex_lock(&who.pn->lock);
		err = put_holder(reply, pgnl_group_find(scope, &name));
		mutex_unlock(&who.pn->lock);
	}
	err = pgnl_nl_finish(info, reply, err);
out:
	pgnl_scope_put(scope);
	return err;
}

/* --- For the agent --- */

/* A holder is named by id and fencing number, so that nobody else is hit. */
static int evict(struct genl_info *info, struct pgnl_scope *scope,
		 const struct pgnl_name *name)
{
	struct nlattr *resolve = info->attrs[PGNL_A_RESOLVE];
	struct nlattr *node = info->attrs[PGNL_A_NODE];
	struct pgnl_eviction eviction = { .reason = PGNL_REASON_LEFT };
	int err;

	if (!info->attrs[PGNL_A_ID] || !info->attrs[PGNL_A_FENCE]) {
		NL_SET_ERR_MSG(info->extack, "an id and a fence are needed");
		return -EINVAL;
	}
	eviction.id = nla_get_u64(info->attrs[PGNL_A_ID]);
	eviction.fence = nla_get_u64(info->attrs[PGNL_A_FENCE]);
	if (node)
		eviction.node = nla_data(node);
	if (resolve) {
		eviction.reason = PGNL_REASON_CONFLICT;
		eviction.exits = nla_get_u32(resolve) == PGNL_RESOLVE_RANDOM_EXIT;
	} else if (info->attrs[PGNL_A_REPLACE]) {
		eviction.reason = PGNL_REASON_REPLACED;
	}
	err = pgnl_name_evict(scope, name, &eviction);
	if (err == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "the name is another's, or nobody's");
	else if (err == -EPERM)
		NL_SET_ERR_MSG(info->extack, "its registration does not ask for that");
	else if (err == -EBUSY)
		NL_SET_ERR_MSG(info->extack, "too many requests on one membership");
	else if (err == -ENOMEM)
		NL_SET_ERR_MSG(info->extack, "out of memory");
	return err;
}

int pgnl_nl_name_evict_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_name name;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack) ?:
	      pgnl_nl_agent_begin(&who, skb, info);
	if (err)
		return err;
	scope = pgnl_scope_get(who.pn, PGNL_SCOPE_NAMES);
	err = evict(info, scope, &name);
	pgnl_scope_put(scope);
	pgnl_agent_end(who.pn);
	return err;
}
