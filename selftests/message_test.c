// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages to a group: who gets them, what they say of the sender, and that
 * each that is not delivered is counted for what it is.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/sysinfo.h>

#include "stage.h"
#include "cgroup.h"
#include "hold.h"
#include "inbox.h"
#include "passed.h"

#define ALICE	1000
#define BOB	2000

NETNS_FIXTURE(messages);

static void end_kids(struct kid *kids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		kid_kill(&kids[i]);
}

/* Members of g with an inbox. */
static void start_readers(struct __test_metadata *_metadata, struct client *c, struct kid *kids,
			  size_t n, const struct reader *how)
{
	for (size_t i = 0; i < n; i++) {
		ASSERT_EQ(0, kid_ready(&kids[i], kid_reads, how));
		ASSERT_EQ(1, join(c, NULL, "g", kids[i].pid));
	}
}

/* Members of g without one. */
static void start_others(struct __test_metadata *_metadata, struct client *c, struct kid *kids,
			 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ASSERT_EQ(0, kid_ready(&kids[i], kid_waits, NULL));
		ASSERT_EQ(1, join(c, NULL, "g", kids[i].pid));
	}
}

/* --- To whom ------------------------------------------------------------------ */

TEST_F(messages, every_member_gets_it_once_with_its_sender)
{
	struct client *c = self->c;
	struct letter letter;
	struct kid kids[4];

	start_readers(_metadata, c, kids, 3, NULL);
	ASSERT_EQ(0, kid_ready(&kids[3], kid_reads, NULL));
	ASSERT_EQ(1, join(c, NULL, "other", kids[3].pid));
	ASSERT_EQ(1, join(c, NULL, "other", kids[0].pid));
	ASSERT_EQ(4, join_times(c, NULL, "g", kids[0].pid, 3));
	EXPECT_STREQ("3", send_text(c, "g", "hello"));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(1, kid_takes(&kids[i], &letter));
		EXPECT_STREQ("g", letter.group);
		EXPECT_STREQ("hello", letter.start);
		EXPECT_EQ(5, letter.len);
		EXPECT_TRUE(letter.has_pid && letter.has_uid);
		EXPECT_EQ(getpid(), letter.pid);
		EXPECT_EQ(0, letter.uid);
		EXPECT_EQ(0, letter.id);
		EXPECT_EQ(0, kid_takes(&kids[i], &letter));
	}
	EXPECT_EQ(0, kid_takes(&kids[3], &letter));
	EXPECT_STREQ("2", send_text(c, "other", ""));
	ASSERT_EQ(1, kid_takes(&kids[0], &letter));
	EXPECT_STREQ("other", letter.group);
	EXPECT_EQ(3 + 2, stat_get(c, PGNL_A_STAT_MESSAGES));
	EXPECT_EQ(4, stat_get(c, PGNL_A_STAT_INBOXES));
	end_kids(kids, 4);
}

TEST_F(messages, the_sender_is_known_by_its_member_id)
{
	struct client *c = self->c;
	struct letter letter;
	struct kid kid;

	start_readers(_metadata, c, &kid, 1, NULL);
	ASSERT_EQ(1, join(c, "pg", "senders", 0));
	EXPECT_STREQ("1", send_text(c, "g", "1"));
	ASSERT_EQ(1, kid_takes(&kid, &letter));
	EXPECT_EQ(id_of(c, getpid()), letter.id);
	ASSERT_EQ(1, leave(c, "pg", "senders", 0));
	EXPECT_STREQ("1", send_text(c, "g", "2"));
	ASSERT_EQ(1, kid_takes(&kid, &letter));
	EXPECT_EQ(0, letter.id);
	end_kids(&kid, 1);
}

TEST_F(messages, what_one_sends_comes_in_order)
{
	struct letter letter;
	struct kid kid;
	char text[8];

	start_readers(_metadata, self->c, &kid, 1, NULL);
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_STREQ("1", send_text(self->c, "g", text));
	}
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_EQ(1, kid_takes(&kid, &letter));
		ASSERT_STREQ(text, letter.start);
	}
	end_kids(&kid, 1);
}

TEST_F(messages, a_policy_picks_one_and_tells_whom)
{
	enum { N = 4 };
	struct client *c = self->c;
	struct letter letter;
	struct kid kids[N];
	uint32_t chosen = 0;
	int n;

	start_readers(_metadata, c, kids, N, NULL);
	for (uint32_t policy = 0; policy <= PGNL_POLICY_MAX; policy++) {
		EXPECT_STREQ("1", send_by(c, policy, "x"));
		chosen = reply_u32(c, PGNL_A_PID);
		EXPECT_EQ(id_of(c, chosen), reply_u64(c, PGNL_A_ID));
		/* That has made another reply. */
		n = 0;
		for (int i = 0; i < N; i++) {
			bool got = kid_takes(&kids[i], &letter) == 1;

			EXPECT_EQ(kids[i].pid == (pid_t)chosen, got);
			n += got;
		}
		EXPECT_EQ(1, n);
	}
	for (int i = 0; i < N; i++) {
		EXPECT_STREQ("1", send_by(c, PGNL_POLICY_KEY, "x"));
		EXPECT_EQ(chosen, reply_u32(c, PGNL_A_PID));
		EXPECT_STREQ("1", send_by(c, PGNL_POLICY_ROUND_ROBIN, "x"));
	}
	for (int i = 0; i < N; i++)
		EXPECT_EQ(kids[i].pid == (pid_t)chosen ? N + 1 : 1, kid_empties(&kids[i]));
	end_kids(kids, N);
}

