// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Views: what is mapped is what netlink says, at every moment that a reader
 * can tell apart, for whoever may read it and nobody else.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <linux/pgnl_view.h>

#include <pgnl.h>

#include "common.h"
#include "hold.h"
#include "proc.h"
#include "reads.h"

#define ALICE	1000
#define MANY	100000

/* The kernel's PROC_PID_INIT_INO. */
#define FIRST_PID_NS	0xeffffffc

FIXTURE(view)
{
	struct client *c;
	struct pgnl *h;
};

FIXTURE_SETUP(view)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	ASSERT_EQ(0, pgnl_open(&self->h));
}

FIXTURE_TEARDOWN(view)
{
	EXPECT_STREQ("", verify(self->c));
	pgnl_close(self->h);
	client_close(self->c);
}

static struct pgnl_view *mapped(struct pgnl *h, const char *scope)
{
	struct pgnl_view *view;
	int err = pgnl_view_open(h, scope, PGNL_MAPPED, &view);

	if (err)
		fprintf(stderr, "# no view: %s, %s\n", strerror(-err), pgnl_last_error(h)->text);
	return err ? NULL : view;
}

/* A descriptor of a view, by a request of our own, or -errno. */
static int view_fd(struct client *c, const char *scope)
{
	int err;

	req_new(c, PGNL_CMD_VIEW_GET);
	if (scope)
		put_str(c, PGNL_A_SCOPE, scope);
	err = req_do(c);
	return err ? err : (int)reply_u32(c, PGNL_A_FD);
}

static void *map_fd(int fd, size_t *size)
{
	struct pgnl_view_header *head = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	void *all;

	if (head == MAP_FAILED)
		return NULL;
	*size = head->size;
	munmap(head, 4096);
	all = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
	return all == MAP_FAILED ? NULL : all;
}

static int compare_ids(const void *a, const void *b)
{
	const struct pgnl_view_member *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

static bool same_row(const struct pgnl_view_member *seen, const struct member *told)
{
	return seen->id == told->row.id && seen->pid == (pid_t)told->row.pid &&
	       seen->count == told->row.count && seen->uid == told->row.uid &&
	       seen->weight == told->row.weight && seen->state == told->row.state &&
	       seen->has_meta == !!told->meta;
}

static bool same_meta(struct pgnl_view *view, const char *group,
		      const struct pgnl_view_member *seen, const struct member *told)
{
	char meta[PGNL_META_MAX];
	int len = pgnl_view_meta(view, group, seen, meta, sizeof(meta));

	return len == (int)told->meta_len && !memcmp(meta, told->meta ? : "", len);
}

/*
 * "" when the view says of a group what netlink says, which does not change
 * meanwhile, and without asking it.
 */
static const char *differs_now(struct pgnl_view *view, struct client *c, const char *scope,
			       const char *group)
{
	uint64_t asked = pgnl_view_asked(view), joined = 0;
	static struct pgnl_view_member rows[MANY];
	static pid_t pids[MANY];
	struct pgnl_view_group sums;
	struct members list = {};
	const char *wrong = "";
	int ret, n;

	ret = members(c, scope, group, &list);
	if (!ret && list.more)
		ret = members_dump(c, scope, group, &list);
	if (ret)
		return say("netlink: %d", ret);
	n = pgnl_view_members(view, group, rows, MANY);
	if (list.no_group && n == -ENOENT && pgnl_view_lookup(view, group, NULL) == -ENOENT) {
		members_free(&list);
		return pgnl_view_asked(view) == asked ? "" : say("%s: asked netlink", group);
	}
	if (n != (int)list.n) {
		wrong = say("%s: %d members, netlink says %zu", group, n, list.n);
	} else {
		qsort(rows, n, sizeof(*rows), compare_ids);
		for (int i = 0; i < n && !*wrong; i++) {
			struct pgnl_view_member key = { .id = list.at[i].row.id };
			struct pgnl_view_member *row = bsearch(&key, rows, n, sizeof(key),
							       compare_ids);

			joined += list.at[i].row.count;
			if (!row || !same_row(row, &list.at[i]))
				wrong = say("%s: member %d", group, i);
			else if (n < 100 && !same_meta(view, group, row, &list.at[i]))
				wrong = say("%s: metadata %d", group, i);
		}
		if (!*wrong && pgnl_view_pids(view, group, pids, MANY) != n)
			wrong = say("%s: pids", group);
		if (!*wrong && (pgnl_view_lookup(view, group, &sums) ||
				sums.members != (uint32_t)n || sums.joined != joined))
			wrong = say("%s: sums", group);
	}
	if (!*wrong && pgnl_view_asked(view) != asked)
		wrong = say("%s: asked netlink", group);
	members_free(&list);
	return wrong;
}

/* While the kernel had no memory at hand the view is behind, and netlink asked. */
static const char *differs(struct pgnl_view *view, struct client *c, const char *scope,
			   const char *group)
{
	const char *wrong;

	WAIT_UNTIL(!strstr((wrong = differs_now(view, c, scope, group)), "asked netlink"));
	return wrong;
}

/* The same as sooner or later: the view may have fallen behind. */
#define COMES_TO_AGREE(view, c, scope, group) \
	WAIT_UNTIL(!*differs(view, c, scope, group))

/* --- What is in it --------------------------------------------------------- */

TEST_F(view, it_shows_what_was_there_and_what_comes)
{
	struct pgnl_join_opts opts = { .times = 3, .weight = 7, .meta = "unix:/run/a", .meta_len = 11 };
	struct pgnl_view_member m;
	struct pgnl_view *view;
	struct child child;
	char meta[32] = "";

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, pgnl_join(self->h, NULL, "old", child.pid, &opts, NULL));
	view = mapped(self->h, NULL);
	ASSERT_NE(NULL, view);
	ASSERT_EQ(1, pgnl_view_members(view, "old", &m, 1));
	EXPECT_EQ(child.pid, m.pid);
	EXPECT_EQ(3, m.count);
	EXPECT_EQ(7, m.weight);
	EXPECT_EQ(getuid(), m.uid);
	EXPECT_EQ(id_of(self->c, child.pid), m.id);
	EXPECT_EQ(11, pgnl_view_meta(view, "old", &m, meta, sizeof(meta)));
	EXPECT_STREQ("unix:/run/a", meta);
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(view, "new", NULL));
	ASSERT_EQ(1, join(self->c, NULL, "new", child.pid));
	EXPECT_STREQ("", differs(view, self->c, NULL, "new"));
	ASSERT_EQ(1, join(self->c, NULL, "new", 0));
	ASSERT_EQ(2, join(self->c, NULL, "new", 0));
	EXPECT_STREQ("", differs(view, self->c, NULL, "new"));
	opts = (struct pgnl_join_opts){ .meta = "other", .meta_len = 5 };
	ASSERT_EQ(0, pgnl_join(self->h, NULL, "new", 0, &opts, NULL));
	EXPECT_STREQ("", differs(view, self->c, NULL, "new"));
	opts.meta_len = 0;
	ASSERT_EQ(0, pgnl_join(self->h, NULL, "new", 0, &opts, NULL));
	EXPECT_STREQ("", differs(view, self->c, NULL, "new"));
	ASSERT_EQ(1, leave(self->c, NULL, "new", 0));
	EXPECT_STREQ("", differs(view, self->c, NULL, "new"));
	ASSERT_EQ(1, leave(self->c, NULL, "new", child.pid));
	EXPECT_STREQ("", differs(view, self->c, NULL, "new"));
	child_kill(&child);
	EXPECT_STREQ("", differs(view, self->c, NULL, "old"));
	EXPECT_EQ(0, pgnl_view_asked(view));
	pgnl_view_close(view);
}

