# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that join, leave and end in every way, and what each of them is in by the
script alone: no answer of the module is believed.

Small ones are those of a node's worker, told by slots. The first ones of these live as long
as their node, and what they are in outlives all but that. Guests are programs of their own.
"""
import collections
import subprocess

from cage import Cage, let_go
from nodes import fail, pgnl_worker
from proc import alive, pgnl, state
from stage import Part

SLOTS = 24              # small processes of a node
HELD = 10               # of these never end
HELD_GROUP = 'held'
LOAD = 60               # memberships of a node, when it is quiet
GROUPS = ['web', 'db', 'cache', 'a/b', 'a/c', 'x', 'y', 'z']
BURST = 1500            # groups that one is in for a moment
HUNGRY = 24 << 20       # bytes for one that eats all of them


def own_rows(words):
    """Of the answer to "view", what is the node's own: how often each process, by pid, is
    in each group."""
    rows = collections.Counter()
    for word in words:
        *group, node, pid, count = word.split('/')
        if not node:
            rows['/'.join(group), int(pid)] += int(count)
    return rows


def all_rows(words, own):
    """The same of all nodes, each by its name."""
    rows = collections.Counter()
    for word in words:
        *group, node, pid, count = word.split('/')
        rows['/'.join(group), node or own, int(pid)] += int(count)
    return rows


class Household:
    """The processes of one node."""

    def __init__(self, name):
        self.name = name
        self.worker = pgnl_worker(name)
        self.pids = []                      # by slot, of the dead, too
        self.alive = []                     # slots
        self.guests = {}                    # by pid
        self.rows = collections.Counter()   # (group, pid): how often
        self.spawn(SLOTS)
        self.join(HELD_GROUP, range(HELD))

    def spawn(self, n):
        first = len(self.pids)
        self.pids += [int(word) for word in self.worker('spawn', n)]
        self.alive += range(first, first + n)

    def join(self, group, slots):
        answer = self.worker('join', group, *slots)
        if answer != ['ok']:
            fail(f'{self.name}: join {group} {list(slots)}: {answer[0]}')
        for slot in slots:
            self.rows[group, self.pids[slot]] += 1

    def leave(self, group, slots):
        """Each of these once, if it is there."""
        there = any(self.rows[group, self.pids[slot]] for slot in slots)
        answer = self.worker('leave', group, *slots)
        if answer != ['ok' if there else 'not_joined']:
            fail(f'{self.name}: leave {group} {list(slots)}: {answer[0]}')
        for slot in slots:
            key = group, self.pids[slot]
            self.rows[key] = max(0, self.rows[key] - 1)
        self.rows += collections.Counter()      # without those that are 0

    def kill(self, slots):
        """When this returns they have been reaped."""
        self.worker('kill', *slots)
        for slot in slots:
            self.alive.remove(slot)
        self.forget([self.pids[slot] for slot in slots])
        self.spawn(len(slots))

    def forget(self, pids):
        """They have ended; nothing of them may be seen from now on."""
        for key in [key for key in self.rows if key[1] in pids]:
            del self.rows[key]
        shown = [key for key in own_rows(self.worker('view')) if key[1] in pids]
        if shown:
            fail(f'{self.name}: {pids} have ended and are shown: {shown}')

    def guest(self, script, cage=None):
        """A shell that joins, and goes on when its input ends."""
        process = subprocess.Popen(['sh', '-c', f'read line; {script}'], stdin=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        if cage:
            cage.take(process.pid)
        self.guests[process.pid] = process
        return process.pid

    def guest_joins(self, pid, group):
        command = pgnl(self.name, 'join', group, '--pid', pid)
        if command.wait():
            fail(f'{self.name}: guest {pid} joins {group}: status {command.returncode}')
        self.rows[group, pid] += 1

    def guest_ends(self, pid, how, status):
        """By its input's end, or whatever how() does; as status says."""
        process = self.guests.pop(pid)
        if how:
            how(process)
        process.stdin.close()
        if process.wait() != status:
            fail(f'{self.name}: guest {pid} ended with {process.returncode}, not {status}')
        self.forget([pid])

    def wrong(self):
        """What is the module's truth of this node, beside the script's and that of /proc."""
        seen, lines = own_rows(self.worker('view')), []
        if seen != self.rows:
            lines.append(f'{self.name}: its own members: lacks {dict(self.rows - seen)}, '
                         f'has in excess {dict(seen - self.rows)}')
        lines += [f'{self.name}: {group} has process {pid}, whose state is '
                  f'"{state(pid)}"' for group, pid in seen if not alive(pid)]
        return lines

    def close(self):
        for process in self.guests.values():
            process.kill()
            process.stdin.close()
            process.wait()
        self.worker.close()


