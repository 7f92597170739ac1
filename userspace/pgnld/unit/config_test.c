// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration of pgnld: what is read, and what each mistake is answered. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../config.h"
#include "../../../selftests/check.h"

static char *errors;
static struct config config;

/* Parse into config and errors, which the next call and the end of a test free. */
static int parse(const char *text)
{
	size_t size;
	FILE *to;
	int ret;

	free(errors);
	config_free(&config);
	to = open_memstream(&errors, &size);
	ret = config_parse("conf", text, strlen(text), &config, to);
	fclose(to);
	return ret;
}

#define BEARER "bearer = eth eth1\n"

/* That such a line is refused with these words, in line 2. */
static bool refused(const char *line, const char *words)
{
	char text[1024], expected[1024];

	snprintf(text, sizeof(text), BEARER "%s\n", line);
	snprintf(expected, sizeof(expected), "conf:2: %s\n", words);
	if (parse(text) == -1 && !strcmp(errors, expected))
		return true;
	printf("# %s: %s", line, errors);
	return false;
}

static void a_bearer_is_all_it_needs(void)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	CHECK(parse(BEARER) == 0);
	CHECK(!*errors);
	CHECK(!strcmp(config.node, host));
	CHECK(config.bearer == BEARER_ETH && !strcmp(config.device, "eth1"));
	CHECK(!strcmp(config.key_file, "/etc/pgnl/cluster.key"));
	CHECK(config.port == 6118 && config.cluster_id == 4711);
	CHECK(config.tolerance == 1500 && config.grace == 2000);
	CHECK(config.encryption && !config.adopt && !config.engine_netns);
	CHECK(!config.n_groups && !config_group_of(&config, "a"));
}

static void every_key_is_read(void)
{
	const struct sockaddr_in *local = (const struct sockaddr_in *)&config.local;
	const struct sockaddr_in *remote;

	CHECK(parse("# a comment\n"
		    "node = a@example.org\n"
		    "key-file = /tmp/key   ; and one here\n"
		    "bearer = udp 10.0.0.1\n"
		    "remoteip = 10.0.0.2\n"
		    "  10.0.0.3 10.0.0.4\n"
		    "port = 7000\ncluster-id = 17\ntolerance = 250ms\ngrace = 5s\n"
		    "encryption = no\nadopt = yes\nengine-netns = /run/netns/pgnl\n"
		    "forward-signals = no\nremote-join = yes\nnames = connected\n") == 0);
	CHECK(!strcmp(config.node, "a@example.org") && !strcmp(config.key_file, "/tmp/key"));
	CHECK(config.bearer == BEARER_UDP && config.local.ss_family == AF_INET);
	CHECK(ntohs(local->sin_port) == 7000 && ntohl(local->sin_addr.s_addr) == 0x0a000001);
	CHECK(config.n_remote == 3);
	CHECK(config.remote_join && !config.forward_signals);
	remote = (const struct sockaddr_in *)&config.remote[2];
	CHECK(ntohl(remote->sin_addr.s_addr) == 0x0a000004 && ntohs(remote->sin_port) == 7000);
	CHECK(config.cluster_id == 17 && config.tolerance == 250 && config.grace == 5000);
	CHECK(!config.encryption && config.adopt);
	CHECK(!strcmp(config.engine_netns, "/run/netns/pgnl"));
}

static void groups_keep_their_order(void)
{
	const struct config_group *group;

	CHECK(parse(BEARER
		    "[global_group west]\nnodes = c a\n  b\n"
		    "[global_group east]\npublish = hidden\nnodes = d\nnodes = e\n") == 0);
	CHECK(config.n_groups == 2);
	group = &config.groups[0];
	CHECK(!strcmp(group->name, "west") && !group->hidden && group->n_nodes == 3);
	CHECK(!strcmp(group->nodes[0], "c") && !strcmp(group->nodes[1], "a") &&
	      !strcmp(group->nodes[2], "b"));
	group = config_group_of(&config, "e");
	CHECK(group == &config.groups[1] && group->hidden && group->n_nodes == 2);
	CHECK(!config_group_of(&config, "f"));
}

static void a_group_may_have_the_longest_name(void)
{
	char name[65], text[256];

	memset(name, 'g', 64);
	name[63] = '\0';
	snprintf(text, sizeof(text), BEARER "[global_group %s]\nnodes = a\n", name);
	CHECK(parse(text) == 0);
	CHECK(!strcmp(config.groups[0].name, name));
	name[63] = 'g';
	name[64] = '\0';
	snprintf(text, sizeof(text), "[global_group %s]", name);
	CHECK(refused(text, "the name of a global_group has 1 to 63 bytes"));
}

