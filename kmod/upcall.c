// SPDX-License-Identifier: GPL-2.0-only
/* Requests that need the agent, see upcall.h. */
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/mmzone.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "netlink.h"
#include "perm.h"
#include "proc.h"
#include "remote.h"
#include "reply.h"
#include "table.h"
#include "upcall.h"
#include "user.h"

/* What every upcall has: headers, number, act, sender, uid. */
#define UPCALL_ROOM	160

/* What every result has, so that an error and its words always fit. */
#define RESULT_ROOM	(PGNL_REPLY_ROOM + PGNL_WORDS_MAX + 33)

/* --- Life of a request --- */

static int charge_user(struct pgnl_pending *pending, struct pgnl_fault *fault)
{
	if (!pgnl_user_charge(pending->user, PGNL_USER_REQUESTS)) {
		fault->cause = PGNL_CAUSE_USER_REQUESTS;
		return -EDQUOT;
	}
	if (!pgnl_user_charge_many(pending->user, PGNL_USER_REQUEST_BYTES,
				   pending->bytes)) {
		pgnl_user_uncharge(pending->user, PGNL_USER_REQUESTS);
		fault->cause = PGNL_CAUSE_USER_REQUEST_BYTES;
		return -EDQUOT;
	}
	return 0;
}

static int charge(struct pgnl_pending *pending, struct pgnl_fault *fault)
{
	struct pgnl_net *pn = pending->pn;
	int err;

	mutex_lock(&pn->lock);
	if (pn->used[PGNL_NET_REQUESTS] >= pn->limit[PGNL_NET_REQUESTS]) {
		fault->cause = PGNL_CAUSE_NET_REQUESTS;
		err = -EDQUOT;
	} else {
		err = charge_user(pending, fault);
	}
	if (!err)
		WRITE_ONCE(pn->used[PGNL_NET_REQUESTS],
			   pn->used[PGNL_NET_REQUESTS] + 1);
	mutex_unlock(&pn->lock);
	return err;
}

static void uncharge(struct pgnl_pending *pending)
{
	struct pgnl_net *pn = pending->pn;

	mutex_lock(&pn->lock);
	WRITE_ONCE(pn->used[PGNL_NET_REQUESTS],
		   pn->used[PGNL_NET_REQUESTS] - 1);
	mutex_unlock(&pn->lock);
	pgnl_user_uncharge(pending->user, PGNL_USER_REQUESTS);
	pgnl_user_uncharge_many(pending->user, PGNL_USER_REQUEST_BYTES,
				pending->bytes);
}

/* Without the charge; also of one that was not made to the end. */
static void release(struct pgnl_pending *pending)
{
	kfree_skb(pending->upcall);
	kfree_skb(pending->result);
	pgnl_user_put(pending->user);
	sock_put(pending->sk);
	kfree(pending);
}

static void finish(struct pgnl_pending *pending)
{
	if (pending->ops->free)
		pending->ops->free(pending);
	uncharge(pending);
}

/**
 * pgnl_upcall_free() - Let a request go of which nobody was told.
 * @pending: the request, not sent
 */
void pgnl_upcall_free(struct pgnl_pending *pending)
{
	finish(pending);
	release(pending);
}

static int put_sender(struct pgnl_pending *pending, u32 pid, u32 uid)
{
	struct nlattr *nest = nla_nest_start(pending->upcall, PGNL_A_SENDER);
	u64 id = pgnl_proc_own_id(pending->pn);

	if (!nest ||
	    nla_put_u32(pending->upcall, PGNL_A_SENDER_PID, pid) ||
	    nla_put_u32(pending->upcall, PGNL_A_SENDER_UID, uid) ||
	    (id && nla_put_u64_64bit(pending->upcall, PGNL_A_SENDER_ID, id,
				     PGNL_A_SENDER_PAD)))
		return -EMSGSIZE;
	nla_nest_end(pending->upcall, nest);
	return 0;
}

