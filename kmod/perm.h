/* SPDX-License-Identifier: GPL-2.0-only */
/* Who may do what. */
#ifndef _PGNL_PERM_H
#define _PGNL_PERM_H

#include <linux/types.h>

#include "table.h"

struct cred;
struct pid;
struct sk_buff;

/* What to ask of a mode; as of a file. */
enum {
	PGNL_MAY_ACT	= 1,	/* signal members, send to them */
	PGNL_MAY_WRITE	= 2,	/* join, leave, create groups */
	PGNL_MAY_READ	= 4,	/* list, watch, map */
};

/**
 * struct pgnl_caller - Who asks.
 * @pn: the tables asked, those of the socket's network namespace
 * @cred: credentials of the sender
 * @opener: credentials of whoever opened the socket
 * @self: process of the sender
 * @node: the name of another node, for a sender there that the agent acts for,
 *	borrowed from the request; else NULL
 * @via: the alias by which it has come to tables of another network namespace,
 *	entered (share.c); NULL: they are its own
 *
 * Every check passes for both credentials, so that nobody gains anything by
 * making somebody else write to a socket, or by being handed one.
 */
struct pgnl_caller {
	struct pgnl_net *pn;
	const struct cred *cred;
	const struct cred *opener;
	struct pid *self;
	const char *node;
	struct pgnl_alias *via;
};

void pgnl_perm_caller(struct pgnl_caller *who, struct sk_buff *skb);
void pgnl_perm_keep(struct pgnl_caller *kept, const struct pgnl_caller *who);
void pgnl_perm_drop(const struct pgnl_caller *who);
bool pgnl_perm_admin(const struct pgnl_caller *who);
bool pgnl_perm_is_admin(const struct pgnl_caller *who);
bool pgnl_perm_init_admin(const struct pgnl_caller *who);
bool pgnl_perm_is_owner(const struct pgnl_caller *who,
			const struct pgnl_owner *owner);
bool pgnl_perm_owner(const struct pgnl_caller *who,
		     const struct pgnl_owner *owner);
bool pgnl_perm_give(const struct pgnl_caller *who,
		    const struct pgnl_owner *owner);
bool pgnl_perm_same_user(const struct pgnl_caller *who);
bool pgnl_perm_granted(const struct pgnl_caller *who,
		       const struct pgnl_owner *owner, u16 want);
bool pgnl_perm_mode(const struct pgnl_caller *who,
		    const struct pgnl_owner *owner, u16 want);
bool pgnl_perm_scope_owner(const struct pgnl_caller *who,
			   const struct pgnl_scope *scope, u16 want);
bool pgnl_perm_group(const struct pgnl_caller *who,
		     const struct pgnl_group *group, u16 want);
const struct cred *pgnl_perm_cred_of(kuid_t uid);
int __must_check pgnl_perm_target(const struct pgnl_caller *who,
				  struct pid *pid);

/**
 * pgnl_perm_is_open() - Does the mode of a scope or group grant it to all?
 * @owner: owner and mode
 * @want: PGNL_MAY_*
 *
 * Return: true when it does, whoever asks.
 */
static inline bool pgnl_perm_is_open(const struct pgnl_owner *owner, u16 want)
{
	u16 all = want | want << 3 | want << 6;

	return (READ_ONCE(owner->perm) & all) == all;
}

/**
 * pgnl_perm_scope() - Does a scope grant something?
 * @who: the caller
 * @scope: the scope
 * @want: PGNL_MAY_*
 *
 * Return: true when it does.
 */
static inline bool pgnl_perm_scope(const struct pgnl_caller *who,
				   const struct pgnl_scope *scope, u16 want)
{
	/* The usual case needs no owner. */
	return pgnl_perm_is_open(&scope->owner, want) ||
	       pgnl_perm_scope_owner(who, scope, want);
}

#endif /* _PGNL_PERM_H */
