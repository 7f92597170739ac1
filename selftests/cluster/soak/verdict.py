# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether memory has leaked: what the last quarter of the rounds needs beside the first one,
each at the same load.

What stays within these margins is no leak that a run of an hour could tell from chance:

agents  An agent's heap stays as large as it once was, and how large depends on who was out of
        reach for how long: a tenth, and 512 KiB.
slabs   A slab is given back when all that is in it is free, and each cache of each processor
        keeps some: a tenth, and eight slabs of 8 KiB for each of the three.
kernel  Network namespaces come and go with each reboot, and their ends are worked off later;
        forks keep stacks in reserve: a twentieth, and 4 MiB.
"""
from statistics import median

MARGINS = {'agents': (0.10, 512 << 10), 'slabs': (0.10, 3 * 8 * 8192),
           'kernel': (0.05, 4 << 20)}
FEWEST = 8              # rounds from which something can be told
WARM_UP = 2             # rounds that fill caches


def sizes(sample):
    return {'agents': median(sample['agents'].values()), 'slabs': sum(sample['slabs'].values()),
            'kernel': sample['kernel']}


def growth(samples):
    """By what: bytes early, bytes late, and the most that is allowed."""
    rounds = [sizes(sample) for sample in samples[WARM_UP:]]
    quarter = max(1, len(rounds) // 4)
    found = {}
    for what, (share, fixed) in MARGINS.items():
        early = median(each[what] for each in rounds[:quarter])
        late = median(each[what] for each in rounds[-quarter:])
        found[what] = early, late, early * (1 + share) + fixed
    return found


def leaks(samples):
    if len(samples) < FEWEST:
        return []
    return [f'leaked: {what}: {early / 1024:,.0f} KiB early, {late / 1024:,.0f} KiB late, more '
            f'than {most / 1024:,.0f} KiB'
            for what, (early, late, most) in growth(samples).items() if late > most]


def memory_lines(samples):
    if len(samples) < FEWEST:
        return ['memory: too few rounds to tell']
    return [f'memory: {what}: {early / 1024:,.0f} KiB early, {late / 1024:,.0f} KiB late, '
            f'at most {most / 1024:,.0f} KiB'
            for what, (early, late, most) in growth(samples).items()]
