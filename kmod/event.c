// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: what has happened in a scope, kept in a ring for its subscribers.
 *
 * There is a ring while the scope has subscribers (sub.c). Whoever changes
 * something records it here under the lock; that neither allocates nor waits
 * nor fails, for the oldest events make room. A work item delivers them.
 *
 * Members that change one after the other for the same reason, in the same
 * group, make one event until the work item takes it.
 *
 * Whoever changes something pays for that, so what is on the way to an event is
 * inlined: calls, and what they pass, were a quarter of it, the waking aside.
 *
 * An event holds references to the processes and metadata it tells of, so it
 * can be told in any namespace, whatever has become of them. The group it
 * has by name only.
 */
#include <linux/cred.h>
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <net/genetlink.h>

#include "event.h"
#include "exit.h"
#include "group.h"
#include "member.h"
#include "table.h"
#include "trace.h"

#define RING_MASK	((u64)PGNL_RING_SIZE - 1)

/* PGNL_EVENT_PAD and the reasons have room in a byte beside each other. */
static_assert(PGNL_REASON_MAX < PGNL_EVENT_PAD);
/* An event is taken whole. */
static_assert(PGNL_EVENT_ROOM <= PGNL_CHUNK_ROOM);

/* A message without group and members: all attributes, and padding for three. */
#define ROOM_BASE	(NLMSG_HDRLEN + GENL_HDRLEN + 4 * NLA_HDRLEN + \
			 nla_total_size(sizeof(u32)) * 5 + \
			 nla_total_size(sizeof(u64)) * 3 + \
			 nla_total_size(PGNL_SCOPE_NAME_MAX + 1))
/* That a process of another node asked for it. */
#define ROOM_BY_NODE	nla_total_size(PGNL_SCOPE_NAME_MAX + 1)
/* That it is about a node, padding included. */
#define ROOM_NODE	(2 * NLA_HDRLEN + nla_total_size(sizeof(u64)) + \
			 nla_total_size(PGNL_SCOPE_NAME_MAX + 1))
#define ROOM_ROW	(NLA_HDRLEN + nla_total_size(sizeof(struct pgnl_row)))

/**
 * pgnl_event_hash() - The bucket of a group among subscriptions.
 * @name: its name
 * @len: bytes of it
 *
 * Return: a hash of which the low PGNL_FEED_BITS are the bucket.
 */
u32 pgnl_event_hash(const char *name, u8 len)
{
	return jhash(name, len, 0);
}

/* --- The ring --- */

static struct pgnl_event *at(const struct pgnl_feed *feed, u64 pos)
{
	return (void *)feed->ring + (pos & RING_MASK);
}

static void put_event(struct pgnl_event *event)
{
	struct pgnl_event_row *row = pgnl_event_rows(event);
	u32 i;

	for (i = 0; i < event->nr_rows; i++) {
		if (!event->node)
			put_pid(row[i].pid);
		pgnl_meta_put(row[i].meta);
	}
	put_pid(event->by);
	pgnl_node_put(event->by_node);
	pgnl_node_put(event->node);
}

static void keep_row(const struct pgnl_event *event,
		     const struct pgnl_event_row *row)
{
	if (!event->node)
		get_pid(row->pid);
	pgnl_meta_get(row->meta);
}

static void drop_oldest(struct pgnl_feed *feed)
{
	struct pgnl_event *event = at(feed, feed->tail);

	feed->tail += event->size;
	if (event->reason == PGNL_EVENT_PAD)
		return;
	feed->dropped = event->seq;
	put_event(event);
}

static void make_room(struct pgnl_feed *feed, u32 size)
{
	while (feed->head + size - feed->tail > PGNL_RING_SIZE)
		drop_oldest(feed);
}

/* Room for an event in one piece; what is left at the end is padded. */
static __always_inline
struct pgnl_event *append(struct pgnl_feed *feed, u32 size)
{
	u32 left = PGNL_RING_SIZE - (feed->head & RING_MASK);
	struct pgnl_event *event;

	if (left < size) {
		make_room(feed, left);
		event = at(feed, feed->head);
		event->size = left;
		event->reason = PGNL_EVENT_PAD;
		feed->head += left;
	}
	make_room(feed, size);
	event = at(feed, feed->head);
	event->size = size;
	feed->open = feed->head;
	feed->head += size;
	return event;
}

