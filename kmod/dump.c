// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listings. A listing is many messages, and between them the tables change;
 * later parts may run in another process's recvmsg(). So who asks, for whom
 * pids and uids are translated and how far it has come are kept here, and
 * each part takes the lock for at most PGNL_LOCK_ROWS rows at a time.
 *
 * Positions hold over changes: scopes and groups go by numbers that they keep
 * for life; members go down their group's array, whose last row fills gaps; a
 * process's memberships go by a row that is pinned.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "event.h"
#include "exit.h"
#include "genl.h"
#include "group.h"
#include "member.h"
#include "name.h"
#include "netlink.h"
#include "perm.h"
#include "proc.h"
#include "remote.h"
#include "reply.h"
#include "scope.h"
#include "share.h"
#include "table.h"
#include "user.h"

/**
 * struct pgnl_dump - A listing under way.
 * @who: who asked for it; its credentials are counted
 * @reader: for whom things are translated; its namespaces are counted
 * @scope: the scope, counted; NULL when the listing is not of one
 * @group: the group, referenced; NULL for all of the scope
 * @pid: the process, counted; NULL when the listing is not of one
 * @user: whom it is charged to, counted; NULL when it is charged to nobody
 * @next: its next membership, pinned; NULL at the end
 * @err: what the next part has to say, and nothing else
 * @text: why, or NULL
 * @local: only what has members on this node
 * @names: the groups are names
 * @id: number of the next scope or group
 * @index: one more than the index of the next member of the group
 * @far: the same of the members of other nodes, who come last
 * @at: the group that these are of, only to be compared
 * @begun: it has had the lock once
 * @since: number of the newest event then
 */
struct pgnl_dump {
	struct pgnl_caller who;
	struct pgnl_reader reader;
	struct pgnl_scope *scope;
	struct pgnl_group *group;
	struct pid *pid;
	struct pgnl_user *user;
	struct pgnl_member *next;
	int err;
	const char *text;
	bool local;
	bool names;
	unsigned long id;
	u32 index;
	u32 far;
	const struct pgnl_group *at;
	bool begun;
	u64 since;
};

static struct pgnl_dump *dump_of(struct netlink_callback *cb)
{
	return (struct pgnl_dump *)cb->args[0];
}

/*
 * What changes when the listing would. A process's memberships have none: their
 * position is exact, and whatever is there all along is told once.
 */
static u32 generation_locked(const struct pgnl_dump *dump)
{
	/* Under the lock nobody writes it, so there is nothing to retry. */
	if (dump->group)
		return dump->group->seq.sequence | 1;
	if (dump->scope)
		return dump->scope->gen;
	if (dump->pid)
		return 1;
	return dump->who.pn->gen + READ_ONCE(dump->who.pn->alias_gen) ?: 1;
}

/* --- Start and end --- */

static int start_scope(struct pgnl_dump *dump, struct nlattr **attrs,
		       struct netlink_ext_ack *extack)
{
	struct pgnl_scope *scope;

	scope = pgnl_args_scope_read(&dump->who, attrs[PGNL_A_SCOPE],
				     PGNL_MAY_READ, extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	dump->scope = scope;
	dump->reader.scope = pgnl_share_name(dump->who.via);
	/* Elsewhere is not settled yet. */
	pgnl_table_settle(dump->who.pn);
	dump->local = attrs[PGNL_A_LOCAL_ONLY];
	return 0;
}

static int start_names(struct pgnl_dump *dump, struct netlink_ext_ack *extack)
{
	struct pgnl_scope *scope;

	scope = pgnl_args_names(&dump->who, PGNL_MAY_READ, extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	dump->scope = scope;
	dump->names = true;
	return 0;
}

static int start_members(struct pgnl_dump *dump, struct nlattr **attrs,
			 struct netlink_ext_ack *extack)
{
	struct nlattr *attr = attrs[PGNL_A_GROUP];
	struct pgnl_group *group;
	struct pgnl_name name;
	struct pgnl_net *pn;
	int err;

	err = start_scope(dump, attrs, extack);
	if (err || !attr)
		return err;
	err = pgnl_args_group_name(attr, &name, extack);
	if (err)
		return err;
	pn = dump->who.pn;
	mutex_lock(&pn->lock);
	group = pgnl_group_find(dump->scope, &name);
	if (!group) {
		/* An empty list: nothing comes after the last number. */
		dump->id = ULONG_MAX;
	} else if (!pgnl_perm_group(&dump->who, group, PGNL_MAY_READ)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "mode of the group does not allow it");
		err = -EACCES;
	} else {
		pgnl_group_get_locked(group);
		dump->group = group;
	}
	mutex_unlock(&pn->lock);
	return err;
}

/*
 * A listing that nobody reads on keeps its row for as long as its socket is
 * open. Requests must get theirs all the same, so listings take only half.
 */
static int pin_position_locked(struct pgnl_member *member)
{
	if (member && member->pins >= U16_MAX / 2)
		return -EBUSY;
	return pgnl_member_pin_locked(member);
}

static int start_process(struct pgnl_dump *dump, struct nlattr **attrs,
			 struct netlink_ext_ack *extack)
{
	struct pgnl_net *pn = dump->who.pn;
	struct pgnl_member *first = NULL;
	struct pgnl_proc *proc;
	struct pid *pid;
	int err;

