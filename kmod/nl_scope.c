// SPDX-License-Identifier: GPL-2.0-only
/* Operations on scopes and groups. */
#include <linux/cred.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "far.h"
#include "genl.h"
#include "group.h"
#include "message.h"
#include "netlink.h"
#include "perm.h"
#include "reply.h"
#include "scope.h"
#include "share.h"
#include "table.h"
#include "upcall.h"

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

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      need_scope_name(info, &name) ?:
	      pgnl_nl_need_admin(&who, info) ?:
	      parse_owner(info, &owner);
	if (err)
		return err;
	mode = attrs[PGNL_A_MODE] ? nla_get_u32(attrs[PGNL_A_MODE]) : 0;
	flags = attrs[PGNL_A_FLAGS] ? nla_get_u32(attrs[PGNL_A_FLAGS]) : 0;
	if (flags & ~PGNL_SCOPE_FLAG_CLUSTER) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[PGNL_A_FLAGS],
				    "only the flag cluster is for requests");
		return -EINVAL;
	}
	err = pgnl_scope_add(who.pn, name, mode, flags, &owner, &fault);
	if (err == -EEXIST) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[PGNL_A_SCOPE],
				    "the scope exists already");
		return err;
	}
	return pgnl_nl_refuse(info, &fault, err);
}

int pgnl_nl_scope_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PGNL_A_SCOPE];
	struct pgnl_caller who;
	const char *name;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      need_scope_name(info, &name) ?:
	      pgnl_nl_need_admin(&who, info);
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

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      need_scope_name(info, &name) ?:
	      pgnl_nl_need_admin(&who, info) ?:
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
	struct pgnl_reader reader = pgnl_nl_reader();
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct sk_buff *reply;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0);
	if (err)
		return err;
	/* What it tells of a scope needs no right. */
	scope = pgnl_args_scope_read(&who, info->attrs[PGNL_A_SCOPE], 0,
				     info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	reader.scope = pgnl_share_name(who.via);
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply) {
		err = -ENOMEM;
		goto out;
	}
	pgnl_table_settle(who.pn);
	mutex_lock(&who.pn->lock);
	err = pgnl_reply_put_scope(reply, &reader, scope);
	mutex_unlock(&who.pn->lock);
	err = pgnl_nl_finish(info, reply, err);
out:
	pgnl_scope_put(scope);
	pgnl_share_leave(&who);
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

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack) ?:
	      parse_owner(info, &owner);
	if (err)
		return err;
	attr = info->attrs[PGNL_A_OWNER] ?: info->attrs[PGNL_A_OWNER_GID];
	if (!pgnl_perm_give(&who, &owner)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "another owner needs CAP_NET_ADMIN over the network namespace");
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
		err = pgnl_nl_refuse(info, &fault,
				     pgnl_group_create(scope, &name, &owner, &fault));
	}
	pgnl_scope_put(scope);
	return err;
}

/* The nodes that have something in the group. */
static int find_owners(struct pgnl_far *far, const struct pgnl_caller *who,
		       struct pgnl_scope *scope, const struct pgnl_name *name)
{
	int err = pgnl_far_begin(far, scope->pn, PGNL_ACT_DELETE, 0);

	/* Agents take the sender for who it says, so nobody lends a socket. */
	if (!pgnl_perm_same_user(who))
		far->can = false;
	return err ?: pgnl_far_add_nodes(far, who, scope, name);
}

static int delete_here(struct genl_info *info, const struct pgnl_caller *who,
		       struct pgnl_scope *scope, const struct pgnl_name *name,
		       struct sk_buff *reply)
{
	bool missing;
	int err;

	err = pgnl_group_delete(who, scope, name, &missing);
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_GROUP],
				    "the group is somebody else's");
	else if (missing)
		err = nla_put_flag(reply, PGNL_A_NO_GROUP);
	return err;
}