/* Room for another member in the newest event; NULL if it must not grow. */
static struct pgnl_event_row *extend(struct pgnl_feed *feed, u32 room)
{
	u32 left = PGNL_RING_SIZE - (feed->head & RING_MASK);
	struct pgnl_event *event = at(feed, feed->open);
	struct pgnl_event_row *row;

	/* It is in one piece: not over the end of the ring, nor up to there. */
	if (event->room + room > PGNL_EVENT_ROOM || left < sizeof(*row) ||
	    left == PGNL_RING_SIZE)
		return NULL;
	make_room(feed, sizeof(*row));
	row = &pgnl_event_rows(event)[event->nr_rows++];
	feed->head += sizeof(*row);
	event->size += sizeof(*row);
	event->room += room;
	return row;
}

/* --- Recording --- */

/**
 * struct cause - What makes changes one event.
 * @group: the group; NULL: it is of the scope
 * @hash: of its name
 * @status: of members that ended
 * @uid: of members that ended, since @status is not for everybody
 * @reason: enum pgnl_reason
 * @gone: the member is out, though its count is still to follow
 * @by: who asked for it, borrowed, or NULL
 * @by_node: another node, a process of which did, borrowed, or NULL
 * @node: whose members, or what it is about, borrowed; NULL: this node
 */
struct cause {
	const struct pgnl_group *group;
	u32 hash;
	u32 status;
	kuid_t uid;
	enum pgnl_reason reason;
	bool gone;
	struct pid *by;
	struct pgnl_node *by_node;
	struct pgnl_node *node;
};

/*
 * The sender of a request, in whose context the tables change; else NULL. What the
 * agent does for a node is that node's.
 */
static struct pid *requester(const struct pgnl_node *by_node)
{
	return by_node || current->flags & PF_KTHREAD ? NULL :
							task_tgid(current);
}

static bool is_same_cause(struct pgnl_event *event, const struct cause *cause)
{
	return event->reason == cause->reason && event->hash == cause->hash &&
	       event->status == cause->status && event->by == cause->by &&
	       event->by_node == cause->by_node && event->node == cause->node &&
	       (!event->by || uid_eq(event->by_uid, current_uid())) &&
	       uid_eq(event->uid, cause->uid) &&
	       event->name_len == cause->group->len &&
	       !memcmp(event->name, cause->group->name, event->name_len);
}

static __always_inline
struct pgnl_event *new_event(struct pgnl_scope *scope, const struct cause *cause,
			     u32 nr_rows, u32 room)
{
	const struct pgnl_group *group = cause->group;
	u8 len = group ? group->len : 0;
	struct pgnl_event *event;

	event = append(scope->feed, sizeof(*event) + ALIGN(len + 1, 8) +
		       nr_rows * sizeof(struct pgnl_event_row));
	event->nr_rows = nr_rows;
	event->reason = cause->reason;
	event->name_len = len;
	event->seq = ++scope->seq;
	event->room = ROOM_BASE + nla_total_size(len + 1) + room;
	event->hash = cause->hash;
	event->status = cause->status;
	event->uid = cause->uid;
	if (cause->by)
		event->by_uid = current_uid();
	event->by = get_pid(cause->by);
	event->by_node = pgnl_node_get(cause->by_node);
	event->node = pgnl_node_get(cause->node);
	event->owned = group && group->created;
	if (event->owned)
		event->owner = group->owner;
	if (len)
		memcpy(event->name, group->name, len);
	event->name[len] = '\0';
	scope->pn->events++;
	return event;
}

/*
 * An event that nobody hears of need not be. Those who are behind count too,
 * they may ask for it later.
 */
static bool is_wanted(const struct pgnl_feed *feed, const struct cause *cause)
{
	u32 bucket = cause->hash & ((1 << PGNL_FEED_BITS) - 1);

	return feed->everything || !cause->group || feed->interest[bucket];
}

/* Ticks cost nothing to look at: mostly it has been quiet for more than one. */
static bool is_quiet(const struct pgnl_feed *feed)
{
	u64 last_run = READ_ONCE(feed->last_run);

	if (last_run == KTIME_MAX)
		return false;
	return time_after(jiffies, READ_ONCE(feed->last_tick) + 1) ||
	       (s64)(ktime_get_ns() - last_run) > PGNL_QUIET_NS;
}

/*
 * A change after a moment of quiet delivers at once, a stream of them together once
 * a tick: waking the work item for each would cost more than the change. A tick is
 * too long a moment: other nodes wait for this, too, and have their own.
 */
