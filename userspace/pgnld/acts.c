// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Acts on members of other nodes: those of the own processes, which go to the
 * nodes and whose answers come together here, and those of others, which the own
 * kernel carries out. Each is asked once and answered once; what is not answered
 * in time, or by a connection that has ended, counts as unreachable.
 */
#include "state.h"

#include <string.h>
#include <utlist.h>

#define ACT_TIME	5000000000ull
#define LETTERS_MAX	(1024 * 1024)

/* A request of the own kernel, until all parts of it are answered. */
struct request {
	struct request *prev, *next;	/* in core.requests, by deadline */
	uint64_t number;		/* the kernel's */
	uint64_t deadline;
	struct part *parts;		/* that are not answered */
	bool made;			/* all parts have been */
	struct core_counts counts;
};

/* What one node was asked for it. */
struct part {
	UT_hash_handle hh;		/* by id */
	struct part *prev, *next;	/* in peer.parts */
	struct part *other_prev, *other_next;	/* in request.parts */
	struct request *request;
	struct peer *peer;
	uint64_t id;
	uint32_t members;
};

/* A frame that waits for room. */
struct letter {
	struct letter *prev, *next;	/* in peer.letters */
	size_t len;
	uint8_t data[];
};

/* --- counts ----------------------------------------------------------------------- */

static void add(uint32_t *sum, uint32_t n)
{
	*sum = *sum + n < n ? UINT32_MAX : *sum + n;
}

static void add_counts(struct core_counts *sum, const struct core_counts *counts,
		       uint32_t members)
{
	switch (counts->error) {
	case CORE_ACT_DONE:
		add(&sum->reached, counts->reached);
		add(&sum->refused, counts->refused);
		add(&sum->gone, counts->gone);
		add(&sum->full, counts->full);
		add(&sum->no_inbox, counts->no_inbox);
		break;
	case CORE_ACT_GONE:
		add(&sum->gone, members);
		break;
	case CORE_ACT_REFUSED:
		add(&sum->refused, members);
		break;
	default:
		add(&sum->unreachable, members);
	}
}

/* --- requests --------------------------------------------------------------------- */

static void end_request(struct core *core, struct request *request)
{
	DL_DELETE(core->requests, request);
	core->nr_requests--;
	core->out.answer(core->arg, request->number, &request->counts);
	mem_drop(&core->act_memory, request, sizeof(*request));
}

static void drop_part(struct core *core, struct part *part)
{
	HASH_DEL(core->parts, part);
	DL_DELETE(part->peer->parts, part);
	DL_DELETE2(part->request->parts, part, other_prev, other_next);
	mem_drop(&core->act_memory, part, sizeof(*part));
}

static void end_part(struct core *core, struct part *part, const struct core_counts *counts)
{
	struct request *request = part->request;

	add_counts(&request->counts, counts, part->members);
	drop_part(core, part);
	if (!request->parts && request->made)
		end_request(core, request);
}

static const struct core_counts failed = { .error = CORE_ACT_FAILED };

/* --- letters ---------------------------------------------------------------------- */

/* False: it holds too much already. */
static bool post(struct core *core, struct peer *peer, struct letter **list,
		 const struct wire_writer *w)
{
	size_t size = sizeof(struct letter) + w->len;
	struct letter *letter;

	if (w->full || peer->letter_bytes + size > core->config.letters_max) {
		core->stats.acts_dropped++;
		return false;
	}
	letter = mem_new(&core->act_memory, size);
	letter->len = w->len;
	memcpy(letter->data, w->data, w->len);
	DL_APPEND(*list, letter);
	peer->letter_bytes += size;
	peer_wish(core, peer, 0);
	return true;
}

static void drop_letter(struct core *core, struct peer *peer, struct letter **list)
{
	struct letter *letter = *list;
	size_t size = sizeof(*letter) + letter->len;

	DL_DELETE(*list, letter);
	peer->letter_bytes -= size;
	mem_drop(&core->act_memory, letter, size);
}

enum engine_sent acts_send(struct core *core, struct peer *peer, struct letter **list)
{
	enum engine_sent sent = ENGINE_OK;

	while (*list && peer->stage == PEER_UP) {
		sent = peer_send(core, peer, (*list)->data, (*list)->len);
		if (sent != ENGINE_OK)
			break;
		drop_letter(core, peer, list);
	}
	return sent;
}

/* --- of the own kernel ------------------------------------------------------------ */

static struct peer *peer_of(struct core *core, const struct core_target *target)
{
	struct node *node = node_find(core, target->node);

	if (!node || !node->peer || node->incarnation != target->incarnation ||
	    !(node->peer->features & FEATURE_ACTS))
		return NULL;
	return node->peer;
}

