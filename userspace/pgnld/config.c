// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#define CONFIG_MAX	(256 * 1024)
/* In all global groups: each is compared with all before it. */
#define NODES_MAX	4096

/* Some editors put it before the first line. */
#define BYTE_ORDER_MARK	"\xef\xbb\xbf"

#define PORT		6118
#define CLUSTER_ID	4711
#define TOLERANCE	1500
#define GRACE		2000

struct parser {
	const char *name;	/* of the file */
	const char *text;
	size_t left;
	unsigned int line;	/* being read, from 1 */
	bool failed;
	FILE *errors;
	struct config *config;
	struct config_group *group;	/* of the section being read */
	bool section_bad;		/* its keys mean nothing */
	unsigned int n_nodes;		/* of all sections */
	uint32_t seen;		/* bit n: keys[n] was given */
	unsigned int remote_line;
};

static void fail_at(struct parser *parser, unsigned int line, const char *format, va_list args)
{
	parser->failed = true;
	if (line)
		fprintf(parser->errors, "%s:%u: ", parser->name, line);
	else
		fprintf(parser->errors, "%s: ", parser->name);
	vfprintf(parser->errors, format, args);
	fputc('\n', parser->errors);
}

/* Something is wrong in a line; in none when that is 0. */
__attribute__((format(printf, 3, 4)))
static void fail_line(struct parser *parser, unsigned int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_at(parser, line, format, args);
	va_end(args);
}

/* Something is wrong in the present line. */
__attribute__((format(printf, 2, 3)))
static void fail(struct parser *parser, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_at(parser, parser->line, format, args);
	va_end(args);
}

static void *no_memory(struct parser *parser)
{
	fail(parser, "out of memory");
	return NULL;
}

/* --- values ----------------------------------------------------------------- */

static bool take_bool(struct parser *parser, const char *value, bool *to)
{
	if (!strcmp(value, "yes"))
		*to = true;
	else if (!strcmp(value, "no"))
		*to = false;
	else
		return fail(parser, "yes or no, not '%s'", value), false;
	return true;
}

static bool take_number(struct parser *parser, const char *value, uint32_t min, uint32_t max,
			uint32_t *to)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end || errno || number < min || number > max)
		return fail(parser, "a number from %" PRIu32 " to %" PRIu32 ", not '%s'",
			    min, max, value), false;
	*to = (uint32_t)number;
	return true;
}

/* "300ms", "2s" or "0"; min and max in milliseconds. */
static bool take_time(struct parser *parser, const char *value, uint32_t min, uint32_t max,
		      uint32_t *to)
{
	unsigned long number;
	uint64_t ms;
	char *end;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (!isdigit((unsigned char)*value) || errno || number > UINT32_MAX)
		return fail(parser, "a time such as 300ms or 2s, not '%s'", value), false;
	if (!strcmp(end, "s"))
		ms = (uint64_t)number * 1000;
	else if (!strcmp(end, "ms") || (!*end && !number))
		ms = number;
	else
		return fail(parser, "a time such as 300ms or 2s, not '%s'", value), false;
	if (ms < min || ms > max)
		return fail(parser, "a time from %" PRIu32 "ms to %" PRIu32 "ms, not '%s'",
			    min, max, value), false;
	*to = (uint32_t)ms;
	return true;
}

/* Of a node or a group. It travels in frames and stands in listings. */
static bool take_name(struct parser *parser, const char *value, const char *what, char *to)
{
	size_t len = strlen(value);

	if (!len || len >= CONFIG_NAME_SIZE)
		return fail(parser, "the name of a %s has 1 to %d bytes", what,
			    CONFIG_NAME_SIZE - 1), false;
	for (const char *c = value; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("._-@:", *c))
			return fail(parser, "the name of a %s has letters, digits and ._-@: "
				    "only, not '%s'", what, value), false;
	}
	memcpy(to, value, len + 1);
	return true;
}

static bool take_path(struct parser *parser, const char *value, char **to)
{
	if (*value != '/')
		return fail(parser, "a path from /, not '%s'", value), false;
	*to = strdup(value);
	return *to || no_memory(parser);
}

