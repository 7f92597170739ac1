// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire.h"

#include <cbor.h>
#include <string.h>

/* --- writing --------------------------------------------------------------------- */

static bool has_room(struct wire_writer *w, size_t bytes)
{
	if (w->full || w->size - w->len < bytes)
		w->full = true;
	return !w->full;
}

/* Of libcbor's encoders each returns 0 when there is no room. */
static void wrote(struct wire_writer *w, size_t bytes)
{
	if (bytes && !w->full)
		w->len += bytes;
	else
		w->full = true;
}

#define REST(w) (w)->data + (w)->len, (w)->full ? 0 : (w)->size - (w)->len

void wire_put_uint(struct wire_writer *w, uint64_t number)
{
	wrote(w, cbor_encode_uint(number, REST(w)));
}

void wire_put_bytes(struct wire_writer *w, const void *data, size_t len)
{
	wrote(w, cbor_encode_bytestring_start(len, REST(w)));
	if (!len || !has_room(w, len))
		return;
	memcpy(w->data + w->len, data, len);
	w->len += len;
}

void wire_put_text(struct wire_writer *w, struct core_text text)
{
	wire_put_bytes(w, text.data, text.len);
}

void wire_put_bool(struct wire_writer *w, bool value)
{
	wrote(w, cbor_encode_bool(value, REST(w)));
}

void wire_put_null(struct wire_writer *w)
{
	wrote(w, cbor_encode_null(REST(w)));
}

void wire_put_array(struct wire_writer *w, size_t items)
{
	wrote(w, cbor_encode_array_start(items, REST(w)));
}

void wire_put_open_array(struct wire_writer *w)
{
	wrote(w, cbor_encode_indef_array_start(REST(w)));
}

void wire_put_open_map(struct wire_writer *w)
{
	wrote(w, cbor_encode_indef_map_start(REST(w)));
}

void wire_put_break(struct wire_writer *w)
{
	wrote(w, cbor_encode_break(REST(w)));
}

void wire_put_number(struct wire_writer *w, unsigned int key, uint64_t number)
{
	wire_put_uint(w, key);
	wire_put_uint(w, number);
}

/* --- items ------------------------------------------------------------------------ */

enum kind {
	KIND_UINT, KIND_BYTES, KIND_TEXT, KIND_ARRAY, KIND_MAP, KIND_BREAK, KIND_BOOL,
	KIND_NULL, KIND_TAG, KIND_CHUNKS, KIND_OTHER,
};

struct item {
	enum kind kind;
	uint64_t number;	/* of a UINT, a BOOL; items of an ARRAY, a MAP, CHUNKS */
	struct core_text text;	/* of BYTES */
};

static void set(void *arg, enum kind kind, uint64_t number)
{
	*(struct item *)arg = (struct item){ .kind = kind, .number = number };
}

static void see_u8(void *arg, uint8_t n) { set(arg, KIND_UINT, n); }
static void see_u16(void *arg, uint16_t n) { set(arg, KIND_UINT, n); }
static void see_u32(void *arg, uint32_t n) { set(arg, KIND_UINT, n); }
static void see_u64(void *arg, uint64_t n) { set(arg, KIND_UINT, n); }
static void see_n8(void *arg, uint8_t n) { set(arg, KIND_OTHER, n); }
static void see_n16(void *arg, uint16_t n) { set(arg, KIND_OTHER, n); }
static void see_n32(void *arg, uint32_t n) { set(arg, KIND_OTHER, n); }
static void see_n64(void *arg, uint64_t n) { set(arg, KIND_OTHER, n); }
static void see_float(void *arg, float n) { (void)n; set(arg, KIND_OTHER, 0); }
static void see_double(void *arg, double n) { (void)n; set(arg, KIND_OTHER, 0); }
static void see_undefined(void *arg) { set(arg, KIND_OTHER, 0); }
static void see_null(void *arg) { set(arg, KIND_NULL, 0); }
static void see_bool(void *arg, bool b) { set(arg, KIND_BOOL, b); }
static void see_tag(void *arg, uint64_t n) { (void)n; set(arg, KIND_TAG, 1); }
static void see_array(void *arg, size_t n) { set(arg, KIND_ARRAY, n); }
static void see_map(void *arg, size_t n) { set(arg, KIND_MAP, n); }
static void see_open_array(void *arg) { set(arg, KIND_ARRAY, WIRE_OPEN); }
static void see_open_map(void *arg) { set(arg, KIND_MAP, WIRE_OPEN); }
static void see_chunks(void *arg) { set(arg, KIND_CHUNKS, WIRE_OPEN); }
static void see_break(void *arg) { set(arg, KIND_BREAK, 0); }
static void see_text(void *arg, cbor_data data, size_t len)
{
	(void)data;
	set(arg, KIND_TEXT, len);
}

static void see_bytes(void *arg, cbor_data data, size_t len)
{
	*(struct item *)arg = (struct item){
		.kind = KIND_BYTES,
		.text = { (const char *)data, len },
	};
}

static const struct cbor_callbacks callbacks = {
	.uint8 = see_u8, .uint16 = see_u16, .uint32 = see_u32, .uint64 = see_u64,
	.negint8 = see_n8, .negint16 = see_n16, .negint32 = see_n32, .negint64 = see_n64,
	.byte_string_start = see_chunks, .byte_string = see_bytes,
	.string = see_text, .string_start = see_chunks,
	.indef_array_start = see_open_array, .array_start = see_array,
	.indef_map_start = see_open_map, .map_start = see_map,
	.tag = see_tag,
	.float2 = see_float, .float4 = see_float, .float8 = see_double,
	.undefined = see_undefined, .null = see_null, .boolean = see_bool,
	.indef_break = see_break,
};

