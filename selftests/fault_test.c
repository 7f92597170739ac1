// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every allocation of every request fails once: the request is done whole or
 * not at all, and what it did is what it says. Processes end, and network
 * namespaces come and go, without memory too.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "agent.h"
#include "common.h"
#include "events.h"
#include "fault.h"
#include "inbox.h"
#include "proc.h"

#define MOST	10000	/* more allocations than any request makes */
#define MANY	150	/* groups whose listing takes several parts */
#define CROWD	70	/* processes; more than get their memory at once */
#define ALICE	1000

FIXTURE(fault)
{
	struct client *c;	/* its requests fail */
	struct client *eye;	/* its requests do not */
	struct crowd crowd;
	int nth;
};

FIXTURE_SETUP(fault)
{
	self->nth = fault_open();
	if (self->nth < 0)
		SKIP(return, "the kernel has no fault injection (make check-debug has)");
	fault_everywhere();
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	self->eye = client_open();
	ASSERT_NE(NULL, self->eye);
	/* What users have in use counts the namespaces of earlier tests until they go. */
	ASSERT_TRUE(WAIT_UNTIL(!usage_get(self->eye, PGNL_A_LIMIT_USER_GROUPS) &&
			       !usage_get(self->eye, PGNL_A_LIMIT_USER_MEMBERSHIPS)));
	ASSERT_EQ(0, crowd_start(&self->crowd, CROWD));
}

FIXTURE_TEARDOWN(fault)
{
	fault_everywhere();
	EXPECT_STREQ("", verify(self->eye));
	crowd_end(&self->crowd);
	client_close(self->c);
	client_close(self->eye);
	close(self->nth);
}

/* --- What there is -------------------------------------------------------- */

static void name_request(struct client *c, uint8_t cmd, const char *name)
{
	req_new(c, cmd);
	put_str(c, PGNL_A_GROUP, name);
}

/* One name that is held, and one that is not. */
static int set_names(struct client *c, pid_t holder)
{
	name_request(c, PGNL_CMD_NAME_UNREGISTER, "new");
	if (req_do(c))
		return -EPROTO;
	name_request(c, PGNL_CMD_NAME_REGISTER, "name");
	put_u32(c, PGNL_A_PID, holder);
	put_flag(c, PGNL_A_REPLACE);
	return req_do(c);
}

/* Scopes "s" of mode pg2 and "t" of mode pg; from crowd[3] on they are in no group. */
static int set_stage(struct client *c, const struct crowd *crowd)
{
	const pid_t *pid = crowd->pid;
	int err;

	scope_del(c, "s");
	scope_del(c, "t");
	scope_del(c, "new");
	err = limit_set(c, PGNL_A_LIMIT_NET_SCOPES, 100) ? :
	      scope_new(c, "s", PGNL_SCOPE_MODE_PG2) ? :
	      scope_new(c, "t", PGNL_SCOPE_MODE_PG) ? :
	      group_new(c, "s", "full") ? :
	      group_new(c, "s", "empty");
	if (err)
		return err;
	member_req(c, PGNL_CMD_MEMBER_JOIN, "s", "full");
	for (int i = 0; i < 3; i++)
		put_u32(c, PGNL_A_PID, pid[i]);
	put_bin(c, PGNL_A_META, "old", 3);
	err = req_do(c);
	if (!err && (join(c, "s", "full", pid[0]) != 2 || join(c, "t", "g", pid[0]) != 1))
		err = -EPROTO;
	return err ? : set_names(c, pid[0]);
}

static void picture_scope(FILE *out, struct client *c, const char *scope)
{
	struct scope_info info;
	struct groups list = {};
	struct members rows = {};

	if (scope_get(c, scope, &info))
		return;
	fprintf(out, "%s %u %u %u %u %o %llu %llu\n", scope, info.mode, info.flags, info.owner,
		info.gid, info.perm, (unsigned long long)info.groups,
		(unsigned long long)info.members);
	groups(c, scope, false, &list);
	for (size_t i = 0; i < list.n; i++)
		fprintf(out, "%s/%s %llu %d %u %u %o\n", scope, list.at[i].name,
			(unsigned long long)list.at[i].local, list.at[i].owned, list.at[i].owner,
			list.at[i].gid, list.at[i].perm);
	members_dump(c, scope, NULL, &rows);
	for (size_t i = 0; i < rows.n; i++)
		fprintf(out, "%s/%s: %u %u %u %u %.*s\n", scope, rows.at[i].group,
			rows.at[i].row.pid, rows.at[i].row.count, rows.at[i].row.uid,
			rows.at[i].row.weight, (int)rows.at[i].meta_len,
			(const char *)rows.at[i].meta);
	groups_free(&list);
	members_free(&rows);
}