TEST_F(view, what_was_there_after_a_group_that_has_gone_is_shown)
{
	struct pgnl_view *view;
	char name[2] = "a";

	for (; *name <= 'd'; ++*name)
		ASSERT_EQ(1, join(self->c, NULL, name, 0));
	ASSERT_EQ(1, leave(self->c, NULL, "a", 0));
	ASSERT_EQ(1, leave(self->c, NULL, "c", 0));
	view = mapped(self->h, NULL);
	ASSERT_NE(NULL, view);
	for (*name = 'a'; *name <= 'd'; ++*name)
		EXPECT_STREQ("", differs(view, self->c, NULL, name));
	EXPECT_STREQ("", verify(self->c));
	pgnl_view_close(view);
}

TEST_F(view, names_of_every_length_are_told_apart)
{
	struct pgnl_view *view = mapped(self->h, NULL);
	char name[PGNL_GROUP_NAME_MAX + 2];

	ASSERT_NE(NULL, view);
	for (int len = 1; len <= PGNL_GROUP_NAME_MAX; len++) {
		memset(name, 'x', len);
		name[len] = 0;
		ASSERT_EQ(1, join(self->c, NULL, name, 0));
		ASSERT_STREQ("", differs(view, self->c, NULL, name));
		name[len - 1] = 'y';
		ASSERT_EQ(-ENOENT, pgnl_view_lookup(view, name, NULL));
	}
	EXPECT_EQ(-EINVAL, pgnl_view_lookup(view, "", NULL));
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	EXPECT_EQ(-EINVAL, pgnl_view_lookup(view, name, NULL));
	EXPECT_STREQ("", verify(self->c));
	pgnl_view_close(view);
}

TEST_F(view, an_empty_group_is_there_when_it_was_created)
{
	struct pgnl_view *view;
	struct child child;

	ASSERT_EQ(0, group_new(self->c, "pg2", "before"));
	view = mapped(self->h, "pg2");
	ASSERT_NE(NULL, view);
	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, group_new(self->c, "pg2", "after"));
	EXPECT_EQ(0, pgnl_view_members(view, "before", NULL, 0));
	EXPECT_EQ(0, pgnl_view_members(view, "after", NULL, 0));
	ASSERT_EQ(1, join(self->c, "pg2", "after", child.pid));
	EXPECT_STREQ("", differs(view, self->c, "pg2", "after"));
	child_kill(&child);
	EXPECT_STREQ("", differs(view, self->c, "pg2", "after"));
	EXPECT_EQ(0, pgnl_view_lookup(view, "after", NULL));
	ASSERT_EQ(1, join(self->c, "pg2", "after", 0));
	ASSERT_EQ(0, group_del(self->c, "pg2", "after"));
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(view, "after", NULL));
	EXPECT_EQ(0, pgnl_view_asked(view));
	pgnl_view_close(view);
}

static void churn(struct client *c, const char *scope, const struct crowd *crowd, int groups)
{
	char name[32], meta[PGNL_META_MAX];
	pid_t pid = crowd->pid[rand() % crowd->n];
	int len;

	snprintf(name, sizeof(name), "group-%d", rand() % groups);
	switch (rand() % 5) {
	case 0:
		leave_all(c, scope, name, pid);
		break;
	case 1:
		leave(c, scope, name, pid);
		break;
	case 2:
		len = rand() % sizeof(meta);
		memset(meta, 'a' + len % 26, sizeof(meta));
		member_req(c, PGNL_CMD_MEMBER_JOIN, scope, name);
		put_u32(c, PGNL_A_PID, pid);
		put_u32(c, PGNL_A_WEIGHT, 1 + rand() % PGNL_WEIGHT_MAX);
		put_bin(c, PGNL_A_META, meta, len);
		req_do(c);
		break;
	default:
		join(c, scope, name, pid);
	}
}

TEST_F(view, after_any_changes_it_equals_what_netlink_says)
{
	struct pgnl_view *view = NULL;
	struct crowd crowd;
	char name[32];

	srand(4);
	ASSERT_EQ(0, crowd_start(&crowd, 60));
	for (unsigned int round = 0; again(round, 60); round++) {
		if (round == 1)
			view = mapped(self->h, NULL);
		for (int i = 0; i < 200; i++)
			churn(self->c, NULL, &crowd, 20);
		if (!round)
			continue;
		ASSERT_NE(NULL, view);
		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof(name), "group-%d", i);
			ASSERT_STREQ("", differs(view, self->c, NULL, name));
		}
		ASSERT_STREQ("", verify(self->c));
	}
	for (size_t i = 0; i < crowd.n; i++) {
		crowd_kill(&crowd, i);
		ASSERT_STREQ("", differs(view, self->c, NULL, "group-1"));
	}
	pgnl_view_close(view);
	crowd_end(&crowd);
}

TEST_F(view, it_grows_to_a_hundred_thousand_memberships)
{
	enum { GROUPS = 100, PIDS = 1000 };
	struct pgnl_view *view = mapped(self->h, NULL), *late;
	struct crowd crowd;
	char name[32];

	ASSERT_NE(NULL, view);
	ASSERT_EQ(0, crowd_start(&crowd, PIDS));
	for (int i = 0; i < GROUPS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ASSERT_LT(0, join_pids(self->c, NULL, name, crowd.pid, PIDS));
	}
	EXPECT_STREQ("", verify(self->c));
	late = mapped(self->h, NULL);
	ASSERT_NE(NULL, late);
	for (int i = 0; i < GROUPS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ASSERT_STREQ("", differs(view, self->c, NULL, name));
		ASSERT_STREQ("", differs(late, self->c, NULL, name));
	}
	/* A view that is made when all is there has to write all of it. */
	pgnl_view_close(view);
	pgnl_view_close(late);
	ASSERT_TRUE(WAIT_UNTIL(!usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES)));
	view = mapped(self->h, NULL);
	ASSERT_NE(NULL, view);
	for (int i = 0; i < GROUPS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ASSERT_STREQ("", differs(view, self->c, NULL, name));
	}
	crowd_end(&crowd);
	for (int i = 0; i < GROUPS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ASSERT_STREQ("", differs(view, self->c, NULL, name));
	}
	EXPECT_STREQ("", verify(self->c));
	pgnl_view_close(view);
}

TEST_F(view, ten_thousand_groups_are_found)
{
	struct pgnl_view *view = mapped(self->h, NULL);
	char name[32];

	ASSERT_NE(NULL, view);
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		ASSERT_EQ(1, join(self->c, NULL, name, 0));
	}
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		ASSERT_EQ(1, pgnl_view_members(view, name, NULL, 0));
		snprintf(name, sizeof(name), "many-%d", i);
		ASSERT_EQ(-ENOENT, pgnl_view_lookup(view, name, NULL));
	}
	EXPECT_STREQ("", verify(self->c));
	for (int i = 0; i < 10000; i += 2) {
		snprintf(name, sizeof(name), "many/%d", i);
		ASSERT_EQ(1, leave(self->c, NULL, name, 0));
	}
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		ASSERT_EQ(i % 2 ? 0 : -ENOENT, pgnl_view_lookup(view, name, NULL));
	}
	EXPECT_EQ(0, pgnl_view_asked(view));
	pgnl_view_close(view);
}

/* --- Picking --------------------------------------------------------------- */

