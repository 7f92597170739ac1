// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subscriptions to the events of a scope or group, and their delivery.
 *
 * A subscription belongs to a socket: nobody else can end it, and it ends with
 * the socket. It has its subscriber's namespaces, and its rights as of when it
 * was made: whether it is an administrator, and the credentials that are checked
 * again for each group with a mode of its own.
 *
 * States of a subscription:
 *
 *   live    it is told whatever comes; the feed has one place for all of these
 *   behind  it has a place of its own in the ring, and is served in turn with
 *	     the live ones until it has caught up
 *   parked  it is told nothing: it is being made, or it has lost events
 *
 * An event goes into the socket's queue if that leaves a quarter of the room.
 * If not, or if the ring has moved on, the subscription has lost events: it is
 * told so and parked until it asks for a replay. So a slow subscriber costs
 * the others no more than that, and those who change the tables nothing.
 *
 * The work item of a feed copies some events out of the ring under the lock,
 * and puts them into messages without it: once for all who are to read the
 * same, and then as many into a datagram for each as it is to be told.
 *
 * Delivery is by socket and not by port id: that of a closed socket can belong
 * to another one before its end is known here. The reference to the socket
 * keeps its network namespace, until its end drops the subscription.
 */
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "event.h"
#include "group.h"
#include "netlink.h"
#include "perm.h"
#include "reply.h"
#include "scope.h"
#include "share.h"
#include "sub.h"
#include "table.h"
#include "user.h"

/* Data of a datagram: what fits into two pages with what the kernel adds. */
#define DATAGRAM_MAX	SKB_WITH_OVERHEAD(8192)
static_assert(PGNL_EVENT_ROOM <= DATAGRAM_MAX);

/* Different messages of the same events that are kept at a time. */
#define NR_EDITIONS	4

/* Who waits for a run to end need not wait for events to. */
#define DELIVER_ROUNDS	16

enum sub_state {
	SUB_PARKED,
	SUB_BEHIND,
	SUB_LIVE,
};

/**
 * struct pgnl_sub - A subscription.
 * @feed: what it is told from (C)
 * @who: who has subscribed; its credentials are counted, and so is its alias,
 *	which it is not in any more (C)
 * @reader: for whom things are translated; its namespaces are counted (S)
 * @user: whom it is charged to, counted (C)
 * @sk: the socket, counted (C)
 * @portid: of the socket (C)
 * @id: number of the subscription (C)
 * @admin: may read whatever group (C)
 * @privileged: may know how any member has ended (C)
 * @local: is told nothing of other nodes (C)
 * @state: see above (S)
 * @in_state: in a list of the feed: live ones to the scope, or those behind (S)
 * @in_bucket: in pgnl_feed.by_group, if live and to a group (S)
 * @in_socket: in pgnl_net.sockets (S)
 * @touched: in the list of those that a chunk is for (S)
 * @first: sequence number that it began with (C)
 * @prev: sequence number of the last event told, or before the first (S)
 * @pos: place in the ring of one that is not live (S)
 * @hash: of @name (C)
 * @len: bytes of @name; 0: it is to the scope (C)
 * @rcu: for freeing; who looks for a socket's does so without a lock first
 * @name: the group (C)
 */
struct pgnl_sub {
	struct pgnl_feed *feed;
	struct pgnl_caller who;
	struct pgnl_reader reader;
	struct pgnl_user *user;
	struct sock *sk;
	u32 portid;
	u32 id;
	bool admin;
	bool privileged;
	bool local;
	u8 state;
	struct list_head in_state;
	struct hlist_node in_bucket;
	struct hlist_node in_socket;
	struct list_head touched;
	u64 first;
	u64 prev;
	u64 pos;
	u32 hash;
	struct rcu_head rcu;
	u8 len;
	char name[];
};

/**
 * struct edition - A chunk of events as messages for all who read the same.
 * @sub: one of them; NULL: nothing is here
 * @skb: the messages, made as they are wanted
 * @at: where a message is; 0 if it is not there yet
 */
struct edition {
	const struct pgnl_sub *sub;
	struct sk_buff *skb;
	u16 at[PGNL_CHUNK_EVENTS];
};

/**
 * struct pgnl_delivery - A chunk on its way.
 * @feed: where it is from
 * @edition: the events as messages
 * @next: the edition to give up when another one is needed
 * @chunk: the events
 */
struct pgnl_delivery {
	struct pgnl_feed *feed;
	struct edition edition[NR_EDITIONS];
	u32 next;
	struct pgnl_chunk chunk;
};

/* --- Messages --- */

static bool is_same_edition(const struct pgnl_sub *a, const struct pgnl_sub *b)
{
	return a->reader.pid_ns == b->reader.pid_ns &&
	       a->who.via == b->who.via &&
	       a->reader.user_ns == b->reader.user_ns &&
	       a->privileged == b->privileged &&
	       (a->privileged ||
		(uid_eq(a->who.cred->euid, b->who.cred->euid) &&
		 uid_eq(a->who.opener->euid, b->who.opener->euid)));
}

