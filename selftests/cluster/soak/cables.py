# SPDX-License-Identifier: GPL-2.0-or-later
"""The cables: none is ever good; some are cut, one way or both, or bad."""
from stage import Part

USUAL = 'delay 1ms 1ms loss 0.5%'       # as tc-netem(8) has it
BAD = 'delay 20ms 15ms loss 8% duplicate 2% reorder 10%'


class Cables(Part):
    def __init__(self, stage):
        super().__init__(stage)
        self.state = dict.fromkeys(stage.names, 'usual')
        self.acts = {self.cut: 4, self.deafen: 1, self.mute: 1, self.part: 2, self.spoil: 2,
                     self.mend: 5}

    def up(self, name):
        self.lossy(name, USUAL)
        self.state[name] = 'usual'

    def lossy(self, name, how):
        self.shell(f'tc qdisc replace dev v-{name} root netem {how}')

    def some(self, random, n=1):
        """Nodes whose cables are as usual; None if there are not so many."""
        names = [name for name in self.stage.names if self.state[name] == 'usual']
        return random.sample(names, n) if len(names) >= n else None

    def do(self, random, command, state):
        for name in self.some(random) or []:
            self.shell(f'{command} {name}')
            self.state[name] = state
            return f'{name}: {state}'
        return ''

    # --- acts ---------------------------------------------------------------------

    def cut(self, random):
        return self.do(random, 'cut_off', 'cut off')

    def deafen(self, random):
        return self.do(random, 'deafen', 'deaf')

    def mute(self, random):
        return self.do(random, 'mute', 'mute')

    def part(self, random):
        names = self.some(random, 2)
        if not names:
            return ''
        self.shell(f'cut_pair {" ".join(names)}')
        for name in names:
            self.state[name] = 'parted'
        return f'{names[0]} and {names[1]}: parted'

    def spoil(self, random):
        for name in self.some(random) or []:
            self.lossy(name, BAD)
            self.state[name] = 'bad'
            return f'{name}: bad cable'
        return ''

    def mend(self, random):
        names = [name for name in self.stage.names if self.state[name] != 'usual']
        if not names:
            return ''
        name = random.choice(names)
        before = self.state[name]
        self.heal_one(name)
        return f'{name}: no longer {before}'

    def heal_one(self, name):
        """Of two that are parted each mends its own end."""
        state = self.state[name]
        if state == 'cut off':
            self.shell(f'heal {name}')
        elif state == 'bad':
            self.lossy(name, USUAL)
        elif state != 'usual':
            self.shell(f'undo {name}')
        self.state[name] = 'usual'

    def heal(self):
        for name in self.stage.names:
            self.heal_one(name)
