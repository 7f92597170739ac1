// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Members of other nodes in views: what is mapped of them is what netlink says,
 * with their node, its state and age, whatever becomes of nodes and agents.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "common.h"
#include "far.h"
#include "pgnl.h"
#include "proc.h"
#include "reads.h"

#define HOUR	3600000
#define MANY	20000

FIXTURE(view_far)
{
	struct client *c;
	struct pgnl *h;
	struct pgnl_agent *agent;
	struct pgnl_view *view;
	struct child a;
};

FIXTURE_SETUP(view_far)
{
	OPEN_OR_SKIP(self->c, client_in_new_netns());
	ASSERT_EQ(0, child_start(&self->a));
	ASSERT_EQ(0, pgnl_open(&self->h));
	ASSERT_EQ(0, open_agent(&self->agent, HOUR));
	ASSERT_EQ(0, pgnl_view_open(self->h, NULL, PGNL_MAPPED, &self->view));
}

FIXTURE_TEARDOWN(view_far)
{
	EXPECT_STREQ("", verify(self->c));
	pgnl_agent_close(self->agent);
	pgnl_view_close(self->view);
	pgnl_close(self->h);
	child_kill(&self->a);
	EXPECT_STREQ("", verify(self->c));
	client_close(self->c);
}

static struct pgnl_agent_row row(const char *group, uint64_t id, uint32_t count)
{
	return (struct pgnl_agent_row) {
		.group = group, .id = id, .count = count, .pid = 100 + id, .uid = id % 3,
		.weight = 1 + id % 1000, .reason = PGNL_BECAUSE_LEFT, .status = PGNL_UNKNOWN,
	};
}

/* That the node has created the group. */
static struct pgnl_agent_row made(const char *group)
{
	return (struct pgnl_agent_row) {
		.group = group, .count = 1, .reason = PGNL_BECAUSE_LEFT, .status = PGNL_UNKNOWN,
	};
}

static int put(struct pgnl_agent *agent, const char *node, const char *group, uint64_t id,
	       uint32_t count)
{
	const struct pgnl_agent_row one = row(group, id, count);
	size_t dropped;
	int ret = pgnl_agent_put(agent, NULL, node, 1, &one, 1, &dropped);

	return ret ? ret : (int)dropped;
}

/* --- Comparing ------------------------------------------------------------- */

static bool is_it(const struct pgnl_view_member *seen, const struct pgnl_member *told)
{
	return seen->id == told->id && !strcmp(seen->node, told->node ? : "");
}

/* The age is that of a moment later. */
static bool same_row(const struct pgnl_view_member *seen, const struct pgnl_member *told)
{
	return seen->pid == told->pid && seen->count == told->count && seen->uid == told->uid &&
	       seen->weight == told->weight && seen->state == told->state &&
	       seen->has_meta == !!told->meta && seen->age + 1 >= told->age &&
	       (seen->state != PGNL_UP || !seen->age);
}

static bool same_meta(struct pgnl_view *view, const char *group,
		      const struct pgnl_view_member *seen, const struct pgnl_member *told)
{
	char meta[PGNL_META_MAX];
	int len = pgnl_view_meta(view, group, seen, meta, sizeof(meta));

	return len == (int)told->meta_len && !memcmp(meta, told->meta ? : "", len);
}

static const char *compare(struct pgnl_view *view, const char *group,
			   const struct pgnl_members *told)
{
	static struct pgnl_view_member seen[MANY + 100];
	static pid_t pids[MANY + 100];
	struct pgnl_view_group sums;
	uint64_t joined = 0;
	size_t local = 0, at = 0;
	int n = pgnl_view_members(view, group, seen, ARRAY_SIZE(seen));

	if (n != (int)told->n)
		return say("%s: %d members, netlink says %zu", group, n, told->n);
	for (int i = 0; i < n; i++) {
		/* Listings of many are the other way round. */
		for (at = i; at < i + told->n; at++)
			if (is_it(&seen[i], &told->member[at % told->n]))
				break;
		if (at == i + told->n || !same_row(&seen[i], &told->member[at % told->n]))
			return say("%s: member %d", group, i);
		if (n < 100 && !same_meta(view, group, &seen[i], &told->member[at % told->n]))
			return say("%s: metadata %d", group, i);
		joined += seen[i].count;
		local += !*seen[i].node;
	}
	if (pgnl_view_pids(view, group, pids, ARRAY_SIZE(pids)) != (int)local)
		return say("%s: pids", group);
	if (pgnl_view_lookup(view, group, &sums) || sums.members != told->n ||
	    sums.joined != joined)
		return say("%s: sums", group);
	return "";
}

