// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scripted clusters: the cases of Erlang's pg_SUITE and pg2_SUITE that need more
 * than one node, by name, and what pgnl promises beyond them.
 */
#include <kselftest_harness.h>

#include "../frame.h"
#include "registry.h"
#include "sim.h"

#define SETTLE (30 * LOOP_S)
#define SITES 8

static const struct sim_node_config plain = { .digest_interval = LOOP_S, .key = 1 };
static const struct sim_node_config patient = {
	.digest_interval = LOOP_S, .key = 1, .grace = 2 * LOOP_S
};

FIXTURE(cluster) {
	struct sim *sim;
	struct sim_node *node[SITES];
	struct sim_events events;
	bool hostile;
};

static struct sim *new_sim(bool hostile)
{
	struct sim_config config = {
		.hostile = hostile,
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

	return sim_new(&config, 42);
}

FIXTURE_SETUP(cluster)
{
	memset(self, 0, sizeof(*self));
	self->sim = new_sim(false);
}

FIXTURE_TEARDOWN(cluster)
{
	ASSERT_EQ(NULL, sim_failure(self->sim)) TH_LOG("%s", sim_failure(self->sim));
	sim_free(self->sim);
}

static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };

#define BOOT(i, config) (self->node[i] = sim_boot(self->sim, i, names[i], config))
#define BOOT_ALL(n, config) do {					\
	for (int boot_i = 0; boot_i < (n); boot_i++)			\
		BOOT(boot_i, config);					\
} while (0)
#define AGREE() ASSERT_TRUE(sim_settle(self->sim, SETTLE))		\
	TH_LOG("%s", sim_failure(self->sim))
#define RUN(time) ASSERT_TRUE(sim_run(self->sim, time))			\
	TH_LOG("%s", sim_failure(self->sim))
#define SEES(at, of, group) sim_sees(self->node[at], names[of], "pg", group)
#define JOIN(at, group, id, count) sim_set(self->node[at], "pg", group, id, count)
#define CUT(i, j, cut) sim_cut(self->node[i], self->node[j], cut)

/* --- pg_SUITE ----------------------------------------------------------------------- */

TEST_F(cluster, two)
{
	BOOT_ALL(2, &plain);
	AGREE();
	JOIN(0, "two", 1, 1);
	AGREE();
	ASSERT_EQ(1, SEES(1, 0, "two"));
	ASSERT_EQ(0, SEES(0, 0, "two"));	/* its own rows are no remote ones */
	sim_exit(self->node[0], 1);
	AGREE();
	ASSERT_EQ(0, SEES(1, 0, "two"));
	JOIN(1, "two", 7, 2);
	AGREE();
	ASSERT_EQ(2, SEES(0, 1, "two"));
	/* The end of one of them leaves the other one as it is. */
	JOIN(0, "two", 2, 1);
	sim_crash(self->node[1], LOOP_AGENT);
	AGREE();
	ASSERT_EQ(0, SEES(0, 1, "two"));
	ASSERT_EQ(1, sim_get(self->node[0], "pg", "two", 2));
}

TEST_F(cluster, empty_group_by_remote_leave)
{
	BOOT_ALL(2, &plain);
	JOIN(0, "empty", 1, 1);
	AGREE();
	ASSERT_TRUE(sim_sees_group(self->node[1], "pg", "empty"));
	JOIN(0, "empty", 1, 0);
	AGREE();
	ASSERT_FALSE(sim_sees_group(self->node[1], "pg", "empty"));
	JOIN(0, "one", 1, 1);
	JOIN(0, "other", 1, 1);
	AGREE();
	JOIN(0, "other", 1, 0);
	JOIN(0, "one", 1, 0);
	AGREE();
	ASSERT_FALSE(sim_sees_group(self->node[1], "pg", "one"));
	ASSERT_FALSE(sim_sees_group(self->node[1], "pg", "other"));
}

/* Many snapshots asked for at once; what is owned here goes on at once. */
TEST_F(cluster, thundering_herd)
{
	char group[16];

	BOOT_ALL(3, &plain);
	for (int i = 0; i < 500; i++) {
		snprintf(group, sizeof(group), "herd%d", i);
		JOIN(0, group, 1, 1);
	}
	AGREE();
	for (int i = 0; i < 200; i++)
		sim_resync(self->node[1], "a");
	JOIN(0, "late", 2, 1);
	RUN(100 * LOOP_MS);
	ASSERT_EQ(1, SEES(2, 0, "late"));
	AGREE();
	ASSERT_EQ(1, SEES(1, 0, "late"));
}

TEST_F(cluster, initial)
{
	BOOT(0, &plain);
	JOIN(0, "initial", 1, 1);
	RUN(LOOP_S);
	BOOT(1, &plain);
	AGREE();
	ASSERT_EQ(1, SEES(1, 0, "initial"));
	sim_exit(self->node[0], 1);
	AGREE();
	ASSERT_FALSE(sim_sees_group(self->node[1], "pg", "initial"));
}

TEST_F(cluster, netsplit)
{
	BOOT_ALL(2, &plain);
	JOIN(0, "here", 1, 1);
	JOIN(1, "there", 1, 1);
	AGREE();
	CUT(0, 1, true);
	AGREE();
	ASSERT_FALSE(sim_sees_group(self->node[0], "pg", "there"));
	JOIN(0, "here", 1, 0);
	JOIN(0, "elsewhere", 1, 1);
	JOIN(1, "there", 2, 1);
	JOIN(1, "there", 2, 0);
	JOIN(1, "there", 2, 3);
	CUT(0, 1, false);
	AGREE();
	ASSERT_EQ(0, SEES(1, 0, "here"));
	ASSERT_EQ(1, SEES(1, 0, "elsewhere"));
	ASSERT_EQ(4, SEES(0, 1, "there"));
}

TEST_F(cluster, trisplit)
{
	BOOT_ALL(2, &plain);
	JOIN(0, "three", 1, 1);
	AGREE();
	CUT(0, 1, true);
	AGREE();
	CUT(0, 1, false);
	JOIN(1, "three", 1, 1);
	AGREE();
	BOOT(2, &plain);
	/* It sees the second, and not yet the first. */
	CUT(0, 2, true);
	AGREE();
	ASSERT_EQ(0, SEES(2, 0, "three"));
	ASSERT_EQ(1, SEES(2, 1, "three"));
	CUT(0, 2, false);
	AGREE();
	ASSERT_EQ(1, SEES(2, 0, "three"));
}

TEST_F(cluster, foursplit)
{
	BOOT_ALL(4, &plain);
	for (int i = 0; i < 4; i++) {
		JOIN(i, "four", 1, 2);
		JOIN(i, "left", 1, 1);
	}
	AGREE();
	JOIN(0, "left", 1, 0);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < i; j++)
			CUT(i, j, true);
	AGREE();
	JOIN(1, "four", 1, 1);
	JOIN(2, "four", 1, 0);
	JOIN(2, "no such group", 1, 0);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < i; j++)
			CUT(i, j, false);
	AGREE();
	ASSERT_EQ(2, SEES(3, 0, "four"));
	ASSERT_EQ(1, SEES(3, 1, "four"));
	ASSERT_EQ(0, SEES(3, 2, "four"));
	for (int i = 1; i < 4; i++)
		ASSERT_EQ(0, SEES(i, 0, "left"));
}

