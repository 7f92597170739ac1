// SPDX-License-Identifier: GPL-2.0-or-later
/* See common.h. */
#include <limits.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/capability.h>

#include "common.h"

#define REQ_SIZE	(256 * 1024)
#define IN_SIZE		(256 * 1024)
#define RECV_SECONDS	60	/* a lost answer ends the test instead of hanging it */
#define DUMP_RETRIES	1000

/* --- The client ----------------------------------------------------------- */

static int get_family(struct client *c)
{
	const struct nlattr *id;
	int err;

	c->family = GENL_ID_CTRL;
	req_new(c, CTRL_CMD_GETFAMILY);
	put_str(c, CTRL_ATTR_FAMILY_NAME, PGNL_FAMILY_NAME);
	err = req_do(c);
	if (err)
		return err;
	id = attr_of(c->reply, CTRL_ATTR_FAMILY_ID);
	if (!id)
		return -EPROTO;
	c->family = mnl_attr_get_u16(id);
	return 0;
}

struct client *client_on(int fd)
{
	struct timeval limit = { .tv_sec = RECV_SECONDS };
	struct client *c = calloc(1, sizeof(*c));
	int one = 1, err;

	c->fd = fd;
	c->req = malloc(REQ_SIZE);
	c->in = malloc(IN_SIZE);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	err = get_family(c);
	if (err) {
		client_close(c);
		errno = -err;
		return NULL;
	}
	return c;
}

struct client *client_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	return fd < 0 ? NULL : client_on(fd);
}

void client_close(struct client *c)
{
	if (!c)
		return;
	close(c->fd);
	free(c->req);
	free(c->reply);
	free(c->in);
	free(c->dump);
	free(c);
}

struct client *client_in_new_netns(void)
{
	return unshare(CLONE_NEWNET) ? NULL : client_open();
}

void req_new(struct client *c, uint8_t cmd)
{
	struct genlmsghdr *genl;

	memset(c->req, 0, MNL_ALIGN(sizeof(*c->req)));
	mnl_nlmsg_put_header(c->req);
	c->req->nlmsg_type = c->family;
	c->req->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl = mnl_nlmsg_put_extra_header(c->req, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = PGNL_FAMILY_VERSION;
}

void put_bin(struct client *c, uint16_t type, const void *value, size_t len)
{
	if (!mnl_attr_put_check(c->req, REQ_SIZE, type, len, value)) {
		fprintf(stderr, "# request of more than %d bytes\n", REQ_SIZE);
		abort();
	}
}

void put_str(struct client *c, uint16_t type, const char *value)
{
	put_bin(c, type, value, strlen(value) + 1);
}

void put_u32(struct client *c, uint16_t type, uint32_t value)
{
	put_bin(c, type, &value, sizeof(value));
}

void put_u64(struct client *c, uint16_t type, uint64_t value)
{
	put_bin(c, type, &value, sizeof(value));
}

void put_flag(struct client *c, uint16_t type)
{
	put_bin(c, type, NULL, 0);
}

/* Note what the extack attributes at the end of an error or done say. */
static void read_extack(struct client *c, const struct nlmsghdr *msg, size_t payload)
{
	const struct nlattr *attr;

	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	mnl_attr_for_each(attr, msg, payload) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(c->text, sizeof(c->text), "%s", mnl_attr_get_str(attr));
		else if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS)
			c->offset = mnl_attr_get_u32(attr);
	}
}

static int read_error(struct client *c, const struct nlmsghdr *msg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);

	read_extack(c, msg, sizeof(*err));
	return err->error;
}

static int read_done(struct client *c, const struct nlmsghdr *msg)
{
	const int *err = mnl_nlmsg_get_payload(msg);

	read_extack(c, msg, sizeof(*err));
	return *err;
}

int req_send(struct client *c)
{
	c->req->nlmsg_seq = ++c->seq;
	c->text[0] = '\0';
	c->offset = -1;
	free(c->reply);
	c->reply = NULL;
	return send(c->fd, c->req, c->req->nlmsg_len, 0) < 0 ? -errno : 0;
}

