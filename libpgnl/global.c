// SPDX-License-Identifier: LGPL-2.1-or-later
/* Registered names, with the results of Erlang's global and global_group. */

#include <string.h>

#include "internal.h"

#define SCOPE "global"

static int compare(const void *a, const void *b)
{
	const struct pgnl_name *left = a, *right = b;

	return strcmp(left->name, right->name);
}

const struct lp_type lp_name_type = {
	.size = sizeof(struct pgnl_name),
	.refs = {
		offsetof(struct pgnl_name, name),
		offsetof(struct pgnl_name, holder.node),
		offsetof(struct pgnl_name, holder.meta),
		offsetof(struct pgnl_name, global_group),
	},
	.n_refs = 4,
	.compare = compare,
};

struct names {
	struct lp_list list;
	const char *asked;	/* the name, where the reply does not tell it */
	struct lp_pending pending;
	bool missing;
};

static int add_name(const struct lp_name *from, void *arg)
{
	struct lp_text text = from->member.group;
	struct pgnl_name name = {
		.fence = from->told.fence,
		.stamp = from->told.stamp,
		.resolve = (enum pgnl_name_resolve)from->told.resolve,
		.holder = from->member.row,
	};
	struct names *names = arg;
	int ret;

	if (!text.data && names->asked)
		text = (struct lp_text) { names->asked, strlen(names->asked) };
	if (!text.data)
		return -EPROTO;
	ret = lp_list_keep_text(&names->list, text, &name.name);
	if (!ret)
		ret = lp_list_keep_text(&names->list, from->member.node,
					&name.holder.node);
	if (!ret && name.holder.meta)
		ret = lp_list_keep(&names->list, name.holder.meta,
				   name.holder.meta_len, &name.holder.meta);
	return ret ? ret : lp_list_add(&names->list, &name);
}

static int on_names(const struct nlmsghdr *nlh, void *arg)
{
	struct names *names = arg;

	return lp_decode_names(nlh, add_name, names, &names->missing);
}

/* Of a request that other nodes may have a say in. */
static int on_asked(const struct nlmsghdr *nlh, void *arg)
{
	struct names *names = arg;
	int ret = lp_decode_pending(nlh, &names->pending);

	return ret ? ret : on_names(nlh, arg);
}

static int on_listed(const struct nlmsghdr *nlh, void *arg)
{
	struct names *names = (struct names *)((char *)arg -
					       offsetof(struct names, list));

	return on_names(nlh, names);
}

static int finish(struct pgnl *handle, struct names *names, int ret,
		  struct pgnl_names **result)
{
	if (result)
		return lp_list_finish(handle, &names->list, ret, (void **)result);
	lp_list_reset(&names->list);
	return ret;
}

static int do_register(struct pgnl *handle, const char *name, pid_t pid,
		       const struct pgnl_name_opts *opts, bool replace,
		       struct pgnl_names **result)
{
	struct names names = { .list = { .type = &lp_name_type }, .asked = name };
	int ret, taken;

	lp_start(handle, PGNL_CMD_NAME_REGISTER);
	lp_put_group(handle, name);
	lp_put_pids(handle, &pid, 1);
	if (replace)
		lp_put_flag(handle, PGNL_A_REPLACE);
	if (opts)
		lp_put_u32(handle, PGNL_A_RESOLVE, opts->resolve);
	if (opts && opts->meta)
		lp_put_data(handle, PGNL_A_META, opts->meta, opts->meta_len,
			    PGNL_META_MAX);
	ret = lp_do_acked(handle, on_asked, &names);
	if (!ret)
		ret = lp_wait(handle, &names.pending, on_names, &names);
	taken = ret == -EEXIST;
	ret = finish(handle, &names, taken ? 0 : ret, result);
	return !ret && taken ? PGNL_NO : ret;
}

