/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent knows of its cluster, for whoever asks: a stream socket of the
 * abstract name below, in the network namespace of the node. It says one JSON
 * document to each who connects, and closes.
 */
#ifndef PGNLD_STATUS_H
#define PGNLD_STATUS_H

#define STATUS_NAME	"pgnl/agent"	/* after a NUL */

struct event_base;
struct status;

/* The document, from malloc(); NULL: no memory. */
typedef char *(*status_write)(void *arg);

/* The agent: 0 or -errno: -EADDRINUSE somebody has the name. */
int status_open(struct event_base *base, status_write write, void *arg, struct status **status);
void status_close(struct status *status);

/* Who asks: a socket to read the document from, which fails when the agent says nothing
 * for some seconds; or -errno: -ECONNREFUSED there is no agent, -EPERM what is there is
 * another user's, -EACCES a security module or a filter of system calls denies it.
 */
int status_connect(void);

#endif
