// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a user without rights may try against the module and everybody else:
 * docs/security.md lists the attempts, and which test has the answer.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <linux/sock_diag.h>
#include <linux/userfaultfd.h>

#include "common.h"
#include "events.h"
#include "inbox.h"
#include "proc.h"
#include "reads.h"

#define ALICE	1000

NETNS_FIXTURE(hostile);

/* Sent, and what comes back is left to lie in the socket. */
static int send_only(struct client *c, uint8_t cmd, const char *scope, const char *group)
{
	req_new(c, cmd);
	if (scope)
		put_str(c, PGNL_A_SCOPE, scope);
	if (group)
		put_str(c, PGNL_A_GROUP, group);
	return req_send(c);
}

static int view_fd(struct client *c)
{
	int err;

	req_new(c, PGNL_CMD_VIEW_GET);
	err = req_do(c);
	return err ? err : (int)reply_u32(c, PGNL_A_FD);
}

/* "" when the user whose client this is has nothing in use. */
static const char *in_use(struct client *c)
{
	static const uint16_t limits[] = {
		PGNL_A_LIMIT_USER_GROUPS, PGNL_A_LIMIT_USER_MEMBERSHIPS,
		PGNL_A_LIMIT_USER_SUBSCRIPTIONS, PGNL_A_LIMIT_USER_INBOXES,
		PGNL_A_LIMIT_USER_VIEW_PAGES,
	};
	static char text[64];

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		snprintf(text, sizeof(text), "limit %u: %llu in use", limits[i],
			 (unsigned long long)usage_get(c, limits[i]));
		if (usage_get(c, limits[i]))
			return text;
	}
	return "";
}

/* What a user had goes by itself, some of it only after its sockets are gone. */
static int comes_to_nothing(void *arg)
{
	struct client *c = client_open();
	bool gone;

	CHECK(c);
	gone = WAIT_UNTIL(!*in_use(c));
	if (!gone)
		fprintf(stderr, "# %s\n", in_use(c));
	(void)arg;
	return !gone;
}

/* --- Exhausting memory ------------------------------------------------------ */

static uint32_t queued(int fd, uint32_t *room)
{
	uint32_t info[SK_MEMINFO_VARS] = {};
	socklen_t len = sizeof(info);

	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len);
	*room = info[SK_MEMINFO_RCVBUF];
	return info[SK_MEMINFO_RMEM_ALLOC];
}

