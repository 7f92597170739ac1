// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <event2/event.h>
#include <pgnl.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "config.h"
#include "forward.h"
#include "kernel.h"
#include "log.h"
#include "shown.h"

#define ROWS_AT_ONCE	1024		/* in a request, at most 4096 */
#define TEXT_AT_ONCE	(256 * 1024)	/* bytes of names and metadata in one */
#define EVENTS_AT_ONCE	256		/* before others have a turn */
#define SCOPES_SECONDS	1		/* between two looks at which scopes there are */
#define REFUSED_LOOKS	10		/* between two tries with a node that was refused */
#define PARTIAL_LOOKS	60		/* and with one of which rows were, which costs more */
#define NODES_AT_ONCE	64
#define ROWS_MAX	1048576		/* the kernel's own limit node-remotes, unless set */

/* A clustered scope, and the subscription to it. */
struct scope {
	char name[CORE_NAME_MAX + 1];
	bool created;		/* groups are created: mode pg2 */
	bool names;		/* groups are names */
	struct shown *shown;	/* which of these are told to others */
	int sub;
	bool listing;		/* between begin and commit of its own rows */
	bool again;		/* to be listed again, by the timer: that costs much */
};

/* A node that is connected, as the kernel has been told. */
struct connected {
	char name[CORE_NAME_MAX + 1];
	uint64_t incarnation;
	bool refused;		/* for want of room, say; it is told again by the timer */
	bool senseless;		/* so were rows of it, which has been said */
	UT_hash_handle hh;
};

/* Remote rows of one node and scope on their way to the kernel. */
struct batch {
	char node[CORE_NAME_MAX + 1];
	uint64_t incarnation;
	char scope[CORE_NAME_MAX + 1];
	struct pgnl_agent_row rows[ROWS_AT_ONCE];
	size_t n;
	char text[TEXT_AT_ONCE];
	size_t used;
};

struct kernel {
	struct pgnl_agent *agent;
	struct pgnl_watch *watch;
	struct pgnl *handle;
	struct forward *forward;
	struct event *watch_event, *scopes_timer, *agent_event;
	struct core *core;
	void (*woken)(void *arg);
	void *woken_arg;
	struct scope *scopes;
	size_t n_scopes;
	bool unheard;		/* of a scope; it has been said */
	unsigned int looks;	/* at the scopes, so far */
	struct batch batch;
	struct connected *connected;
	uint64_t rows_max;	/* the limit node-remotes, as far as it is known */
	/* Nodes that the kernel lacks something of; the core is asked later, since a
	 * command may not call it.
	 */
	char lacking[NODES_AT_ONCE][CORE_NAME_MAX + 1];
	size_t n_lacking;
	bool lacks_all;
	bool lost;
	struct kernel_stats stats;
};

static struct core_text text_of(const char *string)
{
	return (struct core_text){ string, strlen(string) };
}

static void copy_name(char to[CORE_NAME_MAX + 1], struct core_text from)
{
	memcpy(to, from.data, from.len);
	to[from.len] = '\0';
}

struct pgnl_agent *kernel_agent(const struct kernel *kernel)
{
	return kernel->agent;
}

uint64_t kernel_incarnation(const struct kernel *kernel)
{
	return pgnl_agent_incarnation(kernel->agent);
}

uint64_t kernel_rows_max(struct kernel *kernel)
{
	uint64_t limits[PGNL_N_LIMITS];

	if (!pgnl_limits(kernel->handle, limits, NULL, PGNL_N_LIMITS))
		kernel->rows_max = limits[PGNL_LIMIT_NODE_REMOTES];
	return kernel->rows_max;
}

bool kernel_is_lost(const struct kernel *kernel)
{
	return kernel->lost;
}

void kernel_stats(const struct kernel *kernel, struct kernel_stats *stats)
{
	*stats = kernel->stats;
}

static void lose(struct kernel *kernel, const char *why)
{
	if (!kernel->lost)
		log_warning("the kernel's tables are out of reach: %s", why);
	kernel->lost = true;
}

/* --- own rows, to the core ------------------------------------------------------ */

static struct scope *find_scope(struct kernel *kernel, const char *name)
{
	for (size_t i = 0; i < kernel->n_scopes; i++) {
		if (!strcmp(kernel->scopes[i].name, name))
			return &kernel->scopes[i];
	}
	return NULL;
}

