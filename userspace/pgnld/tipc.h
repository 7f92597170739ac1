/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's TIPC, set up over its own generic netlink. */
#ifndef PGNLD_TIPC_H
#define PGNLD_TIPC_H

#include "auth.h"
#include "config.h"
#include "netns.h"

/*
 * Identity, key, bearer and tolerance as configured, in this order. What is there
 * already and is the same, from the agent before this one, stays as it is, and
 * connections over it as well. A TIPC of somebody else's is left alone, and used
 * only with adopt=yes. *encrypted: the key is set. Returns 0, or -errno with a line in
 * the log.
 */
int tipc_set_up(struct netns *netns, const struct config *config, const struct auth_keys *keys,
		bool *encrypted);
/* After a change of the configuration, or when the bearer's device has gone and is
 * back. As above, but silent when nothing is to be done.
 */
int tipc_refresh(struct netns *netns, const struct config *config);

#endif
