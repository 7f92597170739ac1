# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
load lib

@test "oci cdi-spec prints a CDI file with a device for each group" {
	pgnl oci cdi-spec web db/primary >"$BATS_TEST_TMPDIR/spec"
	[ "$(jq -c '[.cdiVersion, .kind, (.devices | map(.name))]' "$BATS_TEST_TMPDIR/spec")" = \
		'["0.3.0","pgnl.org/group",["web","db.primary"]]' ]
	[ "$(jq -c '.devices[1].containerEdits.hooks[0] | [.hookName, .args, .timeout]' \
		"$BATS_TEST_TMPDIR/spec")" = \
		'["createRuntime",["pgnl-oci-hook","--join","db/primary"],5]' ]
	jq -e '.devices[0].containerEdits.hooks[0].path | endswith("/pgnl/pgnl-oci-hook")' \
		"$BATS_TEST_TMPDIR/spec"
}

@test "oci cdi-spec hands options on to the hook" {
	[ "$(pgnl -s jobs oci cdi-spec web --meta 'a b' --required --hook /opt/pgnl-oci-hook |
		jq -c '.devices[0].containerEdits.hooks[0] | [.path, .args[3:]]')" = \
		'["/opt/pgnl-oci-hook",["--scope","jobs","--meta","a b","--required"]]' ]
}

@test "oci cdi-spec makes names of devices as CDI wants them" {
	[ "$(pgnl oci cdi-spec '/a b/ü.' 'x_1:2-' | jq -c '.devices | map(.name)')" = '["a-b","x_1:2"]' ]
	complains 1 oci cdi-spec a/b a.b
	has "two groups would be the CDI device 'a.b'"
	complains 1 oci cdi-spec ///
	has "no letter"
	complains 1 oci cdi-spec $'a\xff'
	has "no UTF-8"
	complains 1 oci cdi-spec web --meta $'\xff'
	has "no UTF-8"
	complains 1 oci cdi-spec web --hook hook
	complains 1 oci cdi-spec
	complains 1 oci
	has "cdi-spec or check"
}

# A folder of hooks as runtimes know them: hooks PATH STAGE TIMEOUT
hooks() {
	mkdir -p "$BATS_TEST_TMPDIR/hooks.d"
	jq --arg path "$1" --arg stage "$2" --argjson timeout "$3" \
		'.hook.path = $path | .stages = [$stage] | .hook.timeout = $timeout' \
		"$PGNL_TOP/userspace/oci/hooks.d/pgnl.json" >"$BATS_TEST_TMPDIR/hooks.d/pgnl.json"
	printf '[allow]\ngroups = web db/*\n' >"$BATS_TEST_TMPDIR/oci.conf"
}

check() {
	run --separate-stderr pgnl oci check --hooks-dir "$BATS_TEST_TMPDIR/hooks.d" \
		--conf "$BATS_TEST_TMPDIR/oci.conf"
}

@test "oci check is content with what is installed well" {
	hooks "$PGNL_TOP/build/bin/pgnl-oci-hook" createRuntime 5
	check
	[ "$status" -eq 0 ]
	[[ $output == *"pgnl.json runs $PGNL_TOP/build/bin/pgnl-oci-hook"* ]]
	[[ $output == *"allowed: scopes pg, groups web db/*, names container/*"* ]]
}

@test "oci check names what is wrong, and the cure" {
	hooks /nonexistent/pgnl-oci-hook createRuntime 5
	check
	[ "$status" -eq 2 ]
	[[ $output == *"which can't be run"*"cure: install the package pgnl-oci-hook"* ]]
	hooks "$PGNL_TOP/build/bin/pgnl-oci-hook" poststart 5
	check
	[ "$status" -eq 2 ]
	[[ $output == *"at another stage"* ]]
	hooks "$PGNL_TOP/build/bin/pgnl-oci-hook" createRuntime 1
	check
	[ "$status" -eq 2 ]
	[[ $output == *"a timeout of 1 s"* ]]
	echo '[nowhere]' >"$BATS_TEST_TMPDIR/oci.conf"
	echo 'x = y' >>"$BATS_TEST_TMPDIR/oci.conf"
	check
	[[ $output == *"oci.conf:2: there is no section 'nowhere'"* ]]
	rm "$BATS_TEST_TMPDIR/hooks.d/pgnl.json"
	check
	[[ $output == *"no file tells runtimes of the hook"* ]]
	echo '{' >"$BATS_TEST_TMPDIR/hooks.d/x.json"
	check
	[[ $output == *"x.json:"* ]]
}

@test "oci check has the promised JSON keys" {
	[ "$(pgnl -j oci check | jq -c '.[0] | keys')" = '["check","cure","finding","ok"]' ]
}
