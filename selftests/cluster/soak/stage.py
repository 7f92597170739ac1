# SPDX-License-Identifier: GPL-2.0-or-later
"""The nodes of the soak, and what takes part in it. A part is about one subject:

acts            what it may do at random: {method(random): weight}; each returns words
up(name)        a node has come up, or has come up again
down(name)      the node is about to go, by a reboot
heal()          undo all that is not as it should be
wrong()         what is not so although it never may be otherwise, as lines of text
"""
from nodes import Cluster, Shell

LINES = '"grace = 1s"'          # of each configuration


class Part:
    def __init__(self, stage):
        self.stage = stage
        self.shell = stage.shell
        self.acts = {}

    def up(self, name):
        pass

    def down(self, name):
        pass

    def heal(self):
        pass

    def wrong(self):
        return []


class Stage:
    def __init__(self, names):
        self.shell = Shell()
        self.cluster = Cluster(self.shell, names)
        self.names = self.cluster.names
        self.parts = []
        self.shell(f'cluster_up {LINES}')

    def add(self, kind, *args):
        part = kind(self, *args)
        self.parts.append(part)
        return part

    def up(self, name):
        self.shell(f'node_add {name} {self.cluster.numbers[name]}')
        for part in self.parts:
            part.up(name)

    def reboot(self, name):
        """All of it goes, processes and tables, and there is a new one of that name."""
        for part in reversed(self.parts):
            part.down(name)
        self.shell(f'node_del {name}')
        self.up(name)

    def heal(self):
        for part in self.parts:
            part.heal()

    def wrong(self):
        return [line for part in self.parts for line in part.wrong()]

    def end(self):
        for name in self.names:
            for part in reversed(self.parts):
                part.down(name)
        self.shell('cluster_down')


class Reboots(Part):
    def __init__(self, stage):
        super().__init__(stage)
        self.acts = {self.reboot: 3}

    def reboot(self, random):
        name = random.choice(self.stage.names)
        self.stage.reboot(name)
        return f'{name} is started anew'
