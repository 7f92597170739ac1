// SPDX-License-Identifier: GPL-2.0-or-later
#include "gg.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

#include <uthash.h>

/* Nodes known of; beyond that, only those that are connected. Whoever has the key may
 * claim to be any, one after the other.
 */
#define CONTACTS_MAX	4096

/* A node that there is something to say of. */
struct contact {
	UT_hash_handle hh;		/* by name, in the order of names */
	enum core_contact state;
	bool wrong;			/* not connected, but known to be of another definition */
	bool told;			/* to subscribers, as up */
	char name[CORE_NAME_MAX + 1];
};

struct gg {
	const char *node;
	struct gg_out out;
	void *arg;
	const struct config_group *groups;
	size_t n_groups;
	const struct config_group *own;
	struct contact *contacts;
	size_t memory;
};

static bool has_node(const struct config_group *group, const char *node)
{
	for (size_t i = 0; i < group->n_nodes; i++) {
		if (!strcmp(group->nodes[i], node))
			return true;
	}
	return false;
}

/* Whose comings and goings subscribers are told. */
static bool is_group_node(const struct gg *gg, const char *node)
{
	return gg->own ? has_node(gg->own, node) : !gg->n_groups;
}

/* --- contacts --------------------------------------------------------------------- */

static struct contact *find(const struct gg *gg, const char *name)
{
	struct contact *contact;

	HASH_FIND_STR(gg->contacts, name, contact);
	return contact;
}

static bool is_known(const struct gg *gg, struct core_text name)
{
	struct contact *contact;

	HASH_FIND(hh, gg->contacts, name.data, name.len, contact);
	return contact;
}

static int by_name(const struct contact *a, const struct contact *b)
{
	return strcmp(a->name, b->name);
}

static struct contact *get(struct gg *gg, struct core_text name)
{
	char copy[CORE_NAME_MAX + 1];
	struct contact *contact;

	memcpy(copy, name.data, name.len);
	copy[name.len] = '\0';
	contact = find(gg, copy);
	if (contact)
		return contact;
	contact = mem_new(&gg->memory, sizeof(*contact));
	strcpy(contact->name, copy);
	HASH_ADD_KEYPTR_INORDER(hh, gg->contacts, contact->name, name.len, contact, by_name);
	return contact;
}

static void drop(struct gg *gg, struct contact *contact)
{
	HASH_DEL(gg->contacts, contact);
	mem_drop(&gg->memory, contact, sizeof(*contact));
}

/* Tell what has come of a change, and forget what says nothing any more. */
static void settle(struct gg *gg, struct contact *contact)
{
	bool up = contact->state == CORE_SYNCED && is_group_node(gg, contact->name);

	if (up != contact->told) {
		contact->told = up;
		gg->out.node(gg->arg, contact->name, up);
	}
	if (contact->state == CORE_NO_CONTACT && !contact->wrong)
		drop(gg, contact);
}

void gg_contact(struct gg *gg, struct core_text node, enum core_contact state)
{
	struct contact *contact = get(gg, node);

	contact->state = state;
	/* What the connection says is newer than what was asked. */
	if (state != CORE_NO_CONTACT)
		contact->wrong = false;
	settle(gg, contact);
}

bool gg_claim(struct gg *gg, struct core_text node, bool wrong)
{
	struct contact *contact;
	bool news;

	if (HASH_COUNT(gg->contacts) >= CONTACTS_MAX && !is_known(gg, node))
		return false;
	contact = get(gg, node);
	news = contact->state == CORE_NO_CONTACT && contact->wrong != wrong;
	if (news)
		contact->wrong = wrong;
	settle(gg, contact);
	return news;
}

void gg_forget(struct gg *gg)
{
	struct contact *contact, *next;

	HASH_ITER(hh, gg->contacts, contact, next) {
		contact->state = CORE_NO_CONTACT;
		settle(gg, contact);
	}
}

/* --- life ------------------------------------------------------------------------- */

struct gg *gg_new(const char *node, const struct gg_out *out, void *arg)
{
	size_t memory = 0;
	struct gg *gg = mem_new(&memory, sizeof(*gg));

