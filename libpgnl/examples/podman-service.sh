#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Keep so many containers of a service running.
#
#	podman-service.sh [-n CONTAINERS] GROUP -- PODMAN_RUN_ARGUMENT...
#
# pgnl-oci-hook puts each container into the group before its command runs, and the
# kernel takes it out when it ends, whatever podman does. So the group says how many
# there are, and its events say when one is missing: nothing is polled, no pid is kept.
# SIGTERM ends the containers, then this.
#
#	podman-service.sh -n 3 container/web -- docker.io/library/nginx
set -u

wanted=2
usage() {
	echo 'usage: podman-service.sh [-n CONTAINERS] GROUP -- PODMAN_RUN_ARGUMENT...' >&2
	exit 2
}
while getopts n: opt; do
	case $opt in
	n) wanted=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
if [ $# -lt 3 ] || [ "$2" != -- ] || [[ ! $wanted =~ ^[1-9][0-9]*$ ]]; then
	usage
fi
group=$1
shift 2
container=("$@")

# It returns when the container runs, so it is in the group; it must not be without.
start() {
	podman run --rm --detach --annotation "org.pgnl.join=$group" \
		--annotation org.pgnl.required=true "${container[@]}" || stop 1
}

stop() {
	trap '' TERM INT
	# shellcheck disable=SC2154 # it is bash that sets monitor_PID
	kill "$monitor_PID" 2>/dev/null
	pgnl -q signal "$group" KILL
	pgnl wait "$group" --empty --timeout 60
	exit "${1:-0}"
}

coproc monitor { exec pgnl -j monitor --initial "$group"; }
trap stop TERM INT
read -r -u "${monitor[0]}" || exit
running=$(pgnl -q members "$group" --count)
for ((i = ${running:-0}; i < wanted; i++)); do
	start
done
echo "$wanted containers in $group"
while read -r -u "${monitor[0]}" event; do
	[[ $event == '{"event":"leave"'* ]] || continue
	echo "one has ended, another one starts"
	start
done
