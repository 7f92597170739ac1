// SPDX-License-Identifier: GPL-2.0-only
/* Objects as attributes of replies. */
#include <linux/mmzone.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <net/netlink.h>

#include "event.h"
#include "group.h"
#include "member.h"
#include "netlink.h"
#include "remote.h"
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
 * pgnl_reply_new_paged() - Allocate a message that ends with data.
 * @head: room for what comes before them
 * @data: bytes of data, which are in pages of their own if they are many
 * @gfp: how to allocate
 *
 * Return: an empty buffer, or NULL.
 */
struct sk_buff *pgnl_reply_new_paged(u32 head, u32 data, gfp_t gfp)
{
	u32 room = NLA_ALIGN(data);
	bool paged;
	int err;

	head += NLA_HDRLEN;
	paged = head + room > SKB_WITH_OVERHEAD(PAGE_SIZE);
	return alloc_skb_with_frags(paged ? head : head + room,
				    paged ? room : 0, PAGE_ALLOC_COSTLY_ORDER,
				    &err, gfp);
}

/**
 * pgnl_reply_put_data() - Put the data that a message ends with.
 * @skb: the message, made by pgnl_reply_new_paged() for them
 * @data: the data
 * @len: bytes of @data
 */
void pgnl_reply_put_data(struct sk_buff *skb, const void *data, u32 len)
{
	u32 pad = NLA_ALIGN(len) - len;
	static const u8 zeros[NLA_ALIGNTO];
	struct nlattr *attr;
	u32 at;

	attr = skb_put(skb, NLA_HDRLEN);
	attr->nla_type = PGNL_A_DATA;
	attr->nla_len = nla_attr_size(len);
	at = skb->len;
	if (skb_shinfo(skb)->nr_frags) {
		skb->data_len = len + pad;
		skb->len += len + pad;
	} else {
		skb_put(skb, len + pad);
	}
	/* It has just been made as long as this. */
	WARN_ON_ONCE(skb_store_bits(skb, at, data, len) ||
		     skb_store_bits(skb, at + len, zeros, pad));
}

/**
 * pgnl_reply_put_group_name() - Say which group a message is about.
 * @skb: the message
 * @name: the group
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_reply_put_group_name(struct sk_buff *skb, const struct pgnl_name *name)
{
	struct nlattr *attr = nla_reserve(skb, PGNL_A_GROUP, name->len + 1);

	if (!attr)
		return -EMSGSIZE;
	memcpy(nla_data(attr), name->str, name->len);
	((char *)nla_data(attr))[name->len] = '\0';
	return 0;
}

/**
 * pgnl_reply_put_names() - Say which group a reply is of.
 * @skb: the reply
 * @reader: who reads
 * @group: the group, which may be dead
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_reply_put_names(struct sk_buff *skb, const struct pgnl_reader *reader,
			 const struct pgnl_group *group)
{
	if (nla_put_string(skb, PGNL_A_SCOPE, reader->scope ?:
			   group->scope->name) ||
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
	u32 shared = reader->scope ? PGNL_SCOPE_FLAG_SHARED : 0;

	if (nla_put_string(skb, PGNL_A_SCOPE, reader->scope ?: scope->name) ||
	    nla_put_u32(skb, PGNL_A_MODE, scope->mode) ||
	    nla_put_u32(skb, PGNL_A_FLAGS, scope->flags | shared) ||
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
	const struct pgnl_remotes *set = pgnl_remotes_locked(group);

	if (pgnl_reply_put_names(skb, reader, group) ||
	    nla_put_u64_64bit(skb, PGNL_A_LOCAL, group->nr_members,
			      PGNL_A_PAD) ||
	    nla_put_u64_64bit(skb, PGNL_A_REMOTE, set ? set->nr_members : 0,
			      PGNL_A_PAD))
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

/* Write the header of an attribute; returns where its content goes. */
static void *write_header(void *at, int type, int len)
{
	struct nlattr *attr = at;

	attr->nla_type = type;
	attr->nla_len = nla_attr_size(len);
	return at + NLA_HDRLEN;
}

/*
 * The nest of a member, in one go since most of a reply is made of these. NULL
 * when there is no room.
 */