static int inboxes_that_nobody_reads(void *arg)
{
	struct client *admin, *heap;
	int small = 8192;
	uint32_t room;
	int i;

	new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	admin = client_open();
	heap = client_open();
	CHECK(admin && heap);
	CHECK(!setsockopt(heap->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	for (i = 0; i < 300; i++) {
		CHECK_EQ(0, scope_new(admin, "s", PGNL_SCOPE_MODE_PG));
		CHECK_EQ(0, send_only(heap, PGNL_CMD_INBOX_OPEN, "s", NULL));
		CHECK_EQ(0, scope_del(admin, "s"));
	}
	CHECK(queued(heap->fd, &room) < 2 * room);
	/* Who reads on gets everything that was, and can go on. */
	while (recv(heap->fd, heap->in, 65536, MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		;
	CHECK_EQ(0, inbox_open(heap, NULL));
	CHECK(!strcmp("", verify(admin)));
	(void)arg;
	return 0;
}

TEST_F(hostile, inboxes_that_nobody_reads_do_not_pile_up)
{
	EXPECT_EQ(0, as_user(ALICE, ALICE, inboxes_that_nobody_reads, NULL));
}

static int child_opens_and_ends(void *arg)
{
	return send_only(arg, PGNL_CMD_INBOX_OPEN, NULL, NULL);
}

/* The same by processes that share a socket and end, for which no right is needed. */
static int inboxes_of_a_line_of_children(void *arg)
{
	struct client *heap = client_open();
	int small = 8192;
	uint32_t room;
	int i;

	CHECK(heap);
	CHECK(!setsockopt(heap->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	for (i = 0; i < 300; i++)
		CHECK_EQ(0, in_child(child_opens_and_ends, heap));
	CHECK(queued(heap->fd, &room) < 2 * room);
	(void)arg;
	return 0;
}

TEST_F(hostile, inboxes_of_a_line_of_children_do_not_pile_up)
{
	EXPECT_EQ(0, as_user(ALICE, ALICE, inboxes_of_a_line_of_children, NULL));
}

static long unreclaimable_kb(void)
{
	char text[4096], *at;

	if (!read_text(text, sizeof(text), "/proc/meminfo"))
		return -1;
	at = strstr(text, "SUnreclaim:");
	return at ? atol(at + strlen("SUnreclaim:")) : -1;
}

#define ROWS	65536

/* Fill the tables of a new network namespace, which stays, and empty them. */
static int fill_and_empty(const struct crowd *crowd)
{
	char name[16];
	struct client *c;
	size_t i;

	new_ns(CLONE_NEWNET);
	c = client_open();
	CHECK(c);
	for (i = 0; i < ROWS / crowd->n; i++) {
		snprintf(name, sizeof(name), "g%zu", i);
		CHECK_EQ(1, join_pids(c, NULL, name, crowd->pid, crowd->n));
	}
	for (i = 0; i < ROWS / crowd->n; i++) {
		snprintf(name, sizeof(name), "g%zu", i);
		member_req(c, PGNL_CMD_MEMBER_LEAVE, NULL, name);
		put_bin(c, PGNL_A_PIDS, crowd->pid, crowd->n * sizeof(crowd->pid[0]));
		CHECK_EQ(0, req_do(c));
	}
	CHECK_EQ(0, usage_get(c, PGNL_A_LIMIT_NET_MEMBERSHIPS));
	return 0;
}

/* With KASAN, freed memory is kept for a while; kmemleak looks for leaks there. */
static bool kernel_keeps_memory(void)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	bool found = false;
	char line[256];

	while (symbols && !found && fgets(line, sizeof(line), symbols))
		found = strstr(line, " __asan_load8");
	if (symbols)
		fclose(symbols);
	return found;
}

/* A table of that many rows has a megabyte of buckets. */
static int fill_one_after_the_other(void *arg)
{
	struct crowd crowd;
	long before;
	int i;

	new_ns(CLONE_NEWUSER);
	CHECK_EQ(0, crowd_start(&crowd, 1024));
	CHECK_EQ(0, fill_and_empty(&crowd));
	before = unreclaimable_kb();
	CHECK(before > 0);
	for (i = 0; i < 8; i++)
		CHECK_EQ(0, fill_and_empty(&crowd));
	if (!WAIT_UNTIL(unreclaimable_kb() - before < 4096)) {
		fprintf(stderr, "# %ld kB more\n", unreclaimable_kb() - before);
		return 1;
	}
	crowd_end(&crowd);
	(void)arg;
	return 0;
}

TEST_F(hostile, nothing_is_left_of_full_tables_in_other_namespaces)
{
	if (kernel_keeps_memory())
		SKIP(return, "the kernel keeps freed memory");
	EXPECT_EQ(0, as_user(ALICE, ALICE, fill_one_after_the_other, NULL));
}

#define ONCE_LARGE	800

/* Nobody is in them any more, and 4 kB stayed for each. */
TEST_F(hostile, groups_that_were_large_once_cost_little)
{
	struct crowd crowd;
	long before;
	int round, i;

	if (kernel_keeps_memory())
		SKIP(return, "the kernel keeps freed memory");
	ASSERT_EQ(0, crowd_start(&crowd, 260));
	for (i = 0; i < ONCE_LARGE; i++)
		ASSERT_EQ(0, group_new(self->c, "pg2", say("%d", i)));
	for (round = 0; round < 2; round++) {
		/* The first one brings about what is there for all. */
		before = unreclaimable_kb();
		for (i = 0; i < (round ? ONCE_LARGE : 1); i++) {
			ASSERT_EQ(1, join_pids(self->c, "pg2", say("%d", i), crowd.pid, crowd.n));
			member_req(self->c, PGNL_CMD_MEMBER_LEAVE, "pg2", say("%d", i));
			put_bin(self->c, PGNL_A_PIDS, crowd.pid, crowd.n * sizeof(crowd.pid[0]));
			ASSERT_EQ(0, req_do(self->c));
		}
	}
	EXPECT_TRUE(WAIT_UNTIL(unreclaimable_kb() - before < 2048))
		TH_LOG("%ld kB more", unreclaimable_kb() - before);
	crowd_end(&crowd);
}

/* --- Using up what others may have ------------------------------------------ */

#define LISTINGS	4096
#define MANY		1000	/* rows that no first part of a listing holds */

/* Begins listings and reads none; says how many it has when one is refused. */
static void kid_hoards(int ctl, const void *arg)
{
	struct client *c = client_open();
	long n;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	member_req(c, PGNL_CMD_MEMBER_GET, NULL, "listed");
	c->req->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	for (n = 0; n < LISTINGS; n++) {
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
		if (send(fd, c->req, c->req->nlmsg_len, 0) < 0)
			break;
	}
	member_req(c, PGNL_CMD_MEMBER_GET, NULL, "listed");
	if (req_dump(c) != -EDQUOT || !strstr(c->text, "not read to the end"))
		n = -1;
	ready(ctl, n);
	hear(ctl);
	(void)arg;
}

static void kid_hoards_as_alice(int ctl, const void *arg)
{
	struct rlimit files = { 2 * LISTINGS, 2 * LISTINGS };

	setrlimit(RLIMIT_NOFILE, &files);
	become(ALICE, ALICE, NULL, 0);
	kid_hoards(ctl, arg);
}

static int lists_again(void *arg)
{
	struct client *c = client_open();

	CHECK(c);
	member_req(c, PGNL_CMD_MEMBER_GET, NULL, "listed");
	CHECK(WAIT_UNTIL(!req_dump(c)));
	(void)arg;
	return 0;
}

/* What is left meanwhile stays at the charge of whoever left it. */
TEST_F(hostile, a_user_leaves_no_more_than_4096_listings_half_read)
{
	struct members list = {};
	struct crowd crowd;
	struct kid kid;

	ASSERT_EQ(0, crowd_start(&crowd, MANY));
	ASSERT_EQ(1, join_pids(self->c, NULL, "listed", crowd.pid, MANY));
	EXPECT_EQ(LISTINGS, kid_ready(&kid, kid_hoards_as_alice, NULL));
	/* Others still list. */
	ASSERT_EQ(0, members_dump(self->c, NULL, "listed", &list));
	EXPECT_EQ(MANY, list.n);
	kid_kill(&kid);
	EXPECT_EQ(0, as_user(ALICE, ALICE, lists_again, NULL));
	members_free(&list);
	crowd_end(&crowd);
}

#define POSITIONS	(UINT16_MAX / 2)

/* By a socket that has read nothing yet, so that all come to the same row. */
static int list_process_anew(struct client *c, pid_t pid)
{
	int one = 1;

	c->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	setsockopt(c->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	process_req(c, 0, pid);
	return dump_begin(c);
}

/* Says 0 now and then, and at the end what is told after the first part of one more. */
static void kid_lists_its_parent(int ctl, const void *arg)
{
	struct rlimit files = { 2 * POSITIONS, 2 * POSITIONS };
	struct client *c = client_open();
	int n, err = 0;

	(void)arg;
	setrlimit(RLIMIT_NOFILE, &files);
	for (n = 0; n <= POSITIONS && !err; n++) {
		err = list_process_anew(c, getppid());
		if (n % 1024 == 0)
			tell(ctl, 0);
	}
	while (!err)
		err = dump_step(c, NULL);
	ready(ctl, c->dump_len && !strcmp(c->text, "too many listings of the process") ?
	      -err : -1);
	hear(ctl);
}

/* Root's are not counted, but leave requests their half of what can hold a row. */
TEST_F_TIMEOUT(hostile, a_process_half_listed_by_very_many_can_leave, 480)
{
	struct kid kid;
	long said;

	groups_req(self->c, PGNL_CMD_MEMBER_JOIN, MANY);
	ASSERT_EQ(0, req_do(self->c));
	ASSERT_EQ(0, kid_start(&kid, kid_lists_its_parent, NULL));
	do {
		said = hear(kid.ctl);
	} while (!said);
	EXPECT_EQ(EBUSY, said);
	groups_req(self->c, PGNL_CMD_MEMBER_LEAVE, MANY);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_EQ(0, process_do(self->c, 0, getpid()));
	EXPECT_EQ(1, usage_get(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS));
	kid_kill(&kid);
	EXPECT_TRUE(WAIT_UNTIL(!usage_get(self->c, PGNL_A_LIMIT_NET_MEMBERSHIPS)));
}

/* Members that fork members; those of the last generation are killed. */
static int bomb(void *arg)
{
	int depth = *(int *)arg, i;
	struct client *c = client_open();

	if (!c)
		return 0;
	join(c, NULL, "bomb", 0);
	depth++;
	for (i = 0; i < 3 && depth < 6; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(bomb(&depth));
		if (pid > 0 && depth == 5)
			kill(pid, SIGKILL);
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

TEST_F(hostile, a_fork_bomb_of_members_harms_nobody_else)
{
	uint64_t limit = limit_get(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS);
	pid_t pid;
	int depth = 0, status = 0;
	long n;

	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS, 100));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(as_user(ALICE, ALICE, bomb, &depth));
	for (n = 0; waitpid(pid, &status, WNOHANG) != pid; n++) {
		ASSERT_EQ(1, join(self->c, NULL, "mine", 0)) TH_LOG("%s", self->c->text);
		ASSERT_EQ(1, count_of(self->c, NULL, "mine", getpid()));
		ASSERT_EQ(1, leave(self->c, NULL, "mine", 0));
	}
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, group_exists(self->c, NULL, "bomb"));
	EXPECT_STREQ("", verify(self->c));
	EXPECT_EQ(0, as_user(ALICE, ALICE, comes_to_nothing, NULL));
	EXPECT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_USER_MEMBERSHIPS, limit));
}

/* One of everything, in namespaces of its own, and left as it is. */
static int one_of_everything(void *arg)
{
	struct client *c[3];

	new_ns(CLONE_NEWUSER | CLONE_NEWNET);
	for (int i = 0; i < 3; i++) {
		c[i] = client_open();
		CHECK(c[i]);
	}
	CHECK_EQ(0, scope_new(c[0], "s", PGNL_SCOPE_MODE_PG2));
	CHECK_EQ(0, group_new(c[0], "s", "g"));
	CHECK_EQ(1, join(c[0], "s", "g", 0));
	CHECK_EQ(1, join(c[0], NULL, "g", 0));
	CHECK_EQ(0, inbox_open(c[0], NULL));
	CHECK(subscribe(c[1], NULL, NULL) > 0);
	CHECK(subscribe(c[1], "s", "g") > 0);
	CHECK_EQ(0, list_begin(c[2], "s", NULL));
	CHECK_EQ(0, send_only(c[0], PGNL_CMD_VIEW_GET, NULL, NULL));
	(void)arg;
	return 0;
}

static int namespaces_in_a_loop(void *arg)
{
	for (unsigned int i = 0; again(i, 60); i++)
		CHECK_EQ(0, in_child(one_of_everything, NULL));
	(void)arg;
	return 0;
}

TEST_F(hostile, namespaces_made_in_a_loop_leave_nothing)
{
	EXPECT_EQ(0, as_user(ALICE, ALICE, namespaces_in_a_loop, NULL));
	EXPECT_EQ(0, as_user(ALICE, ALICE, comes_to_nothing, NULL));
}

/* --- Standing in the way ------------------------------------------------------ */

/* Never reads: subscriptions, listings, an inbox. */
static void kid_stands_still(int ctl, const void *arg)
{
	struct client *c;
	int i;

	become(ALICE, ALICE, NULL, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < 20; i++) {
		c = client_open();
		list_begin(c, NULL, NULL);
		c = client_open();
		send_only(c, PGNL_CMD_EVENT_SUBSCRIBE, NULL, NULL);
		send_only(c, PGNL_CMD_EVENT_SUBSCRIBE, NULL, "mine");
	}
	c = client_open();
	send_only(c, PGNL_CMD_INBOX_OPEN, NULL, NULL);
	join(client_open(), NULL, "crowd", 0);
	ready(ctl, 0);
	raise(SIGSTOP);
	(void)arg;
}

/* Requests as large as they can be, one after the other. */
static void kid_hammers(int ctl, const void *arg)
{
	const char *groups[] = { "x0", "x1", "x2", "x3" };
	struct crowd crowd;
	struct client *c;
	int step;

	become(ALICE, ALICE, NULL, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	c = client_open();
	if (!c || crowd_start(&crowd, 500))
		_exit(1);
	ready(ctl, 0);
	for (step = 0; ; step++) {
		member_req(c, step % 2 ? PGNL_CMD_MEMBER_LEAVE : PGNL_CMD_MEMBER_JOIN, NULL,
			   groups[0]);
		for (int i = 1; i < 4; i++)
			put_str(c, PGNL_A_GROUP, groups[i]);
		put_bin(c, PGNL_A_PIDS, crowd.pid, crowd.n * sizeof(crowd.pid[0]));
		if (req_do(c))
			_exit(1);
		send_text(c, "crowd", "to whoever does not read it");
	}
	(void)arg;
}

TEST_F(hostile, who_stands_still_or_hammers_stops_nobody)
{
	struct kid still, hammer[2];
	struct members list = {};
	struct pgnl_row row;
	struct client *ear = client_open();
	int sub;

	ASSERT_EQ(1, join(self->c, NULL, "crowd", 0));
	ASSERT_EQ(0, kid_ready(&still, kid_stands_still, NULL));
	ASSERT_EQ(0, kid_ready(&hammer[0], kid_hammers, NULL));
	ASSERT_EQ(0, kid_ready(&hammer[1], kid_hammers, NULL));
	for (unsigned int i = 0; again(i, 300); i++) {
		ASSERT_EQ(1, join(self->c, NULL, "mine", 0)) TH_LOG("%s", self->c->text);
		ASSERT_EQ(1, count_of(self->c, NULL, "mine", getpid()));
		ASSERT_EQ(0, pick(self->c, NULL, "mine", PGNL_POLICY_RANDOM, &row));
		ASSERT_EQ(0, members_dump(self->c, NULL, "mine", &list));
		ASSERT_EQ(1, list.n);
		sub = subscribe(ear, NULL, "mine");
		ASSERT_LT(0, sub);
		ASSERT_EQ(1, leave(self->c, NULL, "mine", 0));
		ASSERT_EQ(0, unsubscribe(ear, sub));
		client_close(client_open());
	}
	for (int i = 0; i < 2; i++)
		kid_kill(&hammer[i]);
	kid_kill(&still);
	members_free(&list);
	client_close(ear);
	EXPECT_EQ(1, leave(self->c, NULL, "crowd", 0));
	EXPECT_EQ(0, as_user(ALICE, ALICE, comes_to_nothing, NULL));
}

/* --- Writing to a view ------------------------------------------------------------ */

/* Whatever advice there is: none is to change what is mapped. */
static void advise(void *at)
{
	for (int advice = 0; advice < 128; advice++)
		madvise(at, 4096, advice);
}

static int fault_handler(void *at)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)at, 4096 },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	int ret;

	if (fd < 0)
		return -1;
	ret = ioctl(fd, UFFDIO_API, &api) ? : ioctl(fd, UFFDIO_REGISTER, &reg);
	close(fd);
	return ret;
}

static int write_to_a_view(void *arg)
{
	struct client *c = client_open();
	struct iovec from = { "x", 1 }, to = { NULL, 1 };
	int fd, pipe_fd[2], status;
	char *at, seen[8];
	pid_t pid;

	CHECK(c);
	fd = view_fd(c);
	CHECK(fd >= 0);
	at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(at != MAP_FAILED);
	to.iov_base = at;
	CHECK_EQ(-1, process_vm_writev(getpid(), &from, 1, &to, 1, 0));
	CHECK_EQ(-1, read(open("/dev/zero", O_RDONLY), at, 1));
	CHECK_EQ(-1, fault_handler(at));
	CHECK_EQ(-1, mremap(at, 0, 4096, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
	advise(at);
	CHECK(!memcmp(at, "pgnlview", 8));

	/* By a debugger, into the mapping of a child. */
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(!!memcmp(at, "pgnlview", 8));
	}
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK_EQ(-1, ptrace(PTRACE_POKEDATA, pid, at, 0L));
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	CHECK_EQ(pid, waitpid(pid, &status, 0));
	CHECK_EQ(0, status);

	/* As a gift to a pipe, where the page outlives the view. */
	CHECK(!pipe(pipe_fd));
	to.iov_len = 4096;
	CHECK_EQ(4096, vmsplice(pipe_fd[1], &to, 1, SPLICE_F_GIFT));
	CHECK(!munmap(at, 4096));
	CHECK(!close(fd));
	client_close(c);
	usleep(1000);
	CHECK_EQ(8, read(pipe_fd[0], seen, 8));
	CHECK(!memcmp(seen, "pgnlview", 8));
	(void)arg;
	return 0;
}

TEST_F(hostile, no_trick_writes_to_a_view)
{
	EXPECT_EQ(0, as_user(ALICE, ALICE, write_to_a_view, NULL));
}

/* --- Seeing what is nobody's business ---------------------------------------------- */

/* "" when everything between the attributes is zero, nests included. */
static const char *padding_of(const void *start, size_t len)
{
	static const uint16_t nests[] = { PGNL_A_MEMBER, PGNL_A_EVENT, PGNL_A_SENDER,
		PGNL_A_LIMITS, PGNL_A_STATS, PGNL_A_HOLDER };
	const struct nlattr *attr = start;
	int left = len;

	for (; mnl_attr_ok(attr, left); attr = mnl_attr_next(attr)) {
		const uint8_t *data = mnl_attr_get_payload(attr);
		size_t size = mnl_attr_get_payload_len(attr);

		for (size_t i = size; i < MNL_ALIGN(size) && (int)(MNL_ATTR_HDRLEN + i) < left; i++)
			if (data[i])
				return "padding is not zero";
		for (size_t i = 0; i < sizeof(nests) / sizeof(nests[0]); i++)
			if ((attr->nla_type & NLA_F_NESTED) &&
			    mnl_attr_get_type(attr) == nests[i] && *padding_of(data, size))
				return "padding of a nest is not zero";
		left -= MNL_ALIGN(attr->nla_len);
	}
	return left > 0 ? "bytes behind the attributes" : "";
}

static const char *padding(const struct nlmsghdr *msg)
{
	return padding_of(mnl_nlmsg_get_payload_offset(msg, sizeof(struct genlmsghdr)),
			  msg->nlmsg_len - NLMSG_HDRLEN - MNL_ALIGN(sizeof(struct genlmsghdr)));
}

TEST_F(hostile, no_reply_has_bytes_that_are_left_over)
{
	struct client *ear = client_open(), *box = client_open();
	const struct nlmsghdr *msg;
	char name[10] = "", meta[10] = "";
	int left;

	ASSERT_LT(0, subscribe(ear, NULL, NULL));
	ASSERT_EQ(0, inbox_open(box, NULL));
	for (int len = 1; len < 9; len++) {
		memset(name, 'n', len);
		memset(meta, 0xff, len);
		member_req(self->c, PGNL_CMD_MEMBER_JOIN, NULL, name);
		put_flag(self->c, PGNL_A_SELF);
		put_bin(self->c, PGNL_A_META, meta, len);
		ASSERT_EQ(0, req_do(self->c));
		EXPECT_STREQ("", padding(self->c->reply));
		req_new(self->c, PGNL_CMD_MEMBER_GET);
		put_str(self->c, PGNL_A_GROUP, name);
		ASSERT_EQ(0, req_do(self->c));
		EXPECT_STREQ("", padding(self->c->reply));
		send_req(self->c, NULL, name, meta, len);
		ASSERT_EQ(0, req_do(self->c));
		EXPECT_STREQ("", padding(self->c->reply));
		ASSERT_LT(0, recv(box->fd, box->in, 65536, 0));
		EXPECT_STREQ("", padding((void *)box->in));
		ASSERT_LT(0, recv(ear->fd, ear->in, 65536, 0));
		EXPECT_STREQ("", padding((void *)ear->in));
	}
	for (int cmd = 0; cmd < 3; cmd++) {
		static const uint8_t list[] = { PGNL_CMD_MEMBER_GET, PGNL_CMD_GROUP_GET,
			PGNL_CMD_SCOPE_GET };

		req_new(self->c, list[cmd]);
		ASSERT_EQ(0, req_dump(self->c));
		for_each_dumped(self->c, msg, left)
			EXPECT_STREQ("", padding(msg));
	}
	client_close(ear);
	client_close(box);
}

TEST_HARNESS_MAIN
