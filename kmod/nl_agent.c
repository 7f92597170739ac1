// SPDX-License-Identifier: GPL-2.0-only
/* Nodes, and the requests of the agent. */
#include <linux/cred.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "genl.h"
#include "group.h"
#include "netlink.h"
#include "perm.h"
#include "proc.h"
#include "remote.h"
#include "reply.h"
#include "scope.h"
#include "table.h"
#include "user.h"

/* How long rows outlive the agent unless it says otherwise, in milliseconds. */
#define GRACE_DEFAULT	10000
#define GRACE_MAX	3600000
#define TIMEOUT_MAX	3600000

/**
 * struct peer - A node as a request names it.
 * @attrs: what it says of it
 * @name: its name
 * @incarnation: its incarnation, 0 when it is left out
 */
struct peer {
	struct nlattr *attrs[PGNL_A_NODE_MAX + 1];
	const char *name;
	u64 incarnation;
};

static int parse_name(struct nlattr *attr, struct peer *peer,
		      struct netlink_ext_ack *extack)
{
	peer->name = attr ? nla_data(attr) : "";
	if (!*peer->name) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a node needs a name");
		return -EINVAL;
	}
	if (strlen(peer->name) + 1 != nla_len(attr)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "node name has a NUL in it");
		return -EINVAL;
	}
	return 0;
}

/* @also: bits of the attributes that the request takes besides the name. */
static int parse_peer(struct genl_info *info, u64 also, struct peer *peer)
{
	struct nlattr *nest = info->attrs[PGNL_A_PEER];
	struct netlink_ext_ack *extack = info->extack;
	struct nlattr **attrs = peer->attrs;
	int err, i;

	if (!nest) {
		NL_SET_ERR_MSG(extack, "a node is needed");
		return -EINVAL;
	}
	err = nla_parse_nested(attrs, PGNL_A_NODE_MAX, nest,
			       pgnl_node_nl_policy, extack) ?:
	      pgnl_args_check_nest_once(nest, extack);
	if (err)
		return err;
	for (i = 1; i <= PGNL_A_NODE_MAX; i++) {
		if (!attrs[i] || i == PGNL_A_NODE_NAME || also & BIT_ULL(i))
			continue;
		NL_SET_ERR_MSG_ATTR(extack, attrs[i],
				    "attribute has no meaning here");
		return -EINVAL;
	}
	peer->incarnation = 0;
	if (attrs[PGNL_A_NODE_INCARNATION]) {
		peer->incarnation = nla_get_u64(attrs[PGNL_A_NODE_INCARNATION]);
		if (!peer->incarnation) {
			NL_SET_ERR_MSG_ATTR(extack,
					    attrs[PGNL_A_NODE_INCARNATION],
					    "an incarnation is not 0");
			return -EINVAL;
		}
	}
	return parse_name(attrs[PGNL_A_NODE_NAME], peer, extack);
}

/* What it does when it is asked, and how long that may take. */
static int parse_acts(struct genl_info *info, const struct peer *peer,
		      struct pgnl_upcalls *upcalls)
{
	struct nlattr *acts = peer->attrs[PGNL_A_NODE_ACTS];
	struct nlattr *timeout = peer->attrs[PGNL_A_NODE_TIMEOUT];

	upcalls->acts = acts ? nla_get_u32(acts) : 0;
	upcalls->timeout = timeout ? nla_get_u32(timeout) :
				     PGNL_UPCALL_TIMEOUT;
	if (upcalls->timeout <= TIMEOUT_MAX)
		return 0;
	pgnl_nl_say(info, timeout, "a timeout of more than an hour");
	return -ERANGE;
}

