// SPDX-License-Identifier: GPL-2.0-or-later
/* The other end of status.c, for all that ask. */
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../libpgnl/ask.h"
#include "status.h"

#define SECONDS	5	/* for it to say more */

/* EPERM is a security module or a filter of system calls, not the owner. */
static int failure(void)
{
	return errno == EPERM ? -EACCES : -errno;
}

static int call(int fd)
{
	static const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = "\0" STATUS_NAME,
	};
	/* Without the NUL at the end, which would be part of the name. */
	const socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof(STATUS_NAME);
	const struct timeval limit = { SECONDS, 0 };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
	    connect(fd, (const struct sockaddr *)&address, len))
		return failure();
	return ask_is_agent(fd) ? 0 : -EPERM;
}

int status_connect(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return failure();
	ret = call(fd);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}
