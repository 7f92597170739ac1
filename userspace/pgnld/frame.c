// SPDX-License-Identifier: GPL-2.0-or-later
#include "frame.h"

#include <string.h>

/* A frame is [type, {key: value, ...}], the keys growing. */

enum { HELLO_VERSION_MIN = 1, HELLO_VERSION_MAX, HELLO_FEATURES, HELLO_NODE,
	HELLO_INCARNATION, HELLO_END, HELLO_GLOBAL_GROUP, HELLO_CONFIG_HASH,
	HELLO_NONCE, HELLO_DIGEST_KEY };
enum { AUTH_MAC = 1 };
enum { ROWS_FROM = 1, ROWS_BEGIN, ROWS_ROWS, ROWS_TO, ROWS_END };
enum { DIGEST_SEQ = 1, DIGEST_ROWS, DIGEST_SUM };
enum { BYE_REASON = 1, BYE_TEXT };
enum { ASK_TICKET = 1, ASK_NAME, ASK_UID, ASK_FENCE, ASK_REPLACE };	/* and DROP */
enum { ANSWER_TICKET = 1, ANSWER_VERDICT, ANSWER_FENCE, ANSWER_NODE };
enum { RELEASE_TICKET = 1, RELEASE_FENCE };
enum { ACT_NUMBER = 1, ACT_KIND, ACT_SCOPE, ACT_GROUP, ACT_PID, ACT_UID, ACT_ID, ACT_ONLY_UID,
	ACT_IDS, ACT_DATA, ACT_SIGNAL, ACT_VALUE };
enum { DONE_NUMBER = 1, DONE_ERROR, DONE_REACHED, DONE_REFUSED, DONE_GONE, DONE_FULL,
	DONE_NO_INBOX };

/* A row is [scope, group, id, count, pid, uid, weight, metadata], a removal its
 * first three and, to who knows that, why it is and how the process has ended; that
 * of a name has fencing number, stamp and policy after the metadata. A null is the
 * same name as in the row before.
 */
#define ROW_ITEMS	8
#define NAME_ROW_ITEMS	11
#define REMOVAL_ITEMS	3
#define WHY_ITEMS	4
#define END_ITEMS	5

#define WEIGHT_MAX	1000
#define BYE_TEXT_MAX	200
#define DATA_MAX	32768	/* of an act, as of a message */
#define ID_BYTES	8	/* of a member's id in a list, little-endian */

/* --- writing ---------------------------------------------------------------------- */

static void start(struct wire_writer *w, enum frame_type type)
{
	wire_put_array(w, 2);
	wire_put_uint(w, type);
	wire_put_open_map(w);
}

static void put_bytes(struct wire_writer *w, unsigned int key, const void *data, size_t len)
{
	wire_put_uint(w, key);
	wire_put_bytes(w, data, len);
}

void frame_put_hello(struct wire_writer *w, const struct core_claim *claim)
{
	start(w, FRAME_HELLO);
	wire_put_number(w, HELLO_VERSION_MIN, claim->version_min);
	wire_put_number(w, HELLO_VERSION_MAX, claim->version_max);
	wire_put_number(w, HELLO_FEATURES, claim->features);
	put_bytes(w, HELLO_NODE, claim->node.data, claim->node.len);
	wire_put_number(w, HELLO_INCARNATION, claim->incarnation);
	wire_put_number(w, HELLO_END, claim->end);
	put_bytes(w, HELLO_GLOBAL_GROUP, claim->global_group.data, claim->global_group.len);
	wire_put_number(w, HELLO_CONFIG_HASH, claim->config_hash);
	put_bytes(w, HELLO_NONCE, claim->nonce, sizeof(claim->nonce));
	put_bytes(w, HELLO_DIGEST_KEY, claim->digest_key, sizeof(claim->digest_key));
	wire_put_break(w);
}

void frame_put_auth(struct wire_writer *w, const uint8_t mac[CORE_MAC])
{
	start(w, FRAME_AUTH);
	put_bytes(w, AUTH_MAC, mac, CORE_MAC);
	wire_put_break(w);
}

