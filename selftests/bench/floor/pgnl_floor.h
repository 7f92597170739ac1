/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PGNL_FLOOR_H
#define PGNL_FLOOR_H

#define FLOOR_FAMILY_NAME	"pgnl_floor"

enum {
	FLOOR_CMD_NOTHING = 1,
	FLOOR_CMD_UNICAST,	/* as many messages of that size to each of the ports */
};

enum {
	FLOOR_A_PORTS = 1,	/* u32 each */
	FLOOR_A_COUNT,		/* u32 */
	FLOOR_A_SIZE,		/* u32, bytes of a message, headers included */
	__FLOOR_A_NR,
};

#define FLOOR_PORTS_MAX	1024
#define FLOOR_SIZE_MIN	64
#define FLOOR_SIZE_MAX	4096

#endif