static struct edition *edition_of(struct pgnl_delivery *delivery,
				  const struct pgnl_sub *sub)
{
	struct edition *edition = delivery->edition;
	u32 i;

	for (i = 0; i < NR_EDITIONS; i++)
		if (edition[i].sub && is_same_edition(edition[i].sub, sub))
			return &edition[i];
	edition = &edition[delivery->next++ % NR_EDITIONS];
	kfree_skb(edition->skb);
	memset(edition, 0, sizeof(*edition));
	edition->skb = alloc_skb(PGNL_CHUNK_ROOM + NLMSG_ALIGNTO, GFP_KERNEL);
	if (!edition->skb)
		return NULL;
	/* So that no message is at 0. */
	skb_put_zero(edition->skb, NLMSG_ALIGNTO);
	edition->sub = sub;
	return edition;
}

/* May it know how the members of an event have ended? */
static bool may_see_end(const struct pgnl_sub *sub,
			const struct pgnl_event *event)
{
	return sub->privileged ||
	       (uid_eq(sub->who.cred->euid, event->uid) &&
		uid_eq(sub->who.opener->euid, event->uid));
}

static int put_message(struct sk_buff *skb, struct pgnl_sub *sub,
		       struct pgnl_event *event)
{
	void *hdr = genlmsg_put(skb, 0, 0, &pgnl_nl_family, 0, PGNL_CMD_EVENT);
	int err;

	if (!hdr)
		return -EMSGSIZE;
	err = pgnl_reply_put_event(skb, &sub->reader, sub->feed->scope, event,
				   may_see_end(sub, event));
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

/* An event as a message, but for whom; NULL when there is no memory. */
static const struct nlmsghdr *message_of(struct pgnl_delivery *delivery,
					 struct edition *edition,
					 struct pgnl_sub *sub, u32 i)
{
	struct sk_buff *skb = edition->skb;

	if (!edition->at[i]) {
		u32 at = skb->len;

		if (WARN_ON_ONCE(put_message(skb, sub,
					     delivery->chunk.event[i])))
			return NULL;
		edition->at[i] = at;
	}
	return (void *)skb->data + edition->at[i];
}

/* See pgnl_reply_put_event() for where these are. */
static void address(struct nlmsghdr *nlh, u32 id, u64 prev)
{
	struct nlattr *sub = nlmsg_attrdata(nlh, GENL_HDRLEN);
	struct nlattr *what = (void *)sub + nla_total_size(nla_len(sub));
	struct nlattr *attr = nla_data(what);

	memcpy(nla_data(sub), &id, sizeof(id));
	if (nla_type(attr) == PGNL_A_EVENT_PAD)
		attr = (void *)attr + nla_total_size(nla_len(attr));
	memcpy(nla_data(attr), &prev, sizeof(prev));
}

/* --- Sockets --- */

/* Is there room for a datagram, and a quarter left for replies? */
static bool has_room(const struct sock *sk, const struct sk_buff *skb)
{
	unsigned int used = atomic_read(&sk->sk_rmem_alloc);
	unsigned int room = READ_ONCE(sk->sk_rcvbuf);

	return !used || used + skb->truesize <= room - room / 4;
}

/* Takes the datagram over. -EPERM of a filter is the subscriber's own wish. */
static bool queue_datagram(struct pgnl_sub *sub, struct sk_buff *skb)
{
	int err = sock_queue_rcv_skb(sub->sk, skb);

	if (err)
		kfree_skb(skb);
	return !err || err == -EPERM;
}

static void leave_state(struct pgnl_sub *sub)
{
	if (sub->len && sub->state == SUB_LIVE)
		hash_del(&sub->in_bucket);
	else if (sub->state != SUB_PARKED)
		list_del(&sub->in_state);
	sub->state = SUB_PARKED;
}

static void go_live(struct pgnl_sub *sub)
{
	leave_state(sub);
	/* The first live one says where they all are. */
	if (list_empty(&sub->feed->subs) && hash_empty(sub->feed->by_group))
		sub->feed->pos = sub->pos;
	if (sub->len)
		hash_add(sub->feed->by_group, &sub->in_bucket, sub->hash);
	else
		list_add_tail(&sub->in_state, &sub->feed->subs);
	sub->state = SUB_LIVE;
}

/* Something about the subscription itself, which is no event of the feed. */
static bool tell(struct pgnl_sub *sub, u32 reason)
{
	struct pgnl_event event = {
		.reason = reason,
		.seq = sub->prev,
		.status = PGNL_STATUS_UNKNOWN,
		.uid = INVALID_UID,
	};
	struct sk_buff *skb = genlmsg_new(PGNL_REPLY_ROOM, GFP_KERNEL);

	if (!skb)
		return false;
	if (WARN_ON_ONCE(put_message(skb, sub, &event))) {
		kfree_skb(skb);
		return false;
	}
	address((void *)skb->data, sub->id, sub->prev);
	return queue_datagram(sub, skb);
}

/*
 * Tell a subscriber that it has lost events, by a message or, when there is no
 * room for that either, the way netlink does.
 */
static void lose(struct pgnl_sub *sub)
{
	leave_state(sub);
	sub->feed->scope->pn->losses++;
	if (sock_flag(sub->sk, SOCK_DEAD) || tell(sub, PGNL_REASON_LOST))
		return;
	WRITE_ONCE(sub->sk->sk_err, ENOBUFS);
	sk_error_report(sub->sk);
}

/* --- Delivery --- */

static bool is_for(const struct pgnl_sub *sub, const struct pgnl_event *event)
{
	/* Told before, or from before it began. */
	if (event->seq <= sub->prev)
		return false;
	if (sub->local && event->node)
		return false;
	if (sub->len && event->name_len &&
	    (event->hash != sub->hash || event->name_len != sub->len ||
	     memcmp(event->name, sub->name, sub->len)))
		return false;
	return !event->owned || sub->admin ||
	       pgnl_perm_granted(&sub->who, &event->owner, PGNL_MAY_READ);
}

/**
 * struct selection - The events of a chunk that are for a subscription.
 * @index: of each
 * @nr: how many
 */
struct selection {
	u16 index[PGNL_CHUNK_EVENTS];
	u32 nr;
};

static void select_events(const struct pgnl_delivery *delivery,
			  const struct pgnl_sub *sub,
			  struct selection *selection)
{
	u32 i;

