// SPDX-License-Identifier: GPL-2.0-or-later
#include "local.h"

#include <errno.h>
#include <event2/event.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>

#include "../../libpgnl/ask.h"
#include "acceptor.h"
#include "gg_ask.h"
#include "gg_search.h"
#include "outbox.h"

#define CLIENTS		128	/* at once; further ones are turned away */
#define CLIENTS_USER	32	/* of one user, root apart */
#define WAITING_ALL	(128u << 20)	/* bytes for those that read slowly */
#define WAITING_USER	(32u << 20)	/* for those of one user, root apart */
#define MONITOR_MAX	65536		/* and for one that only listens */
#define WHERE_MAX	(6 + CORE_NAME_MAX)

struct client {
	struct client *prev, *next;
	struct local *local;
	int fd;
	struct event *readable, *writable;
	struct ucred who;
	struct outbox outbox;
	bool monitor;
	bool closing;		/* when all has been sent */
	struct ask *ask;
	bool lists;		/* all names of a place, by ask */
	bool waits;		/* its request is not read before such a one has ended */
	struct letter *letter;	/* of a message, until its holder is found */
	unsigned int probes;	/* of a sync that are under way */
	struct probe *probing;
	uint16_t request;
	/* The message that is being written. */
	char *buffer;
	struct nlmsghdr *nlh;
};

struct letter {
	char name[CORE_GROUP_MAX + 1];
	size_t len;
	char data[];
};

/* A node of the own group that is asked which definition it has. */
struct probe {
	struct probe *prev, *next;
	struct client *client;
	struct ask *ask;
};

struct local {
	struct local_env env;
	int fd;
	struct acceptor acceptor;
	const char *node;
	const struct config_group *groups;
	size_t n_groups;
	struct client *clients;
	struct timeval limit;		/* for a client's next step */
};

/* --- what is sent ------------------------------------------------------------------- */

/* It has been answered, or nobody wants the answer. */
static void end_ask(struct client *client)
{
	struct client *other;

	client->ask = NULL;
	if (!client->lists)
		return;
	client->lists = false;
	DL_FOREACH(client->local->clients, other) {
		if (!other->waits || other->who.uid != client->who.uid)
			continue;
		other->waits = false;
		event_add(other->readable, &client->local->limit);
	}
}

static void free_client(struct client *client)
{
	struct probe *probe, *next;

	DL_DELETE(client->local->clients, client);
	ask_cancel(client->ask);
	end_ask(client);
	free(client->letter);
	DL_FOREACH_SAFE(client->probing, probe, next) {
		ask_cancel(probe->ask);
		free(probe);
	}
	if (client->readable)
		event_free(client->readable);
	if (client->writable)
		event_free(client->writable);
	outbox_clear(&client->outbox);
	close(client->fd);
	free(client->buffer);
	free(client);
}

/* May so many bytes more wait for it? Some are kept for root. */
static bool may_wait(const struct client *client, size_t len)
{
	size_t all = len, of_user = len;
	const struct client *other;

	DL_FOREACH(client->local->clients, other) {
		all += other->outbox.bytes;
		of_user += other->who.uid == client->who.uid ? other->outbox.bytes : 0;
	}
	if (!client->who.uid)
		return all <= WAITING_ALL;
	return of_user <= WAITING_USER && all <= WAITING_ALL - WAITING_USER;
}

/* Whoever does not read in time loses the connection, and so knows. */
static void put(struct client *client, const struct nlmsghdr *nlh)
{
	size_t max = client->monitor ? MONITOR_MAX : WAITING_USER;

	/* Nothing comes after what was left out, or an answer would seem to be whole. */
	if (client->closing || !may_wait(client, nlh->nlmsg_len) ||
	    !outbox_put(&client->outbox, nlh, nlh->nlmsg_len, max)) {
		outbox_clear(&client->outbox);
		client->closing = true;
		event_active(client->writable, EV_WRITE, 0);
	} else if (!event_pending(client->writable, EV_WRITE, NULL)) {
		/* The limit is not put off by what comes after. */
		event_add(client->writable, &client->local->limit);
	}
}