TEST_F(cluster, exchange)
{
	BOOT_ALL(3, &plain);
	for (int id = 1; id <= 10; id++)
		for (int i = 0; i < 3; i++)
			JOIN(i, "exchange", id, 1 + id % 2);
	AGREE();
	for (int id = 1; id <= 5; id++)
		sim_exit(self->node[0], id);
	CUT(0, 1, true);
	CUT(0, 2, true);
	AGREE();
	for (int id = 6; id <= 8; id++)
		JOIN(0, "exchange", id, 1);
	JOIN(1, "second", 3, 1);
	CUT(0, 1, false);
	CUT(0, 2, false);
	AGREE();
	ASSERT_EQ(1 + 1 + 1 + 2 + 1, SEES(1, 0, "exchange"));
	ASSERT_EQ(15, SEES(0, 1, "exchange"));
	ASSERT_EQ(1, SEES(0, 1, "second"));
	for (int i = 0; i < 3; i++)
		for (int id = 1; id <= 10; id++)
			sim_exit(self->node[i], id);
	AGREE();
	for (int i = 0; i < 3; i++)
		ASSERT_FALSE(sim_sees_group(self->node[i], "pg", "exchange"));
}

/* A member of another node is none of this one, however often it joined. */
TEST_F(cluster, nolocal)
{
	BOOT_ALL(2, &plain);
	JOIN(0, "nolocal", 1, 2);
	AGREE();
	ASSERT_EQ(2, SEES(1, 0, "nolocal"));
	ASSERT_EQ(0, sim_get(self->node[1], "pg", "nolocal", 1));
}

TEST_F(cluster, double)
{
	BOOT(0, &plain);
	JOIN(0, "double", 1, 1);
	BOOT(1, &plain);
	JOIN(0, "double", 1, 2);
	AGREE();
	ASSERT_EQ(2, SEES(1, 0, "double"));
}

/* Erlang loses the local members here. */
TEST_F(cluster, scope_restart)
{
	struct sim_events before;

	BOOT_ALL(2, &patient);
	JOIN(0, "restart", 1, 2);
	JOIN(1, "restart", 1, 1);
	AGREE();
	sim_events(self->node[0], &before);
	sim_events(self->node[1], &self->events);
	sim_kill_agent(self->node[0]);
	RUN(300 * LOOP_MS);
	sim_start_agent(self->node[0]);
	AGREE();
	ASSERT_EQ(2, SEES(1, 0, "restart"));
	ASSERT_EQ(1, SEES(0, 1, "restart"));
	ASSERT_EQ(2, sim_get(self->node[0], "pg", "restart", 1));
	/* Nobody was told of a leave or of a join. */
	for (int i = 0; i < 2; i++) {
		struct sim_events was = i ? self->events : before;

		sim_events(self->node[i], &self->events);
		ASSERT_EQ(was.joins, self->events.joins);
		ASSERT_EQ(was.leaves, self->events.leaves);
		ASSERT_EQ(was.downs, self->events.downs);
		self->events = was;
	}
}

TEST_F(cluster, disconnected_start)
{
	BOOT(0, &plain);
	JOIN(0, "alone", 1, 1);
	AGREE();
	sim_crash(self->node[0], LOOP_AGENT);
}

/* What comes from where there is no connection is of no effect. */
TEST_F(cluster, overlay_missing)
{
	struct frame_rows_writer w;
	struct core_stats stats;
	uint8_t data[4096];
	struct core_row row = {
		.scope = { "pg", 2 }, .group = { "g", 1 }, .id = 1, .count = 1, .uid = 1,
		.weight = 1,
	};

	self->node[0] = NULL;
	sim_free(self->sim);
	self->sim = new_sim(true);
	BOOT_ALL(2, &plain);
	AGREE();
	frame_rows_begin(&w, data, sizeof(data), 0, true, true);
	ASSERT_TRUE(frame_rows_put(&w, &row));
	frame_rows_end(&w, 1, true);
	core_recv(sim_core(self->node[0]), 2, 12345, data, w.w.len);
	core_recv(sim_core(self->node[0]), 77, 1, data, w.w.len);
	core_stats(sim_core(self->node[0]), &stats);
	ASSERT_EQ(2, stats.rx_stale);
	ASSERT_FALSE(sim_sees_group(self->node[0], "pg", "g"));
	AGREE();
}

TEST_F(cluster, group_leave)
{
	BOOT_ALL(2, &plain);
	JOIN(0, "group", 1, 16);
	AGREE();
	ASSERT_EQ(16, SEES(1, 0, "group"));
	JOIN(0, "group", 1, 12);
	AGREE();
	ASSERT_EQ(12, SEES(1, 0, "group"));
	sim_crash(self->node[0], LOOP_AGENT);
	AGREE();
	ASSERT_EQ(0, SEES(1, 0, "group"));
}

/* How often a node tells that it refuses others, or is refused, by that reason. */
struct refusals {
	unsigned int reason, n;
};

static void count_refusal(void *arg, const struct core_refusal_info *info)
{
	struct refusals *refusals = arg;

	refusals->n += info->reason == refusals->reason && info->text[0];
}

static unsigned int refusals(struct sim_node *node, unsigned int reason)
{
	struct refusals refusals = { reason, 0 };

	core_refusals(sim_core(node), count_refusal, &refusals);
	return refusals.n;
}

/* Both ends speak the highest version that both know. */
TEST_F(cluster, protocol_upgrade)
{
	struct sim_node_config newer = plain, newest = plain;

	newer.version_max = 2;
	newest.version_min = 2;
	newest.version_max = 3;
	BOOT(0, &plain);
	BOOT(1, &newer);
	JOIN(0, "old", 1, 1);
	JOIN(1, "new", 1, 1);
	AGREE();
	ASSERT_EQ(1, SEES(1, 0, "old"));
	ASSERT_EQ(1, SEES(0, 1, "new"));
	/* One that has given up the old version is refused by it, not by the other. */
	sim_free(self->sim);
	self->sim = new_sim(true);
	BOOT(0, &plain);
	BOOT(1, &newer);
	BOOT(2, &newest);
	JOIN(2, "newest", 1, 1);
	RUN(10 * LOOP_S);
	ASSERT_EQ(1, SEES(1, 2, "newest"));
	ASSERT_EQ(0, SEES(0, 2, "newest"));
	ASSERT_LT(0, refusals(self->node[0], 2) + refusals(self->node[2], 2));
	ASSERT_EQ(0, refusals(self->node[1], 2));
}

/* --- pg2_SUITE ---------------------------------------------------------------------- */

/* A leave of a group never joined does not touch the other ones. */
TEST_F(cluster, otp_7277)
{
	BOOT_ALL(2, &plain);
	JOIN(0, "a", 1, 1);
	AGREE();
	JOIN(0, "b", 1, 0);
	sim_exit(self->node[0], 1);
	AGREE();
	ASSERT_FALSE(sim_sees_group(self->node[1], "pg", "a"));
}