static void a_node_is_in_one_group_once(void)
{
	CHECK(parse(BEARER "[global_group west]\nnodes = a b a\n") == -1);
	CHECK(!strcmp(errors, "conf:3: node a is in global_group west already\n"));
	CHECK(parse(BEARER "[global_group west]\nnodes = a b\n"
		    "[global_group east]\nnodes = c\n   b\n") == -1);
	CHECK(!strcmp(errors, "conf:6: node b is in global_group west (line 2) already\n"));
	CHECK(parse(BEARER "[global_group west]\nnodes = a\n[global_group west]\nnodes = b\n") ==
	      -1);
	CHECK(!strcmp(errors, "conf:4: global_group west is in line 2 already\n"));
}

static void a_group_without_nodes_is_refused(void)
{
	CHECK(refused("[global_group west]", "global_group west has no nodes"));
	CHECK(refused("[global_group west]\npublish = hidden", "global_group west has no nodes"));
}

static void bad_values_are_refused(void)
{
	char line[300];

	CHECK(refused("node = a b", "the name of a node has letters, digits and ._-@: only, "
		      "not 'a b'"));
	memset(line, 'n', sizeof(line));
	memcpy(line, "node = ", 7);
	line[7 + 64] = '\0';
	CHECK(refused(line, "the name of a node has 1 to 63 bytes"));
	CHECK(refused("key-file = key", "a path from /, not 'key'"));
	CHECK(refused("tolerance = 300", "a time such as 300ms or 2s, not '300'"));
	CHECK(refused("tolerance = 40ms", "a time from 50ms to 30000ms, not '40ms'"));
	CHECK(refused("tolerance = 18446744073709551616s",
		      "a time such as 300ms or 2s, not '18446744073709551616s'"));
	CHECK(refused("grace = -1s", "a time such as 300ms or 2s, not '-1s'"));
	CHECK(refused("port = 0", "a number from 1 to 65535, not '0'"));
	CHECK(refused("port = 6118x", "a number from 1 to 65535, not '6118x'"));
	CHECK(refused("cluster-id = 10000", "a number from 1 to 9999, not '10000'"));
	CHECK(refused("adopt = maybe", "yes or no, not 'maybe'"));
	CHECK(refused("forward-signals = 1", "yes or no, not '1'"));
	CHECK(refused("remote-join = always", "yes or no, not 'always'"));
	CHECK(refused("names = majority", "names=majority is not there yet: a name is unique "
		      "among the nodes that are connected; leave the line out"));
	CHECK(refused("remoteip = 10.0.0.2", "remoteip goes with bearer = udp ADDRESS"));
	CHECK(parse(BEARER "[global_group w]\npublish = secret\nnodes = a\n") == -1);
	CHECK(!strcmp(errors, "conf:3: normal or hidden, not 'secret'\n"));
}

static void bad_bearers_are_refused(void)
{
	CHECK(parse("node = a\n") == -1);
	CHECK(!strcmp(errors, "conf: no bearer: bearer = eth DEVICE, or bearer = udp ADDRESS\n"));
	CHECK(parse("bearer = eth\n") == -1);
	CHECK(!strcmp(errors, "conf:1: bearer = eth DEVICE, or bearer = udp ADDRESS\n"));
	CHECK(parse("bearer = tcp 10.0.0.1\n") == -1);
	CHECK(!strcmp(errors, "conf:1: bearer = eth DEVICE, or bearer = udp ADDRESS\n"));
	CHECK(parse("bearer = udp 10.0.0\n") == -1);
	CHECK(!strcmp(errors, "conf:1: an IP address, not '10.0.0'\n"));
	CHECK(parse("bearer = eth a-very-long-nam\n") == 0);
	CHECK(parse("bearer = eth a-very-long-name1234\n") == -1);
	CHECK(!strcmp(errors, "conf:1: no network device can be called "
		      "'a-very-long-name1234'\n"));
	CHECK(parse("bearer = udp fd00::1\n") == -1);
	CHECK(!strcmp(errors,
		      "conf: an IPv6 bearer needs the other nodes' addresses in remoteip\n"));
	CHECK(parse("bearer = udp fd00::1\nremoteip = fd00::2 10.0.0.1\n") == -1);
	CHECK(!strcmp(errors, "conf:2: remoteip and bearer are of different families\n"));
	CHECK(parse("bearer = udp fd00::1\nremoteip = fd00::2\n") == 0);
}

