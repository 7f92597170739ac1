// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The counterpart of worker.c for TIPC, on this node alone: a group is a service
 * type, a member a socket bound to an instance of its own, a read a subscription
 * to all instances at the topology service, until all are known. Reads one command
 * a line on stdin and answers each with one line of nanoseconds.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/tipc.h>

#define SOCKETS_MAX	40000
#define PREFIX_MAX	"15"

struct range {
	char prefix[16];
	size_t groups;		/* how many; socket i is in group i % groups */
	size_t from, n;		/* which of the sockets */
};

static int sockets[SOCKETS_MAX];
static size_t n_sockets;
static int topology = -1;
static size_t n_bindings;
static volatile uint32_t sink;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* FNV-1a; services below TIPC_RESERVED_TYPES are TIPC's own. */
static uint32_t service_of(const char *group)
{
	uint32_t hash = 2166136261u;

	while (*group)
		hash = (hash ^ (uint8_t)*group++) * 16777619u;
	return hash | 0x80000000;
}

static struct range parse(const char *args)
{
	struct range r;

	if (sscanf(args, "%" PREFIX_MAX "s %zu %zu %zu", r.prefix, &r.groups, &r.from,
		   &r.n) != 4 || !r.groups || r.from + r.n > n_sockets)
		errx(1, "bad range: %s", args);
	return r;
}

static uint64_t do_spawn(const char *args)
{
	size_t n = strtoul(args, NULL, 10);
	uint64_t start = now();

	if (n_sockets + n > SOCKETS_MAX)
		errx(1, "at most %d sockets", SOCKETS_MAX);
	while (n--) {
		int fd = socket(AF_TIPC, SOCK_RDM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			err(1, "socket %zu of TIPC", n_sockets);
		sockets[n_sockets++] = fd;
	}
	return now() - start;
}

/* A negative scope takes the binding back. */
static uint64_t bind_range(const char *args, int sign)
{
	struct sockaddr_tipc address = {
		.family = AF_TIPC,
		.addrtype = TIPC_SERVICE_RANGE,
		.scope = sign * TIPC_NODE_SCOPE,
	};
	struct range r = parse(args);
	uint32_t services[1024];
	uint64_t start;
	char group[40];

	if (r.groups > 1024)
		errx(1, "too many groups: %s", args);
	for (size_t i = 0; i < r.groups; i++) {
		snprintf(group, sizeof(group), "%s%zu", r.prefix, i);
		services[i] = service_of(group);
	}
	start = now();
	for (size_t i = r.from; i < r.from + r.n; i++) {
		address.addr.nameseq.type = services[i % r.groups];
		address.addr.nameseq.lower = i;
		address.addr.nameseq.upper = i;
		if (bind(sockets[i], (struct sockaddr *)&address, sizeof(address)))
			err(1, "bind of socket %zu", i);
	}
	n_bindings += sign * (ssize_t)r.n;
	return now() - start;
}

static uint64_t do_join(const char *args)
{
	return bind_range(args, 1);
}

static uint64_t do_leave(const char *args)
{
	return bind_range(args, -1);
}

static int use_topology(void)
{
	struct sockaddr_tipc address = {
		.family = AF_TIPC,
		.addrtype = TIPC_SERVICE_ADDR,
		.addr.name.name = { .type = TIPC_TOP_SRV, .instance = TIPC_TOP_SRV },
	};

	if (topology >= 0)
		return topology;
	topology = socket(AF_TIPC, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (topology < 0 ||
	    connect(topology, (struct sockaddr *)&address, sizeof(address)))
		err(1, "topology service of TIPC");
	return topology;
}

static void subscribe(int fd, uint32_t service, uint32_t filter)
{
	struct tipc_subscr request = {
		.seq = { .type = service, .lower = 0, .upper = ~0u },
		.timeout = TIPC_WAIT_FOREVER,
		.filter = filter,
	};

	if (send(fd, &request, sizeof(request), 0) != sizeof(request))
		err(1, "subscription");
}

/* The connection stays; the subscription is cancelled, which has no answer. */
static void learn(int fd, uint32_t service, size_t members)
{
	struct tipc_event event;

	subscribe(fd, service, TIPC_SUB_PORTS);
	while (members--) {
		if (recv(fd, &event, sizeof(event), 0) != sizeof(event))
			err(1, "event of the topology service");
		if (event.event != TIPC_PUBLISHED)
			errx(1, "event %u of the topology service", event.event);
		sink = event.port.ref;
	}
	subscribe(fd, service, TIPC_SUB_PORTS | TIPC_SUB_CANCEL);
}

/* GROUP N MEMBERS: the reader has to know how many to wait for. */
static uint64_t do_get(const char *args)
{
	int fd = use_topology();
	size_t n, members;
	uint32_t service;
	uint64_t start;
	char group[40];

	if (sscanf(args, "%39s %zu %zu", group, &n, &members) != 3 || !members)
		errx(1, "bad read: %s", args);
	service = service_of(group);
	start = now();
	while (n--)
		learn(fd, service, members);
	return now() - start;
}

/* Not a time. */
static uint64_t do_memberships(const char *args)
{
	(void)args;
	return n_bindings;
}

static uint64_t do_end(const char *args)
{
	uint64_t start = now();

	(void)args;
	while (n_sockets)
		close(sockets[--n_sockets]);
	n_bindings = 0;
	return now() - start;
}

static const struct command {
	const char *name;
	uint64_t (*run)(const char *args);
} commands[] = {
	{ "spawn", do_spawn },			/* N */
	{ "join", do_join },			/* PREFIX GROUPS FROM N */
	{ "leave", do_leave },			/* PREFIX GROUPS FROM N */
	{ "get", do_get },			/* GROUP N MEMBERS */
	{ "memberships", do_memberships },
	{ "end", do_end },
};

static uint64_t run(char *line)
{
	char *args = line + strcspn(line, " \n");

	if (*args)
		*args++ = '\0';
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, line))
			return commands[i].run(args);
	errx(1, "unknown command: %s", line);
}

int main(void)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		printf("%" PRIu64 "\n", run(line));
		fflush(stdout);
	}
	return 0;
}
