// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names where an agent arbitrates: what it is asked, what its answer comes to, and
 * what becomes of a request when processes and agents end.
 */
#include <pthread.h>
#include <sys/prctl.h>

#include "kselftest_harness.h"
#include "common.h"
#include "pgnl.h"
#include "proc.h"

#define WAIT_MS	30000
#define ACTS	(PGNL_AGENT_REGISTERS | PGNL_AGENT_UNREGISTERS | PGNL_AGENT_CANCELS)

/* Somebody who asks, and waits for the result. */
struct asker {
	pthread_t thread;
	struct pgnl *handle;
	const char *name;
	pid_t pid;
	struct pgnl_name_opts opts;
	bool replace, drop;
	int ret, missing;
	struct pgnl_names *list;
};

FIXTURE(name_ask)
{
	struct client *c;
	struct pgnl *handle;
	struct pgnl_agent *agent;
	struct asker asker;
	struct child a, b;
};

static int open_agent(struct pgnl_agent **agent, uint32_t acts)
{
	const struct pgnl_agent_opts opts = { .node = "here", .grace = 3600000, .acts = acts };

	return pgnl_agent_open(&opts, agent);
}

FIXTURE_SETUP(name_ask)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	ASSERT_EQ(0, child_start(&self->a));
	ASSERT_EQ(0, child_start(&self->b));
	ASSERT_EQ(0, pgnl_open(&self->handle));
	ASSERT_EQ(0, pgnl_open(&self->asker.handle));
	ASSERT_EQ(0, open_agent(&self->agent, ACTS));
	self->asker.name = "name";
	self->asker.pid = self->a.pid;
}

FIXTURE_TEARDOWN(name_ask)
{
	EXPECT_STREQ("", verify(self->c));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_REQUESTS));
	pgnl_free(self->asker.list);
	pgnl_agent_close(self->agent);
	pgnl_close(self->asker.handle);
	pgnl_close(self->handle);
	child_kill(&self->a);
	child_kill(&self->b);
	EXPECT_STREQ("", verify(self->c));
	client_close(self->c);
}

static void *run_asker(void *arg)
{
	struct asker *asker = arg;

	if (asker->drop)
		asker->ret = pgnl_name_unregister(asker->handle, asker->name, &asker->missing);
	else if (asker->replace)
		asker->ret = pgnl_name_reregister(asker->handle, asker->name, asker->pid,
						  &asker->opts, &asker->list);
	else
		asker->ret = pgnl_name_register(asker->handle, asker->name, asker->pid,
						&asker->opts, &asker->list);
	return NULL;
}

#define ASK() ASSERT_EQ(0, pthread_create(&self->asker.thread, NULL, run_asker, &self->asker))
#define JOINED(expected) do { \
	ASSERT_EQ(0, pthread_join(self->asker.thread, NULL)); \
	EXPECT_EQ(expected, self->asker.ret) \
		TH_LOG("%s", pgnl_last_error(self->asker.handle)->text); \
} while (0)

static const struct pgnl_upcall *next_upcall(struct pgnl_agent *agent)
{
	struct pollfd poller = { .fd = pgnl_agent_fd(agent), .events = POLLIN };
	const struct pgnl_upcall *upcall;

	while (pgnl_agent_next(agent, &upcall) != 1)
		if (poll(&poller, 1, WAIT_MS) != 1)
			return NULL;
	return upcall;
}

#define UPCALL() ({ \
	const struct pgnl_upcall *upcall_ = next_upcall(self->agent); \
	ASSERT_NE(NULL, upcall_); \
	upcall_; \
})
#define ANSWER(expected, upcall, ...) do { \
	const struct pgnl_answer answer_ = { __VA_ARGS__ }; \
	EXPECT_EQ(expected, pgnl_agent_answer(self->agent, (upcall)->request, &answer_)); \
} while (0)

