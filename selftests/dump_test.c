// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dumps while everything changes. Every row that is there all the while is
 * reported, no process that was dead before is; what raced is marked; who may
 * read, and in which pid namespace, is settled when the dump starts.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "kselftest_harness.h"
#include "common.h"
#include "proc.h"
#include "reads.h"

#define PROCESSES	100
#define GROUPS		100

/* PROCESSES times GROUPS rows that stay, in a scope "pg": about ten messages. */
FIXTURE(dump) {
	struct client *c;
	struct crowd crowd;
	uint64_t id[PROCESSES];
};

/* The group of that number; the text lives until the next say(). */
static const char *stable(unsigned int g)
{
	return say("stable-%u", g);
}

/* Put the whole crowd into as many groups as said, as many as fit at once. */
static void join_crowd(struct __test_metadata *_metadata, struct client *c, struct crowd *crowd,
		       unsigned int n_groups)
{
	unsigned int g, end, i, at_once = PGNL_ROWS_MAX / crowd->n;

	for (g = 0; g < n_groups; g = end) {
		end = g + at_once < n_groups ? g + at_once : n_groups;
		member_req(c, PGNL_CMD_MEMBER_JOIN, NULL, NULL);
		for (; g < end; g++)
			put_str(c, PGNL_A_GROUP, stable(g));
		for (i = 0; i < crowd->n; i++)
			put_u32(c, PGNL_A_PID, crowd->pid[i]);
		ASSERT_EQ(0, req_do(c)) TH_LOG("join: %s", c->text);
	}
}

FIXTURE_SETUP(dump)
{
	unsigned int i;

	OPEN_OR_SKIP(self->c, client_in_new_netns());
	ASSERT_EQ(0, crowd_start(&self->crowd, PROCESSES));
	join_crowd(_metadata, self->c, &self->crowd, GROUPS);
	for (i = 0; i < PROCESSES; i++)
		self->id[i] = reply_id(self->c, i);
}

FIXTURE_TEARDOWN(dump)
{
	EXPECT_STREQ("", verify(self->c));
	crowd_end(&self->crowd);
	EXPECT_STREQ("", scope_miscounted(self->c, NULL, 0, 0));
	EXPECT_STREQ("", verify(self->c));
	client_close(self->c);
}

/* --- A dump in steps ------------------------------------------------------ */

/*
 * As dump_step(), for whoever has not sent the request: 0 when there is more, 1 at
 * the end, -errno.
 */
static int read_part(struct client *c, bool *raced)
{
	char buf[65536] __attribute__((aligned(8)));
	struct nlmsghdr *msg = (struct nlmsghdr *)buf;
	int left = recv(c->fd, buf, sizeof(buf), 0);

	if (left < 0)
		return -errno;
	for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left)) {
		if (raced && (msg->nlmsg_flags & NLM_F_DUMP_INTR))
			*raced = true;
		if (msg->nlmsg_type == NLMSG_DONE || msg->nlmsg_type == NLMSG_ERROR)
			return *(int *)mnl_nlmsg_get_payload(msg) ? : 1;
		dump_append(c, msg);
	}
	return 0;
}

/* Go on to the end; 0 or -errno, and what came in @list. */
static int dump_finish(struct client *c, bool *raced, struct members *list)
{
	int ret;

	do {
		ret = read_part(c, raced);
	} while (!ret);
	members_of_dump(c, list);
	return ret < 0 ? ret : 0;
}

/* From start to end without a second try. */
static int dump_whole(struct client *c, const char *scope, const char *group,
		      struct members *list)
{
	return list_begin(c, scope, group) ? : dump_finish(c, NULL, list);
}

