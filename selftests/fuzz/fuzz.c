// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz: requests to the module as nobody would write them. Operations and
 * attributes are those of the spec (gen-ops.py); some requests are right, some
 * nearly, some are just bytes. Several workers send them, as several users, in
 * several namespaces, over sockets of their own and of each other.
 *
 * What must hold all the while: the verifier finds nothing, errors are among
 * those that the protocol knows and have their words, and everybody goes on.
 * And in the end nothing is left. The kernel log is for whoever runs this.
 *
 * A seed gives each worker the same requests again, but for pids and ids; with
 * one worker (-w 1) also in the same order.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "../common.h"

#define WORKERS_MAX	16
#define SOCKETS		6
#define POOL		24	/* processes to be joined, signalled, killed */
#define IDS		64	/* numbers that replies have told */
#define LIFE		4000	/* requests after which a worker starts anew */
#define STALL_S		120
#define ALICE		1000
#define BOB		2000

/* --- The spec ----------------------------------------------------------------- */

enum kind { NONE, TEXT, BYTES, NUMBER32, NUMBER64, FLAG, NEST };

struct set;

struct attr {
	const char *name;
	enum kind kind;
	uint64_t min, max;	/* max 0: any number */
	uint32_t max_len;
	bool multi;
	const struct set *nested;
};

struct set {
	const struct attr *attr;
	size_t n;
};

struct op {
	const char *name;
	uint8_t cmd;
	bool dump;
	unsigned int n;
	uint16_t attr[16];
};

#include "ops.h"

#define N_OPS (sizeof(ops) / sizeof(*ops))

/* --- What all share ------------------------------------------------------------ */

struct work {
	atomic_ulong requests;
	atomic_int op;		/* under way */
	atomic_ulong refused;
};

static struct shared {
	atomic_int pid[POOL];
	atomic_ullong id[IDS];
	atomic_uint n_ids;
	atomic_bool failed;
	char complaint[512];
	struct work work[WORKERS_MAX];
} *shared;

/* The first complaint is the one that counts. */
static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	va_list args;

	if (atomic_exchange(&shared->failed, true))
		return;
	va_start(args, format);
	vsnprintf(shared->complaint, sizeof(shared->complaint), format, args);
	va_end(args);
}

/* --- Chance -------------------------------------------------------------------- */

/* xorshift64*, seeded so that neighbours differ. */
static uint64_t state;

static void seed_with(uint64_t seed)
{
	state = (seed + 1) * 0x9e3779b97f4a7c15u;
}

static uint64_t chance(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1du;
}

static unsigned int below(unsigned int n)
{
	return (chance() >> 32) % n;
}

static bool one_in(unsigned int n)
{
	return !below(n);
}

/* --- Values -------------------------------------------------------------------- */

static pid_t some_pid(void)
{
	static const pid_t edges[] = { 0, 1, 2, -1, INT32_MAX, INT32_MIN };

	switch (below(8)) {
	case 0:
		return edges[below(6)];
	case 1:
		return getpid();
	case 2:
		return getppid();
	case 3:
		return (pid_t)below(2000);
	default:
		return atomic_load(&shared->pid[below(POOL)]);
	}
}

static uint64_t some_id(void)
{
	if (one_in(8))
		return chance() >> below(64);
	return atomic_load(&shared->id[below(IDS)]);
}

static void note_id(uint64_t id)
{
	atomic_store(&shared->id[atomic_fetch_add(&shared->n_ids, 1) % IDS], id);
}

static uint64_t some_number(const struct attr *attr)
{
	static const uint64_t edges[] = { 0, 1, 2, 3, 64, 255, 256, 4096, INT32_MAX,
		UINT32_MAX - 1, UINT32_MAX, (uint64_t)UINT32_MAX + 1, INT64_MAX, UINT64_MAX };

	if (!strcmp(attr->name, "pid"))
		return (uint32_t)some_pid();
	if (!strcmp(attr->name, "id") || !strcmp(attr->name, "subscription") ||
	    !strcmp(attr->name, "seq"))
		return some_id();
	if (attr->max && !one_in(8))
		return attr->min + below((unsigned int)(attr->max - attr->min + 1));
	if (one_in(3))
		return edges[below(sizeof(edges) / sizeof(*edges))];
	return attr->min + below(8);
}