static __always_inline void *write_row(void *at, const void *end,
				       const struct pgnl_row *row,
				       const struct pgnl_meta *meta)
{
	const int room = nla_total_size(sizeof(*row));
	void *start = at;

	BUILD_BUG_ON(sizeof(*row) % NLA_ALIGNTO);
	if (end - at < NLA_HDRLEN + room +
		       (meta ? nla_total_size(meta->len) : 0))
		return NULL;
	/* Without metadata all but the row is known beforehand. */
	at = write_header(at, PGNL_A_MEMBER | NLA_F_NESTED, room);
	at = write_header(at, PGNL_A_MEMBER_ROW, sizeof(*row));
	memcpy(at, row, sizeof(*row));
	at += sizeof(*row);
	if (unlikely(meta)) {
		at = write_header(at, PGNL_A_MEMBER_META, meta->len);
		memcpy(at, meta->data, meta->len);
		memset(at + meta->len, 0, nla_padlen(meta->len));
		at += NLA_ALIGN(meta->len);
		((struct nlattr *)start)->nla_len = at - start;
	}
	return at;
}

/* Most readers are where no number needs translation. */
static bool is_initial(const struct pgnl_reader *reader)
{
	return reader->pid_ns == &init_pid_ns &&
	       reader->user_ns == &init_user_ns;
}

/* The same of a member. */
static void *write_translated_rcu(void *at, const void *end,
				  struct pgnl_reader *reader,
				  const struct pgnl_member *member)
{
	const struct pgnl_meta *meta = rcu_dereference(member->meta);
	struct pgnl_row row = member->row;

	row.pid = pid_nr_ns(member->proc->pid, reader->pid_ns);
	row.uid = translate_uid(reader, member->uid);
	return write_row(at, end, &row, meta);
}

static __always_inline void *write_member_rcu(void *at, const void *end,
					      struct pgnl_reader *reader,
					      bool initial,
					      const struct pgnl_member *member)
{
	if (likely(initial))
		return write_row(at, end, &member->row,
				 rcu_dereference(member->meta));
	return write_translated_rcu(at, end, reader, member);
}

/**
 * pgnl_reply_put_member() - Add a member to a reply, as a nest.
 * @skb: the reply
 * @reader: who reads
 * @member: the member, lock held or within RCU
 *
 * Return: 0 or -EMSGSIZE, and nothing of it is there.
 */
int pgnl_reply_put_member(struct sk_buff *skb, struct pgnl_reader *reader,
			  const struct pgnl_member *member)
{
	void *start = skb_tail_pointer(skb);
	void *end;

	rcu_read_lock();
	end = write_member_rcu(start, start + skb_tailroom(skb), reader,
			       is_initial(reader), member);
	rcu_read_unlock();
	if (!end)
		return -EMSGSIZE;
	skb_put(skb, end - start);
	return 0;
}

/* What a member comes to at most. */
#define MEMBER_ROOM (nla_total_size(nla_total_size(sizeof(struct pgnl_row)) + \
				    nla_total_size(PGNL_META_MAX) + \
				    nla_total_size(sizeof(struct pgnl_registration))))

/**
 * pgnl_reply_put_name() - The same with what is told of a registration.
 * @skb: the reply
 * @reader: who reads
 * @type: PGNL_A_MEMBER or PGNL_A_HOLDER
 * @member: the holder of a name, lock held or within RCU
 *
 * Return: 0 or -EMSGSIZE, and nothing of it is there.
 */
