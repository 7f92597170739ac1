// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names in scripted clusters: the cases of Erlang's global_SUITE and
 * global_group_SUITE that are about names, by name, and what pgnl promises beyond
 * them.
 */
#include <kselftest_harness.h>

#include "registry.h"
#include "sim.h"

#define SETTLE (60 * LOOP_S)
#define SITES 8

static const struct sim_node_config plain = {
	.digest_interval = LOOP_S, .key = 1, .grace = LOOP_S,
};

FIXTURE(names) {
	struct sim *sim;
	struct sim_node *node[SITES];
};

FIXTURE_SETUP(names)
{
	struct sim_config config = {
		.loop = {
			.sites = SITES,
			.window = 16,
			.delay = 200 * LOOP_US,
			.jitter = 2 * LOOP_MS,
			.notice = 1500 * LOOP_MS,
			.notice_jitter = 700 * LOOP_MS,
			.retry = 100 * LOOP_MS,
		},
	};

	memset(self, 0, sizeof(*self));
	self->sim = sim_new(&config, 42);
}

FIXTURE_TEARDOWN(names)
{
	ASSERT_EQ(NULL, sim_failure(self->sim)) TH_LOG("%s", sim_failure(self->sim));
	sim_free(self->sim);
}

static const char *const nodes[] = { "a", "b", "c", "d", "e", "f", "g", "h" };

#define BOOT(i) (self->node[i] = sim_boot(self->sim, i, nodes[i], &plain))
#define BOOT_ALL(n) do {						\
	for (int boot_i = 0; boot_i < (n); boot_i++)			\
		BOOT(boot_i);						\
	AGREE();							\
} while (0)
#define AGREE() ASSERT_TRUE(sim_settle(self->sim, SETTLE))		\
	TH_LOG("%s", sim_failure(self->sim))
#define RUN(time) ASSERT_TRUE(sim_run(self->sim, time))			\
	TH_LOG("%s", sim_failure(self->sim))
#define CUT(i, j, cut) sim_cut(self->node[i], self->node[j], cut)
#define ASK(at, name, id) sim_register(self->node[at], name, id, 7, CORE_KEEP_FIRST, false)
#define ASK_AS(at, name, id, resolve)					\
	sim_register(self->node[at], name, id, 7, resolve, false)
#define REPLACE(at, name, id) sim_register(self->node[at], name, id, 7, CORE_KEEP_FIRST, true)
#define HOLDER(at, name) registry_holder(sim_registry(self->sim), self->node[at], name, NULL)
#define SEES(at, of, name)						\
	registry_sees(sim_registry(self->sim), self->node[at], nodes[of], name)
#define LOST(at, name, id) registry_lost(sim_registry(self->sim), self->node[at], name, id)

/* How a request ended; -1: not yet. */
#define VERDICT(request) ({						\
	enum core_name_verdict verdict_is;				\
	registry_result(sim_registry(self->sim), request, &verdict_is) ?	\
		(int)verdict_is : -1; })
#define REGISTER(at, name, id, expected) do {				\
	uint64_t register_request = ASK(at, name, id);			\
	AGREE();							\
	ASSERT_EQ(expected, VERDICT(register_request));			\
} while (0)

/* --- global_group_SUITE ------------------------------------------------------------ */

/* Seen on all, no for a second one, free at death, moved, unregistered, free at the end
 * of the node.
 */
TEST_F(names, one_grp)
{
	uint64_t request;

	BOOT_ALL(3);
	REGISTER(0, "test", 1, CORE_NAME_YES);
	ASSERT_EQ(1, SEES(1, 0, "test"));
	ASSERT_EQ(1, SEES(2, 0, "test"));
	REGISTER(1, "test", 2, CORE_NAME_TAKEN);
	REGISTER(0, "test", 1, CORE_NAME_TAKEN);	/* also by the same one */
	sim_exit(self->node[0], 1);
	AGREE();
	ASSERT_EQ(0, SEES(1, 0, "test"));
	REGISTER(1, "test", 2, CORE_NAME_YES);
	request = REPLACE(2, "test", 3);
	AGREE();
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
	ASSERT_EQ(0, HOLDER(1, "test"));
	ASSERT_EQ(CORE_EVICT_REPLACED, LOST(1, "test", 2));
	ASSERT_EQ(3, SEES(0, 2, "test"));
	request = sim_unregister(self->node[0], "test", 7);
	AGREE();
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
	ASSERT_EQ(0, HOLDER(2, "test"));
	ASSERT_EQ(0, SEES(1, 2, "test"));
	REGISTER(2, "test", 3, CORE_NAME_YES);
	sim_crash(self->node[2], LOOP_MACHINE);
	AGREE();
	ASSERT_EQ(0, SEES(0, 2, "test"));
	REGISTER(0, "test", 1, CORE_NAME_YES);
}

