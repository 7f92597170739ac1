// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer on the mapping of a view: an image that is right but for some words,
 * which are what the fuzzer makes of them. Whatever they are, no reader looks
 * outside of the image or goes on for ever.
 */
#include <stdlib.h>
#include <string.h>

#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SOME		16	/* members that readers have room for */

/* What the fuzzer's bytes are: words of the image to change. */
struct change {
	uint16_t word;
	uint16_t low, high;
};

static void look(const struct lp_image *image, const char *name)
{
	struct pgnl_view_member members[SOME];
	struct pgnl_view_group group;
	pid_t pids[SOME];
	char meta[4];

	lp_image_lookup(image, name, &group);
	lp_image_pids(image, name, pids, SOME);
	lp_image_members(image, name, members, SOME);
	for (uint64_t id = 0; id < 3; id++) {
		struct pgnl_view_member here = { .id = id }, there = { .id = id, .node = "b" };

		lp_image_meta(image, name, &here, meta, sizeof(meta));
		lp_image_meta(image, name, &there, meta, sizeof(meta));
	}
	for (int policy = PGNL_PICK_CLOSEST; policy <= PGNL_PICK_KEY; policy++) {
		struct lp_pick pick = {
			.policy = policy,
			.key = "key",
			.key_len = 3,
			.flags = policy & 1 ? PGNL_ANY_STATE : 0,
			.uid = PGNL_ANY_UID,
		};

		lp_image_pick(image, name, &pick, 7, 0x9e3779b97f4a7c15, members);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "g", "many", long_name, "none", "missing" };
	struct lp_image image;
	struct change change;
	char *base;

	/* Of just this size, so that a step too far is seen. */
	base = aligned_alloc(4096, SIZE);
	if (!base)
		return 0;
	build(base);
	for (; size >= sizeof(change); data += sizeof(change), size -= sizeof(change)) {
		uint32_t value;

		memcpy(&change, data, sizeof(change));
		value = change.low | (uint32_t)change.high << 16;
		memcpy(base + (change.word * sizeof(value)) % SIZE, &value, sizeof(value));
	}
	if (lp_image_init(&image, base, SIZE))
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			look(&image, names[i]);
	free(base);
	return 0;
}
