#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""answer.py NODE: the agent's socket, whose every answer is that NODE is connected."""
import os
import socket
import struct
import sys

ASK_A_SYNCED = 10
NLMSG_DONE = 3


def message(kind, payload=b""):
    return struct.pack("=IHHII", 16 + len(payload), kind, 0, 0, 0) + payload


node = os.fsencode(sys.argv[1]) + b"\0"
attr = struct.pack("=HH", 4 + len(node), ASK_A_SYNCED) + node
attr += bytes(-len(attr) % 4)

server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.bind("\0pgnl/groups")
server.listen()
print("ok", flush=True)
while True:
    client = server.accept()[0]
    client.send(message(struct.unpack_from("=H", client.recv(65536), 4)[0], attr))
    client.send(message(NLMSG_DONE))
    client.close()