static struct nlmsghdr *begin(struct client *client, uint16_t type)
{
	client->nlh = mnl_nlmsg_put_header(client->buffer);
	client->nlh->nlmsg_type = type;
	return client->nlh;
}

/* So many bytes of attributes are to come: go on in another message if need be. */
static struct nlmsghdr *room(struct client *client, size_t bytes)
{
	if (client->nlh->nlmsg_len + bytes + 64 > ASK_SIZE) {
		put(client, client->nlh);
		begin(client, client->request);
	}
	return client->nlh;
}

static void put_string(struct client *client, uint16_t type, const char *text)
{
	mnl_attr_put_strz(room(client, strlen(text)), type, text);
}

/* The end of an answer; of one that came to nothing with an errno and why. */
static void done(struct client *client, int error, const char *text)
{
	if (client->nlh && client->nlh->nlmsg_len > MNL_NLMSG_HDRLEN)
		put(client, client->nlh);
	begin(client, NLMSG_DONE);
	if (error) {
		mnl_attr_put_u32(client->nlh, ASK_A_ERROR, (uint32_t)error);
		mnl_attr_put_strz(client->nlh, ASK_A_TEXT, text);
	}
	put(client, client->nlh);
	client->nlh = NULL;
}

/* --- info --------------------------------------------------------------------------- */

struct putting {
	struct client *client;
	uint16_t type;
};

static void put_node(void *arg, const char *node)
{
	struct putting *putting = arg;

	put_string(putting->client, putting->type, node);
}

static void put_list(struct client *client, enum gg_list list, uint16_t type)
{
	struct putting putting = { client, type };

	gg_nodes(client->local->env.gg, list, put_node, &putting);
}

static void put_nodes_of(struct client *client, uint16_t type, const struct config_group *group,
			 size_t from, size_t to)
{
	struct nlmsghdr *nlh = room(client, (to - from + 2) * (CONFIG_NAME_SIZE + 8));
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put_strz(nlh, ASK_A_GROUP, group->name);
	if (group->hidden)
		mnl_attr_put(nlh, ASK_A_HIDDEN, 0, NULL);
	for (size_t i = from; i < to; i++)
		mnl_attr_put_strz(nlh, ASK_A_NODE, group->nodes[i]);
	mnl_attr_nest_end(nlh, nest);
}

/* In several parts, which have the same name, when it is large. */
#define NODES_AT_ONCE	256

static void put_group(struct client *client, uint16_t type, const struct config_group *group)
{
	for (size_t from = 0; from < group->n_nodes; from += NODES_AT_ONCE) {
		size_t left = group->n_nodes - from;

		put_nodes_of(client, type, group, from,
			     from + (left < NODES_AT_ONCE ? left : NODES_AT_ONCE));
	}
}

static bool put_other(void *arg, const struct config_group *group)
{
	put_group(arg, ASK_A_OTHER, group);
	return true;
}

static void put_info(struct client *client)
{
	struct putting own_nodes = { client, ASK_A_OWN_NODE };
	const struct gg *gg = client->local->env.gg;
	const struct client *other;

	if (gg_is_defined(gg))
		mnl_attr_put(room(client, 0), ASK_A_DEFINED, 0, NULL);
	if (gg_own(gg))
		put_group(client, ASK_A_OWN, gg_own(gg));
	gg_others(gg, put_other, client);
	gg_own_nodes(gg, put_node, &own_nodes);
	put_list(client, GG_SYNCED, ASK_A_SYNCED);
	put_list(client, GG_SYNC_ERROR, ASK_A_SYNC_ERROR);
	put_list(client, GG_NO_CONTACT, ASK_A_NO_CONTACT);
	DL_FOREACH(client->local->clients, other) {
		if (other->monitor)
			mnl_attr_put_u32(room(client, 0), ASK_A_MONITORING,
					 (uint32_t)other->who.pid);
	}
	done(client, 0, NULL);
}

