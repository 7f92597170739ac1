/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of questions across global groups; docs/agent-protocol.md describes them.
 * Before them come HELLO and AUTH (frame.h), with FEATURE_ASK. As in frame.h a frame
 * is read as a whole, and texts point into its bytes.
 */
#ifndef PGNLD_GG_FRAME_H
#define PGNLD_GG_FRAME_H

#include "core.h"
#include "wire.h"

#define GG_DATA_MAX	32768	/* bytes of a message */

/* Numbers of the wire: never change, only append. */
enum gg_frame_type {
	FRAME_ASK = 64,		/* from who has connected */
	FRAME_ANSWER = 65,	/* as many as it takes, then the end */
};

enum gg_op {
	GG_HELLO = 1,		/* nothing but who you are */
	GG_NAMES = 2,		/* all names that you know */
	GG_WHEREIS = 3,		/* who holds a name */
	GG_SEND = 4,		/* a message for who holds it, if that is on your node */
};

struct gg_question {
	uint64_t op;
	struct core_text name;	/* of WHEREIS and SEND */
	struct core_text data;	/* of SEND */
	uint32_t uid;		/* of who sends, on the node that asks */
	uint32_t pid;		/* the same; 0: nobody may know */
};

enum gg_answer_status {
	ANSWER_OK = 0,
	ANSWER_NOT_READY = 1,	/* the own kernel can't be asked at the moment */
	ANSWER_SYNC_ERROR = 2,	/* our definitions differ, so nothing is said */
	ANSWER_REFUSED = 3,		/* not allowed here */
};

/* A name, and who holds it. */
struct gg_row {
	struct core_text name;
	struct core_text node;
	struct core_text meta;
	uint64_t id;
	uint32_t pid;
	uint32_t uid;
	uint64_t fence;
	uint64_t stamp;
	uint32_t resolve;	/* enum pgnl_name_resolve */
	uint32_t state;		/* enum pgnl_member_state */
};

/* What became of a message, as struct pgnl_sent. */
struct gg_sent {
	uint32_t reached, full, no_inbox, refused, gone;
};

struct gg_answer {
	uint64_t status;
	bool isolated;
	bool last;		/* no other answer follows */
	struct gg_sent sent;
	struct wire_reader rows;	/* for gg_next_row() */
	struct wire_box box;
};

bool gg_read_ask(const void *data, size_t len, struct gg_question *question);
bool gg_read_answer(const void *data, size_t len, struct gg_answer *answer);
/* The next row of an answer that was read, or false: there is no more. */
bool gg_next_row(struct gg_answer *answer, struct gg_row *row);

void gg_put_ask(struct wire_writer *w, const struct gg_question *question);

/* Rows come one after the other, until one has no room: false, as if not tried. */
void gg_answer_begin(struct wire_writer *w, uint8_t *data, size_t size);
bool gg_answer_row(struct wire_writer *w, const struct gg_row *row);
void gg_answer_end(struct wire_writer *w, const struct gg_answer *answer);

#endif
