// SPDX-License-Identifier: GPL-2.0-only
/*
 * Joins and leaves of many processes and groups, all or nothing.
 *
 * 1. Without the lock: resolve processes, check the right to act on them,
 *    allocate whatever may be needed.
 * 2. Pin groups, processes and rows, making those that are missing. Rows that
 *    are new have a count of 0, so readers do not see them. The lock is let
 *    go every PGNL_LOCK_ROWS. Anything can still be refused here.
 * 3. Commit: change the counts, in one go. This cannot fail half-way.
 * 4. Unpin, the lock let go again now and then; what has no use is removed.
 *
 * A process that ends after step 2 is no reason to refuse: its rows are taken
 * out the ordinary way, or stay without a count when it ends before step 3.
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "batch.h"
#include "exit.h"
#include "group.h"
#include "member.h"
#include "perm.h"
#include "proc.h"
#include "table.h"

/* @spare is made in step 1 and used in step 2 when there is none yet. */
struct batch_group {
	struct pgnl_name name;
	struct pgnl_group *group;
	struct pgnl_group *spare;
};

struct batch_target {
	struct pid *pid;
	u64 id;
	kuid_t uid;
	u32 index;
	struct pgnl_proc *proc;
	struct pgnl_proc *spare;
};

struct batch_row {
	struct pgnl_member *member;
	struct pgnl_member *spare;
};

struct pgnl_batch {
	const struct pgnl_caller *who;
	struct pgnl_net *pn;
	struct pgnl_scope *scope;
	struct pgnl_fault *fault;
	u32 nr_groups;
	u32 nr_targets;
	u32 nr_rows;
	u32 work;
	bool joining;
	bool required;
	struct batch_group *groups;
	struct batch_target *targets;
	struct batch_row rows[];
};

/* Step 1 */

/**
 * pgnl_batch_new() - Begin a request.
 * @who: the caller
 * @scope: the scope, referenced by the caller
 * @nr_groups: how many groups will be added
 * @nr_targets: how many processes will be added; with @nr_groups it makes at
 *	most PGNL_ROWS_MAX rows
 * @fault: what to blame for errors, here and later
 *
 * Return: a request to fill, or NULL.
 */
struct pgnl_batch *pgnl_batch_new(const struct pgnl_caller *who,
				  struct pgnl_scope *scope, u32 nr_groups,
				  u32 nr_targets, struct pgnl_fault *fault)
{
	size_t rows = (size_t)nr_groups * nr_targets;
	struct pgnl_batch *batch;
	size_t size;

	size = struct_size(batch, rows, rows) +
	       nr_groups * sizeof(*batch->groups) +
	       nr_targets * sizeof(*batch->targets);
	/* It lives for the request only; charging a small one costs more. */
	batch = kvzalloc(size, size > PAGE_SIZE ? GFP_KERNEL_ACCOUNT :
						  GFP_KERNEL);
	if (!batch)
		return NULL;
	batch->who = who;
	batch->pn = scope->pn;
	batch->scope = scope;
	batch->fault = fault;
	batch->nr_rows = rows;
	batch->groups = (void *)&batch->rows[rows];
	batch->targets = (void *)&batch->groups[nr_groups];
	return batch;
}

/**
 * pgnl_batch_free() - End a request.
 * @batch: the request, carried out or not
 */
void pgnl_batch_free(struct pgnl_batch *batch)
{
	u32 i;

	for (i = 0; i < batch->nr_groups; i++)
		if (batch->groups[i].spare)
			pgnl_group_free(batch->groups[i].spare);
	for (i = 0; i < batch->nr_targets; i++) {
		if (batch->targets[i].spare)
			pgnl_proc_free(batch->targets[i].spare);
		put_pid(batch->targets[i].pid);
	}
	for (i = 0; i < batch->nr_rows; i++)
		pgnl_member_free_new(batch->rows[i].spare);
	kvfree(batch);
}

/**
 * pgnl_batch_add_group() - Name a group.
 * @batch: the request
 * @name: the name, checked; its bytes must stay
 */
void pgnl_batch_add_group(struct pgnl_batch *batch,
			  const struct pgnl_name *name)
{
	batch->groups[batch->nr_groups++].name = *name;
}