/* Nothing is deleted if other nodes can't be asked for want of room. */
static int delete_group(struct genl_info *info, struct sock *sk,
			const struct pgnl_caller *who, struct pgnl_scope *scope,
			const struct pgnl_name *name, struct pgnl_far *far)
{
	const struct pgnl_nl_act act = {
		.who = who,
		.scope = scope,
		.group = name,
		.ops = &pgnl_nl_delete_ops,
	};
	struct pgnl_pending *pending = NULL;
	struct sk_buff *reply;
	int err;

	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply)
		return -ENOMEM;
	/* For one of another node, nobody else is asked. */
	err = info->attrs[PGNL_A_SENDER] ? 0 :
	      find_owners(far, who, scope, name);
	if (err) {
		NL_SET_ERR_MSG(info->extack, "out of memory");
		return pgnl_nl_finish(info, reply, err);
	}
	pending = pgnl_nl_forward(info, sk, &act, far);
	/* More nodes than can be named, which is no reason to keep it here. */
	if (pending == ERR_PTR(-E2BIG)) {
		far->lost += far->members;
		pending = NULL;
	}
	if (IS_ERR(pending))
		return pgnl_nl_finish(info, reply, PTR_ERR(pending));
	err = delete_here(info, who, scope, name, reply) ?:
	      nla_put_u32(reply, PGNL_A_UNREACHABLE, far->lost);
	return pgnl_nl_finish_forward(info, reply, pending, err);
}

static int delete_as(struct genl_info *info, struct sock *sk,
		     const struct pgnl_caller *who,
		     const struct pgnl_name *name)
{
	struct pgnl_far far = {};
	struct pgnl_scope *scope;
	int err;

	/* Who may not write here need not learn what exists. */
	scope = pgnl_args_scope(who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_WRITE,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	err = info->attrs[PGNL_A_SENDER] ? pgnl_nl_need_cluster(info, scope) : 0;
	if (!err && scope->mode != PGNL_SCOPE_MODE_PG2) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_SCOPE],
				    "groups of this scope go with the last member");
		err = -EOPNOTSUPP;
	}
	if (!err)
		err = delete_group(info, sk, who, scope, name, &far);
	pgnl_far_end(&far);
	pgnl_scope_put(scope);
	return err;
}

int pgnl_nl_group_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sock *sk = NETLINK_CB(skb).sk;
	struct pgnl_sender from;
	struct pgnl_caller who;
	struct pgnl_name name;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      pgnl_args_group_name(info->attrs[PGNL_A_GROUP], &name,
				   info->extack);
	if (err)
		return err;
	err = pgnl_nl_begin_sender(&who, skb, info, &from);
	if (err < 0)
		return err;
	if (err)
		return delete_as(info, sk, &who, &name);
	err = delete_as(info, sk, &who, &name);
	pgnl_nl_end_sender(&who);
	return err;
}

static int put_group_locked(struct sk_buff *reply, struct genl_info *info,
			    const struct pgnl_caller *who,
			    struct pgnl_scope *scope,
			    const struct pgnl_name *name)
{
	struct pgnl_reader reader = pgnl_nl_reader();
	struct pgnl_group *group = pgnl_group_find(scope, name);

	reader.scope = pgnl_share_name(who->via);
	if (!group || !pgnl_group_is_seen(group))
		return nla_put_flag(reply, PGNL_A_NO_GROUP);
	if (!pgnl_perm_group(who, group, PGNL_MAY_READ))
		return pgnl_nl_refuse_group_mode(info);
	return pgnl_reply_put_group(reply, &reader, group);
}

int pgnl_nl_group_get_doit(struct sk_buff *skb, struct genl_info *info)
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
	scope = pgnl_args_scope_read(&who, info->attrs[PGNL_A_SCOPE],
				     PGNL_MAY_READ, info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply) {
		err = -ENOMEM;
		goto out;
	}
	pgnl_table_settle(who.pn);
	mutex_lock(&who.pn->lock);
	err = put_group_locked(reply, info, &who, scope, &name);
	mutex_unlock(&who.pn->lock);
	err = pgnl_nl_finish(info, reply, err);
out:
	pgnl_scope_put(scope);
	pgnl_share_leave(&who);
	return err;
}
