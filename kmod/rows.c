// SPDX-License-Identifier: GPL-2.0-only
/*
 * The members of a group by index: an array that grows and shrinks.
 *
 * A map leads to chunks of rows. Rows never move while the array grows by whole
 * chunks; only the first chunk, which doubles up to its full size, is copied.
 * Readers go under RCU, so what they may be looking at is not changed in
 * shape: a new map takes the place of the old one, which is freed after a grace
 * period together with the chunks that it does not share. Changes are guarded
 * by pgnl_net.lock.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "rows.h"

/* Rows of the first chunk at first: most groups are small. */
#define FIRST_ROWS	4

/* So many are kept: to give less back is not worth the work. */
#define KEPT_ROWS	64

/* The lock of the namespace, which this file knows nothing of, is held. */
#define locked_map(rows)	rcu_dereference_protected((rows)->map, 1)

static struct pgnl_rows_map *new_map(u32 room)
{
	struct pgnl_rows_map *map;

	map = kvzalloc(struct_size(map, chunk, room),
		       GFP_KERNEL | __GFP_NOWARN);
	if (map)
		map->room = room;
	return map;
}

static struct pgnl_member __rcu **new_chunk(u32 cap)
{
	return kcalloc(cap, sizeof(struct pgnl_member *),
		       GFP_KERNEL | __GFP_NOWARN);
}

static void free_map(struct rcu_head *rcu)
{
	struct pgnl_rows_map *map = container_of(rcu, struct pgnl_rows_map,
						 rcu);
	u32 i;

	for (i = map->kept; i < map->nr_chunks; i++)
		kfree(map->chunk[i]);
	kvfree(map);
}

/* @kept chunks of the old map, if there is one, live on in the new one. */
static void replace_map(struct pgnl_rows *rows, struct pgnl_rows_map *map,
			u32 kept)
{
	struct pgnl_rows_map *old = locked_map(rows);

	rcu_assign_pointer(rows->map, map);
	if (old) {
		old->kept = kept;
		call_rcu(&old->rcu, free_map);
	}
}

/* The first chunk, in a map of its own; rows in use fit into it. */
static int resize_first_chunk(struct pgnl_rows *rows, u32 cap)
{
	struct pgnl_rows_map *old = locked_map(rows);
	struct pgnl_rows_map *map = new_map(1);

	if (!map)
		return -ENOMEM;
	map->chunk[0] = new_chunk(cap);
	if (!map->chunk[0]) {
		kvfree(map);
		return -ENOMEM;
	}
	map->nr_chunks = 1;
	map->cap = cap;
	if (old)
		memcpy(map->chunk[0], old->chunk[0],
		       min(cap, old->cap) * sizeof(*old->chunk[0]));
	replace_map(rows, map, 0);
	return 0;
}

/* A map with the first chunks of today's, and room for more. */
static int remap(struct pgnl_rows *rows, u32 nr_chunks, u32 room)
{
	struct pgnl_rows_map *old = locked_map(rows);
	struct pgnl_rows_map *map = new_map(room);

	if (!map)
		return -ENOMEM;
	memcpy(map->chunk, old->chunk, nr_chunks * sizeof(*old->chunk));
	map->nr_chunks = nr_chunks;
	map->cap = nr_chunks * PGNL_CHUNK_ROWS;
	replace_map(rows, map, nr_chunks);
	return 0;
}

static int add_chunk(struct pgnl_rows *rows)
{
	struct pgnl_rows_map *map = locked_map(rows);

	if (map->nr_chunks == map->room) {
		if (remap(rows, map->nr_chunks, 2 * map->room))
			return -ENOMEM;
		map = locked_map(rows);
	}
	map->chunk[map->nr_chunks] = new_chunk(PGNL_CHUNK_ROWS);
	if (!map->chunk[map->nr_chunks])
		return -ENOMEM;
	map->nr_chunks++;
	/* Pairs with that in pgnl_rows_get(). */
	smp_store_release(&map->cap, map->nr_chunks * PGNL_CHUNK_ROWS);
	return 0;
}

/**
 * pgnl_rows_grow() - What pgnl_rows_make_room() does when there is no room.
 * @rows: the array, lock held
 *
 * Return: 0 or -ENOMEM, and nothing has changed.
 */
int pgnl_rows_grow(struct pgnl_rows *rows)
{
	struct pgnl_rows_map *map = locked_map(rows);
	u32 cap = map ? map->cap : 0;

	if (cap < PGNL_CHUNK_ROWS)
		return resize_first_chunk(rows, max_t(u32, 2 * cap, FIRST_ROWS));
	return add_chunk(rows);
}

/**
 * pgnl_rows_trim() - Give room back, if there is far too much of it.
 * @rows: the array, lock held
 * @nr_rows: rows in use
 *
 * When a quarter is in use, half of the room goes; so going back and forth costs
 * nothing.
 */
void pgnl_rows_trim(struct pgnl_rows *rows, u32 nr_rows)
{
	struct pgnl_rows_map *map = locked_map(rows);

	/* Without memory for a smaller map the larger one does. */
	if (nr_rows > map->cap / 4)
		return;
	if (map->nr_chunks > 1)
		remap(rows, map->nr_chunks / 2, map->nr_chunks);
	else if (map->cap > KEPT_ROWS)
		resize_first_chunk(rows, map->cap / 2);
}

/**
 * pgnl_rows_free() - Free an array, after a grace period.
 * @rows: the array; readers under RCU may still look at it
 */
void pgnl_rows_free(struct pgnl_rows *rows)
{
	struct pgnl_rows_map *map = locked_map(rows);

	/* The pointer stays, for those readers. */
	if (map)
		call_rcu(&map->rcu, free_map);
}
