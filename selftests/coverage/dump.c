// SPDX-License-Identifier: GPL-2.0-or-later
/* Linked to the library that counts, for exit.c: gcov's own functions are hidden in it. */
#define EXPORT __attribute__((visibility("default")))

extern void __gcov_dump(void);
extern void __gcov_reset(void);
void coverage_dump(void);
void coverage_reset(void);

EXPORT void coverage_dump(void)
{
	__gcov_dump();
}

EXPORT void coverage_reset(void)
{
	__gcov_reset();
}
