// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <float.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <libsmartcols.h>

#include "err.h"
#include "out.h"
#include "text.h"

#define DIGITS	DBL_DIG		/* 13.604, not 13.603999999999999 */

#define COLUMNS_MAX 16
#define HEADING_MAX 16

struct out {
	const struct cli *cli;
	const struct column *columns[COLUMNS_MAX];
	size_t n_columns;
	struct libscols_table *table;	/* NULL: JSON */
	size_t n_rows;
};

/* Pick the columns named by one word of -o, which is len long. */
static bool pick_column(struct out *out, const char *name, size_t len)
{
	const struct column *column;

	for (column = out->cli->cmd->columns; column->key; column++)
		if (strlen(column->key) == len && !strncasecmp(column->key, name, len))
			break;
	if (!column->key || out->n_columns == COLUMNS_MAX)
		return false;
	out->columns[out->n_columns++] = column;
	return true;
}

/* All of -o; "+A,B" adds to the usual ones. Returns the word that is wrong. */
static const char *pick_named(struct out *out, const char *names)
{
	while (*names) {
		size_t len = strcspn(names, ",");

		if (!pick_column(out, names, len))
			return names;
		names += len + (names[len] == ',' && names[len + 1]);
	}
	return NULL;
}

static void pick_usual(struct out *out, unsigned int flags)
{
	const struct column *column;

	for (column = out->cli->cmd->columns; column->key; column++)
		if ((column->flags & flags) == flags)
			out->columns[out->n_columns++] = column;
}

static const char *pick(struct out *out)
{
	const char *names = out->cli->columns;

	if (!names || *names == '+')
		pick_usual(out, out->cli->json ? 0 : COLUMN_USUAL);
	return names ? pick_named(out, names + (*names == '+')) : NULL;
}

/* "PID, UID, START" */
static char *columns_list(const struct column *columns)
{
	char *list = NULL;
	size_t size;
	FILE *to = need(open_memstream(&list, &size));

	for (const struct column *column = columns; column->key; column++)
		fprintf(to, "%s%s", column == columns ? "" : ", ", column->key);
	fclose(to);
	return need(list);
}

bool out_columns_fit(const struct cli *cli)
{
	struct out out = { .cli = cli };
	const char *wrong;
	char *list;

	if (!cli->columns)
		return true;
	if (!cli->cmd->columns) {
		err_usage(cli, "prints no table, so -o makes no sense");
		return false;
	}
	wrong = *cli->columns ? pick(&out) : cli->columns;
	if (!wrong)
		return true;
	list = columns_list(cli->cmd->columns);
	err_usage(cli, "no column '%.*s'; there are %s", (int)strcspn(wrong, ","), wrong, list);
	free(list);
	return false;
}

static void add_heading(struct out *out, const struct column *column)
{
	char heading[HEADING_MAX];
	size_t i;
	struct libscols_column *sc;

	for (i = 0; i < sizeof(heading) - 1 && column->key[i]; i++)
		heading[i] = column->key[i] & ~0x20;
	heading[i] = 0;
	sc = need(scols_table_new_column(out->table, heading, 0,
					 column->flags & COLUMN_RIGHT ? SCOLS_FL_RIGHT : 0));
	if (out->cli->color)
		scols_cell_set_color(scols_column_get_header(sc), "bold");
}

struct out *out_begin(const struct cli *cli)
{
	struct out *out = need(calloc(1, sizeof(*out)));

	out->cli = cli;
	pick(out);
	if (cli->json)
		return out;
	out->table = need(scols_new_table());
	scols_table_enable_noheadings(out->table, !cli->headings);
	scols_table_enable_noencoding(out->table, 1);	/* text_show() did it */
	scols_table_enable_colors(out->table, cli->color);
	for (size_t i = 0; i < out->n_columns; i++)
		add_heading(out, out->columns[i]);
	return out;
}

char *out_show(const json_t *value)
{
	char *text, *bytes;
	size_t len;

	if (!json_is_string(value))
		return need(json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(DIGITS)));
	bytes = text_bytes(value, &len);
	text = text_show(bytes, len);
	free(bytes);
	return text;
}

static char *show(const struct column *column, const json_t *value)
{
	if (json_is_null(value))
		return need(strdup("-"));
	return column->show ? column->show(value) : out_show(value);
}

static void table_row(struct out *out, const json_t *row)
{
	struct libscols_line *line = need(scols_table_new_line(out->table, NULL));

	for (size_t i = 0; i < out->n_columns; i++) {
		const struct column *column = out->columns[i];

		scols_line_refer_data(line, i, show(column, json_object_get(row, column->key)));
	}
}

/* Names of others can't play with a terminal through JSON either. */
static size_t json_flags(const struct cli *cli)
{
	return JSON_ENCODE_ANY | JSON_REAL_PRECISION(DIGITS) |
	       (cli->pretty ? JSON_INDENT(2) : JSON_COMPACT) |
	       (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0);
}

/* Rows go out one by one: a list may be long. */
static void json_row(struct out *out, const json_t *row)
{
	json_t *picked = need(json_object());

	for (size_t i = 0; i < out->n_columns; i++)
		json_object_set(picked, out->columns[i]->key,
				json_object_get(row, out->columns[i]->key));
	fputs(out->n_rows ? ",\n" : "[", stdout);
	json_dumpf(picked, stdout, json_flags(out->cli));
	json_decref(picked);
}

void out_row(struct out *out, json_t *row)
{
	need(row);
	if (out->table)
		table_row(out, row);
	else
		json_row(out, row);
	out->n_rows++;
	json_decref(row);
}

void out_end(struct out *out)
{
	if (out->table) {
		scols_print_table(out->table);
		scols_unref_table(out->table);
	} else {
		puts(out->n_rows ? "]" : "[]");
	}
	free(out);
}

void out_json(const struct cli *cli, json_t *document)
{
	json_dumpf(need(document), stdout, json_flags(cli));
	putchar('\n');
	json_decref(document);
}

int out_flush(const struct cli *cli)
{
	if (fflush(stdout))
		return err_refused(cli, "can't write the output: %s", strerror(errno));
	/* Why is not known any more. */
	if (ferror(stdout))
		return err_refused(cli, "can't write all of the output");
	return CLI_DONE;
}

json_t *out_id(uint64_t id)
{
	return json_sprintf("%" PRIu64, id);
}

json_t *out_perm(uint32_t perm)
{
	return json_sprintf("%04o", perm);
}

char *out_show_user(const json_t *uid)
{
	const struct passwd *user = getpwuid(json_integer_value(uid));

	return user ? need(strdup(user->pw_name)) : out_show(uid);
}

char *out_show_user_group(const json_t *gid)
{
	const struct group *group = getgrgid(json_integer_value(gid));

	return group ? need(strdup(group->gr_name)) : out_show(gid);
}