/* Nodes that come one after the other. */
TEST_F(names, one_grp_x)
{
	BOOT(0);
	ASK(0, "test", 1);
	BOOT(1);
	AGREE();
	ASSERT_EQ(1, SEES(1, 0, "test"));
	REGISTER(1, "test2", 2, CORE_NAME_YES);
	BOOT(2);
	AGREE();
	ASSERT_EQ(1, SEES(2, 0, "test"));
	ASSERT_EQ(2, SEES(2, 1, "test2"));
	REGISTER(2, "test", 3, CORE_NAME_TAKEN);
}

/* The same name in two groups, each for itself. */
TEST_F(names, two_grp)
{
	struct sim_node_config other = plain;

	other.global_group = "two";
	BOOT(0);
	BOOT(1);
	self->node[2] = sim_boot(self->sim, 2, "c", &other);
	self->node[3] = sim_boot(self->sim, 3, "d", &other);
	AGREE();
	REGISTER(0, "test", 1, CORE_NAME_YES);
	REGISTER(2, "test", 2, CORE_NAME_YES);
	REGISTER(1, "test", 3, CORE_NAME_TAKEN);
	REGISTER(3, "test", 4, CORE_NAME_TAKEN);
	ASSERT_EQ(0, SEES(1, 2, "test"));
	ASSERT_EQ(2, SEES(3, 2, "test"));
}

/* --- global_SUITE ------------------------------------------------------------------- */

/* A node that appears while a name is being registered gets it all the same. */
TEST_F(names, register_1)
{
	uint64_t request;

	BOOT_ALL(2);
	BOOT(2);
	RUN(LOOP_MS);
	request = ASK(0, "foo", 1);
	AGREE();
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
	ASSERT_EQ(1, SEES(2, 0, "foo"));
	/* And one that dies in the middle holds up nobody for ever. */
	request = ASK(0, "bar", 1);
	sim_crash(self->node[1], LOOP_MACHINE);
	AGREE();
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
}

/* Two that come together again while a third one is about to register. */
TEST_F(names, both_known_1)
{
	uint64_t one, other;

	BOOT_ALL(3);
	CUT(0, 1, true);
	RUN(5 * LOOP_S);
	one = ASK(2, "foo", 3);
	CUT(0, 1, false);
	other = ASK(0, "foo", 1);
	AGREE();
	ASSERT_EQ(1, (VERDICT(one) == CORE_NAME_YES) + (VERDICT(other) == CORE_NAME_YES));
	ASSERT_EQ(1, !!HOLDER(0, "foo") + !!HOLDER(2, "foo"));
}

/* Nobody can take a name from a node that can't be reached; so it is still there. */
TEST_F(names, lost_unregister)
{
	uint64_t request;

	BOOT_ALL(3);
	REGISTER(1, "lost", 1, CORE_NAME_YES);
	CUT(0, 1, true);
	RUN(2500 * LOOP_MS);
	request = sim_unregister(self->node[0], "lost", 7);
	RUN(LOOP_S);
	ASSERT_NE(CORE_NAME_YES, VERDICT(request));
	/* The third one reaches it. */
	request = sim_unregister(self->node[2], "lost", 7);
	RUN(LOOP_S);
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
	CUT(0, 1, false);
	AGREE();
	ASSERT_EQ(0, SEES(0, 1, "lost"));
}

/* A link that comes and goes leaves nothing of before. */
TEST_F(names, lost_connection)
{
	BOOT_ALL(2);
	REGISTER(0, "foo", 1, CORE_NAME_YES);
	for (int i = 0; i < 5; i++) {
		loop_reset(sim_net(self->sim), 0, 1);
		RUN(50 * LOOP_MS);
	}
	AGREE();
	sim_exit(self->node[0], 1);
	AGREE();
	REGISTER(1, "foo", 2, CORE_NAME_YES);
	ASSERT_EQ(0, SEES(1, 0, "foo"));
	ASSERT_EQ(2, SEES(0, 1, "foo"));
}