TEST_F(view, a_pick_by_key_is_the_kernels)
{
	struct pgnl_view *view = mapped(self->h, NULL);
	struct pgnl_view_member m;
	struct crowd crowd;
	char key[PGNL_KEY_MAX];

	ASSERT_NE(NULL, view);
	ASSERT_EQ(0, crowd_start(&crowd, 30));
	ASSERT_LT(0, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	for (size_t len = 1; len <= sizeof(key); len++) {
		struct pgnl_pick_opts opts = { .uid = PGNL_ANY_UID, .key = key, .key_len = len };
		struct pgnl_row row;

		key[len - 1] = len;
		ASSERT_EQ(0, pick_key(self->c, NULL, "g", key, len, &row));
		ASSERT_EQ(0, pgnl_view_pick(view, "g", PGNL_PICK_KEY, &opts, &m));
		ASSERT_EQ(row.id, m.id);
	}
	EXPECT_EQ(0, pgnl_view_asked(view));
	crowd_end(&crowd);
	pgnl_view_close(view);
}

TEST_F(view, picks_come_to_everybody_that_fits)
{
	struct pgnl_pick_opts nobody = { .uid = ALICE };
	struct pgnl_view *view = mapped(self->h, NULL);
	enum pgnl_pick_policy policy;
	struct pgnl_view_member m;
	struct crowd crowd;
	int picked[9];

	ASSERT_NE(NULL, view);
	EXPECT_EQ(-ENOENT, pgnl_view_pick(view, "g", PGNL_PICK_RANDOM, NULL, &m));
	EXPECT_EQ(-EINVAL, pgnl_view_pick(view, "g", PGNL_PICK_KEY, NULL, &m));
	ASSERT_EQ(0, crowd_start(&crowd, ARRAY_SIZE(picked)));
	ASSERT_LT(0, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	for (policy = PGNL_PICK_CLOSEST; policy <= PGNL_PICK_ROUND_ROBIN; policy++) {
		memset(picked, 0, sizeof(picked));
		for (int i = 0; i < 900; i++) {
			ASSERT_EQ(0, pgnl_view_pick(view, "g", policy, NULL, &m));
			for (size_t k = 0; k < crowd.n; k++)
				picked[k] += crowd.pid[k] == m.pid;
		}
		for (size_t k = 0; k < crowd.n; k++) {
			EXPECT_LT(20, picked[k]);
			if (policy == PGNL_PICK_ROUND_ROBIN)
				EXPECT_EQ(100, picked[k]);
		}
		EXPECT_EQ(-ENODATA, pgnl_view_pick(view, "g", policy, &nobody, &m));
	}
	EXPECT_EQ(0, pgnl_view_asked(view));
	crowd_end(&crowd);
	pgnl_view_close(view);
}

/* --- Truth at exit --------------------------------------------------------- */

struct spin {
	struct pgnl_view *view;
	atomic_bool stop;
	atomic_long looks;
};

static void *spin_on_view(void *arg)
{
	struct spin *spin = arg;
	pid_t pids[16];

	while (!atomic_load(&spin->stop)) {
		pgnl_view_pids(spin->view, "g", pids, 16);
		atomic_fetch_add(&spin->looks, 1);
	}
	return NULL;
}

static bool shows(struct pgnl_view *view, const char *group, pid_t pid)
{
	struct pgnl_view_member rows[64], m;
	pid_t pids[64];
	int n = pgnl_view_pids(view, group, pids, 64);

	for (int i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	n = pgnl_view_members(view, group, rows, 64);
	for (int i = 0; i < n; i++)
		if (rows[i].pid == pid)
			return true;
	return !pgnl_view_pick(view, group, PGNL_PICK_RANDOM, NULL, &m) && m.pid == pid;
}

TEST_F(view, a_reaped_process_is_shown_to_nobody)
{
	struct spin spin = { .view = mapped(self->h, NULL) };
	pthread_t thread;
	struct child keep;

	ASSERT_NE(NULL, spin.view);
	ASSERT_EQ(0, child_start(&keep));
	ASSERT_EQ(1, join(self->c, NULL, "g", keep.pid));
	ASSERT_EQ(0, pthread_create(&thread, NULL, spin_on_view, &spin));
	for (unsigned int round = 0; again(round, 5000); round++) {
		pid_t pid = fork();

		if (!pid) {
			pause();
			_exit(0);
		}
		ASSERT_EQ(1, join(self->c, NULL, "g", pid));
		ASSERT_TRUE(shows(spin.view, "g", pid));
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		ASSERT_FALSE(shows(spin.view, "g", pid));
		ASSERT_TRUE(shows(spin.view, "g", keep.pid));
	}
	atomic_store(&spin.stop, true);
	pthread_join(thread, NULL);
	EXPECT_LT(0, spin.looks);
	child_kill(&keep);
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(spin.view, "g", NULL));
	pgnl_view_close(spin.view);
}

TEST_F(view, the_dead_are_hidden_before_the_kernel_has_cleaned_up)
{
	struct pgnl_view *view = mapped(self->h, NULL), *other;
	struct pgnl_view_group sums;
	struct child child, keep;
	struct hold hold;

	ASSERT_NE(NULL, view);
	ASSERT_TRUE(use_cpu(0));
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	other = mapped(self->h, "s");
	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, child_start(&keep));
	ASSERT_EQ(2, join_times(self->c, NULL, "both", child.pid, 2));
	ASSERT_EQ(1, join(self->c, NULL, "both", keep.pid));
	ASSERT_EQ(1, join(self->c, NULL, "alone", child.pid));
	ASSERT_EQ(1, join(self->c, "s", "alone", child.pid));
	if (!hold_start(&hold))
		SKIP(goto out, "no real-time priority here");
	child_kill(&child);
	EXPECT_FALSE(shows(view, "both", child.pid));
	EXPECT_TRUE(shows(view, "both", keep.pid));
	EXPECT_EQ(0, pgnl_view_lookup(view, "both", &sums));
	EXPECT_EQ(1, sums.members);
	EXPECT_EQ(1, sums.joined);
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(view, "alone", NULL));
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(other, "alone", NULL));
	hold_end(&hold);
	EXPECT_EQ(0, pgnl_view_asked(view));
out:
	child_kill(&keep);
	pgnl_view_close(view);
	pgnl_view_close(other);
}

/* The death is there before the view is. */
TEST_F(view, who_dies_while_a_view_is_made_is_not_in_it)
{
	for (unsigned int round = 0; again(round, 300); round++) {
		struct pgnl_view *view;
		struct crowd crowd;

		ASSERT_EQ(0, crowd_start(&crowd, 20));
		ASSERT_LT(0, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
		for (size_t i = 0; i < crowd.n; i++)
			kill(crowd.pid[i], SIGKILL);
		view = mapped(self->h, NULL);
		ASSERT_NE(NULL, view);
		crowd_end(&crowd);
		ASSERT_EQ(-ENOENT, pgnl_view_lookup(view, "g", NULL));
		pgnl_view_close(view);
	}
}

/* --- No torn reads --------------------------------------------------------- */

struct torn {
	struct pgnl_view *view;
	atomic_bool stop;
	atomic_long wrong, looks;
};

/* Always two or none of them, with the same weight and metadata. */
static void *look_for_halves(void *arg)
{
	struct torn *torn = arg;
	struct pgnl_view_member m[4];
	char meta[PGNL_META_MAX];

	while (!atomic_load(&torn->stop)) {
		int n = pgnl_view_members(torn->view, "pair", m, 4), len;

		atomic_fetch_add(&torn->looks, 1);
		if (n != -ENOENT && (n != 2 || m[0].weight != m[1].weight ||
				     m[0].count != m[1].count || m[0].id == m[1].id))
			atomic_fetch_add(&torn->wrong, 1);
		if (n != 2)
			continue;
		len = pgnl_view_meta(torn->view, "pair", &m[0], meta, sizeof(meta));
		for (int i = 1; i < len; i++)
			if (meta[i] != meta[0])
				atomic_fetch_add(&torn->wrong, 1);
	}
	return NULL;
}

TEST_F(view, no_reader_sees_half_of_a_change)
{
	struct torn torn = { .view = mapped(self->h, NULL) };
	struct crowd crowd;
	pthread_t thread[2];
	char meta[PGNL_META_MAX];

	ASSERT_NE(NULL, torn.view);
	ASSERT_EQ(0, crowd_start(&crowd, 2));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, look_for_halves, &torn));
	for (unsigned int round = 0; again(round, 20000); round++) {
		memset(meta, 'a' + round % 26, sizeof(meta));
		member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, "pair");
		put_u32(self->c, PGNL_A_PID, crowd.pid[round & 1]);
		put_u32(self->c, PGNL_A_PID, crowd.pid[!(round & 1)]);
		put_u32(self->c, PGNL_A_WEIGHT, 1 + round % 1000);
		put_bin(self->c, PGNL_A_META, meta, 1 + round % 256);
		ASSERT_EQ(0, req_do(self->c));
		if (round % 3)
			continue;
		member_req(self->c, PGNL_CMD_MEMBER_LEAVE, NULL, "pair");
		put_u32(self->c, PGNL_A_PID, crowd.pid[0]);
		put_u32(self->c, PGNL_A_PID, crowd.pid[1]);
		put_flag(self->c, PGNL_A_ALL);
		ASSERT_EQ(0, req_do(self->c));
	}
	atomic_store(&torn.stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	EXPECT_EQ(0, torn.wrong);
	EXPECT_LT(0, torn.looks);
	crowd_end(&crowd);
	pgnl_view_close(torn.view);
}

