// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

bool words_have(const struct words *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++)
		if (!strcmp(words->word[i], word))
			return true;
	return false;
}

bool words_add(struct words *words, const char *word)
{
	char **more, *copy;

	if (words_have(words, word))
		return true;
	if (words->n == WORDS_MAX) {
		errno = E2BIG;
		return false;
	}
	copy = strdup(word);
	more = copy ? realloc(words->word, (words->n + 1) * sizeof(*more)) : NULL;
	if (!more) {
		free(copy);
		return false;
	}
	words->word = more;
	words->word[words->n++] = copy;
	return true;
}

bool words_split(struct words *words, const char *text)
{
	char *copy = strdup(text), *rest = copy, *word;
	bool done = copy;

	while (done && (word = strsep(&rest, WORDS_SEPARATORS)))
		if (*word)
			done = words_add(words, word);
	free(copy);
	return done;
}

bool words_match(const struct words *patterns, const char *word)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (!fnmatch(patterns->word[i], word, FNM_NOESCAPE))
			return true;
	return false;
}

void words_clear(struct words *words)
{
	for (size_t i = 0; i < words->n; i++)
		free(words->word[i]);
	free(words->word);
	*words = (struct words) { 0 };
}