int pgnl_nl_agent_register_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_cluster *wanted;
	struct pgnl_fault fault = {};
	struct pgnl_caller who;
	struct sk_buff *reply;
	struct nlattr *grace;
	struct peer peer;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?:
	      pgnl_nl_need_admin(&who, info) ?:
	      parse_peer(info, BIT_ULL(PGNL_A_NODE_INCARNATION) |
			 BIT_ULL(PGNL_A_NODE_GRACE) |
			 BIT_ULL(PGNL_A_NODE_ACTS) |
			 BIT_ULL(PGNL_A_NODE_TIMEOUT), &peer);
	if (err)
		return err;
	if (!pgnl_perm_same_user(&who)) {
		NL_SET_ERR_MSG(info->extack,
			       "the socket was opened by another user");
		return -EPERM;
	}
	grace = peer.attrs[PGNL_A_NODE_GRACE];
	if (grace && nla_get_u32(grace) > GRACE_MAX) {
		pgnl_nl_say(info, grace, "a grace of more than an hour");
		return -ERANGE;
	}
	wanted = kzalloc(sizeof(*wanted), GFP_KERNEL);
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!wanted || !reply) {
		err = -ENOMEM;
		goto out;
	}
	wanted->grace = grace ? nla_get_u32(grace) : GRACE_DEFAULT;
	wanted->incarnation = peer.incarnation;
	strscpy(wanted->name, peer.name, sizeof(wanted->name));
	err = parse_acts(info, &peer, &wanted->upcalls);
	if (err)
		goto out;
	err = pgnl_agent_register(who.pn, NETLINK_CB(skb).sk, info->snd_portid,
				  wanted, &fault);
	if (err)
		pgnl_nl_refuse(info, &fault, err);
	else
		err = pgnl_reply_put_peer(reply, wanted->name,
					  wanted->incarnation);
out:
	kfree(wanted);
	if (!reply)
		return err;
	return pgnl_nl_finish(info, reply, err);
}

/* --- Nodes --- */

static int refuse_peer(struct genl_info *info, const char *text, int err)
{
	pgnl_nl_say(info, info->attrs[PGNL_A_PEER], text);
	return err;
}

static int put_node(struct sk_buff *reply, struct pgnl_net *pn,
		    const char *name)
{
	char own[PGNL_SCOPE_NAME_MAX + 1];
	struct pgnl_node *node;
	int err = -EHOSTUNREACH;

	pgnl_nl_own_node(pn, own);
	mutex_lock(&pn->lock);
	if (!strcmp(name, own))
		err = pgnl_nl_put_own_node_locked(reply, pn);
	node = pgnl_node_find_locked(pn->cluster, name);
	if (node && !node->gone)
		err = pgnl_reply_put_node_locked(reply, node);
	mutex_unlock(&pn->lock);
	return err;
}

int pgnl_nl_node_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_caller who;
	struct sk_buff *reply;
	struct peer peer;
	int err;

	err = pgnl_nl_begin(&who, skb, info, 0) ?: parse_peer(info, 0, &peer);
	if (err)
		return err;
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply)
		return -ENOMEM;
	err = put_node(reply, who.pn, peer.name);
	if (err == -EHOSTUNREACH)
		refuse_peer(info, "no such node", err);
	return pgnl_nl_finish(info, reply, err);
}

/* --- Requests of others, about members of other nodes --- */

static bool is_elsewhere(struct pgnl_scope *scope, const struct pgnl_name *name,
			 u64 id)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_group *group;
	bool elsewhere = false;

	mutex_lock(&pn->lock);
	group = pgnl_group_find(scope, name);
	if (group && !pgnl_proc_find_id_locked(pn, id))
		elsewhere = pgnl_remote_is_elsewhere_locked(group, id);
	mutex_unlock(&pn->lock);
	cond_resched();
	return elsewhere;
}

static int check_ids(struct genl_info *info, struct pgnl_scope *scope,
		     const struct pgnl_name *name)
{
	const struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != PGNL_A_ID ||
		    !is_elsewhere(scope, name, nla_get_u64(attr)))
			continue;
		pgnl_nl_say(info, attr, "a member of another node");
		return -EREMOTE;
	}
	return 0;
}

/**
 * pgnl_nl_check_here() - Refuse members of other nodes.
 * @info: the request, which may name members by their ids
 * @scope: the scope
 *
 * Return: 0; -EREMOTE when an id is that of another node's member in a group
 * of the request, and the words are there.
 */
int pgnl_nl_check_here(struct genl_info *info, struct pgnl_scope *scope)
{
	struct pgnl_name name;
	struct nlattr *attr;
	int rem, err = 0;

	/* Mostly there are none. */
	if (!READ_ONCE(scope->nr_far) || !info->attrs[PGNL_A_ID])
		return 0;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != PGNL_A_GROUP)
			continue;
		err = pgnl_args_group_name(attr, &name, info->extack) ?:
		      check_ids(info, scope, &name);
		if (err)
			break;
	}
	return err;
}