static void picture_nest(FILE *out, struct client *c, uint8_t cmd, uint16_t nest, uint16_t last)
{
	const struct nlattr *attr;

	req_new(c, cmd);
	if (req_do(c) || !attr_of(c->reply, nest))
		return;
	mnl_attr_for_each_nested(attr, attr_of(c->reply, nest))
		if (mnl_attr_get_type(attr) <= last)
			fprintf(out, "%u.%u %llu\n", nest, mnl_attr_get_type(attr),
				(unsigned long long)mnl_attr_get_u64(attr));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines have no order: rows of a group change places when one goes. */
static char *sorted(char *text)
{
	char *line[1024], *rest = text, *out = NULL;
	size_t n = 0, size;
	FILE *file = open_memstream(&out, &size);

	while (n < ARRAY_SIZE(line) && (line[n] = strsep(&rest, "\n")))
		n++;
	qsort(line, n, sizeof(*line), by_text);
	for (size_t i = 0; i < n; i++)
		fprintf(file, "%s\n", line[i]);
	fclose(file);
	free(text);
	return out;
}

/* All that can be read, but ids and sums over the past. */
static char *picture(struct client *c)
{
	static const char *const names[] = { "pg", "pg2", "global", "s", "t", "new" };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		picture_scope(out, c, names[i]);
	picture_nest(out, c, PGNL_CMD_LIMIT_GET, PGNL_A_LIMITS, PGNL_A_LIMIT_MAX);
	picture_nest(out, c, PGNL_CMD_LIMIT_GET, PGNL_A_USAGE, PGNL_A_LIMIT_MAX);
	picture_nest(out, c, PGNL_CMD_STATS_GET, PGNL_A_STATS, PGNL_A_STAT_PROCESSES);
	fprintf(out, "verdict %s\n", verify(c));
	fclose(out);
	return sorted(text);
}

/* --- Requests --------------------------------------------------------------- */

typedef void (*request_fn)(struct client *c, const pid_t *pid);

static void scope_new_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_SCOPE_NEW, "new", NULL);
}

static void scope_set_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_SCOPE_SET, "s", NULL);
	put_u32(c, PGNL_A_OWNER, 1000);
	put_u32(c, PGNL_A_PERM, 0700);
}

static void scope_del_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_SCOPE_DEL, "s", NULL);
}

static void scope_get_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_SCOPE_GET, "s", NULL);
}

static void group_new_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_GROUP_NEW, "s", "made");
}

static void group_del_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_GROUP_DEL, "s", "full");
}

static void group_get_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_GROUP_GET, "s", "full");
}

/* Many rows, of processes and groups both old and new. */
static void join_request(struct client *c, const pid_t *pid)
{
	char name[16];

	member_req(c, PGNL_CMD_MEMBER_JOIN, "t", "g");
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "new-%d", i);
		put_str(c, PGNL_A_GROUP, name);
	}
	for (int i = 0; i < 4; i++)
		put_u32(c, PGNL_A_PID, pid[i]);
	put_bin(c, PGNL_A_META, "new", 3);
}

/* All of processes that are in no group. */
static void join_crowd_request(struct client *c, const pid_t *pid)
{
	member_req(c, PGNL_CMD_MEMBER_JOIN, "t", "g");
	for (int i = 3; i < CROWD; i++)
		put_u32(c, PGNL_A_PID, pid[i]);
}

static void join_again_request(struct client *c, const pid_t *pid)
{
	member_req(c, PGNL_CMD_MEMBER_JOIN, "s", "full");
	put_u32(c, PGNL_A_PID, pid[3]);
	put_u32(c, PGNL_A_PID, pid[1]);
	put_u32(c, PGNL_A_TIMES, 3);
	put_u32(c, PGNL_A_WEIGHT, 9);
	put_bin(c, PGNL_A_META, "new", 3);
}

static void join_self_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_MEMBER_JOIN, "t", "self");
	put_flag(c, PGNL_A_SELF);
}

static void register_request(struct client *c, const pid_t *pid)
{
	name_request(c, PGNL_CMD_NAME_REGISTER, "new");
	put_u32(c, PGNL_A_PID, pid[3]);
	put_bin(c, PGNL_A_META, "new", 3);
}

static void replace_request(struct client *c, const pid_t *pid)
{
	name_request(c, PGNL_CMD_NAME_REGISTER, "name");
	put_u32(c, PGNL_A_PID, pid[3]);
	put_flag(c, PGNL_A_REPLACE);
}

static void unregister_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	name_request(c, PGNL_CMD_NAME_UNREGISTER, "name");
}

static void name_get_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	name_request(c, PGNL_CMD_NAME_GET, "name");
}

