// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Joins, leaves, deletions and ends that race. Whoever wins, what waitpid()
 * has returned for is never seen again, all other results are among the few
 * that make sense, and the tables are consistent afterwards.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "kselftest_harness.h"
#include "common.h"
#include "proc.h"
#include "reads.h"
#include "rival.h"

/* Seconds that a test may take; what one does is bounded by rounds. */
#define LIMIT_S		600

FIXTURE(race) {
	struct client *c, *other;
	struct rival rival;
	unsigned int seed;
	uint64_t charges;	/* of our user before; others may still end */
};

FIXTURE_SETUP(race)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	self->other = client_open();
	ASSERT_TRUE(self->other);
	self->seed = 1;
	self->charges = charges(self->c);
}

FIXTURE_TEARDOWN(race)
{
	EXPECT_STREQ("", verify(self->c));
	EXPECT_STREQ("", scope_miscounted(self->c, "pg", 0, 0));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_PROCESSES));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_MEMBERSHIPS));
	EXPECT_EQ(0, stat_get(self->c, PGNL_A_STAT_GROUPS));
	EXPECT_GE(self->charges, charges(self->c));
	client_close(self->other);
	client_close(self->c);
}

/*
 * Joined as asked, or refused since the process was dead or dying. A count of 0
 * tells of one that died while it was being joined.
 */
static bool joined_or_dead(int result)
{
	return result >= 0 || result == -ESRCH;
}

/* How many the group has, or -errno. */
static int listed_at_all(struct client *c, const char *scope, const char *group)
{
	struct members list = {};
	int ret = members(c, scope, group, &list) ? : (int)list.n;

	members_free(&list);
	return ret;
}

/* --- Join and exit -------------------------------------------------------- */

static void rival_joins(struct rival *rival)
{
	rival->result = join(rival->c, NULL, "g", rival->pid);
}

static pid_t fork_that_exits(unsigned int delay)
{
	pid_t pid = fork();

	if (!pid) {
		spin(delay);
		_exit(0);
	}
	return pid;
}

TEST_F_TIMEOUT(race, join_against_exit, LIMIT_S)
{
	unsigned int round, won = 0, dead = 0;
	struct rival *rival = &self->rival;

	ASSERT_TRUE(rival_start(rival, rival_joins));
	for (round = 0; again(round, 2000); round++) {
		unsigned int delay = rand_r(&self->seed) % 20000;
		pid_t pid = fork_that_exits(rand_r(&self->seed) % 20000);
		int mine;

		ASSERT_LT(0, pid);
		rival->pid = pid;
		rival->spin = rand_r(&self->seed) % 20000;
		pthread_barrier_wait(&rival->meet);
		spin(delay);
		mine = join(self->c, NULL, "g", pid);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		ASSERT_EQ(0, listed_at_all(self->c, NULL, "g"));
		pthread_barrier_wait(&rival->meet);
		ASSERT_EQ(0, listed_at_all(self->c, NULL, "g"));
		ASSERT_TRUE(joined_or_dead(mine)) TH_LOG("join: %d", mine);
		ASSERT_TRUE(joined_or_dead(rival->result)) TH_LOG("join: %d", rival->result);
		won += (mine > 0) + (rival->result > 0);
		dead += (mine <= 0) + (rival->result <= 0);
	}
	rival_end(rival);
	TH_LOG("%u joins, %u too late", won, dead);
}

/* The same, seen by a reader that never stops on the other processor. */
struct reader {
	pthread_t thread;
	struct client *c;
	atomic_ullong gone;	/* id of the last process waited for */
	atomic_bool stop;
	unsigned int reads;
	char complaint[256];
};

static int reader_look(struct reader *r, unsigned int how, uint64_t id)
{
	if (how < LISTINGS)
		return listed(r->c, how, NULL, "g", id);
	how -= LISTINGS;
	if (how <= PGNL_POLICY_MAX)
		return picked(r->c, NULL, "g", how) == (int64_t)id;
	return process_do(r->c, id, 0) ? : process_dump(r->c, id, 0);
}

static void *reader_main(void *arg)
{
	const unsigned int ways = LISTINGS + PGNL_POLICY_MAX + 2;
	struct reader *r = arg;
	uint64_t gone;
	int ret;

	for (; !atomic_load(&r->stop); r->reads++) {
		gone = atomic_load(&r->gone);
		if (!gone)
			continue;
		ret = reader_look(r, r->reads % ways, gone);
		if (ret && !r->complaint[0])
			snprintf(r->complaint, sizeof(r->complaint),
				 "read %u of process %llu that is gone: %d",
				 r->reads % ways, (unsigned long long)gone, ret);
	}
	return NULL;
}

