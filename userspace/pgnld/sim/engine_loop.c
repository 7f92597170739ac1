// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* --- what it consists of ---------------------------------------------------------- */

struct event {
	uint64_t when;
	uint64_t order;		/* of those at the same time */
	void (*call)(void *arg, uint64_t cookie);
	void *arg;
	uint64_t cookie;
};

struct frame {
	struct frame *prev, *next;
	struct end *to;
	size_t len;
	uint8_t data[];
};

enum note_type { NOTE_UP, NOTE_FRAME, NOTE_ROOM, NOTE_DOWN };

/* What an agent is to be told. */
struct note {
	struct note *prev, *next;
	enum note_type type;
	struct end *end;
	struct frame *frame;
};

/* One end of an epoch. */
struct end {
	struct link *link;
	struct end *other;
	struct agent *agent;
	uint64_t number;
	uint64_t epoch;
	bool stranger;			/* the agent has not said who it is */
	bool up;			/* the agent was told that it has begun */
	bool ended;			/* for the agent it is over */
	bool wants_room;
	unsigned int under_way;		/* frames to this end */
	uint64_t last;			/* when the last of them arrives */
	struct frame *held;		/* by a cut */
};

/* An epoch. All of them are kept until the network goes. */
struct link {
	struct link *next;
	struct loop_net *net;
	struct pair *pair;
	struct end ends[2];
	bool broken;			/* what is under way is lost */
	bool closed;			/* by an agent */
};

/* Two sites, whether they have an epoch or not. */
struct pair {
	struct link *link;
	unsigned int sites[2];
	uint64_t delay;
	uint64_t retry;			/* not before */
	uint64_t changes;		/* of what is cut */
	bool cut[2];			/* to each of the sites */
};

struct agent {
	struct engine engine;
	struct agent *next;
	struct loop_net *net;
	unsigned int site;
	const struct engine_events *events;
	void *arg;
	struct note *notes;
	unsigned int strangers;
	bool running;			/* started, and not ended */
	bool stopped;
	bool busy;			/* an event will take the next note */
	uint64_t pause;
};

struct loop_net {
	struct loop_config config;
	uint64_t random[2];
	uint64_t now;
	uint64_t orders;
	uint64_t epochs;
	struct event *heap;
	size_t nr_events, room;
	struct agent **sites;
	struct pair **pairs;
	struct agent *agents;		/* all that ever were */
	struct link *links;
	struct loop_stats stats;
};

static void *make(size_t size)
{
	void *ptr = calloc(1, size);

	if (!ptr)
		abort();
	return ptr;
}

/* --- chance (xoroshiro128+) -------------------------------------------------------- */

static uint64_t next_random(struct loop_net *net)
{
	uint64_t a = net->random[0], b = net->random[1], sum = a + b;

	b ^= a;
	net->random[0] = (a << 24 | a >> 40) ^ b ^ b << 16;
	net->random[1] = b << 37 | b >> 27;
	return sum;
}

uint64_t loop_random(struct loop_net *net, uint64_t below)
{
	return below ? (next_random(net) >> 11) % below : 0;
}

static void seed_random(struct loop_net *net, uint64_t seed)
{
	for (int i = 0; i < 2; i++) {
		uint64_t z = seed += 0x9e3779b97f4a7c15;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		net->random[i] = z ^ z >> 31;
	}
}

/* --- time ------------------------------------------------------------------------- */

static bool before(const struct event *a, const struct event *b)
{
	return a->when < b->when || (a->when == b->when && a->order < b->order);
}

void loop_at(struct loop_net *net, uint64_t when, void (*call)(void *arg, uint64_t cookie),
	     void *arg, uint64_t cookie)
{
	struct event event = { when < net->now ? net->now : when, net->orders++, call, arg,
			       cookie };
	size_t i = net->nr_events++;

	if (net->nr_events > net->room) {
		net->room = net->room ? net->room * 2 : 64;
		net->heap = realloc(net->heap, net->room * sizeof(*net->heap));
		if (!net->heap)
			abort();
	}
	for (; i && before(&event, &net->heap[(i - 1) / 2]); i = (i - 1) / 2)
		net->heap[i] = net->heap[(i - 1) / 2];
	net->heap[i] = event;
}

static struct event take(struct loop_net *net)
{
	struct event first = net->heap[0], last = net->heap[--net->nr_events];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < net->nr_events) {
		if (child + 1 < net->nr_events &&
		    before(&net->heap[child + 1], &net->heap[child]))
			child++;
		if (!before(&net->heap[child], &last))
			break;
		net->heap[i] = net->heap[child];
		i = child;
	}
	net->heap[i] = last;
	return first;
}

