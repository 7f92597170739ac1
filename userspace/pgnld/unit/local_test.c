// SPDX-License-Identifier: GPL-2.0-or-later
/* What libpgnl asks of the agent, and what it makes of the answers; by the real socket,
 * but without a kernel module, and with links to other nodes that a test has the other end
 * of. Needs a network namespace of its own.
 */
#include <event2/event.h>
#include <event2/thread.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>

#include "../../../libpgnl/ask.h"
#include "../../../libpgnl/internal.h"
#include "../frame.h"
#include "../gg_frame.h"
#include "../gg_serve.h"
#include "../local.h"
#include "../../../selftests/check.h"

#define MANY 3000	/* nodes of a group; more than one message holds */
#define USER 1000	/* the first of some */
#define PATIENCE 30000	/* milliseconds until a test gives up */

static struct config_group groups[3];
static struct link_env links;
static struct gg *gg;
static struct local *local;
static pthread_t thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int reloads;
static const char *wrong;	/* with the configuration */

/* A handle that has no kernel behind it. */
static struct pgnl handle;

static void on_node(void *arg, const char *node, bool up)
{
	(void)arg;
	local_node(local, node, up);
}

static char *reload(void *arg)
{
	(void)arg;
	reloads++;
	return wrong ? strdup(wrong) : NULL;
}

static void claim(void *arg, struct core_claim *to)
{
	(void)arg;
	to->node = (struct core_text){ "a", 1 };
}

static void define(struct config_group *group, const char *name, size_t n, const char *prefix)
{
	snprintf(group->name, sizeof(group->name), "%s", name);
	group->nodes = calloc(n, sizeof(*group->nodes));
	group->n_nodes = n;
	for (size_t i = 0; i < n; i++)
		snprintf(group->nodes[i], CONFIG_NAME_SIZE, "%s%zu", prefix, i);
}

/* --- in place of other nodes and the kernel ------------------------------------------ */

struct link {
	struct link *prev, *next;
	const struct link_events *events;
	void *arg;
};

static struct link *open_links;
static bool reachable;		/* other nodes are */

struct link *link_connect(const struct link_env *env, uint32_t instance,
			  const struct link_events *events, void *arg)
{
	struct link *link = reachable ? calloc(1, sizeof(*link)) : NULL;

	(void)env;
	(void)instance;
	if (!link)
		return NULL;
	link->events = events;
	link->arg = arg;
	DL_APPEND(open_links, link);
	return link;
}

bool link_send(struct link *link, const void *data, size_t len)
{
	(void)link;
	(void)data;
	(void)len;
	return true;
}

void link_close(struct link *link)
{
	if (link)
		DL_DELETE(open_links, link);
	free(link);
}

bool serve_same_definition(const struct link_env *env, struct gg *of, const struct core_claim *peer)
{
	(void)env;
	(void)of;
	(void)peer;
	return true;
}

int gg_names_scope(struct gg_names *names, struct gg_names_scope *scope)
{
	(void)names;
	*scope = (struct gg_names_scope){ .perm = 0777 };
	return 0;
}

/* --- the agent: a thread with its loop, of which one turn at a time is held by the lock --- */

static void *serve(void *arg)
{
	(void)arg;
	while (!event_base_got_exit(links.base)) {
		pthread_mutex_lock(&lock);
		event_base_loop(links.base, EVLOOP_NONBLOCK);
		pthread_mutex_unlock(&lock);
		usleep(500);
	}
	return NULL;
}

static int open_local(unsigned int limit_ms)
{
	const struct local_env env = {
		.link = &links, .gg = gg, .reload = reload, .limit_ms = limit_ms,
	};
	int ret = local_open(&env, &local);

	if (!ret)
		local_configure(local, "a", groups, 3);
	return ret;
}