	pid = pgnl_args_process(pn, attrs[PGNL_A_PID], attrs[PGNL_A_ID],
				attrs[PGNL_A_SELF], extack);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	dump->pid = pid;
	mutex_lock(&pn->lock);
	proc = pgnl_proc_find(pn, pid);
	if (proc)
		first = pgnl_member_first(proc);
	err = pin_position_locked(first);
	if (!err)
		dump->next = first;
	mutex_unlock(&pn->lock);
	if (err)
		NL_SET_ERR_MSG(extack, "too many listings of the process");
	return err;
}

/*
 * One that is not read to its end keeps its group or row, at its owner's charge,
 * so there is a limit to these.
 */
static int charge(struct pgnl_dump *dump, struct netlink_ext_ack *extack)
{
	struct pgnl_user *user = pgnl_user_get(current_user_ns(), current_uid());

	if (!user) {
		NL_SET_ERR_MSG(extack, "out of memory");
		return -ENOMEM;
	}
	if (!pgnl_user_charge(user, PGNL_USER_LISTINGS)) {
		pgnl_user_put(user);
		/* What root's containers leave unread is charged to it as well. */
		if (ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE))
			return 0;
		NL_SET_ERR_MSG(extack,
			       "4096 listings of this user are not read to the end");
		return -EDQUOT;
	}
	dump->user = user;
	return 0;
}

static int start(struct pgnl_dump *dump, struct netlink_callback *cb,
		 struct netlink_ext_ack *extack)
{
	struct genlmsghdr *hdr = nlmsg_data(cb->nlh);
	struct nlattr *attrs[PGNL_A_MAX + 1];
	int err;

	/* Validated before, against the operation's own policy. */
	err = nlmsg_parse_deprecated(cb->nlh, GENL_HDRLEN, attrs, PGNL_A_MAX,
				     NULL, extack) ?:
	      pgnl_args_check_once(cb->nlh, 0, extack) ?:
	      charge(dump, extack);
	if (err)
		return err;

	switch (hdr->cmd) {
	case PGNL_CMD_SCOPE_GET:
	case PGNL_CMD_NODE_GET:
		/* The name of one is for a do. */
		return 0;
	case PGNL_CMD_GROUP_GET:
		return start_scope(dump, attrs, extack);
	case PGNL_CMD_MEMBER_GET:
		return start_members(dump, attrs, extack);
	case PGNL_CMD_NAME_GET:
		/* A name is for a do. */
		return start_names(dump, extack);
	default:
		return start_process(dump, attrs, extack);
	}
}

static void free_dump(struct pgnl_dump *dump)
{
	struct pgnl_net *pn = dump->who.pn;

	mutex_lock(&pn->lock);
	if (dump->next)
		pgnl_member_unpin_locked(dump->next);
	if (dump->group)
		pgnl_group_put_locked(dump->group);
	mutex_unlock(&pn->lock);
	if (dump->user)
		pgnl_user_uncharge(dump->user, PGNL_USER_LISTINGS);
	pgnl_user_put(dump->user);
	pgnl_scope_put(dump->scope);
	pgnl_share_leave(&dump->who);
	put_pid(dump->pid);
	pgnl_perm_drop(&dump->who);
	put_pid_ns(dump->reader.pid_ns);
	put_user_ns(dump->reader.user_ns);
	kfree(dump);
}

/**
 * pgnl_dump_start() - Begin a listing, in the context of who asked for it.
 * @cb: the listing
 *
 * Return: 0 or -errno, and there is no listing.
 */
