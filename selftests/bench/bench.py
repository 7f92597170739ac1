#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure pgnl in this kernel, beside generic netlink's floor, Erlang's pg and TIPC.

Runs in the VM. Worker programs do the work and time it; this one tells
them what to do, in rounds that take every variant in turn, so that whatever
else the machine does strikes all alike, and makes figures of the answers.
A peer that is not there has no figures.
docs/bench/README.md says what each figure is.
"""
import argparse
import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import report
from curves import row_groups, row_members, row_memory, row_subscribers
from figures import (BUILD, SETTLE, Figures, expect, kernel_worker, kworker_time, pg_worker,
                     repeated, tipc_worker)
from native import row_image

CGROUP = Path('/sys/fs/cgroup')
TRACING = Path('/sys/kernel/tracing')
BIG = 30_000            # members of the big group
CROWD = 32_000          # processes that end together
SUBSCRIBERS = 100
FILL_PROCESSES = 10_000
FILL_GROUPS = 100       # a million memberships
NO_LIMIT = 1 << 40


# --- Rows ------------------------------------------------------------------------

def present(*workers):
    return [worker for worker in workers if worker]


def row_get(figures, scale, kernel, pg, _tipc):
    """Eight members by netlink, beside a command that does nothing."""
    n = scale.calls
    for worker in present(kernel, pg):
        worker('spawn', 8)
        worker('join-batch', 'eight', 1, 0, 8)
    expect('members', kernel('memberships'), 8)
    figures.rounds(scale.rounds, {
        'floor': lambda: {'empty command + ack': repeated(kernel, 'floor', n)},
        'info': lambda: {'info-get, answered by its reply': repeated(kernel, 'info', n)},
        'get': lambda: {'get, 8 members': repeated(kernel, 'get', 'eight0', n)},
        'lib': lambda: {'get, 8 members, libpgnl': repeated(kernel, 'lib-get', 'eight0', n)},
        'pg': pg and (lambda: {'pg:get_members, 8 members (with get)':
                               repeated(pg, 'get', 'eight0', n)}),
    })
    figures.at_most('netlink get, 8 members, vs empty command + ack',
                    'get, 8 members', 'empty command + ack', 1.3, 1.15)
    for worker in present(kernel, pg):
        worker('end')


def many(n, what):
    return f'{n} {what}' + ('' if n == 1 else 's')


def row_view(figures, scale, kernel, pg, tipc):
    """A look into the mapping that copies the pids of all members."""
    sizes = {1: (5, 10), 8: (5, 10), 100: (10, 15), 1000: (20, 30)}
    n = scale.looks
    for worker in present(kernel, pg, tipc):
        worker('spawn', max(sizes))
        for size in sizes:
            worker('join' if worker is tipc else 'join-batch', f'of{size}-', 1, 0, size)

    def one(size):
        group, few, members = f'of{size}-0', max(1, scale.calls // size), many(size, 'member')

        def learn():
            tipc('get', group, max(1, few // 10), size)         # see repeated()
            return {f'TIPC, {many(size, "binding")} learnt': tipc('get', group, few, size) / few}

        return {
            f'view {size}': lambda: {f'view, {members}': repeated(kernel, 'view', group, n)},
            f'rows {size}': lambda: {f'view, {members}, ids and all':
                                     repeated(kernel, 'view-members', group, n)},
            f'pg {size}': pg and (lambda: {f'pg:get_members, {members}':
                                           repeated(pg, 'get', group, n)}),
            f'tipc {size}': tipc and learn,
        }

    figures.rounds(scale.rounds, {name: act for size in sizes for name, act in one(size).items()})
    for size, (must, goal) in sizes.items():
        members = many(size, 'member')
        figures.times_faster_than_pg(f'pg:get_members vs view look-up and copy, {members}',
                                     f'pg:get_members, {members}', f'view, {members}', must, goal)
    for size in sizes:
        members = many(size, 'member')
        figures.beside(f'TIPC vs view look-up and copy, {members}',
                       f'TIPC, {many(size, "binding")} learnt', f'view, {members}')
    kernel('view-close')
    for worker in present(kernel, pg, tipc):
        worker('end')


def row_join(figures, scale, kernel, pg, tipc):
    """200 processes that are in no group, one request each, into 25 groups."""
    groups, n, before = 25, 200, 20

    def one(worker, command, name, suffix):
        for act in command, 'leave':                    # by others, see repeated()
            worker(act, 'join', groups, groups + n, before)
        samples = {name: worker(command, 'join', groups, groups, n) / n}
        expect('members', worker('memberships'), groups + n)
        samples['leave' + suffix] = worker('leave', 'join', groups, groups, n) / n
        return samples

    for worker in present(kernel, pg, tipc):
        worker('spawn', groups + n + before)
        worker('join', 'join', groups, 0, groups)       # the groups exist
    figures.rounds(scale.rounds, {
        'floor': lambda: {'empty command + ack (with join)': repeated(kernel, 'floor', n)},
        'join': lambda: one(kernel, 'join', 'join, answered by its reply', ''),
        'ack': lambda: one(kernel, 'join-ack', 'join, reply and ack', ''),
        'lib': lambda: one(kernel, 'lib-join', 'join, libpgnl', ''),
        'pg': pg and (lambda: one(pg, 'join', 'pg:join', ', pg')),
        'tipc': tipc and (lambda: one(tipc, 'join', 'TIPC bind', ', TIPC')),
    })
    for name in 'join, answered by its reply', 'join, reply and ack':
        figures.at_most(f'{name}, vs empty command + ack',
                        name, 'empty command + ack (with join)', 2.5, 1.8)
        figures.times_faster_than_pg(f'pg:join vs {name}', 'pg:join', name, 4, 8)
    figures.beside('TIPC bind vs join, answered by its reply', 'TIPC bind',
                   'join, answered by its reply')
    for worker in present(kernel, pg, tipc):
        worker('end')


def row_batch(figures, scale, kernel, pg, _tipc):
    """1000 processes that are in no group into a new one, by one request."""
    n, before = 1000, 100

    def one(worker, name, suffix):
        for act in 'join-batch', 'leave-batch':         # by others, see repeated()
            worker(act, 'batch', 1, n, before)
        samples = {name: worker('join-batch', 'batch', 1, 0, n) / n}
        expect('members', worker('memberships'), n)
        samples['leave of 1000, per pid' + suffix] = worker('leave-batch', 'batch', 1, 0, n) / n
        return samples

    for worker in present(kernel, pg):
        worker('spawn', n + before)
    figures.rounds(scale.rounds, {
        'pgnl': lambda: one(kernel, 'join of 1000, per pid', ''),
        'pg': pg and (lambda: one(pg, 'pg:join of 1000, per pid', ', pg')),
    })
    figures.times_faster_than_pg('pg:join of 1000 vs join of 1000', 'pg:join of 1000, per pid',
                                 'join of 1000, per pid', 3, 8)
    for worker in present(kernel, pg):
        worker('end')


def row_size(figures, scale, kernel, _pg, _tipc):
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


def row_fanout(figures, scale, kernel, _pg, _tipc):
    """Joins that nobody or 100 subscribers hear of.

    The work items deliver, so what they run is the delivery, and the time of the asking
    process alone is the joiner's part."""
    groups, n = 25, 200

    def joins(command):
        """What a join costs the joiner, and the workers of the kernel."""
        time.sleep(SETTLE)
        before = kworker_time()
        own = kernel(command, 'fan', groups, groups, n)
        if command == 'join-own':
            kernel('drain', n)
        time.sleep(SETTLE)
        workers = kworker_time() - before
        expect('members', kernel('memberships'), groups + n)
        return own / n, workers / n

    def leave():
        kernel('leave', 'fan', groups, groups, n)
        kernel('drain', n)

    def one(command, kind):
        own_0, workers_0 = joins(command)
        leave()
        kernel('subscribe', SUBSCRIBERS)
        own, workers = joins(command)
        unicast = kernel('unicast', n) / n / SUBSCRIBERS
        kernel('drain', n)
        leave()
        kernel('unsubscribe')
        return {f'join{kind}, nobody subscribes': own_0,
                f'join{kind}, 100 subscribers': own,
                f'event{kind}, to each of 100 subscribers':
                    (workers - workers_0) / SUBSCRIBERS,
                f'unicast of a message (with join{kind})': unicast}

    kernel('spawn', groups + n)
    kernel('join', 'fan', groups, 0, groups)            # the groups exist
    figures.rounds(scale.rounds, {'stream': lambda: one('join-own', '')})
    # Seconds of waiting in each
    figures.rounds(scale.few, {'alone': lambda: one('join-lone', ' on its own')})
    for kind in '', ' on its own':
        figures.at_most(f'event{kind}, to each of 100 subscribers, vs unicast of a message',
                        f'event{kind}, to each of 100 subscribers',
                        f'unicast of a message (with join{kind})', 1.5, 1.0)
        figures.at_most(f'join{kind}, 100 subscribers vs none',
                        f'join{kind}, 100 subscribers', f'join{kind}, nobody subscribes',
                        1.15, 1.05)
    kernel('end-rows')


