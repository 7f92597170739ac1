// SPDX-License-Identifier: GPL-2.0-only
/* The life of the tables of a network namespace. */
#include <linux/kthread.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "group.h"
#include "inbox.h"
#include "member.h"
#include "proc.h"
#include "remote.h"
#include "scope.h"
#include "share.h"
#include "sub.h"
#include "table.h"
#include "view.h"

/*
 * Those of network namespaces that belong to the machine, and of all others. Anyone
 * may make many of the others, and keep their locks for long: what waits for these
 * fills queues that the machine's do not need.
 */
static struct pgnl_queues host_queues, user_queues;

/* Who waits, for some time, for what is on the queues of the others. */
static DECLARE_WAIT_QUEUE_HEAD(settled);

/* How long that is. */
#define SETTLE_USERS	(2 * HZ)

/*
 * Has feeds delivered. Whoever causes an event pays for waking this thread, which costs
 * less than to wake one of a work queue. It does nothing but queue, so it keeps nobody
 * waiting, whoever's network namespace a feed is of.
 */
struct kthread_worker *pgnl_waker;

/* Identifies this run of the module; member ids start here. */
u64 pgnl_epoch;

static unsigned int table_id __ro_after_init;

static const u64 default_limit[PGNL_NR_NET_LIMITS] = {
	[PGNL_NET_SCOPES] = 1024,
	[PGNL_NET_GROUPS] = 1048576,
	[PGNL_NET_MEMBERSHIPS] = 4194304,
	[PGNL_NET_SUBSCRIPTIONS] = 65536,
	[PGNL_NET_INBOXES] = 65536,
	[PGNL_NET_VIEW_PAGES] = 262144,
	[PGNL_NET_NODES] = 4096,
	[PGNL_NET_REMOTES] = 4194304,
	[PGNL_NET_NODE_REMOTES] = 1048576,
	[PGNL_NET_REQUESTS] = 16384,
};

/**
 * pgnl_table_of() - The tables of a network namespace.
 * @net: the namespace
 *
 * Return: its tables.
 */
struct pgnl_net *pgnl_table_of(const struct net *net)
{
	return net_generic(net, table_id);
}

/*
 * The tables that stay large, see proc.c, do so only where there is one of a
 * kind. Anyone may make network namespaces, and fill them one after the other:
 * what is left of that would be bounded by nothing, and charged to nobody.
 */
static void __net_init let_tables_shrink(struct pgnl_net *pn)
{
	pn->ids.p.automatic_shrinking = true;
	pn->members.p.automatic_shrinking = true;
}

static int __net_init table_init_net(struct net *net)
{
	struct pgnl_net *pn = pgnl_table_of(net);
	int err;

	pn->net = net;
	pn->queues = net->user_ns == &init_user_ns ? &host_queues : &user_queues;
	pn->gen = 1;
	mutex_init(&pn->lock);
	init_llist_head(&pn->dead);
	INIT_DELAYED_WORK(&pn->reap, pgnl_proc_reap);
	memcpy(pn->limit, default_limit, sizeof(pn->limit));
	pgnl_sub_table_init(pn);
	pgnl_share_table_init(pn);

	err = pgnl_proc_table_init(pn);
	if (err)
		return err;
	err = pgnl_member_table_init(pn);
	if (err)
		goto err_proc;
	err = pgnl_group_table_init(pn);
	if (err)
		goto err_member;
	err = pgnl_inbox_table_init(pn);
	if (err)
		goto err_group;
	err = pgnl_agent_table_init(pn);
	if (err)
		goto err_inbox;
	err = pgnl_scope_table_init(pn);
	if (err)
		goto err_agent;
	if (net != &init_net)
		let_tables_shrink(pn);
	return 0;

err_agent:
	pgnl_agent_table_destroy(pn);
err_inbox:
	pgnl_inbox_table_destroy(pn);
err_group:
	pgnl_group_table_destroy(pn);
err_member:
	pgnl_member_table_destroy(pn);
err_proc:
	pgnl_proc_table_destroy(pn);
	return err;
}

/*
 * Nobody makes requests, and after the scopes are gone no process is watched.
 * Sockets with subscriptions are left when the module is unloaded; otherwise
 * none is. All network namespaces end one after the other, so this waits for no
 * other: not even for a work item that may stand behind those of others.
 */
static void __net_exit table_exit_net(struct net *net)
{
	struct pgnl_net *pn = pgnl_table_of(net);

	pgnl_agent_table_stop(pn);
	pgnl_share_table_destroy(pn);
	pgnl_scope_table_destroy(pn);
	pgnl_sub_table_destroy(pn);
	pgnl_share_settle(pn);
	pgnl_view_net_exit(pn);
	pgnl_agent_table_destroy(pn);
	pgnl_inbox_table_destroy(pn);
	pgnl_group_table_destroy(pn);
	pgnl_member_table_destroy(pn);
	pgnl_proc_table_destroy(pn);
	mutex_destroy(&pn->lock);
}

static struct pernet_operations table_net_ops = {
	.init = table_init_net,
	.exit = table_exit_net,
	.id = &table_id,
	.size = sizeof(struct pgnl_net),
};

static void destroy_queue(struct workqueue_struct *queue)
{
	if (queue)
		destroy_workqueue(queue);
}

static void destroy_queues(void)
{
	destroy_queue(user_queues.tell);
	destroy_queue(user_queues.reap);
	destroy_queue(host_queues.tell);
	destroy_queue(host_queues.reap);
}

