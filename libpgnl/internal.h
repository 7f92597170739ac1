/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libpgnl share. Layers, a file uses only those above it:
 *
 *	names.c		numbers of the interface -> names of the spec
 *	decode.c	messages of the kernel -> structures; pure
 *	list.c		structures -> one allocation for the caller
 *	error.c		what the kernel or the library has to say of a failure
 *	request.c	arguments -> request
 *	exchange.c	request -> kernel -> replies
 *	handle.c	open, close
 *	scope.c group.c member.c signal.c message.c limit.c	the calls
 *	talk.c		the agent of the node, by a socket of its own
 *	gg.c		global groups, and other nodes' names
 *	global.c					the calls for names
 *	view_read.c	a mapping -> members; pure
 *	view_ask.c	the same from the kernel, without a handle
 *	view.c		views
 *	watch.c		subscriptions, and what comes of them
 *	node.c agent.c	other nodes, and who speaks for them
 *	upcall.c	what the kernel asks of that one
 *	pidfd.c pg.c pg2.c				calls made of those calls
 *
 * Functions return 0 or -errno. Nothing here prints or keeps globals.
 */
#ifndef LIBPGNL_INTERNAL_H
#define LIBPGNL_INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/pgnl.h>

#include "pgnl.h"

#define LP_EXPORT __attribute__((visibility("default")))

struct pgnl {
	struct mnl_socket *sock;
	pid_t owner;		/* process that opened the handle */
	uint16_t family;	/* netlink id of the module */
	uint32_t seq;		/* of the last request */
	struct nlmsghdr *req;	/* the request being built or under way */
	size_t req_size;
	int req_err;		/* first failure while building it */
	char *buf;		/* for replies */
	size_t buf_size;
	struct pgnl_error error;
	/* For a handle that events come to as well; else NULL. */
	int (*stray)(const struct nlmsghdr *nlh, void *arg);
	void *stray_arg;
	bool overrun;		/* the kernel had no room for something */
	struct nlmsghdr *early;	/* a result that came before the end of a reply */
};

/* --- names.c --- */

/* NULL for a number unknown to the library */
const char *lp_attr_name(uint16_t type);
const char *lp_limit_attr_name(uint16_t type);

/* --- decode.c: all of it pure; texts and metadata stay in the message --- */

/* A string of a message, which may end there without a NUL. */
struct lp_text {
	const char *data;	/* NULL: there is none */
	size_t len;
};

struct lp_member {
	struct pgnl_member row;	/* without the texts */
	struct lp_text node;
	struct lp_text scope;
	struct lp_text group;
};

typedef int (*lp_member_fn)(const struct lp_member *member, void *arg);

/* A name as a message tells it. */
struct lp_name {
	struct lp_member member;	/* its group is the name, if told */
	struct pgnl_registration told;
	bool old;			/* it was there before the request */
};

typedef int (*lp_name_fn)(const struct lp_name *name, void *arg);

struct lp_member_reply {
	bool missing;		/* the group does not exist */
	bool more;		/* not every member fitted */
};

int lp_decode_family(const struct nlmsghdr *nlh, uint16_t *id, uint32_t *version);
int lp_decode_info(const struct nlmsghdr *nlh, struct pgnl_info *info);
int lp_decode_node(const struct nlmsghdr *nlh, struct pgnl_node *node,
		   struct lp_text *name);
int lp_decode_scope(const struct nlmsghdr *nlh, struct pgnl_scope *scope,
		    struct lp_text *name);
/* 1: a group; 0: there is none */
int lp_decode_group(const struct nlmsghdr *nlh, struct pgnl_group *group,
		    struct lp_text *name);
/* Calls fn for each member of the message until it fails. */
int lp_decode_members(const struct nlmsghdr *nlh, lp_member_fn fn, void *arg,
		      struct lp_member_reply *reply);
/* Of a reply that has nothing else: there was no such group. */
int lp_decode_missing(const struct nlmsghdr *nlh, bool *missing);
/* Calls fn for each holder of a name, new ones first; missing: nobody is. */
int lp_decode_names(const struct nlmsghdr *nlh, lp_name_fn fn, void *arg,
		    bool *missing);
int lp_decode_joined(const struct nlmsghdr *nlh, struct pgnl_joined *joined,
		     size_t n);
/* left may be NULL. */
int lp_decode_left(const struct nlmsghdr *nlh, uint32_t *left, size_t n,
		   uint32_t *removed);
/* One of limits, usage and stats: n u64 attributes of the nest, the padding
 * left out. Which one is that of a number?
 */
uint16_t lp_number_attr(size_t i, uint16_t pad);
int lp_decode_numbers(const struct nlmsghdr *nlh, uint16_t nest, uint16_t pad,
		      uint64_t *numbers, size_t n);
struct lp_since {
	uint32_t sub;
	uint64_t epoch;
	uint64_t seq;
};

int lp_decode_since(const struct nlmsghdr *nlh, struct lp_since *since);

