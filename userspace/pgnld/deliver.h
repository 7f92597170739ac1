/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message of another global group's process, for the holder of a name on this node. */
#ifndef PGNLD_DELIVER_H
#define PGNLD_DELIVER_H

#include "gg_frame.h"

struct pgnl_agent;

/*
 * By the own kernel, under the rights that the sender's uid has here; root of another
 * node has none of its own unless root says so. 0 and the counts, or -errno as
 * pgnl_agent_act().
 */
int deliver_message(struct pgnl_agent *agent, struct core_text from, bool root,
		    const struct gg_question *question, uint64_t holder, struct gg_sent *sent);

#endif
