// SPDX-License-Identifier: GPL-2.0-or-later
/* restore: join again what a dump tells of and what still lives */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/pgnl.h>

#include "args.h"
#include "dump.h"
#include "err.h"
#include "name.h"
#include "out.h"
#include "proc.h"
#include "text.h"

enum { OPT_PROGRESS = 256 };

#define PROGRESS_STEP 1000

struct restore {
	struct cli *cli;
	const char *file;
	bool progress;
	bool same_boot;
	size_t rows;		/* of the dump */
	size_t joined;
	size_t present;		/* were members as often already */
	size_t skipped;
	size_t refused;
	struct pgnl_members *known;	/* memberships of the process looked at last */
	pid_t known_of;
};

/* A scope, a created group or a member of the dump, as far as it has these. */
struct entry {
	char *name;		/* of the scope or group */
	enum pgnl_mode mode;
	uint32_t flags;
	uint32_t owner;
	uint32_t gid;
	uint32_t perm;
	pid_t pid;
	json_int_t start;	/* -1: was not known */
	struct pgnl_join_opts opts;
	char *meta;
	enum pgnl_name_resolve resolve;
};

static void entry_free(struct entry *entry)
{
	free(entry->name);
	free(entry->meta);
}

static bool bad(const struct restore *restore, const char *what, const char *why)
{
	err_usage(restore->cli, "'%s' is no dump: %s %s", restore->file, what, why);
	return false;
}

static bool parse_name(const struct restore *restore, const char *what, const json_t *json,
		       size_t max, struct entry *entry)
{
	size_t len;

	entry->name = text_bytes(json, &len);
	if (!len || len > max || strlen(entry->name) != len)
		return bad(restore, what, "has an impossible name");
	return true;
}

static bool parse_owner(const struct restore *restore, const char *what, json_t *json,
			struct entry *entry)
{
	json_int_t owner, gid;
	json_error_t error;
	const char *perm;
	char *end;

	if (json_unpack_ex(json, &error, 0, "{s:I, s:I, s:s}", "owner", &owner, "gid", &gid,
			   "perm", &perm))
		return bad(restore, what, error.text);
	entry->owner = owner;
	entry->gid = gid;
	entry->perm = strtoul(perm, &end, 8);
	if (!*perm || *end || entry->perm > 0777)
		return bad(restore, what, "has impossible permissions");
	return true;
}

static bool parse_scope(const struct restore *restore, json_t *json, struct entry *entry,
			json_t **groups, json_t **members)
{
	json_t *name;
	json_error_t error;
	const char *mode;
	int cluster;

	if (json_unpack_ex(json, &error, 0, "{s:o, s:s, s:b, s:o, s:o}", "scope", &name,
			   "mode", &mode, "cluster", &cluster, "groups", groups,
			   "members", members))
		return bad(restore, "a scope", error.text);
	if (!json_is_string(name) || !json_is_array(*groups) || !json_is_array(*members))
		return bad(restore, "a scope", "has no name or no lists");
	if (strcmp(mode, "pg") && strcmp(mode, "pg2"))
		return bad(restore, "a scope", "has an unknown mode");
	entry->mode = strcmp(mode, "pg") ? PGNL_MODE_PG2 : PGNL_MODE_PG;
	entry->flags = cluster ? PGNL_CLUSTER : 0;
	return parse_name(restore, "a scope", name, PGNL_SCOPE_NAME_MAX, entry) &&
	       parse_owner(restore, "a scope", json, entry);
}

static bool parse_group(const struct restore *restore, json_t *json, struct entry *entry)
{
	json_t *name = json_object_get(json, "group");

	if (!json_is_string(name))
		return bad(restore, "a group", "has no name");
	return parse_name(restore, "a group", name, PGNL_GROUP_NAME_MAX, entry) &&
	       parse_owner(restore, "a group", json, entry);
}

