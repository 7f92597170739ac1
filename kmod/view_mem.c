// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a view.
 *
 * A view is a large range of offsets with few pages in it. Pages appear where
 * they are needed and stay, with all that readers may still follow into them,
 * until the view is freed; so a mapping never has to be made anew. Of the
 * heap, the last part, blocks are given out by powers of two; a larger one is
 * split when there is none of the size, and none are joined again.
 *
 * Pages are charged to whoever opened the view first: to its memory cgroup, and
 * against the limits on pages of views of its user and of the network
 * namespace. Writers hold the tables' lock, so they take what is to be had at
 * once, or from the spare pages; who waits for memory does so without the lock.
 */
#include <linux/log2.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "table.h"
#include "user.h"
#include "view_mem.h"

/* Spare pages: enough for the rows and metadata of one hold of the lock. */
#define SPARE_PAGES	64

static void *load_page(const struct pgnl_view *view, unsigned long offset)
{
	unsigned long index = offset >> PAGE_SHIFT;
	void **table;

	if (index / PGNL_VIEW_TABLE >= PGNL_VIEW_TABLES)
		return NULL;
	/* A table and a page pair with their publication below. */
	table = smp_load_acquire(&view->table[index / PGNL_VIEW_TABLE]);
	if (!table)
		return NULL;
	/* Page faults come without a lock. */
	return smp_load_acquire(&table[index % PGNL_VIEW_TABLE]);
}

/**
 * pgnl_view_at() - What is at an offset.
 * @view: the view
 * @offset: bytes from its start
 *
 * Return: the address, which holds to the end of its page; NULL when there is
 * no page.
 */
void *pgnl_view_at(const struct pgnl_view *view, unsigned long offset)
{
	void *page = load_page(view, offset);

	return page ? page + offset_in_page(offset) : NULL;
}

static struct page *alloc_charged(struct pgnl_view *view, gfp_t gfp)
{
	struct mem_cgroup *old = set_active_memcg(view->memcg);
	struct page *page;

	page = alloc_page(gfp | __GFP_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
	set_active_memcg(old);
	return page;
}

static struct page *take_spare_locked(struct pgnl_view *view)
{
	struct page *page;

