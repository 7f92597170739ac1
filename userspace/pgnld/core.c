// SPDX-License-Identifier: GPL-2.0-or-later
/* The core as a whole: its life, its time, and the own kernel's side. */
#include "state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HELLO_TIME	1000000000ull
#define BACKLOG_MAX	65536
#define NAME_TIME	5000000000ull
/* A row and what is around it have to fit. */
#define FRAME_LEAST	2048

void core_log(struct core *core, enum core_log_level level, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	core->out.log(core->arg, level, line);
}

/* --- life ------------------------------------------------------------------------- */

static void drop_order(struct core *core)
{
	for (size_t i = 0; i < core->config.n_order; i++)
		mem_drop(&core->memory, (void *)core->order[i].data, core->order[i].len);
	mem_drop(&core->memory, core->order, core->config.n_order * sizeof(*core->order));
	core->order = NULL;
}

static void keep_order(struct core *core, const struct core_config *config)
{
	if (config->n_order)
		core->order = mem_new(&core->memory, config->n_order * sizeof(*core->order));
	for (size_t i = 0; i < config->n_order; i++) {
		core->order[i].len = strlen(config->order[i]);
		core->order[i].data = mem_copy(&core->memory, config->order[i],
					       core->order[i].len);
	}
}

static void set_config(struct core *core, const struct core_config *config)
{
	struct core_config *own = &core->config;

	drop_order(core);
	keep_order(core, config);
	*own = *config;
	own->order = NULL;
	if (!own->name_time)
		own->name_time = NAME_TIME;
	if (!own->hello_time)
		own->hello_time = HELLO_TIME;
	if (!own->hello_max)
		own->hello_max = ENGINE_STRANGERS;
	if (!own->backlog_max)
		own->backlog_max = BACKLOG_MAX;
	if (!own->version_min)
		own->version_min = CORE_VERSION_MIN;
	if (!own->version_max)
		own->version_max = CORE_VERSION_MAX;
	if (!own->frame_max || own->frame_max > FRAME_MAX)
		own->frame_max = FRAME_MAX;
	if (own->frame_max < FRAME_LEAST)
		own->frame_max = FRAME_LEAST;
	acts_configure(core);
	snprintf(core->global_group, sizeof(core->global_group), "%s",
		 config->global_group ? config->global_group : "");
	own->node = core->name;
	own->global_group = core->global_group;
	core->next_digest = own->digest_interval ? core->now + own->digest_interval :
						   CORE_NEVER;
}

static void new_batch(struct core *core)
{
	core->batch = (struct batch){ .len = 0 };
	core->batch.data = mem_new(&core->memory, core->config.frame_max);
	core->act_frame = mem_new(&core->memory, core->config.frame_max);
}

static void drop_batch(struct core *core)
{
	mem_drop(&core->memory, core->batch.data, core->config.frame_max);
	mem_drop(&core->memory, core->act_frame, core->config.frame_max);
}

struct core *core_new(const struct core_config *config, uint64_t incarnation,
		      const uint8_t digest_key[CORE_KEY], const struct core_out *out,
		      void *arg)
{
	size_t memory = 0;
	struct core *core = mem_new(&memory, sizeof(*core));

	core->memory = memory;
	core->out = *out;
	core->arg = arg;
	core->incarnation = incarnation;
	snprintf(core->name, sizeof(core->name), "%s", config->node);
	set_config(core, config);
	rows_init(&core->own, &core->memory, digest_key);
	core->own.changed = names_own;
	core->own.arg = core;
	new_batch(core);
	return core;
}

void core_free(struct core *core)
{
	struct peer *peer, *next_peer;
	struct node *node, *next_node;
	size_t memory;

	HASH_ITER(hh, core->peers, peer, next_peer)
		peer_free(core, peer);
	HASH_ITER(hh, core->nodes, node, next_node)
		node_free(core, node);
	names_free(core);
	drop_order(core);
	acts_end(core);
	rows_free(&core->own);
	drop_batch(core);
	memory = core->memory;
	mem_drop(&memory, core, sizeof(*core));
}

void core_configure(struct core *core, const struct core_config *config)
{
	const char *group = config->global_group ? config->global_group : "";
	bool told = strcmp(group, core->global_group) ||
		    config->config_hash != core->config.config_hash;
	struct peer *peer, *next;

	drop_batch(core);
	set_config(core, config);
	new_batch(core);
	if (!told)
		return;
	HASH_ITER(hh, core->peers, peer, next)
		peer_refuse(core, peer, BYE_CONFIG, "our configuration has changed");
}

/* --- time ------------------------------------------------------------------------- */

static void digest_time(struct core *core)
{
	struct peer *peer, *next;

	core->next_digest = core->now + core->config.digest_interval;
	HASH_ITER(hh, core->peers, peer, next)
		/* Without names it would reckon the rows of names otherwise. */
		if (peer->stage == PEER_UP && peer->features & FEATURE_DIGEST &&
		    peer->features & FEATURE_NAMES)
			peer_wish(core, peer, WISH_DIGEST);
}

void core_tick(struct core *core, uint64_t now)
{
	core->now = now;
	while (core->strangers && core->strangers->deadline <= now) {
		core->stats.rx_foreign++;
		peer_refuse(core, core->strangers, BYE_KEY, "does not say who it is");
	}
	nodes_expire(core);
	acts_expire(core);
	pace_tick(core);
	if (core->next_digest <= now)
		digest_time(core);
}

