// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: what is wrong here, and how to mend it */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/pgnl.h>

#include "args.h"
#include "doctor.h"
#include "proc.h"

/* A release as one number, to compare. */
static unsigned long release(const char *text)
{
	unsigned int major = 0, minor = 0, patch = 0;

	sscanf(text, "%u.%u.%u", &major, &minor, &patch);
	return (major * 1000ul + minor) * 1000 + patch;
}

/* A library that is newer serves, of one soname. */
static void check_versions(struct doctor *doctor)
{
	char built[32];

	snprintf(built, sizeof(built), "%d.%d.%d", PGNL_VERSION_MAJOR, PGNL_VERSION_MINOR,
		 PGNL_VERSION_PATCH);
	if (release(pgnl_version()) < release(built))
		find(doctor, "library", "install libpgnl of that release too",
		     "pgnl %s runs with the older libpgnl %s", built, pgnl_version());
	else if (strcmp(built, pgnl_version()))
		find(doctor, "library", NULL, "pgnl %s runs with the newer libpgnl %s", built,
		     pgnl_version());
	else
		find(doctor, "library", NULL, "pgnl and libpgnl are version %s", built);
}

static bool no_modules(void)
{
	return access("/proc/modules", F_OK);
}

static bool loaded(void)
{
	return !access("/sys/module/pgnl", F_OK);
}

static bool loading_disabled(void)
{
	char line[8];

	return proc_line("/proc/sys/kernel/modules_disabled", line, sizeof(line)) && *line == '1';
}

static bool not_installed(void)
{
	char path[256], line[4096];
	struct utsname kernel;
	bool found = false;
	FILE *file;

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", kernel.release);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, ":")] = 0;
		found = strstr(line, "/pgnl.ko");
	}
	if (file)
		fclose(file);
	return !found;
}

static bool signed_only(void)
{
	char line[64];

	if (proc_line("/sys/module/module/parameters/sig_enforce", line, sizeof(line)) &&
	    *line == 'Y')
		return true;
	return proc_line("/sys/kernel/security/lockdown", line, sizeof(line)) &&
	       !strstr(line, "[none]");
}

static bool always(void)
{
	return true;
}

/* Why there is no module to talk to; the first that holds is the reason. */
static const struct {
	bool (*holds)(void);
	const char *finding;
	const char *cure;
} absences[] = {
	{ no_modules, "this kernel takes no modules (CONFIG_MODULES is off)",
	  "boot a kernel that does, or use pgnl in a virtual machine" },
	{ loaded, "the module is loaded, but its netlink family is not there",
	  "load it again: modprobe -r pgnl && modprobe pgnl" },
	{ loading_disabled, "loading of modules is switched off until the next boot",
	  "list pgnl in /etc/modules-load.d, so that it is loaded before"
	  " kernel.modules_disabled is set, and boot again" },
	{ not_installed, "the module is not installed for this kernel",
	  "install the package pgnl-dkms, or run 'make modules_install' and depmod" },
	{ signed_only, "the module is not loaded, and this kernel takes signed modules only"
	  " (Secure Boot or lockdown)",
	  "enrol the key that signed it (mokutil --import /var/lib/dkms/mok.pub), boot again,"
	  " then: modprobe pgnl" },
	{ always, "the module is installed, but not loaded",
	  "modprobe pgnl; if that fails, dmesg says why" },
};

static void explain_absence(struct doctor *doctor)
{
	size_t i = 0;

	while (!absences[i].holds())
		i++;
	find(doctor, "module", absences[i].cure, "%s", absences[i].finding);
}

/* That of the module, which can't be asked, after a blank; or nothing. */
static const char *loaded_release(char *text, size_t size)
{
	*text = ' ';
	if (!proc_line("/sys/module/pgnl/version", text + 1, size - 1))
		*text = '\0';
	return text;
}

/* Is there a module, and one that is understood? */
static bool check_module(struct doctor *doctor)
{
	struct cli *cli = doctor->cli;
	struct pgnl_info info;
	char text[32];
	int ret = cli->kernel ? 0 : pgnl_open(&cli->kernel);

	if (!ret)
		ret = pgnl_info(cli->kernel, &info);
	if (ret == -ENOTCONN) {
		doctor->status = CLI_ABSENT;
		explain_absence(doctor);
	} else if (ret == -EPROTO) {
		doctor->status = CLI_ABSENT;
		find(doctor, "module", "install pgnl-dkms and libpgnl0 of one release, then:"
		     " modprobe -r pgnl && modprobe pgnl",
		     "the module%s speaks another version of the interface than libpgnl %s",
		     loaded_release(text, sizeof(text)), pgnl_version());
	} else if (ret < 0) {
		find(doctor, "module", "allow AF_NETLINK here (seccomp, LSM)",
		     "can't reach the kernel: %s", strerror(-ret));
	} else {
		find(doctor, "module", NULL, "module %s speaks version %u of the interface,"
		     " node '%s'", info.release, info.abi, info.node);
	}
	return ret >= 0;
}

static void check_access(struct doctor *doctor)
{
	struct pgnl_groups *list;
	int ret = pgnl_group(doctor->cli->kernel, doctor->cli->scope, "doctor", &list);

	if (ret < 0) {
		find(doctor, "access", ret == -ENOENT ?
		     "'pgnl scopes' lists those there are, root may add one: pgnl scope add NAME" :
		     "as root, let others read it: pgnl scope set NAME --perm MODE",
		     "scope %s can't be read: %s", cli_scope(doctor->cli), strerror(-ret));
		return;
	}
	pgnl_free(list);
	find(doctor, "access", NULL, "scope %s can be read", cli_scope(doctor->cli));
}

