/* SPDX-License-Identifier: GPL-2.0-only */
/* Objects as attributes of replies. */
#ifndef _PGNL_REPLY_H
#define _PGNL_REPLY_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct pgnl_event;
struct pgnl_group;
struct pgnl_member;
struct pgnl_name;
struct pgnl_scope;
struct pgnl_event_row;
struct pgnl_node;
struct pgnl_remote;
struct pid_namespace;
struct sk_buff;
struct user_namespace;

/**
 * struct pgnl_reader - For whom pids and uids are translated.
 * @pid_ns: pid namespace
 * @user_ns: user namespace
 * @scope: what it calls the scope; NULL: as where it is
 * @last_kuid: the uid translated last; members mostly have the same
 * @last_uid: what it came to, if @translated
 * @translated: a uid has been translated
 */
struct pgnl_reader {
	struct pid_namespace *pid_ns;
	struct user_namespace *user_ns;
	const char *scope;
	kuid_t last_kuid;
	u32 last_uid;
	bool translated;
};

struct sk_buff *pgnl_reply_new_paged(u32 head, u32 data, gfp_t gfp);
void pgnl_reply_put_data(struct sk_buff *skb, const void *data, u32 len);
int pgnl_reply_put_group_name(struct sk_buff *skb,
			      const struct pgnl_name *name);
int pgnl_reply_put_names(struct sk_buff *skb, const struct pgnl_reader *reader,
			 const struct pgnl_group *group);
int pgnl_reply_put_scope(struct sk_buff *skb, const struct pgnl_reader *reader,
			 const struct pgnl_scope *scope);
int pgnl_reply_put_group(struct sk_buff *skb, const struct pgnl_reader *reader,
			 const struct pgnl_group *group);
int pgnl_reply_put_member(struct sk_buff *skb, struct pgnl_reader *reader,
			  const struct pgnl_member *member);
int pgnl_reply_put_rows_rcu(struct sk_buff *skb, struct pgnl_reader *reader,
			    const struct pgnl_group *group, u32 rows,
			    int spare);
int pgnl_reply_put_event(struct sk_buff *skb, struct pgnl_reader *reader,
			 const struct pgnl_scope *scope,
			 struct pgnl_event *event, bool open);
int pgnl_reply_put_name(struct sk_buff *skb, struct pgnl_reader *reader,
			int type, const struct pgnl_member *member);

/* reply_node.c */

int pgnl_reply_put_far_name(struct sk_buff *skb,
			    const struct pgnl_reader *reader, int type,
			    const struct pgnl_remote *remote);
int pgnl_reply_put_remote(struct sk_buff *skb, const struct pgnl_reader *reader,
			  const struct pgnl_remote *remote);
int pgnl_reply_put_remotes_rcu(struct sk_buff *skb,
			       const struct pgnl_reader *reader,
			       const struct pgnl_group *group, u32 rows,
			       int spare);
int pgnl_reply_put_remote_event_row(struct sk_buff *skb,
				    const struct pgnl_reader *reader,
				    const struct pgnl_event *event,
				    const struct pgnl_event_row *member);
int pgnl_reply_put_peer(struct sk_buff *skb, const char *name, u64 incarnation);
int pgnl_reply_put_self(struct sk_buff *skb, const char *name, u64 incarnation,
			u64 rows);
int pgnl_reply_put_node_locked(struct sk_buff *skb,
			       const struct pgnl_node *node);

#endif /* _PGNL_REPLY_H */