/* A few names, so that requests meet; now and then one of another kind. */
static size_t some_text(const struct attr *attr, char *text)
{
	static const char *const scopes[] = { "pg", "pg2", "global", "s0", "s1", "s2", "", "x\ny" };
	size_t len;

	if (!strcmp(attr->name, "scope"))
		return strlen(strcpy(text, scopes[below(8)]));
	if (!one_in(12)) {
		text[0] = 'a' + (char)below(8);
		text[1] = '\0';
		return 1;
	}
	len = one_in(2) ? attr->max_len + below(3) : below(attr->max_len + 1);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(one_in(4) ? below(256) : 'a');
	text[len] = '\0';
	return len;
}

/* --- Requests ------------------------------------------------------------------ */

#define REQUEST_SIZE	(96 * 1024)

static char request[REQUEST_SIZE];
static struct nlmsghdr *const nlh = (struct nlmsghdr *)request;

static bool has_room(size_t len)
{
	return nlh->nlmsg_len + len + 64 < REQUEST_SIZE;
}

static void put(uint16_t type, const void *data, size_t len)
{
	if (has_room(len))
		mnl_attr_put(nlh, type, len, data);
}

static void put_value(const struct set *set, uint16_t type);

static void put_nest(const struct attr *attr, uint16_t type)
{
	struct nlattr *nest;

	if (!has_room(64))
		return;
	nest = mnl_attr_nest_start(nlh, type);
	for (unsigned int n = below(4); n && has_room(64); n--)
		put_value(attr->nested, 1 + below((unsigned int)attr->nested->n));
	mnl_attr_nest_end(nlh, nest);
}

static void put_bytes(const struct attr *attr, uint16_t type)
{
	static char bytes[40000];
	size_t len = one_in(8) ? below(sizeof(bytes)) : below(20);

	(void)attr;
	if (one_in(16))
		len = 254 + below(4);
	for (size_t i = 0; i < len && i < 64; i++)
		bytes[i] = (char)chance();
	put(type, bytes, len);
}

/* An attribute with a value that the policy takes, mostly. */
static void put_value(const struct set *set, uint16_t type)
{
	static const struct attr unknown = { "", BYTES, 0, 0, 0, true, NULL };
	const struct attr *attr = type < set->n && set->attr[type].name ? &set->attr[type] :
									   &unknown;
	uint64_t number;
	uint32_t number32;
	char text[600];
	size_t len;

	switch (attr->kind) {
	case TEXT:
		len = some_text(attr, text);
		put(type, text, len + !one_in(10));
		break;
	case NUMBER32:
		number32 = (uint32_t)some_number(attr);
		put(type, &number32, 4);
		break;
	case NUMBER64:
		number = some_number(attr);
		put(type, &number, 8);
		break;
	case FLAG:
		put(type, NULL, 0);
		break;
	case NEST:
		put_nest(attr, type);
		break;
	default:
		put_bytes(attr, type);
	}
}

static void start_request(uint8_t cmd, uint16_t family)
{
	struct genlmsghdr *genl;

	memset(request, 0, 64);
	mnl_nlmsg_put_header(nlh);
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
}

/* Which attributes a request is to have at all events, to get somewhere. */
static bool is_wanted(const char *name)
{
	return !strcmp(name, "group") || !strcmp(name, "signal") || !strcmp(name, "subscription") ||
	       !strcmp(name, "limits");
}

static void put_good(const struct op *op)
{
	bool target = false;

	for (unsigned int i = 0; i < op->n; i++) {
		const struct attr *attr = &set_pgnl.attr[op->attr[i]];
		bool is_target = !strcmp(attr->name, "pid") || !strcmp(attr->name, "self") ||
				 !strcmp(attr->name, "id");

		if (is_target ? target || one_in(2) : !is_wanted(attr->name) && !one_in(3))
			continue;
		target |= is_target;
		do
			put_value(&set_pgnl, op->attr[i]);
		while (attr->multi && one_in(4));
	}
}

