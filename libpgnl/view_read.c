// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading a mapped view, as docs/view-format.md says: the kernel writes while
 * we read, so everything is copied first, and counts only if the sequence has
 * not moved. A place is followed only after that has been checked for what it
 * was read from: then it is one the kernel has put there, and its page exists.
 */

#include <endian.h>
#include <string.h>
#include <time.h>

#include "view.h"

#define LOAD(field)	__atomic_load_n(&(field), __ATOMIC_RELAXED)
#define ACQUIRE(field)	__atomic_load_n(&(field), __ATOMIC_ACQUIRE)

#define HASH_FACTOR	0x9e3779b97f4a7c15u

/* Tries of a random pick before looking at all rows. */
#define PICK_TRIES	16

/* Of a find and of what follows it; errors are negative. */
enum { FOUND, MISSING, AGAIN, ASK };

/* The rows of this node, or those of the others. */
struct part {
	bool far;		/* of the others */
	bool pending;		/* some owner has ended and still has rows */
	uint32_t rows;
	uint32_t seen;
	uint64_t joined;
	const uint32_t *pid;	/* of segment 0 */
	uint32_t segment[PGNL_VIEW_SEGMENTS];
};

/* A group as of one moment; rows are to be read and checked after it. */
struct group {
	const struct pgnl_view_slot *slot;
	uint32_t seq;
	uint32_t unseen;
	bool created;
	uint32_t far_slot;	/* number of the slot of other nodes; 0: they have nothing */
	struct part here;
	struct part far;
};

/* Where the columns of a segment start. */
struct columns {
	const uint32_t *pid;
	const uint32_t *word;
	const uint64_t *id;
	const struct pgnl_view_info *info;
};

bool lp_image_init(struct lp_image *image, const void *start, uint64_t size)
{
	const struct pgnl_view_header *head = start;
	const char *base = start;
	uint64_t words, buckets, slots, nodes;

	if (size < sizeof(*head) || memcmp(head->magic, PGNL_VIEW_MAGIC, 8) ||
	    head->version != PGNL_VIEW_VERSION || head->size > size)
		return false;
	words = (uint64_t)head->words_at * PGNL_VIEW_UNIT;
	buckets = (uint64_t)head->buckets_at * PGNL_VIEW_UNIT;
	slots = (uint64_t)head->slots_at * PGNL_VIEW_UNIT;
	nodes = (uint64_t)head->nodes_at * PGNL_VIEW_UNIT;
	if (!words || words >= buckets || buckets >= slots || slots >= nodes ||
	    nodes >= head->size)
		return false;
	image->head = head;
	image->size = head->size;
	image->words = (const void *)(base + words);
	image->buckets = (const void *)(base + buckets);
	image->slots = (const void *)(base + slots);
	image->nodes = (const void *)(base + nodes);
	image->max_word = (buckets - words) / sizeof(uint32_t);
	image->max_bucket = (slots - buckets) / sizeof(struct pgnl_view_bucket);
	image->max_slot = (nodes - slots) / sizeof(struct pgnl_view_slot);
	image->max_node = (head->size - nodes) / sizeof(struct pgnl_view_node);
	return true;
}

/* --- Finding a group ------------------------------------------------------ */

static uint64_t load64(const char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return le64toh(value);
}

static uint64_t load32(const char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

/* 1 to 7 bytes, zero-padded; a byte met twice is the same both times. */
static inline uint64_t load_few(const char *at, size_t n)
{
	const unsigned char *byte = (const unsigned char *)at;

	if (n >= 4)
		return load32(at) | load32(at + n - 4) << (8 * (n - 4));
	return byte[0] | (uint64_t)byte[n / 2] << (8 * (n / 2)) |
	       (uint64_t)byte[n - 1] << (8 * (n - 1));
}

/* The last bytes, zero-padded, when they do not make up eight. */
static inline uint64_t load_rest(const char *at, size_t len)
{
	if (len < 8)
		return load_few(at, len);
	/* What stands before them is shifted out. */
	return load64(at + len - 8) >> (8 * (-len % 8));
}

static uint64_t mix(uint64_t hash, uint64_t part)
{
	hash = (hash ^ part) * HASH_FACTOR;
	return hash ^ hash >> 32;
}

static inline uint64_t hash_of(const struct lp_image *image, const char *name,
			       size_t len)
{
	uint64_t hash = image->head->seed + len;
	size_t i;

	for (i = 8; i <= len; i += 8)
		hash = mix(hash, load64(name + i - 8));
	if (len % 8)
		hash = mix(hash, load_rest(name, len));
	return hash * HASH_FACTOR;
}

uint64_t lp_image_hash(const struct lp_image *image, const char *name, size_t len)
{
	return hash_of(image, name, len);
}

/* Has nothing changed since the sequence was read? */
static bool is_same(const uint32_t *seq, uint32_t value)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return LOAD(*seq) == value;
}