static int blame(struct pgnl_batch *batch, enum pgnl_cause cause, u16 attr,
		 u32 index, int err)
{
	batch->fault->cause = cause;
	batch->fault->attr = attr;
	batch->fault->index = index;
	return err;
}

/* Takes over the reference to @pid. */
static int add_target(struct pgnl_batch *batch, struct pid *pid, u16 attr,
		      u32 index)
{
	struct batch_target *target = &batch->targets[batch->nr_targets++];
	struct task_struct *task;
	int err;

	target->pid = pid;
	target->index = index;
	if (pgnl_exit_pid_is_thread(pid))
		return blame(batch, PGNL_CAUSE_THREAD, attr, index, -EINVAL);

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task)
		target->uid = task_uid(task);
	rcu_read_unlock();
	if (!task)
		return blame(batch, PGNL_CAUSE_DEAD, attr, index, -ESRCH);

	err = pgnl_perm_target(batch->who, pid);
	if (err == -ESRCH)
		return blame(batch, PGNL_CAUSE_DEAD, attr, index, -ESRCH);
	if (err)
		return blame(batch, PGNL_CAUSE_KILL_RULE, attr, index, err);
	cond_resched();
	return 0;
}

/**
 * pgnl_batch_add_self() - Name the sender of the request.
 * @batch: the request
 *
 * Return: 0, or -EPERM when the opener of the socket may not signal it.
 */
int pgnl_batch_add_self(struct pgnl_batch *batch)
{
	return add_target(batch, get_pid(task_tgid(current)), PGNL_A_SELF, 0);
}

/**
 * pgnl_batch_add_pid() - Name a process by its pid.
 * @batch: the request
 * @nr: the pid in the pid namespace of the sender
 * @index: place in the list of pids, for errors
 *
 * Return: 0, -ESRCH, -EINVAL for a thread, -EPERM.
 */
int pgnl_batch_add_pid(struct pgnl_batch *batch, u32 nr, u32 index)
{
	struct pid *pid = nr <= INT_MAX ? find_get_pid(nr) : NULL;

	if (!pid)
		return blame(batch, PGNL_CAUSE_DEAD, PGNL_A_PID, index, -ESRCH);
	return add_target(batch, pid, PGNL_A_PID, index);
}

/**
 * pgnl_batch_add_id() - Name a process by its member id.
 * @batch: the request
 * @id: the id; one that is no member's stands for a process in no group
 * @index: place in the list of ids, for errors
 *
 * Return: 0 or -EPERM.
 */
int pgnl_batch_add_id(struct pgnl_batch *batch, u64 id, u32 index)
{
	struct batch_target *target = &batch->targets[batch->nr_targets];
	struct pid *pid = pgnl_proc_pid_of_id(batch->pn, id);

	target->id = id;
	if (!pid) {
		batch->nr_targets++;
		return 0;
	}
	return add_target(batch, pid, PGNL_A_ID, index);
}

/*
 * Make what a join may need. Mostly groups and processes are there already,
 * so the first try only makes what it does not find; that can change until
 * the lock is taken, and then the second try makes everything.
 */
static int make_spares(struct pgnl_batch *batch, bool all)
{
	struct batch_target *target;
	struct batch_group *group;
	struct pgnl_proc *proc;
	u32 i;

	for (i = 0; i < batch->nr_groups; i++) {
		group = &batch->groups[i];
		if (group->spare || (!all && pgnl_group_find(batch->scope,
							     &group->name)))
			continue;
		group->spare = pgnl_group_new(batch->scope, &group->name);
		if (!group->spare)
			return -ENOMEM;
	}
	for (i = 0; i < batch->nr_targets; i++) {
		target = &batch->targets[i];
		if (target->spare ||
		    (!all && pgnl_proc_find(batch->pn, target->pid)))
			continue;
		proc = pgnl_proc_new(batch->pn, target->pid);
		if (PTR_ERR(proc) == -ESRCH)
			return blame(batch, PGNL_CAUSE_DEAD, PGNL_A_PID,
				     target->index, -ESRCH);
		if (IS_ERR(proc))
			return PTR_ERR(proc);
		target->spare = proc;
	}
	for (i = 0; i < batch->nr_rows; i++) {
		if (batch->rows[i].spare)
			continue;
		batch->rows[i].spare = pgnl_member_new();
		if (!batch->rows[i].spare)
			return -ENOMEM;
	}
	return 0;
}