/* "PID FENCE" of a holder here, "NODE" of one elsewhere, "nobody". */
static const char *holder(struct pgnl *handle, const char *name, uint64_t *id, uint64_t *fence)
{
	static char text[64];
	struct pgnl_names *list;
	int ret = pgnl_name_whereis(handle, NULL, name, &list);

	strcpy(text, ret == PGNL_UNDEFINED ? "nobody" : "error");
	if (!ret) {
		*id = list->name[0].holder.id;
		*fence = list->name[0].fence;
		if (list->name[0].holder.node)
			snprintf(text, sizeof(text), "%s", list->name[0].holder.node);
		else
			snprintf(text, sizeof(text), "%d", list->name[0].holder.pid);
	}
	pgnl_free(list);
	return text;
}

#define EXPECT_HOLDER(words) EXPECT_STREQ(words, holder(self->handle, "name", &id, &fence))

static const char *pid_text(pid_t pid)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return text;
}

static struct pgnl_agent_row far_row(uint64_t id, uint32_t count)
{
	return (struct pgnl_agent_row){
		.group = "name", .id = id, .count = count, .pid = 1, .weight = 1,
		.reason = PGNL_BECAUSE_LEFT, .status = PGNL_UNKNOWN, .fence = 10, .stamp = 10,
	};
}

TEST_F(name_ask, all_agree_and_it_gets_the_name)
{
	const struct pgnl_upcall *upcall;
	uint64_t id, fence;

	self->asker.opts.meta = "m";
	self->asker.opts.meta_len = 1;
	ASK();
	upcall = UPCALL();
	EXPECT_EQ(PGNL_AGENT_REGISTERS, upcall->act);
	EXPECT_STREQ("global", upcall->scope);
	EXPECT_STREQ("name", upcall->group);
	EXPECT_EQ(getpid(), upcall->from_pid);
	EXPECT_FALSE(upcall->replace);
	EXPECT_HOLDER("nobody");
	/* Above the wall clock, too. */
	ANSWER(0, upcall, .fence = 1ull << 62);
	JOINED(PGNL_YES);
	EXPECT_HOLDER(pid_text(self->a.pid));
	EXPECT_EQ((1ull << 62) + 1, fence);
	ASSERT_EQ(1, self->asker.list->n);
	EXPECT_EQ(self->a.pid, self->asker.list->name[0].holder.pid);
	EXPECT_EQ(1, self->asker.list->name[0].holder.meta_len);
	EXPECT_EQ(fence, self->asker.list->name[0].fence);
	/* Answered once. */
	ANSWER(-ENOENT, upcall, .fence = 1);
}

TEST_F(name_ask, a_refusal_is_told_with_the_holder)
{
	const struct pgnl_agent_row row = far_row(7, 1);
	const struct pgnl_upcall *upcall;
	uint64_t id, fence;

	ASK();
	upcall = UPCALL();
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &row, 1, NULL));
	ANSWER(0, upcall, .error = EEXIST, .words = "the name is taken");
	JOINED(PGNL_NO);
	ASSERT_EQ(1, self->asker.list->n);
	EXPECT_STREQ("there", self->asker.list->name[0].holder.node);
	EXPECT_HOLDER("there");
	/* What is known here need not be asked. */
	EXPECT_EQ(PGNL_NO, pgnl_name_register(self->handle, "name", self->a.pid, NULL, NULL));
	ASSERT_EQ(0, pgnl_agent_node_suspect(self->agent, "there", 1));
	EXPECT_EQ(-EAGAIN, pgnl_name_register(self->handle, "name", self->a.pid, NULL, NULL));
	EXPECT_EQ(-EAGAIN, pgnl_name_unregister(self->handle, "name", NULL));
}

/* For a kid, who is somebody else from now on. */
static struct pgnl *handle_of_another(void)
{
	struct pgnl *handle;

	become(1000, 1000, NULL, 0);
	if (pgnl_open(&handle))
		_exit(1);
	return handle;
}

/* Says how many it is told, -1 when it is not refused. */
static void kid_asks_blind(int ctl, const void *arg)
{
	struct pgnl *handle = handle_of_another();
	struct pgnl_names *list = NULL;

	(void)arg;
	tell(ctl, pgnl_name_register(handle, "name", getpid(), NULL, &list) == PGNL_NO && list ?
	     (long)list->n : -1);
	ready(ctl, 0);
}

