// SPDX-License-Identifier: GPL-2.0-only
/*
 * The built-in verifier: walks every index and checks that all of them tell
 * the same, and that the counters are the sums they should be. By request
 * over netlink, and for the reader's network namespace as pgnl/verify in
 * debugfs.
 *
 * It holds the lock all the while, so only administrators may ask.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "event.h"
#include "exit.h"
#include "group.h"
#include "inbox.h"
#include "member.h"
#include "proc.h"
#include "remote.h"
#include "scope.h"
#include "share.h"
#include "table.h"
#include "verify.h"
#include "view.h"

/**
 * struct check - A verification under way.
 * @pn: the tables
 * @verdict: the first inconsistency
 * @rows: rows met through groups
 * @subs: subscriptions met through scopes
 * @groups: groups met
 * @scopes: scopes met
 * @inboxes: inboxes met through scopes
 * @far: groups of a scope that other nodes have something in
 * @hashed: rows of processes with many
 */
struct check {
	struct pgnl_net *pn;
	char *verdict;
	u64 rows;
	u64 subs;
	u64 groups;
	u64 scopes;
	u64 inboxes;
	u64 far;
	u64 hashed;
};

#define fail(check, fmt, ...) \
	(scnprintf((check)->verdict, PGNL_VERDICT_MAX, fmt, ##__VA_ARGS__), \
	 false)

static bool check_row(struct check *check, struct pgnl_group *group,
		      u32 index)
{
	struct pgnl_member *member = pgnl_rows_get(&group->rows, index);

	if (!member)
		return fail(check, "group %u has no row %u", group->id, index);
	if (member->group != group)
		return fail(check, "row %u of group %u is another group's",
			    index, group->id);
	if (member->index != index)
		return fail(check, "row %u of group %u has index %u", index,
			    group->id, member->index);
	if (!member->count && !member->pins)
		return fail(check, "row %u of group %u has no use", index,
			    group->id);
	if (pgnl_member_find_locked(group, member->proc) != member)
		return fail(check, "row %u of group %u is not found", index,
			    group->id);
	if (hlist_unhashed(&member->in_proc))
		return fail(check, "row %u of group %u is not its process's",
			    index, group->id);
	if (pgnl_proc_find(check->pn, member->proc->pid) != member->proc)
		return fail(check, "process %llu is not found by pid",
			    member->proc->id);
	if (pgnl_proc_find_id_locked(check->pn, member->proc->id) !=
	    member->proc)
		return fail(check, "process %llu is not hashed by id",
			    member->proc->id);
	return true;
}

/* A name has one holder at most, in its title, with a number of its own. */
static bool check_name(struct check *check, struct pgnl_group *group)
{
	struct pgnl_title *title = pgnl_group_title(group);
	struct pgnl_member *holder;

	if (group->nr_members > 1)
		return fail(check, "name %u has %llu holders", group->id,
			    group->nr_members);
	holder = rcu_dereference_protected(title->holder,
					   lockdep_is_held(&check->pn->lock));
	if (holder && (holder->group != group ||
		       pgnl_rows_get(&group->rows, holder->index) != holder))
		return fail(check, "name %u has a stray holder", group->id);
	if (group->nr_members && (!holder || !holder->count))
		return fail(check, "name %u has a holder it does not know",
			    group->id);
	if (group->nr_members && !title->told.fence)
		return fail(check, "name %u has no number", group->id);
	return true;
}

static bool check_group(struct check *check, struct pgnl_group *group)
{
	struct pgnl_name name = { .str = group->name, .len = group->len };
	struct pgnl_member *member;
	const char *what;
	u32 index, seen = 0;
	u64 members = 0;

	if (group->dead)
		return fail(check, "group %u is dead but listed", group->id);
	if (pgnl_group_find(group->scope, &name) != group)
		return fail(check, "group %u is not hashed", group->id);
	for (index = 0; index < group->nr_rows; index++) {
		if (!check_row(check, group, index))
			return false;
		member = pgnl_rows_get(&group->rows, index);
		seen += !!member->count;
		members += member->count;
		cond_resched();
	}
	if (pgnl_rows_get(&group->rows, index))
		return fail(check, "group %u has a row behind its last",
			    group->id);
	if (seen != group->nr_seen || members != group->nr_members)
		return fail(check, "group %u has %u members %llu times, counts %u, %llu",
			    group->id, seen, members, group->nr_seen,
			    group->nr_members);
	if (!pgnl_view_check_group_locked(group, &what) ||
	    !pgnl_remote_check_group_locked(group, &what))
		return fail(check, "group %u %s", group->id, what);
	check->far += pgnl_group_is_far(group);
	if (group->refs < (u64)group->nr_rows + group->created +
			  pgnl_group_is_far(group))
		return fail(check, "group %u has %llu references for %u rows",
			    group->id, group->refs, group->nr_rows);
	check->rows += group->nr_rows;
	return !pgnl_group_title(group) || check_name(check, group);
}

static bool check_feed(struct check *check, struct pgnl_feed *feed)
{
	u64 interest = feed->everything;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(feed->interest); i++)
		interest += feed->interest[i];
	if (!feed->nr_subs || interest != feed->nr_subs)
		return fail(check, "scope %s has %u subscriptions, counts %llu",
			    feed->scope->name, feed->nr_subs, interest);
	if (!pgnl_event_check_locked(feed))
		return fail(check, "events of scope %s are out of order",
			    feed->scope->name);
	check->subs += feed->nr_subs;
	return true;
}