static struct pgnl_view *handlers_view;
static atomic_long handled, mishandled;

static void look_in_handler(int sig)
{
	pid_t pids[4];
	int saved = errno;

	(void)sig;
	errno = 12345;
	if (pgnl_view_pids(handlers_view, "g", pids, 4) != 1 || pids[0] != getpid() ||
	    pgnl_view_lookup(handlers_view, "hidden", NULL) || errno != 12345)
		mishandled++;
	handled++;
	errno = saved;
}

/* Also while the interrupted look-up asks the kernel. */
TEST_F(view, a_signal_handler_may_look)
{
	const struct itimerval often = { { 0, 700 }, { 0, 700 } }, never = {};
	struct pgnl_view *view;

	req_new(self->c, PGNL_CMD_GROUP_NEW);
	put_str(self->c, PGNL_A_SCOPE, "pg2");
	put_str(self->c, PGNL_A_GROUP, "hidden");
	put_u32(self->c, PGNL_A_PERM, 0700);
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	ASSERT_EQ(1, join(self->c, "pg2", "g", 0));
	view = handlers_view = mapped(self->h, "pg2");
	ASSERT_NE(NULL, view);
	signal(SIGALRM, look_in_handler);
	setitimer(ITIMER_REAL, &often, NULL);
	while (handled < 1000) {
		ASSERT_EQ(1, pgnl_view_members(view, "g", NULL, 0));
		ASSERT_EQ(0, pgnl_view_lookup(view, "hidden", NULL));
		ASSERT_EQ(-ENOENT, pgnl_view_lookup(view, "missing", NULL));
	}
	setitimer(ITIMER_REAL, &never, NULL);
	EXPECT_EQ(0, mishandled);
	pgnl_view_close(view);
}

/* --- The mapping ----------------------------------------------------------- */

TEST_F(view, it_can_only_be_read)
{
	int fd = view_fd(self->c, NULL);
	char *start, *copy;
	size_t size;

	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDONLY, fcntl(fd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));
	start = map_fd(fd, &size);
	ASSERT_NE(NULL, start);
	EXPECT_EQ(-1, mprotect(start, 4096, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(start, 4096, PROT_READ | PROT_EXEC));
	copy = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, copy);
	EXPECT_EQ(-1, mprotect(copy, 4096, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	munmap(copy, 4096);
	EXPECT_EQ(-1, write(fd, "x", 1));
	EXPECT_EQ(-1, ftruncate(fd, 0));
	/* No way around it for a debugger either. */
	fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, pwrite(fd, "x", 1, (off_t)(uintptr_t)start));
	EXPECT_EQ(1, pread(fd, (char [1]){}, 1, (off_t)(uintptr_t)start));
	close(fd);
	EXPECT_EQ('p', *start);
	munmap(start, size);
}

TEST_F(view, its_descriptor_says_of_which_scope_it_is)
{
	int fd = view_fd(self->c, NULL);
	char path[64], line[128];
	bool told = false;
	FILE *file;

	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	file = fopen(path, "re");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file))
		told |= !strcmp(line, "pgnl-scope:\tpg\n");
	EXPECT_TRUE(told);
	fclose(file);
	close(fd);
}

TEST_F(view, it_can_be_mapped_in_parts_and_moved_but_not_extended)
{
	int fd = view_fd(self->c, NULL);
	size_t size;
	char *start, *moved;

	ASSERT_LE(0, fd);
	start = map_fd(fd, &size);
	ASSERT_NE(NULL, start);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, size + 4096, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, size));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 1L << 44));
	close(fd);
	moved = mremap(start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, start + 2 * size);
	if (moved != MAP_FAILED)
		start = moved;
	EXPECT_EQ(0, strncmp(start, "pgnlview", 8));
	ASSERT_EQ(0, munmap(start + 4096, size - 4096));
	EXPECT_EQ(MAP_FAILED, mremap(start, 4096, 8192, MREMAP_MAYMOVE));
	EXPECT_EQ('p', *start);
	munmap(start, 4096);
}

static int read_beyond(void *arg)
{
	signal(SIGBUS, SIG_DFL);
	return *(volatile char *)arg;
}

TEST_F(view, where_there_is_nothing_yet_is_sigbus)
{
	int fd = view_fd(self->c, NULL);
	size_t size;
	char *start;

	ASSERT_LE(0, fd);
	start = map_fd(fd, &size);
	ASSERT_NE(NULL, start);
	EXPECT_EQ(128 + SIGBUS, in_child(read_beyond, start + size - 4096));
	EXPECT_EQ(128 + SIGBUS, in_child(read_beyond, start + 8192));
	munmap(start, size);
	close(fd);
}

static int look_once(void *arg)
{
	pid_t pid;

	CHECK_EQ(1, pgnl_view_pids(arg, "g", &pid, 1));
	CHECK_EQ(getppid(), pid);
	CHECK_EQ(0, pgnl_view_asked(arg));
	return 0;
}

TEST_F(view, it_survives_fork_and_not_exec)
{
	struct pgnl_view *view = mapped(self->h, NULL);
	char command[64];
	int fd = view_fd(self->c, NULL);

	ASSERT_NE(NULL, view);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	EXPECT_EQ(0, in_child(look_once, view));
	snprintf(command, sizeof(command), "! [ -e /proc/self/fd/%d ]", fd);
	EXPECT_EQ(0, system(command));
	EXPECT_EQ(0, system("! grep -q pgnl-view /proc/self/maps"));
	EXPECT_EQ(0, in_child(look_once, view));
	close(fd);
	pgnl_view_close(view);
}

static int read_passed(void *arg)
{
	struct { char head[CMSG_SPACE(sizeof(int))]; } control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	size_t size;
	char *start;
	int fd;

	become(ALICE, ALICE, NULL, 0);
	CHECK_EQ(1, recvmsg(*(int *)arg, &msg, 0));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	start = map_fd(fd, &size);
	CHECK(start);
	CHECK_EQ(0, strncmp(start, "pgnlview", 8));
	return 0;
}

/* As any file: whoever is handed it may read it, rights were checked before. */
TEST_F(view, its_descriptor_can_be_passed_on)
{
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } control = {
		.head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS },
	};
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int pair[2], fd;

	ASSERT_EQ(0, scope_new(self->c, "mine", PGNL_SCOPE_MODE_PG));
	fd = view_fd(self->c, "mine");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	ASSERT_EQ(1, sendmsg(pair[0], &msg, 0));
	close(fd);
	EXPECT_EQ(0, in_child(read_passed, &pair[1]));
	close(pair[0]);
	close(pair[1]);
}

/* --- Who may --------------------------------------------------------------- */

static int group_new_perm(struct client *c, const char *group, uint32_t perm)
{
	req_new(c, PGNL_CMD_GROUP_NEW);
	put_str(c, PGNL_A_SCOPE, "pg2");
	put_str(c, PGNL_A_GROUP, group);
	put_u32(c, PGNL_A_PERM, perm);
	return req_do(c);
}

