// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TIPC hands what one network namespace sends to another one of the same kernel
 * straight over, past devices, links and encryption. That is no path between
 * machines. While this module is loaded no node is found to be of the same kernel,
 * so that all of it goes by the wire. For tests alone.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

/* tipc_node_assign_peer_net(node, hash): there is no namespace with a hash of 0. */
static int forget_hash(struct kprobe *probe, struct pt_regs *regs)
{
	regs->si = 0;
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "tipc_node_assign_peer_net",
	.pre_handler = forget_hash,
};

static int __init onwire_init(void)
{
	return register_kprobe(&probe);
}

static void __exit onwire_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(onwire_init);
module_exit(onwire_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("TIPC between network namespaces goes by the wire");
