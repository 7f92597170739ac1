// SPDX-License-Identifier: GPL-2.0-only
/* Who may do what. */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highuid.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "perm.h"
#include "scope.h"
#include "table.h"

/**
 * pgnl_perm_caller() - Note who sent a request.
 * @who: to fill
 * @skb: the request, being handled in its sender's context
 *
 * The credentials are borrowed: current's for as long as it handles the
 * request, as its process, the opener's for as long as the socket's file is
 * open.
 */
void pgnl_perm_caller(struct pgnl_caller *who, struct sk_buff *skb)
{
	struct sock *sk = NETLINK_CB(skb).sk;

	who->pn = pgnl_table_of(sock_net(sk));
	who->cred = current_cred();
	who->opener = sk->sk_socket->file->f_cred;
	who->self = task_tgid(current);
	who->node = NULL;
	who->via = NULL;
}

static void keep(const struct cred *cred)
{
	/*
	 * Besides counting, it clears a flag by a plain write. Nobody sets that while
	 * there are references, so all who write it write the same.
	 */
	data_race(get_cred(cred));
}

/**
 * pgnl_perm_keep() - Keep a caller for longer than its request.
 * @kept: to fill, but for the alias, which the tables hold otherwise (share.c)
 * @who: the caller
 *
 * The credentials and the process are held until pgnl_perm_drop().
 */
void pgnl_perm_keep(struct pgnl_caller *kept, const struct pgnl_caller *who)
{
	kept->pn = who->pn;
	kept->cred = who->cred;
	kept->opener = who->opener;
	kept->self = get_pid(who->self);
	/* Nothing is kept for other nodes. */
	kept->node = NULL;
	keep(kept->cred);
	keep(kept->opener);
}

/**
 * pgnl_perm_drop() - Let them go.
 * @who: whose were kept, or have not been set yet
 */
void pgnl_perm_drop(const struct pgnl_caller *who)
{
	put_cred(who->cred);
	put_cred(who->opener);
	put_pid(who->self);
}

static bool capable_as(const struct cred *cred, struct user_namespace *ns,
		       int cap)
{
	const struct cred *old = override_creds(cred);
	bool capable = ns_capable(ns, cap);

	revert_creds(old);
	return capable;
}

static bool both_capable(const struct pgnl_caller *who,
			 struct user_namespace *ns, int cap)
{
	return capable_as(who->cred, ns, cap) &&
	       (who->opener == who->cred || capable_as(who->opener, ns, cap));
}

/**
 * pgnl_perm_admin() - May the caller administer its network namespace?
 * @who: the caller
 *
 * Return: true when it has CAP_NET_ADMIN over it.
 */
bool pgnl_perm_admin(const struct pgnl_caller *who)
{
	return both_capable(who, who->pn->net->user_ns, CAP_NET_ADMIN);
}

static bool is_capable_as(const struct cred *cred, struct user_namespace *ns,
			  int cap)
{
	const struct cred *old = override_creds(cred);
	bool capable = ns_capable_noaudit(ns, cap);

	revert_creds(old);
	return capable;
}

/**
 * pgnl_perm_is_admin() - Is the caller an administrator?
 * @who: the caller
 *
 * As pgnl_perm_admin(), where a no refuses nothing: it is not worth a word in
 * the audit log.
 *
 * Return: true when it is.
 */
bool pgnl_perm_is_admin(const struct pgnl_caller *who)
{
	struct user_namespace *ns = who->pn->net->user_ns;

	return is_capable_as(who->cred, ns, CAP_NET_ADMIN) &&
	       (who->opener == who->cred ||
		is_capable_as(who->opener, ns, CAP_NET_ADMIN));
}

/**
 * pgnl_perm_init_admin() - May the caller administer the whole machine?
 * @who: the caller
 *
 * Return: true when it has CAP_NET_ADMIN in the initial user namespace.
 */
bool pgnl_perm_init_admin(const struct pgnl_caller *who)
{
	return both_capable(who, &init_user_ns, CAP_NET_ADMIN);
}

