#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""knock.py [bind]: connect to the agents of other nodes, again and again, and say nothing, as
any user may; bind: be found as the agent of this node, too."""

import socket
import sys
import time

import anyone


def is_open(sock):
    """Whether it is not ended; what comes is thrown away."""
    try:
        return bool(sock.recv(65536))
    except BlockingIOError:
        return True
    except OSError:
        return False


def pose():
    """As the agents of all groups, who take connections and say nothing."""
    sock = anyone.make()
    sock.bind((socket.TIPC_ADDR_NAMESEQ, anyone.SERVICE, 0, 0xffffffff, socket.TIPC_CLUSTER_SCOPE))
    sock.listen()
    sock.setblocking(False)
    return sock


def taken(listener):
    """Who has connected to it."""
    try:
        while True:
            sock = listener.accept()[0]
            sock.setblocking(False)
            yield sock
    except BlockingIOError:
        return


SERVER, AGENTS, HELD = anyone.ask_for_agents(), set(), []
LISTENER = pose() if sys.argv[1:] == ["bind"] else None
while True:
    anyone.note(SERVER, AGENTS)
    HELD = [sock for sock in HELD if is_open(sock)]
    HELD += filter(None, (anyone.connect(*agent) for agent in AGENTS))
    if LISTENER:
        HELD += taken(LISTENER)
    time.sleep(0.005)
