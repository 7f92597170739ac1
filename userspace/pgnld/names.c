// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names: who holds which, in all of the cluster, and who is to get one.
 *
 * The truth about a name is a row of its holder's node, like any. What is special
 * is that there should be one at most, so a node gives a name away only when all
 * that it is connected with have reserved it: the first of them in the configured
 * order, so that of two who want the same name one is turned away early, and
 * then the others and itself, all at once. A reservation is for one name; who
 * wants different ones does not wait. It ends when the asking node says so, after
 * the row if there is one, or with the connection.
 *
 * Nodes that are not connected can't be asked. So when they meet a name may have
 * two holders. Each node takes the name from its own one if that has to go, which
 * both know from both rows, when the other node has been sent the own row.
 */
#include "state.h"

#include <string.h>
#include <utlist.h>

#include "siphash.h"

/* Of own requests: that are being asked for, and all together. */
#define ASKS_ACTIVE	512
#define ASKS_MAX	4096
/* Of a peer: answers not yet sent, and reservations. Twice what one may need. */
#define PEER_MAX	2048

#define BACKOFF_FIRST	5000000ull
#define BACKOFF_STEPS	7

/* So much longer than a request takes is a reservation kept at the most. */
#define FORGET_TIMES	8

/* What root of another node is here, unless the configuration has it otherwise. */
#define NOBODY		65534

/* A fencing number above this is nonsense, though a frame may have it, and the own ones
 * do not begin after it: or one wrong node would leave no room for those to come. Clocks
 * get there in the year 2116.
 */
#define FENCE_BELIEVED	(1ull << 62)

/* A process that holds a name. */
struct holder {
	struct holder *prev, *next;		/* of the name */
	struct holder *node_prev, *node_next;	/* of the node */
	struct name *name;
	struct node *node;			/* NULL: this one */
	uint64_t id;
	struct core_registration told;
	uint32_t uid;
	uint32_t fill;		/* the node's snapshot that it was last in */
	bool displaced;		/* by a registration of ours, to which its node agreed */
	/* Of an own one. */
	uint64_t seq;		/* of its row's last change */
	bool evicted;		/* the kernel has taken it out, or is about to tell so */
};

/* A name that was promised. */
struct reservation {
	struct reservation *prev, *next;	/* of the peer */
	struct reservation *all_prev, *all_next;	/* of the core, by since */
	struct name *name;
	struct peer *peer;			/* NULL: for this node */
	uint64_t ticket;
	uint64_t fence;		/* the greatest that the asking node knew by then */
	uint64_t since;
	bool replace;
};

struct name {
	UT_hash_handle hh;
	struct name *clash_prev, *clash_next;
	struct holder *holders;
	struct ask *asks;			/* own requests for it; the first is active */
	struct reservation *reserved;
	bool clashing;				/* is in core.names.clashes */
	uint8_t len;
	char text[];
};

/* A peer that was asked. */
struct vote {
	struct vote *prev, *next;
	struct peer *peer;
	bool granted;
};

enum ask_state {
	ASK_WAITING,	/* others of the same name come first, or all places are taken */
	ASK_FIRST,	/* the arbiter is being asked */
	ASK_REST,	/* all others are */
	ASK_BACKOFF,	/* somebody else has it reserved; try again in a while */
	ASK_COMMITTED,	/* the kernel gave it; its row has not come yet */
	ASK_DROPPING,	/* the holder's node is asked to take it from it */
};

/* A request of this node. */
struct ask {
	struct ask *prev, *next;		/* of the core */
	struct ask *name_prev, *name_next;
	struct name *name;
	struct vote *votes;
	uint64_t request;
	uint64_t ticket;
	uint64_t fence;				/* of COMMITTED */
	uint64_t deadline;
	uint64_t retry;				/* of BACKOFF */
	uint32_t uid;
	unsigned int tries;
	enum ask_state state;
	enum core_name_verdict refused;		/* YES: it was not */
	struct core_text by;			/* the holder's node, that refused it; a copy */
	bool replace;
	bool drop;
	bool ready;
};

/* A frame that is to be sent. */
struct note {
	struct note *prev, *next;
	struct peer *peer;	/* of one that waits */
	struct name *until;	/* for this name to change hands */
	enum frame_type type;
	struct frame_name frame;
	char text[];
};

static struct core_text text_of(const struct name *name)
{
	return (struct core_text){ name->text, name->len };
}

static struct core_text no_text(void)
{
	return (struct core_text){ NULL, 0 };
}

static struct core_text node_of(const struct core *core, const struct holder *holder)
{
	if (holder->node)
		return node_name(holder->node);
	return (struct core_text){ core->name, strlen(core->name) };
}

/* Is it asked, and believed, about names? */
static bool shares(const struct peer *peer)
{
	return peer->stage == PEER_UP && peer->features & FEATURE_NAMES && !peer->sync_error;
}

/* Are its rows its word of now? */
static bool is_current(const struct node *node)
{
	return node->peer && shares(node->peer) && node->complete && !node->filling;
}

/* --- names ------------------------------------------------------------------------ */

static struct name *find_name(const struct core *core, struct core_text text)
{
	struct name *name;

