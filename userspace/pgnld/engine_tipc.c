// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <event2/event.h>
#include <linux/tipc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

#include "acceptor.h"
#include "auth.h"
#include "ends.h"
#include "engine_tipc.h"
#include "log.h"

#define SERVICE		0x70676e6cu	/* "pgnl": an agent, of a global group */
#define RETRY_MS	1000		/* between two tries to connect to a peer */
#define CONNECT_MS	2000
#define HELP_MS		10000		/* for the other one to connect, if that is its part */
#define BRIEF_MS	3000		/* the core gives up who says nothing sooner */
#define TOPOLOGY_SECONDS 1		/* before the topology server is asked anew */
#define ADDRESS_SECONDS	5		/* TIPC needs one, unless it finds itself twice */
#define FRAMES_AT_ONCE	64		/* of one peer, before others have a turn */
#define TRIES_AT_ONCE	(ENGINE_STRANGERS / 2)	/* so that others find room to connect */
#define REFS_MAX	8

enum peer_state {
	PEER_IDLE,
	PEER_CONNECTING,
	PEER_UP,
	PEER_ENDED,		/* peer_down() is still to be told */
};

/* Another agent, as long as it is published, or has an epoch. */
struct peer {
	uint32_t node;		/* the key */
	/* Of its listening socket, and of any that a user of the node has published beside
	 * it; none: it is not published.
	 */
	uint32_t refs[REFS_MAX];
	unsigned int n_refs;
	unsigned int tries;	/* each at the next of them */
	uint32_t trying;
	enum peer_state state;
	int fd;			/* of the connection, -1: none */
	struct engine_ends ends;
	uint64_t epoch;
	bool stranger;		/* takes one of the few places */
	bool waits;		/* for such a place, to connect */
	bool full;		/* the core waits for room */
	struct tipc *tipc;
	struct event *readable;
	struct event *writable;
	struct event *retry;
	struct timespec tried;	/* when a try began, or the core has closed an epoch */
	struct timespec begun;	/* the epoch */
	bool accepted;		/* it was begun by the other end */
	bool ours_next;		/* to connect, before it may again */
	UT_hash_handle hh;
};

struct tipc {
	struct engine engine;
	struct event_base *base;
	struct netns *netns;
	const struct engine_events *events;
	void *arg;
	int topology, listener;
	struct acceptor acceptor;	/* of the listener */
	struct event *topology_event, *address_timer;
	struct event *topology_timer;	/* when the server has ended the connection */
	struct event *turn;		/* of who waits for a place */
	unsigned int strangers;
	unsigned int connecting;	/* of them */
	uint32_t listener_ref;
	uint32_t group;		/* instance of the service */
	struct peer *peers;
	uint64_t last_epoch;
	struct engine_tipc_stats stats;
	char buffer[TIPC_MAX_USER_MSG_SIZE];
};

static struct tipc *of(struct engine *engine)
{
	return (struct tipc *)engine;
}

/* Of this node; 0 as long as TIPC has none, in its first second. */
static uint32_t own_address(const struct tipc *tipc)
{
	struct sockaddr_tipc name;
	socklen_t len = sizeof(name);

	if (getsockname(tipc->listener, (struct sockaddr *)&name, &len))
		return 0;
	return name.addr.id.node;
}

/* flags: SOCK_NONBLOCK, or 0 */
static int make_socket(struct tipc *tipc, int flags)
{
	return netns_socket(tipc->netns, AF_TIPC, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
}

/* --- peers ------------------------------------------------------------------ */

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);
static void on_retry(evutil_socket_t fd, short what, void *arg);

static struct peer *find_peer(struct tipc *tipc, uint32_t node)
{
	struct peer *peer;

	HASH_FIND(hh, tipc->peers, &node, sizeof(node), peer);
	return peer;
}

static struct peer *get_peer(struct tipc *tipc, uint32_t node)
{
	struct peer *peer = find_peer(tipc, node);

	if (peer)
		return peer;
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return NULL;
	peer->node = node;
	peer->fd = -1;
	peer->tried.tv_sec = -RETRY_MS;
	peer->tipc = tipc;
	peer->retry = evtimer_new(tipc->base, on_retry, peer);
	if (!peer->retry) {
		free(peer);
		return NULL;
	}
	HASH_ADD(hh, tipc->peers, node, sizeof(peer->node), peer);
	return peer;
}