bool loop_step(struct loop_net *net, uint64_t until)
{
	struct event event;

	if (!net->nr_events || net->heap[0].when > until) {
		if (net->now < until)
			net->now = until;
		return false;
	}
	event = take(net);
	net->now = event.when;
	net->stats.steps++;
	event.call(event.arg, event.cookie);
	return true;
}

uint64_t loop_now(const struct loop_net *net)
{
	return net->now;
}

/* --- pairs ------------------------------------------------------------------------ */

static struct pair *pair_of(const struct loop_net *net, unsigned int a, unsigned int b)
{
	unsigned int low = a < b ? a : b, high = a < b ? b : a;
	struct pair **pair = &net->pairs[(size_t)high * (high - 1) / 2 + low];

	if (!*pair) {
		*pair = make(sizeof(**pair));
		(*pair)->sites[0] = low;
		(*pair)->sites[1] = high;
	}
	return *pair;
}

static bool *cut_to(struct pair *pair, unsigned int site)
{
	return &pair->cut[pair->sites[1] == site];
}

/* NULL: the epoch is that of an agent before this one. */
static struct end *end_of(struct link *link, const struct agent *agent)
{
	for (int i = 0; link && i < 2; i++)
		if (link->ends[i].agent == agent)
			return &link->ends[i];
	return NULL;
}

static bool is_open(const struct end *end)
{
	return end->up && !end->ended;
}

static uint64_t delay_of(struct loop_net *net, const struct pair *pair)
{
	return net->config.delay + pair->delay + loop_random(net, net->config.jitter);
}

static void connect_pair(void *arg, uint64_t cookie);

static void connect_after(struct loop_net *net, struct pair *pair, uint64_t pause)
{
	if (pair->retry < net->now + pause)
		pair->retry = net->now + pause;
	loop_at(net, pair->retry, connect_pair, net,
		(uint64_t)pair->sites[0] << 32 | pair->sites[1]);
}

/* If it is over at both ends there may be a new one. */
static void release(struct link *link)
{
	struct loop_net *net = link->net;
	uint64_t pause = net->config.retry + loop_random(net, net->config.retry);

	if (!link->ends[0].ended || !link->ends[1].ended || link->pair->link != link)
		return;
	if (link->closed && pause < LOOP_S)
		pause = LOOP_S + loop_random(net, LOOP_S / 2);
	link->pair->link = NULL;
	connect_after(net, link->pair, pause);
}

static void make_known(struct end *end)
{
	if (end->stranger)
		end->agent->strangers--;
	end->stranger = false;
}

static void set_ended(struct end *end)
{
	make_known(end);
	end->ended = true;
}

static void end_end(struct end *end)
{
	set_ended(end);
	release(end->link);
}

/* --- what agents are told ------------------------------------------------------------ */

static void tell_next(void *arg, uint64_t cookie);

static void keep_busy(struct agent *agent, uint64_t pause)
{
	if (agent->busy || agent->stopped || !agent->notes)
		return;
	agent->busy = true;
	loop_at(agent->net, agent->net->now + pause, tell_next, agent, 0);
}

static void note(struct end *end, enum note_type type, struct frame *frame)
{
	struct note *new = make(sizeof(*new));

	*new = (struct note){ .type = type, .end = end, .frame = frame };
	DL_APPEND(end->agent->notes, new);
	keep_busy(end->agent, 0);
}

/* Those of the end, or all; frames alone, if so asked. */
static void drop_notes(struct agent *agent, const struct end *end, bool frames)
{
	struct note *old, *next;

	DL_FOREACH_SAFE(agent->notes, old, next) {
		if ((end && old->end != end) || (frames && old->type != NOTE_FRAME))
			continue;
		DL_DELETE(agent->notes, old);
		if (old->frame)
			agent->net->stats.lost++;
		free(old->frame);
		free(old);
	}
}

/* One less is under way to this end. */
static void make_room(struct end *end)
{
	struct end *sender = end->other;

	end->under_way--;
	if (!sender->wants_room || !is_open(sender) || !sender->agent->running ||
	    end->under_way > end->link->net->config.window / 2)
		return;
	sender->wants_room = false;
	note(sender, NOTE_ROOM, NULL);
}

