// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names where there is an agent that arbitrates.
 *
 * A registration is checked as one without an agent, but for its last step: the
 * agent is asked whether the other nodes agree. Its answer is that last step,
 * carried out with the credentials of who asked, at the charge of their memory
 * cgroup, and only if the process still lives. The requester is told by the
 * result, who got the name and who lost it, as by the reply of a kernel that
 * decides alone.
 *
 * To take a name from another node's process is that node's affair, so here is
 * nothing to be done with the answer.
 */
#include <linux/cred.h>
#include <linux/memcontrol.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "batch.h"
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
 * struct asking - A request about a name that waits for the agent.
 * @pending: the request
 * @who: who asks, with credentials of its own
 * @memcg: where what the answer makes is charged, counted; may be NULL
 * @scope: that of the names, counted
 * @pid: the process that is to get it, counted; NULL: none is
 * @join: what is asked beside, with metadata counted
 * @claim: the same
 * @reader: for whom the result is translated, with namespaces counted
 * @name: the name
 * @text: its bytes
 */
struct asking {
	struct pgnl_pending pending;
	struct pgnl_caller who;
	struct mem_cgroup *memcg;
	struct pgnl_scope *scope;
	struct pid *pid;
	struct pgnl_join join;
	struct pgnl_claim claim;
	struct pgnl_reader reader;
	struct pgnl_name name;
	char text[PGNL_GROUP_NAME_MAX];
};

static struct asking *asking_of(struct pgnl_pending *pending)
{
	return container_of(pending, struct asking, pending);
}

/* --- The result --- */

static void tell(struct pgnl_claim *claim, struct pgnl_member *member, bool own)
{
	struct asking *asking = container_of(claim, struct asking, claim);

	WARN_ON_ONCE(pgnl_reply_put_name(asking->pending.result, &asking->reader,
					 own ? PGNL_A_MEMBER : PGNL_A_HOLDER,
					 member));
}

static void tell_far(struct pgnl_claim *claim, struct pgnl_remote *remote)
{
	struct asking *asking = container_of(claim, struct asking, claim);

	WARN_ON_ONCE(pgnl_reply_put_far_name(asking->pending.result,
					     &asking->reader, PGNL_A_HOLDER,
					     remote));
}

/* By whom a name is taken, as far as this node knows and the requester may. */
static void tell_holder(struct pgnl_pending *pending, int err)
{
	struct asking *asking = asking_of(pending);
	struct pgnl_remote *far = NULL;
	struct pgnl_member *holder;
	struct pgnl_group *group;

	if (err != -EEXIST ||
	    !pgnl_perm_scope(&asking->who, asking->scope, PGNL_MAY_READ))
		return;
	mutex_lock(&pending->pn->lock);
	group = pgnl_group_find(asking->scope, &asking->name);
	holder = group ? pgnl_name_holder(group) : NULL;
	if (group && !holder)
		far = pgnl_remote_holder(group);
	if (holder)
		tell(&asking->claim, holder, false);
	else if (far)
		tell_far(&asking->claim, far);
	mutex_unlock(&pending->pn->lock);
}

static int join(struct asking *asking, struct pgnl_fault *fault)
{
	struct pgnl_batch batch;
	u32 count = 0;
	u64 id;
	int err;

	err = pgnl_batch_begin(&batch, &asking->who, asking->scope, true, 1, 1,
			       fault);
	if (err)
		return err;
	pgnl_batch_add_group(&batch, &asking->name);
	err = pgnl_batch_add_ref(&batch, get_pid(asking->pid)) ?:
	      pgnl_batch_join(&batch, &asking->join, &id, &count);
	pgnl_batch_end(&batch);
	if (!err && !count) {
		fault->cause = PGNL_CAUSE_DEAD;
		err = -ESRCH;
	}
	return err;
}

/* So that numbers have room to grow in, whatever an agent says: the year 2116. */
#define FLOOR_MAX	BIT_ULL(62)

/* All agree: it gets the name, if it lives. */
static int give_away(struct pgnl_pending *pending, struct genl_info *info)
{
	struct asking *asking = asking_of(pending);
	struct nlattr *fence = info->attrs[PGNL_A_FENCE];
	struct pgnl_fault fault = {};
	struct mem_cgroup *own;
	const struct cred *old;
	int err;

	asking->claim.floor = fence ? nla_get_u64(fence) : 0;
	if (asking->claim.floor > FLOOR_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, fence,
				    "no fencing number is that high");
		return -EINVAL;
	}
	old = override_creds(asking->who.cred);
	own = set_active_memcg(asking->memcg);
	err = join(asking, &fault);
	set_active_memcg(own);
	revert_creds(old);
	if (err)
		pgnl_nl_refuse(info, &fault, err);
	return err;
}

