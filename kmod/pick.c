// SPDX-License-Identifier: GPL-2.0-only
/*
 * Picking one member of a group. The array of a group is dense, so a random
 * index is a random member; only rows that readers do not see, or of the
 * wrong user, make it try again.
 *
 * Whatever has to look at more than one row gives each that fits a score by
 * the policy, and the highest wins: then the order does not matter in which
 * they are met. A small group is looked at under RCU, and the caller checks
 * the group's sequence; a large one from the end to the start, as in a
 * listing, with the lock let go now and then.
 */
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/siphash.h>
#include <linux/xarray.h>

#include "group.h"
#include "pick.h"
#include "proc.h"
#include "table.h"

/*
 * Public on purpose: other nodes, and clients, must come to the same member
 * for the same key.
 */
static const siphash_key_t pick_key = {
	{ 0x70676e6c2e706963ULL, 0x6b2e6b65792e7631ULL }
};

/* Rendezvous hashing: who goes takes only its own keys along. */
static u64 key_score(u64 key, u64 id)
{
	return siphash_2u64(key, id, &pick_key) >> 1;
}

static u64 score(const struct pgnl_walk *walk, u32 index, u64 id)
{
	switch (walk->pick->policy) {
	case PGNL_POLICY_KEY:
		return key_score(walk->key, id);
	case PGNL_POLICY_ROUND_ROBIN:
		/* The nearest from the turn on, once around. */
		return index >= walk->turn ?
		       2ULL * walk->rows - (index - walk->turn) :
		       1ULL * walk->turn - index;
	default:
		return get_random_u32();
	}
}

/**
 * pgnl_walk_begin() - Begin to look at many rows.
 * @walk: to set up
 * @pick: whom to pick
 * @turn: index that the turn is at, if it goes by turns
 * @rows: how many rows there are
 */
void pgnl_walk_begin(struct pgnl_walk *walk, const struct pgnl_pick *pick,
		     u32 turn, u32 rows)
{
	memset(walk, 0, sizeof(*walk));
	walk->pick = pick;
	walk->turn = turn;
	walk->rows = rows;
	if (pick->policy == PGNL_POLICY_KEY)
		walk->key = siphash(pick->key, pick->key_len, &pick_key);
}

/**
 * pgnl_walk_is_best() - Is a row the best so far?
 * @walk: the walk, which takes note of it
 * @index: index of the row, below @walk's rows
 * @id: its member id
 *
 * Rows may come in any order.
 *
 * Return: true when it is.
 */
bool pgnl_walk_is_best(struct pgnl_walk *walk, u32 index, u64 id)
{
	u64 points = score(walk, index, id) + 1;

	if (points <= walk->high)
		return false;
	walk->high = points;
	walk->best = index;
	return true;
}

/**
 * pgnl_pick_turn() - Take a turn.
 * @group: the group
 * @rows: how many rows it has, not 0
 *
 * Return: index of the row whose turn it is.
 */
u32 pgnl_pick_turn(struct pgnl_group *group, u32 rows)
{
	return (u32)atomic_fetch_inc(&group->turn) % rows;
}

/**
 * pgnl_pick_end_turn() - Say who has got a turn.
 * @group: the group
 * @turn: whose it was
 * @index: who has got it; rows that were passed over have had theirs
 */
void pgnl_pick_end_turn(struct pgnl_group *group, u32 turn, u32 index)
{
	if (index != turn)
		atomic_set(&group->turn, index + 1);
}

static struct pgnl_member *best_rcu(struct pgnl_group *group,
				    const struct pgnl_pick *pick, u32 turn,
				    u32 rows)
{
	struct pgnl_member *member, *best = NULL;
	struct pgnl_walk walk;
	u32 index;

	pgnl_walk_begin(&walk, pick, turn, rows);
	for (index = 0; index < rows; index++) {
		member = pgnl_rows_get(&group->rows, index);
		if (member && pgnl_pick_fits(member, pick) &&
		    pgnl_walk_is_best(&walk, index, member->id))
			best = member;
	}
	if (best && pick->policy == PGNL_POLICY_ROUND_ROBIN)
		pgnl_pick_end_turn(group, turn, walk.best);
	return best;
}

static struct pgnl_member *random_rcu(struct pgnl_group *group,
				      const struct pgnl_pick *pick, u32 rows)
{
	struct pgnl_member *member;
	int tries;

	for (tries = 0; tries < PGNL_PICK_TRIES; tries++) {
		member = pgnl_rows_get(&group->rows,
				       reciprocal_scale(get_random_u32(),
							rows));
		if (member && pgnl_pick_fits(member, pick))
			return member;
	}
	return NULL;
}