	selection->nr = 0;
	for (i = 0; i < delivery->chunk.nr; i++)
		if (is_for(sub, delivery->chunk.event[i]))
			selection->index[selection->nr++] = i;
}

/* Make all messages there are to be; their bytes from one on, within a datagram. */
static u32 measure(struct pgnl_delivery *delivery, struct edition *edition,
		   struct pgnl_sub *sub, const struct selection *selection,
		   u32 first)
{
	const struct nlmsghdr *nlh;
	u32 size = 0, i;

	for (i = first; i < selection->nr; i++) {
		nlh = message_of(delivery, edition, sub, selection->index[i]);
		if (!nlh)
			return 0;
		if (size + nlh->nlmsg_len > DATAGRAM_MAX)
			break;
		size += nlh->nlmsg_len;
	}
	return size;
}

/* One datagram of events from one on; how many, 0 if they are lost. */
static u32 send_some(struct pgnl_delivery *delivery, struct edition *edition,
		     struct pgnl_sub *sub, const struct selection *selection,
		     u32 first)
{
	u32 size = measure(delivery, edition, sub, selection, first);
	struct sk_buff *skb = size ? alloc_skb(size, GFP_KERNEL) : NULL;
	const struct nlmsghdr *nlh;
	u64 prev = sub->prev;
	u32 i;

	if (!skb)
		return 0;
	if (!has_room(sub->sk, skb)) {
		kfree_skb(skb);
		return 0;
	}
	for (i = first; i < selection->nr; i++) {
		nlh = message_of(delivery, edition, sub, selection->index[i]);
		if (skb->len + nlh->nlmsg_len > size)
			break;
		address(skb_put_data(skb, nlh, nlh->nlmsg_len), sub->id, prev);
		prev = delivery->chunk.event[selection->index[i]]->seq;
	}
	if (!queue_datagram(sub, skb))
		return 0;
	sub->feed->scope->pn->delivered += i - first;
	sub->prev = prev;
	return i - first;
}

static void send_to(struct pgnl_delivery *delivery, struct pgnl_sub *sub)
{
	struct selection selection;
	struct edition *edition;
	u32 first = 0, n;

	if (sock_flag(sub->sk, SOCK_DEAD))
		return;
	select_events(delivery, sub, &selection);
	if (!selection.nr)
		return;
	edition = edition_of(delivery, sub);
	while (first < selection.nr) {
		n = edition ? send_some(delivery, edition, sub, &selection,
					first) : 0;
		if (!n) {
			lose(sub);
			return;
		}
		first += n;
	}
}

/* The live ones that events of the chunk may be for, each once. */
static void touch(struct pgnl_delivery *delivery, struct list_head *touched)
{
	struct pgnl_feed *feed = delivery->feed;
	struct pgnl_event *event;
	struct pgnl_sub *sub;
	int bucket;
	u32 i;

	list_for_each_entry(sub, &feed->subs, in_state)
		list_add_tail(&sub->touched, touched);
	for (i = 0; i < delivery->chunk.nr; i++) {
		event = delivery->chunk.event[i];
		if (event->name_len) {
			hash_for_each_possible(feed->by_group, sub, in_bucket,
					       event->hash)
				if (list_empty(&sub->touched))
					list_add_tail(&sub->touched, touched);
			continue;
		}
		hash_for_each(feed->by_group, bucket, sub, in_bucket)
			if (list_empty(&sub->touched))
				list_add_tail(&sub->touched, touched);
	}
}

static void lose_all(struct pgnl_feed *feed)
{
	struct pgnl_sub *sub, *next;
	struct hlist_node *tmp;
	int bucket;

	list_for_each_entry_safe(sub, next, &feed->subs, in_state)
		lose(sub);
	hash_for_each_safe(feed->by_group, bucket, tmp, sub, in_bucket)
		lose(sub);
}

static bool has_live(struct pgnl_feed *feed)
{
	return !list_empty(&feed->subs) || !hash_empty(feed->by_group);
}

static int take(struct pgnl_delivery *delivery, u64 *pos)
{
	struct pgnl_feed *feed = delivery->feed;
	struct pgnl_net *pn = feed->scope->pn;
	int err;

	mutex_lock(&pn->lock);
	err = pgnl_event_take_locked(feed, pos, &delivery->chunk);
	mutex_unlock(&pn->lock);
	return err;
}

/* Returns whether there may be more. */
static bool serve_live(struct pgnl_delivery *delivery)
{
	struct pgnl_feed *feed = delivery->feed;
	struct pgnl_net *pn = feed->scope->pn;
	struct pgnl_sub *sub, *next;
	LIST_HEAD(touched);

	if (has_live(feed) && take(delivery, &feed->pos))
		lose_all(feed);
	if (!has_live(feed)) {
		mutex_lock(&pn->lock);
		pgnl_event_seal_locked(feed->scope);
		feed->pos = feed->head;
		mutex_unlock(&pn->lock);
		return false;
	}
	if (!delivery->chunk.nr)
		return false;
	touch(delivery, &touched);
	list_for_each_entry_safe(sub, next, &touched, touched) {
		list_del_init(&sub->touched);
		send_to(delivery, sub);
		cond_resched();
	}
	return true;
}

static bool serve_one_behind(struct pgnl_delivery *delivery)
{
	struct pgnl_feed *feed = delivery->feed;
	struct pgnl_sub *sub;

	sub = list_first_entry_or_null(&feed->replays, struct pgnl_sub,
				       in_state);
	if (!sub)
		return false;
	if (take(delivery, &sub->pos)) {
		lose(sub);
		return true;
	}
	list_move_tail(&sub->in_state, &feed->replays);
	send_to(delivery, sub);
	if (sub->state == SUB_BEHIND && sub->pos >= feed->pos)
		go_live(sub);
	return true;
}

static void end_chunk(struct pgnl_delivery *delivery)
{
	u32 i;

	for (i = 0; i < NR_EDITIONS; i++) {
		kfree_skb(delivery->edition[i].skb);
		delivery->edition[i].skb = NULL;
		delivery->edition[i].sub = NULL;
	}
	pgnl_event_drop_chunk(&delivery->chunk);
}

static void nudge(struct kthread_work *work)
{
	struct pgnl_feed *feed = container_of(work, struct pgnl_feed, nudge);

	queue_work(feed->scope->pn->queues->tell, &feed->work.work);
}

static void deliver(struct work_struct *work)
{
	struct pgnl_feed *feed = container_of(to_delayed_work(work),
					      struct pgnl_feed, work);
	struct pgnl_delivery *delivery = feed->delivery;
	struct pgnl_net *pn = feed->scope->pn;
	int rounds = 0;
	bool more;

	/*
	 * Before the ring is looked at, which is under the lock: who has found this
	 * set has recorded before that, and who records later queues again.
	 */
	WRITE_ONCE(feed->queued, false);
	/* It is not quiet while this runs. */
	WRITE_ONCE(feed->last_run, KTIME_MAX);
	do {
		mutex_lock(&pn->sub_lock);
		more = serve_live(delivery);
		end_chunk(delivery);
		more |= serve_one_behind(delivery);
		end_chunk(delivery);
		mutex_unlock(&pn->sub_lock);
		cond_resched();
	} while (more && ++rounds < DELIVER_ROUNDS);
	WRITE_ONCE(feed->last_tick, jiffies);
	WRITE_ONCE(feed->last_run, ktime_get_ns());
	if (more)
		mod_delayed_work(pn->queues->tell, &feed->work, 0);
}

/* --- Making and ending --- */

/* Charged to whoever comes first; the others use it too. */
static struct pgnl_feed *new_feed(struct pgnl_scope *scope)
{
	struct pgnl_feed *feed = kzalloc(sizeof(*feed), GFP_KERNEL_ACCOUNT);

