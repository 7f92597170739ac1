/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exec shares with the commands for names. */
#ifndef NAME_H
#define NAME_H

#include "cli.h"

/* Say that a name is taken, and by whom; the exit code. */
int name_taken(const struct cli *cli, const char *name, const struct pgnl_names *list);

#endif
