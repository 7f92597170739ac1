// SPDX-License-Identifier: LGPL-2.1-or-later
/* Signals to the members of a group. */

#include "internal.h"

struct signalling {
	struct pgnl_signalled *signalled;
	struct lp_pending pending;
};

static int on_signalled(const struct nlmsghdr *nlh, void *arg)
{
	struct signalling *signalling = arg;

	return lp_decode_signalled(nlh, signalling->signalled) ? :
	       lp_decode_pending(nlh, &signalling->pending);
}

static int on_signalled_on(const struct nlmsghdr *nlh, void *arg)
{
	struct signalling *signalling = arg;

	return lp_decode_signalled_on(nlh, signalling->signalled);
}

static void put_opts(struct pgnl *handle, const struct pgnl_signal_opts *opts)
{
	const struct pgnl_send_opts whom = {
		.flags = opts->flags, .uid = opts->uid, .policy = opts->policy,
		.key = opts->key, .key_len = opts->key_len,
		.ids = opts->ids, .n_ids = opts->n_ids,
	};

	lp_put_whom(handle, &whom);
	if (opts->flags & PGNL_QUEUE)
		lp_put_u64(handle, PGNL_A_VALUE,
			   (uintptr_t)opts->value.sival_ptr);
}

LP_EXPORT int pgnl_signal(struct pgnl *handle, const char *scope,
			  const char *group, int signal,
			  const struct pgnl_signal_opts *opts,
			  struct pgnl_signalled *signalled)
{
	struct signalling signalling = { .signalled = signalled };
	int ret;

	/* No ids at all would mean everybody to the kernel. */
	if (opts && opts->ids && !opts->n_ids) {
		*signalled = (struct pgnl_signalled){ 0 };
		return 0;
	}
	lp_start(handle, PGNL_CMD_GROUP_SIGNAL);
	lp_put_scope(handle, scope);
	lp_put_group(handle, group);
	lp_put_u32(handle, PGNL_A_SIGNAL, (uint32_t)signal);
	if (opts)
		put_opts(handle, opts);
	ret = lp_do(handle, on_signalled, &signalling);
	if (ret)
		return ret;
	ret = lp_wait(handle, &signalling.pending, on_signalled_on, &signalling);
	/* What could not be learned of other nodes is told by its count. */
	return signalled->unreachable ? 0 : ret;
}
