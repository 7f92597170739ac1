/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * The mapped view of a scope, version 2. docs/view-format.md says how to read
 * it; the structs alone are not enough for that.
 *
 * All numbers are in host byte order. A "place" is an offset from the start of
 * the mapping in units of 64 bytes; 0 is none.
 */
#ifndef _UAPI_LINUX_PGNL_VIEW_H
#define _UAPI_LINUX_PGNL_VIEW_H

#include <linux/types.h>

#define PGNL_VIEW_MAGIC		"pgnlview"
#define PGNL_VIEW_VERSION	2

/* Bytes of the unit of a place. */
#define PGNL_VIEW_UNIT		64

/* Words of a bucket, the factor included. */
#define PGNL_VIEW_BUCKET	16

/* No factor is below this, and no number of a slot comes near. */
#define PGNL_VIEW_FACTOR_MIN	0x80000000U

/* Rows of segment 0. */
#define PGNL_VIEW_ROWS		8

/* Rows of segment k. */
#define PGNL_VIEW_ROWS_OF(k)	((k) ? 4U << 3 * (k) : PGNL_VIEW_ROWS)

/* Segments that a group has at most, segment 0 included. */
#define PGNL_VIEW_SEGMENTS	8

/* Bytes that a row takes in its segment, over all columns. */
#define PGNL_VIEW_ROW_SIZE	32

/* Bytes of a name that stand in the slot itself. */
#define PGNL_VIEW_NAME_INLINE	28

/* In place of the state of a node: its rows are not to be shown. */
#define PGNL_VIEW_GONE		255

/* In place of a piece of metadata: there is some, ask netlink. */
#define PGNL_VIEW_ASK		0xffffffffU

/**
 * enum pgnl_view_flag - State of a view.
 * @PGNL_VIEW_DEAD: The scope is gone; nothing in here holds any more.
 * @PGNL_VIEW_PARTIAL: Some groups are not in here, or metadata; ask netlink for
 *   a group that is not found.
 */
enum pgnl_view_flag {
	PGNL_VIEW_DEAD = 1,
	PGNL_VIEW_PARTIAL = 2,
};

/**
 * enum pgnl_view_group_flag - Properties of a group.
 * @PGNL_VIEW_GROUP_CREATED: Made by request, so there also when empty.
 * @PGNL_VIEW_GROUP_FAR: This slot has the rows of other nodes, for a group
 *   whose slot leads here.
 */
enum pgnl_view_group_flag {
	PGNL_VIEW_GROUP_CREATED = 1,
	PGNL_VIEW_GROUP_FAR = 2,
};

/**
 * struct pgnl_view_header - The start of the mapping.
 * @magic: PGNL_VIEW_MAGIC without its NUL.
 * @version: PGNL_VIEW_VERSION.
 * @words_at: Place of the words of the processes, each a __u32.
 * @size: Bytes of the whole mapping.
 * @buckets_at: Place of the buckets.
 * @slots_at: Place of the slots.
 * @pid_ns: Inode number of the pid namespace of the pids.
 * @user_ns: Inode number of the user namespace of the uids.
 * @epoch: That of the module.
 * @nodes_at: Place of the other nodes, each a struct pgnl_view_node.
 * @zero1: Always 0.
 * @scope: Name of the scope, NUL-padded.
 * @flags: enum pgnl_view_flag.
 * @dir_seq: Sequence of buckets and chains; odd while they are changed.
 * @buckets: How many buckets there are; it only grows, and is 0 in the end.
 * @slots: How many slots there are, number 0 included; it only grows.
 * @seed: Of the hash.
 * @gone: How many nodes are gone whose rows may still be here.
 * @zero2: Always 0.
 */
struct pgnl_view_header {
	__u8	magic[8];
	__u32	version;
	__u32	words_at;
	__u64	size;
	__u32	buckets_at;
	__u32	slots_at;
	__u32	pid_ns;
	__u32	user_ns;
	__u64	epoch;
	__u32	nodes_at;
	__u32	zero1[3];
	__u8	scope[64];
	/* Offset 128: what every look-up reads. */
	__u32	flags;
	__u32	dir_seq;
	__u32	buckets;
	__u32	slots;
	__u64	seed;
	__u32	gone;
	__u32	zero2[9];
};

/**
 * struct pgnl_view_bucket - Some groups, each at a place of its own.
 * @word: The first is the factor, from which it follows at which of the others the
 *   slot of a name stands by its number; 0: there is none.
 *
 * It is a line of the cache.
 */
struct pgnl_view_bucket {
	__u32	word[PGNL_VIEW_BUCKET];
};

/**
 * struct pgnl_view_slot - A group, or what other nodes have in one.
 * @seq: Sequence of the group and its rows; odd while they are changed.
 * @name_len: Bytes of the name; 0 in a slot that is no group's.
 * @flags: enum pgnl_view_group_flag.
 * @zero: Always 0.
 * @rows: Rows, those included that are not to be shown.
 * @seen: Rows to be shown.
 * @members: Sum of the counts of the rows to be shown.
 * @unseen: Members that have no pid in the pid namespace of the view.
 * @far: Number of the slot with what other nodes have in the group, 0 if they
 *   have nothing.
 * @name: The first bytes of the name, NUL-padded.
 * @first: Place of segment 0.
 * @pid: The pids of its rows, which are not in the segment itself.
 * @name_at: Place of the whole name, when it does not fit.
 * @more: Places of the further segments.
 *
 * It is two lines of the cache, with all that it takes to read the pids of a
 * small group.
 *
 * Of a slot with %PGNL_VIEW_GROUP_FAR only @flags, @rows, @seen, @members, @pid
 * and the places of the segments mean something, and the sequence of the slot
 * that leads to it covers them.
 */
struct pgnl_view_slot {
	__u32	seq;
	__u8	name_len;
	__u8	flags;
	__u16	zero;
	__u32	rows;
	__u32	seen;
	__u64	members;
	__u32	unseen;
	__u32	far;
	__u8	name[PGNL_VIEW_NAME_INLINE];
	__u32	first;
	__u32	pid[PGNL_VIEW_ROWS];
	__u32	name_at;
	__u32	more[PGNL_VIEW_SEGMENTS - 1];
};

/**
 * struct pgnl_view_node - Another node.
 * @since: Milliseconds of the boot clock at which it came into its state, times
 *   256; and its state, of enum pgnl_state or PGNL_VIEW_GONE.
 * @incarnation: Which of that name.
 * @zero: Always 0.
 * @name: Its name, NUL-padded; empty: none of whom there is a row.
 */
struct pgnl_view_node {
	__u64	since;
	__u64	incarnation;
	__u64	zero[6];
	__u8	name[64];
};

/**
 * struct pgnl_view_info - What is less often asked of a member.
 * @count: How many times the process has joined; 0: no row to be shown.
 * @uid: Real uid of the process as of its first join.
 * @weight: Weight of the membership.
 * @zero: Always 0.
 * @extra_at: Place of a struct pgnl_view_extra, 0, or PGNL_VIEW_ASK.
 */
struct pgnl_view_info {
	__u32	count;
	__u32	uid;
	__u16	weight;
	__u16	zero;
	__u32	extra_at;
};

/**
 * struct pgnl_view_extra - What few members have.
 * @len: Bytes of metadata, 0 to PGNL_META_MAX.
 * @zero: Always 0.
 * @meta: The metadata.
 */
struct pgnl_view_extra {
	__u16	len;
	__u16	zero[3];
	__u8	meta[];
};

#endif /* _UAPI_LINUX_PGNL_VIEW_H */
