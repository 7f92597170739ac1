// SPDX-License-Identifier: LGPL-2.1-or-later
/* Limits, counters and the verifier. */

#include <stdio.h>

#include "internal.h"

struct limits {
	uint64_t *limits;
	uint64_t *usage;
};

static int on_limits(const struct nlmsghdr *nlh, void *arg)
{
	const struct limits *out = arg;
	int ret = 0;

	if (out->limits)
		ret = lp_decode_numbers(nlh, PGNL_A_LIMITS, out->limits,
					PGNL_N_LIMITS);
	if (!ret && out->usage)
		ret = lp_decode_numbers(nlh, PGNL_A_USAGE, out->usage,
					PGNL_N_LIMITS);
	return ret;
}

static int on_stats(const struct nlmsghdr *nlh, void *arg)
{
	return lp_decode_numbers(nlh, PGNL_A_STATS, arg, PGNL_N_STATS);
}

struct verdict {
	char *text;
	size_t size;
	bool bad;
};

static int on_verdict(const struct nlmsghdr *nlh, void *arg)
{
	struct verdict *verdict = arg;
	struct lp_text text;
	int ret;

	ret = lp_decode_verdict(nlh, &text);
	if (ret)
		return ret;
	verdict->bad = text.data;
	snprintf(verdict->text, verdict->size, "%.*s", (int)text.len,
		 text.data ? text.data : "");
	return 0;
}

LP_EXPORT int pgnl_limits(struct pgnl *handle, uint64_t *limits,
			  uint64_t *usage)
{
	struct limits out = { limits, usage };

	lp_start(handle, PGNL_CMD_LIMIT_GET);
	return lp_do(handle, on_limits, &out);
}

LP_EXPORT int pgnl_limit_set(struct pgnl *handle, enum pgnl_limit limit,
			     uint64_t value)
{
	struct nlattr *nest;

	if (!pgnl_limit_name(limit))
		return lp_fail(handle, EINVAL, "limits", 0, "no such limit");
	lp_start(handle, PGNL_CMD_LIMIT_SET);
	/* No check of room: a fresh request has plenty. */
	nest = mnl_attr_nest_start(handle->req, PGNL_A_LIMITS);
	mnl_attr_put_u64(handle->req, (uint16_t)limit + 1, value);
	mnl_attr_nest_end(handle->req, nest);
	return lp_do(handle, NULL, NULL);
}

LP_EXPORT int pgnl_stats(struct pgnl *handle, uint64_t stats[PGNL_N_STATS])
{
	lp_start(handle, PGNL_CMD_STATS_GET);
	return lp_do(handle, on_stats, stats);
}

LP_EXPORT int pgnl_verify(struct pgnl *handle, char *text, size_t size)
{
	struct verdict verdict = { text, size, false };
	int ret;

	lp_start(handle, PGNL_CMD_VERIFY);
	ret = lp_do(handle, on_verdict, &verdict);
	return ret ? ret : verdict.bad;
}