	if (!feed)
		return NULL;
	feed->ring = kvmalloc(PGNL_RING_SIZE, GFP_KERNEL_ACCOUNT);
	feed->delivery = kvzalloc(sizeof(*feed->delivery), GFP_KERNEL_ACCOUNT);
	if (!feed->ring || !feed->delivery) {
		kvfree(feed->ring);
		kvfree(feed->delivery);
		kfree(feed);
		return NULL;
	}
	kref_get(&scope->ref);
	feed->scope = scope;
	feed->delivery->feed = feed;
	feed->open = PGNL_FEED_CLOSED;
	feed->last_tick = jiffies;
	feed->last_run = ktime_get_ns();
	INIT_DELAYED_WORK(&feed->work, deliver);
	kthread_init_work(&feed->nudge, nudge);
	INIT_LIST_HEAD(&feed->subs);
	INIT_LIST_HEAD(&feed->replays);
	hash_init(feed->by_group);
	return feed;
}

/*
 * Without any lock: the work item takes both. Nobody queues it any more, since
 * the feed is not its scope's any more.
 */
static void free_feed(struct pgnl_feed *feed)
{
	if (!feed)
		return;
	/* In this order, for the one queues the other. */
	kthread_cancel_work_sync(&feed->nudge);
	cancel_delayed_work_sync(&feed->work);
	pgnl_event_drop_all(feed);
	pgnl_scope_put(feed->scope);
	kvfree(feed->delivery);
	kvfree(feed->ring);
	kfree(feed);
}

static struct pgnl_sub *new_sub(const struct pgnl_caller *who, struct sock *sk,
				u32 portid, const struct pgnl_name *group)
{
	u8 len = group ? group->len : 0;
	struct pgnl_sub *sub = kzalloc(struct_size(sub, name, len),
				       GFP_KERNEL_ACCOUNT);

	if (!sub)
		return NULL;
	sub->user = pgnl_user_get(current_user_ns(), current_uid());
	if (!sub->user) {
		kfree(sub);
		return NULL;
	}
	if (who->via)
		sub->who.via = pgnl_share_hold_sub(who->via, &sub->id);
	if (who->via && !sub->who.via) {
		pgnl_user_put(sub->user);
		kfree(sub);
		return NULL;
	}
	sub->reader.scope = pgnl_share_name(who->via);
	pgnl_perm_keep(&sub->who, who);
	sub->reader.pid_ns = get_pid_ns(task_active_pid_ns(current));
	sub->reader.user_ns = get_user_ns(current_user_ns());
	sock_hold(sk);
	sub->sk = sk;
	sub->portid = portid;
	INIT_LIST_HEAD(&sub->touched);
	sub->len = len;
	if (len) {
		memcpy(sub->name, group->str, len);
		sub->hash = pgnl_event_hash(sub->name, len);
	}
	return sub;
}

static void free_sub(struct pgnl_sub *sub)
{
	sock_put(sub->sk);
	pgnl_user_put(sub->user);
	pgnl_perm_drop(&sub->who);
	put_pid_ns(sub->reader.pid_ns);
	put_user_ns(sub->reader.user_ns);
	if (sub->who.via)
		pgnl_share_drop_sub(sub->who.via, sub->id);
	kfree_rcu(sub, rcu);
}

static int charge_locked(struct pgnl_sub *sub, struct pgnl_fault *fault)
{
	struct pgnl_net *pn = sub->who.pn;
	u64 used = pn->used[PGNL_NET_SUBSCRIPTIONS];

	if (used >= pn->limit[PGNL_NET_SUBSCRIPTIONS]) {
		fault->cause = PGNL_CAUSE_NET_SUBSCRIPTIONS;
		return -EDQUOT;
	}
	if (!pgnl_user_charge(sub->user, PGNL_USER_SUBSCRIPTIONS)) {
		fault->cause = PGNL_CAUSE_USER_SUBSCRIPTIONS;
		return -EDQUOT;
	}
	WRITE_ONCE(pn->used[PGNL_NET_SUBSCRIPTIONS], used + 1);
	return 0;
}

static void uncharge_locked(struct pgnl_sub *sub)
{
	struct pgnl_net *pn = sub->who.pn;
	u64 used = pn->used[PGNL_NET_SUBSCRIPTIONS];

	pgnl_user_uncharge(sub->user, PGNL_USER_SUBSCRIPTIONS);
	WRITE_ONCE(pn->used[PGNL_NET_SUBSCRIPTIONS], used - 1);
}

static int check_locked(const struct pgnl_sub *sub, struct pgnl_scope *scope,
			struct pgnl_fault *fault)
{
	struct pgnl_name name = { .str = sub->name, .len = sub->len };
	struct pgnl_group *group;

