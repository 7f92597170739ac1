// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel asks of the agent, over the agent's own socket. Upcalls may
 * come while a request of the agent is under way, and are kept until then.
 */

#include <stdlib.h>
#include <string.h>

#include "agent.h"

struct lp_kept {
	struct lp_kept *next;
	struct nlmsghdr msg;
};

static int keep(const struct nlmsghdr *nlh, void *arg)
{
	struct pgnl_agent *agent = arg;
	struct lp_kept *kept = malloc(sizeof(*kept) + nlh->nlmsg_len);

	if (!kept)
		return lp_fail(agent->handle, ENOMEM, "", 0, "no memory");
	kept->next = NULL;
	memcpy(&kept->msg, nlh, nlh->nlmsg_len);
	*agent->kept_end = kept;
	agent->kept_end = &kept->next;
	return 0;
}

static void drop_current(struct pgnl_agent *agent)
{
	free(agent->current);
	free(agent->targets);
	free(agent->ids);
	agent->current = NULL;
	agent->targets = NULL;
	agent->ids = NULL;
}

void lp_upcall_init(struct pgnl_agent *agent)
{
	agent->kept_end = &agent->kept;
	agent->handle->stray = keep;
	agent->handle->stray_arg = agent;
}

void lp_upcall_free(struct pgnl_agent *agent)
{
	struct lp_kept *kept;

	drop_current(agent);
	while ((kept = agent->kept)) {
		agent->kept = kept->next;
		free(kept);
	}
}

LP_EXPORT int pgnl_agent_fd(const struct pgnl_agent *agent)
{
	return mnl_socket_get_fd(agent->handle->sock);
}

LP_EXPORT int pgnl_agent_waits(const struct pgnl_agent *agent)
{
	return agent->kept != NULL;
}

/* --- Upcalls --- */

struct counting {
	size_t targets;
	size_t ids;
};

static int count(const struct lp_target *target, void *arg)
{
	struct counting *counting = arg;

	counting->targets++;
	counting->ids += target->n_ids;
	return 0;
}

static int add(const struct lp_target *from, void *arg)
{
	struct pgnl_agent *agent = arg;
	struct pgnl_upcall_target *to = &agent->targets[agent->upcall.n_targets++];

	*to = (struct pgnl_upcall_target) {
		.node = from->node, .incarnation = from->incarnation,
		.members = from->members, .n_ids = from->n_ids,
	};
	if (!from->n_ids)
		return 0;
	to->ids = agent->ids + agent->n_ids;
	memcpy(agent->ids + agent->n_ids, from->ids, from->n_ids * sizeof(uint64_t));
	agent->n_ids += from->n_ids;
	return 0;
}

/* 1: an upcall, of agent->current; 0: something else. */
static int read_current(struct pgnl_agent *agent)
{
	const struct nlmsghdr *nlh = &agent->current->msg;
	struct counting counting = { 0 };
	int ret;

	ret = lp_decode_upcall(nlh, &agent->upcall);
	if (ret != 1)
		return ret;
	ret = lp_decode_targets(nlh, count, &counting);
	if (ret)
		return ret;
	agent->targets = calloc(counting.targets + 1, sizeof(*agent->targets));
	agent->ids = calloc(counting.ids + 1, sizeof(*agent->ids));
	agent->n_ids = 0;
	if (!agent->targets || !agent->ids)
		return -ENOMEM;
	ret = lp_decode_targets(nlh, add, agent);
	agent->upcall.target = agent->targets;
	return ret ? : 1;
}

/* Whatever the socket has, to the end of the queue. */
static int receive(struct pgnl_agent *agent)
{
	struct pgnl *handle = agent->handle;
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)handle->buf;
	size_t len;
	int left, ret;

	ret = lp_receive(handle, MSG_DONTWAIT, &len);
	if (ret)
		return ret;
	for (left = (int)len; mnl_nlmsg_ok(nlh, left);
	     nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_type != handle->family || nlh->nlmsg_seq)
			continue;
		ret = keep(nlh, agent);
		if (ret)
			return ret;
	}
	return 0;
}

