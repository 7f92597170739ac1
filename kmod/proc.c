// SPDX-License-Identifier: GPL-2.0-only
/* Processes that are members of something or have an inbox. */
#include <linux/cred.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/pid.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "deaths.h"
#include "exit.h"
#include "inbox.h"
#include "member.h"
#include "proc.h"
#include "remote.h"
#include "table.h"
#include "user.h"

/* Processes whose objects are one piece of memory; nine such fill 32 KiB. */
#define BLOCK_PROCS	16

/**
 * struct pgnl_proc_block - Memory of processes that have joined together.
 * @used: how many of them are not freed
 * @procs: the objects
 *
 * To get and to account for one piece costs less than for sixteen, and the kernel
 * keeps more of such for the next time. What joins together mostly ends together.
 * Until the last has, the piece stays: at worst 3.6 kB for one, which is little
 * beside what the kernel has of a living process.
 */
struct pgnl_proc_block {
	refcount_t used;
	struct pgnl_proc procs[BLOCK_PROCS];
};

static struct kmem_cache *proc_cache;
static struct kmem_cache *block_cache;

/* Ids are unique over all network namespaces and start at the epoch. */
static atomic64_t last_id;

/* Ids are nobody's to choose, so no attacker can aim. */
static u32 id_hash(const void *key, u32 len, u32 seed)
{
	return hash_64(*(const u64 *)key + seed, 32);
}

static int id_differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	return ((const struct pgnl_proc *)obj)->id != *(const u64 *)arg->key;
}

/*
 * The tables of processes and members do not shrink: a service that goes down
 * and comes up again, or one large join, would pay for it each time. They stay
 * as large as they ever had to be, about 16 bytes for each row at the highest
 * point, which the limits bound. That is so in the initial network namespace;
 * elsewhere table.c lets them shrink.
 */
static const struct rhashtable_params id_params = {
	.head_offset = offsetof(struct pgnl_proc, node),
	.key_offset = offsetof(struct pgnl_proc, id),
	.key_len = sizeof_field(struct pgnl_proc, id),
	.hashfn = id_hash,
	.obj_cmpfn = id_differs,
};

/**
 * pgnl_proc_init() - Set up at module load.
 *
 * Return: 0 or -ENOMEM.
 */
int __init pgnl_proc_init(void)
{
	atomic64_set(&last_id, pgnl_epoch);
	proc_cache = kmem_cache_create("pgnl_proc", sizeof(struct pgnl_proc), 0,
				       SLAB_ACCOUNT, NULL);
	if (!proc_cache)
		return -ENOMEM;
	block_cache = kmem_cache_create("pgnl_proc_block",
					sizeof(struct pgnl_proc_block), 0,
					SLAB_ACCOUNT, NULL);
	if (!block_cache) {
		kmem_cache_destroy(proc_cache);
		return -ENOMEM;
	}
	return 0;
}

/**
 * pgnl_proc_exit() - Undo pgnl_proc_init(), after an rcu_barrier().
 */
void pgnl_proc_exit(void)
{
	kmem_cache_destroy(block_cache);
	kmem_cache_destroy(proc_cache);
}

/**
 * pgnl_proc_table_init() - Set up the index of a network namespace.
 * @pn: the tables
 *
 * Return: 0 or -ENOMEM.
 */
int pgnl_proc_table_init(struct pgnl_net *pn)
{
	return rhashtable_init(&pn->ids, &id_params);
}

/**
 * pgnl_proc_table_destroy() - Undo pgnl_proc_table_init().
 * @pn: the tables, with no process left
 */
void pgnl_proc_table_destroy(struct pgnl_net *pn)
{
	rhashtable_destroy(&pn->ids);
}

/* The real user, counted, or an ERR_PTR(): -ESRCH, -ENOMEM. */
static struct pgnl_user *user_of(struct pid *pid)
{
	const struct cred *cred = NULL;
	struct task_struct *task;
	struct pgnl_user *user;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task)
		cred = get_task_cred(task);
	rcu_read_unlock();
	if (!cred)
		return ERR_PTR(-ESRCH);
	user = pgnl_user_get(cred->user_ns, cred->uid);
	put_cred(cred);
	return user ?: ERR_PTR(-ENOMEM);
}

static bool alloc_block(struct pgnl_proc **procs)
{
	struct pgnl_proc_block *block;
	u32 i;

	block = kmem_cache_zalloc(block_cache, GFP_KERNEL);
	if (!block)
		return false;
	refcount_set(&block->used, BLOCK_PROCS);
	for (i = 0; i < BLOCK_PROCS; i++) {
		procs[i] = &block->procs[i];
		procs[i]->block = block;
	}
	return true;
}

static void free_memory(struct pgnl_proc *proc)
{
	struct pgnl_proc_block *block = proc->block;

	if (!block)
		kmem_cache_free(proc_cache, proc);
	else if (refcount_dec_and_test(&block->used))
		kmem_cache_free(block_cache, block);
}