/* A numeric address of either family; its port is set later. */
static bool take_address(struct parser *parser, const char *value, struct sockaddr_storage *to)
{
	struct sockaddr_in *in = (struct sockaddr_in *)to;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, value, &in->sin_addr) == 1)
		to->ss_family = AF_INET;
	else if (inet_pton(AF_INET6, value, &in6->sin6_addr) == 1)
		to->ss_family = AF_INET6;
	else
		return fail(parser, "an IP address, not '%s'", value), false;
	return true;
}

/* One more element of an array, all zero. */
static void *append(struct parser *parser, void *array, size_t *n, size_t size)
{
	char *grown = realloc(array, (*n + 1) * size);

	if (!grown)
		return no_memory(parser);
	memset(grown + *n * size, 0, size);
	(*n)++;
	return grown;
}

/* Call take for each word of a value, until it fails. */
static bool each_word(struct parser *parser, const char *value,
		      bool (*take)(struct parser *parser, const char *word))
{
	char *copy = strdup(value), *rest = copy, *word;
	bool good = true;

	if (!copy)
		return no_memory(parser);
	while (good && (word = strsep(&rest, " \t"))) {
		if (*word)
			good = take(parser, word);
	}
	free(copy);
	return good;
}

/* --- the keys at the top ---------------------------------------------------- */

static bool set_node(struct parser *parser, const char *value)
{
	return take_name(parser, value, "node", parser->config->node);
}

static bool set_key_file(struct parser *parser, const char *value)
{
	return take_path(parser, value, &parser->config->key_file);
}

static bool set_bearer(struct parser *parser, const char *value)
{
	struct config *config = parser->config;
	const char *what = value + strcspn(value, " \t");
	size_t len = (size_t)(what - value);

	what += strspn(what, " \t");
	if (len == 3 && !strncmp(value, "udp", 3) && *what) {
		config->bearer = BEARER_UDP;
		return take_address(parser, what, &config->local);
	}
	if (len != 3 || strncmp(value, "eth", 3) || !*what)
		return fail(parser, "bearer = eth DEVICE, or bearer = udp ADDRESS"), false;
	if (strlen(what) >= CONFIG_DEVICE_SIZE || strpbrk(what, " \t/:"))
		return fail(parser, "no network device can be called '%s'", what), false;
	config->bearer = BEARER_ETH;
	strcpy(config->device, what);
	return true;
}

static bool add_remote(struct parser *parser, const char *word)
{
	struct config *config = parser->config;
	void *grown = append(parser, config->remote, &config->n_remote, sizeof(*config->remote));

	if (!grown)
		return false;
	config->remote = grown;
	return take_address(parser, word, &config->remote[config->n_remote - 1]);
}

static bool set_remoteip(struct parser *parser, const char *value)
{
	if (!parser->remote_line)
		parser->remote_line = parser->line;
	return each_word(parser, value, add_remote);
}

static bool set_port(struct parser *parser, const char *value)
{
	uint32_t port;

	if (!take_number(parser, value, 1, UINT16_MAX, &port))
		return false;
	parser->config->port = (uint16_t)port;
	return true;
}

static bool set_cluster_id(struct parser *parser, const char *value)
{
	return take_number(parser, value, 1, 9999, &parser->config->cluster_id);
}

static bool set_tolerance(struct parser *parser, const char *value)
{
	return take_time(parser, value, 50, 30000, &parser->config->tolerance);
}

static bool set_grace(struct parser *parser, const char *value)
{
	return take_time(parser, value, 0, 3600000, &parser->config->grace);
}

static bool set_encryption(struct parser *parser, const char *value)
{
	return take_bool(parser, value, &parser->config->encryption);
}

static bool set_adopt(struct parser *parser, const char *value)
{
	return take_bool(parser, value, &parser->config->adopt);
}

static bool set_engine_netns(struct parser *parser, const char *value)
{
	return take_path(parser, value, &parser->config->engine_netns);
}

static bool set_remote_root(struct parser *parser, const char *value)
{
	return take_bool(parser, value, &parser->config->remote_root);
}

static bool set_forward_signals(struct parser *parser, const char *value)
{
	return take_bool(parser, value, &parser->config->forward_signals);
}

static bool set_remote_join(struct parser *parser, const char *value)
{
	return take_bool(parser, value, &parser->config->remote_join);
}

