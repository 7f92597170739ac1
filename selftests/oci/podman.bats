# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2034,SC2030,SC2031,SC2086
# The hook under podman, root and not, and through a CDI device; a service of containers.
load ../cli/lib
load lib

# In files, since not all that calls podman knows options of these tests: conmon, which
# starts a container anew, and services.
configure_podman() {
	mkdir -p /etc/containers
	printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' \
		$bundles/storage $bundles/runroot >/etc/containers/storage.conf
	printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nhooks_dir = ["%s"]\n' \
		$bundles/hooks.d >/etc/containers/containers.conf
}

setup_file() {
	[ -d /run/vm ] || skip "these change the machine: only in a VM"
	make_rootfs
	mkdir -p $bundles/hooks.d
	hooks_json >$bundles/hooks.d/pgnl.json
	configure_podman
	rm -rf /etc/cni/net.d
	export TMPDIR=/run/pgnl-oci/tmp
	mkdir -p $TMPDIR
}

teardown() {
	podman rm -f -t 0 --all >/dev/null 2>&1 || true
	end_sleepers
}

# In the background; its output in $BATS_TEST_TMPDIR/out, its shell's pid in $runner.
podman_run() {
	podman run --rm --network=none "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- </dev/null &
	runner=$!
}

image() {
	podman image exists localhost/bb:1 && return
	tar -C $bundles/rootfs -cf $bundles/rootfs.tar .
	podman import -q $bundles/rootfs.tar localhost/bb:1
}

@test "podman: a container joins with its annotations, and leaves when it is killed" {
	podman_run --name c1 --annotation 'org.pgnl.join=container/web container/db' \
		--annotation org.pgnl.required=true --rootfs $bundles/rootfs sleep 1000
	eventually has_members container/db 1
	[ "$(pgnl members container/web --pids)" = "$(podman inspect -f '{{.State.Pid}}' c1)" ]
	podman kill c1
	wait "$runner" || true
	run -3 pgnl members container/web
	run -3 pgnl members container/db
}

@test "podman: a container does not start without groups it requires" {
	run podman run --rm --network=none --annotation org.pgnl.join=web \
		--annotation org.pgnl/required=true --rootfs $bundles/rootfs echo started
	[ "$status" -eq 126 ] || [ "$status" -eq 127 ]
	[[ $output != *started* ]]
	run -3 pgnl members web
}

@test "podman over runc: the same" {
	podman_run --runtime runc --annotation org.pgnl.join=container/web \
		--annotation org.pgnl.required=true --rootfs $bundles/rootfs sleep 1000
	eventually has_members container/web 1
	podman kill --all
	wait "$runner" || true
	run -3 pgnl members container/web
	run podman run --runtime runc --rm --network=none --annotation org.pgnl.join=web \
		--annotation org.pgnl.required=true --rootfs $bundles/rootfs echo started
	[ "$status" -ne 0 ]
	[[ $output != *started* ]]
}

@test "podman: a container whose other hook fails has joined and left" {
	jq -n '{version: "1.0.0", hook: {path: "/bin/false"}, when: {always: true},
		stages: ["createRuntime"]}' >$bundles/hooks.d/zz-fails.json
	pgnl -j monitor container/web --count 2 --timeout 120 >"$BATS_TEST_TMPDIR/events" 3>&- &
	monitor=$!
	eventually subscribed
	run podman run --rm --network=none --annotation org.pgnl.join=container/web \
		--rootfs $bundles/rootfs echo started
	rm $bundles/hooks.d/zz-fails.json
	[ "$status" -ne 0 ]
	[[ $output != *started* ]]
	wait "$monitor"
	[ "$(jq -r .event "$BATS_TEST_TMPDIR/events")" = $'join\nleave' ]
}

subscribed() {
	[ "$(json .subscriptions stats)" = 1 ]
}

@test "podman: a container holds a name as long as it lives" {
	write_conf 'names = container/*'
	podman_run --annotation org.pgnl.name=container/primary --annotation org.pgnl.required=true \
		--rootfs $bundles/rootfs sleep 1000
	eventually pgnl -q name whereis container/primary
	podman kill --all
	wait "$runner" || true
	run -3 pgnl name whereis container/primary
}

@test "podman: without an annotation there is no hook" {
	run -7 podman run --rm --network=none --rootfs $bundles/rootfs sh -c 'exit 7'
}

@test "podman: a container in a user namespace joins" {
	image
	podman_run --uidmap 0:100000:5000 --annotation org.pgnl.join=container/web \
		--annotation org.pgnl.required=true localhost/bb:1 sleep 1000
	eventually has_members container/web 1
	[ "$(json '.[0].uid' members container/web)" = 100000 ]
	podman kill --all
	wait "$runner" || true
	run -3 pgnl members container/web
}

