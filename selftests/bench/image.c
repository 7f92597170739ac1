// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The library's reader on an image of a view that nobody writes, natively: what
 * a look-up costs on this machine itself. Reads one command a line on stdin and
 * answers each with one line of nanoseconds, the whole command's:
 *
 *	get N GROUP		N look-ups of one group, which copy its members
 *	get-any N		N look-ups over all groups
 *	floor N GROUP		N times hash the name and copy as many bytes
 *	floor-any N		the same over all groups
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "view.h"

#define GROUPS	100000
#define MEMBERS	8
#define NAMES	4096		/* random ones, which are taken in turn */

enum { WORDS_AT = 1 << 20, BUCKETS_AT = 2 << 20, SLOTS_AT = 4 << 20, NODES_AT = 31 << 20,
       HEAP_AT = 32 << 20, SIZE = 96 << 20, BUCKETS = 1 << 18 };

static char *base;
static struct lp_image image;
static uint32_t heap_end = HEAP_AT / PGNL_VIEW_UNIT;
static char names[NAMES][32];
static const char *rows_of[NAMES];
static volatile pid_t sink;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static uint32_t take(size_t size)
{
	uint32_t place = heap_end;

	heap_end += (size + PGNL_VIEW_UNIT - 1) / PGNL_VIEW_UNIT;
	return place;
}

static void add_group(uint32_t number, const char *name, uint32_t members)
{
	struct pgnl_view_slot *slot = (void *)(base + SLOTS_AT + number * sizeof(*slot));
	uint32_t *buckets = (void *)(base + BUCKETS_AT);
	uint32_t done = 0;

	slot->name_len = strlen(name);
	memcpy(slot->name, name, slot->name_len);
	slot->hash = lp_image_hash(&image, name, slot->name_len);
	slot->next = buckets[slot->hash % BUCKETS];
	buckets[slot->hash % BUCKETS] = number;
	slot->rows = members;
	slot->seen = members;
	slot->members = members;
	for (int k = 0; done < members; k++) {
		uint32_t room = PGNL_VIEW_ROWS << (2 * k);
		uint32_t place = take((size_t)room * PGNL_VIEW_ROW_SIZE);
		uint32_t *pids = (void *)(base + (size_t)place * PGNL_VIEW_UNIT);

		*(k ? &slot->more[k - 1] : &slot->first) = place;
		for (uint32_t i = 0; i < room && done < members; i++, done++) {
			pids[i] = 1 + done;
			pids[room + i] = 1 + done;
		}
	}
}

static void build(void)
{
	struct pgnl_view_header *head;
	char name[32];

	base = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		err(1, "mmap");
	head = (void *)base;
	*head = (struct pgnl_view_header){
		.magic = PGNL_VIEW_MAGIC,
		.version = PGNL_VIEW_VERSION,
		.words_at = WORDS_AT / PGNL_VIEW_UNIT,
		.size = SIZE,
		.buckets_at = BUCKETS_AT / PGNL_VIEW_UNIT,
		.slots_at = SLOTS_AT / PGNL_VIEW_UNIT,
		.nodes_at = NODES_AT / PGNL_VIEW_UNIT,
		.buckets = BUCKETS,
		.slots = GROUPS + 8,
		.seed = 0x0123456789abcdef,
	};
	if (!lp_image_init(&image, base, SIZE))
		errx(1, "the image is none");
	for (uint32_t i = 0; i < GROUPS; i++) {
		snprintf(name, sizeof(name), "group-%u", i);
		add_group(1 + i, name, MEMBERS);
	}
	add_group(GROUPS + 1, "one", 1);
	add_group(GROUPS + 2, "hundred", 100);
	add_group(GROUPS + 3, "thousand", 1000);
	for (int i = 0; i < NAMES; i++) {
		uint32_t group = random() % GROUPS;
		struct pgnl_view_slot *slot = (void *)(base + SLOTS_AT + (1 + group) * sizeof(*slot));

		snprintf(names[i], sizeof(names[i]), "group-%u", group);
		rows_of[i] = base + (size_t)slot->first * PGNL_VIEW_UNIT;
	}
}

/* Warm first: what came between two commands is not the look-up's. */
#define WARM	1000

static uint64_t look(const char *name, size_t n)
{
	pid_t pids[1000];
	uint64_t start = now();

	while (n--) {
		if (lp_image_pids(&image, name, pids, 1000) <= 0)
			errx(1, "%s is not found", name);
		sink = pids[0];
	}
	return now() - start;
}

static uint64_t look_any(size_t n)
{
	pid_t pids[MEMBERS];
	uint64_t start = now();

	for (size_t i = 0; i < n; i++) {
		if (lp_image_pids(&image, names[i % NAMES], pids, MEMBERS) != MEMBERS)
			errx(1, "%s is not found", names[i % NAMES]);
		sink = pids[0];
	}
	return now() - start;
}

/*
 * The least that any look-up does: hash the name, copy the same bytes. As in a
 * look-up, nobody knows beforehand how long the name is and how many bytes.
 */
static void hash_and_copy(const char *name, const char *rows)
{
	size_t size = MEMBERS * sizeof(pid_t);
	pid_t pids[MEMBERS];
	uint32_t hash;

	__asm__ volatile("" : "+r" (name), "+r" (rows), "+r" (size) : : "memory");
	hash = lp_image_hash(&image, name, strlen(name));
	__asm__ volatile("" : : "r" (hash));
	memcpy(pids, rows, size);
	sink = pids[0];
}

static uint64_t floor_of(const char *name, size_t n)
{
	const char *rows = base + HEAP_AT;
	uint64_t start = now();

	while (n--)
		hash_and_copy(name, rows);
	return now() - start;
}

static uint64_t floor_of_any(size_t n)
{
	uint64_t start = now();

	for (size_t i = 0; i < n; i++)
		hash_and_copy(names[i % NAMES], rows_of[i % NAMES]);
	return now() - start;
}

static uint64_t run(const char *line)
{
	char command[16], name[32] = "";
	size_t n;

	if (sscanf(line, "%15s %zu %31s", command, &n, name) < 2)
		errx(1, "bad command: %s", line);
	if (!strcmp(command, "get")) {
		look(name, WARM);
		return look(name, n);
	}
	if (!strcmp(command, "get-any")) {
		look_any(NAMES);
		return look_any(n);
	}
	if (!strcmp(command, "floor")) {
		floor_of(name, WARM);
		return floor_of(name, n);
	}
	if (!strcmp(command, "floor-any")) {
		floor_of_any(NAMES);
		return floor_of_any(n);
	}
	errx(1, "unknown command: %s", line);
}

int main(void)
{
	char line[256];

	build();
	while (fgets(line, sizeof(line), stdin)) {
		printf("%" PRIu64 "\n", run(line));
		fflush(stdout);
	}
	return 0;
}
