// SPDX-License-Identifier: GPL-2.0-or-later
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../digest.h"
#include "../mem.h"

#include <uthash.h>

/* A row, kept when it has gone for what may not come back. */
struct row {
	UT_hash_handle hh;
	uint64_t id;
	uint32_t count;		/* 0: not there */
	uint32_t version;	/* the newest that was seen */
	bool removed;		/* by the owner's word: the version is past */
	uint32_t fill;		/* number of the listing that had it last */
	size_t key_len;
	uint8_t key[];
};

struct other {
	UT_hash_handle hh;
	uint64_t incarnation;
	enum core_node_state state;
	bool known;		/* not DOWN */
	bool filling;
	uint32_t fill;
	bool partial;		/* rows found no room, so the last commit, or since then */
	bool dropping;		/* since the last begin */
	uint64_t present;
	uint64_t members;	/* of these, without pins */
	struct row *rows;
	struct owner *owner;
	char name[CORE_NAME_MAX + 1];
};

struct model {
	struct sim *sim;
	struct truth *truth;
	const char *name;
	bool light;
	bool hostile;
	uint64_t limit;		/* of the members of each node */
	struct other *others;
	struct sim_events events;
	size_t memory;
};

struct model *model_new(struct sim *sim, struct truth *truth, const char *name,
			  const struct sim_config *config)
{
	size_t memory = 0;
	struct model *kernel = mem_new(&memory, sizeof(*kernel));

	kernel->sim = sim;
	kernel->truth = truth;
	kernel->name = name;
	kernel->light = config->light;
	kernel->hostile = config->hostile;
	kernel->limit = CORE_NO_LIMIT;
	return kernel;
}

void model_limit(struct model *kernel, uint64_t limit)
{
	kernel->limit = limit;
}

static void forget_rows(struct other *other)
{
	struct row *row, *next;

	HASH_ITER(hh, other->rows, row, next) {
		HASH_DEL(other->rows, row);
		free(row);
	}
	other->present = other->members = 0;
}

void model_free(struct model *kernel)
{
	struct other *other, *next;

	HASH_ITER(hh, kernel->others, other, next) {
		forget_rows(other);
		HASH_DEL(kernel->others, other);
		free(other);
	}
	free(kernel);
}

/* --- nodes ------------------------------------------------------------------------ */

static struct other *find(struct model *kernel, const char *name)
{
	struct other *other;

	HASH_FIND_STR(kernel->others, name, other);
	return other;
}

/* The one that a command is of, if it may be given now. */
static struct other *known(struct model *kernel, const char *name, uint64_t incarnation,
			   const char *what)
{
	struct other *other = find(kernel, name);

	if (!other || !other->known)
		sim_fail(kernel->sim, "%s: %s of %s, which is not known", kernel->name, what,
			 name);
	else if (other->incarnation != incarnation)
		sim_fail(kernel->sim, "%s: %s of another incarnation of %s", kernel->name,
			 what, name);
	else
		return other;
	return NULL;
}

static void node_up(struct model *kernel, const char *name, uint64_t incarnation)
{
	struct other *other = find(kernel, name);

	if (!strcmp(name, kernel->name))
		sim_fail(kernel->sim, "%s: its own node is told as another one", name);
	if (other && other->known)
		sim_fail(kernel->sim, "%s: %s is up twice", kernel->name, name);
	if (!other) {
		other = mem_new(&kernel->memory, sizeof(*other));
		snprintf(other->name, sizeof(other->name), "%s", name);
		HASH_ADD_STR(kernel->others, name, other);
	}
	if (other->incarnation != incarnation)
		forget_rows(other);
	other->owner = truth_owner(kernel->truth, name, incarnation);
	if (!other->owner)
		sim_fail(kernel->sim, "%s: there is no such run of %s", kernel->name, name);
	other->incarnation = incarnation;
	other->state = CORE_NODE_UP;
	other->known = true;
	kernel->events.ups++;
}

static void node_down(struct model *kernel, struct other *other)
{
	struct row *row;

	for (row = other->rows; row; row = row->hh.next) {
		kernel->events.leaves += !!row->count;
		row->count = 0;
	}
	other->present = other->members = 0;
	other->known = false;
	other->state = CORE_NODE_DOWN;
	kernel->events.downs++;
}

void model_node(struct model *kernel, const char *name, uint64_t incarnation,
		 enum core_node_state state)
{
	struct other *other;