/* --- places for strangers ----------------------------------------------------- */

static bool has_place(const struct tipc *tipc)
{
	return tipc->strangers < ENGINE_STRANGERS;
}

static void take_place(struct peer *peer)
{
	peer->stranger = true;
	peer->tipc->strangers++;
}

static void leave_place(struct peer *peer)
{
	static const struct timeval now;

	if (!peer->stranger)
		return;
	peer->stranger = false;
	peer->tipc->strangers--;
	evtimer_add(peer->tipc->turn, &now);
}

static void close_connection(struct peer *peer)
{
	leave_place(peer);
	if (peer->readable)
		event_free(peer->readable);
	if (peer->writable)
		event_free(peer->writable);
	peer->readable = NULL;
	peer->writable = NULL;
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
	peer->full = false;
}

static void free_peer(struct peer *peer)
{
	HASH_DEL(peer->tipc->peers, peer);
	close_connection(peer);
	event_free(peer->retry);
	free(peer);
}

/*
 * Of two agents the one with the lower address connects, so there is one connection.
 * When it does not, it may not know of the other one, or of its last life only: TIPC loses
 * bindings at times that are made while the nodes' link comes up, and those after them.
 * Then the other one does it.
 */
static bool is_ours_to_connect(const struct peer *peer)
{
	return own_address(peer->tipc) < peer->node;
}

static void retry_after(struct peer *peer, unsigned int ms)
{
	const struct timeval delay = { ms / 1000, (int)(ms % 1000) * 1000 };

	evtimer_add(peer->retry, &delay);
}

static int64_t ms_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - then->tv_sec) * 1000 + (now.tv_nsec - then->tv_nsec) / 1000000;
}

/* Milliseconds until another try is due. */
static unsigned int pause_left(const struct peer *peer)
{
	int64_t since = ms_since(&peer->tried);

	return since > RETRY_MS ? 0 : (unsigned int)(RETRY_MS - since);
}

/*
 * Who connects from a node need not be its agent: any user of it may, and has the node's
 * place until it is known that there is no key. So that this can't go on without an end,
 * what came to nothing is followed by a try of ours, which goes to the agent.
 */
static void note_end(struct peer *peer)
{
	if (peer->accepted && ms_since(&peer->begun) < BRIEF_MS)
		peer->ours_next = true;
}

/* Nothing is connected: try again, or wait for the other one, or forget it. */
static void settle(struct peer *peer)
{
	peer->tipc->connecting -= peer->state == PEER_CONNECTING;
	peer->state = PEER_IDLE;
	if (!peer->n_refs)
		free_peer(peer);
	else if (peer->ours_next || is_ours_to_connect(peer))
		retry_after(peer, pause_left(peer));
	else
		retry_after(peer, HELP_MS);
}

static bool watch_connection(struct peer *peer, int fd)
{
	struct tipc *tipc = peer->tipc;

	peer->fd = fd;
	peer->readable = event_new(tipc->base, fd, EV_READ | EV_PERSIST, on_readable, peer);
	peer->writable = event_new(tipc->base, fd, EV_WRITE, on_writable, peer);
	if (peer->readable && peer->writable && !event_add(peer->readable, NULL))
		return true;
	log_error("out of memory for a connection");
	close_connection(peer);
	return false;
}

static void begin_epoch(struct peer *peer, bool accepted)
{
	struct tipc *tipc = peer->tipc;

	evtimer_del(peer->retry);
	tipc->connecting -= peer->state == PEER_CONNECTING;
	peer->state = PEER_UP;
	peer->waits = false;
	peer->epoch = ++tipc->last_epoch;
	peer->accepted = accepted;
	clock_gettime(CLOCK_MONOTONIC, &peer->begun);
	tipc->stats.connected++;
	tipc->events->peer_up(tipc->arg, peer->node, peer->epoch, &peer->ends);
}

static void end_epoch(struct peer *peer)
{
	struct tipc *tipc = peer->tipc;
	uint64_t epoch = peer->epoch;
	uint32_t node = peer->node;

	note_end(peer);
	close_connection(peer);
	settle(peer);
	tipc->events->peer_down(tipc->arg, node, epoch);
}

/* --- connecting --------------------------------------------------------------- */

static void fail_connect(struct peer *peer, int error)
{
	log_debug("node %x: no connection: %s", peer->node, strerror(error));
	peer->tipc->stats.failed++;
	close_connection(peer);
	settle(peer);
}

