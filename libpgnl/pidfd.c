// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Processes by pidfd, to the kernel and from it.
 *
 * Joining the process of a pidfd: the wire knows pids, which may be reused at
 * any moment, so the order is: read the pid, join it, see that the process of
 * the pidfd is still alive. If it is, the pid was its own all the time; if it
 * is not, the join is taken back by the id, which is never reused. The other
 * way round a pidfd is of the member when that has its pid before and after.
 */

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* The pid of a pidfd as /proc shows it: 0 invisible there, -1 dead. */
static int proc_pid(struct pgnl *handle, int pidfd, int *pid)
{
	char path[64], text[1024], *line;
	ssize_t n;
	int fd;

	/* thread-self: the main thread may have gone, with its descriptors. */
	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", pidfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && fcntl(pidfd, F_GETFD) < 0)
		return lp_fail(handle, EBADF, "", 0, "not an open descriptor");
	if (fd < 0)
		return lp_fail(handle, errno, "", 0, "can't read %s", path);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	line = strstr(text, "\nPid:");
	if (!line)
		return lp_fail(handle, EBADF, "", 0, "not a pidfd");
	*pid = (int)strtol(line + strlen("\nPid:"), NULL, 10);
	return 0;
}

static int no_process(struct pgnl *handle)
{
	return lp_fail(handle, ESRCH, "pid", 0, "the process is dead");
}

/* The pid in the caller's pid namespace. */
static int pidfd_pid(struct pgnl *handle, int pidfd, int *pid)
{
	int ret, same, again;

	ret = proc_pid(handle, pidfd, pid);
	if (ret)
		return ret;
	if (*pid < 0)
		return no_process(handle);

	/*
	 * /proc may show another pid namespace than the caller's. It does not
	 * matter if the pid means the same process in both.
	 */
	same = *pid ? (int)syscall(SYS_pidfd_open, *pid, 0) : -1;
	if (same >= 0) {
		ret = proc_pid(handle, same, &again);
		close(same);
		if (ret)
			return ret;
		if (again == *pid)
			return 0;
	} else if (*pid && errno != ESRCH && errno != EINVAL) {
		return lp_fail(handle, errno, "", 0, "can't open pid %d", *pid);
	}
	return lp_fail(handle, ESRCH, "pid", 0,
		       "the process is dead or not visible in this pid namespace");
}

static bool is_dead(int pidfd)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };
	int n;

	do {
		n = poll(&poller, 1, 0);
	} while (n < 0 && errno == EINTR);
	return n != 0;
}

LP_EXPORT int pgnl_join_pidfd(struct pgnl *handle, const char *scope,
			      const char *group, int pidfd,
			      const struct pgnl_join_opts *opts,
			      struct pgnl_joined *result)
{
	struct pgnl_joined joined;
	int ret, pid;

	ret = pidfd_pid(handle, pidfd, &pid);
	if (!ret)
		ret = pgnl_join(handle, scope, group, pid, opts, &joined);
	if (ret)
		return ret;
	if (is_dead(pidfd)) {
		/* Gone by itself, or a stranger's: only our joins go back. */
		pgnl_leave_id(handle, scope, group, joined.id,
			      opts ? opts->times : 1, NULL);
		return no_process(handle);
	}
	if (result)
		*result = joined;
	return 0;
}

LP_EXPORT int pgnl_name_register_pidfd(struct pgnl *handle, const char *name, int pidfd,
				       const struct pgnl_name_opts *opts,
				       struct pgnl_names **list)
{
	struct pgnl_names *holder;
	int ret, pid;

	if (list)
		*list = NULL;
	ret = pidfd_pid(handle, pidfd, &pid);
	if (!ret)
		ret = pgnl_name_register(handle, name, pid, opts, &holder);
	if (ret < 0)
		return ret;
	if (ret == PGNL_YES && is_dead(pidfd)) {
		pgnl_leave_id(handle, "global", name, holder->name[0].holder.id, 1, NULL);
		ret = no_process(handle);
	}
	if (ret >= 0 && list)
		*list = holder;
	else
		pgnl_free(holder);
	return ret;
}

struct process {
	pid_t pid;
	uint64_t id;
};

static int on_process(const struct nlmsghdr *nlh, void *arg)
{
	struct process *process = arg;

	return lp_decode_process(nlh, &process->pid, &process->id);
}

/* Its pid, if it is alive and a member and the caller can see it. */
static int pid_of_id(struct pgnl *handle, uint64_t id, pid_t *pid)
{
	struct process process = { 0 };
	int ret;

	lp_start(handle, PGNL_CMD_PROCESS_GET);
	lp_put_u64(handle, PGNL_A_ID, id);
	ret = lp_do(handle, on_process, &process);
	if (ret)
		return ret;
	if (process.id != id)
		return lp_fail(handle, ESRCH, "id", 0, "no such member");
	if (!process.pid)
		return lp_fail(handle, ESRCH, "id", 0,
			       "the process is not visible in this pid namespace");
	*pid = process.pid;
	return 0;
}

LP_EXPORT int pgnl_pidfd_open(struct pgnl *handle, uint64_t id)
{
	pid_t pid, again;
	int ret, fd;

	ret = pid_of_id(handle, id, &pid);
	if (ret)
		return ret;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return lp_fail(handle, errno, "id", 0, "can't open pid %d", (int)pid);
	ret = pid_of_id(handle, id, &again);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}
