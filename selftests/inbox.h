/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inboxes and messages, and kids that have an inbox. */
#ifndef PGNL_SELFTESTS_INBOX_H
#define PGNL_SELFTESTS_INBOX_H

#include <stdlib.h>

#include "common.h"
#include "proc.h"

/* What is read from an inbox. */
struct letter {
	char group[PGNL_GROUP_NAME_MAX + 1];
	uint32_t len;
	uint32_t sum;		/* of the payload */
	char start[32];		/* of the payload, terminated */
	bool has_pid, has_uid;
	uint32_t pid, uid;
	uint64_t id;		/* 0: none */
	char node[PGNL_SCOPE_NAME_MAX + 1];	/* "": this one */
};

static inline uint32_t sum_of(const void *data, size_t len)
{
	const uint8_t *byte = data;
	uint32_t sum = 5381;

	while (len--)
		sum = sum * 33 + *byte++;
	return sum;
}

/* --- Inboxes ----------------------------------------------------------------- */

static inline int inbox_open(struct client *c, const char *scope)
{
	req_new(c, PGNL_CMD_INBOX_OPEN);
	if (scope)
		put_str(c, PGNL_A_SCOPE, scope);
	return req_do(c);
}

static inline void read_sender(const struct nlattr *nest, struct letter *letter)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case PGNL_A_SENDER_PID:
			letter->has_pid = true;
			letter->pid = mnl_attr_get_u32(attr);
			break;
		case PGNL_A_SENDER_UID:
			letter->has_uid = true;
			letter->uid = mnl_attr_get_u32(attr);
			break;
		case PGNL_A_SENDER_ID:
			letter->id = mnl_attr_get_u64(attr);
			break;
		case PGNL_A_SENDER_NODE:
			snprintf(letter->node, sizeof(letter->node), "%s",
				 mnl_attr_get_str(attr));
			break;
		}
	}
}

static inline int read_letter(const struct nlmsghdr *msg, struct letter *letter)
{
	const struct nlattr *data = attr_of(msg, PGNL_A_DATA);
	const struct nlattr *sender = attr_of(msg, PGNL_A_SENDER);
	const struct nlattr *group = attr_of(msg, PGNL_A_GROUP);
	uint32_t start;

	if (!data || !sender || !group)
		return -EBADMSG;
	snprintf(letter->group, sizeof(letter->group), "%s", mnl_attr_get_str(group));
	letter->len = mnl_attr_get_payload_len(data);
	letter->sum = sum_of(mnl_attr_get_payload(data), letter->len);
	start = letter->len < sizeof(letter->start) ? letter->len : sizeof(letter->start) - 1;
	memcpy(letter->start, mnl_attr_get_payload(data), start);
	read_sender(sender, letter);
	return 0;
}

/*
 * The next of an inbox: 1 and what it is, 0 when nothing is there, -ESHUTDOWN
 * when it has been closed, -EPERM when it is not from the kernel.
 */
static inline int take(struct client *c, struct letter *letter)
{
	struct sockaddr_nl from = {};
	struct iovec iov = { c->in, 1 << 17 };
	struct msghdr head = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
		.msg_iovlen = 1 };
	struct nlmsghdr *msg = (struct nlmsghdr *)c->in;
	ssize_t n = recvmsg(c->fd, &head, MSG_DONTWAIT);
	uint8_t cmd;

	memset(letter, 0, sizeof(*letter));
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (from.nl_pid)
		return -EPERM;
	if (n < (ssize_t)(sizeof(*msg) + sizeof(struct genlmsghdr)) ||
	    msg->nlmsg_len != (size_t)n || msg->nlmsg_type != c->family || msg->nlmsg_seq)
		return -EBADMSG;
	cmd = ((struct genlmsghdr *)mnl_nlmsg_get_payload(msg))->cmd;
	if (cmd == PGNL_CMD_INBOX_CLOSED)
		return -ESHUTDOWN;
	if (cmd != PGNL_CMD_INBOX_MESSAGE)
		return -EBADMSG;
	return read_letter(msg, letter) ? : 1;
}

