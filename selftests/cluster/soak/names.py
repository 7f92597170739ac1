# SPDX-License-Identifier: GPL-2.0-or-later
"""Registered names, which every node gives away and takes back, connected or not; when it
is quiet, each has one holder at most."""
import collections
import subprocess

from nodes import PATIENCE, fail
from proc import pgnl
from stage import Part

NAMES = [f'name-{i}' for i in range(6)]


class Names(Part):
    def __init__(self, stage, members):
        super().__init__(stage)
        self.members = members
        self.asked = []         # (node, process): it may wait for other nodes
        self.acts = {self.register: 5, self.unregister: 2}

    def ask(self, random, act, *words):
        house, name = self.members.some(random), random.choice(NAMES)
        words = [word if word != 'PID' else house.pids[random.choice(house.alive)]
                 for word in words]
        self.asked.append((house.name, pgnl(house.name, 'name', act, name, *words)))
        return f'{house.name}: {act} {name}'

    def register(self, random):
        return self.ask(random, 'register', '--pid', 'PID')

    def unregister(self, random):
        return self.ask(random, 'unregister')

    def down(self, name):
        for node, process in self.asked:
            if node == name:
                process.kill()

    def heal(self):
        """All have their answers, whatever these are, since other nodes answer or are lost."""
        for node, process in self.asked:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                fail(f'{node}: {" ".join(process.args[3:])} got no answer')
        self.asked.clear()

    def ambiguous(self):
        name = self.stage.names[0]
        rows = self.shell(f'"$rows" -s global {name}').splitlines()
        holders = collections.Counter(row.split()[0] for row in rows)
        return [f'{n} hold the {name}' for name, n in holders.items() if n > 1]