static int confirm(struct pgnl_pending *pending, struct genl_info *info)
{
	return info->attrs[PGNL_A_NO_GROUP] ?
	       nla_put_flag(pending->result, PGNL_A_NO_GROUP) : 0;
}

/* --- Life --- */

static void free_asking(struct pgnl_pending *pending)
{
	struct asking *asking = asking_of(pending);

	pgnl_perm_drop(&asking->who);
	mem_cgroup_put(asking->memcg);
	pgnl_scope_put(asking->scope);
	put_pid(asking->pid);
	pgnl_meta_put(asking->join.meta);
	put_pid_ns(asking->reader.pid_ns);
	put_user_ns(asking->reader.user_ns);
}

static const struct pgnl_act_ops register_ops = {
	.act = PGNL_ACT_REGISTER,
	.size = sizeof(struct asking),
	.cancels = true,
	.answer = give_away,
	.fail = tell_holder,
	.free = free_asking,
};

static const struct pgnl_act_ops unregister_ops = {
	.act = PGNL_ACT_UNREGISTER,
	.size = sizeof(struct asking),
	.cancels = true,
	.answer = confirm,
	.free = free_asking,
};

static void fill(struct asking *asking, const struct pgnl_name_ask *ask)
{
	pgnl_perm_keep(&asking->who, ask->who);
	asking->memcg = get_mem_cgroup_from_mm(current->mm);
	kref_get(&ask->scope->ref);
	asking->scope = ask->scope;
	asking->reader = pgnl_nl_reader();
	get_pid_ns(asking->reader.pid_ns);
	get_user_ns(asking->reader.user_ns);
	memcpy(asking->text, ask->name->str, ask->name->len);
	asking->name.str = asking->text;
	asking->name.len = ask->name->len;
	asking->claim.tell = tell;
	asking->claim.tell_far = tell_far;
}

static struct pgnl_pending *begin(const struct pgnl_name_ask *ask,
				  const struct pgnl_act_ops *ops, bool replace)
{
	struct pgnl_upcall_opts opts = {
		.ops = ops,
		.sk = ask->sk,
		.portid = ask->info->snd_portid,
		.room = nla_total_size(PGNL_SCOPE_NAME_MAX + 1) +
			nla_total_size(PGNL_GROUP_NAME_MAX + 1) +
			nla_total_size(0),
	};
	struct pgnl_fault fault = {};
	struct pgnl_pending *pending;

	pending = pgnl_upcall_new(ask->who, &opts, &fault);
	if (IS_ERR(pending)) {
		pgnl_nl_refuse(ask->info, &fault, PTR_ERR(pending));
		return pending;
	}
	fill(asking_of(pending), ask);
	if (WARN_ON_ONCE(nla_put_string(pending->upcall, PGNL_A_SCOPE,
					PGNL_SCOPE_NAMES) ||
			 pgnl_reply_put_group_name(pending->upcall, ask->name) ||
			 (replace && nla_put_flag(pending->upcall,
						  PGNL_A_REPLACE)))) {
		pgnl_upcall_free(pending);
		return ERR_PTR(-EMSGSIZE);
	}
	return pending;
}

/**
 * pgnl_name_ask_register() - Make a registration pending.
 * @ask: the request, its rights checked
 * @batch: with the process that is to get the name
 * @join: what else is asked, with a claim
 *
 * Return: the request, to be told of in the reply and then sent; an ERR_PTR()
 * and the words are there.
 */
struct pgnl_pending *pgnl_name_ask_register(const struct pgnl_name_ask *ask,
					    const struct pgnl_batch *batch,
					    const struct pgnl_join *join)
{
	struct pgnl_pending *pending = begin(ask, &register_ops,
					     join->claim->replace);
	struct asking *asking;

	if (IS_ERR(pending))
		return pending;
	asking = asking_of(pending);
	asking->pid = get_pid(pgnl_batch_pid(batch));
	asking->join = *join;
	if (join->meta)
		kref_get(&join->meta->ref);
	asking->claim.replace = join->claim->replace;
	asking->claim.resolve = join->claim->resolve;
	asking->claim.agreed = true;
	asking->claim.by = asking->who.self;
	asking->join.claim = &asking->claim;
	return pending;
}

/**
 * pgnl_name_ask_unregister() - Make it pending that a name is taken from another
 *	node's process.
 * @ask: the request
 *
 * Return: as pgnl_name_ask_register().
 */
struct pgnl_pending *pgnl_name_ask_unregister(const struct pgnl_name_ask *ask)
{
	return begin(ask, &unregister_ops, false);
}
