/* SPDX-License-Identifier: GPL-2.0-only */
/* Members: the rows that tie processes to groups. */
#ifndef _PGNL_MEMBER_H
#define _PGNL_MEMBER_H

#include <linux/types.h>

#include "exit.h"
#include "table.h"

int pgnl_member_init(void);
void pgnl_member_exit(void);
int pgnl_member_table_init(struct pgnl_net *pn);
void pgnl_member_table_destroy(struct pgnl_net *pn);

bool __must_check pgnl_member_alloc(struct hlist_head *blank, u32 n);
void pgnl_member_free_blank(struct hlist_head *blank);
int __must_check pgnl_member_add_locked(struct pgnl_member *member,
					struct pgnl_group *group,
					struct pgnl_proc *proc,
					struct pgnl_fault *fault);
struct pgnl_member *pgnl_member_find_locked(struct pgnl_group *group,
					    struct pgnl_proc *proc);
int __must_check pgnl_member_pin_locked(struct pgnl_member *member);
void pgnl_member_remove_locked(struct pgnl_member *member);

void pgnl_member_join_locked(struct pgnl_member *member, u32 times);
u32 pgnl_member_leave_locked(struct pgnl_member *member, u32 times,
			     enum pgnl_reason reason);
void pgnl_member_end_locked(struct pgnl_member *member);
void pgnl_member_set_meta_locked(struct pgnl_member *member,
				 struct pgnl_meta *meta);
void pgnl_member_remove_all_locked(struct pgnl_proc *proc, u32 *rows);
void pgnl_member_evict_all_locked(struct pgnl_group *group,
				  struct pgnl_node *by, u32 *rows);

struct pgnl_meta *pgnl_meta_new(const void *data, u16 len);
struct pgnl_meta *pgnl_meta_get(struct pgnl_meta *meta);
void pgnl_meta_put(struct pgnl_meta *meta);

/**
 * pgnl_member_unpin_locked() - Let go of a row; one without use is removed.
 * @member: a pinned row
 */
static inline void pgnl_member_unpin_locked(struct pgnl_member *member)
{
	pgnl_assert_locked(member->proc->pn);
	if (!--member->pins && !member->count)
		pgnl_member_remove_locked(member);
}

/**
 * pgnl_member_first() - A membership of a process.
 * @proc: the process, lock held
 *
 * Return: the newest, or NULL.
 */
static inline struct pgnl_member *pgnl_member_first(struct pgnl_proc *proc)
{
	return hlist_entry_safe(proc->rows.first, struct pgnl_member, in_proc);
}

/**
 * pgnl_member_next() - The next membership of its process.
 * @member: one of them, lock held
 *
 * Return: the one before it in time, or NULL.
 */
static inline struct pgnl_member *pgnl_member_next(struct pgnl_member *member)
{
	return hlist_entry_safe(member->in_proc.next, struct pgnl_member,
				in_proc);
}

/**
 * pgnl_member_is_seen_rcu() - Is a member there for readers?
 * @member: the member
 *
 * Return: true when it counts and its process lives.
 */
static inline bool pgnl_member_is_seen_rcu(const struct pgnl_member *member)
{
	return READ_ONCE(member->count) && !pgnl_exit_is_dead_rcu(member->proc);
}

/**
 * pgnl_member_is_seen() - The same.
 * @member: the member, lock held or within RCU
 *
 * Return: true when it counts and its process lives.
 */
static inline bool pgnl_member_is_seen(const struct pgnl_member *member)
{
	return READ_ONCE(member->count) && !pgnl_exit_is_dead(member->proc);
}

#endif /* _PGNL_MEMBER_H */
