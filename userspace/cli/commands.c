// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of commands. */
#include <string.h>

#include "cli.h"
#include "err.h"
#include "text.h"

const struct command *const commands[] = {
	&cmd_scopes, &cmd_scope_add, &cmd_scope_del, &cmd_scope_set,
	&cmd_scope_share, &cmd_scope_unshare,
	&cmd_groups, &cmd_members, &cmd_which,
	&cmd_join, &cmd_leave, &cmd_exec,
	&cmd_create, &cmd_delete,
	&cmd_closest, &cmd_pick, &cmd_signal, &cmd_send, &cmd_recv,
	&cmd_name_register, &cmd_name_unregister, &cmd_name_whereis, &cmd_name_list,
	&cmd_name_send,
	&cmd_monitor, &cmd_wait, &cmd_top, &cmd_graph, &cmd_nodes,
	&cmd_gg_groups, &cmd_gg_info, &cmd_gg_own_nodes, &cmd_gg_sync, &cmd_gg_monitor,
	&cmd_stats, &cmd_limits, &cmd_verify, &cmd_doctor,
	&cmd_dump, &cmd_restore,
	&cmd_oci_cdi_spec, &cmd_oci_check,
	&cmd_completion, &cmd_help,
	NULL
};

/* How many words of argv are exactly the name; 0 if they are not. */
static int words_matched(const char *name, int argc, char **argv)
{
	for (int used = 0; used < argc; used++) {
		size_t len = strlen(argv[used]);

		if (strncmp(name, argv[used], len) || !len)
			return 0;
		if (!name[len])
			return used + 1;
		if (name[len] != ' ')
			return 0;
		name += len + 1;
	}
	return 0;
}

const struct command *command_find(int argc, char **argv, int *used)
{
	for (const struct command *const *cmd = commands; *cmd; cmd++) {
		*used = words_matched((*cmd)->name, argc, argv);
		if (*used)
			return *cmd;
	}
	return NULL;
}

/* The command of the nearest name, if any is near. */
static const struct command *nearest(const char *word)
{
	const struct command *best = NULL;
	unsigned int least = 3;

	for (const struct command *const *cmd = commands; *cmd; cmd++) {
		unsigned int distance = text_distance(word, (*cmd)->name);

		if (distance < least && distance < strlen(word)) {
			least = distance;
			best = *cmd;
		}
	}
	return best;
}

/* The first of two words is right. */
static int half_known(struct cli *cli, int argc, char **argv, const char *known)
{
	return err_usage(cli, "'%s' goes on with %s%s%s%s", argv[0], known,
			 argc > 1 ? ", not '" : "", argc > 1 ? argv[1] : "", argc > 1 ? "'" : "");
}

int command_unknown(struct cli *cli, int argc, char **argv)
{
	const struct command *near;

	if (!argc)
		return err_usage(cli, "which command? See 'pgnl help'");
	if (!strcmp(argv[0], "scope"))
		return half_known(cli, argc, argv, "add, del, set, share or unshare");
	if (!strcmp(argv[0], "name"))
		return half_known(cli, argc, argv, "register, unregister, whereis, list or send");
	if (!strcmp(argv[0], "gg"))
		return half_known(cli, argc, argv, "groups, info, own-nodes, sync or monitor");
	if (!strcmp(argv[0], "oci"))
		return half_known(cli, argc, argv, "cdi-spec or check");
	near = nearest(argv[0]);
	if (near)
		return err_usage(cli, "no command '%s'; did you mean '%s'?", argv[0], near->name);
	return err_usage(cli, "no command '%s'; see 'pgnl help'", argv[0]);
}