	if (state == CORE_NODE_UP) {
		node_up(kernel, name, incarnation);
		return;
	}
	other = known(kernel, name, incarnation, "a state");
	if (!other)
		return;
	if ((state == CORE_NODE_FRESH) != (other->state == CORE_NODE_SUSPECT) &&
	    state != CORE_NODE_DOWN)
		sim_fail(kernel->sim, "%s: %s goes from state %d to %d", kernel->name, name,
			 other->state, state);
	if (state != CORE_NODE_FRESH)
		other->filling = false;
	else if (other->filling)
		sim_fail(kernel->sim, "%s: %s is back, but has not committed", kernel->name,
			 name);
	other->state = state;
	kernel->events.suspects += state == CORE_NODE_SUSPECT;
	kernel->events.freshes += state == CORE_NODE_FRESH;
	if (state == CORE_NODE_DOWN)
		node_down(kernel, other);
}

/* --- rows ------------------------------------------------------------------------- */

void model_begin(struct model *kernel, const char *name, uint64_t incarnation)
{
	struct other *other = known(kernel, name, incarnation, "a begin");

	if (!other)
		return;
	other->filling = true;
	other->dropping = false;
	other->fill++;
}

static struct row *row_of(struct model *kernel, struct other *other,
			  const struct core_row *from)
{
	uint8_t key[DIGEST_KEY_MAX];
	size_t len = digest_key(key, from->scope, from->group, from->id);
	struct row *row;

	HASH_FIND(hh, other->rows, key, len, row);
	if (row)
		return row;
	row = mem_new(&kernel->memory, sizeof(*row) + len);
	row->id = from->id;
	row->key_len = len;
	memcpy(row->key, key, len);
	HASH_ADD(hh, other->rows, key, len, row);
	return row;
}

static void drop(struct model *kernel, struct other *other, struct row *row)
{
	kernel->events.leaves++;
	other->present--;
	other->members -= !!row->id;
	row->count = 0;
}

static void take_out(struct model *kernel, struct other *other, struct row *row)
{
	row->removed = true;
	if (row->count)
		drop(kernel, other, row);
}

static void check_end(struct model *kernel, struct other *other, const struct core_row *from)
{
	struct core_end end = truth_end(from->id);

	if (kernel->hostile || from->end.why == CORE_LEFT)
		return;
	/* Its group was deleted, which can happen to each. */
	if (from->end.why == CORE_EVICTED && !from->end.known)
		return;
	if (from->end.why != end.why || from->end.known != end.known ||
	    from->end.status != end.status)
		sim_fail(kernel->sim, "%s: row %llu of %s has not ended so", kernel->name,
			 (unsigned long long)from->id, other->name);
}

/* The first member that has not been told since the listing began makes room. */
static bool make_room(struct model *kernel, struct other *other)
{
	struct row *row;

	for (row = other->filling ? other->rows : NULL; row; row = row->hh.next) {
		if (row->id && row->count && row->fill != other->fill) {
			drop(kernel, other, row);
			return true;
		}
	}
	return false;
}

static bool has_room(struct model *kernel, struct other *other, const struct row *row)
{
	if (!row->id || row->count || other->members < kernel->limit || make_room(kernel, other))
		return true;
	other->partial = other->dropping = true;
	return false;
}

static void put_row(struct model *kernel, struct other *other, const struct core_row *from)
{
	struct row *row = row_of(kernel, other, from);
	uint32_t version;
	bool now;

	if (!from->count) {
		kernel->events.ends += row->count && from->end.why != CORE_LEFT;
		check_end(kernel, other, from);
		take_out(kernel, other, row);
		return;
	}
	version = kernel->hostile ? from->uid : owner_knows(other->owner, from, &now);
	if (kernel->hostile)
		; /* they say what they like */
	else if (!version)
		sim_fail(kernel->sim, "%s: a row that %s never had: %.*s %.*s %llu",
			 kernel->name, other->name, (int)from->scope.len, from->scope.data,
			 (int)from->group.len, from->group.data,
			 (unsigned long long)from->id);
	else if (version < row->version || (row->removed && version == row->version))
		sim_fail(kernel->sim, "%s: a row of %s comes back: %.*s %.*s %llu, %u after %u",
			 kernel->name, other->name, (int)from->scope.len, from->scope.data,
			 (int)from->group.len, from->group.data,
			 (unsigned long long)from->id, version, row->version);
	if (!has_room(kernel, other, row))
		return;
	if (row->count != from->count || row->version != version)
		kernel->events.joins++;
	other->present += !row->count;
	other->members += row->id && !row->count;
	row->count = from->count;
	row->version = version;
	row->removed = false;
	row->fill = other->fill;
}

