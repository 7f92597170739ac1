// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of an inbox: who may open one, what ends it, and who is told so.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sched.h>

#include "stage.h"
#include "inbox.h"
#include "passed.h"

#define ALICE	1000
#define BOB	2000

/* Limits of users hold for the whole machine: they are put back at the end. */
FIXTURE(inbox)
{
	struct client *c;
	uint64_t user_inboxes;
};

FIXTURE_SETUP(inbox)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	self->user_inboxes = limit_get(self->c, PGNL_A_LIMIT_USER_INBOXES);
}

FIXTURE_TEARDOWN(inbox)
{
	EXPECT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_INBOXES, self->user_inboxes));
	EXPECT_STREQ("", verify(self->c));
	client_close(self->c);
}

/* What opening came to. */
static const char *opened(struct client *c, const char *scope)
{
	int err = inbox_open(c, scope);

	return err ? say("%d: %s", err, c->text) : "";
}

static uint64_t inboxes(struct client *c)
{
	return stat_get(c, PGNL_A_STAT_INBOXES);
}

/* --- Opening -------------------------------------------------------------------- */

TEST_F(inbox, one_for_a_process_and_scope)
{
	struct client *a = client_open(), *b = client_open();
	struct client *c = self->c;

	EXPECT_STREQ("", opened(a, NULL));
	EXPECT_STREQ("-17: the process has an inbox in this scope already", opened(b, NULL));
	EXPECT_STREQ("-17: the process has an inbox in this scope already", opened(b, "pg"));
	EXPECT_EQ(PGNL_A_SCOPE, blamed(b));
	EXPECT_STREQ("-16: the socket has an inbox already", opened(a, NULL));
	EXPECT_STREQ("-16: the socket has an inbox already", opened(a, "pg2"));
	EXPECT_STREQ("", opened(b, "pg2"));
	EXPECT_EQ(2, inboxes(c));
	client_close(a);
	EXPECT_EQ(1, inboxes(c));
	EXPECT_STREQ("-16: the socket has an inbox already", opened(b, "pg"));
	a = client_open();
	EXPECT_STREQ("", opened(a, "pg"));
	client_close(a);
	client_close(b);
	EXPECT_EQ(0, inboxes(c));
	EXPECT_EQ(0, stat_get(c, PGNL_A_STAT_PROCESSES));
}

TEST_F(inbox, the_scope_has_to_be_there_and_the_user_too)
{
	EXPECT_STREQ("-2: no such scope", opened(self->c, "nowhere"));
	EXPECT_EQ(PGNL_A_SCOPE, blamed(self->c));
	EXPECT_STREQ("-22: scope name is empty", opened(self->c, ""));
	req_new(self->c, PGNL_CMD_INBOX_OPEN);
	put_u32(self->c, PGNL_A_UID, UINT32_MAX);
	EXPECT_EQ(-EINVAL, req_do(self->c));
	EXPECT_STREQ("no such user", self->c->text);
	EXPECT_EQ(PGNL_A_UID, blamed(self->c));
	EXPECT_EQ(0, inboxes(self->c));
}

TEST_F(inbox, the_member_id_holds_as_long_as_it_is_open)
{
	struct client *a = client_open(), *c = self->c;
	uint64_t id;

	ASSERT_EQ(1, join(c, NULL, "g", 0));
	id = id_of(c, getpid());
	EXPECT_STREQ("", opened(a, NULL));
	ASSERT_EQ(0, leave_all(c, NULL, "g", 0) != 1);
	ASSERT_EQ(0, id_of(c, getpid()));
	ASSERT_EQ(1, join(c, NULL, "g", 0));
	EXPECT_EQ(id, id_of(c, getpid()));
	client_close(a);
	EXPECT_EQ(id, id_of(c, getpid()));
	ASSERT_EQ(1, leave_all(c, NULL, "g", 0));
	ASSERT_EQ(1, join(c, NULL, "g", 0));
	EXPECT_NE(id, id_of(c, getpid()));
	ASSERT_EQ(1, leave_all(c, NULL, "g", 0));

	a = client_open();
	req_new(a, PGNL_CMD_INBOX_OPEN);
	a->req->nlmsg_flags = NLM_F_REQUEST;
	ASSERT_EQ(0, req_send(a));
	ASSERT_EQ(0, req_recv(a));
	id = reply_u64(a, PGNL_A_ID);
	ASSERT_EQ(1, join(c, NULL, "g", 0));
	EXPECT_EQ(id, id_of(c, getpid()));
	client_close(a);
}

