// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "session.h"

struct session {
	struct core *core;
	struct kernel *kernel;
	struct engine *engine;
	struct gg *gg;
	const struct auth_keys *keys;
	struct event *timer;	/* for the core's wake */
	bool ticked;		/* the core knows the time of this turn */
};

uint64_t session_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

const struct core *session_core(const struct session *session)
{
	return session->core;
}

void session_kernel_stats(const struct session *session, struct kernel_stats *stats)
{
	kernel_stats(session->kernel, stats);
}

bool session_is_over(const struct session *session)
{
	return kernel_is_lost(session->kernel);
}

/* Before anything is told to the core; once a turn is enough. */
static void tick(void *arg)
{
	struct session *session = arg;

	if (!session->ticked)
		core_tick(session->core, session_now());
	session->ticked = true;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tick(arg);
}

struct pgnl_agent *session_agent(const struct session *session)
{
	return kernel_agent(session->kernel);
}

/* --- from the engine ----------------------------------------------------------- */

static void on_peer_up(void *arg, uint64_t peer, uint64_t epoch, const struct engine_ends *ends)
{
	struct session *session = arg;
	uint8_t nonce[CORE_NONCE];

	tick(session);
	auth_random(nonce, sizeof(nonce));
	core_peer_up(session->core, peer, epoch, ends, nonce);
}

static void on_peer_down(void *arg, uint64_t peer, uint64_t epoch)
{
	struct session *session = arg;

	tick(session);
	core_peer_down(session->core, peer, epoch);
}

static void on_recv(void *arg, uint64_t peer, uint64_t epoch, const void *data, size_t len)
{
	struct session *session = arg;

	tick(session);
	core_recv(session->core, peer, epoch, data, len);
}

static void on_room(void *arg, uint64_t peer, uint64_t epoch)
{
	struct session *session = arg;

	tick(session);
	core_room(session->core, peer, epoch);
}

static const struct engine_events engine_events = {
	.peer_up = on_peer_up, .peer_down = on_peer_down, .recv = on_recv, .room = on_room,
};

/* --- commands of the core -------------------------------------------------------- */

static enum engine_sent do_send(void *arg, uint64_t peer, uint64_t epoch, const void *data,
				size_t len)
{
	struct session *session = arg;

	return session->engine->ops->send(session->engine, peer, epoch, data, len);
}

static void do_known(void *arg, uint64_t peer, uint64_t epoch)
{
	struct session *session = arg;

	session->engine->ops->known(session->engine, peer, epoch);
}

static void do_close(void *arg, uint64_t peer, uint64_t epoch)
{
	struct session *session = arg;

	session->engine->ops->close(session->engine, peer, epoch);
}

static void do_contact(void *arg, struct core_text node, enum core_contact contact)
{
	gg_contact(((struct session *)arg)->gg, node, contact);
}

static void do_node(void *arg, struct core_text node, uint64_t incarnation,
		    enum core_node_state state)
{
	kernel_node(((struct session *)arg)->kernel, node, incarnation, state);
}

static void do_begin(void *arg, struct core_text node, uint64_t incarnation)
{
	kernel_begin(((struct session *)arg)->kernel, node, incarnation);
}

static void do_put(void *arg, struct core_text node, uint64_t incarnation,
		   const struct core_row *row)
{
	kernel_put(((struct session *)arg)->kernel, node, incarnation, row);
}

static void do_commit(void *arg, struct core_text node, uint64_t incarnation)
{
	kernel_commit(((struct session *)arg)->kernel, node, incarnation);
}

static void do_mac(void *arg, const struct core_claim *sender, const struct core_claim *receiver,
		   uint8_t mac[CORE_MAC])
{
	auth_mac(((struct session *)arg)->keys, sender, receiver, mac);
}

static void do_log(void *arg, enum core_log_level level, const char *text)
{
	(void)arg;
	log_line(level, text);
}

static void do_act(void *arg, struct core_text node, const struct core_ticket *ticket,
		   const struct core_act *act)
{
	kernel_act(((struct session *)arg)->kernel, node, ticket, act);
}

static void do_answer(void *arg, uint64_t request, const struct core_counts *counts)
{
	kernel_answer(((struct session *)arg)->kernel, request, counts);
}

static uint64_t do_name_commit(void *arg, uint64_t request, struct core_text name,
			       uint64_t fence)
{
	return kernel_name_commit(((struct session *)arg)->kernel, request, name, fence);
}

