// SPDX-License-Identifier: GPL-2.0-only
/*
 * Picking one member of a group, without a lock. The array of a group is
 * dense, so a random index is a random member; only rows that readers do not
 * see, or of the wrong user, make it try again.
 *
 * What may have to look at many rows does so in strides, with a reference to
 * the group in place of RCU, so that nobody keeps a CPU by picking from a
 * huge group.
 */
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/xarray.h>

#include "member.h"
#include "pick.h"
#include "table.h"

/* Rows to look at without a pause. */
#define PICK_STRIDE	256

/* Random tries before a walk; with half of the rows good, one in 65536. */
#define PICK_TRIES	16

/*
 * Public on purpose: other nodes, and clients, must come to the same member
 * for the same key.
 */
static const siphash_key_t pick_key = {
	{ 0x70676e6c2e706963ULL, 0x6b2e6b65792e7631ULL }
};

static bool fits(const struct pgnl_member *member, const struct pgnl_pick *pick)
{
	return pgnl_member_is_seen(member) &&
	       (!pick->by_uid || uid_eq(member->uid, pick->uid));
}

/**
 * struct walk - A walk over a group.
 * @pick: whom to pick
 * @first: the first that fits will do
 * @key: hash of the key otherwise
 * @high: highest hash so far
 */
struct walk {
	const struct pgnl_pick *pick;
	bool first;
	u64 key;
	u64 high;
};

static void begin_walk(struct walk *walk, const struct pgnl_pick *pick)
{
	walk->pick = pick;
	walk->first = pick->policy != PGNL_POLICY_KEY;
	walk->high = 0;
	if (!walk->first)
		walk->key = siphash(pick->key, pick->key_len, &pick_key);
}

/* The best of some rows, better than those before, or NULL. */
static struct pgnl_member *stride_rcu(struct walk *walk,
				      struct pgnl_group *group, u32 start,
				      u32 end)
{
	struct pgnl_member *member, *best = NULL;
	unsigned long index;
	u64 hash;

	xa_for_each_range(&group->rows, index, member, start, end - 1) {
		if (!fits(member, walk->pick))
			continue;
		if (walk->first)
			return member;
		/* Rendezvous hashing: the highest hash of key and id. */
		hash = siphash_2u64(walk->key, member->proc->id, &pick_key);
		if (hash >= walk->high) {
			walk->high = hash;
			best = member;
		}
	}
	return best;
}

static struct pgnl_member *random_rcu(struct pgnl_group *group,
				      const struct pgnl_pick *pick, u32 rows)
{
	struct pgnl_member *member;
	int tries;

	for (tries = 0; tries < PICK_TRIES; tries++) {
		member = xa_load(&group->rows,
				 reciprocal_scale(get_random_u32(), rows));
		if (member && fits(member, pick))
			return member;
	}
	return NULL;
}

/* All rows of a small group, from one on and around. */
static struct pgnl_member *all_rcu(struct pgnl_group *group,
				   const struct pgnl_pick *pick, u32 rows,
				   u32 start)
{
	struct pgnl_member *before, *after;
	struct walk walk;

	begin_walk(&walk, pick);
	after = stride_rcu(&walk, group, start, rows);
	if ((after && walk.first) || !start)
		return after;
	before = stride_rcu(&walk, group, 0, start);
	return before ?: after;
}

static struct pgnl_member *turn_rcu(struct pgnl_group *group,
				    const struct pgnl_pick *pick, u32 rows)
{
	u32 turn = (u32)atomic_fetch_inc(&group->turn) % rows;
	struct pgnl_member *member;
	struct walk walk;

	if (rows <= PICK_STRIDE) {
		member = all_rcu(group, pick, rows, turn);
	} else {
		begin_walk(&walk, pick);
		member = stride_rcu(&walk, group, turn,
				    min(turn + PICK_STRIDE, rows));
	}
	/* The rows skipped have had their turn. */
	if (member && READ_ONCE(member->index) != turn)
		atomic_set(&group->turn, READ_ONCE(member->index) + 1);
	return member;
}

/**
 * pgnl_pick_rcu() - Pick a member, if that is quickly done.
 * @group: the group
 * @pick: whom to pick
 *
 * Closest is random while all members are of this node.
 *
 * Return: a member that readers see, borrowed; NULL when nobody fits; or
 * ERR_PTR(-EAGAIN) to ask pgnl_pick_slow().
 */
struct pgnl_member *pgnl_pick_rcu(struct pgnl_group *group,
				  const struct pgnl_pick *pick)
{
	u32 rows = READ_ONCE(group->nr_rows);
	struct pgnl_member *member = NULL;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "pgnl_pick_rcu");
	if (!rows)
		return NULL;
	if (pick->policy == PGNL_POLICY_ROUND_ROBIN)
		member = turn_rcu(group, pick, rows);
	else if (pick->policy != PGNL_POLICY_KEY)
		member = random_rcu(group, pick, rows);
	if (member)
		return member;
	if (rows > PICK_STRIDE)
		return ERR_PTR(-EAGAIN);
	return all_rcu(group, pick, rows,
		       reciprocal_scale(get_random_u32(), rows));
}

/**
 * pgnl_pick_slow() - Pick a member by looking at all of them.
 * @group: the group, referenced, lock not held
 * @pick: whom to pick
 *
 * May sleep. The member may be gone when this returns.
 *
 * Return: a member id, or 0 when nobody fits.
 */
u64 pgnl_pick_slow(struct pgnl_group *group, const struct pgnl_pick *pick)
{
	u32 rows = READ_ONCE(group->nr_rows);
	struct pgnl_member *member;
	u32 done, start, stride;
	struct walk walk;
	u64 id = 0;

	if (!rows)
		return 0;
	begin_walk(&walk, pick);
	start = reciprocal_scale(get_random_u32(), rows);
	for (done = 0; done < rows; done += stride) {
		stride = min3(rows - done, rows - start, (u32)PICK_STRIDE);
		rcu_read_lock();
		member = stride_rcu(&walk, group, start, start + stride);
		if (member)
			id = member->proc->id;
		rcu_read_unlock();
		if (id && walk.first)
			break;
		start = (start + stride) % rows;
		cond_resched();
	}
	return id;
}
