# SPDX-License-Identifier: GPL-2.0-or-later
# What the command says where there is no module. The module is taken out for
# this file and put back after it.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031
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
		name register x --pid 1
		name unregister x
		name whereis x
		name list
		name send x y
		gg groups
		gg info
		gg own-nodes
		gg sync
		gg monitor
		send x y
		recv x
	END
	run -4 --separate-stderr pgnl -f -b "$BATS_TEST_TMPDIR/all"
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 30 ]
	[ "$(grep -c "is not loaded: try 'modprobe pgnl'" <<<"$stderr")" -eq 30 ]
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

# reason WORDS CURE SETTING...: in a mount namespace where these commands have changed
# what doctor looks at.
reason() {
	local words=$1 cure=$2
	shift 2
	mkdir -p "$BATS_TEST_TMPDIR/modules" "$BATS_TEST_TMPDIR/proc"
	echo "updates/pgnl.ko:" >"$BATS_TEST_TMPDIR/modules/modules.dep"
	echo 1 >"$BATS_TEST_TMPDIR/one"
	echo Y >"$BATS_TEST_TMPDIR/yes"
	cd "$BATS_TEST_TMPDIR" || return
	run -4 unshare -m sh -ec 'for setting; do eval "$setting"; done; exec pgnl -j doctor' - "$@"
	cd - || return
	jq -e --arg words "$words" --arg cure "$cure" '.[] | select(.check == "module") |
		(.finding | contains($words)) and (.cure | contains($cure))' <<<"$output"
}

installed='mount --bind modules /lib/modules/$(uname -r)'

@test "doctor tells each reason why there is none, and its cure" {
	reason "takes no modules" "virtual machine" "mount --bind proc /proc"
	reason "switched off until the next boot" "/etc/modules-load.d" \
		"mount --bind one /proc/sys/kernel/modules_disabled"
	reason "signed modules only" "mokutil --import /var/lib/dkms/mok.pub" "$installed" \
		"mount --bind yes /sys/module/module/parameters/sig_enforce"
	reason "installed, but not loaded" "modprobe pgnl" "$installed"
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

@test "a module of another version of the interface is told from none" {
	insmod "$BATS_TEST_DIRNAME/../../build/selftests/newer-$(uname -r)/pgnl_newer.ko"
	run pgnl members web
	rmmod pgnl_newer
	[ "$status" -eq 4 ]
	[[ $output == "pgnl: members: the kernel module pgnl speaks another version of the interface than libpgnl "*": install both of one version" ]]
}