int pgnl_dump_start(struct netlink_callback *cb)
{
	struct netlink_ext_ack extack = {};
	struct pgnl_caller who;
	struct pgnl_dump *dump;
	int err;

	dump = kzalloc(sizeof(*dump), GFP_KERNEL_ACCOUNT);
	if (!dump)
		return -ENOMEM;
	pgnl_perm_caller(&who, cb->skb);
	pgnl_perm_keep(&dump->who, &who);
	dump->reader.pid_ns = get_pid_ns(task_active_pid_ns(current));
	dump->reader.user_ns = get_user_ns(current_user_ns());

	pgnl_table_settle(dump->who.pn);
	/* 6.1 takes no words here, so there the first part has them. */
	err = start(dump, cb, cb->extack ?: &extack);
	if (err && cb->extack) {
		free_dump(dump);
		return err;
	}
	dump->err = err;
	dump->text = extack._msg;
	mutex_lock(&dump->who.pn->lock);
	cb->prev_seq = generation_locked(dump);
	mutex_unlock(&dump->who.pn->lock);
	cb->args[0] = (long)dump;
	return 0;
}

/**
 * pgnl_dump_done() - End a listing, read to its end or not.
 * @cb: the listing
 *
 * Return: 0.
 */
int pgnl_dump_done(struct netlink_callback *cb)
{
	free_dump(dump_of(cb));
	return 0;
}

/* --- Parts --- */

static void *begin_message(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct genlmsghdr *request = nlmsg_data(cb->nlh);

	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &pgnl_nl_family, NLM_F_MULTI, request->cmd);
}

/* Mark it when what the listing is of has changed since the last message. */
static int end_message(struct sk_buff *skb, struct netlink_callback *cb,
		       void *hdr, int err)
{
	if (err) {
		genlmsg_cancel(skb, hdr);
		return err;
	}
	genl_dump_check_consistent(cb, hdr);
	genlmsg_end(skb, hdr);
	return 0;
}

/*
 * Each of these puts what it can within one hold of the lock. 1: there may be
 * more, and room; 0: that was all; -EMSGSIZE: the message is full.
 */
typedef int (*fill_fn)(struct pgnl_dump *dump, struct sk_buff *skb,
		       struct netlink_callback *cb);

/*
 * What the listing is of: what is passed over by the first holds of the lock, before
 * there is anything to put, may have changed when the first message is made.
 */
static void note_begin_locked(struct pgnl_dump *dump)
{
	if (dump->scope && !dump->begun)
		dump->since = pgnl_event_seal_locked(dump->scope);
	dump->begun = true;
}

/* When nobody has subscribed to the scope, there is nothing to say. */
static int put_since_locked(const struct pgnl_dump *dump, struct sk_buff *skb)
{
	if (!dump->scope->feed)
		return 0;
	return nla_put_u64_64bit(skb, PGNL_A_SEQ, dump->since, PGNL_A_PAD);
}

static int fill(struct sk_buff *skb, struct netlink_callback *cb, fill_fn fn)
{
	struct pgnl_dump *dump = dump_of(cb);
	struct pgnl_net *pn = dump->who.pn;
	int more = dump->err ?: 1;

	while (more > 0) {
		mutex_lock(&pn->lock);
		note_begin_locked(dump);
		cb->seq = generation_locked(dump);
		more = fn(dump, skb, cb);
		mutex_unlock(&pn->lock);
		cond_resched();
	}
	if (more >= 0 || skb->len)
		return skb->len;
	/* Also when it was refused just now, before there was anything to put. */
	if (dump->err && cb->extack)
		cb->extack->_msg = dump->text;
	return more;
}

static int fill_scopes(struct pgnl_dump *dump, struct sk_buff *skb,
		       struct netlink_callback *cb)
{
	struct pgnl_net *pn = dump->who.pn;
	struct pgnl_scope *scope;
	void *hdr;
	int err;

	xa_for_each_start(&pn->scope_ids, dump->id, scope, dump->id) {
		hdr = begin_message(skb, cb);
		if (!hdr)
			return -EMSGSIZE;
		err = pgnl_reply_put_scope(skb, &dump->reader, scope);
		err = end_message(skb, cb, hdr, err);
		if (err)
			return err;
	}
	dump->id = ULONG_MAX;
	return 0;
}

static int put_alias(struct pgnl_dump *dump, struct sk_buff *skb,
		     struct netlink_callback *cb)
{
	struct pgnl_reader reader = dump->reader;
	struct pgnl_scope *scope;
	void *hdr;
	int err;

	hdr = begin_message(skb, cb);
	if (!hdr)
		return -EMSGSIZE;
	reader.scope = pgnl_share_name(dump->who.via);
	scope = pgnl_share_scope(&dump->who);
	pgnl_table_settle(dump->who.pn);
	mutex_lock(&dump->who.pn->lock);
	err = pgnl_reply_put_scope(skb, &reader, scope);
	mutex_unlock(&dump->who.pn->lock);
	pgnl_scope_put(scope);
	return end_message(skb, cb, hdr, err);
}