LP_EXPORT int pgnl_agent_next(struct pgnl_agent *agent,
			      const struct pgnl_upcall **upcall)
{
	int ret;

	*upcall = &agent->upcall;
	for (;;) {
		drop_current(agent);
		if (!agent->kept) {
			ret = receive(agent);
			/* Nothing is there. */
			if (ret == -ENOBUFS)
				return 0;
			if (ret)
				return ret;
			continue;
		}
		agent->current = agent->kept;
		agent->kept = agent->current->next;
		if (!agent->kept)
			agent->kept_end = &agent->kept;
		ret = read_current(agent);
		if (ret < 0)
			return lp_fail(agent->handle, -ret, "", 0,
				       "an upcall can't be read");
		if (ret)
			return 1;
	}
}

LP_EXPORT int pgnl_agent_answer(struct pgnl_agent *agent, uint64_t request,
				const struct pgnl_answer *answer)
{
	struct pgnl *handle = agent->handle;

	lp_start(handle, PGNL_CMD_UPCALL_ANSWER);
	lp_put_u64(handle, PGNL_A_REQUEST, request);
	if (answer->error)
		lp_put_u32(handle, PGNL_A_ERROR, (uint32_t)answer->error);
	if (answer->words)
		lp_put_name(handle, PGNL_A_WORDS, "words", answer->words,
			    PGNL_WORDS_MAX);
	lp_put_u32(handle, PGNL_A_REACHED, answer->reached);
	lp_put_u32(handle, PGNL_A_REFUSED, answer->refused);
	lp_put_u32(handle, PGNL_A_GONE, answer->gone);
	lp_put_u32(handle, PGNL_A_FULL, answer->full);
	lp_put_u32(handle, PGNL_A_NO_INBOX, answer->no_inbox);
	lp_put_u32(handle, PGNL_A_UNREACHABLE, answer->unreachable);
	if (answer->node)
		lp_put_name(handle, PGNL_A_NODE, "node", answer->node,
			    PGNL_SCOPE_NAME_MAX);
	if (answer->pid)
		lp_put_u32(handle, PGNL_A_PID, answer->pid);
	if (answer->id)
		lp_put_u64(handle, PGNL_A_ID, answer->id);
	if (answer->fence)
		lp_put_u64(handle, PGNL_A_FENCE, answer->fence);
	if (answer->missing)
		lp_put_flag(handle, PGNL_A_NO_GROUP);
	return lp_do(handle, NULL, NULL);
}

LP_EXPORT int pgnl_agent_name_evict(struct pgnl_agent *agent, const char *name,
				    const struct pgnl_eviction *eviction)
{
	struct pgnl *handle = agent->handle;

	lp_start(handle, PGNL_CMD_NAME_EVICT);
	lp_put_group(handle, name);
	lp_put_u64(handle, PGNL_A_ID, eviction->id);
	lp_put_u64(handle, PGNL_A_FENCE, eviction->fence);
	if (eviction->reason == PGNL_BECAUSE_REPLACED)
		lp_put_flag(handle, PGNL_A_REPLACE);
	else if (eviction->reason == PGNL_BECAUSE_CONFLICT)
		lp_put_u32(handle, PGNL_A_RESOLVE,
			   eviction->exits ? PGNL_RESOLVE_RANDOM_EXIT :
					     PGNL_RESOLVE_KEEP_FIRST);
	if (eviction->node)
		lp_put_name(handle, PGNL_A_NODE, "node", eviction->node,
			    PGNL_SCOPE_NAME_MAX);
	return lp_do(handle, NULL, NULL);
}

/* --- For senders elsewhere --- */

