// SPDX-License-Identifier: GPL-2.0-or-later
#include "gg_ask.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "frame.h"
#include "gg_serve.h"
#include "log.h"

#define PARTS_MAX	(16u << 20)	/* bytes of an answer */
#define PARTS_ALL	(64u << 20)	/* of all that have more than one frame */
#define LINKS_MAX	256		/* at once, of all questions */

static unsigned int nr_links;
static size_t bytes_kept;

/* A frame of an answer, kept until it is known which answer counts. */
struct part {
	struct part *prev, *next;
	size_t len;
	uint8_t data[];
};

struct line {
	struct line *prev, *next;
	struct ask *ask;
	struct link *link;		/* NULL: it has ended */
	size_t number;			/* in the search */
	char group[CONFIG_NAME_SIZE];	/* that who answers has to be of, or "" */
	char node[CONFIG_NAME_SIZE];	/* who it has to be, or "" */
	struct core_claim peer;		/* without texts */
	char peer_node[CONFIG_NAME_SIZE];
	char peer_group[CONFIG_NAME_SIZE];
	struct part *parts;
	size_t bytes;
	bool rows;			/* there are some */
	struct gg_answer last;
};

struct ask {
	struct link_env env;
	struct gg *gg;
	struct search *search;
	ask_done done;
	void *arg;
	struct event *timer;		/* the deadline */
	struct event *turn;		/* to go on from the loop */
	struct line *lines;
	uint64_t status;
	uint64_t op;
	size_t question_len;
	uint8_t *question;		/* the frame */
	/* While the result is told. */
	struct part *part;
	struct gg_answer reading;
};

/* --- life ------------------------------------------------------------------------- */

static void hang_up(struct line *line)
{
	nr_links -= !!line->link;
	link_close(line->link);
	line->link = NULL;
}

static void free_line(struct line *line)
{
	struct part *part, *next;

	hang_up(line);
	bytes_kept -= line->bytes;
	DL_FOREACH_SAFE(line->parts, part, next)
		free(part);
	free(line);
}

void ask_cancel(struct ask *ask)
{
	struct line *line, *next;

	if (!ask)
		return;
	DL_FOREACH_SAFE(ask->lines, line, next)
		free_line(line);
	if (ask->timer)
		event_free(ask->timer);
	if (ask->turn)
		event_free(ask->turn);
	search_free(ask->search);
	free(ask->question);
	free(ask);
}

/* --- the result ----------------------------------------------------------------------- */

static struct line *find_line(struct ask *ask, size_t number)
{
	struct line *line;

	DL_FOREACH(ask->lines, line) {
		if (line->number == number)
			return line;
	}
	return NULL;
}

static void open_part(struct ask *ask, struct part *part)
{
	ask->part = part;
	if (part)
		gg_read_answer(part->data, part->len, &ask->reading);
}

bool ask_next_row(struct ask *ask, struct gg_row *row)
{
	while (ask->part) {
		if (gg_next_row(&ask->reading, row))
			return true;
		open_part(ask, ask->part->next);
	}
	return false;
}

static void finish(struct ask *ask)
{
	struct ask_result result = { .status = ask->status };
	struct search_outcome outcome;
	struct line *line;

	search_outcome(ask->search, &outcome);
	result.answer = outcome.answer;
	result.failed = outcome.failed;
	result.isolated = outcome.isolated;
	line = outcome.answer == SEARCH_FAILED ? NULL : find_line(ask, outcome.number);
	if (line) {
		strcpy(result.group, line->peer_group);
		result.sent = line->last.sent;
		open_part(ask, line->parts);
	}
	ask->done(ask->arg, ask, &result);
	ask_cancel(ask);
}

/* --- one question ----------------------------------------------------------------------- */

/* From the loop, since links are closed by it. */
static void go_on(struct ask *ask)
{
	event_active(ask->turn, EV_TIMEOUT, 0);
}

static void end_line(struct line *line, enum search_answer answer, bool isolated)
{
	hang_up(line);
	search_answer(line->ask->search, line->number, answer, isolated,
		      *line->peer_node ? line->peer_node : NULL);
	go_on(line->ask);
}

static void copy_text(char *to, struct core_text text)
{
	memcpy(to, text.data, text.len);
	to[text.len] = '\0';
}

/* Two services may have the same address. */
static bool is_meant(const struct line *line)
{
	return (!*line->group || !strcmp(line->group, line->peer_group)) &&
	       (!*line->node || !strcmp(line->node, line->peer_node));
}

