// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names of the spec for the numbers of the interface. */

#include "internal.h"

static const char *const attr_names[] = {
	[PGNL_A_SCOPE] = "scope",
	[PGNL_A_GROUP] = "group",
	[PGNL_A_MODE] = "mode",
	[PGNL_A_FLAGS] = "flags",
	[PGNL_A_OWNER] = "owner",
	[PGNL_A_OWNER_GID] = "owner-gid",
	[PGNL_A_PERM] = "perm",
	[PGNL_A_GROUPS] = "groups",
	[PGNL_A_MEMBERS] = "members",
	[PGNL_A_LOCAL] = "local",
	[PGNL_A_REMOTE] = "remote",
	[PGNL_A_PID] = "pid",
	[PGNL_A_PIDS] = "pid",
	[PGNL_A_SELF] = "self",
	[PGNL_A_ID] = "id",
	[PGNL_A_TIMES] = "times",
	[PGNL_A_WEIGHT] = "weight",
	[PGNL_A_META] = "meta",
	[PGNL_A_REQUIRED_GROUP] = "required-group",
	[PGNL_A_ALL] = "all",
	[PGNL_A_LOCAL_ONLY] = "local-only",
	[PGNL_A_NO_GROUP] = "no-group",
	[PGNL_A_MORE] = "more",
	[PGNL_A_REMOVED] = "removed",
	[PGNL_A_IDS] = "ids",
	[PGNL_A_COUNTS] = "counts",
	[PGNL_A_MEMBER] = "member",
	[PGNL_A_POLICY] = "policy",
	[PGNL_A_KEY] = "key",
	[PGNL_A_UID] = "uid",
	[PGNL_A_ABI] = "abi",
	[PGNL_A_RELEASE] = "release",
	[PGNL_A_NODE] = "node",
	[PGNL_A_EPOCH] = "epoch",
	[PGNL_A_LIMITS] = "limits",
	[PGNL_A_USAGE] = "usage",
	[PGNL_A_STATS] = "stats",
	[PGNL_A_VERDICT] = "verdict",
	[PGNL_A_PAD] = "pad",
	[PGNL_A_SIGNAL] = "signal",
	[PGNL_A_VALUE] = "value",
	[PGNL_A_OTHERS] = "others",
	[PGNL_A_REACHED] = "reached",
	[PGNL_A_REFUSED] = "refused",
	[PGNL_A_GONE] = "gone",
	[PGNL_A_SUBSCRIPTION] = "subscription",
	[PGNL_A_SEQ] = "seq",
	[PGNL_A_EVENT] = "event",
	[PGNL_A_DATA] = "data",
	[PGNL_A_SENDER] = "sender",
	[PGNL_A_FULL] = "full",
	[PGNL_A_NO_INBOX] = "no-inbox",
	[PGNL_A_REPLACE] = "replace",
	[PGNL_A_RESOLVE] = "resolve",
	[PGNL_A_HOLDER] = "holder",
	[PGNL_A_FD] = "fd",
	[PGNL_A_PEER] = "peer",
	[PGNL_A_ENTRY] = "entry",
	[PGNL_A_STALE] = "stale",
	[PGNL_A_ALIAS] = "alias",
	[PGNL_A_REQUEST] = "request",
	[PGNL_A_ACT] = "act",
	[PGNL_A_TARGET] = "target",
	[PGNL_A_UNREACHABLE] = "unreachable",
	[PGNL_A_ERROR] = "error",
	[PGNL_A_WORDS] = "words",
	[PGNL_A_TIMEOUT] = "timeout",
	[PGNL_A_FENCE] = "fence",
};
_Static_assert(MNL_ARRAY_SIZE(attr_names) == PGNL_A_MAX + 1,
	       "an attribute without a name");

