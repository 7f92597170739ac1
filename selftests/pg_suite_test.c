// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The local cases of Erlang's pg_SUITE, under their names, through libpgnl's
 * pgnl_pg_* and watches. Cases about other nodes are not among them.
 */
#include "kselftest_harness.h"
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>

#include "pgnl.h"
#include "common.h"
#include "handle.h"

#define SCOPE	"pg_SUITE"

FIXTURE(pg_SUITE)
{
	struct pgnl *h;
	struct child child;
	pid_t me, other;
	uint64_t seq;		/* of the event told last */
};

FIXTURE_SETUP(pg_SUITE)
{
	HANDLE_OR_SKIP(self->h);
	ASSERT_EQ(0, pgnl_scope_add(self->h, SCOPE, PGNL_MODE_PG, 0, PGNL_KEEP, PGNL_KEEP,
				    PGNL_KEEP));
	ASSERT_EQ(0, child_start(&self->child));
	self->me = getpid();
	self->other = self->child.pid;
}

FIXTURE_TEARDOWN(pg_SUITE)
{
	char verdict[256] = "";

	EXPECT_EQ(0, pgnl_verify(self->h, verdict, sizeof(verdict)))
		TH_LOG("%s", verdict);
	if (self->child.fd >= 0)
		child_exit(&self->child, 0);
	pgnl_close(self->h);
}

static int pid_order(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

/* Is the list this multiset, given as n pids? Frees the list. */
static bool is(int err, struct pgnl_pids *list, size_t n, ...)
{
	pid_t want[n + 1];
	va_list args;
	bool same = !err && list && list->n == n;

	va_start(args, n);
	for (size_t i = 0; i < n; i++)
		want[i] = va_arg(args, pid_t);
	va_end(args);
	if (same) {
		qsort(want, n, sizeof(pid_t), pid_order);
		qsort(list->pid, n, sizeof(pid_t), pid_order);
		same = !memcmp(want, list->pid, n * sizeof(pid_t));
	}
	pgnl_free(list);
	return same;
}

#define MEMBERS(scope, group, ...) ({ \
	struct pgnl_pids *list_ = NULL; \
	int err_ = pgnl_pg_get_members(self->h, scope, group, &list_); \
	is(err_, list_, __VA_ARGS__); \
})

#define LOCAL_MEMBERS(scope, group, ...) ({ \
	struct pgnl_pids *list_ = NULL; \
	int err_ = pgnl_pg_get_local_members(self->h, scope, group, &list_); \
	is(err_, list_, __VA_ARGS__); \
})

/* The groups of a scope, sorted, with commas between. */
static const char *names(int err, struct pgnl_groups *list)
{
	static char text[256];

	snprintf(text, sizeof(text), "error %d", err);
	if (!err) {
		text[0] = '\0';
		for (char c = ' '; c < 127; c++)
			for (size_t i = 0; i < list->n; i++)
				if (list->group[i].name[0] == c)
					snprintf(text + strlen(text), sizeof(text) - strlen(text),
						 "%s%s", text[0] ? "," : "", list->group[i].name);
	}
	pgnl_free(list);
	return text;
}

#define WHICH(scope) ({ \
	struct pgnl_groups *list_ = NULL; \
	int err_ = pgnl_pg_which_groups(self->h, scope, &list_); \
	names(err_, list_); \
})

#define WHICH_LOCAL(scope) ({ \
	struct pgnl_groups *list_ = NULL; \
	int err_ = pgnl_pg_which_local_groups(self->h, scope, &list_); \
	names(err_, list_); \
})

/* join or leave of n processes. */
static int act_n(typeof(pgnl_pg_join) *act, struct pgnl *h, const char *group, size_t n, ...)
{
	pid_t pids[n + 1];
	va_list args;

	va_start(args, n);
	for (size_t i = 0; i < n; i++)
		pids[i] = va_arg(args, pid_t);
	va_end(args);
	return act(h, SCOPE, group, pids, n);
}

#define join_n(...)	act_n(pgnl_pg_join, __VA_ARGS__)
#define leave_n(...)	act_n(pgnl_pg_leave, __VA_ARGS__)