/* TIPC tells nothing when the link takes the first word or its answer with it: so
 * there is a limit to it, beside the one in the kernel.
 */
static void try_now(struct peer *peer)
{
	struct sockaddr_tipc to = {
		.family = AF_TIPC, .addrtype = TIPC_SOCKET_ADDR,
		.addr.id = { .ref = peer->trying, .node = peer->node },
	};
	uint32_t limit = CONNECT_MS;
	int fd = make_socket(peer->tipc, SOCK_NONBLOCK), error;

	if (fd < 0) {
		fail_connect(peer, -fd);
		return;
	}
	setsockopt(fd, SOL_TIPC, TIPC_CONN_TIMEOUT, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&to, sizeof(to)) || errno == EINPROGRESS) {
		if (!watch_connection(peer, fd)) {
			settle(peer);
			return;
		}
		event_add(peer->writable, NULL);
		retry_after(peer, CONNECT_MS);
		return;
	}
	error = errno;
	close(fd);
	fail_connect(peer, error);
}

static void try_connect(struct peer *peer)
{
	struct tipc *tipc = peer->tipc;

	peer->waits = !has_place(tipc) || tipc->connecting >= TRIES_AT_ONCE;
	if (peer->waits)
		return;
	take_place(peer);
	tipc->connecting++;
	peer->state = PEER_CONNECTING;
	peer->ours_next = false;
	peer->trying = peer->refs[peer->tries++ % peer->n_refs];
	clock_gettime(CLOCK_MONOTONIC, &peer->tried);
	try_now(peer);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct tipc *tipc = arg;
	struct peer *peer, *next;

	(void)fd;
	(void)what;
	acceptor_go_on(&tipc->acceptor);
	HASH_ITER(hh, tipc->peers, peer, next) {
		if (peer->waits && peer->state == PEER_IDLE && peer->n_refs)
			try_connect(peer);
	}
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct peer *peer = arg;

	(void)fd;
	(void)what;
	if (peer->state == PEER_ENDED)
		end_epoch(peer);
	else if (peer->state == PEER_CONNECTING)
		fail_connect(peer, ETIMEDOUT);
	else if (peer->state == PEER_IDLE && peer->n_refs)
		try_connect(peer);
}

/* Whether a connection under way has come to something; false: not yet, or it has
 * failed, and the peer may have gone with it.
 */
static bool see_connecting(struct peer *peer)
{
	socklen_t len = sizeof(int);
	int error = 0;

	getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		fail_connect(peer, error);
		return false;
	}
	if (ends_of(peer->fd, &peer->ends))
		return false;
	begin_epoch(peer, false);
	return true;
}

/* --- a connection ------------------------------------------------------------- */

/* One frame. False when there is none for now, or no connection any more. */
static bool receive(struct peer *peer, uint64_t epoch)
{
	struct tipc *tipc = peer->tipc;
	uint32_t node = peer->node;
	ssize_t len = recv(peer->fd, tipc->buffer, sizeof(tipc->buffer), 0);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (len <= 0) {
		log_debug("node %x: the connection ended: %s", node,
			  len ? strerror(errno) : "by the other end");
		end_epoch(peer);
		return false;
	}
	tipc->events->recv(tipc->arg, node, epoch, tipc->buffer, (size_t)len);
	/* The core may have closed it, which leaves the peer, or not. */
	return find_peer(tipc, node) == peer && peer->state == PEER_UP && peer->epoch == epoch;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct peer *peer = arg;
	struct tipc *tipc = peer->tipc;
	uint32_t node = peer->node;
	uint64_t epoch;
	int left = FRAMES_AT_ONCE;

	(void)fd;
	(void)what;
	if (peer->state == PEER_CONNECTING && !see_connecting(peer))
		return;
	/* The core may have closed at once what has just begun. */
	if (find_peer(tipc, node) != peer || peer->state != PEER_UP)
		return;
	epoch = peer->epoch;
	while (left-- && receive(peer, epoch))
		;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct peer *peer = arg;

	(void)fd;
	(void)what;
	if (peer->state == PEER_CONNECTING) {
		see_connecting(peer);
	} else if (peer->state == PEER_UP && peer->full) {
		peer->full = false;
		peer->tipc->events->room(peer->tipc->arg, peer->node, peer->epoch);
	}
}

