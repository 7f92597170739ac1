/* SPDX-License-Identifier: GPL-2.0-only */
/* How the end of a process is learned. */
#ifndef _PGNL_EXIT_H
#define _PGNL_EXIT_H

#include <linux/types.h>

struct pgnl_proc;
struct pid;

bool pgnl_exit_pid_is_dead(struct pid *pid);
bool pgnl_exit_pid_is_thread(struct pid *pid);
bool pgnl_exit_is_dead(const struct pgnl_proc *proc);
void pgnl_exit_watch(struct pgnl_proc *proc);
void pgnl_exit_unwatch(struct pgnl_proc *proc);
void pgnl_exit_requeue_locked(struct pgnl_proc *proc);

#endif /* _PGNL_EXIT_H */
