// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of the core by themselves: hash, digests, rows and readers, frames. */
#include <kselftest_harness.h>

#include "../digest.h"
#include "../frame.h"
#include "../rows.h"
#include "../siphash.h"

/* --- digests ------------------------------------------------------------------------ */

/* From the paper's own vectors: key 00..0f, message 00..0e. */
TEST(siphash_is_as_published)
{
	uint8_t key[16], data[15];

	for (uint8_t i = 0; i < 16; i++)
		key[i] = i;
	memcpy(data, key, sizeof(data));
	ASSERT_EQ(0xa129ca6149be45e5ull, siphash(key, data, sizeof(data)));
	ASSERT_EQ(0x726fdb47dd0e0e31ull, siphash(key, data, 0));
}

static struct core_row row_of(const char *group, uint64_t id, uint32_t count)
{
	return (struct core_row){
		.scope = { "pg", 2 }, .group = { group, strlen(group) }, .id = id,
		.count = count, .weight = 1,
	};
}

/* All that a row has counts, and names do not run into one another. */
TEST(each_part_of_a_row_is_in_its_digest)
{
	static const uint8_t key[CORE_KEY] = { 3 };
	struct core_row base = row_of("group", 1, 1), changed[8];
	struct digest_row digest = digest_row(key, &base), other;

	for (int i = 0; i < 8; i++)
		changed[i] = base;
	changed[0].scope = (struct core_text){ "pgg", 3 };
	changed[0].group = (struct core_text){ "roup", 4 };
	changed[1].id = 2;
	changed[2].count = 2;
	changed[3].pid = 1;
	changed[4].uid = 1;
	changed[5].weight = 2;
	changed[6].meta = (struct core_text){ "x", 1 };
	changed[7].group = (struct core_text){ "group2", 6 };
	for (int i = 0; i < 8; i++) {
		other = digest_row(key, &changed[i]);
		ASSERT_NE(digest.row, other.row);
		ASSERT_EQ(i >= 2 && i <= 6, digest.key == other.key);
	}
}

/* Against a plain array, with many collisions. */
TEST(a_registration_is_in_its_digest)
{
	static const uint8_t key[CORE_KEY] = "key";
	struct core_row row = {
		.scope = { CORE_NAMES, strlen(CORE_NAMES) }, .group = { "n", 1 }, .id = 5,
		.count = 1, .told = { .fence = 1, .stamp = 2, .resolve = 3 },
	};
	const struct core_row other[] = {
		{ .told = { 2, 2, 3 } }, { .told = { 1, 3, 3 } }, { .told = { 1, 2, 2 } },
	};
	uint64_t before = digest_row(key, &row).row;

	for (int i = 0; i < 3; i++) {
		row.told = other[i].told;
		ASSERT_NE(before, digest_row(key, &row).row);
	}
}

TEST(a_set_is_a_set)
{
	struct digest_set set = { .size = 0 };
	uint64_t plain[512] = { 0 }, chance = 1, sum = 0, rows = 0;
	size_t memory = 0;

	for (int i = 0; i < 100000; i++) {
		uint64_t key, row, old;

		chance = chance * 6364136223846793005ull + 1442695040888963407ull;
		/* At most 8 homes for them all. */
		key = (chance >> 33) % 512;
		row = (chance >> 20) % 3 ? chance | 1 : 0;
		if (i / 20000 % 2)
			row = row && (chance >> 25) % 4 ? 0 : row;
		old = row ? digest_put(&set, &memory, (struct digest_row){ key * 1024 + 1, row }) :
			    digest_take(&set, &memory, key * 1024 + 1);
		ASSERT_EQ(plain[key], old);
		sum += row - old;
		rows += !!row;
		rows -= !!old;
		plain[key] = row;
		ASSERT_EQ(sum, set.sum);
		ASSERT_EQ(rows, set.rows);
		ASSERT_EQ(set.size * sizeof(struct digest_row), memory);
	}
	for (uint64_t key = 0; key < 512; key++)
		ASSERT_EQ(plain[key], digest_find(&set, key * 1024 + 1));
	digest_clear(&set, &memory);
	ASSERT_EQ(0, memory);
}