static void leave_request(struct client *c, const pid_t *pid)
{
	member_req(c, PGNL_CMD_MEMBER_LEAVE, "s", "full");
	for (int i = 0; i < 3; i++)
		put_u32(c, PGNL_A_PID, pid[i]);
}

static void leave_all_request(struct client *c, const pid_t *pid)
{
	member_req(c, PGNL_CMD_MEMBER_LEAVE, "t", "g");
	put_str(c, PGNL_A_GROUP, "missing");
	put_u32(c, PGNL_A_PID, pid[0]);
	put_flag(c, PGNL_A_ALL);
}

static void member_get_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_MEMBER_GET, "s", "full");
}

static void member_pick_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_MEMBER_PICK, "s", "full");
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_KEY);
	put_bin(c, PGNL_A_KEY, "key", 3);
}

static void process_get_request(struct client *c, const pid_t *pid)
{
	req_new(c, PGNL_CMD_PROCESS_GET);
	put_u32(c, PGNL_A_PID, pid[0]);
}

static void info_get_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	req_new(c, PGNL_CMD_INFO_GET);
}

static void limit_get_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	req_new(c, PGNL_CMD_LIMIT_GET);
}

static void limit_set_request(struct client *c, const pid_t *pid)
{
	struct nlattr *nest;

	(void)pid;
	req_new(c, PGNL_CMD_LIMIT_SET);
	nest = mnl_attr_nest_start(c->req, PGNL_A_LIMITS);
	put_u64(c, PGNL_A_LIMIT_NET_SCOPES, 50);
	mnl_attr_nest_end(c->req, nest);
}

static void stats_get_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	req_new(c, PGNL_CMD_STATS_GET);
}

static void verify_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	req_new(c, PGNL_CMD_VERIFY);
}

static void subscribe_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_EVENT_SUBSCRIBE, "t", "g");
}

/* The subscription that the next two are about. */
static int sub;
static uint64_t sub_seq;

static void have_subscription(struct client *c)
{
	sub = subscribe(c, "t", NULL);
	sub_seq = reply_u64(c, PGNL_A_SEQ);
}

static void unsubscribe_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	req_new(c, PGNL_CMD_EVENT_UNSUBSCRIBE);
	put_u32(c, PGNL_A_SUBSCRIPTION, sub);
}

static void replay_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	req_new(c, PGNL_CMD_EVENT_REPLAY);
	put_u32(c, PGNL_A_SUBSCRIPTION, sub);
	put_u64(c, PGNL_A_SEQ, sub_seq);
}

static void inbox_open_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_INBOX_OPEN, "t", NULL);
	put_u32(c, PGNL_A_UID, 0);
}

/* They have no inbox, and a signal of 0 only asks. */
static void send_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	send_req(c, "s", "full", "hello", 5);
}

static void send_one_request(struct client *c, const pid_t *pid)
{
	send_request(c, pid);
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_RANDOM);
}

static void signal_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_GROUP_SIGNAL, "s", "full");
	put_u32(c, PGNL_A_SIGNAL, 0);
}

/* --- One failure in each ------------------------------------------------------ */

enum outcome {
	DONE,
	REFUSED,
	UNHEARD,	/* the answer was lost, and the socket says so */
};

static void forget_answers(struct client *c)
{
	while (recv(c->fd, c->in, 1, MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == ENOBUFS)
		;
}

/* The kernel does a request while it is sent; reading the answer is not hindered. */
static enum outcome answer(struct client *c, int sent, int *err)
{
	socklen_t size = sizeof(*err);

	*err = sent;
	if (sent)
		return REFUSED;
	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, err, &size);
	if (*err) {
		forget_answers(c);
		return UNHEARD;
	}
	do {
		*err = req_recv(c);
	} while (!*err);
	return *err > 0 ? DONE : REFUSED;
}

static bool no_memory(int err)
{
	return err == -ENOMEM || err == -ENOBUFS || err == -EFAULT;
}

/* What its socket has ends with it, and is made anew. */
static int set_client(FIXTURE_DATA(fault) *self, void (*prepare)(struct client *c))
{
	client_close(self->c);
	self->c = client_open();
	if (!self->c)
		return -errno;
	if (prepare)
		prepare(self->c);
	return 0;
}

