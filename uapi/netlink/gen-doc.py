#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Render a spec as a page of Markdown.

gen-doc.py SPEC >PAGE
"""

import sys
import textwrap

import yaml

HEAD = """\
# The wire protocol of {name}

<!-- Do not edit: "make gen" renders this page from {spec}. -->

{doc}

## Talking to the family

Generic netlink family `{name}`, version {version}; its number is asked of the
controller by name, as for every family. A request is a netlink header, a
generic netlink header with the number of the operation, then attributes. The
answer to a *do* is one message when the operation has a reply, then an
acknowledgement when NLM_F_ACK was set. A *dump* (NLM_F_DUMP) is answered by
any number of messages and an end. Integers are in host byte order, strings
end with NUL.

An error carries its text and the place of the attribute to blame when the
socket has NETLINK_EXT_ACK set; set NETLINK_CAP_ACK and NETLINK_GET_STRICT_CHK
too.

The C names are in `{header}`. Any client that reads YNL specs can
talk to the family without code of its own; with the kernel's `tools/net/ynl`:

    cli.py --spec {spec} --do member-join --json '{{"group": ["web"], "pid": [4711]}}'
    cli.py --spec {spec} --dump member-get --json '{{"group": ["web"]}}'
"""


def c_name(*parts):
    return "-".join(parts).replace("-", "_").upper()


def flow(text):
    """A text of the spec as paragraphs of the page."""
    paragraphs = text.strip().split("\n")
    return "\n\n".join(textwrap.fill(p, 78, break_on_hyphens=False) for p in paragraphs if p)


def table(head, rows):
    """A Markdown table without columns that are empty throughout."""
    keep = [i for i in range(len(head)) if any(row[i] for row in rows)]
    lines = [head, ["---"] * len(head)] + rows
    return "\n".join("| " + " | ".join(line[i] for i in keep) + " |" for line in lines)


def cell(text):
    return " ".join(text.split()).replace("|", "\\|")


def listed(names):
    return ", ".join(f"`{n}`" for n in names if n != "pad") or "none"


def numbered(entries, first):
    """Entries count on from the one before unless they have a number of their own."""
    number = first
    for entry in entries:
        number = entry.get("value", number)
        yield number, entry
        number += 1


class Page:
    def __init__(self, spec, path):
        self.spec = spec
        self.path = path
        self.name = spec["name"]
        self.prefixes = {s["name"]: s["name-prefix"] for s in spec["attribute-sets"]}

    def render(self):
        spec = self.spec
        parts = [
            HEAD.format(
                name=self.name,
                version=spec["version"],
                doc=flow(spec["doc"]),
                header="uapi/" + spec["uapi-header"],
                spec=self.path,
            ).rstrip(),
            "## Operations",
        ]
        for number, op in numbered(spec["operations"]["list"], 1):
            parts += self.operation(number, op)
        parts.append("## Attributes")
        for attrs in spec["attribute-sets"]:
            parts += self.attributes(attrs)
        parts.append("## Values")
        parts += self.constants()
        for definition in spec["definitions"]:
            if definition["type"] in ("enum", "flags"):
                parts += self.enumeration(definition)
            elif definition["type"] == "struct":
                parts += self.structure(definition)
        return "\n\n".join(parts)

    def operation(self, number, op):
        lines = [f"C name `{c_name(self.name, 'cmd', op['name'])}` ({number})."]
        if "do" in op:
            lines.append(f"- request: {listed(op['do']['request']['attributes'])}")
        if "event" in op:
            lines.append(f"- from the kernel: {listed(op['event']['attributes'])}")
        for mode in ("do", "dump"):
            if mode not in op:
                continue
            reply = op[mode].get("reply")
            answer = listed(reply["attributes"]) if reply else "acknowledgement only"
            lines.append(f"- {mode}: {answer}")
        lines[0] += "\n"
        return [f"### {op['name']}", flow(op["doc"]), "\n".join(lines)]

    def attributes(self, attrs):
        rows = []
        for number, attr in numbered(attrs["attributes"], 1):
            rows.append(
                [
                    str(number),
                    f"`{attr['name']}`",
                    self.attribute_type(attr),
                    self.checks(attr),
                    cell(attr.get("doc", "Padding.")),
                ]
            )
        prefix = c_name(attrs["name-prefix"])
        return [
            f"### Set {attrs['name']}",
            flow(attrs["doc"]),
            f"C names start with `{prefix}`.",
            table(["no.", "name", "type", "limits", "meaning"], rows),
        ]

    def attribute_type(self, attr):
        text = attr["type"]
        if "nested-attributes" in attr:
            text = f"set {attr['nested-attributes']}"
        elif "struct" in attr:
            text = f"struct {attr['struct']}"
        elif "sub-type" in attr:
            text = f"array of {attr['sub-type']}"
        elif "enum" in attr:
            text = f"{text}, {attr['enum']}"
        if attr.get("multi-attr"):
            text += ", list"
        return text

    def checks(self, attr):
        checks = attr.get("checks", {})
        bounds = [f"{word} {self.number(checks[key])}" for key, word in
                  (("min", "from"), ("max", "to")) if key in checks]
        if "max-len" in checks:
            bounds.append(f"up to {self.number(checks['max-len'])} bytes")
        return " ".join(bounds)

    def number(self, value):
        """A bound is a number or the name of a constant."""
        if isinstance(value, int):
            return str(value)
        return str(next(d["value"] for d in self.spec["definitions"] if d["name"] == value))

    def constants(self):
        rows = [
            [f"`{c_name(self.name, d['name'])}`", str(d["value"]), cell(d["doc"])]
            for d in self.spec["definitions"]
            if d["type"] == "const"
        ]
        return ["### Constants", table(["C name", "value", "meaning"], rows)]

    def enumeration(self, definition):
        flags = definition["type"] == "flags"
        rows = []
        for number, entry in numbered(definition["entries"], 0):
            name = c_name(self.name, definition["name"], entry["name"])
            value = 1 << number if flags else number
            rows.append([f"`{entry['name']}`", f"`{name}`", str(value), cell(entry["doc"])])
        return [
            f"### {'Flags' if flags else 'Enumeration'} {definition['name']}",
            flow(definition["doc"]),
            table(["name", "C name", "value", "meaning"], rows),
        ]

    def structure(self, definition):
        rows, offset = [], 0
        for field in definition["members"]:
            rows.append([str(offset), field["type"], f"`{field['name']}`", cell(field["doc"])])
            offset += int(field["type"][1:]) // 8
        return [
            f"### Struct {definition['name']}",
            flow(definition["doc"]),
            f"C name `struct {self.name}_{definition['name']}`, {offset} bytes.",
            table(["offset", "type", "field", "meaning"], rows),
        ]


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        print(Page(yaml.safe_load(f), sys.argv[1]).render())


main()
