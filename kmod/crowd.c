// SPDX-License-Identifier: GPL-2.0-only
/*
 * The members of a group that a request acts on: gathered under the lock, by
 * reference, all at one moment, and acted on without it. What is done is done
 * to the process, not to a number, so one that got the pid of a member
 * meanwhile is never met.
 */
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "choose.h"
#include "crowd.h"
#include "far.h"
#include "group.h"
#include "member.h"
#include "perm.h"
#include "proc.h"
#include "table.h"

/**
 * pgnl_crowd_new() - Make a crowd of nobody.
 * @room: how many it may have
 *
 * Return: the crowd, or NULL.
 */
struct pgnl_crowd *pgnl_crowd_new(u32 room)
{
	struct pgnl_crowd *crowd;

	crowd = kvmalloc(struct_size(crowd, at, room), GFP_KERNEL_ACCOUNT);
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
		put_pid(crowd->at[i].pid);
	kvfree(crowd);
}

/**
 * pgnl_crowd_has() - Is a process in a crowd?
 * @crowd: a small crowd
 * @pid: the process
 *
 * Return: true when it is.
 */
bool pgnl_crowd_has(const struct pgnl_crowd *crowd, const struct pid *pid)
{
	u32 i;

	for (i = 0; i < crowd->n; i++)
		if (crowd->at[i].pid == pid)
			return true;
	return false;
}

static void add_locked(struct pgnl_crowd *crowd,
		       const struct pgnl_member *member)
{
	struct pgnl_target *target = &crowd->at[crowd->n++];

	target->pid = get_pid(member->proc->pid);
	target->id = member->proc->id;
}

static void add_if_meant_locked(struct pgnl_crowd *crowd,
				const struct pgnl_member *member,
				const struct pgnl_audience *to)
{
	const struct pgnl_pick *pick = &to->pick;

	if (pgnl_member_is_seen(member) && crowd->n < crowd->room &&
	    (!pick->by_uid || uid_eq(member->uid, pick->uid)) &&
	    (!to->others || member->proc->pid != task_tgid(current)))
		add_locked(crowd, member);
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
 * rows move; hence without letting the lock go. A group that nobody made goes
 * with its last member, whose row may still be there.
 */
static int add_all_locked(struct pgnl_crowd *crowd, struct pgnl_group *group,
			  const struct pgnl_audience *to)
{
	bool exists = group->created || pgnl_group_is_far(group);
	struct pgnl_member *member;
	u32 index;

	for (index = 0; index < group->nr_rows; index++) {
		member = pgnl_rows_get(&group->rows, index);
		if (pgnl_member_is_seen(member)) {
			exists = true;
			add_if_meant_locked(crowd, member, to);
		}
		cond_resched();
	}
	return exists ? 0 : -ENOENT;
}

/* With @far, one of another node goes there, and is -EREMOTE. */
static int add_pick_locked(struct pgnl_crowd *crowd, struct pgnl_group *group,
			   const struct pgnl_pick *pick, struct pgnl_far *far)
{
	/* Before a long look, which lets the lock go, and the group with it. */
	bool kept = group->created || pgnl_group_is_far(group);
	struct pgnl_choice one = {};
	int err;

	if (far) {
		err = pgnl_choose_locked(group, pick, &one);
	} else {
		one.member = pgnl_pick_locked(group, pick);
		err = IS_ERR(one.member) ? PTR_ERR(one.member) :
		      one.member ? 0 : -ENODATA;
	}
	if (err == -ENODATA && !kept && !pick->by_uid)
		return -ENOENT;
	if (err)
		return err;
	if (one.remote) {
		pgnl_far_add_locked(far, one.remote);
		return -EREMOTE;
	}
	if (pgnl_crowd_has(crowd, one.member->proc->pid))
		return -EEXIST;
	if (WARN_ON_ONCE(crowd->n >= crowd->room))
		return -EBUSY;
	add_locked(crowd, one.member);
	return 0;
}

/**
 * pgnl_crowd_all() - Gather the members of a group, or the one to pick.
 * @who: the caller
 * @scope: the scope
 * @name: the group
 * @to: whom of it
 * @far: where one that is picked goes if it is of another node, or NULL: only of
 *	this one
 *
 * Return: the crowd, or an ERR_PTR(): -ENOENT, -EACCES, -ENODATA, -EBUSY,
 * -ENOMEM.
 */
struct pgnl_crowd *pgnl_crowd_all(const struct pgnl_caller *who,
				  struct pgnl_scope *scope,
				  const struct pgnl_name *name,
				  const struct pgnl_audience *to,
				  struct pgnl_far *far)
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
		if (!err && to->one)
			err = add_pick_locked(crowd, group, &to->pick, far);
		else if (!err && group->nr_rows <= crowd->room)
			err = add_all_locked(crowd, group, to);
		else if (!err)
			err = -EAGAIN;
		/* Some more than now, for those that come meanwhile. */
		if (err == -EAGAIN)
			room = group->nr_rows + group->nr_rows / 8 + 8;
		mutex_unlock(&pn->lock);
	} while (err == -EAGAIN);
	if (err && err != -EREMOTE) {
		pgnl_crowd_free(crowd);
		return ERR_PTR(err);
	}
	return crowd;
}

/**
 * pgnl_crowd_add_pick() - Gather one more by a policy.
 * @crowd: a small crowd with room
 * @who: the caller
 * @scope: the scope
 * @name: the group
 * @pick: whom
 * @far: where it goes if it is of another node, or NULL: only of this one
 *
 * Return: 0, -EREMOTE when it is of another node, -EEXIST when the crowd has the
 * one that was picked, -ENODATA when nobody fits, -ENOENT for a missing group,
 * -EACCES, -EBUSY.
 */
int pgnl_crowd_add_pick(struct pgnl_crowd *crowd, const struct pgnl_caller *who,
			struct pgnl_scope *scope, const struct pgnl_name *name,
			const struct pgnl_pick *pick, struct pgnl_far *far)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_group *group;
	int err;

	mutex_lock(&pn->lock);
	err = find_group_locked(who, scope, name, &group) ?:
	      add_pick_locked(crowd, group, pick, far);
	mutex_unlock(&pn->lock);
	return err;
}

/**
 * pgnl_crowd_add_id() - Gather a member by its id.
 * @crowd: a crowd with room
 * @who: the caller
 * @scope: the scope
 * @name: the group
 * @to: whom of it
 * @id: the id; one that is not in the group adds nobody
 *
 * Return: 0, -ENOENT for a missing group, -EACCES.
 */
int pgnl_crowd_add_id(struct pgnl_crowd *crowd, const struct pgnl_caller *who,
		      struct pgnl_scope *scope, const struct pgnl_name *name,
		      const struct pgnl_audience *to, u64 id)
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
			add_if_meant_locked(crowd, member, to);
	}
	mutex_unlock(&pn->lock);
	return err;
}
