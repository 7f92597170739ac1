// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What libpgnl promises of messages on top of the kernel: waiting, ends, the
 * words of an error, and a pidfd of a member and of nobody else.
 */
#include <dlfcn.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "common.h"
#include "handle.h"
#include "pgnl.h"
#include "proc.h"

static void (*before_send)(int sends);	/* called with how many there were */
static int sends;

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *,
			socklen_t) = dlsym(RTLD_NEXT, "sendto");

	if (before_send)
		before_send(sends++);
	return real(fd, buf, len, flags, to, to_len);
}

FIXTURE(letters) {
	struct pgnl *h;
	struct pgnl_inbox *inbox;
};

FIXTURE_SETUP(letters)
{
	HANDLE_OR_SKIP(self->h);
	ASSERT_EQ(0, pgnl_inbox_open(self->h, NULL, NULL, &self->inbox));
	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", 0, NULL, NULL));
}

FIXTURE_TEARDOWN(letters)
{
	char verdict[256] = "";

	pgnl_inbox_close(self->inbox);
	EXPECT_EQ(0, pgnl_verify(self->h, verdict, sizeof(verdict)))
		TH_LOG("%s", verdict);
	pgnl_close(self->h);
}

static bool refused(struct pgnl *h, int code, const char *text)
{
	const struct pgnl_error *error = pgnl_last_error(h);
	bool same = error->code == code && strstr(error->text, text);

	if (!same)
		printf("# errno %d, text '%s'\n", error->code, error->text);
	return same;
}

static int send_text(struct pgnl *h, const char *text, const struct pgnl_send_opts *opts,
		     struct pgnl_sent *sent)
{
	return pgnl_send(h, NULL, "g", text, strlen(text), opts, sent);
}

TEST_F(letters, a_message_comes_whole_with_its_sender)
{
	struct pgnl_message message;
	struct pgnl_joined joined;
	struct pgnl_sent sent;

	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", 0, NULL, &joined));
	EXPECT_EQ(joined.id, pgnl_inbox_id(self->inbox));
	ASSERT_EQ(0, pgnl_send(self->h, NULL, "g", "a\0b", 3, NULL, &sent));
	EXPECT_EQ(1, sent.reached);
	EXPECT_EQ(0, sent.full + sent.no_inbox + sent.refused + sent.gone);
	ASSERT_EQ(0, pgnl_recv(self->inbox, &message, -1));
	EXPECT_EQ(3, message.len);
	EXPECT_EQ(0, memcmp(message.data, "a\0b", 3));
	EXPECT_STREQ("g", message.group);
	EXPECT_EQ(getpid(), message.pid);
	EXPECT_EQ(getuid(), message.uid);
	EXPECT_EQ(joined.id, message.id);
	EXPECT_EQ(NULL, message.node);
	EXPECT_EQ(-EAGAIN, pgnl_recv(self->inbox, &message, 0));
}

TEST_F(letters, one_is_told_whom_it_reached)
{
	struct pgnl_send_opts opts = { .uid = PGNL_ANY_UID, .flags = PGNL_ONE | PGNL_LOCAL };
	struct child child;
	struct pgnl_sent sent;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", child.pid, NULL, NULL));
	for (opts.policy = PGNL_PICK_CLOSEST; opts.policy <= PGNL_PICK_ROUND_ROBIN; opts.policy++) {
		ASSERT_EQ(0, send_text(self->h, "x", &opts, &sent));
		EXPECT_EQ(1, sent.reached);
		EXPECT_EQ(pgnl_inbox_id(self->inbox), sent.id);
		EXPECT_EQ(getpid(), sent.pid);
	}
	opts.policy = PGNL_PICK_KEY;
	EXPECT_EQ(-EINVAL, send_text(self->h, "x", &opts, &sent));
	opts.key = "k";
	opts.key_len = 1;
	ASSERT_EQ(0, send_text(self->h, "x", &opts, &sent));
	EXPECT_EQ(1, sent.reached + sent.no_inbox);
	child_exit(&child, 0);
}