void frame_put_digest(struct wire_writer *w, uint64_t seq, uint64_t rows, uint64_t sum)
{
	start(w, FRAME_DIGEST);
	wire_put_number(w, DIGEST_SEQ, seq);
	wire_put_number(w, DIGEST_ROWS, rows);
	wire_put_number(w, DIGEST_SUM, sum);
	wire_put_break(w);
}

void frame_put_resync(struct wire_writer *w)
{
	start(w, FRAME_RESYNC);
	wire_put_break(w);
}

static void put_ids(struct wire_writer *w, const uint64_t *ids, size_t n)
{
	size_t at;

	wire_put_uint(w, ACT_IDS);
	wire_put_bytes(w, ids, n * ID_BYTES);
	if (w->full)
		return;
	at = w->len - n * ID_BYTES;
	for (size_t i = 0; i < n; i++) {
		for (size_t byte = 0; byte < ID_BYTES; byte++)
			w->data[at++] = (uint8_t)(ids[i] >> 8 * byte);
	}
}

void frame_put_act(struct wire_writer *w, uint64_t number, const struct core_act *act,
		   const uint64_t *ids, size_t n_ids)
{
	start(w, FRAME_ACT);
	wire_put_number(w, ACT_NUMBER, number);
	wire_put_number(w, ACT_KIND, act->kind);
	put_bytes(w, ACT_SCOPE, act->scope.data, act->scope.len);
	put_bytes(w, ACT_GROUP, act->group.data, act->group.len);
	wire_put_number(w, ACT_PID, act->pid);
	wire_put_number(w, ACT_UID, act->uid);
	wire_put_number(w, ACT_ID, act->id);
	if (act->by_uid)
		wire_put_number(w, ACT_ONLY_UID, act->only_uid);
	if (n_ids)
		put_ids(w, ids, n_ids);
	put_bytes(w, ACT_DATA, act->data.data, act->data.len);
	if (act->signal)
		wire_put_number(w, ACT_SIGNAL, act->signal);
	if (act->queued)
		wire_put_number(w, ACT_VALUE, act->value);
	wire_put_break(w);
}

void frame_put_done(struct wire_writer *w, uint64_t number, const struct core_counts *counts)
{
	start(w, FRAME_DONE);
	wire_put_number(w, DONE_NUMBER, number);
	wire_put_number(w, DONE_ERROR, counts->error);
	wire_put_number(w, DONE_REACHED, counts->reached);
	wire_put_number(w, DONE_REFUSED, counts->refused);
	wire_put_number(w, DONE_GONE, counts->gone);
	wire_put_number(w, DONE_FULL, counts->full);
	wire_put_number(w, DONE_NO_INBOX, counts->no_inbox);
	wire_put_break(w);
}

void frame_put_bye(struct wire_writer *w, enum frame_bye reason, const char *text)
{
	start(w, FRAME_BYE);
	wire_put_number(w, BYE_REASON, reason);
	put_bytes(w, BYE_TEXT, text, strnlen(text, BYE_TEXT_MAX));
	wire_put_break(w);
}

static void put_answer(struct wire_writer *w, const struct frame_name *name)
{
	wire_put_number(w, ANSWER_VERDICT, name->verdict);
	wire_put_number(w, ANSWER_FENCE, name->fence);
	if (name->node.len)
		put_bytes(w, ANSWER_NODE, name->node.data, name->node.len);
}

static void put_question(struct wire_writer *w, const struct frame_name *name)
{
	put_bytes(w, ASK_NAME, name->name.data, name->name.len);
	wire_put_number(w, ASK_UID, name->uid);
	wire_put_number(w, ASK_FENCE, name->fence);
	if (name->replace) {
		wire_put_uint(w, ASK_REPLACE);
		wire_put_bool(w, true);
	}
}

void frame_put_name(struct wire_writer *w, enum frame_type type,
		    const struct frame_name *name)
{
	start(w, type);
	wire_put_number(w, ASK_TICKET, name->ticket);
	if (type == FRAME_NAME_ANSWER)
		put_answer(w, name);
	else if (type == FRAME_NAME_RELEASE)
		wire_put_number(w, RELEASE_FENCE, name->fence);
	else
		put_question(w, name);
	wire_put_break(w);
}

