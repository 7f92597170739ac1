// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Subscriptions, and what comes of them.
 *
 * A watch has two handles: events come to one, requests about subscriptions go
 * over it, and listings over the other. What comes while a reply is awaited is
 * kept. What the library has to say itself (snapshots, resyncs) is queued, and
 * goes out before more is read.
 *
 * A subscription knows the last event it has told. When the kernel says that it
 * had no room for more, or one comes that does not follow, it asks for those
 * after that event; if they are not there any more, for what comes from now on,
 * and lists the members anew.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

/* The kernel's datagrams have at most 8 KiB. */
#define IN_SIZE (16 * 1024)
/* For a burst of events, as far as the system lets us. */
#define ROOM (4 << 20)
/* Tries of a request whose reply had no room. */
#define TRIES 4

struct sub {
	struct sub *next;
	int id;
	bool lost;		/* it is parked until it asks for more */
	bool stale;		/* the caller's view is void: list the members */
	bool ended;		/* its scope is deleted */
	uint32_t flags;		/* as it was asked for */
	char *scope;		/* NULL: "pg" */
	char *group;		/* NULL: all */
	uint64_t epoch;
	uint64_t seq;		/* of the last event told, or passed over */
	uint64_t listed;	/* the snapshot has what came up to this one */
};

/* A message that came while a reply was awaited. */
struct kept {
	struct kept *next;
	struct nlmsghdr msg[];
};

/* An event of the library's own. */
struct own {
	struct own *next;
	struct pgnl_event event;
	struct pgnl_members *list;	/* that its members are in, if it is the last */
	char scope[PGNL_SCOPE_NAME_MAX + 1];
	char group[PGNL_GROUP_NAME_MAX + 1];
};

struct pgnl_watch {
	struct pgnl *ear;
	struct pgnl *lister;
	struct sub *subs;
	struct kept *kept, **kept_end;
	struct own *own, **own_end;
	bool overrun;		/* to be looked after when all is read */

	char *in;
	const struct nlmsghdr *msg;	/* the next one in there */
	int left;

	/* What the caller has been given. */
	struct kept *told_kept;
	struct own *told_own;
	struct pgnl_event event;
	struct pgnl_member *member;
	size_t room;
	char scope[PGNL_SCOPE_NAME_MAX + 1];
	char group[PGNL_GROUP_NAME_MAX + 1];
	char node[PGNL_SCOPE_NAME_MAX + 1];
	char by_node[PGNL_SCOPE_NAME_MAX + 1];
};

/* --- Names -------------------------------------------------------------------- */

LP_EXPORT const char *pgnl_event_name(enum pgnl_event_type type)
{
	static const char *const names[] = {
		[PGNL_EVENT_SNAPSHOT] = "snapshot",
		[PGNL_EVENT_JOIN] = "join",
		[PGNL_EVENT_LEAVE] = "leave",
		[PGNL_EVENT_CREATE] = "create",
		[PGNL_EVENT_DELETE] = "delete",
		[PGNL_EVENT_SCOPE_DELETED] = "scope-deleted",
		[PGNL_EVENT_RESYNC] = "resync",
		[PGNL_EVENT_NODE_UP] = "nodeup",
		[PGNL_EVENT_NODE_DOWN] = "nodedown",
		[PGNL_EVENT_SUSPECT] = "suspect",
		[PGNL_EVENT_FRESH] = "fresh",
		[PGNL_EVENT_AGENT_LOST] = "agent-lost",
		[PGNL_EVENT_AGENT_BACK] = "agent-back",
		[PGNL_EVENT_CONFLICT] = "conflict",
	};

	return (size_t)type < MNL_ARRAY_SIZE(names) ? names[type] : NULL;
}

LP_EXPORT const char *pgnl_reason_name(enum pgnl_event_reason reason)
{
	static const char *const names[] = {
		[PGNL_BECAUSE_JOINED] = "joined",
		[PGNL_BECAUSE_LEFT] = "left",
		[PGNL_BECAUSE_EXITED] = "exited",
		[PGNL_BECAUSE_KILLED] = "killed",
		[PGNL_BECAUSE_EVICTED] = "evicted",
		[PGNL_BECAUSE_REPLACED] = "replaced",
		[PGNL_BECAUSE_CREATED] = "created",
		[PGNL_BECAUSE_DELETED] = "deleted",
		[PGNL_BECAUSE_REPLAYED] = "replayed",
		[PGNL_BECAUSE_LISTED] = "listed",
		[PGNL_BECAUSE_NODE_LOST] = "node-lost",
		[PGNL_BECAUSE_AGENT_LOST] = "agent-lost",
		[PGNL_BECAUSE_CONFLICT] = "conflict",
	};

	return (size_t)reason < MNL_ARRAY_SIZE(names) ? names[reason] : NULL;
}

