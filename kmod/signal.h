/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals to the members of a group. */
#ifndef _PGNL_SIGNAL_H
#define _PGNL_SIGNAL_H

#include <linux/types.h>

struct pgnl_caller;
struct pgnl_crowd;
struct pgnl_tally;

/**
 * struct pgnl_signal - What to send.
 * @nr: number of the signal; 0 only asks
 * @far: for a sender on another node, whose credentials current wears
 * @queued: whether to queue a value along
 * @value: the value
 */
struct pgnl_signal {
	int nr;
	bool far;
	bool queued;
	u64 value;
};

void pgnl_signal_crowd(const struct pgnl_crowd *crowd,
		       const struct pgnl_caller *who,
		       const struct pgnl_signal *signal,
		       struct pgnl_tally *tally);

#endif /* _PGNL_SIGNAL_H */