static bool parse_member(const struct restore *restore, json_t *json, struct entry *entry)
{
	const char *resolve = name_resolve_text(PGNL_KEEP_FIRST);
	json_int_t pid, count, weight;
	json_t *name, *start, *meta;
	json_error_t error;

	if (json_unpack_ex(json, &error, 0, "{s:o, s:I, s:o, s:I, s:I, s:o, s?s}", "group", &name,
			   "pid", &pid, "start", &start, "count", &count, "weight", &weight,
			   "meta", &meta, "resolve", &resolve))
		return bad(restore, "a member", error.text);
	if (!json_is_string(name) || pid < 0 || pid > INT32_MAX || count < 1 ||
	    count > UINT32_MAX || weight < 1 || weight > PGNL_WEIGHT_MAX ||
	    !(json_is_integer(start) || json_is_null(start)) ||
	    !(json_is_string(meta) || json_is_null(meta)) ||
	    !name_resolve(resolve, &entry->resolve))
		return bad(restore, "a member", "has an impossible value");
	entry->pid = pid;
	entry->start = json_is_null(start) ? -1 : json_integer_value(start);
	entry->opts.times = count;
	entry->opts.weight = weight;
	if (json_is_string(meta))
		entry->opts.meta = entry->meta = text_bytes(meta, &entry->opts.meta_len);
	if (entry->opts.meta_len > PGNL_META_MAX)
		return bad(restore, "a member", "has too long metadata");
	return parse_name(restore, "a member", name, PGNL_GROUP_NAME_MAX, entry);
}

/* Look at every entry before the first is acted on. */
static bool check_list(struct restore *restore, json_t *list,
		       bool (*parse)(const struct restore *, json_t *, struct entry *))
{
	json_t *json;
	size_t i;

	json_array_foreach(list, i, json) {
		struct entry entry = { 0 };
		bool good = parse(restore, json, &entry);

		entry_free(&entry);
		if (!good)
			return false;
	}
	return true;
}

static bool check(struct restore *restore, json_t *scopes)
{
	json_t *json, *groups, *members;
	bool good = true;
	size_t i;

	if (!json_is_array(scopes))
		return bad(restore, "'scopes'", "is no list");
	json_array_foreach(scopes, i, json) {
		struct entry entry = { 0 };

		good = parse_scope(restore, json, &entry, &groups, &members) &&
		       check_list(restore, groups, parse_group) &&
		       check_list(restore, members, parse_member);
		entry_free(&entry);
		if (!good)
			break;
		restore->rows += json_array_size(members);
	}
	return good;
}

static void refuse(struct restore *restore, int ret)
{
	restore->refused++;
	err_kernel(restore->cli, ret);
}

static void skip(struct restore *restore, const struct entry *entry, const char *why)
{
	restore->skipped++;
	say(restore->cli, "skipped process %d of group '%s': %s", entry->pid, entry->name, why);
}

/* A dump has the rows of a process one after the other, so one look serves many. */
static const struct pgnl_members *memberships(struct restore *restore, pid_t pid)
{
	if (restore->known_of != pid) {
		pgnl_free(restore->known);
		restore->known = NULL;
		restore->known_of = pid;
		if (pgnl_process_groups(restore->cli->kernel, pid, &restore->known) < 0)
			restore->known = NULL;
	}
	return restore->known;
}

/* How often the process is in the group already. */
static uint32_t count_now(struct restore *restore, const char *scope, const struct entry *entry)
{
	const struct pgnl_members *list = memberships(restore, entry->pid);

	for (size_t i = 0; list && i < list->n; i++)
		if (!strcmp(list->member[i].scope, scope) &&
		    !strcmp(list->member[i].group, entry->name))
			return list->member[i].count;
	return 0;
}

