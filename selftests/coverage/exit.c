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
#include <unistd.h>

static void dump(void)
{
	void (*coverage_dump)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "coverage_dump");

	if (coverage_dump)
		coverage_dump();
}

void _exit(int status)
{
	dump();
	for (;;)
		syscall(SYS_exit_group, status);
}

static void *dump_again(void *arg)
{
	for (;;) {
		usleep(200000);
		dump();
	}
	return arg;
}

/* No other program gets a thread that it does not know of. */
__attribute__((constructor)) static void dump_now_and_then(int argc, char **argv)
{
	pthread_t thread;
	int ends_by_signal = !strcmp(program_invocation_short_name, "pgnld");

	for (int i = 1; i < argc && !ends_by_signal; i++)
		ends_by_signal = !strcmp(argv[i], "monitor");
	if (ends_by_signal)
		pthread_create(&thread, NULL, dump_again, NULL);
}
