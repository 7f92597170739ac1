#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same random script to pgnl and to Erlang's pg, on three nodes each.

Runs in the VM, with the module loaded. A node is a network namespace; in each runs an
agent, and an Erlang node. Cutting a cable cuts both. Processes of both join, leave and die
by the script, and whenever it is quiet every node of both must show the same members, the
same number of times each: those that the nodes which it reaches say of themselves. What a
call answers must be the same, too.

They differ in these ways only, of which the script knows:
- pg takes a dead process and shows it for a moment; pgnl answers that there is none
- a group that an empty list joins exists in pg, without members; pgnl makes none
"""
import argparse
import collections
import itertools
import os
import random
import sys
import time

import nodes
from nodes import Cluster, Shell, await_that, fail

NODES = 'abc'
SLOTS = 12              # processes of each node at a time
GROUPS = ['web', 'db', 'a/b', 'x']
TICKTIME = 4            # seconds in which Erlang misses a peer
DEAD = {'pgnl': 'ESRCH', 'pg': 'ok'}
PHANTOM = 'nobody'      # a group that only empty lists join


class Side:
    """All nodes of one of the two, told by the names of the script."""

    def __init__(self, name, workers):
        self.name = name
        self.workers = workers
        self.members = {node: [] for node in NODES}     # by slot, what a view calls them

    def spawn(self, node, n):
        self.members[node] += self.workers[node]('spawn', n)

    def view(self, node):
        """How often each (group, node, slot) is seen there."""
        view = collections.Counter()
        for word in self.workers[node]('view'):
            *group, owner, member, count = word.split('/')
            owner = owner.split('@')[0] or node
            slots = self.members[owner]
            slot = slots.index(member) if member in slots else member
            view['/'.join(group), owner, slot] += int(count)
        return view


class Truth:
    """What there is, by the script alone."""

    def __init__(self):
        self.own = {node: collections.Counter() for node in NODES}
        self.cut = set()                # pairs
        self.alive = {node: [] for node in NODES}

    def reaches(self, a, b):
        return a == b or frozenset((a, b)) not in self.cut

    def view(self, node):
        view = collections.Counter()
        for other in NODES:
            if self.reaches(node, other):
                view.update({(group, other, slot): count
                             for (group, slot), count in self.own[other].items()})
        return +view


class Oracle:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.truth = Truth()
        self.shell = Shell()
        self.steps = collections.Counter()
        self.shell('cluster_up "tolerance = 300ms" "grace = 0"')
        self.cluster = Cluster(self.shell, NODES)
        self.cluster.start()
        numbers = self.cluster.numbers
        erlang = {node: nodes.PgWorker(node, numbers[node], TICKTIME) for node in NODES}
        self.erlang = {node: worker.name for node, worker in erlang.items()}
        self.pg = Side('pg', erlang)
        self.pgnl = Side('pgnl', {node: nodes.pgnl_worker(node) for node in NODES})
        self.sides = [self.pgnl, self.pg]
        for node in NODES:
            self.spawn(node, SLOTS + 1)

    def spawn(self, node, n):
        for side in self.sides:
            side.spawn(node, n)
        slots = self.truth.alive[node]
        first = len(self.pg.members[node]) - n
        slots += range(first or 1, first + n)           # slot 0 is never used

    # --- the script ---------------------------------------------------------------

    def both(self, node, *command, expected=None):
        answers = {}
        for side in self.sides:
            side.workers[node].ask(*command)
        for side in self.sides:
            answers[side.name] = side.workers[node].answer()[0]
        if answers != (expected or {side.name: answers['pg'] for side in self.sides}):
            fail(f'{node}: {" ".join(map(str, command))}: {answers}')
        return answers['pg']

    def some_slots(self, node):
        """One or several, some of them more than once."""
        n = self.random.choice([1, 1, 1, 2, 3, 6])
        return [self.random.choice(self.truth.alive[node]) for _ in range(n)]

    def join(self, node):
        group, slots = self.random.choice(GROUPS), self.some_slots(node)
        self.say(node, 'join', group, *slots)
        self.both(node, 'join', group, *slots, expected={'pgnl': 'ok', 'pg': 'ok'})
        for slot in slots:
            self.truth.own[node][group, slot] += 1

    def leave(self, node):
        group, slots = self.random.choice(GROUPS), self.some_slots(node)
        if self.random.random() < 0.7 and +self.truth.own[node]:
            group, slot = self.random.choice(sorted(+self.truth.own[node]))
            slots[0] = slot
        self.say(node, 'leave', group, *slots)
        own = self.truth.own[node]
        answer = 'ok' if any(own[group, slot] for slot in slots) else 'not_joined'
        self.both(node, 'leave', group, *slots, expected={'pgnl': answer, 'pg': answer})
        for slot in slots:
            own[group, slot] = max(0, own[group, slot] - 1)

    def kill(self, node):
        slot = self.random.choice(self.truth.alive[node])
        self.say(node, 'kill', slot)
        self.both(node, 'kill', slot)
        self.truth.alive[node].remove(slot)
        for key in list(self.truth.own[node]):
            if key[1] == slot:
                del self.truth.own[node][key]
        if self.random.random() < 0.3:
            self.both(node, 'join', self.random.choice(GROUPS), slot, expected=DEAD)
        self.spawn(node, 1)

    def cut(self, a, b):
        self.say(a, 'cut from', b)
        self.shell(f'cut_pair {a} {b}')
        self.truth.cut.add(frozenset((a, b)))

    def heal(self):
        for a, b in map(sorted, sorted(self.truth.cut, key=sorted)):
            self.say(a, 'heal with', b)
            self.shell(f'heal_pair {a} {b}')
        self.truth.cut.clear()

    def say(self, node, what, *words):
        self.steps[what.split()[0]] += 1
        if self.verbose:
            print(f'  {node}: {what}', *words)

    def join_nobody(self, node):
        self.say(node, 'empty join')
        self.both(node, 'join', PHANTOM)

    def changes(self, n):
        acts = {self.join: 10, self.leave: 6, self.kill: 4, self.join_nobody: 1}
        for _ in range(n):
            act, = self.random.choices(list(acts), acts.values())
            act(self.random.choice(NODES))

    # --- quiet ----------------------------------------------------------------------

    def links_are_so(self):
        """Every agent and every Erlang node is connected to whom it reaches, and nobody
        else. Erlang connects when it is asked to."""
        for node in NODES:
            others = {other for other in NODES
                      if other != node and self.truth.reaches(node, other)}
            if self.cluster.connected(node) != others:
                return False
            worker = self.pg.workers[node]
            if {name.split('@')[0] for name in worker('nodes')} != others:
                worker('connect', *(self.erlang[other] for other in others))
                return False
        return True

    def wrong(self):
        """The first node that does not see what it should, of a side, as text."""
        for node in NODES:
            truth = self.truth.view(node)
            for side in self.sides:
                seen = side.view(node)
                if seen != truth:
                    return (f'{side.name} on node {node} '
                            f'lacks {dict(truth - seen)}, has in excess {dict(seen - truth)}')
        return ''

    def quiet(self, what):
        await_that(f'{what}: links', self.links_are_so)
        end = time.monotonic() + nodes.PATIENCE
        while self.wrong():
            if time.monotonic() > end:
                fail(f'{what}: {self.wrong()}')
            time.sleep(0.05)
        for node in NODES:
            groups = {side.name: set(side.workers[node]('groups')) for side in self.sides}
            if groups['pgnl'] != groups['pg'] - {PHANTOM}:
                fail(f'{what}: groups of node {node}: {groups}')
        self.steps['quiet point'] += 1

    def round(self, number):
        self.changes(self.random.randint(5, 15))
        self.quiet(f'round {number}')
        pairs = list(itertools.combinations(NODES, 2))
        for a, b in self.random.sample(pairs, self.random.choice([1, 2, 2, 3])):
            self.cut(a, b)
        self.changes(self.random.randint(5, 15))
        if self.random.random() < 0.7:
            self.quiet(f'round {number}, cut')
            self.changes(self.random.randint(0, 10))
        self.heal()
        if self.random.random() < 0.5:                  # while they find each other
            self.changes(self.random.randint(1, 10))
        self.quiet(f'round {number}, healed')

    def end(self):
        for side in self.sides:
            for worker in side.workers.values():
                worker.close()
        self.shell('cluster_down')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument('--rounds', type=int, default=100)
    parser.add_argument('-v', '--verbose', action='store_true', help='tell each step')
    args = parser.parse_args()
    print(f'oracle: seed {args.seed}', flush=True)
    oracle = Oracle(args.seed)
    oracle.verbose = args.verbose
    oracle.quiet('start')
    for number in range(1, args.rounds + 1):
        oracle.round(number)
        if number % 10 == 0 or args.verbose:
            print(f'oracle: {number} rounds', flush=True)
    oracle.end()
    print('oracle: ' + ', '.join(f'{n} {what}' for what, n in sorted(oracle.steps.items())))


if __name__ == '__main__':
    main()
