/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files about views share. */
#ifndef LIBPGNL_VIEW_H
#define LIBPGNL_VIEW_H

#include <linux/pgnl_view.h>

#include "internal.h"

/* Tries to find a group quiet, before the kernel is asked. */
#define LP_VIEW_TRIES	64

struct lp_image {
	const struct pgnl_view_header *head;	/* NULL: nothing is mapped */
	const uint32_t *words;
	const struct pgnl_view_bucket *buckets;
	const struct pgnl_view_slot *slots;
	const struct pgnl_view_node *nodes;
	uint64_t size;
	uint32_t max_word, max_bucket, max_slot, max_node;	/* one more than the last */
};

struct pgnl_view {
	struct lp_image image;
	uint64_t random;	/* atomic */
	uint64_t asked;		/* atomic */
	uint32_t turn;		/* atomic */
	uint16_t family;	/* atomic */
	uint64_t netns;		/* cookie */
	char scope[PGNL_SCOPE_NAME_MAX + 1];
};

/* Whom to pick, complete. */
struct lp_pick {
	enum pgnl_pick_policy policy;
	uint32_t uid;
	const void *key;
	size_t key_len;
	uint32_t flags;
};

/* --- view_read.c: pure; -EAGAIN: the mapping does not tell --- */

/* False when the mapping is none that can be read. */
bool lp_image_init(struct lp_image *image, const void *start, uint64_t size);
uint64_t lp_image_hash(const struct lp_image *image, const char *name, size_t len);
int lp_image_lookup(const struct lp_image *image, const char *name,
		    struct pgnl_view_group *group);
int lp_image_pids(const struct lp_image *image, const char *name, pid_t *pids,
		  size_t max);
int lp_image_members(const struct lp_image *image, const char *name,
		     struct pgnl_view_member *members, size_t max);
int lp_image_meta(const struct lp_image *image, const char *name,
		  const struct pgnl_view_member *member, void *meta, size_t size);
int lp_image_pick(const struct lp_image *image, const char *name,
		  const struct lp_pick *pick, uint32_t turn, uint64_t random,
		  struct pgnl_view_member *member);

/* --- view_ask.c: only system calls, no memory of malloc() --- */

int lp_ask_members(struct pgnl_view *view, const char *name,
		   struct pgnl_view_member *members, pid_t *pids, size_t max,
		   struct pgnl_view_group *group);
int lp_ask_meta(struct pgnl_view *view, const char *name,
		const struct pgnl_view_member *member, void *meta, size_t size);
int lp_ask_pick(struct pgnl_view *view, const char *name,
		const struct lp_pick *pick, struct pgnl_view_member *member);
/* The network namespace of a socket. */
int lp_netns_of(int fd, uint64_t *cookie);

#endif /* LIBPGNL_VIEW_H */
