// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names. A name is a group of an exclusive scope, its holder the one member.
 * There is no second mechanism: a registration is a join that batch.c carries
 * out, and this file says what is special about it. Before the commit it
 * finds out who is in the way, within the commit it hands the name over.
 *
 * The one row of a group that may have a count is in its title, so looking a
 * name up takes the same time however many rows wait there without one.
 *
 * A holder that has ended is none, reaped or not: whoever registers next
 * takes its row out, as the work item would.
 */
#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/timekeeping.h>

#include "exit.h"
#include "group.h"
#include "member.h"
#include "name.h"
#include "perm.h"
#include "remote.h"
#include "scope.h"
#include "table.h"
#include "upcall.h"

/*
 * The wall clock, so that the numbers grow over a reboot as well; one more than
 * the last, or than what other nodes have, where that does not.
 */
static u64 next_fence_locked(struct pgnl_net *pn, u64 now, u64 floor)
{
	pn->last_fence = max3(now, pn->last_fence + 1, floor + 1);
	return pn->last_fence;
}

/**
 * pgnl_name_holder() - Who holds a name.
 * @group: the name; of an exclusive scope
 *
 * Return: the holder or NULL, borrowed while the lock is held or within RCU.
 */
struct pgnl_member *pgnl_name_holder(struct pgnl_group *group)
{
	struct pgnl_title *title = pgnl_group_title(group);
	struct pgnl_member *member;

	member = rcu_dereference_check(title->holder,
				       lockdep_is_held(&group->scope->pn->lock));
	return member && pgnl_member_is_seen(member) ? member : NULL;
}

/*
 * Whose name it is decides the kill rule, as it does for a join of somebody
 * else, or the scope's owner. Asked with the lock held, so that it is that very
 * holder; the check itself takes none of ours.
 */
static int may_displace(const struct pgnl_caller *who,
			const struct pgnl_member *holder)
{
	struct pgnl_owner owner = pgnl_scope_owner(holder->group->scope);
	int err = pgnl_perm_target(who, holder->proc->pid);

	/* It has just ended: nobody is in the way any more. */
	if (!err || err == -ESRCH || pgnl_perm_owner(who, &owner))
		return 0;
	return err;
}

/*
 * Who holds a name; one that has ended and is not reaped is taken out. It is
 * asked once whether it has: it may end at any moment, and then its row would
 * still count beside that of the next holder.
 */
static struct pgnl_member *living_holder_locked(struct pgnl_group *group)
{
	struct pgnl_title *title = pgnl_group_title(group);
	struct pgnl_net *pn = group->scope->pn;
	struct pgnl_member *member;

	member = rcu_dereference_protected(title->holder,
					   lockdep_is_held(&pn->lock));
	if (!member || !member->count)
		return NULL;
	if (!pgnl_exit_is_dead(member->proc))
		return member;
	pgnl_exit_requeue_locked(member->proc);
	pgnl_member_end_locked(member);
	return NULL;
}

/*
 * Who is on another node keeps the name, unless they are asked there; and who is
 * on one that is suspect may have lost it. Without an agent all are stale, and
 * to ask again soon is of no use.
 */
static int check_far(const struct pgnl_caller *who, struct pgnl_group *group,
		     struct pgnl_claim *claim, bool ask,
		     struct pgnl_fault *fault)
{
	struct pgnl_remote *holder = pgnl_remote_holder(group);

	if (!holder || (claim && claim->agreed))
		return 0;
	if (ask && !pgnl_upcall_can(group->scope->pn, PGNL_ACT_REGISTER)) {
		fault->cause = PGNL_CAUSE_NO_AGENT;
		return -ENOTCONN;
	}
	if (ask && READ_ONCE(holder->node->state) != PGNL_STATE_UP) {
		fault->cause = PGNL_CAUSE_SUSPECT;
		return -EAGAIN;
	}
	if (ask && claim->replace)
		return 0;
	if (claim && pgnl_perm_scope(who, group->scope, PGNL_MAY_READ))
		claim->tell_far(claim, holder);
	fault->cause = PGNL_CAUSE_TAKEN;
	return -EEXIST;
}

