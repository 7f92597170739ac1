// SPDX-License-Identifier: GPL-2.0-or-later
/* Who connects while no more files may be open. */
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../acceptor.h"
#include "../../../selftests/check.h"

static struct event_base *base;
static struct acceptor acceptor;
static int tries, taken;

static void on_connect(evutil_socket_t fd, short what, void *arg)
{
	int made = acceptor_take(&acceptor);

	(void)fd;
	(void)what;
	(void)arg;
	tries++;
	if (made < 0)
		return;
	taken++;
	close(made);
}

/* Turns of the loop until the time is over. */
static void run(int ms)
{
	const struct timeval limit = { ms / 1000, ms % 1000 * 1000 };

	event_base_loopexit(base, &limit);
	event_base_dispatch(base);
}

static void allow_files(rlim_t n)
{
	struct rlimit limit;

	CHECK(!getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = n;
	CHECK(!setrlimit(RLIMIT_NOFILE, &limit));
}

static void who_connects_waits_for_room(void)
{
	/* A name that the kernel chooses. */
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(name.sun_family);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(!bind(listener, (struct sockaddr *)&name, len) && !listen(listener, 4));
	len = sizeof(name);
	CHECK(!getsockname(listener, (struct sockaddr *)&name, &len));
	base = event_base_new();
	CHECK(!acceptor_open(&acceptor, base, listener, on_connect, NULL));
	allow_files((rlim_t)client + 1);
	CHECK(!connect(client, (struct sockaddr *)&name, len));
	run(350);
	CHECK(tries >= 1 && tries <= 5 && !taken);
	allow_files(64);
	run(350);
	CHECK(taken == 1);
	/* Nobody else: it is as quiet as before. */
	tries = 0;
	run(50);
	CHECK(!tries);
	acceptor_close(&acceptor);
	event_base_free(base);
	close(client);
	close(listener);
}

int main(void)
{
	RUN(who_connects_waits_for_room);
	return check_result();
}