/* Steps 2 to 4, lock held */

static void breathe_locked(struct pgnl_batch *batch)
{
	batch->work++;
	pgnl_table_breathe_locked(batch->pn, &batch->work);
}

/* -EAGAIN: a spare is needed and there is none. */
static int pin_group_locked(struct pgnl_batch *batch, struct batch_group *g)
{
	u32 index = g - batch->groups;
	int err;

	if (batch->scope->dead)
		return blame(batch, PGNL_CAUSE_SCOPE_GONE, PGNL_A_SCOPE, 0,
			     -ENOENT);
	g->group = pgnl_group_find(batch->scope, &g->name);
	if (batch->required && (!g->group || !pgnl_group_is_seen(g->group))) {
		g->group = NULL;
		return blame(batch, PGNL_CAUSE_NO_GROUP, PGNL_A_GROUP, index,
			     -ENOENT);
	}
	if (g->group) {
		if (!pgnl_perm_group(batch->who, g->group, PGNL_MAY_WRITE)) {
			g->group = NULL;
			return blame(batch, PGNL_CAUSE_GROUP_MODE, PGNL_A_GROUP,
				     index, -EACCES);
		}
		pgnl_group_get_locked(g->group);
		return 0;
	}
	if (!batch->joining)
		return 0;
	if (!g->spare)
		return -EAGAIN;
	batch->fault->attr = PGNL_A_GROUP;
	batch->fault->index = index;
	err = pgnl_group_add_locked(g->spare, batch->fault);
	if (!err)
		swap(g->group, g->spare);
	return err;
}

/* -EAGAIN as above; -ESRCH when it has ended. */
static int pin_proc_locked(struct pgnl_batch *batch, struct batch_target *t)
{
	struct pgnl_proc *proc = pgnl_proc_find(batch->pn, t->pid);
	int err;

	/* It may have left everything and come back as another member. */
	if (proc && t->id && proc->id != t->id)
		return 0;
	if (proc && batch->joining && pgnl_exit_is_dead(proc)) {
		pgnl_exit_requeue_locked(proc);
		return -ESRCH;
	}
	if (proc) {
		pgnl_proc_get_locked(proc);
		t->proc = proc;
		return 0;
	}
	if (!batch->joining)
		return 0;
	if (!t->spare)
		return -EAGAIN;
	err = pgnl_proc_add_locked(t->spare);
	if (err)
		return err;
	swap(t->proc, t->spare);
	return pgnl_exit_is_dead(t->proc) ? -ESRCH : 0;
}

static int pin_target_locked(struct pgnl_batch *batch, struct batch_target *t)
{
	int err = t->pid ? pin_proc_locked(batch, t) : 0;

	if (err == -ESRCH) {
		batch->pn->late_joins++;
		blame(batch, PGNL_CAUSE_DEAD, PGNL_A_PID, t->index, err);
	}
	return err;
}

static int pin_row_locked(struct pgnl_batch *batch, struct batch_row *row,
			  struct pgnl_group *group, struct pgnl_proc *proc)
{
	struct pgnl_member *member;
	int err;

	if (!group || !proc)
		return 0;
	if (group->dead && batch->joining)
		return blame(batch, PGNL_CAUSE_GROUP_GONE, PGNL_A_GROUP,
			     (row - batch->rows) / batch->nr_targets, -ENOENT);
	member = pgnl_member_find_locked(group, proc);
	if (member) {
		if (pgnl_member_pin_locked(member))
			return blame(batch, PGNL_CAUSE_BUSY, 0, 0, -EBUSY);
		row->member = member;
		return 0;
	}
	if (!batch->joining)
		return 0;
	batch->fault->attr = 0;
	err = pgnl_member_add_locked(row->spare, group, proc, batch->fault);
	if (!err)
		swap(row->member, row->spare);
	return err;
}

