# SPDX-License-Identifier: GPL-2.0-or-later
# What the command says where there is no module. The module is taken out for
# this file and put back after it.
# shellcheck disable=SC2154
load lib

module=${PGNL_TOP:-$BATS_TEST_DIRNAME/../..}/build/kmod-$(uname -r)/pgnl.ko

setup_file() {
	[ -e "$module" ] || skip "no $module to put back"
	rmmod pgnl
}

teardown_file() {
	[ -d /sys/module/pgnl ] || insmod "$module"
}

@test "every command that needs the module has exit code 4 and tells the cure" {
	cat >"$BATS_TEST_TMPDIR/all" <<-END
		scopes
		scope add x
		scope del x
		scope set x --perm 0
		groups
		members x
		which 1
		join x --pid 1
		leave x --pid 1
		create x
		delete x
		closest x
		pick x
		stats
		limits
		limits net-groups=1
		verify
		dump
	END
	run -4 --separate-stderr pgnl -f -b "$BATS_TEST_TMPDIR/all"
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 18 ]
	[ "$(grep -c "is not loaded: try 'modprobe pgnl'" <<<"$stderr")" -eq 18 ]
	complains 4 exec x -- true
	complains 4 groups
}

@test "a usage error is told first" {
	complains 1 join web
	complains 1 members
}

@test "restore looks at its file first, then has exit code 4" {
	complains 1 restore /nosuch
	echo '{"pgnl":1,"boot":"x","scopes":[]}' >"$BATS_TEST_TMPDIR/dump.json"
	complains 4 restore "$BATS_TEST_TMPDIR/dump.json"
}

@test "doctor has exit code 4 and tells why there is none" {
	run -4 --separate-stderr pgnl doctor
	[[ $output == *"problem  module: "* ]]
	[[ $output == *"not installed for this kernel"*"cure: "*pgnl-dkms* ]]
	[ "$(pgnl -j doctor | jq -c '.[] | select(.ok | not).check')" = '"module"' ]
}

@test "a batch tells it for its line" {
	run -4 pgnl -b - <<<groups
	[[ $output == "pgnl: -:1: groups: "* ]]
}

@test "help, version and completion work all the same" {
	pgnl help
	pgnl -V
	pgnl completion bash >/dev/null
	pgnl join --help
}
