// SPDX-License-Identifier: GPL-2.0-or-later
/* Other nodes: which there are, and what each of them says that it owns. */
#include "state.h"

#include <string.h>
#include <utlist.h>

/* A digest that differs asks for a snapshot, but not all the time. */
#define RESYNC_PAUSE	60000000000ull

/* Names that one address may have had of late; an agent has one. */
#define NAMES_MAX	8

/* --- life ------------------------------------------------------------------------- */

struct node *node_find(const struct core *core, struct core_text name)
{
	struct node *node;

	HASH_FIND(hh, core->nodes, name.data, name.len, node);
	return node;
}

static void set_state(struct core *core, struct node *node, enum core_node_state state)
{
	node->state = state;
	node->since = core->now;
	core->out.node(core->arg, node_name(node), node->incarnation, state);
}

struct node *node_new(struct core *core, struct core_text name, uint64_t incarnation,
		      enum core_node_state state)
{
	struct node *node = mem_new(&core->memory, sizeof(*node) + name.len);

	node->incarnation = incarnation;
	node->state = state;
	node->since = core->now;
	node->name_len = (uint8_t)name.len;
	memcpy(node->name, name.data, name.len);
	HASH_ADD_KEYPTR(hh, core->nodes, node->name, node->name_len, node);
	return node;
}

void node_free(struct core *core, struct node *node)
{
	HASH_DEL(core->nodes, node);
	digest_clear(&node->rows, &core->memory);
	digest_clear(&node->incoming, &core->memory);
	names_forget(core, node);
	mem_drop(&core->memory, node, sizeof(*node) + node->name_len);
}

/* --- suspicion -------------------------------------------------------------------- */

static bool over(const struct core *core, const struct node *node)
{
	return core->now - node->suspected >= core->config.grace;
}

/* Nearly always at the end; not after one that was suspect before and came back. */
static void suspect(struct core *core, struct node *node)
{
	struct node *before = core->suspects ? core->suspects->prev : NULL;

	while (before && before->suspected > node->suspected)
		before = before == core->suspects ? NULL : before->prev;
	if (before)
		DL_APPEND_ELEM(core->suspects, before, node);
	else
		DL_PREPEND(core->suspects, node);
}

static void trust(struct core *core, struct node *node)
{
	if (node->prev) {
		DL_DELETE(core->suspects, node);
		node->prev = node->next = NULL;
	}
}

void node_down(struct core *core, struct node *node)
{
	trust(core, node);
	core_log(core, CORE_LOG_INFO, "node %.*s is down", TEXT(node_name(node)));
	set_state(core, node, CORE_NODE_DOWN);
	node_free(core, node);
}

void node_detach(struct core *core, struct node *node)
{
	node->peer = NULL;
	node->filling = false;
	digest_clear(&node->incoming, &core->memory);
	core->out.contact(core->arg, node_name(node), CORE_NO_CONTACT);
	if (node->state != CORE_NODE_SUSPECT)
		node->suspected = core->now;
	if (over(core, node)) {
		node_down(core, node);
		return;
	}
	if (node->state != CORE_NODE_SUSPECT) {
		core_log(core, CORE_LOG_INFO, "node %.*s is suspect",
			 TEXT(node_name(node)));
		set_state(core, node, CORE_NODE_SUSPECT);
	}
	suspect(core, node);
}

void nodes_expire(struct core *core)
{
	while (core->suspects && over(core, core->suspects))
		node_down(core, core->suspects);
}

void core_adopt(struct core *core, struct core_text name, uint64_t incarnation)
{
	struct node *node;

	if (node_find(core, name))
		return;
	node = node_new(core, name, incarnation, CORE_NODE_SUSPECT);
	node->suspected = core->now;
	if (over(core, node))
		node_down(core, node);
	else
		suspect(core, node);
}

bool node_may_come(const struct core *core, uint64_t address, struct core_text name)
{
	unsigned int names = 0;
	struct node *node;

	if (node_find(core, name))
		return true;
	for (node = core->suspects; node; node = node->next)
		names += node->address == address;
	return names < NAMES_MAX;
}

bool node_attach(struct core *core, struct peer *peer, struct core_text name,
		 uint64_t incarnation, const uint8_t digest_key[CORE_KEY])
{
	struct node *node = node_find(core, name);

	if (node && node->peer)
		return false;
	if (node && node->incarnation != incarnation) {
		node_down(core, node);
		node = NULL;
	}
	if (node) {
		trust(core, node);
	} else {
		node = node_new(core, name, incarnation, CORE_NODE_UP);
		core_log(core, CORE_LOG_INFO, "node %.*s is up", TEXT(name));
		set_state(core, node, CORE_NODE_UP);
	}
	memcpy(node->digest_key, digest_key, CORE_KEY);
	node->complete = false;
	node->address = peer->address;
	node->peer = peer;
	peer->node = node;
	return true;
}

/* --- rows ------------------------------------------------------------------------- */

static bool is_name(const struct core_row *row)
{
	return row->id && row->scope.len == strlen(CORE_NAMES) &&
	       !memcmp(row->scope.data, CORE_NAMES, row->scope.len);
}

/* Names are not shared with those who see the cluster otherwise. */
static bool may_put(const struct node *node, const struct core_row *row)
{
	return !is_name(row) || !node->peer->sync_error;
}