/* enum pgnl_limit and enum pgnl_stat are in the order of the attributes. */
static const char *const limit_names[] = {
	[PGNL_LIMIT_USER_GROUPS] = "user-groups",
	[PGNL_LIMIT_USER_MEMBERSHIPS] = "user-memberships",
	[PGNL_LIMIT_NET_SCOPES] = "net-scopes",
	[PGNL_LIMIT_NET_GROUPS] = "net-groups",
	[PGNL_LIMIT_NET_MEMBERSHIPS] = "net-memberships",
	[PGNL_LIMIT_USER_SUBSCRIPTIONS] = "user-subscriptions",
	[PGNL_LIMIT_NET_SUBSCRIPTIONS] = "net-subscriptions",
	[PGNL_LIMIT_USER_INBOXES] = "user-inboxes",
	[PGNL_LIMIT_NET_INBOXES] = "net-inboxes",
	[PGNL_LIMIT_USER_VIEW_PAGES] = "user-view-pages",
	[PGNL_LIMIT_NET_VIEW_PAGES] = "net-view-pages",
	[PGNL_LIMIT_NET_NODES] = "net-nodes",
	[PGNL_LIMIT_NET_REMOTES] = "net-remotes",
	[PGNL_LIMIT_NODE_REMOTES] = "node-remotes",
	[PGNL_LIMIT_USER_REQUESTS] = "user-requests",
	[PGNL_LIMIT_USER_REQUEST_BYTES] = "user-request-bytes",
	[PGNL_LIMIT_NET_REQUESTS] = "net-requests",
};
_Static_assert(MNL_ARRAY_SIZE(limit_names) == PGNL_N_LIMITS,
	       "a limit without a name");
/* The padding is the one attribute that is no limit. */
_Static_assert(PGNL_A_LIMIT_MAX == PGNL_N_LIMITS + 1,
	       "a limit unknown to pgnl.h");

static const char *const stat_names[] = {
	[PGNL_STAT_SCOPES] = "scopes",
	[PGNL_STAT_GROUPS] = "groups",
	[PGNL_STAT_MEMBERSHIPS] = "memberships",
	[PGNL_STAT_PROCESSES] = "processes",
	[PGNL_STAT_JOINS] = "joins",
	[PGNL_STAT_LEAVES] = "leaves",
	[PGNL_STAT_EXITS] = "exits",
	[PGNL_STAT_EVICTIONS] = "evictions",
	[PGNL_STAT_DEAD_PROCESSES] = "dead-processes",
	[PGNL_STAT_LATE_JOINS] = "late-joins",
	[PGNL_STAT_SUBSCRIPTIONS] = "subscriptions",
	[PGNL_STAT_EVENTS] = "events",
	[PGNL_STAT_DELIVERED] = "delivered",
	[PGNL_STAT_LOST] = "lost",
	[PGNL_STAT_INBOXES] = "inboxes",
	[PGNL_STAT_MESSAGES] = "messages",
	[PGNL_STAT_FULL_INBOXES] = "full-inboxes",
	[PGNL_STAT_NODES] = "nodes",
	[PGNL_STAT_REMOTES] = "remotes",
	[PGNL_STAT_REMOTE_PUTS] = "remote-puts",
	[PGNL_STAT_REMOTE_REMOVALS] = "remote-removals",
	[PGNL_STAT_REMOTE_DROPS] = "remote-drops",
	[PGNL_STAT_REQUESTS] = "requests",
	[PGNL_STAT_UPCALLS] = "upcalls",
	[PGNL_STAT_UNANSWERED] = "unanswered",
};
_Static_assert(MNL_ARRAY_SIZE(stat_names) == PGNL_N_STATS,
	       "a counter without a name");
_Static_assert(PGNL_A_STAT_MAX == PGNL_N_STATS + 1,
	       "a counter unknown to pgnl.h");

const char *lp_attr_name(uint16_t type)
{
	return type <= PGNL_A_MAX ? attr_names[type] : NULL;
}

const char *lp_limit_attr_name(uint16_t type)
{
	if (!type || type == PGNL_A_LIMIT_PAD || type > PGNL_A_LIMIT_MAX)
		return NULL;
	return limit_names[type - (type < PGNL_A_LIMIT_PAD ? 1 : 2)];
}

LP_EXPORT const char *pgnl_limit_name(enum pgnl_limit limit)
{
	return (unsigned int)limit < PGNL_N_LIMITS ? limit_names[limit] : NULL;
}

LP_EXPORT const char *pgnl_stat_name(enum pgnl_stat stat)
{
	return (unsigned int)stat < PGNL_N_STATS ? stat_names[stat] : NULL;
}
