/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Views: the groups of a scope, mapped by readers.
 *
 * The functions that follow changes of the tables cost one predictable branch
 * when the scope has no view.
 */
#ifndef _PGNL_VIEW_H
#define _PGNL_VIEW_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <uapi/linux/pgnl_view.h>

#include "table.h"

struct file;
struct mem_cgroup;
struct page;
struct pgnl_deaths;
struct pgnl_node;
struct pgnl_remote;
struct pid_namespace;
struct user_namespace;

/* Sizes of free blocks: powers of two of the unit of a place. */
#define PGNL_VIEW_CLASSES	24

/* Pages of a view stand in tables of one page each. */
#define PGNL_VIEW_TABLE		(PAGE_SIZE / sizeof(void *))
#define PGNL_VIEW_TABLES	1024

/**
 * struct pgnl_view - What is mapped of a scope.
 * @ref: references of the scope, of files and of @work while it is queued
 * @pn: tables of @scope; use only while there is one, or from @work (C)
 * @scope: what it is a view of; NULL when it is not kept up any more (L)
 * @gen: tells what groups say of this view from what they say of others (C)
 * @pid_ns: whose pids it has, counted (C)
 * @user_ns: whose uids it has, counted (C)
 * @user: whom it is charged to, counted (C)
 * @memcg: where its pages are charged, counted; may be NULL (C)
 * @deaths: words of the processes, counted (C)
 * @lock: guards @users and @detached; inside pgnl_net.lock or alone
 * @users: files
 * @detached: @scope is NULL for good, and @work is not queued any more
 * @work: mends what could not be written, ends a view without users
 * @head: the first page (C)
 * @table: pages by offset, in two steps; each appears once and stays
 * @nr_pages: pages in @table, the tables included (L)
 * @spare: pages for when there is no memory to be had at once (L)
 * @nr_spare: how many (L)
 * @heap_end: place where the unused part of the heap begins (L)
 * @free: first free block of each class (L)
 * @free_slot: first free slot (L)
 * @nr_groups: groups in the directory (L)
 * @nr_hidden: groups that not every reader of the scope may read (L)
 * @behind: a group may be missing, or metadata, that should be here (L)
 * @missed: that has happened again since the mending began (L)
 * @late: a group that the mending had passed was left to the next one (L)
 * @mending: the mending is under way, at @cursor (L)
 * @cursor: id of the group that is mended next (L)
 * @row: index of its rows, this node's and others', that are looked at next (L)
 * @backoff: how long to wait before the next mending, in jiffies (L)
 */
struct pgnl_view {
	struct kref ref;
	struct pgnl_net *pn;
	struct pgnl_scope *scope;
	u32 gen;
	struct pid_namespace *pid_ns;
	struct user_namespace *user_ns;
	struct pgnl_user *user;
	struct mem_cgroup *memcg;
	struct pgnl_deaths *deaths;

	spinlock_t lock;	/* see above */
	u32 users;
	bool detached;
	struct delayed_work work;

	struct pgnl_view_header *head;
	void **table[PGNL_VIEW_TABLES];
	u32 nr_pages;
	struct list_head spare;
	u32 nr_spare;
	u32 heap_end;
	u32 free[PGNL_VIEW_CLASSES];
	u32 free_slot;
	u32 nr_groups;

	u32 nr_hidden;
	bool behind;
	bool missed;
	bool late;
	bool mending;
	unsigned long cursor;
	u32 row;
	unsigned long backoff;
};

/* view_life.c */

struct pgnl_view *pgnl_view_open(struct pgnl_scope *scope,
				 struct pgnl_fault *fault);
void pgnl_view_close(struct pgnl_view *view);
void pgnl_view_get(struct pgnl_view *view);
void pgnl_view_put(struct pgnl_view *view);
void pgnl_view_queue_locked(struct pgnl_view *view, unsigned long delay);
void pgnl_view_retry_locked(struct pgnl_net *pn);
void pgnl_view_detach_locked(struct pgnl_scope *scope);
void pgnl_view_net_exit(struct pgnl_net *pn);

/* view_file.c */

struct file *pgnl_view_file(struct pgnl_view *view);

/* view.c */

int pgnl_view_format_locked(struct pgnl_view *view);
bool pgnl_view_mend_locked(struct pgnl_view *view);
bool pgnl_view_check_group_locked(struct pgnl_group *group, const char **what);

void pgnl_view_put_remote_locked(struct pgnl_remote *remote);
void pgnl_view_remove_remote_locked(struct pgnl_remote *remote);

