# SPDX-License-Identifier: GPL-2.0-or-later
"""What has to hold. Some of it at any moment: what a node's kernel shows of its own
processes, its indexes, agents that run, no gap in what an observer hears. The rest in the
end, when nothing is wrong with the nodes any more, as soon as word of it has come round."""
import time

import nodes
from nodes import fail
from stage import Part


class Truth(Part):
    def __init__(self, stage, members, names, observers):
        super().__init__(stage)
        self.members, self.names, self.observers = members, names, observers

    def verifier(self):
        """Where the module's own check of its tables finds something."""
        said = self.shell('; '.join(
            f'on {name} pgnl verify 2>&1 | sed "s/^/{name}: /"' for name in self.stage.names)
            ).splitlines()
        right = [f'{name}: ok' for name in self.stage.names]
        return [] if said == right else [f'pgnl verify: {said}']

    def always(self, what):
        wrong = self.stage.wrong() + self.verifier()
        if wrong:
            fail('\n'.join([f'{what}:', *wrong]))

    def disagreement(self):
        """Where a node's view is not what all nodes say of their own: members and names."""
        names = ' '.join(self.stage.names)
        return [line for scope in ('pg', 'global')
                for line in self.shell(f'"$rows" -s {scope} -a {names} || echo "status $?"'
                                       ).splitlines()]

    def unequal(self):
        return (self.disagreement() or self.members.unseen() or self.names.ambiguous()
                or self.observers.behind())

    def in_the_end(self, what):
        """How long it took, in seconds."""
        begin = time.monotonic()
        unequal = self.unequal()
        while unequal:
            if time.monotonic() > begin + nodes.PATIENCE:
                fail('\n'.join([f'{what}:', *unequal]))
            time.sleep(0.05)
            unequal = self.unequal()
        self.always(what)
        return time.monotonic() - begin

    def connected(self):
        """All nodes with all others; how long it took."""
        begin = time.monotonic()
        self.stage.cluster.await_mesh()
        return time.monotonic() - begin
