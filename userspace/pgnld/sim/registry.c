// SPDX-License-Identifier: GPL-2.0-or-later
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../mem.h"

#include <uthash.h>
#include <utlist.h>

#define NAME_SIZE (CORE_GROUP_MAX + 1)

/* As the kernel has it: no number that was known is above. */
#define FLOOR_MAX (1ull << 62)

/* A name given to a process; kept for ever. */
struct registration {
	struct registration *next;
	struct registry *registry;
	struct sim_node *node;
	char name[NAME_SIZE];
	uint64_t id;
	struct core_registration told;
	uint32_t uid;
	bool replaces;
	bool held;
	bool told_end;		/* once is enough */
	bool name_seen;		/* of nr_names() */
	int lost;		/* enum core_evict, -1: by itself */
	uint64_t begun, ended;
};

struct request {
	struct request *next;
	struct sim_node *node;
	uint64_t number;
	uint64_t asked;
	char name[NAME_SIZE];
	uint64_t process;
	uint32_t uid;
	enum core_resolve resolve;
	bool replace, drop;
	bool over;
	bool answered;		/* else the agent died */
	enum core_name_verdict verdict;
};

/* The newest row of a name that a node was told of. */
struct seen {
	struct seen *next;
	struct sim_node *viewer;
	char owner[CORE_NAME_MAX + 1];
	uint64_t incarnation;
	char name[NAME_SIZE];
	uint64_t id;
	uint64_t fence;
	bool present;
	bool removed;		/* by its owner */
	uint64_t fill;
};

struct view_key {
	struct sim_node *viewer;
	char owner[CORE_NAME_MAX + 1];	/* zeros to its end */
};

struct view {
	UT_hash_handle hh;
	struct view_key key;
	uint64_t incarnation;
	bool connected;
	uint64_t since;
	uint64_t fill;
};

struct registry {
	struct sim *sim;
	struct registration *all;	/* the newest first */
	struct request *requests;
	struct seen *seen;
	struct view *views;		/* a hash table: of each node, all others */
	uint64_t numbers;
	size_t memory;
};

struct registry *registry_new(struct sim *sim)
{
	size_t memory = 0;
	struct registry *registry = mem_new(&memory, sizeof(*registry));

	registry->sim = sim;
	return registry;
}

#define FREE_ALL(list) do {				\
	void *free_next;				\
	while (list) {					\
		free_next = (list)->next;		\
		free(list);				\
		(list) = free_next;			\
	}						\
} while (0)

void registry_free(struct registry *registry)
{
	struct view *view, *next;

	FREE_ALL(registry->all);
	FREE_ALL(registry->requests);
	FREE_ALL(registry->seen);
	HASH_ITER(hh, registry->views, view, next) {
		HASH_DEL(registry->views, view);
		free(view);
	}
	free(registry);
}

static uint64_t now(const struct registry *registry)
{
	return loop_now(sim_net(registry->sim));
}

static bool is_live(const struct registry *registry, const struct sim_node *node)
{
	return sim_find(registry->sim, sim_name(node)) && !sim_is_gone(node);
}

/* --- own rows ---------------------------------------------------------------------- */

static struct registration *find_held(struct registry *registry, struct sim_node *node,
				      const char *name)
{
	struct registration *r;

	for (r = registry->all; r; r = r->next)
		if (r->held && r->node == node && !strcmp(r->name, name))
			return r;
	return NULL;
}

static enum core_why why_of(const struct registration *r)
{
	switch (r->lost) {
	case -1:
		return CORE_EXITED;
	case CORE_EVICT_CONFLICT:
		return CORE_CONFLICT;
	case CORE_EVICT_EXIT:
		return CORE_KILLED;
	case CORE_EVICT_REPLACED:
		return CORE_REPLACED;
	default:
		return CORE_LEFT;
	}
}

static void put_row(struct sim_node *node, const struct registration *r)
{
	const struct core_row row = {
		.scope = { CORE_NAMES, strlen(CORE_NAMES) },
		.group = { r->name, strlen(r->name) },
		.id = r->id,
		.count = r->held,
		.pid = (uint32_t)r->id,
		.uid = r->uid,
		.weight = 1,
		.told = r->told,
		.end = { .why = r->held ? 0 : why_of(r) },
	};

	core_local_put(sim_core(node), &row);
}

