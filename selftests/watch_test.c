// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Watches of libpgnl: snapshots and what follows, without a hole and without
 * telling a thing twice, and back to a right view by themselves.
 */
#include <dlfcn.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "common.h"
#include "pgnl.h"
#include "proc.h"

#define WAIT_MS	30000

/* Who is to join "g" before the second request of the library, over this client. */
static struct client *joiner;
static pid_t newcomer;
static int sends;
/* Which malloc() after that is to fail, if any. */
static int fail_then;

/* How many times more these are to succeed before they fail once; 0: always. */
static int mallocs, reallocs;

void *__libc_malloc(size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return mallocs && !--mallocs ? NULL : __libc_malloc(size);
}

void *realloc(void *old, size_t size)
{
	return reallocs && !--reallocs ? NULL : __libc_realloc(old, size);
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *,
			socklen_t) = dlsym(RTLD_NEXT, "sendto");
	struct client *c = joiner;

	if (c && ++sends == 2) {
		joiner = NULL;
		if (join(c, NULL, "g", newcomer) != 1)
			newcomer = 0;
		/* When the event is there. */
		if (fail_then && poll(&(struct pollfd) { fd, POLLIN, 0 }, 1, WAIT_MS) == 1)
			mallocs = fail_then;
	}
	return real(fd, buf, len, flags, to, to_len);
}

FIXTURE(watch)
{
	struct client *c;
	struct pgnl_watch *watch;
	struct child a, b;
};

FIXTURE_SETUP(watch)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	ASSERT_EQ(0, child_start(&self->a));
	ASSERT_EQ(0, child_start(&self->b));
	ASSERT_EQ(0, pgnl_watch_open(&self->watch));
}

FIXTURE_TEARDOWN(watch)
{
	pgnl_watch_close(self->watch);
	child_kill(&self->a);
	child_kill(&self->b);
	EXPECT_STREQ("", verify(self->c));
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_SUBSCRIPTIONS));
	client_close(self->c);
}

/* The next event in words: "join g a=1 b=2 joined". */
static const char *next(FIXTURE_DATA(watch) *self, const struct pgnl_event **event)
{
	static char text[512];
	size_t used;
	int ret;

	ret = pgnl_event_next(self->watch, WAIT_MS, event);
	if (ret != 1) {
		snprintf(text, sizeof(text), "%d: %s", ret, pgnl_watch_error(self->watch)->text);
		return text;
	}
	used = (size_t)snprintf(text, sizeof(text), "%s", pgnl_event_name((*event)->type));
	if ((*event)->group)
		used += (size_t)sprintf(text + used, " %s", (*event)->group);
	for (size_t i = 0; i < (*event)->n && used < 400; i++) {
		const struct pgnl_member *m = &(*event)->member[i];

		used += (size_t)sprintf(text + used, " %s=%u", m->pid == self->a.pid ? "a" :
					m->pid == self->b.pid ? "b" : "?", m->count);
	}
	if ((*event)->reason != PGNL_BECAUSE_NOTHING)
		used += (size_t)sprintf(text + used, " %s", pgnl_reason_name((*event)->reason));
	if ((*event)->status != PGNL_UNKNOWN)
		sprintf(text + used, " %d", (*event)->status);
	return text;
}

#define EXPECT_NEXT(words) EXPECT_STREQ(words, next(self, &event))

TEST_F(watch, a_group_from_a_snapshot_on)
{
	const struct pgnl_event *event;
	int sub;

	ASSERT_EQ(2, join_times(self->c, NULL, "g", self->a.pid, 2));
	sub = pgnl_subscribe(self->watch, NULL, "g", PGNL_SNAPSHOT);
	ASSERT_LT(0, sub);
	ASSERT_EQ(1, join(self->c, NULL, "g", self->b.pid));
	ASSERT_EQ(1, join(self->c, NULL, "h", self->b.pid));
	EXPECT_NEXT("snapshot g a=2");
	EXPECT_EQ(sub, event->sub);
	EXPECT_EQ(0, event->more);
	EXPECT_NEXT("join g b=1 joined");
	EXPECT_EQ(PGNL_UNKNOWN, event->by_uid);
	ASSERT_EQ(1, leave(self->c, NULL, "g", self->a.pid));
	EXPECT_NEXT("leave g a=1 left");
	EXPECT_EQ(getpid(), event->by_pid);
	EXPECT_EQ(0, event->by_uid);
	child_exit(&self->a, 7);
	EXPECT_NEXT("leave g a=0 exited 7");
	child_start(&self->a);
	EXPECT_EQ(0, pgnl_event_next(self->watch, 0, &event));
	EXPECT_EQ(NULL, event);
	EXPECT_EQ(0, pgnl_unsubscribe(self->watch, sub));
	EXPECT_EQ(-ENOENT, pgnl_unsubscribe(self->watch, sub));
}