static bool start(void)
{
	static const struct gg_out out = { .node = on_node };
	static struct auth_keys keys;

	define(&groups[0], "west", 3, "w");
	strcpy(groups[0].nodes[1], "a");
	define(&groups[1], "east", MANY, "a-node-with-quite-a-long-name-of-the-east-");
	define(&groups[2], "north", 1, "n");
	groups[2].hidden = true;
	links = (struct link_env){ .base = event_base_new(), .keys = &keys, .claim = claim };
	gg = gg_new("a", &out, NULL);
	gg_configure(gg, groups, 3);
	if (open_local(LOCAL_MS))
		return false;
	return !pthread_create(&thread, NULL, serve, NULL);
}

static void contact(const char *node, enum core_contact state)
{
	pthread_mutex_lock(&lock);
	gg_contact(gg, (struct core_text){ node, strlen(node) }, state);
	pthread_mutex_unlock(&lock);
}

/* --- tests -------------------------------------------------------------------------- */

static void all_of_info_is_told(void)
{
	struct pgnl_gg_info *info;

	contact("w0", CORE_SYNCED);
	contact("stranger", CORE_SYNC_ERROR);
	CHECK(!pgnl_gg_info(&handle, &info));
	CHECK(info->state == PGNL_GG_SYNCED && !strcmp(info->own.name, "west"));
	CHECK(info->own.nodes.n == 3 && !strcmp(info->own.nodes.node[1], "a"));
	CHECK(info->own_nodes.n == 3 && !strcmp(info->own_nodes.node[0], "a"));
	CHECK(info->synced_nodes.n == 1 && !strcmp(info->synced_nodes.node[0], "w0"));
	CHECK(info->sync_error.n == 1 && !strcmp(info->sync_error.node[0], "stranger"));
	CHECK(info->no_contact.n == 1 && !strcmp(info->no_contact.node[0], "w2"));
	/* It took several messages, and the hidden one is left out. */
	CHECK(info->other_groups.n == 1);
	CHECK(!strcmp(info->other_groups.group[0].name, "east"));
	CHECK(info->other_groups.group[0].nodes.n == MANY);
	for (size_t i = 0; i < MANY; i++)
		CHECK(!strcmp(info->other_groups.group[0].nodes.node[i], groups[1].nodes[i]));
	CHECK(!info->monitoring.n);
	pgnl_free(info);
	contact("w0", CORE_NO_CONTACT);
	contact("stranger", CORE_NO_CONTACT);
}

static void without_groups_nothing_is_defined(void)
{
	struct pgnl_gg_info *info;

	pthread_mutex_lock(&lock);
	gg_configure(gg, NULL, 0);
	local_configure(local, "a", NULL, 0);
	pthread_mutex_unlock(&lock);
	CHECK(pgnl_gg_global_groups(&handle, &info) == PGNL_UNDEFINED && !info);
	CHECK(!pgnl_gg_own_nodes(&handle, &info));
	CHECK(info->state == PGNL_GG_NO_CONF && !info->own.name && info->own_nodes.n == 1);
	pgnl_free(info);
	pthread_mutex_lock(&lock);
	gg_configure(gg, groups, 3);
	local_configure(local, "a", groups, 3);
	pthread_mutex_unlock(&lock);
	CHECK(!pgnl_gg_global_groups(&handle, &info) && info);
	pgnl_free(info);
}

static size_t monitoring(void)
{
	struct pgnl_gg_info *info;
	size_t n;

	CHECK(!pgnl_gg_info(&handle, &info));
	n = info->monitoring.n;
	CHECK(!n || info->monitoring.pid[0] == getpid());
	pgnl_free(info);
	return n;
}

static void a_monitor_hears_of_group_nodes(void)
{
	struct pgnl_gg_monitor *monitor;
	struct pgnl_gg_event event;

	CHECK(!pgnl_gg_monitor_open(&handle, &monitor));
	CHECK(monitoring() == 1);
	CHECK(pgnl_gg_event_next(monitor, 0, &event) == 0);
	contact("n0", CORE_SYNCED);
	contact("w2", CORE_SYNCED);
	contact("w2", CORE_NO_CONTACT);
	CHECK(pgnl_gg_event_next(monitor, -1, &event) == 1);
	CHECK(event.up && !strcmp(event.node, "w2"));
	CHECK(pgnl_gg_event_next(monitor, -1, &event) == 1);
	CHECK(!event.up && !strcmp(event.node, "w2"));
	CHECK(pgnl_gg_event_next(monitor, 0, &event) == 0);
	contact("n0", CORE_NO_CONTACT);
	pgnl_gg_monitor_close(monitor);
	while (monitoring())
		;
}