/* What the design promises for a remote row is 96 bytes. */
TEST(a_remote_row_takes_64_bytes_at_most)
{
	struct digest_set set = { .size = 0 };
	size_t memory = 0;

	for (uint64_t i = 1; i <= 100000; i++) {
		digest_put(&set, &memory, (struct digest_row){ i * 0x9e3779b97f4a7c15, 1 });
		if (i > 1000)
			ASSERT_LE(memory, 64 * i);
	}
	for (uint64_t i = 1; i <= 99000; i++) {
		digest_take(&set, &memory, i * 0x9e3779b97f4a7c15);
		ASSERT_LE(memory, 64 * (100000 - i) + 64);
	}
	digest_clear(&set, &memory);
}

/* --- own rows ----------------------------------------------------------------------- */

static const struct core_text pg = { "pg", 2 }, pg2 = { "pg2", 3 };

FIXTURE(rows) {
	struct own_rows rows;
	size_t memory;
};

FIXTURE_SETUP(rows)
{
	uint8_t key[CORE_KEY] = { 9 };

	self->memory = 0;
	rows_init(&self->rows, &self->memory, key);
}

FIXTURE_TEARDOWN(rows)
{
	rows_free(&self->rows);
	ASSERT_EQ(0, self->memory);
}

static void put(struct own_rows *rows, const char *group, uint64_t id, uint32_t count)
{
	struct core_row row = row_of(group, id, count);

	rows_put(rows, &row);
}

TEST_F(rows, what_changes_nothing_is_no_change)
{
	struct core_row row = row_of("g", 1, 0);

	ASSERT_FALSE(rows_put(&self->rows, &row));	/* was not there */
	row.count = 2;
	ASSERT_TRUE(rows_put(&self->rows, &row));
	ASSERT_FALSE(rows_put(&self->rows, &row));
	ASSERT_EQ(1, self->rows.seq);
	row.count = 0;
	ASSERT_TRUE(rows_put(&self->rows, &row));
	ASSERT_FALSE(rows_put(&self->rows, &row));
	ASSERT_EQ(2, self->rows.seq);
	ASSERT_EQ(0, self->rows.rows);
	ASSERT_EQ(0, self->rows.sum);
	ASSERT_EQ(1, self->rows.removals);
	rows_trim(&self->rows);
	ASSERT_EQ(0, self->rows.removals);
}

TEST_F(rows, a_listing_takes_out_what_it_lacks)
{
	put(&self->rows, "g", 1, 1);
	put(&self->rows, "g", 2, 1);
	rows_begin(&self->rows, pg2);
	put(&self->rows, "g", 2, 1);
	put(&self->rows, "g", 3, 1);
	rows_commit(&self->rows, pg2);
	ASSERT_EQ(3, self->rows.rows);
	rows_begin(&self->rows, pg);
	put(&self->rows, "g", 2, 1);
	put(&self->rows, "g", 3, 1);
	rows_commit(&self->rows, pg);
	ASSERT_EQ(2, self->rows.rows);
	ASSERT_EQ(4, self->rows.seq);
	/* One that did not begin has nothing to say. */
	rows_commit(&self->rows, pg);
	ASSERT_EQ(2, self->rows.rows);
}

TEST_F(rows, listings_may_overlap)
{
	struct core_row other = row_of("g", 1, 1);

	other.scope = pg2;
	put(&self->rows, "g", 1, 1);
	put(&self->rows, "g", 2, 1);
	rows_put(&self->rows, &other);
	rows_begin(&self->rows, pg);
	put(&self->rows, "g", 1, 1);
	rows_begin(&self->rows, pg2);
	put(&self->rows, "g", 3, 1);
	rows_commit(&self->rows, pg);
	ASSERT_EQ(3, self->rows.rows);	/* 1, 3 and the other one */
	rows_commit(&self->rows, pg2);
	ASSERT_EQ(2, self->rows.rows);
	/* Left open: it goes with the rows. */
	rows_begin(&self->rows, pg);
}

