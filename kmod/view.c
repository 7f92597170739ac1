// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is written into a view; docs/view-format.md describes it for readers.
 *
 * The rows of a group stand in the view in the order of its array, so a row's
 * index is its place. The rows of other nodes do so in a slot of their own, that
 * of the group leads to it. A group is in one of these states:
 *
 *	absent		nothing of it is in the view
 *	hidden		not everybody may read it: never in the view
 *	held back	it has a slot, and its first rows are there; the
 *			directory does not lead to it
 *	published	all of its rows are there
 *
 * A group that can't be written whole is held back, the view says that it is
 * partial, so that readers ask netlink, and the mending goes on where the
 * writing ended. Large groups that appear meanwhile are left to the mending, too.
 * Metadata that there is no room for is asked for in the same way, and written
 * later. So nothing is ever wrong, and no join fails for it.
 *
 * Readers take no lock and write nothing. Each slot has a sequence, odd while
 * it or its rows are changed, and the directory has one.
 * Slots stay slots and their sequences go on, so who comes late finds out.
 */
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/random.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "deaths.h"
#include "group.h"
#include "member.h"
#include "perm.h"
#include "remote.h"
#include "trace.h"
#include "view.h"
#include "view_mem.h"

/* Readers compute the same. */
#define HASH_FACTOR	0x9e3779b97f4a7c15ULL

/*
 * A bucket has one or two groups, and more than so many one in a hundred million.
 * For all of them to be apart takes a few factors, or some thousand.
 */
#define BUCKET_MAX	12
#define FACTORS		4096

/* Rows of a group that are written at once when it appears. */
#define ROWS_AT_ONCE	(PGNL_ROWS_MAX + PGNL_LOCK_ROWS)

/* The first and the last step between two mendings. */
#define BACKOFF_MIN	(HZ / 16)
#define BACKOFF_MAX	(64 * HZ)

/**
 * struct row - What a row says.
 * @pid: its pid
 * @word: its process's word, or the number of its node
 * @id: its member id
 * @info: the rest, but for its metadata
 * @meta: its metadata, or NULL
 */
struct row {
	u32 pid;
	u32 word;
	u64 id;
	struct pgnl_view_info info;
	const struct pgnl_meta *meta;
};

/**
 * struct cells - Where the parts of a row stand.
 * @pid: its pid
 * @word: its process's word, or the number of its node
 * @id: its member id
 * @info: the rest
 */
struct cells {
	u32 *pid;
	u32 *word;
	u64 *id;
	struct pgnl_view_info *info;
};

static struct pgnl_view *view_of(const struct pgnl_group *group)
{
	return group->scope->view;
}

/* Its slot, 0 when it has none. */
static u32 slot_number(const struct pgnl_view *view,
		       const struct pgnl_group *group)
{
	return group->view_gen == view->gen ? group->view_slot : 0;
}

static bool is_hidden(const struct pgnl_view *view,
		      const struct pgnl_group *group)
{
	return group->view_gen == view->gen && !group->view_slot;
}

static struct pgnl_view_slot *slot_at(const struct pgnl_view *view, u32 number)
{
	return pgnl_view_at(view, PGNL_VIEW_SLOTS_AT +
			    number * sizeof(struct pgnl_view_slot));
}

static struct pgnl_view_slot *slot_of(const struct pgnl_view *view,
				      const struct pgnl_group *group)
{
	u32 number = slot_number(view, group);

	return number ? slot_at(view, number) : NULL;
}

/* What other nodes have in the group of a slot; NULL: nothing. */
static struct pgnl_view_slot *far_of(const struct pgnl_view *view,
				     const struct pgnl_view_slot *slot)
{
	return slot && slot->far ? slot_at(view, slot->far) : NULL;
}

static bool is_published(const struct pgnl_view_slot *slot)
{
	return slot->name_len;
}

/* Sequences; the barriers pair with those of readers in user space. */

static void begin(u32 *seq)
{
	WRITE_ONCE(*seq, *seq + 1);
	/* Odd before anything else changes ... */
	smp_wmb();
}

static void end(u32 *seq)
{
	/* ... and even again after all has. */
	smp_wmb();
	WRITE_ONCE(*seq, *seq + 1);
}

static void say_flags_locked(struct pgnl_view *view)
{
	bool partial = view->behind || view->nr_hidden;
	u32 flags = partial ? PGNL_VIEW_PARTIAL : 0;
	u32 before = view->head->flags;

	WRITE_ONCE(view->head->flags, flags);
	/* Readers that find something to be missing look at the flags. */
	smp_wmb();
	if (flags != before)
		trace_pgnl_view(view, READ_ONCE(view->users));
}

/* Something could not be written: tell readers, and have it mended. */
static void fall_behind_locked(struct pgnl_view *view)
{
	bool first = !view->behind;

	view->behind = true;
	view->missed = true;
	if (first) {
		say_flags_locked(view);
		pgnl_view_queue_locked(view, view->backoff);
	}
}

/*
 * The directory: linear hashing, buckets are split one by one. The groups of a
 * bucket stand at places that follow from their hashes and a factor of the bucket,
 * which is chosen so that all are apart. So a reader has to look at one only.
 */

static u64 hash_name(const struct pgnl_view *view, const char *name, u32 len)
{
	u64 hash = view->head->seed + len;
	__le64 part;
	u32 i;

	for (i = 0; i < len; i += sizeof(part)) {
		part = 0;
		memcpy(&part, name + i, min_t(size_t, sizeof(part), len - i));
		hash = (hash ^ le64_to_cpu(part)) * HASH_FACTOR;
		hash ^= hash >> 32;
	}
	return hash * HASH_FACTOR;
}

