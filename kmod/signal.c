// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals to the members of a group. Only the requester itself signals, under
 * its own credentials, since it is the kernel's check of kill(2) that decides
 * for each; the agent, for somebody on another node, under those of its uid.
 */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>

#include "crowd.h"
#include "exit.h"
#include "perm.h"
#include "signal.h"

/*
 * To whom of a process to queue a value. The kernel lets modules queue one to a
 * thread only, so to one that takes it; a leader may have ended before others.
 */
static struct task_struct *get_thread(struct pid *pid, int nr)
{
	struct task_struct *leader, *thread, *best = NULL;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	if (!leader)
		goto out;
	for_each_thread(leader, thread) {
		if (thread->flags & PF_EXITING)
			continue;
		if (!sigismember(&thread->blocked, nr)) {
			best = thread;
			break;
		}
		best = best ?: thread;
	}
	if (best)
		get_task_struct(best);
out:
	rcu_read_unlock();
	return best;
}

/* As sigqueue(3) from the requester; its right to has been checked. */
static int queue_value(struct pid *pid, const struct pgnl_signal *signal)
{
	struct kernel_siginfo info;
	struct task_struct *task;
	int err;

	clear_siginfo(&info);
	info.si_signo = signal->nr;
	info.si_code = SI_QUEUE;
	info.si_pid = pid_nr_ns(task_tgid(current), ns_of_pid(pid));
	info.si_uid = from_kuid_munged(current_user_ns(), current_uid());
	info.si_value.sival_ptr = (void __user *)(unsigned long)signal->value;

	task = get_thread(pid, signal->nr);
	if (!task)
		return -ESRCH;
	err = send_sig_info(signal->nr, &info, task);
	put_task_struct(task);
	return err;
}

static int signal_one(struct pid *pid, const struct pgnl_caller *who,
		      const struct pgnl_signal *signal)
{
	int err;

	/* kill(2) takes a zombie for reached. */
	if (pgnl_exit_pid_is_dead(pid))
		return -ESRCH;
	/* To signal itself is everybody's right, and here that is the agent. */
	if (signal->far && pid == task_tgid(current))
		return -EPERM;
	/* It can't name who is outside of the sender's pid namespace. */
	if (!pid_nr_ns(pid, task_active_pid_ns(current)))
		return -EPERM;
	/* kill_pid() checks for itself, but only for the sender. */
	if (!signal->nr || signal->queued || who->opener != who->cred) {
		err = pgnl_perm_target(who, pid);
		if (err || !signal->nr)
			return err;
	}
	return signal->queued ? queue_value(pid, signal) :
				kill_pid(pid, signal->nr, 0);
}

/**
 * pgnl_signal_crowd() - Signal everybody gathered, in the requester's context.
 * @crowd: whom
 * @who: the caller
 * @signal: what
 * @tally: what became of it
 */
void pgnl_signal_crowd(const struct pgnl_crowd *crowd,
		       const struct pgnl_caller *who,
		       const struct pgnl_signal *signal,
		       struct pgnl_tally *tally)
{
	u32 i;
	int err;

	for (i = 0; i < crowd->n; i++) {
		err = signal_one(crowd->at[i].pid, who, signal);
		if (!err)
			tally->reached++;
		else if (err == -ESRCH)
			tally->gone++;
		else
			tally->refused++;
		cond_resched();
	}
}
