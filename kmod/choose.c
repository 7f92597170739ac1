// SPDX-License-Identifier: GPL-2.0-only
/*
 * Picking one member of a group that other nodes have members in, too. Without
 * any, or for a member of this node, it is pick.c that does it.
 *
 * The rows of this node and of the others count as one row of rows, those of
 * this node first. Whatever has to look at more than one goes as in pick.c: each
 * that fits gets a score, and the highest wins. That of a key is of the id alone,
 * so that all nodes come to the same member.
 */
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/rcupdate.h>

#include "choose.h"
#include "group.h"
#include "pick.h"
#include "proc.h"
#include "remote.h"
#include "table.h"

static bool fits(const struct pgnl_choice *one, const struct pgnl_pick *pick)
{
	const struct pgnl_remote *remote = one->remote;

	if (one->member)
		return pgnl_pick_fits(one->member, pick);
	return remote && pgnl_remote_is_seen(remote) &&
	       (pick->stale ||
		READ_ONCE(remote->node->state) == PGNL_STATE_UP) &&
	       (!pick->by_uid || uid_eq(remote->uid, pick->uid));
}

/**
 * struct rows - All rows of a group.
 * @group: the group
 * @set: those of other nodes
 * @here: how many there are of this node
 * @all: how many there are
 */
struct rows {
	struct pgnl_group *group;
	struct pgnl_remotes *set;
	u32 here;
	u32 all;
};

static void count_rows(struct rows *rows, struct pgnl_group *group,
		       struct pgnl_remotes *set)
{
	rows->group = group;
	rows->set = set;
	rows->here = READ_ONCE(group->nr_rows);
	rows->all = rows->here + (set ? READ_ONCE(set->nr_rows) : 0);
}

static struct pgnl_choice at(const struct rows *rows, u32 index)
{
	struct pgnl_choice one = {};

	if (index < rows->here)
		one.member = pgnl_rows_get(&rows->group->rows, index);
	else
		one.remote = xa_load(&rows->set->rows, index - rows->here);
	return one;
}

static u64 id_of(const struct pgnl_choice *one)
{
	return one->member ? one->member->id : one->remote->id;
}

/* The best of the rows from one on. */
static bool best_of(const struct rows *rows, const struct pgnl_pick *pick,
		    u32 first, u32 turn, struct pgnl_choice *best)
{
	struct pgnl_choice one;
	struct pgnl_walk walk;
	u32 index;

	pgnl_walk_begin(&walk, pick, turn, rows->all);
	for (index = first; index < rows->all; index++) {
		one = at(rows, index);
		if (fits(&one, pick) &&
		    pgnl_walk_is_best(&walk, index, id_of(&one)))
			*best = one;
	}
	if (walk.high && pick->policy == PGNL_POLICY_ROUND_ROBIN)
		pgnl_pick_end_turn(rows->group, turn, walk.best);
	return walk.high;
}

static bool random_of(const struct rows *rows, const struct pgnl_pick *pick,
		      u32 first, struct pgnl_choice *choice)
{
	u32 n = rows->all - first;
	int tries;

	for (tries = 0; n && tries < PGNL_PICK_TRIES; tries++) {
		*choice = at(rows, first + reciprocal_scale(get_random_u32(), n));
		if (fits(choice, pick))
			return true;
	}
	return false;
}

/*
 * 0: chosen; -ENODATA: nobody fits; -EAGAIN: there are too many rows to look at.
 */
static int choose_from(const struct rows *rows, const struct pgnl_pick *pick,
		       u32 first, struct pgnl_choice *choice)
{
	bool few = rows->all - first <= PGNL_PICK_ROWS;
	u32 turn = 0;

	*choice = (struct pgnl_choice) {};
	if (first == rows->all)
		return -ENODATA;
	if (pick->policy == PGNL_POLICY_ROUND_ROBIN) {
		turn = pgnl_pick_turn(rows->group, rows->all);
		*choice = at(rows, turn);
		if (turn >= first && fits(choice, pick))
			return 0;
	} else if (pick->policy != PGNL_POLICY_KEY &&
		   random_of(rows, pick, first, choice)) {
		return 0;
	}
	if (!few)
		return -EAGAIN;
	return best_of(rows, pick, first, turn, choice) ? 0 : -ENODATA;
}

/* Closest is here first, and elsewhere only when nobody is here. */
static int choose_closest_rcu(const struct rows *rows,
			      const struct pgnl_pick *pick,
			      struct pgnl_choice *choice)
{
	choice->member = pgnl_pick_rcu(rows->group, pick);
	if (IS_ERR(choice->member))
		return PTR_ERR(choice->member);
	if (choice->member)
		return 0;
	return choose_from(rows, pick, rows->here, choice);
}

/**
 * pgnl_choose_rcu() - Pick a member of any node, if that is quickly done.
 * @group: the group
 * @pick: whom to pick
 * @choice: set to the member, borrowed
 *
 * What it says holds if the group's sequence has not changed meanwhile.
 *
 * Return: 0, -ENODATA when nobody fits, -EAGAIN to ask pgnl_choose_locked().
 */
int pgnl_choose_rcu(struct pgnl_group *group, const struct pgnl_pick *pick,
		    struct pgnl_choice *choice)
{
	struct pgnl_remotes *set = pick->local ? NULL : pgnl_remotes_rcu(group);
	struct rows rows;