static u64 hash_slot(const struct pgnl_view *view,
		     const struct pgnl_view_slot *slot)
{
	const void *name = slot->name;

	if (slot->name_len > PGNL_VIEW_NAME_INLINE)
		name = pgnl_view_at(view, (u64)slot->name_at * PGNL_VIEW_UNIT);
	return hash_name(view, name, slot->name_len);
}

static u32 bucket_of(u64 hash, u32 buckets)
{
	u32 half = rounddown_pow_of_two(buckets);
	u32 bucket = (hash >> 32) & (2 * half - 1);

	return bucket < buckets ? bucket : bucket - half;
}

static unsigned long bucket_offset(u32 bucket)
{
	return PGNL_VIEW_BUCKETS_AT + bucket * sizeof(struct pgnl_view_bucket);
}

static struct pgnl_view_bucket *bucket_at(const struct pgnl_view *view, u64 hash)
{
	return pgnl_view_at(view, bucket_offset(bucket_of(hash,
							  view->head->buckets)));
}

/* The first place is the factor's own. */
static u32 place_in_bucket(u64 hash, u32 factor)
{
	return (hash * factor) >> 60;
}

/* Where the number of the slot stands or is to stand; NULL: there is no place. */
static u32 *entry_in(struct pgnl_view_bucket *bucket, u64 hash)
{
	u32 place = place_in_bucket(hash, bucket->word[0]);

	return place ? &bucket->word[place] : NULL;
}

/*
 * By the same factor all are apart in the new bucket, too, so each stands where it
 * has stood in the old one.
 */
static void split_bucket(struct pgnl_view *view)
{
	struct pgnl_view_header *head = view->head;
	u32 new = head->buckets, number, i;
	struct pgnl_view_bucket *from, *to;

	to = pgnl_view_make_locked(view, bucket_offset(new));
	if (!to)
		return;
	from = pgnl_view_at(view, bucket_offset(new - rounddown_pow_of_two(new)));

	begin(&head->dir_seq);
	WRITE_ONCE(to->word[0], from->word[0]);
	for (i = 1; i < PGNL_VIEW_BUCKET; i++) {
		number = from->word[i];
		if (!number ||
		    bucket_of(hash_slot(view, slot_at(view, number)), new + 1) != new)
			continue;
		WRITE_ONCE(to->word[i], number);
		WRITE_ONCE(from->word[i], 0);
	}
	WRITE_ONCE(head->buckets, new + 1);
	end(&head->dir_seq);
}

static bool are_apart(const u64 *hashes, u32 n, u32 factor)
{
	u32 taken = 1, place, i;

	for (i = 0; i < n; i++) {
		place = BIT(place_in_bucket(hashes[i], factor));
		if (taken & place)
			return false;
		taken |= place;
	}
	return true;
}

/* One by which so many are apart, 0 when none is found. */
static u32 find_factor(const u64 *hashes, u32 n)
{
	u32 i, factor = (u32)hashes[0];

	for (i = 0; i < FACTORS; i++) {
		factor += GOLDEN_RATIO_32;
		if (are_apart(hashes, n, factor | PGNL_VIEW_FACTOR_MIN | 1))
			return factor | PGNL_VIEW_FACTOR_MIN | 1;
	}
	return 0;
}

/* Arrange a bucket anew, so that there is a place for one more. */
static bool make_place(struct pgnl_view *view, struct pgnl_view_bucket *bucket,
		       u64 hash)
{
	u32 numbers[BUCKET_MAX], factor, i, n = 0;
	u64 hashes[BUCKET_MAX + 1];

	for (i = 1; i < PGNL_VIEW_BUCKET; i++) {
		if (!bucket->word[i])
			continue;
		if (n == BUCKET_MAX)
			return false;
		numbers[n] = bucket->word[i];
		hashes[n] = hash_slot(view, slot_at(view, numbers[n]));
		if (hashes[n] == hash)
			return false;
		n++;
	}
	hashes[n] = hash;
	factor = find_factor(hashes, n + 1);
	if (!factor)
		return false;
	begin(&view->head->dir_seq);
	for (i = 1; i < PGNL_VIEW_BUCKET; i++)
		WRITE_ONCE(bucket->word[i], 0);
	WRITE_ONCE(bucket->word[0], factor);
	for (i = 0; i < n; i++)
		WRITE_ONCE(*entry_in(bucket, hashes[i]), numbers[i]);
	end(&view->head->dir_seq);
	return true;
}

static bool enter_directory(struct pgnl_view *view, struct pgnl_view_slot *slot,
			    u32 number)
{
	struct pgnl_view_header *head = view->head;
	u64 hash = hash_slot(view, slot);
	struct pgnl_view_bucket *bucket;
	u32 *entry;
	int i;

	for (i = 0; i < 2 && head->buckets <= view->nr_groups &&
	     head->buckets < PGNL_VIEW_BUCKETS_MAX; i++)
		split_bucket(view);
	bucket = bucket_at(view, hash);
	entry = entry_in(bucket, hash);
	if (!entry || *entry) {
		if (!make_place(view, bucket, hash))
			return false;
		entry = entry_in(bucket, hash);
	}
	begin(&head->dir_seq);
	WRITE_ONCE(*entry, number);
	end(&head->dir_seq);
	view->nr_groups++;
	return true;
}

static void leave_directory(struct pgnl_view *view, struct pgnl_view_slot *slot)
{
	u64 hash = hash_slot(view, slot);

	begin(&view->head->dir_seq);
	WRITE_ONCE(*entry_in(bucket_at(view, hash), hash), 0);
	end(&view->head->dir_seq);
	view->nr_groups--;
}

/* Segments and rows */

static u32 *segment(struct pgnl_view_slot *slot, unsigned int k)
{
	return k ? &slot->more[k - 1] : &slot->first;
}

static size_t segment_size(unsigned int k)
{
	return (size_t)PGNL_VIEW_ROWS_OF(k) * PGNL_VIEW_ROW_SIZE;
}