TEST_F(cluster, otp_8653)
{
	unsigned int sum;

	BOOT_ALL(4, &plain);
	for (int i = 0; i < 2; i++)
		for (int j = 2; j < 4; j++)
			CUT(i, j, true);
	/* Each half creates the group, each node joins twice. */
	sim_set(self->node[0], "pg2", "both", 0, 1);
	sim_set(self->node[2], "pg2", "both", 0, 1);
	for (int i = 0; i < 4; i++)
		sim_set(self->node[i], "pg2", "both", 1, 2);
	AGREE();
	for (int i = 0; i < 2; i++)
		for (int j = 2; j < 4; j++)
			CUT(i, j, false);
	AGREE();
	for (int i = 0; i < 4; i++) {
		sum = sim_get(self->node[i], "pg2", "both", 1);
		for (int j = 0; j < 4; j++)
			sum += sim_sees(self->node[i], names[j], "pg2", "both");
		ASSERT_EQ(8, sum);
	}
}

/* A created group is there while it is empty, until its creator deletes it. */
TEST_F(cluster, basic_pins)
{
	BOOT_ALL(2, &plain);
	sim_set(self->node[0], "pg2", "pin", 0, 1);
	AGREE();
	ASSERT_TRUE(sim_sees_group(self->node[1], "pg2", "pin"));
	ASSERT_EQ(0, sim_sees(self->node[1], "a", "pg2", "pin"));
	sim_set(self->node[0], "pg2", "pin", 1, 2);
	AGREE();
	sim_set(self->node[0], "pg2", "pin", 1, 0);
	sim_set(self->node[0], "pg2", "pin", 0, 0);
	AGREE();
	ASSERT_FALSE(sim_sees_group(self->node[1], "pg2", "pin"));
}

/* Counts survive a node that comes late. */
TEST_F(cluster, basic_late)
{
	BOOT(0, &plain);
	sim_set(self->node[0], "pg2", "late", 0, 1);
	sim_set(self->node[0], "pg2", "late", 1, 2);
	BOOT(1, &plain);
	AGREE();
	ASSERT_EQ(2, sim_sees(self->node[1], "a", "pg2", "late"));
	sim_set(self->node[0], "pg2", "late", 1, 1);
	AGREE();
	ASSERT_EQ(1, sim_sees(self->node[1], "a", "pg2", "late"));
	sim_set(self->node[0], "pg2", "late", 1, 0);
	AGREE();
	ASSERT_EQ(0, sim_sees(self->node[1], "a", "pg2", "late"));
}

/* --- loss and return ----------------------------------------------------------------- */

/* Also what was not told yet when it was asked for. */
TEST_F(cluster, who_deletes_a_group_sees_it_gone)
{
	BOOT_ALL(4, &plain);
	for (unsigned int i = 0; i < 4; i++) {
		sim_set(self->node[i], "pg2", "g", 0, i < 3);
		sim_set(self->node[i], "pg2", "other", i + 1, 1);
		for (uint64_t id = 1; id < 100; id++)
			sim_set(self->node[i], "pg2", "g", id, 2);
	}
	AGREE();
	sim_set(self->node[1], "pg2", "g", 100, 1);
	sim_delete(self->node[0], "g", true);
	AGREE();
	for (unsigned int i = 0; i < 4; i++) {
		ASSERT_FALSE(sim_sees_group(self->node[i], "pg2", "g"));
		ASSERT_EQ(0, sim_get(self->node[i], "pg2", "g", 1));
		ASSERT_EQ(1, sim_get(self->node[i], "pg2", "other", i + 1));
		ASSERT_TRUE(sim_sees_group(self->node[i], "pg2", "other"));
	}
}

TEST_F(cluster, who_is_out_of_reach_keeps_a_deleted_group)
{
	BOOT_ALL(3, &patient);
	for (unsigned int i = 0; i < 3; i++)
		sim_set(self->node[i], "pg2", "g", 0, 1);
	sim_set(self->node[1], "pg2", "g", 1, 2);
	AGREE();
	CUT(0, 1, true);
	sim_delete(self->node[0], "g", false);
	RUN(10 * LOOP_S);
	ASSERT_FALSE(sim_sees_group(self->node[0], "pg2", "g"));
	ASSERT_EQ(2, sim_sees(self->node[2], "b", "pg2", "g"));
	CUT(0, 1, false);
	AGREE();
	ASSERT_EQ(2, sim_sees(self->node[0], "b", "pg2", "g"));
	ASSERT_EQ(0, sim_get(self->node[0], "pg2", "g", 0));
	ASSERT_EQ(0, sim_get(self->node[2], "pg2", "g", 0));
	sim_delete(self->node[2], "g", true);
	AGREE();
	ASSERT_FALSE(sim_sees_group(self->node[0], "pg2", "g"));
}

/* A cut shorter than the grace: suspect, fresh, and no event of a member. */
TEST_F(cluster, a_blip_is_no_storm)
{
	struct sim_events was;

	BOOT_ALL(2, &patient);
	for (int id = 1; id <= 50; id++)
		JOIN(0, "blip", id, 1);
	AGREE();
	sim_events(self->node[1], &was);
	loop_reset(sim_net(self->sim), 0, 1);
	RUN(LOOP_S);
	JOIN(0, "blip", 51, 1);
	AGREE();
	sim_events(self->node[1], &self->events);
	ASSERT_EQ(was.joins + 1, self->events.joins);
	ASSERT_EQ(was.leaves, self->events.leaves);
	ASSERT_EQ(was.downs, self->events.downs);
	ASSERT_EQ(was.suspects + 1, self->events.suspects);
	ASSERT_EQ(was.freshes + 1, self->events.freshes);
}

TEST_F(cluster, suspects_leave_when_the_grace_is_over)
{
	struct sim_node_config config = patient;
	enum core_node_state state;

	config.grace = 20 * LOOP_S;
	BOOT_ALL(2, &config);
	JOIN(0, "grace", 1, 1);
	AGREE();
	sim_crash(self->node[0], LOOP_AGENT);
	RUN(LOOP_S);
	ASSERT_TRUE(sim_knows(self->node[1], "a", &state));
	ASSERT_EQ(CORE_NODE_SUSPECT, state);
	ASSERT_EQ(1, SEES(1, 0, "grace"));
	RUN(18 * LOOP_S);
	ASSERT_TRUE(sim_knows(self->node[1], "a", &state));
	RUN(2 * LOOP_S);
	ASSERT_FALSE(sim_knows(self->node[1], "a", &state));
	ASSERT_EQ(0, SEES(1, 0, "grace"));
}

/* An agent that starts knows them from its kernel only. */
TEST_F(cluster, suspects_of_the_agent_before_leave_too)
{
	enum core_node_state state;

	BOOT_ALL(2, &patient);
	JOIN(0, "adopted", 1, 1);
	AGREE();
	sim_kill_agent(self->node[1]);
	sim_crash(self->node[0], LOOP_AGENT);
	sim_start_agent(self->node[1]);
	RUN(LOOP_S);
	ASSERT_TRUE(sim_knows(self->node[1], "a", &state));
	ASSERT_EQ(CORE_NODE_SUSPECT, state);
	ASSERT_EQ(1, SEES(1, 0, "adopted"));
	RUN(2 * LOOP_S);
	ASSERT_FALSE(sim_knows(self->node[1], "a", &state));
	ASSERT_EQ(0, SEES(1, 0, "adopted"));
}

TEST_F(cluster, without_grace_they_leave_at_once)
{
	enum core_node_state state;

	BOOT_ALL(2, &plain);
	JOIN(0, "grace", 1, 1);
	AGREE();
	sim_crash(self->node[0], LOOP_AGENT);
	RUN(50 * LOOP_MS);
	ASSERT_FALSE(sim_knows(self->node[1], "a", &state));
}

