// SPDX-License-Identifier: LGPL-2.1-or-later
/* Groups. */

#include <string.h>

#include "internal.h"

static int compare(const void *a, const void *b)
{
	const struct pgnl_group *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static const struct lp_type group_type = {
	.size = sizeof(struct pgnl_group),
	.refs = { offsetof(struct pgnl_group, name) },
	.n_refs = 1,
	.compare = compare,
};

static int on_group(const struct nlmsghdr *nlh, void *arg)
{
	struct lp_list *list = arg;
	struct pgnl_group group;
	struct lp_text name;
	int ret;

	ret = lp_decode_group(nlh, &group, &name);
	if (ret <= 0)
		return ret;
	ret = lp_list_keep_text(list, name, &group.name);
	return ret ? ret : lp_list_add(list, &group);
}

struct deleting {
	struct pgnl_signalled nodes;	/* by what they have answered */
	struct lp_pending pending;
};

/* The reply tells whether there was one, which this call does not. */
static int on_deleted(const struct nlmsghdr *nlh, void *arg)
{
	struct deleting *deleting = arg;

	return lp_decode_signalled_on(nlh, &deleting->nodes) ? :
	       lp_decode_pending(nlh, &deleting->pending);
}

static int on_deleted_on(const struct nlmsghdr *nlh, void *arg)
{
	struct deleting *deleting = arg;

	return lp_decode_signalled_on(nlh, &deleting->nodes);
}

LP_EXPORT int pgnl_group_create(struct pgnl *handle, const char *scope,
				const char *group, uint32_t owner, uint32_t gid,
				uint32_t perm)
{
	lp_start(handle, PGNL_CMD_GROUP_NEW);
	lp_put_scope(handle, scope);
	lp_put_group(handle, group);
	lp_put_owner(handle, owner, gid, perm);
	return lp_do(handle, NULL, NULL);
}

LP_EXPORT int pgnl_group_delete(struct pgnl *handle, const char *scope,
				const char *group)
{
	struct pgnl_deleted deleted;

	return pgnl_group_delete_all(handle, scope, group, &deleted);
}

LP_EXPORT int pgnl_group_delete_all(struct pgnl *handle, const char *scope,
				    const char *group,
				    struct pgnl_deleted *deleted)
{
	struct deleting deleting = { .nodes = { 0 } };
	int ret;

	*deleted = (struct pgnl_deleted){ 0 };
	lp_start(handle, PGNL_CMD_GROUP_DEL);
	lp_put_scope(handle, scope);
	lp_put_group(handle, group);
	ret = lp_do(handle, on_deleted, &deleting);
	if (ret)
		return ret;
	ret = lp_wait(handle, &deleting.pending, on_deleted_on, &deleting);
	*deleted = (struct pgnl_deleted) {
		.nodes = deleting.nodes.reached + deleting.nodes.gone,
		.refused = deleting.nodes.refused,
		.unreachable = deleting.nodes.unreachable,
	};
	/* What could not be learned of other nodes is told by its count. */
	return deleted->unreachable ? 0 : ret;
}

LP_EXPORT int pgnl_groups(struct pgnl *handle, const char *scope,
			  uint32_t flags, struct pgnl_groups **result)
{
	struct lp_list list = { .type = &group_type };
	int ret;

	lp_start(handle, PGNL_CMD_GROUP_GET);
	lp_put_scope(handle, scope);
	if (flags & PGNL_LOCAL)
		lp_put_flag(handle, PGNL_A_LOCAL_ONLY);
	ret = lp_dump(handle, on_group, &list);
	return lp_list_finish(handle, &list, ret, (void **)result);
}

LP_EXPORT int pgnl_group(struct pgnl *handle, const char *scope,
			 const char *group, struct pgnl_groups **result)
{
	struct lp_list list = { .type = &group_type };
	int ret;

	lp_start(handle, PGNL_CMD_GROUP_GET);
	lp_put_scope(handle, scope);
	lp_put_group(handle, group);
	ret = lp_do(handle, on_group, &list);
	return lp_list_finish(handle, &list, ret, (void **)result);
}