LP_EXPORT int pgnl_name_register(struct pgnl *handle, const char *name,
				 pid_t pid, const struct pgnl_name_opts *opts,
				 struct pgnl_names **list)
{
	return do_register(handle, name, pid, opts, false, list);
}

LP_EXPORT int pgnl_name_reregister(struct pgnl *handle, const char *name,
				   pid_t pid, const struct pgnl_name_opts *opts,
				   struct pgnl_names **list)
{
	return do_register(handle, name, pid, opts, true, list);
}

LP_EXPORT int pgnl_name_unregister(struct pgnl *handle, const char *name,
				   int *missing)
{
	struct names names = { .list = { .type = &lp_name_type }, .asked = name };
	int ret;

	lp_start(handle, PGNL_CMD_NAME_UNREGISTER);
	lp_put_group(handle, name);
	ret = lp_do(handle, on_asked, &names);
	if (!ret)
		ret = lp_wait(handle, &names.pending, on_names, &names);
	if (missing)
		*missing = names.missing;
	return finish(handle, &names, ret, NULL);
}

/* Is this place elsewhere, so that the agent has to ask? 1: yes; 0: this node is meant. */
static int is_elsewhere(struct pgnl *handle, const char *where)
{
	struct pgnl_info info;
	int ret;

	if (!where)
		return 0;
	if (!strncmp(where, "group:", 6) && where[6])
		return 1;
	if (strncmp(where, "node:", 5) || !where[5])
		return lp_fail(handle, EINVAL, "", 0,
			       "a place is node:NODE or group:GROUP");
	ret = pgnl_info(handle, &info);
	if (ret)
		return ret;
	return strcmp(where + 5, info.node) ? 1 : 0;
}

/* 1: the own kernel is to be asked; else *list is filled, or it has failed. */
static int ask_elsewhere(struct pgnl *handle, const char *where, const char *name,
			 struct pgnl_names **list)
{
	int ret = is_elsewhere(handle, where);

	*list = NULL;
	if (ret < 0)
		return ret;
	return ret ? lp_gg_names(handle, where, name, list) : 1;
}

LP_EXPORT int pgnl_name_whereis(struct pgnl *handle, const char *where,
				const char *name, struct pgnl_names **list)
{
	struct names names = { .list = { .type = &lp_name_type }, .asked = name };
	int ret;

	ret = ask_elsewhere(handle, where, name, list);
	if (!ret)
		return (*list)->n ? PGNL_OK : PGNL_UNDEFINED;
	if (ret < 0)
		return ret;
	lp_start(handle, PGNL_CMD_NAME_GET);
	lp_put_group(handle, name);
	ret = lp_do(handle, on_names, &names);
	ret = lp_list_finish(handle, &names.list, ret, (void **)list);
	return !ret && names.missing ? PGNL_UNDEFINED : ret;
}

LP_EXPORT int pgnl_name_list(struct pgnl *handle, const char *where,
			     struct pgnl_names **list)
{
	struct names names = { .list = { .type = &lp_name_type } };
	int ret;

	ret = ask_elsewhere(handle, where, NULL, list);
	if (ret != 1)
		return ret;
	lp_start(handle, PGNL_CMD_NAME_GET);
	ret = lp_dump(handle, on_listed, &names.list);
	return lp_list_finish(handle, &names.list, ret, (void **)list);
}

LP_EXPORT int pgnl_name_send(struct pgnl *handle, const char *where,
			     const char *name, const void *data, size_t len,
			     struct pgnl_sent *sent)
{
	int ret;

	ret = is_elsewhere(handle, where);
	/* The agent may find that this node's own group is meant. */
	if (ret == 1)
		ret = lp_gg_send(handle, where, name, data, len, sent);
	else if (!ret)
		ret = 1;
	if (ret != 1)
		return ret;
	ret = pgnl_send(handle, SCOPE, name, data, len, NULL, sent);
	/* The scope is always there, so what is missing is the name. */
	return ret == -ENOENT ? PGNL_UNDEFINED : ret;
}
