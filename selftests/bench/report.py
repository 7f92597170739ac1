#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables and pictures of what bench.py measured.

report.py show DIR       print the tables of DIR/bench.json, draw its curves into DIR
report.py publish DOCS   draw the curves of DOCS/*.json, put the tables into DOCS/README.md
report.py check DOCS     nothing of that would change
"""
import json
import sys
from pathlib import Path
from statistics import median

import plot
from plot import middle_and_spread as spread

BEGIN, END = '<!-- results -->\n', '<!-- end of results -->\n'
ORDER = ['time', 'icount', 'cluster', 'native']


def samples_of(target, figures):
    """Of a ratio: one for each round, since its two sides were taken together."""
    top = figures[target['top']]['samples']
    if not target['bottom']:
        return top
    bottom = figures[target['bottom']]['samples']
    if len(top) == len(bottom):
        return [t / b for t, b in zip(top, bottom)]
    return [median(top) / median(bottom)]


def verdict(target, value):
    def holds(limit):
        if target['sense'] == 'at least':
            return value >= limit
        if target['sense'] == 'within':
            return abs(value - 1) <= limit
        # a ratio is printed with two digits, and is judged as printed
        return round(value, 2) <= limit

    must, goal = target['must'], target['goal']
    if must is not None and not holds(must):
        return 'MISSED'
    if goal is not None:
        return 'goal' if holds(goal) else 'short' if must is None else 'reached'
    return 'reached' if must is not None else ''


def bound(target, key, figures):
    value = target[key]
    if value is None:
        return ''
    if target['sense'] == 'within':
        return f'1 ± {value}'
    unit = 'x' if target['bottom'] else ' ' + figures[target['top']]['unit']
    return f'{"≥" if target["sense"] == "at least" else "≤"} {value}{unit}'


def number(value):
    return f'{value:,.0f}' if abs(value) >= 100 else f'{value:.1f}'


def table(head, rows):
    """A Markdown table, in columns for the eye too; all but the first to the right."""
    lines = [head, *rows]
    width = [max(len(line[i]) for line in lines) for i in range(len(head))]

    def render(line):
        cells = [line[0].ljust(width[0])] + [c.rjust(w) for c, w in zip(line[1:], width[1:])]
        return '| ' + ' | '.join(cells) + ' |'

    rule = '|' + '|'.join(['-' * (width[0] + 2)] + ['-' * (w + 1) + ':' for w in width[1:]]) + '|'
    return '\n'.join([render(head), rule, *map(render, rows)])


def targets_table(result):
    rows = []
    for target in result['targets']:
        samples = samples_of(target, result['figures'])
        mid, low, high = spread(samples)
        digits = 3 if target['sense'] == 'within' else 2 if mid < 20 else 0
        rows.append([target['row'], *(bound(target, key, result['figures'])
                                      for key in ('must', 'goal')),
                     f'{mid:,.{digits}f}', f'{low:,.{digits}f} - {high:,.{digits}f}',
                     verdict(target, mid)])
    return table(['target', 'must reach', 'goal', 'measured', 'p10 - p90', 'verdict'], rows)


def figures_table(result):
    rows = []
    for name, figure in result['figures'].items():
        mid, low, high = spread(figure['samples'])
        rows.append([name, f'{number(mid)} {figure["unit"]}',
                     f'{number(low)} - {number(high)}', str(len(figure['samples']))])
    return table(['one operation', 'median', 'p10 - p90', 'samples'], rows)


def heading(about):
    if about['mode'] == 'native':
        return f'Natively, {about["processor"]}'
    if about['mode'] == 'cluster':
        return f'Clusters, Linux {about["kernel"]}, {about["accelerator"]}'
    return f'Linux {about["kernel"]}, {about["accelerator"]}'


def picture(name, curve):
    return f'{name}-{curve["name"]}.svg'


def curves_of(result):
    return result.get('curves', [])


def markdown(result, name=None):
    """With a name, it also shows the pictures of that name."""
    about = result['about']
    lines = [
        f'### {heading(about)}', '',
        f'{about["date"]}, {about["processors"]} processors ({about["machine"]}), '
        f'Erlang/{about["erlang"]}.', '',
    ]
    if result['targets']:
        lines += [targets_table(result), '']
    if result['figures']:
        lines += [figures_table(result), '']
    if name:
        lines += [line for curve in curves_of(result)
                  for line in (f'![{curve["title"]}]({picture(name, curve)})', '')]
    lines += [f'- {note}' for note in result['notes']]
    return '\n'.join(lines).rstrip() + '\n'


def pictures(result, name):
    """The content of each file."""
    about = result['about']
    subtitle = f'{about["date"]}, {heading(about)}'
    return {picture(name, curve): plot.svg(curve, subtitle) for curve in curves_of(result)}


def results(docs):
    """By name, the newest kernel first, and of each the clock before the counter."""
    found = {path.stem: json.loads(path.read_text()) for path in sorted(docs.glob('*.json'))}

    def rank(item):
        about = item[1]['about']
        digits = ''.join(c if c.isdigit() else ' ' for c in about.get('kernel', ''))
        return [-int(d) for d in digits.split()] or [0], ORDER.index(about['mode'])

    return dict(sorted(found.items(), key=rank))


def published(docs):
    """What the files of a folder of results should hold; None: they should not be there."""
    found = results(docs)
    files = {path.name: None for path in docs.glob('*.svg')}
    for name, result in found.items():
        files.update(pictures(result, name))
    readme = (docs / 'README.md').read_text()
    before, rest = readme.split(BEGIN)
    after = rest.split(END)[1]
    tables = '\n'.join(markdown(result, name) for name, result in found.items())
    files['README.md'] = f'{before}{BEGIN}{tables}\n{END}{after}'
    return files


def publish(docs):
    for name, text in published(docs).items():
        if text is None:
            (docs / name).unlink()
        else:
            (docs / name).write_text(text)


def check(docs):
    wrong = [name for name, text in published(docs).items()
             if text is None or not (docs / name).exists() or (docs / name).read_text() != text]
    for name in wrong:
        print(f'{docs / name} is not what report.py makes of the results beside it')
    return bool(wrong)


def show(folder):
    result = json.loads((folder / 'bench.json').read_text())
    print(markdown(result))
    for name, text in pictures(result, 'bench').items():
        (folder / name).write_text(text)


def main():
    acts = {'show': show, 'publish': publish, 'check': check}
    if len(sys.argv) != 3 or sys.argv[1] not in acts:
        sys.exit(__doc__)
    sys.exit(acts[sys.argv[1]](Path(sys.argv[2])))


if __name__ == '__main__':
    main()
