#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pictures.py SAMPLES DIR: draw what soak.py has measured."""
import json
import sys
from pathlib import Path

import paths
import plot
from figures import Curve

MINUTES = 'minutes'


def curve(name, title, y, samples, lines, **how):
    """lines: label and what of a sample it shows, a list of samples or a number"""
    made = Curve(name=name, title=title, x=MINUTES, y=y, **how)
    for label, pick in lines.items():
        for sample in samples:
            value = pick(sample)
            made.point(label, sample['minutes'], value if isinstance(value, list) else [value])
    return made.about


def curves(samples):
    return [
        curve('members', 'Before a round is levelled, on all nodes', 'number', samples, {
            'memberships': lambda s: s['memberships'], 'processes': lambda s: s['processes'],
            'steps so far': lambda s: sum(s['steps'].values())}),
        curve('agents', 'Memory of the agents, and slabs that hold rows', 'bytes', samples, {
            'agents, resident': lambda s: list(s['agents'].values()),
            'slabs with rows': lambda s: sum(s['slabs'].values())}, means='memory'),
        curve('kernel', 'Memory that the kernel cannot give back', 'bytes', samples, {
            'all of the kernel': lambda s: s['kernel']}, means='memory'),
        curve('latency', 'A join and a read, on the node itself', 'time', samples, {
            'read, 80 members': lambda s: s['read'], 'join': lambda s: s['join']}, y_log=True),
        curve('lag', 'Until others know', 'time', samples, {
            'join, last of 7 nodes': lambda s: s['lag'],
            'all connected': lambda s: s['mesh'] * 1e9,
            'all right': lambda s: s['right'] * 1e9}, y_log=True, means='time'),
    ]


def draw(samples, folder, subtitle):
    for each in curves(samples):
        (folder / f'{each["name"]}.svg').write_text(plot.svg(each, subtitle))


def read(path):
    """What is said of the run, and its samples."""
    about, *samples = [json.loads(line) for line in path.read_text().splitlines()]
    return about, samples


def subtitle(about):
    n = about['processors']
    return (f'{about["date"]}, Linux {about["kernel"]}, {about["accelerator"]}, '
            f'{n} processor{"s" if n > 1 else ""}, seed {about["seed"]}')


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    about, samples = read(Path(sys.argv[1]))
    draw(samples, Path(sys.argv[2]), subtitle(about))


if __name__ == '__main__':
    main()