TEST_F(name_ask, a_refusal_is_told_without_the_holder_to_who_may_not_read)
{
	const struct pgnl_agent_row row = far_row(7, 1);
	const struct pgnl_upcall *upcall;
	struct kid kid;

	ASSERT_EQ(0, set_perm(self->c, "global", 0772));
	ASSERT_EQ(0, kid_start(&kid, kid_asks_blind, NULL));
	upcall = UPCALL();
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &row, 1, NULL));
	ANSWER(0, upcall, .error = EEXIST, .words = "the name is taken");
	EXPECT_EQ(0, hear(kid.ctl));
	kid_kill(&kid);
}

TEST_F(name_ask, an_error_may_come_without_words)
{
	const struct pgnl_upcall *upcall;

	ASK();
	upcall = UPCALL();
	ANSWER(0, upcall, .error = EBUSY);
	JOINED(-EBUSY);
	EXPECT_EQ(EBUSY, pgnl_last_error(self->asker.handle)->code);
	EXPECT_STREQ("", pgnl_last_error(self->asker.handle)->text);
}

TEST_F(name_ask, a_process_that_has_ended_gets_nothing)
{
	const struct pgnl_upcall *upcall;
	uint64_t id, fence;

	ASK();
	upcall = UPCALL();
	child_kill(&self->a);
	ANSWER(-ESRCH, upcall, .fence = 1);
	JOINED(-ESRCH);
	EXPECT_HOLDER("nobody");
}

static int ask_for(struct client *other, const char *name, pid_t pid)
{
	req_new(other, PGNL_CMD_NAME_REGISTER);
	put_str(other, PGNL_A_GROUP, name);
	mnl_attr_put_u32(other->req, PGNL_A_PID, (uint32_t)pid);
	return req_do(other);
}

/* It asks, and goes before there is an answer. */
static int ask_and_go(pid_t pid)
{
	/* Of its own, which no child has as well. */
	struct client *other = client_open();
	int ret;

	if (!other)
		return -1;
	ret = ask_for(other, "name", pid);
	client_close(other);
	return ret;
}

TEST_F(name_ask, what_is_asked_during_a_call_of_the_agent_is_kept)
{
	struct client *other = client_open();
	const struct pgnl_upcall *upcall;

	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, ask_for(other, "one", self->a.pid));
	ASSERT_EQ(0, ask_for(other, "two", self->a.pid));
	EXPECT_FALSE(pgnl_agent_waits(self->agent));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	EXPECT_TRUE(pgnl_agent_waits(self->agent));
	upcall = UPCALL();
	EXPECT_STREQ("one", upcall->group);
	ANSWER(0, upcall, .error = EEXIST);
	EXPECT_TRUE(pgnl_agent_waits(self->agent));
	upcall = UPCALL();
	EXPECT_STREQ("two", upcall->group);
	ANSWER(0, upcall, .error = EEXIST);
	EXPECT_FALSE(pgnl_agent_waits(self->agent));
	/* Kept, and gone with the agent. */
	ASSERT_EQ(0, ask_for(other, "three", self->a.pid));
	ASSERT_EQ(0, pgnl_agent_node_suspect(self->agent, "there", 1));
	EXPECT_TRUE(pgnl_agent_waits(self->agent));
	pgnl_agent_close(self->agent);
	self->agent = NULL;
	client_close(other);
}

TEST_F(name_ask, of_a_requester_that_has_ended_the_agent_is_told)
{
	const struct pgnl_upcall *upcall;
	uint64_t id, fence, request;

	ASSERT_EQ(0, ask_and_go(self->a.pid));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_REQUESTS));
	upcall = UPCALL();
	EXPECT_EQ(PGNL_AGENT_REGISTERS, upcall->act);
	request = upcall->request;
	ANSWER(-ENOENT, upcall, .fence = 1);
	EXPECT_HOLDER("nobody");
	upcall = UPCALL();
	EXPECT_EQ(PGNL_AGENT_CANCELS, upcall->act);
	EXPECT_EQ(request, upcall->request);
	EXPECT_EQ(NULL, upcall->group);
	EXPECT_EQ(0, pgnl_agent_next(self->agent, &upcall));
}

