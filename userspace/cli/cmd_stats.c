// SPDX-License-Identifier: GPL-2.0-or-later
/* stats */
#include <inttypes.h>
#include <stdio.h>

#include "args.h"
#include "err.h"
#include "out.h"

enum { OPT_PROMETHEUS = 256 };

static void print_table(struct cli *cli, const uint64_t *stats)
{
	struct out *out = out_begin(cli);

	for (int i = 0; i < PGNL_N_STATS; i++)
		out_row(out, json_pack("{s:s, s:I}", "name", pgnl_stat_name(i),
				       "value", (json_int_t)stats[i]));
	out_end(out);
}

static void print_object(struct cli *cli, const uint64_t *stats)
{
	json_t *object = need(json_object());

	for (int i = 0; i < PGNL_N_STATS; i++)
		json_object_set_new(object, pgnl_stat_name(i), json_integer(stats[i]));
	out_json(cli, object);
}

/* Prometheus' text format; names end as its conventions want it. */
static const struct metric {
	enum pgnl_stat stat;
	const char *name;
	const char *labels;
	const char *type;
	const char *help;	/* NULL: a further row of the metric before it */
} metrics[] = {
	{ PGNL_STAT_SCOPES, "pgnl_scopes", "", "gauge", "Scopes now." },
	{ PGNL_STAT_GROUPS, "pgnl_groups", "", "gauge", "Groups now." },
	{ PGNL_STAT_MEMBERSHIPS, "pgnl_members", "", "gauge", "Memberships now." },
	{ PGNL_STAT_PROCESSES, "pgnl_processes", "", "gauge", "Processes that are members now." },
	{ PGNL_STAT_JOINS, "pgnl_joins_total", "", "counter", "Rows joined." },
	{ PGNL_STAT_LEAVES, "pgnl_leaves_total", "{cause=\"left\"}", "counter",
	  "Rows removed, by cause." },
	{ PGNL_STAT_EXITS, "pgnl_leaves_total", "{cause=\"exited\"}", NULL, NULL },
	{ PGNL_STAT_EVICTIONS, "pgnl_leaves_total", "{cause=\"evicted\"}", NULL, NULL },
	{ PGNL_STAT_DEAD_PROCESSES, "pgnl_dead_processes_total", "", "counter",
	  "Processes seen to end while members." },
	{ PGNL_STAT_LATE_JOINS, "pgnl_late_joins_total", "", "counter",
	  "Joins refused because the process was dead or dying." },
};

static void print_metrics(const uint64_t *stats, const struct pgnl_info *info)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
		const struct metric *metric = &metrics[i];

		if (metric->help)
			printf("# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
			       metric->name, metric->type);
		printf("%s%s %" PRIu64 "\n", metric->name, metric->labels, stats[metric->stat]);
	}
	printf("# HELP pgnl_build_info Versions of module and interface.\n"
	       "# TYPE pgnl_build_info gauge\n"
	       "pgnl_build_info{version=\"%s\",abi=\"%u\"} 1\n", info->release, info->abi);
}

static int run(struct cli *cli, int argc, char **argv)
{
	uint64_t stats[PGNL_N_STATS];
	struct pgnl_info info;
	bool prometheus = false;
	int key, status, ret;

	while ((key = args_next(cli, argc, argv)) >= 0)
		prometheus = true;
	if (key != ARGS_END)
		return args_status(key);
	if (prometheus && cli->json)
		return err_usage(cli, "--prometheus or JSON, not both");
	status = cli_connect(cli);
	if (status)
		return status;
	ret = pgnl_info(cli->kernel, &info);
	if (ret >= 0)
		ret = pgnl_stats(cli->kernel, stats);
	if (ret < 0)
		return err_kernel(cli, ret);
	if (prometheus)
		print_metrics(stats, &info);
	else if (cli->json)
		print_object(cli, stats);
	else
		print_table(cli, stats);
	return CLI_DONE;
}

static const struct cli_option options[] = {
	{ "prometheus", NULL, OPT_PROMETHEUS, "in the text format that Prometheus reads" },
	{ 0 }
};

static const struct column columns[] = {
	{ "name", COLUMN_USUAL },
	{ "value", COLUMN_USUAL | COLUMN_RIGHT },
	{ 0 }
};

const struct command cmd_stats = {
	.name = "stats",
	.args = "[--prometheus]",
	.summary = "print the counters of this network namespace",
	.examples = "  pgnl -j stats | jq .joins\n"
		    "  pgnl stats --prometheus > pgnl.prom.tmp && mv pgnl.prom.tmp pgnl.prom\n",
	.notes = "JSON is one object, a key for each counter.",
	.options = options,
	.columns = columns,
	.run = run,
};
