// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module comes and goes while it is used: by living and dying members, by
 * readers, by network namespaces that come and go themselves. What it leaves
 * behind would show in the kernel log, which is looked at after each test.
 *
 * The file is $PGNL_TOP/build/kmod-RELEASE/pgnl.ko. In the end it is loaded.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "kselftest_harness.h"
#include "agent.h"
#include "common.h"
#include "events.h"
#include "pgnl.h"
#include "proc.h"
#include "reads.h"
#include "inbox.h"

#define LIMIT_S		600
#define PROCESSES	64

static bool loaded(void)
{
	return !access("/sys/module/pgnl", F_OK);
}

static int load(void)
{
	struct utsname uts;
	const char *path;
	int fd, ret;

	uname(&uts);
	path = say("%s/build/kmod-%s/pgnl.ko", getenv("PGNL_TOP") ? : ".", uts.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

/* -EWOULDBLOCK when it is in use. */
static int unload(void)
{
	return syscall(SYS_delete_module, "pgnl", O_NONBLOCK) ? -errno : 0;
}

/* Entries of a folder that start with "pgnl"; links to what was merged don't count. */
static int traces_in(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int n = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		n += !strncmp(entry->d_name, "pgnl", 4) && entry->d_type != DT_LNK;
	closedir(dir);
	return n;
}

/* What an unloaded module has left where it can be seen; "" for nothing. */
static const char *leftovers(void)
{
	static const char *const folders[] = {
		"/sys/module", "/sys/kernel/slab", "/sys/kernel/debug",
		"/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events",
	};
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (traces_in(folders[i]))
			return folders[i];
	return "";
}

FIXTURE(load) {
	struct client *c;
	struct crowd crowd;
};

FIXTURE_SETUP(load)
{
	OPEN_OR_SKIP(self->c, client_open());
	ASSERT_EQ(0, crowd_start(&self->crowd, PROCESSES));
}

FIXTURE_TEARDOWN(load)
{
	if (!loaded()) {
		EXPECT_EQ(0, load());
	}
	crowd_end(&self->crowd);
	client_close(self->c);
	self->c = client_open();
	EXPECT_STREQ("", verify(self->c));
	EXPECT_STREQ("", scope_miscounted(self->c, NULL, 0, 0));
	client_close(self->c);
}

/* Everybody into 20 groups. */
static void join_all(struct __test_metadata *_metadata, FIXTURE_DATA(load) *self)
{
	int g;

	for (g = 0; g < 20; g++) {
		ASSERT_LT(0, join_pids(self->c, NULL, say("g-%d", g), self->crowd.pid,
				       self->crowd.n));
	}
}

/* Out and in again, with a new socket, since the family's number changes. */
static void reload(struct __test_metadata *_metadata, FIXTURE_DATA(load) *self)
{
	ASSERT_EQ(0, load());
	client_close(self->c);
	self->c = client_open();
	ASSERT_TRUE(self->c);
}

TEST_F(load, members_that_outlive_it)
{
	uint64_t id, epoch;

	req_new(self->c, PGNL_CMD_INFO_GET);
	ASSERT_EQ(0, req_do(self->c));
	epoch = reply_u64(self->c, PGNL_A_EPOCH);
	join_all(_metadata, self);
	id = reply_id(self->c, self->crowd.n - 1);
	ASSERT_EQ(0, unload());
	EXPECT_STREQ("", leftovers());
	crowd_kill(&self->crowd, 0);
	reload(_metadata, self);

	/* They are members of nothing now, and ids are not used again. */
	EXPECT_STREQ("", scope_miscounted(self->c, NULL, 0, 0));
	EXPECT_EQ(1, join(self->c, NULL, "g", self->crowd.pid[1]));
	EXPECT_LT(id, reply_id(self->c, 0));
	req_new(self->c, PGNL_CMD_INFO_GET);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_LT(epoch, reply_u64(self->c, PGNL_A_EPOCH));
}

/* One that is mapped keeps the module. */
TEST_F(load, a_view_without_a_mapping_asks_the_module_that_is_loaded)
{
	struct pgnl *handle;
	struct pgnl_view *view;
	struct pgnl_view_group group;

	ASSERT_EQ(0, pgnl_open(&handle));
	ASSERT_EQ(0, pgnl_limit_set(handle, PGNL_LIMIT_NET_VIEW_PAGES, 0));
	ASSERT_EQ(0, pgnl_view_open(handle, NULL, 0, &view));
	ASSERT_EQ(0, pgnl_view_mapped(view));
	ASSERT_EQ(0, unload());
	EXPECT_EQ(-ENOTCONN, pgnl_view_lookup(view, "g", &group));
	reload(_metadata, self);
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(view, "g", &group));
	ASSERT_EQ(1, join(self->c, NULL, "g", self->crowd.pid[0]));
	EXPECT_EQ(0, pgnl_view_lookup(view, "g", &group));
	EXPECT_EQ(1, group.members);
	pgnl_view_close(view);
	pgnl_close(handle);
}

TEST_F(load, members_that_die_at_that_moment)
{
	unsigned int round;
	size_t i;

	for (round = 0; again(round, 10); round++) {
		join_all(_metadata, self);
		for (i = 0; i < self->crowd.n; i++)
			kill(self->crowd.pid[i], SIGKILL);
		ASSERT_EQ(0, unload());
		crowd_end(&self->crowd);
		ASSERT_EQ(0, crowd_start(&self->crowd, PROCESSES));
		reload(_metadata, self);
	}
}

TEST_F(load, members_that_are_zombies)
{
	struct child child;
	int pidfd;

	ASSERT_EQ(0, child_start(&child));
	pidfd = open_pidfd(child.pid);
	ASSERT_EQ(1, join(self->c, NULL, "g", child.pid));
	child_tell(&child, 0);
	ASSERT_TRUE(wait_readable(pidfd));
	ASSERT_EQ(0, unload());
	ASSERT_EQ(child.pid, waitpid(child.pid, NULL, 0));
	close(pidfd);
}

TEST_F(load, open_socket_does_not_keep_it)
{
	ASSERT_EQ(0, unload());
	EXPECT_STREQ("", leftovers());
	req_new(self->c, PGNL_CMD_INFO_GET);
	EXPECT_EQ(-ENOENT, req_do(self->c));
	EXPECT_EQ(NULL, client_open());
	EXPECT_EQ(ENOENT, errno);
}

TEST_F(load, open_inboxes_do_not_keep_it_and_are_told)
{
	struct client *inbox = client_open();
	struct letter letter;
	struct kid kid;

	ASSERT_NE(NULL, inbox);
	ASSERT_EQ(0, inbox_open(inbox, NULL));
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	ASSERT_EQ(0, kid_ready(&kid, kid_reads, NULL));
	ASSERT_EQ(1, join(self->c, NULL, "g", kid.pid));
	EXPECT_STREQ("2", send_text(self->c, "g", "last"));
	ASSERT_EQ(0, unload());
	EXPECT_STREQ("", leftovers());
	EXPECT_EQ(1, take(inbox, &letter));
	EXPECT_EQ(-ESHUTDOWN, take(inbox, &letter));
	EXPECT_EQ(0, take(inbox, &letter));
	/* One of them ends while it is out, the other one while it is in again. */
	kid_kill(&kid);
	reload(_metadata, self);
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_INBOXES));
	client_close(inbox);
}

