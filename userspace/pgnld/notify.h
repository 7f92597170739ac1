/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words to the service manager, as sd_notify(3) describes them; without one, nothing. */
#ifndef PGNLD_NOTIFY_H
#define PGNLD_NOTIFY_H

/* "READY=1", "STATUS=...", "WATCHDOG=1"; several, a line each. */
void notify(const char *state);
/* Microseconds within which the manager wants to hear "WATCHDOG=1"; 0: it does not. */
unsigned long notify_watchdog(void);

#endif
