// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clusters to which happens whatever their seed comes to: changes, cuts, crashes,
 * restarts, slow and stopped agents, duplicates, strangers, other versions.
 *
 *	random [-n SEEDS] [-s FIRST] [-v]
 *
 * Ends with 1 and the seed when something was wrong; -v tells what happens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"

#define NODES_MAX	7
#define ACTIONS_MAX	300
#define GROUPS		8
#define IDS		20
#define NAMES		4
#define SETTLE_TIME	(60 * LOOP_S)

struct run {
	struct sim *sim;
	struct loop_net *net;
	unsigned int nodes;
	struct sim_node_config config[NODES_MAX];
	struct sim_node *node[NODES_MAX];	/* NULL: its machine is off */
	struct sim_node *double_of[NODES_MAX];	/* another machine of the same name */
	bool strange[NODES_MAX];
};

static uint64_t chance(struct run *run, uint64_t below)
{
	return loop_random(run->net, below);
}

static void name_of(char name[8], unsigned int i)
{
	snprintf(name, 8, "n%u", i);
}

/* The second half of the sites is for machines that come back elsewhere. */
static unsigned int free_site(struct run *run, unsigned int i)
{
	unsigned int spare = run->nodes + i;
	bool home = (run->node[i] && sim_site(run->node[i]) == i) ||
		    (run->double_of[i] && sim_site(run->double_of[i]) == i);
	bool away = (run->node[i] && sim_site(run->node[i]) == spare) ||
		    (run->double_of[i] && sim_site(run->double_of[i]) == spare);

	return home || (!away && chance(run, 2)) ? spare : i;
}

static void boot(struct run *run, unsigned int i)
{
	char name[8];

	name_of(name, i);
	if (!run->node[i])
		run->node[i] = sim_boot(run->sim, free_site(run, i), name, &run->config[i]);
}

/* --- what may happen -------------------------------------------------------------- */

static struct sim_node *some_node(struct run *run)
{
	return run->node[chance(run, run->nodes)];
}

static void change(struct run *run, struct sim_node *node, unsigned int n)
{
	while (node && n--) {
		static const char *const scopes[] = { "pg", "pg2" };
		const char *scope = scopes[chance(run, 2)];
		uint64_t id = chance(run, IDS + 1);
		char group[16];

		snprintf(group, sizeof(group), "g%llu",
			 (unsigned long long)chance(run, GROUPS));
		if (!id)
			sim_set(node, "pg2", group, 0, (uint32_t)chance(run, 2));
		else
			sim_set(node, scope, group, id, (uint32_t)chance(run, 4));
	}
}

static void change_rows(struct run *run)
{
	change(run, some_node(run),
	       1 + chance(run, chance(run, 4) ? 4 : chance(run, 4) ? 40 : 200));
}

/* Rows change while others are in the middle of a snapshot of them. */
static void storm(struct run *run)
{
	unsigned int i = (unsigned int)chance(run, run->nodes);
	char name[8];

	name_of(name, i);
	for (unsigned int j = 0; j < run->nodes; j++)
		if (run->node[j])
			sim_resync(run->node[j], name);
	for (unsigned int n = 12; n; n--) {
		change(run, run->node[i], 10);
		sim_run(run->sim, chance(run, 2 * LOOP_MS));
	}
}

static void name_one(struct run *run, struct sim_node *node)
{
	uint64_t request;
	char name[8];

	snprintf(name, sizeof(name), "name%llu", (unsigned long long)chance(run, NAMES));
	if (!chance(run, 5))
		request = sim_unregister(node, name, (uint32_t)chance(run, 3));
	else
		request = sim_register(node, name, chance(run, IDS), (uint32_t)chance(run, 3),
				       (enum core_resolve)chance(run, 4), !chance(run, 4));
	if (chance(run, 10))
		return;
	sim_run(run->sim, chance(run, 2 * LOOP_MS));
	sim_cancel(node, request);
}

static void change_name(struct run *run)
{
	struct sim_node *node = some_node(run);

	if (node)
		name_one(run, node);
}

