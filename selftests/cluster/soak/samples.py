# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured when a round is over, at the same load each time."""
import resource
from pathlib import Path

from members import HELD, HELD_GROUP
from nodes import resident
from sides import Side

PAUSE = 5000            # microseconds between two joins, of which the lag is measured
TIMES = 10


def shrink():
    """Slabs without anything in them go back, so that what is left is in use: after many
    groups at once there are half empty ones for a long while."""
    for file in Path('/sys/kernel/slab').glob('*/shrink'):
        try:
            file.write_text('1')
        except OSError:             # it has ended meanwhile
            pass


def unreclaimable():
    """Bytes of the kernel that it can't give back when somebody wants memory."""
    fields = dict(line.split(':') for line in Path('/proc/meminfo').read_text().splitlines())
    return sum(int(fields[name].split()[0]) << 10
               for name in ('SUnreclaim', 'VmallocUsed', 'Percpu'))


def caches():
    """Bytes of the slabs that hold the module's rows and processes, by cache; some of it is
    others', whose objects of the same size are in the same cache."""
    sizes = {}
    for cache in Path('/sys/kernel/slab').glob('pgnl_*'):
        slabs, order = ((cache / name).read_text().split()[0] for name in ('slabs', 'order'))
        sizes[cache.name] = int(slabs) * resource.getpagesize() << int(order)
    return sizes


def memory(agents):
    shrink()
    return {'kernel': unreclaimable(), 'slabs': caches(),
            'agents': {name: resident(pid) for name, pid in agents.pids.items()}}


def keep_caches(out, when):
    """What the kernel has its memory for, to be compared by whoever looks for a leak."""
    for name in 'slabinfo', 'meminfo':
        (out / f'{name}-{when}').write_text(Path('/proc', name).read_text())


def lag(side, group):
    """From a join until the last of the other nodes has told its subscriber, for each."""
    began, heard = side.seen_by_others(group, HELD, 'paced', group, 0, HELD, PAUSE)
    side.clear(group, HELD)
    side.everywhere('deaf')
    return [end - begin for begin, end in zip(began, heard)]


def joins(worker, group):
    """Of one process after the other."""
    times = []
    for _ in range(TIMES):
        began = [int(word) for word in worker('paced', group, 0, HELD, 0)]
        worker('clear', group, 0, HELD)
        times.append((began[-1] - began[0]) / (HELD - 1))
    return times


def reads(worker):
    """Of a group with members on all nodes."""
    return [int(worker('read', HELD_GROUP, TIMES)[0]) / TIMES for _ in range(TIMES)]


def latency(members, number):
    """Another node acts each time."""
    houses = [house for _, house in sorted(members.households.items())]
    first = number % len(houses)
    houses = houses[first:] + houses[:first]
    side = Side('soak', [house.name for house in houses], [house.worker for house in houses])
    return {'lag': lag(side, f'lag/{number}'), 'join': joins(side.workers[0], 'cost'),
            'read': reads(side.workers[0])}
