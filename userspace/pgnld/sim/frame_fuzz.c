// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer on what another agent might send: the frame itself, and what a core
 * makes of it before and after it knows whom it comes from. The first byte says
 * which; the rest may be several frames, each after its length in two bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "../frame.h"
#include "../gg_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PEER 2
#define EPOCH 1

struct fuzz {
	bool known;		/* a node is up, which has not gone down */
	bool contact;		/* it is connected */
	bool filling;
	bool closed;
};

static enum engine_sent out_send(void *arg, uint64_t peer, uint64_t epoch, const void *data,
				 size_t len)
{
	struct frame frame;

	(void)arg;
	(void)peer;
	(void)epoch;
	if (!frame_read(data, len, &frame))
		abort();
	return ENGINE_OK;
}

static void out_known(void *arg, uint64_t peer, uint64_t epoch)
{
	(void)arg;
	(void)peer;
	(void)epoch;
}

static void out_close(void *arg, uint64_t peer, uint64_t epoch)
{
	(void)peer;
	(void)epoch;
	((struct fuzz *)arg)->closed = true;
}

static void out_node(void *arg, struct core_text node, uint64_t incarnation,
		     enum core_node_state state)
{
	struct fuzz *fuzz = arg;

	(void)incarnation;
	if (!node.len || node.len > CORE_NAME_MAX || fuzz->known != (state != CORE_NODE_UP))
		abort();
	fuzz->known = state != CORE_NODE_DOWN;
}

static void out_contact(void *arg, struct core_text node, enum core_contact contact)
{
	struct fuzz *fuzz = arg;

	if (!node.len || node.len > CORE_NAME_MAX || fuzz->contact == (contact != CORE_NO_CONTACT))
		abort();
	fuzz->contact = contact != CORE_NO_CONTACT;
}

static void out_begin(void *arg, struct core_text node, uint64_t incarnation)
{
	(void)node;
	(void)incarnation;
	((struct fuzz *)arg)->filling = true;
}

static void out_put(void *arg, struct core_text node, uint64_t incarnation,
		    const struct core_row *row)
{
	struct fuzz *fuzz = arg;

	(void)node;
	(void)incarnation;
	if (!fuzz->known || !row->scope.len || row->scope.len > CORE_NAME_MAX ||
	    !row->group.len || row->group.len > CORE_GROUP_MAX ||
	    row->meta.len > CORE_META_MAX || memchr(row->group.data, 0, row->group.len) ||
	    row->end.why > CORE_WHY_LAST || (row->count && row->end.why))
		abort();
}

static void out_commit(void *arg, struct core_text node, uint64_t incarnation)
{
	struct fuzz *fuzz = arg;

	(void)node;
	(void)incarnation;
	if (!fuzz->filling)
		abort();
	fuzz->filling = false;
}

static void out_log(void *arg, enum core_log_level level, const char *text)
{
	(void)arg;
	(void)level;
	for (; *text; text++)
		if ((unsigned char)*text < ' ' && *text > 0)
			abort();
}

static uint64_t out_name_commit(void *arg, uint64_t request, struct core_text name,
				uint64_t fence)
{
	(void)arg;
	(void)name;
	if (request != 1)
		abort();
	return fence + 1 ? fence + 1 : fence;
}

static void out_name_answer(void *arg, uint64_t request, enum core_name_verdict verdict,
			    struct core_text node)
{
	(void)arg;
	if (!request || request > 2 || verdict > CORE_NAME_MISSING || node.len > CORE_NAME_MAX)
		abort();
}

static bool out_owns_names(void *arg, uint32_t uid)
{
	(void)arg;
	return uid == 3;
}

static bool out_name_evict(void *arg, struct core_text name, uint64_t id, uint64_t fence,
			   enum core_evict why, struct core_text other)
{
	(void)arg;
	(void)fence;
	(void)why;
	if (name.len != 1 || id != 9 || !other.len)
		abort();
	return true;
}

static const struct core_out out = {
	.name_commit = out_name_commit, .name_answer = out_name_answer,
	.owns_names = out_owns_names, .name_evict = out_name_evict,
	.send = out_send, .known = out_known, .close = out_close, .node = out_node,
	.contact = out_contact, .begin = out_begin,
	.put = out_put, .commit = out_commit, .log = out_log,
};

static void introduce(struct core *core)
{
	uint8_t data[FRAME_HELLO_MAX];
	struct wire_writer w = { .data = data, .size = sizeof(data) };
	struct core_claim claim = {
		.end = PEER, .incarnation = 5, .version_min = 1, .version_max = 1,
		.features = FEATURE_DIGEST | FEATURE_NAMES, .node = { "peer", 4 },
	};

	frame_put_hello(&w, &claim);
	core_recv(core, PEER, EPOCH, data, w.len);
}

/* "a" is held here, "b" and "c" are about to be asked for. */
static void have_names(struct core *core)
{
	const struct core_row row = {
		.scope = { CORE_NAMES, strlen(CORE_NAMES) }, .group = { "a", 1 }, .id = 9,
		.count = 1, .uid = 7, .weight = 1, .told = { .fence = 5, .stamp = 5 },
	};
	const struct core_name_request wanted = { .id = 1, .name = { "b", 1 }, .uid = 7 };
	const struct core_name_request unwanted = { .id = 2, .name = { "c", 1 }, .uid = 7 };

	core_local_put(core, &row);
	core_name_register(core, &wanted);
	core_name_unregister(core, &unwanted);
}

/* Copies of just this size, so that a step too far is seen. */
static void give(struct core *core, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		return;
	memcpy(copy, data, size);
	core_recv(core, PEER, EPOCH, copy, size);
	core_flush(core);
	free(copy);
}

/* Questions of other groups, and their answers: all of a row is within the frame. */
static void read_question(const uint8_t *data, size_t size)
{
	const char *end = (const char *)data + size;
	struct gg_question question;
	struct gg_answer answer;
	struct gg_row row;

	if (gg_read_ask(data, size, &question) &&
	    (question.name.len > CORE_GROUP_MAX || question.data.len > GG_DATA_MAX))
		abort();
	if (!gg_read_answer(data, size, &answer))
		return;
	while (gg_next_row(&answer, &row)) {
		if (!row.name.len || row.name.len > CORE_GROUP_MAX || !row.node.len ||
		    row.node.len > CORE_NAME_MAX || row.meta.len > CORE_META_MAX ||
		    row.name.data + row.name.len > end || row.meta.data + row.meta.len > end)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct core_config config = { .node = "own", .rows_max = 100 };
	const uint8_t random[CORE_KEY] = { 1 };
	struct fuzz fuzz = { .known = false };
	bool known;
	struct core *core;

	if (!size)
		return 0;
	read_question(data, size);
	core = core_new(&config, 1, random, &out, &fuzz);
	core_tick(core, 1);
	core_peer_up(core, PEER, EPOCH, &(struct engine_ends){ 1, PEER }, random);
	core_flush(core);
	known = *data++ & 1;
	if (known)
		introduce(core);
	have_names(core);
	core_flush(core);
	for (size--; size > 2 && !fuzz.closed; ) {
		size_t len = (size_t)data[0] << 8 | data[1];

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		give(core, data, len);
		data += len;
		size -= len;
	}
	core_tick(core, 100000000000);
	core_flush(core);
	core_free(core);
	return 0;
}