/* One that would not know what to do with it is not told, and has the request as
 * long as it likes.
 */
TEST_F(name_ask, of_a_requester_that_has_ended_the_agent_finds_nobody)
{
	const struct pgnl_upcall *upcall;
	uint64_t id, fence;

	pgnl_agent_close(self->agent);
	ASSERT_EQ(0, open_agent(&self->agent, PGNL_AGENT_REGISTERS));
	ASSERT_EQ(0, ask_and_go(self->a.pid));
	EXPECT_EQ(1, stat_get(self->c, PGNL_A_STAT_REQUESTS));
	EXPECT_EQ(1, usage_get(self->c, PGNL_A_LIMIT_USER_REQUESTS));
	upcall = UPCALL();
	ANSWER(-ENOENT, upcall, .fence = 1);
	EXPECT_HOLDER("nobody");
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_USER_REQUESTS));
	EXPECT_EQ(0, pgnl_agent_next(self->agent, &upcall));
}

TEST_F(name_ask, the_end_of_the_agent_is_told)
{
	ASK();
	UPCALL();
	pgnl_agent_close(self->agent);
	JOINED(-ENOTCONN);
	EXPECT_EQ(-ENOTCONN, pgnl_name_register(self->handle, "name", self->a.pid, NULL, NULL));
	EXPECT_EQ(-EOPNOTSUPP, pgnl_join(self->handle, "global", "name", self->a.pid, NULL, NULL));
	/* One that has no part in names leaves them to the kernel. */
	ASSERT_EQ(0, open_agent(&self->agent, 0));
	EXPECT_EQ(PGNL_YES, pgnl_name_register(self->handle, "name", self->a.pid, NULL, NULL));
}

/* What it knew of names elsewhere is stale; another one may confirm that. */
TEST_F(name_ask, a_name_of_another_node_is_not_asked_for_without_an_agent)
{
	const struct pgnl_agent_row row = far_row(7, 1);
	uint64_t id, fence;

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &row, 1, NULL));
	pgnl_agent_close(self->agent);
	EXPECT_HOLDER("there");
	EXPECT_EQ(-ENOTCONN, pgnl_name_register(self->handle, "name", self->a.pid, NULL, NULL));
	EXPECT_EQ(-ENOTCONN, pgnl_name_reregister(self->handle, "name", self->a.pid, NULL, NULL));
	EXPECT_EQ(-ENOTCONN, pgnl_name_unregister(self->handle, "name", NULL));
	ASSERT_EQ(0, open_agent(&self->agent, ACTS));
	EXPECT_HOLDER("there");
	EXPECT_EQ(-EAGAIN, pgnl_name_register(self->handle, "name", self->a.pid, NULL, NULL));
	EXPECT_EQ(-EAGAIN, pgnl_name_unregister(self->handle, "name", NULL));
}

TEST_F(name_ask, replaced_here)
{
	const struct pgnl_upcall *upcall;
	uint64_t id, fence;

	ASK();
	upcall = UPCALL();
	ANSWER(0, upcall, .fence = 1);
	JOINED(PGNL_YES);
	pgnl_free(self->asker.list);
	self->asker.pid = self->b.pid;
	self->asker.replace = true;
	ASK();
	upcall = UPCALL();
	EXPECT_TRUE(upcall->replace);
	EXPECT_HOLDER(pid_text(self->a.pid));
	ANSWER(0, upcall, .fence = 1);
	JOINED(PGNL_YES);
	ASSERT_EQ(2, self->asker.list->n);
	EXPECT_EQ(self->b.pid, self->asker.list->name[0].holder.pid);
	EXPECT_EQ(self->a.pid, self->asker.list->name[1].holder.pid);
	EXPECT_HOLDER(pid_text(self->b.pid));
}

static int agree(struct pgnl_agent *agent)
{
	const struct pgnl_answer yes = { .fence = 1 };
	const struct pgnl_upcall *upcall = next_upcall(agent);

	return upcall ? pgnl_agent_answer(agent, upcall->request, &yes) : -1;
}

