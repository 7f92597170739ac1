#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# gen.sh YNL_DIR [OUT_DIR]: write the files generated from specs/pgnl.yaml.
#
# YNL_DIR is tools/net/ynl of a 6.12 kernel source. OUT_DIR is the top of a
# tree to write to, this one when left out; a check compares another with it.
set -eu

ynl=$(realpath "$1")
top=$(realpath "$(dirname "$0")/../..")
out=$(realpath "${2:-$top}")
cd "$top"
spec=uapi/netlink/specs/pgnl.yaml
mkdir -p "$out/uapi/linux" "$out/kmod" "$out/docs"

# The generator looks for its schema two folders above the spec, and for a
# MAINTAINERS file above that; it never ends without one, hence the limit.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/uapi/netlink/specs"
touch "$work/MAINTAINERS"
cp "$ynl"/../../../Documentation/netlink/genetlink*.yaml "$work/uapi/netlink/"
cp "$spec" "$work/$spec"

gen() {
	(cd "$work" && timeout 120 /usr/bin/python3 "$ynl/ynl-gen-c.py" --spec "$spec" "$@")
}

gen --mode uapi --header -o "$work/pgnl.h"
gen --mode kernel --header -o "$work/genl.h"
gen --mode kernel --source -o "$work/genl.c"
/usr/bin/python3 uapi/netlink/gen-structs.py "$spec" <"$work/pgnl.h" >"$work/pgnl-full.h"
/usr/bin/python3 uapi/netlink/gen-doc.py "$spec" >"$work/protocol.md"

install -m 644 "$work/pgnl-full.h" "$out/uapi/linux/pgnl.h"
install -m 644 "$work/genl.h" "$work/genl.c" "$out/kmod/"
install -m 644 "$work/protocol.md" "$out/docs/"
