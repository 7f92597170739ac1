// SPDX-License-Identifier: LGPL-2.1-or-later
/* Scopes, and what the module says of itself. */

#include <string.h>

#include "internal.h"

static int compare(const void *a, const void *b)
{
	const struct pgnl_scope *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static const struct lp_type scope_type = {
	.size = sizeof(struct pgnl_scope),
	.refs = { offsetof(struct pgnl_scope, name) },
	.n_refs = 1,
	.compare = compare,
};

static int on_scope(const struct nlmsghdr *nlh, void *arg)
{
	struct lp_list *list = arg;
	struct pgnl_scope scope;
	struct lp_text name;
	int ret;

	ret = lp_decode_scope(nlh, &scope, &name);
	if (ret)
		return ret;
	ret = lp_list_keep_text(list, name, &scope.name);
	return ret ? ret : lp_list_add(list, &scope);
}

static int on_info(const struct nlmsghdr *nlh, void *arg)
{
	return lp_decode_info(nlh, arg);
}

LP_EXPORT int pgnl_info(struct pgnl *handle, struct pgnl_info *info)
{
	lp_start(handle, PGNL_CMD_INFO_GET);
	return lp_do(handle, on_info, info);
}

LP_EXPORT int pgnl_scope_add(struct pgnl *handle, const char *name,
			     enum pgnl_mode mode, uint32_t flags,
			     uint32_t owner, uint32_t group, uint32_t perm)
{
	lp_start(handle, PGNL_CMD_SCOPE_NEW);
	lp_put_scope(handle, name);
	lp_put_u32(handle, PGNL_A_MODE, mode);
	if (flags)
		lp_put_u32(handle, PGNL_A_FLAGS, flags);
	lp_put_owner(handle, owner, group, perm);
	return lp_do(handle, NULL, NULL);
}

LP_EXPORT int pgnl_scope_del(struct pgnl *handle, const char *name)
{
	lp_start(handle, PGNL_CMD_SCOPE_DEL);
	lp_put_scope(handle, name);
	return lp_do(handle, NULL, NULL);
}

LP_EXPORT int pgnl_scope_set(struct pgnl *handle, const char *name,
			     uint32_t owner, uint32_t group, uint32_t perm)
{
	lp_start(handle, PGNL_CMD_SCOPE_SET);
	lp_put_scope(handle, name);
	lp_put_owner(handle, owner, group, perm);
	return lp_do(handle, NULL, NULL);
}

LP_EXPORT int pgnl_scope_share(struct pgnl *handle, const char *name, int netns,
			       const char *alias)
{
	lp_start(handle, PGNL_CMD_SCOPE_SHARE);
	lp_put_scope(handle, name);
	lp_put_u32(handle, PGNL_A_FD, (uint32_t)netns);
	lp_put_alias(handle, alias);
	return lp_do(handle, NULL, NULL);
}

LP_EXPORT int pgnl_scope_unshare(struct pgnl *handle, const char *alias,
				 int netns)
{
	lp_start(handle, PGNL_CMD_SCOPE_UNSHARE);
	if (netns >= 0)
		lp_put_u32(handle, PGNL_A_FD, (uint32_t)netns);
	lp_put_alias(handle, alias);
	return lp_do(handle, NULL, NULL);
}

LP_EXPORT int pgnl_scopes(struct pgnl *handle, const char *name,
			  struct pgnl_scopes **result)
{
	struct lp_list list = { .type = &scope_type };
	int ret;

	lp_start(handle, PGNL_CMD_SCOPE_GET);
	lp_put_scope(handle, name);
	ret = name ? lp_do(handle, on_scope, &list) :
		     lp_dump(handle, on_scope, &list);
	return lp_list_finish(handle, &list, ret, (void **)result);
}