static bool in_group(const struct cred *cred, kgid_t gid)
{
	const struct cred *old = override_creds(cred);
	bool in = in_egroup_p(gid);

	revert_creds(old);
	return in;
}

static bool mode_grants(const struct cred *cred, const struct pgnl_owner *owner,
			u16 want)
{
	u16 perm = READ_ONCE(owner->perm);

	if (uid_eq(cred->euid, owner->uid))
		perm >>= 6;
	else if (in_group(cred, owner->gid))
		perm >>= 3;
	return (perm & want) == want;
}

/**
 * pgnl_perm_granted() - Does the mode alone grant something?
 * @who: the caller, or who it once was
 * @owner: owner and mode
 * @want: PGNL_MAY_*
 *
 * Return: true when it does.
 */
bool pgnl_perm_granted(const struct pgnl_caller *who,
		       const struct pgnl_owner *owner, u16 want)
{
	if (pgnl_perm_is_open(owner, want))
		return true;
	return mode_grants(who->cred, owner, want) &&
	       (who->opener == who->cred ||
		mode_grants(who->opener, owner, want));
}

/**
 * pgnl_perm_mode() - Does the mode of a scope or group grant something?
 * @who: the caller
 * @owner: owner and mode
 * @want: PGNL_MAY_*
 *
 * Return: true when it does, or when the caller is an administrator.
 */
bool pgnl_perm_mode(const struct pgnl_caller *who,
		    const struct pgnl_owner *owner, u16 want)
{
	return pgnl_perm_granted(who, owner, want) || pgnl_perm_admin(who);
}

/**
 * pgnl_perm_scope_owner() - Does a scope grant something to its owner, say?
 * @who: the caller
 * @scope: the scope
 * @want: PGNL_MAY_*
 *
 * Return: true when it does.
 */
bool pgnl_perm_scope_owner(const struct pgnl_caller *who,
			   const struct pgnl_scope *scope, u16 want)
{
	struct pgnl_owner owner = pgnl_scope_owner(scope);

	return pgnl_perm_mode(who, &owner, want);
}

/**
 * pgnl_perm_group() - Does a group grant something, as far as it is asked?
 * @who: the caller
 * @group: the group; one that a join made grants whatever its scope does
 * @want: PGNL_MAY_*
 *
 * Return: true when it does.
 */
bool pgnl_perm_group(const struct pgnl_caller *who,
		     const struct pgnl_group *group, u16 want)
{
	return !READ_ONCE(group->created) ||
	       pgnl_perm_mode(who, &group->owner, want);
}

/**
 * pgnl_perm_is_owner() - Is the caller the owner?
 * @who: the caller
 * @owner: owner and mode
 *
 * Return: true when it is.
 */
bool pgnl_perm_is_owner(const struct pgnl_caller *who,
			const struct pgnl_owner *owner)
{
	return uid_eq(who->cred->euid, owner->uid) &&
	       uid_eq(who->opener->euid, owner->uid);
}

/**
 * pgnl_perm_owner() - May the caller do what the owner may?
 * @who: the caller
 * @owner: owner and mode
 *
 * Return: true when it is the owner or an administrator.
 */
bool pgnl_perm_owner(const struct pgnl_caller *who,
		     const struct pgnl_owner *owner)
{
	return pgnl_perm_is_owner(who, owner) || pgnl_perm_admin(who);
}

/* Nothing but to itself and its groups. */
static bool may_give(const struct cred *cred, struct user_namespace *ns,
		     const struct pgnl_owner *owner)
{
	return (uid_eq(cred->euid, owner->uid) && in_group(cred, owner->gid)) ||
	       capable_as(cred, ns, CAP_NET_ADMIN);
}

/**
 * pgnl_perm_give() - May the caller make something of an owner's?
 * @who: the caller
 * @owner: owner and mode
 *
 * Return: true when each of the two is the owner or an administrator.
 */
bool pgnl_perm_give(const struct pgnl_caller *who,
		    const struct pgnl_owner *owner)
{
	struct user_namespace *ns = who->pn->net->user_ns;

	return may_give(who->cred, ns, owner) &&
	       (who->opener == who->cred || may_give(who->opener, ns, owner));
}

