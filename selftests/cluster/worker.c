// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a test or the bench asks of one node: run in its network namespace, it reads
 * one command a line on stdin and answers each with one line. pg_node.erl speaks
 * the same, of Erlang's pg. Processes are told by their slots, from 0 on; slot 0 is
 * never killed. Times are nanoseconds of CLOCK_REALTIME, which all nodes of a machine
 * share.
 *
 * spawn N              the pids of the new slots
 * join GROUP SLOT...   "ok" or the name of an error, as pg:join/2 of a list
 * leave GROUP SLOT...  "ok" or "not_joined", as pg:leave/2 of a list
 * kill SLOT...         by SIGKILL, and reap
 * groups               their names
 * view                 GROUP/NODE/PID/COUNT of each member, all of them up
 * listen [GROUP]       hear what becomes of members, of one group alone, and of nodes
 * heard GROUP N        the times when N members had joined it, one by one
 * gone GROUP N         the same of leaves
 * paced GROUP FROM N USEC   N slots join one after the other, so far apart; when each began
 * batch GROUP FROM N   N slots join by one call; when it began
 * clear GROUP FROM N   they leave by one call
 * fill PREFIX GROUPS FROM N    N slots join each of so many groups
 * empty PREFIX GROUPS FROM N   and leave them
 * down NODE, up NODE   when that node was lost, or connected
 * until N              when there were N memberships of other nodes
 * name PREFIX FROM N   N slots register a name each, as global:register_name/2, one after
 *                      the other; when the first was begun, and when the last was done
 * unname PREFIX N      they are unregistered
 *
 * And of pgnl alone:
 *
 * deaf                 hear nothing any more; who is spawned while it listens has its socket
 * read GROUP N         nanoseconds that N reads of its members took
 * lock RESOURCE REQUESTER PID RETRIES    "yes" or "no", as global:set_lock/3
 * unlock RESOURCE REQUESTER PID          as global:del_lock/1
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <pgnl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../bench/pool.h"

#define SCOPE	"pg"
#define LIST_MAX	4096
#define PATIENCE_MS	120000	/* with what is to be heard */

static struct pgnl *handle;
static struct pgnl_watch *watch;
static pid_t pids[LIST_MAX];

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void nap(unsigned int usec)
{
	const struct timespec ts = { usec / 1000000, usec % 1000000 * 1000l };

	nanosleep(&ts, NULL);
}

static void need(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
}

static void say_time(uint64_t time)
{
	printf("%" PRIu64 " ", time);
}

static void answer(int ret)
{
	printf("%s", ret < 0 ? strerrorname_np(-ret) : ret == PGNL_NOT_JOINED ? "not_joined" : "ok");
}

/* --- words of a command ------------------------------------------------------ */

static const char *word(void)
{
	const char *next = strtok(NULL, " \n");

	if (!next)
		errx(1, "a word is missing");
	return next;
}

static size_t number(void)
{
	return strtoul(word(), NULL, 10);
}

static pid_t pid_of(size_t slot)
{
	if (slot >= pool_size)
		errx(1, "there is no slot %zu", slot);
	return pool[slot];
}

/* The pids of the slots that are left in the line; how many. */
static size_t slots(void)
{
	const char *next;
	size_t n = 0;

	while (n < LIST_MAX && (next = strtok(NULL, " \n")))
		pids[n++] = pid_of(strtoul(next, NULL, 10));
	return n;
}

static size_t range(size_t from, size_t n)
{
	if (n > LIST_MAX)
		errx(1, "at most %d at once", LIST_MAX);
	for (size_t i = 0; i < n; i++)
		pids[i] = pid_of(from + i);
	return n;
}

/* --- members ------------------------------------------------------------------- */

static void do_spawn(void)
{
	size_t from = pool_size;

	pool_spawn(number());
	while (from < pool_size)
		printf("%d ", (int)pool[from++]);
}

static void do_join(void)
{
	const char *group = word();

	answer(pgnl_pg_join(handle, SCOPE, group, pids, slots()));
}

static void do_leave(void)
{
	const char *group = word();

	answer(pgnl_pg_leave(handle, SCOPE, group, pids, slots()));
}