/* Spoil one thing. */
static void spoil(void)
{
	struct nlattr *attr = mnl_nlmsg_get_payload_offset(nlh, GENL_HDRLEN);
	struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	int left = (int)(nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN);

	for (unsigned int n = below(6); n && left > 0 && mnl_attr_ok(attr, left); n--) {
		left -= (int)NLA_ALIGN(attr->nla_len);
		attr = mnl_attr_next(attr);
	}
	if (left < (int)sizeof(*attr))
		attr = NULL;
	switch (below(11)) {
	case 0:		/* too long or too short by its own word */
		if (attr)
			attr->nla_len = (uint16_t)(attr->nla_len + below(9) - 4);
		break;
	case 1:
		if (attr)
			attr->nla_len = (uint16_t)chance();
		break;
	case 2:
		if (attr)
			attr->nla_type = (uint16_t)below(70);
		break;
	case 3:
		if (attr)
			attr->nla_type ^= one_in(2) ? NLA_F_NESTED : NLA_F_NET_BYTEORDER;
		break;
	case 4:		/* once more than allowed */
		put_value(&set_pgnl, (uint16_t)(1 + below((unsigned int)set_pgnl.n)));
		break;
	case 5:		/* another size */
		put((uint16_t)(1 + below((unsigned int)set_pgnl.n)), request, below(64));
		break;
	case 6:
		nlh->nlmsg_flags = (uint16_t)chance() | NLM_F_REQUEST;
		break;
	case 7:
		genl->cmd = (uint8_t)chance();
		break;
	case 8:
		genl->reserved = (uint16_t)chance();
		break;
	case 9:		/* shorter, amid an attribute */
		nlh->nlmsg_len -= below(nlh->nlmsg_len - NLMSG_HDRLEN + 1);
		break;
	default:	/* a bit anywhere */
		if (nlh->nlmsg_len > NLMSG_HDRLEN)
			request[NLMSG_HDRLEN + below(nlh->nlmsg_len - NLMSG_HDRLEN)] ^=
				1 << below(8);
	}
}

/* Whatever bytes, at a length that may not be theirs. */
static void put_garbage(void)
{
	size_t len = one_in(16) ? below(60000) : below(400);

	for (size_t i = 0; i < len && has_room(8); i += 8) {
		uint64_t bytes = chance() & (one_in(2) ? UINT64_MAX : 0x003f00ff003f00ff);

		memcpy(request + nlh->nlmsg_len, &bytes, 8);
		nlh->nlmsg_len += 8;
	}
}

/* As many processes and groups as fit, or more. */
static void put_crowd(void)
{
	unsigned int groups = 1 + below(80), pids = 1 + below(80);
	uint32_t pid;
	char name[8];

	while (groups--)
		put(PGNL_A_GROUP, name, 1 + (size_t)snprintf(name, sizeof(name), "c%u", groups));
	while (pids--) {
		pid = (uint32_t)atomic_load(&shared->pid[below(POOL)]);
		put(PGNL_A_PID, &pid, 4);
	}
}

/* The index of the operation, or -1 when it is none that has to have words. */
static int build(uint16_t family)
{
	unsigned int which = below(N_OPS);
	const struct op *op = &ops[which];

	start_request(op->cmd, family);
	if (op->dump && one_in(2))
		nlh->nlmsg_flags |= NLM_F_DUMP;
	switch (below(20)) {
	case 0:
		put_garbage();
		return -1;
	case 1:
		put_crowd();
		break;
	case 2 ... 6:
		put_good(op);
		for (unsigned int n = 1 + below(3); n; n--)
			spoil();
		return -1;
	default:
		put_good(op);
	}
	/* Of a listing some errors are the netlink core's, without words. */
	return nlh->nlmsg_flags & NLM_F_ROOT ? -1 : (int)which;
}

/* --- Answers ------------------------------------------------------------------- */

static bool is_known_error(int err)
{
	static const int known[] = { EINVAL, ERANGE, ENOENT, ENODATA, ESRCH, EACCES, EPERM,
		EEXIST, EBUSY, EDQUOT, E2BIG, EOVERFLOW, EOPNOTSUPP, ENOMEM, ESTALE, EMSGSIZE,
		ENOTCONN, ENOBUFS, EMFILE, ENFILE, EREMOTE, EHOSTUNREACH, EROFS, EBADF };

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (err == known[i])
			return true;
	return false;
}