	HASH_FIND(hh, core->names.by_name, text.data, text.len, name);
	return name;
}

static struct name *get_name(struct core *core, struct core_text text)
{
	struct name *name = find_name(core, text);

	if (name)
		return name;
	name = mem_new(&core->memory, sizeof(*name) + text.len);
	name->len = (uint8_t)text.len;
	memcpy(name->text, text.data, text.len);
	HASH_ADD_KEYPTR(hh, core->names.by_name, name->text, name->len, name);
	return name;
}

/* When nothing is known of it any more. */
static void put_name(struct core *core, struct name *name)
{
	if (name->holders || name->asks || name->reserved)
		return;
	HASH_DEL(core->names.by_name, name);
	mem_drop(&core->memory, name, sizeof(*name) + name->len);
}

/* --- notes ------------------------------------------------------------------------ */

static size_t note_size(const struct note *note)
{
	return sizeof(*note) + note->frame.name.len + note->frame.node.len;
}

static struct note *make_note(struct core *core, enum frame_type type,
			      const struct frame_name *frame)
{
	struct note *note = mem_new(&core->memory,
				    sizeof(*note) + frame->name.len + frame->node.len);

	note->type = type;
	note->frame = *frame;
	note->frame.name.data = note->text;
	note->frame.node.data = note->text + frame->name.len;
	if (frame->name.len)
		memcpy(note->text, frame->name.data, frame->name.len);
	if (frame->node.len)
		memcpy(note->text + frame->name.len, frame->node.data, frame->node.len);
	return note;
}

static void drop_note(struct core *core, struct note **list, struct note *note)
{
	DL_DELETE(*list, note);
	mem_drop(&core->memory, note, note_size(note));
}

static void drop_notes(struct core *core, struct note **list)
{
	while (*list)
		drop_note(core, list, *list);
}

static void say_first(struct core *core, struct peer *peer, enum frame_type type,
		      const struct frame_name *frame)
{
	struct note *note = make_note(core, type, frame);

	peer->nr_notes += type == FRAME_NAME_ANSWER;
	DL_APPEND(peer->first, note);
	peer_wish(core, peer, 0);
}

/* fence: of what came of it, or 0. */
static void say_release(struct core *core, struct peer *peer, uint64_t ticket, uint64_t fence)
{
	const struct frame_name frame = { .ticket = ticket, .fence = fence };
	struct note *note = make_note(core, FRAME_NAME_RELEASE, &frame);

	DL_APPEND(peer->after, note);
	peer_wish(core, peer, 0);
}

enum engine_sent names_send(struct core *core, struct peer *peer, struct note **list)
{
	uint8_t data[FRAME_HELLO_MAX];

	while (*list) {
		struct wire_writer w = { .data = data, .size = sizeof(data) };
		struct note *note = *list;
		enum engine_sent sent;

		frame_put_name(&w, note->type, &note->frame);
		sent = peer_send(core, peer, data, w.len);
		if (sent != ENGINE_OK)
			return sent;
		peer->nr_notes -= note->type == FRAME_NAME_ANSWER;
		drop_note(core, list, note);
	}
	return ENGINE_OK;
}

/* Those who wait for a name to change hands are answered, after the row of that. */
static void wake_waiting(struct core *core, const struct name *name)
{
	struct note *note, *next;

	DL_FOREACH_SAFE(core->names.waiting, note, next) {
		if (note->until != name)
			continue;
		DL_DELETE(core->names.waiting, note);
		DL_APPEND(note->peer->after, note);
		peer_wish(core, note->peer, 0);
	}
}

static void forget_waiting(struct core *core, const struct peer *peer)
{
	struct note *note, *next;

	DL_FOREACH_SAFE(core->names.waiting, note, next)
		if (note->peer == peer)
			drop_note(core, &core->names.waiting, note);
}

/* --- holders ---------------------------------------------------------------------- */

static struct holder *find_holder(const struct name *name, const struct node *node,
				  uint64_t id)
{
	struct holder *holder;

	DL_FOREACH(name->holders, holder)
		if (holder->node == node && holder->id == id)
			return holder;
	return NULL;
}

static struct holder *own_holder(const struct name *name)
{
	struct holder *holder;

	DL_FOREACH(name->holders, holder)
		if (!holder->node)
			return holder;
	return NULL;
}

/* Keep it among those to be looked at, as long as there are holders here and there. */
static void note_clash(struct core *core, struct name *name)
{
	const struct holder *holder;
	bool here = false, there = false;

	DL_FOREACH(name->holders, holder) {
		here |= !holder->node;
		there |= !!holder->node;
	}
	if (name->clashing == (here && there))
		return;
	name->clashing = here && there;
	if (name->clashing)
		DL_APPEND2(core->names.clashes, name, clash_prev, clash_next);
	else
		DL_DELETE2(core->names.clashes, name, clash_prev, clash_next);
}

static void drop_holder(struct core *core, struct holder *holder)
{
	struct name *name = holder->name;

	DL_DELETE(name->holders, holder);
	if (holder->node)
		DL_DELETE2(holder->node->names, holder, node_prev, node_next);
	mem_drop(&core->memory, holder, sizeof(*holder));
	note_clash(core, name);
	put_name(core, name);
}

