// SPDX-License-Identifier: GPL-2.0-only
/* What requests say, beyond what the generated policies check. */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "crowd.h"
#include "batch.h"
#include "exit.h"
#include "member.h"
#include "netlink.h"
#include "proc.h"
#include "scope.h"
#include "share.h"
#include "table.h"

/* Whatever may be a list is one of the first 64 attributes. */
static int check_once(const struct nlattr *head, int len, u64 lists,
		      struct netlink_ext_ack *extack)
{
	u64 seen[2] = {};
	const struct nlattr *attr;
	int rem, type;
	u64 bit;

	BUILD_BUG_ON(PGNL_A_MAX >= 128);
	nla_for_each_attr(attr, head, len, rem) {
		type = nla_type(attr);
		bit = BIT_ULL(type % 64);
		if (seen[type / 64] & bit) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "attribute is given twice");
			return -EINVAL;
		}
		if (type >= 64 || !(lists & bit))
			seen[type / 64] |= bit;
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
	if (strnlen(str, len) < len) {
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

/* The scope of the caller's tables that is named; NULL: none; or an ERR_PTR(). */
static struct pgnl_scope *look_up(const struct pgnl_caller *who,
				  struct nlattr *attr,
				  struct netlink_ext_ack *extack)
{
	const char *name;
	int err = pgnl_args_scope_name(attr, &name, extack);

	return err ? ERR_PTR(err) : pgnl_scope_get(who->pn, name);
}

/* Takes a reference or NULL, and returns it, or an ERR_PTR() instead. */
static struct pgnl_scope *allow(const struct pgnl_caller *who,
				struct pgnl_scope *scope, struct nlattr *attr,
				u16 want, struct netlink_ext_ack *extack)
{
	int err = pgnl_args_check_scope(who, scope, attr, want, extack);

	if (!err)
		return scope;
	pgnl_scope_put(scope);
	return ERR_PTR(err);
}

/**
 * pgnl_args_scope() - The scope that a request names, if it may be used.
 * @who: the caller
 * @attr: the attribute or NULL
 * @want: PGNL_MAY_*, or 0
 * @extack: where to tell
 *
 * Return: a counted reference, or an ERR_PTR(): -EINVAL, -ENOENT, -EACCES, or
 * -EROFS for one that is shared from elsewhere.
 */
struct pgnl_scope *pgnl_args_scope(const struct pgnl_caller *who,
				   struct nlattr *attr, u16 want,
				   struct netlink_ext_ack *extack)
{
	struct pgnl_scope *scope = look_up(who, attr, extack);

	if (IS_ERR(scope))
		return scope;
	if (!scope && attr && pgnl_share_has(who->pn, nla_data(attr))) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a shared scope is only for reading");
		return ERR_PTR(-EROFS);
	}
	return allow(who, scope, attr, want, extack);
}

/**
 * pgnl_args_scope_read() - The same for requests that change nothing.
 * @who: the caller; for a shared scope it enters the tables that it is of, and
 *	pgnl_share_leave() is needed in the end
 * @attr: the attribute or NULL
 * @want: PGNL_MAY_READ, or 0
 * @extack: where to tell
 *
 * Return: a counted reference, or an ERR_PTR(): -EINVAL, -ENOENT, -EACCES.
 */
struct pgnl_scope *pgnl_args_scope_read(struct pgnl_caller *who,
					struct nlattr *attr, u16 want,
					struct netlink_ext_ack *extack)
{
	struct pgnl_scope *scope = look_up(who, attr, extack);

	if (IS_ERR(scope))
		return scope;
	if (!scope && attr && pgnl_share_enter(who, nla_data(attr)))
		scope = pgnl_share_scope(who);
	scope = allow(who, scope, attr, want, extack);
	if (IS_ERR(scope))
		pgnl_share_leave(who);
	return scope;
}

/**
 * pgnl_args_names() - The scope of the names, if it may be used.
 * @who: the caller
 * @want: PGNL_MAY_*
 * @extack: where to tell
 *
 * Return: a counted reference, or an ERR_PTR(): -EACCES.
 */
struct pgnl_scope *pgnl_args_names(const struct pgnl_caller *who, u16 want,
				   struct netlink_ext_ack *extack)
{
	return allow(who, pgnl_scope_get(who->pn, PGNL_SCOPE_NAMES), NULL, want,
		     extack);
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
 * pgnl_args_join() - What a join asks beside groups and processes.
 * @info: the request
 * @join: to fill; afterwards the caller puts its metadata
 *
 * Return: 0, -EINVAL, or -ENOMEM, and then there is no metadata.
 */
int pgnl_args_join(struct genl_info *info, struct pgnl_join *join)
{
	struct nlattr *attr = info->attrs[PGNL_A_META];

	join->times = info->attrs[PGNL_A_TIMES] ?
		      nla_get_u32(info->attrs[PGNL_A_TIMES]) : 1;
	join->weight = info->attrs[PGNL_A_WEIGHT] ?
		       nla_get_u32(info->attrs[PGNL_A_WEIGHT]) : 0;
	join->required = info->attrs[PGNL_A_REQUIRED_GROUP];
	join->set_meta = attr;
	join->meta = NULL;
	join->claim = NULL;
	if (!attr || !nla_len(attr))
		return 0;
	if (nla_len(attr) > PGNL_META_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "metadata has more than 256 bytes");
		return -EINVAL;
	}
	join->meta = pgnl_meta_new(nla_data(attr), nla_len(attr));
	if (!join->meta) {
		NL_SET_ERR_MSG(info->extack, "out of memory");
		return -ENOMEM;
	}
	return 0;
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
	pick->local = info->attrs[PGNL_A_LOCAL_ONLY];
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

/**
 * pgnl_args_audience() - Whom of a group a request is for.
 * @info: the request
 * @to: to fill
 *
 * Return: 0 or -EINVAL.
 */
int pgnl_args_audience(struct genl_info *info, struct pgnl_audience *to)
{
	struct nlattr **attrs = info->attrs;

	to->others = attrs[PGNL_A_OTHERS];
	to->one = attrs[PGNL_A_POLICY];
	if (to->one && (to->others || attrs[PGNL_A_ID])) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[PGNL_A_POLICY],
				    "a policy excludes others and ids");
		return -EINVAL;
	}
	return pgnl_args_pick(info, &to->pick);
}
