# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of what judges the soak, and of what draws it; what it judges is made up here."""
import collections
import sys
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import paths
import pictures
import plot
import verdict
from members import all_rows, own_rows
from view import View


def event(what, seq, group, *members, reason=None):
    return {'event': what, 'seq': seq, 'group': group, 'reason': reason,
            'members': [{'node': node, 'id': member, 'count': count}
                        for node, member, count in members]}


def heard(*events):
    view = View()
    for each in events:
        view.feed(each)
    return view


class Views(unittest.TestCase):
    def test_counts_follow(self):
        view = heard(event('snapshot', 1, 'g', ('a', '1', 1), ('b', '2', 2)),
                     event('join', 2, 'g', ('a', '1', 3)), event('leave', 3, 'g', ('b', '2', 1)),
                     event('join', 4, 'h', ('b', '2', 1)), event('leave', 5, 'h', ('b', '2', 0)))
        self.assertEqual(view.rows(), {('g', 'a', '1', 3), ('g', 'b', '2', 1)})
        self.assertEqual(view.gaps, [])

    def test_a_join_or_leave_that_is_missing_shows(self):
        begin = event('snapshot', 1, 'g'), event('join', 2, 'g', ('a', '1', 1))
        for gap in (event('join', 3, 'g', ('a', '1', 1)), event('leave', 3, 'g', ('a', '1', 1)),
                    event('leave', 3, 'g', ('a', '1', 2)), event('join', 1, 'g', ('a', '3', 1))):
            self.assertEqual(len(heard(*begin, gap).gaps), 1, gap)

    def test_what_was_listed_may_be_told_once_more(self):
        begin = event('snapshot', 1, 'g', ('a', '1', 1))
        again = event('join', 2, 'g', ('a', '1', 1)), event('leave', 3, 'g', ('a', '2', 0))
        listed = event('resync', 4, None, reason='listed')
        self.assertEqual(heard(begin, *again, listed, begin, *again).gaps, [])
        self.assertEqual(len(heard(begin, *again, *again).gaps), 3)

    def test_a_resync_makes_it_void_or_goes_on(self):
        begin = event('snapshot', 1, 'g', ('a', '1', 1))
        replayed = heard(begin, event('resync', 5, None, reason='replayed'),
                         event('join', 2, 'g', ('a', '1', 2)))
        self.assertEqual(replayed.rows(), {('g', 'a', '1', 2)})
        listed = heard(begin, event('resync', 5, None, reason='listed'),
                       event('snapshot', 6, 'h', ('b', '2', 1)))
        self.assertEqual(listed.rows(), {('h', 'b', '2', 1)})
        self.assertEqual((listed.resyncs, listed.gaps), (1, []))

    def test_a_group_that_is_deleted_takes_all_along(self):
        view = heard(event('snapshot', 1, 'g', ('a', '1', 1)), event('delete', 2, 'g'))
        self.assertEqual(view.rows(), set())


class Rows(unittest.TestCase):
    WORDS = ['a/b//12/1', 'a/b/n2/13/2', 'x//12/3']

    def test_own(self):
        self.assertEqual(own_rows(self.WORDS),
                         collections.Counter({('a/b', 12): 1, ('x', 12): 3}))

    def test_all(self):
        self.assertEqual(all_rows(self.WORDS, 'n1'), collections.Counter(
            {('a/b', 'n1', 12): 1, ('a/b', 'n2', 13): 2, ('x', 'n1', 12): 3}))


def sample(i, agent=4 << 20, slab=1 << 20, kernel=80 << 20):
    return {'minutes': i / 2, 'memberships': 400 + i, 'processes': 200, 'steps': {'kill': i},
            'mesh': 0.5, 'right': 0.2, 'kernel': kernel, 'slabs': {'pgnl_member': slab},
            'agents': {'n1': agent, 'n2': agent + 4096}, 'lag': [2e6, 3e6], 'join': [9e3],
            'read': [8e4]}


class Verdicts(unittest.TestCase):
    def test_what_stays_is_no_leak(self):
        self.assertEqual(verdict.leaks([sample(i) for i in range(40)]), [])

    def test_each_growth_is_found(self):
        for what, name, start, step in (('agents', 'agent', 4 << 20, 50_000),
                                        ('slabs', 'slab', 1 << 20, 20_000),
                                        ('kernel', 'kernel', 80 << 20, 500_000)):
            found = verdict.leaks([sample(i, **{name: start + i * step}) for i in range(40)])
            self.assertEqual([line.split(':')[1].strip() for line in found], [what])

    def test_few_rounds_tell_nothing(self):
        few = [sample(i, kernel=(80 + i * 10) << 20) for i in range(verdict.FEWEST - 1)]
        self.assertEqual(verdict.leaks(few), [])
        self.assertIn('too few', verdict.memory_lines(few)[0])


class Pictures(unittest.TestCase):
    def test_each_is_xml(self):
        for curve in pictures.curves([sample(i) for i in range(3, 30)]):
            texts = [node.text for node in xml.fromstring(plot.svg(curve)).iter() if node.text]
            for text in [curve['title'], 'minutes', *curve['lines']]:
                self.assertIn(text, texts)


if __name__ == '__main__':
    unittest.main()
