// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members: the rows that tie processes to groups.
 *
 * A row is in two indexes: the dense array of its group (for picks and listings)
 * and the list of its process (to find it, and for the end). The rows of a
 * process that has many are in a hash by group and process as well; most have
 * few, and walking those costs less. Adding a row puts it into all indexes with
 * a count of 0, which readers skip; joining and leaving change the count; a row
 * that has neither count nor pins is taken out of all of them.
 */
#include <linux/hash.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "event.h"
#include "group.h"
#include "member.h"
#include "name.h"
#include "proc.h"
#include "scope.h"
#include "table.h"
#include "trace.h"
#include "user.h"
#include "view.h"

/* Rows of a process that are found by walking its list. */
#define FEW_ROWS	8

static struct kmem_cache *member_cache;

/* The two pointers that make the key stand side by side. */
struct member_key {
	const struct pgnl_group *group;
	const struct pgnl_proc *proc;
};

static_assert(offsetof(struct pgnl_member, proc) ==
	      offsetof(struct pgnl_member, group) +
	      offsetof(struct member_key, proc));

/* Addresses are nobody's to choose, so this need not withstand an attacker. */
static u32 member_hash(const void *data, u32 len, u32 seed)
{
	const struct member_key *key = data;

	return hash_64(hash_64((unsigned long)key->group + seed, 64) ^
		       (unsigned long)key->proc, 32);
}

static int member_differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct pgnl_member *member = obj;
	const struct member_key *key = arg->key;

	return member->group != key->group || member->proc != key->proc;
}

/* It does not shrink, see id_params. */
static const struct rhashtable_params member_params = {
	.head_offset = offsetof(struct pgnl_member, node),
	.key_offset = offsetof(struct pgnl_member, group),
	.key_len = sizeof(struct member_key),
	.hashfn = member_hash,
	.obj_cmpfn = member_differs,
};

/**
 * pgnl_member_init() - Set up at module load.
 *
 * Return: 0 or -ENOMEM.
 */
int __init pgnl_member_init(void)
{
	member_cache = kmem_cache_create("pgnl_member",
					 sizeof(struct pgnl_member), 0,
					 SLAB_ACCOUNT, NULL);
	return member_cache ? 0 : -ENOMEM;
}

/**
 * pgnl_member_exit() - Undo pgnl_member_init(), after an rcu_barrier().
 */
void pgnl_member_exit(void)
{
	kmem_cache_destroy(member_cache);
}

/**
 * pgnl_member_table_init() - Set up the index of a network namespace.
 * @pn: the tables
 *
 * Return: 0 or -ENOMEM.
 */
int pgnl_member_table_init(struct pgnl_net *pn)
{
	return rhashtable_init(&pn->members, &member_params);
}

/**
 * pgnl_member_table_destroy() - Undo pgnl_member_table_init().
 * @pn: the tables, with no member left
 */
void pgnl_member_table_destroy(struct pgnl_net *pn)
{
	rhashtable_destroy(&pn->members);
}

/**
 * pgnl_meta_new() - Make a metadata value.
 * @data: the bytes
 * @len: how many, at most PGNL_META_MAX
 *
 * Return: the value with one reference, or NULL.
 */
struct pgnl_meta *pgnl_meta_new(const void *data, u16 len)
{
	struct pgnl_meta *meta;

	meta = kmalloc(struct_size(meta, data, len), GFP_KERNEL_ACCOUNT);
	if (!meta)
		return NULL;
	kref_init(&meta->ref);
	meta->len = len;
	memcpy(meta->data, data, len);
	return meta;
}

/**
 * pgnl_meta_get() - Take a reference.
 * @meta: a value or NULL
 *
 * Return: @meta.
 */
struct pgnl_meta *pgnl_meta_get(struct pgnl_meta *meta)
{
	if (meta)
		kref_get(&meta->ref);
	return meta;
}