/* A reader in the middle, while what it is to read next goes to the end. */
TEST_F(rows, a_row_moves_and_readers_stay)
{
	struct cursor cursor;
	struct own_row *row;

	for (uint64_t id = 1; id <= 4; id++)
		put(&self->rows, "g", id, 1);
	cursor_start(&self->rows, &cursor);
	row = cursor_next(&self->rows, &cursor);
	ASSERT_EQ(1, row->id);
	cursor_pass(&cursor, row);
	put(&self->rows, "g", 2, 5);	/* the next one */
	put(&self->rows, "g", 3, 0);	/* and the one after it */
	put(&self->rows, "g", 1, 7);	/* one that was read */
	const uint64_t ids[] = { 4, 2, 3, 1 };

	for (int i = 0; i < 4; i++) {
		row = cursor_next(&self->rows, &cursor);
		ASSERT_NE(NULL, row);
		ASSERT_EQ(ids[i], row->id);
		cursor_pass(&cursor, row);
	}
	ASSERT_EQ(NULL, cursor_next(&self->rows, &cursor));
	put(&self->rows, "g", 9, 1);
	ASSERT_EQ(9, cursor_next(&self->rows, &cursor)->id);
	cursor_stop(&self->rows, &cursor);
}

TEST_F(rows, removals_are_kept_as_long_as_somebody_wants_them)
{
	struct cursor early, late;

	put(&self->rows, "g", 1, 1);
	put(&self->rows, "g", 2, 1);
	cursor_start(&self->rows, &early);
	put(&self->rows, "g", 1, 0);
	cursor_start(&self->rows, &late);	/* never heard of 1 */
	rows_trim(&self->rows);
	ASSERT_EQ(1, self->rows.removals);
	ASSERT_EQ(2, cursor_next(&self->rows, &late)->id);
	cursor_pass(&late, cursor_next(&self->rows, &late));
	ASSERT_EQ(NULL, cursor_next(&self->rows, &late));
	cursor_pass(&early, cursor_next(&self->rows, &early));
	ASSERT_EQ(1, cursor_next(&self->rows, &early)->id);
	cursor_pass(&early, cursor_next(&self->rows, &early));
	rows_trim(&self->rows);
	ASSERT_EQ(0, self->rows.removals);
	cursor_stop(&self->rows, &early);
	cursor_stop(&self->rows, &late);
}

/* --- frames ------------------------------------------------------------------------- */

static struct core_claim claim = {
	.end = 1ull << 40, .incarnation = UINT64_MAX, .version_min = 1, .version_max = 2,
	.features = 3, .config_hash = 77, .node = { "n", 1 }, .global_group = { "", 0 },
	.nonce = { 1, 2 }, .digest_key = { 3, 4 },
};

TEST(a_hello_comes_back)
{
	uint8_t data[FRAME_HELLO_MAX];
	struct wire_writer w = { .data = data, .size = sizeof(data) };
	struct frame frame;

	frame_put_hello(&w, &claim);
	ASSERT_FALSE(w.full);
	ASSERT_TRUE(frame_read(data, w.len, &frame));
	ASSERT_EQ(FRAME_HELLO, frame.type);
	ASSERT_EQ(claim.end, frame.hello.end);
	ASSERT_EQ(claim.incarnation, frame.hello.incarnation);
	ASSERT_EQ(2, frame.hello.version_max);
	ASSERT_EQ(1, frame.hello.node.len);
	ASSERT_EQ('n', frame.hello.node.data[0]);
	ASSERT_EQ(0, memcmp(claim.nonce, frame.hello.nonce, CORE_NONCE));
	ASSERT_EQ(0, memcmp(claim.digest_key, frame.hello.digest_key, CORE_KEY));
	/* Of each shorter one nothing. */
	for (size_t len = 0; len < w.len; len++)
		ASSERT_FALSE(frame_read(data, len, &frame));
	/* Nor of one with something behind it. */
	data[w.len] = 0;
	ASSERT_FALSE(frame_read(data, w.len + 1, &frame));
}

