// SPDX-License-Identifier: GPL-2.0-only
/*
 * A word for each process, by which readers of views see that it has ended.
 *
 * The exit callback can't take rows out of a view, but it can write one word:
 * that of the process, which all its rows name. Word 0 counts the words that
 * are set, so that a reader has to look at the others only while some process
 * has ended and still has rows.
 *
 * A reader checks the sequence of a group after the words. So a word is given
 * back, and to another process, only after the rows that name it are gone, or
 * after the view is dead, for which a reader looks last.
 *
 * The words of a network namespace serve all its views. They stay from the
 * first view on until the namespace ends and no view of it is left; a page of
 * them never moves. Pages come under the lock and are not charged: 4 bytes for
 * each process at the highest point.
 */
#include <linux/atomic.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "deaths.h"
#include "table.h"

#define WORDS_PER_PAGE	(PAGE_SIZE / sizeof(atomic_t))
#define NR_PAGES	(PGNL_DEATHS_MAX / WORDS_PER_PAGE)

/**
 * struct pgnl_deaths - The words of a network namespace.
 * @ref: references of the tables and of views
 * @ida: which words are in use, guarded by pgnl_net.lock
 * @words: pages of them; each appears once and stays
 */
struct pgnl_deaths {
	struct kref ref;
	struct ida ida;
	atomic_t *words[NR_PAGES];
};

/**
 * pgnl_deaths_new() - Make room for words.
 *
 * Return: an object with one reference, or NULL.
 */
struct pgnl_deaths *pgnl_deaths_new(void)
{
	struct pgnl_deaths *deaths = kvzalloc(sizeof(*deaths), GFP_KERNEL_ACCOUNT);

	if (!deaths)
		return NULL;
	kref_init(&deaths->ref);
	ida_init(&deaths->ida);
	deaths->words[0] = (atomic_t *)get_zeroed_page(GFP_KERNEL);
	if (!deaths->words[0]) {
		kvfree(deaths);
		return NULL;
	}
	return deaths;
}

/**
 * pgnl_deaths_get() - Take a reference.
 * @deaths: the words
 */
void pgnl_deaths_get(struct pgnl_deaths *deaths)
{
	kref_get(&deaths->ref);
}

/*
 * No process is watched any more, so no callback writes, and no mapping is
 * left. Whoever has pinned a page keeps it.
 */
static void free_deaths(struct kref *ref)
{
	struct pgnl_deaths *deaths = container_of(ref, struct pgnl_deaths, ref);
	unsigned int i;

	for (i = 0; i < NR_PAGES && deaths->words[i]; i++)
		put_page(virt_to_page(deaths->words[i]));
	ida_destroy(&deaths->ida);
	kvfree(deaths);
}

/**
 * pgnl_deaths_put() - Return a reference.
 * @deaths: the words, or NULL
 */
void pgnl_deaths_put(struct pgnl_deaths *deaths)
{
	if (deaths)
		kref_put(&deaths->ref, free_deaths);
}

static atomic_t *word_of(const struct pgnl_proc *proc)
{
	struct pgnl_deaths *deaths = proc->pn->deaths;
	atomic_t *page = deaths->words[proc->word / WORDS_PER_PAGE];

	return &page[proc->word % WORDS_PER_PAGE];
}

/**
 * pgnl_deaths_set() - Set the word of a process, once.
 * @proc: the process, which has a word
 */
void pgnl_deaths_set(struct pgnl_proc *proc)
{
	atomic_t *pending = &proc->pn->deaths->words[0][0];

	/* First, so that whoever finds the word set may rely on it. */
	atomic_inc(pending);
	if (atomic_cmpxchg(word_of(proc), 0, 1))
		atomic_dec(pending);
}

/*
 * Ids are given from the bottom, so pages appear without a gap.
 */
static int add_page(struct pgnl_deaths *deaths, unsigned int index)
{
	atomic_t *page;

	if (deaths->words[index])
		return 0;
	page = (atomic_t *)get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	/* A page fault may look for it. */
	smp_store_release(&deaths->words[index], page);
	return 0;
}

/**
 * pgnl_deaths_watch_locked() - See to it that a process has a word.
 * @proc: a published process; its tables have words
 *
 * It may have ended before, or while this runs: then either the callback
 * finds the word, or the mark of the callback is found here, or both.
 *
 * Return: 0 or -ENOMEM.
 */
int pgnl_deaths_watch_locked(struct pgnl_proc *proc)
{
	struct pgnl_deaths *deaths = proc->pn->deaths;
	int word;

	pgnl_assert_locked(proc->pn);
	if (proc->word)
		return 0;
	word = ida_alloc_range(&deaths->ida, 1, PGNL_DEATHS_MAX - 1, GFP_KERNEL);
	if (word < 0)
		return -ENOMEM;
	if (add_page(deaths, word / WORDS_PER_PAGE)) {
		ida_free(&deaths->ida, word);
		return -ENOMEM;
	}
	/* Pairs with that in pgnl_deaths_mark(). */
	smp_store_release(&proc->word, word);
	/* Pairs with the atomic operation that sets PGNL_PROC_DEAD. */
	smp_mb();
	if (test_bit(PGNL_PROC_DEAD, &proc->flags))
		pgnl_deaths_set(proc);
	return 0;
}

/**
 * pgnl_deaths_clear_locked() - Take the word of a process back.
 * @proc: a process that has one, without rows and not watched any more
 */
void pgnl_deaths_clear_locked(struct pgnl_proc *proc)
{
	struct pgnl_deaths *deaths = proc->pn->deaths;

	pgnl_assert_locked(proc->pn);
	/*
	 * Fully ordered: whoever sees it go sees that the rows have gone, or that the
	 * view has no buckets, since nothing is taken out of one that is dead.
	 */
	if (atomic_xchg(word_of(proc), 0))
		atomic_dec(&deaths->words[0][0]);
	ida_free(&deaths->ida, proc->word);
	proc->word = 0;
}

/**
 * pgnl_deaths_page() - A page of words, for a mapping.
 * @deaths: the words
 * @index: which
 *
 * Return: the page, borrowed; NULL when there is none yet.
 */
struct page *pgnl_deaths_page(struct pgnl_deaths *deaths, unsigned long index)
{
	atomic_t *page;

	if (index >= NR_PAGES)
		return NULL;
	/* Pairs with add_page(). */
	page = smp_load_acquire(&deaths->words[index]);
	return page ? virt_to_page(page) : NULL;
}