/* What answers no request, such as events, is passed over. */
static ssize_t receive(struct client *c)
{
	const struct nlmsghdr *msg = (struct nlmsghdr *)c->in;
	ssize_t n;

	do {
		n = recv(c->fd, c->in, IN_SIZE, MSG_TRUNC);
	} while (n < 0 ? errno == EINTR : n >= (ssize_t)sizeof(*msg) && !msg->nlmsg_seq);
	if (n < 0)
		return -errno;
	return n > IN_SIZE ? -EMSGSIZE : n;
}

int req_recv(struct client *c)
{
	struct nlmsghdr *msg = (struct nlmsghdr *)c->in;
	ssize_t n = receive(c);

	if (n < 0)
		return n;
	if (n < (ssize_t)sizeof(*msg) || msg->nlmsg_seq != c->seq)
		return -EPROTO;
	if (msg->nlmsg_type == NLMSG_ERROR)
		return read_error(c, msg) ? : 1;
	c->reply = malloc(n);
	memcpy(c->reply, c->in, n);
	return 0;
}

int req_do(struct client *c)
{
	int err = req_send(c);

	while (!err)
		err = req_recv(c);
	return err > 0 ? 0 : err;
}

void dump_append(struct client *c, const struct nlmsghdr *msg)
{
	size_t len = NLMSG_ALIGN(msg->nlmsg_len);

	if (c->dump_len + len > c->dump_size) {
		c->dump_size = 2 * (c->dump_len + len);
		c->dump = realloc(c->dump, c->dump_size);
	}
	memcpy(c->dump + c->dump_len, msg, msg->nlmsg_len);
	c->dump_len += len;
}

/* 0 to go on, 1 when the dump is complete, -errno. */
static int dump_message(struct client *c, const struct nlmsghdr *msg, bool *interrupted)
{
	if (msg->nlmsg_seq != c->seq)
		return -EPROTO;
	if (interrupted && (msg->nlmsg_flags & NLM_F_DUMP_INTR))
		*interrupted = true;
	if (msg->nlmsg_type == NLMSG_ERROR)
		return read_error(c, msg) ? : -EPROTO;
	if (msg->nlmsg_type == NLMSG_DONE)
		return read_done(c, msg) ? : 1;
	dump_append(c, msg);
	return 0;
}

int dump_begin(struct client *c)
{
	c->req->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	c->dump_len = 0;
	return req_send(c);
}

int dump_step(struct client *c, bool *raced)
{
	const struct nlmsghdr *msg = (struct nlmsghdr *)c->in;
	int left = receive(c), err = 0;

	if (left < 0)
		return left;
	for (; !err && mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left))
		err = dump_message(c, msg, raced);
	return err;
}

static int dump_once(struct client *c, bool *interrupted)
{
	int err = dump_begin(c);

	*interrupted = false;
	while (!err)
		err = dump_step(c, interrupted);
	return err > 0 ? 0 : err;
}

int req_dump(struct client *c)
{
	bool interrupted;
	int err;

	for (c->dump_retries = 0; c->dump_retries < DUMP_RETRIES; c->dump_retries++) {
		err = dump_once(c, &interrupted);
		if (err || !interrupted)
			return err;
	}
	return -EINTR;
}

int list_begin(struct client *c, const char *scope, const char *group)
{
	member_req(c, PGNL_CMD_MEMBER_GET, scope, group);
	return dump_begin(c);
}

int set_perm(struct client *c, const char *scope, uint32_t perm)
{
	req_new(c, PGNL_CMD_SCOPE_SET);
	put_str(c, PGNL_A_SCOPE, scope);
	put_u32(c, PGNL_A_PERM, perm);
	return req_do(c);
}

static const struct nlattr *blamed_attr(const struct client *c)
{
	const struct nlattr *attr;

	if (c->offset < 0)
		return NULL;
	mnl_attr_for_each(attr, c->req, GENL_HDRLEN)
		if ((const char *)attr - (const char *)c->req == c->offset)
			return attr;
	return NULL;
}

int blamed(const struct client *c)
{
	const struct nlattr *attr = blamed_attr(c);

	return attr ? mnl_attr_get_type(attr) : 0;
}

int blamed_by_dump(const struct client *c, int wanted)
{
	unsigned int major = 0, minor = 0;
	struct utsname kernel;

	uname(&kernel);
	sscanf(kernel.release, "%u.%u", &major, &minor);
	if (c->offset < 0 && major * 100 + minor < 612)
		return wanted;
	return blamed(c);
}

