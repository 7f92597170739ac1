// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Locks, with the results of Erlang's global. A lock is a name, so it is held by
 * one process in all of the cluster, and is free when that ends; what belongs to
 * it beside, the requester, is the metadata of the registration.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define SCOPE	"global"
#define PREFIX	"lock:"

/* Between two tries, drawn from 0 to this, which doubles up to the last. */
#define PAUSE_FIRST_MS	250
#define PAUSE_LAST_MS	8000

/* The name of a lock, checked. */
static int name_of(struct pgnl *handle, const char *resource,
		   const char *requester, char name[PGNL_GROUP_NAME_MAX + 1])
{
	size_t len = strlen(resource);

	if (!len || len + strlen(PREFIX) > PGNL_GROUP_NAME_MAX)
		return lp_fail(handle, EINVAL, "resource", 0,
			       "a resource has 1 to 250 bytes");
	if (!*requester || strlen(requester) > PGNL_META_MAX)
		return lp_fail(handle, EINVAL, "requester", 0,
			       "a requester has 1 to 256 bytes");
	strcpy(name, PREFIX);
	strcat(name, resource);
	return 0;
}

static bool is_of(const struct pgnl_name *lock, const char *requester)
{
	return lock->holder.meta_len == strlen(requester) &&
	       !memcmp(lock->holder.meta, requester, lock->holder.meta_len);
}

/* PGNL_YES, PGNL_NO, or what makes no sense to be tried again. */
static int try(struct pgnl *handle, const char *name, const char *requester,
	       pid_t pid)
{
	const struct pgnl_name_opts opts = {
		.meta = requester, .meta_len = strlen(requester),
	};
	struct pgnl_names *list;
	int ret = pgnl_name_register(handle, name, pid, &opts, &list);

	/* Its holder's node is suspect, or somebody else is about to get it. */
	if (ret == -EAGAIN || ret == -EBUSY)
		return PGNL_NO;
	if (ret == PGNL_NO && list->n && is_of(&list->name[0], requester))
		ret = PGNL_YES;
	if (ret >= 0)
		pgnl_free(list);
	return ret;
}

static void pause_for(unsigned int tries)
{
	long most = tries < 5 ? PAUSE_FIRST_MS << tries : PAUSE_LAST_MS;
	struct timespec now, pause;
	unsigned int seed;
	long ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seed = (unsigned int)now.tv_nsec ^ (unsigned int)getpid();
	ms = rand_r(&seed) % most;
	pause.tv_sec = ms / 1000;
	pause.tv_nsec = ms % 1000 * 1000000;
	nanosleep(&pause, NULL);
}

LP_EXPORT int pgnl_lock_set(struct pgnl *handle, const char *resource,
			    const char *requester, pid_t pid, int retries)
{
	char name[PGNL_GROUP_NAME_MAX + 1];
	int ret = name_of(handle, resource, requester, name);

	for (unsigned int tries = 0; !ret; tries++) {
		ret = try(handle, name, requester, pid);
		if (ret != PGNL_NO || (retries >= 0 && tries >= (unsigned int)retries))
			break;
		pause_for(tries);
		ret = 0;
	}
	return ret;
}

LP_EXPORT int pgnl_lock_del(struct pgnl *handle, const char *resource,
			    const char *requester, pid_t pid)
{
	char name[PGNL_GROUP_NAME_MAX + 1];
	int ret = name_of(handle, resource, requester, name);
	struct pgnl_names *list;

	if (ret)
		return ret;
	if (pid < 0)
		return lp_fail(handle, EINVAL, "pid", 0, "no pid of a process");
	pid = pid ? pid : getpid();
	ret = pgnl_name_whereis(handle, NULL, name, &list);
	if (ret)
		return ret == PGNL_UNDEFINED ? PGNL_OK : ret;
	/* By id, so that nobody loses it who has got it since then. */
	if (!list->name[0].holder.node && list->name[0].holder.pid == pid &&
	    is_of(&list->name[0], requester))
		ret = pgnl_leave_id(handle, SCOPE, name,
				    list->name[0].holder.id, 1, NULL);
	pgnl_free(list);
	/* How often it has left does not matter, nor that it had by then. */
	return ret > 0 || ret == -ENOENT ? PGNL_OK : ret;
}

LP_EXPORT int pgnl_lock_trans(struct pgnl *handle, const char *resource,
			      const char *requester, int retries,
			      int (*fn)(void *arg), void *arg, int *result)
{
	int ret = pgnl_lock_set(handle, resource, requester, getpid(), retries);

	if (ret)
		return ret;
	*result = fn(arg);
	return pgnl_lock_del(handle, resource, requester, getpid());
}
