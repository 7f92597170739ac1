// SPDX-License-Identifier: GPL-2.0-or-later
/* exec */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "err.h"
#include "name.h"

enum { OPT_META = 256, OPT_WEIGHT, OPT_NAME };

/* As a shell says it. */
enum { EXEC_CANNOT = 126, EXEC_NOT_FOUND = 127 };

struct job {
	struct pgnl_join_opts opts;
	const char *name;		/* NULL: none */
};

static int register_self(struct cli *cli, const struct job *job)
{
	const struct pgnl_name_opts opts = {
		.meta = job->opts.meta, .meta_len = job->opts.meta_len,
	};
	struct pgnl_names *list;
	int ret, status = CLI_DONE;

	if (!job->name)
		return CLI_DONE;
	ret = pgnl_name_register(cli->kernel, job->name, 0, &opts, &list);
	if (ret < 0)
		return err_kernel(cli, ret);
	if (ret == PGNL_NO)
		status = name_taken(cli, job->name, list);
	pgnl_free(list);
	return status;
}

/*
 * First what is more likely to be refused. What was got before something is
 * refused ends with this process.
 */
static int join_self(struct cli *cli, const struct job *job)
{
	const pid_t self = getpid();
	const struct request request = {
		.groups = (const char *const *)cli->words, .n_groups = cli->n_words,
		.pids = &self, .n_pids = 1,
	};
	int ret, status;

	status = cli_connect(cli);
	if (!status)
		status = register_self(cli, job);
	if (status || !request.n_groups)
		return status;
	ret = pgnl_join_many(cli->kernel, cli->scope, request.groups, request.n_groups,
			     &(pid_t){ 0 }, 1, &job->opts, NULL);
	return ret < 0 ? err_request(cli, ret, &request) : CLI_DONE;
}

static int become(struct cli *cli, char **command)
{
	int error;

	/* Its descriptor ends at exec, its memory here; keep what is to be read clean. */
	fflush(stdout);
	execvp(command[0], command);
	error = errno;
	err_refused(cli, "can't run '%s': %s", command[0], strerror(error));
	return error == ENOENT ? EXEC_NOT_FOUND : EXEC_CANNOT;
}

/* Where the command starts: behind the first "--". */
static int find_command(int argc, char **argv)
{
	for (int i = 1; i < argc - 1; i++)
		if (!strcmp(argv[i], "--"))
			return i + 1;
	return 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct job job = { 0 };
	int command = find_command(argc, argv), key, status;

	while ((key = args_next(cli, command ? command - 1 : argc, argv)) >= 0) {
		if (key == OPT_META && !args_meta(cli, optarg, &job.opts))
			return CLI_USAGE;
		if (key == OPT_WEIGHT && !args_weight(cli, optarg, &job.opts))
			return CLI_USAGE;
		if (key == OPT_NAME && !args_name(cli, optarg))
			return CLI_USAGE;
		if (key == OPT_NAME)
			job.name = optarg;
	}
	if (key != ARGS_END)
		return args_status(key);
	if (!command)
		return err_usage(cli, "no command to run: it goes behind '--'");
	if (*cli->where)
		return err_usage(cli, "would take the place of the rest of the batch");
	if (!cli->n_words && !job.name)
		return err_usage(cli, "a group to join, or a --name, is missing");
	if (!args_groups(cli))
		return CLI_USAGE;
	status = join_self(cli, &job);
	return status ? status : become(cli, argv + command);
}

static const struct cli_option options[] = {
	{ "meta", "STRING", OPT_META, "metadata of the membership, up to 256 bytes" },
	{ "weight", "N", OPT_WEIGHT, "weight of the membership, 1 to 1000" },
	{ "name", "NAME", OPT_NAME, "a name to register" },
	{ 0 }
};

const struct command cmd_exec = {
	.name = "exec",
	.args = "GROUP... [--meta STRING] [--weight N] [--name NAME] -- COMMAND [ARGUMENT...]",
	.summary = "join groups and become a command",
	.examples = "  pgnl exec web -- ./server --port 80\n"
		    "  pgnl exec web db --meta tcp:80 -- ./server\n"
		    "  pgnl exec --name primary -- ./server\n",
	.notes = "The command keeps the pid, so no other process stays, and is a member until it\n"
		 "ends, and holds the name as long. Exit code 126 when it can't be run, 127 when it is\n"
		 "not found, else its own.",
	.options = options,
	.max_words = -1,
	.run = run,
};