static void hear_fence(struct core *core, uint64_t fence)
{
	if (fence > core->names.fence && fence <= FENCE_BELIEVED)
		core->names.fence = fence;
}

static struct holder *put_holder(struct core *core, struct node *node,
				 const struct core_row *row)
{
	struct name *name = get_name(core, row->group);
	struct holder *holder = find_holder(name, node, row->id);

	if (!holder) {
		holder = mem_new(&core->memory, sizeof(*holder));
		holder->name = name;
		holder->node = node;
		holder->id = row->id;
		DL_APPEND(name->holders, holder);
		if (node)
			DL_APPEND2(node->names, holder, node_prev, node_next);
		note_clash(core, name);
	}
	if (holder->told.fence != row->told.fence)
		holder->displaced = holder->evicted = false;
	holder->told = row->told;
	holder->uid = row->uid;
	hear_fence(core, row->told.fence);
	return holder;
}

static void evict(struct core *core, struct holder *own, enum core_evict why,
		  struct core_text other)
{
	own->evicted = core->out.name_evict(core->arg, text_of(own->name), own->id,
					    own->told.fence, why, other);
}

/* --- reservations ----------------------------------------------------------------- */

static void unreserve(struct core *core, struct reservation *reserved)
{
	struct name *name = reserved->name;

	if (reserved->peer)
		DL_DELETE(reserved->peer->reserved, reserved);
	DL_DELETE2(core->names.reserved, reserved, all_prev, all_next);
	name->reserved = NULL;
	core->names.nr_reserved--;
	mem_drop(&core->memory, reserved, sizeof(*reserved));
}

/* False: it is another one's. */
static bool reserve(struct core *core, struct name *name, struct peer *peer,
		    const struct frame_name *asked)
{
	struct reservation *reserved = name->reserved;

	/* Who asked gives up after one time, reckoned from before that moment. */
	if (reserved && reserved->peer != peer &&
	    core->now - reserved->since < 2 * core->config.name_time)
		return false;
	if (reserved)
		unreserve(core, reserved);
	reserved = mem_new(&core->memory, sizeof(*reserved));
	reserved->name = name;
	reserved->peer = peer;
	reserved->ticket = asked->ticket;
	reserved->fence = asked->fence;
	reserved->replace = asked->replace;
	reserved->since = core->now;
	name->reserved = reserved;
	core->names.nr_reserved++;
	DL_APPEND2(core->names.reserved, reserved, all_prev, all_next);
	if (peer)
		DL_APPEND(peer->reserved, reserved);
	return true;
}

/* Of one whose end was lost, though the engine promises that nothing is. */
static uint64_t forgotten_at(const struct core *core)
{
	const struct reservation *first = core->names.reserved;

	return first ? first->since + FORGET_TIMES * core->config.name_time : CORE_NEVER;
}

static void forget_reservations(struct core *core)
{
	while (forgotten_at(core) <= core->now) {
		struct name *name = core->names.reserved->name;

		core->stats.reservations_forgotten++;
		unreserve(core, core->names.reserved);
		put_name(core, name);
	}
}

/* Root, too; that of another node is somebody else by now, unless it is obeyed. */
static bool owns(const struct core *core, const struct holder *own, uint32_t uid)
{
	return !uid || uid == own->uid || core->out.owns_names(core->arg, uid);
}

/*
 * May a node have a name, as far as its holders are concerned? asking: the peer, or
 * NULL for a process of this node, of which its kernel has judged the rights.
 */
static enum core_name_verdict judge(const struct core *core, const struct name *name,
				    const struct peer *asking, uint32_t uid, bool replace,
				    const struct holder **in_the_way)
{
	const struct holder *holder;

	DL_FOREACH(name->holders, holder) {
		/* Of its own ones it knows better. */
		if (asking && holder->node && holder->node->peer == asking)
			continue;
		/* So does the own kernel: it was asked first, and is last. */
		if (!asking && !holder->node)
			continue;
		*in_the_way = holder;
		if (holder->node && !is_current(holder->node))
			return CORE_NAME_SUSPECT;
		if (!replace)
			return CORE_NAME_TAKEN;
		if (!holder->node && asking && !owns(core, holder, uid))
			return CORE_NAME_DENIED;
	}
	*in_the_way = NULL;
	return CORE_NAME_YES;
}

/* --- who is asked ----------------------------------------------------------------- */

static size_t place_of(const struct core *core, struct core_text node)
{
	for (size_t i = 0; i < core->config.n_order; i++)
		if (core->order[i].len == node.len &&
		    !memcmp(core->order[i].data, node.data, node.len))
			return i;
	return core->config.n_order;
}