/* Index of a process of the crowd, -1 for a stranger; ids ascend. */
static int index_of(FIXTURE_DATA(dump) *self, uint64_t id)
{
	int low = 0, high = PROCESSES;

	while (low < high) {
		int mid = (low + high) / 2;

		if (self->id[mid] < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < PROCESSES && self->id[low] == id ? low : -1;
}

/* "" when the list has every stable row of those groups, at least once. */
static const char *incomplete(FIXTURE_DATA(dump) *self, const struct members *list,
			      unsigned int first, unsigned int end)
{
	static bool told[GROUPS][PROCESSES];
	unsigned int g;
	size_t i;
	int p;

	memset(told, 0, sizeof(told));
	for (i = 0; i < list->n; i++) {
		const struct member *m = &list->at[i];

		p = index_of(self, m->row.id);
		if (p >= 0 && sscanf(m->group, "stable-%u", &g) == 1 && g < GROUPS)
			told[g][p] = true;
	}
	for (g = first; g < end; g++)
		for (p = 0; p < PROCESSES; p++)
			if (!told[g][p])
				return say("process %d of group %u of %zu rows", p, g, list->n);
	return "";
}

/* "" when the list has the stable rows of that process. */
static const char *incomplete_process(FIXTURE_DATA(dump) *self, const struct members *list, int p)
{
	unsigned int g;

	for (g = 0; g < GROUPS; g++)
		if (!member_by_id(list, stable(g), self->id[p]))
			return say("process %d of group %u of %zu rows", p, g, list->n);
	return "";
}

/* --- Churn ---------------------------------------------------------------- */

#define DEATHS	100000

/* Changes everything around the rows that stay, until told to stop. */
struct churn {
	pthread_t thread;
	struct client *c;
	const struct crowd *crowd;
	atomic_bool stop;
	atomic_uint n_dead;
	uint64_t *dead;		/* ids known to be dead, ascending */
	int err;
};

/* Joins and leaves strangers in stable groups and in groups that come and go. */
static int churn_rows(struct client *c, const struct crowd *strangers, unsigned int i)
{
	pid_t pid = strangers->pid[i % strangers->n];
	unsigned int g = i % GROUPS;
	int ret;

	ret = join(c, NULL, stable(g), pid);
	if (ret > 0)
		ret = join(c, NULL, say("fleeting-%u", i % 1000), pid);
	if (ret > 0)
		ret = leave(c, NULL, stable((g + 50) % GROUPS), pid);
	if (ret >= 0)
		ret = leave_all(c, NULL, say("fleeting-%u", (i + 500) % 1000), pid);
	return ret < 0 ? ret : 0;
}

/* A process that is a member of the first and the last group, up to its end. */
static int churn_death(struct client *c, struct churn *churn)
{
	unsigned int n = atomic_load(&churn->n_dead);
	struct child child;
	uint64_t id;

	if (n == DEATHS || child_start(&child))
		return 0;
	if (join(c, NULL, stable(0), child.pid) < 0 ||
	    join(c, NULL, stable(GROUPS - 1), child.pid) < 0)
		return -EPROTO;
	id = reply_id(c, 0);
	child_kill(&child);
	churn->dead[n] = id;
	atomic_store(&churn->n_dead, n + 1);
	return 0;
}

static void *churn_main(void *arg)
{
	struct churn *churn = arg;
	unsigned int i;

	for (i = 0; !atomic_load(&churn->stop) && !churn->err; i++)
		churn->err = i % 64 ? churn_rows(churn->c, churn->crowd, i) :
				      churn_death(churn->c, churn);
	return NULL;
}

static void churn_start(struct __test_metadata *_metadata, struct churn *churn,
			const struct crowd *strangers)
{
	*churn = (struct churn){ .c = client_open(), .crowd = strangers };
	churn->dead = calloc(DEATHS, sizeof(*churn->dead));
	ASSERT_TRUE(churn->c && churn->dead);
	ASSERT_EQ(0, pthread_create(&churn->thread, NULL, churn_main, churn));
}

static void churn_end(struct __test_metadata *_metadata, struct churn *churn)
{
	atomic_store(&churn->stop, true);
	pthread_join(churn->thread, NULL);
	EXPECT_EQ(0, churn->err);
	free(churn->dead);
	client_close(churn->c);
}

static int by_id(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* How many rows are of processes that were dead before the dump began. */
static unsigned int ghosts(const struct members *list, const struct churn *churn,
			   unsigned int n_dead)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < list->n; i++)
		n += !!bsearch(&list->at[i].row.id, churn->dead, n_dead, sizeof(*churn->dead),
			       by_id);
	return n;
}

TEST_F(dump, scope_under_churn)
{
	struct members list = {};
	struct crowd strangers;
	struct churn churn;
	unsigned int round;

	ASSERT_EQ(0, crowd_start(&strangers, 20));
	churn_start(_metadata, &churn, &strangers);
	for (round = 0; again(round, 60); round++) {
		unsigned int n_dead = atomic_load(&churn.n_dead);

		ASSERT_EQ(0, dump_whole(self->c, NULL, NULL, &list));
		ASSERT_STREQ("", incomplete(self, &list, 0, GROUPS));
		ASSERT_EQ(0, ghosts(&list, &churn, n_dead));
	}
	TH_LOG("%u deaths", churn.n_dead);
	churn_end(_metadata, &churn);
	crowd_end(&strangers);
	members_free(&list);
}

TEST_F(dump, one_group_under_churn)
{
	struct members list = {};
	struct crowd strangers;
	struct churn churn;
	unsigned int round;

	ASSERT_EQ(0, crowd_start(&strangers, 3000));
	ASSERT_EQ(1, join_pids(self->c, NULL, stable(0), strangers.pid, strangers.n));
	churn_start(_metadata, &churn, &strangers);
	for (round = 0; again(round, 100); round++) {
		unsigned int n_dead = atomic_load(&churn.n_dead);

		ASSERT_EQ(0, dump_whole(self->c, NULL, stable(0), &list));
		ASSERT_STREQ("", incomplete(self, &list, 0, 1));
		ASSERT_EQ(0, ghosts(&list, &churn, n_dead));
	}
	churn_end(_metadata, &churn);
	crowd_end(&strangers);
	members_free(&list);
}

/* "" when the last dump, one of groups, has every stable one. */
static const char *incomplete_groups(struct client *c)
{
	const struct nlmsghdr *msg = (const struct nlmsghdr *)c->dump;
	const struct nlattr *name;
	bool told[GROUPS] = {};
	int left = c->dump_len;
	unsigned int g;

	for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left)) {
		name = attr_of(msg, PGNL_A_GROUP);
		if (sscanf(mnl_attr_get_str(name), "stable-%u", &g) == 1 && g < GROUPS)
			told[g] = true;
	}
	for (g = 0; g < GROUPS; g++)
		if (!told[g])
			return stable(g);
	return "";
}

