// SPDX-License-Identifier: GPL-2.0-or-later
#include "digest.h"

#include <endian.h>
#include <string.h>

#include "mem.h"
#include "siphash.h"

/* --- rows as bytes ------------------------------------------------------------ */

static uint8_t *put_text(uint8_t *to, struct core_text text)
{
	*to++ = (uint8_t)text.len;
	memcpy(to, text.data, text.len);
	return to + text.len;
}

static uint8_t *put_number(uint8_t *to, uint64_t number, size_t bytes)
{
	number = htole64(number);
	memcpy(to, &number, bytes);
	return to + bytes;
}

size_t digest_key(uint8_t bytes[DIGEST_KEY_MAX], struct core_text scope,
		  struct core_text group, uint64_t id)
{
	uint8_t *end = put_text(bytes, scope);

	end = put_text(end, group);
	return (size_t)(put_number(end, id, 8) - bytes);
}

struct digest_row digest_row(const uint8_t key[CORE_KEY], const struct core_row *row)
{
	uint8_t bytes[DIGEST_KEY_MAX + 4 + 4 + 4 + 2 + 8 + 8 + 1 +
		      CORE_META_MAX];
	size_t len = digest_key(bytes, row->scope, row->group, row->id);
	struct digest_row digest = { .key = siphash(key, bytes, len) };
	uint8_t *end = bytes + len;

	end = put_number(end, row->count, 4);
	end = put_number(end, row->pid, 4);
	end = put_number(end, row->uid, 4);
	end = put_number(end, row->weight, 2);
	if (row->told.stamp) {
		end = put_number(end, row->told.fence, 8);
		end = put_number(end, row->told.stamp, 8);
		end = put_number(end, row->told.resolve, 1);
	}
	if (row->meta.len)
		memcpy(end, row->meta.data, row->meta.len);
	end += row->meta.len;
	digest.row = siphash(key, bytes, (size_t)(end - bytes));
	if (!digest.key)
		digest.key = 1;
	if (!digest.row)
		digest.row = 1;
	return digest;
}

/* --- sets ------------------------------------------------------------------------ */

#define SIZE_MIN 16

/* The place of the key, or the free one where it would go. */
static size_t place_of(const struct digest_set *set, uint64_t key)
{
	size_t i = key & (set->size - 1);

	while (set->places[i].key && set->places[i].key != key)
		i = (i + 1) & (set->size - 1);
	return i;
}

static void resize(struct digest_set *set, size_t *memory, size_t size)
{
	struct digest_set old = *set;

	set->places = mem_new(memory, size * sizeof(*set->places));
	set->size = size;
	for (size_t i = 0; i < old.size; i++)
		if (old.places[i].key)
			set->places[place_of(set, old.places[i].key)] = old.places[i];
	mem_drop(memory, old.places, old.size * sizeof(*old.places));
}

uint64_t digest_find(const struct digest_set *set, uint64_t key)
{
	return set->size ? set->places[place_of(set, key)].row : 0;
}

uint64_t digest_put(struct digest_set *set, size_t *memory, struct digest_row row)
{
	struct digest_row *place;
	uint64_t old;

	if ((set->rows + 1) * 4 > set->size * 3)
		resize(set, memory, set->size ? set->size * 2 : SIZE_MIN);
	place = &set->places[place_of(set, row.key)];
	old = place->row;
	set->rows += !place->key;
	set->sum += row.row - old;
	*place = row;
	return old;
}

/* Those behind a place that got free move up, so that each is still found. */
static void close_up(struct digest_set *set, size_t free)
{
	size_t mask = set->size - 1, i = free;

	for (;;) {
		size_t home;

		i = (i + 1) & mask;
		if (!set->places[i].key)
			break;
		home = set->places[i].key & mask;
		if (((i - home) & mask) < ((i - free) & mask))
			continue;
		set->places[free] = set->places[i];
		free = i;
	}
	set->places[free] = (struct digest_row){ 0 };
}

uint64_t digest_take(struct digest_set *set, size_t *memory, uint64_t key)
{
	uint64_t old;
	size_t i;

	if (!set->size)
		return 0;
	i = place_of(set, key);
	old = set->places[i].row;
	if (!old)
		return 0;
	close_up(set, i);
	set->rows--;
	set->sum -= old;
	if (set->size > SIZE_MIN && set->rows * 4 < set->size)
		resize(set, memory, set->size / 2);
	return old;
}

void digest_clear(struct digest_set *set, size_t *memory)
{
	mem_drop(memory, set->places, set->size * sizeof(*set->places));
	*set = (struct digest_set){ .size = 0 };
}