TEST_F(names, lost_connection2)
{
	BOOT_ALL(4);
	REGISTER(0, "foo", 1, CORE_NAME_YES);
	for (int i = 1; i < 4; i++)
		CUT(0, i, true);
	RUN(5 * LOOP_S);
	ASSERT_EQ(0, SEES(1, 0, "foo"));
	sim_exit(self->node[0], 1);
	REGISTER(2, "foo", 2, CORE_NAME_YES);
	for (int i = 1; i < 4; i++)
		CUT(0, i, false);
	AGREE();
	ASSERT_EQ(2, SEES(0, 2, "foo"));
	ASSERT_EQ(2, HOLDER(2, "foo"));
}

TEST_F(names, name_die)
{
	BOOT_ALL(3);
	REGISTER(0, "one", 1, CORE_NAME_YES);
	REGISTER(0, "two", 1, CORE_NAME_YES);	/* a process may have several */
	sim_exit(self->node[0], 1);
	AGREE();
	ASSERT_EQ(0, SEES(1, 0, "one"));
	ASSERT_EQ(0, SEES(2, 0, "two"));
	/* One that has died before it got the name. */
	REGISTER(1, "one", 0, CORE_NAME_MISSING);
	REGISTER(2, "one", 2, CORE_NAME_YES);
}

TEST_F(names, mass_death)
{
	char name[16];

	BOOT_ALL(4);
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "mass%u", i);
		ASK(i % 4, name, 100 + i);
	}
	AGREE();
	ASSERT_EQ(101, SEES(0, 1, "mass1"));
	for (unsigned int i = 0; i < 100; i++)
		sim_exit(self->node[i % 4], 100 + i);
	AGREE();
	ASSERT_EQ(0, SEES(0, 1, "mass1"));
	ASSERT_EQ(0, SEES(2, 3, "mass99"));
}

/* Whoever they are, one of them gets it, and all others are told so. */
TEST_F(names, ring)
{
	uint64_t request[8];
	int given = 0;

	BOOT_ALL(8);
	for (int i = 0; i < 8; i++)
		request[i] = ASK(i, "ring", 1 + (uint64_t)i);
	AGREE();
	for (int i = 0; i < 8; i++) {
		ASSERT_NE(-1, VERDICT(request[i]));
		given += VERDICT(request[i]) == CORE_NAME_YES;
	}
	ASSERT_EQ(1, given);
}

/* Names that are left over from a node that is no more. */
TEST_F(names, leftover_name)
{
	BOOT_ALL(2);
	REGISTER(0, "left", 1, CORE_NAME_YES);
	sim_crash(self->node[0], LOOP_AGENT);
	BOOT(0);
	AGREE();
	ASSERT_EQ(0, SEES(1, 0, "left"));
	REGISTER(1, "left", 2, CORE_NAME_YES);
}

#define SPLIT_AND_HEAL(resolve_a, resolve_b) do {			\
	BOOT_ALL(2);							\
	CUT(0, 1, true);						\
	RUN(5 * LOOP_S);						\
	ASK_AS(0, "x", 1, resolve_a);					\
	RUN(LOOP_S);							\
	ASK_AS(1, "x", 2, resolve_b);					\
	RUN(LOOP_S);							\
	ASSERT_EQ(1, HOLDER(0, "x"));					\
	ASSERT_EQ(2, HOLDER(1, "x"));					\
	CUT(0, 1, false);						\
	AGREE();							\
} while (0)

/* The default: the first one stays, the other one is told, and lives. */
TEST_F(names, basic_partition)
{
	SPLIT_AND_HEAL(CORE_KEEP_FIRST, CORE_KEEP_FIRST);
	ASSERT_EQ(1, HOLDER(0, "x"));
	ASSERT_EQ(0, HOLDER(1, "x"));
	ASSERT_EQ(CORE_EVICT_CONFLICT, LOST(1, "x", 2));
	ASSERT_EQ(1, SEES(1, 0, "x"));
}

