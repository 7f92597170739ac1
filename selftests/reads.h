/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that can be read about a membership, read in one call.
 *
 * Each function returns "" when all reads agree with its name, else which one
 * does not, so that a test is EXPECT_STREQ("", seen(...)).
 */
#ifndef PGNL_SELFTESTS_READS_H
#define PGNL_SELFTESTS_READS_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "common.h"

static inline const char *say(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* The text lives until the thread's next say(). */
static inline const char *say(const char *format, ...)
{
	static _Thread_local char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return text;
}

static inline const struct member *member_by_id(const struct members *list, const char *group,
						uint64_t id)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct member *m = &list->at[i];

		if (m->row.id == id && (!group || !m->group || !strcmp(m->group, group)))
			return m;
	}
	return NULL;
}

/* The ways to list a group's members. */
enum listing { LIST_DO, LIST_GROUP, LIST_SCOPE, LISTINGS };

static const char *const listing_name[LISTINGS] = {
	"member-get do", "member-get dump of the group", "member-get dump of the scope",
};

static inline int list_by(struct client *c, enum listing how, const char *scope,
			  const char *group, struct members *list)
{
	if (how == LIST_DO)
		return members(c, scope, group, list);
	return members_dump(c, scope, how == LIST_GROUP ? group : NULL, list);
}

/* 1 when that listing has the id, 0 when not, -errno. */
static inline int listed(struct client *c, enum listing how, const char *scope,
			 const char *group, uint64_t id)
{
	struct members list = {};
	int ret = list_by(c, how, scope, group, &list);

	if (!ret)
		ret = member_by_id(&list, group, id) != NULL;
	members_free(&list);
	return ret;
}

/* Picks by that policy; the id, or 0 when there is nobody, or -errno. */
static inline int64_t picked(struct client *c, const char *scope, const char *group,
			     uint32_t policy)
{
	struct pgnl_row row = {};
	int err;

	if (policy == PGNL_POLICY_KEY)
		err = pick_key(c, scope, group, "key", 3, &row);
	else
		err = pick(c, scope, group, policy, &row);
	if (err == -ENODATA || err == -ENOENT)
		return 0;
	return err ? err : (int64_t)row.id;
}

/* process-get by id or, when that is 0, by pid. */
static inline void process_req(struct client *c, uint64_t id, pid_t pid)
{
	req_new(c, PGNL_CMD_PROCESS_GET);
	if (id)
		put_u64(c, PGNL_A_ID, id);
	else
		put_u32(c, PGNL_A_PID, pid);
}

/* 1 when it is in any group, 0 when it is not or does not exist, -errno. */
static inline int process_do(struct client *c, uint64_t id, pid_t pid)
{
	int err;

	process_req(c, id, pid);
	err = req_do(c);
	if (err)
		return err == -ESRCH ? 0 : err;
	return reply_u64(c, PGNL_A_ID) != 0;
}

/* In how many groups it is, by a dump. */
static inline int process_dump(struct client *c, uint64_t id, pid_t pid)
{
	struct members list = {};
	int ret;

	process_req(c, id, pid);
	ret = req_dump(c);
	if (!ret) {
		members_of_dump(c, &list);
		ret = list.n;
		members_free(&list);
	}
	return ret == -ESRCH ? 0 : ret;
}

/*
 * No read shows that process; its pid may be 0 when another one has it now.
 * What waits for the kernel's clean-up, as dumps do, comes last.
 */
static inline const char *seen(struct client *c, const char *scope, const char *group,
			       uint64_t id, pid_t pid)
{
	enum listing how;
	uint32_t policy;
	int ret;

	ret = listed(c, LIST_DO, scope, group, id);
	if (ret)
		return say("%s: %d", listing_name[LIST_DO], ret);
	for (policy = 0; policy <= PGNL_POLICY_MAX; policy++) {
		int64_t other = picked(c, scope, group, policy);

		if (other < 0 || other == (int64_t)id)
			return say("pick by policy %u: %" PRId64, policy, other);
	}
	ret = process_do(c, id, 0);
	if (ret)
		return say("process-get do by id: %d", ret);
	ret = pid ? process_do(c, 0, pid) : 0;
	if (ret)
		return say("process-get do by pid: %d", ret);

	for (how = LIST_DO + 1; how < LISTINGS; how++) {
		ret = listed(c, how, scope, group, id);
		if (ret)
			return say("%s: %d", listing_name[how], ret);
	}
	ret = process_dump(c, id, 0);
	if (ret)
		return say("process-get dump by id: %d", ret);
	ret = pid ? process_dump(c, 0, pid) : 0;
	return ret ? say("process-get dump by pid: %d", ret) : "";
}

/* Every read that lists members shows it, under that id and pid. */
static inline const char *missed(struct client *c, const char *scope, const char *group,
				 uint64_t id, pid_t pid)
{
	enum listing how;
	int ret;

	for (how = 0; how < LISTINGS; how++) {
		ret = listed(c, how, scope, group, id);
		if (ret != 1)
			return say("%s: %d", listing_name[how], ret);
	}
	ret = process_do(c, id, 0);
	if (ret != 1 || (pid_t)reply_u32(c, PGNL_A_PID) != pid)
		return say("process-get do by id: %d", ret);
	ret = process_do(c, 0, pid);
	if (ret != 1 || reply_u64(c, PGNL_A_ID) != id)
		return say("process-get do by pid: %d", ret);
	ret = process_dump(c, id, 0);
	return ret <= 0 ? say("process-get dump: %d", ret) : "";
}

/*
 * Every count says that the group has @n memberships; 0 means that there is no
 * such group, as in a scope of mode pg.
 */
static inline const char *miscounted(struct client *c, const char *scope, const char *group,
				     uint64_t n)
{
	const struct group_info *info;
	struct groups list = {};
	uint64_t told;
	int ret;

	ret = group_exists(c, scope, group);
	if (ret != (n > 0) || reply_u64(c, PGNL_A_LOCAL) != n)
		return say("group-get do: %d, %" PRIu64, ret, reply_u64(c, PGNL_A_LOCAL));
	ret = groups(c, scope, false, &list);
	info = group_find(&list, group);
	told = info ? info->local : 0;
	groups_free(&list);
	if (ret || (info != NULL) != (n > 0) || told != n)
		return say("group-get dump: %d, %" PRIu64, ret, told);
	return "";
}

/* The scope's own counts, by do and dump. */
static inline const char *scope_miscounted(struct client *c, const char *scope,
					   uint64_t n_groups, uint64_t n_members)
{
	const struct scope_info *found;
	struct scope_info info = {};
	struct scopes list = {};
	int ret;

	ret = scope_get(c, scope, &info);
	if (ret || info.groups != n_groups || info.members != n_members)
		return say("scope-get do: %d, %" PRIu64 " groups, %" PRIu64 " members",
			   ret, info.groups, info.members);
	ret = scopes(c, &list);
	found = scope_find(&list, scope ? : "pg");
	info = found ? *found : (struct scope_info){};
	scopes_free(&list);
	if (ret || info.groups != n_groups || info.members != n_members)
		return say("scope-get dump: %d, %" PRIu64 " groups, %" PRIu64 " members",
			   ret, info.groups, info.members);
	return "";
}

/* All that the caller's user is charged for. */
static inline uint64_t charges(struct client *c)
{
	return usage_get(c, PGNL_A_LIMIT_USER_GROUPS) +
	       usage_get(c, PGNL_A_LIMIT_USER_MEMBERSHIPS);
}

#endif /* PGNL_SELFTESTS_READS_H */
