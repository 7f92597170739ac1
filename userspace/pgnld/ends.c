// SPDX-License-Identifier: GPL-2.0-or-later
#include "ends.h"

#include <errno.h>
#include <linux/tipc.h>
#include <sys/socket.h>

static uint64_t end_of(const struct sockaddr_tipc *name)
{
	return (uint64_t)name->addr.id.ref << 32 | name->addr.id.node;
}

int ends_of(int fd, struct engine_ends *ends)
{
	struct sockaddr_tipc here, there;
	socklen_t here_len = sizeof(here), there_len = sizeof(there);

	if (getsockname(fd, (struct sockaddr *)&here, &here_len) ||
	    getpeername(fd, (struct sockaddr *)&there, &there_len))
		return -errno;
	*ends = (struct engine_ends){ end_of(&here), end_of(&there) };
	return 0;
}

uint32_t ends_node(uint64_t end)
{
	return (uint32_t)end;
}