/* Another run of a node is another node: its ids may be those of before. */
TEST_F(cluster, a_reboot_within_the_grace)
{
	BOOT_ALL(2, &patient);
	JOIN(0, "reboot", 1, 3);
	JOIN(0, "reboot", 2, 1);
	AGREE();
	sim_crash(self->node[0], LOOP_MACHINE);
	BOOT(0, &patient);
	JOIN(0, "reboot", 1, 1);
	AGREE();
	ASSERT_EQ(1, SEES(1, 0, "reboot"));
	sim_events(self->node[1], &self->events);
	ASSERT_EQ(1, self->events.downs);
	ASSERT_EQ(2, self->events.leaves);
}

TEST_F(cluster, one_way_is_as_good_as_cut)
{
	BOOT_ALL(3, &plain);
	JOIN(0, "one way", 1, 1);
	JOIN(1, "one way", 1, 1);
	AGREE();
	sim_cut_one_way(self->node[0], self->node[1], true);
	AGREE();
	ASSERT_EQ(0, SEES(0, 1, "one way"));
	ASSERT_EQ(0, SEES(1, 0, "one way"));
	ASSERT_EQ(1, SEES(2, 0, "one way"));
}

/* --- slow peers ----------------------------------------------------------------------- */

TEST_F(cluster, a_stopped_peer_holds_up_nobody)
{
	struct sim_node_config config = plain;
	struct core_stats stats;

	config.backlog_max = 32;
	BOOT_ALL(3, &config);
	AGREE();
	sim_stop(self->node[2], true);
	for (int i = 0; i < 2000; i++) {
		JOIN(0, "busy", 1 + i % 100, i / 100 % 2 ? 0 : 1);
		RUN(LOOP_MS);
	}
	JOIN(0, "busy", 1000, 1);
	RUN(100 * LOOP_MS);
	ASSERT_EQ(1, SEES(1, 0, "busy"));	/* and nothing but this one */
	core_stats(sim_core(self->node[0]), &stats);
	ASSERT_LE(stats.backlog, 32);
	ASSERT_GE(stats.overflows, 1);
	sim_stop(self->node[2], false);
	AGREE();
	ASSERT_EQ(1, SEES(2, 0, "busy"));
}

/* What changes often is told once to who is behind. */
TEST_F(cluster, a_slow_peer_gets_the_last_state)
{
	struct core_stats before, after;

	BOOT_ALL(2, &plain);
	AGREE();
	core_stats(sim_core(self->node[0]), &before);
	sim_stop(self->node[1], true);
	for (uint32_t i = 1; i <= 3000; i++)
		JOIN(0, "often", 1, i);
	sim_stop(self->node[1], false);
	AGREE();
	core_stats(sim_core(self->node[0]), &after);
	ASSERT_EQ(3000, SEES(1, 0, "often"));
	ASSERT_LT(after.tx_frames - before.tx_frames, 100);
}

TEST_F(cluster, a_snapshot_of_many_frames_while_rows_change)
{
	struct sim_node_config config = plain;
	char group[16];

	config.frame_max = 2048;
	BOOT(0, &config);
	for (int i = 0; i < 1000; i++) {
		snprintf(group, sizeof(group), "g%d", i);
		JOIN(0, group, 1 + i % 7, 1);
	}
	BOOT(1, &config);
	for (int i = 0; i < 1000; i += 3) {
		snprintf(group, sizeof(group), "g%d", i);
		JOIN(0, group, 1 + i % 7, i % 2 ? 0 : 5);
		RUN(100 * LOOP_US);
	}
	AGREE();
	sim_events(self->node[1], &self->events);
	ASSERT_EQ(1, self->events.ups);
	/* Nothing left that had not been there and then changed. */
	ASSERT_LE(self->events.leaves, 167);
}

static void note_node(void *arg, const struct core_node_info *info)
{
	*(struct core_node_info *)arg = *info;
}

/* Not all of its rows are taken, which is told, and mended when it has less. */
TEST_F(cluster, a_node_with_too_many_rows_is_partial)
{
	struct sim_node_config config = plain;
	struct core_node_info info;
	struct core_stats stats;

	config.rows_max = 10;
	BOOT(0, &plain);
	BOOT(1, &config);
	for (int id = 1; id <= 5; id++)
		JOIN(0, "early", id, 1);
	AGREE();
	for (int id = 1; id <= 15; id++)
		JOIN(0, "late", id, 1);
	RUN(5 * LOOP_S);
	core_nodes(sim_core(self->node[1]), note_node, &info);
	ASSERT_TRUE(info.partial);
	ASSERT_TRUE(sim_is_partial(self->node[1], "a"));
	ASSERT_EQ(10, info.rows);
	ASSERT_EQ(5, SEES(1, 0, "early"));
	for (int id = 1; id <= 10; id++)
		JOIN(0, "late", id, 0);
	AGREE();
	core_nodes(sim_core(self->node[1]), note_node, &info);
	ASSERT_FALSE(info.partial);
	ASSERT_FALSE(sim_is_partial(self->node[1], "a"));
	ASSERT_EQ(5, SEES(1, 0, "late"));
	core_stats(sim_core(self->node[1]), &stats);
	ASSERT_EQ(0, stats.digests_failed);
	ASSERT_EQ(1, stats.resyncs);
}

/* A limit of 0 is none of all rows, not all of them. */
TEST_F(cluster, of_a_node_that_may_have_no_rows_none_is_kept)
{
	struct sim_node_config config = plain;
	struct core_node_info info;

	config.no_rows = true;
	BOOT(0, &plain);
	BOOT(1, &config);
	for (int id = 1; id <= 5; id++)
		JOIN(0, "all", id, 1);
	RUN(5 * LOOP_S);
	core_nodes(sim_core(self->node[1]), note_node, &info);
	ASSERT_TRUE(info.partial);
	ASSERT_TRUE(sim_is_partial(self->node[1], "a"));
	ASSERT_EQ(0, info.rows);
	ASSERT_EQ(0, SEES(1, 0, "all"));
	for (int id = 1; id <= 5; id++)
		JOIN(0, "all", id, 0);
	AGREE();
}

/* --- who is who ----------------------------------------------------------------------- */

TEST_F(cluster, a_double_is_refused_until_the_first_has_gone)
{
	struct sim_node *twin;
	uint64_t logs[4];

	BOOT_ALL(2, &plain);
	JOIN(0, "double", 1, 1);
	AGREE();
	twin = sim_boot(self->sim, 5, "a", &plain);
	sim_set(twin, "pg", "double", 1, 3);
	RUN(10 * LOOP_S);
	ASSERT_EQ(1, SEES(1, 0, "double"));
	sim_logs(self->sim, logs);
	ASSERT_GE(logs[CORE_LOG_ERROR], 1);
	ASSERT_LE(logs[CORE_LOG_ERROR], 12);	/* said, but not all the time */
	sim_crash(self->node[0], LOOP_AGENT);
	AGREE();
	ASSERT_EQ(3, SEES(1, 0, "double"));
}

