// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <jansson.h>
#include <pgnl.h>
#include <stdio.h>

#include "engine_tipc.h"
#include "report.h"

static const char *state_name(const struct core_node_info *node)
{
	if (node->state == CORE_NODE_SUSPECT)
		return "suspect";
	if (node->state == CORE_NODE_DOWN)
		return "down";
	return node->complete ? "up" : "syncing";
}

/* As a string: it passes 2^53. */
static json_t *big(uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return json_string(text);
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* Since then, in milliseconds. */
static json_t *age(uint64_t now, uint64_t since)
{
	return number(now > since ? (now - since) / 1000000 : 0);
}

/* As another node says it, which may be no UTF-8: JSON has no other strings. */
static json_t *name_of(struct core_text name)
{
	json_t *string = json_stringn(name.len ? name.data : "", name.len);
	char text[CORE_NAME_MAX + 1];

	if (string || name.len > CORE_NAME_MAX)
		return string;
	for (size_t i = 0; i < name.len; i++)
		text[i] = (unsigned char)name.data[i] < 0x80 ? name.data[i] : '?';
	return json_stringn(text, name.len);
}

struct list {
	json_t *entries;
	uint64_t now;
};

static void add_node(void *arg, const struct core_node_info *node)
{
	struct list *list = arg;

	json_array_append_new(list->entries, json_pack(
		"{s:o, s:o, s:s, s:b, s:b, s:b, s:o, s:o, s:o, s:i, s:o}",
		"node", name_of(node->name),
		"incarnation", big(node->incarnation),
		"state", state_name(node),
		"connected", node->address != 0,
		"partial", node->partial,
		"sync_error", node->sync_error,
		"rows", number(node->rows),
		"seq", number(node->seq),
		"lag", number(node->lag),
		"version", (int)node->version,
		"age_ms", age(list->now, node->since)));
}

static json_t *nodes(const struct core *core)
{
	struct list list = { json_array(), session_now() };

	core_nodes(core, add_node, &list);
	return list.entries;
}

static void add_refusal(void *arg, const struct core_refusal_info *info)
{
	struct list *list = arg;

	json_array_append_new(list->entries, json_pack(
		"{s:o, s:o, s:i, s:s, s:b, s:o}",
		"node", name_of(info->node),
		"address", big(info->address),
		"reason", (int)info->reason,
		"text", info->text,
		"theirs", info->theirs,
		"age_ms", age(list->now, info->last)));
}

static json_t *refusals(const struct core *core)
{
	struct list list = { json_array(), session_now() };

	core_refusals(core, add_refusal, &list);
	return list.entries;
}

static json_t *group_nodes(const struct config_group *group)
{
	json_t *names = json_array();

	for (size_t i = 0; group && i < group->n_nodes; i++)
		json_array_append_new(names, json_string(group->nodes[i]));
	return names;
}

static json_t *key_print(const struct auth_keys *keys)
{
	char text[2 * AUTH_PRINT + 1];

	for (size_t i = 0; i < AUTH_PRINT; i++)
		snprintf(text + 2 * i, 3, "%02x", keys->print[i]);
	return json_string(text);
}

static json_t *core_numbers(const struct core *core)
{
	struct core_stats stats;
	json_t *object = json_object();

	core_stats(core, &stats);
#define ADD(field) json_object_set_new(object, #field, number(stats.field))
	ADD(seq);
	ADD(rows);
	ADD(backlog);
	ADD(remote_rows);
	ADD(nodes);
	ADD(peers);
	ADD(memory);
	ADD(digest_memory);
	ADD(tx_frames);
	ADD(tx_bytes);
	ADD(rx_frames);
	ADD(rx_bytes);
	ADD(rx_stale);
	ADD(rx_bad);
	ADD(rx_gaps);
	ADD(rx_foreign);
	ADD(rx_own);
	ADD(duplicates);
	ADD(snapshots_sent);
	ADD(snapshots_received);
	ADD(resyncs);
	ADD(overflows);
	ADD(digests_agreed);
	ADD(digests_failed);
	ADD(names);
	ADD(name_requests);
	ADD(reservations);
#undef ADD
	return object;
}

static json_t *kernel_numbers(const struct session *session)
{
	struct kernel_stats stats;

	session_kernel_stats(session, &stats);
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "events", number(stats.events),
			 "resyncs", number(stats.resyncs), "puts", number(stats.puts),
			 "dropped", number(stats.dropped), "refused", number(stats.refused));
}

static json_t *engine_numbers(const struct engine *engine)
{
	struct engine_tipc_stats stats;

	engine_tipc_stats(engine, &stats);
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", engine->ops->name,
			 "address", number(stats.address),
			 "connected", number(stats.connected), "failed", number(stats.failed),
			 "refused", number(stats.refused));
}

char *report_make(const struct config *config, const struct auth_keys *keys, bool encrypted,
		  const struct session *session, const struct engine *engine)
{
	const struct config_group *group = config_group_of(config, config->node);
	uint64_t rows, digest;
	json_t *object;
	char *text;

	object = json_pack("{s:s, s:s, s:s, s:o, s:o, s:b, s:b, s:o}",
			   "node", config->node, "release", pgnl_version(),
			   "global_group", group ? group->name : "",
			   "group_nodes", group_nodes(group), "key", key_print(keys),
			   "encryption", encrypted, "ready", !!session,
			   "engine", engine_numbers(engine));
	if (object && session) {
		core_digest(session_core(session), &rows, &digest);
		json_object_set_new(object, "digest", big(digest));
		json_object_set_new(object, "core", core_numbers(session_core(session)));
		json_object_set_new(object, "kernel", kernel_numbers(session));
		json_object_set_new(object, "nodes", nodes(session_core(session)));
		json_object_set_new(object, "refusals", refusals(session_core(session)));
	}
	text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	return text;
}