static const enum pgnl_event_reason reasons[] = {
	[CORE_LEFT] = PGNL_BECAUSE_LEFT,
	[CORE_EXITED] = PGNL_BECAUSE_EXITED,
	[CORE_KILLED] = PGNL_BECAUSE_KILLED,
	[CORE_EVICTED] = PGNL_BECAUSE_EVICTED,
	[CORE_REPLACED] = PGNL_BECAUSE_REPLACED,
	[CORE_CONFLICT] = PGNL_BECAUSE_CONFLICT,
};

/* Why members are out that an event tells of. */
static struct core_end end_of(const struct pgnl_event *event)
{
	struct core_end end = { .why = CORE_WHY_LAST };

	while (end.why != CORE_LEFT && reasons[end.why] != event->reason)
		end.why--;
	end.known = event->status != PGNL_UNKNOWN;
	if (end.known)
		end.status = (uint8_t)(event->status | (event->core ? CORE_DUMPED : 0));
	return end;
}

static void put_end(struct pgnl_agent_row *row, const struct core_end *end)
{
	row->reason = reasons[end->why];
	row->status = PGNL_UNKNOWN;
	if (end->known)
		row->status = end->status;
	if (end->known && end->why == CORE_KILLED) {
		row->status &= ~CORE_DUMPED;
		row->core = !!(end->status & CORE_DUMPED);
	}
}

static void put_member(struct kernel *kernel, const struct pgnl_event *event,
		       const struct pgnl_member *member)
{
	const struct core_row row = {
		.scope = text_of(event->scope), .group = text_of(event->group),
		.id = member->id, .pid = (uint32_t)member->pid, .count = member->count,
		.uid = member->uid, .weight = member->weight,
		.meta = { member->meta, member->meta_len }, .end = end_of(event),
	};

	if (!member->node)
		core_local_put(kernel->core, &row);
}

/* --- own names, to the core ------------------------------------------------------ */

static void put_name(struct kernel *kernel, const struct pgnl_name *name)
{
	const struct pgnl_member *holder = &name->holder;
	const struct core_row row = {
		.scope = text_of(CORE_NAMES), .group = text_of(name->name),
		.id = holder->id, .pid = (uint32_t)holder->pid, .count = holder->count,
		.uid = holder->uid, .weight = holder->weight,
		.meta = { holder->meta, holder->meta_len },
		.told = {
			.fence = name->fence, .stamp = name->stamp,
			.resolve = (uint8_t)name->resolve,
		},
	};

	if (!holder->node)
		core_local_put(kernel->core, &row);
}

/* False: it is not known whether these were all. */
static bool put_names(struct kernel *kernel)
{
	struct pgnl_names *list;

	if (pgnl_name_list(kernel->handle, NULL, &list))
		return false;
	for (size_t i = 0; i < list->n; i++)
		put_name(kernel, &list->name[i]);
	pgnl_free(list);
	return true;
}

/* Who is out is told by the event, who is in by the kernel as it is now. */
static void put_name_event(struct kernel *kernel, struct scope *scope,
			   const struct pgnl_event *event)
{
	struct pgnl_names *list;
	int ret;

	for (size_t i = 0; i < event->n; i++) {
		const struct core_row gone = {
			.scope = text_of(CORE_NAMES), .group = text_of(event->group),
			.id = event->member[i].id, .end = end_of(event),
		};

		if (!event->member[i].node && !event->member[i].count)
			core_local_put(kernel->core, &gone);
	}
	ret = pgnl_name_whereis(kernel->handle, NULL, event->group, &list);
	if (!ret && list->n)
		put_name(kernel, &list->name[0]);
	if (ret < 0)
		scope->again = true;
	pgnl_free(list);
}

/* Only groups that were created have a mode. */
static bool may_tell(struct kernel *kernel, struct scope *scope, const char *group)
{
	int ret = 1;

	if (scope->created)
		ret = shown_ask(&scope->shown, kernel->handle, scope->name, group);
	if (ret < 0)
		scope->again = true;
	return ret > 0;
}

static void put_members(struct kernel *kernel, struct scope *scope, const struct pgnl_event *event)
{
	if (!may_tell(kernel, scope, event->group))
		return;
	for (size_t i = 0; i < event->n; i++)
		put_member(kernel, event, &event->member[i]);
}

static void put_pin(struct kernel *kernel, const char *scope, const char *group, uint32_t owner,
		    bool there)
{
	const struct core_row row = {
		.scope = text_of(scope), .group = text_of(group), .count = there, .uid = owner,
	};

	core_local_put(kernel->core, &row);
}

/* The groups that were created on this node, also those without members. False: it is not
 * known whether these were all.
 */
