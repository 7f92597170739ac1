// SPDX-License-Identifier: LGPL-2.1-or-later
/* Join, leave, and the lists of members. */

#include <limits.h>
#include <string.h>

#include "internal.h"

/* --- join ----------------------------------------------------------------- */

struct joined {
	struct pgnl_joined *rows;
	size_t n;
};

static int on_joined(const struct nlmsghdr *nlh, void *arg)
{
	const struct joined *joined = arg;

	if (!joined->rows)
		return 0;
	return lp_decode_joined(nlh, joined->rows, joined->n);
}

static void put_join_opts(struct pgnl *handle, const struct pgnl_join_opts *opts)
{
	if (opts->flags & PGNL_REQUIRED_GROUP)
		lp_put_flag(handle, PGNL_A_REQUIRED_GROUP);
	if (opts->times)
		lp_put_u32(handle, PGNL_A_TIMES, opts->times);
	if (opts->weight)
		lp_put_u32(handle, PGNL_A_WEIGHT, opts->weight);
	if (opts->meta)
		lp_put_data(handle, PGNL_A_META, opts->meta, opts->meta_len,
			    PGNL_META_MAX);
}

LP_EXPORT int pgnl_join_many(struct pgnl *handle, const char *scope,
			     const char *const *groups, size_t n_groups,
			     const pid_t *pids, size_t n_pids,
			     const struct pgnl_join_opts *opts,
			     struct pgnl_joined *rows)
{
	struct joined joined = { rows, n_groups * n_pids };

	lp_start(handle, PGNL_CMD_MEMBER_JOIN);
	lp_put_scope(handle, scope);
	lp_put_groups(handle, groups, n_groups);
	lp_put_pids(handle, pids, n_pids);
	if (opts)
		put_join_opts(handle, opts);
	return lp_do(handle, on_joined, &joined);
}

LP_EXPORT int pgnl_join(struct pgnl *handle, const char *scope,
			const char *group, pid_t pid,
			const struct pgnl_join_opts *opts,
			struct pgnl_joined *joined)
{
	struct pgnl_joined row;
	int ret;

	ret = pgnl_join_many(handle, scope, &group, 1, &pid, 1, opts, &row);
	if (ret)
		return ret;
	/* It ended while the request was under way. */
	if (!row.count)
		return lp_fail(handle, ESRCH, "pid", 0, "no such process");
	if (joined)
		*joined = row;
	return 0;
}

/* --- join on another node --------------------------------------------------- */

struct asked {
	struct pgnl_signalled done;	/* the one process, in one of its counts */
	struct lp_pending pending;
};

static int on_asked(const struct nlmsghdr *nlh, void *arg)
{
	return lp_decode_pending(nlh, &((struct asked *)arg)->pending);
}

static int on_answered(const struct nlmsghdr *nlh, void *arg)
{
	return lp_decode_signalled_on(nlh, &((struct asked *)arg)->done);
}

static int outcome(struct pgnl *handle, const struct pgnl_signalled *done)
{
	if (done->reached)
		return 0;
	if (done->refused)
		return lp_fail(handle, EACCES, "", 0,
			       "that node does not let this user put its processes into groups");
	if (done->gone)
		return lp_fail(handle, ESRCH, "id", 0, "no such process on that node, or group");
	return lp_fail(handle, EHOSTUNREACH, "node", 0,
		       "that node does not answer, or could not do it");
}

LP_EXPORT int pgnl_join_on(struct pgnl *handle, const char *scope,
			   const char *group, const char *node, uint64_t id,
			   uint32_t times)
{
	struct asked asked = { .done = { 0 } };
	int ret;

	lp_start(handle, PGNL_CMD_MEMBER_JOIN);
	lp_put_scope(handle, scope);
	lp_put_group(handle, group);
	lp_put_name(handle, PGNL_A_NODE, "node", node, PGNL_SCOPE_NAME_MAX);
	lp_put_u64(handle, PGNL_A_ID, id);
	if (times)
		lp_put_u32(handle, PGNL_A_TIMES, times);
	ret = lp_do(handle, on_asked, &asked);
	if (!ret)
		ret = lp_wait(handle, &asked.pending, on_answered, &asked);
	return ret ? ret : outcome(handle, &asked.done);
}

/* --- leave ---------------------------------------------------------------- */

struct left {
	uint32_t *counts;
	size_t n;
	uint32_t removed;
};