/* Join the process of the pidfd as often as it takes to be in as often as then. */
static void join_again(struct restore *restore, const char *scope, struct entry *entry, int pidfd)
{
	uint32_t now = count_now(restore, scope, entry);
	int ret;

	if (now >= entry->opts.times) {
		restore->present++;
		return;
	}
	entry->opts.times -= now;
	ret = pgnl_join_pidfd(restore->cli->kernel, scope, entry->name, pidfd, &entry->opts, NULL);
	if (ret == -ESRCH)
		skip(restore, entry, "it has ended");
	else if (ret < 0)
		refuse(restore, ret);
	else
		restore->joined++;
}

static void register_again(struct restore *restore, const struct entry *entry, int pidfd)
{
	const struct pgnl_name_opts opts = {
		.resolve = entry->resolve, .meta = entry->opts.meta, .meta_len = entry->opts.meta_len,
	};
	int ret;

	if (count_now(restore, NAME_SCOPE, entry)) {
		restore->present++;
		return;
	}
	ret = pgnl_name_register_pidfd(restore->cli->kernel, entry->name, pidfd, &opts, NULL);
	if (ret == -ESRCH)
		skip(restore, entry, "it has ended");
	else if (ret < 0)
		refuse(restore, ret);
	else if (ret == PGNL_NO)
		skip(restore, entry, "another process has the name");
	else
		restore->joined++;
}

/*
 * The pidfd pins the process: when it is still alive at the join, then the
 * start time read in between was its own.
 */
static void restore_member(struct restore *restore, const struct entry *scope,
			   struct entry *entry)
{
	struct proc_task task;
	int pidfd;

	if (!restore->same_boot)
		return skip(restore, entry, "it ran in another boot");
	if (!entry->pid || entry->start < 0)
		return skip(restore, entry, "the dump could not see it");
	pidfd = syscall(SYS_pidfd_open, entry->pid, 0);
	if (pidfd < 0 || !proc_task(entry->pid, &task))
		skip(restore, entry, "it has ended");
	else if (task.start != (uint64_t)entry->start)
		skip(restore, entry, "the pid is another process now");
	else if (scope->flags & PGNL_EXCLUSIVE)
		register_again(restore, entry, pidfd);
	else
		join_again(restore, scope->name, entry, pidfd);
	if (pidfd >= 0)
		close(pidfd);
}

static void show_progress(const struct restore *restore)
{
	size_t done = restore->joined + restore->present + restore->skipped + restore->refused;

	if (restore->progress && (done % PROGRESS_STEP == 0 || done == restore->rows))
		say(restore->cli, "%zu of %zu rows", done, restore->rows);
}

static void restore_members(struct restore *restore, const struct entry *scope,
			    json_t *members)
{
	json_t *json;
	size_t i;

	json_array_foreach(members, i, json) {
		struct entry entry = { 0 };

		parse_member(restore, json, &entry);
		restore_member(restore, scope, &entry);
		entry_free(&entry);
		show_progress(restore);
	}
}

static void restore_groups(struct restore *restore, const char *scope, json_t *groups)
{
	json_t *json;
	size_t i;

	json_array_foreach(groups, i, json) {
		struct entry entry = { 0 };
		int ret;

		parse_group(restore, json, &entry);
		ret = pgnl_group_create(restore->cli->kernel, scope, entry.name, entry.owner,
					entry.gid, entry.perm);
		if (ret < 0)
			refuse(restore, ret);
		entry_free(&entry);
	}
}

/* Add the scope unless it is there; of names is only one that is. */
static bool restore_scope(struct restore *restore, struct entry *entry)
{
	struct pgnl_scopes *list;
	int ret = pgnl_scopes(restore->cli->kernel, entry->name, &list);
	bool same = true;

	if (ret >= 0) {
		same = list->scope[0].mode == entry->mode;
		entry->flags = list->scope[0].flags;
		pgnl_free(list);
	} else if (ret == -ENOENT) {
		ret = pgnl_scope_add(restore->cli->kernel, entry->name, entry->mode, entry->flags,
				     entry->owner, entry->gid, entry->perm);
	}
	if (ret < 0) {
		refuse(restore, ret);
	} else if (!same) {
		restore->refused++;
		err_refused(restore->cli, "scope %s is of another mode now", entry->name);
	}
	return ret >= 0 && same;
}

