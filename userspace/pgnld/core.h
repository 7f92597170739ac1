/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core of the agent: who is in the cluster, what its nodes own, and what
 * the own kernel is to be told of it. A deterministic machine: the same calls
 * in the same order come to the same commands, byte for byte. It does no I/O,
 * reads no clock and draws no random number; whoever drives it (the daemon, the
 * simulator) brings these along.
 *
 * Events go in by the functions below, commands come out by struct core_out,
 * within the call that they follow from and in the order in which they are to
 * be carried out. A command must not call back into the core.
 *
 * A round of the driver: core_tick() with the time; all events that have come
 * in by then; core_flush(), which sends what has gathered; sleep until the next
 * event or core_wake().
 *
 * How it works (docs/agent-protocol.md has the wire): each node owns its rows.
 * The core keeps the own ones in the order of their last change, and for each
 * peer how far along it is; so a peer that is slow gets the last state of what
 * it missed, as many changes in a frame as fit, and nothing is queued for it. Of
 * a remote row it keeps 16 bytes, its key and digest; the row is the kernel's.
 *
 * No function fails: without memory the core says so and aborts, for it can't
 * say what it has lost; the kernel keeps its rows and the next agent goes on.
 *
 * Since version 0.2.
 */
#ifndef CORE_H
#define CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"

#define CORE_NAME_MAX	63		/* bytes of the name of a node, scope, global group */
#define CORE_GROUP_MAX	255		/* bytes of a group's name */
#define CORE_META_MAX	256
#define CORE_NONCE	16		/* bytes */
#define CORE_MAC	32
#define CORE_KEY	16
#define CORE_NEVER	UINT64_MAX	/* a time that does not come */
#define CORE_NO_LIMIT	UINT64_MAX

/* The scope whose groups are names: at most one member in all of the cluster. */
#define CORE_NAMES	"global"

/* Of the protocol; tests build agents that know others. */
#ifndef CORE_VERSION_MIN
#define CORE_VERSION_MIN 1
#define CORE_VERSION_MAX 1
#endif

/* Bytes that are no string: no terminator, any value but 0. */
struct core_text {
	const char *data;
	size_t len;
};

/* Who keeps a name that two nodes gave away while they were apart. */
enum core_resolve {
	CORE_KEEP_FIRST,	/* the loser is unregistered, and told */
	CORE_RANDOM_EXIT,	/* the loser is killed */
	CORE_RANDOM_NOTIFY,	/* as the first, by Erlang's name */
	CORE_NOTIFY_ALL,	/* both are losers, when either side says so */
};

/* What a name's row has beside; all 0 in other rows. */
struct core_registration {
	uint64_t fence;		/* grows with each registration */
	uint64_t stamp;		/* when: ns of the owner's wall clock; not 0 */
	uint8_t resolve;	/* enum core_resolve; a later one is as the first */
};

/* Why a row is gone. Numbers of the wire: never change, only append. */
enum core_why {
	CORE_LEFT,		/* by request, or nobody knows */
	CORE_EXITED,
	CORE_KILLED,
	CORE_EVICTED,		/* along with the group */
	CORE_REPLACED,		/* another one has its name */
	CORE_CONFLICT,		/* so has one of another node, given away apart */
	CORE_WHY_LAST = CORE_CONFLICT,
};

#define CORE_DUMPED	0x80u	/* beside the signal: it has dumped core */

/* What is known of the end of a row, for subscribers; of one that is there all 0. */
struct core_end {
	uint8_t why;		/* enum core_why */
	bool known;		/* how the process has ended: */
	uint8_t status;		/* exit code, or the signal that has killed it */
};

/*
 * One row: a membership, or with an id of 0 a group that was created (a pin, in
 * scopes of mode pg2). (scope, group, id) is its key among the rows of a node.
 */
struct core_row {
	struct core_text scope;
	struct core_text group;
	uint64_t id;		/* member id, or 0 */
	uint32_t pid;		/* on the owner's node, in its agent's pid namespace */
	uint32_t count;		/* joins, absolute; 0: the row is gone; of a pin: 1 */
	uint32_t uid;		/* real uid of the member, or owner of the group */
	uint16_t weight;	/* 1 to 1000; of a pin 0 */
	struct core_text meta;	/* len 0: none */
	struct core_registration told;
	struct core_end end;	/* of one that is gone */
};

