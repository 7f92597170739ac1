/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every command of pgnl is given and what it has to describe of itself.
 *
 * main.c parses the global options, commands.c finds the command, the command
 * parses its own words with args.h, acts through libpgnl, prints with out.h and
 * complains with err.h. Commands never call each other.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>

#include <pgnl.h>

/* Exit codes; exec adds 126 and 127 as a shell does. */
enum {
	CLI_DONE = 0,
	CLI_USAGE = 1,		/* the command line makes no sense */
	CLI_REFUSED = 2,	/* the kernel said no */
	CLI_NOTHING = 3,	/* nothing matched */
	CLI_ABSENT = 4,		/* no module to talk to */
	CLI_TIMEOUT = 124,	/* the time was up first */
};

struct column;

/* An option of a command. A key is a letter, or any number above 255. */
struct cli_option {
	const char *name;	/* without the dashes */
	const char *arg;	/* what its value is called, NULL: takes none */
	int key;
	const char *text;	/* what it does, for the help */
};

struct cli;

struct command {
	const char *name;		/* as typed; may be two words: "scope add" */
	const char *args;		/* what follows the name, "" if nothing */
	const char *summary;		/* one line, lower case, no full stop */
	const char *examples;		/* lines indented by two blanks */
	const char *notes;		/* more to know, or NULL */
	const struct cli_option *options;	/* ends with a NULL name; or NULL */
	const struct column *columns;		/* ends with a NULL key; or NULL */
	unsigned int min_words;		/* how many words beside options it takes */
	unsigned int max_words;
	int (*run)(struct cli *cli, int argc, char **argv);
};

/* One run of one command: the global options and what came of them. */
struct cli {
	const char *scope;	/* -s, NULL: the default one */
	const char *columns;	/* -o, NULL: the usual ones */
	bool json;		/* -j or -p */
	bool pretty;		/* -p */
	bool headings;		/* not -n */
	bool quiet;		/* -q */
	bool times;		/* -t */
	bool color;		/* --color, decided */
	const char *where;	/* "FILE:LINE: " in a batch, else "" */
	bool batch_is_input;	/* so that no command may read it */

	const struct command *cmd;
	char **words;		/* what is no option, filled by args_next() */
	size_t n_words;
	struct pgnl *kernel;	/* NULL until cli_connect() */
};

/* Open cli->kernel. Returns CLI_DONE, or complains and returns the exit code. */
int cli_connect(struct cli *cli);

/* The scope in use, for messages. */
const char *cli_scope(const struct cli *cli);

/* Run a command line that starts with the name of a command. */
int cli_run(struct cli *cli, int argc, char **argv);

/* Run one that may start with global options, as a line of a batch may. */
int cli_run_line(struct cli *cli, int argc, char **argv);

int batch_run(struct cli *cli, const char *file, bool go_on);

/* All commands in the order of the help; ends with NULL. */
extern const struct command *const commands[];

/* The command that argv starts with; *used is how many words name it. */
const struct command *command_find(int argc, char **argv, int *used);
/* Complain about argv, which names no command. */
int command_unknown(struct cli *cli, int argc, char **argv);

extern const struct command cmd_scopes, cmd_scope_add, cmd_scope_del, cmd_scope_set;
extern const struct command cmd_scope_share, cmd_scope_unshare;
extern const struct command cmd_groups, cmd_create, cmd_delete;
extern const struct command cmd_members, cmd_which;
extern const struct command cmd_join, cmd_leave, cmd_exec;
extern const struct command cmd_closest, cmd_pick, cmd_signal, cmd_send, cmd_recv;
extern const struct command cmd_name_register, cmd_name_unregister;
extern const struct command cmd_name_whereis, cmd_name_list, cmd_name_send;
extern const struct command cmd_monitor, cmd_wait, cmd_top, cmd_graph, cmd_nodes;
extern const struct command cmd_gg_groups, cmd_gg_info, cmd_gg_own_nodes;
extern const struct command cmd_gg_sync, cmd_gg_monitor;
extern const struct command cmd_stats, cmd_limits, cmd_verify, cmd_doctor;
extern const struct command cmd_dump, cmd_restore;
extern const struct command cmd_oci_cdi_spec, cmd_oci_check;
extern const struct command cmd_completion, cmd_help;

void help_command(const struct command *cmd);
void help_all(void);

#endif
