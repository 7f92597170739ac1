/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Talk on stderr: one line each, safe to show whatever names are in it. All
 * return the exit code that goes with what they say.
 */
#ifndef ERR_H
#define ERR_H

#include <stddef.h>
#include <sys/types.h>

#include "cli.h"

/* The groups and processes of a request, to name the one that is to blame. */
struct request {
	const char *const *groups;
	size_t n_groups;
	const pid_t *pids;
	size_t n_pids;
};

/*
 * Say something and return the code. -q silences what is no error: CLI_DONE and
 * CLI_NOTHING.
 */
int err_line(const struct cli *cli, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define err_usage(cli, ...)	err_line(cli, CLI_USAGE, __VA_ARGS__)
#define err_refused(cli, ...)	err_line(cli, CLI_REFUSED, __VA_ARGS__)
#define err_nothing(cli, ...)	err_line(cli, CLI_NOTHING, __VA_ARGS__)
#define say(cli, ...)		err_line(cli, CLI_DONE, __VA_ARGS__)

/* A call of libpgnl failed for want of a member: a missing scope is a mistake. */
bool err_is_nobody(const struct cli *cli, int ret);
/* A call of libpgnl returned -errno: CLI_REFUSED, or CLI_ABSENT without a module. */
int err_kernel(const struct cli *cli, int ret);
/* The same, telling which group or process of the request it was. */
int err_request(const struct cli *cli, int ret, const struct request *request);

/* A call on a watch did. */
int err_watch(const struct cli *cli, int ret, const struct pgnl_watch *watch);

/* The result of an allocation; ends the program when there is no memory. */
#define need(pointer) ({ __auto_type need_ = (pointer); if (!need_) no_memory(); need_; })
void no_memory(void) __attribute__((noreturn));

#endif
