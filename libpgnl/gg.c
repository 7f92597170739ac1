// SPDX-License-Identifier: LGPL-2.1-or-later
/* Global groups, and the names of other nodes and groups, as the agent tells them. */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ask.h"
#include "internal.h"

/* Bytes of an answer from an attribute on. */
static int left(const struct lp_answer *answer, const struct nlattr *attr)
{
	return (int)(answer->data + answer->len - (const char *)attr);
}

#define for_each_attr(attr, answer) \
	for ((attr) = (const struct nlattr *)(answer)->data; \
	     mnl_attr_ok(attr, left(answer, attr)); (attr) = mnl_attr_next(attr))

static struct lp_text text_of(const struct nlattr *attr)
{
	struct lp_text text = {
		.data = mnl_attr_get_payload(attr),
		.len = mnl_attr_get_payload_len(attr),
	};

	text.len = strnlen(text.data, text.len);
	return text;
}

static uint32_t u32_of(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U32) < 0 ? 0 : mnl_attr_get_u32(attr);
}

static uint64_t u64_of(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U64) < 0 ? 0 : mnl_attr_get_u64(attr);
}

/* --- info --- */

/* How much of what an answer has. */
struct count {
	size_t groups;
	size_t nodes;
	size_t pids;
	size_t bytes;		/* of texts with their NULs */
};

/* The allocation as it is filled. */
struct filling {
	struct pgnl_gg_info *info;
	struct pgnl_gg_group *group;	/* where the next one goes */
	const char **node;
	pid_t *pid;
	char *text;
};

static struct pgnl_gg_nodes *list_of(struct pgnl_gg_info *info, uint16_t type)
{
	switch (type) {
	case ASK_A_OWN_NODE:
		return &info->own_nodes;
	case ASK_A_SYNCED:
		return &info->synced_nodes;
	case ASK_A_SYNC_ERROR:
		return &info->sync_error;
	case ASK_A_NO_CONTACT:
		return &info->no_contact;
	default:
		return NULL;
	}
}

static void count_group(const struct nlattr *nest, struct count *count)
{
	const struct nlattr *attr;

	count->groups++;
	mnl_attr_for_each_nested(attr, nest) {
		count->nodes += mnl_attr_get_type(attr) == ASK_A_NODE;
		count->bytes += text_of(attr).len + 1;
	}
}

static void count_all(const struct lp_answer *answer, struct count *count)
{
	struct pgnl_gg_info none;
	const struct nlattr *attr;

	for_each_attr(attr, answer) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == ASK_A_OWN || type == ASK_A_OTHER)
			count_group(attr, count);
		else if (list_of(&none, type)) {
			count->nodes++;
			count->bytes += text_of(attr).len + 1;
		}
		count->pids += type == ASK_A_MONITORING;
	}
}

static const char *keep(struct filling *filling, struct lp_text text)
{
	char *to = filling->text;

	memcpy(to, text.data, text.len);
	to[text.len] = '\0';
	filling->text += text.len + 1;
	return to;
}

/* The nodes of a list come in a row. */
static void add_node(struct filling *filling, struct pgnl_gg_nodes *nodes,
		     const struct nlattr *attr)
{
	if (!nodes->n)
		nodes->node = filling->node;
	*filling->node++ = keep(filling, text_of(attr));
	nodes->n++;
}

static void fill_group(struct filling *filling, struct pgnl_gg_group *group,
		       const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case ASK_A_GROUP:
			group->name = keep(filling, text_of(attr));
			break;
		case ASK_A_HIDDEN:
			group->hidden = 1;
			break;
		case ASK_A_NODE:
			add_node(filling, &group->nodes, attr);
			break;
		}
	}
}

static bool is_named(const struct pgnl_gg_group *group, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		struct lp_text text = text_of(attr);

		if (mnl_attr_get_type(attr) == ASK_A_GROUP)
			return group->name && strlen(group->name) == text.len &&
			       !memcmp(group->name, text.data, text.len);
	}
	return false;
}

/* A large group comes in parts. */
static void fill_other(struct filling *filling, const struct nlattr *nest)
{
	struct pgnl_gg_groups *others = &filling->info->other_groups;

	if (!others->n || !is_named(filling->group - 1, nest)) {
		filling->group++;
		others->n++;
	}
	fill_group(filling, filling->group - 1, nest);
}

