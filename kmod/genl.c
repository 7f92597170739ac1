// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	uapi/netlink/specs/pgnl.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "genl.h"

#include <uapi/linux/pgnl.h>

/* Common nested types */
const struct nla_policy pgnl_entry_nl_policy[PGNL_A_ENTRY_REGISTRATION + 1] = {
	[PGNL_A_ENTRY_GROUP] = { .type = NLA_NUL_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_ENTRY_ROWS] = { .type = NLA_BINARY, },
	[PGNL_A_ENTRY_META] = { .type = NLA_BINARY, },
	[PGNL_A_ENTRY_REASON] = NLA_POLICY_MAX(NLA_U32, 17),
	[PGNL_A_ENTRY_STATUS] = { .type = NLA_U32, },
	[PGNL_A_ENTRY_REGISTRATION] = { .type = NLA_BINARY, },
};

const struct nla_policy pgnl_limit_nl_policy[PGNL_A_LIMIT_NET_REQUESTS + 1] = {
	[PGNL_A_LIMIT_USER_GROUPS] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_USER_MEMBERSHIPS] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NET_SCOPES] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NET_GROUPS] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NET_MEMBERSHIPS] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_USER_SUBSCRIPTIONS] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NET_SUBSCRIPTIONS] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_USER_INBOXES] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NET_INBOXES] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_USER_VIEW_PAGES] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NET_VIEW_PAGES] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NET_NODES] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NET_REMOTES] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NODE_REMOTES] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_USER_REQUESTS] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_USER_REQUEST_BYTES] = { .type = NLA_U64, },
	[PGNL_A_LIMIT_NET_REQUESTS] = { .type = NLA_U64, },
};

const struct nla_policy pgnl_node_nl_policy[PGNL_A_NODE_TIMEOUT + 1] = {
	[PGNL_A_NODE_NAME] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_NODE_INCARNATION] = { .type = NLA_U64, },
	[PGNL_A_NODE_STATE] = NLA_POLICY_MAX(NLA_U32, 2),
	[PGNL_A_NODE_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0xf),
	[PGNL_A_NODE_AGE] = { .type = NLA_U64, },
	[PGNL_A_NODE_ROWS] = { .type = NLA_U64, },
	[PGNL_A_NODE_DROPPED] = { .type = NLA_U64, },
	[PGNL_A_NODE_GRACE] = { .type = NLA_U32, },
	[PGNL_A_NODE_FRESH] = { .type = NLA_FLAG, },
	[PGNL_A_NODE_ACTS] = NLA_POLICY_MASK(NLA_U32, 0x7f),
	[PGNL_A_NODE_TIMEOUT] = NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy pgnl_sender_nl_policy[PGNL_A_SENDER_PAD + 1] = {
	[PGNL_A_SENDER_PID] = { .type = NLA_U32, },
	[PGNL_A_SENDER_UID] = { .type = NLA_U32, },
	[PGNL_A_SENDER_ID] = { .type = NLA_U64, },
	[PGNL_A_SENDER_NODE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
};

/* PGNL_CMD_INFO_GET - do */
const struct nla_policy pgnl_info_get_nl_policy[PGNL_A_PAD + 1] = {
};

/* PGNL_CMD_SCOPE_NEW - do */
const struct nla_policy pgnl_scope_new_nl_policy[PGNL_A_PERM + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_MODE] = NLA_POLICY_MAX(NLA_U32, 1),
	[PGNL_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0xf),
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
const struct nla_policy pgnl_group_del_nl_policy[PGNL_A_SENDER + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_SENDER] = NLA_POLICY_NESTED(pgnl_sender_nl_policy),
};

/* PGNL_CMD_GROUP_GET - do */
const struct nla_policy pgnl_group_get_nl_policy[PGNL_A_LOCAL_ONLY + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_LOCAL_ONLY] = { .type = NLA_FLAG, },
};