TEST_F_TIMEOUT(race, spinning_reader_never_sees_the_dead, LIMIT_S)
{
	struct reader reader = { .c = self->other };
	unsigned int round;
	struct child child;
	uint64_t id;

	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	ASSERT_EQ(0, pthread_create(&reader.thread, NULL, reader_main, &reader));
	for (round = 0; again(round, 1000) && !reader.complaint[0]; round++) {
		ASSERT_EQ(0, child_start(&child));
		ASSERT_EQ(1, join(self->c, NULL, "g", child.pid));
		id = reply_id(self->c, 0);
		child_kill(&child);
		atomic_store(&reader.gone, id);
	}
	atomic_store(&reader.stop, true);
	pthread_join(reader.thread, NULL);
	EXPECT_STREQ("", reader.complaint);
	EXPECT_EQ(1, leave(self->c, NULL, "g", 0));
	TH_LOG("%u reads", reader.reads);
}

/* --- Join and exec, join and the leader's end ----------------------------- */

static void *thread_execs(void *arg)
{
	int ctl = *(int *)arg;

	tell(ctl, 0);
	dup2(ctl, STDIN_FILENO);
	dup2(ctl, STDOUT_FILENO);
	execlp("cat", "cat", NULL);
	_exit(1);
}

static void kid_execs_from_thread(int ctl, const void *arg)
{
	pthread_t thread;

	(void)arg;
	if (!pthread_create(&thread, NULL, thread_execs, &ctl))
		pause();
}

static void *thread_stays(void *arg)
{
	ready(*(int *)arg, 0);
	_exit(0);
}

static void kid_leader_ends(int ctl, const void *arg)
{
	static int kept;
	pthread_t thread;

	(void)arg;
	kept = ctl;
	if (!pthread_create(&thread, NULL, thread_stays, &kept))
		syscall(SYS_exit, 0);
}

/*
 * Both threads join it while its threads change: both must succeed, since it
 * lives, and they mean the same member.
 */
static void join_live(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self, kid_fn fn,
		      unsigned int n)
{
	struct rival *rival = &self->rival;
	unsigned int round;
	struct kid kid;
	uint64_t id;

	ASSERT_TRUE(rival_start(rival, rival_joins));
	for (round = 0; again(round, n); round++) {
		ASSERT_EQ(0, kid_ready(&kid, fn, NULL));
		rival->pid = kid.pid;
		rival->spin = rand_r(&self->seed) % 200000;
		pthread_barrier_wait(&rival->meet);
		ASSERT_LT(0, join(self->c, NULL, "g", kid.pid));
		id = reply_id(self->c, 0);
		pthread_barrier_wait(&rival->meet);
		ASSERT_LT(0, rival->result);
		ASSERT_EQ(id, reply_id(rival->c, 0));
		ASSERT_EQ(2, count_of(self->c, NULL, "g", kid.pid));
		kid_kill(&kid);
		ASSERT_EQ(0, listed_at_all(self->c, NULL, "g"));
	}
	rival_end(rival);
}

TEST_F_TIMEOUT(race, join_against_exec_from_a_thread, LIMIT_S)
{
	join_live(_metadata, self, kid_execs_from_thread, 200);
}

TEST_F_TIMEOUT(race, join_against_the_leaders_end, LIMIT_S)
{
	join_live(_metadata, self, kid_leader_ends, 500);
}

/* --- Leave and exit ------------------------------------------------------- */

static void rival_leaves(struct rival *rival)
{
	rival->result = rival->id ? leave_id(rival->c, NULL, "g", rival->id) :
				    leave(rival->c, NULL, "g", rival->pid);
}

