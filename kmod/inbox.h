/* SPDX-License-Identifier: GPL-2.0-only */
/* Inboxes: where the messages to a process go. */
#ifndef _PGNL_INBOX_H
#define _PGNL_INBOX_H

#include <linux/types.h>
#include <linux/uidgid.h>

#include "table.h"

struct sk_buff;
struct sock;

/**
 * struct pgnl_inbox_opts - What an inbox is opened with.
 * @sk: the socket
 * @port: its port
 * @by_uid: only messages of the user below
 * @uid: real uid of senders
 * @last: what to queue when it is closed while the socket stays open; the
 *	inbox takes it over
 */
struct pgnl_inbox_opts {
	struct sock *sk;
	u32 port;
	bool by_uid;
	kuid_t uid;
	struct sk_buff *last;
};

/* What became of a message. */
enum pgnl_outcome {
	PGNL_DELIVERED,
	PGNL_INBOX_FULL,
	PGNL_INBOX_NONE,
	PGNL_INBOX_REFUSED,
	PGNL_INBOX_GONE,
};

int pgnl_inbox_init(void);
void pgnl_inbox_exit(void);
int pgnl_inbox_table_init(struct pgnl_net *pn);
void pgnl_inbox_table_destroy(struct pgnl_net *pn);

struct pgnl_inbox *pgnl_inbox_open(struct pgnl_scope *scope,
				   const struct pgnl_inbox_opts *opts,
				   struct pgnl_fault *fault);
void pgnl_inbox_start(struct pgnl_inbox *inbox);
struct pgnl_inbox *pgnl_inbox_get(const struct pgnl_scope *scope,
				  struct pid *pid);
void pgnl_inbox_put(struct pgnl_inbox *inbox);
enum pgnl_outcome pgnl_inbox_deliver(struct pgnl_inbox *inbox,
				     struct sk_buff *skb);
void pgnl_inbox_end_locked(struct pgnl_proc *proc);
void pgnl_inbox_close_all_locked(struct pgnl_scope *scope);
bool pgnl_inbox_is_hashed_locked(const struct pgnl_inbox *inbox);

#endif /* _PGNL_INBOX_H */
