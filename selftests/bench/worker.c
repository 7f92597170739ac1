// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does what the bench asks of the kernel. Reads one command a line on stdin
 * and answers each with one line of nanoseconds (the whole command's, not
 * one operation's). pg_worker.erl speaks the same.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/pgnl.h>
#include <pgnl.h>

#include "floor/pgnl_floor.h"
#include "nl.h"
#include "pool.h"

#define GROUPS_MAX	1024
#define FAR_APART	7919	/* groups taken one after the other, where any will do */
#define PREFIX_MAX	"15"
#define NAME_SIZE	40

struct range {
	char prefix[16];
	size_t groups;		/* how many; process i is in group i % groups */
	size_t from, n;		/* which of the pool */
};

static struct nl pgnl_nl, floor_nl;
static struct nl *subscribers;
static size_t n_subscribers;
static uint32_t event_size;	/* bytes of the newest event read */
static struct pgnl *handle;
static struct pgnl_view *view;
static char names[GROUPS_MAX][NAME_SIZE];
static volatile pid_t sink;	/* results end here, so that none is optimized out */

static uint64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static uint64_t now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Of this process alone: what others do in between does not count. */
static uint64_t own_time(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/* The module may come after the worker, so sockets are opened on first use. */
static struct nl *use(struct nl *nl, const char *family)
{
	int error;

	if (nl->socket)
		return nl;
	error = nl_open(nl, family);
	if (error)
		errx(1, "family %s: %s", family, strerror(-error));
	return nl;
}

static struct nl *use_pgnl(void)
{
	return use(&pgnl_nl, PGNL_FAMILY_NAME);
}

static struct pgnl *use_lib(void)
{
	int error;

	if (handle)
		return handle;
	error = pgnl_open(&handle);
	if (error)
		errx(1, "pgnl_open: %s", strerror(-error));
	return handle;
}

static void name_group(char *name, const struct range *r, size_t number)
{
	snprintf(name, NAME_SIZE, "%s%zu", r->prefix, number);
}

static struct range parse_range(const char *args)
{
	struct range r;

	if (sscanf(args, "%" PREFIX_MAX "s %zu %zu %zu", r.prefix, &r.groups, &r.from,
		   &r.n) != 4 || !r.groups || r.from + r.n > pool_size)
		errx(1, "bad range: %s", args);
	return r;
}

static struct range parse(const char *args)
{
	struct range r = parse_range(args);

	if (r.groups > GROUPS_MAX)
		errx(1, "too many groups: %s", args);
	for (size_t i = 0; i < r.groups; i++)
		name_group(names[i], &r, i);
	return r;
}

/* For each process a group, out of many and not in their order. */
static struct range parse_any(const char *args)
{
	struct range r = parse_range(args);
	size_t groups = r.groups;

	if (!r.n || r.n > GROUPS_MAX)
		errx(1, "too many at once: %s", args);
	for (size_t i = r.from; i < r.from + r.n; i++)
		name_group(names[i % r.n], &r, i * FAR_APART % groups);
	r.groups = r.n;
	return r;
}

static size_t parse_n(const char *args)
{
	return strtoul(args, NULL, 10);
}

/* --- what generic netlink itself costs ------------------------------------ */

static uint64_t do_floor(const char *args)
{
	struct nl *nl = use(&floor_nl, FLOOR_FAMILY_NAME);
	size_t n = parse_n(args);
	uint64_t start = now();

	while (n--)
		nl_ask(nl, nl_begin(nl, FLOOR_CMD_NOTHING, NLM_F_ACK));
	return now() - start;
}

static uint64_t do_info(const char *args)
{
	struct nl *nl = use_pgnl();
	size_t n = parse_n(args);
	uint64_t start = now();

	while (n--)
		nl_ask(nl, nl_begin(nl, PGNL_CMD_INFO_GET, 0));
	return now() - start;
}

/* --- reads ------------------------------------------------------------------ */

static void parse_read(const char *args, char *group, size_t *n)
{
	if (sscanf(args, "%" PREFIX_MAX "s %zu", group, n) != 2)
		errx(1, "bad read: %s", args);
}

/*
 * Where the kernel's part is measured, the attributes are walked in place: a
 * call of libmnl for each step would be a good part of the figure.
 */
#define for_each_attr(attr, from, to)						\
	for (attr = (const struct nlattr *)(from);				\
	     (const char *)attr < (const char *)(to);				\
	     attr = (const void *)((const char *)attr + NLA_ALIGN(attr->nla_len)))

static size_t read_pids(const struct nlmsghdr *reply)
{
	const char *end = (const char *)reply + reply->nlmsg_len;
	const struct nlattr *attr, *inner;
	const struct pgnl_row *row;
	size_t n = 0;

	for_each_attr(attr, (const char *)reply + NLMSG_HDRLEN + GENL_HDRLEN, end) {
		if (attr->nla_type != (PGNL_A_MEMBER | NLA_F_NESTED))
			continue;
		for_each_attr(inner, attr + 1, (const char *)attr + attr->nla_len)
			if (inner->nla_type == PGNL_A_MEMBER_ROW)
				break;
		row = (const void *)(inner + 1);
		sink = row->pid;
		n++;
	}
	return n;
}

static size_t get(struct nl *nl, const char *group)
{
	struct nlmsghdr *nlh = nl_begin(nl, PGNL_CMD_MEMBER_GET, 0);

	mnl_attr_put_str(nlh, PGNL_A_GROUP, group);
	return read_pids(nl_ask(nl, nlh));
}

static uint64_t do_get(const char *args)
{
	struct nl *nl = use_pgnl();
	char group[NAME_SIZE];
	uint64_t start;
	size_t n;

	parse_read(args, group, &n);
	start = now();
	while (n--)
		if (!get(nl, group))
			errx(1, "group %s is empty", group);
	return now() - start;
}

static uint64_t do_lib_get(const char *args)
{
	struct pgnl *h = use_lib();
	struct pgnl_members *list;
	char group[NAME_SIZE];
	uint64_t start;
	size_t n;

	parse_read(args, group, &n);
	start = now();
	while (n--) {
		if (pgnl_members(h, NULL, group, 0, &list, NULL))
			errx(1, "pgnl_members: %s", pgnl_last_error(h)->text);
		sink = list->member[0].pid;
		pgnl_free(list);
	}
	return now() - start;
}

static uint64_t do_lib_get_any(const char *args)
{
	struct range r = parse_any(args);
	struct pgnl *h = use_lib();
	struct pgnl_members *list;
	uint64_t start = now();

	for (size_t i = 0; i < r.n; i++) {
		if (pgnl_members(h, NULL, names[i], 0, &list, NULL))
			errx(1, "pgnl_members: %s", pgnl_last_error(h)->text);
		sink = list->member[0].pid;
		pgnl_free(list);
	}
	return now() - start;
}

static struct pgnl_view *use_view(void)
{
	int error;

	if (view)
		return view;
	error = pgnl_view_open(use_lib(), NULL, PGNL_MAPPED, &view);
	if (error)
		errx(1, "pgnl_view_open: %s", pgnl_last_error(handle)->text);
	return view;
}

static void look(struct pgnl_view *v, const char *group)
{
	static pid_t pids[POOL_MAX];

	if (pgnl_view_pids(v, group, pids, POOL_MAX) <= 0)
		errx(1, "group %s is empty", group);
	sink = pids[0];
}

static void check_view(const struct pgnl_view *v)
{
	if (pgnl_view_asked(v))
		errx(1, "the view has asked netlink");
}

static uint64_t do_view(const char *args)
{
	struct pgnl_view *v = use_view();
	char group[NAME_SIZE];
	uint64_t start;
	size_t n;

	parse_read(args, group, &n);
	/* The pages are there after this, as for any that looks often. */
	look(v, group);
	start = now();
	while (n--)
		look(v, group);
	start = now() - start;
	check_view(v);
	return start;
}

static uint64_t do_view_any(const char *args)
{
	struct range r = parse_any(args);
	struct pgnl_view *v = use_view();
	uint64_t start;

	for (size_t i = 0; i < r.n; i++)
		look(v, names[i]);
	start = now();
	for (size_t i = 0; i < r.n; i++)
		look(v, names[i]);
	start = now() - start;
	check_view(v);
	return start;
}

static uint64_t do_view_members(const char *args)
{
	static struct pgnl_view_member members[4096];
	struct pgnl_view *v = use_view();
	char group[NAME_SIZE];
	uint64_t start;
	size_t n;

	parse_read(args, group, &n);
	start = now();
	while (n--) {
		if (pgnl_view_members(v, group, members, 4096) <= 0)
			errx(1, "group %s is empty", group);
		sink = members[0].pid;
	}
	return now() - start;
}

/* No row after this is to pay for it. */
static uint64_t do_view_close(const char *args)
{
	uint64_t start = now();

	(void)args;
	pgnl_view_close(view);
	view = NULL;
	return now() - start;
}

static uint64_t do_pick(const char *args)
{
	struct nl *nl = use_pgnl();
	char group[NAME_SIZE];
	uint64_t start;
	size_t n;

	parse_read(args, group, &n);
	start = now();
	while (n--) {
		struct nlmsghdr *nlh = nl_begin(nl, PGNL_CMD_MEMBER_PICK, 0);

		mnl_attr_put_str(nlh, PGNL_A_GROUP, group);
		mnl_attr_put_u32(nlh, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
		if (read_pids(nl_ask(nl, nlh)) != 1)
			errx(1, "picked nobody");
	}
	return now() - start;
}

static uint64_t stat_of(uint16_t type)
{
	struct nl *nl = use_pgnl();
	const struct nlmsghdr *reply;
	const struct nlattr *stats, *stat;

	reply = nl_ask(nl, nl_begin(nl, PGNL_CMD_STATS_GET, 0));
	stats = nl_find(reply, PGNL_A_STATS);
	if (stats)
		mnl_attr_for_each_nested(stat, stats)
			if (mnl_attr_get_type(stat) == type)
				return mnl_attr_get_u64(stat);
	errx(1, "no statistics");
}

/* Not a time: how many memberships there are, to check what was done. */
static uint64_t do_memberships(const char *args)
{
	(void)args;
	return stat_of(PGNL_A_STAT_MEMBERSHIPS);
}

/* --- joins and leaves ---------------------------------------------------------- */

static void ask_one(struct nl *nl, uint8_t cmd, uint16_t flags, const struct range *r, size_t i)
{
	struct nlmsghdr *nlh = nl_begin(nl, cmd, flags);

	mnl_attr_put_str(nlh, PGNL_A_GROUP, names[i % r->groups]);
	mnl_attr_put_u32(nlh, PGNL_A_PID, pool[i]);
	nl_ask(nl, nlh);
}

/* Each process of the range by a request of its own, into one group. */
static uint64_t one_by_one(struct range r, uint8_t cmd, uint16_t flags)
{
	struct nl *nl = use_pgnl();
	uint64_t start = now();

	for (size_t i = r.from; i < r.from + r.n; i++)
		ask_one(nl, cmd, flags, &r, i);
	return now() - start;
}

static uint64_t do_join(const char *args)
{
	return one_by_one(parse(args), PGNL_CMD_MEMBER_JOIN, 0);
}

static uint64_t do_join_any(const char *args)
{
	return one_by_one(parse_any(args), PGNL_CMD_MEMBER_JOIN, 0);
}

static uint64_t do_join_ack(const char *args)
{
	return one_by_one(parse(args), PGNL_CMD_MEMBER_JOIN, NLM_F_ACK);
}

static uint64_t do_leave(const char *args)
{
	return one_by_one(parse(args), PGNL_CMD_MEMBER_LEAVE, 0);
}

static uint64_t do_leave_any(const char *args)
{
	return one_by_one(parse_any(args), PGNL_CMD_MEMBER_LEAVE, 0);
}

static uint64_t do_lib_join(const char *args)
{
	struct pgnl *h = use_lib();
	struct range r = parse(args);
	uint64_t start = now();

	for (size_t i = r.from; i < r.from + r.n; i++)
		if (pgnl_join(h, NULL, names[i % r.groups], pool[i], NULL, NULL))
			errx(1, "pgnl_join: %s", pgnl_last_error(h)->text);
	return now() - start;
}

/* Each process of the range into every group, with as few requests as may be. */
static uint64_t batch(const char *args, uint8_t cmd)
{
	struct nl *nl = use_pgnl();
	struct range r = parse(args);
	size_t end = r.from + r.n, at_once = PGNL_ROWS_MAX / r.groups;
	uint64_t start = now();

	for (size_t from = r.from; from < end; from += at_once) {
		struct nlmsghdr *nlh = nl_begin(nl, cmd, 0);

		for (size_t i = 0; i < r.groups; i++)
			mnl_attr_put_str(nlh, PGNL_A_GROUP, names[i]);
		mnl_attr_put(nlh, PGNL_A_PIDS,
			     (end < from + at_once ? end - from : at_once) * sizeof(pool[0]),
			     &pool[from]);
		nl_ask(nl, nlh);
	}
	return now() - start;
}

static uint64_t do_join_batch(const char *args)
{
	return batch(args, PGNL_CMD_MEMBER_JOIN);
}

static uint64_t do_leave_batch(const char *args)
{
	return batch(args, PGNL_CMD_MEMBER_LEAVE);
}

/* The first few processes into each of many groups: those from FROM up to TO. */
static uint64_t do_fill(const char *args)
{
	struct nl *nl = use_pgnl();
	uint64_t start = now();
	size_t to, at_once;
	struct range r;

	if (sscanf(args, "%" PREFIX_MAX "s %zu %zu %zu", r.prefix, &r.from, &to, &r.n) != 4 ||
	    !r.n || r.n > pool_size || r.n > PGNL_ROWS_MAX)
		errx(1, "bad fill: %s", args);
	at_once = PGNL_ROWS_MAX / r.n;
	if (at_once > GROUPS_MAX)
		at_once = GROUPS_MAX;
	while (r.from < to) {
		struct nlmsghdr *nlh = nl_begin(nl, PGNL_CMD_MEMBER_JOIN, 0);

		for (size_t i = 0; i < at_once && r.from < to; i++) {
			name_group(names[0], &r, r.from++);
			mnl_attr_put_str(nlh, PGNL_A_GROUP, names[0]);
		}
		mnl_attr_put(nlh, PGNL_A_PIDS, r.n * sizeof(pool[0]), pool);
		nl_ask(nl, nlh);
	}
	return now() - start;
}

/* --- subscribers ------------------------------------------------------------------- */

/* N sockets, with room for all that comes until they are drained. */
static uint64_t do_subscribe(const char *args)
{
	int room = 64 << 20;
	struct timeval limit = { .tv_sec = 30 };

	n_subscribers = parse_n(args);
	subscribers = calloc(n_subscribers, sizeof(*subscribers));
	if (!subscribers)
		err(1, "subscribers");
	for (size_t i = 0; i < n_subscribers; i++) {
		struct nl *nl = use(&subscribers[i], PGNL_FAMILY_NAME);
		int fd = mnl_socket_get_fd(nl->socket);

		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
		    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
			err(1, "room of a subscriber");
		nl_ask(nl, nl_begin(nl, PGNL_CMD_EVENT_SUBSCRIBE, 0));
	}
	return n_subscribers;
}

static uint64_t do_unsubscribe(const char *args)
{
	(void)args;
	for (size_t i = 0; i < n_subscribers; i++)
		nl_close(&subscribers[i]);
	free(subscribers);
	subscribers = NULL;
	n_subscribers = 0;
	return 0;
}

/* Read that many messages, which must come, and no more. */
static void drain(struct nl *nl, size_t n)
{
	while (n) {
		ssize_t len = mnl_socket_recvfrom(nl->socket, nl->answer, sizeof(nl->answer));
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)nl->answer;
		int left = len;

		if (len < 0)
			err(1, "a subscriber wants %zu more", n);
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			if (!n--)
				errx(1, "a subscriber has too much");
			event_size = nlh->nlmsg_len;
		}
	}
}

/* Not a time: bytes of the last message. */
static uint64_t do_drain(const char *args)
{
	size_t n = parse_n(args);

	for (size_t i = 0; i < n_subscribers; i++)
		drain(&subscribers[i], n);
	return event_size;
}

/* As join, one after the other: what it costs the one who asks. */
static uint64_t do_join_own(const char *args)
{
	struct nl *nl = use_pgnl();
	struct range r = parse(args);
	uint64_t start = own_time();

	for (size_t i = r.from; i < r.from + r.n; i++)
		ask_one(nl, PGNL_CMD_MEMBER_JOIN, 0, &r, i);
	return own_time() - start;
}

static uint64_t cost_of_clock(void)
{
	uint64_t start = own_time();

	for (int i = 0; i < 1000; i++)
		own_time();
	return (own_time() - start) / 1000;
}

static void set_priority(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, policy, &param))
		err(1, "sched_setscheduler");
}

