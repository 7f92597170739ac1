// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The local cases of Erlang's pg2_SUITE, under their names, through libpgnl's
 * pgnl_pg2_*; after every step the invariants that the suite calls sane.
 */
#include "kselftest_harness.h"
#include <sched.h>
#include <stdlib.h>

#include "pgnl.h"
#include "common.h"
#include "handle.h"

FIXTURE(pg2_SUITE)
{
	struct pgnl *h;
	struct child child;
	pid_t me, other;
};

FIXTURE_SETUP(pg2_SUITE)
{
	HANDLE_OR_SKIP(self->h);
	ASSERT_EQ(0, child_start(&self->child));
	self->me = getpid();
	self->other = self->child.pid;
}

FIXTURE_TEARDOWN(pg2_SUITE)
{
	if (self->child.fd >= 0)
		child_exit(&self->child, 0);
	pgnl_close(self->h);
}

static bool contains(const struct pgnl_pids *list, pid_t pid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->pid[i] == pid)
			return true;
	return false;
}

/* On one node all members are local, sorted, alive, and one of them is the
 * closest; an empty group has none.
 */
static const char *insane_group(struct pgnl *h, const char *name)
{
	struct pgnl_pids *all, *local;
	const char *fault = NULL;
	pid_t closest = 0;
	int got;

	if (pgnl_pg2_get_members(h, name, &all) || pgnl_pg2_get_local_members(h, name, &local))
		return "a listed group is missing";
	got = pgnl_pg2_get_closest_pid(h, name, &closest);
	if (all->n != local->n || memcmp(all->pid, local->pid, all->n * sizeof(pid_t)))
		fault = "local members differ from members";
	else if (all->n ? got != PGNL_OK || !contains(local, closest) : got != PGNL_NO_PROCESS)
		fault = "the closest is no local member";
	for (size_t i = 0; i < all->n && !fault; i++) {
		if (kill(all->pid[i], 0))
			fault = "a member is dead";
		if (i && all->pid[i - 1] > all->pid[i])
			fault = "members are not sorted";
	}
	pgnl_free(all);
	pgnl_free(local);
	return fault;
}

/* "" when all is well. */
static const char *insane(struct pgnl *h)
{
	static char text[256];
	struct pgnl_groups *list;
	const char *fault = NULL;

	text[0] = '\0';
	if (pgnl_verify(h, text, sizeof(text)))
		return text[0] ? text : "the verifier failed";
	if (pgnl_pg2_which_groups(h, &list))
		return "which_groups failed";
	for (size_t i = 0; i < list->n && !fault; i++)
		fault = insane_group(h, list->group[i].name);
	pgnl_free(list);
	return fault ? : "";
}

#define SANE()	ASSERT_STREQ("", insane(self->h))

/* "member,member" as m for the test process and o for the other one, or what
 * came instead.
 */
static const char *told(pid_t me, int got, struct pgnl_pids *list)
{
	static char text[64];
	size_t n = 0;

	if (got == PGNL_NO_SUCH_GROUP)
		return "no_such_group";
	if (got)
		return "error";
	for (size_t i = 0; i < list->n && n < sizeof(text) - 1; i++)
		text[n++] = list->pid[i] == me ? 'm' : 'o';
	text[n] = '\0';
	pgnl_free(list);
	/* In the order of pids either may come first. */
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k && text[k - 1] > text[k]; k--) {
			char c = text[k];

			text[k] = text[k - 1];
			text[k - 1] = c;
		}
	return text;
}

#define MEMBERS(name) ({ \
	struct pgnl_pids *list_ = NULL; \
	int got_ = pgnl_pg2_get_members(self->h, name, &list_); \
	told(self->me, got_, list_); \
})

#define LOCAL_MEMBERS(name) ({ \
	struct pgnl_pids *list_ = NULL; \
	int got_ = pgnl_pg2_get_local_members(self->h, name, &list_); \
	told(self->me, got_, list_); \
})

static size_t n_groups(struct pgnl *h)
{
	struct pgnl_groups *list;
	size_t n;

	if (pgnl_pg2_which_groups(h, &list))
		return SIZE_MAX;
	n = list->n;
	pgnl_free(list);
	return n;
}

/* A leave of the wrong group must not spoil the removal from the right one. */
TEST_F(pg2_SUITE, otp_7277)
{
	ASSERT_EQ(PGNL_OK, pgnl_pg2_create(self->h, "a"));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_create(self->h, "b"));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->other));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_leave(self->h, "b", self->other));
	SANE();
	child_kill(&self->child);
	EXPECT_STREQ("", MEMBERS("a"));
	EXPECT_STREQ("", LOCAL_MEMBERS("a"));
	SANE();
}

/* The same with more leaves than joins (t6). */
TEST_F(pg2_SUITE, t6)
{
	ASSERT_EQ(PGNL_OK, pgnl_pg2_create(self->h, "a"));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_create(self->h, "b"));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->other));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->other));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_leave(self->h, "a", self->other));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_leave(self->h, "b", self->other));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_leave(self->h, "b", self->other));
	EXPECT_STREQ("o", MEMBERS("a"));
	SANE();
	child_kill(&self->child);
	EXPECT_STREQ("", MEMBERS("a"));
	SANE();
}

