// SPDX-License-Identifier: LGPL-2.1-or-later
/* The results of Erlang's pg over the calls of this library. */

#include <stdlib.h>

#include "internal.h"

/* An empty list asks for nothing, but the scope is to exist. */
static int check_scope(struct pgnl *handle, const char *scope)
{
	struct pgnl_scopes *scopes;
	int ret = pgnl_scopes(handle, scope ? scope : "pg", &scopes);

	pgnl_free(scopes);
	return ret;
}

LP_EXPORT int pgnl_pg_join(struct pgnl *handle, const char *scope,
			   const char *group, const pid_t *pids, size_t n)
{
	if (!n)
		return check_scope(handle, scope);
	return pgnl_join_many(handle, scope, &group, 1, pids, n, NULL, NULL);
}

LP_EXPORT int pgnl_pg_leave(struct pgnl *handle, const char *scope,
			    const char *group, const pid_t *pids, size_t n)
{
	int ret;

	ret = n ? pgnl_leave_many(handle, scope, &group, 1, pids, n, 1, NULL) :
		  check_scope(handle, scope);
	if (ret < 0)
		return ret;
	return ret ? PGNL_OK : PGNL_NOT_JOINED;
}

/* Each member as often as it joined. */
static int expand(struct pgnl *handle, const struct pgnl_members *members,
		  struct pgnl_pids **result)
{
	struct pgnl_pids *pids;
	size_t n = 0;

	for (size_t i = 0; i < members->n; i++)
		n += members->member[i].count;
	pids = n < SIZE_MAX / sizeof(pids->pid[0]) - 2 ?
	       malloc(sizeof(*pids) + n * sizeof(pids->pid[0])) : NULL;
	if (!pids)
		return lp_fail(handle, ENOMEM, "", 0, "no memory");
	pids->n = 0;
	for (size_t i = 0; i < members->n; i++)
		for (uint32_t k = 0; k < members->member[i].count; k++)
			pids->pid[pids->n++] = members->member[i].pid;
	*result = pids;
	return 0;
}

int lp_get_pids(struct pgnl *handle, const char *scope, const char *group,
		struct pgnl_pids **result, int *missing)
{
	struct pgnl_members *members;
	int ret;

	*result = NULL;
	if (!group)
		return lp_fail(handle, EINVAL, "group", 0, "no group given");
	ret = pgnl_members(handle, scope, group, PGNL_LOCAL, &members, missing);
	if (!ret)
		ret = expand(handle, members, result);
	pgnl_free(members);
	return ret;
}

LP_EXPORT int pgnl_pg_get_members(struct pgnl *handle, const char *scope,
				  const char *group, struct pgnl_pids **list)
{
	return lp_get_pids(handle, scope, group, list, NULL);
}

LP_EXPORT int pgnl_pg_get_local_members(struct pgnl *handle, const char *scope,
					const char *group,
					struct pgnl_pids **list)
{
	return lp_get_pids(handle, scope, group, list, NULL);
}

LP_EXPORT int pgnl_pg_which_groups(struct pgnl *handle, const char *scope,
				   struct pgnl_groups **list)
{
	return pgnl_groups(handle, scope, 0, list);
}

LP_EXPORT int pgnl_pg_which_local_groups(struct pgnl *handle, const char *scope,
					 struct pgnl_groups **list)
{
	return pgnl_groups(handle, scope, PGNL_LOCAL, list);
}
