/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to other nodes and other global groups: a search (gg_search.h), each
 * question of which is a connection that ends with its answer.
 */
#ifndef PGNLD_GG_ASK_H
#define PGNLD_GG_ASK_H

#include "gg.h"
#include "gg_frame.h"
#include "gg_link.h"
#include "gg_search.h"

#define ASK_MS	2500	/* that all of a question takes at most */

struct ask;

struct ask_result {
	enum search_answer answer;	/* FAILED: nobody has answered */
	bool isolated;			/* who has is cut off from most of its group */
	size_t failed;			/* places before it, or all, that did not answer */
	uint64_t status;		/* enum gg_answer_status, of one that was of no use */
	char group[CONFIG_NAME_SIZE];	/* of who answered; "": of none */
	struct gg_sent sent;		/* of GG_SEND */
};

/* The result is there; the rows, which there may be none of, are asked for one by one
 * during the call. The ask is gone afterwards.
 */
typedef void (*ask_done)(void *arg, struct ask *ask, const struct ask_result *result);
bool ask_next_row(struct ask *ask, struct gg_row *row);

/*
 * Ask at the places of a search, which has at least one and is the ask's from now on,
 * also when it fails; what the question points to is copied. NULL: no memory.
 */
struct ask *ask_start(const struct link_env *env, struct gg *gg, struct search *search,
		      const struct gg_question *question, ask_done done, void *arg);
/* Without a result. */
void ask_cancel(struct ask *ask);

#endif