static int refused_by_mode(void *arg)
{
	struct client *c = client_open();
	struct pgnl_view *view;
	struct pgnl *h;

	CHECK(c);
	CHECK_EQ(-EACCES, view_fd(c, "s"));
	CHECK_EQ(PGNL_A_SCOPE, blamed(c));
	CHECK_EQ(-EACCES, view_fd(arg, "s"));
	CHECK_EQ(-ENOENT, view_fd(c, "missing"));
	CHECK_EQ(0, pgnl_open(&h));
	CHECK_EQ(-EACCES, pgnl_view_open(h, "s", 0, &view));
	CHECK_EQ(-ENOENT, pgnl_view_open(h, "missing", 0, &view));
	CHECK(view_fd(c, NULL) >= 0);
	return 0;
}

static int granted_by_mode(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	CHECK(view_fd(c, "s") >= 0);
	return 0;
}

static int refused_by_the_openers_rights(void *arg)
{
	CHECK_EQ(-EACCES, view_fd(arg, "s"));
	return 0;
}

static int open_as_alice(void *arg)
{
	struct client **c = arg;

	/* The socket is alice's, the sender root. */
	if (seteuid(ALICE))
		return 1;
	*c = client_open();
	return seteuid(0) || !*c;
}

TEST_F(view, it_takes_the_right_to_read_the_scope)
{
	struct client *alices;
	int fd;

	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(0, set_perm(self->c, "s", 0703));
	EXPECT_EQ(0, as_user(ALICE, ALICE, refused_by_mode, self->c));
	ASSERT_EQ(0, open_as_alice(&alices));
	EXPECT_EQ(0, in_child(refused_by_the_openers_rights, alices));
	client_close(alices);
	fd = view_fd(self->c, "s");
	EXPECT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, set_perm(self->c, "s", 0704));
	EXPECT_EQ(0, as_user(ALICE, ALICE, granted_by_mode, NULL));
}

static int not_in_the_view(void *arg)
{
	struct pgnl_view *view;
	struct pgnl *h;

	(void)arg;
	CHECK_EQ(0, pgnl_open(&h));
	view = mapped(h, "pg2");
	CHECK(view);
	CHECK_EQ(-EACCES, pgnl_view_lookup(view, "secret", NULL));
	CHECK_EQ(-EACCES, pgnl_view_lookup(view, "later", NULL));
	CHECK_EQ(2, pgnl_view_asked(view));
	CHECK_EQ(1, pgnl_view_members(view, "open", NULL, 0));
	CHECK_EQ(2, pgnl_view_asked(view));
	pgnl_view_close(view);
	pgnl_close(h);
	return 0;
}

/* Pages that are not there can't be read, which is no error here. */
static bool finds_in(int mem, const char *from, const char *to, const char *text)
{
	char page[4096];

	for (; from < to; from += sizeof(page))
		if (pread(mem, page, sizeof(page), (off_t)(uintptr_t)from) == sizeof(page) &&
		    memmem(page, sizeof(page), text, strlen(text)))
			return true;
	return false;
}

/* In the first megabytes of each part of a view. */
static bool finds(const char *start, const char *text)
{
	const struct pgnl_view_header *head = (const void *)start;
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	bool found = false;

	for (size_t at = 0; at < head->size && !found; at += 64 << 20)
		found = finds_in(mem, start + at, start + at + (2 << 20), text);
	close(mem);
	return found;
}

TEST_F(view, groups_that_not_all_may_read_are_not_in_it)
{
	struct pgnl_view *view;
	size_t size;
	char *start;
	int fd;

	ASSERT_EQ(0, group_new_perm(self->c, "secret", 0770));
	ASSERT_EQ(0, group_new_perm(self->c, "open", 0774));
	view = mapped(self->h, "pg2");
	ASSERT_NE(NULL, view);
	ASSERT_EQ(0, group_new_perm(self->c, "later", 0700));
	ASSERT_EQ(1, join(self->c, "pg2", "secret", 0));
	ASSERT_EQ(1, join(self->c, "pg2", "later", 0));
	ASSERT_EQ(1, join(self->c, "pg2", "open", 0));
	EXPECT_EQ(0, as_user(ALICE, ALICE, not_in_the_view, NULL));
	fd = view_fd(self->c, "pg2");
	start = map_fd(fd, &size);
	ASSERT_NE(NULL, start);
	EXPECT_TRUE(finds(start, "open"));
	EXPECT_FALSE(finds(start, "secret"));
	EXPECT_FALSE(finds(start, "later"));
	munmap(start, size);
	close(fd);
	/* Who may is told by netlink, and when they are gone nobody has to ask. */
	EXPECT_EQ(1, pgnl_view_members(view, "secret", NULL, 0));
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(view, "missing", NULL));
	EXPECT_EQ(2, pgnl_view_asked(view));
	ASSERT_EQ(0, group_del(self->c, "pg2", "secret"));
	ASSERT_EQ(0, group_del(self->c, "pg2", "later"));
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(view, "secret", NULL));
	EXPECT_EQ(2, pgnl_view_asked(view));
	pgnl_view_close(view);
}

/* Falls back to netlink by itself, and says what netlink says. */
static int not_here(void *arg)
{
	struct pgnl_pick_opts opts = { .uid = PGNL_ANY_UID, .key = "k", .key_len = 1 };
	struct client *c = client_open();
	struct pgnl_view *view;
	struct pgnl_view_member m;
	struct pgnl *h;
	int ret;

	CHECK(c);
	CHECK_EQ(-EOPNOTSUPP, view_fd(c, NULL));
	CHECK_EQ(0, strcmp(c->text, "views are for another pid or user namespace"));
	CHECK_EQ(0, pgnl_open(&h));
	CHECK_EQ(-EOPNOTSUPP, pgnl_view_open(h, NULL, PGNL_MAPPED, &view));
	CHECK_EQ(0, pgnl_view_open(h, NULL, 0, &view));
	CHECK_EQ(0, pgnl_view_mapped(view));
	CHECK_EQ(1, join(c, NULL, "inside", 0));
	CHECK_EQ(1, pgnl_view_members(view, "inside", &m, 1));
	CHECK_EQ(getpid(), m.pid);
	CHECK_EQ(0, pgnl_view_pick(view, "inside", PGNL_PICK_RANDOM, NULL, &m));
	CHECK_EQ(getpid(), m.pid);
	CHECK_EQ(-ENOENT, pgnl_view_lookup(view, "missing", NULL));
	CHECK_EQ(3, pgnl_view_asked(view));
	CHECK_EQ(0, pgnl_view_pick(view, "inside", PGNL_PICK_KEY, &opts, &m));
	CHECK_EQ(getpid(), m.pid);
	opts = (struct pgnl_pick_opts){ .uid = getuid() + 1, .flags = PGNL_ANY_STATE };
	ret = pgnl_view_pick(view, "inside", PGNL_PICK_RANDOM, &opts, &m);
	/* Nobody's, or none at all in the user namespace. */
	CHECK(ret == -ENODATA || ret == -EINVAL);
	CHECK_EQ(5, pgnl_view_asked(view));
	/* Without asking, too. */
	CHECK_EQ(-EINVAL, pgnl_view_lookup(view, "", NULL));
	CHECK_EQ(-EINVAL, pgnl_view_meta(view, "", &m, NULL, 0));
	CHECK_EQ(-EINVAL, pgnl_view_pick(view, "", PGNL_PICK_RANDOM, NULL, &m));
	CHECK_EQ(5, pgnl_view_asked(view));
	pgnl_view_close(view);
	pgnl_close(h);
	(void)arg;
	return 0;
}

static int not_in_another_pid_ns(void *arg)
{
	new_ns(CLONE_NEWPID);
	return in_child(not_here, arg);
}

static int not_in_another_user_ns(void *arg)
{
	new_ns(CLONE_NEWUSER);
	return not_here(arg);
}

