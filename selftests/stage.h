/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a process lives and ends: two groups of a network namespace of their
 * own, "alone" for one process only and "shared" with the test itself.
 */
#ifndef PGNL_SELFTESTS_STAGE_H
#define PGNL_SELFTESTS_STAGE_H

#include "kselftest_harness.h"
#include "common.h"
#include "hold.h"
#include "proc.h"
#include "reads.h"

struct stage {
	struct client *c;
	struct scope_info before;	/* counts of pg without the process */
	uint64_t charges;		/* of our user before; others may still end */
	bool may_hold, held;
	struct hold hold;
};

/* Note what the counts have to be again when the process has ended. */
static inline void stage_note(struct __test_metadata *_metadata, struct stage *s)
{
	ASSERT_EQ(0, scope_get(s->c, "pg", &s->before));
}

static inline void stage_setup(struct __test_metadata *_metadata, struct stage *s, bool may_hold)
{
	s->may_hold = may_hold;
	OPEN_OR_SKIP(s->c, client_in_new_netns());
	if (may_hold) {
		ASSERT_TRUE(use_cpu(0));
	}
	s->charges = charges(s->c);
	ASSERT_EQ(1, join(s->c, NULL, "shared", 0));
	stage_note(_metadata, s);
}

static inline void stage_teardown(struct __test_metadata *_metadata, struct stage *s)
{
	if (s->held)
		hold_end(&s->hold);
	EXPECT_EQ(1, leave(s->c, NULL, "shared", 0));
	EXPECT_STREQ("", verify(s->c));
	EXPECT_GE(s->charges, charges(s->c));
	client_close(s->c);
}

/* Every read shows the process in both groups. */
static inline void expect_member(struct __test_metadata *_metadata, struct stage *s,
				 uint64_t id, pid_t pid)
{
	EXPECT_STREQ("", missed(s->c, NULL, "alone", id, pid));
	EXPECT_STREQ("", missed(s->c, NULL, "shared", id, pid));
	EXPECT_STREQ("", miscounted(s->c, NULL, "alone", 1));
	EXPECT_STREQ("", miscounted(s->c, NULL, "shared", 2));
	EXPECT_STREQ("", scope_miscounted(s->c, NULL, s->before.groups + 1,
					  s->before.members + 2));
}

/* Put a process into both groups; its member id. */
static inline uint64_t stage_join(struct __test_metadata *_metadata, struct stage *s, pid_t pid)
{
	uint64_t id;

	member_req(s->c, PGNL_CMD_MEMBER_JOIN, NULL, "alone");
	put_str(s->c, PGNL_A_GROUP, "shared");
	put_u32(s->c, PGNL_A_PID, pid);
	ASSERT_EQ(0, req_do(s->c)) TH_LOG("join: %s", s->c->text);
	id = reply_id(s->c, 0);
	EXPECT_NE(0, id);
	EXPECT_EQ(id, reply_id(s->c, 1));
	expect_member(_metadata, s, id, pid);
	return id;
}

/* The process is about to end: what follows may have to do without workers. */
static inline void stage_hold(struct __test_metadata *_metadata, struct stage *s)
{
	if (s->may_hold) {
		ASSERT_TRUE(hold_start(&s->hold));
		s->held = true;
	}
}

static inline void stage_release(struct stage *s)
{
	if (s->held)
		hold_end(&s->hold);
	s->held = false;
}

/*
 * The process has ended: no read of either group shows it, now and when the
 * workers have run, and it can't come back.
 */
static inline void expect_gone(struct __test_metadata *_metadata, struct stage *s,
			       uint64_t id, pid_t pid)
{
	int look;

	for (look = 0; look < 2; look++) {
		EXPECT_STREQ("", seen(s->c, NULL, "alone", id, pid));
		EXPECT_STREQ("", seen(s->c, NULL, "shared", id, pid));
		EXPECT_STREQ("", miscounted(s->c, NULL, "alone", 0));
		EXPECT_STREQ("", miscounted(s->c, NULL, "shared", 1));
		EXPECT_STREQ("", scope_miscounted(s->c, NULL, s->before.groups,
						  s->before.members));
		EXPECT_EQ(-ESRCH, join(s->c, NULL, "alone", pid));
		stage_release(s);
		EXPECT_STREQ("", verify(s->c));
	}
}

/* Starts a kid as init of a new pid namespace. */
static inline long ready_in_pidns(struct __test_metadata *_metadata, struct kid *kid,
			   kid_fn fn, const void *arg)
{
	int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	long word;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	word = kid_ready(kid, fn, arg);
	ASSERT_EQ(0, setns(own, CLONE_NEWPID));
	close(own);
	return word;
}

#endif /* PGNL_SELFTESTS_STAGE_H */