TEST_F(cluster, another_key_or_group_is_refused)
{
	struct sim_node_config other_key = plain, no_key = plain, other_group = plain;

	other_key.key = 2;
	no_key.key = 0;
	other_group.global_group = "elsewhere";
	BOOT_ALL(2, &plain);
	BOOT(2, &other_key);
	BOOT(3, &no_key);
	BOOT(4, &other_group);
	for (int i = 0; i < 5; i++)
		JOIN(i, "mine", 1, 1);
	AGREE();
	ASSERT_TRUE(sim_sees_group(self->node[0], "pg", "mine"));
	for (int i = 2; i < 5; i++)
		ASSERT_FALSE(sim_sees_group(self->node[i], "pg", "mine"));
}

/* Told, and no more: groups do not depend on it. */
TEST_F(cluster, another_configuration_is_told)
{
	struct sim_node_config other = plain;
	uint64_t logs[4];

	other.config_hash = 5;
	BOOT(0, &plain);
	BOOT(1, &other);
	JOIN(0, "config", 1, 1);
	AGREE();
	ASSERT_EQ(1, SEES(1, 0, "config"));
	sim_logs(self->sim, logs);
	ASSERT_EQ(2, logs[CORE_LOG_WARNING]);
	/* The same again, by a reload: connected anew, and the same rows. */
	other.config_hash = 0;
	sim_configure(self->node[1], &other);
	AGREE();
	ASSERT_EQ(1, SEES(1, 0, "config"));
}

/* --- global_group_SUITE ----------------------------------------------------------------- */

#define GROUP(text, list) { .name = text, .nodes = list, .n_nodes = sizeof(list) / 64 }

static char west[][CONFIG_NAME_SIZE] = { "a", "b", "c" }, east[][CONFIG_NAME_SIZE] = { "d", "e" };
static char west_less[][CONFIG_NAME_SIZE] = { "a", "b" };
static const struct config_group two[] = { GROUP("west", west), GROUP("east", east) };
static const struct config_group two_less[] = { GROUP("west", west_less), GROUP("east", east) };

static struct sim_node_config grouped(const char *group, const struct config_group *groups,
				      uint64_t hash)
{
	struct sim_node_config config = plain;

	config.global_group = group;
	config.groups = groups;
	config.n_groups = groups ? 2 : 0;
	config.config_hash = hash;
	return config;
}

struct words {
	char text[128];
};

static void add_word(void *arg, const char *word)
{
	struct words *words = arg;

	strcat(words->text, word);
	strcat(words->text, " ");
}

/* The names of a list, a blank after each. */
static struct words list(struct sim_node *node, enum gg_list which)
{
	struct words words = { "" };

	gg_nodes(sim_gg(node), which, add_word, &words);
	return words;
}

#define EXPECT_LIST(expected, at, which) \
	ASSERT_STREQ(expected, list(self->node[at], which).text)

/* Two groups, one of whose nodes is never started: only group nodes are connected, and
 * only of these subscribers hear, through a kill and a restart.
 */
TEST_F(cluster, two_grp)
{
	const struct sim_node_config in_west = grouped("west", two, 2);
	const struct sim_node_config in_east = grouped("east", two, 2);

	BOOT(0, &in_west);
	BOOT(1, &in_west);
	BOOT(3, &in_east);
	BOOT(4, &in_east);
	AGREE();
	EXPECT_LIST("a b c ", 0, GG_OWN);
	EXPECT_LIST("b ", 0, GG_SYNCED);
	EXPECT_LIST("c ", 0, GG_NO_CONTACT);
	EXPECT_LIST("", 0, GG_SYNC_ERROR);
	EXPECT_LIST("e ", 3, GG_SYNCED);
	ASSERT_FALSE(gg_is_isolated(sim_gg(self->node[0])));
	ASSERT_EQ(1, sim_gg_told(self->node[0], true));
	sim_kill_agent(self->node[1]);
	sim_kill_agent(self->node[3]);
	AGREE();
	ASSERT_EQ(1, sim_gg_told(self->node[0], false));
	ASSERT_TRUE(gg_is_isolated(sim_gg(self->node[0])));
	ASSERT_TRUE(gg_is_isolated(sim_gg(self->node[4])));
	sim_start_agent(self->node[1]);
	sim_start_agent(self->node[3]);
	AGREE();
	ASSERT_EQ(2, sim_gg_told(self->node[0], true));
	ASSERT_EQ(1, sim_gg_told(self->node[0], false));
	ASSERT_EQ(1, sim_gg_told(self->node[3], true));
}

/* No groups at all: one name space of all that are connected. */
TEST_F(cluster, no_gg_proc)
{
	struct words words = { "" };

	BOOT_ALL(3, &plain);
	AGREE();
	ASSERT_FALSE(gg_is_defined(sim_gg(self->node[0])));
	EXPECT_LIST("", 0, GG_OWN);
	EXPECT_LIST("a c ", 1, GG_SYNCED);
	gg_own_nodes(sim_gg(self->node[1]), add_word, &words);
	ASSERT_STREQ("a b c ", words.text);
	sim_kill_agent(self->node[2]);
	AGREE();
	ASSERT_EQ(1, sim_gg_told(self->node[1], false));
}

/* A definition is taken over node by node: who has the other one is told, both ways, and
 * nobody is stopped.
 */
TEST_F(cluster, global_groups_change)
{
	const struct sim_node_config old = grouped("west", two_less, 1), new = grouped("west", two, 2);

	BOOT(0, &old);
	BOOT(1, &old);
	BOOT(2, &new);
	JOIN(0, "change", 1, 1);
	AGREE();
	EXPECT_LIST("b ", 0, GG_SYNCED);
	EXPECT_LIST("c ", 0, GG_SYNC_ERROR);
	EXPECT_LIST("a b ", 2, GG_SYNC_ERROR);
	EXPECT_LIST("", 2, GG_NO_CONTACT);
	ASSERT_TRUE(gg_is_isolated(sim_gg(self->node[2])));
	ASSERT_EQ(1, SEES(2, 0, "change"));
	sim_configure(self->node[0], &new);
	AGREE();
	EXPECT_LIST("c ", 0, GG_SYNCED);
	EXPECT_LIST("b ", 0, GG_SYNC_ERROR);
	sim_configure(self->node[1], &new);
	AGREE();
	EXPECT_LIST("b c ", 0, GG_SYNCED);
	EXPECT_LIST("a b ", 2, GG_SYNCED);
	EXPECT_LIST("", 2, GG_SYNC_ERROR);
}

/* --- why rows are gone ------------------------------------------------------------------ */

/* An end is told as its owner has seen it, but of what has happened in a cut nobody knows. */
TEST_F(cluster, why_a_member_has_left_is_told)
{
	BOOT_ALL(3, &patient);
	for (uint64_t id = 1; id <= 6; id++)
		JOIN(0, "g", id, 1);
	AGREE();
	for (uint64_t id = 1; id <= 5; id++)
		JOIN(0, "g", id, 0);
	AGREE();
	for (int i = 1; i < 3; i++) {
		sim_events(self->node[i], &self->events);
		ASSERT_EQ(5, self->events.leaves);
		ASSERT_EQ(5, self->events.ends);
	}
	CUT(0, 1, true);
	CUT(0, 2, true);
	RUN(LOOP_S);
	JOIN(0, "g", 6, 0);
	CUT(0, 1, false);
	CUT(0, 2, false);
	AGREE();
	sim_events(self->node[1], &self->events);
	ASSERT_EQ(6, self->events.leaves);
	ASSERT_EQ(5, self->events.ends);
}

