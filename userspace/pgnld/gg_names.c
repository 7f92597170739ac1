// SPDX-License-Identifier: GPL-2.0-or-later
#include "gg_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct gg_names {
	const char *node;
	struct pgnl *kernel;		/* NULL: not open */
	struct pgnl_names *list;
};

struct gg_names *gg_names_new(const char *node)
{
	struct gg_names *names = calloc(1, sizeof(*names));

	if (names)
		names->node = node;
	return names;
}

static void hang_up(struct gg_names *names)
{
	if (names->kernel)
		pgnl_close(names->kernel);
	names->kernel = NULL;
}

void gg_names_free(struct gg_names *names)
{
	if (!names)
		return;
	hang_up(names);
	pgnl_free(names->list);
	free(names);
}

/* The socket outlives the module, so what it says then is found out by asking. */
static int call(struct gg_names *names)
{
	return names->kernel ? 0 : pgnl_open(&names->kernel);
}

static int look(struct gg_names *names, const char *name)
{
	int ret = call(names);

	if (ret)
		return ret;
	if (name)
		ret = pgnl_name_whereis(names->kernel, NULL, name, &names->list);
	else
		ret = pgnl_name_list(names->kernel, NULL, &names->list);
	return ret < 0 ? ret : 0;
}

int gg_names_look(struct gg_names *names, const char *name)
{
	int ret;

	pgnl_free(names->list);
	names->list = NULL;
	ret = look(names, name);
	/* The module may have been loaded anew, which takes a new socket. */
	if (ret)
		hang_up(names);
	return ret;
}

static struct core_text text_of(const char *string)
{
	return (struct core_text){ string, string ? strlen(string) : 0 };
}

bool gg_names_row(const struct gg_names *names, size_t i, struct gg_row *row)
{
	const struct pgnl_name *name;

	if (!names->list || i >= names->list->n)
		return false;
	name = &names->list->name[i];
	*row = (struct gg_row){
		.name = text_of(name->name),
		.node = text_of(name->holder.node ? name->holder.node : names->node),
		.meta = { name->holder.meta, name->holder.meta_len },
		.id = name->holder.id, .pid = (uint32_t)name->holder.pid,
		.uid = name->holder.uid, .fence = name->fence, .stamp = name->stamp,
		.resolve = name->resolve, .state = name->holder.state,
	};
	return true;
}

bool gg_names_is_here(const struct gg_names *names, size_t i)
{
	return names->list && i < names->list->n && !names->list->name[i].holder.node;
}

int gg_names_scope(struct gg_names *names, struct gg_names_scope *scope)
{
	struct pgnl_scopes *list;
	int ret = call(names);

	if (!ret)
		ret = pgnl_scopes(names->kernel, "global", &list);
	if (ret) {
		hang_up(names);
		return ret;
	}
	if (list->n)
		*scope = (struct gg_names_scope){
			list->scope[0].owner, list->scope[0].group, list->scope[0].perm,
		};
	else
		ret = -ENOENT;
	pgnl_free(list);
	return ret;
}
