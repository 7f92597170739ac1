# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of what bench.py measured."""
from statistics import median, quantiles


def spread(samples):
    """Median, 10th and 90th percentile."""
    if len(samples) < 2:
        return samples[0], samples[0], samples[0]
    tenths = quantiles(samples, n=10, method='inclusive')
    return median(samples), tenths[0], tenths[-1]


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

    if target['must'] is None:
        return ''
    if not holds(target['must']):
        return 'MISSED'
    return 'goal' if target['goal'] is not None and holds(target['goal']) else 'reached'


def bound(target, key):
    value = target[key]
    if value is None:
        return ''
    if target['sense'] == 'within':
        return f'1 ± {value}'
    unit = 'x' if target['bottom'] else ' B'
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
        rows.append([target['row'], bound(target, 'must'), bound(target, 'goal'),
                     f'{mid:.{digits}f}', f'{low:.{digits}f} - {high:.{digits}f}',
                     verdict(target, mid)])
    return table(['target', 'must reach', 'goal', 'measured', 'p10 - p90', 'verdict'], rows)


def figures_table(result):
    rows = []
    for name, figure in result['figures'].items():
        mid, low, high = spread(figure['samples'])
        rows.append([name, f'{number(mid)} {figure["unit"]}',
                     f'{number(low)} - {number(high)}', str(len(figure['samples']))])
    return table(['one operation', 'median', 'p10 - p90', 'samples'], rows)


def markdown(result):
    about = result['about']
    lines = [
        f'### Linux {about["kernel"]}, {about["accelerator"]}', '',
        f'{about["date"]}, {about["processors"]} processors ({about["machine"]}), '
        f'Erlang/{about["erlang"]}.', '',
        targets_table(result), '', figures_table(result), '',
    ]
    lines += [f'- {note}' for note in result['notes']]
    return '\n'.join(lines).rstrip() + '\n'
