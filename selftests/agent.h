/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of an agent over a client that knows nothing of libpgnl. */
#ifndef SELFTESTS_AGENT_H
#define SELFTESTS_AGENT_H

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "common.h"

/* Begin a request about a node; the nest that names it is to be ended. */
static inline struct nlattr *begin_peer(struct client *c, uint8_t cmd, const char *name,
					uint64_t incarnation)
{
	struct nlattr *nest;

	req_new(c, cmd);
	nest = mnl_attr_nest_start(c->req, PGNL_A_PEER);
	if (name)
		mnl_attr_put_strz(c->req, PGNL_A_NODE_NAME, name);
	if (incarnation)
		mnl_attr_put_u64(c->req, PGNL_A_NODE_INCARNATION, incarnation);
	return nest;
}

static inline int peer(struct client *c, uint8_t cmd, const char *name, uint64_t incarnation)
{
	mnl_attr_nest_end(c->req, begin_peer(c, cmd, name, incarnation));
	return req_do(c);
}

static inline void put_entry(struct client *c, const char *group, const struct pgnl_row *rows,
			     size_t n, uint32_t reason)
{
	struct nlattr *nest = mnl_attr_nest_start(c->req, PGNL_A_ENTRY);

	if (group)
		mnl_attr_put_strz(c->req, PGNL_A_ENTRY_GROUP, group);
	if (rows)
		mnl_attr_put(c->req, PGNL_A_ENTRY_ROWS, n * sizeof(*rows), rows);
	if (reason)
		mnl_attr_put_u32(c->req, PGNL_A_ENTRY_REASON, reason);
	mnl_attr_nest_end(c->req, nest);
}

static inline void begin_put(struct client *c, const char *scope)
{
	mnl_attr_nest_end(c->req, begin_peer(c, PGNL_CMD_REMOTE_PUT, "there", 1));
	if (scope)
		put_str(c, PGNL_A_SCOPE, scope);
}

static inline int put_row(struct client *c, const char *scope, const struct pgnl_row *row)
{
	begin_put(c, scope);
	put_entry(c, "g", row, 1, 0);
	return req_do(c);
}

/* --- Upcalls ----------------------------------------------------------------- */

/* Take the role, to be asked for some acts; 0: the default timeout. */
static inline int agent_for(struct client *c, uint32_t acts, uint32_t timeout)
{
	struct nlattr *nest = begin_peer(c, PGNL_CMD_AGENT_REGISTER, "here", 0);

	mnl_attr_put_u32(c->req, PGNL_A_NODE_ACTS, acts);
	if (timeout)
		mnl_attr_put_u32(c->req, PGNL_A_NODE_TIMEOUT, timeout);
	mnl_attr_nest_end(c->req, nest);
	return req_do(c);
}

/*
 * The next upcall or result that the kernel sends to a socket, until the next
 * call; NULL when none comes in time, or with a timeout of 0 is there.
 */
static inline const struct nlmsghdr *told(struct client *c, uint8_t cmd, int timeout)
{
	struct pollfd poller = { .fd = c->fd, .events = POLLIN };
	static char buf[1 << 17];
	const struct nlmsghdr *msg = (struct nlmsghdr *)buf;
	ssize_t n;

	for (;;) {
		if (poll(&poller, 1, timeout) != 1)
			return NULL;
		n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < (ssize_t)(sizeof(*msg) + sizeof(struct genlmsghdr)))
			return NULL;
		if (!msg->nlmsg_seq && msg->nlmsg_type == c->family &&
		    ((struct genlmsghdr *)mnl_nlmsg_get_payload(msg))->cmd == cmd)
			return msg;
	}
}

static inline uint32_t msg_u32(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr = attr_of(msg, type);

	return attr ? mnl_attr_get_u32(attr) : 0;
}

static inline uint64_t msg_u64(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr = attr_of(msg, type);

	return attr ? mnl_attr_get_u64(attr) : 0;
}

static inline const char *msg_str(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr = attr_of(msg, type);

	return attr ? mnl_attr_get_str(attr) : "";
}

/* Begin an answer; counts may be added before req_do(). */
static inline void answer_req(struct client *c, uint64_t request)
{
	req_new(c, PGNL_CMD_UPCALL_ANSWER);
	put_u64(c, PGNL_A_REQUEST, request);
}

#endif /* SELFTESTS_AGENT_H */
