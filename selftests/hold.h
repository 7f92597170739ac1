/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds up the kernel's workers: the test runs at real-time priority on one
 * CPU and spinners of the same priority fill all others, so that deferred work
 * does not run before the test sleeps for long. What the test reads then is
 * what the kernel says in the window between a process's end and its clean-up.
 */
#ifndef PGNL_SELFTESTS_HOLD_H
#define PGNL_SELFTESTS_HOLD_H

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "proc.h"

#define HOLD_CPUS	64
#define HOLD_MS		900	/* the kernel lets others run after 950 */

struct hold {
	pthread_t spinner[HOLD_CPUS];
	unsigned int n;
	atomic_uint spinning;
	atomic_bool stop;
	long since;
};

static inline bool use_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

static inline bool use_policy(int policy)
{
	struct sched_param param = { .sched_priority = policy == SCHED_FIFO };

	return !sched_setscheduler(0, policy, &param);
}

static inline void *hold_spin(void *arg)
{
	struct hold *h = arg;

	if (use_policy(SCHED_FIFO)) {
		atomic_fetch_add(&h->spinning, 1);
		while (!atomic_load_explicit(&h->stop, memory_order_relaxed))
			;
	}
	return NULL;
}

static inline int hold_spinner(struct hold *h, int cpu)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int err;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	err = pthread_create(&h->spinner[h->n], &attr, hold_spin, h);
	pthread_attr_destroy(&attr);
	h->n += !err;
	return err;
}

static inline void hold_end(struct hold *h)
{
	use_policy(SCHED_OTHER);
	atomic_store(&h->stop, true);
	while (h->n)
		pthread_join(h->spinner[--h->n], NULL);
	munlockall();
}

/*
 * The caller must be on CPU 0, and so must be whatever has to run meanwhile;
 * keep it to milliseconds, since the kernel ends it after one second.
 */
static inline bool hold_start(struct hold *h)
{
	int cpu, cpus = sysconf(_SC_NPROCESSORS_ONLN);

	memset(h, 0, sizeof(*h));
	for (cpu = 1; cpu < cpus && cpu < HOLD_CPUS; cpu++)
		if (hold_spinner(h, cpu))
			break;
	h->since = now_ms();
	if (!mlockall(MCL_CURRENT) && wait_until(h->spinning + 1 == (unsigned int)cpus) &&
	    use_policy(SCHED_FIFO))
		return true;
	hold_end(h);
	return false;
}

/* Nothing has run meanwhile, which may be otherwise on a slow machine. */
static inline bool hold_lasts(const struct hold *h)
{
	return now_ms() - h->since < HOLD_MS;
}

#endif /* PGNL_SELFTESTS_HOLD_H */