struct lp_event {
	uint32_t sub;
	uint64_t epoch;
	uint64_t seq;
	uint64_t prev;
	uint32_t reason;	/* enum pgnl_reason */
	bool ended;
	uint32_t status;	/* if ended */
	bool asked;
	uint32_t by_pid;	/* if asked */
	uint32_t by_uid;
	struct lp_text by_node;
	struct lp_text scope;
	struct lp_text group;
	struct lp_text node;	/* that it is about; its members have theirs */
	uint64_t incarnation;
};

/* Its members by lp_decode_members(). */
int lp_decode_event(const struct nlmsghdr *nlh, struct lp_event *event);
/* Which events a part of a listing is after; 0: it does not say. */
uint64_t lp_decode_seq(const struct nlmsghdr *nlh);
int lp_decode_signalled(const struct nlmsghdr *nlh,
			struct pgnl_signalled *signalled);
/* The result that follows: its counts are added. */
int lp_decode_signalled_on(const struct nlmsghdr *nlh,
			   struct pgnl_signalled *signalled);
int lp_decode_sent(const struct nlmsghdr *nlh, struct pgnl_sent *sent);
/* The result that follows: its counts are added. */
int lp_decode_sent_on(const struct nlmsghdr *nlh, struct pgnl_sent *sent);

/* A request whose result is still to come. */
struct lp_pending {
	uint64_t request;	/* its number, 0: nothing is to come */
	uint32_t timeout;	/* for how long, in milliseconds */
};

int lp_decode_pending(const struct nlmsghdr *nlh, struct lp_pending *pending);
/* 1: an upcall, without its targets; 0: something else. */
int lp_decode_upcall(const struct nlmsghdr *nlh, struct pgnl_upcall *upcall);

struct lp_target {
	const char *node;
	uint64_t incarnation;
	uint32_t members;
	const void *ids;	/* not aligned */
	size_t n_ids;
};

/* Calls fn for each target of an upcall until it fails. */
int lp_decode_targets(const struct nlmsghdr *nlh,
		      int (*fn)(const struct lp_target *target, void *arg),
		      void *arg);
bool lp_is_result(const struct nlmsghdr *nlh);
/* 1: the result of a request; 0: something else. */
int lp_decode_result(const struct nlmsghdr *nlh, uint64_t request, int *code,
		     struct lp_text *words);
int lp_decode_opened(const struct nlmsghdr *nlh, uint64_t *id);
/* 1: a message; 0: something else; -ESHUTDOWN: the inbox is closed. */
int lp_decode_message(const struct nlmsghdr *nlh, struct pgnl_message *message);
int lp_decode_process(const struct nlmsghdr *nlh, pid_t *pid, uint64_t *id);
int lp_decode_fd(const struct nlmsghdr *nlh, int *fd);
/* No text when the verifier found nothing. */
int lp_decode_verdict(const struct nlmsghdr *nlh, struct lp_text *text);

/* --- list.c --- */

struct lp_type {
	size_t size;		/* of an element */
	size_t refs[4];		/* where an element has pointers ... */
	size_t n_refs;		/* ... and how many of them */
	int (*compare)(const void *a, const void *b);	/* 0: the same thing */
};

/* Of a list of struct pgnl_name; in global.c. */
extern const struct lp_type lp_name_type;

struct lp_list {
	const struct lp_type *type;
	char *block;		/* what the caller gets: size_t n, elements, heap */
	size_t n;
	size_t room;		/* for elements in block */
	char *heap;		/* what the elements point to */
	size_t heap_used;
	size_t heap_size;
	bool interrupted;	/* may have an element twice */
	uint64_t seq;		/* all of it is after this event, if not 0 */
};

void lp_list_reset(struct lp_list *list);
/* Copies the element. Its pointers are to come from lp_list_keep(). */
int lp_list_add(struct lp_list *list, const void *element);
/* Copies data to the heap; *ref is valid in an element of this list only. */
int lp_list_keep(struct lp_list *list, const void *data, size_t len,
		 const void **ref);
/* As above, with a NUL; none is NULL; shared with *ref if equal to that. */
int lp_list_keep_text(struct lp_list *list, struct lp_text text,
		      const char **ref);
/* The last element, or NULL. */
const void *lp_list_last(const struct lp_list *list);
/* Hands the list over when ret is 0, else frees it; returns ret or -ENOMEM. */
int lp_list_finish(struct pgnl *handle, struct lp_list *list, int ret,
		   void **result);

/* --- error.c --- */

