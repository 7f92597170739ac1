// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections: who is at the other end, and what is sent there. */
#include "state.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

/* --- life ------------------------------------------------------------------------- */

static void forget_handshake(struct core *core, struct peer *peer)
{
	if (!peer->handshake)
		return;
	DL_DELETE(core->strangers, peer);
	core->nr_strangers--;
	mem_drop(&core->memory, peer->handshake, sizeof(*peer->handshake));
	peer->handshake = NULL;
}

static void done(struct core *core, struct peer *peer)
{
	if (peer->todo)
		DL_DELETE2(core->todo, peer, todo_prev, todo_next);
	peer->todo = false;
}

/* It begins anew when there is room; until then it holds nothing. */
static void stop_rows(struct core *core, struct peer *peer)
{
	if (peer->started)
		cursor_stop(&core->own, &peer->cursor);
	peer->started = peer->snapshot = false;
}

void peer_restart(struct core *core, struct peer *peer)
{
	stop_rows(core, peer);
	peer_wish(core, peer, 0);
}

void peer_free(struct core *core, struct peer *peer)
{
	done(core, peer);
	pace_forget(core, peer);
	forget_handshake(core, peer);
	stop_rows(core, peer);
	names_peer_down(core, peer);
	acts_free(core, peer);
	HASH_DEL(core->peers, peer);
	mem_drop(&core->memory, peer, sizeof(*peer));
}

void peer_lost(struct core *core, struct peer *peer)
{
	struct node *node = peer->node;

	acts_lost(core, peer);
	peer_free(core, peer);
	if (node)
		node_detach(core, node);
}

void peer_wish(struct core *core, struct peer *peer, unsigned int wishes)
{
	peer->wishes |= wishes;
	if (!peer->todo)
		DL_APPEND2(core->todo, peer, todo_prev, todo_next);
	peer->todo = true;
}

/* --- refusing --------------------------------------------------------------------- */

static struct core_text peer_name(const struct peer *peer)
{
	if (peer->node)
		return node_name(peer->node);
	if (peer->handshake)
		return peer->handshake->claim.node;
	return (struct core_text){ NULL, 0 };
}

/* The one that is noted already, or the place of the oldest for it. */
static struct refusal *find_refusal(struct core *core, uint64_t address, unsigned int reason,
				    bool theirs)
{
	struct refusal *refusal;

	for (unsigned int i = 0; i < REFUSALS; i++) {
		refusal = &core->refusals[i];
		if (refusal->used && refusal->address == address && refusal->reason == reason &&
		    refusal->theirs == theirs)
			return refusal;
	}
	refusal = &core->refusals[core->nr_refusals++ % REFUSALS];
	*refusal = (struct refusal){ .address = address, .reason = reason, .theirs = theirs };
	return refusal;
}

/* Keep it for whoever asks. True: it was not logged in the last minute. */
static bool note_refusal(struct core *core, const struct peer *peer, unsigned int reason,
			 bool theirs, const char *text)
{
	struct refusal *refusal = find_refusal(core, peer->address, reason, theirs);
	struct core_text name = peer_name(peer);
	bool news = !refusal->used || core->now - refusal->when >= REFUSAL_QUIET;

	if (news)
		refusal->when = core->now;
	refusal->last = core->now;
	refusal->used = true;
	refusal->node_len = name.len;
	if (name.len)
		memcpy(refusal->node, name.data, name.len);
	snprintf(refusal->text, sizeof(refusal->text), "%s", text);
	return news;
}

static void say_bye(struct core *core, struct peer *peer, enum frame_bye reason,
		    const char *text)
{
	uint8_t data[FRAME_HELLO_MAX];
	struct wire_writer w = { .data = data, .size = sizeof(data) };

	frame_put_bye(&w, reason, text);
	if (core->out.send(core->arg, peer->address, peer->epoch, data, w.len) == ENGINE_OK) {
		core->stats.tx_frames++;
		core->stats.tx_bytes += w.len;
	}
}

void peer_refuse(struct core *core, struct peer *peer, enum frame_bye reason,
		 const char *text)
{
	static const enum core_log_level levels[] = {
		[BYE_BAD] = CORE_LOG_ERROR, [BYE_VERSION] = CORE_LOG_ERROR,
		[BYE_GROUP] = CORE_LOG_INFO, [BYE_KEY] = CORE_LOG_ERROR,
		[BYE_DUPLICATE] = CORE_LOG_ERROR, [BYE_BUSY] = CORE_LOG_INFO,
		[BYE_CONFIG] = CORE_LOG_INFO,
	};
	struct core_text name = peer_name(peer);

	core_log(core, note_refusal(core, peer, reason, false, text) ? levels[reason] :
		 CORE_LOG_DEBUG,
		 "peer %llx%s%.*s is refused: %s", (unsigned long long)peer->address,
		 name.len ? ", node " : "", TEXT(name), text);
	say_bye(core, peer, reason, text);
	core->out.close(core->arg, peer->address, peer->epoch);
	peer_lost(core, peer);
}