static bool check_inboxes(struct check *check, struct pgnl_scope *scope)
{
	struct pgnl_inbox *inbox;

	hlist_for_each_entry(inbox, &scope->inboxes, in_scope) {
		if (inbox->scope != scope)
			return fail(check, "scope %s has another's inbox of %llu",
				    scope->name, inbox->id);
		if (!pgnl_inbox_is_hashed_locked(inbox))
			return fail(check, "inbox of %llu is not hashed",
				    inbox->id);
		if (inbox->closed)
			return fail(check, "inbox of %llu is closed but listed",
				    inbox->id);
		check->inboxes++;
		cond_resched();
	}
	return true;
}

static bool check_scope(struct check *check, struct pgnl_scope *scope)
{
	struct pgnl_group *group;
	u64 members = 0, seen = 0;
	unsigned long id;

	check->far = 0;
	if (scope->dead)
		return fail(check, "scope %s is dead but listed", scope->name);
	if (scope->feed && !check_feed(check, scope->feed))
		return false;
	xa_for_each(&scope->group_ids, id, group) {
		if (group->scope != scope || group->id != id)
			return fail(check, "scope %s has another's group %lu",
				    scope->name, id);
		if (!check_group(check, group))
			return false;
		check->groups++;
		seen += pgnl_group_is_seen(group);
		members += group->nr_members;
		cond_resched();
	}
	if (seen != scope->nr_groups || members != scope->nr_members)
		return fail(check, "scope %s has %llu groups, %llu members, counts %llu, %llu",
			    scope->name, seen, members, scope->nr_groups,
			    scope->nr_members);
	if (check->far > scope->nr_far ||
	    (!check->pn->deleting && check->far != scope->nr_far))
		return fail(check, "scope %s has %llu groups of other nodes, counts %llu",
			    scope->name, check->far, scope->nr_far);
	return check_inboxes(check, scope);
}

/* How many inboxes a process has, or -1 when one is not its own. */
static int count_inboxes(const struct pgnl_proc *proc)
{
	struct pgnl_inbox *inbox;
	int n = 0;

	hlist_for_each_entry(inbox, &proc->inboxes, in_proc) {
		if (inbox->proc != proc || inbox->pid != proc->pid ||
		    inbox->id != proc->id)
			return -1;
		n++;
	}
	return n;
}

static bool check_proc(struct check *check, struct pgnl_proc *proc, u64 *rows)
{
	struct pgnl_member *member;
	int inboxes = count_inboxes(proc);
	u32 own = 0, seen = 0;

	if (inboxes < 0)
		return fail(check, "process %llu has another's inbox",
			    proc->id);
	hlist_for_each_entry(member, &proc->rows, in_proc) {
		if (member->proc != proc)
			return fail(check, "process %llu has another's row",
				    proc->id);
		if (pgnl_rows_get(&member->group->rows, member->index) != member)
			return fail(check, "process %llu has a stray row",
				    proc->id);
		/* Rows of what is being deleted are not met through scopes. */
		if (!member->group->dead && !member->group->scope->dead)
			++*rows;
		seen += !!member->count;
		own++;
		cond_resched();
	}
	if (own != proc->nr_rows)
		return fail(check, "process %llu has %u rows, counts %u",
			    proc->id, own, proc->nr_rows);
	if (test_bit(PGNL_PROC_HASHED, &proc->flags))
		check->hashed += own;
	if (seen != proc->nr_seen)
		return fail(check, "process %llu has %u memberships, counts %u",
			    proc->id, seen, proc->nr_seen);
	if ((seen || inboxes) && pgnl_exit_is_forgotten(proc))
		return fail(check, "process %llu is dead and nobody reaps it",
			    proc->id);
	if (proc->refs < own + inboxes || !proc->refs)
		return fail(check, "process %llu has %u references for %u rows, %d inboxes",
			    proc->id, proc->refs, own, inboxes);
	return true;
}

/*
 * Processes are only in a hash table. A walk can meet one twice or not at all
 * while the table is being resized, and then the sums say nothing; each row's
 * process was looked up before.
 */