static void do_kill(void)
{
	size_t n = slots();

	for (size_t i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	for (size_t i = 0; i < n; i++)
		waitpid(pids[i], NULL, 0);
	printf("ok");
}

static void do_groups(void)
{
	struct pgnl_groups *list;

	need(pgnl_groups(handle, SCOPE, 0, &list), "groups");
	for (size_t i = 0; i < list->n; i++)
		printf("%s ", list->group[i].name);
	pgnl_free(list);
}

static void do_view(void)
{
	struct pgnl_members *list;

	need(pgnl_members(handle, SCOPE, NULL, 0, &list, NULL), "members");
	for (size_t i = 0; i < list->n; i++) {
		const struct pgnl_member *member = &list->member[i];

		printf("%s/%s/%d/%u ", member->group, member->node ? member->node : "",
		       member->state == PGNL_UP ? (int)member->pid : -1, member->count);
	}
	pgnl_free(list);
}

static void do_read(void)
{
	const char *group = word();
	size_t n = number();
	uint64_t start = now();

	for (size_t i = 0; i < n; i++) {
		struct pgnl_members *list;

		need(pgnl_members(handle, SCOPE, group, 0, &list, NULL), "members");
		pgnl_free(list);
	}
	printf("%" PRIu64, now() - start);
}

/* --- events --------------------------------------------------------------------- */

static void end_watch(void)
{
	if (watch)
		pgnl_watch_close(watch);
	watch = NULL;
}

static void do_deaf(void)
{
	end_watch();
	printf("ok");
}

/* Anew: nothing is left of before. */
static void do_listen(void)
{
	const char *group = strtok(NULL, " \n");

	end_watch();
	need(pgnl_watch_open(&watch), "watch");
	need(pgnl_subscribe(watch, SCOPE, group, PGNL_NODES), "subscribe");
	printf("ok");
}

static const struct pgnl_event *next_event(void)
{
	const struct pgnl_event *event;
	int ret = pgnl_event_next(watch, PATIENCE_MS, &event);

	need(ret, "event");
	if (!ret)
		errx(1, "nothing more is heard");
	return event;
}

static void hear(enum pgnl_event_type type)
{
	const char *group = word();
	size_t n = number();

	while (n) {
		const struct pgnl_event *event = next_event();
		uint64_t time = now();

		if (event->type != type || !event->group || strcmp(event->group, group))
			continue;
		for (size_t i = 0; i < event->n && n; i++, n--)
			say_time(time);
	}
}

static void do_heard(void)
{
	hear(PGNL_EVENT_JOIN);
}

static void do_gone(void)
{
	hear(PGNL_EVENT_LEAVE);
}

static bool is_connected(const char *name)
{
	struct pgnl_nodes *list;
	bool connected = false;

	need(pgnl_nodes(handle, &list), "nodes");
	for (size_t i = 0; i < list->n; i++) {
		if (!strcmp(list->node[i].name, name))
			connected = list->node[i].flags & PGNL_NODE_CONNECTED;
	}
	pgnl_free(list);
	return connected;
}

/* What a resync has left out can be looked up. */
static void hear_of_node(enum pgnl_event_type type)
{
	const char *node = word();

	for (;;) {
		const struct pgnl_event *event = next_event();

		if (event->type == type && !strcmp(event->node, node))
			break;
		if (event->type == PGNL_EVENT_RESYNC &&
		    is_connected(node) == (type == PGNL_EVENT_NODE_UP))
			break;
	}
	say_time(now());
}

static void do_down(void)
{
	hear_of_node(PGNL_EVENT_NODE_DOWN);
}

static void do_up(void)
{
	hear_of_node(PGNL_EVENT_NODE_UP);
}

/* --- locks ------------------------------------------------------------------------ */

static void do_lock(void)
{
	const char *resource = word(), *requester = word();
	pid_t pid = (pid_t)number();
	int ret = pgnl_lock_set(handle, resource, requester, pid, atoi(word()));

	need(ret, "lock");
	printf("%s", ret == PGNL_NO ? "no" : "yes");
}

static void do_unlock(void)
{
	const char *resource = word(), *requester = word();

	answer(pgnl_lock_del(handle, resource, requester, (pid_t)number()));
}

/* --- names ------------------------------------------------------------------------ */

static const char *numbered(const char *prefix, size_t i)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s%zu", prefix, i);
	return name;
}

