/* SPDX-License-Identifier: GPL-2.0-only */
/* Names: groups of an exclusive scope, which have at most one member. */
#ifndef _PGNL_NAME_H
#define _PGNL_NAME_H

#include <linux/types.h>

#include "table.h"

struct pgnl_caller;
struct pgnl_remote;
struct pid;

/**
 * struct pgnl_claim - What a registration asks beside a join.
 * @replace: take the name from whoever holds it
 * @resolve: enum pgnl_resolve
 * @agreed: other nodes have agreed
 * @by: who asks, if it is not current: the agent carries it out; or NULL
 * @floor: a number that the fencing number is above
 * @since: the stamp of whom the name is taken from, or 0; set by the check
 * @tell: called with the lock held for a member that is to be told of: the
 *	one that holds the name and keeps or loses it, and then, when that is
 *	settled, the one that has got it (@own)
 * @tell_far: the same for a holder on another node, which keeps it
 */
struct pgnl_claim {
	bool replace;
	u8 resolve;
	bool agreed;
	struct pid *by;
	u64 floor;
	u64 since;
	void (*tell)(struct pgnl_claim *claim, struct pgnl_member *member,
		     bool own);
	void (*tell_far)(struct pgnl_claim *claim, struct pgnl_remote *remote);
};

/**
 * struct pgnl_eviction - How a name is taken from a certain holder.
 * @id: member id of the holder
 * @fence: fencing number of its registration
 * @reason: why
 * @exits: kill the process as well, as its registration has to say, by the
 *	rights of the user that it then was
 * @node: the name of the node that it is for, or NULL
 */
struct pgnl_eviction {
	u64 id;
	u64 fence;
	enum pgnl_reason reason;
	bool exits;
	const char *node;
};

/* Where the holder of a name is. */
enum pgnl_name_where {
	PGNL_NAME_NOWHERE,
	PGNL_NAME_HERE,
	PGNL_NAME_FAR,		/* on another node */
	PGNL_NAME_SUSPECT,	/* the same, and that is not up */
};

struct pgnl_member *pgnl_name_holder(struct pgnl_group *group);
int __must_check pgnl_name_check_locked(const struct pgnl_caller *who,
					struct pgnl_member *member,
					struct pgnl_claim *claim,
					struct pgnl_member **old,
					struct pgnl_fault *fault);
void pgnl_name_settle_locked(struct pgnl_member *member,
			     struct pgnl_member *old,
			     struct pgnl_claim *claim);
void pgnl_name_forget_locked(struct pgnl_member *member);

int pgnl_name_precheck(const struct pgnl_caller *who, struct pgnl_scope *scope,
		       const struct pgnl_name *name, struct pgnl_claim *claim,
		       struct pgnl_fault *fault);
int pgnl_name_evict(struct pgnl_scope *scope, const struct pgnl_name *name,
		    const struct pgnl_eviction *eviction);

int pgnl_name_unregister(const struct pgnl_caller *who,
			 struct pgnl_scope *scope, const struct pgnl_name *name,
			 struct pgnl_claim *claim, enum pgnl_name_where *where,
			 struct pgnl_fault *fault);

#endif /* _PGNL_NAME_H */
