// SPDX-License-Identifier: GPL-2.0-or-later
/* groups, create, delete */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>

#include "args.h"
#include "err.h"
#include "out.h"
#include "text.h"

enum { OPT_LOCAL = 256 };

static void print_group(struct out *out, const struct pgnl_group *group)
{
	out_row(out, json_pack("{s:o, s:I, s:I}",
			       "group", text_json_name(group->name),
			       "local", (json_int_t)group->local,
			       "remote", (json_int_t)group->remote));
}

static size_t print_groups(struct cli *cli, const struct pgnl_groups *list, const char *pattern)
{
	struct out *out = out_begin(cli);
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (pattern && fnmatch(pattern, list->group[i].name, 0))
			continue;
		print_group(out, &list->group[i]);
		n++;
	}
	out_end(out);
	return n;
}

static int run_groups(struct cli *cli, int argc, char **argv)
{
	const char *pattern;
	struct pgnl_groups *list;
	uint32_t flags = 0;
	int key, status, ret;
	size_t n;

	while ((key = args_next(cli, argc, argv)) >= 0)
		flags |= PGNL_LOCAL;
	if (!args_connect(cli, key, &status))
		return status;
	pattern = cli->n_words ? cli->words[0] : NULL;
	ret = pgnl_groups(cli->kernel, cli->scope, flags, &list);
	if (ret < 0)
		return err_kernel(cli, ret);
	n = print_groups(cli, list, pattern);
	pgnl_free(list);
	if (pattern && !n)
		return err_nothing(cli, "no group like '%s' in scope %s", pattern, cli_scope(cli));
	return CLI_DONE;
}

/* The one group that a command line names. */
static int parse_group(struct cli *cli, int argc, char **argv)
{
	int key = args_next(cli, argc, argv);

	return key == ARGS_END && !args_groups(cli) ? ARGS_WRONG : key;
}

static int run_create(struct cli *cli, int argc, char **argv)
{
	int key, status, ret;

	key = parse_group(cli, argc, argv);
	if (!args_connect(cli, key, &status))
		return status;
	ret = pgnl_group_create(cli->kernel, cli->scope, cli->words[0],
				PGNL_KEEP, PGNL_KEEP, PGNL_KEEP);
	if (!ret)
		return CLI_DONE;
	status = err_kernel(cli, ret);
	if (ret == -EOPNOTSUPP && !cli->scope)
		say(cli, "groups are created in scopes of mode pg2: try 'pgnl -s pg2 create %s'",
		    cli->words[0]);
	return status;
}

static int run_delete(struct cli *cli, int argc, char **argv)
{
	struct pgnl_deleted deleted;
	int key, status, ret;

	key = parse_group(cli, argc, argv);
	if (!args_connect(cli, key, &status))
		return status;
	ret = pgnl_group_delete_all(cli->kernel, cli->scope, cli->words[0], &deleted);
	if (ret)
		return err_kernel(cli, ret);
	if (!deleted.refused && !deleted.unreachable)
		return CLI_DONE;
	return err_refused(cli, "deleted here, but not on all nodes: %u refused, %u unreachable",
			   deleted.refused, deleted.unreachable);
}

static const struct cli_option groups_options[] = {
	{ "local", NULL, OPT_LOCAL, "only groups with a member on this node" },
	{ 0 }
};

static const struct column group_columns[] = {
	{ "group", COLUMN_USUAL },
	{ "local", COLUMN_USUAL | COLUMN_RIGHT },
	{ "remote", COLUMN_USUAL | COLUMN_RIGHT },
	{ 0 }
};

const struct command cmd_groups = {
	.name = "groups",
	.args = "[PATTERN] [--local]",
	.summary = "list the groups of a scope and how many members they have",
	.examples = "  pgnl groups\n"
		    "  pgnl -s pg2 groups 'db/*'\n",
	.notes = "PATTERN is that of a shell; quote it. A process that joined twice counts twice.",
	.options = groups_options,
	.columns = group_columns,
	.max_words = 1,
	.run = run_groups,
};

const struct command cmd_create = {
	.name = "create",
	.args = "GROUP",
	.summary = "create a group in a scope of mode pg2",
	.examples = "  pgnl -s pg2 create db\n",
	.notes = "A group that exists already is fine.",
	.min_words = 1,
	.max_words = 1,
	.run = run_create,
};

const struct command cmd_delete = {
	.name = "delete",
	.args = "GROUP",
	.summary = "delete a created group; its members are out of it at once",
	.examples = "  pgnl -s pg2 delete db\n",
	.notes = "A group that is missing already is fine. Other nodes are asked to delete theirs;\n"
		 "what a node keeps stays in the group, and the command is refused (2).",
	.min_words = 1,
	.max_words = 1,
	.run = run_delete,
};
