/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the agent of this network namespace says of itself and its peers. */
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H

#include <jansson.h>

/*
 * The document that "pgnld --status" prints, or NULL and why: -ECONNREFUSED no agent
 * runs here, -EPERM what is in its place is another user's, -EACCES it may not be asked
 * from here, -EPROTO it does not answer, or with something else.
 */
json_t *agent_status(int *error);

#endif
