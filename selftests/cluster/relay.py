#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""relay.py PATH: two of them, on two nodes, pass on what the agent of each says to the agent
of the other, as if they were the two agents. Prints "in" when an agent has fallen for it."""

import os
import select
import socket
import sys

import anyone

ROWS = 3        # the first frame for somebody who is known


def meet(path):
    """A connection between the two; whoever comes first waits."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        sock.bind(path)
    except OSError:
        sock.connect(path)
        return sock
    os.chmod(path, 0o666)
    sock.listen()
    return sock.accept()[0]


class End:
    """Of one node: what comes from the other one is for the agent that this is connected to."""

    def __init__(self, other):
        self.other, self.agent, self.waiting = other, None, []
        self.server, self.agents = anyone.ask_for_agents(), set()

    def connect(self):
        """With any agent that is there."""
        anyone.note(self.server, self.agents)
        for each in list(self.agents):
            self.agent = anyone.connect(*each)
            if self.agent:
                break

    def end(self):
        """Begin again."""
        if self.agent:
            self.agent.close()
        self.agent, self.waiting = None, []

    def hear(self):
        """One frame of the agent."""
        try:
            frame = self.agent.recv(65536)
        except OSError:
            frame = b""
        if not frame:
            self.end()
            self.other.send(b"end")
            return
        if frame[1] == ROWS:
            print("in", flush=True)
        self.other.send(b"+" + frame)

    def pass_on(self):
        """One frame of the agent of the other node."""
        try:
            word = self.other.recv(65537)
        except OSError:
            word = b""
        if not word:
            sys.exit()
        if word == b"end":
            self.end()
        else:
            self.waiting.append(word[1:])

    def say(self):
        """All that is waiting."""
        try:
            while self.waiting:
                self.agent.send(self.waiting.pop(0))
        except OSError:
            self.end()

    def turn(self):
        """Whatever comes next."""
        if not self.agent:
            self.connect()
        ready, _, _ = select.select([self.other] + [self.agent] * bool(self.agent), [], [], 0.005)
        if self.agent in ready:
            self.hear()
        if self.other in ready:
            self.pass_on()
        if self.agent:
            self.say()


END = End(meet(sys.argv[1]))
while True:
    END.turn()
