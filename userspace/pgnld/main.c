// SPDX-License-Identifier: GPL-2.0-or-later
/* pgnld: the agent of a node; see pgnld(8). */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <pgnl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../libpgnl/ask.h"
#include "auth.h"
#include "config.h"
#include "deliver.h"
#include "engine_tipc.h"
#include "gg.h"
#include "gg_link.h"
#include "gg_names.h"
#include "gg_serve.h"
#include "local.h"
#include "log.h"
#include "netns.h"
#include "notify.h"
#include "privilege.h"
#include "report.h"
#include "session.h"
#include "status.h"
#include "tipc.h"

#define KEY_CREDENTIAL	"cluster.key"	/* of systemd's LoadCredential= */
#define ROLE_SECONDS	1		/* between looks for a module that has gone */
#define BEARER_SECONDS	10		/* and for a device: TIPC logs each try */

struct daemon {
	const char *path;		/* of the configuration */
	struct config config;
	struct auth_keys keys;
	struct netns *netns;
	struct event_base *base;
	struct engine *engine;
	struct gg *gg;
	struct link_env links;		/* for questions to other groups */
	struct gg_names *names;
	struct serve *serve;
	struct local *local;		/* NULL: somebody else has the socket, as of status */
	uint64_t config_hash;
	bool encrypted;			/* as tipc_set_up() has done it */
	struct session *session;	/* NULL: the kernel's tables are out of reach */
	struct status *status;
	bool ready;			/* the service manager has been told */
	int said;			/* why there is no session, as told last */
	int failed;			/* -errno to end with */
};

/* --- options ---------------------------------------------------------------- */

static void usage(FILE *to)
{
	fputs("usage: pgnld [-c FILE] [-v]\n"
	      "       pgnld [-c FILE] --check\n"
	      "       pgnld --status\n"
	      "       pgnld --new-key FILE\n"
	      "\n"
	      "  -c, --config FILE   instead of " CONFIG_PATH "\n"
	      "  -v, --verbose       tell more\n"
	      "      --check         say what is wrong with the configuration, and end\n"
	      "      --status        print what the agent that runs here knows, as JSON\n"
	      "      --new-key FILE  write a new key for a cluster into a new file\n"
	      "  -V, --version\n"
	      "  -h, --help\n"
	      "\n"
	      "The agent of a node: see pgnld(8), pgnld.conf(5).\n", to);
}

/* What systemd hands over is the key of this service, wherever it is on disk. */
static void find_key(struct config *config)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char *path;

	if (!directory || asprintf(&path, "%s/" KEY_CREDENTIAL, directory) < 0)
		return;
	if (access(path, R_OK)) {
		free(path);
		return;
	}
	free(config->key_file);
	config->key_file = path;
}

static int read_all(const char *path, struct config *config, struct auth_keys *keys)
{
	if (config_read(path, config, stderr))
		return 1;
	find_key(config);
	return auth_load(config->key_file, keys, stderr) ? 1 : 0;
}

static int check(const char *path)
{
	struct config config = { .node = "" };
	struct auth_keys keys;
	int ret = read_all(path, &config, &keys);

	auth_forget(&keys);
	config_free(&config);
	return ret;
}

static int new_key(const char *path)
{
	int ret = auth_make_file(path);

	if (ret)
		fprintf(stderr, "pgnld: %s: %s\n", path, strerror(-ret));
	return ret ? 1 : 0;
}

