# SPDX-License-Identifier: GPL-2.0-or-later
"""The clusters of the same size that take turns in the bench: pgnl's and Erlang's, a
worker on each of their nodes."""
from nodes import PgWorker, await_that, pgnl_worker

TICKTIME = 60           # Erlang's default


class Side:
    """A worker on each node, the first of which acts. The nodes are those of a cluster of
    pgnl, which has the cables if one is to be cut; they may have other names."""

    def __init__(self, label, names, workers, cluster=None):
        self.label = label
        self.cluster = cluster
        self.names = names
        self.workers = workers
        self.groups = 0

    def new_group(self):
        self.groups += 1
        return f'g{self.groups}'

    def everywhere(self, *command, at=None):
        """The answers of all nodes, which work at the same time."""
        at = at or self.workers
        for worker in at:
            worker.ask(*command)
        return [worker.answer() for worker in at]

    def others(self):
        return self.workers[1:]

    def seen_by_others(self, group, n, *command):
        """The first node does it, and the others hear of n joins: when it began each
        (or all) of them, and when the last node heard of each."""
        self.everywhere('listen', at=self.others())
        for worker in self.others():
            worker.ask('heard', group, n)
        began = [int(word) for word in self.workers[0](*command)]
        heard = [[int(word) for word in worker.answer()] for worker in self.others()]
        return began, [max(times) for times in zip(*heard)]

    def clear(self, group, n):
        for worker in self.others():
            worker.ask('gone', group, n)
        self.workers[0]('clear', group, 0, n)
        for worker in self.others():
            worker.answer()

    def cut(self):
        """The last node's cable; when."""
        return int(self.cluster.shell('echo "${EPOCHREALTIME/./}000"; '
                                      f'cut_off {self.cluster.names[-1]}'))

    def heal(self):
        self.cluster.shell(f'heal {self.cluster.names[-1]}')

    def close(self):
        for worker in self.workers:
            worker.close()


class Pgnl(Side):
    def __init__(self, label, cluster):
        super().__init__(label, cluster.names,
                         [pgnl_worker(name) for name in cluster.names], cluster)

    def mesh(self):
        self.cluster.await_mesh()

    def reloads(self, name):
        return int(self.cluster.shell(f'reloads {name}'))

    def tolerance(self, value):
        for name in self.names:
            before = self.reloads(name)
            self.cluster.shell(f'conf=$cluster/{name}.conf; sed -i /^tolerance/d $conf; '
                               f"echo 'tolerance = {value}' >>$conf; "
                               f'kill -HUP ${{agents[{name}]}}')
            await_that(f'{name} reads its configuration',
                       lambda name=name, before=before: self.reloads(name) > before)


class Pg(Side):
    names_too = False

    def __init__(self, label, cluster):
        numbers = cluster.numbers
        workers = [PgWorker(name, numbers[name], TICKTIME, self.names_too)
                   for name in cluster.names]
        super().__init__(label, [worker.name for worker in workers], workers, cluster)

    def mesh(self):
        for i, worker in enumerate(self.workers):
            others = self.names[:i] + self.names[i + 1:]
            worker('connect', *others)
            await_that('Erlang nodes meet', lambda worker=worker, others=others:
                       set(worker('nodes')) == set(others))
        self.cluster.await_mesh()


class Global(Pg):
    """As Pg, for names: Erlang keeps those only among nodes that all connect."""
    names_too = True

    def mesh(self):
        super().mesh()
        self.everywhere('sync')


# --- their figures ---------------------------------------------------------------------

def of(what, side, size):
    return f'{what}, {side.label}, {size} nodes'


def take(figures, rounds, sides, act, warm_up=True):
    figures.rounds(rounds, {side.label: lambda side=side: act(side) for side in sides}, warm_up)


def versus_erlang(figures, row, what, size, sides, must, goal, sense='at most'):
    """Of each cluster of pgnl against Erlang's, the last."""
    *pgnl, erlang = sides
    for side in pgnl:
        names = of(what, side, size), of(what, erlang, size)
        name = f'{row}, {size} nodes, {side.label}'
        if sense == 'at most':
            figures.at_most(name, *names, must, goal)
        else:
            figures.times_faster_than_pg(name, *reversed(names), must, goal)