/* "" when the view says what netlink says, without asking; nothing changes meanwhile. */
static const char *differs(struct pgnl_view *view, struct pgnl *h, const char *scope,
			   const char *group)
{
	uint64_t asked = pgnl_view_asked(view);
	struct pgnl_members *told;
	const char *wrong = "";
	int missing;

	if (pgnl_members(h, scope, group, 0, &told, &missing))
		return say("netlink: %s", pgnl_last_error(h)->text);
	if (!missing)
		wrong = compare(view, group, told);
	else if (pgnl_view_members(view, group, NULL, 0) != -ENOENT ||
		 pgnl_view_pids(view, group, NULL, 0) != -ENOENT ||
		 pgnl_view_lookup(view, group, NULL) != -ENOENT)
		wrong = say("%s: is there", group);
	pgnl_free(told);
	if (!*wrong && asked != pgnl_view_asked(view))
		wrong = say("%s: asked netlink", group);
	return wrong;
}

/* A writer without memory or time at hand has netlink asked for a while. */
static const char *differs_at_last(struct pgnl_view *view, struct pgnl *h, const char *group)
{
	const char *wrong;

	WAIT_UNTIL(!strstr((wrong = differs(view, h, NULL, group)), "asked netlink"));
	return wrong;
}

#define EXPECT_SAME(group) EXPECT_STREQ("", differs_at_last(self->view, self->h, group))
#define ASSERT_SAME(group) ASSERT_STREQ("", differs_at_last(self->view, self->h, group))

/* Who is picked: "a", the node and id of another member, "nobody", or -errno. */
static const char *chosen(struct pgnl_view *view, const char *group, pid_t a,
			  enum pgnl_pick_policy policy, uint32_t flags)
{
	struct pgnl_pick_opts opts = { .flags = flags, .uid = PGNL_ANY_UID };
	struct pgnl_view_member m;
	int ret;

	if (policy == PGNL_PICK_KEY) {
		opts.key = "key";
		opts.key_len = 3;
	}
	ret = pgnl_view_pick(view, group, policy, &opts, &m);
	if (ret)
		return ret == -ENODATA ? "nobody" : say("%d", ret);
	if (*m.node)
		return say("%s/%" PRIu64, m.node, m.id);
	return m.pid == a ? "a" : "another";
}

#define EXPECT_PICK(who, group, policy, flags) \
	EXPECT_STREQ(who, chosen(self->view, group, self->a.pid, policy, flags))

/* --- What is in it --------------------------------------------------------- */

TEST_F(view_far, members_of_other_nodes_are_in_it)
{
	struct pgnl_agent_row one = row("g", 7, 3);
	struct pgnl_view *late;

	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", self->a.pid, NULL, NULL));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "away", 1, 0));
	one.meta = "tcp:there:80";
	one.meta_len = 12;
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, &one, 1, NULL));
	/* The same id, of another node. */
	ASSERT_EQ(0, put(self->agent, "away", "g", 7, 1));
	ASSERT_EQ(0, put(self->agent, "away", "far", 8, 1));
	EXPECT_SAME("g");
	EXPECT_SAME("far");
	EXPECT_SAME("missing");
	one.meta_len = 3;
	one.weight = 999;
	one.count = 1;
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, &one, 1, NULL));
	EXPECT_SAME("g");
	EXPECT_STREQ("", verify(self->c));
	/* What is there already is written into one that is new. */
	pgnl_view_close(self->view);
	ASSERT_TRUE(WAIT_UNTIL(!usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES)));
	ASSERT_EQ(0, pgnl_view_open(self->h, NULL, PGNL_MAPPED, &late));
	self->view = late;
	EXPECT_SAME("g");
	EXPECT_SAME("far");
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 0));
	EXPECT_SAME("g");
	ASSERT_EQ(0, put(self->agent, "away", "far", 8, 0));
	EXPECT_SAME("far");
	ASSERT_EQ(1, leave(self->c, NULL, "g", self->a.pid));
	EXPECT_SAME("g");
	EXPECT_EQ(0, pgnl_view_asked(self->view));
}

