// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family: from attributes to plain arguments, to the tables, to a
 * reply. Shapes are checked by the generated policies before a handler runs,
 * meaning is checked here; every refusal has its words here or in args.c.
 *
 * Handlers run in the sender's context, several at a time. None of them waits
 * for user space, and none returns -EINTR, which would lose its ack.
 */
#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/genetlink.h>

#include "batch.h"
#include "exit.h"
#include "genl.h"
#include "group.h"
#include "member.h"
#include "netlink.h"
#include "perm.h"
#include "pick.h"
#include "proc.h"
#include "reply.h"
#include "scope.h"
#include "signal.h"
#include "table.h"
#include "user.h"
#include "verify.h"

/* Room for a reply of fixed content. */
#define REPLY_ROOM	1024
/* Room in the first try of a reply with members: enough for most groups. */
#define MEMBERS_SMALL	640
/* And in the second: what readers are used to from listings. */
#define MEMBERS_LARGE	32000
/* What a member takes at most, and the flag that there are more. */
#define MEMBER_ROOM	(NLA_HDRLEN + nla_total_size(sizeof(struct pgnl_row)) + \
			 nla_total_size(PGNL_META_MAX) + nla_total_size(0))
/* Rows to look at without a lock, seen or not; more are for a listing. */
#define MEMBERS_LOOK	4096

static const char * const cause_text[] = {
	[PGNL_CAUSE_NONE] = "out of memory",
	[PGNL_CAUSE_SCOPE_GONE] = "the scope has been deleted",
	[PGNL_CAUSE_NO_GROUP] = "no such group",
	[PGNL_CAUSE_GROUP_GONE] = "the group has been deleted",
	[PGNL_CAUSE_GROUP_MODE] = "mode of the group does not allow it",
	[PGNL_CAUSE_DEAD] = "no such process",
	[PGNL_CAUSE_THREAD] = "that is a thread, not a process",
	[PGNL_CAUSE_KILL_RULE] = "no right to signal the process",
	[PGNL_CAUSE_OVERFLOW] = "the process would be joined too often",
	[PGNL_CAUSE_BUSY] = "too many requests on one membership",
	[PGNL_CAUSE_USER_GROUPS] = "limit user-groups is reached",
	[PGNL_CAUSE_USER_MEMBERSHIPS] = "limit user-memberships is reached",
	[PGNL_CAUSE_NET_SCOPES] = "limit net-scopes is reached",
	[PGNL_CAUSE_NET_GROUPS] = "limit net-groups is reached",
	[PGNL_CAUSE_NET_MEMBERSHIPS] = "limit net-memberships is reached",
};

/* Put a fault into words and point at the attribute. */
static int refuse(struct genl_info *info, const struct pgnl_fault *fault,
		  int err)
{
	const struct nlattr *attr;
	u32 index = 0;
	int rem;

	if (!err || !info->extack)
		return err;
	info->extack->_msg = cause_text[fault->cause];
	if (fault->cause == PGNL_CAUSE_NONE || !fault->attr)
		return err;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) == fault->attr && index++ == fault->index) {
			NL_SET_BAD_ATTR(info->extack, attr);
			break;
		}
	}
	return err;
}

static struct pgnl_reader reader_of_current(void)
{
	return (struct pgnl_reader) {
		.pid_ns = task_active_pid_ns(current),
		.user_ns = current_user_ns(),
	};
}

static struct sk_buff *new_reply(struct genl_info *info, size_t size)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb) {
		NL_SET_ERR_MSG(info->extack, "out of memory");
		return NULL;
	}
	genlmsg_put_reply(skb, info, &pgnl_nl_family, 0, info->genlhdr->cmd);
	return skb;
}

/*
 * A reply that does not fit into the sender's full receive buffer is lost,
 * and so would be the error that says so; what was asked has been done.
 */
static int send_reply(struct genl_info *info, struct sk_buff *skb)
{
	nlmsg_end(skb, nlmsg_hdr(skb));
	genlmsg_reply(skb, info);
	return 0;
}

/* End a handler that has a reply, or an error in its place. */
static int finish(struct genl_info *info, struct sk_buff *reply, int err)
{
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return send_reply(info, reply);
}

/* Begin a handler: who asks, and are lists the only repeats? */
static int begin(struct pgnl_caller *who, struct sk_buff *skb,
		 struct genl_info *info, u64 lists)
{
	pgnl_perm_caller(who, skb);
	return pgnl_args_check_once(info->nlhdr, lists, info->extack);
}

