// SPDX-License-Identifier: GPL-2.0-or-later
/* closest, pick */
#include <errno.h>
#include <string.h>

#include <linux/pgnl.h>

#include "args.h"
#include "err.h"
#include "member.h"
#include "out.h"

enum { OPT_POLICY = 256, OPT_UID, OPT_STALE };

struct choice {
	enum pgnl_pick_policy policy;
	struct pgnl_pick_opts opts;
};

static bool parse_policy(const struct cli *cli, const char *text, struct choice *choice)
{
	const char *key = strncmp(text, "key=", 4) ? NULL : text + 4;

	if (!strcmp(text, "random")) {
		choice->policy = PGNL_PICK_RANDOM;
	} else if (!strcmp(text, "rr")) {
		choice->policy = PGNL_PICK_ROUND_ROBIN;
	} else if (key && *key && strlen(key) <= PGNL_KEY_MAX) {
		choice->policy = PGNL_PICK_KEY;
		choice->opts.key = key;
		choice->opts.key_len = strlen(key);
	} else if (key) {
		err_usage(cli, "a key has 1 to %d bytes, not %zu", PGNL_KEY_MAX, strlen(key));
		return false;
	} else {
		err_usage(cli, "--policy is random, rr or key=STRING, not '%s'", text);
		return false;
	}
	return true;
}

static int print_choice(struct cli *cli, const struct choice *choice)
{
	struct pgnl_members *list = NULL;
	struct pgnl_info info;
	struct out *out;
	int ret, picked;

	ret = pgnl_info(cli->kernel, &info);
	if (ret < 0)
		return err_kernel(cli, ret);
	picked = pgnl_pick(cli->kernel, cli->scope, cli->words[0], choice->policy,
			   &choice->opts, &list);
	if (picked < 0 && !err_is_nobody(cli, picked))
		return err_kernel(cli, picked);
	out = out_begin(cli);
	if (picked >= 0)
		out_row(out, member_row(&list->member[0], info.node));
	out_end(out);
	if (picked < 0)
		return err_nothing(cli, "%s", pgnl_last_error(cli->kernel)->text);
	pgnl_free(list);
	return CLI_DONE;
}

static int run(struct cli *cli, int argc, char **argv, enum pgnl_pick_policy policy)
{
	struct choice choice = { .policy = policy, .opts.uid = PGNL_ANY_UID };
	int key, status;

	while ((key = args_next(cli, argc, argv)) >= 0) {
		if (key == OPT_POLICY && !parse_policy(cli, optarg, &choice))
			return CLI_USAGE;
		if (key == OPT_UID && !args_user(cli, optarg, &choice.opts.uid))
			return CLI_USAGE;
		if (key == OPT_STALE)
			choice.opts.flags |= PGNL_ANY_STATE;
	}
	if (key != ARGS_END)
		return args_status(key);
	if (!args_groups(cli))
		return CLI_USAGE;
	status = cli_connect(cli);
	return status ? status : print_choice(cli, &choice);
}

static int run_closest(struct cli *cli, int argc, char **argv)
{
	return run(cli, argc, argv, PGNL_PICK_CLOSEST);
}

static int run_pick(struct cli *cli, int argc, char **argv)
{
	return run(cli, argc, argv, PGNL_PICK_RANDOM);
}

#define COMMON_OPTIONS \
	{ "uid", "USER", OPT_UID, "only processes that this user or uid had joined" }, \
	{ "stale", NULL, OPT_STALE, "also members whose node is suspect or stale" }

static const struct cli_option closest_options[] = {
	COMMON_OPTIONS,
	{ 0 }
};

static const struct cli_option pick_options[] = {
	{ "policy", "random|rr|key=STRING", OPT_POLICY,
	  "random (default), in turn, or always the same one for the same key" },
	COMMON_OPTIONS,
	{ 0 }
};

const struct command cmd_closest = {
	.name = "closest",
	.args = "GROUP [--uid USER] [--stale]",
	.summary = "one member, of this node if there is one",
	.examples = "  pgnl closest web\n"
		    "  pgnl -n -o pid closest web --uid www-data\n",
	.notes = "Printed as by 'members'. Exit code 3 when nobody fits.",
	.options = closest_options,
	.columns = member_columns,
	.min_words = 1,
	.max_words = 1,
	.run = run_closest,
};

const struct command cmd_pick = {
	.name = "pick",
	.args = "GROUP [--policy random|rr|key=STRING] [--uid USER] [--stale]",
	.summary = "one member, by a policy",
	.examples = "  pgnl pick web --policy rr\n"
		    "  pgnl -j pick cache --policy key=user:42 | jq '.[0].pid'\n",
	.notes = "Printed as by 'members'. Exit code 3 when nobody fits.",
	.options = pick_options,
	.columns = member_columns,
	.min_words = 1,
	.max_words = 1,
	.run = run_pick,
};
