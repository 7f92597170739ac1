/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes that others chose (names, metadata, command names) made safe to show.
 * Both forms are lossless.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

#include <jansson.h>

/*
 * For a terminal: what takes no cell of its own or can't be shown in the
 * locale becomes \n, \t, \r or \xNN, a backslash becomes \\.
 */
char *text_show(const void *bytes, size_t len);
void text_print(const void *bytes, size_t len);	/* so, to the output */

/*
 * For JSON: UTF-8 as it is. Each byte that is not part of UTF-8 becomes U+FFFD
 * and two hex digits; so do NUL and the bytes of U+FFFD itself.
 */
json_t *text_json(const void *bytes, size_t len);
json_t *text_json_name(const char *name);	/* null for NULL */

/* The bytes behind such a JSON string, with a NUL behind the last one. */
char *text_bytes(const json_t *string, size_t *len);

/* How many letters to add, drop or change to get from one word to another. */
unsigned int text_distance(const char *from, const char *to);

#endif
