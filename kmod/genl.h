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
extern const struct nla_policy pgnl_limit_nl_policy[PGNL_A_LIMIT_PAD + 1];

extern const struct nla_policy pgnl_info_get_nl_policy[PGNL_A_PAD + 1];

extern const struct nla_policy pgnl_scope_new_nl_policy[PGNL_A_PERM + 1];

extern const struct nla_policy pgnl_scope_del_nl_policy[PGNL_A_SCOPE + 1];

extern const struct nla_policy pgnl_scope_set_nl_policy[PGNL_A_PERM + 1];

extern const struct nla_policy pgnl_scope_get_nl_policy[PGNL_A_SCOPE + 1];

extern const struct nla_policy pgnl_group_new_nl_policy[PGNL_A_PERM + 1];

extern const struct nla_policy pgnl_group_del_nl_policy[PGNL_A_GROUP + 1];

extern const struct nla_policy pgnl_group_get_nl_policy[PGNL_A_LOCAL_ONLY + 1];

extern const struct nla_policy pgnl_member_join_nl_policy[PGNL_A_REQUIRED_GROUP + 1];

extern const struct nla_policy pgnl_member_leave_nl_policy[PGNL_A_ALL + 1];

extern const struct nla_policy pgnl_member_get_nl_policy[PGNL_A_LOCAL_ONLY + 1];

extern const struct nla_policy pgnl_member_pick_nl_policy[PGNL_A_UID + 1];

extern const struct nla_policy pgnl_process_get_nl_policy[PGNL_A_ID + 1];

extern const struct nla_policy pgnl_limit_get_nl_policy[PGNL_A_PAD + 1];

extern const struct nla_policy pgnl_limit_set_nl_policy[PGNL_A_LIMITS + 1];

extern const struct nla_policy pgnl_stats_get_nl_policy[PGNL_A_PAD + 1];

extern const struct nla_policy pgnl_verify_nl_policy[PGNL_A_PAD + 1];

extern const struct nla_policy pgnl_group_signal_nl_policy[PGNL_A_OTHERS + 1];

/* Ops table for pgnl */
extern const struct genl_ops pgnl_nl_ops[18];

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

#endif /* _LINUX_PGNL_GEN_H */
