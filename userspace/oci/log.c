// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define NAME	"pgnl-oci-hook"

static char about[64];

/* Others chose the bytes, so only what is plain ASCII is shown as it is. */
static void escape(char *to, size_t size, const char *from)
{
	size_t used = 0;

	for (; *from && used + 5 < size; from++) {
		unsigned char byte = (unsigned char)*from;

		if (byte >= 0x20 && byte < 0x7f)
			to[used++] = *from;
		else
			used += (size_t)snprintf(to + used, size - used, "\\x%02x", byte);
	}
	to[used] = '\0';
}

void log_about(const char *id)
{
	escape(about, sizeof(about), id);
}

/* One write for a line; stdio would seek first, which this device refuses. */
static void to_kernel_log(int level, const char *line)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	char record[1100];
	ssize_t n;
	int len;

	if (fd < 0)
		return;
	len = snprintf(record, sizeof(record), "<%d>" NAME "[%d]: %s\n", LOG_DAEMON | level,
		       getpid(), line);
	n = write(fd, record, (size_t)len);
	(void)n; /* nobody else is left to be told */
	close(fd);
}

void log_line(int level, const char *format, ...)
{
	char text[768], shown[900], line[1000];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	escape(shown, sizeof(shown), text);
	snprintf(line, sizeof(line), "%s%s%s%s", *about ? "container " : "", about,
		 *about ? ": " : "", shown);
	dprintf(STDERR_FILENO, NAME ": %s\n", line);
	if (access("/dev/log", F_OK)) {
		to_kernel_log(level, line);
		return;
	}
	openlog(NAME, LOG_PID, LOG_DAEMON);
	syslog(level, "%s", line);
	closelog();
}
