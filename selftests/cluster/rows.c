// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rows [-s SCOPE] NODE       what a node (a network namespace) sees: a line for each
 *                            member, "GROUP NODE ID COUNT STATE", sorted
 * rows [-s SCOPE] -a NODE... whether all of these see what each says of its own,
 *                            all of it up; else the first difference, and status 1
 * rows [-s SCOPE] -c MODE [-d] GROUP NODE   create a group with a mode, in octal; and
 *                            delete it
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pgnl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lines {
	char **line;
	size_t n;
};

static void fail(const char *what, const char *node)
{
	fprintf(stderr, "rows: %s: %s\n", node, what);
	exit(2);
}

static void add(struct lines *lines, const char *own, const char *group,
		const struct pgnl_member *member)
{
	static const char *const states[] = { "up", "suspect", "stale" };
	char *line;

	if (asprintf(&line, "%s %s %" PRIu64 " %u %s", group, member->node ? member->node : own,
		     member->id, member->count, states[member->state]) < 0)
		exit(2);
	lines->line = reallocarray(lines->line, lines->n + 1, sizeof(char *));
	if (!lines->line)
		exit(2);
	lines->line[lines->n++] = line;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct pgnl *open_node(const char *node)
{
	struct pgnl *handle;
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", node);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail("no such network namespace", node);
	close(fd);
	if (pgnl_open(&handle))
		fail("no module", node);
	return handle;
}

static void create(const char *node, const char *scope, const char *group, const char *mode,
		   bool passing)
{
	struct pgnl *handle = open_node(node);

	if (pgnl_group_create(handle, scope, group, PGNL_KEEP, PGNL_KEEP,
			      (uint32_t)strtoul(mode, NULL, 8)))
		fail(pgnl_last_error(handle)->text, node);
	if (passing && pgnl_group_delete(handle, scope, group))
		fail(pgnl_last_error(handle)->text, node);
	pgnl_close(handle);
}

static void read_node(const char *node, const char *scope, uint32_t flags, struct lines *lines)
{
	struct pgnl *handle = open_node(node);
	struct pgnl_members *list;

	if (pgnl_members(handle, scope, NULL, flags, &list, NULL))
		fail(pgnl_last_error(handle)->text, node);
	for (size_t i = 0; i < list->n; i++)
		add(lines, node, list->member[i].group, &list->member[i]);
	pgnl_free(list);
	pgnl_close(handle);
}

static void sort(struct lines *lines)
{
	if (lines->n)
		qsort(lines->line, lines->n, sizeof(char *), compare);
}

static int differ(const char *node, const struct lines *seen, const struct lines *so)
{
	for (size_t i = 0; i < seen->n || i < so->n; i++) {
		const char *a = i < seen->n ? seen->line[i] : "", *b = i < so->n ? so->line[i] : "";

		if (!strcmp(a, b))
			continue;
		printf("%s sees %zu members, there are %zu: '%s', not '%s'\n", node, seen->n,
		       so->n, a, b);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct lines so = { .n = 0 };
	const char *scope = "pg", *mode = NULL;
	bool all = false, passing = false;
	int option;

	while ((option = getopt(argc, argv, "s:ac:d")) != -1) {
		if (option == 's')
			scope = optarg;
		else if (option == 'a')
			all = true;
		else if (option == 'c')
			mode = optarg;
		else if (option == 'd')
			passing = true;
		else
			return 2;
	}
	if (mode) {
		if (optind + 2 != argc)
			return 2;
		create(argv[optind + 1], scope, argv[optind], mode, passing);
		return 0;
	}
	for (int i = optind; i < argc; i++)
		read_node(argv[i], scope, all ? PGNL_LOCAL : 0, &so);
	sort(&so);
	if (!all) {
		for (size_t i = 0; i < so.n; i++)
			puts(so.line[i]);
		return 0;
	}
	for (int i = optind; i < argc; i++) {
		struct lines seen = { .n = 0 };

		read_node(argv[i], scope, 0, &seen);
		sort(&seen);
		if (differ(argv[i], &seen, &so))
			return 1;
	}
	return 0;
}