static void free_meta(struct kref *ref)
{
	/* Readers under RCU may have it from a member. */
	kfree_rcu(container_of(ref, struct pgnl_meta, ref), rcu);
}

/**
 * pgnl_meta_put() - Return a reference.
 * @meta: a value or NULL
 */
void pgnl_meta_put(struct pgnl_meta *meta)
{
	if (meta)
		kref_put(&meta->ref, free_meta);
}

/**
 * pgnl_member_alloc() - Get memory for rows.
 * @blank: where to add blank rows, by @in_proc
 * @n: how many
 *
 * May sleep; charges memory to the caller, once for many.
 *
 * Return: true, or false and there are fewer.
 */
bool pgnl_member_alloc(struct hlist_head *blank, u32 n)
{
	struct pgnl_member *some[32];
	u32 nr;

	for (; n; n -= nr) {
		nr = min_t(u32, n, ARRAY_SIZE(some));
		if (!pgnl_table_alloc(member_cache, (void **)some, nr))
			return false;
		for (u32 i = 0; i < nr; i++)
			hlist_add_head(&some[i]->in_proc, blank);
	}
	return true;
}

/**
 * pgnl_member_free_blank() - Give rows back that were never added.
 * @blank: the rows
 */
void pgnl_member_free_blank(struct hlist_head *blank)
{
	struct pgnl_member *member;
	struct hlist_node *next;

	hlist_for_each_entry_safe(member, next, blank, in_proc)
		kmem_cache_free(member_cache, member);
}

static void free_member_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(member_cache,
			container_of(rcu, struct pgnl_member, rcu));
}

static int charge_locked(struct pgnl_net *pn, struct pgnl_user *user,
			 struct pgnl_fault *fault)
{
	if (pn->used[PGNL_NET_MEMBERSHIPS] >= pn->limit[PGNL_NET_MEMBERSHIPS]) {
		fault->cause = PGNL_CAUSE_NET_MEMBERSHIPS;
		return -EDQUOT;
	}
	if (!pgnl_user_charge(user, PGNL_USER_MEMBERSHIPS)) {
		fault->cause = PGNL_CAUSE_USER_MEMBERSHIPS;
		return -EDQUOT;
	}
	WRITE_ONCE(pn->used[PGNL_NET_MEMBERSHIPS],
		   pn->used[PGNL_NET_MEMBERSHIPS] + 1);
	return 0;
}

static void uncharge_locked(struct pgnl_net *pn, struct pgnl_user *user)
{
	pgnl_user_uncharge(user, PGNL_USER_MEMBERSHIPS);
	WRITE_ONCE(pn->used[PGNL_NET_MEMBERSHIPS],
		   pn->used[PGNL_NET_MEMBERSHIPS] - 1);
}

static int hash_locked(struct pgnl_member *member)
{
	return rhashtable_insert_fast(&member->proc->pn->members, &member->node,
				      member_params);
}

static void unhash_locked(struct pgnl_member *member)
{
	rhashtable_remove_fast(&member->proc->pn->members, &member->node,
			       member_params);
}

/* The rows of the process become too many to be walked. */
static int hash_all_locked(struct pgnl_proc *proc)
{
	struct pgnl_member *member, *done;

	hlist_for_each_entry(member, &proc->rows, in_proc) {
		if (hash_locked(member))
			goto err_undo;
	}
	set_bit(PGNL_PROC_HASHED, &proc->flags);
	return 0;

err_undo:
	hlist_for_each_entry(done, &proc->rows, in_proc) {
		if (done == member)
			break;
		unhash_locked(done);
	}
	return -ENOMEM;
}

static bool is_hashed(const struct pgnl_proc *proc)
{
	return test_bit(PGNL_PROC_HASHED, &proc->flags);
}

