// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals to a group: who gets them, what comes along, who is refused; and that
 * nobody gets one twice, or in place of somebody else.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "stage.h"
#include "passed.h"

#define ALICE	1000
#define BOB	2000
#define NOBODY	65534

NETNS_FIXTURE(signals);

/* --- Requests -------------------------------------------------------------- */

static void signal_req(struct client *c, const char *scope, const char *group, int nr)
{
	member_req(c, PGNL_CMD_GROUP_SIGNAL, scope, group);
	put_u32(c, PGNL_A_SIGNAL, nr);
}

/* What became of the request: "REACHED REFUSED GONE" or "ERRNO: TEXT". */
static const char *act(struct client *c)
{
	static _Thread_local char text[300];
	int err = req_do(c);

	if (err)
		snprintf(text, sizeof(text), "%d: %s", err, c->text);
	else
		snprintf(text, sizeof(text), "%u %u %u", reply_u32(c, PGNL_A_REACHED),
			 reply_u32(c, PGNL_A_REFUSED), reply_u32(c, PGNL_A_GONE));
	return text;
}

static const char *signal_all(struct client *c, const char *group, int nr)
{
	signal_req(c, NULL, group, nr);
	return act(c);
}

static const char *signal_one(struct client *c, uint32_t policy)
{
	signal_req(c, NULL, "g", SIGRTMIN);
	put_u32(c, PGNL_A_POLICY, policy);
	if (policy == PGNL_POLICY_KEY)
		put_bin(c, PGNL_A_KEY, "k", 1);
	return act(c);
}

static const char *signal_uid(struct client *c, uid_t uid)
{
	signal_req(c, NULL, "g", SIGRTMIN);
	put_u32(c, PGNL_A_UID, uid);
	return act(c);
}

static const char *queue_all(struct client *c, const char *group, int nr, uint64_t value)
{
	signal_req(c, NULL, group, nr);
	put_u64(c, PGNL_A_VALUE, value);
	return act(c);
}

/* --- Listeners: kids that tell which signals they get ----------------------- */

struct heard {
	int signo, code;
	pid_t pid;
	uid_t uid;
	void *value;
};

/* All are blocked and taken one by one, so none is merged or lost. */
static void listen_and_tell(int ctl)
{
	struct heard heard;
	siginfo_t info;
	sigset_t all;

	sigfillset(&all);
	for (;;) {
		if (sigwaitinfo(&all, &info) < 0)
			continue;
		heard = (struct heard){ info.si_signo, info.si_code, info.si_pid, info.si_uid,
			info.si_value.sival_ptr };
		if (send(ctl, &heard, sizeof(heard), MSG_NOSIGNAL) != sizeof(heard))
			_exit(0);
	}
}

