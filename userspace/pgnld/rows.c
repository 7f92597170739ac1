// SPDX-License-Identifier: GPL-2.0-or-later
#include "rows.h"

#include <string.h>
#include <utlist.h>

#include "digest.h"

void rows_init(struct own_rows *rows, size_t *memory, const uint8_t key[CORE_KEY])
{
	*rows = (struct own_rows){ .memory = memory };
	memcpy(rows->digest_key, key, CORE_KEY);
}

static size_t size_of(const struct own_row *row)
{
	return sizeof(*row) + row->key_len;
}

/* --- the order of changes ------------------------------------------------------------ */

static void unlink_row(struct own_rows *rows, struct own_row *row)
{
	struct cursor *cursor;

	if (row->cursors) {
		DL_FOREACH(rows->cursors, cursor)
			if (cursor->row == row)
				cursor_jump(cursor, cursor->seen, row->next);
	}
	DL_DELETE(rows->order, row);
	if (!row->count) {
		DL_DELETE2(rows->gone, row, gone_prev, gone_next);
		rows->removals--;
	}
}

static void append(struct own_rows *rows, struct own_row *row)
{
	row->seq = ++rows->seq;
	DL_APPEND(rows->order, row);
	if (!row->count) {
		DL_APPEND2(rows->gone, row, gone_prev, gone_next);
		rows->removals++;
	}
	if (rows->changed)
		rows->changed(rows->arg, row);
}

/* --- groups -------------------------------------------------------------------------- */

static void enter_group(struct own_rows *rows, struct own_row *row)
{
	size_t len = row->key_len - sizeof(row->id);
	struct own_group *group;

	HASH_FIND(hh, rows->groups, row->key, len, group);
	if (!group) {
		group = mem_new(rows->memory, sizeof(*group) + len);
		group->key_len = (uint16_t)len;
		memcpy(group->key, row->key, len);
		HASH_ADD(hh, rows->groups, key, len, group);
	}
	row->group = group;
	DL_APPEND2(group->rows, row, mate_prev, mate_next);
}

static void leave_group(struct own_rows *rows, struct own_row *row)
{
	struct own_group *group = row->group;

	DL_DELETE2(group->rows, row, mate_prev, mate_next);
	row->group = NULL;
	if (group->rows)
		return;
	HASH_DEL(rows->groups, group);
	mem_drop(rows->memory, group, sizeof(*group) + group->key_len);
}

/* --- changes ------------------------------------------------------------------------- */

static void forget(struct own_rows *rows, struct own_row *row)
{
	if (row->count)
		leave_group(rows, row);
	unlink_row(rows, row);
	HASH_DEL(rows->by_key, row);
	mem_drop(rows->memory, row->meta, row->meta_len);
	mem_drop(rows->memory, row, size_of(row));
}

static struct own_row *make(struct own_rows *rows, const uint8_t *key, size_t len,
			    uint64_t id)
{
	struct own_row *row = mem_new(rows->memory, sizeof(*row) + len);

	row->id = id;
	row->key_len = (uint16_t)len;
	memcpy(row->key, key, len);
	HASH_ADD(hh, rows->by_key, key, len, row);
	return row;
}

/* What was said of the row is true no more; it is in no list, then. */
static void take_out(struct own_rows *rows, struct own_row *row)
{
	unlink_row(rows, row);
	if (row->count) {
		leave_group(rows, row);
		rows->rows--;
		rows->sum -= row->digest;
	}
	mem_drop(rows->memory, row->meta, row->meta_len);
	row->meta = NULL;
	row->meta_len = 0;
}

static void remove_row(struct own_rows *rows, struct own_row *row, struct core_end end)
{
	take_out(rows, row);
	row->count = 0;
	row->end = end;
	append(rows, row);
}

bool rows_put(struct own_rows *rows, const struct core_row *row)
{
	uint8_t key[DIGEST_KEY_MAX];
	size_t len = digest_key(key, row->scope, row->group, row->id);
	uint64_t digest = row->count ? digest_row(rows->digest_key, row).row : 0;
	struct own_row *own;

	HASH_FIND(hh, rows->by_key, key, len, own);
	if (!row->count) {
		if (!own || !own->count)
			return false;
		remove_row(rows, own, row->end);
		return true;
	}
	if (own && own->count && own->digest == digest) {
		own->mark = rows->mark;
		return false;
	}
	if (own)
		take_out(rows, own);
	else
		own = make(rows, key, len, row->id);
	own->digest = digest;
	own->pid = row->pid;
	own->count = row->count;
	own->uid = row->uid;
	own->weight = row->weight;
	own->told = row->told;
	own->end = row->end;
	own->meta = mem_copy(rows->memory, row->meta.data, row->meta.len);
	own->meta_len = (uint16_t)row->meta.len;
	own->mark = rows->mark;
	enter_group(rows, own);
	rows->rows++;
	rows->sum += digest;
	append(rows, own);
	return true;
}

static struct listing *find_listing(const struct own_rows *rows, struct core_text scope)
{
	struct listing *listing;

