// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <linux/pgnl.h>

#include "request.h"

/* The keys, behind "org.pgnl." or, as Kubernetes wants it, "org.pgnl/". */
enum key { JOIN, JOIN_ONE, SCOPE, META, NAME, SHARE, REQUIRED, N_KEYS };

static const char *const key_names[N_KEYS] = {
	[JOIN] = "join",
	[JOIN_ONE] = "join.",	/* and the container's name, within a pod */
	[SCOPE] = "scope",
	[META] = "meta",
	[NAME] = "name",
	[SHARE] = "share",
	[REQUIRED] = "required",
};

static enum key find_key(const char *name)
{
	size_t len = strlen(key_names[JOIN_ONE]);

	for (int key = 0; key < N_KEYS; key++)
		if (!strcmp(name, key_names[key]))
			return key == JOIN_ONE ? N_KEYS : key;
	return strncmp(name, key_names[JOIN_ONE], len) ? N_KEYS : JOIN_ONE;
}

/*
 * What the container is called within its pod, whose annotations all of its
 * containers have: by CRI-O, or by containerd. NULL when nobody says so.
 */
static const char *container_name(const json_t *annotations)
{
	const char *name = json_string_value(json_object_get(annotations,
							     "io.kubernetes.container.name"));

	return name ? name : json_string_value(json_object_get(annotations,
						"io.kubernetes.cri.container-name"));
}

/* Is it this container that a key is for, which names one? */
static bool is_for_this(const json_t *annotations, const char *key, bool *done,
			struct why *reason)
{
	const char *name = container_name(annotations);

	if (!name)
		*done = why(reason, "annotation " REQUEST_DOMAIN ".%.64s names a container, but"
			    " the runtime does not say what this one is called", key);
	return name && !strcmp(name, key + strlen(key_names[JOIN_ONE]));
}

/* The value of each key; what is not ours is left alone. */
static bool collect(const char *values[N_KEYS], const json_t *annotations, struct why *reason)
{
	const size_t len = strlen(REQUEST_DOMAIN);
	bool done = true;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)annotations, name, value) {
		enum key key;

		if (strncmp(name, REQUEST_DOMAIN, len) || !name[len] || !strchr("./", name[len]))
			continue;
		key = find_key(name + len + 1);
		if (key == JOIN_ONE && !is_for_this(annotations, name + len + 1, &done, reason))
			continue;
		if (key == N_KEYS)
			done = why(reason, "unknown annotation %.64s", name);
		else if (values[key])
			done = why(reason, "annotation " REQUEST_DOMAIN ".%s is there twice",
				   key_names[key]);
		else
			values[key] = json_string_value(value);
	}
	return done;
}

/* What says neither is taken for true, and refused: the safe side. */
static bool parse_required(struct request *request, const char *value, struct why *reason)
{
	request->required = value && strcmp(value, "false");
	if (!value || !strcmp(value, "true") || !strcmp(value, "false"))
		return true;
	return why(reason, "annotation " REQUEST_DOMAIN ".required is true or false, not '%.16s'",
		   value);
}

static bool split(struct words *words, const char *text, enum key key, struct why *reason)
{
	if (!text || words_split(words, text))
		return true;
	if (errno == E2BIG)
		return why(reason, "annotation " REQUEST_DOMAIN ".%s has more than %d words",
			   key_names[key], WORDS_MAX);
	return why(reason, "out of memory");
}

bool request_parse(struct request *request, const json_t *annotations, struct why *reason)
{
	const char *values[N_KEYS] = { 0 };
	bool collected, required;

	*request = (struct request) { 0 };
	collected = collect(values, annotations, reason);
	required = parse_required(request, values[REQUIRED], reason);
	if (!collected || !required)
		return false;
	request->scope = values[SCOPE];
	request->meta = values[META];
	return split(&request->groups, values[JOIN], JOIN, reason) &&
	       split(&request->groups, values[JOIN_ONE], JOIN_ONE, reason) &&
	       split(&request->names, values[NAME], NAME, reason) &&
	       split(&request->shares, values[SHARE], SHARE, reason) &&
	       request_check(request, reason);
}

static bool check_length(const char *what, const char *text, size_t min, size_t max,
			 struct why *reason)
{
	size_t len = strlen(text);

	if (len < min)
		return why(reason, "the %s is empty", what);
	if (len > max)
		return why(reason, "a %s has at most %zu bytes, not %zu", what, max, len);
	return true;
}

static bool check_words(const char *what, const struct words *words, size_t max,
			struct why *reason)
{
	for (size_t i = 0; i < words->n; i++)
		if (!check_length(what, words->word[i], 1, max, reason))
			return false;
	return true;
}

bool request_share(const char *share, char *scope, char *alias)
{
	size_t len = strcspn(share, "=");
	const char *as = share[len] ? share + len + 1 : share;

	if (!len || len > PGNL_SCOPE_NAME_MAX || !*as || strlen(as) > PGNL_SCOPE_NAME_MAX)
		return false;
	memcpy(scope, share, len);
	scope[len] = '\0';
	strcpy(alias, as);
	return true;
}

static bool check_shares(const struct words *shares, struct why *reason)
{
	char scope[REQUEST_SHARE_SIZE], alias[REQUEST_SHARE_SIZE];

	for (size_t i = 0; i < shares->n; i++)
		if (!request_share(shares->word[i], scope, alias))
			return why(reason, "'%.80s' is neither a scope nor scope=alias, of 1 to %d"
				   " bytes each", shares->word[i], PGNL_SCOPE_NAME_MAX);
	return true;
}

bool request_check(const struct request *request, struct why *reason)
{
	if (request->scope && !check_length("scope", request->scope, 1, PGNL_SCOPE_NAME_MAX,
					    reason))
		return false;
	if (request->meta && !check_length("meta", request->meta, 0, PGNL_META_MAX, reason))
		return false;
	return check_words("group", &request->groups, PGNL_GROUP_NAME_MAX, reason) &&
	       check_words("name", &request->names, PGNL_GROUP_NAME_MAX, reason) &&
	       check_shares(&request->shares, reason);
}

static bool allowed(const struct conf *conf, enum conf_list list, const char *what,
		    const char *word, struct why *reason)
{
	return words_match(&conf->allow[list], word) ||
	       why(reason, "%s '%s' is not allowed by %s", what, word, CONF_FILE);
}

static bool share_allowed(const struct conf *conf, const char *share, struct why *reason)
{
	char scope[REQUEST_SHARE_SIZE], alias[REQUEST_SHARE_SIZE];

	return request_share(share, scope, alias) &&
	       allowed(conf, CONF_SHARE, "sharing of scope", scope, reason);
}

bool request_allowed(const struct request *request, const struct conf *conf, struct why *reason)
{
	const char *scope = request->scope ? request->scope : "pg";

	if (request->groups.n && !allowed(conf, CONF_SCOPES, "scope", scope, reason))
		return false;
	for (size_t i = 0; i < request->groups.n; i++)
		if (!allowed(conf, CONF_GROUPS, "group", request->groups.word[i], reason))
			return false;
	for (size_t i = 0; i < request->names.n; i++)
		if (!allowed(conf, CONF_NAMES, "name", request->names.word[i], reason))
			return false;
	for (size_t i = 0; i < request->shares.n; i++)
		if (!share_allowed(conf, request->shares.word[i], reason))
			return false;
	return true;
}

void request_clear(struct request *request)
{
	words_clear(&request->groups);
	words_clear(&request->names);
	words_clear(&request->shares);
	*request = (struct request) { 0 };
}