static void put_origin(struct pgnl *handle, const struct pgnl_origin *from)
{
	size_t nest = lp_put_nest(handle, PGNL_A_SENDER);

	lp_put_name(handle, PGNL_A_SENDER_NODE, "node", from->node,
		    PGNL_SCOPE_NAME_MAX);
	lp_put_u32(handle, PGNL_A_SENDER_PID, from->pid);
	lp_put_u32(handle, PGNL_A_SENDER_UID, from->uid);
	if (from->id)
		lp_put_u64(handle, PGNL_A_SENDER_ID, from->id);
	lp_end_nest(handle, nest);
}

static void put_whom(struct pgnl *handle, const struct pgnl_upcall *what)
{
	const struct pgnl_upcall_target *target = what->target;

	if (what->uid != PGNL_ANY_UID)
		lp_put_u32(handle, PGNL_A_UID, what->uid);
	for (size_t i = 0; i < target->n_ids; i++)
		lp_put_u64(handle, PGNL_A_ID, target->ids[i]);
}

static int on_joined(const struct nlmsghdr *nlh, void *arg)
{
	struct pgnl_answer *answer = arg;
	struct pgnl_joined joined;
	int ret = lp_decode_joined(nlh, &joined, 1);

	if (ret)
		return ret;
	/* It ended while the request was under way. */
	answer->reached = !!joined.count;
	answer->gone = !joined.count;
	return 0;
}

/* It had something in the group, or had not. */
static int on_deleted(const struct nlmsghdr *nlh, void *arg)
{
	struct pgnl_answer *answer = arg;
	bool missing = false;
	int ret = lp_decode_missing(nlh, &missing);

	answer->reached = !missing;
	answer->gone = missing;
	return ret;
}

/* A signal's counts are some of these. */
static int on_done(const struct nlmsghdr *nlh, void *arg)
{
	struct pgnl_answer *answer = arg;
	struct pgnl_sent sent;
	int ret = lp_decode_sent(nlh, &sent);

	if (ret)
		return ret;
	answer->reached = sent.reached;
	answer->refused = sent.refused;
	answer->gone = sent.gone;
	answer->full = sent.full;
	answer->no_inbox = sent.no_inbox;
	return 0;
}

/* What the agent does here for another node's. */
static const struct act {
	uint32_t act;
	uint8_t cmd;
	lp_reply_fn reply;
} acts[] = {
	{ PGNL_AGENT_SENDS, PGNL_CMD_GROUP_SEND, on_done },
	{ PGNL_AGENT_SIGNALS, PGNL_CMD_GROUP_SIGNAL, on_done },
	{ PGNL_AGENT_JOINS, PGNL_CMD_MEMBER_JOIN, on_joined },
	{ PGNL_AGENT_DELETES, PGNL_CMD_GROUP_DEL, on_deleted },
	{ 0 }
};

static void put_what(struct pgnl *handle, const struct pgnl_upcall *what)
{
	if (what->act == PGNL_AGENT_SENDS)
		lp_put_data(handle, PGNL_A_DATA, what->data, what->len,
			    PGNL_MESSAGE_MAX);
	else if (what->act == PGNL_AGENT_SIGNALS)
		lp_put_u32(handle, PGNL_A_SIGNAL, (uint32_t)what->signal);
	else if (what->act == PGNL_AGENT_JOINS)
		lp_put_u32(handle, PGNL_A_TIMES, (uint32_t)what->value);
	if (what->queued)
		lp_put_u64(handle, PGNL_A_VALUE, what->value);
}

LP_EXPORT int pgnl_agent_act(struct pgnl_agent *agent,
			     const struct pgnl_upcall *what,
			     const struct pgnl_origin *from,
			     struct pgnl_answer *answer)
{
	struct pgnl *handle = agent->handle;
	const struct act *act = acts;

	*answer = (struct pgnl_answer){ 0 };
	while (act->act && act->act != what->act)
		act++;
	if (!act->act)
		return lp_fail(handle, EOPNOTSUPP, "act", 0, "no such act");
	lp_start(handle, act->cmd);
	lp_put_scope(handle, what->scope);
	lp_put_group(handle, what->group);
	put_what(handle, what);
	put_whom(handle, what);
	put_origin(handle, from);
	return lp_do(handle, act->reply, answer);
}
