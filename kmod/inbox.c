// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inboxes: where the messages to a process in a scope go, that is to the
 * receive queue of a netlink socket which the process has opened for them.
 *
 * What waits there is bounded by the socket's receive buffer. A message that
 * does not fit is the sender's to know of: it is not queued, and the receiver
 * does not even learn that its socket overran, as it would by the netlink core,
 * which is why messages are queued here. An inbox refers to its socket and not
 * to a port, which another socket may have after a while.
 *
 * An inbox ends with its socket, its process or its scope. The end of the
 * socket is told by a notifier of the netlink core; that of the process by its
 * pgnl_proc, and whoever delivers tests for it besides: nothing is delivered to
 * a process that its parent may have reaped. It is then taken out of the
 * indexes, under the lock; those who have it from there by reference find it
 * closed.
 */
#include <linux/cred.h>
#include <linux/memcontrol.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/sock.h>

#include "exit.h"
#include "inbox.h"
#include "proc.h"
#include "table.h"
#include "user.h"

/* The two pointers that make the key stand side by side. */
struct inbox_key {
	const struct pgnl_scope *scope;
	const struct pid *pid;
};

static_assert(offsetof(struct pgnl_inbox, pid) ==
	      offsetof(struct pgnl_inbox, scope) +
	      offsetof(struct inbox_key, pid));

static const struct rhashtable_params inbox_params = {
	.head_offset = offsetof(struct pgnl_inbox, node),
	.key_offset = offsetof(struct pgnl_inbox, scope),
	.key_len = sizeof(struct inbox_key),
	.automatic_shrinking = true,
};

static const struct rhashtable_params port_params = {
	.head_offset = offsetof(struct pgnl_inbox, port_node),
	.key_offset = offsetof(struct pgnl_inbox, port),
	.key_len = sizeof_field(struct pgnl_inbox, port),
	.automatic_shrinking = true,
};

/**
 * pgnl_inbox_table_init() - Set up the indexes of a network namespace.
 * @pn: the tables
 *
 * Return: 0 or -ENOMEM.
 */
int pgnl_inbox_table_init(struct pgnl_net *pn)
{
	int err = rhashtable_init(&pn->inboxes, &inbox_params);

	if (err)
		return err;
	err = rhashtable_init(&pn->ports, &port_params);
	if (err)
		rhashtable_destroy(&pn->inboxes);
	return err;
}

/**
 * pgnl_inbox_table_destroy() - Undo pgnl_inbox_table_init().
 * @pn: the tables, with no inbox left
 */
void pgnl_inbox_table_destroy(struct pgnl_net *pn)
{
	rhashtable_destroy(&pn->ports);
	rhashtable_destroy(&pn->inboxes);
}

/*
 * Nobody has it any more: it is out of the indexes and nobody delivers to it.
 * The notifier may still have met it under RCU, and looks again with the lock.
 */
static void free_inbox(struct kref *ref)
{
	struct pgnl_inbox *inbox = container_of(ref, struct pgnl_inbox, ref);

	kfree_skb(inbox->last);
	sock_put(inbox->sk);
	put_pid(inbox->pid);
	put_pid_ns(inbox->pid_ns);
	put_user_ns(inbox->user_ns);
	mem_cgroup_put(inbox->memcg);
	pgnl_user_put(inbox->user);
	kfree_rcu(inbox, rcu);
}

/**
 * pgnl_inbox_put() - Return a reference.
 * @inbox: an inbox or NULL
 */
void pgnl_inbox_put(struct pgnl_inbox *inbox)
{
	if (inbox)
		kref_put(&inbox->ref, free_inbox);
}

/**
 * pgnl_inbox_get() - The inbox of a process in a scope.
 * @scope: the scope, referenced
 * @pid: the process
 *
 * Return: a counted reference, or NULL when it has none.
 */
struct pgnl_inbox *pgnl_inbox_get(const struct pgnl_scope *scope,
				  struct pid *pid)
{
	struct inbox_key key = { .scope = scope, .pid = pid };
	struct pgnl_inbox *inbox;

	rcu_read_lock();
	inbox = rhashtable_lookup(&scope->pn->inboxes, &key, inbox_params);
	if (inbox && !kref_get_unless_zero(&inbox->ref))
		inbox = NULL;
	rcu_read_unlock();
	return inbox;
}

static struct pgnl_inbox *find_port(struct pgnl_net *pn, u32 port)
{
	return rhashtable_lookup_fast(&pn->ports, &port, port_params);
}

/* As the netlink core has it: whatever its size, one fits into an empty queue. */
static bool has_room(const struct sock *sk, const struct sk_buff *skb)
{
	unsigned int used = atomic_read(&sk->sk_rmem_alloc);

	return !used || used + skb->truesize <= READ_ONCE(sk->sk_rcvbuf);
}

