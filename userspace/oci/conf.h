/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The administrator's file: what annotations may ask for. */
#ifndef CONF_H
#define CONF_H

#include <stdio.h>

#include "why.h"
#include "words.h"

#define CONF_FILE	"/etc/pgnl/oci.conf"

/* What patterns, of glob(7), are for; the keys of the file's section [allow]. */
enum conf_list { CONF_SCOPES, CONF_GROUPS, CONF_NAMES, CONF_SHARE, CONF_LISTS };

struct conf {
	struct words allow[CONF_LISTS];
	unsigned int deadline_ms;	/* for all that the hook does */
};

/* What holds without a file, or where it has no word on something. */
bool conf_default(struct conf *conf, struct why *why);
/*
 * A missing file is fine. Of what is wrong the first is told, with its line,
 * and then nothing is allowed.
 */
bool conf_read(struct conf *conf, const char *path, struct why *why);
bool conf_parse(struct conf *conf, FILE *file, const char *path, struct why *why);
void conf_clear(struct conf *conf);

#endif