/* A created group is listed while empty, and has no closest process. */
TEST_F(pg2_SUITE, t1)
{
	pid_t pid;

	EXPECT_EQ(0, n_groups(self->h));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_create(self->h, "a"));
	EXPECT_EQ(1, n_groups(self->h));
	EXPECT_STREQ("", MEMBERS("a"));
	EXPECT_STREQ("", LOCAL_MEMBERS("a"));
	EXPECT_EQ(PGNL_NO_PROCESS, pgnl_pg2_get_closest_pid(self->h, "a", &pid));
	SANE();
	ASSERT_EQ(PGNL_OK, pgnl_pg2_delete(self->h, "a"));
	EXPECT_EQ(0, n_groups(self->h));
	SANE();
}

/* The closest process is the one that joined. */
TEST_F(pg2_SUITE, t2)
{
	pid_t pid = 0;

	ASSERT_EQ(PGNL_OK, pgnl_pg2_create(self->h, "a"));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->me));
	EXPECT_EQ(PGNL_OK, pgnl_pg2_get_closest_pid(self->h, "a", &pid));
	EXPECT_EQ(self->me, pid);
	SANE();
	ASSERT_EQ(PGNL_OK, pgnl_pg2_leave(self->h, "a", self->me));
	EXPECT_EQ(PGNL_NO_PROCESS, pgnl_pg2_get_closest_pid(self->h, "a", &pid));
	SANE();
}

/* Every call on missing groups, and joins and leaves in every order. */
TEST_F(pg2_SUITE, t3)
{
	pid_t pid = 0;

	EXPECT_EQ(PGNL_NO_SUCH_GROUP, pgnl_pg2_join(self->h, "a", self->me));
	EXPECT_EQ(PGNL_NO_SUCH_GROUP, pgnl_pg2_leave(self->h, "a", self->me));
	EXPECT_STREQ("no_such_group", MEMBERS("a"));
	EXPECT_STREQ("no_such_group", LOCAL_MEMBERS("a"));
	EXPECT_EQ(PGNL_NO_SUCH_GROUP, pgnl_pg2_get_closest_pid(self->h, "a", &pid));
	EXPECT_EQ(PGNL_OK, pgnl_pg2_delete(self->h, "a"));
	SANE();
	ASSERT_EQ(PGNL_OK, pgnl_pg2_create(self->h, "a"));
	EXPECT_EQ(PGNL_OK, pgnl_pg2_leave(self->h, "a", self->me));
	EXPECT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->me));
	EXPECT_STREQ("m", MEMBERS("a"));
	/* A group created again is the same. */
	EXPECT_EQ(PGNL_OK, pgnl_pg2_create(self->h, "a"));
	EXPECT_STREQ("m", MEMBERS("a"));
	EXPECT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->me));
	EXPECT_STREQ("mm", MEMBERS("a"));
	SANE();
	/* Two joins need two leaves. */
	EXPECT_EQ(PGNL_OK, pgnl_pg2_leave(self->h, "a", self->me));
	EXPECT_EQ(PGNL_OK, pgnl_pg2_get_closest_pid(self->h, "a", &pid));
	EXPECT_EQ(self->me, pid);
	EXPECT_EQ(PGNL_OK, pgnl_pg2_leave(self->h, "a", self->me));
	EXPECT_EQ(PGNL_NO_PROCESS, pgnl_pg2_get_closest_pid(self->h, "a", &pid));
	EXPECT_EQ(PGNL_OK, pgnl_pg2_leave(self->h, "a", self->me));
	EXPECT_STREQ("", MEMBERS("a"));
	SANE();
}

/* A killed member leaves both views. */
TEST_F(pg2_SUITE, t4)
{
	ASSERT_EQ(PGNL_OK, pgnl_pg2_create(self->h, "a"));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->other));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->me));
	EXPECT_STREQ("mo", MEMBERS("a"));
	SANE();
	child_kill(&self->child);
	EXPECT_STREQ("m", MEMBERS("a"));
	EXPECT_STREQ("m", LOCAL_MEMBERS("a"));
	SANE();
}

/* Its local part: counts go down one by one. */
TEST_F(pg2_SUITE, t7)
{
	static const char *const left[] = { "moo", "mo", "m", "m" };

	ASSERT_EQ(PGNL_OK, pgnl_pg2_create(self->h, "a"));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->other));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->other));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->me));
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		EXPECT_STREQ(left[i], MEMBERS("a"));
		EXPECT_STREQ(left[i], LOCAL_MEMBERS("a"));
		SANE();
		ASSERT_EQ(PGNL_OK, pgnl_pg2_leave(self->h, "a", self->other));
	}
}

/* The group goes first, its member, who joined twice, later. */
TEST_F(pg2_SUITE, t8)
{
	ASSERT_EQ(PGNL_OK, pgnl_pg2_create(self->h, "a"));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->other));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_join(self->h, "a", self->other));
	ASSERT_EQ(PGNL_OK, pgnl_pg2_delete(self->h, "a"));
	EXPECT_STREQ("no_such_group", MEMBERS("a"));
	SANE();
	child_kill(&self->child);
	EXPECT_STREQ("no_such_group", MEMBERS("a"));
	EXPECT_EQ(0, n_groups(self->h));
	SANE();
}

TEST_HARNESS_MAIN
