// SPDX-License-Identifier: GPL-2.0-only
/*
 * The agent: the process that speaks for other nodes.
 *
 * It is known by its socket, by reference, since a port can come to be another
 * socket's. The role ends with the socket, of which a notifier of the netlink
 * core tells, or with the process that registered, as that of any process does
 * (proc.c); whoever else may hold the socket then does not have it.
 *
 * One request at a time: they let the lock of the tables go now and then.
 */
#include <linux/jiffies.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "event.h"
#include "exit.h"
#include "proc.h"
#include "remote.h"
#include "table.h"

static bool has_ended(const struct pgnl_cluster *cluster)
{
	return sock_flag(cluster->sk, SOCK_DEAD) ||
	       pgnl_exit_is_dead(cluster->proc);
}

/* With op_lock held. */
static void lose_agent(struct pgnl_cluster *cluster)
{
	struct pgnl_net *pn = cluster->pn;
	struct sock *sk = cluster->sk;

	lockdep_assert_held(&cluster->op_lock);
	mutex_lock(&pn->lock);
	WRITE_ONCE(cluster->sk, NULL);
	pgnl_proc_put_locked(cluster->proc);
	cluster->proc = NULL;
	cluster->lost = true;
	cluster->deadline = jiffies + msecs_to_jiffies(cluster->grace);
	pgnl_event_node_locked(pn, NULL, PGNL_REASON_AGENT_LOST);
	pgnl_node_stale_all_locked(cluster);
	mutex_unlock(&pn->lock);
	pgnl_upcall_stop(&cluster->upcalls);
	sock_put(sk);
	mod_delayed_work(pn->queues->tell, &cluster->work,
			 msecs_to_jiffies(cluster->grace));
}

/*
 * Ends the role of an agent whose process has ended, and what it left stale. That
 * can be much, and others wait for what is on pgnl_queues.reap.
 */
static void tend(struct work_struct *work)
{
	struct pgnl_cluster *cluster = container_of(to_delayed_work(work),
						    struct pgnl_cluster, work);
	struct pgnl_net *pn = cluster->pn;
	bool more = true;

	mutex_lock(&cluster->op_lock);
	if (cluster->sk && has_ended(cluster))
		lose_agent(cluster);
	mutex_lock(&pn->lock);
	while (more && time_after_eq(jiffies, cluster->deadline)) {
		more = pgnl_node_drop_stale_locked(cluster);
		mutex_unlock(&pn->lock);
		cond_resched();
		mutex_lock(&pn->lock);
	}
	mutex_unlock(&pn->lock);
	mutex_unlock(&cluster->op_lock);
}

/**
 * pgnl_agent_proc_ended_locked() - A process has ended.
 * @proc: the process
 */
void pgnl_agent_proc_ended_locked(struct pgnl_proc *proc)
{
	struct pgnl_cluster *cluster = proc->pn->cluster;

	pgnl_assert_locked(proc->pn);
	if (cluster->proc == proc)
		mod_delayed_work(proc->pn->queues->tell, &cluster->work, 0);
}

/* The object of the calling process, counted, or an ERR_PTR(). */
static struct pgnl_proc *own_proc(struct pgnl_net *pn)
{
	struct pgnl_proc *spare, *proc;
	int err = 0;

	spare = pgnl_proc_new(pn, task_tgid(current));
	if (IS_ERR(spare))
		return spare;
	mutex_lock(&pn->lock);
	proc = pgnl_proc_find(pn, spare->pid);
	if (proc) {
		pgnl_proc_get_locked(proc);
	} else {
		err = pgnl_proc_add_locked(spare);
		if (!err)
			proc = spare;
	}
	mutex_unlock(&pn->lock);
	if (proc != spare)
		pgnl_proc_free(spare);
	return proc ?: ERR_PTR(err);
}

static u64 choose_incarnation(const struct pgnl_cluster *cluster,
			      const struct pgnl_cluster *wanted)
{
	return wanted->incarnation ?: cluster->incarnation ?:
	       ktime_get_real_ns();
}