TEST_F(view, other_pid_and_user_namespaces_fall_back_to_netlink)
{
	struct pgnl_view *view = mapped(self->h, NULL);

	ASSERT_NE(NULL, view);
	EXPECT_EQ(0, in_child(not_in_another_pid_ns, NULL));
	EXPECT_EQ(0, in_child(not_in_another_user_ns, NULL));
	pgnl_view_close(view);
}

static int not_of_the_first_netns(void *arg)
{
	int *netns = arg;

	CHECK_EQ(0, setns(*netns, CLONE_NEWNET));
	return not_in_another_pid_ns(NULL);
}

/* Elsewhere the first to open decides for whom; here others may not be kept from having one. */
TEST_F(view, the_first_network_namespace_has_none_for_another_pid_ns)
{
	int netns = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
	struct stat own;

	ASSERT_LE(0, netns);
	ASSERT_EQ(0, stat("/proc/self/ns/pid", &own));
	if (own.st_ino != FIRST_PID_NS)
		SKIP(return, "the first network namespace is out of sight");
	EXPECT_EQ(0, in_child(not_of_the_first_netns, &netns));
	close(netns);
}

struct contained {
	struct client *outside;
	pid_t stranger;
};

/* Pid 1 of a container: a user, network and pid namespace that belong together. */
static int inside_container(void *arg)
{
	struct contained *contained = arg;
	struct client *c = client_open();
	struct pgnl_view_member m;
	struct pgnl_view_group sums;
	struct pgnl_view *view;
	struct pgnl *h;

	CHECK(c);
	CHECK_EQ(0, pgnl_open(&h));
	CHECK_EQ(1, join(c, NULL, "g", 0));
	view = mapped(h, NULL);
	CHECK(view);
	CHECK_EQ(1, pgnl_view_members(view, "g", &m, 1));
	CHECK_EQ(1, m.pid);
	CHECK_EQ(0, m.uid);
	CHECK_EQ(0, pgnl_view_lookup(view, "g", &sums));
	CHECK_EQ(1, sums.members);
	CHECK_EQ(0, pgnl_view_asked(view));
	CHECK_EQ(0, in_child(not_in_another_pid_ns, NULL));
	pgnl_view_close(view);
	(void)contained;
	return 0;
}

static int container(void *arg)
{
	new_ns(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID);
	return in_child(inside_container, arg);
}

TEST_F(view, a_container_has_views_of_its_own)
{
	EXPECT_EQ(0, in_child(container, NULL));
}

static int join_from_outside(void *arg)
{
	int *netns = arg;
	struct client *c;

	/* A socket of the container's, a member of the outside. */
	CHECK_EQ(0, setns(*netns, CLONE_NEWNET));
	c = client_open();
	CHECK(c);
	CHECK_EQ(1, join(c, NULL, "outside", getppid()));
	CHECK_EQ(1, join(c, NULL, "mixed", getppid()));
	return 0;
}

static int inside_with_strangers(void *arg)
{
	struct client *c = client_open();
	struct pgnl_view_group sums;
	struct pgnl_view_member m[2];
	struct pgnl_view *view;
	struct pgnl *h;
	int *pipes = arg;
	char byte = 0;

	CHECK(c);
	CHECK_EQ(0, pgnl_open(&h));
	CHECK_EQ(1, join(c, NULL, "mixed", 0));
	view = mapped(h, NULL);
	CHECK(view);
	CHECK_EQ(1, write(pipes[1], &byte, 1));
	CHECK_EQ(1, read(pipes[2], &byte, 1));
	/* Whoever is not visible here is not shown, but the group is there. */
	CHECK_EQ(0, pgnl_view_lookup(view, "outside", &sums));
	CHECK_EQ(0, sums.members);
	CHECK_EQ(-ENODATA, pgnl_view_pick(view, "outside", PGNL_PICK_RANDOM, NULL, m));
	CHECK_EQ(1, pgnl_view_members(view, "mixed", m, 2));
	CHECK_EQ(1, m[0].pid);
	CHECK_EQ(0, pgnl_view_asked(view));
	CHECK_EQ(0, strcmp("", verify(c)));
	pgnl_view_close(view);
	return 0;
}

static int container_with_strangers(void *arg)
{
	new_ns(CLONE_NEWNET | CLONE_NEWPID);
	return in_child(inside_with_strangers, arg);
}

TEST_F(view, members_invisible_in_its_pid_namespace_are_left_out)
{
	int ready_pipe[2], go_pipe[2], pipes[3], status, netns;
	char path[64], byte = 0;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready_pipe));
	ASSERT_EQ(0, pipe(go_pipe));
	pipes[1] = ready_pipe[1];
	pipes[2] = go_pipe[0];
	pid = fork();
	if (!pid)
		_exit(container_with_strangers(pipes));
	close(ready_pipe[1]);
	ASSERT_EQ(1, read(ready_pipe[0], &byte, 1));
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, netns);
	EXPECT_EQ(0, in_child(join_from_outside, &netns));
	ASSERT_EQ(1, write(go_pipe[1], &byte, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(netns);
}

/* --- Ends ------------------------------------------------------------------ */

TEST_F(view, a_view_of_a_deleted_scope_is_dead)
{
	struct pgnl_view *view;
	size_t size;
	const struct pgnl_view_header *head;
	int fd;

	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join(self->c, "s", "g", 0));
	view = mapped(self->h, "s");
	ASSERT_NE(NULL, view);
	fd = view_fd(self->c, "s");
	head = map_fd(fd, &size);
	ASSERT_NE(NULL, head);
	EXPECT_EQ(0, head->flags);
	EXPECT_STREQ("s", (const char *)head->scope);
	ASSERT_EQ(0, scope_del(self->c, "s"));
	EXPECT_EQ(PGNL_VIEW_DEAD, head->flags);
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(view, "g", NULL));
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES));
	/* One of the same name is another; netlink knows it. */
	ASSERT_EQ(0, scope_new(self->c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join(self->c, "s", "h", 0));
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(view, "g", NULL));
	EXPECT_EQ(1, pgnl_view_members(view, "h", NULL, 0));
	EXPECT_EQ(PGNL_VIEW_DEAD, head->flags);
	munmap((void *)head, size);
	close(fd);
	pgnl_view_close(view);
	ASSERT_EQ(0, scope_del(self->c, "s"));
}

static int map_in_new_netns(void *arg)
{
	int *pair = arg;
	struct client *c = client_in_new_netns();
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } control = {
		.head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS },
	};
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct child child;
	int fd;

	CHECK(c);
	CHECK_EQ(0, child_start(&child));
	CHECK_EQ(1, join(c, NULL, "g", child.pid));
	CHECK_EQ(1, join(c, NULL, "g", 0));
	fd = view_fd(c, NULL);
	CHECK(fd >= 0);
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	CHECK_EQ(1, sendmsg(*pair, &msg, 0));
	return 0;
}

static int take_fd(int sock)
{
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(sock, &msg, 0) == 1)
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

TEST_F(view, a_view_outlives_its_network_namespace_dead)
{
	uint64_t before = usage_get(self->c, PGNL_A_LIMIT_USER_VIEW_PAGES);

	for (unsigned int round = 0; again(round, 20); round++) {
		const struct pgnl_view_header *head;
		int pair[2], fd;
		size_t size;

		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
		ASSERT_EQ(0, in_child(map_in_new_netns, &pair[0]));
		fd = take_fd(pair[1]);
		head = map_fd(fd, &size);
		ASSERT_NE(NULL, head);
		close(fd);
		EXPECT_TRUE(WAIT_UNTIL(__atomic_load_n(&head->flags, __ATOMIC_ACQUIRE) ==
				       PGNL_VIEW_DEAD));
		/* What it maps is still there. */
		EXPECT_LE(0, *(int *)((char *)head + head->words_at * 64));
		EXPECT_EQ(1, head->slots - 1);
		munmap((void *)head, size);
		close(pair[0]);
		close(pair[1]);
	}
	EXPECT_EQ(before, usage_get(self->c, PGNL_A_LIMIT_USER_VIEW_PAGES));
}

