// SPDX-License-Identifier: GPL-2.0-or-later
/* gg groups, gg info, gg own-nodes, gg sync, gg monitor */
#include <stdio.h>
#include <string.h>
#include <errno.h>

#include "args.h"
#include "err.h"
#include "out.h"
#include "text.h"
#include "watch.h"

enum { OPT_COUNT = 256, OPT_TIMEOUT };

/* Without options or words; CLI_DONE and connected, or the exit code, -1: help. */
static int parse_plain(struct cli *cli, int argc, char **argv)
{
	int key = args_next(cli, argc, argv);

	if (key == ARGS_HELP)
		return -1;
	if (key != ARGS_END)
		return args_status(key);
	return cli_connect(cli);
}

static int get_info(struct cli *cli, int argc, char **argv, struct pgnl_gg_info **info)
{
	int status = parse_plain(cli, argc, argv), ret;

	if (status)
		return status;
	ret = pgnl_gg_info(cli->kernel, info);
	return ret < 0 ? err_kernel(cli, ret) : CLI_DONE;
}

static json_t *nodes_json(const struct pgnl_gg_nodes *nodes)
{
	json_t *array = need(json_array());

	for (size_t i = 0; i < nodes->n; i++)
		json_array_append_new(array, need(text_json_name(nodes->node[i])));
	return array;
}

/* --- gg groups --------------------------------------------------------------- */

static json_t *group_row(const struct pgnl_gg_group *group, bool own)
{
	return need(json_pack("{s:o, s:b, s:s, s:o}", "group", text_json_name(group->name),
			      "own", own, "publish", group->hidden ? "hidden" : "normal",
			      "nodes", nodes_json(&group->nodes)));
}

static int run_groups(struct cli *cli, int argc, char **argv)
{
	struct pgnl_gg_info *info;
	int status = get_info(cli, argc, argv, &info);
	struct out *out;

	if (status)
		return status < 0 ? CLI_DONE : status;
	out = out_begin(cli);
	if (info->own.name)
		out_row(out, group_row(&info->own, true));
	for (size_t i = 0; i < info->other_groups.n; i++)
		out_row(out, group_row(&info->other_groups.group[i], false));
	out_end(out);
	if (info->state == PGNL_GG_NO_CONF)
		status = err_nothing(cli, "no global groups are defined");
	else if (!info->own.name)
		say(cli, "this node is in none of them");
	pgnl_free(info);
	return status;
}

/* "a b c" */
static char *show_nodes(const json_t *nodes)
{
	char *text = need(strdup("")), *longer, *name;
	const json_t *node;
	size_t i;

	json_array_foreach(nodes, i, node) {
		name = out_show(node);
		if (asprintf(&longer, "%s%s%s", text, i ? " " : "", name) < 0)
			no_memory();
		free(name);
		free(text);
		text = longer;
	}
	return text;
}

static char *show_own(const json_t *own)
{
	return need(strdup(json_is_true(own) ? "yes" : "no"));
}

static const struct column group_columns[] = {
	{ "group", COLUMN_USUAL },
	{ "own", COLUMN_USUAL, show_own },
	{ "publish", COLUMN_USUAL },
	{ "nodes", COLUMN_USUAL, show_nodes },
	{ 0 }
};

/* --- gg info ------------------------------------------------------------------ */

static json_t *others_json(const struct pgnl_gg_groups *groups)
{
	json_t *array = need(json_array());

	for (size_t i = 0; i < groups->n; i++)
		json_array_append_new(array, need(json_pack("{s:o, s:o}",
			"group", text_json_name(groups->group[i].name),
			"nodes", nodes_json(&groups->group[i].nodes))));
	return array;
}

static json_t *pids_json(const struct pgnl_gg_pids *pids)
{
	json_t *array = need(json_array());

	for (size_t i = 0; i < pids->n; i++)
		json_array_append_new(array, need(json_integer(pids->pid[i])));
	return array;
}