/* The number of its first row. */
static u32 segment_begin(unsigned int k)
{
	u32 row = 0;

	while (k--)
		row += PGNL_VIEW_ROWS_OF(k);
	return row;
}

static void *cell(struct pgnl_view *view, unsigned long offset, bool make)
{
	return make ? pgnl_view_make_locked(view, offset) :
		      pgnl_view_at(view, offset);
}

/* False when there is no memory for it, or with @make unset no such row. */
static bool find_cells(struct pgnl_view *view, struct pgnl_view_slot *slot,
		       u32 index, bool make, struct cells *cells)
{
	unsigned long at;
	unsigned int k;
	u32 rows = 0;
	u32 *place;

	for (k = 0; k < PGNL_VIEW_SEGMENTS; k++) {
		rows = PGNL_VIEW_ROWS_OF(k);
		if (index < rows)
			break;
		index -= rows;
	}
	if (k == PGNL_VIEW_SEGMENTS)
		return false;
	place = segment(slot, k);
	if (!*place && make)
		WRITE_ONCE(*place, pgnl_view_alloc_locked(view, segment_size(k)));
	if (!*place)
		return false;
	at = (unsigned long)*place * PGNL_VIEW_UNIT;
	cells->pid = k ? cell(view, at + 4UL * index, make) : &slot->pid[index];
	cells->word = cell(view, at + 4UL * rows + 4UL * index, make);
	cells->id = cell(view, at + 8UL * rows + 8UL * index, make);
	cells->info = cell(view, at + 16UL * rows + 16UL * index, make);
	return cells->pid && cells->word && cells->id && cells->info;
}

static void write_cells(const struct cells *to, u32 pid, u32 word, u64 id,
			const struct pgnl_view_info *info)
{
	WRITE_ONCE(*to->pid, pid);
	WRITE_ONCE(*to->word, word);
	WRITE_ONCE(*to->id, id);
	WRITE_ONCE(to->info->count, info->count);
	WRITE_ONCE(to->info->uid, info->uid);
	WRITE_ONCE(to->info->weight, info->weight);
	WRITE_ONCE(to->info->extra_at, info->extra_at);
}

static void clear_cells(const struct cells *cells)
{
	static const struct pgnl_view_info none;

	write_cells(cells, 0, 0, 0, &none);
}

/* Metadata */

static struct pgnl_view_extra *extra_of(const struct pgnl_view *view,
					const struct pgnl_view_info *info)
{
	if (!info->extra_at || info->extra_at == PGNL_VIEW_ASK)
		return NULL;
	return pgnl_view_at(view, (u64)info->extra_at * PGNL_VIEW_UNIT);
}

static void free_extra(struct pgnl_view *view, const struct pgnl_view_info *info)
{
	struct pgnl_view_extra *extra = extra_of(view, info);
	size_t size;

	if (!extra)
		return;
	size = struct_size(extra, meta, extra->len);
	memset(extra, 0, size);
	pgnl_view_free_locked(view, info->extra_at, size);
}

static u32 new_extra(struct pgnl_view *view, const struct pgnl_meta *meta)
{
	struct pgnl_view_extra *extra;
	size_t size = struct_size(extra, meta, meta->len);
	u32 place = pgnl_view_alloc_locked(view, size);

	if (!place)
		return PGNL_VIEW_ASK;
	extra = pgnl_view_make_locked(view, (u64)place * PGNL_VIEW_UNIT);
	if (!extra)
		return PGNL_VIEW_ASK;
	memset(extra, 0, sizeof(*extra));
	extra->len = meta->len;
	memcpy(extra->meta, meta->data, meta->len);
	return place;
}

/* What stands for the metadata of a row that had @old before. */
static u32 renew_extra(struct pgnl_view *view, const struct pgnl_view_info *old,
		       const struct pgnl_meta *meta)
{
	struct pgnl_view_extra *extra = extra_of(view, old);

	if (extra && meta && extra->len == meta->len &&
	    !memcmp(extra->meta, meta->data, meta->len))
		return old->extra_at;
	free_extra(view, old);
	return meta ? new_extra(view, meta) : 0;
}

/*
 * The sums of a slot are over what is written, so they can't disagree. A member
 * of another node may be one that has no pid there.
 */
static void count_row(struct pgnl_view_slot *slot, const struct cells *cells,
		      int sign)
{
	u32 count = cells->info->count;

	if (!count)
		return;
	if (*cells->pid || slot->flags & PGNL_VIEW_GROUP_FAR) {
		WRITE_ONCE(slot->seen, slot->seen + sign);
		WRITE_ONCE(slot->members, slot->members + sign * (s64)count);
	} else {
		WRITE_ONCE(slot->unseen, slot->unseen + sign);
	}
}

/*
 * Whoever has no pid in the namespace of the view is only counted. False when
 * there is no memory for what the row leads to.
 */
static bool describe_member(struct pgnl_view *view,
			    const struct pgnl_member *member, struct row *row)
{
	struct pgnl_proc *proc = member->proc;

	*row = (struct row) { .info.count = member->count };
	if (member->count)
		row->pid = pid_nr_ns(proc->pid, view->pid_ns);
	if (!row->pid)
		return true;
	if (pgnl_deaths_watch_locked(proc))
		return false;
	row->word = proc->word;
	row->id = proc->id;
	row->info.uid = from_kuid_munged(view->user_ns, member->uid);
	row->info.weight = member->weight;
	row->meta = rcu_dereference_protected(member->meta,
					      lockdep_is_held(&view->pn->lock));
	return true;
}

/* The pid is that of its node, and not translated. */
static bool describe_remote(struct pgnl_view *view,
			    const struct pgnl_remote *remote, struct row *row)
{
	*row = (struct row) {
		.pid = remote->pid,
		.word = remote->node->id,
		.id = remote->id,
		.info = {
			.count = remote->count,
			.uid = from_kuid_munged(view->user_ns, remote->uid),
			.weight = remote->weight,
		},
		.meta = rcu_dereference_protected(remote->meta,
						  lockdep_is_held(&view->pn->lock)),
	};
	return pgnl_view_add_node_locked(view, remote->node);
}