/* What frame_rows_end() may need. */
#define ROWS_TAIL	16

void frame_rows_begin(struct frame_rows_writer *rows, uint8_t *data, size_t size,
		      uint64_t from, bool begin, bool ends)
{
	*rows = (struct frame_rows_writer){
		.w = { .data = data, .size = size - ROWS_TAIL }, .ends = ends,
	};
	start(&rows->w, FRAME_ROWS);
	wire_put_number(&rows->w, ROWS_FROM, from);
	if (begin) {
		wire_put_uint(&rows->w, ROWS_BEGIN);
		wire_put_bool(&rows->w, true);
	}
	wire_put_uint(&rows->w, ROWS_ROWS);
	wire_put_open_array(&rows->w);
}

static bool same(struct core_text a, struct core_text b)
{
	return a.len == b.len && !memcmp(a.data, b.data, a.len);
}

static void put_name(struct wire_writer *w, struct core_text name, struct core_text last)
{
	if (last.len && same(name, last))
		wire_put_null(w);
	else
		wire_put_text(w, name);
}

/* What nobody knows need not be said. */
static size_t removal_items(const struct core_end *end, bool ends)
{
	if (!ends || end->why == CORE_LEFT)
		return REMOVAL_ITEMS;
	return end->known ? END_ITEMS : WHY_ITEMS;
}

static size_t row_items(const struct core_row *row, bool ends)
{
	if (!row->count)
		return removal_items(&row->end, ends);
	return row->told.stamp ? NAME_ROW_ITEMS : ROW_ITEMS;
}

static void put_values(struct wire_writer *w, const struct core_row *row)
{
	wire_put_uint(w, row->count);
	wire_put_uint(w, row->pid);
	wire_put_uint(w, row->uid);
	wire_put_uint(w, row->weight);
	wire_put_text(w, row->meta);
}

static void put_registration(struct wire_writer *w, const struct core_registration *told)
{
	wire_put_uint(w, told->fence);
	wire_put_uint(w, told->stamp);
	wire_put_uint(w, told->resolve);
}

bool frame_rows_put(struct frame_rows_writer *rows, const struct core_row *row)
{
	struct wire_writer *w = &rows->w;
	size_t before = w->len, items = row_items(row, rows->ends);

	wire_put_array(w, items);
	put_name(w, row->scope, rows->last.scope);
	put_name(w, row->group, rows->last.group);
	wire_put_uint(w, row->id);
	if (items >= ROW_ITEMS)
		put_values(w, row);
	if (items == NAME_ROW_ITEMS)
		put_registration(w, &row->told);
	if (items == WHY_ITEMS || items == END_ITEMS)
		wire_put_uint(w, row->end.why);
	if (items == END_ITEMS)
		wire_put_uint(w, row->end.status);
	if (w->full) {
		w->len = before;
		w->full = false;
		return false;
	}
	rows->last = *row;
	return true;
}

void frame_rows_end(struct frame_rows_writer *rows, uint64_t to, bool end)
{
	struct wire_writer *w = &rows->w;

	w->size += ROWS_TAIL;
	wire_put_break(w);
	wire_put_number(w, ROWS_TO, to);
	if (end) {
		wire_put_uint(w, ROWS_END);
		wire_put_bool(w, true);
	}
	wire_put_break(w);
}

/* --- reading ---------------------------------------------------------------------- */

/* Of a node or a global group: printed as it is, so without blanks and the like. */
static bool read_word(struct wire_reader *r, size_t min, struct core_text *word)
{
	if (!wire_text(r, min, CORE_NAME_MAX, word))
		return false;
	for (size_t i = 0; i < word->len; i++) {
		unsigned char c = (unsigned char)word->data[i];

		if (c <= ' ' || c == 0x7f)
			r->bad = true;
	}
	return !r->bad;
}

