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
 * struct pid stays with a process over exec, also when another thread than
 * the leader execs, and is never reused while it is referenced. That is why
 * it is the key, and not a number or a task.
 */
#include <linux/jiffies.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "exit.h"
#include "table.h"
#include "trace.h"

/**
 * pgnl_exit_pid_is_dead() - Has a process ended?
 * @pid: a thread group
 *
 * A process is dead when its last thread has passed the point of no return
 * in do_exit(). exit_state would come later, and a reader without
 * tasklist_lock can meet the old leader of an exec in it.
 *
 * Return: true when it has ended or is past saving, or is none.
 */
bool pgnl_exit_pid_is_dead(struct pid *pid)
{
	struct task_struct *task;
	bool dead;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	dead = !task || !atomic_read(&task->signal->live);
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
 * pgnl_exit_is_dead() - Has a process ended?
 * @proc: the process
 *
 * True from some time before the parent can know on. No lock needed.
 *
 * Return: true when it has ended or is past saving.
 */
bool pgnl_exit_is_dead(const struct pgnl_proc *proc)
{
	return test_bit(PGNL_PROC_DEAD, &proc->flags) || pgnl_exit_pid_is_dead(proc->pid);
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
	queue_delayed_work(pgnl_wq, &pn->reap, reap_delay(pn));
}

/* Mark for all readers at once; true for the first to do so. */
static bool mark_dead(struct pgnl_proc *proc)
{
	if (test_and_set_bit(PGNL_PROC_DEAD, &proc->flags))
		return false;
	atomic64_inc(&proc->pn->deaths);
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

	if (pgnl_exit_pid_is_dead(proc->pid) && mark_dead(proc))
		queue_for_reaping(proc);
	return 0;
}

/**
 * pgnl_exit_watch() - Begin to watch for the end of a process.
 * @proc: the process, with its pid set; not watched yet
 *
 * An end before this has woken nobody, so the caller asks pgnl_exit_is_dead()
 * after it. Waking takes the queue's lock after live has become 0: either the
 * callback runs or the caller sees it, or both.
 */
void pgnl_exit_watch(struct pgnl_proc *proc)
{
	init_waitqueue_func_entry(&proc->watch, exit_callback);
	add_wait_queue_priority(&proc->pid->wait_pidfd, &proc->watch);
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

/**
 * pgnl_exit_requeue_locked() - Have a dead process reaped.
 * @proc: a process that is dead by pgnl_exit_is_dead()
 *
 * For an end that has not woken the queue: the last thread of a traced process
 * can be gone for long before its tracer lets the others know.
 */
void pgnl_exit_requeue_locked(struct pgnl_proc *proc)
{
	pgnl_assert_locked(proc->pn);
	mark_dead(proc);
	queue_for_reaping(proc);
}