/**
 * pgnl_nl_need_cluster() - Refuse other nodes in a scope that is this one's alone.
 * @info: the request
 * @scope: the scope
 *
 * Return: 0 or -EOPNOTSUPP.
 */
int pgnl_nl_need_cluster(struct genl_info *info, const struct pgnl_scope *scope)
{
	if (scope->flags & PGNL_SCOPE_FLAG_CLUSTER)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_SCOPE],
			    "other nodes have no part in the scope");
	return -EOPNOTSUPP;
}

/* --- Requests of the agent --- */

/**
 * pgnl_nl_agent_begin() - Begin a request that is the agent's alone.
 * @who: the caller
 * @skb: the request
 * @info: the request
 *
 * Return: 0 and pgnl_agent_end() is to follow, or -ENOTCONN.
 */
int pgnl_nl_agent_begin(const struct pgnl_caller *who, struct sk_buff *skb,
			struct genl_info *info)
{
	int err = pgnl_agent_begin(who->pn, NETLINK_CB(skb).sk);

	if (err)
		NL_SET_ERR_MSG(info->extack, "this socket is not the agent's");
	return err;
}

/* As pgnl_nl_begin(); with success, pgnl_agent_end() is to follow. */
static int begin(struct pgnl_caller *who, struct sk_buff *skb,
		 struct genl_info *info, u64 lists, u64 also, struct peer *peer)
{
	int err;

	err = pgnl_nl_begin(who, skb, info, lists);
	if (err)
		return err;
	/* It can become the agent's, or end to be, at any moment from here on. */
	if (!pgnl_agent_is(who->pn, NETLINK_CB(skb).sk)) {
		NL_SET_ERR_MSG(info->extack, "this socket is not the agent's");
		return -ENOTCONN;
	}
	err = parse_peer(info, also | BIT_ULL(PGNL_A_NODE_INCARNATION), peer);
	if (err)
		return err;
	if (!peer->incarnation)
		return refuse_peer(info, "an incarnation is needed", -EINVAL);
	return pgnl_nl_agent_begin(who, skb, info);
}

/* A node that the request may be about, with the words if there is none. */
static struct pgnl_node *find_locked(struct genl_info *info,
				     struct pgnl_net *pn,
				     const struct peer *peer, bool connected)
{
	struct pgnl_node *node = pgnl_node_find_locked(pn->cluster, peer->name);

	if (!node) {
		refuse_peer(info, "no such node", 0);
		return ERR_PTR(-EHOSTUNREACH);
	}
	if (node->incarnation != peer->incarnation) {
		refuse_peer(info, "another incarnation of the node is here", 0);
		return ERR_PTR(-ESTALE);
	}
	if (connected && !node->connected) {
		refuse_peer(info, "the node is not up", 0);
		return ERR_PTR(-EHOSTUNREACH);
	}
	return node;
}

static int set_node_locked(struct genl_info *info, struct pgnl_net *pn,
			   const struct peer *peer, u32 state,
			   struct pgnl_user *payer)
{
	bool fresh = peer->attrs[PGNL_A_NODE_FRESH];
	struct pgnl_fault fault = {};
	struct pgnl_node *node;
	int err;

	if (!strcmp(peer->name, pn->cluster->name))
		return refuse_peer(info, "that is this node", -EINVAL);
	if (state == PGNL_STATE_UP) {
		err = pgnl_node_up_locked(pn->cluster, peer->name,
					  peer->incarnation, fresh, payer,
					  &fault);
		return pgnl_nl_refuse(info, &fault, err);
	}
	node = find_locked(info, pn, peer, false);
	if (IS_ERR(node))
		return PTR_ERR(node);
	pgnl_node_suspect_locked(pn->cluster, node);
	return 0;
}

static int check_state(struct genl_info *info, const struct peer *peer,
		       u32 *state)
{
	struct nlattr *attr = peer->attrs[PGNL_A_NODE_STATE];

	*state = attr ? nla_get_u32(attr) : PGNL_STATE_UP;
	if (*state != PGNL_STATE_UP && *state != PGNL_STATE_SUSPECT)
		return refuse_peer(info, "a node is set up or suspect", -EINVAL);
	if (*state != PGNL_STATE_UP && peer->attrs[PGNL_A_NODE_FRESH])
		return refuse_peer(info, "only what is up is fresh", -EINVAL);
	return 0;
}

