# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2030,SC2031
load lib

# Start a receiver of web with these options: its pid goes to the named variable,
# what it prints to a file $BATS_TEST_TMPDIR/NAME.
receiver() {
	local name=$1
	shift
	pgnl "$@" >"$BATS_TEST_TMPDIR/$name" 3>&- &
	sleepers+=($!)
	printf -v "$name" %d $!
	eventually is_member "$!"
}

is_member() {
	grep -qx "$1" <<<"$(pgnl -q -s "${scope:-pg}" members web --pids)"
}

got() {
	cat "$BATS_TEST_TMPDIR/$1"
}

has_lines() {
	[ "$(wc -l <"$BATS_TEST_TMPDIR/$1")" = "$2" ]
}

@test "recv joins, prints what comes and leaves" {
	receiver a recv web --count 2
	receiver b recv web
	[ "$(pgnl send web hello)" = 'reached 2, full 0, no inbox 0, refused 0, gone 0' ]
	[ "$(pgnl -j send web 'two words')" = '{"reached":2,"full":0,"no-inbox":0,"refused":0,"gone":0,"unreachable":0}' ]
	wait "$a"
	[ "$(got a)" = $'hello\ntwo words' ]
	[ "$(pgnl members web --pids)" = "$b" ]
	eventually has_lines b 2
}

@test "recv -j tells who has sent it, one object in a line" {
	receiver a -j recv web --count 2
	pgnl send web $'a\nb' >/dev/null
	pgnl exec senders -- pgnl send web 2 >/dev/null
	wait "$a"
	[ "$(got a | wc -l)" = 2 ]
	[ "$(got a | head -n 1 | jq -c keys_unsorted)" = \
		'["scope","group","data","node","pid","id","uid"]' ]
	[ "$(got a | head -n 1 | jq -c '[.scope, .group, .data, .id, .uid]')" = '["pg","web","a\nb",null,0]' ]
	[ "$(got a | head -n 1 | jq -r .node)" = "$(uname -n)" ]
	[ "$(got a | tail -n 1 | jq -r '.id | type')" = string ]
	[ "$(got a | jq 'select(.pid <= 0)')" = '' ]
}

@test "bytes of all kinds come through, escaped or raw" {
	receiver a recv web --count 1
	receiver b recv web --count 1 --raw
	receiver c -j recv web --count 1
	printf 'a\\b\n\0\xff\xc3\xa4' | pgnl send web - >/dev/null
	wait "$a" "$b" "$c"
	LC_ALL=C.UTF-8
	[ "$(head -c 12 "$BATS_TEST_TMPDIR/a")" = 'a\\b\n\x00\x' ]
	[ "$(od -An -tx1 "$BATS_TEST_TMPDIR/b")" = ' 61 5c 62 0a 00 ff c3 a4' ]
	[ "$(jq -r '.data | length' "$BATS_TEST_TMPDIR/c")" = 11 ]
}

@test "the largest message fits, one more byte does not" {
	receiver a recv web --count 1 --raw
	run -2 --separate-stderr pgnl send web - < <(head -c 32769 /dev/zero)
	[[ $stderr == *'at most 32768 bytes'* ]]
	head -c 32768 /dev/zero | pgnl send web - >/dev/null
	wait "$a"
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/a")" = 32768 ]
}

@test "--one, --closest, --key and --id choose who gets it" {
	sleeper nobody
	pgnl join web --pid "$nobody" >/dev/null
	receiver a recv web --count 4
	id=$(pgnl -j members web | jq -r --argjson pid "$a" '.[] | select(.pid == $pid).id')
	[[ $(pgnl send web 1 --one) == 'reached 1, '* ]]
	[[ $(pgnl send web 2 --closest) == 'reached 1, '* ]]
	[ "$(pgnl send web 3 --id "$id")" = 'reached 1, full 0, no inbox 0, refused 0, gone 0' ]
	[ "$(pgnl send web 4 --uid root)" = 'reached 1, full 0, no inbox 1, refused 0, gone 0' ]
	wait "$a"
	[ "$(got a)" = $'1\n2\n3\n4' ]
	run -3 --separate-stderr pgnl send web x --key k
	[ "$output" = 'reached 0, full 0, no inbox 1, refused 0, gone 0' ]
	has 'nobody in group'
}

@test "--others leaves the command itself out, --count repeats" {
	receiver a recv web --count 3
	[ "$(pgnl exec web -- pgnl send web x --others --count 3)" = \
		'reached 3, full 0, no inbox 0, refused 0, gone 0' ]
	wait "$a"
	[ "$(got a)" = $'x\nx\nx' ]
}

