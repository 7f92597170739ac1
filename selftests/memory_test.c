// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests without memory, as any kernel can bring it about: in a memory cgroup that
 * is full, of which nobody may be killed. What fails is told, and leaves nothing.
 * fault_test.c, which needs a kernel for it, has each allocation fail in turn.
 */
#include "kselftest_harness.h"
#include <sched.h>
#include <sys/mman.h>

#include "agent.h"
#include "cgroup.h"
#include "common.h"
#include "proc.h"

#define N	1000
#define ROOM	"131072"	/* bytes; so many joins take three times that */

FIXTURE(memory) {
	struct client *c;
	struct cgroup cg;
	struct crowd crowd;
};

FIXTURE_SETUP(memory)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	if (!cgroup_new(&self->cg, "memory"))
		SKIP(return, "there is no memory controller");
	ASSERT_TRUE(cgroup_set(&self->cg, "memory.max", ROOM));
	ASSERT_EQ(0, crowd_start(&self->crowd, N));
	ASSERT_EQ(1, join(self->c, NULL, "before", self->crowd.pid[0]));
}

FIXTURE_TEARDOWN(memory)
{
	EXPECT_STREQ("", verify(self->c));
	crowd_end(&self->crowd);
	client_close(self->c);
	EXPECT_TRUE(wait_until(cgroup_end(&self->cg)));
}

/* What the caller takes from now on is its cgroup's; what it has is there to stay. */
static bool enter(struct cgroup *cg)
{
	return !mlockall(MCL_CURRENT) && write_text("/proc/self/oom_score_adj", "-1000") &&
	       cgroup_set(cg, "cgroup.procs", "0");
}

static int join_all(void *arg)
{
	FIXTURE_DATA(memory) *self = arg;

	CHECK(enter(&self->cg));
	CHECK_EQ(-ENOMEM, join_pids(self->c, NULL, "g", self->crowd.pid, N));
	CHECK(!strcmp("out of memory", self->c->text));
	/* Others are read, and leave. */
	CHECK_EQ(1, count_of(self->c, NULL, "before", self->crowd.pid[0]));
	CHECK_EQ(1, leave(self->c, NULL, "before", self->crowd.pid[0]));
	return 0;
}

TEST_F(memory, a_join_is_done_whole_or_not_at_all)
{
	EXPECT_EQ(0, in_child(join_all, self));
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS));
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_GROUPS));
	EXPECT_STREQ("", verify(self->c));
	EXPECT_EQ(1, join_pids(self->c, NULL, "g", self->crowd.pid, N));
	EXPECT_EQ(N, usage_get(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS));
}

static int create_all(void *arg)
{
	FIXTURE_DATA(memory) *self = arg;
	char name[16];
	int err = 0;

	CHECK(enter(&self->cg));
	for (int n = 0; n < 60000 && !err; n++) {
		snprintf(name, sizeof(name), "%d", n);
		err = group_new(self->c, "pg2", name);
	}
	CHECK_EQ(-ENOMEM, err);
	CHECK(!strcmp("out of memory", self->c->text));
	CHECK_EQ(0, group_exists(self->c, "pg2", name));
	return 0;
}

/* What was there before the last of many stays, and that one is not there. */
TEST_F(memory, groups_are_created_until_there_is_none)
{
	struct groups list = {};

	EXPECT_EQ(0, in_child(create_all, self));
	ASSERT_EQ(0, groups(self->c, "pg2", false, &list));
	EXPECT_LT(10, list.n);
	/* And that one of the beginning. */
	EXPECT_EQ(list.n + 1, usage_get(self->c, PGNL_A_LIMIT_NET_GROUPS));
	EXPECT_STREQ("", verify(self->c));
	groups_free(&list);
}