static void block_all(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static void kid_listens(int ctl, const void *arg)
{
	const uid_t *uid = arg;

	block_all();
	if (uid)
		become(*uid, *uid, NULL, 0);
	/* A change of user has undone it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	tell(ctl, 0);
	listen_and_tell(ctl);
}

/*
 * How many signals a listener got, the last one in *last. They are taken in the
 * order of their numbers, so the highest one ends what came before it.
 */
static int heard_by(struct kid *kid, struct heard *last)
{
	struct heard heard;
	int n = 0;

	kill(kid->pid, SIGRTMAX);
	while (wait_readable(kid->ctl) &&
	       recv(kid->ctl, &heard, sizeof(heard), MSG_WAITALL) == sizeof(heard)) {
		if (heard.signo == SIGRTMAX)
			return n;
		n++;
		if (last)
			*last = heard;
	}
	return -1;
}

static void start_listeners(struct __test_metadata *_metadata, struct kid *kids, size_t n,
			    const uid_t *uid)
{
	for (size_t i = 0; i < n; i++)
		ASSERT_EQ(0, kid_ready(&kids[i], kid_listens, uid));
}

static void end_kids(struct kid *kids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		kid_kill(&kids[i]);
}

static void join_kids(struct __test_metadata *_metadata, struct client *c, const char *group,
		      const struct kid *kids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ASSERT_EQ(1, join(c, NULL, group, kids[i].pid));
}

/* Kids of a user, in group g. */
static void start_members(struct __test_metadata *_metadata, struct client *c, struct kid *kids,
			  size_t n, uid_t uid)
{
	start_listeners(_metadata, kids, n, uid ? &uid : NULL);
	join_kids(_metadata, c, "g", kids, n);
}

/* --- To whom ----------------------------------------------------------------- */

TEST_F(signals, every_member_gets_it_once)
{
	struct client *c = self->c;
	struct heard heard;
	struct kid kids[4];

	start_listeners(_metadata, kids, 4, NULL);
	join_kids(_metadata, c, "g", kids, 3);
	join_kids(_metadata, c, "other", &kids[2], 2);
	ASSERT_EQ(4, join_times(c, NULL, "g", kids[0].pid, 3));
	EXPECT_STREQ("3 0 0", signal_all(c, "g", SIGRTMIN));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(1, heard_by(&kids[i], &heard));
		EXPECT_EQ(SIGRTMIN, heard.signo);
		EXPECT_EQ(SI_USER, heard.code);
		EXPECT_EQ(getpid(), heard.pid);
		EXPECT_EQ(0, heard.uid);
	}
	EXPECT_EQ(0, heard_by(&kids[3], NULL));
	EXPECT_STREQ("3 0 0", signal_all(c, "g", SIGHUP));
	EXPECT_EQ(1, heard_by(&kids[0], &heard));
	EXPECT_EQ(SIGHUP, heard.signo);
	end_kids(kids, 4);
}

TEST_F(signals, a_policy_picks_one)
{
	enum { N = 4 };
	struct client *c = self->c;
	struct pgnl_row row;
	struct kid kids[N];
	int n;

	start_members(_metadata, c, kids, N, 0);
	for (uint32_t policy = PGNL_POLICY_CLOSEST; policy <= PGNL_POLICY_RANDOM; policy++) {
		EXPECT_STREQ("1 0 0", signal_one(c, policy));
		n = 0;
		for (int i = 0; i < N; i++)
			n += heard_by(&kids[i], NULL);
		EXPECT_EQ(1, n);
	}
	for (int i = 0; i < N; i++)
		EXPECT_STREQ("1 0 0", signal_one(c, PGNL_POLICY_ROUND_ROBIN));
	for (int i = 0; i < N; i++)
		EXPECT_EQ(1, heard_by(&kids[i], NULL));
	ASSERT_EQ(0, pick_key(c, NULL, "g", "k", 1, &row));
	for (int i = 0; i < N; i++)
		EXPECT_STREQ("1 0 0", signal_one(c, PGNL_POLICY_KEY));
	for (int i = 0; i < N; i++)
		EXPECT_EQ(kids[i].pid == (pid_t)row.pid ? N : 0, heard_by(&kids[i], NULL));
	end_kids(kids, N);
}

/* Who ends by it, of a crowd. */
static int struck(struct crowd *crowd)
{
	int status, pid = waitpid(-1, &status, 0);

	for (size_t i = 0; i < crowd->n; i++) {
		if (crowd->pid[i] == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGRTMIN) {
			crowd->pid[i] = 0;
			return pid;
		}
	}
	return -1;
}

TEST_F(signals, a_policy_picks_one_of_many)
{
	enum { N = 600, TIMES = 5 };
	struct client *c = self->c;
	struct pgnl_row row;
	struct crowd crowd;

	ASSERT_EQ(0, crowd_start(&crowd, N));
	ASSERT_EQ(1, join_pids(c, NULL, "g", crowd.pid, N));
	for (int i = 0; i < TIMES; i++) {
		ASSERT_EQ(0, pick_key(c, NULL, "g", "k", 1, &row));
		EXPECT_STREQ("1 0 0", signal_one(c, PGNL_POLICY_KEY));
		EXPECT_EQ((int)row.pid, struck(&crowd));
		EXPECT_STREQ("1 0 0", signal_one(c, PGNL_POLICY_ROUND_ROBIN));
		EXPECT_LT(0, struck(&crowd));
	}
	for (uint32_t policy = PGNL_POLICY_CLOSEST; policy <= PGNL_POLICY_MAX; policy++) {
		signal_req(c, NULL, "g", SIGRTMIN);
		put_u32(c, PGNL_A_POLICY, policy);
		put_u32(c, PGNL_A_UID, ALICE);
		if (policy == PGNL_POLICY_KEY)
			put_bin(c, PGNL_A_KEY, "k", 1);
		EXPECT_EQ(-ENODATA, req_do(c));
	}
	crowd_end(&crowd);
}

TEST_F(signals, others_are_all_but_the_requester)
{
	struct client *c = self->c;
	const struct timespec none = {};
	struct kid kid;
	sigset_t all;

	block_all();
	sigfillset(&all);
	start_members(_metadata, c, &kid, 1, 0);
	ASSERT_EQ(1, join(c, NULL, "g", 0));
	signal_req(c, NULL, "g", SIGRTMIN);
	put_flag(c, PGNL_A_OTHERS);
	EXPECT_STREQ("1 0 0", act(c));
	EXPECT_EQ(1, heard_by(&kid, NULL));
	EXPECT_EQ(-1, sigtimedwait(&all, NULL, &none));
	EXPECT_STREQ("2 0 0", signal_all(c, "g", SIGRTMIN));
	EXPECT_EQ(1, heard_by(&kid, NULL));
	EXPECT_EQ(SIGRTMIN, sigtimedwait(&all, NULL, &none));
	end_kids(&kid, 1);
}

TEST_F(signals, ids_name_members_of_the_group)
{
	struct client *c = self->c;
	struct kid kids[4];
	uint64_t stranger;

	start_listeners(_metadata, kids, 4, NULL);
	join_kids(_metadata, c, "g", kids, 3);
	join_kids(_metadata, c, "other", &kids[3], 1);
	stranger = id_of(c, kids[3].pid);
	for (int i = 0; i < 2; i++) {
		uint64_t id = id_of(c, kids[i].pid);

		signal_req(c, NULL, "g", SIGRTMIN);
		put_u64(c, PGNL_A_ID, stranger);
		put_u64(c, PGNL_A_ID, id);
		put_u64(c, PGNL_A_ID, UINT64_MAX);
		EXPECT_STREQ("1 0 0", act(c));
	}
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(i < 2, heard_by(&kids[i], NULL));
	signal_req(c, NULL, "g", SIGRTMIN);
	put_u64(c, PGNL_A_ID, stranger);
	EXPECT_STREQ("0 0 0", act(c));
	EXPECT_EQ(0, heard_by(&kids[3], NULL));
	end_kids(kids, 4);
}

TEST_F(signals, of_one_uid_only_its_members_get_it)
{
	struct client *c = self->c;
	struct kid kids[3];

	start_members(_metadata, c, kids, 2, 0);
	start_members(_metadata, c, &kids[2], 1, ALICE);
	EXPECT_STREQ("1 0 0", signal_uid(c, ALICE));
	EXPECT_STREQ("2 0 0", signal_uid(c, 0));
	EXPECT_STREQ("0 0 0", signal_uid(c, BOB));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(1, heard_by(&kids[i], NULL));
	signal_req(c, NULL, "g", SIGRTMIN);
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	put_u32(c, PGNL_A_UID, ALICE);
	EXPECT_STREQ("1 0 0", act(c));
	EXPECT_EQ(1, heard_by(&kids[2], NULL));
	end_kids(kids, 3);
}

TEST_F(signals, local_ones_are_those_of_this_node)
{
	struct kid kid;

	start_members(_metadata, self->c, &kid, 1, 0);
	signal_req(self->c, NULL, "g", SIGRTMIN);
	put_flag(self->c, PGNL_A_LOCAL_ONLY);
	EXPECT_STREQ("1 0 0", act(self->c));
	EXPECT_EQ(1, heard_by(&kid, NULL));
	end_kids(&kid, 1);
}

TEST_F(signals, zero_only_asks)
{
	struct kid kids[2];

	start_members(_metadata, self->c, kids, 2, 0);
	EXPECT_STREQ("2 0 0", signal_all(self->c, "g", 0));
	EXPECT_STREQ("2 0 0", queue_all(self->c, "g", 0, 7));
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(0, heard_by(&kids[i], NULL));
	end_kids(kids, 2);
}

static int kill_group(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	CHECK_EQ(1, join(c, NULL, "g", 0));
	signal_req(c, NULL, "g", SIGKILL);
	req_do(c);
	return 1;
}

TEST_F(signals, sigkill_of_all_takes_the_requester_along)
{
	struct kid kids[2];

	ASSERT_EQ(0, kid_ready(&kids[0], kid_waits, NULL));
	ASSERT_EQ(0, kid_ready(&kids[1], kid_waits, NULL));
	join_kids(_metadata, self->c, "g", kids, 2);
	EXPECT_EQ(128 + SIGKILL, in_child(kill_group, NULL));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(SIGKILL, kid_reap(&kids[i]));
		kid_close(&kids[i]);
	}
	EXPECT_EQ(0, group_exists(self->c, NULL, "g"));
}

