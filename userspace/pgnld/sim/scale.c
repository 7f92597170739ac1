// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a cluster grows: cores on the loop engine, counted in frames and bytes.
 *
 *	scale [-n NODES] [-r ROWS]		ROWS: of each node, to begin with
 *
 * Writes a table in markdown. Its times are of the simulated clock; what they say
 * of a real one follows from the delays, which it names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sim.h"

struct scale {
	struct sim *sim;
	unsigned int nodes;
	unsigned int rows;
	struct sim_node **node;
	uint64_t *own_rows, *own_digest;
	unsigned int seen, wrong;	/* of what core_nodes() tells */
};

struct totals {
	uint64_t frames, bytes, memory, most_memory, remote_rows, digest_memory;
};

static void sum_up(struct scale *scale, struct totals *totals)
{
	struct loop_stats stats;

	loop_stats(sim_net(scale->sim), &stats);
	*totals = (struct totals){ .frames = stats.frames, .bytes = stats.bytes };
	for (unsigned int i = 0; i < scale->nodes; i++) {
		struct core_stats core;

		core_stats(sim_core(scale->node[i]), &core);
		totals->memory += core.memory;
		totals->remote_rows += core.remote_rows;
		totals->digest_memory += core.digest_memory;
		if (core.memory > totals->most_memory)
			totals->most_memory = core.memory;
	}
}

/* --- agreement -------------------------------------------------------------------- */

static void check_node(void *arg, const struct core_node_info *info)
{
	struct scale *scale = arg;
	char name[16];
	unsigned long i;

	snprintf(name, sizeof(name), "%.*s", (int)info->name.len, info->name.data);
	i = strtoul(name + 1, NULL, 10);
	scale->seen++;
	if (!info->complete || info->rows != scale->own_rows[i] ||
	    info->digest != scale->own_digest[i])
		scale->wrong++;
}

static bool agree(struct scale *scale)
{
	for (unsigned int i = 0; i < scale->nodes; i++)
		core_digest(sim_core(scale->node[i]), &scale->own_rows[i],
			    &scale->own_digest[i]);
	for (unsigned int i = 0; i < scale->nodes; i++) {
		scale->seen = scale->wrong = 0;
		core_nodes(sim_core(scale->node[i]), check_node, scale);
		if (scale->seen != scale->nodes - 1 || scale->wrong)
			return false;
	}
	return true;
}

static void settle(struct scale *scale, uint64_t step)
{
	uint64_t limit = loop_now(sim_net(scale->sim)) + 300 * LOOP_S;

	do {
		if (!sim_run(scale->sim, step) || loop_now(sim_net(scale->sim)) > limit) {
			const char *why = sim_failure(scale->sim);

			printf("it went wrong: %s\n", why ? why : "no agreement");
			exit(1);
		}
	} while (!agree(scale));
}

/* --- what is measured ------------------------------------------------------------- */

static void row(struct scale *scale, const char *what, const struct totals *before,
		uint64_t since)
{
	struct totals after;
	double n = scale->nodes;

	sum_up(scale, &after);
	printf("| %s | %.0f | %.1f | %.0f | %.1f |\n", what,
	       (double)(after.frames - before->frames), (double)(after.frames - before->frames) / n,
	       (double)(after.bytes - before->bytes) / n,
	       (double)(loop_now(sim_net(scale->sim)) - since) / LOOP_MS);
	fflush(stdout);
}

static void boot_all(struct scale *scale, const struct sim_node_config *config)
{
	char name[16], group[32];

	for (unsigned int i = 0; i < scale->nodes; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		scale->node[i] = sim_boot(scale->sim, i, name, config);
		for (unsigned int r = 0; r < scale->rows; r++) {
			snprintf(group, sizeof(group), "service-%u", r);
			sim_set(scale->node[i], "pg", group, 1 + r, 1);
		}
	}
}