/* --- the handshake ---------------------------------------------------------------- */

static void fill_claim(const struct core *core, uint64_t end,
		       const uint8_t nonce[CORE_NONCE], struct core_claim *claim)
{
	*claim = (struct core_claim){
		.end = end,
		.incarnation = core->incarnation,
		.version_min = core->config.version_min,
		.version_max = core->config.version_max,
		.features = FEATURE_DIGEST | FEATURE_NAMES | FEATURE_ENDS |
			    (core->out.mac ? FEATURE_AUTH : 0) |
			    (core->out.act ? FEATURE_ACTS : 0),
		.config_hash = core->config.config_hash,
		.node = { core->name, strlen(core->name) },
		.global_group = { core->global_group, strlen(core->global_group) },
	};
	memcpy(claim->nonce, nonce, CORE_NONCE);
	memcpy(claim->digest_key, core->own.digest_key, CORE_KEY);
}

struct peer *peer_find(const struct core *core, uint64_t address, uint64_t epoch)
{
	struct peer *peer;

	HASH_FIND(hh, core->peers, &address, sizeof(address), peer);
	return peer && peer->epoch == epoch ? peer : NULL;
}

void core_peer_up(struct core *core, uint64_t address, uint64_t epoch,
		  const struct engine_ends *ends, const uint8_t nonce[CORE_NONCE])
{
	struct peer *peer;

	HASH_FIND(hh, core->peers, &address, sizeof(address), peer);
	if (peer)
		peer_lost(core, peer);
	peer = mem_new(&core->memory, sizeof(*peer));
	peer->address = address;
	peer->epoch = epoch;
	peer->deadline = core->now + core->config.hello_time;
	peer->handshake = mem_new(&core->memory, sizeof(*peer->handshake));
	peer->handshake->there = ends->there;
	fill_claim(core, ends->here, nonce, &peer->handshake->own);
	HASH_ADD(hh, core->peers, address, sizeof(peer->address), peer);
	DL_APPEND(core->strangers, peer);
	if (++core->nr_strangers > core->config.hello_max)
		peer_refuse(core, peer, BYE_BUSY, "too many connections at once");
	else
		peer_wish(core, peer, WISH_HELLO);
}

void core_peer_down(struct core *core, uint64_t address, uint64_t epoch)
{
	struct peer *peer = peer_find(core, address, epoch);

	if (peer)
		peer_lost(core, peer);
}

static bool same_text(struct core_text a, struct core_text b)
{
	return a.len == b.len && !memcmp(a.data, b.data, a.len);
}

static void keep_claim(struct handshake *handshake, const struct core_claim *claim)
{
	handshake->claim = *claim;
	memcpy(handshake->node, claim->node.data, claim->node.len);
	handshake->claim.node.data = handshake->node;
	memcpy(handshake->global_group, claim->global_group.data, claim->global_group.len);
	handshake->claim.global_group.data = handshake->global_group;
}

/* It is ourselves, by way of a loop in the network. */
static bool is_own(const struct core_claim *own, const struct core_claim *claim)
{
	return same_text(claim->node, own->node) && claim->incarnation == own->incarnation &&
	       !memcmp(claim->digest_key, own->digest_key, CORE_KEY);
}

/* What the other end is still to be told of us is made of it. */
static void end_handshake(struct core *core, struct peer *peer)
{
	if (!peer->handshake || peer->stage != PEER_UP || peer->wishes & (WISH_HELLO | WISH_AUTH))
		return;
	forget_handshake(core, peer);
	core->out.known(core->arg, peer->address, peer->epoch);
}

