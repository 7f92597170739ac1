// SPDX-License-Identifier: GPL-2.0-or-later
/* stats */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent_status.h"
#include "args.h"
#include "err.h"
#include "out.h"

enum { OPT_PROMETHEUS = 256 };

/* Of the document of an agent, or of one of its nodes; 0 when it does not say. */
static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void print_table(struct cli *cli, const uint64_t *stats, const json_t *agent)
{
	struct out *out = out_begin(cli);
	const json_t *node;
	size_t i;

	for (i = 0; i < PGNL_N_STATS; i++)
		out_row(out, json_pack("{s:s, s:I}", "name", pgnl_stat_name((int)i),
				       "value", (json_int_t)stats[i]));
	json_array_foreach(json_object_get(agent, "nodes"), i, node)
		out_row(out, json_pack("{s:s+, s:I}", "name", "lag:",
				       json_string_value(json_object_get(node, "node")),
				       "value", number(node, "lag")));
	out_end(out);
}

/* With "peers" where an agent runs. */
static void print_object(struct cli *cli, const uint64_t *stats, const json_t *agent)
{
	static const char *const keys[] = { "node", "state", "rows", "lag", "age_ms" };
	json_t *object = need(json_object()), *peers = agent ? need(json_array()) : NULL;
	const json_t *node;
	size_t i;

	for (i = 0; i < PGNL_N_STATS; i++)
		json_object_set_new(object, pgnl_stat_name((int)i), json_integer(stats[i]));
	json_array_foreach(json_object_get(agent, "nodes"), i, node) {
		json_t *peer = need(json_object());

		for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++)
			json_object_set(peer, keys[k], json_object_get(node, keys[k]));
		json_array_append_new(peers, peer);
	}
	if (peers)
		json_object_set_new(object, "peers", peers);
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
	{ PGNL_STAT_PROCESSES, "pgnl_processes", "", "gauge", 
	  "Processes that are members or have an inbox now." },
	{ PGNL_STAT_JOINS, "pgnl_joins_total", "", "counter", "Rows joined." },
	{ PGNL_STAT_LEAVES, "pgnl_leaves_total", "{cause=\"left\"}", "counter",
	  "Rows removed, by cause." },
	{ PGNL_STAT_EXITS, "pgnl_leaves_total", "{cause=\"exited\"}", NULL, NULL },
	{ PGNL_STAT_EVICTIONS, "pgnl_leaves_total", "{cause=\"evicted\"}", NULL, NULL },
	{ PGNL_STAT_DEAD_PROCESSES, "pgnl_dead_processes_total", "", "counter",
	  "Processes seen to end while members." },
	{ PGNL_STAT_LATE_JOINS, "pgnl_late_joins_total", "", "counter",
	  "Joins refused because the process was dead or dying." },
	{ PGNL_STAT_SUBSCRIPTIONS, "pgnl_subscriptions", "", "gauge", "Subscriptions now." },
	{ PGNL_STAT_EVENTS, "pgnl_events_total", "", "counter", "Events recorded." },
	{ PGNL_STAT_DELIVERED, "pgnl_events_delivered_total", "", "counter",
	  "Events put into sockets of subscribers." },
	{ PGNL_STAT_LOST, "pgnl_events_lost_total", "", "counter",
	  "How often a subscription has lost events." },
	{ PGNL_STAT_INBOXES, "pgnl_inboxes", "", "gauge", "Inboxes now." },
	{ PGNL_STAT_MESSAGES, "pgnl_messages_total", "", "counter",
	  "Messages put into inboxes." },
	{ PGNL_STAT_FULL_INBOXES, "pgnl_messages_full_total", "", "counter",
	  "Messages turned away by a full inbox." },
	{ PGNL_STAT_NODES, "pgnl_nodes", "", "gauge", "Other nodes now." },
	{ PGNL_STAT_REMOTES, "pgnl_remote_members", "", "gauge",
	  "Memberships of other nodes now." },
	{ PGNL_STAT_REMOTE_PUTS, "pgnl_remote_puts_total", "", "counter",
	  "Memberships of other nodes that were new or changed." },
	{ PGNL_STAT_REMOTE_REMOVALS, "pgnl_remote_removals_total", "", "counter",
	  "Memberships of other nodes taken out." },
	{ PGNL_STAT_REMOTE_DROPS, "pgnl_remote_drops_total", "", "counter",
	  "Memberships of other nodes that found no room." },
	{ PGNL_STAT_REQUESTS, "pgnl_requests", "", "gauge",
	  "Requests that wait for the agent now." },
	{ PGNL_STAT_UPCALLS, "pgnl_upcalls_total", "", "counter",
	  "Requests that the agent was asked." },
	{ PGNL_STAT_UNANSWERED, "pgnl_requests_unanswered_total", "", "counter",
	  "Requests that ended at their deadline, or with the agent." },
};

