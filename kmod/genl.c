// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	uapi/netlink/specs/pgnl.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "genl.h"

#include <uapi/linux/pgnl.h>

/* Common nested types */
const struct nla_policy pgnl_limit_nl_policy[PGNL_A_LIMIT_PAD + 1] = {
	[PGNL_A_LIMIT_USER_GROUPS] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_USER_MEMBERSHIPS] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NET_SCOPES] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NET_GROUPS] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NET_MEMBERSHIPS] = { .type = NLA_U64, },
};

/* PGNL_CMD_INFO_GET - do */
const struct nla_policy pgnl_info_get_nl_policy[PGNL_A_PAD + 1] = {
};

/* PGNL_CMD_SCOPE_NEW - do */
const struct nla_policy pgnl_scope_new_nl_policy[PGNL_A_PERM + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_MODE] = NLA_POLICY_MAX(NLA_U32, 1),
	[PGNL_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[PGNL_A_OWNER] = { .type = NLA_U32, },
	[PGNL_A_OWNER_GID] = { .type = NLA_U32, },
	[PGNL_A_PERM] = NLA_POLICY_MAX(NLA_U32, 511),
};

/* PGNL_CMD_SCOPE_DEL - do */
const struct nla_policy pgnl_scope_del_nl_policy[PGNL_A_SCOPE + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
};

/* PGNL_CMD_SCOPE_SET - do */
const struct nla_policy pgnl_scope_set_nl_policy[PGNL_A_PERM + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_OWNER] = { .type = NLA_U32, },
	[PGNL_A_OWNER_GID] = { .type = NLA_U32, },
	[PGNL_A_PERM] = NLA_POLICY_MAX(NLA_U32, 511),
};

/* PGNL_CMD_SCOPE_GET - do */
const struct nla_policy pgnl_scope_get_nl_policy[PGNL_A_SCOPE + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
};

/* PGNL_CMD_GROUP_NEW - do */
const struct nla_policy pgnl_group_new_nl_policy[PGNL_A_PERM + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_OWNER] = { .type = NLA_U32, },
	[PGNL_A_OWNER_GID] = { .type = NLA_U32, },
	[PGNL_A_PERM] = NLA_POLICY_MAX(NLA_U32, 511),
};

/* PGNL_CMD_GROUP_DEL - do */
const struct nla_policy pgnl_group_del_nl_policy[PGNL_A_GROUP + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
};

/* PGNL_CMD_GROUP_GET - do */
const struct nla_policy pgnl_group_get_nl_policy[PGNL_A_LOCAL_ONLY + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_LOCAL_ONLY] = { .type = NLA_FLAG, },
};

/* PGNL_CMD_MEMBER_JOIN - do */
const struct nla_policy pgnl_member_join_nl_policy[PGNL_A_REQUIRED_GROUP + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_PID] = NLA_POLICY_MIN(NLA_U32, 1),
	[PGNL_A_SELF] = { .type = NLA_FLAG, },
	[PGNL_A_TIMES] = NLA_POLICY_MIN(NLA_U32, 1),
	[PGNL_A_WEIGHT] = NLA_POLICY_RANGE(NLA_U32, 1, PGNL_WEIGHT_MAX),
	[PGNL_A_META] = { .type = NLA_BINARY, },
	[PGNL_A_REQUIRED_GROUP] = { .type = NLA_FLAG, },
};

/* PGNL_CMD_MEMBER_LEAVE - do */
const struct nla_policy pgnl_member_leave_nl_policy[PGNL_A_ALL + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_PID] = NLA_POLICY_MIN(NLA_U32, 1),
	[PGNL_A_SELF] = { .type = NLA_FLAG, },
	[PGNL_A_ID] = NLA_POLICY_MIN(NLA_U64, 1),
	[PGNL_A_TIMES] = NLA_POLICY_MIN(NLA_U32, 1),
	[PGNL_A_ALL] = { .type = NLA_FLAG, },
};

/* PGNL_CMD_MEMBER_GET - do */
const struct nla_policy pgnl_member_get_nl_policy[PGNL_A_LOCAL_ONLY + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_LOCAL_ONLY] = { .type = NLA_FLAG, },
};

/* PGNL_CMD_MEMBER_PICK - do */
const struct nla_policy pgnl_member_pick_nl_policy[PGNL_A_UID + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_POLICY] = NLA_POLICY_MAX(NLA_U32, 3),
	[PGNL_A_KEY] = { .type = NLA_BINARY, },
	[PGNL_A_UID] = { .type = NLA_U32, },
	[PGNL_A_LOCAL_ONLY] = { .type = NLA_FLAG, },
};

/* PGNL_CMD_PROCESS_GET - do */
const struct nla_policy pgnl_process_get_nl_policy[PGNL_A_ID + 1] = {
	[PGNL_A_PID] = NLA_POLICY_MIN(NLA_U32, 1),
	[PGNL_A_SELF] = { .type = NLA_FLAG, },
	[PGNL_A_ID] = NLA_POLICY_MIN(NLA_U64, 1),
};

/* PGNL_CMD_LIMIT_GET - do */
const struct nla_policy pgnl_limit_get_nl_policy[PGNL_A_PAD + 1] = {
};

/* PGNL_CMD_LIMIT_SET - do */
const struct nla_policy pgnl_limit_set_nl_policy[PGNL_A_LIMITS + 1] = {
	[PGNL_A_LIMITS] = NLA_POLICY_NESTED(pgnl_limit_nl_policy),
};

/* PGNL_CMD_STATS_GET - do */
const struct nla_policy pgnl_stats_get_nl_policy[PGNL_A_PAD + 1] = {
};