TEST_F(watch, a_scope_from_a_snapshot_on)
{
	const struct pgnl_event *event;

	ASSERT_EQ(0, group_new(self->c, "pg2", "full"));
	ASSERT_EQ(0, group_new(self->c, "pg2", "empty"));
	ASSERT_EQ(1, join(self->c, "pg2", "full", self->a.pid));
	ASSERT_LT(0, pgnl_subscribe(self->watch, "pg2", NULL, PGNL_SNAPSHOT));
	EXPECT_NEXT("snapshot full a=1");
	EXPECT_EQ(1, event->more);
	EXPECT_NEXT("snapshot empty");
	EXPECT_EQ(0, event->more);
	ASSERT_EQ(0, group_del(self->c, "pg2", "full"));
	EXPECT_NEXT("leave full a=0 evicted");
	EXPECT_NEXT("delete full deleted");
	ASSERT_EQ(0, group_new(self->c, "pg2", "new"));
	EXPECT_NEXT("create new created");
	EXPECT_STREQ("pg2", event->scope);
}

TEST_F(watch, nothing_there_yet)
{
	const struct pgnl_event *event;

	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, "g", PGNL_SNAPSHOT));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, NULL, PGNL_SNAPSHOT));
	EXPECT_NEXT("snapshot g");
	EXPECT_NEXT("snapshot");
	EXPECT_EQ(NULL, event->group);
}

TEST_F(watch, what_a_snapshot_has_is_not_told_again)
{
	const struct pgnl_event *event;
	int first;

	/* While one subscription is open, listings say what they are after. */
	first = pgnl_subscribe(self->watch, NULL, "other", 0);
	for (int i = 0; i < 50; i++) {
		ASSERT_LT(0, join(self->c, NULL, "g", self->a.pid));
		ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, "g", PGNL_SNAPSHOT));
	}
	for (int i = 0; i < 50; i++) {
		int ret = pgnl_event_next(self->watch, WAIT_MS, &event);

		ASSERT_EQ(1, ret);
		ASSERT_EQ(PGNL_EVENT_SNAPSHOT, event->type);
		ASSERT_EQ(i + 1, event->member[0].count);
	}
	/* The first 49 hear of the joins after them, and of no other. */
	for (int i = 0; i < 49 * 50 / 2; i++)
		ASSERT_EQ(1, pgnl_event_next(self->watch, WAIT_MS, &event));
	EXPECT_EQ(0, pgnl_event_next(self->watch, 0, &event));
	EXPECT_EQ(0, pgnl_unsubscribe(self->watch, first));
}

TEST_F(watch, who_joins_while_a_snapshot_is_taken_is_told_once)
{
	const struct pgnl_event *event;

	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	newcomer = self->b.pid;
	joiner = self->c;
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, "g", PGNL_SNAPSHOT));
	ASSERT_EQ(self->b.pid, newcomer);
	ASSERT_EQ(NULL, joiner);
	EXPECT_NEXT("snapshot g a=1 b=1");
	ASSERT_EQ(1, leave(self->c, NULL, "g", self->a.pid));
	EXPECT_NEXT("leave g a=0 left");
}

TEST_F(watch, of_many_that_join_at_once_each_is_told)
{
	const struct pgnl_event *event;
	struct crowd crowd;
	size_t told = 0;

	ASSERT_EQ(0, crowd_start(&crowd, 40));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, "g", 0));
	ASSERT_LT(0, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	while (told < crowd.n) {
		ASSERT_EQ(1, pgnl_event_next(self->watch, WAIT_MS, &event));
		for (size_t i = 0; i < event->n; i++)
			EXPECT_EQ(crowd.pid[told++], event->member[i].pid);
	}
	EXPECT_EQ(40, event->n);
	crowd_end(&crowd);
}

/* After at least one resync, and as many more as it took. */
static const char *next_resynced(FIXTURE_DATA(watch) *self)
{
	const struct pgnl_event *event;
	const char *words = next(self, &event);

	if (strcmp(words, "resync replayed"))
		return "no resync";
	while (!strcmp(words, "resync replayed"))
		words = next(self, &event);
	return words;
}

