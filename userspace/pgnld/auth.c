// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <nettle/base16.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth.h"
#include "config.h"

#define DIGITS BASE16_ENCODE_LENGTH(AUTH_SECRET)

/* --- the key ---------------------------------------------------------------- */

static nettle_hash_update_func *const update = (nettle_hash_update_func *)hmac_sha256_update;
static nettle_hash_digest_func *const digest = (nettle_hash_digest_func *)hmac_sha256_digest;

static void expand(const uint8_t prk[SHA256_DIGEST_SIZE], const char *use, uint8_t *key, size_t len)
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, SHA256_DIGEST_SIZE, prk);
	hkdf_expand(&ctx, update, digest, SHA256_DIGEST_SIZE, strlen(use), (const uint8_t *)use,
		    len, key);
	explicit_bzero(&ctx, sizeof(ctx));
}

/* HKDF (RFC 5869), so that none of them tells anything of another. */
void auth_derive(const uint8_t secret[AUTH_SECRET], struct auth_keys *keys)
{
	static const uint8_t salt[] = "pgnl cluster key";
	uint8_t prk[SHA256_DIGEST_SIZE];
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, sizeof(salt) - 1, salt);
	hkdf_extract(&ctx, update, digest, sizeof(prk), AUTH_SECRET, secret, prk);
	explicit_bzero(&ctx, sizeof(ctx));
	expand(prk, "tipc", keys->tipc, sizeof(keys->tipc));
	expand(prk, "hello", keys->hello, sizeof(keys->hello));
	expand(prk, "fingerprint", keys->print, sizeof(keys->print));
	explicit_bzero(prk, sizeof(prk));
}

void auth_forget(struct auth_keys *keys)
{
	explicit_bzero(keys, sizeof(*keys));
}

/* --- its file --------------------------------------------------------------- */

/* What is wrong with the file itself, or NULL. */
static const char *flaw(int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return strerror(errno);
	if (!S_ISREG(status.st_mode))
		return "not a regular file";
	if (status.st_uid != geteuid() && status.st_uid)
		return "belongs to somebody else";
	if (status.st_mode & 077)
		return "others may use it; chmod 0600 mends that";
	return NULL;
}

static bool decode(const char *text, size_t len, uint8_t secret[AUTH_SECRET])
{
	struct base16_decode_ctx ctx;
	size_t bytes = AUTH_SECRET;
	bool good;

	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	if (len != DIGITS)
		return false;
	base16_decode_init(&ctx);
	good = base16_decode_update(&ctx, &bytes, secret, len, text) && bytes == AUTH_SECRET &&
	       base16_decode_final(&ctx);
	explicit_bzero(&ctx, sizeof(ctx));
	return good;
}

int auth_load(const char *path, struct auth_keys *keys, FILE *errors)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *wrong = fd < 0 ? strerror(errno) : flaw(fd);
	uint8_t secret[AUTH_SECRET];
	char text[DIGITS + 3];		/* the end of a line, and one byte too much */
	ssize_t len = 0;

	if (!wrong) {
		len = read(fd, text, sizeof(text));
		if (len < 0)
			wrong = strerror(errno);
		else if (len == sizeof(text) || !decode(text, (size_t)len, secret))
			wrong = "not a key, which is 64 hexadecimal digits; pgnld --new-key makes one";
		else
			auth_derive(secret, keys);
	}
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(text, sizeof(text));
	if (fd >= 0)
		close(fd);
	if (wrong)
		fprintf(errors, "%s: %s\n", path, wrong);
	return wrong ? -1 : 0;
}

int auth_make_file(const char *path)
{
	uint8_t secret[AUTH_SECRET];
	char text[DIGITS + 1];
	int fd, ret = 0;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	auth_random(secret, sizeof(secret));
	base16_encode_update(text, sizeof(secret), secret);
	text[DIGITS] = '\n';
	errno = EIO;
	if (write(fd, text, sizeof(text)) != sizeof(text) || fsync(fd))
		ret = -errno;
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(text, sizeof(text));
	close(fd);
	if (ret)
		unlink(path);
	return ret;
}

/* --- HELLO ------------------------------------------------------------------ */

static void add_number(struct hmac_sha256_ctx *ctx, uint64_t number)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> (56 - 8 * i));
	hmac_sha256_update(ctx, sizeof(bytes), bytes);
}

/* With its length, so that nothing can move from one to the next. */
static void add_text(struct hmac_sha256_ctx *ctx, struct core_text text)
{
	add_number(ctx, text.len);
	hmac_sha256_update(ctx, text.len, (const uint8_t *)text.data);
}

static void add_claim(struct hmac_sha256_ctx *ctx, const struct core_claim *claim)
{
	add_number(ctx, claim->end);
	add_number(ctx, claim->incarnation);
	add_number(ctx, claim->version_min);
	add_number(ctx, claim->version_max);
	add_number(ctx, claim->features);
	add_number(ctx, claim->config_hash);
	add_text(ctx, claim->node);
	add_text(ctx, claim->global_group);
	hmac_sha256_update(ctx, sizeof(claim->nonce), claim->nonce);
	hmac_sha256_update(ctx, sizeof(claim->digest_key), claim->digest_key);
}

void auth_mac(const struct auth_keys *keys, const struct core_claim *sender,
	      const struct core_claim *receiver, uint8_t mac[CORE_MAC])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, sizeof(keys->hello), keys->hello);
	add_claim(&ctx, sender);
	add_claim(&ctx, receiver);
	hmac_sha256_digest(&ctx, CORE_MAC, mac);
	explicit_bzero(&ctx, sizeof(ctx));
}

/* --- hashes ----------------------------------------------------------------- */

static void hash_word(struct sha256_ctx *ctx, const char *word)
{
	sha256_update(ctx, strlen(word) + 1, (const uint8_t *)word);
}

void auth_node_id(const char *node, uint8_t id[AUTH_NODE_ID])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	hash_word(&ctx, "pgnl node");
	hash_word(&ctx, node);
	sha256_digest(&ctx, AUTH_NODE_ID, id);
	/* TIPC shows one that starts so as hexadecimal digits, and takes none of 0. */
	id[0] |= 0x80;
}

uint32_t auth_service(const char *kind, const char *name)
{
	struct sha256_ctx ctx;
	uint8_t bytes[4];

	sha256_init(&ctx);
	hash_word(&ctx, "pgnl service");
	hash_word(&ctx, kind);
	hash_word(&ctx, name);
	sha256_digest(&ctx, sizeof(bytes), bytes);
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

uint64_t auth_config_hash(const struct config *config)
{
	struct sha256_ctx ctx;
	uint8_t bytes[8];
	uint64_t hash = 0;

	sha256_init(&ctx);
	for (size_t g = 0; g < config->n_groups; g++) {
		const struct config_group *group = &config->groups[g];

		hash_word(&ctx, group->name);
		hash_word(&ctx, group->hidden ? "hidden" : "normal");
		for (size_t i = 0; i < group->n_nodes; i++)
			hash_word(&ctx, group->nodes[i]);
		hash_word(&ctx, "");
	}
	sha256_digest(&ctx, sizeof(bytes), bytes);
	for (size_t i = 0; i < sizeof(bytes); i++)
		hash = hash << 8 | bytes[i];
	return hash;
}

void auth_random(void *to, size_t len)
{
	uint8_t *at = to;

	while (len) {
		ssize_t got = getrandom(at, len, 0);

		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			at += got;
			len -= (size_t)got;
		}
	}
}
