# SPDX-License-Identifier: GPL-2.0-or-later
"""What somebody knows who hears events alone, and whether one is missing before the next:
each tells the count after it, so it has to fit to the one before it. Only the first one
after a listing may tell what that has already: members move while they are listed."""


class View:
    def __init__(self):
        self.counts = {}        # (group, node, id): count
        self.heard = set()      # of which there was an event since they were listed
        self.seq = 0
        self.resyncs = 0
        self.gaps = []

    def rows(self):
        return {(*key, count) for key, count in self.counts.items()}

    def feed(self, event):
        """An event as pgnl -j monitor tells it."""
        act = {'snapshot': self.snapshot, 'join': self.join, 'leave': self.leave,
               'delete': self.delete, 'resync': self.resync}.get(event['event'])
        if event['event'] in ('join', 'leave') and event['seq'] < self.seq:
            self.gap(event, f'comes after {self.seq}')
        self.seq = event['seq']
        if act:
            act(event)

    def gap(self, event, why):
        self.gaps.append(f'{event["event"]} {event["seq"]} of {event["group"]} {why}')

    def members(self, event):
        for member in event['members']:
            key = event['group'], member['node'], member['id']
            yield key, self.counts.get(key, 0), member['count']

    def snapshot(self, event):
        self.delete(event)
        for key, _, count in self.members(event):
            self.counts[key] = count

    def join(self, event):
        for key, before, count in self.members(event):
            self.check(event, key, count - before)
            self.counts[key] = count

    def leave(self, event):
        for key, before, count in self.members(event):
            self.check(event, key, before - count)
            self.counts[key] = count
            if not count:
                del self.counts[key]

    def check(self, event, key, change):
        if change < 0 or (not change and key in self.heard):
            self.gap(event, f'changes {self.counts.get(key, 0)} by {change}')
        self.heard.add(key)

    def delete(self, event):
        for key in [key for key in self.counts if key[0] == event['group']]:
            del self.counts[key]

    def resync(self, event):
        """Nothing is missing when what was missed follows now."""
        self.resyncs += 1
        if event['reason'] == 'listed':
            self.counts.clear()
            self.heard.clear()