static struct pgnl_remote *remote_at(const struct pgnl_group *group, u32 index)
{
	return xa_load(&pgnl_remotes_locked(group)->rows, index);
}

/* One of the rows of this node or, with @far, of the others. */
static bool describe(struct pgnl_view *view, const struct pgnl_group *group,
		     bool far, u32 index, struct row *row)
{
	if (far)
		return describe_remote(view, remote_at(group, index), row);
	return describe_member(view, pgnl_rows_get(&group->rows, index), row);
}

static u32 count_rows(const struct pgnl_group *group, bool far)
{
	return far ? pgnl_remotes_locked(group)->nr_rows : group->nr_rows;
}

static bool write_row(struct pgnl_view *view, struct pgnl_view_slot *slot,
		      u32 index, const struct row *row)
{
	struct pgnl_view_info info = row->info;
	struct cells cells;

	if (!find_cells(view, slot, index, false, &cells))
		return false;
	count_row(slot, &cells, -1);
	info.extra_at = renew_extra(view, cells.info, row->meta);
	if (info.extra_at == PGNL_VIEW_ASK)
		fall_behind_locked(view);
	write_cells(&cells, row->pid, row->word, row->id, &info);
	count_row(slot, &cells, 1);
	return true;
}

static bool append_row(struct pgnl_view *view, struct pgnl_view_slot *slot)
{
	struct cells cells;

	if (!find_cells(view, slot, slot->rows, true, &cells))
		return false;
	clear_cells(&cells);
	WRITE_ONCE(slot->rows, slot->rows + 1);
	return true;
}

static void free_segments(struct pgnl_view *view, struct pgnl_view_slot *slot,
			  bool all)
{
	unsigned int k;
	u32 *place;

	for (k = PGNL_VIEW_SEGMENTS; k--;) {
		place = segment(slot, k);
		if (!*place)
			continue;
		if (!all && (!k || slot->rows > segment_begin(k)))
			return;
		pgnl_view_free_locked(view, *place, segment_size(k));
		WRITE_ONCE(*place, 0);
	}
}

/* Its last row goes, which the group does not have any more. */
static void drop_last_row(struct pgnl_view *view, struct pgnl_view_slot *slot)
{
	struct cells cells;

	if (find_cells(view, slot, slot->rows - 1, false, &cells)) {
		count_row(slot, &cells, -1);
		free_extra(view, cells.info);
		clear_cells(&cells);
	}
	WRITE_ONCE(slot->rows, slot->rows - 1);
	free_segments(view, slot, false);
}

/* The last row goes to the place of one that is empty. */
static void move_last_row(struct pgnl_view *view, struct pgnl_view_slot *slot,
			  u32 index)
{
	struct cells from, to;

	if (find_cells(view, slot, slot->rows - 1, false, &from) &&
	    find_cells(view, slot, index, false, &to)) {
		/* The mending may have passed its new place, or be over. */
		if (from.info->extra_at == PGNL_VIEW_ASK)
			fall_behind_locked(view);
		write_cells(&to, *from.pid, *from.word, *from.id, from.info);
		clear_cells(&from);
	}
	WRITE_ONCE(slot->rows, slot->rows - 1);
	free_segments(view, slot, false);
}

/* Slots */

static u32 take_slot(struct pgnl_view *view)
{
	struct pgnl_view_header *head = view->head;
	u32 number = view->free_slot;

	if (number) {
		view->free_slot = slot_at(view, number)->name_at;
		return number;
	}
	number = head->slots;
	if (number == PGNL_VIEW_SLOTS_MAX ||
	    !pgnl_view_make_locked(view, PGNL_VIEW_SLOTS_AT + number *
				   sizeof(struct pgnl_view_slot)))
		return 0;
	/* The page is there before the number is. */
	smp_store_release(&head->slots, number + 1);
	return number;
}

/* An empty one, of neither name nor directory; 0 when there is no memory. */
static u32 new_slot(struct pgnl_view *view, u8 flags)
{
	u32 number = take_slot(view);
	struct pgnl_view_slot *slot;

	if (!number)
		return 0;
	slot = slot_at(view, number);
	begin(&slot->seq);
	WRITE_ONCE(slot->flags, flags);
	WRITE_ONCE(slot->seen, 0);
	WRITE_ONCE(slot->unseen, 0);
	WRITE_ONCE(slot->members, 0);
	WRITE_ONCE(slot->name_at, 0);
	end(&slot->seq);
	return number;
}

static void recycle_slot(struct pgnl_view *view, struct pgnl_view_slot *slot,
			 u32 number)
{
	free_segments(view, slot, true);
	WRITE_ONCE(slot->rows, 0);
	/* Of no use for a slot without a name. */
	WRITE_ONCE(slot->name_at, view->free_slot);
	view->free_slot = number;
}

static bool add_far(struct pgnl_view *view, struct pgnl_view_slot *slot)
{
	u32 number = new_slot(view, PGNL_VIEW_GROUP_FAR);

	WRITE_ONCE(slot->far, number);
	return number;
}

/* Within the slot's sequence. */
static void drop_far(struct pgnl_view *view, struct pgnl_view_slot *slot)
{
	u32 number = slot->far;

	if (!number)
		return;
	WRITE_ONCE(slot->far, 0);
	recycle_slot(view, slot_at(view, number), number);
}

static void free_slot(struct pgnl_view *view, struct pgnl_view_slot *slot,
		      u32 number, u32 name_len)
{
	bool open = slot->seq & 1;

	if (!open)
		begin(&slot->seq);
	drop_far(view, slot);
	if (slot->name_at)
		pgnl_view_free_locked(view, slot->name_at, name_len);
	memset(slot->name, 0, sizeof(slot->name));
	memset(slot->pid, 0, sizeof(slot->pid));
	recycle_slot(view, slot, number);
	end(&slot->seq);
}

