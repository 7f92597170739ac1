/* SPDX-License-Identifier: GPL-2.0-only */
/* Scopes: independent tables of groups. */
#ifndef _PGNL_SCOPE_H
#define _PGNL_SCOPE_H

#include <linux/types.h>

#include "table.h"

/* The scope of the names. */
#define PGNL_SCOPE_NAMES	"global"

int pgnl_scope_table_init(struct pgnl_net *pn);
void pgnl_scope_table_destroy(struct pgnl_net *pn);

struct pgnl_scope *pgnl_scope_find_rcu(struct pgnl_net *pn, const char *name);
struct pgnl_scope *pgnl_scope_get(struct pgnl_net *pn, const char *name);
struct pgnl_owner pgnl_scope_owner(const struct pgnl_scope *scope);
void pgnl_scope_put(struct pgnl_scope *scope);

int pgnl_scope_add(struct pgnl_net *pn, const char *name, u8 mode, u8 flags,
		   const struct pgnl_owner *owner, struct pgnl_fault *fault);
void pgnl_scope_set_owner(struct pgnl_scope *scope,
			  const struct pgnl_owner *owner);
int pgnl_scope_del(struct pgnl_net *pn, const char *name);
void pgnl_scope_changed_locked(struct pgnl_scope *scope);

#endif /* _PGNL_SCOPE_H */
