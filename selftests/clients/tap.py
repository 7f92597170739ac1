# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the functions test_* of a module, each in a network namespace of its own."""

import ctypes
import os
import traceback

CLONE_NEWNET = 0x40000000


def run(module, call=lambda test: test()):
    """Prints TAP; the exit status."""
    tests = [(name, test) for name, test in module.items() if name.startswith("test_")]
    failed = 0
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        # Tables of its own for each test.
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        try:
            call(test)
            print(f"ok {number} {name[5:]}", flush=True)
        except Exception:  # a test may fail in any way
            failed += 1
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
            print(f"not ok {number} {name[5:]}", flush=True)
    return 1 if failed else 0
