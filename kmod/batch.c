// SPDX-License-Identifier: GPL-2.0-only
/*
 * Joins and leaves of many processes and groups, all or nothing.
 *
 * 1. Without the lock: resolve processes and check the right to act on them. A
 *    join watches and pins them as it goes, a few under each hold of the lock.
 * 2. Allocate whatever may be needed, pin groups and rows, making those that
 *    are missing. Rows that are new have a count of 0, so readers do not see
 *    them. The lock is let go every PGNL_LOCK_ROWS. Anything can still be
 *    refused here.
 * 3. Commit: change the counts, in one go. This cannot fail half-way.
 * 4. Unpin, the lock let go again now and then; what has no use is removed.
 *
 * In an exclusive scope a join is a registration: name.c has a say in 3.
 *
 * A process that ends after it is pinned is no reason to refuse: its rows are taken
 * out the ordinary way, or stay without a count when it ends before step 3.
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "batch.h"
#include "event.h"
#include "exit.h"
#include "group.h"
#include "member.h"
#include "name.h"
#include "perm.h"
#include "proc.h"
#include "scope.h"
#include "table.h"
#include "user.h"
#include "view.h"

/* How many processes are made and watched together. */
#define AT_ONCE	32

/* How often one is looked at that changes its credentials meanwhile. */
#define CRED_TRIES	64

/*
 * @spare is made in step 2 when there is no such group, which the first look
 * under the lock tells by @missing.
 */
struct batch_group {
	struct pgnl_name name;
	struct pgnl_group *group;
	struct pgnl_group *spare;
	bool missing;
};

/*
 * There may be thousands, so there is nothing in it that is not needed. All that
 * it points to is counted, and a new process object takes @pid and @user over.
 */
struct batch_target {
	union {
		struct pid *pid;	/* not pinned yet */
		struct pgnl_proc *proc;	/* pinned, or NULL */
	};
	union {
		struct pgnl_user *user;	/* who joins, not pinned yet; or NULL */
		u64 id;			/* who leaves, if it is named by that */
	};
	kuid_t uid;
	u16 index;
	u16 attr;
};

static_assert(PGNL_ROWS_MAX <= U16_MAX);
static_assert(sizeof(struct pgnl_member *) + sizeof(struct batch_group) +
	      sizeof(struct batch_target) <= PGNL_BATCH_SMALL);

/**
 * pgnl_batch_begin() - Begin a request.
 * @batch: the request
 * @who: the caller
 * @scope: the scope, referenced by the caller
 * @joining: it will be pgnl_batch_join()
 * @nr_groups: how many groups will be added
 * @nr_targets: how many processes will be added; with @nr_groups it makes at
 *	most PGNL_ROWS_MAX rows
 * @fault: what to blame for errors, here and later
 *
 * Return: 0 and the request is to be filled, or -ENOMEM.
 */
int pgnl_batch_begin(struct pgnl_batch *batch, const struct pgnl_caller *who,
		     struct pgnl_scope *scope, bool joining, u32 nr_groups,
		     u32 nr_targets, struct pgnl_fault *fault)
{
	size_t rows = (size_t)nr_groups * nr_targets, size;

	size = rows * sizeof(*batch->rows) + nr_groups * sizeof(*batch->groups) +
	       nr_targets * sizeof(*batch->targets);
	memset(batch, 0, sizeof(*batch));
	batch->lists = batch->small;
	/* It lives for the request only; charging a small one costs more. */
	if (size > sizeof(batch->small))
		batch->lists = kvzalloc(size, size > PAGE_SIZE ?
					GFP_KERNEL_ACCOUNT : GFP_KERNEL);
	if (!batch->lists)
		return -ENOMEM;
	batch->who = who;
	batch->pn = scope->pn;
	batch->scope = scope;
	batch->fault = fault;
	batch->joining = joining;
	batch->nr_rows = rows;
	batch->rows = batch->lists;
	batch->groups = (void *)&batch->rows[rows];
	batch->targets = (void *)&batch->groups[nr_groups];
	return 0;
}

/* Steps 2 and 4, lock held */

