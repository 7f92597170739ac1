/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands share that wait for events. */
#ifndef WATCH_H
#define WATCH_H

#include "cli.h"
#include "deadline.h"

/* Opens a watch, or complains and returns the exit code. */
int watch_open(struct cli *cli, struct pgnl_watch **watch);
/*
 * The next event: CLI_DONE, CLI_TIMEOUT, or complains and returns the exit
 * code. Signals are passed over.
 */
int watch_next(struct cli *cli, struct pgnl_watch *watch, const struct deadline *deadline,
	       const struct pgnl_event **event);

#endif
