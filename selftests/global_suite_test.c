// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What concerns a single node in the cases of Erlang's global_SUITE and
 * global_group_SUITE, under their names, through libpgnl's pgnl_name_*.
 */
#include "kselftest_harness.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>

#include "pgnl.h"
#include "common.h"
#include "handle.h"
#include "proc.h"

FIXTURE(global_SUITE)
{
	struct pgnl *h;
	struct child a, b;
};

FIXTURE_SETUP(global_SUITE)
{
	HANDLE_OR_SKIP(self->h);
	ASSERT_EQ(0, child_start(&self->a));
	ASSERT_EQ(0, child_start(&self->b));
}

FIXTURE_TEARDOWN(global_SUITE)
{
	char verdict[256] = "";

	EXPECT_EQ(0, pgnl_verify(self->h, verdict, sizeof(verdict)))
		TH_LOG("%s", verdict);
	pgnl_close(self->h);
}

/* whereis_name: the pid, 0 for undefined, -errno. */
static int where(struct pgnl *h, const char *place, const char *name)
{
	struct pgnl_names *list;
	int ret = pgnl_name_whereis(h, place, name, &list);

	if (!ret)
		ret = list->n == 1 ? list->name[0].holder.pid : -EPROTO;
	else if (ret == PGNL_UNDEFINED)
		ret = list->n ? -EPROTO : 0;
	if (ret >= 0)
		pgnl_free(list);
	return ret;
}

/* registered_names: how many, -errno. */
static int registered(struct pgnl *h, const char *place)
{
	struct pgnl_names *list;
	int ret = pgnl_name_list(h, place, &list);

	if (ret)
		return ret;
	ret = list->n;
	pgnl_free(list);
	return ret;
}

static const char *this_node(void)
{
	static char place[80];
	struct utsname name;

	uname(&name);
	snprintf(place, sizeof(place), "node:%s", name.nodename);
	return place;
}

TEST_F(global_SUITE, start_gg_proc)
{
	EXPECT_EQ(0, registered(self->h, NULL));
	EXPECT_EQ(0, registered(self->h, this_node()));
	EXPECT_EQ(0, where(self->h, NULL, "test"));
}

/* Without a configuration there is one flat space of names, seen from here; other
 * places are asked by an agent, and there is none.
 */
TEST_F(global_SUITE, no_gg_proc)
{
	ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test", self->a.pid, NULL, NULL));
	ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test2", self->b.pid, NULL, NULL));
	EXPECT_EQ(2, registered(self->h, NULL));
	EXPECT_EQ(2, registered(self->h, this_node()));
	EXPECT_EQ(self->a.pid, where(self->h, NULL, "test"));
	EXPECT_EQ(self->a.pid, where(self->h, this_node(), "test"));
	EXPECT_EQ(-ENOTCONN, where(self->h, "node:cp2", "test"));
	EXPECT_EQ(-ENOTCONN, where(self->h, "group:nc1", "test"));
	EXPECT_EQ(-ENOTCONN, registered(self->h, "group:nc1"));
	EXPECT_EQ(-EINVAL, where(self->h, "nc1", "test"));
	EXPECT_STRNE("", pgnl_last_error(self->h)->text);
}

