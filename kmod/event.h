/* SPDX-License-Identifier: GPL-2.0-only */
/* Events: what has happened in a scope, kept in a ring for its subscribers. */
#ifndef _PGNL_EVENT_H
#define _PGNL_EVENT_H

#include <linux/hashtable.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

#include "remote.h"
#include "table.h"

/* Room for the events of a scope; a power of two. */
#define PGNL_RING_SIZE		(256 * 1024)

/* Most that one event comes to in a message; see the operation "event". */
#define PGNL_EVENT_ROOM		7680

/* Events that are copied out of the ring at a time: bytes, number, messages. */
#define PGNL_CHUNK_SIZE		(16 * 1024)
#define PGNL_CHUNK_EVENTS	128
#define PGNL_CHUNK_ROOM		(2 * PGNL_EVENT_ROOM)

struct pgnl_delivery;

/* Buckets of subscriptions to groups. */
#define PGNL_FEED_BITS		6

/**
 * struct pgnl_event_row - A member that an event is of.
 * @pid: the process, counted; of a member of this node
 * @nr: its pid, as told; of a member of another node
 * @meta: metadata, counted, or NULL
 * @id: member id
 * @count: count after the event
 * @uid: real uid of the process when it joined
 * @weight: weight
 */
struct pgnl_event_row {
	union {
		struct pid *pid;
		u32 nr;
	};
	struct pgnl_meta *meta;
	u64 id;
	u32 count;
	kuid_t uid;
	u16 weight;
};

/**
 * struct pgnl_event - An event in a ring, a multiple of 8 bytes.
 * @size: bytes of all of it
 * @nr_rows: members
 * @reason: enum pgnl_reason; PGNL_EVENT_PAD: no event, nothing follows @size
 * @name_len: bytes of the group's name; 0: the event is of the scope
 * @seq: sequence number
 * @room: the most that it comes to in a message
 * @hash: of the group's name
 * @status: as of wait(2), or PGNL_STATUS_UNKNOWN
 * @uid: of the members that ended, invalid if it is about none
 * @by_uid: who asked for it, if @by
 * @by: who asked for it, counted, or NULL
 * @by_node: another node, a process of which did, counted, or NULL
 * @node: of the members, or that it is about, counted; NULL: this node
 * @owned: the group has the owner @owner
 * @owner: owner and mode of a created group
 * @name: of the group, terminated and padded to 8 bytes; then the rows
 */
struct pgnl_event {
	u32 size;
	u16 nr_rows;
	u8 reason;
	u8 name_len;
	u64 seq;
	u32 room;
	u32 hash;
	u32 status;
	kuid_t uid;
	kuid_t by_uid;
	struct pid *by;
	struct pgnl_node *by_node;
	struct pgnl_node *node;
	struct pgnl_owner owner;
	bool owned;
	char name[] __aligned(8);
};

#define PGNL_EVENT_PAD		U8_MAX
#define PGNL_FEED_CLOSED	U64_MAX
#define PGNL_QUIET_NS	NSEC_PER_MSEC

/**
 * struct pgnl_feed - What goes from a scope to its subscribers.
 * @scope: the scope, counted (C)
 * @ring: PGNL_RING_SIZE bytes of events (L)
 * @tail: place of the oldest event in @ring; places only grow (L)
 * @head: place of the next one (L)
 * @dropped: sequence number of the newest event that is not in @ring any more,
 *	or of what was before it (L)
 * @open: place of the newest event as long as members may be added to it,
 *	else PGNL_FEED_CLOSED (L)
 * @interest: subscriptions to groups by bucket (L)
 * @everything: subscriptions to the scope (L)
 * @work: delivers
 * @nudge: has the waker queue @work
 * @queued: an event has queued one of them, and @work has not begun since (A)
 * @last_run: when it last did, by ktime_get_ns(); KTIME_MAX while it does (A)
 * @last_tick: the same in jiffies, which cost less (A)
 * @nr_subs: subscriptions (S)
 * @pos: place up to which the live ones have been served (S)
 * @subs: live ones to the scope (S)
 * @by_group: live ones to groups, by name (S)
 * @replays: those that are behind (S)
 * @delivery: what is being delivered (S)
 *
 * (S): guarded by pgnl_net.sub_lock.
 */
struct pgnl_feed {
	struct pgnl_scope *scope;
	u8 *ring;
	u64 tail;
	u64 head;
	u64 dropped;
	u64 open;
	u32 interest[1 << PGNL_FEED_BITS];
	u32 everything;
	struct delayed_work work;
	struct kthread_work nudge;
	bool queued;
	u64 last_run;
	unsigned long last_tick;
	u32 nr_subs;
	u64 pos;
	struct list_head subs;
	DECLARE_HASHTABLE(by_group, PGNL_FEED_BITS);
	struct list_head replays;
	struct pgnl_delivery *delivery;
};