static int take_role_locked(struct pgnl_cluster *cluster, struct sock *sk,
			    u32 portid, struct pgnl_cluster *wanted,
			    struct pgnl_fault *fault)
{
	if (pgnl_node_find_locked(cluster, wanted->name)) {
		fault->cause = PGNL_CAUSE_NODE_TAKEN;
		return -EEXIST;
	}
	strscpy(cluster->name, wanted->name, sizeof(cluster->name));
	wanted->incarnation = choose_incarnation(cluster, wanted);
	/* Read without the lock, to learn whether there has been an agent. */
	WRITE_ONCE(cluster->incarnation, wanted->incarnation);
	cluster->grace = wanted->grace;
	sock_hold(sk);
	WRITE_ONCE(cluster->portid, portid);
	WRITE_ONCE(cluster->sk, sk);
	pgnl_upcall_start(&cluster->upcalls, sk, wanted->upcalls.acts,
			  wanted->upcalls.timeout);
	WRITE_ONCE(cluster->arbitrated,
		   wanted->upcalls.acts & PGNL_ACT_REGISTER);
	if (cluster->lost)
		pgnl_event_node_locked(cluster->pn, NULL,
				       PGNL_REASON_AGENT_BACK);
	cluster->lost = false;
	/* What was left stale has as long again to be confirmed. */
	cluster->deadline = jiffies + msecs_to_jiffies(cluster->grace);
	mod_delayed_work(cluster->pn->queues->tell, &cluster->work,
			 msecs_to_jiffies(cluster->grace));
	return 0;
}

/**
 * pgnl_agent_register() - Become the agent.
 * @pn: the tables
 * @sk: the socket, of a process that may
 * @portid: of @sk
 * @wanted: name, incarnation or 0, grace, and acts and timeout of upcalls; the
 *	incarnation is filled in
 * @fault: what to blame
 *
 * Return: 0, -EBUSY when there is an agent, -EEXIST when another node has the
 * name, -ENOMEM, -ESRCH.
 */
int pgnl_agent_register(struct pgnl_net *pn, struct sock *sk, u32 portid,
			struct pgnl_cluster *wanted, struct pgnl_fault *fault)
{
	struct pgnl_cluster *cluster = pn->cluster;
	struct pgnl_proc *proc = own_proc(pn);
	int err = -EBUSY;

	if (IS_ERR(proc)) {
		if (PTR_ERR(proc) == -EBUSY)
			fault->cause = PGNL_CAUSE_WATCHERS;
		return PTR_ERR(proc);
	}
	mutex_lock(&cluster->op_lock);
	if (cluster->sk && has_ended(cluster))
		lose_agent(cluster);
	mutex_lock(&pn->lock);
	if (!cluster->sk)
		err = take_role_locked(cluster, sk, portid, wanted, fault);
	else
		fault->cause = PGNL_CAUSE_AGENT_TAKEN;
	if (!err)
		swap(cluster->proc, proc);
	if (proc)
		pgnl_proc_put_locked(proc);
	mutex_unlock(&pn->lock);
	mutex_unlock(&cluster->op_lock);
	return err;
}

/**
 * pgnl_agent_is() - Is a socket the agent's?
 * @pn: the tables
 * @sk: the socket
 *
 * Return: true when it is, or was until now.
 */
bool pgnl_agent_is(struct pgnl_net *pn, const struct sock *sk)
{
	return READ_ONCE(pn->cluster->sk) == sk;
}

/**
 * pgnl_agent_exists() - Is there an agent?
 * @pn: the tables
 *
 * Return: true when there is, as of now.
 */
bool pgnl_agent_exists(struct pgnl_net *pn)
{
	return READ_ONCE(pn->cluster->sk);
}

/**
 * pgnl_agent_begin() - Begin a request of the agent.
 * @pn: the tables
 * @sk: the socket that asks
 *
 * Return: 0 and pgnl_agent_end() is to follow, or -ENOTCONN when it is not the
 * agent's.
 */
