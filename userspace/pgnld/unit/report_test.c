// SPDX-License-Identifier: GPL-2.0-or-later
/* What the agent tells as JSON, whatever other nodes call themselves. */
#include <jansson.h>
#include <pgnl.h>
#include <stdlib.h>
#include <string.h>

#include "../engine_tipc.h"
#include "../report.h"
#include "../../../selftests/check.h"

/* As frames may have it: no blank and no control character. */
static const char odd[] = "b\xff\xc3\xa4";

/* --- in place of what it tells of ------------------------------------------------- */

static const struct engine_ops ops = { .name = "test" };

const struct core *session_core(const struct session *session)
{
	(void)session;
	return NULL;
}

uint64_t session_now(void)
{
	return 0;
}

void session_kernel_stats(const struct session *session, struct kernel_stats *stats)
{
	(void)session;
	memset(stats, 0, sizeof(*stats));
}

void engine_tipc_stats(const struct engine *engine, struct engine_tipc_stats *stats)
{
	(void)engine;
	memset(stats, 0, sizeof(*stats));
}

void core_stats(const struct core *core, struct core_stats *stats)
{
	(void)core;
	memset(stats, 0, sizeof(*stats));
}

void core_digest(const struct core *core, uint64_t *rows, uint64_t *digest)
{
	(void)core;
	*rows = *digest = 0;
}

void core_nodes(const struct core *core,
		void (*each)(void *arg, const struct core_node_info *info), void *arg)
{
	(void)core;
	each(arg, &(struct core_node_info){ .name = { odd, strlen(odd) } });
	each(arg, &(struct core_node_info){ .name = { "node of more", 4 } });
}

void core_refusals(const struct core *core,
		   void (*each)(void *arg, const struct core_refusal_info *info), void *arg)
{
	(void)core;
	each(arg, &(struct core_refusal_info){ .node = { odd, strlen(odd) }, .text = "" });
	each(arg, &(struct core_refusal_info){ .text = "has said no name" });
}

const char *pgnl_version(void)
{
	return "0";
}

/* --- tests ------------------------------------------------------------------------- */

static bool is_node(const json_t *report, const char *list, size_t index, const char *name)
{
	const json_t *entry = json_array_get(json_object_get(report, list), index);
	const char *node = json_string_value(json_object_get(entry, "node"));

	return node && !strcmp(node, name);
}

static void test_odd_names(void)
{
	static const struct config config = { .node = "a" };
	static const struct auth_keys keys;
	const struct engine engine = { .ops = &ops };
	char *text = report_make(&config, &keys, true, (const struct session *)&engine, &engine);
	json_t *report = text ? json_loads(text, 0, NULL) : NULL;

	CHECK(json_array_size(json_object_get(report, "nodes")) == 2);
	CHECK(is_node(report, "nodes", 0, "b???"));
	CHECK(is_node(report, "nodes", 1, "node"));
	CHECK(json_array_size(json_object_get(report, "refusals")) == 2);
	CHECK(is_node(report, "refusals", 0, "b???"));
	CHECK(is_node(report, "refusals", 1, ""));
	json_decref(report);
	free(text);
}

static bool says_encrypted(bool encrypted)
{
	/* What is configured may not be what is done: TIPC may be somebody else's. */
	const struct config config = { .node = "a", .encryption = !encrypted };
	static const struct auth_keys keys;
	const struct engine engine = { .ops = &ops };
	char *text = report_make(&config, &keys, encrypted, NULL, &engine);
	json_t *report = text ? json_loads(text, 0, NULL) : NULL;
	bool says = json_is_true(json_object_get(report, "encryption"));

	json_decref(report);
	free(text);
	return says;
}

static void test_encryption_as_it_is(void)
{
	CHECK(says_encrypted(true));
	CHECK(!says_encrypted(false));
}

int main(void)
{
	RUN(test_odd_names);
	RUN(test_encryption_as_it_is);
	return check_result();
}
