// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pgnl.h>

#include "args.h"
#include "err.h"

#define OPTIONS_MAX 16

static void to_getopt(const struct cli_option *from, struct option *to)
{
	for (; from && from->name; from++)
		*to++ = (struct option){
			.name = from->name,
			.has_arg = from->arg ? required_argument : no_argument,
			.val = from->key,
		};
	*to++ = (struct option){ .name = "help", .val = 'h' };
	*to = (struct option){ 0 };
}

static int words_end(struct cli *cli, int argc, char **argv)
{
	const struct command *cmd = cli->cmd;

	while (optind < argc)
		cli->words[cli->n_words++] = argv[optind++];
	if (cli->n_words < cmd->min_words) {
		err_usage(cli, "too few words: pgnl %s %s", cmd->name, cmd->args);
		return ARGS_WRONG;
	}
	if (cli->n_words > cmd->max_words) {
		err_usage(cli, "'%s' is too much: pgnl %s%s%s", cli->words[cmd->max_words],
			  cmd->name, *cmd->args ? " " : "", cmd->args);
		return ARGS_WRONG;
	}
	return ARGS_END;
}

static int option_wrong(const struct cli *cli, int what, const char *word)
{
	if (what == ':')
		err_usage(cli, "option '%s' needs a value", word);
	else if (optopt && word[1] == '-')
		err_usage(cli, "option '%s' takes no value", word);
	else
		err_usage(cli, "unknown option '%s'; see 'pgnl help %s'", word, cli->cmd->name);
	return ARGS_WRONG;
}

int args_next(struct cli *cli, int argc, char **argv)
{
	struct option options[OPTIONS_MAX];
	int key;

	to_getopt(cli->cmd->options, options);
	opterr = 0;
	/* '-': words come as they are met, so that an option may take several. */
	while ((key = getopt_long(argc, argv, "-:h", options, NULL)) == 1)
		cli->words[cli->n_words++] = optarg;
	if (key == -1)
		return words_end(cli, argc, argv);
	if (key == '?' || key == ':')
		return option_wrong(cli, key, argv[optind > 1 ? optind - 1 : 1]);
	if (key == 'h') {
		help_command(cli->cmd);
		return ARGS_HELP;
	}
	return key;
}

int args_status(int key)
{
	return key == ARGS_HELP ? CLI_DONE : CLI_USAGE;
}

bool args_connect(struct cli *cli, int key, int *status)
{
	*status = key == ARGS_END ? cli_connect(cli) : args_status(key);
	return key == ARGS_END && !*status;
}

char *args_more(int argc, char **argv)
{
	return optind < argc && argv[optind][0] != '-' ? argv[optind++] : NULL;
}

static bool parse(const char *text, int base, uint64_t max, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*number = strtoull(text, &end, base);
	return !errno && !*end && *number <= max;
}

bool args_number(const struct cli *cli, const char *what, const char *text,
		 uint64_t min, uint64_t max, uint64_t *number)
{
	if (parse(text, 10, max, number) && *number >= min)
		return true;
	err_usage(cli, "bad %s '%s': a number from %llu to %llu is wanted", what, text,
		  (unsigned long long)min, (unsigned long long)max);
	return false;
}

bool args_seconds(const struct cli *cli, const char *text, int64_t *ms)
{
	size_t whole = strspn(text, "0123456789");
	const char *rest = text + whole;
	int64_t place = 100;

	/* By hand, since strtod(3) goes by the locale. */
	if (whole && whole < 10 && (!*rest || (*rest == '.' && rest[1]))) {
		*ms = strtoll(text, NULL, 10) * 1000;
		for (rest += *rest == '.'; isdigit((unsigned char)*rest); rest++, place /= 10)
			*ms += (*rest - '0') * place;
		if (!*rest)
			return true;
	}
	err_usage(cli, "bad time '%s': seconds as 5 or 0.5 are wanted", text);
	return false;
}

bool args_pid(const struct cli *cli, const char *text, pid_t *pid)
{
	uint64_t number;

	if (!args_number(cli, "pid", text, 1, INT_MAX, &number))
		return false;
	*pid = number;
	return true;
}

bool args_perm(const struct cli *cli, const char *text, uint32_t *perm)
{
	uint64_t number;

	if (!parse(text, 8, 0777, &number)) {
		err_usage(cli, "bad permissions '%s': octal bits up to 0777 are wanted", text);
		return false;
	}
	*perm = number;
	return true;
}

/* The largest number of all stands for "none given" everywhere. */
bool args_user(const struct cli *cli, const char *text, uint32_t *uid)
{
	const struct passwd *user = getpwnam(text);
	uint64_t number;

	if (!user && !parse(text, 10, UINT32_MAX - 1, &number)) {
		err_usage(cli, "no user '%s'", text);
		return false;
	}
	*uid = user ? user->pw_uid : number;
	return true;
}

bool args_user_group(const struct cli *cli, const char *text, uint32_t *gid)
{
	const struct group *group = getgrnam(text);
	uint64_t number;

	if (!group && !parse(text, 10, UINT32_MAX - 1, &number)) {
		err_usage(cli, "no group of users '%s'", text);
		return false;
	}
	*gid = group ? group->gr_gid : number;
	return true;
}

static bool name_fits(const struct cli *cli, const char *what, const char *name, size_t max)
{
	size_t len = strlen(name);

	if (!len)
		err_usage(cli, "the name of a %s can't be empty", what);
	else if (len > max)
		err_usage(cli, "the name of a %s has at most %zu bytes, not %zu", what, max, len);
	return len && len <= max;
}

bool args_scope(const struct cli *cli, const char *name)
{
	return name_fits(cli, "scope", name, PGNL_SCOPE_NAME_MAX);
}

bool args_groups(const struct cli *cli)
{
	for (size_t i = 0; i < cli->n_words; i++)
		if (!name_fits(cli, "group", cli->words[i], PGNL_GROUP_NAME_MAX))
			return false;
	return true;
}

bool args_name(const struct cli *cli, const char *name)
{
	size_t len = strlen(name);

	if (!len)
		err_usage(cli, "a name can't be empty");
	else if (len > PGNL_GROUP_NAME_MAX)
		err_usage(cli, "a name has at most %d bytes, not %zu", PGNL_GROUP_NAME_MAX, len);
	return len && len <= PGNL_GROUP_NAME_MAX;
}

bool args_names(const struct cli *cli)
{
	for (size_t i = 0; i < cli->n_words; i++)
		if (!args_name(cli, cli->words[i]))
			return false;
	return true;
}

bool args_meta(const struct cli *cli, const char *text, struct pgnl_join_opts *opts)
{
	opts->meta = text;
	opts->meta_len = strlen(text);
	if (opts->meta_len <= PGNL_META_MAX)
		return true;
	err_usage(cli, "metadata has at most %d bytes, not %zu", PGNL_META_MAX, opts->meta_len);
	return false;
}

bool args_weight(const struct cli *cli, const char *text, struct pgnl_join_opts *opts)
{
	uint64_t number;

	if (!args_number(cli, "weight", text, 1, PGNL_WEIGHT_MAX, &number))
		return false;
	opts->weight = number;
	return true;
}

bool args_place(const struct cli *cli, const char *text, const char **place)
{
	*place = text;
	if ((!strncmp(text, "node:", 5) && text[5]) || (!strncmp(text, "group:", 6) && text[6]))
		return true;
	err_usage(cli, "--where is node:NODE or group:GROUP, not '%s'", text);
	return false;
}
