#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of what "make coverage" has counted, and what was never taken.

report.py BUILD            print them
report.py BUILD --publish  put them into docs/coverage.md too

A branch is one way on from a condition. One that was not taken is told by the line of its
condition, and what stands behind it is not told again; "reasons" says why it was not.
"""
import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from datetime import date
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
PARTS = {'kmod': 'The module', 'libpgnl': 'The library'}
RUNS = 'out', 'cluster'      # the second one is on a stock kernel, which does not count
REASONS = Path(__file__).with_name('reasons')
DOCUMENT = TOP / 'docs/coverage.md'
BEGIN, END = '<!-- results -->\n', '<!-- end of results -->\n'


class Source:
    """How often each line and each branch of a file was taken."""

    def __init__(self, path):
        self.path = path
        self.text = (TOP / path).read_text().splitlines()
        self.lines = defaultdict(int)
        self.ways = {}              # (line, function): counts of the ways on
        self.functions = {}         # name: (line, times)

    def add(self, found):
        for function in found['functions']:
            name = function['name'].split('.')[0]   # a clone of the compiler's
            line, times = self.functions.get(name, (function['start_line'], 0))
            self.functions[name] = line, times + function['execution_count']
        for line in found['lines']:
            number = line['line_number']
            self.lines[number] += line['count']
            ways = [way['count'] for way in line['branches']]
            if not ways:
                continue
            key = number, line.get('function_name', '').split('.')[0]
            had = self.ways.get(key, [])
            if len(had) == len(ways):       # a header's, in another file
                ways = [a + b for a, b in zip(had, ways)]
            self.ways[key] = max(had, ways, key=len) if len(had) != len(ways) else ways

    def figures(self):
        ways = [way for some in self.ways.values() for way in some]
        return [sum(map(bool, self.lines.values())), len(self.lines),
                sum(map(bool, ways)), len(ways)]

    def missed(self):
        """(line, what) of each function that was never called and each condition some ways of
        which were never taken, though it was reached."""
        never = [(line, f'{name}() is never called')
                 for name, (line, times) in self.functions.items() if not times]
        ways = defaultdict(list)
        for (line, _), some in self.ways.items():
            ways[line] += some
        some = [(line, self.text[line - 1].strip()) for line, all_ways in ways.items()
                if any(all_ways) and not all(all_ways)]
        return sorted(never + some)


def gcov(counts, notes):
    """What gcov makes of the counts and the compiler's notes, which it wants side by side."""
    with tempfile.TemporaryDirectory() as place:
        for path in [*counts.glob('*.gcda'), *notes.glob('*.gcno')]:
            Path(place, path.name).symlink_to(path.resolve())
        names = sorted(path.name for path in counts.glob('*.gcda'))
        if not names:
            return ''
        command = ['gcov', '--branch-probabilities', '--json-format', '--stdout', *names]
        return subprocess.run(command, cwd=place, check=True, text=True,
                              stdout=subprocess.PIPE).stdout


def read(folders, notes):
    """The files of this tree that the counts in the folders are of, put together."""
    sources = {}
    lines = [line for folder in folders for line in gcov(folder, notes).splitlines()]
    for line in lines:
        unit = json.loads(line)
        for found in unit['files']:
            path = Path(unit['current_working_directory'], found['file']).resolve()
            if not path.is_relative_to(TOP) or path.relative_to(TOP).parts[0] not in PARTS:
                continue
            path = str(path.relative_to(TOP))
            sources.setdefault(path, Source(path)).add(found)
    return [source for _, source in sorted(sources.items()) if source.lines]


def percent(part, whole):
    return f'{100 * part / whole:.1f} %' if whole else '-'


def table(sources):
    figures = {f'`{source.path}`': source.figures() for source in sources}
    figures['**all**'] = [sum(column) for column in zip(*figures.values())]
    yield '| file | lines | of | | branches | of | |'
    yield '|---|---:|---:|---:|---:|---:|---:|'
    for name, (lines, of_lines, ways, of_ways) in figures.items():
        yield (f'| {name} | {lines} | {of_lines} | {percent(lines, of_lines)} | {ways} | {of_ways} '
               f'| {percent(ways, of_ways)} |')


def read_reasons():
    """(reason, file, words) in the order of the file; comments before a line are its reason."""
    made, reason, fresh = [], '', True
    for line in REASONS.read_text().splitlines()[2:]:
        if line.startswith('#'):
            reason = line[1:].strip() if fresh else f'{reason} {line[1:].strip()}'
            fresh = False
        elif line:
            fresh = True
            made.append((reason, *line.split(maxsplit=1)))
        else:
            fresh = True
    return made


def by_reason(sources, reasons):
    """What was missed, by the first reason that fits it; '' is for those without."""
    missed = {reason: [] for reason, _, _ in reasons} | {'': []}
    for source in sources:
        for line, what in source.missed():
            fits = [reason for reason, path, words in reasons
                    if (path == '*' or re.fullmatch(path, source.path)) and re.search(words, what)]
            missed[(fits or [''])[0]].append(f'- `{source.path}:{line}` `{what}`')
    return missed


def listing(missed):
    for reason, lines in missed.items():
        if lines:
            yield ''
            yield f'{reason or "No test takes these yet."} ({len(lines)})'
            yield ''
            yield from lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build', type=Path)
    parser.add_argument('--publish', action='store_true')
    args = parser.parse_args()
    release = (args.build / 'coverage/linux/include/config/kernel.release').read_text().strip()
    notes = {'kmod': args.build / f'kmod-{release}/kmod', 'libpgnl': args.build / 'coverage/user'}
    reasons = read_reasons()
    text = [f'{date.today()}, Linux {release}.']
    for part, title in PARTS.items():
        sources = read([args.build / 'coverage' / run / part for run in RUNS], notes[part])
        text += ['', f'## {title}', '', *table(sources), '', '### Not taken',
                 *listing(by_reason(sources, reasons))]
    text = '\n'.join(text) + '\n'
    print(text, end='')
    if args.publish:
        page = DOCUMENT.read_text()
        before, rest = page.split(BEGIN)
        DOCUMENT.write_text(before + BEGIN + text + END + rest.split(END)[1])


main()