/* --- Requests -------------------------------------------------------------------- */

/* What there is no memory for is lost, as what the socket has no room for. */
static int keep(const struct nlmsghdr *nlh, void *arg)
{
	struct pgnl_watch *watch = arg;
	struct kept *kept = malloc(sizeof(*kept) + nlh->nlmsg_len);

	if (!kept) {
		watch->overrun = true;
		return 0;
	}
	kept->next = NULL;
	memcpy(kept->msg, nlh, nlh->nlmsg_len);
	*watch->kept_end = kept;
	watch->kept_end = &kept->next;
	return 0;
}

static int on_since(const struct nlmsghdr *nlh, void *arg)
{
	return lp_decode_since(nlh, arg);
}

/* Reading makes room for the reply of the next try. */
static int ask(struct pgnl_watch *watch, lp_reply_fn fn, void *arg)
{
	int ret, tries = 0;

	do {
		ret = lp_do(watch->ear, fn, arg);
	} while (ret == -ENOBUFS && ++tries < TRIES);
	watch->overrun |= watch->ear->overrun;
	watch->ear->overrun = false;
	return ret;
}

static int ask_to_subscribe(struct pgnl_watch *watch, const char *scope,
			    const char *group, uint32_t flags,
			    struct lp_since *since)
{
	lp_start(watch->ear, PGNL_CMD_EVENT_SUBSCRIBE);
	lp_put_scope(watch->ear, scope);
	if (group)
		lp_put_group(watch->ear, group);
	if (flags & PGNL_LOCAL_EVENTS)
		lp_put_flag(watch->ear, PGNL_A_LOCAL_ONLY);
	return ask(watch, on_since, since);
}

static int ask_for_replay(struct pgnl_watch *watch, const struct sub *sub,
			  const uint64_t *seq, struct lp_since *since)
{
	lp_start(watch->ear, PGNL_CMD_EVENT_REPLAY);
	lp_put_u32(watch->ear, PGNL_A_SUBSCRIPTION, (uint32_t)sub->id);
	if (seq)
		lp_put_u64(watch->ear, PGNL_A_SEQ, *seq);
	return ask(watch, on_since, since);
}

static int ask_to_unsubscribe(struct pgnl_watch *watch, int id)
{
	lp_start(watch->ear, PGNL_CMD_EVENT_UNSUBSCRIBE);
	lp_put_u32(watch->ear, PGNL_A_SUBSCRIPTION, (uint32_t)id);
	return ask(watch, NULL, NULL);
}

/* --- Events of its own -------------------------------------------------------------- */

static const char *scope_of(const struct sub *sub)
{
	return sub->scope ? sub->scope : "pg";
}

static struct own *queue_own(struct pgnl_watch *watch, const struct sub *sub,
			     enum pgnl_event_type type,
			     enum pgnl_event_reason reason, const char *group)
{
	struct own *own = calloc(1, sizeof(*own));

	if (!own) {
		lp_fail(watch->ear, ENOMEM, "", 0, "no memory");
		return NULL;
	}
	own->event.type = type;
	own->event.reason = reason;
	own->event.sub = sub->id;
	own->event.epoch = sub->epoch;
	own->event.seq = sub->seq;
	own->event.status = PGNL_UNKNOWN;
	own->event.by_uid = PGNL_UNKNOWN;
	snprintf(own->scope, sizeof(own->scope), "%s", scope_of(sub));
	own->event.scope = own->scope;
	if (group) {
		snprintf(own->group, sizeof(own->group), "%s", group);
		own->event.group = own->group;
	}
	*watch->own_end = own;
	watch->own_end = &own->next;
	return own;
}

static void free_own(struct own *own)
{
	if (own)
		pgnl_free(own->list);
	free(own);
}

/* They go when they would be told. */
static void forget_own(struct pgnl_watch *watch, int sub)
{
	struct own *own;

	for (own = watch->own; own; own = own->next)
		if (own->event.sub == sub)
			own->event.sub = 0;
}

