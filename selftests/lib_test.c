// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What libpgnl itself promises on top of the kernel's answers: arguments,
 * lists of any length, errors with their words, handles and their processes,
 * and a pidfd that never hits another process.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "kselftest_harness.h"
#include "common.h"
#include "handle.h"
#include "pgnl.h"
#include "proc.h"
#include "reads.h"

/* --- What happens between a call of the library and the kernel ------------ */

static void (*before_send)(void);	/* called once */
static int sends;
static int failing_receives;		/* with ENOBUFS */
static int interrupted_receives;	/* marked as part of an interrupted dump */

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *,
			socklen_t) = dlsym(RTLD_NEXT, "sendto");
	void (*hook)(void) = before_send;

	sends++;
	before_send = NULL;
	if (hook)
		hook();
	return real(fd, buf, len, flags, to, to_len);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t (*real)(int, struct msghdr *, int) = dlsym(RTLD_NEXT, "recvmsg");
	ssize_t n;

	if (failing_receives) {
		failing_receives--;
		errno = ENOBUFS;
		return -1;
	}
	n = real(fd, msg, flags);
	if (n > 0 && interrupted_receives) {
		interrupted_receives--;
		((struct nlmsghdr *)msg->msg_iov->iov_base)->nlmsg_flags |= NLM_F_DUMP_INTR;
	}
	return n;
}

/* -------------------------------------------------------------------------- */

FIXTURE(lib) {
	struct pgnl *h;
	struct child child;
	struct crowd crowd;
};

FIXTURE_SETUP(lib)
{
	HANDLE_OR_SKIP(self->h);
	ASSERT_EQ(0, child_start(&self->child));
}

FIXTURE_TEARDOWN(lib)
{
	char verdict[256] = "";

	EXPECT_EQ(0, pgnl_verify(self->h, verdict, sizeof(verdict)))
		TH_LOG("%s", verdict);
	crowd_end(&self->crowd);
	child_exit(&self->child, 0);
	pgnl_close(self->h);
}

/* Was the last refusal this one? An empty text means that there has to be one. */
static bool refused(struct pgnl *h, int code, const char *attr, uint32_t index)
{
	const struct pgnl_error *error = pgnl_last_error(h);
	bool same = error->code == code && !strcmp(error->attr, attr) &&
		    error->index == index && error->text[0];

	if (!same)
		printf("# errno %d, text '%s', attribute '%s', index %u\n", error->code,
		       error->text, error->attr, error->index);
	return same;
}

static size_t times_in(const struct pgnl_members *list, pid_t pid)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->member[i].pid == pid;
	return n;
}

/* How many of these processes the list has exactly once. */
static size_t found_once(const struct pgnl_members *list, const struct crowd *crowd)
{
	size_t found = 0;

	for (size_t i = 0; i < crowd->n; i++)
		found += times_in(list, crowd->pid[i]) == 1;
	return found;
}

/* --- Arguments and errors ------------------------------------------------- */

TEST_F(lib, options_of_a_join_are_read_back)
{
	struct pgnl_join_opts opts = {
		.times = 3, .weight = 1000, .meta = "a\0b", .meta_len = 3,
	};
	struct pgnl_members *list;
	struct pgnl_joined joined;

	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", 0, &opts, &joined));
	EXPECT_EQ(3, joined.count);
	ASSERT_EQ(0, pgnl_members(self->h, NULL, "g", 0, &list, NULL));
	ASSERT_EQ(1, list->n);
	EXPECT_EQ(joined.id, list->member[0].id);
	EXPECT_EQ(getpid(), list->member[0].pid);
	EXPECT_EQ(3, list->member[0].count);
	EXPECT_EQ(1000, list->member[0].weight);
	EXPECT_EQ(getuid(), list->member[0].uid);
	EXPECT_EQ(PGNL_UP, list->member[0].state);
	EXPECT_EQ(NULL, list->member[0].node);
	EXPECT_EQ(NULL, list->member[0].scope);
	EXPECT_EQ(NULL, list->member[0].group);
	ASSERT_EQ(3, list->member[0].meta_len);
	EXPECT_EQ(0, memcmp("a\0b", list->member[0].meta, 3));
	pgnl_free(list);

	opts = (struct pgnl_join_opts) { .meta = "" };
	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", 0, &opts, &joined));
	ASSERT_EQ(0, pgnl_members(self->h, NULL, "g", 0, &list, NULL));
	EXPECT_EQ(NULL, list->member[0].meta);
	EXPECT_EQ(1000, list->member[0].weight);
	pgnl_free(list);
}

