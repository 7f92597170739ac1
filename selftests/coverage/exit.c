// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded to the tests of coverage/run.sh: those on the kernel's harness end by
 * _exit(), agents and monitors by signals, which would lose what the library has counted.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void call(const char *name)
{
	void (*function)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, name);

	if (function)
		function();
}

void _exit(int status)
{
	call("coverage_dump");
	for (;;)
		syscall(SYS_exit_group, status);
}

/*
 * By another process, which whoever kills this one does not reach: a file that is half
 * written has all counts that come later refused. Here they begin anew.
 */
static void *dump_again(void *arg)
{
	pid_t pid;

	for (;;) {
		sleep(1);
		pid = fork();
		if (!pid)
			_exit(0);
		if (pid > 0) {
			call("coverage_reset");
			waitpid(pid, NULL, 0);
		}
	}
	return arg;
}

/* No other program gets a thread that it does not know of. */
__attribute__((constructor)) static void dump_now_and_then(int argc, char **argv)
{
	pthread_t thread;
	int is_monitor = 0;

	for (int i = 1; i < argc && !is_monitor; i++)
		is_monitor = !strcmp(argv[i], "monitor");
	if (!strcmp(program_invocation_short_name, "pgnld") ||
	    (!strcmp(program_invocation_short_name, "pgnl") && is_monitor))
		pthread_create(&thread, NULL, dump_again, NULL);
}
