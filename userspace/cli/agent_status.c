// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <unistd.h>

#include "../pgnld/status.h"
#include "agent_status.h"

json_t *agent_status(int *error)
{
	int fd = status_connect();
	json_t *document;

	*error = fd < 0 ? fd : 0;
	if (fd < 0)
		return NULL;
	document = json_loadfd(fd, 0, NULL);
	if (!document)
		*error = -EPROTO;
	close(fd);
	return document;
}