TEST_F(letters, options_choose_and_a_list_of_nobody_is_nobody)
{
	uint64_t ids[2] = { 1, pgnl_inbox_id(self->inbox) };
	struct pgnl_send_opts opts = { .uid = PGNL_ANY_UID, .ids = ids, .n_ids = 2 };
	struct pgnl_sent sent;

	ASSERT_EQ(0, send_text(self->h, "x", &opts, &sent));
	EXPECT_EQ(1, sent.reached);
	opts.n_ids = 0;
	ASSERT_EQ(0, send_text(self->h, "x", &opts, &sent));
	EXPECT_EQ(0, sent.reached);
	opts = (struct pgnl_send_opts){ .uid = PGNL_ANY_UID, .flags = PGNL_OTHERS };
	ASSERT_EQ(0, send_text(self->h, "x", &opts, &sent));
	EXPECT_EQ(0, sent.reached);
	opts = (struct pgnl_send_opts){ .uid = 12345 };
	ASSERT_EQ(0, send_text(self->h, "x", &opts, &sent));
	EXPECT_EQ(0, sent.reached);
	EXPECT_EQ(-ENOENT, pgnl_send(self->h, NULL, "missing", "x", 1, NULL, &sent));
	EXPECT_TRUE(refused(self->h, ENOENT, "no such group"));
}

TEST_F(letters, the_largest_goes_and_a_larger_one_is_refused)
{
	static char data[PGNL_MESSAGE_SIZE + 1];
	struct pgnl_message message;
	struct pgnl_sent sent;

	memset(data, 'x', sizeof(data));
	ASSERT_EQ(0, pgnl_send(self->h, NULL, "g", data, PGNL_MESSAGE_SIZE, NULL, &sent));
	EXPECT_EQ(1, sent.reached);
	ASSERT_EQ(0, pgnl_recv(self->inbox, &message, 0));
	EXPECT_EQ(PGNL_MESSAGE_SIZE, message.len);
	EXPECT_EQ(0, memcmp(message.data, data, PGNL_MESSAGE_SIZE));
	EXPECT_EQ(-EMSGSIZE, pgnl_send(self->h, NULL, "g", data, sizeof(data), NULL, &sent));
	EXPECT_TRUE(refused(self->h, EMSGSIZE, "32768"));
	ASSERT_EQ(0, pgnl_send(self->h, NULL, "g", NULL, 0, NULL, &sent));
	ASSERT_EQ(0, pgnl_recv(self->inbox, &message, 0));
	EXPECT_EQ(0, message.len);
}

TEST_F(letters, the_descriptor_is_readable_when_there_is_a_message)
{
	struct pollfd p = { .fd = pgnl_inbox_fd(self->inbox), .events = POLLIN };
	struct pgnl_message message;
	struct pgnl_sent sent;

	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, send_text(self->h, "x", NULL, &sent));
	EXPECT_EQ(1, poll(&p, 1, 0));
	ASSERT_EQ(0, pgnl_recv(self->inbox, &message, 0));
	EXPECT_EQ(0, poll(&p, 1, 0));
	EXPECT_EQ(FD_CLOEXEC, fcntl(p.fd, F_GETFD));
}

static void *send_later(void *arg)
{
	struct pgnl_sent sent;
	struct pgnl *h;
	pid_t tid = *(pid_t *)arg;

	if (pgnl_open(&h) || !wait_until(thread_state(getpid(), tid) == 'S'))
		return NULL;
	send_text(h, "later", NULL, &sent);
	pgnl_close(h);
	return NULL;
}

TEST_F(letters, recv_waits_for_one)
{
	struct pgnl_message message;
	pid_t tid = gettid();
	pthread_t thread;

	EXPECT_EQ(-EAGAIN, pgnl_recv(self->inbox, &message, 20));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, send_later, &tid));
		ASSERT_EQ(0, pgnl_recv(self->inbox, &message, i ? LIMIT_MS : -1));
		EXPECT_EQ(5, message.len);
		pthread_join(thread, NULL);
	}
}

