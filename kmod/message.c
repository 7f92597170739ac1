// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages to the members of a group, from the sender's request to what the
 * receivers read.
 *
 * Who sends is told in the namespaces of each receiver, so a message is built
 * anew where these differ from the ones before; else receivers share its
 * bytes. What lies unread is charged to the memory cgroup of who opened the
 * inbox, that of the first for what is shared: it decides when that is read.
 */
#include <linux/cred.h>
#include <linux/memcontrol.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/skbuff.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "exit.h"
#include "far.h"
#include "inbox.h"
#include "message.h"
#include "netlink.h"
#include "perm.h"
#include "proc.h"
#include "reply.h"
#include "table.h"

/*
 * What is charged to somebody else has no OOM killer come for that, and nobody
 * labours for long to make room there.
 */
#define GFP_MESSAGE	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/* Members picked for one message before all are gone through. */
#define SEND_PICKS	4

/**
 * struct letter - A message on its way.
 * @message: what to send
 * @tally: what became of it
 * @id: member id of the sender, or 0
 * @uid: real uid of the sender
 * @skb: as built for @like, or NULL
 * @like: the last receiver, counted, or NULL
 */
struct letter {
	const struct pgnl_message *message;
	struct pgnl_tally *tally;
	u64 id;
	kuid_t uid;
	struct sk_buff *skb;
	struct pgnl_inbox *like;
};

static void begin_letter(struct letter *letter,
			 const struct pgnl_message *message,
			 struct pgnl_tally *tally)
{
	memset(letter, 0, sizeof(*letter));
	letter->message = message;
	letter->tally = tally;
	letter->id = message->from ? message->from->id :
				     pgnl_proc_own_id(message->scope->pn);
	letter->uid = message->from ? message->from->uid : current_uid();
}

static void end_letter(struct letter *letter)
{
	kfree_skb(letter->skb);
	pgnl_inbox_put(letter->like);
}

