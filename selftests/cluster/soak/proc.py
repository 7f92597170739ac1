# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes: what /proc says of one, and commands on a node."""
import subprocess
from pathlib import Path


def on(name, *command, **how):
    """A command in a node's network namespace, begun; arguments as of Popen."""
    return subprocess.Popen(['nsenter', f'--net=/run/netns/{name}', '--', *map(str, command)],
                            **how)


def pgnl(name, *words):
    """The same of pgnl, of which only the status is of interest."""
    return on(name, 'pgnl', '-q', *words, stdout=subprocess.DEVNULL,
              stderr=subprocess.DEVNULL)


def state(pid):
    """As ps has it: R, S, Z, ...; '' when there is none."""
    try:
        stat = Path(f'/proc/{pid}/stat').read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ''
    return stat.rpartition(')')[2].split()[0]


def alive(pid):
    return state(pid) not in ('', 'Z', 'X')