/**
 * pgnl_proc_alloc() - Get memory for objects.
 * @procs: to fill with blank objects
 * @n: how many
 *
 * May sleep; charges memory to the caller, once for many.
 *
 * Return: true, or false and there is none.
 */
bool pgnl_proc_alloc(struct pgnl_proc **procs, u32 n)
{
	u32 done;

	for (done = 0; n - done >= BLOCK_PROCS; done += BLOCK_PROCS)
		if (!alloc_block(procs + done))
			goto err;
	if (pgnl_table_alloc(proc_cache, (void **)procs + done, n - done))
		return true;
err:
	pgnl_proc_free_blank(procs, done);
	return false;
}

/**
 * pgnl_proc_free_blank() - Give blank objects back.
 * @procs: the objects
 * @n: how many
 */
void pgnl_proc_free_blank(struct pgnl_proc **procs, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		free_memory(procs[i]);
}

/**
 * pgnl_proc_fill() - Make an object that stands for a process.
 * @proc: a blank object; from here on it is pgnl_proc_free() that frees it
 * @pn: where it will live
 * @pid: the process, a reference that is taken over
 * @user: its real user, likewise
 *
 * It has one reference then.
 */
void pgnl_proc_fill(struct pgnl_proc *proc, struct pgnl_net *pn,
		    struct pid *pid, struct pgnl_user *user)
{
	proc->pn = pn;
	proc->pid = pid;
	proc->user = user;
	proc->refs = 1;
	proc->status = PGNL_STATUS_UNKNOWN;
}

/**
 * pgnl_proc_new() - Make one object.
 * @pn: where it will live
 * @pid: the process
 *
 * May sleep; charges memory to the caller.
 *
 * Return: an unpublished object with one reference, or an ERR_PTR():
 * -ESRCH, -ENOMEM.
 */
struct pgnl_proc *pgnl_proc_new(struct pgnl_net *pn, struct pid *pid)
{
	struct pgnl_user *user = user_of(pid);
	struct pgnl_proc *proc;

	if (IS_ERR(user))
		return ERR_CAST(user);
	if (!pgnl_proc_alloc(&proc, 1)) {
		pgnl_user_put(user);
		return ERR_PTR(-ENOMEM);
	}
	pgnl_proc_fill(proc, pn, get_pid(pid), user);
	return proc;
}

static void free_proc_rcu(struct rcu_head *rcu)
{
	struct pgnl_proc *proc = container_of(rcu, struct pgnl_proc, rcu);

	put_pid(proc->pid);
	free_memory(proc);
}

/**
 * pgnl_proc_free() - Free an object that is not, or no more, in the indexes.
 * @proc: the object, unwatched and not queued
 *
 * Readers under RCU may have it from a member until a grace period is over;
 * they use only its pid, id and flags. Nobody else can have it: no member and
 * no request refers to it, and the callback does not run any more.
 */
void pgnl_proc_free(struct pgnl_proc *proc)
{
	pgnl_user_put(proc->user);
	call_rcu(&proc->rcu, free_proc_rcu);
}

/**
 * pgnl_proc_add_locked() - Publish and watch a process.
 * @proc: a new object; there is none of its process by pgnl_proc_find()
 *
 * It may have ended before, see pgnl_exit_watch().
 *
 * Return: 0; or -ENOMEM, or -EBUSY when too many network namespaces watch it, and
 * @proc is still the caller's.
 */
int pgnl_proc_add_locked(struct pgnl_proc *proc)
{
	struct pgnl_net *pn = proc->pn;

	pgnl_assert_locked(pn);
	proc->id = atomic64_inc_return(&last_id);
	if (rhashtable_insert_fast(&pn->ids, &proc->node, id_params))
		return -ENOMEM;
	if (!pgnl_exit_watch(proc)) {
		rhashtable_remove_fast(&pn->ids, &proc->node, id_params);
		return -EBUSY;
	}
	pn->nr_procs++;
	return 0;
}

/**
 * pgnl_proc_own_id() - The member id of the calling process.
 * @pn: the tables
 *
 * Return: the id; 0 when it is in no group.
 */
u64 pgnl_proc_own_id(struct pgnl_net *pn)
{
	struct pgnl_proc *proc;
	u64 id = 0;

	rcu_read_lock();
	proc = pgnl_proc_find(pn, task_tgid(current));
	if (proc && READ_ONCE(proc->nr_seen))
		id = proc->id;
	rcu_read_unlock();
	return id;
}

/**
 * pgnl_proc_find_id_locked() - Look a process up by its member id.
 * @pn: the tables
 * @id: the id
 *
 * Return: the object or NULL, borrowed.
 */
struct pgnl_proc *pgnl_proc_find_id_locked(struct pgnl_net *pn, u64 id)
{
	pgnl_assert_locked(pn);
	return rhashtable_lookup_fast(&pn->ids, &id, id_params);
}

/**
 * pgnl_proc_pid_of_id() - The process that has a member id.
 * @pn: the tables
 * @id: the id
 *
 * Return: a counted reference, or NULL when there is none alive.
 */