def row_exit(figures, scale, kernel, pg, _tipc):
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


def row_bystander(figures, scale, kernel, _pg, _tipc):
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
COUNTED = ['get', 'view', 'join', 'batch', 'size', 'fanout', 'exit']
ROWS_OF_MODE = {
    'time': ['get', 'view', 'join', 'batch', 'size', 'exit', 'memory', 'members', 'groups'],
    'icount': [*COUNTED, 'bystander', 'subscribers'],
    'check': COUNTED,
    'native': ['image'],
}


# --- The run -----------------------------------------------------------------------

class Scale:
    """How much is done. By the clock, many short samples: what else the machine does
    spoils some of them, and the median leaves those out."""

    def __init__(self, mode, quick):
        clock = mode in ('time', 'native')
        quick = quick or mode == 'check'
        self.calls = 100 if clock else 500
        self.looks = 1000 if clock else 500
        self.rounds = (101 if clock else 7) // (10 if quick else 1) + quick
        self.few = 1 if quick else 5 if clock else 3
        self.curve = 1 if quick else 9 if clock else 3
        self.with_slow_pg = clock and not quick


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
    resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 16, 1 << 16))
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))


def processor():
    for line in Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            return line.split(':')[1].strip()
    return platform.machine()


def accelerator(mode):
    if mode == 'native':
        return ''
    if mode in ('icount', 'check'):
        return 'QEMU TCG, instructions counted (2 ns each)'
    return 'QEMU TCG' if 'TCG' in processor() else 'KVM'


