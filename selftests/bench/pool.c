// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool.h"

/*
 * Enough for a system call, not for the run-time linker; so the program is
 * linked to have all symbols bound at its start.
 */
#define STACK_SIZE	1024

pid_t pool[POOL_MAX];
size_t pool_size;
static char *stacks;

static int __attribute__((noreturn)) rest(void *unused)
{
	(void)unused;
	syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		syscall(SYS_pause);
}

void pool_spawn(size_t n)
{
	if (pool_size + n > POOL_MAX)
		errx(1, "at most %d processes", POOL_MAX);
	if (!stacks) {
		stacks = mmap(NULL, (size_t)POOL_MAX * STACK_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (stacks == MAP_FAILED)
			err(1, "mmap");
	}
	while (n--) {
		char *top = stacks + (pool_size + 1) * STACK_SIZE;
		pid_t pid = clone(rest, top, CLONE_VM | SIGCHLD, NULL);

		if (pid < 0)
			err(1, "clone after %zu processes", pool_size);
		pool[pool_size++] = pid;
		/* one process group of their own, to be killed by one call */
		if (setpgid(pid, pool[0]))
			err(1, "setpgid");
	}
}

void pool_end(void)
{
	if (!pool_size)
		return;
	if (kill(-pool[0], SIGKILL))
		err(1, "kill");
	for (size_t i = 0; i < pool_size; i++)
		if (waitpid(pool[i], NULL, 0) != pool[i])
			err(1, "waitpid");
	pool_size = 0;
}
