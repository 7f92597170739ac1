/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cluster in one process: cores on the loop engine, each with a kernel that is
 * no more than a table, but checks what it is told. What each node really owns is
 * written down besides, and compared.
 *
 * Checked at every command that a core gives to its kernel:
 * - node states, begin and commit come in the order that core.h promises;
 * - a row is one that its owner had, in this incarnation, with just this content;
 * - a row never goes back to what it was before, and one that its owner has taken
 *   out never comes back unless the owner has put it in again;
 * - of a row that goes it is said why as its owner has said it, or not at all;
 * - nothing is told of the own node, or of one that is not of the same cluster.
 * registry.h has those about names.
 * - an act is carried out once by each node that it is for, and by no other;
 * - each act is answered once, in time, and no node counts as reached that has not
 *   carried it out.
 * After every step: what the core holds is within its bounds.
 * At quiet points: each node sees of each other one, if they are connected, just
 * what that one owns, and else nothing; the digests agree; and its global groups
 * have each other node where it belongs.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>

#include "../core.h"
#include "../gg.h"
#include "engine_loop.h"

struct sim_config {
	struct loop_config loop;
	bool verbose;		/* tell what happens */
	bool light;		/* rows are counted only, not kept; for many nodes */
	bool prompt;		/* agents act on each event at once, never on several */
	unsigned int refusals;	/* of so many evictions the kernel can't do one at the moment; 0: all */
	bool hostile;		/* there are puppets, so bad frames are no surprise */
};

struct sim_node_config {
	uint64_t grace;
	uint64_t digest_interval;
	size_t frame_max;
	size_t backlog_max;
	uint64_t rows_max;		/* of one node, by agent and kernel; 0: no limit */
	bool no_rows;			/* the limit is 0 */
	uint32_t hello_max;
	uint32_t version_min, version_max;
	uint64_t key;			/* of the cluster; 0: none */
	uint64_t config_hash;
	const char *global_group;
	bool no_acts;			/* as an older version */
	bool remote_root;		/* root of others may replace and unregister */
	uint32_t names_owner;		/* so may this user, of all nodes */
	const struct config_group *groups;	/* the definition, for which config_hash stands */
	size_t n_groups;
};

struct sim;
struct sim_node;

