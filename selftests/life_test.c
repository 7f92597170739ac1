// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a process may do and stay a member, and that its children are none.
 * What it does last is in exit_test.c, with exec and the end of its leader.
 */
#include <spawn.h>
#include <linux/capability.h>
#include <sys/ptrace.h>

#include "cgroup.h"
#include "stage.h"

FIXTURE(life) {
	struct stage s;
	struct kid kid;
	uint64_t id;
};

FIXTURE_SETUP(life)
{
	stage_setup(_metadata, &self->s, false);
	self->kid = (struct kid){ -1, -1, -1 };
}

FIXTURE_TEARDOWN(life)
{
	stage_teardown(_metadata, &self->s);
}

/* A kid that is a member of both groups when told to go on. */
static void start_member(struct __test_metadata *_metadata, FIXTURE_DATA(life) *self,
			 kid_fn fn, const void *arg)
{
	ASSERT_EQ(0, kid_ready(&self->kid, fn, arg));
	self->id = stage_join(_metadata, &self->s, self->kid.pid);
}

/* It has been a member up to its end, and no longer. */
static void end_member(struct __test_metadata *_metadata, FIXTURE_DATA(life) *self)
{
	expect_member(_metadata, &self->s, self->id, self->kid.pid);
	kid_kill(&self->kid);
	expect_gone(_metadata, &self->s, self->id, self->kid.pid);
}

TEST_F(life, stopped_and_continued)
{
	struct kid *kid = &self->kid;
	int status;

	start_member(_metadata, self, kid_waits, NULL);
	kill(kid->pid, SIGSTOP);
	ASSERT_EQ(kid->pid, waitpid(kid->pid, &status, WUNTRACED));
	expect_member(_metadata, &self->s, self->id, kid->pid);
	EXPECT_EQ(2, join(self->s.c, NULL, "alone", kid->pid));
	EXPECT_EQ(1, leave(self->s.c, NULL, "alone", kid->pid));
	kill(kid->pid, SIGCONT);
	ASSERT_EQ(kid->pid, waitpid(kid->pid, &status, WCONTINUED));
	end_member(_metadata, self);
}

TEST_F(life, frozen_and_thawed)
{
	struct kid *kid = &self->kid;
	struct cgroup cg;

	if (!cgroup_new(&cg, NULL))
		SKIP(return, "no cgroup2");
	start_member(_metadata, self, kid_waits, NULL);
	ASSERT_TRUE(cgroup_set(&cg, "cgroup.procs", say("%d", kid->pid)));
	ASSERT_TRUE(cgroup_set(&cg, "cgroup.freeze", "1"));
	ASSERT_TRUE(wait_until(cgroup_says(&cg, "cgroup.events", "frozen 1")));
	expect_member(_metadata, &self->s, self->id, kid->pid);
	EXPECT_EQ(2, join(self->s.c, NULL, "alone", kid->pid));
	EXPECT_EQ(1, leave(self->s.c, NULL, "alone", kid->pid));
	ASSERT_TRUE(cgroup_set(&cg, "cgroup.freeze", "0"));
	end_member(_metadata, self);
	EXPECT_TRUE(cgroup_end(&cg));
}

TEST_F(life, traced_and_detached)
{
	struct kid *kid = &self->kid;

	start_member(_metadata, self, kid_waits, NULL);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, kid->pid, NULL, NULL));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, kid->pid, NULL, NULL));
	ASSERT_EQ(kid->pid, waitpid(kid->pid, NULL, __WALL));
	expect_member(_metadata, &self->s, self->id, kid->pid);
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, kid->pid, NULL, NULL));
	end_member(_metadata, self);
}

static void kid_turns_into_nobody(int ctl, const void *arg)
{
	(void)arg;
	ready(ctl, 0);
	become(65534, 65534, NULL, 0);
	ready(ctl, getuid());
}

TEST_F(life, another_user_afterwards)
{
	struct client *c = self->s.c;
	struct kid *kid = &self->kid;
	struct members list = {};

	start_member(_metadata, self, kid_turns_into_nobody, NULL);
	tell(kid->ctl, 0);
	ASSERT_EQ(65534, hear(kid->ctl));
	expect_member(_metadata, &self->s, self->id, kid->pid);
	/* The uid is told as of the first join. */
	EXPECT_EQ(2, join(c, NULL, "alone", kid->pid));
	ASSERT_EQ(0, members(c, NULL, "alone", &list));
	ASSERT_EQ(1, list.n);
	EXPECT_EQ(0, list.at[0].row.uid);
	members_free(&list);
	EXPECT_EQ(1, leave(c, NULL, "alone", kid->pid));
	end_member(_metadata, self);
}