static int give(FIXTURE_DATA(name_ask) *self, enum pgnl_name_resolve resolve)
{
	self->asker.opts.resolve = resolve;
	if (pthread_create(&self->asker.thread, NULL, run_asker, &self->asker))
		return -1;
	if (agree(self->agent) || pthread_join(self->asker.thread, NULL))
		return -1;
	return self->asker.ret;
}

/* Somebody else, who asks for the name, whoever has it by then. */
static void kid_asks(int ctl, const void *arg)
{
	struct pgnl *handle = handle_of_another();

	(void)arg;
	tell(ctl, pgnl_name_reregister(handle, "name", getpid(), NULL, NULL));
	ready(ctl, 0);
}

/* Takes the name, and then gives it back. */
static void kid_takes(int ctl, const void *arg)
{
	struct pgnl *handle = handle_of_another();

	tell(ctl, pgnl_name_reregister(handle, "name", getpid(), NULL, NULL));
	ready(ctl, pgnl_name_reregister(handle, "name", *(const pid_t *)arg, NULL, NULL));
}

static void kid_holds(int ctl, const void *arg)
{
	(void)arg;
	become(1000, 1000, NULL, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ready(ctl, 0);
}

static const struct pgnl_event *next_replaced(struct pgnl_watch *watch)
{
	const struct pgnl_event *event;

	while (pgnl_event_next(watch, WAIT_MS, &event) == 1)
		if (event->reason == PGNL_BECAUSE_REPLACED)
			return event;
	return NULL;
}

/* As without an agent: it is who asked, and not who carries it out. */
TEST_F(name_ask, who_loses_a_name_is_told_who_asked_for_it)
{
	const struct pgnl_event *event;
	struct kid holder, taker;
	struct pgnl_watch *watch;

	ASSERT_EQ(0, kid_ready(&holder, kid_holds, NULL));
	ASSERT_EQ(0, pgnl_watch_open(&watch));
	ASSERT_LT(0, pgnl_subscribe(watch, "global", NULL, PGNL_LOCAL_EVENTS));
	self->asker.pid = holder.pid;
	ASSERT_EQ(PGNL_YES, give(self, PGNL_KEEP_FIRST));
	ASSERT_EQ(0, kid_start(&taker, kid_takes, &holder.pid));
	ASSERT_EQ(0, agree(self->agent));
	EXPECT_EQ(PGNL_YES, hear(taker.ctl));
	event = next_replaced(watch);
	ASSERT_NE(NULL, event);
	ASSERT_EQ(1, event->n);
	EXPECT_EQ(holder.pid, event->member[0].pid);
	EXPECT_EQ(taker.pid, event->by_pid);
	EXPECT_EQ(1000, event->by_uid);
	/* Who gives it away by itself is not told that. */
	ASSERT_EQ(0, agree(self->agent));
	EXPECT_EQ(PGNL_YES, hear(taker.ctl));
	event = next_replaced(watch);
	ASSERT_NE(NULL, event);
	ASSERT_EQ(1, event->n);
	EXPECT_EQ(taker.pid, event->member[0].pid);
	EXPECT_EQ(PGNL_UNKNOWN, event->by_uid);
	pgnl_watch_close(watch);
	kid_kill(&taker);
	kid_kill(&holder);
}

/* The agent carries it out, and has no say in what may be done to itself. */
TEST_F(name_ask, nobody_takes_a_name_from_the_agent_by_its_own_answer)
{
	uint64_t id, fence, request;
	const struct pgnl_upcall *upcall;
	struct kid kid;

	ASSERT_EQ(0, kid_start(&kid, kid_asks, NULL));
	upcall = UPCALL();
	EXPECT_EQ(kid.pid, upcall->from_pid);
	request = upcall->request;
	self->asker.pid = getpid();
	ASSERT_EQ(PGNL_YES, give(self, PGNL_KEEP_FIRST));
	EXPECT_HOLDER(pid_text(getpid()));
	EXPECT_EQ(-EPERM, pgnl_agent_answer(self->agent, request,
					    &(struct pgnl_answer){ .fence = 1 }));
	EXPECT_STREQ("no right over the holder of the name",
		     pgnl_agent_error(self->agent)->text);
	EXPECT_EQ(-EPERM, hear(kid.ctl));
	EXPECT_HOLDER(pid_text(getpid()));
	kid_kill(&kid);
}

/* By which nodes that part right then know afterwards that they had agreed. */
TEST_F(name_ask, replaced_there_the_stamp_is_kept)
{
	struct pgnl_agent_row rows[2] = { far_row(7, 1), far_row(8, 1) };
	const struct pgnl_upcall *upcall;

	rows[1].stamp = 12;
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "away", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &rows[1], 1, NULL));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "away", 1, &rows[0], 1, NULL));
	self->asker.replace = true;
	ASK();
	upcall = UPCALL();
	EXPECT_TRUE(upcall->replace);
	ANSWER(0, upcall, .fence = 1);
	JOINED(PGNL_YES);
	ASSERT_EQ(1, self->asker.list->n);
	EXPECT_EQ(self->a.pid, self->asker.list->name[0].holder.pid);
	EXPECT_EQ(10, self->asker.list->name[0].stamp);
}

