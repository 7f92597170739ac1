/* SPDX-License-Identifier: GPL-2.0-only */
/* The members of other nodes that a request acts on. */
#ifndef _PGNL_FAR_H
#define _PGNL_FAR_H

#include <linux/types.h>

struct pgnl_audience;
struct pgnl_caller;
struct pgnl_name;
struct pgnl_net;
struct pgnl_node;
struct pgnl_remote;
struct pgnl_scope;
struct sk_buff;

/**
 * struct pgnl_far_part - Members of one node.
 * @node: the node, counted
 * @id: the member id of one, or 0: all that fit
 * @pid: its pid there, as far as is known
 * @members: how many these are
 */
struct pgnl_far_part {
	struct pgnl_node *node;
	u64 id;
	u32 pid;
	u32 members;
};

/**
 * struct pgnl_far - Members of other nodes, which the agent is to act on.
 * @can: there is an agent that does it
 * @members: how many they are; of a request to nodes, how many nodes
 * @lost: how many others can't be asked: their node is not up, or @can is not
 * @nr: how many parts
 * @room: how many parts may be
 * @part: the parts
 */
struct pgnl_far {
	bool can;
	u32 members;
	u32 lost;
	u32 nr;
	u32 room;
	struct pgnl_far_part *part;
};

int __must_check pgnl_far_begin(struct pgnl_far *far, struct pgnl_net *pn,
				u32 act, u32 room);
void pgnl_far_end(struct pgnl_far *far);
void pgnl_far_add_locked(struct pgnl_far *far, struct pgnl_remote *remote);
int __must_check pgnl_far_add_all(struct pgnl_far *far,
				  struct pgnl_scope *scope,
				  const struct pgnl_name *name,
				  const struct pgnl_audience *to);
int __must_check pgnl_far_add_nodes(struct pgnl_far *far,
				    const struct pgnl_caller *who,
				    struct pgnl_scope *scope,
				    const struct pgnl_name *name);
void pgnl_far_add_id(struct pgnl_far *far, struct pgnl_scope *scope,
		     const struct pgnl_name *name,
		     const struct pgnl_audience *to, u64 id);
int __must_check pgnl_far_add_node(struct pgnl_far *far, struct pgnl_net *pn,
				   const char *name, u64 id);
size_t pgnl_far_size(struct pgnl_far *far);
int pgnl_far_put(struct sk_buff *skb, const struct pgnl_far *far);

#endif /* _PGNL_FAR_H */
