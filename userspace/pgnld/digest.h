/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Digests: two sets of rows are the same when their sums are. Of a row of
 * another node no more is kept than a digest of its key and one of all of it,
 * under the key of that node, which no local user knows.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include "core.h"

/* (scope, group, id) as bytes. */
#define DIGEST_KEY_MAX	(1 + CORE_NAME_MAX + 1 + CORE_GROUP_MAX + 8)

size_t digest_key(uint8_t bytes[DIGEST_KEY_MAX], struct core_text scope,
		  struct core_text group, uint64_t id);

struct digest_row {
	uint64_t key;		/* 0: a free place */
	uint64_t row;
};

/* Of a row of any count; its key's is never 0. */
struct digest_row digest_row(const uint8_t key[CORE_KEY], const struct core_row *row);

/* A set, by key: open addressing, at most three quarters full. */
struct digest_set {
	struct digest_row *places;
	size_t size;		/* places, a power of two, or 0 */
	uint64_t rows;
	uint64_t sum;		/* of all digests of rows, modulo 2^64 */
};

/* Each returns what was there under the key before, 0 for nothing. */
uint64_t digest_put(struct digest_set *set, size_t *memory, struct digest_row row);
uint64_t digest_take(struct digest_set *set, size_t *memory, uint64_t key);
uint64_t digest_find(const struct digest_set *set, uint64_t key);
void digest_clear(struct digest_set *set, size_t *memory);

#endif
