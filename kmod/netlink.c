// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family, and what its handlers share. A handler, in one of nl_*.c,
 * goes from attributes to plain arguments, to the tables, to a reply. Shapes
 * are checked by the generated policies before it runs, meaning is checked
 * there; every refusal has its words there, here or in args.c.
 *
 * Handlers run in the sender's context, several at a time. None of them waits
 * for user space, and none returns -EINTR, which would lose its ack.
 */
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/utsname.h>
#include <net/genetlink.h>

#include "crowd.h"
#include "far.h"
#include "genl.h"
#include "netlink.h"
#include "perm.h"
#include "remote.h"
#include "reply.h"
#include "table.h"

static const char * const cause_text[] = {
	[PGNL_CAUSE_NONE] = "out of memory",
	[PGNL_CAUSE_SCOPE_GONE] = "the scope has been deleted",
	[PGNL_CAUSE_NO_GROUP] = "no such group",
	[PGNL_CAUSE_GROUP_GONE] = "the group has been deleted",
	[PGNL_CAUSE_GROUP_MODE] = "mode of the group does not allow it",
	[PGNL_CAUSE_DEAD] = "no such process",
	[PGNL_CAUSE_THREAD] = "that is a thread, not a process",
	[PGNL_CAUSE_KILL_RULE] = "no right to signal the process",
	[PGNL_CAUSE_CREDS] = "the process changes its credentials all the time",
	[PGNL_CAUSE_OVERFLOW] = "the process would be joined too often",
	[PGNL_CAUSE_BUSY] = "too many requests on one membership",
	[PGNL_CAUSE_WATCHERS] = "too many network namespaces have the process",
	[PGNL_CAUSE_USER_GROUPS] = "limit user-groups is reached",
	[PGNL_CAUSE_USER_MEMBERSHIPS] = "limit user-memberships is reached",
	[PGNL_CAUSE_NET_SCOPES] = "limit net-scopes is reached",
	[PGNL_CAUSE_NET_GROUPS] = "limit net-groups is reached",
	[PGNL_CAUSE_NET_MEMBERSHIPS] = "limit net-memberships is reached",
	[PGNL_CAUSE_USER_SUBSCRIPTIONS] = "limit user-subscriptions is reached",
	[PGNL_CAUSE_NET_SUBSCRIPTIONS] = "limit net-subscriptions is reached",
	[PGNL_CAUSE_INBOX_TAKEN] = "the process has an inbox in this scope already",
	[PGNL_CAUSE_SOCKET_TAKEN] = "the socket has an inbox already",
	[PGNL_CAUSE_USER_INBOXES] = "limit user-inboxes is reached",
	[PGNL_CAUSE_NET_INBOXES] = "limit net-inboxes is reached",
	[PGNL_CAUSE_NOT_ONE] = "a name is for one process, once",
	[PGNL_CAUSE_TAKEN] = "the name is taken",
	[PGNL_CAUSE_HOLDER] = "no right over the holder of the name",
	[PGNL_CAUSE_USER_VIEW_PAGES] = "limit user-view-pages is reached",
	[PGNL_CAUSE_NET_VIEW_PAGES] = "limit net-view-pages is reached",
	[PGNL_CAUSE_VIEW_NS] = "views are for another pid or user namespace",
	[PGNL_CAUSE_NET_NODES] = "limit net-nodes is reached",
	[PGNL_CAUSE_NODE_TAKEN] = "another node has this name",
	[PGNL_CAUSE_AGENT_TAKEN] = "there is an agent already",
	[PGNL_CAUSE_SOCKET_FULL] = "the receive buffer of the socket is full",
	[PGNL_CAUSE_USER_REQUESTS] = "limit user-requests is reached",
	[PGNL_CAUSE_USER_REQUEST_BYTES] = "limit user-request-bytes is reached",
	[PGNL_CAUSE_NET_REQUESTS] = "limit net-requests is reached",
	[PGNL_CAUSE_NO_AGENT] = "there is no agent for this",
	[PGNL_CAUSE_SUSPECT] = "the node of the holder is suspect",
	[PGNL_CAUSE_ARBITRATED] = "an agent gives names away: register it",
};

/**
 * pgnl_nl_refuse() - Put a fault into words and point at the attribute.
 * @info: the request
 * @fault: what to blame
 * @err: the error, or 0 and nothing is done
 *
 * Return: @err.
 */
int pgnl_nl_refuse(struct genl_info *info, const struct pgnl_fault *fault,
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
	if (fault->attr == PGNL_A_PIDS) {
		/* Only its place counts, so it may lie within an attribute. */
		attr = info->attrs[PGNL_A_PIDS]; /* attrs: it is to blame */
		NL_SET_BAD_ATTR(info->extack,
				nla_data(attr) + fault->index * sizeof(u32));
		return err;
	}
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) == fault->attr && index++ == fault->index) {
			NL_SET_BAD_ATTR(info->extack, attr);
			break;
		}
	}
	return err;
}