static bool unchanged(const struct group *group)
{
	return is_same(&group->slot->seq, group->seq);
}

/*
 * Is the scope still there? The kernel leaves the slots of a dead view as they are,
 * and gives the words of its processes back: a sequence does not tell of that. The
 * words were read before this, with acquire.
 */
static bool is_alive(const struct lp_image *image)
{
	return LOAD(image->head->buckets);
}

static const void *at_place(const struct lp_image *image, uint32_t place,
			    uint64_t size)
{
	uint64_t offset = (uint64_t)place * PGNL_VIEW_UNIT;

	if (!place || offset > image->size || size > image->size - offset)
		return NULL;
	return (const char *)image->head + offset;
}

/* What to look for; it may be no name. */
struct key {
	const char *name;
	size_t len;
	uint64_t hash;
};

static inline struct key key_of(const struct lp_image *image, const char *name)
{
	size_t len = strlen(name);

	return (struct key){ name, len, hash_of(image, name, len) };
}

static inline const struct pgnl_view_bucket *bucket_of(const struct lp_image *image,
						       uint64_t hash, uint32_t buckets)
{
	uint32_t mask = UINT32_MAX >> __builtin_clz(buckets);
	uint32_t bucket = hash >> 32 & mask;

	/* Without a branch, for it could not be predicted. */
	return &image->buckets[bucket & mask >> (bucket >= buckets)];
}

/* The number of the only slot that can have the name; UINT32_MAX: there is none. */
static inline uint32_t number_of(const struct lp_image *image, uint64_t hash)
{
	uint32_t buckets = ACQUIRE(image->head->buckets), number;
	const struct pgnl_view_bucket *bucket;

	/* When the view is dead there are none. */
	if (buckets - 1 >= image->max_bucket)
		return UINT32_MAX;
	bucket = bucket_of(image, hash, buckets);
	number = ACQUIRE(bucket->word[hash * LOAD(bucket->word[0]) >> 60]);
	/* Neither is the factor a number. */
	return number < image->max_slot ? number : UINT32_MAX;
}

/* Is the name that a slot has, of few bytes, NUL-padded, this one? */
static inline bool has_short_name(const struct pgnl_view_slot *slot, const char *name,
				  size_t len)
{
	const char *padded = (const char *)slot->name;
	size_t i;

	if (LOAD(slot->name_len) != len)
		return false;
	if (len < 8)
		return len && load64(padded) == load_few(name, len);
	/* The last ones first; bytes that are met twice do no harm. */
	if (load64(padded + len - 8) != load64(name + len - 8))
		return false;
	for (i = 8; i < len; i += 8)
		if (load64(padded + i - 8) != load64(name + i - 8))
			return false;
	return true;
}

/* The same of more bytes. Also false when the group has changed. */
static bool has_long_name(const struct lp_image *image, const struct group *group,
			  const char *name, size_t len)
{
	const struct pgnl_view_slot *slot = group->slot;
	uint32_t place = LOAD(slot->name_at);
	const char *whole;

	if (LOAD(slot->name_len) != len ||
	    memcmp(slot->name, name, PGNL_VIEW_NAME_INLINE) || !unchanged(group))
		return false;
	whole = at_place(image, place, len);
	return whole && !memcmp(whole, name, len);
}

static void look_at(const struct lp_image *image, uint32_t number, struct group *group)
{
	group->slot = &image->slots[number];
	/* One that is odd is never met again. */
	group->seq = ACQUIRE(group->slot->seq) & ~1u;
}