TEST_F(watch, an_event_that_there_was_no_memory_for_is_told_again)
{
	const struct pgnl_event *event;

	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, "g", 0));
	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	reallocs = 1;
	EXPECT_EQ(-ENOMEM, pgnl_event_next(self->watch, WAIT_MS, &event));
	EXPECT_EQ(0, reallocs);
	EXPECT_STREQ("join g a=1 joined", next_resynced(self));
}

TEST_F(watch, an_event_that_came_amid_a_request_without_memory_is_told_again)
{
	const struct pgnl_event *event;

	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, "g", 0));
	/* At once; what lists has another socket. */
	sends = 1;
	newcomer = self->b.pid;
	fail_then = 1;
	joiner = self->c;
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, "h", PGNL_SNAPSHOT));
	fail_then = 0;
	ASSERT_EQ(NULL, joiner);
	EXPECT_EQ(0, mallocs);
	EXPECT_NEXT("snapshot h");
	EXPECT_STREQ("join g b=1 joined", next_resynced(self));
}

/* An agent whose other node comes and goes, until it is killed. */
static void flap(int ready)
{
	struct pgnl_agent_opts opts = { .node = "here", .grace = 60000 };
	struct pgnl_agent *agent;

	if (pgnl_agent_open(&opts, &agent))
		_exit(1);
	while (!pgnl_agent_node_up(agent, "there", 1, 0) &&
	       !pgnl_agent_node_suspect(agent, "there", 1)) {
		if (write(ready, "", 1) != 1)
			break;
		usleep(20000);
	}
	_exit(1);
}

TEST_F(watch, what_is_not_shown_does_not_put_the_time_off)
{
	const struct pgnl_event *event;
	int ready[2];
	pid_t agent;
	char byte;

	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, "g", 0));
	ASSERT_EQ(0, pipe(ready));
	agent = fork();
	if (!agent)
		flap(ready[1]);
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ(0, pgnl_event_next(self->watch, 500, &event));
	EXPECT_EQ(0, kill(agent, SIGKILL));
	EXPECT_EQ(agent, waitpid(agent, NULL, 0));
	close(ready[0]);
}

TEST_F(watch, after_unsubscribing_nothing_more_of_it_is_told)
{
	const struct pgnl_event *event;
	int gone, kept;

	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	gone = pgnl_subscribe(self->watch, NULL, "g", PGNL_SNAPSHOT);
	ASSERT_LT(0, gone);
	kept = pgnl_subscribe(self->watch, NULL, "g", PGNL_SNAPSHOT);
	ASSERT_LT(0, kept);
	ASSERT_EQ(1, join(self->c, NULL, "g", self->b.pid));
	EXPECT_EQ(0, pgnl_unsubscribe(self->watch, gone));
	EXPECT_NEXT("snapshot g a=1");
	EXPECT_EQ(kept, event->sub);
	EXPECT_NEXT("join g b=1 joined");
	EXPECT_EQ(kept, event->sub);
	EXPECT_EQ(0, pgnl_event_next(self->watch, 0, &event));
}

TEST_F(watch, it_is_closed_though_not_all_was_read)
{
	struct pollfd pfd = { .fd = pgnl_watch_fd(self->watch), .events = POLLIN };

	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, "g", PGNL_SNAPSHOT));
	ASSERT_EQ(1, join(self->c, NULL, "g", self->b.pid));
	ASSERT_EQ(1, poll(&pfd, 1, WAIT_MS));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, NULL, PGNL_SNAPSHOT));
	pgnl_watch_close(self->watch);
	self->watch = NULL;
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_SUBSCRIPTIONS));
}

static void set_room(struct __test_metadata *_metadata, FIXTURE_DATA(watch) *self, int room)
{
	ASSERT_EQ(0, setsockopt(pgnl_watch_fd(self->watch), SOL_SOCKET, SO_RCVBUF, &room,
				sizeof(room)));
}

static void make_events(struct __test_metadata *_metadata, FIXTURE_DATA(watch) *self, int n)
{
	for (int i = 0; i < n; i++) {
		ASSERT_LT(0, join(self->c, NULL, "g", self->a.pid));
		ASSERT_EQ(1, leave(self->c, NULL, "g", self->a.pid));
	}
}

