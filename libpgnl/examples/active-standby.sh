#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run a service on one of several nodes, behind one address.
#
#	active-standby.sh NAME ADDRESS/LENGTH DEVICE -- COMMAND [ARGUMENT...]
#
# Run it on each node. COMMAND, which must stay in the foreground, runs where it is
# the holder of the registered name; that node has the address. Where the name is
# another's, this waits for it to be free: when the process ends, by whatever
# signal, or its node is lost. When COMMAND has ended by itself, this ends with its
# status, so that a service manager may start it again; SIGTERM ends both.
#
# Nodes that do not see each other may each have a holder. When they meet again both
# lose the name (notify-all), both services are stopped, and one of the nodes gets
# it anew. COMMAND has a number in its environment, PGNL_FENCE, which has grown with
# each holder, whatever the nodes saw of each other: whoever keeps what COMMAND
# writes has to refuse a number below one that it has seen. It is the only thing
# that keeps two from writing while the network is cut.
#
#	active-standby.sh shop 10.0.0.100/24 eth0 -- nginx -g 'daemon off;'
set -u

retry=5		# seconds; for what no event tells of, as an agent that is late

usage() {
	echo 'usage: active-standby.sh NAME ADDRESS/LENGTH DEVICE -- COMMAND [ARGUMENT...]' >&2
	exit 2
}
if [ $# -lt 5 ] || [ "$4" != -- ]; then
	usage
fi
name=$1 address=$2 device=$3
shift 4
command=("$@")

service=''	# pid of the command, while it is to hold the name

say() {
	echo "active-standby: $*"
}

# Neighbours learn at once where the address is, or when they ask again.
announce() {
	! command -v arping >/dev/null || arping -q -c 1 -A -I "$device" "${address%/*}"
}

# The command waits for its number, so it does nothing before it holds the name.
# shellcheck disable=SC2093 # it is another process that this becomes
try() {
	local fence go
	exec {go}> >(read -r PGNL_FENCE && export PGNL_FENCE && exec "${command[@]}" </dev/null)
	service=$!
	if ! fence=$(pgnl name register "$name" --pid "$service" --resolve notify-all 2>&1); then
		[ "$fence" = "${told-}" ] || say "standby: ${fence#pgnl: *: }"
		told=$fence
		exec {go}>&-
		wait "$service"
		service=''
		return
	fi
	told=''
	say "active: number $fence"
	ip address add "$address" dev "$device"
	announce
	echo "$fence" >&"$go"
	exec {go}>&-
}

lives() {
	grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$service/status"
}

holds() {
	pgnl -q -n -s global -o group which "$service" | grep -qxF -- "$name"
}

# First the address, so that nobody gets to a service that is about to end.
stop() {
	[ "$service" ] || return 0
	ip address del "$address" dev "$device"
	! lives || kill "$service"
	wait "$service"
	status=$?
	service=''
}

end() {
	trap '' TERM INT
	stop
	# shellcheck disable=SC2154 # it is bash that sets monitor_PID
	kill "$monitor_PID" 2>/dev/null
	exit "$1"
}

coproc monitor { exec pgnl -s global monitor --initial "$name"; }
trap 'end 0' TERM INT
events=${monitor[0]}
read -r -u "$events" || exit
while :; do
	if [ "$service" ] && ! holds; then
		lives || { stop; end "$status"; }
		say "the name is lost"
		stop
	fi
	[ "$service" ] || try
	read -r -t "$retry" -u "$events" || [ $? -gt 128 ] || end 1
done
