// SPDX-License-Identifier: GPL-2.0-or-later
/* members */
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "err.h"
#include "member.h"
#include "out.h"

enum { OPT_LOCAL = 256, OPT_REMOTE, OPT_NODE, OPT_PIDS, OPT_COUNT };

struct wanted {
	bool local;		/* only this node's */
	bool remote;		/* only other nodes' */
	const char *node;	/* only that other node's, or NULL */
	bool pids;
	bool count;
};

static bool is_wanted(const struct wanted *want, const struct pgnl_member *member)
{
	if (want->node)
		return member->node && !strcmp(member->node, want->node);
	return !want->remote || member->node;
}

static int nobody(const struct cli *cli, int missing)
{
	return err_nothing(cli, missing ? "no group '%s' in scope %s" :
					  "nobody in group '%s' of scope %s",
			   cli->words[0], cli_scope(cli));
}

static size_t print_rows(struct cli *cli, const struct pgnl_members *list,
			 const struct wanted *want, const char *node)
{
	struct out *out = out_begin(cli);
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (!is_wanted(want, &list->member[i]))
			continue;
		out_row(out, member_row(&list->member[i], node));
		n++;
	}
	out_end(out);
	return n;
}

/* Other nodes' pids mean nothing here, and neither do those this one can't see. */
static size_t print_pids(struct cli *cli, const struct pgnl_members *list,
			 const struct wanted *want)
{
	json_t *pids = need(json_array());
	size_t n;

	for (size_t i = 0; i < list->n; i++) {
		const struct pgnl_member *member = &list->member[i];

		if (!is_wanted(want, member) || member->node || !member->pid)
			continue;
		if (!cli->json)
			printf("%d\n", member->pid);
		json_array_append_new(pids, json_integer(member->pid));
	}
	n = json_array_size(pids);
	if (cli->json)
		out_json(cli, json_incref(pids));
	json_decref(pids);
	return n;
}

static size_t print_count(struct cli *cli, const struct pgnl_members *list,
			  const struct wanted *want)
{
	json_int_t count = 0;

	for (size_t i = 0; i < list->n; i++)
		if (is_wanted(want, &list->member[i]))
			count += list->member[i].count;
	out_json(cli, json_integer(count));
	return count;
}

static int list_members(struct cli *cli, struct wanted *want)
{
	struct pgnl_members *list;
	struct pgnl_info info;
	int ret, missing = 0;
	size_t n;

	ret = pgnl_info(cli->kernel, &info);
	if (ret < 0)
		return err_kernel(cli, ret);
	if (want->node && !strcmp(want->node, info.node)) {
		want->local = true;
		want->node = NULL;
	}
	ret = pgnl_members(cli->kernel, cli->scope, cli->words[0],
			   want->local ? PGNL_LOCAL : 0, &list, &missing);
	if (ret < 0)
		return err_kernel(cli, ret);
	if (want->pids)
		n = print_pids(cli, list, want);
	else if (want->count)
		n = print_count(cli, list, want);
	else
		n = print_rows(cli, list, want, info.node);
	pgnl_free(list);
	return n ? CLI_DONE : nobody(cli, missing);
}

static int run_members(struct cli *cli, int argc, char **argv)
{
	struct wanted want = { 0 };
	int key, status;

	while ((key = args_next(cli, argc, argv)) >= 0) {
		want.local |= key == OPT_LOCAL;
		want.remote |= key == OPT_REMOTE;
		want.pids |= key == OPT_PIDS;
		want.count |= key == OPT_COUNT;
		want.node = key == OPT_NODE ? optarg : want.node;
	}
	if (key != ARGS_END)
		return args_status(key);
	if (want.local + want.remote + !!want.node > 1)
		return err_usage(cli, "only one of --local, --remote and --node can hold");
	if (want.pids && want.count)
		return err_usage(cli, "--pids or --count, not both");
	if (want.node && !*want.node)
		return err_usage(cli, "the name of a node can't be empty");
	if (!args_groups(cli))
		return CLI_USAGE;
	status = cli_connect(cli);
	return status ? status : list_members(cli, &want);
}

static const struct cli_option options[] = {
	{ "local", NULL, OPT_LOCAL, "only processes of this node" },
	{ "remote", NULL, OPT_REMOTE, "only processes of other nodes" },
	{ "node", "NODE", OPT_NODE, "only processes of that node" },
	{ "pids", NULL, OPT_PIDS, "bare pids of this node's processes, one a line" },
	{ "count", NULL, OPT_COUNT, "only how many, a process that joined twice counted twice" },
	{ 0 }
};

const struct command cmd_members = {
	.name = "members",
	.args = "GROUP [--local|--remote|--node NODE] [--pids|--count]",
	.summary = "list the members of a group",
	.examples = "  pgnl members web\n"
		    "  pgnl -o pid,comm,meta members web\n"
		    "  kill -HUP $(pgnl members web --pids)\n",
	.notes = "Exit code 3 when nobody is in it. A process that the caller's pid namespace\n"
		 "does not see has pid 0 and no name.",
	.options = options,
	.columns = member_columns,
	.min_words = 1,
	.max_words = 1,
	.run = run_members,
};
