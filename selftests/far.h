/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other nodes, as an agent tells of them over libpgnl. */
#ifndef PGNL_SELFTESTS_FAR_H
#define PGNL_SELFTESTS_FAR_H

#include "common.h"
#include "pgnl.h"

static inline int open_agent(struct pgnl_agent **agent, uint32_t grace)
{
	const struct pgnl_agent_opts opts = { .node = "here", .grace = grace };

	return pgnl_agent_open(&opts, agent);
}

/*
 * Node "there" has created group "g" of scope pg2 with a member, by these two rows, and
 * has left it; it is there for a listing that @reader has begun and does not read.
 */
static inline int leave_unread(struct pgnl_agent *agent, struct pgnl_agent_row rows[2],
			       struct client *reader)
{
	int ret = pgnl_agent_node_up(agent, "there", 1, 0) ? :
		  pgnl_agent_put(agent, "pg2", "there", 1, rows, 2, NULL) ? :
		  list_begin(reader, "pg2", "g");

	rows[0].count = 0;
	rows[1].count = 0;
	return ret ? : pgnl_agent_put(agent, "pg2", "there", 1, rows, 2, NULL);
}

#endif /* PGNL_SELFTESTS_FAR_H */
