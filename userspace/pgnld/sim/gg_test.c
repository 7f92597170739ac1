// SPDX-License-Identifier: GPL-2.0-or-later
/* Global groups by themselves: contacts, searches, and the frames of questions. */
#include <kselftest_harness.h>

#include "../frame.h"
#include "../gg.h"
#include "../gg_frame.h"
#include "../gg_search.h"

#define GROUP(text, list, ...) \
	{ .name = text, .nodes = list, .n_nodes = sizeof(list) / CONFIG_NAME_SIZE, __VA_ARGS__ }

static char west[][CONFIG_NAME_SIZE] = { "c", "a", "b" };
static char east[][CONFIG_NAME_SIZE] = { "d", "e", "f" };
static char north[][CONFIG_NAME_SIZE] = { "g" };
static const struct config_group three[] = {
	GROUP("west", west), GROUP("east", east, .hidden = true), GROUP("north", north),
};

/* --- contacts ----------------------------------------------------------------------- */

FIXTURE(gg) {
	struct gg *gg;
	char told[256];		/* "+b -b " */
	char words[256];
};

static void tell(void *arg, const char *node, bool up)
{
	char *told = arg;

	strcat(told, up ? "+" : "-");
	strcat(told, node);
	strcat(told, " ");
}

static const struct gg_out out = { .node = tell };

FIXTURE_SETUP(gg)
{
	memset(self, 0, sizeof(*self));
	self->gg = gg_new("a", &out, self->told);
	gg_configure(self->gg, three, 3);
}

FIXTURE_TEARDOWN(gg)
{
	gg_free(self->gg);
}

static void add_word(void *arg, const char *word)
{
	strcat(arg, word);
	strcat(arg, " ");
}

static bool add_group(void *arg, const struct config_group *group)
{
	add_word(arg, group->name);
	return true;
}

#define CONTACT(node, state) gg_contact(self->gg, (struct core_text){ node, strlen(node) }, state)
#define CLAIM(node, wrong) gg_claim(self->gg, (struct core_text){ node, strlen(node) }, wrong)
#define EXPECT_TOLD(text) ASSERT_STREQ(text, self->told)
#define EXPECT_LIST(text, which) do {					\
	self->words[0] = '\0';						\
	gg_nodes(self->gg, which, add_word, self->words);		\
	ASSERT_STREQ(text, self->words);				\
} while (0)
#define EXPECT_OWN_NODES(text) do {					\
	self->words[0] = '\0';						\
	gg_own_nodes(self->gg, add_word, self->words);			\
	ASSERT_STREQ(text, self->words);				\
} while (0)

TEST_F(gg, a_definition_is_seen_from_each_node)
{
	struct gg *gg;

	ASSERT_STREQ("west", gg_own(self->gg)->name);
	EXPECT_LIST("c a b ", GG_OWN);
	EXPECT_OWN_NODES("a b c ");
	EXPECT_LIST("c b ", GG_NO_CONTACT);
	/* East is hidden. */
	gg_others(self->gg, add_group, self->words);
	ASSERT_STREQ("c b north ", self->words);
	gg = gg_new("e", &out, self->told);
	gg_configure(gg, three, 3);
	self->words[0] = '\0';
	gg_others(gg, add_group, self->words);
	ASSERT_STREQ("west north ", self->words);
	gg_free(gg);
}

TEST_F(gg, each_node_is_in_one_list)
{
	CONTACT("b", CORE_SYNCED);
	CONTACT("c", CORE_SYNC_ERROR);
	EXPECT_LIST("b ", GG_SYNCED);
	EXPECT_LIST("c ", GG_SYNC_ERROR);
	EXPECT_LIST("", GG_NO_CONTACT);
	CONTACT("c", CORE_NO_CONTACT);
	CONTACT("c", CORE_SYNCED);
	EXPECT_LIST("b c ", GG_SYNCED);
	CONTACT("b", CORE_NO_CONTACT);
	EXPECT_LIST("c ", GG_SYNCED);
	EXPECT_LIST("b ", GG_NO_CONTACT);
	EXPECT_TOLD("+b +c -b ");
	gg_forget(self->gg);
	EXPECT_TOLD("+b +c -b -c ");
	EXPECT_LIST("c b ", GG_NO_CONTACT);
}