TEST_F(lib, an_error_names_the_attribute_and_its_place)
{
	const pid_t pids[] = { 0, self->child.pid, dead_pid(), 0 };
	struct pgnl_members *list;
	const char *const groups[] = { "a", "b", "", "d" };

	EXPECT_EQ(-ESRCH, pgnl_join_many(self->h, NULL, groups, 2, pids, 4, NULL, NULL));
	EXPECT_TRUE(refused(self->h, ESRCH, "pid", 2));
	EXPECT_EQ(-EINVAL, pgnl_join_many(self->h, NULL, groups, 4, pids, 2, NULL, NULL));
	EXPECT_TRUE(refused(self->h, EINVAL, "group", 2));
	EXPECT_EQ(-ENOENT, pgnl_join(self->h, "nowhere", "g", 0, NULL, NULL));
	EXPECT_TRUE(refused(self->h, ENOENT, "scope", 0));
	EXPECT_EQ(0, pgnl_members(self->h, NULL, NULL, 0, &list, NULL));
	EXPECT_EQ(0, list->n);
	pgnl_free(list);
}

TEST_F(lib, a_success_leaves_the_last_error_as_it_is)
{
	EXPECT_EQ(0, pgnl_last_error(self->h)->code);
	EXPECT_EQ(-ENOENT, pgnl_join(self->h, "nowhere", "g", 0, NULL, NULL));
	EXPECT_EQ(0, pgnl_join(self->h, NULL, "g", 0, NULL, NULL));
	EXPECT_TRUE(refused(self->h, ENOENT, "scope", 0));
}

TEST_F(lib, bad_arguments_are_invalid_and_named)
{
	struct pgnl_join_opts opts = { .weight = 1001 };
	struct pgnl_pick_opts pick = { .uid = PGNL_ANY_UID, .key = "", .key_len = 0 };
	struct pgnl_members *list = (void *)self;
	char name[257], meta[257];

	memset(meta, 'm', sizeof(meta));
	memset(name, 'n', 256);
	name[256] = '\0';
	EXPECT_EQ(-EINVAL, pgnl_join(self->h, NULL, name, 0, NULL, NULL));
	EXPECT_TRUE(refused(self->h, EINVAL, "group", 0));
	EXPECT_EQ(-EINVAL, pgnl_join(self->h, NULL, NULL, 0, NULL, NULL));
	EXPECT_TRUE(refused(self->h, EINVAL, "group", 0));
	name[64] = '\0';
	EXPECT_EQ(-EINVAL, pgnl_join(self->h, name, "g", 0, NULL, NULL));
	EXPECT_TRUE(refused(self->h, EINVAL, "scope", 0));
	EXPECT_EQ(-EINVAL, pgnl_join(self->h, NULL, "g", -1, NULL, NULL));
	EXPECT_TRUE(refused(self->h, EINVAL, "pid", 0));
	EXPECT_EQ(-EINVAL, pgnl_join(self->h, NULL, "g", 0, &opts, NULL));
	EXPECT_TRUE(refused(self->h, EINVAL, "weight", 0));
	opts = (struct pgnl_join_opts) { .meta = meta, .meta_len = 257 };
	EXPECT_EQ(-EINVAL, pgnl_join(self->h, NULL, "g", 0, &opts, NULL));
	EXPECT_TRUE(refused(self->h, EINVAL, "meta", 0));
	EXPECT_EQ(-EINVAL, pgnl_pick(self->h, NULL, "g", 99, &pick, &list));
	EXPECT_EQ(NULL, list);
	EXPECT_EQ(-EINVAL, pgnl_pick(self->h, NULL, "g", PGNL_PICK_KEY, &pick, &list));
	EXPECT_TRUE(refused(self->h, EINVAL, "key", 0));
	EXPECT_EQ(-EINVAL, pgnl_limit_set(self->h, PGNL_N_LIMITS, 1));
	EXPECT_EQ(-EINVAL, pgnl_leave_id(self->h, NULL, "", 1, 1, NULL));
	EXPECT_TRUE(refused(self->h, EINVAL, "group", 0));
}

