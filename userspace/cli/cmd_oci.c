// SPDX-License-Identifier: GPL-2.0-or-later
/* oci cdi-spec: containers join by a device; oci check: will the hook work? */
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "conf.h"
#include "doctor.h"
#include "err.h"
#include "out.h"
#include "text.h"

#define HOOK_NAME	"pgnl-oci-hook"
#define HOOK_PATH	LIBEXECDIR "/pgnl/" HOOK_NAME
#define CDI_KIND	"pgnl.org/group"
#define TIMEOUT		5	/* seconds that a runtime gives the hook */

enum { OPT_HOOK = 256, OPT_META, OPT_REQUIRED, OPT_CONF, OPT_HOOKS_DIR };

/* --- oci cdi-spec ------------------------------------------------------------- */

struct spec {
	const char *hook;
	struct pgnl_join_opts opts;
	const char *meta;
	bool required;
};

/*
 * The device of a group: what CDI has no letter for is a dot or a dash, and the
 * ends are letters or digits.
 */
static char *device_name(const char *group)
{
	char *name = need(strdup(group + strcspn(group, "abcdefghijklmnopqrstuvwxyz"
						 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")));
	size_t len = strlen(name);

	while (len && !isalnum((unsigned char)name[len - 1]))
		name[--len] = '\0';
	for (char *letter = name; *letter; letter++)
		if (!isalnum((unsigned char)*letter) && !strchr("_.:-", *letter))
			*letter = *letter == '/' ? '.' : '-';
	return name;
}

static bool in_json(const struct cli *cli, const char *text)
{
	json_t *string = text ? json_string(text) : json_null();

	if (!string)
		err_usage(cli, "'%s' is no UTF-8, so it can't be in a CDI file", text);
	json_decref(string);
	return string;
}

static json_t *hook_args(const struct cli *cli, const struct spec *spec, const char *group)
{
	json_t *args = need(json_pack("[s, s, s]", HOOK_NAME, "--join", group));

	if (cli->scope)
		json_array_extend(args, json_pack("[s, s]", "--scope", cli->scope));
	if (spec->meta)
		json_array_extend(args, json_pack("[s, s]", "--meta", spec->meta));
	if (spec->required)
		json_array_append_new(args, json_string("--required"));
	return args;
}

static bool has_device(const json_t *devices, const char *name)
{
	const json_t *device;
	size_t i;

	json_array_foreach((json_t *)devices, i, device)
		if (!strcmp(json_string_value(json_object_get(device, "name")), name))
			return true;
	return false;
}

static bool add_device(const struct cli *cli, const struct spec *spec, json_t *devices,
		       const char *group)
{
	char *name = device_name(group);
	bool fits = *name && !has_device(devices, name);

	if (!*name)
		err_usage(cli, "'%s' has no letter that the name of a CDI device may have", group);
	else if (!fits)
		err_usage(cli, "two groups would be the CDI device '%s'", name);
	else
		json_array_append_new(devices, need(json_pack(
			"{s:s, s:{s:[{s:s, s:s, s:o, s:i}]}}", "name", name, "containerEdits",
			"hooks", "hookName", "createRuntime", "path", spec->hook,
			"args", hook_args(cli, spec, group), "timeout", TIMEOUT)));
	free(name);
	return fits;
}

static bool set_spec_option(const struct cli *cli, struct spec *spec, int key)
{
	switch (key) {
	case OPT_HOOK:
		spec->hook = optarg;
		return *optarg == '/' || (err_usage(cli, "--hook is a path from the root"), false);
	case OPT_META:
		spec->meta = optarg;
		return args_meta(cli, optarg, &spec->opts);
	default:
		spec->required = true;
		return true;
	}
}

static int run_cdi_spec(struct cli *cli, int argc, char **argv)
{
	struct spec spec = { .hook = HOOK_PATH };
	json_t *devices;
	bool fits;
	int key;

	while ((key = args_next(cli, argc, argv)) >= 0)
		if (!set_spec_option(cli, &spec, key))
			return CLI_USAGE;
	if (key != ARGS_END)
		return args_status(key);
	if (!args_groups(cli))
		return CLI_USAGE;
	devices = need(json_array());
	fits = in_json(cli, cli->scope) && in_json(cli, spec.meta) && in_json(cli, spec.hook);
	for (size_t i = 0; fits && i < cli->n_words; i++)
		fits = in_json(cli, cli->words[i]) &&
		       add_device(cli, &spec, devices, cli->words[i]);
	if (!fits) {
		json_decref(devices);
		return CLI_USAGE;
	}
	cli->pretty = cli->pretty || !cli->json;
	out_json(cli, need(json_pack("{s:s, s:s, s:o}", "cdiVersion", "0.3.0",
				     "kind", CDI_KIND, "devices", devices)));
	return CLI_DONE;
}

static const struct cli_option spec_options[] = {
	{ "meta", "STRING", OPT_META, "metadata of the memberships" },
	{ "required", NULL, OPT_REQUIRED, "the container does not start when it can't join" },
	{ "hook", "PATH", OPT_HOOK, "where the hook is, if not " HOOK_PATH },
	{ 0 }
};

const struct command cmd_oci_cdi_spec = {
	.name = "oci cdi-spec",
	.args = "GROUP... [--meta STRING] [--required] [--hook PATH]",
	.summary = "print a CDI file, by whose devices containers join groups",
	.examples = "  pgnl oci cdi-spec web db/primary >/etc/cdi/pgnl.json\n"
		    "  podman run --device " CDI_KIND "=db.primary IMAGE\n",
	.notes = "A group's device has its name, with a dot for each slash.",
	.options = spec_options,
	.min_words = 1,
	.max_words = 1024,
	.run = run_cdi_spec,
};

/* --- oci check ------------------------------------------------------------------ */

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A hook of ours that a file speaks of, as runtimes get it. */
static void check_hook(struct doctor *doctor, const char *file, const json_t *hook, bool staged)
{
	const char *path = json_string_value(json_object_get(hook, "path"));
	json_int_t timeout = json_integer_value(json_object_get(hook, "timeout"));

	if (access(path, X_OK))
		find(doctor, "hook", "install the package pgnl-oci-hook, or mend the path",
		     "%s names %s, which can't be run: %s", file, path, strerror(errno));
	else if (!staged)
		find(doctor, "hook", "make it \"createRuntime\": only there the process is known"
		     " and the container waits", "%s has it at another stage", file);
	else if (timeout <= 2)
		find(doctor, "hook", "give it 5 seconds: more than its own deadline",
		     "%s has a timeout of %d s", file, (int)timeout);
	else
		find(doctor, "hook", NULL, "%s runs %s", file, path);
}

static bool is_ours(const json_t *hook)
{
	const char *path = json_string_value(json_object_get(hook, "path"));

	return path && !strcmp(file_name(path), HOOK_NAME);
}

/* A file of oci-hooks(5). */
static size_t check_hooks_file(struct doctor *doctor, const char *file, const json_t *json)
{
	const json_t *hook = json_object_get(json, "hook");
	const json_t *stages = json_object_get(json, "stages");
	const char *stage = json_string_value(json_array_get(stages, 0));

	if (!is_ours(hook))
		return 0;
	check_hook(doctor, file, hook, json_array_size(stages) == 1 && stage &&
		   !strcmp(stage, "createRuntime"));
	return 1;
}

/* A CDI file: a hook for each device. */
static size_t check_cdi_file(struct doctor *doctor, const char *file, const json_t *json)
{
	const json_t *device, *hook;
	size_t i, j, n = 0;

	json_array_foreach(json_object_get(json, "devices"), i, device) {
		json_array_foreach(json_object_get(json_object_get(device, "containerEdits"),
						   "hooks"), j, hook) {
			const char *stage = json_string_value(json_object_get(hook, "hookName"));

			if (!is_ours(hook))
				continue;
			check_hook(doctor, file, hook, stage && !strcmp(stage, "createRuntime"));
			n++;
		}
	}
	return n;
}

typedef size_t check_fn(struct doctor *doctor, const char *file, const json_t *json);

/* How many hooks of ours the files of a folder have. */
static size_t check_folder(struct doctor *doctor, const char *folder, check_fn *check)
{
	char pattern[512];
	size_t n = 0;
	glob_t files;

	snprintf(pattern, sizeof(pattern), "%s/*.json", folder);
	if (glob(pattern, 0, NULL, &files))
		return 0;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		json_error_t error;
		json_t *json = json_load_file(files.gl_pathv[i], 0, &error);

		if (!json)
			find(doctor, "files", "mend or remove it", "%s:%d: %s", files.gl_pathv[i],
			     error.line, error.text);
		n += json ? check(doctor, files.gl_pathv[i], json) : 0;
		json_decref(json);
	}
	globfree(&files);
	return n;
}

static void check_hooks(struct doctor *doctor, const char *folder)
{
	size_t n = 0;

	if (folder)
		n = check_folder(doctor, folder, check_hooks_file);
	else
		n = check_folder(doctor, "/usr/share/containers/oci/hooks.d", check_hooks_file) +
		    check_folder(doctor, "/etc/containers/oci/hooks.d", check_hooks_file) +
		    check_folder(doctor, "/etc/cdi", check_cdi_file) +
		    check_folder(doctor, "/var/run/cdi", check_cdi_file);
	if (!n)
		find(doctor, "hook", "install the package pgnl-oci-hook, or name the folder:"
		     " --hooks-dir DIR", "no file tells runtimes of the hook");
}

/* The patterns of a list, as text for a finding; malloc'ed. */
static char *join_words(const struct words *words)
{
	char *text = need(strdup(words->n ? "" : "none"));

	for (size_t i = 0; i < words->n; i++) {
		char *longer;

		if (asprintf(&longer, "%s%s%s", text, i ? " " : "", words->word[i]) < 0)
			no_memory();
		free(text);
		text = longer;
	}
	return text;
}

static void check_conf(struct doctor *doctor, const char *path)
{
	char *scopes, *groups, *names, *share;
	struct why reason = { "" };
	struct conf conf;

	if (!conf_read(&conf, path, &reason)) {
		find(doctor, "allowed", "mend the file; until then annotations are refused",
		     "%s", reason.text);
		conf_clear(&conf);
		return;
	}
	scopes = join_words(&conf.allow[CONF_SCOPES]);
	groups = join_words(&conf.allow[CONF_GROUPS]);
	names = join_words(&conf.allow[CONF_NAMES]);
	share = join_words(&conf.allow[CONF_SHARE]);
	find(doctor, "allowed", NULL, "scopes %s, groups %s, names %s, share %s (%s%s)", scopes,
	     groups, names, share, access(path, F_OK) ? "the default, no " : "", path);
	free(scopes);
	free(groups);
	free(names);
	free(share);
	conf_clear(&conf);
}

static void check_kernel(struct doctor *doctor)
{
	int ret = pgnl_open(&doctor->cli->kernel);

	if (ret < 0) {
		doctor->status = CLI_ABSENT;
		find(doctor, "module", "'pgnl doctor' tells what is missing",
		     "can't reach the module: %s", strerror(-ret));
	} else {
		find(doctor, "module", NULL, "there");
	}
}

static int run_check(struct cli *cli, int argc, char **argv)
{
	const char *path = CONF_FILE, *folder = NULL;
	struct doctor doctor;
	int key;

	while ((key = args_next(cli, argc, argv)) >= 0) {
		if (key == OPT_CONF)
			path = optarg;
		else
			folder = optarg;
	}
	if (key != ARGS_END)
		return args_status(key);
	doctor_begin(&doctor, cli);
	check_kernel(&doctor);
	check_hooks(&doctor, folder);
	check_conf(&doctor, path);
	doctor_print(&doctor);
	return doctor.status;
}

static const struct cli_option check_options[] = {
	{ "conf", "FILE", OPT_CONF, "the hook's file, if not " CONF_FILE },
	{ "hooks-dir", "DIR", OPT_HOOKS_DIR, "where runtimes look for hooks; not in the usual places" },
	{ 0 }
};

const struct command cmd_oci_check = {
	.name = "oci check",
	.args = "[--conf FILE] [--hooks-dir DIR]",
	.summary = "say whether containers can join by annotations",
	.examples = "  pgnl oci check\n"
		    "  podman run --annotation org.pgnl.join=container/web IMAGE\n",
	.notes = "Exit code 0 when all is well, 4 without a module, 2 for other problems.",
	.options = check_options,
	.run = run_check,
};
