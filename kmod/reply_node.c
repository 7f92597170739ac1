// SPDX-License-Identifier: GPL-2.0-only
/* Other nodes and their members as attributes of replies. */
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/user_namespace.h>
#include <net/netlink.h>

#include "event.h"
#include "remote.h"
#include "reply.h"
#include "table.h"

/* A member's nest; nothing of it is there after -EMSGSIZE. */
static int put_row(struct sk_buff *skb, const struct pgnl_row *row,
		   const struct pgnl_meta *meta, const struct pgnl_node *node)
{
	struct nlattr *nest = nla_nest_start(skb, PGNL_A_MEMBER);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put(skb, PGNL_A_MEMBER_ROW, sizeof(*row), row) ||
	    (meta && nla_put(skb, PGNL_A_MEMBER_META, meta->len, meta->data)) ||
	    nla_put_string(skb, PGNL_A_MEMBER_NODE, node->name) ||
	    (row->state != PGNL_STATE_UP &&
	     nla_put_u32(skb, PGNL_A_MEMBER_AGE,
			 min_t(u64, pgnl_node_age(node), U32_MAX)))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * pgnl_reply_put_remote() - Add a member of another node to a reply, as a nest.
 * @skb: the reply
 * @reader: who reads
 * @remote: the member, lock held or within RCU
 *
 * Return: 0 or -EMSGSIZE, and nothing of it is there.
 */
int pgnl_reply_put_remote(struct sk_buff *skb, const struct pgnl_reader *reader,
			  const struct pgnl_remote *remote)
{
	struct pgnl_row row = {
		.id = remote->id,
		.pid = READ_ONCE(remote->pid),
		.count = READ_ONCE(remote->count),
		.uid = from_kuid_munged(reader->user_ns, remote->uid),
		.weight = READ_ONCE(remote->weight),
		.state = READ_ONCE(remote->node->state),
	};
	int err;

	rcu_read_lock();
	err = put_row(skb, &row, rcu_dereference(remote->meta), remote->node);
	rcu_read_unlock();
	return err;
}

/**
 * pgnl_reply_put_far_name() - The same with what is told of a registration.
 * @skb: the reply
 * @reader: who reads
 * @type: PGNL_A_MEMBER or PGNL_A_HOLDER
 * @remote: the holder of a name, lock held or within RCU
 *
 * Return: 0 or -EMSGSIZE, and nothing of it is there.
 */
int pgnl_reply_put_far_name(struct sk_buff *skb,
			    const struct pgnl_reader *reader, int type,
			    const struct pgnl_remote *remote)
{
	struct nlattr *nest = (struct nlattr *)skb_tail_pointer(skb);
	struct pgnl_far_name *name = pgnl_remote_name(remote);

	if (pgnl_reply_put_remote(skb, reader, remote))
		return -EMSGSIZE;
	if (nla_put(skb, PGNL_A_MEMBER_REGISTRATION, sizeof(name->told),
		    &name->told)) {
		nlmsg_trim(skb, nest);
		return -EMSGSIZE;
	}
	nest->nla_type = type | NLA_F_NESTED;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * pgnl_reply_put_remotes_rcu() - Add a group's members of other nodes.
 * @skb: the reply
 * @reader: who reads
 * @group: the group
 * @rows: how many to look at, at most; not 0
 * @spare: bytes to leave free behind them
 *
 * As pgnl_reply_put_rows_rcu().
 *
 * Return: 0, or -EMSGSIZE and those that fit are there.
 */
int pgnl_reply_put_remotes_rcu(struct sk_buff *skb,
			       const struct pgnl_reader *reader,
			       const struct pgnl_group *group, u32 rows,
			       int spare)
{
	struct pgnl_remotes *set = pgnl_remotes_rcu(group);
	struct pgnl_remote *remote;
	const unsigned char *mark;
	unsigned long index;

	/* They may have gone since they were counted. */
	if (!set)
		return 0;
	xa_for_each_range(&set->rows, index, remote, 0, rows - 1) {
		if (!pgnl_remote_is_seen(remote))
			continue;
		mark = skb_tail_pointer(skb);
		if (pgnl_reply_put_remote(skb, reader, remote))
			return -EMSGSIZE;
		if (skb_tailroom(skb) < spare) {
			nlmsg_trim(skb, mark);
			return -EMSGSIZE;
		}
	}
	return 0;
}

/**
 * pgnl_reply_put_remote_event_row() - Add another node's member of an event.
 * @skb: the message
 * @reader: who reads
 * @event: the event, with a node
 * @member: one of its members
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_reply_put_remote_event_row(struct sk_buff *skb,
				    const struct pgnl_reader *reader,
				    const struct pgnl_event *event,
				    const struct pgnl_event_row *member)
{
	struct pgnl_row row = {
		.id = member->id,
		.pid = member->nr,
		.count = member->count,
		.uid = from_kuid_munged(reader->user_ns, member->uid),
		.weight = member->weight,
		.state = READ_ONCE(event->node->state),
	};

	return put_row(skb, &row, member->meta, event->node);
}

/* Name and incarnation, which is all that there is to tell apart. */
static struct nlattr *begin_peer(struct sk_buff *skb, const char *name,
				 u64 incarnation)
{
	struct nlattr *nest = nla_nest_start(skb, PGNL_A_PEER);

	if (!nest || nla_put_string(skb, PGNL_A_NODE_NAME, name) ||
	    (incarnation &&
	     nla_put_u64_64bit(skb, PGNL_A_NODE_INCARNATION, incarnation,
			       PGNL_A_NODE_PAD)))
		return NULL;
	return nest;
}

/**
 * pgnl_reply_put_peer() - Say which node it is.
 * @skb: the reply
 * @name: its name
 * @incarnation: its incarnation, 0: not known
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_reply_put_peer(struct sk_buff *skb, const char *name, u64 incarnation)
{
	struct nlattr *nest = begin_peer(skb, name, incarnation);

	if (!nest)
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * pgnl_reply_put_self() - Add this node to a listing.
 * @skb: the reply
 * @name: its name
 * @incarnation: its incarnation, 0: not known
 * @rows: memberships here
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_reply_put_self(struct sk_buff *skb, const char *name, u64 incarnation,
			u64 rows)
{
	struct nlattr *nest = begin_peer(skb, name, incarnation);

	if (!nest ||
	    nla_put_u32(skb, PGNL_A_NODE_STATE, PGNL_STATE_UP) ||
	    nla_put_u32(skb, PGNL_A_NODE_FLAGS, PGNL_NODE_FLAG_SELF) ||
	    nla_put_u64_64bit(skb, PGNL_A_NODE_ROWS, rows, PGNL_A_NODE_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static u32 flags_of(const struct pgnl_node *node)
{
	return (node->connected ? PGNL_NODE_FLAG_CONNECTED : 0) |
	       (node->syncing ? PGNL_NODE_FLAG_SYNCING : 0) |
	       (node->partial ? PGNL_NODE_FLAG_PARTIAL : 0);
}

/**
 * pgnl_reply_put_node_locked() - Add another node to a listing.
 * @skb: the reply
 * @node: the node
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_reply_put_node_locked(struct sk_buff *skb,
			       const struct pgnl_node *node)
{
	struct nlattr *nest = begin_peer(skb, node->name, node->incarnation);

	if (!nest ||
	    nla_put_u32(skb, PGNL_A_NODE_STATE, node->state) ||
	    nla_put_u32(skb, PGNL_A_NODE_FLAGS, flags_of(node)) ||
	    nla_put_u64_64bit(skb, PGNL_A_NODE_AGE, pgnl_node_age(node),
			      PGNL_A_NODE_PAD) ||
	    nla_put_u64_64bit(skb, PGNL_A_NODE_ROWS, node->nr_rows,
			      PGNL_A_NODE_PAD) ||
	    nla_put_u64_64bit(skb, PGNL_A_NODE_DROPPED, node->dropped,
			      PGNL_A_NODE_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
