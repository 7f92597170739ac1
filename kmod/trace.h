/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pgnl

#if !defined(_PGNL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _PGNL_TRACE_H

#include <linux/pid.h>
#include <linux/tracepoint.h>

#include "event.h"
#include "table.h"
#include "view.h"

/* Pids are those of the initial pid namespace, as everywhere in tracing. */

DECLARE_EVENT_CLASS(pgnl_member,
	TP_PROTO(const struct pgnl_member *member, u32 times),
	TP_ARGS(member, times),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, pid)
		__field(u32, times)
		__field(u32, count)
		__array(char, scope, PGNL_SCOPE_NAME_MAX + 1)
		__field(u8, len)
		__dynamic_array(char, group, member->group->len + 1)
	),
	TP_fast_assign(
		__entry->id = member->proc->id;
		__entry->pid = pid_nr(member->proc->pid);
		__entry->times = times;
		__entry->count = member->count;
		memcpy(__entry->scope, member->group->scope->name,
		       sizeof(__entry->scope));
		__entry->len = member->group->len;
		memcpy(__get_dynamic_array(group), member->group->name,
		       member->group->len);
		((char *)__get_dynamic_array(group))[member->group->len] = 0;
	),
	TP_printk("scope=%s group=%s id=%llu pid=%u times=%u count=%u",
		  __entry->scope, (char *)__get_dynamic_array(group),
		  __entry->id, __entry->pid, __entry->times, __entry->count)
);

/* A process has joined a group; count is the one after. */
DEFINE_EVENT(pgnl_member, pgnl_join,
	TP_PROTO(const struct pgnl_member *member, u32 times),
	TP_ARGS(member, times)
);

/* A process is less of a member, or none any more, for whatever reason. */
DEFINE_EVENT(pgnl_member, pgnl_leave,
	TP_PROTO(const struct pgnl_member *member, u32 times),
	TP_ARGS(member, times)
);

/* Something is recorded for subscribers, as an event or as more of one. */
TRACE_EVENT(pgnl_event,
	TP_PROTO(const struct pgnl_scope *scope, const struct pgnl_event *event),
	TP_ARGS(scope, event),
	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u32, reason)
		__field(u32, members)
		__array(char, scope, PGNL_SCOPE_NAME_MAX + 1)
		__dynamic_array(char, group, event->name_len + 1)
	),
	TP_fast_assign(
		__entry->seq = event->seq;
		__entry->reason = event->reason;
		__entry->members = event->nr_rows;
		memcpy(__entry->scope, scope->name, sizeof(__entry->scope));
		memcpy(__get_dynamic_array(group), event->name,
		       event->name_len + 1);
	),
	TP_printk("scope=%s group=%s seq=%llu reason=%u members=%u",
		  __entry->scope, (char *)__get_dynamic_array(group),
		  __entry->seq, __entry->reason, __entry->members)
);

/* A process that is a member of something has ended. */
TRACE_EVENT(pgnl_exit,
	TP_PROTO(const struct pgnl_proc *proc),
	TP_ARGS(proc),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, pid)
	),
	TP_fast_assign(
		__entry->id = proc->id;
		__entry->pid = pid_nr(proc->pid);
	),
	TP_printk("id=%llu pid=%u", __entry->id, __entry->pid)
);

/*
 * Who uses a view, or what it says of itself, has changed: users is how many have
 * it open, pages what it has grown to, flags those of its header.
 */
TRACE_EVENT(pgnl_view,
	TP_PROTO(const struct pgnl_view *view, u32 users),
	TP_ARGS(view, users),
	TP_STRUCT__entry(
		__field(u32, users)
		__field(u32, pages)
		__field(u32, groups)
		__field(u32, flags)
		__array(char, scope, PGNL_SCOPE_NAME_MAX + 1)
	),
	TP_fast_assign(
		__entry->users = users;
		__entry->pages = READ_ONCE(view->nr_pages);
		__entry->groups = READ_ONCE(view->nr_groups);
		__entry->flags = READ_ONCE(view->head->flags);
		memcpy(__entry->scope, view->head->scope,
		       sizeof(__entry->scope));
	),
	TP_printk("scope=%s users=%u pages=%u groups=%u flags=%#x",
		  __entry->scope, __entry->users, __entry->pages,
		  __entry->groups, __entry->flags)
);

#endif /* _PGNL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH kmod
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
