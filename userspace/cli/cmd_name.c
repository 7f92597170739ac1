// SPDX-License-Identifier: GPL-2.0-or-later
/* name register, name unregister, name whereis, name list */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "err.h"
#include "member.h"
#include "name.h"
#include "out.h"
#include "proc.h"
#include "text.h"

enum { OPT_PID = 256, OPT_RESOLVE, OPT_REPLACE, OPT_META, OPT_WHERE };

static const char *const resolve_names[] = {
	[PGNL_KEEP_FIRST] = "keep-first",
	[PGNL_RANDOM_EXIT] = "random-exit",
	[PGNL_RANDOM_NOTIFY] = "random-notify",
	[PGNL_NOTIFY_ALL] = "notify-all",
};

#define N_RESOLVES (sizeof(resolve_names) / sizeof(*resolve_names))

const char *name_resolve_text(enum pgnl_name_resolve resolve)
{
	return (size_t)resolve < N_RESOLVES ? resolve_names[resolve] : "unknown";
}

bool name_resolve(const char *text, enum pgnl_name_resolve *resolve)
{
	for (size_t i = 0; i < N_RESOLVES; i++) {
		if (strcmp(text, resolve_names[i]))
			continue;
		*resolve = i;
		return true;
	}
	return false;
}

static bool parse_resolve(const struct cli *cli, const char *text, enum pgnl_name_resolve *resolve)
{
	if (name_resolve(text, resolve))
		return true;
	err_usage(cli, "--resolve is keep-first, random-exit, random-notify or notify-all, not '%s'",
		  text);
	return false;
}

/* All names are in one scope. */
static bool scope_fits(const struct cli *cli)
{
	if (!cli->scope || !strcmp(cli->scope, NAME_SCOPE))
		return true;
	err_usage(cli, "names are in the scope " NAME_SCOPE ", not in %s", cli->scope);
	return false;
}

/* --- Rows ------------------------------------------------------------------ */

static json_t *name_row(const struct pgnl_name *name, const char *node)
{
	json_t *row = need(member_row(&name->holder, node));

	json_object_set_new(row, "name", text_json_name(name->name));
	json_object_set_new(row, "fence", out_id(name->fence));
	json_object_set_new(row, "stamp", out_id(name->stamp));
	json_object_set_new(row, "resolve", json_string(name_resolve_text(name->resolve)));
	json_object_set_new(row, "group", text_json_name(name->global_group));
	json_object_set_new(row, "isolated", json_boolean(name->isolated));
	return row;
}

static int print_names(struct cli *cli, const struct pgnl_names *list, size_t n)
{
	struct pgnl_info info;
	struct out *out;
	int ret;

	ret = pgnl_info(cli->kernel, &info);
	if (ret < 0)
		return err_kernel(cli, ret);
	out = out_begin(cli);
	for (size_t i = 0; i < n; i++)
		out_row(out, name_row(&list->name[i], info.node));
	out_end(out);
	return CLI_DONE;
}

/* "process 123 (cat)", as far as it is known here. */
static const char *holder_text(const struct pgnl_member *holder, char *text, size_t size)
{
	struct proc_task task;
	int n;

	if (!holder->pid)
		n = snprintf(text, size, "a process that is not visible here");
	else if (proc_usable() && proc_task(holder->pid, &task))
		n = snprintf(text, size, "process %d (%s)", holder->pid, task.comm);
	else
		n = snprintf(text, size, "process %d", holder->pid);
	snprintf(text + n, size - n, ", id %" PRIu64, holder->id);
	return text;
}

int name_taken(const struct cli *cli, const char *name, const struct pgnl_names *list)
{
	char text[160];

	if (!list->n)
		return err_refused(cli, "the name '%s' is taken", name);
	return err_refused(cli, "the name '%s' is taken, by %s", name,
			   holder_text(&list->name[0].holder, text, sizeof(text)));
}

/* --- register --------------------------------------------------------------- */

struct job {
	struct pgnl_name_opts opts;
	bool replace;
	pid_t pid;
};

/* Metadata goes by the options of a join everywhere else. */
static bool parse_meta(const struct cli *cli, const char *text, struct pgnl_name_opts *opts)
{
	struct pgnl_join_opts join = { 0 };

	if (!args_meta(cli, text, &join))
		return false;
	opts->meta = join.meta;
	opts->meta_len = join.meta_len;
	return true;
}

