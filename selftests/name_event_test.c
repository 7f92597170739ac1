// SPDX-License-Identifier: GPL-2.0-or-later
/* What subscribers are told of names. */
#include "kselftest_harness.h"
#include <signal.h>

#include "common.h"
#include "events.h"

#define GLOBAL	"global"

FIXTURE(name_event)
{
	struct client *c;
	struct ear ear;
	struct child a, b;
	struct cast cast;
	uint64_t prev;
	int sub;
};

FIXTURE_SETUP(name_event)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	self->ear.c = client_open();
	ASSERT_NE(NULL, self->ear.c);
	ASSERT_EQ(0, child_start(&self->a));
	ASSERT_EQ(0, child_start(&self->b));
	self->cast = (struct cast) { 3, {
		{ self->a.pid, "a" }, { self->b.pid, "b" }, { getpid(), "me" },
	} };
	self->sub = subscribe(self->ear.c, GLOBAL, NULL);
	ASSERT_LT(0, self->sub);
	self->prev = reply_u64(self->ear.c, PGNL_A_SEQ);
}

FIXTURE_TEARDOWN(name_event)
{
	EXPECT_STREQ("", verify(self->c));
	child_kill(&self->b);
	client_close(self->ear.c);
	client_close(self->c);
}

#define HEARD(n) heard(&self->ear, &self->cast, self->sub, &self->prev, n)

static int reg(struct client *c, const char *name, pid_t pid, bool replace)
{
	req_new(c, PGNL_CMD_NAME_REGISTER);
	put_str(c, PGNL_A_GROUP, name);
	put_u32(c, PGNL_A_PID, pid);
	if (replace)
		put_flag(c, PGNL_A_REPLACE);
	return req_do(c);
}

static int unreg(struct client *c, const char *name)
{
	req_new(c, PGNL_CMD_NAME_UNREGISTER);
	put_str(c, PGNL_A_GROUP, name);
	return req_do(c);
}

TEST_F(name_event, registrations_and_their_ends_are_told_and_why)
{
	ASSERT_EQ(0, reg(self->c, "n", self->a.pid, false));
	ASSERT_EQ(-EEXIST, reg(self->c, "n", self->b.pid, false));
	ASSERT_EQ(0, unreg(self->c, "n"));
	ASSERT_EQ(0, unreg(self->c, "n"));
	ASSERT_EQ(0, reg(self->c, "n", self->a.pid, true));
	ASSERT_EQ(1, leave(self->c, GLOBAL, "n", self->a.pid));
	ASSERT_EQ(1, join(self->c, GLOBAL, "n", self->a.pid));
	child_kill(&self->a);
	EXPECT_STREQ("joined n a=1\n"
		     "left n a=0 by=me\n"
		     "joined n a=1\n"
		     "left n a=0 by=me\n"
		     "joined n a=1\n"
		     "killed n a=0 status=9\n", HEARD(6));
}

/* The new one first, so that a subscriber is never without a holder either. */
TEST_F(name_event, the_old_holder_is_told_that_it_was_replaced_and_by_whom)
{
	ASSERT_EQ(0, reg(self->c, "n", self->a.pid, false));
	ASSERT_EQ(0, reg(self->c, "n", self->b.pid, true));
	/* Anew by the holder itself: it may have other metadata now. */
	ASSERT_EQ(0, reg(self->c, "n", self->b.pid, true));
	ASSERT_EQ(0, reg(self->c, "n", getpid(), true));
	EXPECT_STREQ("joined n a=1\n"
		     "joined n b=1\n"
		     "replaced n a=0 by=me\n"
		     "joined n b=1\n"
		     "joined n me=1\n"
		     "replaced n b=0 by=me\n", HEARD(6));
	child_kill(&self->a);
}

TEST_F(name_event, a_dead_holder_is_told_of_before_its_successor)
{
	for (int i = 0; i < 50; i++) {
		struct child child;

		ASSERT_EQ(0, child_start(&child));
		self->cast.at[2].pid = child.pid;
		ASSERT_EQ(0, reg(self->c, "n", child.pid, false));
		kill(child.pid, SIGKILL);
		ASSERT_TRUE(WAIT_UNTIL(!reg(self->c, "n", self->b.pid, false)));
		ASSERT_STREQ("joined n me=1\n"
			     "killed n me=0 status=9\n"
			     "joined n b=1\n", HEARD(3));
		child_kill(&child);
		ASSERT_EQ(0, unreg(self->c, "n"));
		self->cast.at[2].pid = getpid();
		ASSERT_STREQ("left n b=0 by=me\n", HEARD(1));
	}
	child_kill(&self->a);
}

TEST_HARNESS_MAIN