/* 0 and the message is the queue's. */
static enum pgnl_outcome queue(struct pgnl_inbox *inbox, struct sk_buff *skb)
{
	int err;

	if (!inbox->open)
		return PGNL_INBOX_NONE;
	if (pgnl_exit_pid_is_dead(inbox->pid))
		return PGNL_INBOX_GONE;
	if (!has_room(inbox->sk, skb))
		return PGNL_INBOX_FULL;
	err = sock_queue_rcv_skb(inbox->sk, skb);
	if (err == -ENOMEM || err == -ENOBUFS)
		return PGNL_INBOX_FULL;
	/* A filter that the receiver has put on its socket. */
	return err ? PGNL_INBOX_REFUSED : PGNL_DELIVERED;
}

/**
 * pgnl_inbox_deliver() - Put a message into an inbox.
 * @inbox: the inbox, referenced
 * @skb: the message, taken over
 *
 * Never waits. A process that ends meanwhile may have read it before, so what is
 * in the queue counts as delivered.
 *
 * Return: what became of it.
 */
enum pgnl_outcome pgnl_inbox_deliver(struct pgnl_inbox *inbox,
				     struct sk_buff *skb)
{
	struct pgnl_net *pn = pgnl_table_of(sock_net(inbox->sk));
	enum pgnl_outcome done;

	/* Checking for room and using it is one step to other senders. */
	spin_lock(&inbox->lock);
	done = queue(inbox, skb);
	spin_unlock(&inbox->lock);
	if (done == PGNL_INBOX_FULL)
		atomic64_inc(&pn->full_inboxes);
	if (done != PGNL_DELIVERED) {
		kfree_skb(skb);
		return done;
	}
	atomic64_inc(&pn->messages);
	return done;
}

/* To a socket that outlives its inbox; there is always room for this. */
static void tell_closed(struct pgnl_inbox *inbox)
{
	struct sock *sk = inbox->sk;

	skb_set_owner_r(inbox->last, sk);
	skb_queue_tail(&sk->sk_receive_queue, inbox->last);
	inbox->last = NULL;
	sk->sk_data_ready(sk);
}

static void unhash_locked(struct pgnl_inbox *inbox)
{
	struct pgnl_net *pn = inbox->scope->pn;

	rhashtable_remove_fast(&pn->inboxes, &inbox->node, inbox_params);
	rhashtable_remove_fast(&pn->ports, &inbox->port_node, port_params);
	hlist_del(&inbox->in_scope);
	hlist_del(&inbox->in_proc);
	WRITE_ONCE(pn->used[PGNL_NET_INBOXES],
		   pn->used[PGNL_NET_INBOXES] - 1);
	pgnl_user_uncharge(inbox->user, PGNL_USER_INBOXES);
}

/* Of one that is not open yet, pgnl_inbox_start() tells. */
static void close_locked(struct pgnl_inbox *inbox)
{
	bool open;

	unhash_locked(inbox);
	inbox->closed = true;
	spin_lock(&inbox->lock);
	open = inbox->open;
	inbox->open = false;
	spin_unlock(&inbox->lock);
	if (open && !sock_flag(inbox->sk, SOCK_DEAD))
		tell_closed(inbox);
	pgnl_proc_put_locked(inbox->proc);
	pgnl_inbox_put(inbox);
}

/**
 * pgnl_inbox_end_locked() - Close the inboxes of a process that has ended.
 * @proc: the process, referenced
 *
 * There are few, one for each scope, and limited for each user.
 */
void pgnl_inbox_end_locked(struct pgnl_proc *proc)
{
	struct pgnl_inbox *inbox;
	struct hlist_node *next;

	pgnl_assert_locked(proc->pn);
	hlist_for_each_entry_safe(inbox, next, &proc->inboxes, in_proc)
		close_locked(inbox);
}

/**
 * pgnl_inbox_close_all_locked() - Close all inboxes of a scope.
 * @scope: a dead scope
 *
 * Lets the lock go now and then.
 */
void pgnl_inbox_close_all_locked(struct pgnl_scope *scope)
{
	u32 rows = 0;

	pgnl_assert_locked(scope->pn);
	while (!hlist_empty(&scope->inboxes)) {
		close_locked(hlist_entry(scope->inboxes.first,
					 struct pgnl_inbox, in_scope));
		rows++;
		pgnl_table_breathe_locked(scope->pn, &rows);
	}
}

static int charge_locked(struct pgnl_net *pn, struct pgnl_user *user,
			 struct pgnl_fault *fault)
{
	if (pn->used[PGNL_NET_INBOXES] >= pn->limit[PGNL_NET_INBOXES]) {
		fault->cause = PGNL_CAUSE_NET_INBOXES;
		return -EDQUOT;
	}
	if (!pgnl_user_charge(user, PGNL_USER_INBOXES)) {
		fault->cause = PGNL_CAUSE_USER_INBOXES;
		return -EDQUOT;
	}
	WRITE_ONCE(pn->used[PGNL_NET_INBOXES],
		   pn->used[PGNL_NET_INBOXES] + 1);
	return 0;
}

