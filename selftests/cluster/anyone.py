# SPDX-License-Identifier: GPL-2.0-or-later
"""What any user may do with the agents of other nodes: find them, and connect."""

import socket
import struct

SERVICE = 0x70676e6c    # "pgnl"
SUB_PORTS, FOREVER, PUBLISHED = 1, 0xffffffff, 1


def make():
    """A socket of the kind that agents have."""
    return socket.socket(socket.AF_TIPC, socket.SOCK_SEQPACKET)


def ask_for_agents():
    """TIPC's topology server, which tells of them."""
    sock = make()
    sock.connect((socket.TIPC_ADDR_NAME, 1, 1, 0))
    sock.send(struct.pack("=5I8s", SERVICE, 0, FOREVER, FOREVER, SUB_PORTS, b""))
    sock.setblocking(False)
    return sock


def note(server, agents):
    """What it has told since."""
    while True:
        try:
            event, _, _, ref, node = struct.unpack("=5I", server.recv(64)[:20])
        except BlockingIOError:
            return
        if node not in (0, server.getsockname()[1]):
            (agents.add if event == PUBLISHED else agents.discard)((node, ref))


def connect(node, ref):
    """A connection, or None."""
    sock = make()
    sock.settimeout(1)
    try:
        sock.connect((socket.TIPC_ADDR_ID, node, ref, 0))
    except OSError:
        return None
    sock.setblocking(False)
    return sock