int blamed_index(const struct client *c)
{
	const struct nlattr *attr, *target = blamed_attr(c);
	int index = 0;

	if (!target)
		return -1;
	mnl_attr_for_each(attr, c->req, GENL_HDRLEN) {
		if (attr == target)
			break;
		index += mnl_attr_get_type(attr) == mnl_attr_get_type(target);
	}
	return index;
}

const struct nlattr *attr_of(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr;

	if (!msg)
		return NULL;
	mnl_attr_for_each(attr, msg, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static uint32_t attr_u32(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr = attr_of(msg, type);

	return attr ? mnl_attr_get_u32(attr) : 0;
}

static uint64_t attr_u64(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr = attr_of(msg, type);

	return attr ? mnl_attr_get_u64(attr) : 0;
}

static const char *attr_str(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr = attr_of(msg, type);

	return attr ? mnl_attr_get_str(attr) : NULL;
}

uint32_t reply_u32(const struct client *c, uint16_t type)
{
	return attr_u32(c->reply, type);
}

uint64_t reply_u64(const struct client *c, uint16_t type)
{
	return attr_u64(c->reply, type);
}

const char *reply_str(const struct client *c, uint16_t type)
{
	return attr_str(c->reply, type) ? : "";
}

bool reply_flag(const struct client *c, uint16_t type)
{
	return attr_of(c->reply, type);
}

static size_t reply_array(const struct client *c, uint16_t type, size_t element)
{
	const struct nlattr *attr = attr_of(c->reply, type);

	return attr ? mnl_attr_get_payload_len(attr) / element : 0;
}

size_t reply_n_ids(const struct client *c)
{
	return reply_array(c, PGNL_A_IDS, sizeof(uint64_t));
}

size_t reply_n_counts(const struct client *c)
{
	return reply_array(c, PGNL_A_COUNTS, sizeof(uint32_t));
}

uint64_t reply_id(const struct client *c, size_t index)
{
	const char *ids;
	uint64_t id;

	if (index >= reply_n_ids(c))
		return 0;
	ids = mnl_attr_get_payload(attr_of(c->reply, PGNL_A_IDS));
	memcpy(&id, ids + index * sizeof(id), sizeof(id));
	return id;
}

uint32_t reply_count(const struct client *c, size_t index)
{
	const uint32_t *counts;

	if (index >= reply_n_counts(c))
		return 0;
	counts = mnl_attr_get_payload(attr_of(c->reply, PGNL_A_COUNTS));
	return counts[index];
}

/* --- Requests in one call --------------------------------------------------- */

static void put_scope(struct client *c, const char *scope)
{
	if (scope)
		put_str(c, PGNL_A_SCOPE, scope);
}

static void group_req(struct client *c, uint8_t cmd, const char *scope, const char *group)
{
	req_new(c, cmd);
	put_scope(c, scope);
	if (group)
		put_str(c, PGNL_A_GROUP, group);
}

int scope_new(struct client *c, const char *scope, uint32_t mode)
{
	req_new(c, PGNL_CMD_SCOPE_NEW);
	put_scope(c, scope);
	put_u32(c, PGNL_A_MODE, mode);
	return req_do(c);
}

int scope_del(struct client *c, const char *scope)
{
	req_new(c, PGNL_CMD_SCOPE_DEL);
	put_scope(c, scope);
	return req_do(c);
}

int scope_share(struct client *c, const char *scope, int fd, const char *alias)
{
	req_new(c, PGNL_CMD_SCOPE_SHARE);
	put_scope(c, scope);
	put_u32(c, PGNL_A_FD, (uint32_t)fd);
	put_str(c, PGNL_A_ALIAS, alias);
	return req_do(c);
}

int group_new(struct client *c, const char *scope, const char *group)
{
	group_req(c, PGNL_CMD_GROUP_NEW, scope, group);
	return req_do(c);
}

int group_del(struct client *c, const char *scope, const char *group)
{
	group_req(c, PGNL_CMD_GROUP_DEL, scope, group);
	return req_do(c);
}

void member_req(struct client *c, uint8_t cmd, const char *scope, const char *group)
{
	group_req(c, cmd, scope, group);
}

void groups_req(struct client *c, uint8_t cmd, int n)
{
	char name[24];

	req_new(c, cmd);
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "group-%04d", i);
		put_str(c, PGNL_A_GROUP, name);
	}
	put_flag(c, PGNL_A_SELF);
}

