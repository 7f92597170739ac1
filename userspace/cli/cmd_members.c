// SPDX-License-Identifier: GPL-2.0-or-later
/* members */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "err.h"
#include "member.h"
#include "out.h"

enum { OPT_LOCAL = 256, OPT_REMOTE, OPT_NODE, OPT_PIDS, OPT_COUNT, OPT_VIEW };

struct wanted {
	bool local;		/* only this node's */
	bool remote;		/* only other nodes' */
	const char *node;	/* only that other node's, or NULL */
	bool pids;
	bool count;
	bool view;		/* look at the mapping */
};

/* Room for the metadata of a member. */
#define META_MAX 256

static bool is_wanted(const struct wanted *want, const struct pgnl_member *member)
{
	if (want->node)
		return member->node && !strcmp(member->node, want->node);
	if (want->local)
		return !member->node;
	return !want->remote || member->node;
}

static int nobody(const struct cli *cli, int missing)
{
	return err_nothing(cli, missing ? "no group '%s' in scope %s" :
					  "nobody in group '%s' of scope %s",
			   cli->words[0], cli_scope(cli));
}

static size_t print_rows(struct cli *cli, const struct pgnl_members *list,
			 const struct wanted *want, const char *node)
{
	struct out *out = out_begin(cli);
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (!is_wanted(want, &list->member[i]))
			continue;
		out_row(out, member_row(&list->member[i], node));
		n++;
	}
	out_end(out);
	return n;
}

/* Other nodes' pids mean nothing here, and neither do those this one can't see. */
static size_t print_pids(struct cli *cli, const struct pgnl_members *list,
			 const struct wanted *want)
{
	json_t *pids = need(json_array());
	size_t n;

	for (size_t i = 0; i < list->n; i++) {
		const struct pgnl_member *member = &list->member[i];

		if (!is_wanted(want, member) || member->node || !member->pid)
			continue;
		if (!cli->json)
			printf("%d\n", member->pid);
		json_array_append_new(pids, json_integer(member->pid));
	}
	n = json_array_size(pids);
	if (cli->json)
		out_json(cli, json_incref(pids));
	json_decref(pids);
	return n;
}

static size_t print_count(struct cli *cli, const struct pgnl_members *list,
			  const struct wanted *want)
{
	json_int_t count = 0;

	for (size_t i = 0; i < list->n; i++)
		if (is_wanted(want, &list->member[i]))
			count += list->member[i].count;
	out_json(cli, json_integer(count));
	return count;
}

/*
 * A list as pgnl_members() makes it, for free_list(). Members that have gone between
 * the look at all and that at their metadata come without it.
 */
static struct pgnl_members *from_view(struct pgnl_view *view, const char *group,
				      const struct pgnl_view_member *seen, size_t n)
{
	struct pgnl_members *list = need(calloc(1, sizeof(*list) + n * sizeof(list->member[0])));
	char meta[META_MAX];
	int len;

	list->n = n;
	for (size_t i = 0; i < n; i++) {
		struct pgnl_member *member = &list->member[i];

		member->id = seen[i].id;
		member->pid = seen[i].pid;
		member->count = seen[i].count;
		member->uid = seen[i].uid;
		member->weight = seen[i].weight;
		member->state = seen[i].state;
		member->age = seen[i].age;
		member->node = *seen[i].node ? need(strdup(seen[i].node)) : NULL;
		len = seen[i].has_meta ?
			pgnl_view_meta(view, group, &seen[i], meta, sizeof(meta)) : 0;
		if (len <= 0)
			continue;
		member->meta = memcpy(need(malloc(len)), meta, len);
		member->meta_len = len;
	}
	return list;
}

static int look(struct cli *cli, struct pgnl_view *view, struct pgnl_members **list,
		int *missing)
{
	struct pgnl_view_member *seen = NULL;
	size_t room = 0;
	int n;

	while ((n = pgnl_view_members(view, cli->words[0], seen, room)) > (int)room) {
		room = n + 64;
		free(seen);
		seen = need(calloc(room, sizeof(*seen)));
	}
	*missing = n == -ENOENT;
	if (n >= 0 || *missing)
		*list = from_view(view, cli->words[0], seen, *missing ? 0 : n);
	free(seen);
	return *missing || n >= 0 ? 0 : n;
}

