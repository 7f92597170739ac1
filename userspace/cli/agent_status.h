/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the agent of this network namespace says of itself and its peers. */
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H

#include <jansson.h>

/*
 * The document that "pgnld --status" prints, or NULL: no agent runs here, or it does
 * not answer within two seconds, or what answers is neither root's nor one's own.
 */
json_t *agent_status(void);

#endif