/* Those shared from elsewhere; without a lock, since each is under another. */
static int fill_aliases(struct pgnl_dump *dump, struct sk_buff *skb,
			struct netlink_callback *cb)
{
	u32 told = dump->index, next = told;
	int err = 0;

	while (!err && pgnl_share_enter_next(&dump->who, &next, true)) {
		err = put_alias(dump, skb, cb);
		pgnl_share_leave(&dump->who);
		if (!err)
			told = next;
		cond_resched();
	}
	dump->index = told;
	return err && !skb->len ? err : skb->len;
}

int pgnl_nl_scope_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct pgnl_dump *dump = dump_of(cb);
	int ret = fill(skb, cb, fill_scopes);

	return ret < 0 || dump->id != ULONG_MAX ? ret : fill_aliases(dump, skb, cb);
}

/* This node first, and then as dump->id says, one more than its number. */
static int fill_nodes(struct pgnl_dump *dump, struct sk_buff *skb,
		      struct netlink_callback *cb)
{
	struct pgnl_net *pn = dump->who.pn;
	struct pgnl_node *node;
	unsigned long id;
	void *hdr;
	int err;

	if (dump->id)
		goto others;
	hdr = begin_message(skb, cb);
	if (!hdr)
		return -EMSGSIZE;
	err = end_message(skb, cb, hdr, pgnl_nl_put_own_node_locked(skb, pn));
	if (err)
		return err;
	dump->id = 1;
others:
	id = dump->id - 1;
	xa_for_each_start(&pn->cluster->nodes, id, node, id) {
		dump->id = id + 1;
		if (node->gone)
			continue;
		hdr = begin_message(skb, cb);
		if (!hdr)
			return -EMSGSIZE;
		err = pgnl_reply_put_node_locked(skb, node);
		err = end_message(skb, cb, hdr, err);
		if (err)
			return err;
	}
	dump->id = ULONG_MAX;
	return 0;
}

int pgnl_nl_node_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return fill(skb, cb, fill_nodes);
}

static bool group_is_listed(const struct pgnl_dump *dump,
			    const struct pgnl_group *group)
{
	return pgnl_group_is_seen(group) &&
	       (!dump->local || group->nr_members) &&
	       pgnl_perm_group(&dump->who, group, PGNL_MAY_READ);
}

static int fill_groups(struct pgnl_dump *dump, struct sk_buff *skb,
		       struct netlink_callback *cb)
{
	struct pgnl_scope *scope = dump->scope;
	struct pgnl_group *group;
	u32 work = 0;
	void *hdr;
	int err;

	xa_for_each_start(&scope->group_ids, dump->id, group, dump->id) {
		if (++work > PGNL_LOCK_ROWS)
			return 1;
		if (!group_is_listed(dump, group))
			continue;
		hdr = begin_message(skb, cb);
		if (!hdr)
			return -EMSGSIZE;
		err = pgnl_reply_put_group(skb, &dump->reader, group) ?:
		      put_since_locked(dump, skb);
		err = end_message(skb, cb, hdr, err);
		if (err)
			return err;
	}
	dump->id = ULONG_MAX;
	return 0;
}

int pgnl_nl_group_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return fill(skb, cb, fill_groups);
}

/* Whoever holds a name; that of this node first. */
static int put_holder(struct pgnl_dump *dump, struct sk_buff *skb,
		      struct pgnl_group *group, bool *some)
{
	struct pgnl_member *holder = pgnl_name_holder(group);
	struct pgnl_remote *far = holder ? NULL : pgnl_remote_holder(group);
	int err = 0;

	if (holder)
		err = pgnl_reply_put_name(skb, &dump->reader, PGNL_A_MEMBER,
					  holder);
	else if (far)
		err = pgnl_reply_put_far_name(skb, &dump->reader, PGNL_A_MEMBER,
					      far);
	*some = !err && (holder || far);
	return err;
}

/* Members of other nodes of one group from dump->far down; as fill_fn. */
static int put_remotes(struct pgnl_dump *dump, struct sk_buff *skb,
		       struct pgnl_group *group, u32 *work, bool *some)
{
	struct pgnl_remotes *set = pgnl_remotes_locked(group);
	struct pgnl_remote *remote;

	dump->far = min(dump->far, set ? set->nr_rows : 0);
	while (dump->far) {
		if (++*work > PGNL_LOCK_ROWS)
			return 1;
		remote = xa_load(&set->rows, dump->far - 1);
		if (remote && pgnl_remote_is_seen(remote)) {
			if (pgnl_reply_put_remote(skb, &dump->reader, remote))
				return -EMSGSIZE;
			*some = true;
		}
		dump->far--;
	}
	return 0;
}

