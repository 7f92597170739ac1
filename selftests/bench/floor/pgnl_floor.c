// SPDX-License-Identifier: GPL-2.0-only
/*
 * The floor of the bench: a generic netlink family with a command that does
 * nothing, so that a request of it costs what generic netlink itself costs, and
 * one that sends messages, each made and sent the common way.
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "pgnl_floor.h"

static int floor_nothing_doit(struct sk_buff *skb, struct genl_info *info)
{
	return 0;
}

static struct genl_family floor_family;
static const u8 floor_data[FLOOR_SIZE_MAX];

static int floor_send(struct net *net, u32 port, u32 size)
{
	struct sk_buff *skb = nlmsg_new(size - NLMSG_HDRLEN, GFP_KERNEL);
	void *hdr;

	if (!skb)
		return -ENOMEM;
	hdr = genlmsg_put(skb, 0, 0, &floor_family, 0, FLOOR_CMD_UNICAST);
	if (!hdr || nla_put(skb, FLOOR_A_SIZE, size - NLMSG_HDRLEN -
			    GENL_HDRLEN - NLA_HDRLEN, floor_data)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_unicast(net, skb, port);
}

static int floor_unicast_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	const u32 *ports;
	u32 nr, count, size, i;
	int err = 0;

	if (!info->attrs[FLOOR_A_PORTS] || !info->attrs[FLOOR_A_COUNT] ||
	    !info->attrs[FLOOR_A_SIZE])
		return -EINVAL;
	ports = nla_data(info->attrs[FLOOR_A_PORTS]);
	nr = nla_len(info->attrs[FLOOR_A_PORTS]) / sizeof(*ports);
	count = nla_get_u32(info->attrs[FLOOR_A_COUNT]);
	size = nla_get_u32(info->attrs[FLOOR_A_SIZE]);
	while (count-- && !err) {
		for (i = 0; i < nr && !err; i++)
			err = floor_send(net, ports[i], size);
		cond_resched();
	}
	return err;
}

static const struct nla_policy floor_policy[1];

static const struct nla_policy floor_unicast_policy[__FLOOR_A_NR] = {
	[FLOOR_A_PORTS]	= { .type = NLA_BINARY,
			    .len = FLOOR_PORTS_MAX * sizeof(u32) },
	[FLOOR_A_COUNT]	= { .type = NLA_U32 },
	[FLOOR_A_SIZE]	= NLA_POLICY_RANGE(NLA_U32, FLOOR_SIZE_MIN, FLOOR_SIZE_MAX),
};

static const struct genl_ops floor_ops[] = {
	{
		.cmd	= FLOOR_CMD_NOTHING,
		.doit	= floor_nothing_doit,
		.policy	= floor_policy,
	},
	{
		.cmd		= FLOOR_CMD_UNICAST,
		.flags		= GENL_ADMIN_PERM,
		.doit		= floor_unicast_doit,
		.policy		= floor_unicast_policy,
		.maxattr	= __FLOOR_A_NR - 1,
	},
};

static struct genl_family floor_family __ro_after_init = {
	.name		= FLOOR_FAMILY_NAME,
	.version	= 1,
	.ops		= floor_ops,
	.n_ops		= ARRAY_SIZE(floor_ops),
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
};

static int __init floor_init(void)
{
	return genl_register_family(&floor_family);
}

static void __exit floor_exit(void)
{
	genl_unregister_family(&floor_family);
}

module_init(floor_init);
module_exit(floor_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Generic netlink alone, to measure others against");