static bool has_words(const struct nlmsghdr *msg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);
	size_t skip = sizeof(*err);
	const struct nlattr *attr;

	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return false;
	if (!(msg->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	mnl_attr_for_each(attr, msg, skip)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			return true;
	return false;
}

static void judge_error(const struct nlmsghdr *msg, int op, struct work *work)
{
	int err = -*(const int *)mnl_nlmsg_get_payload(msg);

	if (!err)
		return;
	atomic_fetch_add(&work->refused, 1);
	if (!is_known_error(err))
		complain("an error that is none of the protocol: %d (%s)", err, strerror(err));
	else if (op >= 0 && !has_words(msg))
		complain("%s: an error without words: %s", ops[op].name, strerror(err));
}

static void learn(const struct nlmsghdr *msg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, msg, GENL_HDRLEN) {
		uint64_t number = 0;

		switch (mnl_attr_get_type(attr)) {
		case PGNL_A_VERDICT:
			complain("the verifier says: %s", mnl_attr_get_str(attr));
			break;
		case PGNL_A_ID:
		case PGNL_A_IDS:
		case PGNL_A_SEQ:
		case PGNL_A_SUBSCRIPTION:
			if (mnl_attr_get_payload_len(attr) >= 4) {
				memcpy(&number, mnl_attr_get_payload(attr),
				       mnl_attr_get_payload_len(attr) < 8 ? 4 : 8);
				note_id(number);
			}
			break;
		}
	}
}

static void listen_to(int fd, uint32_t seq, uint16_t family, int op, struct work *work)
{
	static char buf[65536];
	ssize_t n;

	/* Listings are not always read to their end. */
	for (int rounds = one_in(4) ? 1 : 40; rounds; rounds--) {
		const struct nlmsghdr *msg = (const struct nlmsghdr *)buf;
		int left;

		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0)
			return;
		for (left = (int)n; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left)) {
			if (msg->nlmsg_type == NLMSG_ERROR && msg->nlmsg_seq == seq)
				judge_error(msg, op, work);
			else if (msg->nlmsg_type == family)
				learn(msg);
		}
	}
}

/* --- Sockets ------------------------------------------------------------------- */

static int open_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (one_in(3)) {
		int size = 2000 + (int)below(20000);

		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
	return fd;
}

/* --- Workers ------------------------------------------------------------------- */

struct options {
	uint64_t seed;
	unsigned long requests;	/* of each worker; 0: no end */
	unsigned int seconds;	/* 0: no end */
	unsigned int workers;
};

struct stage {
	const struct options *options;
	uint16_t family;
	int netns[2];
	int borrowed[SOCKETS];	/* opened as root, some in the other namespace */
};

/* Who a worker is: root, two users, a user that is root of its own namespaces. */
static void dress(const struct stage *stage, unsigned int worker)
{
	switch (worker % 5) {
	case 0:
		break;
	case 1:
		become(ALICE, ALICE, NULL, 0);
		break;
	case 2:
		become(BOB, BOB, NULL, 0);
		break;
	case 3:
		become(ALICE, ALICE, NULL, 0);
		new_ns(CLONE_NEWUSER | (one_in(2) ? CLONE_NEWNET : 0));
		break;
	default:
		if (setns(stage->netns[1], CLONE_NEWNET))
			abort();
		drop_cap(one_in(2) ? 5 /* CAP_KILL */ : 12 /* CAP_NET_ADMIN */);
	}
}

static void send_some(const struct stage *stage, int *fds, struct work *work)
{
	int which = (int)below(SOCKETS), op;

	if (one_in(50)) {
		if (fds[which] != stage->borrowed[which] || one_in(2))
			close(fds[which]);
		fds[which] = one_in(3) ? stage->borrowed[which] : open_socket();
	}
	op = build(stage->family);
	atomic_store(&work->op, op);
	nlh->nlmsg_seq = (uint32_t)chance();
	if (nlh->nlmsg_len < NLMSG_HDRLEN)
		nlh->nlmsg_len = NLMSG_HDRLEN;
	if (nlh->nlmsg_type == stage->family || one_in(2))
		send(fds[which], request, one_in(30) ? below(nlh->nlmsg_len + 9) : nlh->nlmsg_len,
		     MSG_DONTWAIT);
	/* Those who are told a lot and never listen are there as well. */
	if (which)
		listen_to(fds[which], nlh->nlmsg_seq, stage->family, op, work);
	atomic_fetch_add(&work->requests, 1);
}

static void work(const struct stage *stage, unsigned int worker, unsigned int life)
{
	struct work *work = &shared->work[worker];
	int fds[SOCKETS];

	seed_with(stage->options->seed * 1000003 + worker * 1009 + life);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dress(stage, worker);
	for (unsigned int i = 0; i < SOCKETS; i++)
		fds[i] = one_in(4) ? stage->borrowed[i] : open_socket();
	for (unsigned int i = 0; i < LIFE && !atomic_load(&shared->failed); i++) {
		if (stage->options->requests &&
		    atomic_load(&work->requests) >= stage->options->requests)
			_exit(1);
		send_some(stage, fds, work);
	}
	_exit(0);
}