static void describe(const char *name, const char *type, const char *help)
{
	printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A name as the value of a label. */
static void print_label(const char *text)
{
	for (; *text; text++)
		printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

/* One for each peer: a number, or with a key of NULL whether it is up. */
static void print_peers(const json_t *agent, const char *name, const char *key, const char *help)
{
	const json_t *node;
	size_t i;

	describe(name, "gauge", help);
	json_array_foreach(json_object_get(agent, "nodes"), i, node) {
		const char *state = json_string_value(json_object_get(node, "state"));
		const char *peer = json_string_value(json_object_get(node, "node"));

		printf("%s{node=\"", name);
		print_label(peer ? peer : "");
		printf("\"} %" JSON_INTEGER_FORMAT "\n",
		       key ? number(node, key) : state && !strcmp(state, "up"));
	}
}

/* What the agent counts. */
static const struct agent_metric {
	const char *key;
	const char *name;
	const char *labels;
	const char *type;
	const char *help;	/* NULL: a further row of the metric before it */
} agent_metrics[] = {
	{ "tx_frames", "pgnl_agent_frames_total", "{direction=\"sent\"}", "counter",
	  "Frames to and from other agents." },
	{ "rx_frames", "pgnl_agent_frames_total", "{direction=\"received\"}", NULL, NULL },
	{ "tx_bytes", "pgnl_agent_bytes_total", "{direction=\"sent\"}", "counter",
	  "Bytes of them." },
	{ "rx_bytes", "pgnl_agent_bytes_total", "{direction=\"received\"}", NULL, NULL },
	{ "snapshots_sent", "pgnl_agent_snapshots_total", "{direction=\"sent\"}", "counter",
	  "Snapshots of all rows." },
	{ "snapshots_received", "pgnl_agent_snapshots_total", "{direction=\"received\"}", NULL,
	  NULL },
	{ "overflows", "pgnl_agent_overflows_total", "", "counter",
	  "Peers that were too far behind and got a snapshot." },
	{ "digests_failed", "pgnl_agent_digests_failed_total", "", "counter",
	  "Digests of a peer that did not agree." },
	{ "rx_foreign", "pgnl_agent_refused_total", "", "counter",
	  "Peers refused: key, global group or version." },
	{ "memory", "pgnl_agent_memory_bytes", "", "gauge", "Memory of the agent's tables." },
};

static void print_agent(const json_t *agent)
{
	const json_t *core = json_object_get(agent, "core");

	describe("pgnl_agent_up", "gauge", "Whether an agent runs here and has its role.");
	printf("pgnl_agent_up %d\n", json_is_true(json_object_get(agent, "ready")));
	if (!core)
		return;
	for (size_t i = 0; i < sizeof(agent_metrics) / sizeof(*agent_metrics); i++) {
		const struct agent_metric *metric = &agent_metrics[i];

		if (metric->help)
			describe(metric->name, metric->type, metric->help);
		printf("%s%s %" JSON_INTEGER_FORMAT "\n", metric->name, metric->labels,
		       number(core, metric->key));
	}
	print_peers(agent, "pgnl_peer_up", NULL, "Whether a node is connected and known.");
	print_peers(agent, "pgnl_peer_lag", "lag", "Changes that a node has not been sent yet.");
	print_peers(agent, "pgnl_peer_members", "rows", "Memberships known of a node.");
}

static void print_metrics(const uint64_t *stats, const struct pgnl_info *info,
			  const json_t *agent)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
		const struct metric *metric = &metrics[i];

		if (metric->help)
			describe(metric->name, metric->type, metric->help);
		printf("%s%s %" PRIu64 "\n", metric->name, metric->labels, stats[metric->stat]);
	}
	describe("pgnl_build_info", "gauge", "Versions of module and interface.");
	printf("pgnl_build_info{version=\"%s\",abi=\"%u\"} 1\n", info->release, info->abi);
	print_agent(agent);
}

static int run(struct cli *cli, int argc, char **argv)
{
	uint64_t stats[PGNL_N_STATS];
	struct pgnl_info info;
	bool prometheus = false;
	int key, status, ret, silent;
	json_t *agent;

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
		ret = pgnl_stats(cli->kernel, stats, PGNL_N_STATS);
	if (ret < 0)
		return err_kernel(cli, ret);
	agent = agent_status(&silent);
	if (prometheus)
		print_metrics(stats, &info, agent);
	else if (cli->json)
		print_object(cli, stats, agent);
	else
		print_table(cli, stats, agent);
	json_decref(agent);
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
	.notes = "JSON is one object, a key for each counter.  Where an agent runs, it tells for\n"
		 "each other node its lag, the changes which that has not been sent yet: as\n"
		 "lag:NODE, in JSON in the array \"peers\".",
	.options = options,
	.columns = columns,
	.run = run,
};