static int need_admin(const struct pgnl_caller *who, struct genl_info *info)
{
	if (pgnl_perm_admin(who))
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "needs CAP_NET_ADMIN over the network namespace");
	return -EPERM;
}

int pgnl_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_caller who;
	struct sk_buff *reply;
	char node[64];
	int err;

	err = begin(&who, skb, info, 0);
	if (err)
		return err;
	reply = new_reply(info, REPLY_ROOM);
	if (!reply)
		return -ENOMEM;
	strscpy(node, utsname()->nodename, sizeof(node));
	if (nla_put_u32(reply, PGNL_A_ABI, PGNL_ABI) ||
	    nla_put_string(reply, PGNL_A_RELEASE, PGNL_RELEASE) ||
	    nla_put_string(reply, PGNL_A_NODE, node) ||
	    nla_put_u64_64bit(reply, PGNL_A_EPOCH, pgnl_epoch, PGNL_A_PAD))
		err = -EMSGSIZE;
	return finish(info, reply, err);
}

/* --- Scopes --- */

/* Owner, group and mode of a request; what it leaves out stays. */
static int parse_owner(struct genl_info *info, struct pgnl_owner *owner)
{
	struct user_namespace *ns = current_user_ns();
	struct nlattr *attr;

	attr = info->attrs[PGNL_A_OWNER];
	if (attr) {
		owner->uid = make_kuid(ns, nla_get_u32(attr));
		if (!uid_valid(owner->uid)) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such user");
			return -EINVAL;
		}
	}
	attr = info->attrs[PGNL_A_OWNER_GID];
	if (attr) {
		owner->gid = make_kgid(ns, nla_get_u32(attr));
		if (!gid_valid(owner->gid)) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "no such user group");
			return -EINVAL;
		}
	}
	attr = info->attrs[PGNL_A_PERM];
	if (attr)
		owner->perm = nla_get_u32(attr);
	return 0;
}

static struct pgnl_owner default_owner(void)
{
	return (struct pgnl_owner) {
		.uid = current_euid(),
		.gid = current_egid(),
		.perm = 0775,
	};
}

static int need_scope_name(struct genl_info *info, const char **name)
{
	int err = pgnl_args_scope_name(info->attrs[PGNL_A_SCOPE], name,
				       info->extack);

	if (!err && !*name) {
		NL_SET_ERR_MSG(info->extack, "a scope is needed");
		err = -EINVAL;
	}
	return err;
}

int pgnl_nl_scope_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_owner owner = default_owner();
	struct nlattr **attrs = info->attrs;
	struct pgnl_fault fault = {};
	struct pgnl_caller who;
	const char *name;
	u8 mode, flags;
	int err;

	err = begin(&who, skb, info, 0) ?:
	      need_scope_name(info, &name) ?:
	      need_admin(&who, info) ?:
	      parse_owner(info, &owner);
	if (err)
		return err;
	mode = attrs[PGNL_A_MODE] ? nla_get_u32(attrs[PGNL_A_MODE]) : 0;
	flags = attrs[PGNL_A_FLAGS] ? nla_get_u32(attrs[PGNL_A_FLAGS]) : 0;
	if (flags & PGNL_SCOPE_FLAG_BUILTIN) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[PGNL_A_FLAGS],
				    "flag builtin is not for requests");
		return -EINVAL;
	}
	err = pgnl_scope_add(who.pn, name, mode, flags, &owner, &fault);
	if (err == -EEXIST) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[PGNL_A_SCOPE],
				    "the scope exists already");
		return err;
	}
	return refuse(info, &fault, err);
}

int pgnl_nl_scope_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PGNL_A_SCOPE];
	struct pgnl_caller who;
	const char *name;
	int err;

	err = begin(&who, skb, info, 0) ?:
	      need_scope_name(info, &name) ?:
	      need_admin(&who, info);
	if (err)
		return err;
	err = pgnl_scope_del(who.pn, name);
	if (err == -EBUSY)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "a built-in scope can't be deleted");
	else if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such scope");
	return err;
}

