// SPDX-License-Identifier: LGPL-2.1-or-later
/* A request to the kernel and what comes back. */

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

/* How often a dump is taken again because the tables changed meanwhile. */
#define DUMP_TRIES 3

/* The kernel says itself when it is too late; this is how late it may be. */
#define RESULT_SLACK 2000

struct exchange {
	const struct nlmsghdr *req;
	lp_reply_fn fn;
	void *arg;
	int err;		/* the first failure */
	bool done;
	bool interrupted;	/* the dump raced with changes */
};

int lp_receive(struct pgnl *handle, int flags, size_t *len)
{
	int fd = mnl_socket_get_fd(handle->sock);

	for (;;) {
		struct iovec iov = { handle->buf, handle->buf_size };
		struct sockaddr_nl from = { .nl_family = AF_NETLINK };
		struct msghdr msg = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
		};
		ssize_t n = recvmsg(fd, &msg, flags);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && handle->stray && errno == ENOBUFS) {
			handle->overrun = true;
			continue;
		}
		if (n < 0 && handle->stray && errno == EAGAIN)
			return lp_fail(handle, ENOBUFS, "", 0,
				       "no room for the reply");
		if (n < 0)
			return lp_fail(handle, errno, "", 0,
				       "can't receive from the kernel");
		if (from.nl_pid)
			continue;
		if (msg.msg_flags & MSG_TRUNC)
			return lp_fail(handle, EMSGSIZE, "", 0,
				       "the reply is too long");
		*len = (size_t)n;
		return 0;
	}
}

static int send_request(struct pgnl *handle, struct nlmsghdr *req)
{
	ssize_t n;

	req->nlmsg_seq = ++handle->seq;
	do {
		n = mnl_socket_sendto(handle->sock, req, req->nlmsg_len);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EMSGSIZE)
		return lp_fail(handle, E2BIG, "", 0, "the request is too long");
	if (n < 0)
		return lp_fail(handle, errno, "", 0, "can't send to the kernel");
	return 0;
}

static void digest_one(struct pgnl *handle, struct exchange *x,
		       const struct nlmsghdr *nlh)
{
	int ret = 0;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		x->interrupted = true;
	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		break;
	case NLMSG_ERROR:
	case NLMSG_DONE:
		ret = lp_fail_kernel(handle, x->req, nlh);
		x->done = true;
		break;
	default:
		/* After a failure a dump is still read to its end. */
		if (x->fn && !x->err)
			ret = x->fn(nlh, x->arg);
		if (ret)
			lp_fail(handle, -ret, "", 0, ret == -EPROTO ?
				"the module's reply is malformed" : "no memory");
		x->done = !(nlh->nlmsg_flags & NLM_F_MULTI) &&
			  !(x->req->nlmsg_flags & NLM_F_ACK);
	}
	if (!x->err)
		x->err = ret;
}

/* An ack may come after the result that the reply has announced. */
static int keep_early(struct pgnl *handle, const struct nlmsghdr *nlh)
{
	struct nlmsghdr *copy;

	if (!lp_is_result(nlh))
		return 0;
	copy = malloc(nlh->nlmsg_len);
	if (!copy)
		return lp_fail(handle, ENOMEM, "", 0, "no memory");
	memcpy(copy, nlh, nlh->nlmsg_len);
	free(handle->early);
	handle->early = copy;
	return 0;
}

static void digest(struct pgnl *handle, struct exchange *x, size_t len)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)handle->buf;
	int left = (int)len, ret;

	while (!x->done && mnl_nlmsg_ok(nlh, left)) {
		ret = 0;
		/* Others are events, or leftovers of a request given up. */
		if (nlh->nlmsg_seq == x->req->nlmsg_seq)
			digest_one(handle, x, nlh);
		else if (handle->stray && !nlh->nlmsg_seq)
			ret = handle->stray(nlh, handle->stray_arg);
		else if (!nlh->nlmsg_seq)
			ret = keep_early(handle, nlh);
		if (!x->err)
			x->err = ret;
		nlh = mnl_nlmsg_next(nlh, &left);
	}
}

static int exchange(struct pgnl *handle, struct nlmsghdr *req, lp_reply_fn fn,
		    void *arg, bool *interrupted)
{
	struct exchange x = { .req = req, .fn = fn, .arg = arg };
	size_t len = 0;
	int ret;

	ret = send_request(handle, req);
	if (ret)
		return ret;
	while (!x.done) {
		/*
		 * A request is done when it has been sent, so where events may
		 * take the room of its reply, that is there by now or lost.
		 */
		ret = lp_receive(handle, handle->stray ? MSG_DONTWAIT : 0, &len);
		if (ret) {
			/* The old socket may be stuck amid a dump. */
			if (!handle->stray)
				lp_reconnect(handle);
			return ret;
		}
		digest(handle, &x, len);
	}
	*interrupted = x.interrupted;
	return x.err;
}

struct family {
	uint16_t id;
	uint32_t version;
};

static int on_family(const struct nlmsghdr *nlh, void *arg)
{
	struct family *family = arg;

	return lp_decode_family(nlh, &family->id, &family->version);
}