/* Here and there somebody has had it since before. */
TEST_F(name_ask, replaced_here_and_there_the_older_stamp_is_kept)
{
	const struct pgnl_agent_row row = far_row(7, 1);

	ASSERT_EQ(PGNL_YES, give(self, PGNL_KEEP_FIRST));
	EXPECT_LT(row.stamp, self->asker.list->name[0].stamp);
	pgnl_free(self->asker.list);
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &row, 1, NULL));
	self->asker.pid = self->b.pid;
	self->asker.replace = true;
	ASSERT_EQ(PGNL_YES, give(self, PGNL_KEEP_FIRST));
	EXPECT_EQ(self->b.pid, self->asker.list->name[0].holder.pid);
	EXPECT_EQ(row.stamp, self->asker.list->name[0].stamp);
}

/* That of a node which was not asked is for the nodes to resolve. */
TEST_F(name_ask, who_does_not_replace_has_a_stamp_of_its_own)
{
	struct pgnl_agent_row row = far_row(7, 1);
	const struct pgnl_upcall *upcall;

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASK();
	upcall = UPCALL();
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &row, 1, NULL));
	ANSWER(0, upcall, .fence = 1);
	JOINED(PGNL_YES);
	ASSERT_EQ(1, self->asker.list->n);
	EXPECT_LT(10, self->asker.list->name[0].stamp);
}

TEST_F(name_ask, a_name_of_another_node_is_unregistered_there)
{
	struct pgnl_agent_row row = far_row(7, 1);
	const struct pgnl_upcall *upcall;
	uint64_t id, fence;

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &row, 1, NULL));
	self->asker.drop = true;
	ASK();
	upcall = UPCALL();
	EXPECT_EQ(PGNL_AGENT_UNREGISTERS, upcall->act);
	row.count = 0;
	row.stamp = 0;
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &row, 1, NULL));
	ANSWER(0, upcall, .error = 0);
	JOINED(PGNL_OK);
	EXPECT_FALSE(self->asker.missing);
	EXPECT_HOLDER("nobody");
	/* Without a holder nobody is asked. */
	EXPECT_EQ(PGNL_OK, pgnl_name_unregister(self->handle, "name", &self->asker.missing));
	EXPECT_TRUE(self->asker.missing);
}

TEST_F(name_ask, that_nobody_holds_a_name_any_more_is_told)
{
	const struct pgnl_agent_row row = far_row(7, 1);
	const struct pgnl_upcall *upcall;

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "global", "there", 1, &row, 1, NULL));
	self->asker.drop = true;
	ASK();
	upcall = UPCALL();
	ANSWER(0, upcall, .missing = 1);
	JOINED(PGNL_OK);
	EXPECT_TRUE(self->asker.missing);
}

static int evict(FIXTURE_DATA(name_ask) *self, const char *name, uint64_t id, uint64_t fence,
		 int exits)
{
	const struct pgnl_eviction eviction = {
		.id = id, .fence = fence, .reason = PGNL_BECAUSE_CONFLICT, .exits = exits,
		.node = "there",
	};

	return pgnl_agent_name_evict(self->agent, name, &eviction);
}

