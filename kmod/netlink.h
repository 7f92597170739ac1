/* SPDX-License-Identifier: GPL-2.0-only */
/* The netlink family. */
#ifndef _PGNL_NETLINK_H
#define _PGNL_NETLINK_H

#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/types.h>

#include "perm.h"
#include "reply.h"
#include "table.h"

struct genl_info;
struct netlink_callback;
struct pgnl_audience;
struct pgnl_crowd;
struct pgnl_far;
struct netlink_ext_ack;
struct nlattr;
struct nlmsghdr;
struct pgnl_join;
struct pgnl_pending;
struct pgnl_pick;
struct pgnl_sender;
struct pgnl_signal;
struct sk_buff;
struct sock;

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
int __must_check pgnl_nl_need_same_user(const struct pgnl_caller *who,
					struct genl_info *info);
struct sk_buff *pgnl_nl_new_reply(struct genl_info *info, size_t size);
int pgnl_nl_send(struct genl_info *info, struct sk_buff *skb);
int pgnl_nl_finish(struct genl_info *info, struct sk_buff *reply, int err);
int pgnl_nl_refuse(struct genl_info *info, const struct pgnl_fault *fault,
		   int err);
void pgnl_nl_say(struct genl_info *info, const struct nlattr *attr,
		 const char *text);
int pgnl_nl_refuse_group_mode(struct genl_info *info);
int __must_check pgnl_nl_check_here(struct genl_info *info,
				    struct pgnl_scope *scope);
int __must_check pgnl_nl_need_cluster(struct genl_info *info,
				      const struct pgnl_scope *scope);
u64 pgnl_nl_own_node(struct pgnl_net *pn, char *name);
int pgnl_nl_put_own_node_locked(struct sk_buff *skb, struct pgnl_net *pn);
void pgnl_nl_explain_group(struct genl_info *info, int err);
struct pgnl_crowd *pgnl_nl_gather(struct genl_info *info,
				  const struct pgnl_caller *who,
				  struct pgnl_scope *scope,
				  const struct pgnl_name *name,
				  const struct pgnl_audience *to,
				  struct pgnl_far *far);

/**
 * pgnl_nl_reader() - For whom to translate the pids and uids of a reply.
 *
 * Return: the namespaces of current, which sent the request.
 */
static inline struct pgnl_reader pgnl_nl_reader(void)
{
	return (struct pgnl_reader) {
		.pid_ns = task_active_pid_ns(current),
		.user_ns = current_user_ns(),
	};
}

/* nl_upcall.c: what goes on to the agent, or came to it */

/**
 * struct pgnl_nl_act - What a request wants of other nodes or their members.
 * @who: the requester
 * @scope: the scope
 * @group: name of the group
 * @pick: of whose members it is; NULL: of whosever
 * @one: it is for one member, and who took it is told
 * @ops: what kind of request it is
 * @signal: the signal
 * @times: how often to join
 * @data: the message, or NULL
 * @len: bytes of @data
 */
struct pgnl_nl_act {
	const struct pgnl_caller *who;
	const struct pgnl_scope *scope;
	const struct pgnl_name *group;
	const struct pgnl_pick *pick;
	bool one;
	const struct pgnl_act_ops *ops;
	const struct pgnl_signal *signal;
	u32 times;
	const void *data;
	u32 len;
};

extern const struct pgnl_act_ops pgnl_nl_send_ops;
extern const struct pgnl_act_ops pgnl_nl_signal_ops;
extern const struct pgnl_act_ops pgnl_nl_join_ops;
extern const struct pgnl_act_ops pgnl_nl_delete_ops;

struct pgnl_pending *pgnl_nl_forward(struct genl_info *info, struct sock *sk,
				     const struct pgnl_nl_act *act,
				     struct pgnl_far *far);
int pgnl_nl_finish_forward(struct genl_info *info, struct sk_buff *reply,
			   struct pgnl_pending *pending, int err);
int __must_check pgnl_nl_agent_begin(const struct pgnl_caller *who,
				     struct sk_buff *skb,
				     struct genl_info *info);
int __must_check pgnl_nl_begin_sender(struct pgnl_caller *who,
				      struct sk_buff *skb,
				      struct genl_info *info,
				      struct pgnl_sender *from);
void pgnl_nl_end_sender(struct pgnl_caller *who);

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
struct pgnl_scope *pgnl_args_scope_read(struct pgnl_caller *who,
					struct nlattr *attr, u16 want,
					struct netlink_ext_ack *extack);
struct pgnl_scope *pgnl_args_names(const struct pgnl_caller *who, u16 want,
				   struct netlink_ext_ack *extack);
struct pid *pgnl_args_process(struct pgnl_net *pn, struct nlattr *pid_attr,
			      struct nlattr *id_attr, struct nlattr *self_attr,
			      struct netlink_ext_ack *extack);

u32 pgnl_args_count(const struct genl_info *info, int type);
int pgnl_args_join(struct genl_info *info, struct pgnl_join *join);
int pgnl_args_pick(struct genl_info *info, struct pgnl_pick *pick);
int pgnl_args_audience(struct genl_info *info, struct pgnl_audience *to);

/* dump.c: listings */

int pgnl_dump_start(struct netlink_callback *cb);
int pgnl_dump_done(struct netlink_callback *cb);

#endif /* _PGNL_NETLINK_H */