TEST_F(global_SUITE, one_grp)
{
	struct pgnl_names *list;
	uint64_t fence;
	int missing;

	ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test", self->a.pid, NULL, &list));
	ASSERT_EQ(1, list->n);
	EXPECT_STREQ("test", list->name[0].name);
	EXPECT_EQ(self->a.pid, list->name[0].holder.pid);
	EXPECT_EQ(PGNL_KEEP_FIRST, list->name[0].resolve);
	fence = list->name[0].fence;
	pgnl_free(list);
	EXPECT_EQ(self->a.pid, where(self->h, NULL, "test"));
	/* It can't be registered again, by whomever. */
	ASSERT_EQ(PGNL_NO, pgnl_name_register(self->h, "test", self->b.pid, NULL, &list));
	ASSERT_EQ(1, list->n);
	EXPECT_EQ(self->a.pid, list->name[0].holder.pid);
	EXPECT_EQ(fence, list->name[0].fence);
	pgnl_free(list);
	EXPECT_EQ(PGNL_NO, pgnl_name_register(self->h, "test", self->a.pid, NULL, NULL));
	/* The death of the holder frees it. */
	child_kill(&self->a);
	EXPECT_EQ(0, where(self->h, NULL, "test"));
	ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test", self->b.pid, NULL, NULL));
	/* re_register moves it. */
	ASSERT_EQ(PGNL_YES, pgnl_name_reregister(self->h, "test", 0, NULL, &list));
	ASSERT_EQ(2, list->n);
	EXPECT_EQ(getpid(), list->name[0].holder.pid);
	EXPECT_EQ(self->b.pid, list->name[1].holder.pid);
	EXPECT_GT(list->name[0].fence, list->name[1].fence);
	pgnl_free(list);
	EXPECT_EQ(getpid(), where(self->h, NULL, "test"));
	EXPECT_EQ(PGNL_OK, pgnl_name_unregister(self->h, "test", &missing));
	EXPECT_EQ(0, missing);
	EXPECT_EQ(0, where(self->h, NULL, "test"));
	EXPECT_EQ(PGNL_OK, pgnl_name_unregister(self->h, "test", &missing));
	EXPECT_NE(0, missing);
	EXPECT_EQ(PGNL_OK, pgnl_name_unregister(self->h, "test", NULL));
	EXPECT_EQ(0, registered(self->h, NULL));
}

/* What fails leaves nothing behind. */
TEST_F(global_SUITE, test_exit)
{
	uint64_t before[PGNL_N_STATS], after[PGNL_N_STATS];
	struct pgnl_names *list = (void *)1;

	ASSERT_EQ(0, pgnl_stats(self->h, before, PGNL_N_STATS));
	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(0, where(self->h, NULL, "nobody"));
		ASSERT_EQ(-ESRCH, pgnl_name_register(self->h, "dead", dead_pid(), NULL, &list));
		ASSERT_EQ(NULL, list);
		ASSERT_EQ(-EINVAL, pgnl_name_register(self->h, "", 0, NULL, NULL));
		ASSERT_EQ(-EINVAL, pgnl_name_register(self->h, NULL, 0, NULL, NULL));
		ASSERT_EQ(-EINVAL, pgnl_name_register(self->h, "x", -1, NULL, NULL));
		ASSERT_EQ(-EINVAL, pgnl_name_whereis(self->h, NULL, NULL, &list));
		ASSERT_EQ(NULL, list);
		ASSERT_EQ(-ENOTCONN, pgnl_name_list(self->h, "node:nowhere", &list));
		ASSERT_EQ(NULL, list);
	}
	ASSERT_EQ(0, pgnl_stats(self->h, after, PGNL_N_STATS));
	EXPECT_EQ(before[PGNL_STAT_GROUPS], after[PGNL_STAT_GROUPS]);
	EXPECT_EQ(before[PGNL_STAT_PROCESSES], after[PGNL_STAT_PROCESSES]);
	EXPECT_EQ(before[PGNL_STAT_MEMBERSHIPS], after[PGNL_STAT_MEMBERSHIPS]);
}