static void check_tables(struct doctor *doctor)
{
	char found[256] = "";
	int ret = pgnl_verify(doctor->cli->kernel, found, sizeof(found));

	if (ret == -EPERM)
		find(doctor, "rights", NULL, "no CAP_NET_ADMIN: enough for groups, not for scopes,"
		     " limits and the verifier");
	else
		find(doctor, "rights", NULL, "may change scopes and limits");
	if (ret == 1)
		find(doctor, "tables", "report this, then: modprobe -r pgnl && modprobe pgnl",
		     "inconsistent: %s", found);
	else if (!ret)
		find(doctor, "tables", NULL, "consistent");
	else if (ret != -EPERM)
		find(doctor, "tables", "try again", "not verified: %s", strerror(-ret));
}

static void check_limits(struct doctor *doctor)
{
	uint64_t limits[PGNL_N_LIMITS], usage[PGNL_N_LIMITS];
	bool full = false;

	if (pgnl_limits(doctor->cli->kernel, limits, usage, PGNL_N_LIMITS) < 0)
		return;
	for (int i = 0; i < PGNL_N_LIMITS; i++) {
		if (usage[i] < limits[i] - limits[i] / 10)
			continue;
		full = true;
		find(doctor, "limits", "as root: pgnl limits KEY=VALUE", "%s: %llu of %llu in use",
		     pgnl_limit_name(i), (unsigned long long)usage[i],
		     (unsigned long long)limits[i]);
	}
	if (!full)
		find(doctor, "limits", NULL, "none is nearly used up");
}

/* Does a file of /proc/PID, or one of a folder there, speak of a view? */
static bool maps_view(const char *pid)
{
	char path[64], line[512];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/maps", pid);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, "[pgnl-view]");
	if (file)
		fclose(file);
	return found;
}

static bool has_view_open(const char *pid)
{
	char path[64], target[64];
	const struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	fds = opendir(path);
	while (fds && !found && (entry = readdir(fds))) {
		len = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = 0;
		found = strstr(target, "[pgnl-view]");
	}
	if (fds)
		closedir(fds);
	return found;
}

/* Who keeps the module from being unloaded. Those of others only root sees. */
static void check_views(struct doctor *doctor)
{
	char holders[200] = "";
	const struct dirent *entry;
	size_t len = 0, n = 0;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc))) {
		if (entry->d_name[strspn(entry->d_name, "0123456789")] ||
		    !(maps_view(entry->d_name) || has_view_open(entry->d_name)))
			continue;
		if (len < sizeof(holders) - 32)
			len += snprintf(holders + len, sizeof(holders) - len, "%s%.20s",
					n ? ", " : "", entry->d_name);
		n++;
	}
	if (proc)
		closedir(proc);
	if (n)
		find(doctor, "views", NULL, "%zu process%s having a view keep%s the module from being"
		     " unloaded: %s", n, n == 1 ? "" : "es", n == 1 ? "s" : "", holders);
	else
		find(doctor, "views", NULL, "no process is seen to have one");
}

/* The first other node that is so, and how many are. */
static const char *nodes_with(const struct pgnl_nodes *list, uint32_t flag, uint8_t state,
			      size_t *n)
{
	const char *first = NULL;

	*n = 0;
	for (size_t i = 0; i < list->n; i++) {
		const struct pgnl_node *node = &list->node[i];

		if (node->flags & PGNL_NODE_SELF || node->state < state ||
		    (node->flags & flag) != flag)
			continue;
		first = first ? first : node->name;
		++*n;
	}
	return first;
}

static void check_nodes(struct doctor *doctor)
{
	const char *first;
	struct pgnl_nodes *list;
	size_t n, all;

	if (pgnl_nodes(doctor->cli->kernel, &list))
		return;
	nodes_with(list, 0, PGNL_UP, &all);
	first = nodes_with(list, 0, PGNL_STALE, &n);
	if (first)
		find(doctor, "nodes", "start pgnld",
		     "no agent confirms the members of %zu of %zu other nodes, such as %s", n, all,
		     first);
	first = nodes_with(list, PGNL_NODE_PARTIAL, PGNL_UP, &n);
	if (first)
		find(doctor, "nodes", "pgnl limits node-remotes=N net-remotes=N",
		     "some members of %zu of %zu other nodes are not here, such as of %s: a limit"
		     " is reached", n, all, first);
	else
		find(doctor, "nodes", NULL, "%zu other nodes are known", all);
	pgnl_free(list);
}

static void check_proc(struct doctor *doctor)
{
	if (proc_usable())
		find(doctor, "proc", NULL, "/proc is that of this pid namespace");
	else
		find(doctor, "proc", "mount -t proc proc /proc",
		     "/proc is not of this pid namespace, so names and start times are unknown");
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct doctor doctor;
	int key;

	key = args_next(cli, argc, argv);
	if (key != ARGS_END)
		return args_status(key);
	doctor_begin(&doctor, cli);
	check_versions(&doctor);
	if (check_module(&doctor)) {
		check_access(&doctor);
		check_tables(&doctor);
		check_limits(&doctor);
		check_nodes(&doctor);
	}
	check_agent(&doctor);
	check_proc(&doctor);
	check_views(&doctor);
	doctor_print(&doctor);
	return doctor.status;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.args = "",
	.summary = "say what is wrong here and how to mend it",
	.examples = "  pgnl doctor\n"
		    "  pgnl -j doctor | jq -r '.[] | select(.ok | not).cure'\n",
	.notes = "Exit code 0 when all is well, 4 without a usable module, 2 for other problems.",
	.run = run,
};