static int blame(struct pgnl_fault *fault, enum pgnl_cause cause, u16 attr,
		 int err)
{
	fault->cause = cause;
	fault->attr = attr;
	return err;
}

static bool is_full(const struct sock *sk)
{
	return atomic_read(&sk->sk_rmem_alloc) > READ_ONCE(sk->sk_rcvbuf);
}

static int check_free_locked(struct pgnl_scope *scope,
			     const struct pgnl_inbox *inbox,
			     struct pgnl_fault *fault)
{
	struct inbox_key key = { .scope = scope, .pid = inbox->pid };
	struct pgnl_net *pn = scope->pn;
	struct pgnl_inbox *other;

	if (scope->dead)
		return blame(fault, PGNL_CAUSE_SCOPE_GONE, PGNL_A_SCOPE,
			     -ENOENT);
	other = find_port(pn, inbox->port);
	if (other && other->sk == inbox->sk)
		return blame(fault, PGNL_CAUSE_SOCKET_TAKEN, 0, -EBUSY);
	/* That socket has left its port, and the notifier is on its way. */
	if (other)
		close_locked(other);
	/*
	 * Each inbox leaves a last message whatever room there is, so there is
	 * an end to inboxes that come and go with nobody reading.
	 */
	if (is_full(inbox->sk))
		return blame(fault, PGNL_CAUSE_SOCKET_FULL, 0, -ENOBUFS);
	if (rhashtable_lookup_fast(&pn->inboxes, &key, inbox_params))
		return blame(fault, PGNL_CAUSE_INBOX_TAKEN, PGNL_A_SCOPE,
			     -EEXIST);
	return 0;
}

static int hash_locked(struct pgnl_inbox *inbox)
{
	struct pgnl_net *pn = inbox->scope->pn;

	if (rhashtable_insert_fast(&pn->inboxes, &inbox->node, inbox_params))
		return -ENOMEM;
	if (rhashtable_insert_fast(&pn->ports, &inbox->port_node,
				   port_params)) {
		rhashtable_remove_fast(&pn->inboxes, &inbox->node,
				       inbox_params);
		return -ENOMEM;
	}
	return 0;
}

/* The process's object, counted; that is @spare when there is none yet. */
static struct pgnl_proc *take_proc_locked(struct pgnl_net *pn,
					  struct pid *pid,
					  struct pgnl_proc **spare)
{
	struct pgnl_proc *proc = pgnl_proc_find(pn, pid);
	int err;

	if (proc) {
		pgnl_proc_get_locked(proc);
		return proc;
	}
	err = pgnl_proc_add_locked(*spare);
	if (err)
		return ERR_PTR(err);
	proc = *spare;
	*spare = NULL;
	return proc;
}

/* On success the table has a reference of its own. */
static int add_locked(struct pgnl_scope *scope, struct pgnl_inbox *inbox,
		      struct pgnl_proc **spare, struct pgnl_fault *fault)
{
	struct pgnl_net *pn = scope->pn;
	int err;

	err = check_free_locked(scope, inbox, fault);
	if (err)
		return err;
	err = charge_locked(pn, inbox->user, fault);
	if (err)
		return err;
	inbox->proc = take_proc_locked(pn, inbox->pid, spare);
	if (IS_ERR(inbox->proc)) {
		err = PTR_ERR(inbox->proc);
		if (err == -EBUSY)
			fault->cause = PGNL_CAUSE_WATCHERS;
		goto err_charge;
	}
	inbox->scope = scope;
	inbox->id = inbox->proc->id;
	err = hash_locked(inbox);
	if (err)
		goto err_proc;
	hlist_add_head(&inbox->in_scope, &scope->inboxes);
	hlist_add_head(&inbox->in_proc, &inbox->proc->inboxes);
	kref_get(&inbox->ref);
	return 0;

err_proc:
	pgnl_proc_put_locked(inbox->proc);
err_charge:
	WRITE_ONCE(pn->used[PGNL_NET_INBOXES],
		   pn->used[PGNL_NET_INBOXES] - 1);
	pgnl_user_uncharge(inbox->user, PGNL_USER_INBOXES);
	return err;
}

static struct pgnl_inbox *new_inbox(const struct pgnl_inbox_opts *opts)
{
	struct pgnl_inbox *inbox;