static int by_group(const void *a, const void *b)
{
	const struct pgnl_member *left = a, *right = b;
	int ret = strcmp(left->group, right->group);

	/* Those of this node first. */
	if (!ret && (left->node || right->node))
		ret = strcmp(left->node ? left->node : "",
			     right->node ? right->node : "");
	return ret ? ret : (left->id > right->id) - (left->id < right->id);
}

/* The members of each group; they stay in the list, which the last one gets. */
static int queue_members(struct pgnl_watch *watch, const struct sub *sub,
			 struct pgnl_members *list, struct own **last)
{
	size_t end;

	qsort(list->member, list->n, sizeof(*list->member), by_group);
	for (size_t i = 0; i < list->n; i = end) {
		const char *group = list->member[i].group;

		for (end = i + 1; end < list->n; end++)
			if (strcmp(list->member[end].group, group))
				break;
		*last = queue_own(watch, sub, PGNL_EVENT_SNAPSHOT,
				  PGNL_BECAUSE_NOTHING, group);
		if (!*last)
			return -ENOMEM;
		(*last)->event.more = 1;
		(*last)->event.n = end - i;
		(*last)->event.member = &list->member[i];
	}
	return 0;
}

static bool local_only(const struct sub *sub)
{
	return sub->flags & PGNL_LOCAL_EVENTS;
}

/* Here, that is created here, if nothing of other nodes is to be told. */
static bool is_empty(const struct sub *sub, const struct pgnl_group *group)
{
	if (local_only(sub))
		return !group->local && group->owner != PGNL_KEEP;
	return !group->local && !group->remote;
}

/* Created groups may have no members. */
static int queue_empty(struct pgnl_watch *watch, const struct sub *sub,
		       struct own **last)
{
	struct pgnl_groups *groups;
	int ret;

	ret = pgnl_groups(watch->lister, sub->scope, 0, &groups);
	if (ret)
		return ret;
	for (size_t i = 0; i < groups->n && !ret; i++) {
		if (!is_empty(sub, &groups->group[i]))
			continue;
		*last = queue_own(watch, sub, PGNL_EVENT_SNAPSHOT,
				  PGNL_BECAUSE_NOTHING, groups->group[i].name);
		if (*last)
			(*last)->event.more = 1;
		else
			ret = -ENOMEM;
	}
	pgnl_free(groups);
	return ret;
}

static int tell_lister(struct pgnl_watch *watch, int ret)
{
	if (ret < 0)
		watch->ear->error = watch->lister->error;
	return ret;
}

static int queue_snapshot(struct pgnl_watch *watch, struct sub *sub)
{
	struct own *last = NULL, *first, **before = watch->own_end;
	struct pgnl_members *list;
	uint64_t seq;
	int ret;

	ret = lp_members_after(watch->lister, sub->scope, sub->group,
			       local_only(sub) ? PGNL_LOCAL : 0, &list, &seq);
	if (ret)
		return tell_lister(watch, ret);
	if (seq > sub->seq)
		sub->listed = seq;
	ret = queue_members(watch, sub, list, &last);
	first = *before;
	if (!ret && !sub->group)
		ret = tell_lister(watch, queue_empty(watch, sub, &last));
	if (!ret && !last) {
		last = queue_own(watch, sub, PGNL_EVENT_SNAPSHOT,
				 PGNL_BECAUSE_NOTHING, sub->group);
		ret = last ? 0 : -ENOMEM;
	}
	if (ret) {
		/* What is queued points into the list. */
		for (; first; first = first->next)
			first->event.n = 0;
		pgnl_free(list);
		return ret;
	}
	last->event.more = 0;
	last->list = list;
	return 0;
}

/* --- Recovery -------------------------------------------------------------------------- */

static int end_sub(struct pgnl_watch *watch, struct sub *sub)
{
	sub->ended = true;
	return queue_own(watch, sub, PGNL_EVENT_SCOPE_DELETED,
			 PGNL_BECAUSE_DELETED, NULL) ? 0 : -ENOMEM;
}

static int begin_anew(struct pgnl_watch *watch, struct sub *sub)
{
	struct lp_since since;
	int ret;

	ret = ask_for_replay(watch, sub, NULL, &since);
	if (ret == -ENOENT)
		return end_sub(watch, sub);
	if (ret)
		return ret;
	sub->seq = since.seq;
	sub->listed = 0;
	if (!queue_own(watch, sub, PGNL_EVENT_RESYNC, PGNL_BECAUSE_LISTED,
		       NULL))
		return -ENOMEM;
	ret = queue_snapshot(watch, sub);
	/* The scope is gone, and that will be told. */
	if (ret == -ENOENT)
		ret = 0;
	if (ret)
		forget_own(watch, sub->id);
	sub->stale = ret;
	return ret;
}

