// SPDX-License-Identifier: GPL-2.0-or-later
/* verify */
#include <stdio.h>

#include "args.h"
#include "err.h"
#include "out.h"
#include "text.h"

static int run(struct cli *cli, int argc, char **argv)
{
	char found[256] = "";
	int key, status, ret;

	key = args_next(cli, argc, argv);
	if (!args_connect(cli, key, &status))
		return status;
	ret = pgnl_verify(cli->kernel, found, sizeof(found));
	if (ret < 0)
		return err_kernel(cli, ret);
	if (cli->json)
		out_json(cli, json_pack("{s:b, s:o}", "ok", !ret,
					"found", ret ? text_json_name(found) : json_null()));
	else if (!ret)
		puts("ok");
	return ret ? err_refused(cli, "%s", found) : CLI_DONE;
}

const struct command cmd_verify = {
	.name = "verify",
	.args = "",
	.summary = "let the module check all its indexes",
	.examples = "  pgnl verify\n",
	.notes = "Prints ok, or complains of the first inconsistency with exit code 2. Needs\n"
		 "CAP_NET_ADMIN.",
	.run = run,
};