static bool can_unload(void)
{
	return !syscall(SYS_delete_module, "pgnl", O_NONBLOCK);
}

TEST_F(view, the_module_is_not_unloaded_under_a_mapping)
{
	struct pgnl_view *view;
	int fd = view_fd(self->c, NULL);

	ASSERT_LE(0, fd);
	ASSERT_FALSE(can_unload());
	view = mapped(self->h, NULL);
	ASSERT_NE(NULL, view);
	close(fd);
	ASSERT_FALSE(can_unload());
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(view, "g", NULL));
	pgnl_view_close(view);
}

TEST_F(view, it_costs_nothing_when_nobody_has_it)
{
	uint64_t pages, before = usage_get(self->c, PGNL_A_LIMIT_USER_VIEW_PAGES);
	struct pgnl_view *a, *b;

	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES));
	a = mapped(self->h, NULL);
	ASSERT_NE(NULL, a);
	pages = usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES);
	EXPECT_LT(0, pages);
	b = mapped(self->h, NULL);
	ASSERT_NE(NULL, b);
	EXPECT_EQ(pages, usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES));
	EXPECT_EQ(before + pages, usage_get(self->c, PGNL_A_LIMIT_USER_VIEW_PAGES));
	pgnl_view_close(a);
	EXPECT_EQ(pages, usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES));
	pgnl_view_close(b);
	EXPECT_TRUE(WAIT_UNTIL(!usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES)));
	EXPECT_TRUE(WAIT_UNTIL(usage_get(self->c, PGNL_A_LIMIT_USER_VIEW_PAGES) == before));
}

static int open_and_close(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	for (unsigned int round = 0; again(round, 3000); round++) {
		int fd = view_fd(c, NULL);

		CHECK(fd >= 0);
		close(fd);
	}
	return 0;
}

/* Views come and go while rows do. */
TEST_F(view, opening_and_closing_races_with_changes)
{
	struct crowd crowd;
	pid_t pid;
	int status;

	ASSERT_EQ(0, crowd_start(&crowd, 20));
	pid = fork();
	if (!pid)
		_exit(open_and_close(NULL));
	while (!waitpid(pid, &status, WNOHANG))
		churn(self->c, NULL, &crowd, 5);
	EXPECT_EQ(0, status);
	EXPECT_STREQ("", verify(self->c));
	crowd_end(&crowd);
}

/* --- Limits ---------------------------------------------------------------- */

TEST_F(view, a_full_view_sends_readers_to_netlink_and_is_mended)
{
	struct pgnl_view *view = mapped(self->h, NULL);
	struct pgnl_view_member m;
	struct crowd crowd;
	uint64_t pages;
	char name[32];

	ASSERT_NE(NULL, view);
	ASSERT_EQ(0, crowd_start(&crowd, 200));
	pages = usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES);
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, pages + 4));
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ASSERT_LT(0, join_pids(self->c, NULL, name, crowd.pid, crowd.n));
		ASSERT_EQ(crowd.n, pgnl_view_members(view, name, NULL, 0));
	}
	EXPECT_LT(0, pgnl_view_asked(view));
	EXPECT_GE(pages + 4, usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES));
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(view, "missing", NULL));
	EXPECT_EQ(0, pgnl_view_pick(view, "39", PGNL_PICK_RANDOM, NULL, &m));
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, 100000));
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "%d", i);
		EXPECT_TRUE(COMES_TO_AGREE(view, self->c, NULL, name));
	}
	EXPECT_STREQ("", verify(self->c));
	crowd_end(&crowd);
	pgnl_view_close(view);
}

/* What readers have to ask for because of it is over when it has gone. */
TEST_F(view, a_group_that_not_all_may_read_stays_out_when_it_is_mended)
{
	struct pgnl_view *view;
	char name[32];
	int n = 0;

	ASSERT_EQ(0, group_new_perm(self->c, "secret", 0770));
	view = mapped(self->h, "pg2");
	ASSERT_NE(NULL, view);
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES,
			       usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES)));
	do {
		snprintf(name, sizeof(name), "%d", n);
		ASSERT_EQ(0, group_new(self->c, "pg2", name));
	} while (!*differs_now(view, self->c, "pg2", name) && ++n < 10000);
	ASSERT_GT(10000, n);
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, 100000));
	EXPECT_TRUE(COMES_TO_AGREE(view, self->c, "pg2", name));
	EXPECT_NE(NULL, strstr(differs_now(view, self->c, "pg2", "secret"), "asked netlink"));
	EXPECT_STREQ("", verify(self->c));
	/* Without it the view is whole. */
	ASSERT_EQ(0, group_del(self->c, "pg2", "secret"));
	EXPECT_STREQ("", differs(view, self->c, "pg2", "missing"));
	pgnl_view_close(view);
}

/* Groups find their place in one that is too small, and it grows when it can. */
TEST_F(view, a_directory_that_could_not_grow_catches_up)
{
	uint32_t page = sysconf(_SC_PAGESIZE) / sizeof(struct pgnl_view_bucket), i;
	struct pgnl_view *view = mapped(self->h, "pg2");
	int fd = view_fd(self->c, "pg2");
	const struct pgnl_view_header *head;
	char name[32];
	size_t size;

	ASSERT_NE(NULL, view);
	head = map_fd(fd, &size);
	ASSERT_NE(NULL, head);
	for (i = 0; i < page + 30; i++) {
		/* The next bucket is in a page of its own, the next slots in one that is there. */
		if (i == page)
			ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES,
					       usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES)));
		if (i == page + 10) {
			EXPECT_EQ(page, head->buckets);
			ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, 100000));
		}
		snprintf(name, sizeof(name), "%u", i);
		ASSERT_EQ(0, group_new(self->c, "pg2", name));
	}
	EXPECT_EQ(i, head->buckets);
	while (i--) {
		snprintf(name, sizeof(name), "%u", i);
		EXPECT_STREQ("", differs(view, self->c, "pg2", name));
	}
	EXPECT_EQ(0, pgnl_view_asked(view));
	EXPECT_STREQ("", verify(self->c));
	munmap((void *)head, size);
	close(fd);
	pgnl_view_close(view);
}

/* A name of which a part needs room of its own. */
static const char *long_name(int i)
{
	static char name[64];

	snprintf(name, sizeof(name), "a group that has a rather long name %d", i);
	return name;
}

/*
 * As long as something is missing, a request that names many groups which are not
 * there yet would have much to write with the lock held. Only the mending does that.
 */
TEST_F(view, large_groups_that_are_missing_are_left_to_the_mending)
{
	enum { GROUPS = 30 };
	struct pgnl_view *view = mapped(self->h, NULL);
	struct crowd crowd;
	struct child child;
	struct hold hold;
	int asked = 0;

	ASSERT_NE(NULL, view);
	ASSERT_TRUE(use_cpu(0));
	ASSERT_EQ(0, crowd_start(&crowd, 20));
	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES,
			       usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES)));
	for (int i = 0; i < GROUPS; i++)
		ASSERT_LT(0, join_pids(self->c, NULL, long_name(i), crowd.pid, crowd.n));
	if (!hold_start(&hold))
		SKIP(goto out, "no real-time priority here");
	/* From here on there is room, but the mending can't begin. */
	EXPECT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, 100000));
	member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, long_name(0));
	for (int i = 1; i < GROUPS; i++)
		put_str(self->c, PGNL_A_GROUP, long_name(i));
	put_u32(self->c, PGNL_A_PID, child.pid);
	EXPECT_EQ(0, req_do(self->c));
	for (int i = 0; i < GROUPS; i++)
		asked += !!strstr(differs_now(view, self->c, NULL, long_name(i)), "asked netlink");
	if (hold_lasts(&hold))
		EXPECT_EQ(GROUPS, asked);
	/* A small one costs little. */
	EXPECT_EQ(1, join(self->c, NULL, "small", child.pid));
	EXPECT_STREQ("", differs_now(view, self->c, NULL, "small"));
	hold_end(&hold);
	for (int i = 0; i < GROUPS; i++)
		EXPECT_TRUE(COMES_TO_AGREE(view, self->c, NULL, long_name(i)));
	EXPECT_STREQ("", differs(view, self->c, NULL, "missing"));