static bool fail(struct wire_reader *r)
{
	r->bad = true;
	return false;
}

static bool next(struct wire_reader *r, struct item *item)
{
	struct cbor_decoder_result result;

	if (r->bad || r->at == r->end)
		return fail(r);
	result = cbor_stream_decode(r->at, (size_t)(r->end - r->at), &callbacks, item);
	if (result.status != CBOR_DECODER_FINISHED || !result.read)
		return fail(r);
	r->at += result.read;
	return true;
}

static bool next_is(struct wire_reader *r, enum kind kind, struct item *item)
{
	return next(r, item) && item->kind == kind ? true : fail(r);
}

/* --- reading ---------------------------------------------------------------------- */

bool wire_uint(struct wire_reader *r, uint64_t max, uint64_t *number)
{
	struct item item;

	if (!next_is(r, KIND_UINT, &item) || item.number > max)
		return fail(r);
	*number = item.number;
	return true;
}

bool wire_u32(struct wire_reader *r, uint32_t *number)
{
	uint64_t wide;

	if (!wire_uint(r, UINT32_MAX, &wide))
		return false;
	*number = (uint32_t)wide;
	return true;
}

bool wire_text(struct wire_reader *r, size_t min, size_t max, struct core_text *text)
{
	struct item item;

	if (!next_is(r, KIND_BYTES, &item) || item.text.len < min || item.text.len > max)
		return fail(r);
	*text = item.text;
	return true;
}

bool wire_bytes(struct wire_reader *r, void *data, size_t size)
{
	struct core_text text;

	if (!wire_text(r, size, size, &text))
		return false;
	memcpy(data, text.data, size);
	return true;
}

bool wire_bool(struct wire_reader *r, bool *value)
{
	struct item item;

	if (!next_is(r, KIND_BOOL, &item))
		return false;
	*value = item.number;
	return true;
}

bool wire_null(struct wire_reader *r)
{
	struct wire_reader ahead = *r;
	struct item item;

	if (!next_is(&ahead, KIND_NULL, &item))
		return false;
	*r = ahead;
	return true;
}

static bool open_box(struct wire_reader *r, enum kind kind, struct wire_box *box)
{
	struct item item;

	if (!next_is(r, kind, &item))
		return false;
	/* Each item takes a byte at least. */
	if (item.number != WIRE_OPEN && item.number > (uint64_t)(r->end - r->at))
		return fail(r);
	box->left = item.number;
	return true;
}

bool wire_array(struct wire_reader *r, struct wire_box *box)
{
	return open_box(r, KIND_ARRAY, box);
}

bool wire_map(struct wire_reader *r, struct wire_box *box)
{
	return open_box(r, KIND_MAP, box);
}

static bool at_break(struct wire_reader *r)
{
	struct wire_reader ahead = *r;
	struct item item;

	if (!next_is(&ahead, KIND_BREAK, &item))
		return false;
	*r = ahead;
	return true;
}

bool wire_more(struct wire_reader *r, struct wire_box *box)
{
	if (r->bad)
		return false;
	if (box->left == WIRE_OPEN)
		return !at_break(r);
	return box->left ? box->left-- : false;
}

/* Deeper than this nothing nests that anybody sends. */
#define DEPTH_MAX 8

/* How many items there are in it, or WIRE_OPEN. */
static uint64_t inner(const struct wire_reader *r, const struct item *item)
{
	switch (item->kind) {
	case KIND_ARRAY:
	case KIND_TAG:
	case KIND_CHUNKS:
		return item->number;
	case KIND_MAP:
		if (item->number == WIRE_OPEN || item->number <= (uint64_t)(r->end - r->at))
			return item->number == WIRE_OPEN ? WIRE_OPEN : 2 * item->number;
		return UINT64_MAX - 1;	/* more than there can be */
	default:
		return 0;
	}
}

bool wire_skip(struct wire_reader *r)
{
	uint64_t left[DEPTH_MAX] = { 1 };
	int depth = 0;

	while (depth >= 0) {
		struct item item;
		uint64_t items;

		if (!left[depth]) {
			depth--;
			continue;
		}
		if (left[depth] == WIRE_OPEN && at_break(r)) {
			depth--;
			continue;
		}
		if (!next(r, &item) || item.kind == KIND_BREAK)
			return fail(r);
		if (left[depth] != WIRE_OPEN)
			left[depth]--;
		items = inner(r, &item);
		if (!items)
			continue;
		if (++depth == DEPTH_MAX)
			return fail(r);
		left[depth] = items;
	}
	return true;
}

bool wire_name(struct wire_reader *r, size_t min, size_t max, struct core_text *name)
{
	if (!wire_text(r, min, max, name))
		return false;
	if (name->len && memchr(name->data, 0, name->len))
		r->bad = true;
	return !r->bad;
}

bool wire_next_key(struct wire_reader *r, struct wire_box *map, uint64_t known,
		   uint64_t *key, unsigned int *seen)
{
	while (wire_more(r, map)) {
		uint64_t last = *key;

		if (!wire_uint(r, UINT64_MAX, key))
			return false;
		if (*key <= last) {
			r->bad = true;
			return false;
		}
		if (*key <= known) {
			*seen |= 1u << *key;
			return true;
		}
		wire_skip(r);
	}
	return false;
}
