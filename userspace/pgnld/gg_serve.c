// SPDX-License-Identifier: GPL-2.0-or-later
#include "gg_serve.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/tipc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "acceptor.h"
#include "frame.h"
#include "log.h"

#define STRANGERS	16	/* that have not said who they are */
#define ASKERS		64	/* all together */

struct asker {
	struct asker *prev, *next;
	struct serve *serve;
	struct link *link;
	bool same;		/* its definition is ours */
	bool asked;		/* once; another question takes another connection */
	struct core_claim claim;	/* who it is */
	char node[CORE_NAME_MAX], group[CORE_NAME_MAX];
};

struct serve {
	struct link_env env;
	struct gg *gg;
	struct gg_names *names;
	serve_deliver deliver;
	void *arg;
	int fd;
	struct acceptor acceptor;
	struct asker *askers;
};

/* --- answers ------------------------------------------------------------------------ */

/* Frames until all rows are told; the last one has what else there is to say. */
static bool put_rows(struct asker *asker, struct gg_answer *answer)
{
	static uint8_t data[FRAME_MAX];
	struct wire_writer w;
	struct gg_row row;
	size_t i = 0;
	bool more;

	do {
		gg_answer_begin(&w, data, sizeof(data));
		while ((more = gg_names_row(asker->serve->names, i, &row)) && gg_answer_row(&w, &row))
			i++;
		answer->last = !more;
		gg_answer_end(&w, answer);
		if (!link_send(asker->link, data, w.len))
			return false;
	} while (more);
	return true;
}

static bool put_status(struct asker *asker, enum gg_answer_status status)
{
	const struct gg_answer answer = {
		.status = status, .last = true, .isolated = gg_is_isolated(asker->serve->gg),
	};
	uint8_t data[FRAME_HELLO_MAX];
	struct wire_writer w;

	gg_answer_begin(&w, data, sizeof(data));
	gg_answer_end(&w, &answer);
	return link_send(asker->link, data, w.len);
}

static bool answer_names(struct asker *asker, const char *name)
{
	struct gg_answer answer = { .isolated = gg_is_isolated(asker->serve->gg) };

	if (gg_names_look(asker->serve->names, name))
		return put_status(asker, ANSWER_NOT_READY);
	return put_rows(asker, &answer);
}

/* What a message that could not be delivered is answered. */
static enum gg_answer_status failure(int error)
{
	if (error == -ENOENT || error == -ESRCH)
		return ANSWER_OK;
	return error == -EACCES || error == -EPERM ? ANSWER_REFUSED : ANSWER_NOT_READY;
}

/* To a holder on this node; of any other one the answer is that nobody holds it here. */
static bool answer_send(struct asker *asker, const struct gg_question *question, const char *name)
{
	struct serve *serve = asker->serve;
	struct gg_answer answer = { .isolated = gg_is_isolated(serve->gg) };
	struct gg_row row;
	int ret;

	if (gg_names_look(serve->names, name))
		return put_status(asker, ANSWER_NOT_READY);
	if (!gg_names_is_here(serve->names, 0) || !gg_names_row(serve->names, 0, &row))
		return put_status(asker, ANSWER_OK);
	ret = serve->deliver(serve->arg, &asker->claim, question, row.id, &answer.sent);
	return ret ? put_status(asker, failure(ret)) : put_rows(asker, &answer);
}

static bool answer(struct asker *asker, const struct gg_question *question)
{
	char name[CORE_GROUP_MAX + 1];

	if (question->op == GG_HELLO)
		return put_status(asker, ANSWER_OK);
	if (!asker->same)
		return put_status(asker, ANSWER_SYNC_ERROR);
	memcpy(name, question->name.data, question->name.len);
	name[question->name.len] = '\0';
	switch (question->op) {
	case GG_NAMES:
		return answer_names(asker, NULL);
	case GG_WHEREIS:
		return answer_names(asker, name);
	case GG_SEND:
		return answer_send(asker, question, name);
	default:	/* of a later version */
		return put_status(asker, ANSWER_REFUSED);
	}
}

/* --- who asks ----------------------------------------------------------------------- */

static void free_asker(struct asker *asker)
{
	DL_DELETE(asker->serve->askers, asker);
	link_close(asker->link);
	free(asker);
}