static bool put_pins(struct kernel *kernel, struct scope *scope)
{
	struct pgnl_groups *list;

	if (pgnl_groups(kernel->handle, scope->name, 0, &list))
		return false;
	for (size_t i = 0; i < list->n; i++) {
		if (shown_note(&scope->shown, &list->group[i]) &&
		    list->group[i].owner != PGNL_KEEP)
			put_pin(kernel, scope->name, list->group[i].name, list->group[i].owner,
				true);
	}
	pgnl_free(list);
	return true;
}

static void on_snapshot(struct kernel *kernel, struct scope *scope, const struct pgnl_event *event)
{
	if (!scope->listing)
		core_local_begin(kernel->core, text_of(scope->name));
	scope->listing = true;
	if (event->group && !scope->names)
		put_members(kernel, scope, event);
	if (event->more)
		return;
	scope->listing = false;
	/* Or what was not listed would be taken for gone. */
	if ((scope->names && !put_names(kernel)) || (scope->created && !put_pins(kernel, scope)))
		scope->again = true;
	else
		core_local_commit(kernel->core, text_of(scope->name));
}

/* Nothing of it is left. */
static void on_scope_deleted(struct kernel *kernel, struct scope *scope)
{
	core_local_begin(kernel->core, text_of(scope->name));
	core_local_commit(kernel->core, text_of(scope->name));
	/* Which is built in: another module may be there by now, and we not its agent. */
	if (!strcmp(scope->name, CORE_NAMES))
		lose(kernel, "the module has ended");
	shown_clear(&scope->shown);
	*scope = kernel->scopes[--kernel->n_scopes];
}

static void on_create(struct kernel *kernel, struct scope *scope, const struct pgnl_event *event)
{
	if (event->node)
		return;
	shown_forget(&scope->shown, event->group);
	if (may_tell(kernel, scope, event->group))
		put_pin(kernel, event->scope, event->group,
			event->by_uid < 0 ? 0 : (uint32_t)event->by_uid, true);
	else
		/* It may have been there before, as another node's, and been told. */
		scope->again = true;
}

static void on_event(struct kernel *kernel, const struct pgnl_event *event)
{
	struct scope *scope = event->scope ? find_scope(kernel, event->scope) : NULL;

	if (!scope || event->sub != scope->sub)
		return;
	kernel->stats.events++;
	switch (event->type) {
	case PGNL_EVENT_SNAPSHOT:
		on_snapshot(kernel, scope, event);
		break;
	case PGNL_EVENT_JOIN:
	case PGNL_EVENT_LEAVE:
	case PGNL_EVENT_CONFLICT:
		if (scope->names)
			put_name_event(kernel, scope, event);
		else
			put_members(kernel, scope, event);
		break;
	case PGNL_EVENT_CREATE:
		on_create(kernel, scope, event);
		break;
	case PGNL_EVENT_DELETE:
		/* It tells no members; a listing shows who is left. */
		if (!event->node)
			core_local_delete(kernel->core, text_of(event->scope),
					  text_of(event->group));
		shown_forget(&scope->shown, event->group);
		scope->again = true;
		break;
	case PGNL_EVENT_SCOPE_DELETED:
		on_scope_deleted(kernel, scope);
		break;
	case PGNL_EVENT_RESYNC:
		kernel->stats.resyncs++;
		break;
	default:
		break;
	}
}

static int subscribe(struct kernel *kernel, struct scope *scope)
{
	scope->listing = false;
	scope->again = false;
	scope->sub = pgnl_subscribe(kernel->watch, scope->name, NULL,
				    PGNL_SNAPSHOT | PGNL_LOCAL_EVENTS);
	return scope->sub < 0 ? scope->sub : 0;
}

/*
 * Not as soon as there is a reason to: a listing of a large scope costs much, and any user
 * who may create groups could bring about one after the other.
 */
static void list_again(struct kernel *kernel)
{
	for (size_t i = 0; i < kernel->n_scopes;) {
		struct scope *scope = &kernel->scopes[i];
		int ret;

		/* Or it might never come to the end of one. */
		if (!scope->again || scope->listing) {
			i++;
			continue;
		}
		pgnl_unsubscribe(kernel->watch, scope->sub);
		ret = subscribe(kernel, scope);
		if (ret == -ENOENT) {
			/* The subscription that would have told so has just ended. */
			on_scope_deleted(kernel, scope);
			continue;
		}
		scope->again = !!ret;
		/* What there is to list shows on no socket. */
		event_active(kernel->watch_event, EV_READ, 0);
		i++;
	}
}