static enum engine_sent tipc_send(struct engine *engine, uint64_t node, uint64_t epoch,
				  const void *data, size_t len)
{
	struct peer *peer = find_peer(of(engine), (uint32_t)node);

	if (!peer || peer->state != PEER_UP || peer->epoch != epoch)
		return ENGINE_GONE;
	if (send(peer->fd, data, len, MSG_NOSIGNAL) >= 0)
		return ENGINE_OK;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM) {
		peer->full = true;
		event_add(peer->writable, NULL);
		return ENGINE_FULL;
	}
	/* To be told from the loop, not from within this call. */
	peer->state = PEER_ENDED;
	retry_after(peer, 0);
	return ENGINE_GONE;
}

static void tipc_known(struct engine *engine, uint64_t node, uint64_t epoch)
{
	struct peer *peer = find_peer(of(engine), (uint32_t)node);

	if (peer && peer->epoch == epoch)
		leave_place(peer);
}

static void tipc_close(struct engine *engine, uint64_t node, uint64_t epoch)
{
	struct peer *peer = find_peer(of(engine), (uint32_t)node);

	if (!peer || peer->epoch != epoch || (peer->state != PEER_UP && peer->state != PEER_ENDED))
		return;
	clock_gettime(CLOCK_MONOTONIC, &peer->tried);
	note_end(peer);
	close_connection(peer);
	evtimer_del(peer->retry);
	settle(peer);
}

/* --- who connects to us --------------------------------------------------------- */

/* From another agent, as long as nothing else has come of it. The pauses of a pair that
 * is ours to connect are between our own tries, which lead nowhere.
 */
static bool is_welcome(struct tipc *tipc, uint32_t node)
{
	const struct peer *peer = find_peer(tipc, node);

	if (!node || node == own_address(tipc))
		return false;
	return !peer || (peer->state == PEER_IDLE && !peer->ours_next &&
			 (is_ours_to_connect(peer) || !pause_left(peer)));
}

static void take_connection(struct tipc *tipc, int fd)
{
	struct engine_ends ends = { 0 };
	struct peer *peer;
	uint32_t node;

	ends_of(fd, &ends);
	node = ends_node(ends.there);
	if (!is_welcome(tipc, node)) {
		log_debug("node %x: a connection was refused", node);
		tipc->stats.refused++;
		close(fd);
		return;
	}
	peer = get_peer(tipc, node);
	if (!peer) {
		close(fd);
		return;
	}
	take_place(peer);
	peer->ends = ends;
	if (watch_connection(peer, fd))
		begin_epoch(peer, true);
	else
		settle(peer);
}

static void on_listener(evutil_socket_t fd, short what, void *arg)
{
	struct tipc *tipc = arg;
	int left = FRAMES_AT_ONCE, made;

	(void)fd;
	(void)what;
	while (left-- && has_place(tipc) && (made = acceptor_take(&tipc->acceptor)) >= 0)
		take_connection(tipc, made);
	if (!has_place(tipc))
		acceptor_hold(&tipc->acceptor);
}

/* --- who is there ----------------------------------------------------------------- */

static unsigned int find_ref(const struct peer *peer, uint32_t ref)
{
	unsigned int i = 0;

	while (i < peer->n_refs && peer->refs[i] != ref)
		i++;
	return i;
}

static void remove_ref(struct peer *peer, unsigned int i)
{
	peer->n_refs--;
	memmove(&peer->refs[i], &peer->refs[i + 1], (peer->n_refs - i) * sizeof(peer->refs[0]));
}

static void add_ref(struct peer *peer, uint32_t ref)
{
	if (find_ref(peer, ref) < peer->n_refs)
		return;
	if (peer->n_refs == REFS_MAX)
		remove_ref(peer, 0);
	peer->refs[peer->n_refs++] = ref;
}

static void on_published(struct tipc *tipc, uint32_t node, uint32_t ref)
{
	struct peer *peer;

	/* Another socket of this node is nobody to connect with. */
	if (node == own_address(tipc))
		return;
	peer = get_peer(tipc, node);
	if (!peer) {
		log_error("out of memory for a peer");
		return;
	}
	log_debug("node %x: an agent is there", node);
	add_ref(peer, ref);
	if (peer->state != PEER_IDLE)
		return;
	if (peer->ours_next || is_ours_to_connect(peer))
		try_connect(peer);
	else
		retry_after(peer, HELP_MS);
}

