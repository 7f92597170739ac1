/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CBOR (RFC 8949) written into a buffer and read out of one item by item, by
 * libcbor's streaming half: nothing is allocated, a string that is read is part
 * of the buffer. What is read may be any bytes.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "core.h"

/* --- writing: what no longer fits sets full, and nothing follows ---------------- */

struct wire_writer {
	uint8_t *data;
	size_t size;
	size_t len;
	bool full;
};

void wire_put_uint(struct wire_writer *w, uint64_t number);
void wire_put_bytes(struct wire_writer *w, const void *data, size_t len);
void wire_put_text(struct wire_writer *w, struct core_text text);
void wire_put_bool(struct wire_writer *w, bool value);
void wire_put_null(struct wire_writer *w);
void wire_put_array(struct wire_writer *w, size_t items);
/* Without a length: as many items as come before wire_put_break(). */
void wire_put_open_array(struct wire_writer *w);
void wire_put_open_map(struct wire_writer *w);
void wire_put_break(struct wire_writer *w);
/* A pair of a map. */
void wire_put_number(struct wire_writer *w, unsigned int key, uint64_t number);

/* --- reading: what is not as asked for sets bad, and all that follows fails ----- */

struct wire_reader {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

/* An array or a map that is being read. */
struct wire_box {
	uint64_t left;		/* items, or WIRE_OPEN */
};

#define WIRE_OPEN UINT64_MAX

bool wire_uint(struct wire_reader *r, uint64_t max, uint64_t *number);
bool wire_u32(struct wire_reader *r, uint32_t *number);
/* A byte string of min to max bytes. */
bool wire_text(struct wire_reader *r, size_t min, size_t max, struct core_text *text);
/* A byte string of just this size, copied. */
bool wire_bytes(struct wire_reader *r, void *data, size_t size);
bool wire_bool(struct wire_reader *r, bool *value);
/* True and read, if it is a null that comes next. */
bool wire_null(struct wire_reader *r);
bool wire_array(struct wire_reader *r, struct wire_box *box);
bool wire_map(struct wire_reader *r, struct wire_box *box);
/* Is there another item (in a map: pair) in it? If not, its end has been read. */
bool wire_more(struct wire_reader *r, struct wire_box *box);
/* Pass one item, whatever it is, with all that is in it. */
bool wire_skip(struct wire_reader *r);
/* A text without a zero byte. */
bool wire_name(struct wire_reader *r, size_t min, size_t max, struct core_text *name);
/*
 * The next key of a map; false: it has ended, or is bad. Known ones are noted in
 * seen, others passed over with their values.
 */
bool wire_next_key(struct wire_reader *r, struct wire_box *map, uint64_t known,
		   uint64_t *key, unsigned int *seen);
/* What is seen of a map that has all keys up to this one. */
#define WIRE_KEYS(last) ((2u << (last)) - 2)

#endif
