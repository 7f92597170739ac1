/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is counted. Without any there is nothing right to do for a core,
 * which may neither forget a row nor invent one: it ends, and the kernel keeps
 * what it has for the next agent.
 */
#ifndef MEM_H
#define MEM_H

#include <stddef.h>

/* Zeroed. *total grows by size. */
void *mem_new(size_t *total, size_t size);
void *mem_copy(size_t *total, const void *data, size_t size);
/* size: as it was asked for. NULL is fine. */
void mem_drop(size_t *total, void *ptr, size_t size);

/* For uthash, before it is included; what it takes is counted by HASH_OVERHEAD. */
void mem_none(void) __attribute__((noreturn));
#define uthash_fatal(message) mem_none()

#endif