/* --- bad frames ----------------------------------------------------------------------- */

FIXTURE(puppet) {
	struct sim *sim;
	struct sim_node *node[1];
	struct puppet *puppet;
	uint8_t data[FRAME_MAX];
};

FIXTURE_SETUP(puppet)
{
	memset(self, 0, sizeof(*self));
	self->sim = new_sim(true);
	self->node[0] = sim_boot(self->sim, 0, "a", &plain);
	/* So that there is an owner of what the puppet says. */
	sim_set(sim_boot(self->sim, 7, "p", &plain), "pg", "g", 1, 1);
	sim_crash(sim_find(self->sim, "p"), LOOP_AGENT);
	self->puppet = sim_puppet(self->sim, 1);
	while (!puppet_is_up(self->puppet, 0))
		RUN(LOOP_MS);
	/* It says nothing: that is ended, and begins again. */
	while (puppet_is_up(self->puppet, 0))
		RUN(LOOP_MS);
	while (!puppet_is_up(self->puppet, 0))
		RUN(LOOP_MS);
	RUN(20 * LOOP_MS);
}

FIXTURE_TEARDOWN(puppet)
{
	ASSERT_EQ(NULL, sim_failure(self->sim)) TH_LOG("%s", sim_failure(self->sim));
	sim_free(self->sim);
}

/* The incarnation of the node "p" above. */
#define P_INCARNATION 2

#define INTRODUCE() do {						\
	ASSERT_TRUE(puppet_hello(self->puppet, 0, "p", P_INCARNATION, 1, 1));	\
	RUN(20 * LOOP_MS);						\
	ASSERT_TRUE(puppet_auth(self->puppet, 0, 1));			\
	RUN(20 * LOOP_MS);						\
	ASSERT_EQ(1, puppet_got(self->puppet, 0, FRAME_ROWS));		\
} while (0)

static size_t rows_frame(uint8_t *data, uint64_t from, uint64_t to, bool begin, bool end,
			 const struct core_row *rows, int n)
{
	struct frame_rows_writer w;

	frame_rows_begin(&w, data, FRAME_MAX, from, begin, true);
	while (n--)
		frame_rows_put(&w, rows++);
	frame_rows_end(&w, to, end);
	return w.w.len;
}

#define ROW(name, member, n) {						\
	.scope = { "pg", 2 }, .group = { name, strlen(name) }, .id = member,	\
	.count = n, .uid = 1, .weight = 1					\
}

#define SEND_ROWS(...) do {						\
	size_t rows_len = rows_frame(self->data, __VA_ARGS__);		\
									\
	ASSERT_TRUE(puppet_send(self->puppet, 0, self->data, rows_len));	\
	RUN(20 * LOOP_MS);						\
} while (0)

/* The network brings back what the node has said itself: nobody new. */
TEST_F(puppet, dyn_distribution)
{
	struct core_stats stats;

	ASSERT_TRUE(puppet_pass_on(self->puppet, 0, 0));
	RUN(50 * LOOP_MS);
	ASSERT_FALSE(puppet_is_up(self->puppet, 0));
	ASSERT_EQ(0, puppet_got(self->puppet, 0, FRAME_BYE));
	core_stats(sim_core(self->node[0]), &stats);
	ASSERT_EQ(1, stats.rx_own);
	ASSERT_EQ(0, stats.duplicates);
	ASSERT_EQ(0, stats.nodes);
}

/* Who does not know that removals may say why is sent such that do not, as ever. */
TEST_F(puppet, who_does_not_know_ends_is_not_told_them)
{
	struct sim_events events;
	struct sim_node *other = sim_boot(self->sim, 2, "c", &plain);

	INTRODUCE();
	for (uint64_t id = 1; id <= 5; id++)
		sim_set(self->node[0], "pg", "g", id, 1);
	RUN(LOOP_S);
	for (uint64_t id = 1; id <= 5; id++)
		sim_set(self->node[0], "pg", "g", id, 0);
	RUN(LOOP_S);
	sim_events(other, &events);
	ASSERT_EQ(5, events.ends);
	ASSERT_EQ(5, puppet_removals(self->puppet, 0));
	ASSERT_EQ(0, puppet_ends(self->puppet, 0));
}

/* Somebody else has its name: told to both, and refused. */
TEST_F(puppet, the_own_name_is_refused)
{
	struct core_stats stats;

	ASSERT_TRUE(puppet_hello(self->puppet, 0, "a", 1, 1, 1));
	RUN(50 * LOOP_MS);
	ASSERT_FALSE(puppet_is_up(self->puppet, 0));
	ASSERT_EQ(1, puppet_got(self->puppet, 0, FRAME_BYE));
	core_stats(sim_core(self->node[0]), &stats);
	ASSERT_EQ(0, stats.rx_own);
	ASSERT_EQ(1, stats.duplicates);
	ASSERT_EQ(0, stats.nodes);
}