static void bad_lines_are_refused(void)
{
	char line[300];

	CHECK(refused("frobnicate = yes", "no such key: frobnicate"));
	CHECK(refused("grace =", "grace needs a value"));
	CHECK(refused("no equals sign", "neither key = value nor [section]"));
	CHECK(refused("[node]", "no such section: [node]; there is [global_group NAME]"));
	CHECK(refused("[global_group]",
		      "no such section: [global_group]; there is [global_group NAME]"));
	CHECK(parse("  [global_group a]\n") == -1);
	CHECK(strstr(errors, "conf:1: a section begins at the start of its line\n"));
	CHECK(refused("bearer = eth eth2", "bearer was given before"));
	memset(line, ' ', sizeof(line));
	memcpy(line, "node = ", 7);
	line[sizeof(line) - 2] = 'x';
	line[sizeof(line) - 1] = '\0';
	CHECK(refused(line, "more than 197 bytes in a line; lists go on in the next, after a "
		      "blank"));
	free(errors);
	errors = NULL;
}

static void every_mistake_is_told_at_once(void)
{
	CHECK(parse("bearer = eth\nport = x\n[where]\nx = y\n[global_group w]\nfoo = 1\n") == -1);
	CHECK(!strcmp(errors,
		      "conf:1: bearer = eth DEVICE, or bearer = udp ADDRESS\n"
		      "conf:2: a number from 1 to 65535, not 'x'\n"
		      "conf:3: no such section: [where]; there is [global_group NAME]\n"
		      "conf:6: no such key in a global_group: foo\n"));
}

static void nul_bytes_are_refused(void)
{
	static const char text[] = BEARER "no\0de = a\n";
	FILE *to;
	size_t size;

	free(errors);
	config_free(&config);
	to = open_memstream(&errors, &size);
	CHECK(config_parse("conf", text, sizeof(text) - 1, &config, to) == -1);
	fclose(to);
	CHECK(!strcmp(errors, "conf:2: a NUL byte\n"));
}

static void a_byte_order_mark_is_no_part_of_the_first_line(void)
{
	CHECK(parse("\xef\xbb\xbf[global_group west]\nnodes = a b\n") == -1);
	CHECK(!strcmp(errors, "conf: no bearer: bearer = eth DEVICE, or bearer = udp ADDRESS\n"));
}

static void nodes_are_not_without_number(void)
{
	for (int n = 4096; n <= 4097; n++) {
		char *text;
		size_t size;
		FILE *to = open_memstream(&text, &size);

		fputs(BEARER, to);
		for (int i = 0; i < n; i++) {
			if (i % 2048 == 0)
				fprintf(to, "\n[global_group g%d]\nnodes =", i);
			fprintf(to, i % 16 == 8 ? "\n  n%d" : " n%d", i);
		}
		fputc('\n', to);
		fclose(to);
		CHECK(parse(text) == (n == 4096 ? 0 : -1));
		free(text);
	}
	CHECK(strstr(errors, "more than 4096 nodes in all global_groups\n"));
}

static void files_are_read(void)
{
	char path[] = "/tmp/pgnld-config-XXXXXX";
	int fd = mkstemp(path);
	FILE *to;
	size_t size;

	CHECK(write(fd, BEARER, strlen(BEARER)) == (ssize_t)strlen(BEARER));
	close(fd);
	free(errors);
	config_free(&config);
	to = open_memstream(&errors, &size);
	CHECK(config_read(path, &config, to) == 0);
	CHECK(config.bearer == BEARER_ETH);
	config_free(&config);
	unlink(path);
	CHECK(config_read(path, &config, to) == -1);
	CHECK(config_read("/", &config, to) == -1);
	fclose(to);
	CHECK(strstr(errors, "No such file or directory\n"));
	CHECK(strstr(errors, "Is a directory\n"));
}

static const char *restart(const char *text)
{
	struct config old = config;
	const char *key;

	memset(&config, 0, sizeof(config));
	CHECK(parse(text) == 0);
	key = config_needs_restart(&old, &config);
	config_free(&old);
	return key;
}

