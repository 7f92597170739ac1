// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the kernel or the library has to say of a failure. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define MAX_ERRNO 4095

LP_EXPORT const struct pgnl_error *pgnl_last_error(const struct pgnl *handle)
{
	return &handle->error;
}

int lp_fail(struct pgnl *handle, int code, const char *attr, uint32_t index,
	    const char *format, ...)
{
	struct pgnl_error *error = &handle->error;
	va_list args;

	error->code = code;
	error->index = index;
	snprintf(error->attr, sizeof(error->attr), "%s", attr);
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -code;
}

static void blame(struct pgnl_error *error, const char *name, uint32_t index)
{
	snprintf(error->attr, sizeof(error->attr), "%s", name ? name : "");
	error->index = index;
}

void lp_blame(const struct nlmsghdr *req, uint32_t offset,
	      struct pgnl_error *error)
{
	const char *bad = (const char *)req + offset;
	uint32_t seen[PGNL_A_MAX + 1] = { 0 };
	const struct nlattr *attr, *inner;

	mnl_attr_for_each(attr, req, sizeof(struct genlmsghdr)) {
		uint16_t type = mnl_attr_get_type(attr);

		if ((const char *)attr == bad) {
			blame(error, lp_attr_name(type), seen[type]);
			return;
		}
		seen[type]++;
		if (type == PGNL_A_PIDS && bad > (const char *)attr &&
		    bad < (const char *)attr + mnl_attr_get_len(attr)) {
			blame(error, lp_attr_name(type),
			      (uint32_t)(bad - (const char *)mnl_attr_get_payload(attr)) /
			      (uint32_t)sizeof(uint32_t));
			return;
		}
		if (type != PGNL_A_LIMITS)
			continue;
		mnl_attr_for_each_nested(inner, attr)
			if ((const char *)inner == bad)
				blame(error, lp_limit_attr_name(mnl_attr_get_type(inner)), 0);
	}
}

struct extack {
	const struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1];
};

static int collect(const struct nlattr *attr, void *data)
{
	static const uint8_t types[NLMSGERR_ATTR_MAX + 1] = {
		[NLMSGERR_ATTR_MSG] = MNL_TYPE_NUL_STRING,
		[NLMSGERR_ATTR_OFFS] = MNL_TYPE_U32,
		[NLMSGERR_ATTR_MISS_TYPE] = MNL_TYPE_U32,
	};
	uint16_t type = mnl_attr_get_type(attr);
	struct extack *extack = data;

	if (type <= NLMSGERR_ATTR_MAX && types[type] &&
	    mnl_attr_validate(attr, types[type]) == 0)
		extack->attrs[type] = attr;
	return MNL_CB_OK;
}

static void read_extack(struct pgnl_error *error, const struct nlmsghdr *req,
			const struct nlmsghdr *nlh, size_t offset)
{
	struct extack extack = { { NULL } };
	size_t len = mnl_nlmsg_get_payload_len(nlh);
	const struct nlattr *attr;

	offset = MNL_ALIGN(offset);
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || offset > len)
		return;
	mnl_attr_parse_payload((const char *)mnl_nlmsg_get_payload(nlh) + offset, len - offset,
			       collect, &extack);

	attr = extack.attrs[NLMSGERR_ATTR_MSG];
	if (attr)
		snprintf(error->text, sizeof(error->text), "%s",
			 mnl_attr_get_str(attr));
	attr = extack.attrs[NLMSGERR_ATTR_MISS_TYPE];
	if (attr)
		blame(error, lp_attr_name((uint16_t)mnl_attr_get_u32(attr)), 0);
	attr = extack.attrs[NLMSGERR_ATTR_OFFS];
	if (attr)
		lp_blame(req, mnl_attr_get_u32(attr), error);
}

int lp_fail_kernel(struct pgnl *handle, const struct nlmsghdr *req,
		   const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *report = mnl_nlmsg_get_payload(nlh);
	size_t len = mnl_nlmsg_get_payload_len(nlh), tlvs;
	int code;

	/* A dump that fails says so when it is done, without a report. */
	tlvs = nlh->nlmsg_type == NLMSG_DONE ? sizeof(int) : sizeof(*report);
	if (len < tlvs)
		return lp_fail(handle, EPROTO, "", 0, "short error message");
	if (!report->error)
		return 0;
	if (report->error > 0 || report->error < -MAX_ERRNO)
		return lp_fail(handle, EPROTO, "", 0, "malformed error message");
	code = -report->error;
	if (nlh->nlmsg_type == NLMSG_ERROR && !(nlh->nlmsg_flags & NLM_F_CAPPED))
		tlvs += mnl_nlmsg_get_payload_len(&report->msg);

	/* The kernel's own check of a number's range; EINVAL in our terms. */
	if (code == ERANGE)
		code = EINVAL;
	lp_fail(handle, code, "", 0, "%s", "");
	read_extack(&handle->error, req, nlh, tlvs);
	/* It comes from generic netlink then, which has no words for it. */
	if (code == EOPNOTSUPP && !*handle->error.text)
		lp_fail(handle, code, "", 0,
			"the module does not know this request: it is older than libpgnl");
	return -code;
}