/* Give it a number, and begin its messages, as the agent of now reads them. */
static int begin(struct pgnl_pending *pending,
		 const struct pgnl_upcall_opts *opts, struct pgnl_fault *fault)
{
	struct pgnl_upcalls *up = &pending->pn->cluster->upcalls;
	u32 pid = 0, uid = 0, by_uid = 0;

	mutex_lock(&up->lock);
	if (up->sk && up->acts & opts->ops->act) {
		pending->id = ++up->last;
		pending->session = up->session;
		pending->timeout = up->timeout;
		pid = pid_nr_ns(task_tgid(current), up->pid_ns);
		uid = from_kuid_munged(up->user_ns, current_uid());
		if (opts->by_uid)
			by_uid = from_kuid_munged(up->user_ns, opts->uid);
	}
	mutex_unlock(&up->lock);
	if (!pending->id) {
		fault->cause = PGNL_CAUSE_NO_AGENT;
		return -ENOTCONN;
	}
	genlmsg_put(pending->upcall, 0, 0, &pgnl_nl_family, 0, PGNL_CMD_UPCALL);
	genlmsg_put(pending->result, 0, 0, &pgnl_nl_family, 0, PGNL_CMD_RESULT);
	/* There is room. */
	if (WARN_ON_ONCE(nla_put_u64_64bit(pending->upcall, PGNL_A_REQUEST,
					   pending->id, PGNL_A_PAD) ||
			 nla_put_u32(pending->upcall, PGNL_A_ACT,
				     opts->ops->act) ||
			 put_sender(pending, pid, uid) ||
			 (opts->by_uid && nla_put_u32(pending->upcall,
						      PGNL_A_UID, by_uid)) ||
			 nla_put_u64_64bit(pending->result, PGNL_A_REQUEST,
					   pending->id, PGNL_A_PAD)))
		return -EMSGSIZE;
	return 0;
}