TEST_F(dump, groups_under_churn)
{
	struct members none = {};
	struct crowd strangers;
	struct churn churn;
	unsigned int round;

	ASSERT_EQ(0, crowd_start(&strangers, 20));
	churn_start(_metadata, &churn, &strangers);
	for (round = 0; again(round, 300); round++) {
		req_new(self->c, PGNL_CMD_GROUP_GET);
		ASSERT_EQ(0, dump_begin(self->c));
		ASSERT_EQ(0, dump_finish(self->c, NULL, &none));
		ASSERT_STREQ("", incomplete_groups(self->c));
	}
	churn_end(_metadata, &churn);
	crowd_end(&strangers);
	members_free(&none);
}

TEST_F(dump, process_under_churn)
{
	struct members list = {};
	struct crowd strangers;
	struct churn churn;
	unsigned int round;

	ASSERT_EQ(0, crowd_start(&strangers, 20));
	churn_start(_metadata, &churn, &strangers);
	for (round = 0; again(round, 300); round++) {
		process_req(self->c, self->id[0], 0);
		ASSERT_EQ(0, dump_begin(self->c));
		ASSERT_EQ(0, dump_finish(self->c, NULL, &list));
		ASSERT_STREQ("", incomplete_process(self, &list, 0));
	}
	churn_end(_metadata, &churn);
	crowd_end(&strangers);
	members_free(&list);
}