void registry_list(struct registry *registry, struct sim_node *node)
{
	const struct core_text scope = { CORE_NAMES, strlen(CORE_NAMES) };
	struct registration *r;

	core_local_begin(sim_core(node), scope);
	for (r = registry->all; r; r = r->next)
		if (r->node == node && r->held)
			put_row(node, r);
	core_local_commit(sim_core(node), scope);
}

/* The row as it is by then: the newest registration of the process. */
static void tell(void *arg, uint64_t cookie)
{
	struct registration *told = arg, *r;

	(void)cookie;
	for (r = told->registry->all; r; r = r->next)
		if (r->node == told->node && r->id == told->id && !strcmp(r->name, told->name))
			break;
	if (!r->held && r->told_end)
		return;
	if (!sim_is_gone(r->node) && sim_begin_event(r->node)) {
		r->told_end = !r->held;
		put_row(r->node, r);
		sim_end_event(r->node);
	}
}

/* A command must not call the core, so what follows from it comes later. */
static void tell_later(struct registry *registry, struct registration *r)
{
	struct loop_net *net = sim_net(registry->sim);

	r->registry = registry;
	loop_at(net, loop_now(net) + loop_random(net, LOOP_MS), tell, r, 0);
}

static void end(struct registry *registry, struct registration *r, int how)
{
	sim_say(registry->sim, "%s: %llu holds %s no more (%d)", sim_name(r->node),
		(unsigned long long)r->id, r->name, how);
	r->held = false;
	r->lost = how;
	r->ended = now(registry);
	tell_later(registry, r);
}

void registry_exit(struct registry *registry, struct sim_node *node, uint64_t process)
{
	struct registration *r;

	for (r = registry->all; r; r = r->next)
		if (r->held && r->node == node && r->id == process)
			end(registry, r, -1);
}

void registry_machine_gone(struct registry *registry, struct sim_node *node)
{
	struct registration *r;

	for (r = registry->all; r; r = r->next)
		if (r->held && r->node == node) {
			r->held = false;
			r->lost = -1;
			r->ended = now(registry);
		}
	registry_agent_lost(registry, node);
}

/* --- requests ---------------------------------------------------------------------- */

void registry_agent_lost(struct registry *registry, struct sim_node *node)
{
	struct request *request;
	struct view *view, *next;

	for (request = registry->requests; request; request = request->next)
		if (request->node == node)
			request->over = true;
	HASH_ITER(hh, registry->views, view, next)
		if (view->key.viewer == node)
			view->connected = false;
}

uint64_t registry_request(struct registry *registry, struct sim_node *node, const char *name,
			  uint64_t process, uint32_t uid, enum core_resolve resolve,
			  bool replace, bool drop)
{
	struct request *request;
	struct core_name_request asked = {
		.name = { name, strlen(name) }, .uid = uid, .replace = replace,
	};

	if (!sim_begin_event(node))
		return 0;
	sim_say(registry->sim, "%s: %s %s for %llu%s", sim_name(node),
		drop ? "unregister" : "register", name, (unsigned long long)process,
		replace ? ", replacing" : "");
	request = mem_new(&registry->memory, sizeof(*request));
	request->next = registry->requests;
	registry->requests = request;
	request->number = asked.id = ++registry->numbers;
	request->node = node;
	request->asked = now(registry);
	snprintf(request->name, sizeof(request->name), "%s", name);
	request->process = process;
	request->uid = uid;
	request->resolve = resolve;
	request->replace = replace;
	request->drop = drop;
	if (!drop && !replace && find_held(registry, node, name)) {
		/* The kernel does not ask for that. */
		request->over = request->answered = true;
		request->verdict = CORE_NAME_TAKEN;
	} else if (drop) {
		core_name_unregister(sim_core(node), &asked);
	} else {
		core_name_register(sim_core(node), &asked);
	}
	sim_end_event(node);
	return request->number;
}

void registry_cancel(struct registry *registry, struct sim_node *node, uint64_t number)
{
	struct request *request;

	for (request = registry->requests; request; request = request->next)
		if (request->number == number)
			break;
	if (!request || request->over || !sim_begin_event(node))
		return;
	sim_say(registry->sim, "%s: nobody waits for %s", sim_name(node), request->name);
	request->over = true;
	core_name_cancel(sim_core(node), number);
	sim_end_event(node);
}