static void tell(struct agent *agent, const struct note *first)
{
	struct end *end = first->end;
	uint64_t peer = end->other->agent->site + 1;

	if (end->ended || (!end->up && (first->type == NOTE_FRAME || first->type == NOTE_ROOM)))
		return;
	switch (first->type) {
	case NOTE_UP:
		end->up = true;
		end->epoch = ++agent->net->epochs;
		agent->events->peer_up(agent->arg, peer, end->epoch,
				       &(struct engine_ends){ end->number, end->other->number });
		break;
	case NOTE_FRAME:
		make_room(end);
		agent->events->recv(agent->arg, peer, end->epoch, first->frame->data,
				    first->frame->len);
		break;
	case NOTE_ROOM:
		agent->events->room(agent->arg, peer, end->epoch);
		break;
	case NOTE_DOWN:
		set_ended(end);
		if (end->up)
			agent->events->peer_down(agent->arg, peer, end->epoch);
		release(end->link);
		break;
	}
}

static void tell_next(void *arg, uint64_t cookie)
{
	struct agent *agent = arg;
	struct note *first = agent->notes;

	(void)cookie;
	agent->busy = false;
	if (!agent->running || agent->stopped || !first)
		return;
	DL_DELETE(agent->notes, first);
	tell(agent, first);
	keep_busy(agent, first->type == NOTE_FRAME ? agent->pause : 0);
	free(first->frame);
	free(first);
}

/* --- epochs ----------------------------------------------------------------------- */

static void begin_end(void *arg, uint64_t cookie)
{
	struct end *end = arg;

	(void)cookie;
	if (!end->ended && !end->link->broken && !end->link->closed)
		note(end, NOTE_UP, NULL);
}

static bool has_room(const struct agent *agent)
{
	unsigned int most = agent->net->config.strangers;

	return !most || agent->strangers < most;
}

static void connect_pair(void *arg, uint64_t cookie)
{
	struct loop_net *net = arg;
	struct pair *pair = pair_of(net, (unsigned int)(cookie >> 32), (unsigned int)cookie);
	struct agent *agents[2] = { net->sites[pair->sites[0]], net->sites[pair->sites[1]] };
	struct link *link;

	if (pair->link || pair->cut[0] || pair->cut[1] || pair->retry > net->now ||
	    !agents[0] || !agents[0]->running || !agents[1] || !agents[1]->running)
		return;
	if (!has_room(agents[0]) || !has_room(agents[1])) {
		connect_after(net, pair, LOOP_MS);
		return;
	}
	link = make(sizeof(*link));
	link->net = net;
	link->pair = pair;
	link->next = net->links;
	net->links = pair->link = link;
	net->stats.epochs++;
	for (int i = 0; i < 2; i++) {
		struct end *end = &link->ends[i];

		end->link = link;
		end->other = &link->ends[!i];
		end->agent = agents[i];
		end->number = 2 * net->stats.epochs + i;
		end->stranger = true;
		agents[i]->strangers++;
		end->last = net->now + delay_of(net, pair);
		loop_at(net, end->last, begin_end, end, 0);
	}
}

static void down_end(void *arg, uint64_t cookie)
{
	struct end *end = arg;

	(void)cookie;
	if (end->ended)
		return;
	if (!end->agent->running) {
		end_end(end);
		return;
	}
	if (end->link->broken && loop_random(end->link->net, 2))
		drop_notes(end->agent, end, true);
	note(end, NOTE_DOWN, NULL);
}

static void drop_held(struct end *end)
{
	struct frame *frame, *next;

	DL_FOREACH_SAFE(end->held, frame, next)
		free(frame);
	end->held = NULL;
}

/* Each end learns it in its own time. */
static void break_link(struct link *link)
{
	struct loop_net *net = link->net;

	if (link->broken)
		return;
	link->broken = true;
	for (int i = 0; i < 2; i++) {
		drop_held(&link->ends[i]);
		loop_at(net, net->now + loop_random(net, net->config.notice_jitter), down_end,
			&link->ends[i], 0);
	}
}

void loop_reset(struct loop_net *net, unsigned int a, unsigned int b)
{
	struct link *link = pair_of(net, a, b)->link;

	if (link)
		break_link(link);
}

/* --- frames ----------------------------------------------------------------------- */

/* One in so many. */
static bool is_chosen(struct loop_net *net, unsigned int many)
{
	return many && !loop_random(net, many);
}

/* To the agent of the epoch, when that has ended, and another one may have begun. */
static void haunt(void *arg, uint64_t cookie)
{
	struct frame *frame = arg;
	struct end *end = frame->to;
	struct agent *agent = end->agent;

	(void)cookie;
	if (agent->running && !agent->stopped && end->up)
		agent->events->recv(agent->arg, end->other->agent->site + 1, end->epoch,
				    frame->data, frame->len);
	free(frame);
}

