// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Asking the kernel where a mapping does not tell. A look-up may run in a
 * signal handler, or in many threads at a time, so each has a socket and a
 * buffer of its own, and there are only system calls.
 */

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "view.h"

/* The longest request: a scope, a group, a key, a few numbers. */
#define REQUEST_SIZE	1024
/* A part of a listing is at most half of that. */
#define REPLY_SIZE	(64 * 1024)
#define LISTING_TRIES	3

struct ask {
	struct pgnl_view *view;
	int fd;
	struct nlmsghdr *req;
	char *buf;
	int (*take)(struct ask *ask, const struct nlmsghdr *nlh);	/* a reply */
	lp_member_fn fn;
	void *arg;
	struct lp_member_reply reply;
	bool done;
	bool interrupted;
};

static int take_members(struct ask *ask, const struct nlmsghdr *nlh)
{
	return lp_decode_members(nlh, ask->fn, ask->arg, &ask->reply);
}

int lp_netns_of(int fd, uint64_t *cookie)
{
	socklen_t len = sizeof(*cookie);

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &len) ? -errno : 0;
}

static int open_socket(const struct pgnl_view *view)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	uint64_t netns;
	int ret;

	if (fd < 0)
		return -errno;
	ret = lp_netns_of(fd, &netns);
	if (!ret && netns != view->netns)
		ret = -EXDEV;
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

static int digest_one(struct ask *ask, const struct nlmsghdr *nlh)
{
	const int *err;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		ask->interrupted = true;
	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		return 0;
	case NLMSG_ERROR:
	case NLMSG_DONE:
		ask->done = true;
		if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*err))
			return -EPROTO;
		err = mnl_nlmsg_get_payload(nlh);
		return *err;
	default:
		ask->done = !(nlh->nlmsg_flags & NLM_F_MULTI);
		return ask->take(ask, nlh);
	}
}

static int receive(struct ask *ask)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)ask->buf;
	struct sockaddr_nl from;
	socklen_t from_len = sizeof(from);
	ssize_t len;
	int left, ret;

	do {
		len = recvfrom(ask->fd, ask->buf, REPLY_SIZE, MSG_TRUNC,
			       (struct sockaddr *)&from, &from_len);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	if (from.nl_pid)
		return 0;
	if (len > REPLY_SIZE)
		return -EMSGSIZE;
	for (left = (int)len; !ask->done && mnl_nlmsg_ok(nlh, left);
	     nlh = mnl_nlmsg_next(nlh, &left)) {
		ret = digest_one(ask, nlh);
		if (ret)
			return ret;
	}
	return 0;
}

static int try(struct ask *ask, uint16_t flags)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;
	int ret = 0;

	ask->req->nlmsg_flags = NLM_F_REQUEST | flags;
	ask->req->nlmsg_seq++;
	ask->done = false;
	ask->interrupted = false;
	do {
		n = sendto(ask->fd, ask->req, ask->req->nlmsg_len, 0,
			   (const struct sockaddr *)&kernel, sizeof(kernel));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	while (!ret && !ask->done)
		ret = receive(ask);
	return ret;
}

struct family {
	uint16_t id;
	uint32_t version;
};

static int take_family(struct ask *ask, const struct nlmsghdr *nlh)
{
	struct family *family = ask->arg;

	return lp_decode_family(nlh, &family->id, &family->version);
}

/* The id of the module's family, by the socket and the buffer of another request. */
static int resolve(const struct ask *other, uint16_t *id)
{
	char buf[REQUEST_SIZE];
	struct family family = { 0 };
	struct ask ask = {
		.fd = other->fd, .buf = other->buf, .req = mnl_nlmsg_put_header(buf),
		.take = take_family, .arg = &family,
	};
	int ret;

	lp_put_family_request(ask.req);
	ret = try(&ask, 0);
	if (ret == -ENOENT)
		return -ENOTCONN;
	if (!ret && family.version != PGNL_FAMILY_VERSION)
		return -EPROTO;
	*id = family.id;
	return ret;
}