TEST_F(lib, an_alias_is_taken_away_where_it_is)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct pgnl_scopes *scopes;
	struct pgnl *from;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, pgnl_open(&from));
	ASSERT_EQ(0, pgnl_scope_share(from, "pg2", fd, "alias"));
	ASSERT_EQ(0, pgnl_scopes(self->h, "alias", &scopes));
	pgnl_free(scopes);
	EXPECT_EQ(0, pgnl_scope_unshare(self->h, "alias", -1));
	EXPECT_EQ(-ENOENT, pgnl_scopes(self->h, "alias", &scopes));
	EXPECT_EQ(-ENOENT, pgnl_scope_unshare(self->h, "alias", -1));
	EXPECT_TRUE(refused(self->h, ENOENT, "alias", 0));
	pgnl_close(from);
	close(fd);
}

TEST_F(lib, nothing_is_closed_as_well)
{
	pgnl_close(NULL);
	pgnl_watch_close(NULL);
	pgnl_inbox_close(NULL);
	pgnl_view_close(NULL);
	pgnl_agent_close(NULL);
	pgnl_gg_monitor_close(NULL);
	pgnl_free(NULL);
}

TEST_F(lib, a_signal_goes_to_whom_the_options_say)
{
	struct pgnl_signal_opts opts = { .uid = PGNL_ANY_UID, .policy = PGNL_PICK_KEY,
		.key = "k", .key_len = 1, .flags = PGNL_ONE };
	struct pgnl_signalled done;
	struct pgnl_joined joined;
	uint64_t ids[2] = { 1 };

	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", self->child.pid, NULL, &joined));
	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", 0, NULL, NULL));
	ASSERT_EQ(0, pgnl_signal(self->h, NULL, "g", 0, NULL, &done));
	EXPECT_EQ(2, done.reached);
	EXPECT_EQ(0, done.refused);
	EXPECT_EQ(0, done.gone);
	ASSERT_EQ(0, pgnl_signal(self->h, NULL, "g", 0, &opts, &done));
	EXPECT_EQ(1, done.reached);
	opts = (struct pgnl_signal_opts){ .uid = PGNL_ANY_UID, .flags = PGNL_OTHERS | PGNL_LOCAL };
	ASSERT_EQ(0, pgnl_signal(self->h, NULL, "g", 0, &opts, &done));
	EXPECT_EQ(1, done.reached);
	ids[1] = joined.id;
	opts = (struct pgnl_signal_opts){ .uid = PGNL_ANY_UID, .ids = ids, .n_ids = 2 };
	ASSERT_EQ(0, pgnl_signal(self->h, NULL, "g", 0, &opts, &done));
	EXPECT_EQ(1, done.reached);
	/* A list of nobody is not the same as none. */
	opts.n_ids = 0;
	ASSERT_EQ(0, pgnl_signal(self->h, NULL, "g", 0, &opts, &done));
	EXPECT_EQ(0, done.reached);
	opts = (struct pgnl_signal_opts){ .uid = 12345 };
	ASSERT_EQ(0, pgnl_signal(self->h, NULL, "g", 0, &opts, &done));
	EXPECT_EQ(0, done.reached);
	EXPECT_EQ(-EINVAL, pgnl_signal(self->h, NULL, "g", -1, NULL, &done));
	EXPECT_TRUE(refused(self->h, EINVAL, "signal", 0));
	EXPECT_EQ(-EINVAL, pgnl_signal(self->h, NULL, "g", 65, NULL, &done));
	EXPECT_EQ(-ENOENT, pgnl_signal(self->h, NULL, "missing", 0, NULL, &done));
	EXPECT_TRUE(refused(self->h, ENOENT, "group", 0));
}

TEST_F(lib, a_signal_takes_a_value_along)
{
	struct pgnl_signal_opts opts = { .uid = PGNL_ANY_UID, .flags = PGNL_QUEUE,
		.value.sival_int = 42 };
	const struct timespec none = { 0 };
	struct pgnl_signalled done;
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", 0, NULL, NULL));
	ASSERT_EQ(0, pgnl_signal(self->h, NULL, "g", SIGUSR1, &opts, &done));
	EXPECT_EQ(1, done.reached);
	ASSERT_EQ(SIGUSR1, sigtimedwait(&set, &info, &none));
	EXPECT_EQ(SI_QUEUE, info.si_code);
	EXPECT_EQ(42, info.si_value.sival_int);
}