struct sim *sim_new(const struct sim_config *config, uint64_t seed);
void sim_free(struct sim *sim);
struct loop_net *sim_net(struct sim *sim);
/* The first thing that was wrong, or NULL. */
const char *sim_failure(const struct sim *sim);
void sim_fail(struct sim *sim, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void sim_say(struct sim *sim, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Over all commands and frames so far. */
uint64_t sim_trace(const struct sim *sim);
void sim_logs(const struct sim *sim, uint64_t logs[4]);

/* --- time ------------------------------------------------------------------------ */

/* False: something was wrong. */
bool sim_run(struct sim *sim, uint64_t time);
/* Until all agree; after that long it is wrong that they do not. */
bool sim_settle(struct sim *sim, uint64_t limit);

/* --- machines and agents ------------------------------------------------------------ */

/* A machine starts at a site, its kernel empty, and the agent with it. */
struct sim_node *sim_boot(struct sim *sim, unsigned int site, const char *name,
			  const struct sim_node_config *config);
/* The machine has gone, the node is no more; how: do others learn it at once? */
void sim_crash(struct sim_node *node, enum loop_end how);
/* The agent alone; its kernel keeps what it has. */
void sim_kill_agent(struct sim_node *node);
void sim_start_agent(struct sim_node *node);
void sim_stop(struct sim_node *node, bool stop);
void sim_slow(struct sim_node *node, uint64_t pause);
void sim_configure(struct sim_node *node, const struct sim_node_config *config);

void sim_cut(struct sim_node *a, struct sim_node *b, bool cut);
void sim_cut_one_way(struct sim_node *from, struct sim_node *to, bool cut);

/* --- rows ------------------------------------------------------------------------ */

/* The process id has now joined so often; 0: not any more. id 0: a pin. */
void sim_set(struct sim_node *node, const char *scope, const char *group, uint64_t id,
	     uint32_t count);
/* How often it has, as its own kernel knows. */
uint32_t sim_get(struct sim_node *node, const char *scope, const char *group, uint64_t id);
/* The process has ended: it is out of all groups. */
void sim_exit(struct sim_node *node, uint64_t id);
/* Events of the kernel are lost; the agent lists the scopes anew. */
void sim_relist(struct sim_node *node);
/* The kernel has lost a command of this node; the agent asks for all of it. */
void sim_resync(struct sim_node *node, const char *name);

/* --- names ----------------------------------------------------------------------- */

/*
 * Ask for a name, for a process (0: one that will have ended by then); a number for
 * sim_verdict(), or 0: there is no agent to be asked.
 */
uint64_t sim_register(struct sim_node *node, const char *name, uint64_t id, uint32_t uid,
		      enum core_resolve resolve, bool replace);
uint64_t sim_unregister(struct sim_node *node, const char *name, uint32_t uid);
/* Who asked for that has gone; nothing is to come of it. */
void sim_cancel(struct sim_node *node, uint64_t request);
struct registry *sim_registry(struct sim *sim);
/* Are names shared between these two, as they are connected and configured? */
bool sim_share_names(const struct sim_node *a, const struct sim_node *b);

/* The core may be told something now; false: there is none, or it is stopped. */
bool sim_begin_event(struct sim_node *node);
void sim_end_event(struct sim_node *node);
/* --- acts ------------------------------------------------------------------------ */

/* A process of it wants something of a member of each node that it knows. */
void sim_act(struct sim_node *node);
/*
 * It deletes a group of pg2, on all nodes that it knows. all: nobody else has it or comes
 * to have it, so it is to see none when it is told that all have done it.
 */
void sim_delete(struct sim_node *node, const char *group, bool all);
/* As sim_act(), and all that are connected with it have to do it within that time. */
void sim_act_all(struct sim_node *node, uint64_t time);

/* --- views ----------------------------------------------------------------------- */

struct sim_node *sim_find(struct sim *sim, const char *name);
const char *sim_name(const struct sim_node *node);
unsigned int sim_site(const struct sim_node *node);
uint64_t sim_incarnation(const struct sim_node *node);
bool sim_is_gone(const struct sim_node *node);
bool sim_is_stopped(const struct sim_node *node);
bool sim_has_agent(const struct sim_node *node);
struct core *sim_core(struct sim_node *node);
bool sim_owns_names(const struct sim_node *node, uint32_t uid);
bool sim_obeys_root(const struct sim_node *node);
/* Joins of a node's processes in a group, as another node sees it. */
unsigned int sim_sees(struct sim_node *node, const char *of, const char *scope,
		      const char *group);
/* Is there a group of this name, pinned or joined, of any node but itself? */
bool sim_sees_group(struct sim_node *node, const char *scope, const char *group);
/* Does its kernel say that rows of this node are missing? */
bool sim_is_partial(struct sim_node *node, const char *of);
/* Does it know a node of this name, and in which state? */
bool sim_knows(struct sim_node *node, const char *name, enum core_node_state *state);

/* What the kernel of a node has told its subscribers of other nodes so far. */
struct sim_events {
	unsigned int joins;	/* rows that came or changed */
	unsigned int leaves;
	unsigned int ends;	/* of these, that said why */
	unsigned int ups, downs, suspects, freshes;
};

void sim_events(const struct sim_node *node, struct sim_events *events);

/* The global groups as a node sees them; it has to have an agent. */
const struct gg *sim_gg(const struct sim_node *node);
/* How often this agent has told its subscribers of a group node's coming or going. */
unsigned int sim_gg_told(const struct sim_node *node, bool up);

/* --- frames by hand ---------------------------------------------------------------- */

/* At the site there is nobody who would do anything by himself. */
struct puppet;

struct puppet *sim_puppet(struct sim *sim, unsigned int site);
/* To the agent at that site; false: not connected. */
bool puppet_send(struct puppet *puppet, unsigned int to, const void *data, size_t len);
/* Says hello, under this name; with the key if it is not 0. */
bool puppet_hello(struct puppet *puppet, unsigned int to, const char *name,
		  uint64_t incarnation, uint64_t key, uint32_t version_max);
/* Sends one of them the HELLO that came from the other, or from himself. */
bool puppet_pass_on(struct puppet *puppet, unsigned int from, unsigned int to);
/* Connected, and had frames of this type from there. */
bool puppet_is_up(const struct puppet *puppet, unsigned int from);
unsigned int puppet_got(const struct puppet *puppet, unsigned int from, uint64_t type);
/* Rows that were taken out there, and those of which it was said why. */
unsigned int puppet_removals(const struct puppet *puppet, unsigned int from);
unsigned int puppet_ends(const struct puppet *puppet, unsigned int from);
/* What it answers a HELLO with, once there is one: its MAC. */
bool puppet_auth(struct puppet *puppet, unsigned int to, uint64_t key);

#endif
