/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small processes that do nothing, to be put into groups and to end. */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include <stddef.h>
#include <sys/types.h>

#define POOL_MAX	40000

/* The pids, in the order of their birth. */
extern pid_t pool[POOL_MAX];
extern size_t pool_size;

/* Add n processes. They share the memory of the caller, as after vfork, so
 * that as little as possible of their end is about memory.
 */
void pool_spawn(size_t n);

/* Kill all of them at once, and wait for each. */
void pool_end(void);

#endif