TEST_F_TIMEOUT(race, leave_against_exit, LIMIT_S)
{
	struct rival *rival = &self->rival;
	unsigned int round, left = 0;
	struct child child;

	ASSERT_TRUE(rival_start(rival, rival_leaves));
	for (round = 0; again(round, 800); round++) {
		ASSERT_EQ(0, child_start(&child));
		ASSERT_EQ(1, join(self->c, NULL, "g", child.pid));
		rival->pid = child.pid;
		rival->id = round % 2 ? reply_id(self->c, 0) : 0;
		rival->spin = rand_r(&self->seed) % 60000;
		child_tell(&child, 0);
		pthread_barrier_wait(&rival->meet);
		ASSERT_EQ(child.pid, waitpid(child.pid, NULL, 0));
		ASSERT_EQ(0, listed_at_all(self->c, NULL, "g"));
		pthread_barrier_wait(&rival->meet);
		ASSERT_TRUE(rival->result == 0 || rival->result == 1 || rival->result == -ESRCH)
			TH_LOG("leave: %d", rival->result);
		left += rival->result == 1;
	}
	rival_end(rival);
	TH_LOG("%u of %u left before their end", left, round);
}

/* --- Writers on everything at once ---------------------------------------- */

#define WRITERS		3
#define PROCESSES	8
#define GROUPS		6

struct writer {
	pthread_t thread;
	struct client *c;
	const pid_t *pids;
	unsigned int seed, ops;
	long count[GROUPS][PROCESSES];	/* joins less leaves of this writer */
	int err;
};

static const char *group_name(unsigned int i)
{
	return say("group-%u", i);
}

/* Joins or leaves some of the processes in one group, some times. */
static int writer_act(struct writer *w)
{
	unsigned int g = rand_r(&w->seed) % GROUPS, first = rand_r(&w->seed) % PROCESSES;
	unsigned int n = 1 + rand_r(&w->seed) % 3, times = 1 + rand_r(&w->seed) % 3;
	bool joins = rand_r(&w->seed) % 2;
	unsigned int i;
	int err;

	if (!joins)
		n = 1;
	member_req(w->c, joins ? PGNL_CMD_MEMBER_JOIN : PGNL_CMD_MEMBER_LEAVE, NULL,
		   group_name(g));
	for (i = 0; i < n; i++)
		put_u32(w->c, PGNL_A_PID, w->pids[(first + i) % PROCESSES]);
	put_u32(w->c, PGNL_A_TIMES, times);
	err = req_do(w->c);
	if (err)
		return err;
	for (i = 0; i < n; i++)
		w->count[g][(first + i) % PROCESSES] +=
			joins ? (long)times : -(long)reply_u32(w->c, PGNL_A_REMOVED);
	return 0;
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;
	unsigned int i;

	for (i = 0; again(i, w->ops) && !w->err; i++)
		w->err = writer_act(w);
	return NULL;
}

TEST_F_TIMEOUT(race, writers_on_the_same_rows_lose_nothing, LIMIT_S)
{
	struct writer writers[WRITERS] = {};
	unsigned int w, g, p;
	struct crowd crowd;

	ASSERT_EQ(0, crowd_start(&crowd, PROCESSES));
	for (w = 0; w < WRITERS; w++) {
		writers[w].c = client_open();
		writers[w].pids = crowd.pid;
		writers[w].seed = w;
		writers[w].ops = 20000;
		ASSERT_EQ(0, pthread_create(&writers[w].thread, NULL, writer_main, &writers[w]));
	}
	for (w = 0; w < WRITERS; w++) {
		pthread_join(writers[w].thread, NULL);
		EXPECT_EQ(0, writers[w].err);
		client_close(writers[w].c);
	}
	for (g = 0; g < GROUPS; g++) {
		for (p = 0; p < PROCESSES; p++) {
			long count = 0;

			for (w = 0; w < WRITERS; w++)
				count += writers[w].count[g][p];
			EXPECT_EQ(count, count_of(self->c, NULL, group_name(g), crowd.pid[p]));
		}
	}
	EXPECT_STREQ("", verify(self->c));
	crowd_end(&crowd);
}

/* --- Reads of rows that come and go --------------------------------------- */

/* A row that is told is one of a member: its count is never 0. */
static void *rows_main(void *arg)
{
	struct reader *r = arg;
	struct members list = {};
	struct pgnl_row row;
	uint32_t policy;
	size_t i;

	for (; !atomic_load(&r->stop); r->reads++) {
		policy = r->reads % PGNL_POLICY_KEY;
		if (!pick(r->c, NULL, "g", policy, &row) && !row.count)
			snprintf(r->complaint, sizeof(r->complaint), "pick by policy %u", policy);
		list_by(r->c, r->reads % LISTINGS, NULL, "g", &list);
		for (i = 0; i < list.n; i++)
			if (!list.at[i].row.count)
				snprintf(r->complaint, sizeof(r->complaint), "%s",
					 listing_name[r->reads % LISTINGS]);
	}
	members_free(&list);
	return NULL;
}