static void breathe_locked(struct pgnl_batch *batch)
{
	if (unlikely(++batch->work >= PGNL_LOCK_ROWS))
		pgnl_table_breathe_locked(batch->pn, &batch->work);
}

static void unpin_targets_locked(struct pgnl_batch *batch)
{
	u32 i;

	batch->unpinned = true;
	for (i = 0; i < batch->nr_pinned; i++) {
		if (!batch->targets[i].proc)
			continue;
		pgnl_proc_put_locked(batch->targets[i].proc);
		batch->targets[i].proc = NULL;
		breathe_locked(batch);
	}
}

static void unpin_rows_locked(struct pgnl_batch *batch)
{
	u32 i;

	if (batch->displaced)
		pgnl_member_unpin_locked(batch->displaced);
	batch->displaced = NULL;
	for (i = 0; i < batch->nr_rows; i++) {
		if (!batch->rows[i])
			continue;
		pgnl_member_unpin_locked(batch->rows[i]);
		batch->rows[i] = NULL;
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

/* What @target has before it is pinned. */
static void drop_unpinned(struct pgnl_batch *batch, struct batch_target *target)
{
	if (batch->joining)
		pgnl_user_put(target->user);
	put_pid(target->pid);
}

/**
 * pgnl_batch_end() - End a request.
 * @batch: the request, carried out or not
 */
void pgnl_batch_end(struct pgnl_batch *batch)
{
	u32 i;

	/* What was refused before it came to the groups. */
	if (batch->nr_pinned && !batch->unpinned) {
		mutex_lock(&batch->pn->lock);
		unpin_targets_locked(batch);
		mutex_unlock(&batch->pn->lock);
	}
	for (i = 0; i < batch->nr_groups; i++)
		if (batch->groups[i].spare)
			pgnl_group_free(batch->groups[i].spare);
	for (i = batch->nr_pinned; i < batch->nr_targets; i++)
		drop_unpinned(batch, &batch->targets[i]);
	pgnl_member_free_blank(&batch->spares);
	if (batch->lists != batch->small)
		kvfree(batch->lists);
}

/* Step 1 */

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

static int blame_dead(struct pgnl_batch *batch, const struct batch_target *t)
{
	return blame(batch, PGNL_CAUSE_DEAD, t->attr, t->index, -ESRCH);
}

/* -EAGAIN: there is no blank object left to make one of. */
static int pin_target_locked(struct pgnl_batch *batch, struct batch_target *t,
			     struct pgnl_proc **blank, u32 *nr_blank)
{
	struct pgnl_proc *proc = pgnl_proc_find(batch->pn, t->pid);
	int err;

	if (proc) {
		pgnl_proc_get_locked(proc);
		drop_unpinned(batch, t);
		t->proc = proc;
		batch->user = proc->user;
		batch->nr_firsts += !proc->first.group;
		return 0;
	}
	if (!*nr_blank)
		return -EAGAIN;
	proc = blank[--*nr_blank];
	pgnl_proc_fill(proc, batch->pn, t->pid, t->user);
	t->pid = NULL;
	t->user = NULL;
	err = pgnl_proc_add_locked(proc);
	if (!err) {
		t->proc = proc;
		batch->nr_firsts++;
		return 0;
	}
	pgnl_proc_free(proc);
	if (err == -EBUSY)
		blame(batch, PGNL_CAUSE_WATCHERS, t->attr, t->index, err);
	return err;
}

/* -EAGAIN as above. Each is looked at after it is watched, see pgnl_exit_watch(). */
static int pin_targets_locked(struct pgnl_batch *batch,
			      struct pgnl_proc **blank, u32 *nr_blank)
{
	struct batch_target *t;
	int err = 0;

	rcu_read_lock();
	while (!err && batch->nr_pinned < batch->nr_targets) {
		t = &batch->targets[batch->nr_pinned];
		err = pin_target_locked(batch, t, blank, nr_blank);
		if (err)
			break;
		batch->nr_pinned++;
		if (unlikely(pgnl_exit_is_dead_rcu(t->proc))) {
			pgnl_exit_requeue_locked(t->proc);
			batch->pn->late_joins++;
			err = blame_dead(batch, t);
		}
	}
	rcu_read_unlock();
	return err;
}

/*
 * Pin the processes that were added since the last time. Some at a time: what
 * is known of a process is needed again soon, not after all others.
 */
static int pin_targets(struct pgnl_batch *batch)
{
	struct pgnl_proc *blank[AT_ONCE];
	u32 nr_blank = batch->nr_fresh;
	int err;

	batch->nr_fresh = 0;
	for (;;) {
		if (nr_blank && !pgnl_proc_alloc(blank, nr_blank))
			return -ENOMEM;
		mutex_lock(&batch->pn->lock);
		err = pin_targets_locked(batch, blank, &nr_blank);
		mutex_unlock(&batch->pn->lock);
		pgnl_proc_free_blank(blank, nr_blank);
		if (err != -EAGAIN)
			return err;
		/* Somebody has left everything meanwhile. Others may, too. */
		nr_blank = batch->nr_targets - batch->nr_pinned;
	}
}

static bool note_task_rcu(struct pgnl_batch *batch, struct batch_target *t)
{
	if (!pgnl_exit_task_rcu(t->pid))
		return false;
	if (batch->joining)
		batch->nr_fresh += !pgnl_proc_find(batch->pn, t->pid);
	return true;
}

static int refuse_target(struct pgnl_batch *batch, struct batch_target *t)
{
	if (t->pid && pgnl_exit_pid_is_thread(t->pid))
		return blame(batch, PGNL_CAUSE_THREAD, t->attr, t->index,
			     -EINVAL);
	return blame_dead(batch, t);
}

/*
 * Who it is, as its row will tell, and the right to act on it are of the same
 * credentials: else somebody who waits for a process to give root up could have
 * a row of root's. -EAGAIN: they have changed meanwhile, of the task that kill(2)
 * looks at. In one RCU section no others come to be in the place of those seen.
 */
static int check_cred_rcu(const struct pgnl_batch *batch, struct pid *pid,
			  const struct cred **cred)
{
	struct task_struct *task = pid_task(pid, PIDTYPE_PID);
	int err;

	if (!task)
		return -ESRCH;
	*cred = __task_cred(task);
	err = pgnl_perm_target(batch->who, pid);
	if (err)
		return err;
	task = pid_task(pid, PIDTYPE_PID);
	if (!task || rcu_access_pointer(task->real_cred) != *cred)
		return -EAGAIN;
	return 0;
}

/*
 * Mostly it has the same user as the one before. If not, its credentials are
 * returned, counted, to look the user up.
 */
static const struct cred *note_user_rcu(const struct pgnl_batch *batch,
					struct batch_target *t,
					const struct cred *cred)
{
	t->uid = cred->uid;
	if (!pgnl_user_is(batch->user, cred->user_ns, cred->uid))
		return get_cred_rcu(cred);
	t->user = pgnl_user_hold(batch->user);
	return NULL;
}

static int check_joiner(struct pgnl_batch *batch, struct batch_target *t)
{
	const struct cred *cred, *others = NULL;
	int err;

	rcu_read_lock();
	err = check_cred_rcu(batch, t->pid, &cred);
	if (!err) {
		others = note_user_rcu(batch, t, cred);
		if (!others && !t->user)
			err = -EAGAIN;
	}
	rcu_read_unlock();
	if (err)
		return err;
	if (others) {
		t->user = pgnl_user_get(others->user_ns, others->uid);
		put_cred(others);
		if (!t->user)
			return -ENOMEM;
	}
	/* Borrowed from the target, later from its process. */
	batch->user = t->user;
	return 0;
}

static int check_right(struct pgnl_batch *batch, struct batch_target *t)
{
	u32 tries = 0;
	int err;

	if (!batch->joining)
		return pgnl_perm_target(batch->who, t->pid);
	do {
		err = check_joiner(batch, t);
	} while (err == -EAGAIN && ++tries < CRED_TRIES);
	return err;
}

static int check_target(struct pgnl_batch *batch, struct batch_target *t)
{
	int err = check_right(batch, t);

	switch (err) {
	case 0:
	case -ENOMEM:
		return err;
	case -ESRCH:
		return blame_dead(batch, t);
	case -EAGAIN:
		return blame(batch, PGNL_CAUSE_CREDS, t->attr, t->index, err);
	default:
		return blame(batch, PGNL_CAUSE_KILL_RULE, t->attr, t->index,
			     err);
	}
}

static struct batch_target *next_target(struct pgnl_batch *batch, u16 attr,
					u32 index)
{
	struct batch_target *target = &batch->targets[batch->nr_targets++];

	target->attr = attr;
	target->index = index;
	return target;
}

/* When there are as many as go together. */
static int end_target(struct pgnl_batch *batch)
{
	if (batch->nr_targets % AT_ONCE)
		return 0;
	cond_resched();
	return batch->joining ? pin_targets(batch) : 0;
}

/* For a target with its pid, or NULL if there is none; leaves the section. */
static int add_target_rcu(struct pgnl_batch *batch, struct batch_target *t)
	__releases(RCU)
{
	bool living = t->pid && note_task_rcu(batch, t);
	int err;

	rcu_read_unlock();
	err = living ? check_target(batch, t) : refuse_target(batch, t);
	return err ?: end_target(batch);
}

/* Takes over the reference to @pid. */
static int add_target(struct pgnl_batch *batch, struct batch_target *target,
		      struct pid *pid)
{
	target->pid = pid;
	rcu_read_lock();
	return add_target_rcu(batch, target);
}

/**
 * pgnl_batch_add_self() - Name the sender of the request.
 * @batch: the request
 *
 * Return: 0, -EPERM when the opener of the socket may not signal it, -EAGAIN as
 * below, -ENOMEM.
 */
int pgnl_batch_add_self(struct pgnl_batch *batch)
{
	return add_target(batch, next_target(batch, PGNL_A_SELF, 0),
			  get_pid(task_tgid(current)));
}

/**
 * pgnl_batch_add_pid() - Name a process by its pid.
 * @batch: the request
 * @nr: the pid in the pid namespace of the sender
 * @attr: the attribute that has it, for errors
 * @index: place in the list of pids, likewise
 *
 * Return: 0, -ESRCH, -EINVAL for a thread, -EPERM, -ENOMEM; of a join -EAGAIN
 * when it changes its credentials all the time.
 */
int pgnl_batch_add_pid(struct pgnl_batch *batch, u32 nr, u16 attr, u32 index)
{
	struct batch_target *target = next_target(batch, attr, index);

	rcu_read_lock();
	if (nr <= INT_MAX)
		target->pid = get_pid(find_vpid(nr));
	return add_target_rcu(batch, target);
}

/**
 * pgnl_batch_add_ref() - Name a process that was named before.
 * @batch: the request
 * @pid: the process, a reference that is taken over
 *
 * Return: 0, -ESRCH, -EPERM, -EAGAIN, -ENOMEM.
 */
int pgnl_batch_add_ref(struct pgnl_batch *batch, struct pid *pid)
{
	return add_target(batch, next_target(batch, PGNL_A_PID, 0), pid);
}

/**
 * pgnl_batch_pid() - The only process that was named.
 * @batch: the request, with no more than that, not carried out yet
 *
 * Return: the process, borrowed.
 */
struct pid *pgnl_batch_pid(const struct pgnl_batch *batch)
{
	/* One alone is not pinned before it is carried out. */
	return batch->targets[0].pid;
}

/**
 * pgnl_batch_add_id() - Name a process by its member id.
 * @batch: the request
 * @id: the id; to leave, one that is no member's stands for a process in no group
 * @index: place in the list of ids, for errors
 *
 * Return: 0, -EPERM, or of a join -ESRCH, -EAGAIN, -ENOMEM.
 */
int pgnl_batch_add_id(struct pgnl_batch *batch, u64 id, u32 index)
{
	struct batch_target *target = next_target(batch, PGNL_A_ID, index);
	struct pid *pid = pgnl_proc_pid_of_id(batch->pn, id);

	if (!batch->joining)
		target->id = id;
	if (pid)
		return add_target(batch, target, pid);
	return batch->joining ? blame_dead(batch, target) : end_target(batch);
}

/* Step 2 */

/*
 * Make what a join may need. Mostly the groups are there already, and the first
 * row of a process is a part of it. So the first try makes little; what it finds
 * can change until the lock is taken, and then a later one makes everything.
 */
static int make_spares(struct pgnl_batch *batch, int tries)
{
	struct batch_group *group;
	u32 i, need = batch->nr_rows;

	if (!batch->rows_short)
		need -= batch->nr_firsts;
	for (i = 0; i < batch->nr_groups; i++) {
		group = &batch->groups[i];
		if (group->spare || (!group->missing && tries < 2))
			continue;
		group->spare = pgnl_group_new(batch->scope, &group->name);
		if (!group->spare)
			return -ENOMEM;
	}
	if (need <= batch->nr_spares)
		return 0;
	if (!pgnl_member_alloc(&batch->spares, need - batch->nr_spares))
		return -ENOMEM;
	batch->nr_spares = need;
	return 0;
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
	g->missing = true;
	if (!g->spare)
		return -EAGAIN;
	batch->fault->attr = PGNL_A_GROUP;
	batch->fault->index = index;
	err = pgnl_group_add_locked(g->spare, batch->fault);
	if (!err)
		swap(g->group, g->spare);
	return err;
}

/* -EAGAIN as above, when all have been looked for. */
static int pin_groups_locked(struct pgnl_batch *batch)
{
	bool missing = false;
	u32 i;
	int err;

	for (i = 0; i < batch->nr_groups; i++) {
		err = pin_group_locked(batch, &batch->groups[i]);
		if (err && err != -EAGAIN)
			return err;
		missing |= err;
		breathe_locked(batch);
	}
	return missing ? -EAGAIN : 0;
}

/* Whom a leave names, as far as it is a member. */
static void find_targets_locked(struct pgnl_batch *batch)
{
	struct batch_target *t;
	struct pgnl_proc *proc;

	for (; batch->nr_pinned < batch->nr_targets; batch->nr_pinned++) {
		t = &batch->targets[batch->nr_pinned];
		proc = t->pid ? pgnl_proc_find(batch->pn, t->pid) : NULL;
		/* It may have left everything and come back as another member. */
		if (proc && t->id && proc->id != t->id)
			proc = NULL;
		if (proc)
			pgnl_proc_get_locked(proc);
		drop_unpinned(batch, t);
		t->proc = proc;
		breathe_locked(batch);
	}
}

static struct pgnl_member *take_spare(struct pgnl_batch *batch)
{
	struct hlist_node *first = batch->spares.first;

	hlist_del(first);
	batch->nr_spares--;
	return hlist_entry(first, struct pgnl_member, in_proc);
}

static void return_spare(struct pgnl_batch *batch, struct pgnl_member *member)
{
	hlist_add_head(&member->in_proc, &batch->spares);
	batch->nr_spares++;
}

/* -EAGAIN as above. */
static int add_row_locked(struct pgnl_batch *batch, u32 row,
			  struct pgnl_group *group, struct pgnl_proc *proc)
{
	bool is_first = !proc->first.group;
	struct pgnl_member *member;
	int err;

	if (!is_first && !batch->nr_spares) {
		batch->rows_short = true;
		return -EAGAIN;
	}
	member = is_first ? &proc->first : take_spare(batch);
	batch->fault->attr = 0;
	err = pgnl_member_add_locked(member, group, proc, batch->fault);
	if (!err)
		batch->rows[row] = member;
	else if (!is_first)
		return_spare(batch, member);
	return err;
}

static int pin_row_locked(struct pgnl_batch *batch, u32 row,
			  struct pgnl_group *group, struct pgnl_proc *proc)
{
	struct pgnl_member *member;

	if (!group || !proc)
		return 0;
	if (group->dead && batch->joining)
		return blame(batch, PGNL_CAUSE_GROUP_GONE, PGNL_A_GROUP,
			     row / batch->nr_targets, -ENOENT);
	/* Mostly it has none. */
	member = proc->nr_rows ? pgnl_member_find_locked(group, proc) : NULL;
	if (!member)
		return batch->joining ?
		       add_row_locked(batch, row, group, proc) : 0;
	if (pgnl_member_pin_locked(member))
		return blame(batch, PGNL_CAUSE_BUSY, 0, 0, -EBUSY);
	batch->rows[row] = member;
	return 0;
}

static int pin_rows_locked(struct pgnl_batch *batch)
{
	u32 g, t, row = 0;
	int err;

	err = pin_groups_locked(batch);
	if (err)
		return err;
	if (!batch->joining)
		find_targets_locked(batch);
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

/* Step 3, lock held */

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

static bool is_exclusive(const struct pgnl_batch *batch)
{
	return batch->scope->flags & PGNL_SCOPE_FLAG_EXCLUSIVE;
}

/* Names have one process each, and only a request for one name replaces. */
static int check_names_locked(struct pgnl_batch *batch,
			      const struct pgnl_join *join)
{
	struct pgnl_member *member;
	u32 i;
	int err;

	for (i = 0; i < batch->nr_groups; i++) {
		member = batch->rows[i];
		if (member->group->mark != 1)
			return blame(batch, PGNL_CAUSE_NOT_ONE, PGNL_A_GROUP, i,
				     -EINVAL);
		/* Whoever holds the name keeps it then. */
		if (test_bit(PGNL_PROC_DEAD, &member->proc->flags))
			return blame(batch, PGNL_CAUSE_DEAD, PGNL_A_PID, 0,
				     -ESRCH);
		blame(batch, PGNL_CAUSE_NONE, PGNL_A_GROUP, i, 0);
		err = pgnl_name_check_locked(batch->who, member, join->claim,
					     &batch->displaced, batch->fault);
		if (err)
			return err;
	}
	return 0;
}

/* Does a count become too large? */
static int check_counts_locked(struct pgnl_batch *batch, u32 times)
{
	/* More than any of them is raised by, however often it is named. */
	u64 most = (u64)times * batch->nr_rows, more;
	struct pgnl_member *member;
	bool exact = false;
	u32 i;

	for (i = 0; i < batch->nr_rows; i++) {
		member = batch->rows[i];
		if (likely(most + member->count <= U32_MAX))
			continue;
		if (!exact)
			count_repeats_locked(batch);
		exact = true;
		more = (u64)times * member->group->mark * member->proc->mark;
		if (more > U32_MAX - member->count)
			return blame(batch, PGNL_CAUSE_OVERFLOW, PGNL_A_TIMES,
				     0, -EOVERFLOW);
	}
	return 0;
}

static int check_commit_locked(struct pgnl_batch *batch,
			       const struct pgnl_join *join)
{
	struct pgnl_group *group;
	u32 i;

	for (i = 0; i < batch->nr_groups; i++) {
		group = batch->groups[i].group;
		if (group->dead ||
		    (batch->required && !pgnl_group_is_seen(group)))
			return blame(batch, PGNL_CAUSE_GROUP_GONE, PGNL_A_GROUP,
				     i, -ENOENT);
	}
	if (!is_exclusive(batch))
		return check_counts_locked(batch, join->times);
	count_repeats_locked(batch);
	return check_names_locked(batch, join);
}

/* A new membership, also where somebody has kept the row of the one before. */
static void begin_again_locked(struct pgnl_member *member, kuid_t uid)
{
	member->uid = uid;
	WRITE_ONCE(member->weight, 1);
	if (unlikely(rcu_access_pointer(member->meta)))
		pgnl_member_set_meta_locked(member, NULL);
}

static void join_rows_locked(struct pgnl_batch *batch, struct pgnl_member **row,
			     const struct pgnl_join *join)
{
	struct pgnl_group *group = row[0]->group;
	bool exclusive = is_exclusive(batch);
	struct pgnl_member *member;
	u32 t;

	pgnl_group_begin_locked(group);
	for (t = 0; t < batch->nr_targets; t++) {
		member = row[t];
		/* Once ended it may have been reaped; nobody would do it again. */
		if (test_bit(PGNL_PROC_DEAD, &member->proc->flags))
			continue;
		if (!member->count)
			begin_again_locked(member, batch->targets[t].uid);
		if (join->weight)
			WRITE_ONCE(member->weight, join->weight);
		if (join->set_meta)
			pgnl_member_set_meta_locked(member, join->meta);
		/* Who registers its own name again is in already. */
		if (exclusive && member->count) {
			pgnl_view_update_row_locked(member);
			pgnl_event_member_locked(member, PGNL_REASON_JOINED);
		} else {
			pgnl_member_join_locked(member, join->times);
		}
		if (exclusive)
			pgnl_name_settle_locked(member, batch->displaced,
						join->claim);
	}
	pgnl_group_end_locked(group);
	pgnl_scope_changed_locked(batch->scope);
}

static int commit_join_locked(struct pgnl_batch *batch,
			      const struct pgnl_join *join, void *ids,
			      void *counts)
{
	struct pgnl_member *member;
	u32 i;
	int err;

	err = check_commit_locked(batch, join);
	if (err)
		return err;
	for (i = 0; i < batch->nr_groups; i++)
		join_rows_locked(batch, &batch->rows[i * batch->nr_targets],
				 join);
	for (i = 0; i < batch->nr_rows; i++) {
		member = batch->rows[i];
		memcpy(ids + i * sizeof(u64), &member->proc->id, sizeof(u64));
		memcpy(counts + i * sizeof(u32), &member->count, sizeof(u32));
	}
	return 0;
}

static u64 leave_rows_locked(struct pgnl_batch *batch, struct pgnl_member **row,
			     struct pgnl_group *group, u32 times)
{
	u64 removed = 0;
	u32 t;

	pgnl_group_begin_locked(group);
	for (t = 0; t < batch->nr_targets; t++)
		if (row[t])
			removed += pgnl_member_leave_locked(row[t], times,
							    PGNL_REASON_LEFT);
	pgnl_group_end_locked(group);
	if (removed)
		pgnl_scope_changed_locked(batch->scope);
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
		count = batch->rows[i] ? batch->rows[i]->count : 0;
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
 * -EDQUOT, -EOVERFLOW, -EBUSY, -ENOMEM; in an exclusive scope -EEXIST, -EINVAL
 * and a refusal of the kill rule.
 */
int pgnl_batch_join(struct pgnl_batch *batch, const struct pgnl_join *join,
		    void *ids, void *counts)
{
	struct pgnl_net *pn = batch->pn;
	bool swept = false;
	int tries = 0;
	int err;

	if (is_exclusive(batch) && (batch->nr_targets != 1 || join->times != 1))
		return blame(batch, PGNL_CAUSE_NOT_ONE, 0, 0, -EINVAL);
	batch->required = join->required ||
			  batch->scope->mode == PGNL_SCOPE_MODE_PG2;
	if (join->required)
		pgnl_table_settle(pn);
	err = pin_targets(batch);
	if (err)
		return err;
again:
	*batch->fault = (struct pgnl_fault) {};
	err = make_spares(batch, tries++);
	if (err)
		return err;

	batch->work = 0;
	mutex_lock(&pn->lock);
	err = pin_rows_locked(batch);
	if (!err)
		err = commit_join_locked(batch, join, ids, counts);
	unpin_rows_locked(batch);
	if (err != -EAGAIN && (err != -EDQUOT || swept))
		unpin_targets_locked(batch);
	mutex_unlock(&pn->lock);

	if (err == -EAGAIN)
		goto again;
	if (err == -EDQUOT && !swept) {
		pgnl_proc_sweep(pn);
		swept = true;
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
	err = pin_rows_locked(batch);
	if (!err)
		commit_leave_locked(batch, times, counts, removed, missing);
	unpin_rows_locked(batch);
	unpin_targets_locked(batch);
	mutex_unlock(&pn->lock);
	return err;
}