TEST_F(lib, the_longest_request_goes_and_a_longer_one_is_refused)
{
	static struct pgnl_joined joined[4096];
	static pid_t pids[4097];
	static char names[4096][256];
	static const char *groups[4096];
	const char *group = "g";

	for (int i = 0; i < 4097; i++)
		pids[i] = i % 2 ? self->child.pid : 0;
	ASSERT_EQ(0, pgnl_join_many(self->h, NULL, &group, 1, pids, 4096, NULL, joined));
	EXPECT_EQ(2048, joined[0].count);
	EXPECT_EQ(2048, joined[4095].count);
	EXPECT_NE(joined[0].id, joined[1].id);
	EXPECT_EQ(joined[0].id, joined[4094].id);
	EXPECT_EQ(4096, pgnl_leave_many(self->h, NULL, &group, 1, pids, 4096, 1, NULL));

	EXPECT_EQ(-E2BIG, pgnl_join_many(self->h, NULL, &group, 1, pids, 4097, NULL, NULL));
	EXPECT_TRUE(refused(self->h, E2BIG, "", 0));
	/* Within the number of rows, but more bytes than a message may have. */
	for (int i = 0; i < 4096; i++) {
		memset(names[i], 'n', 255);
		groups[i] = names[i];
	}
	EXPECT_EQ(-E2BIG, pgnl_join_many(self->h, NULL, groups, 4096, pids, 1, NULL, NULL));
	EXPECT_TRUE(refused(self->h, E2BIG, "", 0));
	EXPECT_EQ(0, pgnl_leave(self->h, NULL, "g", 0, 1, NULL));
}

TEST_F(lib, limits_and_use_may_each_be_left_out)
{
	uint64_t limits[PGNL_N_LIMITS], usage[PGNL_N_LIMITS];

	EXPECT_EQ(0, pgnl_limits(self->h, NULL, NULL, PGNL_N_LIMITS));
	EXPECT_EQ(0, pgnl_limits(self->h, NULL, usage, PGNL_N_LIMITS));
	EXPECT_EQ(0, pgnl_limits(self->h, limits, NULL, PGNL_N_LIMITS));
	EXPECT_EQ(3, usage[PGNL_LIMIT_NET_SCOPES]);
	EXPECT_EQ(0, pgnl_limit_set(self->h, PGNL_LIMIT_NET_GROUPS, 7));
	EXPECT_EQ(0, pgnl_limits(self->h, limits, NULL, PGNL_N_LIMITS));
	EXPECT_EQ(7, limits[PGNL_LIMIT_NET_GROUPS]);
}

static bool has_no_groups(struct pgnl *h)
{
	uint64_t used;

	return !pgnl_limits(h, NULL, &used, 1) && !used;
}

/* Callers built with an older header have room for less, with a newer for more. */
TEST_F(lib, limits_and_counters_fill_what_there_is_room_for)
{
	uint64_t got[PGNL_N_LIMITS + PGNL_N_STATS], all[PGNL_N_STATS];
	const uint64_t mark = 0x123456789;

	/* Network namespaces that a test before has left are still on their way. */
	ASSERT_TRUE(wait_until(has_no_groups(self->h)));
	memset(got, 0xff, sizeof(got));
	got[1] = mark;
	EXPECT_EQ(0, pgnl_limits(self->h, NULL, got, 1));
	EXPECT_EQ(0, got[0]);
	EXPECT_EQ(mark, got[1]);
	EXPECT_EQ(0, pgnl_limits(self->h, got, got, 0));
	EXPECT_EQ(0, pgnl_limits(self->h, NULL, got, PGNL_N_LIMITS + 1));
	EXPECT_EQ(3, got[PGNL_LIMIT_NET_SCOPES]);
	EXPECT_EQ(0, got[PGNL_N_LIMITS]);

	got[2] = mark;
	EXPECT_EQ(0, pgnl_stats(self->h, got, 2));
	EXPECT_EQ(3, got[PGNL_STAT_SCOPES]);
	EXPECT_EQ(mark, got[2]);
	EXPECT_EQ(0, pgnl_stats(self->h, all, PGNL_N_STATS));
	EXPECT_EQ(3, all[PGNL_STAT_SCOPES]);
	EXPECT_NE(NULL, pgnl_stat_name(PGNL_N_STATS - 1));
	EXPECT_EQ(NULL, pgnl_stat_name(PGNL_N_STATS));
}

/* --- Lists ---------------------------------------------------------------- */

