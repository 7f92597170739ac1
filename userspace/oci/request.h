/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container asks for, by its annotations. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>

#include <jansson.h>

#include "conf.h"
#include "why.h"
#include "words.h"

#define REQUEST_DOMAIN	"org.pgnl"

struct request {
	const char *scope;	/* NULL: the default one */
	const char *meta;	/* NULL: none */
	struct words groups;
	struct words names;
	struct words shares;	/* scopes, each as "scope" or "scope=alias" */
	bool required;		/* the container must not start without them */
};

/*
 * Points into annotations, which may be NULL. Of what is wrong the first is
 * told; whether it was required is known all the same.
 */
bool request_parse(struct request *request, const json_t *annotations, struct why *why);
/* Is all of it well-formed? Annotations are; options may be anything. */
bool request_check(const struct request *request, struct why *why);
/* Does the administrator allow all of it? */
bool request_allowed(const struct request *request, const struct conf *conf, struct why *why);

/*
 * A scope to share, and what it is called in the container. Both have
 * REQUEST_SHARE_SIZE bytes; false when one is too long, or empty.
 */
#define REQUEST_SHARE_SIZE	64
bool request_share(const char *share, char *scope, char *alias);

void request_clear(struct request *request);

#endif