/* Several want the same ones at once. */
static void name_race(struct run *run)
{
	for (unsigned int n = 2 + (unsigned int)chance(run, 8); n; n--) {
		change_name(run);
		if (!chance(run, 3))
			sim_run(run->sim, chance(run, 2 * LOOP_MS));
	}
}

static void end_process(struct run *run)
{
	struct sim_node *node = some_node(run);

	if (node)
		sim_exit(node, 1 + chance(run, IDS));
}

static void cut_or_heal(struct run *run, bool cut)
{
	struct sim_node *a = some_node(run), *b = some_node(run);

	if (!a || !b || a == b)
		return;
	if (chance(run, 3))
		sim_cut(a, b, cut);
	else
		sim_cut_one_way(a, b, cut);
}

static void cut_some(struct run *run)
{
	cut_or_heal(run, true);
}

static void heal_some(struct run *run)
{
	cut_or_heal(run, false);
}

static void glitch(struct run *run)
{
	struct sim_node *a = some_node(run), *b = some_node(run);

	if (!a || !b || a == b)
		return;
	sim_cut(a, b, true);
	sim_run(run->sim, 50 * LOOP_MS + chance(run, 300 * LOOP_MS));
	sim_cut(a, b, false);
}

static void split(struct run *run)
{
	unsigned int side = 1 + chance(run, run->nodes - 1);

	for (unsigned int a = 0; a < side; a++)
		for (unsigned int b = side; b < run->nodes; b++)
			if (run->node[a] && run->node[b])
				sim_cut(run->node[a], run->node[b], true);
}

/* Also those of machines that are off. */
static void heal_all(struct run *run)
{
	for (unsigned int a = 0; a < 2 * run->nodes; a++) {
		for (unsigned int b = 0; b < 2 * run->nodes; b++)
			if (a != b)
				loop_cut(run->net, a, b, false);
	}
	sim_say(run->sim, "all is healed");
}

static void stop_some(struct run *run)
{
	struct sim_node *node = some_node(run);

	if (node)
		sim_stop(node, true);
}

static void continue_some(struct run *run)
{
	struct sim_node *node = some_node(run);

	if (node)
		sim_stop(node, false);
}

static void slow_some(struct run *run)
{
	struct sim_node *node = some_node(run);

	if (node)
		sim_slow(node, chance(run, 2) * chance(run, 50 * LOOP_MS));
}

static void kill_agent(struct run *run)
{
	struct sim_node *node = some_node(run);

	if (!node || !sim_has_agent(node))
		return;
	sim_kill_agent(node);
	if (chance(run, 2))
		sim_start_agent(node);
}

static void start_agent(struct run *run)
{
	struct sim_node *node = some_node(run);

	if (node && !sim_has_agent(node))
		sim_start_agent(node);
}

static void crash(struct run *run)
{
	unsigned int i = (unsigned int)chance(run, run->nodes);

	if (!run->node[i])
		return;
	sim_crash(run->node[i], chance(run, 2) ? LOOP_MACHINE : LOOP_AGENT);
	run->node[i] = NULL;
	if (chance(run, 2))
		boot(run, i);
}

static void boot_some(struct run *run)
{
	boot(run, (unsigned int)chance(run, run->nodes));
}

static void add_double(struct run *run)
{
	unsigned int i = (unsigned int)chance(run, run->nodes);
	char name[8];

	name_of(name, i);
	if (!run->double_of[i])
		run->double_of[i] = sim_boot(run->sim, free_site(run, i), name,
					     &run->config[i]);
}

static void drop_double(struct run *run)
{
	unsigned int i = (unsigned int)chance(run, run->nodes);

	if (run->double_of[i])
		sim_crash(run->double_of[i], chance(run, 2) ? LOOP_MACHINE : LOOP_AGENT);
	run->double_of[i] = NULL;
}

static void relist(struct run *run)
{
	struct sim_node *node = some_node(run);

	if (node)
		sim_relist(node);
}

static void resync(struct run *run)
{
	struct sim_node *node = some_node(run);
	char name[8];

	name_of(name, (unsigned int)chance(run, run->nodes));
	if (node)
		sim_resync(node, name);
}

