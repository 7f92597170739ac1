/* SPDX-License-Identifier: GPL-2.0-only */
/* Scopes shared into other network namespaces. */
#ifndef _PGNL_SHARE_H
#define _PGNL_SHARE_H

#include <linux/types.h>

#include "table.h"

struct pgnl_alias;
struct pgnl_caller;
struct pgnl_fault;
struct pgnl_scope;

/* Subscriptions through an alias have numbers from here on, others below. */
#define PGNL_SHARE_SUBS	BIT(30)

void pgnl_share_table_init(struct pgnl_net *pn);
void pgnl_share_table_destroy(struct pgnl_net *pn);
void pgnl_share_settle(struct pgnl_net *pn);
void pgnl_share_scope_end_locked(struct pgnl_scope *scope);

int pgnl_share_add(struct pgnl_scope *scope, struct pgnl_net *to,
		   const char *name, struct pgnl_fault *fault);
void pgnl_share_del(struct pgnl_caller *who);

bool pgnl_share_has(struct pgnl_net *pn, const char *name);
bool pgnl_share_enter(struct pgnl_caller *who, const char *name);
bool pgnl_share_enter_sub(struct pgnl_caller *who, u32 id);
bool pgnl_share_enter_next(struct pgnl_caller *who, u32 *number, bool living);
void pgnl_share_leave(struct pgnl_caller *who);
struct pgnl_scope *pgnl_share_borrow(const struct pgnl_caller *who);
struct pgnl_scope *pgnl_share_scope(const struct pgnl_caller *who);
const char *pgnl_share_name(const struct pgnl_alias *alias);

struct pgnl_alias *pgnl_share_hold_sub(struct pgnl_alias *alias, u32 *id);
void pgnl_share_drop_sub(struct pgnl_alias *alias, u32 id);
bool pgnl_share_is_dead(const struct pgnl_alias *alias);

const char *pgnl_share_check_locked(struct pgnl_net *pn);

#endif /* _PGNL_SHARE_H */