static int pin_locked(struct pgnl_batch *batch)
{
	struct batch_row *row = batch->rows;
	u32 g, t;
	int err;

	for (g = 0; g < batch->nr_groups; g++) {
		err = pin_group_locked(batch, &batch->groups[g]);
		if (err)
			return err;
		breathe_locked(batch);
	}
	for (t = 0; t < batch->nr_targets; t++) {
		err = pin_target_locked(batch, &batch->targets[t]);
		if (err)
			return err;
		breathe_locked(batch);
	}
	for (g = 0; g < batch->nr_groups; g++) {
		for (t = 0; t < batch->nr_targets; t++, row++) {
			err = pin_row_locked(batch, row,
					     batch->groups[g].group,
					     batch->targets[t].proc);
			if (err)
				return err;
			breathe_locked(batch);
		}
	}
	return 0;
}

static void unpin_locked(struct pgnl_batch *batch)
{
	u32 i;

	for (i = 0; i < batch->nr_rows; i++) {
		if (!batch->rows[i].member)
			continue;
		pgnl_member_unpin_locked(batch->rows[i].member);
		batch->rows[i].member = NULL;
		breathe_locked(batch);
	}
	for (i = 0; i < batch->nr_targets; i++) {
		if (!batch->targets[i].proc)
			continue;
		pgnl_proc_put_locked(batch->targets[i].proc);
		batch->targets[i].proc = NULL;
		breathe_locked(batch);
	}
	for (i = 0; i < batch->nr_groups; i++) {
		if (!batch->groups[i].group)
			continue;
		pgnl_group_put_locked(batch->groups[i].group);
		batch->groups[i].group = NULL;
		breathe_locked(batch);
	}
}

/* A request may name a process or a group more than once. */
static void count_repeats_locked(struct pgnl_batch *batch)
{
	u32 i;

	for (i = 0; i < batch->nr_groups; i++)
		batch->groups[i].group->mark = 0;
	for (i = 0; i < batch->nr_groups; i++)
		batch->groups[i].group->mark++;
	for (i = 0; i < batch->nr_targets; i++)
		batch->targets[i].proc->mark = 0;
	for (i = 0; i < batch->nr_targets; i++)
		batch->targets[i].proc->mark++;
}

static int check_commit_locked(struct pgnl_batch *batch, u32 times)
{
	struct pgnl_member *member;
	struct pgnl_group *group;
	u64 more;
	u32 i;

	for (i = 0; i < batch->nr_groups; i++) {
		group = batch->groups[i].group;
		if (group->dead ||
		    (batch->required && !pgnl_group_is_seen(group)))
			return blame(batch, PGNL_CAUSE_GROUP_GONE, PGNL_A_GROUP,
				     i, -ENOENT);
	}
	count_repeats_locked(batch);
	for (i = 0; i < batch->nr_rows; i++) {
		member = batch->rows[i].member;
		more = (u64)times * member->group->mark * member->proc->mark;
		if (more > U32_MAX - member->count)
			return blame(batch, PGNL_CAUSE_OVERFLOW, PGNL_A_TIMES,
				     0, -EOVERFLOW);
	}
	return 0;
}

static void join_rows_locked(struct pgnl_batch *batch, struct batch_row *row,
			     const struct pgnl_join *join)
{
	struct pgnl_group *group = row->member->group;
	struct pgnl_member *member;
	u32 t;

	raw_write_seqcount_begin(&group->seq);
	for (t = 0; t < batch->nr_targets; t++) {
		member = row[t].member;
		/* Once ended it may have been reaped; nobody would do it again. */
		if (test_bit(PGNL_PROC_DEAD, &member->proc->flags))
			continue;
		if (!member->count)
			member->uid = batch->targets[t].uid;
		if (join->weight)
			WRITE_ONCE(member->weight, join->weight);
		if (join->set_meta)
			pgnl_member_set_meta_locked(member, join->meta);
		pgnl_member_join_locked(member, join->times);
	}
	raw_write_seqcount_end(&group->seq);
}