/* The names' part: each of several can be held, told and given back apart. */
TEST_F(global_SUITE, names_and_locks)
{
	const struct pgnl_name_opts opts = { PGNL_RANDOM_NOTIFY, "here", 4 };
	struct pgnl_names *list;

	ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test1", self->a.pid, &opts, NULL));
	ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test2", self->a.pid, NULL, NULL));
	ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test3", self->b.pid, NULL, NULL));
	ASSERT_EQ(0, pgnl_name_whereis(self->h, NULL, "test1", &list));
	EXPECT_EQ(PGNL_RANDOM_NOTIFY, list->name[0].resolve);
	ASSERT_EQ(4, list->name[0].holder.meta_len);
	EXPECT_EQ(0, memcmp("here", list->name[0].holder.meta, 4));
	pgnl_free(list);
	ASSERT_EQ(0, pgnl_name_list(self->h, NULL, &list));
	ASSERT_EQ(3, list->n);
	for (size_t i = 0; i < 3; i++) {
		bool first = !strcmp(list->name[i].name, "test1");

		EXPECT_EQ(0, strncmp("test", list->name[i].name, 4));
		EXPECT_EQ(first ? 4 : 0, list->name[i].holder.meta_len);
		EXPECT_EQ(list->name[i].name[4] == '3' ? self->b.pid : self->a.pid,
			  list->name[i].holder.pid);
	}
	pgnl_free(list);
	ASSERT_EQ(PGNL_OK, pgnl_name_unregister(self->h, "test2", NULL));
	EXPECT_EQ(self->a.pid, where(self->h, NULL, "test1"));
	EXPECT_EQ(0, where(self->h, NULL, "test2"));
	EXPECT_EQ(self->b.pid, where(self->h, NULL, "test3"));
}

TEST_F(global_SUITE, a_name_for_the_process_of_a_pidfd)
{
	int a = syscall(SYS_pidfd_open, self->a.pid, 0), b = syscall(SYS_pidfd_open, self->b.pid, 0);
	struct pgnl_name_opts opts = { .meta = "m", .meta_len = 1 };
	struct pgnl_names *list;

	ASSERT_EQ(PGNL_YES, pgnl_name_register_pidfd(self->h, "test", a, &opts, NULL));
	EXPECT_EQ(self->a.pid, where(self->h, NULL, "test"));
	ASSERT_EQ(PGNL_NO, pgnl_name_register_pidfd(self->h, "test", b, NULL, &list));
	EXPECT_EQ(self->a.pid, list->name[0].holder.pid);
	EXPECT_EQ(1, list->name[0].holder.meta_len);
	pgnl_free(list);
	child_kill(&self->a);
	EXPECT_EQ(-ESRCH, pgnl_name_register_pidfd(self->h, "test", a, NULL, &list));
	EXPECT_EQ(NULL, list);
	EXPECT_EQ(-EBADF, pgnl_name_register_pidfd(self->h, "test", 0, NULL, &list));
	EXPECT_EQ(PGNL_YES, pgnl_name_register_pidfd(self->h, "test", b, NULL, NULL));
	close(a);
	close(b);
}

TEST_F(global_SUITE, name_die)
{
	for (int i = 0; i < 50; i++) {
		struct child child;

		ASSERT_EQ(0, child_start(&child));
		ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test1", child.pid, NULL, NULL));
		ASSERT_EQ(PGNL_YES, pgnl_name_reregister(self->h, "test2", child.pid, NULL, NULL));
		child_kill(&child);
		ASSERT_EQ(0, where(self->h, NULL, "test1"));
		ASSERT_EQ(0, registered(self->h, NULL));
	}
}

#define MASS 500

TEST_F(global_SUITE, mass_death)
{
	struct crowd crowd;
	char name[16];

	ASSERT_EQ(0, crowd_start(&crowd, MASS));
	for (int i = 0; i < MASS; i++) {
		snprintf(name, sizeof(name), "test%d", i);
		ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, name, crowd.pid[i], NULL, NULL));
	}
	EXPECT_EQ(MASS, registered(self->h, NULL));
	crowd_end(&crowd);
	EXPECT_EQ(0, registered(self->h, NULL));
	EXPECT_EQ(0, where(self->h, NULL, "test7"));
}

/* send, where the library says undefined and Erlang exits with badarg. */
TEST_F(global_SUITE, send_by_name)
{
	struct pgnl_sent sent;

	EXPECT_EQ(PGNL_UNDEFINED, pgnl_name_send(self->h, NULL, "test", "hi", 2, &sent));
	ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test", self->a.pid, NULL, NULL));
	ASSERT_EQ(PGNL_OK, pgnl_name_send(self->h, this_node(), "test", "hi", 2, &sent));
	EXPECT_EQ(0, sent.reached);
	EXPECT_EQ(1, sent.no_inbox);
	EXPECT_EQ(-ENOTCONN, pgnl_name_send(self->h, "node:cp2", "test", "hi", 2, &sent));
}