/* The keys are those of Erlang's global_group:info(). */
static json_t *info_json(const struct pgnl_gg_info *info)
{
	return need(json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"state", info->state == PGNL_GG_NO_CONF ? "no_conf" : "synced",
		"own_group_name", text_json_name(info->own.name),
		"own_group_nodes", nodes_json(&info->own.nodes),
		"synced_nodes", nodes_json(&info->synced_nodes),
		"sync_error", nodes_json(&info->sync_error),
		"no_contact", nodes_json(&info->no_contact),
		"other_groups", others_json(&info->other_groups),
		"monitoring", pids_json(&info->monitoring)));
}

/* Nodes call themselves what they like. */
static void print_word(const char *name)
{
	putchar(' ');
	text_print(name, strlen(name));
}

static void print_words(const char *key, const struct pgnl_gg_nodes *nodes)
{
	printf("%-16s", key);
	for (size_t i = 0; i < nodes->n; i++)
		print_word(nodes->node[i]);
	putchar('\n');
}

static void print_info(const struct pgnl_gg_info *info)
{
	printf("%-16s %s\n", "state", info->state == PGNL_GG_NO_CONF ? "no_conf" : "synced");
	printf("%-16s", "own_group_name");
	if (info->own.name)
		print_word(info->own.name);
	putchar('\n');
	print_words("own_group_nodes", &info->own.nodes);
	print_words("synced_nodes", &info->synced_nodes);
	print_words("sync_error", &info->sync_error);
	print_words("no_contact", &info->no_contact);
	printf("%-16s", "other_groups");
	for (size_t i = 0; i < info->other_groups.n; i++)
		print_word(info->other_groups.group[i].name);
	printf("\n%-16s", "monitoring");
	for (size_t i = 0; i < info->monitoring.n; i++)
		printf(" %d", info->monitoring.pid[i]);
	putchar('\n');
}

static int run_info(struct cli *cli, int argc, char **argv)
{
	struct pgnl_gg_info *info;
	int status = get_info(cli, argc, argv, &info);

	if (status)
		return status < 0 ? CLI_DONE : status;
	if (cli->json)
		out_json(cli, info_json(info));
	else
		print_info(info);
	pgnl_free(info);
	return CLI_DONE;
}

/* --- gg own-nodes --------------------------------------------------------------- */

static int run_own_nodes(struct cli *cli, int argc, char **argv)
{
	struct pgnl_gg_info *info;
	int status = get_info(cli, argc, argv, &info);
	struct out *out;

	if (status)
		return status < 0 ? CLI_DONE : status;
	out = out_begin(cli);
	for (size_t i = 0; i < info->own_nodes.n; i++)
		out_row(out, need(json_pack("{s:o}", "node",
					    text_json_name(info->own_nodes.node[i]))));
	out_end(out);
	if (!info->own_nodes.n)
		status = err_nothing(cli, "this node is in no global group");
	pgnl_free(info);
	return status;
}

static const struct column node_columns[] = {
	{ "node", COLUMN_USUAL },
	{ 0 }
};

/* --- gg sync ---------------------------------------------------------------------- */

static int run_sync(struct cli *cli, int argc, char **argv)
{
	struct pgnl_gg_info *info;
	int status = parse_plain(cli, argc, argv), ret;

	if (status)
		return status < 0 ? CLI_DONE : status;
	ret = pgnl_gg_sync(cli->kernel, &info);
	if (ret < 0)
		return err_kernel(cli, ret);
	for (size_t i = 0; i < info->no_contact.n; i++)
		say(cli, "no contact with node %s", info->no_contact.node[i]);
	for (size_t i = 0; i < info->sync_error.n; i++)
		status = err_refused(cli, "node %s has another definition of the global groups",
				     info->sync_error.node[i]);
	pgnl_free(info);
	return status;
}

/* --- gg monitor ------------------------------------------------------------------- */

static int print_event(const struct cli *cli, const struct pgnl_gg_event *event)
{
	const char *name = event->up ? "nodeup" : "nodedown";

	if (cli->json) {
		out_json(cli, need(json_pack("{s:s, s:o}", "event", name,
					     "node", text_json_name(event->node))));
	} else {
		printf("%-8s", name);
		print_word(event->node);
		putchar('\n');
	}
	return out_flush(cli);
}