/*
 * As join-own, but every event is with all subscribers before the next join.
 * Each join wakes the work item then, which is to preempt nobody: that would
 * be no part of the join, and with another processor at hand it does not.
 */
static uint64_t do_join_lone(const char *args)
{
	struct timespec pause = { .tv_nsec = 10000000 };	/* more than two ticks */
	uint64_t sum = 0, clock = cost_of_clock();
	struct nl *nl = use_pgnl();
	struct range r = parse(args);

	set_priority(SCHED_FIFO, 1);
	for (size_t i = r.from; i < r.from + r.n; i++) {
		uint64_t start = own_time();

		ask_one(nl, PGNL_CMD_MEMBER_JOIN, 0, &r, i);
		sum += own_time() - start - clock;
		/* Nobody is to be waiting for the event when it comes. */
		nanosleep(&pause, NULL);
		do_drain("1");
	}
	set_priority(SCHED_OTHER, 0);
	return sum;
}

/* The floor of an event: a message of its size to every subscriber, N times. */
static uint64_t do_unicast(const char *args)
{
	struct nl *nl = use(&floor_nl, FLOOR_FAMILY_NAME);
	struct nlmsghdr *nlh = nl_begin(nl, FLOOR_CMD_UNICAST, NLM_F_ACK);
	uint32_t ports[FLOOR_PORTS_MAX];
	uint64_t start;

	if (n_subscribers > FLOOR_PORTS_MAX)
		errx(1, "too many subscribers");
	for (size_t i = 0; i < n_subscribers; i++)
		ports[i] = mnl_socket_get_portid(subscribers[i].socket);
	mnl_attr_put(nlh, FLOOR_A_PORTS, n_subscribers * sizeof(ports[0]), ports);
	mnl_attr_put_u32(nlh, FLOOR_A_COUNT, parse_n(args));
	mnl_attr_put_u32(nlh, FLOOR_A_SIZE, event_size);
	start = own_time();
	nl_ask(nl, nlh);
	return own_time() - start;
}

