// SPDX-License-Identifier: GPL-2.0-or-later
/* graph */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "err.h"
#include "proc.h"
#include "text.h"

enum { OPT_DOT = 256, OPT_BY };

/* As part of a quoted string. */
static void print_quoted(const char *text)
{
	char *shown = text_show(text, strlen(text));

	for (const char *c = shown; *c; c++)
		printf(*c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	free(shown);
}

/* A name as an id of the graph: quoted, with a letter before it for its kind. */
static void print_id(char kind, const char *name)
{
	printf("\"%c:", kind);
	print_quoted(name);
	putchar('"');
}

static void print_node(char kind, const char *name, const char *attrs)
{
	putchar('\t');
	print_id(kind, name);
	fputs(" [label=\"", stdout);
	print_quoted(name);
	printf("\"%s]\n", attrs);
}

/* Those of this node first. */
static int by_node(const void *a, const void *b)
{
	const struct pgnl_member *left = a, *right = b;

	return strcmp(left->node ? left->node : "", right->node ? right->node : "");
}

/* Ids are unique within a node. */
static int by_id(const void *a, const void *b)
{
	const struct pgnl_member *left = a, *right = b;
	int ret = by_node(a, b);

	return ret ? ret : (left->id > right->id) - (left->id < right->id);
}

static int by_group(const void *a, const void *b)
{
	const struct pgnl_member *left = a, *right = b;
	int ret = strcmp(left->group, right->group);

	return ret ? ret : by_id(a, b);
}

/* What stands for a process. */
static void print_process_id(const struct pgnl_member *m)
{
	char id[96];

	snprintf(id, sizeof(id), "%s%s%" PRIu64, m->node ? m->node : "", m->node ? "/" : "", m->id);
	print_id('p', id);
}

/* Each process once; the list is in the order of ids. */
static void print_processes(const struct pgnl_members *list)
{
	struct proc_task task;

	for (size_t i = 0; i < list->n; i++) {
		const struct pgnl_member *m = &list->member[i];
		char label[96];

		if (i && !by_id(m, &list->member[i - 1]))
			continue;
		if (!m->node && m->pid && proc_usable() && proc_task(m->pid, &task))
			snprintf(label, sizeof(label), "%s %d", task.comm, m->pid);
		else
			snprintf(label, sizeof(label), "%s%s%d", m->node ? m->node : "",
				 m->node ? " " : "", m->pid);
		putchar('\t');
		print_process_id(m);
		fputs(" [shape=box, label=\"", stdout);
		print_quoted(label);
		puts("\"]");
	}
}

static void print_by_group(struct pgnl_members *list)
{
	qsort(list->member, list->n, sizeof(*list->member), by_id);
	print_processes(list);
	qsort(list->member, list->n, sizeof(*list->member), by_group);
	for (size_t i = 0; i < list->n; i++) {
		const struct pgnl_member *m = &list->member[i];

		if (!i || strcmp(m->group, list->member[i - 1].group))
			print_node('g', m->group, "");
		putchar('\t');
		print_id('g', m->group);
		fputs(" -> ", stdout);
		print_process_id(m);
		if (m->count > 1)
			printf(" [label=\"%" PRIu32 "\"]", m->count);
		putchar('\n');
	}
}

static int by_node_and_group(const void *a, const void *b)
{
	int ret = by_node(a, b);

	return ret ? ret : by_group(a, b);
}

/* An edge from a node to each of its groups, with the number of processes. */
static void print_by_node(struct pgnl_members *list, const char *own)
{
	size_t end;

	qsort(list->member, list->n, sizeof(*list->member), by_node_and_group);
	for (size_t i = 0; i < list->n; i = end) {
		const struct pgnl_member *m = &list->member[i];
		const char *node = m->node ? m->node : own;

		for (end = i + 1; end < list->n; end++)
			if (strcmp(list->member[end].group, m->group) ||
			    by_node(&list->member[end], m))
				break;
		print_node('n', node, ", shape=box3d");
		print_node('g', m->group, "");
		putchar('\t');
		print_id('n', node);
		fputs(" -> ", stdout);
		print_id('g', m->group);
		printf(" [label=\"%zu\"]\n", end - i);
	}
}

static int draw(struct cli *cli, bool by_node)
{
	struct pgnl_members *list;
	struct pgnl_info info;
	int ret;

	ret = pgnl_info(cli->kernel, &info);
	if (!ret)
		ret = pgnl_members(cli->kernel, cli->scope, NULL, 0, &list, NULL);
	if (ret)
		return err_kernel(cli, ret);
	puts("digraph pgnl {\n\trankdir=LR");
	if (by_node)
		print_by_node(list, info.node);
	else
		print_by_group(list);
	puts("}");
	pgnl_free(list);
	return CLI_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	const char *by = "group";
	int key, status;

	while ((key = args_next(cli, argc, argv)) >= 0)
		by = key == OPT_BY ? optarg : by;
	if (key != ARGS_END)
		return args_status(key);
	if (strcmp(by, "node") && strcmp(by, "group"))
		return err_usage(cli, "--by node or --by group, not '%s'", by);
	if (cli->json)
		return err_usage(cli, "prints a graph, not JSON; see 'pgnl -j members'");
	status = cli_connect(cli);
	return status ? status : draw(cli, !strcmp(by, "node"));
}

static const struct cli_option options[] = {
	{ "dot", NULL, OPT_DOT, "in the language of graphviz, the only one there is" },
	{ "by", "node|group", OPT_BY, "groups and their processes (group), or nodes and their groups" },
	{ 0 }
};

const struct command cmd_graph = {
	.name = "graph",
	.args = "[--dot] [--by node|group]",
	.summary = "print who is in what as a graph",
	.examples = "  pgnl graph --dot | dot -Tsvg > groups.svg\n",
	.options = options,
	.run = run,
};
