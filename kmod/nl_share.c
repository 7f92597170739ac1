// SPDX-License-Identifier: GPL-2.0-only
/* Operations on scopes shared into other network namespaces. */
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "genl.h"
#include "netlink.h"
#include "perm.h"
#include "scope.h"
#include "share.h"
#include "table.h"

static int need_alias(struct genl_info *info, const char **name)
{
	int err = pgnl_args_scope_name(info->attrs[PGNL_A_ALIAS], name,
				       info->extack);

	if (!err && !*name) {
		NL_SET_ERR_MSG(info->extack, "an alias is needed");
		err = -EINVAL;
	}
	return err;
}

/*
 * The network namespace of a descriptor, held, if the caller may administer it.
 * *@who becomes one of its tables.
 */
static struct net *enter_net(struct pgnl_caller *who, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PGNL_A_FD];
	struct net *net;

	net = get_net_ns_by_fd(nla_get_u32(attr));
	if (IS_ERR(net)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "that is no network namespace");
		return net;
	}
	who->pn = pgnl_table_of(net);
	if (!pgnl_perm_admin(who)) {
		put_net(net);
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "needs CAP_NET_ADMIN over the other network namespace");
		return ERR_PTR(-EPERM);
	}
	return net;
}

static int share(struct genl_info *info, struct pgnl_scope *scope,
		 struct pgnl_net *to, const char *name)
{
	struct nlattr *attr = info->attrs[PGNL_A_ALIAS];
	struct pgnl_fault fault = {};
	int err;

	if (scope->pn == to) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_FD],
				    "that is the scope's own network namespace");
		return -EINVAL;
	}
	err = pgnl_share_add(scope, to, name, &fault);
	if (err == -EEXIST) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "there is a scope of that name");
		return err;
	}
	return pgnl_nl_refuse(info, &fault, err);
}

int pgnl_nl_scope_share_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct pgnl_caller there;
	const char *name;
	struct net *net;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      need_alias(info, &name) ?:
	      pgnl_nl_need_admin(&who, info);
	if (err)
		return err;
	if (!info->attrs[PGNL_A_FD]) {
		NL_SET_ERR_MSG(info->extack, "a network namespace is needed");
		return -EINVAL;
	}
	scope = pgnl_args_scope(&who, info->attrs[PGNL_A_SCOPE], 0,
				info->extack);
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	there = who;
	net = enter_net(&there, info);
	if (IS_ERR(net)) {
		err = PTR_ERR(net);
	} else {
		err = share(info, scope, there.pn, name);
		put_net(net);
	}
	pgnl_scope_put(scope);
	return err;
}

int pgnl_nl_scope_unshare_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = NULL;
	struct pgnl_caller who;
	const char *name;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?: need_alias(info, &name);
	if (err)
		return err;
	if (info->attrs[PGNL_A_FD]) {
		net = enter_net(&who, info);
		if (IS_ERR(net))
			return PTR_ERR(net);
	} else {
		err = pgnl_nl_need_admin(&who, info);
		if (err)
			return err;
	}
	if (pgnl_share_enter(&who, name)) {
		pgnl_share_del(&who);
		pgnl_share_leave(&who);
	} else {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_ALIAS],
				    "no such alias");
		err = -ENOENT;
	}
	if (net)
		put_net(net);
	return err;
}
