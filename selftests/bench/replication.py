#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure what a cluster costs: pgnl, encrypted and not, beside Erlang's pg.

Runs in the VM. Nodes are network namespaces, and what they say to each other goes by the
wire (selftests/cluster/nodes.bash). There are three clusters of the same size at a time:
one of pgnl that is encrypted, one that is not, and one of Erlang nodes; they take turns.
docs/bench/README.md says what each figure is.
"""
import argparse
import os
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'cluster'))

import bench
import report
from figures import Figures
from naming import draw_growth, row_names, row_registrars
from nodes import Cluster, Shell, resident
from sides import Pg, Pgnl, of, take, versus_erlang

SIZES = {3: (0.8, 0.5, 2, 4, 1, 2), 8: (0.5, 0.3, 6, 12, 2, 4)}    # must and goal of each row
BATCH = 4000
LOST = 2000, 50         # processes in so many groups: 100,000 memberships
NO_LIMIT = 1 << 30
LIMITS = 'user-memberships', 'net-memberships', 'user-groups', 'net-groups', \
    'net-remotes', 'node-remotes'


# --- rows ------------------------------------------------------------------------------

def row_latency(figures, scale, size, sides):
    """A join, until the last of the other nodes has heard of it."""
    what, n = 'join seen on the last other node', 20

    def act(side):
        group = side.new_group()
        began, heard = side.seen_by_others(group, n, 'paced', group, 0, n, 5000)
        side.clear(group, n)
        return {of(what, side, size): median(h - b for b, h in zip(began, heard))}

    take(figures, scale.rounds, sides, act)
    must, goal, *_ = SIZES[size]
    versus_erlang(figures, 'join seen on the last other node, vs pg', what, size, sides, must,
                  goal)


def row_rate(figures, scale, size, sides):
    """Joins one after the other, until the last node has heard of all."""
    what, n = 'join in a row', 500

    def act(side):
        group = side.new_group()
        began, heard = side.seen_by_others(group, n, 'paced', group, 0, n, 0)
        side.clear(group, n)
        return {of(what, side, size): (max(heard) - began[0]) / n}

    take(figures, scale.rounds, sides, act)
    _, _, must, goal, *_ = SIZES[size]
    versus_erlang(figures, 'pg vs pgnl, joins in a row, seen everywhere', what, size, sides,
                  must, goal, 'at least')


def row_batch(figures, scale, size, sides):
    """4000 processes by one call, until the last node has heard of all."""
    what = f'join of {BATCH}, per member'

    def act(side):
        group = side.new_group()
        (began,), heard = side.seen_by_others(group, BATCH, 'batch', group, 0, BATCH)
        side.clear(group, BATCH)
        return {of(what, side, size): (max(heard) - began) / BATCH}

    take(figures, scale.rounds, sides, act)
    *_, must, goal = SIZES[size]
    versus_erlang(figures, f'pg vs pgnl, one join of {BATCH}, seen everywhere', what, size,
                  sides, must, goal, 'at least')


def row_cut(figures, scale, size, sides):
    """The last node's cable stops carrying anything; the others notice."""
    *pgnl, pg = sides

    def act(side, label):
        at = side.workers[:-1]
        side.everywhere('listen', 'nobody', at=at)
        for worker in at:
            worker.ask('down', side.names[-1])
        cut = side.cut()
        noticed = max(int(worker.answer()[0]) for worker in at)
        side.heal()
        side.mesh()
        return {f'silent cut noticed, {label}, {side.label}': (noticed - cut) / 1e6}

    if size != min(SIZES):
        return
    if scale.with_slow_pg:
        figures.rounds(1, {'pg': lambda: act(pg, 'by default')}, warm_up=False, unit='ms')
    for label, tuning, limit in (('by default', '', 2500),
                                 ('tolerance 100 ms', '100ms', 300)):
        for side in pgnl:
            if tuning:
                side.tolerance(tuning)
        figures.rounds(scale.few, {side.label: lambda side=side, label=label: act(side, label)
                                   for side in pgnl}, warm_up=False, unit='ms')
        for side in pgnl:
            figures.absolute(f'silent cut noticed, {label}, {side.label}',
                             f'silent cut noticed, {label}, {side.label}', limit, None)
    for side in pgnl:
        side.tolerance('1500ms')