/* --- monitor ------------------------------------------------------------------------ */

static void start_monitor(struct client *client)
{
	client->monitor = true;
	put(client, client->nlh);
}

void local_node(struct local *local, const char *node, bool up)
{
	struct client *client;

	DL_FOREACH(local->clients, client) {
		if (!client->monitor || client->closing)
			continue;
		begin(client, ASK_MONITOR);
		mnl_attr_put_strz(client->nlh, up ? ASK_A_UP : ASK_A_DOWN, node);
		put(client, client->nlh);
	}
}

/* --- rights ------------------------------------------------------------------------- */

/* Is it in the group of users? */
static bool is_in_group(const struct client *client, gid_t group)
{
	gid_t groups[256];
	socklen_t len = sizeof(groups);

	if (client->who.gid == group)
		return true;
	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (size_t i = 0; i < len / sizeof(*groups); i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}

enum right { RIGHT_SEND = 1, RIGHT_READ = 4 };

/* As the kernel judges of the scope that names are in. */
static bool may(const struct client *client, enum right right)
{
	struct gg_names_scope scope;

	if (!client->who.uid)
		return true;
	if (gg_names_scope(client->local->env.names, &scope))
		return false;
	if (client->who.uid == scope.owner)
		return scope.perm & right << 6;
	return scope.perm & (is_in_group(client, scope.group) ? right << 3 : right);
}

/* --- names -------------------------------------------------------------------------- */

static void put_text(struct nlmsghdr *nlh, uint16_t type, struct core_text text)
{
	char copy[CORE_GROUP_MAX + 1];

	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	mnl_attr_put_strz(nlh, type, copy);
}

static void put_row(struct client *client, const struct gg_row *row, const char *group,
		    bool isolated)
{
	struct nlmsghdr *nlh = room(client, 1024);
	struct nlattr *nest = mnl_attr_nest_start(nlh, ASK_A_ROW);

	put_text(nlh, ASK_A_NAME, row->name);
	put_text(nlh, ASK_A_NODE, row->node);
	mnl_attr_put_strz(nlh, ASK_A_GROUP, group);
	mnl_attr_put_u32(nlh, ASK_A_PID, row->pid);
	mnl_attr_put_u64(nlh, ASK_A_ID, row->id);
	mnl_attr_put_u32(nlh, ASK_A_UID, row->uid);
	if (row->meta.len)
		mnl_attr_put(nlh, ASK_A_META, row->meta.len, row->meta.data);
	mnl_attr_put_u64(nlh, ASK_A_FENCE, row->fence);
	mnl_attr_put_u64(nlh, ASK_A_STAMP, row->stamp);
	mnl_attr_put_u32(nlh, ASK_A_RESOLVE, row->resolve);
	mnl_attr_put_u32(nlh, ASK_A_STATE, row->state);
	if (isolated)
		mnl_attr_put(nlh, ASK_A_ISOLATED, 0, NULL);
	mnl_attr_nest_end(nlh, nest);
}

static const char *why(const struct ask_result *result)
{
	switch (result->status) {
	case ANSWER_SYNC_ERROR:
		return "it has another definition of the global groups";
	case ANSWER_NOT_READY:
		return "its kernel module is not loaded";
	case ANSWER_REFUSED:
		return "it does not allow that";
	default:
		return "no node of that place answers";
	}
}

static void on_names(void *arg, struct ask *ask, const struct ask_result *result)
{
	struct client *client = arg;
	struct gg_row row;

	end_ask(client);
	while (ask_next_row(ask, &row))
		put_row(client, &row, result->group, result->isolated);
	if (result->answer == SEARCH_FAILED)
		done(client, EHOSTUNREACH, why(result));
	else
		done(client, 0, NULL);
}

/* Where to look, apart from the own kernel. */
enum place { PLACE_HERE, PLACE_NOWHERE, PLACE_THERE, PLACE_WRONG, PLACE_NO_MEMORY };

static enum place add_others(struct local *local, struct search *search)
{
	enum place place = PLACE_NOWHERE;

	for (size_t i = 0; i < local->n_groups; i++) {
		const struct config_group *group = &local->groups[i];

		if (group == gg_own(local->env.gg))
			continue;
		if (!search_add_group(search, group))
			return PLACE_NO_MEMORY;
		place = PLACE_THERE;
	}
	return place;
}

static enum place add_group(struct local *local, struct search *search, const char *name)
{
	for (size_t i = 0; i < local->n_groups; i++) {
		const struct config_group *group = &local->groups[i];

		if (strcmp(group->name, name))
			continue;
		if (group == gg_own(local->env.gg))
			return PLACE_HERE;
		return search_add_group(search, group) ? PLACE_THERE : PLACE_NO_MEMORY;
	}
	return PLACE_NOWHERE;
}

/* What follows that word, if it can be a name, or NULL. */
static const char *name_after(const char *word, const char *where)
{
	size_t len = strlen(word);

	if (strncmp(where, word, len) || !where[len] || strlen(where + len) > CORE_NAME_MAX)
		return NULL;
	return where + len;
}

static enum place find_place(struct local *local, struct search *search, const char *where)
{
	const char *name;

	if (!where)
		return add_others(local, search);
	name = name_after("group:", where);
	if (name)
		return add_group(local, search, name);
	name = name_after("node:", where);
	if (!name)
		return PLACE_WRONG;
	if (!strcmp(name, local->node))
		return PLACE_HERE;
	return search_add_node(search, name) ? PLACE_THERE : PLACE_NO_MEMORY;
}

struct asked {
	const char *where;
	const char *name;
	const void *data;	/* of a message */
	size_t len;
};

static void start_ask(struct client *client, struct search *search,
		      const struct gg_question *question, ask_done on_done)
{
	struct local *local = client->local;

	client->ask = ask_start(local->env.link, local->env.gg, search, question, on_done, client);
	client->lists = client->ask && question->op == GG_NAMES;
	if (!client->ask)
		done(client, ENOMEM, "the agent is out of memory");
}

/* Ask there, and go on as then. */
static void look(struct client *client, const struct asked *asked, ask_done on_done)
{
	struct gg_question question = {
		.op = asked->name ? GG_WHEREIS : GG_NAMES,
		.name = { asked->name, asked->name ? strlen(asked->name) : 0 },
	};
	struct search *search = search_new();
	enum place place = search ? find_place(client->local, search, asked->where) :
				    PLACE_NO_MEMORY;

	if (place == PLACE_THERE) {
		start_ask(client, search, &question, on_done);
		return;
	}
	search_free(search);
	switch (place) {
	case PLACE_HERE:
		mnl_attr_put(room(client, 0), ASK_A_HERE, 0, NULL);
		done(client, 0, NULL);
		break;
	case PLACE_WRONG:
		done(client, EINVAL, "a place is node:NODE or group:GROUP");
		break;
	case PLACE_NO_MEMORY:
		done(client, ENOMEM, "the agent is out of memory");
		break;
	default:
		done(client, 0, NULL);
	}
}

/* --- messages ----------------------------------------------------------------------- */

static void put_sent(struct client *client, const struct gg_sent *sent)
{
	const uint32_t counts[] = {
		sent->reached, sent->full, sent->no_inbox, sent->refused, sent->gone,
	};

	mnl_attr_put(room(client, sizeof(counts)), ASK_A_SENT, sizeof(counts), counts);
}

static void on_sent(void *arg, struct ask *ask, const struct ask_result *result)
{
	struct client *client = arg;
	struct gg_row row;

	end_ask(client);
	if (ask_next_row(ask, &row)) {
		put_row(client, &row, result->group, result->isolated);
		put_sent(client, &result->sent);
	}
	if (result->answer == SEARCH_FAILED)
		done(client, EHOSTUNREACH, why(result));
	else
		done(client, 0, NULL);
}

/* It is known who holds the name: the message goes to that node itself. */
static void send_to(struct client *client, const char *node)
{
	const struct letter *letter = client->letter;
	const struct gg_question question = {
		.op = GG_SEND,
		.name = { letter->name, strlen(letter->name) },
		.data = { letter->data, letter->len },
		.uid = client->who.uid, .pid = (uint32_t)client->who.pid,
	};
	struct search *search = search_new();

	if (search && search_add_node(search, node)) {
		start_ask(client, search, &question, on_sent);
		return;
	}
	search_free(search);
	done(client, ENOMEM, "the agent is out of memory");
}

static void on_holder(void *arg, struct ask *ask, const struct ask_result *result)
{
	char node[CORE_NAME_MAX + 1];
	struct client *client = arg;
	struct gg_row row;

	end_ask(client);
	if (!ask_next_row(ask, &row)) {
		if (result->answer == SEARCH_FAILED)
			done(client, EHOSTUNREACH, why(result));
		else
			done(client, 0, NULL);
		return;
	}
	memcpy(node, row.node.data, row.node.len);
	node[row.node.len] = '\0';
	send_to(client, node);
}

static bool keep_letter(struct client *client, const struct asked *asked)
{
	struct letter *letter = malloc(sizeof(*letter) + asked->len);

	free(client->letter);
	client->letter = letter;
	if (!letter)
		return false;
	strcpy(letter->name, asked->name);
	letter->len = asked->len;
	memcpy(letter->data, asked->data, asked->len);
	return true;
}

/* --- sync --------------------------------------------------------------------------- */

static void end_sync(struct client *client)
{
	put_list(client, GG_SYNC_ERROR, ASK_A_SYNC_ERROR);
	put_list(client, GG_NO_CONTACT, ASK_A_NO_CONTACT);
	done(client, 0, NULL);
}

/* What it said is with gg already. */
static void on_probe(void *arg, struct ask *ask, const struct ask_result *result)
{
	struct probe *probe = arg;
	struct client *client = probe->client;

	(void)ask;
	(void)result;
	DL_DELETE(client->probing, probe);
	free(probe);
	if (!--client->probes)
		end_sync(client);
}

static void start_probe(void *arg, const char *node)
{
	const struct gg_question question = { .op = GG_HELLO };
	struct search *search = search_new();
	struct client *client = arg;
	struct probe *probe = calloc(1, sizeof(*probe));

	if (!probe || !search || !search_add_node(search, node)) {
		search_free(search);
		free(probe);
		return;
	}
	probe->client = client;
	probe->ask = ask_start(client->local->env.link, client->local->env.gg, search, &question,
			       on_probe, probe);
	if (!probe->ask) {
		free(probe);
		return;
	}
	DL_APPEND(client->probing, probe);
	client->probes++;
}

/* As a reload by the service manager, for who could ask for that as well. Then the nodes
 * that are not connected are asked why, which tells those of another definition.
 */
static void sync_groups(struct client *client)
{
	struct local *local = client->local;
	char *wrong;

	if (client->who.uid && client->who.uid != geteuid()) {
		done(client, EPERM, "only root may have the agent read its configuration");
		return;
	}
	wrong = local->env.reload(local->env.arg);
	if (wrong) {
		/* The log has all of it. */
		wrong[strcspn(wrong, "\n")] = '\0';
		done(client, EINVAL, wrong);
		free(wrong);
		return;
	}
	gg_nodes(local->env.gg, GG_NO_CONTACT, start_probe, client);
	gg_nodes(local->env.gg, GG_SYNC_ERROR, start_probe, client);
	if (!client->probes)
		end_sync(client);
}

/* --- requests ----------------------------------------------------------------------- */

static bool is_string(const struct nlattr *attr, size_t max)
{
	return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 &&
	       mnl_attr_get_payload_len(attr) <= max + 1 &&
	       mnl_attr_get_payload_len(attr) > 1;
}

static bool read_asked(const struct nlmsghdr *nlh, struct asked *asked)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, 0) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == ASK_A_WHERE && is_string(attr, WHERE_MAX)) {
			asked->where = mnl_attr_get_str(attr);
		} else if (type == ASK_A_NAME && is_string(attr, CORE_GROUP_MAX)) {
			asked->name = mnl_attr_get_str(attr);
		} else if (type == ASK_A_DATA && mnl_attr_get_payload_len(attr) <= GG_DATA_MAX) {
			asked->data = mnl_attr_get_payload(attr);
			asked->len = mnl_attr_get_payload_len(attr);
		} else if (type == ASK_A_WHERE || type == ASK_A_NAME || type == ASK_A_DATA) {
			return false;
		}
	}
	return true;
}

