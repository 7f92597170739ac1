// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a view.
 *
 * A scope has one view or none. It comes with the first VIEW_GET, is kept up
 * as long as a file of it is open or mapped, and ends when a work item finds
 * it without files, with its scope, or with the network namespace. When it
 * ended with the scope, files that are left keep its pages; they say that it
 * is dead. Files hold the module, so it is not unloaded under a mapping.
 *
 * The tables outlive the work item: who detaches a view takes the work item
 * from the queue, after which it is not queued any more, and the end of a
 * network namespace waits for those of its own that run.
 *
 * For whom: pids and uids stand in it as numbers, so it is for one pid
 * namespace and one user namespace. The latter is that which owns the network
 * namespace; the pid namespace must belong to it as well, so that nobody makes
 * one at will to keep others from having a view. In the initial network
 * namespace it is the initial one, elsewhere that of the first to open.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/wait_bit.h>
#include <net/net_namespace.h>

#include "deaths.h"
#include "proc.h"
#include "table.h"
#include "trace.h"
#include "user.h"
#include "view.h"
#include "view_mem.h"

static void free_view(struct kref *ref)
{
	struct pgnl_view *view = container_of(ref, struct pgnl_view, ref);

	pgnl_view_free_pages(view);
	pgnl_deaths_put(view->deaths);
	mem_cgroup_put(view->memcg);
	pgnl_user_put(view->user);
	put_user_ns(view->user_ns);
	put_pid_ns(view->pid_ns);
	kvfree(view);
}

/**
 * pgnl_view_put() - Return a reference.
 * @view: the view
 */
void pgnl_view_put(struct pgnl_view *view)
{
	kref_put(&view->ref, free_view);
}

/* The work item is about to be queued; it has a reference, and its tables stay. */
static void get_work(struct pgnl_view *view)
{
	kref_get(&view->ref);
	atomic_inc(&view->pn->view_works);
}

/* It is through, or is not queued after all. The tables may be gone after this. */
static void put_work(struct pgnl_view *view)
{
	struct pgnl_net *pn = view->pn;

	pgnl_view_put(view);
	/* Only the address is looked at. */
	if (atomic_dec_and_test(&pn->view_works))
		wake_up_var(&pn->view_works);
}

static void queue_view(struct pgnl_view *view, unsigned long delay)
{
	struct workqueue_struct *queue;
	bool queued = false;

	spin_lock(&view->lock);
	if (!view->detached) {
		queue = view->pn->queues->tell;
		get_work(view);
		queued = delay ?
			 queue_delayed_work(queue, &view->work, delay) :
			 !mod_delayed_work(queue, &view->work, 0);
		/* Whoever called has a reference too. */
		if (!queued)
			put_work(view);
	}
	spin_unlock(&view->lock);
}

/**
 * pgnl_view_queue_locked() - Have a view mended later.
 * @view: the view
 * @delay: how much later, in jiffies; 0 is at once, whatever was said before
 */
void pgnl_view_queue_locked(struct pgnl_view *view, unsigned long delay)
{
	queue_view(view, delay);
}

/**
 * pgnl_view_retry_locked() - Limits were changed, that on pages perhaps.
 * @pn: the tables
 *
 * Views that lack something do not wait for their next try.
 */
void pgnl_view_retry_locked(struct pgnl_net *pn)
{
	struct pgnl_scope *scope;
	unsigned long id;

	pgnl_assert_locked(pn);
	xa_for_each(&pn->scope_ids, id, scope) {
		if (!scope->view || !scope->view->behind)
			continue;
		scope->view->backoff = 0;
		queue_view(scope->view, 0);
	}
}

/**
 * pgnl_view_detach_locked() - Stop keeping up the view of a scope.
 * @scope: the scope
 *
 * What groups say of the view is not looked at any more.
 */