static int print_events(struct cli *cli, struct pgnl_gg_monitor *monitor, uint64_t count,
			int64_t timeout)
{
	struct deadline deadline = deadline_in(timeout);
	struct pgnl_gg_event event;
	int ret, status;

	for (uint64_t n = 0; !count || n < count; n++) {
		do
			ret = pgnl_gg_event_next(monitor, deadline_left(&deadline), &event);
		while (ret == -EINTR);
		if (!ret)
			return CLI_TIMEOUT;
		if (ret < 0)
			return err_line(cli, CLI_ABSENT, "the agent has ended: start pgnld");
		status = print_event(cli, &event);
		if (status)
			return status;
	}
	return CLI_DONE;
}

static int run_monitor(struct cli *cli, int argc, char **argv)
{
	struct pgnl_gg_monitor *monitor;
	int64_t timeout = DEADLINE_NEVER;
	bool good = true;
	uint64_t count = 0;
	int key, status, ret;

	while ((key = args_next(cli, argc, argv)) >= 0) {
		if (key == OPT_COUNT)
			good &= args_number(cli, "count", optarg, 1, UINT64_MAX, &count);
		else
			good &= args_seconds(cli, optarg, &timeout);
	}
	if (key != ARGS_END)
		return args_status(key);
	if (!good)
		return CLI_USAGE;
	status = cli_connect(cli);
	if (status)
		return status;
	ret = pgnl_gg_monitor_open(cli->kernel, &monitor);
	if (ret < 0)
		return err_kernel(cli, ret);
	status = print_events(cli, monitor, count, timeout);
	pgnl_gg_monitor_close(monitor);
	return status;
}

static const struct cli_option monitor_options[] = {
	{ "count", "N", OPT_COUNT, "end after so many events" },
	{ "timeout", "S", OPT_TIMEOUT, "end after so many seconds, with exit code 124" },
	{ 0 }
};

/* --- What they are ------------------------------------------------------------------ */

const struct command cmd_gg_groups = {
	.name = "gg groups",
	.args = "",
	.summary = "list the global groups, this node's own first",
	.examples = "  pgnl gg groups\n"
		    "  pgnl -j gg groups | jq -r '.[] | select(.own) | .group'\n",
	.notes = "As the agent's configuration defines them, in its order; hidden groups of other\n"
		 "nodes are left out. Exit code 3 when none are defined.",
	.columns = group_columns,
	.run = run_groups,
};

const struct command cmd_gg_info = {
	.name = "gg info",
	.args = "",
	.summary = "how this node stands to its global group",
	.examples = "  pgnl gg info\n"
		    "  pgnl -j gg info | jq -r '.sync_error[]'\n",
	.notes = "synced_nodes are connected and agree about the groups, those in sync_error do not\n"
		 "agree and share no names with this node, those in no_contact are not connected.\n"
		 "monitoring has the pids of who runs gg monitor.",
	.run = run_info,
};

const struct command cmd_gg_own_nodes = {
	.name = "gg own-nodes",
	.args = "",
	.summary = "list the nodes of this node's global group, whatever their state",
	.examples = "  pgnl gg own-nodes\n",
	.notes = "Where no groups are defined, this node and those that it is connected with.",
	.columns = node_columns,
	.run = run_own_nodes,
};

const struct command cmd_gg_sync = {
	.name = "gg sync",
	.args = "",
	.summary = "have the agent read its configuration again and see who agrees",
	.examples = "  pgnl gg sync || pgnl gg info\n",
	.notes = "For root. Exit code 2 when the configuration is wrong, which keeps the old one, or\n"
		 "when a node has another definition of the groups; one that is not connected is\n"
		 "told, and no error.",
	.run = run_sync,
};

const struct command cmd_gg_monitor = {
	.name = "gg monitor",
	.args = "[--count N] [--timeout S]",
	.summary = "print which nodes of the own global group come and go",
	.examples = "  pgnl gg monitor\n"
		    "  pgnl -j gg monitor --count 1 --timeout 10\n",
	.notes = "nodeup for a node that is connected and agrees about the groups, nodedown when\n"
		 "that is over.",
	.options = monitor_options,
	.run = run_monitor,
};