/* Put a row into what leads from its process to it. */
static int link_locked(struct pgnl_member *member)
{
	struct pgnl_proc *proc = member->proc;

	if (proc->nr_rows == FEW_ROWS && !is_hashed(proc) &&
	    hash_all_locked(proc))
		return -ENOMEM;
	if (is_hashed(proc) && hash_locked(member))
		return -ENOMEM;
	hlist_add_head(&member->in_proc, &proc->rows);
	proc->nr_rows++;
	return 0;
}

static void unlink_locked(struct pgnl_member *member)
{
	struct pgnl_proc *proc = member->proc;

	hlist_del(&member->in_proc);
	proc->nr_rows--;
	if (!is_hashed(proc))
		return;
	unhash_locked(member);
	/* Not before: going back and forth costs nothing. */
	if (!proc->nr_rows)
		clear_bit(PGNL_PROC_HASHED, &proc->flags);
}

/**
 * pgnl_member_add_locked() - Put a row into the indexes, not seen yet.
 * @member: a new row, of pgnl_member_alloc() or the first of @proc
 * @group: its group, not dead
 * @proc: its process; not a member of @group
 * @fault: what to blame
 *
 * Return: 0 and the row is pinned once; -EDQUOT or -ENOMEM, and the row is
 * still the caller's.
 */
int pgnl_member_add_locked(struct pgnl_member *member, struct pgnl_group *group,
			   struct pgnl_proc *proc, struct pgnl_fault *fault)
{
	struct pgnl_net *pn = proc->pn;
	int err;

	pgnl_assert_locked(pn);
	err = charge_locked(pn, proc->user, fault);
	if (err)
		return err;

	WRITE_ONCE(member->group, group);
	member->proc = proc;
	member->index = group->nr_rows;
	member->id = proc->id;
	member->pid = pid_nr(proc->pid);
	member->weight = 1;
	member->pins = 1;
	err = pgnl_rows_make_room(&group->rows, member->index);
	if (!err)
		err = link_locked(member);
	if (err)
		goto err_charge;
	pgnl_rows_set(&group->rows, member->index, member);
	WRITE_ONCE(group->nr_rows, group->nr_rows + 1);
	pgnl_group_get_locked(group);
	pgnl_proc_get_locked(proc);
	pgnl_view_add_row_locked(member);
	return 0;

err_charge:
	WRITE_ONCE(member->group, NULL);
	uncharge_locked(pn, proc->user);
	return -ENOMEM;
}

/*
 * The last row takes the place of the one that goes, so that the array stays
 * dense. A listing goes from the end to the start, and so cannot miss the row
 * that moves.
 */
static void leave_array_locked(struct pgnl_member *member)
{
	struct pgnl_group *group = member->group;
	u32 end = group->nr_rows - 1;
	struct pgnl_member *last = member;

	if (member->index != end)
		last = pgnl_rows_get(&group->rows, end);
	pgnl_view_remove_row_locked(member);
	if (last != member) {
		WRITE_ONCE(last->index, member->index);
		pgnl_rows_set(&group->rows, last->index, last);
	}
	pgnl_rows_set(&group->rows, end, NULL);
	WRITE_ONCE(group->nr_rows, end);
	pgnl_rows_trim(&group->rows, end);
}

/**
 * pgnl_member_remove_locked() - Take a row without count and pins out of the indexes.
 * @member: the row
 *
 * Readers under RCU may have the row from the array until a grace period is
 * over; they use its process and metadata, which are freed after one as well.
 * Nobody else has it: it has no pins, and the indexes do not lead to it. The
 * first row of a process is a part of that.
 */
void pgnl_member_remove_locked(struct pgnl_member *member)
{
	struct pgnl_group *group = member->group;
	struct pgnl_proc *proc = member->proc;
	struct pgnl_net *pn = proc->pn;

	pgnl_group_begin_locked(group);
	leave_array_locked(member);
	pgnl_group_end_locked(group);

	pgnl_name_forget_locked(member);
	unlink_locked(member);
	pgnl_meta_put(rcu_dereference_protected(member->meta,
						lockdep_is_held(&pn->lock)));
	uncharge_locked(pn, proc->user);
	if (member != &proc->first)
		call_rcu(&member->rcu, free_member_rcu);
	pgnl_group_put_locked(group);
	pgnl_proc_put_locked(proc);
}