TEST_F(lib, a_missing_group_differs_from_an_empty_one)
{
	struct pgnl_members *list;
	int missing = 5;

	ASSERT_EQ(0, pgnl_members(self->h, "pg2", "g", 0, &list, &missing));
	EXPECT_EQ(1, missing);
	EXPECT_EQ(0, list->n);
	pgnl_free(list);
	ASSERT_EQ(0, pgnl_group_create(self->h, "pg2", "g", PGNL_KEEP, PGNL_KEEP, PGNL_KEEP));
	ASSERT_EQ(0, pgnl_members(self->h, "pg2", "g", 0, &list, &missing));
	EXPECT_EQ(0, missing);
	EXPECT_EQ(0, list->n);
	pgnl_free(list);
	EXPECT_EQ(-ENOENT, pgnl_members(self->h, "nowhere", "g", 0, &list, &missing));
	EXPECT_EQ(NULL, list);
}

TEST_F(lib, a_group_of_any_size_is_listed_whole)
{
	static const size_t sizes[] = { 1, 10, 11, 500, 1000, 3000 };
	struct pgnl_members *list;
	const char *group = "g";
	size_t joined = 0;

	ASSERT_EQ(0, crowd_start(&self->crowd, 3000));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		ASSERT_EQ(0, pgnl_join_many(self->h, NULL, &group, 1,
					    self->crowd.pid + joined, sizes[i] - joined,
					    NULL, NULL));
		joined = sizes[i];
		ASSERT_EQ(0, pgnl_members(self->h, NULL, "g", 0, &list, NULL));
		EXPECT_EQ(joined, list->n);
		EXPECT_EQ(joined, found_once(list, &self->crowd));
		pgnl_free(list);
		ASSERT_EQ(0, pgnl_members(self->h, NULL, NULL, PGNL_LOCAL, &list, NULL));
		EXPECT_EQ(joined, list->n);
		pgnl_free(list);
	}
}

TEST_F(lib, a_scope_is_listed_with_the_names_of_its_groups)
{
	char name[256], meta[16];
	struct pgnl_members *list;
	struct pgnl_groups *groups;
	int rounds = 300;

	for (int i = 0; i < rounds; i++) {
		struct pgnl_join_opts opts = { .meta = meta };

		snprintf(name, sizeof(name), "%0*d", i % 255 + 1, i);
		opts.meta_len = (size_t)snprintf(meta, sizeof(meta), "m%d", i);
		ASSERT_EQ(0, pgnl_join(self->h, NULL, name, 0, &opts, NULL));
		ASSERT_EQ(0, pgnl_join(self->h, NULL, name, self->child.pid, &opts, NULL));
	}
	ASSERT_EQ(0, pgnl_groups(self->h, NULL, 0, &groups));
	ASSERT_EQ(0, pgnl_members(self->h, NULL, NULL, 0, &list, NULL));
	EXPECT_EQ(2 * groups->n, list->n);
	for (size_t i = 0; i < list->n; i++) {
		snprintf(meta, sizeof(meta), "m%d", atoi(list->member[i].group));
		ASSERT_EQ(strlen(meta), list->member[i].meta_len);
		ASSERT_EQ(0, memcmp(meta, list->member[i].meta, strlen(meta)));
		ASSERT_EQ(NULL, list->member[i].scope);
	}
	pgnl_free(list);
	ASSERT_EQ(0, pgnl_join(self->h, "global", "other", 0, NULL, NULL));
	ASSERT_EQ(0, pgnl_process_groups(self->h, 0, &list));
	EXPECT_EQ(groups->n + 1, list->n);
	for (size_t i = 0; i < list->n; i++)
		ASSERT_STREQ(strcmp(list->member[i].group, "other") ? "pg" : "global",
			     list->member[i].scope);
	pgnl_free(list);
	pgnl_free(groups);
}

static void *churn(void *stop)
{
	struct pgnl *h;
	uint32_t left;

	if (pgnl_open(&h))
		return NULL;
	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED)) {
		pid_t pid = fork();

		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
			_exit(0);
		}
		pgnl_join(h, NULL, "g", pid, NULL, NULL);
		pgnl_join(h, NULL, "h", pid, NULL, NULL);
		pgnl_leave(h, NULL, "g", pid, 1, &left);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	pgnl_close(h);
	return NULL;
}

