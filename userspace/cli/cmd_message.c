// SPDX-License-Identifier: GPL-2.0-or-later
/* send, name send, recv */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "deadline.h"
#include "err.h"
#include "name.h"
#include "out.h"
#include "text.h"

enum {
	OPT_ONE = 256, OPT_CLOSEST, OPT_KEY, OPT_LOCAL, OPT_OTHERS, OPT_ID, OPT_UID, OPT_TIMEOUT,
	OPT_COUNT, OPT_RAW, OPT_ROOM, OPT_WHERE
};

/* --- send --- */

/* Between two tries of a message that nobody could take. */
#define NAP_MIN_MS 5
#define NAP_MAX_MS 100

struct letter {
	struct pgnl_send_opts opts;
	uint64_t *ids;
	bool named;		/* to the holder of a name */
	const char *place;	/* where that is looked for, or NULL */
	uint64_t count;
	int64_t timeout;	/* in milliseconds; -1: try once */
	char *data;
	size_t len;
};

static bool parse_send_option(const struct cli *cli, int key, struct letter *letter)
{
	struct pgnl_send_opts *opts = &letter->opts;

	switch (key) {
	case OPT_ONE:
	case OPT_CLOSEST:
		opts->flags |= PGNL_ONE;
		opts->policy = key == OPT_ONE ? PGNL_PICK_RANDOM : PGNL_PICK_CLOSEST;
		return true;
	case OPT_KEY:
		opts->flags |= PGNL_ONE;
		opts->policy = PGNL_PICK_KEY;
		opts->key = optarg;
		opts->key_len = strlen(optarg);
		if (opts->key_len && opts->key_len <= 255)
			return true;
		err_usage(cli, "a key has 1 to 255 bytes");
		return false;
	case OPT_LOCAL:
		opts->flags |= PGNL_LOCAL;
		return true;
	case OPT_OTHERS:
		opts->flags |= PGNL_OTHERS;
		return true;
	case OPT_ID:
		return args_number(cli, "id", optarg, 1, UINT64_MAX, &letter->ids[opts->n_ids++]);
	case OPT_UID:
		return args_user(cli, optarg, &opts->uid);
	case OPT_TIMEOUT:
		return args_seconds(cli, optarg, &letter->timeout);
	case OPT_WHERE:
		return args_place(cli, optarg, &letter->place);
	default:
		return args_number(cli, "count", optarg, 1, UINT32_MAX, &letter->count);
	}
}

static int read_data(const struct cli *cli, struct letter *letter)
{
	if (cli->batch_is_input)
		return err_usage(cli, "'-' would read the rest of the batch");
	letter->data = need(malloc(PGNL_MESSAGE_SIZE + 1));
	letter->len = fread(letter->data, 1, PGNL_MESSAGE_SIZE + 1, stdin);
	if (ferror(stdin))
		return err_refused(cli, "can't read the input: %s", strerror(errno));
	return CLI_DONE;
}

/* What the words say and the options exclude; the exit code. */
static int check_send(struct cli *cli, struct letter *letter)
{
	const char *data = cli->words[1];
	int status = CLI_DONE;

	if (letter->opts.flags & PGNL_ONE &&
	    (letter->opts.flags & PGNL_OTHERS || letter->opts.n_ids))
		return err_usage(cli, "--one, --closest and --key can't hold with --others or --id");
	cli->n_words = 1;
	if (letter->named ? !args_names(cli) : !args_groups(cli))
		return CLI_USAGE;
	letter->opts.ids = letter->opts.n_ids ? letter->ids : NULL;
	if (strcmp(data, "-")) {
		letter->data = need(strdup(data));
		letter->len = strlen(data);
	} else {
		status = read_data(cli, letter);
	}
	if (letter->len > PGNL_MESSAGE_SIZE)
		return err_refused(cli, "a message has at most %d bytes", PGNL_MESSAGE_SIZE);
	return status;
}

static void nap(const struct deadline *deadline, int *ms)
{
	int left = deadline_left(deadline);
	struct timespec pause = { .tv_nsec = (left < *ms ? left : *ms) * 1000000L };

	nanosleep(&pause, NULL);
	*ms = *ms * 2 < NAP_MAX_MS ? *ms * 2 : NAP_MAX_MS;
}

static int send_now(struct cli *cli, const struct letter *letter, struct pgnl_sent *sent)
{
	const char *to = cli->words[0];
	int ret;

	if (!letter->named)
		return pgnl_send(cli->kernel, cli->scope, to, letter->data, letter->len,
				 &letter->opts, sent);
	ret = pgnl_gg_send(cli->kernel, letter->place, to, letter->data, letter->len, sent);
	return ret == PGNL_UNDEFINED ? -ENODATA : ret;
}