/* The longest names there may be, and still within what a stranger may say. */
TEST(the_longest_hello_fits)
{
	uint8_t data[FRAME_HELLO_MAX];
	struct wire_writer w = { .data = data, .size = sizeof(data) };
	struct core_claim longest = claim;
	char name[CORE_NAME_MAX];
	struct frame frame;

	memset(name, 'x', sizeof(name));
	longest.node = longest.global_group = (struct core_text){ name, sizeof(name) };
	longest.features = longest.config_hash = UINT64_MAX;
	frame_put_hello(&w, &longest);
	ASSERT_FALSE(w.full);
	ASSERT_TRUE(frame_read(data, w.len, &frame));
	name[5] = '\n';	/* which would spoil a log */
	w.len = 0;
	frame_put_hello(&w, &longest);
	ASSERT_FALSE(frame_read(data, w.len, &frame));
}

/* Keys of a later version, whatever is under them. */
TEST(unknown_keys_are_passed_over)
{
	uint8_t data[FRAME_HELLO_MAX];
	struct wire_writer w = { .data = data, .size = sizeof(data) };
	struct frame frame;

	frame_put_hello(&w, &claim);
	w.len--;	/* the end of the map */
	wire_put_uint(&w, 100);
	wire_put_open_array(&w);
	wire_put_array(&w, 2);
	wire_put_bytes(&w, "x", 1);
	wire_put_null(&w);
	wire_put_open_map(&w);
	wire_put_uint(&w, 1);
	wire_put_bool(&w, true);
	wire_put_break(&w);
	wire_put_break(&w);
	wire_put_uint(&w, 101);
	wire_put_uint(&w, 5);
	wire_put_break(&w);
	ASSERT_FALSE(w.full);
	ASSERT_TRUE(frame_read(data, w.len, &frame));
	/* But keys grow, so that none is there twice. */
	w.len--;
	wire_put_uint(&w, 101);
	wire_put_uint(&w, 6);
	wire_put_break(&w);
	ASSERT_FALSE(frame_read(data, w.len, &frame));
}

TEST(what_nests_without_an_end_is_refused)
{
	uint8_t data[FRAME_HELLO_MAX];
	struct wire_writer w = { .data = data, .size = sizeof(data) };
	struct frame frame;

	wire_put_array(&w, 2);
	wire_put_uint(&w, FRAME_RESYNC);
	wire_put_open_map(&w);
	wire_put_uint(&w, 1);
	for (int i = 0; i < 900; i++)
		wire_put_array(&w, 1);
	wire_put_uint(&w, 1);
	wire_put_break(&w);
	ASSERT_FALSE(frame_read(data, w.len, &frame));
	/* An array that says it has more than there is. */
	w.len = 0;
	wire_put_array(&w, 2);
	wire_put_uint(&w, FRAME_RESYNC);
	wire_put_open_map(&w);
	wire_put_uint(&w, 1);
	wire_put_array(&w, SIZE_MAX / 2);
	wire_put_break(&w);
	ASSERT_FALSE(frame_read(data, w.len, &frame));
}

