#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Add the structs of a spec to a uapi header that the YNL generator made.

The generator renders constants, attributes and commands, but not structs.
gen-structs.py SPEC <header >header
"""

import sys
import textwrap

import yaml


def comment(line):
    return textwrap.fill(line, 78, initial_indent=" * ", subsequent_indent=" *   ")


def render(struct):
    name = "pgnl_" + struct["name"].replace("-", "_")
    fields = struct["members"]
    lines = ["#include <linux/types.h>", "", "/**"]
    lines.append(comment(f"struct {name} - {struct['doc']}"))
    lines += [comment(f"@{f['name']}: {f['doc']}") for f in fields]
    lines += [" */", f"struct {name} {{"]
    lines += [f"\t__{f['type']}\t{f['name']};" for f in fields]
    lines += ["};", ""]
    return "\n".join(lines)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        spec = yaml.safe_load(f)
    structs = [render(d) for d in spec["definitions"] if d["type"] == "struct"]
    head, end, tail = sys.stdin.read().rpartition("#endif /*")
    sys.stdout.write(head + "\n".join(structs) + "\n" + end + tail)


main()
