// SPDX-License-Identifier: LGPL-2.1-or-later
/* Views: look at the mapping, ask the kernel where it does not tell. */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "view.h"

static int on_fd(const struct nlmsghdr *nlh, void *arg)
{
	return lp_decode_fd(nlh, arg);
}

/* The size stands in the header, so that is mapped first. */
static bool map(struct pgnl_view *view, int fd)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const struct pgnl_view_header *head;
	uint64_t size = 0;
	void *start;

	start = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	if (start == MAP_FAILED)
		return false;
	head = start;
	if (!memcmp(head->magic, PGNL_VIEW_MAGIC, sizeof(head->magic)))
		size = head->size;
	munmap(start, page);
	if (size < page || size > SIZE_MAX)
		return false;
	start = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (start == MAP_FAILED)
		return false;
	if (lp_image_init(&view->image, start, size))
		return true;
	munmap(start, size);
	return false;
}

static int get_mapping(struct pgnl *handle, struct pgnl_view *view)
{
	bool mapped;
	int fd, ret;

	lp_start(handle, PGNL_CMD_VIEW_GET);
	lp_put_scope(handle, view->scope);
	ret = lp_do(handle, on_fd, &fd);
	if (ret)
		return ret;
	mapped = map(view, fd);
	close(fd);
	return mapped ? 0 : lp_fail(handle, EPROTO, "", 0,
				    "the view can't be mapped, or is of another version");
}

/* Without a mapping, may the caller read the scope? */
static int may_read(struct pgnl *handle, const char *scope)
{
	struct pgnl_groups *list = NULL;
	int ret = pgnl_group(handle, scope, "-", &list);

	pgnl_free(list);
	return ret;
}

LP_EXPORT int pgnl_view_open(struct pgnl *handle, const char *scope,
			     uint32_t flags, struct pgnl_view **result)
{
	struct pgnl_view *view = calloc(1, sizeof(*view));
	int ret;

	*result = NULL;
	if (!view)
		return lp_fail(handle, ENOMEM, "", 0, "no memory");
	if (!scope)
		scope = "pg";
	strncpy(view->scope, scope, sizeof(view->scope) - 1);
	view->family = handle->family;
	if (getrandom(&view->random, sizeof(view->random), GRND_NONBLOCK) < 0)
		view->random = (uintptr_t)view;
	ret = strlen(scope) < sizeof(view->scope) ? 0 :
	      lp_fail(handle, EINVAL, "scope", 0, "the name of the scope is too long");
	if (!ret)
		ret = lp_netns_of(mnl_socket_get_fd(handle->sock), &view->netns);
	if (!ret) {
		ret = get_mapping(handle, view);
		view->family = handle->family;
		if (ret && ret != -ENOENT && ret != -EACCES && ret != -ECHILD &&
		    !(flags & PGNL_MAPPED))
			ret = may_read(handle, scope);
	}
	if (ret) {
		free(view);
		return ret;
	}
	*result = view;
	return 0;
}

LP_EXPORT void pgnl_view_close(struct pgnl_view *view)
{
	if (view && view->image.head)
		munmap((void *)view->image.head, view->image.size);
	free(view);
}

LP_EXPORT int pgnl_view_mapped(const struct pgnl_view *view)
{
	return view->image.head != NULL;
}

LP_EXPORT uint64_t pgnl_view_asked(const struct pgnl_view *view)
{
	return __atomic_load_n(&view->asked, __ATOMIC_RELAXED);
}

LP_EXPORT int pgnl_view_lookup(struct pgnl_view *view, const char *name,
			       struct pgnl_view_group *group)
{
	int ret = -EAGAIN;

	if (view->image.head)
		ret = lp_image_lookup(&view->image, name, group);
	if (ret == -EAGAIN)
		ret = lp_ask_members(view, name, NULL, NULL, 0, group);
	return ret < 0 ? ret : 0;
}

LP_EXPORT int pgnl_view_pids(struct pgnl_view *view, const char *name,
			     pid_t *pids, size_t max)
{
	int ret = -EAGAIN;

	if (view->image.head)
		ret = lp_image_pids(&view->image, name, pids, max);
	return ret != -EAGAIN ? ret :
	       lp_ask_members(view, name, NULL, pids, max, NULL);
}

LP_EXPORT int pgnl_view_members(struct pgnl_view *view, const char *name,
				struct pgnl_view_member *members, size_t max)
{
	int ret = -EAGAIN;

	if (view->image.head)
		ret = lp_image_members(&view->image, name, members, max);
	return ret != -EAGAIN ? ret :
	       lp_ask_members(view, name, members, NULL, max, NULL);
}

LP_EXPORT int pgnl_view_meta(struct pgnl_view *view, const char *name,
			     const struct pgnl_view_member *member, void *meta,
			     size_t size)
{
	int ret = -EAGAIN;

	if (view->image.head)
		ret = lp_image_meta(&view->image, name, member, meta, size);
	return ret != -EAGAIN ? ret : lp_ask_meta(view, name, member, meta, size);
}

LP_EXPORT int pgnl_view_pick(struct pgnl_view *view, const char *name,
			     enum pgnl_pick_policy policy,
			     const struct pgnl_pick_opts *opts,
			     struct pgnl_view_member *member)
{
	struct lp_pick pick = {
		.policy = policy,
		.uid = opts ? opts->uid : PGNL_ANY_UID,
		.key = opts ? opts->key : NULL,
		.key_len = opts ? opts->key_len : 0,
		.flags = opts ? opts->flags : 0,
	};
	uint64_t random;
	uint32_t turn = 0;
	int ret = -EAGAIN;

	if ((unsigned int)policy > PGNL_PICK_KEY ||
	    (policy == PGNL_PICK_KEY) != (pick.key != NULL) ||
	    (pick.key && (!pick.key_len || pick.key_len > PGNL_KEY_MAX)))
		return -EINVAL;
	if (view->image.head) {
		if (policy == PGNL_PICK_ROUND_ROBIN)
			turn = __atomic_fetch_add(&view->turn, 1, __ATOMIC_RELAXED);
		/* An odd number: every state comes in turn. */
		random = __atomic_fetch_add(&view->random, 0x9e3779b97f4a7c15u,
					    __ATOMIC_RELAXED);
		ret = lp_image_pick(&view->image, name, &pick, turn, random, member);
	}
	return ret != -EAGAIN ? ret : lp_ask_pick(view, name, &pick, member);
}