TEST_F(watch, missed_events_are_replayed)
{
	const struct pgnl_event *event;
	int joins = 0, resyncs = 0;
	uint64_t seq = 0;

	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, NULL, 0));
	set_room(_metadata, self, 4096);
	make_events(_metadata, self, 300);
	ASSERT_TRUE(WAIT_UNTIL(stat_get(self->c, PGNL_A_STAT_LOST) > 0));
	while (joins < 300) {
		ASSERT_EQ(1, pgnl_event_next(self->watch, WAIT_MS, &event));
		if (event->type == PGNL_EVENT_RESYNC) {
			ASSERT_EQ(PGNL_BECAUSE_REPLAYED, event->reason);
			resyncs++;
			continue;
		}
		if (seq) {
			ASSERT_EQ(seq + 1, event->seq);
		}
		seq = event->seq;
		joins += event->type == PGNL_EVENT_JOIN;
	}
	EXPECT_LE(1, resyncs);
}

TEST_F(watch, what_cannot_be_replayed_is_listed_anew)
{
	const struct pgnl_event *event;

	ASSERT_EQ(1, join(self->c, NULL, "g", self->a.pid));
	ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, NULL, 0));
	set_room(_metadata, self, 4096);
	make_events(_metadata, self, 3000);
	ASSERT_EQ(1, join(self->c, NULL, "h", self->b.pid));
	do {
		ASSERT_EQ(1, pgnl_event_next(self->watch, WAIT_MS, &event));
	} while (event->type != PGNL_EVENT_RESYNC);
	EXPECT_EQ(PGNL_BECAUSE_LISTED, event->reason);
	EXPECT_NEXT("snapshot g a=1");
	EXPECT_EQ(1, event->more);
	EXPECT_NEXT("snapshot h b=1");
	EXPECT_EQ(0, event->more);
	ASSERT_EQ(2, join(self->c, NULL, "h", self->b.pid));
	EXPECT_NEXT("join h b=2 joined");
}

/* It can't be made up for, which says so, and another one can. */
TEST_F(watch, one_that_may_not_be_listed_keeps_no_other_back)
{
	const struct pgnl_event *event;
	long limit;
	int ret, y;

	pgnl_watch_close(self->watch);
	ASSERT_EQ(0, scope_new(self->c, "x", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, seteuid(1000));
	ASSERT_EQ(0, pgnl_watch_open(&self->watch));
	y = pgnl_subscribe(self->watch, NULL, NULL, 0);
	ASSERT_LT(0, y);
	ASSERT_LT(0, pgnl_subscribe(self->watch, "x", NULL, 0));
	ASSERT_EQ(0, seteuid(0));
	set_room(_metadata, self, 4096);
	for (int i = 0; i < 3000; i++) {
		ASSERT_EQ(1, join(self->c, "x", "g", self->a.pid));
		ASSERT_EQ(1, leave(self->c, "x", "g", self->a.pid));
	}
	make_events(_metadata, self, 3000);
	ASSERT_EQ(0, set_perm(self->c, "x", 0700));
	ASSERT_EQ(1, join(self->c, NULL, "end", self->b.pid));
	limit = now_ms() + WAIT_MS;
	do {
		ASSERT_GT(limit, now_ms());
		ret = pgnl_event_next(self->watch, WAIT_MS, &event);
		ASSERT_TRUE(ret == 1 || ret == -EACCES) TH_LOG("%d", ret);
		if (ret == -EACCES)
			ASSERT_EQ(EACCES, pgnl_watch_error(self->watch)->code);
	} while (ret != 1 || event->sub != y || !event->group || strcmp(event->group, "end"));
	/* It is tried with each call, until it may. */
	EXPECT_EQ(-EACCES, pgnl_event_next(self->watch, 0, &event));
	ASSERT_EQ(0, set_perm(self->c, "x", 0775));
	EXPECT_NEXT("resync listed");
	EXPECT_STREQ("x", event->scope);
	EXPECT_NEXT("snapshot");
}

/* ENOBUFS for several at once; each comes back. */
TEST_F(watch, many_subscriptions_without_room)
{
	const struct pgnl_event *event;
	int end[20] = {}, sub[20], left = 20;

	set_room(_metadata, self, 4096);
	for (int i = 0; i < 20; i++) {
		sub[i] = pgnl_subscribe(self->watch, NULL, NULL, 0);
		ASSERT_LT(0, sub[i]);
	}
	make_events(_metadata, self, 200);
	ASSERT_EQ(1, join(self->c, NULL, "end", self->b.pid));
	while (left) {
		ASSERT_EQ(1, pgnl_event_next(self->watch, WAIT_MS, &event))
			TH_LOG("%d left: %s", left, pgnl_watch_error(self->watch)->text);
		if (!event->group || strcmp(event->group, "end"))
			continue;
		for (int i = 0; i < 20; i++)
			if (sub[i] == event->sub && !end[i]++)
				left--;
	}
}

/* A scope of another network namespace; the calling thread stays in that one. */
static struct client *share_as(const char *alias)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct client *from = client_in_new_netns();

	if (from && (scope_new(from, "s", PGNL_SCOPE_MODE_PG) ||
		     scope_share(from, "s", fd, alias))) {
		client_close(from);
		from = NULL;
	}
	close(fd);
	return from;
}