/* --- With a value -------------------------------------------------------------- */

TEST_F(signals, a_value_comes_as_by_sigqueue)
{
	struct client *c = self->c;
	struct heard heard = {};
	struct kid kids[2];

	start_members(_metadata, c, kids, 2, 0);
	EXPECT_STREQ("2 0 0", queue_all(c, "g", SIGRTMIN, 0x123456789abcdef0));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(1, heard_by(&kids[i], &heard));
		EXPECT_EQ(SIGRTMIN, heard.signo);
		EXPECT_EQ(SI_QUEUE, heard.code);
		EXPECT_EQ(getpid(), heard.pid);
		EXPECT_EQ(0, heard.uid);
		EXPECT_EQ((void *)0x123456789abcdef0, heard.value);
	}
	EXPECT_STREQ("2 0 0", queue_all(c, "g", SIGRTMIN, 0));
	EXPECT_EQ(1, heard_by(&kids[0], &heard));
	EXPECT_EQ(SI_QUEUE, heard.code);
	EXPECT_EQ(NULL, heard.value);
	end_kids(kids, 2);
}

static int queue_as_alice(void *arg)
{
	(void)arg;
	CHECK(!strcmp("1 0 0", queue_all(client_open(), "g", SIGRTMIN, 1)));
	return 0;
}