static int find(const struct lp_image *image, const struct key *key, struct group *group)
{
	const struct pgnl_view_header *head = image->head;
	uint32_t dir_seq = ACQUIRE(head->dir_seq);
	uint32_t number = number_of(image, key->hash), flags;

	if (number != UINT32_MAX) {
		look_at(image, number, group);
		if (key->len <= PGNL_VIEW_NAME_INLINE ?
		    has_short_name(group->slot, key->name, key->len) :
		    has_long_name(image, group, key->name, key->len))
			return FOUND;
		if (key->len > PGNL_VIEW_NAME_INLINE && !unchanged(group))
			return AGAIN;
	}
	/* The flags before the sequence: see docs/view-format.md. */
	flags = ACQUIRE(head->flags);
	if (dir_seq & 1 || !is_same(&head->dir_seq, dir_seq))
		return AGAIN;
	return flags & (PGNL_VIEW_PARTIAL | PGNL_VIEW_DEAD) ? ASK : MISSING;
}

/* The same at a glance: if it is not found, it may be there nevertheless. */
static inline bool is_found(const struct lp_image *image, const struct key *key,
			    struct group *group)
{
	uint32_t number = number_of(image, key->hash);

	if (number == UINT32_MAX || key->len > PGNL_VIEW_NAME_INLINE)
		return false;
	look_at(image, number, group);
	return has_short_name(group->slot, key->name, key->len);
}

/* What a slot says of its rows; the places are good when the group is unchanged. */
static void copy_part(const struct pgnl_view_slot *slot, struct part *part)
{
	uint32_t room = PGNL_VIEW_ROWS;
	unsigned int k;

	part->rows = LOAD(slot->rows);
	part->seen = LOAD(slot->seen);
	part->joined = LOAD(slot->members);
	part->pid = slot->pid;
	part->segment[0] = LOAD(slot->first);
	for (k = 1; k < PGNL_VIEW_SEGMENTS && room < part->rows; k++) {
		part->segment[k] = LOAD(slot->more[k - 1]);
		room += PGNL_VIEW_ROWS_OF(k);
	}
}

/* Begin to look at the group, with the rows of this node. */
static int look_here(const struct lp_image *image, struct group *group)
{
	const struct pgnl_view_slot *slot = group->slot;

	copy_part(slot, &group->here);
	group->here.far = false;
	group->unseen = LOAD(slot->unseen);
	group->created = LOAD(slot->flags) & PGNL_VIEW_GROUP_CREATED;
	group->far_slot = LOAD(slot->far);
	group->here.pending = ACQUIRE(image->words[0]);
	return unchanged(group) ? FOUND : AGAIN;
}

/* Go on with those of the others. */
static int look_far(const struct lp_image *image, struct group *group)
{
	group->far.far = true;
	group->far.pending = false;
	group->far.rows = 0;
	group->far.seen = 0;
	group->far.joined = 0;
	if (!group->far_slot)
		return FOUND;
	if (group->far_slot >= image->max_slot ||
	    group->far_slot >= ACQUIRE(image->head->slots))
		return AGAIN;
	copy_part(&image->slots[group->far_slot], &group->far);
	group->far.pending = ACQUIRE(image->head->gone);
	return unchanged(group) ? FOUND : AGAIN;
}

/* --- Rows ----------------------------------------------------------------- */

/* A piece of a part that stands in one segment. */
struct piece {
	struct columns at;
	uint32_t n;
};

/* Segment k; false when there is none. */
static bool get_piece(const struct lp_image *image, const struct part *part,
		      unsigned int k, uint32_t before, struct piece *piece)
{
	uint64_t rows = PGNL_VIEW_ROWS_OF(k);
	const char *base;

	if (before >= part->rows || k == PGNL_VIEW_SEGMENTS)
		return false;
	base = at_place(image, part->segment[k], rows * PGNL_VIEW_ROW_SIZE);
	if (!base)
		return false;
	piece->at.pid = k ? (const void *)base : part->pid;
	piece->at.word = (const void *)(base + 4 * rows);
	piece->at.id = (const void *)(base + 8 * rows);
	piece->at.info = (const void *)(base + 16 * rows);
	piece->n = part->rows - before < rows ? part->rows - before : rows;
	return true;
}

#define for_each_piece(image, part, piece, k, before)			\
	for (k = 0, before = 0;						\
	     get_piece(image, part, k, before, piece);			\
	     before += (piece)->n, k++)

