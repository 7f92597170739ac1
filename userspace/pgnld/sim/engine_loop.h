/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An engine within one process, with a network, a clock and faults of its own.
 * All chance comes from one seed, so a run can be had again.
 *
 * The network has sites; an agent is an engine at a site. Links between sites
 * may be cut in either direction; that is noticed after a while, as a real
 * engine's probes would, and ends the epoch at both ends, each at its own time.
 * What is sent over a link that is cut waits; if it is whole again before that
 * is noticed nothing is lost. An agent may be stopped or slow: then those who
 * send to it run out of room.
 *
 * All that keeps the contract of engine.h. Two faults do not, for agents should
 * get over them, too: frames that get lost, and ghosts, which come after the end
 * of their epoch.
 */
#ifndef ENGINE_LOOP_H
#define ENGINE_LOOP_H

#include <stdbool.h>

#include "../engine.h"

#define LOOP_US	1000ull		/* nanoseconds */
#define LOOP_MS	1000000ull
#define LOOP_S	1000000000ull

struct loop_config {
	unsigned int sites;
	unsigned int window;		/* frames under way to one end */
	uint64_t delay;			/* of a frame, at least */
	uint64_t jitter;		/* and up to this much more */
	uint64_t notice;		/* a cut, at least */
	uint64_t notice_jitter;
	uint64_t retry;			/* a new epoch after one ended, at least */
	unsigned int strangers;		/* that an agent has at a time; 0: no limit */
	unsigned int losses;		/* one frame in so many; 0: none */
	unsigned int ghosts;		/* one frame of those lost by an end; 0: none */
};

struct loop_net;

struct loop_net *loop_new(const struct loop_config *config, uint64_t seed);
void loop_free(struct loop_net *net);

uint64_t loop_now(const struct loop_net *net);
/* 0 to below - 1, of the run's own chance. */
uint64_t loop_random(struct loop_net *net, uint64_t below);

/* Call back once, when the time has come. */
void loop_at(struct loop_net *net, uint64_t when, void (*call)(void *arg, uint64_t cookie),
	     void *arg, uint64_t cookie);
/* The next thing happens; false: nothing is left to happen up to that time. */
bool loop_step(struct loop_net *net, uint64_t until);

/* --- agents ---------------------------------------------------------------------- */

/* An engine for the site, which has none. Its address is site + 1. */
struct engine *loop_engine(struct loop_net *net, unsigned int site);

enum loop_end {
	LOOP_AGENT,	/* the process ended: the others learn it at once */
	LOOP_MACHINE,	/* no word any more: they have to notice */
};

/* The agent has ended, and its engine with it. */
void loop_end(struct engine *engine, enum loop_end how);
/* It does nothing until it is continued. */
void loop_stop(struct engine *engine, bool stop);
/* It takes this long for each frame; 0: no time. */
void loop_slow(struct engine *engine, uint64_t pause);

/* --- links ----------------------------------------------------------------------- */

/* What goes from one site to the other, in this direction. */
void loop_cut(struct loop_net *net, unsigned int from, unsigned int to, bool cut);
bool loop_is_cut(const struct loop_net *net, unsigned int from, unsigned int to);
/* Added to each frame's delay, both ways. */
void loop_delay(struct loop_net *net, unsigned int a, unsigned int b, uint64_t delay);
/* End their epoch, if there is one, as if by a fault of the engine. */
void loop_reset(struct loop_net *net, unsigned int a, unsigned int b);
/* From now on the contract is kept. */
void loop_behave(struct loop_net *net);

/* --- to look at ------------------------------------------------------------------ */

struct loop_stats {
	uint64_t steps;
	uint64_t frames;	/* taken */
	uint64_t bytes;
	uint64_t lost;
	uint64_t epochs;
	uint64_t most_under_way;	/* frames to one end, ever */
};

void loop_stats(const struct loop_net *net, struct loop_stats *stats);

#endif
