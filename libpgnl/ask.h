/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libpgnl and the agent of its node say to each other: netlink's messages and
 * attributes over a SOCK_SEQPACKET socket of the abstract name below, in the node's
 * network namespace. docs/agent-protocol.md describes it. Both are of one release, or
 * one apart: numbers never change, and what is not known is passed over.
 *
 * A request is one message, its type a request's. The answer is one or more of the same
 * type, whose attributes go on from message to message as if they were one, and then
 * one of type NLMSG_DONE, with ASK_A_ERROR and ASK_A_TEXT if it came to nothing. A
 * monitor's has no NLMSG_DONE as long as it goes on.
 */
#ifndef PGNL_ASK_H
#define PGNL_ASK_H

#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASK_SOCKET	"pgnl/groups"	/* after a NUL */
#define ASK_SIZE	65536		/* of a message */

enum ask_request {
	ASK_INFO = 0x10,	/* all there is to know of global groups */
	ASK_SYNC,		/* read the definition again, see who agrees */
	ASK_MONITOR,		/* tell which group nodes come and go */
	ASK_NAMES,		/* who holds which names, or ASK_A_NAME */
	ASK_SEND,		/* ASK_A_DATA to the holder of ASK_A_NAME */
};

enum ask_attr {
	ASK_A_ERROR = 1,	/* u32: errno */
	ASK_A_TEXT,		/* string: why */
	ASK_A_NODE,		/* string */
	ASK_A_GROUP,		/* string */
	ASK_A_HIDDEN,		/* flag, of a group */
	ASK_A_DEFINED,		/* flag: there are global groups */
	ASK_A_OWN,		/* nest: group, hidden, nodes */
	ASK_A_OTHER,		/* nests: the same */
	ASK_A_OWN_NODE,		/* strings, sorted */
	ASK_A_SYNCED,		/* strings: nodes */
	ASK_A_SYNC_ERROR,
	ASK_A_NO_CONTACT,
	ASK_A_MONITORING,	/* u32s: pids, of the agent's namespace */
	ASK_A_UP,		/* string: a node */
	ASK_A_DOWN,
	ASK_A_WHERE,		/* string: node:NODE or group:GROUP; none: other groups */
	ASK_A_NAME,		/* string */
	ASK_A_DATA,		/* of a message */
	ASK_A_ROW,		/* nests: name, node, and what follows */
	ASK_A_PID,		/* u32 */
	ASK_A_ID,		/* u64 */
	ASK_A_UID,		/* u32 */
	ASK_A_META,
	ASK_A_FENCE,		/* u64 */
	ASK_A_STAMP,		/* u64 */
	ASK_A_RESOLVE,		/* u32 */
	ASK_A_STATE,		/* u32 */
	ASK_A_HERE,		/* flag: the own kernel knows, ask that */
	ASK_A_ISOLATED,		/* flag: an isolated node has said so */
	ASK_A_SENT,		/* u32s: reached, full, no inbox, refused, gone */
};

#define ASK_DYNAMIC_MIN	61184		/* where systemd's DynamicUser= has its uids */
#define ASK_DYNAMIC_MAX	65519

/*
 * Is it an agent that listens at the other end? Any user may bind a name that nobody
 * has; an agent is root's, one's own or, by its unit, systemd's.
 */
static inline bool ask_is_agent(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len))
		return false;
	return !who.uid || who.uid == geteuid() ||
	       (who.uid >= ASK_DYNAMIC_MIN && who.uid <= ASK_DYNAMIC_MAX);
}

#endif
