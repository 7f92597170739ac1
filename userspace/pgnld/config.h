/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /etc/pgnl/pgnld.conf: see pgnld.conf(5). */
#ifndef PGNLD_CONFIG_H
#define PGNLD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#define CONFIG_PATH	"/etc/pgnl/pgnld.conf"

/* With the NUL at the end. */
#define CONFIG_NAME_SIZE	64
#define CONFIG_DEVICE_SIZE	16

/* What carries the cluster's traffic. */
enum config_bearer {
	BEARER_NONE,
	BEARER_ETH,		/* a device, frames of Ethernet */
	BEARER_UDP,		/* a local address; multicast when no remoteip is named */
};

/* A [global_group] section; the sections keep their order, and so do the nodes. */
struct config_group {
	char name[CONFIG_NAME_SIZE];
	bool hidden;
	unsigned int line;	/* of the section */
	char (*nodes)[CONFIG_NAME_SIZE];
	size_t n_nodes;
};

/* A whole configuration. Times are in milliseconds. */
struct config {
	char node[CONFIG_NAME_SIZE];
	char *key_file;
	enum config_bearer bearer;
	char device[CONFIG_DEVICE_SIZE];	/* of BEARER_ETH */
	struct sockaddr_storage local;		/* of BEARER_UDP, with the port */
	struct sockaddr_storage *remote;	/* as local */
	size_t n_remote;
	uint16_t port;
	uint32_t cluster_id;
	uint32_t tolerance;
	uint32_t grace;
	bool encryption;
	bool adopt;
	bool forward_signals;	/* to members of other nodes, and from there */
	bool remote_root;	/* root of other nodes is root here */
	bool remote_join;	/* others may put processes of this node into groups */
	char *engine_netns;	/* path, or NULL */
	struct config_group *groups;
	size_t n_groups;
};

/* Read a configuration. What is wrong with it goes to errors, a line each, with
 * file and line number, all of it at once. Returns 0, or -1 with nothing to free.
 */
int config_read(const char *path, struct config *config, FILE *errors);
/* The same from memory, which need not end with a NUL. */
int config_parse(const char *name, const char *text, size_t len, struct config *config,
		 FILE *errors);
void config_free(struct config *config);

/* The group that a node is in, or NULL. */
const struct config_group *config_group_of(const struct config *config, const char *node);

/* What differs and takes a restart to change: the name of the key, or NULL. */
const char *config_needs_restart(const struct config *old, const struct config *new);
/* Give the new one all of that as it was, for that is how the agent runs; the old one is
 * to be freed. Addresses at the same bearer are no part of it: those that are new are added.
 */
void config_keep(struct config *old, struct config *new);

#endif
