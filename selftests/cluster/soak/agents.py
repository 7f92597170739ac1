# SPDX-License-Identifier: GPL-2.0-or-later
"""The agents: killed, stopped, frozen, out of memory, and started again."""
import os
import signal

from cage import Cage
from nodes import await_that, fail
from proc import alive
from stage import Part

# It says each change to its log, which has a disk of its own.
LOGS = '/run/pgnl-soak'


class Agents(Part):
    def __init__(self, stage):
        super().__init__(stage)
        self.cages = {name: Cage(f'agent-{name}') for name in stage.names}
        self.state = dict.fromkeys(stage.names, 'none')     # up, stopped, frozen, dead
        self.pids = {}
        self.acts = {self.kill: 4, self.replace: 3, self.stop: 3, self.freeze: 3,
                     self.starve: 2, self.reload: 1, self.mend: 6}

    def up(self, name):
        self.shell(f'ln -sf {LOGS}/{name}.log $cluster/{name}.log')
        self.start(name)

    def down(self, name):
        if self.state[name] != 'none':
            self.end(name)
        self.state[name] = 'none'

    def start(self, name):
        """In its cage from its first instruction on."""
        cage = self.cages[name]
        self.shell(f'echo $BASHPID >{cage.procs}; agent_start {name}; '
                   f'echo $BASHPID >/sys/fs/cgroup/cgroup.procs')
        self.pids[name] = int(self.shell(f'echo ${{agents[{name}]}}'))
        self.state[name] = 'up'

    def end(self, name):
        self.shell(f'agent_kill {name}')
        self.cages[name].thaw()
        self.state[name] = 'dead'

    def send(self, name, number):
        try:
            os.kill(self.pids[name], number)
        except ProcessLookupError:
            fail(f'the agent of {name} has ended by itself')

    def some(self, random, *states):
        """A node whose agent is in one of these states, or None."""
        names = [name for name in self.stage.names if self.state[name] in states]
        return random.choice(names) if names else None

    # --- acts ---------------------------------------------------------------------

    def kill(self, random):
        name = self.some(random, 'up', 'stopped', 'frozen')
        if name:
            self.end(name)
            return f'{name}: agent killed'
        return ''

    def replace(self, random):
        name = self.some(random, 'up', 'stopped', 'frozen')
        if name:
            self.end(name)
            self.start(name)
            return f'{name}: agent killed and started'
        return ''

    def stop(self, random):
        name = self.some(random, 'up')
        if name:
            self.send(name, signal.SIGSTOP)
            self.state[name] = 'stopped'
            return f'{name}: agent stopped'
        return ''

    def freeze(self, random):
        name = self.some(random, 'up')
        if name:
            self.cages[name].freeze()
            self.state[name] = 'frozen'
            return f'{name}: agent frozen'
        return ''

    def starve(self, random):
        """The OOM killer ends it, and whatever looks after it starts it again."""
        name = self.some(random, 'up')
        if not name:
            return ''
        cage = self.cages[name]
        before = cage.oom_kills()
        cage.limit(0)
        await_that(f'the agent of {name} runs out of memory',
                   lambda: cage.oom_kills() > before)
        self.end(name)
        cage.limit('max')
        self.start(name)
        return f'{name}: agent out of memory, and started'

    def reload(self, random):
        name = self.some(random, 'up')
        if name:
            self.send(name, signal.SIGHUP)
            return f'{name}: agent reads its configuration'
        return ''

    def mend(self, random):
        name = self.some(random, 'stopped', 'frozen', 'dead')
        if not name:
            return ''
        before = self.state[name]
        self.heal_one(name)
        return f'{name}: agent no longer {before}'

    def heal_one(self, name):
        state = self.state[name]
        if state == 'dead':
            self.start(name)
        elif state == 'frozen':
            self.cages[name].thaw()
        elif state == 'stopped':
            self.send(name, signal.SIGCONT)
        self.state[name] = 'up'

    def heal(self):
        for name in self.stage.names:
            self.heal_one(name)

    def wrong(self):
        return [f'the agent of {name} has ended by itself' for name in self.stage.names
                if self.state[name] in ('up', 'stopped', 'frozen') and not alive(self.pids[name])]
