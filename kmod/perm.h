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
	PGNL_MAY_ACT	= 1,	/* signal members */
	PGNL_MAY_WRITE	= 2,	/* join, leave, create groups */
	PGNL_MAY_READ	= 4,	/* list, watch, map */
};

/**
 * struct pgnl_caller - Who asks.
 * @pn: the tables asked, those of the socket's network namespace
 * @cred: credentials of the sender
 * @opener: credentials of whoever opened the socket
 *
 * Every check passes for both credentials, so that nobody gains anything by
 * making somebody else write to a socket, or by being handed one.
 */
struct pgnl_caller {
	struct pgnl_net *pn;
	const struct cred *cred;
	const struct cred *opener;
};

void pgnl_perm_caller(struct pgnl_caller *who, struct sk_buff *skb);
bool pgnl_perm_admin(const struct pgnl_caller *who);
bool pgnl_perm_init_admin(const struct pgnl_caller *who);
bool pgnl_perm_owner(const struct pgnl_caller *who,
		     const struct pgnl_owner *owner);
bool pgnl_perm_mode(const struct pgnl_caller *who,
		    const struct pgnl_owner *owner, u16 want);
bool pgnl_perm_scope(const struct pgnl_caller *who,
		     const struct pgnl_scope *scope, u16 want);
bool pgnl_perm_group(const struct pgnl_caller *who,
		     const struct pgnl_group *group, u16 want);
int __must_check pgnl_perm_target(const struct pgnl_caller *who,
				  struct pid *pid);

#endif /* _PGNL_PERM_H */