TEST_F(view_far, states_and_ages_are_their_nodes)
{
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "away", 1, 0));
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 1));
	ASSERT_EQ(0, put(self->agent, "away", "g", 8, 1));
	ASSERT_EQ(0, pgnl_agent_node_suspect(self->agent, "there", 1));
	EXPECT_SAME("g");
	/* Rows that come to a node that is suspect already. */
	ASSERT_EQ(0, pgnl_agent_node_suspect(self->agent, "away", 1));
	EXPECT_SAME("g");
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "away", 1, PGNL_NODE_FRESH));
	EXPECT_SAME("g");
	/* Nobody confirms them any more; the next agent does, by mark and sweep. */
	pgnl_agent_close(self->agent);
	EXPECT_SAME("g");
	ASSERT_EQ(0, open_agent(&self->agent, HOUR));
	EXPECT_SAME("g");
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_begin(self->agent, "there", 1));
	ASSERT_EQ(0, put(self->agent, "there", "g", 9, 1));
	EXPECT_SAME("g");
	ASSERT_EQ(0, pgnl_agent_commit(self->agent, "there", 1));
	EXPECT_SAME("g");
	/* Another incarnation has nothing of the first. */
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "away", 2, 0));
	EXPECT_SAME("g");
	ASSERT_EQ(0, pgnl_agent_node_down(self->agent, "there", 1));
	EXPECT_SAME("g");
	EXPECT_EQ(-ENOENT, pgnl_view_lookup(self->view, "g", NULL));
	/* Without grace what an agent leaves goes with it. */
	pgnl_agent_close(self->agent);
	ASSERT_EQ(0, open_agent(&self->agent, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, put(self->agent, "there", "g", 7, 1));
	pgnl_agent_close(self->agent);
	self->agent = NULL;
	EXPECT_TRUE(WAIT_UNTIL(pgnl_view_lookup(self->view, "g", NULL) == -ENOENT));
}

TEST_F(view_far, picks_are_those_of_netlink)
{
	struct pgnl_pick_opts opts = { .uid = PGNL_ANY_UID };
	struct pgnl_view_member m;
	struct pgnl_members *one;
	int seen[4] = {};
	char key[8];

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "away", 1, 0));
	ASSERT_EQ(0, put(self->agent, "there", "g", 1, 1));
	ASSERT_EQ(0, put(self->agent, "away", "g", 2, 1));
	ASSERT_EQ(0, put(self->agent, "away", "g", 3, 1));
	EXPECT_PICK("nobody", "g", PGNL_PICK_CLOSEST, PGNL_LOCAL);
	ASSERT_EQ(0, pgnl_join(self->h, NULL, "g", self->a.pid, NULL, NULL));
	EXPECT_PICK("a", "g", PGNL_PICK_RANDOM, PGNL_LOCAL);
	/* Each of four in turn, and by chance; the closest one is here. */
	for (int i = 0; i < 400; i++) {
		EXPECT_PICK("a", "g", PGNL_PICK_CLOSEST, 0);
		ASSERT_EQ(0, pgnl_view_pick(self->view, "g", PGNL_PICK_RANDOM, NULL, &m));
		seen[*m.node ? m.id : 0]++;
	}
	for (int i = 0; i < 4; i++)
		EXPECT_LT(20, seen[i]);
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, pgnl_view_pick(self->view, "g", PGNL_PICK_ROUND_ROBIN, NULL, &m));
		seen[*m.node ? m.id : 0] = 0;
	}
	EXPECT_EQ(0, seen[0] + seen[1] + seen[2] + seen[3]);
	opts.key = key;
	for (int i = 0; i < 50; i++) {
		opts.key_len = snprintf(key, sizeof(key), "%d", i);
		ASSERT_EQ(0, pgnl_pick(self->h, NULL, "g", PGNL_PICK_KEY, &opts, &one));
		ASSERT_EQ(0, pgnl_view_pick(self->view, "g", PGNL_PICK_KEY, &opts, &m));
		EXPECT_TRUE(is_it(&m, &one->member[0]));
		pgnl_free(one);
	}
	/* Of those that fit the closest, which is elsewhere then. */
	opts = (struct pgnl_pick_opts){ .uid = 2 };
	ASSERT_EQ(0, pgnl_view_pick(self->view, "g", PGNL_PICK_CLOSEST, &opts, &m));
	EXPECT_EQ(2, m.id);
	ASSERT_EQ(1, leave(self->c, NULL, "g", self->a.pid));
	/* Nodes that are not up are passed over, unless asked for. */
	ASSERT_EQ(0, pgnl_agent_node_suspect(self->agent, "away", 1));
	for (enum pgnl_pick_policy policy = 0; policy <= PGNL_PICK_KEY; policy++)
		EXPECT_PICK("there/1", "g", policy, 0);
	ASSERT_EQ(0, put(self->agent, "there", "g", 1, 0));
	EXPECT_PICK("nobody", "g", PGNL_PICK_RANDOM, 0);
	EXPECT_EQ(0, strncmp("away/", chosen(self->view, "g", 0, PGNL_PICK_CLOSEST,
					     PGNL_ANY_STATE), 5));
	EXPECT_EQ(0, pgnl_view_asked(self->view));
}