static bool allocate(struct pgnl_pending *pending,
		     const struct pgnl_upcall_opts *opts)
{
	pending->user = pgnl_user_get(current_user_ns(), current_uid());
	pending->upcall = pgnl_reply_new_paged(UPCALL_ROOM + opts->room,
					       opts->data,
					       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	pending->result = genlmsg_new(RESULT_ROOM, GFP_KERNEL_ACCOUNT);
	if (!pending->user || !pending->upcall || !pending->result)
		return false;
	pending->bytes = opts->ops->size + pending->upcall->truesize +
			 pending->result->truesize;
	return true;
}

/**
 * pgnl_upcall_new() - Make a request that waits for the agent.
 * @who: the requester, in its request
 * @opts: what it is made with
 * @fault: what to blame
 *
 * The caller adds attributes to the upcall, and then sends the request or frees
 * it. May sleep.
 *
 * Return: the request, of the kind's size and with zeros behind struct
 * pgnl_pending; or an ERR_PTR(): -ENOTCONN when there is no agent that does it,
 * -EDQUOT, -ENOMEM.
 */
struct pgnl_pending *pgnl_upcall_new(const struct pgnl_caller *who,
				     const struct pgnl_upcall_opts *opts,
				     struct pgnl_fault *fault)
{
	struct pgnl_pending *pending;
	int err;

	pending = kzalloc(opts->ops->size, GFP_KERNEL_ACCOUNT);
	if (!pending)
		return ERR_PTR(-ENOMEM);
	pending->ops = opts->ops;
	pending->pn = who->pn;
	sock_hold(opts->sk);
	pending->sk = opts->sk;
	pending->portid = opts->portid;
	err = allocate(pending, opts) ? charge(pending, fault) : -ENOMEM;
	if (err) {
		release(pending);
		return ERR_PTR(err);
	}
	err = begin(pending, opts, fault);
	if (err) {
		uncharge(pending);
		release(pending);
		return ERR_PTR(err);
	}
	return pending;
}

/**
 * pgnl_upcall_put_request() - Say in a reply that a result is to follow.
 * @reply: the reply
 * @pending: the request
 *
 * Return: 0 or -EMSGSIZE.
 */
int pgnl_upcall_put_request(struct sk_buff *reply,
			    const struct pgnl_pending *pending)
{
	if (nla_put_u64_64bit(reply, PGNL_A_REQUEST, pending->id, PGNL_A_PAD) ||
	    nla_put_u32(reply, PGNL_A_TIMEOUT, pending->timeout))
		return -EMSGSIZE;
	return 0;
}

/* --- Results --- */

static const char *words_of(int err)
{
	switch (err) {
	case -ETIMEDOUT:
		return "the agent did not answer in time";
	case -ENOTCONN:
		return "the agent has ended";
	case -EBUSY:
		return "the agent has too much to do";
	default:
		return NULL;
	}
}

/* Into the requester's socket; as netlink does it where there is no room. */
static void tell(struct pgnl_pending *pending)
{
	struct sk_buff *skb = pending->result;
	struct sock *sk = pending->sk;
	int err;

	nlmsg_end(skb, nlmsg_hdr(skb));
	if (sock_flag(sk, SOCK_DEAD))
		return;
	pending->result = NULL;
	err = sock_queue_rcv_skb(sk, skb);
	if (!err)
		return;
	kfree_skb(skb);
	/* -EPERM of a filter is the requester's own wish. */
	if (err == -EPERM)
		return;
	WRITE_ONCE(sk->sk_err, ENOBUFS);
	sk_error_report(sk);
}

/*
 * The last of a request that nobody else knows of any more. Who is told may ask
 * anew at once, so it is not charged any more by then.
 */
static void end(struct pgnl_pending *pending, int err, const char *words)
{
	if (err && nla_put_u32(pending->result, PGNL_A_ERROR, -err))
		WARN_ON_ONCE(1);
	if (err && words &&
	    nla_put_string(pending->result, PGNL_A_WORDS, words))
		WARN_ON_ONCE(1);
	finish(pending);
	tell(pending);
	release(pending);
}

static void fail(struct pgnl_pending *pending, int err, const char *words)
{
	if (pending->ops->fail)
		pending->ops->fail(pending, err);
	end(pending, err, words);
}

/* --- The table --- */

static void take_out_locked(struct pgnl_upcalls *up,
			    struct pgnl_pending *pending)
{
	lockdep_assert_held(&up->lock);
	list_del(&pending->in_order);
	hash_del(&pending->in_ids);
	hash_del(&pending->in_ports);
	WRITE_ONCE(up->nr, up->nr - 1);
}

static void arm_locked(struct pgnl_upcalls *up)
{
	struct pgnl_net *pn = container_of(up, struct pgnl_cluster, upcalls)->pn;
	struct pgnl_pending *first;
	long left;

	lockdep_assert_held(&up->lock);
	first = list_first_entry_or_null(&up->waiting, struct pgnl_pending,
					 in_order);
	if (!first)
		return;
	left = first->deadline - jiffies;
	mod_delayed_work(pn->queues->tell, &up->work, max(left, 0L));
}

static void add_locked(struct pgnl_upcalls *up, struct pgnl_pending *pending)
{
	bool first = list_empty(&up->waiting);

	lockdep_assert_held(&up->lock);
	pending->deadline = jiffies + msecs_to_jiffies(pending->timeout) + 1;
	list_add_tail(&pending->in_order, &up->waiting);
	hash_add(up->by_id, &pending->in_ids, pending->id);
	hash_add(up->by_port, &pending->in_ports, pending->portid);
	WRITE_ONCE(up->nr, up->nr + 1);
	up->sent++;
	if (first)
		arm_locked(up);
}

/* Is there room, and a quarter left for replies to the agent's requests? */
static bool has_room(const struct sock *sk, const struct sk_buff *skb)
{
	unsigned int used = atomic_read(&sk->sk_rmem_alloc);
	unsigned int room = READ_ONCE(sk->sk_rcvbuf);

	return used + skb->truesize <= room - room / 4;
}

/* Into the agent's socket: one of the messages of a request. */
static int queue_locked(struct pgnl_upcalls *up,
			const struct pgnl_pending *pending,
			struct sk_buff **message)
{
	struct sk_buff *skb = *message;

	lockdep_assert_held(&up->lock);
	if (!up->sk || up->session != pending->session ||
	    sock_flag(up->sk, SOCK_DEAD))
		return -ENOTCONN;
	if (!has_room(up->sk, skb) || sock_queue_rcv_skb(up->sk, skb))
		return -EBUSY;
	*message = NULL;
	return 0;
}

/**
 * pgnl_upcall_send() - Ask the agent.
 * @pending: the request, with the upcall complete; taken over
 *
 * After the reply that has its number. If the agent can't be asked, the result
 * says so at once.
 */
void pgnl_upcall_send(struct pgnl_pending *pending)
{
	struct pgnl_upcalls *up = &pending->pn->cluster->upcalls;
	struct nlmsghdr *nlh = nlmsg_hdr(pending->upcall);
	int err;

	nlh->nlmsg_len = pending->upcall->len;
	mutex_lock(&up->lock);
	err = queue_locked(up, pending, &pending->upcall);
	if (!err)
		add_locked(up, pending);
	mutex_unlock(&up->lock);
	if (err)
		fail(pending, err, words_of(err));
}

static struct pgnl_pending *take_locked(struct pgnl_upcalls *up, u64 id)
{
	struct pgnl_pending *pending;

	hash_for_each_possible(up->by_id, pending, in_ids, id) {
		if (pending->id != id)
			continue;
		take_out_locked(up, pending);
		return pending;
	}
	return NULL;
}

/**
 * pgnl_upcall_answer() - End a request with the agent's answer.
 * @pn: the tables
 * @info: the agent's request, between pgnl_agent_begin() and pgnl_agent_end()
 *
 * Return: 0, -ENOENT when nobody waits for it, or why it could not be carried
 * out, which is the result then.
 */
int pgnl_upcall_answer(struct pgnl_net *pn, struct genl_info *info)
{
	struct pgnl_upcalls *up = &pn->cluster->upcalls;
	struct nlattr *error = info->attrs[PGNL_A_ERROR];
	struct nlattr *words = info->attrs[PGNL_A_WORDS];
	struct pgnl_pending *pending;
	int err;

	mutex_lock(&up->lock);
	pending = take_locked(up, nla_get_u64(info->attrs[PGNL_A_REQUEST]));
	mutex_unlock(&up->lock);
	if (pending && sock_flag(pending->sk, SOCK_DEAD)) {
		pgnl_upcall_free(pending);
		pending = NULL;
	}
	if (!pending) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_REQUEST],
				    "nobody waits for this");
		return -ENOENT;
	}
	if (error) {
		fail(pending, -(int)nla_get_u32(error),
		     words ? nla_data(words) : NULL);
		return 0;
	}
	err = pending->ops->answer(pending, info);
	end(pending, err, info->extack ? info->extack->_msg : NULL);
	return err;
}