	gg->node = node;
	gg->out = *out;
	gg->arg = arg;
	return gg;
}

void gg_free(struct gg *gg)
{
	struct contact *contact, *next;
	size_t memory = sizeof(*gg);

	HASH_ITER(hh, gg->contacts, contact, next)
		drop(gg, contact);
	mem_drop(&memory, gg, sizeof(*gg));
}

void gg_configure(struct gg *gg, const struct config_group *groups, size_t n_groups)
{
	struct contact *contact, *next;

	gg->groups = groups;
	gg->n_groups = n_groups;
	gg->own = NULL;
	for (size_t i = 0; i < n_groups && !gg->own; i++) {
		if (has_node(&groups[i], gg->node))
			gg->own = &groups[i];
	}
	HASH_ITER(hh, gg->contacts, contact, next) {
		/* It was wrong by the definition of before. */
		contact->wrong = false;
		settle(gg, contact);
	}
}

/* --- to look at --------------------------------------------------------------------- */

bool gg_is_defined(const struct gg *gg)
{
	return gg->n_groups;
}

const struct config_group *gg_own(const struct gg *gg)
{
	return gg->own;
}

void gg_others(const struct gg *gg, bool (*each)(void *arg, const struct config_group *group),
	       void *arg)
{
	for (size_t i = 0; i < gg->n_groups; i++) {
		const struct config_group *group = &gg->groups[i];

		if (group != gg->own && !group->hidden && !each(arg, group))
			return;
	}
}

static enum gg_list place(const struct contact *contact)
{
	if (!contact || (contact->state == CORE_NO_CONTACT && !contact->wrong))
		return GG_NO_CONTACT;
	return contact->state == CORE_SYNCED ? GG_SYNCED : GG_SYNC_ERROR;
}

static void no_contact(const struct gg *gg, void (*each)(void *arg, const char *node), void *arg)
{
	for (size_t i = 0; gg->own && i < gg->own->n_nodes; i++) {
		const char *node = gg->own->nodes[i];

		if (strcmp(node, gg->node) && place(find(gg, node)) == GG_NO_CONTACT)
			each(arg, node);
	}
}

void gg_nodes(const struct gg *gg, enum gg_list list,
	      void (*each)(void *arg, const char *node), void *arg)
{
	const struct contact *contact;

	if (list == GG_NO_CONTACT) {
		no_contact(gg, each, arg);
		return;
	}
	if (list == GG_OWN) {
		for (size_t i = 0; gg->own && i < gg->own->n_nodes; i++)
			each(arg, gg->own->nodes[i]);
		return;
	}
	for (contact = gg->contacts; contact; contact = contact->hh.next) {
		if (place(contact) == list &&
		    (list == GG_SYNC_ERROR || is_group_node(gg, contact->name)))
			each(arg, contact->name);
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void gg_own_nodes(const struct gg *gg, void (*each)(void *arg, const char *node), void *arg)
{
	size_t room = gg->own ? gg->own->n_nodes : HASH_COUNT(gg->contacts) + 1, n = 0, memory = 0;
	const char **nodes = mem_new(&memory, room * sizeof(*nodes));
	const struct contact *contact;

	for (size_t i = 0; gg->own && i < gg->own->n_nodes; i++)
		nodes[n++] = gg->own->nodes[i];
	if (!gg->n_groups) {
		nodes[n++] = gg->node;
		for (contact = gg->contacts; contact; contact = contact->hh.next) {
			if (contact->state == CORE_SYNCED)
				nodes[n++] = contact->name;
		}
	}
	qsort(nodes, n, sizeof(*nodes), compare);
	for (size_t i = 0; i < n; i++)
		each(arg, nodes[i]);
	mem_drop(&memory, nodes, room * sizeof(*nodes));
}

bool gg_is_isolated(const struct gg *gg)
{
	const struct contact *contact;
	size_t here = 1;

	if (!gg->own)
		return false;
	for (contact = gg->contacts; contact; contact = contact->hh.next)
		here += contact->state == CORE_SYNCED && has_node(gg->own, contact->name);
	return 2 * here <= gg->own->n_nodes;
}
