// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The agent: other nodes' rows, put into the tables of this one. It has a handle
 * of its own, whose socket is what the kernel knows it by.
 */

#include <stdlib.h>
#include <string.h>

#include "agent.h"

/* Room for a request of PGNL_ROWS_MAX rows, as far as the system lets us. */
#define REQUEST_ROOM (4 << 20)
/* Bytes of rows in a request, so that it fits where it does not. */
#define REQUEST_BYTES (150 * 1024)
/* Rows of an entry, which is a nest of at most 64 KiB. */
#define ENTRY_ROWS 2000

/* --- Nodes ----------------------------------------------------------------- */

static size_t start(struct pgnl_agent *agent, uint8_t cmd, const char *node,
		    uint64_t incarnation)
{
	struct pgnl *handle = agent->handle;
	size_t nest;

	lp_start(handle, cmd);
	nest = lp_put_nest(handle, PGNL_A_PEER);
	lp_put_name(handle, PGNL_A_NODE_NAME, "node", node,
		    PGNL_SCOPE_NAME_MAX);
	lp_put_u64(handle, PGNL_A_NODE_INCARNATION, incarnation);
	return nest;
}

static int request(struct pgnl_agent *agent, size_t nest)
{
	lp_end_nest(agent->handle, nest);
	return lp_do(agent->handle, NULL, NULL);
}

LP_EXPORT int pgnl_agent_node_up(struct pgnl_agent *agent, const char *node,
				 uint64_t incarnation, uint32_t flags)
{
	size_t nest = start(agent, PGNL_CMD_NODE_SET, node, incarnation);

	lp_put_u32(agent->handle, PGNL_A_NODE_STATE, PGNL_STATE_UP);
	if (flags & PGNL_NODE_FRESH)
		lp_put_flag(agent->handle, PGNL_A_NODE_FRESH);
	return request(agent, nest);
}

LP_EXPORT int pgnl_agent_node_suspect(struct pgnl_agent *agent,
				      const char *node, uint64_t incarnation)
{
	size_t nest = start(agent, PGNL_CMD_NODE_SET, node, incarnation);

	lp_put_u32(agent->handle, PGNL_A_NODE_STATE, PGNL_STATE_SUSPECT);
	return request(agent, nest);
}

LP_EXPORT int pgnl_agent_node_down(struct pgnl_agent *agent, const char *node,
				   uint64_t incarnation)
{
	return request(agent, start(agent, PGNL_CMD_NODE_DEL, node,
				    incarnation));
}

LP_EXPORT int pgnl_agent_begin(struct pgnl_agent *agent, const char *node,
			       uint64_t incarnation)
{
	return request(agent, start(agent, PGNL_CMD_REMOTE_BEGIN, node,
				    incarnation));
}

LP_EXPORT int pgnl_agent_commit(struct pgnl_agent *agent, const char *node,
				uint64_t incarnation)
{
	return request(agent, start(agent, PGNL_CMD_REMOTE_COMMIT, node,
				    incarnation));
}

/* --- Rows -------------------------------------------------------------------- */

static uint32_t reason_of(const struct pgnl_agent_row *row)
{
	static const uint32_t reasons[] = {
		[PGNL_BECAUSE_LEFT] = PGNL_REASON_LEFT,
		[PGNL_BECAUSE_EXITED] = PGNL_REASON_EXITED,
		[PGNL_BECAUSE_KILLED] = PGNL_REASON_KILLED,
		[PGNL_BECAUSE_EVICTED] = PGNL_REASON_EVICTED,
		[PGNL_BECAUSE_REPLACED] = PGNL_REASON_REPLACED,
		[PGNL_BECAUSE_CONFLICT] = PGNL_REASON_CONFLICT,
	};

	if (row->count || (size_t)row->reason >= MNL_ARRAY_SIZE(reasons) ||
	    !reasons[row->reason])
		return PGNL_REASON_LEFT;
	return reasons[row->reason];
}

static bool has_status(const struct pgnl_agent_row *row)
{
	uint32_t reason = reason_of(row);

	return row->status != PGNL_UNKNOWN && (reason == PGNL_REASON_EXITED ||
					       reason == PGNL_REASON_KILLED);
}

/* As wait(2) tells it. */
static uint32_t wait_status(const struct pgnl_agent_row *row)
{
	uint32_t status = (uint32_t)row->status;

	if (reason_of(row) == PGNL_REASON_KILLED)
		return (status & 0x7f) | (row->core ? 0x80 : 0);
	return (status & 0xff) << 8;
}

/* May two rows, one after the other, be of one entry? */
static bool go_together(const struct pgnl_agent_row *a,
			const struct pgnl_agent_row *b)
{
	return !a->meta_len && !b->meta_len && !a->stamp && !b->stamp && a->group && b->group &&
	       !strcmp(a->group, b->group) && reason_of(a) == reason_of(b) &&
	       !has_status(a) && !has_status(b);
}

/* How many of the rows are one entry. */
static size_t entry_rows(const struct pgnl_agent_row *rows, size_t n)
{
	size_t i = 1;

	while (i < n && i < ENTRY_ROWS && go_together(&rows[i - 1], &rows[i]))
		i++;
	return i;
}

/* For the caller to free, or NULL. */
static struct pgnl_row *rows_of_entry(const struct pgnl_agent_row *rows, size_t n)
{
	struct pgnl_row *array = calloc(n, sizeof(*array));

	if (!array)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		array[i].id = rows[i].id;
		array[i].pid = rows[i].pid;
		array[i].count = rows[i].count;
		array[i].uid = rows[i].uid;
		array[i].weight = rows[i].weight;
	}
	return array;
}

