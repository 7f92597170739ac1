/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two ends of a connection over TIPC: of each the port, which the kernel has given it,
 * and the node.
 */
#ifndef PGNLD_ENDS_H
#define PGNLD_ENDS_H

#include "engine.h"

/* 0, or -errno: it is not connected. */
int ends_of(int fd, struct engine_ends *ends);
/* Where an end is. */
uint32_t ends_node(uint64_t end);

#endif
