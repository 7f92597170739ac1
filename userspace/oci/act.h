/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doing what a container asks for. */
#ifndef ACT_H
#define ACT_H

#include <stdbool.h>
#include <sys/types.h>

#include "request.h"

/*
 * Put the process into groups and names, and share scopes into its network
 * namespace. What fails is logged and the rest
 * is done; false if anything failed. A process that has ended is no failure: the
 * runtime will see it, and nothing is left behind.
 */
bool act(pid_t pid, const struct request *request);

#endif
