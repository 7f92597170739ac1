// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the end of a process is learned: an entry on the queue of its struct
 * pid, which the kernel wakes for those that poll a pidfd. The entry has
 * priority, so it runs before any poller is woken, and before the parent can
 * reap: exit_notify() holds tasklist_lock for writing all the while.
 *
 * The queue is woken for other reasons too (a thread's exit, a traced leader,
 * the reaping), and more than once for the same end, so the callback tests
 * for itself and does its work once.
 *
 * The same entry is how the tables find what they have of a process.
 *
 * struct pid stays with a process over exec, also when another thread than
 * the leader execs, and is never reused while it is referenced. That is why
 * it is the key, and not a number or a task.
 */
#include <linux/jiffies.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "deaths.h"
#include "exit.h"
#include "proc.h"
#include "table.h"
#include "trace.h"

/**
 * pgnl_exit_pid_is_dead() - Has a process ended?
 * @pid: a thread group
 *
 * Return: true when it has ended or is past saving, or is none.
 */
bool pgnl_exit_pid_is_dead(struct pid *pid)
{
	bool dead;

	rcu_read_lock();
	dead = pgnl_exit_pid_is_dead_rcu(pid);
	rcu_read_unlock();
	return dead;
}

/**
 * pgnl_exit_pid_is_thread() - Is it a thread, but no thread group?
 * @pid: of whatever
 *
 * The end of a single thread is not told of on every kernel, so threads are
 * no members.
 *
 * Return: true when it is.
 */
bool pgnl_exit_pid_is_thread(struct pid *pid)
{
	bool thread;

	rcu_read_lock();
	thread = !pid_task(pid, PIDTYPE_TGID) && pid_task(pid, PIDTYPE_PID);
	rcu_read_unlock();
	return thread;
}

/**
 * pgnl_exit_is_dead() - As pgnl_exit_is_dead_rcu(), without any lock.
 * @proc: the process
 *
 * Return: true when it has ended or is past saving.
 */
bool pgnl_exit_is_dead(const struct pgnl_proc *proc)
{
	bool dead;

	rcu_read_lock();
	dead = pgnl_exit_is_dead_rcu(proc);
	rcu_read_unlock();
	return dead;
}

/*
 * One end is reaped at once, a stream of them together once a tick: waking the
 * work item for each costs more than the work. Nobody sees the dead meanwhile.
 */
static unsigned long reap_delay(const struct pgnl_net *pn)
{
	return time_after(jiffies, READ_ONCE(pn->last_reap) + 1) ? 0 : 1;
}

static void queue_for_reaping(struct pgnl_proc *proc)
{
	struct pgnl_net *pn = proc->pn;

	if (test_and_set_bit(PGNL_PROC_QUEUED, &proc->flags))
		return;
	atomic_inc(&pn->nr_dead);
	llist_add(&proc->dead, &pn->dead);
	/*
	 * Also when it is not the first on the list: whoever put that one may
	 * not have come to this line yet, and a reader that waits for the
	 * work must find it under way.
	 */
	queue_delayed_work(pn->queues->reap, &pn->reap, reap_delay(pn));
}

/*
 * As wait(2) tells it. Before the process is @over, only what ends it as a whole
 * is sure: its first thread may still be on its way.
 */
static u32 exit_status(struct pid *pid, bool over)
{
	u32 status = PGNL_STATUS_UNKNOWN;
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task && READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT)
		status = READ_ONCE(task->signal->group_exit_code);
	else if (task && over)
		status = READ_ONCE(task->exit_code);
	rcu_read_unlock();
	return status;
}

/* Mark for all readers at once; true for the first to do so. */
static bool mark_dead(struct pgnl_proc *proc)
{
	if (test_and_set_bit(PGNL_PROC_DEAD, &proc->flags))
		return false;
	atomic64_inc(&proc->pn->nr_deaths);
	pgnl_deaths_mark(proc);
	trace_pgnl_exit(proc);
	return true;
}

