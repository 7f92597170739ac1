// SPDX-License-Identifier: GPL-2.0-or-later
/* signal */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "err.h"
#include "out.h"

enum {
	OPT_ONE = 256, OPT_LOCAL, OPT_OTHERS, OPT_ID, OPT_UID, OPT_VALUE, OPT_DRY_RUN
};

#define REAL_TIME "RTMIN+"

struct act {
	int signal;
	bool dry_run;
	struct pgnl_signal_opts opts;
	uint64_t *ids;
};

/* The signal a number of places above another one; -1 when there is none. */
static int add_number(int base, const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || number > SIGRTMAX - base)
		return -1;
	return base + number;
}

/* The number of HUP, SIGHUP, RTMIN+3, or 1; -1 when it is none of those. */
static int find_signal(const char *text)
{
	const char *name = strncasecmp(text, "SIG", 3) ? text : text + 3;

	for (int nr = 1; nr < SIGRTMIN; nr++)
		if (sigabbrev_np(nr) && !strcasecmp(name, sigabbrev_np(nr)))
			return nr;
	if (!strcasecmp(name, "RTMIN"))
		return SIGRTMIN;
	if (!strcasecmp(name, "RTMAX"))
		return SIGRTMAX;
	if (!strncasecmp(name, REAL_TIME, strlen(REAL_TIME)))
		return add_number(SIGRTMIN, name + strlen(REAL_TIME));
	return add_number(0, text);
}

static bool parse_value(const struct cli *cli, struct act *act)
{
	uint64_t value;

	if (!args_number(cli, "value", optarg, 0, INT_MAX, &value))
		return false;
	act->opts.flags |= PGNL_QUEUE;
	act->opts.value.sival_int = value;
	return true;
}

static bool parse_option(const struct cli *cli, int key, struct act *act)
{
	switch (key) {
	case OPT_ONE:
		act->opts.flags |= PGNL_ONE;
		return true;
	case OPT_LOCAL:
		act->opts.flags |= PGNL_LOCAL;
		return true;
	case OPT_OTHERS:
		act->opts.flags |= PGNL_OTHERS;
		return true;
	case OPT_ID:
		return args_number(cli, "id", optarg, 1, UINT64_MAX,
				   &act->ids[act->opts.n_ids++]);
	case OPT_UID:
		return args_user(cli, optarg, &act->opts.uid);
	case OPT_VALUE:
		return parse_value(cli, act);
	default:
		act->dry_run = true;
		return true;
	}
}

/* What the words say and the options exclude. */
static bool check(struct cli *cli, struct act *act)
{
	const char *name = cli->n_words > 1 ? cli->words[1] : "TERM";

	act->signal = find_signal(name);
	if (act->signal < 0) {
		err_usage(cli, "no signal '%s': a name as HUP, RTMIN+1 or a number is wanted", name);
		return false;
	}
	if (act->opts.flags & PGNL_ONE && (act->opts.flags & PGNL_OTHERS || act->opts.n_ids)) {
		err_usage(cli, "--one can't hold with --others or --id");
		return false;
	}
	cli->n_words = 1;
	return args_groups(cli);
}

static int parse(struct cli *cli, int argc, char **argv, struct act *act)
{
	int key;

	act->ids = need(calloc(argc, sizeof(*act->ids)));
	while ((key = args_next(cli, argc, argv)) >= 0)
		if (!parse_option(cli, key, act))
			return ARGS_WRONG;
	if (key == ARGS_END && !check(cli, act))
		return ARGS_WRONG;
	act->opts.ids = act->opts.n_ids ? act->ids : NULL;
	return key;
}

static void print_counts(const struct cli *cli, const struct pgnl_signalled *done)
{
	if (cli->json)
		out_json(cli, json_pack("{s:I, s:I, s:I, s:I}",
					"reached", (json_int_t)done->reached,
					"refused", (json_int_t)done->refused,
					"gone", (json_int_t)done->gone,
					"unreachable", (json_int_t)done->unreachable));
	else if (done->unreachable)
		printf("reached %u, refused %u, gone %u, unreachable %u\n", done->reached,
		       done->refused, done->gone, done->unreachable);
	else
		printf("reached %u, refused %u, gone %u\n", done->reached, done->refused,
		       done->gone);
}

/* A missing group is nobody; a missing scope is a mistake. */
static bool is_nobody(const struct cli *cli, int ret)
{
	return ret == -ENODATA ||
	       (ret == -ENOENT && !strcmp(pgnl_last_error(cli->kernel)->attr, "group"));
}

static int send_signal(struct cli *cli, const struct act *act)
{
	struct pgnl_signalled done = { 0 };
	int ret, status;

	status = cli_connect(cli);
	if (status)
		return status;
	ret = pgnl_signal(cli->kernel, cli->scope, cli->words[0],
			  act->dry_run ? 0 : act->signal, &act->opts, &done);
	if (ret && !is_nobody(cli, ret))
		return err_kernel(cli, ret);
	print_counts(cli, &done);
	if (ret)
		return err_nothing(cli, "%s", pgnl_last_error(cli->kernel)->text);
	if (done.not_forwarded)
		return err_refused(cli, "%u of %u refused: signals are not forwarded to other"
				   " nodes (forward-signals in pgnld.conf)", done.refused,
				   done.reached + done.refused + done.gone);
	if (done.refused)
		return err_refused(cli, "no right to signal %u of %u, or no room in their queues",
				   done.refused, done.reached + done.refused + done.gone);
	if (done.unreachable)
		return err_refused(cli, "%u members are on nodes that can't be reached",
				   done.unreachable);
	if (!done.reached)
		return err_nothing(cli, "nobody in group '%s' of scope %s fits", cli->words[0],
				   cli_scope(cli));
	return CLI_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct act act = { .opts.uid = PGNL_ANY_UID, .opts.policy = PGNL_PICK_RANDOM };
	int key, status;

	key = parse(cli, argc, argv, &act);
	status = key == ARGS_END ? send_signal(cli, &act) : args_status(key);
	free(act.ids);
	return status;
}

static const struct cli_option options[] = {
	{ "one", NULL, OPT_ONE, "only a random one" },
	{ "local", NULL, OPT_LOCAL, "only processes of this node" },
	{ "others", NULL, OPT_OTHERS, "not this command itself, where it is a member" },
	{ "id", "N", OPT_ID, "only the member of this id; may be given several times" },
	{ "uid", "USER", OPT_UID, "only processes that this user or uid had joined" },
	{ "value", "N", OPT_VALUE, "queue this number along, as sigqueue(3) does" },
	{ "dry-run", NULL, OPT_DRY_RUN, "send nothing, only tell who could be reached" },
	{ 0 }
};

const struct command cmd_signal = {
	.name = "signal",
	.args = "GROUP [SIG] [--one|--others|--id N...] [--local] [--uid USER] [--value N]"
		" [--dry-run]",
	.summary = "signal the members of a group",
	.examples = "  pgnl signal web HUP\n"
		    "  pgnl signal web --dry-run\n"
		    "  pgnl signal workers RTMIN+1 --one --value 42\n",
	.notes = "SIG is HUP, SIGHUP, RTMIN+1 or a number; TERM when it is left out. Goes to the\n"
		 "processes that joined, never to others that got their pids. Prints how many\n"
		 "were reached, how many may not be signalled or have a full queue, and how many\n"
		 "ended before. Members of other nodes are signalled there, if both agents forward\n"
		 "signals, and are refused otherwise. Exit code 2 when somebody was refused or out of\n"
		 "reach, 3 when nobody was there.",
	.options = options,
	.min_words = 1,
	.max_words = 2,
	.run = run,
};
