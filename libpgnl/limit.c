// SPDX-License-Identifier: LGPL-2.1-or-later
/* Limits, counters and the verifier. */

#include <stdio.h>

#include "internal.h"

struct limits {
	uint64_t *limits;
	uint64_t *usage;
	size_t n;
};

struct stats {
	uint64_t *stats;
	size_t n;
};

static int on_limits(const struct nlmsghdr *nlh, void *arg)
{
	const struct limits *out = arg;
	int ret = 0;

	if (out->limits)
		ret = lp_decode_numbers(nlh, PGNL_A_LIMITS, PGNL_A_LIMIT_PAD,
					out->limits, out->n);
	if (!ret && out->usage)
		ret = lp_decode_numbers(nlh, PGNL_A_USAGE, PGNL_A_LIMIT_PAD,
					out->usage, out->n);
	return ret;
}

static int on_stats(const struct nlmsghdr *nlh, void *arg)
{
	const struct stats *out = arg;

	return lp_decode_numbers(nlh, PGNL_A_STATS, PGNL_A_STAT_PAD, out->stats,
				 out->n);
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
			  uint64_t *usage, size_t n)
{
	struct limits out = { limits, usage, n };

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
	mnl_attr_put_u64(handle->req, lp_number_attr(limit, PGNL_A_LIMIT_PAD),
			 value);
	mnl_attr_nest_end(handle->req, nest);
	return lp_do(handle, NULL, NULL);
}

LP_EXPORT int pgnl_stats(struct pgnl *handle, uint64_t *stats, size_t n)
{
	struct stats out = { stats, n };

	lp_start(handle, PGNL_CMD_STATS_GET);
	return lp_do(handle, on_stats, &out);
}

LP_EXPORT int pgnl_verify(struct pgnl *handle, char *text, size_t size)
{
	struct verdict verdict = { text, size, false };
	int ret;

	lp_start(handle, PGNL_CMD_VERIFY);
	ret = lp_do(handle, on_verdict, &verdict);
	return ret ? ret : verdict.bad;
}