/* What has come, but not more than a turn's share. False: there may be more. */
static bool take_events(struct kernel *kernel)
{
	const struct pgnl_event *event;
	int left = EVENTS_AT_ONCE, ret = 0;

	while (left-- && (ret = pgnl_event_next(kernel->watch, 0, &event)) == 1)
		on_event(kernel, event);
	if (ret < 0 && ret != -EINTR)
		lose(kernel, pgnl_watch_error(kernel->watch)->text);
	return ret != 1;
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct kernel *kernel = arg;

	(void)fd;
	(void)what;
	kernel->woken(kernel->woken_arg);
	/* Events that the library has already taken show on no socket. */
	if (!kernel->lost && !take_events(kernel))
		event_active(kernel->watch_event, EV_READ, 0);
}

/* --- scopes ------------------------------------------------------------------------ */

static int add_scope(struct kernel *kernel, const struct pgnl_scope *found)
{
	struct scope *grown = reallocarray(kernel->scopes, kernel->n_scopes + 1, sizeof(*grown));
	struct scope *scope;
	int ret;

	if (!grown)
		return -ENOMEM;
	kernel->scopes = grown;
	scope = &grown[kernel->n_scopes];
	*scope = (struct scope){ .created = found->mode == PGNL_MODE_PG2,
				  .names = found->flags & PGNL_EXCLUSIVE };
	copy_name(scope->name, text_of(found->name));
	ret = subscribe(kernel, scope);
	if (ret)
		return ret;
	kernel->n_scopes++;
	event_active(kernel->watch_event, EV_READ, 0);
	return 0;
}

static bool is_ours(const struct pgnl_scope *scope)
{
	return scope->flags & PGNL_CLUSTER;
}

/* It is tried again at each look, and said once. */
static void not_heard(struct kernel *kernel, const char *scope, int error)
{
	if (!kernel->unheard)
		log_warning("scope %s can't be listened to, so others are not told of it: %s",
			    scope, strerror(-error));
	kernel->unheard = true;
}

/* Subscribe to the clustered scopes that are new. *added: how many those are. */
static int look_for_scopes(struct kernel *kernel, size_t *added)
{
	struct pgnl_scopes *list;
	int ret = pgnl_scopes(kernel->handle, NULL, &list);
	bool all = true;

	*added = 0;
	if (ret)
		return ret;
	for (size_t i = 0; ret != -ENOTCONN && i < list->n; i++) {
		const struct pgnl_scope *found = &list->scope[i];

		if (!is_ours(found) || find_scope(kernel, found->name))
			continue;
		ret = add_scope(kernel, found);
		*added += !ret;
		/* Or it has gone since it was listed. */
		if (!ret || ret == -ENOENT || ret == -ENOTCONN)
			continue;
		not_heard(kernel, found->name, ret);
		all = false;
	}
	if (all)
		kernel->unheard = false;
	pgnl_free(list);
	return ret == -ENOTCONN ? ret : 0;
}

/* --- commands of the core ------------------------------------------------------------ */

static void lack(struct kernel *kernel, const char *node)
{
	for (size_t i = 0; i < kernel->n_lacking; i++) {
		if (!strcmp(kernel->lacking[i], node))
			return;
	}
	if (kernel->n_lacking < NODES_AT_ONCE)
		strcpy(kernel->lacking[kernel->n_lacking++], node);
	else
		kernel->lacks_all = true;
}

/* Whether the kernel did it; if not, what is to follow from that. */
static bool done(struct kernel *kernel, const char *what, const char *node, int ret)
{
	const struct pgnl_error *error = pgnl_agent_error(kernel->agent);

	if (!ret)
		return true;
	kernel->stats.refused++;
	if (ret == -ENOTCONN) {
		lose(kernel, *error->text ? error->text : "the module has gone");
		return false;
	}
	log_warning("node %s: the kernel refuses %s: %s", node, what,
		    *error->text ? error->text : strerror(-ret));
	return false;
}

/* A scope that is not here, or not clustered here, or a member that makes no sense: to
 * ask for it again would come to the same.
 */
static bool is_for_good(int ret)
{
	return ret == -ENOENT || ret == -EOPNOTSUPP || ret == -EINVAL || ret == -ERANGE;
}

static struct connected *find_node(const struct kernel *kernel, const char *name)
{
	struct connected *node;

	HASH_FIND_STR(kernel->connected, name, node);
	return node;
}

static void note_node(struct kernel *kernel, const char *name, uint64_t incarnation, bool refused)
{
	struct connected *node = calloc(1, sizeof(*node));

	if (!node)
		return;
	strcpy(node->name, name);
	node->incarnation = incarnation;
	node->refused = refused;
	HASH_ADD_STR(kernel->connected, name, node);
}

static void forget_node(struct kernel *kernel, const char *name)
{
	struct connected *node = find_node(kernel, name);

	if (!node)
		return;
	HASH_DEL(kernel->connected, node);
	free(node);
}

