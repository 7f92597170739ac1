// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <pgnl.h>

#include "act.h"
#include "log.h"

/* Names are the groups of this scope; a join registers. */
#define NAMES_SCOPE "global"

struct act {
	const struct request *request;
	struct pgnl *kernel;
	pid_t pid;
	int pidfd;
};

/* One join of the process, and of no other that may have got its pid. */
static int join(struct act *act, const char *scope, const char *what, const char *group)
{
	struct pgnl_join_opts opts = { 0 };
	int ret;

	if (act->request->meta) {
		opts.meta = act->request->meta;
		opts.meta_len = strlen(act->request->meta);
	}
	ret = pgnl_join_pidfd(act->kernel, scope, group, act->pidfd, &opts, NULL);
	if (ret && ret != -ESRCH)
		log_line(LOG_ERR, "can't join %s '%s': %s (%s)", what, group,
			 pgnl_last_error(act->kernel)->text, strerror(-ret));
	return ret;
}

/* 0, -ESRCH as soon as the process has ended, or the error of the last that failed. */
static int join_all(struct act *act, const char *scope, const char *what,
		    const struct words *groups)
{
	int failed = 0;

	for (size_t i = 0; i < groups->n; i++) {
		int ret = join(act, scope, what, groups->word[i]);

		if (ret == -ESRCH)
			return ret;
		if (ret)
			failed = ret;
	}
	return failed;
}

static bool has_ended(const struct act *act)
{
	struct pollfd poller = { .fd = act->pidfd, .events = POLLIN };

	return poll(&poller, 1, 0) > 0;
}

/* Its network namespace, and no other's: it lives after it was opened. */
static int open_netns(const struct act *act)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)act->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (has_ended(act)) {
		if (fd >= 0)
			close(fd);
		return -ESRCH;
	}
	if (fd < 0)
		log_line(LOG_ERR, "can't open %s: %s", path, strerror(errno));
	return fd < 0 ? -errno : fd;
}

static bool share(struct act *act, int netns, const char *text)
{
	char scope[REQUEST_SHARE_SIZE], alias[REQUEST_SHARE_SIZE];
	int ret;

	if (!request_share(text, scope, alias))
		return false;
	ret = pgnl_scope_share(act->kernel, scope, netns, alias);
	if (ret)
		log_line(LOG_ERR, "can't share scope '%s' as '%s': %s (%s)", scope, alias,
			 pgnl_last_error(act->kernel)->text, strerror(-ret));
	return !ret;
}

static bool share_all(struct act *act)
{
	const struct words *shares = &act->request->shares;
	bool done = true;
	int netns;

	if (!shares->n)
		return true;
	netns = open_netns(act);
	if (netns < 0)
		return netns == -ESRCH;
	for (size_t i = 0; i < shares->n; i++)
		done = share(act, netns, shares->word[i]) && done;
	close(netns);
	return done;
}

static bool act_with(struct act *act)
{
	const struct request *request = act->request;
	bool shared = share_all(act);
	int groups, names;

	groups = join_all(act, request->scope, "group", &request->groups);
	if (groups == -ESRCH)
		return true;
	names = join_all(act, NAMES_SCOPE, "name", &request->names);
	return shared && !groups && (!names || names == -ESRCH);
}

static bool connected(struct act *act)
{
	int ret = pgnl_open(&act->kernel);

	if (ret == -ENOTCONN)
		log_line(LOG_ERR, "the kernel module pgnl is not loaded");
	else if (ret)
		log_line(LOG_ERR, "can't reach the kernel: %s", strerror(-ret));
	return !ret;
}

bool act(pid_t pid, const struct request *request)
{
	struct act act = { .request = request, .pid = pid };
	bool done;

	act.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (act.pidfd < 0 && errno == ESRCH)
		return true;
	if (act.pidfd < 0) {
		log_line(LOG_ERR, "can't open process %d: %s", (int)pid, strerror(errno));
		return false;
	}
	done = connected(&act);
	if (done) {
		done = act_with(&act);
		pgnl_close(act.kernel);
	}
	close(act.pidfd);
	return done;
}