static void take_names(struct client *client, const struct nlmsghdr *nlh)
{
	struct asked asked = { .where = NULL };

	if (!read_asked(nlh, &asked))
		done(client, EINVAL, "a place or a name that is none");
	else if (!may(client, RIGHT_READ))
		done(client, EACCES, "the mode of the scope global forbids it");
	else
		look(client, &asked, on_names);
}

static void take_send(struct client *client, const struct nlmsghdr *nlh)
{
	struct asked asked = { .where = NULL };

	if (!read_asked(nlh, &asked) || !asked.name || !asked.data)
		done(client, EINVAL, "a message of no size or to no name");
	else if (!may(client, RIGHT_SEND))
		done(client, EACCES, "the mode of the scope global forbids it");
	else if (!keep_letter(client, &asked))
		done(client, ENOMEM, "the agent is out of memory");
	else
		look(client, &asked, on_holder);
}

static void take_request(struct client *client, const struct nlmsghdr *nlh)
{
	client->request = nlh->nlmsg_type;
	begin(client, client->request);
	switch (nlh->nlmsg_type) {
	case ASK_INFO:
		put_info(client);
		break;
	case ASK_MONITOR:
		start_monitor(client);
		break;
	case ASK_SYNC:
		sync_groups(client);
		break;
	case ASK_NAMES:
		take_names(client, nlh);
		break;
	case ASK_SEND:
		take_send(client, nlh);
		break;
	default:
		done(client, EOPNOTSUPP, "the agent does not know this request");
	}
}