static int compare_text(struct core_text a, struct core_text b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static bool comes_before(const struct core *core, struct core_text a, struct core_text b)
{
	size_t place_a = place_of(core, a), place_b = place_of(core, b);

	return place_a != place_b ? place_a < place_b : compare_text(a, b) < 0;
}

/* The first that is connected, or NULL: this node. */
static struct peer *arbiter(const struct core *core)
{
	struct core_text first = { core->name, strlen(core->name) };
	struct peer *peer, *found = NULL;

	for (peer = core->peers; peer; peer = peer->hh.next) {
		if (!shares(peer) || !comes_before(core, node_name(peer->node), first))
			continue;
		first = node_name(peer->node);
		found = peer;
	}
	return found;
}

static struct vote *find_vote(const struct ask *ask, const struct peer *peer)
{
	struct vote *vote;

	DL_FOREACH(ask->votes, vote)
		if (vote->peer == peer)
			return vote;
	return NULL;
}

static void ask_peer(struct core *core, struct ask *ask, struct peer *peer)
{
	struct frame_name frame = {
		.ticket = ask->ticket, .name = text_of(ask->name), .uid = ask->uid,
		.replace = ask->replace, .fence = core->names.fence,
	};
	struct vote *vote = mem_new(&core->memory, sizeof(*vote));

	vote->peer = peer;
	DL_APPEND(ask->votes, vote);
	say_first(core, peer, ask->drop ? FRAME_NAME_DROP : FRAME_NAME_ASK, &frame);
}

static void drop_vote(struct core *core, struct ask *ask, struct vote *vote)
{
	DL_DELETE(ask->votes, vote);
	mem_drop(&core->memory, vote, sizeof(*vote));
}

static bool all_granted(const struct ask *ask)
{
	const struct vote *vote;

	DL_FOREACH(ask->votes, vote)
		if (!vote->granted)
			return false;
	return true;
}

/* A question that has not been sent yet. False: it has been. */
static bool take_back(struct core *core, struct peer *peer, uint64_t ticket)
{
	struct note *note;

	DL_FOREACH(peer->first, note)
		if (note->type != FRAME_NAME_ANSWER && note->frame.ticket == ticket) {
			drop_note(core, &peer->first, note);
			return true;
		}
	return false;
}

/* What was reserved, or may be, is free again. */
static void release(struct core *core, struct ask *ask)
{
	struct reservation *own = ask->name->reserved;

	while (ask->votes) {
		if (!take_back(core, ask->votes->peer, ask->ticket) && !ask->drop)
			say_release(core, ask->votes->peer, ask->ticket, ask->fence);
		drop_vote(core, ask, ask->votes);
	}
	if (own && !own->peer && own->ticket == ask->ticket)
		unreserve(core, own);
}

/* --- a request -------------------------------------------------------------------- */

static void make_ready(struct core *core, struct ask *ask)
{
	ask->ready = true;
	core->names.ready = true;
}

static bool is_active(const struct ask *ask)
{
	return ask->state != ASK_WAITING;
}

static void set_state(struct core *core, struct ask *ask, enum ask_state state)
{
	core->names.nr_active -= is_active(ask);
	ask->state = state;
	core->names.nr_active += is_active(ask);
}

static bool has_place(const struct core *core)
{
	return core->names.nr_active < ASKS_ACTIVE;
}

/* One that waits for nothing but a place may go on. */
static void give_place(struct core *core)
{
	struct ask *ask;

	if (!has_place(core) || core->names.nr_active == core->names.nr_asks)
		return;
	DL_FOREACH(core->names.asks, ask)
		if (!is_active(ask) && !ask->ready && ask->name->asks == ask) {
			make_ready(core, ask);
			return;
		}
}

static void forget_refusal(struct core *core, struct ask *ask)
{
	mem_drop(&core->memory, (void *)ask->by.data, ask->by.len);
	ask->by = no_text();
	ask->refused = CORE_NAME_YES;
}

static void refuse(struct core *core, struct ask *ask, enum core_name_verdict verdict,
		   struct core_text by)
{
	forget_refusal(core, ask);
	ask->refused = verdict;
	ask->by = (struct core_text){ mem_copy(&core->memory, by.data, by.len), by.len };
	make_ready(core, ask);
}

/* It is over; the next one for this name may go on. */
static void end_ask(struct core *core, struct ask *ask)
{
	struct name *name = ask->name;

	release(core, ask);
	forget_refusal(core, ask);
	DL_DELETE(core->names.asks, ask);
	DL_DELETE2(name->asks, ask, name_prev, name_next);
	core->names.nr_asks--;
	core->names.nr_active -= is_active(ask);
	mem_drop(&core->memory, ask, sizeof(*ask));
	if (name->asks)
		make_ready(core, name->asks);
	give_place(core);
	put_name(core, name);
}

static void answer(struct core *core, struct ask *ask, enum core_name_verdict verdict,
		   struct core_text by)
{
	core->out.name_answer(core->arg, ask->request, verdict, by);
	end_ask(core, ask);
}

/* Bounded, and another time at each node and each try. */
static uint64_t backoff(struct core *core, const struct ask *ask)
{
	unsigned int step = ask->tries < BACKOFF_STEPS ? ask->tries : BACKOFF_STEPS;
	uint64_t bound = BACKOFF_FIRST << step, tries = core->names.tries++;

	return bound / 2 + siphash(core->own.digest_key, &tries, sizeof(tries)) % bound;
}

static void was_refused(struct core *core, struct ask *ask)
{
	if (ask->refused != CORE_NAME_BUSY) {
		answer(core, ask, ask->refused, ask->by);
		return;
	}
	release(core, ask);
	forget_refusal(core, ask);
	ask->retry = core->now + backoff(core, ask);
	ask->tries++;
	set_state(core, ask, ASK_BACKOFF);
	core->stats.name_retries++;
}

static void displace(struct name *name)
{
	struct holder *holder;

	DL_FOREACH(name->holders, holder)
		holder->displaced = holder->node;
}

static void commit(struct core *core, struct ask *ask)
{
	core->stats.name_commits++;
	ask->fence = core->out.name_commit(core->arg, ask->request, text_of(ask->name),
					    core->names.fence);
	if (!ask->fence) {
		end_ask(core, ask);
		return;
	}
	hear_fence(core, ask->fence);
	displace(ask->name);
	/* Its row is to be told before others are let go. */
	ask->deadline = core->now + core->config.name_time;
	set_state(core, ask, ASK_COMMITTED);
}

/* Its own node's word comes first, whoever is asked next. */
static bool may_go_on(struct core *core, struct ask *ask)
{
	const struct holder *holder;
	enum core_name_verdict verdict = judge(core, ask->name, NULL, ask->uid, ask->replace,
					       &holder);

	if (verdict == CORE_NAME_YES)
		return true;
	refuse(core, ask, verdict, node_of(core, holder));
	was_refused(core, ask);
	return false;
}

static void ask_rest(struct core *core, struct ask *ask)
{
	const struct frame_name asked = { .ticket = ask->ticket, .replace = ask->replace };
	struct peer *peer;

	if (!reserve(core, ask->name, NULL, &asked)) {
		refuse(core, ask, CORE_NAME_BUSY, no_text());
		was_refused(core, ask);
		return;
	}
	set_state(core, ask, ASK_REST);
	for (peer = core->peers; peer; peer = peer->hh.next)
		if (shares(peer) && !find_vote(ask, peer))
			ask_peer(core, ask, peer);
	if (all_granted(ask))
		commit(core, ask);
}

static void begin_register(struct core *core, struct ask *ask)
{
	struct peer *first = arbiter(core);

	if (!may_go_on(core, ask))
		return;
	ask->ticket = ++core->names.ticket;
	if (!first) {
		ask_rest(core, ask);
		return;
	}
	set_state(core, ask, ASK_FIRST);
	ask_peer(core, ask, first);
}

/* For a user of a node, who may own it. */
static enum core_name_verdict take_away(struct core *core, struct holder *own, uint32_t uid,
					struct core_text node)
{
	if (!owns(core, own, uid))
		return CORE_NAME_DENIED;
	if (!own->evicted)
		evict(core, own, CORE_EVICT_UNREGISTERED, node);
	return own->evicted ? CORE_NAME_YES : CORE_NAME_BUSY;
}

static void begin_drop(struct core *core, struct ask *ask)
{
	struct holder *holder = own_holder(ask->name);

	if (!holder)
		holder = ask->name->holders;
	if (!holder) {
		answer(core, ask, CORE_NAME_MISSING, no_text());
	} else if (!holder->node) {
		answer(core, ask, take_away(core, holder, ask->uid, node_of(core, holder)),
		       node_of(core, holder));
	} else if (!is_current(holder->node)) {
		answer(core, ask, CORE_NAME_SUSPECT, node_of(core, holder));
	} else {
		ask->ticket = ++core->names.ticket;
		set_state(core, ask, ASK_DROPPING);
		ask_peer(core, ask, holder->node->peer);
	}
}

static void begin_ask(struct core *core, struct ask *ask)
{
	if (ask->drop)
		begin_drop(core, ask);
	else
		begin_register(core, ask);
}

/* Carry on with a request; it may be over then. */
static void step(struct core *core, struct ask *ask)
{
	ask->ready = false;
	if (ask->refused != CORE_NAME_YES) {
		was_refused(core, ask);
		return;
	}
	switch (ask->state) {
	case ASK_WAITING:
		if (ask->name->asks == ask && has_place(core))
			begin_ask(core, ask);
		break;
	case ASK_FIRST:
		if (!ask->votes)
			begin_ask(core, ask);	/* the arbiter has gone */
		else if (all_granted(ask))
			ask_rest(core, ask);
		break;
	case ASK_REST:
		if (all_granted(ask) && may_go_on(core, ask))
			commit(core, ask);
		break;
	case ASK_DROPPING:
		if (all_granted(ask))
			answer(core, ask, CORE_NAME_YES, no_text());
		break;
	case ASK_BACKOFF:
	case ASK_COMMITTED:
		break;
	}
}

/* Its time is over. */
static void expire(struct core *core, struct ask *ask)
{
	if (ask->state == ASK_COMMITTED)
		end_ask(core, ask);
	else if (ask->state == ASK_BACKOFF || ask->state == ASK_WAITING)
		answer(core, ask, CORE_NAME_BUSY, no_text());
	else
		answer(core, ask, CORE_NAME_LATE, no_text());
}

bool names_run(struct core *core)
{
	struct ask *ask, *next;
	bool did = core->names.ready;

	forget_reservations(core);
	core->names.ready = false;
	DL_FOREACH_SAFE(core->names.asks, ask, next) {
		if (ask->deadline <= core->now) {
			expire(core, ask);
		} else if (ask->state == ASK_BACKOFF && ask->retry <= core->now) {
			begin_ask(core, ask);
		} else if (ask->ready) {
			step(core, ask);
		}
	}
	return did;
}

uint64_t names_wake(const struct core *core)
{
	uint64_t wake = forgotten_at(core);
	const struct ask *ask;

	DL_FOREACH(core->names.asks, ask) {
		if (ask->deadline < wake)
			wake = ask->deadline;
		if (ask->state == ASK_BACKOFF && ask->retry < wake)
			wake = ask->retry;
	}
	return wake;
}

/* --- from the driver --------------------------------------------------------------- */

static void new_ask(struct core *core, const struct core_name_request *request, bool drop)
{
	struct name *name;
	struct ask *ask;

	if (core->names.nr_asks >= ASKS_MAX) {
		core->out.name_answer(core->arg, request->id, CORE_NAME_BUSY, no_text());
		return;
	}
	name = get_name(core, request->name);
	ask = mem_new(&core->memory, sizeof(*ask));
	ask->name = name;
	ask->request = request->id;
	ask->uid = request->uid;
	ask->replace = request->replace;
	ask->drop = drop;
	ask->deadline = core->now + core->config.name_time;
	DL_APPEND(core->names.asks, ask);
	DL_APPEND2(name->asks, ask, name_prev, name_next);
	core->names.nr_asks++;
	make_ready(core, ask);
}

void core_name_register(struct core *core, const struct core_name_request *request)
{
	new_ask(core, request, false);
}

void core_name_unregister(struct core *core, const struct core_name_request *request)
{
	new_ask(core, request, true);
}

void core_name_cancel(struct core *core, uint64_t request)
{
	struct ask *ask;

	DL_FOREACH(core->names.asks, ask)
		if (ask->request == request && ask->state != ASK_COMMITTED) {
			end_ask(core, ask);
			return;
		}
}

/* --- conflicts ---------------------------------------------------------------------- */

/*
 * Who takes a name over keeps its stamp, so of two with one stamp the one of the lesser
 * number, or who had it from that one, was asked and has agreed: before an agent was
 * killed, perhaps, or the nodes parted.
 */
static bool was_taken_over(const struct holder *from, const struct holder *by)
{
	return from->told.stamp == by->told.stamp && from->told.fence < by->told.fence;
}

/* Both ends come to the same, each from both rows. */
static bool is_later(const struct core *core, const struct holder *own,
		     const struct holder *other)
{
	int order;

	if (own->told.stamp != other->told.stamp)
		return own->told.stamp > other->told.stamp;
	order = compare_text(node_of(core, own), node_name(other->node));
	return order ? order > 0 : core->incarnation > other->node->incarnation;
}

static bool both_lose(const struct holder *own, const struct holder *other)
{
	return own->told.resolve == CORE_NOTIFY_ALL || other->told.resolve == CORE_NOTIFY_ALL;
}

static bool loses(const struct core *core, const struct holder *own,
		  const struct holder *other)
{
	return was_taken_over(own, other) || both_lose(own, other) || is_later(core, own, other);
}

/* Both know of each other now. In the middle of our snapshot the other one judges nothing,
 * not even our removal, so it would not lose its name, too.
 */
static bool have_met(const struct holder *own, const struct holder *other)
{
	const struct peer *peer = other->node->peer;

	return is_current(other->node) && peer->started && !peer->snapshot &&
	       peer->cursor.seen >= own->seq;
}

static void resolve(struct core *core, struct holder *own)
{
	struct holder *other;

	DL_FOREACH(own->name->holders, other) {
		if (!other->node || other->displaced || was_taken_over(other, own) ||
		    !have_met(own, other) || !loses(core, own, other))
			continue;
		if (was_taken_over(own, other)) {
			core_log(core, CORE_LOG_INFO, "a name is let go, which node %.*s has "
				 "taken over", TEXT(node_name(other->node)));
			evict(core, own, CORE_EVICT_REPLACED, node_name(other->node));
			return;
		}
		core->stats.name_conflicts++;
		core_log(core, CORE_LOG_WARNING, "a name is held here and on node %.*s, too",
			 TEXT(node_name(other->node)));
		evict(core, own, own->told.resolve == CORE_RANDOM_EXIT ? CORE_EVICT_EXIT :
		      CORE_EVICT_CONFLICT, node_name(other->node));
		return;
	}
}

void names_resolve(struct core *core)
{
	struct holder *holder;
	struct name *name;

	for (name = core->names.clashes; name; name = name->clash_next)
		DL_FOREACH(name->holders, holder)
			if (!holder->node && !holder->evicted)
				resolve(core, holder);
}

/* Of which it is said that it ended by itself, without losing its name. */
static bool has_ended(const struct holder *other, enum core_why why)
{
	return why == CORE_EXITED ||
	       (why == CORE_KILLED && other->told.resolve != CORE_RANDOM_EXIT);
}

/*
 * The row of another node is about to leave. It may be that this one lost a name there
 * which both lose, before names_resolve() has come to it here.
 */
static void resolve_before(struct core *core, const struct holder *other, enum core_why why)
{
	struct holder *own = own_holder(other->name);

	if (own && !own->evicted && both_lose(own, other) && !has_ended(other, why))
		resolve(core, own);
}

/* --- rows -------------------------------------------------------------------------- */

static bool is_of_names(const struct core_row *row)
{
	return row->id && row->scope.len == strlen(CORE_NAMES) &&
	       !memcmp(row->scope.data, CORE_NAMES, row->scope.len);
}

static void remove_holder(struct core *core, struct node *node, const struct core_row *row)
{
	struct name *name = find_name(core, row->group);
	struct holder *holder = name ? find_holder(name, node, row->id) : NULL;

	if (!holder)
		return;
	if (node)
		resolve_before(core, holder, row->end.why);
	else
		wake_waiting(core, name);
	drop_holder(core, holder);
}

void names_own(void *arg, const struct own_row *own)
{
	struct core *core = arg;
	struct holder *holder;
	struct core_row row;

	rows_view(own, &row);
	if (!is_of_names(&row))
		return;
	if (!row.count) {
		remove_holder(core, NULL, &row);
		return;
	}
	holder = put_holder(core, NULL, &row);
	holder->seq = own->seq;
}

/*
 * Is this number that of a registration that we agreed to? One that the asking node
 * made before has not a greater one than it knew when it asked.
 */
static void was_replaced(struct core *core, const struct reservation *reserved, uint64_t fence)
{
	struct holder *own = own_holder(reserved->name);

	if (!own || own->evicted || !reserved->replace || fence <= reserved->fence)
		return;
	evict(core, own, CORE_EVICT_REPLACED, node_name(reserved->peer->node));
}

void names_remote(struct core *core, struct node *node, const struct core_row *row)
{
	struct holder *holder;

	if (!row->count) {
		remove_holder(core, node, row);
		return;
	}
	holder = put_holder(core, node, row);
	holder->fill = node->fill;
	if (holder->name->reserved && holder->name->reserved->peer == node->peer)
		was_replaced(core, holder->name->reserved, holder->told.fence);
}

/*
 * The row of what was committed. Without a number it is that of somebody who has it no
 * more: of the one before, who is known, or of the new one, who never was.
 */
static bool is_committed(const struct ask *ask, const struct core_row *row)
{
	struct core_text name = text_of(ask->name);
	const struct holder *known;

	if (ask->state != ASK_COMMITTED || !row)
		return ask->state == ASK_COMMITTED;
	if (row->group.len != name.len || memcmp(row->group.data, name.data, name.len))
		return false;
	if (row->count)
		return row->told.fence >= ask->fence;
	known = find_holder(ask->name, NULL, row->id);
	return !known || known->told.fence >= ask->fence;
}

void names_seen(struct core *core, const struct core_row *row)
{
	struct ask *ask, *next;

	if (row && !is_of_names(row))
		return;
	DL_FOREACH_SAFE(core->names.asks, ask, next)
		if (is_committed(ask, row))
			end_ask(core, ask);
}

void names_commit(struct core *core, struct node *node)
{
	struct holder *holder, *next;

	for (holder = node->names; holder; holder = next) {
		next = holder->node_next;
		if (holder->fill != node->fill)
			drop_holder(core, holder);
	}
}

void names_forget(struct core *core, struct node *node)
{
	while (node->names)
		drop_holder(core, node->names);
}

/* --- peers ------------------------------------------------------------------------- */

void names_peer_up(struct core *core, struct peer *peer)
{
	struct ask *ask;

	if (!shares(peer))
		return;
	/* It may hold the name, or be about to give it away. */
	DL_FOREACH(core->names.asks, ask)
		if (ask->state == ASK_REST)
			ask_peer(core, ask, peer);
}

static void lose_vote(struct core *core, struct ask *ask, struct peer *peer)
{
	struct vote *vote = find_vote(ask, peer);

	if (!vote)
		return;
	drop_vote(core, ask, vote);
	if (ask->state == ASK_DROPPING)
		refuse(core, ask, CORE_NAME_SUSPECT, node_name(peer->node));
	else
		make_ready(core, ask);
}

void names_peer_down(struct core *core, struct peer *peer)
{
	struct holder *holder;
	struct name *name;
	struct ask *ask;

	drop_notes(core, &peer->first);
	drop_notes(core, &peer->after);
	forget_waiting(core, peer);
	DL_FOREACH(core->names.asks, ask)
		lose_vote(core, ask, peer);
	while (peer->reserved) {
		name = peer->reserved->name;
		unreserve(core, peer->reserved);
		put_name(core, name);
	}
	/* What it agreed to it may have forgotten; their stamps tell. */
	for (holder = peer->node ? peer->node->names : NULL; holder; holder = holder->node_next)
		holder->displaced = false;
}

/* --- frames ------------------------------------------------------------------------ */

static void say_answer(struct core *core, struct peer *peer, uint64_t ticket,
		       enum core_name_verdict verdict, struct core_text node)
{
	const struct frame_name frame = {
		.ticket = ticket, .verdict = verdict, .fence = core->names.fence, .node = node,
	};

	say_first(core, peer, FRAME_NAME_ANSWER, &frame);
}

static unsigned int nr_reserved(const struct peer *peer)
{
	const struct reservation *reserved;
	unsigned int n = 0;

	DL_FOREACH(peer->reserved, reserved)
		n++;
	return n;
}

static void take_ask(struct core *core, struct peer *peer, const struct frame_name *frame)
{
	struct name *name = get_name(core, frame->name);
	const struct holder *holder;
	enum core_name_verdict verdict = judge(core, name, peer, frame->uid, frame->replace,
					       &holder);

	if (verdict == CORE_NAME_YES && !reserve(core, name, peer, frame))
		verdict = CORE_NAME_BUSY;
	say_answer(core, peer, frame->ticket, verdict,
		   holder ? node_of(core, holder) : no_text());
	put_name(core, name);
}

static void take_release(struct core *core, struct peer *peer, uint64_t ticket, uint64_t fence)
{
	struct reservation *reserved;
	struct name *name;

	DL_FOREACH(peer->reserved, reserved)
		if (reserved->ticket == ticket)
			break;
	if (!reserved)
		return;
	name = reserved->name;
	was_replaced(core, reserved, fence);
	unreserve(core, reserved);
	put_name(core, name);
}

static struct ask *find_ask(const struct core *core, uint64_t ticket)
{
	struct ask *ask;

	DL_FOREACH(core->names.asks, ask)
		if (ask->ticket == ticket)
			return ask;
	return NULL;
}

static void take_answer(struct core *core, struct peer *peer, const struct frame_name *frame)
{
	struct ask *ask = find_ask(core, frame->ticket);
	struct vote *vote = ask ? find_vote(ask, peer) : NULL;

	hear_fence(core, frame->fence);
	/* To an earlier try, perhaps. */
	if (!vote || vote->granted || ask->state == ASK_COMMITTED)
		return;
	if (frame->verdict == CORE_NAME_YES) {
		vote->granted = true;
		make_ready(core, ask);
		return;
	}
	drop_vote(core, ask, vote);
	/* To be missing is no reason not to give it away; and to the kernel it is none. */
	refuse(core, ask, !ask->drop && frame->verdict == CORE_NAME_MISSING ? CORE_NAME_BUSY :
	       frame->verdict, frame->node);
}

/* The answer waits until the row has gone, so that it has gone for who asks, too. */
static void take_drop(struct core *core, struct peer *peer, const struct frame_name *frame)
{
	struct name *name = find_name(core, frame->name);
	struct holder *own = name ? own_holder(name) : NULL;
	struct frame_name said = { .ticket = frame->ticket, .fence = core->names.fence };
	enum core_name_verdict verdict = CORE_NAME_MISSING;
	struct note *note;

	if (own)
		verdict = take_away(core, own, frame->uid, node_name(peer->node));
	if (verdict != CORE_NAME_YES) {
		say_answer(core, peer, frame->ticket, verdict,
			   own ? node_of(core, own) : no_text());
		return;
	}
	note = make_note(core, FRAME_NAME_ANSWER, &said);
	note->peer = peer;
	note->until = name;
	peer->nr_notes++;
	DL_APPEND(core->names.waiting, note);
}

bool names_frame(struct core *core, struct peer *peer, enum frame_type type,
		 const struct frame_name *frame)
{
	struct frame_name asked = *frame;

	if (!shares(peer))
		return true;
	if (peer->nr_notes > PEER_MAX || nr_reserved(peer) > PEER_MAX)
		return false;
	/* As with acts. */
	if (!asked.uid && !core->config.remote_root)
		asked.uid = NOBODY;
	switch (type) {
	case FRAME_NAME_ASK:
		take_ask(core, peer, &asked);
		break;
	case FRAME_NAME_ANSWER:
		take_answer(core, peer, frame);
		break;
	case FRAME_NAME_RELEASE:
		take_release(core, peer, frame->ticket, frame->fence);
		break;
	default:
		take_drop(core, peer, &asked);
		break;
	}
	return true;
}

/* --- life -------------------------------------------------------------------------- */

void names_stats(const struct core *core, struct core_stats *stats)
{
	stats->names = HASH_COUNT(core->names.by_name);
	stats->name_requests = core->names.nr_asks;
	stats->reservations = core->names.nr_reserved;
	stats->memory += HASH_OVERHEAD(hh, core->names.by_name);
}

/* The name goes with the last one. */
static void drop_holders(struct core *core, struct name *name)
{
	while (name->holders->next)
		drop_holder(core, name->holders);
	drop_holder(core, name->holders);
}

void names_free(struct core *core)
{
	struct name *name, *next;

	while (core->names.asks)
		end_ask(core, core->names.asks);
	drop_notes(core, &core->names.waiting);
	for (name = core->names.by_name; name; name = next) {
		next = name->hh.next;
		if (name->reserved)
			unreserve(core, name->reserved);
		if (!name->holders)
			put_name(core, name);
		else
			drop_holders(core, name);
	}
}
