/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a core consists of; for its own files: core.c, peer.c, node.c. */
#ifndef STATE_H
#define STATE_H

#include "core.h"
#include "digest.h"
#include "frame.h"
#include "mem.h"
#include "rows.h"

/* Another node, from when it is first known until it is gone. */
struct node {
	UT_hash_handle hh;		/* by name */
	struct node *prev, *next;	/* in core.suspects */
	struct peer *peer;		/* its connection, or NULL */
	uint64_t incarnation;
	uint64_t address;		/* where it was last connected from, or 0 */
	enum core_node_state state;
	uint64_t since;			/* when the state began */
	uint64_t suspected;		/* when it was last seen well, if SUSPECT */
	uint64_t resynced;		/* when a digest last called for a snapshot, or 0 */
	uint8_t digest_key[CORE_KEY];
	struct digest_set rows;		/* what the kernel has */
	struct digest_set incoming;	/* of the snapshot that is coming in */
	struct holder *names;		/* that it holds */
	uint32_t fill;			/* how many snapshots have begun */
	bool filling;			/* one is */
	bool complete;			/* one has come over this connection */
	bool partial;			/* rows over the limit were left out */
	uint8_t name_len;
	char name[];
};

struct part;
struct letter;
struct request;

/* What is needed of a connection only until both know each other. */
struct handshake {
	uint64_t there;			/* the peer's end */
	struct core_claim own;
	struct core_claim claim;	/* the peer's; texts are those below */
	char node[CORE_NAME_MAX];
	char global_group[CORE_NAME_MAX];
};

enum peer_stage {
	PEER_HELLO,	/* its HELLO has not come */
	PEER_AUTH,	/* its MAC has not come */
	PEER_UP,	/* it is who it says */
};

/* Frames to be sent, in this order. Rows are not among them. */
enum wish {
	WISH_HELLO = 1,
	WISH_AUTH = 2,
	WISH_RESYNC = 4,
	WISH_DIGEST = 8,
};

/* What is done but now and then, see pace.c. */
enum pace {
	PACE_ASK,	/* ask for a snapshot */
	PACE_SEND,	/* send one again */
	PACE_KINDS
};

/* A connection: an epoch of the engine. */
struct peer {
	UT_hash_handle hh;		/* by address */
	struct peer *prev, *next;	/* in core.strangers, as long as one */
	struct peer *todo_prev, *todo_next;	/* in core.todo */
	struct peer *owing_prev, *owing_next;	/* in core.owing, when something is owed */
	struct handshake *handshake;
	struct node *node;		/* when UP */
	uint64_t address;
	uint64_t epoch;
	uint64_t deadline;		/* of the handshake */
	enum peer_stage stage;
	uint32_t version;		/* that is spoken */
	uint64_t features;		/* that both have */
	unsigned int wishes;
	bool todo;			/* is in core.todo */
	bool full;			/* the engine has no room */
	bool sync_error;		/* of another configuration */
	uint64_t paced[PACE_KINDS];	/* when it was last done, or 0 */
	unsigned int owed;		/* bits of enum pace: to be done after a pause */

	/* To it. */
	bool started;			/* has a cursor; else it is to get a snapshot */
	bool snapshot;			/* that is what is being sent */
	struct cursor cursor;

	/* About names. */
	struct note *first;		/* frames to be sent before rows */
	struct note *after;		/* and once all rows that there are have been */
	struct reservation *reserved;	/* for it */
	unsigned int nr_notes;

	/* Acts. */
	struct part *parts;		/* that it has not answered */
	struct letter *letters;		/* acts and answers that are to be sent */
	struct letter *late;		/* the same, once all rows that there are have been */
	size_t letter_bytes;

	/* From it. */
	uint64_t applied;		/* its sequence that our rows are of */
	bool astray;			/* a change was missed; only a snapshot helps */
};

/* A frame with rows, since many peers want the same one. */
struct batch {
	uint8_t *data;
	size_t len;			/* 0: there is none */
	uint64_t at;			/* sequence of the own rows when it was made */
	uint64_t from, since;		/* of the cursors that it is for */
	bool begin, snapshot;
	bool ends;			/* for those who know why a row may be gone */
	uint64_t to;			/* where it leads */
	struct own_row *next;
};

/* Somebody turned away, or who turned us away, so as not to log it again and again. */
struct refusal {
	uint64_t address;
	uint64_t when;			/* it was logged */
	uint64_t last;			/* it happened */
	unsigned int reason;
	bool used;
	bool theirs;			/* it is they who refuse */
	size_t node_len;		/* 0: it has not said its name */
	char node[CORE_NAME_MAX];
	char text[CORE_REFUSAL_TEXT];
};

#define REFUSALS	16
#define REFUSAL_QUIET	60000000000ull	/* ns in which it is not logged again */

/* Names; names.c has what is in it. */
struct names {
	struct name *by_name;
	struct ask *asks;		/* own requests, in the order in which they came */
	struct reservation *reserved;	/* all, the oldest first */
	struct note *waiting;		/* answers, until an own row has gone */
	struct name *clashes;		/* held here and on another node */
	uint64_t ticket;
	uint64_t fence;			/* the greatest that was seen */
	uint64_t tries;			/* so that each back-off is another one */
	unsigned int nr_asks;
	unsigned int nr_active;		/* of these, that do not wait for others */
	unsigned int nr_reserved;
	bool ready;			/* there is something to do */
};

