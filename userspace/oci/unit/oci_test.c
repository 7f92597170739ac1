// SPDX-License-Identifier: GPL-2.0-or-later
/* What the hook makes of states, annotations and its file. Prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../selftests/check.h"
#include "conf.h"
#include "request.h"
#include "state.h"

#define HEAD "{\"ociVersion\":\"1.0.2\",\"id\":\"c1\","

static struct why reason;

static bool told(const char *text)
{
	bool found = strstr(reason.text, text);

	if (!found)
		printf("# told: '%s'\n", reason.text);
	return found;
}

/* --- states ------------------------------------------------------------------ */

static bool parse(struct state *state, const char *text)
{
	reason = (struct why) { "" };
	return state_parse(state, text, strlen(text), &reason);
}

static bool refused(const char *text, const char *words)
{
	struct state state;

	if (!parse(&state, text))
		return !state.json && told(words);
	state_clear(&state);
	return false;
}

static void a_state_is_read(void)
{
	struct state state;

	CHECK(parse(&state, HEAD "\"status\":\"creating\",\"pid\":4242,\"bundle\":\"/run/b\","
		    "\"root\":\"/x\",\"annotations\":{\"org.pgnl.join\":\"web\"}}"));
	CHECK(state.pid == 4242 && !strcmp(state.id, "c1"));
	CHECK(json_object_size(state.annotations) == 1);
	state_clear(&state);
	CHECK(parse(&state, HEAD "\"pid\":2}"));
	CHECK(!state.annotations);
	state_clear(&state);
}

static void pids_that_are_none_are_refused(void)
{
	CHECK(refused(HEAD "\"status\":\"stopped\"}", "no pid"));
	CHECK(refused(HEAD "\"pid\":0}", "none that can be joined"));
	CHECK(refused(HEAD "\"pid\":1}", "none that can be joined"));
	CHECK(refused(HEAD "\"pid\":-5}", "none that can be joined"));
	CHECK(refused(HEAD "\"pid\":2147483648}", "none that can be joined"));
	CHECK(refused(HEAD "\"pid\":9223372036854775807}", "none that can be joined"));
	CHECK(refused(HEAD "\"pid\":99999999999999999999}", "no JSON"));
	CHECK(refused(HEAD "\"pid\":42.0}", "none that can be joined"));
	CHECK(refused(HEAD "\"pid\":\"42\"}", "none that can be joined"));
	CHECK(refused(HEAD "\"pid\":null}", "none that can be joined"));
}

static void states_that_are_none_are_refused(void)
{
	CHECK(refused("", "no JSON"));
	CHECK(refused("[]", "no object"));
	CHECK(refused("{}", "no ociVersion"));
	CHECK(refused("{\"ociVersion\":\"1\",\"pid\":42}", "no id"));
	CHECK(refused("{\"ociVersion\":\"1\",\"id\":\"\",\"pid\":42}", "no id"));
	CHECK(refused("{\"ociVersion\":1,\"id\":\"a\",\"pid\":42}", "no ociVersion"));
	CHECK(refused(HEAD "\"pid\":42} {}", "no JSON"));
	CHECK(refused(HEAD "\"pid\":42,\"pid\":43}", "duplicate"));
	CHECK(refused(HEAD "\"pid\":42,\"annotations\":[]}", "no object"));
	CHECK(refused(HEAD "\"pid\":42,\"annotations\":{\"a\":1}}", "annotation a is no string"));
	CHECK(refused(HEAD "\"pid\":42,\"annotations\":{\"org.pgnl.join\":\"a\\u0000b\"}}",
		      "no JSON"));
	CHECK(refused(HEAD "\"pid\":42,\"annotations\":{\"a\":\"\xff\"}}", "no JSON"));
}

/* Feed size bytes through a pipe, as a runtime does. */
static char *read_bytes(size_t size, size_t *len)
{
	FILE *file = tmpfile();
	char *text;

	reason = (struct why) { "" };
	for (size_t i = 0; i < size; i++)
		putc(' ', file);
	rewind(file);
	lseek(fileno(file), 0, SEEK_SET);
	text = state_read(fileno(file), len, &reason);
	fclose(file);
	return text;
}

static void a_state_has_a_mebibyte_at_most(void)
{
	size_t len;
	char *text = read_bytes(STATE_MAX, &len);

	CHECK(text && len == STATE_MAX);
	free(text);
	CHECK(!read_bytes(STATE_MAX + 1, &len));
	CHECK(told("more than 1048576 bytes"));
	CHECK(!state_read(-1, &len, &(struct why) { "" }));
}