TEST_F(load, unfinished_dump_keeps_it)
{
	struct client *reader = client_open();
	int g;

	/* More than a few messages can hold. */
	for (g = 0; g < 100; g++) {
		ASSERT_EQ(1, join_pids(self->c, NULL, say("g-%d", g), self->crowd.pid,
				       self->crowd.n));
	}
	ASSERT_EQ(0, list_begin(reader, NULL, NULL));
	EXPECT_EQ(-EWOULDBLOCK, unload());
	EXPECT_STREQ("", miscounted(self->c, NULL, "g-0", self->crowd.n));
	client_close(reader);
	EXPECT_TRUE(wait_until(!unload()));
	EXPECT_STREQ("", leftovers());
}

/* They are told, and what they have been told can still be read. */
TEST_F(load, subscribers_are_told_and_do_not_keep_it)
{
	static struct ear scope, group, deaf;
	int room = 4096;

	scope.c = client_open();
	group.c = client_open();
	deaf.c = client_open();
	ASSERT_LT(0, subscribe(scope.c, NULL, NULL));
	ASSERT_LT(0, subscribe(group.c, "pg2", "g"));
	ASSERT_EQ(0, setsockopt(deaf.c->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)));
	ASSERT_LT(0, subscribe(deaf.c, NULL, NULL));
	join_all(_metadata, self);
	ASSERT_EQ(0, unload());
	EXPECT_STREQ("", leftovers());
	/* Many joins in few lines: each group is an event. */
	EXPECT_NE(NULL, strstr(heard(&scope, NULL, 0, NULL, 20 * PROCESSES + 1),
			       "scope-deleted"));
	EXPECT_STREQ("scope-deleted by=?\n", heard(&group, NULL, 0, NULL, 1));
	client_close(scope.c);
	reload(_metadata, self);
	/* Their sockets are from before, and have no subscription now. */
	EXPECT_EQ(-ENOENT, unsubscribe(group.c, 1));
	client_close(group.c);
	client_close(deaf.c);
	EXPECT_EQ(0, usage_get(self->c, PGNL_A_LIMIT_NET_SUBSCRIPTIONS));
}