static void do_name_answer(void *arg, uint64_t request, enum core_name_verdict verdict,
			   struct core_text node)
{
	kernel_name_answer(((struct session *)arg)->kernel, request, verdict, node);
}

static bool do_owns_names(void *arg, uint32_t uid)
{
	return kernel_owns_names(((struct session *)arg)->kernel, uid);
}

static bool do_name_evict(void *arg, struct core_text name, uint64_t id, uint64_t fence,
			  enum core_evict why, struct core_text other)
{
	return kernel_name_evict(((struct session *)arg)->kernel, name, id, fence, why, other);
}

static const struct core_out commands = {
	.name_commit = do_name_commit, .name_answer = do_name_answer,
	.owns_names = do_owns_names, .name_evict = do_name_evict,
	.send = do_send, .known = do_known, .close = do_close,
	.contact = do_contact, .node = do_node, .begin = do_begin, .put = do_put,
	.commit = do_commit, .act = do_act, .answer = do_answer, .mac = do_mac, .log = do_log,
};

/* --- life -------------------------------------------------------------------------- */

/* Nodes in the order of the configuration; NULL, and names are arbitrated by name. */
static const char **order_of(const struct config_group *group)
{
	const char **order = group ? calloc(group->n_nodes, sizeof(*order)) : NULL;

	for (size_t i = 0; order && i < group->n_nodes; i++)
		order[i] = group->nodes[i];
	return order;
}

/* The order is the caller's to free. Of a node no more is kept than the kernel takes. */
static struct core_config core_config(const struct session *session, const struct config *config)
{
	const struct config_group *group = config_group_of(config, config->node);
	const char **order = order_of(group);

	return (struct core_config){
		.order = order, .n_order = order ? group->n_nodes : 0,
		.node = config->node, .global_group = group ? group->name : "",
		.config_hash = auth_config_hash(config),
		.grace = (uint64_t)config->grace * 1000000,
		.remote_root = config->remote_root,
		.digest_interval = CORE_DIGEST_INTERVAL,
		.rows_max = kernel_rows_max(session->kernel),
	};
}

void session_configure(struct session *session, const struct config *config)
{
	struct core_config new = core_config(session, config);

	tick(session);
	core_configure(session->core, &new);
	free((void *)new.order);
	kernel_configure(session->kernel, config);
}

/* Sleep no longer than the core wants. */
static void set_timer(struct session *session)
{
	uint64_t wake = core_wake(session->core), now = session_now(), left;
	struct timeval delay;

	if (wake == CORE_NEVER) {
		evtimer_del(session->timer);
		return;
	}
	/* Rounded up, or it would come just too early. */
	left = wake > now ? (wake - now + 999) / 1000 : 0;
	delay.tv_sec = (time_t)(left / 1000000);
	delay.tv_usec = (suseconds_t)(left % 1000000);
	evtimer_add(session->timer, &delay);
}

void session_round(struct session *session)
{
	tick(session);
	kernel_flush(session->kernel);
	core_flush(session->core);
	kernel_flush(session->kernel);
	session->ticked = false;
	set_timer(session);
}

static int start(struct session *session, const struct config *config)
{
	struct core_config wanted = core_config(session, config);
	uint8_t digest_key[CORE_KEY];
	int ret;

	auth_random(digest_key, sizeof(digest_key));
	session->core = core_new(&wanted, kernel_incarnation(session->kernel), digest_key,
				 &commands, session);
	free((void *)wanted.order);
	tick(session);
	ret = kernel_start(session->kernel, session->core, tick, session);
	if (ret)
		return ret;
	return session->engine->ops->start(session->engine, &engine_events, session);
}

int session_open(struct event_base *base, const struct config *config,
		 const struct auth_keys *keys, struct engine *engine, struct gg *gg,
		 struct session **session)
{
	struct session *made = calloc(1, sizeof(*made));
	int ret = made ? kernel_open(base, config, &made->kernel) : -ENOMEM;

	if (!ret) {
		made->engine = engine;
		made->gg = gg;
		made->keys = keys;
		made->timer = evtimer_new(base, on_timer, made);
		ret = made->timer ? start(made, config) : -ENOMEM;
	}
	if (!ret)
		*session = made;
	else if (made)
		session_close(made);
	return ret;
}

void session_close(struct session *session)
{
	if (session->core) {
		session->engine->ops->stop(session->engine);
		core_free(session->core);
		gg_forget(session->gg);
	}
	if (session->kernel)
		kernel_close(session->kernel);
	if (session->timer)
		event_free(session->timer);
	free(session);
}