/*
 * Interrupts are off, the queue's lock and tasklist_lock are held: no lock of
 * ours, no allocation, no put_pid() here. Returning 0 lets the other waiters
 * be woken.
 */
static int exit_callback(wait_queue_entry_t *entry, unsigned int mode,
			 int flags, void *key)
{
	struct pgnl_proc *proc = container_of(entry, struct pgnl_proc, watch);

	if (!pgnl_exit_pid_is_dead(proc->pid))
		return 0;
	/* Only here, where the kernel holds what guards it. */
	if (!test_bit(PGNL_PROC_DEAD, &proc->flags))
		WRITE_ONCE(proc->status, exit_status(proc->pid, true));
	if (mark_dead(proc)) {
		queue_for_reaping(proc);
	} else {
		/* Whoever was first may not have come to this yet. */
		pgnl_deaths_mark(proc);
	}
	return 0;
}

/*
 * How many network namespaces may watch one process. Whoever looks for an entry
 * goes through them with interrupts off; and Linux 6.1 lets go of a queue's lock
 * after 64 entries, with an entry of its own put in between, behind which nobody
 * would find the rest.
 */
#define WATCHERS_MAX	64

static bool has_room(const struct wait_queue_head *queue)
{
	wait_queue_entry_t *entry;
	u32 n = 0;

	list_for_each_entry(entry, &queue->head, entry) {
		if (!(entry->flags & WQ_FLAG_PRIORITY))
			break;
		n++;
	}
	return n < WATCHERS_MAX;
}

/**
 * pgnl_exit_watch() - Begin to watch for the end of a process.
 * @proc: the process, with its pid set; not watched yet
 *
 * An end before this has woken nobody, so the caller asks pgnl_exit_is_dead()
 * after it. Waking takes the queue's lock after live has become 0: either the
 * callback runs or the caller sees it, or both.
 *
 * Return: true, or false when too many watch it already.
 */
bool pgnl_exit_watch(struct pgnl_proc *proc)
{
	struct wait_queue_head *queue = &proc->pid->wait_pidfd;
	bool room;

	/* As add_wait_queue_priority(), in line: each member comes by here. */
	init_waitqueue_func_entry(&proc->watch, exit_callback);
	proc->watch.flags |= WQ_FLAG_PRIORITY;
	spin_lock_irq(&queue->lock);
	room = has_room(queue);
	if (room)
		__add_wait_queue(queue, &proc->watch);
	spin_unlock_irq(&queue->lock);
	return room;
}

/**
 * pgnl_exit_find() - Who watches a process for the tables of a namespace?
 * @pn: the tables
 * @pid: the process
 *
 * Entries with priority stand before those of whoever polls a pidfd, so only
 * the network namespaces in which it is a member count, not its pollers.
 *
 * Return: the watching object or NULL, borrowed while the lock of @pn is held
 * or within RCU.
 */
struct pgnl_proc *pgnl_exit_find(const struct pgnl_net *pn, struct pid *pid)
{
	struct pgnl_proc *proc, *found = NULL;
	wait_queue_entry_t *entry;
	unsigned long flags;

	spin_lock_irqsave(&pid->wait_pidfd.lock, flags);
	list_for_each_entry(entry, &pid->wait_pidfd.head, entry) {
		if (!(entry->flags & WQ_FLAG_PRIORITY))
			break;
		proc = container_of(entry, struct pgnl_proc, watch);
		if (entry->func == exit_callback && proc->pn == pn) {
			found = proc;
			break;
		}
	}
	spin_unlock_irqrestore(&pid->wait_pidfd.lock, flags);
	return found;
}

/**
 * pgnl_exit_unwatch() - Stop watching.
 * @proc: a watched process
 *
 * The callback does not run any more after this; it may have queued the
 * process before.
 */
void pgnl_exit_unwatch(struct pgnl_proc *proc)
{
	remove_wait_queue(&proc->pid->wait_pidfd, &proc->watch);
}

