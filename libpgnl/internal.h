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
 *	scope.c group.c member.c signal.c limit.c	the calls
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
};

/* --- names.c --- */

/* NULL for a number unknown to the library */
const char *lp_attr_name(uint16_t type);

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

struct lp_member_reply {
	bool missing;		/* the group does not exist */
	bool more;		/* not every member fitted */
};

int lp_decode_family(const struct nlmsghdr *nlh, uint16_t *id, uint32_t *version);
int lp_decode_info(const struct nlmsghdr *nlh, struct pgnl_info *info);
int lp_decode_scope(const struct nlmsghdr *nlh, struct pgnl_scope *scope,
		    struct lp_text *name);
/* 1: a group; 0: there is none */
int lp_decode_group(const struct nlmsghdr *nlh, struct pgnl_group *group,
		    struct lp_text *name);
/* Calls fn for each member of the message until it fails. */
int lp_decode_members(const struct nlmsghdr *nlh, lp_member_fn fn, void *arg,
		      struct lp_member_reply *reply);
int lp_decode_joined(const struct nlmsghdr *nlh, struct pgnl_joined *joined,
		     size_t n);
/* left may be NULL. */
int lp_decode_left(const struct nlmsghdr *nlh, uint32_t *left, size_t n,
		   uint32_t *removed);
/* One of limits, usage and stats: u64 attributes 1 to n of the nest. */
int lp_decode_numbers(const struct nlmsghdr *nlh, uint16_t nest,
		      uint64_t *numbers, size_t n);
int lp_decode_signalled(const struct nlmsghdr *nlh,
			struct pgnl_signalled *signalled);
/* No text when the verifier found nothing. */
int lp_decode_verdict(const struct nlmsghdr *nlh, struct lp_text *text);

/* --- list.c --- */

struct lp_type {
	size_t size;		/* of an element */
	size_t refs[4];		/* where an element has pointers ... */
	size_t n_refs;		/* ... and how many of them */
	int (*compare)(const void *a, const void *b);	/* 0: the same thing */
};

struct lp_list {
	const struct lp_type *type;
	char *block;		/* what the caller gets: size_t n, elements, heap */
	size_t n;
	size_t room;		/* for elements in block */
	char *heap;		/* what the elements point to */
	size_t heap_used;
	size_t heap_size;
	bool interrupted;	/* may have an element twice */
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
void lp_put_group(struct pgnl *handle, const char *group);
void lp_put_groups(struct pgnl *handle, const char *const *groups, size_t n);
void lp_put_pids(struct pgnl *handle, const pid_t *pids, size_t n);
/* Leaves out what is PGNL_KEEP. */
void lp_put_owner(struct pgnl *handle, uint32_t owner, uint32_t gid,
		  uint32_t perm);

/* --- exchange.c --- */

typedef int (*lp_reply_fn)(const struct nlmsghdr *nlh, void *arg);

int lp_resolve(struct pgnl *handle);
/* Sends the request; fn gets the reply, NULL where an ack is all there is. */
int lp_do(struct pgnl *handle, lp_reply_fn fn, void *arg);
/* As a dump; fn gets each message and the list. */
int lp_dump(struct pgnl *handle, lp_reply_fn fn, struct lp_list *list);

/* --- handle.c --- */

int lp_connect(struct pgnl *handle);
/* A new socket in place of the old one; the last error stays. */
void lp_reconnect(struct pgnl *handle);

/* --- pg.c --- */

/* The pids of a group, each as often as it joined; missing may be NULL. */
int lp_get_pids(struct pgnl *handle, const char *scope, const char *group,
		uint32_t flags, struct pgnl_pids **list, int *missing);

#endif /* LIBPGNL_INTERNAL_H */
