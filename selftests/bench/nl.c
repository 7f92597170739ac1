// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <linux/genetlink.h>

#include "nl.h"

static const char *error_text(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*error);
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return "no text";
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&error->msg);
	mnl_attr_for_each(attr, nlh, skip)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			return mnl_attr_get_str(attr);
	return "no text";
}

struct nlmsghdr *nl_begin(struct nl *nl, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(nl->request);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = nl->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++nl->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

const struct nlmsghdr *nl_ask(struct nl *nl, struct nlmsghdr *request)
{
	const struct nlmsghdr *reply = NULL;
	char *room = nl->answer;

	if (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
		err(1, "send");
	for (;;) {
		size_t left = nl->answer + sizeof(nl->answer) - room;
		ssize_t len = mnl_socket_recvfrom(nl->socket, room, left);
		struct nlmsghdr *nlh = (struct nlmsghdr *)room;

		if (len < 0)
			err(1, "receive");
		if (nlh->nlmsg_seq != request->nlmsg_seq)
			errx(1, "answer to another request");
		if (nlh->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

			if (error->error)
				errx(1, "refused: %s: %s", strerror(-error->error),
				     error_text(nlh));
			return reply;
		}
		reply = nlh;
		if (!(request->nlmsg_flags & NLM_F_ACK))
			return reply;
		room += MNL_ALIGN(len);
	}
}

const struct nlattr *nl_find(const struct nlmsghdr *reply, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, reply, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static int resolve(struct nl *nl, const char *family)
{
	const struct nlattr *id;
	struct nlmsghdr *nlh;
	ssize_t len;

	nl->family = GENL_ID_CTRL;
	nlh = nl_begin(nl, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, family);
	if (mnl_socket_sendto(nl->socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	len = mnl_socket_recvfrom(nl->socket, nl->answer, sizeof(nl->answer));
	if (len < 0)
		return -errno;
	nlh = (struct nlmsghdr *)nl->answer;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
	id = nl_find(nlh, CTRL_ATTR_FAMILY_ID);
	if (!id)
		return -EPROTO;
	nl->family = mnl_attr_get_u16(id);
	return 0;
}

int nl_open(struct nl *nl, const char *family)
{
	int error, on = 1;

	nl->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl->socket)
		return -errno;
	if (mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		error = -errno;
	} else {
		mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &on, sizeof(on));
		mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &on, sizeof(on));
		error = resolve(nl, family);
	}
	if (error)
		nl_close(nl);
	return error;
}

void nl_close(struct nl *nl)
{
	if (nl->socket)
		mnl_socket_close(nl->socket);
	nl->socket = NULL;
}
