/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon has to say: lines on stderr, which systemd takes into its journal. */
#ifndef PGNLD_LOG_H
#define PGNLD_LOG_H

#include "core.h"

/* Debug lines, too. */
void log_set_verbose(void);
/* One line, without a newline. With a priority that the journal reads, unless a
 * terminal would show it.
 */
void log_line(enum core_log_level level, const char *text);

__attribute__((format(printf, 1, 2))) void log_error(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_warning(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_info(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_debug(const char *format, ...);

#endif
