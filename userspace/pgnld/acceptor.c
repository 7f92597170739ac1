// SPDX-License-Identifier: GPL-2.0-or-later
#include "acceptor.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"

#define PAUSE_MS	100

static void on_pause(evutil_socket_t fd, short what, void *arg)
{
	struct acceptor *acceptor = arg;

	(void)fd;
	(void)what;
	event_add(acceptor->readable, NULL);
}

int acceptor_open(struct acceptor *acceptor, struct event_base *base, int fd,
		  event_callback_fn connected, void *arg)
{
	*acceptor = (struct acceptor){
		.readable = event_new(base, fd, EV_READ | EV_PERSIST, connected, arg),
		.pause = evtimer_new(base, on_pause, acceptor),
	};
	if (!acceptor->readable || !acceptor->pause || event_add(acceptor->readable, NULL))
		return -ENOMEM;
	return 0;
}

static bool is_want_of_room(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

int acceptor_take(struct acceptor *acceptor)
{
	const struct timeval delay = { 0, PAUSE_MS * 1000 };
	int fd = accept4(event_get_fd(acceptor->readable), NULL, NULL,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		acceptor->said = false;
	} else if (is_want_of_room(errno)) {
		if (!acceptor->said)
			log_warning("who connects has to wait: %s", strerror(errno));
		acceptor->said = true;
		event_del(acceptor->readable);
		evtimer_add(acceptor->pause, &delay);
	}
	return fd;
}

void acceptor_hold(struct acceptor *acceptor)
{
	event_del(acceptor->readable);
}

void acceptor_go_on(struct acceptor *acceptor)
{
	if (!evtimer_pending(acceptor->pause, NULL))
		event_add(acceptor->readable, NULL);
}

void acceptor_close(struct acceptor *acceptor)
{
	if (acceptor->readable)
		event_free(acceptor->readable);
	if (acceptor->pause)
		event_free(acceptor->pause);
	*acceptor = (struct acceptor){ .said = false };
}