/* Members of one group from dump->index down; as fill_fn. */
static int put_rows(struct pgnl_dump *dump, struct sk_buff *skb,
		    struct pgnl_group *group, u32 *work, bool *some)
{
	struct pgnl_member *member;
	int more;

	if (dump->at != group) {
		dump->index = group->nr_rows;
		dump->far = dump->local ? 0 : U32_MAX;
	}
	dump->at = group;
	dump->index = min(dump->index, group->nr_rows);
	while (dump->index) {
		if (++*work > PGNL_LOCK_ROWS)
			return 1;
		member = pgnl_rows_get(&group->rows, dump->index - 1);
		if (pgnl_member_is_seen(member)) {
			if (pgnl_reply_put_member(skb, &dump->reader, member))
				return -EMSGSIZE;
			*some = true;
		}
		dump->index--;
	}
	more = put_remotes(dump, skb, group, work, some);
	if (!more)
		dump->at = NULL;
	return more;
}

static int put_group_rows(struct pgnl_dump *dump, struct sk_buff *skb,
			  struct netlink_callback *cb,
			  struct pgnl_group *group, u32 *work)
{
	bool some = false;
	int more;
	void *hdr;

	hdr = begin_message(skb, cb);
	if (!hdr)
		return -EMSGSIZE;
	if (pgnl_reply_put_names(skb, &dump->reader, group) ||
	    put_since_locked(dump, skb))
		return end_message(skb, cb, hdr, -EMSGSIZE);
	more = dump->names ? put_holder(dump, skb, group, &some) :
			     put_rows(dump, skb, group, work, &some);
	end_message(skb, cb, hdr, some ? 0 : -ENODATA);
	return more;
}

static int fill_members(struct pgnl_dump *dump, struct sk_buff *skb,
			struct netlink_callback *cb)
{
	struct pgnl_scope *scope = dump->scope;
	struct pgnl_group *group = dump->group;
	u32 work = 0;
	int more;

	if (group) {
		/* Who is still in a deleted one leaves without a further event. */
		if (dump->id || group->dead)
			return 0;
		more = put_group_rows(dump, skb, cb, group, &work);
		dump->id = !more;
		return more;
	}
	xa_for_each_start(&scope->group_ids, dump->id, group, dump->id) {
		if (++work > PGNL_LOCK_ROWS)
			return 1;
		if (!group_is_listed(dump, group))
			continue;
		more = put_group_rows(dump, skb, cb, group, &work);
		if (more)
			return more;
	}
	dump->id = ULONG_MAX;
	return 0;
}

int pgnl_nl_member_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return fill(skb, cb, fill_members);
}

int pgnl_nl_name_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return fill(skb, cb, fill_members);
}

static bool membership_is_listed(const struct pgnl_dump *dump,
				 const struct pgnl_member *member)
{
	const struct pgnl_group *group = member->group;

	return pgnl_member_is_seen(member) && pgnl_group_is_seen(group) &&
	       pgnl_perm_scope(&dump->who, group->scope, PGNL_MAY_READ) &&
	       pgnl_perm_group(&dump->who, group, PGNL_MAY_READ);
}

static int put_membership(struct pgnl_dump *dump, struct sk_buff *skb,
			  struct netlink_callback *cb,
			  const struct pgnl_member *member)
{
	void *hdr = begin_message(skb, cb);
	int err = 0;

	if (!hdr)
		return -EMSGSIZE;
	if (pgnl_reply_put_names(skb, &dump->reader, member->group) ||
	    pgnl_reply_put_member(skb, &dump->reader, member))
		err = -EMSGSIZE;
	return end_message(skb, cb, hdr, err);
}

static int fill_process(struct pgnl_dump *dump, struct sk_buff *skb,
			struct netlink_callback *cb)
{
	struct pgnl_member *member = dump->next;
	u32 work = 0;
	int err = 0;

	while (member && ++work <= PGNL_LOCK_ROWS) {
		if (membership_is_listed(dump, member))
			err = put_membership(dump, skb, cb, member);
		if (err)
			break;
		member = pgnl_member_next(member);
	}
	if (member == dump->next)
		return err;
	dump->err = pin_position_locked(member);
	dump->text = "too many listings of the process";
	pgnl_member_unpin_locked(dump->next);
	dump->next = dump->err ? NULL : member;
	return dump->err ?: err ?: !!member;
}

int pgnl_nl_process_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return fill(skb, cb, fill_process);
}
