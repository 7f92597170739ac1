// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "err.h"
#include "watch.h"

int watch_open(struct cli *cli, struct pgnl_watch **watch)
{
	/* So that what is wrong is said in the same words as by any command. */
	int status = cli_connect(cli), ret;

	if (status)
		return status;
	ret = pgnl_watch_open(watch);
	return ret ? err_refused(cli, "can't reach the kernel: %s", strerror(-ret)) : CLI_DONE;
}

int watch_next(struct cli *cli, struct pgnl_watch *watch, const struct deadline *deadline,
	       const struct pgnl_event **event)
{
	int ret;

	do {
		ret = pgnl_event_next(watch, deadline_left(deadline), event);
	} while (ret == -EINTR || (!ret && deadline_left(deadline)));
	if (ret < 0)
		return err_watch(cli, ret, watch);
	/* Others may cause events faster than they are read; snapshots come to an end. */
	if (ret && !deadline_left(deadline) && (*event)->type != PGNL_EVENT_SNAPSHOT)
		return CLI_TIMEOUT;
	return ret ? CLI_DONE : CLI_TIMEOUT;
}
