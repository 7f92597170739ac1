/* SPDX-License-Identifier: GPL-2.0-only */
/* Objects as attributes of replies. */
#ifndef _PGNL_REPLY_H
#define _PGNL_REPLY_H

struct pgnl_group;
struct pgnl_member;
struct pgnl_scope;
struct pid_namespace;
struct sk_buff;
struct user_namespace;

/**
 * struct pgnl_reader - For whom pids and uids are translated.
 * @pid_ns: pid namespace
 * @user_ns: user namespace
 */
struct pgnl_reader {
	struct pid_namespace *pid_ns;
	struct user_namespace *user_ns;
};

int pgnl_reply_put_names(struct sk_buff *skb, const struct pgnl_group *group);
int pgnl_reply_put_scope(struct sk_buff *skb, const struct pgnl_reader *reader,
			 const struct pgnl_scope *scope);
int pgnl_reply_put_group(struct sk_buff *skb, const struct pgnl_reader *reader,
			 const struct pgnl_group *group);
int pgnl_reply_put_member(struct sk_buff *skb, const struct pgnl_reader *reader,
			  const struct pgnl_member *member);

#endif /* _PGNL_REPLY_H */