int pgnl_nl_node_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_user *payer = NULL;
	struct pgnl_caller who;
	struct peer peer;
	u32 state;
	int err;

	err = begin(&who, skb, info, 0, BIT_ULL(PGNL_A_NODE_STATE) |
		    BIT_ULL(PGNL_A_NODE_FRESH), &peer);
	if (err)
		return err;
	err = check_state(info, &peer, &state) ?:
	      pgnl_node_payer(who.pn, &payer);
	if (!err) {
		mutex_lock(&who.pn->lock);
		err = set_node_locked(info, who.pn, &peer, state, payer);
		mutex_unlock(&who.pn->lock);
	}
	pgnl_user_put(payer);
	pgnl_agent_end(who.pn);
	return err;
}

/* What takes a node and nothing else. */
typedef int (*node_fn)(struct genl_info *info, struct pgnl_cluster *cluster,
		       struct pgnl_node *node);

static int do_node(struct sk_buff *skb, struct genl_info *info, bool connected,
		   node_fn fn)
{
	struct pgnl_caller who;
	struct pgnl_node *node;
	struct peer peer;
	int err;

	err = begin(&who, skb, info, 0, 0, &peer);
	if (err)
		return err;
	mutex_lock(&who.pn->lock);
	node = find_locked(info, who.pn, &peer, connected);
	err = IS_ERR(node) ? PTR_ERR(node) : fn(info, who.pn->cluster, node);
	mutex_unlock(&who.pn->lock);
	pgnl_agent_end(who.pn);
	return err;
}

static int delete_node(struct genl_info *info, struct pgnl_cluster *cluster,
		       struct pgnl_node *node)
{
	pgnl_node_drop_locked(cluster, node, PGNL_REASON_NODE_LOST);
	return 0;
}

int pgnl_nl_node_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return do_node(skb, info, false, delete_node);
}

static int begin_node(struct genl_info *info, struct pgnl_cluster *cluster,
		      struct pgnl_node *node)
{
	pgnl_node_begin_locked(node);
	return 0;
}

int pgnl_nl_remote_begin_doit(struct sk_buff *skb, struct genl_info *info)
{
	return do_node(skb, info, true, begin_node);
}

static int commit_node(struct genl_info *info, struct pgnl_cluster *cluster,
		       struct pgnl_node *node)
{
	if (!node->syncing)
		return refuse_peer(info, "nothing has been begun", -EINVAL);
	pgnl_node_commit_locked(cluster, node);
	return 0;
}

int pgnl_nl_remote_commit_doit(struct sk_buff *skb, struct genl_info *info)
{
	return do_node(skb, info, true, commit_node);
}

/* --- Rows --- */

/**
 * struct put - Rows that are put in.
 * @info: the request
 * @pn: the tables
 * @scope: the scope
 * @node: their node
 * @entry: the entry that is looked at
 * @rows: rows so far
 * @work: rows since the lock was let go
 * @dropped: rows that found no room
 */
struct put {
	struct genl_info *info;
	struct pgnl_net *pn;
	struct pgnl_scope *scope;
	struct pgnl_node *node;
	struct nlattr *entry;
	u32 rows;
	u32 work;
	u32 dropped;
};

static int refuse_entry(const struct put *put, const char *text, int err)
{
	pgnl_nl_say(put->info, put->entry, text);
	return err;
}

static int parse_registration(const struct put *put, struct nlattr **attrs,
			      struct pgnl_remote_row *row)
{
	struct nlattr *told = attrs[PGNL_A_ENTRY_REGISTRATION];

	if (!row->named)
		return refuse_entry(put, "the scope has no names", -EINVAL);
	if (nla_len(told) != sizeof(row->told))
		return refuse_entry(put, "a registration is of another size",
				    -EINVAL);
	if (nla_len(attrs[PGNL_A_ENTRY_ROWS]) > sizeof(struct pgnl_row))
		return refuse_entry(put, "a registration is of one row", -EINVAL);
	nla_memcpy(&row->told, told, sizeof(row->told));
	if (!row->told.stamp || row->told.resolve > PGNL_RESOLVE_MAX)
		return refuse_entry(put, "no registration", -EINVAL);
	row->told.pad = 0;
	return 0;
}