	choice->remote = NULL;
	if (!set && pick->far)
		return -ENODATA;
	if (!set) {
		choice->member = pgnl_pick_rcu(group, pick);
		if (IS_ERR(choice->member))
			return PTR_ERR(choice->member);
		return choice->member ? 0 : -ENODATA;
	}
	count_rows(&rows, group, set);
	if (pick->far)
		return choose_from(&rows, pick, rows.here, choice);
	if (pick->policy == PGNL_POLICY_CLOSEST)
		return choose_closest_rcu(&rows, pick, choice);
	return choose_from(&rows, pick, 0, choice);
}

/**
 * struct found - A member by what it is known by while the lock is let go.
 * @node: its node, counted; NULL: this one
 * @id: its member id, 0: nobody
 */
struct found {
	struct pgnl_node *node;
	u64 id;
};

static void remember(struct found *found, const struct pgnl_choice *one)
{
	pgnl_node_put(found->node);
	found->node = one->remote ? one->remote->node : NULL;
	if (found->node)
		kref_get(&found->node->ref);
	found->id = id_of(one);
}

/*
 * Part of a walk: the rows of this node or those of the others, from the last to
 * the first, as a listing goes, so that none is missed that was there all along.
 * Each part has an index of its own, since members that come here while the lock is
 * let go move the rows of the others up.
 */
static void walk_part_locked(struct pgnl_group *group, struct pgnl_walk *walk,
			     bool far, u32 first, u32 index,
			     struct found *found)
{
	struct pgnl_choice one;
	struct rows rows;
	u32 work = 0;

	for (;;) {
		count_rows(&rows, group, pgnl_remotes_locked(group));
		index = min(index, far ? rows.all - rows.here : rows.here);
		if (!index)
			return;
		index--;
		one = at(&rows, far ? rows.here + index : index);
		if (fits(&one, walk->pick) &&
		    pgnl_walk_is_best(walk, first + index, id_of(&one)))
			remember(found, &one);
		work++;
		pgnl_table_breathe_locked(group->scope->pn, &work);
	}
}

/* Lets the lock go now and then. */
static void find_best_locked(struct pgnl_group *group, struct pgnl_walk *walk,
			     const struct pgnl_pick *pick, bool elsewhere,
			     struct found *found)
{
	struct rows rows;
	u32 turn = 0;

	count_rows(&rows, group, pgnl_remotes_locked(group));
	if (pick->policy == PGNL_POLICY_ROUND_ROBIN && rows.all)
		turn = pgnl_pick_turn(group, rows.all);
	pgnl_walk_begin(walk, pick, turn, rows.all);
	walk_part_locked(group, walk, true, rows.here, rows.all - rows.here,
			 found);
	if (!elsewhere)
		walk_part_locked(group, walk, false, 0, rows.here, found);
}

static bool look_up_locked(struct pgnl_group *group, const struct found *found,
			   struct pgnl_choice *choice)
{
	struct pgnl_proc *proc;

	*choice = (struct pgnl_choice) {};
	if (found->node) {
		choice->remote = pgnl_remote_find_locked(group, found->node,
							 found->id);
		return choice->remote;
	}
	proc = pgnl_proc_find_id_locked(group->scope->pn, found->id);
	choice->member = proc ? pgnl_member_find_locked(group, proc) : NULL;
	return choice->member;
}

static int choose_slowly_locked(struct pgnl_group *group,
				const struct pgnl_pick *pick,
				struct pgnl_choice *choice)
{
	bool elsewhere = pick->far;
	int tries, err = -EBUSY;
	struct pgnl_walk walk;

	if (pick->policy == PGNL_POLICY_CLOSEST && !elsewhere) {
		choice->remote = NULL;
		choice->member = pgnl_pick_locked(group, pick);
		if (choice->member)
			return PTR_ERR_OR_ZERO(choice->member);
		elsewhere = true;
	}
	for (tries = 0; tries < 8 && err == -EBUSY; tries++) {
		struct found found = {};

		find_best_locked(group, &walk, pick, elsewhere, &found);
		if (!found.id)
			err = -ENODATA;
		else if (look_up_locked(group, &found, choice) &&
			 fits(choice, pick))
			err = 0;
		pgnl_node_put(found.node);
	}
	if (!err && pick->policy == PGNL_POLICY_ROUND_ROBIN)
		pgnl_pick_end_turn(group, walk.turn, walk.best);
	return err;
}

/**
 * pgnl_choose_locked() - Pick a member of any node, however long it takes.
 * @group: the group
 * @pick: whom to pick
 * @choice: set to the member, borrowed
 *
 * Lets the lock go now and then, but not once it has settled on a member.
 *
 * Return: 0, -ENODATA when nobody fits, -EBUSY when whoever was picked has gone,
 * time and again.
 */
int pgnl_choose_locked(struct pgnl_group *group, const struct pgnl_pick *pick,
		       struct pgnl_choice *choice)
{
	int err;

	pgnl_assert_locked(group->scope->pn);
	rcu_read_lock();
	err = pgnl_choose_rcu(group, pick, choice);
	rcu_read_unlock();
	if (err != -EAGAIN)
		return err;
	if (!pick->far && (pick->local || !pgnl_group_is_far(group))) {
		choice->member = pgnl_pick_locked(group, pick);
		if (IS_ERR(choice->member))
			return PTR_ERR(choice->member);
		return choice->member ? 0 : -ENODATA;
	}
	pgnl_group_get_locked(group);
	err = choose_slowly_locked(group, pick, choice);
	pgnl_group_put_locked(group);
	return err;
}