/* Its events are bounded; when they pass that it is let go, which it can see. */
static void a_monitor_that_does_not_listen_is_let_go(void)
{
	struct pgnl_gg_monitor *monitor;
	struct pgnl_gg_event event;
	int ret;

	CHECK(!pgnl_gg_monitor_open(&handle, &monitor));
	for (int i = 0; i < 20000; i++) {
		contact("w2", CORE_SYNCED);
		contact("w2", CORE_NO_CONTACT);
	}
	while ((ret = pgnl_gg_event_next(monitor, -1, &event)) == 1)
		;
	CHECK(ret == -ENOTCONN);
	pgnl_gg_monitor_close(monitor);
	while (monitoring())
		;
}

static void places_are_found_or_not(void)
{
	struct pgnl_names *list;

	CHECK(lp_gg_names(&handle, "group:west", "x", &list) == 1);
	CHECK(lp_gg_names(&handle, "node:a", NULL, &list) == 1);
	CHECK(lp_gg_names(&handle, "group:nowhere", NULL, &list) == 0);
	CHECK(!list->n);
	pgnl_free(list);
	CHECK(lp_gg_names(&handle, "elsewhere", NULL, &list) == -EINVAL);
	CHECK(lp_gg_names(&handle, "node:", NULL, &list) == -EINVAL);
	CHECK(lp_gg_names(&handle, "", NULL, &list) == -EINVAL);
	CHECK(strstr(handle.error.text, "a place"));
}

/* Nobody is asked in place of one whose name is cut. */
static void the_name_of_a_place_has_63_bytes_at_most(void)
{
	static const char *const words[] = { "node:", "group:" };
	char where[80];

	for (int i = 0; i < 2; i++) {
		struct pgnl_names *list = NULL;

		snprintf(where, sizeof(where), "%s%064d", words[i], 0);
		CHECK(lp_gg_names(&handle, where, NULL, &list) == -EINVAL);
		where[strlen(where) - 1] = '\0';
		CHECK(lp_gg_names(&handle, where, NULL, &list) != -EINVAL);
		pgnl_free(list);
	}
}

static void sync_reads_the_configuration(void)
{
	struct pgnl_gg_info *info;
	int before = reloads;

	contact("w0", CORE_SYNCED);
	contact("w2", CORE_SYNCED);
	CHECK(pgnl_gg_sync(&handle, &info) == PGNL_OK);
	CHECK(reloads == before + 1 && !info->sync_error.n && !info->no_contact.n);
	pgnl_free(info);
	CHECK(pgnl_gg_sync(&handle, NULL) == PGNL_OK && reloads == before + 2);
	wrong = "conf:7: node b is in global_group west already\nand more\n";
	CHECK(pgnl_gg_sync(&handle, NULL) == -EINVAL);
	CHECK(!strcmp(handle.error.text, "conf:7: node b is in global_group west already"));
	wrong = NULL;
	contact("w0", CORE_NO_CONTACT);
	contact("w2", CORE_NO_CONTACT);
}

static int call(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "\0" ASK_SOCKET };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	CHECK(!connect(fd, (struct sockaddr *)&to, offsetof(struct sockaddr_un, sun_path) +
						   sizeof(ASK_SOCKET)));
	return fd;
}