/* random_exit_name: the loser is killed. */
TEST_F(names, simple_resolve)
{
	SPLIT_AND_HEAL(CORE_RANDOM_EXIT, CORE_RANDOM_EXIT);
	ASSERT_EQ(1, HOLDER(0, "x"));
	ASSERT_EQ(CORE_EVICT_EXIT, LOST(1, "x", 2));
}

/* Nobody is killed for what the other side's registration says. */
TEST_F(names, simple_resolve2)
{
	SPLIT_AND_HEAL(CORE_RANDOM_EXIT, CORE_RANDOM_NOTIFY);
	ASSERT_EQ(CORE_EVICT_CONFLICT, LOST(1, "x", 2));
	ASSERT_EQ(1, HOLDER(0, "x"));
}

/* notify_all_name, of either side: both are told, nobody has it. */
TEST_F(names, simple_resolve3)
{
	SPLIT_AND_HEAL(CORE_KEEP_FIRST, CORE_NOTIFY_ALL);
	ASSERT_EQ(0, HOLDER(0, "x"));
	ASSERT_EQ(0, HOLDER(1, "x"));
	ASSERT_EQ(CORE_EVICT_CONFLICT, LOST(0, "x", 1));
	ASSERT_EQ(CORE_EVICT_CONFLICT, LOST(1, "x", 2));
}

/* Also when its row and the end of that come to the other one in the same round. */
TEST_F(names, both_lose_however_fast_one_does)
{
	BOOT_ALL(2);
	for (int i = 0; i < 200; i++) {
		CUT(0, 1, true);
		RUN(5 * LOOP_S);
		ASK_AS(0, "x", 1, CORE_KEEP_FIRST);
		ASK_AS(1, "x", 2, CORE_NOTIFY_ALL);
		RUN(LOOP_S);
		ASSERT_EQ(1, HOLDER(0, "x"));
		ASSERT_EQ(2, HOLDER(1, "x"));
		CUT(0, 1, false);
		AGREE();
		ASSERT_EQ(0, HOLDER(0, "x"));
		ASSERT_EQ(0, HOLDER(1, "x"));
	}
}

/* Nor while most of what one of them has is still to be told. */
TEST_F(names, both_lose_in_the_middle_of_a_snapshot)
{
	struct sim_node_config small = plain;

	small.frame_max = 600;
	self->node[0] = sim_boot(self->sim, 0, "a", &small);
	BOOT(1);
	AGREE();
	CUT(0, 1, true);
	RUN(5 * LOOP_S);
	ASK_AS(0, "x", 1, CORE_KEEP_FIRST);
	ASK_AS(1, "x", 2, CORE_NOTIFY_ALL);
	RUN(LOOP_S);
	for (uint64_t id = 1; id <= 3000; id++)
		sim_set(self->node[0], "pg", "many", id, 1);
	CUT(0, 1, false);
	AGREE();
	ASSERT_EQ(CORE_EVICT_CONFLICT, LOST(0, "x", 1));
	ASSERT_EQ(CORE_EVICT_CONFLICT, LOST(1, "x", 2));
}

TEST_F(names, advanced_partition)
{
	BOOT_ALL(6);
	for (int i = 0; i < 3; i++)
		for (int j = 3; j < 6; j++)
			CUT(i, j, true);
	RUN(5 * LOOP_S);
	for (int i = 0; i < 6; i++) {
		char name[8];

		snprintf(name, sizeof(name), "n%d", i % 3);
		ASK(i, name, 1 + (uint64_t)i);
	}
	RUN(LOOP_S);
	for (int i = 0; i < 3; i++)
		for (int j = 3; j < 6; j++)
			CUT(i, j, false);
	AGREE();
	ASSERT_EQ(1, !!HOLDER(0, "n0") + !!HOLDER(3, "n0"));
	ASSERT_EQ(1, !!HOLDER(1, "n1") + !!HOLDER(4, "n1"));
	ASSERT_EQ(1, !!HOLDER(2, "n2") + !!HOLDER(5, "n2"));
}

/* --- beyond ------------------------------------------------------------------------- */