static int on_left(const struct nlmsghdr *nlh, void *arg)
{
	struct left *left = arg;

	return lp_decode_left(nlh, left->counts, left->n, &left->removed);
}

static int leave(struct pgnl *handle, uint32_t times, struct left *left)
{
	int ret;

	if (times == PGNL_ALL)
		lp_put_flag(handle, PGNL_A_ALL);
	else if (times)
		lp_put_u32(handle, PGNL_A_TIMES, times);
	ret = lp_do(handle, on_left, left);
	if (ret)
		return ret;
	/* The number is a success, so it has to stay positive. */
	return left->removed < INT_MAX ? (int)left->removed : INT_MAX;
}

LP_EXPORT int pgnl_leave_many(struct pgnl *handle, const char *scope,
			      const char *const *groups, size_t n_groups,
			      const pid_t *pids, size_t n_pids, uint32_t times,
			      uint32_t *counts)
{
	struct left left = { .counts = counts, .n = n_groups * n_pids };

	lp_start(handle, PGNL_CMD_MEMBER_LEAVE);
	lp_put_scope(handle, scope);
	lp_put_groups(handle, groups, n_groups);
	lp_put_pids(handle, pids, n_pids);
	return leave(handle, times, &left);
}

LP_EXPORT int pgnl_leave(struct pgnl *handle, const char *scope,
			 const char *group, pid_t pid, uint32_t times,
			 uint32_t *count)
{
	return pgnl_leave_many(handle, scope, &group, 1, &pid, 1, times, count);
}

LP_EXPORT int pgnl_leave_id(struct pgnl *handle, const char *scope,
			    const char *group, uint64_t id, uint32_t times,
			    uint32_t *count)
{
	struct left left = { .counts = count, .n = 1 };

	lp_start(handle, PGNL_CMD_MEMBER_LEAVE);
	lp_put_scope(handle, scope);
	lp_put_group(handle, group);
	lp_put_u64(handle, PGNL_A_ID, id);
	return leave(handle, times, &left);
}

/* --- lists ---------------------------------------------------------------- */

static int compare_names(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : !!a - !!b;
}

static int compare(const void *a, const void *b)
{
	const struct pgnl_member *left = a, *right = b;
	int ret = (left->id > right->id) - (left->id < right->id);

	if (!ret)
		ret = compare_names(left->node, right->node);
	if (!ret)
		ret = compare_names(left->group, right->group);
	return ret ? ret : compare_names(left->scope, right->scope);
}

static const struct lp_type member_type = {
	.size = sizeof(struct pgnl_member),
	.refs = {
		offsetof(struct pgnl_member, node),
		offsetof(struct pgnl_member, meta),
		offsetof(struct pgnl_member, scope),
		offsetof(struct pgnl_member, group),
	},
	.n_refs = 4,
	.compare = compare,
};

/* Members of one group come in a row, so they share the copies of texts. */
static int add_member(const struct lp_member *member, void *arg)
{
	struct lp_list *list = arg;
	const struct pgnl_member *last = lp_list_last(list);
	struct pgnl_member row = member->row;
	int ret;

	row.node = last ? last->node : NULL;
	row.scope = last ? last->scope : NULL;
	row.group = last ? last->group : NULL;
	ret = lp_list_keep_text(list, member->node, &row.node);
	if (!ret)
		ret = lp_list_keep_text(list, member->scope, &row.scope);
	if (!ret)
		ret = lp_list_keep_text(list, member->group, &row.group);
	if (!ret && row.meta)
		ret = lp_list_keep(list, row.meta, row.meta_len, &row.meta);
	return ret ? ret : lp_list_add(list, &row);
}

/* The scope is known to the caller, unless it asked for a process. */
static int add_scope_member(const struct lp_member *member, void *arg)
{
	struct lp_member copy = *member;

	copy.scope = (struct lp_text) { NULL, 0 };
	return add_member(&copy, arg);
}

/* And so is the group, when there was one to ask for. */
static int add_group_member(const struct lp_member *member, void *arg)
{
	struct lp_member copy = *member;

	copy.scope = (struct lp_text) { NULL, 0 };
	copy.group = (struct lp_text) { NULL, 0 };
	return add_member(&copy, arg);
}

static int on_process_groups(const struct nlmsghdr *nlh, void *arg)
{
	struct lp_member_reply reply;

	return lp_decode_members(nlh, add_member, arg, &reply);
}

