/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A version 2 control group for one test, in a mount of its own. */
#ifndef PGNL_SELFTESTS_CGROUP_H
#define PGNL_SELFTESTS_CGROUP_H

#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "proc.h"

struct cgroup {
	char root[32];
	char path[64];
};

static inline const char *cgroup_file(const struct cgroup *cg, const char *name)
{
	static _Thread_local char path[128];

	snprintf(path, sizeof(path), "%s/%s", cg->path, name);
	return path;
}

static inline bool cgroup_set(const struct cgroup *cg, const char *name, const char *value)
{
	return write_text(cgroup_file(cg, name), value);
}

/* A file holds that text. */
static inline bool cgroup_says(const struct cgroup *cg, const char *name, const char *text)
{
	char buf[4096];

	return read_text(buf, sizeof(buf), cgroup_file(cg, name)) && strstr(buf, text);
}

static inline bool cgroup_end(struct cgroup *cg)
{
	bool ok = !rmdir(cg->path);

	return !umount2(cg->root, MNT_DETACH) && !rmdir(cg->root) && ok;
}

/* With @controller switched on, unless it is NULL; false when there is none. */
static inline bool cgroup_new(struct cgroup *cg, const char *controller)
{
	char control[64], enable[32];

	strcpy(cg->root, "/tmp/pgnl-cgroup-XXXXXX");
	if (!mkdtemp(cg->root))
		return false;
	if (mount("none", cg->root, "cgroup2", 0, NULL)) {
		rmdir(cg->root);
		return false;
	}
	snprintf(cg->path, sizeof(cg->path), "%s/pgnl-%d", cg->root, getpid());
	snprintf(control, sizeof(control), "%s/cgroup.subtree_control", cg->root);
	snprintf(enable, sizeof(enable), "+%s", controller ? controller : "");
	if ((!controller || write_text(control, enable)) && !mkdir(cg->path, 0755))
		return true;
	cgroup_end(cg);
	return false;
}

#endif /* PGNL_SELFTESTS_CGROUP_H */
