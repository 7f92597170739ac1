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
};
_Static_assert(MNL_ARRAY_SIZE(attr_names) == PGNL_A_MAX + 1,
	       "an attribute without a name");

/* enum pgnl_limit and enum pgnl_stat follow the attributes, less one. */
static const char *const limit_names[] = {
	[PGNL_A_LIMIT_USER_GROUPS - 1] = "user-groups",
	[PGNL_A_LIMIT_USER_MEMBERSHIPS - 1] = "user-memberships",
	[PGNL_A_LIMIT_NET_SCOPES - 1] = "net-scopes",
	[PGNL_A_LIMIT_NET_GROUPS - 1] = "net-groups",
	[PGNL_A_LIMIT_NET_MEMBERSHIPS - 1] = "net-memberships",
};
_Static_assert(MNL_ARRAY_SIZE(limit_names) == PGNL_N_LIMITS,
	       "a limit without a name");
_Static_assert(PGNL_A_LIMIT_PAD == PGNL_N_LIMITS + 1,
	       "a limit unknown to pgnl.h");

static const char *const stat_names[] = {
	[PGNL_A_STAT_SCOPES - 1] = "scopes",
	[PGNL_A_STAT_GROUPS - 1] = "groups",
	[PGNL_A_STAT_MEMBERSHIPS - 1] = "memberships",
	[PGNL_A_STAT_PROCESSES - 1] = "processes",
	[PGNL_A_STAT_JOINS - 1] = "joins",
	[PGNL_A_STAT_LEAVES - 1] = "leaves",
	[PGNL_A_STAT_EXITS - 1] = "exits",
	[PGNL_A_STAT_EVICTIONS - 1] = "evictions",
	[PGNL_A_STAT_DEAD_PROCESSES - 1] = "dead-processes",
	[PGNL_A_STAT_LATE_JOINS - 1] = "late-joins",
};
_Static_assert(MNL_ARRAY_SIZE(stat_names) == PGNL_N_STATS,
	       "a counter without a name");
_Static_assert(PGNL_A_STAT_PAD == PGNL_N_STATS + 1,
	       "a counter unknown to pgnl.h");

const char *lp_attr_name(uint16_t type)
{
	return type <= PGNL_A_MAX ? attr_names[type] : NULL;
}

LP_EXPORT const char *pgnl_limit_name(enum pgnl_limit limit)
{
	return (unsigned int)limit < PGNL_N_LIMITS ? limit_names[limit] : NULL;
}

LP_EXPORT const char *pgnl_stat_name(enum pgnl_stat stat)
{
	return (unsigned int)stat < PGNL_N_STATS ? stat_names[stat] : NULL;
}
