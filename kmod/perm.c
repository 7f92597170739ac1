// SPDX-License-Identifier: GPL-2.0-only
/* Who may do what. */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
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
 * request, the opener's for as long as the socket's file is open.
 */
void pgnl_perm_caller(struct pgnl_caller *who, struct sk_buff *skb)
{
	struct sock *sk = NETLINK_CB(skb).sk;

	who->pn = pgnl_table_of(sock_net(sk));
	who->cred = current_cred();
	who->opener = sk->sk_socket->file->f_cred;
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

static bool grants_to_all(u16 perm, u16 want)
{
	u16 all = want | want << 3 | want << 6;

	return (perm & all) == all;
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
	if (grants_to_all(READ_ONCE(owner->perm), want))
		return true;
	if (mode_grants(who->cred, owner, want) &&
	    (who->opener == who->cred || mode_grants(who->opener, owner, want)))
		return true;
	return pgnl_perm_admin(who);
}

/**
 * pgnl_perm_scope() - Does a scope grant something?
 * @who: the caller
 * @scope: the scope
 * @want: PGNL_MAY_*
 *
 * Return: true when it does.
 */
bool pgnl_perm_scope(const struct pgnl_caller *who,
		     const struct pgnl_scope *scope, u16 want)
{
	struct pgnl_owner owner;

	/* The usual case needs no owner. */
	if (grants_to_all(READ_ONCE(scope->owner.perm), want))
		return true;
	owner = pgnl_scope_owner(scope);
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
 * pgnl_perm_owner() - Is the caller the owner?
 * @who: the caller
 * @owner: owner and mode
 *
 * Return: true when it is, or when it is an administrator.
 */
bool pgnl_perm_owner(const struct pgnl_caller *who,
		     const struct pgnl_owner *owner)
{
	if (uid_eq(who->cred->euid, owner->uid) &&
	    uid_eq(who->opener->euid, owner->uid))
		return true;
	return pgnl_perm_admin(who);
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
 * To kill(2) a sender may always signal itself, whoever's credentials it
 * wears, so for itself as the target the opener of the socket is judged here.
 */
static int opener_may_kill_sender(const struct cred *opener, struct pid *pid)
{
	if (may_kill(opener, pid) ||
	    capable_as(opener, current_user_ns(), CAP_KILL))
		return 0;
	return -EPERM;
}

/**
 * pgnl_perm_target() - May the caller act on a process?
 * @who: the caller, in a request
 * @pid: a thread group
 *
 * This is the kernel's own check of kill(2), capabilities, sessions, audit
 * and security modules included.
 *
 * Return: 0, -EPERM, another refusal of a security module, or -ESRCH when
 * the process is gone.
 */
int pgnl_perm_target(const struct pgnl_caller *who, struct pid *pid)
{
	bool self = pid == task_tgid(current);
	const struct cred *old;
	int err = 0;

	if (!self)
		err = kill_pid(pid, 0, 0);
	if (err || who->opener == who->cred)
		return err;
	if (self)
		return opener_may_kill_sender(who->opener, pid);

	old = override_creds(who->opener);
	err = kill_pid(pid, 0, 0);
	revert_creds(old);
	return err;
}