void pgnl_view_detach_locked(struct pgnl_scope *scope)
{
	struct pgnl_view *view = scope->view;
	struct pgnl_net *pn = scope->pn;

	pgnl_assert_locked(pn);
	if (!view)
		return;
	scope->view = NULL;
	view->scope = NULL;
	if (view->head) {
		WRITE_ONCE(view->head->flags, PGNL_VIEW_DEAD);
		/* Who finds no bucket finds out why. */
		smp_store_release(&view->head->buckets, 0);
		trace_pgnl_view(view, READ_ONCE(view->users));
	}
	WRITE_ONCE(pn->used[PGNL_NET_VIEW_PAGES],
		   pn->used[PGNL_NET_VIEW_PAGES] - view->nr_pages);
	spin_lock(&view->lock);
	view->detached = true;
	spin_unlock(&view->lock);
	if (cancel_delayed_work(&view->work))
		put_work(view);
	pgnl_view_put(view);
}

/* Without the lock; false when there is more to do, but the caller is to end. */
static bool mend(struct pgnl_view *view)
{
	bool more;

	do {
		pgnl_view_top_up(view);
		mutex_lock(&view->pn->lock);
		more = pgnl_view_mend_locked(view);
		mutex_unlock(&view->pn->lock);
		cond_resched();
	} while (more && !fatal_signal_pending(current));
	return !more;
}

static bool has_users(struct pgnl_view *view)
{
	bool has;

	spin_lock(&view->lock);
	has = view->users;
	spin_unlock(&view->lock);
	return has;
}

static void work_on_view(struct work_struct *work)
{
	struct pgnl_view *view = container_of(to_delayed_work(work),
					      struct pgnl_view, work);
	struct pgnl_net *pn = view->pn;
	bool attached;

	mutex_lock(&pn->lock);
	/* Others begin to use it with the lock held. */
	if (view->scope && !has_users(view))
		pgnl_view_detach_locked(view->scope);
	attached = view->scope;
	mutex_unlock(&pn->lock);
	if (attached)
		mend(view);
	put_work(view);
}

static bool is_for(const struct pgnl_net *pn, const struct pid_namespace *pid_ns,
		   const struct user_namespace *user_ns)
{
	return user_ns == pn->net->user_ns && pid_ns->user_ns == user_ns &&
	       (pn->net != &init_net || pid_ns == &init_pid_ns);
}

/* -EAGAIN: it has none. */
static int use_locked(struct pgnl_scope *scope, struct pgnl_fault *fault)
{
	struct pgnl_view *view = scope->view;
	u32 users;

	if (scope->dead) {
		fault->cause = PGNL_CAUSE_SCOPE_GONE;
		return -ENOENT;
	}
	if (!view)
		return -EAGAIN;
	if (view->pid_ns != task_active_pid_ns(current)) {
		fault->cause = PGNL_CAUSE_VIEW_NS;
		return -EOPNOTSUPP;
	}
	kref_get(&view->ref);
	spin_lock(&view->lock);
	users = ++view->users;
	spin_unlock(&view->lock);
	trace_pgnl_view(view, users);
	return 0;
}

static struct pgnl_view *new_view(struct pgnl_net *pn)
{
	struct pgnl_view *view;

	view = kvzalloc(sizeof(*view), GFP_KERNEL_ACCOUNT);
	if (!view)
		return NULL;
	view->user = pgnl_user_get(current_user_ns(), current_uid());
	if (!view->user) {
		kvfree(view);
		return NULL;
	}
	kref_init(&view->ref);
	spin_lock_init(&view->lock);
	INIT_DELAYED_WORK(&view->work, work_on_view);
	INIT_LIST_HEAD(&view->spare);
	view->pn = pn;
	view->pid_ns = get_pid_ns(task_active_pid_ns(current));
	view->user_ns = get_user_ns(current_user_ns());
	view->memcg = get_mem_cgroup_from_mm(current->mm);
	return view;
}

/* Which limit is it that there is no page for? */
static int blame_pages(struct pgnl_view *view, struct pgnl_fault *fault)
{
	struct pgnl_net *pn = view->pn;

	if (pn->used[PGNL_NET_VIEW_PAGES] >= pn->limit[PGNL_NET_VIEW_PAGES]) {
		fault->cause = PGNL_CAUSE_NET_VIEW_PAGES;
		return -EDQUOT;
	}
	if (!pgnl_user_charge(view->user, PGNL_USER_VIEW_PAGES)) {
		fault->cause = PGNL_CAUSE_USER_VIEW_PAGES;
		return -EDQUOT;
	}
	pgnl_user_uncharge(view->user, PGNL_USER_VIEW_PAGES);
	return -ENOMEM;
}

