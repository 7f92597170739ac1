/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second thread with a socket of its own. It takes part in rounds: it does its part
 * between two meetings with the test, one before each round and one after it.
 */
#ifndef PGNL_SELFTESTS_RIVAL_H
#define PGNL_SELFTESTS_RIVAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "common.h"

struct rival {
	pthread_t thread;
	pthread_barrier_t meet;
	struct client *c;
	void (*act)(struct rival *rival);
	bool quit;
	pid_t pid;		/* what the round is about */
	uint64_t id;
	int result;
	unsigned int spin;	/* delay, to shift the race about */
};

static inline void spin(unsigned int n)
{
	while (n--)
		atomic_signal_fence(memory_order_seq_cst);
}

static inline void *rival_main(void *arg)
{
	struct rival *rival = arg;

	for (;;) {
		pthread_barrier_wait(&rival->meet);
		if (rival->quit)
			return NULL;
		spin(rival->spin);
		rival->act(rival);
		pthread_barrier_wait(&rival->meet);
	}
}

static inline bool rival_start(struct rival *rival, void (*act)(struct rival *rival))
{
	rival->c = client_open();
	rival->act = act;
	return rival->c && !pthread_barrier_init(&rival->meet, NULL, 2) &&
	       !pthread_create(&rival->thread, NULL, rival_main, rival);
}

static inline void rival_end(struct rival *rival)
{
	rival->quit = true;
	pthread_barrier_wait(&rival->meet);
	pthread_join(rival->thread, NULL);
	client_close(rival->c);
}

#endif