static struct request *find_request(struct registry *registry, struct sim_node *node,
				    uint64_t number)
{
	struct request *request;

	for (request = registry->requests; request; request = request->next)
		if (request->number == number)
			break;
	if (!request || request->node != node || request->over)
		sim_fail(registry->sim, "%s: answers what was not asked", sim_name(node));
	return request;
}

static struct view *view_of(struct registry *registry, struct sim_node *viewer,
			    const char *owner)
{
	struct view_key key = { .viewer = viewer };
	struct view *view;

	snprintf(key.owner, sizeof(key.owner), "%s", owner);
	HASH_FIND(hh, registry->views, &key, sizeof(key), view);
	if (view)
		return view;
	view = mem_new(&registry->memory, sizeof(*view));
	view->key = key;
	HASH_ADD(hh, registry->views, key, sizeof(view->key), view);
	return view;
}

/* All the time since then, as both see it. */
static bool connected_since(struct registry *registry, struct sim_node *a, struct sim_node *b,
			    uint64_t when)
{
	struct view *one = view_of(registry, a, sim_name(b));
	struct view *other = view_of(registry, b, sim_name(a));

	/* There may be two machines of a name. */
	return sim_share_names(a, b) && one->connected && one->since < when &&
	       one->incarnation == sim_incarnation(b) && other->connected &&
	       other->since < when && other->incarnation == sim_incarnation(a);
}

/* Over a holder, from another node. */
static bool has_right(uint32_t uid, const struct registration *r)
{
	if (!uid)
		return sim_obeys_root(r->node);
	return uid == r->uid || sim_owns_names(r->node, uid);
}

static void check_commit(struct registry *registry, const struct request *request)
{
	struct registration *r;

	for (r = registry->all; r; r = r->next) {
		if (!r->held || r->node == request->node || strcmp(r->name, request->name) ||
		    !is_live(registry, r->node) ||
		    !connected_since(registry, request->node, r->node, request->asked))
			continue;
		if (!request->replace)
			sim_fail(registry->sim, "%s: gives %s away, which %s holds",
				 sim_name(request->node), r->name, sim_name(r->node));
		else if (!has_right(request->uid, r))
			sim_fail(registry->sim, "%s: replaces %s on %s without the right",
				 sim_name(request->node), r->name, sim_name(r->node));
	}
}

/* Of those that both were connected with; a clock may be wrong. */
static void check_fence(struct registry *registry, const struct registration *new,
			uint64_t asked)
{
	struct registration *r;

	for (r = new->next; r; r = r->next)
		if (!strcmp(r->name, new->name) && r->told.fence >= new->told.fence &&
		    (r->node == new->node || (is_live(registry, r->node) && r->begun < asked &&
		     connected_since(registry, new->node, r->node, r->begun))))
			sim_fail(registry->sim, "%s: the fence of %s does not grow",
				 sim_name(new->node), new->name);
}

static uint64_t clock_of(const struct registry *registry, const struct sim_node *node)
{
	/* Nobody's is right, and no two are the same. */
	return 1000 * LOOP_S + now(registry) + sim_site(node) % 3 * LOOP_S + sim_site(node);
}

/* As the kernel does it, which remembers the last one over the end of an agent. */
static uint64_t next_fence(const struct registry *registry, const struct sim_node *node,
			   uint64_t above, uint64_t clock)
{
	const struct registration *r;

	for (r = registry->all; r; r = r->next)
		if (r->node == node && r->told.fence > above)
			above = r->told.fence;
	return clock > above ? clock : above + 1;
}

static const struct registration *seen_registration(const struct registry *registry,
						    const struct seen *seen)
{
	const struct registration *r;

	for (r = registry->all; r; r = r->next)
		if (!strcmp(sim_name(r->node), seen->owner) && !strcmp(r->name, seen->name) &&
		    sim_incarnation(r->node) == seen->incarnation && r->id == seen->id &&
		    r->told.fence == seen->fence)
			return r;
	return NULL;
}

/* Of the kernel's rows by then; who replaces somebody keeps the stamp. */
static uint64_t next_stamp(const struct registry *registry, const struct request *request,
			   const struct registration *old)
{
	uint64_t stamp = old && request->replace ? old->told.stamp : UINT64_MAX;
	const struct registration *far;
	const struct seen *seen;

	for (seen = registry->seen; request->replace && seen; seen = seen->next) {
		if (seen->viewer != request->node || !seen->present ||
		    strcmp(seen->name, request->name))
			continue;
		far = seen_registration(registry, seen);
		if (far && far->told.stamp < stamp)
			stamp = far->told.stamp;
	}
	return stamp < UINT64_MAX ? stamp : clock_of(registry, request->node);
}