/* The default scope: join, look from all sides, leave, all is empty. */
TEST_F(pg_SUITE, pg)
{
	EXPECT_EQ(PGNL_OK, pgnl_pg_join(self->h, NULL, "pg", &self->me, 1));
	EXPECT_TRUE(LOCAL_MEMBERS(NULL, "pg", 1, self->me));
	EXPECT_TRUE(MEMBERS(NULL, "pg", 1, self->me));
	EXPECT_STREQ("pg", WHICH(NULL));
	EXPECT_STREQ("pg", WHICH_LOCAL(NULL));
	EXPECT_STREQ("pg", WHICH("pg"));
	EXPECT_EQ(PGNL_OK, pgnl_pg_leave(self->h, NULL, "pg", &self->me, 1));
	EXPECT_TRUE(LOCAL_MEMBERS(NULL, "pg", 0));
	EXPECT_TRUE(MEMBERS(NULL, "pg", 0));
	EXPECT_STREQ("", WHICH(NULL));
	EXPECT_STREQ("", WHICH_LOCAL(NULL));
}

/* What makes no sense is refused, and breaks nothing. */
TEST_F(pg_SUITE, errors)
{
	char big[258];
	pid_t negative = -1;

	memset(big, 'b', 257);
	big[257] = '\0';
	EXPECT_EQ(PGNL_OK, join_n(self->h, "g", 1, self->me));
	EXPECT_GT(0, pgnl_pg_join(self->h, SCOPE, "", &self->me, 1));
	EXPECT_GT(0, pgnl_pg_join(self->h, SCOPE, big, &self->me, 1));
	EXPECT_EQ(-EINVAL, pgnl_pg_join(self->h, SCOPE, "g", &negative, 1));
	EXPECT_EQ(-EINVAL, pgnl_pg_leave(self->h, SCOPE, "g", &negative, 1));
	EXPECT_NE(0, pgnl_last_error(self->h)->code);
	EXPECT_TRUE(MEMBERS(SCOPE, "g", 1, self->me));
	EXPECT_STREQ("g", WHICH(SCOPE));
}

/* Joins and leaves of processes that are about to end. */
TEST_F(pg_SUITE, leave_exit_race)
{
	for (int i = 0; i < 100; i++) {
		struct child child;
		int err;

		ASSERT_EQ(0, child_start(&child));
		child_tell(&child, 0);
		err = join_n(self->h, "leave_exit_race", 1, child.pid);
		ASSERT_TRUE(err == PGNL_OK || err == -ESRCH) TH_LOG("join: %d", err);
		err = leave_n(self->h, "leave_exit_race", 1, child.pid);
		ASSERT_TRUE(err == PGNL_OK || err == PGNL_NOT_JOINED || err == -ESRCH)
			TH_LOG("leave: %d", err);
		waitpid(child.pid, NULL, 0);
		ASSERT_TRUE(MEMBERS(SCOPE, "leave_exit_race", 0));
	}
	EXPECT_STREQ("", WHICH(SCOPE));
}

/* One process three times, step by step; then the death of a second one. */
TEST_F(pg_SUITE, single)
{
	pid_t me = self->me;

	EXPECT_EQ(PGNL_OK, join_n(self->h, "single", 1, me));
	EXPECT_EQ(PGNL_OK, join_n(self->h, "single", 2, me, me));
	EXPECT_TRUE(LOCAL_MEMBERS(SCOPE, "single", 3, me, me, me));
	EXPECT_TRUE(MEMBERS(SCOPE, "single", 3, me, me, me));
	EXPECT_EQ(PGNL_NOT_JOINED, leave_n(self->h, "missing", 1, me));
	EXPECT_EQ(PGNL_NOT_JOINED, leave_n(self->h, "single", 1, self->other));
	EXPECT_EQ(PGNL_OK, leave_n(self->h, "single", 1, me));
	EXPECT_TRUE(MEMBERS(SCOPE, "single", 2, me, me));
	EXPECT_EQ(PGNL_OK, leave_n(self->h, "single", 2, me, me));
	EXPECT_TRUE(MEMBERS(SCOPE, "single", 0));
	EXPECT_STREQ("", WHICH(SCOPE));
	EXPECT_EQ(PGNL_NOT_JOINED, leave_n(self->h, "single", 1, me));

	EXPECT_EQ(PGNL_OK, join_n(self->h, "single", 2, me, self->other));
	EXPECT_TRUE(MEMBERS(SCOPE, "single", 2, me, self->other));
	child_kill(&self->child);
	EXPECT_TRUE(MEMBERS(SCOPE, "single", 1, me));
	EXPECT_TRUE(LOCAL_MEMBERS(SCOPE, "single", 1, me));
	/* More leaves than joins are fine when one of them is real. */
	EXPECT_EQ(PGNL_OK, leave_n(self->h, "single", 3, me, me, me));
	EXPECT_STREQ("", WHICH(SCOPE));
}

