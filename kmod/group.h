/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups. */
#ifndef _PGNL_GROUP_H
#define _PGNL_GROUP_H

#include <linux/rcupdate.h>
#include <linux/types.h>

#include "table.h"
#include "view.h"

struct pgnl_caller;

int pgnl_group_table_init(struct pgnl_net *pn);
void pgnl_group_table_destroy(struct pgnl_net *pn);

struct pgnl_group *pgnl_group_new(struct pgnl_scope *scope,
				  const struct pgnl_name *name);
struct pgnl_group *pgnl_group_new_far(struct pgnl_scope *scope,
				      const struct pgnl_name *name,
				      struct pgnl_user *user);
void pgnl_group_free(struct pgnl_group *group);
int __must_check pgnl_group_add_locked(struct pgnl_group *group,
				       struct pgnl_fault *fault);
struct pgnl_group *pgnl_group_find_rcu(struct pgnl_scope *scope,
				       const struct pgnl_name *name);
struct pgnl_group *pgnl_group_find(struct pgnl_scope *scope,
				   const struct pgnl_name *name);
void pgnl_group_remove_locked(struct pgnl_group *group);
struct pgnl_title *pgnl_group_title(struct pgnl_group *group);

int pgnl_group_create(struct pgnl_scope *scope, const struct pgnl_name *name,
		      const struct pgnl_owner *owner, struct pgnl_fault *fault);
bool pgnl_group_may_delete_locked(const struct pgnl_caller *who,
				  const struct pgnl_group *group);
int pgnl_group_delete(const struct pgnl_caller *who, struct pgnl_scope *scope,
		      const struct pgnl_name *name, bool *missing);
void pgnl_group_delete_all_locked(struct pgnl_scope *scope);

/**
 * pgnl_group_get_locked() - Take a reference.
 * @group: the group
 */
static inline void pgnl_group_get_locked(struct pgnl_group *group)
{
	pgnl_assert_locked(group->scope->pn);
	group->refs++;
}

/**
 * pgnl_group_put_locked() - Return a reference; the last one unpublishes.
 * @group: the group
 */
static inline void pgnl_group_put_locked(struct pgnl_group *group)
{
	pgnl_assert_locked(group->scope->pn);
	if (!--group->refs)
		pgnl_group_remove_locked(group);
}

/**
 * pgnl_group_is_far() - Do other nodes have anything in a group?
 * @group: the group
 *
 * Return: true when it has members there, or was created there.
 */
static inline bool pgnl_group_is_far(const struct pgnl_group *group)
{
	return rcu_access_pointer(group->remotes);
}

/**
 * pgnl_group_is_seen() - Is a group there for readers?
 * @group: the group
 *
 * Return: true when it was created or has a member, here or elsewhere.
 */
static inline bool pgnl_group_is_seen(const struct pgnl_group *group)
{
	return !READ_ONCE(group->dead) &&
	       (READ_ONCE(group->created) || READ_ONCE(group->nr_seen) ||
		pgnl_group_is_far(group));
}

/**
 * pgnl_group_begin_locked() - Begin to publish or unpublish members.
 * @group: the group
 *
 * Readers see what is done up to pgnl_group_end_locked() as one change.
 */
static inline void pgnl_group_begin_locked(struct pgnl_group *group)
{
	raw_write_seqcount_begin(&group->seq);
	pgnl_view_begin_locked(group);
}

/**
 * pgnl_group_end_locked() - End what pgnl_group_begin_locked() began.
 * @group: the group
 */
static inline void pgnl_group_end_locked(struct pgnl_group *group)
{
	pgnl_view_end_locked(group);
	raw_write_seqcount_end(&group->seq);
}

#endif /* _PGNL_GROUP_H */
