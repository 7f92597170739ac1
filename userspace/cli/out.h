/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data on stdout: rows as a table or as a JSON array of objects, after the
 * columns of the command, with -o those picked. A row is a JSON object either
 * way; a table is how one looks at it.
 */
#ifndef OUT_H
#define OUT_H

#include <stdint.h>

#include <jansson.h>

#include "cli.h"

enum {
	COLUMN_USUAL = 1,	/* in a table without -o */
	COLUMN_RIGHT = 2,	/* numbers */
};

struct column {
	const char *key;	/* of the JSON; in capitals the heading of the table */
	unsigned int flags;
	/* How a table shows a value that is not null, if not as it is; malloc'ed. */
	char *(*show)(const json_t *value);
};

struct out;

/* Check -o against the columns of the command; complains and returns false. */
bool out_columns_fit(const struct cli *cli);

struct out *out_begin(const struct cli *cli);
void out_row(struct out *out, json_t *row);	/* takes the row over */
void out_end(struct out *out);

/* A single document; takes it over. */
void out_json(const struct cli *cli, json_t *document);

/*
 * Nothing waits in a buffer, as somebody may at the other end of a pipe. An exit code
 * when it can't be written, on a full disk, say: what would come next had a hole before it.
 */
int out_flush(const struct cli *cli);

/* Member ids and epochs: strings, as they may pass 2^53. */
json_t *out_id(uint64_t id);
json_t *out_perm(uint32_t perm);
/* As a table shows it, malloc'ed: strings as text_show() does. */
char *out_show(const json_t *value);
char *out_show_user(const json_t *uid);
char *out_show_user_group(const json_t *gid);

#endif
