// SPDX-License-Identifier: GPL-2.0-or-later
/* join, leave */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "err.h"
#include "out.h"
#include "text.h"

enum {
	OPT_PID = 256, OPT_TIMES, OPT_META, OPT_WEIGHT, OPT_REQUIRED, OPT_ID, OPT_ALL, OPT_NODE
};

#define TIMES_MAX (UINT32_MAX - 1)

struct job {
	struct pgnl_join_opts opts;	/* times, and what only a join has */
	pid_t *pids;
	size_t n_pids;
	uint64_t id;			/* 0: none */
	const char *node;		/* that it is of; NULL: this one */
};

/* "--pid 1 2 3": all that follows up to the next option. */
static bool parse_pids(const struct cli *cli, int argc, char **argv, struct job *job)
{
	for (char *text = optarg; text; text = args_more(argc, argv))
		if (!args_pid(cli, text, &job->pids[job->n_pids++]))
			return false;
	return true;
}

static bool parse_times(const struct cli *cli, struct job *job)
{
	uint64_t times;

	if (job->opts.times == PGNL_ALL) {
		err_usage(cli, "--times or --all, not both");
		return false;
	}
	if (!args_number(cli, "number of times", optarg, 1, TIMES_MAX, &times))
		return false;
	job->opts.times = times;
	return true;
}

static bool parse_all(const struct cli *cli, struct job *job)
{
	if (job->opts.times && job->opts.times != PGNL_ALL) {
		err_usage(cli, "--times or --all, not both");
		return false;
	}
	job->opts.times = PGNL_ALL;
	return true;
}

static bool parse_option(const struct cli *cli, int key, int argc, char **argv, struct job *job)
{
	switch (key) {
	case OPT_PID:
		return parse_pids(cli, argc, argv, job);
	case OPT_TIMES:
		return parse_times(cli, job);
	case OPT_META:
		return args_meta(cli, optarg, &job->opts);
	case OPT_WEIGHT:
		return args_weight(cli, optarg, &job->opts);
	case OPT_REQUIRED:
		job->opts.flags |= PGNL_REQUIRED_GROUP;
		return true;
	case OPT_ID:
		return args_number(cli, "id", optarg, 1, UINT64_MAX, &job->id);
	case OPT_NODE:
		job->node = optarg;
		return true;
	default:
		return parse_all(cli, job);
	}
}

static int parse(struct cli *cli, int argc, char **argv, struct job *job)
{
	int key;

	job->pids = need(calloc(argc, sizeof(*job->pids)));
	while ((key = args_next(cli, argc, argv)) >= 0)
		if (!parse_option(cli, key, argc, argv, job))
			return ARGS_WRONG;
	if (key == ARGS_END && !args_groups(cli))
		return ARGS_WRONG;
	return key;
}

/* A row of the request and the count after it. */
static json_t *row(const char *group, pid_t pid, uint64_t id, uint32_t count)
{
	return json_pack("{s:o, s:o, s:o, s:I}",
			 "group", text_json_name(group),
			 "pid", pid ? json_integer(pid) : json_null(),
			 "id", id ? out_id(id) : json_null(),
			 "count", (json_int_t)count);
}

/* One row is told by its bare count, if nothing else was asked for. */
static void print_counts(struct cli *cli, const struct job *job, const struct pgnl_joined *joined)
{
	size_t per_group = job->id ? 1 : job->n_pids, n = cli->n_words * per_group;
	struct out *out;

	if (n == 1 && !cli->json && !cli->columns) {
		printf("%u\n", joined->count);
		return;
	}
	out = out_begin(cli);
	for (size_t i = 0; i < n; i++)
		out_row(out, row(cli->words[i / per_group],
				 job->id ? 0 : job->pids[i % per_group],
				 joined[i].id, joined[i].count));
	out_end(out);
}

static int refused(const struct cli *cli, int ret, const struct job *job)
{
	return err_request(cli, ret, &(struct request){
		.groups = (const char *const *)cli->words, .n_groups = cli->n_words,
		.pids = job->pids, .n_pids = job->n_pids,
	});
}

/* A process of another node: its count is told by that node later. */
static int join_on(struct cli *cli, const struct job *job)
{
	int ret, status;

	if (!job->node || !job->id)
		return err_usage(cli, "--node and --id go together");
	if (job->n_pids || cli->n_words > 1 || job->opts.meta || job->opts.weight ||
	    job->opts.flags)
		return err_usage(cli, "of another node, one process joins one group, and nothing"
				      " but --times goes with it");
	status = cli_connect(cli);
	if (status)
		return status;
	ret = pgnl_join_on(cli->kernel, cli->scope, cli->words[0], job->node, job->id,
			   job->opts.times);
	return ret ? refused(cli, ret, job) : CLI_DONE;
}