static void fail_each_allocation(struct __test_metadata *_metadata, FIXTURE_DATA(fault) *self,
				 request_fn request, void (*prepare)(struct client *c))
{
	char *before, *after, *now;
	enum outcome outcome;
	bool hit = true;
	int nth, err;

	ASSERT_EQ(0, set_stage(self->eye, &self->crowd));
	ASSERT_EQ(0, set_client(self, prepare));
	before = picture(self->eye);
	request(self->c, self->crowd.pid);
	ASSERT_EQ(0, req_do(self->c)) TH_LOG("%s", self->c->text);
	after = picture(self->eye);
	ASSERT_NE(NULL, strstr(after, "verdict \n"));
	now = strdup(after);

	for (nth = 1; hit && nth < MOST; nth++) {
		if (strcmp(now, before)) {
			ASSERT_EQ(0, set_stage(self->eye, &self->crowd));
			ASSERT_EQ(0, set_client(self, prepare));
		}
		free(now);
		request(self->c, self->crowd.pid);
		fault_order(self->nth, nth);
		err = req_send(self->c);
		hit = fault_happened(self->nth);
		outcome = answer(self->c, err, &err);
		now = picture(self->eye);
		if (outcome == REFUSED) {
			EXPECT_TRUE(hit && no_memory(err)) TH_LOG("allocation %d: %d", nth, err);
		}
		if (outcome == DONE || (outcome == UNHEARD && strcmp(now, before))) {
			ASSERT_STREQ(after, now) TH_LOG("allocation %d", nth);
		} else {
			ASSERT_STREQ(before, now) TH_LOG("allocation %d", nth);
		}
	}
	EXPECT_FALSE(hit);
	EXPECT_LT(2, nth);
	TH_LOG("%d allocations", nth - 2);
	free(before);
	free(after);
	free(now);
}

#define EACH_ALLOCATION_WITH(name, prepare) \
TEST_F_TIMEOUT(fault, name##_is_done_or_not_done, 900) \
{ \
	fail_each_allocation(_metadata, self, name##_request, prepare); \
}
#define EACH_ALLOCATION_OF(name) EACH_ALLOCATION_WITH(name, NULL)

EACH_ALLOCATION_OF(info_get)
EACH_ALLOCATION_OF(scope_new)
EACH_ALLOCATION_OF(scope_set)
EACH_ALLOCATION_OF(scope_del)
EACH_ALLOCATION_OF(scope_get)
EACH_ALLOCATION_OF(group_new)
EACH_ALLOCATION_OF(group_del)
EACH_ALLOCATION_OF(group_get)
EACH_ALLOCATION_OF(join)
EACH_ALLOCATION_OF(join_crowd)
EACH_ALLOCATION_OF(join_again)
EACH_ALLOCATION_OF(join_self)
EACH_ALLOCATION_OF(register)
EACH_ALLOCATION_OF(replace)
EACH_ALLOCATION_OF(unregister)
EACH_ALLOCATION_OF(name_get)
EACH_ALLOCATION_OF(leave)
EACH_ALLOCATION_OF(leave_all)
EACH_ALLOCATION_OF(member_get)
EACH_ALLOCATION_OF(member_pick)
EACH_ALLOCATION_OF(process_get)
EACH_ALLOCATION_OF(limit_get)
EACH_ALLOCATION_OF(limit_set)
EACH_ALLOCATION_OF(stats_get)
EACH_ALLOCATION_OF(verify)
EACH_ALLOCATION_OF(subscribe)
EACH_ALLOCATION_WITH(unsubscribe, have_subscription)
EACH_ALLOCATION_WITH(replay, have_subscription)
EACH_ALLOCATION_OF(inbox_open)
EACH_ALLOCATION_OF(send)
EACH_ALLOCATION_OF(send_one)
EACH_ALLOCATION_OF(signal)

/* --- Users who have nothing yet --------------------------------------------------- */

static pid_t stranger;

static void join_stranger_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_MEMBER_JOIN, "t", "g");
	put_u32(c, PGNL_A_PID, stranger);
}

static void kid_in_a_user_ns(int ctl, const void *arg)
{
	(void)arg;
	become(ALICE, ALICE, NULL, 0);
	if (!unshare(CLONE_NEWUSER))
		ready(ctl, 0);
}

/* Both who it is in there and who made the namespace are counted. */
TEST_F_TIMEOUT(fault, join_of_a_new_user_is_done_or_not_done, 900)
{
	struct kid kid;

	ASSERT_EQ(0, kid_ready(&kid, kid_in_a_user_ns, NULL));
	stranger = kid.pid;
	fail_each_allocation(_metadata, self, join_stranger_request, NULL);
	kid_kill(&kid);
}

/* --- Scopes shared from elsewhere ------------------------------------------------ */

static void shared_get_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_MEMBER_GET, "alias", "g");
}

static void shared_subscribe_request(struct client *c, const pid_t *pid)
{
	(void)pid;
	member_req(c, PGNL_CMD_EVENT_SUBSCRIBE, "alias", "g");
}

