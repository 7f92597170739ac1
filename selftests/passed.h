/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that somebody else opened. */
#ifndef PGNL_SELFTESTS_PASSED_H
#define PGNL_SELFTESTS_PASSED_H

#include <sys/socket.h>

#include "common.h"

static inline int send_fd(int to, int fd)
{
	char byte = 0, space[CMSG_SPACE(sizeof(fd))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space,
		.msg_controllen = sizeof(space) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(to, &msg, 0) == 1 ? 0 : -errno;
}

static inline int receive_fd(int from)
{
	char byte, space[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space,
		.msg_controllen = sizeof(space) };
	int fd;

	if (recvmsg(from, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static inline int open_and_pass(void *arg)
{
	int *to = arg;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	CHECK(fd >= 0);
	CHECK_EQ(0, send_fd(*to, fd));
	return 0;
}

/* A client over the socket that a function opened as another user, and passed to there. */
static inline struct client *client_passed(uid_t uid, int (*open_and_pass_to)(void *to))
{
	struct client *c = NULL;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return NULL;
	if (!as_user(uid, uid, open_and_pass_to, &pair[0]))
		c = client_on(receive_fd(pair[1]));
	close(pair[0]);
	close(pair[1]);
	return c;
}

static inline struct client *client_opened_by(uid_t uid)
{
	return client_passed(uid, open_and_pass);
}

#endif /* PGNL_SELFTESTS_PASSED_H */
