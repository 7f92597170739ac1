#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
A reader of views, written from docs/view-format.md alone; it uses no libpgnl.

    pgnl_view.py [-s SCOPE] GROUP...

prints the members of groups. It is meant to be read, not to be fast. Python has
no memory fences, so it is for processors that keep loads in order, as x86 does.
"""

import argparse
import collections
import mmap
import os
import platform
import socket
import struct
import sys
import time

UNIT = 64
BUCKET = 64
SLOT = 128
NODE = 128
TRIES = 64
NAME = 28               # bytes of a name that stand in the slot
ROWS = [8] + [4 * 8**k for k in range(1, 8)]   # of each segment
ASK_META = 0xffffffff
DEAD, PARTIAL = 1, 2
CREATED = 1
GONE = 255
FACTOR = 0x9e3779b97f4a7c15
MASK = (1 << 64) - 1

# From the interface's header.
CMD_VIEW_GET = 30
A_SCOPE, A_FD = 1, 55

# node: None for members of this node; age: of its state, in milliseconds
Member = collections.namedtuple("Member", "pid id count uid weight meta node state age",
                                defaults=(None, 0, 0))


class Ask(Exception):
    """The view does not tell; netlink does."""


class Again(Exception):
    """What was read has changed meanwhile."""


def attribute(kind, data):
    return struct.pack("@HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def attributes(data):
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("@HH", data)
        found[kind & 0x3fff] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def request(sock, family, command, data):
    """One generic netlink request; the attributes of its reply."""
    body = struct.pack("@BBH", command, 1, 0) + data
    sock.send(struct.pack("@IHHII", 16 + len(body), family, 1, 1, 0) + body)
    reply = sock.recv(65536)
    length, kind = struct.unpack_from("@IH", reply)
    if kind == 2:
        error = -struct.unpack_from("@i", reply, 16)[0]
        raise OSError(error, os.strerror(error))
    return attributes(reply[20:length])


def view_fd(scope):
    """A descriptor of the view of a scope."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as sock:
        sock.bind((0, 0))
        family = request(sock, 16, 3, attribute(2, b"pgnl\0"))[1]
        reply = request(sock, struct.unpack("@H", family)[0], CMD_VIEW_GET,
                        attribute(A_SCOPE, scope.encode() + b"\0"))
    return struct.unpack("@I", reply[A_FD])[0]