static void nothing(int signo)
{
	(void)signo;
}

static void *interrupt_later(void *arg)
{
	pthread_t *who = arg;

	wait_until(thread_state(getpid(), getpid()) == 'S');
	pthread_kill(*who, SIGUSR1);
	return NULL;
}

TEST_F(letters, a_signal_ends_the_wait)
{
	struct sigaction act = { .sa_handler = nothing };
	struct pgnl_message message;
	pthread_t thread, self_thread = pthread_self();

	sigaction(SIGUSR1, &act, NULL);
	ASSERT_EQ(getpid(), gettid());
	ASSERT_EQ(0, pthread_create(&thread, NULL, interrupt_later, &self_thread));
	EXPECT_EQ(-EINTR, pgnl_recv(self->inbox, &message, -1));
	pthread_join(thread, NULL);
}

TEST_F(letters, a_second_inbox_and_a_missing_scope_are_refused_with_words)
{
	struct pgnl_inbox *other = self->inbox;

	EXPECT_EQ(-EEXIST, pgnl_inbox_open(self->h, NULL, NULL, &other));
	EXPECT_TRUE(refused(self->h, EEXIST, "has an inbox in this scope"));
	EXPECT_EQ(NULL, other);
	EXPECT_EQ(-ENOENT, pgnl_inbox_open(self->h, "nowhere", NULL, &other));
	EXPECT_TRUE(refused(self->h, ENOENT, "no such scope"));
	pgnl_inbox_close(NULL);
	ASSERT_EQ(0, pgnl_inbox_open(self->h, "pg2", NULL, &other));
	EXPECT_EQ(pgnl_inbox_id(self->inbox), pgnl_inbox_id(other));
	pgnl_inbox_close(other);
}

TEST_F(letters, room_and_user_are_as_asked)
{
	struct pgnl_inbox_opts opts = { .uid = 12345, .room = 4096 };
	struct pgnl_sent sent;
	int n;

	pgnl_inbox_close(self->inbox);
	ASSERT_EQ(0, pgnl_inbox_open(self->h, NULL, &opts, &self->inbox));
	ASSERT_EQ(0, send_text(self->h, "x", NULL, &sent));
	EXPECT_EQ(1, sent.refused);
	pgnl_inbox_close(self->inbox);
	opts.uid = PGNL_ANY_UID;
	ASSERT_EQ(0, pgnl_inbox_open(self->h, NULL, &opts, &self->inbox));
	for (n = 0; n < 100; n++) {
		ASSERT_EQ(0, send_text(self->h, "x", NULL, &sent));
		if (sent.full)
			break;
	}
	EXPECT_LT(0, n);
	EXPECT_GT(100, n);
}

TEST_F(letters, the_end_of_the_scope_is_told_from_then_on)
{
	struct pgnl_message message;
	struct pgnl_inbox *inbox;
	struct pgnl_sent sent;

	ASSERT_EQ(0, pgnl_scope_add(self->h, "s", PGNL_MODE_PG, 0, PGNL_KEEP, PGNL_KEEP, PGNL_KEEP));
	ASSERT_EQ(0, pgnl_inbox_open(self->h, "s", NULL, &inbox));
	ASSERT_EQ(0, pgnl_join(self->h, "s", "g", 0, NULL, NULL));
	ASSERT_EQ(0, pgnl_send(self->h, "s", "g", "last", 4, NULL, &sent));
	ASSERT_EQ(0, pgnl_scope_del(self->h, "s"));
	EXPECT_EQ(0, pgnl_recv(inbox, &message, 0));
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(-ESHUTDOWN, pgnl_recv(inbox, &message, -1));
	pgnl_inbox_close(inbox);
}