	if (scope->dead || (sub->who.via && pgnl_share_is_dead(sub->who.via))) {
		fault->cause = PGNL_CAUSE_SCOPE_GONE;
		fault->attr = PGNL_A_SCOPE;
		return -ENOENT;
	}
	group = sub->len ? pgnl_group_find(scope, &name) : NULL;
	if (group && !pgnl_perm_group(&sub->who, group, PGNL_MAY_READ)) {
		fault->cause = PGNL_CAUSE_GROUP_MODE;
		fault->attr = PGNL_A_GROUP;
		return -EACCES;
	}
	return 0;
}

static u32 *interest_of(const struct pgnl_sub *sub)
{
	struct pgnl_feed *feed = sub->feed;

	if (!sub->len)
		return &feed->everything;
	return &feed->interest[sub->hash & ((1 << PGNL_FEED_BITS) - 1)];
}

/* Was what it is to be told of recorded for somebody else already? */
static bool is_recorded(const struct pgnl_sub *sub)
{
	return sub->feed->everything || *interest_of(sub);
}

/* One through an alias has its number from there, and is known by it here. */
static int number(struct pgnl_sub *sub)
{
	struct pgnl_net *pn = sub->who.pn;
	int err;

	if (sub->who.via)
		err = xa_insert(&pn->subs, sub->id, sub, GFP_KERNEL);
	else
		err = xa_alloc_cyclic(&pn->subs, &sub->id, sub,
				      XA_LIMIT(1, PGNL_SHARE_SUBS - 1),
				      &pn->next_sub, GFP_KERNEL);
	return err < 0 ? -ENOMEM : 0;
}

/* Both locks held. It stays parked at the end of the ring. */
static int attach_locked(struct pgnl_sub *sub, struct pgnl_scope *scope,
			 struct pgnl_feed **spare, struct pgnl_fault *fault)
{
	struct pgnl_net *pn = scope->pn;
	int err;

