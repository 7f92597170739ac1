// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A pool of workers that find each other through a group.
 *
 *	worker-pool GROUP WORKERS KEY...
 *
 * Starts the workers; each joins the group with its address as metadata. The
 * parent lists them, picks the one responsible for each key, kills it, and
 * picks again: the next one has taken over, and nobody had to tell the kernel.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pgnl.h>

static int complain(const struct pgnl *handle, const char *what, int ret)
{
	const char *text = handle ? pgnl_last_error(handle)->text : "";

	fprintf(stderr, "worker-pool: %s: %s%s%s\n", what, text,
		*text ? ": " : "", strerror(-ret));
	return 1;
}

/* A worker needs a handle of its own: they do not survive fork. */
static int work(const char *group, int number, int ready)
{
	char address[64];
	struct pgnl_join_opts opts = { .meta = address };
	struct pgnl *handle;
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ret = pgnl_open(&handle);
	if (ret)
		return complain(NULL, "open", ret);
	opts.meta_len = (size_t)snprintf(address, sizeof(address),
					 "unix:/run/worker-%d.sock", number);
	ret = pgnl_join(handle, NULL, group, 0, &opts, NULL);
	if (ret)
		return complain(handle, "join", ret);

	/* The end of the pipe's last writer tells the parent: all joined. */
	close(ready);
	for (;;)
		pause();
}

static int start_workers(const char *group, int n)
{
	int pipefd[2];
	char end;

	if (pipe(pipefd))
		return -1;
	for (int i = 0; i < n; i++) {
		switch (fork()) {
		case -1:
			return -1;
		case 0:
			close(pipefd[0]);
			_exit(work(group, i, pipefd[1]));
		}
	}
	close(pipefd[1]);
	while (read(pipefd[0], &end, 1) < 0 && errno == EINTR)
		;
	close(pipefd[0]);
	return 0;
}

static void print_member(const char *before, const struct pgnl_member *member)
{
	printf("%spid %d, id %llu, at %.*s\n", before, (int)member->pid,
	       (unsigned long long)member->id, (int)member->meta_len,
	       member->meta ? (const char *)member->meta : "");
}

static int list_members(struct pgnl *handle, const char *group)
{
	struct pgnl_members *list;
	int ret;

	ret = pgnl_members(handle, NULL, group, 0, &list, NULL);
	if (ret)
		return complain(handle, "members", ret);
	printf("%zu members of %s:\n", list->n, group);
	for (size_t i = 0; i < list->n; i++)
		print_member("  ", &list->member[i]);
	pgnl_free(list);
	return 0;
}

static int pick(struct pgnl *handle, const char *group, const char *key,
		pid_t *pid)
{
	struct pgnl_pick_opts opts = {
		.uid = PGNL_ANY_UID,
		.key = key,
		.key_len = strlen(key),
	};
	struct pgnl_members *list;
	int ret;

	ret = pgnl_pick(handle, NULL, group, PGNL_PICK_KEY, &opts, &list);
	if (ret)
		return complain(handle, "pick", ret);
	printf("%s -> ", key);
	print_member("", &list->member[0]);
	*pid = list->member[0].pid;
	pgnl_free(list);
	return 0;
}

int main(int argc, char **argv)
{
	struct pgnl *handle;
	int ret;

	if (argc < 4 || atoi(argv[2]) < 2) {
		fprintf(stderr, "usage: worker-pool GROUP WORKERS KEY...\n");
		return 1;
	}
	ret = pgnl_open(&handle);
	if (ret)
		return complain(NULL, "open", ret);
	if (start_workers(argv[1], atoi(argv[2])))
		return complain(NULL, "start workers", -errno);
	ret = list_members(handle, argv[1]);
	for (int i = 3; !ret && i < argc; i++) {
		pid_t first, second;

		ret = pick(handle, argv[1], argv[i], &first);
		if (ret)
			break;
		/* Once it is reaped, no read shows it any more. */
		kill(first, SIGKILL);
		waitpid(first, NULL, 0);
		printf("killed %d: ", (int)first);
		ret = pick(handle, argv[1], argv[i], &second);
		if (!ret && first == second)
			ret = complain(NULL, "picked the dead", -ESRCH);
	}
	pgnl_close(handle);
	return ret;
}
