// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A pre-fork web server: all workers take connections of one socket.
 *
 *	web-server GROUP WORKERS PORT
 *
 * Each worker joins the group by itself, its address as metadata, and answers every
 * request with its pid and those of all who serve now. The parent starts another
 * worker for each that ends and keeps no list of them: who serves is for the group to
 * say, to workers, clients and administrators alike. SIGTERM ends the whole group.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pgnl.h>

#define NEVER_STARTED	77	/* a worker's status: another one would not either */

static volatile sig_atomic_t stopping;

static int complain(const struct pgnl *handle, const char *what, int ret)
{
	const char *text = handle ? pgnl_last_error(handle)->text : "";

	fprintf(stderr, "web-server: %s: %s%s%s\n", what, text,
		*text ? ": " : "", strerror(-ret));
	return 1;
}

/* --- a worker --------------------------------------------------------------- */

static void answer(struct pgnl *handle, const char *group, FILE *client)
{
	struct pgnl_members *list;

	if (pgnl_members(handle, NULL, group, 0, &list, NULL)) {
		fputs("HTTP/1.0 500 Internal Server Error\r\n\r\n", client);
		return;
	}
	fprintf(client, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"
		"this is %d of %zu:", (int)getpid(), list->n);
	for (size_t i = 0; i < list->n; i++)
		fprintf(client, " %d", (int)list->member[i].pid);
	fputc('\n', client);
	pgnl_free(list);
}

/* All of it, as the connection is reset for what is left unread, and the answer with it:
 * up to the empty line; it may ask for anything.
 */
static bool is_asked(FILE *client)
{
	char line[4096];

	while (fgets(line, sizeof(line), client))
		if (line[0] == '\r' || line[0] == '\n')
			return true;
	return false;
}

static void serve(struct pgnl *handle, const char *group, int fd)
{
	FILE *in = fdopen(fd, "r"), *out = in ? fdopen(dup(fd), "w") : NULL;

	if (out && is_asked(in))
		answer(handle, group, out);
	if (out)
		fclose(out);
	if (in)
		fclose(in);
	else
		close(fd);
}

static int work(const char *group, int listener, const char *address)
{
	struct pgnl_join_opts opts = { .meta = address, .meta_len = strlen(address) };
	struct pgnl *handle;
	int ret, fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	ret = pgnl_open(&handle);
	if (ret)
		return complain(NULL, "open", ret), NEVER_STARTED;
	ret = pgnl_join(handle, NULL, group, 0, &opts, NULL);
	if (ret)
		return complain(handle, "join", ret), NEVER_STARTED;
	while ((fd = accept(listener, NULL, NULL)) >= 0 || errno == ECONNABORTED) {
		if (fd >= 0)
			serve(handle, group, fd);
	}
	return complain(NULL, "accept", -errno);
}

/* --- the parent --------------------------------------------------------------- */

static int listen_on(const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 64))
		return -errno;
	return fd;
}

static void on_stop(int number)
{
	(void)number;
	stopping = 1;
}

static pid_t start_worker(const char *group, int listener, const char *address)
{
	pid_t pid = fork();

	if (!pid)
		_exit(work(group, listener, address));
	return pid;
}

/* Until it is told to stop: as many as there shall be. */
static int tend(const char *group, int workers, int listener, const char *address)
{
	int running = 0, status = 0;

	while (!stopping) {
		while (running < workers && start_worker(group, listener, address) > 0)
			running++;
		if (wait(&status) < 0)
			continue;	/* a signal */
		running--;
		if (WIFEXITED(status) && WEXITSTATUS(status) == NEVER_STARTED)
			return 1;
		printf("a worker has ended, another one starts\n");
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_stop };	/* wait() is to end */
	struct pgnl_signalled signalled;
	struct pgnl *handle;
	char address[32];
	int listener, ret;

	if (argc != 4 || atoi(argv[2]) < 1 || atoi(argv[3]) < 1) {
		fprintf(stderr, "usage: web-server GROUP WORKERS PORT\n");
		return 1;
	}
	listener = listen_on(argv[3]);
	if (listener < 0)
		return complain(NULL, "listen", listener);
	snprintf(address, sizeof(address), "http://127.0.0.1:%s", argv[3]);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	ret = tend(argv[1], atoi(argv[2]), listener, address);
	if (ret || pgnl_open(&handle))
		return 1;

	/* Those that have joined; and who has not yet, ends with its parent. */
	pgnl_signal(handle, NULL, argv[1], SIGTERM, NULL, &signalled);
	pgnl_close(handle);
	return 0;
}
