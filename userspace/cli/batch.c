// SPDX-License-Identifier: GPL-2.0-or-later
/* -b: commands from a file, one a line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "err.h"

/*
 * Split a line into words in place. Blanks part words, '...' and "..." keep
 * them together, a backslash takes the next character as it is (not inside
 * '...'), a word that starts with # begins a comment. words has room for
 * every second character. Returns their number, -1 for an open quote.
 */
static int split(char *line, char **words)
{
	int n = 0;

	for (;;) {
		char *to, quote = 0;

		line += strspn(line, " \t\r\n");
		if (!*line || *line == '#')
			return n;
		words[n++] = to = line;
		for (; *line && (quote || !strchr(" \t\r\n", *line)); line++) {
			if (*line == '\\' && quote != '\'' && line[1])
				*to++ = *++line;
			else if (quote ? *line == quote : *line == '\'' || *line == '"')
				quote = quote ? 0 : *line;
			else
				*to++ = *line;
		}
		if (quote)
			return -1;
		if (*line)
			line++;
		*to = 0;
	}
}

static int run_line(struct cli *cli, char *line, size_t len)
{
	char **argv = need(calloc(len / 2 + 3, sizeof(*argv)));
	int argc, status = CLI_DONE;

	argv[0] = "pgnl";
	argc = split(line, argv + 1);
	if (argc < 0)
		status = err_usage(cli, "a quote is not closed");
	else if (argc)
		status = cli_run_line(cli, argc + 1, argv);
	free(argv);
	return status;
}

static int run_lines(struct cli *cli, FILE *file, const char *name, bool go_on)
{
	char *line = NULL, *where;
	size_t size = 0, number = 0;
	int first = CLI_DONE;
	ssize_t len;

	while ((!first || go_on) && (len = getline(&line, &size, file)) >= 0) {
		int status;

		if (asprintf(&where, "%s:%zu: ", name, ++number) < 0)
			no_memory();
		cli->where = where;
		status = memchr(line, 0, len) ? err_usage(cli, "there is a NUL in the line") :
						run_line(cli, line, len);
		cli->where = "";
		free(where);
		fflush(stdout);
		first = first ? first : status;
	}
	free(line);
	return first;
}

/* The exit code is that of the first line that failed. */
int batch_run(struct cli *cli, const char *name, bool go_on)
{
	FILE *file = strcmp(name, "-") ? fopen(name, "re") : stdin;
	int status;

	if (!file)
		return err_usage(cli, "can't read '%s': %s", name, strerror(errno));
	cli->batch_is_input = file == stdin;
	status = run_lines(cli, file, name, go_on);
	if (ferror(file) && !status)
		status = err_usage(cli, "can't read '%s': %s", name, strerror(errno));
	if (file != stdin)
		fclose(file);
	return status;
}