TEST(rows_come_back_as_many_as_fit)
{
	uint8_t data[FRAME_MAX];
	struct frame_rows_writer w;
	struct core_row row, back;
	struct frame frame;
	uint64_t n = 0, read = 0;
	char meta[CORE_META_MAX];

	memset(meta, 7, sizeof(meta));
	frame_rows_begin(&w, data, 4096, 12, false, true);
	for (;; n++) {
		row = row_of(n % 3 ? "group" : "another", n, n % 5);
		row.pid = 123456;
		row.uid = UINT32_MAX;
		if (n % 4 == 1)
			row.meta = (struct core_text){ meta, sizeof(meta) };
		if (!frame_rows_put(&w, &row))
			break;
	}
	frame_rows_end(&w, UINT64_MAX, true);
	ASSERT_FALSE(w.w.full);
	ASSERT_LE(w.w.len, 4096);
	ASSERT_TRUE(frame_read(data, w.w.len, &frame));
	ASSERT_EQ(FRAME_ROWS, frame.type);
	ASSERT_EQ(12, frame.rows.from);
	ASSERT_EQ(UINT64_MAX, frame.rows.to);
	ASSERT_TRUE(frame.rows.end);
	ASSERT_FALSE(frame.rows.begin);
	for (; frame_next_row(&frame.rows, &back); read++) {
		const char *group = read % 3 ? "group" : "another";

		ASSERT_EQ(read, back.id);
		ASSERT_EQ(read % 5, back.count);
		ASSERT_EQ(strlen(group), back.group.len);
		ASSERT_EQ(0, memcmp(group, back.group.data, back.group.len));
		ASSERT_EQ(back.count ? 123456 : 0, back.pid);
		ASSERT_EQ(back.count && read % 4 == 1 ? CORE_META_MAX : 0, back.meta.len);
	}
	ASSERT_EQ(n, read);
	ASSERT_GT(n, 20);
}

static bool same_text(const char *a, struct core_text b)
{
	return strlen(a) == b.len && !memcmp(a, b.data, b.len);
}

TEST(an_act_comes_back)
{
	static const uint64_t ids[] = { 1, UINT64_MAX, 0x0102030405060708 };
	struct core_act act = {
		.kind = CORE_ACT_SIGNAL, .scope = { "pg", 2 }, .group = { "web", 3 },
		.pid = 12, .uid = UINT32_MAX, .id = UINT64_MAX, .by_uid = true, .only_uid = 0,
		.data = { "hello", 5 }, .signal = 64, .queued = true, .value = 0,
	};
	uint8_t data[FRAME_MAX];
	struct wire_writer w = { .data = data, .size = sizeof(data) };
	struct frame frame;

	frame_put_act(&w, 77, &act, ids, 3);
	ASSERT_FALSE(w.full);
	ASSERT_TRUE(frame_read(data, w.len, &frame));
	ASSERT_EQ(FRAME_ACT, frame.type);
	ASSERT_EQ(77, frame.act.number);
	ASSERT_EQ(CORE_ACT_SIGNAL, frame.act.act.kind);
	ASSERT_TRUE(same_text("pg", frame.act.act.scope));
	ASSERT_TRUE(same_text("web", frame.act.act.group));
	ASSERT_TRUE(same_text("hello", frame.act.act.data));
	ASSERT_EQ(12, frame.act.act.pid);
	ASSERT_EQ(UINT32_MAX, frame.act.act.uid);
	ASSERT_EQ(UINT64_MAX, frame.act.act.id);
	ASSERT_TRUE(frame.act.act.by_uid);
	ASSERT_EQ(0, frame.act.act.only_uid);
	ASSERT_EQ(64, frame.act.act.signal);
	ASSERT_TRUE(frame.act.act.queued);
	ASSERT_EQ(3, core_act_ids(&frame.act.act));
	for (size_t i = 0; i < 3; i++)
		ASSERT_EQ(ids[i], core_act_id(&frame.act.act, i));
	/* For all of the group, without what may be left out. */
	act.by_uid = act.queued = false;
	act.signal = 0;
	w.len = 0;
	frame_put_act(&w, 78, &act, NULL, 0);
	ASSERT_TRUE(frame_read(data, w.len, &frame));
	ASSERT_EQ(0, core_act_ids(&frame.act.act));
	ASSERT_FALSE(frame.act.act.by_uid);
	ASSERT_FALSE(frame.act.act.queued);
	for (size_t len = 0; len < w.len; len++)
		ASSERT_FALSE(frame_read(data, len, &frame));
}