TEST_F_TIMEOUT(race, row_that_is_told_has_a_count, LIMIT_S)
{
	struct reader reader = { .c = self->other };
	struct crowd crowd;
	unsigned int round;

	ASSERT_EQ(0, crowd_start(&crowd, 2));
	ASSERT_EQ(0, pthread_create(&reader.thread, NULL, rows_main, &reader));
	for (round = 0; again(round, 10000) && !reader.complaint[0]; round++) {
		ASSERT_LT(0, join(self->c, NULL, "g", crowd.pid[round % 2]));
		ASSERT_EQ(1, leave(self->c, NULL, "g", crowd.pid[round % 2]));
	}
	atomic_store(&reader.stop, true);
	pthread_join(reader.thread, NULL);
	EXPECT_STREQ("", reader.complaint);
	TH_LOG("%u reads", reader.reads);
	crowd_end(&crowd);
}

/* --- Batches and mass exits ----------------------------------------------- */

struct batch {
	struct client *c;
	struct crowd *crowd;
	size_t first, n;	/* part of the crowd */
	int result;
};

static void *batch_main(void *arg)
{
	struct batch *b = arg;

	b->result = join_pids(b->c, NULL, "g", b->crowd->pid + b->first, b->n);
	return NULL;
}

static void kill_some(struct crowd *crowd, size_t first, size_t end, size_t step)
{
	for (; first < end; first += step)
		kill(crowd->pid[first], SIGKILL);
}

static void reap_some(struct crowd *crowd, size_t first, size_t end, size_t step)
{
	for (; first < end; first += step) {
		waitpid(crowd->pid[first], NULL, 0);
		crowd->pid[first] = 0;
	}
}

/*
 * Half of a crowd is killed while a batch joins all of it: the batch is taken
 * whole, or refused for one that was dead already. Those that live are in
 * the group in the first case, nobody is in the second.
 */
static void batch_against_kills(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self,
				size_t n, unsigned int *refused)
{
	struct crowd crowd;
	struct batch batch = { .c = self->other, .crowd = &crowd, .n = n };
	pthread_t thread;

	ASSERT_EQ(0, crowd_start(&crowd, n));
	ASSERT_EQ(0, pthread_create(&thread, NULL, batch_main, &batch));
	spin(rand_r(&self->seed) % 100000);
	kill_some(&crowd, 1, n, 2);
	pthread_join(thread, NULL);
	reap_some(&crowd, 1, n, 2);
	ASSERT_TRUE(joined_or_dead(batch.result)) TH_LOG("batch: %d", batch.result);
	*refused += batch.result < 0;
	ASSERT_STREQ("", miscounted(self->c, NULL, "g", batch.result < 0 ? 0 : n / 2));
	kill_some(&crowd, 0, n, 2);
	reap_some(&crowd, 0, n, 2);
	ASSERT_STREQ("", miscounted(self->c, NULL, "g", 0));
	crowd_end(&crowd);
}

TEST_F_TIMEOUT(race, small_batches_against_kills, LIMIT_S)
{
	unsigned int round, refused = 0;

	for (round = 0; again(round, 100); round++)
		batch_against_kills(_metadata, self, 64, &refused);
	TH_LOG("%u of %u batches refused", refused, round);
}

TEST_F_TIMEOUT(race, batch_of_2000_against_kills, LIMIT_S)
{
	unsigned int round, refused = 0;

	for (round = 0; again(round, 4); round++)
		batch_against_kills(_metadata, self, 2000, &refused);
	TH_LOG("%u of %u batches refused", refused, round);
}

/* How many processes the free memory can bear, at 64 KiB for each. */
static size_t bearable(size_t wanted)
{
	unsigned long kib = 0;
	char buf[4096], *p;

	if (read_text(buf, sizeof(buf), "/proc/meminfo")) {
		p = strstr(buf, "MemAvailable:");
		if (p)
			kib = strtoul(p + strlen("MemAvailable:"), NULL, 10);
	}
	return kib / 2 / 64 < wanted ? kib / 2 / 64 : wanted;
}

