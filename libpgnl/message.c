// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Messages to the members of a group, and the inbox that they come to. An inbox
 * has a socket of its own, so that a request's replies and messages do not mix.
 */

#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

struct pgnl_inbox {
	struct pgnl *handle;	/* its socket takes nothing but messages */
	uint64_t id;
	bool closed;
};

/* --- Sending --- */

struct sending {
	struct pgnl_sent *sent;
	struct lp_pending pending;
};

static int on_sent(const struct nlmsghdr *nlh, void *arg)
{
	struct sending *sending = arg;

	return lp_decode_sent(nlh, sending->sent) ? :
	       lp_decode_pending(nlh, &sending->pending);
}

static int on_sent_on(const struct nlmsghdr *nlh, void *arg)
{
	struct sending *sending = arg;

	return lp_decode_sent_on(nlh, sending->sent);
}

LP_EXPORT int pgnl_send(struct pgnl *handle, const char *scope,
			const char *group, const void *data, size_t len,
			const struct pgnl_send_opts *opts,
			struct pgnl_sent *sent)
{
	struct sending sending = { .sent = sent };
	int ret;

	/* No ids at all would mean everybody to the kernel. */
	if (opts && opts->ids && !opts->n_ids) {
		*sent = (struct pgnl_sent){ 0 };
		return 0;
	}
	if (len > PGNL_MESSAGE_MAX)
		return lp_fail(handle, EMSGSIZE, "data", 0,
			       "a message has at most %d bytes", PGNL_MESSAGE_MAX);
	lp_start(handle, PGNL_CMD_GROUP_SEND);
	lp_put_scope(handle, scope);
	lp_put_group(handle, group);
	lp_put_data(handle, PGNL_A_DATA, data, len, PGNL_MESSAGE_MAX);
	if (opts)
		lp_put_whom(handle, opts);
	ret = lp_do(handle, on_sent, &sending);
	if (ret)
		return ret;
	ret = lp_wait(handle, &sending.pending, on_sent_on, &sending);
	/* What could not be learned of other nodes is told by its count. */
	return sent->unreachable ? 0 : ret;
}

/* --- Receiving --- */

static int on_opened(const struct nlmsghdr *nlh, void *arg)
{
	return lp_decode_opened(nlh, arg);
}

/* As much as asked where the caller may, else as much as the system grants. */
static int set_room(struct pgnl *handle, int room)
{
	int fd = mnl_socket_get_fd(handle->sock);

	if (!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    !setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)))
		return 0;
	return lp_fail(handle, errno, "", 0, "can't set the room of the inbox");
}

static int open_inbox(struct pgnl *handle, const char *scope,
		      const struct pgnl_inbox_opts *opts,
		      struct pgnl_inbox *inbox)
{
	struct pgnl *own = inbox->handle;
	int ret;

	if (!lp_same_netns(handle, own))
		return lp_fail(own, EXDEV, "", 0,
			       "the handle is of another network namespace");
	if (opts && opts->room) {
		ret = set_room(own, opts->room);
		if (ret)
			return ret;
	}
	lp_start(own, PGNL_CMD_INBOX_OPEN);
	lp_put_scope(own, scope);
	if (opts && opts->uid != PGNL_ANY_UID)
		lp_put_u32(own, PGNL_A_UID, opts->uid);
	return lp_do(own, on_opened, &inbox->id);
}

LP_EXPORT int pgnl_inbox_open(struct pgnl *handle, const char *scope,
			      const struct pgnl_inbox_opts *opts,
			      struct pgnl_inbox **result)
{
	struct pgnl_inbox *inbox = calloc(1, sizeof(*inbox));
	int ret;

	*result = NULL;
	if (!inbox)
		return lp_fail(handle, ENOMEM, "", 0, "no memory");
	ret = pgnl_open(&inbox->handle);
	if (ret) {
		free(inbox);
		return lp_fail(handle, -ret, "", 0, "can't open a socket for the inbox");
	}
	ret = open_inbox(handle, scope, opts, inbox);
	if (ret) {
		handle->error = inbox->handle->error;
		pgnl_inbox_close(inbox);
		return ret;
	}
	*result = inbox;
	return 0;
}

LP_EXPORT int pgnl_inbox_fd(const struct pgnl_inbox *inbox)
{
	return mnl_socket_get_fd(inbox->handle->sock);
}

LP_EXPORT uint64_t pgnl_inbox_id(const struct pgnl_inbox *inbox)
{
	return inbox->id;
}

LP_EXPORT void pgnl_inbox_close(struct pgnl_inbox *inbox)
{
	if (!inbox)
		return;
	pgnl_close(inbox->handle);
	free(inbox);
}

/* 1: a message; 0: something that is none; or as pgnl_recv(). */
static int take(struct pgnl_inbox *inbox, struct pgnl_message *message)
{
	struct pgnl *handle = inbox->handle;
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)handle->buf;
	size_t len;
	int ret;

	ret = lp_receive(handle, MSG_DONTWAIT, &len);
	/* A socket that overran says so once; no message of an inbox does that. */
	if (ret == -ENOBUFS)
		return 0;
	if (ret)
		return ret;
	if (!mnl_nlmsg_ok(nlh, (int)len) || nlh->nlmsg_type != handle->family)
		return 0;
	ret = lp_decode_message(nlh, message);
	inbox->closed = ret == -ESHUTDOWN;
	return ret;
}

LP_EXPORT int pgnl_recv(struct pgnl_inbox *inbox, struct pgnl_message *message,
			int timeout)
{
	int64_t deadline = timeout < 0 ? -1 : lp_now_ms() + timeout;
	int ret;

	if (getpid() != inbox->handle->owner)
		return -ECHILD;
	while (!inbox->closed) {
		ret = take(inbox, message);
		if (ret == -EAGAIN)
			ret = timeout ? lp_wait_readable(inbox->handle, deadline) : ret;
		if (ret)
			return ret > 0 ? 0 : ret;
	}
	return -ESHUTDOWN;
}