static void on_withdrawn(struct tipc *tipc, uint32_t node, uint32_t ref)
{
	struct peer *peer = find_peer(tipc, node);
	unsigned int i = peer ? find_ref(peer, ref) : 0;

	if (!peer || i == peer->n_refs)
		return;
	log_debug("node %x: the agent has gone", node);
	remove_ref(peer, i);
	if (peer->state == PEER_CONNECTING && peer->trying == ref)
		fail_connect(peer, ENOTCONN);
	else if (peer->state == PEER_IDLE && !peer->n_refs)
		free_peer(peer);
}

static void close_socket(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_topology(struct tipc *tipc)
{
	if (tipc->topology_event)
		event_free(tipc->topology_event);
	tipc->topology_event = NULL;
	close_socket(&tipc->topology);
}

/* The server ends a subscription that it can't serve, for want of memory, say. Who is
 * withdrawn meanwhile is not told, so nobody counts as published until it is told anew;
 * connections stay.
 */
static void lose_topology(struct tipc *tipc)
{
	const struct timeval delay = { TOPOLOGY_SECONDS, 0 };
	struct peer *peer, *next;

	log_warning("TIPC: the topology server has ended the subscription; it is asked anew");
	close_topology(tipc);
	HASH_ITER(hh, tipc->peers, peer, next) {
		peer->n_refs = 0;
		if (peer->state == PEER_IDLE)
			free_peer(peer);
	}
	evtimer_add(tipc->topology_timer, &delay);
}

static void on_topology(evutil_socket_t fd, short what, void *arg)
{
	struct tipc *tipc = arg;
	struct tipc_event event;
	int left = FRAMES_AT_ONCE;
	ssize_t len = sizeof(event);

	(void)what;
	while (left-- && (len = recv(fd, &event, sizeof(event), 0)) == sizeof(event)) {
		if (event.port.ref == tipc->listener_ref &&
		    (!event.port.node || event.port.node == own_address(tipc)))
			continue;
		if (event.event == TIPC_PUBLISHED)
			on_published(tipc, event.port.node, event.port.ref);
		else if (event.event == TIPC_WITHDRAWN)
			on_withdrawn(tipc, event.port.node, event.port.ref);
	}
	if (len != sizeof(event) && (len >= 0 || (errno != EAGAIN && errno != EINTR)))
		lose_topology(tipc);
}

/* --- start and stop ---------------------------------------------------------------- */

static int fail_start(const char *what, int error)
{
	if (error == -EAFNOSUPPORT)
		log_error("this host has no TIPC sockets, or forbids them");
	else
		log_error("TIPC: %s: %s", what, strerror(-error));
	return error;
}

/* All agents of a group are bound by the same instance; a socket's address tells which. */
static int listen_for_peers(struct tipc *tipc)
{
	struct sockaddr_tipc name = {
		.family = AF_TIPC, .addrtype = TIPC_SERVICE_RANGE, .scope = TIPC_CLUSTER_SCOPE,
		.addr.nameseq = { .type = SERVICE, .lower = tipc->group, .upper = tipc->group },
	};
	socklen_t len = sizeof(name);
	int fd = make_socket(tipc, SOCK_NONBLOCK);

	if (fd < 0)
		return fd;
	tipc->listener = fd;
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) || listen(fd, 0) ||
	    getsockname(fd, (struct sockaddr *)&name, &len))
		return -errno;
	tipc->listener_ref = name.addr.id.ref;
	return acceptor_open(&tipc->acceptor, tipc->base, fd, on_listener, tipc);
}

static int subscribe(struct tipc *tipc)
{
	const struct sockaddr_tipc server = {
		.family = AF_TIPC, .addrtype = TIPC_SERVICE_ADDR,
		.addr.name.name = { .type = TIPC_TOP_SRV, .instance = TIPC_TOP_SRV },
	};
	const struct tipc_subscr wish = {
		.seq = { .type = SERVICE, .lower = tipc->group, .upper = tipc->group },
		.timeout = (uint32_t)TIPC_WAIT_FOREVER, .filter = TIPC_SUB_PORTS,
	};
	int fd = make_socket(tipc, 0);

	if (fd < 0)
		return fd;
	tipc->topology = fd;
	/* The server is in the same kernel, and answers at once. */
	if (connect(fd, (const struct sockaddr *)&server, sizeof(server)) ||
	    send(fd, &wish, sizeof(wish), 0) != sizeof(wish))
		return -errno;
	evutil_make_socket_nonblocking(fd);
	tipc->topology_event = event_new(tipc->base, fd, EV_READ | EV_PERSIST, on_topology, tipc);
	return tipc->topology_event && !event_add(tipc->topology_event, NULL) ? 0 : -ENOMEM;
}

