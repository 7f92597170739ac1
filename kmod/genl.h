/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	uapi/netlink/specs/pgnl.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_PGNL_GEN_H
#define _LINUX_PGNL_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/pgnl.h>

/* Common nested types */
extern const struct nla_policy pgnl_entry_nl_policy[PGNL_A_ENTRY_REGISTRATION + 1];
extern const struct nla_policy pgnl_limit_nl_policy[PGNL_A_LIMIT_NET_REQUESTS + 1];
extern const struct nla_policy pgnl_node_nl_policy[PGNL_A_NODE_TIMEOUT + 1];
extern const struct nla_policy pgnl_sender_nl_policy[PGNL_A_SENDER_PAD + 1];

extern const struct nla_policy pgnl_info_get_nl_policy[PGNL_A_PAD + 1];

extern const struct nla_policy pgnl_scope_new_nl_policy[PGNL_A_PERM + 1];

extern const struct nla_policy pgnl_scope_del_nl_policy[PGNL_A_SCOPE + 1];

extern const struct nla_policy pgnl_scope_set_nl_policy[PGNL_A_PERM + 1];

extern const struct nla_policy pgnl_scope_get_nl_policy[PGNL_A_SCOPE + 1];

extern const struct nla_policy pgnl_group_new_nl_policy[PGNL_A_PERM + 1];

extern const struct nla_policy pgnl_group_del_nl_policy[PGNL_A_SENDER + 1];

extern const struct nla_policy pgnl_group_get_nl_policy[PGNL_A_LOCAL_ONLY + 1];

extern const struct nla_policy pgnl_member_join_nl_policy[PGNL_A_PIDS + 1];

extern const struct nla_policy pgnl_member_leave_nl_policy[PGNL_A_PIDS + 1];

extern const struct nla_policy pgnl_member_get_nl_policy[PGNL_A_LOCAL_ONLY + 1];

extern const struct nla_policy pgnl_member_pick_nl_policy[PGNL_A_STALE + 1];

extern const struct nla_policy pgnl_process_get_nl_policy[PGNL_A_ID + 1];

extern const struct nla_policy pgnl_limit_get_nl_policy[PGNL_A_PAD + 1];

extern const struct nla_policy pgnl_limit_set_nl_policy[PGNL_A_LIMITS + 1];

extern const struct nla_policy pgnl_stats_get_nl_policy[PGNL_A_PAD + 1];

extern const struct nla_policy pgnl_verify_nl_policy[PGNL_A_PAD + 1];

extern const struct nla_policy pgnl_group_signal_nl_policy[PGNL_A_SENDER + 1];

extern const struct nla_policy pgnl_event_subscribe_nl_policy[PGNL_A_LOCAL_ONLY + 1];

extern const struct nla_policy pgnl_event_unsubscribe_nl_policy[PGNL_A_SUBSCRIPTION + 1];

extern const struct nla_policy pgnl_event_replay_nl_policy[PGNL_A_SEQ + 1];

extern const struct nla_policy pgnl_inbox_open_nl_policy[PGNL_A_UID + 1];

extern const struct nla_policy pgnl_group_send_nl_policy[PGNL_A_SENDER + 1];

extern const struct nla_policy pgnl_name_register_nl_policy[PGNL_A_RESOLVE + 1];

extern const struct nla_policy pgnl_name_unregister_nl_policy[PGNL_A_GROUP + 1];

extern const struct nla_policy pgnl_name_get_nl_policy[PGNL_A_GROUP + 1];

extern const struct nla_policy pgnl_view_get_nl_policy[PGNL_A_SCOPE + 1];

extern const struct nla_policy pgnl_agent_register_nl_policy[PGNL_A_PEER + 1];

extern const struct nla_policy pgnl_node_get_nl_policy[PGNL_A_PEER + 1];

extern const struct nla_policy pgnl_node_set_nl_policy[PGNL_A_PEER + 1];

extern const struct nla_policy pgnl_node_del_nl_policy[PGNL_A_PEER + 1];

extern const struct nla_policy pgnl_remote_begin_nl_policy[PGNL_A_PEER + 1];

extern const struct nla_policy pgnl_remote_commit_nl_policy[PGNL_A_PEER + 1];

extern const struct nla_policy pgnl_remote_put_nl_policy[PGNL_A_ENTRY + 1];

extern const struct nla_policy pgnl_scope_share_nl_policy[PGNL_A_ALIAS + 1];

extern const struct nla_policy pgnl_scope_unshare_nl_policy[PGNL_A_ALIAS + 1];

extern const struct nla_policy pgnl_upcall_answer_nl_policy[PGNL_A_FENCE + 1];

extern const struct nla_policy pgnl_name_evict_nl_policy[PGNL_A_FENCE + 1];

/* Ops table for pgnl */
extern const struct genl_ops pgnl_nl_ops[38];

int pgnl_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_scope_new_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_scope_del_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_scope_set_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_scope_get_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_scope_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pgnl_nl_group_new_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_group_del_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_group_get_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_group_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pgnl_nl_member_join_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_member_leave_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_member_get_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_member_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pgnl_nl_member_pick_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_process_get_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_process_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int pgnl_nl_limit_get_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_limit_set_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_verify_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_group_signal_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_event_subscribe_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_event_unsubscribe_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_event_replay_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_inbox_open_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_group_send_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_name_register_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_name_unregister_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_name_get_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_name_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pgnl_nl_view_get_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_agent_register_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_node_get_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_node_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int pgnl_nl_node_set_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_node_del_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_remote_begin_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_remote_commit_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_remote_put_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_scope_share_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_scope_unshare_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_upcall_answer_doit(struct sk_buff *skb, struct genl_info *info);
int pgnl_nl_name_evict_doit(struct sk_buff *skb, struct genl_info *info);

#endif /* _LINUX_PGNL_GEN_H */
