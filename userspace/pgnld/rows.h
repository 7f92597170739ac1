/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The own rows, in the order of their last change. Each change has the next
 * sequence number and moves its row to the end; a row that is gone stays there
 * as a removal until all readers have passed it. So what a reader has not seen
 * is what comes after its place: of each row the last state, and nothing of it
 * twice.
 */
#ifndef ROWS_H
#define ROWS_H

#include "core.h"
#include "mem.h"

#include <uthash.h>

/* A row and its digest. count 0: a removal. */
struct own_row {
	UT_hash_handle hh;
	struct own_row *prev, *next;		/* in the order of changes */
	struct own_row *gone_prev, *gone_next;	/* among removals */
	struct own_row *mate_prev, *mate_next;	/* in its group, while it is not gone */
	struct own_group *group;
	uint64_t seq;
	uint64_t digest;
	uint64_t id;
	uint32_t pid;
	uint32_t count;
	uint32_t uid;
	uint32_t mark;		/* the newest listing when it was last put */
	uint32_t cursors;	/* of which it is the next row */
	uint16_t weight;
	uint16_t meta_len;
	char *meta;
	struct core_registration told;
	struct core_end end;	/* of a removal */
	uint16_t key_len;
	uint8_t key[];		/* as digest_key() writes it */
};

/* The rows of a group that are not gone; there is one, or it is not kept. */
struct own_group {
	UT_hash_handle hh;
	struct own_row *rows;
	uint16_t key_len;
	uint8_t key[];		/* as that of a row, without the id */
};

/* Where a reader is. */
struct cursor {
	struct cursor *prev, *next;
	uint64_t seen;		/* all changes up to this one */
	uint64_t since;		/* removals up to this one are not wanted */
	struct own_row *row;	/* the next one, or NULL: to be looked for */
};

/* A scope that is being listed. */
struct listing {
	struct listing *prev, *next;
	uint32_t mark;		/* rows of an older one were not in it */
	uint8_t scope_len;
	char scope[CORE_NAME_MAX];
};

struct own_rows {
	size_t *memory;
	/* Called after each change; count 0: it is gone. */
	void (*changed)(void *arg, const struct own_row *row);
	void *arg;
	uint8_t digest_key[CORE_KEY];
	struct own_row *by_key;
	struct own_group *groups;
	struct own_row *order;	/* utlist: head->prev is the last one */
	struct own_row *gone;
	struct cursor *cursors;
	uint64_t seq;
	uint64_t rows;		/* that are not gone */
	uint64_t removals;
	uint64_t sum;		/* of their digests */
	uint32_t mark;		/* grows with each listing that begins */
	struct listing *listings;
};

void rows_init(struct own_rows *rows, size_t *memory, const uint8_t key[CORE_KEY]);
void rows_free(struct own_rows *rows);
/* True: it was a change. */
bool rows_put(struct own_rows *rows, const struct core_row *row);
void rows_begin(struct own_rows *rows, struct core_text scope);
/* What is of this scope and was not put since its rows_begin() is gone. */
void rows_commit(struct own_rows *rows, struct core_text scope);

/* All of this group is gone. */
void rows_delete(struct own_rows *rows, struct core_text scope, struct core_text group);

void rows_view(const struct own_row *own, struct core_row *row);

/*
 * A cursor holds the removals that it has not passed. From the start, those of
 * before are not wanted.
 */
void cursor_start(struct own_rows *rows, struct cursor *cursor);
void cursor_stop(struct own_rows *rows, struct cursor *cursor);
/* The next row that the reader wants, or NULL: there is no more. */
struct own_row *cursor_next(struct own_rows *rows, struct cursor *cursor);
/* That row has been read; or all up to seq, the row after it being next. */
void cursor_pass(struct cursor *cursor, struct own_row *row);
void cursor_jump(struct cursor *cursor, uint64_t seq, struct own_row *next);
/* Up to where a cursor holds removals. */
uint64_t cursor_holds(const struct cursor *cursor);

/* Forget the removals that no cursor holds. */
void rows_trim(struct own_rows *rows);

#endif