/* Unbound, so that exits on one CPU do not wait. */
static int __init make_queues(void)
{
	host_queues.reap = alloc_workqueue("pgnl", WQ_UNBOUND, 0);
	host_queues.tell = alloc_workqueue("pgnl_tell", WQ_UNBOUND, 0);
	user_queues.reap = alloc_workqueue("pgnl_user", WQ_UNBOUND, 0);
	user_queues.tell = alloc_workqueue("pgnl_user_tell", WQ_UNBOUND, 0);
	if (host_queues.reap && host_queues.tell && user_queues.reap &&
	    user_queues.tell)
		return 0;
	destroy_queues();
	return -ENOMEM;
}

/**
 * pgnl_table_init() - Set up tables for all network namespaces, now and later.
 *
 * Return: 0 or -ENOMEM.
 */
int __init pgnl_table_init(void)
{
	int err;

	pgnl_epoch = ktime_get_boottime_ns();
	err = make_queues();
	if (err)
		return err;
	pgnl_waker = kthread_create_worker(0, "pgnl_waker");
	if (IS_ERR(pgnl_waker)) {
		err = PTR_ERR(pgnl_waker);
		goto err_queues;
	}
	err = pgnl_proc_init();
	if (err)
		goto err_waker;
	err = pgnl_member_init();
	if (err)
		goto err_proc;
	err = pgnl_remote_init();
	if (err)
		goto err_member;
	err = register_pernet_subsys(&table_net_ops);
	if (err)
		goto err_remote;
	return 0;

err_remote:
	pgnl_remote_exit();
err_member:
	pgnl_member_exit();
err_proc:
	pgnl_proc_exit();
err_waker:
	kthread_destroy_worker(pgnl_waker);
err_queues:
	destroy_queues();
	return err;
}

/**
 * pgnl_table_exit() - Undo pgnl_table_init(), when nobody makes requests.
 */
void pgnl_table_exit(void)
{
	unregister_pernet_subsys(&table_net_ops);
	kthread_destroy_worker(pgnl_waker);
	destroy_queues();
	/* Processes and members are freed by our own callbacks. */
	rcu_barrier();
	pgnl_remote_exit();
	pgnl_member_exit();
	pgnl_proc_exit();
}

/**
 * pgnl_table_next_gen() - The generation after one.
 * @gen: a generation
 *
 * Return: the next; 0 means none to netlink, so it is left out.
 */
u32 pgnl_table_next_gen(u32 gen)
{
	return gen + 1 ?: 1;
}

/**
 * pgnl_table_settle() - Wait until the counters know of all ended processes.
 * @pn: the tables
 *
 * Members of an ended process are hidden at once, but still counted until
 * the work item has run. Readers of counters call this first.
 */
void pgnl_table_settle(struct pgnl_net *pn)
{
	if (atomic_read(&pn->nr_dead))
		flush_delayed_work(&pn->reap);
}

static void hurry(struct pgnl_net *pn)
{
	if (atomic_read(&pn->nr_dead))
		mod_delayed_work(pn->queues->reap, &pn->reap, 0);
}

static void hurry_all(void)
{
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net)
		hurry(pgnl_table_of(net));
	up_read(&net_rwsem);
}

static bool are_users_settled(void)
{
	bool are = true;
	struct pgnl_net *pn;
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net) {
		pn = pgnl_table_of(net);
		are = pn->queues == &host_queues || !atomic_read(&pn->nr_dead);
		if (!are)
			break;
	}
	up_read(&net_rwsem);
	return are;
}

static void wait_for_users(void)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	long left = SETTLE_USERS;

	add_wait_queue(&settled, &wait);
	while (left && !are_users_settled())
		left = wait_woken(&wait, TASK_UNINTERRUPTIBLE, left);
	remove_wait_queue(&settled, &wait);
}

/**
 * pgnl_table_settle_all() - The same for all network namespaces.
 *
 * What users have in use is over all of them. Anyone may ask for this, again
 * and again, so nothing is waited for while those who make and end network
 * namespaces wait for the semaphore. Nor is one waited for without end that
 * anyone may have made, and whose lock is its owner's to keep.
 */
void pgnl_table_settle_all(void)
{
	hurry_all();
	/* Nothing but reaping is on it. */
	flush_workqueue(host_queues.reap);
	wait_for_users();
}

/**
 * pgnl_table_settled() - The counters know of some more ended processes.
 */
void pgnl_table_settled(void)
{
	if (wq_has_sleeper(&settled))
		wake_up_all(&settled);
}

/**
 * pgnl_table_breathe_locked() - Let others have the lock after some work.
 * @pn: the tables
 * @rows: work done so far; set to 0 when the lock was let go
 */
void pgnl_table_breathe_locked(struct pgnl_net *pn, u32 *rows)
{
	pgnl_assert_locked(pn);
	if (*rows < PGNL_LOCK_ROWS)
		return;
	mutex_unlock(&pn->lock);
	cond_resched();
	mutex_lock(&pn->lock);
	*rows = 0;
}

/**
 * pgnl_table_alloc() - Get memory for many objects of a kind.
 * @cache: the kind
 * @objects: to fill
 * @n: how many, 64 at most, for interrupts are off meanwhile
 *
 * May sleep. The caller's memory cgroup is charged once for many, which costs
 * much less than one by one.
 *
 * Return: true, or false and there is nothing to free.
 */
bool pgnl_table_alloc(struct kmem_cache *cache, void **objects, u32 n)
{
	cond_resched();
	return !n || kmem_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_ZERO, n, objects);
}
