// SPDX-License-Identifier: GPL-2.0-or-later
#include "gg_frame.h"

#include "frame.h"

/* A frame is [type, {key: value, ...}], the keys growing. */

enum { ASK_OP = 1, ASK_NAME, ASK_DATA, ASK_UID, ASK_PID };
enum { ANSWER_ROWS = 1, ANSWER_STATUS, ANSWER_ISOLATED, ANSWER_LAST, ANSWER_SENT };

/* [name, node, pid, id, uid, metadata, fence, stamp, resolve, state] */
#define ROW_ITEMS	10
/* [reached, full, no inbox, refused, gone] */
#define SENT_ITEMS	5
/* What gg_answer_end() may need. */
#define TAIL		64

/* --- writing ---------------------------------------------------------------------- */

static void start(struct wire_writer *w, enum gg_frame_type type)
{
	wire_put_array(w, 2);
	wire_put_uint(w, type);
	wire_put_open_map(w);
}

static void put_text(struct wire_writer *w, unsigned int key, struct core_text text)
{
	wire_put_uint(w, key);
	wire_put_text(w, text);
}

void gg_put_ask(struct wire_writer *w, const struct gg_question *question)
{
	start(w, FRAME_ASK);
	wire_put_number(w, ASK_OP, question->op);
	if (question->name.len)
		put_text(w, ASK_NAME, question->name);
	if (question->op == GG_SEND) {
		put_text(w, ASK_DATA, question->data);
		wire_put_number(w, ASK_UID, question->uid);
		wire_put_number(w, ASK_PID, question->pid);
	}
	wire_put_break(w);
}

void gg_answer_begin(struct wire_writer *w, uint8_t *data, size_t size)
{
	*w = (struct wire_writer){ .data = data, .size = size - TAIL };
	start(w, FRAME_ANSWER);
	wire_put_uint(w, ANSWER_ROWS);
	wire_put_open_array(w);
}

bool gg_answer_row(struct wire_writer *w, const struct gg_row *row)
{
	size_t before = w->len;

	wire_put_array(w, ROW_ITEMS);
	wire_put_text(w, row->name);
	wire_put_text(w, row->node);
	wire_put_uint(w, row->pid);
	wire_put_uint(w, row->id);
	wire_put_uint(w, row->uid);
	wire_put_text(w, row->meta);
	wire_put_uint(w, row->fence);
	wire_put_uint(w, row->stamp);
	wire_put_uint(w, row->resolve);
	wire_put_uint(w, row->state);
	if (!w->full)
		return true;
	w->len = before;
	w->full = false;
	return false;
}

static void put_sent(struct wire_writer *w, const struct gg_sent *sent)
{
	wire_put_uint(w, ANSWER_SENT);
	wire_put_array(w, SENT_ITEMS);
	wire_put_uint(w, sent->reached);
	wire_put_uint(w, sent->full);
	wire_put_uint(w, sent->no_inbox);
	wire_put_uint(w, sent->refused);
	wire_put_uint(w, sent->gone);
}

void gg_answer_end(struct wire_writer *w, const struct gg_answer *answer)
{
	w->size += TAIL;
	wire_put_break(w);
	wire_put_number(w, ANSWER_STATUS, answer->status);
	wire_put_uint(w, ANSWER_ISOLATED);
	wire_put_bool(w, answer->isolated);
	wire_put_uint(w, ANSWER_LAST);
	wire_put_bool(w, answer->last);
	put_sent(w, &answer->sent);
	wire_put_break(w);
}

/* --- reading ---------------------------------------------------------------------- */

static bool open_frame(struct wire_reader *r, enum gg_frame_type type, struct wire_box *map)
{
	struct wire_box box;
	uint64_t found;

	return wire_array(r, &box) && box.left == 2 && wire_uint(r, UINT64_MAX, &found) &&
	       found == type && wire_map(r, map);
}

static void read_ask_value(struct wire_reader *r, uint64_t key, struct gg_question *question)
{
	switch (key) {
	case ASK_OP:
		wire_uint(r, UINT64_MAX, &question->op);
		break;
	case ASK_NAME:
		wire_name(r, 1, CORE_GROUP_MAX, &question->name);
		break;
	case ASK_DATA:
		wire_text(r, 0, GG_DATA_MAX, &question->data);
		break;
	case ASK_UID:
		wire_u32(r, &question->uid);
		break;
	case ASK_PID:
		wire_u32(r, &question->pid);
		break;
	}
}