/* PGNL_CMD_VERIFY - do */
const struct nla_policy pgnl_verify_nl_policy[PGNL_A_PAD + 1] = {
};

/* PGNL_CMD_GROUP_SIGNAL - do */
const struct nla_policy pgnl_group_signal_nl_policy[PGNL_A_OTHERS + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_ID] = NLA_POLICY_MIN(NLA_U64, 1),
	[PGNL_A_LOCAL_ONLY] = { .type = NLA_FLAG, },
	[PGNL_A_POLICY] = NLA_POLICY_MAX(NLA_U32, 3),
	[PGNL_A_KEY] = { .type = NLA_BINARY, },
	[PGNL_A_UID] = { .type = NLA_U32, },
	[PGNL_A_SIGNAL] = NLA_POLICY_MAX(NLA_U32, 64),
	[PGNL_A_VALUE] = { .type = NLA_U64, },
	[PGNL_A_OTHERS] = { .type = NLA_FLAG, },
};

/* Ops table for pgnl */
const struct genl_ops pgnl_nl_ops[18] = {
	{
		.cmd		= PGNL_CMD_INFO_GET,
		.doit		= pgnl_nl_info_get_doit,
		.policy		= pgnl_info_get_nl_policy,
		.maxattr	= PGNL_A_PAD,
	},
	{
		.cmd		= PGNL_CMD_SCOPE_NEW,
		.doit		= pgnl_nl_scope_new_doit,
		.policy		= pgnl_scope_new_nl_policy,
		.maxattr	= PGNL_A_PERM,
	},
	{
		.cmd		= PGNL_CMD_SCOPE_DEL,
		.doit		= pgnl_nl_scope_del_doit,
		.policy		= pgnl_scope_del_nl_policy,
		.maxattr	= PGNL_A_SCOPE,
	},
	{
		.cmd		= PGNL_CMD_SCOPE_SET,
		.doit		= pgnl_nl_scope_set_doit,
		.policy		= pgnl_scope_set_nl_policy,
		.maxattr	= PGNL_A_PERM,
	},
	{
		.cmd		= PGNL_CMD_SCOPE_GET,
		.doit		= pgnl_nl_scope_get_doit,
		.dumpit		= pgnl_nl_scope_get_dumpit,
		.policy		= pgnl_scope_get_nl_policy,
		.maxattr	= PGNL_A_SCOPE,
	},
	{
		.cmd		= PGNL_CMD_GROUP_NEW,
		.doit		= pgnl_nl_group_new_doit,
		.policy		= pgnl_group_new_nl_policy,
		.maxattr	= PGNL_A_PERM,
	},
	{
		.cmd		= PGNL_CMD_GROUP_DEL,
		.doit		= pgnl_nl_group_del_doit,
		.policy		= pgnl_group_del_nl_policy,
		.maxattr	= PGNL_A_GROUP,
	},
	{
		.cmd		= PGNL_CMD_GROUP_GET,
		.doit		= pgnl_nl_group_get_doit,
		.dumpit		= pgnl_nl_group_get_dumpit,
		.policy		= pgnl_group_get_nl_policy,
		.maxattr	= PGNL_A_LOCAL_ONLY,
	},
	{
		.cmd		= PGNL_CMD_MEMBER_JOIN,
		.doit		= pgnl_nl_member_join_doit,
		.policy		= pgnl_member_join_nl_policy,
		.maxattr	= PGNL_A_REQUIRED_GROUP,
	},
	{
		.cmd		= PGNL_CMD_MEMBER_LEAVE,
		.doit		= pgnl_nl_member_leave_doit,
		.policy		= pgnl_member_leave_nl_policy,
		.maxattr	= PGNL_A_ALL,
	},
	{
		.cmd		= PGNL_CMD_MEMBER_GET,
		.doit		= pgnl_nl_member_get_doit,
		.dumpit		= pgnl_nl_member_get_dumpit,
		.policy		= pgnl_member_get_nl_policy,
		.maxattr	= PGNL_A_LOCAL_ONLY,
	},
	{
		.cmd		= PGNL_CMD_MEMBER_PICK,
		.doit		= pgnl_nl_member_pick_doit,
		.policy		= pgnl_member_pick_nl_policy,
		.maxattr	= PGNL_A_UID,
	},
	{
		.cmd		= PGNL_CMD_PROCESS_GET,
		.doit		= pgnl_nl_process_get_doit,
		.dumpit		= pgnl_nl_process_get_dumpit,
		.policy		= pgnl_process_get_nl_policy,
		.maxattr	= PGNL_A_ID,
	},
	{
		.cmd		= PGNL_CMD_LIMIT_GET,
		.doit		= pgnl_nl_limit_get_doit,
		.policy		= pgnl_limit_get_nl_policy,
		.maxattr	= PGNL_A_PAD,
	},
	{
		.cmd		= PGNL_CMD_LIMIT_SET,
		.doit		= pgnl_nl_limit_set_doit,
		.policy		= pgnl_limit_set_nl_policy,
		.maxattr	= PGNL_A_LIMITS,
	},
	{
		.cmd		= PGNL_CMD_STATS_GET,
		.doit		= pgnl_nl_stats_get_doit,
		.policy		= pgnl_stats_get_nl_policy,
		.maxattr	= PGNL_A_PAD,
	},
	{
		.cmd		= PGNL_CMD_VERIFY,
		.doit		= pgnl_nl_verify_doit,
		.policy		= pgnl_verify_nl_policy,
		.maxattr	= PGNL_A_PAD,
	},
	{
		.cmd		= PGNL_CMD_GROUP_SIGNAL,
		.doit		= pgnl_nl_group_signal_doit,
		.policy		= pgnl_group_signal_nl_policy,
		.maxattr	= PGNL_A_OTHERS,
	},
};
