/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hook has to say goes to its standard error, which some runtimes hide,
 * and to the system's log: syslog's, or the kernel's where there is none.
 */
#ifndef LOG_H
#define LOG_H

#include <syslog.h>

/* Of which container; an id that others chose. */
void log_about(const char *id);
/* One line of that level of syslog(3). */
void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
