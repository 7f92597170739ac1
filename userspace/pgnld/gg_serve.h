/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers to other nodes' questions, by two addresses of the service: one of this node,
 * one of its global group, where TIPC chooses among its nodes. A node of another
 * definition is told nothing but that.
 */
#ifndef PGNLD_GG_SERVE_H
#define PGNLD_GG_SERVE_H

#include "gg.h"
#include "gg_link.h"
#include "gg_names.h"

struct serve;

/* Put a message of another node's process into the inbox of a process of this node, whose
 * member id holder is. 0, or -errno: -EACCES, -EPERM not allowed, -ENOENT, -ESRCH gone.
 */
typedef int (*serve_deliver)(void *arg, const struct core_claim *from,
			     const struct gg_question *question, uint64_t holder,
			     struct gg_sent *sent);

/* All of these stay the caller's. NULL: no memory. */
struct serve *serve_new(const struct link_env *env, struct gg *gg, struct gg_names *names,
			serve_deliver deliver, void *arg);
void serve_free(struct serve *serve);
/* Answer for this node and this group (""), and for no other one. 0 or -errno. */
int serve_start(struct serve *serve, const char *node, const char *group);

/* Does the definition of who said so fit the own one? Says so to gg and the log. */
bool serve_same_definition(const struct link_env *env, struct gg *gg,
			   const struct core_claim *peer);

#endif