static void put(struct core *core, struct node *node, const struct core_row *row)
{
	if (!may_put(node, row))
		return;
	core->out.put(core->arg, node_name(node), node->incarnation, row);
	if (is_name(row))
		names_remote(core, node, row);
}

/*
 * One over the limit, which is the kernel's: it refuses it and marks the node partial. If
 * it has room by now it keeps it until it is told otherwise. Of groups that were created
 * it has no limit, so these go no further.
 */
static void put_over(struct core *core, struct node *node, const struct core_row *row)
{
	if (row->id && may_put(node, row))
		core->out.put(core->arg, node_name(node), node->incarnation, row);
}

static bool has_room(struct core *core, struct node *node, const struct digest_set *set)
{
	if (set->rows < core->config.rows_max)
		return true;
	if (!node->partial)
		core_log(core, CORE_LOG_WARNING,
			 "node %.*s has more rows than are taken from one node",
			 TEXT(node_name(node)));
	node->partial = true;
	return false;
}

static void take_row(struct core *core, struct node *node, const struct core_row *row)
{
	struct digest_set *set = node->filling ? &node->incoming : &node->rows;
	struct digest_row digest = digest_row(node->digest_key, row);
	uint64_t old;

	if (!row->count) {
		/* In a snapshot, and over the limit, it may be one that only the kernel has. */
		if (digest_take(set, &core->memory, digest.key) || node->filling ||
		    node->partial)
			put(core, node, row);
		return;
	}
	if (!digest_find(set, digest.key) && !has_room(core, node, set)) {
		put_over(core, node, row);
		return;
	}
	old = digest_put(set, &core->memory, digest);
	if (old != digest.row || node->filling)
		put(core, node, row);
}

static void begin(struct core *core, struct node *node)
{
	digest_clear(&node->incoming, &core->memory);
	node->filling = true;
	node->fill++;
	node->partial = false;
	core->out.begin(core->arg, node_name(node), node->incarnation);
}

static void commit(struct core *core, struct node *node)
{
	digest_clear(&node->rows, &core->memory);
	node->rows = node->incoming;
	node->incoming = (struct digest_set){ .size = 0 };
	node->filling = false;
	node->complete = true;
	core->stats.snapshots_received++;
	names_commit(core, node);
	core->out.commit(core->arg, node_name(node), node->incarnation);
	if (node->state == CORE_NODE_SUSPECT) {
		core_log(core, CORE_LOG_INFO, "node %.*s is back", TEXT(node_name(node)));
		set_state(core, node, CORE_NODE_FRESH);
	}
}

/* What the engine promises never to do: a frame is missing. */
static void gap(struct core *core, struct peer *peer, uint64_t seq)
{
	bool asked = pace(core, peer, PACE_ASK);

	core->stats.rx_gaps++;
	core_log(core, asked ? CORE_LOG_ERROR : CORE_LOG_DEBUG,
		 "node %.*s is at %llu, its rows here are of %llu",
		 TEXT(node_name(peer->node)), (unsigned long long)seq,
		 (unsigned long long)peer->applied);
	peer->astray = true;
}

/* False: it does not follow what was there before. */
static bool follows(struct core *core, struct peer *peer, const struct frame_rows *rows)
{
	if (rows->begin) {
		peer->astray = false;
		return true;
	}
	if (peer->astray)
		return false;
	if (rows->from == peer->applied && (!rows->end || peer->node->filling) &&
	    (peer->node->filling || peer->node->complete))
		return true;
	gap(core, peer, rows->from);
	return false;
}

void node_rows(struct core *core, struct peer *peer, struct frame_rows *rows)
{
	struct node *node = peer->node;
	struct core_row row;

	if (!follows(core, peer, rows))
		return;
	if (rows->begin)
		begin(core, node);
	while (frame_next_row(rows, &row))
		take_row(core, node, &row);
	peer->applied = rows->to;
	if (rows->end)
		commit(core, node);
}

/* --- digests ---------------------------------------------------------------------- */

static bool may_resync(struct core *core, struct node *node)
{
	if (node->resynced && core->now - node->resynced < RESYNC_PAUSE)
		return false;
	node->resynced = core->now ? core->now : 1;
	return true;
}

void node_digest(struct core *core, struct peer *peer, uint64_t seq, uint64_t rows,
		 uint64_t sum)
{
	struct node *node = peer->node;
	bool asks;

	/* It is sent when all rows have been. */
	if (node->filling || peer->astray || !node->complete || seq != peer->applied) {
		gap(core, peer, seq);
		return;
	}
	if (node->partial) {
		if (rows <= core->config.rows_max && may_resync(core, node))
			pace(core, peer, PACE_ASK);
		return;
	}
	if (rows == node->rows.rows && sum == node->rows.sum) {
		core->stats.digests_agreed++;
		return;
	}
	core->stats.digests_failed++;
	asks = may_resync(core, node);
	core_log(core, asks ? CORE_LOG_ERROR : CORE_LOG_DEBUG,
		 "the rows of node %.*s (%llu) are not what it says (%llu)",
		 TEXT(node_name(node)), (unsigned long long)node->rows.rows,
		 (unsigned long long)rows);
	if (asks)
		pace(core, peer, PACE_ASK);
}

void core_resync(struct core *core, struct core_text name)
{
	struct node *node = node_find(core, name);

	if (node && node->peer)
		pace(core, node->peer, PACE_ASK);
}