/* While its holder's node is suspect a name is not to be had, but perhaps later. */
TEST_F(names, suspect_holder)
{
	enum core_node_state state = CORE_NODE_UP;
	uint64_t request;

	BOOT_ALL(3);
	REGISTER(0, "x", 1, CORE_NAME_YES);
	CUT(0, 1, true);
	while (state != CORE_NODE_SUSPECT) {
		RUN(10 * LOOP_MS);
		ASSERT_TRUE(sim_knows(self->node[1], "a", &state));
	}
	request = ASK(1, "x", 2);
	RUN(20 * LOOP_MS);
	ASSERT_EQ(CORE_NAME_SUSPECT, VERDICT(request));
	CUT(0, 1, false);
	AGREE();
	ASSERT_EQ(1, HOLDER(0, "x"));
}

/* An agent that is gone in the middle leaves nothing reserved. */
TEST_F(names, agent_dies_asking)
{
	uint64_t request;

	BOOT_ALL(3);
	ASK(2, "x", 3);
	RUN(LOOP_MS);
	sim_kill_agent(self->node[2]);
	request = ASK(1, "x", 2);
	AGREE();
	ASSERT_EQ(1, !!HOLDER(1, "x") + !!HOLDER(2, "x"));
	ASSERT_EQ(HOLDER(1, "x") ? CORE_NAME_YES : CORE_NAME_TAKEN, VERDICT(request));
	sim_start_agent(self->node[2]);
	AGREE();
}

/* One that does not answer costs a time, not for ever; the others are free again. */
TEST_F(names, agent_stopped)
{
	uint64_t request;

	BOOT_ALL(3);
	sim_stop(self->node[0], true);
	request = ASK(1, "x", 2);
	RUN(6 * LOOP_S);
	ASSERT_EQ(CORE_NAME_LATE, VERDICT(request));
	sim_stop(self->node[0], false);
	REGISTER(2, "x", 3, CORE_NAME_YES);
}

/* What such a one is to be told does not pile up. */
TEST_F(names, agent_stopped_for_long)
{
	struct core_stats before, after;
	char name[16];

	BOOT_ALL(2);
	sim_stop(self->node[1], true);
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		ASK(0, name, 1);
	}
	RUN(6 * LOOP_S);
	core_stats(sim_core(self->node[0]), &before);
	for (int i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		ASK(0, name, 1);
	}
	RUN(6 * LOOP_S);
	core_stats(sim_core(self->node[0]), &after);
	ASSERT_EQ(0, after.name_requests);
	ASSERT_LE(after.memory, before.memory + 1000);
	sim_stop(self->node[1], false);
}

/* More than are asked for at once: all have their turn, but there is an end to them. */
TEST_F(names, very_many_at_once)
{
	int given = 0, busy = 0;
	uint64_t request[4200];
	char name[16];

	BOOT_ALL(2);
	for (int i = 0; i < 4200; i++) {
		snprintf(name, sizeof(name), "n%d", i % 700);
		request[i] = ASK(1, name, 1 + (uint64_t)i);
	}
	AGREE();
	for (int i = 0; i < 4200; i++) {
		given += VERDICT(request[i]) == CORE_NAME_YES;
		busy += VERDICT(request[i]) == CORE_NAME_BUSY;
	}
	ASSERT_EQ(700, given);
	ASSERT_EQ(4200 - 4096, busy);
}

/* Nobody waits for it any more, so it is over at once, and others get the name. */
TEST_F(names, who_asks_goes)
{
	struct core_stats stats;
	uint64_t request, second;

	BOOT_ALL(3);
	sim_stop(self->node[0], true);
	request = ASK(2, "x", 3);
	second = ASK(2, "x", 4);
	RUN(10 * LOOP_MS);
	sim_cancel(self->node[2], request);
	RUN(LOOP_MS);
	core_stats(sim_core(self->node[2]), &stats);
	ASSERT_EQ(1, stats.name_requests);
	sim_stop(self->node[0], false);
	RUN(LOOP_S);
	ASSERT_EQ(-1, VERDICT(request));
	ASSERT_EQ(CORE_NAME_YES, VERDICT(second));
	/* To unregister has been asked for by then, and is not answered. */
	request = sim_unregister(self->node[0], "x", 7);
	sim_cancel(self->node[0], request);
	AGREE();
	ASSERT_EQ(-1, VERDICT(request));
}

