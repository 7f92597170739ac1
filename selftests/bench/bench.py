#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure pgnl in this kernel, beside generic netlink's floor and Erlang's pg.

Runs in the VM. Two worker programs do the work and time it; this one tells
them what to do, in rounds that take every variant in turn, so that whatever
else the machine does strikes all alike, and makes figures of the answers.
docs/bench/README.md says what each figure is.
"""
import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import report

TOP = Path(os.environ.get('PGNL_TOP') or Path(__file__).resolve().parents[2])
BUILD = TOP / 'build'
CGROUP = Path('/sys/fs/cgroup')
TRACING = Path('/sys/kernel/tracing')
BIG = 30_000            # members of the big group
CROWD = 32_000          # processes that end together
FILL_PROCESSES = 10_000
FILL_GROUPS = 100       # a million memberships
NO_LIMIT = 1 << 40


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


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f'bench: {what}: {got} instead of {wanted}')


# --- Figures ------------------------------------------------------------------

class Figures:
    """Samples by name; the n-th of each name belong to the same round."""

    def __init__(self, mode):
        self.mode = mode
        self.figures = {}
        self.targets = []
        self.notes = []

    def rounds(self, n, variants, warm_up=True, unit='ns'):
        """Take each variant once a round, in an order that turns."""
        names = list(variants)
        for i in range(-1 if warm_up else 0, n):
            for k in range(len(names)):
                variant = variants[names[(i + k) % len(names)]]
                for name, value in variant().items():
                    if i >= 0:
                        self.add(name, value, unit)

    def add(self, name, value, unit):
        figure = self.figures.setdefault(name, {'unit': unit, 'samples': []})
        figure['samples'].append(value)

    def at_most(self, row, top, bottom, must, goal):
        self._target(row, top, bottom, 'at most', must, goal)

    def times_faster_than_pg(self, row, pg, pgnl, must, goal):
        """By the clock alone: pg takes turns on several processors, and few but slow
        instructions, so that counting them says little about it."""
        if self.mode == 'icount':
            must = goal = None
        self._target(row, pg, pgnl, 'at least', must, goal)

    def absolute(self, row, figure, must, goal):
        self._target(row, figure, None, 'at most', must, goal)

    def within(self, row, top, bottom, share):
        self._target(row, top, bottom, 'within', share, None)

    def _target(self, row, top, bottom, sense, must, goal):
        self.targets.append({'row': row, 'top': top, 'bottom': bottom,
                             'sense': sense, 'must': must, 'goal': goal})

    def note(self, text):
        self.notes.append(text)


# --- Rows ------------------------------------------------------------------------

def row_get(figures, scale, kernel, pg):
    """Eight members by netlink, beside a command that does nothing."""
    n = scale.calls
    kernel('spawn', 8)
    pg('spawn', 8)
    kernel('join-batch', 'eight', 1, 0, 8)
    pg('join-batch', 'eight', 1, 0, 8)
    expect('members', kernel('memberships'), 8)
    figures.rounds(scale.rounds, {
        'floor': lambda: {'empty command + ack': kernel('floor', n) / n},
        'info': lambda: {'info-get, answered by its reply': kernel('info', n) / n},
        'get': lambda: {'get, 8 members': kernel('get', 'eight0', n) / n},
        'lib': lambda: {'get, 8 members, libpgnl': kernel('lib-get', 'eight0', n) / n},
        'pg': lambda: {'pg:get_members, 8 members': pg('get', 'eight0', n) / n},
    })
    figures.at_most('netlink get, 8 members, vs empty command + ack',
                    'get, 8 members', 'empty command + ack', 1.3, 1.15)
    for worker in kernel, pg:
        worker('end')


def row_join(figures, scale, kernel, pg):
    """200 processes that are in no group, one request each, into 25 groups."""
    groups, n = 25, 200

    def one(worker, command, name, suffix):
        samples = {name: worker(command, 'join', groups, groups, n) / n}
        expect('members', worker('memberships'), groups + n)
        samples['leave' + suffix] = worker('leave', 'join', groups, groups, n) / n
        return samples

    for worker in kernel, pg:
        worker('spawn', groups + n)
        worker('join', 'join', groups, 0, groups)       # the groups exist
    figures.rounds(scale.rounds, {
        'floor': lambda: {'empty command + ack (with join)': kernel('floor', n) / n},
        'join': lambda: one(kernel, 'join', 'join, answered by its reply', ''),
        'ack': lambda: one(kernel, 'join-ack', 'join, reply and ack', ''),
        'lib': lambda: one(kernel, 'lib-join', 'join, libpgnl', ''),
        'pg': lambda: one(pg, 'join', 'pg:join', ', pg'),
    })
    for name in 'join, answered by its reply', 'join, reply and ack':
        figures.at_most(f'{name}, vs empty command + ack',
                        name, 'empty command + ack (with join)', 2.5, 1.8)
        figures.times_faster_than_pg(f'pg:join vs {name}', 'pg:join', name, 4, 8)
    for worker in kernel, pg:
        worker('end')


def row_batch(figures, scale, kernel, pg):
    """1000 processes that are in no group into a new one, by one request."""
    n = 1000

    def one(worker, name, suffix):
        samples = {name: worker('join-batch', 'batch', 1, 0, n) / n}
        expect('members', worker('memberships'), n)
        samples['leave of 1000, per pid' + suffix] = worker('leave-batch', 'batch', 1, 0, n) / n
        return samples

    for worker in kernel, pg:
        worker('spawn', n)
    figures.rounds(scale.rounds, {
        'pgnl': lambda: one(kernel, 'join of 1000, per pid', ''),
        'pg': lambda: one(pg, 'pg:join of 1000, per pid', ', pg'),
    })
    figures.times_faster_than_pg('pg:join of 1000 vs join of 1000', 'pg:join of 1000, per pid',
                                 'join of 1000, per pid', 3, 8)
    for worker in kernel, pg:
        worker('end')


def row_size(figures, scale, kernel, _pg):
    """The same 200 joins, leaves and picks in a group of 30,000 and in 20 of 10."""
    small, n, picks = 20, 200, scale.calls

    def one(prefix, groups, label):
        join = kernel('join', prefix, groups, BIG, n) / n
        leave = kernel('leave', prefix, groups, BIG, n) / n
        pick = kernel('pick', f'{prefix}0', picks) / picks
        return {f'join, group of {label}': join, f'leave, group of {label}': leave,
                f'random pick, group of {label}': pick}

    kernel('spawn', BIG + n)
    kernel('join-batch', 'big', 1, 0, BIG)
    kernel('join', 'small', small, 0, small * 10)
    expect('members', kernel('memberships'), BIG + small * 10)
    figures.rounds(scale.rounds, {
        'big': lambda: one('big', 1, '30,000'),
        'small': lambda: one('small', small, '10'),
    })
    for act in 'join', 'leave', 'random pick':
        figures.at_most(f'{act}, 30,000 members vs 10', f'{act}, group of 30,000',
                        f'{act}, group of 10', 1.1, 1.0)
    kernel('end-rows')


def row_exit(figures, scale, kernel, pg):
    """32,000 processes are killed at once and waited for."""
    def stranger():
        kernel('spawn', CROWD)
        return {'end of a non-member': kernel('end') / CROWD}

    def member():
        kernel('spawn', CROWD)
        kernel('join-batch', 'crowd', 1, 0, CROWD)
        expect('members', kernel('memberships'), CROWD)
        return {'end of a member, rows gone': kernel('end-rows') / CROWD}

    def crowd_of_pg():
        pg('spawn', CROWD)
        pg('join-batch', 'crowd', 1, 0, CROWD)
        return {'end of a member of pg, seen by pg': pg('end') / CROWD}

    figures.rounds(scale.few, {'stranger': stranger, 'member': member}, warm_up=False)
    figures.at_most('32,000 members end together vs 32,000 non-members',
                    'end of a member, rows gone', 'end of a non-member', 1.10, 1.03)
    if scale.with_slow_pg:
        figures.rounds(1, {'pg': crowd_of_pg}, warm_up=False)
        figures.times_faster_than_pg('pg vs pgnl, 32,000 members end together',
                                     'end of a member of pg, seen by pg',
                                     'end of a member, rows gone', None, None)


def fill(kernel):
    """A million memberships: 10,000 processes, each in the same 100 groups."""
    kernel('limits', NO_LIMIT)
    kernel('join-batch', 'fill', FILL_GROUPS, 0, FILL_PROCESSES)
    expect('memberships', kernel('memberships'), FILL_GROUPS * FILL_PROCESSES)


def kernel_memory():
    """Bytes of slabs, and of vmalloc and percpu areas, once they stay the same."""
    def read():
        fields = dict(line.split(':') for line in Path('/proc/meminfo').read_text().splitlines())
        slab, *others = (int(fields[f].split()[0]) << 10 for f in ('Slab', 'VmallocUsed', 'Percpu'))
        return slab, sum(others)

    readings = [read()]
    for _ in range(300):
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


def row_memory(figures, scale, kernel, _pg):
    """What the kernel's memory grows by, first memberships and further ones apart."""
    def one():
        kernel('spawn', FILL_PROCESSES)
        steps = [(kernel_memory(), slabs())]
        kernel('join-batch', 'first', 1, 0, FILL_PROCESSES)
        steps.append((kernel_memory(), slabs()))
        kernel('limits', NO_LIMIT)
        kernel('join-batch', 'fill', FILL_GROUPS, 0, FILL_PROCESSES)
        steps.append((kernel_memory(), slabs()))
        kernel('end-rows')
        before, middle, after = (sum(memory) for memory, _ in steps)
        first = middle - before
        membership = (after - middle) / (FILL_GROUPS * FILL_PROCESSES)
        grown.append(steps)
        return {'memory of a membership': membership,
                'memory of a member process': first / FILL_PROCESSES - membership,
                'memory of a process in one group': first / FILL_PROCESSES}

    def shares(before, after, n):
        growth = {c: (after[1][c] - before[1].get(c, 0)) / n for c in after[1]}
        growth['outside of slabs'] = (after[0][1] - before[0][1]) / n
        parts = sorted(growth.items(), key=lambda item: -item[1])[:6]
        return ', '.join(f'{cache} {size:.0f} B' for cache, size in parts if size >= 1)

    grown = []
    figures.rounds(scale.few, {'memory': one}, warm_up=False, unit='B')
    figures.absolute('memory of a membership', 'memory of a membership', 128, 96)
    figures.absolute('memory of a member process', 'memory of a member process', 320, 256)
    before, middle, after = grown[-1]
    figures.note('memory: a first membership of a process is '
                 + shares(before, middle, FILL_PROCESSES))
    figures.note('memory: a further membership is '
                 + shares(middle, after, FILL_GROUPS * FILL_PROCESSES))