/*
 * The core tells that a node is back when all of its rows are; the kernel takes these
 * from a node that is connected. False: it takes none of this one, and to ask the node
 * for them again would come to the same.
 */
static bool connect_node(struct kernel *kernel, const char *name, uint64_t incarnation)
{
	const struct connected *node = find_node(kernel, name);
	bool is;

	if (kernel->lost)
		return false;
	if (node)
		return !node->refused;
	is = done(kernel, "a node", name,
		  pgnl_agent_node_up(kernel->agent, name, incarnation, 0));
	note_node(kernel, name, incarnation, !is);
	return is;
}

/* All of its rows are asked for when it is taken. */
static void connect_again(struct kernel *kernel)
{
	struct connected *node, *next;
	int ret;

	HASH_ITER(hh, kernel->connected, node, next) {
		if (kernel->lost || !node->refused)
			continue;
		ret = pgnl_agent_node_up(kernel->agent, node->name, node->incarnation, 0);
		/* That it is refused has been said. */
		if (ret && ret != -ENOTCONN)
			continue;
		node->refused = !done(kernel, "a node", node->name, ret);
		if (!node->refused)
			lack(kernel, node->name);
	}
}

/* Would it take another row of the node? Or was it for want of memory that it did not? */
static bool has_room(const uint64_t *limits, const uint64_t *usage, const struct pgnl_node *node)
{
	return usage[PGNL_LIMIT_NET_REMOTES] < limits[PGNL_LIMIT_NET_REMOTES] &&
	       node->rows < limits[PGNL_LIMIT_NODE_REMOTES];
}

/*
 * Of some nodes the kernel has found no room for rows. The digest of what was sent to it
 * says nothing of that, so they are asked for all of them when there may be room again.
 */
static void ask_partial(struct kernel *kernel)
{
	uint64_t limits[PGNL_N_LIMITS], usage[PGNL_N_LIMITS];
	struct pgnl_nodes *list;

	if (pgnl_limits(kernel->handle, limits, usage, PGNL_N_LIMITS) ||
	    pgnl_nodes(kernel->handle, &list))
		return;
	for (size_t i = 0; i < list->n; i++) {
		const struct pgnl_node *node = &list->node[i];

		/* One that is syncing is asked after that, if it still is partial. */
		if (node->flags & PGNL_NODE_PARTIAL && !(node->flags & PGNL_NODE_SYNCING) &&
		    has_room(limits, usage, node))
			core_resync(kernel->core, text_of(node->name));
	}
	pgnl_free(list);
}

/* A row that is none here, and would not be if it came again. */
static void refuse_row(struct kernel *kernel, const char *name, const char *scope,
		       const char *why)
{
	struct connected *node = find_node(kernel, name);

	kernel->stats.refused++;
	if (!node || node->senseless)
		return;
	node->senseless = true;
	log_warning("node %s: a row of scope %s is none here: %s", name, scope, why);
}

static int put_some(struct kernel *kernel, size_t first, size_t n)
{
	struct batch *batch = &kernel->batch;
	size_t dropped = 0;
	int ret = pgnl_agent_put(kernel->agent, batch->scope, batch->node, batch->incarnation,
				 &batch->rows[first], n, &dropped);

	kernel->stats.dropped += dropped;
	return ret;
}

/*
 * With a row that makes no sense here the kernel refuses all that are in the request, so
 * that one is looked for by halves: twice as many requests as there are rows, at most.
 */
static int put_rows(struct kernel *kernel, size_t first, size_t n)
{
	int ret = put_some(kernel, first, n);

	if (ret != -EINVAL && ret != -ERANGE)
		return ret;
	if (n > 1) {
		ret = put_rows(kernel, first, n / 2);
		return ret ? ret : put_rows(kernel, first + n / 2, n - n / 2);
	}
	refuse_row(kernel, kernel->batch.node, kernel->batch.scope,
		   pgnl_agent_error(kernel->agent)->text);
	return 0;
}

static void send_batch(struct kernel *kernel)
{
	struct batch *batch = &kernel->batch;
	int ret;

	if (!batch->n)
		return;
	if (connect_node(kernel, batch->node, batch->incarnation)) {
		ret = put_rows(kernel, 0, batch->n);
		kernel->stats.puts += batch->n;
		if (ret == -ENOENT || ret == -EOPNOTSUPP)
			log_debug("node %s: scope %s is not clustered here", batch->node,
				  batch->scope);
		else if (!done(kernel, "members", batch->node, ret) && !is_for_good(ret))
			lack(kernel, batch->node);
	}
	batch->n = 0;
	batch->used = 0;
}