TEST_F(view_far, groups_of_other_nodes_are_there_also_empty)
{
	struct pgnl_agent_row group = made("made");
	struct pgnl_view *view;

	ASSERT_EQ(0, pgnl_view_open(self->h, "pg2", PGNL_MAPPED, &view));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "pg2", "there", 1, &group, 1, NULL));
	EXPECT_EQ(0, pgnl_view_members(view, "made", NULL, 0));
	EXPECT_STREQ("", differs(view, self->h, "pg2", "made"));
	ASSERT_EQ(1, join(self->c, "pg2", "made", self->a.pid));
	EXPECT_STREQ("", differs(view, self->h, "pg2", "made"));
	/* Created and deleted here, too, it is that node's again. */
	ASSERT_EQ(0, group_new(self->c, "pg2", "made"));
	ASSERT_EQ(0, group_del(self->c, "pg2", "made"));
	EXPECT_EQ(0, pgnl_view_members(view, "made", NULL, 0));
	EXPECT_STREQ("", differs(view, self->h, "pg2", "made"));
	EXPECT_STREQ("", verify(self->c));
	/* Created here, too, it stays when that node goes. */
	ASSERT_EQ(0, group_new(self->c, "pg2", "made"));
	ASSERT_EQ(1, join(self->c, "pg2", "made", self->a.pid));
	ASSERT_EQ(0, pgnl_agent_node_down(self->agent, "there", 1));
	ASSERT_EQ(1, leave(self->c, "pg2", "made", self->a.pid));
	EXPECT_EQ(0, pgnl_view_members(view, "made", NULL, 0));
	EXPECT_STREQ("", differs(view, self->h, "pg2", "made"));
	ASSERT_EQ(0, group_del(self->c, "pg2", "made"));
	EXPECT_STREQ("", differs(view, self->h, "pg2", "made"));
	EXPECT_STREQ("", verify(self->c));
	pgnl_view_close(view);
}

/* It was left by its node, and is there for a listing that is not read. */
TEST_F(view_far, one_that_is_created_after_its_node_has_left_it_is_there)
{
	struct client *reader = client_open();
	struct pgnl_agent_row rows[2] = { made("g"), row("g", 7, 1) };
	struct pgnl_view *view;

	ASSERT_NE(NULL, reader);
	ASSERT_EQ(0, leave_unread(self->agent, rows, reader));
	ASSERT_EQ(0, pgnl_view_open(self->h, "pg2", PGNL_MAPPED, &view));
	EXPECT_STREQ("", differs(view, self->h, "pg2", "g"));
	ASSERT_EQ(0, group_new(self->c, "pg2", "g"));
	EXPECT_EQ(0, pgnl_view_members(view, "g", NULL, 0));
	EXPECT_STREQ("", differs(view, self->h, "pg2", "g"));
	EXPECT_STREQ("", verify(self->c));
	client_close(reader);
	ASSERT_EQ(0, group_del(self->c, "pg2", "g"));
	pgnl_view_close(view);
}

