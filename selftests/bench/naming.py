# SPDX-License-Identifier: GPL-2.0-or-later
"""What names cost: pgnl beside Erlang's global, and a node's part of it in a cluster that
grows by further global groups."""
import sys
import time
from pathlib import Path

from nodes import Cluster, await_that, pgnl_worker
from sides import Global, of, take, versus_erlang

SLOTS = 32              # processes that get names, on each node
ROW = 20                # names one after the other
REGISTRARS = 8
FEW = 5                 # names of each registrar
GROUP = 4               # nodes of a global group
REST = 4                # seconds
GROWTH = 2, 4, 8, 16, 36


def naming_sides(sides):
    """Those of pgnl, and Erlang's global in the place of pg; close the last one."""
    *pgnl, pg = sides
    erlang = Global('global', pg.cluster)
    erlang.mesh()
    erlang.everywhere('spawn', SLOTS)
    for side in pgnl:
        side.everywhere('spawn', SLOTS)
    return [*pgnl, erlang]


def row_names(figures, scale, size, sides):
    """Names, one after the other, each known to all nodes when it is given."""
    what = 'registration of a name'

    def act(side):
        first = side.workers[0]
        prefix = side.new_group()
        began, done = map(int, first('name', prefix, 0, ROW))
        first('unname', prefix, ROW)
        return {of(what, side, size): (done - began) / ROW}

    named = naming_sides(sides)
    take(figures, scale.rounds, named, act)
    named[-1].close()
    versus_erlang(figures, 'registration of a name, vs global', what, size, named, 0.3, 0.15)


def row_registrars(figures, scale, size, sides):
    """A registrar on each of eight nodes, of names that differ."""
    what = f'registration of a name, {REGISTRARS} registrars at once'

    def act(side):
        prefixes = [side.new_group() for _ in side.workers]
        for worker, prefix in zip(side.workers, prefixes):
            worker.ask('name', prefix, 0, FEW)
        began, done = zip(*(map(int, worker.answer()) for worker in side.workers))
        for worker, prefix in zip(side.workers, prefixes):
            worker('unname', prefix, FEW)
        return {of(what, side, size): (max(done) - min(began)) / (FEW * size)}

    if size != REGISTRARS:
        return
    *pgnl, erlang = naming_sides(sides)
    take(figures, scale.few, [*pgnl, erlang], act)
    erlang.close()
    for side in pgnl:
        figures.beside(f'global vs pgnl, {REGISTRARS} registrars at once, {side.label}',
                       of(what, erlang, size), of(what, side, size))


# --- growth ----------------------------------------------------------------------------

def group_lines(names):
    """The same for every node."""
    lines = []
    for first in range(0, len(names), GROUP):
        lines += [f'[global_group g{first // GROUP}]',
                  'nodes = ' + ' '.join(names[first:first + GROUP])]
    return lines


class Load:
    """Of the first node."""

    def __init__(self, cluster):
        self.pid = cluster.shell(f'echo ${{agents[{cluster.names[0]}]}}').strip()
        self.counters = Path(f'/sys/class/net/v-{cluster.names[0]}/statistics')

    def read(self):
        """Nanoseconds that its agent has run, bytes on its wire, and seconds."""
        return (int(Path(f'/proc/{self.pid}/schedstat').read_text().split()[0]),
                sum(int((self.counters / name).read_text()) for name in ('rx_bytes', 'tx_bytes')),
                time.monotonic())

    def during(self, act):
        before = self.read()
        act()
        return [b - a for a, b in zip(before, self.read())]


def grown(shell, size):
    """A cluster of that size in groups, all of whose nodes know those of their own. The
    links of so many nodes are too much for an emulated machine by TIPC's default tolerance."""
    shell('cluster_up "bearer = eth eth0" "tolerance = 10s"')
    cluster = Cluster(shell, [f'n{i}' for i in range(1, size + 1)])
    cluster.start(*group_lines(cluster.names))
    for i, name in enumerate(cluster.names):
        first = i - i % GROUP
        group = set(cluster.names[first:first + GROUP])
        await_that(f'{name} meets its group', lambda name=name, group=group:
                   cluster.connected(name) == group - {name})
    return cluster


def name_everywhere(workers, prefix):
    """One after the other: 36 agents at once are more than one machine has time for."""
    for worker in workers:
        worker('name', f'{worker.node}-{prefix}-', 0, ROW)


def unname_everywhere(workers, prefix):
    for worker in workers:
        worker('unname', f'{worker.node}-{prefix}-', ROW)


def loads_of(shell, size, rounds):
    """Of a cluster of that size, by name in the node's own group: time, and bytes beyond
    those at rest; and bytes by second at rest."""
    cluster = grown(shell, size)
    load, workers = Load(cluster), [pgnl_worker(name) for name in cluster.names]
    names, samples = ROW * min(size, GROUP), []
    for worker in workers:
        worker('spawn', SLOTS)
    for i in range(rounds + 1):
        _, sent, passed = load.during(lambda: time.sleep(REST))
        rest = sent / passed
        busy, sent, passed = load.during(lambda i=i: name_everywhere(workers, i))
        samples.append((busy / names, (sent - rest * passed) / names, rest))
        unname_everywhere(workers, i)
    for worker in workers:
        worker.close()
    shell('cluster_down')
    return zip(*samples[1:])


def draw_growth(figures, scale, shell):
    """Every node of a growing cluster registers names in its group: what the first one,
    whose group grows to four and no further, has to do for it."""
    x = f'nodes, in global groups of {GROUP}'
    curves = [figures.curve(f'growth-{name}', title, x, y, x_log=True) for name, title, y in (
        ('time', "An agent's work, by name of its group", 'time'),
        ('bytes', "A node's traffic beyond that at rest, by name of its group", 'bytes'),
        ('rest', "A node's traffic at rest, by second", 'bytes'))]
    for size in GROWTH:
        print(f'{size} nodes in groups of {GROUP}', file=sys.stderr, flush=True)
        for curve, values in zip(curves, loads_of(shell, size, scale.few)):
            curve.point('encrypted', size, values)
