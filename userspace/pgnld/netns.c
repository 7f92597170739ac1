// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"
#include "privilege.h"

/* A request is made and answered under the lock, one at a time. */
struct netns {
	int fd;			/* of the namespace; -1: the present one, and no thread */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum { NETNS_IDLE, NETNS_ASKED, NETNS_ANSWERED, NETNS_END } state;
	int domain, type, protocol;
	int answer;		/* the socket, or -errno */
};

static void answer(struct netns *netns, int value)
{
	netns->answer = value;
	netns->state = NETNS_ANSWERED;
	pthread_cond_broadcast(&netns->changed);
}

/* Its first answer is whether it got into the namespace. */
static void *serve(void *arg)
{
	struct netns *netns = arg;
	int fd;

	pthread_mutex_lock(&netns->lock);
	/* Each thread has its own capabilities to give up. */
	answer(netns, setns(netns->fd, CLONE_NEWNET) ? -errno : privilege_drop());
	for (;;) {
		while (netns->state != NETNS_ASKED && netns->state != NETNS_END)
			pthread_cond_wait(&netns->changed, &netns->lock);
		if (netns->state == NETNS_END)
			break;
		fd = socket(netns->domain, netns->type, netns->protocol);
		answer(netns, fd < 0 ? -errno : fd);
	}
	pthread_mutex_unlock(&netns->lock);
	return NULL;
}

/* With the lock held. */
static int await_answer(struct netns *netns)
{
	while (netns->state != NETNS_ANSWERED)
		pthread_cond_wait(&netns->changed, &netns->lock);
	netns->state = NETNS_IDLE;
	return netns->answer;
}

int netns_socket(struct netns *netns, int domain, int type, int protocol)
{
	int fd;

	if (netns->fd < 0) {
		fd = socket(domain, type, protocol);
		return fd < 0 ? -errno : fd;
	}
	pthread_mutex_lock(&netns->lock);
	netns->domain = domain;
	netns->type = type;
	netns->protocol = protocol;
	netns->state = NETNS_ASKED;
	pthread_cond_broadcast(&netns->changed);
	fd = await_answer(netns);
	pthread_mutex_unlock(&netns->lock);
	return fd;
}

static int start_thread(struct netns *netns)
{
	sigset_t all, old;
	int ret;

	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&netns->thread, NULL, serve, netns);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret)
		return -ret;
	pthread_mutex_lock(&netns->lock);
	ret = await_answer(netns);
	pthread_mutex_unlock(&netns->lock);
	return ret;
}

int netns_open(const char *path, struct netns **netns)
{
	struct netns *made = calloc(1, sizeof(*made));
	int ret = 0;

	if (!made)
		return -ENOMEM;
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->changed, NULL);
	made->fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (path && made->fd < 0)
		ret = -errno;
	else if (path)
		ret = start_thread(made);
	if (ret && made->thread)
		netns_close(made);
	else if (ret)
		free(made);
	else
		*netns = made;
	return ret;
}

void netns_close(struct netns *netns)
{
	if (netns->fd >= 0) {
		pthread_mutex_lock(&netns->lock);
		netns->state = NETNS_END;
		pthread_cond_broadcast(&netns->changed);
		pthread_mutex_unlock(&netns->lock);
		pthread_join(netns->thread, NULL);
		close(netns->fd);
	}
	free(netns);
}