/* Those that lose events fill the socket, so that nothing says what became of the other. */
TEST_F(watch, the_end_of_an_alias_is_told_to_who_had_no_room_for_it)
{
	const struct pgnl_event *event;
	int ends = 0, left = 20, sub;
	struct client *from;

	from = share_as("alias");
	ASSERT_NE(NULL, from);
	sub = pgnl_subscribe(self->watch, "alias", NULL, 0);
	ASSERT_LT(0, sub);
	for (int i = 0; i < left; i++)
		ASSERT_LT(0, pgnl_subscribe(self->watch, NULL, NULL, 0));
	set_room(_metadata, self, 4096);
	make_events(_metadata, self, 200);
	ASSERT_TRUE(WAIT_UNTIL(stat_get(self->c, PGNL_A_STAT_LOST) >= 20));
	req_new(self->c, PGNL_CMD_SCOPE_UNSHARE);
	put_str(self->c, PGNL_A_ALIAS, "alias");
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(1, join(self->c, NULL, "end", self->b.pid));
	while (left || !ends) {
		ASSERT_EQ(1, pgnl_event_next(self->watch, WAIT_MS, &event))
			TH_LOG("%d left: %s", left, pgnl_watch_error(self->watch)->text);
		if (event->sub == sub) {
			EXPECT_EQ(PGNL_EVENT_SCOPE_DELETED, event->type);
			EXPECT_STREQ("alias", event->scope);
			ends++;
		}
		left -= event->group && !strcmp(event->group, "end");
	}
	EXPECT_EQ(1, ends);
	client_close(from);
}

TEST_F(watch, the_scope_is_deleted)
{
	const struct pgnl_event *event;
	int sub;

	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	sub = pgnl_subscribe(self->watch, "s", "g", PGNL_SNAPSHOT);
	ASSERT_LT(0, sub);
	EXPECT_NEXT("snapshot g");
	ASSERT_EQ(0, scope_del(self->c, "s"));
	EXPECT_NEXT("scope-deleted deleted");
	EXPECT_EQ(0, pgnl_unsubscribe(self->watch, sub));
	EXPECT_EQ(-ENOENT, pgnl_subscribe(self->watch, "s", NULL, 0));
	EXPECT_STREQ("no such scope", pgnl_watch_error(self->watch)->text);
}

TEST_F(watch, bad_names_are_refused)
{
	EXPECT_EQ(-EINVAL, pgnl_subscribe(self->watch, NULL, "", 0));
	EXPECT_EQ(-EINVAL, pgnl_subscribe(self->watch, "", NULL, 0));
	EXPECT_STREQ("scope", pgnl_watch_error(self->watch)->attr);
	EXPECT_EQ(-ENOENT, pgnl_unsubscribe(self->watch, 12345));
	EXPECT_EQ(NULL, pgnl_event_name(99));
	EXPECT_EQ(NULL, pgnl_reason_name(PGNL_BECAUSE_NOTHING));
	EXPECT_EQ(NULL, pgnl_reason_name(99));
}

static int next_in_child(void *arg)
{
	const struct pgnl_event *event;

	CHECK_EQ(-ECHILD, pgnl_event_next(arg, 0, &event));
	CHECK_EQ(-ECHILD, pgnl_subscribe(arg, NULL, NULL, 0));
	return 0;
}

TEST_F(watch, it_is_not_for_children)
{
	EXPECT_EQ(0, in_child(next_in_child, self->watch));
}

TEST_HARNESS_MAIN