TEST_F(messages, ids_uid_and_others_choose)
{
	struct client *c = self->c;
	struct reader alice = { .uid = ALICE };
	struct letter letter;
	struct kid kids[3];
	uint64_t id;

	start_readers(_metadata, c, kids, 2, NULL);
	start_readers(_metadata, c, &kids[2], 1, &alice);
	id = id_of(c, kids[1].pid);
	send_req(c, NULL, "g", "by id", 5);
	put_u64(c, PGNL_A_ID, 1);
	put_u64(c, PGNL_A_ID, id);
	EXPECT_STREQ("1", sent(c));
	ASSERT_EQ(1, kid_takes(&kids[1], &letter));
	EXPECT_STREQ("by id", letter.start);
	EXPECT_STREQ("0", send_id(c, "g", 1, "nobody"));
	send_req(c, NULL, "g", "by uid", 6);
	put_u32(c, PGNL_A_UID, ALICE);
	EXPECT_STREQ("1", sent(c));
	ASSERT_EQ(1, kid_takes(&kids[2], &letter));
	EXPECT_STREQ("by uid", letter.start);
	ASSERT_EQ(0, inbox_open(client_open(), NULL));
	ASSERT_EQ(1, join(c, NULL, "g", 0));
	EXPECT_STREQ("4", send_text(c, "g", "all"));
	send_req(c, NULL, "g", "others", 6);
	put_flag(c, PGNL_A_OTHERS);
	EXPECT_STREQ("3", sent(c));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(2, kid_empties(&kids[i]));
	end_kids(kids, 3);
}

TEST_F(messages, only_the_inbox_of_the_scope_gets_it)
{
	struct reader elsewhere = { .scope = "pg2" };
	struct client *c = self->c;
	struct kid kid;

	ASSERT_EQ(0, group_new(c, "pg2", "g"));
	start_readers(_metadata, c, &kid, 1, &elsewhere);
	EXPECT_STREQ("0 none 1", send_text(c, "g", "x"));
	ASSERT_EQ(1, join(c, "pg2", "g", kid.pid));
	send_req(c, "pg2", "g", "x", 1);
	EXPECT_STREQ("1", sent(c));
	EXPECT_EQ(1, kid_empties(&kid));
	end_kids(&kid, 1);
}

/* --- Payloads ------------------------------------------------------------------ */

TEST_F(messages, payloads_of_every_size_come_whole)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 4, 5, 255, 1023, 3000, 3400, 3500, 3600, 3700,
		3800, 4095, 4096, 4097, 8191, 8193, 16384, 32765, 32766, 32767, 32768 };
	static char data[PGNL_MESSAGE_MAX + 1];
	char name[PGNL_GROUP_NAME_MAX + 1];
	struct client *c = self->c;
	struct letter letter;
	struct kid kids[2];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i * 31 + i / 251;
	memset(name, 'n', PGNL_GROUP_NAME_MAX);
	name[PGNL_GROUP_NAME_MAX] = '\0';
	start_readers(_metadata, c, kids, 2, NULL);
	ASSERT_EQ(1, join(c, NULL, name, kids[0].pid));
	ASSERT_EQ(1, join(c, NULL, name, kids[1].pid));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		send_req(c, NULL, i % 2 ? name : "g", data, sizes[i]);
		ASSERT_STREQ("2", sent(c)) TH_LOG("%zu", sizes[i]);
		for (int k = 0; k < 2; k++) {
			ASSERT_EQ(1, kid_takes(&kids[k], &letter)) TH_LOG("%zu", sizes[i]);
			EXPECT_EQ(sizes[i], letter.len);
			EXPECT_EQ(sum_of(data, sizes[i]), letter.sum) TH_LOG("%zu", sizes[i]);
			EXPECT_STREQ(i % 2 ? name : "g", letter.group);
		}
	}
	send_req(c, NULL, "g", data, sizeof(data));
	EXPECT_STREQ("-90: a message has at most 32768 bytes", sent(c));
	EXPECT_EQ(PGNL_A_DATA, blamed(c));
	send_req(c, NULL, "g", data, 0);
	EXPECT_STREQ("2", sent(c));
	EXPECT_EQ(1, kid_empties(&kids[0]));
	end_kids(kids, 2);
}

/* --- What is not delivered -------------------------------------------------------- */

TEST_F(messages, a_member_without_an_inbox_is_counted)
{
	struct client *c = self->c;
	struct kid kids[3];

	start_readers(_metadata, c, kids, 1, NULL);
	start_others(_metadata, c, &kids[1], 2);
	EXPECT_STREQ("1 none 2", send_text(c, "g", "x"));
	EXPECT_STREQ("0 none 1", send_id(c, "g", id_of(c, kids[1].pid), "x"));
	EXPECT_EQ(1, kid_empties(&kids[0]));
	end_kids(kids, 3);
}

