// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "shown.h"

#define ALL_MAY_READ	04

struct shown {
	UT_hash_handle hh;
	bool shown;
	char group[];
};

static bool may_be_told(const struct pgnl_group *group)
{
	/* Where it was not created here, there is no mode. */
	return group->owner == PGNL_KEEP || group->perm & ALL_MAY_READ;
}

static struct shown *find(struct shown *known, const char *group)
{
	struct shown *entry;

	HASH_FIND_STR(known, group, entry);
	return entry;
}

bool shown_note(struct shown **known, const struct pgnl_group *group)
{
	struct shown *entry = find(*known, group->name);

	if (!entry) {
		entry = malloc(sizeof(*entry) + strlen(group->name) + 1);
		/* Then it is asked for again. */
		if (!entry)
			return may_be_told(group);
		strcpy(entry->group, group->name);
		HASH_ADD_STR(*known, group, entry);
	}
	entry->shown = may_be_told(group);
	return entry->shown;
}

int shown_ask(struct shown **known, struct pgnl *handle, const char *scope, const char *group)
{
	struct shown *entry = find(*known, group);
	struct pgnl_groups *list;
	int ret;

	if (entry)
		return entry->shown;
	ret = pgnl_group(handle, scope, group, &list);
	if (ret == -EACCES)
		return 0;
	if (ret)
		return ret;
	/* One that is missing by now: its end is told of next. */
	ret = list->n ? shown_note(known, &list->group[0]) : 0;
	pgnl_free(list);
	return ret;
}

void shown_forget(struct shown **known, const char *group)
{
	struct shown *entry = find(*known, group);

	if (!entry)
		return;
	HASH_DEL(*known, entry);
	free(entry);
}

void shown_clear(struct shown **known)
{
	struct shown *entry, *next;

	HASH_ITER(hh, *known, entry, next) {
		HASH_DEL(*known, entry);
		free(entry);
	}
}
