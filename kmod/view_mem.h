/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of a view: pages that appear and stay, blocks within them. */
#ifndef _PGNL_VIEW_MEM_H
#define _PGNL_VIEW_MEM_H

#include <linux/sizes.h>
#include <linux/types.h>

#include "view.h"

/* Where things are in a view; bytes from its start. */
#define PGNL_VIEW_WORDS_AT	((unsigned long)SZ_1M)
#define PGNL_VIEW_BUCKETS_AT	((unsigned long)SZ_32M)
#define PGNL_VIEW_SLOTS_AT	((unsigned long)SZ_128M)
#define PGNL_VIEW_NODES_AT	((unsigned long)SZ_256M)
#define PGNL_VIEW_HEAP_AT	((unsigned long)SZ_64M * 5)
#define PGNL_VIEW_SIZE		((unsigned long)SZ_2G)

/* What fits into the room between them. */
#define PGNL_VIEW_BUCKETS_MAX	SZ_1M
#define PGNL_VIEW_SLOTS_MAX	SZ_1M
#define PGNL_VIEW_NODES_MAX	SZ_512K

struct page;

void *pgnl_view_at(const struct pgnl_view *view, unsigned long offset);
void *pgnl_view_make_locked(struct pgnl_view *view, unsigned long offset);
u32 pgnl_view_alloc_locked(struct pgnl_view *view, size_t size);
void pgnl_view_free_locked(struct pgnl_view *view, u32 place, size_t size);
void pgnl_view_top_up(struct pgnl_view *view);
void pgnl_view_free_pages(struct pgnl_view *view);

#endif /* _PGNL_VIEW_MEM_H */
