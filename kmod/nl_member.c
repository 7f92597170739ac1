// SPDX-License-Identifier: GPL-2.0-only
/* Reads of members and processes. */
#include <linux/pid_namespace.h>
#include <net/genetlink.h>

#include "choose.h"
#include "exit.h"
#include "genl.h"
#include "group.h"
#include "member.h"
#include "netlink.h"
#include "perm.h"
#include "pick.h"
#include "proc.h"
#include "remote.h"
#include "reply.h"
#include "scope.h"
#include "share.h"
#include "table.h"

/* Room in the last try of a reply with members, as in listings. */
#define MEMBERS_LARGE	32000
/* What a member without metadata takes. */
#define MEMBER_ROOM	(NLA_HDRLEN + nla_total_size(sizeof(struct pgnl_row)))
/* Room in the first try: a small group in the smallest buffer there is. */
#define MEMBERS_SMALL	(10 * MEMBER_ROOM)
/* Rows to look at without a lock, seen or not; more are for a listing. */
#define MEMBERS_LOOK	4096

/* Rows of other nodes, which there are few groups with. */
static u32 rows_elsewhere_rcu(const struct pgnl_group *group)
{
	struct pgnl_remotes *set = pgnl_remotes_rcu(group);

	return set ? READ_ONCE(set->nr_rows) : 0;
}

/* Within RCU. -EMSGSIZE: that is not all, what fits is there. */
static int put_members(struct sk_buff *reply, struct pgnl_group *group,
		       struct pgnl_reader *reader, bool local, bool *some)
{
	u32 rows = READ_ONCE(group->nr_rows);
	u32 far = local ? 0 : rows_elsewhere_rcu(group);
	u32 len = reply->len;
	int err;

	/* There must be room to say that there are more. */
	err = pgnl_reply_put_rows_rcu(reply, reader, group,
				      min_t(u32, rows, MEMBERS_LOOK),
				      nla_total_size(0));
	if (far && !err && rows < MEMBERS_LOOK)
		err = pgnl_reply_put_remotes_rcu(reply, reader, group,
						 min_t(u32, far,
						       MEMBERS_LOOK - rows),
						 nla_total_size(0));
	*some = reply->len != len;
	return rows + far > MEMBERS_LOOK ? -EMSGSIZE : err;
}

/*
 * A consistent set of members without the lock, if the group is quiet enough;
 * -EAGAIN if it is not.
 */
static int put_members_rcu(struct sk_buff *reply, struct pgnl_group *group,
			   struct pgnl_reader *reader, bool local, bool *some)
{
	const unsigned char *mark = skb_tail_pointer(reply);
	unsigned int seq;
	int tries, err;

	for (tries = 0; tries < 3; tries++) {
		seq = raw_read_seqcount(&group->seq);
		if (seq & 1)
			continue;
		err = put_members(reply, group, reader, local, some);
		if (!read_seqcount_retry(&group->seq, seq))
			return err;
		nlmsg_trim(reply, mark);
	}
	return -EAGAIN;
}

/* Is a group there since other nodes have something in it? */
static bool is_far_rcu(const struct pgnl_group *group)
{
	struct pgnl_remotes *set = pgnl_remotes_rcu(group);

	return set && (READ_ONCE(set->nr_created) || rows_elsewhere_rcu(group));
}

static int get_members(struct sk_buff *reply, const struct pgnl_caller *who,
		       const char *scope_name, const struct pgnl_name *name,
		       struct genl_info *info, bool locked, u32 *rows)
{
	const unsigned char *mark = skb_tail_pointer(reply);
	struct pgnl_reader reader = pgnl_nl_reader();
	struct pgnl_group *group;
	struct pgnl_scope *scope;
	bool local = info->attrs[PGNL_A_LOCAL_ONLY];
	bool some;
	int err;