/* What became of a request about a name. */
enum core_name_verdict {
	CORE_NAME_YES,		/* it is so; for a register the kernel has said it already */
	CORE_NAME_TAKEN,	/* another process holds it */
	CORE_NAME_SUSPECT,	/* so does one of a node that is suspect: try again later */
	CORE_NAME_BUSY,		/* others were about to get it, all the time */
	CORE_NAME_DENIED,	/* its holder is not the requester's to replace */
	CORE_NAME_LATE,		/* a node did not answer in time */
	CORE_NAME_MISSING,	/* nobody holds it */
};

/* Why a name is taken from its holder on this node. */
enum core_evict {
	CORE_EVICT_UNREGISTERED,	/* somebody on another node asked for it */
	CORE_EVICT_REPLACED,		/* it was registered anew, on another node */
	CORE_EVICT_CONFLICT,		/* it is another node's; the holder is to be told */
	CORE_EVICT_EXIT,		/* the same, and its registration wants it killed */
};

struct core_name_request {
	uint64_t id;		/* the driver's; of no other request at the time */
	struct core_text name;
	uint32_t uid;		/* of who asks */
	bool replace;		/* take it from whoever holds it */
};

/*
 * What a process of one node wants of members of another one. Carried out there,
 * by its kernel, under the rights of the process's uid.
 */
enum core_act_kind {
	CORE_ACT_SEND = 1,	/* put data into their inboxes */
	CORE_ACT_SIGNAL = 2,	/* send them a signal */
	CORE_ACT_JOIN = 3,	/* put the process of an id into the group */
	CORE_ACT_DELETE = 4,	/* delete what the node has in the group */
	CORE_ACT_LAST = CORE_ACT_DELETE,
};

struct core_act {
	uint32_t kind;		/* enum core_act_kind, or one of a later version */
	struct core_text scope;
	struct core_text group;
	uint32_t pid;		/* who wants it: on its node */
	uint32_t uid;
	uint64_t id;		/* its member id, or 0 */
	bool by_uid;		/* only members of this uid: */
	uint32_t only_uid;
	struct core_text data;	/* of a message */
	uint32_t signal;	/* its number, 0 only asks; of a message 0 */
	bool queued;		/* a value with it: */
	uint64_t value;		/* of a join, how often */
	/* Of one that comes in, see core_act_id(): member ids, none: all. */
	struct core_text ids;
};

/* The part of it that is for one node. */
struct core_target {
	struct core_text node;
	uint64_t incarnation;
	uint32_t members;	/* that are meant, as far as is known here */
	const uint64_t *ids;	/* n_ids 0: all that fit */
	size_t n_ids;
};

enum core_act_error {
	CORE_ACT_DONE,		/* it is as the counts say */
	CORE_ACT_GONE,		/* nobody whom it is for is there any more */
	CORE_ACT_REFUSED,	/* it is not allowed */
	CORE_ACT_FAILED,	/* it could not be done */
};

struct core_counts {
	enum core_act_error error;	/* of one node; the rest is 0 then */
	uint32_t reached;
	uint32_t refused;
	uint32_t gone;
	uint32_t full;
	uint32_t no_inbox;
	uint32_t unreachable;
};

/* By which an answer finds back. */
struct core_ticket {
	uint64_t peer;
	uint64_t epoch;
	uint64_t id;
};

/* What becomes of a node; told to the kernel. */
enum core_node_state {
	CORE_NODE_UP,		/* connected, was not known before; its rows follow */
	CORE_NODE_SUSPECT,	/* not connected any more; its rows stay for now */
	CORE_NODE_FRESH,	/* connected again, and its rows are its word again */
	CORE_NODE_DOWN,		/* gone: all its rows leave, reason node lost */
};

/* How a node stands to this one; of no use to the kernel, told to global groups. */
enum core_contact {
	CORE_NO_CONTACT,	/* not connected */
	CORE_SYNCED,		/* connected, and of the same definition of global groups */
	CORE_SYNC_ERROR,	/* connected, but of another definition: no names are shared */
};

enum core_log_level { CORE_LOG_ERROR, CORE_LOG_WARNING, CORE_LOG_INFO, CORE_LOG_DEBUG };

/*
 * What an agent vouches for in its HELLO. The MAC of a connection covers the
 * sender's claim first and then the receiver's, so it holds in one direction
 * only, for this connection only.
 */
struct core_claim {
	uint64_t end;		/* of the connection, its own */
	uint64_t incarnation;
	uint32_t version_min;
	uint32_t version_max;
	uint64_t features;
	uint64_t config_hash;
	struct core_text node;
	struct core_text global_group;
	uint8_t nonce[CORE_NONCE];
	uint8_t digest_key[CORE_KEY];
};