static void queue_delivery(struct pgnl_feed *feed)
{
	if (READ_ONCE(feed->queued))
		return;
	WRITE_ONCE(feed->queued, true);
	if (is_quiet(feed))
		kthread_queue_work(pgnl_waker, &feed->nudge);
	else
		queue_delayed_work(feed->scope->pn->queues->tell, &feed->work, 1);
}

/* False: nobody hears of it. */
static __always_inline
bool begin(struct pgnl_scope *scope, struct cause *cause)
{
	pgnl_assert_locked(scope->pn);
	if (cause->group)
		cause->hash = cause->group->event_hash;
	if (!is_wanted(scope->feed, cause))
		return false;
	queue_delivery(scope->feed);
	return true;
}

static u32 room_of(const struct cause *cause)
{
	return (cause->node ? ROOM_NODE : 0) + (cause->by_node ? ROOM_BY_NODE : 0);
}

/* What is about no member. */
static void record(struct pgnl_scope *scope, struct cause *cause)
{
	if (begin(scope, cause))
		trace_pgnl_event(scope, new_event(scope, cause, 0, room_of(cause)));
}

/* Room for one more member, to be filled at once; @meta is its metadata, or NULL. */
static __always_inline
struct pgnl_event_row *new_row(struct pgnl_scope *scope,
			       const struct cause *cause,
			       const struct pgnl_meta *meta)
{
	struct pgnl_feed *feed = scope->feed;
	struct pgnl_event_row *row = NULL;
	u32 room = room_of(cause) + ROOM_ROW;

	if (meta)
		room += nla_total_size(meta->len);
	if (feed->open != PGNL_FEED_CLOSED &&
	    is_same_cause(at(feed, feed->open), cause))
		row = extend(feed, room);
	return row ?: pgnl_event_rows(new_event(scope, cause, 1, room));
}

static __always_inline
void record_member(struct cause *cause, struct pgnl_member *member)
{
	struct pgnl_scope *scope = member->group->scope;
	struct pgnl_meta *meta =
		rcu_dereference_protected(member->meta,
					  lockdep_is_held(&scope->pn->lock));

	if (!begin(scope, cause))
		return;
	*new_row(scope, cause, meta) = (struct pgnl_event_row){
		.pid = get_pid(member->proc->pid),
		.meta = pgnl_meta_get(meta),
		.id = member->proc->id,
		.count = cause->gone ? 0 : member->count,
		.uid = member->uid,
		.weight = member->weight,
	};
	trace_pgnl_event(scope, at(scope->feed, scope->feed->open));
}

/* What becomes of a group that is being deleted has been told as a whole. */
static bool is_told(const struct pgnl_group *group)
{
	return group->dead || group->scope->dead;
}

/**
 * pgnl_event_record_member() - See pgnl_event_member_locked().
 * @member: the member
 * @reason: why
 * @by: another node that has asked for it, or NULL
 */
void pgnl_event_record_member(struct pgnl_member *member,
			      enum pgnl_reason reason, struct pgnl_node *by)
{
	const struct pgnl_title *title = pgnl_group_title(member->group);
	struct cause cause = {
		.group = member->group,
		.reason = reason,
		.status = PGNL_STATUS_UNKNOWN,
		.uid = INVALID_UID,
		.by_node = by,
	};

	if (is_told(member->group))
		return;
	if (title) {
		cause.by = title->lost_by;
		cause.by_node = title->lost_to;
	}
	if (!cause.by && reason != PGNL_REASON_JOINED)
		cause.by = requester(cause.by_node);
	if (cause.by == member->proc->pid)
		cause.by = NULL;
	record_member(&cause, member);
}

/**
 * pgnl_event_record_end() - See pgnl_event_end_locked().
 * @member: the member
 */
void pgnl_event_record_end(struct pgnl_member *member)
{
	u32 status = READ_ONCE(member->proc->status);
	struct cause cause = {
		.group = member->group,
		.reason = PGNL_REASON_EXITED,
		.status = status,
		.uid = member->uid,
	};

	if (is_told(member->group))
		return;
	if (status != PGNL_STATUS_UNKNOWN && status & 0x7f)
		cause.reason = PGNL_REASON_KILLED;
	record_member(&cause, member);
}

