/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to a generic netlink family, straight on libmnl. */
#ifndef BENCH_NL_H
#define BENCH_NL_H

#include <stdint.h>

#include <libmnl/libmnl.h>

struct nl {
	struct mnl_socket *socket;
	uint16_t family;
	uint32_t seq;
	char request[128 * 1024];
	char answer[256 * 1024];
};

/* Open a socket and look the family up; -errno when there is none. */
int nl_open(struct nl *nl, const char *family);
void nl_close(struct nl *nl);

/* Begin a request in nl->request; the caller adds attributes. */
struct nlmsghdr *nl_begin(struct nl *nl, uint8_t cmd, uint16_t flags);

/*
 * Send the request and read its answer: with NLM_F_ACK up to the ack, else
 * one message. Returns the reply, which may be NULL when there was only an
 * ack. Ends the program when the kernel refuses.
 */
const struct nlmsghdr *nl_ask(struct nl *nl, struct nlmsghdr *request);

/* First attribute of that type in a reply, or NULL. */
const struct nlattr *nl_find(const struct nlmsghdr *reply, uint16_t type);

#endif