static void reset_link(struct run *run)
{
	unsigned int a = (unsigned int)chance(run, 2 * run->nodes);
	unsigned int b = (unsigned int)chance(run, 2 * run->nodes);

	if (a != b)
		loop_reset(run->net, a, b);
}

static void configure(struct run *run)
{
	unsigned int i = (unsigned int)chance(run, run->nodes);

	run->config[i].grace = chance(run, 3) * LOOP_S;
	run->config[i].config_hash ^= chance(run, 2);
	if (run->node[i])
		sim_configure(run->node[i], &run->config[i]);
}

static void delay_link(struct run *run)
{
	unsigned int a = (unsigned int)chance(run, 2 * run->nodes);
	unsigned int b = (unsigned int)chance(run, 2 * run->nodes);

	if (a != b)
		loop_delay(run->net, a, b, chance(run, 300 * LOOP_MS));
}

/* Nobody is stopped, slow, dead or double any more; what is cut or off stays so. */
static void calm(struct run *run)
{
	for (unsigned int i = 0; i < run->nodes; i++) {
		if (run->double_of[i]) {
			sim_crash(run->double_of[i], LOOP_AGENT);
			run->double_of[i] = NULL;
		}
		if (!run->node[i])
			continue;
		if (!sim_has_agent(run->node[i]))
			sim_start_agent(run->node[i]);
		sim_stop(run->node[i], false);
		sim_slow(run->node[i], 0);
	}
}

static void rest(struct run *run)
{
	calm(run);
	sim_say(run->sim, "rest");
	sim_settle(run->sim, SETTLE_TIME);
}

static void ask(struct run *run)
{
	struct sim_node *node = some_node(run);

	for (uint64_t n = 1 + chance(run, 3); node && n; n--)
		sim_act(node);
}

static void delete_some(struct run *run)
{
	struct sim_node *node = some_node(run);
	char group[16];

	snprintf(group, sizeof(group), "g%llu", (unsigned long long)chance(run, GROUPS));
	if (node)
		sim_delete(node, group, false);
}

static const struct {
	void (*act)(struct run *run);
	unsigned int weight;
} actions[] = {
	{ change_rows, 80 }, { storm, 3 }, { change_name, 25 }, { name_race, 10 }, { end_process, 8 }, { cut_some, 10 }, { heal_some, 14 },
	{ glitch, 4 }, { split, 2 }, { heal_all, 2 }, { stop_some, 5 }, { continue_some, 10 },
	{ slow_some, 5 }, { kill_agent, 5 }, { start_agent, 8 }, { crash, 4 }, { boot_some, 8 },
	{ add_double, 2 }, { drop_double, 4 }, { relist, 4 }, { resync, 4 },
	{ reset_link, 4 }, { configure, 2 }, { delay_link, 3 }, { rest, 2 },
	{ ask, 15 }, { delete_some, 4 },
};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static void act(struct run *run)
{
	unsigned int sum = 0, at;

	for (unsigned int i = 0; i < ACTIONS; i++)
		sum += actions[i].weight;
	at = (unsigned int)chance(run, sum);
	for (unsigned int i = 0; i < ACTIONS; i++) {
		if (at < actions[i].weight) {
			actions[i].act(run);
			return;
		}
		at -= actions[i].weight;
	}
}

/* --- a run ------------------------------------------------------------------------ */

/* Before there is a run to have chances of its own. */
static unsigned int mixed(uint64_t seed, unsigned int salt, unsigned int below)
{
	seed = (seed + 1) * 0x9e3779b97f4a7c15 + salt * 0xbf58476d1ce4e5b9;
	seed ^= seed >> 29;
	seed *= 0x94d049bb133111eb;
	return (unsigned int)((seed >> 32) % below);
}