/* Nothing of what has failed holds the network namespace that was read. */
TEST_F_TIMEOUT(fault, shared_requests_are_done_or_not_done, 900)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct client *from = client_in_new_netns();
	struct scope_info info;

	ASSERT_NE(NULL, from);
	ASSERT_EQ(0, scope_new(from, "shared", PGNL_SCOPE_MODE_PG));
	ASSERT_EQ(1, join(from, "shared", "g", self->crowd.pid[0]));
	ASSERT_EQ(0, scope_share(from, "shared", fd, "alias"));
	ASSERT_EQ(0, setns(fd, CLONE_NEWNET));
	close(fd);
	fail_each_allocation(_metadata, self, shared_get_request, NULL);
	fail_each_allocation(_metadata, self, shared_subscribe_request, NULL);
	ASSERT_EQ(1, count_of(self->eye, "alias", "g", self->crowd.pid[0]));
	client_close(from);
	EXPECT_TRUE(wait_until(scope_get(self->eye, "alias", &info) == -ENOENT));
}

/* --- Listings ------------------------------------------------------------------- */

/* Rows, or messages that are about no member. */
static size_t dumped(struct client *c)
{
	const struct nlmsghdr *msg;
	const struct nlattr *attr;
	size_t n = 0;
	int left;

	for_each_dumped(c, msg, left) {
		n += !attr_of(msg, PGNL_A_MEMBER);
		mnl_attr_for_each(attr, msg, GENL_HDRLEN)
			n += mnl_attr_get_type(attr) == PGNL_A_MEMBER;
	}
	return n;
}

/* Parts of a listing are made while it is read, so reading is hindered too. */
static void fail_each_allocation_of_dump(struct __test_metadata *_metadata,
					 FIXTURE_DATA(fault) *self, uint8_t cmd,
					 const char *scope, bool of_process, size_t expected)
{
	bool hit = true;
	int nth, err;

	for (nth = 1; hit && nth < MOST; nth++) {
		member_req(self->c, cmd, scope, NULL);
		if (of_process)
			put_u32(self->c, PGNL_A_PID, self->crowd.pid[0]);
		fault_order(self->nth, nth);
		err = req_dump(self->c);
		hit = fault_happened(self->nth);
		if (err) {
			ASSERT_TRUE(hit && no_memory(err)) TH_LOG("allocation %d: %d", nth, err);
			client_close(self->c);
			self->c = client_open();
			ASSERT_NE(NULL, self->c);
		} else {
			ASSERT_EQ(expected, dumped(self->c)) TH_LOG("allocation %d", nth);
		}
		ASSERT_STREQ("", verify(self->eye)) TH_LOG("allocation %d", nth);
	}
	EXPECT_FALSE(hit);
	TH_LOG("%d allocations", nth - 2);
}

TEST_F_TIMEOUT(fault, listings_are_whole_or_fail, 900)
{
	char name[200];

	ASSERT_EQ(0, set_stage(self->eye, &self->crowd));
	member_req(self->eye, PGNL_CMD_MEMBER_JOIN, "t", "g");
	for (int i = 1; i < MANY; i++) {
		snprintf(name, sizeof(name), "%0180d", i);
		put_str(self->eye, PGNL_A_GROUP, name);
	}
	put_u32(self->eye, PGNL_A_PID, self->crowd.pid[0]);
	put_u32(self->eye, PGNL_A_PID, self->crowd.pid[3]);
	ASSERT_EQ(0, req_do(self->eye));

	fail_each_allocation_of_dump(_metadata, self, PGNL_CMD_SCOPE_GET, NULL, false, 5);
	fail_each_allocation_of_dump(_metadata, self, PGNL_CMD_GROUP_GET, "t", false, MANY);
	fail_each_allocation_of_dump(_metadata, self, PGNL_CMD_MEMBER_GET, "t", false, 2 * MANY);
	fail_each_allocation_of_dump(_metadata, self, PGNL_CMD_PROCESS_GET, NULL, true, MANY + 2);
	fail_each_allocation_of_dump(_metadata, self, PGNL_CMD_NAME_GET, NULL, false, 1);
}

/* --- Messages ------------------------------------------------------------------- */

static void send_large(struct client *c, bool one)
{
	static const uint8_t data[PGNL_MESSAGE_MAX];

	send_req(c, "t", "readers", data, sizeof(data));
	if (one)
		put_u32(c, PGNL_A_POLICY, PGNL_POLICY_ROUND_ROBIN);
}