TEST_F(inbox, a_thread_opens_it_for_its_process)
{
	struct client *a = client_open();
	struct letter letter;
	pthread_t thread;
	void *ret;

	void *open_it(void *arg)
	{
		return (void *)(long)inbox_open(arg, NULL);
	}

	ASSERT_EQ(0, pthread_create(&thread, NULL, open_it, a));
	pthread_join(thread, &ret);
	EXPECT_EQ(NULL, ret);
	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	EXPECT_STREQ("1", send_text(self->c, "g", "x"));
	EXPECT_EQ(1, take(a, &letter));
	client_close(a);
}

/* Alice may not even read the scope. */
static int open_as_alice(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	CHECK(c);
	CHECK(!strcmp("", opened(c, "closed")));
	return 0;
}

TEST_F(inbox, needs_no_right)
{
	req_new(self->c, PGNL_CMD_SCOPE_NEW);
	put_str(self->c, PGNL_A_SCOPE, "closed");
	put_u32(self->c, PGNL_A_PERM, 0700);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(0, as_user(ALICE, ALICE, open_as_alice, NULL));
	EXPECT_EQ(0, inboxes(self->c));
}

/* --- Sockets of others ----------------------------------------------------------- */

static int open_over(void *arg)
{
	CHECK(!strcmp("", opened(arg, NULL)));
	return 0;
}

static int open_over_alices(void *arg)
{
	CHECK(!strcmp("-1: the socket was opened by another user", opened(arg, NULL)));
	return 0;
}

TEST_F(inbox, nobody_gets_the_messages_of_another_user_by_its_own_socket)
{
	struct client *c = client_opened_by(ALICE);

	ASSERT_NE(NULL, c);
	EXPECT_STREQ("-1: the socket was opened by another user", opened(c, NULL));
	EXPECT_EQ(0, as_user(BOB, BOB, open_over_alices, c));
	EXPECT_EQ(0, as_user(ALICE, ALICE, open_over, c));
	client_close(c);
	/* A program that opens a socket as root and goes on as a user may. */
	c = client_open();
	EXPECT_EQ(0, as_user(ALICE, ALICE, open_over, c));
	client_close(c);
}

/* Whoever holds the socket reads it; the inbox stays the opener's. */
static void kid_passes_its_inbox(int ctl, const void *arg)
{
	struct client *c = client_open();

	(void)arg;
	if (!c || join(c, NULL, "g", 0) != 1 || inbox_open(c, NULL) || send_fd(ctl, c->fd))
		_exit(1);
	client_close(c);
	ready(ctl, 0);
}

TEST_F(inbox, passed_on_it_ends_with_the_opener)
{
	struct client *c = self->c, *a;
	struct letter letter;
	struct kid kid;

	ASSERT_EQ(0, kid_start(&kid, kid_passes_its_inbox, NULL));
	a = client_on(receive_fd(kid.ctl));
	ASSERT_NE(NULL, a);
	ASSERT_EQ(0, hear(kid.ctl));
	EXPECT_STREQ("1", send_text(c, "g", "x"));
	EXPECT_EQ(1, take(a, &letter));
	/* It is no inbox of ours. */
	ASSERT_EQ(1, join(c, NULL, "g", 0));
	EXPECT_STREQ("1 none 1", send_text(c, "g", "y"));
	kid_kill(&kid);
	EXPECT_STREQ("0 none 1", send_text(c, "g", "z"));
	EXPECT_EQ(1, take(a, &letter));
	EXPECT_STREQ("y", letter.start);
	EXPECT_TRUE(wait_until(take(a, &letter) == -ESHUTDOWN));
	/* And free for an inbox of ours. */
	EXPECT_STREQ("", opened(a, NULL));
	EXPECT_STREQ("1", send_text(c, "g", "own"));
	EXPECT_EQ(1, take(a, &letter));
	client_close(a);
}

static uint32_t port_of(int fd)
{
	struct sockaddr_nl own = {};
	socklen_t len = sizeof(own);

	getsockname(fd, (struct sockaddr *)&own, &len);
	return own.nl_pid;
}

TEST_F(inbox, who_gets_its_port_gets_none_of_its_messages)
{
	struct sockaddr_nl port = { .nl_family = AF_NETLINK };
	struct client *a = client_open(), *c = self->c, *heir;
	struct letter letter;
	int fd;

	ASSERT_EQ(1, join(c, NULL, "g", 0));
	for (unsigned int round = 0; round < 100; round++) {
		EXPECT_STREQ("", opened(a, NULL));
		port.nl_pid = port_of(a->fd);
		client_close(a);
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
		ASSERT_EQ(0, bind(fd, (struct sockaddr *)&port, sizeof(port)));
		heir = client_on(fd);
		EXPECT_STREQ("0 none 1", send_text(c, "g", "x"));
		EXPECT_EQ(0, take(heir, &letter));
		a = heir;
	}
	client_close(a);
}

/* --- Who may send ----------------------------------------------------------------- */

static int send_as_user(void *arg)
{
	CHECK(!strcmp(arg, send_text(client_open(), "g", "x")));
	return 0;
}