static void read_hello_value(struct wire_reader *r, uint64_t key, struct core_claim *claim)
{
	switch (key) {
	case HELLO_VERSION_MIN:
		wire_u32(r, &claim->version_min);
		break;
	case HELLO_VERSION_MAX:
		wire_u32(r, &claim->version_max);
		break;
	case HELLO_FEATURES:
		wire_uint(r, UINT64_MAX, &claim->features);
		break;
	case HELLO_NODE:
		read_word(r, 1, &claim->node);
		break;
	case HELLO_INCARNATION:
		wire_uint(r, UINT64_MAX, &claim->incarnation);
		break;
	case HELLO_END:
		wire_uint(r, UINT64_MAX, &claim->end);
		break;
	case HELLO_GLOBAL_GROUP:
		read_word(r, 0, &claim->global_group);
		break;
	case HELLO_CONFIG_HASH:
		wire_uint(r, UINT64_MAX, &claim->config_hash);
		break;
	case HELLO_NONCE:
		wire_bytes(r, claim->nonce, sizeof(claim->nonce));
		break;
	case HELLO_DIGEST_KEY:
		wire_bytes(r, claim->digest_key, sizeof(claim->digest_key));
		break;
	}
}

static bool read_hello(struct wire_reader *r, struct wire_box *map, struct core_claim *claim)
{
	unsigned int seen = 0;
	uint64_t key = 0;

	while (wire_next_key(r, map, HELLO_DIGEST_KEY, &key, &seen))
		read_hello_value(r, key, claim);
	return seen == WIRE_KEYS(HELLO_DIGEST_KEY) && claim->version_min <= claim->version_max;
}

static bool read_auth(struct wire_reader *r, struct wire_box *map, uint8_t mac[CORE_MAC])
{
	unsigned int seen = 0;
	uint64_t key = 0;

	while (wire_next_key(r, map, AUTH_MAC, &key, &seen))
		wire_bytes(r, mac, CORE_MAC);
	return seen == WIRE_KEYS(AUTH_MAC);
}

static bool read_digest(struct wire_reader *r, struct wire_box *map, struct frame *frame)
{
	uint64_t *values[] = {
		[DIGEST_SEQ] = &frame->digest.seq,
		[DIGEST_ROWS] = &frame->digest.rows,
		[DIGEST_SUM] = &frame->digest.sum,
	};
	unsigned int seen = 0;
	uint64_t key = 0;

	while (wire_next_key(r, map, DIGEST_SUM, &key, &seen))
		wire_uint(r, UINT64_MAX, values[key]);
	return seen == WIRE_KEYS(DIGEST_SUM);
}

static bool read_bye(struct wire_reader *r, struct wire_box *map, struct frame *frame)
{
	unsigned int seen = 0;
	uint64_t key = 0;

	while (wire_next_key(r, map, BYE_TEXT, &key, &seen)) {
		if (key == BYE_REASON)
			wire_uint(r, UINT64_MAX, &frame->bye.reason);
		else
			wire_text(r, 0, BYE_TEXT_MAX, &frame->bye.text);
	}
	return seen == WIRE_KEYS(BYE_TEXT);
}

static bool read_question(struct wire_reader *r, struct wire_box *map, struct frame_name *name)
{
	unsigned int needed = WIRE_KEYS(ASK_FENCE), seen = 0;
	uint64_t key = 0;

	while (wire_next_key(r, map, ASK_REPLACE, &key, &seen)) {
		switch (key) {
		case ASK_TICKET:
			wire_uint(r, UINT64_MAX, &name->ticket);
			break;
		case ASK_NAME:
			wire_name(r, 1, CORE_GROUP_MAX, &name->name);
			break;
		case ASK_UID:
			wire_u32(r, &name->uid);
			break;
		case ASK_FENCE:
			wire_uint(r, FRAME_FENCE_MAX, &name->fence);
			break;
		case ASK_REPLACE:
			wire_bool(r, &name->replace);
			break;
		}
	}
	return (seen & needed) == needed;
}