/* --- processes -------------------------------------------------------------------- */

static uint64_t do_spawn(const char *args)
{
	uint64_t start = now();

	pool_spawn(parse_n(args));
	return now() - start;
}

static uint64_t do_end(const char *args)
{
	uint64_t start = now();

	(void)args;
	pool_end();
	return now() - start;
}

/* As end, and until the kernel holds no row any more. */
static uint64_t do_end_rows(const char *args)
{
	uint64_t start;

	(void)args;
	use_pgnl();
	start = now();
	pool_end();
	while (stat_of(PGNL_A_STAT_MEMBERSHIPS))
		sched_yield();
	return now() - start;
}

static void reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "a child failed");
}

static uint64_t do_fork(const char *args)
{
	size_t n = parse_n(args);
	uint64_t start = now();

	while (n--) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (!pid)
			_exit(0);
		reap(pid);
	}
	return now() - start;
}

static uint64_t do_exec(const char *args)
{
	char program[64];
	char *argv[] = { program, NULL };
	uint64_t start;
	size_t n;

	if (sscanf(args, "%63s %zu", program, &n) != 2)
		errx(1, "bad exec: %s", args);
	start = now();
	while (n--) {
		pid_t pid;

		errno = posix_spawn(&pid, program, NULL, NULL, argv, NULL);
		if (errno)
			err(1, "posix_spawn");
		reap(pid);
	}
	return now() - start;
}

