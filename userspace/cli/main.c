// SPDX-License-Identifier: GPL-2.0-or-later
/* pgnl: the global options, the connection to the kernel, the exit code. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "cli.h"
#include "err.h"
#include "out.h"

/* What global options ask for, beside what struct cli keeps. */
struct request_line {
	const char *batch;
	bool go_on;
	bool version;
	bool help;
};

static int set_color(struct cli *cli, const char *when)
{
	if (!strcmp(when, "always"))
		cli->color = true;
	else if (!strcmp(when, "never"))
		cli->color = false;
	else if (!strcmp(when, "auto"))
		cli->color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	else
		return err_usage(cli, "--color is auto, always or never, not '%s'", when);
	return CLI_DONE;
}

static int global_option(struct cli *cli, int key, struct request_line *line)
{
	switch (key) {
	case 'j':
		cli->json = true;
		return CLI_DONE;
	case 'p':
		cli->json = cli->pretty = true;
		return CLI_DONE;
	case 'o':
		cli->columns = optarg;
		return CLI_DONE;
	case 'n':
		cli->headings = false;
		return CLI_DONE;
	case 'q':
		cli->quiet = true;
		return CLI_DONE;
	case 't':
		cli->times = true;
		return CLI_DONE;
	case 'c':
		return set_color(cli, optarg);
	case 's':
		cli->scope = optarg;
		return args_scope(cli, optarg) ? CLI_DONE : CLI_USAGE;
	case 'b':
		line->batch = optarg;
		return CLI_DONE;
	case 'f':
		line->go_on = true;
		return CLI_DONE;
	case 'V':
		line->version = true;
		return CLI_DONE;
	case 'h':
		line->help = true;
		return CLI_DONE;
	default:
		return CLI_USAGE;
	}
}

/* Parse up to the command; optind is then at its name. */
static int global_options(struct cli *cli, int argc, char **argv, struct request_line *line)
{
	static const struct option options[] = {
		{ "color", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 }
	};
	int key, status = CLI_DONE;

	optind = 0;
	opterr = 0;
	while (!status && (key = getopt_long(argc, argv, "+:jpo:nqts:b:fVh", options, NULL)) != -1) {
		if (key == '?')
			status = err_usage(cli, "unknown option '%s'; see 'pgnl help'",
					   argv[optind - 1]);
		else if (key == ':')
			status = err_usage(cli, "option '%s' needs a value", argv[optind - 1]);
		else
			status = global_option(cli, key, line);
	}
	return status;
}

static void print_version(void)
{
	printf("pgnl %d.%d.%d, libpgnl %s\n", PGNL_VERSION_MAJOR, PGNL_VERSION_MINOR,
	       PGNL_VERSION_PATCH, pgnl_version());
}

const char *cli_scope(const struct cli *cli)
{
	return cli->scope ? cli->scope : "pg";
}

int cli_connect(struct cli *cli)
{
	int ret = cli->kernel ? 0 : pgnl_open(&cli->kernel);

	if (!ret)
		return CLI_DONE;
	cli->kernel = NULL;
	if (ret == -ENOTCONN)
		return err_line(cli, CLI_ABSENT, "the kernel module pgnl is not loaded: try"
				" 'modprobe pgnl', or let 'pgnl doctor' tell what is missing");
	if (ret == -EPROTO)
		return err_line(cli, CLI_ABSENT, "the kernel module pgnl speaks another version of"
				" the interface than libpgnl %s: install both of one version",
				pgnl_version());
	return err_refused(cli, "can't reach the kernel: %s", strerror(-ret));
}

int cli_run(struct cli *cli, int argc, char **argv)
{
	int used, status;

	cli->cmd = command_find(argc, argv, &used);
	if (!cli->cmd)
		return command_unknown(cli, argc, argv);
	argc -= used - 1;
	argv += used - 1;
	if (!out_columns_fit(cli))
		return CLI_USAGE;
	cli->words = need(calloc(argc, sizeof(*cli->words)));
	cli->n_words = 0;
	optind = 0;
	status = cli->cmd->run(cli, argc, argv);
	free(cli->words);
	cli->words = NULL;
	return status;
}

int cli_run_line(struct cli *cli, int argc, char **argv)
{
	struct cli line_cli = *cli;
	struct request_line line = { 0 };
	int status = global_options(&line_cli, argc, argv, &line);

	if (!status && (line.batch || line.version || line.help))
		status = err_usage(&line_cli, "-b, -V and -h make no sense in a batch");
	if (!status)
		status = cli_run(&line_cli, argc - optind, argv + optind);
	cli->kernel = line_cli.kernel;
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct request_line line = { 0 };
	int status = global_options(cli, argc, argv, &line);

	if (status)
		return status;
	if (line.version) {
		print_version();
		return CLI_DONE;
	}
	if (line.help) {
		help_all();
		return CLI_DONE;
	}
	if (line.go_on && !line.batch)
		return err_usage(cli, "-f goes with -b");
	if (line.batch && optind < argc)
		return err_usage(cli, "-b takes its commands from the file, not '%s'", argv[optind]);
	if (line.batch)
		return batch_run(cli, line.batch, line.go_on);
	return cli_run(cli, argc - optind, argv + optind);
}

/*
 * What is opened later must not become a standard stream that is closed: the output would
 * go there. It can't be written to these either, which is to be told.
 */
static void hold_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", O_CLOEXEC | (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

int main(int argc, char **argv)
{
	struct cli cli = { .headings = true, .where = "" };
	int status;

	hold_streams();
	setlocale(LC_ALL, "");
	set_color(&cli, "auto");
	status = run(&cli, argc, argv);
	pgnl_close(cli.kernel);
	return status ? status : out_flush(&cli);
}
