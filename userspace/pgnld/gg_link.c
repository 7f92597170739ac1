// SPDX-License-Identifier: GPL-2.0-or-later
#include "gg_link.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/tipc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"
#include "frame.h"
#include "outbox.h"

#define HELLO_MS	1000
#define WAITING_MAX	(16u << 20)	/* bytes of frames */

enum link_state { LINK_CONNECTING, LINK_HELLO, LINK_AUTH, LINK_READY, LINK_ENDED };

struct link {
	struct link_env env;
	const struct link_events *events;
	void *arg;
	enum link_state state;
	int error;		/* of connecting, at once */
	int fd;
	struct event *readable, *writable, *timer;
	struct engine_ends ends;
	struct core_claim own, peer;
	char own_node[CORE_NAME_MAX], own_group[CORE_NAME_MAX];
	char peer_node[CORE_NAME_MAX], peer_group[CORE_NAME_MAX];
	struct outbox outbox;
};

/* --- life ------------------------------------------------------------------------- */

static void free_event(struct event *event)
{
	if (event)
		event_free(event);
}

void link_close(struct link *link)
{
	if (!link)
		return;
	free_event(link->readable);
	free_event(link->writable);
	free_event(link->timer);
	outbox_clear(&link->outbox);
	close(link->fd);
	free(link);
}

/* The owner closes it now, or later. */
static void end(struct link *link, const char *why)
{
	if (link->state == LINK_ENDED)
		return;
	link->state = LINK_ENDED;
	event_del(link->readable);
	event_del(link->writable);
	event_del(link->timer);
	link->events->closed(link->arg, link, why);
}

static void set_timer(struct link *link, unsigned int ms)
{
	const struct timeval delay = { ms / 1000, (int)(ms % 1000) * 1000 };

	evtimer_add(link->timer, &delay);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	end(arg, "it takes too long");
}

/* --- sending ---------------------------------------------------------------------- */

static void flush(struct link *link)
{
	if (outbox_flush(&link->outbox, link->fd))
		event_add(link->writable, NULL);
}

bool link_send(struct link *link, const void *data, size_t len)
{
	if (link->state == LINK_ENDED || !outbox_put(&link->outbox, data, len, WAITING_MAX))
		return false;
	flush(link);
	return true;
}

bool link_is_ready(const struct link *link)
{
	return link->state == LINK_READY;
}

/* --- who is there ------------------------------------------------------------------- */

/* The claim with copies of its texts. */
static void keep(struct core_claim *to, const struct core_claim *claim, char *node, char *group)
{
	*to = *claim;
	memcpy(node, claim->node.data, claim->node.len);
	to->node.data = node;
	memcpy(group, claim->global_group.data, claim->global_group.len);
	to->global_group.data = group;
}

static void say_hello(struct link *link)
{
	uint8_t data[FRAME_HELLO_MAX];
	struct wire_writer w = { .data = data, .size = sizeof(data) };
	struct core_claim claim = {
		.version_min = CORE_VERSION_MIN, .version_max = CORE_VERSION_MAX,
		.features = FEATURE_AUTH | FEATURE_ASK,
	};

	link->env.claim(link->env.arg, &claim);
	claim.end = link->ends.here;
	auth_random(claim.nonce, sizeof(claim.nonce));
	auth_random(claim.digest_key, sizeof(claim.digest_key));
	keep(&link->own, &claim, link->own_node, link->own_group);
	link->state = LINK_HELLO;
	frame_put_hello(&w, &link->own);
	if (!link_send(link, data, w.len))
		end(link, "out of memory");
}

static bool is_same(struct core_text a, struct core_text b)
{
	return a.len == b.len && !memcmp(a.data, b.data, a.len);
}

static void take_hello(struct link *link, const struct core_claim *claim)
{
	uint8_t data[FRAME_HELLO_MAX], mac[CORE_MAC];
	struct wire_writer w = { .data = data, .size = sizeof(data) };

	keep(&link->peer, claim, link->peer_node, link->peer_group);
	/* What we say ourselves, sent back, would be as good as the key. */
	if (is_same(claim->node, link->own.node)) {
		end(link, "it is this node itself");
		return;
	}
	if (!(claim->features & FEATURE_ASK) || !(claim->features & FEATURE_AUTH) ||
	    claim->version_max < CORE_VERSION_MIN || claim->version_min > CORE_VERSION_MAX ||
	    claim->end != link->ends.there) {
		end(link, "it is no node that can be asked");
		return;
	}
	link->state = LINK_AUTH;
	auth_mac(link->env.keys, &link->own, &link->peer, mac);
	frame_put_auth(&w, mac);
	if (!link_send(link, data, w.len))
		end(link, "out of memory");
}

