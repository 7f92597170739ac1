// SPDX-License-Identifier: GPL-2.0-or-later
/* nodes */
#include <stdio.h>

#include "args.h"
#include "err.h"
#include "member.h"
#include "out.h"
#include "text.h"

static json_t *node_row(const struct pgnl_node *node)
{
	bool self = node->flags & PGNL_NODE_SELF;

	return json_pack("{s:o, s:o, s:b, s:s, s:b, s:b, s:b, s:I, s:o, s:I}",
			 "node", text_json_name(node->name),
			 "incarnation", node->incarnation ? out_id(node->incarnation) : json_null(),
			 "self", self,
			 "state", member_state(node->state),
			 "connected", self || node->flags & PGNL_NODE_CONNECTED,
			 "syncing", (node->flags & PGNL_NODE_SYNCING) != 0,
			 "partial", (node->flags & PGNL_NODE_PARTIAL) != 0,
			 "members", (json_int_t)node->rows,
			 "age", self ? json_null() : json_real((double)node->age / 1000),
			 "dropped", (json_int_t)node->dropped);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct pgnl_nodes *list;
	struct out *out;
	int key, status, ret;

	key = args_next(cli, argc, argv);
	if (!args_connect(cli, key, &status))
		return status;
	ret = pgnl_nodes(cli->kernel, &list);
	if (ret < 0)
		return err_kernel(cli, ret);
	out = out_begin(cli);
	for (size_t i = 0; i < list->n; i++)
		out_row(out, node_row(&list->node[i]));
	out_end(out);
	pgnl_free(list);
	return CLI_DONE;
}

static const struct column columns[] = {
	{ "node", COLUMN_USUAL },
	{ "incarnation", COLUMN_RIGHT },
	{ "self", 0 },
	{ "state", COLUMN_USUAL },
	{ "connected", COLUMN_USUAL },
	{ "syncing", 0 },
	{ "partial", COLUMN_USUAL },
	{ "members", COLUMN_USUAL | COLUMN_RIGHT },
	{ "age", COLUMN_USUAL | COLUMN_RIGHT },
	{ "dropped", COLUMN_RIGHT },
	{ 0 }
};

const struct command cmd_nodes = {
	.name = "nodes",
	.args = "",
	.summary = "list the nodes of the cluster that this one knows, itself first",
	.examples = "  pgnl nodes\n"
		    "  pgnl -j nodes | jq -r '.[] | select(.state != \"up\") | .node'\n",
	.notes = "What the kernel holds of them: a node is up, suspect when its connection is gone,\n"
		 "or stale when no agent runs here; age is for how many seconds. Partial means that\n"
		 "a limit has kept some of its members out. Members are memberships, of all scopes.",
	.columns = columns,
	.max_words = 0,
	.run = run,
};