def traced_functions(act):
    """How many calls of the module's functions the function tracer sees in act()."""
    (TRACING / 'set_ftrace_filter').write_text(':mod:pgnl\n')
    (TRACING / 'current_tracer').write_text('function')
    (TRACING / 'trace').write_text('')
    act()
    lines = (TRACING / 'trace').read_text().splitlines()
    (TRACING / 'current_tracer').write_text('nop')
    (TRACING / 'set_ftrace_filter').write_text('')
    return sum(1 for line in lines if not line.startswith('#'))


def row_bystander(figures, scale, kernel, _pg):
    """A process in no group forks and executes, with a full table and without the module."""
    bystander = kernel_worker()
    program = '/run/bench-nothing'
    shutil.copy(BUILD / 'bench/nothing', program)
    forks = execs = scale.calls

    def act():
        bystander('fork', forks)
        bystander('exec', program, execs)

    def member_dies():
        kernel('join', 'control', 1, 0, 1)
        kernel('end-rows')

    def measure(label):
        bystander('fork', 100)
        bystander('exec', program, 100)
        for _ in range(scale.few):
            figures.add(f'fork and exit, {label}', bystander('fork', forks) / forks, 'ns')
            figures.add(f'exec and exit, {label}',
                        bystander('exec', program, execs) / execs, 'ns')

    kernel('spawn', FILL_PROCESSES)
    for _ in range(scale.few):
        fill(kernel)
        measure('1,000,000 memberships')
        calls = traced_functions(act)
        kernel('close')
        unload('pgnl')
        measure('without the module')
        load('pgnl')
    figures.note(f'bystander: the function tracer saw {calls} calls of functions of the module '
                 f'in {forks} forks and {execs} execs beside 1,000,000 memberships')
    expect('calls of the module by a bystander', calls, 0)
    control = traced_functions(member_dies)
    figures.note(f'bystander: the same tracer saw {control} in the join and end of one member')
    if not control:
        sys.exit('bench: the function tracer sees nothing')
    for act_name in 'fork', 'exec':
        figures.within(f'{act_name} and exit of a bystander, 1,000,000 memberships vs no module',
                       f'{act_name} and exit, 1,000,000 memberships',
                       f'{act_name} and exit, without the module', 0.02)
    bystander.close()


