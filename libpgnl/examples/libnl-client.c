// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client without libpgnl: libnl-3 and uapi/linux/pgnl.h, written after
 * uapi/netlink/specs/pgnl.yaml alone.
 *
 *	libnl-client SCOPE GROUP
 *
 * Joins itself to the group twice, lists the members, leaves entirely.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/pgnl.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

static int family;

static int complain(const char *what, int err)
{
	fprintf(stderr, "libnl-client: %s: %s\n", what, nl_geterror(err));
	return 1;
}

/* A new request about a group. */
static struct nl_msg *request(uint8_t cmd, int flags, const char *scope,
			      const char *group)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg)
		return NULL;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, cmd,
			 PGNL_FAMILY_VERSION) ||
	    nla_put_string(msg, PGNL_A_SCOPE, scope) ||
	    nla_put_string(msg, PGNL_A_GROUP, group)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static int on_join(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[PGNL_A_MAX + 1];
	uint64_t id;
	uint32_t count;

	(void)arg;
	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, PGNL_A_MAX, NULL) ||
	    !attrs[PGNL_A_IDS] || !attrs[PGNL_A_COUNTS] ||
	    nla_len(attrs[PGNL_A_IDS]) != sizeof(id) ||
	    nla_len(attrs[PGNL_A_COUNTS]) != sizeof(count))
		return NL_STOP;
	memcpy(&id, nla_data(attrs[PGNL_A_IDS]), sizeof(id));
	memcpy(&count, nla_data(attrs[PGNL_A_COUNTS]), sizeof(count));
	printf("joined: id %" PRIu64 ", count %" PRIu32 "\n", id, count);
	return NL_OK;
}

static int on_leave(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[PGNL_A_MAX + 1];

	(void)arg;
	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, PGNL_A_MAX, NULL) ||
	    !attrs[PGNL_A_REMOVED])
		return NL_STOP;
	printf("left: %u joins taken back\n", nla_get_u32(attrs[PGNL_A_REMOVED]));
	return NL_OK;
}

static void print_member(struct nlattr *nest)
{
	struct nlattr *attrs[PGNL_A_MEMBER_MAX + 1];
	struct pgnl_row row;

	if (nla_parse_nested(attrs, PGNL_A_MEMBER_MAX, nest, NULL) ||
	    !attrs[PGNL_A_MEMBER_ROW] ||
	    nla_len(attrs[PGNL_A_MEMBER_ROW]) < (int)sizeof(row))
		return;
	memcpy(&row, nla_data(attrs[PGNL_A_MEMBER_ROW]), sizeof(row));
	printf("member: pid %u, id %" PRIu64 ", count %u, uid %u, weight %u",
	       row.pid, (uint64_t)row.id, row.count, row.uid, row.weight);
	if (attrs[PGNL_A_MEMBER_META])
		printf(", meta %.*s", nla_len(attrs[PGNL_A_MEMBER_META]),
		       (char *)nla_data(attrs[PGNL_A_MEMBER_META]));
	printf("\n");
}

static int on_members(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct nlattr *attr;
	int left;

	(void)arg;
	nla_for_each_attr(attr, genlmsg_attrdata(genlmsg_hdr(nlh), 0),
			  genlmsg_attrlen(genlmsg_hdr(nlh), 0), left)
		if (nla_type(attr) == PGNL_A_MEMBER)
			print_member(attr);
	return NL_OK;
}

/* Send a request, give the answer to fn; without one, wait for the ack. */
static int ask(struct nl_sock *sock, struct nl_msg *msg,
	       nl_recvmsg_msg_cb_t fn)
{
	int err;

	if (!msg)
		return -NLE_NOMEM;
	if (fn)
		nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, fn, NULL);
	err = nl_send_auto(sock, msg);
	nlmsg_free(msg);
	if (err < 0)
		return err;
	err = nl_recvmsgs_default(sock);
	/* nl_send_auto asks for an ack; it follows the reply of a do. */
	return err ? err : fn ? nl_wait_for_ack(sock) : 0;
}

static int join_self(struct nl_sock *sock, const char *scope, const char *group)
{
	struct nl_msg *msg = request(PGNL_CMD_MEMBER_JOIN, 0, scope, group);

	if (msg && (nla_put_flag(msg, PGNL_A_SELF) ||
		    nla_put_u32(msg, PGNL_A_TIMES, 2) ||
		    nla_put(msg, PGNL_A_META, 5, "libnl")))
		return -NLE_NOMEM;
	return ask(sock, msg, on_join);
}

static int leave_self(struct nl_sock *sock, const char *scope, const char *group)
{
	struct nl_msg *msg = request(PGNL_CMD_MEMBER_LEAVE, 0, scope, group);

	if (msg && (nla_put_flag(msg, PGNL_A_SELF) ||
		    nla_put_flag(msg, PGNL_A_ALL)))
		return -NLE_NOMEM;
	return ask(sock, msg, on_leave);
}

static int list_members(struct nl_sock *sock, const char *scope,
			const char *group)
{
	struct nl_msg *msg = request(PGNL_CMD_MEMBER_GET, NLM_F_DUMP, scope,
				     group);
	int err;

	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_members, NULL);
	if (!msg)
		return -NLE_NOMEM;
	err = nl_send_auto(sock, msg);
	nlmsg_free(msg);
	return err < 0 ? err : nl_recvmsgs_default(sock);
}

static int run(struct nl_sock *sock, const char *scope, const char *group)
{
	int err;

	err = genl_connect(sock);
	if (err)
		return complain("connect", err);
	family = genl_ctrl_resolve(sock, PGNL_FAMILY_NAME);
	if (family < 0)
		return complain("no module pgnl", family);
	err = join_self(sock, scope, group);
	if (err)
		return complain("join", err);
	err = list_members(sock, scope, group);
	if (err)
		return complain("members", err);
	err = leave_self(sock, scope, group);
	return err ? complain("leave", err) : 0;
}

int main(int argc, char **argv)
{
	struct nl_sock *sock;
	int ret;

	if (argc != 3) {
		fprintf(stderr, "usage: libnl-client SCOPE GROUP\n");
		return 1;
	}
	sock = nl_socket_alloc();
	if (!sock)
		return complain("socket", -NLE_NOMEM);
	ret = run(sock, argv[1], argv[2]);
	nl_socket_free(sock);
	return ret;
}
