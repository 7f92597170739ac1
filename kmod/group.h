/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups. */
#ifndef _PGNL_GROUP_H
#define _PGNL_GROUP_H

#include <linux/types.h>

#include "table.h"

struct pgnl_caller;

int pgnl_group_table_init(struct pgnl_net *pn);
void pgnl_group_table_destroy(struct pgnl_net *pn);

struct pgnl_group *pgnl_group_new(struct pgnl_scope *scope,
				  const struct pgnl_name *name);
void pgnl_group_free(struct pgnl_group *group);
int __must_check pgnl_group_add_locked(struct pgnl_group *group,
				       struct pgnl_fault *fault);
struct pgnl_group *pgnl_group_find(struct pgnl_scope *scope,
				   const struct pgnl_name *name);
void pgnl_group_get_locked(struct pgnl_group *group);
void pgnl_group_put_locked(struct pgnl_group *group);

int pgnl_group_create(struct pgnl_scope *scope, const struct pgnl_name *name,
		      const struct pgnl_owner *owner, struct pgnl_fault *fault);
int pgnl_group_delete(const struct pgnl_caller *who, struct pgnl_scope *scope,
		      const struct pgnl_name *name, bool *missing);
void pgnl_group_delete_all_locked(struct pgnl_scope *scope);

/**
 * pgnl_group_is_seen() - Is a group there for readers?
 * @group: the group
 *
 * Return: true when it was created or has a member.
 */
static inline bool pgnl_group_is_seen(const struct pgnl_group *group)
{
	return !READ_ONCE(group->dead) &&
	       (READ_ONCE(group->created) || READ_ONCE(group->nr_seen));
}

#endif /* _PGNL_GROUP_H */
