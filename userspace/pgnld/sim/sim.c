// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../frame.h"
#include "../mem.h"
#include "../siphash.h"
#include "model.h"
#include "registry.h"
#include "truth.h"

#define SCOPES 2
static const char *const scopes[SCOPES] = { "pg", "pg2" };

/* An act, from the request on. */
struct asked {
	struct asked *next;
	struct sim_node *by;		/* NULL: answered, or its agent has died */
	uint64_t number;
	uint64_t when;
	uint64_t sites;			/* whom it is for, a bit each */
	uint64_t done;			/* who has done it */
	char group[CORE_GROUP_MAX + 1];	/* "": a message; else it is to be deleted: */
	bool all;			/* there are no rows of it but those of the sites */
	struct core_counts counts;
};

/* An act of another node that is to be answered. */
struct doing {
	struct doing *next;
	struct core_ticket ticket;
	const struct asked *asked;
};

struct sim_node {
	struct sim *sim;
	struct sim_node *next;
	struct sim_node_config config;
	char name[CORE_NAME_MAX + 1];
	unsigned int site;
	uint64_t incarnation;
	struct owner *owner;
	struct model *kernel;
	struct core *core;		/* NULL: no agent */
	struct gg *gg;			/* of the agent */
	unsigned int told[2];		/* by it: nodes down, nodes up */
	struct engine *engine;
	bool stopped;
	bool missed;			/* events, since it was stopped */
	bool reload;			/* and it has another configuration */
	uint64_t wake;			/* when it will be woken, or CORE_NEVER */
	uint64_t wakes;			/* a number for each time that it is to be */
	uint64_t agents;		/* how many it has had */
	bool removed;			/* the machine has gone */
	struct doing *doing;
};

struct sim {
	struct sim_config config;
	struct loop_net *net;
	struct truth *truth;
	struct registry *registry;
	struct sim_node *nodes;		/* all that ever were, the newest first */
	struct sim_node **at;		/* by site: who is there now */
	struct puppet *puppets;
	struct asked *asked;		/* all acts, the newest first */
	uint64_t acts;
	uint64_t incarnations;
	uint64_t trace;
	uint64_t logs[4];
	char failure[256];
};

/* --- talk ------------------------------------------------------------------------- */

static void print_time(const struct sim *sim)
{
	printf("# %9.3f ms  ", (double)loop_now(sim->net) / LOOP_MS);
}

