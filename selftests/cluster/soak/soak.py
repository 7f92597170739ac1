#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that goes wrong in real life, at random, for hours.

Runs in the VM, with the module loaded. A node is a network namespace with an agent, and
processes that come and go. In each round some of it goes wrong, the nodes are healed, and
then everybody has to see what is so (truth.py); memory and times are measured (samples.py),
and in the end it is judged whether memory has leaked (verdict.py).

The same seed makes the same script, apart from how long each step takes.
"""
import argparse
import collections
import json
import os
import random
import shutil
import sys
import time
import traceback
from pathlib import Path

import paths
import cage
import pictures
import samples
import verdict
from agents import LOGS, Agents
from bench import machine
from cables import Cables
from hooks import Hooks
from machine import Machine
from members import Members
from names import Names
from observers import Observers
from proc import on
from stage import Reboots, Stage
from truth import Truth

STEPS = 25, 45          # of a round
NAP = 0.3               # seconds between two of them, at most


class Soak:
    def __init__(self, seed, n, out, verbose):
        self.seed, self.out, self.verbose = seed, out, verbose
        self.start = time.monotonic()
        self.number = 0
        self.samples = []
        self.steps = collections.Counter()
        self.script = open(out / 'script.log', 'w', buffering=1)
        cage.dig()
        self.stage = Stage([f'n{i}' for i in range(1, n + 1)])
        add = self.stage.add
        self.machine = add(Machine)
        self.cables = add(Cables)
        self.agents = add(Agents)
        self.members = add(Members)
        add(Hooks, self.members)
        names = add(Names, self.members)
        self.observers = add(Observers)
        add(Reboots)
        self.truth = add(Truth, self.members, names, self.observers)
        self.acts = {act: weight for part in self.stage.parts
                     for act, weight in part.acts.items()}

    def up(self):
        # Of a program that crashes the console tells the registers.
        Path('/proc/sys/kernel/print-fatal-signals').write_text('1', encoding='ascii')
        for name in self.stage.names:
            self.stage.up(name)
        self.truth.connected()
        self.observers.post(self.chance('up'))
        self.truth.in_the_end('at the start')

    def chance(self, what):
        """So that nothing that depends on time makes another script of a later part."""
        return random.Random(f'{self.seed} {self.number} {what}')

    # --- a round --------------------------------------------------------------------

    def go_wrong(self):
        chance = self.chance('acts')
        for _ in range(chance.randint(*STEPS)):
            act, = chance.choices(list(self.acts), self.acts.values())
            said = act(chance)
            if said:
                self.steps[f'{type(act.__self__).__name__.lower()}.{act.__name__}'] += 1
                self.say(said)
            time.sleep(chance.random() * NAP)

    def say(self, text):
        line = f'{time.monotonic() - self.start:9.2f} round {self.number}: {text}'
        print(line, file=self.script)
        if self.verbose:
            print(line, flush=True)

    def round(self):
        self.number += 1
        self.go_wrong()
        self.truth.always('while all goes wrong')
        counts = {'memberships': self.members.memberships(),
                  'processes': self.members.processes()}
        self.stage.heal()
        mesh = self.truth.connected()
        self.observers.post(self.chance('observers'))
        right = self.truth.in_the_end('healed')
        self.members.level(self.chance('level'))
        self.truth.in_the_end('levelled')
        self.say('quiet')
        self.sample(counts, mesh, right)
        self.machine.prune()

    def sample(self, counts, mesh, right):
        taken = {'round': self.number, 'minutes': (time.monotonic() - self.start) / 60, **counts,
                 'mesh': mesh, 'right': right, 'steps': dict(self.steps),
                 'resyncs': self.observers.resyncs(), **samples.memory(self.agents),
                 **samples.latency(self.members, self.number)}
        samples.keep_caches(self.out, 'early' if self.number <= verdict.WARM_UP + 1 else 'late')
        self.samples.append(taken)
        self.write(taken)

    def write(self, what):
        with open(self.out / 'samples.jsonl', 'a', encoding='utf-8') as file:
            print(json.dumps(what), file=file)

    # --- the end --------------------------------------------------------------------

    def tell(self):
        """What each node knows, for whoever looks for what was wrong."""
        for name in self.stage.names:
            folder = self.out / 'failure' / name
            folder.mkdir(parents=True, exist_ok=True)
            for what, command in {
                    'agent.json': 'pgnld --status', 'nodes.json': 'pgnl -j nodes',
                    'stats.json': 'pgnl -j stats', 'members.json': 'pgnl -j dump',
                    'links': 'tipc link list', 'doctor': 'pgnl doctor'}.items():
                with open(folder / what, 'w', encoding='utf-8') as file:
                    on(name, *command.split(), stdout=file, stderr=file).wait()
            log = Path(f'{LOGS}/{name}.log')
            if log.exists():    # it may never have come so far
                shutil.copy(log, folder / 'log')
            print(f'soak: {name}, agent {self.agents.state[name]}, cable '
                  f'{self.cables.state[name]}:', known((folder / 'agent.json').read_text()))

    def report(self):
        minutes = (time.monotonic() - self.start) / 60
        acts = ', '.join(f'{n} {what}' for what, n in sorted(self.steps.items()))
        print(f'soak: {acts}')
        for line in verdict.memory_lines(self.samples):
            print(f'soak: {line}')
        return (f'{minutes:.0f} minutes, {self.number} rounds, {sum(self.steps.values())} steps, '
                f'seed {self.seed}')

    def end(self):
        self.stage.end()
        self.machine.end()
        self.script.close()


def known(text):
    """What an agent says of other nodes, in short, or why it does not."""
    if not text.startswith('{'):
        return text.strip()
    return ', '.join(f'{node["node"]} is {node["state"]} with {node["rows"]} rows'
                     for node in json.loads(text).get('nodes', []))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument('--seconds', type=int, default=3600)
    parser.add_argument('--rounds', type=int, help='so many, however long they take')
    parser.add_argument('--nodes', type=int, default=8)
    parser.add_argument('--out', type=Path, default=Path(os.environ.get('OUT', '.')))
    parser.add_argument('-v', '--verbose', action='store_true', help='tell each step')
    return parser.parse_args()


def run(soak, args):
    """Nothing, or what was wrong."""
    try:
        soak.up()
        while (soak.number < args.rounds if args.rounds else
               time.monotonic() < soak.start + args.seconds):
            soak.round()
            if soak.number % 10 == 0:
                print(f'soak: {soak.number} rounds', flush=True)
    except SystemExit as end:
        soak.tell()
        return f'in round {soak.number}: {end.code}'
    except Exception:           # of the soak itself
        soak.tell()
        return traceback.format_exc()
    return '\n'.join(verdict.leaks(soak.samples))


def main():
    args = arguments()
    print(f'soak: seed {args.seed}', flush=True)
    soak = Soak(args.seed, args.nodes, args.out, args.verbose)
    about = {**machine('cluster'), 'seed': args.seed}
    soak.write(about)
    wrong = run(soak, args)
    if len(soak.samples) > 1:
        pictures.draw(soak.samples, args.out, pictures.subtitle(about))
    figures = soak.report()
    if wrong:                   # the VM ends all that is left
        sys.exit(f'soak: FAILED: {figures}\n{wrong}')
    soak.end()
    print(f'soak: passed: {figures}; nothing lost, nothing leaked')


if __name__ == '__main__':
    main()