typedef int (*node_call)(struct pgnl_agent *agent, const char *node, uint64_t incarnation);

static void call_node(struct kernel *kernel, const char *what, const char *name,
		      uint64_t incarnation, node_call call)
{
	int ret = call(kernel->agent, name, incarnation);

	if (!done(kernel, what, name, ret) && !is_for_good(ret))
		lack(kernel, name);
}

static int call_fresh(struct pgnl_agent *agent, const char *node, uint64_t incarnation)
{
	return pgnl_agent_node_up(agent, node, incarnation, PGNL_NODE_FRESH);
}

/* It is told but once; so a kernel that could not do it is given up, with all that it has
 * of other nodes, and begun anew.
 */
static void disconnect(struct kernel *kernel, const char *what, const char *name,
		       uint64_t incarnation, node_call call)
{
	int ret = kernel->lost ? 0 : call(kernel->agent, name, incarnation);

	forget_node(kernel, name);
	/* There is none, or another one of this name. */
	if (ret == -EHOSTUNREACH || ret == -ESTALE || ret == -ENOENT)
		return;
	if (!done(kernel, what, name, ret))
		lose(kernel, "a node that has gone is still there");
}

void kernel_node(void *arg, struct core_text node, uint64_t incarnation, enum core_node_state state)
{
	struct kernel *kernel = arg;
	char name[CORE_NAME_MAX + 1];

	send_batch(kernel);
	copy_name(name, node);
	switch (state) {
	case CORE_NODE_UP:
		connect_node(kernel, name, incarnation);
		break;
	case CORE_NODE_FRESH:
		if (connect_node(kernel, name, incarnation))
			call_node(kernel, "a node", name, incarnation, call_fresh);
		break;
	case CORE_NODE_SUSPECT:
		disconnect(kernel, "to suspect a node", name, incarnation,
			   pgnl_agent_node_suspect);
		break;
	case CORE_NODE_DOWN:
		disconnect(kernel, "a node's end", name, incarnation, pgnl_agent_node_down);
		break;
	}
}

static void list_node(struct kernel *kernel, const char *what, struct core_text node,
		      uint64_t incarnation, node_call call)
{
	char name[CORE_NAME_MAX + 1];

	send_batch(kernel);
	copy_name(name, node);
	if (connect_node(kernel, name, incarnation))
		call_node(kernel, what, name, incarnation, call);
}

void kernel_begin(void *arg, struct core_text node, uint64_t incarnation)
{
	list_node(arg, "a listing", node, incarnation, pgnl_agent_begin);
}

void kernel_commit(void *arg, struct core_text node, uint64_t incarnation)
{
	list_node(arg, "a listing's end", node, incarnation, pgnl_agent_commit);
}

static bool is(const char *string, struct core_text text)
{
	return strlen(string) == text.len && !memcmp(string, text.data, text.len);
}

/* A copy in the batch, with a NUL. There is room. */
static const char *keep(struct batch *batch, struct core_text text)
{
	char *to = batch->text + batch->used;

	memcpy(to, text.data, text.len);
	to[text.len] = '\0';
	batch->used += text.len + 1;
	return to;
}

/* One that says that a group was created, of a scope where none are here: its mode on
 * another node may be another one.
 */
static bool refuse_pin(struct kernel *kernel, struct core_text node, const struct core_row *row)
{
	char name[CORE_NAME_MAX + 1], scope_name[CORE_NAME_MAX + 1];
	const struct scope *scope;

	if (row->id)
		return false;
	copy_name(name, node);
	copy_name(scope_name, row->scope);
	scope = find_scope(kernel, scope_name);
	if (!scope || scope->created)
		return false;
	refuse_row(kernel, name, scope_name, "its groups are not created");
	return true;
}

void kernel_put(void *arg, struct core_text node, uint64_t incarnation, const struct core_row *row)
{
	struct kernel *kernel = arg;
	struct batch *batch = &kernel->batch;

	if (refuse_pin(kernel, node, row))
		return;
	if (batch->n == ROWS_AT_ONCE || batch->incarnation != incarnation ||
	    !is(batch->node, node) || !is(batch->scope, row->scope) ||
	    batch->used + row->group.len + row->meta.len + 2 > TEXT_AT_ONCE)
		send_batch(kernel);
	if (!batch->n) {
		copy_name(batch->node, node);
		copy_name(batch->scope, row->scope);
		batch->incarnation = incarnation;
	}
	batch->rows[batch->n] = (struct pgnl_agent_row){
		.group = keep(batch, row->group), .id = row->id, .count = row->count,
		.pid = row->pid, .uid = row->uid, .weight = row->weight,
		.meta_len = (uint16_t)row->meta.len,
		.meta = row->meta.len ? keep(batch, row->meta) : NULL,
		.fence = row->told.fence, .stamp = row->told.stamp,
		.resolve = row->told.resolve <= CORE_NOTIFY_ALL ?
			   (enum pgnl_name_resolve)row->told.resolve : PGNL_KEEP_FIRST,
	};
	put_end(&batch->rows[batch->n++], &row->end);
}