TEST_F(name_ask, a_certain_holder_is_evicted)
{
	const struct pgnl_event *event;
	struct pgnl_watch *watch;
	uint64_t id, fence;

	ASSERT_EQ(0, pgnl_watch_open(&watch));
	ASSERT_EQ(PGNL_YES, give(self, PGNL_KEEP_FIRST));
	EXPECT_HOLDER(pid_text(self->a.pid));
	ASSERT_LT(0, pgnl_subscribe(watch, "global", NULL, 0));
	EXPECT_EQ(-ENOENT, evict(self, "name", id, fence + 1, 0));
	EXPECT_EQ(-ENOENT, evict(self, "name", id + 1, fence, 0));
	EXPECT_EQ(-ENOENT, evict(self, "none", id, fence, 0));
	/* It did not ask for that. */
	EXPECT_EQ(-EPERM, evict(self, "name", id, fence, 1));
	EXPECT_HOLDER(pid_text(self->a.pid));
	EXPECT_EQ(0, evict(self, "name", id, fence, 0));
	EXPECT_HOLDER("nobody");
	ASSERT_EQ(1, pgnl_event_next(watch, WAIT_MS, &event));
	EXPECT_EQ(PGNL_EVENT_CONFLICT, event->type);
	EXPECT_STREQ("name", event->group);
	ASSERT_EQ(1, event->n);
	EXPECT_EQ(self->a.pid, event->member[0].pid);
	EXPECT_EQ(0, event->member[0].count);
	EXPECT_EQ(NULL, event->node);
	/* A node that is not known can't be told of, so it is the agent's doing. */
	EXPECT_EQ(NULL, event->by_node);
	EXPECT_EQ(getpid(), event->by_pid);
	EXPECT_EQ(0, kill(self->a.pid, 0));
	pgnl_watch_close(watch);
}

TEST_F(name_ask, who_loses_a_name_is_told_to_which_node)
{
	static const enum pgnl_event_reason reasons[] = { PGNL_BECAUSE_CONFLICT,
		PGNL_BECAUSE_LEFT, PGNL_BECAUSE_REPLACED };
	struct pgnl_eviction eviction = { .node = "elsewhere" };
	const struct pgnl_event *event;
	struct pgnl_watch *watch;

	ASSERT_EQ(0, pgnl_watch_open(&watch));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "elsewhere", 1, 0));
	ASSERT_LT(0, pgnl_subscribe(watch, "global", NULL, PGNL_LOCAL_EVENTS));
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		uint64_t id, fence;

		ASSERT_EQ(PGNL_YES, give(self, PGNL_KEEP_FIRST));
		pgnl_free(self->asker.list);
		EXPECT_HOLDER(pid_text(self->a.pid));
		ASSERT_EQ(1, pgnl_event_next(watch, WAIT_MS, &event));
		EXPECT_EQ(PGNL_EVENT_JOIN, event->type);
		EXPECT_EQ(NULL, event->by_node);
		eviction.id = id;
		eviction.fence = fence;
		eviction.reason = reasons[i];
		ASSERT_EQ(0, i ? pgnl_agent_name_evict(self->agent, "name", &eviction) :
			  evict(self, "name", id, fence, 0));
		ASSERT_EQ(1, pgnl_event_next(watch, WAIT_MS, &event));
		EXPECT_EQ(i ? PGNL_EVENT_LEAVE : PGNL_EVENT_CONFLICT, event->type);
		EXPECT_EQ(reasons[i], event->reason);
		EXPECT_STREQ(i ? "elsewhere" : "there", event->by_node);
		EXPECT_EQ(PGNL_UNKNOWN, event->by_uid);
		EXPECT_EQ(NULL, event->node);
	}
	self->asker.list = NULL;
	pgnl_watch_close(watch);
}