/* --- annotations ------------------------------------------------------------- */

/* The request of an object of annotations; false and the reason. */
static bool ask(struct request *request, json_t **json, const char *text)
{
	reason = (struct why) { "" };
	*json = json_loads(text, 0, NULL);
	return request_parse(request, *json, &reason);
}

static bool ask_refused(const char *text, const char *words, bool required)
{
	struct request request;
	json_t *json;
	bool asked = ask(&request, &json, text);
	bool as_wanted = request.required == required;

	request_clear(&request);
	json_decref(json);
	return !asked && told(words) && as_wanted;
}

static void all_annotations_are_read(void)
{
	struct request request;
	json_t *json;

	CHECK(ask(&request, &json, "{\"org.pgnl.join\":\" web db/primary;;web \",\"org.pgnl.scope\":"
		  "\"jobs\",\"org.pgnl.meta\":\"tcp:1; x\",\"org.pgnl.name\":\"a b\","
		  "\"org.pgnl.required\":\"true\",\"other.join\":\"x\",\"org.pgnlx\":\"y\"}"));
	CHECK(request.groups.n == 2 && !strcmp(request.groups.word[0], "web") &&
	      !strcmp(request.groups.word[1], "db/primary"));
	CHECK(!strcmp(request.scope, "jobs") && !strcmp(request.meta, "tcp:1; x"));
	CHECK(request.names.n == 2 && request.required);
	request_clear(&request);
	json_decref(json);
}

static void both_forms_of_a_key_are_one(void)
{
	struct request request;
	json_t *json;

	CHECK(ask(&request, &json, "{\"org.pgnl/join\":\"web\",\"org.pgnl/required\":\"false\"}"));
	CHECK(request.groups.n == 1 && !request.required && !request.scope && !request.meta);
	request_clear(&request);
	json_decref(json);
	CHECK(ask_refused("{\"org.pgnl/join\":\"web\",\"org.pgnl.join\":\"db\"}", "twice", false));
}

static bool joins(const char *text, const char *first, const char *second)
{
	struct request request;
	json_t *json;
	bool asked = ask(&request, &json, text);
	const struct words *groups = &request.groups;

	asked = asked && groups->n == (second ? 2 : 1) && !strcmp(groups->word[0], first) &&
		(!second || !strcmp(groups->word[1], second));
	request_clear(&request);
	json_decref(json);
	return asked;
}

#define IN_POD(name) "{\"io.kubernetes.container.name\":\"" name "\",\"org.pgnl.join\":\"pod\"," \
		     "\"org.pgnl.join.web\":\"front\",\"org.pgnl/join.db\":\"back\"}"

static void each_container_of_a_pod_joins_its_own(void)
{
	CHECK(joins(IN_POD("web"), "pod", "front"));
	CHECK(joins(IN_POD("db"), "pod", "back"));
	CHECK(joins(IN_POD("log"), "pod", NULL));
	CHECK(joins("{\"io.kubernetes.cri.container-name\":\"web\",\"org.pgnl.join.web\":\"front\"}",
		    "front", NULL));
	CHECK(ask_refused("{\"org.pgnl.join.web\":\"front\",\"org.pgnl.required\":\"true\"}",
			  "join.web names a container, but", true));
	CHECK(ask_refused("{\"io.kubernetes.container.name\":\"\",\"org.pgnl.join.\":\"front\"}",
			  "unknown annotation org.pgnl.join.", false));
	CHECK(ask_refused("{\"io.kubernetes.container.name\":\"a\",\"org.pgnl.join.a\":\"x\","
			  "\"org.pgnl/join.a\":\"y\"}", "twice", false));
}

static void no_annotation_asks_for_nothing(void)
{
	struct request request;

	reason = (struct why) { "" };
	CHECK(request_parse(&request, NULL, &reason));
	CHECK(!request.groups.n && !request.names.n && !request.required);
	request_clear(&request);
}

static void what_is_wrong_is_told_and_required_still_known(void)
{
	CHECK(ask_refused("{\"org.pgnl.jion\":\"web\",\"org.pgnl.required\":\"true\"}",
			  "unknown annotation org.pgnl.jion", true));
	CHECK(ask_refused("{\"org.pgnl.jion\":\"web\"}", "unknown annotation", false));
	CHECK(ask_refused("{\"org.pgnl.\":\"web\"}", "unknown annotation", false));
	CHECK(ask_refused("{\"org.pgnl.required\":\"yes\"}", "true or false, not 'yes'", true));
	CHECK(ask_refused("{\"org.pgnl.required\":\"\"}", "true or false", true));
	CHECK(ask_refused("{\"org.pgnl.scope\":\"\"}", "scope is empty", false));
}

