/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc tells about processes and about this boot. */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

struct proc_task {
	char comm[64];
	uint64_t start;		/* clock ticks since boot */
};

/* Is /proc that of the caller's pid namespace, so that pids mean the same? */
bool proc_usable(void);

/* False when the process is gone or hidden. */
bool proc_task(pid_t pid, struct proc_task *task);

/* A clock tick since boot as a local date and time, malloc'ed. */
char *proc_time(uint64_t ticks);

/* The first line of a file; false when there is none. */
bool proc_line(const char *path, char *line, size_t size);

/* The id of this boot, "" when it is hidden. */
#define PROC_BOOT_MAX 40
void proc_boot(char boot[PROC_BOOT_MAX]);

#endif