bool serve_same_definition(const struct link_env *env, struct gg *gg,
			   const struct core_claim *peer)
{
	struct core_claim own = { .end = 0 };
	bool wrong;

	env->claim(env->arg, &own);
	wrong = own.config_hash != peer->config_hash;
	if (gg_claim(gg, peer->node, wrong) && wrong)
		log_warning("sync_error: node %.*s has another definition of the global groups "
			    "(it is in %s%.*s), so no names are shared with it",
			    (int)peer->node.len, peer->node.data,
			    peer->global_group.len ? "" : "none",
			    (int)peer->global_group.len, peer->global_group.data);
	return !wrong;
}

static void on_ready(void *arg, struct link *link, const struct core_claim *peer)
{
	struct asker *asker = arg;

	(void)link;
	asker->claim = *peer;
	memcpy(asker->node, peer->node.data, peer->node.len);
	asker->claim.node.data = asker->node;
	memcpy(asker->group, peer->global_group.data, peer->global_group.len);
	asker->claim.global_group.data = asker->group;
	asker->same = serve_same_definition(&asker->serve->env, asker->serve->gg, peer);
}

static void on_frame(void *arg, struct link *link, const void *data, size_t len)
{
	struct asker *asker = arg;
	struct gg_question question;
	bool again = asker->asked;

	(void)link;
	asker->asked = true;
	if (again || !gg_read_ask(data, len, &question) || !answer(asker, &question))
		free_asker(asker);
}

static void on_closed(void *arg, struct link *link, const char *why)
{
	struct asker *asker = arg;

	(void)link;
	log_debug("a question has ended: %s", why);
	free_asker(asker);
}

static const struct link_events link_events = {
	.ready = on_ready, .frame = on_frame, .closed = on_closed,
};

static bool has_room(const struct serve *serve)
{
	unsigned int strangers = 0, all = 0;
	const struct asker *asker;

	DL_FOREACH(serve->askers, asker) {
		all++;
		strangers += !link_is_ready(asker->link);
	}
	return all < ASKERS && strangers < STRANGERS;
}

static void take(struct serve *serve, int fd)
{
	struct asker *asker = has_room(serve) ? calloc(1, sizeof(*asker)) : NULL;

	if (!asker) {
		close(fd);
		return;
	}
	asker->serve = serve;
	asker->link = link_accept(&serve->env, fd, &link_events, asker);
	if (asker->link)
		DL_APPEND(serve->askers, asker);
	else
		free(asker);
}

static void on_listener(evutil_socket_t listener, short what, void *arg)
{
	struct serve *serve = arg;
	int left = ASKERS, fd;

	(void)listener;
	(void)what;
	while (left-- && (fd = acceptor_take(&serve->acceptor)) >= 0)
		take(serve, fd);
}

/* --- life ------------------------------------------------------------------------- */

struct serve *serve_new(const struct link_env *env, struct gg *gg, struct gg_names *names,
			serve_deliver deliver, void *arg)
{
	struct serve *serve = calloc(1, sizeof(*serve));

	if (!serve)
		return NULL;
	serve->env = *env;
	serve->gg = gg;
	serve->names = names;
	serve->deliver = deliver;
	serve->arg = arg;
	serve->fd = -1;
	return serve;
}

static void stop(struct serve *serve)
{
	struct asker *asker, *next;

	DL_FOREACH_SAFE(serve->askers, asker, next)
		free_asker(asker);
	acceptor_close(&serve->acceptor);
	if (serve->fd >= 0)
		close(serve->fd);
	serve->fd = -1;
}

void serve_free(struct serve *serve)
{
	if (!serve)
		return;
	stop(serve);
	free(serve);
}

static int bind_to(int fd, uint32_t instance)
{
	const struct sockaddr_tipc name = {
		.family = AF_TIPC, .addrtype = TIPC_SERVICE_RANGE, .scope = TIPC_CLUSTER_SCOPE,
		.addr.nameseq = { .type = LINK_SERVICE, .lower = instance, .upper = instance },
	};

	return bind(fd, (const struct sockaddr *)&name, sizeof(name)) ? -errno : 0;
}

static int start(struct serve *serve, const char *node, const char *group)
{
	int fd = netns_socket(serve->env.netns, AF_TIPC,
			      SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), ret;

	if (fd < 0)
		return fd;
	serve->fd = fd;
	ret = bind_to(fd, auth_service("node", node));
	if (!ret && *group)
		ret = bind_to(fd, auth_service("group", group));
	if (ret)
		return ret;
	if (listen(fd, 0))
		return -errno;
	return acceptor_open(&serve->acceptor, serve->env.base, fd, on_listener, serve);
}

int serve_start(struct serve *serve, const char *node, const char *group)
{
	int ret;

	stop(serve);
	ret = start(serve, node, group);
	if (ret)
		stop(serve);
	return ret;
}
