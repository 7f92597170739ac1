/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's fault injection: failures of chosen allocations. Stock kernels
 * have none; those that selftests/vm/kernel builds have.
 */
#ifndef PGNL_SELFTESTS_FAULT_H
#define PGNL_SELFTESTS_FAULT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proc.h"

static const char *const fault_kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

#define for_each_fault_kind(kind) \
	for (const char *const *kind = fault_kinds; kind < &fault_kinds[3]; kind++)

/* Settings that a kind of fault does not have are left out. */
static inline void fault_set(const char *kind, const char *setting, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", kind, setting);
	write_text(path, value);
}

/* Only where that range of code is on the stack. */
static inline void fault_confine(const char *kind, unsigned long start, unsigned long end)
{
	char value[32];

	snprintf(value, sizeof(value), "%#lx", start);
	fault_set(kind, "require-start", value);
	snprintf(value, sizeof(value), "%#lx", end);
	fault_set(kind, "require-end", value);
}

/* Any allocation of any size can fail, without a word, when asked to. */
static inline void fault_everywhere(void)
{
	for_each_fault_kind(kind) {
		fault_set(*kind, "probability", "0");
		fault_set(*kind, "verbose", "0");
		fault_set(*kind, "ignore-gfp-wait", "N");
		fault_set(*kind, "ignore-gfp-highmem", "N");
		fault_set(*kind, "min-order", "0");
		fault_confine(*kind, 0, -1UL);
	}
}

/* Range of the code of a symbol, or of all of a module's, by /proc/kallsyms. */
static inline bool fault_code_of(const char *symbol, const char *module,
				 unsigned long *start, unsigned long *end)
{
	char line[512], name[256], of[256];
	FILE *file = fopen("/proc/kallsyms", "r");
	unsigned long at;
	bool inside = false;
	char type;

	*start = -1UL;
	*end = 0;
	while (file && fgets(line, sizeof(line), file)) {
		*of = '\0';
		if (sscanf(line, "%lx %c %255s [%255[^]]]", &at, &type, name, of) < 3)
			continue;
		if (module ? !strcmp(of, module) && strchr("tT", type) : !strcmp(name, symbol)) {
			*start = at < *start ? at : *start;
			*end = at + 1 > *end ? at + 1 : *end;
			inside = !module;
		} else if (inside && at > *start) {
			*end = at;
			inside = false;
		}
	}
	if (file)
		fclose(file);
	return *start < *end;
}

/* False where stacks are not looked at. */
static inline bool fault_only_in(const char *symbol, const char *module)
{
	unsigned long start, end;

	if (access("/sys/kernel/debug/failslab/require-start", W_OK) ||
	    !fault_code_of(symbol, module, &start, &end))
		return false;
	fault_confine("failslab", start, end);
	fault_confine("fail_page_alloc", start, end);
	fault_confine("fail_usercopy", 1, 1);
	return true;
}

/* A descriptor by which the calling thread orders its own faults, or -1. */
static inline int fault_open(void)
{
	return open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

/* The nth allocation from here on fails. */
static inline bool fault_order(int fd, unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(fd, text, len, 0) == len;
}

/*
 * No more; tells whether it has happened. When the read fails, it was the read
 * that did.
 */
static inline bool fault_happened(int fd)
{
	char text[16] = "";
	bool happened = pread(fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);

	fault_order(fd, 0);
	return happened;
}

#endif /* PGNL_SELFTESTS_FAULT_H */