static bool set_names(struct parser *parser, const char *value)
{
	if (!strcmp(value, "connected"))
		return true;
	if (!strcmp(value, "majority"))
		return fail(parser, "names=majority is not there yet: a name is unique among the "
			    "nodes that are connected; leave the line out"), false;
	return fail(parser, "names = connected, not '%s'", value), false;
}

struct key {
	const char *name;
	bool (*set)(struct parser *parser, const char *value);
	bool list;		/* may be given again, and goes on in the next line */
};

static const struct key top_keys[] = {
	{ "node", set_node },
	{ "key-file", set_key_file },
	{ "bearer", set_bearer },
	{ "remoteip", set_remoteip, true },
	{ "port", set_port },
	{ "cluster-id", set_cluster_id },
	{ "tolerance", set_tolerance },
	{ "grace", set_grace },
	{ "encryption", set_encryption },
	{ "adopt", set_adopt },
	{ "engine-netns", set_engine_netns },
	{ "forward-signals", set_forward_signals },
	{ "remote-root", set_remote_root },
	{ "remote-join", set_remote_join },
	{ "names", set_names },
	{ NULL }
};

/* --- the sections ----------------------------------------------------------- */

const struct config_group *config_group_of(const struct config *config, const char *node)
{
	for (size_t g = 0; g < config->n_groups; g++) {
		const struct config_group *group = &config->groups[g];

		for (size_t i = 0; i < group->n_nodes; i++) {
			if (!strcmp(group->nodes[i], node))
				return group;
		}
	}
	return NULL;
}

static bool set_publish(struct parser *parser, const char *value)
{
	if (!strcmp(value, "hidden"))
		parser->group->hidden = true;
	else if (!strcmp(value, "normal"))
		parser->group->hidden = false;
	else
		return fail(parser, "normal or hidden, not '%s'", value), false;
	return true;
}

static bool add_node(struct parser *parser, const char *word)
{
	const struct config_group *other = config_group_of(parser->config, word);
	struct config_group *group = parser->group;
	void *grown;

	if (other == group)
		return fail(parser, "node %s is in global_group %s already", word,
			    group->name), false;
	if (other)
		return fail(parser, "node %s is in global_group %s (line %u) already", word,
			    other->name, other->line), false;
	if (++parser->n_nodes > NODES_MAX)
		return fail(parser, "more than %d nodes in all global_groups", NODES_MAX), false;
	grown = append(parser, group->nodes, &group->n_nodes, sizeof(*group->nodes));
	if (!grown)
		return false;
	group->nodes = grown;
	return take_name(parser, word, "node", group->nodes[group->n_nodes - 1]);
}

static bool set_nodes(struct parser *parser, const char *value)
{
	return each_word(parser, value, add_node);
}

static const struct key group_keys[] = {
	{ "publish", set_publish },
	{ "nodes", set_nodes, true },
	{ NULL }
};

static void begin_group(struct parser *parser, const char *name)
{
	struct config *config = parser->config;
	struct config_group *group;
	void *grown;

	for (size_t i = 0; i < config->n_groups; i++) {
		if (!strcmp(config->groups[i].name, name)) {
			fail(parser, "global_group %s is in line %u already", name,
			     config->groups[i].line);
			return;
		}
	}
	grown = append(parser, config->groups, &config->n_groups, sizeof(*config->groups));
	if (!grown)
		return;
	config->groups = grown;
	group = &config->groups[config->n_groups - 1];
	group->line = parser->line;
	parser->group = group;
	parser->section_bad = !take_name(parser, name, "global_group", group->name);
}

/* From the line itself: inih tells neither of an empty section nor the whole of a
 * long name.
 */
static void begin_section(struct parser *parser, const char *name, size_t len)
{
	static const char word[] = "global_group";
	char section[sizeof(word) + CONFIG_NAME_SIZE + 16];
	const char *rest = section + strlen(word);

	snprintf(section, sizeof(section), "%.*s", (int)len, name);
	parser->group = NULL;
	parser->section_bad = true;
	parser->seen = 0;
	if (!strncmp(section, word, strlen(word)) && (*rest == ' ' || *rest == '\t'))
		begin_group(parser, rest + strspn(rest, " \t"));
	else
		fail(parser, "no such section: [%s]; there is [global_group NAME]", section);
}