int pgnl_nl_scope_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_owner owner = {
		.uid = INVALID_UID,
		.gid = INVALID_GID,
		.perm = PGNL_PERM_KEEP,
	};
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	const char *name;
	int err;

	err = begin(&who, skb, info, 0) ?:
	      need_scope_name(info, &name) ?:
	      need_admin(&who, info) ?:
	      parse_owner(info, &owner);
	if (err)
		return err;
	scope = pgnl_args_scope(&who, info->attrs[PGNL_A_SCOPE], 0,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);

	pgnl_scope_set_owner(scope, &owner);
	pgnl_scope_put(scope);
	return 0;
}

int pgnl_nl_scope_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_reader reader = reader_of_current();
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct sk_buff *reply;
	int err;

	err = begin(&who, skb, info, 0);
	if (err)
		return err;
	scope = pgnl_args_scope(&who, info->attrs[PGNL_A_SCOPE], 0,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	reply = new_reply(info, REPLY_ROOM);
	if (!reply) {
		err = -ENOMEM;
		goto out;
	}
	pgnl_table_settle(who.pn);
	mutex_lock(&who.pn->lock);
	err = pgnl_reply_put_scope(reply, &reader, scope);
	mutex_unlock(&who.pn->lock);
	err = finish(info, reply, err);
out:
	pgnl_scope_put(scope);
	return err;
}

/* --- Groups --- */

int pgnl_nl_group_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_owner owner = default_owner();
	struct pgnl_fault fault = {};
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_name name;
	struct nlattr *attr;
	int err;

	err = begin(&who, skb, info, 0) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack) ?:
	      parse_owner(info, &owner);
	if (err)
		return err;
	attr = info->attrs[PGNL_A_OWNER] ?: info->attrs[PGNL_A_OWNER_GID];
	if (attr && !pgnl_perm_admin(&who)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "needs CAP_NET_ADMIN over the network namespace");
		return -EPERM;
	}
	scope = pgnl_args_scope(&who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_WRITE,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	if (scope->mode != PGNL_SCOPE_MODE_PG2) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_SCOPE],
				    "groups of this scope come with the first join");
		err = -EOPNOTSUPP;
	} else {
		err = refuse(info, &fault,
			     pgnl_group_create(scope, &name, &owner, &fault));
	}
	pgnl_scope_put(scope);
	return err;
}

int pgnl_nl_group_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_name name;
	struct sk_buff *reply;
	bool missing;
	int err;

	err = begin(&who, skb, info, 0) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack);
	if (err)
		return err;
	/* Who may not write here need not learn what exists. */
	scope = pgnl_args_scope(&who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_WRITE,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	reply = new_reply(info, REPLY_ROOM);
	if (!reply) {
		err = -ENOMEM;
		goto out;
	}
	if (scope->mode != PGNL_SCOPE_MODE_PG2) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_SCOPE],
				    "groups of this scope go with the last member");
		err = -EOPNOTSUPP;
	} else {
		err = pgnl_group_delete(&who, scope, &name, &missing);
		if (err)
			NL_SET_ERR_MSG_ATTR(info->extack,
					    info->attrs[PGNL_A_GROUP],
					    "the group is somebody else's");
	}
	if (!err && missing)
		err = nla_put_flag(reply, PGNL_A_NO_GROUP);
	err = finish(info, reply, err);
out:
	pgnl_scope_put(scope);
	return err;
}

static int refuse_group_mode(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_GROUP],
			    "mode of the group does not allow it");
	return -EACCES;
}

static int put_group_locked(struct sk_buff *reply, struct genl_info *info,
			    const struct pgnl_caller *who,
			    struct pgnl_scope *scope,
			    const struct pgnl_name *name)
{
	struct pgnl_reader reader = reader_of_current();
	struct pgnl_group *group = pgnl_group_find(scope, name);

	if (!group || !pgnl_group_is_seen(group))
		return nla_put_flag(reply, PGNL_A_NO_GROUP);
	if (!pgnl_perm_group(who, group, PGNL_MAY_READ))
		return refuse_group_mode(info);
	return pgnl_reply_put_group(reply, &reader, group);
}

int pgnl_nl_group_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_name name;
	struct sk_buff *reply;
	int err;

	err = begin(&who, skb, info, 0) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack);
	if (err)
		return err;
	scope = pgnl_args_scope(&who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_READ,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	reply = new_reply(info, REPLY_ROOM);
	if (!reply) {
		err = -ENOMEM;
		goto out;
	}
	pgnl_table_settle(who.pn);
	mutex_lock(&who.pn->lock);
	err = put_group_locked(reply, info, &who, scope, &name);
	mutex_unlock(&who.pn->lock);
	err = finish(info, reply, err);
out:
	pgnl_scope_put(scope);
	return err;
}

