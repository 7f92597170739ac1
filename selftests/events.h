/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Subscriptions for tests: what comes is turned into lines of text, so that a
 * test compares a transcript.
 */
#ifndef PGNL_SELFTESTS_EVENTS_H
#define PGNL_SELFTESTS_EVENTS_H

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common.h"

/* A socket that events come to, of one subscription or more. */
struct ear {
	struct client *c;
	char buf[8192];
	struct nlmsghdr *next;
	size_t left;		/* bytes from next on */
};

struct event {
	const struct nlmsghdr *msg;
	uint32_t sub;
	uint64_t epoch, seq, prev;
	uint32_t reason;
	bool ended;		/* there is a status */
	uint32_t status;
	bool asked;		/* there is who asked for it */
	uint32_t by_pid, by_uid;
	const char *by_node, *scope, *group;	/* NULL when there is none */
};

static const char *const reason_name[] = {
	"joined", "left", "exited", "killed", "evicted", "replaced", "group-created",
	"group-deleted", "scope-deleted", "lost",
};

/* Without an ack, before which events would be passed over. */
static inline int req_do_unacked(struct client *c)
{
	int err;

	c->req->nlmsg_flags = NLM_F_REQUEST;
	err = req_send(c);
	return err ? err : req_recv(c);
}

/* The number of the new subscription, or -errno; the reply is the client's. */
static inline int subscribe(struct client *c, const char *scope, const char *group)
{
	int err;

	req_new(c, PGNL_CMD_EVENT_SUBSCRIBE);
	if (scope)
		put_str(c, PGNL_A_SCOPE, scope);
	if (group)
		put_str(c, PGNL_A_GROUP, group);
	err = req_do_unacked(c);
	return err < 0 ? err : (int)reply_u32(c, PGNL_A_SUBSCRIPTION);
}

static inline int unsubscribe(struct client *c, uint32_t sub)
{
	req_new(c, PGNL_CMD_EVENT_UNSUBSCRIBE);
	put_u32(c, PGNL_A_SUBSCRIPTION, sub);
	return req_do(c);
}

static inline int replay(struct client *c, uint32_t sub, uint64_t seq)
{
	req_new(c, PGNL_CMD_EVENT_REPLAY);
	put_u32(c, PGNL_A_SUBSCRIPTION, sub);
	put_u64(c, PGNL_A_SEQ, seq);
	return req_do_unacked(c);
}

static inline int replay_from_now(struct client *c, uint32_t sub)
{
	req_new(c, PGNL_CMD_EVENT_REPLAY);
	put_u32(c, PGNL_A_SUBSCRIPTION, sub);
	return req_do_unacked(c);
}

static inline void decode_event(const struct nlmsghdr *msg, struct event *event)
{
	const struct nlattr *attr, *nested;

	*event = (struct event) { .msg = msg };
	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case PGNL_A_SUBSCRIPTION:
			event->sub = mnl_attr_get_u32(attr);
			break;
		case PGNL_A_EPOCH:
			event->epoch = mnl_attr_get_u64(attr);
			break;
		case PGNL_A_SEQ:
			event->seq = mnl_attr_get_u64(attr);
			break;
		case PGNL_A_SCOPE:
			event->scope = mnl_attr_get_str(attr);
			break;
		case PGNL_A_GROUP:
			event->group = mnl_attr_get_str(attr);
			break;
		case PGNL_A_EVENT:
			mnl_attr_for_each_nested(nested, attr) {
				switch (mnl_attr_get_type(nested)) {
				case PGNL_A_EVENT_PREV:
					event->prev = mnl_attr_get_u64(nested);
					break;
				case PGNL_A_EVENT_REASON:
					event->reason = mnl_attr_get_u32(nested);
					break;
				case PGNL_A_EVENT_STATUS:
					event->ended = true;
					event->status = mnl_attr_get_u32(nested);
					break;
				case PGNL_A_EVENT_BY_PID:
					event->asked = true;
					event->by_pid = mnl_attr_get_u32(nested);
					break;
				case PGNL_A_EVENT_BY_UID:
					event->by_uid = mnl_attr_get_u32(nested);
					break;
				case PGNL_A_EVENT_BY_NODE:
					event->by_node = mnl_attr_get_str(nested);
					break;
				}
			}
			break;
		}
	}
}