static void read_verdict(struct wire_reader *r, enum core_name_verdict *verdict)
{
	uint64_t number;

	/* One of a later version: it is not to be had now. */
	if (wire_uint(r, UINT64_MAX, &number))
		*verdict = number <= CORE_NAME_MISSING ? (enum core_name_verdict)number :
							 CORE_NAME_BUSY;
}

static bool read_answer(struct wire_reader *r, struct wire_box *map, struct frame_name *name)
{
	unsigned int needed = WIRE_KEYS(ANSWER_FENCE), seen = 0;
	uint64_t key = 0;

	while (wire_next_key(r, map, ANSWER_NODE, &key, &seen)) {
		switch (key) {
		case ANSWER_TICKET:
			wire_uint(r, UINT64_MAX, &name->ticket);
			break;
		case ANSWER_VERDICT:
			read_verdict(r, &name->verdict);
			break;
		case ANSWER_FENCE:
			wire_uint(r, FRAME_FENCE_MAX, &name->fence);
			break;
		case ANSWER_NODE:
			read_word(r, 1, &name->node);
			break;
		}
	}
	return (seen & needed) == needed;
}

static bool read_release(struct wire_reader *r, struct wire_box *map, struct frame_name *name)
{
	unsigned int seen = 0;
	uint64_t key = 0;

	while (wire_next_key(r, map, RELEASE_FENCE, &key, &seen))
		if (key == RELEASE_TICKET)
			wire_uint(r, UINT64_MAX, &name->ticket);
		else
			wire_uint(r, FRAME_FENCE_MAX, &name->fence);
	return seen == WIRE_KEYS(RELEASE_FENCE);
}

static bool read_resync(struct wire_reader *r, struct wire_box *map)
{
	unsigned int seen = 0;
	uint64_t key = 0;

	return !wire_next_key(r, map, 0, &key, &seen);
}

/* --- rows ------------------------------------------------------------------------- */

static bool read_row_name(struct wire_reader *r, size_t max, struct core_text *name)
{
	if (name->len && wire_null(r))
		return true;
	return wire_name(r, 1, max, name);
}

static bool read_row_values(struct wire_reader *r, struct core_row *row)
{
	uint64_t weight;

	if (!wire_u32(r, &row->count) || !wire_u32(r, &row->pid) || !wire_u32(r, &row->uid) ||
	    !wire_uint(r, WEIGHT_MAX, &weight) || !wire_text(r, 0, CORE_META_MAX, &row->meta))
		return false;
	row->weight = (uint16_t)weight;
	return row->count > 0;
}

static bool read_registration(struct wire_reader *r, struct core_registration *told)
{
	uint64_t resolve;

	if (!wire_uint(r, FRAME_FENCE_MAX, &told->fence) ||
	    !wire_uint(r, UINT64_MAX, &told->stamp) || !wire_uint(r, UINT8_MAX, &resolve))
		return false;
	told->resolve = (uint8_t)resolve;
	return told->stamp;
}

static bool is_name(const struct core_row *row)
{
	return row->id && same(row->scope, (struct core_text){ CORE_NAMES, strlen(CORE_NAMES) });
}

/* What no kernel has; another one would refuse it, and all rows that come along with it. */
static bool is_senseless(const struct core_row *row)
{
	if (!row->id)
		return row->count > 1 || row->meta.len;
	return !row->weight || (row->count > 1 && is_name(row));
}

/* Of a later version. */
static bool skip_items(struct wire_reader *r, uint64_t n)
{
	for (; n; n--)
		if (!wire_skip(r))
			return false;
	return true;
}

static bool read_end(struct wire_reader *r, uint64_t items, struct core_end *end)
{
	uint64_t why, status;

	if (items < WHY_ITEMS)
		return true;
	if (!wire_uint(r, UINT64_MAX, &why))
		return false;
	/* One of a later version says at least that it is gone. */
	end->why = why <= CORE_WHY_LAST ? (uint8_t)why : CORE_LEFT;
	if (items < END_ITEMS)
		return true;
	if (!wire_uint(r, UINT8_MAX, &status))
		return false;
	end->known = end->why == CORE_EXITED || end->why == CORE_KILLED;
	end->status = end->known ? (uint8_t)status : 0;
	return skip_items(r, items - END_ITEMS);
}