static void put_pid(struct client *c, pid_t pid)
{
	if (pid)
		put_u32(c, PGNL_A_PID, pid);
	else
		put_flag(c, PGNL_A_SELF);
}

static int do_join(struct client *c)
{
	int err = req_do(c);

	if (err)
		return err;
	return reply_count(c, 0) > INT_MAX ? INT_MAX : reply_count(c, 0);
}

int join(struct client *c, const char *scope, const char *group, pid_t pid)
{
	group_req(c, PGNL_CMD_MEMBER_JOIN, scope, group);
	put_pid(c, pid);
	return do_join(c);
}

int join_times(struct client *c, const char *scope, const char *group, pid_t pid,
	       uint32_t times)
{
	group_req(c, PGNL_CMD_MEMBER_JOIN, scope, group);
	put_pid(c, pid);
	put_u32(c, PGNL_A_TIMES, times);
	return do_join(c);
}

int join_pids(struct client *c, const char *scope, const char *group,
	      const pid_t *pids, size_t n)
{
	group_req(c, PGNL_CMD_MEMBER_JOIN, scope, group);
	for (size_t i = 0; i < n; i++)
		put_pid(c, pids[i]);
	return do_join(c);
}

static int do_leave(struct client *c)
{
	return req_do(c) ? : (int)reply_u32(c, PGNL_A_REMOVED);
}

int leave(struct client *c, const char *scope, const char *group, pid_t pid)
{
	group_req(c, PGNL_CMD_MEMBER_LEAVE, scope, group);
	put_pid(c, pid);
	return do_leave(c);
}

int leave_times(struct client *c, const char *scope, const char *group, pid_t pid,
		uint32_t times)
{
	group_req(c, PGNL_CMD_MEMBER_LEAVE, scope, group);
	put_pid(c, pid);
	put_u32(c, PGNL_A_TIMES, times);
	return do_leave(c);
}

int leave_all(struct client *c, const char *scope, const char *group, pid_t pid)
{
	group_req(c, PGNL_CMD_MEMBER_LEAVE, scope, group);
	put_pid(c, pid);
	put_flag(c, PGNL_A_ALL);
	return do_leave(c);
}

int leave_id(struct client *c, const char *scope, const char *group, uint64_t id)
{
	group_req(c, PGNL_CMD_MEMBER_LEAVE, scope, group);
	put_u64(c, PGNL_A_ID, id);
	return do_leave(c);
}

int64_t id_of(struct client *c, pid_t pid)
{
	req_new(c, PGNL_CMD_PROCESS_GET);
	put_pid(c, pid);
	return req_do(c) ? : (int64_t)reply_u64(c, PGNL_A_ID);
}

static int do_pick(struct client *c, struct pgnl_row *row)
{
	struct members list = {};
	int err = req_do(c);

	if (err)
		return err;
	members_of_reply(c, &list);
	if (list.n == 1)
		*row = list.at[0].row;
	else
		err = -EPROTO;
	members_free(&list);
	return err;
}

int pick(struct client *c, const char *scope, const char *group, uint32_t policy,
	 struct pgnl_row *row)
{
	group_req(c, PGNL_CMD_MEMBER_PICK, scope, group);
	put_u32(c, PGNL_A_POLICY, policy);
	return do_pick(c, row);
}

int pick_key(struct client *c, const char *scope, const char *group,
	     const void *key, size_t len, struct pgnl_row *row)
{
	group_req(c, PGNL_CMD_MEMBER_PICK, scope, group);
	put_u32(c, PGNL_A_POLICY, PGNL_POLICY_KEY);
	put_bin(c, PGNL_A_KEY, key, len);
	return do_pick(c, row);
}

const char *verify(struct client *c)
{
	req_new(c, PGNL_CMD_VERIFY);
	if (req_do(c))
		return c->text[0] ? c->text : "the verifier was refused";
	return reply_str(c, PGNL_A_VERDICT);
}

static uint64_t nested_get(struct client *c, uint8_t cmd, uint16_t nest, uint16_t type)
{
	const struct nlattr *outer, *attr;

	req_new(c, cmd);
	if (req_do(c))
		return 0;
	outer = attr_of(c->reply, nest);
	if (!outer)
		return 0;
	mnl_attr_for_each_nested(attr, outer)
		if (mnl_attr_get_type(attr) == type)
			return mnl_attr_get_u64(attr);
	return 0;
}