static void become_up(struct core *core, struct peer *peer)
{
	struct core_claim *claim = &peer->handshake->claim;

	if (!node_may_come(core, peer->address, claim->node)) {
		core->stats.rx_foreign++;
		peer_refuse(core, peer, BYE_BUSY, "has had too many names of late");
		return;
	}
	if (!node_attach(core, peer, claim->node, claim->incarnation, claim->digest_key)) {
		core->stats.duplicates++;
		peer_refuse(core, peer, BYE_DUPLICATE,
			    "another node of this name is connected");
		return;
	}
	peer->sync_error = claim->config_hash != core->config.config_hash;
	if (peer->sync_error)
		core_log(core, CORE_LOG_WARNING,
			 "sync_error: node %.*s has another definition of the global groups, so "
			 "no names are shared with it", TEXT(claim->node));
	core->out.contact(core->arg, claim->node,
			  peer->sync_error ? CORE_SYNC_ERROR : CORE_SYNCED);
	peer->stage = PEER_UP;
	end_handshake(core, peer);
	peer_wish(core, peer, 0);
	names_peer_up(core, peer);
}

static const char *foreign(struct core *core, struct peer *peer,
			   const struct core_claim *claim, enum frame_bye *reason)
{
	const struct core_claim *own = &peer->handshake->own;

	*reason = BYE_VERSION;
	peer->version = own->version_max < claim->version_max ? own->version_max :
							       claim->version_max;
	if (peer->version < own->version_min || peer->version < claim->version_min)
		return "no common version of the protocol";
	*reason = BYE_BAD;
	if (claim->features & FEATURE_ASK)
		return "is not here to ask";
	*reason = BYE_GROUP;
	if (!same_text(own->global_group, claim->global_group))
		return "of another global group";
	*reason = BYE_KEY;
	if (core->out.mac && !(claim->features & FEATURE_AUTH))
		return "has no cluster key";
	if (!core->out.mac && claim->features & FEATURE_AUTH)
		return "has a cluster key, and we have none";
	return NULL;
}

static void take_hello(struct core *core, struct peer *peer, const struct core_claim *claim)
{
	struct handshake *handshake = peer->handshake;
	enum frame_bye reason;
	const char *text;

	keep_claim(handshake, claim);
	claim = &handshake->claim;
	if (is_own(&handshake->own, claim)) {
		core->stats.rx_own++;
		core->out.close(core->arg, peer->address, peer->epoch);
		peer_lost(core, peer);
		return;
	}
	if (same_text(claim->node, handshake->own.node)) {
		core->stats.duplicates++;
		peer_refuse(core, peer, BYE_DUPLICATE, "has our own name");
		return;
	}
	/* Somebody in between passes on what others say. */
	if (claim->end != handshake->there) {
		core->stats.rx_bad++;
		peer_refuse(core, peer, BYE_BAD, "is not at the end that it says");
		return;
	}
	text = foreign(core, peer, claim, &reason);
	if (text) {
		core->stats.rx_foreign++;
		peer_refuse(core, peer, reason, text);
		return;
	}
	peer->features = handshake->own.features & claim->features;
	peer->stage = PEER_AUTH;
	if (core->out.mac)
		peer_wish(core, peer, WISH_AUTH);
	else
		become_up(core, peer);
}

/* In the same time wherever they differ. */
static bool equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint8_t differ = 0;

	while (len--)
		differ |= *a++ ^ *b++;
	return !differ;
}

static void take_auth(struct core *core, struct peer *peer, const uint8_t mac[CORE_MAC])
{
	struct handshake *handshake = peer->handshake;
	uint8_t expected[CORE_MAC];

	core->out.mac(core->arg, &handshake->claim, &handshake->own, expected);
	if (equal(mac, expected, CORE_MAC)) {
		become_up(core, peer);
		return;
	}
	core->stats.rx_foreign++;
	peer_refuse(core, peer, BYE_KEY, "has another cluster key");
}

/* --- frames ----------------------------------------------------------------------- */

static void take_bye(struct core *core, struct peer *peer, uint64_t reason,
		     struct core_text text)
{
	unsigned int number = reason < UINT_MAX ? (unsigned int)reason : UINT_MAX;
	char line[200];
	size_t len = 0;

	/* For a log: nothing that is no print. */
	for (; len < text.len && len < sizeof(line) - 1; len++)
		line[len] = text.data[len] < ' ' || text.data[len] > '~' ? '?' : text.data[len];
	line[len] = '\0';
	core_log(core, note_refusal(core, peer, number, true, line) ? CORE_LOG_WARNING :
		 CORE_LOG_DEBUG, "peer %llx refuses us (%u): %s",
		 (unsigned long long)peer->address, number, line);
	core->out.close(core->arg, peer->address, peer->epoch);
	peer_lost(core, peer);
}