/* A mode that not everybody may read comes to a group that all have read. */
TEST_F(view_far, one_that_comes_to_be_closed_leaves_it)
{
	struct pgnl_agent_row rows[20] = { made("g") };
	struct pgnl_view *view;

	for (size_t i = 1; i < ARRAY_SIZE(rows); i++) {
		rows[i] = row("g", i, 1);
		rows[i].meta = "meta";
		rows[i].meta_len = 4;
	}
	ASSERT_EQ(0, pgnl_view_open(self->h, "pg2", PGNL_MAPPED, &view));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, "pg2", "there", 1, rows, ARRAY_SIZE(rows), NULL));
	EXPECT_STREQ("", differs(view, self->h, "pg2", "g"));
	req_new(self->c, PGNL_CMD_GROUP_NEW);
	put_str(self->c, PGNL_A_SCOPE, "pg2");
	put_str(self->c, PGNL_A_GROUP, "g");
	put_u32(self->c, PGNL_A_PERM, 0770);
	ASSERT_EQ(0, req_do(self->c));
	EXPECT_STREQ("g: asked netlink", differs(view, self->h, "pg2", "g"));
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, pgnl_agent_node_down(self->agent, "there", 1));
	EXPECT_STREQ("g: asked netlink", differs(view, self->h, "pg2", "g"));
	ASSERT_EQ(0, group_del(self->c, "pg2", "g"));
	EXPECT_STREQ("", differs(view, self->h, "pg2", "g"));
	pgnl_view_close(view);
}

/* --- Changes --------------------------------------------------------------- */

static const char *const nodes[] = { "one", "two", "three" };

static const char *group_of(int i)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };

	return names[i % ARRAY_SIZE(names)];
}

static void put_some(struct pgnl_agent *agent, const char *node)
{
	static char meta[PGNL_META_MAX];
	struct pgnl_agent_row rows[40];
	int n = 1 + rand() % ARRAY_SIZE(rows);

	memset(meta, 'a' + rand() % 26, sizeof(meta));
	for (int i = 0; i < n; i++) {
		rows[i] = row(group_of(rand()), 1 + rand() % 60, rand() % 4);
		rows[i].weight = 1 + rand() % 1000;
		rows[i].meta = meta;
		rows[i].meta_len = rand() % 3 ? 0 : rand() % sizeof(meta);
	}
	pgnl_agent_put(agent, NULL, node, 1, rows, n, NULL);
}

static void change_something(FIXTURE_DATA(view_far) *self, const struct crowd *crowd)
{
	const char *node = nodes[rand() % ARRAY_SIZE(nodes)];

	switch (rand() % 12) {
	case 0:
		pgnl_agent_node_down(self->agent, node, 1);
		break;
	case 1:
		pgnl_agent_node_suspect(self->agent, node, 1);
		break;
	case 2:
		pgnl_agent_begin(self->agent, node, 1);
		break;
	case 3:
		pgnl_agent_commit(self->agent, node, 1);
		break;
	case 4:
		leave_all(self->c, NULL, group_of(rand()), crowd->pid[rand() % crowd->n]);
		break;
	case 5:
		join(self->c, NULL, group_of(rand()), crowd->pid[rand() % crowd->n]);
		break;
	case 6:
		if (rand() % 8)
			break;
		pgnl_agent_close(self->agent);
		/* A process that was just forked may have the socket, too. */
		WAIT_UNTIL(!open_agent(&self->agent, HOUR));
		break;
	default:
		pgnl_agent_node_up(self->agent, node, 1, rand() % 2 ? PGNL_NODE_FRESH : 0);
		put_some(self->agent, node);
	}
}

TEST_F(view_far, after_any_changes_it_equals_what_netlink_says)
{
	struct crowd crowd;

	srand(6);
	ASSERT_EQ(0, crowd_start(&crowd, 20));
	for (unsigned int round = 0; again(round, 150); round++) {
		for (int i = 0; i < 10; i++)
			change_something(self, &crowd);
		for (int i = 0; i < 5; i++)
			ASSERT_SAME(group_of(i));
		if (round % 10 == 9)
			ASSERT_STREQ("", verify(self->c));
	}
	crowd_end(&crowd);
	for (int i = 0; i < 5; i++)
		EXPECT_SAME(group_of(i));
}