/* A wrong snapshot is replaced by a right one, which told again is no event. */
TEST_F(puppet, forced_sync)
{
	const struct core_row right[] = { ROW("g", 1, 1), ROW("g", 2, 1) };
	const struct core_row wrong[] = { ROW("g", 1, 5), ROW("h", 1, 1) };
	struct sim_events before, after;

	INTRODUCE();
	SEND_ROWS(0, 5, true, true, right, 2);
	ASSERT_EQ(2, sim_sees(self->node[0], "p", "pg", "g"));
	SEND_ROWS(0, 6, true, true, wrong, 2);
	ASSERT_EQ(5, sim_sees(self->node[0], "p", "pg", "g"));
	ASSERT_EQ(1, sim_sees(self->node[0], "p", "pg", "h"));
	SEND_ROWS(0, 7, true, true, right, 2);
	ASSERT_EQ(2, sim_sees(self->node[0], "p", "pg", "g"));
	ASSERT_FALSE(sim_sees_group(self->node[0], "pg", "h"));
	sim_events(self->node[0], &before);
	SEND_ROWS(0, 8, true, true, right, 2);
	SEND_ROWS(8, 9, false, false, right, 2);
	sim_events(self->node[0], &after);
	ASSERT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

/* An answer that only an unregister has is no leave to give a name away. */
TEST_F(puppet, who_misses_a_name_does_not_grant_it)
{
	const struct frame_name answer = { .ticket = 1, .verdict = CORE_NAME_MISSING };
	struct wire_writer w = { .data = self->data, .size = sizeof(self->data) };
	enum core_name_verdict verdict;
	uint64_t request;

	INTRODUCE();
	request = sim_register(self->node[0], "x", 1, 7, CORE_KEEP_FIRST, false);
	RUN(20 * LOOP_MS);
	ASSERT_EQ(1, puppet_got(self->puppet, 0, FRAME_NAME_ASK));
	frame_put_name(&w, FRAME_NAME_ANSWER, &answer);
	ASSERT_TRUE(puppet_send(self->puppet, 0, self->data, w.len));
	RUN(50 * LOOP_MS);
	/* It is asked once more, and says nothing. */
	ASSERT_EQ(2, puppet_got(self->puppet, 0, FRAME_NAME_ASK));
	RUN(6 * LOOP_S);
	ASSERT_TRUE(registry_result(sim_registry(self->sim), request, &verdict));
	ASSERT_EQ(CORE_NAME_LATE, verdict);
}

/* Nor is a fencing number beyond all reason the one that the next is above. */
TEST_F(puppet, fences_of_no_reason_are_not_followed)
{
	const struct frame_name answer = { .ticket = 1, .fence = FRAME_FENCE_MAX };
	struct wire_writer w = { .data = self->data, .size = sizeof(self->data) };
	uint64_t fence;

	INTRODUCE();
	sim_register(self->node[0], "x", 1, 7, CORE_KEEP_FIRST, false);
	RUN(20 * LOOP_MS);
	frame_put_name(&w, FRAME_NAME_ANSWER, &answer);
	ASSERT_TRUE(puppet_send(self->puppet, 0, self->data, w.len));
	RUN(50 * LOOP_MS);
	ASSERT_EQ(1, registry_holder(sim_registry(self->sim), self->node[0], "x", &fence));
	ASSERT_LT(fence, 1ull << 62);
}

/* The last one that is believed is; to those above it the kernel comes by itself. */
TEST_F(puppet, fences_have_an_end_and_names_are_had_beyond_it)
{
	static const char *const held[] = { "x", "y" };
	struct frame_name answer = { .fence = 1ull << 62 };
	uint64_t fence, last = answer.fence;

	INTRODUCE();
	for (uint64_t i = 0; i < 2; i++) {
		struct wire_writer w = { .data = self->data, .size = sizeof(self->data) };

		sim_register(self->node[0], held[i], 1, 7, CORE_KEEP_FIRST, false);
		RUN(20 * LOOP_MS);
		answer.ticket = 1 + i;
		frame_put_name(&w, FRAME_NAME_ANSWER, &answer);
		ASSERT_TRUE(puppet_send(self->puppet, 0, self->data, w.len));
		RUN(50 * LOOP_MS);
		ASSERT_EQ(1, registry_holder(sim_registry(self->sim), self->node[0], held[i],
					     &fence));
		ASSERT_GT(fence, last);
		last = fence;
	}
}

TEST_F(puppet, a_gap_asks_for_a_snapshot)
{
	const struct core_row row = ROW("g", 1, 1), other = ROW("g", 2, 1);
	struct core_stats stats;

	INTRODUCE();
	SEND_ROWS(0, 5, true, true, &row, 1);
	SEND_ROWS(6, 7, false, false, &other, 1);
	ASSERT_EQ(1, puppet_got(self->puppet, 0, FRAME_RESYNC));
	/* Until it comes nothing else counts. */
	SEND_ROWS(5, 7, false, false, &other, 1);
	ASSERT_EQ(1, sim_sees(self->node[0], "p", "pg", "g"));
	SEND_ROWS(0, 8, true, true, &row, 1);
	SEND_ROWS(8, 9, false, false, &other, 1);
	ASSERT_EQ(2, sim_sees(self->node[0], "p", "pg", "g"));
	core_stats(sim_core(self->node[0]), &stats);
	ASSERT_EQ(1, stats.rx_gaps);
	ASSERT_EQ(2, stats.snapshots_received);
}

TEST_F(puppet, another_digest_asks_for_a_snapshot_once)
{
	struct wire_writer w = { .data = self->data, .size = FRAME_MAX };
	struct core_stats stats;

	INTRODUCE();
	SEND_ROWS(0, 5, true, true, NULL, 0);
	frame_put_digest(&w, 5, 1, 99);
	for (int i = 0; i < 5; i++) {
		ASSERT_TRUE(puppet_send(self->puppet, 0, self->data, w.len));
		RUN(20 * LOOP_MS);
	}
	core_stats(sim_core(self->node[0]), &stats);
	ASSERT_EQ(5, stats.digests_failed);
	ASSERT_EQ(1, puppet_got(self->puppet, 0, FRAME_RESYNC));
}

/* However often it is asked for, a snapshot is sent again once a second. */
TEST_F(puppet, who_asks_for_snapshots_all_the_time_waits_for_them)
{
	struct wire_writer w = { .data = self->data, .size = FRAME_MAX };

	INTRODUCE();
	frame_put_resync(&w);
	for (int i = 0; i < 100; i++) {
		ASSERT_TRUE(puppet_send(self->puppet, 0, self->data, w.len));
		RUN(LOOP_MS);
	}
	RUN(500 * LOOP_MS);
	ASSERT_EQ(2, puppet_got(self->puppet, 0, FRAME_ROWS));
	/* All that were owed are one. */
	RUN(1000 * LOOP_MS);
	ASSERT_EQ(3, puppet_got(self->puppet, 0, FRAME_ROWS));
	RUN(3000 * LOOP_MS);
	ASSERT_EQ(3, puppet_got(self->puppet, 0, FRAME_ROWS));
}

/* However often something is wrong, a snapshot is asked for once a second, and told. */
TEST_F(puppet, who_is_wrong_all_the_time_is_asked_now_and_then)
{
	const struct core_row row = ROW("g", 1, 1);
	uint64_t before[4], after[4];

	INTRODUCE();
	sim_logs(self->sim, before);
	for (uint64_t i = 0; i < 20; i++) {
		SEND_ROWS(0, 5, true, true, &row, 1);
		SEND_ROWS(6, 7, false, false, &row, 1);
	}
	sim_logs(self->sim, after);
	ASSERT_EQ(1, puppet_got(self->puppet, 0, FRAME_RESYNC));
	ASSERT_EQ(1, after[CORE_LOG_ERROR] - before[CORE_LOG_ERROR]);
	RUN(1000 * LOOP_MS);
	ASSERT_EQ(2, puppet_got(self->puppet, 0, FRAME_RESYNC));
	RUN(3000 * LOOP_MS);
	ASSERT_EQ(2, puppet_got(self->puppet, 0, FRAME_RESYNC));
}

/* An agent that says another name each time fills no tables. */
TEST_F(puppet, who_has_many_names_is_refused)
{
	struct sim_node_config long_grace = plain;
	struct core_stats stats;
	unsigned int refused = 0;
	char name[8];

	long_grace.grace = 10 * LOOP_S;
	sim_configure(self->node[0], &long_grace);
	/* So that there are nodes of these names. */
	for (unsigned int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		sim_crash(sim_boot(self->sim, 2, name, &plain), LOOP_AGENT);
	}
	memset(self->data, 0xff, 100);
	for (unsigned int i = 0; i < 20; i++) {
		while (!puppet_is_up(self->puppet, 0))
			RUN(LOOP_MS);
		snprintf(name, sizeof(name), "p%u", i);
		ASSERT_TRUE(puppet_hello(self->puppet, 0, name, P_INCARNATION + 1 + i, 1, 1));
		RUN(20 * LOOP_MS);
		ASSERT_TRUE(puppet_auth(self->puppet, 0, 1));
		RUN(20 * LOOP_MS);
		core_stats(sim_core(self->node[0]), &stats);
		ASSERT_GE(8, stats.nodes);
		if (!puppet_is_up(self->puppet, 0)) {
			refused++;
			continue;
		}
		ASSERT_TRUE(puppet_send(self->puppet, 0, self->data, 100));
		RUN(20 * LOOP_MS);
	}
	ASSERT_LT(0, refused);
	/* And they go. */
	RUN(20 * LOOP_S);
	core_stats(sim_core(self->node[0]), &stats);
	ASSERT_EQ(0, stats.nodes);
}

TEST_F(puppet, what_can_not_be_read_ends_the_connection)
{
	struct core_stats stats;

	INTRODUCE();
	memset(self->data, 0xff, 100);
	ASSERT_TRUE(puppet_send(self->puppet, 0, self->data, 100));
	RUN(50 * LOOP_MS);
	ASSERT_EQ(1, puppet_got(self->puppet, 0, FRAME_BYE));
	ASSERT_FALSE(puppet_is_up(self->puppet, 0));
	core_stats(sim_core(self->node[0]), &stats);
	ASSERT_EQ(1, stats.rx_bad);
}

/* A type that is not known yet is passed over. */
TEST_F(puppet, a_frame_of_the_future_is_passed_over)
{
	struct wire_writer w = { .data = self->data, .size = FRAME_MAX };

	INTRODUCE();
	wire_put_array(&w, 2);
	wire_put_uint(&w, 1000);
	wire_put_open_map(&w);
	wire_put_uint(&w, 1);
	wire_put_uint(&w, 7);
	wire_put_break(&w);
	ASSERT_TRUE(puppet_send(self->puppet, 0, self->data, w.len));
	RUN(50 * LOOP_MS);
	ASSERT_TRUE(puppet_is_up(self->puppet, 0));
	ASSERT_EQ(0, puppet_got(self->puppet, 0, FRAME_BYE));
}

TEST_F(puppet, a_wrong_mac_gets_nothing)
{
	ASSERT_TRUE(puppet_hello(self->puppet, 0, "p", P_INCARNATION, 1, 1));
	RUN(20 * LOOP_MS);
	ASSERT_TRUE(puppet_auth(self->puppet, 0, 2));
	RUN(50 * LOOP_MS);
	ASSERT_EQ(0, puppet_got(self->puppet, 0, FRAME_ROWS));
	ASSERT_EQ(1, puppet_got(self->puppet, 0, FRAME_BYE));
	ASSERT_FALSE(puppet_is_up(self->puppet, 0));
}

/* With the key he would be it; so might who passes on what comes later, too. */
TEST_F(puppet, who_passes_on_what_another_node_says_is_not_that_node)
{
	struct core_stats stats;

	sim_boot(self->sim, 2, "b", &plain);
	loop_cut(sim_net(self->sim), 0, 2, true);
	loop_cut(sim_net(self->sim), 2, 0, true);
	while (!puppet_got(self->puppet, 0, FRAME_HELLO) ||
	       !puppet_got(self->puppet, 2, FRAME_HELLO))
		RUN(LOOP_MS);
	ASSERT_TRUE(puppet_pass_on(self->puppet, 2, 0));
	RUN(50 * LOOP_MS);
	ASSERT_FALSE(puppet_is_up(self->puppet, 0));
	ASSERT_EQ(1, puppet_got(self->puppet, 0, FRAME_BYE));
	core_stats(sim_core(self->node[0]), &stats);
	ASSERT_EQ(1, stats.rx_bad);
	ASSERT_EQ(0, stats.nodes);
}

TEST_F(puppet, before_it_is_known_a_peer_is_kept_short)
{
	struct core_stats stats;
	size_t len = rows_frame(self->data, 0, 5, true, true, NULL, 0);

	/* Rows before a name. */
	ASSERT_TRUE(puppet_send(self->puppet, 0, self->data, len));
	RUN(50 * LOOP_MS);
	ASSERT_FALSE(puppet_is_up(self->puppet, 0));
	while (!puppet_is_up(self->puppet, 0))
		RUN(LOOP_MS);
	/* More than a HELLO may have. */
	memset(self->data, 0, 2000);
	ASSERT_TRUE(puppet_send(self->puppet, 0, self->data, 2000));
	RUN(50 * LOOP_MS);
	ASSERT_FALSE(puppet_is_up(self->puppet, 0));
	core_stats(sim_core(self->node[0]), &stats);
	ASSERT_EQ(2, stats.rx_bad);
	ASSERT_EQ(0, stats.nodes);
}

TEST(strangers_are_few)
{
	struct sim_node_config config = plain;
	struct sim *sim = new_sim(true);
	struct core_stats stats;
	struct sim_node *node;

	config.hello_max = 3;
	node = sim_boot(sim, 0, "a", &config);
	for (unsigned int site = 1; site < SITES; site++)
		sim_puppet(sim, site);
	for (int i = 0; i < 3000; i++) {
		ASSERT_TRUE(sim_run(sim, LOOP_MS));
		core_stats(sim_core(node), &stats);
		ASSERT_LE(stats.peers, 3);
	}
	sim_free(sim);
}

/* All others connect to one at once when its agent comes back. */
TEST(many_nodes_meet_again_before_any_is_given_up)
{
	enum { MANY = 40 };
	struct sim_config config = {
		.loop = { .sites = MANY, .window = 16, .delay = 20 * LOOP_MS,
			  .jitter = 2 * LOOP_MS, .notice = LOOP_S, .retry = LOOP_MS,
			  .strangers = ENGINE_STRANGERS },
	};
	struct sim *sim = sim_new(&config, 3);
	enum core_node_state state;
	struct sim_node *node[MANY];
	char name[8];

	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		node[i] = sim_boot(sim, i, name, &patient);
		sim_set(node[i], "pg", "g", 1, 1);
	}
	ASSERT_TRUE(sim_settle(sim, SETTLE)) TH_LOG("%s", sim_failure(sim));
	sim_kill_agent(node[MANY - 1]);
	sim_start_agent(node[MANY - 1]);
	ASSERT_TRUE(sim_run(sim, LOOP_S));
	for (unsigned int i = 0; i < MANY - 1; i++) {
		ASSERT_TRUE(sim_knows(node[i], name, &state));
		ASSERT_EQ(CORE_NODE_FRESH, state);
		ASSERT_EQ(0, refusals(node[i], BYE_BUSY));
	}
	ASSERT_EQ(0, refusals(node[MANY - 1], BYE_BUSY));
	sim_free(sim);
}