/* 0, -EAGAIN when nothing came in time, or what the socket says. */
static inline int next_event(struct ear *ear, struct event *event, int timeout)
{
	struct pollfd pfd = { .fd = ear->c->fd, .events = POLLIN };
	ssize_t n;

	for (;;) {
		const struct nlmsghdr *msg = ear->next;
		int left = (int)ear->left;
		const struct genlmsghdr *genl;

		if (!left || !mnl_nlmsg_ok(msg, left)) {
			if (timeout && poll(&pfd, 1, timeout) <= 0)
				return -EAGAIN;
			n = recv(ear->c->fd, ear->buf, sizeof(ear->buf),
				 MSG_DONTWAIT | MSG_TRUNC);
			if (n < 0)
				return -errno;
			if (n > (ssize_t)sizeof(ear->buf))
				return -EMSGSIZE;
			ear->next = (struct nlmsghdr *)ear->buf;
			ear->left = (size_t)n;
			continue;
		}
		ear->next = mnl_nlmsg_next(msg, &left);
		ear->left = (size_t)left;
		genl = mnl_nlmsg_get_payload(msg);
		if (msg->nlmsg_type != ear->c->family || genl->cmd != PGNL_CMD_EVENT)
			continue;
		decode_event(msg, event);
		return 0;
	}
}

#define EVENT_LIMIT 30000	/* milliseconds; the debug kernel is slow */

/* Names for pids, so that a transcript is the same each time. */
struct cast {
	size_t n;
	struct {
		pid_t pid;
		const char *name;
	} at[8];
};

static inline const char *cast_name(const struct cast *cast, pid_t pid)
{
	for (size_t i = 0; cast && i < cast->n; i++)
		if (cast->at[i].pid == pid)
			return cast->at[i].name;
	return "?";
}

struct transcript {
	char text[32768];
	size_t used;
};

static inline void say_more(struct transcript *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static inline void say_more(struct transcript *t, const char *format, ...)
{
	size_t left = sizeof(t->text) - t->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->text + t->used, left, format, args);
	va_end(args);
	if (n > 0)
		t->used += (size_t)n < left ? (size_t)n : left - 1;
}

static inline void say_line(struct transcript *t, const struct event *event,
			    const struct cast *cast, const struct pgnl_row *row)
{
	say_more(t, "%s", reason_name[event->reason]);
	if (event->group)
		say_more(t, " %s", event->group);
	if (row)
		say_more(t, " %s=%u", cast_name(cast, (pid_t)row->pid), row->count);
	if (event->ended)
		say_more(t, " status=%u", event->status);
	if (event->asked)
		say_more(t, " by=%s", cast_name(cast, (pid_t)event->by_pid));
	if (event->by_node)
		say_more(t, " by-node=%s", event->by_node);
	say_more(t, "\n");
}

/* A line for each member, since it depends on the time how many are together. */
static inline int say_event(struct transcript *t, const struct event *event,
			    const struct cast *cast)
{
	const struct nlattr *attr, *nested;
	int lines = 0;

	mnl_attr_for_each(attr, event->msg, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != PGNL_A_MEMBER)
			continue;
		mnl_attr_for_each_nested(nested, attr) {
			if (mnl_attr_get_type(nested) != PGNL_A_MEMBER_ROW)
				continue;
			say_line(t, event, cast, mnl_attr_get_payload(nested));
			lines++;
		}
	}
	if (!lines)
		say_line(t, event, cast, NULL);
	return lines ? lines : 1;
}

/*
 * The next events, up to n lines, without a hole: else a line says so. Each is
 * of the subscription sub, or of any when that is 0. prev, unless NULL, is the
 * sequence number before the first, and then that of the last.
 */
static inline const char *heard(struct ear *ear, const struct cast *cast, uint32_t sub,
			       uint64_t *prev, int n)
{
	static struct transcript t;
	struct event event;

	t.used = 0;
	t.text[0] = '\0';
	while (n > 0) {
		int err = next_event(ear, &event, EVENT_LIMIT);

		if (err) {
			say_more(&t, "(%s)\n", strerror(-err));
			break;
		}
		if (sub && event.sub != sub)
			say_more(&t, "(subscription %u) ", event.sub);
		if (prev && event.prev != *prev)
			say_more(&t, "(after %" PRIu64 ", not %" PRIu64 ") ", event.prev, *prev);
		if (prev)
			*prev = event.seq;
		n -= say_event(&t, &event, cast);
	}
	return t.text;
}

#endif /* PGNL_SELFTESTS_EVENTS_H */