TEST_F(inbox, may_be_for_one_user_only)
{
	struct client *a = client_open();
	struct letter letter;

	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	req_new(a, PGNL_CMD_INBOX_OPEN);
	put_u32(a, PGNL_A_UID, ALICE);
	ASSERT_EQ(0, req_do(a));
	EXPECT_STREQ("0 refused 1", send_text(self->c, "g", "x"));
	EXPECT_STREQ("0 refused 1", send_by(self->c, PGNL_POLICY_RANDOM, "x"));
	EXPECT_EQ(0, as_user(BOB, BOB, send_as_user, "0 refused 1"));
	EXPECT_EQ(0, as_user(ALICE, ALICE, send_as_user, "1"));
	EXPECT_EQ(1, take(a, &letter));
	EXPECT_EQ(ALICE, letter.uid);
	EXPECT_EQ(0, take(a, &letter));
	client_close(a);
}

TEST_F(inbox, a_filter_of_the_reader_refuses)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { 1, &none };
	struct client *a = client_open();
	struct letter letter;

	ASSERT_EQ(1, join(self->c, NULL, "g", 0));
	EXPECT_STREQ("", opened(a, NULL));
	ASSERT_EQ(0, setsockopt(a->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)));
	EXPECT_STREQ("0 refused 1", send_text(self->c, "g", "x"));
	ASSERT_EQ(0, setsockopt(a->fd, SOL_SOCKET, SO_DETACH_FILTER, &prog, sizeof(prog)));
	EXPECT_STREQ("1", send_text(self->c, "g", "x"));
	EXPECT_EQ(1, take(a, &letter));
	client_close(a);
}

/* --- Exec and fork ------------------------------------------------------------------ */

/* Becomes a cat, which ends with its input; its socket is kept unless @arg. */
static void kid_execs(int ctl, const void *arg)
{
	struct client *c = client_open();

	if (!c || join(c, NULL, "g", 0) != 1 || inbox_open(c, NULL))
		_exit(1);
	if (!arg)
		fcntl(c->fd, F_SETFD, 0);
	ready(ctl, 0);
	dup2(ctl, STDIN_FILENO);
	dup2(ctl, STDOUT_FILENO);
	execlp("cat", "cat", NULL);
	_exit(1);
}

static void start_exec(struct __test_metadata *_metadata, struct client *c, struct kid *kid,
		       const void *arg)
{
	ASSERT_EQ(0, kid_ready(kid, kid_execs, arg));
	EXPECT_STREQ("1", send_text(c, "g", "before"));
	tell(kid->ctl, 0);
	tell(kid->ctl, 42);
	ASSERT_EQ(42, hear(kid->ctl));
}

TEST_F(inbox, survives_exec_as_far_as_its_socket_does)
{
	struct client *c = self->c;
	struct kid kid;

	start_exec(_metadata, c, &kid, NULL);
	EXPECT_STREQ("1", send_text(c, "g", "after"));
	kid_kill(&kid);
	EXPECT_EQ(0, inboxes(c));

	start_exec(_metadata, c, &kid, "");
	EXPECT_STREQ("0 none 1", send_text(c, "g", "after"));
	EXPECT_EQ(0, inboxes(c));
	kid_kill(&kid);
}

TEST_F(inbox, a_child_has_none)
{
	struct client *c = self->c;
	struct kid kid;

	ASSERT_EQ(0, inbox_open(client_open(), NULL));
	ASSERT_EQ(0, kid_ready(&kid, kid_waits, NULL));
	ASSERT_EQ(1, join(c, NULL, "g", kid.pid));
	EXPECT_STREQ("0 none 1", send_text(c, "g", "x"));
	kid_kill(&kid);
}

/* --- Scopes and namespaces that go ---------------------------------------------------- */