static int take_line(void *user, const char *section, const char *name, const char *value)
{
	struct parser *parser = user;
	const struct key *keys = parser->group ? group_keys : top_keys, *key;
	uint32_t bit;

	(void)section;
	if (parser->section_bad)
		return 1;
	for (key = keys; key->name && strcmp(key->name, name); key++)
		;
	bit = 1u << (key - keys);
	if (!key->name)
		fail(parser, "no such key%s: %s", parser->group ? " in a global_group" : "", name);
	else if ((parser->seen & bit) && !key->list)
		fail(parser, "%s was given before", name);
	else if (!*value)
		fail(parser, "%s needs a value", name);
	else
		key->set(parser, value);
	parser->seen |= bit;
	return 1;
}

/* --- the file --------------------------------------------------------------- */

static void see_section(struct parser *parser, const char *line)
{
	const char *start = line + strspn(line, " \t");
	const char *end = *start == '[' ? strchr(start, ']') : NULL;

	if (end && start > line)
		fail(parser, "a section begins at the start of its line");
	else if (end)
		begin_section(parser, start + 1, (size_t)(end - start - 1));
}

/* As fgets(), but counts lines, and refuses what inih would cut in two: it takes
 * the rest of a long line for a line of its own.
 */
static char *next_line(char *to, int size, void *from)
{
	struct parser *parser = from;
	const char *end;
	size_t len;

	if (!parser->left)
		return NULL;
	end = memchr(parser->text, '\n', parser->left);
	len = end ? (size_t)(end - parser->text) : parser->left;
	parser->line++;
	/* inih wants room for both ends of a line. */
	if (len > (size_t)size - 3) {
		fail(parser, "more than %d bytes in a line; lists go on in the next, after a blank",
		     size - 3);
		*to = '\0';
	} else if (memchr(parser->text, '\0', len)) {
		fail(parser, "a NUL byte");
		*to = '\0';
	} else {
		memcpy(to, parser->text, len);
		strcpy(to + len, "\n");
		see_section(parser, to);
	}
	len += !!end;
	parser->text += len;
	parser->left -= len;
	return to;
}

/* inih would leave it out as well, but we look at lines before it does. */
static void skip_mark(struct parser *parser)
{
	size_t len = strlen(BYTE_ORDER_MARK);

	if (parser->left < len || memcmp(parser->text, BYTE_ORDER_MARK, len))
		return;
	parser->text += len;
	parser->left -= len;
}

static void set_ports(struct config *config)
{
	/* The port is at the same place in both families. */
	((struct sockaddr_in *)&config->local)->sin_port = htons(config->port);
	for (size_t i = 0; i < config->n_remote; i++)
		((struct sockaddr_in *)&config->remote[i])->sin_port = htons(config->port);
}

/* What the keys mean together. */
static void check_whole(struct parser *parser)
{
	struct config *config = parser->config;

	if (!config->bearer)
		fail_line(parser, 0, "no bearer: bearer = eth DEVICE, or bearer = udp ADDRESS");
	if (config->n_remote && config->bearer != BEARER_UDP)
		fail_line(parser, parser->remote_line, "remoteip goes with bearer = udp ADDRESS");
	else if (config->bearer == BEARER_UDP && config->local.ss_family == AF_INET6 &&
		 !config->n_remote)
		fail_line(parser, 0, "an IPv6 bearer needs the other nodes' addresses in remoteip");
	for (size_t i = 0; config->bearer == BEARER_UDP && i < config->n_remote; i++) {
		if (config->remote[i].ss_family != config->local.ss_family) {
			fail_line(parser, parser->remote_line,
				  "remoteip and bearer are of different families");
			break;
		}
	}
	for (size_t i = 0; i < config->n_groups; i++) {
		if (!config->groups[i].n_nodes)
			fail_line(parser, config->groups[i].line, "global_group %s has no nodes",
				  config->groups[i].name);
	}
}

static void set_defaults(struct parser *parser, struct config *config)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	parser->line = 0;
	if (!*config->node && !take_name(parser, host, "node", config->node))
		fail_line(parser, 0, "the host's name can't be a node's: set node = NAME");
	if (!config->key_file && !(config->key_file = strdup("/etc/pgnl/cluster.key")))
		no_memory(parser);
}