TEST_F(messages, a_full_inbox_is_counted_and_its_owner_not_hurt)
{
	struct reader small = { .room = 4096 };
	struct client *c = self->c;
	struct letter letter;
	struct kid kids[2];
	char text[8];
	int n;

	start_readers(_metadata, c, &kids[0], 1, &small);
	start_readers(_metadata, c, &kids[1], 1, NULL);
	for (n = 0; n < 100; n++) {
		snprintf(text, sizeof(text), "%d", n);
		if (strcmp("2", send_text(c, "g", text)))
			break;
	}
	ASSERT_LT(1, n);
	ASSERT_GT(100, n);
	for (int i = 0; i < 3; i++)
		EXPECT_STREQ("1 full 1", send_text(c, "g", "lost"));
	EXPECT_EQ(4, stat_get(c, PGNL_A_STAT_FULL_INBOXES));
	/* All that were reached are there, in order, and no error is. */
	for (int i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_EQ(1, kid_takes(&kids[0], &letter));
		EXPECT_STREQ(text, letter.start);
	}
	EXPECT_EQ(0, kid_takes(&kids[0], &letter));
	EXPECT_EQ(n + 4, kid_empties(&kids[1]));
	EXPECT_STREQ("2", send_text(c, "g", "again"));
	EXPECT_EQ(1, kid_empties(&kids[0]));
	end_kids(kids, 2);
}

TEST_F(messages, the_largest_fits_into_the_smallest_inbox_when_it_is_empty)
{
	static char data[PGNL_MESSAGE_MAX];
	struct reader small = { .room = 1 };
	struct client *c = self->c;
	struct kid kid;

	start_readers(_metadata, c, &kid, 1, &small);
	send_req(c, NULL, "g", data, sizeof(data));
	EXPECT_STREQ("1", sent(c));
	EXPECT_STREQ("0 full 1", send_text(c, "g", "x"));
	EXPECT_EQ(1, kid_empties(&kid));
	end_kids(&kid, 1);
}

/* --- Memory ------------------------------------------------------------------ */

static void kid_reads_in_cgroup(int ctl, const void *arg)
{
	static const struct reader wide = { .room = 1 << 20 };

	if (!cgroup_set(arg, "cgroup.procs", "0"))
		_exit(1);
	kid_reads(ctl, &wide);
}

static long memory_of(const struct cgroup *cg)
{
	char text[32] = "";

	read_text(text, sizeof(text), cgroup_file(cg, "memory.current"));
	return atol(text);
}

/* Who does not read holds memory of its own, and not the sender's. */
TEST_F(messages, what_lies_unread_is_charged_to_the_reader)
{
	static char data[PGNL_MESSAGE_MAX];
	struct cgroup cg;
	struct kid kid;
	bool refused = false;
	char max[32];
	long before, ahead = get_nprocs() * 64L * getpagesize();
	int n = 0;

	if (!cgroup_new(&cg, "memory"))
		SKIP(return, "there is no memory controller");
	ASSERT_EQ(0, kid_ready(&kid, kid_reads_in_cgroup, &cg));
	ASSERT_EQ(1, join(self->c, NULL, "unread", kid.pid));
	before = memory_of(&cg);
	do {
		send_req(self->c, NULL, "unread", data, sizeof(data));
	} while (!strcmp("1", sent(self->c)) && ++n < 100);
	EXPECT_STREQ("0 full 1", (send_req(self->c, NULL, "unread", data, sizeof(data)),
				  sent(self->c)));
	EXPECT_LT(7, n);
	/* The kernel charges some ahead, on each processor. */
	EXPECT_LT(n * 24000 - ahead, memory_of(&cg) - before) TH_LOG("%d messages", n);
	EXPECT_LT(2 * ahead, n * 24000);

	/* A cgroup without room makes an inbox full, and nobody is killed for it. What
	 * the kernel has charged ahead is room, too, so it is taken away in steps.
	 */
	for (long room = memory_of(&cg) + 70000; !refused; room -= 65536) {
		EXPECT_EQ(n, kid_empties(&kid));
		snprintf(max, sizeof(max), "%ld", room);
		ASSERT_TRUE(room > 0 && cgroup_set(&cg, "memory.max", max));
		for (int i = 0; i < n; i++) {
			send_req(self->c, NULL, "unread", data, sizeof(data));
			refused |= !strcmp("0 full 1", sent(self->c));
		}
	}
	ASSERT_TRUE(cgroup_set(&cg, "memory.max", "max"));
	EXPECT_GT(n, kid_empties(&kid));
	kid_kill(&kid);
	EXPECT_TRUE(wait_until(cgroup_end(&cg)));
}