/* The record of a row's node, followed only if the row is good; NULL: it is not. */
static const struct pgnl_view_node *node_of(const struct lp_image *image,
					    const struct group *group,
					    const struct columns *at, uint32_t i)
{
	uint32_t number = LOAD(at->word[i]);

	return unchanged(group) && number < image->max_node ?
	       &image->nodes[number] : NULL;
}

static uint8_t state_in(uint64_t since)
{
	return (uint8_t)since;
}

/*
 * 1: the row is to be shown; 0: it is not; -1: the group has changed. A row
 * names its process's word or its node, and that is followed only if the row is
 * good.
 */
static int is_shown(const struct lp_image *image, const struct group *group,
		    const struct part *part, const struct columns *at, uint32_t i)
{
	const struct pgnl_view_node *node;
	uint32_t word;

	if (!part->far && !LOAD(at->pid[i]))
		return 0;
	if (!part->pending)
		return 1;
	if (part->far) {
		node = node_of(image, group, at, i);
		return node ? state_in(ACQUIRE(node->since)) != PGNL_VIEW_GONE : -1;
	}
	word = LOAD(at->word[i]);
	if (!unchanged(group))
		return -1;
	return word >= image->max_word || !ACQUIRE(image->words[word]);
}

/* Milliseconds since a node came into its state. */
static uint32_t age_of(uint64_t since)
{
	struct timespec ts;
	uint64_t now;

	if (state_in(since) == PGNL_STATE_UP || clock_gettime(CLOCK_BOOTTIME, &ts))
		return 0;
	now = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	since >>= 8;
	if (now <= since)
		return 0;
	return now - since < UINT32_MAX ? (uint32_t)(now - since) : UINT32_MAX;
}

/* 0, or -EAGAIN when the group has changed. */
static int copy_node(const struct lp_image *image, const struct group *group,
		     const struct columns *at, uint32_t i,
		     struct pgnl_view_member *member)
{
	const struct pgnl_view_node *node = node_of(image, group, at, i);
	uint64_t since;

	if (!node)
		return -EAGAIN;
	since = LOAD(node->since);
	member->state = state_in(since);
	member->age = age_of(since);
	memcpy(member->node, node->name, sizeof(member->node));
	member->node[sizeof(member->node) - 1] = '\0';
	return 0;
}

static inline int copy_row(const struct lp_image *image, const struct group *group,
		    const struct part *part, const struct columns *at, uint32_t i,
		    struct pgnl_view_member *member)
{
	const struct pgnl_view_info *info = &at->info[i];

	member->id = LOAD(at->id[i]);
	member->pid = (pid_t)LOAD(at->pid[i]);
	member->count = LOAD(info->count);
	member->uid = LOAD(info->uid);
	member->weight = LOAD(info->weight);
	member->has_meta = LOAD(info->extra_at) != 0;
	if (part->far)
		return copy_node(image, group, at, i, member);
	member->state = PGNL_STATE_UP;
	member->age = 0;
	member->node[0] = '\0';
	return 0;
}

/* Is every row to be shown, so that no one has to be looked at? */
static bool is_plain(const struct part *part)
{
	return part->seen == part->rows && !part->pending;
}

/*
 * How many there are in all; -ENOENT when there is nobody and nothing to keep the
 * group.
 */
static int result(const struct group *group, uint32_t n)
{
	return n || group->unseen || group->created || group->far_slot ? (int)n : -ENOENT;
}

/* --- What is asked ------------------------------------------------------- */

/*
 * Repeats an attempt until the group was quiet, and returns its value. ASK, too
 * many tries and the end of the scope meanwhile come to -EAGAIN.
 */
#define RETRY(image, key, group, attempt) do {				\
	int tries_, ret_;						\
									\
	if ((key)->len - 1 >= PGNL_GROUP_NAME_MAX)			\
		return -EINVAL;						\
	for (tries_ = 0; tries_ < LP_VIEW_TRIES; tries_++) {		\
		ret_ = find(image, key, group);				\
		if (ret_ == MISSING)					\
			return -ENOENT;					\
		if (ret_ == ASK)					\
			break;						\
		if (ret_ != FOUND || look_here(image, group) != FOUND)	\
			continue;					\
		ret_ = (attempt);					\
		if (unchanged(group) && ret_ != -EAGAIN)		\
			return is_alive(image) ? ret_ : -EAGAIN;	\
	}								\
	return -EAGAIN;							\
} while (0)