static struct pgnl_member *turn_rcu(struct pgnl_group *group,
				    const struct pgnl_pick *pick, u32 rows)
{
	u32 turn = pgnl_pick_turn(group, rows);
	struct pgnl_member *member = pgnl_rows_get(&group->rows, turn);

	if (member && pgnl_pick_fits(member, pick))
		return member;
	return rows <= PGNL_PICK_ROWS ? best_rcu(group, pick, turn, rows) : NULL;
}

/**
 * pgnl_pick_rcu() - Pick a member, if that is quickly done.
 * @group: the group
 * @pick: whom to pick
 *
 * Of this node's members, of whom none is closer; choose.c knows of others. What
 * it returns holds if the group's sequence has not changed meanwhile.
 *
 * Return: a member that readers see, borrowed; NULL when nobody fits; or
 * ERR_PTR(-EAGAIN) to ask pgnl_pick_locked().
 */
struct pgnl_member *pgnl_pick_rcu(struct pgnl_group *group,
				  const struct pgnl_pick *pick)
{
	u32 rows = READ_ONCE(group->nr_rows);
	struct pgnl_member *member;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "pgnl_pick_rcu");
	if (!rows)
		return NULL;
	switch (pick->policy) {
	case PGNL_POLICY_ROUND_ROBIN:
		member = turn_rcu(group, pick, rows);
		break;
	case PGNL_POLICY_KEY:
		member = rows <= PGNL_PICK_ROWS ? best_rcu(group, pick, 0, rows) :
					     NULL;
		break;
	default:
		member = random_rcu(group, pick, rows);
		if (!member && rows <= PGNL_PICK_ROWS)
			member = best_rcu(group, pick, 0, rows);
	}
	return member || rows <= PGNL_PICK_ROWS ? member : ERR_PTR(-EAGAIN);
}

/* The best of a group, by its id; lets the lock go now and then. */
static u64 best_locked(struct pgnl_group *group, const struct pgnl_pick *pick,
		       u32 turn)
{
	struct pgnl_net *pn = group->scope->pn;
	u32 index = group->nr_rows;
	struct pgnl_member *member;
	struct pgnl_walk walk;
	u32 work = 0;
	u64 id = 0;

	pgnl_walk_begin(&walk, pick, turn, index);
	while (index) {
		member = pgnl_rows_get(&group->rows, --index);
		if (pgnl_pick_fits(member, pick) &&
		    pgnl_walk_is_best(&walk, index, member->id))
			id = member->id;
		work++;
		pgnl_table_breathe_locked(pn, &work);
		index = min(index, group->nr_rows);
	}
	return id;
}

/* What pgnl_pick_locked() does when it is not quickly done. */
static struct pgnl_member *slow_locked(struct pgnl_group *group,
				       const struct pgnl_pick *pick)
{
	struct pgnl_net *pn = group->scope->pn;
	struct pgnl_member *member;
	struct pgnl_proc *proc;
	u32 turn = 0;
	int tries;
	u64 id;

	for (tries = 0; tries < 8 && group->nr_rows; tries++) {
		if (pick->policy == PGNL_POLICY_ROUND_ROBIN)
			turn = pgnl_pick_turn(group, group->nr_rows);
		id = best_locked(group, pick, turn);
		if (!id)
			return NULL;
		proc = pgnl_proc_find_id_locked(pn, id);
		member = proc ? pgnl_member_find_locked(group, proc) : NULL;
		if (!member || !pgnl_pick_fits(member, pick))
			continue;
		if (pick->policy == PGNL_POLICY_ROUND_ROBIN)
			pgnl_pick_end_turn(group, turn, member->index);
		return member;
	}
	return group->nr_rows ? ERR_PTR(-EBUSY) : NULL;
}

/**
 * pgnl_pick_locked() - Pick a member, however long it takes.
 * @group: the group
 * @pick: whom to pick
 *
 * Lets the lock go now and then, but not once it has settled on a member.
 *
 * Return: a member that readers see, borrowed; NULL when nobody fits; or
 * ERR_PTR(-EBUSY) when whoever was picked has gone, time and again.
 */
struct pgnl_member *pgnl_pick_locked(struct pgnl_group *group,
				     const struct pgnl_pick *pick)
{
	struct pgnl_member *member;

	pgnl_assert_locked(group->scope->pn);
	rcu_read_lock();
	member = pgnl_pick_rcu(group, pick);
	rcu_read_unlock();
	if (member != ERR_PTR(-EAGAIN))
		return member;
	pgnl_group_get_locked(group);
	member = slow_locked(group, pick);
	pgnl_group_put_locked(group);
	return member;
}
