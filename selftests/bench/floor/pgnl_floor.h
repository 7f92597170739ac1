/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PGNL_FLOOR_H
#define PGNL_FLOOR_H

#define FLOOR_FAMILY_NAME	"pgnl_floor"

enum {
	FLOOR_CMD_NOTHING = 1,
};

#endif
