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
#define PREFIX_MAX	"15"
#define NAME_SIZE	40

struct range {
	size_t groups;		/* how many; process i is in group i % groups */
	size_t from, n;		/* which of the pool */
};

static struct nl pgnl_nl, floor_nl;
static struct pgnl *handle;
static char names[GROUPS_MAX][NAME_SIZE];
static volatile pid_t sink;	/* results end here, so that none is optimized out */

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
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

static struct range parse(const char *args)
{
	char prefix[16];
	struct range r;

	if (sscanf(args, "%" PREFIX_MAX "s %zu %zu %zu", prefix, &r.groups, &r.from, &r.n) != 4 ||
	    !r.groups || r.groups > GROUPS_MAX || r.from + r.n > pool_size)
		errx(1, "bad range: %s", args);
	for (size_t i = 0; i < r.groups; i++)
		snprintf(names[i], NAME_SIZE, "%s%zu", prefix, i);
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

static size_t read_pids(const struct nlmsghdr *reply)
{
	const struct nlattr *attr, *inner;
	size_t n = 0;

	mnl_attr_for_each(attr, reply, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != PGNL_A_MEMBER)
			continue;
		mnl_attr_for_each_nested(inner, attr) {
			const struct pgnl_row *row = mnl_attr_get_payload(inner);

			if (mnl_attr_get_type(inner) != PGNL_A_MEMBER_ROW)
				continue;
			sink = row->pid;
			n++;
		}
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

/* Each process of the range by a request of its own, into one group. */
static uint64_t one_by_one(const char *args, uint8_t cmd, uint16_t flags)
{
	struct nl *nl = use_pgnl();
	struct range r = parse(args);
	uint64_t start = now();

	for (size_t i = r.from; i < r.from + r.n; i++) {
		struct nlmsghdr *nlh = nl_begin(nl, cmd, flags);

		mnl_attr_put_str(nlh, PGNL_A_GROUP, names[i % r.groups]);
		mnl_attr_put_u32(nlh, PGNL_A_PID, pool[i]);
		nl_ask(nl, nlh);
	}
	return now() - start;
}

static uint64_t do_join(const char *args)
{
	return one_by_one(args, PGNL_CMD_MEMBER_JOIN, 0);
}

static uint64_t do_join_ack(const char *args)
{
	return one_by_one(args, PGNL_CMD_MEMBER_JOIN, NLM_F_ACK);
}

static uint64_t do_leave(const char *args)
{
	return one_by_one(args, PGNL_CMD_MEMBER_LEAVE, 0);
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
		for (size_t i = from; i < end && i < from + at_once; i++)
			mnl_attr_put_u32(nlh, PGNL_A_PID, pool[i]);
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
	{ "lib-get", do_lib_get },		/* GROUP N */
	{ "pick", do_pick },			/* GROUP N */
	{ "memberships", do_memberships },
	{ "join", do_join },			/* PREFIX GROUPS FROM N */
	{ "join-ack", do_join_ack },		/* PREFIX GROUPS FROM N */
	{ "leave", do_leave },			/* PREFIX GROUPS FROM N */
	{ "lib-join", do_lib_join },		/* PREFIX GROUPS FROM N */
	{ "join-batch", do_join_batch },	/* PREFIX GROUPS FROM N */
	{ "leave-batch", do_leave_batch },	/* PREFIX GROUPS FROM N */
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
