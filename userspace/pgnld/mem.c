// SPDX-License-Identifier: GPL-2.0-or-later
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mem_none(void)
{
	fputs("pgnld: out of memory\n", stderr);
	abort();
}

void *mem_new(size_t *total, size_t size)
{
	void *ptr = calloc(1, size);

	if (!ptr)
		mem_none();
	*total += size;
	return ptr;
}

void *mem_copy(size_t *total, const void *data, size_t size)
{
	void *ptr;

	if (!size)
		return NULL;
	ptr = mem_new(total, size);
	memcpy(ptr, data, size);
	return ptr;
}

void mem_drop(size_t *total, void *ptr, size_t size)
{
	if (!ptr)
		return;
	*total -= size;
	free(ptr);
}
