// SPDX-License-Identifier: GPL-2.0-only
/* What requests say, beyond what the generated policies check. */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "exit.h"
#include "netlink.h"
#include "pick.h"
#include "proc.h"
#include "scope.h"
#include "table.h"

static int check_once(const struct nlattr *head, int len, u64 lists,
		      struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	u64 seen = 0;
	int rem;

	BUILD_BUG_ON(PGNL_A_MAX >= 64);
	nla_for_each_attr(attr, head, len, rem) {
		if (seen & ~lists & BIT_ULL(nla_type(attr))) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "attribute is given twice");
			return -EINVAL;
		}
		seen |= BIT_ULL(nla_type(attr));
	}
	return 0;
}

/**
 * pgnl_args_check_once() - Refuse attributes given twice.
 * @nlh: the request, validated
 * @lists: bits of the attributes that may be given more than once
 * @extack: where to tell
 *
 * The kernel takes the last of them in silence, and the sender would not know
 * which one that is.
 *
 * Return: 0 or -EINVAL.
 */
int pgnl_args_check_once(const struct nlmsghdr *nlh, u64 lists,
			 struct netlink_ext_ack *extack)
{
	return check_once(nlmsg_attrdata(nlh, GENL_HDRLEN),
			  nlmsg_attrlen(nlh, GENL_HDRLEN), lists, extack);
}

/**
 * pgnl_args_check_nest_once() - The same within a nest.
 * @nest: the nest, validated
 * @extack: where to tell
 *
 * Return: 0 or -EINVAL.
 */
int pgnl_args_check_nest_once(const struct nlattr *nest,
			      struct netlink_ext_ack *extack)
{
	return check_once(nla_data(nest), nla_len(nest), 0, extack);
}

/**
 * pgnl_args_scope_name() - The name of a scope.
 * @attr: the attribute or NULL
 * @name: set to the name; NULL for the default
 * @extack: where to tell
 *
 * Return: 0 or -EINVAL.
 */
int pgnl_args_scope_name(struct nlattr *attr, const char **name,
			 struct netlink_ext_ack *extack)
{
	*name = attr ? nla_data(attr) : NULL;
	if (attr && !**name) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "scope name is empty");
		return -EINVAL;
	}
	if (attr && strlen(*name) + 1 != nla_len(attr)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "scope name has a NUL in it");
		return -EINVAL;
	}
	return 0;
}

/**
 * pgnl_args_group_name() - The name of a group.
 * @attr: the attribute, terminated or not; NULL is an error
 * @name: to fill; its bytes are those of the request
 * @extack: where to tell
 *
 * Return: 0 or -EINVAL.
 */
int pgnl_args_group_name(struct nlattr *attr, struct pgnl_name *name,
			 struct netlink_ext_ack *extack)
{
	const char *str;
	int len;

	if (!attr) {
		NL_SET_ERR_MSG(extack, "a group is needed");
		return -EINVAL;
	}
	str = nla_data(attr);
	len = nla_len(attr);
	if (len && !str[len - 1])
		len--;
	if (!len) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "group name is empty");
		return -EINVAL;
	}
	if (memchr(str, '\0', len)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "group name has a NUL in it");
		return -EINVAL;
	}
	name->str = str;
	name->len = len;
	return 0;
}

/**
 * pgnl_args_check_scope() - May the caller use a scope?
 * @who: the caller
 * @scope: the scope that @attr names, or NULL when there is none
 * @attr: the attribute or NULL
 * @want: PGNL_MAY_*, or 0
 * @extack: where to tell
 *
 * Return: 0, -ENOENT, -EACCES.
 */
int pgnl_args_check_scope(const struct pgnl_caller *who,
			  const struct pgnl_scope *scope, struct nlattr *attr,
			  u16 want, struct netlink_ext_ack *extack)
{
	if (!scope) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "no such scope");
		return -ENOENT;
	}
	if (want && !pgnl_perm_scope(who, scope, want)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "mode of the scope does not allow it");
		return -EACCES;
	}
	return 0;
}

