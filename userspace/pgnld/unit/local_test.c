// SPDX-License-Identifier: GPL-2.0-or-later
/* What libpgnl asks of the agent, and what it makes of the answers; by the real socket,
 * but without a kernel module or other nodes. Needs a network namespace of its own.
 */
#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../../libpgnl/ask.h"
#include "../../../libpgnl/internal.h"
#include "../local.h"
#include "../../../selftests/check.h"

#define MANY 3000	/* nodes of a group; more than one message holds */

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

static bool start(void)
{
	static const struct gg_out out = { .node = on_node };
	static struct auth_keys keys;
	struct local_env env = { .link = &links, .reload = reload };

	define(&groups[0], "west", 3, "w");
	strcpy(groups[0].nodes[1], "a");
	define(&groups[1], "east", MANY, "a-node-with-quite-a-long-name-of-the-east-");
	define(&groups[2], "north", 1, "n");
	groups[2].hidden = true;
	links = (struct link_env){ .base = event_base_new(), .keys = &keys, .claim = claim };
	gg = gg_new("a", &out, NULL);
	env.gg = gg;
	env.names = gg_names_new("a");
	if (netns_open(NULL, &links.netns) || local_open(&env, &local))
		return false;
	gg_configure(gg, groups, 3);
	local_configure(local, "a", groups, 3);
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
	RUN(a_socket_that_is_taken_is_told);
	return check_result();
}