/*
 * Who takes a name over keeps its stamp: were two nodes to part in the middle of
 * that, who had it before would come first when they meet again.
 */
static u64 held_since(const struct pgnl_claim *claim,
		      struct pgnl_group *group,
		      const struct pgnl_member *holder)
{
	struct pgnl_remote *far = NULL;
	u64 since = 0;

	if (!claim->replace)
		return 0;
	if (holder)
		since = pgnl_group_title(group)->told.stamp;
	if (claim->agreed)
		far = pgnl_remote_holder(group);
	/* One that is not up was not asked. */
	if (far && READ_ONCE(far->node->state) == PGNL_STATE_UP)
		since = min_not_zero(since, pgnl_remote_name(far)->told.stamp);
	return since;
}

/**
 * pgnl_name_check_locked() - May a process get a name?
 * @who: who asks
 * @member: the process's row, pinned
 * @claim: what is asked, or NULL for a plain join
 * @old: set to the holder that will have to go, pinned, or NULL
 * @fault: what to blame
 *
 * Return: 0, -EEXIST when the name is taken, -EPERM or another refusal of the
 * kill rule, -EBUSY when too many requests hold the old holder's row.
 */
int pgnl_name_check_locked(const struct pgnl_caller *who,
			   struct pgnl_member *member, struct pgnl_claim *claim,
			   struct pgnl_member **old, struct pgnl_fault *fault)
{
	struct pgnl_group *group = member->group;
	struct pgnl_member *holder;
	int err;

	pgnl_assert_locked(group->scope->pn);
	if (group->scope->pn->cluster->arbitrated && (!claim || !claim->agreed)) {
		fault->cause = PGNL_CAUSE_ARBITRATED;
		return -EOPNOTSUPP;
	}
	holder = living_holder_locked(group);
	if (claim)
		claim->since = held_since(claim, group, holder);
	if (!holder)
		return check_far(who, group, claim, false, fault);
	if (!claim || !claim->replace) {
		/* By whom is for those who may look it up. */
		if (claim && pgnl_perm_scope(who, group->scope, PGNL_MAY_READ))
			claim->tell(claim, holder, false);
		fault->cause = PGNL_CAUSE_TAKEN;
		return -EEXIST;
	}
	err = may_displace(who, holder);
	if (err) {
		fault->cause = PGNL_CAUSE_HOLDER;
		return err;
	}
	claim->tell(claim, holder, false);
	if (holder == member)
		return 0;
	if (pgnl_member_pin_locked(holder)) {
		fault->cause = PGNL_CAUSE_BUSY;
		return -EBUSY;
	}
	*old = holder;
	return 0;
}

/* The uid that is told with who asked is current's: it wears their credentials. */
static void replace_locked(struct pgnl_member *old,
			   const struct pgnl_claim *claim)
{
	struct pgnl_title *title = pgnl_group_title(old->group);

	title->lost_by = claim->by;
	pgnl_member_leave_locked(old, old->count, PGNL_REASON_REPLACED);
	title->lost_by = NULL;
}

/**
 * pgnl_name_settle_locked() - Hand a name over, after the join of its new holder.
 * @member: the new holder's row, in its group's sequence
 * @old: the row of the one that has to go, pinned, or NULL, as without a claim
 * @claim: what is asked, or NULL for a plain join
 *
 * The new one comes before the old one goes, so the group is never without
 * anybody; those who look into it do so by the sequence.
 */
void pgnl_name_settle_locked(struct pgnl_member *member,
			     struct pgnl_member *old, struct pgnl_claim *claim)
{
	struct pgnl_title *title = pgnl_group_title(member->group);
	u64 now = ktime_get_real_ns();