TEST_F(messages, a_policy_passes_over_who_cannot_take_it)
{
	static const char fills_it[4096];
	enum { N = 12 };
	struct reader small = { .room = 1 };
	struct client *c = self->c;
	struct kid kids[N];
	uint32_t none;

	start_readers(_metadata, c, kids, 1, &small);
	send_req(c, NULL, "g", fills_it, sizeof(fills_it));
	EXPECT_STREQ("1", sent(c));
	start_others(_metadata, c, &kids[1], N - 2);
	start_readers(_metadata, c, &kids[N - 1], 1, NULL);
	for (uint32_t policy = PGNL_POLICY_CLOSEST; policy <= PGNL_POLICY_ROUND_ROBIN; policy++) {
		for (int i = 0; i < 20; i++) {
			int full;

			send_by(c, policy, "x");
			ASSERT_EQ(1, reply_u32(c, PGNL_A_REACHED));
			EXPECT_EQ(kids[N - 1].pid, (pid_t)reply_u32(c, PGNL_A_PID));
			/* Each is counted once. */
			none = reply_u32(c, PGNL_A_NO_INBOX);
			full = reply_u32(c, PGNL_A_FULL);
			EXPECT_GE(N - 2, none);
			EXPECT_GE(1, full);
		}
	}
	EXPECT_EQ(60, kid_empties(&kids[N - 1]));
	kid_kill(&kids[N - 1]);
	for (uint32_t policy = PGNL_POLICY_CLOSEST; policy <= PGNL_POLICY_ROUND_ROBIN; policy++) {
		EXPECT_STREQ("0 full 1 none 10", send_by(c, policy, "x"));
		EXPECT_EQ(0, reply_u64(c, PGNL_A_ID));
	}
	end_kids(kids, N - 1);
}

TEST_F(messages, a_key_is_for_one_only)
{
	struct client *c = self->c;
	struct pgnl_row row;
	struct kid kids[4];

	start_readers(_metadata, c, kids, 2, NULL);
	start_others(_metadata, c, &kids[2], 2);
	for (int i = 0; i < 64; i++) {
		bool has_inbox;

		ASSERT_EQ(0, pick_key(c, NULL, "g", &i, sizeof(i), &row));
		has_inbox = (pid_t)row.pid == kids[0].pid || (pid_t)row.pid == kids[1].pid;
		send_req(c, NULL, "g", "x", 1);
		put_u32(c, PGNL_A_POLICY, PGNL_POLICY_KEY);
		put_bin(c, PGNL_A_KEY, &i, sizeof(i));
		ASSERT_STREQ(has_inbox ? "1" : "0 none 1", sent(c));
		EXPECT_EQ(has_inbox ? row.id : 0, reply_u64(c, PGNL_A_ID));
	}
	end_kids(kids, 4);
}

TEST_F(messages, a_missing_group_or_scope_is_told_from_an_empty_group)
{
	struct client *c = self->c;

	EXPECT_STREQ("-2: no such group", send_text(c, "missing", "x"));
	EXPECT_EQ(PGNL_A_GROUP, blamed(c));
	EXPECT_STREQ("-2: no such group", send_by(c, PGNL_POLICY_RANDOM, "x"));
	send_req(c, "nowhere", "g", "x", 1);
	EXPECT_STREQ("-2: no such scope", sent(c));
	EXPECT_EQ(PGNL_A_SCOPE, blamed(c));
	ASSERT_EQ(0, group_new(c, "pg2", "empty"));
	send_req(c, "pg2", "empty", "x", 1);
	EXPECT_STREQ("0", sent(c));
	send_req(c, "pg2", "empty", "x", 1);
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	EXPECT_STREQ("-61: nobody in the group fits", sent(c));
}

TEST_F(messages, what_makes_no_sense_is_refused_with_a_text)
{
	struct client *c = self->c;

	ASSERT_EQ(1, join(c, NULL, "g", 0));
	member_req(c, PGNL_CMD_GROUP_SEND, NULL, "g");
	EXPECT_STREQ("-22: data is needed", sent(c));
	req_new(c, PGNL_CMD_GROUP_SEND);
	put_bin(c, PGNL_A_DATA, "x", 1);
	EXPECT_STREQ("-22: a group is needed", sent(c));
	send_req(c, NULL, "g", "x", 1);
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	put_flag(c, PGNL_A_OTHERS);
	EXPECT_STREQ("-22: a policy excludes others and ids", sent(c));
	EXPECT_EQ(PGNL_A_POLICY, blamed(c));
	send_req(c, NULL, "g", "x", 1);
	put_bin(c, PGNL_A_DATA, "y", 1);
	EXPECT_STREQ("-22: attribute is given twice", sent(c));
	send_req(c, NULL, "g", "x", 1);
	put_bin(c, PGNL_A_KEY, "k", 1);
	EXPECT_STREQ("-22: a key is for the policy key, and it needs one", sent(c));
	req_new(c, PGNL_CMD_INBOX_MESSAGE);
	EXPECT_EQ(-EOPNOTSUPP, req_do(c));
	req_new(c, PGNL_CMD_INBOX_CLOSED);
	EXPECT_EQ(-EOPNOTSUPP, req_do(c));
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

/* "shared" has the test itself, which has no inbox. */
static void expect_unreached(struct __test_metadata *_metadata, struct stage *s, uint64_t id)
{
	for (int look = 0; look < 2; look++) {
		EXPECT_STREQ("0 none 1", send_text(s->c, "shared", "x"));
		EXPECT_STREQ("0", send_id(s->c, "shared", id, "x"));
		send_text(s->c, "alone", "x");
		EXPECT_EQ(0, reply_u32(s->c, PGNL_A_REACHED));
		stage_release(s);
	}
}

TEST_F(dead, a_zombie_is_not_reached)
{
	struct stage *s = &self->s;
	siginfo_t info;
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_reads, NULL));
	id = stage_join(_metadata, s, kid.pid);
	EXPECT_STREQ("1 none 1", send_text(s->c, "shared", "x"));
	stage_hold(_metadata, s);
	kill(kid.pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, kid.pid, &info, WEXITED | WNOWAIT));
	expect_unreached(_metadata, s, id);
	EXPECT_EQ(0, stat_get(s->c, PGNL_A_STAT_INBOXES));
	EXPECT_EQ(SIGKILL, kid_reap(&kid));
	kid_close(&kid);
}