TEST_F(signals, a_value_comes_with_the_uid_of_the_requester)
{
	struct heard heard = {};
	struct kid kid;

	start_members(_metadata, self->c, &kid, 1, ALICE);
	EXPECT_EQ(0, as_user(ALICE, ALICE, queue_as_alice, NULL));
	EXPECT_EQ(1, heard_by(&kid, &heard));
	EXPECT_EQ(ALICE, heard.uid);
	end_kids(&kid, 1);
}

TEST_F(signals, from_outside_a_pid_namespace_the_sender_has_no_pid)
{
	struct heard heard = { .pid = -1 };
	struct kid kid;

	ASSERT_EQ(0, ready_in_pidns(_metadata, &kid, kid_listens, NULL));
	join_kids(_metadata, self->c, "g", &kid, 1);
	EXPECT_STREQ("1 0 0", queue_all(self->c, "g", SIGRTMIN, 1));
	EXPECT_EQ(1, heard_by(&kid, &heard));
	EXPECT_EQ(0, heard.pid);
	EXPECT_EQ(SI_QUEUE, heard.code);
	EXPECT_STREQ("1 0 0", signal_all(self->c, "g", SIGRTMIN));
	EXPECT_EQ(1, heard_by(&kid, &heard));
	EXPECT_EQ(0, heard.pid);
	end_kids(&kid, 1);
}

/* Of init in there, its child and one outside it reaches what it can see. */
static void kid_signals(int ctl, const void *arg)
{
	const uint64_t *outside = arg;
	struct client *c = client_open();
	struct kid child;
	bool right;

	if (!c || kid_ready(&child, kid_listens, NULL) || join(c, NULL, "g", child.pid) != 1)
		_exit(1);
	right = !strcmp("1 1 0", queue_all(c, "g", SIGRTMIN, 1)) &&
		!strcmp("1 1 0", signal_all(c, "g", SIGRTMIN)) &&
		!strcmp("1 1 0", signal_all(c, "g", 0));
	signal_req(c, NULL, "g", SIGKILL);
	put_u64(c, PGNL_A_ID, *outside);
	right &= !strcmp("0 1 0", act(c));
	ready(ctl, right && heard_by(&child, NULL) == 2);
}

TEST_F(signals, from_inside_a_pid_namespace_those_outside_are_refused)
{
	struct kid kid, sender;
	uint64_t id;

	start_members(_metadata, self->c, &kid, 1, 0);
	id = id_of(self->c, kid.pid);
	ASSERT_EQ(1, ready_in_pidns(_metadata, &sender, kid_signals, &id));
	EXPECT_EQ(0, heard_by(&kid, NULL));
	end_kids(&sender, 1);
	end_kids(&kid, 1);
}

/* Beside a first thread that blocks all signals or has ended, one waits. */
static void *thread_waits(void *arg)
{
	int ctl = *(int *)arg;
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	tell(ctl, 0);
	tell(ctl, sigwaitinfo(&set, &info) == SIGRTMIN ? info.si_value.sival_int : -1);
	return NULL;
}

static void kid_has_a_waiting_thread(int ctl, const void *arg)
{
	pthread_t thread;

	block_all();
	if (pthread_create(&thread, NULL, thread_waits, &ctl))
		_exit(1);
	if (arg)
		pthread_exit(NULL);
	pthread_join(thread, NULL);
}

