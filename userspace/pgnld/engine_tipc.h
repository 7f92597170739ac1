/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine over TIPC: its links find and supervise the other nodes, its topology
 * server tells of their agents, and a SOCK_SEQPACKET connection to each carries
 * the frames. The connection is the truth; what the topology server tells is only
 * when to try. A peer's address is its node's in TIPC.
 */
#ifndef PGNLD_ENGINE_TIPC_H
#define PGNLD_ENGINE_TIPC_H

#include "engine.h"
#include "netns.h"

struct event_base;

/*
 * Agents of a global group are one TIPC service, so those of other groups are never
 * connected, whatever their number. An engine begins with that of no group (""). To be
 * changed before start(), or when all epochs have been closed. 0, or -errno with a line
 * in the log; start() tries again then.
 */
int engine_tipc_set_group(struct engine *engine, const char *group);

/* TIPC is set up already (tipc.h). 0 or -ENOMEM. */
int engine_tipc_new(struct event_base *base, struct netns *netns, struct engine **engine);
/* After stop(). */
void engine_tipc_free(struct engine *engine);

/* Connections to no avail since start(): refused ones, and own ones that failed. */
struct engine_tipc_stats {
	unsigned long connected;
	unsigned long failed;
	unsigned long refused;
	uint32_t address;	/* this node's in TIPC; 0: it has found none */
};

void engine_tipc_stats(const struct engine *engine, struct engine_tipc_stats *stats);

#endif
