// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scopes shared into other network namespaces, for reading.
 *
 * An alias is a name in one network namespace, the target, for a scope of
 * another one, the source. It counts references to neither namespace: it ends
 * with either of them, and with the scope. To read through it is to enter the
 * source: the caller becomes one of the source's tables, so that locks, rights
 * and counts are those of the scope, and nothing of what reads knows aliases
 * but by the name that they show. While it is there it holds the source as a
 * socket of it would; a request is short, a listing lasts as long as its socket.
 *
 * A subscription through an alias is one of the source's, under a number which
 * no other subscription of the socket can have; it holds the alias and not the
 * source, which drops it in its end.
 *
 * Locking: share_lock guards all lists; it is inside pgnl_net.lock and
 * pgnl_net.sub_lock, or alone, and nothing is inside it. Those who look an alias
 * up do so under RCU. One that has ended stays in the lists as long as something
 * refers to it, so that who goes through the target's finds the subscriptions of
 * a socket.
 */
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#include "perm.h"
#include "scope.h"
#include "share.h"
#include "sub.h"
#include "table.h"

/* In one network namespace: whoever looks for one looks at all. */
#define ALIASES_MAX	1024

/**
 * struct pgnl_alias - A scope as it is known in another network namespace.
 * @in_target: in pgnl_net.aliases of the target
 * @in_source: in pgnl_net.shared of the source
 * @in_scope: in pgnl_scope.aliases, until it is dead
 * @target: tables of the target; NULL once they have ended, and it is not listed
 * @source: the scope's network namespace; likewise
 * @scope: the scope, counted (C)
 * @number: grows along the target's list (C)
 * @dead: it has ended
 * @ref: one until it is dead, and those who read or have subscribed
 * @rcu: for freeing
 * @name: its name in the target (C)
 */
struct pgnl_alias {
	struct list_head in_target;
	struct list_head in_source;
	struct hlist_node in_scope;
	struct pgnl_net *target;
	struct net *source;
	struct pgnl_scope *scope;
	u32 number;
	bool dead;
	struct kref ref;
	struct rcu_head rcu;
	char name[PGNL_SCOPE_NAME_MAX + 1];
};

static DEFINE_SPINLOCK(share_lock);

/* Whose subscription has which number. */
static DEFINE_XARRAY_FLAGS(subs, XA_FLAGS_ALLOC);
static u32 next_sub;

/* --- Life --- */

static void free_alias(struct kref *ref)
{
	struct pgnl_alias *alias = container_of(ref, struct pgnl_alias, ref);

	spin_lock(&share_lock);
	if (alias->target)
		list_del_rcu(&alias->in_target);
	if (alias->source)
		list_del(&alias->in_source);
	spin_unlock(&share_lock);
	pgnl_scope_put(alias->scope);
	kfree_rcu(alias, rcu);
}

static void put_alias(struct pgnl_alias *alias)
{
	kref_put(&alias->ref, free_alias);
}

/* With share_lock held. True: the reference of the living is the caller's now. */
static bool kill_alias(struct pgnl_alias *alias)
{
	if (alias->dead)
		return false;
	WRITE_ONCE(alias->dead, true);
	hlist_del_init(&alias->in_scope);
	alias->target->nr_aliases--;
	WRITE_ONCE(alias->target->alias_gen, alias->target->alias_gen + 1);
	return true;
}

/**
 * pgnl_share_table_init() - Set up the aliases of a network namespace.
 * @pn: the tables
 */
void pgnl_share_table_init(struct pgnl_net *pn)
{
	INIT_LIST_HEAD(&pn->aliases);
	INIT_LIST_HEAD(&pn->shared);
}

/**
 * pgnl_share_table_destroy() - End the aliases in a network namespace.
 * @pn: the tables; nobody makes requests any more
 */
void pgnl_share_table_destroy(struct pgnl_net *pn)
{
	struct pgnl_alias *alias;
	bool killed;

	do {
		spin_lock(&share_lock);
		alias = list_first_entry_or_null(&pn->aliases,
						 struct pgnl_alias, in_target);
		killed = alias && kill_alias(alias);
		if (alias) {
			list_del_rcu(&alias->in_target);
			alias->target = NULL;
		}
		spin_unlock(&share_lock);
		if (killed)
			put_alias(alias);
	} while (alias);
}

