/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Global groups as one node sees them: Erlang's global_group. Pure, as the core is:
 * the definition (the configuration) and contacts (the core, the questions asked
 * across groups) go in, what changes for subscribers comes out within the call.
 *
 * A node is in one group at most. Without any group defined (no_conf) all nodes
 * are in one name space; in a definition that leaves the own node out it has no
 * name space but with the others that are left out.
 *
 * Since version 0.2.
 */
#ifndef PGNLD_GG_H
#define PGNLD_GG_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "core.h"

struct gg;

/* What an own group's nodes are to this one; itself is only among GG_OWN. */
enum gg_list {
	GG_OWN,		/* all of the group, in the order of the definition */
	GG_SYNCED,	/* connected, of the same definition */
	GG_SYNC_ERROR,	/* of another definition, also if this one does not list them */
	GG_NO_CONTACT,	/* neither of them */
};

struct gg_out {
	/* A group node has become synced, or is not any more; in turn. */
	void (*node)(void *arg, const char *node, bool up);
};

struct gg *gg_new(const char *node, const struct gg_out *out, void *arg);
void gg_free(struct gg *gg);

/* Go on with this definition, which stays the caller's until the next one. */
void gg_configure(struct gg *gg, const struct config_group *groups, size_t n_groups);
/* Of another node; as core_out.contact. */
void gg_contact(struct gg *gg, struct core_text node, enum core_contact contact);
/* One that is not connected says that its definition is another one (wrong), or that
 * it is the same. Returns true when that is news.
 */
bool gg_claim(struct gg *gg, struct core_text node, bool wrong);

/* All contacts are gone, with the core that told of them. */
void gg_forget(struct gg *gg);

/* --- to look at --------------------------------------------------------------------- */

/* Are there any groups? */
bool gg_is_defined(const struct gg *gg);
/* The own group, or NULL. */
const struct config_group *gg_own(const struct gg *gg);
/* Other groups that are not hidden, in the order of the definition; false of each ends it. */
void gg_others(const struct gg *gg, bool (*each)(void *arg, const struct config_group *group),
	       void *arg);
void gg_nodes(const struct gg *gg, enum gg_list list,
	      void (*each)(void *arg, const char *node), void *arg);
/* Erlang's own_nodes(), sorted: those of the own group; where none is defined this
 * node and those it is connected with.
 */
void gg_own_nodes(const struct gg *gg, void (*each)(void *arg, const char *node), void *arg);
/* No more than half of the own group is here: what is known of its names may be old. */
bool gg_is_isolated(const struct gg *gg);

#endif