static void resync_all(struct kernel *kernel)
{
	struct pgnl_nodes *list;

	if (pgnl_nodes(kernel->handle, &list))
		return;
	for (size_t i = 0; i < list->n; i++) {
		if (!(list->node[i].flags & PGNL_NODE_SELF))
			core_resync(kernel->core, text_of(list->node[i].name));
	}
	pgnl_free(list);
}

/* What is there is taken at the end of the round, with what libpgnl has kept. */
static void on_agent(evutil_socket_t fd, short what, void *arg)
{
	struct kernel *kernel = arg;

	(void)fd;
	(void)what;
	kernel->woken(kernel->woken_arg);
}

void kernel_act(void *arg, struct core_text node, const struct core_ticket *ticket,
		const struct core_act *act)
{
	forward_act(((struct kernel *)arg)->forward, node, ticket, act);
}

/* Whoever asked to delete a group sees no row of it that has gone before. */
void kernel_answer(void *arg, uint64_t request, const struct core_counts *counts)
{
	struct kernel *kernel = arg;

	send_batch(kernel);
	forward_answer(kernel->forward, request, counts);
}

/* The number that it has got; the row comes by an event. 0: it has gone already. When
 * the kernel can't tell, the least that it can be, for the name is given away.
 */
static uint64_t fence_of(struct kernel *kernel, const char *name, uint64_t above)
{
	struct pgnl_names *list;
	uint64_t fence = 0;
	int ret = pgnl_name_whereis(kernel->handle, NULL, name, &list);

	if (!ret && list->n && !list->name[0].holder.node && list->name[0].fence > above)
		fence = list->name[0].fence;
	pgnl_free(list);
	return ret < 0 ? above + 1 : fence;
}

uint64_t kernel_name_commit(void *arg, uint64_t request, struct core_text name, uint64_t fence)
{
	struct kernel *kernel = arg;
	char string[CORE_GROUP_MAX + 1];

	memcpy(string, name.data, name.len);
	string[name.len] = '\0';
	send_batch(kernel);
	if (!forward_name_commit(kernel->forward, request, fence))
		return 0;
	return fence_of(kernel, string, fence);
}

/* Those that are in the way are known to who is told so. */
void kernel_name_answer(void *arg, uint64_t request, enum core_name_verdict verdict,
			struct core_text node)
{
	struct kernel *kernel = arg;

	send_batch(kernel);
	forward_name_answer(kernel->forward, request, verdict, node);
}

/* Whoever owns the scope, asked each time, for that may change at any time. */
bool kernel_owns_names(void *arg, uint32_t uid)
{
	struct kernel *kernel = arg;
	struct pgnl_scopes *list;
	bool owns = false;

	if (!pgnl_scopes(kernel->handle, CORE_NAMES, &list) && list->n)
		owns = list->scope[0].owner == uid;
	pgnl_free(list);
	return owns;
}

bool kernel_name_evict(void *arg, struct core_text name, uint64_t id, uint64_t fence,
		       enum core_evict why, struct core_text other)
{
	struct kernel *kernel = arg;

	send_batch(kernel);
	return forward_name_evict(kernel->forward, name, id, fence, why, other);
}

void kernel_configure(struct kernel *kernel, const struct config *config)
{
	forward_configure(kernel->forward, config);
	ask_partial(kernel);
}

void kernel_flush(struct kernel *kernel)
{
	send_batch(kernel);
	if (kernel->lost)
		return;
	if (forward_flush(kernel->forward, kernel->core))
		lose(kernel, "the role has ended");
	for (size_t i = 0; i < kernel->n_lacking; i++)
		core_resync(kernel->core, text_of(kernel->lacking[i]));
	if (kernel->lacks_all)
		resync_all(kernel);
	kernel->n_lacking = 0;
	kernel->lacks_all = false;
	/* What that came to, by commands. */
	send_batch(kernel);
	/* What was asked meanwhile shows on no socket. */
	if (pgnl_agent_waits(kernel->agent))
		event_active(kernel->agent_event, EV_READ, 0);
}

/* --- the timer ------------------------------------------------------------------------------ */

