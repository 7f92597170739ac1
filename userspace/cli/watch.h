/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands share that wait for events. */
#ifndef WATCH_H
#define WATCH_H

#include <stdint.h>

#include "cli.h"

#define WATCH_FOREVER	(-1)

/* A time by which something is to happen. */
struct deadline {
	int64_t at;		/* milliseconds, or WATCH_FOREVER */
};

/* From now on; a limit of WATCH_FOREVER is none. */
struct deadline deadline_in(int64_t limit);
/* Milliseconds that are left, for poll(2). */
int deadline_left(const struct deadline *deadline);

/* Opens a watch, or complains and returns the exit code. */
int watch_open(struct cli *cli, struct pgnl_watch **watch);
/*
 * The next event: CLI_DONE, CLI_TIMEOUT, or complains and returns the exit
 * code. Signals are passed over.
 */
int watch_next(struct cli *cli, struct pgnl_watch *watch, const struct deadline *deadline,
	       const struct pgnl_event **event);

#endif