class View:
    """A mapped view."""

    def __init__(self, fd):
        with mmap.mmap(fd, mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ) as page:
            magic, version, _, self.size = struct.unpack_from("@8sIIQ", page)
        if magic != b"pgnlview" or version != 2:
            raise ValueError("not a view of version 2")
        self.map = mmap.mmap(fd, self.size, mmap.MAP_SHARED, mmap.PROT_READ)
        self.words = self.u32(12) * UNIT
        self.buckets = self.u32(24) * UNIT
        self.slots = self.u32(28) * UNIT
        self.nodes = self.u32(48) * UNIT
        self.seed = struct.unpack_from("@Q", self.map, 144)[0]
        self.scope = self.map[64:128].rstrip(b"\0").decode()

    def close(self):
        self.map.close()

    def u32(self, offset):
        return struct.unpack_from("@I", self.map, offset)[0]

    def u32s(self, offset, n):
        return struct.unpack_from(f"@{n}I", self.map, offset)

    def at(self, place, size):
        """The offset of a place that holds so many bytes."""
        offset = place * UNIT
        if not place or offset + size > self.size:
            raise Again
        return offset

    def hash(self, name):
        value = (self.seed + len(name)) & MASK
        for i in range(0, len(name), 8):
            part = int.from_bytes(name[i:i + 8], "little")
            value = ((value ^ part) * FACTOR) & MASK
            value ^= value >> 32
        return (value * FACTOR) & MASK

    def check(self, slot, seq):
        if self.u32(slot) != seq:
            raise Again

    def is_it(self, slot, seq, name):
        """Is that slot the group of that name?"""
        if self.map[slot + 4] != len(name):
            return False
        if self.map[slot + 32:slot + 32 + NAME].rstrip(b"\0") != name[:NAME]:
            return False
        if seq & 1:
            raise Again
        if len(name) <= NAME:
            return True
        place = self.u32(slot + 96)
        self.check(slot, seq)
        offset = self.at(place, len(name))
        same = self.map[offset:offset + len(name)] == name
        self.check(slot, seq)
        return same

    def find(self, name):
        """The offset and sequence of a group's slot; None when there is none."""
        dir_seq = self.u32(132)
        buckets = self.u32(136)
        if not buckets:
            raise Ask
        hashed = self.hash(name)
        half = 1 << (buckets.bit_length() - 1)
        bucket = (hashed >> 32) % (2 * half)
        if bucket >= buckets:
            bucket -= half
        bucket = self.buckets + BUCKET * bucket
        place = (hashed * self.u32(bucket) & MASK) >> 60
        number = self.u32(bucket + 4 * place)
        if place and number:
            slot = self.slots + number * SLOT
            seq = self.u32(slot)
            if self.is_it(slot, seq, name):
                return slot, seq
        flags = self.u32(128)
        if dir_seq & 1 or self.u32(132) != dir_seq:
            raise Again
        if flags & (DEAD | PARTIAL):
            raise Ask
        return None

    def columns(self, slot, seq, part):
        """For each segment of the rows of a slot where it is, and its pids, its room and rows."""
        rows = self.u32(part + 8)
        places = (self.u32(part + 60),) + self.u32s(part + 100, 7)
        self.check(slot, seq)
        for place, room in zip(places, ROWS):
            here = min(rows, room)
            if here:
                base = self.at(place, 32 * room)
                yield base, base if room != ROWS[0] else part + 64, room, here
            rows -= here

    def meta(self, slot, seq, place):
        if not place:
            return b""
        if place == ASK_META:
            raise Ask
        offset = self.at(place, 8)
        length = struct.unpack_from("@H", self.map, offset)[0]
        self.check(slot, seq)
        return self.map[offset + 8:offset + 8 + length]

    def rows(self, slot, seq, part):
        """The rows of a slot: pid, word, id, then count, uid, weight and extra."""
        for base, at_pids, room, here in self.columns(slot, seq, part):
            pids = self.u32s(at_pids, here)
            words = self.u32s(base + 4 * room, here)
            ids = struct.unpack_from(f"@{here}Q", self.map, base + 8 * room)
            info = self.map[base + 16 * room:base + 16 * room + 16 * here]
            self.check(slot, seq)
            yield from zip(pids, words, ids, struct.iter_unpack("@IIHxxI", info))

    def here(self, slot, seq):
        """The members of this node."""
        pending = self.u32(self.words)
        for pid, word, number, (count, uid, weight, extra) in self.rows(slot, seq, slot):
            if pid and not (pending and self.u32(self.words + 4 * word)):
                yield Member(pid, number, count, uid, weight, self.meta(slot, seq, extra))

    def far(self, slot, seq, part):
        """The members of other nodes."""
        for pid, word, number, (count, uid, weight, extra) in self.rows(slot, seq, part):
            node = self.nodes + NODE * word
            if node + NODE > self.size:
                raise Again
            since, = struct.unpack_from("@Q", self.map, node)
            state = since & 0xff
            if state == GONE:
                continue
            age = max(0, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 10**6 - (since >> 8))
            yield Member(pid, number, count, uid, weight, self.meta(slot, seq, extra),
                         self.map[node + 64:node + NODE].rstrip(b"\0").decode(), state,
                         age if state else 0)

    def read(self, slot, seq):
        """The members of a group, None when it does not exist."""
        unseen = self.u32(slot + 24)
        flags = self.map[slot + 5]
        number = self.u32(slot + 28)
        members = list(self.here(slot, seq))
        if number:
            if number >= self.u32(140):
                raise Again
            members += self.far(slot, seq, self.slots + number * SLOT)
        self.check(slot, seq)
        if not self.u32(136):
            raise Ask
        return members if members or unseen or number or flags & CREATED else None

    def members(self, name):
        """The members of a group; None when there is no such group."""
        name = os.fsencode(name)
        for _ in range(TRIES):
            try:
                found = self.find(name)
                return found and self.read(*found)
            except Again:
                pass
        raise Ask


def main():
    parser = argparse.ArgumentParser(description="Print the members of groups from a view.")
    parser.add_argument("-s", "--scope", default="pg")
    parser.add_argument("group", nargs="+")
    args = parser.parse_args()
    if platform.machine() not in ("x86_64", "i686"):
        sys.exit("this processor may reorder loads, and Python can't prevent it")
    fd = view_fd(args.scope)
    view = View(fd)
    os.close(fd)
    for group in args.group:
        try:
            members = view.members(group)
        except Ask:
            print(f"{group}: not told by the view")
            continue
        if members is None:
            print(f"{group}: no such group")
        for member in members or []:
            print(f"{group}: pid {member.pid}, id {member.id}, count {member.count},"
                  f" uid {member.uid}, weight {member.weight}, meta {member.meta},"
                  f" node {member.node or 'this'}, state {member.state}, age {member.age}")


if __name__ == "__main__":
    main()