struct core {
	struct core_config config;
	struct core_out out;
	void *arg;
	uint64_t incarnation;
	uint64_t now;
	uint64_t next_digest;
	struct own_rows own;
	uint64_t flushed;		/* sequence up to which all had their turn */
	struct batch batch;
	struct peer *peers;
	struct peer *strangers;		/* by deadline */
	struct peer *todo;
	struct peer *owing;
	unsigned int nr_strangers;
	struct node *nodes;
	struct node *suspects;		/* not connected, by time of suspicion */
	struct names names;
	struct core_text *order;	/* copies, of config.order */
	struct refusal refusals[REFUSALS];
	unsigned int nr_refusals;
	struct request *requests;	/* acts of the own kernel, by deadline */
	struct part *parts;		/* of these, by id */
	uint64_t nr_requests;
	uint64_t last_act;
	uint8_t *act_frame;		/* room for one, of config.frame_max */
	size_t act_memory;
	size_t memory;
	struct core_stats stats;
	char name[CORE_NAME_MAX + 1];
	char global_group[CORE_NAME_MAX + 1];
};

static inline struct core_text node_name(const struct node *node)
{
	return (struct core_text){ node->name, node->name_len };
}

void core_log(struct core *core, enum core_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Names in a log line: "%.*s", TEXT(name). */
#define TEXT(text) (int)(text).len, (text).len ? (text).data : ""

/* --- peer.c ------------------------------------------------------------------------ */

/* Put wishes on its list, or have it looked at for rows (0). */
void peer_wish(struct core *core, struct peer *peer, unsigned int wishes);
/* Send what can be sent; the peer may be gone afterwards. */
void peer_flush(struct core *core, struct peer *peer);
/* Tell it why, end the epoch and forget it. */
void peer_refuse(struct core *core, struct peer *peer, enum frame_bye reason,
		 const char *text);
/* Its epoch has ended. */
void peer_lost(struct core *core, struct peer *peer);
void peer_free(struct core *core, struct peer *peer);
/* It is sent a snapshot. */
void peer_restart(struct core *core, struct peer *peer);
enum engine_sent peer_send(struct core *core, struct peer *peer, const void *data, size_t len);
struct peer *peer_find(const struct core *core, uint64_t address, uint64_t epoch);
/* Those that hold too many removals begin anew. */
void peers_bound(struct core *core);

/* --- pace.c ------------------------------------------------------------------------ */

/* Do it, or false: not yet, but soon. */
bool pace(struct core *core, struct peer *peer, enum pace what);
void pace_forget(struct core *core, struct peer *peer);
/* Do what can be done now. */
void pace_tick(struct core *core);
uint64_t pace_wake(const struct core *core);

/* --- names.c ----------------------------------------------------------------------- */

/* A row of a name: of an own process (changed), or of another node's. */
void names_own(void *core, const struct own_row *row);
void names_remote(struct core *core, struct node *node, const struct core_row *row);
/* The own kernel tells a row, whether or not that is a change; before it is one. NULL:
 * it has told all of them.
 */
void names_seen(struct core *core, const struct core_row *row);
/* A snapshot of a node is complete: what it did not name has gone. */
void names_commit(struct core *core, struct node *node);
void names_forget(struct core *core, struct node *node);
/* A peer is known now, or is no more. */
void names_peer_up(struct core *core, struct peer *peer);
void names_peer_down(struct core *core, struct peer *peer);
/* A frame. False: it asks for more than it may. */
bool names_frame(struct core *core, struct peer *peer, enum frame_type type,
		 const struct frame_name *frame);
/* Send what is in a list of notes. */
enum engine_sent names_send(struct core *core, struct peer *peer, struct note **list);
/* Carry on with what can be; true: there was something. */
bool names_run(struct core *core);
/* Own holders that are in conflict with others, once these know of it. */
void names_resolve(struct core *core);
uint64_t names_wake(const struct core *core);
void names_stats(const struct core *core, struct core_stats *stats);
void names_free(struct core *core);

struct peer *peer_find(const struct core *core, uint64_t address, uint64_t epoch);

/* --- acts.c ------------------------------------------------------------------------ */

void acts_configure(struct core *core);
/* Send what is in a list of letters. */
enum engine_sent acts_send(struct core *core, struct peer *peer, struct letter **list);
/* A peer has answered; a peer wants something. */
void acts_done(struct core *core, struct peer *peer, uint64_t id,
	       const struct core_counts *counts);
void acts_take(struct core *core, struct peer *peer, uint64_t id,
	       const struct core_act *act);
/* When the first one is late, or CORE_NEVER; whoever is. */
uint64_t acts_wake(const struct core *core);
void acts_expire(struct core *core);
/* The peer will not answer any more: the kernel is told; without a word. */
void acts_lost(struct core *core, struct peer *peer);
void acts_free(struct core *core, struct peer *peer);
void acts_end(struct core *core);
size_t acts_memory(const struct core *core);

/* --- node.c ------------------------------------------------------------------------ */

struct node *node_find(const struct core *core, struct core_text name);
struct node *node_new(struct core *core, struct core_text name, uint64_t incarnation,
		      enum core_node_state state);
/* May an agent at an address take this name, or has it had too many? */
bool node_may_come(const struct core *core, uint64_t address, struct core_text name);
/* An agent of this incarnation is connected; false: another one already is. */
bool node_attach(struct core *core, struct peer *peer, struct core_text name,
		 uint64_t incarnation, const uint8_t digest_key[CORE_KEY]);
/* Its connection has ended. */
void node_detach(struct core *core, struct node *node);
/* The grace of those who had some is over. */
void nodes_expire(struct core *core);
void node_down(struct core *core, struct node *node);
void node_free(struct core *core, struct node *node);

/* A frame of rows, and a digest, of the peer's node. */
void node_rows(struct core *core, struct peer *peer, struct frame_rows *rows);
void node_digest(struct core *core, struct peer *peer, uint64_t seq, uint64_t rows,
		 uint64_t sum);

#endif
