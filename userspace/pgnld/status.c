// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "acceptor.h"
#include "status.h"

#define READERS	16	/* at once; the next ones wait */
#define SECONDS	5	/* for one that does not read, or does not answer */

struct status {
	struct event_base *base;
	status_write write;
	void *arg;
	int fd;
	struct acceptor acceptor;
	struct bufferevent *readers[READERS];
};

static void end_reader(struct bufferevent *reader, void *arg)
{
	struct status *status = arg;

	for (int i = 0; i < READERS; i++) {
		if (status->readers[i] == reader)
			status->readers[i] = NULL;
	}
	bufferevent_free(reader);
	event_add(status->acceptor.readable, NULL);
}

static void on_reader(struct bufferevent *reader, short what, void *arg)
{
	(void)what;
	end_reader(reader, arg);
}

static void serve(struct status *status, int fd, struct bufferevent **slot)
{
	const struct timeval limit = { SECONDS, 0 };
	struct bufferevent *reader = bufferevent_socket_new(status->base, fd, BEV_OPT_CLOSE_ON_FREE);
	char *text = status->write(status->arg);

	if (!reader)
		close(fd);
	if (reader && text) {
		*slot = reader;
		bufferevent_setcb(reader, NULL, end_reader, on_reader, status);
		bufferevent_set_timeouts(reader, NULL, &limit);
		bufferevent_write(reader, text, strlen(text));
	} else if (reader) {
		bufferevent_free(reader);
	}
	free(text);
}

static void on_connect(evutil_socket_t listener, short what, void *arg)
{
	struct status *status = arg;
	int slot, fd;

	(void)listener;
	(void)what;
	for (slot = 0; slot < READERS && status->readers[slot]; slot++)
		;
	if (slot == READERS) {
		event_del(status->acceptor.readable);
		return;
	}
	fd = acceptor_take(&status->acceptor);
	if (fd >= 0)
		serve(status, fd, &status->readers[slot]);
}

static const struct sockaddr_un address = {
	.sun_family = AF_UNIX, .sun_path = "\0" STATUS_NAME,
};
/* Without the NUL at the end, which would be part of the name. */
static const socklen_t address_len = offsetof(struct sockaddr_un, sun_path) + sizeof(STATUS_NAME);

int status_open(struct event_base *base, status_write write, void *arg, struct status **status)
{
	struct status *made = calloc(1, sizeof(*made));
	int ret;

	if (!made)
		return -ENOMEM;
	made->base = base;
	made->write = write;
	made->arg = arg;
	made->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (made->fd < 0 || bind(made->fd, (const struct sockaddr *)&address, address_len) ||
	    listen(made->fd, READERS)) {
		ret = -errno;
		status_close(made);
		return ret;
	}
	ret = acceptor_open(&made->acceptor, base, made->fd, on_connect, made);
	if (ret) {
		status_close(made);
		return ret;
	}
	*status = made;
	return 0;
}

void status_close(struct status *status)
{
	for (int i = 0; i < READERS; i++) {
		if (status->readers[i])
			bufferevent_free(status->readers[i]);
	}
	acceptor_close(&status->acceptor);
	if (status->fd >= 0)
		close(status->fd);
	free(status);
}