/* What is no process of this node is refused, and the whole list with it. */
TEST_F(pg_SUITE, process_owner_check)
{
	pid_t dead = dead_pid(), never = 4194304;

	EXPECT_EQ(-ESRCH, join_n(self->h, "g", 1, dead));
	EXPECT_EQ(-ESRCH, join_n(self->h, "g", 2, dead, dead));
	EXPECT_EQ(-ESRCH, join_n(self->h, "g", 2, self->me, dead));
	EXPECT_EQ(-ESRCH, join_n(self->h, "g", 1, never));
	EXPECT_EQ(-ESRCH, join_n(self->h, "g", 3, self->me, never, self->me));
	EXPECT_STREQ("pid", pgnl_last_error(self->h)->attr);
	EXPECT_EQ(1, pgnl_last_error(self->h)->index);
	EXPECT_STRNE("", pgnl_last_error(self->h)->text);
	EXPECT_TRUE(MEMBERS(SCOPE, "g", 0));
	EXPECT_STREQ("", WHICH(SCOPE));
}

/* Its local part: a list leaves in another order, and no group is left. */
TEST_F(pg_SUITE, empty_group_by_remote_leave)
{
	EXPECT_EQ(PGNL_OK, join_n(self->h, "g", 2, self->me, self->other));
	EXPECT_EQ(PGNL_OK, leave_n(self->h, "g", 2, self->other, self->me));
	EXPECT_TRUE(MEMBERS(SCOPE, "g", 0));
	EXPECT_STREQ("", WHICH(SCOPE));
	EXPECT_EQ(PGNL_NOT_JOINED, leave_n(self->h, "g", 1, self->me));
}

/* Its local part: ten thousand groups, then a join like any other. */
TEST_F(pg_SUITE, thundering_herd)
{
	static char text[10000][8];
	const char *group[2000];
	struct client *c;

	c = client_open();
	ASSERT_NE(NULL, c);
	raise_limits(c);
	client_close(c);
	for (int i = 0; i < 10000; i++)
		snprintf(text[i], sizeof(text[i]), "h%d", i);
	for (int i = 0; i < 10000; i += 2000) {
		for (int k = 0; k < 2000; k++)
			group[k] = text[i + k];
		ASSERT_EQ(0, pgnl_join_many(self->h, SCOPE, group, 2000, &self->me, 1, NULL, NULL));
	}
	EXPECT_EQ(PGNL_OK, join_n(self->h, "two", 2, self->me, self->other));
	EXPECT_TRUE(MEMBERS(SCOPE, "two", 2, self->me, self->other));
	EXPECT_TRUE(MEMBERS(SCOPE, "h9999", 1, self->me));
}

/* Its local part: on one node all members are local. */
TEST_F(pg_SUITE, nolocal)
{
	EXPECT_EQ(PGNL_OK, join_n(self->h, "g", 2, self->other, self->other));
	EXPECT_TRUE(LOCAL_MEMBERS(SCOPE, "g", 2, self->other, self->other));
	EXPECT_STREQ("g", WHICH_LOCAL(SCOPE));
	EXPECT_TRUE(LOCAL_MEMBERS(SCOPE, "missing", 0));
}

