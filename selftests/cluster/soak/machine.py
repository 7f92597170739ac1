# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to the machine as a whole: its clock is set, the disk of the agents' logs is
full, it stands still while time goes on."""
import os
import subprocess
import time
from pathlib import Path

from agents import LOGS
from nodes import BUILD, fail
from proc import on
from stage import Part

DISK = Path(LOGS)
ROOM = '4m'             # of the disk
KEEP = 64 << 10         # bytes of each log, at a round's end


class Machine(Part):
    def __init__(self, stage):
        super().__init__(stage)
        self.offset = self.wall()
        self.acts = {self.set_clock: 4, self.fill_disk: 3, self.empty_disk: 3, self.pause: 2}
        DISK.mkdir(exist_ok=True)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={ROOM}', 'soak', str(DISK)],
                       check=True)

    @staticmethod
    def wall():
        return time.clock_gettime(time.CLOCK_REALTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)

    def set_wall(self, seconds):
        """So far from what it was at the start."""
        now = time.clock_gettime(time.CLOCK_MONOTONIC)
        time.clock_settime(time.CLOCK_REALTIME, now + self.offset + seconds)

    # --- acts ---------------------------------------------------------------------

    def set_clock(self, random):
        """By a second or by a day or anything between, forth or back."""
        seconds = random.choice([-1, 1]) * 10 ** (random.random() * 5)
        self.set_wall(seconds)
        return f'the clock is set, {seconds:+.1f} s from the right time'

    def fill_disk(self, random):
        """Agents go on without a log; commands say that they could not write."""
        with open(DISK / 'filler', 'wb', buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                pass
        name = random.choice(self.stage.names)
        key = DISK / 'key'
        if not self.run(name, 'pgnl', 'dump'):
            fail('pgnl dump says that all is well on a full disk')
        if not self.run(name, BUILD / 'bin/pgnld', '--new-key', key) or key.exists():
            fail('pgnld --new-key says that all is well on a full disk, or leaves half a key')
        return f'the disk is full, also to {name}'

    @staticmethod
    def run(name, *command):
        """The status of a command that writes to the disk."""
        with open(DISK / 'output', 'wb') as output:
            return on(name, *command, stdout=output, stderr=subprocess.DEVNULL).wait()

    def empty_disk(self, _random):
        if not (DISK / 'filler').exists():
            return ''
        (DISK / 'filler').unlink()
        return 'the disk has room'

    def pause(self, random):
        """Whoever runs the VM (./run) does it, and takes the file away."""
        seconds = random.choice([1, 2, 4, 8])
        out = os.environ.get('OUT')
        if out:
            wish = Path(out, 'pause.new')
            wish.write_text(f'{seconds}\n')
            wish.rename(Path(out, 'pause'))
        return f'the machine stands still for {seconds} s, soon'

    def heal(self):
        self.set_wall(0)
        self.empty_disk(None)

    def prune(self):
        """Logs of rounds in which nothing was wrong are not kept."""
        for log in DISK.glob('*.log'):
            if log.stat().st_size > KEEP:
                os.truncate(log, 0)

    def end(self):
        self.heal()
        subprocess.run(['umount', '-l', str(DISK)], check=False)
