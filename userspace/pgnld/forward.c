// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pgnl.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "config.h"
#include "forward.h"
#include "log.h"

#define TODO_MAX	(8 * 1024 * 1024)	/* bytes of acts that wait for their turn */
#define UPCALLS_AT_ONCE	256			/* before others have a turn */
#define NOBODY		65534			/* whom root of another node is taken for */

/* An act of another node, which is done when the core may be told. */
struct todo {
	struct todo *prev, *next;
	struct core_ticket ticket;
	bool refused;			/* there are too many */
	struct pgnl_upcall what;
	struct pgnl_upcall_target whom;
	struct pgnl_origin from;
	size_t size;
	char texts[];			/* names, ids, data */
};

struct forward {
	struct pgnl_agent *agent;
	bool remote_root;
	bool signals;			/* are forwarded, from here and to here */
	bool joins;			/* are taken from others */
	struct todo *todo;
	size_t todo_bytes;
	bool lost;
};

uint32_t forward_acts(const struct config *config)
{
	return PGNL_AGENT_SENDS | PGNL_AGENT_REGISTERS | PGNL_AGENT_UNREGISTERS |
	       PGNL_AGENT_JOINS | PGNL_AGENT_CANCELS | PGNL_AGENT_DELETES |
	       (config->forward_signals ? PGNL_AGENT_SIGNALS : 0);
}

void forward_configure(struct forward *forward, const struct config *config)
{
	forward->remote_root = config->remote_root;
	forward->signals = config->forward_signals;
	forward->joins = config->remote_join;
}

struct forward *forward_new(struct pgnl_agent *agent, const struct config *config)
{
	struct forward *forward = calloc(1, sizeof(*forward));

	if (!forward)
		return NULL;
	forward->agent = agent;
	forward_configure(forward, config);
	return forward;
}

static void drop(struct forward *forward, struct todo *todo)
{
	DL_DELETE(forward->todo, todo);
	forward->todo_bytes -= todo->size;
	free(todo);
}

void forward_free(struct forward *forward)
{
	if (!forward)
		return;
	while (forward->todo)
		drop(forward, forward->todo);
	free(forward);
}

/* --- what the own kernel asks ------------------------------------------------------- */

static struct core_text text_of(const char *string)
{
	return (struct core_text){ string, strlen(string) };
}

static const struct {
	uint32_t act;			/* the kernel's */
	enum core_act_kind kind;
} kinds[] = {
	{ PGNL_AGENT_SENDS, CORE_ACT_SEND },
	{ PGNL_AGENT_SIGNALS, CORE_ACT_SIGNAL },
	{ PGNL_AGENT_JOINS, CORE_ACT_JOIN },
	{ PGNL_AGENT_DELETES, CORE_ACT_DELETE },
};

#define N_KINDS (sizeof(kinds) / sizeof(*kinds))

static uint32_t kind_of(uint32_t act)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (kinds[i].act == act)
			return kinds[i].kind;
	return 0;
}

static uint32_t act_of(uint32_t kind)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (kinds[i].kind == kind)
			return kinds[i].act;
	return 0;
}

/* Of no memory it is no worse than of a node that is out of reach. */
static void ask(struct core *core, const struct pgnl_upcall *upcall)
{
	const struct core_act act = {
		.kind = kind_of(upcall->act), .signal = (uint32_t)upcall->signal,
		.queued = upcall->queued || upcall->act == PGNL_AGENT_JOINS,
		.value = upcall->value,
		.scope = text_of(upcall->scope), .group = text_of(upcall->group),
		.pid = upcall->from_pid, .uid = upcall->from_uid, .id = upcall->from_id,
		.by_uid = upcall->uid != PGNL_ANY_UID, .only_uid = upcall->uid,
		.data = { upcall->data, upcall->len },
	};
	struct core_target *targets = calloc(upcall->n_targets, sizeof(*targets));
	size_t n = targets ? upcall->n_targets : 0;

	for (size_t i = 0; i < n; i++) {
		const struct pgnl_upcall_target *target = &upcall->target[i];

		targets[i] = (struct core_target){
			.node = text_of(target->node), .incarnation = target->incarnation,
			.members = target->members, .ids = target->ids, .n_ids = target->n_ids,
		};
	}
	core_act(core, upcall->request, &act, targets, n);
	free(targets);
}

static void ask_name(struct core *core, const struct pgnl_upcall *upcall)
{
	const struct core_name_request request = {
		.id = upcall->request, .name = text_of(upcall->group),
		.uid = upcall->from_uid, .replace = upcall->replace,
	};

	if (upcall->act == PGNL_AGENT_REGISTERS)
		core_name_register(core, &request);
	else
		core_name_unregister(core, &request);
}