static void measure(struct scale *scale, const struct sim_node_config *config)
{
	struct loop_net *net = sim_net(scale->sim);
	struct totals before = { .frames = 0 };
	uint64_t since = 0;

	puts("| what | frames | frames a node | bytes a node | simulated ms |");
	puts("|---|---|---|---|---|");
	boot_all(scale, config);
	settle(scale, 100 * LOOP_MS);
	row(scale, "all start at once, connect, and have each other's rows", &before, since);

	sum_up(scale, &before);
	since = loop_now(net);
	sim_set(scale->node[0], "pg", "one", 1000, 1);
	settle(scale, LOOP_MS);
	row(scale, "one join is known everywhere", &before, since);

	sum_up(scale, &before);
	since = loop_now(net);
	for (unsigned int i = 0; i < 4000; i++)
		sim_set(scale->node[1 % scale->nodes], "pg", "many", 2000 + i, 1);
	settle(scale, LOOP_MS);
	row(scale, "4,000 joins on one node, each told at once", &before, since);

	sum_up(scale, &before);
	since = loop_now(net);
	sim_kill_agent(scale->node[2]);
	sim_start_agent(scale->node[2]);
	settle(scale, LOOP_MS);
	row(scale, "one agent is killed and starts again", &before, since);
}

static void measure_rest(struct scale *scale, const struct sim_node_config *config)
{
	struct loop_net *net = sim_net(scale->sim);
	struct totals before, after;
	struct rusage usage;
	uint64_t since;

	sum_up(scale, &before);
	since = loop_now(net);
	sim_run(scale->sim, config->digest_interval);
	row(scale, "nothing happens, for one interval of the digests (5 s)", &before, since);
	sum_up(scale, &after);
	getrusage(RUSAGE_SELF, &usage);
	printf("\n");
	printf("| memory of a core, in bytes | |\n|---|---|\n");
	printf("| on average | %llu |\n", (unsigned long long)(after.memory / scale->nodes));
	printf("| the largest | %llu |\n", (unsigned long long)after.most_memory);
	printf("| for each other node, all included | %.0f |\n",
	       (double)after.memory / scale->nodes / (scale->nodes - 1));
	printf("| of which for remote rows | %llu |\n",
	       (unsigned long long)(after.digest_memory / scale->nodes));
	printf("| for each remote row | %.1f |\n",
	       (double)after.digest_memory / (double)after.remote_rows);
	printf("\n%u nodes, %u rows each and 4,001 more; frames of %zu bytes at most; ",
	       scale->nodes, scale->rows, config->frame_max);
	printf("a delay of 0.2 to 1.2 ms; all in one process of %ld MB.\n",
	       usage.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
	struct scale scale = { .nodes = 1000, .rows = 10 };
	struct sim_config config = {
		.light = true,
		.prompt = true,
		.loop = {
			.window = 64, .delay = 200 * LOOP_US, .jitter = LOOP_MS,
			.notice = 1500 * LOOP_MS, .notice_jitter = 700 * LOOP_MS,
			.retry = 100 * LOOP_MS,
		},
	};
	struct sim_node_config node = {
		.grace = CORE_GRACE, .digest_interval = CORE_DIGEST_INTERVAL, .key = 1,
		.frame_max = 16384,
	};
	int option;

	while ((option = getopt(argc, argv, "n:r:")) != -1) {
		switch (option) {
		case 'n':
			scale.nodes = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'r':
			scale.rows = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		default:
			scale.nodes = 0;
		}
	}
	if (scale.nodes < 3) {
		fputs("usage: scale [-n NODES] [-r ROWS]; 3 nodes or more\n", stderr);
		return 2;
	}
	config.loop.sites = scale.nodes;
	/* They all come at once; a cluster that grows needs the default only. */
	node.hello_max = scale.nodes;
	scale.node = calloc(scale.nodes, sizeof(*scale.node));
	scale.own_rows = calloc(scale.nodes, sizeof(*scale.own_rows));
	scale.own_digest = calloc(scale.nodes, sizeof(*scale.own_digest));
	if (!scale.node || !scale.own_rows || !scale.own_digest)
		return 1;
	scale.sim = sim_new(&config, 1);
	measure(&scale, &node);
	measure_rest(&scale, &node);
	sim_free(scale.sim);
	free(scale.node);
	free(scale.own_rows);
	free(scale.own_digest);
	return 0;
}