static bool write_name(struct pgnl_view *view, struct pgnl_view_slot *slot,
		       const struct pgnl_group *group)
{
	u8 len = min_t(u8, group->len, PGNL_VIEW_NAME_INLINE);
	void *whole;
	u32 place;

	memset(slot->name, 0, sizeof(slot->name));
	memcpy(slot->name, group->name, len);
	if (len == group->len)
		return true;
	place = pgnl_view_alloc_locked(view, group->len);
	whole = place ? pgnl_view_make_locked(view, (u64)place * PGNL_VIEW_UNIT) :
			NULL;
	if (!whole)
		return false;
	memcpy(whole, group->name, group->len);
	WRITE_ONCE(slot->name_at, place);
	return true;
}

/* From absent to held back. */
static struct pgnl_view_slot *hold_back(struct pgnl_view *view,
					struct pgnl_group *group)
{
	u32 number = new_slot(view, group->created ?
				    PGNL_VIEW_GROUP_CREATED : 0);
	struct pgnl_view_slot *slot;

	if (!number)
		return NULL;
	slot = slot_at(view, number);
	begin(&slot->seq);
	if (!write_name(view, slot, group)) {
		free_slot(view, slot, number, group->len);
		return NULL;
	}
	end(&slot->seq);
	group->view_gen = view->gen;
	group->view_slot = number;
	return slot;
}

/* From held back to published, all rows being there. */
static bool publish(struct pgnl_view *view, struct pgnl_view_slot *slot,
		    const struct pgnl_group *group)
{
	/* Whole before it can be found: a reader would pass over a part of it. */
	begin(&slot->seq);
	WRITE_ONCE(slot->name_len, group->len);
	end(&slot->seq);
	if (enter_directory(view, slot, group->view_slot))
		return true;
	begin(&slot->seq);
	WRITE_ONCE(slot->name_len, 0);
	end(&slot->seq);
	return false;
}

/* From published to held back; within the slot's sequence or not. */
static void unpublish(struct pgnl_view *view, struct pgnl_view_slot *slot)
{
	bool open = slot->seq & 1;

	leave_directory(view, slot);
	if (!open)
		begin(&slot->seq);
	WRITE_ONCE(slot->name_len, 0);
	if (!open)
		end(&slot->seq);
}

/* There is no room for a further row: from published to held back. */
static void stop_here(struct pgnl_view *view, struct pgnl_view_slot *slot)
{
	fall_behind_locked(view);
	if (is_published(slot))
		unpublish(view, slot);
}

/*
 * A row among the first could not be written: from published or held back to
 * absent. The blocks of its metadata are lost to the view.
 */
static void give_up(struct pgnl_view *view, struct pgnl_view_slot *slot,
		    struct pgnl_group *group)
{
	stop_here(view, slot);
	free_slot(view, slot, group->view_slot, group->len);
	group->view_gen = 0;
}

static bool may_show(const struct pgnl_group *group)
{
	return !group->created || pgnl_perm_is_open(&group->owner, PGNL_MAY_READ);
}

static void hide(struct pgnl_view *view, struct pgnl_group *group)
{
	group->view_gen = view->gen;
	group->view_slot = 0;
	view->nr_hidden++;
	say_flags_locked(view);
}

/* Write the first row that is not there yet. False: there is no room for it. */
static bool put_next_row(struct pgnl_view *view, struct pgnl_view_slot *slot,
			 const struct pgnl_group *group, bool far)
{
	u32 index = slot->rows;
	struct row row;

	if (!append_row(view, slot))
		return false;
	if (describe(view, group, far, index, &row) &&
	    write_row(view, slot, index, &row))
		return true;
	drop_last_row(view, slot);
	return false;
}

/*
 * Write rows of this node or of the others, at most until @work has come to
 * @limit. 1: there are more; 0: all are there; -ENOMEM.
 */
static int fill_slot(struct pgnl_view *view, struct pgnl_view_slot *slot,
		     const struct pgnl_group *group, bool far, u32 *work,
		     u32 limit)
{
	while (slot->rows < count_rows(group, far)) {
		if (++*work > limit)
			return 1;
		if (!put_next_row(view, slot, group, far))
			return -ENOMEM;
	}
	return 0;
}

/* The same for all rows of a group that is held back. 0: it is published. */
static int fill(struct pgnl_view *view, struct pgnl_group *group, u32 *work,
		u32 limit)
{
	struct pgnl_view_slot *slot = slot_of(view, group) ?:
				      hold_back(view, group);
	bool far = pgnl_group_is_far(group);
	int err;

	if (!slot || (far && !slot->far && !add_far(view, slot)))
		return -ENOMEM;
	err = fill_slot(view, slot, group, false, work, limit);
	if (!err && far)
		err = fill_slot(view, far_of(view, slot), group, true, work,
				limit);
	if (err || is_published(slot))
		return err;
	return publish(view, slot, group) ? 0 : -ENOMEM;
}

/*
 * Take an empty row out of one of a group's slots. The last one of the group's
 * array, which still has both, comes to its place.
 */
static void take_out(struct pgnl_view *view, struct pgnl_group *group, bool far,
		     u32 index)
{
	struct pgnl_view_slot *slot = slot_of(view, group), *part;
	u32 last = count_rows(group, far) - 1;
	struct row row;

	part = far ? far_of(view, slot) : slot;
	if (!part || index >= part->rows)
		return;
	if (last >= part->rows) {
		/* It was not here yet, and now it is among the first. */
		if (!describe(view, group, far, last, &row) ||
		    !write_row(view, part, index, &row))
			give_up(view, slot, group);
	} else if (last == index) {
		drop_last_row(view, part);
	} else {
		move_last_row(view, part, index);
	}
}

