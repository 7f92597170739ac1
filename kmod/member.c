// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members: the rows that tie processes to groups.
 *
 * A row is in three indexes: the hash by group and process, the dense array of
 * its group (for picks and listings) and the list of its process (for its
 * end). Adding one puts it into all of them with a count of 0, which readers
 * skip; joining and leaving change the count; a row that has neither count
 * nor pins is taken out of all of them.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "group.h"
#include "member.h"
#include "proc.h"
#include "scope.h"
#include "table.h"
#include "trace.h"
#include "user.h"

static struct kmem_cache *member_cache;

/* The two pointers that make the key stand side by side. */
struct member_key {
	const struct pgnl_group *group;
	const struct pgnl_proc *proc;
};

static_assert(offsetof(struct pgnl_member, proc) ==
	      offsetof(struct pgnl_member, group) +
	      offsetof(struct member_key, proc));

static const struct rhashtable_params member_params = {
	.head_offset = offsetof(struct pgnl_member, node),
	.key_offset = offsetof(struct pgnl_member, group),
	.key_len = sizeof(struct member_key),
	.automatic_shrinking = true,
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
 * pgnl_member_new() - Make a row.
 *
 * May sleep; charges memory to the caller.
 *
 * Return: an unpublished row or NULL.
 */
struct pgnl_member *pgnl_member_new(void)
{
	return kmem_cache_zalloc(member_cache, GFP_KERNEL);
}

/**
 * pgnl_member_free_new() - Free a row that was never added.
 * @member: the row or NULL
 */
void pgnl_member_free_new(struct pgnl_member *member)
{
	if (member)
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

/**
 * pgnl_member_add_locked() - Put a row into the indexes, not seen yet.
 * @member: a new row
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

	member->group = group;
	member->proc = proc;
	member->index = group->nr_rows;
	member->weight = 1;
	member->pins = 1;
	err = xa_err(xa_store(&group->rows, member->index, member, GFP_KERNEL));
	if (err)
		goto err_charge;
	err = rhashtable_insert_fast(&pn->members, &member->node,
				     member_params);
	if (err)
		goto err_row;
	hlist_add_head(&member->in_proc, &proc->rows);
	WRITE_ONCE(group->nr_rows, group->nr_rows + 1);
	pgnl_group_get_locked(group);
	pgnl_proc_get_locked(proc);
	return 0;

err_row:
	xa_erase(&group->rows, member->index);
err_charge:
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
	struct pgnl_member *last;

	if (member->index != end) {
		last = xa_load(&group->rows, end);
		last->index = member->index;
		/* The slot exists, so this needs no memory. */
		xa_store(&group->rows, last->index, last, GFP_KERNEL);
	}
	xa_erase(&group->rows, end);
	WRITE_ONCE(group->nr_rows, end);
}

/*
 * Readers under RCU may have the row from the array until a grace period is
 * over; they use its process and metadata, which are freed after one as well.
 * Nobody else has it: it has no pins, and the indexes do not lead to it.
 */
static void remove_locked(struct pgnl_member *member)
{
	struct pgnl_group *group = member->group;
	struct pgnl_proc *proc = member->proc;
	struct pgnl_net *pn = proc->pn;

	raw_write_seqcount_begin(&group->seq);
	leave_array_locked(member);
	raw_write_seqcount_end(&group->seq);

	rhashtable_remove_fast(&pn->members, &member->node, member_params);
	hlist_del(&member->in_proc);
	pgnl_meta_put(rcu_dereference_protected(member->meta,
						lockdep_is_held(&pn->lock)));
	uncharge_locked(pn, proc->user);
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

	pgnl_assert_locked(proc->pn);
	return rhashtable_lookup_fast(&proc->pn->members, &key, member_params);
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

/**
 * pgnl_member_unpin_locked() - Let go of a row; one without use is removed.
 * @member: a pinned row
 */
void pgnl_member_unpin_locked(struct pgnl_member *member)
{
	pgnl_assert_locked(member->proc->pn);
	if (!--member->pins && !member->count)
		remove_locked(member);
}

static void set_count_locked(struct pgnl_member *member, u32 count)
{
	int seen = !!count - !!member->count;
	struct pgnl_group *group = member->group;
	struct pgnl_scope *scope = group->scope;
	bool was_seen = pgnl_group_is_seen(group);

	/* The scope has written off a dead group as a whole. */
	if (!group->dead)
		scope->nr_members += (u64)count - member->count;
	group->nr_members += (u64)count - member->count;
	WRITE_ONCE(group->nr_seen, group->nr_seen + seen);
	member->proc->nr_seen += seen;
	WRITE_ONCE(member->count, count);
	scope->nr_groups += pgnl_group_is_seen(group) - was_seen;
	pgnl_scope_changed_locked(scope);
}

/**
 * pgnl_member_join_locked() - Raise a count.
 * @member: a pinned row, in its group's sequence
 * @times: by how much; the sum fits, checked by the caller
 */
void pgnl_member_join_locked(struct pgnl_member *member, u32 times)
{
	pgnl_assert_locked(member->proc->pn);
	set_count_locked(member, member->count + times);
	member->proc->pn->joins++;
	trace_pgnl_join(member, times);
}

/**
 * pgnl_member_leave_locked() - Lower a count.
 * @member: a pinned row, in its group's sequence
 * @times: by how much at most
 *
 * Return: by how much it was lowered.
 */
u32 pgnl_member_leave_locked(struct pgnl_member *member, u32 times)
{
	pgnl_assert_locked(member->proc->pn);
	times = min(times, member->count);
	if (!times)
		return 0;
	set_count_locked(member, member->count - times);
	member->proc->pn->leaves++;
	trace_pgnl_leave(member, times);
	return times;
}

/* Take a row away whole, whatever its count; a pinned one is just emptied. */
static void end_locked(struct pgnl_member *member, u64 *counter)
{
	struct pgnl_group *group = member->group;
	u32 count = member->count;

	if (count) {
		raw_write_seqcount_begin(&group->seq);
		set_count_locked(member, 0);
		raw_write_seqcount_end(&group->seq);
		(*counter)++;
		trace_pgnl_leave(member, count);
	}
	if (!member->pins)
		remove_locked(member);
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
	if (meta)
		kref_get(&meta->ref);
	meta = rcu_replace_pointer(member->meta, meta,
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
		end_locked(member, &pn->exits);
		++*rows;
		member = next ? breathe_at_locked(next, rows) : NULL;
	}
}

/**
 * pgnl_member_evict_all_locked() - Take everybody out of a group.
 * @group: a dead group, referenced
 * @rows: work done, for breathing
 *
 * Lets the lock go now and then. No row is added meanwhile, and the last one
 * takes the place of one that goes, so going down meets every row.
 */
void pgnl_member_evict_all_locked(struct pgnl_group *group, u32 *rows)
{
	struct pgnl_net *pn = group->scope->pn;
	u32 index = group->nr_rows;

	pgnl_assert_locked(pn);
	while (index) {
		index = min(index, group->nr_rows);
		if (!index)
			break;
		end_locked(xa_load(&group->rows, --index), &pn->evictions);
		++*rows;
		pgnl_table_breathe_locked(pn, rows);
	}
}