class Members(Part):
    def __init__(self, stage):
        super().__init__(stage)
        self.households = {}
        self.hungry, self.ice = Cage('hungry'), Cage('ice')
        self.hungry.limit(HUNGRY)
        self.acts = {self.join: 14, self.leave: 8, self.kill: 8, self.burst: 3,
                     self.guest: 3, self.guest_exits: 2, self.guest_killed: 1,
                     self.guest_starves: 1, self.freeze: 2}

    def up(self, name):
        self.households[name] = Household(name)

    def down(self, name):
        if name in self.households:
            self.households.pop(name).close()

    def some(self, random):
        return self.households[random.choice(self.stage.names)]

    # --- acts ---------------------------------------------------------------------

    def join(self, random):
        """One or several, some of them more than once."""
        house, group = self.some(random), random.choice(GROUPS)
        slots = [random.choice(house.alive) for _ in range(random.choice([1, 1, 1, 2, 3, 8]))]
        house.join(group, slots)
        return f'{house.name}: {len(slots)} join {group}'

    def leave(self, random):
        house, group = self.some(random), random.choice(GROUPS)
        slots = [random.choice(house.alive) for _ in range(random.choice([1, 1, 3, 8]))]
        house.leave(group, slots)
        return f'{house.name}: {len(slots)} leave {group}'

    def kill(self, random):
        house = self.some(random)
        slots = random.sample(house.alive[HELD:], random.choice([1, 1, 2, 4]))
        house.kill(slots)
        return f'{house.name}: {len(slots)} killed'

    def burst(self, random):
        """More events at once than a socket has room for."""
        house = self.some(random)
        for act in 'fill', 'empty':
            house.worker(act, 'burst/', BURST, 0, 1)
        return f'{house.name}: burst'

    def guest(self, random):
        house, group = self.some(random), random.choice(GROUPS)
        pid = house.guest('exit 3')
        house.guest_joins(pid, group)
        return f'{house.name}: a guest joins {group}'

    def some_guest(self, random):
        houses = [house for house in self.households.values() if house.guests]
        if not houses:
            return None, None
        house = random.choice(sorted(houses, key=lambda house: house.name))
        return house, random.choice(list(house.guests))     # in the order of their births

    def guest_exits(self, random):
        house, pid = self.some_guest(random)
        if house:
            house.guest_ends(pid, None, 3)
            return f'{house.name}: a guest exits'
        return ''

    def guest_killed(self, random):
        house, pid = self.some_guest(random)
        if house:
            house.guest_ends(pid, lambda process: process.kill(), -9)
            return f'{house.name}: a guest is killed'
        return ''

    def guest_starves(self, random):
        """One that eats memory until the OOM killer ends it."""
        house, group = self.some(random), random.choice(GROUPS)
        pid = house.guest('exec tail /dev/zero', self.hungry)
        house.guest_joins(pid, group)
        house.guest_ends(pid, None, -9)
        return f'{house.name}: a guest runs out of memory'

    def freeze(self, random):
        """Frozen ones join, and some of them are killed."""
        house, group = self.some(random), random.choice(GROUPS)
        slots = random.sample(house.alive[HELD:], 4)
        for slot in slots:
            self.ice.take(house.pids[slot])
        self.ice.freeze()
        house.join(group, slots)
        house.kill(slots[:2])
        self.ice.thaw()
        for slot in slots[2:]:
            let_go(house.pids[slot])
        return f'{house.name}: 4 frozen, 2 of them killed'

    # --- quiet --------------------------------------------------------------------

    def wrong(self):
        return [line for house in self.households.values() for line in house.wrong()]

    def level(self, random):
        """So many memberships on each node, and no guests, so that memory can be compared."""
        for house in self.households.values():
            for pid in list(house.guests):
                house.guest_ends(pid, None, 3)
            self.level_one(random, house)

    @staticmethod
    def level_one(random, house):
        slots = {house.pids[slot]: slot for slot in house.alive}
        while len(house.rows) > LOAD:
            group, pid = random.choice([key for key in house.rows if key[0] != HELD_GROUP])
            house.leave(group, [slots[pid]] * house.rows[group, pid])
        while len(house.rows) < LOAD:
            group, pid = random.choice(GROUPS), random.choice(list(slots))
            if not house.rows[group, pid]:
                house.join(group, [slots[pid]])

    def memberships(self):
        return sum(len(house.rows) for house in self.households.values())

    def processes(self):
        return sum(len(house.alive) + len(house.guests) for house in self.households.values())

    def expected(self):
        """What every node has to see."""
        rows = collections.Counter()
        for name, house in self.households.items():
            rows.update({(group, name, pid): n for (group, pid), n in house.rows.items()})
        return rows

    def unseen(self):
        """Of each node that sees something else, what."""
        expected, lines = self.expected(), []
        for name, house in self.households.items():
            seen = all_rows(house.worker('view'), name)
            if seen != expected:
                lines.append(f'{name} lacks {dict(expected - seen)}, '
                             f'has in excess {dict(seen - expected)}')
        return lines