	pgnl_assert_locked(member->proc->pn);
	if (old)
		replace_locked(old, claim);
	title->told = (struct pgnl_registration) {
		.fence = next_fence_locked(member->proc->pn, now,
					   claim ? claim->floor : 0),
		.stamp = claim && claim->since ? claim->since : now,
		.resolve = claim ? claim->resolve : PGNL_RESOLVE_KEEP_FIRST,
	};
	rcu_assign_pointer(title->holder, member);
	if (claim)
		claim->tell(claim, member, true);
}

/**
 * pgnl_name_forget_locked() - A row goes.
 * @member: the row, of whatever scope
 */
void pgnl_name_forget_locked(struct pgnl_member *member)
{
	struct pgnl_title *title = pgnl_group_title(member->group);

	if (title && rcu_access_pointer(title->holder) == member)
		RCU_INIT_POINTER(title->holder, NULL);
}

static int precheck_locked(const struct pgnl_caller *who,
			   struct pgnl_group *group, struct pgnl_claim *claim,
			   struct pgnl_fault *fault)
{
	struct pgnl_member *holder = living_holder_locked(group);
	int err;

	if (!holder)
		return check_far(who, group, claim, true, fault);
	if (claim->replace) {
		err = may_displace(who, holder);
		if (err)
			fault->cause = PGNL_CAUSE_HOLDER;
		return err;
	}
	if (pgnl_perm_scope(who, group->scope, PGNL_MAY_READ))
		claim->tell(claim, holder, false);
	fault->cause = PGNL_CAUSE_TAKEN;
	return -EEXIST;
}

/**
 * pgnl_name_precheck() - Is a name worth asking other nodes for?
 * @who: who asks
 * @scope: an exclusive scope
 * @name: the name
 * @claim: what is asked, and whom to tell who is in the way
 * @fault: what to blame
 *
 * Return: 0, -EEXIST, -EAGAIN when the holder's node is suspect, -ENOTCONN when
 * the agent that could ask there has ended, or a refusal of the kill rule.
 */
int pgnl_name_precheck(const struct pgnl_caller *who, struct pgnl_scope *scope,
		       const struct pgnl_name *name, struct pgnl_claim *claim,
		       struct pgnl_fault *fault)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_group *group;
	int err = 0;

	mutex_lock(&pn->lock);
	group = pgnl_group_find(scope, name);
	if (group) {
		/* It may go with its holder. */
		pgnl_group_get_locked(group);
		err = precheck_locked(who, group, claim, fault);
		pgnl_group_put_locked(group);
	}
	mutex_unlock(&pn->lock);
	return err;
}

/* @node: another one, that it is for, or NULL */
static void take_from_locked(struct pgnl_member *holder, enum pgnl_reason reason,
			     struct pgnl_node *node)
{
	struct pgnl_group *group = holder->group;
	struct pgnl_title *title = pgnl_group_title(group);

	title->lost_to = node;
	pgnl_group_begin_locked(group);
	pgnl_member_leave_locked(holder, holder->count, reason);
	pgnl_group_end_locked(group);
	title->lost_to = NULL;
	pgnl_scope_changed_locked(group->scope);
	pgnl_member_unpin_locked(holder);
}

/*
 * As the user that it was registered as: it may have become somebody else by
 * exec since. The agent itself goes on, whatever it is called.
 */
static void kill_holder(struct pid *pid, const struct cred *cred)
{
	const struct cred *old;

	if (pid == task_tgid(current))
		return;
	old = override_creds(cred);
	kill_pid(pid, SIGKILL, 0);
	revert_creds(old);
}

static int evict_locked(struct pgnl_member *holder,
			const struct pgnl_eviction *eviction,
			struct pid **exits, const struct cred **cred)
{
	struct pgnl_registration *told = &pgnl_group_title(holder->group)->told;
	struct pgnl_net *pn = holder->proc->pn;
	struct pgnl_node *node = NULL;