static void do_name(void)
{
	const char *prefix = word();
	size_t from = number(), n = number();

	say_time(now());
	for (size_t i = 0; i < n; i++) {
		int ret = pgnl_name_register(handle, numbered(prefix, i), pid_of(from + i), NULL,
					     NULL);

		need(ret, "name");
		if (ret != PGNL_YES)
			errx(1, "the name %s is taken", numbered(prefix, i));
	}
	say_time(now());
}

static void do_unname(void)
{
	const char *prefix = word();
	size_t n = number();

	for (size_t i = 0; i < n; i++)
		need(pgnl_name_unregister(handle, numbered(prefix, i), NULL), "unname");
	printf("ok");
}

/* --- many ------------------------------------------------------------------------- */

static void do_paced(void)
{
	const char *group = word();
	size_t from = number(), n = number();
	unsigned int usec = number();

	for (size_t i = 0; i < n; i++) {
		say_time(now());
		need(pgnl_join(handle, SCOPE, group, pid_of(from + i), NULL, NULL), "join");
		if (usec)
			nap(usec);
	}
}

static int join_all(const char *group, size_t n)
{
	return pgnl_join_many(handle, SCOPE, &group, 1, pids, n, NULL, NULL);
}

static int leave_all(const char *group, size_t n)
{
	return pgnl_leave_many(handle, SCOPE, &group, 1, pids, n, 0, NULL);
}

static void do_batch(void)
{
	const char *group = word();
	size_t from = number(), n = range(from, number());

	say_time(now());
	need(join_all(group, n), "join");
}

static void do_clear(void)
{
	const char *group = word();
	size_t from = number(), n = range(from, number());

	need(leave_all(group, n), "leave");
	printf("ok");
}

/* In each of so many groups, the same for all slots of a range. */
static void each_group(int (*act)(const char *group, size_t n))
{
	const char *prefix = word();
	size_t groups = number(), from = number(), n = range(from, number());

	for (size_t i = 0; i < groups; i++)
		need(act(numbered(prefix, i), n), prefix);
	printf("ok");
}

static void do_fill(void)
{
	each_group(join_all);
}

static void do_empty(void)
{
	each_group(leave_all);
}

static void do_until(void)
{
	uint64_t stats[PGNL_N_STATS], wanted = number(), limit = now() + PATIENCE_MS * 1000000ull;

	for (;;) {
		need(pgnl_stats(handle, stats, PGNL_N_STATS), "stats");
		if (stats[PGNL_STAT_REMOTES] == wanted)
			break;
		if (now() > limit)
			errx(1, "%" PRIu64 " memberships of other nodes, not %" PRIu64,
			     stats[PGNL_STAT_REMOTES], wanted);
		nap(1000);
	}
	say_time(now());
}

static const struct command {
	const char *name;
	void (*run)(void);
} commands[] = {
	{ "spawn", do_spawn }, { "join", do_join }, { "leave", do_leave }, { "kill", do_kill },
	{ "groups", do_groups }, { "view", do_view }, { "listen", do_listen },
	{ "heard", do_heard }, { "gone", do_gone }, { "paced", do_paced }, { "batch", do_batch },
	{ "clear", do_clear }, { "fill", do_fill }, { "empty", do_empty }, { "down", do_down },
	{ "up", do_up },
	{ "until", do_until }, { "name", do_name }, { "unname", do_unname }, { "lock", do_lock },
	{ "unlock", do_unlock }, { "deaf", do_deaf }, { "read", do_read },
};

static void run(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (!strcmp(name, commands[i].name)) {
			commands[i].run();
			putchar('\n');
			fflush(stdout);
			return;
		}
	}
	errx(1, "no such command: %s", name);
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	need(pgnl_open(&handle), "module");
	while (getline(&line, &size, stdin) > 0)
		run(strtok(line, " \n"));
	return 0;
}