static void choose_config(struct run *run, unsigned int i, uint64_t seed)
{
	static const uint64_t graces[] = { 0, 300 * LOOP_MS, 2 * LOOP_S, 2 * LOOP_S };
	static const size_t backlogs[] = { 4, 16, 64, 65536 };

	run->config[i] = (struct sim_node_config){
		.grace = graces[chance(run, 4)],
		.digest_interval = LOOP_S + chance(run, 3 * LOOP_S),
		.frame_max = 2048 << chance(run, 3),
		.backlog_max = backlogs[chance(run, 4)],
		.version_max = chance(run, 4) ? 1 : 3,
		.key = mixed(seed, 3, 4) ? 77 : 0,
		.remote_root = mixed(seed, 7, 2),
		.names_owner = mixed(seed, 8, 3),
		.no_acts = !chance(run, 8),
		.global_group = "",
	};
	/* One now and then is of another cluster. */
	if (i && i == run->nodes - 1 && !mixed(seed, 4, 5)) {
		if (chance(run, 2))
			run->config[i].key += 1;
		else
			run->config[i].global_group = "elsewhere";
	}
}

static bool run_seed(uint64_t seed, bool verbose, uint64_t *steps, uint64_t *trace)
{
	unsigned int nodes = 2 + mixed(seed, 0, NODES_MAX - 1);
	struct sim_config config = {
		.verbose = verbose,
		.refusals = mixed(seed, 9, 3) ? 0 : 4,
		.loop = {
			.sites = 2 * nodes,
			.window = 2 << mixed(seed, 1, 5),
			.delay = 200 * LOOP_US,
			.jitter = LOOP_MS << mixed(seed, 2, 5),
			.notice = 1500 * LOOP_MS,
			.notice_jitter = 700 * LOOP_MS,
			.retry = 100 * LOOP_MS,
			.losses = mixed(seed, 5, 5) ? 0 : 50,
			.ghosts = mixed(seed, 6, 3) ? 0 : 2,
		},
	};
	struct run run = { .nodes = nodes };
	struct loop_stats stats;
	unsigned int n;
	bool ok;

	run.sim = sim_new(&config, seed);
	run.net = sim_net(run.sim);
	for (unsigned int i = 0; i < nodes; i++) {
		choose_config(&run, i, seed);
		boot(&run, i);
	}
	n = 20 + (unsigned int)chance(&run, ACTIONS_MAX);
	while (n-- && !sim_failure(run.sim)) {
		act(&run);
		sim_run(run.sim, chance(&run, chance(&run, 3) ? 20 * LOOP_MS : LOOP_S));
	}
	loop_behave(run.net);
	rest(&run);
	heal_all(&run);
	for (unsigned int i = 0; i < nodes; i++)
		boot(&run, i);
	rest(&run);
	for (unsigned int i = 0; i < nodes; i++)
		sim_act_all(run.node[i], 5 * LOOP_S);
	ok = !sim_failure(run.sim);
	if (!ok)
		printf("seed %llu, at %.3f ms: %s\n", (unsigned long long)seed,
		       (double)loop_now(run.net) / LOOP_MS, sim_failure(run.sim));
	loop_stats(run.net, &stats);
	*steps += stats.steps;
	*trace = sim_trace(run.sim);
	sim_free(run.sim);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned long long first = 1, seeds = 1, failed = 0;
	uint64_t steps = 0, trace = 0;
	bool verbose = false;
	int option;

	setvbuf(stdout, NULL, _IOLBF, 0);	/* so that a crash loses nothing */
	while ((option = getopt(argc, argv, "n:s:v")) != -1) {
		switch (option) {
		case 'n':
			seeds = strtoull(optarg, NULL, 0);
			break;
		case 's':
			first = strtoull(optarg, NULL, 0);
			break;
		case 'v':
			verbose = true;
			break;
		default:
			fputs("usage: random [-n SEEDS] [-s FIRST] [-v]\n", stderr);
			return 2;
		}
	}
	for (unsigned long long i = 0; i < seeds; i++)
		failed += !run_seed(first + i, verbose, &steps, &trace);
	printf("seeds %llu to %llu: %llu failed, %llu steps, last trace %016llx\n", first,
	       first + seeds - 1, failed, (unsigned long long)steps, (unsigned long long)trace);
	return failed ? 1 : 0;
}