/* Node 0 has agreed to give the name to node 1, and knows nothing of it yet. */
#define REPLACE_UNHEARD(resolve) do {					\
	uint64_t replace_request;					\
	BOOT_ALL(3);							\
	ASSERT_LT(0, ASK_AS(0, "x", 1, resolve));			\
	AGREE();							\
	replace_request = sim_register(self->node[1], "x", 2, 7, resolve, true);	\
	for (int tries = 0; !HOLDER(1, "x") && tries < 10000; tries++)	\
		RUN(10 * LOOP_US);					\
	ASSERT_EQ(CORE_NAME_YES, VERDICT(replace_request));		\
	ASSERT_EQ(1, HOLDER(0, "x"));					\
} while (0)
#define WAS_REPLACED() do {						\
	AGREE();							\
	ASSERT_EQ(0, HOLDER(0, "x"));					\
	ASSERT_EQ(CORE_EVICT_REPLACED, LOST(0, "x", 1));		\
	ASSERT_EQ(2, HOLDER(1, "x"));					\
	ASSERT_EQ(2, SEES(2, 1, "x"));					\
} while (0)

/* The new holder keeps it when they meet again, which is no conflict. */
TEST_F(names, agent_killed_between_agreeing_and_letting_go)
{
	REPLACE_UNHEARD(CORE_KEEP_FIRST);
	sim_kill_agent(self->node[0]);
	RUN(10 * LOOP_S);
	sim_start_agent(self->node[0]);
	WAS_REPLACED();
}

TEST_F(names, agent_killed_before_it_says_that_it_has_replaced)
{
	REPLACE_UNHEARD(CORE_KEEP_FIRST);
	sim_kill_agent(self->node[1]);
	RUN(10 * LOOP_S);
	sim_start_agent(self->node[1]);
	WAS_REPLACED();
}

TEST_F(names, cut_between_agreeing_and_letting_go)
{
	REPLACE_UNHEARD(CORE_NOTIFY_ALL);
	CUT(0, 1, true);
	CUT(0, 2, true);
	RUN(20 * LOOP_S);
	CUT(0, 1, false);
	CUT(0, 2, false);
	WAS_REPLACED();
}

/* From hand to hand, while the first node is away. */
TEST_F(names, replaced_again_before_the_first_one_lets_go)
{
	uint64_t request;

	REPLACE_UNHEARD(CORE_RANDOM_EXIT);
	sim_kill_agent(self->node[0]);
	RUN(10 * LOOP_S);
	request = REPLACE(2, "x", 3);
	RUN(10 * LOOP_S);
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
	sim_start_agent(self->node[0]);
	AGREE();
	ASSERT_EQ(CORE_EVICT_REPLACED, LOST(0, "x", 1));
	ASSERT_EQ(CORE_EVICT_REPLACED, LOST(1, "x", 2));
	ASSERT_EQ(3, HOLDER(2, "x"));
	ASSERT_EQ(3, SEES(0, 2, "x"));
}

/* Only who may replaces and unregisters: the same user, and root where it is root. */
TEST_F(names, rights)
{
	struct sim_node_config obeys = plain;
	uint64_t request;

	obeys.remote_root = true;
	self->node[0] = sim_boot(self->sim, 0, "a", &obeys);
	BOOT(1);
	AGREE();
	REGISTER(0, "x", 1, CORE_NAME_YES);
	request = sim_register(self->node[1], "x", 2, 8, CORE_KEEP_FIRST, true);
	AGREE();
	ASSERT_EQ(CORE_NAME_DENIED, VERDICT(request));
	request = sim_unregister(self->node[1], "x", 8);
	AGREE();
	ASSERT_EQ(CORE_NAME_DENIED, VERDICT(request));
	ASSERT_EQ(1, HOLDER(0, "x"));
	request = sim_register(self->node[1], "x", 2, 0, CORE_KEEP_FIRST, true);
	AGREE();
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
	ASSERT_EQ(2, SEES(0, 1, "x"));
	request = sim_unregister(self->node[0], "y", 0);
	AGREE();
	ASSERT_EQ(CORE_NAME_MISSING, VERDICT(request));
}

TEST_F(names, root_of_another_node)
{
	uint64_t request;

	BOOT_ALL(2);
	REGISTER(0, "x", 1, CORE_NAME_YES);
	request = sim_register(self->node[1], "x", 2, 0, CORE_KEEP_FIRST, true);
	AGREE();
	ASSERT_EQ(CORE_NAME_DENIED, VERDICT(request));
	request = sim_unregister(self->node[1], "x", 0);
	AGREE();
	ASSERT_EQ(CORE_NAME_DENIED, VERDICT(request));
	ASSERT_EQ(1, HOLDER(0, "x"));
	/* On its own one it is root. */
	request = sim_unregister(self->node[0], "x", 0);
	AGREE();
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
}

