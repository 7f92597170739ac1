# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
load lib

pid_of() {
	pgnl -j "$@" | jq '.[0].pid'
}

@test "closest prints a member as members does" {
	sleeper pid
	pgnl join web --pid "$pid"
	[ "$(pgnl -j closest web)" = "$(pgnl -j members web)" ]
	[ "$(pgnl -n -o pid closest web)" = "$pid" ]
}

@test "pick --policy rr goes round" {
	sleeper a
	sleeper b
	sleeper c
	pgnl join web --pid "$a" "$b" "$c" >/dev/null
	got=$(for _ in 1 2 3; do pid_of pick web --policy rr; done | sort -n)
	[ "$got" = "$(printf '%d\n' "$a" "$b" "$c" | sort -n)" ]
}

@test "pick --policy key=STRING picks the same one each time" {
	sleeper a
	sleeper b
	pgnl join web --pid "$a" "$b" >/dev/null
	first=$(pid_of pick web --policy key=alpha)
	for _ in 1 2 3; do
		[ "$(pid_of pick web --policy key=alpha)" = "$first" ]
	done
}

@test "pick picks members only, by any policy" {
	sleeper a
	sleeper b
	pgnl join web --pid "$a" "$b" >/dev/null
	for policy in random rr key=x; do
		pid=$(pid_of pick web --policy $policy --stale)
		[ "$pid" = "$a" ] || [ "$pid" = "$b" ]
	done
	pid=$(pid_of pick web)
	[ "$pid" = "$a" ] || [ "$pid" = "$b" ]
}

@test "--uid takes only members of that user, by name or number" {
	sleeper a
	setpriv --reuid nobody --regid nogroup --clear-groups sleep infinity 3>&- &
	b=$!
	sleepers+=("$b")
	eventually grep -q "^Uid:[[:space:]]*65534" "/proc/$b/status"
	pgnl join web --pid "$a" "$b" >/dev/null
	for _ in 1 2 3 4; do
		[ "$(pid_of pick web --uid nobody)" = "$b" ]
		[ "$(pid_of closest web --uid 0)" = "$a" ]
	done
	run -3 pgnl pick web --uid 12345
}

@test "closest and pick have exit code 3 when nobody is there" {
	for command in closest pick; do
		run -3 --separate-stderr pgnl -j $command nosuch
		[ "$output" = '[]' ]
		[ -n "$stderr" ]
	done
	pgnl -s pg2 create empty
	run -3 pgnl -s pg2 closest empty
	run -3 pgnl -s pg2 pick empty
	pgnl -s pg2 delete empty
}

@test "pick refuses what is no policy, key or user" {
	complains 1 pick web --policy best
	has "random, rr or key=STRING"
	complains 1 pick web --policy key=
	complains 1 pick web --policy "key=$(printf 'x%.0s' {1..256})"
	complains 1 pick web --uid nosuchuser
	complains 2 -s nosuch pick web
	complains 2 -s nosuch closest web
	complains 1 closest web --policy rr
	complains 1 pick
	complains 1 pick ''
}