/* All names of a place are much: a user has one such question under way. */
static bool has_to_wait(const struct client *client, const struct nlmsghdr *nlh)
{
	struct asked asked = { .where = NULL };
	const struct client *other;

	if (nlh->nlmsg_type != ASK_NAMES || !read_asked(nlh, &asked) || asked.name)
		return false;
	DL_FOREACH(client->local->clients, other) {
		if (other->lists && other->who.uid == client->who.uid)
			return true;
	}
	return false;
}

/* The next step is a request of its own. */
static bool is_idle(const struct client *client)
{
	return !client->ask && !client->probes && !client->monitor && !client->outbox.packets &&
	       !client->closing;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	static char buffer[ASK_SIZE];
	struct nlmsghdr *nlh = (struct nlmsghdr *)buffer;
	struct client *client = arg;
	ssize_t len;

	/* It may have come just in time. */
	len = recv(fd, buffer, sizeof(buffer), MSG_PEEK);
	if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
		if (what & EV_TIMEOUT && is_idle(client))
			free_client(client);
		return;
	}
	/* One at a time: who asks before it was answered is not libpgnl. */
	if (len <= 0 || !mnl_nlmsg_ok(nlh, (int)len) || !is_idle(client)) {
		free_client(client);
	} else if (has_to_wait(client, nlh)) {
		client->waits = true;
		event_del(client->readable);
	} else if (recv(fd, buffer, sizeof(buffer), 0) == len) {
		take_request(client, nlh);
	}
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;
	size_t before = client->outbox.bytes;
	bool more = outbox_flush(&client->outbox, fd);
	bool late = what & EV_TIMEOUT && client->outbox.bytes == before;

	if (more && !late)
		event_add(client->writable, &client->local->limit);
	else if (more || client->closing)
		free_client(client);
	else
		event_add(client->readable, &client->local->limit);
}