/* What follows the tables */

static bool is_large(const struct pgnl_group *group)
{
	u32 rows = group->nr_rows;

	if (pgnl_group_is_far(group))
		rows += count_rows(group, true);
	return rows > PGNL_VIEW_ROWS;
}

/*
 * Leave a group that is absent to the mending. A request may name many, and what
 * has been in them for long could all be missing; it may not write that in one hold
 * of the lock. While the view is whole each group that appears is new, and the rows
 * of the request are all that there is to write.
 */
static void postpone(struct pgnl_view *view, const struct pgnl_group *group)
{
	/* Readers know already that something is missing. */
	if (view->mending && group->id < view->cursor)
		view->late = true;
}

/**
 * pgnl_view_do_begin_locked() - See pgnl_view_begin_locked().
 * @group: the group
 */
void pgnl_view_do_begin_locked(struct pgnl_group *group)
{
	struct pgnl_view_slot *slot = slot_of(view_of(group), group);

	if (slot)
		begin(&slot->seq);
}

/**
 * pgnl_view_do_end_locked() - See pgnl_view_end_locked().
 * @group: the group
 */
void pgnl_view_do_end_locked(struct pgnl_group *group)
{
	struct pgnl_view *view = view_of(group);
	struct pgnl_view_slot *slot = slot_of(view, group);
	u32 work = 0;

	pgnl_assert_locked(view->pn);
	if (slot && slot->seq & 1)
		end(&slot->seq);
	if (slot || is_hidden(view, group) || !pgnl_group_is_seen(group))
		return;
	if (!may_show(group))
		hide(view, group);
	else if (view->behind && is_large(group))
		postpone(view, group);
	else if (fill(view, group, &work, ROWS_AT_ONCE))
		fall_behind_locked(view);
}

/**
 * pgnl_view_do_add_row_locked() - See pgnl_view_add_row_locked().
 * @member: the row
 */
void pgnl_view_do_add_row_locked(struct pgnl_member *member)
{
	struct pgnl_group *group = member->group;
	struct pgnl_view *view = view_of(group);
	struct pgnl_view_slot *slot = slot_of(view, group);

	/* Of a group held back the first rows are here; others come later. */
	if (!slot || slot->rows != member->index)
		return;
	begin(&slot->seq);
	if (!append_row(view, slot))
		stop_here(view, slot);
	end(&slot->seq);
}

/**
 * pgnl_view_do_remove_row_locked() - See pgnl_view_remove_row_locked().
 * @member: the row, in its group's sequence
 */
void pgnl_view_do_remove_row_locked(struct pgnl_member *member)
{
	take_out(view_of(member->group), member->group, false, member->index);
}

/**
 * pgnl_view_do_update_row_locked() - See pgnl_view_update_row_locked().
 * @member: the row, in its group's sequence
 */
void pgnl_view_do_update_row_locked(struct pgnl_member *member)
{
	struct pgnl_group *group = member->group;
	struct pgnl_view *view = view_of(group);
	struct pgnl_view_slot *slot = slot_of(view, group);
	struct row row;

	if (!slot || member->index >= slot->rows)
		return;
	if (!describe_member(view, member, &row) ||
	    !write_row(view, slot, member->index, &row))
		give_up(view, slot, group);
}

/**
 * pgnl_view_put_remote_locked() - A row of another node is new or was changed.
 * @remote: the row, in its group's sequence; a new one is the last
 *
 * One that is no member, but says that the node has created the group, is not in
 * a view.
 */
void pgnl_view_put_remote_locked(struct pgnl_remote *remote)
{
	struct pgnl_group *group = remote->set->group;
	struct pgnl_view_slot *slot, *far;
	struct pgnl_view *view = view_of(group);
	struct row row;

	if (!view || !remote->id)
		return;
	slot = slot_of(view, group);
	far = far_of(view, slot);
	/* As with those of this node, when it is held back. */
	if (!far || remote->index > far->rows)
		return;
	if (remote->index == far->rows) {
		if (!put_next_row(view, far, group, true))
			stop_here(view, slot);
	} else if (!describe_remote(view, remote, &row) ||
		   !write_row(view, far, remote->index, &row)) {
		give_up(view, slot, group);
	}
}

/**
 * pgnl_view_remove_remote_locked() - A row of another node is about to leave.
 * @remote: the row, in its group's sequence; the last one will take its place
 */
void pgnl_view_remove_remote_locked(struct pgnl_remote *remote)
{
	struct pgnl_group *group = remote->set->group;
	struct pgnl_view *view = view_of(group);
	static const struct row none;
	struct pgnl_view_slot *far;

	if (!view || !remote->id)
		return;
	far = far_of(view, slot_of(view, group));
	/* As one of this node, whose count has gone before. */
	if (far && remote->index < far->rows)
		write_row(view, far, remote->index, &none);
	take_out(view, group, true, remote->index);
}

/**
 * pgnl_view_do_hide_group_locked() - See pgnl_view_hide_group_locked().
 * @group: the group
 */
void pgnl_view_do_hide_group_locked(struct pgnl_group *group)
{
	struct pgnl_view *view = view_of(group);
	struct pgnl_view_slot *slot = slot_of(view, group);

	if (slot && is_published(slot)) {
		unpublish(view, slot);
	} else if (is_hidden(view, group)) {
		group->view_gen = 0;
		view->nr_hidden--;
		say_flags_locked(view);
	}
}

/**
 * pgnl_view_do_forget_group_locked() - See pgnl_view_forget_group_locked().
 * @group: the group
 */
void pgnl_view_do_forget_group_locked(struct pgnl_group *group)
{
	struct pgnl_view *view = view_of(group);
	struct pgnl_view_slot *slot = slot_of(view, group);

	if (slot)
		free_slot(view, slot, group->view_slot, group->len);
	group->view_gen = 0;
}