TEST(the_largest_act_has_room)
{
	static char largest[32768];
	static uint64_t ids[24000 / 8];
	struct core_act act = {
		.kind = CORE_ACT_SEND, .scope = { largest, CORE_NAME_MAX },
		.group = { largest, CORE_GROUP_MAX }, .data = { largest, sizeof(largest) },
	};
	static uint8_t data[FRAME_MAX];
	struct wire_writer w = { .data = data, .size = sizeof(data) };
	struct frame frame;

	memset(largest, 'x', sizeof(largest));
	memset(ids, 0xff, sizeof(ids));
	frame_put_act(&w, UINT64_MAX, &act, ids, sizeof(ids) / sizeof(*ids));
	ASSERT_FALSE(w.full);
	ASSERT_TRUE(frame_read(data, w.len, &frame));
	/* One byte more is none. */
	w.len = 0;
	act.group.len++;
	frame_put_act(&w, 1, &act, ids, 1);
	ASSERT_FALSE(frame_read(data, w.len, &frame));
}

TEST(what_became_of_an_act_comes_back)
{
	const struct core_counts counts = {
		.reached = 1, .refused = 2, .gone = 3, .full = 4, .no_inbox = UINT32_MAX,
	};
	const struct core_counts failed = { .error = CORE_ACT_FAILED + 7 };
	uint8_t data[256];
	struct wire_writer w = { .data = data, .size = sizeof(data) };
	struct frame frame;

	frame_put_done(&w, 5, &counts);
	ASSERT_TRUE(frame_read(data, w.len, &frame));
	ASSERT_EQ(FRAME_DONE, frame.type);
	ASSERT_EQ(5, frame.done.number);
	ASSERT_EQ(CORE_ACT_DONE, frame.done.counts.error);
	ASSERT_EQ(1, frame.done.counts.reached);
	ASSERT_EQ(2, frame.done.counts.refused);
	ASSERT_EQ(3, frame.done.counts.gone);
	ASSERT_EQ(4, frame.done.counts.full);
	ASSERT_EQ(UINT32_MAX, frame.done.counts.no_inbox);
	/* Of a later version. */
	w.len = 0;
	frame_put_done(&w, 5, &failed);
	ASSERT_TRUE(frame_read(data, w.len, &frame));
	ASSERT_EQ(CORE_ACT_FAILED, frame.done.counts.error);
}

/* Out of its bounds each makes all of the frame bad. */
TEST(rows_are_within_bounds)
{
	char longest[CORE_GROUP_MAX + 1];
	struct core_row bad[9];
	struct frame_rows_writer w;
	uint8_t data[4096];
	struct frame frame;

	memset(longest, 'x', sizeof(longest));
	for (int i = 0; i < 9; i++)
		bad[i] = row_of("g", 1, 1);
	bad[0].scope.len = 0;
	bad[1].group = (struct core_text){ longest, sizeof(longest) };
	bad[2].scope = (struct core_text){ longest, CORE_NAME_MAX + 1 };
	bad[3].group = (struct core_text){ "a\0b", 3 };
	bad[4].weight = 1001;
	bad[5].meta = (struct core_text){ (char *)data, CORE_META_MAX + 1 };
	/* What no kernel has, so that another one would refuse all that come along. */
	bad[6].weight = 0;
	bad[7] = row_of("g", 0, 2);
	bad[8] = row_of("g", 0, 1);
	bad[8].meta = (struct core_text){ (char *)data, 1 };
	memset(data, 0, sizeof(data));
	for (int i = 0; i < 9; i++) {
		struct core_row good = row_of("g", 2, 1);
		uint8_t frame_data[4096];

		frame_rows_begin(&w, frame_data, sizeof(frame_data), 0, true, true);
		ASSERT_TRUE(frame_rows_put(&w, &good));
		ASSERT_TRUE(frame_rows_put(&w, &bad[i]));
		frame_rows_end(&w, 1, true);
		ASSERT_FALSE(frame_read(frame_data, w.w.len, &frame));
	}
	/* The first row names its group; a snapshot begins at 0; no way leads back. */
	frame_rows_begin(&w, data, sizeof(data), 1, true, true);
	frame_rows_end(&w, 1, true);
	ASSERT_FALSE(frame_read(data, w.w.len, &frame));
	frame_rows_begin(&w, data, sizeof(data), 5, false, true);
	frame_rows_end(&w, 4, false);
	ASSERT_FALSE(frame_read(data, w.w.len, &frame));
}