uint64_t limit_get(struct client *c, uint16_t limit)
{
	return nested_get(c, PGNL_CMD_LIMIT_GET, PGNL_A_LIMITS, limit);
}

uint64_t usage_get(struct client *c, uint16_t limit)
{
	return nested_get(c, PGNL_CMD_LIMIT_GET, PGNL_A_USAGE, limit);
}

uint64_t stat_get(struct client *c, uint16_t stat)
{
	return nested_get(c, PGNL_CMD_STATS_GET, PGNL_A_STATS, stat);
}

int limit_set(struct client *c, uint16_t limit, uint64_t value)
{
	struct nlattr *nest;

	req_new(c, PGNL_CMD_LIMIT_SET);
	nest = mnl_attr_nest_start(c->req, PGNL_A_LIMITS);
	put_u64(c, limit, value);
	mnl_attr_nest_end(c->req, nest);
	return req_do(c);
}

void raise_limits(struct client *c)
{
	for_each_limit(limit)
		if (limit_get(c, limit) < 10000000)
			limit_set(c, limit, 10000000);
}

/* --- Lists -------------------------------------------------------------------- */

static void member_parse(const struct nlattr *nest, struct member *member)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == PGNL_A_MEMBER_ROW) {
			memcpy(&member->row, mnl_attr_get_payload(attr), sizeof(member->row));
		} else if (mnl_attr_get_type(attr) == PGNL_A_MEMBER_META) {
			member->meta = mnl_attr_get_payload(attr);
			member->meta_len = mnl_attr_get_payload_len(attr);
		}
	}
}

/* Room for one more element; lists grow by doubling at powers of two. */
static void *grow(void *at, size_t n, size_t size)
{
	if (n & (n - 1))
		return at;
	return realloc(at, (n ? 2 * n : 1) * size);
}

static void members_of_message(const struct nlmsghdr *msg, struct members *list)
{
	const char *scope = attr_str(msg, PGNL_A_SCOPE), *group = attr_str(msg, PGNL_A_GROUP);
	const struct nlattr *attr;

	mnl_attr_for_each(attr, msg, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != PGNL_A_MEMBER)
			continue;
		list->at = grow(list->at, list->n, sizeof(*list->at));
		list->at[list->n] = (struct member){ .scope = scope, .group = group };
		member_parse(attr, &list->at[list->n++]);
	}
}

void members_free(struct members *list)
{
	free(list->at);
	*list = (struct members){};
}

void members_of_reply(struct client *c, struct members *list)
{
	members_free(list);
	list->no_group = reply_flag(c, PGNL_A_NO_GROUP);
	list->more = reply_flag(c, PGNL_A_MORE);
	if (c->reply)
		members_of_message(c->reply, list);
}

void members_of_dump(struct client *c, struct members *list)
{
	const struct nlmsghdr *msg;
	int left;

	members_free(list);
	for_each_dumped(c, msg, left)
		members_of_message(msg, list);
}

int members(struct client *c, const char *scope, const char *group, struct members *list)
{
	int err;

	group_req(c, PGNL_CMD_MEMBER_GET, scope, group);
	err = req_do(c);
	members_of_reply(c, list);
	return err;
}

int members_dump(struct client *c, const char *scope, const char *group, struct members *list)
{
	int err;

	group_req(c, PGNL_CMD_MEMBER_GET, scope, group);
	err = req_dump(c);
	members_of_dump(c, list);
	return err;
}

int process_groups(struct client *c, pid_t pid, struct members *list)
{
	int err;

	req_new(c, PGNL_CMD_PROCESS_GET);
	put_pid(c, pid);
	err = req_dump(c);
	members_of_dump(c, list);
	return err;
}

const struct member *member_find(const struct members *list, const char *group, pid_t pid)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct member *m = &list->at[i];

		if (m->row.pid == (uint32_t)pid &&
		    (!group || (m->group && !strcmp(m->group, group))))
			return m;
	}
	return NULL;
}

int count_of(struct client *c, const char *scope, const char *group, pid_t pid)
{
	struct members list = {};
	const struct member *m;
	int count = members(c, scope, group, &list);

	if (!count) {
		m = member_find(&list, NULL, pid);
		count = m ? m->row.count : 0;
	}
	members_free(&list);
	return count;
}