TEST_F(global_SUITE, who_does_not_want_to_know_who_got_a_message)
{
	ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test", self->a.pid, NULL, NULL));
	EXPECT_EQ(PGNL_OK, pgnl_gg_send(self->h, NULL, "test", "x", 1, NULL));
	EXPECT_EQ(PGNL_UNDEFINED, pgnl_gg_send(self->h, NULL, "nobody", "x", 1, NULL));
}

/* Somebody has the agent's socket, with room for one caller, and takes none. */
TEST_F(global_SUITE, who_lets_callers_queue_keeps_none_of_them_for_ever)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "\0pgnl/groups" };
	const socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof("pgnl/groups");
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct pgnl_gg_monitor *monitor;
	struct pgnl_names *list;

	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&to, len));
	ASSERT_EQ(0, listen(fd, 0));
	EXPECT_EQ(-ETIMEDOUT, pgnl_gg_monitor_open(self->h, &monitor));
	EXPECT_EQ(NULL, monitor);
	/* The one who has given up is in the queue still. */
	EXPECT_EQ(-ETIMEDOUT, pgnl_gg_whereis_name(self->h, NULL, "nobody", &list));
	EXPECT_EQ(NULL, list);
	close(fd);
}

/* Nothing of a name stays that its next holder could meet. */
TEST_F(global_SUITE, leftover_name)
{
	const struct pgnl_name_opts opts = { PGNL_RANDOM_EXIT, "old", 3 };
	struct pgnl_names *list;
	uint64_t fence;

	ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test", self->a.pid, &opts, &list));
	fence = list->name[0].fence;
	pgnl_free(list);
	child_kill(&self->a);
	ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test", self->b.pid, NULL, &list));
	EXPECT_EQ(1, list->n);
	EXPECT_LT(fence, list->name[0].fence);
	EXPECT_EQ(PGNL_KEEP_FIRST, list->name[0].resolve);
	EXPECT_EQ(NULL, list->name[0].holder.meta);
	pgnl_free(list);
}

/* --- Names through a view ------------------------------------------------------ */

struct looker {
	pthread_t thread;
	struct pgnl_view *view;
	atomic_bool stop;
	unsigned long looks;
	int seen;		/* the first number of holders that is not 1 */
};

static void *look(void *arg)
{
	struct looker *l = arg;
	pid_t pids[2];
	int n;

	for (; !atomic_load(&l->stop); l->looks++) {
		n = pgnl_view_pids(l->view, "test", pids, 2);
		if (n != 1 && l->seen == 1)
			l->seen = n;
	}
	return NULL;
}

TEST_F(global_SUITE, a_view_of_a_name_being_replaced_has_one_holder)
{
	struct looker looker = { .seen = 1 };
	unsigned int round;

	ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, "test", self->a.pid, NULL, NULL));
	ASSERT_EQ(0, pgnl_view_open(self->h, "global", PGNL_MAPPED, &looker.view))
		TH_LOG("%s", pgnl_last_error(self->h)->text);
	ASSERT_EQ(0, pthread_create(&looker.thread, NULL, look, &looker));
	for (round = 0; again(round, 5000) && looker.seen == 1; round++)
		ASSERT_EQ(PGNL_YES, pgnl_name_reregister(self->h, "test",
							 round % 2 ? self->a.pid : self->b.pid,
							 NULL, NULL));
	atomic_store(&looker.stop, true);
	pthread_join(looker.thread, NULL);
	EXPECT_EQ(1, looker.seen);
	TH_LOG("%u replacements, %lu looks", round, looker.looks);
	pgnl_view_close(looker.view);
}

/* --- Locks --- */

#define SET(resource, requester, child, retries)			\
	pgnl_lock_set(self->h, resource, requester, (child).pid, retries)
