# SPDX-License-Identifier: GPL-2.0-or-later
"""The workers that are measured, and the figures that their answers make."""
import os
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(os.environ.get('PGNL_TOP') or Path(__file__).resolve().parents[2])
BUILD = TOP / 'build'
SETTLE = 0.05           # seconds: what was freed before is not paid for in this sample


class Worker:
    """A program that reads commands on stdin and answers with a number each."""

    def __init__(self, *argv):
        self.argv = argv
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def __call__(self, *command):
        line = ' '.join(map(str, command))
        try:
            print(line, file=self.process.stdin, flush=True)
            return int(self.process.stdout.readline())
        except (OSError, ValueError):
            sys.exit(f'bench: {self.argv[0]} failed at: {line}')

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def kernel_worker():
    return Worker(BUILD / 'bench/worker')


def pg_worker():
    return Worker('erl', '+P', '262144', '-noinput', '-noshell', '-pa',
                  BUILD / 'bench', '-s', 'pg_worker', 'main')


def tipc_worker():
    return Worker(BUILD / 'bench/tipc')


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f'bench: {what}: {got} instead of {wanted}')


def repeated(worker, *command):
    """What each of N repetitions takes, the last word of the command being N, when a tenth
    of it has just been done: not the way back into caches after a pause."""
    *what, n = command
    worker(*what, max(1, n // 10))
    return worker(*what, n) / n


def take_turns(n, variants, add, warm_up=True, settle=SETTLE):
    """Take each variant once a round, in an order that turns, and add() what it tells.
    One that is None has no worker here."""
    names = [name for name in variants if variants[name]]
    for i in range(-1 if warm_up else 0, n):
        for k in range(len(names)):
            variant = variants[names[(i + k) % len(names)]]
            time.sleep(settle)
            for name, value in variant().items():
                if i >= 0:
                    add(name, value)


def kworker_time():
    """Nanoseconds that worker threads of the kernel have run, and who has events delivered."""
    total = 0
    for process in Path('/proc').glob('[0-9]*'):
        try:
            if (process / 'comm').read_text().startswith(('kworker', 'pgnl_waker')):
                total += int((process / 'schedstat').read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass                # it has ended
    return total


def rounded(value):
    """Five digits are more than any of this can tell."""
    return float(f'{value:.5g}')


class Curve:
    """Figures that are drawn over some size x, a line for each."""

    def __init__(self, **about):
        self.about = {**about, 'lines': {}}

    def point(self, label, x, samples, peer=False):
        """Peers are drawn apart from what is pgnl's own."""
        line = self.about['lines'].setdefault(label, {'peer': peer, 'points': []})
        line['points'].append({'x': x, 'samples': [rounded(value) for value in samples]})

    def rounds(self, x, n, variants, peers=(), settle=SETTLE / 5):
        """One point of each line: variants by label, each of which tells its figure."""
        samples = {label: [] for label in variants if variants[label]}
        acts = {label: lambda label=label: {label: variants[label]()} for label in samples}
        take_turns(n, acts, lambda label, value: samples[label].append(value), settle=settle)
        for label in samples:
            self.point(label, x, samples[label], label in peers)


class Figures:
    """Samples by name; the n-th of each name belong to the same round."""

    def __init__(self, mode):
        self.mode = mode
        self.figures = {}
        self.targets = []
        self.curves = []
        self.notes = []

    def rounds(self, n, variants, warm_up=True, unit='ns', settle=SETTLE):
        take_turns(n, variants, lambda name, value: self.add(name, value, unit),
                   warm_up, settle)

    def add(self, name, value, unit):
        figure = self.figures.setdefault(name, {'unit': unit, 'samples': []})
        figure['samples'].append(rounded(value))

    def curve(self, name, title, x, y, **how):
        """x and y name the axes; y is 'time' or 'bytes'; x_log, y_log: logarithmic."""
        curve = Curve(name=name, title=title, x=x, y=y, **how)
        self.curves.append(curve.about)
        return curve

    def at_most(self, row, top, bottom, must, goal):
        self._target(row, top, bottom, 'at most', must, goal)

    def times_faster_than_pg(self, row, pg, pgnl, must, goal):
        """By the clock alone: pg takes turns on several processors, and few but slow
        instructions, so that counting them says little about it."""
        if self.mode == 'icount':
            must = goal = None
        self._target(row, pg, pgnl, 'at least', must, goal)

    def beside(self, row, peer, pgnl):
        """How many times as fast as a peer of which nothing is demanded."""
        self._target(row, peer, pgnl, 'at least', None, None)

    def absolute(self, row, figure, must, goal):
        self._target(row, figure, None, 'at most', must, goal)

    def within(self, row, top, bottom, share):
        self._target(row, top, bottom, 'within', share, None)

    def _target(self, row, top, bottom, sense, must, goal):
        """Without a figure, since the peer was not there, there is no target."""
        if all(name in self.figures for name in (top, bottom) if name):
            self.targets.append({'row': row, 'top': top, 'bottom': bottom,
                                 'sense': sense, 'must': must, 'goal': goal})

    def note(self, text):
        self.notes.append(text)

    def result(self, about):
        return {'about': about, 'figures': self.figures, 'targets': self.targets,
                'curves': self.curves, 'notes': self.notes}
