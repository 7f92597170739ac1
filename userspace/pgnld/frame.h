/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames: what agents say to each other; docs/agent-protocol.md describes them.
 * A frame is read as a whole before anything is done for it, so a bad one does
 * nothing. Texts point into its bytes.
 */
#ifndef FRAME_H
#define FRAME_H

#include "core.h"
#include "wire.h"

#define FRAME_MAX	65536	/* bytes */
#define FRAME_HELLO_MAX	1024	/* bytes, of all that comes before an agent is known */

#define FRAME_FENCE_MAX	((1ull << 63) - 1)	/* the greatest fencing number */

/* Numbers of the wire: never change, only append. */
enum frame_type {
	FRAME_HELLO = 1,	/* who I am, first on every connection */
	FRAME_AUTH = 2,		/* that I have the key */
	FRAME_ROWS = 3,		/* changes of my rows, in a snapshot all of them */
	FRAME_DIGEST = 4,	/* what mine come to */
	FRAME_RESYNC = 5,	/* send me a snapshot */
	FRAME_BYE = 6,		/* why I end the connection */
	FRAME_ACT = 7,		/* do this to your members */
	FRAME_DONE = 8,		/* what has become of it */
	FRAME_NAME_ASK = 16,	/* may I give this name away? */
	FRAME_NAME_ANSWER = 17,	/* to the one before, or the one after the next */
	FRAME_NAME_RELEASE = 18,	/* what I asked for is settled */
	FRAME_NAME_DROP = 19,	/* take this name from your process */
};

/* What both ends do when both say so. */
#define FEATURE_DIGEST	0x1u	/* digests are sent */
#define FEATURE_AUTH	0x2u	/* has a key, and wants a MAC; not negotiated */
#define FEATURE_ACTS	0x4u	/* acts are carried out and answered */
#define FEATURE_ENDS	0x8u	/* a removal may say why */
#define FEATURE_NAMES	0x10u	/* rows of names, and the frames about them */

#define FEATURE_ASK	0x100u	/* not one of the own group: has questions, see gg_link.h */

enum frame_bye {
	BYE_BAD = 1,		/* a frame that can't be read */
	BYE_VERSION = 2,	/* no common version of the protocol */
	BYE_GROUP = 3,		/* another global group */
	BYE_KEY = 4,		/* a wrong MAC, or none */
	BYE_DUPLICATE = 5,	/* your name is another node's */
	BYE_BUSY = 6,		/* too many connections that are not known yet */
	BYE_CONFIG = 7,		/* I have another configuration now */
};

struct frame_rows {
	uint64_t from;		/* continues what was after this change */
	uint64_t to;		/* the last change that is in it */
	bool begin;		/* a snapshot begins; from is 0 */
	bool end;		/* a snapshot ends */
	struct wire_reader rows;	/* for frame_next_row() */
	struct wire_box box;
	struct core_row row;	/* the one before */
};

/* Those about names; a ticket is a number of the asking end, for each try another. */
struct frame_name {
	uint64_t ticket;
	struct core_text name;		/* of ASK, DROP */
	uint32_t uid;			/* of who asks */
	bool replace;			/* of ASK */
	enum core_name_verdict verdict;	/* of ANSWER */
	uint64_t fence;			/* the greatest known; of RELEASE: given, or 0 */
	struct core_text node;		/* of ANSWER: the holder's, or empty */
};

struct frame {
	uint64_t type;
	union {
		struct core_claim hello;
		uint8_t mac[CORE_MAC];
		struct frame_rows rows;
		struct frame_name name;
		struct {
			uint64_t seq;
			uint64_t rows;
			uint64_t sum;
		} digest;
		struct {
			uint64_t reason;
			struct core_text text;
		} bye;
		struct {
			uint64_t number;
			struct core_act act;
		} act;
		struct {
			uint64_t number;
			struct core_counts counts;
		} done;
	};
};

/*
 * True: it is a frame, and all in it is within its bounds. One of a type that
 * is not known is one, too.
 */
bool frame_read(const void *data, size_t len, struct frame *frame);
/* The next row of a frame that was read, or false: there is no more. */
bool frame_next_row(struct frame_rows *rows, struct core_row *row);

/* Each writes a whole frame. */
void frame_put_hello(struct wire_writer *w, const struct core_claim *claim);
void frame_put_auth(struct wire_writer *w, const uint8_t mac[CORE_MAC]);
void frame_put_digest(struct wire_writer *w, uint64_t seq, uint64_t rows, uint64_t sum);
void frame_put_resync(struct wire_writer *w);
void frame_put_act(struct wire_writer *w, uint64_t number, const struct core_act *act,
		   const uint64_t *ids, size_t n_ids);
void frame_put_done(struct wire_writer *w, uint64_t number, const struct core_counts *counts);
void frame_put_bye(struct wire_writer *w, enum frame_bye reason, const char *text);

/* Any of those about names; there is room for it in FRAME_HELLO_MAX bytes. */
void frame_put_name(struct wire_writer *w, enum frame_type type,
		    const struct frame_name *name);

/* Rows come one after the other, until one has no room: false, as if not tried. */
struct frame_rows_writer {
	struct wire_writer w;
	struct core_row last;
	bool ends;		/* removals say why */
};

void frame_rows_begin(struct frame_rows_writer *rows, uint8_t *data, size_t size,
		      uint64_t from, bool begin, bool ends);
bool frame_rows_put(struct frame_rows_writer *rows, const struct core_row *row);
void frame_rows_end(struct frame_rows_writer *rows, uint64_t to, bool end);

#endif