/* Written by hand, as a later version may do. */
static bool read_removal(struct core_row *row, size_t items, uint64_t why, uint64_t status)
{
	struct frame_rows_writer rows;
	struct wire_writer *w = &rows.w;
	struct frame frame;
	uint8_t data[256];

	frame_rows_begin(&rows, data, sizeof(data), 0, false, true);
	wire_put_array(w, items);
	wire_put_text(w, pg);
	wire_put_text(w, (struct core_text){ "g", 1 });
	wire_put_uint(w, 7);
	for (size_t i = 3; i < items; i++)
		wire_put_uint(w, i == 3 ? why : status);
	frame_rows_end(&rows, 1, false);
	return frame_read(data, w->len, &frame) && frame_next_row(&frame.rows, row);
}

TEST(removals_say_why_to_who_knows)
{
	struct core_row row = row_of("g", 7, 0), back;
	struct frame_rows_writer w;
	struct frame frame;
	uint8_t data[256];

	row.end = (struct core_end){ CORE_KILLED, true, 11 | CORE_DUMPED };
	for (int knows = 0; knows < 2; knows++) {
		frame_rows_begin(&w, data, sizeof(data), 0, false, knows);
		ASSERT_TRUE(frame_rows_put(&w, &row));
		frame_rows_end(&w, 1, false);
		ASSERT_TRUE(frame_read(data, w.w.len, &frame));
		ASSERT_TRUE(frame_next_row(&frame.rows, &back));
		ASSERT_EQ(0, back.count);
		ASSERT_EQ(knows ? CORE_KILLED : CORE_LEFT, back.end.why);
		ASSERT_EQ(knows, back.end.known);
		ASSERT_EQ(knows ? 11 | CORE_DUMPED : 0, back.end.status);
	}
	ASSERT_TRUE(read_removal(&back, 4, CORE_EXITED, 0));
	ASSERT_EQ(CORE_EXITED, back.end.why);
	ASSERT_FALSE(back.end.known);
	/* What is not known is passed over; a status is of who has ended. */
	ASSERT_TRUE(read_removal(&back, 7, CORE_WHY_LAST + 1, 3));
	ASSERT_EQ(CORE_LEFT, back.end.why);
	ASSERT_FALSE(back.end.known);
	ASSERT_TRUE(read_removal(&back, 5, CORE_EVICTED, 3));
	ASSERT_EQ(0, back.end.status);
	ASSERT_FALSE(read_removal(&back, 5, CORE_EXITED, 256));
	ASSERT_FALSE(read_removal(&back, 2, 0, 0));
}

/* --- names -------------------------------------------------------------------------- */

TEST(frames_about_names_come_back)
{
	static const enum frame_type types[] = {
		FRAME_NAME_ASK, FRAME_NAME_ANSWER, FRAME_NAME_RELEASE, FRAME_NAME_DROP,
	};
	const struct frame_name said = {
		.ticket = UINT64_MAX, .name = { "name", 4 }, .uid = UINT32_MAX, .replace = true,
		.verdict = CORE_NAME_TAKEN, .fence = 77, .node = { "node", 4 },
	};
	uint8_t data[FRAME_HELLO_MAX];
	struct frame frame;

	for (int i = 0; i < 4; i++) {
		struct wire_writer w = { .data = data, .size = sizeof(data) };

		frame_put_name(&w, types[i], &said);
		ASSERT_FALSE(w.full);
		ASSERT_TRUE(frame_read(data, w.len, &frame));
		ASSERT_EQ(types[i], frame.type);
		ASSERT_EQ(UINT64_MAX, frame.name.ticket);
		if (i == 0 || i == 3) {
			ASSERT_EQ(4, frame.name.name.len);
			ASSERT_EQ(UINT32_MAX, frame.name.uid);
			ASSERT_TRUE(frame.name.replace);
		} else {
			ASSERT_EQ(77, frame.name.fence);
		}
		if (i == 1) {
			ASSERT_EQ(CORE_NAME_TAKEN, frame.name.verdict);
			ASSERT_EQ(4, frame.name.node.len);
		}
		for (size_t len = 0; len < w.len; len++)
			ASSERT_FALSE(frame_read(data, len, &frame));
	}
}

