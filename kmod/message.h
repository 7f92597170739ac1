/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages to the members of a group. */
#ifndef _PGNL_MESSAGE_H
#define _PGNL_MESSAGE_H

#include <linux/types.h>

#include "crowd.h"

struct pgnl_caller;
struct pgnl_far;
struct pgnl_scope;
struct sk_buff;

/**
 * struct pgnl_sender - A sender on another node.
 * @node: name of its node
 * @pid: its pid, as that node tells it
 * @uid: its real uid
 * @id: its member id there, or 0
 */
struct pgnl_sender {
	const char *node;
	u32 pid;
	kuid_t uid;
	u64 id;
};

/**
 * struct pgnl_message - What to send.
 * @who: the sender, or who it is to be judged as
 * @from: the sender when it is on another node, else NULL
 * @scope: the scope, referenced
 * @group: name of the group
 * @data: payload
 * @len: bytes of @data
 */
struct pgnl_message {
	const struct pgnl_caller *who;
	const struct pgnl_sender *from;
	struct pgnl_scope *scope;
	const struct pgnl_name *group;
	const void *data;
	u32 len;
};

void pgnl_message_send(const struct pgnl_message *message,
		       const struct pgnl_crowd *crowd,
		       struct pgnl_tally *tally);
int __must_check pgnl_message_send_one(const struct pgnl_message *message,
				       const struct pgnl_pick *pick,
				       struct pgnl_tally *tally,
				       struct pgnl_target *reached,
				       struct pgnl_far *far);
struct sk_buff *pgnl_message_closed(const struct pgnl_scope *scope);

#endif /* _PGNL_MESSAGE_H */
