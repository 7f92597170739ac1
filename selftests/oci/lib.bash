# SPDX-License-Identifier: GPL-2.0-or-later
# Containers for the tests of the hook: load it after cli/lib in every file.
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2120,SC2154

hook=$PGNL_TOP/build/bin/pgnl-oci-hook
conf=/etc/pgnl/oci.conf
bundles=/run/pgnl-oci

# Whatever waits in a busy machine, the deadline is not what is tested.
write_conf() {
	mkdir -p /etc/pgnl
	printf '%s\n' '[allow]' 'groups = container/*' "$@" '[hook]' 'deadline = 50' >"$conf"
}

# A root of busybox alone, made once in a VM.
make_rootfs() {
	local rootfs=$bundles/rootfs
	[ ! -x $rootfs/bin/sh ] || return 0
	mkdir -p $rootfs/{bin,proc,sys,dev,tmp,etc,run}
	cp /bin/busybox $rootfs/bin/
	for name in sh sleep true false cat echo; do
		ln -s busybox "$rootfs/bin/$name"
	done
}

# The command in that root, with its libraries, to be run by what is inside.
make_pgnl() {
	local library libraries=$bundles/rootfs/lib/x86_64-linux-gnu
	[ ! -x $bundles/rootfs/bin/pgnl ] || return 0
	mkdir -p "$libraries" $bundles/rootfs/lib64
	cp /lib64/ld-linux-x86-64.so.2 $bundles/rootfs/lib64/
	ldd "$PGNL_TOP/build/bin/pgnl" | awk '$2 == "=>" { print $3 }' | while read -r library; do
		cp "$library" "$libraries/"
	done
	cp "$PGNL_TOP/build/bin/pgnl" $bundles/rootfs/bin/
}

# The hook as the runtimes of the tests get it: the project's, from the build.
hooks_json() {
	jq --arg path "$hook" '.hook.path = $path | .hook.timeout = 60' \
		"$PGNL_TOP/userspace/oci/hooks.d/pgnl.json"
}

# bundle RUNTIME COMMAND [KEY=VALUE]...: a bundle in $bundles/c with these annotations;
# the runtime may be "rootless", which is crun as a user.
bundle() {
	local runtime=$1 command=$2 filter pair
	shift 2
	rm -rf $bundles/c
	mkdir -p $bundles/c
	chmod 777 $bundles/c
	(cd $bundles/c && if [ "$runtime" = rootless ]; then as_user crun spec --rootless; else
		"$runtime" spec; fi)
	filter='.process.terminal = false | .process.args = ["/bin/sh", "-c", $command]
		| .root.path = $rootfs | .root.readonly = true
		| .hooks.createRuntime = [{path: $hook, timeout: 60}]'
	for pair; do
		filter+=" | .annotations[$(jq -n --arg k "${pair%%=*}" '$k')]"
		filter+=" = $(jq -n --arg v "${pair#*=}" '$v')"
	done
	chmod 777 $bundles/c
	edit_bundle --arg command "$command" --arg rootfs $bundles/rootfs --arg hook "$hook" "$filter"
}

edit_bundle() {
	jq "$@" $bundles/c/config.json >$bundles/c/new
	mv $bundles/c/new $bundles/c/config.json
}

# start RUNTIME: run the bundle in the background, its shell's pid in $runner.
start() {
	"$1" run --bundle $bundles/c c1 >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- </dev/null &
	runner=$!
}

init_pid() {
	"$1" state c1 | jq .pid
}

has_members() {
	[ "$(pgnl members "$1" --count 2>/dev/null || true)" = "$2" ]
}

# What the hooks have said since the test began.
hook_said() {
	dmesg | awk -v mark="$mark" '{ line[NR] = $0 } index($0, mark) { start = NR }
		END { for (i = start + 1; i <= NR; i++) print line[i] }' | grep -F pgnl-oci-hook |
		grep -F -- "$1"
}

setup() {
	mark="oci: $BATS_TEST_NAME $BASHPID"
	echo "$mark" >/dev/kmsg
	make_rootfs
	write_conf
}

# started GROUP: its one member has become the command of its container. Before that it
# is the runtime's, which may wait for ever for one that is killed.
started() {
	[ "$(cat "/proc/$(pgnl members "$1" --pids)/comm" 2>/dev/null)" = sleep ]
}