/* Commands. arg is that of core_new(). */
struct core_out {
	/*
	 * To the engine; as engine.h says. After close() the core takes the epoch
	 * for ended and wants to hear no more of it.
	 */
	enum engine_sent (*send)(void *arg, uint64_t peer, uint64_t epoch,
				 const void *data, size_t len);
	void (*known)(void *arg, uint64_t peer, uint64_t epoch);
	void (*close)(void *arg, uint64_t peer, uint64_t epoch);

	/*
	 * To the kernel, of other nodes, each named by node and incarnation.
	 *
	 * node() tells a state. UP and DOWN of an incarnation come in turn, SUSPECT
	 * and FRESH in between; another incarnation of a node begins after the DOWN
	 * of the one before.
	 *
	 * begin(): all rows of the node follow. commit(): that was all, and what was
	 * not among them leaves; a row that was there and is the same is no event.
	 * A second begin() without a commit() starts anew; a node() of SUSPECT or DOWN
	 * in between ends it, without a sweep. Outside of begin and
	 * commit, put() adds or changes one row. In both, put() with a count of 0
	 * takes the row out; one that is not there is fine.
	 *
	 * When the kernel refuses a row for good (a cap) it marks the node partial
	 * by itself; for that it is told members over rows_max, too. When a command
	 * was lost the driver calls core_resync().
	 */
	void (*node)(void *arg, struct core_text node, uint64_t incarnation,
		     enum core_node_state state);
	void (*begin)(void *arg, struct core_text node, uint64_t incarnation);
	void (*put)(void *arg, struct core_text node, uint64_t incarnation,
		    const struct core_row *row);
	void (*commit)(void *arg, struct core_text node, uint64_t incarnation);

	/*
	 * What has become of the connection with a node, in turn with CORE_NO_CONTACT;
	 * before node() tells what becomes of its rows. After core_new() there is none.
	 */
	void (*contact)(void *arg, struct core_text node, enum core_contact contact);

	/*
	 * Names. register: all nodes that are connected agree, so the own kernel is
	 * to give the name to the process now, if that still lives, with a fencing
	 * number above this one, and to tell who asked. Returns the new number, or 0:
	 * it did not, and has told that. The row comes by core_local_put(), like any.
	 *
	 * name_answer: how any other request ended; node: of the holder that is in
	 * the way, if it is known.
	 *
	 * owns_names: is it the uid of who owns all names of this node, as of now?
	 *
	 * evict: the holder (id, of the registration with this fencing number) loses
	 * the name; other: the node that keeps or gets it. By then the row may have
	 * gone by itself. False: it could not be done, and is tried again.
	 */
	uint64_t (*name_commit)(void *arg, uint64_t request, struct core_text name,
				uint64_t fence);
	void (*name_answer)(void *arg, uint64_t request, enum core_name_verdict verdict,
			    struct core_text node);
	bool (*owns_names)(void *arg, uint32_t uid);
	bool (*name_evict)(void *arg, struct core_text name, uint64_t id, uint64_t fence,
			   enum core_evict why, struct core_text other);

	/*
	 * Carry an act of another node's process out; core_acted() or, of one that has
	 * deleted a group, core_deleted() is to follow, not
	 * from within. NULL: this node does no acts. answer(): what has become of a
	 * request of the own kernel, once for each core_act().
	 */
	void (*act)(void *arg, struct core_text node, const struct core_ticket *ticket,
		    const struct core_act *act);
	void (*answer)(void *arg, uint64_t request, const struct core_counts *counts);

	/*
	 * The MAC of a connection, by the cluster's key; a pure function. NULL: the
	 * cluster has no key, nobody is asked for a MAC.
	 */
	void (*mac)(void *arg, const struct core_claim *sender,
		    const struct core_claim *receiver, uint8_t mac[CORE_MAC]);

	/* One line, without a newline. */
	void (*log)(void *arg, enum core_log_level level, const char *text);
};