uint64_t registry_commit(struct registry *registry, struct sim_node *node, uint64_t number,
		     uint64_t fence)
{
	struct request *request = find_request(registry, node, number);
	struct registration *r, *old;
	uint64_t stamp;

	if (!request)
		return 0;
	if (fence > FLOOR_MAX) {
		sim_fail(registry->sim, "%s: no fencing number is that high", sim_name(node));
		return 0;
	}
	request->over = request->answered = true;
	request->verdict = CORE_NAME_YES;
	check_commit(registry, request);
	old = find_held(registry, node, request->name);
	if (!request->process || (old && !request->replace)) {
		/* It has ended, or another one got it just before. */
		request->verdict = request->process ? CORE_NAME_TAKEN : CORE_NAME_MISSING;
		return 0;
	}
	stamp = next_stamp(registry, request, old);
	if (old)
		end(registry, old, CORE_EVICT_REPLACED);
	r = mem_new(&registry->memory, sizeof(*r));
	r->next = registry->all;
	registry->all = r;
	r->node = node;
	strcpy(r->name, request->name);
	r->id = request->process;
	r->uid = request->uid;
	r->replaces = request->replace;
	r->held = true;
	r->begun = now(registry);
	r->told.stamp = stamp;
	r->told.fence = next_fence(registry, node, fence, clock_of(registry, node));
	r->told.resolve = (uint8_t)request->resolve;
	sim_say(registry->sim, "%s: %llu holds %s", sim_name(node),
		(unsigned long long)r->id, r->name);
	check_fence(registry, r, request->asked);
	tell_later(registry, r);
	return r->told.fence;
}

void registry_answer(struct registry *registry, struct sim_node *node, uint64_t number,
		     enum core_name_verdict verdict, const char *by)
{
	struct request *request = find_request(registry, node, number);

	if (!request)
		return;
	sim_say(registry->sim, "%s: %s: verdict %d %s", sim_name(node), request->name, verdict,
		by);
	request->over = request->answered = true;
	request->verdict = verdict;
	/* To a kernel, what is no error is a yes. */
	if ((verdict == CORE_NAME_YES || verdict == CORE_NAME_MISSING) && !request->drop)
		sim_fail(registry->sim, "%s: says yes without a commit", sim_name(node));
}

/* --- evictions --------------------------------------------------------------------- */

static bool loses(const struct registration *own, const struct registration *other)
{
	int order = strcmp(sim_name(own->node), sim_name(other->node));

	/* One took it over from the other. */
	if (own->told.stamp == other->told.stamp && own->told.fence != other->told.fence)
		return false;
	if (own->told.resolve == CORE_NOTIFY_ALL || other->told.resolve == CORE_NOTIFY_ALL)
		return true;
	if (own->told.stamp != other->told.stamp)
		return own->told.stamp > other->told.stamp;
	return order ? order > 0 : sim_incarnation(own->node) > sim_incarnation(other->node);
}

/* With the right, or after one that had it. */
static bool replaces(const struct registration *r, const struct registration *own)
{
	return r->replaces && r->told.fence > own->told.fence &&
	       (has_right(r->uid, own) || r->told.stamp == own->told.stamp);
}

/* Was there one there, at the same time, that explains it? */
static bool has_reason(struct registry *registry, const struct registration *own,
		       enum core_evict why, const char *other)
{
	struct registration *r;
	struct request *request;

	for (r = registry->all; r; r = r->next) {
		if (strcmp(sim_name(r->node), other) || strcmp(r->name, own->name) ||
		    (!r->held && r->ended < own->begun))
			continue;
		if (why == CORE_EVICT_REPLACED ? replaces(r, own) : loses(own, r))
			return true;
	}
	if (why != CORE_EVICT_UNREGISTERED)
		return false;
	for (request = registry->requests; request; request = request->next)
		if (request->drop && !strcmp(request->name, own->name) &&
		    !strcmp(sim_name(request->node), other) &&
		    ((request->node == own->node && !request->uid) ||
		     has_right(request->uid, own)))
			return true;
	return false;
}

