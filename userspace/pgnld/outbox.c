// SPDX-License-Identifier: GPL-2.0-or-later
#include "outbox.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <utlist.h>

struct packet {
	struct packet *prev, *next;
	size_t len;
	uint8_t data[];
};

bool outbox_put(struct outbox *outbox, const void *data, size_t len, size_t max)
{
	struct packet *packet;

	if (outbox->bytes + len > max)
		return false;
	packet = malloc(sizeof(*packet) + len);
	if (!packet)
		return false;
	packet->len = len;
	memcpy(packet->data, data, len);
	DL_APPEND(outbox->packets, packet);
	outbox->bytes += len;
	return true;
}

static void drop(struct outbox *outbox, struct packet *packet)
{
	DL_DELETE(outbox->packets, packet);
	outbox->bytes -= packet->len;
	free(packet);
}

bool outbox_flush(struct outbox *outbox, int fd)
{
	struct packet *packet;

	while ((packet = outbox->packets)) {
		if (send(fd, packet->data, packet->len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ||
			       errno == ENOMEM;
		drop(outbox, packet);
	}
	return false;
}

void outbox_clear(struct outbox *outbox)
{
	while (outbox->packets)
		drop(outbox, outbox->packets);
}
