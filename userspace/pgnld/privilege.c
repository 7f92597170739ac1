// SPDX-License-Identifier: GPL-2.0-or-later
#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include "privilege.h"

/* A service manager that has left no more may also forbid to ask for less. */
static bool has_more(void)
{
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (cap != CAP_NET_ADMIN && (capng_have_capability(CAPNG_EFFECTIVE, cap) ||
					     capng_have_capability(CAPNG_PERMITTED, cap)))
			return true;
	}
	return false;
}

int privilege_drop(void)
{
	capng_select_t what = CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT;

	if (capng_get_caps_process() ||
	    !capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN))
		return -EPERM;
	if (!has_more())
		return 0;
	/* What a program that is run could have again; that takes a right of its own. */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		what |= CAPNG_SELECT_BOUNDS;
	capng_clear(CAPNG_SELECT_ALL);
	capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || capng_apply(what))
		return -EPERM;
	return 0;
}