ROWS = {name[4:]: function for name, function in list(globals().items())
        if name.startswith('row_')}
ROWS_OF_MODE = {'time': ['get', 'join', 'batch', 'size', 'exit', 'memory'],
                'icount': ['get', 'join', 'batch', 'size', 'exit', 'bystander']}


# --- The run -----------------------------------------------------------------------

class Scale:
    """How much is done. By the clock, many short samples: what else the machine does
    spoils some of them, and the median leaves those out."""

    def __init__(self, mode, quick):
        time_mode = mode == 'time'
        self.calls = 100 if time_mode else 500
        self.rounds = (101 if time_mode else 7) // (10 if quick else 1) + quick
        self.few = 1 if quick else 5 if time_mode else 3
        self.with_slow_pg = time_mode and not quick


def load(module):
    release = os.uname().release
    path = {'pgnl': BUILD / f'kmod-{release}/pgnl.ko',
            'pgnl_floor': BUILD / f'bench/floor-{release}/pgnl_floor.ko'}[module]
    subprocess.run(['insmod', path], check=True)


def unload(module):
    subprocess.run(['rmmod', module], check=True)


def prepare():
    """Room for tens of thousands of processes, and a memory cgroup as every login has one."""
    (CGROUP / 'cgroup.subtree_control').write_text('+memory')
    (CGROUP / 'bench').mkdir(exist_ok=True)
    (CGROUP / 'bench/cgroup.procs').write_text(str(os.getpid()))
    for name, value in (('pid_max', 131072), ('threads-max', 131072)):
        Path('/proc/sys/kernel', name).write_text(str(value))
    resource.setrlimit(resource.RLIMIT_NPROC, (resource.RLIM_INFINITY,) * 2)
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))


