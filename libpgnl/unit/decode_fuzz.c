// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer on what the kernel might send: replies, and refusals. */

#include <stdlib.h>

#include "message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pgnl handle = { .seq = 0 };
	struct message asked;
	struct nlmsghdr *nlh;

	if (size < sizeof(*nlh))
		return 0;
	/* A copy of just this size, so that a step too far is seen. */
	nlh = malloc(size);
	if (!nlh)
		return 0;
	memcpy(nlh, data, size);
	nlh->nlmsg_len = (uint32_t)size;
	decode_anything(nlh);
	lp_fail_kernel(&handle, message_start(&asked), nlh);
	free(nlh);
	return 0;
}