/* Asks for a name for each of the crowd, when told to; exits with what was refused. */
static void kid_registers(int ctl, const void *arg)
{
	const FIXTURE_DATA(memory) *self = arg;
	struct client *c = client_open();
	struct cgroup cg = self->cg;
	char name[16];
	int err = 0;

	if (!c || !enter(&cg))
		_exit(1);
	for (int n = 0; n < N && !err && !hear(ctl); n++) {
		snprintf(name, sizeof(name), "%d", n);
		req_new(c, PGNL_CMD_NAME_REGISTER);
		put_str(c, PGNL_A_GROUP, name);
		put_u32(c, PGNL_A_PID, self->crowd.pid[n]);
		err = req_do(c);
	}
	_exit(-err);
}

/* The agent's answer makes it, at the charge of who has asked. */
TEST_F(memory, a_name_that_an_agent_gives_is_the_askers)
{
	struct client *agent = client_open();
	const struct nlmsghdr *msg;
	struct pollfd on[2] = {};
	int n, status, err = 0;
	struct kid kid;

	ASSERT_NE(NULL, agent);
	ASSERT_EQ(0, agent_for(agent, PGNL_ACT_REGISTER, 0));
	ASSERT_EQ(0, kid_start(&kid, kid_registers, self));
	on[0] = (struct pollfd) { .fd = agent->fd, .events = POLLIN };
	on[1] = (struct pollfd) { .fd = kid.pidfd, .events = POLLIN };
	for (n = 0; n < N && !err; n++) {
		ASSERT_TRUE(tell(kid.ctl, 0));
		ASSERT_LT(0, poll(on, 2, LIMIT_MS));
		msg = told(agent, PGNL_CMD_UPCALL, 0);
		if (!msg)
			break;
		answer_req(agent, msg_u64(msg, PGNL_A_REQUEST));
		err = req_do(agent);
	}
	if (err)
		kill(kid.pid, SIGKILL);
	status = kid_reap(&kid);
	/* It may as well be the next request that has no room. */
	EXPECT_EQ(-ENOMEM, err ? err : -WEXITSTATUS(status));
	EXPECT_LT(10, n);
	EXPECT_STREQ("", verify(self->c));
	kid_close(&kid);
	client_close(agent);
}

/* Memory that the kernel may have back at once, as much as there is room for. */
static bool fill_with_what_can_be_reclaimed(size_t size)
{
	const size_t piece = 65536;
	char *at;

	for (size_t done = 0; done < size; done += piece) {
		at = mmap(NULL, piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at == MAP_FAILED)
			return false;
		memset(at, 1, piece);
		if (madvise(at, piece, MADV_FREE))
			return false;
	}
	return true;
}

static int put_into_full_cgroup(void *arg)
{
	static struct pgnl_row rows[N];
	FIXTURE_DATA(memory) *self = arg;
	struct client *c;

	for (int i = 0; i < N; i++)
		rows[i] = (struct pgnl_row) { .id = i + 1, .pid = 1, .count = 1, .weight = 1 };
	CHECK(cgroup_set(&self->cg, "memory.max", "8388608"));
	CHECK(enter(&self->cg));
	new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	c = client_open();
	CHECK(c);
	CHECK_EQ(0, agent_for(c, 0, 0));
	CHECK_EQ(0, peer(c, PGNL_CMD_NODE_SET, "there", 1));
	CHECK(fill_with_what_can_be_reclaimed(16 << 20));
	begin_put(c, NULL);
	put_entry(c, "g", rows, N, 0);
	CHECK_EQ(0, req_do(c));
	CHECK_EQ(N, usage_get(c, PGNL_A_LIMIT_NET_REMOTES));
	CHECK(!strcmp("", verify(c)));
	client_close(c);
	return 0;
}

/* With the lock held nothing is reclaimed; without it, it is. */
TEST_F(memory, rows_of_other_nodes_find_room_that_has_to_be_made)
{
	EXPECT_EQ(0, in_child(put_into_full_cgroup, self));
}

TEST_HARNESS_MAIN
