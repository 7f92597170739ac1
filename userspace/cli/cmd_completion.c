// SPDX-License-Identifier: GPL-2.0-or-later
/* completion: the script for a shell, and what that script asks for */
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "err.h"

static const char bash_script[] =
#include "pgnl.bash.inc"
;

static int print_commands(void)
{
	for (const struct command *const *cmd = commands; *cmd; cmd++)
		puts((*cmd)->name);
	return CLI_DONE;
}

static int print_options(struct cli *cli)
{
	const struct command *cmd;
	int used;

	cmd = command_find(cli->n_words - 1, cli->words + 1, &used);
	if (!cmd)
		return command_unknown(cli, cli->n_words - 1, cli->words + 1);
	for (const struct cli_option *option = cmd->options; option && option->name; option++)
		printf("--%s%s\n", option->name, option->arg ? "=" : "");
	puts("--help");
	return CLI_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	int key = args_next(cli, argc, argv);

	if (key != ARGS_END)
		return args_status(key);
	if (cli->n_words == 1 && !strcmp(cli->words[0], "bash")) {
		fputs(bash_script, stdout);
		return CLI_DONE;
	}
	if (cli->n_words == 1 && !strcmp(cli->words[0], "commands"))
		return print_commands();
	if (!strcmp(cli->words[0], "options"))
		return print_options(cli);
	return err_usage(cli, "for bash only, not '%s'", cli->words[0]);
}

const struct command cmd_completion = {
	.name = "completion",
	.args = "bash | commands | options COMMAND",
	.summary = "print the completion script for bash, or the words it completes",
	.examples = "  source <(pgnl completion bash)\n",
	.notes = "An option printed with = takes a value.",
	.min_words = 1,
	.max_words = 3,
	.run = run,
};