static void restore_scopes(struct restore *restore, json_t *scopes)
{
	json_t *json, *groups, *members;
	size_t i;

	json_array_foreach(scopes, i, json) {
		const char *only = restore->cli->scope;
		struct entry entry = { 0 };

		parse_scope(restore, json, &entry, &groups, &members);
		if ((!only || !strcmp(only, entry.name)) && restore_scope(restore, &entry)) {
			restore_groups(restore, entry.name, groups);
			restore_members(restore, &entry, members);
		}
		entry_free(&entry);
	}
}

static int report(const struct restore *restore)
{
	const struct cli *cli = restore->cli;

	if (cli->json)
		out_json(cli, json_pack("{s:I, s:I, s:I, s:I}",
					"joined", (json_int_t)restore->joined,
					"present", (json_int_t)restore->present,
					"skipped", (json_int_t)restore->skipped,
					"refused", (json_int_t)restore->refused));
	say(cli, "%zu joined, %zu were there already, %zu skipped, %zu refused",
	    restore->joined, restore->present, restore->skipped, restore->refused);
	if (restore->refused)
		return CLI_REFUSED;
	return restore->skipped && !restore->joined && !restore->present ? CLI_NOTHING : CLI_DONE;
}

static int restore_document(struct restore *restore, json_t *document)
{
	char boot[PROC_BOOT_MAX];
	const char *was;
	json_error_t error;
	json_t *scopes;
	int format, status;

	if (json_unpack_ex(document, &error, 0, "{s:i, s:s, s:o}", "pgnl", &format, "boot", &was,
			   "scopes", &scopes))
		return err_usage(restore->cli, "'%s' is no dump: %s", restore->file, error.text);
	if (format != DUMP_FORMAT)
		return err_usage(restore->cli, "'%s' is a dump of format %d, not %d", restore->file,
				 format, DUMP_FORMAT);
	if (!check(restore, scopes))
		return CLI_USAGE;
	status = cli_connect(restore->cli);
	if (status)
		return status;
	proc_boot(boot);
	restore->same_boot = *boot && !strcmp(was, boot);
	restore_scopes(restore, scopes);
	return report(restore);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct restore restore = { .cli = cli };
	json_error_t error;
	json_t *document;
	int key, status;

	while ((key = args_next(cli, argc, argv)) >= 0)
		restore.progress = true;
	if (key != ARGS_END)
		return args_status(key);
	restore.file = cli->words[0];
	if (!strcmp(restore.file, "-") && cli->batch_is_input)
		return err_usage(cli, "'-' would read the rest of the batch");
	document = strcmp(restore.file, "-") ?
		   json_load_file(restore.file, JSON_REJECT_DUPLICATES, &error) :
		   json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
	if (!document && error.line < 0)
		return err_usage(cli, "%s", error.text);
	if (!document)
		return err_usage(cli, "%s:%d:%d: %s", restore.file, error.line, error.column,
				 error.text);
	status = restore_document(&restore, document);
	pgnl_free(restore.known);
	json_decref(document);
	return status;
}

static const struct cli_option options[] = {
	{ "progress", NULL, OPT_PROGRESS, "tell on standard error how far it is" },
	{ 0 }
};

const struct command cmd_restore = {
	.name = "restore",
	.args = "FILE [--progress]",
	.summary = "join again what a dump tells of and what still lives",
	.examples = "  pgnl restore groups.json\n"
		    "  pgnl -s jobs restore groups.json --progress\n",
	.notes = "Adds what is missing and takes nothing away: scopes, created groups, and those\n"
		 "processes that still run, which the boot and their start time tell. Says on\n"
		 "standard error what it skipped. With -s SCOPE only that scope. Exit code 3 when\n"
		 "all was skipped.",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