static void on_topology_timer(evutil_socket_t fd, short what, void *arg)
{
	struct tipc *tipc = arg;

	(void)fd;
	(void)what;
	if (subscribe(tipc))
		lose_topology(tipc);
}

/* The identity is made of the node's name. TIPC goes on looking for an address as long
 * as another node with the same identity answers.
 */
static void on_address_timer(evutil_socket_t fd, short what, void *arg)
{
	struct tipc *tipc = arg;

	(void)fd;
	(void)what;
	if (!own_address(tipc))
		log_error("TIPC finds no address: another node of this cluster has the same name; "
			  "until that changes nobody is connected");
}

static int watch_address(struct tipc *tipc)
{
	const struct timeval delay = { ADDRESS_SECONDS, 0 };

	tipc->address_timer = evtimer_new(tipc->base, on_address_timer, tipc);
	return tipc->address_timer && !evtimer_add(tipc->address_timer, &delay) ? 0 : -ENOMEM;
}

static void tipc_stop(struct engine *engine)
{
	struct tipc *tipc = of(engine);
	struct peer *peer, *next;

	HASH_ITER(hh, tipc->peers, peer, next)
		free_peer(peer);
	close_topology(tipc);
	acceptor_close(&tipc->acceptor);
	close_socket(&tipc->listener);
	if (tipc->address_timer)
		event_free(tipc->address_timer);
	if (tipc->topology_timer)
		event_free(tipc->topology_timer);
	tipc->address_timer = NULL;
	if (tipc->turn)
		event_free(tipc->turn);
	tipc->topology_timer = NULL;
	tipc->turn = NULL;
	tipc->strangers = tipc->connecting = 0;
	tipc->events = NULL;
}

static int tipc_start(struct engine *engine, const struct engine_events *events, void *arg)
{
	struct tipc *tipc = of(engine);
	int ret;

	tipc->events = events;
	tipc->arg = arg;
	tipc->topology_timer = evtimer_new(tipc->base, on_topology_timer, tipc);
	tipc->turn = evtimer_new(tipc->base, on_turn, tipc);
	ret = tipc->topology_timer && tipc->turn ? listen_for_peers(tipc) : -ENOMEM;
	if (!ret)
		ret = subscribe(tipc);
	if (!ret)
		ret = watch_address(tipc);
	if (!ret)
		return 0;
	tipc_stop(engine);
	return fail_start("no socket for the agent", ret);
}

int engine_tipc_set_group(struct engine *engine, const char *group)
{
	struct tipc *tipc = of(engine);
	const struct engine_events *events = tipc->events;
	uint32_t instance = auth_service("group", group);

	if (instance == tipc->group)
		return 0;
	tipc->group = instance;
	if (!events)
		return 0;
	tipc_stop(engine);
	return tipc_start(engine, events, tipc->arg);
}

static void tipc_limits(const struct engine *engine, struct engine_limits *limits)
{
	(void)engine;
	limits->frame = TIPC_MAX_USER_MSG_SIZE;
}

void engine_tipc_stats(const struct engine *engine, struct engine_tipc_stats *stats)
{
	const struct tipc *tipc = (const struct tipc *)engine;

	*stats = tipc->stats;
	stats->address = own_address(tipc);
}

static const struct engine_ops ops = {
	.name = "tipc",
	.start = tipc_start,
	.stop = tipc_stop,
	.send = tipc_send,
	.known = tipc_known,
	.close = tipc_close,
	.limits = tipc_limits,
};

int engine_tipc_new(struct event_base *base, struct netns *netns, struct engine **engine)
{
	struct tipc *tipc = calloc(1, sizeof(*tipc));

	if (!tipc)
		return -ENOMEM;
	tipc->engine.ops = &ops;
	tipc->base = base;
	tipc->group = auth_service("group", "");
	tipc->netns = netns;
	tipc->topology = -1;
	tipc->listener = -1;
	*engine = &tipc->engine;
	return 0;
}

void engine_tipc_free(struct engine *engine)
{
	free(of(engine));
}
