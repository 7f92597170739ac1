/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes to experiment on: a kid runs a script in step with the test. And
 * waits that have a limit.
 */
#ifndef PGNL_SELFTESTS_PROC_H
#define PGNL_SELFTESTS_PROC_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>

/* No wait of a test is longer; what is waited for takes milliseconds. */
#define LIMIT_MS	30000

/* How long a race is repeated at most, and how often at least. */
#define ROUNDS_MS	20000
#define ROUNDS_MIN	3

static inline long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The wall clock is set, for all of the machine. */
static inline bool shift_clock(long seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += seconds;
	return !clock_settime(CLOCK_REALTIME, &now);
}

/* True as soon as @cond is, false when it is not within the limit. */
#define wait_until(cond) ({						\
	const struct timespec nap_ = { .tv_nsec = 1000000 };		\
	long end_ = now_ms() + LIMIT_MS;				\
	bool ok_;							\
									\
	while (!(ok_ = (cond)) && now_ms() < end_)			\
		nanosleep(&nap_, NULL);					\
	ok_;								\
})

/* The factor in PGNL_ROUNDS, by which races are longer or shorter. */
static inline double rounds_factor(void)
{
	const char *factor = getenv("PGNL_ROUNDS");

	return factor ? strtod(factor, NULL) : 1;
}

/*
 * Whether to repeat a race, @round times done: up to @n times, fewer where that
 * takes too long, but a few in any case. One such loop at a time in a thread.
 */
static inline bool again(unsigned int round, unsigned int n)
{
	static _Thread_local double factor;
	static _Thread_local long end;

	if (!round) {
		factor = rounds_factor();
		end = now_ms() + ROUNDS_MS * factor;
	}
	return round < ROUNDS_MIN || (round < n * factor && now_ms() < end);
}

/* Whole text of a small file in @buf, or false. */
static inline bool read_text(char *buf, size_t size, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	buf[len < 0 ? 0 : len] = '\0';
	return len >= 0;
}

static inline bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return len == (ssize_t)strlen(text);
}

/* State letter of a thread as in proc(5), 0 when there is no such thread. */
static inline char thread_state(pid_t pid, pid_t tid)
{
	char path[64], buf[512], *p;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	if (!read_text(buf, sizeof(buf), path))
		return 0;
	p = strrchr(buf, ')');
	return p ? p[2] : 0;
}

/* State of the leader, that is what ps shows for the process. */
static inline char process_state(pid_t pid)
{
	return thread_state(pid, pid);
}

static inline int open_pidfd(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

/* Blocks until @fd is readable; false when the limit passes first. */
static inline bool wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, LIMIT_MS) == 1;
}

/* --- kids: one process and a stream to it ------------------------------- */

struct kid {
	pid_t pid;
	int pidfd;
	int ctl;
};

/* What the kid runs; its end of the stream is @ctl. It exits with 0. */
typedef void (*kid_fn)(int ctl, const void *arg);

/* For both ends: one word, EOF and silence beyond the limit give -1. */
static inline long hear(int ctl)
{
	long word;

	if (!wait_readable(ctl))
		return -1;
	return recv(ctl, &word, sizeof(word), MSG_WAITALL) == sizeof(word) ? word : -1;
}

static inline bool tell(int ctl, long word)
{
	return send(ctl, &word, sizeof(word), MSG_NOSIGNAL) == sizeof(word);
}

/* In the kid: say that all is ready, go on when told, end when left alone. */
static inline void ready(int ctl, long word)
{
	if (!tell(ctl, word) || hear(ctl) < 0)
		_exit(0);
}

/* fork() under a given pid, which must be free. */
static inline pid_t fork_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

/* A process of a given pid that is free, which does nothing. */
static inline pid_t stranger_as(pid_t pid)
{
	pid_t stranger = fork_as(pid);

	if (!stranger) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	return stranger;
}

/*
 * Forks a kid, under a given pid unless that is 0; its @fn is running when this
 * returns 0. A kid never outlives the thread that started it.
 */
static inline int kid_start_as(struct kid *kid, pid_t pid, kid_fn fn, const void *arg)
{
	int ctl[2];

	*kid = (struct kid){ -1, -1, -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ctl))
		return -errno;
	kid->ctl = ctl[0];
	kid->pid = pid ? fork_as(pid) : fork();
	if (kid->pid == 0) {
		close(ctl[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn(ctl[1], arg);
		_exit(0);
	}
	close(ctl[1]);
	if (kid->pid > 0)
		kid->pidfd = open_pidfd(kid->pid);
	return kid->pidfd < 0 ? -errno : 0;
}

static inline int kid_start(struct kid *kid, kid_fn fn, const void *arg)
{
	return kid_start_as(kid, 0, fn, arg);
}

/* Starts a kid and waits until it says ready(); returns its word or -1. */
static inline long kid_ready(struct kid *kid, kid_fn fn, const void *arg)
{
	return kid_start(kid, fn, arg) ? -1 : hear(kid->ctl);
}

static inline void kid_close(struct kid *kid)
{
	close(kid->ctl);
	close(kid->pidfd);
}

/* Reaps a kid that is about to end; its wait status or -1. */
static inline int kid_reap(struct kid *kid)
{
	int status;

	return waitpid(kid->pid, &status, __WALL) == kid->pid ? status : -1;
}

/* SIGKILL, reap, close. */
static inline void kid_kill(struct kid *kid)
{
	kill(kid->pid, SIGKILL);
	kid_reap(kid);
	kid_close(kid);
}

/* The simplest kid: says ready, exits when told so. */
static inline void kid_waits(int ctl, const void *arg)
{
	(void)arg;
	ready(ctl, 0);
}

#endif /* PGNL_SELFTESTS_PROC_H */