TEST_F(view_far, many_rows_come_and_go)
{
	static struct pgnl_agent_row rows[MANY];

	for (size_t i = 0; i < MANY; i++)
		rows[i] = row("g", i + 1, 1 + i % 3);
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, MANY, NULL));
	EXPECT_SAME("g");
	ASSERT_EQ(0, pgnl_agent_node_suspect(self->agent, "there", 1));
	EXPECT_SAME("g");
	/* One that is new has to catch up with all of it. */
	pgnl_view_close(self->view);
	ASSERT_TRUE(WAIT_UNTIL(!usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES)));
	ASSERT_EQ(0, pgnl_view_open(self->h, NULL, PGNL_MAPPED, &self->view));
	EXPECT_SAME("g");
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_begin(self->agent, "there", 1));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, MANY / 5, NULL));
	ASSERT_EQ(0, pgnl_agent_commit(self->agent, "there", 1));
	EXPECT_SAME("g");
	ASSERT_EQ(0, pgnl_agent_node_down(self->agent, "there", 1));
	EXPECT_SAME("g");
	EXPECT_EQ(0, pgnl_view_asked(self->view));
}

#define CROWD	3000

struct looks {
	struct pgnl_view *view;
	atomic_int phase;	/* odd: the node's rows are leaving, or have left */
	atomic_long wrong;
	atomic_long good;
};

/* Of a node that goes readers see all rows or none, whatever way they look. */
static void *look_for_parts(void *arg)
{
	static struct pgnl_view_member members[CROWD];
	struct looks *looks = arg;
	struct pgnl_view_group sums;
	int phase, n, ret;

	while ((phase = atomic_load(&looks->phase)) >= 0) {
		n = pgnl_view_members(looks->view, "g", members, CROWD);
		ret = pgnl_view_lookup(looks->view, "g", &sums);
		/* What was looked at while rows were put in says nothing. */
		if (!(phase & 1) || phase != atomic_load(&looks->phase))
			continue;
		if ((n != CROWD && n != 0 && n != -ENOENT) ||
		    (ret ? ret != -ENOENT : sums.members && sums.members != CROWD))
			atomic_fetch_add(&looks->wrong, 1);
		atomic_fetch_add(&looks->good, 1);
	}
	return NULL;
}

TEST_F(view_far, a_node_that_goes_takes_all_rows_along_at_once)
{
	struct looks looks = { .view = self->view };
	static struct pgnl_agent_row rows[CROWD];
	pthread_t thread;

	for (size_t i = 0; i < CROWD; i++)
		rows[i] = row("g", i + 1, 1);
	ASSERT_EQ(0, pthread_create(&thread, NULL, look_for_parts, &looks));
	for (unsigned int round = 0; again(round, 15); round++) {
		long good = looks.good;

		ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
		ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, CROWD, NULL));
		ASSERT_SAME("g");
		atomic_fetch_add(&looks.phase, 1);
		ASSERT_EQ(0, pgnl_agent_node_down(self->agent, "there", 1));
		EXPECT_EQ(-ENOENT, pgnl_view_lookup(self->view, "g", NULL));
		ASSERT_TRUE(WAIT_UNTIL(looks.good > good));
		atomic_fetch_add(&looks.phase, 1);
	}
	atomic_store(&looks.phase, -1);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, looks.wrong);
}

TEST_F(view_far, a_full_view_sends_readers_to_netlink_and_is_mended)
{
	uint64_t pages = usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES);
	static struct pgnl_agent_row rows[1500];
	struct pgnl_view_group sums;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		rows[i] = row(group_of(i), i + 1, 1);
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, pages + 8));
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, ARRAY_SIZE(rows), NULL));
	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(0, pgnl_view_lookup(self->view, group_of(i), &sums));
		EXPECT_EQ(ARRAY_SIZE(rows) / 5, sums.members);
	}
	EXPECT_LT(0, pgnl_view_asked(self->view));
	EXPECT_GE(pages + 8, usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES));
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, 100000));
	for (int i = 0; i < 5; i++)
		EXPECT_TRUE(WAIT_UNTIL(!*differs(self->view, self->h, NULL, group_of(i))));
}

