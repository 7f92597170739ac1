# SPDX-License-Identifier: GPL-2.0-or-later
"""Nodes of a cluster in one machine, for the oracle, the soak and the bench: what nodes.bash sets up,
and a worker on each of them, of pgnl or of Erlang's pg in the same network namespace."""
import json
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / 'build'
MARK = '@status'
PATIENCE = 120          # seconds for whatever is waited for


def fail(text):
    sys.exit(f'{Path(sys.argv[0]).stem}: {text}')


def await_that(what, holds):
    """Wait until holds() is true."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            fail(f'waited in vain: {what}')
        time.sleep(0.02)


class Shell:
    """A bash that has read nodes.bash, and so knows of all nodes and agents."""

    def __init__(self):
        self.process = subprocess.Popen(['bash'], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self(f'. {HERE}/nodes.bash')

    def __call__(self, command):
        """What it prints; its failure ends all."""
        print(f'{command}\necho "{MARK} $?"', file=self.process.stdin, flush=True)
        lines = []
        for line in self.process.stdout:
            if line.startswith(MARK):
                if line.split()[1] != '0':
                    fail(f'{command}: status {line.split()[1]}')
                return ''.join(lines)
            lines.append(line)
        return fail(f'the shell ended at: {command}')


class Worker:
    """A program in a node's namespace that answers each line with a line of words."""

    def __init__(self, node, argv):
        self.node = node
        self.process = subprocess.Popen(
            ['nsenter', f'--net=/run/netns/{node}', '--', *argv],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *command):
        """Without waiting for the answer, which answer() takes."""
        self.line = ' '.join(map(str, command))
        try:
            print(self.line, file=self.process.stdin, flush=True)
        except OSError:
            fail(f'{self.process.args[3]} of node {self.node} has ended before: {self.line}')

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            fail(f'{self.process.args[3]} of node {self.node} failed at: {self.line}')
        return line.split()

    def __call__(self, *command):
        self.ask(*command)
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def pgnl_worker(node):
    return Worker(node, [str(BUILD / 'selftests/worker')])


def resident(pid):
    """Bytes of memory that a process has."""
    for line in Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmRSS'):
            return int(line.split()[1]) * 1024
    return 0


class PgWorker(Worker):
    """An Erlang node whose links are made by hand alone, and stay as they are when one of
    another pair breaks: pgnl's never depend on each other. With names it takes part in
    global, which wants links of all with all."""
    port = 4370         # of each Erlang node, so that none needs epmd

    def __init__(self, node, number, ticktime, names=False):
        self.name = f'{"names-" if names else ""}{node}@10.0.0.{number}'
        super().__init__(node, [
            'erl', '-noinput', '-noshell', '+sbwt', 'none', '+sbwtdcpu', 'none',
            '+sbwtdio', 'none', '+P', '262144', '-start_epmd', 'false',
            '-erl_epmd_port', str(self.port + names), '-name', self.name,
            '-setcookie', 'pgnl', '-connect_all', str(names).lower(), '-kernel',
            'prevent_overlapping_partitions', 'false', 'net_ticktime', str(ticktime),
            'logger_level', 'none', *([] if names else ['dist_auto_connect', 'never']),
            '-pa', str(BUILD / 'selftests'), '-s', 'pg_node', 'main'])


class Cluster:
    """Agents, and what they say of themselves; nodes by their names."""

    def __init__(self, shell, names, first=1):
        """The number of a node is that of its address, from first on."""
        self.shell = shell
        self.numbers = {name: first + i for i, name in enumerate(names)}
        self.names = list(names)

    def start(self, *lines):
        """lines: of every node's configuration"""
        words = ' '.join(f"'{line}'" for line in lines)
        for name in self.names:
            self.shell(f'node_add {name} {self.numbers[name]} {words}')
        self.shell('; '.join(f'agent_start {name}' for name in self.names))

    def status(self, name):
        said = self.shell(f'agent_says {name}')
        return json.loads(said)

    def connected(self, name):
        """The other nodes whose members are all known there."""
        return {node['node'] for node in self.status(name)['nodes'] if node['state'] == 'up'}

    def await_mesh(self):
        for name in self.names:
            await_that(f'{name} meets all others',
                       lambda name=name: self.connected(name) == set(self.names) - {name})