static int join(struct cli *cli, const struct job *job)
{
	struct pgnl_joined *joined;
	int ret, status;

	if (job->node || job->id)
		return join_on(cli, job);
	if (!job->n_pids)
		return err_usage(cli, "--pid is missing: a join of this command itself would end"
				      " with it (see 'pgnl help exec')");
	status = cli_connect(cli);
	if (status)
		return status;
	joined = need(calloc(cli->n_words * job->n_pids, sizeof(*joined)));
	ret = pgnl_join_many(cli->kernel, cli->scope, (const char *const *)cli->words,
			     cli->n_words, job->pids, job->n_pids, &job->opts, joined);
	if (ret < 0)
		status = refused(cli, ret, job);
	else
		print_counts(cli, job, joined);
	free(joined);
	return status;
}

static int run_join(struct cli *cli, int argc, char **argv)
{
	struct job job = { 0 };
	int key, status;

	key = parse(cli, argc, argv, &job);
	status = key == ARGS_END ? join(cli, &job) : args_status(key);
	free(job.pids);
	return status;
}

/* How many joins were taken back; left[] are the counts after it. */
static int leave_rows(struct cli *cli, const struct job *job, uint32_t *left)
{
	if (job->id)
		return pgnl_leave_id(cli->kernel, cli->scope, cli->words[0], job->id,
				     job->opts.times, left);
	return pgnl_leave_many(cli->kernel, cli->scope, (const char *const *)cli->words,
			       cli->n_words, job->pids, job->n_pids, job->opts.times, left);
}

static int leave_connected(struct cli *cli, const struct job *job)
{
	size_t n = job->id ? 1 : cli->n_words * job->n_pids;
	uint32_t *left = need(calloc(n, sizeof(*left)));
	struct pgnl_joined *rows = need(calloc(n, sizeof(*rows)));
	int ret = leave_rows(cli, job, left), status = CLI_DONE;

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct pgnl_joined){ .id = job->id, .count = left[i] };
	if (ret < 0)
		status = refused(cli, ret, job);
	else
		print_counts(cli, job, rows);
	if (!ret)
		status = err_nothing(cli, "not joined, so nothing to leave");
	free(rows);
	free(left);
	return status;
}

static int leave(struct cli *cli, const struct job *job)
{
	int status;

	if (!job->n_pids == !job->id)
		return err_usage(cli, "who is to leave? Either --pid or --id says it");
	if (job->id && cli->n_words > 1)
		return err_usage(cli, "--id leaves one group, not %zu", cli->n_words);
	status = cli_connect(cli);
	return status ? status : leave_connected(cli, job);
}

static int run_leave(struct cli *cli, int argc, char **argv)
{
	struct job job = { 0 };
	int key, status;

	key = parse(cli, argc, argv, &job);
	status = key == ARGS_END ? leave(cli, &job) : args_status(key);
	free(job.pids);
	return status;
}

static const struct cli_option join_options[] = {
	{ "pid", "PID...", OPT_PID, "the processes, up to the next option" },
	{ "times", "N", OPT_TIMES, "join that many times; it takes as many leaves" },
	{ "meta", "STRING", OPT_META, "metadata of the memberships, up to 256 bytes; '' ends it" },
	{ "weight", "N", OPT_WEIGHT, "weight of the membership, 1 to 1000" },
	{ "required-group", NULL, OPT_REQUIRED, "fail when a group is missing" },
	{ "node", "NODE", OPT_NODE, "of another node, which has to allow it" },
	{ "id", "ID", OPT_ID, "the process of that member id there" },
	{ 0 }
};

static const struct cli_option leave_options[] = {
	{ "pid", "PID...", OPT_PID, "the processes, up to the next option" },
	{ "id", "ID", OPT_ID, "the process of that member id" },
	{ "times", "N", OPT_TIMES, "leave that many times" },
	{ "all", NULL, OPT_ALL, "leave as many times as joined" },
	{ 0 }
};

static const struct column columns[] = {
	{ "group", COLUMN_USUAL },
	{ "pid", COLUMN_USUAL | COLUMN_RIGHT },
	{ "id", COLUMN_RIGHT },
	{ "count", COLUMN_USUAL | COLUMN_RIGHT },
	{ 0 }
};

const struct command cmd_join = {
	.name = "join",
	.args = "GROUP... --pid PID...|--node NODE --id ID [--times N] [--meta STRING]"
		" [--weight N] [--required-group]",
	.summary = "put processes into groups, all of them or none",
	.examples = "  pgnl join web --pid $$\n"
		    "  pgnl join web db --pid 1234 1235 --meta unix:/run/a.sock\n",
	.notes = "Prints how often each is in each group now. A single row is a bare number.\n"
		 "What has become of a process of another node is seen in the members.",
	.options = join_options,
	.columns = columns,
	.min_words = 1,
	.max_words = -1,
	.run = run_join,
};

const struct command cmd_leave = {
	.name = "leave",
	.args = "GROUP... --pid PID...|--id ID [--times N|--all]",
	.summary = "take processes out of groups",
	.examples = "  pgnl leave web --pid $$\n"
		    "  pgnl leave web db --pid 1234 --all\n",
	.notes = "Prints how often each is in each group still. A single row is a bare number.\n"
		 "Exit code 3 when nobody was in any of them.",
	.options = leave_options,
	.columns = columns,
	.min_words = 1,
	.max_words = -1,
	.run = run_leave,
};