static bool waits_in_a_thread(pid_t pid)
{
	char path[64], buf[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/wchan", pid, pid + 1);
	return thread_state(pid, pid + 1) == 'S' &&
	       (!read_text(buf, sizeof(buf), path) || strstr(buf, "sig"));
}

static void value_to_thread(struct __test_metadata *_metadata, struct client *c, const void *ends)
{
	struct kid kid;

	ASSERT_EQ(0, kid_ready(&kid, kid_has_a_waiting_thread, ends));
	join_kids(_metadata, c, "g", &kid, 1);
	ASSERT_TRUE(wait_until(waits_in_a_thread(kid.pid) &&
			       process_state(kid.pid) == (ends ? 'Z' : 'S')));
	EXPECT_STREQ("1 0 0", queue_all(c, "g", SIGRTMIN, 77));
	EXPECT_EQ(77, hear(kid.ctl));
	kid_kill(&kid);
}

TEST_F(signals, a_value_comes_to_the_thread_that_waits_for_it)
{
	value_to_thread(_metadata, self->c, NULL);
}

TEST_F(signals, a_value_comes_to_a_process_whose_first_thread_has_ended)
{
	value_to_thread(_metadata, self->c, "");
}

/* --- The dead ------------------------------------------------------------------- */

FIXTURE(dead) {
	struct stage s;
};

FIXTURE_VARIANT(dead) {
	bool hold;
};

FIXTURE_VARIANT_ADD(dead, at_once) {};

FIXTURE_VARIANT_ADD(dead, workers_held) {
	.hold = true,
};

FIXTURE_SETUP(dead)
{
	stage_setup(_metadata, &self->s, variant->hold);
}

FIXTURE_TEARDOWN(dead)
{
	stage_teardown(_metadata, &self->s);
}

static const char *signal_id(struct client *c, const char *group, uint64_t id, int nr)
{
	signal_req(c, NULL, group, nr);
	put_u64(c, PGNL_A_ID, id);
	return act(c);
}

/* A group of nobody but the dead may still be there until the workers have run. */
static bool is_nobody(const char *answer)
{
	return !strcmp("0 0 0", answer) || !strcmp("-2: no such group", answer);
}

/* "shared" has the test itself, so only 0 goes there. */
static void expect_unreached(struct __test_metadata *_metadata, struct stage *s, uint64_t id)
{
	int again;

	for (again = 0; again < 2; again++) {
		EXPECT_STREQ("1 0 0", signal_all(s->c, "shared", 0));
		EXPECT_STREQ("0 0 0", signal_id(s->c, "shared", id, SIGRTMIN));
		EXPECT_TRUE(is_nobody(signal_all(s->c, "alone", SIGRTMIN)));
		EXPECT_TRUE(is_nobody(signal_id(s->c, "alone", id, SIGRTMIN)));
		stage_release(s);
	}
}

TEST_F(dead, a_zombie_is_not_reached)
{
	struct stage *s = &self->s;
	siginfo_t info;
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	id = stage_join(_metadata, s, kid.pid);
	EXPECT_STREQ("2 0 0", signal_all(s->c, "shared", 0));
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(0, waitid(P_PID, kid.pid, &info, WEXITED | WNOWAIT));
	expect_unreached(_metadata, s, id);
	EXPECT_EQ(0, kid_reap(&kid));
	kid_close(&kid);
}

TEST_F(dead, who_got_the_pid_of_a_member_is_never_hit)
{
	struct stage *s = &self->s;
	struct kid kid, heir;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	id = stage_join(_metadata, s, kid.pid);
	stage_hold(_metadata, s);
	tell(kid.ctl, 0);
	ASSERT_EQ(0, kid_reap(&kid));
	ASSERT_EQ(0, kid_start_as(&heir, kid.pid, kid_listens, NULL));
	ASSERT_EQ(0, hear(heir.ctl));
	ASSERT_EQ(kid.pid, heir.pid);
	expect_unreached(_metadata, s, id);
	EXPECT_EQ(0, heard_by(&heir, NULL));
	/* As a member of its own it is. */
	ASSERT_EQ(1, join(s->c, NULL, "alone", heir.pid));
	EXPECT_STREQ("0 0 0", signal_id(s->c, "alone", id, SIGRTMIN));
	EXPECT_STREQ("1 0 0", signal_all(s->c, "alone", SIGRTMIN));
	EXPECT_EQ(1, heard_by(&heir, NULL));
	kid_kill(&heir);
	kid_close(&kid);
}

/*
 * Whoever is named twice is signalled twice, and has ended by the second time
 * when there are many in between.
 */
TEST_F(signals, who_ends_meanwhile_is_counted_as_gone)
{
	enum { N = 1000 };
	struct client *c = self->c;
	uint32_t gone = 0;
	uint64_t ids[N];
	struct kid kid;

	for (unsigned int round = 0; !gone && again(round, 100); round++) {
		struct crowd crowd;
		uint64_t id;

		ASSERT_EQ(0, crowd_start(&crowd, N));
		ASSERT_EQ(1, join_pids(c, NULL, "g", crowd.pid, N));
		for (int i = 0; i < N; i++)
			ids[i] = reply_id(c, i);
		ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
		ASSERT_EQ(1, join(c, NULL, "g", kid.pid));
		id = id_of(c, kid.pid);
		signal_req(c, NULL, "g", SIGKILL);
		put_u64(c, PGNL_A_ID, id);
		for (int i = 0; i < N; i++)
			put_u64(c, PGNL_A_ID, ids[i]);
		put_u64(c, PGNL_A_ID, id);
		ASSERT_EQ(0, req_do(c));
		EXPECT_EQ(0, reply_u32(c, PGNL_A_REFUSED));
		gone = reply_u32(c, PGNL_A_GONE);
		EXPECT_EQ(N + 2, reply_u32(c, PGNL_A_REACHED) + gone);
		EXPECT_EQ(SIGKILL, kid_reap(&kid));
		kid_close(&kid);
		crowd_end(&crowd);
	}
	EXPECT_EQ(1, gone);
}

/* --- Rights ----------------------------------------------------------------------- */

/* A member each of root, Alice and Bob. */
static void start_crowd_of_three(struct __test_metadata *_metadata, struct client *c,
				 struct kid kids[3])
{
	start_members(_metadata, c, &kids[0], 1, 0);
	start_members(_metadata, c, &kids[1], 1, ALICE);
	start_members(_metadata, c, &kids[2], 1, BOB);
}

static int signal_as_alice(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	CHECK(!strcmp("1 2 0", signal_all(c, "g", SIGRTMIN)));
	CHECK(!strcmp("1 2 0", signal_all(c, "g", 0)));
	CHECK(!strcmp("1 2 0", queue_all(c, "g", 0, 1)));
	CHECK(!strcmp("1 2 0", queue_all(c, "g", SIGRTMIN, 1)));
	CHECK(!strcmp("0 1 0", signal_uid(c, BOB)));
	CHECK(!strcmp("1 0 0", signal_uid(c, ALICE)));
	return 0;
}

TEST_F(signals, other_users_refuse_and_are_counted)
{
	struct kid kids[3];

	start_crowd_of_three(_metadata, self->c, kids);
	EXPECT_EQ(0, as_user(ALICE, ALICE, signal_as_alice, NULL));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(i == 1 ? 3 : 0, heard_by(&kids[i], NULL));
	end_kids(kids, 3);
}

static int signal_by_mode(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	signal_req(c, "no-x", "g", SIGRTMIN);
	CHECK(!strcmp("-13: mode of the scope does not allow it", act(c)));
	CHECK_EQ(PGNL_A_SCOPE, blamed(c));
	signal_req(c, "pg2", "no-x", SIGRTMIN);
	CHECK(!strcmp("-13: mode of the group does not allow it", act(c)));
	CHECK_EQ(PGNL_A_GROUP, blamed(c));
	signal_req(c, "pg2", "no-x", 0);
	put_u64(c, PGNL_A_ID, 1);
	CHECK(!strcmp("-13: mode of the group does not allow it", act(c)));
	signal_req(c, "pg2", "no-x", 0);
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	CHECK(!strcmp("-13: mode of the group does not allow it", act(c)));
	signal_req(c, "x", "g", SIGRTMIN);
	CHECK(!strcmp("1 0 0", act(c)));
	signal_req(c, "pg2", "x", SIGRTMIN);
	CHECK(!strcmp("1 0 0", act(c)));
	return 0;
}

TEST_F(signals, scope_and_group_have_to_grant_x)
{
	static const struct {
		const char *name;
		uint32_t perm;
	} modes[] = { { "no-x", 0776 }, { "x", 0771 } };
	struct client *c = self->c;
	uid_t alice = ALICE;
	struct kid kid;

	start_listeners(_metadata, &kid, 1, &alice);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		req_new(c, PGNL_CMD_SCOPE_NEW);
		put_str(c, PGNL_A_SCOPE, modes[i].name);
		put_u32(c, PGNL_A_PERM, modes[i].perm);
		ASSERT_EQ(0, req_do(c));
		ASSERT_EQ(1, join(c, modes[i].name, "g", kid.pid));
		member_req(c, PGNL_CMD_GROUP_NEW, "pg2", modes[i].name);
		put_u32(c, PGNL_A_PERM, modes[i].perm);
		ASSERT_EQ(0, req_do(c));
		ASSERT_EQ(1, join(c, "pg2", modes[i].name, kid.pid));
	}
	EXPECT_EQ(0, as_user(ALICE, ALICE, signal_by_mode, NULL));
	EXPECT_EQ(2, heard_by(&kid, NULL));
	end_kids(&kid, 1);
}

