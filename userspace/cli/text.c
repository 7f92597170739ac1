// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "err.h"
#include "text.h"

#define REPLACEMENT	"\xef\xbf\xbd"	/* U+FFFD */

/* Length of the UTF-8 character at s and its code point; 0 if there is none. */
static size_t utf8_char(const unsigned char *s, size_t len, wchar_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
		   s[0] < 0xf5 ? 4 : 0;
	uint32_t c = n == 1 ? s[0] : s[0] & (0x7f >> n);

	if (!n || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*point = c;
	return n;
}

/* A character of no width (joiners, direction marks) could hide what is there. */
static bool showable(wchar_t c)
{
	if (c < 0x80)
		return isprint(c) && c != '\\';
	return iswprint(c) && wcwidth(c) > 0;
}

static void show_byte(FILE *to, unsigned char byte)
{
	static const char plain[] = "\\\n\t\r", name[] = "\\ntr";
	const char *at = byte ? strchr(plain, byte) : NULL;

	if (at)
		fprintf(to, "\\%c", name[at - plain]);
	else
		fprintf(to, "\\x%02x", byte);
}

char *text_show(const void *bytes, size_t len)
{
	const unsigned char *s = bytes;
	char *text = NULL;
	size_t size;
	FILE *to = need(open_memstream(&text, &size));

	while (len) {
		wchar_t point = 0;
		size_t n = utf8_char(s, len, &point);

		if (n && showable(point)) {
			fwrite(s, 1, n, to);
		} else {
			n = n ? n : 1;
			for (size_t i = 0; i < n; i++)
				show_byte(to, s[i]);
		}
		s += n;
		len -= n;
	}
	fclose(to);
	return need(text);
}

void text_print(const void *bytes, size_t len)
{
	char *shown = text_show(bytes, len);

	fputs(shown, stdout);
	free(shown);
}

json_t *text_json(const void *bytes, size_t len)
{
	const unsigned char *s = bytes;
	char *text = NULL;
	size_t size;
	FILE *to = need(open_memstream(&text, &size));
	json_t *json;

	while (len) {
		wchar_t point = 0;
		size_t n = utf8_char(s, len, &point);

		if (n && point && point != 0xfffd) {
			fwrite(s, 1, n, to);
		} else {
			n = n ? n : 1;
			for (size_t i = 0; i < n; i++)
				fprintf(to, REPLACEMENT "%02x", s[i]);
		}
		s += n;
		len -= n;
	}
	fclose(to);
	json = need(json_stringn(need(text), size));
	free(text);
	return json;
}

json_t *text_json_name(const char *name)
{
	return name ? text_json(name, strlen(name)) : json_null();
}

char *text_bytes(const json_t *string, size_t *len)
{
	const char *s = json_string_value(string);
	const char *end = s + json_string_length(string);
	char *bytes = need(malloc(end - s + 1)), *to = bytes;

	while (s < end) {
		const char *hex = s + strlen(REPLACEMENT);

		if (hex + 2 <= end && !memcmp(s, REPLACEMENT, strlen(REPLACEMENT)) &&
		    isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1])) {
			*to++ = strtoul((char []){ hex[0], hex[1], 0 }, NULL, 16);
			s = hex + 2;
		} else {
			*to++ = *s++;
		}
	}
	*to = 0;
	*len = to - bytes;
	return bytes;
}

static unsigned int least_of(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, one row of the table at a time. */
unsigned int text_distance(const char *from, const char *to)
{
	size_t n = strlen(to);
	unsigned int *row = need(calloc(n + 1, sizeof(*row)));
	unsigned int distance;

	for (size_t i = 0; i <= n; i++)
		row[i] = i;
	for (; *from; from++) {
		unsigned int corner = row[0]++;

		for (size_t i = 1; i <= n; i++) {
			unsigned int above = row[i];

			row[i] = least_of(above + 1, row[i - 1] + 1,
					  corner + (*from != to[i - 1]));
			corner = above;
		}
	}
	distance = row[n];
	free(row);
	return distance;
}
