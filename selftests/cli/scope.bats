# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
load lib

@test "scopes lists the three of the start" {
	run -0 --separate-stderr pgnl -n -o scope,mode,perm scopes
	[[ $output == *"pg "*"pg "*0777* ]]
	[ "$(json '[.[] | select(.scope == "pg", .scope == "pg2", .scope == "global") | .mode]' scopes)" \
		= '["pg","pg2","pg"]' ]
}

@test "scopes has exactly the promised JSON keys, figures as numbers" {
	[ "$(json '.[0] | to_entries | map(.key)' scopes)" \
		= '["scope","mode","groups","members","owner","group","perm"]' ]
	[ "$(json '.[0] | [.groups, .members, .owner, .group | type] | unique' scopes)" = '["number"]' ]
	[ "$(json '.[0].perm' scopes)" = '"0777"' ]
}

@test "scope add makes a scope with owner, group, mode and permissions" {
	pgnl scope add cli --mode pg2 --owner nobody --group nogroup --perm 0750
	[ "$(json '.[0] | [.scope, .mode, .owner, .group, .perm]' -s cli scopes)" \
		= '["cli","pg2",65534,65534,"0750"]' ]
	run -0 pgnl -n -s cli scopes
	[[ $output == *nobody*nogroup* ]]
}

@test "scope add without options is of mode pg, the caller's, 0775" {
	pgnl scope add cli
	[ "$(json '.[0] | [.mode, .owner, .perm]' -s cli scopes)" = '["pg",0,"0775"]' ]
}

@test "scope add of a taken name is refused" {
	pgnl scope add cli
	complains 2 scope add cli
	has "File exists"
}

@test "scope set changes only what it is told" {
	pgnl scope add cli --owner nobody --perm 0750
	pgnl scope set cli --perm 0700
	[ "$(json '.[0] | [.owner, .perm]' -s cli scopes)" = '[65534,"0700"]' ]
	complains 1 scope set cli
	has "nothing to set"
}

@test "scope del takes a scope away, but none of the start" {
	pgnl scope add cli
	pgnl scope del cli
	complains 2 -s cli scopes
	complains 2 scope del cli
	has "No such file or directory"
	complains 2 scope del pg
	has "busy"
}

@test "members of a deleted scope are in no group" {
	sleeper pid
	pgnl scope add cli
	pgnl -s cli join web --pid "$pid"
	pgnl scope del cli
	run -3 pgnl which "$pid"
}

@test "names of scopes have 1 to 63 bytes" {
	complains 1 scope add ''
	has "empty"
	complains 1 scope add "$(printf 'x%.0s' {1..64})"
	has "at most 63 bytes, not 64"
	complains 1 -s '' groups
	long=$(printf 'x%.0s' {1..63})
	pgnl scope add "$long"
	pgnl scope del "$long"
}

@test "scope refuses what makes no sense" {
	complains 1 scope
	has "add, del, set, share or unshare"
	complains 1 scope share
	complains 1 scope share pg
	has "--netns"
	complains 2 scope share pg --netns /nonexistent
	has "can't open /nonexistent"
	complains 2 scope share pg --netns /dev/null --as x
	has "no network namespace"
	complains 2 scope share pg --netns /proc/self/ns/net --as x
	has "the scope's own network namespace"
	complains 2 scope unshare x --netns /proc/self/ns/net
	has "no such alias"
	complains 1 scope add
	complains 1 scope add cli --mode pg3
	has "pg or pg2"
	complains 1 scope add cli --perm 778
	complains 1 scope add cli --perm 01000
	complains 1 scope add cli --owner nosuchuser
	has "no user 'nosuchuser'"
	complains 1 scope add cli --group nosuchgroup
	complains 1 scope add cli extra
	complains 2 -s cli scopes
}

@test "scope share shows a scope in another network namespace, scope unshare ends it" {
	unshare -n -p -f --mount-proc sleep infinity 3>&- &
	sleepers+=($!)
	eventually pgrep -P $!
	inside=$(pgrep -P $!)
	sleeper pid
	pgnl scope add cli
	pgnl -s cli join web --pid "$pid"
	pgnl scope share cli --netns "/proc/$inside/ns/net" --as host
	complains 2 scope share cli --netns "/proc/$inside/ns/net" --as host
	has "there is a scope of that name"
	in=(nsenter -t "$inside" -n -p -m pgnl)
	[ "$("${in[@]}" -j -s host members web | jq -c 'map([.pid, .count])')" = '[[0,1]]' ]
	[ "$("${in[@]}" -j scopes | jq -c 'map(.scope) | sort')" = '["global","host","pg","pg2"]' ]
	# There is no view, so this asks as well; and it leaves out whom it can't name.
	run -3 "${in[@]}" -s host members web --view
	run -2 "${in[@]}" -s host join web --pid 1
	[[ $output == *"a shared scope is only for reading"* ]]
	"${in[@]}" -s host monitor --count 1 --timeout 60 >"$BATS_TEST_TMPDIR/events" 3>&- &
	monitor=$!
	eventually has_subscription
	pgnl scope unshare host --netns "/proc/$inside/ns/net"
	wait "$monitor"
	[[ $(<"$BATS_TEST_TMPDIR/events") == *scope-deleted* ]]
	run -2 "${in[@]}" -s host groups
	kill -KILL "$inside"
}

has_subscription() {
	[ "$(pgnl -j stats | jq .subscriptions)" = 1 ]
}