TEST_F(gg, subscribers_hear_of_group_nodes_only)
{
	CONTACT("d", CORE_SYNCED);
	CONTACT("b", CORE_SYNC_ERROR);
	EXPECT_TOLD("");
	EXPECT_LIST("", GG_SYNCED);
	/* With another definition d becomes one, and b is none any more. */
	CONTACT("b", CORE_NO_CONTACT);
	CONTACT("b", CORE_SYNCED);
	EXPECT_TOLD("+b ");
	gg_configure(self->gg, NULL, 0);
	EXPECT_TOLD("+b +d ");
	EXPECT_OWN_NODES("a b d ");
	gg_configure(self->gg, three, 1);
	EXPECT_TOLD("+b +d -d ");
}

TEST_F(gg, a_node_in_no_group)
{
	gg_configure(self->gg, three + 1, 2);
	ASSERT_TRUE(gg_is_defined(self->gg));
	ASSERT_EQ(NULL, gg_own(self->gg));
	CONTACT("b", CORE_SYNCED);
	EXPECT_TOLD("");
	EXPECT_OWN_NODES("");
	EXPECT_LIST("", GG_NO_CONTACT);
	ASSERT_FALSE(gg_is_isolated(self->gg));
}

TEST_F(gg, what_a_node_says_without_a_connection)
{
	ASSERT_FALSE(CLAIM("b", false));
	ASSERT_TRUE(CLAIM("b", true));
	ASSERT_FALSE(CLAIM("b", true));
	/* A node of no concern is told as well. */
	ASSERT_TRUE(CLAIM("z", true));
	EXPECT_LIST("b z ", GG_SYNC_ERROR);
	EXPECT_LIST("c ", GG_NO_CONTACT);
	CONTACT("b", CORE_SYNCED);
	EXPECT_LIST("z ", GG_SYNC_ERROR);
	ASSERT_FALSE(CLAIM("b", true));
	EXPECT_LIST("z ", GG_SYNC_ERROR);
	ASSERT_TRUE(CLAIM("z", false));
	EXPECT_LIST("", GG_SYNC_ERROR);
	ASSERT_TRUE(CLAIM("c", true));
	gg_configure(self->gg, three, 3);
	EXPECT_LIST("", GG_SYNC_ERROR);
	EXPECT_TOLD("+b ");
}

static void count(void *arg, const char *node)
{
	(void)node;
	++*(size_t *)arg;
}

/* Who has the key may say to be any number of nodes. */
TEST_F(gg, what_nodes_say_is_bounded)
{
	size_t news = 0, kept = 0;
	char name[16];

	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		news += CLAIM(name, true);
	}
	gg_nodes(self->gg, GG_SYNC_ERROR, count, &kept);
	ASSERT_EQ(4096, news);
	ASSERT_EQ(4096, kept);
	/* Of those that are known, and that are connected, it hears all the same. */
	ASSERT_TRUE(CLAIM("n1", false));
	ASSERT_TRUE(CLAIM("n1", true));
	CONTACT("b", CORE_SYNCED);
	EXPECT_TOLD("+b ");
}

TEST_F(gg, half_of_a_group_is_isolated)
{
	static char four[][CONFIG_NAME_SIZE] = { "a", "b", "c", "d" };
	static const struct config_group group[] = { GROUP("four", four) };

	ASSERT_TRUE(gg_is_isolated(self->gg));
	CONTACT("b", CORE_SYNCED);
	ASSERT_FALSE(gg_is_isolated(self->gg));
	CONTACT("x", CORE_SYNCED);
	gg_configure(self->gg, group, 1);
	ASSERT_TRUE(gg_is_isolated(self->gg));
	CONTACT("d", CORE_SYNCED);
	ASSERT_FALSE(gg_is_isolated(self->gg));
	gg_configure(self->gg, NULL, 0);
	ASSERT_FALSE(gg_is_isolated(self->gg));
}

/* --- searches ----------------------------------------------------------------------- */

FIXTURE(search) {
	struct search *search;
	struct search_question question;
	struct search_outcome outcome;
};

FIXTURE_SETUP(search)
{
	self->search = search_new();
}

FIXTURE_TEARDOWN(search)
{
	search_free(self->search);
}

