# SPDX-License-Identifier: GPL-2.0-or-later
# Clients that know the interface from its spec or header alone, not from
# libpgnl: the kernel's YNL command line (see also ynl_test.py), libnl-3, and the
# generic tools of the system.
# shellcheck disable=SC2154
load ../cli/lib

top=${PGNL_TOP:-$BATS_TEST_DIRNAME/../..}
spec=$top/uapi/netlink/specs/pgnl.yaml
group=clients-$BATS_TEST_NUMBER

@test "YNL's cli.py joins, lists what pgnl lists, and leaves" {
	local pid program=$top/build/linux/tools/net/ynl/cli.py cli
	[ -r "$program" ] || skip "no $program"
	/usr/bin/python3 -c 'import yaml, jsonschema' || skip "no python3-yaml or python3-jsonschema"
	cli=(/usr/bin/python3 -B "$program" --spec "$spec" --no-schema --output-json)
	sleeper pid
	"${cli[@]}" --do member-join \
		--json "{\"group\":[\"$group\"],\"pid\":[$pid],\"times\":3,\"weight\":7}" |
		jq -e '.counts == [3]'
	"${cli[@]}" --dump member-get --json "{\"group\":[\"$group\"]}" |
		jq -c '[.[].member[].row | [.pid, (.id | tostring), .count, .weight]]' \
			>"$BATS_TEST_TMPDIR/ynl"
	pgnl -j members "$group" | jq -c '[.[] | [.pid, .id, .count, .weight]]' \
		>"$BATS_TEST_TMPDIR/pgnl"
	diff "$BATS_TEST_TMPDIR/pgnl" "$BATS_TEST_TMPDIR/ynl"
	[ "$(jq length "$BATS_TEST_TMPDIR/ynl")" = 1 ]
	"${cli[@]}" --do member-leave \
		--json "{\"group\":[\"$group\"],\"pid\":[$pid],\"all\":true}" |
		jq -e '.removed == 3'
	run -3 pgnl members "$group"
}

@test "the libnl-3 client joins itself, lists itself and leaves" {
	run -0 "$top/build/examples/libnl-client" pg "$group"
	[[ ${lines[0]} =~ ^joined:\ id\ ([0-9]+),\ count\ 2$ ]]
	id=${BASH_REMATCH[1]}
	[[ ${lines[1]} =~ ^member:\ pid\ [0-9]+,\ id\ $id,\ count\ 2,\ uid\ 0,\ weight\ 1,\ meta\ libnl$ ]]
	[ "${lines[2]}" = "left: 2 joins taken back" ]
	run -3 pgnl members "$group"
}

@test "the libnl-3 client lists what others joined" {
	local pid
	sleeper pid
	pgnl join "$group" --pid "$pid" --weight 9 --meta here
	run -0 "$top/build/examples/libnl-client" pg "$group"
	[[ $output == *"member: pid $pid, id "*", weight 9, meta here"* ]]
	[ "$(grep -c ^member: <<<"$output")" = 2 ]
	pgnl leave "$group" --pid "$pid"
}

@test "the libnl-3 client is told of a missing scope" {
	run ! "$top/build/examples/libnl-client" nowhere "$group"
	[[ $output == *"libnl-client: join: "* ]]
}

@test "genl tells the family and every operation of the spec" {
	run -0 genl ctrl get name pgnl
	[[ $output == *"Name: pgnl"* ]]
	[[ $output == *"Version: 0x1"* ]]
	genl ctrl policy name pgnl | sed -n 's/.* op \([0-9]*\) policies: */\1 /p' |
		sed -e 's/=[0-9]*//g' -e 's/ *$//' | sort -n >"$BATS_TEST_TMPDIR/kernel"
	/usr/bin/python3 - "$spec" >"$BATS_TEST_TMPDIR/spec" <<-'END'
		import sys, yaml
		ops = yaml.safe_load(open(sys.argv[1]))["operations"]["list"]
		for number, op in enumerate(ops, 1):
		    if "event" not in op:
		        print(number, *[kind for kind in ("do", "dump") if kind in op])
	END
	diff "$BATS_TEST_TMPDIR/spec" "$BATS_TEST_TMPDIR/kernel"
}

@test "genl tells the policies" {
	genl ctrl policy name pgnl >"$BATS_TEST_TMPDIR/policy"
	grep -q 'attr\[1\]: type=NUL_STRING max len:63$' "$BATS_TEST_TMPDIR/policy"
	grep -q 'attr\[2\]: type=STRING max len:255$' "$BATS_TEST_TMPDIR/policy"
	grep -q 'attr\[8\]: type=U32 range:\[0,511\]$' "$BATS_TEST_TMPDIR/policy"
}

@test "genl-ctrl-list lists the family" {
	command -v genl-ctrl-list || skip "no genl-ctrl-list, package libnl-utils"
	genl-ctrl-list | grep -q ' pgnl version 1$'
}
