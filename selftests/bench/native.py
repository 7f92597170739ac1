# SPDX-License-Identifier: GPL-2.0-or-later
"""The library's reader on an image of a table, on this machine itself, beside Erlang's pg."""
from figures import BUILD, Worker

GROUPS, MEMBERS = 100_000, 8
LOOKS, PG_LOOKS = 20_000, 2_000


def row_image(figures, scale, _kernel, pg, _tipc):
    """Look-ups in an image of 100,000 groups of eight members, and in pg with as many."""
    image = Worker(BUILD / 'bench/image')
    sized = {'one': '1 member', 'hundred': '100 members', 'thousand': '1000 members'}
    pg('spawn', 1000)
    pg('fill', 'many', 0, GROUPS, MEMBERS)
    for group, size in sized.items():
        pg('join-batch', group, 1, 0, size.split()[0])

    def looked(name, command, *group):
        return lambda: {name: image(command, LOOKS, *group) / LOOKS}

    def asked(name, group, n=PG_LOOKS):
        return lambda: {name: pg('get', group, n) / n}

    variants = {
        'floor': looked('hash + memcpy of 8 pids, hot', 'floor', 'group-77'),
        'floor any': looked('hash + memcpy of 8 pids, over 100,000 groups', 'floor-any'),
        'hot': looked('look-up, 8 members, hot', 'get', 'group-77'),
        'any': looked('look-up, 8 members, over 100,000 groups', 'get-any'),
        'pg hot': asked('pg:get_members, 8 members, hot', 'many77'),
        'pg any': lambda: {'pg:get_members, 8 members, over 100,000 groups':
                           pg('get-any', 'many', GROUPS, 0, 1000) / 1000},
    }
    for group, size in sized.items():
        variants[group] = looked(f'look-up, {size}, hot', 'get', group)
        variants['pg ' + group] = asked(f'pg:get_members, {size}, hot', group + '0',
                                        PG_LOOKS // 10)
    figures.rounds(scale.rounds, variants, settle=0.005)

    for where, must, goal in ('hot', 20, 13), ('over 100,000 groups', 60, 40):
        look = f'look-up, 8 members, {where}'
        figures.absolute(look, look, must, goal)
        figures.at_most(f'{look}, vs hash + memcpy', look, f'hash + memcpy of 8 pids, {where}',
                        2, None)
        figures.beside(f'pg:get_members vs {look}', f'pg:get_members, 8 members, {where}', look)
    for size in sized.values():
        figures.beside(f'pg:get_members vs look-up, {size}, hot',
                       f'pg:get_members, {size}, hot', f'look-up, {size}, hot')
    pg('end')
    image.close()