/* A child of the reader holds its socket beyond its end. */
static void kid_leaves_a_child(int ctl, const void *arg)
{
	struct client *c = client_open();
	int pair[2];

	(void)arg;
	if (!c || inbox_open(c, NULL) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		_exit(1);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, 0);
		tell(pair[1], 0);
		report_letters(c, ctl);
		_exit(0);
	}
	hear(pair[0]);
	tell(ctl, 0);
	pause();
}

TEST_F(dead, a_child_that_holds_its_socket_gets_nothing_for_it)
{
	struct stage *s = &self->s;
	struct letter letter;
	struct kid kid;
	uint64_t id;

	ASSERT_EQ(0, kid_ready(&kid, kid_leaves_a_child, NULL));
	id = stage_join(_metadata, s, kid.pid);
	EXPECT_STREQ("1 none 1", send_text(s->c, "shared", "before"));
	stage_hold(_metadata, s);
	kill(kid.pid, SIGKILL);
	ASSERT_EQ(SIGKILL, kid_reap(&kid));
	expect_unreached(_metadata, s, id);
	/* What was there is still there, then it is told. */
	ASSERT_EQ(1, kid_takes(&kid, &letter));
	EXPECT_STREQ("before", letter.start);
	EXPECT_TRUE(wait_until(kid_takes(&kid, &letter) == -ESHUTDOWN));
	EXPECT_EQ(0, stat_get(s->c, PGNL_A_STAT_INBOXES));
	kid_close(&kid);
}

struct ender {
	struct client *c;
	pthread_t thread;
	atomic_bool stop;
	unsigned int n, reached;
};

/* Sends all the time; what counts is what was sent after the reader was reaped. */
static void *send_all_the_time(void *arg)
{
	struct ender *e = arg;
	struct client *c = client_open();

	while (c && !e->stop) {
		send_text(c, "g", "x");
		__atomic_add_fetch(&e->reached, reply_u32(c, PGNL_A_REACHED), __ATOMIC_RELAXED);
		__atomic_add_fetch(&e->n, 1, __ATOMIC_RELAXED);
	}
	if (c)
		client_close(c);
	return NULL;
}

static void kid_reads_and_ends(int ctl, const void *arg)
{
	struct client *inbox = client_open(), *c = client_open();

	(void)arg;
	if (!inbox || inbox_open(inbox, NULL) || !c || join(c, NULL, "g", 0) != 1)
		_exit(1);
	ready(ctl, 0);
}

TEST_F(messages, none_is_delivered_after_the_reader_was_reaped)
{
	struct client *c = self->c;
	struct ender e = {};
	unsigned int round;
	struct kid kid;

	ASSERT_EQ(0, pthread_create(&e.thread, NULL, send_all_the_time, &e));
	for (round = 0; again(round, 3000); round++) {
		ASSERT_EQ(0, kid_ready(&kid, kid_reads_and_ends, NULL));
		if (round % 2)
			kill(kid.pid, SIGKILL);
		else
			tell(kid.ctl, 0);
		ASSERT_LE(0, kid_reap(&kid));
		send_text(c, "g", "late");
		ASSERT_EQ(0, reply_u32(c, PGNL_A_REACHED)) TH_LOG("round %u", round);
		kid_close(&kid);
	}
	e.stop = true;
	pthread_join(e.thread, NULL);
	EXPECT_LT(0, e.reached);
	TH_LOG("%u rounds, %u sends, %u reached", round, e.n, e.reached);
	EXPECT_TRUE(wait_until(!stat_get(c, PGNL_A_STAT_INBOXES)));
}

struct killer {
	struct crowd crowd;
	atomic_bool stop;
};

static void *kill_them_all(void *arg)
{
	struct killer *killer = arg;

	for (size_t i = 0; i < killer->crowd.n && !killer->stop; i++)
		crowd_kill(&killer->crowd, i);
	killer->stop = true;
	return NULL;
}