/**
 * pgnl_share_settle() - Let no alias lead here any more.
 * @pn: the tables, without scopes; they and their namespace are freed next
 */
void pgnl_share_settle(struct pgnl_net *pn)
{
	struct pgnl_alias *alias, *next;

	if (!pn->has_shared)
		return;
	spin_lock(&share_lock);
	list_for_each_entry_safe(alias, next, &pn->shared, in_source) {
		list_del(&alias->in_source);
		WRITE_ONCE(alias->source, NULL);
	}
	spin_unlock(&share_lock);
	/* Who has read that it leads here sees that the namespace ends. */
	synchronize_rcu();
}

/**
 * pgnl_share_scope_end_locked() - End the aliases of a scope.
 * @scope: the scope, marked as dead
 */
void pgnl_share_scope_end_locked(struct pgnl_scope *scope)
{
	struct pgnl_alias *alias;

	pgnl_assert_locked(scope->pn);
	do {
		spin_lock(&share_lock);
		alias = hlist_entry_safe(scope->aliases.first,
					 struct pgnl_alias, in_scope);
		if (alias)
			kill_alias(alias);
		spin_unlock(&share_lock);
		if (alias)
			put_alias(alias);
		/* There may be some in each of any number of namespaces. */
		cond_resched();
	} while (alias);
}

/*
 * With share_lock held, or RCU. The end of a network namespace takes its time, and
 * from its beginning nobody can read there any more.
 */
static bool is_living(const struct pgnl_alias *alias)
{
	struct net *source = READ_ONCE(alias->source);

	/* Not freed before this section ends. */
	return !READ_ONCE(alias->dead) && source && check_net(source);
}

/* With share_lock held, or RCU. */
static struct pgnl_alias *find_alias(struct pgnl_net *pn, const char *name)
{
	struct pgnl_alias *alias;

	list_for_each_entry_rcu(alias, &pn->aliases, in_target,
				lockdep_is_held(&share_lock))
		if (!strcmp(alias->name, name) && is_living(alias))
			return alias;
	return NULL;
}

/* With share_lock held. */
static int insert_alias(struct pgnl_alias *alias, struct pgnl_net *to,
			struct pgnl_fault *fault)
{
	struct pgnl_net *from = alias->scope->pn;

	/* Set before its aliases are ended, under this lock. */
	if (READ_ONCE(alias->scope->dead)) {
		fault->cause = PGNL_CAUSE_SCOPE_GONE;
		return -ENOENT;
	}
	if (find_alias(to, alias->name))
		return -EEXIST;
	if (to->nr_aliases >= min_t(u64, ALIASES_MAX,
				    READ_ONCE(to->limit[PGNL_NET_SCOPES]))) {
		fault->cause = PGNL_CAUSE_NET_SCOPES;
		return -EDQUOT;
	}
	alias->target = to;
	alias->source = from->net;
	alias->number = ++to->last_alias;
	to->nr_aliases++;
	WRITE_ONCE(to->alias_gen, to->alias_gen + 1);
	from->has_shared = true;
	hlist_add_head(&alias->in_scope, &alias->scope->aliases);
	list_add_tail(&alias->in_source, &from->shared);
	list_add_tail_rcu(&alias->in_target, &to->aliases);
	return 0;
}

/**
 * pgnl_share_add() - Share a scope into another network namespace.
 * @scope: the scope, referenced
 * @to: tables of the other namespace, which the caller holds
 * @name: what it is called there, checked
 * @fault: what to blame
 *
 * Return: 0, -EEXIST, -ENOENT when the scope has ended, -EDQUOT or -ENOMEM.
 */
int pgnl_share_add(struct pgnl_scope *scope, struct pgnl_net *to,
		   const char *name, struct pgnl_fault *fault)
{
	struct pgnl_alias *alias = kzalloc(sizeof(*alias), GFP_KERNEL_ACCOUNT);
	struct pgnl_scope *same;
	int err = -EEXIST;

	if (!alias)
		return -ENOMEM;
	kref_init(&alias->ref);
	kref_get(&scope->ref);
	alias->scope = scope;
	strscpy(alias->name, name, sizeof(alias->name));

	/* With the target's lock no scope of that name comes. */
	mutex_lock(&to->lock);
	same = pgnl_scope_get(to, name);
	if (!same) {
		spin_lock(&share_lock);
		err = insert_alias(alias, to, fault);
		spin_unlock(&share_lock);
	}
	mutex_unlock(&to->lock);
	pgnl_scope_put(same);
	if (err)
		put_alias(alias);
	return err;
}