static bool parse_option(const struct cli *cli, int key, struct job *job)
{
	switch (key) {
	case OPT_PID:
		return args_pid(cli, optarg, &job->pid);
	case OPT_RESOLVE:
		return parse_resolve(cli, optarg, &job->opts.resolve);
	case OPT_META:
		return parse_meta(cli, optarg, &job->opts);
	default:
		job->replace = true;
		return true;
	}
}

/* A bare fencing number, if nothing else was asked for; else the row. */
static int print_registered(struct cli *cli, const struct pgnl_names *list)
{
	if (cli->json || cli->columns)
		return print_names(cli, list, 1);
	printf("%" PRIu64 "\n", list->name[0].fence);
	return CLI_DONE;
}

static int do_register(struct cli *cli, const struct job *job)
{
	const struct request request = {
		.groups = (const char *const *)cli->words, .n_groups = 1,
		.pids = &job->pid, .n_pids = 1,
	};
	struct pgnl_names *list;
	int ret, status;

	if (job->replace)
		ret = pgnl_name_reregister(cli->kernel, cli->words[0], job->pid, &job->opts, &list);
	else
		ret = pgnl_name_register(cli->kernel, cli->words[0], job->pid, &job->opts, &list);
	if (ret < 0)
		return err_request(cli, ret, &request);
	if (ret == PGNL_NO)
		status = name_taken(cli, cli->words[0], list);
	else
		status = print_registered(cli, list);
	pgnl_free(list);
	return status;
}

static int run_register(struct cli *cli, int argc, char **argv)
{
	struct job job = { 0 };
	int key, status;

	while ((key = args_next(cli, argc, argv)) >= 0)
		if (!parse_option(cli, key, &job))
			return CLI_USAGE;
	if (key != ARGS_END)
		return args_status(key);
	if (!args_names(cli) || !scope_fits(cli))
		return CLI_USAGE;
	if (!job.pid)
		return err_usage(cli, "--pid is missing: a name of this command itself would end"
				      " with it (see 'pgnl help exec')");
	status = cli_connect(cli);
	return status ? status : do_register(cli, &job);
}

/* --- unregister, whereis, list ---------------------------------------------- */

static int run_unregister(struct cli *cli, int argc, char **argv)
{
	int key, status, ret, missing;

	key = args_next(cli, argc, argv);
	if (key != ARGS_END)
		return args_status(key);
	if (!args_names(cli) || !scope_fits(cli))
		return CLI_USAGE;
	status = cli_connect(cli);
	if (status)
		return status;
	ret = pgnl_name_unregister(cli->kernel, cli->words[0], &missing);
	if (ret < 0)
		return err_request(cli, ret, &(struct request){
			.groups = (const char *const *)cli->words, .n_groups = 1,
		});
	return missing ? err_nothing(cli, "nobody holds the name '%s'", cli->words[0]) : CLI_DONE;
}

/* Options and words of what only looks; CLI_DONE and connected, or the exit code. */
static int parse_look(struct cli *cli, int argc, char **argv, const char **where)
{
	int key;

	*where = NULL;
	while ((key = args_next(cli, argc, argv)) >= 0)
		if (!args_place(cli, optarg, where))
			return CLI_USAGE;
	if (key == ARGS_HELP)
		return -1;
	if (key != ARGS_END || !args_names(cli) || !scope_fits(cli))
		return CLI_USAGE;
	return cli_connect(cli);
}

/* Whose word it is, if not this node's; one that may be old is told apart. */
static void tell_origin(struct cli *cli, const char *where, const struct pgnl_names *list)
{
	const struct pgnl_name *name = list->n ? &list->name[0] : NULL;

	if (name && name->global_group && !where)
		say(cli, "found in global group %s", name->global_group);
	if (name && name->isolated)
		say(cli, "node %s is cut off from most of its global group, so this may be old",
		    name->holder.node);
}

static int run_whereis(struct cli *cli, int argc, char **argv)
{
	struct pgnl_names *list;
	const char *where;
	int ret, status;

	status = parse_look(cli, argc, argv, &where);
	if (status)
		return status < 0 ? CLI_DONE : status;
	ret = pgnl_gg_whereis_name(cli->kernel, where, cli->words[0], &list);
	if (ret < 0)
		return err_kernel(cli, ret);
	status = print_names(cli, list, list->n);
	tell_origin(cli, where, list);
	pgnl_free(list);
	if (!status && ret == PGNL_UNDEFINED)
		status = err_nothing(cli, "nobody holds the name '%s'", cli->words[0]);
	return status;
}