static void group_of_message(const struct nlmsghdr *msg, struct group_info *group)
{
	*group = (struct group_info){
		.scope = attr_str(msg, PGNL_A_SCOPE),
		.name = attr_str(msg, PGNL_A_GROUP) ? : "",
		.local = attr_u64(msg, PGNL_A_LOCAL),
		.remote = attr_u64(msg, PGNL_A_REMOTE),
		.owned = attr_of(msg, PGNL_A_OWNER),
		.owner = attr_u32(msg, PGNL_A_OWNER),
		.gid = attr_u32(msg, PGNL_A_OWNER_GID),
		.perm = attr_u32(msg, PGNL_A_PERM),
	};
}

int groups(struct client *c, const char *scope, bool local_only, struct groups *list)
{
	const struct nlmsghdr *msg;
	int left, err;

	groups_free(list);
	group_req(c, PGNL_CMD_GROUP_GET, scope, NULL);
	if (local_only)
		put_flag(c, PGNL_A_LOCAL_ONLY);
	err = req_dump(c);
	for_each_dumped(c, msg, left) {
		list->at = grow(list->at, list->n, sizeof(*list->at));
		group_of_message(msg, &list->at[list->n++]);
	}
	return err;
}

void groups_free(struct groups *list)
{
	free(list->at);
	*list = (struct groups){};
}

const struct group_info *group_find(const struct groups *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->at[i].name, name))
			return &list->at[i];
	return NULL;
}

int group_exists(struct client *c, const char *scope, const char *group)
{
	group_req(c, PGNL_CMD_GROUP_GET, scope, group);
	return req_do(c) ? : !reply_flag(c, PGNL_A_NO_GROUP);
}

static void scope_of_message(const struct nlmsghdr *msg, struct scope_info *scope)
{
	*scope = (struct scope_info){
		.name = attr_str(msg, PGNL_A_SCOPE) ? : "",
		.mode = attr_u32(msg, PGNL_A_MODE),
		.flags = attr_u32(msg, PGNL_A_FLAGS),
		.owner = attr_u32(msg, PGNL_A_OWNER),
		.gid = attr_u32(msg, PGNL_A_OWNER_GID),
		.perm = attr_u32(msg, PGNL_A_PERM),
		.groups = attr_u64(msg, PGNL_A_GROUPS),
		.members = attr_u64(msg, PGNL_A_MEMBERS),
	};
}

int scopes(struct client *c, struct scopes *list)
{
	const struct nlmsghdr *msg;
	int left, err;

	scopes_free(list);
	req_new(c, PGNL_CMD_SCOPE_GET);
	err = req_dump(c);
	for_each_dumped(c, msg, left) {
		list->at = grow(list->at, list->n, sizeof(*list->at));
		scope_of_message(msg, &list->at[list->n++]);
	}
	return err;
}

void scopes_free(struct scopes *list)
{
	free(list->at);
	*list = (struct scopes){};
}

const struct scope_info *scope_find(const struct scopes *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->at[i].name, name))
			return &list->at[i];
	return NULL;
}

int scope_get(struct client *c, const char *name, struct scope_info *scope)
{
	int err;

	req_new(c, PGNL_CMD_SCOPE_GET);
	put_scope(c, name);
	err = req_do(c);
	if (!err && !c->reply)
		err = -EPROTO;
	if (!err)
		scope_of_message(c->reply, scope);
	return err;
}

/* --- Processes ------------------------------------------------------------------ */

/* Die with the parent, which may already be gone. The init of a pid namespace
 * can't tell: its parent has no pid there.
 */
static void follow(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getpid() != 1 && getppid() != parent)
		_exit(1);
}

int child_start(struct child *child)
{
	pid_t parent = getpid();
	uint8_t code = 0;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	child->fd = fds[1];
	child->pid = fork();
	if (!child->pid) {
		follow(parent);
		close(fds[1]);
		if (read(fds[0], &code, 1) < 0)
			code = 255;
		_exit(code);
	}
	close(fds[0]);
	return child->pid < 0 ? -errno : 0;
}

void child_tell(struct child *child, uint8_t code)
{
	if (write(child->fd, &code, 1) != 1)
		kill(child->pid, SIGKILL);
	close(child->fd);
	child->fd = -1;
}

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int child_exit(struct child *child, uint8_t code)
{
	child_tell(child, code);
	return reap(child->pid);
}