/* The scope gets the first reference. */
static int attach_locked(struct pgnl_scope *scope, struct pgnl_view *view,
			 struct pgnl_deaths **deaths, struct pgnl_fault *fault)
{
	struct pgnl_net *pn = scope->pn;
	int err;

	if (!pn->deaths)
		swap(pn->deaths, *deaths);
	pgnl_deaths_get(pn->deaths);
	view->deaths = pn->deaths;
	view->gen = ++scope->view_gen ?: ++scope->view_gen;
	view->scope = scope;
	err = pgnl_view_format_locked(view);
	if (err)
		err = blame_pages(view, fault);
	scope->view = view;
	if (err)
		pgnl_view_detach_locked(scope);
	return err;
}

static int make_view(struct pgnl_scope *scope, struct pgnl_view **result,
		     struct pgnl_fault *fault)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_deaths *deaths = NULL;
	struct pgnl_view *view;
	int err;

	view = new_view(pn);
	if (!view)
		return -ENOMEM;
	if (!READ_ONCE(pn->deaths)) {
		deaths = pgnl_deaths_new();
		if (!deaths) {
			pgnl_view_put(view);
			return -ENOMEM;
		}
	}
	pgnl_view_top_up(view);

	mutex_lock(&pn->lock);
	err = use_locked(scope, fault);
	if (err == -EAGAIN) {
		err = attach_locked(scope, view, &deaths, fault);
		view = NULL;
		if (!err)
			err = use_locked(scope, fault);
	}
	if (!err)
		*result = scope->view;
	mutex_unlock(&pn->lock);
	if (view)
		pgnl_view_put(view);
	pgnl_deaths_put(deaths);
	return err;
}

/**
 * pgnl_view_open() - The view of a scope, for one more user.
 * @scope: the scope, referenced
 * @fault: what to blame
 *
 * The first user writes what is there already; it may be killed before that
 * is done, and then the work item goes on.
 *
 * Return: the view, to be given back by pgnl_view_close(), or an ERR_PTR():
 * -EOPNOTSUPP, -ENOENT, -EDQUOT, -ENOMEM.
 */
struct pgnl_view *pgnl_view_open(struct pgnl_scope *scope,
				 struct pgnl_fault *fault)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_view *view;
	bool waits;
	int err;

	if (!is_for(pn, task_active_pid_ns(current), current_user_ns())) {
		fault->cause = PGNL_CAUSE_VIEW_NS;
		return ERR_PTR(-EOPNOTSUPP);
	}
	mutex_lock(&pn->lock);
	err = use_locked(scope, fault);
	view = scope->view;
	/* For its next try to write what it lacks, which is not the opener's. */
	waits = !err && view->backoff;
	mutex_unlock(&pn->lock);
	if (err == -EAGAIN)
		err = make_view(scope, &view, fault);
	if (err)
		return ERR_PTR(err);
	if (!waits && !mend(view))
		queue_view(view, 0);
	return view;
}

/**
 * pgnl_view_close() - One user less.
 * @view: the view
 *
 * Its tables may be gone.
 */
void pgnl_view_close(struct pgnl_view *view)
{
	u32 users;

	spin_lock(&view->lock);
	users = --view->users;
	spin_unlock(&view->lock);
	trace_pgnl_view(view, users);
	if (!users)
		queue_view(view, 0);
	pgnl_view_put(view);
}

/**
 * pgnl_view_net_exit() - The last that is done with views of some tables.
 * @pn: the tables; their scopes are gone
 */
void pgnl_view_net_exit(struct pgnl_net *pn)
{
	/* No work item of ours is queued any more, but one may be running. */
	wait_var_event(&pn->view_works, !atomic_read(&pn->view_works));
	/* It gives words back. */
	pgnl_proc_reap_last(pn);
	pgnl_deaths_put(pn->deaths);
}