def row_lost(figures, scale, size, sides):
    """A node with 100,000 memberships: known, lost, back; and what they take of an agent."""
    if size != min(SIZES):
        return
    processes, groups = LOST
    n = processes * groups

    def agent(side):
        core = side.cluster.status(side.names[0])['core']
        return core['memory'], resident(side.cluster.shell(f'echo ${{agents[{side.names[0]}]}}'
                                                           ).strip())

    def until(side, wanted):
        return max(int(word) for word, in side.everywhere('until', wanted,
                                                          at=side.workers[:-1]))

    def act(side):
        last, at = side.workers[-1], side.workers[:-1]
        before = agent(side)
        start = time.time_ns()
        last('fill', 'fill', groups, 0, processes)
        known = until(side, n)
        after = agent(side)
        side.everywhere('listen', 'nobody', at=at)
        for worker in at:
            worker.ask('down', side.names[-1])
        side.cut()
        down = max(int(worker.answer()[0]) for worker in at)
        gone = until(side, 0)
        for worker in at:
            worker.ask('up', side.names[-1])
        side.heal()
        up = min(int(worker.answer()[0]) for worker in at)
        back = until(side, n)
        side.mesh()
        last('empty', 'fill', groups, 0, processes)
        until(side, 0)
        return {f'{n:,} memberships joined and known, {side.label}': (known - start) / 1e6,
                f'{n:,} memberships gone, {side.label}': (gone - down) / 1e6,
                f'{n:,} memberships back, {side.label}': (back - up) / 1e6,
                f'agent, per remote membership, {side.label}': (after[0] - before[0]) / n,
                f'agent, resident, per remote membership, {side.label}':
                    (after[1] - before[1]) / n}

    pgnl = sides[:-1]
    for side in pgnl:
        for name in side.names:
            side.cluster.shell(f'on {name} pgnl -q limits ' +
                               ' '.join(f'{limit}={NO_LIMIT}' for limit in LIMITS))
        for _ in range(scale.lost):
            for name, value in act(side).items():
                figures.add(name, value, 'B' if name.startswith('agent') else 'ms')
        for what in 'gone', 'back':
            name = f'{n:,} memberships {what}, {side.label}'
            figures.absolute(name, name, None, 1000)
        name = f'agent, per remote membership, {side.label}'
        figures.absolute(name, name, 96, 64)


ROWS = {name[4:]: function for name, function in list(globals().items())
        if name.startswith('row_')}
GROWN = 'growth'        # which is of clusters of other sizes


# --- the run -----------------------------------------------------------------------------

class Scale:
    def __init__(self, rounds):
        self.rounds = rounds
        self.few = 1 + rounds // 4
        self.lost = 1 + rounds // 10
        self.with_slow_pg = rounds > 2


def set_up(shell, size):
    """Three sides of a size."""
    shell('cluster_up "grace = 0"')
    letters = 'abcdefgh'[:size]
    secret = Cluster(shell, [f's{x}' for x in letters])
    plain = Cluster(shell, [f'p{x}' for x in letters], first=101)
    secret.start()
    plain.start('encryption = no', 'cluster-id = 77')
    sides = [Pgnl('encrypted', secret), Pgnl('not encrypted', plain), Pg('pg', plain)]
    for side in sides:
        side.mesh()
        side.workers[0]('spawn', BATCH)
        side.workers[-1]('spawn', max(LOST))
    return sides


def measure(rows, figures, scale, save):
    shell = Shell()
    rows_of_each = [name for name in rows if name != GROWN]
    for size in SIZES if rows_of_each else ():
        print(f'{size} nodes', file=sys.stderr, flush=True)
        sides = set_up(shell, size)
        for name in rows_of_each:
            start = time.monotonic()
            ROWS[name](figures, scale, size, sides)
            print(f'  {name}: {ROWS[name].__doc__.splitlines()[0]} '
                  f'{time.monotonic() - start:.0f} s', file=sys.stderr, flush=True)
            save()
        for side in sides:
            side.close()
        shell('cluster_down')
    if GROWN in rows:
        draw_growth(figures, scale, shell)
        save()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=21, help='2, to try the bench')
    parser.add_argument('--out', type=Path, default=Path(os.environ.get('OUT', '.')))
    known = [*ROWS, GROWN]
    parser.add_argument('rows', nargs='*', metavar='ROW', help='only these of: ' + ' '.join(known))
    args = parser.parse_args()
    unknown = set(args.rows) - set(known)
    if unknown:
        parser.error(f'unknown row: {" ".join(unknown)}')
    bench.prepare()
    bench.load('pgnl')
    figures, about = Figures('time'), dict(bench.machine('time'), mode='cluster')
    measure(args.rows or known, figures, Scale(args.rounds),
            lambda: bench.keep(args.out, figures.result(about)))
    print(report.markdown(figures.result(about)))


if __name__ == '__main__':
    main()
