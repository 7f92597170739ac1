// SPDX-License-Identifier: GPL-2.0-or-later
#include "deliver.h"

#include <pgnl.h>
#include <string.h>

#define NOBODY 65534	/* whom root of another node is taken for */

static void copy(char *to, struct core_text text)
{
	memcpy(to, text.data, text.len);
	to[text.len] = '\0';
}

int deliver_message(struct pgnl_agent *agent, struct core_text from, bool root,
		    const struct gg_question *question, uint64_t holder, struct gg_sent *sent)
{
	const struct pgnl_upcall_target whom = { .ids = &holder, .n_ids = 1 };
	char node[CORE_NAME_MAX + 1], name[CORE_GROUP_MAX + 1];
	const struct pgnl_origin origin = {
		.node = node, .pid = question->pid,
		.uid = question->uid || root ? question->uid : NOBODY,
	};
	const struct pgnl_upcall what = {
		.act = PGNL_AGENT_SENDS, .scope = "global", .group = name,
		.uid = PGNL_ANY_UID, .data = question->data.data, .len = question->data.len,
		.target = &whom, .n_targets = 1,
	};
	struct pgnl_answer answer;
	int ret;

	copy(node, from);
	copy(name, question->name);
	ret = pgnl_agent_act(agent, &what, &origin, &answer);
	if (ret)
		return ret;
	*sent = (struct gg_sent){
		.reached = answer.reached, .full = answer.full, .no_inbox = answer.no_inbox,
		.refused = answer.refused, .gone = answer.gone,
	};
	return 0;
}
