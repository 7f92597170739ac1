// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "conf.h"

#define DEADLINE_MS	2000
#define DEADLINE_MAX	60

struct parser {
	struct conf *conf;
	FILE *file;
	const char *path;
	int line;
	unsigned int seen;	/* bits of keys that the file has given */
	struct why *why;
};

static bool wrong(struct parser *parser, const char *what, const char *which)
{
	return why(parser->why, "%s:%d: %s%s%.64s%s", parser->path, parser->line, what,
		   *which ? " '" : "", which, *which ? "'" : "");
}

static bool set_deadline(struct parser *parser, const char *value)
{
	char *end;
	double seconds = strtod(value, &end);

	if (end == value || *end || !(seconds >= 0.1 && seconds <= DEADLINE_MAX))
		return wrong(parser, "deadline is a number of seconds from 0.1 to 60, not", value);
	parser->conf->deadline_ms = (unsigned int)(seconds * 1000);
	return true;
}

static const char *const list_names[CONF_LISTS] = {
	[CONF_SCOPES] = "scopes",
	[CONF_GROUPS] = "groups",
	[CONF_NAMES] = "names",
	[CONF_SHARE] = "share",
};

/* The first value of a list takes the place of the default, others are added. */
static bool set_list(struct parser *parser, int list, const char *value)
{
	struct words *words = &parser->conf->allow[list];

	if (!(parser->seen & 1U << list))
		words_clear(words);
	parser->seen |= 1U << list;
	if (words_split(words, value))
		return true;
	return wrong(parser, errno == E2BIG ? "too many patterns" : "out of memory", "");
}

static bool set_allow(struct parser *parser, const char *name, const char *value)
{
	for (int list = 0; list < CONF_LISTS; list++)
		if (!strcmp(name, list_names[list]))
			return set_list(parser, list, value);
	return wrong(parser, "section allow has no key", name);
}

static int on_value(void *arg, const char *section, const char *name, const char *value)
{
	struct parser *parser = arg;

	if (!strcmp(section, "allow"))
		return set_allow(parser, name, value);
	if (strcmp(section, "hook"))
		return wrong(parser, "there is no section", section);
	if (strcmp(name, "deadline"))
		return wrong(parser, "section hook has no key", name);
	return set_deadline(parser, value);
}

/* Counts the lines, and finds those that the parser would take for two. */
static char *next_line(char *line, int size, void *arg)
{
	struct parser *parser = arg;
	size_t len;

	if (!fgets(line, size, parser->file))
		return NULL;
	parser->line++;
	len = strlen(line);
	if (len && line[len - 1] != '\n' && !feof(parser->file)) {
		wrong(parser, "the line is too long, or has a NUL", "");
		return NULL;
	}
	return line;
}

bool conf_default(struct conf *conf, struct why *reason)
{
	*conf = (struct conf) { .deadline_ms = DEADLINE_MS };
	return (words_add(&conf->allow[CONF_SCOPES], "pg") &&
		words_add(&conf->allow[CONF_GROUPS], "container/*") &&
		words_add(&conf->allow[CONF_NAMES], "container/*")) ||
	       why(reason, "out of memory");
}

bool conf_parse(struct conf *conf, FILE *file, const char *path, struct why *reason)
{
	struct parser parser = { .conf = conf, .file = file, .path = path, .why = reason };
	int line = ini_parse_stream(next_line, &parser, on_value, &parser);

	if (line > 0) {
		parser.line = line;
		wrong(&parser, "neither '[section]' nor 'key = value'", "");
	} else if (line < 0) {
		why(reason, "out of memory");
	}
	if (ferror(file))
		why(reason, "can't read %s", path);
	if (!*reason->text)
		return true;
	conf_clear(conf);
	return false;
}

bool conf_read(struct conf *conf, const char *path, struct why *reason)
{
	FILE *file;
	bool done;

	if (!conf_default(conf, reason))
		return false;
	file = fopen(path, "re");
	if (!file && errno == ENOENT)
		return true;
	if (!file) {
		conf_clear(conf);
		return why(reason, "can't open %s: %s", path, strerror(errno));
	}
	done = conf_parse(conf, file, path, reason);
	fclose(file);
	return done;
}

void conf_clear(struct conf *conf)
{
	for (int list = 0; list < CONF_LISTS; list++)
		words_clear(&conf->allow[list]);
	*conf = (struct conf) { .deadline_ms = DEADLINE_MS };
}