/* PGNL_CMD_MEMBER_JOIN - do */
const struct nla_policy pgnl_member_join_nl_policy[PGNL_A_PIDS + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_PID] = NLA_POLICY_MIN(NLA_U32, 1),
	[PGNL_A_PIDS] = { .type = NLA_BINARY, },
	[PGNL_A_SELF] = { .type = NLA_FLAG, },
	[PGNL_A_ID] = NLA_POLICY_MIN(NLA_U64, 1),
	[PGNL_A_NODE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_TIMES] = NLA_POLICY_MIN(NLA_U32, 1),
	[PGNL_A_WEIGHT] = NLA_POLICY_RANGE(NLA_U32, 1, PGNL_WEIGHT_MAX),
	[PGNL_A_META] = { .type = NLA_BINARY, },
	[PGNL_A_REQUIRED_GROUP] = { .type = NLA_FLAG, },
	[PGNL_A_SENDER] = NLA_POLICY_NESTED(pgnl_sender_nl_policy),
};

/* PGNL_CMD_MEMBER_LEAVE - do */
const struct nla_policy pgnl_member_leave_nl_policy[PGNL_A_PIDS + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_PID] = NLA_POLICY_MIN(NLA_U32, 1),
	[PGNL_A_PIDS] = { .type = NLA_BINARY, },
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
const struct nla_policy pgnl_member_pick_nl_policy[PGNL_A_STALE + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_POLICY] = NLA_POLICY_MAX(NLA_U32, 3),
	[PGNL_A_KEY] = { .type = NLA_BINARY, },
	[PGNL_A_UID] = { .type = NLA_U32, },
	[PGNL_A_LOCAL_ONLY] = { .type = NLA_FLAG, },
	[PGNL_A_STALE] = { .type = NLA_FLAG, },
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
const struct nla_policy pgnl_group_signal_nl_policy[PGNL_A_SENDER + 1] = {
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
	[PGNL_A_SENDER] = NLA_POLICY_NESTED(pgnl_sender_nl_policy),
};

/* PGNL_CMD_EVENT_SUBSCRIBE - do */
const struct nla_policy pgnl_event_subscribe_nl_policy[PGNL_A_LOCAL_ONLY + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_LOCAL_ONLY] = { .type = NLA_FLAG, },
};

/* PGNL_CMD_EVENT_UNSUBSCRIBE - do */
const struct nla_policy pgnl_event_unsubscribe_nl_policy[PGNL_A_SUBSCRIPTION + 1] = {
	[PGNL_A_SUBSCRIPTION] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* PGNL_CMD_EVENT_REPLAY - do */
const struct nla_policy pgnl_event_replay_nl_policy[PGNL_A_SEQ + 1] = {
	[PGNL_A_SUBSCRIPTION] = NLA_POLICY_MIN(NLA_U32, 1),
	[PGNL_A_SEQ] = { .type = NLA_U64, },
};

/* PGNL_CMD_INBOX_OPEN - do */
const struct nla_policy pgnl_inbox_open_nl_policy[PGNL_A_UID + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_UID] = { .type = NLA_U32, },
};

/* PGNL_CMD_GROUP_SEND - do */
const struct nla_policy pgnl_group_send_nl_policy[PGNL_A_SENDER + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_ID] = NLA_POLICY_MIN(NLA_U64, 1),
	[PGNL_A_LOCAL_ONLY] = { .type = NLA_FLAG, },
	[PGNL_A_POLICY] = NLA_POLICY_MAX(NLA_U32, 3),
	[PGNL_A_KEY] = { .type = NLA_BINARY, },
	[PGNL_A_UID] = { .type = NLA_U32, },
	[PGNL_A_OTHERS] = { .type = NLA_FLAG, },
	[PGNL_A_DATA] = { .type = NLA_BINARY, },
	[PGNL_A_SENDER] = NLA_POLICY_NESTED(pgnl_sender_nl_policy),
};

