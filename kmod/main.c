// SPDX-License-Identifier: GPL-2.0-only
/* pgnl: named process groups. Setting up in order, and down in reverse. */
#include <linux/module.h>
#include <net/genetlink.h>

#include "inbox.h"
#include "netlink.h"
#include "remote.h"
#include "sub.h"
#include "table.h"
#include "verify.h"

static int __init pgnl_init(void)
{
	int err;

	err = pgnl_table_init();
	if (err)
		return err;
	err = pgnl_sub_init();
	if (err)
		goto err_table;
	err = pgnl_inbox_init();
	if (err)
		goto err_sub;
	err = pgnl_agent_init();
	if (err)
		goto err_inbox;
	err = pgnl_nl_init();
	if (err)
		goto err_agent;
	pgnl_verify_init();
	return 0;

err_agent:
	pgnl_agent_exit();
err_inbox:
	pgnl_inbox_exit();
err_sub:
	pgnl_sub_exit();
err_table:
	pgnl_table_exit();
	return err;
}

static void __exit pgnl_exit(void)
{
	pgnl_verify_exit();
	pgnl_nl_exit();
	pgnl_agent_exit();
	pgnl_inbox_exit();
	pgnl_sub_exit();
	pgnl_table_exit();
}

module_init(pgnl_init);
module_exit(pgnl_exit);

MODULE_DESCRIPTION("Named process groups over generic netlink");
MODULE_LICENSE("GPL");
MODULE_VERSION(PGNL_RELEASE);
MODULE_ALIAS_GENL_FAMILY(PGNL_FAMILY_NAME);