static void fail_all(struct list_head *list, int err)
{
	struct pgnl_pending *pending, *next;

	list_for_each_entry_safe(pending, next, list, in_order) {
		fail(pending, err, words_of(err));
		cond_resched();
	}
}

static void expire(struct work_struct *work)
{
	struct pgnl_upcalls *up = container_of(to_delayed_work(work),
					       struct pgnl_upcalls, work);
	struct pgnl_pending *pending, *next;
	LIST_HEAD(late);

	mutex_lock(&up->lock);
	list_for_each_entry_safe(pending, next, &up->waiting, in_order) {
		if (time_before(jiffies, pending->deadline))
			break;
		take_out_locked(up, pending);
		list_add_tail(&pending->in_order, &late);
		up->unanswered++;
	}
	arm_locked(up);
	mutex_unlock(&up->lock);
	fail_all(&late, -ETIMEDOUT);
}

/*
 * Nobody reads its result any more, so that is the room for a message to the agent.
 * True: the agent will know, and has nothing to do with it any more.
 */
static bool cancel_locked(struct pgnl_upcalls *up, struct pgnl_pending *pending)
{
	struct sk_buff *skb = pending->result;

	lockdep_assert_held(&up->lock);
	if (!pending->ops->cancels || !(up->acts & PGNL_ACT_CANCEL))
		return false;
	skb_trim(skb, 0);
	genlmsg_put(skb, 0, 0, &pgnl_nl_family, 0, PGNL_CMD_UPCALL);
	if (WARN_ON_ONCE(nla_put_u64_64bit(skb, PGNL_A_REQUEST, pending->id,
					   PGNL_A_PAD) ||
			 nla_put_u32(skb, PGNL_A_ACT, PGNL_ACT_CANCEL)))
		return false;
	nlmsg_end(skb, nlmsg_hdr(skb));
	return !queue_locked(up, pending, &pending->result);
}

/**
 * pgnl_upcall_closed() - A netlink socket has been closed.
 * @up: pending requests of its network namespace
 * @portid: its port
 *
 * What the agent can't be told of stays, and is charged, until the agent has
 * answered or its time is over: or whoever opens and closes sockets could give
 * the agent any number of requests.
 *
 * The port may be another socket's by now, which is not dead.
 */
