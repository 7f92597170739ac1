// SPDX-License-Identifier: GPL-2.0-or-later
#include "member.h"
#include "proc.h"
#include "text.h"

char *member_show_start(const json_t *ticks)
{
	return proc_time(json_integer_value(ticks));
}

const struct column member_columns[] = {
	{ "node", COLUMN_USUAL },
	{ "pid", COLUMN_USUAL | COLUMN_RIGHT },
	{ "id", COLUMN_RIGHT },
	{ "uid", COLUMN_USUAL, out_show_user },
	{ "count", COLUMN_USUAL | COLUMN_RIGHT },
	{ "meta", COLUMN_USUAL },
	{ "weight", COLUMN_RIGHT },
	{ "state", 0 },
	{ "comm", COLUMN_USUAL },
	{ "start", COLUMN_USUAL, member_show_start },
	{ 0 }
};

const char *member_state(unsigned int state)
{
	static const char *const names[] = {
		[PGNL_UP] = "up",
		[PGNL_SUSPECT] = "suspect",
		[PGNL_STALE] = "stale",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

json_t *member_row(const struct pgnl_member *member, const char *node)
{
	struct proc_task task;
	bool seen = !member->node && member->pid && proc_usable() && proc_task(member->pid, &task);

	return json_pack("{s:o, s:i, s:o, s:I, s:I, s:o, s:i, s:s, s:o, s:o}",
			 "node", text_json_name(member->node ? member->node : node),
			 "pid", member->pid,
			 "id", out_id(member->id),
			 "uid", (json_int_t)member->uid,
			 "count", (json_int_t)member->count,
			 "meta", member->meta ? text_json(member->meta, member->meta_len) :
						json_null(),
			 "weight", member->weight,
			 "state", member_state(member->state),
			 "comm", seen ? text_json_name(task.comm) : json_null(),
			 "start", seen ? json_integer(task.start) : json_null());
}