/* Add what the part comes to; -EAGAIN: it has changed. */
static int count_part(const struct lp_image *image, const struct group *group,
		      const struct part *part, struct pgnl_view_group *sums)
{
	uint32_t before, i;
	struct piece piece;
	unsigned int k;
	int shown;

	if (!part->pending) {
		sums->members += part->seen;
		sums->joined += part->joined;
		return 0;
	}
	for_each_piece(image, part, &piece, k, before) {
		for (i = 0; i < piece.n; i++) {
			shown = is_shown(image, group, part, &piece.at, i);
			if (shown < 0)
				return -EAGAIN;
			if (!shown)
				continue;
			sums->members++;
			sums->joined += LOAD(piece.at.info[i].count);
		}
	}
	return before < part->rows ? -EAGAIN : 0;
}

static int count(const struct lp_image *image, struct group *group,
		 struct pgnl_view_group *sums)
{
	struct pgnl_view_group all = { 0, 0 };
	int ret;

	if (count_part(image, group, &group->here, &all) ||
	    look_far(image, group) != FOUND ||
	    count_part(image, group, &group->far, &all))
		return -EAGAIN;
	if (sums)
		*sums = all;
	ret = result(group, all.members);
	return ret < 0 ? ret : 0;
}

int lp_image_lookup(const struct lp_image *image, const char *name,
		    struct pgnl_view_group *sums)
{
	struct key key = key_of(image, name);
	struct group group;

	RETRY(image, &key, &group, count(image, &group, sums));
}

/* All rows of this node are to be shown: in one go for each segment. */
static int copy_segments(const struct lp_image *image,
			 const struct pgnl_view_slot *slot, uint32_t seq,
			 uint32_t rows, pid_t *pids, size_t max)
{
	uint32_t want = rows < max ? rows : (uint32_t)max, done = 0, n, room, place;
	const void *from = slot->pid;
	unsigned int k;

	for (k = 0; done < want && k < PGNL_VIEW_SEGMENTS; k++, done += n) {
		room = PGNL_VIEW_ROWS_OF(k);
		n = want - done < room ? want - done : room;
		if (k) {
			place = LOAD(slot->more[k - 1]);
			from = at_place(image, place, (uint64_t)room * PGNL_VIEW_ROW_SIZE);
			if (!from || !is_same(&slot->seq, seq))
				return -EAGAIN;
		}
		/* The most frequent number without a call. */
		if (n == PGNL_VIEW_ROWS)
			memcpy(pids + done, from, PGNL_VIEW_ROWS * sizeof(*pids));
		else
			memcpy(pids + done, from, n * sizeof(*pids));
	}
	return done == want && is_same(&slot->seq, seq) ? (int)rows : -EAGAIN;
}

/*
 * Most groups are quiet and whole: this is what a look-up has to be quick at. Of
 * a small one all pids that stand in the slot are copied, which costs less than
 * to count; what is behind the rows is for nobody. -EAGAIN: it is not that simple.
 */
static inline int copy_whole(const struct lp_image *image, const struct group *group,
			     pid_t *pids, size_t max)
{
	const struct pgnl_view_slot *slot = group->slot;
	uint32_t rows = LOAD(slot->rows);

	if (rows != LOAD(slot->seen) || ACQUIRE(image->words[0]))
		return -EAGAIN;
	if (rows - 1 >= PGNL_VIEW_ROWS || max < PGNL_VIEW_ROWS)
		return copy_segments(image, slot, group->seq, rows, pids, max);
	memcpy(pids, slot->pid, sizeof(slot->pid));
	return unchanged(group) ? (int)rows : -EAGAIN;
}

/* Of this node: a pid of another one says nothing without it. */
static int copy_pids(const struct lp_image *image, const struct group *group,
		     pid_t *pids, size_t max)
{
	const struct part *part = &group->here;
	uint32_t before, i, n = 0;
	struct piece piece;
	unsigned int k;
	int shown;

	if (is_plain(part) && part->rows)
		return copy_segments(image, group->slot, group->seq, part->rows, pids, max);
	for_each_piece(image, part, &piece, k, before) {
		for (i = 0; i < piece.n; i++) {
			shown = is_shown(image, group, part, &piece.at, i);
			if (shown < 0)
				return -EAGAIN;
			if (shown && n++ < max)
				pids[n - 1] = (pid_t)LOAD(piece.at.pid[i]);
		}
	}
	return before < part->rows ? -EAGAIN : result(group, n);
}

