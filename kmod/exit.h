/* SPDX-License-Identifier: GPL-2.0-only */
/* How the end of a process is learned. */
#ifndef _PGNL_EXIT_H
#define _PGNL_EXIT_H

#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/types.h>

#include "table.h"

void pgnl_exit_suspect(const struct pgnl_proc *proc);
void pgnl_exit_examine_locked(struct pgnl_net *pn);
bool pgnl_exit_pid_is_dead(struct pid *pid);
bool pgnl_exit_pid_is_thread(struct pid *pid);
bool pgnl_exit_is_dead(const struct pgnl_proc *proc);
bool __must_check pgnl_exit_watch(struct pgnl_proc *proc);
void pgnl_exit_unwatch(struct pgnl_proc *proc);
struct pgnl_proc *pgnl_exit_find(const struct pgnl_net *pn, struct pid *pid);
void pgnl_exit_requeue_locked(struct pgnl_proc *proc);
bool pgnl_exit_is_forgotten(const struct pgnl_proc *proc);

/* As pid_task(), in line since each row that is read and joined asks. */
static inline struct task_struct *pgnl_exit_task_rcu(struct pid *pid)
{
	return hlist_entry_safe(rcu_dereference(hlist_first_rcu(&pid->tasks[PIDTYPE_TGID])),
				struct task_struct, pid_links[PIDTYPE_TGID]);
}

/**
 * pgnl_exit_pid_is_dead_rcu() - Has a process ended?
 * @pid: a thread group
 *
 * A process is dead when its last thread has passed the point of no return
 * in do_exit(). exit_state would come later, and a reader without
 * tasklist_lock can meet the old leader of an exec in it.
 *
 * Return: true when it has ended or is past saving, or is none.
 */
static inline bool pgnl_exit_pid_is_dead_rcu(struct pid *pid)
{
	struct task_struct *task = pgnl_exit_task_rcu(pid);

	return !task || !atomic_read(&task->signal->live);
}

/**
 * pgnl_exit_is_dead_rcu() - Has a process ended?
 * @proc: the process
 *
 * True from some time before the parent can know on. One whose end nobody has
 * told yet is looked at later.
 *
 * Return: true when it has ended or is past saving.
 */
static inline bool pgnl_exit_is_dead_rcu(const struct pgnl_proc *proc)
{
	if (likely(!pgnl_exit_pid_is_dead_rcu(proc->pid)))
		return false;
	if (!test_bit(PGNL_PROC_DEAD, &proc->flags))
		pgnl_exit_suspect(proc);
	return true;
}

/**
 * pgnl_exit_is_watched() - Does anybody watch a process?
 * @pid: the process
 *
 * What the tables of a namespace have there comes and goes under their lock,
 * so whoever holds that knows from false that they have nothing.
 *
 * Return: true when somebody does, here or elsewhere.
 */
static inline bool pgnl_exit_is_watched(struct pid *pid)
{
	/* No barrier: nobody is about to wake it, see above. */
	return waitqueue_active(&pid->wait_pidfd);
}

#endif /* _PGNL_EXIT_H */