out:
	child_kill(&child);
	crowd_end(&crowd);
	pgnl_view_close(view);
}

static int join_with_meta(struct client *c, const char *group, const struct crowd *crowd,
			  const char meta[PGNL_META_MAX])
{
	member_req(c, PGNL_CMD_MEMBER_JOIN, NULL, group);
	put_bin(c, PGNL_A_PIDS, crowd->pid, sizeof(crowd->pid[0]) * crowd->n);
	put_bin(c, PGNL_A_META, meta, PGNL_META_MAX);
	return req_do(c);
}

TEST_F(view, metadata_that_a_full_view_lacks_is_written_when_it_has_room)
{
	struct pgnl_view *view = mapped(self->h, NULL);
	char meta[PGNL_META_MAX] = "of a service";
	struct crowd crowd;
	uint64_t pages;

	ASSERT_NE(NULL, view);
	ASSERT_EQ(0, crowd_start(&crowd, 60));
	ASSERT_LT(0, join_pids(self->c, NULL, "g", crowd.pid, crowd.n));
	ASSERT_TRUE(COMES_TO_AGREE(view, self->c, NULL, "g"));
	pages = usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES);
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, pages));
	ASSERT_EQ(0, join_with_meta(self->c, "g", &crowd, meta));
	EXPECT_NE(NULL, strstr(differs_now(view, self->c, NULL, "g"), "asked netlink"));
	EXPECT_STREQ("", verify(self->c));
	/* Who moves to the place of another takes along that it lacks it. */
	ASSERT_EQ(2, leave_all(self->c, NULL, "g", crowd.pid[0]));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, 100000));
	EXPECT_TRUE(COMES_TO_AGREE(view, self->c, NULL, "g"));
	EXPECT_STREQ("", verify(self->c));
	crowd_end(&crowd);
	pgnl_view_close(view);
}

/*
 * There was no room for the group, and when there is nobody is in it: it is there
 * for a listing that is not read. Who comes then finds it as if it were new.
 */
TEST_F(view, who_joins_a_group_that_once_had_no_room_is_in_it)
{
	struct pgnl_view *view = mapped(self->h, NULL);
	struct client *reader = client_open();
	struct child a;
	char name[32];
	int n = 0;

	ASSERT_NE(NULL, view);
	ASSERT_NE(NULL, reader);
	ASSERT_EQ(0, child_start(&a));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES,
			       usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES)));
	do {
		snprintf(name, sizeof(name), "%d", n);
		ASSERT_EQ(1, join(self->c, NULL, name, a.pid));
	} while (!*differs_now(view, self->c, NULL, name) && ++n < 10000);
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, list_begin(reader, NULL, name));
	ASSERT_EQ(1, leave(self->c, NULL, name, a.pid));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, 100000));
	/* None that is missing is asked for any more. */
	EXPECT_TRUE(COMES_TO_AGREE(view, self->c, NULL, "none"));
	ASSERT_EQ(1, join(self->c, NULL, name, a.pid));
	EXPECT_STREQ("", differs(view, self->c, NULL, name));
	EXPECT_STREQ("", verify(self->c));
	client_close(reader);
	child_kill(&a);
	pgnl_view_close(view);
}

/* What takes the place of who leaves has metadata, for which there is no room. */
TEST_F(view, who_leaves_a_full_view_is_in_no_answer)
{
	enum { GROUPS = 40, N = 60 };
	struct pgnl_view *view = mapped(self->h, NULL);
	char name[32], meta[PGNL_META_MAX] = {};
	struct crowd crowd;
	uint64_t pages;

	ASSERT_NE(NULL, view);
	ASSERT_EQ(0, crowd_start(&crowd, N));
	pages = usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES);
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, pages + 8));
	for (int i = 0; i < GROUPS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ASSERT_EQ(0, join_with_meta(self->c, name, &crowd, meta));
	}
	for (int k = 0; k < N - 1; k++) {
		for (int i = 0; i < GROUPS; i++) {
			snprintf(name, sizeof(name), "%d", i);
			ASSERT_EQ(1, leave(self->c, NULL, name, crowd.pid[k]));
			ASSERT_EQ(N - 1 - k, pgnl_view_members(view, name, NULL, 0));
		}
		if (k == N / 2)
			ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, 100000));
	}
	for (int i = 0; i < GROUPS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		EXPECT_TRUE(COMES_TO_AGREE(view, self->c, NULL, name));
	}
	EXPECT_LT(0, pgnl_view_asked(view));
	EXPECT_STREQ("", verify(self->c));
	crowd_end(&crowd);
	pgnl_view_close(view);
}

static int limited(void *arg)
{
	struct client *c = client_open(), *root = arg;
	uint64_t old = limit_get(root, PGNL_A_LIMIT_USER_VIEW_PAGES);
	int fd;

	CHECK(c);
	CHECK_EQ(0, limit_set(root, PGNL_A_LIMIT_USER_VIEW_PAGES, 2));
	if (setresuid(ALICE, ALICE, 0))
		return 1;
	fd = view_fd(c, NULL);
	CHECK_EQ(-EDQUOT, fd);
	CHECK_EQ(0, strcmp("limit user-view-pages is reached", c->text));
	if (setresuid(0, 0, 0))
		return 1;
	CHECK_EQ(0, limit_set(root, PGNL_A_LIMIT_USER_VIEW_PAGES, old));
	if (setresuid(ALICE, ALICE, 0))
		return 1;
	fd = view_fd(c, NULL);
	CHECK(fd >= 0);
	CHECK(usage_get(c, PGNL_A_LIMIT_USER_VIEW_PAGES) > 2);
	close(fd);
	CHECK(WAIT_UNTIL(!usage_get(c, PGNL_A_LIMIT_USER_VIEW_PAGES)));
	return 0;
}

TEST_F(view, limits_are_named)
{
	EXPECT_EQ(0, in_child(limited, self->c));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, 0));
	EXPECT_EQ(-EDQUOT, view_fd(self->c, NULL));
	EXPECT_STREQ("limit net-view-pages is reached", self->c->text);
}

static int without_descriptors(void *arg)
{
	struct client *c = arg;
	struct rlimit old, none;
	int fd;

	CHECK_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = 0;
	CHECK_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	CHECK_EQ(-EMFILE, view_fd(c, NULL));
	CHECK_EQ(0, strcmp("no file descriptor is left", c->text));
	CHECK_EQ(0, usage_get(c, PGNL_A_LIMIT_NET_VIEW_PAGES));
	CHECK_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	fd = view_fd(c, NULL);
	CHECK(fd >= 0);
	close(fd);
	return 0;
}

TEST_F(view, it_takes_a_descriptor)
{
	EXPECT_EQ(0, in_child(without_descriptors, self->c));
}

TEST_F(view, malformed_requests_are_refused)
{
	req_new(self->c, PGNL_CMD_VIEW_GET);
	put_str(self->c, PGNL_A_SCOPE, "");
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_EQ(PGNL_A_SCOPE, blamed(self->c));
	req_new(self->c, PGNL_CMD_VIEW_GET);
	put_str(self->c, PGNL_A_SCOPE, "pg");
	put_str(self->c, PGNL_A_SCOPE, "pg");
	EXPECT_EQ(-EINVAL, req_do(self->c));
	req_new(self->c, PGNL_CMD_VIEW_GET);
	put_str(self->c, PGNL_A_GROUP, "g");
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_EQ(-ENOENT, view_fd(self->c, "missing"));
}

TEST_HARNESS_MAIN
