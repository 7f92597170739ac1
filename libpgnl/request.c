// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Building a request in the handle's buffer. A failure is remembered and told
 * by the exchange, so that the calls need no check after each attribute.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* Far above what the kernel takes, so that it can say so; far below 4 GiB. */
#define REQUEST_MAX (8u << 20)

void lp_start(struct pgnl *handle, uint8_t cmd)
{
	struct genlmsghdr *genl;

	handle->req_err = 0;
	if (getpid() != handle->owner)
		handle->req_err = lp_fail(handle, ECHILD, "", 0,
			"the handle belongs to another process; open a new one after fork");
	handle->req = mnl_nlmsg_put_header(handle->req);
	genl = mnl_nlmsg_put_extra_header(handle->req, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = PGNL_FAMILY_VERSION;
}

static bool make_room(struct pgnl *handle, size_t len)
{
	size_t need = handle->req->nlmsg_len + MNL_ATTR_HDRLEN + MNL_ALIGN(len);
	struct nlmsghdr *req;

	if (handle->req_err)
		return false;
	if (need <= handle->req_size)
		return true;
	if (need > REQUEST_MAX) {
		handle->req_err = lp_fail(handle, E2BIG, "", 0,
					  "the request is too long");
		return false;
	}
	req = realloc(handle->req, 2 * need);
	if (!req) {
		handle->req_err = lp_fail(handle, ENOMEM, "", 0, "no memory");
		return false;
	}
	handle->req = req;
	handle->req_size = 2 * need;
	return true;
}

void lp_put_flag(struct pgnl *handle, uint16_t type)
{
	if (make_room(handle, 0))
		mnl_attr_put(handle->req, type, 0, NULL);
}

void lp_put_u32(struct pgnl *handle, uint16_t type, uint32_t value)
{
	if (make_room(handle, sizeof(value)))
		mnl_attr_put_u32(handle->req, type, value);
}

void lp_put_u64(struct pgnl *handle, uint16_t type, uint64_t value)
{
	if (make_room(handle, sizeof(value)))
		mnl_attr_put_u64(handle->req, type, value);
}

void lp_put_data(struct pgnl *handle, uint16_t type, const void *data,
		 size_t len, size_t max)
{
	if (len > max && !handle->req_err)
		handle->req_err = lp_fail(handle, EINVAL, lp_attr_name(type), 0,
			"%s must have at most %zu bytes", lp_attr_name(type), max);
	else if (make_room(handle, len))
		mnl_attr_put(handle->req, type, len, data);
}

static void put_name(struct pgnl *handle, uint16_t type, const char *name,
		     size_t max, uint32_t index)
{
	size_t len = name ? strnlen(name, max + 1) : 0;

	if ((!len || len > max) && !handle->req_err)
		handle->req_err = lp_fail(handle, EINVAL, lp_attr_name(type), index,
			"%s name must have 1 to %zu bytes", lp_attr_name(type), max);
	else if (make_room(handle, len + 1))
		mnl_attr_put(handle->req, type, len + 1, name);
}

void lp_put_name(struct pgnl *handle, uint16_t type, const char *what,
		 const char *name, size_t max)
{
	size_t len = name ? strnlen(name, max + 1) : 0;

	if ((!len || len > max) && !handle->req_err)
		handle->req_err = lp_fail(handle, EINVAL, what, 0,
			"%s name must have 1 to %zu bytes", what, max);
	else if (make_room(handle, len + 1))
		mnl_attr_put(handle->req, type, len + 1, name);
}

/* By its place, since the buffer may move. */
size_t lp_put_nest(struct pgnl *handle, uint16_t type)
{
	size_t at = handle->req->nlmsg_len;

	if (make_room(handle, 0))
		mnl_attr_nest_start(handle->req, type);
	return at;
}

void lp_end_nest(struct pgnl *handle, size_t nest)
{
	size_t len = handle->req->nlmsg_len - nest;

	if (handle->req_err)
		return;
	if (len > UINT16_MAX)
		handle->req_err = lp_fail(handle, E2BIG, "", 0,
					  "the request is too long");
	else
		mnl_attr_nest_end(handle->req, (struct nlattr *)
				  ((char *)handle->req + nest));
}

void lp_put_scope(struct pgnl *handle, const char *scope)
{
	if (scope)
		put_name(handle, PGNL_A_SCOPE, scope, PGNL_SCOPE_NAME_MAX, 0);
}

void lp_put_alias(struct pgnl *handle, const char *alias)
{
	put_name(handle, PGNL_A_ALIAS, alias, PGNL_SCOPE_NAME_MAX, 0);
}

void lp_put_group(struct pgnl *handle, const char *group)
{
	put_name(handle, PGNL_A_GROUP, group, PGNL_GROUP_NAME_MAX, 0);
}

void lp_put_groups(struct pgnl *handle, const char *const *groups, size_t n)
{
	for (size_t i = 0; i < n && !handle->req_err; i++)
		put_name(handle, PGNL_A_GROUP, groups[i], PGNL_GROUP_NAME_MAX,
			 (uint32_t)i);
}

/* Room for @n numbers, to be filled, or NULL; none is put for none. */
static uint32_t *put_array(struct pgnl *handle, uint16_t type, size_t n)
{
	struct nlattr *attr;

	if (n > PGNL_ROWS_MAX && !handle->req_err)
		handle->req_err = lp_fail(handle, E2BIG, "", 0,
			"more than %d rows in one request", PGNL_ROWS_MAX);
	if (!n || !make_room(handle, n * sizeof(uint32_t)))
		return NULL;
	attr = mnl_nlmsg_get_payload_tail(handle->req);
	attr->nla_type = type;
	attr->nla_len = (uint16_t)(MNL_ATTR_HDRLEN + n * sizeof(uint32_t));
	handle->req->nlmsg_len += attr->nla_len;
	return mnl_attr_get_payload(attr);
}

/* A 0 stands for the caller. */
static uint32_t pid_number(struct pgnl *handle, pid_t pid, size_t index)
{
	if (pid < 0 && !handle->req_err)
		handle->req_err = lp_fail(handle, EINVAL, "pid", (uint32_t)index,
					  "negative pid %d", (int)pid);
	return (uint32_t)(pid ? pid : handle->owner);
}

void lp_put_pids(struct pgnl *handle, const pid_t *pids, size_t n)
{
	uint32_t *list;

	if (n == 1 && !pids[0]) {
		lp_put_flag(handle, PGNL_A_SELF);
		return;
	}
	if (n == 1) {
		lp_put_u32(handle, PGNL_A_PID, pid_number(handle, pids[0], 0));
		return;
	}
	/* Within a list the order counts, so self goes by its pid. */
	list = put_array(handle, PGNL_A_PIDS, n);
	for (size_t i = 0; list && i < n; i++)
		list[i] = pid_number(handle, pids[i], i);
}

void lp_put_owner(struct pgnl *handle, uint32_t owner, uint32_t gid,
		  uint32_t perm)
{
	if (owner != PGNL_KEEP)
		lp_put_u32(handle, PGNL_A_OWNER, owner);
	if (gid != PGNL_KEEP)
		lp_put_u32(handle, PGNL_A_OWNER_GID, gid);
	if (perm != PGNL_KEEP)
		lp_put_u32(handle, PGNL_A_PERM, perm);
}

void lp_put_whom(struct pgnl *handle, const struct pgnl_send_opts *whom)
{
	if (whom->flags & PGNL_LOCAL)
		lp_put_flag(handle, PGNL_A_LOCAL_ONLY);
	if (whom->flags & PGNL_OTHERS)
		lp_put_flag(handle, PGNL_A_OTHERS);
	if (whom->flags & PGNL_ONE)
		lp_put_u32(handle, PGNL_A_POLICY, whom->policy);
	if (whom->uid != PGNL_ANY_UID)
		lp_put_u32(handle, PGNL_A_UID, whom->uid);
	if (whom->key)
		lp_put_data(handle, PGNL_A_KEY, whom->key, whom->key_len,
			    PGNL_KEY_MAX);
	for (size_t i = 0; i < whom->n_ids; i++)
		lp_put_u64(handle, PGNL_A_ID, whom->ids[i]);
}