/* The same of whatever group, from the beginning; out of the way of the others. */
static __attribute__((noinline))
int copy_any(const struct lp_image *image, const char *name, pid_t *pids, size_t max)
{
	struct key key = key_of(image, name);
	struct group group;

	RETRY(image, &key, &group, copy_pids(image, &group, pids, max));
}

int lp_image_pids(const struct lp_image *image, const char *name, pid_t *pids,
		  size_t max)
{
	struct key key = key_of(image, name);
	struct group group;
	int n;

	if (is_found(image, &key, &group)) {
		n = copy_whole(image, &group, pids, max);
		if (n > 0 && is_alive(image))
			return n;
	}
	return copy_any(image, name, pids, max);
}

/* Copy behind the first *n, and count; -EAGAIN: the group has changed. */
static int copy_part_members(const struct lp_image *image, const struct group *group,
			     const struct part *part, struct pgnl_view_member *members,
			     size_t max, uint32_t *n)
{
	bool plain = is_plain(part);
	uint32_t before, i, done = *n;
	struct piece piece;
	unsigned int k;
	int shown;

	for_each_piece(image, part, &piece, k, before) {
		if (plain && done >= max) {
			*n = done + part->rows - before;
			return 0;
		}
		for (i = 0; i < piece.n; i++) {
			shown = plain ? 1 : is_shown(image, group, part, &piece.at, i);
			if (shown < 0)
				return -EAGAIN;
			if (shown && done++ < max &&
			    copy_row(image, group, part, &piece.at, i, &members[done - 1]))
				return -EAGAIN;
		}
	}
	*n = done;
	return before < part->rows ? -EAGAIN : 0;
}

static int copy_members(const struct lp_image *image, struct group *group,
			struct pgnl_view_member *members, size_t max)
{
	uint32_t n = 0;

	if (copy_part_members(image, group, &group->here, members, max, &n))
		return -EAGAIN;
	/* Mostly there are none. */
	if (group->far_slot &&
	    (look_far(image, group) != FOUND ||
	     copy_part_members(image, group, &group->far, members, max, &n)))
		return -EAGAIN;
	return result(group, n);
}

int lp_image_members(const struct lp_image *image, const char *name,
		     struct pgnl_view_member *members, size_t max)
{
	struct key key = key_of(image, name);
	struct group group;

	RETRY(image, &key, &group, copy_members(image, &group, members, max));
}

/* --- Metadata ------------------------------------------------------------- */

/* The view only says that there is some, and would say so again. */
#define NOT_HERE	(-ENOMSG)

static int copy_meta(const struct lp_image *image, const struct group *group,
		     uint32_t place, void *meta, size_t size)
{
	const struct pgnl_view_extra *extra;
	uint16_t len;

	if (!place)
		return 0;
	if (place == PGNL_VIEW_ASK)
		return NOT_HERE;
	extra = unchanged(group) ? at_place(image, place, sizeof(*extra)) : NULL;
	if (!extra)
		return -EAGAIN;
	len = LOAD(extra->len);
	if (!unchanged(group) || len > PGNL_META_MAX ||
	    !at_place(image, place, sizeof(*extra) + len))
		return -EAGAIN;
	memcpy(meta, extra->meta, len < size ? len : size);
	return len;
}

/* 1: it is that member; 0: it is not; -1: the group has changed. */
static int is_member(const struct lp_image *image, const struct group *group,
		     const struct part *part, const struct columns *at, uint32_t i,
		     const struct pgnl_view_member *member)
{
	const struct pgnl_view_node *node;
	int shown;

	if (LOAD(at->id[i]) != member->id)
		return 0;
	shown = is_shown(image, group, part, at, i);
	if (shown <= 0 || !part->far)
		return shown;
	node = node_of(image, group, at, i);
	return node ? !strncmp((const char *)node->name, member->node,
			       sizeof(member->node)) : -1;
}

