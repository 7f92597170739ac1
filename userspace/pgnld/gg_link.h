/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection for one question, of TIPC as those of the engine, but to any node or
 * global group by a service address. Both ends say who they are as they do there, by
 * HELLO and AUTH, with FEATURE_ASK: what proves something on one of the services
 * proves nothing on the other.
 *
 * A link calls back from the loop only, never from within a call. It is the
 * caller's to close, also after closed().
 */
#ifndef PGNLD_GG_LINK_H
#define PGNLD_GG_LINK_H

#include "auth.h"
#include "core.h"
#include "netns.h"

struct event_base;
struct link;

#define LINK_SERVICE	0x70676e71u	/* "pgnq" of TIPC: questions */
#define LINK_MS		2000		/* that a link lives at most */

/* What all links of a daemon have in common. */
struct link_env {
	struct event_base *base;
	struct netns *netns;
	const struct auth_keys *keys;
	/* Who this node is: node, global_group, config_hash, incarnation. */
	void (*claim)(void *arg, struct core_claim *claim);
	void *arg;
};

struct link_events {
	/* The other end is who it says; it is so from now on until the link is closed. */
	void (*ready)(void *arg, struct link *link, const struct core_claim *peer);
	/* A frame after that; its bytes are valid during the call. */
	void (*frame)(void *arg, struct link *link, const void *data, size_t len);
	/* It has ended, or its time is up; why is for a log. */
	void (*closed)(void *arg, struct link *link, const char *why);
};

/* To whoever has bound this instance of the service; NULL: no memory or no socket. */
struct link *link_connect(const struct link_env *env, uint32_t instance,
			  const struct link_events *events, void *arg);
/* One that came; the descriptor is the link's. NULL: no memory, and it is closed. */
struct link *link_accept(const struct link_env *env, int fd, const struct link_events *events,
			 void *arg);
bool link_is_ready(const struct link *link);
/* Sent in this order, as there is room; false: no memory, or too much is waiting. */
bool link_send(struct link *link, const void *data, size_t len);
/* What has not been sent yet is lost. */
void link_close(struct link *link);

#endif
