/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets in another network namespace. One can only be made there, for which a
 * thread has to be there: it makes sockets on request, from the start on, so that
 * the daemon needs no right to enter namespaces later.
 */
#ifndef PGNLD_NETNS_H
#define PGNLD_NETNS_H

struct netns;

/* path: of the namespace (/run/netns/NAME, /proc/PID/ns/net); NULL: the present
 * one, for which there is no thread. Needs CAP_SYS_ADMIN over it. 0 or -errno.
 */
int netns_open(const char *path, struct netns **netns);
void netns_close(struct netns *netns);
/* As socket(2), but returns -errno. */
int netns_socket(struct netns *netns, int domain, int type, int protocol);

#endif