static int find_meta(const struct lp_image *image, struct group *group,
		     const struct pgnl_view_member *member, void *meta, size_t size)
{
	const struct part *part = member->node[0] ? &group->far : &group->here;
	struct piece piece;
	uint32_t before, i;
	unsigned int k;
	int ret;

	if (member->node[0] && look_far(image, group) != FOUND)
		return -EAGAIN;
	for_each_piece(image, part, &piece, k, before) {
		for (i = 0; i < piece.n; i++) {
			ret = is_member(image, group, part, &piece.at, i, member);
			if (ret < 0)
				return -EAGAIN;
			if (ret)
				return copy_meta(image, group,
						 LOAD(piece.at.info[i].extra_at),
						 meta, size);
		}
	}
	return -ESRCH;
}

static int look_for_meta(const struct lp_image *image, const char *name,
			 const struct pgnl_view_member *member, void *meta, size_t size)
{
	struct key key = key_of(image, name);
	struct group group;

	RETRY(image, &key, &group, find_meta(image, &group, member, meta, size));
}

int lp_image_meta(const struct lp_image *image, const char *name,
		  const struct pgnl_view_member *member, void *meta, size_t size)
{
	int ret = look_for_meta(image, name, member, meta, size);

	return ret == NOT_HERE ? -EAGAIN : ret;
}

/* --- Picking -------------------------------------------------------------- */

/* As the kernel does it, so that all come to the same member by key. */
#define PICK_KEY0	0x70676e6c2e706963u
#define PICK_KEY1	0x6b2e6b65792e7631u

static uint64_t rotate(uint64_t value, int by)
{
	return value << by | value >> (64 - by);
}

