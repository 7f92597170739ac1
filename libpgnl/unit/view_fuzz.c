// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer on the mapping of a view: an image that is right but for some words,
 * which are what the fuzzer makes of them. Whatever they are, no reader looks
 * outside of the image or goes on for ever.
 */
#include <stdlib.h>
#include <string.h>

#include "view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_AT = 4096, BUCKETS_AT = 8192, SLOTS_AT = 12288, NODES_AT = 16384, HEAP_AT = 20480,
       SIZE = 40960 };

#define BUCKETS		2
#define FACTOR		0x80000001u
#define MANY		40	/* rows, in the second segment as well */
#define SOME		16	/* members that readers have room for */

static const char long_name[] = "a name of more bytes than stand in the slot itself";

/* What the fuzzer's bytes are: words of the image to change. */
struct change {
	uint16_t word;
	uint16_t low, high;
};

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

static void look(const struct lp_image *image, const char *name)
{
	struct pgnl_view_member members[SOME];
	struct pgnl_view_group group;
	pid_t pids[SOME];
	char meta[4];

	lp_image_lookup(image, name, &group);
	lp_image_pids(image, name, pids, SOME);
	lp_image_members(image, name, members, SOME);
	for (uint64_t id = 0; id < 3; id++) {
		struct pgnl_view_member here = { .id = id }, there = { .id = id, .node = "b" };

		lp_image_meta(image, name, &here, meta, sizeof(meta));
		lp_image_meta(image, name, &there, meta, sizeof(meta));
	}
	for (int policy = PGNL_PICK_CLOSEST; policy <= PGNL_PICK_KEY; policy++) {
		struct lp_pick pick = {
			.policy = policy,
			.key = "key",
			.key_len = 3,
			.flags = policy & 1 ? PGNL_ANY_STATE : 0,
			.uid = PGNL_ANY_UID,
		};

		lp_image_pick(image, name, &pick, 7, 0x9e3779b97f4a7c15, members);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "g", "many", long_name, "none", "missing" };
	struct lp_image image;
	struct change change;
	char *base;

	/* Of just this size, so that a step too far is seen. */
	base = aligned_alloc(4096, SIZE);
	if (!base)
		return 0;
	build(base);
	for (; size >= sizeof(change); data += sizeof(change), size -= sizeof(change)) {
		uint32_t value;

		memcpy(&change, data, sizeof(change));
		value = change.low | (uint32_t)change.high << 16;
		memcpy(base + (change.word * sizeof(value)) % SIZE, &value, sizeof(value));
	}
	if (lp_image_init(&image, base, SIZE))
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			look(&image, names[i]);
	free(base);
	return 0;
}
