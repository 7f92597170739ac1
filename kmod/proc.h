/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that are members of something or have an inbox. */
#ifndef _PGNL_PROC_H
#define _PGNL_PROC_H

#include <linux/types.h>
#include <linux/uidgid.h>

#include "exit.h"
#include "table.h"

struct pgnl_user;
struct pid;
struct work_struct;

int pgnl_proc_init(void);
void pgnl_proc_exit(void);
int pgnl_proc_table_init(struct pgnl_net *pn);
void pgnl_proc_table_destroy(struct pgnl_net *pn);

bool __must_check pgnl_proc_alloc(struct pgnl_proc **procs, u32 n);
void pgnl_proc_free_blank(struct pgnl_proc **procs, u32 n);
void pgnl_proc_fill(struct pgnl_proc *proc, struct pgnl_net *pn,
		    struct pid *pid, struct pgnl_user *user);
struct pgnl_proc *pgnl_proc_new(struct pgnl_net *pn, struct pid *pid);
void pgnl_proc_free(struct pgnl_proc *proc);
int __must_check pgnl_proc_add_locked(struct pgnl_proc *proc);
struct pgnl_proc *pgnl_proc_find_id_locked(struct pgnl_net *pn, u64 id);
struct pid *pgnl_proc_pid_of_id(struct pgnl_net *pn, u64 id);
void pgnl_proc_remove_locked(struct pgnl_proc *proc);
void pgnl_proc_reap(struct work_struct *work);
void pgnl_proc_reap_last(struct pgnl_net *pn);
void pgnl_proc_sweep(struct pgnl_net *pn);

u64 pgnl_proc_own_id(struct pgnl_net *pn);

/**
 * pgnl_proc_find() - Look a process up.
 * @pn: the tables
 * @pid: the process
 *
 * Who watches a process is its index by struct pid: there is mostly one.
 *
 * Return: the object or NULL, borrowed while the lock is held or within RCU.
 */
static inline struct pgnl_proc *pgnl_proc_find(struct pgnl_net *pn,
					       struct pid *pid)
{
	return pgnl_exit_is_watched(pid) ? pgnl_exit_find(pn, pid) : NULL;
}

/**
 * pgnl_proc_get_locked() - Take a reference.
 * @proc: a published process
 */
static inline void pgnl_proc_get_locked(struct pgnl_proc *proc)
{
	pgnl_assert_locked(proc->pn);
	proc->refs++;
}

/**
 * pgnl_proc_put_locked() - Return a reference; the last one unpublishes.
 * @proc: a published process
 */
static inline void pgnl_proc_put_locked(struct pgnl_proc *proc)
{
	pgnl_assert_locked(proc->pn);
	if (!--proc->refs)
		pgnl_proc_remove_locked(proc);
}

#endif /* _PGNL_PROC_H */