/* An annotation whose value is n times the text. */
static bool long_refused(const char *key, const char *text, int n, const char *words)
{
	char *value = calloc((size_t)n + 1, strlen(text));
	struct request request;
	json_t *json;
	bool asked;

	for (int i = 0; i < n; i++)
		strcat(value, text);
	json = json_pack("{s:s}", key, value);
	reason = (struct why) { "" };
	asked = request_parse(&request, json, &reason);
	request_clear(&request);
	json_decref(json);
	free(value);
	return words ? !asked && told(words) : asked;
}

static void lengths_are_those_of_the_kernel(void)
{
	char words[257 * 5] = "";

	CHECK(long_refused("org.pgnl.join", "x", 255, NULL));
	CHECK(long_refused("org.pgnl.join", "x", 256, "at most 255 bytes, not 256"));
	CHECK(long_refused("org.pgnl.name", "x", 256, "at most 255 bytes, not 256"));
	CHECK(long_refused("org.pgnl.scope", "x", 63, NULL));
	CHECK(long_refused("org.pgnl.scope", "x", 64, "at most 63 bytes, not 64"));
	CHECK(long_refused("org.pgnl.meta", "x", 256, NULL));
	CHECK(long_refused("org.pgnl.meta", "x", 257, "at most 256 bytes, not 257"));
	for (int i = 0; i < 257; i++)
		sprintf(words + strlen(words), "%d ", i);
	CHECK(long_refused("org.pgnl.join", words, 1, "more than 256 words"));
}

/* --- the administrator's file -------------------------------------------------- */

static bool configure(struct conf *conf, const char *text)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	bool done;

	reason = (struct why) { "" };
	done = conf_default(conf, &reason) && conf_parse(conf, file, "oci.conf", &reason);
	fclose(file);
	return done;
}

static bool allows(const struct conf *conf, const char *group, const char *scope)
{
	struct request request = { .scope = scope };
	bool allowed;

	reason = (struct why) { "" };
	words_add(&request.groups, group);
	allowed = request_allowed(&request, conf, &reason);
	request_clear(&request);
	return allowed;
}

static void without_a_word_only_container_groups_are_allowed(void)
{
	struct conf conf;

	CHECK(configure(&conf, "# nothing\n[allow]\n"));
	CHECK(allows(&conf, "container/web", NULL));
	CHECK(allows(&conf, "container/web/1", "pg"));
	CHECK(!allows(&conf, "web", NULL) && told("group 'web' is not allowed"));
	CHECK(!allows(&conf, "container/web", "jobs") && told("scope 'jobs' is not allowed"));
	CHECK(conf.deadline_ms == 2000);
	conf_clear(&conf);
	CHECK(!allows(&conf, "container/web", NULL));
}

static void the_file_takes_the_place_of_the_default(void)
{
	struct conf conf;

	CHECK(configure(&conf, "[allow]\ngroups = web db/*\ngroups = job-[0-9]\nscopes = *\n"
			"[hook]\ndeadline = 0.5\n"));
	CHECK(allows(&conf, "web", "any") && allows(&conf, "db/1", NULL));
	CHECK(allows(&conf, "job-7", NULL) && !allows(&conf, "job-77", NULL));
	CHECK(!allows(&conf, "container/web", NULL));
	CHECK(conf.deadline_ms == 500);
	conf_clear(&conf);
	CHECK(configure(&conf, "[allow]\ngroups =\n"));
	CHECK(!allows(&conf, "container/web", NULL));
	conf_clear(&conf);
}

static void names_have_a_list_of_their_own(void)
{
	struct request request = { 0 };
	struct conf conf;

	CHECK(configure(&conf, "[allow]\ngroups = *\nscopes =\n"));
	reason = (struct why) { "" };
	words_add(&request.names, "primary");
	CHECK(!request_allowed(&request, &conf, &reason) && told("name 'primary'"));
	conf_clear(&conf);
	CHECK(configure(&conf, "[allow]\nnames = primary\nscopes =\n"));
	reason = (struct why) { "" };
	CHECK(request_allowed(&request, &conf, &reason));
	request_clear(&request);
	conf_clear(&conf);
}

