/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of words, as annotations and the configuration have them. */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct words {
	char **word;
	size_t n;
};

/* Blanks and semicolons separate words; podman would split values at commas. */
#define WORDS_SEPARATORS " \t\r\n;"

#define WORDS_MAX	256	/* of a list */

/* Each once: what is in the list already is not added. False: E2BIG, ENOMEM. */
bool words_add(struct words *words, const char *word);
bool words_split(struct words *words, const char *text);
bool words_have(const struct words *words, const char *word);
/* Does any of them, each a pattern of glob(7), match? The * also matches /. */
bool words_match(const struct words *patterns, const char *word);
void words_clear(struct words *words);

#endif
