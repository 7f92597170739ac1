// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tracepoints: what joins, leaves, ends, is told, and is mapped, is traced with
 * what an administrator looks for.
 */
#include "kselftest_harness.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "agent.h"
#include "common.h"
#include "events.h"
#include "proc.h"

#define TRACING		"/sys/kernel/tracing"
#define INSTANCE	TRACING "/instances/pgnl-test"

FIXTURE(trace) {
	struct client *c;
	struct child child;
	char text[65536];
};

FIXTURE_SETUP(trace)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	if (access(TRACING "/instances", F_OK))
		mount("none", TRACING, "tracefs", 0, NULL);
	rmdir(INSTANCE);
	if (mkdir(INSTANCE, 0700))
		SKIP(return, "no tracing instances");
	ASSERT_EQ(0, child_start(&self->child));
	ASSERT_EQ(0, scope_new(self->c, "traced", PGNL_SCOPE_MODE_PG));
	ASSERT_TRUE(write_text(INSTANCE "/events/pgnl/enable", "1"));
}

FIXTURE_TEARDOWN(trace)
{
	EXPECT_TRUE(write_text(INSTANCE "/events/pgnl/enable", "0"));
	EXPECT_EQ(0, rmdir(INSTANCE));
	child_kill(&self->child);
	EXPECT_STREQ("", verify(self->c));
	client_close(self->c);
}

