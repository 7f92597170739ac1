// SPDX-License-Identifier: GPL-2.0-or-later
/* limits */
#include <stdint.h>
#include <string.h>

#include "args.h"
#include "err.h"
#include "out.h"

/* The limit that a KEY=VALUE of the given length of KEY names; PGNL_N_LIMITS if none. */
static enum pgnl_limit find_limit(const char *name, size_t len)
{
	enum pgnl_limit limit;

	for (limit = 0; limit < PGNL_N_LIMITS; limit++)
		if (strlen(pgnl_limit_name(limit)) == len &&
		    !memcmp(pgnl_limit_name(limit), name, len))
			break;
	return limit;
}

static bool parse(const struct cli *cli, const char *word, enum pgnl_limit *limit, uint64_t *value)
{
	size_t len = strcspn(word, "=");

	*limit = find_limit(word, len);
	if (*limit == PGNL_N_LIMITS) {
		err_usage(cli, "no limit '%.*s'; see 'pgnl limits'", (int)len, word);
		return false;
	}
	if (!word[len]) {
		err_usage(cli, "'%s' says no value: %s=VALUE is wanted", word, word);
		return false;
	}
	return args_number(cli, pgnl_limit_name(*limit), word + len + 1, 0, INT64_MAX, value);
}

static bool parse_all(const struct cli *cli)
{
	enum pgnl_limit limit;
	uint64_t value;

	for (size_t i = 0; i < cli->n_words; i++)
		if (!parse(cli, cli->words[i], &limit, &value))
			return false;
	return true;
}

static int set_all(struct cli *cli)
{
	enum pgnl_limit limit;
	uint64_t value;
	int ret = 0;

	for (size_t i = 0; i < cli->n_words && !ret; i++) {
		parse(cli, cli->words[i], &limit, &value);
		ret = pgnl_limit_set(cli->kernel, limit, value);
	}
	return ret ? err_kernel(cli, ret) : CLI_DONE;
}

static void print_table(struct cli *cli, const uint64_t *limits, const uint64_t *usage)
{
	struct out *out = out_begin(cli);

	for (int i = 0; i < PGNL_N_LIMITS; i++)
		out_row(out, json_pack("{s:s, s:I, s:I}", "name", pgnl_limit_name(i),
				       "limit", (json_int_t)limits[i],
				       "usage", (json_int_t)usage[i]));
	out_end(out);
}

static void print_object(struct cli *cli, const uint64_t *limits, const uint64_t *usage)
{
	json_t *object = need(json_object());

	for (int i = 0; i < PGNL_N_LIMITS; i++)
		json_object_set_new(object, pgnl_limit_name(i),
				    json_pack("{s:I, s:I}", "limit", (json_int_t)limits[i],
					      "usage", (json_int_t)usage[i]));
	out_json(cli, object);
}

static int show_all(struct cli *cli)
{
	uint64_t limits[PGNL_N_LIMITS], usage[PGNL_N_LIMITS];
	int ret = pgnl_limits(cli->kernel, limits, usage, PGNL_N_LIMITS);

	if (ret < 0)
		return err_kernel(cli, ret);
	if (cli->json)
		print_object(cli, limits, usage);
	else
		print_table(cli, limits, usage);
	return CLI_DONE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	int key, status;

	key = args_next(cli, argc, argv);
	if (key != ARGS_END)
		return args_status(key);
	if (!parse_all(cli))
		return CLI_USAGE;
	status = cli_connect(cli);
	if (status)
		return status;
	return cli->n_words ? set_all(cli) : show_all(cli);
}

static const struct column columns[] = {
	{ "name", COLUMN_USUAL },
	{ "limit", COLUMN_USUAL | COLUMN_RIGHT },
	{ "usage", COLUMN_USUAL | COLUMN_RIGHT },
	{ 0 }
};

const struct command cmd_limits = {
	.name = "limits",
	.args = "[KEY=VALUE...]",
	.summary = "print the limits and what is in use, or change limits",
	.examples = "  pgnl limits\n"
		    "  pgnl limits user-memberships=100000 net-groups=50000\n",
	.notes = "The limits named user-* count what the caller uses. To change those of the\n"
		 "network namespace needs CAP_NET_ADMIN over it, those of users need it in the\n"
		 "initial user namespace. JSON is one object, a key for each limit.",
	.columns = columns,
	.max_words = -1,
	.run = run,
};