static int recover(struct pgnl_watch *watch, struct sub *sub)
{
	struct lp_since since;
	int ret = -ESTALE;

	if (!sub->stale)
		ret = ask_for_replay(watch, sub, &sub->seq, &since);
	if (ret == -ENOENT)
		ret = end_sub(watch, sub);
	else if (ret == -ESTALE)
		ret = begin_anew(watch, sub);
	else if (!ret && !queue_own(watch, sub, PGNL_EVENT_RESYNC,
				    PGNL_BECAUSE_REPLAYED, NULL))
		ret = -ENOMEM;
	/* After a failure it is tried again with the next call. */
	sub->lost = ret;
	return ret;
}

static bool any_lost(const struct pgnl_watch *watch)
{
	const struct sub *sub;

	for (sub = watch->subs; sub; sub = sub->next)
		if (sub->lost)
			return true;
	return false;
}

/* When all that has come is read: then there is the most room. */
static int recover_all(struct pgnl_watch *watch)
{
	struct pgnl_error first;
	struct sub *sub;
	int ret = 0, err = 0;

	for (sub = watch->subs; sub; sub = sub->next)
		if (watch->overrun && !sub->ended)
			sub->lost = true;
	watch->overrun = false;
	/* What came for the first ones took the room: it is read before more. */
	for (sub = watch->subs; sub && err != -ENOBUFS; sub = sub->next) {
		if (!sub->lost)
			continue;
		err = recover(watch, sub);
		/* One that may not be listed any more keeps no other one back. */
		if (!err || err == -ENOBUFS || ret)
			continue;
		ret = err;
		first = watch->ear->error;
	}
	/* What others were refused on their way is not what is told. */
	if (ret)
		watch->ear->error = first;
	return ret;
}

/* --- The kernel's events ---------------------------------------------------------------- */

static struct sub *find_sub(const struct pgnl_watch *watch, uint32_t id)
{
	struct sub *sub;

	for (sub = watch->subs; sub; sub = sub->next)
		if ((uint32_t)sub->id == id)
			return sub;
	return NULL;
}

static void copy_text(char *to, size_t size, struct lp_text text)
{
	snprintf(to, size, "%.*s", (int)text.len, text.data ? text.data : "");
}

