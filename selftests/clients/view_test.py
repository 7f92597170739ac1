#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
The reader of views that was written from docs/view-format.md, in Python, against
the library's, in C, and netlink: all of them tell the same. Prints TAP.
"""

import json
import os
import platform
import random
import signal
import subprocess
import sys
import time

import tap

TOP = os.environ.get("PGNL_TOP") or os.path.join(os.path.dirname(__file__), "../..")
PGNL = os.path.join(TOP, "build/bin/pgnl")
AGENT = os.path.join(TOP, "build/selftests/agent")
STATES = ["up", "suspect", "stale"]
OTHERS = ["x", "y", "z"]
CLONE_NEWNET = 0x40000000
ROUNDS = float(os.environ.get("PGNL_ROUNDS", 1))


def pgnl(*args, ok=(0,)):
    done = subprocess.run([PGNL, *args], capture_output=True, text=True, check=False)
    assert done.returncode in ok, f"{args}: {done.stderr}"
    return done.stdout


def listed(group, *options):
    """What the command says; None when it says that there is no such group."""
    out = pgnl("-j", "members", group, *options, ok=(0, 3))
    rows = {(m["pid"], int(m["id"]), m["count"], m["uid"], m["weight"], m["meta"] or "",
             m["node"] if m["node"] in OTHERS else None, STATES.index(m["state"]))
            for m in json.loads(out or "[]")}
    return rows or None


def members_of(view, group):
    """A reader that meets the writer too often is told to ask; here it looks again."""
    end = time.monotonic() + 30
    while True:
        try:
            return view.members(group)
        except reader.Ask:
            if time.monotonic() > end:
                raise


def read(view, group):
    members = members_of(view, group)
    return members and {(m.pid, m.id, m.count, m.uid, m.weight, m.meta.decode(), m.node, m.state)
                        for m in members} or None


def mapped():
    fd = reader.view_fd("pg")
    view = reader.View(fd)
    os.close(fd)
    return view


def sleepers(n):
    return [subprocess.Popen(["sleep", "infinity"]) for _ in range(n)]


def end(processes):
    for process in processes:
        process.kill()
    for process in processes:
        assert process.wait() == -signal.SIGKILL


def test_three_readers_tell_the_same_after_every_change():
    view = mapped()
    processes = sleepers(12)
    chance = random.Random(7)
    names = ["a", "b/c", "exactly eight by", "x" * 28, "y" * 29, "z" * 255, "größe"]
    for _ in range(int(40 * ROUNDS) + 1):
        pids = [str(p.pid) for p in chance.sample(processes, chance.randrange(1, 12))]
        group = chance.choice(names)
        if chance.random() < 0.4:
            pgnl("leave", group, "--pid", *pids, "--all", ok=(0, 3))
        else:
            pgnl("join", group, "--pid", *pids, "--times", str(chance.randrange(1, 4)),
                 "--weight", str(chance.randrange(1, 1000)), "--meta", "m" * chance.randrange(257))
        told = listed(group)
        assert read(view, group) == told, (group, told, read(view, group))
        assert listed(group, "--view") == told, group
    end(processes)
    for group in names:
        assert members_of(view, group) is None and listed(group, "--view") is None, group
    view.close()


class Agent:
    """Plays the agent of this network namespace."""

    def __init__(self):
        self.process = subprocess.Popen([AGENT, "here", "3600000"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == "ok\n"

    def say(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        assert answer == "ok\n", (words, answer)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0
        self.process.stdout.close()


def let_agent_do(agent, chance, up):
    """Something by chance; up: the incarnations of the nodes that are there."""
    node = chance.choice(OTHERS)
    what = chance.choice(["up", "down", "suspect", "sync"] + 6 * ["put"])
    if what != "up" and node not in up:
        return
    if what in ("up", "put"):
        up.setdefault(node, chance.randrange(1, 9))
        agent.say("up", node, up[node])
    if what == "put":
        agent.say("put pg", node, up[node], chance.choice("ab"), chance.randrange(1, 12),
                  chance.randrange(4), "m" * chance.randrange(257))
    elif what == "sync":
        agent.say("up", node, up[node])
        agent.say("begin", node, up[node])
        agent.say("put pg", node, up[node], "a", chance.randrange(1, 12), 1)
        agent.say("commit", node, up[node])
    elif what != "up":
        agent.say(what, node, up[node])
    if what == "down":
        del up[node]


def compare(view):
    """Both readers of the view and netlink; the states of the members."""
    states = set()
    for group in "ab":
        told = listed(group)
        assert read(view, group) == told, (group, told, read(view, group))
        assert listed(group, "--view") == told, group
        states |= {row[-1] for row in told or []}
    return states


def test_members_of_other_nodes_are_told_alike():
    view = mapped()
    agent = Agent()
    process, = sleepers(1)
    pgnl("join", "b", "--pid", str(process.pid))
    up = {"x": 1}
    agent.say("up x 1")
    agent.say("put pg x 1 a 1 1")
    assert compare(view) == {STATES.index("up")}
    agent.say("suspect x 1")
    assert STATES.index("suspect") in compare(view)
    agent.close()
    assert STATES.index("stale") in compare(view)
    # Whoever comes next finds what is there, and not confirmed.
    agent = Agent()
    chance = random.Random(3)
    for _ in range(int(6 * ROUNDS) + 1):
        for _ in range(4):
            let_agent_do(agent, chance, up)
        compare(view)
    for node, incarnation in up.items():
        agent.say("down", node, incarnation)
    assert members_of(view, "a") is None and listed("b") == read(view, "b")
    agent.close()
    end([process])
    assert members_of(view, "b") is None
    view.close()


def test_large_groups_are_whole():
    view = mapped()
    processes = sleepers(50)
    pids = [str(p.pid) for p in processes]
    for n in (1, 7, 8, 9, 39, 40, 41, 50):
        pgnl("join", "g", "--pid", *pids[:n])
        assert read(view, "g") == listed("g") == listed("g", "--view")
        pgnl("leave", "g", "--pid", *pids[:(n + 1) // 2])
        assert read(view, "g") == listed("g") == listed("g", "--view")
    end(processes)
    view.close()


def test_groups_without_a_place_in_the_directory_are_asked_for():
    view = mapped()
    process, = sleepers(1)
    # With so few groups all of these belong into one bucket, which has 15 places and is
    # arranged anew for up to 12; those after may find theirs free.
    names = [name for name in map(str, range(9999)) if view.hash(name.encode()) >> 32 & 63 == 0][:20]
    left_out = []
    for name in names:
        pgnl("join", name, "--pid", str(process.pid))
    for name in names:
        try:
            assert [m.pid for m in view.members(name)] == [process.pid], name
        except reader.Ask:
            left_out.append(name)
    assert 5 <= len(left_out) <= 8, left_out
    for name in left_out:
        assert listed(name, "--view") == listed(name) is not None, name
    end([process])
    view.close()


def test_no_reader_sees_half_of_a_change():
    view = mapped()
    processes = sleepers(2)
    pids = [str(p.pid) for p in processes]
    script = f"while :; do {PGNL} join pair --pid {pids[0]} {pids[1]} --meta left --weight 2;" \
             f" {PGNL} join pair --pid {pids[1]} {pids[0]} --meta rightright --weight 3;" \
             f" {PGNL} leave pair --pid {pids[0]} {pids[1]} --all; done >/dev/null"
    with subprocess.Popen(["sh", "-c", script], start_new_session=True) as churn:
        looks = 0
        seen = set()
        while looks < 3000 * ROUNDS or len(seen) < 2 and looks < 300000:
            looks += 1
            try:
                members = view.members("pair")
            except reader.Ask:
                continue
            if members is None:
                continue
            assert len(members) == 2 and members[0].id != members[1].id, members
            assert members[0][2:] == members[1][2:], members
            assert members[0].meta in (b"left", b"rightright"), members
            seen.add(members[0].meta)
        os.killpg(churn.pid, signal.SIGKILL)
        churn.wait()
    assert len(seen) == 2, seen
    end(processes)
    view.close()


def test_a_reaped_process_is_shown_by_neither():
    view = mapped()
    for _ in range(int(50 * ROUNDS) + 1):
        processes = sleepers(2)
        pgnl("join", "g", "--pid", *[str(p.pid) for p in processes])
        end(processes[:1])
        assert [m.pid for m in members_of(view, "g")] == [processes[1].pid]
        end(processes[1:])
        assert members_of(view, "g") is None
    assert listed("g", "--view") is None
    view.close()


def test_a_dead_view_says_so():
    pgnl("scope", "add", "s")
    fd = reader.view_fd("s")
    view = reader.View(fd)
    os.close(fd)
    assert view.scope == "s" and view.members("g") is None
    pgnl("scope", "del", "s")
    try:
        view.members("g")
        raise AssertionError("it does not")
    except reader.Ask:
        pass
    view.close()


if __name__ == "__main__":
    if platform.machine() not in ("x86_64", "i686"):
        print("1..0 # SKIP Python can't order its loads on this processor")
        sys.exit(0)
    sys.path.insert(0, os.path.join(TOP, "libpgnl/examples"))
    import pgnl_view as reader
    sys.exit(tap.run(globals()))