TEST_F(lib, a_list_has_each_steady_member_once_while_others_come_and_go)
{
	struct pgnl_members *list;
	const char *group = "g";
	bool stop = false;
	pthread_t thread;

	ASSERT_EQ(0, crowd_start(&self->crowd, 1500));
	ASSERT_EQ(0, pgnl_join_many(self->h, NULL, &group, 1, self->crowd.pid, 1500, NULL,
				    NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, churn, &stop));
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(0, pgnl_members(self->h, NULL, "g", 0, &list, NULL));
		EXPECT_EQ(1500, found_once(list, &self->crowd));
		pgnl_free(list);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

TEST_F(lib, a_dump_that_runs_out_of_buffers_is_made_again)
{
	struct pgnl_members *list;

	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", 0, NULL, NULL));
	failing_receives = 1;
	ASSERT_EQ(0, pgnl_members(self->h, NULL, NULL, 0, &list, NULL));
	EXPECT_EQ(0, failing_receives);
	EXPECT_EQ(1, list->n);
	pgnl_free(list);
}

TEST_F(lib, an_interrupted_dump_is_made_again_but_not_for_ever)
{
	struct pgnl_members *list;

	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", 0, NULL, NULL));
	sends = 0;
	interrupted_receives = 1;
	ASSERT_EQ(0, pgnl_members(self->h, NULL, NULL, 0, &list, NULL));
	EXPECT_EQ(2, sends);
	EXPECT_EQ(1, list->n);
	pgnl_free(list);

	sends = 0;
	interrupted_receives = 1000;
	ASSERT_EQ(0, pgnl_members(self->h, NULL, NULL, 0, &list, NULL));
	interrupted_receives = 0;
	EXPECT_LT(1, sends);
	EXPECT_GT(10, sends);
	EXPECT_EQ(1, list->n);
	pgnl_free(list);
}

TEST_F(lib, lists_of_any_kind_are_whole_though_others_change_things)
{
	const struct pgnl_agent_opts opts = { .node = "middle" };
	struct pgnl_scopes *scopes;
	struct pgnl_groups *groups;
	struct pgnl_agent *agent;
	struct pgnl_members *list;
	struct pgnl_names *names;
	struct pgnl_nodes *nodes;

	ASSERT_EQ(0, pgnl_agent_open(&opts, &agent));
	ASSERT_EQ(0, pgnl_agent_node_up(agent, "west", 1, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(agent, "east", 1, 0));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, pgnl_join(self->h, NULL, say("g%d", i), 0, NULL, NULL));
		ASSERT_EQ(PGNL_YES, pgnl_name_register(self->h, say("n%d", i), 0, NULL, NULL));
	}
	interrupted_receives = 1000;
	ASSERT_EQ(0, pgnl_groups(self->h, NULL, 0, &groups));
	ASSERT_EQ(0, pgnl_scopes(self->h, NULL, &scopes));
	ASSERT_EQ(0, pgnl_name_list(self->h, NULL, &names));
	ASSERT_EQ(0, pgnl_process_groups(self->h, 0, &list));
	ASSERT_EQ(0, pgnl_nodes(self->h, &nodes));
	interrupted_receives = 0;
	ASSERT_EQ(3, groups->n);
	ASSERT_EQ(3, names->n);
	for (int i = 0; i < 3; i++) {
		EXPECT_STREQ(say("g%d", i), groups->group[i].name);
		EXPECT_STREQ(say("n%d", i), names->name[i].name);
	}
	EXPECT_EQ(3, scopes->n);
	/* This one first, then by name. */
	ASSERT_EQ(3, nodes->n);
	EXPECT_STREQ("middle", nodes->node[0].name);
	EXPECT_STREQ("east", nodes->node[1].name);
	EXPECT_STREQ("west", nodes->node[2].name);
	/* Of one process, so that only the groups differ. */
	ASSERT_EQ(6, list->n);
	EXPECT_STREQ("g0", list->member[0].group);
	EXPECT_STREQ("n2", list->member[5].group);
	pgnl_free(groups);
	pgnl_free(scopes);
	pgnl_free(names);
	pgnl_free(list);
	pgnl_free(nodes);
	pgnl_agent_close(agent);
}

/* --- Handles -------------------------------------------------------------- */

TEST_F(lib, a_handle_stays_in_its_network_namespace)
{
	struct pgnl_members *list;

	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", 0, NULL, NULL));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, pgnl_members(self->h, NULL, "g", 0, &list, NULL));
	EXPECT_EQ(1, list->n);
	pgnl_free(list);

	/* Not even a socket that failed is replaced by one from here. */
	failing_receives = 1;
	EXPECT_EQ(-ENOBUFS, pgnl_join(self->h, NULL, "g", 0, NULL, NULL));
	ASSERT_EQ(0, pgnl_members(self->h, NULL, "g", 0, &list, NULL));
	ASSERT_EQ(1, list->n);
	EXPECT_EQ(2, list->member[0].count);
	pgnl_free(list);
}

