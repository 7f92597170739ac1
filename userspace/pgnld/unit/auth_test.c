// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys, proofs and hashes, against values that Python's hmac and hashlib gave. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../auth.h"
#include "../config.h"
#include "../../../selftests/check.h"

static bool is_hex(const uint8_t *bytes, size_t len, const char *hex)
{
	char text[2 * 64 + 1];

	for (size_t i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	if (!strcmp(text, hex))
		return true;
	printf("# %s, not %s\n", text, hex);
	return false;
}

static void count_up(uint8_t *bytes, size_t len, uint8_t from)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(from + i);
}

static struct auth_keys test_keys(void)
{
	uint8_t secret[AUTH_SECRET];
	struct auth_keys keys;

	count_up(secret, sizeof(secret), 0);
	auth_derive(secret, &keys);
	return keys;
}

static void keys_are_those_of_hkdf(void)
{
	struct auth_keys keys = test_keys();

	CHECK(is_hex(keys.tipc, sizeof(keys.tipc), "7125e144693dd10947f7ff0f7d903062e78af791875dad60ee508750c2212a605c9e8cf0"));
	CHECK(is_hex(keys.hello, sizeof(keys.hello), "39f340b5c9f2c703ff63f6161c46e7d6077d3fd0c5c81e2c8421d98a0781e865"));
	CHECK(is_hex(keys.print, sizeof(keys.print), "e112d92bb670de6e"));
	auth_forget(&keys);
	CHECK(!keys.tipc[0] && !keys.tipc[35] && !keys.hello[0] && !keys.hello[31]);
}

static struct core_claim claim(uint64_t end, const char *node)
{
	struct core_claim claim = {
		.end = end, .incarnation = 0x1122334455667788, .version_min = 1,
		.version_max = 2, .features = 3, .config_hash = 4,
		.node = { node, strlen(node) }, .global_group = { "west", 4 },
	};

	count_up(claim.nonce, sizeof(claim.nonce), (uint8_t)end);
	count_up(claim.digest_key, sizeof(claim.digest_key), (uint8_t)(end + 100));
	return claim;
}

static void a_proof_is_hmac_over_both_claims(void)
{
	struct auth_keys keys = test_keys();
	struct core_claim a = claim(1, "a"), b = claim(2, "b");
	uint8_t mac[CORE_MAC], other[CORE_MAC];

	auth_mac(&keys, &a, &b, mac);
	CHECK(is_hex(mac, sizeof(mac), "1be03edd3722524fc9478161e7f8076447fdf84b90f9c25f30e195eb8d7060a8"));
	auth_mac(&keys, &b, &a, other);
	CHECK(memcmp(mac, other, sizeof(mac)));
}

/* That the proof differs when something in the claim does. */
#define COVERS(change) do {						\
	struct core_claim a = claim(1, "ab"), b = claim(2, "b");	\
	uint8_t mac[CORE_MAC], other[CORE_MAC];				\
									\
	auth_mac(&keys, &a, &b, mac);					\
	change;								\
	auth_mac(&keys, &a, &b, other);					\
	CHECK(memcmp(mac, other, sizeof(mac)));				\
} while (0)

static void a_proof_covers_everything(void)
{
	struct auth_keys keys = test_keys();

	COVERS(a.end++);
	COVERS(a.incarnation++);
	COVERS(a.version_min++);
	COVERS(a.version_max++);
	COVERS(a.features++);
	COVERS(a.config_hash++);
	COVERS(a.nonce[15]++);
	COVERS(a.digest_key[15]++);
	COVERS(a.node.len--);
	COVERS((a.node = (struct core_text){ "abw", 3 },
		a.global_group = (struct core_text){ "est", 3 }));
	COVERS(b.end++);
	COVERS(b.nonce[0]++);
	COVERS(b.node.data = "c");
	COVERS(keys.hello[0]++);
}

static void identities_are_hashes(void)
{
	uint8_t id[AUTH_NODE_ID];

	auth_node_id("alpha", id);
	CHECK(is_hex(id, sizeof(id), "ac328699b38106dfcff58abbb42516a3"));
}

static uint64_t hash(const char *text)
{
	struct config config;
	uint64_t value;

	CHECK(config_parse("conf", text, strlen(text), &config, stdout) == 0);
	value = auth_config_hash(&config);
	config_free(&config);
	return value;
}

#define B "bearer = eth eth1\n"

