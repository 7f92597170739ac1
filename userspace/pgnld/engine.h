/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An engine carries frames between the agents of a cluster and tells who can be
 * talked to. It knows nothing of groups, names or members, nor what is in a
 * frame; the core (core.h) knows nothing of sockets.
 *
 * The contract, which the core stands on:
 *
 * - A peer is another agent, told by its address: a number other than 0 that no
 *   other agent of the cluster has at the same time. A restarted one may have
 *   the same address or another one. Which run of which node it is, it says in
 *   its first frame; the engine need not know.
 * - An epoch is one connection to one peer, from peer_up() to peer_down(), to
 *   close() or to stop(). Its number is the engine's own, grows, and is never
 *   used again; the two ends may number the same connection differently.
 * - A connection has two ends, each with a number that no other end has at the
 *   time, and both agents are told both numbers. So who passes on what two others
 *   say can't be taken for either: he is at the end of two connections.
 * - Of the epochs at most ENGINE_STRANGERS are of peers that are not known() yet;
 *   whoever else connects, or is to be connected to, waits.
 * - A peer has at most one epoch at a time at each end. If both ends connect at
 *   once the engine chooses; a new one begins after the old one's peer_down().
 * - Within an epoch frames arrive whole, in the order sent, none missing, none
 *   twice. What can't be kept to ends the epoch. Nothing is promised
 *   between frames of different peers.
 * - After peer_down() or close() nothing of that epoch is delivered any more:
 *   no frame, no room(), no second peer_down().
 * - Both ends end: when one ended an epoch, for whatever reason, the other one
 *   gets peer_down() in bounded time. Frames under way may be lost then.
 * - While two agents can reach each other the engine tries to give them an
 *   epoch, again and again: after close() not before a second is over.
 * - Never a call within a call: send() and close() call nothing of struct
 *   engine_events, and stop() ends all epochs without a word.
 *
 * Since version 0.2.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <stddef.h>
#include <stdint.h>

struct engine;

#define ENGINE_STRANGERS	16

/* Of a connection: the own one, and the peer's. */
struct engine_ends {
	uint64_t here;
	uint64_t there;
};

/* What became of a frame. */
enum engine_sent {
	ENGINE_OK = 0,		/* taken: it arrives, or the epoch ends */
	ENGINE_FULL,		/* not taken; room() comes when it is worth a try */
	ENGINE_GONE,		/* not taken: no such epoch, or it has just ended */
};

/* What an engine tells, one at a time. */
struct engine_events {
	/* An epoch has begun. */
	void (*peer_up)(void *arg, uint64_t peer, uint64_t epoch,
			const struct engine_ends *ends);
	/* An epoch has ended by itself or by the other end. */
	void (*peer_down)(void *arg, uint64_t peer, uint64_t epoch);
	/* A frame; the bytes are the engine's, and valid during the call. */
	void (*recv)(void *arg, uint64_t peer, uint64_t epoch,
		     const void *data, size_t len);
	/* After ENGINE_FULL, once: another frame may find room. */
	void (*room)(void *arg, uint64_t peer, uint64_t epoch);
};

struct engine_limits {
	size_t frame;		/* bytes of the largest frame, at least 65536 */
};

/* How an engine is made is its own affair; the rest is this. */
struct engine_ops {
	const char *name;	/* for people: "tipc", "loop" */
	/* From here on events come. 0, or -errno with a line in the log. */
	int (*start)(struct engine *engine, const struct engine_events *events,
		     void *arg);
	/* End all epochs and forget the events; start() may come again. */
	void (*stop)(struct engine *engine);
	/* Never waits. The bytes are the caller's again at once. */
	enum engine_sent (*send)(struct engine *engine, uint64_t peer, uint64_t epoch,
				 const void *data, size_t len);
	/* The peer has shown who it is. */
	void (*known)(struct engine *engine, uint64_t peer, uint64_t epoch);
	/* End an epoch; one that is gone is fine. */
	void (*close)(struct engine *engine, uint64_t peer, uint64_t epoch);
	void (*limits)(const struct engine *engine, struct engine_limits *limits);
};

/* First member of each engine's own struct. */
struct engine {
	const struct engine_ops *ops;
};

#endif