/* --- set-up ------------------------------------------------------------------------ */

static uint64_t do_limits(const char *args)
{
	struct nl *nl = use_pgnl();
	struct nlmsghdr *nlh = nl_begin(nl, PGNL_CMD_LIMIT_SET, NLM_F_ACK);
	uint64_t value = strtoull(args, NULL, 10);
	struct nlattr *nest = mnl_attr_nest_start(nlh, PGNL_A_LIMITS);

	mnl_attr_put_u64(nlh, PGNL_A_LIMIT_USER_GROUPS, value);
	mnl_attr_put_u64(nlh, PGNL_A_LIMIT_NET_GROUPS, value);
	mnl_attr_put_u64(nlh, PGNL_A_LIMIT_USER_VIEW_PAGES, value);
	mnl_attr_put_u64(nlh, PGNL_A_LIMIT_NET_VIEW_PAGES, value);
	mnl_attr_put_u64(nlh, PGNL_A_LIMIT_USER_MEMBERSHIPS, value);
	mnl_attr_put_u64(nlh, PGNL_A_LIMIT_NET_MEMBERSHIPS, value);
	mnl_attr_nest_end(nlh, nest);
	nl_ask(nl, nlh);
	return value;
}

/* Let go of the module, so that it can be unloaded. */
static uint64_t do_close(const char *args)
{
	(void)args;
	nl_close(&pgnl_nl);
	pgnl_close(handle);
	handle = NULL;
	return 0;
}