/**
 * pgnl_member_find_locked() - Look a row up.
 * @group: the group
 * @proc: the process
 *
 * Return: the row or NULL, borrowed; it may have a count of 0.
 */
struct pgnl_member *pgnl_member_find_locked(struct pgnl_group *group,
					    struct pgnl_proc *proc)
{
	struct member_key key = { .group = group, .proc = proc };
	struct pgnl_member *member;

	pgnl_assert_locked(proc->pn);
	if (is_hashed(proc))
		return rhashtable_lookup_fast(&proc->pn->members, &key,
					      member_params);
	hlist_for_each_entry(member, &proc->rows, in_proc) {
		if (member->group == group)
			return member;
	}
	return NULL;
}

/**
 * pgnl_member_pin_locked() - Keep a row while a request is under way.
 * @member: the row, or NULL and nothing is done
 *
 * Return: 0, or -EBUSY when too many requests hold it.
 */
int pgnl_member_pin_locked(struct pgnl_member *member)
{
	if (!member)
		return 0;
	pgnl_assert_locked(member->proc->pn);
	if (member->pins == U16_MAX)
		return -EBUSY;
	member->pins++;
	return 0;
}

/* The caller tells the scope that it has changed. */
static __always_inline void set_count_locked(struct pgnl_member *member, u32 count)
{
	int seen = !!count - !!member->count;
	struct pgnl_group *group = member->group;
	struct pgnl_scope *scope = group->scope;
	u32 nr_seen = group->nr_seen + seen;
	u64 more = (u64)count - member->count;

	group->nr_members += more;
	/* The scope has written off a dead group as a whole. */
	if (likely(!group->dead)) {
		scope->nr_members += more;
		/* The first to be seen, or the last, and nothing else keeps it. */
		if (!group->created && !nr_seen != !group->nr_seen &&
		    !pgnl_group_is_far(group))
			scope->nr_groups += seen;
	}
	WRITE_ONCE(group->nr_seen, nr_seen);
	WRITE_ONCE(member->proc->nr_seen, member->proc->nr_seen + seen);
	WRITE_ONCE(member->count, count);
	pgnl_view_update_row_locked(member);
}

/**
 * pgnl_member_join_locked() - Raise a count.
 * @member: a pinned row, in its group's sequence
 * @times: by how much; the sum fits, checked by the caller
 *
 * Follow with pgnl_scope_changed_locked(), once for many.
 */
void pgnl_member_join_locked(struct pgnl_member *member, u32 times)
{
	pgnl_assert_locked(member->proc->pn);
	set_count_locked(member, member->count + times);
	member->proc->pn->joins++;
	trace_pgnl_join(member, times);
	pgnl_event_member_locked(member, PGNL_REASON_JOINED);
}

/**
 * pgnl_member_leave_locked() - Lower a count.
 * @member: a pinned row, in its group's sequence
 * @times: by how much at most
 * @reason: why
 *
 * Follow with pgnl_scope_changed_locked(), once for many.
 *
 * Return: by how much it was lowered.
 */
u32 pgnl_member_leave_locked(struct pgnl_member *member, u32 times,
			     enum pgnl_reason reason)
{
	pgnl_assert_locked(member->proc->pn);
	times = min(times, member->count);
	if (!times)
		return 0;
	set_count_locked(member, member->count - times);
	member->proc->pn->leaves++;
	trace_pgnl_leave(member, times);
	pgnl_event_member_locked(member, reason);
	return times;
}

/*
 * Take a row away whole, whatever its count; a pinned one is just emptied. If it is
 * evicted, @by is another node that has asked for that, or NULL.
 */