static int copy(int fd)
{
	char buffer[4096];
	ssize_t len;

	while ((len = read(fd, buffer, sizeof(buffer))) > 0)
		fwrite(buffer, 1, (size_t)len, stdout);
	if (len < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	putchar('\n');
	return 0;
}

static int print_status(void)
{
	int fd = status_connect(), ret;

	ret = fd < 0 ? fd : copy(fd);
	if (fd >= 0)
		close(fd);
	if (ret == -ETIMEDOUT)
		fputs("pgnld: the agent of this network namespace does not answer\n", stderr);
	else if (ret == -EPERM)
		fputs("pgnld: the socket @" STATUS_NAME " is another user's\n", stderr);
	else if (ret == -ECONNREFUSED)
		fputs("pgnld: no agent runs in this network namespace\n", stderr);
	else if (ret)
		fprintf(stderr, "pgnld: the agent can't be asked: %s\n", strerror(-ret));
	return ret ? 1 : 0;
}

static void fail(struct daemon *daemon, int error)
{
	daemon->failed = error;
	event_base_loopbreak(daemon->base);
}

/* --- global groups -------------------------------------------------------------- */

static void on_group_node(void *arg, const char *node, bool up)
{
	struct daemon *daemon = arg;

	log_debug("global group: node %s is %s", node, up ? "synced" : "not synced any more");
	if (daemon->local)
		local_node(daemon->local, node, up);
}

static const struct gg_out gg_out = { .node = on_group_node };

static struct core_text text_of(const char *string)
{
	return (struct core_text){ string, strlen(string) };
}

static const char *own_group(const struct daemon *daemon)
{
	const struct config_group *own = gg_own(daemon->gg);

	return own ? own->name : "";
}

/* Who this node is, to those of other groups. */
static void claim(void *arg, struct core_claim *claim)
{
	const struct daemon *daemon = arg;

	claim->node = text_of(daemon->config.node);
	claim->global_group = text_of(own_group(daemon));
	claim->config_hash = daemon->config_hash;
}

static int deliver(void *arg, const struct core_claim *from, const struct gg_question *question,
		   uint64_t holder, struct gg_sent *sent)
{
	const struct daemon *daemon = arg;

	if (!daemon->session)
		return -ENOTCONN;
	return deliver_message(session_agent(daemon->session), from->node,
			       daemon->config.remote_root, question, holder, sent);
}

/* After session_configure(): nobody is connected who does not belong there. */
static int apply_groups(struct daemon *daemon)
{
	const struct config *config = &daemon->config;
	int ret;

	daemon->config_hash = auth_config_hash(config);
	gg_configure(daemon->gg, config->groups, config->n_groups);
	if (daemon->local)
		local_configure(daemon->local, config->node, config->groups, config->n_groups);
	if (!gg_own(daemon->gg) && config->n_groups)
		log_warning("this node, %s, is in none of the global groups", config->node);
	ret = engine_tipc_set_group(daemon->engine, own_group(daemon));
	if (ret)
		return ret;
	ret = serve_start(daemon->serve, config->node, own_group(daemon));
	if (ret)
		log_error("TIPC: no socket for questions of other nodes: %s", strerror(-ret));
	return ret;
}

/* --- reload ------------------------------------------------------------------- */

/* Each line of what the configuration is answered, as one of the log. */
static void log_lines(char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (*line)
			log_error("%s", line);
	}
}

static void apply(struct daemon *daemon, struct config *new)
{
	const char *key = config_needs_restart(&daemon->config, new);
	struct config old;
	int ret;

	if (key)
		log_warning("%s has changed, which takes a restart of pgnld", key);
	old = daemon->config;
	config_keep(&old, new);
	daemon->config = *new;
	ret = tipc_refresh(daemon->netns, &daemon->config);
	if (ret)
		log_warning("TIPC: remoteip and tolerance were not set: %s", strerror(-ret));
	if (daemon->session)
		session_configure(daemon->session, &daemon->config);
	ret = apply_groups(daemon);
	config_free(&old);
	if (ret)
		fail(daemon, ret);
	log_info("the configuration was read again");
}

/* From malloc(): what is wrong with it, and it stays as it was; NULL: it was read. */
static char *reload(void *arg)
{
	struct daemon *daemon = arg;
	struct config new;
	char *errors = NULL;
	size_t size;
	FILE *to = open_memstream(&errors, &size);
	int ret;

	if (!to)
		return strdup("out of memory");
	/* While it waits for the module it is not ready, whatever it reads. */
	if (daemon->ready)
		notify("RELOADING=1");
	ret = config_read(daemon->path, &new, to);
	fclose(to);
	if (!ret) {
		free(errors);
		errors = NULL;
		find_key(&new);
		apply(daemon, &new);
	}
	if (daemon->ready)
		notify("READY=1");
	return errors;
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
	char *errors = reload(arg);

	(void)fd;
	(void)what;
	if (!errors)
		return;
	log_lines(errors);
	log_error("the configuration stays as it was");
	free(errors);
}