/* Its local part: two joins are two members. */
TEST_F(pg_SUITE, double)
{
	EXPECT_EQ(PGNL_OK, join_n(self->h, "double", 1, self->me));
	EXPECT_EQ(PGNL_OK, join_n(self->h, "double", 1, self->me));
	EXPECT_TRUE(MEMBERS(SCOPE, "double", 2, self->me, self->me));
}

/* Its local part: partial leaves of a list, from the wrong group, and in full. */
TEST_F(pg_SUITE, exchange)
{
	struct crowd crowd;

	ASSERT_EQ(0, crowd_start(&crowd, 30));
	EXPECT_EQ(PGNL_OK, pgnl_pg_join(self->h, SCOPE, "exchange", crowd.pid, 20));
	EXPECT_EQ(PGNL_OK, pgnl_pg_join(self->h, SCOPE, "second", crowd.pid + 20, 10));
	for (int i = 0; i < 5; i++)
		crowd_kill(&crowd, i);
	EXPECT_EQ(PGNL_NOT_JOINED, pgnl_pg_leave(self->h, SCOPE, "exchange", crowd.pid + 20, 10));
	EXPECT_EQ(PGNL_OK, pgnl_pg_leave(self->h, SCOPE, "exchange", crowd.pid + 7, 13));
	EXPECT_TRUE(MEMBERS(SCOPE, "exchange", 2, crowd.pid[5], crowd.pid[6]));
	EXPECT_EQ(PGNL_OK, pgnl_pg_leave(self->h, SCOPE, "exchange", crowd.pid + 5, 2));
	EXPECT_STREQ("second", WHICH(SCOPE));
	crowd_end(&crowd);
	EXPECT_STREQ("", WHICH(SCOPE));
}

/* Sixteen joins, four leaves, and the death of the process. */
TEST_F(pg_SUITE, group_leave)
{
	struct pgnl_pids *list;

	for (int i = 0; i < 16; i++)
		ASSERT_EQ(PGNL_OK, join_n(self->h, "group_leave", 1, self->other));
	ASSERT_EQ(0, pgnl_pg_get_members(self->h, SCOPE, "group_leave", &list));
	EXPECT_EQ(16, list->n);
	pgnl_free(list);
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(PGNL_OK, leave_n(self->h, "group_leave", 1, self->other));
	ASSERT_EQ(0, pgnl_pg_get_members(self->h, SCOPE, "group_leave", &list));
	EXPECT_EQ(12, list->n);
	pgnl_free(list);
	child_kill(&self->child);
	EXPECT_TRUE(MEMBERS(SCOPE, "group_leave", 0));
	EXPECT_STREQ("", WHICH(SCOPE));
}

/* A scope that is gone is an error of every call, not a hang. */
TEST_F(pg_SUITE, missing_scope_join)
{
	struct pgnl_groups *groups = NULL;
	struct pgnl_pids *pids = NULL;

	EXPECT_EQ(PGNL_OK, join_n(self->h, "g", 1, self->me));
	ASSERT_EQ(0, pgnl_scope_del(self->h, SCOPE));
	EXPECT_EQ(-ENOENT, join_n(self->h, "g", 1, self->me));
	EXPECT_EQ(-ENOENT, leave_n(self->h, "g", 1, self->me));
	EXPECT_EQ(-ENOENT, pgnl_pg_get_members(self->h, SCOPE, "g", &pids));
	EXPECT_EQ(-ENOENT, pgnl_pg_which_groups(self->h, SCOPE, &groups));
	EXPECT_EQ(-ENOENT, pgnl_pg_which_local_groups(self->h, SCOPE, &groups));
}

/* pg keeps a phantom group after a join of nobody; this must not. */
TEST_F(pg_SUITE, join_of_nobody_makes_no_group)
{
	EXPECT_EQ(PGNL_OK, pgnl_pg_join(self->h, SCOPE, "phantom", NULL, 0));
	EXPECT_STREQ("", WHICH(SCOPE));
	EXPECT_EQ(PGNL_NOT_JOINED, pgnl_pg_leave(self->h, SCOPE, "phantom", NULL, 0));
}

