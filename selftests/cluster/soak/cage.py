# SPDX-License-Identifier: GPL-2.0-or-later
"""Control groups of version 2, to freeze what is in them, and to leave it little memory."""
from pathlib import Path

from nodes import await_that

ROOT = Path('/sys/fs/cgroup')
HOME = ROOT / 'soak'


def dig():
    """Before there is any cage."""
    (ROOT / 'cgroup.subtree_control').write_text('+memory')
    HOME.mkdir(exist_ok=True)
    (HOME / 'cgroup.subtree_control').write_text('+memory')


def let_go(pid):
    (ROOT / 'cgroup.procs').write_text(str(pid))


class Cage:
    def __init__(self, name):
        self.path = HOME / name
        self.path.mkdir(exist_ok=True)
        self.procs = self.path / 'cgroup.procs'

    def take(self, pid):
        self.procs.write_text(str(pid))

    def freeze(self):
        (self.path / 'cgroup.freeze').write_text('1')
        await_that(f'{self.path.name} is frozen', lambda: 'frozen 1' in
                   (self.path / 'cgroup.events').read_text())

    def thaw(self):
        (self.path / 'cgroup.freeze').write_text('0')

    def limit(self, memory):
        """In bytes, or 'max'. Below what is in use the OOM killer makes room at once."""
        (self.path / 'memory.max').write_text(str(memory))

    def oom_kills(self):
        for line in (self.path / 'memory.events').read_text().splitlines():
            if line.startswith('oom_kill '):
                return int(line.split()[1])
        return 0
