#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""unsubscribe.py PID: have TIPC's topology server end its connection with an agent."""

import ctypes
import os
import socket
import sys

SYS_PIDFD_GETFD = 438


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


FOUND = [sock for sock in sockets(int(sys.argv[1])) if is_of_server(sock)]
for server in FOUND:
    server.send(b"no subscription")     # which ends it
sys.exit(0 if len(FOUND) == 1 else f"{len(FOUND)} connections to the topology server")