/* Two inboxes, read in different namespaces: whoever counts as reached has it. */
static void fail_each_allocation_of_message(struct __test_metadata *_metadata,
					    FIXTURE_DATA(fault) *self, struct kid kid[2], bool one)
{
	enum outcome outcome;
	bool hit = true;
	int nth, err, got, full;

	for (nth = 1; hit && nth < MOST; nth++) {
		send_large(self->c, one);
		fault_order(self->nth, nth);
		err = req_send(self->c);
		hit = fault_happened(self->nth);
		outcome = answer(self->c, err, &err);
		got = kid_empties(&kid[0]) + kid_empties(&kid[1]);
		/* Who has no memory for it is as good as full. */
		if (outcome == DONE) {
			ASSERT_EQ((int)reply_u32(self->c, PGNL_A_REACHED), got)
				TH_LOG("allocation %d", nth);
			full = (int)reply_u32(self->c, PGNL_A_FULL);
			/* A policy passes over who has no room for it. */
			ASSERT_EQ(one ? 1 : 2 - full, got) TH_LOG("allocation %d", nth);
			ASSERT_GE(hit, full) TH_LOG("allocation %d", nth);
		} else if (outcome == REFUSED) {
			ASSERT_TRUE(hit && no_memory(err)) TH_LOG("allocation %d: %d", nth, err);
			ASSERT_EQ(0, got) TH_LOG("allocation %d", nth);
		}
	}
	EXPECT_FALSE(hit);
	TH_LOG("%d allocations", nth - 2);
}

TEST_F_TIMEOUT(fault, a_message_is_delivered_or_told_of, 900)
{
	static const struct reader here = { .scope = "t" }, there = { .scope = "t",
		.in_userns = true };
	struct kid kid[2];
	int err;

	ASSERT_EQ(0, set_stage(self->eye, &self->crowd));
	ASSERT_EQ(0, kid_ready(&kid[0], kid_reads, &here));
	ASSERT_EQ(0, kid_ready(&kid[1], kid_reads, &there));
	ASSERT_EQ(1, join(self->eye, "t", "readers", kid[0].pid));
	ASSERT_EQ(1, join(self->eye, "t", "readers", kid[1].pid));
	fail_each_allocation_of_message(_metadata, self, kid, false);
	fail_each_allocation_of_message(_metadata, self, kid, true);
	for (int i = 0; i < 2; i++) {
		err = kid_empties(&kid[i]);
		EXPECT_EQ(0, err);
		kid_kill(&kid[i]);
	}
}

/* --- Requests that wait --------------------------------------------------------- */

static struct client *agent_of_there(void)
{
	const struct pgnl_row row = { .id = 7, .pid = 100, .count = 1, .weight = 1 };
	struct client *agent = client_open();

	if (!agent || agent_for(agent, PGNL_ACT_SEND, 0) ||
	    peer(agent, PGNL_CMD_NODE_SET, "there", 1) || put_row(agent, NULL, &row))
		return NULL;
	return agent;
}

/* A request that is done is asked once, and its result comes whatever is lacking. */
TEST_F_TIMEOUT(fault, a_request_is_asked_or_refused, 900)
{
	static const uint8_t data[PGNL_MESSAGE_MAX];
	struct client *agent = agent_of_there();
	const struct nlmsghdr *msg;
	enum outcome outcome;
	bool hit = true;
	uint64_t request;
	int nth, err;

	ASSERT_NE(NULL, agent);
	for (nth = 1; hit && nth < MOST; nth++) {
		send_req(self->c, NULL, "g", data, sizeof(data));
		fault_order(self->nth, nth);
		err = req_send(self->c);
		hit = fault_happened(self->nth);
		outcome = answer(self->c, err, &err);
		msg = told(agent, PGNL_CMD_UPCALL, 0);
		if (outcome == DONE)
			ASSERT_NE(NULL, msg) TH_LOG("allocation %d", nth);
		if (outcome == REFUSED) {
			ASSERT_TRUE(hit && no_memory(err)) TH_LOG("allocation %d: %d", nth, err);
			ASSERT_EQ(NULL, msg) TH_LOG("allocation %d", nth);
		}
		ASSERT_EQ(!!msg, stat_get(self->eye, PGNL_A_STAT_REQUESTS));
		if (!msg)
			continue;
		request = msg_u64(msg, PGNL_A_REQUEST);
		answer_req(agent, request);
		put_u32(agent, PGNL_A_REACHED, 1);
		ASSERT_EQ(0, req_do(agent));
		msg = told(self->c, PGNL_CMD_RESULT, 0);
		ASSERT_NE(NULL, msg);
		EXPECT_EQ(request, msg_u64(msg, PGNL_A_REQUEST));
	}
	EXPECT_FALSE(hit);
	TH_LOG("%d allocations", nth - 2);
	EXPECT_EQ(0, usage_get(self->eye, PGNL_A_LIMIT_USER_REQUEST_BYTES));
	client_close(agent);
}