/**
 * pgnl_nl_say() - Say what is wrong with an attribute.
 * @info: the request
 * @attr: the attribute
 * @text: the words, which stay
 */
void pgnl_nl_say(struct genl_info *info, const struct nlattr *attr,
		 const char *text)
{
	if (!info->extack)
		return;
	info->extack->_msg = text;
	NL_SET_BAD_ATTR(info->extack, attr);
}

/**
 * pgnl_nl_new_reply() - Begin a reply.
 * @info: the request
 * @size: room for attributes
 *
 * Return: the reply, or NULL and the words are there.
 */
struct sk_buff *pgnl_nl_new_reply(struct genl_info *info, size_t size)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb) {
		NL_SET_ERR_MSG(info->extack, "out of memory");
		return NULL;
	}
	genlmsg_put_reply(skb, info, &pgnl_nl_family, 0, info->genlhdr->cmd);
	return skb;
}

/**
 * pgnl_nl_send() - Send a reply.
 * @info: the request
 * @skb: the reply
 *
 * A reply that does not fit into the sender's full receive buffer is lost, and
 * the sender gets ENOBUFS; an error would be lost as well, and what was asked
 * has been done.
 *
 * Return: 0.
 */
int pgnl_nl_send(struct genl_info *info, struct sk_buff *skb)
{
	nlmsg_end(skb, nlmsg_hdr(skb));
	genlmsg_reply(skb, info);
	return 0;
}

/**
 * pgnl_nl_finish() - End a handler that has a reply, or an error in its place.
 * @info: the request
 * @reply: the reply, freed when there is an error
 * @err: the error or 0
 *
 * Return: @err.
 */
int pgnl_nl_finish(struct genl_info *info, struct sk_buff *reply, int err)
{
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return pgnl_nl_send(info, reply);
}

/**
 * pgnl_nl_begin() - Begin a handler.
 * @who: filled with who asks
 * @skb: the request
 * @info: the request
 * @lists: bits of the attributes that may be given more than once
 *
 * Return: 0 or -EINVAL.
 */
int pgnl_nl_begin(struct pgnl_caller *who, struct sk_buff *skb,
		  struct genl_info *info, u64 lists)
{
	pgnl_perm_caller(who, skb);
	return pgnl_args_check_once(info->nlhdr, lists, info->extack);
}

/**
 * pgnl_nl_need_admin() - Refuse all but administrators.
 * @who: the caller
 * @info: the request
 *
 * Return: 0 or -EPERM.
 */
int pgnl_nl_need_admin(const struct pgnl_caller *who, struct genl_info *info)
{
	if (pgnl_perm_admin(who))
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "needs CAP_NET_ADMIN over the network namespace");
	return -EPERM;
}

/**
 * pgnl_nl_need_same_user() - Refuse the sockets of other users.
 * @who: the caller
 * @info: the request
 *
 * For what acts in the sender's name, or goes to whoever holds the socket from
 * then on.
 *
 * Return: 0 or -EPERM.
 */
int pgnl_nl_need_same_user(const struct pgnl_caller *who,
			   struct genl_info *info)
{
	if (pgnl_perm_same_user(who))
		return 0;
	NL_SET_ERR_MSG(info->extack, "the socket was opened by another user");
	return -EPERM;
}

/**
 * pgnl_nl_refuse_group_mode() - Say that the mode of the group is in the way.
 * @info: the request
 *
 * Return: -EACCES.
 */
int pgnl_nl_refuse_group_mode(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_GROUP],
			    "mode of the group does not allow it");
	return -EACCES;
}

/**
 * pgnl_nl_explain_group() - Say what a look for members came to.
 * @info: the request
 * @err: -EBUSY, -ENOENT, -ENODATA, -EACCES, -ENOMEM; anything else is left
 */
void pgnl_nl_explain_group(struct genl_info *info, int err)
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
		pgnl_nl_refuse_group_mode(info);
	else if (err == -ENOMEM)
		NL_SET_ERR_MSG(info->extack, "out of memory");
}

/**
 * pgnl_nl_gather() - The members that a request's ids name, or all that fit.
 * @info: the request
 * @who: the caller
 * @scope: the scope
 * @name: the group
 * @to: whom of it
 * @far: filled with those of other nodes, or NULL: only of this one
 *
 * Return: the crowd, or an ERR_PTR() and the words are there.
 */