	scope = who->via ? pgnl_share_borrow(who) :
			   pgnl_scope_find_rcu(who->pn, scope_name);
	if (!scope)
		return -ENOENT;
	if (!pgnl_perm_scope(who, scope, PGNL_MAY_READ))
		return pgnl_args_check_scope(who, scope,
					     info->attrs[PGNL_A_SCOPE],
					     PGNL_MAY_READ, info->extack);
	group = pgnl_group_find_rcu(scope, name);
	if (!group || !pgnl_group_is_seen(group))
		return nla_put_flag(reply, PGNL_A_NO_GROUP);
	if (!pgnl_perm_group(who, group, PGNL_MAY_READ))
		return pgnl_nl_refuse_group_mode(info);
	*rows = READ_ONCE(group->nr_rows) +
		(local ? 0 : rows_elsewhere_rcu(group));
	err = locked ? put_members(reply, group, &reader, local, &some) :
		       put_members_rcu(reply, group, &reader, local, &some);
	/* A deletion evicts members by and by, after the group is dead. */
	if (!err && (READ_ONCE(group->dead) ||
		     (!some && !group->created && !is_far_rcu(group)))) {
		nlmsg_trim(reply, mark);
		err = nla_put_flag(reply, PGNL_A_NO_GROUP);
	}
	return err;
}

/* What the members would need without metadata, and then all there may be. */
static size_t more_room(size_t room, u32 rows)
{
	size_t need = MEMBERS_SMALL + (size_t)rows * MEMBER_ROOM;

	return room == MEMBERS_SMALL ? min_t(size_t, need, MEMBERS_LARGE) :
				       MEMBERS_LARGE;
}

/* No such scope here; is it shared from elsewhere? If not, it is told. */
static bool go_elsewhere(struct pgnl_caller *who, const char *scope,
			 struct genl_info *info)
{
	if (scope && pgnl_share_enter(who, scope))
		return true;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_SCOPE],
			    "no such scope");
	return false;
}

int pgnl_nl_member_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	size_t room = MEMBERS_SMALL;
	struct pgnl_caller who;
	struct pgnl_name name;
	struct sk_buff *reply;
	const char *scope;
	bool locked = false;
	u32 rows = 0;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      pgnl_args_scope_name(info->attrs[PGNL_A_SCOPE], &scope,
				   info->extack) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack);
	if (err)
		return err;
again:
	reply = pgnl_nl_new_reply(info, room);
	if (!reply) {
		err = -ENOMEM;
		goto out;
	}
	if (locked)
		mutex_lock(&who.pn->lock);
	rcu_read_lock();
	err = get_members(reply, &who, scope, &name, info, locked, &rows);
	rcu_read_unlock();
	if (locked)
		mutex_unlock(&who.pn->lock);

	if (err == -ENOENT && go_elsewhere(&who, scope, info)) {
		nlmsg_free(reply);
		goto again;
	}
	if (err == -EMSGSIZE && room == MEMBERS_LARGE) {
		err = nla_put_flag(reply, PGNL_A_MORE);
	} else if (err == -EMSGSIZE || err == -EAGAIN) {
		locked = err == -EAGAIN;
		if (err == -EMSGSIZE)
			room = more_room(room, rows);
		nlmsg_free(reply);
		goto again;
	}
	err = pgnl_nl_finish(info, reply, err);
out:
	pgnl_share_leave(&who);
	return err;
}

static int put_choice(struct sk_buff *reply, const struct pgnl_choice *choice)
{
	struct pgnl_reader reader = pgnl_nl_reader();

	return choice->remote ?
	       pgnl_reply_put_remote(reply, &reader, choice->remote) :
	       pgnl_reply_put_member(reply, &reader, choice->member);
}

/* -EAGAIN: ask for the lock. */
static int pick_rcu(struct sk_buff *reply, struct pgnl_group *group,
		    const struct pgnl_pick *pick)
{
	const unsigned char *mark = skb_tail_pointer(reply);
	struct pgnl_choice choice;
	unsigned int seq;
	int tries, err;

	for (tries = 0; tries < 3; tries++) {
		seq = raw_read_seqcount(&group->seq);
		if (seq & 1)
			continue;
		err = pgnl_choose_rcu(group, pick, &choice);
		if (err == -EAGAIN)
			return err;
		if (!err)
			err = put_choice(reply, &choice);
		if (!read_seqcount_retry(&group->seq, seq))
			return err;
		nlmsg_trim(reply, mark);
	}
	return -EAGAIN;
}