/*
 * Have all threads ended? From the last on the queue is woken, unless a tracer
 * has to reap that one before.
 */
static bool is_over(struct pid *pid)
{
	struct task_struct *leader, *thread;
	bool over = true;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	if (leader) {
		for_each_thread(leader, thread) {
			over = READ_ONCE(thread->exit_state);
			if (!over)
				break;
		}
	}
	rcu_read_unlock();
	return over;
}

/**
 * pgnl_exit_suspect() - A reader has met the end of a process before its time.
 * @proc: a process that has ended, within RCU or with the lock held
 *
 * Most are about to be told of. The last thread of a traced process can be gone
 * for long without a wake-up, though; readers do not see that process, so those
 * who are told of changes should not either. One at a time is looked at.
 */
void pgnl_exit_suspect(const struct pgnl_proc *proc)
{
	struct pgnl_net *pn = proc->pn;
	struct pid *pid;

	if (READ_ONCE(pn->suspect))
		return;
	pid = get_pid(proc->pid);
	if (cmpxchg(&pn->suspect, NULL, pid))
		put_pid(pid);
	else
		queue_delayed_work(pn->queues->reap, &pn->reap, reap_delay(pn));
}

/**
 * pgnl_exit_examine_locked() - Look at what pgnl_exit_suspect() noted.
 * @pn: the tables
 *
 * One with a thread on its way of which it is not sure how it ends is left alone:
 * the callback knows that, or the next reader comes again. A first thread that was
 * killed may be on its way for long: that of a pid namespace's init is until all
 * others in there have been reaped.
 */
void pgnl_exit_examine_locked(struct pgnl_net *pn)
{
	struct pid *pid = xchg(&pn->suspect, NULL);
	struct pgnl_proc *proc;

	pgnl_assert_locked(pn);
	if (!pid)
		return;
	proc = pgnl_proc_find(pn, pid);
	if (proc && !test_bit(PGNL_PROC_DEAD, &proc->flags) &&
	    (is_over(pid) || exit_status(pid, false) != PGNL_STATUS_UNKNOWN))
		pgnl_exit_requeue_locked(proc);
	put_pid(pid);
}

/**
 * pgnl_exit_requeue_locked() - Have a dead process reaped.
 * @proc: a process that is dead by pgnl_exit_is_dead()
 *
 * For an end that has not woken the queue: the last thread of a traced process
 * can be gone for long before its tracer lets the others know.
 */
void pgnl_exit_requeue_locked(struct pgnl_proc *proc)
{
	struct wait_queue_head *queue = &proc->pid->wait_pidfd;
	u32 status = exit_status(proc->pid, is_over(proc->pid));
	unsigned long flags;

	pgnl_assert_locked(proc->pn);
	/*
	 * The callback, which has this lock, knows the status in any case. Its
	 * parent waits for whoever is first, and must find it queued.
	 */
	spin_lock_irqsave(&queue->lock, flags);
	if (status != PGNL_STATUS_UNKNOWN)
		WRITE_ONCE(proc->status, status);
	mark_dead(proc);
	queue_for_reaping(proc);
	spin_unlock_irqrestore(&queue->lock, flags);
}

/**
 * pgnl_exit_is_forgotten() - Is a process dead, and nothing will reap it?
 * @proc: the process, lock held
 *
 * For the verifier: what its end marks and counts is not seen by halves.
 *
 * Return: true when something went wrong.
 */
bool pgnl_exit_is_forgotten(const struct pgnl_proc *proc)
{
	struct wait_queue_head *queue = &proc->pid->wait_pidfd;
	unsigned long flags;
	bool forgotten;

	spin_lock_irqsave(&queue->lock, flags);
	forgotten = test_bit(PGNL_PROC_DEAD, &proc->flags) &&
		    !atomic_read(&proc->pn->nr_dead);
	spin_unlock_irqrestore(&queue->lock, flags);
	return forgotten;
}