	inbox = kzalloc(sizeof(*inbox), GFP_KERNEL_ACCOUNT);
	if (!inbox)
		return NULL;
	inbox->user = pgnl_user_get(current_user_ns(), current_uid());
	if (!inbox->user) {
		kfree(inbox);
		return NULL;
	}
	sock_hold(opts->sk);
	inbox->sk = opts->sk;
	inbox->port = opts->port;
	inbox->by_uid = opts->by_uid;
	inbox->uid = opts->uid;
	inbox->pid = get_pid(task_tgid(current));
	inbox->pid_ns = get_pid_ns(task_active_pid_ns(current));
	inbox->user_ns = get_user_ns(current_user_ns());
	inbox->memcg = get_mem_cgroup_from_mm(current->mm);
	spin_lock_init(&inbox->lock);
	kref_init(&inbox->ref);
	return inbox;
}

/**
 * pgnl_inbox_open() - Open an inbox for the process that asks.
 * @scope: the scope, referenced
 * @opts: what it is opened with
 * @fault: what to blame
 *
 * Nothing is delivered before pgnl_inbox_start().
 *
 * Return: a counted reference, or an ERR_PTR() and nothing is taken over:
 * -ENOENT when the scope is gone, -EEXIST, -EBUSY, -ENOBUFS, -EDQUOT, -ENOMEM,
 * -ESRCH.
 */
struct pgnl_inbox *pgnl_inbox_open(struct pgnl_scope *scope,
				   const struct pgnl_inbox_opts *opts,
				   struct pgnl_fault *fault)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_proc *spare;
	struct pgnl_inbox *inbox;
	bool swept = false;
	int err;

	inbox = new_inbox(opts);
	if (!inbox)
		return ERR_PTR(-ENOMEM);
	spare = pgnl_proc_new(pn, inbox->pid);
	if (IS_ERR(spare)) {
		pgnl_inbox_put(inbox);
		return ERR_CAST(spare);
	}
again:
	mutex_lock(&pn->lock);
	err = add_locked(scope, inbox, &spare, fault);
	if (!err)
		inbox->last = opts->last;
	mutex_unlock(&pn->lock);
	if (err == -EDQUOT && !swept) {
		pgnl_proc_sweep(pn);
		swept = true;
		goto again;
	}
	if (spare)
		pgnl_proc_free(spare);
	if (!err)
		return inbox;
	pgnl_inbox_put(inbox);
	return ERR_PTR(err);
}

/**
 * pgnl_inbox_start() - Let messages come in.
 * @inbox: the inbox, in the request that opened it
 */
void pgnl_inbox_start(struct pgnl_inbox *inbox)
{
	struct pgnl_net *pn = pgnl_table_of(sock_net(inbox->sk));

	mutex_lock(&pn->lock);
	if (inbox->closed) {
		tell_closed(inbox);
	} else {
		spin_lock(&inbox->lock);
		inbox->open = true;
		spin_unlock(&inbox->lock);
	}
	mutex_unlock(&pn->lock);
}

/**
 * pgnl_inbox_is_hashed_locked() - Do the indexes lead to an inbox?
 * @inbox: the inbox
 *
 * Return: true when both do.
 */
bool pgnl_inbox_is_hashed_locked(const struct pgnl_inbox *inbox)
{
	struct inbox_key key = { .scope = inbox->scope, .pid = inbox->pid };
	struct pgnl_net *pn = inbox->proc->pn;

	pgnl_assert_locked(pn);
	return find_port(pn, inbox->port) == inbox &&
	       rhashtable_lookup_fast(&pn->inboxes, &key, inbox_params) ==
	       inbox;
}

/* A netlink socket is closed: its port is free, and it takes nothing more. */
static int on_netlink(struct notifier_block *block, unsigned long event,
		      void *data)
{
	struct netlink_notify *closed = data;
	struct pgnl_inbox *inbox;
	struct pgnl_net *pn;

	if (event != NETLINK_URELEASE || closed->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	pn = pgnl_table_of(closed->net);
	/* Most sockets have no inbox, and need not wait for the lock. */
	if (!find_port(pn, closed->portid))
		return NOTIFY_DONE;
	mutex_lock(&pn->lock);
	inbox = find_port(pn, closed->portid);
	/* Another socket may have got the port, and opened one. */
	if (inbox && sock_flag(inbox->sk, SOCK_DEAD))
		close_locked(inbox);
	mutex_unlock(&pn->lock);
	return NOTIFY_DONE;
}

static struct notifier_block netlink_block = {
	.notifier_call = on_netlink,
};

/**
 * pgnl_inbox_init() - Begin to watch for sockets that are closed.
 *
 * Return: 0 or -errno.
 */
int __init pgnl_inbox_init(void)
{
	return netlink_register_notifier(&netlink_block);
}

/**
 * pgnl_inbox_exit() - Undo pgnl_inbox_init(), when nobody makes requests.
 *
 * Inboxes of sockets that are closed from here on end with the tables.
 */
void pgnl_inbox_exit(void)
{
	netlink_unregister_notifier(&netlink_block);
}