TEST_F(inbox, is_told_when_its_scope_is_deleted)
{
	struct client *a = client_open(), *c = self->c;
	struct reader small = { .room = 1, .scope = "s" };
	struct letter letter;
	struct kid kid;

	ASSERT_EQ(0, scope_new(c, "s", PGNL_SCOPE_MODE_PG));
	EXPECT_STREQ("", opened(a, "s"));
	ASSERT_EQ(1, join(c, "s", "g", 0));
	ASSERT_EQ(0, kid_ready(&kid, kid_reads, &small));
	ASSERT_EQ(1, join(c, "s", "g", kid.pid));
	send_req(c, "s", "g", "x", 1);
	EXPECT_STREQ("2", sent(c));
	ASSERT_EQ(0, scope_del(c, "s"));
	EXPECT_EQ(1, take(a, &letter));
	EXPECT_EQ(-ESHUTDOWN, take(a, &letter));
	EXPECT_EQ(0, take(a, &letter));
	/* Also where there is no room for anything else. */
	EXPECT_EQ(1, kid_takes(&kid, &letter));
	EXPECT_EQ(-ESHUTDOWN, kid_takes(&kid, &letter));
	EXPECT_EQ(0, inboxes(c));
	ASSERT_EQ(0, scope_new(c, "s", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join(c, "s", "g", 0));
	send_req(c, "s", "g", "x", 1);
	EXPECT_STREQ("0 none 1", sent(c));
	EXPECT_STREQ("", opened(a, "s"));
	client_close(a);
	kid_kill(&kid);
}

TEST_F(inbox, a_netns_that_goes_takes_it_along)
{
	struct client *b = client_in_new_netns();
	struct client *a = client_open();

	ASSERT_NE(NULL, b);
	ASSERT_EQ(1, join(b, NULL, "g", 0));
	EXPECT_STREQ("", opened(a, NULL));
	EXPECT_STREQ("1", send_text(b, "g", "x"));
	client_close(b);
	client_close(a);
	EXPECT_EQ(0, unshare(CLONE_NEWNET));
}

/* --- Limits ------------------------------------------------------------------------------ */

TEST_F(inbox, net_inboxes_stops_new_ones)
{
	struct client *a[3] = { client_open(), client_open(), client_open() };
	struct client *c = self->c;

	ASSERT_EQ(0, limit_set(c, PGNL_A_LIMIT_NET_INBOXES, 2));
	EXPECT_STREQ("", opened(a[0], "pg"));
	EXPECT_STREQ("", opened(a[1], "pg2"));
	EXPECT_EQ(2, usage_get(c, PGNL_A_LIMIT_NET_INBOXES));
	EXPECT_STREQ("-122: limit net-inboxes is reached", opened(a[2], "global"));
	client_close(a[0]);
	EXPECT_STREQ("", opened(a[2], "global"));
	client_close(a[1]);
	client_close(a[2]);
	EXPECT_EQ(0, usage_get(c, PGNL_A_LIMIT_NET_INBOXES));
}

static int open_two(void *arg)
{
	bool *userns = arg;
	struct client *a, *b;

	if (*userns)
		new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	a = client_open();
	b = client_open();
	CHECK(a && b);
	CHECK(!strcmp("", opened(a, "pg")));
	CHECK(!strcmp("-122: limit user-inboxes is reached", opened(b, "pg2")));
	CHECK_EQ(1, usage_get(b, PGNL_A_LIMIT_USER_INBOXES));
	client_close(a);
	CHECK(!strcmp("", opened(b, "pg2")));
	return 0;
}

TEST_F(inbox, user_inboxes_holds_over_namespaces)
{
	bool userns = false;

	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_INBOXES, 1));
	EXPECT_EQ(0, as_user(ALICE, ALICE, open_two, &userns));
	userns = true;
	EXPECT_EQ(0, as_user(ALICE, ALICE, open_two, &userns));
}

/* --- Races --------------------------------------------------------------------------------- */

static atomic_bool race_stop;

static void *open_and_close(void *arg)
{
	struct client *c;
	unsigned long n = 0;

	(void)arg;
	while (!race_stop) {
		c = client_open();
		if (!c)
			continue;
		n += !inbox_open(c, "s");
		client_close(c);
	}
	return (void *)n;
}

static void *send_to_scope(void *arg)
{
	struct client *c = client_open();

	(void)arg;
	while (c && !race_stop) {
		send_req(c, "s", "g", "x", 1);
		req_do(c);
		send_req(c, "s", "g", "x", 1);
		put_u32(c, PGNL_A_POLICY, PGNL_POLICY_ROUND_ROBIN);
		req_do(c);
	}
	if (c)
		client_close(c);
	return NULL;
}

TEST_F(inbox, opening_closing_sending_and_deleting_at_once)
{
	struct client *c = self->c;
	unsigned long opens = 0;
	pthread_t threads[4];
	unsigned int round;
	void *ret;

	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL,
					    i < 2 ? open_and_close : send_to_scope, NULL));
	for (round = 0; again(round, 2000); round++) {
		ASSERT_EQ(0, scope_new(c, "s", PGNL_SCOPE_MODE_PG));
		ASSERT_EQ(1, join(c, "s", "g", 0));
		if (round % 16 == 0) {
			EXPECT_STREQ("", verify(c));
		}
		ASSERT_EQ(0, scope_del(c, "s"));
	}
	race_stop = true;
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &ret);
		opens += (unsigned long)ret;
	}
	EXPECT_LT(0, opens);
	TH_LOG("%u rounds, %lu opened", round, opens);
	EXPECT_EQ(0, inboxes(c));
	EXPECT_EQ(0, usage_get(c, PGNL_A_LIMIT_USER_INBOXES));
}

TEST_HARNESS_MAIN