int pgnl_reply_put_name(struct sk_buff *skb, struct pgnl_reader *reader,
			int type, const struct pgnl_member *member)
{
	struct nlattr *nest = (struct nlattr *)skb_tail_pointer(skb);
	struct pgnl_title *title = pgnl_group_title(member->group);

	BUILD_BUG_ON(2 * MEMBER_ROOM > PGNL_REPLY_ROOM);
	if (pgnl_reply_put_member(skb, reader, member))
		return -EMSGSIZE;
	if (nla_put(skb, PGNL_A_MEMBER_REGISTRATION, sizeof(title->told),
		    &title->told)) {
		nlmsg_trim(skb, nest);
		return -EMSGSIZE;
	}
	nest->nla_type = type | NLA_F_NESTED;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * pgnl_reply_put_rows_rcu() - Add the members of a group that readers see.
 * @skb: the reply
 * @reader: who reads
 * @group: the group
 * @rows: how many rows to look at
 * @spare: bytes to leave free behind them
 *
 * They are a consistent set if the group's sequence has not changed meanwhile.
 *
 * Return: 0, or -EMSGSIZE and those that fit are there.
 */
int pgnl_reply_put_rows_rcu(struct sk_buff *skb, struct pgnl_reader *reader,
			    const struct pgnl_group *group, u32 rows, int spare)
{
	void *start = skb_tail_pointer(skb), *at = start, *next;
	void *end = start + skb_tailroom(skb) - spare;
	const struct pgnl_rows_map *map = rcu_dereference(group->rows.map);
	bool initial = is_initial(reader);
	struct pgnl_member *member;
	int err = 0;
	u32 index;

	/* As in pgnl_rows_get(), once for all. */
	rows = map ? min(rows, smp_load_acquire(&map->cap)) : 0;
	for (index = 0; index < rows; index++) {
		member = pgnl_rows_at(map, index);
		if (!member || !pgnl_member_is_seen_rcu(member))
			continue;
		next = write_member_rcu(at, end, reader, initial, member);
		if (!next) {
			err = -EMSGSIZE;
			break;
		}
		at = next;
	}
	skb_put(skb, at - start);
	return err;
}

static int put_event_row(struct sk_buff *skb, struct pgnl_reader *reader,
			 const struct pgnl_event_row *member)
{
	struct pgnl_row row = {
		.id = member->id,
		.pid = pid_nr_ns(member->pid, reader->pid_ns),
		.count = member->count,
		.uid = translate_uid(reader, member->uid),
		.weight = member->weight,
		.state = PGNL_STATE_UP,
	};
	void *start = skb_tail_pointer(skb);
	void *end = write_row(start, start + skb_tailroom(skb), &row,
			      member->meta);

	if (!end)
		return -EMSGSIZE;
	skb_put(skb, end - start);
	return 0;
}

static int put_what_happened(struct sk_buff *skb, struct pgnl_reader *reader,
			     const struct pgnl_event *event, bool open)
{
	struct nlattr *nest = nla_nest_start(skb, PGNL_A_EVENT);
	bool known = event->status != PGNL_STATUS_UNKNOWN;
	u32 reason = event->reason;

	if (!open && (reason == PGNL_REASON_EXITED ||
		      reason == PGNL_REASON_KILLED))
		reason = PGNL_REASON_LEFT;
	if (!nest ||
	    nla_put_u64_64bit(skb, PGNL_A_EVENT_PREV, 0, PGNL_A_EVENT_PAD) ||
	    nla_put_u32(skb, PGNL_A_EVENT_REASON, reason) ||
	    (open && known &&
	     nla_put_u32(skb, PGNL_A_EVENT_STATUS, event->status)) ||
	    (event->by_node &&
	     nla_put_string(skb, PGNL_A_EVENT_BY_NODE, event->by_node->name)) ||
	    (event->by &&
	     (nla_put_u32(skb, PGNL_A_EVENT_BY_PID,
			  pid_nr_ns(event->by, reader->pid_ns)) ||
	      nla_put_u32(skb, PGNL_A_EVENT_BY_UID,
			  translate_uid(reader, event->by_uid)))))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * pgnl_reply_put_event() - Add an event to a message.
 * @skb: the message, which says nothing but for whom
 * @reader: who reads
 * @scope: the scope of the event
 * @event: the event
 * @open: tell how members have ended
 *
 * The first attribute is the subscription, the first in the first nest what
 * that was told before; both are left for the caller to fill in.
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_reply_put_event(struct sk_buff *skb, struct pgnl_reader *reader,
			 const struct pgnl_scope *scope,
			 struct pgnl_event *event, bool open)
{
	struct pgnl_event_row *row = pgnl_event_rows(event);
	u32 i;
	int err;

	if (nla_put_u32(skb, PGNL_A_SUBSCRIPTION, 0) ||
	    put_what_happened(skb, reader, event, open) ||
	    nla_put_string(skb, PGNL_A_SCOPE, reader->scope ?: scope->name) ||
	    (event->name_len &&
	     nla_put_string(skb, PGNL_A_GROUP, event->name)) ||
	    nla_put_u64_64bit(skb, PGNL_A_EPOCH, scope->epoch, PGNL_A_PAD) ||
	    nla_put_u64_64bit(skb, PGNL_A_SEQ, event->seq, PGNL_A_PAD) ||
	    (event->node && !event->nr_rows &&
	     pgnl_reply_put_peer(skb, event->node->name,
				 event->node->incarnation)))
		return -EMSGSIZE;
	for (i = 0; i < event->nr_rows; i++) {
		err = event->node ?
		      pgnl_reply_put_remote_event_row(skb, reader, event,
						      &row[i]) :
		      put_event_row(skb, reader, &row[i]);
		if (err)
			return err;
	}
	return 0;
}
