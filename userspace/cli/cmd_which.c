// SPDX-License-Identifier: GPL-2.0-or-later
/* which */
#include <errno.h>
#include <string.h>

#include "args.h"
#include "err.h"
#include "out.h"
#include "text.h"

static void print_membership(struct out *out, const struct pgnl_member *member)
{
	out_row(out, json_pack("{s:o, s:o, s:I}",
			       "scope", text_json_name(member->scope),
			       "group", text_json_name(member->group),
			       "count", (json_int_t)member->count));
}

static int list_groups(struct cli *cli, pid_t pid)
{
	struct pgnl_members *list = NULL;
	struct out *out;
	size_t n = 0;
	int ret;

	ret = pgnl_process_groups(cli->kernel, pid, &list);
	if (ret < 0 && ret != -ESRCH)
		return err_kernel(cli, ret);
	out = out_begin(cli);
	for (size_t i = 0; ret >= 0 && i < list->n; i++) {
		if (cli->scope && strcmp(list->member[i].scope, cli->scope))
			continue;
		print_membership(out, &list->member[i]);
		n++;
	}
	out_end(out);
	if (ret < 0)
		return err_nothing(cli, "no process %d", pid);
	pgnl_free(list);
	return n ? CLI_DONE : err_nothing(cli, "process %d is in no group", pid);
}

static int run_which(struct cli *cli, int argc, char **argv)
{
	int key, status;
	pid_t pid;

	key = args_next(cli, argc, argv);
	if (key != ARGS_END)
		return args_status(key);
	if (!args_pid(cli, cli->words[0], &pid))
		return CLI_USAGE;
	status = cli_connect(cli);
	return status ? status : list_groups(cli, pid);
}

static const struct column columns[] = {
	{ "scope", COLUMN_USUAL },
	{ "group", COLUMN_USUAL },
	{ "count", COLUMN_USUAL | COLUMN_RIGHT },
	{ 0 }
};

const struct command cmd_which = {
	.name = "which",
	.args = "PID",
	.summary = "list the groups of a process in all scopes",
	.examples = "  pgnl which $$\n"
		    "  pgnl -j which 1234 | jq -r '.[].group'\n",
	.notes = "With -s SCOPE only those of that scope. Exit code 3 when it is in none, or there is\n"
		 "no such process.",
	.columns = columns,
	.min_words = 1,
	.max_words = 1,
	.run = run_which,
};