	DL_FOREACH(rows->listings, listing)
		if (listing->scope_len == scope.len &&
		    !memcmp(listing->scope, scope.data, scope.len))
			return listing;
	return NULL;
}

void rows_begin(struct own_rows *rows, struct core_text scope)
{
	struct listing *listing = find_listing(rows, scope);

	if (!listing) {
		listing = mem_new(rows->memory, sizeof(*listing));
		listing->scope_len = (uint8_t)scope.len;
		memcpy(listing->scope, scope.data, scope.len);
		DL_APPEND(rows->listings, listing);
	}
	listing->mark = ++rows->mark;
}

static void end_listing(struct own_rows *rows, struct listing *listing)
{
	DL_DELETE(rows->listings, listing);
	mem_drop(rows->memory, listing, sizeof(*listing));
}

static bool is_of_scope(const struct own_row *row, struct core_text scope)
{
	return row->key[0] == scope.len && !memcmp(row->key + 1, scope.data, scope.len);
}

static const struct core_end nobody_knows = { .why = CORE_LEFT };

void rows_commit(struct own_rows *rows, struct core_text scope)
{
	struct listing *listing = find_listing(rows, scope);
	struct own_row *row, *next;
	uint64_t last = rows->seq;

	if (!listing)
		return;
	/* Those removed here go to the end, behind the last one there is now. */
	DL_FOREACH_SAFE(rows->order, row, next) {
		if (row->seq > last)
			break;
		if (row->count && row->mark < listing->mark && is_of_scope(row, scope))
			remove_row(rows, row, nobody_knows);
	}
	end_listing(rows, listing);
}

void rows_delete(struct own_rows *rows, struct core_text scope, struct core_text group)
{
	static const struct core_end evicted = { .why = CORE_EVICTED };
	uint8_t key[DIGEST_KEY_MAX];
	size_t len = digest_key(key, scope, group, 0) - sizeof(uint64_t);
	struct own_group *found;
	struct own_row *row, *next;

	HASH_FIND(hh, rows->groups, key, len, found);
	if (!found)
		return;
	/* It goes with the last one. */
	for (row = found->rows; row; row = next) {
		next = row->mate_next;
		remove_row(rows, row, evicted);
	}
}

void rows_free(struct own_rows *rows)
{
	struct own_row *row, *next;

	while (rows->listings)
		end_listing(rows, rows->listings);
	HASH_ITER(hh, rows->by_key, row, next)
		forget(rows, row);
}

void rows_view(const struct own_row *own, struct core_row *row)
{
	const char *key = (const char *)own->key;

	*row = (struct core_row){
		.scope = { key + 1, own->key[0] },
		.id = own->id,
		.pid = own->pid,
		.count = own->count,
		.uid = own->uid,
		.weight = own->weight,
		.meta = { own->meta, own->meta_len },
		.told = own->told,
		.end = own->end,
	};
	key += 1 + own->key[0];
	row->group = (struct core_text){ key + 1, (uint8_t)key[0] };
}

/* --- readers -------------------------------------------------------------------------- */

void cursor_start(struct own_rows *rows, struct cursor *cursor)
{
	*cursor = (struct cursor){ .since = rows->seq };
	DL_APPEND(rows->cursors, cursor);
	cursor_jump(cursor, 0, rows->order);
}

void cursor_stop(struct own_rows *rows, struct cursor *cursor)
{
	cursor_jump(cursor, 0, NULL);
	DL_DELETE(rows->cursors, cursor);
}

/* The first row after what the cursor has seen; from the end, as it is near. */
static struct own_row *search(struct own_rows *rows, uint64_t seen)
{
	struct own_row *row = rows->order ? rows->order->prev : NULL;
	struct own_row *found = NULL;

	while (row && row->seq > seen) {
		found = row;
		row = row == rows->order ? NULL : row->prev;
	}
	return found;
}

struct own_row *cursor_next(struct own_rows *rows, struct cursor *cursor)
{
	if (!cursor->row)
		cursor_jump(cursor, cursor->seen, search(rows, cursor->seen));
	while (cursor->row && !cursor->row->count && cursor->row->seq <= cursor->since)
		cursor_pass(cursor, cursor->row);
	return cursor->row;
}

void cursor_pass(struct cursor *cursor, struct own_row *row)
{
	cursor_jump(cursor, row->seq, row->next);
}

void cursor_jump(struct cursor *cursor, uint64_t seq, struct own_row *next)
{
	if (cursor->row)
		cursor->row->cursors--;
	cursor->row = next;
	cursor->seen = seq;
	if (next)
		next->cursors++;
}

uint64_t cursor_holds(const struct cursor *cursor)
{
	return cursor->seen > cursor->since ? cursor->seen : cursor->since;
}

void rows_trim(struct own_rows *rows)
{
	uint64_t held = UINT64_MAX;
	struct cursor *cursor;

	if (!rows->gone)
		return;
	DL_FOREACH(rows->cursors, cursor)
		if (cursor_holds(cursor) < held)
			held = cursor_holds(cursor);
	while (rows->gone && rows->gone->seq <= held)
		forget(rows, rows->gone);
}