int lp_fail(struct pgnl *handle, int code, const char *attr, uint32_t index,
	    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Keeps what the kernel said in an error or done message; returns -errno. */
int lp_fail_kernel(struct pgnl *handle, const struct nlmsghdr *req,
		   const struct nlmsghdr *nlh);
/* Which attribute of a request stands at an offset. */
void lp_blame(const struct nlmsghdr *req, uint32_t offset,
	      struct pgnl_error *error);

/* --- request.c: the first failure is kept and told by the exchange --- */

void lp_start(struct pgnl *handle, uint8_t cmd);
void lp_put_flag(struct pgnl *handle, uint16_t type);
void lp_put_u32(struct pgnl *handle, uint16_t type, uint32_t value);
void lp_put_u64(struct pgnl *handle, uint16_t type, uint64_t value);
void lp_put_data(struct pgnl *handle, uint16_t type, const void *data,
		 size_t len, size_t max);
/* NULL leaves it out: the kernel then means "pg". */
void lp_put_scope(struct pgnl *handle, const char *scope);
void lp_put_alias(struct pgnl *handle, const char *alias);
void lp_put_group(struct pgnl *handle, const char *group);
void lp_put_groups(struct pgnl *handle, const char *const *groups, size_t n);
void lp_put_pids(struct pgnl *handle, const pid_t *pids, size_t n);
/* Leaves out what is PGNL_KEEP. */
void lp_put_owner(struct pgnl *handle, uint32_t owner, uint32_t gid,
		  uint32_t perm);
/* A name, of 1 to max bytes. */
void lp_put_name(struct pgnl *handle, uint16_t type, const char *what,
		 const char *name, size_t max);
/* An attribute with those in it that are put until the end; its place. */
size_t lp_put_nest(struct pgnl *handle, uint16_t type);
void lp_end_nest(struct pgnl *handle, size_t nest);
/* Which members of its group a message or signal is for. */
void lp_put_whom(struct pgnl *handle, const struct pgnl_send_opts *whom);

/* --- exchange.c --- */

typedef int (*lp_reply_fn)(const struct nlmsghdr *nlh, void *arg);

/* Make a request for the module's family of one that is empty. */
void lp_put_family_request(struct nlmsghdr *req);
int lp_resolve(struct pgnl *handle);
/* Sends the request; fn gets the reply, NULL where an ack is all there is. */
int lp_do(struct pgnl *handle, lp_reply_fn fn, void *arg);
/* The next datagram of the kernel's; as recvmsg(2) with these flags. */
int lp_receive(struct pgnl *handle, int flags, size_t *len);
/* The same where a reply may come before an error. */
int lp_do_acked(struct pgnl *handle, lp_reply_fn fn, void *arg);
/* Wait for the result of a request, if there is to be one; fn gets it, with an
 * error as well. Only the requester waits, the kernel does not.
 */
int lp_wait(struct pgnl *handle, const struct lp_pending *pending,
	    lp_reply_fn fn, void *arg);
int64_t lp_now_ms(void);
/* 0: the socket has something. -EAGAIN: it was too late; deadline -1: there is none. */
int lp_wait_readable(struct pgnl *handle, int64_t deadline);
/* As a dump; fn gets each message and the list. */
int lp_dump(struct pgnl *handle, lp_reply_fn fn, struct lp_list *list);

/* --- handle.c --- */

int lp_connect(struct pgnl *handle);
/* A new socket in place of the old one; the last error stays. */
void lp_reconnect(struct pgnl *handle);
bool lp_same_netns(const struct pgnl *a, const struct pgnl *b);

/* --- talk.c --- */

/* What the agent has answered: the attributes of all messages in a row. */
struct lp_answer {
	char *data;		/* to be freed */
	size_t len;
};

/* A message that asks (ask.h), in a buffer of LP_REQUEST bytes or more. */
#define LP_REQUEST 1024
struct nlmsghdr *lp_ask_begin(void *buffer, uint16_t request);
/* Send it and take all of the answer. What the agent says of a failure is kept. */
int lp_ask(struct pgnl *handle, const struct nlmsghdr *request,
	   struct lp_answer *answer);
/* Only connect and send; the socket, or -errno. */
int lp_ask_open(struct pgnl *handle, const struct nlmsghdr *request);
/* The next message, for which it waits some seconds; 0 or -errno. */
int lp_ask_next(struct pgnl *handle, int fd, void *buffer, size_t size);

/* --- gg.c --- */

/* The names (name NULL: all) of a place, NULL: of other groups. 1: ask the own kernel. */
int lp_gg_names(struct pgnl *handle, const char *where, const char *name,
		struct pgnl_names **list);
/* A message to the holder of a name there; PGNL_UNDEFINED: there is none. 1 as above. */
int lp_gg_send(struct pgnl *handle, const char *where, const char *name,
	       const void *data, size_t len, struct pgnl_sent *sent);

/* --- member.c --- */

/* As pgnl_members(); seq is the event that all of it is after, or 0. */
int lp_members_after(struct pgnl *handle, const char *scope, const char *group,
		     uint32_t flags, struct pgnl_members **list, uint64_t *seq);

/* --- pg.c --- */

/* The pids of a group on this node, each as often as it joined; missing may be
 * NULL.
 */
int lp_get_pids(struct pgnl *handle, const char *scope, const char *group,
		struct pgnl_pids **list, int *missing);

#endif /* LIBPGNL_INTERNAL_H */