TEST_F(lib, a_handle_does_not_survive_fork)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct pgnl *own;
		int ret = pgnl_join(self->h, NULL, "g", 0, NULL, NULL);

		pgnl_close(self->h);
		_exit(ret == -ECHILD && !pgnl_open(&own) &&
		      !pgnl_join(own, NULL, "g", 0, NULL, NULL) ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, pgnl_join(self->h, NULL, "g", 0, NULL, NULL));
}

static void *join_and_leave(void *name)
{
	struct pgnl *h;
	long bad = 0;

	if (pgnl_open(&h))
		return (void *)1L;
	for (int i = 0; i < 500; i++) {
		bad += pgnl_join(h, NULL, name, 0, NULL, NULL) != 0;
		bad += pgnl_leave(h, NULL, name, 0, 1, NULL) != 1;
		bad += pgnl_join(h, "nowhere", name, 0, NULL, NULL) != -ENOENT;
		bad += strcmp(pgnl_last_error(h)->attr, "scope") != 0;
	}
	pgnl_close(h);
	return (void *)bad;
}

TEST_F(lib, threads_with_handles_of_their_own_do_not_meet)
{
	static char names[][2] = { "a", "b", "c", "d" };
	pthread_t threads[4];
	void *bad;

	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, join_and_leave, names[i]));
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &bad));
		EXPECT_EQ(NULL, bad);
	}
}