/* --- monitor, monitor_scope, demonitor ------------------------------------------ */

/* The next event: "join g me other", a pid as often as its count has changed. */
static const char *told(struct pgnl_watch *watch, FIXTURE_DATA(pg_SUITE) *self, int *sub)
{
	const struct pgnl_event *event;
	static char text[256];
	int ret = pgnl_event_next(watch, 30000, &event);

	if (ret != 1) {
		snprintf(text, sizeof(text), "%d", ret);
		return text;
	}
	if (sub)
		*sub = event->sub;
	self->seq = event->seq;
	snprintf(text, sizeof(text), "%s%s%s", pgnl_event_name(event->type),
		 event->group ? " " : "", event->group ? event->group : "");
	for (size_t i = 0; i < event->n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s=%u",
			 event->member[i].pid == self->me ? "me" :
			 event->member[i].pid == self->other ? "other" : "?",
			 event->member[i].count);
	return text;
}

#define EXPECT_TOLD(text) EXPECT_STREQ(text, told(watch, self, NULL))

/* Of a scope each event has the number after that of the one before. */
#define EXPECT_NEXT(text) do {			\
	uint64_t before = self->seq;		\
						\
	EXPECT_TOLD(text);			\
	EXPECT_EQ(before + 1, self->seq);	\
} while (0)

TEST_F(pg_SUITE, monitor_nonempty_scope)
{
	struct pgnl_watch *watch;
	int sub;

	ASSERT_EQ(PGNL_OK, join_n(self->h, "one", 2, self->me, self->me));
	ASSERT_EQ(0, pgnl_watch_open(&watch));
	for (int i = 0; i < 2; i++) {
		sub = pgnl_subscribe(watch, SCOPE, NULL, PGNL_SNAPSHOT);
		ASSERT_LT(0, sub);
		EXPECT_TOLD("snapshot one me=2");
		EXPECT_EQ(0, pgnl_unsubscribe(watch, sub));
	}
	pgnl_watch_close(watch);
}

TEST_F(pg_SUITE, monitor_scope)
{
	const struct pgnl_event *event;
	struct pgnl_watch *watch;
	int sub;

	ASSERT_EQ(0, pgnl_watch_open(&watch));
	EXPECT_EQ(-ENOENT, pgnl_unsubscribe(watch, 1));
	sub = pgnl_subscribe(watch, SCOPE, NULL, PGNL_SNAPSHOT);
	ASSERT_LT(0, sub);
	EXPECT_TOLD("snapshot");
	EXPECT_EQ(PGNL_OK, join_n(self->h, "one", 1, self->me));
	EXPECT_NEXT("join one me=1");
	EXPECT_EQ(PGNL_OK, join_n(self->h, "two", 2, self->other, self->other));
	/* Twice in one request is one event of two steps. */
	EXPECT_NEXT("join two other=1 other=2");
	EXPECT_EQ(PGNL_OK, leave_n(self->h, "one", 1, self->me));
	EXPECT_NEXT("leave one me=0");
	EXPECT_EQ(PGNL_NOT_JOINED, leave_n(self->h, "one", 1, self->me));
	/* However often it joined, a death is one event for each group. */
	child_kill(&self->child);
	EXPECT_NEXT("leave two other=0");
	EXPECT_EQ(0, pgnl_unsubscribe(watch, sub));
	EXPECT_EQ(-ENOENT, pgnl_unsubscribe(watch, sub));
	EXPECT_EQ(PGNL_OK, join_n(self->h, "one", 1, self->me));
	EXPECT_EQ(0, pgnl_event_next(watch, 0, &event));
	pgnl_watch_close(watch);
	self->child.fd = -1;
}