/**
 * struct pgnl_chunk - Some events, copied so that nobody waits for a reader.
 * @nr: how many
 * @event: each of them
 * @used: bytes of @data
 * @data: room for them
 */
struct pgnl_chunk {
	u32 nr;
	struct pgnl_event *event[PGNL_CHUNK_EVENTS];
	u32 used;
	u8 data[PGNL_CHUNK_SIZE] __aligned(8);
};

static inline struct pgnl_event_row *pgnl_event_rows(struct pgnl_event *event)
{
	return (void *)event->name + ALIGN(event->name_len + 1, 8);
}

u32 pgnl_event_hash(const char *name, u8 len);
u64 pgnl_event_seal_locked(struct pgnl_scope *scope);
int pgnl_event_find_locked(struct pgnl_feed *feed, u64 seq, u64 *pos);
int pgnl_event_take_locked(struct pgnl_feed *feed, u64 *pos,
			   struct pgnl_chunk *chunk);
void pgnl_event_drop_chunk(struct pgnl_chunk *chunk);
bool pgnl_event_check_locked(struct pgnl_feed *feed);
void pgnl_event_drop_all(struct pgnl_feed *feed);

void pgnl_event_record_member(struct pgnl_member *member,
			      enum pgnl_reason reason, struct pgnl_node *by);
void pgnl_event_record_end(struct pgnl_member *member);
void pgnl_event_record_group(struct pgnl_group *group, enum pgnl_reason reason,
			     struct pgnl_node *by);
void pgnl_event_record_scope(struct pgnl_scope *scope, enum pgnl_reason reason);
void pgnl_event_record_remote(struct pgnl_remote *remote,
			      enum pgnl_reason reason, u32 status);
void pgnl_event_node_locked(struct pgnl_net *pn, struct pgnl_node *node,
			    enum pgnl_reason reason);

/*
 * What tells of a change, with the lock held and after the change. Nothing is
 * allocated and nothing can fail; it costs next to nothing when nobody has
 * subscribed.
 */

/**
 * pgnl_event_member_locked() - Tell that the count of a member has changed.
 * @member: the member as it is now
 * @reason: why, but see pgnl_event_end_locked()
 */
static inline void pgnl_event_member_locked(struct pgnl_member *member,
					    enum pgnl_reason reason)
{
	if (unlikely(member->group->scope->feed))
		pgnl_event_record_member(member, reason, NULL);
}

/**
 * pgnl_event_end_locked() - Tell that a member is out since it has ended.
 * @member: the member, its count now 0
 */
static inline void pgnl_event_end_locked(struct pgnl_member *member)
{
	if (unlikely(member->group->scope->feed))
		pgnl_event_record_end(member);
}

/**
 * pgnl_event_eviction_locked() - Tell that a member is out with its group.
 * @member: the member, its count now 0
 * @by: another node that has asked for it, or NULL
 */
static inline void pgnl_event_eviction_locked(struct pgnl_member *member,
					      struct pgnl_node *by)
{
	if (unlikely(member->group->scope->feed))
		pgnl_event_record_member(member, PGNL_REASON_EVICTED, by);
}

/**
 * pgnl_event_group_locked() - Tell of a group as a whole.
 * @group: the group; if it is deleted, before it is
 * @reason: PGNL_REASON_GROUP_CREATED or PGNL_REASON_GROUP_DELETED
 * @by: another node that has asked for it, or NULL
 */
static inline void pgnl_event_group_locked(struct pgnl_group *group,
					   enum pgnl_reason reason,
					   struct pgnl_node *by)
{
	if (unlikely(group->scope->feed))
		pgnl_event_record_group(group, reason, by);
}

/**
 * pgnl_event_scope_locked() - Tell of a scope as a whole.
 * @scope: the scope
 * @reason: PGNL_REASON_SCOPE_DELETED
 */
static inline void pgnl_event_scope_locked(struct pgnl_scope *scope,
					   enum pgnl_reason reason)
{
	if (unlikely(scope->feed))
		pgnl_event_record_scope(scope, reason);
}

/**
 * pgnl_event_remote_locked() - Tell of a change of another node's member.
 * @remote: the member as it is now
 * @reason: why; of one that stands for the group, what became of that
 * @status: how it has ended, or PGNL_STATUS_UNKNOWN
 */
static inline void pgnl_event_remote_locked(struct pgnl_remote *remote,
					    enum pgnl_reason reason, u32 status)
{
	if (remote->set->group->scope->feed)
		pgnl_event_record_remote(remote, reason, status);
}

#endif /* _PGNL_EVENT_H */