void sim_say(struct sim *sim, const char *format, ...)
{
	va_list args;

	if (!sim->config.verbose)
		return;
	print_time(sim);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void sim_fail(struct sim *sim, const char *format, ...)
{
	va_list args;

	if (sim->failure[0])
		return;
	va_start(args, format);
	vsnprintf(sim->failure, sizeof(sim->failure), format, args);
	va_end(args);
	sim_say(sim, "WRONG: %s", sim->failure);
}

const char *sim_failure(const struct sim *sim)
{
	return sim->failure[0] ? sim->failure : NULL;
}

/* Whatever happens goes in, so two runs are the same if this is. */
static void mix(struct sim *sim, const void *data, size_t len)
{
	static const uint8_t key[16] = "trace of a run.";
	uint64_t both[2] = { sim->trace, siphash(key, data, len) };

	sim->trace = siphash(key, both, sizeof(both));
}

uint64_t sim_trace(const struct sim *sim)
{
	return sim->trace;
}

void sim_logs(const struct sim *sim, uint64_t logs[4])
{
	memcpy(logs, sim->logs, sizeof(sim->logs));
}

/* --- commands of a core ----------------------------------------------------------- */

static enum engine_sent out_send(void *arg, uint64_t peer, uint64_t epoch, const void *data,
				 size_t len)
{
	struct sim_node *node = arg;

	if (!node->sim->config.light)
		mix(node->sim, data, len);
	return node->engine->ops->send(node->engine, peer, epoch, data, len);
}

static void out_known(void *arg, uint64_t peer, uint64_t epoch)
{
	struct sim_node *node = arg;

	node->engine->ops->known(node->engine, peer, epoch);
}

static void out_close(void *arg, uint64_t peer, uint64_t epoch)
{
	struct sim_node *node = arg;

	node->engine->ops->close(node->engine, peer, epoch);
}

struct named {
	char name[CORE_NAME_MAX + 1];
};

static struct named string(struct core_text text)
{
	struct named named;

	snprintf(named.name, sizeof(named.name), "%.*s", (int)text.len, text.data);
	return named;
}

static bool is_foreign(const struct sim_node *node, const char *name, uint64_t incarnation)
{
	const struct sim_node *other;

	for (other = node->sim->nodes; other; other = other->next)
		if (!strcmp(other->name, name) && other->incarnation == incarnation)
			return other->config.key != node->config.key ||
			       strcmp(other->config.global_group, node->config.global_group);
	return false;
}

static void out_contact(void *arg, struct core_text text, enum core_contact contact)
{
	gg_contact(((struct sim_node *)arg)->gg, text, contact);
}

static void gg_told(void *arg, const char *name, bool up)
{
	struct sim_node *node = arg;

	sim_say(node->sim, "%s: tells that %s is %s", node->name, name, up ? "up" : "down");
	node->told[up]++;
	if (node->told[false] > node->told[true])
		sim_fail(node->sim, "%s: more nodes went than came", node->name);
}

static const struct gg_out gg_out = { .node = gg_told };

static void out_node(void *arg, struct core_text text, uint64_t incarnation,
		     enum core_node_state state)
{
	static const char *const words[] = { "up", "suspect", "fresh", "down" };
	struct sim_node *node = arg;
	struct named named = string(text);

	sim_say(node->sim, "%s: %s is %s", node->name, named.name, words[state]);
	mix(node->sim, &state, sizeof(state));
	if (!node->sim->config.light && state == CORE_NODE_UP &&
	    is_foreign(node, named.name, incarnation))
		sim_fail(node->sim, "%s: %s is not of its cluster", node->name, named.name);
	model_node(node->kernel, named.name, incarnation, state);
	registry_node(node->sim->registry, node, named.name, incarnation, state);
}

static void out_begin(void *arg, struct core_text text, uint64_t incarnation)
{
	struct sim_node *node = arg;
	struct named named = string(text);

	sim_say(node->sim, "%s: begin %s", node->name, named.name);
	model_begin(node->kernel, named.name, incarnation);
	registry_begin(node->sim->registry, node, named.name);
}

static void out_put(void *arg, struct core_text text, uint64_t incarnation,
		    const struct core_row *row)
{
	struct sim_node *node = arg;
	struct named named = string(text);

	sim_say(node->sim, "%s: %s has %.*s %.*s %llu x %u", node->name, named.name,
		(int)row->scope.len, row->scope.data, (int)row->group.len, row->group.data,
		(unsigned long long)row->id, row->count);
	if (row->scope.len == strlen(CORE_NAMES) &&
	    !memcmp(row->scope.data, CORE_NAMES, row->scope.len))
		registry_put(node->sim->registry, node, named.name, incarnation, row);
	else
		model_put(node->kernel, named.name, incarnation, row);
}

static void out_commit(void *arg, struct core_text text, uint64_t incarnation)
{
	struct sim_node *node = arg;
	struct named named = string(text);

	sim_say(node->sim, "%s: commit %s", node->name, named.name);
	model_commit(node->kernel, named.name, incarnation);
	registry_swept(node->sim->registry, node, named.name);
}

static uint64_t out_name_commit(void *arg, uint64_t request, struct core_text name,
				uint64_t fence)
{
	struct sim_node *node = arg;

	(void)name;
	mix(node->sim, &request, sizeof(request));
	return registry_commit(node->sim->registry, node, request, fence);
}

static void out_name_answer(void *arg, uint64_t request, enum core_name_verdict verdict,
			    struct core_text by)
{
	struct sim_node *node = arg;
	struct named named = string(by);

	registry_answer(node->sim->registry, node, request, verdict, named.name);
}

static bool out_owns_names(void *arg, uint32_t uid)
{
	return sim_owns_names(arg, uid);
}

static bool out_name_evict(void *arg, struct core_text text, uint64_t id, uint64_t fence,
			   enum core_evict why, struct core_text other)
{
	struct sim_node *node = arg;
	struct named named = string(other);
	char name[CORE_GROUP_MAX + 1];

	snprintf(name, sizeof(name), "%.*s", (int)text.len, text.data);
	if (node->sim->config.refusals && !loop_random(node->sim->net, node->sim->config.refusals))
		return false;
	registry_evict(node->sim->registry, node, name, id, fence, why, named.name);
	return true;
}

static struct asked *find_asked(struct sim *sim, uint64_t number)
{
	struct asked *asked = sim->asked;

	while (asked && asked->number != number)
		asked = asked->next;
	return asked;
}

/* Is the act as it was asked for? */
static bool is_asked(const struct sim_node *node, const struct asked *asked,
		     const struct core_act *act)
{
	if (!asked || !(asked->sites >> node->site & 1))
		return false;
	if (asked->group[0])
		return act->kind == CORE_ACT_DELETE && !core_act_ids(act) &&
		       act->group.len == strlen(asked->group) &&
		       !memcmp(act->group.data, asked->group, act->group.len);
	return core_act_ids(act) == 1 && core_act_id(act, 0) == node->incarnation;
}

static void out_act(void *arg, struct core_text from, const struct core_ticket *ticket,
		    const struct core_act *act)
{
	struct sim_node *node = arg;
	size_t memory = 0;
	struct asked *asked;
	struct doing *doing;
	uint64_t number = 0;

	if (node->sim->config.hostile)
		return;
	if (act->data.len == sizeof(number))
		memcpy(&number, act->data.data, sizeof(number));
	sim_say(node->sim, "%s: does %llu of %.*s", node->name, (unsigned long long)number,
		(int)from.len, from.data);
	mix(node->sim, &number, sizeof(number));
	asked = find_asked(node->sim, number);
	if (!is_asked(node, asked, act))
		sim_fail(node->sim, "%s: does an act that is not for it", node->name);
	else if (asked->done >> node->site & 1)
		sim_fail(node->sim, "%s: does act %llu twice", node->name,
			 (unsigned long long)number);
	else
		asked->done |= 1ull << node->site;
	doing = mem_new(&memory, sizeof(*doing));
	doing->ticket = *ticket;
	doing->asked = asked;
	doing->next = node->doing;
	node->doing = doing;
}

static unsigned int bits(uint64_t set)
{
	return (unsigned int)__builtin_popcountll(set);
}

static void out_answer(void *arg, uint64_t number, const struct core_counts *counts)
{
	struct sim_node *node = arg;
	struct asked *asked = find_asked(node->sim, number);

	sim_say(node->sim, "%s: act %llu reached %u, unreachable %u", node->name,
		(unsigned long long)number, counts->reached, counts->unreachable);
	mix(node->sim, counts, sizeof(*counts));
	if (!asked || asked->by != node) {
		sim_fail(node->sim, "%s: act %llu is answered twice", node->name,
			 (unsigned long long)number);
		return;
	}
	if (counts->reached + counts->unreachable != bits(asked->sites) ||
	    counts->reached > bits(asked->done))
		sim_fail(node->sim, "%s: act %llu has reached %u of %u, %u have done it",
			 node->name, (unsigned long long)number, counts->reached,
			 bits(asked->sites), bits(asked->done));
	if (asked->all && counts->reached == bits(asked->sites) &&
	    model_sees_group(node->kernel, scopes[1], asked->group))
		sim_fail(node->sim, "%s: is told that %s is deleted, but sees it", node->name,
			 asked->group);
	asked->counts = *counts;
	asked->by = NULL;
}

/* Not a good one, but one that depends on all that it has to. */
static void make_mac(uint64_t cluster, const struct core_claim *sender,
		     const struct core_claim *receiver, uint8_t mac[CORE_MAC])
{
	const struct core_claim *claims[2] = { sender, receiver };
	uint64_t key[2] = { cluster, 0 }, sums[2][8];

	for (int i = 0; i < 2; i++) {
		const struct core_claim *c = claims[i];

		sums[i][0] = c->end;
		sums[i][1] = c->incarnation;
		sums[i][2] = (uint64_t)c->version_min << 32 | c->version_max;
		sums[i][3] = c->features ^ c->config_hash * 31;
		sums[i][4] = siphash((uint8_t *)key, c->node.data, c->node.len);
		sums[i][5] = siphash((uint8_t *)key, c->global_group.data, c->global_group.len);
		sums[i][6] = siphash((uint8_t *)key, c->nonce, sizeof(c->nonce));
		sums[i][7] = siphash((uint8_t *)key, c->digest_key, sizeof(c->digest_key));
	}
	for (uint64_t i = 0; i < CORE_MAC / 8; i++) {
		uint64_t sum;

		key[1] = i;
		sum = siphash((uint8_t *)key, sums, sizeof(sums));
		memcpy(mac + 8 * i, &sum, 8);
	}
}

static void out_mac(void *arg, const struct core_claim *sender,
		    const struct core_claim *receiver, uint8_t mac[CORE_MAC])
{
	struct sim_node *node = arg;

	make_mac(node->config.key, sender, receiver, mac);
}

static void out_log(void *arg, enum core_log_level level, const char *text)
{
	struct sim_node *node = arg;

	node->sim->logs[level]++;
	if (level != CORE_LOG_DEBUG)
		sim_say(node->sim, "%s: %s", node->name, text);
}

/* --- bounds ----------------------------------------------------------------------- */

/* What a core may take beside the digests: frames, peers and nodes, own rows. */
#define BYTES_BASE	(16 * 1024)
#define BYTES_PEER	2048
#define BYTES_NODE	1024
#define BYTES_ROW	(256 + 2 * (CORE_NAME_MAX + CORE_GROUP_MAX + CORE_META_MAX))
/* And for the digest of each remote row: a set is a quarter full or more. */
#define BYTES_REMOTE	64
#define BYTES_SET	512
/* A name, its holders, a request, what is reserved, and for each peer what is said. */
#define BYTES_NAME	1024
/* And for acts, with what waits to be sent, and the table. */
#define BYTES_ACT	4096
#define BYTES_ACTS	65536

static void check_bounds(struct sim_node *node)
{
	struct core_stats stats;
	uint64_t most;

	core_stats(node->core, &stats);
	if (stats.backlog > node->config.backlog_max)
		sim_fail(node->sim, "%s: keeps %llu removals", node->name,
			 (unsigned long long)stats.backlog);
	most = BYTES_BASE + 2 * node->config.frame_max + stats.peers * BYTES_PEER +
	       stats.nodes * BYTES_NODE + (stats.rows + stats.backlog) * BYTES_ROW +
	       (stats.names + stats.name_requests) * (1 + stats.peers) * BYTES_NAME;
	if (stats.act_memory > BYTES_ACTS + stats.acts * BYTES_ACT)
		sim_fail(node->sim, "%s: has %llu bytes of acts", node->name,
			 (unsigned long long)stats.act_memory);
	if (stats.memory - stats.digest_memory - stats.act_memory > most)
		sim_fail(node->sim, "%s: has %llu bytes", node->name,
			 (unsigned long long)stats.memory);
	if (stats.digest_memory > stats.nodes * BYTES_SET +
				  (stats.remote_rows + stats.incoming_rows) * BYTES_REMOTE)
		sim_fail(node->sim, "%s: has %llu bytes of digests for %llu rows", node->name,
			 (unsigned long long)stats.digest_memory,
			 (unsigned long long)stats.remote_rows);
	if (stats.rx_gaps && !node->sim->config.loop.losses)
		sim_fail(node->sim, "%s: had a gap", node->name);
	if (stats.reservations_forgotten && !node->sim->config.loop.losses)
		sim_fail(node->sim, "%s: was not told the end of a request", node->name);
	if (stats.rx_stale && !node->sim->config.loop.ghosts)
		sim_fail(node->sim, "%s: had a frame of no epoch", node->name);
	if (stats.rx_bad && !node->sim->config.loop.losses)
		sim_fail(node->sim, "%s: had a frame that it can't read", node->name);
	if (stats.digests_failed)
		sim_fail(node->sim, "%s: a digest did not agree", node->name);
}

/* --- rounds of an agent ----------------------------------------------------------- */

static void woken(void *arg, uint64_t cookie);

static void before(struct sim_node *node)
{
	core_tick(node->core, loop_now(node->sim->net));
}

static void end_round(void *arg, uint64_t cookie);

/* What comes in within this time is one round of the agent, now and then. */
#define ROUND	(3 * LOOP_MS)
/* For an act. */
#define ACT_TIME	(2 * LOOP_S)

static bool goes_on(struct sim_node *node)
{
	struct loop_net *net = node->sim->net;

	if (node->sim->config.prompt || loop_random(net, 3))
		return false;
	loop_at(net, loop_now(net) + loop_random(net, ROUND), end_round, node, node->agents);
	return true;
}

/* Rows of a group, as many as there is room for. */
#define DELETE_ROWS 64

struct deletion {
	const char *group;
	uint64_t id[DELETE_ROWS];
	unsigned int n;
};

static bool find_row(void *arg, const struct core_row *row)
{
	struct deletion *deletion = arg;

	if (row->scope.len == strlen(scopes[1]) &&
	    !memcmp(row->scope.data, scopes[1], row->scope.len) &&
	    row->group.len == strlen(deletion->group) &&
	    !memcmp(row->group.data, deletion->group, row->group.len))
		deletion->id[deletion->n++] = row->id;
	return deletion->n < DELETE_ROWS;
}

/* By its kernel; the agent is told by the caller. */
static void disown(struct sim_node *node, const char *group)
{
	struct deletion deletion = { .group = group };

	do {
		deletion.n = 0;
		owner_each(node->owner, find_row, &deletion);
		for (unsigned int i = 0; i < deletion.n; i++)
			owner_set(node->owner, scopes[1], group, deletion.id[i], 0);
	} while (deletion.n == DELETE_ROWS);
}

static struct core_text text_of(const char *string)
{
	return (struct core_text){ string, strlen(string) };
}

/* The kernel has done what it was told to. */
static void answer_acts(struct sim_node *node)
{
	const struct core_counts counts = { .reached = 1 };
	struct doing *doing;

	while ((doing = node->doing)) {
		const char *group = doing->asked ? doing->asked->group : "";

		node->doing = doing->next;
		if (group[0]) {
			disown(node, group);
			core_deleted(node->core, &doing->ticket, &counts, text_of(scopes[1]),
				     text_of(group));
		} else {
			core_acted(node->core, &doing->ticket, &counts);
		}
		free(doing);
	}
}

static void check_acts(struct sim_node *node)
{
	struct asked *asked = node->sim->asked;
	uint64_t now = loop_now(node->sim->net);

	for (; asked && now - asked->when < 2 * ACT_TIME; asked = asked->next)
		if (asked->by == node && now - asked->when > ACT_TIME + 10 * LOOP_MS)
			sim_fail(node->sim, "%s: act %llu is not answered in time",
				 node->name, (unsigned long long)asked->number);
}

static void after(struct sim_node *node)
{
	uint64_t wake;

	if (goes_on(node))
		return;
	answer_acts(node);
	if (node->sim->asked)
		check_acts(node);
	core_flush(node->core);
	if (!node->sim->config.light && !node->sim->config.hostile)
		check_bounds(node);
	wake = core_wake(node->core);
	if (wake == CORE_NEVER || wake >= node->wake)
		return;
	node->wake = wake;
	loop_at(node->sim->net, wake, woken, node, ++node->wakes);
}

static void end_round(void *arg, uint64_t agents)
{
	struct sim_node *node = arg;

	if (!node->core || node->agents != agents || node->stopped)
		return;
	before(node);
	core_flush(node->core);
	after(node);
}

static void woken(void *arg, uint64_t cookie)
{
	struct sim_node *node = arg;

	if (cookie != node->wakes || !node->core)
		return;
	node->wake = CORE_NEVER;
	if (node->stopped)
		return;
	before(node);
	after(node);
}

static void random_bytes(struct sim *sim, uint8_t *bytes, size_t len)
{
	while (len--)
		*bytes++ = (uint8_t)loop_random(sim->net, 256);
}

static void on_up(void *arg, uint64_t peer, uint64_t epoch, const struct engine_ends *ends)
{
	struct sim_node *node = arg;
	uint8_t nonce[CORE_NONCE];

	sim_say(node->sim, "%s: connected to %llu", node->name, (unsigned long long)peer);
	random_bytes(node->sim, nonce, sizeof(nonce));
	before(node);
	core_peer_up(node->core, peer, epoch, ends, nonce);
	after(node);
}

static void on_down(void *arg, uint64_t peer, uint64_t epoch)
{
	struct sim_node *node = arg;

	sim_say(node->sim, "%s: disconnected from %llu", node->name, (unsigned long long)peer);
	before(node);
	core_peer_down(node->core, peer, epoch);
	after(node);
}

static void on_recv(void *arg, uint64_t peer, uint64_t epoch, const void *data, size_t len)
{
	struct sim_node *node = arg;

	before(node);
	core_recv(node->core, peer, epoch, data, len);
	after(node);
}

static void on_room(void *arg, uint64_t peer, uint64_t epoch)
{
	struct sim_node *node = arg;

	before(node);
	core_room(node->core, peer, epoch);
	after(node);
}

static const struct engine_events events = { on_up, on_down, on_recv, on_room };

/* --- machines and agents ---------------------------------------------------------- */

struct sim *sim_new(const struct sim_config *config, uint64_t seed)
{
	size_t memory = 0;
	struct sim *sim = mem_new(&memory, sizeof(*sim));

	sim->config = *config;
	sim->net = loop_new(&config->loop, seed);
	sim->truth = truth_new();
	sim->registry = registry_new(sim);
	sim->at = mem_new(&memory, config->loop.sites * sizeof(struct sim_node *));
	return sim;
}

/* Who waits is told by the kernel. */
static void forget_acts(struct sim_node *node)
{
	struct asked *asked;
	struct doing *doing;

	for (asked = node->sim->asked; asked; asked = asked->next)
		if (asked->by == node)
			asked->by = NULL;
	while ((doing = node->doing)) {
		node->doing = doing->next;
		free(doing);
	}
}

static void free_puppets(struct sim *sim);

void sim_free(struct sim *sim)
{
	struct sim_node *node;
	struct asked *asked;

	while ((node = sim->nodes)) {
		sim->nodes = node->next;
		forget_acts(node);
		if (node->core) {
			core_free(node->core);
			gg_free(node->gg);
		}
		model_free(node->kernel);
		free(node);
	}
	while ((asked = sim->asked)) {
		sim->asked = asked->next;
		free(asked);
	}
	loop_free(sim->net);
	free_puppets(sim);
	truth_free(sim->truth);
	registry_free(sim->registry);
	free(sim->at);
	free(sim);
}

struct loop_net *sim_net(struct sim *sim)
{
	return sim->net;
}

static void adopt(void *arg, const char *name, uint64_t incarnation)
{
	struct sim_node *node = arg;

	core_adopt(node->core, (struct core_text){ name, strlen(name) }, incarnation);
}

struct listing {
	struct sim_node *node;
	const char *scope;
};

static bool list_row(void *arg, const struct core_row *row)
{
	struct listing *listing = arg;

	if (row->scope.len == strlen(listing->scope) &&
	    !memcmp(row->scope.data, listing->scope, row->scope.len))
		core_local_put(listing->node->core, row);
	return true;
}

static void list_all(struct sim_node *node)
{
	for (int i = 0; i < SCOPES; i++) {
		struct listing listing = { node, scopes[i] };
		struct core_text scope = { scopes[i], strlen(scopes[i]) };

		core_local_begin(node->core, scope);
		owner_each(node->owner, list_row, &listing);
		core_local_commit(node->core, scope);
	}
	registry_list(node->sim->registry, node);
	node->missed = false;
}

static uint64_t rows_max(const struct sim_node_config *config)
{
	if (config->no_rows)
		return 0;
	return config->rows_max ? config->rows_max : CORE_NO_LIMIT;
}

static void fill_config(const struct sim_node *node, struct core_config *config)
{
	*config = (struct core_config){
		.node = node->name,
		.global_group = node->config.global_group,
		.config_hash = node->config.config_hash,
		.grace = node->config.grace,
		.digest_interval = node->config.digest_interval,
		.hello_max = node->config.hello_max,
		.frame_max = node->config.frame_max,
		.backlog_max = node->config.backlog_max,
		.rows_max = rows_max(&node->config),
		.act_time = ACT_TIME,
		.remote_root = node->config.remote_root,
		.version_min = node->config.version_min,
		.version_max = node->config.version_max,
	};
}

void sim_start_agent(struct sim_node *node)
{
	struct core_out out = {
		.send = out_send, .known = out_known, .close = out_close,
		.contact = out_contact, .node = out_node,
		.begin = out_begin, .put = out_put, .commit = out_commit, .log = out_log,
		.act = node->config.no_acts ? NULL : out_act, .answer = out_answer,
		.mac = node->config.key ? out_mac : NULL,
		.name_commit = out_name_commit, .name_answer = out_name_answer,
		.owns_names = out_owns_names, .name_evict = out_name_evict,
	};
	uint8_t digest_key[CORE_KEY];
	struct core_config config;

	sim_say(node->sim, "%s: agent starts", node->name);
	fill_config(node, &config);
	random_bytes(node->sim, digest_key, sizeof(digest_key));
	memset(node->told, 0, sizeof(node->told));
	node->gg = gg_new(node->name, &gg_out, node);
	gg_configure(node->gg, node->config.groups, node->config.n_groups);
	node->core = core_new(&config, node->incarnation, digest_key, &out, node);
	node->engine = loop_engine(node->sim->net, node->site);
	node->wake = CORE_NEVER;
	node->stopped = false;
	node->reload = false;
	node->agents++;
	before(node);
	model_each_node(node->kernel, adopt, node);
	list_all(node);
	node->engine->ops->start(node->engine, &events, node);
	after(node);
}

struct sim_node *sim_boot(struct sim *sim, unsigned int site, const char *name,
			  const struct sim_node_config *config)
{
	size_t memory = 0;
	struct sim_node *node = mem_new(&memory, sizeof(*node));

	sim_say(sim, "%s: machine starts at %u", name, site);
	node->sim = sim;
	node->config = *config;
	if (!node->config.global_group)
		node->config.global_group = "";
	if (!node->config.frame_max)
		node->config.frame_max = 65536;
	if (!node->config.backlog_max)
		node->config.backlog_max = 65536;
	snprintf(node->name, sizeof(node->name), "%s", name);
	node->site = site;
	node->incarnation = ++sim->incarnations;
	node->owner = truth_add(sim->truth, name, node->incarnation);
	node->kernel = model_new(sim, sim->truth, node->name, &sim->config);
	model_limit(node->kernel, rows_max(config));
	node->next = sim->nodes;
	sim->nodes = node;
	sim->at[site] = node;
	sim_start_agent(node);
	return node;
}

static void end_agent(struct sim_node *node, enum loop_end how)
{
	if (!node->core)
		return;
	loop_end(node->engine, how);
	forget_acts(node);
	core_free(node->core);
	gg_free(node->gg);
	node->core = NULL;
	node->gg = NULL;
	node->engine = NULL;
}

void sim_crash(struct sim_node *node, enum loop_end how)
{
	sim_say(node->sim, "%s: machine crashes", node->name);
	end_agent(node, how);
	registry_machine_gone(node->sim->registry, node);
	node->removed = true;
	node->sim->at[node->site] = NULL;
}

void sim_kill_agent(struct sim_node *node)
{
	sim_say(node->sim, "%s: agent dies", node->name);
	end_agent(node, LOOP_AGENT);
	model_agent_lost(node->kernel);
	registry_agent_lost(node->sim->registry, node);
}

static void reload(struct sim_node *node)
{
	struct core_config config;

	node->reload = false;
	fill_config(node, &config);
	core_configure(node->core, &config);
	gg_configure(node->gg, node->config.groups, node->config.n_groups);
}

void sim_stop(struct sim_node *node, bool stop)
{
	if (!node->core || node->stopped == stop)
		return;
	sim_say(node->sim, "%s: %s", node->name, stop ? "stopped" : "continued");
	node->stopped = stop;
	if (stop) {
		loop_stop(node->engine, true);
		return;
	}
	before(node);
	if (node->reload)
		reload(node);
	if (node->missed)
		list_all(node);
	node->wake = CORE_NEVER;
	after(node);
	loop_stop(node->engine, false);
}

void sim_slow(struct sim_node *node, uint64_t pause)
{
	if (node->core)
		loop_slow(node->engine, pause);
}

void sim_configure(struct sim_node *node, const struct sim_node_config *config)
{
	node->config.grace = config->grace;
	node->config.digest_interval = config->digest_interval;
	node->config.config_hash = config->config_hash;
	node->config.groups = config->groups;
	node->config.n_groups = config->n_groups;
	if (config->global_group)
		node->config.global_group = config->global_group;
	if (!node->core)
		return;
	node->reload = true;
	if (node->stopped)
		return;
	before(node);
	reload(node);
	node->wake = CORE_NEVER;
	after(node);
}

void sim_cut_one_way(struct sim_node *from, struct sim_node *to, bool cut)
{
	sim_say(from->sim, "%s -> %s: %s", from->name, to->name, cut ? "cut" : "healed");
	loop_cut(from->sim->net, from->site, to->site, cut);
}

void sim_cut(struct sim_node *a, struct sim_node *b, bool cut)
{
	sim_cut_one_way(a, b, cut);
	sim_cut_one_way(b, a, cut);
}

/* --- rows ------------------------------------------------------------------------- */

static bool is_listening(struct sim_node *node)
{
	if (node->core && !node->stopped)
		return true;
	node->missed = true;
	return false;
}

struct search {
	const char *scope;
	const char *group;
	uint64_t id;
	struct sim_node *node;
};

static bool put_one(void *arg, const struct core_row *row)
{
	struct search *search = arg;

	if (row->id != search->id || row->scope.len != strlen(search->scope) ||
	    row->group.len != strlen(search->group) ||
	    memcmp(row->scope.data, search->scope, row->scope.len) ||
	    memcmp(row->group.data, search->group, row->group.len))
		return true;
	core_local_put(search->node->core, row);
	return false;
}

static void tell_row(struct sim_node *node, const char *scope, const char *group,
		     uint64_t id, uint32_t count)
{
	struct search search = { scope, group, id, node };
	struct core_row row = {
		.scope = { scope, strlen(scope) },
		.group = { group, strlen(group) },
		.id = id, .end = truth_end(id),
	};

	before(node);
	if (count)
		owner_each(node->owner, put_one, &search);
	else
		core_local_put(node->core, &row);
	after(node);
}

void sim_set(struct sim_node *node, const char *scope, const char *group, uint64_t id,
	     uint32_t count)
{
	if (!owner_set(node->owner, scope, group, id, count))
		return;
	sim_say(node->sim, "%s: owns %s %s %llu x %u", node->name, scope, group,
		(unsigned long long)id, count);
	if (is_listening(node))
		tell_row(node, scope, group, id, count);
}

uint32_t sim_get(struct sim_node *node, const char *scope, const char *group, uint64_t id)
{
	return owner_get(node->owner, scope, group, id);
}

/* --- acts ------------------------------------------------------------------------- */

#define TARGETS_MAX 64

struct targets {
	struct sim *sim;
	struct core_target target[TARGETS_MAX];
	uint64_t id[TARGETS_MAX];
	size_t n;
	uint64_t sites;
	unsigned int connected;
};

/* Who is there now with this name and incarnation. */
static const struct sim_node *machine(const struct sim *sim, struct core_text name,
				      uint64_t incarnation)
{
	const struct sim_node *node = sim->nodes;

	while (node && (node->incarnation != incarnation || strlen(node->name) != name.len ||
			memcmp(node->name, name.data, name.len)))
		node = node->next;
	return node;
}

static void add_target(void *arg, const struct core_node_info *info)
{
	struct targets *targets = arg;
	const struct sim_node *node = machine(targets->sim, info->name, info->incarnation);
	size_t n = targets->n;

	/* A machine that came after another one at the same site shares its bit. */
	if (n == TARGETS_MAX || !node || targets->sites >> node->site & 1)
		return;
	targets->sites |= 1ull << node->site;
	targets->connected += info->address && !node->config.no_acts;
	targets->id[n] = info->incarnation;
	targets->target[n] = (struct core_target){
		.node = info->name, .incarnation = info->incarnation, .members = 1,
		.ids = &targets->id[n], .n_ids = 1,
	};
	targets->n++;
}

/* group: to be deleted; NULL: a message. */
static struct asked *ask(struct sim_node *node, struct targets *targets, const char *group)
{
	struct sim *sim = node->sim;
	size_t memory = 0;
	struct asked *asked = mem_new(&memory, sizeof(*asked));
	struct core_act act = {
		.kind = CORE_ACT_SEND, .scope = { "pg", 2 }, .group = { "g", 1 },
		.pid = 1, .uid = 2, .id = 3,
		.data = { (const char *)&asked->number, sizeof(asked->number) },
	};

	asked->number = ++sim->acts;
	asked->by = node;
	asked->when = loop_now(sim->net);
	asked->next = sim->asked;
	sim->asked = asked;
	before(node);
	core_nodes(node->core, add_target, targets);
	asked->sites = targets->sites;
	if (group) {
		snprintf(asked->group, sizeof(asked->group), "%s", group);
		act.kind = CORE_ACT_DELETE;
		act.scope = text_of(scopes[1]);
		act.group = text_of(group);
		for (size_t i = 0; i < targets->n; i++)
			targets->target[i].n_ids = 0;
		disown(node, group);
		core_local_delete(node->core, act.scope, act.group);
	}
	sim_say(sim, "%s: asks %llu of %u", node->name, (unsigned long long)asked->number,
		bits(asked->sites));
	core_act(node->core, asked->number, &act, targets->target, targets->n);
	after(node);
	return asked;
}

void sim_act(struct sim_node *node)
{
	struct targets targets = { .sim = node->sim };

	if (node->core && !node->stopped)
		ask(node, &targets, NULL);
}

void sim_delete(struct sim_node *node, const char *group, bool all)
{
	struct targets targets = { .sim = node->sim };

	if (node->core && !node->stopped)
		ask(node, &targets, group)->all = all;
}

void sim_act_all(struct sim_node *node, uint64_t time)
{
	struct targets targets = { .sim = node->sim };
	struct asked *asked;

	if (!node->core || node->stopped)
		return;
	asked = ask(node, &targets, NULL);
	sim_run(node->sim, time);
	/* An agent that does none asks nobody either. */
	if (node->config.no_acts)
		targets.connected = 0;
	if (asked->by || asked->counts.reached != targets.connected)
		sim_fail(node->sim, "%s: act %llu has reached %u of %u that are connected",
			 node->name, (unsigned long long)asked->number,
			 asked->counts.reached, targets.connected);
}

#define EXIT_ROWS 64

struct exit {
	uint64_t id;
	unsigned int n;
	struct { char scope[CORE_NAME_MAX + 1], group[CORE_GROUP_MAX + 1]; } row[EXIT_ROWS];
};

static bool find_member(void *arg, const struct core_row *row)
{
	struct exit *exit = arg;

	if (row->id != exit->id || exit->n == EXIT_ROWS)
		return true;
	snprintf(exit->row[exit->n].scope, sizeof(exit->row->scope), "%.*s",
		 (int)row->scope.len, row->scope.data);
	snprintf(exit->row[exit->n++].group, sizeof(exit->row->group), "%.*s",
		 (int)row->group.len, row->group.data);
	return true;
}

void sim_exit(struct sim_node *node, uint64_t id)
{
	struct exit exit = { .id = id };

	owner_each(node->owner, find_member, &exit);
	while (exit.n--)
		sim_set(node, exit.row[exit.n].scope, exit.row[exit.n].group, id, 0);
	registry_exit(node->sim->registry, node, id);
}

bool sim_begin_event(struct sim_node *node)
{
	if (!is_listening(node))
		return false;
	before(node);
	return true;
}

void sim_end_event(struct sim_node *node)
{
	after(node);
}

uint64_t sim_register(struct sim_node *node, const char *name, uint64_t id, uint32_t uid,
		      enum core_resolve resolve, bool replace)
{
	return registry_request(node->sim->registry, node, name, id, uid, resolve, replace,
				false);
}

uint64_t sim_unregister(struct sim_node *node, const char *name, uint32_t uid)
{
	return registry_request(node->sim->registry, node, name, 0, uid, CORE_KEEP_FIRST, false,
				true);
}

void sim_cancel(struct sim_node *node, uint64_t request)
{
	registry_cancel(node->sim->registry, node, request);
}

struct registry *sim_registry(struct sim *sim)
{
	return sim->registry;
}

void sim_relist(struct sim_node *node)
{
	if (!is_listening(node))
		return;
	sim_say(node->sim, "%s: lists anew", node->name);
	before(node);
	list_all(node);
	after(node);
}

void sim_resync(struct sim_node *node, const char *name)
{
	if (!node->core || node->stopped)
		return;
	before(node);
	core_resync(node->core, (struct core_text){ name, strlen(name) });
	after(node);
}

/* --- views ------------------------------------------------------------------------ */

struct sim_node *sim_find(struct sim *sim, const char *name)
{
	struct sim_node *node;

	for (node = sim->nodes; node; node = node->next)
		if (!node->removed && !strcmp(node->name, name))
			return node;
	return NULL;
}

const char *sim_name(const struct sim_node *node)
{
	return node->name;
}

unsigned int sim_site(const struct sim_node *node)
{
	return node->site;
}

uint64_t sim_incarnation(const struct sim_node *node)
{
	return node->incarnation;
}

bool sim_is_gone(const struct sim_node *node)
{
	return node->removed;
}

bool sim_is_stopped(const struct sim_node *node)
{
	return node->stopped;
}

bool sim_has_agent(const struct sim_node *node)
{
	return node->core;
}

bool sim_owns_names(const struct sim_node *node, uint32_t uid)
{
	return uid == node->config.names_owner;
}

bool sim_obeys_root(const struct sim_node *node)
{
	return node->config.remote_root;
}

struct core *sim_core(struct sim_node *node)
{
	return node->core;
}

unsigned int sim_sees(struct sim_node *node, const char *of, const char *scope,
		      const char *group)
{
	return model_sees(node->kernel, of, scope, group);
}

bool sim_sees_group(struct sim_node *node, const char *scope, const char *group)
{
	return model_sees_group(node->kernel, scope, group);
}

bool sim_is_partial(struct sim_node *node, const char *of)
{
	return model_is_partial(node->kernel, of);
}

bool sim_knows(struct sim_node *node, const char *name, enum core_node_state *state)
{
	uint64_t incarnation;

	return model_knows(node->kernel, name, state, &incarnation);
}

void sim_events(const struct sim_node *node, struct sim_events *out)
{
	*out = *model_events(node->kernel);
}

const struct gg *sim_gg(const struct sim_node *node)
{
	return node->gg;
}

unsigned int sim_gg_told(const struct sim_node *node, bool up)
{
	return node->told[up];
}

/* --- agreement -------------------------------------------------------------------- */

static bool are_connected(const struct sim_node *a, const struct sim_node *b)
{
	return !loop_is_cut(a->sim->net, a->site, b->site) &&
	       !loop_is_cut(a->sim->net, b->site, a->site) && a->config.key == b->config.key &&
	       !strcmp(a->config.global_group, b->config.global_group);
}

bool sim_share_names(const struct sim_node *a, const struct sim_node *b)
{
	/* One that was stopped has not heard of its own yet. */
	return are_connected(a, b) && !a->reload && !b->reload &&
	       a->config.config_hash == b->config.config_hash;
}

struct digest_search {
	const char *name;
	uint64_t rows;
	uint64_t digest;
	bool complete;
};

static void find_digest(void *arg, const struct core_node_info *info)
{
	struct digest_search *search = arg;

	if (info->name.len != strlen(search->name) ||
	    memcmp(info->name.data, search->name, info->name.len))
		return;
	search->rows = info->rows;
	search->digest = info->digest;
	search->complete = info->complete && info->address;
}

static bool digests_agree(struct sim_node *node, struct sim_node *other)
{
	struct digest_search search = { .name = other->name };
	uint64_t rows, digest;

	core_nodes(node->core, find_digest, &search);
	core_digest(other->core, &rows, &digest);
	return search.complete && search.rows == rows && search.digest == digest;
}

struct contact_search {
	const char *name;
	bool found;
};

static void find_contact(void *arg, const char *name)
{
	struct contact_search *search = arg;

	search->found |= !strcmp(search->name, name);
}

static bool is_in(const struct sim_node *node, const char *name, enum gg_list list)
{
	struct contact_search search = { .name = name };

	gg_nodes(node->gg, list, find_contact, &search);
	return search.found;
}

/* Among the synced ones, those in error, or none. */
static bool contact_is_right(struct sim_node *node, struct sim_node *other)
{
	bool connected = are_connected(node, other);
	bool same = node->config.config_hash == other->config.config_hash;
	bool ours = !gg_is_defined(node->gg) || is_in(node, other->name, GG_OWN);

	return is_in(node, other->name, GG_SYNCED) == (connected && same && ours) &&
	       is_in(node, other->name, GG_SYNC_ERROR) == (connected && !same);
}

/* Why not, or NULL: what the node sees of the other one is as it should be. */
static const char *differs(struct sim_node *node, struct sim_node *other)
{
	enum core_node_state state;
	uint64_t incarnation;
	bool known = model_knows(node->kernel, other->name, &state, &incarnation);

	if (!other->core)
		return NULL;
	if (!contact_is_right(node, other))
		return "is wrong about the definition of";
	if (!are_connected(node, other))
		return known ? "knows what it is not connected to:" : NULL;
	if (!known || state == CORE_NODE_SUSPECT || incarnation != other->incarnation)
		return "has not got";
	if (node->sim->config.light) {
		if (!digests_agree(node, other))
			return "has not the digest of";
		return NULL;
	}
	if (!model_agrees(node->kernel, other->name, other->owner))
		return "has not the rows of";
	if (registry_differs(node->sim->registry, node, other))
		return registry_differs(node->sim->registry, node, other);
	if (!digests_agree(node, other))
		return "has not the digest of";
	return NULL;
}

static bool is_awake(const struct sim_node *node)
{
	return !node->removed && node->core && !node->stopped;
}

/* Those that are no more may not be known. */
static const char *extra(struct sim_node *node)
{
	unsigned int known = 0;
	struct sim_node *other;

	for (other = node->sim->nodes; other; other = other->next) {
		enum core_node_state state;

		if (!other->removed && sim_knows(node, other->name, &state))
			known++;
	}
	return known == model_nodes(node->kernel) ? NULL : "knows nodes that are no more";
}

static bool all_agree(struct sim *sim, char *why, size_t size)
{
	struct sim_node *node, *other;
	const char *text;

	for (node = sim->nodes; node; node = node->next) {
		if (!is_awake(node))
			continue;
		text = extra(node);
		if (!text && !sim->config.light)
			text = registry_busy(sim->registry, node);
		if (text) {
			snprintf(why, size, "%s: %s", node->name, text);
			return false;
		}
		for (other = sim->nodes; other; other = other->next) {
			if (other == node || !is_awake(other))
				continue;
			text = differs(node, other);
			if (text) {
				snprintf(why, size, "%s: %s %s", node->name, text, other->name);
				return false;
			}
		}
	}
	return true;
}

bool sim_run(struct sim *sim, uint64_t time)
{
	uint64_t until = loop_now(sim->net) + time;

	while (!sim->failure[0] && loop_step(sim->net, until))
		;
	return !sim->failure[0];
}

bool sim_settle(struct sim *sim, uint64_t limit)
{
	uint64_t until = loop_now(sim->net) + limit;
	char why[256] = "";

	while (sim_run(sim, LOOP_S / 2)) {
		if (all_agree(sim, why, sizeof(why)))
			return true;
		if (loop_now(sim->net) >= until)
			sim_fail(sim, "no agreement: %s", why);
	}
	return false;
}

/* --- puppets ---------------------------------------------------------------------- */

#define PUPPET_SITES 16

struct puppet {
	struct puppet *next;
	struct sim *sim;
	struct engine *engine;
	unsigned int site;
	struct core_claim claim;	/* as it was said last */
	char name[CORE_NAME_MAX + 1];
	struct heard {
		uint64_t epoch;
		uint64_t end;		/* of the connection, the own one */
		struct core_claim claim;
		char node[CORE_NAME_MAX + 1], group[CORE_NAME_MAX + 1];
		uint8_t hello[FRAME_HELLO_MAX];
		size_t hello_len;
		unsigned int got[32];
		unsigned int removals, ends;
	} from[PUPPET_SITES];
};

static void puppet_up(void *arg, uint64_t peer, uint64_t epoch, const struct engine_ends *ends)
{
	struct puppet *puppet = arg;

	memset(&puppet->from[peer - 1], 0, sizeof(puppet->from[0]));
	puppet->from[peer - 1].end = ends->here;
	puppet->from[peer - 1].epoch = epoch;
}

static void puppet_down(void *arg, uint64_t peer, uint64_t epoch)
{
	struct puppet *puppet = arg;

	(void)epoch;
	puppet->from[peer - 1].epoch = 0;
}

static void count_removals(struct heard *from, struct frame_rows *rows)
{
	struct core_row row;

	while (frame_next_row(rows, &row)) {
		from->removals += !row.count;
		from->ends += row.end.why != CORE_LEFT;
	}
}

static void puppet_recv(void *arg, uint64_t peer, uint64_t epoch, const void *data, size_t len)
{
	struct puppet *puppet = arg;
	struct heard *from = &puppet->from[peer - 1];
	struct frame frame;

	(void)epoch;
	if (!frame_read(data, len, &frame) || frame.type >= 32) {
		sim_fail(puppet->sim, "a frame that can't be read was sent");
		return;
	}
	from->got[frame.type]++;
	if (frame.type == FRAME_ROWS)
		count_removals(from, &frame.rows);
	if (frame.type != FRAME_HELLO)
		return;
	memcpy(from->hello, data, len);
	from->hello_len = len;
	from->claim = frame.hello;
	memcpy(from->node, frame.hello.node.data, frame.hello.node.len);
	memcpy(from->group, frame.hello.global_group.data, frame.hello.global_group.len);
	from->claim.node.data = from->node;
	from->claim.global_group.data = from->group;
}

static void puppet_room(void *arg, uint64_t peer, uint64_t epoch)
{
	(void)arg;
	(void)peer;
	(void)epoch;
}

static const struct engine_events puppet_events = {
	puppet_up, puppet_down, puppet_recv, puppet_room
};

struct puppet *sim_puppet(struct sim *sim, unsigned int site)
{
	size_t memory = 0;
	struct puppet *puppet = mem_new(&memory, sizeof(*puppet));

	puppet->sim = sim;
	puppet->site = site;
	puppet->next = sim->puppets;
	sim->puppets = puppet;
	puppet->engine = loop_engine(sim->net, site);
	puppet->engine->ops->start(puppet->engine, &puppet_events, puppet);
	return puppet;
}

static void free_puppets(struct sim *sim)
{
	struct puppet *puppet;

	while ((puppet = sim->puppets)) {
		sim->puppets = puppet->next;
		free(puppet);
	}
}

bool puppet_send(struct puppet *puppet, unsigned int to, const void *data, size_t len)
{
	return puppet->engine->ops->send(puppet->engine, to + 1, puppet->from[to].epoch, data,
					 len) == ENGINE_OK;
}

bool puppet_hello(struct puppet *puppet, unsigned int to, const char *name,
		  uint64_t incarnation, uint64_t key, uint32_t version_max)
{
	uint8_t data[FRAME_HELLO_MAX];
	struct wire_writer w = { .data = data, .size = sizeof(data) };

	snprintf(puppet->name, sizeof(puppet->name), "%s", name);
	puppet->claim = (struct core_claim){
		.end = puppet->from[to].end,
		.incarnation = incarnation,
		.version_min = 1,
		.version_max = version_max,
		.features = FEATURE_DIGEST | FEATURE_NAMES | (key ? FEATURE_AUTH : 0),
		.node = { puppet->name, strlen(puppet->name) },
		.global_group = { "", 0 },
	};
	frame_put_hello(&w, &puppet->claim);
	return puppet_send(puppet, to, data, w.len);
}

bool puppet_auth(struct puppet *puppet, unsigned int to, uint64_t key)
{
	uint8_t data[FRAME_HELLO_MAX], mac[CORE_MAC];
	struct wire_writer w = { .data = data, .size = sizeof(data) };

	if (!puppet->from[to].got[FRAME_HELLO])
		return false;
	make_mac(key, &puppet->claim, &puppet->from[to].claim, mac);
	frame_put_auth(&w, mac);
	return puppet_send(puppet, to, data, w.len);
}

bool puppet_pass_on(struct puppet *puppet, unsigned int from, unsigned int to)
{
	return puppet_send(puppet, to, puppet->from[from].hello, puppet->from[from].hello_len);
}

bool puppet_is_up(const struct puppet *puppet, unsigned int from)
{
	return puppet->from[from].epoch;
}

unsigned int puppet_removals(const struct puppet *puppet, unsigned int from)
{
	return puppet->from[from].removals;
}

unsigned int puppet_ends(const struct puppet *puppet, unsigned int from)
{
	return puppet->from[from].ends;
}

unsigned int puppet_got(const struct puppet *puppet, unsigned int from, uint64_t type)
{
	return puppet->from[from].got[type];
}