/**
 * pgnl_share_del() - End an alias, and tell its subscribers.
 * @who: the caller, who has entered it
 */
void pgnl_share_del(struct pgnl_caller *who)
{
	bool killed;

	spin_lock(&share_lock);
	killed = kill_alias(who->via);
	spin_unlock(&share_lock);
	if (!killed)
		return;
	pgnl_sub_end_alias(who->pn, who->via);
	put_alias(who->via);
}

/* --- Reading through it --- */

/**
 * pgnl_share_has() - Is there an alias of a name?
 * @pn: the tables
 * @name: the name
 *
 * Return: true if there is.
 */
bool pgnl_share_has(struct pgnl_net *pn, const char *name)
{
	bool has;

	rcu_read_lock();
	has = find_alias(pn, name);
	rcu_read_unlock();
	return has;
}

/* Within RCU. From here on the caller is one of the source. */
static bool enter_rcu(struct pgnl_caller *who, struct pgnl_alias *alias)
{
	struct net *source = READ_ONCE(alias->source);

	/* Not freed before this section ends. */
	if (!source || !maybe_get_net(source))
		return false;
	if (!kref_get_unless_zero(&alias->ref)) {
		put_net(source);
		return false;
	}
	who->via = alias;
	who->pn = pgnl_table_of(source);
	return true;
}

/**
 * pgnl_share_enter() - Go where an alias leads.
 * @who: the caller, not elsewhere yet
 * @name: name of the alias
 *
 * Return: true, and pgnl_share_leave() is needed; false when there is none.
 */
bool pgnl_share_enter(struct pgnl_caller *who, const char *name)
{
	struct pgnl_alias *alias;
	bool entered;

	/* Nobody shares into most of them. */
	if (list_empty(&who->pn->aliases))
		return false;
	rcu_read_lock();
	alias = find_alias(who->pn, name);
	entered = alias && enter_rcu(who, alias);
	rcu_read_unlock();
	return entered;
}

/**
 * pgnl_share_enter_sub() - Go where a subscription is.
 * @who: the caller
 * @id: number of the subscription, of whosever socket
 *
 * Return: true, and pgnl_share_leave() is needed; false: it is no other place.
 */
bool pgnl_share_enter_sub(struct pgnl_caller *who, u32 id)
{
	struct pgnl_alias *alias;
	bool entered;

	if (id < PGNL_SHARE_SUBS)
		return false;
	rcu_read_lock();
	alias = xa_load(&subs, id);
	entered = alias && enter_rcu(who, alias);
	rcu_read_unlock();
	return entered;
}

/**
 * pgnl_share_enter_next() - Go where the next alias of a listing leads.
 * @who: the caller, not elsewhere
 * @number: number of the last one; set to that of this one
 * @living: skip those that have ended, to which some may still be subscribed
 *
 * Return: true, and pgnl_share_leave() is needed; false when that was the last.
 */
bool pgnl_share_enter_next(struct pgnl_caller *who, u32 *number, bool living)
{
	struct pgnl_net *pn = who->pn;
	struct pgnl_alias *alias;
	bool entered = false;

	rcu_read_lock();
	list_for_each_entry_rcu(alias, &pn->aliases, in_target) {
		if (alias->number <= *number || (living && READ_ONCE(alias->dead)))
			continue;
		*number = alias->number;
		entered = enter_rcu(who, alias);
		if (entered)
			break;
	}
	rcu_read_unlock();
	return entered;
}

/**
 * pgnl_share_leave() - Come back, if the caller has been anywhere.
 * @who: the caller
 */
void pgnl_share_leave(struct pgnl_caller *who)
{
	struct pgnl_alias *alias = who->via;

	if (!alias)
		return;
	who->via = NULL;
	/* The socket that asks holds the target. */
	who->pn = alias->target;
	put_net(alias->source);
	put_alias(alias);
}

