// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "text.h"

void no_memory(void)
{
	fputs("pgnl: out of memory\n", stderr);
	exit(CLI_REFUSED);
}

static void print_line(const struct cli *cli, const char *format, va_list args)
{
	char *text, *line, *shown;

	if (vasprintf(&text, format, args) < 0 ||
	    asprintf(&line, "pgnl: %s%s%s%s", cli->where, cli->cmd ? cli->cmd->name : "",
		     cli->cmd ? ": " : "", text) < 0)
		no_memory();
	shown = text_show(line, strlen(line));
	/* Data and talk in their order, wherever both go. */
	fflush(stdout);
	fprintf(stderr, "%s\n", shown);
	free(shown);
	free(line);
	free(text);
}

int err_line(const struct cli *cli, int code, const char *format, ...)
{
	va_list args;

	if (cli->quiet && (code == CLI_DONE || code == CLI_NOTHING))
		return code;
	va_start(args, format);
	print_line(cli, format, args);
	va_end(args);
	return code;
}

/* What the error is about, as ": pid 42"; "" when nobody knows. */
static char *blame(const struct pgnl_error *error, const struct request *request)
{
	char *text;
	int n;

	if (request && !strcmp(error->attr, "pid") && error->index < request->n_pids)
		n = asprintf(&text, ": pid %d", request->pids[error->index]);
	else if (request && !strcmp(error->attr, "group") && error->index < request->n_groups)
		n = asprintf(&text, ": group %s", request->groups[error->index]);
	else if (*error->attr)
		n = asprintf(&text, ": attribute %s", error->attr);
	else
		n = asprintf(&text, "%s", "");
	if (n < 0)
		no_memory();
	return text;
}

static int err_because(const struct cli *cli, int ret, const struct pgnl_error *error,
		       const struct request *request)
{
	int code = ret == -ENOTCONN ? CLI_ABSENT : CLI_REFUSED;
	char *whose = blame(error, request);

	if (*error->text)
		err_line(cli, code, "%s%s (%s)", error->text, whose, strerror(-ret));
	else
		err_line(cli, code, "%s%s", strerror(-ret), whose);
	free(whose);
	return code;
}

int err_request(const struct cli *cli, int ret, const struct request *request)
{
	return err_because(cli, ret, pgnl_last_error(cli->kernel), request);
}

int err_watch(const struct cli *cli, int ret, const struct pgnl_watch *watch)
{
	return err_because(cli, ret, pgnl_watch_error(watch), NULL);
}

bool err_is_nobody(const struct cli *cli, int ret)
{
	return ret == -ENODATA ||
	       (ret == -ENOENT && !strcmp(pgnl_last_error(cli->kernel)->attr, "group"));
}

int err_kernel(const struct cli *cli, int ret)
{
	return err_request(cli, ret, NULL);
}
