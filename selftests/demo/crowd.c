// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crowd GROUP N: N processes that each join GROUP, then all die and stay zombies.
 *
 * Says one line per step and goes on when it is told a line:
 *   "joined N"  every process lives and is a member
 *   "dead N"    every one is dead, none has been reaped
 * and reaps them at the end. Even ones exit, odd ones are killed.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pgnl.h>

struct crowd {
	const char *group;
	size_t n;
	pid_t *pid;
	int joined[2];		/* pipe: each process writes one byte when it is a member */
	int stay[2];		/* pipe: its end tells the processes to exit */
};

static void live(const struct crowd *c)
{
	struct pgnl *handle;
	char go;
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(c->stay[1]);
	ret = pgnl_open(&handle);
	if (!ret)
		ret = pgnl_join(handle, NULL, c->group, 0, NULL, NULL);
	if (ret)
		errx(1, "join %s: %s", c->group, strerror(-ret));
	pgnl_close(handle);

	if (write(c->joined[1], "", 1) != 1)
		err(1, "tell");
	close(c->joined[1]);
	while (read(c->stay[0], &go, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static void gather(struct crowd *c)
{
	char one;
	size_t i;

	if (pipe(c->joined) || pipe(c->stay))
		err(1, "pipe");
	for (i = 0; i < c->n; i++) {
		c->pid[i] = fork();
		if (c->pid[i] < 0)
			err(1, "fork %zu", i);
		if (!c->pid[i])
			live(c);
	}
	close(c->joined[1]);
	for (i = 0; i < c->n; i++)
		if (read(c->joined[0], &one, 1) != 1)
			errx(1, "only %zu of %zu joined", i, c->n);
}

static void slay(const struct crowd *c)
{
	siginfo_t info;
	size_t i;

	for (i = 1; i < c->n; i += 2)
		kill(c->pid[i], SIGKILL);
	close(c->stay[1]);
	for (i = 0; i < c->n; i++)
		if (waitid(P_PID, (id_t)c->pid[i], &info, WEXITED | WNOWAIT))
			err(1, "wait for %d", c->pid[i]);
}

static void reap(const struct crowd *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (waitpid(c->pid[i], NULL, 0) != c->pid[i])
			err(1, "reap %d", c->pid[i]);
}

static void step(const char *done, size_t n)
{
	char line[16];

	printf("%s %zu\n", done, n);
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		errx(1, "nobody told me to go on");
}

int main(int argc, char **argv)
{
	struct crowd c = { 0 };

	if (argc != 3 || atol(argv[2]) < 1)
		errx(2, "usage: crowd GROUP N");
	c.group = argv[1];
	c.n = (size_t)atol(argv[2]);
	c.pid = calloc(c.n, sizeof(*c.pid));
	if (!c.pid)
		err(1, "crowd");

	gather(&c);
	step("joined", c.n);
	slay(&c);
	step("dead", c.n);
	reap(&c);
	free(c.pid);
	return 0;
}