static int run_list(struct cli *cli, int argc, char **argv)
{
	struct pgnl_names *list;
	const char *where;
	int ret, status;

	status = parse_look(cli, argc, argv, &where);
	if (status)
		return status < 0 ? CLI_DONE : status;
	ret = pgnl_name_list(cli->kernel, where, &list);
	if (ret < 0)
		return err_kernel(cli, ret);
	status = print_names(cli, list, list->n);
	pgnl_free(list);
	return status;
}

/* --- What they are ----------------------------------------------------------- */

static const struct column columns[] = {
	{ "name", COLUMN_USUAL },
	{ "node", COLUMN_USUAL },
	{ "pid", COLUMN_USUAL | COLUMN_RIGHT },
	{ "id", COLUMN_RIGHT },
	{ "uid", COLUMN_USUAL, out_show_user },
	{ "meta", COLUMN_USUAL },
	{ "fence", COLUMN_RIGHT },
	{ "stamp", COLUMN_RIGHT },
	{ "resolve", 0 },
	{ "group", 0 },
	{ "isolated", 0 },
	{ "state", 0 },
	{ "comm", COLUMN_USUAL },
	{ "start", COLUMN_USUAL, member_show_start },
	{ 0 }
};

static const struct cli_option register_options[] = {
	{ "pid", "PID", OPT_PID, "the process that gets the name" },
	{ "replace", NULL, OPT_REPLACE, "take it from whoever holds it" },
	{ "resolve", "POLICY", OPT_RESOLVE,
	  "who keeps it when two nodes gave it away while apart: keep-first (default),"
	  " random-exit, random-notify or notify-all" },
	{ "meta", "STRING", OPT_META, "metadata of the registration, up to 256 bytes" },
	{ 0 }
};

static const struct cli_option where_options[] = {
	{ "where", "PLACE", OPT_WHERE, "node:NODE or group:GLOBAL_GROUP" },
	{ 0 }
};

const struct command cmd_name_register = {
	.name = "name register",
	.args = "NAME --pid PID [--replace] [--resolve POLICY] [--meta STRING]",
	.summary = "give a name to a process",
	.examples = "  pgnl name register primary --pid $$\n"
		    "  pgnl name register primary --pid 1234 --replace\n",
	.notes = "Prints the fencing number, which grows with each registration. One process holds a\n"
		 "name, as long as it lives. Exit code 2 when it is taken; the old holder does not\n"
		 "have to agree to --replace, but one must be allowed to signal it.",
	.options = register_options,
	.columns = columns,
	.min_words = 1,
	.max_words = 1,
	.run = run_register,
};

const struct command cmd_name_unregister = {
	.name = "name unregister",
	.args = "NAME",
	.summary = "take a name from whoever holds it",
	.examples = "  pgnl name unregister primary\n"
		    "  pgnl -s global leave primary --pid 1234    # only if 1234 holds it\n",
	.notes = "For the holder, whoever may signal it, and the owner of the scope global. Exit code\n"
		 "3 when nobody holds it.",
	.min_words = 1,
	.max_words = 1,
	.run = run_unregister,
};

const struct command cmd_name_whereis = {
	.name = "name whereis",
	.args = "NAME [--where node:NODE|group:GROUP]",
	.summary = "who holds a name",
	.examples = "  pgnl name whereis primary\n"
		    "  pgnl name whereis primary --where group:west\n"
		    "  kill -USR1 $(pgnl -n -o pid name whereis primary --where node:$(hostname))\n",
	.notes = "Without --where this node's global group is searched first and then all others,\n"
		 "in the order in which they are defined; a name of another group is told. Exit\n"
		 "code 3 when nobody holds it, 2 when the place does not answer.",
	.options = where_options,
	.columns = columns,
	.min_words = 1,
	.max_words = 1,
	.run = run_whereis,
};

const struct command cmd_name_list = {
	.name = "name list",
	.args = "[--where node:NODE|group:GROUP]",
	.summary = "list the names and who holds them",
	.examples = "  pgnl name list\n"
		    "  pgnl -j name list --where group:west | jq -r '.[].name'\n",
	.notes = "Without --where those that this node knows.",
	.options = where_options,
	.columns = columns,
	.run = run_list,
};