static bool has_id(const struct cred *cred, kuid_t uid)
{
	return uid_eq(uid, cred->uid) || uid_eq(uid, cred->euid) ||
	       uid_eq(uid, cred->suid);
}

/**
 * pgnl_perm_same_user() - Could the opener of the socket be the sender?
 * @who: the caller
 *
 * For what carries the sender's identity, or gives away what is sent to it:
 * nobody gets that by making somebody else write to a socket. A program that
 * opened it and then gave up privileges could; the rule is that of the
 * credentials that unix(7) lets a process send.
 *
 * Return: true when the opener has the sender's ids or may take them.
 */
bool pgnl_perm_same_user(const struct pgnl_caller *who)
{
	if (who->opener == who->cred ||
	    (has_id(who->opener, who->cred->uid) &&
	     has_id(who->opener, who->cred->euid)))
		return true;
	return capable_as(who->opener, who->cred->user_ns, CAP_SETUID);
}

/**
 * pgnl_perm_cred_of() - Credentials of a user of another node.
 * @uid: the user
 *
 * Whatever else current has is not in them: no capabilities, no groups.
 *
 * Return: credentials, counted, or NULL.
 */
const struct cred *pgnl_perm_cred_of(kuid_t uid)
{
	struct group_info *none = groups_alloc(0);
	struct cred *cred;

	if (!none)
		return NULL;
	cred = prepare_creds();
	if (!cred) {
		put_group_info(none);
		return NULL;
	}
	set_groups(cred, none);
	put_group_info(none);
	cred->uid = uid;
	cred->euid = uid;
	cred->suid = uid;
	cred->fsuid = uid;
	cred->gid = KGIDT_INIT(DEFAULT_OVERFLOWGID);
	cred->egid = cred->gid;
	cred->sgid = cred->gid;
	cred->fsgid = cred->gid;
	cap_clear(cred->cap_inheritable);
	cap_clear(cred->cap_permitted);
	cap_clear(cred->cap_effective);
	cap_clear(cred->cap_bset);
	cap_clear(cred->cap_ambient);
	return cred;
}

/* kill(2)'s rule between two different processes. */
static bool may_kill(const struct cred *cred, struct pid *pid)
{
	const struct cred *tcred;
	struct task_struct *task;
	bool may = false;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task) {
		tcred = __task_cred(task);
		may = uid_eq(cred->euid, tcred->suid) ||
		      uid_eq(cred->euid, tcred->uid) ||
		      uid_eq(cred->uid, tcred->suid) ||
		      uid_eq(cred->uid, tcred->uid);
	}
	rcu_read_unlock();
	return may;
}

/*
 * To kill(2) a process may always signal itself, whoever's credentials it
 * wears, so for current as the target others are judged here: the opener of the
 * socket, and a requester whose request the agent has answered.
 */
static int check_for_current(const struct cred *cred, struct pid *pid)
{
	if (may_kill(cred, pid) ||
	    capable_as(cred, current_real_cred()->user_ns, CAP_KILL))
		return 0;
	return -EPERM;
}

/**
 * pgnl_perm_target() - May the caller act on a process?
 * @who: the caller, in a request, or one that was kept and whose credentials
 *	current wears
 * @pid: a thread group
 *
 * This is the kernel's own check of kill(2), capabilities, sessions, audit
 * and security modules included. It does not sleep.
 *
 * Return: 0, -EPERM, another refusal of a security module, or -ESRCH when
 * the process is gone.
 */
int pgnl_perm_target(const struct pgnl_caller *who, struct pid *pid)
{
	bool here = pid == task_tgid(current);
	const struct cred *old;
	int err = 0;

	if (!here)
		err = kill_pid(pid, 0, 0);
	else if (pid != who->self)
		err = check_for_current(who->cred, pid);
	if (err || who->opener == who->cred)
		return err;
	if (here)
		return check_for_current(who->opener, pid);

	old = override_creds(who->opener);
	err = kill_pid(pid, 0, 0);
	revert_creds(old);
	return err;
}