/* --- Join and leave --- */

static u32 count_attrs(const struct genl_info *info, int type)
{
	const struct nlattr *attr;
	u32 n = 0;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		n += nla_type(attr) == type;
	return n;
}

static int fill_batch(struct pgnl_batch *batch, struct genl_info *info)
{
	struct pgnl_name name;
	struct nlattr *attr;
	u32 pids = 0, ids = 0;
	int err = 0;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		switch (nla_type(attr)) {
		case PGNL_A_GROUP:
			err = pgnl_args_group_name(attr, &name, info->extack);
			if (!err)
				pgnl_batch_add_group(batch, &name);
			break;
		case PGNL_A_PID:
			err = pgnl_batch_add_pid(batch, nla_get_u32(attr),
						 pids++);
			break;
		case PGNL_A_ID:
			err = pgnl_batch_add_id(batch, nla_get_u64(attr),
						ids++);
			break;
		case PGNL_A_SELF:
			err = pgnl_batch_add_self(batch);
			break;
		}
		if (err)
			return err;
	}
	return 0;
}

/* How many groups and processes, if that is not too many or none. */
static int count_rows(struct genl_info *info, u32 *groups, u32 *targets)
{
	*groups = count_attrs(info, PGNL_A_GROUP);
	*targets = count_attrs(info, PGNL_A_PID) + count_attrs(info, PGNL_A_ID) +
		   !!info->attrs[PGNL_A_SELF];
	if (!*groups) {
		NL_SET_ERR_MSG(info->extack, "a group is needed");
		return -EINVAL;
	}
	if (!*targets) {
		NL_SET_ERR_MSG(info->extack, "a process is needed");
		return -EINVAL;
	}
	if ((u64)*groups * *targets > PGNL_ROWS_MAX) {
		NL_SET_ERR_MSG(info->extack,
			       "more than 4096 rows in one request");
		return -E2BIG;
	}
	return 0;
}

/*
 * Begin a join or leave: the scope, the groups and the processes. On success
 * the caller frees the batch and puts the scope.
 */
static struct pgnl_batch *parse_batch(struct pgnl_caller *who,
				      struct sk_buff *skb,
				      struct genl_info *info,
				      struct pgnl_scope **scope,
				      struct pgnl_fault *fault, u32 *rows)
{
	struct pgnl_batch *batch;
	u32 groups, targets;
	int err;

	err = begin(who, skb, info, BIT_ULL(PGNL_A_GROUP) |
		    BIT_ULL(PGNL_A_PID) | BIT_ULL(PGNL_A_ID)) ?:
	      count_rows(info, &groups, &targets);
	if (err)
		return ERR_PTR(err);
	*rows = groups * targets;
	*scope = pgnl_args_scope(who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_WRITE,
				 info->extack);
	if (IS_ERR(*scope))
		return ERR_CAST(*scope);
	batch = pgnl_batch_new(who, *scope, groups, targets, fault);
	err = batch ? fill_batch(batch, info) : -ENOMEM;
	if (!err)
		return batch;
	if (fault->cause != PGNL_CAUSE_NONE || err == -ENOMEM)
		refuse(info, fault, err);
	if (batch)
		pgnl_batch_free(batch);
	pgnl_scope_put(*scope);
	return ERR_PTR(err);
}

static int parse_join(struct genl_info *info, struct pgnl_join *join)
{
	struct nlattr *attr = info->attrs[PGNL_A_META];

	join->times = info->attrs[PGNL_A_TIMES] ?
		      nla_get_u32(info->attrs[PGNL_A_TIMES]) : 1;
	join->weight = info->attrs[PGNL_A_WEIGHT] ?
		       nla_get_u32(info->attrs[PGNL_A_WEIGHT]) : 0;
	join->required = info->attrs[PGNL_A_REQUIRED_GROUP];
	join->set_meta = attr;
	join->meta = NULL;
	if (!attr || !nla_len(attr))
		return 0;
	if (nla_len(attr) > PGNL_META_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "metadata has more than 256 bytes");
		return -EINVAL;
	}
	join->meta = pgnl_meta_new(nla_data(attr), nla_len(attr));
	if (!join->meta) {
		NL_SET_ERR_MSG(info->extack, "out of memory");
		return -ENOMEM;
	}
	return 0;
}

