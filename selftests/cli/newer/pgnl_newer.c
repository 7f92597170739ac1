// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module whose interface is of a version that no library knows yet: it has the
 * family's name, and that is all. For tests alone.
 */
#include <linux/module.h>
#include <net/genetlink.h>

static int refuse(struct sk_buff *skb, struct genl_info *info)
{
	return -EOPNOTSUPP;
}

static const struct genl_small_ops ops[] = {
	{ .cmd = 1, .doit = refuse, },
};

static struct genl_family family = {
	.name = "pgnl",
	.version = 255,
	.module = THIS_MODULE,
	.small_ops = ops,
	.n_small_ops = ARRAY_SIZE(ops),
	.resv_start_op = 2,
};

static int __init newer_init(void)
{
	return genl_register_family(&family);
}

static void __exit newer_exit(void)
{
	genl_unregister_family(&family);
}

module_init(newer_init);
module_exit(newer_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The family pgnl in a version to come");