#define DEL(resource, requester, child) pgnl_lock_del(self->h, resource, requester, (child).pid)

TEST_F(global_SUITE, set_lock_and_del_lock)
{
	EXPECT_EQ(PGNL_YES, SET("test", "one", self->a, 0));
	EXPECT_EQ(PGNL_NO, SET("test", "two", self->b, 0));
	/* Another resource, and a name of the same, are another matter. */
	EXPECT_EQ(PGNL_YES, SET("test2", "two", self->b, 0));
	EXPECT_EQ(PGNL_YES, pgnl_name_register(self->h, "test", self->b.pid, NULL, NULL));
	/* The same requester has it already, by whatever process. */
	EXPECT_EQ(PGNL_YES, SET("test", "one", self->a, 0));
	EXPECT_EQ(PGNL_YES, SET("test", "one", self->b, 0));
	/* Of the wrong requester, or the wrong process, it has no effect. */
	EXPECT_EQ(PGNL_OK, DEL("test", "two", self->a));
	EXPECT_EQ(PGNL_OK, DEL("test", "one", self->b));
	EXPECT_EQ(PGNL_NO, SET("test", "two", self->b, 1));
	EXPECT_EQ(PGNL_OK, DEL("test", "one", self->a));
	EXPECT_EQ(PGNL_YES, SET("test", "two", self->b, 0));
	EXPECT_EQ(PGNL_OK, DEL("nobody's", "one", self->a));
}

TEST_F(global_SUITE, a_lock_of_the_caller_itself)
{
	EXPECT_EQ(PGNL_YES, pgnl_lock_set(self->h, "test", "one", 0, 0));
	EXPECT_EQ(getpid(), where(self->h, NULL, "lock:test"));
	EXPECT_EQ(PGNL_OK, pgnl_lock_del(self->h, "test", "one", 0));
	EXPECT_EQ(0, where(self->h, NULL, "lock:test"));
	EXPECT_EQ(-EINVAL, pgnl_lock_del(self->h, "test", "one", -1));
}

TEST_F(global_SUITE, lock_die)
{
	EXPECT_EQ(PGNL_YES, SET("test", "one", self->a, 0));
	EXPECT_EQ(PGNL_NO, SET("test", "two", self->b, 0));
	child_kill(&self->a);
	EXPECT_EQ(PGNL_YES, SET("test", "two", self->b, 0));
	EXPECT_EQ(-ESRCH, SET("other", "one", self->a, 0));
}

struct inner {
	struct pgnl *h;
	pid_t other;
	int calls;
};

static int with_lock(void *arg)
{
	struct inner *inner = arg;

	inner->calls++;
	return pgnl_lock_set(inner->h, "test", "two", inner->other, 0);
}

TEST_F(global_SUITE, trans)
{
	struct inner inner = { self->h, self->b.pid, 0 };
	int result = -1;

	EXPECT_EQ(PGNL_OK, pgnl_lock_trans(self->h, "test", "one", 0, with_lock, &inner, &result));
	EXPECT_EQ(PGNL_NO, result);
	EXPECT_EQ(PGNL_YES, SET("test", "two", self->b, 0));
	EXPECT_EQ(PGNL_NO, pgnl_lock_trans(self->h, "test", "one", 1, with_lock, &inner, &result));
	EXPECT_EQ(1, inner.calls);
}

TEST_F(global_SUITE, malformed_locks)
{
	char longest[252];

	memset(longest, 'x', 251);
	longest[251] = 0;
	EXPECT_EQ(-EINVAL, SET("", "one", self->a, 0));
	EXPECT_EQ(-EINVAL, SET("test", "", self->a, 0));
	EXPECT_EQ(-EINVAL, SET(longest, "one", self->a, 0));
	EXPECT_STREQ("a resource has 1 to 250 bytes", pgnl_last_error(self->h)->text);
	longest[250] = 0;
	EXPECT_EQ(PGNL_YES, SET(longest, "one", self->a, 0));
}

TEST_HARNESS_MAIN