/* --- Sending ----------------------------------------------------------------- */

static inline void send_req(struct client *c, const char *scope, const char *group,
			    const void *data, size_t len)
{
	req_new(c, PGNL_CMD_GROUP_SEND);
	if (scope)
		put_str(c, PGNL_A_SCOPE, scope);
	put_str(c, PGNL_A_GROUP, group);
	put_bin(c, PGNL_A_DATA, data, len);
}

/* "REACHED full FULL none NO-INBOX refused REFUSED gone GONE", zeros left out. */
static inline const char *sent(struct client *c)
{
	static _Thread_local char text[300];
	static const struct {
		const char *name;
		uint16_t type;
	} counts[] = { { "full", PGNL_A_FULL }, { "none", PGNL_A_NO_INBOX },
		{ "refused", PGNL_A_REFUSED }, { "gone", PGNL_A_GONE } };
	int err = req_do(c), n;

	if (err) {
		snprintf(text, sizeof(text), "%d: %s", err, c->text);
		return text;
	}
	n = sprintf(text, "%u", reply_u32(c, PGNL_A_REACHED));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (reply_u32(c, counts[i].type))
			n += sprintf(text + n, " %s %u", counts[i].name,
				     reply_u32(c, counts[i].type));
	return text;
}

static inline const char *send_text(struct client *c, const char *group, const char *data)
{
	send_req(c, NULL, group, data, strlen(data));
	return sent(c);
}

static inline const char *send_by(struct client *c, uint32_t policy, const char *data)
{
	send_req(c, NULL, "g", data, strlen(data));
	put_u32(c, PGNL_A_POLICY, policy);
	if (policy == PGNL_POLICY_KEY)
		put_bin(c, PGNL_A_KEY, "k", 1);
	return sent(c);
}

static inline const char *send_id(struct client *c, const char *group, uint64_t id,
				  const char *data)
{
	send_req(c, NULL, group, data, strlen(data));
	put_u64(c, PGNL_A_ID, id);
	return sent(c);
}

/* --- Kids with an inbox ------------------------------------------------------ */

/* How a kid opens its inbox: words for its argument. */
struct reader {
	uid_t uid;		/* becomes this user first */
	int room;		/* of the receive buffer; 0: the default */
	const char *scope;
	bool in_userns;
};

struct taken {
	int ret;		/* of take() */
	struct letter letter;
};

static inline void report_letters(struct client *c, int ctl)
{
	struct taken taken;

	while (hear(ctl) >= 0) {
		taken.ret = take(c, &taken.letter);
		if (send(ctl, &taken, sizeof(taken), MSG_NOSIGNAL) != sizeof(taken))
			_exit(0);
	}
}

/* Opens an inbox, says what came of it, then takes a letter each time it is told. */
static inline void kid_reads(int ctl, const void *arg)
{
	static const struct reader plain;
	const struct reader *r = arg ? arg : &plain;
	struct client *c;

	if (r->uid)
		become(r->uid, r->uid, NULL, 0);
	if (r->in_userns)
		new_ns(CLONE_NEWUSER);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	c = client_open();
	if (c && r->room)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUFFORCE, &r->room, sizeof(r->room));
	tell(ctl, c ? inbox_open(c, r->scope) : -1);
	report_letters(c, ctl);
}

/* What the kid's inbox has next, as take(). */
static inline int kid_takes(struct kid *kid, struct letter *letter)
{
	struct taken taken = { .ret = -EPIPE };

	tell(kid->ctl, 1);
	if (!wait_readable(kid->ctl) ||
	    recv(kid->ctl, &taken, sizeof(taken), MSG_WAITALL) != sizeof(taken))
		return -EPIPE;
	*letter = taken.letter;
	return taken.ret;
}

/* Takes all there is; how many, or -errno. */
static inline int kid_empties(struct kid *kid)
{
	struct letter letter;
	int n = 0, ret;

	while ((ret = kid_takes(kid, &letter)) > 0)
		n++;
	return ret ? ret : n;
}

#endif /* PGNL_SELFTESTS_INBOX_H */
