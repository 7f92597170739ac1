/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One time of being the agent: core, engine and kernel tied together, from taking
 * the role until it is lost or given back.
 */
#ifndef PGNLD_SESSION_H
#define PGNLD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "auth.h"
#include "config.h"
#include "core.h"
#include "engine.h"
#include "gg.h"
#include "kernel.h"

struct event_base;
struct session;

/* The engine is idle; configuration, keys and gg, which is told of contacts, stay the
 * caller's. Errors as kernel_open(), which are the caller's to tell.
 */
int session_open(struct event_base *base, const struct config *config,
		 const struct auth_keys *keys, struct engine *engine, struct gg *gg,
		 struct session **session);
/* The engine is idle again, and there are no contacts. */
void session_close(struct session *session);

/* After each turn of the loop. */
void session_round(struct session *session);
/* The kernel's tables are gone: close it, and open another one when they are back. */
bool session_is_over(const struct session *session);
/* Go on with another configuration, which replaces the one of before. */
void session_configure(struct session *session, const struct config *config);

/* The role, for what does not go through the core. */
struct pgnl_agent *session_agent(const struct session *session);

const struct core *session_core(const struct session *session);
void session_kernel_stats(const struct session *session, struct kernel_stats *stats);
/* CLOCK_BOOTTIME in nanoseconds, as the core has it. */
uint64_t session_now(void);

#endif