void registry_evict(struct registry *registry, struct sim_node *node, const char *name,
		    uint64_t id, uint64_t fence, enum core_evict why, const char *other)
{
	struct registration *r = find_held(registry, node, name);

	/* It may have gone by itself. */
	if (!r || r->id != id || r->told.fence != fence)
		return;
	if (why == CORE_EVICT_EXIT && r->told.resolve != CORE_RANDOM_EXIT)
		sim_fail(registry->sim, "%s: kills %llu, which did not ask for it", sim_name(node),
			 (unsigned long long)id);
	if (why == CORE_EVICT_CONFLICT && r->told.resolve == CORE_RANDOM_EXIT)
		sim_fail(registry->sim, "%s: spares %llu, which asked for it", sim_name(node),
			 (unsigned long long)id);
	if (!has_reason(registry, r, why, other))
		sim_fail(registry->sim, "%s: takes %s from %llu for no reason (%d, %s)",
			 sim_name(node), name, (unsigned long long)id, why, other);
	end(registry, r, why);
}

/* --- views ------------------------------------------------------------------------- */

static struct seen *seen_of(struct registry *registry, struct sim_node *viewer,
			    const char *owner, uint64_t incarnation, const char *name,
			    uint64_t id)
{
	struct seen *seen;

	for (seen = registry->seen; seen; seen = seen->next)
		if (seen->viewer == viewer && seen->incarnation == incarnation &&
		    seen->id == id && !strcmp(seen->owner, owner) && !strcmp(seen->name, name))
			return seen;
	seen = mem_new(&registry->memory, sizeof(*seen));
	seen->viewer = viewer;
	snprintf(seen->owner, sizeof(seen->owner), "%s", owner);
	snprintf(seen->name, sizeof(seen->name), "%s", name);
	seen->incarnation = incarnation;
	seen->id = id;
	seen->next = registry->seen;
	registry->seen = seen;
	return seen;
}

static bool ever_was(struct registry *registry, const char *owner, uint64_t incarnation,
		     const char *name, const struct core_row *row)
{
	struct registration *r;

	for (r = registry->all; r; r = r->next)
		if (!strcmp(sim_name(r->node), owner) &&
		    sim_incarnation(r->node) == incarnation && !strcmp(r->name, name) &&
		    r->id == row->id && r->uid == row->uid &&
		    r->told.fence == row->told.fence && r->told.stamp == row->told.stamp &&
		    r->told.resolve == row->told.resolve)
			return true;
	return false;
}

void registry_put(struct registry *registry, struct sim_node *viewer, const char *owner,
		  uint64_t incarnation, const struct core_row *row)
{
	char name[CORE_GROUP_MAX + 1];
	struct seen *seen;

	snprintf(name, sizeof(name), "%.*s", (int)row->group.len, row->group.data);
	seen = seen_of(registry, viewer, owner, incarnation, name, row->id);
	if (!row->count) {
		seen->present = false;
		seen->removed = true;
		return;
	}
	if (!ever_was(registry, owner, incarnation, name, row))
		sim_fail(registry->sim, "%s: %s never held %s so", sim_name(viewer), owner, name);
	if (row->told.fence < seen->fence ||
	    (seen->removed && row->told.fence == seen->fence))
		sim_fail(registry->sim, "%s: %s of %s comes back", sim_name(viewer), name, owner);
	seen->fence = row->told.fence;
	seen->present = true;
	seen->removed = false;
	seen->fill = view_of(registry, viewer, owner)->fill;
}

void registry_begin(struct registry *registry, struct sim_node *viewer, const char *owner)
{
	view_of(registry, viewer, owner)->fill++;
}

/* All (but those of the snapshot) of its rows go. */
static void sweep(struct registry *registry, struct sim_node *viewer, const char *owner,
		  uint64_t but, bool removed)
{
	struct seen *seen;

	for (seen = registry->seen; seen; seen = seen->next)
		if (seen->viewer == viewer && !strcmp(seen->owner, owner) && seen->present &&
		    seen->fill != but) {
			seen->present = false;
			seen->removed = removed;
		}
}

void registry_swept(struct registry *registry, struct sim_node *viewer, const char *owner)
{
	/* It is not told which names are not shared any more. */
	sweep(registry, viewer, owner, view_of(registry, viewer, owner)->fill, false);
}

