# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of what judges, prints and draws the figures; they are made up here."""
import contextlib
import io
import json
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent))

import check
import figures
import plot
import report

ABOUT = {'mode': 'icount', 'date': '2026-01-02', 'machine': 'x86_64', 'processors': 1,
         'accelerator': 'QEMU TCG', 'kernel': '6.12.1', 'erlang': 'OTP 25'}


def made(mode='icount'):
    """A few figures of three rounds."""
    made_of = figures.Figures(mode)
    for value in 10, 11, 30:
        made_of.add('empty command + ack', value, 'ns')
        made_of.add('get', value * 1.2, 'ns')
        made_of.add('pg', value * 3, 'ns')
    made_of.add('memory', 118, 'B')
    made_of.at_most('get vs floor', 'get', 'empty command + ack', 1.3, 1.15)
    made_of.at_most('get vs floor, hard', 'get', 'empty command + ack', 1.1, None)
    made_of.times_faster_than_pg('pg vs get', 'pg', 'get', 2.5, 8)
    made_of.absolute('memory', 'memory', 128, 96)
    made_of.absolute('memory, a goal', 'memory', None, 96)
    made_of.absolute('memory, an easy goal', 'memory', None, 200)
    made_of.beside('nobody', 'a peer that was not there', 'get')
    curve = made_of.curve('size', 'Cost & size', 'members', 'time', x_log=True, y_log=True)
    for size in 1, 10, 100:
        curve.point('own', size, [size, size * 2, size * 3])
        curve.point('peer <1>', size, [size * 1000] * 3, peer=True)
    return made_of.result(dict(ABOUT, mode=mode))


def verdicts(result):
    return {target['row']: report.verdict(target, report.spread(
        report.samples_of(target, result['figures']))[0]) for target in result['targets']}


class Tables(unittest.TestCase):
    def test_verdicts(self):
        self.assertEqual(verdicts(made('time')), {
            'get vs floor': 'reached', 'get vs floor, hard': 'MISSED', 'pg vs get': 'reached',
            'memory': 'reached', 'memory, a goal': 'short', 'memory, an easy goal': 'goal'})

    def test_clusters_are_told_apart(self):
        self.assertIn('### Clusters, Linux 6.12.1', report.markdown(made('cluster')))
        self.assertEqual(verdicts(made('cluster'))['pg vs get'], 'reached')

    def test_instructions_say_nothing_about_pg(self):
        self.assertEqual(verdicts(made())['pg vs get'], '')

    def test_ratio_is_of_each_round(self):
        result = made()
        for sample in report.samples_of(result['targets'][0], result['figures']):
            self.assertAlmostEqual(sample, 1.2)

    def test_text_has_every_figure(self):
        text = report.markdown(made(), 'x')
        for part in '| get vs floor ', '≤ 1.3x', '≤ 128 B', '11.0 ns', '![Cost & size](x-size.svg)':
            self.assertIn(part, text)


class Rounds(unittest.TestCase):
    def test_every_variant_in_turn(self):
        order, samples = [], {}
        variants = {name: lambda name=name: order.append(name) or {name: len(order)}
                    for name in 'abc'}
        figures.take_turns(2, {**variants, 'absent': None},
                           lambda name, value: samples.setdefault(name, []).append(value),
                           settle=0)
        self.assertEqual(''.join(order), 'cab' 'abc' 'bca')
        self.assertEqual({name: len(got) for name, got in samples.items()},
                         {'a': 2, 'b': 2, 'c': 2})


class Pictures(unittest.TestCase):
    def test_is_xml_with_every_line(self):
        picture = plot.svg(made()['curves'][0], 'by & by')
        texts = [node.text for node in xml.fromstring(picture).iter() if node.text]
        for text in 'Cost & size', 'by & by', 'own', 'peer <1>', 'members', '100', '1 µs':
            self.assertIn(text, texts)

    def test_linear_from_nothing(self):
        curve = figures.Curve(name='m', title='m', x='n', y='bytes')
        for n in 0, 10_000, 1_010_000:
            curve.point('own', n, [n * 118])
        picture = plot.svg(curve.about)
        xml.fromstring(picture)
        self.assertIn('100 MiB', picture)

    def test_labels_stay_apart(self):
        places = sorted(plot.apart([400, 400, 401, 60], plot.TOP, 400))
        self.assertTrue(all(b - a >= plot.ROW for a, b in zip(places, places[1:])))
        self.assertLessEqual(places[-1], 400)


class Published(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.docs = Path(folder.name)
        (self.docs / 'README.md').write_text(f'before\n{report.BEGIN}old\n{report.END}after\n')
        (self.docs / 'k-icount.json').write_text(json.dumps(made()))
        (self.docs / 'old.svg').write_text('<svg/>')

    def check(self):
        with contextlib.redirect_stdout(io.StringIO()):
            return report.check(self.docs)

    def test_publish_then_check(self):
        self.assertTrue(self.check())
        report.publish(self.docs)
        self.assertFalse(self.check())
        text = (self.docs / 'README.md').read_text()
        self.assertTrue(text.startswith('before\n') and text.endswith('after\n'))
        self.assertNotIn('old\n', text)
        self.assertEqual([p.name for p in self.docs.glob('*.svg')], ['k-icount-size.svg'])
        (self.docs / 'README.md').write_text(text.replace('reached', 'goal'))
        self.assertTrue(self.check())


class Expected(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / 'expected.json'
        path.write_text('{"tolerances": {"": 0.03, "get": 0.03, "ge": 0.9}, "kernels": {}}')
        patch = mock.patch.object(check, 'EXPECTED', path)
        patch.start()
        self.addCleanup(patch.stop)
        self.found = check.ratios(made())

    def judge(self, found):
        """Whether it fails, and what it says."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            try:
                check.judge('6.12.9-other', found)
            except SystemExit as end:
                return bool(end.code), said.getvalue()
        return False, said.getvalue()

    def test_same_better_worse_missing(self):
        self.assertTrue(self.judge(self.found)[0])      # nothing is expected
        with contextlib.redirect_stdout(io.StringIO()):
            check.update('6.12.1', self.found)
        self.assertFalse(self.judge(self.found)[0])
        self.assertFalse(self.judge({**self.found, 'get': 1.0})[0])
        self.assertFalse(self.judge({**self.found, 'get': 1.2 * 1.029})[0])
        failed, said = self.judge({**self.found, 'get': 1.25})
        self.assertTrue(failed)
        self.assertIn('bench-check: get: costs 1.25 empty commands, not 1.2', said)
        without = {name: value for name, value in self.found.items() if name != 'get'}
        self.assertTrue(self.judge(without)[0])


if __name__ == '__main__':
    unittest.main()