int pgnl_nl_member_join_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *ids, *counts;
	struct pgnl_fault fault = {};
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_batch *batch;
	struct pgnl_join join;
	struct sk_buff *reply;
	u32 rows;
	int err;

	err = parse_join(info, &join);
	if (err)
		return err;
	batch = parse_batch(&who, skb, info, &scope, &fault, &rows);
	if (IS_ERR(batch)) {
		err = PTR_ERR(batch);
		goto out_meta;
	}
	err = -ENOMEM;
	reply = new_reply(info, nla_total_size(rows * sizeof(u64)) +
				nla_total_size(rows * sizeof(u32)));
	if (!reply)
		goto out_batch;
	ids = nla_reserve(reply, PGNL_A_IDS, rows * sizeof(u64));
	counts = nla_reserve(reply, PGNL_A_COUNTS, rows * sizeof(u32));
	if (!WARN_ON_ONCE(!ids || !counts))
		err = pgnl_batch_join(batch, &join, nla_data(ids),
				      nla_data(counts));
	if (err) {
		refuse(info, &fault, err);
		nlmsg_free(reply);
	} else {
		send_reply(info, reply);
	}
out_batch:
	pgnl_batch_free(batch);
	pgnl_scope_put(scope);
out_meta:
	pgnl_meta_put(join.meta);
	return err;
}

static int parse_times(struct genl_info *info, u32 *times)
{
	struct nlattr *attr = info->attrs[PGNL_A_TIMES];

	*times = attr ? nla_get_u32(attr) : 1;
	if (!info->attrs[PGNL_A_ALL])
		return 0;
	if (attr) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "times and all exclude each other");
		return -EINVAL;
	}
	*times = U32_MAX;
	return 0;
}

int pgnl_nl_member_leave_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_fault fault = {};
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_batch *batch;
	struct sk_buff *reply;
	struct nlattr *counts;
	u32 rows, times, removed;
	bool missing;
	int err;

	err = parse_times(info, &times);
	if (err)
		return err;
	batch = parse_batch(&who, skb, info, &scope, &fault, &rows);
	if (IS_ERR(batch))
		return PTR_ERR(batch);
	err = -ENOMEM;
	reply = new_reply(info, nla_total_size(rows * sizeof(u32)) +
				nla_total_size(sizeof(u32)) +
				nla_total_size(0));
	if (!reply)
		goto out;
	counts = nla_reserve(reply, PGNL_A_COUNTS, rows * sizeof(u32));
	if (!WARN_ON_ONCE(!counts))
		err = pgnl_batch_leave(batch, times, nla_data(counts), &removed,
				       &missing);
	if (err) {
		refuse(info, &fault, err);
		nlmsg_free(reply);
		goto out;
	}
	/* There is room for both. */
	nla_put_u32(reply, PGNL_A_REMOVED, removed);
	if (missing)
		nla_put_flag(reply, PGNL_A_NO_GROUP);
	send_reply(info, reply);
out:
	pgnl_batch_free(batch);
	pgnl_scope_put(scope);
	return err;
}

/* --- Members --- */

/* -EMSGSIZE: that is not all, what fits is there. */
static int put_members(struct sk_buff *reply, struct pgnl_group *group,
		       const struct pgnl_reader *reader, bool *some)
{
	struct pgnl_member *member;
	unsigned long index;
	int err;

	*some = false;
	xa_for_each(&group->rows, index, member) {
		if (index >= MEMBERS_LOOK)
			return -EMSGSIZE;
		if (!pgnl_member_is_seen(member))
			continue;
		if (skb_tailroom(reply) < MEMBER_ROOM)
			return -EMSGSIZE;
		err = pgnl_reply_put_member(reply, reader, member);
		if (err)
			return err;
		*some = true;
	}
	return 0;
}

/*
 * A consistent set of members without the lock, if the group is quiet enough;
 * -EAGAIN if it is not.
 */
