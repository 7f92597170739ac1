// SPDX-License-Identifier: LGPL-2.1-or-later
/* The results of Erlang's pg2 over the calls of this library. */

#include <stdlib.h>

#include "internal.h"

#define SCOPE "pg2"

/* The scope is always there, so what is missing is the group. */
static int or_no_such_group(int ret)
{
	if (ret == -ENOENT)
		return PGNL_NO_SUCH_GROUP;
	return ret < 0 ? ret : PGNL_OK;
}

LP_EXPORT int pgnl_pg2_create(struct pgnl *handle, const char *name)
{
	return pgnl_group_create(handle, SCOPE, name, PGNL_KEEP, PGNL_KEEP,
				 PGNL_KEEP);
}

LP_EXPORT int pgnl_pg2_delete(struct pgnl *handle, const char *name)
{
	return pgnl_group_delete(handle, SCOPE, name);
}

LP_EXPORT int pgnl_pg2_join(struct pgnl *handle, const char *name, pid_t pid)
{
	return or_no_such_group(pgnl_join(handle, SCOPE, name, pid, NULL, NULL));
}

LP_EXPORT int pgnl_pg2_leave(struct pgnl *handle, const char *name, pid_t pid)
{
	return or_no_such_group(pgnl_leave(handle, SCOPE, name, pid, 1, NULL));
}

static int compare(const void *a, const void *b)
{
	const pid_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static int get_members(struct pgnl *handle, const char *name,
		       struct pgnl_pids **list)
{
	int ret, missing;

	ret = lp_get_pids(handle, SCOPE, name, list, &missing);
	if (ret)
		return ret;
	if (missing) {
		pgnl_free(*list);
		*list = NULL;
		return PGNL_NO_SUCH_GROUP;
	}
	qsort((*list)->pid, (*list)->n, sizeof((*list)->pid[0]), compare);
	return PGNL_OK;
}

LP_EXPORT int pgnl_pg2_get_members(struct pgnl *handle, const char *name,
				   struct pgnl_pids **list)
{
	return get_members(handle, name, list);
}

LP_EXPORT int pgnl_pg2_get_local_members(struct pgnl *handle, const char *name,
					 struct pgnl_pids **list)
{
	return get_members(handle, name, list);
}

LP_EXPORT int pgnl_pg2_get_closest_pid(struct pgnl *handle, const char *name,
				       pid_t *pid)
{
	const struct pgnl_pick_opts opts = {
		.flags = PGNL_LOCAL, .uid = PGNL_ANY_UID,
	};
	struct pgnl_members *list;
	int ret;

	ret = pgnl_pick(handle, SCOPE, name, PGNL_PICK_CLOSEST, &opts, &list);
	if (ret == -ENODATA)
		return PGNL_NO_PROCESS;
	if (ret)
		return or_no_such_group(ret);
	*pid = list->member[0].pid;
	pgnl_free(list);
	return PGNL_OK;
}

LP_EXPORT int pgnl_pg2_which_groups(struct pgnl *handle,
				    struct pgnl_groups **list)
{
	return pgnl_groups(handle, SCOPE, 0, list);
}
