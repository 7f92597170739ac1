/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A question to places: which node to ask next, and when the answer is known. Pure;
 * who drives it (gg_ask.c) brings the connections and the time.
 *
 * Places are searched in their order, but asked at once: an answer counts when all
 * places before it have none. A global group is asked by its service first, so one of
 * its nodes answers, whichever. If that one says that it is isolated, or none is there,
 * each of its nodes is asked. What isolated nodes say counts when nobody else answers.
 *
 * Since version 0.2.
 */
#ifndef PGNLD_GG_SEARCH_H
#define PGNLD_GG_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

#define SEARCH_PARALLEL	16	/* questions under way */

struct search;

/* Whom to ask: one of the two; good until the next call. */
struct search_question {
	size_t number;		/* from 0 */
	const char *group;	/* any node of it */
	const char *node;	/* just this one */
};

enum search_answer {
	SEARCH_FOUND,
	SEARCH_UNDEFINED,	/* it knows of nothing like that */
	SEARCH_FAILED,		/* no answer, or none that is of use */
};

/* NULL: no memory, here and later; nothing else is lost by that. */
struct search *search_new(void);
void search_free(struct search *search);
/* One more place, the next in order; a group has to stay. False: no memory. */
bool search_add_node(struct search *search, const char *node);
bool search_add_group(struct search *search, const struct config_group *group);

/* The next question that is to go out now, or false. */
bool search_next(struct search *search, struct search_question *question);
/* What came of a question: who answered (or NULL), and if that one is isolated. */
void search_answer(struct search *search, size_t number, enum search_answer answer,
		   bool isolated, const char *from);

/* Is the outcome known? It can't change then, and no question is due. */
bool search_is_over(const struct search *search);
struct search_outcome {
	enum search_answer answer;
	size_t number;		/* of the question whose answer counts, unless FAILED */
	bool isolated;		/* that comes from an isolated node */
	size_t failed;		/* places before it, or all, that gave no answer */
};

void search_outcome(const struct search *search, struct search_outcome *outcome);

#endif