static int put_members_rcu(struct sk_buff *reply, struct pgnl_group *group,
			   const struct pgnl_reader *reader, bool *some)
{
	const unsigned char *mark = skb_tail_pointer(reply);
	unsigned int seq;
	int tries, err;

	for (tries = 0; tries < 3; tries++) {
		seq = raw_read_seqcount(&group->seq);
		if (seq & 1)
			continue;
		err = put_members(reply, group, reader, some);
		if (!read_seqcount_retry(&group->seq, seq))
			return err;
		nlmsg_trim(reply, mark);
	}
	return -EAGAIN;
}

static int get_members(struct sk_buff *reply, const struct pgnl_caller *who,
		       const char *scope_name, const struct pgnl_name *name,
		       struct genl_info *info, bool locked)
{
	const unsigned char *mark = skb_tail_pointer(reply);
	struct pgnl_reader reader = reader_of_current();
	struct pgnl_group *group;
	struct pgnl_scope *scope;
	bool some;
	int err;

	scope = pgnl_scope_find_rcu(who->pn, scope_name);
	err = pgnl_args_check_scope(who, scope, info->attrs[PGNL_A_SCOPE],
				    PGNL_MAY_READ, info->extack);
	if (err)
		return err;
	group = pgnl_group_find(scope, name);
	if (!group || !pgnl_group_is_seen(group))
		return nla_put_flag(reply, PGNL_A_NO_GROUP);
	if (!pgnl_perm_group(who, group, PGNL_MAY_READ))
		return refuse_group_mode(info);
	err = locked ? put_members(reply, group, &reader, &some) :
		       put_members_rcu(reply, group, &reader, &some);
	/* A deletion evicts members by and by, after the group is dead. */
	if (!err && (READ_ONCE(group->dead) || (!some && !group->created))) {
		nlmsg_trim(reply, mark);
		err = nla_put_flag(reply, PGNL_A_NO_GROUP);
	}
	return err;
}

int pgnl_nl_member_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	size_t room = MEMBERS_SMALL;
	struct pgnl_caller who;
	struct pgnl_name name;
	struct sk_buff *reply;
	const char *scope;
	bool locked = false;
	int err;

	err = begin(&who, skb, info, 0) ?:
	      pgnl_args_scope_name(info->attrs[PGNL_A_SCOPE], &scope,
				   info->extack) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack);
	if (err)
		return err;
again:
	reply = new_reply(info, room);
	if (!reply)
		return -ENOMEM;
	if (locked)
		mutex_lock(&who.pn->lock);
	rcu_read_lock();
	err = get_members(reply, &who, scope, &name, info, locked);
	rcu_read_unlock();
	if (locked)
		mutex_unlock(&who.pn->lock);

	if (err == -EMSGSIZE && room == MEMBERS_LARGE) {
		err = nla_put_flag(reply, PGNL_A_MORE);
	} else if (err == -EMSGSIZE || err == -EAGAIN) {
		locked = err == -EAGAIN;
		if (err == -EMSGSIZE)
			room = MEMBERS_LARGE;
		nlmsg_free(reply);
		goto again;
	}
	return finish(info, reply, err);
}

static int parse_pick(struct genl_info *info, struct pgnl_pick *pick)
{
	struct nlattr *key = info->attrs[PGNL_A_KEY];
	struct nlattr *uid = info->attrs[PGNL_A_UID];
	bool by_key;

	memset(pick, 0, sizeof(*pick));
	if (info->attrs[PGNL_A_POLICY])
		pick->policy = nla_get_u32(info->attrs[PGNL_A_POLICY]);
	by_key = pick->policy == PGNL_POLICY_KEY;
	if (by_key != !!key) {
		NL_SET_ERR_MSG_ATTR(info->extack, key,
				    "a key is for the policy key, and it needs one");
		return -EINVAL;
	}
	if (key) {
		pick->key = nla_data(key);
		pick->key_len = nla_len(key);
		if (!pick->key_len || pick->key_len > PGNL_KEY_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack, key,
					    "a key has 1 to 255 bytes");
			return -EINVAL;
		}
	}
	if (uid) {
		pick->by_uid = true;
		pick->uid = make_kuid(current_user_ns(), nla_get_u32(uid));
		if (!uid_valid(pick->uid)) {
			NL_SET_ERR_MSG_ATTR(info->extack, uid, "no such user");
			return -EINVAL;
		}
	}
	return 0;
}