static void on_scopes_timer(evutil_socket_t fd, short what, void *arg)
{
	struct kernel *kernel = arg;
	size_t added;
	int ret;

	(void)fd;
	(void)what;
	if (kernel->lost)
		return;
	kernel->woken(kernel->woken_arg);
	list_again(kernel);
	ret = look_for_scopes(kernel, &added);
	if (ret == -ENOTCONN)
		lose(kernel, pgnl_last_error(kernel->handle)->text);
	/* Rows of it may have come while it was not here. */
	if (added)
		kernel->lacks_all = true;
	if (!(++kernel->looks % REFUSED_LOOKS))
		connect_again(kernel);
	if (!(kernel->looks % PARTIAL_LOOKS))
		ask_partial(kernel);
}

/* --- life ----------------------------------------------------------------------------------- */

static int adopt_nodes(struct kernel *kernel)
{
	struct pgnl_nodes *list;
	int ret = pgnl_nodes(kernel->handle, &list);

	if (ret)
		return ret;
	for (size_t i = 0; i < list->n; i++) {
		const struct pgnl_node *node = &list->node[i];

		if (!(node->flags & PGNL_NODE_SELF))
			core_adopt(kernel->core, text_of(node->name), node->incarnation);
	}
	pgnl_free(list);
	return 0;
}

int kernel_start(struct kernel *kernel, struct core *core, void (*woken)(void *arg), void *arg)
{
	const struct timeval second = { SCOPES_SECONDS, 0 };
	size_t added;
	int ret;

	kernel->core = core;
	kernel->woken = woken;
	kernel->woken_arg = arg;
	/* Before it is made active by hand; after that libevent would not watch it. */
	if (event_add(kernel->watch_event, NULL) || event_add(kernel->agent_event, NULL) ||
	    event_add(kernel->scopes_timer, &second))
		return -ENOMEM;
	ret = adopt_nodes(kernel);
	if (!ret)
		ret = look_for_scopes(kernel, &added);
	return ret;
}

static int open_role(struct kernel *kernel, const struct config *config)
{
	/* Without an agent the members of others are not given up before it would do so. */
	const struct pgnl_agent_opts opts = {
		.node = config->node, .acts = forward_acts(config),
		.grace = config->grace > PGNL_AGENT_GRACE ? config->grace : PGNL_AGENT_GRACE,
	};
	int ret = pgnl_agent_open(&opts, &kernel->agent);

	if (ret)
		return ret;
	kernel->forward = forward_new(kernel->agent, config);
	return kernel->forward ? 0 : -ENOMEM;
}

static int open_rest(struct kernel *kernel, struct event_base *base)
{
	int ret = pgnl_open(&kernel->handle);

	if (!ret)
		ret = pgnl_watch_open(&kernel->watch);
	if (ret)
		return ret;
	kernel->watch_event = event_new(base, pgnl_watch_fd(kernel->watch), EV_READ | EV_PERSIST,
					on_watch, kernel);
	kernel->scopes_timer = event_new(base, -1, EV_PERSIST, on_scopes_timer, kernel);
	kernel->agent_event = event_new(base, pgnl_agent_fd(kernel->agent), EV_READ | EV_PERSIST,
					on_agent, kernel);
	return kernel->watch_event && kernel->scopes_timer && kernel->agent_event ? 0 : -ENOMEM;
}

int kernel_open(struct event_base *base, const struct config *config, struct kernel **kernel)
{
	struct kernel *made = calloc(1, sizeof(*made));
	int ret = made ? open_role(made, config) : -ENOMEM;

	if (made)
		made->rows_max = ROWS_MAX;
	if (!ret)
		ret = open_rest(made, base);
	if (!ret)
		*kernel = made;
	else if (made)
		kernel_close(made);
	return ret;
}

static void free_event(struct event *event)
{
	if (event)
		event_free(event);
}

void kernel_close(struct kernel *kernel)
{
	struct connected *node, *next;

	free_event(kernel->watch_event);
	free_event(kernel->scopes_timer);
	free_event(kernel->agent_event);
	forward_free(kernel->forward);
	if (kernel->watch)
		pgnl_watch_close(kernel->watch);
	if (kernel->handle)
		pgnl_close(kernel->handle);
	if (kernel->agent)
		pgnl_agent_close(kernel->agent);
	HASH_ITER(hh, kernel->connected, node, next) {
		HASH_DEL(kernel->connected, node);
		free(node);
	}
	for (size_t i = 0; i < kernel->n_scopes; i++)
		shown_clear(&kernel->scopes[i].shown);
	free(kernel->scopes);
	free(kernel);
}