/**
 * pgnl_share_borrow() - The scope that the caller has come for.
 * @who: the caller, who has entered
 *
 * Return: the scope, borrowed until the caller leaves.
 */
struct pgnl_scope *pgnl_share_borrow(const struct pgnl_caller *who)
{
	return who->via->scope;
}

/**
 * pgnl_share_scope() - The scope that the caller has come for.
 * @who: the caller, who has entered
 *
 * Return: a counted reference.
 */
struct pgnl_scope *pgnl_share_scope(const struct pgnl_caller *who)
{
	kref_get(&who->via->scope->ref);
	return who->via->scope;
}

/**
 * pgnl_share_name() - What a scope is called where the reader is.
 * @alias: the alias, or NULL
 *
 * Return: the name, or NULL: as where it is.
 */
const char *pgnl_share_name(const struct pgnl_alias *alias)
{
	return alias ? alias->name : NULL;
}

/* --- Subscriptions --- */

/**
 * pgnl_share_hold_sub() - Get a number for a subscription through an alias.
 * @alias: the alias, entered
 * @id: set to the number
 *
 * Return: a counted reference, or NULL without memory or a number.
 */
struct pgnl_alias *pgnl_share_hold_sub(struct pgnl_alias *alias, u32 *id)
{
	if (xa_alloc_cyclic(&subs, id, alias,
			    XA_LIMIT(PGNL_SHARE_SUBS, INT_MAX), &next_sub,
			    GFP_KERNEL) < 0)
		return NULL;
	kref_get(&alias->ref);
	return alias;
}

/**
 * pgnl_share_drop_sub() - Undo pgnl_share_hold_sub().
 * @alias: the alias
 * @id: the number
 */
void pgnl_share_drop_sub(struct pgnl_alias *alias, u32 id)
{
	xa_erase(&subs, id);
	put_alias(alias);
}

/**
 * pgnl_share_is_dead() - Has an alias ended?
 * @alias: the alias
 *
 * Return: true when it has; what is subscribed to after that, nobody ends.
 */
bool pgnl_share_is_dead(const struct pgnl_alias *alias)
{
	return READ_ONCE(alias->dead);
}

/* --- The verifier --- */

/*
 * Of those that have been shared there may be any number. Who checks keeps the
 * place between two of them, and is the only one to go through them meanwhile.
 */
static bool check_shared_locked(struct pgnl_net *pn)
{
	struct pgnl_alias *alias;
	struct list_head place;
	bool good = true;

	pgnl_assert_locked(pn);
	spin_lock(&share_lock);
	list_add(&place, &pn->shared);
	while (!list_is_last(&place, &pn->shared)) {
		alias = list_entry(place.next, struct pgnl_alias, in_source);
		if (alias->source != pn->net || alias->scope->pn != pn ||
		    alias->dead != hlist_unhashed(&alias->in_scope) ||
		    (!alias->dead && alias->scope->dead))
			good = false;
		list_move(&place, &alias->in_source);
		cond_resched_lock(&share_lock);
	}
	list_del(&place);
	spin_unlock(&share_lock);
	return good;
}

/**
 * pgnl_share_check_locked() - Check the aliases in a network namespace, and those
 * of its scopes.
 * @pn: the tables
 *
 * Return: what is wrong, or NULL.
 */
const char *pgnl_share_check_locked(struct pgnl_net *pn)
{
	const char *wrong = NULL;
	struct pgnl_alias *alias;
	u32 n = 0;

	pgnl_assert_locked(pn);
	rcu_read_lock();
	spin_lock(&share_lock);
	list_for_each_entry(alias, &pn->aliases, in_target) {
		if (alias->target != pn)
			wrong = "an alias is in a strange list";
		n += !alias->dead;
		if (is_living(alias) && pgnl_scope_find_rcu(pn, alias->name))
			wrong = "an alias has the name of a scope";
	}
	if (n != pn->nr_aliases)
		wrong = "aliases are miscounted";
	spin_unlock(&share_lock);
	rcu_read_unlock();
	if (!check_shared_locked(pn))
		wrong = "an alias is of another scope";
	return wrong;
}
