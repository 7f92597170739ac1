/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exec, dump and restore share with the commands for names. */
#ifndef NAME_H
#define NAME_H

#include "cli.h"

#define NAME_SCOPE "global"

/* Say that a name is taken, and by whom; the exit code. */
int name_taken(const struct cli *cli, const char *name, const struct pgnl_names *list);

/* "keep-first", ...; and the other way round: false, it is none of these. */
const char *name_resolve_text(enum pgnl_name_resolve resolve);
bool name_resolve(const char *text, enum pgnl_name_resolve *resolve);

#endif