static void shares_are_none_unless_allowed(void)
{
	char scope[REQUEST_SHARE_SIZE], alias[REQUEST_SHARE_SIZE];
	struct request request;
	struct conf conf;
	json_t *json;

	CHECK(ask(&request, &json, "{\"org.pgnl.share\":\"jobs pg=host\"}"));
	CHECK(request.shares.n == 2);
	CHECK(request_share(request.shares.word[0], scope, alias));
	CHECK(!strcmp(scope, "jobs") && !strcmp(alias, "jobs"));
	CHECK(request_share(request.shares.word[1], scope, alias));
	CHECK(!strcmp(scope, "pg") && !strcmp(alias, "host"));
	CHECK(configure(&conf, "[allow]\nshare = pg\n"));
	CHECK(!request_allowed(&request, &conf, &reason) && told("sharing of scope 'jobs'"));
	conf_clear(&conf);
	CHECK(configure(&conf, "[allow]\nshare = pg j*\n"));
	CHECK(request_allowed(&request, &conf, &reason));
	conf_clear(&conf);
	CHECK(configure(&conf, "[hook]\n"));
	CHECK(!request_allowed(&request, &conf, &reason));
	conf_clear(&conf);
	request_clear(&request);
	json_decref(json);
	CHECK(ask_refused("{\"org.pgnl.share\":\"=x\"}", "'=x' is neither", false));
	CHECK(ask_refused("{\"org.pgnl.share\":\"pg=\"}", "'pg=' is neither", false));
	CHECK(long_refused("org.pgnl.share", "x", 64, "of 1 to 63 bytes"));
}

static bool conf_refused(const char *text, const char *words)
{
	struct conf conf;
	bool done = configure(&conf, text);
	bool empty = !conf.allow[CONF_GROUPS].n && !conf.allow[CONF_SCOPES].n;

	conf_clear(&conf);
	return !done && empty && told(words);
}

static void what_is_wrong_in_the_file_is_told_with_its_line(void)
{
	char line[400] = "[allow]\ngroups = ";

	CHECK(conf_refused("[allow]\n\ngruops = x\n", "oci.conf:3: section allow has no key 'gruops'"));
	CHECK(conf_refused("[hook]\ngroups = x\n", "oci.conf:2: section hook has no key"));
	CHECK(conf_refused("[nowhere]\ngroups = x\n", "oci.conf:2: there is no section 'nowhere'"));
	CHECK(conf_refused("groups = x\n", "oci.conf:1: there is no section"));
	CHECK(conf_refused("[allow]\ngroups\n", "oci.conf:2: neither"));
	CHECK(conf_refused("[allow\n", "oci.conf:1: neither"));
	CHECK(conf_refused("[hook]\ndeadline = soon\n", "oci.conf:2: deadline is"));
	CHECK(conf_refused("[hook]\ndeadline = 61\n", "not '61'"));
	CHECK(conf_refused("[hook]\ndeadline = nan\n", "not 'nan'"));
	CHECK(conf_refused("[hook]\ndeadline = 0.01\n", "not '0.01'"));
	memset(line + strlen(line), 'x', 300);
	CHECK(conf_refused(line, "oci.conf:2: the line is too long"));
}

static void a_missing_file_is_fine_an_unreadable_one_is_not(void)
{
	struct conf conf;

	reason = (struct why) { "" };
	CHECK(conf_read(&conf, "/nonexistent/oci.conf", &reason));
	CHECK(allows(&conf, "container/web", NULL));
	conf_clear(&conf);
	reason = (struct why) { "" };
	CHECK(!conf_read(&conf, "/proc/self/mem/x", &reason) && told("can't open"));
	CHECK(!allows(&conf, "container/web", NULL));
	conf_clear(&conf);
	reason = (struct why) { "" };
	CHECK(!conf_read(&conf, "/", &reason) && told("can't read"));
	conf_clear(&conf);
}

int main(void)
{
	RUN(a_state_is_read);
	RUN(pids_that_are_none_are_refused);
	RUN(states_that_are_none_are_refused);
	RUN(a_state_has_a_mebibyte_at_most);
	RUN(all_annotations_are_read);
	RUN(each_container_of_a_pod_joins_its_own);
	RUN(both_forms_of_a_key_are_one);
	RUN(no_annotation_asks_for_nothing);
	RUN(what_is_wrong_is_told_and_required_still_known);
	RUN(lengths_are_those_of_the_kernel);
	RUN(without_a_word_only_container_groups_are_allowed);
	RUN(the_file_takes_the_place_of_the_default);
	RUN(names_have_a_list_of_their_own);
	RUN(shares_are_none_unless_allowed);
	RUN(what_is_wrong_in_the_file_is_told_with_its_line);
	RUN(a_missing_file_is_fine_an_unreadable_one_is_not);
	return check_result();
}
