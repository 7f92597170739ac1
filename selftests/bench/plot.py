# SPDX-License-Identifier: GPL-2.0-or-later
"""Curves as SVG: plain, and readable on light and dark pages alike."""
from html import escape
from math import ceil, floor, log10
from statistics import median, quantiles

WIDTH, HEIGHT = 800, 460
LEFT, RIGHT, TOP, BOTTOM = 78, 200, 80, 56
ROW = 17                # pixels between two labels, at least
BLUE, GREEN, PURPLE = '#1f77b4', '#12997a', '#8a63c9'    # pgnl's lines, whole
RED, BROWN, PINK = '#d95f02', '#b0761b', '#c2497a'       # those of others, dashed
ALWAYS = {'mapped view': BLUE, 'netlink, libpgnl': GREEN, 'join': PURPLE,
          'pg:get_members': RED, 'pg:join': PINK}        # in whatever picture

MEANING = {'time': 'time of one operation', 'bytes': 'growth of memory', 'number': 'how many'}
DOTS = 40               # points of a line, at most, that are marked

STYLE = '''
  .page { fill: #ffffff } .text { fill: #333333 } .faint { fill: #666666 }
  .grid { stroke: #dddddd } .axis { stroke: #888888 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #15191e } .text { fill: #dddddd } .faint { fill: #a0a0a0 }
    .grid { stroke: #333a42 } .axis { stroke: #888888 }
  }
  text { font: 13px sans-serif } .title { font-size: 16px; font-weight: bold }
  path, line { fill: none } .line { stroke-width: 2 } .spread { opacity: 0.18; stroke: none }
'''


def middle_and_spread(samples):
    """Median, 10th and 90th percentile."""
    if len(samples) < 2:
        return samples[0], samples[0], samples[0]
    tenths = quantiles(samples, n=10, method='inclusive')
    return median(samples), tenths[0], tenths[-1]


def with_unit(value, unit):
    """A tick of the axis in the unit that makes it short."""
    if unit == 'number':
        return f'{value:,.0f}'
    if unit == 'time':
        steps = [(1e9, 's'), (1e6, 'ms'), (1e3, 'µs'), (1, 'ns')]
    else:
        steps = [(1 << 30, 'GiB'), (1 << 20, 'MiB'), (1 << 10, 'KiB'), (1, 'B')]
    for size, name in steps:
        if value >= size:
            return f'{value / size:g} {name}'
    return f'{value:g}'


