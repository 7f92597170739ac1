// SPDX-License-Identifier: GPL-2.0-or-later
#include "gg_search.h"

#include <stdlib.h>
#include <string.h>

struct place {
	const struct config_group *group;	/* or */
	char node[CONFIG_NAME_SIZE];
	char answered[CONFIG_NAME_SIZE];	/* who did, for the group */
	bool asked;			/* itself: the node, or any of the group */
	bool widened;			/* each of the group is asked */
	size_t next;			/* of its nodes */
	size_t under_way;
	bool done;
	enum search_answer best;	/* so far; FAILED: none */
	bool isolated;			/* the best one is */
	size_t number;			/* and of this question */
};

struct search {
	struct place *places;
	size_t n_places;
	size_t *asked;			/* place of each question so far */
	size_t n_asked;
	size_t under_way;
};

struct search *search_new(void)
{
	return calloc(1, sizeof(struct search));
}

void search_free(struct search *search)
{
	if (!search)
		return;
	free(search->places);
	free(search->asked);
	free(search);
}

static bool add(struct search *search, const char *node, const struct config_group *group)
{
	struct place *grown = reallocarray(search->places, search->n_places + 1, sizeof(*grown));

	if (!grown)
		return false;
	search->places = grown;
	grown += search->n_places++;
	*grown = (struct place){ .group = group, .best = SEARCH_FAILED };
	if (node)
		strncpy(grown->node, node, sizeof(grown->node) - 1);
	return true;
}

bool search_add_node(struct search *search, const char *node)
{
	return add(search, node, NULL);
}

bool search_add_group(struct search *search, const struct config_group *group)
{
	return add(search, NULL, group);
}

/* --- questions ---------------------------------------------------------------------- */

/* The next node of the group that is still to be asked, or NULL. */
static const char *due_node(struct place *place)
{
	const struct config_group *group = place->group;

	if (!group || !place->widened)
		return NULL;
	if (place->next < group->n_nodes && !strcmp(group->nodes[place->next], place->answered))
		place->next++;
	return place->next < group->n_nodes ? group->nodes[place->next] : NULL;
}

/* Of a place; false: none is due. */
static bool next_question(struct place *place, struct search_question *question)
{
	*question = (struct search_question){ .number = 0 };
	if (place->done)
		return false;
	if (!place->asked) {
		place->asked = true;
		question->node = place->group ? NULL : place->node;
		question->group = place->group ? place->group->name : NULL;
		return true;
	}
	question->node = due_node(place);
	place->next += !!question->node;
	return question->node;
}

/* All that could be asked has answered, or what came needs no other answer. */
static void see_done(struct place *place)
{
	place->done = (place->best != SEARCH_FAILED && !place->isolated) ||
		      (!due_node(place) && !place->under_way);
}

bool search_next(struct search *search, struct search_question *question)
{
	size_t *grown;

	if (search->under_way == SEARCH_PARALLEL || search_is_over(search))
		return false;
	grown = reallocarray(search->asked, search->n_asked + 1, sizeof(*grown));
	if (!grown)
		return false;
	search->asked = grown;
	for (size_t i = 0; i < search->n_places; i++) {
		struct place *place = &search->places[i];

		if (!next_question(place, question))
			continue;
		place->under_way++;
		search->under_way++;
		question->number = search->n_asked;
		search->asked[search->n_asked++] = i;
		return true;
	}
	return false;
}

/* --- answers ------------------------------------------------------------------------ */

static bool is_better(const struct place *place, enum search_answer answer, bool isolated)
{
	if (answer == SEARCH_FAILED)
		return false;
	if (place->best == SEARCH_FAILED || (place->isolated && !isolated))
		return true;
	return place->isolated == isolated && answer == SEARCH_FOUND &&
	       place->best == SEARCH_UNDEFINED;
}

void search_answer(struct search *search, size_t number, enum search_answer answer,
		   bool isolated, const char *from)
{
	struct place *place = &search->places[search->asked[number]];

	place->under_way--;
	search->under_way--;
	if (is_better(place, answer, isolated)) {
		place->best = answer;
		place->isolated = isolated;
		place->number = number;
	}
	if (answer == SEARCH_FAILED || isolated) {
		if (from && !place->widened)
			strncpy(place->answered, from, sizeof(place->answered) - 1);
		place->widened = true;
	}
	see_done(place);
}

bool search_is_over(const struct search *search)
{
	for (size_t i = 0; i < search->n_places; i++) {
		const struct place *place = &search->places[i];

		if (!place->done)
			return false;
		if (place->best == SEARCH_FOUND)
			return true;
	}
	return true;
}

void search_outcome(const struct search *search, struct search_outcome *outcome)
{
	*outcome = (struct search_outcome){ .answer = SEARCH_FAILED };
	for (size_t i = 0; i < search->n_places; i++) {
		const struct place *place = &search->places[i];

		outcome->failed += place->best == SEARCH_FAILED;
		if (place->best == SEARCH_FAILED ||
		    (place->best == SEARCH_UNDEFINED && outcome->answer == SEARCH_UNDEFINED))
			continue;
		outcome->answer = place->best;
		outcome->number = place->number;
		outcome->isolated = place->isolated;
		if (place->best == SEARCH_FOUND)
			return;
	}
}