static bool ask(struct core *core, struct request *request, const struct core_act *act,
		const struct core_target *target)
{
	struct wire_writer w = { .data = core->act_frame, .size = core->config.frame_max };
	struct peer *peer = peer_of(core, target);
	struct part *part;

	if (!peer)
		return false;
	frame_put_act(&w, core->last_act + 1, act, target->ids, target->n_ids);
	if (!post(core, peer, &peer->letters, &w))
		return false;
	part = mem_new(&core->act_memory, sizeof(*part));
	part->id = ++core->last_act;
	part->request = request;
	part->peer = peer;
	part->members = target->members;
	HASH_ADD(hh, core->parts, id, sizeof(part->id), part);
	DL_APPEND(peer->parts, part);
	DL_APPEND2(request->parts, part, other_prev, other_next);
	return true;
}

void core_act(struct core *core, uint64_t number, const struct core_act *act,
	      const struct core_target *targets, size_t n)
{
	struct request *request = mem_new(&core->act_memory, sizeof(*request));

	request->number = number;
	request->deadline = core->now + core->config.act_time;
	DL_APPEND(core->requests, request);
	core->nr_requests++;
	core->stats.acts_sent++;
	for (size_t i = 0; i < n; i++) {
		if (!ask(core, request, act, &targets[i]))
			add_counts(&request->counts, &failed, targets[i].members);
	}
	request->made = true;
	if (!request->parts)
		end_request(core, request);
}

void acts_done(struct core *core, struct peer *peer, uint64_t id,
	       const struct core_counts *counts)
{
	struct part *part;

	HASH_FIND(hh, core->parts, &id, sizeof(id), part);
	/* Too late, or of somebody else. */
	if (part && part->peer == peer)
		end_part(core, part, counts);
}

uint64_t acts_wake(const struct core *core)
{
	return core->requests ? core->requests->deadline : CORE_NEVER;
}

void acts_expire(struct core *core)
{
	while (core->requests && core->requests->deadline <= core->now) {
		struct request *request = core->requests;

		core->stats.acts_late++;
		/* The last one ends it. */
		while (core->requests == request)
			end_part(core, request->parts, &failed);
	}
}

void acts_lost(struct core *core, struct peer *peer)
{
	while (peer->parts)
		end_part(core, peer->parts, &failed);
}

void acts_free(struct core *core, struct peer *peer)
{
	while (peer->parts)
		drop_part(core, peer->parts);
	while (peer->letters)
		drop_letter(core, peer, &peer->letters);
	while (peer->late)
		drop_letter(core, peer, &peer->late);
}

/* --- of other nodes --------------------------------------------------------------- */

void acts_take(struct core *core, struct peer *peer, uint64_t id, const struct core_act *act)
{
	struct core_ticket ticket = { peer->address, peer->epoch, id };

	core->stats.acts_taken++;
	if (core->out.act && act->kind <= CORE_ACT_LAST)
		core->out.act(core->arg, node_name(peer->node), &ticket, act);
	else
		core_acted(core, &ticket, &failed);
}

/* Late: after the rows that there are. */
static void answer(struct core *core, const struct core_ticket *ticket,
		   const struct core_counts *counts, bool late)
{
	struct peer *peer = peer_find(core, ticket->peer, ticket->epoch);
	struct wire_writer w = { .data = core->act_frame, .size = core->config.frame_max };

	if (!peer)
		return;
	frame_put_done(&w, ticket->id, counts);
	post(core, peer, late ? &peer->late : &peer->letters, &w);
}

void core_acted(struct core *core, const struct core_ticket *ticket,
		const struct core_counts *counts)
{
	answer(core, ticket, counts, false);
}

void core_deleted(struct core *core, const struct core_ticket *ticket,
		  const struct core_counts *counts, struct core_text scope,
		  struct core_text group)
{
	core_local_delete(core, scope, group);
	answer(core, ticket, counts, true);
}

/* --- life ------------------------------------------------------------------------- */

void acts_configure(struct core *core)
{
	struct core_config *config = &core->config;

	if (!config->act_time)
		config->act_time = ACT_TIME;
	if (!config->letters_max)
		config->letters_max = LETTERS_MAX;
}

size_t acts_memory(const struct core *core)
{
	return core->act_memory + HASH_OVERHEAD(hh, core->parts);
}

/* Peers are gone already, and with them all parts. */
void acts_end(struct core *core)
{
	struct request *request;

	while ((request = core->requests)) {
		DL_DELETE(core->requests, request);
		mem_drop(&core->act_memory, request, sizeof(*request));
	}
}
