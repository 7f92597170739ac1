// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: what is wrong here, and how to mend it */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/pgnl.h>

#include "args.h"
#include "err.h"
#include "out.h"
#include "proc.h"
#include "text.h"

struct doctor {
	struct cli *cli;
	json_t *findings;
	int status;
};

/* One finding; a cure makes it a problem. */
static void find(struct doctor *doctor, const char *check, const char *cure,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

static void find(struct doctor *doctor, const char *check, const char *cure,
		 const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		no_memory();
	va_end(args);
	if (cure && !doctor->status)
		doctor->status = CLI_REFUSED;
	json_array_append_new(doctor->findings,
			      json_pack("{s:s, s:b, s:o, s:s?}", "check", check, "ok", !cure,
					"finding", text_json_name(text), "cure", cure));
	free(text);
}

static void check_versions(struct doctor *doctor)
{
	char built[32];

	snprintf(built, sizeof(built), "%d.%d.%d", PGNL_VERSION_MAJOR, PGNL_VERSION_MINOR,
		 PGNL_VERSION_PATCH);
	if (strcmp(built, pgnl_version()))
		find(doctor, "library", "install pgnl and libpgnl of one version",
		     "pgnl %s runs with libpgnl %s", built, pgnl_version());
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

/* Is there a module, and one that is understood? */
static bool check_module(struct doctor *doctor)
{
	struct cli *cli = doctor->cli;
	struct pgnl_info info;
	int ret = cli->kernel ? 0 : pgnl_open(&cli->kernel);

	if (!ret)
		ret = pgnl_info(cli->kernel, &info);
	if (ret == -ENOTCONN) {
		doctor->status = CLI_ABSENT;
		explain_absence(doctor);
	} else if (ret == -EPROTO) {
		doctor->status = CLI_ABSENT;
		find(doctor, "module", "install module and library of one version, load it again",
		     "the module speaks another version of the interface than this library");
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

	if (pgnl_limits(doctor->cli->kernel, limits, usage) < 0)
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

static void check_proc(struct doctor *doctor)
{
	if (proc_usable())
		find(doctor, "proc", NULL, "/proc is that of this pid namespace");
	else
		find(doctor, "proc", "mount -t proc proc /proc",
		     "/proc is not of this pid namespace, so names and start times are unknown");
}

static void print_line(const struct cli *cli, const json_t *finding)
{
	bool ok = json_is_true(json_object_get(finding, "ok"));
	const char *cure = json_string_value(json_object_get(finding, "cure"));
	size_t len;
	char *text = text_bytes(json_object_get(finding, "finding"), &len);
	char *shown = text_show(text, len);

	printf("%s%-8s%s %s: %s\n", !cli->color ? "" : ok ? "\033[32m" : "\033[31m",
	       ok ? "ok" : "problem", cli->color ? "\033[0m" : "",
	       json_string_value(json_object_get(finding, "check")), shown);
	if (cure)
		printf("%-8s cure: %s\n", "", cure);
	free(shown);
	free(text);
}

static void print(struct doctor *doctor)
{
	json_t *finding;
	size_t i;

	if (doctor->cli->json) {
		out_json(doctor->cli, doctor->findings);
		return;
	}
	json_array_foreach(doctor->findings, i, finding)
		print_line(doctor->cli, finding);
	json_decref(doctor->findings);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct doctor doctor = { .cli = cli };
	int key;

	key = args_next(cli, argc, argv);
	if (key != ARGS_END)
		return args_status(key);
	doctor.findings = need(json_array());
	check_versions(&doctor);
	if (check_module(&doctor)) {
		check_access(&doctor);
		check_tables(&doctor);
		check_limits(&doctor);
	}
	check_proc(&doctor);
	print(&doctor);
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