TEST_F(signals, root_gives_nothing_away_through_the_socket_of_a_user)
{
	struct kid kids[3];
	struct client *c;

	start_crowd_of_three(_metadata, self->c, kids);
	c = client_opened_by(ALICE);
	ASSERT_NE(NULL, c);
	EXPECT_STREQ("1 2 0", signal_all(c, "g", 0));
	EXPECT_STREQ("1 2 0", signal_all(c, "g", SIGRTMIN));
	EXPECT_STREQ("1 2 0", queue_all(c, "g", SIGRTMIN, 1));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(i == 1 ? 2 : 0, heard_by(&kids[i], NULL));
	/* Root itself is as far from her. */
	ASSERT_EQ(1, join(self->c, NULL, "self", 0));
	EXPECT_STREQ("0 1 0", signal_all(c, "self", SIGKILL));
	EXPECT_STREQ("0 1 0", queue_all(c, "self", SIGKILL, 1));
	client_close(c);
	end_kids(kids, 3);
}

static int signal_over_the_socket_of_root(void *arg)
{
	struct client *c = arg;

	CHECK(!strcmp("1 2 0", signal_all(c, "g", 0)));
	CHECK(!strcmp("1 2 0", signal_all(c, "g", SIGRTMIN)));
	CHECK(!strcmp("1 2 0", queue_all(c, "g", SIGRTMIN, 1)));
	return 0;
}

