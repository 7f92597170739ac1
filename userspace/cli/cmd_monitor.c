// SPDX-License-Identifier: GPL-2.0-or-later
/* monitor */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "args.h"
#include "err.h"
#include "out.h"
#include "text.h"
#include "watch.h"

enum { OPT_INITIAL = 256, OPT_NAMES, OPT_NODES, OPT_COUNT, OPT_TIMEOUT };

struct wanted {
	bool initial;
	bool names;
	bool nodes;
	uint64_t count;		/* 0: no end */
	int64_t timeout;
	const char *node;	/* this one's name */
	unsigned int subs;	/* subscriptions that have not ended */
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)(ts.tv_nsec / 1000) / 1e6;
}

/* Is it about a node as a whole, or the agent? */
static bool is_of_node(const struct pgnl_event *event)
{
	return event->type >= PGNL_EVENT_NODE_UP && event->type <= PGNL_EVENT_AGENT_BACK;
}

/* --- JSON --- */

static json_t *members_json(const struct pgnl_event *event, const char *node)
{
	json_t *members = need(json_array());

	for (size_t i = 0; i < event->n; i++) {
		const struct pgnl_member *member = &event->member[i];

		json_array_append_new(members, need(json_pack("{s:o, s:i, s:o, s:I}",
			"node", text_json_name(member->node ? member->node : node),
			"pid", member->pid,
			"id", out_id(member->id),
			"count", (json_int_t)member->count)));
	}
	return members;
}

static json_t *event_json(const struct pgnl_event *event, const char *node, bool times)
{
	const char *reason = pgnl_reason_name(event->reason);
	json_t *json;

	json = need(json_pack("{s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o}",
			      "event", pgnl_event_name(event->type),
			      "epoch", out_id(event->epoch),
			      "seq", (json_int_t)event->seq,
			      "scope", text_json_name(event->scope),
			      "group", text_json_name(event->group),
			      "members", members_json(event, node),
			      "reason", reason ? json_string(reason) : json_null(),
			      "status", event->status == PGNL_UNKNOWN ? json_null() :
					json_integer(event->status)));
	if (event->reason == PGNL_BECAUSE_KILLED)
		json_object_set_new(json, "core", json_boolean(event->core));
	if (event->node && is_of_node(event)) {
		json_object_set_new(json, "node", text_json_name(event->node));
		json_object_set_new(json, "incarnation", out_id(event->incarnation));
	}
	if (times)
		json_object_set_new(json, "time", json_real(now()));
	if (event->by_uid != PGNL_UNKNOWN)
		json_object_set_new(json, "by", json_pack("{s:i, s:I}", "pid", event->by_pid,
							   "uid", (json_int_t)event->by_uid));
	else if (event->by_node)
		json_object_set_new(json, "by", json_pack("{s:o}", "node",
							   text_json_name(event->by_node)));
	return json;
}

/* --- Lines --- */

/* Names of other nodes are of their making, as groups are of their users'. */
static void print_name(const char *name)
{
	putchar(' ');
	text_print(name, strlen(name));
}

static void print_members(const struct pgnl_event *event)
{
	for (size_t i = 0; i < event->n; i++) {
		const struct pgnl_member *member = &event->member[i];

		if (member->node) {
			print_name(member->node);
			printf("/%d", member->pid);
		} else {
			printf(" %d", member->pid);
		}
		if (member->count > 1 || (event->type == PGNL_EVENT_LEAVE && member->count))
			printf("(%" PRIu32 ")", member->count);
	}
}

static void print_why(const struct pgnl_event *event)
{
	if (event->reason == PGNL_BECAUSE_KILLED && event->status != PGNL_UNKNOWN)
		printf("  killed by signal %d%s", event->status,
		       event->core ? ", core dumped" : "");
	else if (event->reason == PGNL_BECAUSE_EXITED && event->status != PGNL_UNKNOWN)
		printf("  exited with %d", event->status);
	else if (event->type == PGNL_EVENT_LEAVE || event->type == PGNL_EVENT_RESYNC)
		printf("  %s", pgnl_reason_name(event->reason));
	if (event->by_uid != PGNL_UNKNOWN)
		printf("  by %d", event->by_pid);
	if (event->by_node) {
		printf("  by node");
		print_name(event->by_node);
	}
}

static void print_time(void)
{
	double seconds = now();
	time_t whole = (time_t)seconds;
	char text[32];

	strftime(text, sizeof(text), "%H:%M:%S", localtime(&whole));
	printf("%s.%06ld ", text, (long)((seconds - (double)whole) * 1e6));
}

static void print_line(const struct cli *cli, const struct pgnl_event *event)
{
	if (cli->times)
		print_time();
	printf("%-8s", pgnl_event_name(event->type));
	/* More than one scope only with --names. */
	if (strcmp(event->scope, cli_scope(cli)))
		printf(" %s:", event->scope);
	if (event->group)
		print_name(event->group);
	if (event->node && is_of_node(event))
		print_name(event->node);
	print_members(event);
	print_why(event);
	putchar('\n');
}

