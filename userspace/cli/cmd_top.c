// SPDX-License-Identifier: GPL-2.0-or-later
/* top */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "err.h"
#include "out.h"
#include "text.h"

enum { OPT_INTERVAL = 256, OPT_COUNT };

/* Lines beside those of groups: two of the head, the heading, the prompt. */
#define OTHER_LINES 4

struct top {
	bool screen;		/* a terminal, to be painted over */
	int64_t interval;
	uint64_t count;		/* 0: no end */
	uint64_t before[PGNL_N_STATS];
	uint64_t now[PGNL_N_STATS];
};

static int by_size(const void *a, const void *b)
{
	const struct pgnl_group *left = a, *right = b;
	uint64_t l = left->local + left->remote, r = right->local + right->remote;

	return l != r ? (l < r) - (l > r) : strcmp(left->name, right->name);
}

static size_t lines_of_screen(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row <= OTHER_LINES)
		return SIZE_MAX;
	return size.ws_row - OTHER_LINES;
}

static void print_rate(const struct top *top, enum pgnl_stat stat)
{
	printf("  %s %.1f/s", pgnl_stat_name(stat),
	       (double)(top->now[stat] - top->before[stat]) * 1000 / (double)top->interval);
}

static void print_head(const struct cli *cli, const struct top *top, uint64_t round)
{
	printf("\033[H\033[2Jscope %s  memberships %" PRIu64 "  processes %" PRIu64
	       "  subscriptions %" PRIu64 "\n", cli_scope(cli), top->now[PGNL_STAT_MEMBERSHIPS],
	       top->now[PGNL_STAT_PROCESSES], top->now[PGNL_STAT_SUBSCRIPTIONS]);
	if (round) {
		print_rate(top, PGNL_STAT_JOINS);
		print_rate(top, PGNL_STAT_LEAVES);
		print_rate(top, PGNL_STAT_EXITS);
		print_rate(top, PGNL_STAT_EVENTS);
	}
	putchar('\n');
}

static void print_groups(const struct cli *cli, const struct top *top, struct pgnl_groups *list)
{
	size_t n = top->screen ? lines_of_screen() : SIZE_MAX;
	struct out *out = out_begin(cli);

	qsort(list->group, list->n, sizeof(*list->group), by_size);
	for (size_t i = 0; i < list->n && i < n; i++)
		out_row(out, json_pack("{s:o, s:I, s:I, s:I}",
				       "group", text_json_name(list->group[i].name),
				       "members", (json_int_t)(list->group[i].local +
							       list->group[i].remote),
				       "local", (json_int_t)list->group[i].local,
				       "remote", (json_int_t)list->group[i].remote));
	out_end(out);
}

static int paint(struct cli *cli, struct top *top, uint64_t round)
{
	struct pgnl_groups *list;
	int ret;

	memcpy(top->before, top->now, sizeof(top->before));
	ret = pgnl_stats(cli->kernel, top->now, PGNL_N_STATS);
	if (!ret)
		ret = pgnl_groups(cli->kernel, cli->scope, 0, &list);
	if (ret)
		return err_kernel(cli, ret);
	if (top->screen)
		print_head(cli, top, round);
	print_groups(cli, top, list);
	pgnl_free(list);
	return out_flush(cli);
}

static void nap(int64_t ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct top top = { .interval = 2000 };
	bool good = true;
	int key, status;

	while ((key = args_next(cli, argc, argv)) >= 0) {
		if (key == OPT_INTERVAL)
			good &= args_seconds(cli, optarg, &top.interval);
		else
			good &= args_number(cli, "count", optarg, 1, UINT64_MAX, &top.count);
	}
	if (key != ARGS_END)
		return args_status(key);
	if (good && top.interval < 100)
		return err_usage(cli, "an interval has at least 0.1 seconds");
	if (!good)
		return CLI_USAGE;
	status = cli_connect(cli);
	top.screen = !cli->json && isatty(STDOUT_FILENO);
	for (uint64_t round = 0; !status; round++) {
		status = paint(cli, &top, round);
		if (status || round + 1 == top.count)
			break;
		nap(top.interval);
	}
	return status;
}

static const struct cli_option options[] = {
	{ "interval", "S", OPT_INTERVAL, "seconds between two looks (2)" },
	{ "count", "N", OPT_COUNT, "end after so many looks" },
	{ 0 }
};

static const struct column columns[] = {
	{ "group", COLUMN_USUAL },
	{ "members", COLUMN_USUAL | COLUMN_RIGHT },
	{ "local", COLUMN_USUAL | COLUMN_RIGHT },
	{ "remote", COLUMN_USUAL | COLUMN_RIGHT },
	{ 0 }
};

const struct command cmd_top = {
	.name = "top",
	.args = "[--interval S] [--count N]",
	.summary = "show the largest groups of a scope, and go on showing",
	.examples = "  pgnl top\n"
		    "  pgnl -j top --count 1 | jq '.[0].group'\n",
	.notes = "On a terminal it fills the screen, elsewhere it prints a table, with -j an\n"
		 "array, each time. It ends with ^C.",
	.options = options,
	.columns = columns,
	.run = run,
};
