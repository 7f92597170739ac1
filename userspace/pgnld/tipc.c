// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/tipc.h>
#include <linux/tipc_netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "tipc.h"

/* A conversation with the kernel. */
struct talk {
	struct mnl_socket *socket;
	uint16_t family;
	unsigned int seq;
	char buffer[8192];
};

/* What is set up there. */
struct present {
	uint32_t cluster_id;
	uint8_t node_id[AUTH_NODE_ID];	/* all zero: none yet */
	bool has_bearer;	/* the one that is configured */
};

/* --- messages --------------------------------------------------------------- */

static struct nlmsghdr *message(struct talk *talk, uint16_t type, uint8_t command, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(talk->buffer);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++talk->seq;
	genl->cmd = command;
	genl->version = TIPC_GENL_V2_VERSION;
	return nlh;
}

/* Send it and take what comes back, to the end. 0 or -errno. */
static int exchange(struct talk *talk, struct nlmsghdr *nlh, mnl_cb_t each, void *arg)
{
	unsigned int port = mnl_socket_get_portid(talk->socket);
	ssize_t len;
	int ret = 1;

	if (mnl_socket_sendto(talk->socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (ret > 0) {
		len = mnl_socket_recvfrom(talk->socket, talk->buffer, sizeof(talk->buffer));
		if (len < 0)
			return -errno;
		ret = mnl_cb_run(talk->buffer, (size_t)len, talk->seq, port, each, arg);
	}
	return ret < 0 ? -errno : 0;
}

static int set(struct talk *talk, struct nlmsghdr *nlh)
{
	return exchange(talk, nlh, NULL, NULL);
}

static int take_family(const struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
		    mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
			*(uint16_t *)arg = mnl_attr_get_u16(attr);
	}
	return MNL_CB_OK;
}

static int find_family(struct talk *talk)
{
	struct nlmsghdr *nlh = message(talk, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, TIPC_GENL_V2_NAME);
	return exchange(talk, nlh, take_family, &talk->family);
}

static void hang_up(struct talk *talk)
{
	if (talk->socket)
		mnl_socket_close(talk->socket);
	talk->socket = NULL;
}

/* The module has no alias by which a request for the family would load it. */
static int start_talk(struct talk *talk, struct netns *netns)
{
	int fd = netns_socket(netns, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), ret;

	talk->socket = fd < 0 ? NULL : mnl_socket_fdopen(fd);
	if (!talk->socket) {
		if (fd >= 0)
			close(fd);
		return fd < 0 ? fd : -errno;
	}
	if (mnl_socket_bind(talk->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		ret = -errno;
	else
		ret = find_family(talk);
	if (ret)
		hang_up(talk);
	return ret;
}

/* --- what is there ------------------------------------------------------------ */

static struct nlattr *find(const struct nlattr *nest, uint16_t type, size_t len)
{
	struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == type && mnl_attr_get_payload_len(attr) >= len)
			return attr;
	}
	return NULL;
}

static int take_net(const struct nlmsghdr *nlh, void *arg)
{
	struct present *present = arg;
	struct nlattr *attr, *field;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != TIPC_NLA_NET)
			continue;
		field = find(attr, TIPC_NLA_NET_ID, sizeof(uint32_t));
		if (field)
			present->cluster_id = mnl_attr_get_u32(field);
		field = find(attr, TIPC_NLA_NET_NODEID, sizeof(uint64_t));
		if (field)
			memcpy(present->node_id, mnl_attr_get_payload(field), sizeof(uint64_t));
		field = find(attr, TIPC_NLA_NET_NODEID_W1, sizeof(uint64_t));
		if (field)
			memcpy(present->node_id + sizeof(uint64_t), mnl_attr_get_payload(field),
			       sizeof(uint64_t));
	}
	return MNL_CB_OK;
}

static void bearer_name(const struct config *config, char name[TIPC_MAX_BEARER_NAME])
{
	if (config->bearer == BEARER_ETH)
		snprintf(name, TIPC_MAX_BEARER_NAME, "eth:%s", config->device);
	else
		snprintf(name, TIPC_MAX_BEARER_NAME, "udp:pgnl");
}