@test "send --timeout waits for somebody who can take it" {
	pgnl send web late --one --timeout 60 >"$BATS_TEST_TMPDIR/sent" 3>&- &
	sender=$!
	[ "$(pgnl recv web --count 1 --timeout 60)" = late ]
	wait "$sender"
	[[ $(cat "$BATS_TEST_TMPDIR/sent") == 'reached 1, '* ]]
	run -124 --separate-stderr pgnl send web never --timeout 0.1
	[ "$output" = 'reached 0, full 0, no inbox 0, refused 0, gone 0' ]
	has 'nobody took it in time'
}

@test "recv --timeout ends with exit code 124" {
	run -124 --separate-stderr pgnl recv web --timeout 0
	[ -z "$output" ]
	has 'the time is up'
	run -124 pgnl recv web --timeout 0.2 --count 1
	run -3 pgnl members web --pids
}

@test "recv --timeout ends though messages keep coming, and loses none" {
	receiver a recv web --timeout 1
	yes 'send web x' | pgnl -f -b - >"$BATS_TEST_TMPDIR/sent" 2>/dev/null 3>&- &
	sleepers+=($!)
	status=0
	wait "$a" || status=$?
	[ "$status" = 124 ]
	# Nobody is there any more, so all that came before has been said.
	eventually grep -q '^reached 0, full 0,' "$BATS_TEST_TMPDIR/sent"
	[ "$(got a | wc -l)" = "$(grep -c '^reached 1,' "$BATS_TEST_TMPDIR/sent")" ]
}

@test "a full inbox is exit code 2 and counted" {
	receiver a recv web --room 1 --count 3
	kill -STOP "$a"
	head -c 5000 /dev/zero | pgnl send web -
	run -2 --separate-stderr pgnl send web - < <(head -c 5000 /dev/zero)
	[ "$output" = 'reached 0, full 1, no inbox 0, refused 0, gone 0' ]
	has '1 inboxes are full'
	kill -CONT "$a"
	pgnl send web x --one --timeout 60
	pgnl send web y --one --timeout 60
	wait "$a"
}

@test "recv --uid takes messages of one user only" {
	receiver a recv web --uid nobody --count 1
	run -2 --separate-stderr pgnl send web x
	[ "$output" = 'reached 0, full 0, no inbox 0, refused 1, gone 0' ]
	setpriv --reuid nobody --clear-groups pgnl send web y
	wait "$a"
	[ "$(got a)" = y ]
}

@test "exit code 3 when nobody is there" {
	run -3 --separate-stderr pgnl send nosuch x
	[ "$output" = 'reached 0, full 0, no inbox 0, refused 0, gone 0' ]
	has 'no such group'
	run -3 --separate-stderr pgnl -q -j send nosuch x --one
	[ "$output" = '{"reached":0,"full":0,"no-inbox":0,"refused":0,"gone":0,"unreachable":0}' ]
	[ -z "$stderr" ]
	sleeper a
	pgnl join web --pid "$a" >/dev/null
	run -3 --separate-stderr pgnl send web x
	has 'nobody in group'
	run -3 pgnl send web x --id 1
	complains 2 -s nowhere send web x
	complains 2 -s nowhere recv web
}

@test "recv ends when its scope is deleted" {
	pgnl scope add cli
	scope=cli
	receiver a -s cli recv web
	pgnl scope del cli
	status=0
	wait "$a" || status=$?
	[ "$status" = 2 ]
}

@test "send and recv refuse what makes no sense" {
	complains 1 send web
	complains 1 send web x y
	complains 1 send '' x
	complains 1 send web x --one --others
	complains 1 send web x --closest --id 5
	complains 1 send web x --id 0
	complains 1 send web x --key ''
	complains 1 send web x --uid nosuchuser
	complains 1 send web x --count 0
	for time in x 1x -1 . .5 1. 1.x 1e3 ''; do
		complains 1 send web x "--timeout=$time"
		complains 1 recv web "--timeout=$time"
	done
	complains 1 recv
	complains 1 recv web db
	complains 1 recv web --count 0
	complains 1 recv web --room x
	complains 1 -j recv web --raw
}

@test "name send goes to the holder of a name" {
	run -3 --separate-stderr pgnl name send primary x
	has "nobody holds the name 'primary'"
	sleeper a
	pgnl name register primary --pid "$a" >/dev/null
	run -3 --separate-stderr pgnl name send primary x
	[ "$output" = 'reached 0, full 0, no inbox 1, refused 0, gone 0' ]
	end_sleeper "$a"
	pgnl name send primary hello --timeout 60 >/dev/null 3>&- &
	sender=$!
	[ "$(pgnl -s global recv primary --count 1 --timeout 60)" = hello ]
	wait "$sender"
	complains 1 -s pg name send primary x
	complains 1 name send primary
	complains 1 name send primary x --one
}