static bool expected(const struct peer *peer, uint64_t type)
{
	switch (type) {
	case FRAME_HELLO:
		return peer->stage == PEER_HELLO;
	case FRAME_AUTH:
		return peer->stage == PEER_AUTH;
	case FRAME_BYE:
		return true;
	default:
		return peer->stage == PEER_UP;
	}
}

static void take_frame(struct core *core, struct peer *peer, struct frame *frame)
{
	switch (frame->type) {
	case FRAME_HELLO:
		take_hello(core, peer, &frame->hello);
		break;
	case FRAME_AUTH:
		take_auth(core, peer, frame->mac);
		break;
	case FRAME_ROWS:
		node_rows(core, peer, &frame->rows);
		break;
	case FRAME_DIGEST:
		node_digest(core, peer, frame->digest.seq, frame->digest.rows,
			    frame->digest.sum);
		break;
	case FRAME_RESYNC:
		pace(core, peer, PACE_SEND);
		break;
	case FRAME_BYE:
		take_bye(core, peer, frame->bye.reason, frame->bye.text);
		break;
	case FRAME_NAME_ASK:
	case FRAME_NAME_ANSWER:
	case FRAME_NAME_RELEASE:
	case FRAME_NAME_DROP:
		if (!names_frame(core, peer, (enum frame_type)frame->type, &frame->name))
			peer_refuse(core, peer, BYE_BAD, "asks for too many names at once");
		break;
	case FRAME_ACT:
		acts_take(core, peer, frame->act.number, &frame->act.act);
		break;
	case FRAME_DONE:
		acts_done(core, peer, frame->done.number, &frame->done.counts);
		break;
	default:	/* of a later version; it does not need us to know it */
		break;
	}
}

void core_recv(struct core *core, uint64_t address, uint64_t epoch, const void *data,
	       size_t len)
{
	struct peer *peer = peer_find(core, address, epoch);
	struct frame frame;

	if (!peer) {
		core->stats.rx_stale++;
		return;
	}
	core->stats.rx_frames++;
	core->stats.rx_bytes += len;
	if ((peer->stage != PEER_UP && len > FRAME_HELLO_MAX) ||
	    !frame_read(data, len, &frame) || !expected(peer, frame.type)) {
		core->stats.rx_bad++;
		peer_refuse(core, peer, BYE_BAD, "sent a frame that can't be read");
		return;
	}
	take_frame(core, peer, &frame);
}

void core_room(struct core *core, uint64_t address, uint64_t epoch)
{
	struct peer *peer = peer_find(core, address, epoch);

	if (!peer)
		return;
	peer->full = false;
	peer_wish(core, peer, 0);
}

/* --- sending rows ----------------------------------------------------------------- */

static void start_rows(struct core *core, struct peer *peer)
{
	cursor_start(&core->own, &peer->cursor);
	peer->started = peer->snapshot = true;
}

static bool has_rows(const struct core *core, const struct peer *peer)
{
	return peer->stage == PEER_UP &&
	       (!peer->started || peer->snapshot || peer->cursor.seen < core->own.seq);
}

/* Which removals it does not want; nobody asks once they are passed. */
static uint64_t unwanted(const struct cursor *cursor)
{
	return cursor->seen < cursor->since ? cursor->since : 0;
}

static bool knows_ends(const struct peer *peer)
{
	return peer->features & FEATURE_ENDS;
}

static bool fits(const struct core *core, const struct peer *peer, bool begin)
{
	const struct batch *batch = &core->batch;

	return batch->len && batch->at == core->own.seq && batch->begin == begin &&
	       batch->snapshot == peer->snapshot && batch->from == peer->cursor.seen &&
	       batch->since == unwanted(&peer->cursor) && batch->ends == knows_ends(peer);
}

/* A frame of what comes next for the peer, as much as there is room for. */
static void make_batch(struct core *core, struct peer *peer, bool begin)
{
	struct cursor *cursor = &peer->cursor;
	struct batch *batch = &core->batch;
	struct frame_rows_writer w;
	struct own_row *own;
	struct core_row row;

	batch->at = core->own.seq;
	batch->from = cursor->seen;
	batch->since = unwanted(cursor);
	batch->begin = begin;
	batch->snapshot = peer->snapshot;
	batch->ends = knows_ends(peer);
	frame_rows_begin(&w, batch->data, core->config.frame_max, cursor->seen, begin, batch->ends);
	while ((own = cursor_next(&core->own, cursor))) {
		rows_view(own, &row);
		if (!frame_rows_put(&w, &row))
			break;
		cursor_pass(cursor, own);
	}
	batch->to = own ? cursor->seen : core->own.seq;
	batch->next = own;
	frame_rows_end(&w, batch->to, peer->snapshot && !own);
	batch->len = w.w.len;
}