TEST_F(load, subscribers_that_close_at_that_moment)
{
	unsigned int round;
	struct client *c;
	pid_t pid;

	for (round = 0; again(round, 30); round++) {
		pid = fork();
		if (!pid) {
			c = client_open();
			if (c && subscribe(c, NULL, NULL) > 0 && subscribe(c, NULL, "g") > 0)
				join(c, NULL, "g", 0);
			_exit(0);
		}
		/* Sooner or later within the life of the child. */
		usleep(round % 8 * 500);
		ASSERT_TRUE(WAIT_UNTIL(!unload()));
		waitpid(pid, NULL, 0);
		reload(_metadata, self);
	}
}

/* Neither its socket, nor what it has put in, nor what waits for its grace. */
TEST_F(load, agents_do_not_keep_it)
{
	const struct pgnl_row row = { .id = 7, .pid = 1, .count = 1, .weight = 1 };
	struct client *agent;
	int round;

	for (round = 0; round < 2; round++) {
		agent = client_open();
		ASSERT_TRUE(agent);
		ASSERT_EQ(0, peer(agent, PGNL_CMD_AGENT_REGISTER, "here", 3));
		ASSERT_EQ(0, peer(agent, PGNL_CMD_NODE_SET, "there", 1));
		ASSERT_EQ(0, put_row(agent, NULL, &row));
		ASSERT_EQ(0, peer(agent, PGNL_CMD_REMOTE_BEGIN, "there", 1));
		if (round)
			client_close(agent);
		ASSERT_EQ(0, unload());
		EXPECT_STREQ("", leftovers());
		reload(_metadata, self);
		if (!round)
			client_close(agent);
		EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
	}
}