struct pid *pgnl_proc_pid_of_id(struct pgnl_net *pn, u64 id)
{
	struct pid *pid = NULL;
	struct pgnl_proc *proc;

	mutex_lock(&pn->lock);
	proc = pgnl_proc_find_id_locked(pn, id);
	if (proc && !pgnl_exit_is_dead(proc))
		pid = get_pid(proc->pid);
	mutex_unlock(&pn->lock);
	return pid;
}

/**
 * pgnl_proc_remove_locked() - Unpublish a process to which nothing refers any more.
 * @proc: the process
 */
void pgnl_proc_remove_locked(struct pgnl_proc *proc)
{
	struct pgnl_net *pn = proc->pn;

	pgnl_assert_locked(pn);
	pgnl_exit_unwatch(proc);
	pgnl_deaths_forget_locked(proc);
	rhashtable_remove_fast(&pn->ids, &proc->node, id_params);
	pn->nr_procs--;

	/* The callback may have handed it to the work item before. */
	if (test_bit(PGNL_PROC_QUEUED, &proc->flags))
		set_bit(PGNL_PROC_ORPHAN, &proc->flags);
	else
		pgnl_proc_free(proc);
}

static void reap_locked(struct pgnl_proc *proc, u32 *rows)
{
	if (test_bit(PGNL_PROC_ORPHAN, &proc->flags)) {
		pgnl_proc_free(proc);
		return;
	}
	/*
	 * From here on it may be queued again, for a member that is published
	 * while the lock is let go; then the next run takes that one out.
	 */
	clear_bit(PGNL_PROC_QUEUED, &proc->flags);
	pgnl_proc_get_locked(proc);
	pgnl_agent_proc_ended_locked(proc);
	pgnl_inbox_end_locked(proc);
	pgnl_member_remove_all_locked(proc, rows);
	pgnl_proc_put_locked(proc);
}

/**
 * pgnl_proc_reap() - Take ended processes out of all their groups.
 * @work: pgnl_net.reap
 *
 * Readers have not seen them since they were marked dead; this makes the
 * tables and counters follow.
 */
void pgnl_proc_reap(struct work_struct *work)
{
	struct pgnl_net *pn = container_of(to_delayed_work(work),
					   struct pgnl_net, reap);
	struct pgnl_proc *proc, *next;
	struct llist_node *list;
	u32 rows = 0;

	mutex_lock(&pn->lock);
	pgnl_exit_examine_locked(pn);
	list = llist_reverse_order(llist_del_all(&pn->dead));
	llist_for_each_entry_safe(proc, next, list, dead) {
		reap_locked(proc, &rows);
		/* The counters are right only now, whatever became of it. */
		atomic_dec(&pn->nr_dead);
		rows++;
		pgnl_table_breathe_locked(pn, &rows);
	}
	mutex_unlock(&pn->lock);
	WRITE_ONCE(pn->last_reap, jiffies);
	pgnl_table_settled();
}

/**
 * pgnl_proc_reap_last() - Free the ended processes that are left.
 * @pn: the tables, without scopes, so no process is watched any more
 *
 * Here and not by the work item: that may stand behind those of others.
 */
void pgnl_proc_reap_last(struct pgnl_net *pn)
{
	cancel_delayed_work_sync(&pn->reap);
	pgnl_proc_reap(&pn->reap.work);
}

/* Queue those that ended without a wake-up; as many as one hold allows. */
static bool sweep_locked(struct rhashtable_iter *iter)
{
	struct pgnl_proc *proc = NULL;
	u32 work;

	rhashtable_walk_start(iter);
	for (work = 0; work < PGNL_LOCK_ROWS; work++) {
		proc = rhashtable_walk_next(iter);
		if (!proc)
			break;
		if (!IS_ERR(proc) && !test_bit(PGNL_PROC_DEAD, &proc->flags) &&
		    pgnl_exit_is_dead(proc))
			pgnl_exit_requeue_locked(proc);
	}
	rhashtable_walk_stop(iter);
	return proc;
}

/**
 * pgnl_proc_sweep() - Give back what ended processes still have in use.
 * @pn: the tables
 *
 * For those that met a limit. At most once a second does it look for
 * processes that ended without a wake-up, since it looks at all of them.
 */
void pgnl_proc_sweep(struct pgnl_net *pn)
{
	unsigned long last = READ_ONCE(pn->last_sweep);
	struct rhashtable_iter iter;
	bool more;

	if (time_after(jiffies, last + HZ) &&
	    cmpxchg(&pn->last_sweep, last, jiffies) == last) {
		rhashtable_walk_enter(&pn->ids, &iter);
		do {
			mutex_lock(&pn->lock);
			more = sweep_locked(&iter);
			mutex_unlock(&pn->lock);
			cond_resched();
		} while (more);
		rhashtable_walk_exit(&iter);
	}
	pgnl_table_settle_all();
}
