// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"

static enum core_log_level most = CORE_LOG_INFO;

void log_set_verbose(void)
{
	most = CORE_LOG_DEBUG;
}

void log_line(enum core_log_level level, const char *text)
{
	/* Of syslog(3). */
	static const int priority[] = {
		[CORE_LOG_ERROR] = 3, [CORE_LOG_WARNING] = 4, [CORE_LOG_INFO] = 6,
		[CORE_LOG_DEBUG] = 7,
	};

	if (level > most)
		return;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "pgnld: %s\n", text);
	else
		fprintf(stderr, "<%d>pgnld: %s\n", priority[level], text);
}

static void log_args(enum core_log_level level, const char *format, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, args);
	log_line(level, text);
}

#define LOG(name, level)						\
void name(const char *format, ...)					\
{									\
	va_list args;							\
									\
	va_start(args, format);						\
	log_args(level, format, args);					\
	va_end(args);							\
}

LOG(log_error, CORE_LOG_ERROR)
LOG(log_warning, CORE_LOG_WARNING)
LOG(log_info, CORE_LOG_INFO)
LOG(log_debug, CORE_LOG_DEBUG)