def erlang():
    return 'OTP ' + subprocess.run(
        ['erl', '-noshell', '-eval',
         'io:format("~s", [erlang:system_info(otp_release)]), halt().'],
        capture_output=True, text=True, check=True).stdout


def machine(mode):
    about = {'mode': mode, 'date': time.strftime('%Y-%m-%d', time.gmtime()),
             'machine': platform.machine(), 'processors': os.cpu_count(),
             'accelerator': accelerator(mode)}
    if mode == 'native':
        about['processor'] = processor()
    else:
        about['kernel'] = os.uname().release
    if mode != 'check':
        about['erlang'] = erlang()
    return about


def keep(out, result):
    """Write what there is so far. A list of samples takes one line."""
    text = json.dumps(result, indent=1)
    text = re.sub(r'\[\s+([-+.\de,\s]+?)\s+\]',
                  lambda list_: '[' + re.sub(r'\s+', ' ', list_[1]) + ']', text)
    (out / 'bench.json').write_text(text + '\n')


def start_workers(mode, figures):
    """The kernel's, pg's and TIPC's; None for a peer that has no part in this mode."""
    kernel = None if mode == 'native' else kernel_worker()
    pg = None if mode == 'check' else pg_worker()
    tipc = None
    if mode == 'time':
        if subprocess.run(['modprobe', 'tipc'], check=False).returncode:
            figures.note('TIPC: this kernel has no module tipc')
        else:
            tipc = tipc_worker()
    return kernel, pg, tipc


def measure(rows, figures, scale, workers, save):
    for i, name in enumerate(rows, 1):
        print(f'[{i}/{len(rows)}] {name}: {ROWS[name].__doc__.splitlines()[0]}',
              file=sys.stderr, flush=True)
        start = time.monotonic()
        ROWS[name](figures, scale, *workers)
        print(f'        {time.monotonic() - start:.0f} s', file=sys.stderr, flush=True)
        save()                                      # should the next one fail


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
    rows = [name for name in ROWS_OF_MODE[args.mode] if not args.rows or name in args.rows]
    if not rows:
        return

    in_vm = args.mode != 'native'
    if in_vm:
        prepare()
        load('pgnl_floor')
        load('pgnl')
    figures, about = Figures(args.mode), machine(args.mode)
    workers = start_workers(args.mode, figures)
    if in_vm:
        workers[0]('limits', NO_LIMIT)
    measure(rows, figures, Scale(args.mode, args.quick), workers,
            lambda: keep(args.out, figures.result(about)))
    for worker in present(*workers):
        worker.close()
    if in_vm:
        unload('pgnl')
        unload('pgnl_floor')
    if args.mode != 'check':
        print(report.markdown(figures.result(about)))


if __name__ == '__main__':
    main()
