// SPDX-License-Identifier: GPL-2.0-or-later
#include "truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../digest.h"
#include "../mem.h"
#include "../siphash.h"

#include <uthash.h>

/* A key, and the count of each version; 0 for one that was a removal. */
struct truth_row {
	UT_hash_handle hh;
	char scope[CORE_NAME_MAX + 1];
	char group[CORE_GROUP_MAX + 1];
	uint64_t id;
	uint32_t *counts;	/* of version 1 at 0 */
	uint32_t versions;
	size_t key_len;
	uint8_t key[DIGEST_KEY_MAX];
};

struct owner {
	UT_hash_handle hh;
	struct truth_row *rows;
	uint64_t present;
	char key[CORE_NAME_MAX + 24];
};

struct truth {
	struct owner *owners;
	size_t memory;
};

struct core_end truth_end(uint64_t id)
{
	struct core_end end = { .why = (uint8_t)(id % (CORE_WHY_LAST + 1)) };

	end.known = end.why == CORE_EXITED || (end.why == CORE_KILLED && id % 4);
	if (end.known)
		end.status = (uint8_t)id;
	return end;
}

struct truth *truth_new(void)
{
	size_t memory = 0;

	return mem_new(&memory, sizeof(struct truth));
}

void truth_free(struct truth *truth)
{
	struct owner *owner, *next;
	struct truth_row *row, *next_row;

	HASH_ITER(hh, truth->owners, owner, next) {
		HASH_ITER(hh, owner->rows, row, next_row) {
			HASH_DEL(owner->rows, row);
			free(row->counts);
			free(row);
		}
		HASH_DEL(truth->owners, owner);
		free(owner);
	}
	free(truth);
}

struct owner *truth_owner(struct truth *truth, const char *name, uint64_t incarnation)
{
	struct owner *owner;
	char key[sizeof(owner->key)];

	snprintf(key, sizeof(key), "%s %llx", name, (unsigned long long)incarnation);
	HASH_FIND_STR(truth->owners, key, owner);
	return owner;
}

struct owner *truth_add(struct truth *truth, const char *name, uint64_t incarnation)
{
	struct owner *owner = mem_new(&truth->memory, sizeof(*owner));

	snprintf(owner->key, sizeof(owner->key), "%s %llx", name,
		 (unsigned long long)incarnation);
	HASH_ADD_STR(truth->owners, key, owner);
	return owner;
}

static struct core_text text(const char *string)
{
	return (struct core_text){ string, strlen(string) };
}

static struct truth_row *find(const struct owner *owner, struct core_text scope,
			      struct core_text group, uint64_t id)
{
	uint8_t key[DIGEST_KEY_MAX];
	size_t len = digest_key(key, scope, group, id);
	struct truth_row *row;

	HASH_FIND(hh, owner->rows, key, len, row);
	return row;
}

static struct truth_row *add(struct owner *owner, const char *scope, const char *group,
			     uint64_t id)
{
	size_t memory = 0;
	struct truth_row *row = mem_new(&memory, sizeof(*row));

	snprintf(row->scope, sizeof(row->scope), "%s", scope);
	snprintf(row->group, sizeof(row->group), "%s", group);
	row->id = id;
	row->key_len = digest_key(row->key, text(scope), text(group), id);
	HASH_ADD(hh, owner->rows, key, row->key_len, row);
	return row;
}

static uint32_t count_of(const struct truth_row *row)
{
	return row && row->versions ? row->counts[row->versions - 1] : 0;
}

bool owner_set(struct owner *owner, const char *scope, const char *group, uint64_t id,
	       uint32_t count)
{
	struct truth_row *row = find(owner, text(scope), text(group), id);

	if (count_of(row) == count)
		return false;
	if (!row)
		row = add(owner, scope, group, id);
	owner->present += !!count;
	owner->present -= !!count_of(row);
	row->counts = realloc(row->counts, (row->versions + 1) * sizeof(*row->counts));
	if (!row->counts)
		mem_none();
	row->counts[row->versions++] = count;
	return true;
}

uint32_t owner_get(struct owner *owner, const char *scope, const char *group, uint64_t id)
{
	return count_of(find(owner, text(scope), text(group), id));
}

uint64_t owner_rows(const struct owner *owner)
{
	return owner->present;
}

/* All that follows from key and version. */
static void write_row(const struct truth_row *row, uint32_t version, char meta[CORE_META_MAX],
		      struct core_row *out)
{
	static const uint8_t key[16] = "content of rows";
	uint64_t chance = siphash(key, row->key, row->key_len) + version * 0x9e3779b97f4a7c15;

	chance = siphash(key, &chance, sizeof(chance));
	*out = (struct core_row){
		.scope = text(row->scope),
		.group = text(row->group),
		.id = row->id,
		.pid = row->id ? (uint32_t)chance & 0x3fffff : 0,
		.count = row->counts[version - 1],
		.uid = version,
		.weight = row->id ? 1 + chance % 1000 : 0,
		.meta = { meta, !row->id || chance % 5 ? 0 : (chance >> 32) % (CORE_META_MAX + 1) },
	};
	for (size_t i = 0; i < out->meta.len; i++)
		meta[i] = (char)(chance >> (i % 56));
}

void owner_each(const struct owner *owner, bool (*each)(void *arg, const struct core_row *row),
		void *arg)
{
	const struct truth_row *row;
	char meta[CORE_META_MAX];
	struct core_row out;

	for (row = owner->rows; row; row = row->hh.next) {
		if (!count_of(row))
			continue;
		write_row(row, row->versions, meta, &out);
		if (!each(arg, &out))
			return;
	}
}

static bool same(struct core_text a, struct core_text b)
{
	return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

uint32_t owner_knows(const struct owner *owner, const struct core_row *seen, bool *now)
{
	const struct truth_row *row = find(owner, seen->scope, seen->group, seen->id);
	char meta[CORE_META_MAX];
	struct core_row was;

	if (!row || !seen->uid || seen->uid > row->versions || !row->counts[seen->uid - 1])
		return 0;
	write_row(row, seen->uid, meta, &was);
	*now = seen->uid == row->versions;
	return was.pid == seen->pid && was.count == seen->count &&
	       was.weight == seen->weight && same(was.meta, seen->meta) ? seen->uid : 0;
}