	err = check_locked(sub, scope, fault) ?: charge_locked(sub, fault);
	if (err)
		return err;
	err = number(sub);
	if (err) {
		uncharge_locked(sub);
		return err;
	}
	if (!scope->feed)
		swap(scope->feed, *spare);
	sub->feed = scope->feed;
	/* Nobody takes the past, of which nothing was kept, for the present. */
	if (!is_recorded(sub))
		scope->seq++;
	sub->feed->nr_subs++;
	++*interest_of(sub);
	hash_add_rcu(pn->sockets, &sub->in_socket, sub->portid);
	sub->first = pgnl_event_seal_locked(scope);
	if (sub->feed->nr_subs == 1)
		sub->feed->dropped = sub->first;
	sub->prev = sub->first;
	sub->pos = sub->feed->head;
	return 0;
}

/* With sub_lock held. Returns a feed that is to be freed without it. */
static struct pgnl_feed *detach(struct pgnl_sub *sub)
{
	struct pgnl_feed *feed = sub->feed;
	struct pgnl_net *pn = sub->who.pn;

	leave_state(sub);
	hash_del_rcu(&sub->in_socket);
	xa_erase(&pn->subs, sub->id);
	mutex_lock(&pn->lock);
	uncharge_locked(sub);
	--*interest_of(sub);
	if (--feed->nr_subs)
		feed = NULL;
	else
		feed->scope->feed = NULL;
	mutex_unlock(&pn->lock);
	free_sub(sub);
	return feed;
}

/**
 * pgnl_sub_add() - Subscribe.
 * @who: who does
 * @sk: its socket
 * @portid: that of the socket
 * @scope: the scope
 * @group: the group, or NULL for all of the scope
 * @local: without what is of other nodes
 * @since: filled with where it begins
 * @fault: what to blame
 *
 * It is told nothing until pgnl_sub_begin().
 *
 * Return: 0, -ENOENT when the scope is gone, -EACCES, -EDQUOT, -ENOMEM.
 */
int pgnl_sub_add(const struct pgnl_caller *who, struct sock *sk, u32 portid,
		 struct pgnl_scope *scope, const struct pgnl_name *group,
		 bool local, struct pgnl_since *since, struct pgnl_fault *fault)
{
	struct pgnl_owner owner = pgnl_scope_owner(scope);
	struct pgnl_feed *spare = NULL;
	struct pgnl_net *pn = scope->pn;
	struct pgnl_sub *sub;
	int err = -ENOMEM;

	/* Who is dead by now need not be told of as the first thing. */
	pgnl_table_settle(pn);
	sub = new_sub(who, sk, portid, group);
	if (!sub)
		return -ENOMEM;
	sub->admin = pgnl_perm_is_admin(who);
	sub->privileged = sub->admin || pgnl_perm_is_owner(who, &owner);
	sub->local = local;
again:
	/* Charged memory, so without the lock: it may be waited for. */
	if (!READ_ONCE(scope->feed) && !spare) {
		spare = new_feed(scope);
		if (!spare)
			goto out_free;
	}
	mutex_lock(&pn->sub_lock);
	/* Only under this lock does a scope get one, or lose it. */
	if (!scope->feed && !spare) {
		mutex_unlock(&pn->sub_lock);
		goto again;
	}
	mutex_lock(&pn->lock);
	err = attach_locked(sub, scope, &spare, fault);
	mutex_unlock(&pn->lock);
	if (!err) {
		since->sub = sub->id;
		since->epoch = scope->epoch;
		since->seq = sub->prev;
		sub = NULL;
	}
	mutex_unlock(&pn->sub_lock);
out_free:
	free_feed(spare);
	if (sub)
		free_sub(sub);
	return err;
}

/* With sub_lock held. */
static struct pgnl_sub *find(struct pgnl_net *pn, const struct sock *sk, u32 id)
{
	struct pgnl_sub *sub = xa_load(&pn->subs, id);