/**
 * pgnl_view_do_far_locked() - See pgnl_view_far_locked().
 * @group: the group
 */
void pgnl_view_do_far_locked(struct pgnl_group *group)
{
	struct pgnl_view *view = view_of(group);
	struct pgnl_view_slot *slot = slot_of(view, group);

	if (!slot)
		return;
	begin(&slot->seq);
	if (!add_far(view, slot))
		stop_here(view, slot);
	end(&slot->seq);
}

/**
 * pgnl_view_do_near_locked() - See pgnl_view_near_locked().
 * @group: the group
 */
void pgnl_view_do_near_locked(struct pgnl_group *group)
{
	struct pgnl_view *view = view_of(group);
	struct pgnl_view_slot *slot = slot_of(view, group);

	if (!slot)
		return;
	begin(&slot->seq);
	drop_far(view, slot);
	end(&slot->seq);
}

/* What is behind so many rows is lost to the view. */
static void clear_rows(struct pgnl_view *view, struct pgnl_view_slot *slot)
{
	u32 n;

	for (n = 0; slot && slot->rows && n < ROWS_AT_ONCE; n++)
		drop_last_row(view, slot);
}

/**
 * pgnl_view_do_created_locked() - See pgnl_view_created_locked().
 * @group: the group
 */
void pgnl_view_do_created_locked(struct pgnl_group *group)
{
	struct pgnl_view *view = view_of(group);
	struct pgnl_view_slot *slot = slot_of(view, group);
	u32 number = group->view_slot;

	if (!slot)
		return;
	begin(&slot->seq);
	if (may_show(group)) {
		WRITE_ONCE(slot->flags, group->created ?
			   slot->flags | PGNL_VIEW_GROUP_CREATED :
			   slot->flags & ~PGNL_VIEW_GROUP_CREATED);
		end(&slot->seq);
		return;
	}
	/* This says that the view is partial, before a reader finds it gone. */
	hide(view, group);
	if (is_published(slot))
		unpublish(view, slot);
	clear_rows(view, slot);
	clear_rows(view, far_of(view, slot));
	free_slot(view, slot, number, group->len);
}

/* Mending, which is also how a view is filled first */

/* Try again to write the metadata of a row, if there was no room for it. */
static void mend_row(struct pgnl_view *view, struct pgnl_group *group, bool far,
		     u32 index)
{
	struct pgnl_view_slot *slot = slot_of(view, group), *part;
	struct cells cells;
	struct row row;

	part = far ? far_of(view, slot) : slot;
	if (!part || index >= part->rows ||
	    !find_cells(view, part, index, false, &cells) ||
	    cells.info->extra_at != PGNL_VIEW_ASK)
		return;
	begin(&slot->seq);
	if (!describe(view, group, far, index, &row) ||
	    !write_row(view, part, index, &row))
		view->missed = true;
	end(&slot->seq);
}

/* The same for all rows of a group that are here; false when there are more. */
static bool mend_rows(struct pgnl_view *view, struct pgnl_group *group,
		      u32 *work)
{
	struct pgnl_view_slot *slot = slot_of(view, group), *far;

	far = far_of(view, slot);
	for (; view->row < max(slot->rows, far ? far->rows : 0); view->row++) {
		if (++*work > PGNL_LOCK_ROWS)
			return false;
		mend_row(view, group, false, view->row);
		mend_row(view, group, true, view->row);
	}
	return true;
}

/*
 * True when the group is done with, well or not. One that is held back is published
 * even if it is not seen any more: nothing else is done when it is seen again.
 */
static bool mend_group(struct pgnl_view *view, struct pgnl_group *group,
		       u32 *work)
{
	int err;

	if (is_hidden(view, group) ||
	    (!pgnl_group_is_seen(group) && !slot_of(view, group)))
		return true;
	if (!may_show(group)) {
		hide(view, group);
		return true;
	}
	err = fill(view, group, work, PGNL_LOCK_ROWS);
	/* To find no place in the directory takes as long as many rows. */
	if (err < 0) {
		view->missed = true;
		*work += PGNL_LOCK_ROWS / 4;
	}
	return err < 0 || (!err && mend_rows(view, group, work));
}

static void begin_at(struct pgnl_view *view, unsigned long id)
{
	view->cursor = id;
	view->row = 0;
}

static void end_of_mending(struct pgnl_view *view)
{
	view->mending = false;
	view->behind = view->missed || view->late;
	if (view->missed)
		view->backoff = clamp_t(unsigned long, 2 * view->backoff,
					BACKOFF_MIN, BACKOFF_MAX);
	else
		view->backoff = view->late ? BACKOFF_MIN : 0;
	if (view->behind)
		pgnl_view_queue_locked(view, view->backoff);
	say_flags_locked(view);
}

/**
 * pgnl_view_mend_locked() - Write some of what is missing.
 * @view: the view
 *
 * Return: true when there is more to do.
 */
bool pgnl_view_mend_locked(struct pgnl_view *view)
{
	struct pgnl_group *group;
	unsigned long id;
	u32 work = 0;

	pgnl_assert_locked(view->pn);
	if (!view->scope || !view->behind)
		return false;
	if (!view->mending) {
		view->mending = true;
		view->missed = false;
		view->late = false;
		begin_at(view, 0);
	}
	while (work++ < PGNL_LOCK_ROWS) {
		id = view->cursor;
		group = xa_find(&view->scope->group_ids, &id, ULONG_MAX,
				XA_PRESENT);
		if (!group) {
			end_of_mending(view);
			return false;
		}
		/* The one it was at may have gone. */
		if (id != view->cursor)
			begin_at(view, id);
		if (mend_group(view, group, &work))
			begin_at(view, id + 1);
	}
	return true;
}

