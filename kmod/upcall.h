/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests that need the agent.
 *
 * No handler waits for it. A request that needs it is made *pending*, answered
 * with a number, and the agent is sent an *upcall*; the agent's answer, or an
 * error in its place, is the *result*, a message to the requester's socket. For
 * each number that was given out there is one result:
 *
 *	handler  -->  pgnl_upcall_new()    memory, charges, a number
 *		      (attributes into the upcall, the number into the reply)
 *		      pgnl_upcall_send()   to the agent; the reply is sent before
 *	agent    -->  pgnl_upcall_answer() the result
 *	deadline, end of the agent         an error as the result
 *	end of the requester's socket      nothing; the agent is told, if that is of
 *					   use to it, and an answer finds nobody
 *
 * All memory is there before anything is done, so telling a result can't fail.
 */
#ifndef _PGNL_UPCALL_H
#define _PGNL_UPCALL_H

#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

struct genl_info;
struct pgnl_caller;
struct pgnl_fault;
struct pgnl_net;
struct pgnl_pending;
struct pgnl_user;
struct pid_namespace;
struct sk_buff;
struct sock;
struct user_namespace;

/* Buckets of pending requests, by number and by port. */
#define PGNL_UPCALL_BITS	7

/* How long a request waits unless the agent says otherwise, in milliseconds. */
#define PGNL_UPCALL_TIMEOUT	10000

/**
 * struct pgnl_upcalls - The pending requests of a network namespace.
 * @lock: guards all of this; innermost, and nothing is allocated within
 * @sk: the agent's socket, which struct pgnl_cluster counts; NULL: none
 * @session: which agent it is: raised by each
 * @acts: what it does, of enum pgnl_act; read without the lock as well
 * @timeout: how long requests wait for it, in milliseconds
 * @pid_ns: to tell it pids in, counted
 * @user_ns: to tell it uids in, counted
 * @last: the last number given
 * @nr: requests in @waiting; read without the lock as well
 * @sent: upcalls so far
 * @unanswered: requests so far that ended without an answer
 * @waiting: requests in the order of their deadlines, which is that of sending
 * @by_id: the same by number
 * @by_port: the same by the port of the requester's socket
 * @work: ends those whose deadline has passed
 */
struct pgnl_upcalls {
	struct mutex lock;	/* see above */
	struct sock *sk;
	u32 session;
	u32 acts;
	u32 timeout;
	struct pid_namespace *pid_ns;
	struct user_namespace *user_ns;
	u64 last;
	u32 nr;
	u64 sent;
	u64 unanswered;
	struct list_head waiting;
	DECLARE_HASHTABLE(by_id, PGNL_UPCALL_BITS);
	DECLARE_HASHTABLE(by_port, PGNL_UPCALL_BITS);
	struct delayed_work work;
};

/**
 * struct pgnl_act_ops - A kind of request.
 * @act: its bit of enum pgnl_act
 * @size: bytes of its struct, which begins with a struct pgnl_pending
 * @cancels: the agent can stop half way, when nobody waits for it any more
 * @answer: carries out what the agent has answered, and puts what the requester
 *	is to know into the result; an error becomes that of the result, and the
 *	agent is told it too. In the agent's request, without locks but
 *	pgnl_cluster.op_lock
 * @fail: puts into the result what the requester is to know beside the error;
 *	may be NULL. It may sleep, and holds no lock but op_lock
 * @free: frees what is its own; may be NULL
 */
struct pgnl_act_ops {
	u32 act;
	size_t size;
	bool cancels;
	int (*answer)(struct pgnl_pending *pending, struct genl_info *info);
	void (*fail)(struct pgnl_pending *pending, int err);
	void (*free)(struct pgnl_pending *pending);
};

/**
 * struct pgnl_pending - A request that waits for the agent.
 *
 * It belongs to the handler until it is sent, and then to the table until
 * somebody takes it out, who ends it.
 *
 * @ops: what kind (C)
 * @pn: the tables (C)
 * @id: its number (C)
 * @session: the agent that it is for (C)
 * @timeout: how long it waits, in milliseconds (C)
 * @deadline: until when, in jiffies
 * @sk: the requester's socket, counted, which keeps @pn (C)
 * @portid: that of the socket (C)
 * @user: whom it is charged to, counted (C)
 * @bytes: how many are charged (C)
 * @upcall: the message to the agent; its own until it is sent
 * @result: the message to the requester, begun
 * @in_order: in pgnl_upcalls.waiting
 * @in_ids: in pgnl_upcalls.by_id
 * @in_ports: in pgnl_upcalls.by_port
 */
struct pgnl_pending {
	const struct pgnl_act_ops *ops;
	struct pgnl_net *pn;
	u64 id;
	u32 session;
	u32 timeout;
	unsigned long deadline;
	struct sock *sk;
	u32 portid;
	struct pgnl_user *user;
	u32 bytes;
	struct sk_buff *upcall;
	struct sk_buff *result;
	struct list_head in_order;
	struct hlist_node in_ids;
	struct hlist_node in_ports;
};

/**
 * struct pgnl_upcall_opts - What a request becomes pending with.
 * @ops: what kind
 * @sk: the requester's socket
 * @portid: that of the socket
 * @room: bytes of attributes of its own in the upcall
 * @data: bytes of data behind them, which pgnl_reply_put_data() puts
 * @by_uid: it is about members with the uid below
 * @uid: real uid
 */
struct pgnl_upcall_opts {
	const struct pgnl_act_ops *ops;
	struct sock *sk;
	u32 portid;
	size_t room;
	u32 data;
	bool by_uid;
	kuid_t uid;
};

void pgnl_upcall_init(struct pgnl_upcalls *up);
void pgnl_upcall_destroy(struct pgnl_upcalls *up);
void pgnl_upcall_start(struct pgnl_upcalls *up, struct sock *sk, u32 acts,
		       u32 timeout);
void pgnl_upcall_stop(struct pgnl_upcalls *up);
void pgnl_upcall_closed(struct pgnl_upcalls *up, u32 portid);
void pgnl_upcall_read(struct pgnl_upcalls *up, u64 *sent, u64 *unanswered);

bool pgnl_upcall_can(struct pgnl_net *pn, u32 act);
struct pgnl_pending *pgnl_upcall_new(const struct pgnl_caller *who,
				     const struct pgnl_upcall_opts *opts,
				     struct pgnl_fault *fault);
int pgnl_upcall_put_request(struct sk_buff *reply,
			    const struct pgnl_pending *pending);
void pgnl_upcall_send(struct pgnl_pending *pending);
void pgnl_upcall_free(struct pgnl_pending *pending);
int pgnl_upcall_answer(struct pgnl_net *pn, struct genl_info *info);

#endif /* _PGNL_UPCALL_H */
