/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A socket that others connect to. When there is no room for what connects, too many
 * files are open, say, it stays readable all the same: so it is left alone for a while,
 * or the loop would do nothing but try.
 */
#ifndef PGNLD_ACCEPTOR_H
#define PGNLD_ACCEPTOR_H

#include <event2/event.h>
#include <stdbool.h>

struct acceptor {
	struct event *readable, *pause;
	bool said;	/* that there is no room */
};

/* Calls back when somebody connects to fd, a listening socket that does not block and
 * stays the caller's. 0 or -ENOMEM; acceptor_close() is to follow in both cases.
 */
int acceptor_open(struct acceptor *acceptor, struct event_base *base, int fd,
		  event_callback_fn connected, void *arg);
/* The next one, non-blocking, or -1: nobody for now. */
int acceptor_take(struct acceptor *acceptor);
/* Nobody is called back for, until it goes on. */
void acceptor_hold(struct acceptor *acceptor);
void acceptor_go_on(struct acceptor *acceptor);
/* Also of one that is all 0. */
void acceptor_close(struct acceptor *acceptor);

#endif
