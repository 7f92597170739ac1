// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lists for the caller, each in one allocation: a size_t, the elements, and a
 * heap with what they point to. While a list grows both parts may move, so a
 * pointer of an element is then an offset into the heap, plus one to tell it
 * from NULL.
 */

#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define HEAD sizeof(size_t)

/* The elements begin right after the size_t in every public list. */
_Static_assert(offsetof(struct pgnl_scopes, scope) == HEAD, "scopes");
_Static_assert(offsetof(struct pgnl_groups, group) == HEAD, "groups");
_Static_assert(offsetof(struct pgnl_members, member) == HEAD, "members");

LP_EXPORT void pgnl_free(void *list)
{
	free(list);
}

static char *element(const struct lp_list *list, size_t i)
{
	return list->block + HEAD + i * list->type->size;
}

void lp_list_reset(struct lp_list *list)
{
	free(list->block);
	free(list->heap);
	*list = (struct lp_list) { .type = list->type };
}

int lp_list_add(struct lp_list *list, const void *row)
{
	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		char *block = realloc(list->block,
				      HEAD + room * list->type->size);

		if (!block)
			return -ENOMEM;
		list->block = block;
		list->room = room;
	}
	memcpy(element(list, list->n++), row, list->type->size);
	return 0;
}

const void *lp_list_last(const struct lp_list *list)
{
	return list->n ? element(list, list->n - 1) : NULL;
}

int lp_list_keep(struct lp_list *list, const void *data, size_t len,
		 const void **ref)
{
	if (len >= list->heap_size - list->heap_used) {
		size_t size = 2 * list->heap_size + len + 256;
		char *heap = realloc(list->heap, size);

		if (!heap)
			return -ENOMEM;
		list->heap = heap;
		list->heap_size = size;
	}
	memcpy(list->heap + list->heap_used, data, len);
	*ref = (const void *)(uintptr_t)(list->heap_used + 1);
	list->heap_used += len;
	return 0;
}

static bool is_kept(const struct lp_list *list, struct lp_text text,
		    const char *ref)
{
	const char *kept;

	if (!ref || !text.data)
		return false;
	kept = list->heap + (uintptr_t)ref - 1;
	return !strncmp(kept, text.data, text.len) && !kept[text.len];
}

int lp_list_keep_text(struct lp_list *list, struct lp_text text,
		      const char **ref)
{
	const void *kept = NULL, *end;
	int ret = 0;

	if (is_kept(list, text, *ref))
		return 0;
	if (text.data) {
		ret = lp_list_keep(list, text.data, text.len, &kept);
		if (!ret)
			ret = lp_list_keep(list, "", 1, &end);
	}
	*ref = kept;
	return ret;
}

/* Turn the offsets of an element into pointers. */
static void relocate(const struct lp_list *list, char *row, const char *heap)
{
	for (size_t i = 0; i < list->type->n_refs; i++) {
		char *field = row + list->type->refs[i];
		const void *pointer;

		memcpy(&pointer, field, sizeof(pointer));
		if (!pointer)
			continue;
		pointer = heap + (uintptr_t)pointer - 1;
		memcpy(field, &pointer, sizeof(pointer));
	}
}

/* A dump that raced with changes may tell a thing twice; once is enough. */
static void drop_twins(struct lp_list *list)
{
	size_t size = list->type->size, kept = 1;

	if (list->n < 2)
		return;
	qsort(element(list, 0), list->n, size, list->type->compare);
	for (size_t i = 1; i < list->n; i++) {
		if (!list->type->compare(element(list, kept - 1),
					 element(list, i)))
			continue;
		if (i != kept)
			memcpy(element(list, kept), element(list, i), size);
		kept++;
	}
	list->n = kept;
}

int lp_list_finish(struct pgnl *handle, struct lp_list *list, int ret,
		   void **result)
{
	size_t rows = HEAD + list->n * list->type->size;
	char *block;

	*result = NULL;
	block = ret ? NULL : realloc(list->block, rows + list->heap_used);
	if (!block) {
		lp_list_reset(list);
		return ret ? ret : lp_fail(handle, ENOMEM, "", 0, "no memory");
	}
	list->block = block;
	if (list->heap_used)
		memcpy(block + rows, list->heap, list->heap_used);
	for (size_t i = 0; i < list->n; i++)
		relocate(list, element(list, i), block + rows);
	if (list->interrupted)
		drop_twins(list);
	memcpy(block, &list->n, sizeof(list->n));
	free(list->heap);
	*result = block;
	return 0;
}