/* --- the simulator itself -------------------------------------------------------------- */

static uint64_t trace_of(uint64_t seed)
{
	struct sim_config config = {
		.loop = { .sites = 4, .window = 4, .delay = LOOP_MS, .jitter = 9 * LOOP_MS,
			  .notice = LOOP_S, .notice_jitter = LOOP_S, .retry = LOOP_S / 9 },
	};
	struct sim *sim = sim_new(&config, seed);
	struct sim_node *node[4];
	uint64_t trace;

	for (unsigned int i = 0; i < 4; i++)
		node[i] = sim_boot(sim, i, names[i], &patient);
	for (unsigned int i = 0; i < 100; i++) {
		sim_set(node[i % 4], "pg", "g", 1 + i % 9, 1 + i % 3);
		sim_run(sim, loop_random(sim_net(sim), LOOP_S / 9));
		if (i % 9 == 4)
			loop_reset(sim_net(sim), i % 4, (i + 1) % 4);
	}
	sim_settle(sim, SETTLE);
	trace = sim_failure(sim) ? 0 : sim_trace(sim);
	sim_free(sim);
	return trace;
}

TEST(a_seed_is_the_same_run_again)
{
	uint64_t trace = trace_of(7);

	ASSERT_NE(0, trace);
	ASSERT_EQ(trace, trace_of(7));
	ASSERT_NE(trace, trace_of(8));
}

TEST_HARNESS_MAIN