void pgnl_upcall_closed(struct pgnl_upcalls *up, u32 portid)
{
	struct pgnl_pending *pending, *next;
	struct hlist_node *tmp;
	LIST_HEAD(gone);

	/* Its own requests were there before it was closed. */
	if (!READ_ONCE(up->nr))
		return;
	mutex_lock(&up->lock);
	hash_for_each_possible_safe(up->by_port, pending, tmp, in_ports,
				    portid) {
		if (pending->portid != portid ||
		    !sock_flag(pending->sk, SOCK_DEAD))
			continue;
		hash_del(&pending->in_ports);
		if (!cancel_locked(up, pending))
			continue;
		take_out_locked(up, pending);
		list_add_tail(&pending->in_order, &gone);
	}
	mutex_unlock(&up->lock);
	list_for_each_entry_safe(pending, next, &gone, in_order) {
		pgnl_upcall_free(pending);
		cond_resched();
	}
}

/* --- The agent --- */

/**
 * pgnl_upcall_can() - Is there an agent that does something?
 * @pn: the tables
 * @act: what, of enum pgnl_act
 *
 * Return: true when there is, as of now.
 */
bool pgnl_upcall_can(struct pgnl_net *pn, u32 act)
{
	return READ_ONCE(pn->cluster->upcalls.acts) & act;
}

/**
 * pgnl_upcall_start() - There is an agent, that asks for the role.
 * @up: pending requests, of which there is none
 * @sk: its socket, which stays until pgnl_upcall_stop()
 * @acts: what it does, of enum pgnl_act
 * @timeout: how long requests wait for it, in milliseconds
 */
void pgnl_upcall_start(struct pgnl_upcalls *up, struct sock *sk, u32 acts,
		       u32 timeout)
{
	mutex_lock(&up->lock);
	up->sk = sk;
	up->session++;
	up->timeout = timeout;
	up->pid_ns = get_pid_ns(task_active_pid_ns(current));
	up->user_ns = get_user_ns(current_user_ns());
	WRITE_ONCE(up->acts, acts);
	mutex_unlock(&up->lock);
}

/**
 * pgnl_upcall_stop() - There is no agent any more; whoever waits is told.
 * @up: pending requests
 */
void pgnl_upcall_stop(struct pgnl_upcalls *up)
{
	struct pgnl_pending *pending, *next;
	struct user_namespace *user_ns;
	struct pid_namespace *pid_ns;
	LIST_HEAD(all);

	mutex_lock(&up->lock);
	WRITE_ONCE(up->acts, 0);
	up->sk = NULL;
	pid_ns = up->pid_ns;
	user_ns = up->user_ns;
	up->pid_ns = NULL;
	up->user_ns = NULL;
	list_for_each_entry_safe(pending, next, &up->waiting, in_order) {
		take_out_locked(up, pending);
		list_add_tail(&pending->in_order, &all);
		up->unanswered++;
	}
	mutex_unlock(&up->lock);
	if (pid_ns)
		put_pid_ns(pid_ns);
	put_user_ns(user_ns);
	fail_all(&all, -ENOTCONN);
}

/**
 * pgnl_upcall_read() - Counters.
 * @up: pending requests
 * @sent: set to upcalls so far
 * @unanswered: set to requests so far that ended without an answer
 */
void pgnl_upcall_read(struct pgnl_upcalls *up, u64 *sent, u64 *unanswered)
{
	mutex_lock(&up->lock);
	*sent = up->sent;
	*unanswered = up->unanswered;
	mutex_unlock(&up->lock);
}

/**
 * pgnl_upcall_init() - Set up the pending requests of a network namespace.
 * @up: to set up
 */
void pgnl_upcall_init(struct pgnl_upcalls *up)
{
	mutex_init(&up->lock);
	INIT_LIST_HEAD(&up->waiting);
	hash_init(up->by_id);
	hash_init(up->by_port);
	INIT_DELAYED_WORK(&up->work, expire);
	/* Numbers of before the module was loaded are not given again. */
	up->last = pgnl_epoch;
}

/**
 * pgnl_upcall_destroy() - Undo pgnl_upcall_init().
 * @up: with no agent, after pgnl_upcall_stop() if there was one
 */
void pgnl_upcall_destroy(struct pgnl_upcalls *up)
{
	cancel_delayed_work_sync(&up->work);
	WARN_ON_ONCE(up->nr);
	mutex_destroy(&up->lock);
}
