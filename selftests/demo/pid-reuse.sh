#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pid-reuse.sh: a member dies and another process gets its very pid.
#
# Runs as init of a pid namespace, where ns_last_pid decides the next pid.
set -u
here=$(dirname "$0")
. "$here/lib.sh"

sleep infinity &
old=$!
show "pgnl join phoenix --pid $old"
claim "$old is a member of phoenix" is_member phoenix "$old"
old_id=$(pgnl -n -o id members phoenix)

kill -KILL "$old"
wait "$old" 2>/dev/null
new=
give_pid_again() {
	echo $((old - 1)) >/proc/sys/kernel/ns_last_pid
	sleep infinity &
	new=$!
	[ "$new" = "$old" ] || kill "$new"
	[ "$new" = "$old" ]
}
await "the kernel gives pid $old to another process" give_pid_again
say "The kernel gave pid $old to another process:"
show "ps -o pid,lstart,args -p $old"
show "pgnl members phoenix"
claim "the new $old is no member" not is_member phoenix "$old"
show "pgnl which $old"
claim "and in no group at all" [ "$status" = 3 ]

pgnl -q join phoenix --pid "$old" >/dev/null
new_id=$(pgnl -n -o id members phoenix)
say "The member id was $old_id; the new process joins and gets $new_id."
claim "a member id is never given twice" [ "$new_id" != "$old_id" ]
show "pgnl leave phoenix --id $old_id"
claim "the old id names nobody" [ "$status" = 3 ]
claim "and hit nobody" is_member phoenix "$old"