int pgnl_agent_begin(struct pgnl_net *pn, const struct sock *sk)
{
	struct pgnl_cluster *cluster = pn->cluster;

	/* Others do not even wait. */
	if (!pgnl_agent_is(pn, sk))
		return -ENOTCONN;
	mutex_lock(&cluster->op_lock);
	if (cluster->sk == sk && !has_ended(cluster))
		return 0;
	mutex_unlock(&cluster->op_lock);
	return -ENOTCONN;
}

/**
 * pgnl_agent_end() - End what pgnl_agent_begin() began.
 * @pn: the tables
 */
void pgnl_agent_end(struct pgnl_net *pn)
{
	mutex_unlock(&pn->cluster->op_lock);
}

/* --- Life --- */

/* For every netlink socket of the machine that is closed. */
static int on_netlink_event(struct notifier_block *nb, unsigned long event,
			    void *data)
{
	struct netlink_notify *closed = data;
	struct pgnl_cluster *cluster;

	if (event != NETLINK_URELEASE || closed->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	cluster = pgnl_table_of(closed->net)->cluster;
	pgnl_upcall_closed(&cluster->upcalls, closed->portid);
	if (!READ_ONCE(cluster->sk) ||
	    READ_ONCE(cluster->portid) != closed->portid)
		return NOTIFY_DONE;
	mutex_lock(&cluster->op_lock);
	if (cluster->sk && has_ended(cluster))
		lose_agent(cluster);
	mutex_unlock(&cluster->op_lock);
	return NOTIFY_DONE;
}

static struct notifier_block netlink_notifier = {
	.notifier_call = on_netlink_event,
};

/**
 * pgnl_agent_init() - Begin to notice the end of sockets, when there are tables.
 *
 * Return: 0 or -errno.
 */
int __init pgnl_agent_init(void)
{
	return netlink_register_notifier(&netlink_notifier);
}

/**
 * pgnl_agent_exit() - Undo pgnl_agent_init(), when nobody makes requests.
 */
void pgnl_agent_exit(void)
{
	netlink_unregister_notifier(&netlink_notifier);
}

/**
 * pgnl_agent_table_init() - Set up what is known of other nodes.
 * @pn: the tables
 *
 * Return: 0 or -ENOMEM.
 */
int pgnl_agent_table_init(struct pgnl_net *pn)
{
	struct pgnl_cluster *cluster = kzalloc(sizeof(*cluster), GFP_KERNEL);
	int err;

	if (!cluster)
		return -ENOMEM;
	cluster->pn = pn;
	mutex_init(&cluster->op_lock);
	INIT_DELAYED_WORK(&cluster->work, tend);
	pgnl_upcall_init(&cluster->upcalls);
	err = pgnl_remote_table_init(cluster);
	if (!err)
		err = pgnl_node_table_init(cluster);
	if (err) {
		kfree(cluster);
		return err;
	}
	pn->cluster = cluster;
	return 0;
}

/**
 * pgnl_agent_table_stop() - Let the agent go; what it put in goes with the scopes.
 * @pn: the tables; nobody makes requests any more
 */
void pgnl_agent_table_stop(struct pgnl_net *pn)
{
	struct pgnl_cluster *cluster = pn->cluster;

	mutex_lock(&cluster->op_lock);
	if (cluster->sk)
		lose_agent(cluster);
	mutex_unlock(&cluster->op_lock);
	cancel_delayed_work_sync(&cluster->work);
}

/**
 * pgnl_agent_table_destroy() - Undo pgnl_agent_table_init().
 * @pn: the tables, without scopes, and stopped
 */
void pgnl_agent_table_destroy(struct pgnl_net *pn)
{
	struct pgnl_cluster *cluster = pn->cluster;

	if (!cluster)
		return;
	mutex_lock(&pn->lock);
	pgnl_node_table_destroy(cluster);
	mutex_unlock(&pn->lock);
	pgnl_remote_table_destroy(cluster);
	pgnl_upcall_destroy(&cluster->upcalls);
	mutex_destroy(&cluster->op_lock);
	kfree(cluster);
	pn->cluster = NULL;
}