/* row: the one before, if any. */
static bool read_row(struct wire_reader *r, struct core_row *row)
{
	struct wire_box box;
	uint64_t items;

	if (!wire_array(r, &box))
		return false;
	items = box.left;
	if (items < REMOVAL_ITEMS || items == WIRE_OPEN)
		return false;
	if (!read_row_name(r, CORE_NAME_MAX, &row->scope) ||
	    !read_row_name(r, CORE_GROUP_MAX, &row->group) ||
	    !wire_uint(r, UINT64_MAX, &row->id))
		return false;
	row->count = 0;
	row->told = (struct core_registration){ .fence = 0 };
	row->end = (struct core_end){ .why = CORE_LEFT };
	if (items < ROW_ITEMS)
		return read_end(r, items, &row->end);
	if (!read_row_values(r, row) || is_senseless(row))
		return false;
	if (is_name(row)) {
		if (items < NAME_ROW_ITEMS || !read_registration(r, &row->told))
			return false;
		items -= NAME_ROW_ITEMS - ROW_ITEMS;
	}
	return skip_items(r, items - ROW_ITEMS);
}

/* Passes over all rows, so that reading them again can't fail. */
static void read_rows_list(struct wire_reader *r, struct frame_rows *rows)
{
	struct core_row row = { .id = 0 };
	struct wire_box box;

	if (!wire_array(r, &rows->box))
		return;
	rows->rows = *r;
	box = rows->box;
	while (wire_more(r, &box)) {
		if (!read_row(r, &row)) {
			r->bad = true;
			return;
		}
	}
}

static bool read_rows(struct wire_reader *r, struct wire_box *map, struct frame_rows *rows)
{
	unsigned int needed = 1u << ROWS_FROM | 1u << ROWS_ROWS | 1u << ROWS_TO;
	unsigned int seen = 0;
	uint64_t key = 0;

	while (wire_next_key(r, map, ROWS_END, &key, &seen)) {
		switch (key) {
		case ROWS_FROM:
			wire_uint(r, UINT64_MAX, &rows->from);
			break;
		case ROWS_BEGIN:
			wire_bool(r, &rows->begin);
			break;
		case ROWS_ROWS:
			read_rows_list(r, rows);
			break;
		case ROWS_TO:
			wire_uint(r, UINT64_MAX, &rows->to);
			break;
		case ROWS_END:
			wire_bool(r, &rows->end);
			break;
		}
	}
	return (seen & needed) == needed && rows->from <= rows->to &&
	       (!rows->begin || !rows->from);
}

bool frame_next_row(struct frame_rows *rows, struct core_row *row)
{
	if (!wire_more(&rows->rows, &rows->box) || !read_row(&rows->rows, &rows->row))
		return false;
	*row = rows->row;
	if (!row->count) {
		row->pid = row->uid = row->weight = 0;
		row->meta = (struct core_text){ NULL, 0 };
	}
	return true;
}

/* --- acts ------------------------------------------------------------------------- */

static void read_act_value(struct wire_reader *r, uint64_t key, struct frame *frame)
{
	struct core_act *act = &frame->act.act;

	switch (key) {
	case ACT_NUMBER:
		wire_uint(r, UINT64_MAX, &frame->act.number);
		break;
	case ACT_KIND:
		wire_u32(r, &act->kind);
		break;
	case ACT_SCOPE:
		wire_name(r, 1, CORE_NAME_MAX, &act->scope);
		break;
	case ACT_GROUP:
		wire_name(r, 1, CORE_GROUP_MAX, &act->group);
		break;
	case ACT_PID:
		wire_u32(r, &act->pid);
		break;
	case ACT_UID:
		wire_u32(r, &act->uid);
		break;
	case ACT_ID:
		wire_uint(r, UINT64_MAX, &act->id);
		break;
	case ACT_ONLY_UID:
		act->by_uid = true;
		wire_u32(r, &act->only_uid);
		break;
	case ACT_IDS:
		wire_text(r, ID_BYTES, FRAME_MAX, &act->ids);
		break;
	case ACT_DATA:
		wire_text(r, 0, DATA_MAX, &act->data);
		break;
	case ACT_SIGNAL:
		wire_u32(r, &act->signal);
		break;
	case ACT_VALUE:
		act->queued = true;
		wire_uint(r, UINT64_MAX, &act->value);
		break;
	}
}