struct search {
	struct present *present;
	char name[TIPC_MAX_BEARER_NAME];
};

static int take_bearer(const struct nlmsghdr *nlh, void *arg)
{
	struct search *search = arg;
	struct nlattr *attr, *name;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		name = mnl_attr_get_type(attr) == TIPC_NLA_BEARER ?
		       find(attr, TIPC_NLA_BEARER_NAME, 1) : NULL;
		if (!name || mnl_attr_validate(name, MNL_TYPE_NUL_STRING) < 0)
			continue;
		if (!strcmp(mnl_attr_get_str(name), search->name))
			search->present->has_bearer = true;
	}
	return MNL_CB_OK;
}

static int look(struct talk *talk, const struct config *config, struct present *present)
{
	struct search search = { .present = present };
	int ret;

	memset(present, 0, sizeof(*present));
	bearer_name(config, search.name);
	ret = exchange(talk, message(talk, talk->family, TIPC_NL_NET_GET, NLM_F_DUMP),
		       take_net, present);
	if (ret)
		return ret;
	return exchange(talk, message(talk, talk->family, TIPC_NL_BEARER_GET, NLM_F_DUMP),
			take_bearer, &search);
}

/* --- what is set --------------------------------------------------------------- */

static int set_cluster_id(struct talk *talk, uint32_t id)
{
	struct nlmsghdr *nlh = message(talk, talk->family, TIPC_NL_NET_SET, NLM_F_ACK);
	struct nlattr *nest = mnl_attr_nest_start(nlh, TIPC_NLA_NET);

	mnl_attr_put_u32(nlh, TIPC_NLA_NET_ID, id);
	mnl_attr_nest_end(nlh, nest);
	return set(talk, nlh);
}

static int set_node_id(struct talk *talk, const uint8_t id[AUTH_NODE_ID])
{
	struct nlmsghdr *nlh = message(talk, talk->family, TIPC_NL_NET_SET, NLM_F_ACK);
	struct nlattr *nest = mnl_attr_nest_start(nlh, TIPC_NLA_NET);

	mnl_attr_put(nlh, TIPC_NLA_NET_NODEID, sizeof(uint64_t), id);
	mnl_attr_put(nlh, TIPC_NLA_NET_NODEID_W1, sizeof(uint64_t), id + sizeof(uint64_t));
	mnl_attr_nest_end(nlh, nest);
	return set(talk, nlh);
}

static int set_key(struct talk *talk, const struct auth_keys *keys)
{
	char buffer[sizeof(struct tipc_aead_key) + AUTH_TIPC_KEY] = { 0 };
	struct tipc_aead_key *key = (struct tipc_aead_key *)buffer;
	struct nlmsghdr *nlh = message(talk, talk->family, TIPC_NL_KEY_SET, NLM_F_ACK);
	struct nlattr *nest = mnl_attr_nest_start(nlh, TIPC_NLA_NODE);
	int ret;

	strcpy(key->alg_name, "gcm(aes)");
	key->keylen = AUTH_TIPC_KEY;
	memcpy(key->key, keys->tipc, AUTH_TIPC_KEY);
	mnl_attr_put(nlh, TIPC_NLA_NODE_KEY, sizeof(buffer), buffer);
	mnl_attr_put(nlh, TIPC_NLA_NODE_KEY_MASTER, 0, NULL);
	mnl_attr_nest_end(nlh, nest);
	ret = set(talk, nlh);
	explicit_bzero(buffer, sizeof(buffer));
	explicit_bzero(talk->buffer, sizeof(talk->buffer));
	return ret;
}

static int flush_keys(struct talk *talk)
{
	return set(talk, message(talk, talk->family, TIPC_NL_KEY_FLUSH, NLM_F_ACK));
}

static size_t address_size(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) :
					       sizeof(struct sockaddr_in6);
}

/* Where the tipc command has its multicast, too: by the cluster's id. */
static struct sockaddr_storage multicast(const struct config *config)
{
	struct sockaddr_storage address = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&address;