/* --- clients ------------------------------------------------------------------------ */

static bool has_room(const struct local *local, uid_t uid)
{
	unsigned int all = 0, of_user = 0;
	const struct client *client;

	DL_FOREACH(local->clients, client) {
		all++;
		of_user += client->who.uid == uid;
	}
	/* Some are kept for root. */
	return !uid ? all < CLIENTS : of_user < CLIENTS_USER && all < CLIENTS - CLIENTS_USER;
}

static bool start_client(struct client *client)
{
	struct event_base *base = client->local->env.link->base;

	client->buffer = malloc(ASK_SIZE);
	client->readable = event_new(base, client->fd, EV_READ | EV_PERSIST, on_readable, client);
	client->writable = event_new(base, client->fd, EV_WRITE, on_writable, client);
	return client->buffer && client->readable && client->writable &&
	       !event_add(client->readable, &client->local->limit);
}

static void take_client(struct local *local, int fd)
{
	struct client *client = calloc(1, sizeof(*client));
	socklen_t len = sizeof(client->who);

	if (!client || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &client->who, &len) ||
	    !has_room(local, client->who.uid)) {
		free(client);
		close(fd);
		return;
	}
	client->local = local;
	client->fd = fd;
	DL_APPEND(local->clients, client);
	if (!start_client(client))
		free_client(client);
}