/* A module that was loaded anew has another id. */
static int exchange(struct ask *ask, uint16_t flags)
{
	int ret = try(ask, flags);
	uint16_t id;

	if (ret != -ENOENT)
		return ret;
	ret = resolve(ask, &id);
	if (ret)
		return ret;
	if (id == ask->req->nlmsg_type)
		return -ENOENT;
	__atomic_store_n(&ask->view->family, id, __ATOMIC_RELAXED);
	ask->req->nlmsg_type = id;
	return try(ask, flags);
}

/* A request of that group; the buffer is the caller's. */
static void start(const struct pgnl_view *view, char *buf, uint8_t cmd,
		  const char *name)
{
	struct nlmsghdr *req = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	req->nlmsg_type = __atomic_load_n(&view->family, __ATOMIC_RELAXED);
	genl = mnl_nlmsg_put_extra_header(req, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = PGNL_FAMILY_VERSION;
	mnl_attr_put_strz(req, PGNL_A_SCOPE, view->scope);
	mnl_attr_put_strz(req, PGNL_A_GROUP, name);
}

/* Runs @fn with a socket and a buffer. */
static int with_socket(struct pgnl_view *view, struct ask *ask,
		       int (*fn)(struct ask *ask))
{
	int saved = errno, ret;

	__atomic_add_fetch(&view->asked, 1, __ATOMIC_RELAXED);
	ask->view = view;
	ask->take = take_members;
	ask->fd = open_socket(view);
	if (ask->fd < 0) {
		errno = saved;
		return ask->fd;
	}
	ask->buf = mmap(NULL, REPLY_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ask->buf == MAP_FAILED) {
		ret = -ENOMEM;
	} else {
		ret = fn(ask);
		munmap(ask->buf, REPLY_SIZE);
	}
	close(ask->fd);
	/* A signal handler must leave it as it was. */
	errno = saved;
	return ret;
}

static bool is_name(const char *name)
{
	size_t len = strnlen(name, PGNL_GROUP_NAME_MAX + 1);

	return len && len <= PGNL_GROUP_NAME_MAX;
}

/* --- Members -------------------------------------------------------------- */

struct wanted {
	struct ask ask;
	struct pgnl_view_member *members;
	pid_t *pids;
	size_t max;
	size_t n;
	uint64_t joined;
	size_t unseen;
};

static void to_view_member(const struct lp_member *told,
			   struct pgnl_view_member *member)
{
	size_t len = told->node.len;

	*member = (struct pgnl_view_member){
		.id = told->row.id,
		.pid = told->row.pid,
		.count = told->row.count,
		.uid = told->row.uid,
		.weight = told->row.weight,
		.state = told->row.state,
		.has_meta = told->row.meta != NULL,
		.age = told->row.age,
	};
	if (len >= sizeof(member->node))
		len = sizeof(member->node) - 1;
	if (told->node.data)
		memcpy(member->node, told->node.data, len);
}

static bool is_of_node(const struct lp_member *told, const char *node)
{
	size_t len = strlen(node);

	return told->node.data ? told->node.len == len &&
				 !memcmp(told->node.data, node, len) : !len;
}

static int on_member(const struct lp_member *member, void *arg)
{
	struct wanted *wanted = arg;

	if (!member->row.pid && !member->node.data) {
		wanted->unseen++;
		return 0;
	}
	if (wanted->n < wanted->max && wanted->members)
		to_view_member(member, &wanted->members[wanted->n]);
	if (wanted->n < wanted->max && wanted->pids)
		wanted->pids[wanted->n] = member->row.pid;
	wanted->n++;
	wanted->joined += member->row.count;
	return 0;
}

static void reset(struct wanted *wanted)
{
	wanted->n = 0;
	wanted->joined = 0;
	wanted->unseen = 0;
}

/* As pgnl_members(); a listing that keeps racing may have a member twice. */
static int get_members(struct ask *ask)
{
	struct wanted *wanted = ask->arg;
	int tries = 0, ret;

	ret = exchange(ask, 0);
	if (ret || !ask->reply.more)
		return ret;
	do {
		reset(wanted);
		ret = exchange(ask, NLM_F_DUMP);
	} while (!ret && ask->interrupted && ++tries < LISTING_TRIES);
	return ret;
}

int lp_ask_members(struct pgnl_view *view, const char *name,
		   struct pgnl_view_member *members, pid_t *pids, size_t max,
		   struct pgnl_view_group *group)
{
	struct wanted wanted = { .members = members, .pids = pids, .max = max };
	struct ask *ask = &wanted.ask;
	char req[REQUEST_SIZE];
	int ret;

	if (!is_name(name))
		return -EINVAL;
	start(view, req, PGNL_CMD_MEMBER_GET, name);
	ask->req = (struct nlmsghdr *)req;
	/* A pid of another node says nothing without it. */
	if (pids)
		mnl_attr_put(ask->req, PGNL_A_LOCAL_ONLY, 0, NULL);
	ask->fn = on_member;
	ask->arg = &wanted;
	ret = with_socket(view, ask, get_members);
	if (ret)
		return ret;
	if (ask->reply.missing)
		return -ENOENT;
	if (group) {
		group->members = (uint32_t)wanted.n;
		group->joined = wanted.joined;
	}
	return (int)wanted.n;
}

/* --- Metadata ------------------------------------------------------------- */

struct wanted_meta {
	struct ask ask;
	const struct pgnl_view_member *member;
	void *meta;
	size_t size;
	int ret;
};

static int on_meta(const struct lp_member *member, void *arg)
{
	struct wanted_meta *wanted = arg;
	size_t len = member->row.meta_len;

	if (member->row.id != wanted->member->id ||
	    !is_of_node(member, wanted->member->node))
		return 0;
	if (member->row.meta)
		memcpy(wanted->meta, member->row.meta,
		       len < wanted->size ? len : wanted->size);
	wanted->ret = member->row.meta ? (int)len : 0;
	return 0;
}

/* Once in the listing is enough, whatever else changed meanwhile. */
static int get_meta(struct ask *ask)
{
	struct wanted_meta *wanted = ask->arg;
	int ret = exchange(ask, 0);

	if (!ret && ask->reply.more && wanted->ret < 0)
		ret = exchange(ask, NLM_F_DUMP);
	return ret;
}

int lp_ask_meta(struct pgnl_view *view, const char *name,
		const struct pgnl_view_member *member, void *meta, size_t size)
{
	struct wanted_meta wanted = {
		.member = member, .meta = meta, .size = size, .ret = -ESRCH,
	};
	struct ask *ask = &wanted.ask;
	char req[REQUEST_SIZE];
	int ret;

	if (!is_name(name))
		return -EINVAL;
	start(view, req, PGNL_CMD_MEMBER_GET, name);
	ask->req = (struct nlmsghdr *)req;
	ask->fn = on_meta;
	ask->arg = &wanted;
	ret = with_socket(view, ask, get_meta);
	if (ret)
		return ret;
	return ask->reply.missing ? -ENOENT : wanted.ret;
}

/* --- Picking -------------------------------------------------------------- */

static int on_picked(const struct lp_member *member, void *arg)
{
	to_view_member(member, arg);
	return 0;
}

static int get_pick(struct ask *ask)
{
	return exchange(ask, 0);
}

int lp_ask_pick(struct pgnl_view *view, const char *name,
		const struct lp_pick *pick, struct pgnl_view_member *member)
{
	struct ask ask = { .fn = on_picked, .arg = member };
	char req[REQUEST_SIZE];
	struct nlmsghdr *nlh = (struct nlmsghdr *)req;

	if (!is_name(name))
		return -EINVAL;
	start(view, req, PGNL_CMD_MEMBER_PICK, name);
	mnl_attr_put_u32(nlh, PGNL_A_POLICY, pick->policy);
	if (pick->key)
		mnl_attr_put(nlh, PGNL_A_KEY, pick->key_len, pick->key);
	if (pick->uid != PGNL_ANY_UID)
		mnl_attr_put_u32(nlh, PGNL_A_UID, pick->uid);
	if (pick->flags & PGNL_LOCAL)
		mnl_attr_put(nlh, PGNL_A_LOCAL_ONLY, 0, NULL);
	if (pick->flags & PGNL_ANY_STATE)
		mnl_attr_put(nlh, PGNL_A_STALE, 0, NULL);
	ask.req = nlh;
	return with_socket(view, &ask, get_pick);
}