static void cancel_name(struct core *core, uint64_t request)
{
	log_debug("who asked for a name has gone");
	core_name_cancel(core, request);
}

/* Whether the role is still ours, after a call. */
static bool still_agent(struct forward *forward, int ret)
{
	if (ret == -ENOTCONN)
		forward->lost = true;
	return !forward->lost;
}

static void take_upcalls(struct forward *forward, struct core *core)
{
	const struct pgnl_upcall *upcall;
	int left = UPCALLS_AT_ONCE, ret = 1;

	while (left-- && !forward->lost) {
		ret = pgnl_agent_next(forward->agent, &upcall);
		if (ret <= 0)
			break;
		if (upcall->act == PGNL_AGENT_CANCELS)
			cancel_name(core, upcall->request);
		else if (upcall->act & (PGNL_AGENT_REGISTERS | PGNL_AGENT_UNREGISTERS))
			ask_name(core, upcall);
		else
			ask(core, upcall);
	}
	if (ret < 0 && still_agent(forward, ret))
		log_warning("what the kernel asks can't be read: %s",
			    pgnl_agent_error(forward->agent)->text);
}

/* Whether the kernel did it; the requester may have gone, or the process. */
static bool give(struct forward *forward, uint64_t request, const struct pgnl_answer *answer)
{
	int ret;

	if (forward->lost)
		return false;
	ret = pgnl_agent_answer(forward->agent, request, answer);
	if (ret && still_agent(forward, ret))
		log_debug("the kernel refuses an answer: %s",
			  pgnl_agent_error(forward->agent)->text);
	return !ret;
}

bool forward_name_commit(struct forward *forward, uint64_t request, uint64_t fence)
{
	const struct pgnl_answer answer = { .fence = fence };

	return give(forward, request, &answer);
}

void forward_name_answer(struct forward *forward, uint64_t request,
			 enum core_name_verdict verdict, struct core_text node)
{
	static const struct {
		int error;
		const char *words;
	} says[] = {
		[CORE_NAME_TAKEN] = { EEXIST, "the name is taken" },
		[CORE_NAME_SUSPECT] = { EAGAIN, "the node of the holder is suspect" },
		[CORE_NAME_BUSY] = { EBUSY, "others are about to get the name" },
		[CORE_NAME_DENIED] = { EPERM, "no right over the holder of the name" },
		[CORE_NAME_LATE] = { ETIMEDOUT, "a node did not answer in time" },
		[CORE_NAME_MISSING] = { 0, NULL },
	};
	struct pgnl_answer answer = {
		.error = says[verdict].error, .words = says[verdict].words,
		.missing = verdict == CORE_NAME_MISSING,
	};
	char words[128];

	if (answer.error && node.len) {
		snprintf(words, sizeof(words), "%s (node %.*s)", answer.words, (int)node.len,
			 node.data);
		answer.words = words;
	}
	give(forward, request, &answer);
}

bool forward_name_evict(struct forward *forward, struct core_text name, uint64_t id,
			uint64_t fence, enum core_evict why, struct core_text other)
{
	static const enum pgnl_event_reason reasons[] = {
		[CORE_EVICT_UNREGISTERED] = PGNL_BECAUSE_LEFT,
		[CORE_EVICT_REPLACED] = PGNL_BECAUSE_REPLACED,
		[CORE_EVICT_CONFLICT] = PGNL_BECAUSE_CONFLICT,
		[CORE_EVICT_EXIT] = PGNL_BECAUSE_CONFLICT,
	};
	char string[CORE_GROUP_MAX + 1], node[CORE_NAME_MAX + 1];
	const struct pgnl_eviction eviction = {
		.id = id, .fence = fence, .reason = reasons[why],
		.exits = why == CORE_EVICT_EXIT, .node = node,
	};
	int ret;

	if (forward->lost)
		return false;
	memcpy(string, name.data, name.len);
	string[name.len] = '\0';
	memcpy(node, other.data, other.len);
	node[other.len] = '\0';
	ret = pgnl_agent_name_evict(forward->agent, string, &eviction);
	/* It may have gone by itself. */
	if (!ret || ret == -ENOENT)
		return true;
	if (still_agent(forward, ret))
		log_warning("the kernel keeps a name that is another node's: %s",
			    pgnl_agent_error(forward->agent)->text);
	return false;
}

void forward_answer(struct forward *forward, uint64_t request, const struct core_counts *counts)
{
	const struct pgnl_answer answer = {
		.reached = counts->reached, .refused = counts->refused, .gone = counts->gone,
		.full = counts->full, .no_inbox = counts->no_inbox,
		.unreachable = counts->unreachable,
	};
	int ret;

	if (forward->lost)
		return;
	ret = pgnl_agent_answer(forward->agent, request, &answer);
	/* The requester may have gone. */
	if (ret && ret != -ENOENT && still_agent(forward, ret))
		log_warning("the kernel refuses an answer: %s",
			    pgnl_agent_error(forward->agent)->text);
}