	return sub && sub->sk == sk ? sub : NULL;
}

/* Tell it so, with sub_lock held; returns what is to be freed. */
static struct pgnl_feed *end_with_alias(struct pgnl_sub *sub)
{
	leave_state(sub);
	if (!tell(sub, PGNL_REASON_SCOPE_DELETED)) {
		WRITE_ONCE(sub->sk->sk_err, ENOBUFS);
		sk_error_report(sub->sk);
	}
	return detach(sub);
}

/**
 * pgnl_sub_begin() - Begin, or go on, to tell a subscriber of events.
 * @pn: the tables
 * @sk: its socket
 * @id: number of the subscription
 *
 * After pgnl_sub_add() and pgnl_sub_replay(), when the answer is on its way.
 */
void pgnl_sub_begin(struct pgnl_net *pn, const struct sock *sk, u32 id)
{
	struct pgnl_feed *feed = NULL;
	struct pgnl_sub *sub;
	bool behind;

	mutex_lock(&pn->sub_lock);
	sub = find(pn, sk, id);
	if (!sub || sub->state != SUB_PARKED)
		goto out;
	if (sub->who.via && pgnl_share_is_dead(sub->who.via)) {
		feed = end_with_alias(sub);
		goto out;
	}
	mutex_lock(&pn->lock);
	behind = sub->pos != sub->feed->head;
	if (behind)
		mod_delayed_work(pn->queues->tell, &sub->feed->work, 0);
	mutex_unlock(&pn->lock);
	if (behind) {
		list_add_tail(&sub->in_state, &sub->feed->replays);
		sub->state = SUB_BEHIND;
	} else {
		go_live(sub);
	}
out:
	mutex_unlock(&pn->sub_lock);
	free_feed(feed);
}

/**
 * pgnl_sub_del() - End a subscription.
 * @pn: the tables
 * @sk: the socket that asks
 * @id: number of the subscription
 *
 * Return: 0, or -ENOENT unless it is one of the socket.
 */
int pgnl_sub_del(struct pgnl_net *pn, const struct sock *sk, u32 id)
{
	struct pgnl_feed *feed = NULL;
	struct pgnl_sub *sub;

	mutex_lock(&pn->sub_lock);
	sub = find(pn, sk, id);
	if (sub)
		feed = detach(sub);
	mutex_unlock(&pn->sub_lock);
	free_feed(feed);
	return sub ? 0 : -ENOENT;
}

/**
 * pgnl_sub_end_alias() - End the subscriptions through an alias, which is dead.
 * @pn: the tables of its scope
 * @alias: the alias
 *
 * Each is told that the scope is gone, which for it is so; one whose answer is
 * still on its way, after that.
 */
void pgnl_sub_end_alias(struct pgnl_net *pn, const struct pgnl_alias *alias)
{
	struct pgnl_feed *feed;
	unsigned long id = PGNL_SHARE_SUBS;
	struct pgnl_sub *sub;

	do {
		feed = NULL;
		mutex_lock(&pn->sub_lock);
		sub = xa_find(&pn->subs, &id, ULONG_MAX, XA_PRESENT);
		if (sub && sub->who.via == alias && sub->state != SUB_PARKED)
			feed = end_with_alias(sub);
		mutex_unlock(&pn->sub_lock);
		free_feed(feed);
		id++;
		cond_resched();
	} while (sub);
}

/**
 * pgnl_sub_replay() - Where to go on with a subscription.
 * @pn: the tables
 * @sk: the socket that asks
 * @id: number of the subscription
 * @seq: sequence number of the last event that it knows of, or NULL: go on
 *	with what comes from now on
 * @since: filled with where it goes on
 *
 * It is told nothing until pgnl_sub_begin().
 *
 * Return: 0; -ENOENT unless it is one of the socket; -EINVAL or -ESTALE as
 * pgnl_event_find_locked(), and it is as before.
 */
int pgnl_sub_replay(struct pgnl_net *pn, const struct sock *sk, u32 id,
		    const u64 *seq, struct pgnl_since *since)
{
	struct pgnl_sub *sub;
	int err = -ENOENT;
	u64 pos, prev;

	mutex_lock(&pn->sub_lock);
	sub = find(pn, sk, id);
	if (!sub)
		goto out;
	mutex_lock(&pn->lock);
	prev = seq ? *seq : pgnl_event_seal_locked(sub->feed->scope);
	/* What was before may not have been recorded, or not been for it. */
	err = prev < sub->first ? -ESTALE :
				  pgnl_event_find_locked(sub->feed, prev, &pos);
	mutex_unlock(&pn->lock);
	if (err)
		goto out;
	leave_state(sub);
	sub->pos = pos;
	sub->prev = prev;
	since->sub = 0;
	since->epoch = sub->feed->scope->epoch;
	since->seq = prev;
out:
	mutex_unlock(&pn->sub_lock);
	return err;
}

/* --- Life --- */

/*
 * The port id may be another socket's by now, which can have subscribed too;
 * that one is not dead.
 */
static struct pgnl_sub *find_ended(struct pgnl_net *pn, u32 portid)
{
	struct pgnl_sub *sub;