/* In the same time wherever they differ. */
static bool equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint8_t differ = 0;

	while (len--)
		differ |= *a++ ^ *b++;
	return !differ;
}

static void take_auth(struct link *link, const uint8_t mac[CORE_MAC])
{
	uint8_t expected[CORE_MAC];

	auth_mac(link->env.keys, &link->peer, &link->own, expected);
	if (!equal(mac, expected, CORE_MAC)) {
		end(link, "it has another cluster key");
		return;
	}
	link->state = LINK_READY;
	set_timer(link, LINK_MS);
	link->events->ready(link->arg, link, &link->peer);
}

static void take_stranger(struct link *link, const void *data, size_t len)
{
	struct frame frame;

	if (len > FRAME_HELLO_MAX || !frame_read(data, len, &frame))
		end(link, "a frame that can't be read");
	else if (frame.type == FRAME_HELLO && link->state == LINK_HELLO)
		take_hello(link, &frame.hello);
	else if (frame.type == FRAME_AUTH && link->state == LINK_AUTH)
		take_auth(link, frame.mac);
	else
		end(link, "a frame out of turn");
}

/* --- the socket --------------------------------------------------------------------- */

static bool is_connected(struct link *link)
{
	socklen_t len = sizeof(int);
	int error = link->error;

	if (!error)
		getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		end(link, strerror(error));
		return false;
	}
	return !ends_of(link->fd, &link->ends);
}

/* One frame a time: what is told of it may be the end of the link. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	static uint8_t data[TIPC_MAX_USER_MSG_SIZE];
	struct link *link = arg;
	ssize_t len;

	(void)what;
	if (link->state == LINK_CONNECTING) {
		if (is_connected(link))
			say_hello(link);
		return;
	}
	len = recv(fd, data, sizeof(data), 0);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0)
		end(link, len ? strerror(errno) : "by the other end");
	else if (link->state == LINK_READY)
		link->events->frame(link->arg, link, data, (size_t)len);
	else
		take_stranger(link, data, (size_t)len);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct link *link = arg;

	(void)fd;
	(void)what;
	if (link->state != LINK_CONNECTING)
		flush(link);
	else if (is_connected(link))
		say_hello(link);
}

static struct link *new_link(const struct link_env *env, int fd, const struct link_events *events,
			     void *arg)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link) {
		close(fd);
		return NULL;
	}
	link->env = *env;
	link->events = events;
	link->arg = arg;
	link->fd = fd;
	link->readable = event_new(env->base, fd, EV_READ | EV_PERSIST, on_readable, link);
	link->writable = event_new(env->base, fd, EV_WRITE, on_writable, link);
	link->timer = evtimer_new(env->base, on_timer, link);
	if (!link->readable || !link->writable || !link->timer ||
	    event_add(link->readable, NULL) || event_add(link->writable, NULL)) {
		link_close(link);
		return NULL;
	}
	set_timer(link, HELLO_MS);
	return link;
}

struct link *link_connect(const struct link_env *env, uint32_t instance,
			  const struct link_events *events, void *arg)
{
	struct sockaddr_tipc to = {
		.family = AF_TIPC, .addrtype = TIPC_SERVICE_ADDR, .scope = TIPC_CLUSTER_SCOPE,
		.addr.name.name = { .type = LINK_SERVICE, .instance = instance },
	};
	int fd = netns_socket(env->netns, AF_TIPC,
			      SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	uint32_t limit = HELLO_MS;
	struct link *link;

	if (fd < 0)
		return NULL;
	setsockopt(fd, SOL_TIPC, TIPC_CONN_TIMEOUT, &limit, sizeof(limit));
	link = new_link(env, fd, events, arg);
	if (!link)
		return NULL;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS) {
		link->error = errno;
		event_active(link->writable, EV_WRITE, 0);
	}
	return link;
}

struct link *link_accept(const struct link_env *env, int fd, const struct link_events *events,
			 void *arg)
{
	/* It says hello when there is room, which is at once. */
	return new_link(env, fd, events, arg);
}