TEST_F(name_ask, to_whom_a_name_is_lost_need_not_be_told)
{
	struct pgnl_eviction eviction = { .reason = PGNL_BECAUSE_LEFT };
	const struct pgnl_event *event;
	struct pgnl_watch *watch;

	ASSERT_EQ(0, pgnl_watch_open(&watch));
	ASSERT_EQ(PGNL_YES, give(self, PGNL_KEEP_FIRST));
	ASSERT_LT(0, pgnl_subscribe(watch, "global", NULL, 0));
	EXPECT_STREQ(pid_text(self->a.pid), holder(self->handle, "name", &eviction.id,
						   &eviction.fence));
	ASSERT_EQ(0, pgnl_agent_name_evict(self->agent, "name", &eviction));
	ASSERT_EQ(1, pgnl_event_next(watch, WAIT_MS, &event));
	EXPECT_EQ(PGNL_EVENT_LEAVE, event->type);
	EXPECT_EQ(PGNL_BECAUSE_LEFT, event->reason);
	EXPECT_EQ(NULL, event->by_node);
	EXPECT_EQ(getpid(), event->by_pid);
	pgnl_watch_close(watch);
}

TEST_F(name_ask, one_that_asked_for_it_is_killed)
{
	uint64_t id, fence;
	siginfo_t info;

	ASSERT_EQ(PGNL_YES, give(self, PGNL_RANDOM_EXIT));
	EXPECT_HOLDER(pid_text(self->a.pid));
	EXPECT_EQ(0, evict(self, "name", id, fence, 1));
	ASSERT_EQ(0, waitid(P_PID, (id_t)self->a.pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(CLD_KILLED, info.si_code);
	EXPECT_HOLDER("nobody");
}

TEST_F(name_ask, the_agent_is_not_killed_for_a_name_of_its_own)
{
	uint64_t id, fence;

	self->asker.pid = getpid();
	ASSERT_EQ(PGNL_YES, give(self, PGNL_RANDOM_EXIT));
	EXPECT_HOLDER(pid_text(getpid()));
	EXPECT_EQ(0, evict(self, "name", id, fence, 1));
	EXPECT_HOLDER("nobody");
}

static void kid_becomes_another(int ctl, const void *arg)
{
	(void)arg;
	ready(ctl, 0);
	become(1234, 1234, NULL, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ready(ctl, 0);
}

/* The kill is that of the user who it was when it got the name. */
TEST_F(name_ask, one_that_became_somebody_else_is_not_killed)
{
	uint64_t id, fence;
	struct kid kid;

	ASSERT_EQ(0, kid_ready(&kid, kid_becomes_another, NULL));
	self->asker.pid = kid.pid;
	ASSERT_EQ(PGNL_YES, give(self, PGNL_RANDOM_EXIT));
	EXPECT_HOLDER(pid_text(kid.pid));
	ASSERT_TRUE(tell(kid.ctl, 0));
	ASSERT_EQ(0, hear(kid.ctl));
	EXPECT_EQ(0, evict(self, "name", id, fence, 1));
	EXPECT_HOLDER("nobody");
	EXPECT_TRUE(tell(kid.ctl, 0));
	EXPECT_EQ(0, kid_reap(&kid));
	kid_close(&kid);
}

/* Numbers of other nodes leave room to grow in. */
TEST_F(name_ask, a_number_that_is_too_high_is_refused)
{
	const struct pgnl_upcall *upcall;
	uint64_t id, fence;

	ASK();
	upcall = UPCALL();
	ANSWER(-EINVAL, upcall, .fence = 1ull << 63);
	EXPECT_STREQ("no fencing number is that high", pgnl_agent_error(self->agent)->text);
	JOINED(-EINVAL);
	EXPECT_STREQ("no fencing number is that high",
		     pgnl_last_error(self->asker.handle)->text);
	EXPECT_HOLDER("nobody");
}

/* Others than the agent take nothing from anybody. */
TEST_F(name_ask, only_the_agent_evicts)
{
	req_new(self->c, PGNL_CMD_NAME_EVICT);
	put_str(self->c, PGNL_A_GROUP, "name");
	mnl_attr_put_u64(self->c->req, PGNL_A_ID, 1);
	mnl_attr_put_u64(self->c->req, PGNL_A_FENCE, 1);
	EXPECT_EQ(-ENOTCONN, req_do(self->c));
	EXPECT_STREQ("this socket is not the agent's", self->c->text);
}

TEST_HARNESS_MAIN
