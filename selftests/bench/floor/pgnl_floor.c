// SPDX-License-Identifier: GPL-2.0-only
/*
 * The floor of the bench: a generic netlink family whose only command does
 * nothing. What a request to it costs is what generic netlink itself costs.
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "pgnl_floor.h"

static int floor_nothing_doit(struct sk_buff *skb, struct genl_info *info)
{
	return 0;
}

static const struct nla_policy floor_policy[1];

static const struct genl_ops floor_ops[] = {
	{
		.cmd	= FLOOR_CMD_NOTHING,
		.doit	= floor_nothing_doit,
		.policy	= floor_policy,
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
MODULE_DESCRIPTION("Empty generic netlink command to measure others against");