static void on_connect(evutil_socket_t listener, short what, void *arg)
{
	struct local *local = arg;
	int fd = acceptor_take(&local->acceptor);

	(void)listener;
	(void)what;
	if (fd >= 0)
		take_client(local, fd);
}

/* --- life --------------------------------------------------------------------------- */

void local_configure(struct local *local, const char *node, const struct config_group *groups,
		     size_t n_groups)
{
	struct client *client;

	local->node = node;
	local->groups = groups;
	local->n_groups = n_groups;
	/* A search goes by the groups of before. */
	DL_FOREACH(local->clients, client) {
		if (!client->ask)
			continue;
		ask_cancel(client->ask);
		end_ask(client);
		done(client, EAGAIN, "the global groups have just been defined anew");
	}
}

static int listen_on(struct local *local)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0" ASK_SOCKET };
	/* Without the NUL at the end, which would be part of the name. */
	const socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof(ASK_SOCKET);

	local->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (local->fd < 0 || bind(local->fd, (const struct sockaddr *)&name, len) ||
	    listen(local->fd, CLIENTS))
		return -errno;
	return acceptor_open(&local->acceptor, local->env.link->base, local->fd, on_connect, local);
}

int local_open(const struct local_env *env, struct local **local)
{
	struct local *made = calloc(1, sizeof(*made));
	int ret;

	if (!made)
		return -ENOMEM;
	made->env = *env;
	made->limit = (struct timeval){ env->limit_ms / 1000, env->limit_ms % 1000 * 1000 };
	ret = listen_on(made);
	if (ret)
		local_close(made);
	else
		*local = made;
	return ret;
}

void local_close(struct local *local)
{
	struct client *client, *next;

	DL_FOREACH_SAFE(local->clients, client, next)
		free_client(client);
	acceptor_close(&local->acceptor);
	if (local->fd >= 0)
		close(local->fd);
	free(local);
}
