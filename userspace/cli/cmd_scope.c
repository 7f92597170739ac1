// SPDX-License-Identifier: GPL-2.0-or-later
/* scopes, scope add, scope del, scope set, scope share, scope unshare */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "err.h"
#include "out.h"
#include "text.h"

enum { OPT_MODE = 256, OPT_OWNER, OPT_GROUP, OPT_PERM, OPT_CLUSTER, OPT_NETNS, OPT_AS };

#define OWNER_OPTIONS \
	{ "owner", "USER", OPT_OWNER, "who owns it: a user or uid" }, \
	{ "group", "GROUP", OPT_GROUP, "its group: a group of users or gid" }, \
	{ "perm", "MODE", OPT_PERM, "mode bits in octal: r lists, w joins, x signals" }

struct scope_opts {
	enum pgnl_mode mode;
	uint32_t flags;
	uint32_t owner;
	uint32_t group;
	uint32_t perm;
};

#define SCOPE_OPTS { .owner = PGNL_KEEP, .group = PGNL_KEEP, .perm = PGNL_KEEP }

static bool parse_mode(const struct cli *cli, const char *text, enum pgnl_mode *mode)
{
	if (!strcmp(text, "pg")) {
		*mode = PGNL_MODE_PG;
	} else if (!strcmp(text, "pg2")) {
		*mode = PGNL_MODE_PG2;
	} else {
		err_usage(cli, "--mode is pg or pg2, not '%s'", text);
		return false;
	}
	return true;
}

static bool parse_option(struct cli *cli, int key, struct scope_opts *opts)
{
	switch (key) {
	case OPT_MODE:
		return parse_mode(cli, optarg, &opts->mode);
	case OPT_OWNER:
		return args_user(cli, optarg, &opts->owner);
	case OPT_GROUP:
		return args_user_group(cli, optarg, &opts->group);
	case OPT_PERM:
		return args_perm(cli, optarg, &opts->perm);
	default:
		opts->flags |= PGNL_CLUSTER;
		return true;
	}
}

/* Options and the one name; CLI_DONE and connected, or the exit code in *status. */
static bool parse(struct cli *cli, int argc, char **argv, struct scope_opts *opts, int *status)
{
	int key;

	while ((key = args_next(cli, argc, argv)) >= 0) {
		*status = CLI_USAGE;
		if (!parse_option(cli, key, opts))
			return false;
	}
	*status = args_status(key);
	if (key != ARGS_END)
		return false;
	*status = CLI_USAGE;
	return args_scope(cli, cli->words[0]);
}

static int run_add(struct cli *cli, int argc, char **argv)
{
	struct scope_opts opts = SCOPE_OPTS;
	int status, ret;

	if (!parse(cli, argc, argv, &opts, &status))
		return status;
	status = cli_connect(cli);
	if (status)
		return status;
	ret = pgnl_scope_add(cli->kernel, cli->words[0], opts.mode, opts.flags,
			     opts.owner, opts.group, opts.perm);
	return ret ? err_kernel(cli, ret) : CLI_DONE;
}

static int run_del(struct cli *cli, int argc, char **argv)
{
	struct scope_opts opts = SCOPE_OPTS;
	int status, ret;

	if (!parse(cli, argc, argv, &opts, &status))
		return status;
	status = cli_connect(cli);
	if (status)
		return status;
	ret = pgnl_scope_del(cli->kernel, cli->words[0]);
	return ret ? err_kernel(cli, ret) : CLI_DONE;
}

static int run_set(struct cli *cli, int argc, char **argv)
{
	struct scope_opts opts = SCOPE_OPTS;
	int status, ret;

	if (!parse(cli, argc, argv, &opts, &status))
		return status;
	if (opts.owner == PGNL_KEEP && opts.group == PGNL_KEEP && opts.perm == PGNL_KEEP)
		return err_usage(cli, "nothing to set: --owner, --group or --perm is wanted");
	status = cli_connect(cli);
	if (status)
		return status;
	ret = pgnl_scope_set(cli->kernel, cli->words[0], opts.owner, opts.group, opts.perm);
	return ret ? err_kernel(cli, ret) : CLI_DONE;
}

/* --- Sharing --- */

struct share_opts {
	const char *netns;
	const char *alias;
};

/* The one name and where to; CLI_DONE with a descriptor: go on; else the exit code. */
static int parse_share(struct cli *cli, int argc, char **argv, struct share_opts *opts, int *fd)
{
	int key;

	while ((key = args_next(cli, argc, argv)) >= 0)
		*(key == OPT_NETNS ? &opts->netns : &opts->alias) = optarg;
	if (key != ARGS_END)
		return args_status(key);
	if (!args_scope(cli, cli->words[0]) || (opts->alias && !args_scope(cli, opts->alias)))
		return CLI_USAGE;
	if (!opts->netns)
		return err_usage(cli, "where to? --netns /proc/PID/ns/net is wanted");
	*fd = open(opts->netns, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return err_refused(cli, "can't open %s: %s", opts->netns, strerror(errno));
	return cli_connect(cli);
}

static int run_share(struct cli *cli, int argc, char **argv)
{
	struct share_opts opts = { 0 };
	int status, ret, fd = -1;

	status = parse_share(cli, argc, argv, &opts, &fd);
	if (!status && fd >= 0) {
		ret = pgnl_scope_share(cli->kernel, cli->words[0], fd,
				       opts.alias ? opts.alias : cli->words[0]);
		status = ret ? err_kernel(cli, ret) : CLI_DONE;
	}
	if (fd >= 0)
		close(fd);
	return status;
}

static int run_unshare(struct cli *cli, int argc, char **argv)
{
	struct share_opts opts = { 0 };
	int status, ret, fd = -1;

	status = parse_share(cli, argc, argv, &opts, &fd);
	if (!status && fd >= 0) {
		ret = pgnl_scope_unshare(cli->kernel, cli->words[0], fd);
		status = ret ? err_kernel(cli, ret) : CLI_DONE;
	}
	if (fd >= 0)
		close(fd);
	return status;
}

/* --- Listing --- */

static const char *mode_name(enum pgnl_mode mode)
{
	return mode == PGNL_MODE_PG ? "pg" : mode == PGNL_MODE_PG2 ? "pg2" : "unknown";
}

static void print_scope(struct out *out, const struct pgnl_scope *scope)
{
	out_row(out, json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:o}",
			       "scope", text_json_name(scope->name),
			       "mode", mode_name(scope->mode),
			       "groups", (json_int_t)scope->groups,
			       "members", (json_int_t)scope->members,
			       "owner", (json_int_t)scope->owner,
			       "group", (json_int_t)scope->group,
			       "perm", out_perm(scope->perm)));
}

