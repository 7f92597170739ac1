/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As much of the kernel as an agent sees: rows of other nodes, put there by its
 * commands, with the checks that the real one makes, and more.
 */
#ifndef MODEL_H
#define MODEL_H

#include "sim.h"
#include "truth.h"

struct model;

/* As config says: rows are kept, and their owners known to have had them. */
struct model *model_new(struct sim *sim, struct truth *truth, const char *name,
			  const struct sim_config *config);
void model_free(struct model *kernel);
/* It takes so many memberships of each node. */
void model_limit(struct model *kernel, uint64_t limit);

/* The commands of struct core_out. */
void model_node(struct model *kernel, const char *name, uint64_t incarnation,
		 enum core_node_state state);
void model_begin(struct model *kernel, const char *name, uint64_t incarnation);
void model_put(struct model *kernel, const char *name, uint64_t incarnation,
		const struct core_row *row);
void model_commit(struct model *kernel, const char *name, uint64_t incarnation);

/* The agent has gone: what it knew is suspect. */
void model_agent_lost(struct model *kernel);
/* For the next one: each node that is known. */
void model_each_node(struct model *kernel,
		      void (*each)(void *arg, const char *name, uint64_t incarnation),
		      void *arg);

bool model_knows(struct model *kernel, const char *name, enum core_node_state *state,
		  uint64_t *incarnation);
unsigned int model_nodes(const struct model *kernel);
/* Are its rows of this node those of the owner, each as it is now? */
bool model_agrees(struct model *kernel, const char *name, const struct owner *owner);
unsigned int model_sees(struct model *kernel, const char *of, const char *scope,
			 const char *group);
bool model_sees_group(struct model *kernel, const char *scope, const char *group);
/* Were rows of it refused, since the last listing or in it? */
bool model_is_partial(struct model *kernel, const char *name);
const struct sim_events *model_events(const struct model *kernel);

#endif
