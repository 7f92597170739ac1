/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names in the simulator: what the kernels of all nodes have given away, and what
 * each has been told of the others. Checked at every command about a name:
 * - it is given away only by a node that all agreed with: of those that it was
 *   connected with, both ways, since the request was made, none holds it;
 * - it is taken from its holder only for a reason that there is: another node's
 *   registration, which it loses to; one that replaces it, by somebody who may; a
 *   request to unregister it;
 * - nobody is killed whose own registration does not say so;
 * - fencing numbers grow from one holder to the next;
 * - a row of a name is one that its owner had, and none comes back.
 * At quiet points: of nodes that are connected one at most holds a name, each sees
 * just what the others hold, nothing is reserved, and no request has no answer.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "sim.h"

struct registry;

struct registry *registry_new(struct sim *sim);
void registry_free(struct registry *registry);

/* What the driver of an agent would do. */
uint64_t registry_request(struct registry *registry, struct sim_node *node, const char *name,
			  uint64_t process, uint32_t uid, enum core_resolve resolve,
			  bool replace, bool drop);
/* Who asked has gone. */
void registry_cancel(struct registry *registry, struct sim_node *node, uint64_t number);
/* The agent has gone; who asked is told by the kernel. */
void registry_agent_lost(struct registry *registry, struct sim_node *node);
/* The process has ended. */
void registry_exit(struct registry *registry, struct sim_node *node, uint64_t process);
void registry_machine_gone(struct registry *registry, struct sim_node *node);
/* Tell the core of all that this node's processes hold. */
void registry_list(struct registry *registry, struct sim_node *node);

/* Commands. */
uint64_t registry_commit(struct registry *registry, struct sim_node *node, uint64_t request,
		     uint64_t fence);
void registry_answer(struct registry *registry, struct sim_node *node, uint64_t request,
		     enum core_name_verdict verdict, const char *by);
void registry_evict(struct registry *registry, struct sim_node *node, const char *name,
		    uint64_t id, uint64_t fence, enum core_evict why, const char *other);
void registry_put(struct registry *registry, struct sim_node *viewer, const char *owner,
		  uint64_t incarnation, const struct core_row *row);
void registry_begin(struct registry *registry, struct sim_node *viewer, const char *owner);
void registry_swept(struct registry *registry, struct sim_node *viewer, const char *owner);
void registry_node(struct registry *registry, struct sim_node *viewer, const char *owner,
		   uint64_t incarnation, enum core_node_state state);

/* Why not all is well between two nodes that are awake, or NULL. */
const char *registry_differs(struct registry *registry, struct sim_node *a, struct sim_node *b);
/* The same of one node by itself. */
const char *registry_busy(struct registry *registry, struct sim_node *node);

/* Who holds a name on this node, or 0. */
uint64_t registry_holder(struct registry *registry, struct sim_node *node, const char *name,
			 uint64_t *fence);
/* Who does on another one, as this one sees it. */
uint64_t registry_sees(struct registry *registry, struct sim_node *viewer, const char *owner,
		       const char *name);
/* How a request ended; false: it has not. */
bool registry_result(struct registry *registry, uint64_t request,
		     enum core_name_verdict *verdict);
/* How a process lost a name last, on this node; -1: it did not, or by itself. */
int registry_lost(struct registry *registry, struct sim_node *node, const char *name,
		  uint64_t process);

#endif