/* Whatever comes, it hangs up or says no, and goes on for others. */
static void nonsense_is_no_harm(void)
{
	unsigned int chance = 1;
	struct pgnl_gg_info *info;

	for (int i = 0; i < 3000; i++) {
		uint8_t data[256], answer[4096];
		struct nlmsghdr *nlh = (struct nlmsghdr *)data;
		size_t len = (size_t)rand_r(&chance) % sizeof(data);
		int fd = call();

		for (size_t k = 0; k < sizeof(data); k++)
			data[k] = (uint8_t)rand_r(&chance);
		if (i % 2) {
			nlh->nlmsg_len = (uint32_t)len;
			nlh->nlmsg_type = (uint16_t)(ASK_NAMES + rand_r(&chance) % 3);
		}
		send(fd, data, len, MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		recv(fd, answer, sizeof(answer), 0);
		close(fd);
	}
	CHECK(!pgnl_gg_info(&handle, &info));
	pgnl_free(info);
}

/* Answers that nobody reads do not pile up. */
static void who_asks_on_without_reading_is_let_go(void)
{
	struct nlmsghdr ask = { .nlmsg_len = sizeof(ask), .nlmsg_type = ASK_INFO };
	static char answer[ASK_SIZE];
	int fd = call(), sent = 0, got = 0;
	ssize_t len;

	while (sent < 1000 && send(fd, &ask, sizeof(ask), MSG_NOSIGNAL) > 0)
		sent++;
	while ((len = recv(fd, answer, sizeof(answer), 0)) > 0)
		got += ((struct nlmsghdr *)answer)->nlmsg_type == NLMSG_DONE;
	CHECK(got < 100);
	close(fd);
}

/* --- answers of other nodes ----------------------------------------------------------- */

/* Every thread has users of its own. False: there is but one. */
static bool become(uid_t user)
{
	return !syscall(SYS_setresuid, -1, user, -1);
}

static int call_as(uid_t user)
{
	bool can = become(user);
	int fd = call();

	if (can)
		become(0);
	return fd;
}

/* Node x is asked for all its names, or for one. */
static void ask_names(int fd, const char *name)
{
	char buffer[512];
	struct nlmsghdr *nlh = lp_ask_begin(buffer, ASK_NAMES);

	mnl_attr_put_strz(nlh, ASK_A_WHERE, "node:x");
	if (name)
		mnl_attr_put_strz(nlh, ASK_A_NAME, name);
	CHECK(send(fd, nlh, nlh->nlmsg_len, MSG_NOSIGNAL) == (ssize_t)nlh->nlmsg_len);
}

static int count_links(void)
{
	struct link *link;
	int n;

	pthread_mutex_lock(&lock);
	DL_COUNT(open_links, link, n);
	pthread_mutex_unlock(&lock);
	return n;
}

static bool there_are_links(int n)
{
	for (int ms = 0; count_links() != n; ms++) {
		if (ms == PATIENCE)
			return false;
		usleep(1000);
	}
	return true;
}

/* As many rows as there is room for in a frame. */
static size_t make_answer(uint8_t *data, size_t size, bool last)
{
	static char meta[CORE_META_MAX];
	const struct gg_row row = {
		.name = { "name", 4 }, .node = { "x", 1 }, .meta = { meta, sizeof(meta) },
		.id = 1, .pid = 1,
	};
	const struct gg_answer answer = { .last = last };
	struct wire_writer w;

	gg_answer_begin(&w, data, size);
	while (gg_answer_row(&w, &row))
		;
	gg_answer_end(&w, &answer);
	return w.len;
}

/* With the lock held: so many bytes at least; more of it follows unless it is whole. False:
 * it was not wanted any more.
 */
static bool answer(struct link *link, size_t bytes, bool whole)
{
	const struct core_claim x = { .node = { "x", 1 }, .global_group = { "", 0 } };
	static uint8_t data[FRAME_MAX];
	size_t len = make_answer(data, sizeof(data), false), said = 0;
	struct link *open = link;
	void *line = link->arg;

	link->events->ready(line, link, &x);
	for (; open && said + len < bytes; said += len) {
		link->events->frame(line, link, data, len);
		DL_SEARCH_SCALAR(open_links, open, arg, line);
	}
	if (open && whole)
		link->events->frame(line, link, data, make_answer(data, sizeof(data), true));
	return open;
}

/* The first question that is under way gets an answer. */
static void answer_first(size_t bytes)
{
	pthread_mutex_lock(&lock);
	CHECK(answer(open_links, bytes, true));
	pthread_mutex_unlock(&lock);
}

/* Has the agent answered to the end, and without an error? */
static bool is_answered(int fd)
{
	const struct timeval limit = { PATIENCE / 1000, 0 };
	static char buffer[ASK_SIZE];
	const struct nlmsghdr *nlh = (struct nlmsghdr *)buffer;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	while (recv(fd, buffer, sizeof(buffer), 0) > 0) {
		if (nlh->nlmsg_type == NLMSG_DONE)
			return nlh->nlmsg_len == MNL_NLMSG_HDRLEN;
	}
	return false;
}

/* The agent has let it go. */
static bool is_ended(int fd)
{
	struct pollfd poller = { .fd = fd };

	return poll(&poller, 1, PATIENCE) == 1 && poller.revents & POLLHUP;
}

/* Its request was seen: one that came later has been answered. */
static void wait_for_turn(void)
{
	monitoring();
	monitoring();
}

static void a_user_lists_names_by_one_question_at_a_time(void)
{
	int a = call(), b = call(), c = call();

	reachable = true;
	ask_names(a, NULL);
	CHECK(there_are_links(1));
	ask_names(b, NULL);
	wait_for_turn();
	CHECK(count_links() == 1);
	/* Others, and for single names, are not kept waiting. */
	ask_names(c, "one");
	CHECK(there_are_links(2));
	answer_first(0);
	CHECK(is_answered(a));
	CHECK(there_are_links(2));
	answer_first(0);
	answer_first(0);
	CHECK(is_answered(b) && is_answered(c));
	/* It goes on, too, when the first one is gone. */
	ask_names(a, NULL);
	CHECK(there_are_links(1));
	ask_names(b, NULL);
	close(a);
	wait_for_turn();
	CHECK(there_are_links(1));
	answer_first(0);
	CHECK(is_answered(b));
	close(b);
	close(c);
	reachable = false;
}

/* A long answer to a user that does not read it. */
static int owe(uid_t user, size_t bytes)
{
	int fd = call_as(user);

	ask_names(fd, NULL);
	CHECK(there_are_links(1));
	answer_first(bytes);
	CHECK(there_are_links(0));
	return fd;
}

static void what_waits_for_a_user_is_bounded(void)
{
	int fds[4];

	reachable = true;
	for (int i = 0; i < 3; i++)
		fds[i] = owe(USER, 12 << 20);
	CHECK(is_ended(fds[2]) && !is_answered(fds[2]));
	CHECK(is_answered(fds[0]) && is_answered(fds[1]));
	/* It was the waiting that was too much. */
	fds[3] = owe(USER, 12 << 20);
	CHECK(is_answered(fds[3]));
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	reachable = false;
}

static void what_waits_for_all_is_bounded_but_for_root(void)
{
	int fds[8];

	if (!become(USER))
		return;
	become(0);
	reachable = true;
	for (int i = 0; i < 7; i++)
		fds[i] = owe(USER + (uid_t)i, 12 << 20);
	fds[7] = owe(0, 12 << 20);
	CHECK(is_ended(fds[6]) && !is_answered(fds[6]));
	for (int i = 0; i < 6; i++)
		CHECK(is_answered(fds[i]));
	CHECK(is_answered(fds[7]));
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	reachable = false;
}

/* Until they are whole answers are kept, too. */
static void what_is_kept_of_answers_is_bounded(void)
{
	struct link *link, *next;
	int fds[7], whole = 0;

	if (!become(USER))
		return;
	become(0);
	reachable = true;
	for (int i = 0; i < 6; i++)
		ask_names(fds[i] = call_as(USER + (uid_t)i), NULL);
	ask_names(fds[6] = call(), "one");
	CHECK(there_are_links(7));
	pthread_mutex_lock(&lock);
	DL_FOREACH_SAFE(open_links, link, next) {
		if (next)
			whole += answer(link, 15 << 20, false);
		else
			CHECK(answer(link, 0, true));
	}
	pthread_mutex_unlock(&lock);
	CHECK(whole == 4);
	CHECK(is_answered(fds[6]));
	for (int i = 0; i < 7; i++)
		close(fds[i]);
	CHECK(there_are_links(0));
	reachable = false;
}

/* --- who lets the agent wait ------------------------------------------------------------ */

/* From here on. */
static void the_limit_is_short(void)
{
	pthread_mutex_lock(&lock);
	local_close(local);
	CHECK(!open_local(200));
	pthread_mutex_unlock(&lock);
}

static void who_never_asks_is_let_go(void)
{
	int fd = call();

	CHECK(is_ended(fd));
	close(fd);
}

static void who_asks_no_more_is_let_go(void)
{
	const struct nlmsghdr ask = { .nlmsg_len = sizeof(ask), .nlmsg_type = ASK_INFO };
	int fd = call();

	send(fd, &ask, sizeof(ask), MSG_NOSIGNAL);
	CHECK(is_answered(fd));
	CHECK(is_ended(fd));
	close(fd);
}

static void who_does_not_read_is_let_go(void)
{
	int fd;

	reachable = true;
	fd = owe(USER, 1 << 20);
	CHECK(is_ended(fd));
	CHECK(!is_answered(fd));
	close(fd);
	reachable = false;
}

static void a_monitor_may_wait_but_has_to_read(void)
{
	struct pgnl_gg_monitor *monitor;
	struct pgnl_gg_event event;
	int idle, n = 0;

	CHECK(!pgnl_gg_monitor_open(&handle, &monitor));
	for (int i = 0; i < 3; i++) {
		idle = call();
		CHECK(is_ended(idle));
		close(idle);
	}
	CHECK(monitoring() == 1);
	/* More than the socket takes, less than what may wait. */
	for (int i = 0; i < 500; i++) {
		contact("w2", CORE_SYNCED);
		contact("w2", CORE_NO_CONTACT);
	}
	while (monitoring())
		;
	while (pgnl_gg_event_next(monitor, -1, &event) == 1)
		n++;
	CHECK(n > 0 && n < 1000);
	pgnl_gg_monitor_close(monitor);
}

static void clients_are_bounded(void)
{
	struct pgnl_gg_info *info;
	char byte;
	int fds[200];

	for (int i = 0; i < 200; i++)
		fds[i] = call();
	CHECK(recv(fds[199], &byte, 1, 0) == 0);
	CHECK(recv(fds[0], &byte, 1, MSG_DONTWAIT) < 0);
	for (int i = 0; i < 200; i++)
		close(fds[i]);
	while (pgnl_gg_info(&handle, &info))
		;
	pgnl_free(info);
}

static void a_socket_that_is_taken_is_told(void)
{
	const struct local_env env = { .link = &links };
	struct local *second = NULL;

	pthread_mutex_lock(&lock);
	CHECK(local_open(&env, &second) == -EADDRINUSE && !second);
	pthread_mutex_unlock(&lock);
}

int main(void)
{
	/* The socket's name is the network namespace's. */
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		printf("1..0 # SKIP no network namespace to be had\n");
		return 0;
	}
	CHECK(pgnl_gg_info(&handle, &(struct pgnl_gg_info *){ NULL }) == -ENOTCONN);
	if (!start()) {
		printf("Bail out! no agent\n");
		return 1;
	}
	RUN(all_of_info_is_told);
	RUN(without_groups_nothing_is_defined);
	RUN(a_monitor_hears_of_group_nodes);
	RUN(a_monitor_that_does_not_listen_is_let_go);
	RUN(places_are_found_or_not);
	RUN(the_name_of_a_place_has_63_bytes_at_most);
	RUN(sync_reads_the_configuration);
	RUN(nonsense_is_no_harm);
	RUN(who_asks_on_without_reading_is_let_go);
	RUN(clients_are_bounded);
	RUN(a_user_lists_names_by_one_question_at_a_time);
	RUN(what_waits_for_a_user_is_bounded);
	RUN(what_waits_for_all_is_bounded_but_for_root);
	RUN(what_is_kept_of_answers_is_bounded);
	RUN(a_socket_that_is_taken_is_told);
	the_limit_is_short();
	RUN(who_never_asks_is_let_go);
	RUN(who_asks_no_more_is_let_go);
	RUN(who_does_not_read_is_let_go);
	RUN(a_monitor_may_wait_but_has_to_read);
	return check_result();
}