static bool read_act(struct wire_reader *r, struct wire_box *map, struct frame *frame)
{
	unsigned int optional = 1u << ACT_ONLY_UID | 1u << ACT_IDS | 1u << ACT_SIGNAL |
				1u << ACT_VALUE;
	unsigned int seen = 0;
	uint64_t key = 0;

	while (wire_next_key(r, map, ACT_VALUE, &key, &seen))
		read_act_value(r, key, frame);
	return (seen | optional) == WIRE_KEYS(ACT_VALUE) && !(frame->act.act.ids.len % ID_BYTES);
}

size_t core_act_ids(const struct core_act *act)
{
	return act->ids.len / ID_BYTES;
}

uint64_t core_act_id(const struct core_act *act, size_t i)
{
	const uint8_t *at = (const uint8_t *)act->ids.data + i * ID_BYTES;
	uint64_t id = 0;

	for (size_t byte = ID_BYTES; byte--;)
		id = id << 8 | at[byte];
	return id;
}

static bool read_done(struct wire_reader *r, struct wire_box *map, struct frame *frame)
{
	struct core_counts *counts = &frame->done.counts;
	uint32_t *values[] = {
		[DONE_REACHED] = &counts->reached, [DONE_REFUSED] = &counts->refused,
		[DONE_GONE] = &counts->gone, [DONE_FULL] = &counts->full,
		[DONE_NO_INBOX] = &counts->no_inbox,
	};
	unsigned int seen = 0;
	uint64_t key = 0, error;

	while (wire_next_key(r, map, DONE_NO_INBOX, &key, &seen)) {
		if (key == DONE_NUMBER)
			wire_uint(r, UINT64_MAX, &frame->done.number);
		else if (key == DONE_ERROR && wire_uint(r, UINT64_MAX, &error))
			counts->error = error < CORE_ACT_FAILED ? (enum core_act_error)error :
								 CORE_ACT_FAILED;
		else if (key > DONE_ERROR)
			wire_u32(r, values[key]);
	}
	return seen == WIRE_KEYS(DONE_NO_INBOX);
}

/* --- frames ----------------------------------------------------------------------- */

static bool read_body(struct wire_reader *r, struct wire_box *map, struct frame *frame)
{
	switch (frame->type) {
	case FRAME_HELLO:
		return read_hello(r, map, &frame->hello);
	case FRAME_AUTH:
		return read_auth(r, map, frame->mac);
	case FRAME_ROWS:
		return read_rows(r, map, &frame->rows);
	case FRAME_DIGEST:
		return read_digest(r, map, frame);
	case FRAME_BYE:
		return read_bye(r, map, frame);
	case FRAME_NAME_ASK:
	case FRAME_NAME_DROP:
		return read_question(r, map, &frame->name);
	case FRAME_NAME_ANSWER:
		return read_answer(r, map, &frame->name);
	case FRAME_NAME_RELEASE:
		return read_release(r, map, &frame->name);
	case FRAME_ACT:
		return read_act(r, map, frame);
	case FRAME_DONE:
		return read_done(r, map, frame);
	default:
		return read_resync(r, map);
	}
}

bool frame_read(const void *data, size_t len, struct frame *frame)
{
	struct wire_reader r = { .at = data, .end = (const uint8_t *)data + len };
	struct wire_box box, map;

	*frame = (struct frame){ .type = 0 };
	if (len > FRAME_MAX || !wire_array(&r, &box) || box.left != 2 ||
	    !wire_uint(&r, UINT64_MAX, &frame->type) || !wire_map(&r, &map))
		return false;
	return read_body(&r, &map, frame) && !r.bad && r.at == r.end;
}
