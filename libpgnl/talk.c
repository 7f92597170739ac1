// SPDX-License-Identifier: LGPL-2.1-or-later
/* The agent of the node, by the socket that ask.h describes. */

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "ask.h"
#include "internal.h"

#define ANSWER_MS	8000		/* until the agent says something more */
#define ANSWER_MAX	(64u << 20)	/* bytes of all that it says */

struct nlmsghdr *lp_ask_begin(void *buffer, uint16_t request)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = request;
	return nlh;
}

/* Whoever has the socket may let callers queue, and not take them. */
static int reach(int fd)
{
	const struct timeval limit = { .tv_sec = ANSWER_MS / 1000 };
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "\0" ASK_SOCKET };
	/* Without the NUL at the end, which would be part of the name. */
	const socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof(ASK_SOCKET);
	int64_t deadline = lp_now_ms() + ANSWER_MS;
	int ret;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)))
		return -errno;
	do
		ret = connect(fd, (const struct sockaddr *)&to, len);
	while (ret && errno == EINTR && lp_now_ms() < deadline);
	return ret ? -errno : 0;
}

static int call(struct pgnl *handle, int fd)
{
	int ret = reach(fd);

	if (ret == -EAGAIN || ret == -EINTR)
		return lp_fail(handle, ETIMEDOUT, "", 0, "the agent does not answer");
	if (ret)
		return lp_fail(handle, ENOTCONN, "", 0,
			       "no agent runs on this node: start pgnld");
	if (!ask_is_agent(fd))
		return lp_fail(handle, EPERM, "", 0,
			       "who has the agent's socket is no agent");
	return 0;
}

int lp_ask_open(struct pgnl *handle, const struct nlmsghdr *request)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return lp_fail(handle, errno, "", 0, "no socket for the agent");
	ret = call(handle, fd);
	if (!ret && send(fd, request, request->nlmsg_len, MSG_NOSIGNAL) < 0)
		ret = lp_fail(handle, ENOTCONN, "", 0, "the agent has hung up");
	if (ret)
		close(fd);
	return ret ? ret : fd;
}

int lp_ask_next(struct pgnl *handle, int fd, void *buffer, size_t size)
{
	const struct nlmsghdr *nlh = buffer;
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t len;
	int ret;

	do
		ret = poll(&ready, 1, ANSWER_MS);
	while (ret < 0 && errno == EINTR);
	if (ret == 0)
		return lp_fail(handle, ETIMEDOUT, "", 0, "the agent does not answer");
	len = recv(fd, buffer, size, 0);
	if (len <= 0)
		return lp_fail(handle, ENOTCONN, "", 0, "the agent has hung up");
	if (!mnl_nlmsg_ok(nlh, (int)len))
		return lp_fail(handle, EPROTO, "", 0, "the agent makes no sense");
	return 0;
}

static int keep(struct pgnl *handle, struct lp_answer *answer,
		const struct nlmsghdr *nlh)
{
	size_t len = mnl_nlmsg_get_payload_len(nlh);
	char *grown;

	if (answer->len + len > ANSWER_MAX)
		return lp_fail(handle, EMSGSIZE, "", 0, "the agent says too much");
	grown = realloc(answer->data, answer->len + len + 1);
	if (!grown)
		return lp_fail(handle, ENOMEM, "", 0, "no memory");
	memcpy(grown + answer->len, mnl_nlmsg_get_payload(nlh), len);
	answer->data = grown;
	answer->len += len;
	return 0;
}

/* How it ended. */
static int verdict(struct pgnl *handle, const struct nlmsghdr *nlh)
{
	const char *text = "";
	const struct nlattr *attr;
	uint32_t error = 0;

	mnl_attr_for_each(attr, nlh, 0) {
		if (mnl_attr_get_type(attr) == ASK_A_ERROR &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			error = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == ASK_A_TEXT &&
			 mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			text = mnl_attr_get_str(attr);
	}
	if (!error)
		return 0;
	return lp_fail(handle, error < 4096 ? (int)error : EPROTO, "", 0, "%s", text);
}

static int take(struct pgnl *handle, int fd, struct nlmsghdr *buffer,
		struct lp_answer *answer)
{
	int ret;

	while (!(ret = lp_ask_next(handle, fd, buffer, ASK_SIZE))) {
		if (buffer->nlmsg_type == NLMSG_DONE)
			return verdict(handle, buffer);
		ret = keep(handle, answer, buffer);
		if (ret)
			return ret;
	}
	return ret;
}

int lp_ask(struct pgnl *handle, const struct nlmsghdr *request,
	   struct lp_answer *answer)
{
	void *buffer;
	int fd, ret;

	*answer = (struct lp_answer) { .data = NULL };
	fd = lp_ask_open(handle, request);
	if (fd < 0)
		return fd;
	buffer = calloc(1, ASK_SIZE);
	ret = buffer ? take(handle, fd, buffer, answer) :
		       lp_fail(handle, ENOMEM, "", 0, "no memory");
	free(buffer);
	close(fd);
	if (ret) {
		free(answer->data);
		answer->data = NULL;
	}
	return ret;
}