static int on_scope_members(const struct nlmsghdr *nlh, void *arg)
{
	struct lp_member_reply reply;

	return lp_decode_members(nlh, add_scope_member, arg, &reply);
}

static int on_group_members(const struct nlmsghdr *nlh, void *arg)
{
	struct lp_member_reply reply;

	return lp_decode_members(nlh, add_group_member, arg, &reply);
}

struct group_reply {
	struct lp_list *list;
	struct lp_member_reply reply;
};

static int on_group_reply(const struct nlmsghdr *nlh, void *arg)
{
	struct group_reply *group = arg;

	return lp_decode_members(nlh, add_group_member, group->list,
				 &group->reply);
}

static void put_member_get(struct pgnl *handle, const char *scope,
			   const char *group, uint32_t flags)
{
	lp_start(handle, PGNL_CMD_MEMBER_GET);
	lp_put_scope(handle, scope);
	if (group)
		lp_put_group(handle, group);
	if (flags & PGNL_LOCAL)
		lp_put_flag(handle, PGNL_A_LOCAL_ONLY);
}

LP_EXPORT int pgnl_members(struct pgnl *handle, const char *scope,
			   const char *group, uint32_t flags,
			   struct pgnl_members **result, int *missing)
{
	struct lp_list list = { .type = &member_type };
	struct group_reply one = { .list = &list };
	int ret;

	/* A do shows one moment, so it goes first; a big group needs a dump. */
	put_member_get(handle, scope, group, flags);
	ret = group ? lp_do(handle, on_group_reply, &one) :
		      lp_dump(handle, on_scope_members, &list);
	if (!ret && one.reply.more)
		ret = lp_dump(handle, on_group_members, &list);
	if (missing)
		*missing = one.reply.missing;
	return lp_list_finish(handle, &list, ret, (void **)result);
}

/* Parts of a listing come in the order of time, so the first is the oldest. */
static int on_members_after(const struct nlmsghdr *nlh, void *arg)
{
	struct lp_list *list = arg;

	if (!list->seq)
		list->seq = lp_decode_seq(nlh);
	return on_scope_members(nlh, arg);
}

int lp_members_after(struct pgnl *handle, const char *scope, const char *group,
		     uint32_t flags, struct pgnl_members **result,
		     uint64_t *seq)
{
	struct lp_list list = { .type = &member_type };
	int ret;

	put_member_get(handle, scope, group, flags);
	ret = lp_dump(handle, on_members_after, &list);
	*seq = list.seq;
	return lp_list_finish(handle, &list, ret, (void **)result);
}

LP_EXPORT int pgnl_pick(struct pgnl *handle, const char *scope,
			const char *group, enum pgnl_pick_policy policy,
			const struct pgnl_pick_opts *opts,
			struct pgnl_members **result)
{
	struct lp_list list = { .type = &member_type };
	int ret;

	lp_start(handle, PGNL_CMD_MEMBER_PICK);
	lp_put_scope(handle, scope);
	lp_put_group(handle, group);
	lp_put_u32(handle, PGNL_A_POLICY, policy);
	if (opts && opts->key)
		lp_put_data(handle, PGNL_A_KEY, opts->key, opts->key_len,
			    PGNL_KEY_MAX);
	if (opts && opts->uid != PGNL_ANY_UID)
		lp_put_u32(handle, PGNL_A_UID, opts->uid);
	if (opts && opts->flags & PGNL_LOCAL)
		lp_put_flag(handle, PGNL_A_LOCAL_ONLY);
	if (opts && opts->flags & PGNL_ANY_STATE)
		lp_put_flag(handle, PGNL_A_STALE);
	ret = lp_do(handle, on_group_members, &list);
	if (!ret && list.n != 1)
		ret = lp_fail(handle, EPROTO, "member", 0,
			      "the module picked %zu members", list.n);
	return lp_list_finish(handle, &list, ret, (void **)result);
}

LP_EXPORT int pgnl_process_groups(struct pgnl *handle, pid_t pid,
				  struct pgnl_members **result)
{
	struct lp_list list = { .type = &member_type };
	int ret;

	lp_start(handle, PGNL_CMD_PROCESS_GET);
	lp_put_pids(handle, &pid, 1);
	ret = lp_dump(handle, on_process_groups, &list);
	return lp_list_finish(handle, &list, ret, (void **)result);
}