/* --- what other nodes ask ------------------------------------------------------------- */

static char *keep(char **at, struct core_text text)
{
	char *kept = *at;

	memcpy(kept, text.data, text.len);
	kept[text.len] = '\0';
	*at += text.len + 1;
	return kept;
}

static void fill(struct todo *todo, struct core_text node, const struct core_act *act, size_t n)
{
	uint64_t *ids = (uint64_t *)todo->texts;
	char *at = todo->texts + n * sizeof(*ids);

	for (size_t i = 0; i < n; i++)
		ids[i] = core_act_id(act, i);
	todo->whom = (struct pgnl_upcall_target){ .ids = n ? ids : NULL, .n_ids = n };
	todo->from = (struct pgnl_origin){
		.node = keep(&at, node), .pid = act->pid, .uid = act->uid, .id = act->id,
	};
	todo->what = (struct pgnl_upcall){
		.act = act_of(act->kind), .signal = (int)act->signal,
		.queued = act->queued && act->kind == CORE_ACT_SIGNAL, .value = act->value,
		.scope = keep(&at, act->scope), .group = keep(&at, act->group),
		.uid = act->by_uid ? act->only_uid : PGNL_ANY_UID,
		.data = keep(&at, act->data), .len = act->data.len,
		.target = &todo->whom, .n_targets = 1,
	};
}

void forward_act(struct forward *forward, struct core_text node,
		 const struct core_ticket *ticket, const struct core_act *act)
{
	size_t n = core_act_ids(act);
	size_t size = sizeof(struct todo) + n * sizeof(uint64_t) + node.len + act->scope.len +
		      act->group.len + act->data.len + 4;
	bool refused = forward->todo_bytes + size > TODO_MAX;
	struct todo *todo;

	if (refused)
		size = sizeof(*todo);
	todo = calloc(1, size);
	/* The other end does not wait for ever. */
	if (!todo)
		return;
	todo->size = size;
	todo->ticket = *ticket;
	todo->refused = refused;
	if (!refused)
		fill(todo, node, act, n);
	DL_APPEND(forward->todo, todo);
	forward->todo_bytes += size;
}

static enum core_act_error error_of(int ret)
{
	switch (ret) {
	case 0:
		return CORE_ACT_DONE;
	case -ENOENT:
	case -ENODATA:
	case -ESRCH:
		return CORE_ACT_GONE;
	case -EACCES:
	case -EPERM:
		return CORE_ACT_REFUSED;
	default:
		return CORE_ACT_FAILED;
	}
}

/* What a node does for others only if it is told to. */
static bool may(const struct forward *forward, uint32_t act)
{
	switch (act) {
	case PGNL_AGENT_SIGNALS:
		return forward->signals;
	case PGNL_AGENT_JOINS:
		return forward->joins;
	default:
		return true;
	}
}

static void carry_out(struct forward *forward, struct todo *todo, struct core_counts *counts)
{
	struct pgnl_answer answer;
	int ret;

	*counts = (struct core_counts){ .error = CORE_ACT_FAILED };
	if (todo->refused || forward->lost)
		return;
	if (!may(forward, todo->what.act)) {
		counts->error = CORE_ACT_REFUSED;
		return;
	}
	if (!todo->from.uid && !forward->remote_root)
		todo->from.uid = NOBODY;
	ret = pgnl_agent_act(forward->agent, &todo->what, &todo->from, &answer);
	if (ret && still_agent(forward, ret))
		log_debug("node %s: the kernel refuses its act: %s", todo->from.node,
			  pgnl_agent_error(forward->agent)->text);
	counts->error = error_of(ret);
	if (ret)
		return;
	counts->reached = answer.reached;
	counts->refused = answer.refused;
	counts->gone = answer.gone;
	counts->full = answer.full;
	counts->no_inbox = answer.no_inbox;
}

static void do_next(struct forward *forward, struct core *core)
{
	struct todo *todo = forward->todo;
	struct core_counts counts;

	carry_out(forward, todo, &counts);
	if (todo->what.act == PGNL_AGENT_DELETES && counts.error == CORE_ACT_DONE)
		core_deleted(core, &todo->ticket, &counts, text_of(todo->what.scope),
			     text_of(todo->what.group));
	else
		core_acted(core, &todo->ticket, &counts);
	drop(forward, todo);
}

int forward_flush(struct forward *forward, struct core *core)
{
	while (forward->todo)
		do_next(forward, core);
	if (!forward->lost)
		take_upcalls(forward, core);
	return forward->lost ? -ENOTCONN : 0;
}
