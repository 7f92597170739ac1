// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pgnl-oci-hook: puts the init of a container into groups when a runtime has
 * created it. The kernel takes it out, so there is no hook for the end.
 *
 * A runtime waits for the end of the hook and of whatever holds its output, so
 * there is one process, no child, and a deadline. All that is known comes from
 * standard input; the mount namespace may be another than the host's.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <pgnl.h>

#include "act.h"
#include "conf.h"
#include "log.h"
#include "request.h"
#include "state.h"

struct options {
	struct request request;	/* instead of the annotations' */
	bool asked;		/* there is one */
	bool check;		/* only say what would be refused */
	const char *conf;
};

/*
 * Whether a failure stops the container; it does until the contrary is known,
 * lest one that must not start without its groups does.
 */
static volatile sig_atomic_t required = 1;

static const char usage[] =
	"usage: pgnl-oci-hook [--conf FILE] <STATE\n"
	"       pgnl-oci-hook [--scope SCOPE] [--join GROUP]... [--name NAME]... [--meta META]\n"
	"                     [--required] <STATE\n"
	"       pgnl-oci-hook [--conf FILE] --check <STATE\n"
	"       pgnl-oci-hook --help | --version\n";

/* In a signal handler: no log, only what is safe. */
static void on_deadline(int signal)
{
	static const char text[] = "pgnl-oci-hook: the deadline is over\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)signal;
	(void)n;
	_exit(required ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void set_deadline(unsigned int ms)
{
	struct itimerval timer = {
		.it_value = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 },
	};
	struct sigaction action = { .sa_handler = on_deadline };
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigaction(SIGALRM, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static int give_up(const struct why *reason)
{
	if (*reason->text)
		log_line(LOG_ERR, "%s", reason->text);
	return required ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int act_or_give_up(const struct state *state, const struct request *request)
{
	struct why told = { "" };

	return act(state->pid, request) ? EXIT_SUCCESS : give_up(&told);
}

/* What the annotations ask for, if it may be. */
static int serve(const struct state *state, const struct options *options,
		 const struct conf *conf)
{
	struct request request;
	struct why reason = { "" };
	bool parsed;
	int status;

	parsed = request_parse(&request, state->annotations, &reason);
	required = request.required || options->check;
	if (!parsed || !request_allowed(&request, conf, &reason))
		status = give_up(&reason);
	else
		status = options->check ? EXIT_SUCCESS : act_or_give_up(state, &request);
	request_clear(&request);
	return status;
}

static int serve_stdin(const struct options *options, const struct conf *conf)
{
	struct why reason = { "" };
	struct state state;
	size_t len;
	char *text;
	bool parsed;
	int status;

	text = state_read(STDIN_FILENO, &len, &reason);
	if (!text)
		return give_up(&reason);
	parsed = state_parse(&state, text, len, &reason);
	free(text);
	if (!parsed)
		return give_up(&reason);
	log_about(state.id);
	status = options->asked ? act_or_give_up(&state, &options->request) :
				  serve(&state, options, conf);
	state_clear(&state);
	return status;
}

/* A broken configuration allows nothing; what is asked for is refused then. */
static int run(const struct options *options)
{
	struct why reason = { "" };
	struct conf conf;
	int status = EXIT_FAILURE;
	bool known;

	required = !options->asked || options->request.required;
	known = options->asked ? conf_default(&conf, &reason) :
				 conf_read(&conf, options->conf, &reason);
	if (!known)
		log_line(LOG_ERR, "%s", reason.text);
	if (!options->check || known) {
		set_deadline(conf.deadline_ms);
		status = serve_stdin(options, &conf);
	}
	conf_clear(&conf);
	return status;
}

static const struct option long_options[] = {
	{ "scope", required_argument, NULL, 's' },
	{ "join", required_argument, NULL, 'j' },
	{ "name", required_argument, NULL, 'n' },
	{ "meta", required_argument, NULL, 'm' },
	{ "required", no_argument, NULL, 'r' },
	{ "conf", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, 'C' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 }
};

static bool set_option(struct options *options, int key)
{
	struct request *request = &options->request;

	switch (key) {
	case 's':
		request->scope = optarg;
		break;
	case 'j':
		return words_add(&request->groups, optarg);
	case 'n':
		return words_add(&request->names, optarg);
	case 'm':
		request->meta = optarg;
		break;
	case 'r':
		request->required = true;
		break;
	case 'c':
		options->conf = optarg;
		break;
	default:
		options->check = true;
		break;
	}
	return true;
}

/* True to go on; else the exit code in *status. */
static bool parse_options(struct options *options, int argc, char **argv, int *status)
{
	struct why reason = { "" };
	int key;

	*status = EXIT_FAILURE;
	while ((key = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (key == 'h' || key == 'V') {
			*status = EXIT_SUCCESS;
			fputs(key == 'h' ? usage : "pgnl-oci-hook ", stdout);
			if (key == 'V')
				puts(pgnl_version());
			return false;
		}
		if (key == '?' || !set_option(options, key)) {
			fputs(usage, stderr);
			return false;
		}
	}
	options->asked = options->request.groups.n || options->request.names.n;
	if (optind == argc && !(options->asked && options->check) &&
	    request_check(&options->request, &reason))
		return true;
	if (*reason.text)
		fprintf(stderr, "pgnl-oci-hook: %s\n", reason.text);
	else
		fputs(usage, stderr);
	return false;
}

int main(int argc, char **argv)
{
	struct options options = { .conf = CONF_FILE };
	int status;

	if (parse_options(&options, argc, argv, &status))
		status = run(&options);
	request_clear(&options.request);
	return status;
}
