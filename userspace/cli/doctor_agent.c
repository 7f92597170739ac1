// SPDX-License-Identifier: GPL-2.0-or-later
/* What may be wrong with the agent of this node: by what it says itself. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tipc.h>

#include "../pgnld/status.h"
#include "agent_status.h"
#include "doctor.h"
#include "err.h"

#define CONFIG		"/etc/pgnl/pgnld.conf"

/* Why an agent says BYE: agent-protocol.md. */
enum { BYE_BAD = 1, BYE_VERSION = 2, BYE_KEY = 4, BYE_DUPLICATE = 5 };

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* --- what it stands on -------------------------------------------------------------- */

/* The file that comes with the package says nothing yet. */
static bool is_configured(void)
{
	FILE *file = fopen(CONFIG, "re");
	char line[256], key[8];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, " %6[a-z]", key) == 1 && !strcmp(key, "bearer");
	if (file)
		fclose(file);
	return found;
}

/* The kernel does not load it by itself; pgnld's unit has it loaded. */
static void check_tipc(struct doctor *doctor)
{
	int fd = socket(AF_TIPC, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		close(fd);
		find(doctor, "tipc", NULL, "this kernel has TIPC, by which agents talk");
	} else if (errno == EPERM || errno == EACCES) {
		find(doctor, "tipc", "allow AF_TIPC to this process (seccomp, LSM)",
		     "TIPC, by which agents talk, is denied here: %s", strerror(errno));
	} else {
		find(doctor, "tipc", "'modprobe tipc' loads it, or says which; take \"install tipc\" or"
		     " \"blacklist tipc\" out of /etc/modprobe.d, or boot a kernel with"
		     " CONFIG_TIPC",
		     "this host has no TIPC, by which agents talk, or forbids it, or nobody has"
		     " loaded it");
	}
}

static void explain_silence(struct doctor *doctor, int error)
{
	bool configured = is_configured();

	if (error == -EPERM)
		find(doctor, "agent", "'ss -xlp' shows which process has @" STATUS_NAME ": end it;"
		     " pgnld then takes it by itself",
		     "neither root nor pgnld has the socket of the agent, but another user, who is"
		     " not asked");
	else if (error == -EACCES)
		find(doctor, "agent", "allow this process to connect to @" STATUS_NAME
		     " (seccomp, LSM)", "the agent may not be asked from here");
	else if (error != -ECONNREFUSED)
		find(doctor, "agent", "systemctl restart pgnld", "pgnld does not answer: %s",
		     strerror(-error));
	else if (configured)
		find(doctor, "agent", "systemctl enable --now pgnld; when it does not stay,"
		     " 'journalctl -u pgnld' says why",
		     CONFIG " is there, but no pgnld runs in this network namespace");
	else
		find(doctor, "agent", NULL, "none is set up: groups are those of this node alone");
	if (configured)
		check_tipc(doctor);
}

/* --- its cluster -------------------------------------------------------------------- */

static const char *refusal_cure(json_int_t reason)
{
	switch (reason) {
	case BYE_BAD:
		return "'journalctl -u pgnld' on both nodes has more";
	case BYE_VERSION:
		return "upgrade pgnld on the node whose release is the older one";
	case BYE_KEY:
		return "copy /etc/pgnl/cluster.key of one node to all others, and there:"
		       " systemctl restart pgnld";
	case BYE_DUPLICATE:
		return "give each node a name of its own: node = NAME in " CONFIG;
	default:
		return NULL;	/* nothing that has to be mended */
	}
}

static void check_refusals(struct doctor *doctor, const json_t *refusals)
{
	const json_t *refusal;
	size_t i;

	json_array_foreach((json_t *)refusals, i, refusal) {
		const char *cure = refusal_cure(json_integer_value(
					json_object_get(refusal, "reason")));
		const char *node = text_of(refusal, "node");
		bool theirs = json_is_true(json_object_get(refusal, "theirs"));

		if (cure)
			find(doctor, "cluster", cure, "%s%s %s: %s", *node ? "node " : "a node",
			     node, theirs ? "refuses this one" : "is refused",
			     text_of(refusal, "text"));
	}
}

/* TIPC goes on looking for one as long as another node answers for it. */
static void check_address(struct doctor *doctor, const json_t *status)
{
	const json_t *address = json_object_get(json_object_get(status, "engine"), "address");

	if (address && !json_integer_value(address))
		find(doctor, "cluster", refusal_cure(BYE_DUPLICATE),
		     "pgnld has found no TIPC address: it has started just now, or another node"
		     " has the same name");
}

static bool is_connected(const json_t *nodes, const char *name)
{
	const json_t *node;
	size_t i;

	json_array_foreach((json_t *)nodes, i, node)
		if (!strcmp(text_of(node, "node"), name))
			return json_is_true(json_object_get(node, "connected"));
	return false;
}

/* With encryption a node that has another key is not heard, so nobody can tell. */
static void check_missing(struct doctor *doctor, const json_t *status)
{
	const json_t *nodes = json_object_get(status, "nodes"), *name;
	const char *first = NULL;
	size_t i, n = 0;

	json_array_foreach(json_object_get(status, "group_nodes"), i, name) {
		const char *text = json_string_value(name);

		if (!text || !strcmp(text, text_of(status, "node")) || is_connected(nodes, text))
			continue;
		first = first ? first : text;
		n++;
	}
	if (first)
		find(doctor, "cluster", "see there that pgnld runs, and by 'pgnl doctor' that its"
		     " key is the same: with another one it is not even heard; 'tipc link list'"
		     " shows whom this node hears",
		     "%zu node%s of global group '%s' %s not connected, such as %s", n,
		     n == 1 ? "" : "s", text_of(status, "global_group"), n == 1 ? "is" : "are",
		     first);
}

static void check_sync(struct doctor *doctor, const json_t *nodes)
{
	const json_t *node;
	size_t i;

	json_array_foreach((json_t *)nodes, i, node)
		if (json_is_true(json_object_get(node, "sync_error")))
			find(doctor, "cluster", "make the [global_group] sections of " CONFIG
			     " the same on all nodes, then: systemctl reload pgnld",
			     "node %s has other global groups", text_of(node, "node"));
}

static size_t count_connected(const json_t *nodes)
{
	const json_t *node;
	size_t i, n = 0;

	json_array_foreach((json_t *)nodes, i, node)
		n += json_is_true(json_object_get(node, "connected"));
	return n;
}

void check_agent(struct doctor *doctor)
{
	const json_t *nodes;
	json_t *status;
	int error;

	status = agent_status(&error);
	if (!status) {
		explain_silence(doctor, error);
		return;
	}
	nodes = json_object_get(status, "nodes");
	if (!json_is_true(json_object_get(status, "ready")))
		find(doctor, "agent", "'journalctl -u pgnld' says why",
		     "pgnld %s runs, but does not have its role in the kernel",
		     text_of(status, "release"));
	else
		find(doctor, "agent", NULL, "pgnld %s is the agent of node %s, with %zu other%s"
		     " connected and the cluster key %s", text_of(status, "release"),
		     text_of(status, "node"), count_connected(nodes),
		     count_connected(nodes) == 1 ? "" : "s", text_of(status, "key"));
	check_address(doctor, status);
	check_refusals(doctor, json_object_get(status, "refusals"));
	check_missing(doctor, status);
	check_sync(doctor, nodes);
	json_decref(status);
}
