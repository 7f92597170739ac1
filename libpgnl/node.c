// SPDX-License-Identifier: LGPL-2.1-or-later
/* Nodes. */

#include <string.h>

#include "internal.h"

static int compare(const void *a, const void *b)
{
	const struct pgnl_node *left = a, *right = b;
	uint32_t self = PGNL_NODE_SELF;

	/* This one stays first. */
	if ((left->flags ^ right->flags) & self)
		return left->flags & self ? -1 : 1;
	return strcmp(left->name, right->name);
}

static const struct lp_type node_type = {
	.size = sizeof(struct pgnl_node),
	.refs = { offsetof(struct pgnl_node, name) },
	.n_refs = 1,
	.compare = compare,
};

static int on_node(const struct nlmsghdr *nlh, void *arg)
{
	struct lp_list *list = arg;
	struct pgnl_node node;
	struct lp_text name;
	int ret;

	ret = lp_decode_node(nlh, &node, &name);
	if (ret)
		return ret;
	ret = lp_list_keep_text(list, name, &node.name);
	return ret ? ret : lp_list_add(list, &node);
}

LP_EXPORT int pgnl_nodes(struct pgnl *handle, struct pgnl_nodes **result)
{
	struct lp_list list = { .type = &node_type };
	int ret;

	lp_start(handle, PGNL_CMD_NODE_GET);
	ret = lp_dump(handle, on_node, &list);
	return lp_list_finish(handle, &list, ret, (void **)result);
}