/* Until somebody has it, or the time is up. */
static int send_once(struct cli *cli, const struct letter *letter, struct pgnl_sent *sent)
{
	struct deadline deadline = deadline_in(letter->timeout < 0 ? 0 : letter->timeout);
	int ms = NAP_MIN_MS, ret;

	for (;;) {
		*sent = (struct pgnl_sent){ 0 };
		ret = send_now(cli, letter, sent);
		if ((ret && !err_is_nobody(cli, ret)) || sent->reached || !deadline_left(&deadline))
			return ret;
		nap(&deadline, &ms);
	}
}

static void add(struct pgnl_sent *sum, const struct pgnl_sent *sent)
{
	sum->reached += sent->reached;
	sum->full += sent->full;
	sum->no_inbox += sent->no_inbox;
	sum->refused += sent->refused;
	sum->gone += sent->gone;
	sum->unreachable += sent->unreachable;
}

static void print_sent(const struct cli *cli, const struct pgnl_sent *sent)
{
	if (cli->json)
		out_json(cli, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}",
					"reached", (json_int_t)sent->reached,
					"full", (json_int_t)sent->full,
					"no-inbox", (json_int_t)sent->no_inbox,
					"refused", (json_int_t)sent->refused,
					"gone", (json_int_t)sent->gone,
					"unreachable", (json_int_t)sent->unreachable));
	else
		printf("reached %u, full %u, no inbox %u, refused %u, gone %u", sent->reached,
		       sent->full, sent->no_inbox, sent->refused, sent->gone);
	if (!cli->json && sent->unreachable)
		printf(", unreachable %u", sent->unreachable);
	if (!cli->json)
		putchar('\n');
}

static int judge_sent(struct cli *cli, const struct letter *letter, const struct pgnl_sent *sum,
		      int ret, bool unreached)
{
	bool one = letter->opts.flags & PGNL_ONE;

	if (unreached && letter->timeout >= 0)
		return err_line(cli, CLI_TIMEOUT, "nobody took it in time");
	if (letter->named && unreached && !sum->full && !sum->refused && !sum->no_inbox)
		return err_nothing(cli, "nobody holds the name '%s'", cli->words[0]);
	if (ret)
		return err_nothing(cli, "%s", pgnl_last_error(cli->kernel)->text);
	/* Who was passed over for another one does not matter. */
	if ((sum->full || sum->refused) && (!one || unreached))
		return err_refused(cli, "%u inboxes are full, %u not for this user", sum->full,
				   sum->refused);
	if (sum->unreachable && (!one || unreached))
		return err_refused(cli, "%u members are on nodes that can't be reached",
				   sum->unreachable);
	if (unreached && sum->no_inbox)
		return err_nothing(cli, "nobody in group '%s' of scope %s has an inbox",
				   cli->words[0], cli_scope(cli));
	if (unreached)
		return err_nothing(cli, "nobody in group '%s' of scope %s fits", cli->words[0],
				   cli_scope(cli));
	return CLI_DONE;
}

static int send_letter(struct cli *cli, const struct letter *letter)
{
	struct pgnl_sent sum = { 0 }, sent = { 0 };
	bool unreached = false;
	int ret = 0, status;

	status = cli_connect(cli);
	if (status)
		return status;
	for (uint64_t i = 0; i < letter->count && !unreached; i++) {
		ret = send_once(cli, letter, &sent);
		if (ret && !err_is_nobody(cli, ret))
			return err_kernel(cli, ret);
		unreached = !sent.reached;
		add(&sum, &sent);
	}
	print_sent(cli, &sum);
	return judge_sent(cli, letter, &sum, ret, unreached);
}

static int parse_and_send(struct cli *cli, int argc, char **argv, bool named)
{
	struct letter letter = { .opts.uid = PGNL_ANY_UID, .named = named, .count = 1,
				 .timeout = -1 };
	int key, status = CLI_USAGE;

	letter.ids = need(calloc(argc, sizeof(*letter.ids)));
	while ((key = args_next(cli, argc, argv)) >= 0)
		if (!parse_send_option(cli, key, &letter))
			break;
	if (key == ARGS_END) {
		status = check_send(cli, &letter);
		status = status ? status : send_letter(cli, &letter);
	} else if (key < 0) {
		status = args_status(key);
	}
	free(letter.data);
	free(letter.ids);
	return status;
}

static int run_send(struct cli *cli, int argc, char **argv)
{
	return parse_and_send(cli, argc, argv, false);
}

