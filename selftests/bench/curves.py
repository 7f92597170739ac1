# SPDX-License-Identifier: GPL-2.0-or-later
"""How cost and memory grow with the number of members, groups, memberships and subscribers.

A row has a pg of its own, which ends as a whole: the ends of so many members would take pg
longer than all that is measured.
"""
import resource
import time
from pathlib import Path

from figures import SETTLE, expect, kworker_time, pg_worker

MEMBERS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000]
GROUPS = [1, 10, 100, 1000, 10_000, 100_000]
GROUP_MEMBERS = 8
PROCESSES = 10_000      # of the memory curve
STEPS, STEP = 10, 10    # so many times, each of them joins so many more groups
SUBSCRIBERS = [0, 1, 3, 10, 30, 100]


def row_members(figures, scale, kernel, pg, tipc):
    """Reads, picks, joins and leaves in a group of 1 to 30,000 members."""
    reads = figures.curve('members-read', 'Read all members of a group', 'members of the group',
                          'time', x_log=True, y_log=True)
    acts = figures.curve('members-act', 'Join a group, and pick one of it at random',
                         'members of the group', 'time', x_log=True, y_log=True)
    n, had = 20, 0          # n processes come and go
    pg = pg and pg_worker()
    workers = [worker for worker in (kernel, pg, tipc) if worker]
    for worker in workers:
        worker('spawn', n)

    def join(worker, size):
        spent = worker('join', 'curve', 1, 0, n) / n
        expect('members', worker('memberships'), size + n)
        worker('leave', 'curve', 1, 0, n)
        return spent

    for size in MEMBERS:
        for worker in workers:
            worker('spawn', size - had)
            worker('join' if worker is tipc else 'join-batch', 'curve', 1, n + had, size - had)
        had = size
        calls = max(1, min(scale.calls, 10_000 // size))
        few = max(1, calls // 10)

        def per_call(worker, command, count, *more):
            return lambda: worker(command, 'curve0', count, *more) / count

        reads.rounds(size, scale.curve, {
            'mapped view': per_call(kernel, 'view', calls),
            'netlink, libpgnl': per_call(kernel, 'lib-get', calls),
            'pg:get_members': pg and per_call(pg, 'get', calls),
            'TIPC topology service': tipc and per_call(tipc, 'get', few, size),
        }, peers=('pg:get_members', 'TIPC topology service'))
        acts.rounds(size, scale.curve, {
            'join': lambda: join(kernel, size),
            'random pick': per_call(kernel, 'pick', calls),
            'pg:join': pg and (lambda: join(pg, size)),
            'get_members, take one': pg and per_call(pg, 'pick', calls),
            'TIPC bind': tipc and (lambda: join(tipc, size)),
        }, peers=('pg:join', 'get_members, take one', 'TIPC bind'))
    kernel('view-close')
    kernel('end-rows')
    if tipc:
        tipc('end')
    if pg:
        pg.close()


def row_groups(figures, scale, kernel, pg, _tipc):
    """Reads and joins at random groups, out of 1 to 100,000 of eight members."""
    curve = figures.curve('groups', 'Read and join any group out of many, 8 members in each',
                          'groups', 'time', x_log=True, y_log=True)
    n, had = 100, 0
    pg = pg and pg_worker()
    workers = [worker for worker in (kernel, pg) if worker]
    for worker in workers:
        worker('spawn', GROUP_MEMBERS + n)

    def join(worker, groups):
        spent = worker('join-any', 'many', groups, GROUP_MEMBERS, n) / n
        worker('leave-any', 'many', groups, GROUP_MEMBERS, n)
        return spent

    def read(worker, command, groups):
        return lambda: worker(command, 'many', groups, GROUP_MEMBERS, n) / n

    for groups in GROUPS:
        for worker in workers:
            worker('fill', 'many', had, groups, GROUP_MEMBERS)
        had = groups
        expect('members', kernel('memberships'), groups * GROUP_MEMBERS)
        curve.rounds(groups, scale.curve, {
            'mapped view': read(kernel, 'view-any', groups),
            'netlink, libpgnl': read(kernel, 'lib-get-any', groups),
            'join': lambda: join(kernel, groups),
            'pg:get_members': pg and read(pg, 'get-any', groups),
            'pg:join': pg and (lambda: join(pg, groups)),
        }, peers=('pg:get_members', 'pg:join'))
    kernel('view-close')
    kernel('end-rows')
    if pg:
        pg.close()


# --- Memory ----------------------------------------------------------------------

def kernel_memory(patience=10):
    """Bytes of slabs, and of vmalloc and percpu areas, once they stay the same, or out
    of patience, in seconds."""
    def read():
        fields = dict(line.split(':') for line in Path('/proc/meminfo').read_text().splitlines())
        slab, *others = (int(fields[f].split()[0]) << 10 for f in ('Slab', 'VmallocUsed', 'Percpu'))
        return slab, sum(others)

    readings = [read()]
    for _ in range(patience * 10):
        time.sleep(0.1)
        readings.append(read())
        last = [sum(reading) for reading in readings[-10:]]
        if len(last) == 10 and max(last) - min(last) <= 64 << 10:
            break
    return readings[-1]


def slabs():
    """Bytes by slab cache."""
    caches = {}
    for line in Path('/proc/slabinfo').read_text().splitlines()[2:]:
        field = line.split()
        per_slab, pages, n_slabs = int(field[4]), int(field[5]), int(field[14])
        if per_slab:
            caches[field[0]] = n_slabs * pages * resource.getpagesize()
    return caches


def row_memory(figures, scale, kernel, pg, _tipc):
    """What the memory grows by, first memberships and further ones apart, up to 1,010,000."""
    curve = figures.curve('memory', 'Memory of memberships of 10,000 processes', 'memberships',
                          'bytes')

    def draw(label, n, grown, peer=False):
        curve.point(label, n, [grown], peer)

    def kernel_steps():
        """Memory and slabs: without a membership, with the first ones, at each further step."""
        kernel('spawn', PROCESSES)
        yield kernel_memory(), slabs()
        kernel('join-batch', 'first', 1, 0, PROCESSES)
        yield kernel_memory(), slabs()
        for step in range(STEPS):
            kernel('join-batch', f'fill{step}-', STEP, 0, PROCESSES)
            yield kernel_memory(10 if step == STEPS - 1 else 1), slabs()
        expect('memberships', kernel('memberships'), PROCESSES * (1 + STEPS * STEP))
        kernel('end-rows')

    def pg_steps():
        pg = pg_worker()
        pg('spawn', PROCESSES)
        yield pg('memory')
        pg('join-batch', 'first', 1, 0, PROCESSES)
        yield pg('memory')
        for step in range(STEPS):
            for group in range(STEP):
                pg('join-batch', f'fill{step}-{group}-', 1, 0, PROCESSES)
            yield pg('memory')
        pg.close()

    def shares(before, after, n):
        growth = {c: (after[1][c] - before[1].get(c, 0)) / n for c in after[1]}
        growth['outside of slabs'] = (after[0][1] - before[0][1]) / n
        parts = sorted(growth.items(), key=lambda item: -item[1])[:6]
        return ', '.join(f'{cache} {size:.0f} B' for cache, size in parts if size >= 1)

    def add(suffix, before, first, last):
        membership = (last - first) / (PROCESSES * STEPS * STEP)
        figures.add(f'memory of a membership{suffix}', membership, 'B')
        figures.add(f'memory of a process in one group{suffix}', (first - before) / PROCESSES, 'B')
        return membership

    sizes = [0, *(PROCESSES * (1 + i * STEP) for i in range(STEPS + 1))]
    for i in range(min(scale.few, 2)):
        steps = list(kernel_steps())
        totals = [sum(memory) for memory, _ in steps]
        membership = add('', totals[0], totals[1], totals[-1])
        figures.add('memory of a member process',
                    (totals[1] - totals[0]) / PROCESSES - membership, 'B')
        if not i:
            for n, total in zip(sizes, totals):
                draw('kernel, with pgnl', n, total - totals[0])
    figures.note('memory: a first membership of a process is '
                 + shares(steps[0], steps[1], PROCESSES))
    figures.note('memory: a further membership is '
                 + shares(steps[1], steps[-1], PROCESSES * STEPS * STEP))
    figures.absolute('memory of a membership', 'memory of a membership', 128, 96)
    figures.absolute('memory of a member process', 'memory of a member process', 320, 256)
    if pg:
        totals = list(pg_steps())
        add(', pg', totals[0], totals[1], totals[-1])
        for n, total in zip(sizes, totals):
            draw('Erlang, with pg', n, total - totals[0], peer=True)


# --- Subscribers ------------------------------------------------------------------

def row_subscribers(figures, scale, kernel, _pg, _tipc):
    """Joins that 0 to 100 subscribers hear of: the joiner's part, and the delivery."""
    curve = figures.curve('subscribers', 'A join that subscribers hear of', 'subscribers', 'time')
    groups, n = 25, 200

    def joins():
        """Processor time of the joiner and of the kernel's workers, by join."""
        time.sleep(SETTLE)
        before = kworker_time()
        own = kernel('join-own', 'fan', groups, groups, n)
        kernel('drain', n)
        time.sleep(SETTLE)
        workers = kworker_time() - before
        expect('members', kernel('memberships'), groups + n)
        kernel('leave', 'fan', groups, groups, n)
        kernel('drain', n)
        return own / n, workers / n

    kernel('spawn', groups + n)
    kernel('join', 'fan', groups, 0, groups)            # the groups exist
    joins()
    for subscribers in SUBSCRIBERS:
        kernel('subscribe', subscribers)
        own, workers = zip(*(joins() for _ in range(scale.curve)))
        kernel('unsubscribe')
        curve.point('the joiner', subscribers, own)
        curve.point('the delivery to all of them', subscribers, workers)
    kernel('end-rows')