/* -EAGAIN: ask for the lock. */
static int pick_rcu(struct sk_buff *reply, struct pgnl_group *group,
		    const struct pgnl_pick *pick)
{
	const unsigned char *mark = skb_tail_pointer(reply);
	struct pgnl_reader reader = reader_of_current();
	struct pgnl_member *member;
	unsigned int seq;
	int tries, err;

	for (tries = 0; tries < 3; tries++) {
		seq = raw_read_seqcount(&group->seq);
		if (seq & 1)
			continue;
		member = pgnl_pick_rcu(group, pick);
		if (IS_ERR(member))
			return PTR_ERR(member);
		err = member ? pgnl_reply_put_member(reply, &reader, member) :
			       -ENODATA;
		if (!read_seqcount_retry(&group->seq, seq))
			return err;
		nlmsg_trim(reply, mark);
	}
	return -EAGAIN;
}

static int pick_locked(struct sk_buff *reply, struct pgnl_group *group,
		       const struct pgnl_pick *pick)
{
	struct pgnl_member *member = pgnl_pick_locked(group, pick);
	struct pgnl_reader reader = reader_of_current();

	if (IS_ERR(member))
		return PTR_ERR(member);
	return member ? pgnl_reply_put_member(reply, &reader, member) :
			-ENODATA;
}

static int pick_member(struct sk_buff *reply, const struct pgnl_caller *who,
		       struct pgnl_scope *scope, const struct pgnl_name *name,
		       const struct pgnl_pick *pick, bool locked)
{
	struct pgnl_group *group = pgnl_group_find(scope, name);
	bool created;
	int err;

	if (!group || !pgnl_group_is_seen(group))
		return -ENOENT;
	if (!pgnl_perm_group(who, group, PGNL_MAY_READ))
		return -EACCES;
	created = group->created;
	err = locked ? pick_locked(reply, group, pick) :
		       pick_rcu(reply, group, pick);
	/* A group that nobody made goes with its last member. */
	if (err == -ENODATA && !created && !pick->by_uid)
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

/* What a look for members came to, in words about the group. */
static void explain_pick(struct genl_info *info, int err)
{
	struct nlattr *attr = info->attrs[PGNL_A_GROUP];

	if (err == -EBUSY)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "the group changes too fast");
	else if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such group");
	else if (err == -ENODATA)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "nobody in the group fits");
	else if (err == -EACCES)
		refuse_group_mode(info);
	else if (err == -ENOMEM)
		NL_SET_ERR_MSG(info->extack, "out of memory");
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

	err = begin(&who, skb, info, 0) ?:
	      pgnl_args_group_name(attr, &name, info->extack) ?:
	      parse_pick(info, &pick);
	if (err)
		return err;
	scope = pgnl_args_scope(&who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_READ,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	reply = new_reply(info, MEMBERS_SMALL);
	err = reply ? pick_quick_or_slow(reply, &who, scope, &name, &pick) : -ENOMEM;
	explain_pick(info, err);
	err = finish(info, reply, err);
	pgnl_scope_put(scope);
	return err;
}

/* --- Acts --- */

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
	signal->others = attrs[PGNL_A_OTHERS];
	signal->one = attrs[PGNL_A_POLICY];
	if (signal->one && (signal->others || attrs[PGNL_A_ID])) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[PGNL_A_POLICY],
				    "a policy excludes others and ids");
		return -EINVAL;
	}
	return parse_pick(info, &signal->pick);
}

/* The members that the request's ids name, or all that fit. */
static struct pgnl_crowd *gather(struct genl_info *info,
				 const struct pgnl_caller *who,
				 struct pgnl_scope *scope,
				 const struct pgnl_name *name,
				 const struct pgnl_signal *signal)
{
	struct pgnl_crowd *crowd;
	struct nlattr *attr;
	int err = 0;
	int rem;

	if (!info->attrs[PGNL_A_ID])
		return pgnl_crowd_all(who, scope, name, signal);
	crowd = pgnl_crowd_new(count_attrs(info, PGNL_A_ID));
	if (!crowd)
		return ERR_PTR(-ENOMEM);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) == PGNL_A_ID)
			err = pgnl_crowd_add_id(crowd, who, scope, name, signal,
						nla_get_u64(attr));
		if (err) {
			pgnl_crowd_free(crowd);
			return ERR_PTR(err);
		}
	}
	return crowd;
}