/* A name is a group of that scope, which its holder alone is in. */
static int run_name_send(struct cli *cli, int argc, char **argv)
{
	if (cli->scope && strcmp(cli->scope, "global"))
		return err_usage(cli, "names are in the scope global, not in %s", cli->scope);
	cli->scope = "global";
	return parse_and_send(cli, argc, argv, true);
}

static const struct cli_option send_options[] = {
	{ "one", NULL, OPT_ONE, "only to a random one that can take it" },
	{ "closest", NULL, OPT_CLOSEST, "the same, of this node if there is one" },
	{ "key", "STRING", OPT_KEY, "only to the one that this key leads to" },
	{ "local", NULL, OPT_LOCAL, "only processes of this node" },
	{ "others", NULL, OPT_OTHERS, "not this command itself, where it is a member" },
	{ "id", "N", OPT_ID, "only the member of this id; may be given several times" },
	{ "uid", "USER", OPT_UID, "only processes that this user or uid had joined" },
	{ "timeout", "SECONDS", OPT_TIMEOUT, "try again for so long while nobody can take it" },
	{ "count", "N", OPT_COUNT, "send it so many times" },
	{ 0 }
};

const struct command cmd_send = {
	.name = "send",
	.args = "GROUP DATA|- [--one|--closest|--key STRING|--others|--id N...] [--local]"
		" [--uid USER] [--timeout SECONDS] [--count N]",
	.summary = "send a message to the members of a group",
	.examples = "  pgnl send web 'reload /etc/web.conf'\n"
		    "  pgnl send workers - --one <job.json\n"
		    "  pgnl send workers job-7 --one --timeout 5\n",
	.notes = "DATA has up to 32768 bytes; with '-' it is read from the input. Goes into the\n"
		 "inboxes that members have open, as 'pgnl recv' does, and never waits for them.\n"
		 "Prints in how many inboxes it is, how many were full, how many members have none,\n"
		 "do not take it from this user, ended before, or are on nodes that can't be\n"
		 "reached. Exit code 2 when an inbox was full or refused it or could not be reached,\n"
		 "3 when nobody was there, 124 when the time was up.",
	.options = send_options,
	.min_words = 2,
	.max_words = 2,
	.run = run_send,
};

static const struct cli_option name_send_options[] = {
	{ "where", "PLACE", OPT_WHERE, "node:NODE or group:GLOBAL_GROUP" },
	{ "timeout", "SECONDS", OPT_TIMEOUT, "try again for so long while nobody can take it" },
	{ 0 }
};

const struct command cmd_name_send = {
	.name = "name send",
	.args = "NAME DATA|- [--where node:NODE|group:GROUP] [--timeout SECONDS]",
	.summary = "send a message to the holder of a name",
	.examples = "  pgnl name send primary 'flush'\n"
		    "  pgnl name send primary - --timeout 5 <order.json\n"
		    "  pgnl name send primary 'flush' --where group:west\n",
	.notes = "As 'pgnl -s global send': into the inbox that the holder has open in the scope\n"
		 "global. The holder is looked for as by 'pgnl name whereis'. Exit code 3 when nobody holds the name, or the holder has no inbox.",
	.options = name_send_options,
	.min_words = 2,
	.max_words = 2,
	.run = run_name_send,
};

/* --- recv --- */

struct receiver {
	struct pgnl_inbox_opts opts;
	uint64_t count;		/* 0: no end */
	struct deadline deadline;
	bool raw;
	bool left;		/* the group, so that no more can come */
	char node[sizeof(((struct pgnl_info *)NULL)->node)];
	struct pgnl_inbox *inbox;
};

static bool parse_recv_option(const struct cli *cli, int key, struct receiver *r)
{
	uint64_t number;
	int64_t ms;

	switch (key) {
	case OPT_UID:
		return args_user(cli, optarg, &r->opts.uid);
	case OPT_TIMEOUT:
		if (!args_seconds(cli, optarg, &ms))
			return false;
		r->deadline = deadline_in(ms);
		return true;
	case OPT_COUNT:
		return args_number(cli, "count", optarg, 1, UINT32_MAX, &r->count);
	case OPT_ROOM:
		if (!args_number(cli, "room", optarg, 1, INT_MAX / 2, &number))
			return false;
		r->opts.room = number;
		return true;
	default:
		r->raw = true;
		return true;
	}
}

/* Other nodes may have a say in who gets a name. */
static int take_name(struct cli *cli)
{
	struct pgnl_names *list;
	int ret = pgnl_name_register(cli->kernel, cli->words[0], 0, NULL, &list), status;

	if (ret < 0)
		return err_kernel(cli, ret);
	status = ret == PGNL_NO ? name_taken(cli, cli->words[0], list) : CLI_DONE;
	pgnl_free(list);
	return status;
}

