#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""unsubscribe.py PID [INSTANCE]: have TIPC's topology server end its connection with an
agent; with the instance of the service that agents are, have it tell nothing of them any
more, which the agent does not notice."""

import ctypes
import os
import socket
import struct
import sys

SYS_PIDFD_GETFD = 438
SERVICE = 0x70676e6c    # "pgnl"
SUB_PORTS, SUB_CANCEL = 1, 4


def sockets(pid):
    """The TIPC sockets of a process, as ones of this process."""
    pidfd = os.pidfd_open(pid)
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    for fd in os.listdir(f"/proc/{pid}/fd"):
        if not os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:"):
            continue
        own = syscall(SYS_PIDFD_GETFD, pidfd, int(fd), 0)
        if own < 0:
            raise OSError(ctypes.get_errno(), "pidfd_getfd")
        sock = socket.socket(fileno=own)
        if sock.family == socket.AF_TIPC:
            yield sock


def is_of_server(sock):
    """The server is of the same node; other agents are not, listeners have no peer."""
    try:
        return sock.getpeername()[1] in (0, sock.getsockname()[1])
    except OSError:
        return False


def ended_by(words):
    """What to send: no subscription at all, or the cancellation of the agent's one."""
    if not words:
        return b"no subscription"
    instance = int(words[0], 0)
    return struct.pack("=5I8s", SERVICE, instance, instance, 0xffffffff, SUB_PORTS | SUB_CANCEL,
                       b"")


FOUND = [sock for sock in sockets(int(sys.argv[1])) if is_of_server(sock)]
for server in FOUND:
    server.send(ended_by(sys.argv[2:]))
sys.exit(0 if len(FOUND) == 1 else f"{len(FOUND)} connections to the topology server")
