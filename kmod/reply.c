// SPDX-License-Identifier: GPL-2.0-only
/* Objects as attributes of replies. */
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/uidgid.h>
#include <net/netlink.h>

#include "reply.h"
#include "scope.h"
#include "table.h"

static int put_owner(struct sk_buff *skb, const struct pgnl_reader *reader,
		     const struct pgnl_owner *owner)
{
	if (nla_put_u32(skb, PGNL_A_OWNER,
			from_kuid_munged(reader->user_ns, owner->uid)) ||
	    nla_put_u32(skb, PGNL_A_OWNER_GID,
			from_kgid_munged(reader->user_ns, owner->gid)) ||
	    nla_put_u32(skb, PGNL_A_PERM, owner->perm))
		return -EMSGSIZE;
	return 0;
}

/**
 * pgnl_reply_put_names() - Say which group a reply is of.
 * @skb: the reply
 * @group: the group, which may be dead
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_reply_put_names(struct sk_buff *skb, const struct pgnl_group *group)
{
	if (nla_put_string(skb, PGNL_A_SCOPE, group->scope->name) ||
	    nla_put_string(skb, PGNL_A_GROUP, group->name))
		return -EMSGSIZE;
	return 0;
}

/**
 * pgnl_reply_put_scope() - Add a scope to a reply.
 * @skb: the reply
 * @reader: who reads
 * @scope: the scope, lock held
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_reply_put_scope(struct sk_buff *skb, const struct pgnl_reader *reader,
			 const struct pgnl_scope *scope)
{
	struct pgnl_owner owner = pgnl_scope_owner(scope);

	if (nla_put_string(skb, PGNL_A_SCOPE, scope->name) ||
	    nla_put_u32(skb, PGNL_A_MODE, scope->mode) ||
	    nla_put_u32(skb, PGNL_A_FLAGS, scope->flags) ||
	    put_owner(skb, reader, &owner) ||
	    nla_put_u64_64bit(skb, PGNL_A_GROUPS, scope->nr_groups,
			      PGNL_A_PAD) ||
	    nla_put_u64_64bit(skb, PGNL_A_MEMBERS, scope->nr_members,
			      PGNL_A_PAD))
		return -EMSGSIZE;
	return 0;
}

/**
 * pgnl_reply_put_group() - Add a group to a reply.
 * @skb: the reply
 * @reader: who reads
 * @group: the group, lock held
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_reply_put_group(struct sk_buff *skb, const struct pgnl_reader *reader,
			 const struct pgnl_group *group)
{
	if (pgnl_reply_put_names(skb, group) ||
	    nla_put_u64_64bit(skb, PGNL_A_LOCAL, group->nr_members,
			      PGNL_A_PAD) ||
	    nla_put_u64_64bit(skb, PGNL_A_REMOTE, 0, PGNL_A_PAD))
		return -EMSGSIZE;
	return group->created ? put_owner(skb, reader, &group->owner) : 0;
}

static u32 translate_uid(struct pgnl_reader *reader, kuid_t kuid)
{
	if (!reader->translated || !uid_eq(kuid, reader->last_kuid)) {
		reader->last_kuid = kuid;
		reader->last_uid = from_kuid_munged(reader->user_ns, kuid);
		reader->translated = true;
	}
	return reader->last_uid;
}

/* An attribute whose room has been taken; returns where its content goes. */
static void *put_header(void *at, int type, int len)
{
	struct nlattr *attr = at;

	attr->nla_type = type;
	attr->nla_len = nla_attr_size(len);
	return at + NLA_HDRLEN;
}

/**
 * pgnl_reply_put_member() - Add a member to a reply, as a nest.
 * @skb: the reply
 * @reader: who reads
 * @member: the member, lock held or within RCU
 *
 * This is most of what a read of a group costs, so it takes the room of all
 * attributes at once.
 *
 * Return: 0 or -EMSGSIZE, and nothing of it is there.
 */
int pgnl_reply_put_member(struct sk_buff *skb, struct pgnl_reader *reader,
			  const struct pgnl_member *member)
{
	int len = nla_total_size(sizeof(struct pgnl_row));
	struct pgnl_row row = {
		.id = member->proc->id,
		.pid = pid_nr_ns(member->proc->pid, reader->pid_ns),
		.count = READ_ONCE(member->count),
		.uid = translate_uid(reader, member->uid),
		.weight = READ_ONCE(member->weight),
		.state = PGNL_STATE_UP,
	};
	struct pgnl_meta *meta;
	void *at;

	BUILD_BUG_ON(sizeof(row) % NLA_ALIGNTO);
	rcu_read_lock();
	meta = rcu_dereference(member->meta);
	if (meta)
		len += nla_total_size(meta->len);
	if (skb_tailroom(skb) < nla_attr_size(len)) {
		rcu_read_unlock();
		return -EMSGSIZE;
	}
	at = skb_put(skb, nla_attr_size(len));
	at = put_header(at, PGNL_A_MEMBER | NLA_F_NESTED, len);
	at = put_header(at, PGNL_A_MEMBER_ROW, sizeof(row));
	memcpy(at, &row, sizeof(row));
	if (meta) {
		at = put_header(at + sizeof(row), PGNL_A_MEMBER_META,
				meta->len);
		memcpy(at, meta->data, meta->len);
		memset(at + meta->len, 0, nla_padlen(meta->len));
	}
	rcu_read_unlock();
	return 0;
}