/* PGNL_CMD_NAME_REGISTER - do */
const struct nla_policy pgnl_name_register_nl_policy[PGNL_A_RESOLVE + 1] = {
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_PID] = NLA_POLICY_MIN(NLA_U32, 1),
	[PGNL_A_SELF] = { .type = NLA_FLAG, },
	[PGNL_A_META] = { .type = NLA_BINARY, },
	[PGNL_A_REPLACE] = { .type = NLA_FLAG, },
	[PGNL_A_RESOLVE] = NLA_POLICY_MAX(NLA_U32, 3),
};

/* PGNL_CMD_NAME_UNREGISTER - do */
const struct nla_policy pgnl_name_unregister_nl_policy[PGNL_A_GROUP + 1] = {
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
};

/* PGNL_CMD_NAME_GET - do */
const struct nla_policy pgnl_name_get_nl_policy[PGNL_A_GROUP + 1] = {
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
};

/* PGNL_CMD_VIEW_GET - do */
const struct nla_policy pgnl_view_get_nl_policy[PGNL_A_SCOPE + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
};

/* PGNL_CMD_AGENT_REGISTER - do */
const struct nla_policy pgnl_agent_register_nl_policy[PGNL_A_PEER + 1] = {
	[PGNL_A_PEER] = NLA_POLICY_NESTED(pgnl_node_nl_policy),
};

/* PGNL_CMD_NODE_GET - do */
const struct nla_policy pgnl_node_get_nl_policy[PGNL_A_PEER + 1] = {
	[PGNL_A_PEER] = NLA_POLICY_NESTED(pgnl_node_nl_policy),
};

/* PGNL_CMD_NODE_SET - do */
const struct nla_policy pgnl_node_set_nl_policy[PGNL_A_PEER + 1] = {
	[PGNL_A_PEER] = NLA_POLICY_NESTED(pgnl_node_nl_policy),
};

/* PGNL_CMD_NODE_DEL - do */
const struct nla_policy pgnl_node_del_nl_policy[PGNL_A_PEER + 1] = {
	[PGNL_A_PEER] = NLA_POLICY_NESTED(pgnl_node_nl_policy),
};

/* PGNL_CMD_REMOTE_BEGIN - do */
const struct nla_policy pgnl_remote_begin_nl_policy[PGNL_A_PEER + 1] = {
	[PGNL_A_PEER] = NLA_POLICY_NESTED(pgnl_node_nl_policy),
};

/* PGNL_CMD_REMOTE_COMMIT - do */
const struct nla_policy pgnl_remote_commit_nl_policy[PGNL_A_PEER + 1] = {
	[PGNL_A_PEER] = NLA_POLICY_NESTED(pgnl_node_nl_policy),
};

/* PGNL_CMD_REMOTE_PUT - do */
const struct nla_policy pgnl_remote_put_nl_policy[PGNL_A_ENTRY + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_PEER] = NLA_POLICY_NESTED(pgnl_node_nl_policy),
	[PGNL_A_ENTRY] = NLA_POLICY_NESTED(pgnl_entry_nl_policy),
};

/* PGNL_CMD_SCOPE_SHARE - do */
const struct nla_policy pgnl_scope_share_nl_policy[PGNL_A_ALIAS + 1] = {
	[PGNL_A_SCOPE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_FD] = { .type = NLA_U32, },
	[PGNL_A_ALIAS] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
};

/* PGNL_CMD_SCOPE_UNSHARE - do */
const struct nla_policy pgnl_scope_unshare_nl_policy[PGNL_A_ALIAS + 1] = {
	[PGNL_A_FD] = { .type = NLA_U32, },
	[PGNL_A_ALIAS] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
};