/* Times are in nanoseconds. 0 for those that say so is the default. */
struct core_config {
	const char *node;		/* own name */
	const char *global_group;	/* "" : none */
	uint64_t config_hash;		/* of what all nodes have to agree on */
	uint64_t grace;			/* a node stays suspect; 0: it does not */
	uint64_t digest_interval;	/* 0: no digests */
	uint64_t hello_time;		/* for HELLO and MAC; 0: 1 s */
	uint32_t hello_max;		/* connections that are in it; 0: 16 */
	size_t frame_max;		/* bytes of a frame; 0: 65536, the most */
	size_t backlog_max;		/* removals kept for slow peers; 0: 65536 */
	uint64_t rows_max;		/* rows taken from one node; CORE_NO_LIMIT: all */
	/*
	 * Nodes in the order in which they arbitrate names, the same everywhere;
	 * those not in it come after, by name. Copied.
	 */
	const char *const *order;
	size_t n_order;
	uint64_t name_time;		/* for a request about a name; 0: 5 s */
	bool remote_root;		/* root of other nodes is root here */
	uint64_t act_time;		/* for an answer to an act; 0: 5 s */
	size_t letters_max;		/* bytes of acts and answers for one peer; 0: 1 MiB */
	uint32_t version_min;		/* of the protocol; 0: CORE_VERSION_MIN */
	uint32_t version_max;		/* 0: CORE_VERSION_MAX */
};

#define CORE_GRACE		2000000000ull
#define CORE_DIGEST_INTERVAL	5000000000ull

struct core;

/*
 * incarnation: of the rows of this node, that is of this run of the kernel
 * module; never given twice to a node of this name (a module loaded again, a
 * machine started again: another one), and the same after a restart of the
 * agent alone, so that others see no change. digest_key: random, new each time.
 */
struct core *core_new(const struct core_config *config, uint64_t incarnation,
		      const uint8_t digest_key[CORE_KEY],
		      const struct core_out *out, void *arg);
/* Without a command; epochs end with the engine, rows stay with the kernel. */
void core_free(struct core *core);
/*
 * Go on with another configuration. When something changed that HELLO tells,
 * all epochs are closed, and come again. The own name can't change.
 */
void core_configure(struct core *core, const struct core_config *config);

/* --- Time -------------------------------------------------------------------- */

/*
 * It is now: nanoseconds of a clock that never goes back and counts sleep
 * (CLOCK_BOOTTIME). Before other events of the same moment.
 */
void core_tick(struct core *core, uint64_t now);
/* When core_tick() is wanted next, or CORE_NEVER. */
uint64_t core_wake(const struct core *core);
/* Send what has gathered, to whoever has room for it. */
void core_flush(struct core *core);

/* --- The own kernel ------------------------------------------------------------ */

/*
 * A scope's own rows, all of them: begin, put each, commit. At the start, after
 * events were lost, when the scope has gone (no put); only of clustered scopes.
 * Listings of several scopes may overlap. Otherwise, as events come, put alone. A put with a count of 0 removes; one
 * that changes nothing is fine, and no event to anybody.
 */
void core_local_begin(struct core *core, struct core_text scope);
void core_local_put(struct core *core, const struct core_row *row);
void core_local_commit(struct core *core, struct core_text scope);
/* A group was deleted here: all own rows of it are gone. */
void core_local_delete(struct core *core, struct core_text scope, struct core_text group);
/*
 * A node of which the kernel has rows from an agent before this one: at the
 * start, for each. It is suspect until it connects or the grace is over.
 */
void core_adopt(struct core *core, struct core_text node, uint64_t incarnation);
/* The kernel lacks something of this node: ask it for all of its rows. */
void core_resync(struct core *core, struct core_text node);

/* --- Names ------------------------------------------------------------------------ */

/*
 * Ask for a name, for a process of this node; answered by name_commit() or
 * name_answer(), once, in a core_flush() to come. Requests for one name are taken
 * one after the other, and those for different names do not wait for each other.
 */
void core_name_register(struct core *core, const struct core_name_request *request);
/* Take it from its holder, on another node. */
void core_name_unregister(struct core *core, const struct core_name_request *request);
/* Who asked has gone: no answer is wanted. One that is not there is fine. */
void core_name_cancel(struct core *core, uint64_t request);

/* --- Acts ------------------------------------------------------------------------- */

/*
 * A process wants something of members of other nodes. Not of a node that is not
 * connected, has another incarnation, is asked too much already or does no acts:
 * its members count as unreachable, as they do when it does not answer in time.
 */
void core_act(struct core *core, uint64_t request, const struct core_act *act,
	      const struct core_target *targets, size_t n);
/* An act of another node's process has been carried out. */
void core_acted(struct core *core, const struct core_ticket *ticket,
		const struct core_counts *counts);
/*
 * The same, of one that has deleted a group: core_local_delete(), and who asked knows
 * that before it has the answer.
 */
void core_deleted(struct core *core, const struct core_ticket *ticket,
		  const struct core_counts *counts, struct core_text scope,
		  struct core_text group);