static void kid_drops_its_rights(int ctl, const void *arg)
{
	int cap;

	(void)arg;
	ready(ctl, 0);
	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		drop_cap(cap);
	ready(ctl, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

TEST_F(life, without_capabilities_afterwards)
{
	start_member(_metadata, self, kid_drops_its_rights, NULL);
	tell(self->kid.ctl, 0);
	ASSERT_EQ(0, hear(self->kid.ctl));
	end_member(_metadata, self);
}

static void kid_moves_away(int ctl, const void *arg)
{
	(void)arg;
	ready(ctl, 0);
	ready(ctl, unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS));
}

TEST_F(life, in_other_namespaces_afterwards)
{
	start_member(_metadata, self, kid_moves_away, NULL);
	tell(self->kid.ctl, 0);
	ASSERT_EQ(0, hear(self->kid.ctl));
	end_member(_metadata, self);
}

/* Nothing of a member hangs on the wall clock, nor that ids only grow. */
TEST_F(life, the_clock_is_set_forth_and_back)
{
	struct child later;
	uint64_t id;

	start_member(_metadata, self, kid_waits, NULL);
	ASSERT_EQ(0, child_start(&later));
	ASSERT_TRUE(shift_clock(86400));
	expect_member(_metadata, &self->s, self->id, self->kid.pid);
	ASSERT_TRUE(shift_clock(-2 * 86400));
	expect_member(_metadata, &self->s, self->id, self->kid.pid);
	EXPECT_EQ(1, join(self->s.c, NULL, "later", later.pid));
	id = id_of(self->s.c, later.pid);
	EXPECT_LT(self->id, id);
	EXPECT_TRUE(shift_clock(86400));
	child_kill(&later);
	end_member(_metadata, self);
}

static void kid_leads_a_session(int ctl, const void *arg)
{
	(void)arg;
	ready(ctl, 0);
	ready(ctl, setsid() == getpid());
}

TEST_F(life, leader_of_a_session_afterwards)
{
	start_member(_metadata, self, kid_leads_a_session, NULL);
	tell(self->kid.ctl, 0);
	ASSERT_EQ(1, hear(self->kid.ctl));
	end_member(_metadata, self);
}

/* --- Children ------------------------------------------------------------- */

static void kid_forks(int ctl, const void *arg)
{
	pid_t child;

	(void)arg;
	ready(ctl, 0);
	child = fork();
	if (!child)
		kid_waits(ctl, NULL);
	else
		ready(ctl, waitpid(child, NULL, 0) == child);
}

/* A fork of a member is none, and its end is not the member's. */
TEST_F(life, fork_does_not_inherit)
{
	struct client *c = self->s.c;
	struct kid *kid = &self->kid;

	start_member(_metadata, self, kid_forks, NULL);
	tell(kid->ctl, 0);
	ASSERT_EQ(0, hear(kid->ctl));
	expect_member(_metadata, &self->s, self->id, kid->pid);
	tell(kid->ctl, 0);
	ASSERT_EQ(1, hear(kid->ctl));
	EXPECT_EQ(2, stat_get(c, PGNL_A_STAT_PROCESSES));
	end_member(_metadata, self);
}

static void kid_spawns(int ctl, const void *arg)
{
	char *argv[] = { "cat", NULL };
	posix_spawn_file_actions_t actions;
	pid_t child;

	(void)arg;
	ready(ctl, 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ctl, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ctl, STDOUT_FILENO);
	if (posix_spawnp(&child, "cat", &actions, NULL, argv, environ))
		_exit(1);
	tell(ctl, child);
	waitpid(child, NULL, 0);
	ready(ctl, 1);
}

TEST_F(life, posix_spawn_does_not_inherit)
{
	struct client *c = self->s.c;
	struct kid *kid = &self->kid;
	pid_t child;

	start_member(_metadata, self, kid_spawns, NULL);
	tell(kid->ctl, 0);
	child = hear(kid->ctl);
	ASSERT_LT(0, child);
	tell(kid->ctl, 42);
	ASSERT_EQ(42, hear(kid->ctl));
	EXPECT_EQ(0, process_do(c, 0, child));
	EXPECT_EQ(0, process_dump(c, 0, child));
	expect_member(_metadata, &self->s, self->id, kid->pid);
	ASSERT_EQ(1, join(c, NULL, "spawned", child));
	EXPECT_NE(self->id, reply_id(c, 0));
	kill(child, SIGKILL);
	ASSERT_EQ(1, hear(kid->ctl));
	EXPECT_STREQ("", miscounted(c, NULL, "spawned", 0));
	end_member(_metadata, self);
}

TEST_HARNESS_MAIN