static void what_takes_a_restart_is_known(void)
{
	CHECK(parse("bearer = udp 10.0.0.1\nremoteip = 10.0.0.2\n") == 0);
	CHECK(!restart("bearer = udp 10.0.0.1\nremoteip = 10.0.0.2\ngrace = 7s\n"
		       "tolerance = 250ms\n[global_group w]\nnodes = a\n"));
	/* Others may come, and stand in another order. */
	CHECK(!restart("bearer = udp 10.0.0.1\nremoteip = 10.0.0.4 10.0.0.2\n"));
	CHECK(!restart("bearer = udp 10.0.0.1\nremoteip = 10.0.0.2 10.0.0.4 10.0.0.5\n"));
	CHECK(!strcmp(restart("bearer = udp 10.0.0.1\nremoteip = 10.0.0.2 10.0.0.4 10.0.0.5 "
			      "10.0.0.6\nadopt = yes\n"), "adopt"));
	CHECK(!strcmp(restart("bearer = udp 10.0.0.1\nremoteip = 10.0.0.2 10.0.0.4 10.0.0.6\n"),
		      "remoteip"));
	CHECK(!strcmp(restart("bearer = udp 10.0.0.1\nremoteip = 10.0.0.3\n"), "remoteip"));
	CHECK(!strcmp(restart("bearer = udp 10.0.0.1\n"), "remoteip"));
	CHECK(!restart("bearer = udp 10.0.0.1\nremoteip = 10.0.0.3\n"));
	CHECK(!strcmp(restart("bearer = udp 10.0.0.1\nremoteip = 10.0.0.3\nport = 7\n"), "port"));
	CHECK(!strcmp(restart("bearer = udp 10.0.0.2\nremoteip = 10.0.0.3\nport = 7\n"), "bearer"));
	CHECK(!strcmp(restart("bearer = udp 10.0.0.2\nremoteip = 10.0.0.3\nnode = zz\n"), "node"));
}

static void what_takes_a_restart_is_kept(void)
{
	struct config old;

	CHECK(parse("bearer = udp 10.0.0.1\nremoteip = 10.0.0.2\nnode = a\ngrace = 7s\n"
		    "key-file = /one\nforward-signals = yes\nadopt = yes\n") == 0);
	old = config;
	memset(&config, 0, sizeof(config));
	CHECK(parse("bearer = eth eth7\nnode = b\ngrace = 8s\nkey-file = /two\n"
		    "encryption = no\nport = 7\ncluster-id = 9\nengine-netns = /three\n") == 0);
	config_keep(&old, &config);
	CHECK(config.bearer == BEARER_UDP && !*config.device && config.n_remote == 1);
	CHECK(((struct sockaddr_in *)&config.local)->sin_addr.s_addr == htonl(0x0a000001));
	CHECK(!strcmp(config.node, "a") && !strcmp(config.key_file, "/one"));
	CHECK(config.encryption && config.forward_signals && config.adopt);
	CHECK(config.port == ntohs(((struct sockaddr_in *)&config.local)->sin_port));
	CHECK(config.cluster_id != 9 && !config.engine_netns);
	CHECK(config.grace == 8000);
	config_free(&old);
}

static void addresses_are_added_at_the_same_bearer(void)
{
	struct config old;

	CHECK(parse("bearer = udp 10.0.0.1\nremoteip = 10.0.0.2\n") == 0);
	old = config;
	memset(&config, 0, sizeof(config));
	CHECK(parse("bearer = udp 10.0.0.1\nremoteip = 10.0.0.2 10.0.0.3\n") == 0);
	config_keep(&old, &config);
	CHECK(config.n_remote == 2);
	config_free(&old);
}

int main(void)
{
	RUN(a_bearer_is_all_it_needs);
	RUN(every_key_is_read);
	RUN(groups_keep_their_order);
	RUN(a_group_may_have_the_longest_name);
	RUN(a_node_is_in_one_group_once);
	RUN(a_group_without_nodes_is_refused);
	RUN(bad_values_are_refused);
	RUN(bad_bearers_are_refused);
	RUN(bad_lines_are_refused);
	RUN(every_mistake_is_told_at_once);
	RUN(nul_bytes_are_refused);
	RUN(a_byte_order_mark_is_no_part_of_the_first_line);
	RUN(nodes_are_not_without_number);
	RUN(files_are_read);
	RUN(what_takes_a_restart_is_known);
	RUN(what_takes_a_restart_is_kept);
	RUN(addresses_are_added_at_the_same_bearer);
	free(errors);
	config_free(&config);
	return check_result();
}