static int run_scopes(struct cli *cli, int argc, char **argv)
{
	struct pgnl_scopes *list;
	struct out *out;
	int key, status, ret;

	key = args_next(cli, argc, argv);
	if (!args_connect(cli, key, &status))
		return status;
	ret = pgnl_scopes(cli->kernel, cli->scope, &list);
	if (ret < 0)
		return err_kernel(cli, ret);
	out = out_begin(cli);
	for (size_t i = 0; i < list->n; i++)
		print_scope(out, &list->scope[i]);
	out_end(out);
	pgnl_free(list);
	return CLI_DONE;
}

static const struct column scope_columns[] = {
	{ "scope", COLUMN_USUAL },
	{ "mode", COLUMN_USUAL },
	{ "groups", COLUMN_USUAL | COLUMN_RIGHT },
	{ "members", COLUMN_USUAL | COLUMN_RIGHT },
	{ "owner", COLUMN_USUAL, out_show_user },
	{ "group", COLUMN_USUAL, out_show_user_group },
	{ "perm", COLUMN_USUAL },
	{ 0 }
};

const struct command cmd_scopes = {
	.name = "scopes",
	.args = "",
	.summary = "list the scopes",
	.examples = "  pgnl scopes\n"
		    "  pgnl -j scopes | jq -r '.[].scope'\n",
	.notes = "With -s SCOPE only that one.",
	.columns = scope_columns,
	.run = run_scopes,
};

static const struct cli_option add_options[] = {
	{ "mode", "pg|pg2", OPT_MODE,
	  "pg (default): groups come and go with members; pg2: they are created and deleted" },
	OWNER_OPTIONS,
	{ "cluster", NULL, OPT_CLUSTER, "an agent, when one runs, shares it with other nodes" },
	{ 0 }
};

const struct command cmd_scope_add = {
	.name = "scope add",
	.args = "NAME [--mode pg|pg2] [--owner USER] [--group GROUP] [--perm MODE] [--cluster]",
	.summary = "add a scope",
	.examples = "  pgnl scope add jobs --mode pg2\n"
		    "  pgnl scope add web --owner www-data --perm 0755\n",
	.notes = "Needs CAP_NET_ADMIN. The default owner is the caller, the default mode 0775.",
	.options = add_options,
	.min_words = 1,
	.max_words = 1,
	.run = run_add,
};

const struct command cmd_scope_del = {
	.name = "scope del",
	.args = "NAME",
	.summary = "delete a scope with all its groups",
	.examples = "  pgnl scope del jobs\n",
	.notes = "Needs CAP_NET_ADMIN. The scopes pg, pg2 and global stay.",
	.min_words = 1,
	.max_words = 1,
	.run = run_del,
};

static const struct cli_option set_options[] = {
	OWNER_OPTIONS,
	{ 0 }
};

const struct command cmd_scope_set = {
	.name = "scope set",
	.args = "NAME [--owner USER] [--group GROUP] [--perm MODE]",
	.summary = "change owner, group or mode of a scope",
	.examples = "  pgnl scope set pg --perm 0755\n"
		    "  pgnl scope set jobs --owner batch --group batch\n",
	.notes = "Needs CAP_NET_ADMIN.",
	.options = set_options,
	.min_words = 1,
	.max_words = 1,
	.run = run_set,
};

static const struct cli_option share_options[] = {
	{ "netns", "PATH", OPT_NETNS, "the other network namespace: /proc/PID/ns/net, say" },
	{ "as", "ALIAS", OPT_AS, "what it is called there, if not the same" },
	{ 0 }
};

const struct command cmd_scope_share = {
	.name = "scope share",
	.args = "NAME --netns PATH [--as ALIAS]",
	.summary = "share a scope into another network namespace, for reading",
	.examples = "  pgnl scope share pg --netns /proc/4242/ns/net --as host\n"
		    "  nsenter -t 4242 -n pgnl -s host groups\n",
	.notes = "Needs CAP_NET_ADMIN over both. Pids are those of the reader's pid namespace, 0"
		 " where\nthe process is invisible. It ends with the scope and with either"
		 " namespace.",
	.options = share_options,
	.min_words = 1,
	.max_words = 1,
	.run = run_share,
};

static const struct cli_option unshare_options[] = {
	{ "netns", "PATH", OPT_NETNS, "the network namespace that it is shared into" },
	{ 0 }
};

const struct command cmd_scope_unshare = {
	.name = "scope unshare",
	.args = "ALIAS --netns PATH",
	.summary = "end the sharing of a scope",
	.examples = "  pgnl scope unshare host --netns /proc/4242/ns/net\n",
	.notes = "Needs CAP_NET_ADMIN over that network namespace. Who watches there is told.",
	.options = unshare_options,
	.min_words = 1,
	.max_words = 1,
	.run = run_unshare,
};
