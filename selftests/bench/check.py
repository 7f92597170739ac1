#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare what bench.py has counted with what is expected, and fail when a row costs more.

check.py [--update] KERNEL RESULT.json

A row is a figure by the floor of the same run, an empty command of generic netlink, so that
it stays the same when that changes. --update makes the result what is expected from now on.
"""
import json
import sys
from pathlib import Path
from statistics import median

from report import table

EXPECTED = Path(__file__).with_name('expected.json')
FLOOR = 'empty command + ack'


def ratios(result):
    figures = {name: median(figure['samples']) for name, figure in result['figures'].items()}
    floor = figures.pop(FLOOR)
    return {name: round(value / floor, 4) for name, value in figures.items()}


def allowed_of(name, tolerances):
    """That of the longest beginning of the name; that of '' is for all others."""
    return tolerances[max((start for start in tolerances if name.startswith(start)), key=len)]


def compare(expected, found, tolerances):
    """A line for each row that is expected, and the names of those that cost more."""
    lines, worse = [], []
    for name, wanted in expected.items():
        allowed = allowed_of(name, tolerances)
        if name not in found:
            lines.append([name, f'{wanted:.3f}', '', '', '', 'MISSING'])
            worse.append(name)
            continue
        change = found[name] / wanted - 1
        verdict = 'WORSE' if change > allowed else 'better' if change < -allowed else 'as expected'
        if verdict == 'WORSE':
            worse.append(name)
        lines.append([name, f'{wanted:.3f}', f'{found[name]:.3f}', f'{change:+.1%}',
                      f'{allowed:.0%}', verdict])
    return lines, worse


def series(kernel):
    return '.'.join(kernel.split('.')[:2])


def update(kernel, found):
    expected = json.loads(EXPECTED.read_text())
    expected['kernels'][series(kernel)] = found
    EXPECTED.write_text(json.dumps(expected, indent=1, ensure_ascii=False) + '\n')
    print(f'{EXPECTED} now expects of Linux {series(kernel)} what was just counted.')


def judge(kernel, found):
    expected = json.loads(EXPECTED.read_text())
    wanted = expected['kernels'].get(series(kernel))
    if not wanted:
        sys.exit(f'bench-check: nothing is expected of Linux {series(kernel)} yet: '
                 'make bench-check UPDATE=1')
    lines, worse = compare(wanted, found, expected['tolerances'])
    print(table(['by an empty command + ack', 'expected', 'counted', 'change', 'allowed', ''],
                lines))
    for name in found.keys() - wanted.keys():
        print(f'bench-check: {name}: nothing is expected yet: make bench-check UPDATE=1')
    for name in worse:
        print(f'bench-check: {name}: costs {found.get(name, "?")} empty commands, '
              f'not {wanted[name]}')
    if worse:
        sys.exit(f'bench-check: {len(worse)} of {len(wanted)} rows cost more than expected '
                 f'on Linux {kernel}')
    print(f'bench-check: none of {len(wanted)} rows costs more than expected on Linux {kernel}')


def main():
    arguments = [a for a in sys.argv[1:] if a != '--update']
    if len(arguments) != 2:
        sys.exit(__doc__)
    kernel, path = arguments
    found = ratios(json.loads(Path(path).read_text()))
    (update if '--update' in sys.argv else judge)(kernel, found)


if __name__ == '__main__':
    main()