/* A holder of the name "fatal", who is to end where nodes meet that both have one. */
static int hold_fatal(struct client *c, pid_t pid, struct pgnl_row *row,
		      struct pgnl_registration *reg)
{
	const struct nlattr *attr;
	int err;

	name_request(c, PGNL_CMD_NAME_REGISTER, "fatal");
	put_u32(c, PGNL_A_PID, pid);
	put_u32(c, PGNL_A_RESOLVE, PGNL_RESOLVE_RANDOM_EXIT);
	err = req_do(c);
	if (err)
		return err;
	mnl_attr_for_each_nested(attr, attr_of(c->reply, PGNL_A_MEMBER)) {
		if (mnl_attr_get_type(attr) == PGNL_A_MEMBER_ROW)
			memcpy(row, mnl_attr_get_payload(attr), sizeof(*row));
		if (mnl_attr_get_type(attr) == PGNL_A_MEMBER_REGISTRATION)
			memcpy(reg, mnl_attr_get_payload(attr), sizeof(*reg));
	}
	return 0;
}

static void evict_request(struct client *c, uint64_t id, uint64_t fence)
{
	name_request(c, PGNL_CMD_NAME_EVICT, "fatal");
	put_u64(c, PGNL_A_ID, id);
	put_u64(c, PGNL_A_FENCE, fence);
	put_u32(c, PGNL_A_RESOLVE, PGNL_RESOLVE_RANDOM_EXIT);
}

/* Who loses a name as it had wished ends, or keeps the name. */
TEST_F_TIMEOUT(fault, an_eviction_is_fatal_or_not_done, 900)
{
	struct pgnl_registration reg = {};
	struct pgnl_row row = {};
	struct child child = {};
	bool hit = true, held;
	enum outcome outcome;
	int nth, err;

	ASSERT_EQ(0, agent_for(self->c, 0, 0));
	for (nth = 1; hit && nth < MOST; nth++) {
		if (!child.pid) {
			ASSERT_EQ(0, child_start(&child));
			ASSERT_EQ(0, hold_fatal(self->eye, child.pid, &row, &reg));
		}
		evict_request(self->c, row.id, reg.fence);
		fault_order(self->nth, nth);
		err = req_send(self->c);
		hit = fault_happened(self->nth);
		outcome = answer(self->c, err, &err);
		name_request(self->eye, PGNL_CMD_NAME_GET, "fatal");
		ASSERT_EQ(0, req_do(self->eye));
		held = attr_of(self->eye->reply, PGNL_A_MEMBER);
		if (outcome == REFUSED)
			ASSERT_TRUE(hit && no_memory(err)) TH_LOG("allocation %d: %d", nth, err);
		if (outcome != UNHEARD)
			ASSERT_EQ(outcome == REFUSED, held) TH_LOG("allocation %d", nth);
		if (held)
			continue;
		/* Killed it is, without more. */
		ASSERT_TRUE(wait_until(waitpid(child.pid, NULL, WNOHANG) == child.pid))
			TH_LOG("allocation %d", nth);
		close(child.fd);
		child.pid = 0;
	}
	EXPECT_FALSE(hit);
	EXPECT_LT(2, nth);
	TH_LOG("%d allocations", nth - 2);
}

/* --- Events --------------------------------------------------------------------- */

/*
 * Reads on to the end of the nth process, with a replay after each loss, which
 * may find no memory either. Returns how many events were lost, or an error.
 */
static int hear_ends(struct ear *ear, uint64_t prev, int n)
{
	const struct nlattr *attr;
	struct event event;
	bool lost = false;
	int losses = 0, err;

	while (n) {
		err = next_event(ear, &event, lost ? 0 : EVENT_LIMIT);
		if (!err && event.reason != PGNL_REASON_LOST) {
			if (event.prev != prev || event.reason != PGNL_REASON_KILLED)
				return -EILSEQ;
			prev = event.seq;
			mnl_attr_for_each(attr, event.msg, sizeof(struct genlmsghdr))
				n -= mnl_attr_get_type(attr) == PGNL_A_MEMBER;
			continue;
		}
		/* What is there still is read first. */
		if (!err || err == -ENOBUFS) {
			lost = true;
			continue;
		}
		if (err != -EAGAIN || !lost)
			return err;
		losses++;
		do {
			err = replay(ear->c, sub, prev);
		} while (err == -ENOMEM);
		/* Its answer may be what was lost. */
		if (err && err != -ENOBUFS)
			return err;
		lost = err;
	}
	return losses;
}