	in->sin_family = AF_INET;
	in->sin_port = htons(config->port);
	in->sin_addr.s_addr = htonl(0xe4000000 | (config->cluster_id & 0xffff));
	return address;
}

static void put_address(struct nlmsghdr *nlh, uint16_t type,
			const struct sockaddr_storage *address)
{
	mnl_attr_put(nlh, type, address_size(address), address);
}

static void put_udp(struct nlmsghdr *nlh, const struct config *config)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, TIPC_NLA_BEARER_UDP_OPTS);
	struct sockaddr_storage to = config->n_remote ? config->remote[0] : multicast(config);

	put_address(nlh, TIPC_NLA_UDP_LOCAL, &config->local);
	put_address(nlh, TIPC_NLA_UDP_REMOTE, &to);
	mnl_attr_nest_end(nlh, nest);
}

static int enable_bearer(struct talk *talk, const struct config *config)
{
	struct nlmsghdr *nlh = message(talk, talk->family, TIPC_NL_BEARER_ENABLE, NLM_F_ACK);
	struct nlattr *nest = mnl_attr_nest_start(nlh, TIPC_NLA_BEARER);
	char name[TIPC_MAX_BEARER_NAME];

	bearer_name(config, name);
	mnl_attr_put_strz(nlh, TIPC_NLA_BEARER_NAME, name);
	if (config->bearer == BEARER_UDP)
		put_udp(nlh, config);
	mnl_attr_nest_end(nlh, nest);
	return set(talk, nlh);
}

/* One more of the nodes that a UDP bearer without multicast talks to. */
static int add_remote(struct talk *talk, const struct config *config,
		      const struct sockaddr_storage *remote)
{
	struct nlmsghdr *nlh = message(talk, talk->family, TIPC_NL_BEARER_ADD, NLM_F_ACK);
	struct nlattr *nest = mnl_attr_nest_start(nlh, TIPC_NLA_BEARER), *udp;
	char name[TIPC_MAX_BEARER_NAME];

	bearer_name(config, name);
	mnl_attr_put_strz(nlh, TIPC_NLA_BEARER_NAME, name);
	udp = mnl_attr_nest_start(nlh, TIPC_NLA_BEARER_UDP_OPTS);
	put_address(nlh, TIPC_NLA_UDP_REMOTE, remote);
	mnl_attr_nest_end(nlh, udp);
	mnl_attr_nest_end(nlh, nest);
	return set(talk, nlh);
}

/* One that is there is fine. */
static int add_remotes(struct talk *talk, const struct config *config)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < config->n_remote; i++)
		ret = add_remote(talk, config, &config->remote[i]);
	return ret;
}

/* On the bearer: links forget one of their own when they are made again. */
static int set_tolerance(struct talk *talk, const struct config *config)
{
	struct nlmsghdr *nlh = message(talk, talk->family, TIPC_NL_BEARER_SET, NLM_F_ACK);
	struct nlattr *nest = mnl_attr_nest_start(nlh, TIPC_NLA_BEARER), *prop;
	char name[TIPC_MAX_BEARER_NAME];

	bearer_name(config, name);
	mnl_attr_put_strz(nlh, TIPC_NLA_BEARER_NAME, name);
	prop = mnl_attr_nest_start(nlh, TIPC_NLA_BEARER_PROP);
	mnl_attr_put_u32(nlh, TIPC_NLA_PROP_TOL, config->tolerance);
	mnl_attr_nest_end(nlh, prop);
	mnl_attr_nest_end(nlh, nest);
	return set(talk, nlh);
}

/* --- in order ------------------------------------------------------------------- */

/* Log what went wrong with something of TIPC's. Returns the error. */
static int complain(const char *what, int error)
{
	if (error == -EPERM || error == -EACCES)
		log_error("TIPC: %s: refused; pgnld needs CAP_NET_ADMIN over the network namespace",
			  what);
	else
		log_error("TIPC: %s: %s", what, strerror(-error));
	return error;
}