/* What all rows of an entry have in common. */
static int parse_entry(const struct put *put, struct nlattr **attrs,
		       struct pgnl_remote_row *row)
{
	struct netlink_ext_ack *extack = put->info->extack;
	u32 reason = PGNL_REASON_LEFT;
	int err;

	memset(row, 0, sizeof(*row));
	row->named = put->scope->flags & PGNL_SCOPE_FLAG_EXCLUSIVE;
	err = nla_parse_nested(attrs, PGNL_A_ENTRY_MAX, put->entry,
			       pgnl_entry_nl_policy, extack) ?:
	      pgnl_args_check_nest_once(put->entry, extack) ?:
	      pgnl_args_group_name(attrs[PGNL_A_ENTRY_GROUP], &row->group,
				   extack);
	if (err)
		return err;
	if (!attrs[PGNL_A_ENTRY_ROWS] || !nla_len(attrs[PGNL_A_ENTRY_ROWS]) ||
	    nla_len(attrs[PGNL_A_ENTRY_ROWS]) % sizeof(struct pgnl_row))
		return refuse_entry(put, "an entry has whole rows", -EINVAL);
	if (attrs[PGNL_A_ENTRY_META]) {
		row->meta = nla_data(attrs[PGNL_A_ENTRY_META]);
		row->meta_len = nla_len(attrs[PGNL_A_ENTRY_META]);
		if (nla_len(attrs[PGNL_A_ENTRY_META]) > PGNL_META_MAX)
			return refuse_entry(put, "metadata has more than 256 bytes",
					    -EINVAL);
		if (nla_len(attrs[PGNL_A_ENTRY_ROWS]) > sizeof(struct pgnl_row))
			return refuse_entry(put, "metadata is of one row",
					    -EINVAL);
	}
	if (attrs[PGNL_A_ENTRY_REGISTRATION]) {
		err = parse_registration(put, attrs, row);
		if (err)
			return err;
	}
	row->status = PGNL_STATUS_UNKNOWN;
	if (attrs[PGNL_A_ENTRY_STATUS])
		row->status = nla_get_u32(attrs[PGNL_A_ENTRY_STATUS]);
	if (attrs[PGNL_A_ENTRY_REASON])
		reason = nla_get_u32(attrs[PGNL_A_ENTRY_REASON]);
	if ((reason < PGNL_REASON_LEFT || reason > PGNL_REASON_REPLACED) &&
	    reason != PGNL_REASON_CONFLICT)
		return refuse_entry(put, "no reason to leave", -EINVAL);
	row->reason = reason;
	if (attrs[PGNL_A_ENTRY_STATUS] &&
	    (row->status > U16_MAX || (reason != PGNL_REASON_EXITED &&
				       reason != PGNL_REASON_KILLED)))
		return refuse_entry(put, "a status is of who has ended", -EINVAL);
	return 0;
}

static int parse_row(const struct put *put, const void *at,
		     struct pgnl_remote_row *row)
{
	struct pgnl_row from;

	memcpy(&from, at, sizeof(from));
	row->id = from.id;
	row->pid = from.pid;
	row->count = from.count;
	row->uid = make_kuid(current_user_ns(), from.uid);
	row->weight = from.weight;
	if (from.state || from.pad)
		return refuse_entry(put, "state and padding of a row are 0",
				    -EINVAL);
	if (!row->id && put->scope->mode != PGNL_SCOPE_MODE_PG2)
		return refuse_entry(put, "groups of the scope are not created",
				    -EINVAL);
	if (!row->id && (row->count > 1 || row->meta_len))
		return refuse_entry(put, "a group is created once", -EINVAL);
	if (row->named && row->count && (row->count > 1 || !row->told.stamp))
		return refuse_entry(put, "a name is registered, once", -EINVAL);
	if (row->id && row->count &&
	    (!row->weight || row->weight > PGNL_WEIGHT_MAX))
		return refuse_entry(put, "a weight is 1 to 1000", -EINVAL);
	return 0;
}

