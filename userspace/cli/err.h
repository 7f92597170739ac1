/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Talk on stderr: one line each, safe to show whatever names are in it. The
 * err_* functions return the exit code that goes with what they say.
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

/* The command line makes no sense: CLI_USAGE. */
int err_usage(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Refused or failed, in the program's own words: CLI_REFUSED. */
int err_refused(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Nothing matched; -q silences it: CLI_NOTHING. */
int err_nothing(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A call of libpgnl returned -errno: CLI_REFUSED, or CLI_ABSENT without a module. */
int err_kernel(const struct cli *cli, int ret);
/* The same, telling which group or process of the request it was. */
int err_request(const struct cli *cli, int ret, const struct request *request);

/* Say something that -q silences. */
void say(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The result of an allocation; ends the program when there is no memory. */
#define need(pointer) ({ __auto_type need_ = (pointer); if (!need_) no_memory(); need_; })
void no_memory(void) __attribute__((noreturn));

#endif
