/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a command line: options, names, numbers, users. */
#ifndef ARGS_H
#define ARGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>		/* optarg */

#include "cli.h"

/* What args_next() returns beside the keys of options. */
enum {
	ARGS_END = -1,		/* no more options, words are in cli->words */
	ARGS_HELP = -2,		/* help was asked for and printed */
	ARGS_WRONG = -3,	/* complained */
};

/*
 * The next option's key, its value in optarg. Options and other words may be
 * mixed; after "--" all are words.
 */
int args_next(struct cli *cli, int argc, char **argv);
/* The exit code when args_next() returned no option. */
int args_status(int key);
/* What follows the last option: connect. False: with that exit code it ends here. */
bool args_connect(struct cli *cli, int key, int *status);
/* A further value of an option that takes several; NULL: no more. */
char *args_more(int argc, char **argv);

/* These complain and return false when the text is not what it should be. */
bool args_number(const struct cli *cli, const char *what, const char *text,
		 uint64_t min, uint64_t max, uint64_t *number);
/* Of a time: 2 or 0.5. */
bool args_seconds(const struct cli *cli, const char *text, int64_t *ms);
bool args_pid(const struct cli *cli, const char *text, pid_t *pid);
bool args_perm(const struct cli *cli, const char *text, uint32_t *perm);
bool args_user(const struct cli *cli, const char *text, uint32_t *uid);
bool args_user_group(const struct cli *cli, const char *text, uint32_t *gid);
bool args_scope(const struct cli *cli, const char *name);
/* Every word is the name of a group. */
bool args_groups(const struct cli *cli);
/* The same for names. */
bool args_names(const struct cli *cli);
bool args_name(const struct cli *cli, const char *name);
/* Of --where: node:NODE or group:GROUP. */
bool args_place(const struct cli *cli, const char *text, const char **place);
bool args_meta(const struct cli *cli, const char *text, struct pgnl_join_opts *opts);
bool args_weight(const struct cli *cli, const char *text, struct pgnl_join_opts *opts);

#endif