	hash_for_each_possible(pn->sockets, sub, in_socket, portid)
		if (sub->portid == portid && sock_flag(sub->sk, SOCK_DEAD))
			return sub;
	return NULL;
}

static void end_of_socket_here(struct pgnl_net *pn, u32 portid)
{
	struct pgnl_feed *feed;
	struct pgnl_sub *sub;

	do {
		feed = NULL;
		mutex_lock(&pn->sub_lock);
		sub = find_ended(pn, portid);
		if (sub)
			feed = detach(sub);
		mutex_unlock(&pn->sub_lock);
		free_feed(feed);
	} while (sub);
}

/* Without the lock, which whoever delivers to many subscribers holds for long. */
static bool has_subs(struct pgnl_net *pn, u32 portid)
{
	struct pgnl_sub *sub;
	bool has = false;

	rcu_read_lock();
	hash_for_each_possible_rcu(pn->sockets, sub, in_socket, portid) {
		has = sub->portid == portid;
		if (has)
			break;
	}
	rcu_read_unlock();
	return has;
}

/* Here, and wherever the network namespace has aliases for. */
static void end_of_socket(struct pgnl_net *pn, u32 portid)
{
	struct pgnl_caller who = { .pn = pn };
	u32 number = 0;

	if (has_subs(pn, portid))
		end_of_socket_here(pn, portid);
	while (pgnl_share_enter_next(&who, &number, false)) {
		if (has_subs(who.pn, portid))
			end_of_socket_here(who.pn, portid);
		pgnl_share_leave(&who);
		cond_resched();
	}
}

/* For every netlink socket of the machine that is closed. */
static int on_netlink_event(struct notifier_block *nb, unsigned long event,
			    void *data)
{
	struct netlink_notify *notify = data;
	struct pgnl_net *pn;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	pn = pgnl_table_of(notify->net);
	/* Its own subscriptions were there before it was closed. */
	if (has_subs(pn, notify->portid) || !list_empty(&pn->aliases))
		end_of_socket(pn, notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block netlink_notifier = {
	.notifier_call = on_netlink_event,
};

/**
 * pgnl_sub_init() - Begin to notice the end of sockets, when there are tables.
 *
 * Return: 0 or -errno.
 */
int __init pgnl_sub_init(void)
{
	return netlink_register_notifier(&netlink_notifier);
}

/**
 * pgnl_sub_exit() - Undo pgnl_sub_init(), when nobody makes requests.
 *
 * What sockets have from here on goes with the tables.
 */
void pgnl_sub_exit(void)
{
	netlink_unregister_notifier(&netlink_notifier);
}

/**
 * pgnl_sub_table_init() - Set up the subscriptions of a network namespace.
 * @pn: the tables
 */
void pgnl_sub_table_init(struct pgnl_net *pn)
{
	mutex_init(&pn->sub_lock);
	xa_init_flags(&pn->subs, XA_FLAGS_ALLOC1);
	hash_init(pn->sockets);
}

/**
 * pgnl_sub_table_destroy() - Tell subscribers the last events, and drop them.
 * @pn: the tables, with no scope left and nobody who makes requests
 *
 * There are some when the module is unloaded; a network namespace does not end
 * before its sockets do.
 */
void pgnl_sub_table_destroy(struct pgnl_net *pn)
{
	struct pgnl_feed *feed;
	struct pgnl_sub *sub;
	unsigned long id;

	/* Feeds last as long as their subscriptions, and nobody ends those. */
	xa_for_each(&pn->subs, id, sub) {
		kthread_flush_work(&sub->feed->nudge);
		while (flush_delayed_work(&sub->feed->work))
			;
	}
	xa_for_each(&pn->subs, id, sub) {
		mutex_lock(&pn->sub_lock);
		feed = detach(sub);
		mutex_unlock(&pn->sub_lock);
		free_feed(feed);
	}
	xa_destroy(&pn->subs);
	mutex_destroy(&pn->sub_lock);
}