@test "podman: a container that is restarted joins anew each time" {
	pgnl -j monitor container/web --count 6 --timeout 300 >"$BATS_TEST_TMPDIR/events" 3>&- &
	monitor=$!
	image
	podman run -d --restart=on-failure:2 --network=none \
		--annotation org.pgnl.join=container/web localhost/bb:1 sh -c 'exit 3' 3>&-
	wait "$monitor"
	[ "$(jq -r .event "$BATS_TEST_TMPDIR/events" | paste -sd' ')" = \
		'join leave join leave join leave' ]
	[ "$(jq -r '.members[0].pid' "$BATS_TEST_TMPDIR/events" | sort -u | wc -l)" = 3 ]
	[ "$(jq -c 'select(.event == "leave") | [.reason, .status]' "$BATS_TEST_TMPDIR/events" |
		sort -u)" = '["exited",3]' ]
}

service=$PGNL_TOP/libpgnl/examples/podman-service.sh

said() {
	[ "$(grep -cx "$2" "$BATS_TEST_TMPDIR/log")" = "$1" ]
}

@test "podman-service.sh starts a container for each that ends" {
	local service_pid pids pid
	image
	"$service" -n 2 container/web -- --network=none localhost/bb:1 sleep 1000 \
		>"$BATS_TEST_TMPDIR/log" 2>&1 3>&- </dev/null &
	service_pid=$!
	sleepers+=("$service_pid")
	eventually said 1 '2 containers in container/web'
	mapfile -t pids < <(pgnl members container/web --pids)
	[ "${#pids[@]}" = 2 ]
	kill -KILL "${pids[0]}"
	eventually said 1 'one has ended, another one starts'
	eventually has_members container/web 2
	pgnl members container/web --pids | grep -qx "${pids[1]}"
	run ! grep -qx "${pids[0]}" <(pgnl members container/web --pids)
	kill "$service_pid"
	wait "$service_pid"
	run -3 pgnl members container/web
}

@test "podman-service.sh ends when a container may not join" {
	image
	run -1 "$service" -n 2 web -- --network=none localhost/bb:1 sleep 1000
	run -3 pgnl members web
}

@test "podman: a container joins by a CDI device" {
	mkdir -p /etc/cdi
	pgnl oci cdi-spec cdi/web --hook "$hook" |
		jq '.devices[].containerEdits.hooks[].timeout = 60' >/etc/cdi/pgnl.json
	podman_run --device pgnl.org/group=cdi.web --rootfs $bundles/rootfs sleep 1000
	eventually has_members cdi/web 1
	podman kill --all
	wait "$runner" || true
	run -3 pgnl members cdi/web
}

# A user of these tests alone, with ids below it.
as_user() {
	if ! id pgnl-oci >/dev/null 2>&1; then
		useradd -u 7001 -d $bundles/home -s /bin/bash pgnl-oci
		mkdir -p $bundles/home $bundles/user-run
		chown pgnl-oci: $bundles/home $bundles/user-run
		echo pgnl-oci:700000:65536 | tee /etc/subuid /etc/subgid >/dev/null
	fi
	env -i PATH="$PATH" HOME=$bundles/home XDG_RUNTIME_DIR=$bundles/user-run \
		LD_LIBRARY_PATH="$LD_LIBRARY_PATH" TMPDIR=$bundles/user-run \
		setpriv --reuid=7001 --regid=7001 --init-groups "$@"
}

@test "rootless podman: a container joins" {
	as_user podman --storage-driver vfs --cgroup-manager=cgroupfs --events-backend=file \
		--hooks-dir $bundles/hooks.d run --cgroups=disabled --network=none \
		--annotation org.pgnl.join=container/web --annotation org.pgnl.required=true \
		--rootfs $bundles/rootfs sleep 1000 >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- </dev/null &
	runner=$!
	eventually has_members container/web 1
	eventually started container/web
	[ "$(json '.[0].uid' members container/web)" = 7001 ]
	kill -KILL "$(pgnl members container/web --pids)"
	wait "$runner" || true
	run -3 pgnl members container/web
}

@test "rootless podman: a container does not start without groups it requires" {
	run as_user podman --storage-driver vfs --cgroup-manager=cgroupfs --events-backend=file \
		--hooks-dir $bundles/hooks.d run --cgroups=disabled --network=none \
		--annotation org.pgnl.join=web --annotation org.pgnl.required=true \
		--rootfs $bundles/rootfs echo started
	[ "$status" -ne 0 ]
	[[ $output != *started* ]]
	run -3 pgnl members web
}

@test "rootless crun: a container joins" {
	bundle rootless 'sleep 1000' org.pgnl.join=container/web org.pgnl.required=true
	as_user crun --root $bundles/user-run --cgroup-manager=disabled run --bundle $bundles/c c2 \
		>"$BATS_TEST_TMPDIR/out" 2>&1 3>&- </dev/null &
	runner=$!
	eventually has_members container/web 1
	eventually started container/web
	[ "$(json '.[0].uid' members container/web)" = 7001 ]
	kill -KILL "$(pgnl members container/web --pids)"
	wait "$runner" || true
	run -3 pgnl members container/web
}