typedef int (*row_fn)(struct put *put, const struct pgnl_remote_row *row);

static int with_each_row(struct put *put, row_fn fn)
{
	struct nlattr *attrs[PGNL_A_ENTRY_MAX + 1];
	struct pgnl_remote_row row;
	struct nlattr *rows;
	int err = 0;
	int rem, at;

	put->rows = 0;
	nlmsg_for_each_attr(put->entry, put->info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(put->entry) != PGNL_A_ENTRY)
			continue;
		err = parse_entry(put, attrs, &row);
		if (err)
			return err;
		rows = attrs[PGNL_A_ENTRY_ROWS];
		for (at = 0; at < nla_len(rows); at += sizeof(struct pgnl_row)) {
			if (++put->rows > PGNL_ROWS_MAX)
				return refuse_entry(put, "more than 4096 rows",
						    -E2BIG);
			err = parse_row(put, nla_data(rows) + at, &row) ?:
			      fn(put, &row);
			if (err)
				return err;
		}
	}
	return 0;
}

static int check_row(struct put *put, const struct pgnl_remote_row *row)
{
	return 0;
}

/* Have the caller's memory cgroup reclaim for more than a row takes. */
static void make_room(void)
{
	kfree(kmalloc(PAGE_SIZE, GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN));
}

/*
 * With the lock held nobody waits for memory that is charged, so a cgroup that has
 * to reclaim does so without it.
 */
static int put_charged_locked(struct put *put, const struct pgnl_remote_row *row)
{
	int err = pgnl_remote_put_locked(put->node, put->scope, row);

	if (err != -ENOMEM || !put->node->user)
		return err;
	mutex_unlock(&put->pn->lock);
	make_room();
	mutex_lock(&put->pn->lock);
	put->work = 0;
	return put->scope->dead ? err :
	       pgnl_remote_put_locked(put->node, put->scope, row);
}

static int put_row(struct put *put, const struct pgnl_remote_row *row)
{
	if (put->scope->dead) {
		NL_SET_ERR_MSG(put->info->extack, "the scope has been deleted");
		return -ENOENT;
	}
	if (put_charged_locked(put, row)) {
		put->node->partial = true;
		put->node->dropping = true;
		put->node->dropped++;
		put->pn->cluster->drops++;
		put->dropped++;
	}
	put->work++;
	pgnl_table_breathe_locked(put->pn, &put->work);
	return 0;
}

static int put_rows(struct put *put, const struct peer *peer)
{
	int err;

	err = with_each_row(put, check_row);
	if (err)
		return err;
	mutex_lock(&put->pn->lock);
	put->node = find_locked(put->info, put->pn, peer, true);
	err = IS_ERR(put->node) ? PTR_ERR(put->node) :
				  with_each_row(put, put_row);
	mutex_unlock(&put->pn->lock);
	return err;
}

static int put_dropped(struct sk_buff *reply, u32 dropped)
{
	struct nlattr *nest = nla_nest_start(reply, PGNL_A_PEER);

	if (!nest || nla_put_u64_64bit(reply, PGNL_A_NODE_DROPPED, dropped,
				       PGNL_A_NODE_PAD))
		return -EMSGSIZE;
	nla_nest_end(reply, nest);
	return 0;
}

int pgnl_nl_remote_put_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct put put = { .info = info };
	struct pgnl_caller who;
	struct sk_buff *reply;
	struct peer peer;
	int err;

	err = begin(&who, skb, info, BIT_ULL(PGNL_A_ENTRY), 0, &peer);
	if (err)
		return err;
	put.pn = who.pn;
	put.scope = pgnl_args_scope(&who, info->attrs[PGNL_A_SCOPE], 0,
				    info->extack);
	if (IS_ERR(put.scope)) {
		err = PTR_ERR(put.scope);
		goto out;
	}
	reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	if (!reply)
		err = -ENOMEM;
	else
		err = pgnl_nl_need_cluster(info, put.scope) ?:
		      put_rows(&put, &peer) ?:
		      put_dropped(reply, put.dropped);
	if (reply)
		err = pgnl_nl_finish(info, reply, err);
	pgnl_scope_put(put.scope);
out:
	pgnl_agent_end(who.pn);
	return err;
}
