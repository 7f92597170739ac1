// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opening and closing a handle. */

#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

/* One join of the longest name with the largest metadata fits. */
#define REQUEST_SIZE 1024
/*
 * The longest reply to a change (ids and counts of PGNL_ROWS_MAX rows, 48 KiB)
 * fits, and so does any part of a dump; untouched pages cost nothing.
 */
#define REPLY_SIZE (128 * 1024)

static int setup(struct mnl_socket *sock)
{
	int on = 1, room = 1 << 20;

	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &on, sizeof(on)) < 0 ||
	    mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, &on, sizeof(on)) < 0)
		return -1;
	/* For requests of many long names, as far as the system lets us. */
	return setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_SNDBUF, &room,
			  sizeof(room));
}

int lp_connect(struct pgnl *handle)
{
	struct mnl_socket *sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	int err;

	if (!sock)
		return lp_fail(handle, errno, "", 0, "can't open a netlink socket");
	if (setup(sock) < 0) {
		err = errno;
		mnl_socket_close(sock);
		return lp_fail(handle, err, "", 0,
			       "can't set up the netlink socket");
	}
	handle->sock = sock;
	return 0;
}

static bool same_netns(const struct mnl_socket *a, const struct mnl_socket *b)
{
	uint64_t left, right;
	socklen_t len = sizeof(left);

	return !getsockopt(mnl_socket_get_fd(a), SOL_SOCKET, SO_NETNS_COOKIE,
			   &left, &len) &&
	       !getsockopt(mnl_socket_get_fd(b), SOL_SOCKET, SO_NETNS_COOKIE,
			   &right, &len) &&
	       left == right;
}

bool lp_same_netns(const struct pgnl *a, const struct pgnl *b)
{
	return same_netns(a->sock, b->sock);
}

void lp_reconnect(struct pgnl *handle)
{
	struct pgnl_error error = handle->error;
	struct mnl_socket *old = handle->sock;

	if (!lp_connect(handle)) {
		/* The caller may have gone to another network namespace. */
		if (same_netns(old, handle->sock)) {
			mnl_socket_close(old);
		} else {
			mnl_socket_close(handle->sock);
			handle->sock = old;
		}
	}
	handle->error = error;
}

LP_EXPORT int pgnl_open(struct pgnl **result)
{
	struct pgnl *handle = calloc(1, sizeof(*handle));
	int ret = -ENOMEM;

	*result = NULL;
	if (!handle)
		return -ENOMEM;
	handle->owner = getpid();
	handle->req_size = REQUEST_SIZE;
	handle->req = malloc(handle->req_size);
	handle->buf_size = REPLY_SIZE;
	handle->buf = malloc(handle->buf_size);
	if (handle->req && handle->buf)
		ret = lp_connect(handle);
	if (!ret)
		ret = lp_resolve(handle);
	if (ret) {
		pgnl_close(handle);
		return ret;
	}
	*result = handle;
	return 0;
}

LP_EXPORT void pgnl_close(struct pgnl *handle)
{
	if (!handle)
		return;
	if (handle->sock)
		mnl_socket_close(handle->sock);
	free(handle->early);
	free(handle->buf);
	free(handle->req);
	free(handle);
}