static void add_meta(struct pgnl_agent_row *rows, size_t n, const char meta[PGNL_META_MAX])
{
	for (size_t i = 0; i < n; i++) {
		rows[i].meta = meta;
		rows[i].meta_len = PGNL_META_MAX;
	}
}

TEST_F(view_far, metadata_that_a_full_view_lacks_is_written_when_it_has_room)
{
	struct pgnl_agent_row rows[60];
	char meta[PGNL_META_MAX] = "of a service";

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		rows[i] = row("g", i + 1, 1);
	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, ARRAY_SIZE(rows), NULL));
	ASSERT_SAME("g");
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES,
			       usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES)));
	add_meta(rows, ARRAY_SIZE(rows), meta);
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, ARRAY_SIZE(rows), NULL));
	EXPECT_STREQ("g: asked netlink", differs(self->view, self->h, NULL, "g"));
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, 100000));
	EXPECT_SAME("g");
}

/*
 * What is to be said of another node takes room of its own. Node "there" has ten members
 * of a group, and more nodes have one each: all in the view but that of the last, for
 * which there is no room, though there is some for rows. That node's name is put there.
 */
static void have_node_without_room(struct __test_metadata *_metadata,
				   FIXTURE_DATA(view_far) *self, char *name, size_t size)
{
	static const char meta[PGNL_META_MAX] = "of a service";
	struct pgnl_agent_row rows[60];
	int n = 0;

	ASSERT_EQ(0, pgnl_agent_node_up(self->agent, "there", 1, 0));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		rows[i] = row(i < 10 ? "g" : "room", i + 1, 1);
	add_meta(rows, ARRAY_SIZE(rows), meta);
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, rows, ARRAY_SIZE(rows), NULL));
	ASSERT_SAME("room");
	for (size_t i = 10; i < ARRAY_SIZE(rows); i++)
		ASSERT_EQ(0, put(self->agent, "there", "room", rows[i].id, 0));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES,
			       usage_get(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES)));
	do {
		snprintf(name, size, "n%d", n);
		ASSERT_EQ(0, pgnl_agent_node_up(self->agent, name, 1, 0));
		ASSERT_EQ(0, put(self->agent, name, "g", 100, 1));
	} while (!*differs(self->view, self->h, NULL, "g") && ++n < 100);
	ASSERT_GT(100, n);
	EXPECT_STREQ("", verify(self->c));
}

TEST_F(view_far, a_row_whose_node_has_no_room_takes_none_from_others)
{
	static const char meta[PGNL_META_MAX] = "of a service";
	struct pgnl_agent_row one;
	char name[16];

	have_node_without_room(_metadata, self, name, sizeof(name));
	for (int i = 0; i < 50; i++) {
		one = row("g", 100, 1);
		one.weight = 1 + i;
		ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, name, 1, &one, 1, NULL));
	}
	one = row("other", 200, 1);
	add_meta(&one, 1, meta);
	ASSERT_EQ(0, pgnl_agent_put(self->agent, NULL, "there", 1, &one, 1, NULL));
	EXPECT_STREQ("", differs(self->view, self->h, NULL, "other"));
	EXPECT_STREQ("", verify(self->c));
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, 100000));
	EXPECT_SAME("g");
}

/* The row for which there is no room would take the place of each that leaves. */
TEST_F(view_far, rows_leave_a_group_that_lacks_the_last_one)
{
	char name[16];

	have_node_without_room(_metadata, self, name, sizeof(name));
	for (uint64_t id = 1; id < 10; id++) {
		ASSERT_EQ(0, put(self->agent, "there", "g", id, 0));
		EXPECT_STREQ("g: asked netlink", differs(self->view, self->h, NULL, "g"));
		EXPECT_STREQ("", verify(self->c));
	}
	ASSERT_EQ(0, limit_set(self->c, PGNL_A_LIMIT_NET_VIEW_PAGES, 100000));
	EXPECT_SAME("g");
	ASSERT_EQ(0, put(self->agent, name, "g", 100, 0));
	EXPECT_SAME("g");
}

TEST_HARNESS_MAIN