static int call(struct talk *talk, struct netns *netns)
{
	int ret = start_talk(talk, netns);

	if (ret == -ENOENT)
		log_error("this host has no TIPC, or forbids it (\"install tipc /bin/false\" in "
			  "modprobe.d), or nobody has loaded it; \"modprobe tipc\" says which");
	else if (ret)
		complain("no generic netlink", ret);
	return ret;
}

/* The identity that TIPC shall have; 1: somebody else has set it up, and it is to
 * be used so.
 */
static int claim(struct talk *talk, const struct config *config, const struct present *present)
{
	static const uint8_t none[AUTH_NODE_ID];
	uint8_t id[AUTH_NODE_ID];
	int ret;

	auth_node_id(config->node, id);
	if (memcmp(present->node_id, none, sizeof(id))) {
		if (memcmp(present->node_id, id, sizeof(id))) {
			if (config->adopt)
				return 1;
			log_error("TIPC is set up already, for something else; adopt=yes uses it "
				  "as it is, engine-netns= has one of its own");
			return -EBUSY;
		}
		if (present->cluster_id != config->cluster_id) {
			log_error("TIPC is in cluster %u already; the cluster-id can't change until "
				  "the module tipc was unloaded", present->cluster_id);
			return -EBUSY;
		}
		return 0;
	}
	if (present->cluster_id != config->cluster_id) {
		ret = set_cluster_id(talk, config->cluster_id);
		if (ret)
			return complain("the cluster-id can't be set", ret);
	}
	ret = set_node_id(talk, id);
	return ret ? complain("the node's identity can't be set", ret) : 0;
}

static int bring_bearer(struct talk *talk, const struct config *config)
{
	int ret = enable_bearer(talk, config);

	if (ret && config->bearer == BEARER_ETH)
		return log_error("TIPC: no bearer on device %s: %s", config->device,
				 ret == -EINVAL || ret == -ENODEV ? "no such device" :
				 strerror(-ret)), ret;
	return ret ? complain("no UDP bearer at the configured address", ret) : 0;
}

static int bring_up(struct talk *talk, const struct config *config, const struct auth_keys *keys,
		    const struct present *present, bool *encrypted)
{
	int ret = claim(talk, config, present);

	if (ret == 1) {
		log_info("TIPC is used as somebody else has set it up");
		return 0;
	}
	if (ret)
		return ret;
	ret = config->encryption ? set_key(talk, keys) : flush_keys(talk);
	if (ret && (config->encryption || ret != -EOPNOTSUPP))
		return complain("the key can't be set", ret);
	*encrypted = config->encryption;
	if (!present->has_bearer)
		ret = bring_bearer(talk, config);
	if (ret)
		return ret;
	ret = add_remotes(talk, config);
	if (ret)
		return complain("a remoteip can't be added", ret);
	ret = set_tolerance(talk, config);
	return ret ? complain("the tolerance can't be set", ret) : 0;
}

int tipc_set_up(struct netns *netns, const struct config *config, const struct auth_keys *keys,
		bool *encrypted)
{
	struct talk talk = { .seq = 0 };
	struct present present;
	int ret = call(&talk, netns);

	*encrypted = false;
	if (ret)
		return ret;
	ret = look(&talk, config, &present);
	ret = ret ? complain("can't be looked at", ret) :
		    bring_up(&talk, config, keys, &present, encrypted);
	hang_up(&talk);
	return ret;
}

int tipc_refresh(struct netns *netns, const struct config *config)
{
	struct talk talk = { .seq = 0 };
	struct present present;
	uint8_t id[AUTH_NODE_ID];
	int ret = start_talk(&talk, netns);

	if (ret)
		return ret;
	auth_node_id(config->node, id);
	ret = look(&talk, config, &present);
	if (!ret && !memcmp(present.node_id, id, sizeof(id))) {
		if (!present.has_bearer) {
			ret = enable_bearer(&talk, config);
			if (!ret)
				log_info("TIPC: the bearer was gone and is back");
		}
		if (!ret)
			ret = add_remotes(&talk, config);
		if (!ret)
			ret = set_tolerance(&talk, config);
	}
	hang_up(&talk);
	return ret;
}