static void services_are_hashes_of_kind_and_name(void)
{
	CHECK(auth_service("group", "west") == auth_service("group", "west"));
	CHECK(auth_service("group", "west") != auth_service("group", "east"));
	CHECK(auth_service("group", "west") != auth_service("node", "west"));
	CHECK(auth_service("group", "") != auth_service("node", ""));
}

static void the_hash_is_over_the_global_groups(void)
{
	uint64_t none = hash(B), one = hash(B "[global_group a]\nnodes = x y\n");

	CHECK(one != none);
	CHECK(hash("bearer = eth eth2\ngrace = 0\nnode = q\n") == none);
	CHECK(hash(B "[global_group a]\npublish = normal\nnodes = x\n  y\n") == one);
	CHECK(hash(B "[global_group a]\nnodes = y x\n") != one);
	CHECK(hash(B "[global_group a]\npublish = hidden\nnodes = x y\n") != one);
	CHECK(hash(B "[global_group a]\nnodes = x\n[global_group y]\nnodes = z\n") !=
	      hash(B "[global_group a]\nnodes = x y\n[global_group z]\nnodes = q\n"));
}

static char *errors;

static int load(const char *path, struct auth_keys *keys)
{
	size_t size;
	FILE *to;
	int ret;

	free(errors);
	to = open_memstream(&errors, &size);
	ret = auth_load(path, keys, to);
	fclose(to);
	return ret;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
}

#define KEY_TEXT "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void key_files_are_read_and_must_be_private(void)
{
	struct auth_keys keys, expected = test_keys();
	char dir[] = "/tmp/pgnld-auth-XXXXXX", path[64];

	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
	CHECK(load(path, &keys) == -1 && strstr(errors, "No such file"));

	write_file(path, KEY_TEXT "\n");
	chmod(path, 0600);
	CHECK(load(path, &keys) == 0 && !*errors);
	CHECK(!memcmp(&keys, &expected, sizeof(keys)));
	chmod(path, 0640);
	CHECK(load(path, &keys) == -1 && strstr(errors, "chmod 0600"));
	chmod(path, 0604);
	CHECK(load(path, &keys) == -1 && strstr(errors, "chmod 0600"));
	chmod(path, 0400);
	CHECK(load(path, &keys) == 0);
	chmod(path, 0600);

	write_file(path, "");
	CHECK(load(path, &keys) == -1 && strstr(errors, "64 hexadecimal digits"));
	write_file(path, KEY_TEXT "0\n");
	CHECK(load(path, &keys) == -1 && strstr(errors, "64 hexadecimal digits"));
	write_file(path, KEY_TEXT "\n\n\nand more");
	CHECK(load(path, &keys) == -1 && strstr(errors, "64 hexadecimal digits"));
	write_file(path, KEY_TEXT KEY_TEXT);
	CHECK(load(path, &keys) == -1 && strstr(errors, "64 hexadecimal digits"));
	write_file(path, "x00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	CHECK(load(path, &keys) == -1 && strstr(errors, "64 hexadecimal digits"));
	unlink(path);
	CHECK(load(dir, &keys) == -1 && strstr(errors, "not a regular file"));
	rmdir(dir);
}

static void new_keys_are_private_and_different(void)
{
	char dir[] = "/tmp/pgnld-auth-XXXXXX", one[64], two[64];
	struct auth_keys keys, other;
	struct stat status;

	CHECK(mkdtemp(dir));
	snprintf(one, sizeof(one), "%s/1", dir);
	snprintf(two, sizeof(two), "%s/2", dir);
	CHECK(auth_make_file(one) == 0 && auth_make_file(two) == 0);
	CHECK(auth_make_file(one) == -EEXIST);
	CHECK(stat(one, &status) == 0 && (status.st_mode & 07777) == 0600);
	CHECK(load(one, &keys) == 0 && load(two, &other) == 0);
	CHECK(memcmp(&keys, &other, sizeof(keys)));
	unlink(one);
	unlink(two);
	rmdir(dir);
}

int main(void)
{
	RUN(keys_are_those_of_hkdf);
	RUN(a_proof_is_hmac_over_both_claims);
	RUN(a_proof_covers_everything);
	RUN(identities_are_hashes);
	RUN(services_are_hashes_of_kind_and_name);
	RUN(the_hash_is_over_the_global_groups);
	RUN(key_files_are_read_and_must_be_private);
	RUN(new_keys_are_private_and_different);
	free(errors);
	return check_result();
}
