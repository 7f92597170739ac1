/* SPDX-License-Identifier: GPL-2.0-only */
/* Picking one member of a group, of whatever node. */
#ifndef _PGNL_CHOOSE_H
#define _PGNL_CHOOSE_H

struct pgnl_group;
struct pgnl_member;
struct pgnl_pick;
struct pgnl_remote;

/**
 * struct pgnl_choice - Who was picked: one of these, the other is NULL.
 * @member: a member of this node
 * @remote: a member of another one
 */
struct pgnl_choice {
	struct pgnl_member *member;
	struct pgnl_remote *remote;
};

int pgnl_choose_rcu(struct pgnl_group *group, const struct pgnl_pick *pick,
		    struct pgnl_choice *choice);
int pgnl_choose_locked(struct pgnl_group *group, const struct pgnl_pick *pick,
		       struct pgnl_choice *choice);

#endif /* _PGNL_CHOOSE_H */