/* --- The stage: init of a pid namespace, with workers and a pool of processes ---- */

static pid_t start_worker(const struct stage *stage, unsigned int worker, unsigned int life)
{
	pid_t pid = fork();

	if (!pid)
		work(stage, worker, life);
	return pid;
}

static void start_one(unsigned int which)
{
	static const uid_t users[] = { 0, ALICE, BOB };
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Mostly signals are no end, so that members last. */
		for (int sig = 1; sig < 65; sig++)
			if (sig != SIGKILL && sig % 4)
				signal(sig, SIG_IGN);
		become(users[which % 3], users[which % 3], NULL, 0);
		for (;;)
			pause();
	}
	atomic_store(&shared->pid[which], pid);
}

static void end_one(unsigned int which)
{
	kill(atomic_load(&shared->pid[which]), SIGKILL);
}

/* Starts again what ends, until every worker has done its requests. */
static void direct(const struct stage *stage)
{
	unsigned int n = stage->options->workers, life[WORKERS_MAX] = {}, left = n;
	pid_t workers[WORKERS_MAX];
	int status;
	pid_t pid;

	seed_with(stage->options->seed);
	for (unsigned int i = 0; i < POOL; i++)
		start_one(i);
	for (unsigned int i = 0; i < n; i++)
		workers[i] = start_worker(stage, i, life[i]++);
	while (left && !atomic_load(&shared->failed)) {
		usleep(1000);
		if (one_in(20))
			end_one(below(POOL));
		pid = waitpid(-1, &status, WNOHANG);
		for (unsigned int i = 0; pid > 0 && i < POOL; i++)
			if (atomic_load(&shared->pid[i]) == pid)
				start_one(i);
		for (unsigned int i = 0; pid > 0 && i < n; i++) {
			if (workers[i] != pid)
				continue;
			workers[i] = 0;
			if (WIFEXITED(status) && WEXITSTATUS(status))
				left--;
			else
				workers[i] = start_worker(stage, i, life[i]++);
		}
	}
	_exit(0);
}

/* --- The one who watches -------------------------------------------------------- */

/* Limits and modes would soon let nobody do anything any more. */
static void open_doors(struct client *c)
{
	static const char *const scopes[] = { "pg", "pg2", "global" };

	for (uint16_t limit = 1; limit < set_limit.n; limit++)
		if (set_limit.attr[limit].kind == NUMBER64)
			limit_set(c, limit, one_in(4) ? below(100) : 100000);
	for (size_t i = 0; i < 3; i++) {
		req_new(c, PGNL_CMD_SCOPE_SET);
		put_str(c, PGNL_A_SCOPE, scopes[i]);
		put_u32(c, PGNL_A_OWNER, 0);
		put_u32(c, PGNL_A_PERM, 0777);
		req_do(c);
	}
}

#define LIMITS_MAX 64

/* Those of users hold for the whole machine, and for who comes after. */
static void save_limits(struct client *c, uint64_t *limits)
{
	for (uint16_t limit = 1; limit < set_limit.n && limit < LIMITS_MAX; limit++)
		if (set_limit.attr[limit].kind == NUMBER64)
			limits[limit] = limit_get(c, limit);
}

static void restore_limits(struct client *c, const uint64_t *limits)
{
	for (uint16_t limit = 1; limit < set_limit.n && limit < LIMITS_MAX; limit++)
		if (set_limit.attr[limit].kind == NUMBER64)
			limit_set(c, limit, limits[limit]);
}

static unsigned long total(void)
{
	unsigned long sum = 0;

	for (int i = 0; i < WORKERS_MAX; i++)
		sum += atomic_load(&shared->work[i].requests);
	return sum;
}

static unsigned long total_refused(void)
{
	unsigned long sum = 0;

	for (int i = 0; i < WORKERS_MAX; i++)
		sum += atomic_load(&shared->work[i].refused);
	return sum;
}

static void inspect(struct client *const *c)
{
	const char *verdict;

	for (int i = 0; i < 2; i++) {
		verdict = verify(c[i]);
		if (*verdict)
			complain("the verifier says: %s", verdict);
		open_doors(c[i]);
	}
}