static int add_member(const struct lp_member *member, void *arg)
{
	struct pgnl_watch *watch = arg;
	struct pgnl_event *event = &watch->event;

	if (event->n == watch->room) {
		size_t room = watch->room ? 2 * watch->room : 16;
		struct pgnl_member *more = realloc(watch->member,
						   room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		watch->member = more;
		watch->room = room;
	}
	watch->member[event->n] = member->row;
	/* All of an event are of one node. */
	if (member->node.data) {
		copy_text(watch->node, sizeof(watch->node), member->node);
		event->node = watch->node;
		watch->member[event->n].node = watch->node;
	}
	event->n++;
	return 0;
}

static const struct {
	enum pgnl_event_type type;
	enum pgnl_event_reason reason;
} meaning[] = {
	[PGNL_REASON_JOINED] = { PGNL_EVENT_JOIN, PGNL_BECAUSE_JOINED },
	[PGNL_REASON_LEFT] = { PGNL_EVENT_LEAVE, PGNL_BECAUSE_LEFT },
	[PGNL_REASON_EXITED] = { PGNL_EVENT_LEAVE, PGNL_BECAUSE_EXITED },
	[PGNL_REASON_KILLED] = { PGNL_EVENT_LEAVE, PGNL_BECAUSE_KILLED },
	[PGNL_REASON_EVICTED] = { PGNL_EVENT_LEAVE, PGNL_BECAUSE_EVICTED },
	[PGNL_REASON_REPLACED] = { PGNL_EVENT_LEAVE, PGNL_BECAUSE_REPLACED },
	[PGNL_REASON_GROUP_CREATED] = { PGNL_EVENT_CREATE, PGNL_BECAUSE_CREATED },
	[PGNL_REASON_GROUP_DELETED] = { PGNL_EVENT_DELETE, PGNL_BECAUSE_DELETED },
	[PGNL_REASON_SCOPE_DELETED] = { PGNL_EVENT_SCOPE_DELETED,
					PGNL_BECAUSE_DELETED },
	[PGNL_REASON_NODE_LOST] = { PGNL_EVENT_LEAVE, PGNL_BECAUSE_NODE_LOST },
	/* With a group; without, it is the agent itself, see below. */
	[PGNL_REASON_AGENT_LOST] = { PGNL_EVENT_LEAVE, PGNL_BECAUSE_AGENT_LOST },
	[PGNL_REASON_AGENT_BACK] = { PGNL_EVENT_AGENT_BACK, PGNL_BECAUSE_NOTHING },
	[PGNL_REASON_NODE_UP] = { PGNL_EVENT_NODE_UP, PGNL_BECAUSE_NOTHING },
	[PGNL_REASON_NODE_DOWN] = { PGNL_EVENT_NODE_DOWN, PGNL_BECAUSE_NOTHING },
	[PGNL_REASON_NODE_SUSPECT] = { PGNL_EVENT_SUSPECT, PGNL_BECAUSE_NOTHING },
	[PGNL_REASON_NODE_FRESH] = { PGNL_EVENT_FRESH, PGNL_BECAUSE_NOTHING },
	[PGNL_REASON_CONFLICT] = { PGNL_EVENT_CONFLICT, PGNL_BECAUSE_CONFLICT },
};

static void tell_status(struct pgnl_event *event, const struct lp_event *from)
{
	int status = (int)from->status;

	event->status = PGNL_UNKNOWN;
	if (!from->ended)
		return;
	if (event->reason == PGNL_BECAUSE_KILLED) {
		event->status = WTERMSIG(status);
		event->core = !!WCOREDUMP(status);
	} else {
		event->status = WEXITSTATUS(status);
	}
}

/* Is it about a node as a whole, or the agent? */
static bool is_of_node(enum pgnl_event_type type)
{
	return type >= PGNL_EVENT_NODE_UP && type <= PGNL_EVENT_AGENT_BACK;
}

/* 1: there is an event for the caller. */
static int digest_change(struct pgnl_watch *watch, struct sub *sub,
			 const struct nlmsghdr *nlh, const struct lp_event *from)
{
	struct pgnl_event *event = &watch->event;
	struct lp_member_reply reply;
	int ret;

	*event = (struct pgnl_event) {
		.type = meaning[from->reason].type,
		.reason = meaning[from->reason].reason,
		.sub = sub->id,
		.epoch = from->epoch,
		.seq = from->seq,
		.scope = watch->scope,
		.group = from->group.data ? watch->group : NULL,
		.by_pid = (pid_t)from->by_pid,
		.by_uid = from->asked ? (int64_t)from->by_uid : PGNL_UNKNOWN,
	};
	if (from->by_node.data) {
		copy_text(watch->by_node, sizeof(watch->by_node), from->by_node);
		event->by_node = watch->by_node;
	}
	if (from->reason == PGNL_REASON_AGENT_LOST && !from->group.data) {
		event->type = PGNL_EVENT_AGENT_LOST;
		event->reason = PGNL_BECAUSE_NOTHING;
	}
	if (is_of_node(event->type) && !(sub->flags & PGNL_NODES))
		return 0;
	if (from->node.data) {
		copy_text(watch->node, sizeof(watch->node), from->node);
		event->node = watch->node;
		event->incarnation = from->incarnation;
	}
	tell_status(event, from);
	copy_text(watch->scope, sizeof(watch->scope), from->scope);
	copy_text(watch->group, sizeof(watch->group), from->group);
	ret = lp_decode_members(nlh, add_member, watch, &reply);
	if (ret)
		return lp_fail(watch->ear, -ret, "", 0, ret == -EPROTO ?
			       "an event is malformed" : "no memory");
	event->member = watch->member;
	sub->ended = event->type == PGNL_EVENT_SCOPE_DELETED;
	return 1;
}

/* What there was no memory for is told again. */
static int tell(struct pgnl_watch *watch, struct sub *sub, const struct nlmsghdr *nlh,
		const struct lp_event *event)
{
	uint64_t before = sub->seq;
	int ret;

	if (event->reason != PGNL_REASON_SCOPE_DELETED)
		sub->seq = event->seq;
	ret = digest_change(watch, sub, nlh, event);
	if (ret == -ENOMEM) {
		sub->seq = before;
		sub->lost = true;
	}
	return ret;
}

/* 0: nothing for the caller. */
static int digest(struct pgnl_watch *watch, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct lp_event event;
	struct sub *sub;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl) ||
	    nlh->nlmsg_type < NLMSG_MIN_TYPE || genl->cmd != PGNL_CMD_EVENT ||
	    lp_decode_event(nlh, &event))
		return 0;
	sub = find_sub(watch, event.sub);
	if (!sub || sub->ended || sub->lost)
		return 0;
	if (event.reason == PGNL_REASON_LOST ||
	    (event.prev > sub->seq && event.prev > sub->listed)) {
		sub->lost = true;
		return 0;
	}
	/* The end of an alias has no number of its own: nothing comes after it. */
	if (event.reason == PGNL_REASON_SCOPE_DELETED)
		return tell(watch, sub, nlh, &event);
	/* Replayed though it was there, or what the snapshot has. */
	if (event.seq <= sub->seq)
		return 0;
	/* A reason of a newer module says at least that time goes on. */
	if (event.seq <= sub->listed ||
	    event.reason >= MNL_ARRAY_SIZE(meaning)) {
		sub->seq = event.seq;
		return 0;
	}
	return tell(watch, sub, nlh, &event);
}