static void sip_rounds(uint64_t v[4], int n)
{
	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

/* SipHash-2-4 */
static uint64_t siphash(const void *data, size_t len)
{
	uint64_t v[4] = {
		0x736f6d6570736575u ^ PICK_KEY0, 0x646f72616e646f6du ^ PICK_KEY1,
		0x6c7967656e657261u ^ PICK_KEY0, 0x7465646279746573u ^ PICK_KEY1,
	};
	uint64_t last = (uint64_t)len << 56, part;
	const char *at = data;

	for (; len >= 8; len -= 8, at += 8) {
		part = load64(at);
		v[3] ^= part;
		sip_rounds(v, 2);
		v[0] ^= part;
	}
	if (len)
		last |= load_few(at, len);
	v[3] ^= last;
	sip_rounds(v, 2);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint64_t scramble(uint64_t value)
{
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
	value = (value ^ value >> 27) * 0x94d049bb133111ebu;
	return value ^ value >> 31;
}

/*
 * The rows of this node and of the others count as one row of rows, those of this
 * node first, as in the kernel.
 */
struct picker {
	const struct lp_pick *pick;
	uint64_t key;
	uint32_t turn;
	uint32_t end;		/* index behind the last row */
	uint64_t random;
	uint64_t high;		/* best score so far, and one */
	bool any;		/* somebody was met */
};

static uint64_t score(const struct picker *picker, uint32_t index, uint64_t id)
{
	uint64_t both[2] = { htole64(picker->key), htole64(id) };

	switch (picker->pick->policy) {
	case PGNL_PICK_KEY:
		return siphash(both, sizeof(both)) >> 1;
	case PGNL_PICK_ROUND_ROBIN:
		return index >= picker->turn ?
		       2ull * picker->end - (index - picker->turn) :
		       1ull * picker->turn - index;
	default:
		return scramble(picker->random + index) >> 1;
	}
}

/* 1: the row may be picked; 0: it may not; -1: the group has changed. */
static int fits(const struct lp_image *image, const struct group *group,
		const struct part *part, const struct columns *at, uint32_t i,
		struct picker *picker)
{
	const struct lp_pick *pick = picker->pick;
	const struct pgnl_view_node *node;
	int shown = is_shown(image, group, part, at, i);

	if (shown <= 0)
		return shown;
	picker->any = true;
	if (pick->uid != PGNL_ANY_UID && LOAD(at->info[i].uid) != pick->uid)
		return 0;
	if (!part->far || pick->flags & PGNL_ANY_STATE)
		return 1;
	node = node_of(image, group, at, i);
	return node ? state_in(LOAD(node->since)) == PGNL_STATE_UP : -1;
}

/* Look at all rows of a part; their indexes begin with @first. */
static int pick_best(const struct lp_image *image, const struct group *group,
		     const struct part *part, uint32_t first,
		     struct picker *picker, struct pgnl_view_member *member)
{
	struct piece piece;
	uint32_t before, i;
	uint64_t points;
	unsigned int k;
	int ret;

	for_each_piece(image, part, &piece, k, before) {
		for (i = 0; i < piece.n; i++) {
			ret = fits(image, group, part, &piece.at, i, picker);
			if (ret < 0)
				return -EAGAIN;
			if (!ret)
				continue;
			points = score(picker, first + before + i,
				       LOAD(piece.at.id[i])) + 1;
			if (points <= picker->high)
				continue;
			picker->high = points;
			if (copy_row(image, group, part, &piece.at, i, member))
				return -EAGAIN;
		}
	}
	return before < part->rows ? -EAGAIN : 0;
}

/* Row @index of the part in @piece, and its place there. */
static bool piece_of(const struct lp_image *image, const struct part *part,
		     uint32_t index, struct piece *piece, uint32_t *i)
{
	uint32_t before;
	unsigned int k;

	for_each_piece(image, part, piece, k, before) {
		if (index - before < piece->n) {
			*i = index - before;
			return true;
		}
	}
	return false;
}

/* 1: nobody met by chance. */
static int pick_random(const struct lp_image *image, const struct group *group,
		       struct picker *picker, uint32_t first,
		       struct pgnl_view_member *member)
{
	uint32_t here = group->here.rows, index, i;
	const struct part *part;
	struct piece piece;
	int tries, ret;

	for (tries = 0; tries < PICK_TRIES; tries++) {
		picker->random = scramble(picker->random);
		index = (picker->random >> 32) * (picker->end - first) >> 32;
		index += first;
		part = index < here ? &group->here : &group->far;
		if (!piece_of(image, part, index < here ? index : index - here,
			      &piece, &i))
			return 1;
		ret = fits(image, group, part, &piece.at, i, picker);
		if (ret)
			return ret < 0 ? -EAGAIN :
			       copy_row(image, group, part, &piece.at, i, member);
	}
	return 1;
}

/* One of the rows from one on up to the end. -ENODATA: nobody of them fits. */
static int pick_from(const struct lp_image *image, const struct group *group,
		     struct picker *picker, uint32_t first, uint32_t end,
		     struct pgnl_view_member *member)
{
	uint32_t here = group->here.rows;
	int ret = 1;

	if (first == end)
		return -ENODATA;
	picker->end = end;
	picker->turn %= end;
	if (picker->pick->policy == PGNL_PICK_CLOSEST ||
	    picker->pick->policy == PGNL_PICK_RANDOM)
		ret = pick_random(image, group, picker, first, member);
	if (ret != 1)
		return ret;
	if ((first < here &&
	     pick_best(image, group, &group->here, 0, picker, member)) ||
	    (end > here &&
	     pick_best(image, group, &group->far, here, picker, member)))
		return -EAGAIN;
	return picker->high ? 0 : -ENODATA;
}

static int pick_one(const struct lp_image *image, struct group *group,
		    struct picker picker, struct pgnl_view_member *member)
{
	uint32_t here = group->here.rows, all;
	int ret = -ENODATA;

	if (look_far(image, group) != FOUND)
		return -EAGAIN;
	all = picker.pick->flags & PGNL_LOCAL ? here : here + group->far.rows;
	/* Closest is here first, and elsewhere only when nobody is here. */
	if (picker.pick->policy == PGNL_PICK_CLOSEST) {
		ret = pick_from(image, group, &picker, 0, here, member);
		if (ret == -ENODATA)
			ret = pick_from(image, group, &picker, here, all, member);
	} else {
		ret = pick_from(image, group, &picker, 0, all, member);
	}
	if (ret != -ENODATA || picker.any)
		return ret;
	return result(group, 0) ? -ENOENT : -ENODATA;
}

int lp_image_pick(const struct lp_image *image, const char *name,
		  const struct lp_pick *pick, uint32_t turn, uint64_t random,
		  struct pgnl_view_member *member)
{
	struct picker picker = { .pick = pick, .turn = turn, .random = random };
	struct key key = key_of(image, name);
	struct group group;

	if (pick->policy == PGNL_PICK_KEY)
		picker.key = siphash(pick->key, pick->key_len);
	RETRY(image, &key, &group, pick_one(image, &group, picker, member));
}