void model_put(struct model *kernel, const char *name, uint64_t incarnation,
		const struct core_row *row)
{
	struct other *other = known(kernel, name, incarnation, "a row");

	if (!other)
		return;
	if (kernel->light)
		kernel->events.joins += !!row->count;
	else
		put_row(kernel, other, row);
}

void model_commit(struct model *kernel, const char *name, uint64_t incarnation)
{
	struct other *other = known(kernel, name, incarnation, "a commit");
	struct row *row;

	if (!other)
		return;
	if (!other->filling)
		sim_fail(kernel->sim, "%s: a commit of %s without a begin", kernel->name, name);
	other->filling = false;
	other->partial = other->dropping;
	for (row = other->rows; row; row = row->hh.next)
		if (row->count && row->fill != other->fill)
			take_out(kernel, other, row);
}

/* --- agents ----------------------------------------------------------------------- */

void model_agent_lost(struct model *kernel)
{
	struct other *other;

	for (other = kernel->others; other; other = other->hh.next) {
		other->filling = false;
		if (other->known)
			other->state = CORE_NODE_SUSPECT;
	}
}

void model_each_node(struct model *kernel,
		      void (*each)(void *arg, const char *name, uint64_t incarnation),
		      void *arg)
{
	struct other *other;

	for (other = kernel->others; other; other = other->hh.next)
		if (other->known)
			each(arg, other->name, other->incarnation);
}

/* --- views ------------------------------------------------------------------------ */

bool model_knows(struct model *kernel, const char *name, enum core_node_state *state,
		  uint64_t *incarnation)
{
	struct other *other = find(kernel, name);

	if (!other || !other->known)
		return false;
	*state = other->state;
	*incarnation = other->incarnation;
	return true;
}

unsigned int model_nodes(const struct model *kernel)
{
	const struct other *other;
	unsigned int nodes = 0;

	for (other = kernel->others; other; other = other->hh.next)
		nodes += other->known;
	return nodes;
}

struct comparison {
	struct other *other;
	bool same;
};

static bool compare(void *arg, const struct core_row *from)
{
	struct comparison *comparison = arg;
	uint8_t key[DIGEST_KEY_MAX];
	size_t len = digest_key(key, from->scope, from->group, from->id);
	struct row *row;

	HASH_FIND(hh, comparison->other->rows, key, len, row);
	comparison->same = row && row->count == from->count && row->version == from->uid;
	return comparison->same;
}

bool model_agrees(struct model *kernel, const char *name, const struct owner *owner)
{
	struct comparison comparison = { find(kernel, name), true };

	if (!comparison.other || !comparison.other->known ||
	    comparison.other->present != owner_rows(owner))
		return false;
	owner_each(owner, compare, &comparison);
	return comparison.same;
}

/* Is it of this group, whatever the id? */
static bool is_in(const struct row *row, const char *scope, const char *group)
{
	uint8_t key[DIGEST_KEY_MAX];
	size_t len = digest_key(key, (struct core_text){ scope, strlen(scope) },
				(struct core_text){ group, strlen(group) }, row->id);

	return row->count && len == row->key_len && !memcmp(row->key, key, len);
}

unsigned int model_sees(struct model *kernel, const char *of, const char *scope,
			 const char *group)
{
	struct other *other = find(kernel, of);
	unsigned int count = 0;
	struct row *row;

	for (row = other ? other->rows : NULL; row; row = row->hh.next)
		if (row->id && is_in(row, scope, group))
			count += row->count;
	return count;
}

bool model_sees_group(struct model *kernel, const char *scope, const char *group)
{
	struct other *other;
	struct row *row;

	for (other = kernel->others; other; other = other->hh.next)
		for (row = other->rows; row; row = row->hh.next)
			if (is_in(row, scope, group))
				return true;
	return false;
}

bool model_is_partial(struct model *kernel, const char *name)
{
	struct other *other = find(kernel, name);

	return other && other->partial;
}

const struct sim_events *model_events(const struct model *kernel)
{
	return &kernel->events;
}
