// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every allocation of every operation fails once: the request is refused, or
 * done where it could do without; never half done.
 *
 * Needs a kernel with CONFIG_FAILSLAB and CONFIG_FAIL_PAGE_ALLOC's
 * /proc/thread-self/fail-nth; stock kernels have none.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <stdlib.h>

#include "common.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define MOST		10000	/* more allocations than any request makes */

/* Let allocations that may sleep fail too; files that are missing do not matter. */
static void configure(void)
{
	static const char *const files[] = {
		"/sys/kernel/debug/failslab/ignore-gfp-wait",
		"/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait",
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int fd = open(files[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0 && write(fd, "N", 1) != 1)
			fprintf(stderr, "# %s can't be written\n", files[i]);
		if (fd >= 0)
			close(fd);
	}
}

FIXTURE(fault)
{
	struct client *c;
	int nth;
};

FIXTURE_SETUP(fault)
{
	self->nth = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (self->nth < 0)
		SKIP(return, "the kernel has no fault injection (%s)", FAIL_NTH);
	configure();
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	ASSERT_EQ(0, group_new(self->c, "pg2", "made"));
}

FIXTURE_TEARDOWN(fault)
{
	EXPECT_STREQ("", verify(self->c));
	client_close(self->c);
	close(self->nth);
}

/* Send the request with its nth allocation failing; *hit tells if there was one. */
static int fail_nth(int fd, struct client *c, int nth, bool *hit)
{
	char text[16];
	int err, len = snprintf(text, sizeof(text), "%d", nth);

	if (pwrite(fd, text, len, 0) != len)
		return -errno;
	err = req_do(c);
	len = pread(fd, text, sizeof(text) - 1, 0);
	text[len < 0 ? 0 : len] = '\0';
	*hit = !atoi(text);
	if (pwrite(fd, "0", 1, 0) != 1)
		return -errno;
	return err;
}

static bool no_memory(int err)
{
	return err == -ENOMEM || err == -ENOBUFS;
}

TEST_F_TIMEOUT(fault, a_join_is_done_or_not_done, 300)
{
	static const char meta[200];
	struct crowd crowd;
	char name[16];
	bool hit = true;
	int nth;

	ASSERT_EQ(0, crowd_start(&crowd, 3));
	for (nth = 1; hit && nth < MOST; nth++) {
		int err, count;

		/* New processes and a new group each time, as at a first join. */
		snprintf(name, sizeof(name), "g%d", nth);
		member_req(self->c, PGNL_CMD_MEMBER_JOIN, "pg", name);
		for (size_t i = 0; i < crowd.n; i++)
			put_u32(self->c, PGNL_A_PID, crowd.pid[i]);
		put_bin(self->c, PGNL_A_META, meta, sizeof(meta));
		err = fail_nth(self->nth, self->c, nth, &hit);
		count = count_of(self->c, "pg", name, crowd.pid[0]);
		for (size_t i = 1; i < crowd.n; i++)
			EXPECT_EQ(count, count_of(self->c, "pg", name, crowd.pid[i]));
		if (no_memory(err)) {
			EXPECT_TRUE(hit);
			EXPECT_EQ(0, count) TH_LOG("allocation %d", nth);
			EXPECT_EQ(0, group_exists(self->c, "pg", name));
		} else {
			EXPECT_EQ(0, err);
			EXPECT_EQ(1, count);
		}
		for (size_t i = 0; i < crowd.n; i++)
			leave(self->c, "pg", name, crowd.pid[i]);
		ASSERT_STREQ("", verify(self->c)) TH_LOG("allocation %d", nth);
	}
	EXPECT_LT(2, nth);
	EXPECT_FALSE(hit);
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
	crowd_end(&crowd);
}

/* Each is asked again after a failure; 0 or the given errno mean it was done. */
static const struct {
	const char *name;
	uint8_t cmd;
	const char *scope, *group;
	bool self;
	int again;
} requests[] = {
	{ "scope-new", PGNL_CMD_SCOPE_NEW, "added", NULL, false, -EEXIST },
	{ "group-new", PGNL_CMD_GROUP_NEW, "pg2", "new", false, 0 },
	{ "member-join", PGNL_CMD_MEMBER_JOIN, "pg2", "made", true, 0 },
	{ "scope-get", PGNL_CMD_SCOPE_GET, "pg", NULL, false, 0 },
	{ "group-get", PGNL_CMD_GROUP_GET, "pg2", "made", false, 0 },
	{ "member-get", PGNL_CMD_MEMBER_GET, "pg2", "made", false, 0 },
	{ "member-leave", PGNL_CMD_MEMBER_LEAVE, "pg2", "made", true, 0 },
	{ "limit-get", PGNL_CMD_LIMIT_GET, NULL, NULL, false, 0 },
	{ "stats-get", PGNL_CMD_STATS_GET, NULL, NULL, false, 0 },
	{ "verify", PGNL_CMD_VERIFY, NULL, NULL, false, 0 },
	{ "group-del", PGNL_CMD_GROUP_DEL, "pg2", "new", false, 0 },
	{ "scope-del", PGNL_CMD_SCOPE_DEL, "added", NULL, false, -ENOENT },
};

TEST_F_TIMEOUT(fault, every_operation_fails_cleanly, 300)
{
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		bool hit = true;

		for (int nth = 1; hit && nth < MOST; nth++) {
			int err;

			member_req(self->c, requests[i].cmd, requests[i].scope, requests[i].group);
			if (requests[i].self)
				put_flag(self->c, PGNL_A_SELF);
			err = fail_nth(self->nth, self->c, nth, &hit);
			EXPECT_TRUE(!err || err == requests[i].again || (hit && no_memory(err)))
				TH_LOG("%s, allocation %d: %d %s", requests[i].name, nth, err,
				       self->c->text);
			ASSERT_STREQ("", verify(self->c))
				TH_LOG("%s, allocation %d", requests[i].name, nth);
		}
		EXPECT_FALSE(hit);
	}
}

TEST_HARNESS_MAIN