/* 1: something is there; 0: nothing; else -errno. */
static int receive(struct pgnl_watch *watch)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(from);
	ssize_t n;

	for (;;) {
		n = recvfrom(pgnl_watch_fd(watch), watch->in, IN_SIZE,
			     MSG_DONTWAIT | MSG_TRUNC,
			     (struct sockaddr *)&from, &len);
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno == ENOBUFS)
			watch->overrun = true;
		else if (n < 0 && errno != EINTR)
			return lp_fail(watch->ear, errno, "", 0,
				       "can't receive from the kernel");
		if (n < 0 || from.nl_pid)
			continue;
		/* More than the kernel says there can be. */
		if (n > IN_SIZE) {
			watch->overrun = true;
			continue;
		}
		watch->msg = (const struct nlmsghdr *)watch->in;
		watch->left = (int)n;
		return 1;
	}
}

static void forget_told(struct pgnl_watch *watch)
{
	free(watch->told_kept);
	watch->told_kept = NULL;
	free_own(watch->told_own);
	watch->told_own = NULL;
}

static bool take_own(struct pgnl_watch *watch)
{
	struct own *own;

	while ((own = watch->own)) {
		watch->own = own->next;
		if (!watch->own)
			watch->own_end = &watch->own;
		if (own->event.sub) {
			watch->told_own = own;
			watch->event = own->event;
			return true;
		}
		free_own(own);
	}
	return false;
}

/* 1: there is an event for the caller; 0: all is read; else -errno. */
static int digest_some(struct pgnl_watch *watch)
{
	const struct nlmsghdr *nlh;
	int ret;

	for (;;) {
		if (watch->left && mnl_nlmsg_ok(watch->msg, watch->left)) {
			nlh = watch->msg;
			watch->msg = mnl_nlmsg_next(nlh, &watch->left);
		} else if (watch->kept) {
			free(watch->told_kept);
			watch->told_kept = watch->kept;
			watch->kept = watch->kept->next;
			if (!watch->kept)
				watch->kept_end = &watch->kept;
			nlh = watch->told_kept->msg;
		} else {
			ret = receive(watch);
			if (ret <= 0)
				return ret;
			continue;
		}
		ret = digest(watch, nlh);
		if (ret)
			return ret;
	}
}

LP_EXPORT int pgnl_event_next(struct pgnl_watch *watch, int timeout,
			      const struct pgnl_event **event)
{
	int64_t deadline = timeout < 0 ? -1 : lp_now_ms() + timeout;
	int ret;

	*event = NULL;
	forget_told(watch);
	if (getpid() != watch->ear->owner)
		return lp_fail(watch->ear, ECHILD, "", 0,
			"the watch belongs to another process; open a new one after fork");
	for (;;) {
		if (take_own(watch))
			break;
		ret = digest_some(watch);
		if (ret < 0)
			return ret;
		if (ret)
			break;
		if (watch->overrun || any_lost(watch)) {
			ret = recover_all(watch);
			if (ret)
				return ret;
			continue;
		}
		ret = lp_wait_readable(watch->ear, deadline);
		if (ret == -EAGAIN)
			return 0;
		if (ret)
			return lp_fail(watch->ear, -ret, "", 0, "interrupted");
	}
	*event = &watch->event;
	return 1;
}

