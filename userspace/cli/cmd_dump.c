// SPDX-License-Identifier: GPL-2.0-or-later
/* dump: all scopes, created groups and members as one JSON document */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "args.h"
#include "dump.h"
#include "err.h"
#include "name.h"
#include "out.h"
#include "proc.h"
#include "text.h"

enum { OPT_PROGRESS = 256 };

struct dump {
	struct cli *cli;
	bool progress;
	uint64_t seen;		/* the process looked at last, by its id */
	json_int_t start;	/* of that; -1: not known */
};

static json_t *created_group(const struct pgnl_group *group)
{
	return json_pack("{s:o, s:I, s:I, s:o}",
			 "group", text_json_name(group->name),
			 "owner", (json_int_t)group->owner,
			 "gid", (json_int_t)group->group,
			 "perm", out_perm(group->perm));
}

static int add_groups(struct dump *dump, const char *scope, json_t *to)
{
	struct pgnl_groups *list;
	int ret = pgnl_groups(dump->cli->kernel, scope, 0, &list);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < list->n; i++)
		if (list->group[i].owner != PGNL_KEEP)
			json_array_append_new(to, need(created_group(&list->group[i])));
	pgnl_free(list);
	return 0;
}

/*
 * The pidfd is the member's: when it is still alive afterwards, then the start time
 * read in between was its own, and not that of another process with its pid.
 */
static json_int_t look_at(struct pgnl *kernel, const struct pgnl_member *member)
{
	struct pollfd poller = { .events = POLLIN };
	struct proc_task task;
	bool seen;

	if (!member->pid || !proc_usable())
		return -1;
	poller.fd = pgnl_pidfd_open(kernel, member->id);
	if (poller.fd < 0)
		return -1;
	seen = proc_task(member->pid, &task) && !poll(&poller, 1, 0);
	close(poller.fd);
	return seen ? (json_int_t)task.start : -1;
}

/* The rows of a process come one after the other, so one look serves many. */
static json_t *start_of(struct dump *dump, const struct pgnl_member *member)
{
	if (dump->seen != member->id)
		dump->start = look_at(dump->cli->kernel, member);
	dump->seen = member->id;
	return dump->start < 0 ? json_null() : json_integer(dump->start);
}

static json_t *member(struct dump *dump, const struct pgnl_member *member)
{

	return json_pack("{s:o, s:i, s:o, s:I, s:i, s:o}",
			 "group", text_json_name(member->group),
			 "pid", member->pid,
			 "start", start_of(dump, member),
			 "count", (json_int_t)member->count,
			 "weight", member->weight,
			 "meta", member->meta ? text_json(member->meta, member->meta_len) :
						json_null());
}

static int add_members(struct dump *dump, const char *scope, json_t *to)
{
	struct pgnl_members *list;
	int ret = pgnl_members(dump->cli->kernel, scope, NULL, PGNL_LOCAL, &list, NULL);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(to, need(member(dump, &list->member[i])));
	pgnl_free(list);
	return 0;
}

static json_t *registration(struct dump *dump, const struct pgnl_name *name)
{
	struct pgnl_member holder = name->holder;
	json_t *row;

	holder.group = name->name;
	row = need(member(dump, &holder));
	json_object_set_new(row, "resolve", json_string(name_resolve_text(name->resolve)));
	return row;
}

/* Rows of members, and how a conflict is resolved. */
static int add_names(struct dump *dump, json_t *to)
{
	struct pgnl_names *list;
	int ret = pgnl_name_list(dump->cli->kernel, NULL, &list);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < list->n; i++)
		if (!list->name[i].holder.node)
			json_array_append_new(to, registration(dump, &list->name[i]));
	pgnl_free(list);
	return 0;
}

static int add_scope(struct dump *dump, const struct pgnl_scope *scope, json_t *to)
{
	json_t *groups = need(json_array()), *members = need(json_array());
	int ret;

	json_array_append_new(to, need(json_pack("{s:o, s:s, s:b, s:I, s:I, s:o, s:o, s:o}",
		"scope", text_json_name(scope->name),
		"mode", scope->mode == PGNL_MODE_PG2 ? "pg2" : "pg",
		"cluster", !!(scope->flags & PGNL_CLUSTER),
		"owner", (json_int_t)scope->owner,
		"gid", (json_int_t)scope->group,
		"perm", out_perm(scope->perm),
		"groups", groups,
		"members", members)));
	ret = scope->mode == PGNL_MODE_PG2 ? add_groups(dump, scope->name, groups) : 0;
	if (!ret)
		ret = scope->flags & PGNL_EXCLUSIVE ? add_names(dump, members) :
						      add_members(dump, scope->name, members);
	if (!ret && dump->progress)
		say(dump->cli, "scope %s: %zu rows", scope->name, json_array_size(members));
	return ret;
}

static int add_scopes(struct dump *dump, json_t *to)
{
	struct pgnl_scopes *list;
	int ret = pgnl_scopes(dump->cli->kernel, dump->cli->scope, &list);

	if (ret < 0)
		return ret;
	/* Those of other network namespaces are theirs to dump. */
	for (size_t i = 0; i < list->n && ret >= 0; i++)
		if (!(list->scope[i].flags & PGNL_SHARED))
			ret = add_scope(dump, &list->scope[i], to);
	pgnl_free(list);
	return ret;
}

static int print_dump(struct dump *dump)
{
	json_t *scopes = need(json_array());
	struct pgnl_info info;
	char boot[PROC_BOOT_MAX];
	int ret = pgnl_info(dump->cli->kernel, &info);

	if (ret >= 0)
		ret = add_scopes(dump, scopes);
	if (ret < 0) {
		json_decref(scopes);
		return err_kernel(dump->cli, ret);
	}
	proc_boot(boot);
	out_json(dump->cli, json_pack("{s:i, s:s, s:o, s:o, s:o}",
				      "pgnl", DUMP_FORMAT,
				      "boot", boot,
				      "epoch", out_id(info.epoch),
				      "node", text_json_name(info.node),
				      "scopes", scopes));
	return CLI_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct dump dump = { .cli = cli };
	int key, status;

	while ((key = args_next(cli, argc, argv)) >= 0)
		dump.progress = true;
	if (key != ARGS_END)
		return args_status(key);
	status = cli_connect(cli);
	return status ? status : print_dump(&dump);
}

static const struct cli_option options[] = {
	{ "progress", NULL, OPT_PROGRESS, "tell on standard error how far it is" },
	{ 0 }
};

const struct command cmd_dump = {
	.name = "dump",
	.args = "[--progress]",
	.summary = "print scopes, groups and members of this node for 'restore'",
	.examples = "  pgnl dump > groups.json\n"
		    "  pgnl dump > groups.json && modprobe -r pgnl && modprobe pgnl &&"
		    " pgnl restore groups.json\n",
	.notes = "Always JSON. With -s SCOPE only that scope. What others share with this network\n"
		 "namespace is left out.",
	.options = options,
	.run = run,
};