enum engine_sent peer_send(struct core *core, struct peer *peer, const void *data, size_t len)
{
	enum engine_sent sent = core->out.send(core->arg, peer->address, peer->epoch,
					       data, len);

	if (sent == ENGINE_OK) {
		core->stats.tx_frames++;
		core->stats.tx_bytes += len;
	} else if (sent == ENGINE_FULL) {
		peer->full = true;
	}
	return sent;
}

static enum engine_sent send_rows(struct core *core, struct peer *peer)
{
	struct cursor *cursor = &peer->cursor;
	bool begin = !peer->started;
	enum engine_sent sent;
	struct own_row *row;
	uint64_t seen;

	if (begin)
		start_rows(core, peer);
	row = cursor->row;
	seen = cursor->seen;
	if (!fits(core, peer, begin))
		make_batch(core, peer, begin);
	sent = peer_send(core, peer, core->batch.data, core->batch.len);
	if (sent != ENGINE_OK) {
		cursor_jump(cursor, seen, row);
		if (begin)
			stop_rows(core, peer);
		return sent;
	}
	core->stats.snapshots_sent += begin;
	cursor_jump(cursor, core->batch.to, core->batch.next);
	if (!core->batch.next)
		peer->snapshot = false;
	return sent;
}

/* Whoever is behind the newer half of the removals; so it is seldom done. */
static void drop_slow(struct core *core)
{
	uint64_t first = core->own.gone->seq;
	uint64_t bound = first + (core->own.seq - first) / 2;
	struct peer *peer, *next;

	HASH_ITER(hh, core->peers, peer, next) {
		if (!peer->started || cursor_holds(&peer->cursor) >= bound)
			continue;
		core->stats.overflows++;
		peer_restart(core, peer);
	}
}

void peers_bound(struct core *core)
{
	while (core->own.removals > core->config.backlog_max) {
		drop_slow(core);
		rows_trim(&core->own);
		core->batch.len = 0;
	}
}

/* --- sending ---------------------------------------------------------------------- */

static void write_wish(struct core *core, struct peer *peer, enum wish wish,
		       struct wire_writer *w)
{
	uint8_t mac[CORE_MAC];

	switch (wish) {
	case WISH_HELLO:
		frame_put_hello(w, &peer->handshake->own);
		break;
	case WISH_AUTH:
		core->out.mac(core->arg, &peer->handshake->own, &peer->handshake->claim, mac);
		frame_put_auth(w, mac);
		break;
	case WISH_RESYNC:
		frame_put_resync(w);
		break;
	case WISH_DIGEST:
		frame_put_digest(w, core->own.seq, core->own.rows, core->own.sum);
		break;
	}
}

/* Those of the mask, in their order. */
static enum engine_sent send_wishes(struct core *core, struct peer *peer, unsigned int mask)
{
	uint8_t data[FRAME_HELLO_MAX];

	while (peer->wishes & mask) {
		struct wire_writer w = { .data = data, .size = sizeof(data) };
		unsigned int wish = peer->wishes & mask;
		enum engine_sent sent;

		wish &= -wish;
		write_wish(core, peer, (enum wish)wish, &w);
		sent = peer_send(core, peer, data, w.len);
		if (sent != ENGINE_OK)
			return sent;
		peer->wishes &= ~wish;
		end_handshake(core, peer);
	}
	return ENGINE_OK;
}

void peer_flush(struct core *core, struct peer *peer)
{
	enum engine_sent sent;

	done(core, peer);
	if (peer->full)
		return;
	sent = send_wishes(core, peer, WISH_HELLO | WISH_AUTH | WISH_RESYNC);
	if (sent == ENGINE_OK)
		sent = names_send(core, peer, &peer->first);
	/* They need not wait for all of a snapshot. */
	if (sent == ENGINE_OK)
		sent = acts_send(core, peer, &peer->letters);
	while (sent == ENGINE_OK && has_rows(core, peer))
		sent = send_rows(core, peer);
	if (sent == ENGINE_OK)
		sent = names_send(core, peer, &peer->after);
	if (sent == ENGINE_OK)
		sent = acts_send(core, peer, &peer->late);
	if (sent == ENGINE_OK)
		sent = send_wishes(core, peer, WISH_DIGEST);
	if (sent == ENGINE_GONE)
		peer_lost(core, peer);
}