static int signal_over_a_passed_socket(void *arg)
{
	int *from = arg;
	struct client *c = client_on(receive_fd(*from));

	CHECK(c);
	return signal_over_the_socket_of_root(c);
}

TEST_F(signals, a_user_gains_nothing_by_a_passed_socket_of_root)
{
	struct kid kids[3];
	int pair[2];

	start_crowd_of_three(_metadata, self->c, kids);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, send_fd(pair[0], client_open()->fd));
	EXPECT_EQ(0, as_user(ALICE, ALICE, signal_over_a_passed_socket, &pair[1]));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(i == 1 ? 2 : 0, heard_by(&kids[i], NULL));
	close(pair[0]);
	close(pair[1]);
	end_kids(kids, 3);
}

TEST_F(signals, a_user_gains_nothing_by_an_inherited_socket_of_root)
{
	struct kid kids[3];

	start_crowd_of_three(_metadata, self->c, kids);
	EXPECT_EQ(0, as_user(ALICE, ALICE, signal_over_the_socket_of_root, self->c));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(i == 1 ? 2 : 0, heard_by(&kids[i], NULL));
	end_kids(kids, 3);
}

/* Of a user who has nobody else's signals to wait for; two fit in. */
static void kid_has_little_room(int ctl, const void *arg)
{
	const uid_t *uid = arg;
	struct rlimit two = { 2, 2 };

	block_all();
	setrlimit(RLIMIT_SIGPENDING, &two);
	become(*uid, *uid, NULL, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ready(ctl, 0);
	listen_and_tell(ctl);
}

TEST_F(signals, a_full_queue_refuses_and_loses_nothing)
{
	static const uid_t uid = 4711;
	struct client *c = self->c;
	struct heard heard = {};
	struct kid full, other;

	ASSERT_EQ(0, kid_ready(&full, kid_has_little_room, &uid));
	start_members(_metadata, c, &other, 1, 0);
	join_kids(_metadata, c, "g", &full, 1);
	EXPECT_STREQ("2 0 0", queue_all(c, "g", SIGRTMIN, 1));
	EXPECT_STREQ("2 0 0", queue_all(c, "g", SIGRTMIN, 2));
	EXPECT_STREQ("1 1 0", queue_all(c, "g", SIGRTMIN, 3));
	EXPECT_EQ(3, heard_by(&other, NULL));
	tell(full.ctl, 0);
	EXPECT_EQ(2, heard_by(&full, &heard));
	EXPECT_EQ((void *)2, heard.value);
	EXPECT_STREQ("2 0 0", queue_all(c, "g", SIGRTMIN, 4));
	end_kids(&full, 1);
	end_kids(&other, 1);
}

/* --- What makes no sense ------------------------------------------------------------ */

TEST_F(signals, what_makes_no_sense_is_refused_with_a_text)
{
	struct client *c = self->c;

	ASSERT_EQ(1, join(c, NULL, "g", 0));
	member_req(c, PGNL_CMD_GROUP_SIGNAL, NULL, "g");
	EXPECT_STREQ("-22: a signal is needed", act(c));
	req_new(c, PGNL_CMD_GROUP_SIGNAL);
	put_u32(c, PGNL_A_SIGNAL, 0);
	EXPECT_STREQ("-22: a group is needed", act(c));
	signal_req(c, NULL, "g", 65);
	EXPECT_EQ(-ERANGE, req_do(c));
	EXPECT_STRNE("", c->text);
	EXPECT_EQ(PGNL_A_SIGNAL, blamed(c));
	signal_req(c, NULL, "g", 64);
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	put_u64(c, PGNL_A_ID, 1);
	EXPECT_STREQ("-22: a policy excludes others and ids", act(c));
	EXPECT_EQ(PGNL_A_POLICY, blamed(c));
	signal_req(c, NULL, "g", 64);
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	put_flag(c, PGNL_A_OTHERS);
	EXPECT_STREQ("-22: a policy excludes others and ids", act(c));
	signal_req(c, NULL, "g", 64);
	put_bin(c, PGNL_A_KEY, "k", 1);
	EXPECT_STREQ("-22: a key is for the policy key, and it needs one", act(c));
	EXPECT_EQ(PGNL_A_KEY, blamed(c));
	signal_req(c, NULL, "g", 64);
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_KEY);
	EXPECT_STREQ("-22: a key is for the policy key, and it needs one", act(c));
}

