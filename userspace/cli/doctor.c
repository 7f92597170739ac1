// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor.h"
#include "err.h"
#include "out.h"
#include "text.h"

void doctor_begin(struct doctor *doctor, struct cli *cli)
{
	*doctor = (struct doctor) { .cli = cli, .findings = need(json_array()) };
}

void find(struct doctor *doctor, const char *check, const char *cure,
	  const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		no_memory();
	va_end(args);
	if (cure && !doctor->status)
		doctor->status = CLI_REFUSED;
	json_array_append_new(doctor->findings,
			      json_pack("{s:s, s:b, s:o, s:s?}", "check", check, "ok", !cure,
					"finding", text_json_name(text), "cure", cure));
	free(text);
}

static void print_line(const struct cli *cli, const json_t *finding)
{
	bool ok = json_is_true(json_object_get(finding, "ok"));
	const char *cure = json_string_value(json_object_get(finding, "cure"));
	size_t len;
	char *text = text_bytes(json_object_get(finding, "finding"), &len);
	char *shown = text_show(text, len);

	printf("%s%-8s%s %s: %s\n", !cli->color ? "" : ok ? "\033[32m" : "\033[31m",
	       ok ? "ok" : "problem", cli->color ? "\033[0m" : "",
	       json_string_value(json_object_get(finding, "check")), shown);
	if (cure)
		printf("%-8s cure: %s\n", "", cure);
	free(shown);
	free(text);
}

void doctor_print(struct doctor *doctor)
{
	json_t *finding;
	size_t i;

	if (doctor->cli->json) {
		out_json(doctor->cli, doctor->findings);
		return;
	}
	json_array_foreach(doctor->findings, i, finding)
		print_line(doctor->cli, finding);
	json_decref(doctor->findings);
}
