// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent NODE GRACE_MS: the agent of its network namespace, by the lines of its
 * standard input; prints "ok" or the error for each, and ends with it.
 *
 *	up|suspect|down|begin|commit NODE INCARNATION
 *	put SCOPE NODE INCARNATION GROUP ID COUNT [META]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pgnl.h"

static int put(struct pgnl_agent *agent, const char *args)
{
	char scope[64], node[64], group[256], meta[257] = "";
	unsigned long long incarnation, id;
	struct pgnl_agent_row row = {
		.group = group, .pid = 4711, .weight = 1, .meta = meta,
		.reason = PGNL_BECAUSE_LEFT, .status = PGNL_UNKNOWN,
	};

	if (sscanf(args, "%63s %63s %llu %255s %llu %u %256s", scope, node, &incarnation, group,
		   &id, &row.count, meta) < 6)
		return -EINVAL;
	row.id = id;
	row.meta_len = (uint16_t)strlen(meta);
	return pgnl_agent_put(agent, scope, node, incarnation, &row, 1, NULL);
}

static int obey(struct pgnl_agent *agent, const char *line)
{
	unsigned long long incarnation;
	char verb[16], node[64];

	if (!strncmp(line, "put ", 4))
		return put(agent, line + 4);
	if (sscanf(line, "%15s %63s %llu", verb, node, &incarnation) != 3)
		return -EINVAL;
	if (!strcmp(verb, "up"))
		return pgnl_agent_node_up(agent, node, incarnation, 0);
	if (!strcmp(verb, "suspect"))
		return pgnl_agent_node_suspect(agent, node, incarnation);
	if (!strcmp(verb, "down"))
		return pgnl_agent_node_down(agent, node, incarnation);
	if (!strcmp(verb, "begin"))
		return pgnl_agent_begin(agent, node, incarnation);
	if (!strcmp(verb, "commit"))
		return pgnl_agent_commit(agent, node, incarnation);
	return -EINVAL;
}

int main(int argc, char **argv)
{
	struct pgnl_agent_opts opts = { .node = argc > 1 ? argv[1] : NULL };
	struct pgnl_agent *agent;
	char line[1024];
	int ret;

	if (argc != 3) {
		fprintf(stderr, "usage: agent NODE GRACE_MS\n");
		return 1;
	}
	opts.grace = (uint32_t)strtoul(argv[2], NULL, 10);
	ret = pgnl_agent_open(&opts, &agent);
	if (ret) {
		fprintf(stderr, "agent: %s\n", strerror(-ret));
		return 1;
	}
	printf("ok\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		ret = obey(agent, line);
		printf("%s\n", ret ? strerror(-ret) : "ok");
		fflush(stdout);
	}
	pgnl_agent_close(agent);
	return 0;
}