TEST_F(signals, a_missing_group_or_scope_is_told_from_an_empty_group)
{
	struct client *c = self->c;

	EXPECT_STREQ("-2: no such group", signal_all(c, "missing", SIGRTMIN));
	EXPECT_EQ(PGNL_A_GROUP, blamed(c));
	signal_req(c, "nowhere", "g", SIGRTMIN);
	EXPECT_STREQ("-2: no such scope", act(c));
	EXPECT_EQ(PGNL_A_SCOPE, blamed(c));
	ASSERT_EQ(0, group_new(c, "pg2", "empty"));
	signal_req(c, "pg2", "empty", SIGRTMIN);
	EXPECT_STREQ("0 0 0", act(c));
	signal_req(c, "pg2", "empty", SIGRTMIN);
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	EXPECT_STREQ("-61: nobody in the group fits", act(c));
	EXPECT_EQ(PGNL_A_GROUP, blamed(c));
}

/* --- Many ----------------------------------------------------------------------------- */

#define MANY	5000
#define COMERS	500
#define PIDS	(1 << 22)

static unsigned int *hits;	/* by pid; the crowd shares our memory */

static void count_hit(int signo)
{
	(void)signo;
	__atomic_add_fetch(&hits[getpid()], 1, __ATOMIC_RELAXED);
}

static unsigned int hits_of(const struct crowd *crowd, size_t first, size_t end)
{
	unsigned int sum = 0;

	for (size_t i = first; i < end; i++)
		sum += __atomic_load_n(&hits[crowd->pid[i]], __ATOMIC_RELAXED);
	return sum;
}

struct comers {
	const struct crowd *crowd;	/* those behind MANY come and go */
	pthread_t thread;
	atomic_bool stop;
	unsigned int turns;
	int err;
};

static void *come_and_go(void *arg)
{
	struct comers *comers = arg;
	struct client *c = client_open();

	while (c && !comers->err && !comers->stop) {
		const pid_t *pids = comers->crowd->pid + MANY;

		comers->err = join_pids(c, NULL, "g", pids, COMERS) != 1;
		for (int i = 0; i < COMERS && !comers->err; i++)
			comers->err = leave(c, NULL, "g", pids[i]) != 1;
		__atomic_add_fetch(&comers->turns, 1, __ATOMIC_RELAXED);
	}
	comers->err |= !c;
	if (c)
		client_close(c);
	return NULL;
}

/* By pids in batches, as many as a request may have. */
static int join_many(struct client *c, const pid_t *pids, size_t n)
{
	int err = 1;

	for (size_t i = 0; i < n && err == 1; i += PGNL_ROWS_MAX)
		err = join_pids(c, NULL, "g", pids + i,
				n - i < PGNL_ROWS_MAX ? n - i : PGNL_ROWS_MAX);
	return err;
}

TEST_F(signals, thousands_get_it_once_while_others_come_and_go)
{
	struct sigaction count = { .sa_handler = count_hit };
	struct comers comers = {};
	struct client *c = self->c;
	unsigned int turn = 0, reached = 0;
	struct crowd crowd;

	raise_limits(c);
	hits = mmap(NULL, PIDS * sizeof(*hits), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, hits);
	ASSERT_EQ(0, sigaction(SIGRTMIN, &count, NULL));
	ASSERT_EQ(0, crowd_start(&crowd, MANY + COMERS));
	ASSERT_EQ(1, join_many(c, crowd.pid, MANY));
	comers.crowd = &crowd;
	ASSERT_EQ(0, pthread_create(&comers.thread, NULL, come_and_go, &comers));
	for (unsigned int round = 1; round <= 3; round++) {
		EXPECT_TRUE(wait_until(__atomic_load_n(&comers.turns, __ATOMIC_RELAXED) > turn));
		turn = comers.turns;
		signal_req(c, NULL, "g", SIGRTMIN);
		ASSERT_EQ(0, req_do(c));
		EXPECT_EQ(0, reply_u32(c, PGNL_A_REFUSED));
		EXPECT_EQ(0, reply_u32(c, PGNL_A_GONE));
		EXPECT_LE(MANY, reply_u32(c, PGNL_A_REACHED));
		reached += reply_u32(c, PGNL_A_REACHED);
		EXPECT_TRUE(wait_until(hits_of(&crowd, 0, crowd.n) == reached));
		for (size_t i = 0; i < MANY; i++)
			ASSERT_EQ(round, hits[crowd.pid[i]]);
		for (size_t i = MANY; i < crowd.n; i++)
			ASSERT_GE(round, hits[crowd.pid[i]]);
	}
	comers.stop = true;
	pthread_join(comers.thread, NULL);
	EXPECT_EQ(0, comers.err);
	crowd_end(&crowd);
	munmap(hits, PIDS * sizeof(*hits));
}

TEST_HARNESS_MAIN