/* --- the loop -------------------------------------------------------------------- */

static char *on_status(void *arg)
{
	struct daemon *daemon = arg;

	return report_make(&daemon->config, &daemon->keys, daemon->encrypted, daemon->session,
			   daemon->engine);
}

/* Any user may bind a socket's name that nobody has, which is no reason not to start: it
 * is tried again.
 */
static int without(int ret, bool said, const char *socket, const char *what)
{
	if (ret != -EADDRINUSE)
		return ret;
	if (!said)
		log_error("the socket @%s is in use by another process: there is no %s until it "
			  "ends", socket, what);
	return 0;
}

static int open_status(struct daemon *daemon, bool again)
{
	return without(status_open(daemon->base, on_status, daemon, &daemon->status), again,
		       STATUS_NAME, "pgnld --status");
}

static int open_local(struct daemon *daemon, bool again)
{
	const struct local_env env = {
		.link = &daemon->links, .gg = daemon->gg, .names = daemon->names,
		.reload = reload, .arg = daemon, .limit_ms = LOCAL_MS,
	};
	const struct config *config = &daemon->config;
	int ret = local_open(&env, &daemon->local);

	if (!ret)
		local_configure(daemon->local, config->node, config->groups, config->n_groups);
	return without(ret, again, ASK_SOCKET, "global_group, nor pgnl gg");
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(daemon->base);
}

static void on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	notify("WATCHDOG=1");
}

static void on_absent(void)
{
	log_warning("the kernel module pgnl is not loaded; waiting for it");
	notify("STATUS=waiting for the kernel module pgnl");
}

static void on_present(struct daemon *daemon)
{
	log_info("node %s is the agent", daemon->config.node);
	notify("STATUS=");
	if (!daemon->ready)
		notify("READY=1");
	daemon->ready = true;
}

/* At the start it is the end. Later the role may be free again at any time. */
static void on_refused(struct daemon *daemon, int error)
{
	if (error == -EBUSY)
		log_error("this network namespace has an agent already");
	else
		log_error("can't be the agent: %s", strerror(-error));
	notify("STATUS=waiting to be the agent again");
	if (!daemon->ready)
		fail(daemon, error);
}

/* A role that was lost, with the module, say, is taken again when that is back. It is tried
 * each second, and told when the answer is another one.
 */
static void open_session(struct daemon *daemon)
{
	int ret = session_open(daemon->base, &daemon->config, &daemon->keys, daemon->engine,
			       daemon->gg, &daemon->session);
	bool same = ret == daemon->said;

	daemon->said = ret;
	if (!ret) {
		on_present(daemon);
	} else if (same) {
		return;
	} else if (ret == -ENOTCONN) {
		on_absent();
	} else if (ret == -EPERM) {
		log_error("no right to be the agent: pgnld needs CAP_NET_ADMIN over its network "
			  "namespace");
		fail(daemon, ret);
	} else if (ret == -EPROTO) {
		log_error("the kernel module and libpgnl %s do not speak one version of their "
			  "interface: install both of one release", pgnl_version());
		fail(daemon, ret);
	} else {
		on_refused(daemon, ret);
	}
}

static void on_role_timer(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	if (!daemon->session)
		open_session(daemon);
	if (!daemon->status)
		open_status(daemon, true);
	if (!daemon->local)
		open_local(daemon, true);
}

/* A device that went took the bearer along; it may be there again. */
static void on_bearer_timer(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	tipc_refresh(daemon->netns, &daemon->config);
}

/* A turn: what has come, and then what follows from all of it together. */
static void run(struct daemon *daemon)
{
	do {
		if (daemon->session && session_is_over(daemon->session)) {
			session_close(daemon->session);
			daemon->session = NULL;
		}
		if (daemon->session)
			session_round(daemon->session);
	} while (!event_base_loop(daemon->base, EVLOOP_ONCE) && !event_base_got_break(daemon->base));
}

static bool add_signal(struct daemon *daemon, int number, event_callback_fn callback)
{
	struct event *event = evsignal_new(daemon->base, number, callback, daemon);

	return event && !event_add(event, NULL);
}

