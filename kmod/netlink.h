/* SPDX-License-Identifier: GPL-2.0-only */
/* The netlink family. */
#ifndef _PGNL_NETLINK_H
#define _PGNL_NETLINK_H

#include <linux/types.h>

#include "perm.h"
#include "reply.h"
#include "table.h"

struct genl_info;
struct netlink_callback;
struct netlink_ext_ack;
struct nlattr;
struct nlmsghdr;
struct pgnl_pick;
struct sk_buff;

/* Version of the module. */
#define PGNL_RELEASE	"0.1.0"

/* Version of the interface; raised when a client could notice. */
#define PGNL_ABI	1

/*
 * Room for a reply of fixed content, or of few members. It fills a kilobyte
 * together with what the kernel adds; netlink copies a buffer that is much
 * larger than its content.
 */
#define PGNL_REPLY_ROOM	640

extern struct genl_family pgnl_nl_family;

int pgnl_nl_init(void);
void pgnl_nl_exit(void);

/* netlink.c: what handlers share */

int __must_check pgnl_nl_begin(struct pgnl_caller *who, struct sk_buff *skb,
			       struct genl_info *info, u64 lists);
int __must_check pgnl_nl_need_admin(const struct pgnl_caller *who,
				    struct genl_info *info);
struct pgnl_reader pgnl_nl_reader(void);
struct sk_buff *pgnl_nl_new_reply(struct genl_info *info, size_t size);
int pgnl_nl_send(struct genl_info *info, struct sk_buff *skb);
int pgnl_nl_finish(struct genl_info *info, struct sk_buff *reply, int err);
int pgnl_nl_refuse(struct genl_info *info, const struct pgnl_fault *fault,
		   int err);
int pgnl_nl_refuse_group_mode(struct genl_info *info);
void pgnl_nl_explain_group(struct genl_info *info, int err);

/* args.c: what requests say */

int pgnl_args_check_once(const struct nlmsghdr *nlh, u64 lists,
			 struct netlink_ext_ack *extack);
int pgnl_args_check_nest_once(const struct nlattr *nest,
			      struct netlink_ext_ack *extack);
int pgnl_args_scope_name(struct nlattr *attr, const char **name,
			 struct netlink_ext_ack *extack);
int pgnl_args_group_name(struct nlattr *attr, struct pgnl_name *name,
			 struct netlink_ext_ack *extack);
int pgnl_args_check_scope(const struct pgnl_caller *who,
			  const struct pgnl_scope *scope, struct nlattr *attr,
			  u16 want, struct netlink_ext_ack *extack);
struct pgnl_scope *pgnl_args_scope(const struct pgnl_caller *who,
				   struct nlattr *attr, u16 want,
				   struct netlink_ext_ack *extack);
struct pid *pgnl_args_process(struct pgnl_net *pn, struct nlattr *pid_attr,
			      struct nlattr *id_attr, struct nlattr *self_attr,
			      struct netlink_ext_ack *extack);

u32 pgnl_args_count(const struct genl_info *info, int type);
int pgnl_args_pick(struct genl_info *info, struct pgnl_pick *pick);

/* dump.c: listings */

int pgnl_dump_start(struct netlink_callback *cb);
int pgnl_dump_done(struct netlink_callback *cb);

#endif /* _PGNL_NETLINK_H */