static int pick_locked(struct sk_buff *reply, struct pgnl_group *group,
		       const struct pgnl_pick *pick)
{
	struct pgnl_choice choice;

	return pgnl_choose_locked(group, pick, &choice) ?:
	       put_choice(reply, &choice);
}

static int pick_member(struct sk_buff *reply, const struct pgnl_caller *who,
		       struct pgnl_scope *scope, const struct pgnl_name *name,
		       const struct pgnl_pick *pick, bool locked)
{
	struct pgnl_group *group = pgnl_group_find(scope, name);
	bool kept;
	int err;

	if (!group || !pgnl_group_is_seen(group))
		return -ENOENT;
	if (!pgnl_perm_group(who, group, PGNL_MAY_READ))
		return -EACCES;
	/* Afterwards it may be gone: a long look lets the lock go. */
	kept = group->created || pgnl_group_is_far(group);
	err = locked ? pick_locked(reply, group, pick) :
		       pick_rcu(reply, group, pick);
	/* A group that nobody made goes with its last member. */
	if (err == -ENODATA && !kept && !pick->by_uid)
		err = -ENOENT;
	return err;
}

static int pick_quick_or_slow(struct sk_buff *reply,
			      const struct pgnl_caller *who,
			      struct pgnl_scope *scope,
			      const struct pgnl_name *name,
			      const struct pgnl_pick *pick)
{
	int err;

	rcu_read_lock();
	err = pick_member(reply, who, scope, name, pick, false);
	rcu_read_unlock();
	if (err != -EAGAIN)
		return err;
	mutex_lock(&who->pn->lock);
	err = pick_member(reply, who, scope, name, pick, true);
	mutex_unlock(&who->pn->lock);
	return err;
}

int pgnl_nl_member_pick_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PGNL_A_GROUP];
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_pick pick;
	struct pgnl_name name;
	struct sk_buff *reply;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      pgnl_args_group_name(attr, &name, info->extack) ?:
	      pgnl_args_pick(info, &pick);
	if (err)
		return err;
	pick.stale = info->attrs[PGNL_A_STALE];
	scope = pgnl_args_scope_read(&who, info->attrs[PGNL_A_SCOPE],
				     PGNL_MAY_READ, info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	err = reply ? pick_quick_or_slow(reply, &who, scope, &name, &pick) : -ENOMEM;
	pgnl_nl_explain_group(info, err);
	err = pgnl_nl_finish(info, reply, err);
	pgnl_scope_put(scope);
	pgnl_share_leave(&who);
	return err;
}

int pgnl_nl_process_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct pgnl_caller who;
	struct pgnl_proc *proc;
	struct sk_buff *reply;
	struct pid *pid;
	u64 id = 0;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0);
	if (err)
		return err;
	pid = pgnl_args_process(who.pn, info->attrs[PGNL_A_PID],
				info->attrs[PGNL_A_ID],
				info->attrs[PGNL_A_SELF], info->extack);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	mutex_lock(&who.pn->lock);
	proc = pgnl_proc_find(who.pn, pid);
	if (proc && !pgnl_exit_is_dead(proc) && proc->nr_seen)
		id = proc->id;
	mutex_unlock(&who.pn->lock);

	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply)
		err = -ENOMEM;
	else if (nla_put_u32(reply, PGNL_A_PID, pid_nr_ns(pid, ns)) ||
		 (id && nla_put_u64_64bit(reply, PGNL_A_ID, id, PGNL_A_PAD)))
		err = -EMSGSIZE;
	put_pid(pid);
	return pgnl_nl_finish(info, reply, err);
}