static void end_locked(struct pgnl_member *member, u64 *counter, bool evicted,
		       struct pgnl_node *by)
{
	struct pgnl_group *group = member->group;
	u32 count = member->count;

	if (count) {
		pgnl_group_begin_locked(group);
		set_count_locked(member, 0);
		pgnl_group_end_locked(group);
		pgnl_scope_changed_locked(group->scope);
		(*counter)++;
		trace_pgnl_leave(member, count);
		if (evicted && !pgnl_exit_is_dead(member->proc))
			pgnl_event_eviction_locked(member, by);
		else
			pgnl_event_end_locked(member);
	}
	if (!member->pins)
		pgnl_member_remove_locked(member);
}

/**
 * pgnl_member_end_locked() - Take a row of an ended process out before others do.
 * @member: the row, not in its group's sequence
 */
void pgnl_member_end_locked(struct pgnl_member *member)
{
	struct pgnl_net *pn = member->proc->pn;

	pgnl_assert_locked(pn);
	end_locked(member, &pn->exits, false, NULL);
}

/**
 * pgnl_member_set_meta_locked() - Replace metadata.
 * @member: a pinned row, in its group's sequence
 * @meta: the new value, borrowed; NULL for none
 */
void pgnl_member_set_meta_locked(struct pgnl_member *member,
				 struct pgnl_meta *meta)
{
	pgnl_assert_locked(member->proc->pn);
	meta = rcu_replace_pointer(member->meta, pgnl_meta_get(meta),
				   lockdep_is_held(&member->proc->pn->lock));
	pgnl_meta_put(meta);
}

/*
 * Let others have the lock and come back to the same place, which a pin keeps.
 * Returns the row to go on with.
 */
static struct pgnl_member *breathe_at_locked(struct pgnl_member *member,
					     u32 *rows)
{
	struct pgnl_member *next = member;

	if (*rows < PGNL_LOCK_ROWS || pgnl_member_pin_locked(member))
		return member;
	pgnl_table_breathe_locked(member->proc->pn, rows);
	/* An empty row may go with the pin; it is done with anyway. */
	if (!member->count)
		next = pgnl_member_next(member);
	pgnl_member_unpin_locked(member);
	return next;
}

/**
 * pgnl_member_remove_all_locked() - Take a process out of all its groups.
 * @proc: a dead process, referenced
 * @rows: work done, for breathing
 *
 * Lets the lock go now and then. Rows pinned by requests stay without a count;
 * nobody gives a dead process one.
 */
void pgnl_member_remove_all_locked(struct pgnl_proc *proc, u32 *rows)
{
	struct pgnl_net *pn = proc->pn;
	struct pgnl_member *member, *next;

	pgnl_assert_locked(pn);
	member = pgnl_member_first(proc);
	while (member) {
		next = pgnl_member_next(member);
		end_locked(member, &pn->exits, false, NULL);
		++*rows;
		member = next ? breathe_at_locked(next, rows) : NULL;
	}
}

/**
 * pgnl_member_evict_all_locked() - Take everybody out of a group.
 * @group: the group, referenced
 * @by: another node that has asked for it, counted, or NULL
 * @rows: work done, for breathing
 *
 * Lets the lock go now and then. The last row takes the place of one that goes,
 * so going down meets every row; to a group that is not dead, others may be
 * added meanwhile, of which some stay. It ends when the group is created anew.
 */
void pgnl_member_evict_all_locked(struct pgnl_group *group,
				  struct pgnl_node *by, u32 *rows)
{
	struct pgnl_net *pn = group->scope->pn;
	u32 index = group->nr_rows;
	bool created = group->created;

	pgnl_assert_locked(pn);
	while (index && group->created == created) {
		index = min(index, group->nr_rows);
		if (!index)
			break;
		end_locked(pgnl_rows_get(&group->rows, --index), &pn->evictions,
			   true, by);
		++*rows;
		pgnl_table_breathe_locked(pn, rows);
	}
}