uint64_t core_wake(const struct core *core)
{
	uint64_t wake = core->next_digest;

	/* What was asked since the last flush. */
	if (core->todo || core->names.ready)
		return core->now;

	if (core->strangers && core->strangers->deadline < wake)
		wake = core->strangers->deadline;
	if (core->suspects && core->suspects->suspected + core->config.grace < wake)
		wake = core->suspects->suspected + core->config.grace;
	if (pace_wake(core) < wake)
		wake = pace_wake(core);
	if (names_wake(core) < wake)
		wake = names_wake(core);
	if (acts_wake(core) < wake)
		wake = acts_wake(core);
	return wake;
}

static void send_all(struct core *core)
{
	struct peer *peer, *next;

	if (core->flushed != core->own.seq) {
		core->flushed = core->own.seq;
		HASH_ITER(hh, core->peers, peer, next)
			peer_flush(core, peer);
	}
	while (core->todo)
		peer_flush(core, core->todo);
}

void core_flush(struct core *core)
{
	uint64_t removals;

	/* A peer that turns out to be gone may settle a request. */
	do {
		names_run(core);
		send_all(core);
	} while (core->names.ready);
	names_resolve(core);
	removals = core->own.removals;
	rows_trim(&core->own);
	if (core->own.removals != removals)
		core->batch.len = 0;
}

/* --- the own kernel --------------------------------------------------------------- */

static bool is_scope(struct core *core, struct core_text scope)
{
	if (scope.len && scope.len <= CORE_NAME_MAX)
		return true;
	core_log(core, CORE_LOG_ERROR, "a scope of the own kernel is none");
	return false;
}

void core_local_begin(struct core *core, struct core_text scope)
{
	if (is_scope(core, scope))
		rows_begin(&core->own, scope);
}

static bool is_row(const struct core_row *row)
{
	return row->scope.len && row->scope.len <= CORE_NAME_MAX && row->group.len &&
	       row->group.len <= CORE_GROUP_MAX && row->meta.len <= CORE_META_MAX;
}

void core_local_put(struct core *core, const struct core_row *row)
{
	if (!is_row(row)) {
		core_log(core, CORE_LOG_ERROR, "a row of the own kernel is none");
		return;
	}
	names_seen(core, row);
	rows_put(&core->own, row);
	peers_bound(core);
}

void core_local_commit(struct core *core, struct core_text scope)
{
	rows_commit(&core->own, scope);
	if (scope.len == strlen(CORE_NAMES) && !memcmp(scope.data, CORE_NAMES, scope.len))
		names_seen(core, NULL);
	peers_bound(core);
}

void core_local_delete(struct core *core, struct core_text scope, struct core_text group)
{
	rows_delete(&core->own, scope, group);
	peers_bound(core);
}

/* --- to look at ------------------------------------------------------------------- */

void core_stats(const struct core *core, struct core_stats *stats)
{
	const struct node *node;

	*stats = core->stats;
	stats->seq = core->own.seq;
	stats->rows = core->own.rows;
	stats->backlog = core->own.removals;
	stats->nodes = HASH_COUNT(core->nodes);
	stats->peers = HASH_COUNT(core->peers);
	for (node = core->nodes; node; node = node->hh.next) {
		stats->remote_rows += node->rows.rows;
		stats->incoming_rows += node->incoming.rows;
		stats->digest_memory += (node->rows.size + node->incoming.size) *
					sizeof(struct digest_row);
	}
	stats->acts = core->nr_requests;
	stats->act_memory = acts_memory(core);
	stats->memory = core->memory + stats->act_memory + HASH_OVERHEAD(hh, core->own.by_key) +
			HASH_OVERHEAD(hh, core->peers) + HASH_OVERHEAD(hh, core->nodes);
	names_stats(core, stats);
}

void core_nodes(const struct core *core,
		void (*each)(void *arg, const struct core_node_info *info), void *arg)
{
	const struct node *node;

	for (node = core->nodes; node; node = node->hh.next) {
		const struct peer *peer = node->peer;
		struct core_node_info info = {
			.name = node_name(node),
			.incarnation = node->incarnation,
			.state = node->state,
			.complete = node->complete && !node->filling,
			.partial = node->partial,
			.rows = node->rows.rows,
			.digest = node->rows.sum,
			.since = node->since,
		};

		if (peer) {
			info.sync_error = peer->sync_error;
			info.address = peer->address;
			info.seq = peer->applied;
			info.lag = core->own.seq - peer->cursor.seen;
			info.version = peer->version;
		}
		each(arg, &info);
	}
}

void core_refusals(const struct core *core,
		   void (*each)(void *arg, const struct core_refusal_info *info), void *arg)
{
	for (unsigned int i = 0; i < REFUSALS; i++) {
		const struct refusal *refusal = &core->refusals[i];
		struct core_refusal_info info = {
			.node = { refusal->node, refusal->node_len },
			.address = refusal->address,
			.reason = refusal->reason,
			.text = refusal->text,
			.theirs = refusal->theirs,
			.last = refusal->last,
		};

		if (refusal->used && core->now - refusal->last < REFUSAL_QUIET)
			each(arg, &info);
	}
}

void core_digest(const struct core *core, uint64_t *rows, uint64_t *digest)
{
	*rows = core->own.rows;
	*digest = core->own.sum;
}