static const struct command {
	const char *name;
	uint64_t (*run)(const char *args);
} commands[] = {
	{ "floor", do_floor },			/* N */
	{ "info", do_info },			/* N */
	{ "get", do_get },			/* GROUP N */
	{ "view", do_view },			/* GROUP N */
	{ "view-any", do_view_any },		/* PREFIX GROUPS FROM N */
	{ "view-members", do_view_members },	/* GROUP N */
	{ "view-close", do_view_close },
	{ "lib-get", do_lib_get },		/* GROUP N */
	{ "lib-get-any", do_lib_get_any },	/* PREFIX GROUPS FROM N */
	{ "pick", do_pick },			/* GROUP N */
	{ "memberships", do_memberships },
	{ "join", do_join },			/* PREFIX GROUPS FROM N */
	{ "join-any", do_join_any },		/* PREFIX GROUPS FROM N */
	{ "join-ack", do_join_ack },		/* PREFIX GROUPS FROM N */
	{ "leave", do_leave },			/* PREFIX GROUPS FROM N */
	{ "leave-any", do_leave_any },		/* PREFIX GROUPS FROM N */
	{ "lib-join", do_lib_join },		/* PREFIX GROUPS FROM N */
	{ "join-batch", do_join_batch },	/* PREFIX GROUPS FROM N */
	{ "leave-batch", do_leave_batch },	/* PREFIX GROUPS FROM N */
	{ "fill", do_fill },			/* PREFIX FROM TO N */
	{ "subscribe", do_subscribe },		/* N */
	{ "unsubscribe", do_unsubscribe },
	{ "drain", do_drain },			/* N */
	{ "join-own", do_join_own },		/* PREFIX GROUPS FROM N */
	{ "join-lone", do_join_lone },		/* PREFIX GROUPS FROM N */
	{ "unicast", do_unicast },		/* N */
	{ "spawn", do_spawn },			/* N */
	{ "end", do_end },
	{ "end-rows", do_end_rows },
	{ "fork", do_fork },			/* N */
	{ "exec", do_exec },			/* PROGRAM N */
	{ "limits", do_limits },		/* VALUE */
	{ "close", do_close },
};

static uint64_t run(char *line)
{
	char *args = line + strcspn(line, " \n");

	if (*args)
		*args++ = '\0';
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, line))
			return commands[i].run(args);
	errx(1, "unknown command: %s", line);
}

int main(void)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		printf("%" PRIu64 "\n", run(line));
		fflush(stdout);
	}
	pool_end();
	return 0;
}