int config_parse(const char *name, const char *text, size_t len, struct config *config,
		 FILE *errors)
{
	struct parser parser = {
		.name = name, .text = text, .left = len, .errors = errors, .config = config,
	};
	int bad;

	skip_mark(&parser);
	*config = (struct config){
		.port = PORT, .cluster_id = CLUSTER_ID, .tolerance = TOLERANCE, .grace = GRACE,
		.encryption = true,
	};
	bad = ini_parse_stream(next_line, &parser, take_line, &parser);
	if (bad > 0)
		fail_line(&parser, (unsigned int)bad, "neither key = value nor [section]");
	else if (bad)
		no_memory(&parser);
	if (!parser.failed)
		check_whole(&parser);
	if (!parser.failed)
		set_defaults(&parser, config);
	if (parser.failed) {
		config_free(config);
		return -1;
	}
	set_ports(config);
	return 0;
}

int config_read(const char *path, struct config *config, FILE *errors)
{
	char text[CONFIG_MAX + 1];
	FILE *file = fopen(path, "re");
	size_t len = file ? fread(text, 1, sizeof(text), file) : 0;
	int ret = -1;

	if (!file || ferror(file))
		fprintf(errors, "%s: %s\n", path, strerror(errno));
	else if (len > CONFIG_MAX)
		fprintf(errors, "%s: more than %d bytes\n", path, CONFIG_MAX);
	else
		ret = config_parse(path, text, len, config, errors);
	if (file)
		fclose(file);
	return ret;
}

void config_free(struct config *config)
{
	for (size_t i = 0; i < config->n_groups; i++)
		free(config->groups[i].nodes);
	free(config->groups);
	free(config->remote);
	free(config->engine_netns);
	free(config->key_file);
	memset(config, 0, sizeof(*config));
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_bearer(const struct config *a, const struct config *b)
{
	return a->bearer == b->bearer && !strcmp(a->device, b->device) &&
	       !memcmp(&a->local, &b->local, sizeof(a->local));
}

static bool has_remote(const struct config *config, const struct sockaddr_storage *address)
{
	for (size_t i = 0; i < config->n_remote; i++) {
		if (!memcmp(&config->remote[i], address, sizeof(*address)))
			return true;
	}
	return false;
}

/* TIPC is told of those that are new, and goes on with those that are not there any more. */
static bool lacks_remote(const struct config *old, const struct config *new)
{
	for (size_t i = 0; i < old->n_remote; i++) {
		if (!has_remote(new, &old->remote[i]))
			return true;
	}
	return false;
}

const char *config_needs_restart(const struct config *old, const struct config *new)
{
	if (strcmp(old->node, new->node))
		return "node";
	if (!same_text(old->key_file, new->key_file))
		return "key-file";
	/* It is a part of each address. */
	if (old->port != new->port)
		return "port";
	if (!same_bearer(old, new))
		return "bearer";
	if (lacks_remote(old, new))
		return "remoteip";
	if (old->cluster_id != new->cluster_id)
		return "cluster-id";
	if (old->encryption != new->encryption)
		return "encryption";
	if (old->adopt != new->adopt)
		return "adopt";
	if (!same_text(old->engine_netns, new->engine_netns))
		return "engine-netns";
	if (old->forward_signals != new->forward_signals)
		return "forward-signals";
	return NULL;
}

#define SWAP(a, b) do {			\
	__typeof__(a) was_ = (a);	\
	(a) = (b);			\
	(b) = was_;			\
} while (0)

void config_keep(struct config *old, struct config *new)
{
	if (!same_bearer(old, new)) {
		SWAP(old->remote, new->remote);
		SWAP(old->n_remote, new->n_remote);
	}
	strcpy(new->node, old->node);
	SWAP(old->key_file, new->key_file);
	SWAP(old->engine_netns, new->engine_netns);
	new->bearer = old->bearer;
	strcpy(new->device, old->device);
	new->local = old->local;
	new->port = old->port;
	new->cluster_id = old->cluster_id;
	new->encryption = old->encryption;
	new->adopt = old->adopt;
	new->forward_signals = old->forward_signals;
}
