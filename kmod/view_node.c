// SPDX-License-Identifier: GPL-2.0-only
/*
 * Other nodes in views.
 *
 * How fresh the rows of a node are, and that it is gone, is said once for all of
 * them, in a record of the view that its rows name by the number of the node. It
 * is there from the first of these rows on until the node is forgotten, when none
 * of them is left.
 *
 * A node that is gone hides its rows from readers before they are taken out, as
 * the word of a process does. So there is a count of such nodes, too, by which
 * readers know whether they have to look at each row.
 */
#include <linux/math64.h>
#include <linux/time64.h>
#include <linux/xarray.h>

#include "remote.h"
#include "table.h"
#include "view.h"
#include "view_mem.h"

static unsigned long record_offset(const struct pgnl_node *node)
{
	return PGNL_VIEW_NODES_AT + node->id * sizeof(struct pgnl_view_node);
}

/* NULL: none of its rows has been here. */
static struct pgnl_view_node *record_of(const struct pgnl_view *view,
					const struct pgnl_node *node)
{
	struct pgnl_view_node *record = NULL;

	if (node->id < PGNL_VIEW_NODES_MAX)
		record = pgnl_view_at(view, record_offset(node));
	return record && record->name[0] ? record : NULL;
}

static u64 since_of(const struct pgnl_node *node)
{
	u8 state = node->gone ? PGNL_VIEW_GONE : node->state;

	return div_u64(node->since, NSEC_PER_MSEC) << 8 | state;
}

static bool is_gone(u64 since)
{
	return (u8)since == PGNL_VIEW_GONE;
}

/* The barriers pair with acquire loads of readers in user space. */
static void set_since(struct pgnl_view *view, struct pgnl_view_node *record,
		      u64 since)
{
	struct pgnl_view_header *head = view->head;
	bool was_gone = is_gone(record->since);

	if (is_gone(since) && !was_gone) {
		WRITE_ONCE(head->gone, head->gone + 1);
		/* First, so that whoever finds it gone may rely on it. */
		smp_wmb();
	}
	WRITE_ONCE(record->since, since);
	if (was_gone && !is_gone(since)) {
		/* Whoever sees it go sees that the rows have gone. */
		smp_wmb();
		WRITE_ONCE(head->gone, head->gone - 1);
	}
}

/**
 * pgnl_view_add_node_locked() - See to it that a node is in a view.
 * @view: the view
 * @node: the node, of which a row is to come
 *
 * Return: true when it is; false when there is no memory or a limit is reached.
 */
bool pgnl_view_add_node_locked(struct pgnl_view *view,
			       const struct pgnl_node *node)
{
	struct pgnl_view_node *record;

	BUILD_BUG_ON(sizeof(*record) != 128);
	BUILD_BUG_ON(sizeof(record->name) != sizeof(node->name));
	if (node->id >= PGNL_VIEW_NODES_MAX)
		return false;
	record = pgnl_view_make_locked(view, record_offset(node));
	if (!record)
		return false;
	if (record->name[0])
		return true;
	memcpy(record->name, node->name, sizeof(record->name));
	record->incarnation = node->incarnation;
	set_since(view, record, since_of(node));
	return true;
}

/**
 * pgnl_view_node_changed_locked() - A node has come into another state, or is gone.
 * @pn: the tables
 * @node: the node
 */
void pgnl_view_node_changed_locked(struct pgnl_net *pn,
				   const struct pgnl_node *node)
{
	struct pgnl_view_node *record;
	struct pgnl_scope *scope;
	unsigned long id;

	pgnl_assert_locked(pn);
	xa_for_each(&pn->scope_ids, id, scope) {
		record = scope->view ? record_of(scope->view, node) : NULL;
		if (record)
			set_since(scope->view, record, since_of(node));
	}
}

/**
 * pgnl_view_node_forgotten_locked() - A node is about to be forgotten.
 * @pn: the tables
 * @node: the node, of which no row is left
 */
void pgnl_view_node_forgotten_locked(struct pgnl_net *pn,
				     const struct pgnl_node *node)
{
	struct pgnl_view_node *record;
	struct pgnl_scope *scope;
	unsigned long id;

	pgnl_assert_locked(pn);
	xa_for_each(&pn->scope_ids, id, scope) {
		record = scope->view ? record_of(scope->view, node) : NULL;
		if (!record)
			continue;
		set_since(scope->view, record, 0);
		memset(record, 0, sizeof(*record));
	}
}

/**
 * pgnl_view_check_node_locked() - Does a view say of a node what is so?
 * @view: the view
 * @node: the node, of which a row is there
 *
 * Return: true when it does.
 */
bool pgnl_view_check_node_locked(const struct pgnl_view *view,
				 const struct pgnl_node *node)
{
	const struct pgnl_view_node *record = record_of(view, node);

	return record && !strcmp(record->name, node->name) &&
	       record->incarnation == node->incarnation &&
	       record->since == since_of(node) &&
	       (!node->gone || view->head->gone);
}