def machine(mode):
    model = next((line for line in Path('/proc/cpuinfo').read_text().splitlines()
                  if line.startswith('model name')), '')
    accelerator = 'QEMU TCG' if 'TCG' in model else 'KVM'
    if mode == 'icount':
        accelerator += ', instructions counted (2 ns each)'
    erlang = subprocess.run(
        ['erl', '-noshell', '-eval',
         'io:format("~s", [erlang:system_info(otp_release)]), halt().'],
        capture_output=True, text=True, check=True).stdout
    return {'date': time.strftime('%Y-%m-%d', time.gmtime()),
            'kernel': os.uname().release, 'machine': platform.machine(),
            'processors': os.cpu_count(), 'accelerator': accelerator,
            'erlang': f'OTP {erlang}'}


def keep(out, about, figures):
    """Write what there is so far; the tables as text."""
    result = {'about': about, 'figures': figures.figures, 'targets': figures.targets,
              'notes': figures.notes}
    text = report.markdown(result)
    (out / 'bench.json').write_text(json.dumps(result, indent=1) + '\n')
    (out / 'bench.md').write_text(text)
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--mode', choices=ROWS_OF_MODE, default='time')
    parser.add_argument('--quick', action='store_true', help='a tenth of it, to try the bench')
    parser.add_argument('--out', type=Path, default=Path(os.environ.get('OUT', '.')))
    parser.add_argument('rows', nargs='*', metavar='ROW', help='only these of: ' + ' '.join(ROWS))
    args = parser.parse_args()
    unknown = set(args.rows) - set(ROWS)
    if unknown:
        parser.error(f'unknown row: {" ".join(unknown)}')
    if not set(args.rows or ROWS) & set(ROWS_OF_MODE[args.mode]):
        return

    prepare()
    load('pgnl_floor')
    load('pgnl')
    figures, scale = Figures(args.mode), Scale(args.mode, args.quick)
    about = {**machine(args.mode), 'mode': args.mode}
    kernel, pg = kernel_worker(), pg_worker()
    kernel('limits', NO_LIMIT)
    for name in ROWS_OF_MODE[args.mode]:
        if args.rows and name not in args.rows:
            continue
        start = time.monotonic()
        ROWS[name](figures, scale, kernel, pg)
        print(f'{name}: measured in {time.monotonic() - start:.0f} s', file=sys.stderr)
        text = keep(args.out, about, figures)       # should the next one fail
    kernel.close()
    pg.close()
    unload('pgnl')
    unload('pgnl_floor')
    print(text)


if __name__ == '__main__':
    main()
