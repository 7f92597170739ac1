# SPDX-License-Identifier: GPL-2.0-or-later
"""Containers that begin: the hook of their runtimes, given a state with a live process; it
is left alone, or killed at any moment, or its process is."""
import json
import subprocess
import time
from pathlib import Path

from members import own_rows
from nodes import BUILD, fail
from proc import on
from stage import Part

CONF = Path('/etc/pgnl/oci.conf')
GROUP = 'container/c'


def state_of(pid):
    return json.dumps({'ociVersion': '1.0.2', 'id': 'c', 'status': 'created', 'pid': pid,
                       'bundle': '/b', 'annotations': {'org.pgnl.join': GROUP}})


class Hooks(Part):
    def __init__(self, stage, members):
        super().__init__(stage)
        self.members = members
        CONF.parent.mkdir(parents=True, exist_ok=True)
        CONF.write_text('[allow]\ngroups = container/*\n[hook]\ndeadline = 50\n')
        self.acts = {self.whole: 1, self.kill: 2, self.kill_process: 1}

    def begin(self, random):
        house = self.members.some(random)
        pid = house.guest('exit 3')
        hook = on(house.name, BUILD / 'bin/pgnl-oci-hook', stdin=subprocess.PIPE,
                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        hook.stdin.write(state_of(pid))
        hook.stdin.close()
        return house, pid, hook

    def whole(self, random):
        house, pid, hook = self.begin(random)
        if hook.wait():
            fail(f'{house.name}: the hook failed: {hook.returncode}')
        house.rows[GROUP, pid] = 1
        return f'{house.name}: a container begins'

    def kill(self, random):
        """Either its process has joined or it has not; both are right, and stay so."""
        house, pid, hook = self.begin(random)
        time.sleep(random.random() * 0.1)
        hook.kill()
        hook.wait()
        if own_rows(house.worker('view'))[GROUP, pid]:
            house.rows[GROUP, pid] = 1
        return f'{house.name}: a container begins, its hook is killed'

    def kill_process(self, random):
        house, pid, hook = self.begin(random)
        time.sleep(random.random() * 0.1)
        house.guest_ends(pid, lambda process: process.kill(), -9)
        if hook.wait():
            fail(f'{house.name}: the hook failed: {hook.returncode}')
        return f'{house.name}: a container begins, and is killed'
