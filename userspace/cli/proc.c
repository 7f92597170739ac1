// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "proc.h"

bool proc_usable(void)
{
	static int usable = -1;		/* not looked yet */
	char self[24] = "";

	if (usable < 0)
		usable = readlink("/proc/self", self, sizeof(self) - 1) > 0 &&
			 atoi(self) == getpid();
	return usable;
}

/* "PID (COMM) STATE ..."; a name may hold anything, so its end is the last ')'. */
bool proc_task(pid_t pid, struct proc_task *task)
{
	char path[32], stat[1024], *name, *end;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	len = fread(stat, 1, sizeof(stat) - 1, file);
	fclose(file);
	stat[len] = 0;
	name = strchr(stat, '(');
	end = strrchr(stat, ')');
	if (!name || !end)
		return false;
	*end = 0;
	snprintf(task->comm, sizeof(task->comm), "%s", name + 1);
	/* Field 22; the one behind the name is the third. */
	return sscanf(end + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
		      " %*s %*s %*s %*s %" SCNu64, &task->start) == 1;
}

static time_t boot_time(void)
{
	FILE *file = fopen("/proc/stat", "re");
	char line[4096];
	long long at = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "btime %lld", &at) == 1)
			break;
	if (file)
		fclose(file);
	return at;
}

char *proc_time(uint64_t ticks)
{
	static time_t boot;
	char text[32];
	struct tm tm;
	time_t at;

	if (!boot)
		boot = boot_time();
	at = boot + ticks / sysconf(_SC_CLK_TCK);
	strftime(text, sizeof(text), "%F %T", localtime_r(&at, &tm));
	return need(strdup(text));
}

bool proc_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool got = file && fgets(line, size, file);

	if (file)
		fclose(file);
	if (got)
		line[strcspn(line, "\n")] = 0;
	return got;
}

void proc_boot(char boot[PROC_BOOT_MAX])
{
	if (!proc_line("/proc/sys/kernel/random/boot_id", boot, PROC_BOOT_MAX))
		*boot = 0;
}
