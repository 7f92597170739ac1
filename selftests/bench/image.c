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

enum { WORDS_AT = 1 << 20, BUCKETS_AT = 2 << 20, SLOTS_AT = 16 << 20, NODES_AT = 31 << 20,
       HEAP_AT = 32 << 20, SIZE = 64 << 20 };

/* As many as the kernel would make, and the power of two below. */
enum { BUCKETS = GROUPS, HALF = 1 << 16 };

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

static struct pgnl_view_slot *slot_at(uint32_t number)
{
	return (void *)(base + SLOTS_AT + number * sizeof(struct pgnl_view_slot));
}

static uint64_t hash_of(uint32_t number)
{
	const struct pgnl_view_slot *slot = slot_at(number);

	return lp_image_hash(&image, (const char *)slot->name, slot->name_len);
}

/* False when some of a bucket's groups are not apart by this factor. */
static bool arrange(struct pgnl_view_bucket *bucket, uint32_t factor, const uint32_t *numbers,
		    uint32_t n)
{
	struct pgnl_view_bucket new = { { factor } };

	for (uint32_t i = 0; i < n; i++) {
		uint32_t *word = &new.word[hash_of(numbers[i]) * factor >> 60];

		if (*word)
			return false;
		*word = numbers[i];
	}
	*bucket = new;
	return true;
}

static void enter(uint32_t number)
{
	struct pgnl_view_bucket *bucket = (void *)(base + BUCKETS_AT);
	uint32_t numbers[PGNL_VIEW_BUCKET] = { number }, n = 1;
	uint32_t at = hash_of(number) >> 32 & (2 * HALF - 1);

	bucket += at < BUCKETS ? at : at - HALF;
	for (uint32_t i = 1; i < PGNL_VIEW_BUCKET; i++)
		if (bucket->word[i])
			numbers[n++] = bucket->word[i];
	while (!arrange(bucket, (uint32_t)random() | PGNL_VIEW_FACTOR_MIN | 1, numbers, n))
		;
}

static void add_group(uint32_t number, const char *name, uint32_t members)
{
	struct pgnl_view_slot *slot = slot_at(number);
	uint32_t done = 0;

	slot->name_len = strlen(name);
	memcpy(slot->name, name, slot->name_len);
	enter(number);
	slot->rows = members;
	slot->seen = members;
	slot->members = members;
	for (int k = 0; done < members; k++) {
		uint32_t room = PGNL_VIEW_ROWS_OF(k);
		uint32_t place = take((size_t)room * PGNL_VIEW_ROW_SIZE);
		uint32_t *column = (void *)(base + (size_t)place * PGNL_VIEW_UNIT);
		uint32_t *pids = k ? column : slot->pid;

		*(k ? &slot->more[k - 1] : &slot->first) = place;
		for (uint32_t i = 0; i < room && done < members; i++, done++) {
			pids[i] = 1 + done;
			column[room + i] = 1 + done;
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

		snprintf(names[i], sizeof(names[i]), "group-%u", group);
		rows_of[i] = (const char *)slot_at(1 + group)->pid;
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
	uint64_t hash;

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