	page = list_first_entry_or_null(&view->spare, struct page, lru);
	if (!page)
		return NULL;
	list_del(&page->lru);
	view->nr_spare--;
	if (view->nr_spare < SPARE_PAGES / 2)
		pgnl_view_queue_locked(view, 0);
	return page;
}

static void *new_page_locked(struct pgnl_view *view)
{
	struct pgnl_net *pn = view->pn;
	struct page *page;

	if (pn->used[PGNL_NET_VIEW_PAGES] >= pn->limit[PGNL_NET_VIEW_PAGES] ||
	    !pgnl_user_charge(view->user, PGNL_USER_VIEW_PAGES))
		return NULL;
	page = alloc_charged(view, GFP_NOWAIT) ?: take_spare_locked(view);
	if (!page) {
		pgnl_user_uncharge(view->user, PGNL_USER_VIEW_PAGES);
		return NULL;
	}
	view->nr_pages++;
	WRITE_ONCE(pn->used[PGNL_NET_VIEW_PAGES],
		   pn->used[PGNL_NET_VIEW_PAGES] + 1);
	return page_address(page);
}

/**
 * pgnl_view_make_locked() - See to it that there is something at an offset.
 * @view: the view
 * @offset: bytes from its start, below PGNL_VIEW_SIZE
 *
 * Return: the address, which holds to the end of its page; NULL when there is
 * no memory or a limit is reached.
 */
void *pgnl_view_make_locked(struct pgnl_view *view, unsigned long offset)
{
	unsigned long index = offset >> PAGE_SHIFT;
	void ***table = &view->table[index / PGNL_VIEW_TABLE];
	void **entry;
	void *page;

	pgnl_assert_locked(view->pn);
	if (!*table) {
		page = new_page_locked(view);
		if (!page)
			return NULL;
		/* Zeroed before it is found. */
		smp_store_release(table, page);
	}
	entry = &(*table)[index % PGNL_VIEW_TABLE];
	if (!*entry) {
		page = new_page_locked(view);
		if (!page)
			return NULL;
		/* So is this. */
		smp_store_release(entry, page);
	}
	return *entry + offset_in_page(offset);
}

static unsigned int class_of(size_t size)
{
	return order_base_2(DIV_ROUND_UP(size, PGNL_VIEW_UNIT));
}

/*
 * The place of the next free block stands in the block itself. Without a page
 * for that the block is lost to the view, which is out of memory anyway.
 */
static void push_block(struct pgnl_view *view, u32 place, unsigned int class)
{
	u32 *next = pgnl_view_make_locked(view, (u64)place * PGNL_VIEW_UNIT);

	if (!next)
		return;
	WRITE_ONCE(*next, view->free[class]);
	view->free[class] = place;
}

static u32 pop_block(struct pgnl_view *view, unsigned int class)
{
	u32 place = view->free[class];
	u32 *next;

	if (place) {
		next = pgnl_view_at(view, (u64)place * PGNL_VIEW_UNIT);
		view->free[class] = *next;
		WRITE_ONCE(*next, 0);
	}
	return place;
}

static bool heap_has_room(const struct pgnl_view *view, unsigned int class)
{
	return (1U << class) <= PGNL_VIEW_SIZE / PGNL_VIEW_UNIT - view->heap_end;
}

/*
 * Never across the border of a page unless it consists of whole ones. The first page
 * is there, so what is not used after all can be given back.
 */
static u32 grow_heap(struct pgnl_view *view, unsigned int class)
{
	u32 place = view->heap_end;

	if (!heap_has_room(view, class) ||
	    !pgnl_view_make_locked(view, (u64)place * PGNL_VIEW_UNIT))
		return 0;
	view->heap_end += 1U << class;
	return place;
}

/* The smallest free block of some classes; *class becomes its class. */
static u32 pop_smallest(struct pgnl_view *view, unsigned int *class,
			unsigned int last)
{
	u32 place = 0;

	for (; *class <= last; ++*class) {
		place = pop_block(view, *class);
		if (place)
			break;
	}
	return place;
}

/**
 * pgnl_view_alloc_locked() - Get a block.
 * @view: the view
 * @size: bytes, rounded up to a power of two
 *
 * A block of up to a page is within one. What is in it is left over; of a larger one
 * there may be no more than the first page yet. Large blocks are split only when
 * the range is used up.
 *
 * Return: its place, or 0 when the range is used up or there is no memory.
 */
u32 pgnl_view_alloc_locked(struct pgnl_view *view, size_t size)
{
	unsigned int class = class_of(size);
	unsigned int whole = max(class, class_of(PAGE_SIZE));
	unsigned int from = class;
	u32 place;

	pgnl_assert_locked(view->pn);
	if (class >= PGNL_VIEW_CLASSES)
		return 0;
	place = pop_smallest(view, &from, whole);
	if (!place) {
		from = whole;
		place = grow_heap(view, from);
	}
	if (!place && !heap_has_room(view, whole))
		place = pop_smallest(view, &from, PGNL_VIEW_CLASSES - 1);
	while (place && from > class) {
		from--;
		push_block(view, place + (1U << from), from);
	}
	return place;
}

/**
 * pgnl_view_free_locked() - Give a block back.
 * @view: the view
 * @place: its place
 * @size: as it was asked for
 *
 * Readers may still look at it; they find out that it is not what they want.
 */
void pgnl_view_free_locked(struct pgnl_view *view, u32 place, size_t size)
{
	pgnl_assert_locked(view->pn);
	push_block(view, place, class_of(size));
}

/**
 * pgnl_view_top_up() - Wait for memory, without the lock.
 * @view: the view
 *
 * When there is none the spare pages stay few.
 */
void pgnl_view_top_up(struct pgnl_view *view)
{
	u32 want = SPARE_PAGES - min_t(u32, READ_ONCE(view->nr_spare), SPARE_PAGES);
	struct page *page, *next;
	LIST_HEAD(pages);
	u32 n = 0;

	while (n < want) {
		page = alloc_charged(view, GFP_KERNEL | __GFP_NORETRY);
		if (!page)
			break;
		list_add(&page->lru, &pages);
		n++;
	}
	mutex_lock(&view->pn->lock);
	/* Others may have done the same meanwhile. */
	n = min(n, SPARE_PAGES - min_t(u32, view->nr_spare, SPARE_PAGES));
	WRITE_ONCE(view->nr_spare, view->nr_spare + n);
	for (; n; n--)
		list_move(pages.next, &view->spare);
	mutex_unlock(&view->pn->lock);
	list_for_each_entry_safe(page, next, &pages, lru)
		put_page(page);
}

static void free_table(void **table)
{
	unsigned int i;

	for (i = 0; i < PGNL_VIEW_TABLE; i++)
		if (table[i])
			put_page(virt_to_page(table[i]));
	put_page(virt_to_page(table));
	cond_resched();
}

/**
 * pgnl_view_free_pages() - Free all pages of a view.
 * @view: a view that nobody refers to
 *
 * No file of it is left, so no mapping is, and no page fault. Whoever has
 * pinned a page, to write it out, say, keeps that page.
 */
void pgnl_view_free_pages(struct pgnl_view *view)
{
	struct page *page, *next;
	unsigned int i;

	list_for_each_entry_safe(page, next, &view->spare, lru)
		put_page(page);
	for (i = 0; i < PGNL_VIEW_TABLES; i++)
		if (view->table[i])
			free_table(view->table[i]);
	while (view->nr_pages--)
		pgnl_user_uncharge(view->user, PGNL_USER_VIEW_PAGES);
}