/*
 * The lock is let go while the members are taken out, and the name can be in
 * use again by then, so they are told of before. That is bounded as a commit
 * is; of a larger group the rest is told by its deletion.
 */
static void record_evictions(struct pgnl_group *group, struct pgnl_node *by)
{
	struct pid *asker = requester(by);
	struct cause cause = {
		.group = group,
		.reason = PGNL_REASON_EVICTED,
		.status = PGNL_STATUS_UNKNOWN,
		.uid = INVALID_UID,
		.gone = true,
		.by_node = by,
	};
	u32 index, rows = min_t(u32, group->nr_rows, PGNL_ROWS_MAX);
	struct pgnl_member *member;

	for (index = 0; index < rows; index++) {
		member = pgnl_rows_get(&group->rows, index);
		if (!pgnl_member_is_seen(member))
			continue;
		cause.by = member->proc->pid == asker ? NULL : asker;
		record_member(&cause, member);
	}
}

/**
 * pgnl_event_record_group() - See pgnl_event_group_locked().
 * @group: the group
 * @reason: PGNL_REASON_GROUP_CREATED or PGNL_REASON_GROUP_DELETED
 * @by: another node that has asked for it, or NULL
 */
void pgnl_event_record_group(struct pgnl_group *group, enum pgnl_reason reason,
			     struct pgnl_node *by)
{
	struct cause cause = {
		.group = group,
		.reason = reason,
		.status = PGNL_STATUS_UNKNOWN,
		.uid = INVALID_UID,
		.by = requester(by),
		.by_node = by,
	};

	if (is_told(group))
		return;
	/* If other nodes keep it, each is told of when it goes. */
	if (reason == PGNL_REASON_GROUP_DELETED && !pgnl_group_is_far(group))
		record_evictions(group, by);
	record(group->scope, &cause);
}

/**
 * pgnl_event_record_scope() - See pgnl_event_scope_locked().
 * @scope: the scope
 * @reason: PGNL_REASON_SCOPE_DELETED
 */
void pgnl_event_record_scope(struct pgnl_scope *scope, enum pgnl_reason reason)
{
	struct cause cause = {
		.reason = reason,
		.status = PGNL_STATUS_UNKNOWN,
		.uid = INVALID_UID,
		.by = requester(NULL),
	};

	record(scope, &cause);
}

/**
 * pgnl_event_record_remote() - See pgnl_event_remote_locked().
 * @remote: the member
 * @reason: why
 * @status: how it has ended
 */
void pgnl_event_record_remote(struct pgnl_remote *remote,
			      enum pgnl_reason reason, u32 status)
{
	struct pgnl_group *group = remote->set->group;
	struct pgnl_scope *scope = group->scope;
	struct cause cause = {
		.group = group,
		.reason = reason,
		.status = status,
		.uid = INVALID_UID,
		.node = remote->node,
	};
	struct pgnl_meta *meta =
		rcu_dereference_protected(remote->meta,
					  lockdep_is_held(&scope->pn->lock));

	/* Even that it has ended is not for everybody. */
	if (reason == PGNL_REASON_EXITED || reason == PGNL_REASON_KILLED)
		cause.uid = remote->uid;
	if (is_told(group))
		return;
	if (!remote->id) {
		record(scope, &cause);
		return;
	}
	if (!begin(scope, &cause))
		return;
	*new_row(scope, &cause, meta) = (struct pgnl_event_row){
		.nr = remote->pid,
		.meta = pgnl_meta_get(meta),
		.id = remote->id,
		.count = remote->count,
		.uid = remote->uid,
		.weight = remote->weight,
	};
	trace_pgnl_event(scope, at(scope->feed, scope->feed->open));
}

/**
 * pgnl_event_node_locked() - Tell in all scopes of a node or of the agent.
 * @pn: the tables
 * @node: the node, NULL for the agent
 * @reason: what has happened
 */
void pgnl_event_node_locked(struct pgnl_net *pn, struct pgnl_node *node,
			    enum pgnl_reason reason)
{
	struct cause cause = {
		.reason = reason,
		.status = PGNL_STATUS_UNKNOWN,
		.uid = INVALID_UID,
		.node = node,
	};
	struct pgnl_scope *scope;
	unsigned long id;

	pgnl_assert_locked(pn);
	xa_for_each(&pn->scope_ids, id, scope)
		if (scope->feed && scope->flags & PGNL_SCOPE_FLAG_CLUSTER)
			record(scope, &cause);
}

/* --- Reading --- */