static bool check_procs(struct check *check)
{
	struct rhashtable_iter iter;
	struct pgnl_proc *proc;
	u64 rows = 0, procs = 0;
	bool resized = false;
	bool good = true;

	rhashtable_walk_enter(&check->pn->ids, &iter);
	rhashtable_walk_start(&iter);
	while (good && (proc = rhashtable_walk_next(&iter))) {
		if (IS_ERR(proc)) {
			resized = true;
			continue;
		}
		/* The lock keeps it, so this need not be within RCU. */
		rhashtable_walk_stop(&iter);
		good = check_proc(check, proc, &rows);
		procs++;
		cond_resched();
		resized |= rhashtable_walk_start_check(&iter) == -EAGAIN;
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	if (!good || resized)
		return good;
	if (procs != check->pn->nr_procs)
		return fail(check, "%llu processes, counted %llu", procs,
			    check->pn->nr_procs);
	if (rows != check->rows)
		return fail(check, "%llu rows by process, %llu by group", rows,
			    check->rows);
	if (atomic_read(&check->pn->members.nelems) != check->hashed)
		return fail(check, "%d rows hashed, counted %llu",
			    atomic_read(&check->pn->members.nelems),
			    check->hashed);
	return true;
}

/* Does a hash table hold what was counted? */
static bool check_hashed(struct check *check, const struct rhashtable *table,
			 enum pgnl_net_limit what, const char *name)
{
	int hashed = atomic_read(&table->nelems);
	u64 used = check->pn->used[what];

	return hashed == used ||
	       fail(check, "%d %s hashed, counted %llu", hashed, name, used);
}

static bool verify_locked(struct check *check)
{
	struct pgnl_net *pn = check->pn;
	const char *wrong = pgnl_share_check_locked(pn);
	struct pgnl_scope *scope;
	const char *what;
	unsigned long id;

	if (wrong)
		return fail(check, "%s", wrong);
	xa_for_each(&pn->scope_ids, id, scope) {
		if (!check_scope(check, scope))
			return false;
		check->scopes++;
	}
	if (check->scopes != pn->used[PGNL_NET_SCOPES])
		return fail(check, "%llu scopes, counted %llu", check->scopes,
			    pn->used[PGNL_NET_SCOPES]);
	/* Those to deleted scopes are not met. */
	if (check->subs > pn->used[PGNL_NET_SUBSCRIPTIONS])
		return fail(check, "%llu subscriptions, counted %llu",
			    check->subs, pn->used[PGNL_NET_SUBSCRIPTIONS]);
	/* What is being deleted still counts and is not met any more. */
	if (!pn->deleting && check->groups != pn->used[PGNL_NET_GROUPS])
		return fail(check, "%llu groups, counted %llu", check->groups,
			    pn->used[PGNL_NET_GROUPS]);
	/* So do pinned rows of deleted groups. */
	if (check->rows > pn->used[PGNL_NET_MEMBERSHIPS])
		return fail(check, "%llu rows, counted %llu", check->rows,
			    pn->used[PGNL_NET_MEMBERSHIPS]);
	if (!check_hashed(check, &pn->scopes, PGNL_NET_SCOPES, "scopes") ||
	    !check_hashed(check, &pn->inboxes, PGNL_NET_INBOXES, "inboxes") ||
	    !check_hashed(check, &pn->ports, PGNL_NET_INBOXES, "ports"))
		return false;
	/* So do those of scopes being deleted. */
	if (check->inboxes > pn->used[PGNL_NET_INBOXES] ||
	    (!pn->deleting && check->inboxes != pn->used[PGNL_NET_INBOXES]))
		return fail(check, "%llu inboxes, counted %llu", check->inboxes,
			    pn->used[PGNL_NET_INBOXES]);
	if (atomic_read(&pn->ids.nelems) != pn->nr_procs)
		return fail(check, "%d processes by id, counted %llu",
			    atomic_read(&pn->ids.nelems), pn->nr_procs);
	if (!pgnl_remote_check_nodes_locked(pn, &what))
		return fail(check, "%s", what);
	return check_procs(check);
}

/**
 * pgnl_verify() - Check the tables of a network namespace.
 * @pn: the tables
 * @verdict: what was found first, PGNL_VERDICT_MAX bytes; empty if nothing
 *
 * Return: true when all is well.
 */
bool pgnl_verify(struct pgnl_net *pn, char *verdict)
{
	struct check check = { .pn = pn, .verdict = verdict };
	bool good;

	verdict[0] = '\0';
	mutex_lock(&pn->lock);
	good = verify_locked(&check);
	mutex_unlock(&pn->lock);
	return good;
}

static struct dentry *debugfs_dir;

static int verify_show(struct seq_file *m, void *unused)
{
	char verdict[PGNL_VERDICT_MAX];

	pgnl_verify(pgnl_table_of(current->nsproxy->net_ns), verdict);
	seq_printf(m, "%s\n", verdict[0] ? verdict : "ok");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(verify);

/**
 * pgnl_verify_init() - Make the file in debugfs, as far as there is one.
 */
void __init pgnl_verify_init(void)
{
	debugfs_dir = debugfs_create_dir("pgnl", NULL);
	debugfs_create_file("verify", 0400, debugfs_dir, NULL, &verify_fops);
}

/**
 * pgnl_verify_exit() - Undo pgnl_verify_init().
 */
void pgnl_verify_exit(void)
{
	debugfs_remove(debugfs_dir);
}