/**
 * pgnl_view_format_locked() - Write the header of a new view.
 * @view: the view, attached to its scope
 *
 * It has no group yet, and says so.
 *
 * Return: 0 or -EDQUOT.
 */
int pgnl_view_format_locked(struct pgnl_view *view)
{
	struct pgnl_view_header *head = pgnl_view_make_locked(view, 0);

	BUILD_BUG_ON(sizeof(struct pgnl_view_bucket) != 64);
	BUILD_BUG_ON(sizeof(struct pgnl_view_slot) != 128);
	BUILD_BUG_ON(offsetof(struct pgnl_view_header, flags) != 128);
	BUILD_BUG_ON(sizeof_field(struct pgnl_view_header, scope) !=
		     PGNL_SCOPE_NAME_MAX + 1);
	/* There is a slot 0, but it is nobody's. */
	if (!head || !pgnl_view_make_locked(view, PGNL_VIEW_BUCKETS_AT) ||
	    !pgnl_view_make_locked(view, PGNL_VIEW_SLOTS_AT))
		return -EDQUOT;
	memcpy(head->magic, PGNL_VIEW_MAGIC, sizeof(head->magic));
	head->version = PGNL_VIEW_VERSION;
	head->size = PGNL_VIEW_SIZE;
	head->words_at = PGNL_VIEW_WORDS_AT / PGNL_VIEW_UNIT;
	head->buckets_at = PGNL_VIEW_BUCKETS_AT / PGNL_VIEW_UNIT;
	head->slots_at = PGNL_VIEW_SLOTS_AT / PGNL_VIEW_UNIT;
	head->pid_ns = view->pid_ns->ns.inum;
	head->user_ns = view->user_ns->ns.inum;
	head->nodes_at = PGNL_VIEW_NODES_AT / PGNL_VIEW_UNIT;
	head->epoch = pgnl_epoch;
	memcpy(head->scope, view->scope->name, sizeof(head->scope));
	head->buckets = 1;
	head->slots = 1;
	head->seed = get_random_u64();
	view->head = head;
	view->heap_end = PGNL_VIEW_HEAP_AT / PGNL_VIEW_UNIT;
	view->behind = true;
	say_flags_locked(view);
	return 0;
}

/* The verifier */

static bool is_in_directory(const struct pgnl_view *view,
			    const struct pgnl_group *group)
{
	u64 hash = hash_name(view, group->name, group->len);
	u32 *entry = entry_in(bucket_at(view, hash), hash);

	return entry && *entry == group->view_slot;
}

static bool check_row(struct pgnl_view *view, struct pgnl_view_slot *slot,
		      u32 index, const struct row *row)
{
	const struct pgnl_meta *meta = row->meta;
	struct pgnl_view_extra *extra;
	struct cells cells;

	if (!find_cells(view, slot, index, false, &cells) ||
	    (cells.info->extra_at == PGNL_VIEW_ASK && !view->behind))
		return false;
	extra = extra_of(view, cells.info);
	if (extra && (!meta || extra->len != meta->len ||
		      memcmp(extra->meta, meta->data, meta->len)))
		return false;
	return *cells.pid == row->pid && *cells.word == row->word &&
	       *cells.id == row->id && cells.info->uid == row->info.uid &&
	       cells.info->count == row->info.count &&
	       cells.info->weight == row->info.weight &&
	       !meta == !cells.info->extra_at;
}

static bool check_rows(struct pgnl_view *view, struct pgnl_view_slot *slot,
		       const struct pgnl_group *group, bool far)
{
	struct row row;
	u32 index;

	for (index = 0; index < slot->rows; index++) {
		if (!describe(view, group, far, index, &row) ||
		    !check_row(view, slot, index, &row) ||
		    (far && !pgnl_view_check_node_locked(view,
							 remote_at(group, index)->node)))
			return false;
		cond_resched();
	}
	return true;
}

/* So many rows, and what they come to. */
static bool has_sums(const struct pgnl_view_slot *slot, u32 rows, u32 seen,
		     u64 members)
{
	return slot->rows == rows && slot->seen + slot->unseen == seen &&
	       (slot->unseen || slot->members == members);
}

static const char *check_far(struct pgnl_view *view, struct pgnl_view_slot *far,
			     const struct pgnl_group *group)
{
	struct pgnl_remotes *set = pgnl_remotes_locked(group);

	if (!set || !far)
		return !set == !far ? NULL :
		       "is another node's as well, or not, in the view";
	if (!has_sums(far, set->nr_rows, set->nr_rows, set->nr_members))
		return "has other sums of other nodes in the view";
	return check_rows(view, far, group, true) ? NULL :
	       "has another row of another node in the view";
}

/**
 * pgnl_view_check_group_locked() - Does the view say of a group what is so?
 * @group: the group
 * @what: set to what is wrong
 *
 * Return: true when it does, or when the scope has no view.
 */
bool pgnl_view_check_group_locked(struct pgnl_group *group, const char **what)
{
	struct pgnl_view *view = view_of(group);
	struct pgnl_view_slot *slot;

	*what = NULL;
	slot = view ? slot_of(view, group) : NULL;
	if (!view || is_hidden(view, group))
		return true;
	if (!slot || !is_published(slot)) {
		if (pgnl_group_is_seen(group) && !view->behind)
			*what = "is missing in the view";
		return !*what;
	}
	if (slot->seq & 1)
		*what = "has an open sequence in the view";
	else if (!is_in_directory(view, group))
		*what = "is not found in the view";
	else if (!(slot->flags & PGNL_VIEW_GROUP_CREATED) != !group->created)
		*what = "is created in the view, or not";
	else if (!has_sums(slot, group->nr_rows, group->nr_seen,
			   group->nr_members))
		*what = "has other sums in the view";
	else if (!check_rows(view, slot, group, false))
		*what = "has another row in the view";
	else
		*what = check_far(view, far_of(view, slot), group);
	return !*what;
}