static void fill(struct filling *filling, const struct nlattr *attr)
{
	struct pgnl_gg_info *info = filling->info;
	uint16_t type = mnl_attr_get_type(attr);
	struct pgnl_gg_nodes *list = list_of(info, type);

	if (list)
		add_node(filling, list, attr);
	else if (type == ASK_A_DEFINED)
		info->state = PGNL_GG_SYNCED;
	else if (type == ASK_A_OWN)
		fill_group(filling, &info->own, attr);
	else if (type == ASK_A_OTHER)
		fill_other(filling, attr);
	else if (type == ASK_A_MONITORING)
		filling->pid[info->monitoring.n++] = (pid_t)u32_of(attr);
}

static struct pgnl_gg_info *make_info(const struct lp_answer *answer)
{
	struct count count = { 0 };
	struct filling filling;
	const struct nlattr *attr;
	char *block;

	count_all(answer, &count);
	block = calloc(1, sizeof(*filling.info) + count.groups * sizeof(*filling.group) +
			  count.nodes * sizeof(*filling.node) +
			  count.pids * sizeof(*filling.pid) + count.bytes);
	if (!block)
		return NULL;
	filling.info = (struct pgnl_gg_info *)block;
	filling.group = (struct pgnl_gg_group *)(filling.info + 1);
	filling.node = (const char **)(filling.group + count.groups);
	filling.pid = (pid_t *)(filling.node + count.nodes);
	filling.text = (char *)(filling.pid + count.pids);
	filling.info->other_groups.group = filling.group;
	filling.info->monitoring.pid = filling.pid;
	for_each_attr(attr, answer) {
		fill(&filling, attr);
	}
	return filling.info;
}

static int ask_info(struct pgnl *handle, uint16_t request, struct pgnl_gg_info **info)
{
	char buffer[LP_REQUEST];
	struct lp_answer answer;
	int ret = lp_ask(handle, lp_ask_begin(buffer, request), &answer);

	if (ret)
		return ret;
	*info = make_info(&answer);
	free(answer.data);
	return *info ? 0 : lp_fail(handle, ENOMEM, "", 0, "no memory");
}

LP_EXPORT int pgnl_gg_info(struct pgnl *handle, struct pgnl_gg_info **info)
{
	*info = NULL;
	return ask_info(handle, ASK_INFO, info);
}

LP_EXPORT int pgnl_gg_global_groups(struct pgnl *handle, struct pgnl_gg_info **info)
{
	int ret = pgnl_gg_info(handle, info);

	if (ret || (*info)->state != PGNL_GG_NO_CONF)
		return ret;
	pgnl_free(*info);
	*info = NULL;
	return PGNL_UNDEFINED;
}

LP_EXPORT int pgnl_gg_own_nodes(struct pgnl *handle, struct pgnl_gg_info **info)
{
	return pgnl_gg_info(handle, info);
}

LP_EXPORT int pgnl_gg_sync(struct pgnl *handle, struct pgnl_gg_info **info)
{
	struct pgnl_gg_info *made;
	int ret;

	if (info)
		*info = NULL;
	ret = ask_info(handle, ASK_SYNC, &made);
	if (ret)
		return ret;
	if (info)
		*info = made;
	else
		pgnl_free(made);
	return PGNL_OK;
}

/* --- names --- */

static int read_text(struct lp_list *list, const struct nlattr *attr, struct pgnl_name *name)
{
	struct lp_text text = text_of(attr);

	switch (mnl_attr_get_type(attr)) {
	case ASK_A_NAME:
		return lp_list_keep_text(list, text, &name->name);
	case ASK_A_NODE:
		return lp_list_keep_text(list, text, &name->holder.node);
	case ASK_A_GROUP:
		return lp_list_keep_text(list, text, &name->global_group);
	case ASK_A_META:
		name->holder.meta_len = mnl_attr_get_payload_len(attr);
		return lp_list_keep(list, mnl_attr_get_payload(attr), name->holder.meta_len,
				    &name->holder.meta);
	default:
		return 0;
	}
}

static void read_number(const struct nlattr *attr, struct pgnl_name *name)
{
	switch (mnl_attr_get_type(attr)) {
	case ASK_A_PID:
		name->holder.pid = (pid_t)u32_of(attr);
		break;
	case ASK_A_ID:
		name->holder.id = u64_of(attr);
		break;
	case ASK_A_UID:
		name->holder.uid = u32_of(attr);
		break;
	case ASK_A_FENCE:
		name->fence = u64_of(attr);
		break;
	case ASK_A_STAMP:
		name->stamp = u64_of(attr);
		break;
	case ASK_A_RESOLVE:
		name->resolve = (enum pgnl_name_resolve)u32_of(attr);
		break;
	case ASK_A_STATE:
		name->holder.state = (uint8_t)u32_of(attr);
		break;
	case ASK_A_ISOLATED:
		name->isolated = 1;
		break;
	}
}