TEST_F(messages, who_ends_meanwhile_is_counted_as_gone)
{
	struct client *c = self->c;
	uint32_t gone = 0, reached = 0;
	struct killer killer;
	pthread_t thread;

	for (unsigned int round = 0; !gone && again(round, 100); round++) {
		killer.stop = false;
		ASSERT_EQ(0, crowd_start(&killer.crowd, 1000));
		ASSERT_EQ(1, join_pids(c, NULL, "g", killer.crowd.pid, 1000));
		ASSERT_EQ(0, pthread_create(&thread, NULL, kill_them_all, &killer));
		while (!killer.stop && !gone) {
			send_text(c, "g", "x");
			gone += reply_u32(c, PGNL_A_GONE);
			reached += reply_u32(c, PGNL_A_REACHED);
		}
		killer.stop = true;
		pthread_join(thread, NULL);
		crowd_end(&killer.crowd);
	}
	EXPECT_LT(0, gone);
	EXPECT_EQ(0, reached);
}

static void kid_takes_one(int ctl, const void *arg)
{
	struct client *c = client_open();
	struct letter letter;

	(void)arg;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	tell(ctl, c && use_cpu(0) && use_policy(SCHED_FIFO) ? inbox_open(c, NULL) : -1);
	_exit(!c || !wait_readable(c->fd) || take(c, &letter) != 1);
}

/*
 * Or it would be sent to a second one. Where the kernel is preemptible, the first one
 * has ended before its sender goes on.
 */
TEST_F(messages, who_takes_it_and_ends_was_reached)
{
	struct kid kid;

	ASSERT_TRUE(use_cpu(0));
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, kid_ready(&kid, kid_takes_one, NULL));
		ASSERT_EQ(1, join(self->c, NULL, "g", kid.pid));
		EXPECT_STREQ("1", send_by(self->c, PGNL_POLICY_RANDOM, "x"));
		EXPECT_EQ(0, kid_reap(&kid));
		kid_close(&kid);
	}
}

/* --- Many senders ------------------------------------------------------------------ */

#define SENDERS		8
#define EACH		500

static void *send_many(void *arg)
{
	struct client *c = client_open();
	unsigned int *reached = arg;
	char text[32];

	for (int i = 0; c && i < EACH; i++) {
		snprintf(text, sizeof(text), "%p %d", arg, i);
		send_text(c, "g", text);
		*reached += reply_u32(c, PGNL_A_REACHED);
	}
	if (c)
		client_close(c);
	return NULL;
}

struct reading {
	struct client *c;
	unsigned int n;
	int last[SENDERS];
	const char *base;
	bool wrong;
	atomic_bool stop;
};

static void note(struct reading *r, const struct letter *letter)
{
	char *at;
	int number, who;

	if (sscanf(letter->start, "%p %d", (void **)&at, &number) != 2) {
		r->wrong = true;
		return;
	}
	who = (at - r->base) / sizeof(unsigned int);
	if (who < 0 || who >= SENDERS || number < r->last[who])
		r->wrong = true;
	else
		r->last[who] = number + 1;
	r->n++;
}

static void *read_all(void *arg)
{
	struct reading *r = arg;
	struct letter letter;
	bool last;
	int ret;

	do {
		last = r->stop;
		while ((ret = take(r->c, &letter)) == 1)
			note(r, &letter);
		r->wrong |= ret < 0;
		sched_yield();
	} while (!last);
	return NULL;
}