	if (holder->proc->id != eviction->id || told->fence != eviction->fence)
		return -ENOENT;
	if (eviction->exits && told->resolve != PGNL_RESOLVE_RANDOM_EXIT)
		return -EPERM;
	if (eviction->exits) {
		/* Who loses the name is killed, or keeps both. */
		*cred = pgnl_perm_cred_of(holder->uid);
		if (!*cred)
			return -ENOMEM;
	}
	if (pgnl_member_pin_locked(holder))
		return -EBUSY;
	if (eviction->exits)
		*exits = get_pid(holder->proc->pid);
	if (eviction->node)
		node = pgnl_node_find_locked(pn->cluster, eviction->node);
	take_from_locked(holder, eviction->reason, node);
	return 0;
}

/**
 * pgnl_name_evict() - Take a name from a certain holder, since it is another's.
 * @scope: an exclusive scope
 * @name: the name
 * @eviction: from whom, and why
 *
 * Return: 0, -ENOENT when it is another holder or none, -EPERM, -EBUSY, -ENOMEM.
 */
int pgnl_name_evict(struct pgnl_scope *scope, const struct pgnl_name *name,
		    const struct pgnl_eviction *eviction)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_member *holder;
	struct pgnl_group *group;
	const struct cred *cred = NULL;
	struct pid *pid = NULL;
	int err = -ENOENT;

	mutex_lock(&pn->lock);
	group = pgnl_group_find(scope, name);
	holder = group ? pgnl_name_holder(group) : NULL;
	if (holder)
		err = evict_locked(holder, eviction, &pid, &cred);
	mutex_unlock(&pn->lock);
	if (pid)
		kill_holder(pid, cred);
	put_pid(pid);
	put_cred(cred);
	return err;
}

static int unregister_locked(const struct pgnl_caller *who,
			     struct pgnl_member *holder,
			     struct pgnl_claim *claim, struct pgnl_fault *fault)
{
	int err = may_displace(who, holder);

	if (err) {
		fault->cause = PGNL_CAUSE_HOLDER;
		return err;
	}
	if (pgnl_member_pin_locked(holder)) {
		fault->cause = PGNL_CAUSE_BUSY;
		return -EBUSY;
	}
	claim->tell(claim, holder, false);
	take_from_locked(holder, PGNL_REASON_LEFT, NULL);
	return 0;
}

static enum pgnl_name_where far_locked(const struct pgnl_group *group)
{
	struct pgnl_remote *holder = pgnl_remote_holder(group);

	if (!holder)
		return PGNL_NAME_NOWHERE;
	return READ_ONCE(holder->node->state) == PGNL_STATE_UP ?
	       PGNL_NAME_FAR : PGNL_NAME_SUSPECT;
}

/**
 * pgnl_name_unregister() - Take a name from whoever holds it.
 * @who: the caller
 * @scope: an exclusive scope
 * @name: the name
 * @claim: whom to tell who held it
 * @where: set to where that is; elsewhere nothing is done
 * @fault: what to blame
 *
 * Return: 0, -EPERM or another refusal of the kill rule, -EBUSY.
 */
int pgnl_name_unregister(const struct pgnl_caller *who,
			 struct pgnl_scope *scope, const struct pgnl_name *name,
			 struct pgnl_claim *claim, enum pgnl_name_where *where,
			 struct pgnl_fault *fault)
{
	struct pgnl_net *pn = scope->pn;
	struct pgnl_member *holder;
	struct pgnl_group *group;
	int err = 0;

	mutex_lock(&pn->lock);
	group = pgnl_group_find(scope, name);
	holder = group ? pgnl_name_holder(group) : NULL;
	*where = holder ? PGNL_NAME_HERE :
			  group ? far_locked(group) : PGNL_NAME_NOWHERE;
	if (holder)
		err = unregister_locked(who, holder, claim, fault);
	mutex_unlock(&pn->lock);
	return err;
}
