// SPDX-License-Identifier: GPL-2.0-or-later
/* wait */
#include <limits.h>
#include <stdio.h>

#include "args.h"
#include "err.h"
#include "out.h"
#include "watch.h"

enum { OPT_MIN = 256, OPT_EMPTY, OPT_TIMEOUT };

#define SKIP_MAX 1000	/* others may cause more while these are read */

struct wanted {
	uint64_t min;
	bool empty;
	int64_t timeout;
};

static bool is_so(const struct wanted *want, size_t n)
{
	return want->empty ? !n : n >= want->min;
}

/* Members are counted anew when something has happened: that is never wrong. */
static int count(struct cli *cli, size_t *n)
{
	struct pgnl_members *list;
	int ret;

	ret = pgnl_members(cli->kernel, cli->scope, cli->words[0], 0, &list, NULL);
	if (ret < 0)
		return err_kernel(cli, ret);
	*n = list->n;
	pgnl_free(list);
	return CLI_DONE;
}

/* What has come already says no more than that it is time to count. */
static int skip_others(struct cli *cli, struct pgnl_watch *watch, bool *deleted)
{
	const struct pgnl_event *event;
	int ret = 0;

	for (int i = 0; i < SKIP_MAX && (ret = pgnl_event_next(watch, 0, &event)) > 0; i++)
		*deleted |= event->type == PGNL_EVENT_SCOPE_DELETED;
	return ret < 0 ? err_watch(cli, ret, watch) : CLI_DONE;
}

static int wait_until(struct cli *cli, struct pgnl_watch *watch, const struct wanted *want)
{
	struct deadline deadline = deadline_in(want->timeout);
	const struct pgnl_event *event;
	bool deleted = false, over = false;
	int status;
	size_t n = 0;

	for (;;) {
		status = count(cli, &n);
		if (status)
			return status;
		if (is_so(want, n))
			break;
		if (over)
			return err_line(cli, CLI_TIMEOUT, "%zu in group '%s' of scope %s when the"
					" time was up", n, cli->words[0], cli_scope(cli));
		status = watch_next(cli, watch, &deadline, &event);
		over = status == CLI_TIMEOUT;
		if (over)
			continue;
		if (!status) {
			deleted = event->type == PGNL_EVENT_SCOPE_DELETED;
			status = skip_others(cli, watch, &deleted);
		}
		if (!status && deleted)
			return want->empty ? CLI_DONE :
			       err_nothing(cli, "scope %s was deleted", cli_scope(cli));
		if (status)
			return status;
	}
	out_json(cli, json_integer(n));
	return CLI_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct wanted want = { .min = 1, .timeout = DEADLINE_NEVER };
	struct pgnl_watch *watch;
	bool good = true, min = false;
	int key, status, ret;

	while ((key = args_next(cli, argc, argv)) >= 0) {
		min |= key == OPT_MIN;
		want.empty |= key == OPT_EMPTY;
		if (key == OPT_MIN)
			good &= args_number(cli, "number of members", optarg, 1, UINT32_MAX,
					    &want.min);
		else if (key == OPT_TIMEOUT)
			good &= args_seconds(cli, optarg, &want.timeout);
	}
	if (key != ARGS_END)
		return args_status(key);
	if (min && want.empty)
		return err_usage(cli, "--min or --empty, not both");
	if (!good || !args_groups(cli))
		return CLI_USAGE;
	status = watch_open(cli, &watch);
	if (status)
		return status;
	ret = pgnl_subscribe(watch, cli->scope, cli->words[0], 0);
	status = ret < 0 ? err_watch(cli, ret, watch) : wait_until(cli, watch, &want);
	pgnl_watch_close(watch);
	return status;
}

static const struct cli_option options[] = {
	{ "min", "N", OPT_MIN, "until so many processes are in it (1)" },
	{ "empty", NULL, OPT_EMPTY, "until nobody is in it" },
	{ "timeout", "S", OPT_TIMEOUT, "for so many seconds at most, then exit code 124" },
	{ 0 }
};

const struct command cmd_wait = {
	.name = "wait",
	.args = "GROUP [--min N|--empty] [--timeout S]",
	.summary = "wait until processes are in a group, or nobody",
	.examples = "  pgnl wait web --min 4 --timeout 30 || echo 'the workers are late'\n"
		    "  pgnl signal web TERM && pgnl wait web --empty --timeout 10\n",
	.notes = "Prints how many processes are in the group then. The group need not exist yet.\n"
		 "Exit code 124 when the time is up, 3 when the scope is deleted meanwhile.",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