/* So does the owner of the scope, as the holder's node has it. */
TEST_F(names, rights_of_the_owner_of_the_scope)
{
	struct sim_node_config owned = plain;
	uint64_t request;

	owned.names_owner = 8;
	self->node[0] = sim_boot(self->sim, 0, "a", &owned);
	BOOT(1);
	AGREE();
	REGISTER(1, "y", 2, CORE_NAME_YES);
	request = sim_unregister(self->node[0], "y", 8);
	AGREE();
	ASSERT_EQ(CORE_NAME_DENIED, VERDICT(request));
	REGISTER(0, "x", 1, CORE_NAME_YES);
	request = sim_register(self->node[1], "x", 3, 8, CORE_KEEP_FIRST, true);
	AGREE();
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
	ASSERT_EQ(CORE_EVICT_REPLACED, LOST(0, "x", 1));
	request = sim_register(self->node[0], "x", 1, 7, CORE_KEEP_FIRST, true);
	AGREE();
	ASSERT_EQ(CORE_NAME_DENIED, VERDICT(request));
	REGISTER(0, "z", 4, CORE_NAME_YES);
	request = sim_unregister(self->node[1], "z", 8);
	AGREE();
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
	ASSERT_EQ(0, HOLDER(0, "z"));
}

/* From one holder to the next the number grows, whatever the nodes' clocks are. */
TEST_F(names, fences_grow)
{
	uint64_t fence, last = 0;

	BOOT_ALL(3);
	for (int i = 0; i < 12; i++) {
		int at = (i * 2) % 3;

		REPLACE(at, "x", 1);
		AGREE();
		ASSERT_EQ(1, registry_holder(sim_registry(self->sim), self->node[at], "x",
					     &fence));
		ASSERT_GT(fence, last);
		last = fence;
	}
}

/* Who had it on this node has gone; that the agent learns of it later is no matter. */
TEST_F(names, anew_at_once)
{
	uint64_t request, second;

	BOOT_ALL(2);
	REGISTER(0, "x", 1, CORE_NAME_YES);
	sim_exit(self->node[0], 1);
	request = ASK(0, "x", 2);
	second = ASK(0, "x", 3);
	AGREE();
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
	ASSERT_EQ(CORE_NAME_TAKEN, VERDICT(second));
	ASSERT_EQ(2, SEES(1, 0, "x"));
	/* To the same process again. */
	sim_exit(self->node[0], 2);
	request = ASK(0, "x", 2);
	AGREE();
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
	ASSERT_EQ(2, SEES(1, 0, "x"));
	/* What it holds is not to be had, here or there. */
	REGISTER(0, "x", 3, CORE_NAME_TAKEN);
	REGISTER(1, "x", 3, CORE_NAME_TAKEN);
}

/* Two round trips and no more: one to the first node, one to all others at once. */
TEST_F(names, two_round_trips)
{
	struct loop_stats before, after;
	uint64_t request;

	BOOT_ALL(4);
	loop_stats(sim_net(self->sim), &before);
	request = ASK(3, "x", 1);
	AGREE();
	loop_stats(sim_net(self->sim), &after);
	ASSERT_EQ(CORE_NAME_YES, VERDICT(request));
	/* To each of three: a question, its answer, the row, the end; and digests. */
	ASSERT_LE(after.frames - before.frames, 3 * 4 + 3 * 4 * 2);
}

/* Nobody who sees the cluster otherwise has a say, or a name. */
TEST_F(names, sync_error)
{
	struct sim_node_config other = plain;

	other.config_hash = 5;
	BOOT(0);
	self->node[1] = sim_boot(self->sim, 1, "b", &other);
	AGREE();
	REGISTER(0, "x", 1, CORE_NAME_YES);
	REGISTER(1, "x", 2, CORE_NAME_YES);
	ASSERT_EQ(0, SEES(0, 1, "x"));
	other.config_hash = 0;
	sim_configure(self->node[1], &other);
	AGREE();
	ASSERT_EQ(1, !!HOLDER(0, "x") + !!HOLDER(1, "x"));
}

TEST_HARNESS_MAIN