#define ADD(i) ASSERT_TRUE(search_add_group(self->search, &three[i]))
#define ASKS_GROUP(text) do {						\
	ASSERT_TRUE(search_next(self->search, &self->question));	\
	ASSERT_STREQ(text, self->question.group);			\
} while (0)
#define ASKS_NODE(text) do {						\
	ASSERT_TRUE(search_next(self->search, &self->question));	\
	ASSERT_EQ(NULL, self->question.group);				\
	ASSERT_STREQ(text, self->question.node);			\
} while (0)
#define ASKS_NOBODY() ASSERT_FALSE(search_next(self->search, &self->question))
#define ANSWER(number, what, isolated, from)				\
	search_answer(self->search, number, SEARCH_ ## what, isolated, from)
#define GOES_ON() ASSERT_FALSE(search_is_over(self->search))
#define COMES_TO(what) do {						\
	ASSERT_TRUE(search_is_over(self->search));			\
	ASKS_NOBODY();							\
	search_outcome(self->search, &self->outcome);			\
	ASSERT_EQ(SEARCH_ ## what, self->outcome.answer);		\
} while (0)

TEST_F(search, one_answer_of_a_group_is_enough)
{
	ADD(0);
	ASKS_GROUP("west");
	ASKS_NOBODY();
	GOES_ON();
	ANSWER(0, UNDEFINED, false, "b");
	COMES_TO(UNDEFINED);
	ASSERT_EQ(0, self->outcome.failed);
}

/* All at once, but the first in order counts, whoever is faster. */
TEST_F(search, places_count_in_their_order)
{
	ADD(0);
	ADD(1);
	ADD(2);
	ASKS_GROUP("west");
	ASKS_GROUP("east");
	ASKS_GROUP("north");
	ASKS_NOBODY();
	ANSWER(2, FOUND, false, "g");
	GOES_ON();
	ANSWER(1, FOUND, false, "d");
	GOES_ON();
	ANSWER(0, UNDEFINED, false, "a");
	COMES_TO(FOUND);
	ASSERT_EQ(1, self->outcome.number);
}

TEST_F(search, an_isolated_node_is_not_the_last_word)
{
	ADD(0);
	ASKS_GROUP("west");
	ANSWER(0, FOUND, true, "a");
	GOES_ON();
	ASKS_NODE("c");
	ASKS_NODE("b");
	ASKS_NOBODY();
	ANSWER(1, FAILED, false, NULL);
	GOES_ON();
	ANSWER(2, UNDEFINED, false, "b");
	COMES_TO(UNDEFINED);
	ASSERT_FALSE(self->outcome.isolated);
}

TEST_F(search, an_isolated_answer_is_better_than_none)
{
	ADD(0);
	ASKS_GROUP("west");
	ANSWER(0, UNDEFINED, true, "b");
	ASKS_NODE("c");
	ASKS_NODE("a");
	ANSWER(2, FOUND, true, "a");
	GOES_ON();
	ANSWER(1, FAILED, false, NULL);
	COMES_TO(FOUND);
	ASSERT_TRUE(self->outcome.isolated);
	ASSERT_EQ(2, self->outcome.number);
}

TEST_F(search, a_group_that_is_not_there)
{
	ADD(0);
	ADD(2);
	ASKS_GROUP("west");
	ASKS_GROUP("north");
	ANSWER(0, FAILED, false, NULL);
	ASKS_NODE("c");
	ASKS_NODE("a");
	ASKS_NODE("b");
	ANSWER(1, UNDEFINED, false, "g");
	for (size_t i = 2; i < 5; i++)
		ANSWER(i, FAILED, false, NULL);
	COMES_TO(UNDEFINED);
	ASSERT_EQ(1, self->outcome.failed);
}

TEST_F(search, a_single_node)
{
	ASSERT_TRUE(search_add_node(self->search, "b"));
	ASKS_NODE("b");
	ASKS_NOBODY();
	ANSWER(0, FAILED, false, NULL);
	COMES_TO(FAILED);
	ASSERT_EQ(1, self->outcome.failed);
}

/* What an isolated node said counts when it is the only one. */
TEST_F(search, the_only_node_of_a_group)
{
	ADD(2);
	ASKS_GROUP("north");
	ANSWER(0, UNDEFINED, true, "g");
	COMES_TO(UNDEFINED);
	ASSERT_TRUE(self->outcome.isolated);
}

TEST_F(search, no_place_at_all)
{
	COMES_TO(FAILED);
	ASSERT_EQ(0, self->outcome.failed);
}

TEST_F(search, questions_under_way_are_bounded)
{
	static char many[100][CONFIG_NAME_SIZE];
	const struct config_group group = GROUP("many", many);
	size_t asked = 0, answered = 0;

	for (int i = 0; i < 100; i++)
		snprintf(many[i], sizeof(many[i]), "n%d", i);
	ASSERT_TRUE(search_add_group(self->search, &group));
	ASKS_GROUP("many");
	ANSWER(0, FAILED, false, NULL);
	while (!search_is_over(self->search)) {
		while (search_next(self->search, &self->question))
			asked++;
		ASSERT_LE(asked - answered, SEARCH_PARALLEL);
		if (answered < asked)
			ANSWER(++answered, FAILED, false, NULL);
	}
	ASSERT_EQ(100, asked);
	COMES_TO(FAILED);
}

/* --- frames ------------------------------------------------------------------------- */

#define TEXT_OF(text) { text, strlen(text) }

TEST(a_question_is_read_as_it_was_written)
{
	const struct gg_question send = {
		.op = GG_SEND, .name = TEXT_OF("primary"), .data = { "\0\1", 2 },
		.uid = 1000, .pid = 7,
	};
	uint8_t data[FRAME_MAX];
	struct wire_writer w = { .data = data, .size = sizeof(data) };
	struct gg_question read;

	gg_put_ask(&w, &send);
	ASSERT_FALSE(w.full);
	ASSERT_TRUE(gg_read_ask(data, w.len, &read));
	ASSERT_EQ(GG_SEND, read.op);
	ASSERT_EQ(0, memcmp("primary", read.name.data, read.name.len));
	ASSERT_EQ(2, read.data.len);
	ASSERT_EQ(1000, read.uid);
	ASSERT_EQ(7, read.pid);
	for (size_t len = 0; len < w.len; len++)
		ASSERT_FALSE(gg_read_ask(data, len, &read));
	ASSERT_FALSE(gg_read_answer(data, w.len, &(struct gg_answer){ .status = 0 }));
}

TEST(a_question_without_what_it_needs_is_none)
{
	const struct gg_question whereis = { .op = GG_WHEREIS }, names = { .op = GG_NAMES };
	uint8_t data[256];
	struct wire_writer w = { .data = data, .size = sizeof(data) };
	struct gg_question read;

	gg_put_ask(&w, &whereis);
	ASSERT_FALSE(gg_read_ask(data, w.len, &read));
	w.len = 0;
	gg_put_ask(&w, &names);
	ASSERT_TRUE(gg_read_ask(data, w.len, &read));
}

TEST(an_answer_is_read_as_it_was_written)
{
	const struct gg_row row = {
		.name = TEXT_OF("primary"), .node = TEXT_OF("b"), .meta = TEXT_OF("tcp:80"),
		.id = UINT64_MAX, .pid = 12, .uid = 3, .fence = 5, .stamp = 6, .resolve = 1,
		.state = 2,
	};
	const struct gg_answer answer = {
		.isolated = true, .last = true, .sent = { 1, 2, 3, 4, 5 },
	};
	uint8_t data[1000];
	struct gg_answer read;
	struct wire_writer w;
	struct gg_row got;
	int put = 0, i = 0;

	gg_answer_begin(&w, data, sizeof(data));
	while (gg_answer_row(&w, &row))
		put++;
	ASSERT_LT(10, put);
	gg_answer_end(&w, &answer);
	ASSERT_FALSE(w.full);
	ASSERT_TRUE(gg_read_answer(data, w.len, &read));
	ASSERT_TRUE(read.isolated && read.last);
	ASSERT_EQ(5, read.sent.gone);
	for (; gg_next_row(&read, &got); i++) {
		ASSERT_EQ(0, memcmp("tcp:80", got.meta.data, 6));
		ASSERT_EQ(UINT64_MAX, got.id);
		ASSERT_EQ(2, got.state);
	}
	ASSERT_EQ(put, i);
	for (size_t len = 0; len < w.len; len++)
		ASSERT_FALSE(gg_read_answer(data, len, &read));
}

TEST_HARNESS_MAIN