static bool add_timer(struct daemon *daemon, struct timeval every, event_callback_fn callback)
{
	struct event *event = event_new(daemon->base, -1, EV_PERSIST, callback, daemon);

	return event && !event_add(event, &every);
}

static bool add_events(struct daemon *daemon)
{
	const struct timeval role = { ROLE_SECONDS, 0 }, bearer = { BEARER_SECONDS, 0 };
	unsigned long usec = notify_watchdog() / 2;
	const struct timeval watchdog = { (time_t)(usec / 1000000), (suseconds_t)(usec % 1000000) };

	return add_signal(daemon, SIGTERM, on_end) && add_signal(daemon, SIGINT, on_end) &&
	       add_signal(daemon, SIGHUP, on_reload) && add_timer(daemon, role, on_role_timer) &&
	       add_timer(daemon, bearer, on_bearer_timer) &&
	       (!usec || add_timer(daemon, watchdog, on_watchdog));
}

/* --- life -------------------------------------------------------------------------- */

/* All that takes rights which are given up then. 0 or -errno. */
static int prepare(struct daemon *daemon)
{
	int ret = netns_open(daemon->config.engine_netns, &daemon->netns);

	if (ret) {
		log_error("engine-netns: %s: %s", daemon->config.engine_netns, strerror(-ret));
		return ret;
	}
	if (privilege_drop()) {
		log_error("pgnld needs CAP_NET_ADMIN over its network namespace");
		return -EPERM;
	}
	return tipc_set_up(daemon->netns, &daemon->config, &daemon->keys, &daemon->encrypted);
}

static int open_groups(struct daemon *daemon)
{
	int ret;

	daemon->links = (struct link_env){
		.base = daemon->base, .netns = daemon->netns, .keys = &daemon->keys,
		.claim = claim, .arg = daemon,
	};
	daemon->serve = serve_new(&daemon->links, daemon->gg, daemon->names, deliver, daemon);
	if (!daemon->serve)
		return -ENOMEM;
	ret = open_local(daemon, false);
	return ret ? ret : apply_groups(daemon);
}

static int open_all(struct daemon *daemon)
{
	int ret = -ENOMEM;

	daemon->base = event_base_new();
	daemon->names = gg_names_new(daemon->config.node);
	daemon->gg = gg_new(daemon->config.node, &gg_out, daemon);
	if (daemon->base && daemon->names)
		ret = engine_tipc_new(daemon->base, daemon->netns, &daemon->engine);
	if (!ret && !add_events(daemon))
		ret = -ENOMEM;
	if (!ret)
		ret = open_status(daemon, false);
	if (!ret)
		ret = open_groups(daemon);
	return ret;
}

static int serve(struct daemon *daemon)
{
	int ret = open_all(daemon);

	if (ret) {
		log_error("can't start: %s", strerror(-ret));
		return ret;
	}
	open_session(daemon);
	if (!daemon->failed)
		run(daemon);
	notify("STOPPING=1");
	if (daemon->session)
		session_close(daemon->session);
	if (daemon->local)
		local_close(daemon->local);
	serve_free(daemon->serve);
	gg_names_free(daemon->names);
	gg_free(daemon->gg);
	return daemon->failed;
}

static int run_daemon(struct daemon *daemon)
{
	int ret;

	if (read_all(daemon->path, &daemon->config, &daemon->keys))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	ret = prepare(daemon);
	if (!ret)
		ret = serve(daemon);
	auth_forget(&daemon->keys);
	return ret ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "check", no_argument, NULL, 'k' },
		{ "status", no_argument, NULL, 's' },
		{ "new-key", required_argument, NULL, 'n' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL }
	};
	static struct daemon daemon = { .path = CONFIG_PATH };
	bool only_check = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:vVh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			daemon.path = optarg;
			break;
		case 'v':
			log_set_verbose();
			break;
		case 'k':
			only_check = true;
			break;
		case 's':
			return print_status();
		case 'n':
			return new_key(optarg);
		case 'V':
			printf("pgnld %s\n", pgnl_version());
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 1;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return 1;
	}
	return only_check ? check(daemon.path) : run_daemon(&daemon);
}
