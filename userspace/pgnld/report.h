/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the agent knows, as JSON: pgnld(8) has its keys. */
#ifndef PGNLD_REPORT_H
#define PGNLD_REPORT_H

#include "auth.h"
#include "config.h"
#include "engine.h"
#include "session.h"

/* From malloc(), or NULL. session may be NULL: the kernel's tables are out of reach.
 * encrypted as tipc_set_up() has it, whatever is configured.
 */
char *report_make(const struct config *config, const struct auth_keys *keys, bool encrypted,
		  const struct session *session, const struct engine *engine);

#endif