/* --- One dump, one change ------------------------------------------------- */

TEST_F(dump, mark_tells_whether_it_raced)
{
	struct client *c = self->c, *other = client_open();
	struct members list = {};
	bool raced = false;

	ASSERT_EQ(0, list_begin(c, NULL, NULL));
	ASSERT_EQ(0, dump_finish(c, &raced, &list));
	EXPECT_FALSE(raced);
	EXPECT_EQ(PROCESSES * GROUPS, list.n);

	ASSERT_EQ(0, list_begin(c, NULL, NULL));
	ASSERT_EQ(0, read_part(c, &raced));
	EXPECT_FALSE(raced);
	ASSERT_EQ(1, join(other, NULL, "new", self->crowd.pid[0]));
	ASSERT_EQ(0, dump_finish(c, &raced, &list));
	EXPECT_TRUE(raced);
	EXPECT_STREQ("", incomplete(self, &list, 0, GROUPS));

	/* A death is a change too, and one that nobody asked for. */
	raced = false;
	ASSERT_EQ(0, list_begin(c, NULL, NULL));
	ASSERT_EQ(0, read_part(c, &raced));
	EXPECT_FALSE(raced);
	crowd_kill(&self->crowd, 0);
	EXPECT_STREQ("", scope_miscounted(other, NULL, GROUPS, (PROCESSES - 1) * GROUPS));
	ASSERT_EQ(0, dump_finish(c, &raced, &list));
	EXPECT_TRUE(raced);
	members_free(&list);
	client_close(other);
}

/* A dump is half-way, then @change is made on another socket, then it ends. */
static void changed_half_way(struct __test_metadata *_metadata, FIXTURE_DATA(dump) *self,
			     const char *group,
			     void (*change)(FIXTURE_DATA(dump) *self, struct client *c),
			     struct members *list)
{
	struct client *other = client_open();

	ASSERT_EQ(0, list_begin(self->c, NULL, group));
	ASSERT_EQ(0, read_part(self->c, NULL));
	change(self, other);
	ASSERT_EQ(0, dump_finish(self->c, NULL, list));
	client_close(other);
}

/* All processes leave all groups but a few in the middle. */
static void leave_most(FIXTURE_DATA(dump) *self, struct client *c)
{
	unsigned int g, p;

	for (g = 0; g < GROUPS; g++) {
		if (g >= 48 && g < 52)
			continue;
		for (p = 0; p < PROCESSES; p++)
			leave(c, NULL, stable(g), self->crowd.pid[p]);
	}
}

TEST_F(dump, most_groups_vanish_half_way)
{
	struct members list = {};

	changed_half_way(_metadata, self, NULL, leave_most, &list);
	EXPECT_STREQ("", incomplete(self, &list, 48, 52));
	members_free(&list);
}

/* The table grows to a multiple. */
static void add_many(FIXTURE_DATA(dump) *self, struct client *c)
{
	unsigned int g;

	for (g = 0; g < 10 * GROUPS; g++)
		join_pids(c, NULL, say("more-%u", g), self->crowd.pid, 10);
}

TEST_F(dump, many_groups_appear_half_way)
{
	struct members list = {};

	changed_half_way(_metadata, self, NULL, add_many, &list);
	EXPECT_STREQ("", incomplete(self, &list, 0, GROUPS));
	members_free(&list);
}

/* Every group loses all but the first and last member, gets others, loses them. */
static void replace_most(FIXTURE_DATA(dump) *self, struct client *c)
{
	unsigned int p, g;

	struct crowd heirs;

	for (p = 1; p < PROCESSES - 1; p++)
		crowd_kill(&self->crowd, p);
	if (crowd_start(&heirs, PROCESSES))
		return;
	for (g = 0; g < GROUPS; g++)
		join_pids(c, NULL, stable(g), heirs.pid, heirs.n);
	crowd_end(&heirs);
}

