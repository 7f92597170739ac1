/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a runtime tells a hook on its standard input: the state of the container. */
#ifndef STATE_H
#define STATE_H

#include <sys/types.h>

#include <jansson.h>

#include "why.h"

#define STATE_MAX	(1024 * 1024)	/* bytes of a state */

struct state {
	json_t *json;			/* all of it */
	const char *id;			/* the container's, as it is */
	pid_t pid;			/* its init, where the runtime is */
	const json_t *annotations;	/* an object of strings; NULL: none */
};

/* Read STATE_MAX bytes at most, to the end of the file. NULL and why. */
char *state_read(int fd, size_t *len, struct why *why);
/* Strict: one object, no key twice, every known key of its type. */
bool state_parse(struct state *state, const char *text, size_t len, struct why *why);
void state_clear(struct state *state);

#endif