TEST_F_TIMEOUT(race, ten_thousand_killed_at_once, LIMIT_S)
{
	size_t n = bearable(10000), first, step = PGNL_ROWS_MAX;
	struct crowd crowd;

	ASSERT_TRUE(write_text("/proc/sys/kernel/threads-max", say("%zu", n + 4096)));
	ASSERT_EQ(0, crowd_start(&crowd, n));
	for (first = 0; first < n; first += step) {
		ASSERT_EQ(1, join_pids(self->c, NULL, "g", crowd.pid + first,
				       n - first < step ? n - first : step));
	}
	EXPECT_STREQ("", miscounted(self->c, NULL, "g", n));
	EXPECT_STREQ("", verify(self->c));
	kill_some(&crowd, 0, n, 1);
	reap_some(&crowd, 0, n, 1);
	EXPECT_EQ(0, listed_at_all(self->c, NULL, "g"));
	EXPECT_STREQ("", miscounted(self->c, NULL, "g", 0));
	EXPECT_STREQ("", scope_miscounted(self->c, NULL, 0, 0));
	crowd_end(&crowd);
	TH_LOG("%zu processes", n);
}

/* --- Deletions ------------------------------------------------------------ */

/* Makes and deletes something over and over. */
struct deleter {
	pthread_t thread;
	struct client *c;
	int (*make)(struct client *c);
	int (*delete)(struct client *c);
	atomic_bool stop;
	unsigned int deletions;
	int err;
};

static void *deleter_main(void *arg)
{
	struct deleter *d = arg;

	while (!atomic_load(&d->stop) && !d->err) {
		d->err = d->make(d->c);
		if (!d->err)
			d->err = d->delete(d->c);
		d->deletions++;
	}
	return NULL;
}

static int make_scope(struct client *c)
{
	return scope_new(c, "volatile", PGNL_SCOPE_MODE_PG);
}

static int delete_scope(struct client *c)
{
	return scope_del(c, "volatile");
}

static int make_group(struct client *c)
{
	return group_new(c, "pg2", "g");
}

static int delete_group(struct client *c)
{
	return group_del(c, "pg2", "g");
}

/* Joined, too late for the process, or for the scope or group. */
static bool joined_or_gone(int result)
{
	return joined_or_dead(result) || result == -ENOENT;
}

/*
 * Processes join, alone and in batches, leave and end in a place that comes
 * and goes; they are in "pg" meanwhile, which stays.
 */
static void deletions_against_all(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self,
				  const char *scope, struct deleter *d, unsigned int n)
{
	unsigned int round, joined = 0;
	struct crowd crowd;
	int ret;

	d->c = self->other;
	ASSERT_EQ(0, pthread_create(&d->thread, NULL, deleter_main, d));
	for (round = 0; again(round, n); round++) {
		ASSERT_EQ(0, crowd_start(&crowd, 8));
		ASSERT_EQ(1, join_pids(self->c, NULL, "stable", crowd.pid, 8));
		ret = join_pids(self->c, scope, "g", crowd.pid, 8);
		ASSERT_TRUE(joined_or_gone(ret)) TH_LOG("join: %d", ret);
		joined += ret > 0;
		kill(crowd.pid[0], SIGKILL);
		ret = join(self->c, scope, "g", crowd.pid[1]);
		ASSERT_TRUE(joined_or_gone(ret)) TH_LOG("join: %d", ret);
		ret = leave(self->c, scope, "g", crowd.pid[2]);
		ASSERT_TRUE(ret == 0 || ret == 1 || ret == -ENOENT) TH_LOG("leave: %d", ret);
		crowd_end(&crowd);
		ret = listed_at_all(self->c, scope, "g");
		ASSERT_TRUE(ret == 0 || ret == -ENOENT) TH_LOG("list: %d", ret);
		ASSERT_EQ(0, listed_at_all(self->c, NULL, "stable"));
	}
	atomic_store(&d->stop, true);
	pthread_join(d->thread, NULL);
	EXPECT_EQ(0, d->err);
	TH_LOG("%u deletions, %u of %u batches joined", d->deletions, joined, round);
}

TEST_F_TIMEOUT(race, scope_deletion_against_all, LIMIT_S)
{
	struct deleter d = { .make = make_scope, .delete = delete_scope };

	deletions_against_all(_metadata, self, "volatile", &d, 500);
}

TEST_F_TIMEOUT(race, group_deletion_against_all, LIMIT_S)
{
	struct deleter d = { .make = make_group, .delete = delete_group };

	deletions_against_all(_metadata, self, "pg2", &d, 500);
}

TEST_HARNESS_MAIN