int child_kill(struct child *child)
{
	kill(child->pid, SIGKILL);
	close(child->fd);
	child->fd = -1;
	return reap(child->pid);
}

#define CROWD_STACK	8192

static int crowd_member(void *arg)
{
	follow(*(pid_t *)arg);
	for (;;)
		syscall(SYS_pause);
	return 0;
}

int crowd_start(struct crowd *crowd, size_t n)
{
	static pid_t parent;
	char *stacks = mmap(NULL, n * CROWD_STACK, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (stacks == MAP_FAILED)
		return -errno;
	parent = getpid();
	*crowd = (struct crowd){ .pid = calloc(n, sizeof(pid_t)), .stacks = stacks };
	for (; crowd->n < n; crowd->n++) {
		int pid = clone(crowd_member, stacks + (crowd->n + 1) * CROWD_STACK,
				CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, &parent);

		if (pid < 0) {
			int err = -errno;

			munmap(stacks + crowd->n * CROWD_STACK, (n - crowd->n) * CROWD_STACK);
			crowd_end(crowd);
			return err;
		}
		crowd->pid[crowd->n] = pid;
	}
	return 0;
}

void crowd_kill(struct crowd *crowd, size_t index)
{
	kill(crowd->pid[index], SIGKILL);
	reap(crowd->pid[index]);
	crowd->pid[index] = 0;
}

void crowd_end(struct crowd *crowd)
{
	for (size_t i = 0; i < crowd->n; i++)
		if (crowd->pid[i])
			kill(crowd->pid[i], SIGKILL);
	for (size_t i = 0; i < crowd->n; i++)
		if (crowd->pid[i])
			reap(crowd->pid[i]);
	if (crowd->n)
		munmap(crowd->stacks, crowd->n * CROWD_STACK);
	free(crowd->pid);
	*crowd = (struct crowd){};
}

pid_t dead_pid(void)
{
	struct child child;

	if (child_start(&child))
		abort();
	child_exit(&child, 0);
	return child.pid;
}

int in_child(int (*fn)(void *arg), void *arg)
{
	pid_t parent = getpid(), pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		follow(parent);
		status = fn(arg);
		fflush(NULL);
		_exit(status);
	}
	status = reap(pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct user_call {
	uid_t uid;
	gid_t gid;
	int (*fn)(void *arg);
	void *arg;
};

static int call_as_user(void *arg)
{
	struct user_call *call = arg;

	become(call->uid, call->gid, NULL, 0);
	return call->fn(call->arg);
}

int as_user(uid_t uid, gid_t gid, int (*fn)(void *arg), void *arg)
{
	struct user_call call = { .uid = uid, .gid = gid, .fn = fn, .arg = arg };

	return in_child(call_as_user, &call);
}

static void must(bool done, const char *what)
{
	if (done)
		return;
	fprintf(stderr, "# %s: %s\n", what, strerror(errno));
	fflush(NULL);
	_exit(99);
}

void become(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups)
{
	must(!setgroups(n_groups, groups), "setgroups");
	must(!setresgid(gid, gid, gid), "setresgid");
	must(!setresuid(uid, uid, uid), "setresuid");
	/* Otherwise root owns the files in /proc/self, such as uid_map. */
	must(!prctl(PR_SET_DUMPABLE, 1), "PR_SET_DUMPABLE");
	/* A change of ids forgets it. */
	must(!prctl(PR_SET_PDEATHSIG, SIGKILL), "PR_SET_PDEATHSIG");
}

void drop_cap(int cap)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	uint32_t bit = ~(1u << (cap % 32));

	must(!syscall(SYS_capget, &header, data), "capget");
	data[cap / 32].effective &= bit;
	data[cap / 32].permitted &= bit;
	data[cap / 32].inheritable &= bit;
	must(!syscall(SYS_capset, &header, data), "capset");
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	must(fd >= 0, path);
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(fd);
}

void new_ns(int flags)
{
	char uid_map[32], gid_map[32];

	snprintf(uid_map, sizeof(uid_map), "0 %u 1", geteuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", getegid());
	must(!unshare(flags), "unshare");
	if (!(flags & CLONE_NEWUSER))
		return;
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", uid_map);
	write_file("/proc/self/gid_map", gid_map);
}
