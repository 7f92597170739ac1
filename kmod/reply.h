/* SPDX-License-Identifier: GPL-2.0-only */
/* Objects as attributes of replies. */
#ifndef _PGNL_REPLY_H
#define _PGNL_REPLY_H

#include <linux/types.h>
#include <linux/uidgid.h>

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
 * @last_kuid: the uid translated last; members mostly have the same
 * @last_uid: what it came to, if @translated
 * @translated: a uid has been translated
 */
struct pgnl_reader {
	struct pid_namespace *pid_ns;
	struct user_namespace *user_ns;
	kuid_t last_kuid;
	u32 last_uid;
	bool translated;
};

int pgnl_reply_put_names(struct sk_buff *skb, const struct pgnl_group *group);
int pgnl_reply_put_scope(struct sk_buff *skb, const struct pgnl_reader *reader,
			 const struct pgnl_scope *scope);
int pgnl_reply_put_group(struct sk_buff *skb, const struct pgnl_reader *reader,
			 const struct pgnl_group *group);
int pgnl_reply_put_member(struct sk_buff *skb, struct pgnl_reader *reader,
			  const struct pgnl_member *member);

#endif /* _PGNL_REPLY_H */