/* Until the stage ends, by itself or in time. */
static void watch(pid_t init, struct client *const *c, const struct options *options)
{
	time_t start = time(NULL), moved = start, now;
	unsigned long last = 0, sum;

	while (!atomic_load(&shared->failed) && !waitpid(init, NULL, WNOHANG)) {
		usleep(100000);
		inspect(c);
		now = time(NULL);
		sum = total();
		if (sum != last)
			moved = now;
		last = sum;
		if (now - moved > STALL_S)
			complain("nobody goes on for %d seconds", STALL_S);
		if (options->seconds && now - start >= (time_t)options->seconds)
			break;
	}
	kill(init, SIGKILL);
	while (waitpid(init, NULL, 0) < 0 && errno == EINTR)
		;
}

/* All processes have ended, and what they left goes by itself. */
static void look_for_remains(struct client *const *c)
{
	static const uint16_t none[] = { PGNL_A_STAT_PROCESSES, PGNL_A_STAT_MEMBERSHIPS,
		PGNL_A_STAT_SUBSCRIPTIONS };

	for (int i = 0; i < 2; i++)
		for (size_t k = 0; k < sizeof(none) / sizeof(*none); k++)
			if (!WAIT_UNTIL(!stat_get(c[i], none[k])))
				complain("%llu are left of counter %u",
					 (unsigned long long)stat_get(c[i], none[k]), none[k]);
	inspect(c);
}

static int report(const struct options *options)
{
	printf("%lu requests, %lu of them refused\n", total(), total_refused());
	if (!atomic_load(&shared->failed))
		return 0;
	printf("FAILED: %s\n", shared->complaint);
	for (unsigned int i = 0; i < options->workers; i++) {
		int op = atomic_load(&shared->work[i].op);

		printf("worker %u: request %lu, %s\n", i,
		       atomic_load(&shared->work[i].requests),
		       op < 0 ? "spoilt" : ops[op].name);
	}
	printf("again: fuzz -s %llu -w %u\n", (unsigned long long)options->seed, options->workers);
	return 1;
}

static int play(const struct options *options)
{
	struct stage stage = { .options = options };
	uint64_t limits[LIMITS_MAX];
	struct client *c[2];
	pid_t init;

	for (int i = 0; i < 2; i++) {
		c[i] = client_in_new_netns();
		if (!c[i]) {
			fprintf(stderr, "fuzz: no client: %s (is the module loaded?)\n",
				strerror(errno));
			return 2;
		}
		stage.netns[i] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		stage.borrowed[i] = open_socket();
		stage.borrowed[i + 2] = open_socket();
		stage.borrowed[i + 4] = open_socket();
		if (!i)
			save_limits(c[i], limits);
		open_doors(c[i]);
	}
	setns(stage.netns[0], CLONE_NEWNET);
	stage.family = c[0]->family;
	if (unshare(CLONE_NEWPID))
		return 2;
	init = fork();
	if (!init) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		direct(&stage);
	}
	watch(init, c, options);
	for (int i = 0; i < SOCKETS; i++)
		close(stage.borrowed[i]);
	look_for_remains(c);
	restore_limits(c[0], limits);
	return report(options);
}

static int usage(void)
{
	fputs("usage: fuzz [-s SEED] [-n REQUESTS] [-t SECONDS] [-w WORKERS]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct rlimit files = { 256, 256 };
	struct options options = { .workers = 5 };
	int opt;

	options.seed = (uint64_t)time(NULL) * 1000 + (uint64_t)getpid() % 1000;
	while ((opt = getopt(argc, argv, "s:n:t:w:")) != -1) {
		unsigned long long number = optarg ? strtoull(optarg, NULL, 10) : 0;

		switch (opt) {
		case 's':
			options.seed = number;
			break;
		case 'n':
			options.requests = number;
			break;
		case 't':
			options.seconds = (unsigned int)number;
			break;
		case 'w':
			options.workers = (unsigned int)number;
			break;
		default:
			return usage();
		}
	}
	if (optind < argc || !options.workers || options.workers > WORKERS_MAX)
		return usage();
	if (!options.requests && !options.seconds)
		options.requests = 10000;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	setrlimit(RLIMIT_NOFILE, &files);
	printf("seed %llu\n", (unsigned long long)options.seed);
	fflush(stdout);
	return play(&options);
}