static void put_registration(struct pgnl *handle, const struct pgnl_agent_row *row)
{
	const struct pgnl_registration told = {
		.fence = row->fence, .stamp = row->stamp, .resolve = row->resolve,
	};

	lp_put_data(handle, PGNL_A_ENTRY_REGISTRATION, &told, sizeof(told), UINT16_MAX);
}

static void put_entry(struct pgnl *handle, const struct pgnl_agent_row *rows,
		      size_t n)
{
	size_t nest = lp_put_nest(handle, PGNL_A_ENTRY);
	struct pgnl_row *array = rows_of_entry(rows, n);

	lp_put_name(handle, PGNL_A_ENTRY_GROUP, "group", rows->group,
		    PGNL_GROUP_NAME_MAX);
	if (array)
		lp_put_data(handle, PGNL_A_ENTRY_ROWS, array,
			    n * sizeof(*array), UINT16_MAX);
	else if (!handle->req_err)
		handle->req_err = lp_fail(handle, ENOMEM, "", 0, "no memory");
	free(array);
	if (rows->meta_len)
		lp_put_data(handle, PGNL_A_ENTRY_META, rows->meta,
			    rows->meta_len, PGNL_META_MAX);
	if (rows->stamp)
		put_registration(handle, rows);
	lp_put_u32(handle, PGNL_A_ENTRY_REASON, reason_of(rows));
	if (has_status(rows))
		lp_put_u32(handle, PGNL_A_ENTRY_STATUS, wait_status(rows));
	lp_end_nest(handle, nest);
}

static int on_put(const struct nlmsghdr *nlh, void *arg)
{
	size_t *dropped = arg;
	struct pgnl_node node;
	struct lp_text name;
	int ret;

	ret = lp_decode_node(nlh, &node, &name);
	if (!ret)
		*dropped += node.dropped;
	return ret;
}

LP_EXPORT int pgnl_agent_put(struct pgnl_agent *agent, const char *scope,
			     const char *node, uint64_t incarnation,
			     const struct pgnl_agent_row *rows, size_t n,
			     size_t *result)
{
	struct pgnl *handle = agent->handle;
	size_t done = 0, dropped = 0, first, some;
	int ret = 0;

	while (done < n && !ret) {
		lp_end_nest(handle, start(agent, PGNL_CMD_REMOTE_PUT, node,
					  incarnation));
		lp_put_scope(handle, scope);
		for (first = done; done < n; done += some) {
			some = entry_rows(&rows[done], n - done);
			if (done + some - first > PGNL_ROWS_MAX ||
			    handle->req->nlmsg_len > REQUEST_BYTES)
				break;
			put_entry(handle, &rows[done], some);
		}
		ret = lp_do(handle, on_put, &dropped);
	}
	if (result)
		*result = dropped;
	return ret;
}

/* --- Life -------------------------------------------------------------------- */

static int on_registered(const struct nlmsghdr *nlh, void *arg)
{
	struct pgnl_agent *agent = arg;
	struct pgnl_node node;
	struct lp_text name;
	int ret;

	ret = lp_decode_node(nlh, &node, &name);
	if (!ret)
		agent->incarnation = node.incarnation;
	return ret;
}

static int take_role(struct pgnl_agent *agent,
		     const struct pgnl_agent_opts *opts)
{
	struct pgnl *handle = agent->handle;
	size_t nest;

	lp_start(handle, PGNL_CMD_AGENT_REGISTER);
	nest = lp_put_nest(handle, PGNL_A_PEER);
	lp_put_name(handle, PGNL_A_NODE_NAME, "node", opts->node,
		    PGNL_SCOPE_NAME_MAX);
	if (opts->incarnation)
		lp_put_u64(handle, PGNL_A_NODE_INCARNATION, opts->incarnation);
	lp_put_u32(handle, PGNL_A_NODE_GRACE, opts->grace);
	if (opts->acts)
		lp_put_u32(handle, PGNL_A_NODE_ACTS, opts->acts);
	if (opts->timeout)
		lp_put_u32(handle, PGNL_A_NODE_TIMEOUT, opts->timeout);
	lp_end_nest(handle, nest);
	return lp_do(handle, on_registered, agent);
}

static void make_room(int fd)
{
	int room = REQUEST_ROOM;

	/* Who may be the agent may do this; it goes without, in more requests. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
}

LP_EXPORT int pgnl_agent_open(const struct pgnl_agent_opts *opts,
			      struct pgnl_agent **result)
{
	struct pgnl_agent *agent = calloc(1, sizeof(*agent));
	int ret;

	*result = NULL;
	if (!agent)
		return -ENOMEM;
	if (opts->flags) {
		free(agent);
		return -EINVAL;
	}
	ret = pgnl_open(&agent->handle);
	if (!ret) {
		make_room(mnl_socket_get_fd(agent->handle->sock));
		lp_upcall_init(agent);
		ret = take_role(agent, opts);
	}
	if (ret) {
		pgnl_agent_close(agent);
		return ret;
	}
	*result = agent;
	return 0;
}

LP_EXPORT void pgnl_agent_close(struct pgnl_agent *agent)
{
	if (!agent)
		return;
	lp_upcall_free(agent);
	pgnl_close(agent->handle);
	free(agent);
}

LP_EXPORT const struct pgnl_error *
pgnl_agent_error(const struct pgnl_agent *agent)
{
	return pgnl_last_error(agent->handle);
}

LP_EXPORT uint64_t pgnl_agent_incarnation(const struct pgnl_agent *agent)
{
	return agent->incarnation;
}