class Axis:
    """From values to pixels, and round values to mark; up to a round one, unless tight."""

    def __init__(self, values, log, start, end, binary=False, tight=False):
        self.log = log
        self.start, self.end = start, end
        low, high = min(values), max(values)
        if log:
            self.low, self.high = floor(log10(low) + 1e-9), ceil(log10(high) - 1e-9)
            self.high = max(self.high, self.low + 1)
            self.ticks = [10.0 ** i for i in range(self.low, self.high + 1)]
        else:
            step = self._step(high or 1, binary)
            self.low, self.high = 0, step * ceil((high or 1) / step - 1e-9)
            self.ticks = [step * i for i in range(round(self.high / step) + 1)]
        if tight:
            self.high = log10(high) if log else high
            self.ticks = [tick for tick in self.ticks if tick <= high * 1.001]

    @staticmethod
    def _step(high, binary):
        """One of 1, 2, 5, ... so that there are three to six ticks."""
        unit = 1 << 20 if binary else 1
        step = 10.0 ** floor(log10(high / unit) - 1)
        for factor in 1, 2, 5, 10, 20, 50:
            if high / unit / (step * factor) <= 6:
                break
        return step * factor * unit

    def __call__(self, value):
        at = log10(max(value, 10.0 ** self.low)) if self.log else value
        share = (at - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def apart(wanted, low, high):
    """Where labels go that want to be at these heights, none upon another."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    at = [0.0] * len(wanted)
    place = low - ROW
    for i in order:
        place = at[i] = max(wanted[i], place + ROW)
    place = high + ROW
    for i in reversed(order):
        place = at[i] = min(at[i], place - ROW)
    return at


def colours(lines):
    colour = {label: ALWAYS[label] for label in lines if label in ALWAYS}
    for label, line in lines.items():
        if label not in colour:
            some = (RED, BROWN, PINK) if line['peer'] else (BLUE, GREEN, PURPLE)
            colour[label] = next(c for c in some if c not in colour.values())
    return colour


def path(points, closed=False):
    return 'M' + ' L'.join(f'{x:.1f},{y:.1f}' for x, y in points) + (' Z' if closed else '')


def draw_axes(curve, x_axis, y_axis):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    out = []
    for tick in y_axis.ticks:
        y = y_axis(tick)
        out.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        out.append(f'<text class="faint" x="{LEFT - 8}" y="{y + 4.5:.1f}" text-anchor="end">'
                   f'{with_unit(tick, curve["y"])}</text>')
    for tick in x_axis.ticks:
        x = x_axis(tick)
        out.append(f'<line class="axis" x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{bottom + 5}"/>')
        out.append(f'<text class="faint" x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">'
                   f'{tick:,.0f}</text>')
    out.append(f'<line class="axis" x1="{LEFT}" y1="{bottom}" x2="{right}" y2="{bottom}"/>')
    out.append(f'<text class="text" x="{(LEFT + right) / 2:.1f}" y="{bottom + 43}" '
               f'text-anchor="middle">{escape(curve["x"])}</text>')
    return out


def draw_line(line, colour, x_axis, y_axis):
    points = [(point['x'], *middle_and_spread(point['samples'])) for point in line['points']]
    middle = [(x_axis(x), y_axis(mid)) for x, mid, _, _ in points]
    band = ([(x_axis(x), y_axis(high)) for x, _, _, high in points]
            + [(x_axis(x), y_axis(low)) for x, _, low, _ in reversed(points)])
    dash = ' stroke-dasharray="7 4"' if line['peer'] else ''
    out = [f'<path class="spread" style="fill: {colour}" d="{path(band, True)}"/>',
           f'<path class="line" stroke="{colour}"{dash} d="{path(middle)}"/>']
    if len(middle) <= DOTS:
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in middle]
    return out, middle[-1]


def draw_labels(lines, ends, colour):
    """At the end of each line its name, with a stroke that leads there."""
    right = WIDTH - RIGHT
    places = apart([y for _, y in ends.values()], TOP, HEIGHT - BOTTOM)
    out = []
    for (label, (x, y)), place in zip(ends.items(), places):
        out.append(f'<path stroke="{colour[label]}" opacity="0.6" '
                   f'd="M{x + 5:.1f},{y:.1f} L{right + 14},{place:.1f} h4"/>')
        out.append(f'<text x="{right + 22}" y="{place + 4.5:.1f}" fill="{colour[label]}">'
                   f'{escape(label)}</text>')
    return out


def svg(curve, subtitle=''):
    """The picture of a curve, as figures.Curve makes it."""
    lines = curve['lines']
    xs = [point['x'] for line in lines.values() for point in line['points']]
    ys = [y for line in lines.values() for point in line['points']
          for y in middle_and_spread(point['samples'])]
    x_axis = Axis(xs, curve.get('x_log'), LEFT, WIDTH - RIGHT - 8, tight=True)
    y_axis = Axis(ys, curve.get('y_log'), HEIGHT - BOTTOM, TOP, curve['y'] == 'bytes')
    colour = colours(lines)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img">',
        f'<title>{escape(curve["title"])}</title>', f'<style>{STYLE}</style>',
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        f'<text class="text title" x="{LEFT}" y="24">{escape(curve["title"])}</text>',
        f'<text class="faint" x="{LEFT}" y="42">{escape(subtitle)}</text>',
        f'<text class="text" x="12" y="{TOP - 14}">{curve.get("means") or MEANING[curve["y"]]}</text>',
        *draw_axes(curve, x_axis, y_axis),
    ]
    ends = {}
    for label, line in lines.items():
        drawn, ends[label] = draw_line(line, colour[label], x_axis, y_axis)
        out += drawn
    return '\n'.join([*out, *draw_labels(lines, ends, colour), '</svg>']) + '\n'