TEST_F(messages, of_many_senders_each_message_is_delivered_or_told_of)
{
	unsigned int reached[SENDERS] = {}, sum = 0;
	struct reading r = { .base = (char *)reached };
	pthread_t senders[SENDERS], reader;
	int room = 16384;

	r.c = client_open();
	ASSERT_NE(NULL, r.c);
	setsockopt(r.c->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	ASSERT_EQ(0, inbox_open(r.c, NULL));
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	ASSERT_EQ(0, pthread_create(&reader, NULL, read_all, &r));
	for (int i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, pthread_create(&senders[i], NULL, send_many, &reached[i]));
	for (int i = 0; i < SENDERS; i++) {
		pthread_join(senders[i], NULL);
		sum += reached[i];
	}
	r.stop = true;
	pthread_join(reader, NULL);
	EXPECT_FALSE(r.wrong);
	EXPECT_EQ(sum, r.n);
	EXPECT_LT(0, sum);
	EXPECT_EQ(SENDERS * EACH, sum + stat_get(self->c, PGNL_A_STAT_FULL_INBOXES));
	TH_LOG("%u of %u delivered", sum, SENDERS * EACH);
	client_close(r.c);
}

/* --- Namespaces ---------------------------------------------------------------------- */

TEST_F(messages, a_sender_outside_the_pid_namespace_has_no_pid)
{
	struct letter letter;
	struct kid kids[2];

	ASSERT_EQ(0, ready_in_pidns(_metadata, &kids[0], kid_reads, NULL));
	ASSERT_EQ(1, join(self->c, NULL, "g", kids[0].pid));
	start_readers(_metadata, self->c, &kids[1], 1, NULL);
	EXPECT_STREQ("2", send_text(self->c, "g", "x"));
	ASSERT_EQ(1, kid_takes(&kids[0], &letter));
	EXPECT_TRUE(letter.has_pid);
	EXPECT_EQ(0, letter.pid);
	ASSERT_EQ(1, kid_takes(&kids[1], &letter));
	EXPECT_EQ(getpid(), letter.pid);
	end_kids(kids, 2);
}

static void kid_sends(int ctl, const void *arg)
{
	struct client *c = client_open();

	(void)arg;
	ready(ctl, !strcmp("1", send_text(c, "g", "x")) && getpid() == 1);
	ready(ctl, !strcmp("1", send_by(c, PGNL_POLICY_RANDOM, "y")) &&
	      !reply_u32(c, PGNL_A_PID) && reply_u64(c, PGNL_A_ID));
}

TEST_F(messages, from_inside_a_pid_namespace_those_outside_are_reached)
{
	struct letter letter;
	struct kid kid, sender;

	start_readers(_metadata, self->c, &kid, 1, NULL);
	ASSERT_EQ(1, ready_in_pidns(_metadata, &sender, kid_sends, NULL));
	ASSERT_EQ(1, kid_takes(&kid, &letter));
	EXPECT_EQ(sender.pid, (pid_t)letter.pid);
	tell(sender.ctl, 0);
	ASSERT_EQ(1, hear(sender.ctl));
	end_kids(&sender, 1);
	end_kids(&kid, 1);
}

static int send_as_user(void *arg)
{
	CHECK(!strcmp(arg, send_text(client_open(), "g", "x")));
	return 0;
}

static int send_as_inner_root(void *arg)
{
	new_ns(CLONE_NEWUSER);
	return send_as_user(arg);
}

TEST_F(messages, uids_are_those_of_the_readers_user_namespace)
{
	struct reader inside = { .uid = ALICE, .in_userns = true };
	struct letter letter;
	struct kid kids[2];

	start_readers(_metadata, self->c, &kids[0], 1, NULL);
	start_readers(_metadata, self->c, &kids[1], 1, &inside);
	EXPECT_EQ(0, as_user(ALICE, ALICE, send_as_user, "2"));
	EXPECT_EQ(0, as_user(ALICE, ALICE, send_as_inner_root, "2"));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(1, kid_takes(&kids[0], &letter));
		EXPECT_EQ(ALICE, letter.uid);
		ASSERT_EQ(1, kid_takes(&kids[1], &letter));
		EXPECT_EQ(0, letter.uid);
	}
	/* Bob has no uid in there. */
	EXPECT_EQ(0, as_user(BOB, BOB, send_as_user, "2"));
	ASSERT_EQ(1, kid_takes(&kids[1], &letter));
	EXPECT_EQ(65534, letter.uid);
	ASSERT_EQ(1, kid_takes(&kids[0], &letter));
	EXPECT_EQ(BOB, letter.uid);
	end_kids(kids, 2);
}

TEST_F(messages, nothing_goes_to_another_network_namespace)
{
	struct client *b;
	struct kid kid;

	start_readers(_metadata, self->c, &kid, 1, NULL);
	b = client_in_new_netns();
	ASSERT_NE(NULL, b);
	ASSERT_EQ(1, join(b, NULL, "g", kid.pid));
	EXPECT_STREQ("0 none 1", send_text(b, "g", "x"));
	EXPECT_EQ(0, kid_empties(&kid));
	client_close(b);
	end_kids(&kid, 1);
}

/* --- Rights --------------------------------------------------------------------------- */

static int send_by_mode(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	send_req(c, "no-x", "g", "x", 1);
	CHECK(!strcmp("-13: mode of the scope does not allow it", sent(c)));
	CHECK_EQ(PGNL_A_SCOPE, blamed(c));
	send_req(c, "pg2", "no-x", "x", 1);
	CHECK(!strcmp("-13: mode of the group does not allow it", sent(c)));
	CHECK_EQ(PGNL_A_GROUP, blamed(c));
	send_req(c, "pg2", "no-x", "x", 1);
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
	CHECK(!strcmp("-13: mode of the group does not allow it", sent(c)));
	send_req(c, "pg2", "no-x", "x", 1);
	put_u64(c, PGNL_A_ID, 1);
	CHECK(!strcmp("-13: mode of the group does not allow it", sent(c)));
	send_req(c, "x", "g", "x", 1);
	CHECK(!strcmp("0 none 1", sent(c)));
	send_req(c, "pg2", "x", "x", 1);
	CHECK(!strcmp("0 none 1", sent(c)));
	return 0;
}

TEST_F(messages, scope_and_group_have_to_grant_x)
{
	static const struct {
		const char *name;
		uint32_t perm;
	} modes[] = { { "no-x", 0776 }, { "x", 0771 } };
	struct client *c = self->c;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		req_new(c, PGNL_CMD_SCOPE_NEW);
		put_str(c, PGNL_A_SCOPE, modes[i].name);
		put_u32(c, PGNL_A_PERM, modes[i].perm);
		ASSERT_EQ(0, req_do(c));
		ASSERT_EQ(1, join(c, modes[i].name, "g", 0));
		member_req(c, PGNL_CMD_GROUP_NEW, "pg2", modes[i].name);
		put_u32(c, PGNL_A_PERM, modes[i].perm);
		ASSERT_EQ(0, req_do(c));
		ASSERT_EQ(1, join(c, "pg2", modes[i].name, 0));
	}
	EXPECT_EQ(0, as_user(ALICE, ALICE, send_by_mode, NULL));
}