int pgnl_nl_group_signal_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_tally tally = {};
	struct pgnl_signal signal;
	struct pgnl_crowd *crowd;
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_name name;
	struct sk_buff *reply;
	int err;

	err = begin(&who, skb, info, BIT_ULL(PGNL_A_ID)) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack) ?:
	      parse_signal(info, &signal);
	if (err)
		return err;
	scope = pgnl_args_scope(&who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_ACT,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	reply = new_reply(info, REPLY_ROOM);
	if (!reply) {
		err = -ENOMEM;
		goto out;
	}
	crowd = gather(info, &who, scope, &name, &signal);
	if (IS_ERR(crowd)) {
		err = PTR_ERR(crowd);
		explain_pick(info, err);
		goto out_reply;
	}
	pgnl_crowd_signal(crowd, &who, &signal, &tally);
	pgnl_crowd_free(crowd);
	if (nla_put_u32(reply, PGNL_A_REACHED, tally.reached) ||
	    nla_put_u32(reply, PGNL_A_REFUSED, tally.refused) ||
	    nla_put_u32(reply, PGNL_A_GONE, tally.gone))
		err = -EMSGSIZE;
out_reply:
	err = finish(info, reply, err);
out:
	pgnl_scope_put(scope);
	return err;
}

/* --- Processes --- */

int pgnl_nl_process_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct pgnl_caller who;
	struct pgnl_proc *proc;
	struct sk_buff *reply;
	struct pid *pid;
	u64 id = 0;
	int err;

	err = begin(&who, skb, info, 0);
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

	reply = new_reply(info, REPLY_ROOM);
	if (!reply)
		err = -ENOMEM;
	else if (nla_put_u32(reply, PGNL_A_PID, pid_nr_ns(pid, ns)) ||
		 (id && nla_put_u64_64bit(reply, PGNL_A_ID, id, PGNL_A_PAD)))
		err = -EMSGSIZE;
	put_pid(pid);
	return finish(info, reply, err);
}

/* --- Limits, counters, verifier --- */

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

	err = begin(&who, skb, info, 0);
	if (err)
		return err;
	pgnl_table_settle_all();
	user = pgnl_user_get(current_user_ns(), current_uid());
	reply = new_reply(info, REPLY_ROOM);
	if (user && reply)
		err = put_limits(reply, who.pn, user, PGNL_A_LIMITS, false) ?:
		      put_limits(reply, who.pn, user, PGNL_A_USAGE, true);
	else
		err = -ENOMEM;
	pgnl_user_put(user);
	return finish(info, reply, err);
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

	err = begin(&who, skb, info, 0);
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
		err = need_admin(&who, info);
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

	err = begin(&who, skb, info, 0);
	if (err)
		return err;
	pgnl_table_settle(who.pn);
	read_stats(who.pn, stats);
	reply = new_reply(info, REPLY_ROOM);
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
	return send_reply(info, reply);
}

int pgnl_nl_verify_doit(struct sk_buff *skb, struct genl_info *info)
{
	char verdict[PGNL_VERDICT_MAX];
	struct pgnl_caller who;
	struct sk_buff *reply;
	int err;

	err = begin(&who, skb, info, 0) ?: need_admin(&who, info);
	if (err)
		return err;
	reply = new_reply(info, REPLY_ROOM);
	if (!reply)
		return -ENOMEM;
	if (!pgnl_verify(who.pn, verdict))
		err = nla_put_string(reply, PGNL_A_VERDICT, verdict);
	return finish(info, reply, err);
}

/* --- The family --- */

/* The generated operations, with what the generator can't say of dumps. */
static struct genl_ops ops[ARRAY_SIZE(pgnl_nl_ops)] __ro_after_init;

struct genl_family pgnl_nl_family __ro_after_init = {
	.name = PGNL_FAMILY_NAME,
	.version = PGNL_FAMILY_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
};

/**
 * pgnl_nl_init() - Register the family; requests come from here on.
 *
 * Return: 0 or -errno.
 */
int __init pgnl_nl_init(void)
{
	int i;

	memcpy(ops, pgnl_nl_ops, sizeof(ops));
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if (ops[i].dumpit) {
			ops[i].start = pgnl_dump_start;
			ops[i].done = pgnl_dump_done;
		}
	}
	return genl_register_family(&pgnl_nl_family);
}

/**
 * pgnl_nl_exit() - Unregister the family; no request is under way after it.
 */
void pgnl_nl_exit(void)
{
	genl_unregister_family(&pgnl_nl_family);
}
