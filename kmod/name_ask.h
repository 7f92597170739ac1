/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests about names that other nodes have a say in, see name_ask.c. */
#ifndef _PGNL_NAME_ASK_H
#define _PGNL_NAME_ASK_H

#include <linux/types.h>

struct genl_info;
struct pgnl_batch;
struct pgnl_caller;
struct pgnl_claim;
struct pgnl_join;
struct pgnl_name;
struct pgnl_pending;
struct pgnl_scope;
struct sock;

/**
 * struct pgnl_name_ask - What becomes a request for the agent.
 * @info: the request
 * @sk: its socket
 * @who: the caller
 * @scope: that of the names
 * @name: the name
 */
struct pgnl_name_ask {
	struct genl_info *info;
	struct sock *sk;
	const struct pgnl_caller *who;
	struct pgnl_scope *scope;
	const struct pgnl_name *name;
};

struct pgnl_pending *pgnl_name_ask_register(const struct pgnl_name_ask *ask,
					    const struct pgnl_batch *batch,
					    const struct pgnl_join *join);
struct pgnl_pending *pgnl_name_ask_unregister(const struct pgnl_name_ask *ask);

#endif /* _PGNL_NAME_ASK_H */
