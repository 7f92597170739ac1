/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings of commands that look for what is wrong, and how to mend it. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <jansson.h>

#include "cli.h"

struct doctor {
	struct cli *cli;
	json_t *findings;
	int status;		/* exit code: CLI_REFUSED once there is a problem */
};

void doctor_begin(struct doctor *doctor, struct cli *cli);
/* One finding; a cure makes it a problem. */
void find(struct doctor *doctor, const char *check, const char *cure,
	  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* What the agent of this network namespace says, or why there is none. */
void check_agent(struct doctor *doctor);
/* As text or JSON; the findings are gone then. */
void doctor_print(struct doctor *doctor);

#endif