/* PGNL_CMD_UPCALL_ANSWER - do */
const struct nla_policy pgnl_upcall_answer_nl_policy[PGNL_A_FENCE + 1] = {
	[PGNL_A_REQUEST] = NLA_POLICY_MIN(NLA_U64, 1),
	[PGNL_A_ERROR] = NLA_POLICY_RANGE(NLA_U32, 1, 4095),
	[PGNL_A_WORDS] = { .type = NLA_NUL_STRING, .len = PGNL_WORDS_MAX, },
	[PGNL_A_REACHED] = { .type = NLA_U32, },
	[PGNL_A_REFUSED] = { .type = NLA_U32, },
	[PGNL_A_GONE] = { .type = NLA_U32, },
	[PGNL_A_FULL] = { .type = NLA_U32, },
	[PGNL_A_NO_INBOX] = { .type = NLA_U32, },
	[PGNL_A_UNREACHABLE] = { .type = NLA_U32, },
	[PGNL_A_NODE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
	[PGNL_A_PID] = NLA_POLICY_MIN(NLA_U32, 1),
	[PGNL_A_ID] = NLA_POLICY_MIN(NLA_U64, 1),
	[PGNL_A_FENCE] = { .type = NLA_U64, },
	[PGNL_A_NO_GROUP] = { .type = NLA_FLAG, },
};

/* PGNL_CMD_NAME_EVICT - do */
const struct nla_policy pgnl_name_evict_nl_policy[PGNL_A_FENCE + 1] = {
	[PGNL_A_GROUP] = { .type = NLA_STRING, .len = PGNL_GROUP_NAME_MAX, },
	[PGNL_A_ID] = NLA_POLICY_MIN(NLA_U64, 1),
	[PGNL_A_FENCE] = { .type = NLA_U64, },
	[PGNL_A_REPLACE] = { .type = NLA_FLAG, },
	[PGNL_A_RESOLVE] = NLA_POLICY_MAX(NLA_U32, 3),
	[PGNL_A_NODE] = { .type = NLA_NUL_STRING, .len = PGNL_SCOPE_NAME_MAX, },
};

/* Ops table for pgnl */
const struct genl_ops pgnl_nl_ops[38] = {
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
		.maxattr	= PGNL_A_SENDER,
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
		.maxattr	= PGNL_A_PIDS,
	},
	{
		.cmd		= PGNL_CMD_MEMBER_LEAVE,
		.doit		= pgnl_nl_member_leave_doit,
		.policy		= pgnl_member_leave_nl_policy,
		.maxattr	= PGNL_A_PIDS,
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
		.maxattr	= PGNL_A_STALE,
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
		.maxattr	= PGNL_A_SENDER,
	},
	{
		.cmd		= PGNL_CMD_EVENT_SUBSCRIBE,
		.doit		= pgnl_nl_event_subscribe_doit,
		.policy		= pgnl_event_subscribe_nl_policy,
		.maxattr	= PGNL_A_LOCAL_ONLY,
	},
	{
		.cmd		= PGNL_CMD_EVENT_UNSUBSCRIBE,
		.doit		= pgnl_nl_event_unsubscribe_doit,
		.policy		= pgnl_event_unsubscribe_nl_policy,
		.maxattr	= PGNL_A_SUBSCRIPTION,
	},
	{
		.cmd		= PGNL_CMD_EVENT_REPLAY,
		.doit		= pgnl_nl_event_replay_doit,
		.policy		= pgnl_event_replay_nl_policy,
		.maxattr	= PGNL_A_SEQ,
	},
	{
		.cmd		= PGNL_CMD_INBOX_OPEN,
		.doit		= pgnl_nl_inbox_open_doit,
		.policy		= pgnl_inbox_open_nl_policy,
		.maxattr	= PGNL_A_UID,
	},
	{
		.cmd		= PGNL_CMD_GROUP_SEND,
		.doit		= pgnl_nl_group_send_doit,
		.policy		= pgnl_group_send_nl_policy,
		.maxattr	= PGNL_A_SENDER,
	},
	{
		.cmd		= PGNL_CMD_NAME_REGISTER,
		.doit		= pgnl_nl_name_register_doit,
		.policy		= pgnl_name_register_nl_policy,
		.maxattr	= PGNL_A_RESOLVE,
	},
	{
		.cmd		= PGNL_CMD_NAME_UNREGISTER,
		.doit		= pgnl_nl_name_unregister_doit,
		.policy		= pgnl_name_unregister_nl_policy,
		.maxattr	= PGNL_A_GROUP,
	},
	{
		.cmd		= PGNL_CMD_NAME_GET,
		.doit		= pgnl_nl_name_get_doit,
		.dumpit		= pgnl_nl_name_get_dumpit,
		.policy		= pgnl_name_get_nl_policy,
		.maxattr	= PGNL_A_GROUP,
	},
	{
		.cmd		= PGNL_CMD_VIEW_GET,
		.doit		= pgnl_nl_view_get_doit,
		.policy		= pgnl_view_get_nl_policy,
		.maxattr	= PGNL_A_SCOPE,
	},
	{
		.cmd		= PGNL_CMD_AGENT_REGISTER,
		.doit		= pgnl_nl_agent_register_doit,
		.policy		= pgnl_agent_register_nl_policy,
		.maxattr	= PGNL_A_PEER,
	},
	{
		.cmd		= PGNL_CMD_NODE_GET,
		.doit		= pgnl_nl_node_get_doit,
		.dumpit		= pgnl_nl_node_get_dumpit,
		.policy		= pgnl_node_get_nl_policy,
		.maxattr	= PGNL_A_PEER,
	},
	{
		.cmd		= PGNL_CMD_NODE_SET,
		.doit		= pgnl_nl_node_set_doit,
		.policy		= pgnl_node_set_nl_policy,
		.maxattr	= PGNL_A_PEER,
	},
	{
		.cmd		= PGNL_CMD_NODE_DEL,
		.doit		= pgnl_nl_node_del_doit,
		.policy		= pgnl_node_del_nl_policy,
		.maxattr	= PGNL_A_PEER,
	},
	{
		.cmd		= PGNL_CMD_REMOTE_BEGIN,
		.doit		= pgnl_nl_remote_begin_doit,
		.policy		= pgnl_remote_begin_nl_policy,
		.maxattr	= PGNL_A_PEER,
	},
	{
		.cmd		= PGNL_CMD_REMOTE_COMMIT,
		.doit		= pgnl_nl_remote_commit_doit,
		.policy		= pgnl_remote_commit_nl_policy,
		.maxattr	= PGNL_A_PEER,
	},
	{
		.cmd		= PGNL_CMD_REMOTE_PUT,
		.doit		= pgnl_nl_remote_put_doit,
		.policy		= pgnl_remote_put_nl_policy,
		.maxattr	= PGNL_A_ENTRY,
	},
	{
		.cmd		= PGNL_CMD_SCOPE_SHARE,
		.doit		= pgnl_nl_scope_share_doit,
		.policy		= pgnl_scope_share_nl_policy,
		.maxattr	= PGNL_A_ALIAS,
	},
	{
		.cmd		= PGNL_CMD_SCOPE_UNSHARE,
		.doit		= pgnl_nl_scope_unshare_doit,
		.policy		= pgnl_scope_unshare_nl_policy,
		.maxattr	= PGNL_A_ALIAS,
	},
	{
		.cmd		= PGNL_CMD_UPCALL_ANSWER,
		.doit		= pgnl_nl_upcall_answer_doit,
		.policy		= pgnl_upcall_answer_nl_policy,
		.maxattr	= PGNL_A_FENCE,
	},
	{
		.cmd		= PGNL_CMD_NAME_EVICT,
		.doit		= pgnl_nl_name_evict_doit,
		.policy		= pgnl_name_evict_nl_policy,
		.maxattr	= PGNL_A_FENCE,
	},
};