/* --- Running --- */

static int subscribe(struct cli *cli, struct pgnl_watch *watch, struct wanted *want)
{
	uint32_t flags = (want->initial ? PGNL_SNAPSHOT : 0) | (want->nodes ? PGNL_NODES : 0);
	int ret = 1;

	if (want->names) {
		ret = pgnl_subscribe(watch, "global", NULL, flags);
		want->subs++;
	}
	if (ret > 0 && !cli->n_words && !want->names) {
		ret = pgnl_subscribe(watch, cli->scope, NULL, flags);
		want->subs++;
	}
	for (size_t i = 0; i < cli->n_words && ret > 0; i++) {
		ret = pgnl_subscribe(watch, cli->scope, cli->words[i], flags);
		want->subs++;
	}
	return ret < 0 ? err_watch(cli, ret, watch) : CLI_DONE;
}

/* Only nodes were asked for. What ends it, and what is amiss, is told all the same. */
static bool is_wanted(const struct cli *cli, const struct wanted *want,
		      const struct pgnl_event *event)
{
	return !want->nodes || want->names || cli->n_words || is_of_node(event) ||
	       event->type == PGNL_EVENT_SCOPE_DELETED || event->type == PGNL_EVENT_RESYNC;
}

static int print_events(struct cli *cli, struct pgnl_watch *watch, struct wanted *want)
{
	struct deadline deadline = deadline_in(want->timeout);
	const struct pgnl_event *event;
	int status = CLI_DONE;

	for (uint64_t n = 0; want->subs && (!want->count || n < want->count); n++) {
		status = watch_next(cli, watch, &deadline, &event);
		if (status)
			break;
		if (!is_wanted(cli, want, event)) {
			n--;
			continue;
		}
		if (cli->json)
			out_json(cli, event_json(event, want->node, cli->times));
		else
			print_line(cli, event);
		want->subs -= event->type == PGNL_EVENT_SCOPE_DELETED;
		status = out_flush(cli);
		if (status)
			break;
	}
	return status;
}

static int monitor(struct cli *cli, struct wanted *want)
{
	struct pgnl_watch *watch;
	struct pgnl_info info;
	int status, ret;

	status = watch_open(cli, &watch);
	if (status)
		return status;
	ret = pgnl_info(cli->kernel, &info);
	want->node = info.node;
	if (ret)
		status = err_kernel(cli, ret);
	else if (want->nodes && !info.incarnation)
		status = err_line(cli, CLI_ABSENT, "no agent runs on this node, so it knows of no"
				  " others: start pgnld");
	else
		status = subscribe(cli, watch, want);
	if (!status)
		status = print_events(cli, watch, want);
	pgnl_watch_close(watch);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct wanted want = { .timeout = DEADLINE_NEVER };
	bool good = true;
	int key;

	while ((key = args_next(cli, argc, argv)) >= 0) {
		want.initial |= key == OPT_INITIAL;
		want.names |= key == OPT_NAMES;
		want.nodes |= key == OPT_NODES;
		if (key == OPT_COUNT)
			good &= args_number(cli, "count", optarg, 1, UINT64_MAX, &want.count);
		else if (key == OPT_TIMEOUT)
			good &= args_seconds(cli, optarg, &want.timeout);
	}
	if (key != ARGS_END)
		return args_status(key);
	if (!good || !args_groups(cli))
		return CLI_USAGE;
	return monitor(cli, &want);
}

static const struct cli_option options[] = {
	{ "initial", NULL, OPT_INITIAL, "begin with the members that are there" },
	{ "names", NULL, OPT_NAMES, "registered names, which are groups of the scope global" },
	{ "nodes", NULL, OPT_NODES, "nodes of the cluster, and without a GROUP nothing else" },
	{ "count", "N", OPT_COUNT, "end after so many events" },
	{ "timeout", "S", OPT_TIMEOUT, "end after so many seconds, with exit code 124" },
	{ 0 }
};

const struct command cmd_monitor = {
	.name = "monitor",
	.args = "[GROUP...] [OPTION]...",
	.summary = "print what happens in groups, or in the whole scope, as it happens",
	.examples = "  pgnl monitor web\n"
		    "  pgnl -j monitor --initial | jq -c 'select(.event == \"leave\")'\n"
		    "  pgnl monitor web --count 1 --timeout 10\n",
	.notes = "A line, or with -j an object, for each event: snapshot, join, leave, create,\n"
		 "delete, scope-deleted, resync; with --nodes nodeup, nodedown, suspect, fresh,\n"
		 "agent-lost, agent-back. The count of a member is the one after it. With\n"
		 "resync events had been missed: the reason replayed says that they follow now, and\n"
		 "listed that what was known is void and snapshots follow. Without a GROUP the\n"
		 "groups that the caller may not read are left out. How a member has ended is told\n"
		 "to its own user, the owner of the scope and administrators.",
	.options = options,
	.max_words = -1,
	.run = run,
};