TEST(fencing_numbers_are_bounded)
{
	static const enum frame_type types[] = {
		FRAME_NAME_ASK, FRAME_NAME_ANSWER, FRAME_NAME_RELEASE,
	};
	struct frame_name said = { .ticket = 1, .name = { "name", 4 } };
	uint8_t data[FRAME_HELLO_MAX];
	struct frame frame;

	for (int i = 0; i < 6; i++) {
		struct wire_writer w = { .data = data, .size = sizeof(data) };

		said.fence = FRAME_FENCE_MAX + i % 2;
		frame_put_name(&w, types[i / 2], &said);
		ASSERT_EQ(!(i % 2), frame_read(data, w.len, &frame));
	}
}

TEST(the_longest_name_fits)
{
	char text[CORE_GROUP_MAX], node[CORE_NAME_MAX];
	const struct frame_name longest = {
		.ticket = UINT64_MAX, .name = { text, sizeof(text) }, .uid = UINT32_MAX,
		.replace = true, .verdict = CORE_NAME_MISSING, .fence = FRAME_FENCE_MAX,
		.node = { node, sizeof(node) },
	};
	uint8_t data[FRAME_HELLO_MAX];

	memset(text, 'x', sizeof(text));
	memset(node, 'x', sizeof(node));
	for (int type = FRAME_NAME_ASK; type <= FRAME_NAME_DROP; type++) {
		struct wire_writer w = { .data = data, .size = sizeof(data) };

		frame_put_name(&w, (enum frame_type)type, &longest);
		ASSERT_FALSE(w.full);
	}
}

/* What belongs to a registration comes along, and without it a row of a name is none. */
TEST(rows_of_names)
{
	struct core_row row = {
		.scope = { CORE_NAMES, strlen(CORE_NAMES) }, .group = { "n", 1 }, .id = 5,
		.count = 1, .pid = 6, .uid = 7, .weight = 1,
		.told = { .fence = FRAME_FENCE_MAX, .stamp = 9, .resolve = CORE_NOTIFY_ALL },
	};
	struct frame_rows_writer rows;
	struct core_row read;
	struct frame frame;
	uint8_t data[2048];

	frame_rows_begin(&rows, data, sizeof(data), 0, false, true);
	ASSERT_TRUE(frame_rows_put(&rows, &row));
	frame_rows_end(&rows, 1, false);
	ASSERT_TRUE(frame_read(data, rows.w.len, &frame));
	ASSERT_TRUE(frame_next_row(&frame.rows, &read));
	ASSERT_EQ(FRAME_FENCE_MAX, read.told.fence);
	ASSERT_EQ(9, read.told.stamp);
	ASSERT_EQ(CORE_NOTIFY_ALL, read.told.resolve);
	row.told.fence++;
	frame_rows_begin(&rows, data, sizeof(data), 0, false, true);
	ASSERT_TRUE(frame_rows_put(&rows, &row));
	frame_rows_end(&rows, 1, false);
	ASSERT_FALSE(frame_read(data, rows.w.len, &frame));
	row.told.fence = 1;
	row.count = 2;
	frame_rows_begin(&rows, data, sizeof(data), 0, false, true);
	ASSERT_TRUE(frame_rows_put(&rows, &row));
	frame_rows_end(&rows, 1, false);
	ASSERT_FALSE(frame_read(data, rows.w.len, &frame));
	row.count = 1;
	row.told.stamp = 0;
	frame_rows_begin(&rows, data, sizeof(data), 0, false, true);
	ASSERT_TRUE(frame_rows_put(&rows, &row));
	frame_rows_end(&rows, 1, false);
	ASSERT_FALSE(frame_read(data, rows.w.len, &frame));
}

TEST_HARNESS_MAIN