TEST_F(pg_SUITE, monitor)
{
	const struct pgnl_event *event;
	struct pgnl_watch *watch;
	int sub;

	ASSERT_EQ(0, pgnl_watch_open(&watch));
	sub = pgnl_subscribe(watch, SCOPE, "g", PGNL_SNAPSHOT);
	ASSERT_LT(0, sub);
	EXPECT_TOLD("snapshot g");
	EXPECT_EQ(PGNL_OK, join_n(self->h, "another", 1, self->me));
	EXPECT_EQ(PGNL_OK, join_n(self->h, "g", 2, self->me, self->other));
	EXPECT_TOLD("join g me=1 other=1");
	/* Strangers in a leave are not told of; who leaves by itself has an event of its own. */
	EXPECT_EQ(PGNL_OK, leave_n(self->h, "g", 3, self->other, self->other, self->me));
	EXPECT_TOLD("leave g other=0");
	EXPECT_TOLD("leave g me=0");
	EXPECT_EQ(0, pgnl_unsubscribe(watch, sub));
	EXPECT_EQ(PGNL_OK, join_n(self->h, "g", 1, self->me));
	EXPECT_EQ(0, pgnl_event_next(watch, 0, &event));
	pgnl_watch_close(watch);
}

static int joins_and_watches(void *arg)
{
	struct pgnl_watch *watch;
	struct pgnl *h;
	pid_t self = getpid();

	(void)arg;
	CHECK_EQ(0, pgnl_open(&h));
	CHECK_EQ(0, pgnl_watch_open(&watch));
	CHECK(pgnl_subscribe(watch, SCOPE, "g", PGNL_SNAPSHOT) > 0);
	CHECK(pgnl_subscribe(watch, SCOPE, NULL, 0) > 0);
	CHECK_EQ(0, pgnl_pg_join(h, SCOPE, "g", &self, 1));
	return 0;
}

/* Member and subscriber at once: its end harms nobody, and is told once. */
TEST_F(pg_SUITE, monitor_self)
{
	uint64_t used[PGNL_N_LIMITS];
	struct pgnl_watch *watch;

	ASSERT_EQ(0, pgnl_watch_open(&watch));
	ASSERT_LT(0, pgnl_subscribe(watch, SCOPE, NULL, PGNL_SNAPSHOT));
	EXPECT_TOLD("snapshot");
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, in_child(joins_and_watches, NULL));
		EXPECT_NEXT("join g ?=1");
		EXPECT_NEXT("leave g ?=0");
	}
	pgnl_watch_close(watch);
	EXPECT_STREQ("", WHICH(SCOPE));
	EXPECT_EQ(PGNL_OK, join_n(self->h, "g", 1, self->me));
	EXPECT_TRUE(MEMBERS(SCOPE, "g", 1, self->me));
	ASSERT_EQ(0, pgnl_limits(self->h, NULL, used, PGNL_N_LIMITS));
	EXPECT_EQ(0, used[PGNL_LIMIT_NET_SUBSCRIPTIONS]);
}

/* Two of a group, one of the scope: the snapshots, and each event thrice. */
TEST_F(pg_SUITE, multi_monitor)
{
	uint64_t used[PGNL_N_LIMITS];
	struct pgnl_watch *watch;
	int sub[3], got[3] = {}, from;

	ASSERT_EQ(0, pgnl_watch_open(&watch));
	for (int i = 0; i < 3; i++) {
		sub[i] = pgnl_subscribe(watch, SCOPE, i < 2 ? "g" : NULL, 0);
		ASSERT_LT(0, sub[i]);
	}
	EXPECT_EQ(PGNL_OK, join_n(self->h, "g", 1, self->me));
	for (int n = 0; n < 3; n++) {
		EXPECT_STREQ("join g me=1", told(watch, self, &from));
		for (int i = 0; i < 3; i++)
			got[i] += sub[i] == from;
	}
	EXPECT_TRUE(got[0] == 1 && got[1] == 1 && got[2] == 1);
	pgnl_watch_close(watch);
	ASSERT_EQ(0, pgnl_limits(self->h, NULL, used, PGNL_N_LIMITS));
	EXPECT_EQ(0, used[PGNL_LIMIT_NET_SUBSCRIPTIONS]);
}

TEST_HARNESS_MAIN
