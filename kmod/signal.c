// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals to the members of a group.
 *
 * First the processes are gathered under the lock, by reference, then each is
 * signalled without it: to the process, not to a number, so one that got the
 * pid of a member meanwhile is never hit. Only the requester itself signals,
 * under its own credentials, since it is the kernel's check of kill(2) that
 * decides for each.
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "exit.h"
#include "group.h"
#include "member.h"
#include "perm.h"
#include "proc.h"
#include "signal.h"
#include "table.h"

/**
 * struct pgnl_crowd - Processes to act on.
 * @n: how many
 * @room: how many may be
 * @pids: the processes, counted
 */
struct pgnl_crowd {
	u32 n;
	u32 room;
	struct pid *pids[];
};

/**
 * pgnl_crowd_new() - Make a crowd of nobody.
 * @room: how many it may have
 *
 * Return: the crowd, or NULL.
 */
struct pgnl_crowd *pgnl_crowd_new(u32 room)
{
	struct pgnl_crowd *crowd;

	crowd = kvmalloc(struct_size(crowd, pids, room), GFP_KERNEL_ACCOUNT);
	if (crowd) {
		crowd->n = 0;
		crowd->room = room;
	}
	return crowd;
}

/**
 * pgnl_crowd_free() - Let a crowd go.
 * @crowd: the crowd or NULL
 */
void pgnl_crowd_free(struct pgnl_crowd *crowd)
{
	u32 i;

	for (i = 0; crowd && i < crowd->n; i++)
		put_pid(crowd->pids[i]);
	kvfree(crowd);
}

static void add_locked(struct pgnl_crowd *crowd, struct pgnl_member *member,
		       const struct pgnl_signal *signal)
{
	const struct pgnl_pick *pick = &signal->pick;
	struct pid *pid = member->proc->pid;

	if (!pgnl_member_is_seen(member) || crowd->n == crowd->room ||
	    (pick->by_uid && !uid_eq(member->uid, pick->uid)) ||
	    (signal->others && pid == task_tgid(current)))
		return;
	crowd->pids[crowd->n++] = get_pid(pid);
}

static int find_group_locked(const struct pgnl_caller *who,
			     struct pgnl_scope *scope,
			     const struct pgnl_name *name,
			     struct pgnl_group **group)
{
	*group = pgnl_group_find(scope, name);
	if (!*group || !pgnl_group_is_seen(*group))
		return -ENOENT;
	return pgnl_perm_group(who, *group, PGNL_MAY_ACT) ? 0 : -EACCES;
}

/*
 * Everybody at one moment, so that nobody gets it twice or not at all because
 * rows move; hence without letting the lock go.
 */
static void add_all_locked(struct pgnl_crowd *crowd, struct pgnl_group *group,
			   const struct pgnl_signal *signal)
{
	struct pgnl_member *member;
	unsigned long index;

	xa_for_each(&group->rows, index, member) {
		add_locked(crowd, member, signal);
		cond_resched();
	}
}

static int add_one_locked(struct pgnl_crowd *crowd, struct pgnl_group *group,
			  const struct pgnl_signal *signal)
{
	struct pgnl_member *member = pgnl_pick_locked(group, &signal->pick);

	if (IS_ERR(member))
		return PTR_ERR(member);
	if (!member)
		return -ENODATA;
	crowd->pids[crowd->n++] = get_pid(member->proc->pid);
	return 0;
}

/**
 * pgnl_crowd_all() - Gather the members of a group, or the one to pick.
 * @who: the caller
 * @scope: the scope
 * @name: the group
 * @signal: to whom
 *
 * Return: the crowd, or an ERR_PTR(): -ENOENT, -EACCES, -ENODATA, -EBUSY,
 * -ENOMEM.
 */
struct pgnl_crowd *pgnl_crowd_all(const struct pgnl_caller *who,
				  struct pgnl_scope *scope,
				  const struct pgnl_name *name,
				  const struct pgnl_signal *signal)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_crowd *crowd = NULL;
	struct pgnl_group *group;
	u32 room = 1;
	int err;

	do {
		pgnl_crowd_free(crowd);
		crowd = pgnl_crowd_new(room);
		if (!crowd)
			return ERR_PTR(-ENOMEM);
		mutex_lock(&pn->lock);
		err = find_group_locked(who, scope, name, &group);
		if (!err && signal->one)
			err = add_one_locked(crowd, group, signal);
		else if (!err && group->nr_rows <= crowd->room)
			add_all_locked(crowd, group, signal);
		else if (!err)
			err = -EAGAIN;
		/* Some more than now, for those that come meanwhile. */
		if (err == -EAGAIN)
			room = group->nr_rows + group->nr_rows / 8 + 8;
		mutex_unlock(&pn->lock);
	} while (err == -EAGAIN);
	if (err) {
		pgnl_crowd_free(crowd);
		return ERR_PTR(err);
	}
	return crowd;
}

/**
 * pgnl_crowd_add_id() - Gather a member by its id.
 * @crowd: a crowd with room
 * @who: the caller
 * @scope: the scope
 * @name: the group
 * @signal: to whom
 * @id: the id; one that is not in the group adds nobody
 *
 * Return: 0, -ENOENT for a missing group, -EACCES.
 */
int pgnl_crowd_add_id(struct pgnl_crowd *crowd, const struct pgnl_caller *who,
		      struct pgnl_scope *scope, const struct pgnl_name *name,
		      const struct pgnl_signal *signal, u64 id)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_member *member = NULL;
	struct pgnl_group *group;
	struct pgnl_proc *proc;
	int err;

	mutex_lock(&pn->lock);
	err = find_group_locked(who, scope, name, &group);
	if (!err) {
		proc = pgnl_proc_find_id_locked(pn, id);
		if (proc)
			member = pgnl_member_find_locked(group, proc);
		if (member)
			add_locked(crowd, member, signal);
	}
	mutex_unlock(&pn->lock);
	return err;
}

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
 * pgnl_crowd_signal() - Signal everybody gathered, in the requester's context.
 * @crowd: whom
 * @who: the caller
 * @signal: what
 * @tally: what became of it
 */
void pgnl_crowd_signal(struct pgnl_crowd *crowd, const struct pgnl_caller *who,
		       const struct pgnl_signal *signal,
		       struct pgnl_tally *tally)
{
	u32 i;
	int err;

	for (i = 0; i < crowd->n; i++) {
		err = signal_one(crowd->pids[i], who, signal);
		if (!err)
			tally->reached++;
		else if (err == -ESRCH)
			tally->gone++;
		else
			tally->refused++;
		cond_resched();
	}
}
