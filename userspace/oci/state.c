// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state.h"
#include "why.h"

/* All that comes is read, so that no runtime fails at writing it. */
char *state_read(int fd, size_t *len, struct why *reason)
{
	char *text = malloc(STATE_MAX), rest[4096];
	ssize_t n;

	*len = 0;
	if (!text) {
		why(reason, "out of memory");
		return NULL;
	}
	do {
		n = *len < STATE_MAX ? read(fd, text + *len, STATE_MAX - *len) :
				       read(fd, rest, sizeof(rest));
		if (n > 0 && *len == STATE_MAX)
			why(reason, "the state has more than %d bytes", STATE_MAX);
		else if (n > 0)
			*len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		why(reason, "can't read the state: %s", strerror(errno));
	if (!*reason->text)
		return text;
	free(text);
	return NULL;
}

static bool parse_pid(struct state *state, struct why *reason)
{
	const json_t *pid = json_object_get(state->json, "pid");
	json_int_t value = json_integer_value(pid);

	if (!pid)
		return why(reason, "the state has no pid");
	/* 0 and 1 are what runtimes say within the container, or after its end. */
	if (!json_is_integer(pid) || value < 2 || value > INT_MAX)
		return why(reason, "the pid of the state is none that can be joined");
	state->pid = (pid_t)value;
	return true;
}

static bool parse_annotations(struct state *state, struct why *reason)
{
	json_t *annotations = json_object_get(state->json, "annotations");
	const char *key;
	json_t *value;

	if (!annotations)
		return true;
	if (!json_is_object(annotations))
		return why(reason, "the annotations of the state are no object");
	json_object_foreach(annotations, key, value)
		if (!json_is_string(value))
			return why(reason, "annotation %.64s is no string", key);
	state->annotations = annotations;
	return true;
}

static bool parse(struct state *state, struct why *reason)
{
	if (!json_is_object(state->json))
		return why(reason, "the state is no object");
	if (!json_is_string(json_object_get(state->json, "ociVersion")))
		return why(reason, "the state has no ociVersion");
	state->id = json_string_value(json_object_get(state->json, "id"));
	if (!state->id || !*state->id)
		return why(reason, "the state has no id");
	return parse_pid(state, reason) && parse_annotations(state, reason);
}

bool state_parse(struct state *state, const char *text, size_t len, struct why *reason)
{
	json_error_t error;

	*state = (struct state) { .json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error) };
	if (!state->json)
		return why(reason, "the state is no JSON: line %d: %s", error.line, error.text);
	if (parse(state, reason))
		return true;
	state_clear(state);
	return false;
}

void state_clear(struct state *state)
{
	json_decref(state->json);
	*state = (struct state) { 0 };
}