static int view_members(struct cli *cli, struct pgnl_members **list, int *missing)
{
	struct pgnl_view *view;
	int ret = pgnl_view_open(cli->kernel, cli->scope, 0, &view);

	if (ret < 0)
		return err_kernel(cli, ret);
	ret = look(cli, view, list, missing);
	pgnl_view_close(view);
	return ret < 0 ? err_refused(cli, "can't look at the group: %s", strerror(-ret)) : CLI_DONE;
}

static void free_list(struct pgnl_members *list, bool view)
{
	for (size_t i = 0; view && i < list->n; i++) {
		free((void *)list->member[i].node);
		free((void *)list->member[i].meta);
	}
	pgnl_free(list);
}

static int list_members(struct cli *cli, struct wanted *want)
{
	struct pgnl_members *list;
	struct pgnl_info info;
	int ret, missing = 0;
	size_t n;

	ret = pgnl_info(cli->kernel, &info);
	if (ret < 0)
		return err_kernel(cli, ret);
	if (want->node && !strcmp(want->node, info.node)) {
		want->local = true;
		want->node = NULL;
	}
	if (want->view) {
		ret = view_members(cli, &list, &missing);
		if (ret != CLI_DONE)
			return ret;
	} else {
		ret = pgnl_members(cli->kernel, cli->scope, cli->words[0],
				   want->local ? PGNL_LOCAL : 0, &list, &missing);
		if (ret < 0)
			return err_kernel(cli, ret);
	}
	if (want->pids)
		n = print_pids(cli, list, want);
	else if (want->count)
		n = print_count(cli, list, want);
	else
		n = print_rows(cli, list, want, info.node);
	free_list(list, want->view);
	return n ? CLI_DONE : nobody(cli, missing);
}

static int run_members(struct cli *cli, int argc, char **argv)
{
	struct wanted want = { 0 };
	int key, status;

	while ((key = args_next(cli, argc, argv)) >= 0) {
		want.local |= key == OPT_LOCAL;
		want.remote |= key == OPT_REMOTE;
		want.pids |= key == OPT_PIDS;
		want.count |= key == OPT_COUNT;
		want.view |= key == OPT_VIEW;
		want.node = key == OPT_NODE ? optarg : want.node;
	}
	if (key != ARGS_END)
		return args_status(key);
	if (want.local + want.remote + !!want.node > 1)
		return err_usage(cli, "only one of --local, --remote and --node can hold");
	if (want.pids && want.count)
		return err_usage(cli, "--pids or --count, not both");
	if (want.node && !*want.node)
		return err_usage(cli, "the name of a node can't be empty");
	if (!args_groups(cli))
		return CLI_USAGE;
	status = cli_connect(cli);
	return status ? status : list_members(cli, &want);
}

static const struct cli_option options[] = {
	{ "local", NULL, OPT_LOCAL, "only processes of this node" },
	{ "remote", NULL, OPT_REMOTE, "only processes of other nodes" },
	{ "node", "NODE", OPT_NODE, "only processes of that node" },
	{ "pids", NULL, OPT_PIDS, "bare pids of this node's processes, one a line" },
	{ "count", NULL, OPT_COUNT, "only how many, a process that joined twice counted twice" },
	{ "view", NULL, OPT_VIEW, "look at the mapped view, as programs do that ask often" },
	{ 0 }
};

const struct command cmd_members = {
	.name = "members",
	.args = "GROUP [--local|--remote|--node NODE] [--pids|--count] [--view]",
	.summary = "list the members of a group",
	.examples = "  pgnl members web\n"
		    "  pgnl -o pid,comm,meta members web\n"
		    "  kill -HUP $(pgnl members web --pids)\n",
	.notes = "Exit code 3 when nobody is in it. A process that the caller's pid namespace\n"
		 "does not see has pid 0 and no name; a view leaves it out.",
	.options = options,
	.columns = member_columns,
	.min_words = 1,
	.max_words = 1,
	.run = run_members,
};