static void arrive(void *arg, uint64_t cookie)
{
	struct frame *frame = arg;
	struct end *end = frame->to;

	(void)cookie;
	if (!end->link->broken && !end->ended && end->agent->running) {
		note(end, NOTE_FRAME, frame);
		return;
	}
	end->link->net->stats.lost++;
	if (end->ended && is_chosen(end->link->net, end->link->net->config.ghosts))
		loop_at(end->link->net, end->link->net->now +
			loop_random(end->link->net, 2 * LOOP_S), haunt, frame, 0);
	else
		free(frame);
}

void loop_behave(struct loop_net *net)
{
	net->config.losses = net->config.ghosts = 0;
}

/* In the order sent, whatever the delays. */
static void carry(struct frame *frame)
{
	struct end *end = frame->to;
	struct loop_net *net = end->link->net;
	uint64_t when = net->now + delay_of(net, end->link->pair);

	if (end->last < when)
		end->last = when;
	loop_at(net, end->last, arrive, frame, 0);
}

static enum engine_sent send(struct engine *engine, uint64_t peer, uint64_t epoch,
			     const void *data, size_t len)
{
	struct agent *agent = (struct agent *)engine;
	struct loop_net *net = agent->net;
	struct pair *pair = pair_of(net, agent->site, (unsigned int)peer - 1);
	struct frame *frame;
	struct end *end, *to;

	end = end_of(pair->link, agent);
	if (!end || !is_open(end) || end->epoch != epoch)
		return ENGINE_GONE;
	to = end->other;
	if (to->under_way >= net->config.window) {
		end->wants_room = true;
		return ENGINE_FULL;
	}
	net->stats.frames++;
	net->stats.bytes += len;
	if (pair->link->broken || to->ended || is_chosen(net, net->config.losses)) {
		net->stats.lost++;
		return ENGINE_OK;
	}
	frame = make(sizeof(*frame) + len);
	frame->to = to;
	frame->len = len;
	memcpy(frame->data, data, len);
	if (++to->under_way > net->stats.most_under_way)
		net->stats.most_under_way = to->under_way;
	if (*cut_to(pair, to->agent->site))
		DL_APPEND(to->held, frame);
	else
		carry(frame);
	return ENGINE_OK;
}

static void known(struct engine *engine, uint64_t peer, uint64_t epoch)
{
	struct agent *agent = (struct agent *)engine;
	struct pair *pair = pair_of(agent->net, agent->site, (unsigned int)peer - 1);
	struct end *end = end_of(pair->link, agent);

	if (end && end->epoch == epoch)
		make_known(end);
}

static void close_epoch(struct engine *engine, uint64_t peer, uint64_t epoch)
{
	struct agent *agent = (struct agent *)engine;
	struct loop_net *net = agent->net;
	struct pair *pair = pair_of(net, agent->site, (unsigned int)peer - 1);
	struct link *link = pair->link;
	struct end *end = end_of(link, agent);

	if (!end || !is_open(end) || end->epoch != epoch)
		return;
	link->closed = true;
	drop_notes(agent, end, false);
	end_end(end);
	if (!end->other->ended && !link->broken)
		loop_at(net, (end->other->last > net->now ? end->other->last : net->now) +
			delay_of(net, pair), down_end, end->other, 0);
}

/* --- cuts ------------------------------------------------------------------------- */

static void notice(void *arg, uint64_t changes)
{
	struct link *link = arg;
	struct pair *pair = link->pair;

	if (pair->link == link && pair->changes == changes && (pair->cut[0] || pair->cut[1]))
		break_link(link);
}

static void release_held(struct end *end)
{
	struct frame *frame, *next;

	DL_FOREACH_SAFE(end->held, frame, next) {
		DL_DELETE(end->held, frame);
		carry(frame);
	}
}

static uint64_t notice_time(struct loop_net *net)
{
	return net->config.notice + loop_random(net, net->config.notice_jitter);
}

void loop_cut(struct loop_net *net, unsigned int from, unsigned int to, bool cut)
{
	struct pair *pair = pair_of(net, from, to);
	struct link *link = pair->link;

	if (*cut_to(pair, to) == cut)
		return;
	*cut_to(pair, to) = cut;
	pair->changes++;
	if (!link) {
		connect_after(net, pair, 0);
		return;
	}
	if (!cut)
		release_held(&link->ends[pair->sites[1] == to]);
	if (pair->cut[0] || pair->cut[1])
		loop_at(net, net->now + notice_time(net), notice, link, pair->changes);
}