/**
 * pgnl_event_seal_locked() - The sequence number of what is so far.
 * @scope: the scope
 *
 * What comes later has a higher one, so something read under the same hold of
 * the lock is as of this number exactly.
 *
 * Return: the number.
 */
u64 pgnl_event_seal_locked(struct pgnl_scope *scope)
{
	pgnl_assert_locked(scope->pn);
	if (scope->feed)
		scope->feed->open = PGNL_FEED_CLOSED;
	return scope->seq;
}

/**
 * pgnl_event_find_locked() - Find the event after one.
 * @feed: the ring
 * @seq: sequence number of the one
 * @pos: set to the place of the next, or to the end
 *
 * Return: 0, -EINVAL when it is still to come, -ESTALE when something that
 * came after it is not there any more.
 */
int pgnl_event_find_locked(struct pgnl_feed *feed, u64 seq, u64 *pos)
{
	struct pgnl_event *event;

	if (seq > pgnl_event_seal_locked(feed->scope))
		return -EINVAL;
	if (seq < feed->dropped)
		return -ESTALE;
	for (*pos = feed->tail; *pos != feed->head; *pos += event->size) {
		event = at(feed, *pos);
		if (event->reason != PGNL_EVENT_PAD && event->seq > seq)
			break;
	}
	return 0;
}

static void keep_references(struct pgnl_event *event)
{
	struct pgnl_event_row *row = pgnl_event_rows(event);
	u32 i;

	for (i = 0; i < event->nr_rows; i++)
		keep_row(event, &row[i]);
	get_pid(event->by);
	pgnl_node_get(event->by_node);
	pgnl_node_get(event->node);
}

/**
 * pgnl_event_take_locked() - Copy events out of the ring.
 * @feed: the ring
 * @pos: the place of the first; set to that after the last
 * @chunk: filled, with nothing at the end of the ring
 *
 * Return: 0, or -ESTALE when the place has been used again.
 */
int pgnl_event_take_locked(struct pgnl_feed *feed, u64 *pos,
			   struct pgnl_chunk *chunk)
{
	struct pgnl_event *event;
	u32 room = 0;

	chunk->nr = 0;
	chunk->used = 0;
	if (*pos < feed->tail)
		return -ESTALE;
	pgnl_event_seal_locked(feed->scope);
	for (; *pos != feed->head; *pos += event->size) {
		event = at(feed, *pos);
		if (event->reason == PGNL_EVENT_PAD)
			continue;
		room += event->room;
		if (chunk->nr == PGNL_CHUNK_EVENTS || room > PGNL_CHUNK_ROOM ||
		    chunk->used + event->size > PGNL_CHUNK_SIZE)
			break;
		memcpy(&chunk->data[chunk->used], event, event->size);
		chunk->event[chunk->nr] = (void *)&chunk->data[chunk->used];
		keep_references(chunk->event[chunk->nr++]);
		chunk->used += event->size;
	}
	return 0;
}

/**
 * pgnl_event_drop_chunk() - Let go of what pgnl_event_take_locked() copied.
 * @chunk: the events
 */
void pgnl_event_drop_chunk(struct pgnl_chunk *chunk)
{
	u32 i;

	for (i = 0; i < chunk->nr; i++)
		put_event(chunk->event[i]);
	chunk->nr = 0;
}

/**
 * pgnl_event_drop_all() - Empty a ring.
 * @feed: the ring, which nobody else uses any more
 */
void pgnl_event_drop_all(struct pgnl_feed *feed)
{
	while (feed->tail != feed->head)
		drop_oldest(feed);
}

/**
 * pgnl_event_check_locked() - Is a ring in order?
 * @feed: the ring
 *
 * Return: true when its events follow each other, none newer than the scope is.
 */
bool pgnl_event_check_locked(struct pgnl_feed *feed)
{
	u64 seq = feed->dropped, pos = feed->tail;
	struct pgnl_event *event;

	pgnl_assert_locked(feed->scope->pn);
	while (pos < feed->head) {
		event = at(feed, pos);
		if (!event->size || event->size % 8)
			return false;
		pos += event->size;
		if (event->reason == PGNL_EVENT_PAD)
			continue;
		if (event->seq <= seq)
			return false;
		seq = event->seq;
	}
	return pos == feed->head && seq <= feed->scope->seq &&
	       feed->head - feed->tail <= PGNL_RING_SIZE;
}