/**
 * pgnl_args_scope() - The scope that a request names, if it may be used.
 * @who: the caller
 * @attr: the attribute or NULL
 * @want: PGNL_MAY_*, or 0
 * @extack: where to tell
 *
 * Return: a counted reference, or an ERR_PTR(): -EINVAL, -ENOENT, -EACCES.
 */
struct pgnl_scope *pgnl_args_scope(const struct pgnl_caller *who,
				   struct nlattr *attr, u16 want,
				   struct netlink_ext_ack *extack)
{
	struct pgnl_scope *scope;
	const char *name;
	int err;

	err = pgnl_args_scope_name(attr, &name, extack);
	if (err)
		return ERR_PTR(err);
	scope = pgnl_scope_get(who->pn, name);
	err = pgnl_args_check_scope(who, scope, attr, want, extack);
	if (err) {
		pgnl_scope_put(scope);
		return ERR_PTR(err);
	}
	return scope;
}

/**
 * pgnl_args_process() - The one process that a request is about.
 * @pn: the tables
 * @pid_attr: a pid in the pid namespace of current, or NULL
 * @id_attr: a member id, or NULL
 * @self_attr: set when it is current's
 * @extack: where to tell
 *
 * Return: a counted reference, or an ERR_PTR(): -EINVAL for a thread, or unless
 * it is named in one way; -ESRCH.
 */
struct pid *pgnl_args_process(struct pgnl_net *pn, struct nlattr *pid_attr,
			      struct nlattr *id_attr, struct nlattr *self_attr,
			      struct netlink_ext_ack *extack)
{
	struct nlattr *attr = pid_attr ?: id_attr ?: self_attr;
	struct pid *pid = NULL;

	if (!!pid_attr + !!id_attr + !!self_attr != 1) {
		NL_SET_ERR_MSG(extack, "one of pid, id and self is needed");
		return ERR_PTR(-EINVAL);
	}
	if (self_attr)
		pid = get_pid(task_tgid(current));
	else if (id_attr)
		pid = pgnl_proc_pid_of_id(pn, nla_get_u64(id_attr));
	else if (nla_get_u32(pid_attr) <= INT_MAX)
		pid = find_get_pid(nla_get_u32(pid_attr));
	if (pid && pgnl_exit_pid_is_thread(pid)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "that is a thread, not a process");
		put_pid(pid);
		return ERR_PTR(-EINVAL);
	}
	if (!pid || pgnl_exit_pid_is_dead(pid)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "no such process");
		put_pid(pid);
		return ERR_PTR(-ESRCH);
	}
	return pid;
}

/**
 * pgnl_args_count() - How often an attribute is given.
 * @info: the request
 * @type: the attribute
 *
 * Return: how often.
 */
u32 pgnl_args_count(const struct genl_info *info, int type)
{
	const struct nlattr *attr;
	u32 n = 0;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		n += nla_type(attr) == type;
	return n;
}

/**
 * pgnl_args_pick() - Whom to pick.
 * @info: the request
 * @pick: to fill
 *
 * Return: 0 or -EINVAL.
 */
int pgnl_args_pick(struct genl_info *info, struct pgnl_pick *pick)
{
	struct nlattr *key = info->attrs[PGNL_A_KEY];
	struct nlattr *uid = info->attrs[PGNL_A_UID];
	bool by_key;

	memset(pick, 0, sizeof(*pick));
	if (info->attrs[PGNL_A_POLICY])
		pick->policy = nla_get_u32(info->attrs[PGNL_A_POLICY]);
	by_key = pick->policy == PGNL_POLICY_KEY;
	if (by_key != !!key) {
		NL_SET_ERR_MSG_ATTR(info->extack, key,
				    "a key is for the policy key, and it needs one");
		return -EINVAL;
	}
	if (key) {
		pick->key = nla_data(key);
		pick->key_len = nla_len(key);
		if (!pick->key_len || pick->key_len > PGNL_KEY_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack, key,
					    "a key has 1 to 255 bytes");
			return -EINVAL;
		}
	}
	if (uid) {
		pick->by_uid = true;
		pick->uid = make_kuid(current_user_ns(), nla_get_u32(uid));
		if (!uid_valid(pick->uid)) {
			NL_SET_ERR_MSG_ATTR(info->extack, uid, "no such user");
			return -EINVAL;
		}
	}
	return 0;
}