/* The inbox first, so that nothing is lost in between. */
static int enter(struct cli *cli, struct receiver *r)
{
	struct pgnl_info info;
	int ret;

	ret = pgnl_info(cli->kernel, &info);
	if (!ret)
		ret = pgnl_inbox_open(cli->kernel, cli->scope, &r->opts, &r->inbox);
	if (ret)
		return err_kernel(cli, ret);
	memcpy(r->node, info.node, sizeof(r->node));
	if (cli->scope && !strcmp(cli->scope, "global"))
		return take_name(cli);
	ret = pgnl_join(cli->kernel, cli->scope, cli->words[0], 0, NULL, NULL);
	return ret ? err_kernel(cli, ret) : CLI_DONE;
}

static json_t *message_row(const struct cli *cli, const struct receiver *r,
			   const struct pgnl_message *message)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:i, s:o, s:I}",
			 "scope", text_json_name(cli_scope(cli)),
			 "group", text_json_name(message->group),
			 "data", text_json(message->data, message->len),
			 "node", text_json_name(message->node ? message->node : r->node),
			 "pid", message->pid,
			 "id", message->id ? out_id(message->id) : json_null(),
			 "uid", (json_int_t)message->uid);
}

static void print_message(const struct cli *cli, const struct receiver *r,
			  const struct pgnl_message *message)
{
	if (cli->json) {
		out_json(cli, message_row(cli, r, message));
	} else if (r->raw) {
		fwrite(message->data, 1, message->len, stdout);
	} else {
		text_print(message->data, message->len);
		putchar('\n');
	}
}

static void leave(struct cli *cli, struct receiver *r)
{
	if (!r->left)
		pgnl_leave(cli->kernel, cli->scope, cli->words[0], 0, 1, NULL);
	r->left = true;
}

/* What is there when the time is up is printed still. */
static int receive(struct cli *cli, struct receiver *r)
{
	struct pgnl_message message;
	uint64_t n = 0;
	int ret, status;

	while (!r->count || n < r->count) {
		if (!deadline_left(&r->deadline))
			leave(cli, r);
		ret = pgnl_recv(r->inbox, &message, deadline_left(&r->deadline));
		if (ret == -EINTR)
			continue;
		if (ret == -EAGAIN)
			return err_line(cli, CLI_TIMEOUT, "the time is up");
		if (ret == -ESHUTDOWN)
			return err_refused(cli, "the scope has been deleted");
		if (ret)
			return err_refused(cli, "can't receive: %s", strerror(-ret));
		print_message(cli, r, &message);
		status = out_flush(cli);
		if (status)
			return status;
		n++;
	}
	return CLI_DONE;
}

static int run_recv(struct cli *cli, int argc, char **argv)
{
	struct receiver r = { .opts.uid = PGNL_ANY_UID, .deadline = deadline_in(DEADLINE_NEVER) };
	int key, status;

	while ((key = args_next(cli, argc, argv)) >= 0)
		if (!parse_recv_option(cli, key, &r))
			return CLI_USAGE;
	if (key != ARGS_END)
		return args_status(key);
	if (!args_groups(cli))
		return CLI_USAGE;
	if (r.raw && cli->json)
		return err_usage(cli, "--raw can't hold with -j");
	status = cli_connect(cli);
	if (status)
		return status;
	status = enter(cli, &r);
	if (!status) {
		status = receive(cli, &r);
		leave(cli, &r);
	}
	pgnl_inbox_close(r.inbox);
	return status;
}

static const struct cli_option recv_options[] = {
	{ "count", "N", OPT_COUNT, "end after so many messages" },
	{ "timeout", "SECONDS", OPT_TIMEOUT, "end after so long, with exit code 124" },
	{ "uid", "USER", OPT_UID, "take messages of this user or uid only" },
	{ "room", "BYTES", OPT_ROOM, "how much may wait to be read" },
	{ "raw", NULL, OPT_RAW, "write the bytes of each message and no more" },
	{ 0 }
};

const struct command cmd_recv = {
	.name = "recv",
	.args = "GROUP [--count N] [--timeout SECONDS] [--uid USER] [--room BYTES] [--raw]",
	.summary = "join a group and print the messages that come",
	.examples = "  pgnl recv workers\n"
		    "  pgnl -j recv workers | jq -r .data\n"
		    "  pgnl recv workers --count 1 --raw --timeout 10 >job.json\n",
	.notes = "One message in a line, what does not fit in there as \\n or \\x00; with -j one\n"
		 "object in a line, which tells the sender too. Leaves the group in the end.",
	.options = recv_options,
	.min_words = 1,
	.max_words = 1,
	.run = run_recv,
};