TEST_F(letters, a_child_has_no_inbox)
{
	struct pgnl_message message;
	struct pgnl_sent sent;
	int status;
	pid_t pid;

	ASSERT_EQ(0, send_text(self->h, "x", NULL, &sent));
	pid = fork();
	if (!pid) {
		int ret = pgnl_recv(self->inbox, &message, -1);

		pgnl_inbox_close(self->inbox);
		_exit(ret == -ECHILD ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, pgnl_recv(self->inbox, &message, 0));
}

TEST_F(letters, an_inbox_is_opened_where_the_handle_is)
{
	struct pgnl_inbox *inbox;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_EQ(-EXDEV, pgnl_inbox_open(self->h, "pg2", NULL, &inbox));
	EXPECT_TRUE(refused(self->h, EXDEV, "another network namespace"));
}

/* As the core lets root of the network namespace do; the kernel's has port 0. */
TEST_F(letters, what_is_not_from_the_kernel_is_passed_over)
{
	struct sockaddr_nl to = {};
	socklen_t len = sizeof(to);
	struct pgnl_message message;
	struct pgnl_sent sent;
	char fake[512];
	ssize_t n;
	int fd;

	ASSERT_EQ(0, getsockname(pgnl_inbox_fd(self->inbox), (struct sockaddr *)&to, &len));
	ASSERT_EQ(0, send_text(self->h, "true", NULL, &sent));
	n = recv(pgnl_inbox_fd(self->inbox), fake, sizeof(fake), 0);
	ASSERT_LT(0, n);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	ASSERT_EQ(n, sendto(fd, fake, n, 0, (struct sockaddr *)&to, sizeof(to)));
	EXPECT_EQ(-EAGAIN, pgnl_recv(self->inbox, &message, 0));
	close(fd);
}

/* --- A member's pidfd ------------------------------------------------------ */

TEST_F(letters, the_pidfd_of_a_member_tells_its_end)
{
	struct pgnl_joined joined;
	struct child child;
	struct pollfd p;

	ASSERT_EQ(0, child_start(&child));
	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", child.pid, NULL, &joined));
	p = (struct pollfd){ pgnl_pidfd_open(self->h, joined.id), POLLIN, 0 };
	ASSERT_LE(0, p.fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(p.fd, F_GETFD));
	EXPECT_EQ(0, poll(&p, 1, 0));
	child_kill(&child);
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(-ESRCH, pgnl_pidfd_open(self->h, joined.id));
	EXPECT_EQ(-EINVAL, pgnl_pidfd_open(self->h, 0));
	close(p.fd);
}

static struct child victim;
static pid_t stranger;

/* Its pid goes to another between the first look and the second. */
static void reuse_pid(int n)
{
	if (n != 1)
		return;
	child_kill(&victim);
	stranger = stranger_as(victim.pid);
}

TEST_F(letters, who_got_the_pid_of_a_member_is_not_taken_for_it)
{
	struct pgnl_joined joined;

	ASSERT_EQ(0, child_start(&victim));
	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", victim.pid, NULL, &joined));
	sends = 0;
	before_send = reuse_pid;
	EXPECT_EQ(-ESRCH, pgnl_pidfd_open(self->h, joined.id));
	before_send = NULL;
	EXPECT_EQ(victim.pid, stranger);
	kill(stranger, SIGKILL);
	waitpid(stranger, NULL, 0);
}

static void kid_looks_out(int ctl, const void *arg)
{
	struct pgnl *h;

	if (pgnl_open(&h))
		_exit(1);
	ready(ctl, pgnl_pidfd_open(h, *(const uint64_t *)arg));
}

TEST_F(letters, a_member_out_of_sight_has_no_pidfd)
{
	uint64_t id = pgnl_inbox_id(self->inbox);
	struct kid kid;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	EXPECT_EQ(-ESRCH, kid_ready(&kid, kid_looks_out, &id));
	kid_kill(&kid);
}

TEST_HARNESS_MAIN