bool loop_is_cut(const struct loop_net *net, unsigned int from, unsigned int to)
{
	return *cut_to(pair_of(net, from, to), to);
}

void loop_delay(struct loop_net *net, unsigned int a, unsigned int b, uint64_t delay)
{
	pair_of(net, a, b)->delay = delay;
}

/* --- agents ----------------------------------------------------------------------- */

static int start(struct engine *engine, const struct engine_events *events, void *arg)
{
	struct agent *agent = (struct agent *)engine;
	struct loop_net *net = agent->net;

	agent->events = events;
	agent->arg = arg;
	agent->running = true;
	for (unsigned int site = 0; site < net->config.sites; site++) {
		if (site == agent->site || !net->sites[site])
			continue;
		loop_reset(net, site, agent->site);
		connect_after(net, pair_of(net, site, agent->site),
			      loop_random(net, net->config.retry));
	}
	return 0;
}

static void gone(void *arg, uint64_t cookie)
{
	struct link *link = arg;

	(void)cookie;
	if (link->pair->link == link)
		break_link(link);
}

void loop_end(struct engine *engine, enum loop_end how)
{
	struct agent *agent = (struct agent *)engine;
	struct loop_net *net = agent->net;

	agent->running = false;
	drop_notes(agent, NULL, false);
	net->sites[agent->site] = NULL;
	for (unsigned int site = 0; site < net->config.sites; site++) {
		struct link *link;
		struct end *own, *other;

		if (site == agent->site)
			continue;
		link = pair_of(net, site, agent->site)->link;
		own = end_of(link, agent);
		if (!own)
			continue;
		set_ended(own);
		other = own->other;
		if (other->ended)
			release(link);
		else if (how == LOOP_AGENT)
			loop_at(net, (other->last > net->now ? other->last : net->now) +
				loop_random(net, 20 * LOOP_MS), down_end, other, 0);
		else
			loop_at(net, net->now + notice_time(net), gone, link, 0);
	}
}

static void stop(struct engine *engine)
{
	loop_end(engine, LOOP_AGENT);
}

static void limits(const struct engine *engine, struct engine_limits *limits)
{
	(void)engine;
	limits->frame = 65536;
}

static const struct engine_ops ops = {
	.name = "loop",
	.start = start,
	.stop = stop,
	.send = send,
	.known = known,
	.close = close_epoch,
	.limits = limits,
};

struct engine *loop_engine(struct loop_net *net, unsigned int site)
{
	struct agent *agent = make(sizeof(*agent));

	agent->engine.ops = &ops;
	agent->net = net;
	agent->site = site;
	agent->next = net->agents;
	net->agents = net->sites[site] = agent;
	return &agent->engine;
}

void loop_stop(struct engine *engine, bool stopped)
{
	struct agent *agent = (struct agent *)engine;

	agent->stopped = stopped;
	keep_busy(agent, 0);
}

void loop_slow(struct engine *engine, uint64_t pause)
{
	((struct agent *)engine)->pause = pause;
}

/* --- the network ------------------------------------------------------------------ */

struct loop_net *loop_new(const struct loop_config *config, uint64_t seed)
{
	struct loop_net *net = make(sizeof(*net));
	size_t n = config->sites;

	net->config = *config;
	seed_random(net, seed);
	net->sites = make(n * sizeof(*net->sites));
	net->pairs = make(n * n / 2 * sizeof(*net->pairs) + sizeof(*net->pairs));
	return net;
}

static void free_frames(struct loop_net *net)
{
	for (size_t i = 0; i < net->nr_events; i++)
		if (net->heap[i].call == arrive || net->heap[i].call == haunt)
			free(net->heap[i].arg);
}

void loop_free(struct loop_net *net)
{
	size_t n = net->config.sites;
	struct agent *agent;
	struct link *link;

	free_frames(net);
	while ((agent = net->agents)) {
		net->agents = agent->next;
		drop_notes(agent, NULL, false);
		free(agent);
	}
	while ((link = net->links)) {
		net->links = link->next;
		drop_held(&link->ends[0]);
		drop_held(&link->ends[1]);
		free(link);
	}
	for (size_t i = 0; i < n * n / 2; i++)
		free(net->pairs[i]);
	free(net->pairs);
	free(net->sites);
	free(net->heap);
	free(net);
}

void loop_stats(const struct loop_net *net, struct loop_stats *stats)
{
	*stats = net->stats;
}
