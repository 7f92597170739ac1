/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image of a view, as the kernel would write it. A row names the word of its own
 * number, so the first of each group is of the same process, and so on.
 */
#ifndef LIBPGNL_UNIT_IMAGE_H
#define LIBPGNL_UNIT_IMAGE_H

#include <stdlib.h>
#include <string.h>

#include "../view.h"

enum { WORDS_AT = 4096, BUCKETS_AT = 8192, SLOTS_AT = 12288, NODES_AT = 16384, HEAP_AT = 20480,
       SIZE = 40960 };

#define BUCKETS		2
#define FACTOR		0x80000001u
#define MANY		40	/* rows, in the second segment as well */

static const char long_name[] = "a name of more bytes than stand in the slot itself";

static uint32_t take(uint32_t *end, size_t size)
{
	uint32_t place = *end;

	*end += (uint32_t)((size + PGNL_VIEW_UNIT - 1) / PGNL_VIEW_UNIT);
	return place;
}

static void add_rows(char *base, struct pgnl_view_slot *slot, uint32_t *end, uint32_t rows)
{
	struct pgnl_view_extra *extra;
	uint32_t done = 0;

	slot->rows = rows;
	slot->seen = rows;
	slot->members = rows;
	for (int k = 0; done < rows; k++) {
		uint32_t room = PGNL_VIEW_ROWS_OF(k);
		uint32_t place = take(end, (size_t)room * PGNL_VIEW_ROW_SIZE);
		uint32_t *column = (void *)(base + (size_t)place * PGNL_VIEW_UNIT);
		uint32_t *pid = k ? column : slot->pid;
		uint64_t *id = (void *)(column + 2 * room);
		struct pgnl_view_info *info = (void *)(id + room);

		*(k ? &slot->more[k - 1] : &slot->first) = place;
		for (uint32_t i = 0; i < room && done < rows; i++, done++) {
			pid[i] = 1 + done;
			column[room + i] = 1 + done;
			id[i] = 1 + done;
			info[i].count = 1;
			info[i].extra_at = i ? PGNL_VIEW_ASK : take(end, sizeof(*extra) + 5);
			extra = (void *)(base + (size_t)info[i].extra_at * PGNL_VIEW_UNIT);
			if (!i)
				extra->len = 5;
		}
	}
}

static struct pgnl_view_slot *new_slot(char *base, uint32_t *number)
{
	*number = ((struct pgnl_view_header *)base)->slots++;
	return (void *)(base + SLOTS_AT + *number * sizeof(struct pgnl_view_slot));
}

static void add_node(char *base, uint32_t number, uint64_t since)
{
	struct pgnl_view_node *node = (void *)(base + NODES_AT + number * sizeof(*node));

	node->since = since;
	node->name[0] = (uint8_t)('a' + number);
}

/* What other nodes have in the last group. Rows name words of their own numbers. */
static void add_far(char *base, uint32_t *end, uint32_t rows)
{
	uint32_t number;
	struct pgnl_view_slot *slot = new_slot(base, &number);

	slot->flags = PGNL_VIEW_GROUP_FAR;
	add_rows(base, slot, end, rows);
	slot[-1].far = number;
}

/* The factor is one by which all are apart. */
static void enter(char *base, uint64_t hash, uint32_t number)
{
	struct pgnl_view_bucket *bucket = (void *)(base + BUCKETS_AT);
	uint32_t *word;

	bucket += (hash >> 32) % BUCKETS;
	bucket->word[0] = FACTOR;
	word = &bucket->word[hash * FACTOR >> 60];
	if (*word)
		abort();
	*word = number;
}

static void add_group(char *base, const struct lp_image *image, uint32_t *end, const char *name,
		      uint32_t rows)
{
	uint32_t number;
	struct pgnl_view_slot *slot = new_slot(base, &number);
	size_t len = strlen(name);

	slot->name_len = (uint8_t)len;
	memcpy(slot->name, name, len < sizeof(slot->name) ? len : sizeof(slot->name));
	if (len > sizeof(slot->name)) {
		slot->name_at = take(end, len);
		memcpy(base + (size_t)slot->name_at * PGNL_VIEW_UNIT, name, len);
	}
	enter(base, lp_image_hash(image, name, len), number);
	add_rows(base, slot, end, rows);
}

static void build(char *base)
{
	uint32_t end = HEAP_AT / PGNL_VIEW_UNIT;
	struct lp_image image;

	memset(base, 0, SIZE);
	*(struct pgnl_view_header *)base = (struct pgnl_view_header){
		.magic = PGNL_VIEW_MAGIC,
		.version = PGNL_VIEW_VERSION,
		.words_at = WORDS_AT / PGNL_VIEW_UNIT,
		.size = SIZE,
		.buckets_at = BUCKETS_AT / PGNL_VIEW_UNIT,
		.slots_at = SLOTS_AT / PGNL_VIEW_UNIT,
		.nodes_at = NODES_AT / PGNL_VIEW_UNIT,
		.buckets = BUCKETS,
		.slots = 1,
		.gone = 1,
		.seed = 0x0123456789abcdef,
	};
	if (!lp_image_init(&image, base, SIZE))
		abort();
	add_node(base, 1, PGNL_STATE_UP);
	add_node(base, 2, 1000 << 8 | PGNL_STATE_SUSPECT);
	add_node(base, 3, PGNL_VIEW_GONE);
	add_group(base, &image, &end, "g", 3);
	add_group(base, &image, &end, "many", MANY);
	add_far(base, &end, MANY);
	add_group(base, &image, &end, long_name, 1);
	add_group(base, &image, &end, "none", 0);
	add_far(base, &end, 3);
}

#endif /* LIBPGNL_UNIT_IMAGE_H */
