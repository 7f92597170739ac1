/* SPDX-License-Identifier: GPL-2.0-only */
/* The members of a group by index: an array that grows and shrinks. */
#ifndef _PGNL_ROWS_H
#define _PGNL_ROWS_H

#include <linux/compiler.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct pgnl_member;

/* Rows of a chunk; the only chunk of a small group may have fewer. */
#define PGNL_CHUNK_ROWS	512

/**
 * struct pgnl_rows_map - Where the rows are.
 * @rcu: for freeing
 * @cap: rows there is room for (R)
 * @nr_chunks: how many chunks there are (L)
 * @room: how many there may be before the map itself must grow (C)
 * @kept: chunks that a newer map has taken over, not freed with this one (L)
 * @chunk: the chunks; a slot is NULL or a member (R)
 */
struct pgnl_rows_map {
	struct rcu_head rcu;
	u32 cap;
	u32 nr_chunks;
	u32 room;
	u32 kept;
	struct pgnl_member __rcu **chunk[];
};

/**
 * struct pgnl_rows - An array of members.
 * @map: NULL as long as there was none (R)
 */
struct pgnl_rows {
	struct pgnl_rows_map __rcu *map;
};

int __must_check pgnl_rows_grow(struct pgnl_rows *rows);
void pgnl_rows_trim(struct pgnl_rows *rows, u32 nr_rows);
void pgnl_rows_free(struct pgnl_rows *rows);

/**
 * pgnl_rows_at() - The member at an index.
 * @map: the map, within RCU or while nobody changes it
 * @index: less than @map->cap was
 *
 * Return: the member or NULL.
 */
static inline struct pgnl_member *pgnl_rows_at(const struct pgnl_rows_map *map,
					       u32 index)
{
	return rcu_dereference_check(map->chunk[index / PGNL_CHUNK_ROWS]
					       [index % PGNL_CHUNK_ROWS], 1);
}

/**
 * pgnl_rows_get() - The member at an index.
 * @rows: the array, within RCU or while nobody changes it
 * @index: any number
 *
 * Return: the member or NULL.
 */
static inline struct pgnl_member *pgnl_rows_get(const struct pgnl_rows *rows,
						u32 index)
{
	/* As the comment above says, RCU is one way out of two. */
	struct pgnl_rows_map *map = rcu_dereference_check(rows->map, 1);

	/* Pairs with that in add_chunk(): the chunk is there before its room. */
	if (!map || index >= smp_load_acquire(&map->cap))
		return NULL;
	return pgnl_rows_at(map, index);
}

/**
 * pgnl_rows_make_room() - See that an index can be set.
 * @rows: the array, lock held
 * @index: at most one past the last row
 *
 * May sleep. Its memory is not charged to anybody, see table.h.
 *
 * Return: 0 or -ENOMEM, and nothing has changed.
 */
static inline int __must_check pgnl_rows_make_room(struct pgnl_rows *rows,
						   u32 index)
{
	struct pgnl_rows_map *map = rcu_dereference_protected(rows->map, 1);

	return likely(map && index < map->cap) ? 0 : pgnl_rows_grow(rows);
}

/**
 * pgnl_rows_set() - Put a member at an index.
 * @rows: the array, lock held
 * @index: there is room for it
 * @member: the member, or NULL
 */
static inline void pgnl_rows_set(struct pgnl_rows *rows, u32 index,
				 struct pgnl_member *member)
{
	struct pgnl_rows_map *map = rcu_dereference_protected(rows->map, 1);

	rcu_assign_pointer(map->chunk[index / PGNL_CHUNK_ROWS]
				     [index % PGNL_CHUNK_ROWS], member);
}

#endif /* _PGNL_ROWS_H */