static void on_ready(void *arg, struct link *link, const struct core_claim *peer)
{
	struct line *line = arg;
	struct ask *ask = line->ask;
	bool same = serve_same_definition(&ask->env, ask->gg, peer);

	copy_text(line->peer_node, peer->node);
	copy_text(line->peer_group, peer->global_group);
	if (!same && ask->op != GG_HELLO)
		ask->status = ANSWER_SYNC_ERROR;
	if ((!same && ask->op != GG_HELLO) || !is_meant(line) ||
	    !link_send(link, ask->question, ask->question_len))
		end_line(line, SEARCH_FAILED, false);
}

/* The first frame always has room: long answers are in the way of long ones only. */
static bool has_room(const struct line *line, size_t len)
{
	return !line->parts ||
	       (line->bytes + len <= PARTS_MAX && bytes_kept + len <= PARTS_ALL);
}

static bool keep_part(struct line *line, const void *data, size_t len)
{
	struct part *part = has_room(line, len) ? malloc(sizeof(*part) + len) : NULL;

	if (!part)
		return false;
	line->bytes += len;
	bytes_kept += len;
	part->len = len;
	memcpy(part->data, data, len);
	DL_APPEND(line->parts, part);
	return true;
}

static void on_frame(void *arg, struct link *link, const void *data, size_t len)
{
	struct line *line = arg;
	struct gg_answer answer;
	struct gg_row row;

	(void)link;
	if (!gg_read_answer(data, len, &answer) || answer.status) {
		line->ask->status = answer.status;
		end_line(line, SEARCH_FAILED, false);
		return;
	}
	line->last = answer;
	if (gg_next_row(&answer, &row)) {
		line->rows = true;
		if (!keep_part(line, data, len)) {
			end_line(line, SEARCH_FAILED, false);
			return;
		}
	}
	if (answer.last)
		end_line(line, line->rows || line->ask->op == GG_NAMES ||
			 line->ask->op == GG_HELLO ? SEARCH_FOUND : SEARCH_UNDEFINED,
			 answer.isolated);
}

static void on_closed(void *arg, struct link *link, const char *why)
{
	struct line *line = arg;

	(void)link;
	log_debug("%s %s does not answer: %s", *line->group ? "global group" : "node",
		  *line->group ? line->group : line->node, why);
	end_line(line, SEARCH_FAILED, false);
}

static const struct link_events link_events = {
	.ready = on_ready, .frame = on_frame, .closed = on_closed,
};

static void start_line(struct ask *ask, const struct search_question *question)
{
	struct line *line = nr_links < LINKS_MAX ? calloc(1, sizeof(*line)) : NULL;
	uint32_t instance = question->group ? auth_service("group", question->group) :
					      auth_service("node", question->node);

	if (line) {
		line->ask = ask;
		line->number = question->number;
		strcpy(line->group, question->group ? question->group : "");
		strcpy(line->node, question->node ? question->node : "");
		line->link = link_connect(&ask->env, instance, &link_events, line);
	}
	if (line && line->link) {
		nr_links++;
		DL_APPEND(ask->lines, line);
		return;
	}
	free(line);
	search_answer(ask->search, question->number, SEARCH_FAILED, false, NULL);
}

/* --- all of it ---------------------------------------------------------------------------- */

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct search_question question;
	struct ask *ask = arg;

	(void)fd;
	(void)what;
	while (search_next(ask->search, &question))
		start_line(ask, &question);
	if (search_is_over(ask->search))
		finish(ask);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg);
}

static bool write_question(struct ask *ask, const struct gg_question *question)
{
	size_t size = 256 + question->name.len + question->data.len;
	struct wire_writer w = { .data = malloc(size), .size = size };

	ask->question = w.data;
	if (!w.data)
		return false;
	gg_put_ask(&w, question);
	ask->question_len = w.len;
	return !w.full;
}

struct ask *ask_start(const struct link_env *env, struct gg *gg, struct search *search,
		      const struct gg_question *question, ask_done done, void *arg)
{
	const struct timeval deadline = { ASK_MS / 1000, ASK_MS % 1000 * 1000 };
	struct ask *ask = calloc(1, sizeof(*ask));

	if (!ask) {
		search_free(search);
		return NULL;
	}
	ask->env = *env;
	ask->gg = gg;
	ask->search = search;
	ask->done = done;
	ask->arg = arg;
	ask->op = question->op;
	ask->timer = evtimer_new(env->base, on_deadline, ask);
	ask->turn = evtimer_new(env->base, on_turn, ask);
	if (!ask->timer || !ask->turn || !write_question(ask, question) ||
	    evtimer_add(ask->timer, &deadline)) {
		ask_cancel(ask);
		return NULL;
	}
	go_on(ask);
	return ask;
}
