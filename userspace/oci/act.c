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

struct act {
	const struct request *request;
	const char *meta;	/* NULL: none */
	size_t meta_len;
	struct pgnl *kernel;
	pid_t pid;
	int pidfd;
};

static bool has_ended(const struct act *act)
{
	struct pollfd poller = { .fd = act->pidfd, .events = POLLIN };

	return poll(&poller, 1, 0) > 0;
}

/* Of a process that has ended nothing is asked any more. */
static bool fails(struct act *act, int ret, const char *what, const char *name)
{
	if (!ret || has_ended(act))
		return false;
	log_line(LOG_ERR, "can't %s '%s': %s (%s)", what, name,
		 pgnl_last_error(act->kernel)->text, strerror(-ret));
	return true;
}

/* The process, and no other that may have got its pid. */
static bool join(struct act *act, const char *group)
{
	struct pgnl_join_opts opts = { .meta = act->meta, .meta_len = act->meta_len };
	int ret = pgnl_join_pidfd(act->kernel, act->request->scope, group, act->pidfd, &opts, NULL);

	return !fails(act, ret, "join group", group);
}

static bool enroll(struct act *act, const char *name)
{
	struct pgnl_name_opts opts = { .meta = act->meta, .meta_len = act->meta_len };
	int ret = pgnl_name_register_pidfd(act->kernel, name, act->pidfd, &opts, NULL);

	if (ret == PGNL_NO) {
		log_line(LOG_ERR, "can't register name '%s': it is taken", name);
		return false;
	}
	return !fails(act, ret, "register name", name);
}

/* True when all were done. */
static bool each(struct act *act, const struct words *words,
		 bool (*fn)(struct act *act, const char *word))
{
	bool done = true;

	for (size_t i = 0; i < words->n && !has_ended(act); i++)
		done = fn(act, words->word[i]) && done;
	return done;
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
	bool done = share_all(act);

	done = each(act, &act->request->groups, join) && done;
	return each(act, &act->request->names, enroll) && done;
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
	struct act act = {
		.request = request, .pid = pid, .meta = request->meta,
		.meta_len = request->meta ? strlen(request->meta) : 0,
	};
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
