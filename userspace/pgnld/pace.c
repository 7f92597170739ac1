// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A snapshot costs both ends much. So whatever a peer does, it is asked for one, and
 * sent one again, but once in a pause; what comes sooner is owed until then.
 */
#include "state.h"

#include <utlist.h>

#define PAUSE	1000000000ull

static bool is_due(const struct core *core, const struct peer *peer, enum pace what)
{
	return !peer->paced[what] || core->now - peer->paced[what] >= PAUSE;
}

static void act(struct core *core, struct peer *peer, enum pace what)
{
	peer->paced[what] = core->now ? core->now : 1;
	if (what == PACE_ASK) {
		core->stats.resyncs++;
		peer_wish(core, peer, WISH_RESYNC);
	} else {
		peer_restart(core, peer);
	}
}

bool pace(struct core *core, struct peer *peer, enum pace what)
{
	if (is_due(core, peer, what)) {
		act(core, peer, what);
		return true;
	}
	if (!peer->owed)
		DL_APPEND2(core->owing, peer, owing_prev, owing_next);
	peer->owed |= 1u << what;
	return false;
}

void pace_forget(struct core *core, struct peer *peer)
{
	if (peer->owed)
		DL_DELETE2(core->owing, peer, owing_prev, owing_next);
	peer->owed = 0;
}

static void pay(struct core *core, struct peer *peer)
{
	unsigned int left = peer->owed;

	for (enum pace what = 0; what < PACE_KINDS; what++) {
		if (!(left & 1u << what) || !is_due(core, peer, what))
			continue;
		left &= ~(1u << what);
		act(core, peer, what);
	}
	if (!left)
		pace_forget(core, peer);
	peer->owed = left;
}

void pace_tick(struct core *core)
{
	struct peer *peer, *next;

	for (peer = core->owing; peer; peer = next) {
		next = peer->owing_next;
		pay(core, peer);
	}
}

uint64_t pace_wake(const struct core *core)
{
	const struct peer *peer;
	uint64_t wake = CORE_NEVER;

	for (peer = core->owing; peer; peer = peer->owing_next) {
		for (enum pace what = 0; what < PACE_KINDS; what++) {
			if (peer->owed & 1u << what && peer->paced[what] + PAUSE < wake)
				wake = peer->paced[what] + PAUSE;
		}
	}
	return wake;
}
