/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is made of the cluster's key, and other things of cryptography. By nettle. */
#ifndef PGNLD_AUTH_H
#define PGNLD_AUTH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core.h"

struct config;

#define AUTH_SECRET	32	/* bytes of the cluster's key */
#define AUTH_TIPC_KEY	36	/* AES-256 and the salt of GCM */
#define AUTH_NODE_ID	16	/* a node's identity in TIPC */
#define AUTH_PRINT	8	/* by which people compare keys */

/* The cluster's key is used for nothing but to derive these. */
struct auth_keys {
	uint8_t tipc[AUTH_TIPC_KEY];
	uint8_t hello[32];
	uint8_t print[AUTH_PRINT];	/* may be told to anybody */
};

/* From a file of 64 hexadecimal digits which only its owner may read, and that is
 * the caller or root. Returns 0, or -1 with a line to errors.
 */
int auth_load(const char *path, struct auth_keys *keys, FILE *errors);
/* Write a new key into a new file. Returns 0 or -errno. */
int auth_make_file(const char *path);
void auth_derive(const uint8_t secret[AUTH_SECRET], struct auth_keys *keys);
/* Nothing of them stays in memory. */
void auth_forget(struct auth_keys *keys);

/* What the sender of a HELLO proves, as core.h says. */
void auth_mac(const struct auth_keys *keys, const struct core_claim *sender,
	      const struct core_claim *receiver, uint8_t mac[CORE_MAC]);

/* Names have up to 63 bytes, an identity has 16. Never all zero. */
void auth_node_id(const char *node, uint8_t id[AUTH_NODE_ID]);

/* The instance of a TIPC service that stands for a node or a global group (kind). Not
 * secret, and two may have the same one: who is there says so himself.
 */
uint32_t auth_service(const char *kind, const char *name);

/* Over what all nodes of a cluster have to agree on: the global groups. */
uint64_t auth_config_hash(const struct config *config);

/* Random bytes. The kernel has them from the start or there is no going on. */
void auth_random(void *to, size_t len);

#endif