static int load(void)
{
	struct utsname uts;
	char path[512];
	int fd, ret;

	uname(&uts);
	snprintf(path, sizeof(path), "%s/build/kmod-%s/pgnl.ko",
		 getenv("PGNL_TOP") ? : ".", uts.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ret = fd < 0 || syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

TEST_F(lib, a_handle_finds_a_module_loaded_anew)
{
	struct pgnl_info before, after;

	ASSERT_EQ(0, pgnl_info(self->h, &before));
	ASSERT_EQ(0, syscall(SYS_delete_module, "pgnl", O_NONBLOCK));
	EXPECT_EQ(-ENOTCONN, pgnl_info(self->h, &after));
	EXPECT_TRUE(refused(self->h, ENOTCONN, "", 0));
	ASSERT_EQ(0, load());
	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", 0, NULL, NULL));
	ASSERT_EQ(0, pgnl_info(self->h, &after));
	EXPECT_LT(before.epoch, after.epoch);
}

/* --- pidfds --------------------------------------------------------------- */

TEST_F(lib, the_process_of_a_pidfd_joins)
{
	int pidfd = open_pidfd(self->child.pid);
	struct pgnl_members *list;
	struct pgnl_joined joined;

	ASSERT_LE(0, pidfd);
	ASSERT_EQ(0, pgnl_join_pidfd(self->h, NULL, "g", pidfd, NULL, &joined));
	EXPECT_EQ(1, joined.count);
	ASSERT_EQ(0, pgnl_members(self->h, NULL, "g", 0, &list, NULL));
	EXPECT_EQ(1, times_in(list, self->child.pid));
	pgnl_free(list);
	close(pidfd);
}

TEST_F(lib, the_pidfd_of_the_dead_is_refused)
{
	struct child child;
	int pidfd;

	ASSERT_EQ(0, child_start(&child));
	pidfd = open_pidfd(child.pid);
	child_tell(&child, 0);
	ASSERT_TRUE(wait_readable(pidfd));
	EXPECT_EQ(-ESRCH, pgnl_join_pidfd(self->h, NULL, "g", pidfd, NULL, NULL));
	EXPECT_TRUE(refused(self->h, ESRCH, "pid", 0));
	ASSERT_EQ(child.pid, waitpid(child.pid, NULL, 0));
	EXPECT_EQ(-ESRCH, pgnl_join_pidfd(self->h, NULL, "g", pidfd, NULL, NULL));
	EXPECT_TRUE(refused(self->h, ESRCH, "pid", 0));
	close(pidfd);
}

TEST_F(lib, what_is_no_pidfd_is_refused)
{
	int fd = open("/dev/null", O_RDONLY);

	EXPECT_EQ(-EBADF, pgnl_join_pidfd(self->h, NULL, "g", fd, NULL, NULL));
	close(fd);
	EXPECT_EQ(-EBADF, pgnl_join_pidfd(self->h, NULL, "g", fd, NULL, NULL));
	EXPECT_EQ(-EBADF, pgnl_join_pidfd(self->h, NULL, "g", -1, NULL, NULL));
	EXPECT_TRUE(refused(self->h, EBADF, "", 0));
}

static struct child victim;
static pid_t stranger;

/* The process ends and its pid goes to another, after its pid was read. */
static void reuse_pid(void)
{
	child_kill(&victim);
	stranger = stranger_as(victim.pid);
}

/* The pidfd of one to whom that will happen. */
static int pidfd_of_victim(struct __test_metadata *_metadata)
{
	int pidfd;

	ASSERT_EQ(0, child_start(&victim));
	pidfd = open_pidfd(victim.pid);
	ASSERT_LE(0, pidfd);
	before_send = reuse_pid;
	return pidfd;
}

/* The stranger was in, so the way back has been gone. */
static void expect_taken_back(struct __test_metadata *_metadata, struct pgnl *h)
{
	uint64_t stats[PGNL_N_STATS];

	ASSERT_EQ(victim.pid, stranger);
	ASSERT_EQ(0, pgnl_stats(h, stats, PGNL_N_STATS));
	EXPECT_EQ(1, stats[PGNL_STAT_JOINS]);
	EXPECT_EQ(1, stats[PGNL_STAT_LEAVES]);
	kill(stranger, SIGKILL);
	waitpid(stranger, NULL, 0);
}

TEST_F(lib, a_process_that_got_the_pid_of_a_pidfd_is_not_joined)
{
	struct pgnl_join_opts opts = { .times = 2 };
	int pidfd = pidfd_of_victim(_metadata);
	struct pgnl_members *list;

	EXPECT_EQ(-ESRCH, pgnl_join_pidfd(self->h, NULL, "g", pidfd, &opts, NULL));
	EXPECT_TRUE(refused(self->h, ESRCH, "pid", 0));
	ASSERT_EQ(0, pgnl_members(self->h, NULL, "g", 0, &list, NULL));
	EXPECT_EQ(0, list->n);
	pgnl_free(list);
	expect_taken_back(_metadata, self->h);
	close(pidfd);
}

TEST_F(lib, a_process_that_got_the_pid_of_a_pidfd_gets_no_name)
{
	int pidfd = pidfd_of_victim(_metadata);
	struct pgnl_names *list;

	EXPECT_EQ(-ESRCH, pgnl_name_register_pidfd(self->h, "n", pidfd, NULL, &list));
	EXPECT_EQ(NULL, list);
	EXPECT_EQ(PGNL_UNDEFINED, pgnl_name_whereis(self->h, NULL, "n", &list));
	pgnl_free(list);
	expect_taken_back(_metadata, self->h);
	close(pidfd);
}

/* The pid of a pidfd as /proc has it. */
static pid_t pid_in_proc(int pidfd)
{
	char path[64], text[1024], *line;

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", pidfd);
	if (!read_text(text, sizeof(text), path))
		return -1;
	line = strstr(text, "\nPid:");
	return line ? atoi(line + 5) : -1;
}

/*
 * In a pid namespace, with /proc still that of the one outside: another process
 * has here the pid that the one of the pidfd has there.
 */
static void kid_joins_by_pidfd(int ctl, const void *arg)
{
	struct child child;
	struct pgnl *h;
	int pidfd, ret;
	pid_t decoy;

	(void)arg;
	if (pgnl_open(&h) || child_start(&child))
		_exit(1);
	pidfd = open_pidfd(child.pid);
	decoy = stranger_as(pid_in_proc(pidfd));
	ret = decoy < 0 ? decoy : pgnl_join_pidfd(h, NULL, "g", pidfd, NULL, NULL);
	ready(ctl, ret);
}

TEST_F(lib, a_proc_of_another_pid_namespace_joins_nobody)
{
	struct pgnl_members *list;
	struct kid kid;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	EXPECT_EQ(-ESRCH, kid_ready(&kid, kid_joins_by_pidfd, NULL));
	ASSERT_EQ(0, pgnl_members(self->h, NULL, "g", 0, &list, NULL));
	EXPECT_EQ(0, list->n);
	pgnl_free(list);
	kid_kill(&kid);
}

TEST_HARNESS_MAIN