/* All of the trace, which comes in pieces, as far as there is room. */
static bool read_trace(char *buf, size_t size)
{
	int fd = open(INSTANCE "/trace", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	close(fd);
	buf[len] = '\0';
	return !n;
}

/* Whether what has been traced so far has a line with this in it. */
static bool traced(FIXTURE_DATA(trace) *self, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool traced(FIXTURE_DATA(trace) *self, const char *format, ...)
{
	char wanted[512];
	va_list args;

	va_start(args, format);
	vsnprintf(wanted, sizeof(wanted), format, args);
	va_end(args);
	return read_trace(self->text, sizeof(self->text)) &&
	       strstr(self->text, wanted);
}

#define EXPECT_TRACED(...) EXPECT_TRUE(traced(self, __VA_ARGS__)) TH_LOG("%s", self->text)

TEST_F(trace, joins_leaves_and_ends)
{
	pid_t pid = self->child.pid;
	long long id;

	ASSERT_EQ(3, join_times(self->c, "traced", "g", pid, 3));
	id = id_of(self->c, pid);
	EXPECT_TRACED("pgnl_join: scope=traced group=g id=%lld pid=%d times=3 count=3", id, pid);
	ASSERT_EQ(2, leave_times(self->c, "traced", "g", pid, 2));
	EXPECT_TRACED("pgnl_leave: scope=traced group=g id=%lld pid=%d times=2 count=1", id, pid);
	child_kill(&self->child);
	EXPECT_TRACED("pgnl_exit: id=%lld pid=%d", id, pid);
	EXPECT_TRUE(wait_until(traced(self, "pgnl_leave: scope=traced group=g id=%lld pid=%d "
				      "times=1 count=0", id, pid))) TH_LOG("%s", self->text);
	ASSERT_EQ(0, child_start(&self->child));
}

/* Whoever does not ask for it is not traced. */
TEST_F(trace, nothing_while_it_is_off)
{
	ASSERT_TRUE(write_text(INSTANCE "/events/pgnl/enable", "0"));
	ASSERT_EQ(1, join(self->c, "traced", "off", self->child.pid));
	EXPECT_FALSE(traced(self, "group=off"));
}

TEST_F(trace, events_are_when_somebody_listens)
{
	ASSERT_EQ(1, join(self->c, "traced", "before", self->child.pid));
	ASSERT_LT(0, subscribe(self->c, "traced", NULL));
	ASSERT_EQ(1, join(self->c, "traced", "heard", self->child.pid));
	EXPECT_TRACED("pgnl_event: scope=traced group=heard seq=");
	EXPECT_FALSE(traced(self, "pgnl_event: scope=traced group=before"));
}

static int open_view(struct client *c)
{
	req_new(c, PGNL_CMD_VIEW_GET);
	put_str(c, PGNL_A_SCOPE, "traced");
	return req_do(c) ? -1 : (int)reply_u32(c, PGNL_A_FD);
}

TEST_F(trace, views_are_from_the_first_user_to_the_end)
{
	int fd = open_view(self->c);

	ASSERT_LE(0, fd);
	EXPECT_TRACED("pgnl_view: scope=traced users=1 ");
	EXPECT_TRACED("flags=0x0");
	close(fd);
	EXPECT_TRUE(wait_until(traced(self, "pgnl_view: scope=traced users=0 ")));
	EXPECT_TRUE(wait_until(traced(self, "flags=0x1")));
}

/* --- Whose work runs where --------------------------------------------------- */

#define QUEUED	INSTANCE "/events/workqueue/workqueue_queue_work"

/* Its role has no time to be taken up again, so what it left is looked at at once. */
static int become_agent(struct client *c)
{
	struct nlattr *nest = begin_peer(c, PGNL_CMD_AGENT_REGISTER, "here", 0);

	mnl_attr_put_u32(c->req, PGNL_A_NODE_GRACE, 0);
	mnl_attr_nest_end(c->req, nest);
	return req_do(c);
}

/* Work of each kind, in a network namespace of whoever this is. */
static int make_work(void *arg)
{
	struct client *c = client_in_new_netns(), *ear = client_open();
	struct child child;

	(void)arg;
	CHECK(c && ear);
	CHECK_EQ(0, become_agent(c));
	CHECK_EQ(0, child_start(&child));
	req_new(c, PGNL_CMD_VIEW_GET);
	CHECK_EQ(0, req_do(c));
	close((int)reply_u32(c, PGNL_A_FD));
	CHECK(subscribe(ear, NULL, NULL) > 0);
	CHECK_EQ(1, join(c, NULL, "g", child.pid));
	CHECK(told(ear, PGNL_CMD_EVENT, EVENT_LIMIT));
	child_kill(&child);
	/* This waits for what the end has left to do. */
	CHECK_EQ(0, stat_get(c, PGNL_A_STAT_MEMBERSHIPS));
	client_close(ear);
	client_close(c);
	return 0;
}

/* Views are for whoever is in a pid namespace of the same user namespace. */
static int make_work_as_inner_root(void *arg)
{
	new_ns(CLONE_NEWUSER | CLONE_NEWPID);
	return in_child(make_work, arg);
}

#define EXPECT_ON(queue, function) \
	EXPECT_TRUE(wait_until(traced(self, "function=%s [pgnl] workqueue=%s req_cpu", \
				      function, queue))) \
		TH_LOG("%s", self->text)

/*
 * Of network namespaces that anyone may make, as many as one likes may keep work
 * waiting. They have queues of their own for it, and no queue of the kernel.
 */
TEST_F(trace, network_namespaces_of_users_do_not_share_queues_with_the_machines)
{
	if (!write_text(QUEUED "/filter", "workqueue ~ \"pgnl*\"") ||
	    !write_text(QUEUED "/enable", "1"))
		SKIP(return, "no tracepoint of work queues");
	EXPECT_EQ(0, in_child(make_work, NULL));
	EXPECT_ON("pgnl", "pgnl_proc_reap");
	EXPECT_ON("pgnl_tell", "deliver");
	EXPECT_ON("pgnl_tell", "work_on_view");
	EXPECT_ON("pgnl_tell", "tend");
	EXPECT_FALSE(traced(self, "workqueue=pgnl_user"));
	EXPECT_EQ(0, as_user(1000, 1000, make_work_as_inner_root, NULL));
	EXPECT_ON("pgnl_user", "pgnl_proc_reap");
	EXPECT_ON("pgnl_user_tell", "deliver");
	EXPECT_ON("pgnl_user_tell", "work_on_view");
	EXPECT_ON("pgnl_user_tell", "tend");
	EXPECT_TRUE(write_text(QUEUED "/enable", "0"));
}

TEST_HARNESS_MAIN