static int add_row(struct lp_list *list, const struct nlattr *nest)
{
	struct pgnl_name name = { .holder = { .count = 1 } };
	const struct nlattr *attr;
	int ret = 0;

	mnl_attr_for_each_nested(attr, nest) {
		ret = read_text(list, attr, &name);
		if (ret)
			return ret;
		read_number(attr, &name);
	}
	return name.name && name.holder.node ? lp_list_add(list, &name) : -EPROTO;
}

/* 1: the agent says that the own kernel knows. */
static int read_rows(const struct lp_answer *answer, struct lp_list *list)
{
	const struct nlattr *attr;
	int ret = 0;

	for_each_attr(attr, answer) {
		if (mnl_attr_get_type(attr) == ASK_A_HERE)
			return 1;
		if (mnl_attr_get_type(attr) == ASK_A_ROW)
			ret = add_row(list, attr);
		if (ret)
			return ret;
	}
	return 0;
}

static void read_sent(const struct lp_answer *answer, struct pgnl_sent *sent)
{
	const struct nlattr *attr;
	uint32_t counts[5];

	for_each_attr(attr, answer) {
		if (mnl_attr_get_type(attr) != ASK_A_SENT ||
		    mnl_attr_get_payload_len(attr) < sizeof(counts))
			continue;
		memcpy(counts, mnl_attr_get_payload(attr), sizeof(counts));
		sent->reached = counts[0];
		sent->full = counts[1];
		sent->no_inbox = counts[2];
		sent->refused = counts[3];
		sent->gone = counts[4];
	}
}

static int put_place(struct pgnl *handle, struct nlmsghdr *nlh, const char *where,
		     const char *name)
{
	if ((where && strlen(where) > PGNL_SCOPE_NAME_MAX + 6) ||
	    (name && (!*name || strlen(name) > PGNL_GROUP_NAME_MAX)))
		return lp_fail(handle, EINVAL, "", 0, "a place or a name that is none");
	if (where)
		mnl_attr_put_strz(nlh, ASK_A_WHERE, where);
	if (name)
		mnl_attr_put_strz(nlh, ASK_A_NAME, name);
	return 0;
}

/* Ask, and take the rows of the answer; *sent, if any, too. */
static int ask_rows(struct pgnl *handle, const struct nlmsghdr *nlh,
		    struct pgnl_names **result, struct pgnl_sent *sent)
{
	struct lp_list list = { .type = &lp_name_type };
	struct lp_answer answer;
	int ret = lp_ask(handle, nlh, &answer);

	if (ret)
		return ret;
	ret = read_rows(&answer, &list);
	if (ret < 0)
		lp_fail(handle, -ret, "", 0, ret == -EPROTO ?
			"the agent makes no sense" : "no memory");
	if (sent)
		read_sent(&answer, sent);
	free(answer.data);
	if (ret == 1) {
		lp_list_reset(&list);
		return 1;
	}
	return lp_list_finish(handle, &list, ret, (void **)result);
}

int lp_gg_names(struct pgnl *handle, const char *where, const char *name,
		struct pgnl_names **result)
{
	char buffer[LP_REQUEST];
	struct nlmsghdr *nlh = lp_ask_begin(buffer, ASK_NAMES);
	int ret = put_place(handle, nlh, where, name);

	return ret ? ret : ask_rows(handle, nlh, result, NULL);
}

/* What became of a message, and who has it or was to have it. */
static int tell_sent(struct pgnl *handle, const struct nlmsghdr *nlh, struct pgnl_sent *sent)
{
	struct pgnl_names *holder = NULL;
	int ret = ask_rows(handle, nlh, &holder, sent);

	if (!ret && holder && holder->n) {
		sent->id = holder->name[0].holder.id;
		sent->pid = holder->name[0].holder.pid;
		snprintf(sent->node, sizeof(sent->node), "%s", holder->name[0].holder.node);
	} else if (!ret) {
		ret = PGNL_UNDEFINED;
	}
	pgnl_free(holder);
	return ret;
}

int lp_gg_send(struct pgnl *handle, const char *where, const char *name,
	       const void *data, size_t len, struct pgnl_sent *sent)
{
	struct pgnl_sent told = { 0 };
	struct nlmsghdr *nlh;
	char *buffer;
	int ret;

	if (len > PGNL_MESSAGE_SIZE)
		return lp_fail(handle, EMSGSIZE, "data", 0, "a message has at most %d bytes",
			       PGNL_MESSAGE_SIZE);
	buffer = malloc(LP_REQUEST + len);
	if (!buffer)
		return lp_fail(handle, ENOMEM, "", 0, "no memory");
	nlh = lp_ask_begin(buffer, ASK_SEND);
	ret = put_place(handle, nlh, where, name);
	if (!ret) {
		mnl_attr_put(nlh, ASK_A_DATA, len, data);
		ret = tell_sent(handle, nlh, &told);
	}
	free(buffer);
	if (sent)
		*sent = told;
	return ret;
}