/* What a question of its kind has to have. */
static unsigned int needed(uint64_t op)
{
	if (op == GG_SEND)
		return WIRE_KEYS(ASK_PID);
	return op == GG_WHEREIS ? WIRE_KEYS(ASK_NAME) : WIRE_KEYS(ASK_OP);
}

bool gg_read_ask(const void *data, size_t len, struct gg_question *question)
{
	struct wire_reader r = { .at = data, .end = (const uint8_t *)data + len };
	unsigned int seen = 0;
	struct wire_box map;
	uint64_t key = 0;

	*question = (struct gg_question){ .op = 0 };
	if (len > FRAME_MAX || !open_frame(&r, FRAME_ASK, &map))
		return false;
	while (wire_next_key(&r, &map, ASK_PID, &key, &seen))
		read_ask_value(&r, key, question);
	return !r.bad && r.at == r.end && (seen & needed(question->op)) == needed(question->op);
}

static bool read_row(struct wire_reader *r, struct gg_row *row)
{
	struct wire_box box;
	uint64_t items;

	if (!wire_array(r, &box) || box.left < ROW_ITEMS || box.left == WIRE_OPEN)
		return false;
	if (!wire_name(r, 1, CORE_GROUP_MAX, &row->name) ||
	    !wire_name(r, 1, CORE_NAME_MAX, &row->node) || !wire_u32(r, &row->pid) ||
	    !wire_uint(r, UINT64_MAX, &row->id) || !wire_u32(r, &row->uid) ||
	    !wire_text(r, 0, CORE_META_MAX, &row->meta) ||
	    !wire_uint(r, UINT64_MAX, &row->fence) || !wire_uint(r, UINT64_MAX, &row->stamp) ||
	    !wire_u32(r, &row->resolve) || !wire_u32(r, &row->state))
		return false;
	for (items = box.left; items > ROW_ITEMS; items--)
		if (!wire_skip(r))
			return false;
	return true;
}

/* Passes over all rows, so that reading them again can't fail. */
static void read_rows(struct wire_reader *r, struct gg_answer *answer)
{
	struct wire_box box;
	struct gg_row row;

	if (!wire_array(r, &answer->box))
		return;
	answer->rows = *r;
	box = answer->box;
	while (wire_more(r, &box)) {
		if (!read_row(r, &row)) {
			r->bad = true;
			return;
		}
	}
}

static void read_sent(struct wire_reader *r, struct gg_sent *sent)
{
	struct wire_box box;

	if (!wire_array(r, &box) || box.left != SENT_ITEMS) {
		r->bad = true;
		return;
	}
	wire_u32(r, &sent->reached);
	wire_u32(r, &sent->full);
	wire_u32(r, &sent->no_inbox);
	wire_u32(r, &sent->refused);
	wire_u32(r, &sent->gone);
}

static void read_answer_value(struct wire_reader *r, uint64_t key, struct gg_answer *answer)
{
	switch (key) {
	case ANSWER_ROWS:
		read_rows(r, answer);
		break;
	case ANSWER_STATUS:
		wire_uint(r, UINT64_MAX, &answer->status);
		break;
	case ANSWER_ISOLATED:
		wire_bool(r, &answer->isolated);
		break;
	case ANSWER_LAST:
		wire_bool(r, &answer->last);
		break;
	case ANSWER_SENT:
		read_sent(r, &answer->sent);
		break;
	}
}

bool gg_read_answer(const void *data, size_t len, struct gg_answer *answer)
{
	struct wire_reader r = { .at = data, .end = (const uint8_t *)data + len };
	unsigned int seen = 0;
	struct wire_box map;
	uint64_t key = 0;

	*answer = (struct gg_answer){ .status = 0 };
	if (len > FRAME_MAX || !open_frame(&r, FRAME_ANSWER, &map))
		return false;
	while (wire_next_key(&r, &map, ANSWER_SENT, &key, &seen))
		read_answer_value(&r, key, answer);
	return !r.bad && r.at == r.end && seen == WIRE_KEYS(ANSWER_SENT);
}

bool gg_next_row(struct gg_answer *answer, struct gg_row *row)
{
	return wire_more(&answer->rows, &answer->box) && read_row(&answer->rows, row);
}
