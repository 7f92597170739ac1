// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer on a state, what its annotations ask for, and the file that allows it. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "request.h"
#include "state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_state(const char *text, size_t size, const struct conf *conf)
{
	struct why reason = { "" };
	struct request request;
	struct state state;

	if (!state_parse(&state, text, size, &reason)) {
		if (!*reason.text)
			abort();
		return;
	}
	if (state.pid < 2)
		abort();
	if (request_parse(&request, state.annotations, &reason))
		request_allowed(&request, conf, &reason);
	else if (!*reason.text)
		abort();
	request_clear(&request);
	state_clear(&state);
}

/* What is refused, allows nothing. */
static void try_conf(const uint8_t *data, size_t size, struct conf *conf)
{
	FILE *file = size ? fmemopen((void *)data, size, "r") : NULL;
	struct why reason = { "" };

	conf_default(conf, &reason);
	if (!file)
		return;
	if (!conf_parse(conf, file, "fuzz", &reason) && conf->allow[CONF_GROUPS].n)
		abort();
	fclose(file);
}

/* A NUL ends the file; the state follows. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0, size) : NULL;
	size_t len = end ? (size_t)(end - data) : 0;
	struct conf conf;

	try_conf(data, len, &conf);
	if (end)
		len++;
	try_state((const char *)data + len, size - len, &conf);
	conf_clear(&conf);
	return 0;
}