static int put_sender(struct sk_buff *skb, const struct letter *letter,
		      const struct pgnl_inbox *inbox)
{
	const struct pgnl_sender *from = letter->message->from;
	struct nlattr *nest = nla_nest_start(skb, PGNL_A_SENDER);

	if (!nest ||
	    nla_put_u32(skb, PGNL_A_SENDER_PID,
			from ? from->pid : pid_nr_ns(task_tgid(current),
						     inbox->pid_ns)) ||
	    nla_put_u32(skb, PGNL_A_SENDER_UID,
			from_kuid_munged(inbox->user_ns, letter->uid)) ||
	    (letter->id &&
	     nla_put_u64_64bit(skb, PGNL_A_SENDER_ID, letter->id,
			       PGNL_A_SENDER_PAD)) ||
	    (from && nla_put_string(skb, PGNL_A_SENDER_NODE, from->node)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static struct sk_buff *build(const struct letter *letter,
			     const struct pgnl_inbox *inbox)
{
	const struct pgnl_message *message = letter->message;
	u32 head = NLMSG_HDRLEN + GENL_HDRLEN +
		   nla_total_size(message->group->len + 1) +
		   nla_total_size(2 * nla_total_size(sizeof(u32)) +
				  nla_total_size_64bit(sizeof(u64)));
	struct nlmsghdr *nlh;
	struct sk_buff *skb;

	if (message->from)
		head += nla_total_size(strlen(message->from->node) + 1);
	skb = pgnl_reply_new_paged(head, message->len, GFP_MESSAGE);
	if (!skb)
		return NULL;
	genlmsg_put(skb, 0, 0, &pgnl_nl_family, 0, PGNL_CMD_INBOX_MESSAGE);
	if (WARN_ON_ONCE(pgnl_reply_put_group_name(skb, message->group) ||
			 put_sender(skb, letter, inbox))) {
		kfree_skb(skb);
		return NULL;
	}
	pgnl_reply_put_data(skb, message->data, message->len);
	nlh = (struct nlmsghdr *)skb->data;
	nlh->nlmsg_len = skb->len;
	return skb;
}

static bool reads_alike(const struct pgnl_inbox *a, const struct pgnl_inbox *b)
{
	return a && a->pid_ns == b->pid_ns && a->user_ns == b->user_ns &&
	       a->memcg == b->memcg;
}

/* A copy of the message for an inbox, or NULL; takes over the reference. */
static struct sk_buff *copy_for(struct letter *letter, struct pgnl_inbox *inbox)
{
	struct mem_cgroup *old = set_active_memcg(inbox->memcg);
	struct sk_buff *copy = NULL;

	if (!reads_alike(letter->like, inbox)) {
		kfree_skb(letter->skb);
		letter->skb = build(letter, inbox);
	}
	/* It keeps its namespaces, so that others are not taken for them. */
	pgnl_inbox_put(letter->like);
	letter->like = letter->skb ? inbox : NULL;
	if (letter->skb)
		copy = skb_clone(letter->skb, GFP_MESSAGE);
	set_active_memcg(old);
	if (!letter->like)
		pgnl_inbox_put(inbox);
	return copy;
}

static bool is_for_sender(const struct pgnl_inbox *inbox,
			  const struct letter *letter)
{
	return !inbox->by_uid || uid_eq(inbox->uid, letter->uid);
}

static void count(struct pgnl_tally *tally, enum pgnl_outcome done)
{
	switch (done) {
	case PGNL_DELIVERED:
		tally->reached++;
		break;
	case PGNL_INBOX_FULL:
		tally->full++;
		break;
	case PGNL_INBOX_NONE:
		tally->no_inbox++;
		break;
	case PGNL_INBOX_REFUSED:
		tally->refused++;
		break;
	case PGNL_INBOX_GONE:
		tally->gone++;
		break;
	}
}

static void deliver(struct letter *letter, struct pid *pid)
{
	struct pgnl_inbox *inbox;
	enum pgnl_outcome done;
	struct sk_buff *copy;

	inbox = pgnl_inbox_get(letter->message->scope, pid);
	if (pgnl_exit_pid_is_dead(pid)) {
		done = PGNL_INBOX_GONE;
		pgnl_inbox_put(inbox);
	} else if (!inbox) {
		done = PGNL_INBOX_NONE;
	} else if (!is_for_sender(inbox, letter)) {
		done = PGNL_INBOX_REFUSED;
		pgnl_inbox_put(inbox);
	} else {
		copy = copy_for(letter, inbox);
		/* The letter holds it. Without memory there is no room. */
		done = copy ? pgnl_inbox_deliver(inbox, copy) :
			      PGNL_INBOX_FULL;
	}
	count(letter->tally, done);
	cond_resched();
}

/**
 * pgnl_message_send() - Send a message to everybody gathered.
 * @message: the message
 * @crowd: to whom
 * @tally: what became of it
 */
void pgnl_message_send(const struct pgnl_message *message,
		       const struct pgnl_crowd *crowd, struct pgnl_tally *tally)
{
	struct letter letter;
	u32 i;

	begin_letter(&letter, message, tally);
	for (i = 0; i < crowd->n; i++)
		deliver(&letter, crowd->at[i].pid);
	end_letter(&letter);
}

/* Whoever takes it first, from a random one on, that was not tried before. */
static int send_to_any(struct letter *letter, const struct pgnl_crowd *tried,
		       const struct pgnl_pick *pick,
		       struct pgnl_target *reached)
{
	const struct pgnl_message *message = letter->message;
	struct pgnl_audience to = { .pick = *pick };
	struct pgnl_crowd *crowd;
	u32 start, i;

	crowd = pgnl_crowd_all(message->who, message->scope, message->group,
			       &to, NULL);
	if (IS_ERR(crowd))
		return PTR_ERR(crowd);
	start = crowd->n ? get_random_u32() % crowd->n : 0;
	for (i = 0; i < crowd->n && !letter->tally->reached; i++) {
		struct pgnl_target *next = &crowd->at[(start + i) % crowd->n];

		if (pgnl_crowd_has(tried, next->pid))
			continue;
		deliver(letter, next->pid);
		*reached = *next;
	}
	if (letter->tally->reached)
		get_pid(reached->pid);
	pgnl_crowd_free(crowd);
	return 0;
}

/* As long as the policy picks somebody of this node that was not tried. */
static int send_to_picks(struct letter *letter, struct pgnl_crowd *tried,
			 const struct pgnl_pick *pick,
			 struct pgnl_target *reached, struct pgnl_far *far)
{
	const struct pgnl_message *message = letter->message;
	struct pgnl_tally *tally = letter->tally;
	u32 gone;
	int err;

	do {
		gone = tally->gone;
		err = pgnl_crowd_add_pick(tried, message->who, message->scope,
					  message->group, pick, far);
		if (err == -EEXIST || err == -EREMOTE)
			return 0;
		if (err)
			return err;
		deliver(letter, tried->at[tried->n - 1].pid);
		/* What has a key is for nobody else but an heir. */
		if (pick->policy == PGNL_POLICY_KEY && tally->gone == gone)
			break;
	} while (!tally->reached && tried->n < tried->room);
	if (tally->reached) {
		*reached = tried->at[tried->n - 1];
		get_pid(reached->pid);
	}
	return 0;
}

/* Whom of other nodes, when nobody here could take it. */
static void pick_far(const struct pgnl_message *message,
		     struct pgnl_crowd *tried, const struct pgnl_pick *pick,
		     struct pgnl_far *far)
{
	struct pgnl_pick elsewhere = *pick;
	int err;

	elsewhere.far = true;
	err = pgnl_crowd_add_pick(tried, message->who, message->scope,
				  message->group, &elsewhere, far);
	/* If there is nobody, it is as it was. */
	WARN_ON_ONCE(!err);
}

/**
 * pgnl_message_send_one() - Send a message to one member of the group.
 * @message: the message
 * @pick: to whom
 * @tally: what became of it, everybody that was tried included
 * @reached: who has it, its pid counted, when @tally says so
 * @far: set to who is to have it if that is a member of another node, with room
 *	for one; NULL: only members of this node
 *
 * Who can't take it is passed over, so that it reaches somebody if it can.
 *
 * Return: 0, or an error when nobody fits: -ENOENT, -EACCES, -ENODATA, -EBUSY,
 * -ENOMEM.
 */
int pgnl_message_send_one(const struct pgnl_message *message,
			  const struct pgnl_pick *pick,
			  struct pgnl_tally *tally, struct pgnl_target *reached,
			  struct pgnl_far *far)
{
	struct pgnl_crowd *tried = pgnl_crowd_new(SEND_PICKS);
	struct letter letter;
	int err;

	if (!tried)
		return -ENOMEM;
	begin_letter(&letter, message, tally);
	err = send_to_picks(&letter, tried, pick, reached, far);
	if (!err && !tally->reached && pick->policy != PGNL_POLICY_KEY &&
	    !(far && far->nr)) {
		err = send_to_any(&letter, tried, pick, reached);
		if (!err && far && !tally->reached)
			pick_far(message, tried, pick, far);
	}
	/* The others have left while some were tried. */
	if (tried->n && (err == -ENODATA || err == -ENOENT))
		err = 0;
	end_letter(&letter);
	pgnl_crowd_free(tried);
	return err;
}

/**
 * pgnl_message_closed() - What the socket of an inbox is told when that ends.
 * @scope: the scope of the inbox
 *
 * Return: the message, or NULL.
 */
struct sk_buff *pgnl_message_closed(const struct pgnl_scope *scope)
{
	struct sk_buff *skb;
	void *head;

	skb = genlmsg_new(nla_total_size(sizeof(scope->name)),
			  GFP_KERNEL_ACCOUNT);
	if (!skb)
		return NULL;
	head = genlmsg_put(skb, 0, 0, &pgnl_nl_family, 0, PGNL_CMD_INBOX_CLOSED);
	if (WARN_ON_ONCE(nla_put_string(skb, PGNL_A_SCOPE, scope->name))) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, head);
	return skb;
}
