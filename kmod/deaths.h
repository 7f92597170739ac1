/* SPDX-License-Identifier: GPL-2.0-only */
/* A word for each process, by which readers of views see that it has ended. */
#ifndef _PGNL_DEATHS_H
#define _PGNL_DEATHS_H

#include <linux/types.h>

#include "table.h"

struct page;
struct pgnl_deaths;

/* Most words; there are no more pids either. */
#define PGNL_DEATHS_MAX		(4U << 20)

struct pgnl_deaths *pgnl_deaths_new(void);
void pgnl_deaths_get(struct pgnl_deaths *deaths);
void pgnl_deaths_put(struct pgnl_deaths *deaths);
int __must_check pgnl_deaths_watch_locked(struct pgnl_proc *proc);
void pgnl_deaths_set(struct pgnl_proc *proc);
void pgnl_deaths_clear_locked(struct pgnl_proc *proc);
struct page *pgnl_deaths_page(struct pgnl_deaths *deaths, unsigned long index);

/**
 * pgnl_deaths_mark() - Tell readers of views that a process has ended.
 * @proc: the process, marked dead before; watched, or lock held
 *
 * For the exit callback: takes no lock.
 */
static inline void pgnl_deaths_mark(struct pgnl_proc *proc)
{
	/* Pairs with that in pgnl_deaths_watch_locked(). */
	if (unlikely(smp_load_acquire(&proc->word)))
		pgnl_deaths_set(proc);
}

/**
 * pgnl_deaths_forget_locked() - Give the word of a process back.
 * @proc: a process without rows that is not watched any more
 */
static inline void pgnl_deaths_forget_locked(struct pgnl_proc *proc)
{
	if (unlikely(proc->word))
		pgnl_deaths_clear_locked(proc);
}

#endif /* _PGNL_DEATHS_H */