void lp_put_family_request(struct nlmsghdr *req)
{
	struct genlmsghdr *genl;

	req->nlmsg_type = GENL_ID_CTRL;
	req->nlmsg_flags = NLM_F_REQUEST;
	genl = mnl_nlmsg_put_extra_header(req, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(req, CTRL_ATTR_FAMILY_NAME, PGNL_FAMILY_NAME);
}

/* The kernel loads the module by its alias when the family is unknown. */
int lp_resolve(struct pgnl *handle)
{
	struct nlmsghdr buf[4];
	struct nlmsghdr *req = mnl_nlmsg_put_header(buf);
	struct family family = { 0 };
	bool interrupted;
	int ret;

	lp_put_family_request(req);
	ret = exchange(handle, req, on_family, &family, &interrupted);
	if (ret == -ENOENT)
		return lp_fail(handle, ENOTCONN, "", 0,
			       "the pgnl module is not loaded");
	if (ret)
		return ret;
	if (family.version != PGNL_FAMILY_VERSION)
		return lp_fail(handle, EPROTO, "", 0,
			"the module speaks version %u of the interface, the library version %d",
			family.version, PGNL_FAMILY_VERSION);
	handle->family = family.id;
	return 0;
}

static int transact(struct pgnl *handle, uint16_t flags, lp_reply_fn fn,
		    void *arg, bool *interrupted)
{
	uint16_t family = handle->family;
	int ret;

	if (handle->req_err)
		return handle->req_err;
	handle->req->nlmsg_flags = NLM_F_REQUEST | flags;
	handle->req->nlmsg_type = family;
	ret = exchange(handle, handle->req, fn, arg, interrupted);
	if (ret != -ENOENT || handle->error.text[0])
		return ret;

	/* No words: it is the family that is unknown. Was it loaded anew? */
	ret = lp_resolve(handle);
	if (ret)
		return ret;
	if (handle->family == family)
		return lp_fail(handle, ENOENT, "", 0, "%s", "");
	handle->req->nlmsg_type = handle->family;
	return exchange(handle, handle->req, fn, arg, interrupted);
}

int lp_do(struct pgnl *handle, lp_reply_fn fn, void *arg)
{
	bool interrupted;

	/* A reply says as much as an ack, so it does not need one. */
	return transact(handle, fn ? 0 : NLM_F_ACK, fn, arg, &interrupted);
}

int lp_do_acked(struct pgnl *handle, lp_reply_fn fn, void *arg)
{
	bool interrupted;

	return transact(handle, NLM_F_ACK, fn, arg, &interrupted);
}

/* 1: it is the result; 0: it is not; or the error that it tells of. */
static int take_result(struct pgnl *handle, const struct lp_pending *pending,
		       lp_reply_fn fn, void *arg, const struct nlmsghdr *nlh)
{
	struct lp_text words;
	int code = 0, ret;

	if (!lp_decode_result(nlh, pending->request, &code, &words))
		return 0;
	ret = fn(nlh, arg);
	if (ret)
		return lp_fail(handle, -ret, "", 0, "the result is malformed");
	if (!code)
		return 1;
	return lp_fail(handle, code, "", 0, "%.*s", (int)words.len,
		       words.data ? words.data : "");
}

static int find_result(struct pgnl *handle, const struct lp_pending *pending,
		       lp_reply_fn fn, void *arg, size_t len)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)handle->buf;
	int left = (int)len;
	int ret = 0;

	for (; !ret && mnl_nlmsg_ok(nlh, left);
	     nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_seq || nlh->nlmsg_type != handle->family)
			continue;
		ret = take_result(handle, pending, fn, arg, nlh);
		if (!ret && handle->stray)
			ret = handle->stray(nlh, handle->stray_arg);
	}
	return ret;
}

/* That came with the reply. */
static int find_early(struct pgnl *handle, const struct lp_pending *pending,
		      lp_reply_fn fn, void *arg)
{
	struct nlmsghdr *early = handle->early;
	int ret;

	if (!early)
		return 0;
	handle->early = NULL;
	ret = take_result(handle, pending, fn, arg, early);
	free(early);
	return ret;
}

int64_t lp_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int lp_wait_readable(struct pgnl *handle, int64_t deadline)
{
	struct pollfd poller = {
		.fd = mnl_socket_get_fd(handle->sock),
		.events = POLLIN,
	};
	int64_t left = deadline < 0 ? -1 : deadline - lp_now_ms();

	if (deadline >= 0 && left <= 0)
		return -EAGAIN;
	return poll(&poller, 1, (int)left) < 0 ? -errno : 0;
}

static int wait_for_result(struct pgnl *handle, int64_t deadline)
{
	int ret = lp_wait_readable(handle, deadline);

	if (ret == -EAGAIN)
		return lp_fail(handle, ETIMEDOUT, "", 0, "no result in time");
	if (ret && ret != -EINTR)
		return lp_fail(handle, -ret, "", 0, "can't wait for the result");
	return 0;
}

int lp_wait(struct pgnl *handle, const struct lp_pending *pending,
	    lp_reply_fn fn, void *arg)
{
	int64_t deadline = lp_now_ms() + pending->timeout + RESULT_SLACK;
	size_t len;
	int ret;

	if (!pending->request)
		return 0;
	ret = find_early(handle, pending, fn, arg);
	while (!ret) {
		ret = wait_for_result(handle, deadline);
		if (!ret)
			ret = lp_receive(handle, 0, &len);
		if (!ret)
			ret = find_result(handle, pending, fn, arg, len);
	}
	return ret > 0 ? 0 : ret;
}

int lp_dump(struct pgnl *handle, lp_reply_fn fn, struct lp_list *list)
{
	bool interrupted = false;
	int ret, tries = 0;

	do {
		lp_list_reset(list);
		ret = transact(handle, NLM_F_DUMP, fn, list, &interrupted);
	} while (++tries < DUMP_TRIES &&
		 (ret == -ENOBUFS || (!ret && interrupted)));
	list->interrupted = interrupted;
	return ret;
}