TEST_F(dump, most_processes_end_half_way)
{
	struct members list = {};

	changed_half_way(_metadata, self, NULL, replace_most, &list);
	EXPECT_STREQ("", incomplete_process(self, &list, 0));
	EXPECT_STREQ("", incomplete_process(self, &list, PROCESSES - 1));
	members_free(&list);
}

TEST_F(dump, most_of_one_group_leaves_half_way)
{
	struct client *c = self->c, *other = client_open();
	struct members list = {};
	struct crowd big;
	unsigned int p;

	ASSERT_EQ(0, crowd_start(&big, 3000));
	ASSERT_EQ(1, join_pids(c, NULL, stable(0), big.pid, big.n));
	ASSERT_EQ(0, list_begin(c, NULL, stable(0)));
	ASSERT_EQ(0, read_part(c, NULL));
	crowd_end(&big);
	for (p = 10; p < PROCESSES; p++) {
		EXPECT_EQ(1, leave(other, NULL, stable(0), self->crowd.pid[p]));
	}
	ASSERT_EQ(0, dump_finish(c, NULL, &list));
	for (p = 0; p < 10; p++) {
		EXPECT_TRUE(member_by_id(&list, stable(0), self->id[p]));
	}
	members_free(&list);
	client_close(other);
}

TEST_F(dump, scope_deleted_and_made_anew_half_way)
{
	struct client *c = self->c, *other = client_open();
	struct members list = {};
	unsigned int g;
	int ret;

	ASSERT_EQ(0, scope_new(c, "s", PGNL_SCOPE_MODE_PG));
	for (g = 0; g < GROUPS; g++) {
		ASSERT_EQ(1, join_pids(c, "s", stable(g), self->crowd.pid, PROCESSES));
	}
	ASSERT_EQ(0, list_begin(c, "s", NULL));
	ASSERT_EQ(0, read_part(c, NULL));
	ASSERT_EQ(0, scope_del(other, "s"));
	ASSERT_EQ(0, scope_new(other, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join(other, "s", "anew", self->crowd.pid[0]));
	ret = dump_finish(c, NULL, &list);
	EXPECT_TRUE(ret == 0 || ret == -ENOENT) TH_LOG("dump: %d", ret);
	EXPECT_STREQ("", scope_miscounted(other, "s", 1, 1));
	EXPECT_EQ(0, scope_del(other, "s"));
	members_free(&list);
	client_close(other);
}

/* --- Who reads ------------------------------------------------------------ */

#define SECRETS		2

/* Created groups, all with the whole crowd: those at both ends are private. */
static void fill_pg2(struct __test_metadata *_metadata, FIXTURE_DATA(dump) *self)
{
	struct client *c = self->c;
	const char *name;
	unsigned int g;

	for (g = 0; g < GROUPS; g++) {
		bool secret = g == 0 || g == GROUPS - 1;

		name = say("%s-%u", secret ? "secret" : "open", g);
		member_req(c, PGNL_CMD_GROUP_NEW, "pg2", name);
		if (secret)
			put_u32(c, PGNL_A_PERM, 0700);
		ASSERT_EQ(0, req_do(c));
		ASSERT_EQ(1, join_pids(c, "pg2", name, self->crowd.pid, PROCESSES));
	}
}

static size_t secret_rows(const struct members *list)
{
	size_t i, n = 0;

	for (i = 0; i < list->n; i++)
		n += !strncmp(list->at[i].group, "secret", 6);
	return n;
}

static size_t rows_without_pid(const struct members *list)
{
	size_t i, n = 0;

	for (i = 0; i < list->n; i++)
		n += !list->at[i].row.pid;
	return n;
}

/* For a child: receive the first part of a dump, on the test's socket. */
static int first_part(void *arg)
{
	CHECK_EQ(0, list_begin(arg, "pg2", NULL));
	CHECK_EQ(0, read_part(arg, NULL));
	return 0;
}

/* For a child: receive the rest of what the test has begun. */
static int rest(void *arg)
{
	struct members list = {};

	CHECK_EQ(0, dump_finish(arg, NULL, &list));
	CHECK_EQ(PROCESSES * GROUPS, list.n);
	CHECK_EQ(PROCESSES * SECRETS, secret_rows(&list));
	CHECK_EQ(0, rows_without_pid(&list));
	return 0;
}

TEST_F(dump, started_by_root_and_finished_by_nobody)
{
	fill_pg2(_metadata, self);
	ASSERT_EQ(0, first_part(self->c));
	EXPECT_EQ(0, as_user(65534, 65534, rest, self->c));
}

TEST_F(dump, started_by_nobody_and_finished_by_root)
{
	struct members list = {};

	fill_pg2(_metadata, self);
	ASSERT_EQ(0, as_user(65534, 65534, first_part, self->c));
	ASSERT_EQ(0, dump_finish(self->c, NULL, &list));
	EXPECT_LT(0, list.n);
	EXPECT_EQ(0, secret_rows(&list));
	members_free(&list);
}

TEST_F(dump, finished_in_another_pid_namespace)
{
	fill_pg2(_metadata, self);
	ASSERT_EQ(0, first_part(self->c));
	new_ns(CLONE_NEWPID);
	EXPECT_EQ(0, in_child(rest, self->c));
}

/* The starter is init of its pid namespace, which ends with it. */
TEST_F(dump, started_in_a_pid_namespace_that_is_gone)
{
	struct members list = {};

	fill_pg2(_metadata, self);
	new_ns(CLONE_NEWPID);
	ASSERT_EQ(0, in_child(first_part, self->c));
	ASSERT_EQ(0, dump_finish(self->c, NULL, &list));
	EXPECT_LT(0, list.n);
	EXPECT_EQ(list.n, rows_without_pid(&list));
	members_free(&list);
}

/* --- Dumps left alone ----------------------------------------------------- */

static int module_users(void)
{
	char buf[32];

	return read_text(buf, sizeof(buf), "/sys/module/pgnl/refcnt") ? atoi(buf) : -1;
}

TEST_F(dump, abandoned_one_lets_the_module_go)
{
	int users = module_users();
	struct client *c = client_open();

	ASSERT_EQ(0, list_begin(c, NULL, NULL));
	ASSERT_EQ(0, read_part(c, NULL));
	EXPECT_LT(users, module_users());
	client_close(c);
	EXPECT_TRUE(wait_until(module_users() == users));
}

TEST_F(dump, two_at_a_time)
{
	struct client *other = client_open();
	struct members list = {};
	bool raced = false;
	int mine, theirs;

	ASSERT_EQ(0, list_begin(self->c, NULL, NULL));
	ASSERT_EQ(0, list_begin(other, NULL, stable(7)));
	do {
		mine = read_part(self->c, &raced);
		theirs = read_part(other, &raced);
	} while (!mine && !theirs);
	ASSERT_LE(0, mine);
	ASSERT_EQ(1, theirs);
	members_of_dump(other, &list);
	EXPECT_EQ(PROCESSES, list.n);
	EXPECT_STREQ("", incomplete(self, &list, 7, 8));
	if (!mine) {
		ASSERT_EQ(0, dump_finish(self->c, &raced, &list));
	}
	members_of_dump(self->c, &list);
	EXPECT_EQ(PROCESSES * GROUPS, list.n);
	EXPECT_FALSE(raced);
	members_free(&list);
	client_close(other);
}

TEST_F(dump, second_one_on_the_same_socket_is_refused)
{
	struct client *c = self->c;
	struct members list = {};
	int ret;

	ASSERT_EQ(0, list_begin(c, NULL, NULL));
	ASSERT_EQ(0, list_begin(c, NULL, NULL));
	do {
		ret = read_part(c, NULL);
	} while (!ret);
	EXPECT_EQ(-EBUSY, ret);
	ASSERT_EQ(0, dump_finish(c, NULL, &list));
	EXPECT_STREQ("", incomplete(self, &list, 0, GROUPS));
	members_free(&list);
}

/* Reads a part, stops, reads the rest and says what the dump ended with. */
static void kid_stops_reading(int ctl, const void *arg)
{
	struct client *c = client_open();
	struct members list = {};

	if (!c || list_begin(c, arg, NULL) || read_part(c, NULL))
		_exit(1);
	ready(ctl, 0);
	raise(SIGSTOP);
	ready(ctl, dump_finish(c, NULL, &list));
}

TEST_F(dump, stopped_reader_holds_nobody_up)
{
	struct client *c = self->c;
	struct child child;
	struct kid kid;
	long result;
	int g;

	ASSERT_EQ(0, scope_new(c, "s", PGNL_SCOPE_MODE_PG));
	for (g = 0; g < GROUPS; g++) {
		ASSERT_EQ(1, join_pids(c, "s", stable(g), self->crowd.pid, PROCESSES));
	}
	ASSERT_EQ(0, kid_ready(&kid, kid_stops_reading, "s"));
	tell(kid.ctl, 0);
	ASSERT_EQ(kid.pid, waitpid(kid.pid, NULL, WUNTRACED));

	ASSERT_EQ(2, join(c, "s", stable(0), self->crowd.pid[0]));
	ASSERT_EQ(1, leave(c, "s", stable(GROUPS - 1), self->crowd.pid[0]));
	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(1, join(c, "s", stable(5), child.pid));
	child_kill(&child);
	EXPECT_STREQ("", miscounted(c, "s", stable(5), PROCESSES));
	EXPECT_STREQ("", verify(c));
	ASSERT_EQ(0, scope_del(c, "s"));
	EXPECT_EQ(-ENOENT, scope_del(c, "s"));

	kill(kid.pid, SIGCONT);
	result = hear(kid.ctl);
	EXPECT_TRUE(result == 0 || result == -ENOENT) TH_LOG("dump: %ld", result);
	kid_kill(&kid);
}

/* --- Size ----------------------------------------------------------------- */

TEST_F(dump, a_hundred_thousand_rows)
{
	const unsigned int n = 1000;
	uint64_t groups_limit, rows_limit;
	struct client *c = self->c;
	struct members list = {};
	bool raced = false;
	unsigned char *told;
	size_t i;
	unsigned int g;

	groups_limit = limit_get(c, PGNL_A_LIMIT_USER_GROUPS);
	rows_limit = limit_get(c, PGNL_A_LIMIT_USER_MEMBERSHIPS);
	ASSERT_EQ(0, limit_set(c, PGNL_A_LIMIT_USER_GROUPS, 1 << 20));
	ASSERT_EQ(0, limit_set(c, PGNL_A_LIMIT_USER_MEMBERSHIPS, 1 << 20));
	join_crowd(_metadata, c, &self->crowd, n);
	ASSERT_EQ(0, limit_set(c, PGNL_A_LIMIT_USER_GROUPS, groups_limit));
	ASSERT_EQ(0, limit_set(c, PGNL_A_LIMIT_USER_MEMBERSHIPS, rows_limit));

	ASSERT_EQ(0, list_begin(c, NULL, NULL));
	ASSERT_EQ(0, dump_finish(c, &raced, &list));
	EXPECT_FALSE(raced);
	ASSERT_EQ(n * PROCESSES, list.n);
	told = calloc(n, PROCESSES);
	for (i = 0; i < list.n; i++) {
		int p = index_of(self, list.at[i].row.id);

		ASSERT_LE(0, p);
		ASSERT_EQ(1, sscanf(list.at[i].group, "stable-%u", &g));
		ASSERT_LT(g, n);
		ASSERT_EQ(0, told[g * PROCESSES + p]++);
		ASSERT_EQ(g < GROUPS ? 2 : 1, list.at[i].row.count);
	}
	free(told);
	members_free(&list);
}

TEST_HARNESS_MAIN