/* Of one that came in: how many ids it has, 0: it is for all; and one of them. */
size_t core_act_ids(const struct core_act *act);
uint64_t core_act_id(const struct core_act *act, size_t i);

/* --- The engine, as struct engine_events ------------------------------------------ */

/* nonce: random, new each time. */
void core_peer_up(struct core *core, uint64_t peer, uint64_t epoch,
		  const struct engine_ends *ends, const uint8_t nonce[CORE_NONCE]);
void core_peer_down(struct core *core, uint64_t peer, uint64_t epoch);
/* Whatever the bytes are. */
void core_recv(struct core *core, uint64_t peer, uint64_t epoch,
	       const void *data, size_t len);
void core_room(struct core *core, uint64_t peer, uint64_t epoch);

/* --- To look at ------------------------------------------------------------------- */

/* Counters since core_new(), and sizes as they are. */
struct core_stats {
	uint64_t seq;			/* changes of own rows so far */
	uint64_t rows;			/* own rows */
	uint64_t backlog;		/* removals kept for slow peers */
	uint64_t remote_rows;
	uint64_t incoming_rows;		/* of snapshots that are not complete */
	uint64_t nodes;			/* known, connected or suspect */
	uint64_t peers;			/* connections, whatever their state */
	uint64_t memory;		/* bytes of all that the core has allocated */
	uint64_t digest_memory;		/* of which for remote rows */
	uint64_t act_memory;		/* and for acts */
	uint64_t acts;			/* of the own node that are not answered */
	uint64_t acts_sent, acts_taken;	/* of the own node, of others */
	uint64_t acts_late;		/* not answered in time */
	uint64_t acts_dropped;		/* not sent, for a peer that has too much */
	uint64_t tx_frames, tx_bytes;
	uint64_t rx_frames, rx_bytes;
	uint64_t rx_stale;		/* frames of an epoch that is not */
	uint64_t rx_bad;		/* frames that could not be read */
	uint64_t rx_gaps;		/* a sequence that does not follow */
	uint64_t rx_foreign;		/* peers of another cluster key, group or version */
	uint64_t rx_own;		/* own HELLOs heard */
	uint64_t duplicates;		/* peers with a name that is taken */
	uint64_t snapshots_sent;
	uint64_t snapshots_received;
	uint64_t resyncs;		/* asked for by us */
	uint64_t overflows;		/* slow peers whose removals were dropped */
	uint64_t names;			/* known, with or without a holder */
	uint64_t name_requests;		/* that have no answer yet */
	uint64_t reservations;		/* of names, for somebody who asks for them */
	uint64_t reservations_forgotten;	/* whose end was not told, in a long time */
	uint64_t name_commits;
	uint64_t name_retries;		/* after somebody else was about to get it */
	uint64_t name_conflicts;	/* of which own holders were told */
	uint64_t digests_agreed;
	uint64_t digests_failed;
};

void core_stats(const struct core *core, struct core_stats *stats);

/* A node as this one sees it, valid until the next event. */
struct core_node_info {
	struct core_text name;
	uint64_t incarnation;
	enum core_node_state state;	/* UP, FRESH: connected and complete */
	bool complete;			/* all of its rows have come */
	bool partial;			/* rows over the limit were left out */
	bool sync_error;		/* its configuration is another one */
	uint64_t address;		/* 0: not connected */
	uint64_t rows;			/* known of it */
	uint64_t digest;		/* over these rows */
	uint64_t seq;			/* its sequence that they are of */
	uint64_t lag;			/* own changes that it was not sent yet */
	uint32_t version;		/* of the protocol that is spoken */
	uint64_t since;			/* when the state began */
};

/* In no particular order that means anything, but always the same. */
void core_nodes(const struct core *core,
		void (*each)(void *arg, const struct core_node_info *node), void *arg);

/* A peer that was turned away, or that has turned this one away, valid as above. */
struct core_refusal_info {
	struct core_text node;		/* empty: it has not said its name */
	uint64_t address;
	unsigned int reason;		/* of BYE, see agent-protocol.md */
	const char *text;		/* the reason in words */
	bool theirs;			/* it is the peer that refuses */
	uint64_t last;			/* when it has happened last */
};

#define CORE_REFUSAL_TEXT	100	/* bytes, with the NUL */

/* The last few, as far as they are not older than a minute. */
void core_refusals(const struct core *core,
		   void (*each)(void *arg, const struct core_refusal_info *info), void *arg);
/* The own rows: how many, and what others' digest of them should be. */
void core_digest(const struct core *core, uint64_t *rows, uint64_t *digest);

#endif