TEST_F(fault, events_without_memory_are_lost_and_replayed)
{
	struct ear ear = { .c = client_open() };
	struct crowd crowd;
	uint64_t prev;
	int losses;

	ASSERT_NE(NULL, ear.c);
	ASSERT_EQ(0, crowd_start(&crowd, 100));
	ASSERT_EQ(1, join_pids(self->eye, NULL, "g", crowd.pid, crowd.n));
	sub = subscribe(ear.c, NULL, NULL);
	ASSERT_LT(0, sub);
	prev = reply_u64(ear.c, PGNL_A_SEQ);
	if (!fault_only_in(NULL, "pgnl"))
		SKIP(crowd_end(&crowd); client_close(ear.c); return,
		     "faults can't be confined to the module here");
	fault_set("failslab", "times", "-1");
	fault_set("failslab", "probability", "30");
	fault_set("fail_page_alloc", "times", "-1");
	fault_set("fail_page_alloc", "probability", "30");
	crowd_end(&crowd);
	losses = hear_ends(&ear, prev, 100);
	fault_everywhere();
	EXPECT_LE(0, losses) TH_LOG("%s", strerror(-losses));
	TH_LOG("%d losses", losses);

	/* Not even a word of the loss, and then all of it. */
	ASSERT_EQ(0, crowd_start(&crowd, 100));
	ASSERT_EQ(1, join_pids(self->eye, NULL, "h", crowd.pid, crowd.n));
	client_close(ear.c);
	ear = (struct ear) { .c = client_open() };
	sub = subscribe(ear.c, NULL, NULL);
	ASSERT_LT(0, sub);
	prev = reply_u64(ear.c, PGNL_A_SEQ);
	ASSERT_TRUE(fault_only_in(NULL, "pgnl"));
	fault_set("failslab", "probability", "100");
	fault_set("fail_page_alloc", "probability", "100");
	crowd_end(&crowd);
	EXPECT_EQ(-ENOBUFS, next_event(&ear, &(struct event) {}, EVENT_LIMIT));
	EXPECT_EQ(-ENOMEM, replay(ear.c, sub, prev));
	fault_everywhere();
	EXPECT_EQ(0, replay(ear.c, sub, prev)) TH_LOG("%s", ear.c->text);
	EXPECT_EQ(0, hear_ends(&ear, prev, 100));
	client_close(ear.c);
}

/* --- Elsewhere -------------------------------------------------------------------- */

TEST_F(fault, processes_end_while_nothing_can_be_allocated)
{
	struct crowd crowd;
	char name[16];

	ASSERT_EQ(0, crowd_start(&crowd, 50));
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		ASSERT_EQ(1, join_pids(self->eye, NULL, name, crowd.pid, crowd.n));
	}
	if (!fault_only_in(NULL, "pgnl"))
		SKIP(crowd_end(&crowd); return, "faults can't be confined to the module here");
	fault_set("failslab", "times", "-1");
	fault_set("failslab", "probability", "100");
	fault_set("fail_page_alloc", "times", "-1");
	fault_set("fail_page_alloc", "probability", "100");
	crowd_end(&crowd);
	/* It waits until the ended are taken out before it needs memory. */
	req_new(self->eye, PGNL_CMD_STATS_GET);
	EXPECT_EQ(-ENOMEM, req_do(self->eye));
	fault_everywhere();

	EXPECT_STREQ("", verify(self->eye));
	EXPECT_EQ(0, stat_get(self->eye, PGNL_A_STAT_MEMBERSHIPS));
	EXPECT_EQ(0, stat_get(self->eye, PGNL_A_STAT_PROCESSES));
	EXPECT_EQ(0, stat_get(self->eye, PGNL_A_STAT_GROUPS));
	EXPECT_EQ(200, stat_get(self->eye, PGNL_A_STAT_EXITS));
}

static int make_namespace(void *arg)
{
	int fd = fault_open(), err;
	struct client *c;
	bool hit;

	fault_order(fd, *(int *)arg);
	err = unshare(CLONE_NEWNET) ? errno : 0;
	hit = fault_happened(fd);
	if (err) {
		CHECK(hit);
		CHECK_EQ(ENOMEM, err);
		return 0;
	}
	c = client_open();
	CHECK(c);
	CHECK_EQ(1, join(c, NULL, "g", 0));
	CHECK(!*verify(c));
	client_close(c);
	return hit ? 0 : 77;
}

TEST_F_TIMEOUT(fault, a_network_namespace_is_made_or_not_made, 900)
{
	int nth, ret = 0;

	if (!fault_only_in(NULL, "pgnl"))
		SKIP(return, "faults can't be confined to the module here");
	for (nth = 1; !ret && nth < MOST; nth++)
		ret = in_child(make_namespace, &nth);
	EXPECT_EQ(77, ret) TH_LOG("allocation %d", nth - 1);
	EXPECT_LT(2, nth);
	TH_LOG("%d allocations", nth - 2);
}

TEST_HARNESS_MAIN
