// SPDX-License-Identifier: GPL-2.0-only
/* Views. */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <net/genetlink.h>

#include "genl.h"
#include "netlink.h"
#include "perm.h"
#include "scope.h"
#include "table.h"
#include "view.h"

static struct file *open_view(struct genl_info *info, struct pgnl_scope *scope)
{
	struct pgnl_fault fault = { .attr = PGNL_A_SCOPE };
	struct pgnl_view *view;
	struct file *file;

	view = pgnl_view_open(scope, &fault);
	if (IS_ERR(view))
		return ERR_PTR(pgnl_nl_refuse(info, &fault, PTR_ERR(view)));
	file = pgnl_view_file(view);
	if (IS_ERR(file)) {
		NL_SET_ERR_MSG(info->extack, "no file for the view");
		pgnl_view_close(view);
	}
	return file;
}

/* The descriptor is there only if the reply that tells of it is. */
static int reply_file(struct genl_info *info, struct file *file, int fd)
{
	struct sk_buff *reply = pgnl_nl_new_reply(info, PGNL_REPLY_ROOM);
	int err;

	if (!reply)
		return -ENOMEM;
	if (nla_put_u32(reply, PGNL_A_FD, fd)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	nlmsg_end(reply, nlmsg_hdr(reply));
	err = genlmsg_reply(reply, info);
	if (!err)
		fd_install(fd, get_file(file));
	return err;
}

int pgnl_nl_view_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct pgnl_scope *scope;
	struct pgnl_caller who;
	struct file *file;
	int err, fd;

	err = pgnl_nl_begin(&who, skb, info, 0);
	if (err)
		return err;
	scope = pgnl_args_scope(&who, info->attrs[PGNL_A_SCOPE], PGNL_MAY_READ,
				info->extack);
	if (PTR_ERR_OR_ZERO(scope) == -EROFS) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[PGNL_A_SCOPE],
				    "a shared scope has no view");
		return -EOPNOTSUPP;
	}
	if (IS_ERR(scope))
		return PTR_ERR(scope);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		NL_SET_ERR_MSG(info->extack, "no file descriptor is left");
		err = fd;
		goto out_scope;
	}
	file = open_view(info, scope);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
	} else {
		err = reply_file(info, file, fd);
		fput(file);
	}
	if (err)
		put_unused_fd(fd);
out_scope:
	pgnl_scope_put(scope);
	return err;
}