void pgnl_view_do_begin_locked(struct pgnl_group *group);
void pgnl_view_do_end_locked(struct pgnl_group *group);
void pgnl_view_do_add_row_locked(struct pgnl_member *member);
void pgnl_view_do_remove_row_locked(struct pgnl_member *member);
void pgnl_view_do_update_row_locked(struct pgnl_member *member);
void pgnl_view_do_hide_group_locked(struct pgnl_group *group);
void pgnl_view_do_forget_group_locked(struct pgnl_group *group);
void pgnl_view_do_far_locked(struct pgnl_group *group);
void pgnl_view_do_near_locked(struct pgnl_group *group);
void pgnl_view_do_created_locked(struct pgnl_group *group);

/* view_node.c */

bool __must_check pgnl_view_add_node_locked(struct pgnl_view *view,
					    const struct pgnl_node *node);
void pgnl_view_node_changed_locked(struct pgnl_net *pn,
				   const struct pgnl_node *node);
void pgnl_view_node_forgotten_locked(struct pgnl_net *pn,
				     const struct pgnl_node *node);
bool pgnl_view_check_node_locked(const struct pgnl_view *view,
				 const struct pgnl_node *node);

/**
 * pgnl_view_begin_locked() - Begin to change rows of a group.
 * @group: the group, in its own sequence or about to be
 *
 * Readers of views see the changes up to pgnl_view_end_locked() as one.
 */
static inline void pgnl_view_begin_locked(struct pgnl_group *group)
{
	if (unlikely(group->scope->view))
		pgnl_view_do_begin_locked(group);
}

/**
 * pgnl_view_end_locked() - The rows of a group have been changed.
 * @group: the group
 *
 * A group that has come to be seen is put into the view, if it can be.
 */
static inline void pgnl_view_end_locked(struct pgnl_group *group)
{
	if (unlikely(group->scope->view))
		pgnl_view_do_end_locked(group);
}

/**
 * pgnl_view_add_row_locked() - A row was added as the last of its group.
 * @member: the row, with a count of 0
 */
static inline void pgnl_view_add_row_locked(struct pgnl_member *member)
{
	if (unlikely(member->group->scope->view))
		pgnl_view_do_add_row_locked(member);
}

/**
 * pgnl_view_remove_row_locked() - A row is about to leave its group.
 * @member: the row, with a count of 0; the last one will take its place
 */
static inline void pgnl_view_remove_row_locked(struct pgnl_member *member)
{
	if (unlikely(member->group->scope->view))
		pgnl_view_do_remove_row_locked(member);
}

/**
 * pgnl_view_update_row_locked() - A row was changed.
 * @member: the row
 */
static inline void pgnl_view_update_row_locked(struct pgnl_member *member)
{
	if (unlikely(member->group->scope->view))
		pgnl_view_do_update_row_locked(member);
}

/**
 * pgnl_view_hide_group_locked() - A group is not found any more.
 * @group: the group; it may still have rows
 */
static inline void pgnl_view_hide_group_locked(struct pgnl_group *group)
{
	if (unlikely(group->scope->view))
		pgnl_view_do_hide_group_locked(group);
}

/**
 * pgnl_view_forget_group_locked() - A group is about to be freed.
 * @group: the group, without rows
 */
static inline void pgnl_view_forget_group_locked(struct pgnl_group *group)
{
	if (unlikely(group->scope->view))
		pgnl_view_do_forget_group_locked(group);
}

/**
 * pgnl_view_far_locked() - Other nodes have come to have something in a group.
 * @group: the group, not in its sequence
 */
static inline void pgnl_view_far_locked(struct pgnl_group *group)
{
	if (unlikely(group->scope->view))
		pgnl_view_do_far_locked(group);
}

/**
 * pgnl_view_near_locked() - Other nodes have nothing in a group any more.
 * @group: the group, not in its sequence
 */
static inline void pgnl_view_near_locked(struct pgnl_group *group)
{
	if (unlikely(group->scope->view))
		pgnl_view_do_near_locked(group);
}

/**
 * pgnl_view_created_locked() - A group that stays was created here, or is no more.
 * @group: the group, not in its sequence
 *
 * It has a mode now, which may not let everybody read it; one that was hidden for
 * that stays so.
 */
static inline void pgnl_view_created_locked(struct pgnl_group *group)
{
	if (unlikely(group->scope->view))
		pgnl_view_do_created_locked(group);
}

#endif /* _PGNL_VIEW_H */