void registry_node(struct registry *registry, struct sim_node *viewer, const char *owner,
		   uint64_t incarnation, enum core_node_state state)
{
	struct view *view = view_of(registry, viewer, owner);
	bool connected = state == CORE_NODE_UP || state == CORE_NODE_FRESH;

	if (connected && !view->connected)
		view->since = now(registry);
	view->connected = connected;
	view->incarnation = incarnation;
	if (state == CORE_NODE_DOWN)
		sweep(registry, viewer, owner, UINT64_MAX, false);
}

/* --- agreement --------------------------------------------------------------------- */

static const char *misses(struct registry *registry, struct sim_node *viewer,
			  struct sim_node *owner, bool shared)
{
	unsigned int held = 0, present = 0;
	struct registration *r;
	struct seen *seen;

	for (r = registry->all; shared && r; r = r->next)
		held += r->held && r->node == owner;
	for (seen = registry->seen; seen; seen = seen->next) {
		if (seen->viewer != viewer || strcmp(seen->owner, sim_name(owner)) ||
		    !seen->present)
			continue;
		present++;
		r = find_held(registry, owner, seen->name);
		if (!shared || !r || r->id != seen->id || r->told.fence != seen->fence)
			return "sees a name that is not so of";
	}
	return held == present ? NULL : "does not see each name of";
}

const char *registry_differs(struct registry *registry, struct sim_node *a, struct sim_node *b)
{
	bool shared = sim_share_names(a, b);
	struct registration *r;

	for (r = registry->all; shared && r; r = r->next)
		if (r->held && r->node == a && find_held(registry, b, r->name))
			return "holds the same name as";
	return misses(registry, a, b, shared);
}

static bool is_first_of_name(const struct registry *registry, const struct registration *r)
{
	const struct registration *other;

	for (other = registry->all; other != r; other = other->next)
		if (other->name_seen && !strcmp(other->name, r->name))
			return false;
	return true;
}

/* Names of which the node has a holder, here or elsewhere. */
static unsigned int nr_names(struct registry *registry, struct sim_node *node)
{
	struct registration *r;
	struct seen *seen;
	unsigned int n = 0;

	for (r = registry->all; r; r = r->next)
		r->name_seen = r->held && r->node == node;
	for (seen = registry->seen; seen; seen = seen->next)
		for (r = registry->all; r && seen->present && seen->viewer == node; r = r->next)
			if (!strcmp(r->name, seen->name))
				r->name_seen = true;
	for (r = registry->all; r; r = r->next)
		n += r->name_seen && is_first_of_name(registry, r);
	return n;
}

const char *registry_busy(struct registry *registry, struct sim_node *node)
{
	struct core_stats stats;
	struct request *request;

	core_stats(sim_core(node), &stats);
	if (stats.reservations)
		return "has a name reserved";
	if (stats.name_requests)
		return "has not answered a request";
	if (stats.names != nr_names(registry, node))
		return "knows a name of nobody";
	for (request = registry->requests; request; request = request->next)
		if (request->node == node && !request->over)
			return "has forgotten a request";
	return NULL;
}

uint64_t registry_holder(struct registry *registry, struct sim_node *node, const char *name,
			 uint64_t *fence)
{
	struct registration *r = find_held(registry, node, name);

	if (fence)
		*fence = r ? r->told.fence : 0;
	return r ? r->id : 0;
}

uint64_t registry_sees(struct registry *registry, struct sim_node *viewer, const char *owner,
		       const char *name)
{
	struct seen *seen;

	for (seen = registry->seen; seen; seen = seen->next)
		if (seen->viewer == viewer && seen->present && !strcmp(seen->owner, owner) &&
		    !strcmp(seen->name, name))
			return seen->id;
	return 0;
}

bool registry_result(struct registry *registry, uint64_t number,
		     enum core_name_verdict *verdict)
{
	struct request *request;

	for (request = registry->requests; request; request = request->next)
		if (request->number == number) {
			*verdict = request->verdict;
			return request->answered;
		}
	return false;
}

int registry_lost(struct registry *registry, struct sim_node *node, const char *name,
		  uint64_t process)
{
	struct registration *r;

	for (r = registry->all; r; r = r->next)
		if (r->node == node && r->id == process && !strcmp(r->name, name))
			return r->held ? -1 : r->lost;
	return -1;
}