TEST_F(load, other_network_namespaces_with_members)
{
	struct client *other = client_in_new_netns();

	ASSERT_TRUE(other);
	ASSERT_EQ(0, scope_new(other, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join_pids(other, "s", "g", self->crowd.pid, self->crowd.n));
	ASSERT_EQ(1, join_pids(other, NULL, "g", self->crowd.pid, self->crowd.n));
	ASSERT_EQ(0, unload());
	EXPECT_STREQ("", leftovers());
	client_close(other);
}

/* The child is the last one in the namespace, and one of its members. */
TEST_F(load, network_namespace_that_goes_with_its_members)
{
	struct client *c = client_in_new_netns(), *old;
	struct child child;
	unsigned int round;

	for (round = 0; again(round, 20); round++) {
		ASSERT_TRUE(c);
		ASSERT_EQ(0, child_start(&child));
		ASSERT_EQ(1, join_pids(c, NULL, "g", self->crowd.pid, self->crowd.n));
		ASSERT_EQ(2, join(c, NULL, "g", self->crowd.pid[0]));
		ASSERT_EQ(1, join(c, NULL, "g", child.pid));
		old = c;
		c = client_in_new_netns();
		client_close(old);
		child_kill(&child);
	}
	client_close(c);
	ASSERT_EQ(0, unload());
	EXPECT_STREQ("", leftovers());
}

/* --- Under load ----------------------------------------------------------- */

/* One of the users of the module; they take its absence as it comes. */
struct user {
	pthread_t thread;
	void (*use)(struct client *c, unsigned int i);
	struct client *(*open)(void);
	atomic_uint uses;
};

static atomic_bool users_stop;
static const struct crowd *users_crowd;

static void *user_main(void *arg)
{
	struct user *user = arg;
	struct client *c;
	unsigned int i;

	while (!atomic_load(&users_stop)) {
		c = user->open();
		if (!c) {
			sched_yield();
			continue;
		}
		for (i = 0; i < 20 && !atomic_load(&users_stop); i++)
			user->use(c, i);
		client_close(c);
		atomic_fetch_add(&user->uses, 1);
	}
	return NULL;
}

static void use_rows(struct client *c, unsigned int i)
{
	const pid_t *pids = users_crowd->pid;

	if (i % 2)
		join_pids(c, NULL, say("g-%u", i % 8), pids, PROCESSES);
	else
		leave_all(c, NULL, say("g-%u", i % 8), pids[i % PROCESSES]);
}

static void use_and_die(struct client *c, unsigned int i)
{
	struct child child;

	if (child_start(&child))
		return;
	join(c, NULL, "mortals", child.pid);
	join(c, NULL, say("g-%u", i % 8), child.pid);
	child_kill(&child);
}

static void use_by_reading(struct client *c, unsigned int i)
{
	struct members list = {};
	struct pgnl_row row;

	members(c, NULL, say("g-%u", i % 8), &list);
	pick(c, NULL, "mortals", PGNL_POLICY_RANDOM, &row);
	if (i % 8 == 0)
		members_dump(c, NULL, "mortals", &list);
	members_free(&list);
}

static void use_scopes(struct client *c, unsigned int i)
{
	scope_new(c, "volatile", PGNL_SCOPE_MODE_PG2);
	group_new(c, "volatile", "g");
	join_pids(c, "volatile", "g", users_crowd->pid, i % PROCESSES + 1);
	scope_del(c, "volatile");
}

TEST_F_TIMEOUT(load, loop_under_load, LIMIT_S)
{
	struct user users[] = {
		{ .use = use_rows, .open = client_open },
		{ .use = use_and_die, .open = client_open },
		{ .use = use_by_reading, .open = client_open },
		{ .use = use_scopes, .open = client_in_new_netns },
	};
	const size_t n = sizeof(users) / sizeof(*users);
	unsigned int round, uses[n];
	size_t i;

	users_crowd = &self->crowd;
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, pthread_create(&users[i].thread, NULL, user_main, &users[i]));
	}
	for (round = 0; again(round, 20); round++) {
		/* Each of them has had a go since it was loaded. */
		for (i = 0; i < n; i++)
			uses[i] = atomic_load(&users[i].uses);
		for (i = 0; i < n; i++) {
			ASSERT_TRUE(wait_until(atomic_load(&users[i].uses) != uses[i]));
		}
		ASSERT_TRUE(wait_until(!unload()));
		ASSERT_STREQ("", leftovers());
		ASSERT_EQ(0, load());
	}
	atomic_store(&users_stop, true);
	for (i = 0; i < n; i++)
		pthread_join(users[i].thread, NULL);
}

TEST_HARNESS_MAIN