/* Without an agent, or somebody who answers it, this node is all there is. */
static bool is_nobody_there(int ret)
{
	return ret == -ENOTCONN || ret == -EHOSTUNREACH;
}

LP_EXPORT int pgnl_gg_registered_names(struct pgnl *handle, const char *where,
				       struct pgnl_names **list)
{
	*list = NULL;
	if (!where)
		return lp_fail(handle, EINVAL, "", 0, "no place given");
	return pgnl_name_list(handle, where, list);
}

LP_EXPORT int pgnl_gg_whereis_name(struct pgnl *handle, const char *where, const char *name,
				   struct pgnl_names **list)
{
	int ret = pgnl_name_whereis(handle, where, name, list);
	struct pgnl_names *found = NULL;

	if (where || ret != PGNL_UNDEFINED)
		return ret;
	ret = lp_gg_names(handle, NULL, name, &found);
	if (is_nobody_there(ret) || (ret >= 0 && !found))
		return PGNL_UNDEFINED;
	pgnl_free(*list);
	*list = found;
	if (ret < 0)
		return ret;
	return found->n ? PGNL_OK : PGNL_UNDEFINED;
}

LP_EXPORT int pgnl_gg_send(struct pgnl *handle, const char *where, const char *name,
			   const void *data, size_t len, struct pgnl_sent *sent)
{
	struct pgnl_sent unasked = { 0 };
	int ret;

	sent = sent ? sent : &unasked;
	ret = pgnl_name_send(handle, where, name, data, len, sent);
	if (where || ret != PGNL_UNDEFINED)
		return ret;
	ret = lp_gg_send(handle, NULL, name, data, len, sent);
	return is_nobody_there(ret) ? PGNL_UNDEFINED : ret;
}

/* --- monitor --- */

struct pgnl_gg_monitor {
	int fd;
	char buffer[LP_REQUEST];
};

LP_EXPORT int pgnl_gg_monitor_open(struct pgnl *handle, struct pgnl_gg_monitor **monitor)
{
	struct pgnl_gg_monitor *made = calloc(1, sizeof(*made));
	int fd, ret;

	*monitor = NULL;
	if (!made)
		return lp_fail(handle, ENOMEM, "", 0, "no memory");
	fd = lp_ask_open(handle, lp_ask_begin(made->buffer, ASK_MONITOR));
	if (fd < 0) {
		free(made);
		return fd;
	}
	/* An empty message says that it has begun. */
	ret = lp_ask_next(handle, fd, made->buffer, sizeof(made->buffer));
	if (ret) {
		close(fd);
		free(made);
		return ret;
	}
	made->fd = fd;
	*monitor = made;
	return 0;
}

LP_EXPORT void pgnl_gg_monitor_close(struct pgnl_gg_monitor *monitor)
{
	if (!monitor)
		return;
	close(monitor->fd);
	free(monitor);
}

LP_EXPORT int pgnl_gg_monitor_fd(const struct pgnl_gg_monitor *monitor)
{
	return monitor->fd;
}

static bool read_event(const struct nlmsghdr *nlh, struct pgnl_gg_event *event)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, 0) {
		uint16_t type = mnl_attr_get_type(attr);

		if ((type != ASK_A_UP && type != ASK_A_DOWN) ||
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
			continue;
		event->node = mnl_attr_get_str(attr);
		event->up = type == ASK_A_UP;
		return true;
	}
	return false;
}

LP_EXPORT int pgnl_gg_event_next(struct pgnl_gg_monitor *monitor, int timeout,
				 struct pgnl_gg_event *event)
{
	struct pollfd ready = { .fd = monitor->fd, .events = POLLIN };
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)monitor->buffer;
	ssize_t len;
	int ret;

	ret = poll(&ready, 1, timeout);
	if (ret <= 0)
		return ret < 0 ? -errno : 0;
	len = recv(monitor->fd, monitor->buffer, sizeof(monitor->buffer), 0);
	if (len <= 0)
		return -ENOTCONN;
	return mnl_nlmsg_ok(nlh, (int)len) && read_event(nlh, event) ? 1 : -EPROTO;
}