/* --- Subscribing --------------------------------------------------------------------------- */

static void free_sub(struct sub *sub)
{
	free(sub->scope);
	free(sub->group);
	free(sub);
}

static struct sub *new_sub(const char *scope, const char *group)
{
	struct sub *sub = calloc(1, sizeof(*sub));

	if (!sub)
		return NULL;
	sub->scope = scope ? strdup(scope) : NULL;
	sub->group = group ? strdup(group) : NULL;
	if ((scope && !sub->scope) || (group && !sub->group)) {
		free_sub(sub);
		return NULL;
	}
	return sub;
}

static void drop_sub(struct pgnl_watch *watch, struct sub *sub)
{
	struct sub **at = &watch->subs;

	while (*at != sub)
		at = &(*at)->next;
	*at = sub->next;
	free_sub(sub);
}

LP_EXPORT int pgnl_subscribe(struct pgnl_watch *watch, const char *scope,
			     const char *group, uint32_t flags)
{
	struct sub *sub = new_sub(scope, group);
	struct lp_since since = { 0 };
	int ret;

	if (!sub)
		return lp_fail(watch->ear, ENOMEM, "", 0, "no memory");
	ret = ask_to_subscribe(watch, scope, group, flags, &since);
	if (ret) {
		free_sub(sub);
		return ret;
	}
	sub->flags = flags;
	sub->id = (int)since.sub;
	sub->epoch = since.epoch;
	sub->seq = since.seq;
	sub->next = watch->subs;
	watch->subs = sub;
	if (flags & PGNL_SNAPSHOT)
		ret = queue_snapshot(watch, sub);
	if (ret) {
		pgnl_unsubscribe(watch, sub->id);
		return ret;
	}
	return sub->id;
}

LP_EXPORT int pgnl_unsubscribe(struct pgnl_watch *watch, int id)
{
	struct pgnl_error error = watch->ear->error;
	struct sub *sub = find_sub(watch, (uint32_t)id);
	int ret;

	if (!sub)
		return lp_fail(watch->ear, ENOENT, "subscription", 0,
			       "no such subscription");
	ret = ask_to_unsubscribe(watch, id);
	/* The module may have been unloaded meanwhile, and it is as wanted. */
	if (ret == -ENOENT || ret == -ENOTCONN) {
		watch->ear->error = error;
		ret = 0;
	}
	forget_own(watch, id);
	drop_sub(watch, sub);
	return ret;
}

LP_EXPORT int pgnl_watch_fd(const struct pgnl_watch *watch)
{
	return mnl_socket_get_fd(watch->ear->sock);
}

LP_EXPORT const struct pgnl_error *pgnl_watch_error(const struct pgnl_watch *watch)
{
	return pgnl_last_error(watch->ear);
}

static void make_room(int fd)
{
	int room = ROOM;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

LP_EXPORT int pgnl_watch_open(struct pgnl_watch **result)
{
	struct pgnl_watch *watch = calloc(1, sizeof(*watch));
	int ret = -ENOMEM;

	*result = NULL;
	if (!watch)
		return -ENOMEM;
	watch->kept_end = &watch->kept;
	watch->own_end = &watch->own;
	watch->in = malloc(IN_SIZE);
	if (watch->in)
		ret = pgnl_open(&watch->ear);
	if (!ret)
		ret = pgnl_open(&watch->lister);
	if (ret) {
		pgnl_watch_close(watch);
		return ret;
	}
	watch->ear->stray = keep;
	watch->ear->stray_arg = watch;
	make_room(pgnl_watch_fd(watch));
	*result = watch;
	return 0;
}

LP_EXPORT void pgnl_watch_close(struct pgnl_watch *watch)
{
	struct kept *kept;
	struct own *own;

	if (!watch)
		return;
	forget_told(watch);
	while ((kept = watch->kept)) {
		watch->kept = kept->next;
		free(kept);
	}
	while ((own = watch->own)) {
		watch->own = own->next;
		free_own(own);
	}
	while (watch->subs)
		drop_sub(watch, watch->subs);
	pgnl_close(watch->ear);
	pgnl_close(watch->lister);
	free(watch->member);
	free(watch->in);
	free(watch);
}
