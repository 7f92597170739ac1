/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What waits to be sent on a non-blocking socket of packets, in order and bounded. */
#ifndef PGNLD_OUTBOX_H
#define PGNLD_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>

struct outbox {
	struct packet *packets;
	size_t bytes;
};

/* False: no memory, or more than max bytes would wait. */
bool outbox_put(struct outbox *outbox, const void *data, size_t len, size_t max);
/* Send as much as there is room for. True: there is more, for when there is room. An
 * error of the socket shows when it is read.
 */
bool outbox_flush(struct outbox *outbox, int fd);
void outbox_clear(struct outbox *outbox);

#endif