static int commit_join_locked(struct pgnl_batch *batch,
			      const struct pgnl_join *join, void *ids,
			      void *counts)
{
	struct pgnl_member *member;
	u32 i;
	int err;

	err = check_commit_locked(batch, join->times);
	if (err)
		return err;
	for (i = 0; i < batch->nr_groups; i++)
		join_rows_locked(batch, &batch->rows[i * batch->nr_targets],
				 join);
	for (i = 0; i < batch->nr_rows; i++) {
		member = batch->rows[i].member;
		memcpy(ids + i * sizeof(u64), &member->proc->id, sizeof(u64));
		memcpy(counts + i * sizeof(u32), &member->count, sizeof(u32));
	}
	return 0;
}

static u64 leave_rows_locked(struct pgnl_batch *batch, struct batch_row *row,
			     struct pgnl_group *group, u32 times)
{
	u64 removed = 0;
	u32 t;

	raw_write_seqcount_begin(&group->seq);
	for (t = 0; t < batch->nr_targets; t++)
		if (row[t].member)
			removed += pgnl_member_leave_locked(row[t].member,
							    times);
	raw_write_seqcount_end(&group->seq);
	return removed;
}

static void commit_leave_locked(struct pgnl_batch *batch, u32 times,
				void *counts, u32 *removed, bool *missing)
{
	struct pgnl_group *group;
	u64 sum = 0;
	u32 count;
	u32 i;

	for (i = 0; i < batch->nr_groups; i++) {
		group = batch->groups[i].group;
		if (group && pgnl_group_is_seen(group))
			sum += leave_rows_locked(batch,
				&batch->rows[i * batch->nr_targets], group,
				times);
		else
			*missing = true;
	}
	for (i = 0; i < batch->nr_rows; i++) {
		count = batch->rows[i].member ? batch->rows[i].member->count : 0;
		memcpy(counts + i * sizeof(u32), &count, sizeof(u32));
	}
	*removed = min_t(u64, sum, U32_MAX);
}

/**
 * pgnl_batch_join() - Put every process into every group.
 * @batch: the request
 * @join: what else is asked
 * @ids: where to put member ids, a u64 a row, aligned or not
 * @counts: where to put counts, a u32 a row, aligned or not
 *
 * Return: 0, or an error and nothing has changed: -ESRCH, -ENOENT, -EACCES,
 * -EDQUOT, -EOVERFLOW, -EBUSY, -ENOMEM.
 */
int pgnl_batch_join(struct pgnl_batch *batch, const struct pgnl_join *join,
		    void *ids, void *counts)
{
	struct pgnl_net *pn = batch->pn;
	bool all = false, swept = false;
	int err;

	batch->joining = true;
	batch->required = join->required ||
			  batch->scope->mode == PGNL_SCOPE_MODE_PG2;
	if (join->required)
		pgnl_table_settle(pn);
again:
	err = make_spares(batch, all);
	if (err)
		return err;

	batch->work = 0;
	mutex_lock(&pn->lock);
	err = pin_locked(batch);
	if (!err)
		err = commit_join_locked(batch, join, ids, counts);
	unpin_locked(batch);
	mutex_unlock(&pn->lock);

	if (err == -EAGAIN && !all) {
		all = true;
		goto again;
	}
	if (err == -EDQUOT && !swept) {
		pgnl_proc_sweep(pn);
		swept = true;
		all = true;
		goto again;
	}
	return err;
}

/**
 * pgnl_batch_leave() - Take every process out of every group.
 * @batch: the request
 * @times: how many times at most
 * @counts: where to put the counts that are left, a u32 a row
 * @removed: how many joins were taken back in all, U32_MAX if more than fit
 * @missing: whether a group is missing
 *
 * Return: 0, or an error and nothing has changed: -ENOENT, -EACCES, -EBUSY.
 */
int pgnl_batch_leave(struct pgnl_batch *batch, u32 times, void *counts,
		     u32 *removed, bool *missing)
{
	struct pgnl_net *pn = batch->pn;
	int err;

	batch->required = batch->scope->mode == PGNL_SCOPE_MODE_PG2;
	*removed = 0;
	*missing = false;
	mutex_lock(&pn->lock);
	err = pin_locked(batch);
	if (!err)
		commit_leave_locked(batch, times, counts, removed, missing);
	unpin_locked(batch);
	mutex_unlock(&pn->lock);
	return err;
}