struct pgnl_crowd *pgnl_nl_gather(struct genl_info *info,
				  const struct pgnl_caller *who,
				  struct pgnl_scope *scope,
				  const struct pgnl_name *name,
				  const struct pgnl_audience *to,
				  struct pgnl_far *far)
{
	struct pgnl_crowd *crowd;
	struct nlattr *attr;
	int err = 0;
	int rem;

	if (!far)
		err = pgnl_nl_check_here(info, scope);
	if (err)
		return ERR_PTR(err);
	if (!info->attrs[PGNL_A_ID]) {
		crowd = pgnl_crowd_all(who, scope, name, to, far);
		if (!IS_ERR(crowd) && far && !to->one)
			err = pgnl_far_add_all(far, scope, name, to);
		if (err) {
			pgnl_crowd_free(crowd);
			crowd = ERR_PTR(err);
		}
		if (IS_ERR(crowd))
			pgnl_nl_explain_group(info, PTR_ERR(crowd));
		return crowd;
	}
	crowd = pgnl_crowd_new(pgnl_args_count(info, PGNL_A_ID));
	if (!crowd)
		err = -ENOMEM;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (err || nla_type(attr) != PGNL_A_ID)
			continue;
		err = pgnl_crowd_add_id(crowd, who, scope, name, to,
					nla_get_u64(attr));
		if (!err && far)
			pgnl_far_add_id(far, scope, name, to,
					nla_get_u64(attr));
	}
	if (!err)
		return crowd;
	pgnl_nl_explain_group(info, err);
	pgnl_crowd_free(crowd);
	return ERR_PTR(err);
}

/**
 * pgnl_nl_own_node() - Name and incarnation of this node.
 * @pn: the tables
 * @name: filled with the name, PGNL_SCOPE_NAME_MAX + 1 bytes
 *
 * Return: the incarnation; 0 as long as no agent has been here, and the name is
 * that of the host.
 */
u64 pgnl_nl_own_node(struct pgnl_net *pn, char *name)
{
	u64 incarnation = READ_ONCE(pn->cluster->incarnation);

	if (!incarnation) {
		strscpy(name, utsname()->nodename, PGNL_SCOPE_NAME_MAX + 1);
		return 0;
	}
	mutex_lock(&pn->lock);
	strscpy(name, pn->cluster->name, PGNL_SCOPE_NAME_MAX + 1);
	incarnation = pn->cluster->incarnation;
	mutex_unlock(&pn->lock);
	return incarnation;
}

/**
 * pgnl_nl_put_own_node_locked() - Add this node to a listing of nodes.
 * @skb: the reply
 * @pn: the tables
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_nl_put_own_node_locked(struct sk_buff *skb, struct pgnl_net *pn)
{
	struct pgnl_cluster *cluster = pn->cluster;

	pgnl_assert_locked(pn);
	return pgnl_reply_put_self(skb, cluster->incarnation ? cluster->name :
				   utsname()->nodename, cluster->incarnation,
				   pn->used[PGNL_NET_MEMBERSHIPS]);
}

int pgnl_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_caller who;
	struct sk_buff *reply;
	char node[PGNL_SCOPE_NAME_MAX + 1];
	u64 incarnation;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0);
	if (err)
		return err;
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply)
		return -ENOMEM;
	incarnation = pgnl_nl_own_node(who.pn, node);
	if (nla_put_u32(reply, PGNL_A_ABI, PGNL_ABI) ||
	    nla_put_string(reply, PGNL_A_RELEASE, PGNL_RELEASE) ||
	    nla_put_string(reply, PGNL_A_NODE, node) ||
	    nla_put_u64_64bit(reply, PGNL_A_EPOCH, pgnl_epoch, PGNL_A_PAD) ||
	    (incarnation && pgnl_reply_put_peer(reply, node, incarnation)))
		err = -EMSGSIZE;
	return pgnl_nl_finish(info, reply, err);
}

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

static bool __init is_frequent(u8 cmd)
{
	return cmd == PGNL_CMD_MEMBER_GET || cmd == PGNL_CMD_MEMBER_PICK ||
	       cmd == PGNL_CMD_MEMBER_JOIN || cmd == PGNL_CMD_MEMBER_LEAVE;
}

/* The kernel looks an operation up from the first on. */
static void __init fill_ops(void)
{
	int i, first = 0, last = ARRAY_SIZE(ops);

	for (i = ARRAY_SIZE(ops) - 1; i >= 0; i--)
		if (!is_frequent(pgnl_nl_ops[i].cmd))
			ops[--last] = pgnl_nl_ops[i];
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		if (is_frequent(pgnl_nl_ops[i].cmd))
			ops[first++] = pgnl_nl_ops[i];
}

/**
 * pgnl_nl_init() - Register the family; requests come from here on.
 *
 * Return: 0 or -errno.
 */
int __init pgnl_nl_init(void)
{
	int i;

	fill_ops();
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
