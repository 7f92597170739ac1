// SPDX-License-Identifier: GPL-2.0-or-later
/* help, and what --help prints */
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "cli.h"

static void print_option(const struct cli_option *option)
{
	char name[64];

	snprintf(name, sizeof(name), "--%s%s%s", option->name, option->arg ? " " : "",
		 option->arg ? option->arg : "");
	printf("  %-22s %s\n", name, option->text);
}

void help_command(const struct command *cmd)
{
	printf("pgnl %s: %s\n\nExamples:\n%s\nUsage: pgnl [OPTION...] %s%s%s\n", cmd->name,
	       cmd->summary, cmd->examples, cmd->name, *cmd->args ? " " : "", cmd->args);
	if (cmd->options)
		puts("\nOptions:");
	for (const struct cli_option *option = cmd->options; option && option->name; option++)
		print_option(option);
	if (cmd->notes)
		printf("\n%s\n", cmd->notes);
}

void help_all(void)
{
	puts("pgnl: named process groups kept by the kernel\n\n"
	     "Examples:\n"
	     "  pgnl exec web -- ./server        run a server as a member of group web\n"
	     "  pgnl members web                 who is in it?\n"
	     "  pgnl -n -o pid closest web       one of them\n"
	     "  pgnl help join                   all about one command\n\n"
	     "Usage: pgnl [OPTION...] COMMAND ...\n\n"
	     "Options:\n"
	     "  -s SCOPE               the scope to work in (default pg)\n"
	     "  -j                     JSON on one line a row; -p: indented\n"
	     "  -o COLUMN[,COLUMN...]  these columns; +COLUMN: these too\n"
	     "  -n                     no headings\n"
	     "  -q                     no talk but errors\n"
	     "  -t                     timestamps, for commands that print events\n"
	     "  --color=WHEN           auto, always or never\n"
	     "  -b FILE                commands from a file (-: standard input), one a line;\n"
	     "                         -f: go on after errors\n"
	     "  -V, -h                 version, this help\n\n"
	     "Commands:");
	for (const struct command *const *cmd = commands; *cmd; cmd++)
		printf("  %-12s %s\n", (*cmd)->name, (*cmd)->summary);
	puts("\nExit codes: 0 done, 1 usage, 2 refused, 3 nothing matched, 4 no module.");
}

static int run(struct cli *cli, int argc, char **argv)
{
	const struct command *cmd;
	int key, used;

	key = args_next(cli, argc, argv);
	if (key != ARGS_END)
		return args_status(key);
	if (!cli->n_words) {
		help_all();
		return CLI_DONE;
	}
	cmd = command_find(cli->n_words, cli->words, &used);
	if (!cmd)
		return command_unknown(cli, cli->n_words, cli->words);
	help_command(cmd);
	return CLI_DONE;
}

const struct command cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "explain pgnl or one command",
	.examples = "  pgnl help\n"
		    "  pgnl help scope add\n",
	.max_words = 2,
	.run = run,
};
