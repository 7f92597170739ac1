# SPDX-License-Identifier: GPL-2.0-or-later
"""Observers: pgnl monitor on some nodes, killed and stopped, also while there is more to be
heard than they have room for."""
import json
import signal
import subprocess
import threading

from nodes import await_that
from proc import on
from stage import Part
from view import View

N = 3
# Who has no rights gets less room for events, and so misses some sooner.
USER = 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'


class Observer:
    def __init__(self, name):
        self.name = name
        self.view, self.lock = View(), threading.Lock()
        self.stopped = False
        self.process = on(name, *USER, 'pgnl', '-j', 'monitor', '--initial',
                          stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            if line.endswith('\n'):             # not cut short by its end
                event = json.loads(line)
                with self.lock:
                    self.view.feed(event)

    def rows(self):
        with self.lock:
            return self.view.rows()

    def send(self, number):
        self.process.send_signal(number)
        self.stopped = number == signal.SIGSTOP

    def end(self):
        self.process.kill()
        self.process.wait()


class Observers(Part):
    def __init__(self, stage):
        super().__init__(stage)
        self.observers = []
        self.acts = {self.kill: 2, self.stop: 4, self.go_on: 3}
        self.past_resyncs = 0

    def down(self, name):
        for observer in [each for each in self.observers if each.name == name]:
            self.end(observer)

    def end(self, observer):
        observer.end()
        self.past_resyncs += observer.view.resyncs
        self.observers.remove(observer)

    def some(self, random, stopped):
        some = [each for each in self.observers if each.stopped == stopped]
        return random.choice(some) if some else None

    def send(self, random, stopped, number, what):
        """To one that is stopped, or to one that is not."""
        observer = self.some(random, stopped)
        if observer:
            observer.send(number)
            return f'{observer.name}: observer {what}'
        return ''

    # --- acts ---------------------------------------------------------------------

    def kill(self, random):
        observer = random.choice(self.observers) if self.observers else None
        if observer:
            self.end(observer)
            return f'{observer.name}: observer killed'
        return ''

    def stop(self, random):
        return self.send(random, False, signal.SIGSTOP, 'stopped')

    def go_on(self, random):
        return self.send(random, True, signal.SIGCONT, 'goes on')

    def heal(self):
        for observer in self.observers:
            observer.send(signal.SIGCONT)

    def resyncs(self):
        """How often any of them has been told that events were missed."""
        return self.past_resyncs + sum(each.view.resyncs for each in self.observers)

    # --- quiet --------------------------------------------------------------------

    def post(self, random):
        """There are so many, on nodes that have met the others."""
        while len(self.observers) < N:
            taken = [observer.name for observer in self.observers]
            observer = Observer(random.choice([name for name in self.stage.names
                                               if name not in taken]))
            await_that(f'the observer of {observer.name} hears', observer.rows)
            self.observers.append(observer)

    def dump(self, name):
        rows = set()
        for line in self.shell(f'view {name}').splitlines():
            group, node, member, count, _ = line.split()
            rows.add((group, node, member, int(count)))
        return rows

    def behind(self):
        """What an observer knows that is not what a fresh look shows."""
        lines = []
        for observer in self.observers:
            heard, dump = observer.rows(), self.dump(observer.name)
            if heard != dump:
                lines.append(f'the observer of {observer.name} lacks {dump - heard}, has in '
                             f'excess {heard - dump}')
        return lines

    def wrong(self):
        lines = []
        for observer in self.observers:
            lines += [f'the observer of {observer.name}: {gap}' for gap in observer.view.gaps]
            if observer.process.poll() is not None:
                lines.append(f'the observer of {observer.name} has ended by itself')
        return lines