TEST_F(messages, a_user_reaches_processes_that_it_may_not_signal)
{
	struct letter letter;
	struct kid kid;

	start_readers(_metadata, self->c, &kid, 1, NULL);
	EXPECT_EQ(0, as_user(ALICE, ALICE, send_as_user, "1"));
	ASSERT_EQ(1, kid_takes(&kid, &letter));
	EXPECT_EQ(ALICE, letter.uid);
	end_kids(&kid, 1);
}

static int send_over(void *arg)
{
	struct client *c = arg;

	CHECK(!strcmp("1", send_text(c, "g", "x")));
	return 0;
}

TEST_F(messages, root_lends_its_name_to_nobody_through_the_socket_of_a_user)
{
	struct letter letter;
	struct client *c;
	struct kid kid;

	start_readers(_metadata, self->c, &kid, 1, NULL);
	c = client_opened_by(ALICE);
	ASSERT_NE(NULL, c);
	EXPECT_STREQ("-1: the socket was opened by another user", send_text(c, "g", "x"));
	EXPECT_EQ(0, kid_empties(&kid));
	client_close(c);
	/* The other way round it is she who writes. */
	EXPECT_EQ(0, as_user(ALICE, ALICE, send_over, self->c));
	ASSERT_EQ(1, kid_takes(&kid, &letter));
	EXPECT_EQ(ALICE, letter.uid);
	EXPECT_NE(getpid(), (pid_t)letter.pid);
	end_kids(&kid, 1);
}

static int send_over_alices(void *arg)
{
	CHECK(!strcmp("-1: the socket was opened by another user", send_text(arg, "g", "x")));
	return 0;
}

TEST_F(messages, users_do_not_lend_each_other_their_names)
{
	struct client *c = client_opened_by(ALICE);
	struct kid kid;

	ASSERT_NE(NULL, c);
	start_readers(_metadata, self->c, &kid, 1, NULL);
	EXPECT_EQ(0, as_user(BOB, BOB, send_over_alices, c));
	EXPECT_EQ(0, as_user(ALICE, ALICE, send_over, c));
	EXPECT_EQ(1, kid_empties(&kid));
	client_close(c);
	end_kids(&kid, 1);
}

/* As of a program that is set-uid to Bob and run by Alice, or the other way round. */
static int send_as_two(void *arg)
{
	CHECK_EQ(0, setresuid(ALICE, BOB, 0));
	CHECK_EQ(0, send_over_alices(arg));
	CHECK_EQ(0, setresuid(0, 0, 0));
	CHECK_EQ(0, setresuid(BOB, ALICE, ALICE));
	CHECK_EQ(0, send_over_alices(arg));
	return 0;
}

TEST_F(messages, a_set_uid_program_lends_its_name_to_nobody)
{
	struct client *c = client_opened_by(ALICE);
	struct kid kid;

	ASSERT_NE(NULL, c);
	start_readers(_metadata, self->c, &kid, 1, NULL);
	EXPECT_EQ(0, in_child(send_as_two, c));
	EXPECT_EQ(0, kid_empties(&kid));
	client_close(c);
	end_kids(&kid, 1);
}

/* From user space to the port of an inbox, as the core lets root of the netns do. */
static int forge(uint32_t port, uint16_t family)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = port };
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
	} fake = {
		.nlh = { .nlmsg_len = sizeof(fake), .nlmsg_type = family },
		.genl = { .cmd = PGNL_CMD_INBOX_MESSAGE },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	int ret = sendto(fd, &fake, sizeof(fake), 0, (struct sockaddr *)&to, sizeof(to));

	ret = ret < 0 ? -errno : 0;
	close(fd);
	return ret;
}

struct target {
	uint32_t port;
	uint16_t family;
};

static int forge_as_alice(void *arg)
{
	struct target *target = arg;

	CHECK_EQ(-EPERM, forge(target->port, target->family));
	return 0;
}

static uint32_t port_of(int fd)
{
	struct sockaddr_nl own = {};
	socklen_t len = sizeof(own);

	getsockname(fd, (struct sockaddr *)&own, &len);
	return own.nl_pid;
}

TEST_F(messages, what_is_not_from_the_kernel_shows)
{
	struct client *inbox = client_open();
	struct target target;
	struct letter letter;

	ASSERT_NE(NULL, inbox);
	ASSERT_EQ(0, inbox_open(inbox, NULL));
	target = (struct target){ port_of(inbox->fd), inbox->family };
	EXPECT_EQ(0, as_user(ALICE, ALICE, forge_as_alice, &target));
	EXPECT_EQ(0, take(inbox, &letter));
	ASSERT_EQ(0, forge(target.port, target.family));
	EXPECT_EQ(-EPERM, take(inbox, &letter));
	client_close(inbox);
}

TEST_HARNESS_MAIN
